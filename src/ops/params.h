/* The attributes of the ops, shared with the backends. Plain data without padding.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Dtypes stand here for the shape rule alone: a list may be run under another dtype map, so kernels
 * and gradient rules take dtypes from views and nodes. */
#ifndef WG_OPS_PARAMS_H
#define WG_OPS_PARAMS_H

#include <wengert/base.h>

/* matmul: the last two axes of an operand are read swapped. */
typedef struct wgi_matmul_attr {
    int32_t is_a_transposed;
    int32_t is_b_transposed;
} wgi_matmul_attr;

/* sum, mean: bit i is set where axis i is reduced. */
typedef struct wgi_reduce_attr {
    uint32_t axes;
    int32_t keepdims;
} wgi_reduce_attr;

/* softmax, log_softmax: an axis in [0, rank). */
typedef struct wgi_axis_attr {
    int64_t axis;
} wgi_axis_attr;

/* reshape, broadcast_to, sum_to: the shape of the result; 0 past the rank. */
typedef struct wgi_shape_attr {
    int64_t rank;
    int64_t dims[WG_MAX_RANK];
} wgi_shape_attr;

/* permute: axis i of the result is axis axes[i]; 0 past the rank. */
typedef struct wgi_permute_attr {
    int32_t rank;
    int32_t axes[WG_MAX_RANK];
} wgi_permute_attr;

/* cast, one_hot. */
typedef struct wgi_dtype_attr {
    int64_t dtype;
} wgi_dtype_attr;

/* gather, scatter_add: an axis in [0, rank); size is the axis's size before gathering. */
typedef struct wgi_gather_attr {
    int64_t axis;
    int64_t size;
} wgi_gather_attr;

typedef struct wgi_one_hot_attr {
    int64_t classes;
    int64_t dtype;
} wgi_one_hot_attr;

/* uniform, normal, bernoulli: 0 past the rank. */
typedef struct wgi_draw_attr {
    uint32_t ordinal;
    int32_t dtype;
    int64_t rank;
    int64_t dims[WG_MAX_RANK];
} wgi_draw_attr;

/* randint: integers from [low, high). */
typedef struct wgi_randint_attr {
    int64_t ordinal;
    int64_t low;
    int64_t high;
    int64_t rank;
    int64_t dims[WG_MAX_RANK];
} wgi_randint_attr;

/* dropout, dropout_channels, bernoulli_of. */
typedef struct wgi_mask_attr {
    uint64_t ordinal;
} wgi_mask_attr;

#endif
