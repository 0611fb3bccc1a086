/* gather, scatter_add and one_hot: rows that indices pick.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: all indices are found inside their range before any is used. Rows of scatter_add are
 * added in the order of their indices, so that its bits are the reference's; threads share the
 * columns. */
#include "backends/native/move.h"

#include <string.h>

#include "backends/native/move_hot.h"
#include "backends/native/native.h"
#include "backends/native/share.h"
#include "core/context.h"
#include "core/dtype.h"
#include "ops/params.h"

/* Bytes that are worth a thread: about 3 us. */
#define THREAD_WORTH 65536

/* Bytes of a row that a thread adds up by itself: neighbours share no line of the cache. */
#define STRIP_BYTES 256

/* x, or the result of scatter_add: [outer, size, inner]; the other: [outer, n, inner]. */
typedef struct rows {
    int64_t outer;
    int64_t size;
    int64_t inner;
    int64_t n;
    size_t element;
    size_t row_bytes;
    int64_t strips; /* of a row */
    wgi_add_rows add;
    uint64_t one; /* its first bytes are 1 in the dtype of one_hot */
    int32_t threads;
} rows;

static const char *refuse_wide(int32_t dtype)
{
    return wg_dtype_size((wg_dtype)dtype) > 8 ? "elements are wider than 8 bytes" : NULL;
}

const char *wgi_native_gather_accepts(const wgi_problem *problem)
{
    return refuse_wide(problem->in[0].dtype);
}

const char *wgi_native_one_hot_accepts(const wgi_problem *problem)
{
    return refuse_wide(problem->out[0].dtype);
}

const char *wgi_native_scatter_add_accepts(const wgi_problem *problem)
{
    const int32_t dtype = problem->in[0].dtype;
    return dtype == WG_F32 || dtype == WG_F64 ? NULL : "the dtype is neither f32 nor f64";
}

/* Around an axis of a view that is not empty. */
static void lay_out(rows *r, const wgi_view *v, int64_t axis)
{
    r->outer = 1;
    r->inner = 1;
    for (int64_t i = 0; i < v->rank; i++) {
        r->outer *= i < axis ? v->dims[i] : 1;
        r->inner *= i > axis ? v->dims[i] : 1;
    }
    r->row_bytes = (size_t)r->inner * r->element;
    r->strips = (int64_t)((r->row_bytes + STRIP_BYTES - 1) / STRIP_BYTES);
}

/* Operand 0 and indices of gather and scatter_add; of one_hot the indices are all there is. */
static void divide(rows *r, const wgi_problem *problem)
{
    const wgi_view *y = problem->out;
    const bool has_axis = problem->n_in == 2;
    const wgi_gather_attr *attr = problem->attr;
    r->element = wg_dtype_size((wg_dtype)y->dtype);
    r->n = problem->in[has_axis ? 1 : 0].count;
    if (!has_axis) {
        r->size = y->dims[y->rank - 1];
        wgi_store_double(y->dtype, &r->one, 0, 1.0);
        return;
    }
    const bool is_gather = strcmp(problem->op->name, "gather") == 0;
    const wgi_view *around = is_gather ? &problem->in[0] : y;
    r->size = around->dims[attr->axis];
    r->threads = wgi_threads_worth(problem, y->count / (THREAD_WORTH / (int64_t)r->element));
    if (around->count > 0) {
        lay_out(r, around, attr->axis);
    }
}

wg_status wgi_native_rows_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    const wgi_native *native = problem->backend;
    const wgi_move_hot *hot = WGI_HOT_PICK(wgi_move_hot, native->isa);
    rows *r = wgi_alloc_zeroed(&problem->ctx->memory, 1, sizeof *r);
    if (r == NULL) {
        return WG_ERR_MEMORY;
    }
    divide(r, problem);
    r->add = problem->out[0].dtype == WG_F32 ? hot->add_f32 : hot->add_f64;
    *out = (wgi_prepared){.state = r, .state_bytes = sizeof *r};
    return WG_OK;
}

void wgi_native_rows_destroy(wg_context *ctx, wgi_prepared *prepared)
{
    wgi_release(&ctx->memory, prepared->state, sizeof(rows));
}

static wg_status check_indices(const rows *r, const wgi_args *args, const int64_t *indices)
{
    for (int64_t k = 0; k < r->n; k++) {
        if (indices[k] < 0 || indices[k] >= r->size) {
            return wgi_fault_set(args, WG_ERR_RANGE, "index %lld at %lld is outside [0, %lld)",
                                 (long long)indices[k], (long long)k, (long long)r->size);
        }
    }
    return WG_OK;
}

/* A run's context for the threads. */
typedef struct work {
    const rows *r;
    const int64_t *indices;
    const char *x;
    char *y;
} work;

/* Rows of few bytes without a call for each. */
static inline void copy_row(char *y, const char *x, size_t bytes)
{
    if (bytes == 4) {
        memcpy(y, x, 4);
    } else if (bytes == 8) {
        memcpy(y, x, 8);
    } else {
        memcpy(y, x, bytes);
    }
}

/* Item i is row i of the result. */
static void run_gather(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const rows *r = w->r;
    while (begin < end) {
        const int64_t k = begin % r->n;
        const int64_t n = end - begin < r->n - k ? end - begin : r->n - k;
        const char *x = w->x + (size_t)(begin / r->n * r->size) * r->row_bytes;
        char *y = w->y + (size_t)begin * r->row_bytes;
        for (int64_t i = 0; i < n; i++) {
            copy_row(y + (size_t)i * r->row_bytes, x + (size_t)w->indices[k + i] * r->row_bytes,
                     r->row_bytes);
        }
        begin += n;
    }
}

wg_status wgi_native_gather_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const rows *r = prepared->state;
    const work w = {r, args->in[1].data, args->in[0].data, args->out[0].data};
    const wg_status status = check_indices(r, args, w.indices);
    if (status == WG_OK && args->out[0].count > 0) {
        wgi_share(r->threads, r->outer * r->n, run_gather, &w);
    }
    return status;
}

/* Bytes [at, at + bytes) of all rows of one outer place. */
static void add_strip(const work *w, int64_t outer, size_t at, size_t bytes)
{
    const rows *r = w->r;
    const char *x = w->x + (size_t)(outer * r->n) * r->row_bytes + at;
    char *y = w->y + (size_t)(outer * r->size) * r->row_bytes + at;
    if (bytes == r->row_bytes) {
        memset(y, 0, (size_t)r->size * bytes);
    }
    for (int64_t i = 0; i < r->size && bytes < r->row_bytes; i++) {
        memset(y + (size_t)i * r->row_bytes, 0, bytes);
    }
    r->add(y, x, w->indices, r->n, r->inner, (int64_t)(bytes / r->element));
}

/* Item i is strip i % strips of outer place i / strips. Neighbouring strips are one. */
static void run_scatter_add(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const rows *r = w->r;
    while (begin < end) {
        const int64_t strip = begin % r->strips;
        const int64_t n = end - begin < r->strips - strip ? end - begin : r->strips - strip;
        const size_t at = (size_t)strip * STRIP_BYTES;
        const size_t left = r->row_bytes - at;
        const size_t bytes = (size_t)n * STRIP_BYTES;
        add_strip(w, begin / r->strips, at, bytes < left ? bytes : left);
        begin += n;
    }
}

wg_status wgi_native_scatter_add_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const rows *r = prepared->state;
    const work w = {r, args->in[1].data, args->in[0].data, args->out[0].data};
    const wg_status status = check_indices(r, args, w.indices);
    if (status == WG_OK && args->out[0].count > 0) {
        wgi_share(r->threads, r->outer * r->strips, run_scatter_add, &w);
    }
    return status;
}

/* Zero bytes are zeros in every dtype. */
wg_status wgi_native_one_hot_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const rows *r = prepared->state;
    const int64_t *indices = args->in[0].data;
    char *y = args->out[0].data;
    const wg_status status = check_indices(r, args, indices);
    if (status != WG_OK || args->out[0].count == 0) {
        return status;
    }
    memset(y, 0, (size_t)args->out[0].count * r->element);
    for (int64_t k = 0; k < r->n; k++) {
        copy_row(y + (size_t)(k * r->size + indices[k]) * r->element, (const char *)&r->one,
                 r->element);
    }
    return WG_OK;
}
