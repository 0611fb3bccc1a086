/* max_pool, its gradient and what the gradient of that picks.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: rows of windows are worked on one by one, each by one thread. Only windows of one
 * image can overlap, and an image's gradient is one thread's: the bits do not depend on the
 * threads. */
#include "backends/native/pool.h"

#include <string.h>

#include "backends/native/native.h"
#include "backends/native/pool_hot.h"
#include "backends/native/share.h"
#include "core/context.h"
#include "core/dtype.h"
#include "ops/params.h"

/* Elements of the image that are worth a thread: about 3 us. */
#define THREAD_WORTH 32768

typedef struct pool {
    const wgi_pool_loops *loops;
    wgi_pool_attr attr;
    wgi_span *columns; /* of the windows of a row */
    int64_t images;
    int64_t channels;
    int64_t rows;    /* of windows of an image */
    int64_t windows; /* in a row */
    size_t element;
    size_t image_bytes;
    bool overlaps;
    bool covers; /* every element is in a window */
    int32_t threads;
} pool;

const char *wgi_native_pool_accepts(const wgi_problem *problem)
{
    const int32_t dtype = problem->in[0].dtype;
    return dtype == WG_F32 || dtype == WG_F64 ? NULL : "the dtype is neither f32 nor f64";
}

static wgi_span span_of(const wgi_pool_attr *attr, int32_t axis, int64_t o)
{
    const wgi_window w = wgi_window_of(attr, axis, o);
    return (wgi_span){w.first, w.n, w.step};
}

/* Whether windows along an axis overlap, or leave elements out. */
static void look_along(pool *p, int32_t axis, int64_t n)
{
    int64_t end = 0;
    for (int64_t o = 0; o < n; o++) {
        const wgi_span s = span_of(&p->attr, axis, o);
        p->overlaps = p->overlaps || s.first < end;
        p->covers = p->covers && s.n > 0 && s.first <= end && s.step == 1;
        end = s.n > 0 ? s.first + (s.n - 1) * s.step + 1 : end;
    }
    p->covers = p->covers && end == p->attr.size[axis];
}

/* x is the operand that has the images' shape. */
static void lay_out(pool *p, const wgi_problem *problem, const wgi_view *x)
{
    p->attr = *(const wgi_pool_attr *)problem->attr;
    p->images = x->dims[0];
    p->channels = x->dims[3];
    p->rows = wgi_pool_windows(&p->attr, 0);
    p->windows = wgi_pool_windows(&p->attr, 1);
    p->element = wg_dtype_size((wg_dtype)x->dtype);
    p->image_bytes = x->count > 0 ? (size_t)(x->count / p->images) * p->element : 0;
    p->threads = wgi_threads_worth(problem, x->count / THREAD_WORTH);
    p->covers = true;
    look_along(p, 0, p->rows);
    look_along(p, 1, p->windows);
}

wg_status wgi_native_pool_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    const wgi_native *native = problem->backend;
    const wgi_pool_hot *hot = WGI_HOT_PICK(wgi_pool_hot, native->isa);
    const wg_allocator *memory = &problem->ctx->memory;
    pool *p = wgi_alloc_zeroed(memory, 1, sizeof *p);
    if (p == NULL) {
        return WG_ERR_MEMORY;
    }
    const wgi_view *x = &problem->in[problem->n_in - 1];
    lay_out(p, problem, x);
    p->loops = x->dtype == WG_F32 ? &hot->f32 : &hot->f64;
    p->columns = wgi_alloc_zeroed(memory, (size_t)p->windows, sizeof *p->columns);
    if (p->columns == NULL) {
        wgi_release(memory, p, sizeof *p);
        return WG_ERR_MEMORY;
    }
    for (int64_t o = 0; o < p->windows; o++) {
        p->columns[o] = span_of(&p->attr, 1, o);
    }
    *out = (wgi_prepared){.state = p, .state_bytes = sizeof *p};
    return WG_OK;
}

void wgi_native_pool_destroy(wg_context *ctx, wgi_prepared *prepared)
{
    pool *p = prepared->state;
    wgi_release(&ctx->memory, p->columns, (size_t)p->windows * sizeof *p->columns);
    wgi_release(&ctx->memory, p, sizeof *p);
}

/* A run's context for the threads: the images, what is picked or spread, and the results. */
typedef struct work {
    const pool *p;
    wgi_pool_run run;
    const char *x;
    const char *g;
    char *y;
} work;

static wgi_pool_row row_of(const pool *p)
{
    return (wgi_pool_row){.channels = p->channels,
                          .width = p->attr.size[1],
                          .windows = p->windows,
                          .w = p->columns,
                          .is_added = p->overlaps};
}

/* The elements after the last row that windows cover in an image that `images` follow. */
static int64_t spare_of(const pool *p, const wgi_span *h, int64_t images)
{
    const int64_t last = h->n > 0 ? h->first + (h->n - 1) * h->step : 0;
    return (p->attr.size[0] - 1 - last + images * p->attr.size[0]) * p->attr.size[1] * p->channels;
}

/* Item i is row i % rows of image i / rows. */
static void run_rows(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const pool *p = w->p;
    const size_t row_bytes = (size_t)(p->windows * p->channels) * p->element;
    wgi_pool_row row = row_of(p);
    for (int64_t i = begin; i < end; i++) {
        const size_t image = (size_t)(i / p->rows) * p->image_bytes;
        row.x = w->x + image;
        row.g = w->g != NULL ? w->g + image : NULL;
        row.y = w->y + (size_t)i * row_bytes;
        row.h = span_of(&p->attr, 0, i % p->rows);
        row.x_spare = spare_of(p, &row.h, p->images - 1 - i / p->rows);
        row.y_spare = (end - i - 1) * p->windows * p->channels;
        w->run(&row);
    }
}

static wg_status run_forward(const pool *p, const work *w)
{
    if (p->images * p->channels > 0) {
        wgi_share(p->threads, p->images * p->rows, run_rows, w);
    }
    return WG_OK;
}

wg_status wgi_native_max_pool_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const pool *p = prepared->state;
    const work w = {p, p->loops->max, args->in[0].data, NULL, args->out[0].data};
    return run_forward(p, &w);
}

wg_status wgi_native_max_pool_pick_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const pool *p = prepared->state;
    const work w = {p, p->loops->pick, args->in[1].data, args->in[0].data, args->out[0].data};
    return run_forward(p, &w);
}

/* Item i is an image. */
static void run_images(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const pool *p = w->p;
    const size_t row_bytes = (size_t)(p->windows * p->channels) * p->element;
    wgi_pool_row row = row_of(p);
    for (int64_t i = begin; i < end; i++) {
        row.x = w->x + (size_t)i * p->image_bytes;
        row.y = w->y + (size_t)i * p->image_bytes;
        if (p->overlaps || !p->covers) {
            memset(row.y, 0, p->image_bytes);
        }
        for (int64_t o = 0; o < p->rows; o++) {
            row.g = w->g + (size_t)(i * p->rows + o) * row_bytes;
            row.h = span_of(&p->attr, 0, o);
            row.x_spare = spare_of(p, &row.h, 0);
            row.y_spare = (p->rows - o - 1) * p->windows * p->channels;
            w->run(&row);
        }
    }
}

wg_status wgi_native_max_pool_backward_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const pool *p = prepared->state;
    const work w = {p, p->loops->backward, args->in[1].data, args->in[0].data, args->out[0].data};
    if (args->out[0].count > 0) {
        wgi_share(p->threads, p->images, run_images, &w);
    }
    return WG_OK;
}
