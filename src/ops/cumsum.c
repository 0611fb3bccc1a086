/* cumsum and cumprod: the sum and the product of an element and those before it, along an axis.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: lagged, a place has the total of those before it alone, and the first has that of
 * nothing; in reverse, those behind count as before. */
#if defined(WGI_REAL_PASS)

SCAN_KERNEL(K(cumsum), real, accum, 0, +=)
SCAN_KERNEL(K(cumprod), real, accum, 1, *=)

#else

#include "ops/scan.h"

#include "ops/samples.h"

wg_node wg_cumsum(wg_node x, int32_t axis)
{
    return wgi_record_scan(WGI_OP_cumsum, x, axis, false, false);
}

wg_node wg_cumprod(wg_node x, int32_t axis)
{
    return wgi_record_scan(WGI_OP_cumprod, x, axis, false, false);
}

static wg_status infer_numeric(wgi_infer *q)
{
    const wg_status status = wgi_check_numeric(q, 0);
    return status != WG_OK ? status : wgi_infer_like(q, 0, 0);
}

static wg_status infer_floating(wgi_infer *q)
{
    const wg_status status = wgi_check_floating(q, 0);
    return status != WG_OK ? status : wgi_infer_like(q, 0, 0);
}

static void gradient_cumsum(wgi_rule *rule)
{
    const wgi_scan_attr attr = *(const wgi_scan_attr *)rule->attr;
    const wgi_scan_attr back = wgi_scan_back(&attr, attr.is_lagged != 0);
    rule->dx[0] = wgi_record_unary(WGI_OP_cumsum, rule->dy[0], &back);
}

/* y_i = x_i y_(i-1) is a linear recurrence: what has arrived at y_i goes on to y_(i-1) by the
 * factor x_i, and to x_i by y_(i-1), the product of those before. Lagged, y_(i+1) = x_i y_i. */
static void gradient_cumprod(wgi_rule *rule)
{
    const wgi_scan_attr attr = *(const wgi_scan_attr *)rule->attr;
    const wgi_scan_attr back = wgi_scan_back(&attr, attr.is_lagged == 0);
    const wgi_scan_attr lagged = {attr.axis, true, attr.is_reverse};
    const wg_node x = rule->x[0];
    const wg_node arrived = wgi_linear_scan(x, rule->dy[0], &back);
    if (attr.is_lagged != 0) {
        rule->dx[0] = wg_gate(wgi_scan_shift(arrived, &back), rule->y[0]);
    } else {
        rule->dx[0] = wg_gate(arrived, wgi_record_unary(WGI_OP_cumprod, x, &lagged));
    }
}

/* Each place of a line gets the total, kept as `wide`, of those up to it or before it. */
#define SCAN_KERNEL(name, type, wide, start, combine)                                              \
    static wg_status name(const wgi_args *args)                                                    \
    {                                                                                              \
        const wgi_scan_attr *attr = args->attr;                                                    \
        const type *x = args->in->data;                                                            \
        type *y = args->out->data;                                                                 \
        for (int64_t i = 0; i < wgi_scan_count(args->in, attr); i++) {                             \
            const wgi_scan_line line = wgi_scan_line_at(args->in, attr, i);                        \
            wide total = start;                                                                    \
            for (int64_t j = 0; j < line.n; j++) {                                                 \
                const int64_t at = line.first + j * line.step;                                     \
                const wide before = total;                                                         \
                total combine(wide) x[at];                                                         \
                y[at] = (type)(attr->is_lagged != 0 ? before : total);                             \
            }                                                                                      \
        }                                                                                          \
        return WG_OK;                                                                              \
    }

#define WGI_KERNEL_FILE "ops/cumsum.c"
#include "ops/for_each_real.h"

/* Integers wrap. */
SCAN_KERNEL(cumsum_i64, int64_t, uint64_t, 0, +=)

/* ---- samples ------------------------------------------------------------------------------ */

#define BUILDS(op)                                                                                 \
    WGI_BUILD(op##_0, wg_##op(in[0], 0))                                                           \
    WGI_BUILD(op##_1, wg_##op(in[0], 1))                                                           \
    WGI_BUILD(op##_last, wg_##op(in[0], -1))                                                       \
    WGI_BUILD(op##_back, wgi_record_scan(WGI_OP_##op, in[0], 1, false, true))                      \
    WGI_BUILD(op##_lagged, wgi_record_scan(WGI_OP_##op, in[0], 1, true, false))                    \
    WGI_BUILD(op##_lagged_back, wgi_record_scan(WGI_OP_##op, in[0], 0, true, true))

BUILDS(cumsum)
BUILDS(cumprod)

#define SAMPLES(op)                                                                                \
    WGI_GOOD("vector", op##_0, 1, WGI_IN_1(5, WGI_NORMAL)),                                        \
        WGI_GOOD("rows", op##_0, 1, WGI_IN_2(4, 3, WGI_NORMAL)),                                   \
        WGI_GOOD("middle axis", op##_1, 1, WGI_IN_3(2, 4, 3, WGI_NORMAL)),                         \
        WGI_GOOD("last axis", op##_last, 1, WGI_IN_3(2, 2, 4, WGI_NORMAL)),                        \
        WGI_GOOD("backwards", op##_back, 1, WGI_IN_2(2, 4, WGI_NORMAL)),                           \
        WGI_GOOD("exclusive", op##_lagged, 1, WGI_IN_2(2, 4, WGI_NORMAL)),                         \
        WGI_GOOD("exclusive, backwards", op##_lagged_back, 1, WGI_IN_2(4, 2, WGI_NORMAL)),         \
        WGI_GOOD("size 1", op##_0, 1, WGI_IN_1(1, WGI_NORMAL)),                                    \
        WGI_GOOD("size 0", op##_1, 1, WGI_IN_2(3, 0, WGI_NORMAL)),                                 \
        WGI_GOOD("no lines", op##_1, 1, WGI_IN_2(0, 3, WGI_NORMAL)),                               \
        WGI_GOOD("zeros", op##_0, 1, WGI_IN_1(4, WGI_ZEROS))

#define BAD(op)                                                                                    \
    WGI_BAD("axis", op##_1, WG_ERR_RANGE, #op ": axis 1 is out of range for rank 1 (x)", 1,        \
            WGI_IN_1(3, WGI_NORMAL))

static const wgi_sample samples_cumsum[] = {
    SAMPLES(cumsum),
    WGI_GOOD("i64", cumsum_0, 1, WGI_IN_TYPED(5, WG_I64, 9)),
};

static const wgi_sample samples_cumprod[] = {SAMPLES(cumprod)};

static const wgi_sample bad_cumsum[] = {
    BAD(cumsum),
    WGI_BAD("dtype", cumsum_0, WG_ERR_DTYPE, "cumsum: needs a floating or i64 dtype: bool (x)", 1,
            WGI_IN_TYPED(3, WG_BOOL, 2)),
};

static const wgi_sample bad_cumprod[] = {
    BAD(cumprod),
    WGI_BAD("dtype", cumprod_0, WG_ERR_DTYPE, "cumprod: needs a floating dtype: i64 (x)", 1,
            WGI_IN_TYPED(3, WG_I64, 2)),
};

static const wgi_attribute attributes[] = {WGI_SCAN_ATTRIBUTES};

#define SCAN_CALL(op)                                                                              \
    WGI_CALL(call_##op, wgi_record_scan(WGI_OP_##op, wgi_call_in(c, 0), wgi_call_int(c, 0),        \
                                        wgi_call_flag(c, 1), wgi_call_flag(c, 2)))

SCAN_CALL(cumsum)
SCAN_CALL(cumprod)

const wgi_op wgi_op_cumsum = {
    .name = "cumsum",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_scan_attr),
    .operands = {"x"},
    .infer = infer_numeric,
    .gradient = gradient_cumsum,
    .reference = {[WG_I64] = cumsum_i64, WGI_REALS(cumsum)},
    .call = call_cumsum,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples_cumsum, bad_cumsum),
};

const wgi_op wgi_op_cumprod = {
    .name = "cumprod",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_scan_attr),
    .operands = {"x"},
    .infer = infer_floating,
    .gradient = gradient_cumprod,
    .reference = {WGI_REALS(cumprod)},
    .call = call_cumprod,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples_cumprod, bad_cumprod),
};

#endif
