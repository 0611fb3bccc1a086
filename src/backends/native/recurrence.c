/* rnn_scan, lstm_scan, gru_scan and their gradients: weights are packed once in a run, and threads
 * share the batch.
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

typedef struct recurrence {
    const wgi_recurrence_set *set;
    int64_t n_gates;
    int32_t threads;
} recurrence;

/* A run's context for the threads. */
typedef struct work {
    wgi_recurrence_data data;
    wgi_recurrence_run run;
} work;

const char *wgi_native_recurrence_accepts(const wgi_problem *problem)
{
    const int32_t dtype = problem->in[0].dtype;
    if (dtype != WG_F32 && dtype != WG_F64) {
        return "the dtype is neither f32 nor f64";
    }
    return problem->in[0].count == 0 ? "there is nothing to run" : NULL;
}

static wg_status prepare(const wgi_problem *problem, int64_t n_gates, wgi_prepared *out)
{
    const wgi_native *native = problem->backend;
    const wgi_recurrence_hot *hot = WGI_HOT_PICK(wgi_recurrence_hot, native->isa);
    const bool is_f32 = problem->in[0].dtype == WG_F32;
    const wgi_recurrence_set *set = is_f32 ? &hot->f32 : &hot->f64;
    const int64_t rows = problem->in[0].dims[2];
    const size_t hidden = (size_t)(rows / n_gates);
    const size_t panels = (hidden + (size_t)set->width - 1) / (size_t)set->width;
    size_t bytes;
    if (!wgi_size_mul(panels * (size_t)set->width, (size_t)rows, &bytes) ||
        !wgi_size_mul(bytes, is_f32 ? sizeof(float) : sizeof(double), &bytes)) {
        return WG_ERR_OVERFLOW;
    }
    recurrence *s = wgi_alloc_zeroed(&problem->ctx->memory, 1, sizeof *s);
    if (s == NULL) {
        return WG_ERR_MEMORY;
    }
    const double amount = (double)problem->in[0].count * (double)hidden;
    const int64_t batch = problem->in[0].dims[1];
    const double worth = amount / THREAD_WORTH;
    s->set = set;
    s->n_gates = n_gates;
    s->threads = wgi_threads_worth(problem, worth < (double)batch ? (int64_t)worth : batch);
    *out = (wgi_prepared){
        .state = s, .state_bytes = sizeof *s, .scratch_bytes = bytes, .threads = s->threads};
    return WG_OK;
}

wg_status wgi_native_rnn_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    return prepare(problem, WGI_RNN_GATES, out);
}

wg_status wgi_native_lstm_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    return prepare(problem, WGI_LSTM_GATES, out);
}

wg_status wgi_native_gru_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    return prepare(problem, WGI_GRU_GATES, out);
}

void wgi_native_recurrence_destroy(wg_context *ctx, wgi_prepared *prepared)
{
    wgi_release(&ctx->memory, prepared->state, sizeof(recurrence));
}

/* ---- running ------------------------------------------------------------------------------ */

static wgi_recurrence_data data_of(const recurrence *s, const wgi_args *args)
{
    const wgi_recurrence_attr *attr = args->attr;
    const int64_t *dims = args->in[0].dims;
    return (wgi_recurrence_data){
        .steps = dims[0],
        .batch = dims[1],
        .hidden = dims[2] / s->n_gates,
        .n_gates = s->n_gates,
        .is_reverse = attr->is_reverse != 0,
        .is_relu = attr->is_relu != 0,
        .weights = args->scratch,
    };
}

/* The data of operand i, if there is one. */
static void *given(const wgi_args *args, int32_t i)
{
    return i < args->n_in ? args->in[i].data : NULL;
}

static void run_rows(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    w->run(&w->data, begin, end);
}

static wg_status run_forwards(const recurrence *s, const wgi_recurrence_data *d,
                              const wgi_args *args)
{
    const work w = {*d, s->set->run};
    s->set->pack(d, args->in[2].data, args->scratch);
    wgi_share(s->threads, d->batch, run_rows, &w);
    return WG_OK;
}

static wg_status run_backwards(const recurrence *s, const wgi_recurrence_data *d,
                               const wgi_args *args)
{
    const work w = {*d, s->set->run_back};
    s->set->pack_back(d, args->in[1].data, args->scratch);
    wgi_share(s->threads, d->batch, run_rows, &w);
    return WG_OK;
}

wg_status wgi_native_rnn_scan_run(const wgi_prepared *prepared, const wgi_args *args)
{
    wgi_recurrence_data d = data_of(prepared->state, args);
    d.xp = args->in[0].data;
    d.h0 = args->in[1].data;
    d.y = args->out[0].data;
    return run_forwards(prepared->state, &d, args);
}

wg_status wgi_native_rnn_scan_backward_run(const wgi_prepared *prepared, const wgi_args *args)
{
    wgi_recurrence_data d = data_of(prepared->state, args);
    d.y = args->in[0].data;
    d.dy = args->in[2].data;
    d.dxp = args->out[0].data;
    d.dhp = d.dxp;
    d.dh = args->out[1].data;
    return run_backwards(prepared->state, &d, args);
}

wg_status wgi_native_lstm_scan_run(const wgi_prepared *prepared, const wgi_args *args)
{
    wgi_recurrence_data d = data_of(prepared->state, args);
    d.xp = args->in[0].data;
    d.h0 = args->in[1].data;
    d.c0 = args->in[3].data;
    d.gates = args->out[0].data;
    d.y = args->out[1].data;
    d.c = args->out[2].data;
    return run_forwards(prepared->state, &d, args);
}

wg_status wgi_native_lstm_scan_backward_run(const wgi_prepared *prepared, const wgi_args *args)
{
    wgi_recurrence_data d = data_of(prepared->state, args);
    d.gates = args->in[0].data;
    d.c0 = args->in[2].data;
    d.c = args->in[3].data;
    d.dy = args->in[4].data;
    d.dc_given = given(args, 5);
    d.dgates = given(args, 6);
    d.dxp = args->out[0].data;
    d.dhp = d.dxp;
    d.dh = args->out[1].data;
    d.dc = args->out[2].data;
    return run_backwards(prepared->state, &d, args);
}

wg_status wgi_native_gru_scan_run(const wgi_prepared *prepared, const wgi_args *args)
{
    wgi_recurrence_data d = data_of(prepared->state, args);
    d.xp = args->in[0].data;
    d.h0 = args->in[1].data;
    d.bias = args->in[3].data;
    d.gates = args->out[0].data;
    d.y = args->out[1].data;
    d.c = args->out[2].data;
    return run_forwards(prepared->state, &d, args);
}

wg_status wgi_native_gru_scan_backward_run(const wgi_prepared *prepared, const wgi_args *args)
{
    wgi_recurrence_data d = data_of(prepared->state, args);
    d.gates = args->in[0].data;
    d.h0 = args->in[2].data;
    d.c = args->in[3].data;
    d.y = args->in[4].data;
    d.dy = args->in[5].data;
    d.dgates = given(args, 6);
    d.dc_given = given(args, 7);
    d.dxp = args->out[0].data;
    d.dh = args->out[1].data;
    d.dhp = args->out[2].data;
    return run_backwards(prepared->state, &d, args);
}
