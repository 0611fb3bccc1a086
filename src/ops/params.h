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

/* sum, mean and other reductions: bit i is set where axis i is reduced. */
typedef struct wgi_reduce_attr {
    uint32_t axes;
    int32_t keepdims;
} wgi_reduce_attr;

/* variance, std: what is subtracted from the number of elements in the divisor. */
typedef struct wgi_variance_attr {
    wgi_reduce_attr reduce;
    int64_t correction;
} wgi_variance_attr;

/* max, argmax and their kin: an axis in [0, rank), which the result has at size 1 or not at all.
 */
typedef struct wgi_max_attr {
    int64_t axis;
    int64_t keepdims;
} wgi_max_attr;

/* Scans: an axis in [0, rank), along which they run forwards or backwards. is_lagged: what a place
 * contributes counts from the next place on. */
typedef struct wgi_scan_attr {
    int64_t axis;
    int32_t is_lagged;
    int32_t is_reverse;
} wgi_scan_attr;

/* softmax, log_softmax: an axis in [0, rank). */
typedef struct wgi_axis_attr {
    int64_t axis;
} wgi_axis_attr;

/* reshape, broadcast_to, sum_to: the shape of the result; 0 past the rank. */
typedef struct wgi_shape_attr {
    int64_t rank;
    int64_t dims[WG_MAX_RANK];
} wgi_shape_attr;

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

/* strided_slice: along each axis the elements at begin, begin + step ... before end; an end of
 * INT64_MIN is before the first element. 0 past the rank. */
typedef struct wgi_slice_attr {
    int64_t rank;
    int64_t begin[WG_MAX_RANK];
    int64_t end[WG_MAX_RANK];
    int64_t step[WG_MAX_RANK];
} wgi_slice_attr;

/* place: the shape of the result, and where along each axis the operand's elements stand. */
typedef struct wgi_place_attr {
    int64_t rank;
    int64_t dims[WG_MAX_RANK];
    int64_t begin[WG_MAX_RANK];
    int64_t step[WG_MAX_RANK];
} wgi_place_attr;

/* pad: a wg_pad_mode, and what each axis gets on its two sides. */
typedef struct wgi_pad_attr {
    int64_t rank;
    int64_t mode;
    int64_t before[WG_MAX_RANK];
    int64_t after[WG_MAX_RANK];
} wgi_pad_attr;

/* pad_backward: the same of one axis. */
typedef struct wgi_border_attr {
    int64_t axis;
    int64_t mode;
    int64_t before;
    int64_t after;
} wgi_border_attr;

/* roll: by how much along each axis, in [0, size). */
typedef struct wgi_roll_attr {
    int64_t rank;
    int64_t shifts[WG_MAX_RANK];
} wgi_roll_attr;

/* tril, triu: the diagonal. */
typedef struct wgi_triangle_attr {
    int64_t k;
} wgi_triangle_attr;

/* add_along_axis: an axis in [0, rank) and the shape of the result. */
typedef struct wgi_along_attr {
    int64_t axis;
    int64_t rank;
    int64_t dims[WG_MAX_RANK];
} wgi_along_attr;

/* sort: an axis in [0, rank). */
typedef struct wgi_sort_attr {
    int64_t axis;
    int64_t is_descending;
} wgi_sort_attr;

/* topk: likewise. */
typedef struct wgi_topk_attr {
    int64_t k;
    int64_t axis;
    int64_t is_largest;
} wgi_topk_attr;

/* searchsorted: the place after equal elements. */
typedef struct wgi_search_attr {
    int64_t is_right;
} wgi_search_attr;

/* The convolutions, all of images [n, h, w, c], channels last; the two numbers of a pair are of h
 * and w. input is the size of the image that is convolved and kernel that of the kernel, whichever
 * of them an op has as its operand: convolution_data makes the one, convolution_weights the
 * other. */
typedef struct wgi_convolution_attr {
    int64_t kernel[2];
    int64_t stride[2];
    int64_t dilation[2];
    int64_t before[2]; /* rows and columns of zeros before the image */
    int64_t after[2];
    int64_t groups;
    int64_t input[2];
} wgi_convolution_attr;

/* bincount: how many indices there are. */
typedef struct wgi_bincount_attr {
    int64_t size;
} wgi_bincount_attr;

/* uniform, normal, bernoulli: 0 past the rank. */
typedef struct wgi_draw_attr {
    uint32_t ordinal;
    int32_t dtype;
    int64_t rank;
    int64_t dims[WG_MAX_RANK];
} wgi_draw_attr;

/* rnn_scan, lstm_scan, gru_scan and their gradients: whether the last step comes first, and whether
 * rnn_scan's function is relu and not tanh. */
typedef struct wgi_recurrence_attr {
    int32_t is_reverse;
    int32_t is_relu;
} wgi_recurrence_attr;

/* maxout: x's axis in [0, rank) is [pieces, the rest]. */
typedef struct wgi_maxout_attr {
    int64_t pieces;
    int64_t axis;
} wgi_maxout_attr;

/* pick_label, place_label: labels of [0, classes), for one row, [classes], or for [n, classes]. */
typedef struct wgi_pick_attr {
    int64_t classes;
    int64_t ignore_index;
    int32_t has_ignore_index;
    int32_t is_row;
} wgi_pick_attr;

/* selu: the scale, and the scale times alpha (Klambauer, Unterthiner, Mayr, Hochreiter 2017). */
#define WGI_SELU_SCALE 1.05070098735548049342L
#define WGI_SELU_LOW 1.75809934084737685994L

/* randint: integers from [low, high). */
typedef struct wgi_randint_attr {
    int64_t ordinal;
    int64_t low;
    int64_t high;
    int64_t rank;
    int64_t dims[WG_MAX_RANK];
} wgi_randint_attr;

/* dropout, dropout_channels, noisy_relu, bernoulli_of. */
typedef struct wgi_mask_attr {
    uint64_t ordinal;
} wgi_mask_attr;

#endif
