/* The data set's own structure.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: x is never NULL, and y, where it is there, has x's first dim; neither is a value of a
 * graph, so that both keep their data as long as the set lives. */
#ifndef WG_DATA_DATASET_H
#define WG_DATA_DATASET_H

#include <wengert/data.h>

#include "data/classes.h"

struct wg_dataset {
    wg_context *ctx;
    wg_tensor *x;
    wg_tensor *y;
    wgi_classes *classes; /* NULL where the labels are not names */
};

/* As wg_dataset_create, sharing `classes` (may be NULL). */
WGI_NODISCARD wg_status wgi_dataset_create(wg_context *ctx, wg_tensor *x, wg_tensor *y,
                                           wgi_classes *classes, wg_dataset **out);

/* Gathers rows as wg_tensor_rows does, of tensors and indices known to fit. */
void wgi_rows_copy(const wg_tensor *src, const int64_t *indices, int64_t n, wg_tensor *dst);

/* A tensor of n rows of the form of src's; data uninitialised. */
WGI_NODISCARD wg_status wgi_rows_create(wg_context *ctx, const wg_tensor *src, int64_t n,
                                        wg_tensor **out);

/* The indices 0 .. n-1, from the context's allocator; NULL on failure and for 0. */
WGI_NODISCARD int64_t *wgi_indices_create(wg_context *ctx, int64_t n);
void wgi_indices_reset(int64_t *indices, int64_t n);
void wgi_indices_release(wg_context *ctx, int64_t *indices, int64_t n);

#endif
