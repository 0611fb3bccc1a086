/* normalize and its gradient where the elements of a mean are a row.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a row's bits depend on the row alone, and the sums over rows are those of blocks which
 * the shape lays out: no bit depends on the number of threads. */
#include "backends/native/normal.h"

#include "backends/native/native.h"
#include "backends/native/normal_hot.h"
#include "backends/native/share.h"
#include "core/checked.h"
#include "core/context.h"
#include "ops/params.h"

/* Elements that are worth a thread: about 10 us. */
#define THREAD_WORTH 32768

/* Blocks of rows that have sums of their own: at most so many, and none of fewer rows. */
#define MOST_BLOCKS 16
#define LEAST_ROWS 16

typedef struct normal {
    const wgi_normal_loops *loops;
    int64_t n; /* elements of a row */
    int64_t n_rows;
    int64_t block; /* rows of a block */
    int64_t n_blocks;
    int32_t threads;
    bool is_centered;
} normal;

const char *wgi_native_normal_accepts(const wgi_problem *problem)
{
    const wgi_view *x = problem->in;
    const wgi_normalize_attr *attr = problem->attr;
    if (x->dtype != WG_F32 && x->dtype != WG_F64) {
        return "the dtype is neither f32 nor f64";
    }
    if (x->count == 0) {
        return "there are no elements";
    }
    return attr->groups == 1 && attr->batch_axes + attr->channel_axes == x->rank
               ? NULL
               : "the elements of a mean are no row";
}

static void lay_out(normal *s, const wgi_view *x, const wgi_normalize_attr *attr)
{
    s->n = 1;
    s->n_rows = 1;
    for (int64_t i = 0; i < x->rank; i++) {
        *(i < attr->batch_axes ? &s->n_rows : &s->n) *= x->dims[i];
    }
    s->block = (s->n_rows + MOST_BLOCKS - 1) / MOST_BLOCKS;
    s->block = s->block < LEAST_ROWS ? LEAST_ROWS : s->block;
    s->n_blocks = (s->n_rows + s->block - 1) / s->block;
    s->is_centered = attr->is_centered != 0;
}

wg_status wgi_native_normalize_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    const wgi_view *x = problem->in;
    const wgi_native *native = problem->backend;
    const wgi_normal_hot *hot = WGI_HOT_PICK(wgi_normal_hot, native->isa);
    normal *s = wgi_alloc_zeroed(&problem->ctx->memory, 1, sizeof *s);
    if (s == NULL) {
        return WG_ERR_MEMORY;
    }
    lay_out(s, x, problem->attr);
    s->loops = x->dtype == WG_F32 ? &hot->f32 : &hot->f64;
    s->threads = wgi_threads_worth(problem, x->count / THREAD_WORTH);
    *out = (wgi_prepared){.state = s, .state_bytes = sizeof *s};
    return WG_OK;
}

wg_status wgi_native_normalize_backward_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    wg_status status = wgi_native_normalize_prepare(problem, out);
    if (status != WG_OK) {
        return status;
    }
    const normal *s = out->state;
    size_t sums = 0;
    if (!wgi_size_mul((size_t)s->n_blocks * 2 * sizeof(double), (size_t)s->n, &sums)) {
        wgi_native_normal_destroy(problem->ctx, out);
        return WG_ERR_UNSUPPORTED;
    }
    out->scratch_bytes = sums;
    return WG_OK;
}

void wgi_native_normal_destroy(wg_context *ctx, wgi_prepared *prepared)
{
    wgi_release(&ctx->memory, prepared->state, sizeof(normal));
}

/* A run's context for the threads. */
typedef struct work {
    const normal *s;
    wgi_normal_rows rows;
    wgi_normal_back back;
    double *sums;
} work;

static void run_rows(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    w->s->loops->rows(&w->rows, begin, end);
}

wg_status wgi_native_normalize_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const normal *s = prepared->state;
    const work w = {.s = s,
                    .rows = {
                        .n = s->n,
                        .is_centered = s->is_centered,
                        .eps = args->numbers[0],
                        .x = args->in[0].data,
                        .weight = args->n_in > 1 ? args->in[1].data : NULL,
                        .bias = args->n_in > 2 ? args->in[2].data : NULL,
                        .y = args->out[0].data,
                        .mean = args->out[1].data,
                        .rstd = args->out[2].data,
                        .variance = args->out[3].data,
                    }};
    wgi_share(s->threads, s->n_rows, run_rows, &w);
    return WG_OK;
}

static void run_blocks(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const normal *s = w->s;
    for (int64_t i = begin; i < end; i++) {
        const int64_t first = i * s->block;
        const int64_t last = first + s->block < s->n_rows ? first + s->block : s->n_rows;
        s->loops->back(&w->back, first, last, w->sums + 2 * s->n * i);
    }
}

wg_status wgi_native_normalize_backward_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const normal *s = prepared->state;
    const work w = {.s = s,
                    .back =
                        {
                            .n = s->n,
                            .is_centered = s->is_centered,
                            .x = args->in[0].data,
                            .dy = args->in[1].data,
                            .mean = args->in[2].data,
                            .rstd = args->in[3].data,
                            .weight = args->n_in > 4 ? args->in[4].data : NULL,
                            .dx = args->out[0].data,
                        },
                    .sums = args->scratch};
    wgi_share(s->threads, s->n_blocks, run_blocks, &w);
    s->loops->add_up(w.sums, s->n_blocks, s->n, args->out[1].data, args->out[2].data);
    return WG_OK;
}
