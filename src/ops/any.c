/* any and all: whether one of the elements over axes is true, or each of them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: every byte but 0 is true; results are 0 or 1. */
#include "ops/reduce.h"
#include "ops/samples.h"

wg_node wg_any(wg_node x, const int32_t *axes, int32_t n, bool keepdims)
{
    return wgi_record_reduction(WGI_OP_any, x, axes, n, keepdims);
}

wg_node wg_all(wg_node x, const int32_t *axes, int32_t n, bool keepdims)
{
    return wgi_record_reduction(WGI_OP_all, x, axes, n, keepdims);
}

static wg_status infer(wgi_infer *q)
{
    if (q->in->dtype != WG_BOOL) {
        wgi_infer_hint(q, "wg_greater gives one");
        return wgi_infer_fail(q, WG_ERR_DTYPE, "needs a bool: %s (x)",
                              wg_dtype_name((wg_dtype)q->in->dtype));
    }
    return wgi_infer_reduced(q, q->attr, WG_BOOL);
}

/* Whether an element of the line has the truth that is looked for. */
static bool has_element(const uint8_t *x, wgi_walk line, bool wanted)
{
    for (int64_t i = 0; i < line.rows; i++) {
        for (int64_t j = 0; j < wgi_walk_row(&line); j++) {
            const uint8_t element = x[line.offset[0] + j * wgi_walk_row_stride(&line, 0)];
            if ((element != 0) == wanted) {
                return true;
            }
        }
        wgi_walk_step_row(&line);
    }
    return false;
}

static void reduce(const wgi_args *args, bool wanted)
{
    const wgi_reduce_attr *attr = args->attr;
    wgi_walk line;
    wgi_walk kept = wgi_reduce_split(args->in, attr->axes, &line);
    uint8_t *y = args->out->data;
    for (int64_t i = 0; i < args->out->count; i++) {
        const bool is_found =
            has_element((const uint8_t *)args->in->data + kept.offset[0], line, wanted);
        y[i] = is_found == wanted;
        wgi_walk_step(&kept);
    }
}

static wg_status run_any(const wgi_args *args)
{
    reduce(args, true);
    return WG_OK;
}

static wg_status run_all(const wgi_args *args)
{
    reduce(args, false);
    return WG_OK;
}

/* ---- samples ------------------------------------------------------------------------------ */

#define BOOLS_2(i, j)                                                                              \
    {                                                                                              \
        .rank = 2, .dims = {(i), (j)}, .fill = WGI_BOOLS, .dtype = WG_BOOL                         \
    }

#define ROW(op)                                                                                    \
    WGI_BUILD(op##_over_all, wg_##op(in[0], NULL, 0, false))                                       \
    WGI_BUILD(op##_over_0, wg_##op(in[0], (const int32_t[]){0}, 1, false))                         \
    WGI_BUILD(op##_over_1, wg_##op(in[0], (const int32_t[]){1}, 1, true))                          \
    WGI_BUILD(op##_over_none, wg_##op(in[0], (const int32_t[]){0}, 0, false))                      \
    static const wgi_sample samples_##op[] = {                                                     \
        WGI_GOOD("all", op##_over_all, 1, BOOLS_2(2, 3)),                                          \
        WGI_GOOD("rows", op##_over_0, 1, BOOLS_2(2, 3)),                                           \
        WGI_GOOD("columns, kept", op##_over_1, 1, BOOLS_2(2, 3)),                                  \
        WGI_GOOD("no axis", op##_over_none, 1, BOOLS_2(2, 3)),                                     \
        WGI_GOOD("size 1", op##_over_1, 1, BOOLS_2(1, 1)),                                         \
        WGI_GOOD("3 empty columns", op##_over_0, 1, BOOLS_2(0, 3)),                                \
    };                                                                                             \
    static const wgi_sample bad_##op[] = {                                                         \
        WGI_BAD("dtype", op##_over_all, WG_ERR_DTYPE, #op ": needs a bool: i64 (x)", 1,            \
                WGI_IN_TYPED(3, WG_I64, 2)),                                                       \
        WGI_BAD("range", op##_over_1, WG_ERR_RANGE, #op ": axis 1 is out of range for rank 1 (x)", \
                1, WGI_IN_TYPED(3, WG_BOOL, 2)),                                                   \
    };                                                                                             \
    WGI_REDUCE_CALL(call_##op, wg_##op)                                                            \
    const wgi_op wgi_op_##op = {                                                                   \
        WGI_REDUCE_ROW(#op, 0),                                                                    \
        .infer = infer,                                                                            \
        .reference = {[WG_BOOL] = run_##op},                                                       \
        .call = call_##op,                                                                         \
        WGI_ATTRIBUTES(attributes),                                                                \
        WGI_SAMPLES(samples_##op, bad_##op),                                                       \
    };

static const wgi_attribute attributes[] = {
    WGI_REDUCE_ATTRIBUTES(wgi_reduce_attr, axes, keepdims),
};

ROW(any)
ROW(all)
