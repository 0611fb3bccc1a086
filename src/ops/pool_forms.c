/* max_pool1d, max_pool2d, avg_pool1d, avg_pool2d and the places of maxima: forms of the poolings.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a signal is an image of height 1, whose windows have height 1. */
#include "ops/call.h"
#include "ops/pool.h"
#include "ops/samples.h"
#include "ops/support.h"

extern const wgi_op wgi_op_max_pool1d;
extern const wgi_op wgi_op_max_pool2d;
extern const wgi_op wgi_op_max_pool1d_indices;
extern const wgi_op wgi_op_max_pool2d_indices;
extern const wgi_op wgi_op_avg_pool1d;
extern const wgi_op wgi_op_avg_pool2d;

/* ---- constructors ------------------------------------------------------------------------- */

/* The attributes for images whose sizes are still to be filled in. */
static wgi_pool_attr attr_of(const wg_pool_options *options, bool is_signal)
{
    wgi_pool_attr attr = {.n = 2,
                          .kernel = {1, 1},
                          .stride = {1, 1},
                          .dilation = {1, 1},
                          .is_ceil = options->ceil_mode ? 1 : 0};
    for (int32_t i = is_signal ? 1 : 0; i < 2; i++) {
        const int32_t from = is_signal ? 0 : i;
        const int64_t kernel = options->kernel_size[from];
        attr.kernel[i] = kernel;
        attr.stride[i] = options->stride[from] != 0 ? options->stride[from] : kernel;
        attr.padding[i] = options->padding[from];
        attr.dilation[i] = options->dilation[from] != 0 ? options->dilation[from] : 1;
    }
    return attr;
}

static wg_node pool(const wgi_op *form, wg_node x, uint16_t op, bool is_signal,
                    const wg_pool_options *options)
{
    const wgi_draft draft = {.form = form, .n_in = 1, .in = &x};
    if (options == NULL) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL, "options is NULL");
    }
    if (options->size != sizeof *options) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, "set size to sizeof(wg_pool_options)",
                          "options have another size: %zu", options->size);
    }
    const wgi_image_layout layout = {is_signal, options->channels_last};
    wgi_pool_attr attr = attr_of(options, is_signal);
    attr.counts_padding = op == WGI_OP_average_pool && !options->count_exclude_pad ? 1 : 0;
    wg_node image;
    wg_node failed;
    if (!wgi_image_begin(&draft, layout, &image, attr.size, &failed)) {
        return failed;
    }
    return wgi_image_end(&draft, layout, wgi_record_unary(op, image, &attr));
}

wg_node wg_max_pool2d(wg_node x, const wg_pool_options *options)
{
    return pool(&wgi_op_max_pool2d, x, WGI_OP_max_pool, false, options);
}

wg_node wg_max_pool1d(wg_node x, const wg_pool_options *options)
{
    return pool(&wgi_op_max_pool1d, x, WGI_OP_max_pool, true, options);
}

wg_node wg_max_pool2d_indices(wg_node x, const wg_pool_options *options)
{
    return pool(&wgi_op_max_pool2d_indices, x, WGI_OP_max_pool_indices, false, options);
}

wg_node wg_max_pool1d_indices(wg_node x, const wg_pool_options *options)
{
    return pool(&wgi_op_max_pool1d_indices, x, WGI_OP_max_pool_indices, true, options);
}

wg_node wg_avg_pool2d(wg_node x, const wg_pool_options *options)
{
    return pool(&wgi_op_avg_pool2d, x, WGI_OP_average_pool, false, options);
}

wg_node wg_avg_pool1d(wg_node x, const wg_pool_options *options)
{
    return pool(&wgi_op_avg_pool1d, x, WGI_OP_average_pool, true, options);
}

/* ---- samples ------------------------------------------------------------------------------ */

#define OPTIONS(...)                                                                               \
    &(const wg_pool_options)                                                                       \
    {                                                                                              \
        .size = sizeof(wg_pool_options), __VA_ARGS__                                               \
    }
#define STALE                                                                                      \
    &(const wg_pool_options)                                                                       \
    {                                                                                              \
        .size = 1                                                                                  \
    }

/* What all poolings are called with: 2d, then 1d. */
#define BUILD(op)                                                                                  \
    WGI_BUILD(op##_plain, wg_##op(in[0], OPTIONS(.kernel_size = {2, 2})))                          \
    WGI_BUILD(op##_strided, wg_##op(in[0], OPTIONS(.kernel_size = {3, 2}, .stride = {1, 2},        \
                                                   .padding = {1, 0}, .ceil_mode = true)))         \
    WGI_BUILD(op##_last, wg_##op(in[0], OPTIONS(.kernel_size = {2, 3}, .stride = {1},              \
                                                .channels_last = true)))                           \
    WGI_BUILD(op##_large, wg_##op(in[0], OPTIONS(.kernel_size = {5, 2})))                          \
    WGI_BUILD(op##_none, wg_##op(in[0], OPTIONS(.ceil_mode = true)))                               \
    WGI_BUILD(op##_backwards, wg_##op(in[0], OPTIONS(.kernel_size = {2, 2}, .stride = {-1})))      \
    WGI_BUILD(op##_padded, wg_##op(in[0], OPTIONS(.kernel_size = {3, 3}, .padding = {2})))         \
    WGI_BUILD(op##_no_options, wg_##op(in[0], NULL))                                               \
    WGI_BUILD(op##_stale, wg_##op(in[0], STALE))

BUILD(max_pool2d)
BUILD(max_pool1d)
BUILD(max_pool2d_indices)
BUILD(max_pool1d_indices)
BUILD(avg_pool2d)
BUILD(avg_pool1d)

#define DILATED(op)                                                                                \
    WGI_BUILD(op##_dilated, wg_##op(in[0], OPTIONS(.kernel_size = {2, 2}, .stride = {1, 1},        \
                                                   .dilation = {2, 1})))
DILATED(max_pool2d)
DILATED(max_pool1d)
DILATED(avg_pool2d)
DILATED(avg_pool1d)
WGI_BUILD(avg_pool2d_exclude,
          wg_avg_pool2d(in[0], OPTIONS(.kernel_size = {3, 2}, .stride = {2, 1}, .padding = {1, 1},
                                       .count_exclude_pad = true)))
WGI_BUILD(avg_pool1d_exclude, wg_avg_pool1d(in[0], OPTIONS(.kernel_size = {3}, .padding = {1},
                                                           .count_exclude_pad = true)))

#define GOOD_2(op)                                                                                 \
    WGI_GOOD("2 x 2", op##_plain, 1, WGI_IN_4(2, 3, 4, 4, WGI_NORMAL)),                            \
        WGI_GOOD("3 x 2, padded", op##_strided, 1, WGI_IN_4(1, 2, 4, 5, WGI_NORMAL)),              \
        WGI_GOOD("channels last", op##_last, 1, WGI_IN_4(2, 3, 6, 2, WGI_NORMAL)),                 \
        WGI_GOOD("rest dropped", op##_plain, 1, WGI_IN_4(1, 1, 5, 3, WGI_NORMAL)),                 \
        WGI_GOOD("no image", op##_plain, 1, WGI_IN_4(0, 3, 4, 4, WGI_NORMAL)),                     \
        WGI_GOOD("no channel", op##_plain, 1, WGI_IN_4(2, 0, 4, 4, WGI_NORMAL))
#define GOOD_1(op)                                                                                 \
    WGI_GOOD("2", op##_plain, 1, WGI_IN_3(2, 3, 6, WGI_NORMAL)),                                   \
        WGI_GOOD("3, padded", op##_strided, 1, WGI_IN_3(1, 2, 5, WGI_NORMAL)),                     \
        WGI_GOOD("channels last", op##_last, 1, WGI_IN_3(2, 5, 3, WGI_NORMAL)),                    \
        WGI_GOOD("no signal", op##_plain, 1, WGI_IN_3(0, 3, 4, WGI_NORMAL))

static const wgi_sample samples_max_pool2d[] = {
    GOOD_2(max_pool2d),
    WGI_GOOD("dilated", max_pool2d_dilated, 1, WGI_IN_4(1, 2, 4, 3, WGI_NORMAL)),
    WGI_KINK("ties", max_pool2d_plain, 1, WGI_IN_4(1, 2, 4, 4, WGI_ZEROS)),
};
static const wgi_sample samples_max_pool1d[] = {
    GOOD_1(max_pool1d),
    WGI_GOOD("dilated", max_pool1d_dilated, 1, WGI_IN_3(1, 2, 5, WGI_NORMAL)),
    WGI_KINK("ties", max_pool1d_plain, 1, WGI_IN_3(1, 2, 4, WGI_ZEROS)),
};
static const wgi_sample samples_max_pool2d_indices[] = {GOOD_2(max_pool2d_indices)};
static const wgi_sample samples_max_pool1d_indices[] = {GOOD_1(max_pool1d_indices)};
static const wgi_sample samples_avg_pool2d[] = {
    GOOD_2(avg_pool2d),
    WGI_GOOD("padding excluded", avg_pool2d_exclude, 1, WGI_IN_4(1, 2, 4, 3, WGI_NORMAL)),
};
static const wgi_sample samples_avg_pool1d[] = {
    GOOD_1(avg_pool1d),
    WGI_GOOD("padding excluded", avg_pool1d_exclude, 1, WGI_IN_3(1, 2, 5, WGI_NORMAL)),
};

/* Of one image or signal of size 4, which has no place for 5. */
#define BAD_ANY(op, rank, axis, ...)                                                               \
    WGI_BAD("rank", op##_plain, WG_ERR_SHAPE, #op ": needs rank " rank ": 2 (x)", 1,               \
            WGI_IN_2(4, 4, WGI_NORMAL)),                                                           \
        WGI_BAD("no options", op##_no_options, WG_ERR_ARGUMENT, #op ": options is NULL", 1,        \
                __VA_ARGS__),                                                                      \
        WGI_BAD("stale options", op##_stale, WG_ERR_ARGUMENT,                                      \
                #op ": options have another size: 1", 1, __VA_ARGS__),                             \
        WGI_BAD("stride", op##_backwards, WG_ERR_ARGUMENT,                                         \
                #op ": stride must be >= 1: -1 (axis " axis ")", 1, __VA_ARGS__),                  \
        WGI_BAD("no kernel", op##_none, WG_ERR_ARGUMENT,                                           \
                #op ": kernel_size must be >= 1: 0 (axis " axis ")", 1, __VA_ARGS__),              \
        WGI_BAD("padding", op##_padded, WG_ERR_ARGUMENT,                                           \
                #op ": padding 2 is above half of kernel_size 3 (axis " axis ")", 1, __VA_ARGS__), \
        WGI_BAD("kernel", op##_large, WG_ERR_SHAPE,                                                \
                #op ": kernel_size 5 with dilation 1 is above the padded size 4 (axis " axis ")",  \
                1, __VA_ARGS__)
#define BAD_2(op) BAD_ANY(op, "4", "h", WGI_IN_4(1, 1, 4, 4, WGI_NORMAL))
#define BAD_1(op) BAD_ANY(op, "3", "w", WGI_IN_3(1, 1, 4, WGI_NORMAL))

static const wgi_sample bad_max_pool2d[] = {BAD_2(max_pool2d)};
static const wgi_sample bad_max_pool1d[] = {BAD_1(max_pool1d)};
static const wgi_sample bad_max_pool2d_indices[] = {BAD_2(max_pool2d_indices)};
static const wgi_sample bad_max_pool1d_indices[] = {BAD_1(max_pool1d_indices)};
static const wgi_sample bad_avg_pool2d[] = {
    BAD_2(avg_pool2d),
    WGI_BAD("dilation", avg_pool2d_dilated, WG_ERR_ARGUMENT,
            "avg_pool2d: dilation must be 1: 2 (axis h)", 1, WGI_IN_4(1, 1, 4, 4, WGI_NORMAL)),
};
static const wgi_sample bad_avg_pool1d[] = {
    BAD_1(avg_pool1d),
    WGI_BAD("dilation", avg_pool1d_dilated, WG_ERR_ARGUMENT,
            "avg_pool1d: dilation must be 1: 2 (axis w)", 1, WGI_IN_3(1, 1, 4, WGI_NORMAL)),
};

/* ---- rows --------------------------------------------------------------------------------- */

#define LIST(title, ...)                                                                           \
    {                                                                                              \
        .name = (title), .kind = WGI_ATTR_DIMS, __VA_ARGS__                                        \
    }
#define FLAG(title, value)                                                                         \
    {                                                                                              \
        .name = (title), .kind = WGI_ATTR_FLAG, .is_optional = true, .integer = (value)            \
    }

static const wgi_attribute attributes_max[] = {
    LIST("kernel_size", .is_optional = false),
    LIST("stride", .is_optional = true),
    LIST("padding", .is_optional = true),
    LIST("dilation", .is_optional = true),
    FLAG("ceil_mode", 0),
    FLAG("channels_last", 0),
};

static const wgi_attribute attributes_avg[] = {
    LIST("kernel_size", .is_optional = false),
    LIST("stride", .is_optional = true),
    LIST("padding", .is_optional = true),
    FLAG("ceil_mode", 0),
    FLAG("channels_last", 0),
    FLAG("count_include_pad", 1),
};

typedef wg_node (*constructor)(wg_node x, const wg_pool_options *options);

/* The pooling of the call, whose lists have n numbers; flags begin at attribute `flags`. */
static wg_node call_form(const wgi_call *c, constructor make, int32_t n, int32_t flags)
{
    wg_pool_options options = {.size = sizeof options,
                               .ceil_mode = wgi_call_flag(c, flags),
                               .channels_last = wgi_call_flag(c, flags + 1)};
    int64_t *const lists[] = {options.kernel_size, options.stride, options.padding,
                              options.dilation};
    wg_node failed;
    for (int32_t i = 0; i < flags; i++) {
        if (!wgi_call_numbers(c, i, n, lists[i], &failed)) {
            return failed;
        }
    }
    options.count_exclude_pad = flags == 3 && !wgi_call_flag(c, 5);
    return make(wgi_call_in(c, 0), &options);
}

#define ROW(title, n, flags, list)                                                                 \
    WGI_CALL(call_##title, call_form(c, wg_##title, n, flags))                                     \
    const wgi_op wgi_op_##title = {                                                                \
        WGI_FORM_OF(#title, 1, 1, "x"),                                                            \
        .call = call_##title,                                                                      \
        WGI_ATTRIBUTES(list),                                                                      \
        WGI_SAMPLES(samples_##title, bad_##title),                                                 \
    };

ROW(max_pool2d, 2, 4, attributes_max)
ROW(max_pool1d, 1, 4, attributes_max)
ROW(max_pool2d_indices, 2, 4, attributes_max)
ROW(max_pool1d_indices, 1, 4, attributes_max)
ROW(avg_pool2d, 2, 3, attributes_avg)
ROW(avg_pool1d, 1, 3, attributes_avg)
