/* lstm_scan and its gradient: weights are packed once in a run, and threads share the batch.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a row of the batch goes through all steps on one thread, which waits for no other, and
 * its bits depend on nobody else's rows. */
#include "backends/native/recurrence.h"

#include "backends/native/native.h"
#include "backends/native/recurrence_hot.h"
#include "backends/native/share.h"
#include "core/checked.h"
#include "core/context.h"
#include "ops/params.h"

/* Multiply-adds that are worth a thread: about 5 us. */
#define THREAD_WORTH 250000

typedef struct lstm {
    const wgi_lstm_set *set;
    int32_t threads;
} lstm;

/* A run's context for the threads. */
typedef struct work {
    wgi_lstm_data data;
    wgi_lstm_run run;
} work;

const char *wgi_native_lstm_accepts(const wgi_problem *problem)
{
    const int32_t dtype = problem->in[0].dtype;
    if (dtype != WG_F32 && dtype != WG_F64) {
        return "the dtype is neither f32 nor f64";
    }
    return problem->in[0].count == 0 ? "there is nothing to run" : NULL;
}

wg_status wgi_native_lstm_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    const wgi_native *native = problem->backend;
    const wgi_lstm_hot *hot = WGI_HOT_PICK(wgi_lstm_hot, native->isa);
    const bool is_f32 = problem->in[0].dtype == WG_F32;
    const wgi_lstm_set *set = is_f32 ? &hot->f32 : &hot->f64;
    const size_t hidden = (size_t)problem->in[0].dims[2] / 4;
    const size_t padded = (hidden + (size_t)set->width - 1) / (size_t)set->width;
    size_t bytes;
    if (!wgi_size_mul(padded * (size_t)set->width, 4 * hidden, &bytes) ||
        !wgi_size_mul(bytes, is_f32 ? sizeof(float) : sizeof(double), &bytes)) {
        return WG_ERR_OVERFLOW;
    }
    lstm *s = wgi_alloc_zeroed(&problem->ctx->memory, 1, sizeof *s);
    if (s == NULL) {
        return WG_ERR_MEMORY;
    }
    const double amount = (double)problem->in[0].count * (double)hidden;
    const int64_t batch = problem->in[0].dims[1];
    const double worth = amount / THREAD_WORTH;
    s->set = set;
    s->threads = wgi_threads_worth(problem, worth < (double)batch ? (int64_t)worth : batch);
    *out = (wgi_prepared){
        .state = s, .state_bytes = sizeof *s, .scratch_bytes = bytes, .threads = s->threads};
    return WG_OK;
}

void wgi_native_lstm_destroy(wg_context *ctx, wgi_prepared *prepared)
{
    wgi_release(&ctx->memory, prepared->state, sizeof(lstm));
}

static wgi_lstm_data data_of(const wgi_args *args)
{
    const wgi_recurrence_attr *attr = args->attr;
    const int64_t *dims = args->in[0].dims;
    return (wgi_lstm_data){
        .steps = dims[0],
        .batch = dims[1],
        .hidden = dims[2] / 4,
        .is_reverse = attr->is_reverse != 0,
        .weights = args->scratch,
    };
}

static void run_rows(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    w->run(&w->data, begin, end);
}

wg_status wgi_native_lstm_scan_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const lstm *s = prepared->state;
    work w = {data_of(args), s->set->run};
    w.data.xp = args->in[0].data;
    w.data.h0 = args->in[1].data;
    w.data.c0 = args->in[3].data;
    w.data.gates = args->out[0].data;
    w.data.y = args->out[1].data;
    w.data.c = args->out[2].data;
    s->set->pack(w.data.hidden, args->in[2].data, args->scratch);
    wgi_share(s->threads, w.data.batch, run_rows, &w);
    return WG_OK;
}

wg_status wgi_native_lstm_scan_backward_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const lstm *s = prepared->state;
    work w = {data_of(args), s->set->run_back};
    w.data.gates = args->in[0].data;
    w.data.c0 = args->in[2].data;
    w.data.c = args->in[3].data;
    w.data.dy = args->in[4].data;
    w.data.dc_given = args->n_in > 5 ? args->in[5].data : NULL;
    w.data.dgates = args->n_in > 6 ? args->in[6].data : NULL;
    w.data.dxp = args->out[0].data;
    w.data.dh = args->out[1].data;
    w.data.dc = args->out[2].data;
    s->set->pack_back(w.data.hidden, args->in[1].data, args->scratch);
    wgi_share(s->threads, w.data.batch, run_rows, &w);
    return WG_OK;
}
