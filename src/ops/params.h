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

typedef enum wgi_convolution_pass {
    WGI_CONVOLUTION_FORWARD = 0,
    WGI_CONVOLUTION_DATA,
    WGI_CONVOLUTION_WEIGHTS
} wgi_convolution_pass;

/* Whether a convolution is one of few channels, where other loops have vectors that are filled with
 * little: native kernels serve these, and whoever is asked before them declines. Images are small
 * enough for the second cache. An image's gradient pays where filters are many enough for what is
 * added to memory after them, and a row of the kernel fills most of its vectors. */
static inline bool wgi_convolution_is_planar(const wgi_convolution_attr *a,
                                             wgi_convolution_pass pass, int64_t channels,
                                             int64_t filters)
{
    for (int i = 0; i < 2; i++) {
        const int64_t k = a->kernel[i];
        if (a->stride[i] != 1 || a->dilation[i] != 1 || k < 3 || k > 7 || a->before[i] >= k ||
            a->after[i] >= k || a->input[i] < 8 || a->input[i] > 64) {
            return false;
        }
    }
    if (a->groups != 1 || channels < 1 || filters < 1) {
        return false;
    }
    if (pass != WGI_CONVOLUTION_DATA) {
        return channels <= 4 && filters <= 8;
    }
    return filters <= 16 &&
           (a->kernel[1] >= 5 ? channels <= 6 && filters >= 4 : channels <= 4 && filters >= 8);
}

/* The poolings, all of images [n, h, w, c], channels last; the two numbers of a list are of h and
 * w. size is that of the image; where is_adaptive is set, kernel is how many windows there are, and
 * the rest counts for nothing. */
typedef struct wgi_pool_attr {
    int64_t n; /* 2: the length of the lists */
    int64_t size[2];
    int64_t kernel[2];
    int64_t stride[2];
    int64_t padding[2];
    int64_t dilation[2];
    int64_t is_adaptive;
    int64_t is_ceil;
    int64_t counts_padding; /* of means */
} wgi_pool_attr;

/* upsample, upsample_backward: from images of `size` to `output`, and back. */
typedef struct wgi_upsample_attr {
    int64_t n; /* 2 */
    int64_t size[2];
    int64_t output[2];
    int64_t is_linear;
    int64_t aligns_corners;
} wgi_upsample_attr;
/* Attention: operands of rank 4 are [b, time, heads, size] or [b, heads, time, size]; a packed one
 * is [b, time, 3, heads, size]. */
typedef struct wgi_attention_attr {
    int64_t is_causal;
    int64_t is_time_first;
} wgi_attention_attr;

/* rotary_embedding: [..., time, depth], or with time first [..., time, heads, depth]. Numbers: base
 * and offset. */
typedef struct wgi_rotary_attr {
    int64_t is_interleaved;
    int64_t is_time_first;
    int64_t is_reverse;
} wgi_rotary_attr;

/* normalize, normalize_backward: x's axes are batch_axes, any others, and channel_axes. One mean
 * and variance is that of the elements of one place of the batch axes and one of the groups into
 * which the channels fall. Where it is not centered the mean counts 0. */
typedef struct wgi_normalize_attr {
    int64_t batch_axes;
    int64_t channel_axes;
    int64_t groups;
    int64_t is_centered;
} wgi_normalize_attr;

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

/* Which elements a window of a pooling has along an axis, and a result of an upsampling; those of a
 * window are inside the image and in order, and neither the first nor the last of them moves back
 * from one window to the next. */

/* No size, kernel, stride or dilation is above this, so that products of two of them fit. */
#define WGI_POOL_MOST ((int64_t)1 << 30)

/* The elements first, first + step ... of which there are n. */
typedef struct wgi_window {
    int64_t first;
    int64_t n;
    int64_t step;
} wgi_window;

/* The elements first, first + 1 ... with their weights: one for the first and one for all others.
 */
typedef struct wgi_taps {
    int64_t first;
    int64_t n;
    double first_weight;
    double other_weight;
} wgi_taps;

/* Those of result o along axis `axis`, h or w, under an op's attributes. */
typedef wgi_taps (*wgi_taps_of)(const void *attr, int32_t axis, int64_t o);

/* How many windows there are along an axis: for attributes that were found right. */
static inline int64_t wgi_pool_windows(const wgi_pool_attr *a, int32_t axis)
{
    if (a->is_adaptive != 0) {
        return a->kernel[axis];
    }
    const int64_t stride = a->stride[axis];
    const int64_t left =
        a->size[axis] + 2 * a->padding[axis] - a->dilation[axis] * (a->kernel[axis] - 1) - 1;
    int64_t n = (left + (a->is_ceil != 0 ? stride - 1 : 0)) / stride + 1;
    if ((n - 1) * stride >= a->size[axis] + a->padding[axis]) {
        n--;
    }
    return n;
}

static inline wgi_window wgi_adaptive_window(int64_t size, int64_t windows, int64_t o)
{
    const int64_t first = o * size / windows;
    const int64_t end = ((o + 1) * size + windows - 1) / windows;
    return (wgi_window){first, end - first, 1};
}

static inline wgi_window wgi_window_of(const wgi_pool_attr *a, int32_t axis, int64_t o)
{
    const int64_t size = a->size[axis];
    if (a->is_adaptive != 0) {
        return wgi_adaptive_window(size, a->kernel[axis], o);
    }
    const int64_t step = a->dilation[axis];
    const int64_t start = o * a->stride[axis] - a->padding[axis];
    const int64_t skipped = start < 0 ? (-start + step - 1) / step : 0;
    const int64_t first = start + skipped * step;
    const int64_t fitting = first < size ? (size - first + step - 1) / step : 0;
    const int64_t left = a->kernel[axis] > skipped ? a->kernel[axis] - skipped : 0;
    return (wgi_window){first, left < fitting ? left : fitting, step};
}

/* The taps of means, and of upsamplings. */
wgi_taps wgi_average_taps(const void *attr, int32_t axis, int64_t o);
wgi_taps wgi_upsample_taps(const void *attr, int32_t axis, int64_t o);
/* solve_triangular: whether the matrix is the upper triangle, read transposed, with ones on its
 * diagonal, and left of the unknown. */
typedef struct wgi_triangular_attr {
    int32_t is_upper;
    int32_t is_transposed;
    int32_t is_unit;
    int32_t is_left;
} wgi_triangular_attr;

/* lu_solve: whether the matrix is read transposed, and whether a singular one gives what the
 * divisions give in place of a fault. */
typedef struct wgi_lu_solve_attr {
    int32_t is_transposed;
    int32_t is_unchecked;
} wgi_lu_solve_attr;

#endif
