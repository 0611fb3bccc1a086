/* average_pool, upsample and their adjoints: sums over taps along both axes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a table holds the taps of each result along an axis, and that of an adjoint is the
 * table turned round. Each row of results is one thread's, a sum in the order of the taps: the bits
 * do not depend on the threads. */
#include <string.h>

#include "backends/native/native.h"
#include "backends/native/pool.h"
#include "backends/native/pool_hot.h"
#include "backends/native/share.h"
#include "core/context.h"
#include "core/dtype.h"
#include "ops/params.h"

/* Elements that are worth a thread: about 3 us. */
#define THREAD_WORTH 32768

/* The taps of n results along an axis; `weights` holds those of all, one after the other. */
typedef struct table {
    int64_t n;
    size_t n_weights;
    wgi_weighted *taps;
    double *weights;
} table;

typedef struct resample {
    wgi_resample_run run;
    table h;
    table w;
    int64_t images;
    int64_t channels;
    int64_t height; /* of x */
    int64_t width;
    size_t element;
    size_t image_bytes; /* of x */
    int32_t threads;
} resample;

/* ---- tables ------------------------------------------------------------------------------- */

/* What a table is made of: `results` results of an axis, from `size` elements. */
typedef struct axis {
    wgi_taps_of taps_of;
    const void *attr;
    int32_t axis;
    int64_t results;
    int64_t size;
    bool is_back; /* the table is of elements, its taps are results */
} axis;

static void release_table(const wg_allocator *memory, table *t)
{
    wgi_release(memory, t->taps, (size_t)t->n * sizeof *t->taps);
    wgi_release(memory, t->weights, t->n_weights * sizeof *t->weights);
    *t = (table){0};
}

static double weight_of(const wgi_taps *taps, int64_t i)
{
    return i == 0 ? taps->first_weight : taps->other_weight;
}

/* Counts the taps of each entry; an entry's first tap is the first that is met. */
static void count_taps(const axis *a, table *t)
{
    for (int64_t o = 0; o < a->results; o++) {
        const wgi_taps taps = a->taps_of(a->attr, a->axis, o);
        t->n_weights += (size_t)taps.n;
        for (int64_t i = 0; i < taps.n; i++) {
            wgi_weighted *entry = &t->taps[a->is_back ? taps.first + i : o];
            const int64_t tap = a->is_back ? o : taps.first + i;
            entry->first = entry->n == 0 ? tap : entry->first;
            entry->n++;
        }
    }
}

/* Gives each entry its room, then fills in the weights. */
static void fill_weights(const axis *a, table *t)
{
    double *next = t->weights;
    for (int64_t k = 0; k < t->n; k++) {
        t->taps[k].weights = next;
        next += t->taps[k].n;
    }
    for (int64_t o = 0; o < a->results; o++) {
        const wgi_taps taps = a->taps_of(a->attr, a->axis, o);
        for (int64_t i = 0; i < taps.n; i++) {
            const wgi_weighted *entry = &t->taps[a->is_back ? taps.first + i : o];
            const int64_t tap = a->is_back ? o : taps.first + i;
            t->weights[(entry->weights - t->weights) + (tap - entry->first)] = weight_of(&taps, i);
        }
    }
}

static wg_status make_table(const wg_allocator *memory, const axis *a, table *t)
{
    t->n = a->is_back ? a->size : a->results;
    t->taps = wgi_alloc_zeroed(memory, (size_t)t->n, sizeof *t->taps);
    if (t->taps == NULL) {
        *t = (table){0};
        return WG_ERR_MEMORY;
    }
    count_taps(a, t);
    t->weights = wgi_alloc_zeroed(memory, t->n_weights, sizeof *t->weights);
    if (t->weights == NULL) {
        t->n_weights = 0;
        release_table(memory, t);
        return WG_ERR_MEMORY;
    }
    fill_weights(a, t);
    return WG_OK;
}

/* ---- prepare ------------------------------------------------------------------------------ */

static wg_status make_tables(const wgi_problem *problem, wgi_taps_of taps_of, bool is_back,
                             resample *r)
{
    const wg_allocator *memory = &problem->ctx->memory;
    const int64_t *x = problem->in[0].dims;
    const int64_t *y = problem->out[0].dims;
    axis a = {taps_of, problem->attr, 0, is_back ? x[1] : y[1], is_back ? y[1] : x[1], is_back};
    wg_status status = make_table(memory, &a, &r->h);
    if (status != WG_OK) {
        return status;
    }
    a.axis = 1;
    a.results = is_back ? x[2] : y[2];
    a.size = is_back ? y[2] : x[2];
    status = make_table(memory, &a, &r->w);
    if (status != WG_OK) {
        release_table(memory, &r->h);
    }
    return status;
}

static wg_status prepare(const wgi_problem *problem, wgi_taps_of taps_of, bool is_back,
                         wgi_prepared *out)
{
    const wgi_native *native = problem->backend;
    const wgi_pool_hot *hot = WGI_HOT_PICK(wgi_pool_hot, native->isa);
    const wgi_view *x = &problem->in[0];
    const int64_t most = x->count > problem->out[0].count ? x->count : problem->out[0].count;
    resample *r = wgi_alloc_zeroed(&problem->ctx->memory, 1, sizeof *r);
    if (r == NULL) {
        return WG_ERR_MEMORY;
    }
    r->run = x->dtype == WG_F32 ? hot->f32.resample : hot->f64.resample;
    r->images = x->dims[0];
    r->channels = x->dims[3];
    r->height = x->dims[1];
    r->width = x->dims[2];
    r->element = wg_dtype_size((wg_dtype)x->dtype);
    r->image_bytes = x->count > 0 ? (size_t)(x->count / r->images) * r->element : 0;
    r->threads = wgi_threads_worth(problem, most / THREAD_WORTH);
    const wg_status status = make_tables(problem, taps_of, is_back, r);
    if (status != WG_OK) {
        wgi_release(&problem->ctx->memory, r, sizeof *r);
        return status;
    }
    *out = (wgi_prepared){.state = r, .state_bytes = sizeof *r};
    return WG_OK;
}

wg_status wgi_native_average_pool_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    return prepare(problem, wgi_average_taps, false, out);
}

wg_status wgi_native_average_pool_backward_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    return prepare(problem, wgi_average_taps, true, out);
}

wg_status wgi_native_upsample_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    return prepare(problem, wgi_upsample_taps, false, out);
}

wg_status wgi_native_upsample_backward_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    return prepare(problem, wgi_upsample_taps, true, out);
}

void wgi_native_resample_destroy(wg_context *ctx, wgi_prepared *prepared)
{
    resample *r = prepared->state;
    release_table(&ctx->memory, &r->h);
    release_table(&ctx->memory, &r->w);
    wgi_release(&ctx->memory, r, sizeof *r);
}

/* ---- run ---------------------------------------------------------------------------------- */

/* A run's context for the threads. */
typedef struct work {
    const resample *r;
    const char *x;
    char *y;
} work;

static bool are_same(const wgi_weighted *a, const wgi_weighted *b)
{
    return a->first == b->first && a->n == b->n &&
           memcmp(a->weights, b->weights, (size_t)a->n * sizeof *a->weights) == 0;
}

/* Item i is row i % rows of image i / rows; a row with the taps of the one before is its copy. */
static void run_rows(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const resample *r = w->r;
    const size_t row_bytes = (size_t)(r->w.n * r->channels) * r->element;
    wgi_resample_row row = {
        .channels = r->channels, .width = r->width, .results = r->w.n, .w = r->w.taps};
    for (int64_t i = begin; i < end; i++) {
        const int64_t k = i % r->h.n;
        char *y = w->y + (size_t)i * row_bytes;
        if (i > begin && k > 0 && are_same(&r->h.taps[k], &r->h.taps[k - 1])) {
            memcpy(y, y - row_bytes, row_bytes);
            continue;
        }
        row.x = w->x + (size_t)(i / r->h.n) * r->image_bytes;
        row.y = y;
        row.h = r->h.taps[k];
        const int64_t after = r->height - row.h.first - row.h.n;
        const int64_t images = r->images - 1 - i / r->h.n;
        row.x_spare = (after + images * r->height) * r->width * r->channels;
        row.y_spare = (end - i - 1) * r->w.n * r->channels;
        r->run(&row);
    }
}

wg_status wgi_native_resample_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const resample *r = prepared->state;
    const work w = {r, args->in[0].data, args->out[0].data};
    if (args->out[0].count > 0) {
        wgi_share(r->threads, r->images * r->h.n, run_rows, &w);
    }
    return WG_OK;
}
