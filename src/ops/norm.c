/* norm: the p-norms over axes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: of p = 0, 1, 2 and the infinities the constructor makes other structures, so that any
 * p of norm_p is a number that may change. Elements are divided by the largest before they are
 * raised, and neither overflow nor vanish on the way. */
#if defined(WGI_REAL_PASS)

#include "ops/reduce_pass.h"

/* The largest magnitude, or NaN where there is one: which then stays. */
static void K(take_top)(K(tally) * t, const real *x, int64_t n, int64_t stride)
{
    for (int64_t j = 0; j < n; j++) {
        const accum size = A(fabs)((accum)x[j * stride]);
        t->top = size <= t->top || t->top != t->top ? t->top : size;
    }
}

static void K(add_squares)(K(tally) * t, const real *x, int64_t n, int64_t stride)
{
    for (int64_t j = 0; j < n; j++) {
        const accum r = (accum)x[j * stride] / t->top;
        t->total += r * r;
    }
}

static void K(add_powers)(K(tally) * t, const real *x, int64_t n, int64_t stride)
{
    for (int64_t j = 0; j < n; j++) {
        t->total += A(pow)(A(fabs)((accum)x[j * stride]) / t->top, t->p);
    }
}

/* 0, an infinity and NaN are the norm of a line whose largest magnitude they are. */
static accum K(norm_2_of)(const real *x, const wgi_walk *line, accum p)
{
    K(tally) t = {.p = p};
    K(pass_over)(K(take_top), &t, x, *line);
    if (!(t.top > 0) || t.top == (accum)INFINITY) {
        return t.top;
    }
    K(pass_over)(K(add_squares), &t, x, *line);
    return t.top * A(sqrt)(t.total);
}

static accum K(norm_p_of)(const real *x, const wgi_walk *line, accum p)
{
    K(tally) t = {.p = p};
    K(pass_over)(K(take_top), &t, x, *line);
    if (!(t.top > 0) || t.top == (accum)INFINITY) {
        return t.top;
    }
    K(pass_over)(K(add_powers), &t, x, *line);
    return t.top * A(pow)(t.total, 1 / p);
}

static wg_status K(norm_2)(const wgi_args *args)
{
    const wgi_reduce_attr *attr = args->attr;
    K(reduce_lines)(args, attr->axes, K(norm_2_of));
    return WG_OK;
}

static wg_status K(norm_p)(const wgi_args *args)
{
    const wgi_reduce_attr *attr = args->attr;
    K(reduce_lines)(args, attr->axes, K(norm_p_of));
    return WG_OK;
}

/* |x|^p, and with the sign of x; 0 where x is 0, whatever p is. */
static wg_status K(norm_even_power)(const wgi_args *args)
{
    const real *x = args->in->data;
    real *y = args->out->data;
    for (int64_t i = 0; i < args->out->count; i++) {
        const accum power = A(pow)(A(fabs)((accum)x[i]), (accum)args->numbers[0]);
        y[i] = x[i] == 0 ? 0 : (real)(x[i] != x[i] ? (accum)x[i] : power);
    }
    return WG_OK;
}

static wg_status K(norm_odd_power)(const wgi_args *args)
{
    const real *x = args->in->data;
    real *y = args->out->data;
    for (int64_t i = 0; i < args->out->count; i++) {
        const accum power = A(pow)(A(fabs)((accum)x[i]), (accum)args->numbers[0]);
        y[i] = x[i] == 0 ? 0 : (real)(x[i] != x[i] ? (accum)x[i] : x[i] < 0 ? -power : power);
    }
    return WG_OK;
}

#else

#include "ops/reduce.h"
#include "ops/samples.h"

#include <math.h>

#define WGI_KERNEL_FILE "ops/norm.c"
#include "ops/for_each_real.h"

/* ---- constructor -------------------------------------------------------------------------- */

static wg_node norm_p(wg_node x, double p, const int32_t *axes, int32_t n, bool keepdims)
{
    wgi_reduce_attr attr = {.axes = 0, .keepdims = keepdims};
    const wgi_draft draft = {
        .op = WGI_OP_norm_p, .n_in = 1, .in = &x, .attr = &attr, .numbers = &p};
    wg_node failed;
    return wgi_take_axes(&draft, axes, n, &attr.axes, &failed) ? wgi_record(&draft) : failed;
}

extern const wgi_op wgi_op_norm;

/* p is no NaN. */
static wg_node norm(wg_node x, double p, const int32_t *axes, int32_t n, bool keepdims)
{
    if (isinf(p)) {
        return p > 0 ? wg_amax(wg_abs(x), axes, n, keepdims)
                     : wg_amin(wg_abs(x), axes, n, keepdims);
    }
    if (p == 0) {
        return wg_sum(wg_heaviside(wg_abs(x), 0.0), axes, n, keepdims);
    }
    if (p == 1) {
        return wg_sum(wg_abs(x), axes, n, keepdims);
    }
    return p == 2 ? wgi_record_reduction(WGI_OP_norm_2, x, axes, n, keepdims)
                  : norm_p(x, p, axes, n, keepdims);
}

wg_node wg_norm(wg_node x, double p, const int32_t *axes, int32_t n, bool keepdims)
{
    const wgi_draft draft = WGI_FORM_DRAFT(norm, x);
    if (isnan(p)) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL, "p is NaN");
    }
    if (wg_is_valid(x) && !wgi_is_floating((int)wg_node_dtype(x))) {
        return wgi_refuse(&draft, WG_ERR_DTYPE, "wg_cast it to f32 or f64",
                          "needs a floating dtype: %s (x)", wg_dtype_name(wg_node_dtype(x)));
    }
    wg_graph *g = wgi_form_begin(&draft);
    return wgi_form_end(g, &draft, norm(x, p, axes, n, keepdims));
}

/* ---- gradients ---------------------------------------------------------------------------- */

/* dy x / y, and 0 where y is. */
static void gradient_norm_2(wgi_rule *rule)
{
    const wgi_reduce_attr attr = *(const wgi_reduce_attr *)rule->attr;
    const wg_node x = rule->x[0];
    const wg_node slope = wgi_ratio_or_zero(x, wgi_spread(rule->y[0], x, &attr));
    rule->dx[0] = wg_gate(wgi_spread(rule->dy[0], x, &attr), slope);
}

/* dy sign(x) |x / y|^(p - 1), and 0 where x or y is. */
static void gradient_norm_p(wgi_rule *rule)
{
    const wgi_reduce_attr attr = *(const wgi_reduce_attr *)rule->attr;
    const wg_node x = rule->x[0];
    const wg_node ratio = wgi_ratio_or_zero(x, wgi_spread(rule->y[0], x, &attr));
    const wgi_number less = wgi_number_derive(rule->graph, WGI_MINUS_ONE, rule->number);
    const wg_node slope = wgi_record_one_with(ratio, less, WGI_OP_norm_odd_power);
    rule->dx[0] = wg_gate(wgi_spread(rule->dy[0], x, &attr), slope);
}

/* The derivative of each is p times the other of one power less. */
static void pass_power(wgi_rule *rule, uint16_t other)
{
    const wgi_number less = wgi_number_derive(rule->graph, WGI_MINUS_ONE, rule->number);
    const wg_node slope = wgi_record_one_with(rule->x[0], less, other);
    rule->dx[0] = wg_gate(rule->dy[0], wgi_record_one_with(slope, rule->number, WGI_OP_scale));
}

static void gradient_norm_even_power(wgi_rule *rule)
{
    pass_power(rule, WGI_OP_norm_odd_power);
}

static void gradient_norm_odd_power(wgi_rule *rule)
{
    pass_power(rule, WGI_OP_norm_even_power);
}

static wg_status infer_power(wgi_infer *q)
{
    const wg_status status = wgi_check_floating(q, 0);
    return status != WG_OK ? status : wgi_infer_like(q, 0, 0);
}

/* ---- rows --------------------------------------------------------------------------------- */

WGI_BUILD(norm_2_all, wgi_record_reduction(WGI_OP_norm_2, in[0], NULL, 0, false))
WGI_BUILD(norm_2_1, wgi_record_reduction(WGI_OP_norm_2, in[0], (const int32_t[]){1}, 1, true))
WGI_BUILD(norm_p_all, norm_p(in[0], 3, NULL, 0, false))
WGI_BUILD(norm_p_1, norm_p(in[0], 2.5, (const int32_t[]){1}, 1, true))

#define SAMPLES(op)                                                                                \
    WGI_GOOD("all", op##_all, 1, WGI_IN_2(2, 3, WGI_NONZERO)),                                     \
        WGI_GOOD("rows", op##_1, 1, WGI_IN_3(2, 3, 2, WGI_NONZERO)),                               \
        WGI_GOOD("rank 0", op##_all, 1, WGI_IN_0(WGI_NONZERO)),                                    \
        WGI_GOOD("size 1", op##_all, 1, WGI_IN_1(1, WGI_NONZERO)),                                 \
        WGI_GOOD("size 0", op##_1, 1, WGI_IN_2(2, 0, WGI_NORMAL)),                                 \
        WGI_KINK("zero", op##_all, 1, WGI_IN_1(3, WGI_ZEROS))

#define BAD(op)                                                                                    \
    WGI_BAD("dtype", op##_all, WG_ERR_DTYPE, #op ": needs a floating dtype: i64 (x)", 1,           \
            WGI_IN_TYPED(3, WG_I64, 2))

static const wgi_sample samples_norm_2[] = {SAMPLES(norm_2)};
static const wgi_sample samples_norm_p[] = {SAMPLES(norm_p)};
static const wgi_sample bad_norm_2[] = {BAD(norm_2)};
static const wgi_sample bad_norm_p[] = {BAD(norm_p)};

static const wgi_attribute attributes_norm_2[] = {
    WGI_REDUCE_ATTRIBUTES(wgi_reduce_attr, axes, keepdims),
};

static const wgi_attribute attributes_norm_p[] = {
    WGI_REDUCE_ATTRIBUTES(wgi_reduce_attr, axes, keepdims),
    WGI_NUMBER_ATTRIBUTE("p", 0),
};

WGI_CALL(call_norm_2, wgi_record_reduction(WGI_OP_norm_2, wgi_call_in(c, 0), wgi_call_axes(c, 0),
                                           wgi_call_length(c, 0), wgi_call_flag(c, 1)))
WGI_CALL(call_norm_p, norm_p(wgi_call_in(c, 0), wgi_call_real(c, 2), wgi_call_axes(c, 0),
                             wgi_call_length(c, 0), wgi_call_flag(c, 1)))

const wgi_op wgi_op_norm_2 = {
    WGI_REDUCE_ROW("norm_2", WGI_KINKED),
    .infer = wgi_infer_reduced_floating,
    .gradient = gradient_norm_2,
    .reference = {WGI_REALS(norm_2)},
    .call = call_norm_2,
    WGI_ATTRIBUTES(attributes_norm_2),
    WGI_SAMPLES(samples_norm_2, bad_norm_2),
};

const wgi_op wgi_op_norm_p = {
    WGI_REDUCE_ROW("norm_p", WGI_KINKED), .n_numbers = 1,
    .infer = wgi_infer_reduced_floating,  .gradient = gradient_norm_p,
    .reference = {WGI_REALS(norm_p)},     .call = call_norm_p,
    WGI_ATTRIBUTES(attributes_norm_p),    WGI_SAMPLES(samples_norm_p, bad_norm_p),
};

static const wgi_attribute attributes_power[] = {WGI_NUMBER_ATTRIBUTE("p", 0)};

#define POWER_ROW(op)                                                                              \
    WGI_BUILD(build_##op, wgi_record_one_given(in[0], 2.5, WGI_OP_##op))                           \
    static const wgi_sample samples_##op[] = {                                                     \
        WGI_GOOD("matrix", build_##op, 1, WGI_IN_2(2, 3, WGI_NONZERO)),                            \
        WGI_GOOD("rank 0", build_##op, 1, WGI_IN_0(WGI_NONZERO)),                                  \
        WGI_GOOD("size 0", build_##op, 1, WGI_IN_1(0, WGI_NORMAL)),                                \
        WGI_KINK("zeros", build_##op, 1, WGI_IN_1(2, WGI_ZEROS)),                                  \
    };                                                                                             \
    static const wgi_sample bad_##op[] = {                                                         \
        WGI_BAD("dtype", build_##op, WG_ERR_DTYPE, #op ": needs a floating dtype: i64 (x)", 1,     \
                WGI_IN_TYPED(3, WG_I64, 2)),                                                       \
    };                                                                                             \
    WGI_CALL(call_##op, wgi_record_one_given(wgi_call_in(c, 0), wgi_call_real(c, 0), WGI_OP_##op)) \
    const wgi_op wgi_op_##op = {                                                                   \
        .name = #op,                                                                               \
        .traits = WGI_KINKED,                                                                      \
        .min_in = 1,                                                                               \
        .max_in = 1,                                                                               \
        .n_out = 1,                                                                                \
        .n_numbers = 1,                                                                            \
        .operands = {"x"},                                                                         \
        .infer = infer_power,                                                                      \
        .gradient = gradient_##op,                                                                 \
        .reference = {WGI_REALS(op)},                                                              \
        .call = call_##op,                                                                         \
        WGI_ATTRIBUTES(attributes_power),                                                          \
        WGI_SAMPLES(samples_##op, bad_##op),                                                       \
    };

POWER_ROW(norm_even_power)
POWER_ROW(norm_odd_power)

/* ---- the form ----------------------------------------------------------------------------- */

WGI_BUILD(by_0, wg_norm(in[0], 0, NULL, 0, false))
WGI_BUILD(by_1, wg_norm(in[0], 1, (const int32_t[]){-1}, 1, false))
WGI_BUILD(by_2, wg_norm(in[0], 2, NULL, 0, false))
WGI_BUILD(by_2_rows, wg_norm(in[0], 2, (const int32_t[]){0}, 1, true))
WGI_BUILD(by_3, wg_norm(in[0], 3, (const int32_t[]){1}, 1, false))
WGI_BUILD(by_minus_2, wg_norm(in[0], -2, NULL, 0, false))
WGI_BUILD(by_half, wg_norm(in[0], 0.5, NULL, 0, false))
WGI_BUILD(by_infinity, wg_norm(in[0], HUGE_VAL, (const int32_t[]){1}, 1, true))
WGI_BUILD(by_minus_infinity, wg_norm(in[0], -HUGE_VAL, NULL, 0, false))
WGI_BUILD(by_nothing, wg_norm(in[0], (double)NAN, NULL, 0, false))
WGI_BUILD(over_5, wg_norm(in[0], 2, (const int32_t[]){5}, 1, false))

static const wgi_sample samples_norm[] = {
    WGI_GOOD("1", by_1, 1, WGI_IN_2(3, 2, WGI_NONZERO)),
    WGI_GOOD("2", by_2, 1, WGI_IN_2(3, 2, WGI_NORMAL)),
    WGI_GOOD("2, rows", by_2_rows, 1, WGI_IN_2(3, 2, WGI_NORMAL)),
    WGI_GOOD("3", by_3, 1, WGI_IN_2(3, 2, WGI_NONZERO)),
    WGI_GOOD("0", by_0, 1, WGI_IN_1(3, WGI_NONZERO)),
    WGI_GOOD("-2", by_minus_2, 1, WGI_IN_1(3, WGI_NONZERO)),
    WGI_GOOD("0.5", by_half, 1, WGI_IN_1(3, WGI_NONZERO)),
    WGI_GOOD("infinity", by_infinity, 1, WGI_IN_2(3, 2, WGI_NONZERO)),
    WGI_GOOD("-infinity", by_minus_infinity, 1, WGI_IN_1(3, WGI_NONZERO)),
    WGI_GOOD("size 0", by_1, 1, WGI_IN_2(2, 0, WGI_NORMAL)),
    WGI_KINK("zero", by_1, 1, WGI_IN_2(1, 2, WGI_ZEROS)),
};

static const wgi_sample bad_norm[] = {
    WGI_BAD("NaN", by_nothing, WG_ERR_ARGUMENT, "norm: p is NaN", 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("range", over_5, WG_ERR_RANGE, "norm: axis 5 is out of range for rank 2 (x)", 1,
            WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_BAD("dtype", by_2, WG_ERR_DTYPE, "norm: needs a floating dtype: i64 (x)", 1,
            WGI_IN_TYPED(3, WG_I64, 2)),
    WGI_BAD("nothing", by_infinity, WG_ERR_SHAPE,
            "norm: there is no extreme of nothing: size 0 (x, axis 1)", 1,
            WGI_IN_2(2, 0, WGI_NORMAL)),
};

static const wgi_attribute attributes_norm[] = {
    {.name = "p", .kind = WGI_ATTR_REAL, .is_optional = true, .real = 2.0},
    {.name = "axes", .kind = WGI_ATTR_AXES, .is_optional = true},
    {.name = "keepdims", .kind = WGI_ATTR_FLAG, .is_optional = true},
};

WGI_CALL(call_norm, wg_norm(wgi_call_in(c, 0), wgi_call_real(c, 0), wgi_call_axes(c, 1),
                            wgi_call_length(c, 1), wgi_call_flag(c, 2)))

const wgi_op wgi_op_norm = {
    WGI_FORM_OF("norm", 1, 1, "x"),
    .call = call_norm,
    WGI_ATTRIBUTES(attributes_norm),
    WGI_SAMPLES(samples_norm, bad_norm),
};

#endif
