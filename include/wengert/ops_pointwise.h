/* Pointwise ops: arithmetic, functions, comparisons. ops.h says what holds for all.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_POINTWISE_H
#define WG_OPS_POINTWISE_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- two and three operands: broadcast, same dtype ---------------------------------------- */

/** a + b. Floating or i64 (wraps). Gradient: dy to both, summed over broadcast axes. */
WG_API wg_node wg_add(wg_node a, wg_node b);

/** a - b. Floating or i64 (wraps). Gradient: dy, -dy. */
WG_API wg_node wg_sub(wg_node a, wg_node b);

/** a * b. Floating or i64 (wraps). Gradient: gate(dy, b), gate(dy, a). */
WG_API wg_node wg_mul(wg_node a, wg_node b);

/** a / b, IEEE. Floating. Gradient: gate(dy, 1/b), -gate(dy, y/b). */
WG_API wg_node wg_div(wg_node a, wg_node b);

/** dy * d, and exactly 0 where dy is exactly 0, whatever d is: how pointwise gradient rules
 * multiply. Floating. Gradient: gate(dz, d) to dy, gate(dz, dy) to d. */
WG_API wg_node wg_gate(wg_node dy, wg_node d);

/**
 * a^b, IEEE's pow: NaN for a < 0 with a b that is no integer; 1 for b = 0 and for a = 1, even of
 * NaN. Floating.
 *
 * Gradient: gate(dy, b a^(b-1)) to a, exactly 0 for b = 0; gate(dy, y log a) to b: 0 at a = 0 for
 * b >= 0, NaN for a < 0.
 */
WG_API wg_node wg_pow(wg_node a, wg_node b);

/** The larger of a and b, a where they are equal; NaN where either is. Floating or i64.
 * Gradient: gate(dy, .) of 1 to the larger and 0 to the other, of 1/2 to both on a tie, and of NaN
 * where y is NaN. */
WG_API wg_node wg_maximum(wg_node a, wg_node b);

/** The smaller of a and b, a where they are equal; NaN where either is. Floating or i64.
 * Gradient: as of wg_maximum. */
WG_API wg_node wg_minimum(wg_node a, wg_node b);

/** The angle of the point (b, a) in (-pi, pi], IEEE's atan2. Floating.
 * Gradient: with h = sqrt(a^2 + b^2), gate(dy, b/h/h) and -gate(dy, a/h/h); 0 at the origin. */
WG_API wg_node wg_atan2(wg_node a, wg_node b);

/** sqrt(a^2 + b^2) without overflow on the way; +inf where either is infinite, even beside NaN.
 * Floating. Gradient: gate(dy, a/y), gate(dy, b/y); 0 at the origin. */
WG_API wg_node wg_hypot(wg_node a, wg_node b);

/** a - b trunc(a/b), exactly: of the sign of a. NaN where b is 0 or a infinite. Floating.
 * Gradient: dy, -gate(dy, trunc(a/b)). */
WG_API wg_node wg_fmod(wg_node a, wg_node b);

/** a - b floor(a/b): of the sign of b, but 0 keeps that of a, as PyTorch's. NaN where b is 0 or a
 * infinite. Floating. Gradient: dy, -gate(dy, floor(a/b)). */
WG_API wg_node wg_remainder(wg_node a, wg_node b);

/** a log b, and 0 for a = 0 whatever b is, but NaN. Floating.
 * Gradient: gate(dy, log b) to a, 0 where a is 0 and b <= 0; gate(dy, gate(a, 1/b)) to b, NaN for
 * b < 0 where a is not 0. */
WG_API wg_node wg_xlogy(wg_node a, wg_node b);

/**
 * a + weight (b - a), taken from the nearer end: exactly a for weight 0, b for weight 1. Floating;
 * a wg_number serves as a weight for all. A form: it records other ops, whose errors it gives.
 *
 * Gradient: 1 - weight to a, weight to b, b - a to the weight.
 */
WG_API wg_node wg_lerp(wg_node a, wg_node b, wg_node weight);

/** a > b as bool; false where either is NaN. Floating or i64. No gradient. */
WG_API wg_node wg_greater(wg_node a, wg_node b);

/** a >= b as bool; false where either is NaN. Floating or i64. No gradient. */
WG_API wg_node wg_greater_equal(wg_node a, wg_node b);

/** a < b as bool; false where either is NaN. Floating or i64. No gradient. */
WG_API wg_node wg_less(wg_node a, wg_node b);

/** a <= b as bool; false where either is NaN. Floating or i64. No gradient. */
WG_API wg_node wg_less_equal(wg_node a, wg_node b);

/** a == b as bool; false where either is NaN. Floating or i64. No gradient. */
WG_API wg_node wg_equal(wg_node a, wg_node b);

/** a != b as bool; true where either is NaN. Floating or i64. No gradient. */
WG_API wg_node wg_not_equal(wg_node a, wg_node b);

/** a and b. Bool. */
WG_API wg_node wg_logical_and(wg_node a, wg_node b);

/** a or b, or both. Bool. */
WG_API wg_node wg_logical_or(wg_node a, wg_node b);

/** Either a or b. Bool. */
WG_API wg_node wg_logical_xor(wg_node a, wg_node b);

/** a where condition (bool) is 1, else b. All three broadcast; a and b of one dtype, any.
 * Gradient: dy on the branch taken, exactly 0 on the other. */
WG_API wg_node wg_where(wg_node condition, wg_node a, wg_node b);

/** value where mask (bool) is 1, else x; both broadcast. Any dtype of x but u8. A form: it records
 * where and a fill, whose errors it gives. Gradient: dy where x is taken, exactly 0 elsewhere. */
WG_API wg_node wg_masked_fill(wg_node x, wg_node mask, double value);

/* ---- one operand -------------------------------------------------------------------------- */

/** Not x. Bool. */
WG_API wg_node wg_logical_not(wg_node x);

/** Whether x is NaN, as bool. Floating. No gradient. */
WG_API wg_node wg_isnan(wg_node x);

/** Whether x is +inf or -inf, as bool. Floating. No gradient. */
WG_API wg_node wg_isinf(wg_node x);

/** Whether x is neither infinite nor NaN, as bool. Floating. No gradient. */
WG_API wg_node wg_isfinite(wg_node x);

/** -x. Floating or i64 (wraps). */
WG_API wg_node wg_neg(wg_node x);

/** x * factor; the factor is a number (wg_number_set, index 0). Floating. */
WG_API wg_node wg_scale(wg_node x, double factor);

/** 1/x, IEEE. Floating. Gradient: -gate(dy, y^2). */
WG_API wg_node wg_reciprocal(wg_node x);

/** |x|. Floating. Gradient: gate(dy, sign x), 0 at 0. */
WG_API wg_node wg_abs(wg_node x);

/** 1 for x > 0, -1 for x < 0, 0 at 0; NaN stays NaN. Floating. Gradient 0. */
WG_API wg_node wg_sign(wg_node x);

/** The largest integer up to x. Floating. Gradient 0. */
WG_API wg_node wg_floor(wg_node x);

/** The smallest integer from x on. Floating. Gradient 0. */
WG_API wg_node wg_ceil(wg_node x);

/** The integer nearest to x, the even one of two. Floating. Gradient 0. */
WG_API wg_node wg_round(wg_node x);

/** x without its fraction. Floating. Gradient 0. */
WG_API wg_node wg_trunc(wg_node x);

/** x - trunc(x), of the sign of x; NaN of infinities. Floating. Gradient: dy. */
WG_API wg_node wg_frac(wg_node x);

/** e^x. Floating. Gradient: gate(dy, y). */
WG_API wg_node wg_exp(wg_node x);

/** 2^x. Floating. Gradient: gate(dy, y log 2). */
WG_API wg_node wg_exp2(wg_node x);

/** e^x - 1, to full accuracy near 0. Floating. Gradient: gate(dy, e^x). */
WG_API wg_node wg_expm1(wg_node x);

/** Natural logarithm: -inf at 0, NaN below. Floating. Gradient: gate(dy, 1/x), NaN for x < 0. */
WG_API wg_node wg_log(wg_node x);

/** Logarithm to base 2, as wg_log. Floating. Gradient: gate(dy, 1/(x log 2)), NaN for x < 0. */
WG_API wg_node wg_log2(wg_node x);

/** Logarithm to base 10, as wg_log. Floating. Gradient: gate(dy, 1/(x log 10)), NaN for x < 0. */
WG_API wg_node wg_log10(wg_node x);

/** log(1 + x), to full accuracy near 0: -inf at -1, NaN below. Floating.
 * Gradient: gate(dy, 1/(1+x)), NaN for x < -1. */
WG_API wg_node wg_log1p(wg_node x);

/** x * x. Floating. Gradient: gate(dy, 2x). */
WG_API wg_node wg_square(wg_node x);

/** Square root; NaN below 0. Floating. Gradient: gate(dy, 1/(2y)), +inf at 0. */
WG_API wg_node wg_sqrt(wg_node x);

/** 1/sqrt(x): +inf at 0, -inf at -0, NaN below. Floating. Gradient: -gate(dy, y/(2x)). */
WG_API wg_node wg_rsqrt(wg_node x);

/**
 * x^exponent, the exponent being no node: IEEE's pow, 1 for exponent 0 even of NaN. Floating. A
 * form: 2, 1/2, -1/2 and -1 record square, sqrt, rsqrt and reciprocal, so that (-0)^(1/2) is -0
 * and (-inf)^(1/2) NaN; any other the op `power`, whose number (wg_number_set, index 0) it is.
 *
 * Gradient: gate(dy, exponent x^(exponent-1)), exactly 0 for exponent 0.
 */
WG_API wg_node wg_pow_number(wg_node x, double exponent);

/** Sine of x radians; NaN of infinities. Floating. Gradient: gate(dy, cos x). */
WG_API wg_node wg_sin(wg_node x);

/** Cosine of x radians; NaN of infinities. Floating. Gradient: -gate(dy, sin x). */
WG_API wg_node wg_cos(wg_node x);

/** Tangent of x radians; NaN of infinities. Floating. Gradient: gate(dy, 1+y^2). */
WG_API wg_node wg_tan(wg_node x);

/** The angle in [-pi/2, pi/2] whose sine is x; NaN outside of [-1, 1]. Floating.
 * Gradient: gate(dy, 1/sqrt((1-x)(1+x))), inf at -1 and 1. */
WG_API wg_node wg_asin(wg_node x);

/** The angle in [0, pi] whose cosine is x; NaN outside of [-1, 1]. Floating.
 * Gradient: -gate(dy, 1/sqrt((1-x)(1+x))), -inf at -1 and 1. */
WG_API wg_node wg_acos(wg_node x);

/** The angle in (-pi/2, pi/2) whose tangent is x. Floating. Gradient: gate(dy, 1/(1+x^2)). */
WG_API wg_node wg_atan(wg_node x);

/** (e^x - e^-x)/2. Floating. Gradient: gate(dy, cosh x). */
WG_API wg_node wg_sinh(wg_node x);

/** (e^x + e^-x)/2. Floating. Gradient: gate(dy, sinh x). */
WG_API wg_node wg_cosh(wg_node x);

/** Hyperbolic tangent. Floating. Gradient: gate(dy, 1-y^2). */
WG_API wg_node wg_tanh(wg_node x);

/** The error function, 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x. Floating.
 * Gradient: gate(dy, 2/sqrt(pi) e^(-x^2)). */
WG_API wg_node wg_erf(wg_node x);

/** max(x, min), the bound being a number (wg_number_set, index 0); NaN where either is NaN.
 * Floating. Gradient: gate(dy, [x >= min]), 1 at the bound. */
WG_API wg_node wg_clamp_min(wg_node x, double min);

/** min(x, max), the bound being a number (wg_number_set, index 0); NaN where either is NaN.
 * Floating. Gradient: gate(dy, [x <= max]), 1 at the bound. */
WG_API wg_node wg_clamp_max(wg_node x, double max);

/**
 * x held in [min, max]; max where min is above max. Floating; -INFINITY and INFINITY leave a side
 * open. A form: it records clamp_max of clamp_min, whose number the bound is.
 *
 * Gradient: dy for min <= x <= max, the bounds included, exactly 0 elsewhere, NaN where x is NaN.
 */
WG_API wg_node wg_clamp(wg_node x, double min, double max);

/** 0 for x < 0, 1 for x > 0, `at_zero` (a number, index 0) at 0; NaN stays NaN. Floating. Gradient
 * 0. */
WG_API wg_node wg_heaviside(wg_node x, double at_zero);

/** x as another dtype. To integers: truncated, saturated at the ends, NaN gives 0; to bool: x != 0.
 * Between floating dtypes the gradient is cast back; otherwise there is none. */
WG_API wg_node wg_cast(wg_node x, wg_dtype dtype);

/** x, through which no gradient flows. Any dtype. */
WG_API wg_node wg_stop_gradient(wg_node x);

#ifdef __cplusplus
}
#endif
#endif
