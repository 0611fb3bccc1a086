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

#ifdef __cplusplus
}
#endif
#endif
