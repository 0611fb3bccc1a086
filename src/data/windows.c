/* Windows and streams: numbered text as examples of the next symbol.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: y is x one symbol further, so that the last symbol read is one behind the last of x:
 * every place that is used has one behind it. */
#include <string.h>

#include "core/checked.h"
#include "core/context.h"
#include "core/tensor.h"
#include "data/dataset.h"

/* Whether a tensor is numbered text of at least so many symbols. */
static wg_status check_symbols(wg_context *ctx, const char *what, const wg_tensor *symbols,
                               int64_t least)
{
    if (symbols->ctx != ctx) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "%s: the symbols are of another context",
                                what);
    }
    if (symbols->is_value || symbols->is_dead) {
        return wgi_context_fail(ctx, WG_ERR_STATE, "%s: the symbols are the value of a node", what);
    }
    if (symbols->type.dtype != WG_I64) {
        return wgi_context_fail(ctx, WG_ERR_DTYPE, "%s: symbols are i64, not %s", what,
                                wg_dtype_name((wg_dtype)symbols->type.dtype));
    }
    if (symbols->type.rank != 1) {
        return wgi_context_fail(ctx, WG_ERR_SHAPE, "%s: symbols are of rank 1, not %d", what,
                                (int)symbols->type.rank);
    }
    if (symbols->type.count < least) {
        return wgi_context_fail(ctx, WG_ERR_SHAPE, "%s: %lld symbols are fewer than %lld", what,
                                (long long)symbols->type.count, (long long)least);
    }
    return WG_OK;
}

/* ---- windows ------------------------------------------------------------------------------ */

static void copy_windows(const int64_t *symbols, int64_t stride, const wg_tensor *x,
                         const wg_tensor *y)
{
    int64_t length = x->type.dims[1];
    size_t bytes = (size_t)length * sizeof(int64_t);
    for (int64_t i = 0; i < x->type.dims[0]; i++) {
        memcpy((int64_t *)x->data + i * length, symbols + i * stride, bytes);
        memcpy((int64_t *)y->data + i * length, symbols + i * stride + 1, bytes);
    }
}

wg_status wg_dataset_windows(wg_context *ctx, const wg_tensor *symbols, int64_t length,
                             int64_t stride, wg_dataset **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (ctx == NULL || symbols == NULL || out == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "dataset_windows: an argument is missing");
    }
    if (length < 1 || length == INT64_MAX || stride < 1) {
        return wgi_context_fail(ctx, WG_ERR_RANGE, "dataset_windows: length %lld, stride %lld",
                                (long long)length, (long long)stride);
    }
    wg_status status = check_symbols(ctx, "dataset_windows", symbols, length + 1);
    if (status != WG_OK) {
        return status;
    }
    int64_t dims[] = {(symbols->type.count - length - 1) / stride + 1, length};
    wg_tensor *x = NULL;
    wg_tensor *y = NULL;
    status = wg_tensor_create(ctx, WG_I64, 2, dims, &x);
    if (status == WG_OK) {
        status = wg_tensor_create(ctx, WG_I64, 2, dims, &y);
    }
    if (status == WG_OK) {
        status = wgi_dataset_create(ctx, x, y, NULL, out);
    }
    if (status == WG_OK) {
        copy_windows(symbols->data, stride, x, y);
    }
    wg_tensor_destroy(x);
    wg_tensor_destroy(y);
    return status;
}

/* ---- streams ------------------------------------------------------------------------------ */

/* The tensors of batches of one length. */
typedef struct buffers {
    wg_tensor *x;
    wg_tensor *y;
} buffers;

struct wg_streams {
    wg_context *ctx;
    wg_tensor *symbols;
    buffers full;
    buffers last; /* of n % steps; NULL where there is no such batch */
    int64_t batch;
    int64_t steps;
    int64_t stride; /* from the start of one stream to the next's */
    int64_t n;      /* steps handed out in an epoch */
    int64_t next;
};

static wg_status buffers_create(const wg_streams *s, int64_t steps, buffers *out)
{
    int64_t dims[] = {s->batch, steps};
    wg_status status = wg_tensor_create(s->ctx, WG_I64, 2, dims, &out->x);
    return status == WG_OK ? wg_tensor_create(s->ctx, WG_I64, 2, dims, &out->y) : status;
}

static wg_status prepare(wg_streams *s, bool drop_last)
{
    wg_status status = WG_OK;
    s->stride = (s->symbols->type.count - 1) / s->batch;
    int64_t n_last = s->stride % s->steps;
    s->n = drop_last ? s->stride - n_last : s->stride;
    if (s->stride >= s->steps) {
        status = buffers_create(s, s->steps, &s->full);
    }
    if (status == WG_OK && n_last > 0 && !drop_last) {
        status = buffers_create(s, n_last, &s->last);
    }
    return status;
}

wg_status wg_streams_create(wg_tensor *symbols, int64_t batch, int64_t steps, bool drop_last,
                            wg_streams **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    wg_context *ctx = symbols == NULL ? NULL : symbols->ctx;
    if (symbols == NULL || out == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "streams: an argument is missing");
    }
    if (batch < 1 || batch == INT64_MAX || steps < 1) {
        return wgi_context_fail(ctx, WG_ERR_RANGE, "streams: %lld of them, %lld steps",
                                (long long)batch, (long long)steps);
    }
    wg_status status = check_symbols(ctx, "streams", symbols, batch + 1);
    if (status != WG_OK) {
        return status;
    }
    wg_streams *s = wgi_alloc_zeroed(&ctx->memory, 1, sizeof *s);
    if (s == NULL) {
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "no memory for streams");
    }
    *s = (wg_streams){.ctx = ctx, .batch = batch, .steps = steps};
    s->symbols = wg_tensor_retain(symbols);
    status = prepare(s, drop_last);
    if (status != WG_OK) {
        wg_streams_destroy(s);
        return status;
    }
    *out = s;
    return WG_OK;
}

void wg_streams_destroy(wg_streams *s)
{
    if (s == NULL) {
        return;
    }
    wg_tensor_destroy(s->full.x);
    wg_tensor_destroy(s->full.y);
    wg_tensor_destroy(s->last.x);
    wg_tensor_destroy(s->last.y);
    wg_tensor_destroy(s->symbols);
    wgi_release(&s->ctx->memory, s, sizeof *s);
}

/* Rows of `steps` symbols, one from each stream. */
static void gather(const wg_streams *s, int64_t from, int64_t steps, wg_tensor *to)
{
    const int64_t *symbols = s->symbols->data;
    int64_t *row = wg_tensor_data_mutable(to);
    for (int64_t k = 0; k < s->batch; k++, row += steps) {
        memcpy(row, symbols + k * s->stride + from, (size_t)steps * sizeof *row);
    }
}

bool wg_streams_next(wg_streams *s, wg_batch *out)
{
    if (out != NULL) {
        *out = (wg_batch){0};
    }
    if (s == NULL || out == NULL) {
        return false;
    }
    if (s->next >= s->n) {
        s->next = 0;
        return false;
    }
    int64_t left = s->n - s->next;
    int64_t steps = left < s->steps ? left : s->steps;
    const buffers *to = steps == s->steps ? &s->full : &s->last;
    gather(s, s->next, steps, to->x);
    gather(s, s->next + 1, steps, to->y);
    *out = (wg_batch){.x = to->x, .y = to->y, .n = s->batch, .first = s->next};
    s->next += steps;
    return true;
}

int64_t wg_streams_count(const wg_streams *s)
{
    return s == NULL ? 0 : s->n / s->steps + (s->n % s->steps > 0 ? 1 : 0);
}

int64_t wg_streams_state(const wg_streams *s)
{
    return s == NULL ? 0 : s->next;
}

wg_status wg_streams_set_state(wg_streams *s, int64_t state)
{
    if (s == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (state < 0 || state > s->n || (state % s->steps != 0 && state != s->n)) {
        return wgi_context_fail(s->ctx, WG_ERR_RANGE,
                                "streams: %lld is no start of a batch of %lld in %lld steps",
                                (long long)state, (long long)s->steps, (long long)s->n);
    }
    s->next = state;
    return WG_OK;
}
