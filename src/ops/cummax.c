/* cummax and cummin: the extreme of an element and those before it along an axis, with its place.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: of equal elements the last is meant, and of NaN the last too, once there is one: as in
 * PyTorch. A place either keeps the extreme before it or is the extreme itself; `kept` is 1 or 0.
 */
#if defined(WGI_REAL_PASS)

static inline bool K(is_nan)(real x)
{
    const real same = x;
    return x != same;
}

static inline bool K(takes)(real a, real before, bool is_min)
{
    return K(is_nan)(a) || (is_min ? a <= before : a >= before);
}

/* Each output may be NULL. */
static void K(scan)(const wgi_args *args, real *values, int64_t *places, real *kept, bool is_min)
{
    const wgi_scan_attr *attr = args->attr;
    const real *x = args->in->data;
    for (int64_t i = 0; i < wgi_scan_count(args->in, attr); i++) {
        const wgi_scan_line line = wgi_scan_line_at(args->in, attr, i);
        int64_t best = 0;
        for (int64_t j = 0; j < line.n; j++) {
            const int64_t at = line.first + j * line.step;
            const int64_t best_at = line.first + best * line.step;
            best = j == 0 || K(takes)(x[at], x[best_at], is_min) ? j : best;
            if (values != NULL) {
                values[at] = x[line.first + best * line.step];
                places[at] = best;
            }
            if (kept != NULL) {
                kept[at] = best == j ? (real)0 : (real)1;
            }
        }
    }
}

static wg_status K(cummax)(const wgi_args *args)
{
    K(scan)(args, args->out[0].data, args->out[1].data, NULL, false);
    return WG_OK;
}

static wg_status K(cummin)(const wgi_args *args)
{
    K(scan)(args, args->out[0].data, args->out[1].data, NULL, true);
    return WG_OK;
}

static wg_status K(cummax_kept)(const wgi_args *args)
{
    K(scan)(args, NULL, NULL, args->out[0].data, false);
    return WG_OK;
}

static wg_status K(cummin_kept)(const wgi_args *args)
{
    K(scan)(args, NULL, NULL, args->out[0].data, true);
    return WG_OK;
}

#else

#include "ops/scan.h"

#include "ops/samples.h"

#define WGI_KERNEL_FILE "ops/cummax.c"
#include "ops/for_each_real.h"

/* Integers, among which there is no NaN. */
#define WGI_REAL_PASS
#define real int64_t
#define K(name) name##_i64
#include WGI_KERNEL_FILE
#undef real
#undef K
#undef WGI_REAL_PASS

wg_node wg_cummax(wg_node x, int32_t axis)
{
    return wgi_record_scan(WGI_OP_cummax, x, axis, false, false);
}

wg_node wg_cummin(wg_node x, int32_t axis)
{
    return wgi_record_scan(WGI_OP_cummin, x, axis, false, false);
}

static wg_status infer(wgi_infer *q)
{
    wg_status status = wgi_check_numeric(q, 0);
    status = status != WG_OK ? status : wgi_infer_like(q, 0, 0);
    return status != WG_OK ? status : wgi_infer_shape(q, 1, WG_I64, q->in->rank, q->in->dims);
}

static wg_status infer_kept(wgi_infer *q)
{
    const wg_status status = wgi_check_numeric(q, 0);
    return status != WG_OK ? status : wgi_infer_like(q, 0, 0);
}

/* y_i = kept_i y_(i-1) + (1 - kept_i) x_i. */
static void pass_back(wgi_rule *rule, uint16_t kept)
{
    const wgi_scan_attr attr = *(const wgi_scan_attr *)rule->attr;
    const wgi_scan_attr back = wgi_scan_back(&attr, true);
    if (wgi_is_some(rule->dy[0])) {
        const wg_node keeps = wgi_record_unary(kept, rule->x[0], &attr);
        const wg_node arrived = wgi_linear_scan(keeps, rule->dy[0], &back);
        rule->dx[0] = wg_gate(arrived, wgi_record_one(keeps, WGI_OP_one_minus));
    }
}

static void gradient_cummax(wgi_rule *rule)
{
    pass_back(rule, WGI_OP_cummax_kept);
}

static void gradient_cummin(wgi_rule *rule)
{
    pass_back(rule, WGI_OP_cummin_kept);
}

/* ---- samples ------------------------------------------------------------------------------ */

#define SAMPLES(op)                                                                                \
    WGI_BUILD(op##_0, wgi_record_scan(WGI_OP_##op, in[0], 0, false, false))                        \
    WGI_BUILD(op##_1, wgi_record_scan(WGI_OP_##op, in[0], 1, false, false))                        \
    WGI_BUILD(op##_last, wgi_record_scan(WGI_OP_##op, in[0], -1, false, false))                    \
    static const wgi_sample samples_##op[] = {                                                     \
        WGI_GOOD("vector", op##_0, 1, WGI_IN_1(5, WGI_NORMAL)),                                    \
        WGI_GOOD("rows", op##_0, 1, WGI_IN_2(4, 3, WGI_NORMAL)),                                   \
        WGI_GOOD("middle axis", op##_1, 1, WGI_IN_3(2, 4, 3, WGI_NORMAL)),                         \
        WGI_GOOD("last axis", op##_last, 1, WGI_IN_3(2, 2, 4, WGI_NORMAL)),                        \
        WGI_GOOD("size 1", op##_0, 1, WGI_IN_1(1, WGI_NORMAL)),                                    \
        WGI_GOOD("size 0", op##_1, 1, WGI_IN_2(3, 0, WGI_NORMAL)),                                 \
        WGI_KINK("ties", op##_0, 1, WGI_IN_1(3, WGI_ZEROS)),                                       \
        WGI_GOOD("i64", op##_0, 1, WGI_IN_TYPED(6, WG_I64, 4)),                                    \
    };                                                                                             \
    static const wgi_sample bad_##op[] = {                                                         \
        WGI_BAD("axis", op##_1, WG_ERR_RANGE, #op ": axis 1 is out of range for rank 1 (x)", 1,    \
                WGI_IN_1(3, WGI_NORMAL)),                                                          \
        WGI_BAD("dtype", op##_0, WG_ERR_DTYPE, #op ": needs a floating or i64 dtype: bool (x)", 1, \
                WGI_IN_TYPED(3, WG_BOOL, 2)),                                                      \
    };

static const wgi_attribute attributes[] = {
    {.name = "axis",
     .kind = WGI_ATTR_AXIS,
     .is_optional = true,
     .place = WGI_AT_I64(wgi_scan_attr, axis)},
};

#define ROW(op, outputs, traits_, infers, ...)                                                     \
    SAMPLES(op)                                                                                    \
    WGI_CALL(call_##op,                                                                            \
             wgi_record_scan(WGI_OP_##op, wgi_call_in(c, 0), wgi_call_int(c, 0), false, false))    \
    const wgi_op wgi_op_##op = {                                                                   \
        .name = #op,                                                                               \
        .traits = (traits_),                                                                       \
        .min_in = 1,                                                                               \
        .max_in = 1,                                                                               \
        .n_out = (outputs),                                                                        \
        .attr_bytes = sizeof(wgi_scan_attr),                                                       \
        .operands = {"x"},                                                                         \
        .infer = infers,                                                                           \
        .reference = {[WG_I64] = op##_i64, WGI_REALS(op)},                                         \
        .call = call_##op,                                                                         \
        WGI_ATTRIBUTES(attributes),                                                                \
        WGI_SAMPLES(samples_##op, bad_##op),                                                       \
        __VA_ARGS__,                                                                               \
    };

ROW(cummax, 2, WGI_KINKED, infer, .gradient = gradient_cummax)
ROW(cummin, 2, WGI_KINKED, infer, .gradient = gradient_cummin)
ROW(cummax_kept, 1, WGI_STOP | WGI_KINKED, infer_kept, .gradient = NULL)
ROW(cummin_kept, 1, WGI_STOP | WGI_KINKED, infer_kept, .gradient = NULL)

#endif
