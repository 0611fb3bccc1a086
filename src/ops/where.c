/* where: one of two operands, element by element.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: elements are copied as they are, so every dtype is served by one kernel. */
#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/samples.h"
#include "ops/support.h"

wg_node wg_where(wg_node condition, wg_node a, wg_node b)
{
    wg_node in[3] = {condition, a, b};
    wgi_draft draft = {.op = WGI_OP_where, .n_in = 3, .in = in};
    return wgi_record(&draft);
}

static wg_status infer(wgi_infer *q)
{
    if (q->in[0].dtype != WG_BOOL) {
        wgi_infer_hint(q, "wg_greater gives one");
        return wgi_infer_fail(q, WG_ERR_DTYPE, "needs a bool: %s (condition)",
                              wg_dtype_name((wg_dtype)q->in[0].dtype));
    }
    wg_status status = wgi_check_same_dtype(q, 1, 2);
    return status != WG_OK ? status : wgi_infer_broadcast(q, q->in[1].dtype);
}

/* The branch not taken gets an exact 0, whatever arrives. */
static void gradient(wgi_rule *rule)
{
    const wg_node condition = rule->x[0];
    const wg_node dy = rule->dy[0];
    const wg_node zero = wg_number(rule->graph, wg_node_dtype(dy), 0.0);
    if (rule->wants[1]) {
        rule->dx[1] = wgi_sum_like(wg_where(condition, dy, zero), rule->x[1]);
    }
    if (rule->wants[2]) {
        rule->dx[2] = wgi_sum_like(wg_where(condition, zero, dy), rule->x[2]);
    }
}

/* n results at `out`, from the walk's current row. */
static void pick_row(const wgi_args *args, const wgi_walk *walk, char *out, size_t size)
{
    const uint8_t *condition = (const uint8_t *)args->in[0].data + walk->offset[0];
    const int64_t n = wgi_walk_row(walk);
    const int64_t condition_stride = wgi_walk_row_stride(walk, 0);
    for (int64_t j = 0; j < n; j++) {
        const int32_t k = condition[j * condition_stride] != 0 ? 1 : 2;
        const int64_t at = walk->offset[k] + j * wgi_walk_row_stride(walk, k);
        const char *from = (const char *)args->in[k].data + at * (ptrdiff_t)size;
        wgi_copy_strided(out + j * (ptrdiff_t)size, from, 1, 0, size);
    }
}

static wg_status run(const wgi_args *args)
{
    const size_t size = wg_dtype_size((wg_dtype)args->out->dtype);
    wgi_walk walk = wgi_walk_over(args->out->rank, args->out->dims);
    for (int32_t k = 0; k < 3; k++) {
        wgi_walk_operand(&walk, &args->in[k]);
    }
    wgi_walk_fold(&walk);
    const ptrdiff_t row_bytes = (ptrdiff_t)size * wgi_walk_row(&walk);
    for (int64_t i = 0; i < walk.rows; i++) {
        pick_row(args, &walk, (char *)args->out->data + i * row_bytes, size);
        wgi_walk_step_row(&walk);
    }
    return WG_OK;
}

WGI_BUILD(build, wg_where(in[0], in[1], in[2]))
WGI_BUILD(build_greater, wg_where(wg_greater(in[0], in[1]), in[0], in[1]))

#define BOOLS_1(i)                                                                                 \
    {                                                                                              \
        .rank = 1, .dims = {(i)}, .fill = WGI_BOOLS, .dtype = WG_BOOL                              \
    }
#define BOOLS_2(i, j)                                                                              \
    {                                                                                              \
        .rank = 2, .dims = {(i), (j)}, .fill = WGI_BOOLS, .dtype = WG_BOOL                         \
    }

static const wgi_sample samples[] = {
    WGI_GOOD("same shape", build, 3, BOOLS_2(2, 3), WGI_IN_2(2, 3, WGI_NORMAL),
             WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("condition row", build, 3, BOOLS_1(3), WGI_IN_2(2, 3, WGI_NORMAL),
             WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("scalar branches", build, 3, BOOLS_2(2, 3), WGI_IN_0(WGI_NORMAL),
             WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("outer", build, 3, BOOLS_2(2, 1), WGI_IN_3(2, 1, 3, WGI_NORMAL),
             WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD("size 1", build, 3, BOOLS_1(1), WGI_IN_1(1, WGI_NORMAL), WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("size 0", build, 3, BOOLS_2(0, 3), WGI_IN_1(3, WGI_NORMAL), WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("aliased", build, 3, BOOLS_1(4), WGI_IN_1(4, WGI_NORMAL),
             WGI_IN_SAME_1(4, WGI_NORMAL, 1)),
    WGI_GOOD("larger", build_greater, 2, WGI_IN_2(2, 3, WGI_NORMAL), WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD("i64", build, 3, BOOLS_1(4), WGI_IN_TYPED(4, WG_I64, 9), WGI_IN_TYPED(4, WG_I64, 9)),
    WGI_GOOD("u8", build, 3, BOOLS_1(4), WGI_IN_TYPED(4, WG_U8, 9), WGI_IN_TYPED(1, WG_U8, 9)),
    WGI_GOOD("bool", build, 3, BOOLS_1(4), BOOLS_1(4), BOOLS_1(1)),
};

static const wgi_sample bad[] = {
    WGI_BAD("condition", build, WG_ERR_DTYPE, "where: needs a bool: i64 (condition)", 3,
            WGI_IN_TYPED(3, WG_I64, 2), WGI_IN_1(3, WGI_NORMAL), WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("dtypes", build, WG_ERR_DTYPE, "where: dtypes differ: i64 (a) vs u8 (b)", 3, BOOLS_1(3),
            WGI_IN_TYPED(3, WG_I64, 2), WGI_IN_TYPED(3, WG_U8, 2)),
    WGI_BAD("branches", build, WG_ERR_SHAPE,
            "where: shapes do not broadcast: 3 (a, axis 0) vs 4 (b, axis 1)", 3, BOOLS_1(1),
            WGI_IN_1(3, WGI_NORMAL), WGI_IN_2(2, 4, WGI_NORMAL)),
    WGI_BAD("condition shape", build, WG_ERR_SHAPE,
            "where: shapes do not broadcast: 2 (condition, axis 0) vs 3 (a, axis 0)", 3, BOOLS_1(2),
            WGI_IN_1(3, WGI_NORMAL), WGI_IN_1(3, WGI_NORMAL)),
};

WGI_CALL(call, wg_where(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_in(c, 2)))

const wgi_op wgi_op_where = {
    .name = "where",
    .traits = WGI_POINTWISE | WGI_BROADCAST,
    .min_in = 3,
    .max_in = 3,
    .n_out = 1,
    .operands = {"condition", "a", "b"},
    .dispatch = 1,
    .infer = infer,
    .gradient = gradient,
    .reference = {WGI_ANY_DTYPE(run)},
    .call = call,
    .samples = samples,
    .n_samples = WGI_COUNT(samples),
    .bad = bad,
    .n_bad = WGI_COUNT(bad),
};
