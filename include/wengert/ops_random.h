/* Fills and random ops. ops.h says what holds for all ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_RANDOM_H
#define WG_OPS_RANDOM_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

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
