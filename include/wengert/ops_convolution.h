/* Convolutions. ops.h says what holds for all ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_CONVOLUTION_H
#define WG_OPS_CONVOLUTION_H

#include <wengert/graph.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How many zeros are put around the images. */
typedef enum wg_conv_padding {
    WG_CONV_EXPLICIT = 0, /**< as many as before and after say */
    WG_CONV_SAME,         /**< the result has the images' size; of an odd number one more after */
    WG_CONV_VALID         /**< none */
} wg_conv_padding;

/** Zeros are the defaults; .size = sizeof the struct. The first of two numbers is of the height and
 * the second of the width; in one dimension the first is of the length, the second is not read. By
 * name a list of one number is for all axes; `padding` has one number for all sides, one for each
 * axis, or those before all axes and then those after them. */
typedef struct wg_conv_options {
    size_t size;
    int64_t stride[2];         /**< 0: 1 */
    int64_t dilation[2];       /**< 0: 1 */
    int64_t before[2];         /**< zeros before the first row and column */
    int64_t after[2];          /**< and after the last */
    wg_conv_padding padding;   /**< other than WG_CONV_EXPLICIT: before and after are 0 */
    int64_t groups;            /**< 0: 1; as many as channels: a depthwise convolution */
    int64_t output_padding[2]; /**< of transposed convolutions: the result is larger by as much */
    bool channels_last;        /**< images are [n, h, w, c]; weights are as ever */
} wg_conv_options;

/**
 * Convolution of signals, as PyTorch has it: y[n, o, i] = bias[o] + sum over (c, k) of
 * x[n, c, i stride + k dilation - before] weight[o, c, k], c being a channel of o's group.
 *
 * x        [n, channels, length] or [channels, length], floating
 * weight   [filters, channels / groups, kernel], the dtype of x
 * bias     [filters], likewise; a zero handle: none
 * options  NULL: the defaults
 * returns  [n, filters, places] or [filters, places] where places =
 *          (length + before + after - dilation (kernel - 1) - 1) / stride + 1, rounded down
 *
 * Gradient: to x, weight and bias. Numerics: products are added up in the order of kernel, channel,
 * the bias last; padding takes no part, so that no 0 * inf comes of it. Errors: WG_ERR_SHAPE
 * (ranks, channels, groups that do not divide them, a kernel larger than the padded length),
 * WG_ERR_DTYPE, WG_ERR_RANGE (a stride, dilation or number of groups below 0, negative padding, an
 * empty kernel), WG_ERR_ARGUMENT (size; WG_CONV_SAME with a stride other than 1; padding told
 * twice).
 */
WG_API wg_node wg_conv1d(wg_node x, wg_node weight, wg_node bias, const wg_conv_options *options);

/**
 * wg_conv1d of images: y[n, o, i, j] = bias[o] + sum over (c, k, l) of
 * x[n, c, i stride + k dilation - before, j stride + l dilation - before] weight[o, c, k, l].
 *
 * x        [n, channels, height, width] or [channels, height, width], floating
 * weight   [filters, channels / groups, kernel height, kernel width], the dtype of x
 * bias     [filters], likewise; a zero handle: none
 * options  NULL: the defaults
 * returns  [n, filters, places, places] or [filters, places, places]
 *
 * Gradient: to x, weight and bias. Numerics, Errors: as of wg_conv1d.
 */
WG_API wg_node wg_conv2d(wg_node x, wg_node weight, wg_node bias, const wg_conv_options *options);

/**
 * The adjoint of wg_conv1d to its x, plus a bias: each element of x adds its multiple of the kernel
 * to the result, y[n, o, i stride + k dilation - before] += x[n, c, i] weight[c, o, k].
 *
 * x        [n, channels, length] or [channels, length], floating; length >= 1
 * weight   [channels, filters / groups, kernel], the dtype of x
 * bias     [filters], likewise; a zero handle: none
 * options  NULL: the defaults. Padding is what is cut off the result; output_padding, less than the
 *          stride or the dilation, is what more it has after its last element
 * returns  [n, filters, size] or [filters, size] where size = (length - 1) stride
 *          + dilation (kernel - 1) + 1 - before - after + output_padding
 *
 * Gradient: to x, weight and bias. Numerics: products are added up in the order of kernel, channel,
 * the bias last. Errors: as of wg_conv1d; WG_ERR_SHAPE (padding cuts off more than there is),
 * WG_ERR_RANGE (output_padding), WG_ERR_ARGUMENT (WG_CONV_SAME, WG_CONV_VALID).
 */
WG_API wg_node wg_conv_transpose1d(wg_node x, wg_node weight, wg_node bias,
                                   const wg_conv_options *options);

/**
 * wg_conv_transpose1d of images: the adjoint of wg_conv2d.
 *
 * x        [n, channels, height, width] or [channels, height, width], floating; sizes >= 1
 * weight   [channels, filters / groups, kernel height, kernel width], the dtype of x
 * bias     [filters], likewise; a zero handle: none
 * options  NULL: the defaults
 * returns  [n, filters, size, size] or [filters, size, size]
 *
 * Gradient: to x, weight and bias. Numerics, Errors: as of wg_conv_transpose1d.
 */
WG_API wg_node wg_conv_transpose2d(wg_node x, wg_node weight, wg_node bias,
                                   const wg_conv_options *options);

#ifdef __cplusplus
}
#endif
#endif
