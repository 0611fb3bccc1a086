/* Oracles of the pointwise ops of one operand that give a number, and what compares with oracles.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/oracles.h"

#include <wengert/ops.h>

#include "ops/op_ids.h"
#include "ops/support.h"

#include <float.h>
#include <math.h>
#include <string.h>

double wgt_rounded(wg_dtype dtype, long double x)
{
    return dtype == WG_F32 ? (double)(float)x : (double)x;
}

double wgt_ulp_of(wg_dtype dtype, double x)
{
    const double size = fabs(x);
    if (dtype == WG_F32) {
        const float f = (float)size;
        return (double)(f < FLT_MAX ? nextafterf(f, HUGE_VALF) - f : f - nextafterf(f, 0));
    }
    return size < DBL_MAX ? nextafter(size, HUGE_VAL) - size : size - nextafter(size, 0);
}

bool wgt_agrees_at(wg_dtype dtype, double found, double expected, double ulps, double scale)
{
    if (isnan(expected) || isnan(found)) {
        return isnan(expected) && isnan(found);
    }
    if (found == expected) {
        return signbit(found) == signbit(expected);
    }
    return isfinite(found) && isfinite(expected) &&
           fabs(found - expected) <= ulps * wgt_ulp_of(dtype, fmax(fabs(expected), scale));
}

bool wgt_agrees(wg_dtype dtype, double found, double expected, double ulps)
{
    return wgt_agrees_at(dtype, found, expected, ulps, 0);
}

double wgt_ulps_off(wg_dtype dtype, double y, long double expected)
{
    const double nearest = wgt_rounded(dtype, expected);
    if (!isfinite(nearest) || isnan(y)) {
        return wgt_agrees(dtype, y, nearest, 0) ? 0 : HUGE_VAL;
    }
    if (y == 0 && nearest == 0 && (signbit(y) != 0) != (signbit(nearest) != 0)) {
        return HUGE_VAL;
    }
    return (double)(fabsl((long double)y - expected) / (long double)wgt_ulp_of(dtype, nearest));
}

/* ---- the table ---------------------------------------------------------------------------- */

#define RECORD(name, call)                                                                         \
    static wg_node record_##name(wg_node x)                                                        \
    {                                                                                              \
        return call;                                                                               \
    }

RECORD(scale, wg_scale(x, 1.5))
RECORD(heaviside, wg_heaviside(x, 0.25))
RECORD(clamp_min, wg_clamp_min(x, -0.5))
RECORD(clamp_max, wg_clamp_max(x, 0.5))
RECORD(one_minus, wgi_record_one(x, WGI_OP_one_minus))
RECORD(log_slope, wgi_record_one(x, WGI_OP_log_slope))
RECORD(power, wgi_record_one_given(x, 1.75, WGI_OP_power))
RECORD(scale_or_zero, wgi_record_one_given(x, 1.5, WGI_OP_scale_or_zero))
RECORD(clamp_min_slope, wgi_record_one_given(x, -0.5, WGI_OP_clamp_min_slope))
RECORD(clamp_max_slope, wgi_record_one_given(x, 0.5, WGI_OP_clamp_max_slope))

#define FORMULA_1(name, formula)                                                                   \
    static long double name(long double x)                                                         \
    {                                                                                              \
        return (formula);                                                                          \
    }
#define FORMULA_2(name, formula)                                                                   \
    static long double name(long double x, long double y)                                          \
    {                                                                                              \
        (void)x, (void)y;                                                                          \
        return (formula);                                                                          \
    }

#define LN_2 0.693147180559945309417232121458176568L
#define LN_10 2.30258509299404568401799145468436421L
#define TWO_OVER_ROOT_PI 1.12837916709551257389615890312154517L

FORMULA_2(no_slope, 0)
FORMULA_2(one_slope, 1)
FORMULA_1(neg_value, -x)
FORMULA_2(neg_slope, -1)
FORMULA_1(scale_value, x * 1.5L)
FORMULA_2(scale_slope, 1.5L)
FORMULA_1(exp_value, expl(x))
FORMULA_2(exp_slope, y)
FORMULA_2(exp2_slope, y *LN_2)
FORMULA_2(expm1_slope, expl(x))
FORMULA_1(log_value, logl(x))
FORMULA_1(log_slope_value, x < 0 ? (long double)NAN : 1 / x)
FORMULA_2(log_slope_of, x < 0 ? (long double)NAN : 1 / x)
FORMULA_2(log2_slope, x < 0 ? (long double)NAN : 1 / (x * LN_2))
FORMULA_2(log10_slope, x < 0 ? (long double)NAN : 1 / (x * LN_10))
FORMULA_2(log1p_slope, x < -1 ? (long double)NAN : 1 / (1 + x))
FORMULA_1(square_value, x *x)
FORMULA_2(square_slope, 2 * x)
FORMULA_1(sqrt_value, sqrtl(x))
FORMULA_2(sqrt_slope, 1 / (2 * y))
FORMULA_1(rsqrt_value, 1 / sqrtl(x))
FORMULA_2(rsqrt_slope, -(y / (2 * x)))
FORMULA_1(reciprocal_value, 1 / x)
FORMULA_2(reciprocal_slope, -(y *y))
FORMULA_2(sin_slope, cosl(x))
FORMULA_2(cos_slope, -sinl(x))
FORMULA_2(tan_slope, 1 + y * y)
FORMULA_2(asin_slope, 1 / sqrtl((1 - x) * (1 + x)))
FORMULA_2(acos_slope, -(1 / sqrtl((1 - x) * (1 + x))))
FORMULA_2(atan_slope, 1 / (1 + x * x))
FORMULA_2(sinh_slope, coshl(x))
FORMULA_2(cosh_slope, sinhl(x))
FORMULA_1(sigmoid_value, x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x)))
FORMULA_2(sigmoid_slope, y *(1 - y))
FORMULA_1(tanh_value, tanhl(x))
FORMULA_2(tanh_slope, 1 - y * y)
FORMULA_2(erf_slope, TWO_OVER_ROOT_PI *expl(-(x *x)))
FORMULA_1(sign_value, isnan(x) ? x : (long double)(x > 0) - (long double)(x < 0))
FORMULA_2(abs_slope, sign_value(x))
FORMULA_1(frac_value, x - truncl(x))
FORMULA_1(clamp_min_value, isnan(x) ? x : fmaxl(x, -0.5L))
FORMULA_1(clamp_max_value, isnan(x) ? x : fminl(x, 0.5L))
FORMULA_1(clamp_min_slope_value, isnan(x) ? x : x >= -0.5L)
FORMULA_1(clamp_max_slope_value, isnan(x) ? x : x <= 0.5L)
FORMULA_2(clamp_min_slope, clamp_min_slope_value(x))
FORMULA_2(clamp_max_slope, clamp_max_slope_value(x))
FORMULA_1(relu_value, x <= 0 ? 0 : x)
FORMULA_2(relu_slope, isnan(x) ? x : x > 0)
FORMULA_1(heaviside_value, isnan(x) ? x : x == 0 ? 0.25L : x > 0)
FORMULA_1(one_minus_value, 1 - x)
FORMULA_1(power_value, powl(x, 1.75L))
FORMULA_2(power_slope, 1.75L * powl(x, 0.75L))

/* ---- activations and the terms of losses -------------------------------------------------- */

static wg_node record_leaky_relu(wg_node x)
{
    return wg_leaky_relu(x, 0.25);
}

static wg_node record_elu(wg_node x)
{
    return wg_elu(x, 1.5);
}

#define RECORD_BOUND(name, bound)                                                                  \
    static wg_node record_##name(wg_node x)                                                        \
    {                                                                                              \
        return wgi_record_one_given(x, bound, WGI_OP_##name);                                      \
    }
RECORD_BOUND(at_least, -3.5)
RECORD_BOUND(at_most, 3.5)
RECORD_BOUND(is_above, 0.75)
RECORD_BOUND(is_below, 0.75)
RECORD_BOUND(huber, 0.75)
RECORD_BOUND(smooth_l1, 0.75)

static wg_node record_clamped_log(wg_node x)
{
    return wgi_record_one(x, WGI_OP_clamped_log);
}

#define SELU_SCALE 1.0507009873554804934193349852946L
#define SELU_LOW (SELU_SCALE * 1.6732632423543772848170429916717L)
#define NORMAL_DENSITY(x) (expl(-(x) * (x) / 2) / sqrtl(2 * acosl(-1.0L)))
#define TANH_V(x) (2 * sqrtl(2 / acosl(-1.0L)) * ((x) + 0.044715L * (x) * (x) * (x)))
#define TANH_RISE(x) (2 * sqrtl(2 / acosl(-1.0L)) * (1 + 3 * 0.044715L * (x) * (x)))

/* Far out the products below would be 0 * inf. */
#define BETWEEN(limit, below, above, inside)                                                       \
    (x < -(limit) ? (below) : x > (limit) ? (above) : (inside))

FORMULA_1(softplus_value, x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x)))
FORMULA_2(softplus_slope, sigmoid_value(x))
FORMULA_1(logsigmoid_value, -softplus_value(-x))
FORMULA_2(logsigmoid_slope, sigmoid_value(-x))
FORMULA_1(silu_value, BETWEEN(12000, -0.0L, x, x *sigmoid_value(x)))
FORMULA_2(silu_slope, BETWEEN(12000, -0.0L, 1, sigmoid_value(x) * (1 + x * sigmoid_value(-x))))
FORMULA_1(mish_share, tanhl(softplus_value(x)))
FORMULA_1(mish_value, BETWEEN(12000, -0.0L, x, x *mish_share(x)))
FORMULA_2(mish_slope,
          BETWEEN(12000, -0.0L, 1,
                  mish_share(x) + x * (1 - mish_share(x) * mish_share(x)) * sigmoid_value(x)))
FORMULA_1(gelu_value, BETWEEN(200, -0.0L, x, x *erfcl(-x / sqrtl(2)) / 2))
FORMULA_2(gelu_slope, BETWEEN(200, -0.0L, 1, erfcl(-x / sqrtl(2)) / 2 + x * NORMAL_DENSITY(x)))
FORMULA_1(gelu_tanh_value, BETWEEN(200, -0.0L, x, x *sigmoid_value(TANH_V(x))))
FORMULA_2(gelu_tanh_slope,
          BETWEEN(200, -0.0L, 1,
                  sigmoid_value(TANH_V(x)) * (1 + x * sigmoid_value(-TANH_V(x)) * TANH_RISE(x))))
FORMULA_1(softsign_value, isinf(x) ? copysignl(1, x) : x / (1 + fabsl(x)))
FORMULA_2(softsign_slope, 1 / (1 + fabsl(x)) / (1 + fabsl(x)))
FORMULA_1(selu_value, x > 0 ? SELU_SCALE * x : SELU_LOW * expm1l(x))
FORMULA_2(selu_slope, x > 0 ? SELU_SCALE : SELU_LOW * expl(x))
FORMULA_1(relu6_value, x <= 0 ? 0 : x >= 6 ? 6 : x)
FORMULA_2(relu6_slope, isnan(x) ? x : x > 0 && x < 6)
FORMULA_1(hardsigmoid_value, x <= -3 ? 0 : x >= 3 ? 1 : (x + 3) / 6)
FORMULA_2(hardsigmoid_slope, isnan(x) ? x : x > -3 && x < 3 ? 1 / 6.0L : 0)
FORMULA_1(hardswish_value, x <= -3 ? 0 : x >= 3 ? x : x * (x + 3) / 6)
FORMULA_2(hardswish_slope, x<-3 ? 0 : x> 3 ? 1 : x / 3 + 0.5L)
FORMULA_1(leaky_relu_value, x > 0 ? x : x * 0.25L)
FORMULA_2(leaky_relu_slope, isnan(x) ? x : x > 0 ? 1 : 0.25L)
FORMULA_1(elu_value, x > 0 ? x : 1.5L * expm1l(x))
FORMULA_2(elu_slope, x > 0 ? 1 : 1.5L * expl(x))
FORMULA_1(at_least_value, x <= -3.5L ? -3.5L : x)
FORMULA_2(at_least_slope, isnan(x) ? x : x > -3.5L)
FORMULA_1(at_most_value, x >= 3.5L ? 3.5L : x)
FORMULA_2(at_most_slope, isnan(x) ? x : x < 3.5L)
FORMULA_1(is_above_value, isnan(x) ? x : x > 0.75L)
FORMULA_1(is_below_value, isnan(x) ? x : x < 0.75L)
FORMULA_1(huber_value, fabsl(x) <= 0.75L ? x * x / 2 : 0.75L * (fabsl(x) - 0.375L))
FORMULA_2(huber_slope, x > 0.75L ? 0.75L : x < -0.75L ? -0.75L : x)
FORMULA_1(smooth_l1_value, fabsl(x) < 0.75L ? x * x / 1.5L : fabsl(x) - 0.375L)
FORMULA_2(smooth_l1_slope, fabsl(x) < 0.75L ? x / 0.75L : isnan(x) ? x : copysignl(1, x))
FORMULA_1(clamped_log_value, x < 0 ? (long double)NAN : logl(x) < -100 ? -100 : logl(x))
FORMULA_2(clamped_log_slope, x < 0 ? (long double)NAN : 1 / (x < 1e-12L ? 1e-12L : x))

/* The exponent of e^(-x^2) is rounded: at 3 by up to 4.5 eps. */
const wgt_unary wgt_unaries[] = {
    {"neg", wg_neg, neg_value, neg_slope, 0, 0},
    {"scale", record_scale, scale_value, scale_slope, 0, 0},
    {"exp", wg_exp, exp_value, exp_slope, 2, 0},
    {"exp2", wg_exp2, exp2l, exp2_slope, 4, 0},
    {"expm1", wg_expm1, expm1l, expm1_slope, 2, 0},
    {"log", wg_log, log_value, log_slope_of, 2, 0},
    {"log2", wg_log2, log2l, log2_slope, 4, 0},
    {"log10", wg_log10, log10l, log10_slope, 4, 0},
    {"log1p", wg_log1p, log1pl, log1p_slope, 2, 0},
    {"square", wg_square, square_value, square_slope, 2, 0},
    {"sqrt", wg_sqrt, sqrt_value, sqrt_slope, 2, 0},
    {"rsqrt", wg_rsqrt, rsqrt_value, rsqrt_slope, 2, 0},
    {"reciprocal", wg_reciprocal, reciprocal_value, reciprocal_slope, 2, 0},
    {"sin", wg_sin, sinl, sin_slope, 2, 0},
    {"cos", wg_cos, cosl, cos_slope, 2, 0},
    {"tan", wg_tan, tanl, tan_slope, 4, 0},
    {"asin", wg_asin, asinl, asin_slope, 4, 0},
    {"acos", wg_acos, acosl, acos_slope, 4, 0},
    {"atan", wg_atan, atanl, atan_slope, 4, 0},
    {"sinh", wg_sinh, sinhl, sinh_slope, 2, 0},
    {"cosh", wg_cosh, coshl, cosh_slope, 2, 0},
    {"sigmoid", wg_sigmoid, sigmoid_value, sigmoid_slope, 4, 0},
    {"tanh", wg_tanh, tanh_value, tanh_slope, 4, 1},
    {"erf", wg_erf, erfl, erf_slope, 16, 0},
    {"abs", wg_abs, fabsl, abs_slope, 0, 0},
    {"sign", wg_sign, sign_value, no_slope, 0, 0},
    {"floor", wg_floor, floorl, no_slope, 0, 0},
    {"ceil", wg_ceil, ceill, no_slope, 0, 0},
    {"round", wg_round, rintl, no_slope, 0, 0},
    {"trunc", wg_trunc, truncl, no_slope, 0, 0},
    {"frac", wg_frac, frac_value, one_slope, 0, 0},
    {"clamp_min", record_clamp_min, clamp_min_value, clamp_min_slope, 0, 0},
    {"clamp_max", record_clamp_max, clamp_max_value, clamp_max_slope, 0, 0},
    {"relu", wg_relu, relu_value, relu_slope, 0, 0},
    {"heaviside", record_heaviside, heaviside_value, no_slope, 0, 0},
    {"one_minus", record_one_minus, one_minus_value, neg_slope, 2, 0},
    {"log_slope", record_log_slope, log_slope_value, reciprocal_slope, 2, 0},
    {"power", record_power, power_value, power_slope, 2, 0},
    {"scale_or_zero", record_scale_or_zero, scale_value, scale_slope, 0, 0},
    {"clamp_min_slope", record_clamp_min_slope, clamp_min_slope_value, no_slope, 0, 0},
    {"clamp_max_slope", record_clamp_max_slope, clamp_max_slope_value, no_slope, 0, 0},
    {"softplus", wg_softplus, softplus_value, softplus_slope, 2, 0},
    {"logsigmoid", wg_logsigmoid, logsigmoid_value, logsigmoid_slope, 2, 0},
    {"silu", wg_silu, silu_value, silu_slope, 4, 0},
    {"mish", wg_mish, mish_value, mish_slope, 4, 0},
    {"gelu", wg_gelu, gelu_value, gelu_slope, 4, 0},
    {"gelu_tanh", wg_gelu_tanh, gelu_tanh_value, gelu_tanh_slope, 4, 0},
    {"softsign", wg_softsign, softsign_value, softsign_slope, 3, 0},
    {"selu", wg_selu, selu_value, selu_slope, 3, 0},
    {"relu6", wg_relu6, relu6_value, relu6_slope, 0, 0},
    {"hardsigmoid", wg_hardsigmoid, hardsigmoid_value, hardsigmoid_slope, 0, 0},
    {"hardswish", wg_hardswish, hardswish_value, hardswish_slope, 2, 0},
    {"leaky_relu", record_leaky_relu, leaky_relu_value, leaky_relu_slope, 0, 0},
    {"elu", record_elu, elu_value, elu_slope, 3, 0},
    {"at_least", record_at_least, at_least_value, at_least_slope, 0, 0},
    {"at_most", record_at_most, at_most_value, at_most_slope, 0, 0},
    {"is_above", record_is_above, is_above_value, no_slope, 0, 0},
    {"is_below", record_is_below, is_below_value, no_slope, 0, 0},
    {"huber", record_huber, huber_value, huber_slope, 0, 0},
    {"smooth_l1", record_smooth_l1, smooth_l1_value, smooth_l1_slope, 1, 0},
    {"clamped_log", record_clamped_log, clamped_log_value, clamped_log_slope, 2, 0},
};

const size_t wgt_n_unaries = sizeof wgt_unaries / sizeof *wgt_unaries;

/* ---- which ops have one ------------------------------------------------------------------- */

static bool is_named(const char *name, const char *wanted, size_t length)
{
    return strlen(name) == length && memcmp(name, wanted, length) == 0;
}

/* Named cases of test_hard_cases.c, and the golden ones, have these. */
static const char *const tested_elsewhere[] = {"cast", "where"};

static bool is_in_a_table(const char *name, size_t length)
{
    bool is = false;
    for (size_t i = 0; i < wgt_n_unaries; i++) {
        is = is || is_named(wgt_unaries[i].name, name, length);
    }
    for (size_t i = 0; i < wgt_n_binaries; i++) {
        is = is || is_named(wgt_binaries[i].name, name, length);
    }
    for (size_t i = 0; i < wgt_n_truths; i++) {
        is = is || is_named(wgt_truths[i].name, name, length);
    }
    return is;
}

/* Derivatives of ops in the tables are judged as slopes of those. */
static bool is_derivative(const char *name)
{
    const char *slope = strstr(name, "_slope");
    const char *end = slope != NULL ? slope : strstr(name, "_curvature");
    return end != NULL && is_in_a_table(name, (size_t)(end - name));
}

bool wgt_has_oracle(const char *name)
{
    bool has = is_in_a_table(name, strlen(name)) || is_derivative(name);
    for (size_t i = 0; i < sizeof tested_elsewhere / sizeof *tested_elsewhere; i++) {
        has = has || strcmp(tested_elsewhere[i], name) == 0;
    }
    return has;
}
