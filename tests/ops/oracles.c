/* Oracles of the pointwise ops.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/oracles.h"

#include <wengert/ops.h>

#include "ops/op_ids.h"
#include "ops/support.h"

#include <float.h>
#include <math.h>

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

/* ---- the table ---------------------------------------------------------------------------- */

static wg_node record_scale(wg_node x)
{
    return wg_scale(x, 1.5);
}

static wg_node record_heaviside(wg_node x)
{
    return wg_heaviside(x, 0.25);
}

static wg_node record_reciprocal(wg_node x)
{
    return wgi_record_unary(WGI_OP_reciprocal, x, NULL);
}

static wg_node record_one_minus(wg_node x)
{
    return wgi_record_unary(WGI_OP_one_minus, x, NULL);
}

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

FORMULA_1(neg_value, -x)
FORMULA_2(neg_slope, -1)
FORMULA_1(scale_value, x * 1.5L)
FORMULA_2(scale_slope, 1.5L)
FORMULA_1(exp_value, expl(x))
FORMULA_2(exp_slope, y)
FORMULA_1(log_value, logl(x))
FORMULA_2(log_slope_value, x < 0 ? (long double)NAN : 1 / x)
FORMULA_1(square_value, x *x)
FORMULA_2(square_slope, 2 * x)
FORMULA_1(sqrt_value, sqrtl(x))
FORMULA_2(sqrt_slope, 1 / (2 * y))
FORMULA_1(sigmoid_value, x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x)))
FORMULA_2(sigmoid_slope, y *(1 - y))
FORMULA_1(tanh_value, tanhl(x))
FORMULA_2(tanh_slope, 1 - y * y)
FORMULA_1(relu_value, x <= 0 ? 0 : x)
FORMULA_2(relu_slope, isnan(x) ? x : x > 0)
FORMULA_1(heaviside_value, isnan(x) ? x : x == 0 ? 0.25L : x > 0)
FORMULA_2(no_slope, 0)
FORMULA_1(reciprocal_value, 1 / x)
FORMULA_2(reciprocal_slope, -(y *y))
FORMULA_1(one_minus_value, 1 - x)

const wgt_unary wgt_unaries[WGT_N_UNARIES] = {
    {"neg", wg_neg, neg_value, neg_slope, 0, 0},
    {"scale", record_scale, scale_value, scale_slope, 0, 0},
    {"exp", wg_exp, exp_value, exp_slope, 2, 0},
    {"log", wg_log, log_value, log_slope_value, 2, 0},
    {"square", wg_square, square_value, square_slope, 2, 0},
    {"sqrt", wg_sqrt, sqrt_value, sqrt_slope, 2, 0},
    {"sigmoid", wg_sigmoid, sigmoid_value, sigmoid_slope, 4, 0},
    {"tanh", wg_tanh, tanh_value, tanh_slope, 4, 1},
    {"relu", wg_relu, relu_value, relu_slope, 0, 0},
    {"heaviside", record_heaviside, heaviside_value, no_slope, 0, 0},
    {"reciprocal", record_reciprocal, reciprocal_value, reciprocal_slope, 2, 0},
    {"one_minus", record_one_minus, one_minus_value, neg_slope, 2, 0},
};
