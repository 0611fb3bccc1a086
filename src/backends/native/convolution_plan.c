/* What convolutions decide before they run: classes of places, panels of filters, blocks.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: nothing that the bits depend on, blocks and parts, is a function of the threads. */
#include "backends/native/convolution_plan.h"

#include <string.h>

#include "backends/native/convolution.h"
#include "backends/native/native.h"
#include "backends/native/share.h"
#include "core/checked.h"
#include "core/context.h"
#include "core/dtype.h"

/* Products summed at most, where a kernel's row allows, before the sum is put by: keeps the
 * rounding error near that of a short sum, and a block of a panel in the nearest cache. */
#define MAX_BLOCK 256

/* Places of a chunk at least, which read a block of a panel one after another. */
#define CHUNK_PLACES 512
#define CHUNK_ROWS 16

/* Multiply-adds that are worth a thread, as in the matmul. */
#define THREAD_WORTH 250000.0

/* Into how many independent sums the gradient of a kernel is divided at least, batch allowing, and
 * the multiply-adds from which on a part is worth its own sums. */
#define PARTS 16
#define PART_WORTH 65536.0

/* Channels from which on a tile is full of those of one tap. */
#define TILE_CHANNELS 16

#define MAX_NUMBER INT32_MAX

/* Each remainder of a stride is a class of places, with a few words of memory. */
#define MAX_STRIDE 4096

/* ---- arithmetic ----------------------------------------------------------------------------- */

int64_t wgi_quotient_up(int64_t a, int64_t b)
{
    return a / b + (a % b > 0);
}

int64_t wgi_quotient_down(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t clamp(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

wgi_range wgi_inside(int64_t first, int64_t gap, int64_t n, int64_t size)
{
    const int64_t begin = clamp(wgi_quotient_up(-first, gap), 0, n);
    const int64_t end = wgi_quotient_down(size - 1 - first, gap) + 1;
    return (wgi_range){begin, clamp(end, begin, n)};
}

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* ---- accepting ------------------------------------------------------------------------------ */

static const char *check_view(const wgi_view *x)
{
    if (x->dtype != WG_F32 && x->dtype != WG_F64) {
        return "the dtype is neither f32 nor f64";
    }
    return x->count == 0 ? "a size is 0" : NULL;
}

const char *wgi_native_convolution_accepts(const wgi_problem *problem)
{
    const wgi_convolution_attr *a = problem->attr;
    const char *reason = check_view(&problem->out[0]);
    for (int32_t i = 0; i < problem->n_in && reason == NULL; i++) {
        reason = check_view(&problem->in[i]);
    }
    for (int i = 0; i < 2 && reason == NULL; i++) {
        if (a->stride[i] > MAX_STRIDE) {
            reason = "a stride is above 4096";
        } else if (a->dilation[i] > MAX_NUMBER || a->before[i] > MAX_NUMBER) {
            reason = "a number is above 2^31 - 1";
        }
    }
    return reason;
}

/* ---- axes ----------------------------------------------------------------------------------- */

static void find_full(const wgi_tap_axis *axis, wgi_tap_class *c)
{
    c->full = (wgi_range){0, c->places};
    if (c->n > 0) {
        const int64_t last = c->first + (c->n - 1) * c->gap;
        c->full.begin = wgi_inside(c->first, axis->x_step, c->places, axis->size).begin;
        c->full.end = wgi_inside(last, axis->x_step, c->places, axis->size).end;
        c->full.end = wgi_most(c->full.end, c->full.begin);
    }
}

/* Places of a convolved image. */
static void lay_out_places(wgi_tap_axis *axis, const wgi_convolution_attr *a, int i, int64_t places)
{
    axis->size = a->input[i];
    axis->x_step = a->stride[i];
    axis->y_step = 1;
    for (int64_t k = 0; k < axis->kernel; k++) {
        axis->order[k] = k;
    }
    axis->classes[0] = (wgi_tap_class){.first = -a->before[i],
                                       .gap = axis->kernel > 1 ? a->dilation[i] : 1,
                                       .n = axis->kernel,
                                       .places = places};
    find_full(axis, &axis->classes[0]);
}

/* Element e of the image is under tap k of place (e + before - k * dilation) / stride, where that
 * is a whole number. */
static void lay_out_elements(wgi_tap_axis *axis, const wgi_convolution_attr *a, int i,
                             int64_t places)
{
    const int64_t s = a->stride[i];
    int64_t start = 0;
    axis->size = places;
    axis->x_step = 1;
    axis->y_step = s;
    for (int64_t r = 0; r < axis->n_classes; r++) {
        wgi_tap_class *c = &axis->classes[r];
        *c = (wgi_tap_class){
            .gap = 1, .start = start, .places = wgi_quotient_up(a->input[i] - r, s)};
        for (int64_t k = axis->kernel - 1; k >= 0; k--) {
            const int64_t from = r + a->before[i] - k * a->dilation[i];
            if (from % s == 0) {
                c->first = c->n == 0 ? from / s : c->first;
                axis->order[start + c->n++] = k;
            }
        }
        if (c->n > 1) {
            c->gap = a->dilation[i] / common_divisor(s, a->dilation[i]);
        }
        start += c->n;
        find_full(axis, c);
    }
}

static bool has_runs(const wgi_tap_axis *axis)
{
    for (int64_t i = 0; i < axis->n_classes; i++) {
        if (axis->classes[i].gap != 1) {
            return false;
        }
    }
    return true;
}

/* ---- panels --------------------------------------------------------------------------------- */

int64_t wgi_panel_count(const wgi_convolution_plan *p)
{
    return p->groups * p->panels_of_group;
}

wgi_filter_panel wgi_panel_at(const wgi_convolution_plan *p, int64_t i)
{
    const int64_t *widths = p->loops->widths;
    const int64_t group = i / p->panels_of_group;
    const int64_t first = i % p->panels_of_group * widths[0];
    const int64_t columns = wgi_least(p->group_out - first, widths[0]);
    const bool is_thin = columns <= widths[1];
    return (wgi_filter_panel){.group = group,
                              .first = first,
                              .columns = columns,
                              .width = widths[is_thin],
                              .offset = (group * p->group_width + first) * p->panel_count,
                              .tiles = &p->loops->tiles[is_thin]};
}

int64_t wgi_panel_kernel(const wgi_convolution_plan *p, const wgi_filter_panel *panel)
{
    const int64_t taps = p->axes[0].kernel * p->axes[1].kernel;
    return panel->group * p->group_in * p->group_out * taps + panel->first * p->filter_stride;
}

wgi_convolution_pack wgi_panel_pack(const wgi_convolution_plan *p, const wgi_filter_panel *panel)
{
    return (wgi_convolution_pack){.filter = p->filter_stride,
                                  .channel = p->channel_stride,
                                  .row = p->axes[1].kernel,
                                  .columns = panel->columns,
                                  .width = panel->width,
                                  .channels = p->group_in,
                                  .rows = p->axes[0].order,
                                  .n_rows = p->axes[0].kernel,
                                  .taps = p->axes[1].order,
                                  .n_taps = p->axes[1].kernel};
}

/* ---- plans ---------------------------------------------------------------------------------- */

/* The operand and the result of sums over taps; for the gradient of a kernel those of the
 * convolution. */
typedef struct images {
    const wgi_view *x;
    const wgi_view *y;
    bool is_data;
} images;

static size_t state_bytes(const int64_t n_classes[2], const wgi_convolution_attr *a)
{
    size_t classes = 0;
    size_t taps = 0;
    size_t bytes = 0;
    const bool fits = wgi_size_add((size_t)n_classes[0], (size_t)n_classes[1], &classes) &&
                      wgi_size_mul(classes, sizeof(wgi_tap_class), &classes) &&
                      wgi_size_add((size_t)a->kernel[0], (size_t)a->kernel[1], &taps) &&
                      wgi_size_mul(taps, sizeof(int64_t), &taps) &&
                      wgi_size_add(classes, taps, &bytes) &&
                      wgi_size_add(bytes, sizeof(wgi_convolution_plan), &bytes);
    return fits ? bytes : 0;
}

/* The plan with the arrays behind it; NULL: no memory. */
static wgi_convolution_plan *make_plan(const wgi_problem *problem, const images *m, size_t *bytes)
{
    const wgi_convolution_attr *a = problem->attr;
    int64_t n_classes[2] = {1, 1};
    for (int i = 0; i < 2 && m->is_data; i++) {
        n_classes[i] = wgi_least(a->stride[i], a->input[i]);
    }
    *bytes = state_bytes(n_classes, a);
    wgi_convolution_plan *p =
        *bytes == 0 ? NULL : wgi_alloc_zeroed(&problem->ctx->memory, 1, *bytes);
    if (p == NULL) {
        return NULL;
    }
    p->attr = *a;
    wgi_tap_class *classes = (wgi_tap_class *)(p + 1);
    int64_t *order = (int64_t *)(classes + n_classes[0] + n_classes[1]);
    p->axes[0] = (wgi_tap_axis){
        .kernel = a->kernel[0], .n_classes = n_classes[0], .classes = classes, .order = order};
    p->axes[1] = (wgi_tap_axis){.kernel = a->kernel[1],
                                .n_classes = n_classes[1],
                                .classes = classes + n_classes[0],
                                .order = order + a->kernel[0]};
    return p;
}

static void lay_out_channels(wgi_convolution_plan *p, const images *m)
{
    const int64_t taps = p->axes[0].kernel * p->axes[1].kernel;
    p->images = m->x->dims[0];
    p->channels = m->x->dims[3];
    p->filters = m->y->dims[3];
    p->groups = p->attr.groups;
    p->group_in = p->channels / p->groups;
    p->group_out = p->filters / p->groups;
    p->filter_stride = m->is_data ? taps : p->group_in * taps;
    p->channel_stride = m->is_data ? p->group_out * taps : taps;
    p->is_depthwise = p->groups > 1 && p->group_in == 1 && p->group_out == 1;
    if (p->is_depthwise) {
        p->groups = 1;
        p->group_out = p->filters;
        p->filter_stride = taps;
    }
    p->panel_count = taps * p->group_in;
    p->panels_of_group = wgi_quotient_up(p->group_out, p->loops->widths[0]);
    const int64_t left = p->group_out - (p->panels_of_group - 1) * p->loops->widths[0];
    p->group_width = (p->panels_of_group - 1) * p->loops->widths[0] +
                     p->loops->widths[left <= p->loops->widths[1]];
}

/* The kernel's rows, or what of one, whose sums are put by. */
static void divide_blocks(wgi_convolution_plan *p)
{
    const int64_t taps = p->is_merged ? 1 : p->axes[1].kernel;
    const int64_t length = p->is_merged ? p->axes[1].kernel * p->group_in : p->group_in;
    const int64_t pieces = wgi_least(wgi_quotient_up(taps * length, MAX_BLOCK), length);
    p->run_block = wgi_quotient_up(length, pieces);
    p->row_block = wgi_most(1, MAX_BLOCK / (taps * length));
}

static void count_threads(wgi_convolution_plan *p, const wgi_problem *problem, const images *m)
{
    const wgi_view *places = m->is_data ? m->x : m->y;
    const int64_t depth = p->is_depthwise ? 1 : m->is_data ? p->group_out : p->group_in;
    const double work = (double)places->count * (double)(p->attr.kernel[0] * p->attr.kernel[1]) *
                        (double)depth * (double)p->element / 4.0 / THREAD_WORTH;
    p->threads = wgi_threads_worth(problem, work < 1e6 ? (int64_t)work : 1000000);
    const int64_t rows = p->images * m->y->dims[1];
    p->chunk = wgi_most(CHUNK_ROWS, wgi_quotient_up(CHUNK_PLACES, m->y->dims[2]));
    if (p->threads > 1) {
        p->chunk = wgi_least(p->chunk, wgi_quotient_up(rows, 4 * (int64_t)p->threads));
    }
}

static void fill_plan(wgi_convolution_plan *p, const wgi_problem *problem, const images *m)
{
    const wgi_native *native = problem->backend;
    const wgi_convolution_hot *hot = WGI_HOT_PICK(wgi_convolution_hot, native->isa);
    p->loops = m->x->dtype == WG_F32 ? &hot->f32 : &hot->f64;
    p->element = wg_dtype_size((wg_dtype)m->x->dtype);
    for (int i = 0; i < 2; i++) {
        p->results[i] = m->y->dims[i + 1];
        if (m->is_data) {
            lay_out_elements(&p->axes[i], &p->attr, i, m->x->dims[i + 1]);
        } else {
            lay_out_places(&p->axes[i], &p->attr, i, m->y->dims[i + 1]);
        }
    }
    lay_out_channels(p, m);
    p->is_merged = p->groups == 1 && !p->is_depthwise && has_runs(&p->axes[1]);
    divide_blocks(p);
    count_threads(p, problem, m);
}

/* Bytes of all panels, a multiple of 64; 0: more than there can be. */
static size_t bytes_of_panels(const wgi_convolution_plan *p)
{
    int64_t count = 0;
    size_t bytes = 0;
    const bool fits = wgi_dim_mul(p->groups, p->group_width, &count) &&
                      wgi_dim_mul(count, p->panel_count, &count) &&
                      wgi_size_mul((size_t)count, p->element, &bytes) &&
                      wgi_size_align(bytes, WGI_ALIGNMENT, &bytes);
    return fits ? bytes : 0;
}

/* A fixed rule: parts of the batch that have a sum each, and what a thread copies of dy. */
static bool divide_batch(wgi_convolution_plan *p, const wgi_problem *problem, size_t *scratch)
{
    const double work = (double)problem->in[1].count * (double)p->panel_count;
    const int64_t worth = work / PART_WORTH < PARTS ? (int64_t)(work / PART_WORTH) : PARTS;
    size_t copies = 0;
    p->parts = wgi_quotient_up(wgi_most(worth, 1), wgi_panel_count(p));
    p->parts = wgi_least(p->parts, p->images);
    p->is_merged = p->is_depthwise || (p->is_merged && p->group_in < TILE_CHANNELS);
    p->place_block = wgi_least(wgi_most(1, MAX_BLOCK / p->results[1]), p->results[0]);
    p->part_bytes = bytes_of_panels(p);
    p->threads = (int32_t)wgi_least(p->threads, p->parts * wgi_panel_count(p));
    p->tail = wgi_least(wgi_quotient_up(p->loops->widths[0], p->filters), p->results[1]);
    p->copy_bytes = (size_t)(p->place_block * p->tail) * p->element;
    return p->part_bytes > 0 &&
           wgi_size_mul(p->copy_bytes, (size_t)p->loops->widths[0], &p->copy_bytes) &&
           wgi_size_align(p->copy_bytes, WGI_ALIGNMENT, &p->copy_bytes) &&
           wgi_size_mul(p->copy_bytes, (size_t)p->threads, &copies) &&
           wgi_size_mul(p->part_bytes, (size_t)p->parts, scratch) &&
           wgi_size_add(*scratch, copies, scratch);
}

static wg_status prepare(const wgi_problem *problem, const images *m, bool is_weights,
                         wgi_prepared *out)
{
    size_t bytes = 0;
    size_t scratch = 0;
    wgi_convolution_plan *p = make_plan(problem, m, &bytes);
    if (p == NULL) {
        return WG_ERR_MEMORY;
    }
    fill_plan(p, problem, m);
    const bool fits =
        is_weights ? divide_batch(p, problem, &scratch) : (scratch = bytes_of_panels(p)) > 0;
    if (!fits) {
        wgi_release(&problem->ctx->memory, p, bytes);
        return WG_ERR_OVERFLOW;
    }
    *out = (wgi_prepared){
        .state = p, .state_bytes = bytes, .scratch_bytes = scratch, .threads = p->threads};
    return WG_OK;
}

wg_status wgi_native_convolution_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    return prepare(problem, &(images){&problem->in[0], &problem->out[0], false}, false, out);
}

wg_status wgi_native_convolution_data_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    return prepare(problem, &(images){&problem->in[0], &problem->out[0], true}, false, out);
}

wg_status wgi_native_convolution_weights_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    return prepare(problem, &(images){&problem->in[0], &problem->in[1], false}, true, out);
}

void wgi_native_convolution_destroy(wg_context *ctx, wgi_prepared *prepared)
{
    wgi_release(&ctx->memory, prepared->state, prepared->state_bytes);
    *prepared = (wgi_prepared){.state = NULL};
}
