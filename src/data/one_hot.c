/* Labels as rows of a 1 among 0s.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: every label is checked before the tensor is made. */
#include "core/context.h"
#include "core/tensor.h"
#include "data/dataset.h"

static wg_status check_form(const wg_dataset *d)
{
    if (d->y == NULL) {
        return wgi_context_fail(d->ctx, WG_ERR_STATE, "dataset_one_hot: there are no labels");
    }
    if (d->y->type.dtype != WG_I64) {
        return wgi_context_fail(d->ctx, WG_ERR_DTYPE, "dataset_one_hot: labels are i64, not %s",
                                wg_dtype_name((wg_dtype)d->y->type.dtype));
    }
    if (d->y->type.rank != 1) {
        return wgi_context_fail(d->ctx, WG_ERR_SHAPE, "dataset_one_hot: labels have rank %d, not 1",
                                (int)d->y->type.rank);
    }
    return WG_OK;
}

/* The number of classes that was asked for, or that names or labels tell. */
static int64_t count_classes(const wg_dataset *d, int64_t asked)
{
    int64_t named = wg_dataset_class_count(d);
    if (asked > 0 || named > 0) {
        return asked > 0 ? asked : named;
    }
    int64_t most = -1;
    const int64_t *labels = d->y->data;
    for (int64_t i = 0; i < d->y->type.count; i++) {
        most = labels[i] > most ? labels[i] : most;
    }
    return most < INT64_MAX ? most + 1 : most;
}

static wg_status check_labels(const wg_dataset *d, int64_t n)
{
    const int64_t *labels = d->y->data;
    for (int64_t i = 0; i < d->y->type.count; i++) {
        if (labels[i] < 0 || labels[i] >= n) {
            return wgi_context_fail(d->ctx, WG_ERR_RANGE,
                                    "dataset_one_hot: label %lld of row %lld is not in [0, %lld)",
                                    (long long)labels[i], (long long)i, (long long)n);
        }
    }
    return WG_OK;
}

wg_status wg_dataset_one_hot(const wg_dataset *d, int64_t n_classes, wg_dataset **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (d == NULL || out == NULL) {
        return wgi_context_fail(d == NULL ? NULL : d->ctx, WG_ERR_ARGUMENT,
                                "dataset_one_hot: an argument is missing");
    }
    if (n_classes < 0) {
        return wgi_context_fail(d->ctx, WG_ERR_RANGE, "dataset_one_hot: %lld classes",
                                (long long)n_classes);
    }
    wg_status status = check_form(d);
    if (status != WG_OK) {
        return status;
    }
    int64_t dims[] = {d->y->type.count, count_classes(d, n_classes)};
    wg_tensor *y = NULL;
    status = check_labels(d, dims[1]);
    if (status == WG_OK) {
        status = wg_tensor_create(d->ctx, WG_F32, 2, dims, &y);
    }
    if (status == WG_OK) {
        for (int64_t i = 0; i < dims[0]; i++) {
            ((float *)y->data)[i * dims[1] + ((const int64_t *)d->y->data)[i]] = 1.0F;
        }
        status = wgi_dataset_create(d->ctx, d->x, y, d->classes, out);
    }
    wg_tensor_destroy(y);
    return status;
}
