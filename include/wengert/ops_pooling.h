/* Pooling and upsampling. ops.h says what holds for all ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_POOLING_H
#define WG_OPS_POOLING_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- pooling: x is floating, images [n, c, h, w] or signals [n, c, l] with the channels before
 * the places, or after them, [n, h, w, c] and [n, l, c], where channels_last is set; the result is
 * laid out likewise. n and c may be 0, and windows are one for each image and channel --------- */

/**
 * Windows of a pooling. Set `size` to sizeof(wg_pool_options); a zero elsewhere is the default. The
 * two numbers of a pair are of h and w; the poolings of signals read the first alone. By name a
 * list holds them.
 *
 * Along an axis of size s there are floor((s + 2 padding - dilation (kernel_size - 1) - 1) /
 * stride) + 1 windows; with ceil_mode the quotient is rounded up, but no window starts behind the
 * last element.
 */
typedef struct wg_pool_options {
    size_t size;
    int64_t kernel_size[2];
    int64_t stride[2];      /**< 0: the kernel's size */
    int64_t padding[2];     /**< on both sides; at most half of the kernel's size */
    int64_t dilation[2];    /**< from one element of a window to the next; 0: 1; max pooling only */
    bool ceil_mode;         /**< windows may end outside the image and its padding */
    bool count_exclude_pad; /**< means are of what is no padding; by name count_include_pad = 0 */
    bool channels_last;
} wg_pool_options;

/**
 * The greatest element of each window of an image. NaN is greater than all; the padding is never
 * taken, and a window of nothing but padding, as a dilation can make it, gives -inf.
 *
 * x        floating, rank 4
 * options  the kernel's size must be given
 *
 * Gradient: dy goes to the first of the greatest elements in row-major order; sums where windows
 *           overlap. Nothing is stored for it: the winner is found once more in x.
 * Errors:   WG_ERR_SHAPE (rank, an image without elements, a kernel above the padded size),
 *           WG_ERR_ARGUMENT (a kernel, stride
 *           or dilation below 1, a padding that is negative or above half of the kernel),
 *           WG_ERR_DTYPE.
 */
WG_API wg_node wg_max_pool2d(wg_node x, const wg_pool_options *options);

/** As wg_max_pool2d, of signals: x has rank 3. */
WG_API wg_node wg_max_pool1d(wg_node x, const wg_pool_options *options);

/** Where wg_max_pool2d found its results: i64, of each the place y w + x in its image, as PyTorch's
 * return_indices gives them; the first NaN's where there are some; -1 for a window of nothing but
 * padding. No gradient. Errors: as wg_max_pool2d. */
WG_API wg_node wg_max_pool2d_indices(wg_node x, const wg_pool_options *options);

/** As wg_max_pool2d_indices, of signals: x has rank 3. */
WG_API wg_node wg_max_pool1d_indices(wg_node x, const wg_pool_options *options);

/**
 * The mean of each window of an image. Zeros of the padding count, but with count_exclude_pad; what
 * lies outside the padding never does.
 *
 * Gradient: dy / count to each element of the window.
 * Numerics: elements are scaled before they are added up, so that means do not overflow.
 * Errors:   as wg_max_pool2d; WG_ERR_ARGUMENT where dilation is neither 0 nor 1.
 */
WG_API wg_node wg_avg_pool2d(wg_node x, const wg_pool_options *options);

/** As wg_avg_pool2d, of signals: x has rank 3. */
WG_API wg_node wg_avg_pool1d(wg_node x, const wg_pool_options *options);

/**
 * Means of height times width windows of an image: along an axis of size s cut into n windows, the
 * i-th has elements floor(i s / n) to ceil((i + 1) s / n), the latter excluded.
 *
 * Gradient: as wg_avg_pool2d.
 * Errors:   WG_ERR_SHAPE (rank; an image without elements), WG_ERR_ARGUMENT (height or width below
 *           1), WG_ERR_DTYPE.
 */
WG_API wg_node wg_adaptive_avg_pool2d(wg_node x, int64_t height, int64_t width, bool channels_last);

/** As wg_adaptive_avg_pool2d, of signals: x has rank 3. */
WG_API wg_node wg_adaptive_avg_pool1d(wg_node x, int64_t length, bool channels_last);

/** The greatest elements of the windows of wg_adaptive_avg_pool2d, as wg_max_pool2d. */
WG_API wg_node wg_adaptive_max_pool2d(wg_node x, int64_t height, int64_t width, bool channels_last);

/** The mean of each image, NaN of one without elements: [n, c, 1, 1], or [n, 1, 1, c] with
 * channels_last. Gradient: as wg_mean. Errors: WG_ERR_SHAPE (rank), WG_ERR_DTYPE. */
WG_API wg_node wg_global_avg_pool2d(wg_node x, bool channels_last);

/** The greatest element of each image: [n, c, 1, 1], or [n, 1, 1, c] with channels_last. Gradient:
 * as wg_max_pool2d. Errors: WG_ERR_SHAPE (rank; an image without elements), WG_ERR_DTYPE. */
WG_API wg_node wg_global_max_pool2d(wg_node x, bool channels_last);

/* ---- upsampling: layouts as above --------------------------------------------------------- */

/**
 * Sizes of an upsampling. Set `size` to sizeof(wg_upsample_options); zeros elsewhere are the
 * default. Along each axis give either the result's size or a factor, whose product with the size
 * of x, rounded down, is then the result's; positions come from the sizes, as with PyTorch's
 * recompute_scale_factor. Signals read the first of a pair alone.
 */
typedef struct wg_upsample_options {
    size_t size;
    int64_t output_size[2];
    double scale_factor[2];
    bool align_corners; /**< the linear ones: the outermost elements keep their places */
    bool channels_last;
} wg_upsample_options;

/**
 * An image of another size, larger or smaller: result i along an axis is element
 * floor(i size / output_size), counted exactly.
 *
 * x        floating, rank 4
 *
 * Gradient: dy summed over the results that an element became.
 * Errors:   WG_ERR_SHAPE (rank; an image without elements), WG_ERR_ARGUMENT (a size below 1, or
 *           neither or both of size and factor; align_corners), WG_ERR_DTYPE.
 */
WG_API wg_node wg_upsample_nearest2d(wg_node x, const wg_upsample_options *options);

/** As wg_upsample_nearest2d, of signals: x has rank 3. */
WG_API wg_node wg_upsample_nearest1d(wg_node x, const wg_upsample_options *options);

/**
 * An image of another size, by linear interpolation between two elements along each axis. Result i
 * lies at (i + 1/2) size / output_size - 1/2, not below 0; with align_corners at
 * i (size - 1) / (output_size - 1), at 0 where that is one result.
 *
 * Gradient: dy times the weights, summed.
 * Numerics: weights are of exact positions; an element of weight 0 does not count, not even an
 *           infinite one.
 * Errors:   as wg_upsample_nearest2d.
 */
WG_API wg_node wg_upsample_bilinear2d(wg_node x, const wg_upsample_options *options);

/** As wg_upsample_bilinear2d, of signals: x has rank 3. */
WG_API wg_node wg_upsample_linear1d(wg_node x, const wg_upsample_options *options);

#ifdef __cplusplus
}
#endif
#endif
