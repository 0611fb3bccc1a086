/* Linear maps of images, axis by axis: average_pool, upsample and their adjoints.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: result [i, j] is the sum of a_k b_l x[k, l] over the taps k of i and l of j, weights a
 * and b being those of pool.h; the adjoint sums a_k b_l dy[i, j] over the results of which [k, l]
 * is a tap. Elements are scaled before they are added up. */
#if defined(WGI_REAL_PASS)

/* The sum at x over the taps; -0 is what changes no element, and 0 the sum of nothing. */
static real K(total)(const real *x, const image *im, wgi_taps h, wgi_taps w)
{
    accum sum = h.n > 0 && w.n > 0 ? (accum)-0.0 : (accum)0;
    for (int64_t i = 0; i < h.n; i++) {
        const real *row = x + (h.first + i) * im->width * im->channels;
        accum along = (accum)-0.0;
        for (int64_t j = 0; j < w.n; j++) {
            along += (accum)weight_of(&w, j) * row[(w.first + j) * im->channels];
        }
        sum += (accum)weight_of(&h, i) * along;
    }
    return (real)sum;
}

static void K(forward)(const wgi_args *args, wgi_taps_of taps_of)
{
    const wgi_view *to = args->out;
    const image im = {args->in->dims[2], args->in->dims[3]};
    const int64_t from = args->in->dims[1] * im.width * im.channels;
    real *y = args->out->data;
    for (int64_t n = 0; n < to->dims[0]; n++) {
        const real *x = (const real *)args->in->data + n * from;
        for (int64_t k = 0; k < to->dims[1] * to->dims[2]; k++) {
            const wgi_taps h = taps_of(args->attr, 0, k / to->dims[2]);
            const wgi_taps w = taps_of(args->attr, 1, k % to->dims[2]);
            for (int64_t c = 0; c < im.channels; c++) {
                *y++ = K(total)(x + c, &im, h, w);
            }
        }
    }
}

/* The sum at dy over the results [h.first, h.first + h.n) and likewise w, by their weights for the
 * element at `place`. */
static real K(total_back)(const adjoint *a, const real *dy, const int64_t *place)
{
    accum sum = a->h.n > 0 && a->w.n > 0 ? (accum)-0.0 : (accum)0;
    for (int64_t i = a->h.first; i < a->h.first + a->h.n; i++) {
        accum along = (accum)-0.0;
        for (int64_t j = a->w.first; j < a->w.first + a->w.n; j++) {
            const double weight = weight_at(a, 1, j, place[1]);
            along += (accum)weight * dy[(i * a->im.width + j) * a->im.channels];
        }
        sum += (accum)weight_at(a, 0, i, place[0]) * along;
    }
    return (real)sum;
}

static void K(backward)(const wgi_args *args, wgi_taps_of taps_of)
{
    const wgi_view *from = args->in;
    const wgi_view *to = args->out;
    adjoint a = {.im = {from->dims[2], from->dims[3]}, .taps_of = taps_of, .attr = args->attr};
    const int64_t image_size = from->dims[1] * a.im.width * a.im.channels;
    real *dx = to->data;
    for (int64_t n = 0; n < to->dims[0]; n++) {
        const real *dy = (const real *)from->data + n * image_size;
        for (int64_t k = 0; k < to->dims[1] * to->dims[2]; k++) {
            const int64_t place[] = {k / to->dims[2], k % to->dims[2]};
            a.h = results_over(&a, 0, from->dims[1], place[0]);
            a.w = results_over(&a, 1, from->dims[2], place[1]);
            for (int64_t c = 0; c < a.im.channels; c++) {
                *dx++ = K(total_back)(&a, dy + c, place);
            }
        }
    }
}

static wg_status K(average_pool)(const wgi_args *args)
{
    K(forward)(args, wgi_average_taps);
    return WG_OK;
}

static wg_status K(average_pool_backward)(const wgi_args *args)
{
    K(backward)(args, wgi_average_taps);
    return WG_OK;
}

static wg_status K(upsample)(const wgi_args *args)
{
    K(forward)(args, wgi_upsample_taps);
    return WG_OK;
}

static wg_status K(upsample_backward)(const wgi_args *args)
{
    K(backward)(args, wgi_upsample_taps);
    return WG_OK;
}

#else

#include "ops/call.h"
#include "ops/pool.h"
#include "ops/samples.h"
#include "ops/support.h"

typedef struct image {
    int64_t width;
    int64_t channels;
} image;

/* What the adjoint sums for one element: results first to first + n - 1 along each axis. */
typedef struct adjoint {
    image im; /* of results */
    wgi_taps_of taps_of;
    const void *attr;
    wgi_window h;
    wgi_window w;
} adjoint;

static inline double weight_of(const wgi_taps *taps, int64_t i)
{
    return i == 0 ? taps->first_weight : taps->other_weight;
}

/* The weight of element `place` in result o, of which it is a tap. */
static double weight_at(const adjoint *a, int32_t axis, int64_t o, int64_t place)
{
    const wgi_taps taps = a->taps_of(a->attr, axis, o);
    return weight_of(&taps, place - taps.first);
}

/* The first of n results whose taps end after `place` or, with begins, begin after it. */
static int64_t first_after(const adjoint *a, int32_t axis, int64_t n, int64_t place, bool begins)
{
    int64_t low = 0;
    while (low < n) {
        const int64_t middle = low + (n - low) / 2;
        const wgi_taps taps = a->taps_of(a->attr, axis, middle);
        const int64_t edge = begins ? taps.first : taps.first + taps.n;
        if (edge > place) {
            n = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* The results, of n, of which `place` is a tap. */
static wgi_window results_over(const adjoint *a, int32_t axis, int64_t n, int64_t place)
{
    const int64_t first = first_after(a, axis, n, place, false);
    const int64_t end = first_after(a, axis, n, place, true);
    return (wgi_window){first, end > first ? end - first : 0, 1};
}

#define WGI_KERNEL_FILE "ops/resample.c"
#include "ops/for_each_real.h"

/* ---- shape rules -------------------------------------------------------------------------- */

/* From images of one size to another. */
static wg_status infer_sizes(wgi_infer *q, const int64_t *from, const int64_t *to)
{
    const wg_status status = wgi_check_image(q, 0, from);
    if (status != WG_OK) {
        return status;
    }
    const int64_t dims[] = {q->in->dims[0], to[0], to[1], q->in->dims[3]};
    return wgi_infer_shape(q, 0, q->in->dtype, 4, dims);
}

static wg_status infer_average(wgi_infer *q, bool is_back)
{
    const wgi_pool_attr *a = q->attr;
    const wg_status status = wgi_check_pool(q, a);
    if (status != WG_OK) {
        return status;
    }
    for (int32_t i = 0; i < 2; i++) {
        if (a->is_adaptive == 0 && a->dilation[i] != 1) {
            return wgi_infer_fail(q, WG_ERR_ARGUMENT, "dilation must be 1: %lld (axis %s)",
                                  (long long)a->dilation[i], wgi_axis_of_image(i));
        }
    }
    const int64_t windows[] = {wgi_pool_windows(a, 0), wgi_pool_windows(a, 1)};
    return is_back ? infer_sizes(q, windows, a->size) : infer_sizes(q, a->size, windows);
}

static wg_status infer_average_pool(wgi_infer *q)
{
    return infer_average(q, false);
}

static wg_status infer_average_pool_backward(wgi_infer *q)
{
    return infer_average(q, true);
}

static wg_status infer_resized(wgi_infer *q, bool is_back)
{
    const wgi_upsample_attr *a = q->attr;
    for (int32_t i = 0; i < 2; i++) {
        if (a->size[i] < 1 || a->size[i] > WGI_POOL_MOST) {
            return wgi_infer_fail(q, WG_ERR_SHAPE, "needs a size from 1 to 2^30: %lld (axis %s)",
                                  (long long)a->size[i], wgi_axis_of_image(i));
        }
        if (a->output[i] < 1 || a->output[i] > WGI_POOL_MOST) {
            return wgi_infer_fail(q, WG_ERR_ARGUMENT,
                                  "output_size must be from 1 to 2^30: %lld (axis %s)",
                                  (long long)a->output[i], wgi_axis_of_image(i));
        }
    }
    if (a->aligns_corners != 0 && a->is_linear == 0) {
        return wgi_infer_fail(q, WG_ERR_ARGUMENT, "align_corners is for linear interpolation");
    }
    return is_back ? infer_sizes(q, a->output, a->size) : infer_sizes(q, a->size, a->output);
}

static wg_status infer_upsample(wgi_infer *q)
{
    return infer_resized(q, false);
}

static wg_status infer_upsample_backward(wgi_infer *q)
{
    return infer_resized(q, true);
}

/* ---- gradients: each the other of its pair ------------------------------------------------ */

#define GRADIENT(op, other, type)                                                                  \
    static void gradient_##op(wgi_rule *rule)                                                      \
    {                                                                                              \
        const type attr = *(const type *)rule->attr;                                               \
        rule->dx[0] = wgi_record_unary(WGI_OP_##other, rule->dy[0], &attr);                        \
    }

GRADIENT(average_pool, average_pool_backward, wgi_pool_attr)
GRADIENT(average_pool_backward, average_pool, wgi_pool_attr)
GRADIENT(upsample, upsample_backward, wgi_upsample_attr)
GRADIENT(upsample_backward, upsample, wgi_upsample_attr)

/* ---- samples ------------------------------------------------------------------------------ */

/* 2 x 2 windows of 4 x 4; 3 x 3 that overlap, with padding that counts and that does not; 2 x 1
 * with gaps, out of the image; 3 x 2 windows of any size. */
static const wgi_pool_attr two = {2, {4, 4}, {2, 2}, {2, 2}, {0, 0}, {1, 1}, 0, 0, 1};
static const wgi_pool_attr three = {2, {4, 5}, {3, 3}, {1, 2}, {1, 1}, {1, 1}, 0, 1, 1};
static const wgi_pool_attr inside = {2, {4, 5}, {3, 3}, {1, 2}, {1, 1}, {1, 1}, 0, 1, 0};
static const wgi_pool_attr gaps = {2, {6, 5}, {2, 1}, {5, 2}, {0, 0}, {1, 1}, 0, 1, 1};
static const wgi_pool_attr parts = {2, {5, 4}, {3, 2}, {1, 1}, {0, 0}, {1, 1}, 1, 0, 0};
static const wgi_pool_attr dilated = {2, {4, 4}, {2, 2}, {2, 2}, {0, 0}, {1, 2}, 0, 0, 1};
static const wgi_pool_attr padded = {2, {4, 4}, {2, 3}, {2, 2}, {0, 2}, {1, 1}, 0, 0, 1};
static const wgi_upsample_attr nearest = {2, {2, 3}, {4, 5}, 0, 0};
static const wgi_upsample_attr fewer = {2, {4, 5}, {3, 2}, 0, 0};
static const wgi_upsample_attr linear = {2, {3, 2}, {6, 4}, 1, 0};
static const wgi_upsample_attr reduced = {2, {5, 7}, {3, 2}, 1, 0};
static const wgi_upsample_attr corners = {2, {3, 2}, {5, 1}, 1, 1};
static const wgi_upsample_attr nothing = {2, {3, 2}, {5, 0}, 1, 0};
static const wgi_upsample_attr misplaced = {2, {3, 2}, {5, 4}, 0, 1};

#define BUILD(op, attr) WGI_BUILD_UNTOLD(op##_##attr, wgi_record_unary(WGI_OP_##op, in[0], &attr))

#define BUILD_AVERAGES(op)                                                                         \
    BUILD(op, two)                                                                                 \
    BUILD(op, three)                                                                               \
    BUILD(op, inside) BUILD(op, gaps) BUILD(op, parts) BUILD(op, dilated) BUILD(op, padded)
#define BUILD_UPSAMPLES(op)                                                                        \
    BUILD(op, nearest)                                                                             \
    BUILD(op, fewer)                                                                               \
    BUILD(op, linear) BUILD(op, reduced) BUILD(op, corners) BUILD(op, nothing) BUILD(op, misplaced)

BUILD_AVERAGES(average_pool)
BUILD_AVERAGES(average_pool_backward)
BUILD_UPSAMPLES(upsample)
BUILD_UPSAMPLES(upsample_backward)

#define GOOD(title, function, n, h, w, c)                                                          \
    WGI_GOOD_UNTOLD(title, function, 1, WGI_IN_4(n, h, w, c, WGI_NORMAL))

#define BAD(title, function, status_, message, n, h, w, c)                                         \
    {                                                                                              \
        .name = (title), .n_in = 1, .in = {WGI_IN_4(n, h, w, c, WGI_NORMAL)}, .build = function,   \
        .status = (status_), .error = (message)                                                    \
    }

static const wgi_sample samples_average_pool[] = {
    GOOD("2 x 2", average_pool_two, 2, 4, 4, 3),
    GOOD("overlapping", average_pool_three, 2, 4, 5, 9),
    GOOD("padding does not count", average_pool_inside, 1, 4, 5, 2),
    GOOD("gaps", average_pool_gaps, 1, 6, 5, 5),
    GOOD("adaptive", average_pool_parts, 2, 5, 4, 1),
    GOOD("many channels", average_pool_two, 1, 4, 4, 21),
    GOOD("no image", average_pool_two, 0, 4, 4, 3),
    GOOD("no channel", average_pool_two, 2, 4, 4, 0),
};

static const wgi_sample samples_average_pool_backward[] = {
    GOOD("2 x 2", average_pool_backward_two, 2, 2, 2, 3),
    GOOD("overlapping", average_pool_backward_three, 2, 4, 3, 9),
    GOOD("padding does not count", average_pool_backward_inside, 1, 4, 3, 2),
    GOOD("gaps", average_pool_backward_gaps, 1, 2, 3, 5),
    GOOD("adaptive", average_pool_backward_parts, 2, 3, 2, 1),
    GOOD("many channels", average_pool_backward_two, 1, 2, 2, 21),
    GOOD("no image", average_pool_backward_two, 0, 2, 2, 3),
    GOOD("no channel", average_pool_backward_two, 2, 2, 2, 0),
};

static const wgi_sample bad_average_pool[] = {
    BAD("dilation", average_pool_dilated, WG_ERR_ARGUMENT,
        "average_pool: dilation must be 1: 2 (axis w)", 1, 4, 4, 1),
    BAD("padding", average_pool_padded, WG_ERR_ARGUMENT,
        "average_pool: padding 2 is above half of kernel_size 3 (axis w)", 1, 4, 4, 1),
    BAD("size", average_pool_two, WG_ERR_SHAPE, "average_pool: needs size 4: 5 (x, axis 1)", 1, 5,
        4, 1),
};

static const wgi_sample bad_average_pool_backward[] = {
    BAD("dilation", average_pool_backward_dilated, WG_ERR_ARGUMENT,
        "average_pool_backward: dilation must be 1: 2 (axis w)", 1, 2, 2, 1),
    BAD("padding", average_pool_backward_padded, WG_ERR_ARGUMENT,
        "average_pool_backward: padding 2 is above half of kernel_size 3 (axis w)", 1, 2, 2, 1),
    BAD("size", average_pool_backward_two, WG_ERR_SHAPE,
        "average_pool_backward: needs size 2: 5 (dy, axis 1)", 1, 5, 2, 1),
};

static const wgi_sample samples_upsample[] = {
    GOOD("nearest", upsample_nearest, 2, 2, 3, 2),
    GOOD("fewer", upsample_fewer, 1, 4, 5, 5),
    GOOD("linear", upsample_linear, 2, 3, 2, 3),
    GOOD("linear, fewer", upsample_reduced, 1, 5, 7, 9),
    GOOD("corners", upsample_corners, 1, 3, 2, 1),
    GOOD("many channels", upsample_linear, 1, 3, 2, 21),
    GOOD("no image", upsample_linear, 0, 3, 2, 3),
    GOOD("no channel", upsample_nearest, 2, 2, 3, 0),
};

static const wgi_sample samples_upsample_backward[] = {
    GOOD("nearest", upsample_backward_nearest, 2, 4, 5, 2),
    GOOD("fewer", upsample_backward_fewer, 1, 3, 2, 5),
    GOOD("linear", upsample_backward_linear, 2, 6, 4, 3),
    GOOD("linear, fewer", upsample_backward_reduced, 1, 3, 2, 9),
    GOOD("corners", upsample_backward_corners, 1, 5, 1, 1),
    GOOD("many channels", upsample_backward_linear, 1, 6, 4, 21),
    GOOD("no image", upsample_backward_linear, 0, 6, 4, 3),
    GOOD("no channel", upsample_backward_nearest, 2, 4, 5, 0),
};

static const wgi_sample bad_upsample[] = {
    BAD("output 0", upsample_nothing, WG_ERR_ARGUMENT,
        "upsample: output_size must be from 1 to 2^30: 0 (axis w)", 1, 3, 2, 1),
    BAD("corners", upsample_misplaced, WG_ERR_ARGUMENT,
        "upsample: align_corners is for linear interpolation", 1, 3, 2, 1),
    BAD("size", upsample_linear, WG_ERR_SHAPE, "upsample: needs size 2: 4 (x, axis 2)", 1, 3, 4, 1),
};

static const wgi_sample bad_upsample_backward[] = {
    BAD("output 0", upsample_backward_nothing, WG_ERR_ARGUMENT,
        "upsample_backward: output_size must be from 1 to 2^30: 0 (axis w)", 1, 5, 2, 1),
    BAD("corners", upsample_backward_misplaced, WG_ERR_ARGUMENT,
        "upsample_backward: align_corners is for linear interpolation", 1, 5, 4, 1),
    BAD("size", upsample_backward_linear, WG_ERR_SHAPE,
        "upsample_backward: needs size 4: 2 (dy, axis 2)", 1, 6, 2, 1),
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute attributes_upsample[] = {
    {.name = "size", .kind = WGI_ATTR_DIMS, .place = WGI_AT_I64_LIST(wgi_upsample_attr, n, size)},
    {.name = "output_size",
     .kind = WGI_ATTR_DIMS,
     .place = WGI_AT_I64_LIST(wgi_upsample_attr, n, output)},
    {.name = "linear",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .place = WGI_AT_I64(wgi_upsample_attr, is_linear)},
    {.name = "align_corners",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .place = WGI_AT_I64(wgi_upsample_attr, aligns_corners)},
};

static wg_node call_resized(const wgi_call *c, uint16_t op)
{
    wgi_upsample_attr attr = {
        .n = 2, .is_linear = wgi_call_integer(c, 2), .aligns_corners = wgi_call_integer(c, 3)};
    const wgi_draft draft = {
        .op = op, .n_in = c->n_in, .in = c->in, .graph = c->graph, .attr = &attr};
    wg_node failed;
    const bool is_whole = wgi_call_numbers(c, 0, 2, attr.size, &failed) &&
                          wgi_call_numbers(c, 1, 2, attr.output, &failed);
    return is_whole ? wgi_record(&draft) : failed;
}

#define ROW(title, operand, calls, type, list, n)                                                  \
    WGI_CALL(call_##title, calls(c, WGI_OP_##title))                                               \
    const wgi_op wgi_op_##title = {                                                                \
        .name = #title,                                                                            \
        .min_in = 1,                                                                               \
        .max_in = 1,                                                                               \
        .n_out = 1,                                                                                \
        .attr_bytes = sizeof(type),                                                                \
        .operands = {operand},                                                                     \
        .infer = infer_##title,                                                                    \
        .gradient = gradient_##title,                                                              \
        .reference = {WGI_REALS(title)},                                                           \
        .call = call_##title,                                                                      \
        .attributes = (list),                                                                      \
        .n_attributes = (n),                                                                       \
        WGI_SAMPLES(samples_##title, bad_##title),                                                 \
    };

#define AVERAGE(title, operand)                                                                    \
    ROW(title, operand, wgi_pool_call, wgi_pool_attr, wgi_pool_attributes, WGI_N_POOL_ATTRIBUTES)
#define UPSAMPLE(title, operand)                                                                   \
    ROW(title, operand, call_resized, wgi_upsample_attr, attributes_upsample,                      \
        WGI_COUNT(attributes_upsample))

AVERAGE(average_pool, "x")
AVERAGE(average_pool_backward, "dy")
UPSAMPLE(upsample, "x")
UPSAMPLE(upsample_backward, "dy")

#endif
