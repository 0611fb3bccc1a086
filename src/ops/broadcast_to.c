/* broadcast_to: x repeated along the axes where its size is 1 or missing.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: sum_to of x's shape is its adjoint. */
#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

wg_node wg_broadcast_to(wg_node x, int32_t rank, const int64_t *dims)
{
    wgi_shape_attr attr = {.rank = rank};
    const wgi_draft draft = {.op = WGI_OP_broadcast_to, .n_in = 1, .in = &x, .attr = &attr};
    wg_node failed;
    return wgi_take_shape(&draft, rank, dims, attr.dims, &failed) ? wgi_record(&draft) : failed;
}

static wg_status infer(wgi_infer *q)
{
    const wgi_shape_attr *attr = q->attr;
    const wgi_named_shape from = {"x", q->in->rank, q->in->dims};
    const wgi_named_shape to = {"result", (int32_t)attr->rank, attr->dims};
    wg_status status = wgi_infer_shape(q, 0, q->in->dtype, to.rank, to.dims);
    return status != WG_OK ? status : wgi_check_broadcasts(q, from, to);
}

static void gradient(wgi_rule *rule)
{
    rule->dx[0] = wgi_sum_like(rule->dy[0], rule->x[0]);
}

static wg_status run(const wgi_args *args)
{
    const size_t size = wg_dtype_size((wg_dtype)args->out->dtype);
    wgi_walk walk = wgi_walk_over(args->out->rank, args->out->dims);
    wgi_walk_operand(&walk, args->in);
    wgi_walk_fold(&walk);
    wgi_copy_walked(args, &walk, size);
    return WG_OK;
}

WGI_BUILD(to_2_3, wg_broadcast_to(in[0], 2, (const int64_t[]){2, 3}))
WGI_BUILD(to_2_4_3, wg_broadcast_to(in[0], 3, (const int64_t[]){2, 4, 3}))
WGI_BUILD(to_rank_0, wg_broadcast_to(in[0], 0, NULL))
WGI_BUILD(to_1, wg_broadcast_to(in[0], 1, (const int64_t[]){1}))
WGI_BUILD(to_0_3, wg_broadcast_to(in[0], 2, (const int64_t[]){0, 3}))
WGI_BUILD(to_negative, wg_broadcast_to(in[0], 2, (const int64_t[]){-1, 3}))

static const wgi_sample samples[] = {
    WGI_GOOD("row", to_2_3, 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD("column", to_2_3, 1, WGI_IN_2(2, 1, WGI_NORMAL)),
    WGI_GOOD("scalar", to_2_3, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("same shape", to_2_3, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("middle", to_2_4_3, 1, WGI_IN_3(2, 1, 3, WGI_NORMAL)),
    WGI_GOOD("outer two", to_2_4_3, 1, WGI_IN_2(1, 3, WGI_NORMAL)),
    WGI_GOOD("rank 0", to_rank_0, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("size 1", to_1, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("1 to size 0", to_0_3, 1, WGI_IN_2(1, 3, WGI_NORMAL)),
    WGI_GOOD("i64", to_2_3, 1, WGI_IN_TYPED(3, WG_I64, 9)),
    WGI_GOOD("bool", to_2_3, 1, WGI_IN_TYPED(3, WG_BOOL, 2)),
    WGI_GOOD("u8", to_2_3, 1, WGI_IN_TYPED(1, WG_U8, 9)),
};

static const wgi_sample bad[] = {
    WGI_BAD("size", to_2_3, WG_ERR_SHAPE,
            "broadcast_to: shapes do not broadcast: 2 (x, axis 0) to 3 (result, axis 1)", 1,
            WGI_IN_1(2, WGI_NORMAL)),
    WGI_BAD("rank", to_2_3, WG_ERR_SHAPE,
            "broadcast_to: shapes do not broadcast: rank 3 (x) to rank 2 (result)", 1,
            WGI_IN_3(1, 2, 3, WGI_NORMAL)),
    WGI_BAD("negative", to_negative, WG_ERR_RANGE,
            "broadcast_to: size -1 of the result is negative (axis 0)", 1, WGI_IN_1(3, WGI_NORMAL)),
};

static const wgi_attribute attributes[] = {
    {.name = "dims", .kind = WGI_ATTR_DIMS, .place = WGI_AT_I64_LIST(wgi_shape_attr, rank, dims)},
};

WGI_CALL(call, wg_broadcast_to(wgi_call_in(c, 0), wgi_call_length(c, 0), wgi_call_list(c, 0)))

const wgi_op wgi_op_broadcast_to = {
    .name = "broadcast_to",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_shape_attr),
    .operands = {"x"},
    .infer = infer,
    .gradient = gradient,
    .reference = {WGI_ANY_DTYPE(run)},
    .call = call,
    WGI_ATTRIBUTES(attributes),
    .samples = samples,
    .n_samples = WGI_COUNT(samples),
    .bad = bad,
    .n_bad = WGI_COUNT(bad),
};
