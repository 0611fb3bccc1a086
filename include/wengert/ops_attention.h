/* Attention. ops.h says what holds for all ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_ATTENTION_H
#define WG_OPS_ATTENTION_H

#include <wengert/graph.h>

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Zeros mean what PyTorch's own defaults mean; .size = sizeof the struct. */
typedef struct wg_attention_options {
    size_t size;
    bool is_causal;     /**< query i attends to keys [0, i] alone, whatever the mask says */
    bool is_time_first; /**< [b, time, heads, depth] in place of [b, heads, time, depth] */
    double scale;       /**< finite; 0: 1 / sqrt(depth) */
} wg_attention_options;

/**
 * Attention: y_i = sum_j p_ij v_j with p_ij = softmax over j of (scale q_i . k_j + mask_ij).
 *
 * q        [b, heads, queries, depth] or [b, queries, depth], floating
 * k        [b, heads, keys, depth], of q's rank
 * v        [b, heads, keys, width]
 * mask     a zero handle for none; bool, true where a query attends to a key; or of the dtype of
 *          q, added to the scores, where -inf is no attention. Broadcasts to [b, heads, queries,
 *          keys], of rank 3 to [b, queries, keys]: a [b, 1, 1, keys] masks the padding of keys
 * options  NULL for the defaults; with is_time_first all operands of rank 4 and y are
 *          [b, time, heads, ...] and are read in place. The mask stays as it is
 * returns  [b, heads, queries, width]; output 1 is the logarithm of each row's sum of exp(score),
 *          [b, heads, queries]
 *
 * Gradient: to q, k, v and an added mask; recomputes p from output 1 and keeps no scores. Of higher
 * order by way of wg_matmul and wg_masked_softmax.
 * Numerics: shifted by each row's maximum. A query that attends to nothing gives 0 and gradient 0;
 *           a score of NaN or +inf, or of -inf alone, gives NaN. A key that is not attended to, or
 *           whose weight is exactly 0, adds nothing, whatever it holds.
 * Errors:   WG_ERR_SHAPE, WG_ERR_DTYPE, WG_ERR_ARGUMENT (scale, size).
 * Source:   Vaswani et al. 2017; blocks of queries as in Dao et al. 2022.
 */
WG_API wg_node wg_scaled_dot_product_attention(wg_node q, wg_node k, wg_node v, wg_node mask,
                                               const wg_attention_options *options);

/**
 * wg_scaled_dot_product_attention of a sequence with itself, q, k and v in one tensor, as one
 * product with [n, 3 n] weights gives them: nothing is sliced, copied or moved.
 *
 * qkv      [b, time, 3, heads, depth], floating
 * mask     as there
 * options  as there; time is always first here
 * returns  [b, time, heads, depth]; output 1 as there, [b, heads, time]
 *
 * Gradient, Numerics and Errors: as there.
 */
WG_API wg_node wg_packed_attention(wg_node qkv, wg_node mask, const wg_attention_options *options);

/** Zeros mean the defaults; .size = sizeof the struct. */
typedef struct wg_rotary_options {
    size_t size;
    bool is_interleaved; /**< pairs are the elements 2 i and 2 i + 1, in place of i and i + depth/2
                          */
    bool is_time_first;  /**< [..., time, heads, depth] in place of [..., time, depth] */
    bool is_reverse;     /**< turns back */
    double base;         /**< > 0; 0: 10000 */
    double offset;       /**< of the first time, finite */
} wg_rotary_options;

/**
 * Rotary positions: pair i of the elements at time t is turned by the angle (t + offset) base^(-2 i
 * / depth). Base and offset are numbers of the record: others of them find the same plan.
 *
 * x        [..., time, depth], floating; depth even
 * options  NULL for the defaults
 *
 * Gradient: dy turned back. Numerics: angles in f64. Errors: WG_ERR_SHAPE, WG_ERR_DTYPE,
 * WG_ERR_ARGUMENT (base, offset, size).
 * Source: Su et al. 2021, whose pairs are interleaved; halves as in GPT-NeoX and LLaMA.
 */
WG_API wg_node wg_rotary_embedding(wg_node x, const wg_rotary_options *options);

#ifdef __cplusplus
}
#endif
#endif
