/* Reductions and scans along axes. ops.h says what holds for all ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_REDUCTION_H
#define WG_OPS_REDUCTION_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

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

/**
 * Product over axes, given as to wg_sum; an empty one is 1. Floating or i64 (wraps).
 *
 * Gradient: dy times the product of the other elements, which is that of those before times that of
 * those behind: nothing is divided, so that it is exact with one zero, with several, and to any
 * order.
 * Errors:   WG_ERR_DTYPE, and those of wg_sum's axes.
 */
WG_API wg_node wg_prod(wg_node x, const int32_t *axes, int32_t n, bool keepdims);

/**
 * The largest and the smallest element over axes, given as to wg_sum. Floating or i64. NaN where
 * there is one.
 *
 * Gradient: dy, split evenly among the elements that are equal to the result.
 * Errors:   WG_ERR_SHAPE (nothing to choose from), WG_ERR_DTYPE, and those of wg_sum's axes.
 */
WG_API wg_node wg_amax(wg_node x, const int32_t *axes, int32_t n, bool keepdims);
WG_API wg_node wg_amin(wg_node x, const int32_t *axes, int32_t n, bool keepdims);

/**
 * The largest and the smallest element along one axis in [-rank, rank): two outputs of x's shape
 * without that axis, or with size 1 there where keepdims. Output 0 are the values; wg_output(n, 1)
 * their places, i64, of which ties have the first and NaN wins. Floating or i64.
 *
 * Gradient: dy at the places, 0 elsewhere.
 * Errors:   WG_ERR_RANGE (axis), WG_ERR_SHAPE (the axis is empty), WG_ERR_DTYPE.
 */
WG_API wg_node wg_max(wg_node x, int32_t axis, bool keepdims);
WG_API wg_node wg_min(wg_node x, int32_t axis, bool keepdims);

/**
 * The places alone that wg_max and wg_min find: i64, without gradient. Errors: as wg_max.
 */
WG_API wg_node wg_argmax(wg_node x, int32_t axis, bool keepdims);
WG_API wg_node wg_argmin(wg_node x, int32_t axis, bool keepdims);

/** The same over all elements, which count in row-major order: rank 0. Errors: WG_ERR_SHAPE (no
 * elements), WG_ERR_DTYPE. */
WG_API wg_node wg_argmax_all(wg_node x);
WG_API wg_node wg_argmin_all(wg_node x);

/**
 * Variance over axes, given as to wg_sum: sum (x - mean)^2 / max(k - correction, 0) over the k
 * elements of each result. correction 1 is the unbiased estimate (PyTorch's default), 0 the mean
 * square. Floating. NaN where that is 0/0, as of one element with correction 1.
 *
 * Gradient: 2 dy (x - mean) / (k - correction).
 * Numerics: two passes in f64 over differences from the first element (Chan, Golub and LeVeque
 *           1983): an offset costs no digits, a constant is 0 exactly, and no result is negative.
 * Errors:   WG_ERR_DTYPE, and those of wg_sum's axes.
 */
WG_API wg_node wg_variance(wg_node x, const int32_t *axes, int32_t n, int64_t correction,
                           bool keepdims);

/**
 * The square root of wg_variance.
 *
 * Gradient: dy (x - mean) / ((k - correction) y), and 0 where y is 0.
 * Errors:   as wg_variance.
 */
WG_API wg_node wg_std(wg_node x, const int32_t *axes, int32_t n, int64_t correction, bool keepdims);

/**
 * The p-norm over axes, given as to wg_sum: (sum |x|^p)^(1/p); p = 1 and 2 are the sum of the
 * magnitudes and the Euclidean length, HUGE_VAL and -HUGE_VAL the largest and the smallest
 * magnitude, 0 the number of elements that are not 0. Floating. p is a number of the graph unless
 * it is one of those.
 *
 * Gradient: dy sign(x) |x / y|^(p - 1), and 0 where x or y is 0; of the infinities dy split evenly
 *           among the elements of that magnitude; of p = 0 none.
 * Numerics: magnitudes are divided by the largest before they are raised, but for p = 1.
 * Errors:   WG_ERR_ARGUMENT (p is NaN), WG_ERR_SHAPE (no elements, p infinite), WG_ERR_DTYPE, and
 *           those of wg_sum's axes.
 */
WG_API wg_node wg_norm(wg_node x, double p, const int32_t *axes, int32_t n, bool keepdims);

/**
 * log(sum exp(x)) over axes, given as to wg_sum. Floating. -inf of nothing, or of -inf alone.
 *
 * Gradient: dy times the softmax over the axes; 0 where the result is -inf.
 * Numerics: shifted by the maximum.
 * Errors:   WG_ERR_DTYPE, and those of wg_sum's axes.
 */
WG_API wg_node wg_logsumexp(wg_node x, const int32_t *axes, int32_t n, bool keepdims);

/**
 * Whether any element over axes, given as to wg_sum, is true, and whether all are; of nothing
 * false and true. Bool to bool, without gradient. Errors: WG_ERR_DTYPE, and those of wg_sum's axes.
 */
WG_API wg_node wg_any(wg_node x, const int32_t *axes, int32_t n, bool keepdims);
WG_API wg_node wg_all(wg_node x, const int32_t *axes, int32_t n, bool keepdims);

/**
 * Sums of each element and those before it along an axis in [-rank, rank): x's shape and dtype.
 * Floating or i64 (wraps). f32 is accumulated in f64.
 *
 * Gradient: the same sums of dy from the other end.
 * Errors:   WG_ERR_RANGE (axis), WG_ERR_DTYPE.
 */
WG_API wg_node wg_cumsum(wg_node x, int32_t axis);

/**
 * Products of each element and those before it along an axis in [-rank, rank). Floating.
 *
 * Gradient: by a linear recurrence from the other end, without a division: exact with zeros, and to
 * any order.
 * Errors:   WG_ERR_RANGE (axis), WG_ERR_DTYPE.
 */
WG_API wg_node wg_cumprod(wg_node x, int32_t axis);

/**
 * log(sum exp(x)) of each element and those before it along an axis in [-rank, rank). Floating.
 *
 * Gradient: by a linear recurrence from the other end; none passes where the result is -inf.
 * Numerics: shifted by the maximum so far.
 * Errors:   WG_ERR_RANGE (axis), WG_ERR_DTYPE.
 */
WG_API wg_node wg_logcumsumexp(wg_node x, int32_t axis);

/**
 * The largest and the smallest of each element and those before it along an axis in [-rank, rank):
 * two outputs of x's shape, the values and wg_output(n, 1), their places, i64. Of equal elements
 * the last is meant, and from a NaN on NaN. Floating or i64.
 *
 * Gradient: dy, added up at the places.
 * Errors:   WG_ERR_RANGE (axis), WG_ERR_DTYPE.
 */
WG_API wg_node wg_cummax(wg_node x, int32_t axis);
WG_API wg_node wg_cummin(wg_node x, int32_t axis);

#ifdef __cplusplus
}
#endif
#endif
