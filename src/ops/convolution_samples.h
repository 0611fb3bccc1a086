/* The samples of the public convolutions, for convolution_forms.c alone.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WGI_OPS_CONVOLUTION_SAMPLES_H
#define WGI_OPS_CONVOLUTION_SAMPLES_H

#include "ops/samples.h"

static const wg_node no_bias = {NULL, 0, 0};

#define OPTIONS(...) (&(const wg_conv_options){.size = sizeof(wg_conv_options), __VA_ARGS__})
#define STRIDE_2 OPTIONS(.stride = {2, 2}, .before = {1, 1}, .after = {1, 0})
#define DILATION_2 OPTIONS(.dilation = {2, 2}, .before = {0, 1}, .after = {2, 1})
#define GROUPS(n) OPTIONS(.groups = (n), .before = {1, 1})
#define LAST OPTIONS(.channels_last = true, .before = {1, 0})
#define SAME OPTIONS(.padding = WG_CONV_SAME)
#define VALID OPTIONS(.padding = WG_CONV_VALID)
#define SAME_STRIDE OPTIONS(.padding = WG_CONV_SAME, .stride = {2, 1})
#define SAME_PADDED OPTIONS(.padding = WG_CONV_SAME, .before = {1, 0})
#define ODD_PADDING OPTIONS(.padding = (wg_conv_padding)3)
#define LARGER                                                                                     \
    OPTIONS(.stride = {3, 2}, .output_padding = {2, 1}, .before = {1, 1}, .after = {1, 1})
#define LARGER_CUT OPTIONS(.dilation = {3, 2}, .output_padding = {2, 1}, .after = {3, 2})
#define LARGER_TAIL OPTIONS(.dilation = {3, 2}, .output_padding = {2, 1}, .after = {1, 0})
#define TOO_LARGE OPTIONS(.stride = {2, 1}, .output_padding = {2, 0})
#define CUT_AWAY OPTIONS(.before = {3, 0}, .after = {3, 0})

#define BUILD_1(name, options)                                                                     \
    WGI_BUILD(conv1d_##name, wg_conv1d(in[0], in[1], no_bias, options))                            \
    WGI_BUILD(transposed1d_##name, wg_conv_transpose1d(in[0], in[1], no_bias, options))
#define BUILD_2(name, options)                                                                     \
    WGI_BUILD(conv2d_##name, wg_conv2d(in[0], in[1], no_bias, options))                            \
    WGI_BUILD(transposed2d_##name, wg_conv_transpose2d(in[0], in[1], no_bias, options))
#define BUILD(name, options) BUILD_1(name, options) BUILD_2(name, options)

BUILD(plain, NULL)
BUILD(stride, STRIDE_2)
BUILD(dilation, DILATION_2)
BUILD(groups, GROUPS(2))
BUILD(depthwise, GROUPS(3))
BUILD(last, LAST)
WGI_BUILD(conv1d_same, wg_conv1d(in[0], in[1], no_bias, SAME))
WGI_BUILD(conv2d_same, wg_conv2d(in[0], in[1], no_bias, SAME))
WGI_BUILD(transposed1d_same, wg_conv_transpose1d(in[0], in[1], no_bias, SAME))
WGI_BUILD(conv1d_stride_minus, wg_conv1d(in[0], in[1], no_bias, OPTIONS(.stride = {-1, 1})))
WGI_BUILD(conv2d_stride_minus, wg_conv2d(in[0], in[1], no_bias, OPTIONS(.stride = {-1, 1})))
WGI_BUILD(conv2d_groups_minus, wg_conv2d(in[0], in[1], no_bias, OPTIONS(.groups = -1)))
WGI_BUILD(conv2d_size, wg_conv2d(in[0], in[1], no_bias, &(const wg_conv_options){0}))
WGI_BUILD(conv1d_bias, wg_conv1d(in[0], in[1], in[2], NULL))
WGI_BUILD(conv2d_bias, wg_conv2d(in[0], in[1], in[2], NULL))
WGI_BUILD(conv2d_itself, wg_conv2d(in[0], in[0], no_bias, VALID))
WGI_BUILD(conv2d_valid, wg_conv2d(in[0], in[1], no_bias, VALID))
WGI_BUILD(conv2d_same_stride, wg_conv2d(in[0], in[1], no_bias, SAME_STRIDE))
WGI_BUILD(conv2d_same_padded, wg_conv2d(in[0], in[1], no_bias, SAME_PADDED))
WGI_BUILD(conv2d_odd_padding, wg_conv2d(in[0], in[1], no_bias, ODD_PADDING))
WGI_BUILD(conv2d_larger, wg_conv2d(in[0], in[1], no_bias, LARGER))
WGI_BUILD(conv2d_padding_minus, wg_conv2d(in[0], in[1], no_bias, OPTIONS(.after = {0, -1})))
WGI_BUILD(conv2d_dilation_minus, wg_conv2d(in[0], in[1], no_bias, OPTIONS(.dilation = {1, -2})))
WGI_BUILD(transposed1d_bias, wg_conv_transpose1d(in[0], in[1], in[2], NULL))
WGI_BUILD(transposed2d_bias, wg_conv_transpose2d(in[0], in[1], in[2], NULL))
WGI_BUILD(transposed1d_bigger, wg_conv_transpose1d(in[0], in[1], no_bias, LARGER))
WGI_BUILD(transposed2d_bigger, wg_conv_transpose2d(in[0], in[1], no_bias, LARGER))
WGI_BUILD(transposed2d_cut, wg_conv_transpose2d(in[0], in[1], no_bias, LARGER_CUT))
WGI_BUILD(transposed2d_tail, wg_conv_transpose2d(in[0], in[1], in[2], LARGER_TAIL))
WGI_BUILD(transposed2d_too_large, wg_conv_transpose2d(in[0], in[1], no_bias, TOO_LARGE))
WGI_BUILD(transposed2d_cut_away, wg_conv_transpose2d(in[0], in[1], no_bias, CUT_AWAY))

#define IN_3(i, j, k) WGI_IN_3(i, j, k, WGI_NORMAL)
#define IN_4(i, j, k, l) WGI_IN_4(i, j, k, l, WGI_NORMAL)
#define BIAS(n) WGI_IN_1(n, WGI_NORMAL)

static const wgi_sample samples_1[] = {
    WGI_GOOD("plain", conv1d_plain, 2, IN_3(2, 3, 5), IN_3(2, 3, 2)),
    WGI_GOOD("stride", conv1d_stride, 2, IN_3(2, 2, 5), IN_3(2, 2, 3)),
    WGI_GOOD("dilation", conv1d_dilation, 2, IN_3(1, 2, 5), IN_3(2, 2, 3)),
    WGI_GOOD("bias", conv1d_bias, 3, IN_3(2, 3, 5), IN_3(2, 3, 2), BIAS(2)),
    WGI_GOOD("groups", conv1d_groups, 2, IN_3(2, 4, 4), IN_3(2, 2, 3)),
    WGI_GOOD("depthwise", conv1d_depthwise, 2, IN_3(2, 3, 4), IN_3(6, 1, 3)),
    WGI_GOOD("channels last", conv1d_last, 2, IN_3(2, 5, 3), IN_3(2, 3, 2)),
    WGI_GOOD("same size", conv1d_same, 2, IN_3(1, 2, 5), IN_3(2, 2, 4)),
    WGI_GOOD("one signal", conv1d_plain, 2, WGI_IN_2(2, 5, WGI_NORMAL), IN_3(3, 2, 2)),
    WGI_GOOD("no signal", conv1d_plain, 2, IN_3(0, 3, 5), IN_3(2, 3, 2)),
    WGI_GOOD("size 1", conv1d_plain, 2, IN_3(1, 1, 1), IN_3(1, 1, 1)),
};

static const wgi_sample samples_2[] = {
    WGI_GOOD("plain", conv2d_plain, 2, IN_4(2, 3, 4, 3), IN_4(2, 3, 3, 2)),
    WGI_GOOD("stride", conv2d_stride, 2, IN_4(2, 2, 5, 4), IN_4(2, 2, 3, 2)),
    WGI_GOOD("dilation", conv2d_dilation, 2, IN_4(1, 2, 5, 4), IN_4(2, 2, 2, 3)),
    WGI_GOOD("bias", conv2d_bias, 3, IN_4(2, 3, 4, 3), IN_4(2, 3, 3, 2), BIAS(2)),
    WGI_GOOD("groups", conv2d_groups, 2, IN_4(2, 4, 3, 2), IN_4(2, 2, 2, 2)),
    WGI_GOOD("depthwise", conv2d_depthwise, 2, IN_4(2, 3, 3, 3), IN_4(6, 1, 2, 2)),
    WGI_GOOD("channels last", conv2d_last, 2, IN_4(2, 4, 3, 3), IN_4(2, 3, 3, 2)),
    WGI_GOOD("same size", conv2d_same, 2, IN_4(1, 2, 3, 4), IN_4(2, 2, 3, 2)),
    WGI_GOOD("no padding", conv2d_valid, 2, IN_4(1, 2, 3, 4), IN_4(2, 2, 3, 2)),
    WGI_GOOD("one image", conv2d_plain, 2, IN_3(2, 4, 3), IN_4(3, 2, 2, 2)),
    WGI_GOOD("one image, channels last", conv2d_last, 2, IN_3(4, 3, 2), IN_4(3, 2, 2, 2)),
    WGI_GOOD("by itself", conv2d_itself, 1, IN_4(2, 2, 3, 2)),
    WGI_GOOD("no image", conv2d_bias, 3, IN_4(0, 3, 4, 3), IN_4(2, 3, 3, 2), BIAS(2)),
    WGI_GOOD("size 1", conv2d_plain, 2, IN_4(1, 1, 1, 1), IN_4(1, 1, 1, 1)),
};

static const wgi_sample samples_transposed_1[] = {
    WGI_GOOD("plain", transposed1d_plain, 2, IN_3(2, 3, 4), IN_3(3, 2, 2)),
    WGI_GOOD("stride", transposed1d_stride, 2, IN_3(2, 2, 4), IN_3(2, 2, 3)),
    WGI_GOOD("dilation", transposed1d_dilation, 2, IN_3(1, 2, 4), IN_3(2, 2, 3)),
    WGI_GOOD("bias", transposed1d_bias, 3, IN_3(2, 3, 4), IN_3(3, 2, 2), BIAS(2)),
    WGI_GOOD("output padding", transposed1d_bigger, 2, IN_3(1, 2, 4), IN_3(2, 3, 2)),
    WGI_GOOD("groups", transposed1d_groups, 2, IN_3(2, 4, 3), IN_3(4, 2, 3)),
    WGI_GOOD("depthwise", transposed1d_depthwise, 2, IN_3(2, 3, 3), IN_3(3, 2, 3)),
    WGI_GOOD("channels last", transposed1d_last, 2, IN_3(2, 4, 3), IN_3(3, 2, 2)),
    WGI_GOOD("one signal", transposed1d_plain, 2, WGI_IN_2(2, 4, WGI_NORMAL), IN_3(2, 3, 2)),
    WGI_GOOD("no signal", transposed1d_plain, 2, IN_3(0, 3, 4), IN_3(3, 2, 2)),
    WGI_GOOD("size 1", transposed1d_plain, 2, IN_3(1, 1, 1), IN_3(1, 1, 1)),
};

static const wgi_sample samples_transposed_2[] = {
    WGI_GOOD("plain", transposed2d_plain, 2, IN_4(2, 3, 3, 2), IN_4(3, 2, 2, 3)),
    WGI_GOOD("stride", transposed2d_stride, 2, IN_4(2, 2, 3, 2), IN_4(2, 2, 3, 2)),
    WGI_GOOD("dilation", transposed2d_dilation, 2, IN_4(1, 2, 3, 3), IN_4(2, 2, 2, 3)),
    WGI_GOOD("bias", transposed2d_bias, 3, IN_4(2, 3, 3, 2), IN_4(3, 2, 2, 3), BIAS(2)),
    WGI_GOOD("output padding", transposed2d_bigger, 2, IN_4(1, 2, 2, 3), IN_4(2, 2, 3, 2)),
    WGI_GOOD("output padding for padding", transposed2d_cut, 2, IN_4(1, 2, 2, 3), IN_4(2, 2, 2, 2)),
    WGI_GOOD("output padding past the kernel", transposed2d_tail, 3, IN_4(1, 2, 2, 3),
             IN_4(2, 1, 2, 2), BIAS(1)),
    WGI_GOOD("groups", transposed2d_groups, 2, IN_4(2, 4, 3, 2), IN_4(4, 1, 2, 2)),
    WGI_GOOD("depthwise", transposed2d_depthwise, 2, IN_4(1, 3, 3, 2), IN_4(3, 2, 2, 2)),
    WGI_GOOD("channels last", transposed2d_last, 2, IN_4(2, 3, 2, 3), IN_4(3, 2, 2, 3)),
    WGI_GOOD("one image", transposed2d_plain, 2, IN_3(2, 3, 2), IN_4(2, 3, 2, 2)),
    WGI_GOOD("no image", transposed2d_bias, 3, IN_4(0, 3, 3, 2), IN_4(3, 2, 2, 3), BIAS(2)),
    WGI_GOOD("size 1", transposed2d_plain, 2, IN_4(1, 1, 1, 1), IN_4(1, 1, 1, 1)),
};

#define BAD_2(title, function, status, message, ...)                                               \
    WGI_BAD(title, conv2d_##function, status, "conv2d: " message, 2, __VA_ARGS__)

static const wgi_sample bad_1[] = {
    WGI_BAD("rank", conv1d_plain, WG_ERR_SHAPE, "conv1d: needs rank 2 or 3: 4 (x)", 2,
            IN_4(2, 3, 4, 5), IN_3(2, 3, 2)),
    WGI_BAD("too long", conv1d_plain, WG_ERR_SHAPE,
            "conv1d: kernel 6 does not fit the padded length 5 (x, axis 2)", 2, IN_3(2, 3, 5),
            IN_3(2, 3, 6)),
    WGI_BAD("stride", conv1d_stride_minus, WG_ERR_RANGE,
            "conv1d: stride -1 is less than 1 (length)", 2, IN_3(2, 3, 5), IN_3(2, 3, 2)),
};

static const wgi_sample bad_2[] = {
    BAD_2("rank", plain, WG_ERR_SHAPE, "needs rank 3 or 4: 2 (x)", WGI_IN_2(4, 5, WGI_NORMAL),
          IN_4(2, 3, 2, 2)),
    BAD_2("rank of the weight", plain, WG_ERR_SHAPE, "needs rank 4: 3 (weight)", IN_4(2, 3, 4, 5),
          IN_3(2, 3, 2)),
    BAD_2("integers", plain, WG_ERR_DTYPE, "needs a floating dtype: i64 (x)",
          WGI_IN_TYPED(3, WG_I64, 2), IN_4(2, 3, 2, 2)),
    BAD_2("too high", plain, WG_ERR_SHAPE, "kernel 5 does not fit the padded height 4 (x, axis 2)",
          IN_4(2, 3, 4, 5), IN_4(2, 3, 5, 2)),
    BAD_2("too high, channels last", last, WG_ERR_SHAPE,
          "kernel 6 does not fit the padded height 5 (x, axis 1)", IN_4(2, 4, 5, 3),
          IN_4(2, 3, 6, 2)),
    BAD_2("too dilated", dilation, WG_ERR_SHAPE,
          "dilated kernel 7 does not fit the padded width 6 (x, axis 3)", IN_4(2, 3, 4, 4),
          IN_4(2, 3, 2, 4)),
    BAD_2("no kernel", plain, WG_ERR_RANGE, "kernel 0 is less than 1 (width)", IN_4(2, 3, 4, 5),
          IN_4(2, 3, 2, 0)),
    BAD_2("channels", plain, WG_ERR_SHAPE, "needs 3 channels of a group: 2 (weight, axis 1)",
          IN_4(2, 3, 4, 5), IN_4(2, 2, 2, 2)),
    BAD_2("groups", groups, WG_ERR_SHAPE, "2 groups do not divide 3 channels (x, axis 1)",
          IN_4(2, 3, 4, 5), IN_4(2, 1, 2, 2)),
    BAD_2("groups of filters", groups, WG_ERR_SHAPE,
          "2 groups do not divide 3 filters (weight, axis 0)", IN_4(2, 4, 4, 5), IN_4(3, 2, 2, 2)),
    BAD_2("groups below 0", groups_minus, WG_ERR_RANGE, "groups -1 is less than 1",
          IN_4(2, 4, 4, 5), IN_4(3, 2, 2, 2)),
    BAD_2("stride", stride_minus, WG_ERR_RANGE, "stride -1 is less than 1 (height)",
          IN_4(2, 3, 4, 5), IN_4(2, 3, 2, 2)),
    BAD_2("dilation", dilation_minus, WG_ERR_RANGE, "dilation -2 is less than 1 (width)",
          IN_4(2, 3, 4, 5), IN_4(2, 3, 2, 2)),
    BAD_2("padding", padding_minus, WG_ERR_RANGE, "padding -1 is less than 0 (width)",
          IN_4(2, 3, 4, 5), IN_4(2, 3, 2, 2)),
    BAD_2("same size with a stride", same_stride, WG_ERR_ARGUMENT,
          "padding 'same' needs stride 1: 2 (height)", IN_4(2, 3, 4, 5), IN_4(2, 3, 2, 2)),
    BAD_2("padding told twice", same_padded, WG_ERR_ARGUMENT,
          "padding 'same' goes without numbers: 1 and 0 (height)", IN_4(2, 3, 4, 5),
          IN_4(2, 3, 2, 2)),
    BAD_2("kind of padding", odd_padding, WG_ERR_ARGUMENT, "3 is no kind of padding",
          IN_4(2, 3, 4, 5), IN_4(2, 3, 2, 2)),
    BAD_2("output padding", larger, WG_ERR_ARGUMENT,
          "output_padding is for transposed convolutions: 2 (height)", IN_4(2, 3, 4, 5),
          IN_4(2, 3, 2, 2)),
    BAD_2("size of the options", size, WG_ERR_ARGUMENT, "the options have another size",
          IN_4(2, 3, 4, 5), IN_4(2, 3, 2, 2)),
    WGI_BAD("bias", conv2d_bias, WG_ERR_SHAPE, "conv2d: needs shape [2]: [3] (bias)", 3,
            IN_4(2, 3, 4, 5), IN_4(2, 3, 2, 2), BIAS(3)),
    WGI_BAD("dtypes", conv2d_bias, WG_ERR_DTYPE, "conv2d: dtypes differ: f32 (x) vs i64 (bias)", 3,
            {.rank = 4, .dims = {2, 3, 4, 5}, .dtype = WG_F32},
            {.rank = 4, .dims = {2, 3, 2, 2}, .dtype = WG_F32}, WGI_IN_TYPED(2, WG_I64, 2)),
};

static const wgi_sample bad_transposed_1[] = {
    WGI_BAD("rank", transposed1d_plain, WG_ERR_SHAPE, "conv_transpose1d: needs rank 2 or 3: 4 (x)",
            2, IN_4(2, 3, 4, 5), IN_3(3, 2, 2)),
    WGI_BAD("nothing", transposed1d_plain, WG_ERR_SHAPE,
            "conv_transpose1d: needs length >= 1: 0 (x, axis 2)", 2, IN_3(2, 3, 0), IN_3(3, 2, 2)),
    WGI_BAD("same size", transposed1d_same, WG_ERR_ARGUMENT,
            "conv_transpose1d: padding 'same' is for convolutions that are not transposed", 2,
            IN_3(2, 3, 4), IN_3(3, 2, 2)),
};

static const wgi_sample bad_transposed_2[] = {
    WGI_BAD("channels", transposed2d_plain, WG_ERR_SHAPE,
            "conv_transpose2d: needs 3 channels: 2 (weight, axis 0)", 2, IN_4(2, 3, 4, 5),
            IN_4(2, 3, 2, 2)),
    WGI_BAD("bias", transposed2d_bias, WG_ERR_SHAPE,
            "conv_transpose2d: needs shape [2]: [3] (bias)", 3, IN_4(2, 3, 4, 5), IN_4(3, 2, 2, 2),
            BIAS(3)),
    WGI_BAD("output padding", transposed2d_too_large, WG_ERR_RANGE,
            "conv_transpose2d: output_padding 2 is not in [0, 2), below stride or dilation "
            "(height)",
            2, IN_4(2, 3, 4, 5), IN_4(3, 2, 2, 2)),
    WGI_BAD("all is cut away", transposed2d_cut_away, WG_ERR_SHAPE,
            "conv_transpose2d: padding 3 and 3 leaves no height of 5", 2, IN_4(2, 3, 4, 5),
            IN_4(3, 2, 2, 2)),
};

#endif
