/* max_pool, its gradient, what the gradient of that picks, and the places of the maxima.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: all four find the same winner of a window, the first of the greatest elements in
 * row-major order or the first NaN, from x alone: nothing is kept for the gradient. Given the
 * winners, backward and pick are linear and adjoint to each other. */
#if defined(WGI_REAL_PASS)

/* What a pass over the windows reads and writes; NULL: it does not. */
typedef struct K(pass) {
    const real *x;
    const real *from; /* of x's shape: what is picked */
    real *y;          /* gets what is picked */
    real nothing;     /* of an empty window */
    const real *dy;
    real *dx; /* gets dy at the winners */
    int64_t *places;
} K(pass);

/* The winner's place in its image, x leading to a channel of that; -1: an empty window. */
static int64_t K(winner)(const real *x, const image *im, wgi_window h, wgi_window w)
{
    int64_t best = -1;
    for (int64_t i = 0; i < h.n; i++) {
        for (int64_t j = 0; j < w.n; j++) {
            const int64_t at = (h.first + i * h.step) * im->width + w.first + j * w.step;
            const real v = x[at * im->channels];
            const real top = best < 0 ? v : x[best * im->channels];
            if (best < 0 || (top == top && !(v <= top))) {
                best = at;
            }
        }
    }
    return best;
}

/* One window of the image that starts at `base`; o is its place among the results. */
static void K(at_window)(const K(pass) * p, const image *im, int64_t base, const window *win,
                         int64_t o)
{
    for (int64_t c = 0; c < im->channels; c++, o++) {
        const int64_t best = K(winner)(p->x + base + c, im, win->h, win->w);
        const int64_t at = base + best * im->channels + c;
        if (p->y != NULL) {
            p->y[o] = best < 0 ? p->nothing : p->from[at];
        }
        if (p->dx != NULL && best >= 0) {
            p->dx[at] += p->dy[o];
        }
        if (p->places != NULL) {
            p->places[o] = best;
        }
    }
}

static void K(over_windows)(const wgi_args *args, const wgi_view *x, const K(pass) * p)
{
    const wgi_pool_attr *attr = args->attr;
    const image im = {attr->size[1], x->dims[3]};
    const int64_t height = wgi_pool_windows(attr, 0);
    const int64_t width = wgi_pool_windows(attr, 1);
    int64_t o = 0;
    for (int64_t i = 0; i < x->dims[0]; i++) {
        const int64_t base = i * attr->size[0] * attr->size[1] * im.channels;
        for (int64_t k = 0; k < height * width; k++) {
            const window win = {wgi_window_of(attr, 0, k / width),
                                wgi_window_of(attr, 1, k % width)};
            K(at_window)(p, &im, base, &win, o);
            o += im.channels;
        }
    }
}

static wg_status K(max_pool)(const wgi_args *args)
{
    const K(pass) p = {.x = args->in[0].data,
                       .from = args->in[0].data,
                       .y = args->out->data,
                       .nothing = (real)-INFINITY};
    K(over_windows)(args, &args->in[0], &p);
    return WG_OK;
}

static wg_status K(max_pool_backward)(const wgi_args *args)
{
    const K(pass) p = {.x = args->in[1].data, .dy = args->in[0].data, .dx = args->out->data};
    for (int64_t i = 0; i < args->out->count; i++) {
        p.dx[i] = 0;
    }
    K(over_windows)(args, &args->in[1], &p);
    return WG_OK;
}

static wg_status K(max_pool_pick)(const wgi_args *args)
{
    const K(pass) p = {.x = args->in[1].data, .from = args->in[0].data, .y = args->out->data};
    K(over_windows)(args, &args->in[1], &p);
    return WG_OK;
}

static wg_status K(max_pool_indices)(const wgi_args *args)
{
    const K(pass) p = {.x = args->in[0].data, .places = args->out->data};
    K(over_windows)(args, &args->in[0], &p);
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

typedef struct window {
    wgi_window h;
    wgi_window w;
} window;

#define WGI_KERNEL_FILE "ops/max_pool.c"
#include "ops/for_each_real.h"

/* ---- shape rules -------------------------------------------------------------------------- */

/* The results' shape, for images of operand i. */
static wg_status infer_windows(wgi_infer *q, int32_t i, int dtype)
{
    const wgi_pool_attr *attr = q->attr;
    wg_status status = wgi_check_pool(q, attr);
    status = status == WG_OK ? wgi_check_image(q, i, attr->size) : status;
    if (status != WG_OK) {
        return status;
    }
    const int64_t dims[] = {q->in[i].dims[0], wgi_pool_windows(attr, 0), wgi_pool_windows(attr, 1),
                            q->in[i].dims[3]};
    return wgi_infer_shape(q, 0, dtype, 4, dims);
}

static wg_status infer_max_pool(wgi_infer *q)
{
    return infer_windows(q, 0, q->in[0].dtype);
}

static wg_status infer_indices(wgi_infer *q)
{
    return infer_windows(q, 0, WG_I64);
}

/* Operand 0 has as many images and channels as x, operand 1. */
static wg_status check_pair(wgi_infer *q, const int64_t *size)
{
    wg_status status = wgi_check_image(q, 0, size);
    status = status == WG_OK ? wgi_check_same_dtype(q, 0, 1) : status;
    for (int32_t i = 0; i < 4 && status == WG_OK; i += 3) {
        if (q->in[0].dims[i] != q->in[1].dims[i]) {
            status = wgi_infer_fail(q, WG_ERR_SHAPE, "sizes differ: %lld (%s, axis %d) vs %lld (x)",
                                    (long long)q->in[0].dims[i], q->op->operands[0], (int)i,
                                    (long long)q->in[1].dims[i]);
        }
    }
    return status;
}

static wg_status infer_backward(wgi_infer *q)
{
    const wgi_pool_attr *attr = q->attr;
    wg_status status = infer_windows(q, 1, q->in[1].dtype);
    if (status != WG_OK) {
        return status;
    }
    const int64_t size[] = {wgi_pool_windows(attr, 0), wgi_pool_windows(attr, 1)};
    status = check_pair(q, size);
    return status == WG_OK ? wgi_infer_like(q, 0, 1) : status;
}

static wg_status infer_pick(wgi_infer *q)
{
    const wgi_pool_attr *attr = q->attr;
    const wg_status status = infer_windows(q, 1, q->in[1].dtype);
    return status == WG_OK ? check_pair(q, attr->size) : status;
}

/* ---- gradients ---------------------------------------------------------------------------- */

static void gradient_max_pool(wgi_rule *rule)
{
    const wgi_pool_attr attr = *(const wgi_pool_attr *)rule->attr;
    rule->dx[0] = wgi_record_binary(WGI_OP_max_pool_backward, rule->dy[0], rule->x[0], &attr);
}

static void gradient_backward(wgi_rule *rule)
{
    const wgi_pool_attr attr = *(const wgi_pool_attr *)rule->attr;
    if (rule->wants[0]) {
        rule->dx[0] = wgi_record_binary(WGI_OP_max_pool_pick, rule->dy[0], rule->x[1], &attr);
    }
}

static void gradient_pick(wgi_rule *rule)
{
    const wgi_pool_attr attr = *(const wgi_pool_attr *)rule->attr;
    if (rule->wants[0]) {
        rule->dx[0] = wgi_record_binary(WGI_OP_max_pool_backward, rule->dy[0], rule->x[1], &attr);
    }
}

/* ---- samples ------------------------------------------------------------------------------ */

/* 2 x 2 windows of 4 x 4, one after the other; 3 x 3 that overlap, with padding; 2 x 3 with gaps in
 * and between them; 2 x 2 of 5 x 3 that reach out of it; 3 x 2 windows of any size. */
static const wgi_pool_attr two = {2, {4, 4}, {2, 2}, {2, 2}, {0, 0}, {1, 1}, 0, 0, 0};
static const wgi_pool_attr three = {2, {4, 5}, {3, 3}, {1, 2}, {1, 1}, {1, 1}, 0, 0, 0};
static const wgi_pool_attr gaps = {2, {6, 7}, {2, 3}, {4, 1}, {0, 1}, {2, 3}, 0, 0, 0};
static const wgi_pool_attr beyond = {2, {5, 3}, {2, 2}, {2, 2}, {0, 0}, {1, 1}, 0, 1, 0};
static const wgi_pool_attr parts = {2, {5, 4}, {3, 2}, {1, 1}, {0, 0}, {1, 1}, 1, 0, 0};
static const wgi_pool_attr outside = {2, {2, 2}, {2, 1}, {1, 1}, {1, 0}, {3, 1}, 0, 0, 0};
static const wgi_pool_attr no_kernel = {2, {4, 4}, {2, 0}, {2, 2}, {0, 0}, {1, 1}, 0, 0, 0};
static const wgi_pool_attr large = {2, {4, 4}, {5, 1}, {1, 1}, {0, 0}, {1, 1}, 0, 0, 0};

#define BUILD(name, attr)                                                                          \
    WGI_BUILD_UNTOLD(max_##name, wgi_record_unary(WGI_OP_max_pool, in[0], attr))                   \
    WGI_BUILD_UNTOLD(places_##name, wgi_record_unary(WGI_OP_max_pool_indices, in[0], attr))        \
    WGI_BUILD_UNTOLD(back_##name, wgi_record_binary(WGI_OP_max_pool_backward, in[0], in[1], attr)) \
    WGI_BUILD_UNTOLD(pick_##name, wgi_record_binary(WGI_OP_max_pool_pick, in[0], in[1], attr))

BUILD(two, &two)
BUILD(three, &three)
BUILD(gaps, &gaps)
BUILD(beyond, &beyond)
BUILD(parts, &parts)
BUILD(outside, &outside)
BUILD(no_kernel, &no_kernel)
BUILD(large, &large)

#define GOOD_1(op)                                                                                 \
    WGI_GOOD_UNTOLD("2 x 2", op##_two, 1, WGI_IN_4(2, 4, 4, 3, WGI_NORMAL)),                       \
        WGI_GOOD_UNTOLD("overlapping", op##_three, 1, WGI_IN_4(2, 4, 5, 2, WGI_NORMAL)),           \
        WGI_GOOD_UNTOLD("gaps", op##_gaps, 1, WGI_IN_4(1, 6, 7, 2, WGI_NORMAL)),                   \
        WGI_GOOD_UNTOLD("ceil", op##_beyond, 1, WGI_IN_4(1, 5, 3, 5, WGI_NORMAL)),                 \
        WGI_GOOD_UNTOLD("adaptive", op##_parts, 1, WGI_IN_4(1, 5, 4, 1, WGI_NORMAL)),              \
        WGI_GOOD_UNTOLD("many channels", op##_two, 1, WGI_IN_4(1, 4, 4, 21, WGI_NORMAL)),          \
        WGI_GOOD_UNTOLD("no image", op##_two, 1, WGI_IN_4(0, 4, 4, 2, WGI_NORMAL)),                \
        WGI_GOOD_UNTOLD("no channel", op##_two, 1, WGI_IN_4(2, 4, 4, 0, WGI_NORMAL)),              \
    {                                                                                              \
        .name = "ties", .n_in = 1, .in = {WGI_IN_4(1, 4, 5, 2, WGI_ZEROS)}, .build = op##_three,   \
        .is_non_smooth = true                                                                      \
    }

#define BAD(title, function, status_, message, n, ...)                                             \
    {                                                                                              \
        .name = (title), .n_in = (n), .in = {__VA_ARGS__}, .build = function, .status = (status_), \
        .error = (message)                                                                         \
    }

#define BAD_1(title, op)                                                                           \
    BAD("rank", op##_two, WG_ERR_SHAPE, title ": needs rank 4: 3 (x)", 1,                          \
        WGI_IN_3(4, 4, 1, WGI_NORMAL)),                                                            \
        BAD("size", op##_two, WG_ERR_SHAPE, title ": needs size 4: 3 (x, axis 2)", 1,              \
            WGI_IN_4(1, 4, 3, 1, WGI_NORMAL)),                                                     \
        BAD("kernel 0", op##_no_kernel, WG_ERR_ARGUMENT,                                           \
            title ": kernel_size must be >= 1: 0 (axis w)", 1, WGI_IN_4(1, 4, 4, 1, WGI_NORMAL)),  \
        BAD("kernel 5", op##_large, WG_ERR_SHAPE,                                                  \
            title ": kernel_size 5 with dilation 1 is above the padded size 4 (axis h)", 1,        \
            WGI_IN_4(1, 4, 4, 1, WGI_NORMAL)),                                                     \
        BAD("integers", op##_two, WG_ERR_DTYPE, title ": needs a floating dtype: i64 (x)", 1,      \
            {.rank = 4, .dims = {1, 4, 4, 1}, .fill = WGI_INDEX, .dtype = WG_I64, .limit = 9})

static const wgi_sample samples_max_pool[] = {
    GOOD_1(max),
    WGI_GOOD_UNTOLD("a window outside", max_outside, 1, WGI_IN_4(1, 2, 2, 2, WGI_NORMAL)),
};
static const wgi_sample bad_max_pool[] = {BAD_1("max_pool", max)};
static const wgi_sample samples_max_pool_indices[] = {
    GOOD_1(places),
    WGI_GOOD_UNTOLD("a window outside", places_outside, 1, WGI_IN_4(1, 2, 2, 2, WGI_NORMAL)),
};
static const wgi_sample bad_max_pool_indices[] = {BAD_1("max_pool_indices", places)};

static const wgi_sample samples_max_pool_backward[] = {
    WGI_GOOD_UNTOLD("2 x 2", back_two, 2, WGI_IN_4(2, 2, 2, 3, WGI_NORMAL),
                    WGI_IN_4(2, 4, 4, 3, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("overlapping", back_three, 2, WGI_IN_4(1, 4, 3, 9, WGI_NORMAL),
                    WGI_IN_4(1, 4, 5, 9, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("gaps", back_gaps, 2, WGI_IN_4(1, 1, 3, 2, WGI_NORMAL),
                    WGI_IN_4(1, 6, 7, 2, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("ceil", back_beyond, 2, WGI_IN_4(1, 3, 2, 5, WGI_NORMAL),
                    WGI_IN_4(1, 5, 3, 5, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("adaptive", back_parts, 2, WGI_IN_4(1, 3, 2, 1, WGI_NORMAL),
                    WGI_IN_4(1, 5, 4, 1, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("a window outside", back_outside, 2, WGI_IN_4(1, 1, 2, 2, WGI_NORMAL),
                    WGI_IN_4(1, 2, 2, 2, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("many channels", back_two, 2, WGI_IN_4(1, 2, 2, 21, WGI_NORMAL),
                    WGI_IN_4(1, 4, 4, 21, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("no image", back_two, 2, WGI_IN_4(0, 2, 2, 2, WGI_NORMAL),
                    WGI_IN_4(0, 4, 4, 2, WGI_NORMAL)),
    {.name = "ties",
     .n_in = 2,
     .in = {WGI_IN_4(1, 4, 3, 1, WGI_NORMAL), WGI_IN_4(1, 4, 5, 1, WGI_ZEROS)},
     .build = back_three,
     .is_non_smooth = true},
};

static const wgi_sample samples_max_pool_pick[] = {
    WGI_GOOD_UNTOLD("2 x 2", pick_two, 2, WGI_IN_4(2, 4, 4, 3, WGI_NORMAL),
                    WGI_IN_4(2, 4, 4, 3, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("overlapping", pick_three, 2, WGI_IN_4(1, 4, 5, 9, WGI_NORMAL),
                    WGI_IN_4(1, 4, 5, 9, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("gaps", pick_gaps, 2, WGI_IN_4(1, 6, 7, 2, WGI_NORMAL),
                    WGI_IN_4(1, 6, 7, 2, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("ceil", pick_beyond, 2, WGI_IN_4(1, 5, 3, 5, WGI_NORMAL),
                    WGI_IN_4(1, 5, 3, 5, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("adaptive", pick_parts, 2, WGI_IN_4(1, 5, 4, 1, WGI_NORMAL),
                    WGI_IN_4(1, 5, 4, 1, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("a window outside", pick_outside, 2, WGI_IN_4(1, 2, 2, 2, WGI_NORMAL),
                    WGI_IN_4(1, 2, 2, 2, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("many channels", pick_two, 2, WGI_IN_4(1, 4, 4, 21, WGI_NORMAL),
                    WGI_IN_4(1, 4, 4, 21, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("no channel", pick_two, 2, WGI_IN_4(1, 4, 4, 0, WGI_NORMAL),
                    WGI_IN_4(1, 4, 4, 0, WGI_NORMAL)),
    {.name = "ties",
     .n_in = 2,
     .in = {WGI_IN_4(1, 4, 5, 1, WGI_NORMAL), WGI_IN_4(1, 4, 5, 1, WGI_ZEROS)},
     .build = pick_three,
     .is_non_smooth = true},
};

#define BAD_2(title, op, name, h, w)                                                               \
    BAD("rank", op##_two, WG_ERR_SHAPE, title ": needs rank 4: 2 (" name ")", 2,                   \
        WGI_IN_2(2, 2, WGI_NORMAL), WGI_IN_4(1, 4, 4, 1, WGI_NORMAL)),                             \
        BAD("images", op##_two, WG_ERR_SHAPE,                                                      \
            title ": sizes differ: 3 (" name ", axis 0) vs 1 (x)", 2,                              \
            WGI_IN_4(3, h, w, 1, WGI_NORMAL), WGI_IN_4(1, 4, 4, 1, WGI_NORMAL)),                   \
        BAD("size", op##_two, WG_ERR_SHAPE, title ": needs size " #h ": 7 (" name ", axis 1)", 2,  \
            WGI_IN_4(1, 7, w, 1, WGI_NORMAL), WGI_IN_4(1, 4, 4, 1, WGI_NORMAL)),                   \
        BAD("kernel 0", op##_no_kernel, WG_ERR_ARGUMENT,                                           \
            title ": kernel_size must be >= 1: 0 (axis w)", 2, WGI_IN_4(1, h, w, 1, WGI_NORMAL),   \
            WGI_IN_4(1, 4, 4, 1, WGI_NORMAL)),                                                     \
        BAD("kernel 5", op##_large, WG_ERR_SHAPE,                                                  \
            title ": kernel_size 5 with dilation 1 is above the padded size 4 (axis h)", 2,        \
            WGI_IN_4(1, h, w, 1, WGI_NORMAL), WGI_IN_4(1, 4, 4, 1, WGI_NORMAL))

static const wgi_sample bad_max_pool_backward[] = {
    BAD_2("max_pool_backward", back, "dy", 2, 2),
};
static const wgi_sample bad_max_pool_pick[] = {
    BAD_2("max_pool_pick", pick, "g", 4, 4),
};

/* ---- rows --------------------------------------------------------------------------------- */

#define ROW(title, n, infers, traits_, ...)                                                        \
    WGI_CALL(call_##title, wgi_pool_call(c, WGI_OP_##title))                                       \
    const wgi_op wgi_op_##title = {                                                                \
        .name = #title,                                                                            \
        .traits = WGI_KINKED | (traits_),                                                          \
        .min_in = (n),                                                                             \
        .max_in = (n),                                                                             \
        .n_out = 1,                                                                                \
        .attr_bytes = sizeof(wgi_pool_attr),                                                       \
        .infer = infers,                                                                           \
        .reference = {WGI_REALS(title)},                                                           \
        .call = call_##title,                                                                      \
        .attributes = wgi_pool_attributes,                                                         \
        .n_attributes = WGI_N_POOL_ATTRIBUTES,                                                     \
        WGI_SAMPLES(samples_##title, bad_##title),                                                 \
        __VA_ARGS__,                                                                               \
    };

ROW(max_pool, 1, infer_max_pool, 0, .operands = {"x"}, .gradient = gradient_max_pool)
ROW(max_pool_backward, 2, infer_backward, 0, .operands = {"dy", "x"}, .dispatch = 1,
    .gradient = gradient_backward)
ROW(max_pool_pick, 2, infer_pick, 0, .operands = {"g", "x"}, .dispatch = 1,
    .gradient = gradient_pick)
ROW(max_pool_indices, 1, infer_indices, WGI_STOP, .operands = {"x"})

#endif
