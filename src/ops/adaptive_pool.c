/* Adaptive and global poolings: forms, of windows that are as many as the result has elements.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/call.h"
#include "ops/pool.h"
#include "ops/samples.h"
#include "ops/support.h"

extern const wgi_op wgi_op_adaptive_avg_pool1d;
extern const wgi_op wgi_op_adaptive_avg_pool2d;
extern const wgi_op wgi_op_adaptive_max_pool2d;
extern const wgi_op wgi_op_global_avg_pool2d;
extern const wgi_op wgi_op_global_max_pool2d;

/* ---- constructors ------------------------------------------------------------------------- */

static wg_node pool(const wgi_op *form, wg_node x, uint16_t op, const int64_t *windows,
                    wgi_image_layout layout)
{
    const wgi_draft draft = {.form = form, .n_in = 1, .in = &x};
    wgi_pool_attr attr = {.n = 2,
                          .kernel = {windows[0], windows[1]},
                          .stride = {1, 1},
                          .dilation = {1, 1},
                          .is_adaptive = 1};
    wg_node image;
    wg_node failed;
    if (!wgi_image_begin(&draft, layout, &image, attr.size, &failed)) {
        return failed;
    }
    return wgi_image_end(&draft, layout, wgi_record_unary(op, image, &attr));
}

wg_node wg_adaptive_avg_pool2d(wg_node x, int64_t height, int64_t width, bool channels_last)
{
    const int64_t windows[] = {height, width};
    return pool(&wgi_op_adaptive_avg_pool2d, x, WGI_OP_average_pool, windows,
                (wgi_image_layout){false, channels_last});
}

wg_node wg_adaptive_avg_pool1d(wg_node x, int64_t length, bool channels_last)
{
    const int64_t windows[] = {1, length};
    return pool(&wgi_op_adaptive_avg_pool1d, x, WGI_OP_average_pool, windows,
                (wgi_image_layout){true, channels_last});
}

wg_node wg_adaptive_max_pool2d(wg_node x, int64_t height, int64_t width, bool channels_last)
{
    const int64_t windows[] = {height, width};
    return pool(&wgi_op_adaptive_max_pool2d, x, WGI_OP_max_pool, windows,
                (wgi_image_layout){false, channels_last});
}

wg_node wg_global_avg_pool2d(wg_node x, bool channels_last)
{
    static const int32_t places[] = {1, 2};
    const wgi_image_layout layout = {false, channels_last};
    const wgi_draft draft = WGI_FORM_DRAFT(global_avg_pool2d, x);
    int64_t size[2];
    wg_node image;
    wg_node failed;
    if (!wgi_image_begin(&draft, layout, &image, size, &failed)) {
        return failed;
    }
    return wgi_image_end(&draft, layout, wg_mean(image, places, 2, true));
}

wg_node wg_global_max_pool2d(wg_node x, bool channels_last)
{
    const int64_t windows[] = {1, 1};
    return pool(&wgi_op_global_max_pool2d, x, WGI_OP_max_pool, windows,
                (wgi_image_layout){false, channels_last});
}

/* ---- samples ------------------------------------------------------------------------------ */

WGI_BUILD(avg2_3_2, wg_adaptive_avg_pool2d(in[0], 3, 2, false))
WGI_BUILD(avg2_last, wg_adaptive_avg_pool2d(in[0], 2, 2, true))
WGI_BUILD(avg2_0, wg_adaptive_avg_pool2d(in[0], 3, 0, false))
WGI_BUILD(max2_3_2, wg_adaptive_max_pool2d(in[0], 3, 2, false))
WGI_BUILD(max2_last, wg_adaptive_max_pool2d(in[0], 2, 2, true))
WGI_BUILD(max2_0, wg_adaptive_max_pool2d(in[0], 3, 0, false))
WGI_BUILD(avg1_3, wg_adaptive_avg_pool1d(in[0], 3, false))
WGI_BUILD(avg1_last, wg_adaptive_avg_pool1d(in[0], 2, true))
WGI_BUILD(avg1_minus_1, wg_adaptive_avg_pool1d(in[0], -1, true))
WGI_BUILD(avg_global, wg_global_avg_pool2d(in[0], false))
WGI_BUILD(avg_global_last, wg_global_avg_pool2d(in[0], true))
WGI_BUILD(max_global, wg_global_max_pool2d(in[0], false))
WGI_BUILD(max_global_last, wg_global_max_pool2d(in[0], true))

#define GOOD_2(op)                                                                                 \
    WGI_GOOD("uneven", op##_3_2, 1, WGI_IN_4(2, 2, 5, 4, WGI_NORMAL)),                             \
        WGI_GOOD("more than there is", op##_3_2, 1, WGI_IN_4(1, 1, 2, 1, WGI_NORMAL)),             \
        WGI_GOOD("channels last", op##_last, 1, WGI_IN_4(1, 4, 3, 5, WGI_NORMAL)),                 \
        WGI_GOOD("no channel", op##_3_2, 1, WGI_IN_4(2, 0, 5, 4, WGI_NORMAL))

static const wgi_sample samples_adaptive_avg_pool2d[] = {GOOD_2(avg2)};
static const wgi_sample samples_adaptive_max_pool2d[] = {
    GOOD_2(max2),
    WGI_KINK("ties", max2_3_2, 1, WGI_IN_4(1, 1, 3, 4, WGI_ZEROS)),
};
static const wgi_sample samples_adaptive_avg_pool1d[] = {
    WGI_GOOD("uneven", avg1_3, 1, WGI_IN_3(2, 2, 5, WGI_NORMAL)),
    WGI_GOOD("more than there is", avg1_3, 1, WGI_IN_3(1, 1, 2, WGI_NORMAL)),
    WGI_GOOD("channels last", avg1_last, 1, WGI_IN_3(1, 3, 5, WGI_NORMAL)),
    WGI_GOOD("no signal", avg1_3, 1, WGI_IN_3(0, 2, 5, WGI_NORMAL)),
};
static const wgi_sample samples_global_avg_pool2d[] = {
    WGI_GOOD("images", avg_global, 1, WGI_IN_4(2, 3, 4, 3, WGI_NORMAL)),
    WGI_GOOD("channels last", avg_global_last, 1, WGI_IN_4(2, 3, 4, 3, WGI_NORMAL)),
    WGI_GOOD("size 1", avg_global, 1, WGI_IN_4(1, 2, 1, 1, WGI_NORMAL)),
    WGI_GOOD("no image", avg_global, 1, WGI_IN_4(0, 2, 3, 3, WGI_NORMAL)),
};
static const wgi_sample samples_global_max_pool2d[] = {
    WGI_GOOD("images", max_global, 1, WGI_IN_4(2, 3, 4, 3, WGI_NORMAL)),
    WGI_GOOD("channels last", max_global_last, 1, WGI_IN_4(2, 3, 4, 3, WGI_NORMAL)),
    WGI_GOOD("size 1", max_global, 1, WGI_IN_4(1, 2, 1, 1, WGI_NORMAL)),
    WGI_GOOD("no image", max_global, 1, WGI_IN_4(0, 2, 3, 3, WGI_NORMAL)),
    WGI_KINK("ties", max_global, 1, WGI_IN_4(1, 2, 2, 2, WGI_ZEROS)),
};

#define BAD_2(title, op)                                                                           \
    WGI_BAD("rank", op##_3_2, WG_ERR_SHAPE, title ": needs rank 4: 3 (x)", 1,                      \
            WGI_IN_3(2, 5, 4, WGI_NORMAL)),                                                        \
        WGI_BAD("no window", op##_0, WG_ERR_ARGUMENT,                                              \
                title ": needs from 1 to 2^30 windows: 0 (axis w)", 1,                             \
                WGI_IN_4(1, 1, 5, 4, WGI_NORMAL)),                                                 \
        WGI_BAD("no element", op##_3_2, WG_ERR_SHAPE,                                              \
                title ": needs a size from 1 to 2^30: 0 (axis h)", 1,                              \
                WGI_IN_4(1, 1, 0, 4, WGI_NORMAL))

static const wgi_sample bad_adaptive_avg_pool2d[] = {BAD_2("adaptive_avg_pool2d", avg2)};
static const wgi_sample bad_adaptive_max_pool2d[] = {BAD_2("adaptive_max_pool2d", max2)};
static const wgi_sample bad_adaptive_avg_pool1d[] = {
    WGI_BAD("rank", avg1_3, WG_ERR_SHAPE, "adaptive_avg_pool1d: needs rank 3: 1 (x)", 1,
            WGI_IN_1(4, WGI_NORMAL)),
    WGI_BAD("negative", avg1_minus_1, WG_ERR_ARGUMENT,
            "adaptive_avg_pool1d: needs from 1 to 2^30 windows: -1 (axis w)", 1,
            WGI_IN_3(1, 4, 2, WGI_NORMAL)),
};
static const wgi_sample bad_global_avg_pool2d[] = {
    WGI_BAD("rank", avg_global, WG_ERR_SHAPE, "global_avg_pool2d: needs rank 4: 3 (x)", 1,
            WGI_IN_3(2, 3, 3, WGI_NORMAL)),
};
static const wgi_sample bad_global_max_pool2d[] = {
    WGI_BAD("rank", max_global, WG_ERR_SHAPE, "global_max_pool2d: needs rank 4: 3 (x)", 1,
            WGI_IN_3(2, 3, 3, WGI_NORMAL)),
    WGI_BAD("no element", max_global, WG_ERR_SHAPE,
            "global_max_pool2d: needs a size from 1 to 2^30: 0 (axis w)", 1,
            WGI_IN_4(1, 1, 3, 0, WGI_NORMAL)),
};

/* ---- rows --------------------------------------------------------------------------------- */

#define INTEGER(title)                                                                             \
    {                                                                                              \
        .name = (title), .kind = WGI_ATTR_INTEGER, .range = "[1, inf)"                             \
    }
#define CHANNELS_LAST                                                                              \
    {                                                                                              \
        .name = "channels_last", .kind = WGI_ATTR_FLAG, .is_optional = true                        \
    }

static const wgi_attribute attributes_2d[] = {INTEGER("height"), INTEGER("width"), CHANNELS_LAST};
static const wgi_attribute attributes_1d[] = {INTEGER("length"), CHANNELS_LAST};
static const wgi_attribute attributes_global[] = {CHANNELS_LAST};

#define ROW(title, list, ...)                                                                      \
    WGI_CALL(call_##title, wg_##title(wgi_call_in(c, 0), __VA_ARGS__))                             \
    const wgi_op wgi_op_##title = {                                                                \
        WGI_FORM_OF(#title, 1, 1, "x"),                                                            \
        .call = call_##title,                                                                      \
        WGI_ATTRIBUTES(list),                                                                      \
        WGI_SAMPLES(samples_##title, bad_##title),                                                 \
    };

ROW(adaptive_avg_pool2d, attributes_2d, wgi_call_integer(c, 0), wgi_call_integer(c, 1),
    wgi_call_flag(c, 2))
ROW(adaptive_max_pool2d, attributes_2d, wgi_call_integer(c, 0), wgi_call_integer(c, 1),
    wgi_call_flag(c, 2))
ROW(adaptive_avg_pool1d, attributes_1d, wgi_call_integer(c, 0), wgi_call_flag(c, 1))
ROW(global_avg_pool2d, attributes_global, wgi_call_flag(c, 0))
ROW(global_max_pool2d, attributes_global, wgi_call_flag(c, 0))
