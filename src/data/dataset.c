/* Data sets and splits.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: outputs are set last, so that a failure leaves nothing behind. */
#include "data/dataset.h"

#include "core/context.h"
#include "core/tensor.h"

wg_status wgi_dataset_create(wg_context *ctx, wg_tensor *x, wg_tensor *y, wgi_classes *classes,
                             wg_dataset **out)
{
    wg_dataset *d = wgi_alloc_zeroed(&ctx->memory, 1, sizeof *d);
    if (d == NULL) {
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "no memory for a data set");
    }
    d->ctx = ctx;
    d->x = wg_tensor_retain(x);
    d->y = wg_tensor_retain(y);
    d->classes = wgi_classes_retain(classes);
    *out = d;
    return WG_OK;
}

/* Whether a tensor can be a part of a data set. */
static wg_status check_part(wg_context *ctx, const wg_tensor *t, const char *name)
{
    if (t->ctx != ctx) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "dataset: %s is of another context", name);
    }
    if (t->is_value || t->is_dead) {
        return wgi_context_fail(ctx, WG_ERR_STATE, "dataset: %s is the value of a node", name);
    }
    if (t->type.rank < 1) {
        return wgi_context_fail(ctx, WG_ERR_SHAPE, "dataset: %s has rank 0, so no rows", name);
    }
    return WG_OK;
}

wg_status wg_dataset_create(wg_context *ctx, wg_tensor *x, wg_tensor *y, wg_dataset **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (ctx == NULL || x == NULL || out == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "dataset: x or out is NULL");
    }
    wg_status status = check_part(ctx, x, "x");
    if (status == WG_OK && y != NULL) {
        status = check_part(ctx, y, "y");
    }
    if (status != WG_OK) {
        return status;
    }
    if (y != NULL && y->type.dims[0] != x->type.dims[0]) {
        return wgi_context_fail(ctx, WG_ERR_SHAPE, "dataset: x has %lld rows, y has %lld",
                                (long long)x->type.dims[0], (long long)y->type.dims[0]);
    }
    return wgi_dataset_create(ctx, x, y, NULL, out);
}

void wg_dataset_destroy(wg_dataset *d)
{
    if (d == NULL) {
        return;
    }
    const wg_allocator *memory = &d->ctx->memory;
    wg_tensor_destroy(d->x);
    wg_tensor_destroy(d->y);
    wgi_classes_release(memory, d->classes);
    wgi_release(memory, d, sizeof *d);
}

int64_t wg_dataset_count(const wg_dataset *d)
{
    return d == NULL ? 0 : d->x->type.dims[0];
}

wg_tensor *wg_dataset_x(const wg_dataset *d)
{
    return d == NULL ? NULL : d->x;
}

wg_tensor *wg_dataset_y(const wg_dataset *d)
{
    return d == NULL ? NULL : d->y;
}

int64_t wg_dataset_class_count(const wg_dataset *d)
{
    return d == NULL || d->classes == NULL ? 0 : (int64_t)d->classes->starts.count;
}

const char *wg_dataset_class_name(const wg_dataset *d, int64_t i)
{
    if (i < 0 || i >= wg_dataset_class_count(d)) {
        return NULL;
    }
    return wgi_classes_name(d->classes, (size_t)i);
}

/* A data set of the rows of d with these indices. */
static wg_status take_rows(const wg_dataset *d, const int64_t *indices, int64_t n, wg_dataset **out)
{
    wg_tensor *x = NULL;
    wg_tensor *y = NULL;
    wg_status status = wgi_rows_create(d->ctx, d->x, n, &x);
    if (status == WG_OK && d->y != NULL) {
        status = wgi_rows_create(d->ctx, d->y, n, &y);
    }
    if (status == WG_OK) {
        status = wgi_dataset_create(d->ctx, x, y, d->classes, out);
    }
    if (status == WG_OK) {
        wgi_rows_copy(d->x, indices, n, x);
        if (y != NULL) {
            wgi_rows_copy(d->y, indices, n, y);
        }
    }
    wg_tensor_destroy(x);
    wg_tensor_destroy(y);
    return status;
}

/* Splits by an order of the rows: the first ones train, the last n_test test. */
static wg_status split_by(const wg_dataset *d, const int64_t *indices, int64_t n_test,
                          wg_dataset **train, wg_dataset **test)
{
    int64_t n_train = wg_dataset_count(d) - n_test;
    wg_dataset *first = NULL;
    wg_dataset *second = NULL;
    wg_status status = take_rows(d, indices, n_train, &first);
    if (status == WG_OK) {
        status = take_rows(d, n_train > 0 ? indices + n_train : indices, n_test, &second);
    }
    if (status != WG_OK) {
        wg_dataset_destroy(first);
        return status;
    }
    *train = first;
    *test = second;
    return WG_OK;
}

static wg_status split_shuffled(const wg_dataset *d, int64_t n_test, wg_rng *rng,
                                wg_dataset **train, wg_dataset **test)
{
    int64_t n = wg_dataset_count(d);
    int64_t *indices = wgi_indices_create(d->ctx, n);
    if (indices == NULL && n > 0) {
        return wgi_context_fail(d->ctx, WG_ERR_MEMORY, "no memory to split %lld rows",
                                (long long)n);
    }
    wg_rng after = rng == NULL ? (wg_rng){0} : *rng;
    if (rng != NULL) {
        wg_rng_shuffle(&after, indices, (size_t)n);
    }
    wg_status status = split_by(d, indices, n_test, train, test);
    if (status == WG_OK && rng != NULL) {
        *rng = after;
    }
    wgi_indices_release(d->ctx, indices, n);
    return status;
}

wg_status wg_dataset_split(const wg_dataset *d, int64_t n_test, wg_rng *rng, wg_dataset **train,
                           wg_dataset **test)
{
    if (train != NULL) {
        *train = NULL;
    }
    if (test != NULL) {
        *test = NULL;
    }
    if (d == NULL || train == NULL || test == NULL || train == test) {
        return wgi_context_fail(d == NULL ? NULL : d->ctx, WG_ERR_ARGUMENT,
                                "dataset_split: an output is missing");
    }
    if (n_test < 0 || n_test > wg_dataset_count(d)) {
        return wgi_context_fail(d->ctx, WG_ERR_RANGE, "dataset_split: %lld test rows of %lld",
                                (long long)n_test, (long long)wg_dataset_count(d));
    }
    return split_shuffled(d, n_test, rng, train, test);
}
