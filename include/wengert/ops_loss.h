/* Losses. ops.h says what holds for all ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_LOSS_H
#define WG_OPS_LOSS_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

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

#ifdef __cplusplus
}
#endif
#endif
