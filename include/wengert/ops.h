/* The ops. Every constructor checks, infers shape and dtype, and records; nothing is computed.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Errors are the graph's (wg_graph_status): WG_ERR_HANDLE and WG_ERR_STALE for operands,
 * WG_ERR_SHAPE, WG_ERR_DTYPE, WG_ERR_RANGE, WG_ERR_MEMORY as each op says. "Broadcasts" is
 * NumPy's rule: shapes aligned at the right, sizes equal or 1. */
#ifndef WG_OPS_H
#define WG_OPS_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- pointwise, two operands: broadcast, same dtype ---------------------------------------- */

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

/* ---- pointwise, one operand --------------------------------------------------------------- */

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

/** 1/(1 + e^-x), as e^x/(1 + e^x) below 0. Floating. Gradient: gate(dy, y(1-y)). */
WG_API wg_node wg_sigmoid(wg_node x);

/** Hyperbolic tangent. Floating. Gradient: gate(dy, 1-y^2). */
WG_API wg_node wg_tanh(wg_node x);

/** max(x, 0); NaN stays NaN. Floating. Gradient: gate(dy, [x > 0]), 0 at 0. */
WG_API wg_node wg_relu(wg_node x);

/** 0 for x < 0, 1 for x > 0, `at_zero` (a number, index 0) at 0; NaN stays NaN. Floating. Gradient
 * 0. */
WG_API wg_node wg_heaviside(wg_node x, double at_zero);

/** x as another dtype. To integers: truncated, saturated at the ends, NaN gives 0; to bool: x != 0.
 * Between floating dtypes the gradient is cast back; otherwise there is none. */
WG_API wg_node wg_cast(wg_node x, wg_dtype dtype);

/** x, through which no gradient flows. Any dtype. */
WG_API wg_node wg_stop_gradient(wg_node x);

/* ---- contractions ------------------------------------------------------------------------- */

/**
 * Matrix product over the last two axes: [..., m, k] x [..., k, n] -> [..., m, n]; the leading axes
 * broadcast. Both rank >= 2, floating, one dtype. k = 0 gives zeros. An operand made by
 * wg_transpose or a wg_permute that swaps the last two axes is read in place.
 * Gradient: da = dy b^T, db = a^T dy, summed over broadcast axes.
 */
WG_API wg_node wg_matmul(wg_node a, wg_node b);

/* ---- reductions --------------------------------------------------------------------------- */

/**
 * Sum over `n` axes (each in [-rank, rank), no axis twice); all axes where axes is NULL.
 * keepdims leaves the reduced axes at size 1. Floating or i64 (wraps). An empty sum is 0. f32 is
 * accumulated pairwise or in f64. Gradient: dy broadcast.
 */
WG_API wg_node wg_sum(wg_node x, const int32_t *axes, int32_t n, bool keepdims);

/** wg_sum divided by the number of elements summed; NaN of an empty set. Floating. */
WG_API wg_node wg_mean(wg_node x, const int32_t *axes, int32_t n, bool keepdims);

/** The sum and the mean over all elements, rank 0. */
WG_API wg_node wg_sum_all(wg_node x);
WG_API wg_node wg_mean_all(wg_node x);

/* ---- softmax and losses ------------------------------------------------------------------- */

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

/** Mean of (a - b)^2 over all elements, rank 0. Same shape and dtype, floating. */
WG_API wg_node wg_mse(wg_node a, wg_node b);

/** 1/2 sum of (a - b)^2 over all elements, rank 0. Same shape and dtype, floating. */
WG_API wg_node wg_half_sum_squares(wg_node a, wg_node b);

/**
 * Mean over the rows of -log softmax(logits)[target].
 *
 * logits   [n, classes], floating
 * targets  i64 [n], class labels; or the dtype of logits, [n, classes], probabilities p with
 *          -sum p log softmax(logits), where 0 * -inf counts 0
 * returns  rank 0; output 1 is softmax(logits), [n, classes]
 *
 * Gradient: d logits = (softmax(logits) sum_k p - p) dy / n; d p = -log softmax(logits) dy / n.
 * Numerics: NaN for n = 0. Errors when run: WG_ERR_RANGE (a label outside [0, classes)).
 */
WG_API wg_node wg_cross_entropy(wg_node logits, wg_node targets);

/* ---- shape -------------------------------------------------------------------------------- */

/** The same elements in row-major order under another shape; one size may be -1. Any dtype. */
WG_API wg_node wg_reshape(wg_node x, int32_t rank, const int64_t *dims);

/** Axes in another order: axis i of the result is axis axes[i] of x. Any dtype. */
WG_API wg_node wg_permute(wg_node x, const int32_t *axes, int32_t n);

/** The last two axes swapped; rank >= 2. */
WG_API wg_node wg_transpose(wg_node x);

/** x repeated along the axes where its size is 1 or missing, NumPy's rule. Any dtype. Gradient:
 * wg_sum_to of x's shape. */
WG_API wg_node wg_broadcast_to(wg_node x, int32_t rank, const int64_t *dims);

/** The adjoint of wg_broadcast_to: x summed over the axes along which `dims` was broadcast to x's
 * shape. Floating. Gradient: wg_broadcast_to of x's shape. */
WG_API wg_node wg_sum_to(wg_node x, int32_t rank, const int64_t *dims);

/* ---- indexing ----------------------------------------------------------------------------- */

/**
 * Slices of x along `axis` at i64 indices: shape x[:axis] + indices + x[axis+1:]. Any dtype.
 * Gradient: wg_scatter_add. Errors when run: WG_ERR_RANGE (an index outside [0, size)).
 */
WG_API wg_node wg_gather(wg_node x, wg_node indices, int32_t axis);

/** The adjoint of wg_gather: zeros with `size` along `axis`, to which each slice of dy is added at
 * its index, in order. Floating. Gradient: wg_gather. Errors when run: as wg_gather. */
WG_API wg_node wg_scatter_add(wg_node dy, wg_node indices, int32_t axis, int64_t size);

/** 1 at the index, 0 elsewhere, along a new last axis of size `classes`. indices i64. No gradient.
 * Errors when run: WG_ERR_RANGE. */
WG_API wg_node wg_one_hot(wg_node indices, int64_t classes, wg_dtype dtype);

/* ---- fills and random --------------------------------------------------------------------- */

/** A tensor of one value, which is a number (index 0). Floating, i64 or bool. */
WG_API wg_node wg_full(wg_graph *g, wg_dtype dtype, int32_t rank, const int64_t *dims, double v);

/** Uniform in [low, high) (numbers 0 and 1), floating. Element e of the k-th random op of a list is
 * a function of (context seed, stream, step, k, e) alone. No gradient. */
WG_API wg_node wg_uniform(wg_graph *g, wg_dtype dtype, int32_t rank, const int64_t *dims,
                          double low, double high);

/**
 * In training: zeroes each element with probability p (a number, index 0, in [0, 1)) and scales the
 * rest by 1/(1-p); in evaluation: x. Floating. Output 1 is the mask of factors, 0 or 1/(1-p), in
 * x's dtype (in training alone). Gradient: gate(dy, mask).
 */
WG_API wg_node wg_dropout(wg_node x, double p);

#ifdef __cplusplus
}
#endif
#endif
