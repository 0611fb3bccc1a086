/* The loss heads: which rows there are, who works on them, and how their losses are added up.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the elements are divided into parts by the shape alone; each part leaves its loss in
 * the scratch memory, and these are added up in order: the bits do not depend on the threads. */
#include "backends/native/loss.h"

#include <math.h>
#include <string.h>

#include "backends/native/loss_hot.h"
#include "backends/native/native.h"
#include "backends/native/share.h"
#include "backends/native/softmax_hot.h"
#include "core/checked.h"
#include "core/context.h"
#include "core/dtype.h"

/* Elements that are worth a thread, at about 3 us: of exponentials, and of what is only read. */
#define EXP_WORTH 8192
#define READ_WORTH 32768

/* The most rows of a part: their maxima and logarithms are kept on the stack. Elements of a part of
 * mse. */
#define PART_ROWS 64
#define PART_ELEMENTS 16384

typedef struct loss {
    wgi_lines lines;
    wgi_lines_run run_lines;
    const wgi_loss_loops *loops;
    bool is_f32;
    bool has_labels;
    size_t element;
    int64_t count;
    int64_t rows;
    int64_t part;    /* rows of a part, or elements of mse's */
    int64_t n_parts; /* at least 1 */
    int32_t threads;
} loss;

/* A run's context for the threads. */
typedef struct work {
    const loss *l;
    const wgi_args *args;
    double *losses; /* one for each part */
    double scale;
} work;

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

const char *wgi_native_loss_accepts(const wgi_problem *problem)
{
    const int32_t dtype = problem->in[0].dtype;
    return dtype == WG_F32 || dtype == WG_F64 ? NULL : "the dtype is neither f32 nor f64";
}

/* Rows are those of cross_entropy and its backward, whose operand 0 is [rows, classes]; parts are
 * of as many as fill the nearest cache. */
static void lay_out(loss *l, const wgi_problem *problem)
{
    const wgi_view *x = &problem->in[0];
    const bool has_rows = problem->n_in == 3 || problem->n_out == 2;
    l->part = PART_ELEMENTS;
    l->n_parts = x->count / l->part + (x->count % l->part > 0 ? 1 : 0);
    if (has_rows) {
        l->rows = x->dims[0];
        l->lines = (wgi_lines){.n = x->dims[1], .stride = 1, .step = x->dims[1]};
        l->has_labels = problem->in[1].dtype == WG_I64;
        l->part = PART_ROWS;
        l->n_parts = l->rows / l->part + (l->rows % l->part > 0 ? 1 : 0);
    }
    const bool has_exp = problem->n_out == 2;
    l->threads = wgi_threads_worth(problem, x->count / (has_exp ? EXP_WORTH : READ_WORTH));
}

wg_status wgi_native_loss_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    const wgi_isa isa = ((const wgi_native *)problem->backend)->isa;
    const wgi_loss_hot *hot = WGI_HOT_PICK(wgi_loss_hot, isa);
    const wgi_softmax_hot *softmax = WGI_HOT_PICK(wgi_softmax_hot, isa);
    loss *l = wgi_alloc_zeroed(&problem->ctx->memory, 1, sizeof *l);
    if (l == NULL) {
        return WG_ERR_MEMORY;
    }
    l->is_f32 = problem->in[0].dtype == WG_F32;
    l->loops = l->is_f32 ? &hot->f32 : &hot->f64;
    l->run_lines = l->is_f32 ? softmax->f32 : softmax->f64;
    l->element = wg_dtype_size((wg_dtype)problem->in[0].dtype);
    l->count = problem->in[0].count;
    lay_out(l, problem);
    *out = (wgi_prepared){
        .state = l, .state_bytes = sizeof *l, .scratch_bytes = (size_t)l->n_parts * sizeof(double)};
    return WG_OK;
}

void wgi_native_loss_destroy(wg_context *ctx, wgi_prepared *prepared)
{
    wgi_release(&ctx->memory, prepared->state, sizeof(loss));
}

static double sum_of_parts(const work *w)
{
    double sum = 0.0;
    for (int64_t i = 0; i < w->l->n_parts; i++) {
        sum += w->losses[i];
    }
    return sum;
}

/* ---- cross_entropy ------------------------------------------------------------------------ */

static wg_status check_labels(const loss *l, const wgi_args *args)
{
    const int64_t *labels = args->in[1].data;
    const int64_t classes = l->lines.n;
    for (int64_t i = 0; i < l->rows && l->has_labels; i++) {
        if (labels[i] < 0 || labels[i] >= classes) {
            return wgi_fault_set(args, WG_ERR_RANGE, "row %lld: label %lld is outside [0, %lld)",
                                 (long long)i, (long long)labels[i], (long long)classes);
        }
    }
    return WG_OK;
}

static inline double element_of(const loss *l, const void *x, int64_t i)
{
    return l->is_f32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

/* The loss of row i. */
static inline double loss_of(const work *w, int64_t i, double max, double rest)
{
    const loss *l = w->l;
    const wgi_view *in = w->args->in;
    const int64_t first = i * l->lines.n;
    if (l->has_labels) {
        const int64_t label = ((const int64_t *)in[1].data)[i];
        return rest - (element_of(l, in[0].data, first + label) - max);
    }
    const size_t at = (size_t)first * l->element;
    return l->loops->soft((const char *)in[0].data + at, (const char *)in[1].data + at, l->lines.n,
                          max, rest);
}

static void run_rows(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const loss *l = w->l;
    double max[PART_ROWS];
    double rest[PART_ROWS];
    for (int64_t part = begin; part < end; part++) {
        const int64_t first = part * l->part;
        const int64_t n = least(l->rows - first, l->part);
        const size_t at = (size_t)(first * l->lines.n) * l->element;
        l->run_lines(&l->lines, (const char *)w->args->in[0].data + at,
                     (char *)w->args->out[1].data + at, n, max, rest);
        double sum = 0.0;
        for (int64_t i = 0; i < n; i++) {
            sum += loss_of(w, first + i, max[i], rest[i]);
        }
        w->losses[part] = sum;
    }
}

static void put_loss(const loss *l, const wgi_args *args, double value)
{
    if (l->is_f32) {
        *(float *)args->out[0].data = (float)value;
    } else {
        *(double *)args->out[0].data = value;
    }
}

/* Rows without classes have no maximum; their loss is 0. The mean over no rows is NaN. */
wg_status wgi_native_cross_entropy_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const loss *l = prepared->state;
    const work w = {.l = l, .args = args, .losses = args->scratch};
    const wg_status status = check_labels(l, args);
    if (status != WG_OK) {
        return status;
    }
    double sum = 0.0;
    if (l->count > 0) {
        wgi_share(l->threads, l->n_parts, run_rows, &w);
        sum = sum_of_parts(&w);
    }
    put_loss(l, args, sum / (double)l->rows);
    return WG_OK;
}

/* ---- cross_entropy_backward --------------------------------------------------------------- */

static void put_label(const work *w, int64_t row)
{
    const int64_t label = ((const int64_t *)w->args->in[1].data)[row];
    const int64_t at = row * w->l->lines.n + label;
    if (label < 0 || label >= w->l->lines.n) {
        return;
    }
    if (w->l->is_f32) {
        const float p = ((const float *)w->args->in[0].data)[at];
        ((float *)w->args->out[0].data)[at] = (p - 1.0F) * (float)w->scale;
    } else {
        const double p = ((const double *)w->args->in[0].data)[at];
        ((double *)w->args->out[0].data)[at] = (p - 1.0) * w->scale;
    }
}

static void run_backward_parts(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const loss *l = w->l;
    const wgi_view *in = w->args->in;
    const int64_t first = begin * l->part;
    const int64_t last = least(end * l->part, l->rows);
    const size_t row_bytes = (size_t)l->lines.n * l->element;
    const char *p = (const char *)in[0].data + (size_t)first * row_bytes;
    char *dx = (char *)w->args->out[0].data + (size_t)first * row_bytes;
    if (l->has_labels) {
        l->loops->scale(p, (last - first) * l->lines.n, w->scale, dx);
    }
    for (int64_t i = first; i < last; i++) {
        if (l->has_labels) {
            put_label(w, i);
        } else {
            const size_t at = (size_t)(i - first) * row_bytes;
            const char *t = (const char *)in[1].data + (size_t)i * row_bytes;
            l->loops->soft_backward(p + at, t, l->lines.n, w->scale, dx + at);
        }
    }
}

wg_status wgi_native_cross_entropy_backward_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const loss *l = prepared->state;
    const double dy = element_of(l, args->in[2].data, 0);
    const work w = {.l = l, .args = args, .scale = dy / (double)l->rows};
    if (l->count == 0) {
        return WG_OK;
    }
    if (dy == 0) {
        memset(args->out[0].data, 0, (size_t)l->count * l->element);
        return WG_OK;
    }
    wgi_share(l->threads, l->n_parts, run_backward_parts, &w);
    return WG_OK;
}

/* ---- squares ------------------------------------------------------------------------------ */

static void run_squares(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const loss *l = w->l;
    for (int64_t part = begin; part < end; part++) {
        const int64_t first = part * l->part;
        const size_t at = (size_t)first * l->element;
        w->losses[part] = l->loops->squares((const char *)w->args->in[0].data + at,
                                            (const char *)w->args->in[1].data + at,
                                            least(l->count - first, l->part));
    }
}

static double sum_of_squares(const loss *l, const wgi_args *args)
{
    const work w = {.l = l, .args = args, .losses = args->scratch};
    if (l->count > 0) {
        wgi_share(l->threads, l->n_parts, run_squares, &w);
    }
    return sum_of_parts(&w);
}

wg_status wgi_native_mse_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const loss *l = prepared->state;
    put_loss(l, args, sum_of_squares(l, args) / (double)l->count);
    return WG_OK;
}

wg_status wgi_native_half_sum_squares_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const loss *l = prepared->state;
    put_loss(l, args, sum_of_squares(l, args) / 2.0);
    return WG_OK;
}
