/* Upsampling of images and signals: forms of upsample.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a signal is an image of height 1, which stays 1. */
#include <math.h>

#include "ops/call.h"
#include "ops/pool.h"
#include "ops/samples.h"
#include "ops/support.h"

extern const wgi_op wgi_op_upsample_nearest1d;
extern const wgi_op wgi_op_upsample_nearest2d;
extern const wgi_op wgi_op_upsample_linear1d;
extern const wgi_op wgi_op_upsample_bilinear2d;

/* ---- constructors ------------------------------------------------------------------------- */

/* The result's size along an axis of a size, number `from` of the options. */
static bool take_output(const wgi_draft *draft, const wg_upsample_options *options, int32_t from,
                        int64_t size, int64_t *output, wg_node *out)
{
    const double factor = options->scale_factor[from];
    const int64_t given = options->output_size[from];
    if ((factor != 0) == (given != 0)) {
        *out = wgi_refuse(draft, WG_ERR_ARGUMENT, NULL,
                          "needs one of output_size and scale_factor: %lld and %g",
                          (long long)given, factor);
        return false;
    }
    *output = given;
    if (factor != 0) {
        const double wanted = floor((double)size * factor);
        if (!(wanted >= 1 && wanted <= (double)WGI_POOL_MOST)) {
            *out = wgi_refuse(draft, WG_ERR_ARGUMENT, NULL, "scale_factor %g makes size %lld to %g",
                              factor, (long long)size, wanted);
            return false;
        }
        *output = (int64_t)wanted;
    }
    return true;
}

static wg_node resize(const wgi_op *form, wg_node x, bool is_linear, bool is_signal,
                      const wg_upsample_options *options)
{
    const wgi_draft draft = {.form = form, .n_in = 1, .in = &x};
    if (options == NULL) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL, "options is NULL");
    }
    if (options->size != sizeof *options) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, "set size to sizeof(wg_upsample_options)",
                          "options have another size: %zu", options->size);
    }
    const wgi_image_layout layout = {is_signal, options->channels_last};
    wgi_upsample_attr attr = {.n = 2,
                              .output = {1, 1},
                              .is_linear = is_linear ? 1 : 0,
                              .aligns_corners = options->align_corners ? 1 : 0};
    wg_node image;
    wg_node failed;
    if (!wgi_image_begin(&draft, layout, &image, attr.size, &failed)) {
        return failed;
    }
    for (int32_t i = is_signal ? 1 : 0; i < 2; i++) {
        if (attr.size[i] < 1) {
            return wgi_refuse(&draft, WG_ERR_SHAPE, NULL,
                              "needs a size from 1 to 2^30: %lld (axis %s)",
                              (long long)attr.size[i], wgi_axis_of_image(i));
        }
        const int32_t from = is_signal ? 0 : i;
        if (!take_output(&draft, options, from, attr.size[i], &attr.output[i], &failed)) {
            return failed;
        }
    }
    return wgi_image_end(&draft, layout, wgi_record_unary(WGI_OP_upsample, image, &attr));
}

wg_node wg_upsample_nearest2d(wg_node x, const wg_upsample_options *options)
{
    return resize(&wgi_op_upsample_nearest2d, x, false, false, options);
}

wg_node wg_upsample_nearest1d(wg_node x, const wg_upsample_options *options)
{
    return resize(&wgi_op_upsample_nearest1d, x, false, true, options);
}

wg_node wg_upsample_bilinear2d(wg_node x, const wg_upsample_options *options)
{
    return resize(&wgi_op_upsample_bilinear2d, x, true, false, options);
}

wg_node wg_upsample_linear1d(wg_node x, const wg_upsample_options *options)
{
    return resize(&wgi_op_upsample_linear1d, x, true, true, options);
}

/* ---- samples ------------------------------------------------------------------------------ */

#define OPTIONS(...)                                                                               \
    &(const wg_upsample_options)                                                                   \
    {                                                                                              \
        .size = sizeof(wg_upsample_options), __VA_ARGS__                                           \
    }
#define BUILD(op)                                                                                  \
    WGI_BUILD(op##_twice, wg_##op(in[0], OPTIONS(.scale_factor = {2, 2})))                         \
    WGI_BUILD(op##_sized, wg_##op(in[0], OPTIONS(.output_size = {3, 5})))                          \
    WGI_BUILD(op##_mixed, wg_##op(in[0], OPTIONS(.output_size = {4}, .scale_factor = {0, 1.6},     \
                                                 .channels_last = true)))                          \
    WGI_BUILD(op##_neither, wg_##op(in[0], OPTIONS(.channels_last = false)))                       \
    WGI_BUILD(op##_tiny, wg_##op(in[0], OPTIONS(.scale_factor = {0.25, 1})))                       \
    WGI_BUILD(op##_below, wg_##op(in[0], OPTIONS(.output_size = {-3, 1})))                         \
    WGI_BUILD(op##_corners, wg_##op(in[0], OPTIONS(.output_size = {5, 6}, .align_corners = true))) \
    WGI_BUILD(op##_no_options, wg_##op(in[0], NULL))                                               \
    WGI_BUILD(op##_stale, wg_##op(in[0], &(const wg_upsample_options){.size = 1}))

BUILD(upsample_nearest2d)
BUILD(upsample_nearest1d)
BUILD(upsample_bilinear2d)
BUILD(upsample_linear1d)

#define GOOD_2(op)                                                                                 \
    WGI_GOOD("twice", op##_twice, 1, WGI_IN_4(2, 2, 2, 3, WGI_NORMAL)),                            \
        WGI_GOOD("sizes", op##_sized, 1, WGI_IN_4(1, 3, 2, 2, WGI_NORMAL)),                        \
        WGI_GOOD("smaller", op##_sized, 1, WGI_IN_4(1, 1, 5, 7, WGI_NORMAL)),                      \
        WGI_GOOD("channels last", op##_mixed, 1, WGI_IN_4(1, 2, 3, 2, WGI_NORMAL)),                \
        WGI_GOOD("one element", op##_sized, 1, WGI_IN_4(2, 1, 1, 1, WGI_NORMAL)),                  \
        WGI_GOOD("no channel", op##_twice, 1, WGI_IN_4(2, 0, 2, 3, WGI_NORMAL))
#define GOOD_1(op)                                                                                 \
    WGI_GOOD("twice", op##_twice, 1, WGI_IN_3(2, 2, 3, WGI_NORMAL)),                               \
        WGI_GOOD("smaller", op##_sized, 1, WGI_IN_3(1, 1, 7, WGI_NORMAL)),                         \
        WGI_GOOD("channels last", op##_mixed, 1, WGI_IN_3(1, 3, 2, WGI_NORMAL)),                   \
        WGI_GOOD("no signal", op##_twice, 1, WGI_IN_3(0, 2, 3, WGI_NORMAL))

static const wgi_sample samples_upsample_nearest2d[] = {GOOD_2(upsample_nearest2d)};
static const wgi_sample samples_upsample_nearest1d[] = {GOOD_1(upsample_nearest1d)};
static const wgi_sample samples_upsample_bilinear2d[] = {
    GOOD_2(upsample_bilinear2d),
    WGI_GOOD("corners", upsample_bilinear2d_corners, 1, WGI_IN_4(1, 2, 3, 4, WGI_NORMAL)),
};
static const wgi_sample samples_upsample_linear1d[] = {
    GOOD_1(upsample_linear1d),
    WGI_GOOD("corners", upsample_linear1d_corners, 1, WGI_IN_3(1, 2, 3, WGI_NORMAL)),
};

#define BAD_ANY(op, rank, axis, ...)                                                               \
    WGI_BAD("rank", op##_twice, WG_ERR_SHAPE, #op ": needs rank " rank ": 2 (x)", 1,               \
            WGI_IN_2(4, 4, WGI_NORMAL)),                                                           \
        WGI_BAD("no options", op##_no_options, WG_ERR_ARGUMENT, #op ": options is NULL", 1,        \
                __VA_ARGS__),                                                                      \
        WGI_BAD("stale options", op##_stale, WG_ERR_ARGUMENT,                                      \
                #op ": options have another size: 1", 1, __VA_ARGS__),                             \
        WGI_BAD("neither", op##_neither, WG_ERR_ARGUMENT,                                          \
                #op ": needs one of output_size and scale_factor: 0 and 0", 1, __VA_ARGS__),       \
        WGI_BAD("factor", op##_tiny, WG_ERR_ARGUMENT, #op ": scale_factor 0.25 makes size 3 to 0", \
                1, __VA_ARGS__),                                                                   \
        WGI_BAD("size", op##_below, WG_ERR_ARGUMENT,                                               \
                #op ": output_size must be from 1 to 2^30: -3 (axis " axis ")", 1, __VA_ARGS__)
#define BAD_2(op) BAD_ANY(op, "4", "h", WGI_IN_4(1, 1, 3, 3, WGI_NORMAL))
#define BAD_1(op) BAD_ANY(op, "3", "w", WGI_IN_3(1, 1, 3, WGI_NORMAL))

static const wgi_sample bad_upsample_nearest2d[] = {
    BAD_2(upsample_nearest2d),
    WGI_BAD("corners", upsample_nearest2d_corners, WG_ERR_ARGUMENT,
            "upsample_nearest2d: align_corners is for linear interpolation", 1,
            WGI_IN_4(1, 1, 3, 3, WGI_NORMAL)),
    WGI_BAD("no element", upsample_nearest2d_twice, WG_ERR_SHAPE,
            "upsample_nearest2d: needs a size from 1 to 2^30: 0 (axis w)", 1,
            WGI_IN_4(1, 1, 3, 0, WGI_NORMAL)),
};
static const wgi_sample bad_upsample_nearest1d[] = {
    BAD_1(upsample_nearest1d),
    WGI_BAD("corners", upsample_nearest1d_corners, WG_ERR_ARGUMENT,
            "upsample_nearest1d: align_corners is for linear interpolation", 1,
            WGI_IN_3(1, 1, 3, WGI_NORMAL)),
};
static const wgi_sample bad_upsample_bilinear2d[] = {BAD_2(upsample_bilinear2d)};
static const wgi_sample bad_upsample_linear1d[] = {BAD_1(upsample_linear1d)};

/* ---- rows --------------------------------------------------------------------------------- */

#define SIZE_AND_FACTOR                                                                            \
    {.name = "output_size", .kind = WGI_ATTR_DIMS, .is_optional = true},                           \
        {.name = "scale_factor", .kind = WGI_ATTR_REAL, .is_optional = true},                      \
    {                                                                                              \
        .name = "channels_last", .kind = WGI_ATTR_FLAG, .is_optional = true                        \
    }

static const wgi_attribute attributes_nearest[] = {SIZE_AND_FACTOR};
static const wgi_attribute attributes_linear[] = {
    SIZE_AND_FACTOR,
    {.name = "align_corners", .kind = WGI_ATTR_FLAG, .is_optional = true},
};

typedef wg_node (*constructor)(wg_node x, const wg_upsample_options *options);

/* A factor by name is that of all n axes. */
static wg_node call_form(const wgi_call *c, constructor make, int32_t n, bool is_linear)
{
    wg_upsample_options options = {.size = sizeof options,
                                   .channels_last = wgi_call_flag(c, 2),
                                   .align_corners = is_linear && wgi_call_flag(c, 3)};
    wg_node failed;
    if (!wgi_call_numbers(c, 0, n, options.output_size, &failed)) {
        return failed;
    }
    options.scale_factor[0] = wgi_call_real(c, 1);
    options.scale_factor[1] = wgi_call_real(c, 1);
    return make(wgi_call_in(c, 0), &options);
}

#define ROW(title, n, is_linear, list)                                                             \
    WGI_CALL(call_##title, call_form(c, wg_##title, n, is_linear))                                 \
    const wgi_op wgi_op_##title = {                                                                \
        WGI_FORM_OF(#title, 1, 1, "x"),                                                            \
        .call = call_##title,                                                                      \
        WGI_ATTRIBUTES(list),                                                                      \
        WGI_SAMPLES(samples_##title, bad_##title),                                                 \
    };

ROW(upsample_nearest2d, 2, false, attributes_nearest)
ROW(upsample_nearest1d, 1, false, attributes_nearest)
ROW(upsample_bilinear2d, 2, true, attributes_linear)
ROW(upsample_linear1d, 1, true, attributes_linear)
