/* Convolutions of few channels.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Channels last, a row of the kernel meets elements of an image that follow one another, the
 * channels of some pixels. An image with zeros around it so has no borders. Lanes are the filters,
 * or in the gradient of an image the elements under a row of the kernel.
 *
 * Invariant: zeros meet finite numbers only. Where a convolution's kernel, or the dy of a gradient,
 * is not finite, products are added one by one and those outside are left out.
 * An image is one thread's, and sums of a kernel's gradient are those of a fixed number of parts of
 * the batch: the bits do not depend on the threads. */
#include "backends/native/planar.h"

#include <string.h>

#include "backends/native/native.h"
#include "backends/native/planar_hot.h"
#include "backends/native/share.h"
#include "core/checked.h"
#include "core/context.h"
#include "core/dtype.h"
#include "ops/params.h"

/* Multiply-adds that are worth a thread: about 5 us. */
#define THREAD_WORTH 200000

/* Parts of a batch whose gradients of a kernel are added up on their own. */
#define PARTS 16

#define ALIGNMENT 64

typedef struct planar {
    const wgi_planar_loops *loops;
    wgi_convolution_pass pass;
    wgi_convolution_attr attr;
    size_t element;
    int64_t images;
    int64_t channels;
    int64_t filters;
    int64_t places[2];
    wgi_planar_rows rows; /* for the image's gradient */
    int64_t stride;       /* of rows of x with zeros around it */
    int64_t parts;
    int64_t part;       /* elements of a part's sums */
    size_t from_bytes;  /* of an image with zeros around it */
    size_t slot_bytes;  /* all that a thread has */
    size_t slots_begin; /* in the scratch, behind kernels or sums */
    int32_t threads;
} planar;

static wgi_convolution_pass pass_of(const wgi_op *op)
{
    return strcmp(op->name, "convolution") == 0        ? WGI_CONVOLUTION_FORWARD
           : strcmp(op->name, "convolution_data") == 0 ? WGI_CONVOLUTION_DATA
                                                       : WGI_CONVOLUTION_WEIGHTS;
}

/* What has the shape of the convolution's result. */
static const wgi_view *result_of(const wgi_problem *problem, wgi_convolution_pass pass)
{
    return pass == WGI_CONVOLUTION_FORWARD ? &problem->out[0]
                                           : &problem->in[pass == WGI_CONVOLUTION_WEIGHTS ? 1 : 0];
}

static const wgi_view *image_of(const wgi_problem *problem, wgi_convolution_pass pass)
{
    return pass == WGI_CONVOLUTION_DATA ? &problem->out[0] : &problem->in[0];
}

const char *wgi_native_planar_accepts(const wgi_problem *problem)
{
    const int32_t dtype = problem->in[0].dtype;
    const wgi_convolution_pass pass = pass_of(problem->op);
    const wgi_view *image = image_of(problem, pass);
    const wgi_view *result = result_of(problem, pass);
    if (dtype != WG_F32 && dtype != WG_F64) {
        return "the dtype is neither f32 nor f64";
    }
    return wgi_convolution_is_planar(problem->attr, pass, image->dims[3], result->dims[3])
               ? NULL
               : "not one of few channels over small images";
}

/* ---- preparing ------------------------------------------------------------------------------ */

static int64_t round_up(int64_t n, int64_t unit)
{
    return (n + unit - 1) / unit * unit;
}

static void lay_out_rows(planar *p)
{
    const wgi_convolution_attr *a = &p->attr;
    const int64_t width = round_up(a->kernel[1] * p->channels, p->loops->lanes);
    p->stride = (p->places[1] + a->kernel[1] - 1) * p->channels;
    p->rows = (wgi_planar_rows){.places = {p->places[0], p->places[1]},
                                .filters = p->filters,
                                .channels = p->channels,
                                .kernel_rows = a->kernel[0],
                                .width = width,
                                .stride = p->places[1] * p->channels + width};
}

/* Elements before the threads' planes: sums of all parts, or the packed kernel. */
static int64_t shared_elements(planar *p)
{
    const int64_t taps = p->attr.kernel[0] * p->attr.kernel[1] * p->channels;
    if (p->pass == WGI_CONVOLUTION_DATA) {
        return p->filters * p->attr.kernel[0] * p->rows.width;
    }
    p->parts = p->images < PARTS ? p->images : PARTS;
    p->part = taps * WGI_PLANAR_LANES;
    return p->pass == WGI_CONVOLUTION_WEIGHTS ? p->parts * p->part : p->part;
}

/* Elements of a thread's image with zeros around it, or of its sums of one. */
static int64_t slot_elements(const planar *p)
{
    const int64_t rows = p->places[0] + p->attr.kernel[0] - 1;
    return p->pass == WGI_CONVOLUTION_DATA ? rows * p->rows.stride
                                           : rows * p->stride + WGI_PLANAR_PIXELS * p->channels;
}

static bool lay_out_scratch(planar *p, size_t *bytes)
{
    const int64_t dy = p->pass == WGI_CONVOLUTION_WEIGHTS
                           ? p->places[0] * p->places[1] * p->filters + WGI_PLANAR_LANES
                           : 0;
    size_t slots;
    size_t dy_bytes;
    return wgi_size_align((size_t)shared_elements(p) * p->element, ALIGNMENT, &p->slots_begin) &&
           wgi_size_align((size_t)slot_elements(p) * p->element, ALIGNMENT, &p->from_bytes) &&
           wgi_size_align((size_t)dy * p->element, ALIGNMENT, &dy_bytes) &&
           wgi_size_add(p->from_bytes, dy_bytes, &p->slot_bytes) &&
           wgi_size_mul(p->slot_bytes, (size_t)p->threads, &slots) &&
           wgi_size_add(p->slots_begin, slots, bytes);
}

/* Threads that images, or parts of them, are enough for. */
static int32_t threads_of(const planar *p, const wgi_problem *problem)
{
    const double work = (double)p->images * (double)p->places[0] * (double)p->places[1] *
                        (double)p->channels * (double)p->filters *
                        (double)(p->attr.kernel[0] * p->attr.kernel[1]);
    const double worth = work / THREAD_WORTH;
    const int64_t most =
        p->pass == WGI_CONVOLUTION_WEIGHTS && p->images > PARTS ? PARTS : p->images;
    return wgi_threads_worth(problem, worth < (double)most ? (int64_t)worth : most);
}

wg_status wgi_native_planar_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    const wgi_native *native = problem->backend;
    const wgi_planar_hot *hot = WGI_HOT_PICK(wgi_planar_hot, native->isa);
    const wg_allocator *memory = &problem->ctx->memory;
    const wgi_convolution_pass pass = pass_of(problem->op);
    const wgi_view *image = image_of(problem, pass);
    const wgi_view *result = result_of(problem, pass);
    size_t bytes = 0;
    planar *p = wgi_alloc_zeroed(memory, 1, sizeof *p);
    if (p == NULL) {
        return WG_ERR_MEMORY;
    }
    p->loops = image->dtype == WG_F32 ? &hot->f32 : &hot->f64;
    p->pass = pass;
    p->attr = *(const wgi_convolution_attr *)problem->attr;
    p->element = wg_dtype_size((wg_dtype)image->dtype);
    p->images = image->dims[0];
    p->channels = image->dims[3];
    p->filters = result->dims[3];
    memcpy(p->places, &result->dims[1], sizeof p->places);
    p->threads = threads_of(p, problem);
    lay_out_rows(p);
    if (!lay_out_scratch(p, &bytes)) {
        wgi_release(memory, p, sizeof *p);
        return WG_ERR_UNSUPPORTED;
    }
    *out = (wgi_prepared){
        .state = p, .state_bytes = sizeof *p, .scratch_bytes = bytes, .threads = p->threads};
    return WG_OK;
}

void wgi_native_planar_destroy(wg_context *ctx, wgi_prepared *prepared)
{
    wgi_release(&ctx->memory, prepared->state, sizeof(planar));
}

/* ---- running -------------------------------------------------------------------------------- */

/* A run's context for the threads. */
typedef struct work {
    const planar *p;
    const char *from; /* images that are read */
    const char *dy;   /* likewise, for the kernel's gradient */
    const char *w;
    const void *bias;
    char *to;
    char *scratch;
    bool is_plain; /* product by product */
} work;

/* The first of thread t's items of n. */
static int64_t begin_of(int64_t n, int64_t t, int64_t of)
{
    return n / of * t + (n % of < t ? n % of : t);
}

static size_t image_bytes(const planar *p)
{
    return (size_t)(p->attr.input[0] * p->attr.input[1] * p->channels) * p->element;
}

static size_t result_bytes(const planar *p)
{
    return (size_t)(p->places[0] * p->places[1] * p->filters) * p->element;
}

/* Thread t's part of the scratch. */
static char *slot_of(const work *w, int64_t t)
{
    return w->scratch + w->p->slots_begin + (size_t)t * w->p->slot_bytes;
}

/* An image into zeros that are around it. */
static void surround(const planar *p, const char *image, char *slot)
{
    const size_t row = (size_t)(p->attr.input[1] * p->channels) * p->element;
    const size_t stride = (size_t)p->stride * p->element;
    char *to = slot + (size_t)p->attr.before[0] * stride +
               (size_t)(p->attr.before[1] * p->channels) * p->element;
    for (int64_t i = 0; i < p->attr.input[0]; i++) {
        memcpy(to + (size_t)i * stride, image + (size_t)i * row, row);
    }
}

static wgi_planar_plain plain_of(const work *w)
{
    const planar *p = w->p;
    wgi_planar_plain plain = {
        .w = w->w, .bias = w->bias, .channels = p->channels, .filters = p->filters};
    memcpy(plain.input, p->attr.input, sizeof plain.input);
    memcpy(plain.places, p->places, sizeof plain.places);
    memcpy(plain.kernel, p->attr.kernel, sizeof plain.kernel);
    memcpy(plain.before, p->attr.before, sizeof plain.before);
    return plain;
}

/* Images of thread t. */
static void convolve_of(const work *w, int64_t t)
{
    const planar *p = w->p;
    const int64_t end = begin_of(p->images, t + 1, p->threads);
    wgi_planar_plain plain = plain_of(w);
    char *slot = slot_of(w, t);
    wgi_planar_image image = {.x = slot,
                              .weights = w->scratch,
                              .bias = w->bias,
                              .places = {p->places[0], p->places[1]},
                              .filters = p->filters,
                              .channels = p->channels,
                              .kernel_rows = p->attr.kernel[0],
                              .taps = p->attr.kernel[1] * p->channels,
                              .stride = p->stride};
    memset(slot, 0, p->slot_bytes);
    for (int64_t i = begin_of(p->images, t, p->threads); i < end; i++) {
        plain.x = w->from + (size_t)i * image_bytes(p);
        image.y = w->to + (size_t)i * result_bytes(p);
        plain.out = image.y;
        if (w->is_plain) {
            p->loops->plain_forward(&plain);
            continue;
        }
        surround(p, plain.x, slot);
        p->loops->correlate(&image);
    }
}

static void convolve(const void *context, int64_t begin, int64_t end)
{
    for (int64_t t = begin; t < end; t++) {
        convolve_of(context, t);
    }
}

static wgi_planar_kernel kernel_of(const work *w)
{
    const planar *p = w->p;
    return (wgi_planar_kernel){.w = w->w,
                               .packed = w->scratch,
                               .filters = p->filters,
                               .channels = p->channels,
                               .kernel = {p->attr.kernel[0], p->attr.kernel[1]},
                               .width = p->rows.width};
}

wg_status wgi_native_convolution_planar_run(const wgi_prepared *prepared, const wgi_args *args)
{
    work w = {.p = prepared->state,
              .from = args->in[0].data,
              .w = args->in[1].data,
              .bias = args->n_in == 3 ? args->in[2].data : NULL,
              .to = args->out[0].data,
              .scratch = args->scratch};
    const planar *p = w.p;
    const wgi_planar_kernel kernel = kernel_of(&w);
    w.is_plain = !p->loops->is_finite(w.w, args->in[1].count);
    p->loops->pack(&kernel);
    wgi_share(p->threads, p->threads, convolve, &w);
    return WG_OK;
}

/* The elements of the image among the sums. */
static void take_image(const planar *p, const char *sums, char *to)
{
    const size_t row = (size_t)(p->attr.input[1] * p->channels) * p->element;
    const size_t stride = (size_t)p->rows.stride * p->element;
    const char *from = sums + (size_t)p->attr.before[0] * stride +
                       (size_t)(p->attr.before[1] * p->channels) * p->element;
    for (int64_t i = 0; i < p->attr.input[0]; i++) {
        memcpy(to + (size_t)i * row, from + (size_t)i * stride, row);
    }
}

/* Images of thread t. */
static void spread_back_of(const work *w, int64_t t)
{
    const planar *p = w->p;
    const int64_t end = begin_of(p->images, t + 1, p->threads);
    const int64_t n = p->places[0] * p->places[1] * p->filters;
    wgi_planar_plain plain = plain_of(w);
    wgi_planar_rows rows = p->rows;
    rows.weights = w->scratch;
    rows.sums = slot_of(w, t);
    for (int64_t i = begin_of(p->images, t, p->threads); i < end; i++) {
        plain.dy = w->from + (size_t)i * result_bytes(p);
        plain.out = w->to + (size_t)i * image_bytes(p);
        rows.dy = plain.dy;
        if (!p->loops->is_finite(plain.dy, n)) {
            p->loops->plain_data(&plain);
            continue;
        }
        p->loops->scatter(&rows);
        take_image(p, rows.sums, plain.out);
    }
}

static void spread_back(const void *context, int64_t begin, int64_t end)
{
    for (int64_t t = begin; t < end; t++) {
        spread_back_of(context, t);
    }
}

wg_status wgi_native_convolution_data_planar_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const work w = {.p = prepared->state,
                    .from = args->in[0].data,
                    .w = args->in[1].data,
                    .to = args->out[0].data,
                    .scratch = args->scratch};
    const planar *p = w.p;
    const wgi_planar_kernel kernel = kernel_of(&w);
    p->loops->pack_rows(&kernel);
    wgi_share(p->threads, p->threads, spread_back, &w);
    return WG_OK;
}

/* ---- the kernel's gradient ------------------------------------------------------------------ */

/* The last pixel of an image is read past its end: at the end of a batch the image is copied. */
static const char *take_dy(const work *w, int64_t i, char *slot)
{
    const planar *p = w->p;
    const char *dy = w->dy + (size_t)i * result_bytes(p);
    const size_t behind = (size_t)(p->images - 1 - i) * result_bytes(p);
    return behind >= WGI_PLANAR_LANES * p->element
               ? dy
               : memcpy(slot + p->from_bytes, dy, result_bytes(p));
}

static void run_part(const work *w, int64_t part, char *slot)
{
    const planar *p = w->p;
    char *sums = w->scratch + (size_t)(part * p->part) * p->element;
    wgi_planar_sums gather = {.x = slot,
                              .sums = sums,
                              .places = {p->places[0], p->places[1]},
                              .filters = p->filters,
                              .channels = p->channels,
                              .kernel_rows = p->attr.kernel[0],
                              .taps = p->attr.kernel[1] * p->channels,
                              .stride = p->stride};
    const int64_t end = begin_of(p->images, part + 1, p->parts);
    wgi_planar_plain plain = plain_of(w);
    plain.out = sums;
    memset(sums, 0, (size_t)p->part * p->element);
    for (int64_t i = begin_of(p->images, part, p->parts); i < end; i++) {
        plain.x = w->from + (size_t)i * image_bytes(p);
        plain.dy = gather.dy = take_dy(w, i, slot);
        if (!p->loops->is_finite(gather.dy, p->places[0] * p->places[1] * p->filters)) {
            p->loops->plain_weights(&plain);
            continue;
        }
        surround(p, plain.x, slot);
        p->loops->gather(&gather);
    }
}

static void run_parts(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const planar *p = w->p;
    for (int64_t t = begin; t < end; t++) {
        const int64_t last = begin_of(p->parts, t + 1, p->threads);
        char *slot = slot_of(w, t);
        memset(slot, 0, p->slot_bytes);
        for (int64_t part = begin_of(p->parts, t, p->threads); part < last; part++) {
            run_part(w, part, slot);
        }
    }
}

wg_status wgi_native_convolution_weights_planar_run(const wgi_prepared *prepared,
                                                    const wgi_args *args)
{
    const planar *p = prepared->state;
    const work w = {.p = p,
                    .from = args->in[0].data,
                    .dy = args->in[1].data,
                    .to = args->out[0].data,
                    .scratch = args->scratch};
    wgi_share(p->threads, p->threads, run_parts, &w);
    const wgi_planar_kernel kernel = kernel_of(&w);
    p->loops->add_up(w.scratch, p->parts, &kernel, w.to);
    return WG_OK;
}
