/* reshape: the same elements in the same order under another shape.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the recorded shape has no -1; the constructor resolves it. */
#include "core/checked.h"
#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

/* The place of the one -1, or -1; *product is that of the other sizes, 0 where it does not fit,
 * which then disagrees with every count a tensor can have but 0. */
static int64_t find_open_axis(const wgi_shape_attr *attr, int32_t *n_open, int64_t *product)
{
    int64_t axis = -1;
    *n_open = 0;
    *product = 1;
    for (int64_t i = 0; i < attr->rank; i++) {
        if (attr->dims[i] == -1) {
            axis = i;
            *n_open += 1;
        } else if (attr->dims[i] < 0 || !wgi_dim_mul(*product, attr->dims[i], product)) {
            *product = 0;
        }
    }
    return axis;
}

/* Replaces a -1 by the size that makes the counts agree. False where the graph has been failed. */
static bool resolve(const wgi_draft *draft, wgi_shape_attr *attr, wg_node *out)
{
    wgi_view x;
    int32_t n_open;
    int64_t product;
    const int64_t axis = find_open_axis(attr, &n_open, &product);
    if (axis < 0 || !wgi_view_of(draft->in[0], &x)) {
        return true;
    }
    if (n_open > 1) {
        *out = wgi_refuse(draft, WG_ERR_SHAPE, NULL, "%d sizes are -1, one may be", (int)n_open);
        return false;
    }
    if (product == 0 || x.count % product != 0) {
        *out = wgi_refuse(draft, WG_ERR_SHAPE, NULL,
                          "no size fits -1 (axis %lld): %lld elements (x) over %lld",
                          (long long)axis, (long long)x.count, (long long)product);
        return false;
    }
    attr->dims[axis] = x.count / product;
    return true;
}

wg_node wg_reshape(wg_node x, int32_t rank, const int64_t *dims)
{
    wgi_shape_attr attr = {.rank = rank};
    const wgi_draft draft = {.op = WGI_OP_reshape, .n_in = 1, .in = &x, .attr = &attr};
    wg_node failed;
    if (!wgi_take_shape(&draft, rank, dims, attr.dims, &failed) ||
        !resolve(&draft, &attr, &failed)) {
        return failed;
    }
    return wgi_record(&draft);
}

static wg_status infer(wgi_infer *q)
{
    const wgi_shape_attr *attr = q->attr;
    wg_status status = wgi_infer_shape(q, 0, q->in->dtype, (int32_t)attr->rank, attr->dims);
    if (status == WG_OK && q->out[0].count != q->in->count) {
        return wgi_infer_fail(q, WG_ERR_SHAPE, "element counts differ: %lld (x) vs %lld (result)",
                              (long long)q->in->count, (long long)q->out[0].count);
    }
    return status;
}

static void gradient(wgi_rule *rule)
{
    wgi_view x;
    if (wgi_view_of(rule->x[0], &x)) {
        rule->dx[0] = wg_reshape(rule->dy[0], x.rank, x.dims);
    }
}

static wg_status run(const wgi_args *args)
{
    wgi_copy_all(args);
    return WG_OK;
}

WGI_BUILD(to_6, wg_reshape(in[0], 1, (const int64_t[]){6}))
WGI_BUILD(to_3_2, wg_reshape(in[0], 2, (const int64_t[]){3, 2}))
WGI_BUILD(to_open_2, wg_reshape(in[0], 2, (const int64_t[]){-1, 2}))
WGI_BUILD(to_rank_0, wg_reshape(in[0], 0, NULL))
WGI_BUILD(to_ones, wg_reshape(in[0], 3, (const int64_t[]){1, 1, 1}))
WGI_BUILD(to_0_5, wg_reshape(in[0], 2, (const int64_t[]){0, 5}))
WGI_BUILD(to_two_open, wg_reshape(in[0], 2, (const int64_t[]){-1, -1}))
WGI_BUILD(to_open_0, wg_reshape(in[0], 2, (const int64_t[]){-1, 0}))
WGI_BUILD(to_open_4, wg_reshape(in[0], 2, (const int64_t[]){4, -1}))
WGI_BUILD(to_negative, wg_reshape(in[0], 2, (const int64_t[]){-2, -3}))
WGI_BUILD(to_huge, wg_reshape(in[0], 2, (const int64_t[]){INT64_MAX, 2}))
WGI_BUILD(to_rank_9, wg_reshape(in[0], 9, (const int64_t[9]){0}))
WGI_BUILD(to_no_dims, wg_reshape(in[0], 1, NULL))

static const wgi_sample samples[] = {
    WGI_GOOD("flat", to_6, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("matrix", to_3_2, 1, WGI_IN_3(1, 2, 3, WGI_NORMAL)),
    WGI_GOOD("open", to_open_2, 1, WGI_IN_2(4, 3, WGI_NORMAL)),
    WGI_GOOD("open, size 0", to_open_2, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
    WGI_GOOD("to rank 0", to_rank_0, 1, WGI_IN_2(1, 1, WGI_NORMAL)),
    WGI_GOOD("from rank 0", to_ones, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("size 0", to_0_5, 1, WGI_IN_2(3, 0, WGI_NORMAL)),
    WGI_GOOD("i64", to_3_2, 1, WGI_IN_TYPED(6, WG_I64, 9)),
    WGI_GOOD("bool", to_3_2, 1, WGI_IN_TYPED(6, WG_BOOL, 2)),
    WGI_GOOD("u8", to_3_2, 1, WGI_IN_TYPED(6, WG_U8, 9)),
};

static const wgi_sample bad[] = {
    WGI_BAD("count", to_6, WG_ERR_SHAPE, "reshape: element counts differ: 4 (x) vs 6 (result)", 1,
            WGI_IN_2(2, 2, WGI_NORMAL)),
    WGI_BAD("two open", to_two_open, WG_ERR_SHAPE, "reshape: 2 sizes are -1, one may be", 1,
            WGI_IN_2(2, 2, WGI_NORMAL)),
    WGI_BAD("open over 0", to_open_0, WG_ERR_SHAPE,
            "reshape: no size fits -1 (axis 0): 0 elements (x) over 0", 1,
            WGI_IN_2(2, 0, WGI_NORMAL)),
    WGI_BAD("open over 4", to_open_4, WG_ERR_SHAPE,
            "reshape: no size fits -1 (axis 1): 6 elements (x) over 4", 1,
            WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_BAD("negative", to_negative, WG_ERR_RANGE,
            "reshape: size -2 of the result is negative (axis 0)", 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_BAD("huge", to_huge, WG_ERR_OVERFLOW, "reshape: the result has too many elements", 1,
            WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_BAD("rank 9", to_rank_9, WG_ERR_RANGE, "reshape: rank 9 is not in [0, 8]", 1,
            WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_BAD("no dims", to_no_dims, WG_ERR_ARGUMENT, "reshape: dims is NULL but rank is 1", 1,
            WGI_IN_2(2, 3, WGI_NORMAL)),
};

static const wgi_attribute attributes[] = {
    {.name = "dims", .kind = WGI_ATTR_DIMS, .place = WGI_AT_I64_LIST(wgi_shape_attr, rank, dims)},
};

WGI_CALL(call, wg_reshape(wgi_call_in(c, 0), wgi_call_length(c, 0), wgi_call_list(c, 0)))

const wgi_op wgi_op_reshape = {
    .name = "reshape",
    .traits = WGI_LAYOUT,
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
