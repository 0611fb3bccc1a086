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

/* "Kinks": where a function has no derivative the gradient is as PyTorch's, told here. `slope`,
 * `alpha` and the bounds are numbers of the recorded op (wg_number_set). */

/**
 * x where x > 0, else slope * x. Floating.
 *
 * Gradient: gate(dy, [x > 0] + slope [x <= 0]); slope at 0. The slope is number 0.
 * Source: Maas, Hannun, Ng 2013.
 */
WG_API wg_node wg_leaky_relu(wg_node x, double slope);

/**
 * x where x > 0, else weight * x, where the weight learns. Records other ops.
 *
 * x       floating
 * weight  the dtype of x; rank 0 or [1]: one slope; or [channels], channels being x's axis 1
 *
 * Gradient: to x as wg_leaky_relu; to weight gate(dy, x) where x <= 0, summed.
 * Errors: WG_ERR_SHAPE (as many slopes as channels), WG_ERR_DTYPE.
 * Source: He, Zhang, Ren, Sun 2015.
 */
WG_API wg_node wg_prelu(wg_node x, wg_node weight);

/**
 * x where x > 0, else alpha (e^x - 1), by expm1. Floating.
 *
 * Gradient: gate(dy, 1 or alpha e^x); alpha at 0. Alpha is number 0.
 * Source: Clevert, Unterthiner, Hochreiter 2015.
 */
WG_API wg_node wg_elu(wg_node x, double alpha);

/** 1.0507 times (x where x > 0, else 1.6733 (e^x - 1)), with the constants of Klambauer et al. 2017
 * to full precision. Floating. Gradient: gate(dy, 1.0507 or 1.7581 e^x); the latter at 0. */
WG_API wg_node wg_selu(wg_node x);

/**
 * x times the normal distribution at x: x erfc(-x / sqrt 2) / 2. PyTorch's gelu. Floating.
 *
 * Gradient: gate(dy, Phi(x) + x phi(x)).
 * Numerics: -0 at -inf, with gradient 0; the tail keeps its relative error.
 * Source: Hendrycks, Gimpel 2016.
 */
WG_API wg_node wg_gelu(wg_node x);

/**
 * x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2, as x times a sigmoid: gelu's approximation,
 * PyTorch's gelu with approximate="tanh", GPT-2's. Floating.
 *
 * Gradient: the function's own.
 * Numerics: -0 at -inf, with gradient 0; the tail keeps its relative error.
 */
WG_API wg_node wg_gelu_tanh(wg_node x);

/**
 * x sigmoid(x), which is also called swish. Floating.
 *
 * Gradient: gate(dy, s(x) (1 + x s(-x))).
 * Numerics: -0 at -inf, with gradient 0.
 */
WG_API wg_node wg_silu(wg_node x);

/**
 * x tanh(softplus(x)). Floating.
 *
 * Gradient: gate(dy, t + x (1 - t^2) s(x)) with t = tanh(softplus(x)).
 * Numerics: -0 at -inf, with gradient 0.
 * Source: Misra 2019.
 */
WG_API wg_node wg_mish(wg_node x);

/**
 * log(1 + e^x), as max(x, 0) + log1p(e^-|x|): right everywhere, so that it needs no threshold.
 * Floating. With PyTorch's beta: softplus(beta x) / beta. Gradient: gate(dy, sigmoid(x)).
 */
WG_API wg_node wg_softplus(wg_node x);

/** x / (1 + |x|); +-1 at the infinities. Floating. Gradient: gate(dy, 1/(1 + |x|)^2). */
WG_API wg_node wg_softsign(wg_node x);

/** log(sigmoid(x)) = -softplus(-x). Floating. Gradient: gate(dy, sigmoid(-x)). */
WG_API wg_node wg_logsigmoid(wg_node x);

/** min(max(x, 0), 6); NaN stays NaN. Floating. Gradient: gate(dy, [0 < x < 6]), 0 at 0 and 6. */
WG_API wg_node wg_relu6(wg_node x);

/**
 * min(max(x, min_val), max_val); NaN stays NaN. Floating. Records two ops, each bound being number
 * 0 of its own. Gradient: gate(dy, [min_val < x < max_val]), 0 at the bounds, as PyTorch's
 * hardtanh. Errors: WG_ERR_ARGUMENT (min_val above max_val, or NaN).
 */
WG_API wg_node wg_hardtanh(wg_node x, double min_val, double max_val);

/** min(max((x + 3) / 6, 0), 1); NaN stays NaN. Floating. Gradient: gate(dy, 1/6 [-3 < x < 3]). */
WG_API wg_node wg_hardsigmoid(wg_node x);

/** x hardsigmoid(x); -0 at -inf is 0. Floating. Gradient: gate(dy, 0, x/3 + 1/2 or 1); -1/2 at -3
 * and 3/2 at 3. Source: Howard et al. 2019. */
WG_API wg_node wg_hardswish(wg_node x);

/**
 * Gated linear unit: a sigmoid(b), a and b being the first and second half of x along an axis,
 * whose size halves. Records other ops.
 *
 * x     rank >= 1, floating
 * axis  in [-rank, rank)
 *
 * Errors: WG_ERR_RANGE (axis), WG_ERR_SHAPE (an odd size).
 * Source: Dauphin, Fan, Auli, Grangier 2016.
 */
WG_API wg_node wg_glu(wg_node x, int32_t axis);

/**
 * The largest of `pieces` pieces: of x [..., pieces * m, ...], seen as [..., pieces, m, ...], the
 * maximum over the pieces, [..., m, ...]. Output 1 is the piece it came from, i64.
 *
 * x       rank >= 1, floating
 * pieces  >= 1, divides x's size along the axis
 * axis    in [-rank, rank)
 *
 * Gradient: dy to the piece it came from: the first of equal ones, or the first NaN, which wins.
 * Errors: WG_ERR_RANGE (axis, pieces), WG_ERR_SHAPE (pieces do not divide the size).
 * Source: Goodfellow, Warde-Farley, Mirza, Courville, Bengio 2013.
 */
WG_API wg_node wg_maxout(wg_node x, int64_t pieces, int32_t axis);

/**
 * In training: max(0, x + sqrt(s(x)) e), with s the sigmoid, which is the variance of the noise,
 * and e drawn from N(0, 1); in evaluation wg_relu(x). Output 1 (in training alone) is e. Floating.
 *
 * Gradient: gate(dy, [y > 0] (1 + e sqrt(s(x)) s(-x) / 2)): through x and, the draw being fixed,
 * through the size of the noise too.
 * Source: Nair, Hinton 2010: Rectified linear units improve restricted Boltzmann machines.
 */
WG_API wg_node wg_noisy_relu(wg_node x);

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

/**
 * Softmax over the elements that count: 0 where the mask is false, and a row of which nothing
 * counts is 0 throughout. What is masked is never looked at. Records other ops.
 *
 * x     rank >= 1, floating
 * mask  bool, true where an element counts; broadcasts to x's shape
 * axis  in [-rank, rank)
 *
 * Gradient: that of wg_softmax where the mask is true, exactly 0 elsewhere.
 * Errors: WG_ERR_RANGE (axis), WG_ERR_SHAPE (mask), WG_ERR_DTYPE.
 */
WG_API wg_node wg_masked_softmax(wg_node x, wg_node mask, int32_t axis);

#ifdef __cplusplus
}
#endif
#endif
