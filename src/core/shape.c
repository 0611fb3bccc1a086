/* Checked shapes and broadcasting.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a type that passed wgi_type_count has no product of any of its dims, times the size of
 * an element, that overflows ptrdiff_t. Kernels multiply dims freely on the strength of it. */
#include "core/shape.h"

#include "core/checked.h"
#include "core/dtype.h"
#include "core/text.h"

#include <string.h>

static wg_status make_type(int dtype, int32_t rank, const int64_t *dims, wgi_type *out)
{
    if (rank < 0 || rank > WG_MAX_RANK) {
        return wgi_dtype_is_valid(dtype) ? WG_ERR_RANGE : WG_ERR_DTYPE;
    }
    if (rank > 0 && dims == NULL) {
        return wgi_dtype_is_valid(dtype) ? WG_ERR_ARGUMENT : WG_ERR_DTYPE;
    }
    out->dtype = dtype;
    out->rank = rank;
    for (int32_t i = 0; i < WG_MAX_RANK; i++) {
        out->dims[i] = i < rank ? dims[i] : 0;
    }
    return wgi_type_count(out);
}

wg_status wgi_type_make(int dtype, int32_t rank, const int64_t *dims, wgi_type *out)
{
    wg_status status = make_type(dtype, rank, dims, out);
    if (WGI_UNLIKELY(status != WG_OK)) {
        *out = (wgi_type){0};
    }
    return status;
}

/* A size of 0 counts as 1 in products: those over the other axes must fit too. */
static inline int64_t at_least_1(int64_t dim)
{
    return dim == 0 ? 1 : dim;
}

/* The product of dims and an element's size by checked steps, where a size is large or negative. */
WGI_COLD static wg_status count_checked(wgi_type *type, int64_t element_bytes)
{
    int64_t elements = 1;
    int64_t bytes;
    bool is_empty = false;
    for (int32_t i = 0; i < type->rank; i++) {
        if (type->dims[i] < 0) {
            return WG_ERR_RANGE;
        }
    }
    for (int32_t i = 0; i < type->rank; i++) {
        is_empty = is_empty || type->dims[i] == 0;
        if (!wgi_dim_mul(elements, at_least_1(type->dims[i]), &elements)) {
            return WG_ERR_OVERFLOW;
        }
    }
    if (!wgi_dim_mul(elements, element_bytes, &bytes) || bytes > PTRDIFF_MAX) {
        return WG_ERR_OVERFLOW;
    }
    type->count = is_empty ? 0 : elements;
    return WG_OK;
}

wg_status wgi_type_count(wgi_type *type)
{
    const uint64_t small = INT32_MAX / 64; /* times the size of any element it fits an int32_t */
    uint64_t elements = 1;
    bool is_empty = false;
    size_t element_bytes = wg_dtype_size((wg_dtype)type->dtype);
    type->count = 0;
    if (element_bytes == 0) {
        return WG_ERR_DTYPE;
    }
    for (int32_t i = 0; i < type->rank; i++) {
        int64_t dim = type->dims[i];
        if (WGI_UNLIKELY((uint64_t)dim > small)) {
            return count_checked(type, (int64_t)element_bytes);
        }
        is_empty = is_empty || dim == 0;
        elements *= (uint64_t)at_least_1(dim);
        if (WGI_UNLIKELY(elements > small)) {
            return count_checked(type, (int64_t)element_bytes);
        }
    }
    type->count = is_empty ? 0 : (int64_t)elements;
    return WG_OK;
}

size_t wgi_type_bytes(const wgi_type *type)
{
    return (size_t)type->count * wg_dtype_size((wg_dtype)type->dtype);
}

bool wgi_same_shape(int32_t rank_a, const int64_t *a, int32_t rank_b, const int64_t *b)
{
    if (rank_a != rank_b) {
        return false;
    }
    return rank_a <= 0 || memcmp(a, b, (size_t)rank_a * sizeof *a) == 0;
}

/* The dim at `from_end` (1 is the last axis); 1 past the first axis. */
static int64_t dim_from_end(int32_t rank, const int64_t *dims, int32_t from_end)
{
    return from_end > rank ? 1 : dims[rank - from_end];
}

int32_t wgi_broadcast(wgi_type *a, int32_t rank_b, const int64_t *b)
{
    int32_t rank = a->rank > rank_b ? a->rank : rank_b;
    int64_t dims[WG_MAX_RANK];
    for (int32_t from_end = 1; from_end <= rank; from_end++) {
        int64_t dim_a = dim_from_end(a->rank, a->dims, from_end);
        int64_t dim_b = dim_from_end(rank_b, b, from_end);
        if (dim_a != dim_b && dim_a != 1 && dim_b != 1) {
            return from_end;
        }
        dims[rank - from_end] = dim_a == 1 ? dim_b : dim_a;
    }
    a->rank = rank;
    for (int32_t i = 0; i < rank; i++) {
        a->dims[i] = dims[i];
    }
    return 0;
}

int32_t wgi_axis(int32_t axis, int32_t rank)
{
    if (axis < -rank || axis >= rank) {
        return -1;
    }
    return axis < 0 ? axis + rank : axis;
}

char *wgi_shape_text(int32_t rank, const int64_t *dims, char *buffer, size_t bytes)
{
    wgi_text text = wgi_text_make(buffer, bytes);
    wgi_text_add(&text, "[");
    for (int32_t i = 0; i < rank; i++) {
        wgi_text_add(&text, i == 0 ? "%lld" : ", %lld", (long long)dims[i]);
    }
    wgi_text_add(&text, "]");
    return buffer;
}
