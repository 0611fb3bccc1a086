/* Activations. ops.h says what holds for all ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_ACTIVATION_H
#define WG_OPS_ACTIVATION_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/** 1/(1 + e^-x), as e^x/(1 + e^x) below 0. Floating. Gradient: gate(dy, y(1-y)). */
WG_API wg_node wg_sigmoid(wg_node x);

/** max(x, 0); NaN stays NaN. Floating. Gradient: gate(dy, [x > 0]), 0 at 0. */
WG_API wg_node wg_relu(wg_node x);

/**
 * Softmax along one axis: y_i = exp(x_i - m) / sum_j exp(x_j - m), with m = max_j x_j.
 *
 * x     rank >= 1, floating
 * axis  in [-rank, rank)
 *
 * Gradient: dx = y * (dy - sum(dy * y, axis)).
 * Numerics: a row of -inf, or with a +inf, gives NaN.
 */
WG_API wg_node wg_softmax(wg_node x, int32_t axis);

/** log(softmax(x)) along one axis, x_i - m - log sum_j exp(x_j - m): never above 0.
 * Gradient: dx = dy - softmax(x) * sum(dy, axis). */
WG_API wg_node wg_log_softmax(wg_node x, int32_t axis);

#ifdef __cplusplus
}
#endif
#endif
