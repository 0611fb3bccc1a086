/* Batches.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the order of an epoch is a function of the stream as it was before the epoch's shuffle
 * alone: each shuffle begins with the rows as they stand. So `state` is all there is to save. The
 * tensors of a full batch and of the last, smaller one exist from the start. */
#include "core/context.h"
#include "core/tensor.h"
#include "data/dataset.h"

/* The tensors of batches of one size. */
typedef struct buffers {
    wg_tensor *x;
    wg_tensor *y;
} buffers;

struct wg_batches {
    wg_context *ctx;
    buffers from; /* the whole data */
    buffers full;
    buffers last; /* of n % batch rows; NULL where there is no such batch */
    int64_t n;
    int64_t n_used; /* rows handed out in an epoch */
    int64_t batch;
    int64_t *indices;
    bool is_shuffled;
    wg_rng after; /* the stream after this epoch's shuffle */
    wg_batches_state state;
};

static void buffers_destroy(buffers *b)
{
    wg_tensor_destroy(b->x);
    wg_tensor_destroy(b->y);
    *b = (buffers){0};
}

static wg_status buffers_create(wg_batches *b, int64_t n, buffers *out)
{
    wg_status status = wgi_rows_create(b->ctx, b->from.x, n, &out->x);
    if (status == WG_OK && b->from.y != NULL) {
        status = wgi_rows_create(b->ctx, b->from.y, n, &out->y);
    }
    return status;
}

/* Orders the rows for the epoch that begins with state.rng. */
static void shuffle(wg_batches *b)
{
    b->after = b->state.rng;
    if (b->is_shuffled) {
        wgi_indices_reset(b->indices, b->n);
        wg_rng_shuffle(&b->after, b->indices, (size_t)b->n);
    }
}

/* Takes all the memory that batches will need. */
static wg_status prepare(wg_batches *b, bool drop_last)
{
    int64_t n_last = b->n % b->batch;
    b->n_used = drop_last ? b->n - n_last : b->n;
    b->indices = wgi_indices_create(b->ctx, b->n);
    if (b->indices == NULL && b->n > 0) {
        return wgi_context_fail(b->ctx, WG_ERR_MEMORY, "no memory for batches of %lld rows",
                                (long long)b->n);
    }
    wg_status status = WG_OK;
    if (b->n >= b->batch) {
        status = buffers_create(b, b->batch, &b->full);
    }
    if (status == WG_OK && n_last > 0 && !drop_last) {
        status = buffers_create(b, n_last, &b->last);
    }
    return status;
}

wg_status wg_batches_create(const wg_dataset *d, int64_t batch, const wg_rng *rng, bool drop_last,
                            wg_batches **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    wg_context *ctx = d == NULL ? NULL : d->ctx;
    if (d == NULL || out == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "batches: out is NULL");
    }
    if (batch < 1) {
        return wgi_context_fail(ctx, WG_ERR_RANGE, "batches: %lld rows in each", (long long)batch);
    }
    wg_batches *b = wgi_alloc_zeroed(&ctx->memory, 1, sizeof *b);
    if (b == NULL) {
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "no memory for batches");
    }
    *b = (wg_batches){.ctx = ctx, .n = wg_dataset_count(d), .batch = batch};
    b->from = (buffers){.x = wg_tensor_retain(d->x), .y = wg_tensor_retain(d->y)};
    b->is_shuffled = rng != NULL;
    b->state.rng = rng == NULL ? (wg_rng){0} : *rng;
    wg_status status = prepare(b, drop_last);
    if (status != WG_OK) {
        wg_batches_destroy(b);
        return status;
    }
    shuffle(b);
    *out = b;
    return WG_OK;
}

void wg_batches_destroy(wg_batches *b)
{
    if (b == NULL) {
        return;
    }
    buffers_destroy(&b->from);
    buffers_destroy(&b->full);
    buffers_destroy(&b->last);
    wgi_indices_release(b->ctx, b->indices, b->n);
    wgi_release(&b->ctx->memory, b, sizeof *b);
}

static void begin_epoch(wg_batches *b)
{
    b->state = (wg_batches_state){.rng = b->after, .next = 0};
    shuffle(b);
}

bool wg_batches_next(wg_batches *b, wg_batch *out)
{
    if (out != NULL) {
        *out = (wg_batch){0};
    }
    if (b == NULL || out == NULL) {
        return false;
    }
    if (b->state.next >= b->n_used) {
        begin_epoch(b);
        return false;
    }
    int64_t left = b->n_used - b->state.next;
    int64_t n = left < b->batch ? left : b->batch;
    const buffers *to = n == b->batch ? &b->full : &b->last;
    const int64_t *indices = b->indices + b->state.next;
    wgi_rows_copy(b->from.x, indices, n, to->x);
    if (to->y != NULL) {
        wgi_rows_copy(b->from.y, indices, n, to->y);
    }
    *out = (wg_batch){.x = to->x, .y = to->y, .n = n, .first = b->state.next};
    b->state.next += n;
    return true;
}

int64_t wg_batches_count(const wg_batches *b)
{
    return b == NULL ? 0 : b->n_used / b->batch + (b->n_used % b->batch > 0 ? 1 : 0);
}

wg_status wg_batches_get_state(const wg_batches *b, wg_batches_state *out)
{
    if (out != NULL) {
        *out = b == NULL ? (wg_batches_state){0} : b->state;
    }
    return b == NULL || out == NULL ? WG_ERR_ARGUMENT : WG_OK;
}

wg_status wg_batches_set_state(wg_batches *b, const wg_batches_state *state)
{
    if (b == NULL || state == NULL) {
        return WG_ERR_ARGUMENT;
    }
    bool is_boundary = state->next == b->n_used || state->next % b->batch == 0;
    if (state->next < 0 || state->next > b->n_used || !is_boundary) {
        return wgi_context_fail(b->ctx, WG_ERR_RANGE,
                                "batches: %lld is no start of a batch of %lld in %lld rows",
                                (long long)state->next, (long long)b->batch, (long long)b->n_used);
    }
    b->state = *state;
    shuffle(b);
    return WG_OK;
}
