/* Types of tensors: dtype and shape, and the arithmetic on them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_CORE_SHAPE_H
#define WG_CORE_SHAPE_H

#include <wengert/base.h>

#include "core/compiler.h"

/* Invariant once checked: 0 <= rank <= WG_MAX_RANK, dims >= 0, count is their product, and the
 * product of any of them, a 0 counting as 1, times the element size fits ptrdiff_t. */
typedef struct wgi_type {
    int32_t dtype;
    int32_t rank;
    int64_t count;
    int64_t dims[WG_MAX_RANK];
} wgi_type;

/* Checks dtype, rank and dims and fills *out, zeroed on failure. WG_ERR_DTYPE, WG_ERR_RANGE,
 * WG_ERR_ARGUMENT (dims is NULL where the rank is not 0), WG_ERR_OVERFLOW. */
WGI_NODISCARD wg_status wgi_type_make(int dtype, int32_t rank, const int64_t *dims, wgi_type *out);

/* Recomputes count from dtype and dims; WG_ERR_DTYPE, WG_ERR_RANGE or WG_ERR_OVERFLOW. */
WGI_NODISCARD wg_status wgi_type_count(wgi_type *type);

size_t wgi_type_bytes(const wgi_type *type);

bool wgi_same_shape(int32_t rank_a, const int64_t *a, int32_t rank_b, const int64_t *b);

/* Broadcasts shape b into type a (dims and rank only; call wgi_type_count after). On failure
 * returns the axis at fault counted from the end (1 is the last), else 0. */
int32_t wgi_broadcast(wgi_type *a, int32_t rank_b, const int64_t *b);

/* axis in [-rank, rank) to [0, rank); -1 where it is not. */
int32_t wgi_axis(int32_t axis, int32_t rank);

/* "[32, 128]" into a buffer; returns it. */
char *wgi_shape_text(int32_t rank, const int64_t *dims, char *buffer, size_t bytes);

/* Enough for every shape. */
#define WGI_SHAPE_TEXT 192

#endif
