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

/** a > b as bool; false where either is NaN. Floating or i64. No gradient. */
WG_API wg_node wg_greater(wg_node a, wg_node b);

/** a where condition (bool) is 1, else b. All three broadcast; a and b of one dtype, any.
 * Gradient: dy on the branch taken, exactly 0 on the other. */
WG_API wg_node wg_where(wg_node condition, wg_node a, wg_node b);

/* ---- one operand -------------------------------------------------------------------------- */

/** -x. Floating or i64 (wraps). */
WG_API wg_node wg_neg(wg_node x);

/** x * factor; the factor is a number (wg_number_set, index 0). Floating. */
WG_API wg_node wg_scale(wg_node x, double factor);

/** e^x. Floating. Gradient: gate(dy, y). */
WG_API wg_node wg_exp(wg_node x);

/** Natural logarithm: -inf at 0, NaN below. Floating. Gradient: gate(dy, 1/x), NaN for x < 0. */
WG_API wg_node wg_log(wg_node x);

/** x * x. Floating. Gradient: gate(dy, 2x). */
WG_API wg_node wg_square(wg_node x);

/** Square root; NaN below 0. Floating. Gradient: gate(dy, 1/(2y)), +inf at 0. */
WG_API wg_node wg_sqrt(wg_node x);

/** Hyperbolic tangent. Floating. Gradient: gate(dy, 1-y^2). */
WG_API wg_node wg_tanh(wg_node x);

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
