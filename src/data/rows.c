/* Gathering rows of tensors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: everything is checked before the first byte is copied. */
#include <string.h>

#include "core/checked.h"
#include "core/context.h"
#include "core/tensor.h"
#include "data/dataset.h"

void wgi_rows_copy(const wg_tensor *src, const int64_t *indices, int64_t n, wg_tensor *dst)
{
    const char *from = wg_tensor_data(src);
    char *to = wg_tensor_data_mutable(dst);
    size_t row = n > 0 ? wg_tensor_bytes(dst) / (size_t)n : 0;
    if (row == 0) {
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        memcpy(to + (size_t)i * row, from + (size_t)indices[i] * row, row);
    }
}

wg_status wgi_rows_create(wg_context *ctx, const wg_tensor *src, int64_t n, wg_tensor **out)
{
    wgi_type type = src->type;
    type.dims[0] = n;
    wg_status status = wgi_type_count(&type);
    if (status == WG_OK) {
        status = wgi_tensor_new(ctx, &type, false, out);
    }
    return status == WG_OK ? WG_OK
                           : wgi_context_fail(ctx, status, "no memory for %lld rows", (long long)n);
}

void wgi_indices_reset(int64_t *indices, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        indices[i] = i;
    }
}

int64_t *wgi_indices_create(wg_context *ctx, int64_t n)
{
    size_t bytes;
    if (!wgi_size_mul((size_t)n, sizeof(int64_t), &bytes)) {
        return NULL;
    }
    int64_t *indices = wgi_alloc(&ctx->memory, bytes);
    if (indices != NULL) {
        wgi_indices_reset(indices, n);
    }
    return indices;
}

void wgi_indices_release(wg_context *ctx, int64_t *indices, int64_t n)
{
    wgi_release(&ctx->memory, indices, (size_t)n * sizeof(int64_t));
}

/* Whether dst has the form of n rows of src. */
static wg_status check_form(const wg_tensor *src, int64_t n, const wg_tensor *dst)
{
    const wgi_type *from = &src->type;
    const wgi_type *to = &dst->type;
    if (from->dtype != to->dtype) {
        return wgi_context_fail(
            dst->ctx, WG_ERR_DTYPE, "tensor_rows: dtypes differ: %s (dst) vs %s",
            wg_dtype_name((wg_dtype)to->dtype), wg_dtype_name((wg_dtype)from->dtype));
    }
    if (from->rank < 1 || to->rank != from->rank || to->dims[0] != n ||
        !wgi_same_shape(to->rank - 1, to->dims + 1, from->rank - 1, from->dims + 1)) {
        char have[WGI_SHAPE_TEXT];
        char rows[WGI_SHAPE_TEXT];
        wgi_shape_text(to->rank, to->dims, have, sizeof have);
        wgi_shape_text(from->rank, from->dims, rows, sizeof rows);
        return wgi_context_fail(dst->ctx, WG_ERR_SHAPE,
                                "tensor_rows: %s (dst) is not %lld rows of %s", have, (long long)n,
                                rows);
    }
    return WG_OK;
}

static wg_status check_indices(const wg_tensor *src, const int64_t *indices, int64_t n,
                               const wg_tensor *dst)
{
    int64_t n_rows = src->type.dims[0];
    for (int64_t i = 0; i < n; i++) {
        if (indices[i] < 0 || indices[i] >= n_rows) {
            return wgi_context_fail(dst->ctx, WG_ERR_RANGE,
                                    "tensor_rows: index %lld (at %lld) is not in [0, %lld)",
                                    (long long)indices[i], (long long)i, (long long)n_rows);
        }
    }
    return WG_OK;
}

wg_status wg_tensor_rows(const wg_tensor *src, const int64_t *indices, int64_t n, wg_tensor *dst)
{
    if (src == NULL || dst == NULL || src == dst || n < 0 || (indices == NULL && n > 0)) {
        return wgi_context_fail(dst == NULL ? NULL : dst->ctx, WG_ERR_ARGUMENT,
                                "tensor_rows: an argument is missing, or src is dst");
    }
    if (src->is_dead || dst->is_value || dst->is_dead) {
        return wgi_context_fail(dst->ctx, WG_ERR_STATE,
                                "tensor_rows: src is past its reset, or dst is read-only");
    }
    wg_status status = check_form(src, n, dst);
    if (status == WG_OK) {
        status = check_indices(src, indices, n, dst);
    }
    if (status == WG_OK) {
        wgi_rows_copy(src, indices, n, dst);
    }
    return status;
}
