/* Tensors: owned, borrowed, and values of graphs.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: owned data are released with the last reference; a value's data are never written
 * from here, and a dead value's never read. */
#include "core/tensor.h"

#include "core/context.h"
#include "core/dtype.h"
#include "core/memory.h"

#include <math.h>
#include <string.h>

static wg_status fail_type(wg_context *ctx, wg_status status, int dtype, int32_t rank,
                           const int64_t *dims)
{
    char shape[WGI_SHAPE_TEXT];
    if (status == WG_ERR_DTYPE) {
        return wgi_context_fail(ctx, status, "tensor: %d is no dtype", dtype);
    }
    if (status == WG_ERR_ARGUMENT) {
        return wgi_context_fail(ctx, status, "tensor: dims is NULL, rank is %d", (int)rank);
    }
    if (rank < 0 || rank > WG_MAX_RANK) {
        return wgi_context_fail(ctx, status, "tensor: rank %d is not in 0..%d", (int)rank,
                                WG_MAX_RANK);
    }
    wgi_shape_text(rank, dims, shape, sizeof shape);
    if (status == WG_ERR_RANGE) {
        return wgi_context_fail(ctx, status, "tensor: a size in %s is negative", shape);
    }
    return wgi_context_fail(ctx, status, "tensor: the bytes of %s %s do not fit",
                            wg_dtype_name((wg_dtype)dtype), shape);
}

/* Checks what every constructor is given. On success *type is set and *out is NULL. */
static wg_status begin(wg_context *ctx, const wgi_type *raw, const int64_t *dims, wgi_type *type,
                       wg_tensor **out)
{
    if (out == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "tensor: out is NULL");
    }
    *out = NULL;
    if (ctx == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_status status = wgi_type_make(raw->dtype, raw->rank, dims, type);
    return status == WG_OK ? WG_OK : fail_type(ctx, status, raw->dtype, raw->rank, dims);
}

static wg_status fail_memory(wg_context *ctx, const wgi_type *type)
{
    char shape[WGI_SHAPE_TEXT];
    wgi_shape_text(type->rank, type->dims, shape, sizeof shape);
    return wgi_context_fail(ctx, WG_ERR_MEMORY, "tensor: no memory for %s %s",
                            wg_dtype_name((wg_dtype)type->dtype), shape);
}

/* A tensor without data and with one reference; NULL on failure. */
static wg_tensor *tensor_alloc(wg_context *ctx, const wgi_type *type)
{
    wg_tensor *t = wgi_alloc_zeroed(&ctx->memory, 1, sizeof *t);
    if (t != NULL) {
        t->ctx = ctx;
        t->type = *type;
        atomic_init(&t->references, 1);
    }
    return t;
}

wg_status wgi_tensor_new(wg_context *ctx, const wgi_type *type, bool is_zeroed, wg_tensor **out)
{
    *out = NULL;
    wg_tensor *t = tensor_alloc(ctx, type);
    if (t == NULL) {
        return WG_ERR_MEMORY;
    }
    size_t bytes = wgi_type_bytes(type);
    if (bytes > 0) {
        t->data = wgi_alloc(&ctx->memory, bytes);
        if (t->data == NULL) {
            wg_tensor_destroy(t);
            return WG_ERR_MEMORY;
        }
        t->owned_bytes = bytes;
        if (is_zeroed) {
            memset(t->data, 0, bytes);
        }
    }
    *out = t;
    return WG_OK;
}

wg_status wgi_tensor_shell(wg_context *ctx, const wgi_type *type, wg_tensor **out)
{
    *out = tensor_alloc(ctx, type);
    if (*out == NULL) {
        return WG_ERR_MEMORY;
    }
    (*out)->is_value = true;
    return WG_OK;
}

wg_status wg_tensor_create(wg_context *ctx, wg_dtype dtype, int32_t rank, const int64_t *dims,
                           wg_tensor **out)
{
    wgi_type type;
    wgi_type raw = {.dtype = (int32_t)dtype, .rank = rank};
    wg_status status = begin(ctx, &raw, dims, &type, out);
    if (status != WG_OK) {
        return status;
    }
    status = wgi_tensor_new(ctx, &type, true, out);
    return status == WG_OK ? WG_OK : fail_memory(ctx, &type);
}

wg_status wg_tensor_borrow(wg_context *ctx, wg_dtype dtype, int32_t rank, const int64_t *dims,
                           void *data, wg_tensor **out)
{
    wgi_type type;
    wgi_type raw = {.dtype = (int32_t)dtype, .rank = rank};
    wg_status status = begin(ctx, &raw, dims, &type, out);
    if (status != WG_OK) {
        return status;
    }
    if (data == NULL && type.count > 0) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "tensor: data is NULL");
    }
    wg_tensor *t = tensor_alloc(ctx, &type);
    if (t == NULL) {
        return fail_memory(ctx, &type);
    }
    t->data = type.count > 0 ? data : NULL;
    *out = t;
    return WG_OK;
}

wg_status wg_tensor_from(wg_context *ctx, wg_dtype dtype, int32_t rank, const int64_t *dims,
                         wg_dtype source, const void *data, wg_tensor **out)
{
    wgi_type type;
    wgi_type raw = {.dtype = (int32_t)dtype, .rank = rank};
    wg_status status = begin(ctx, &raw, dims, &type, out);
    if (status != WG_OK) {
        return status;
    }
    if (!wgi_dtype_is_valid((int)source)) {
        return wgi_context_fail(ctx, WG_ERR_DTYPE, "tensor: source %d is no dtype", (int)source);
    }
    if (data == NULL && type.count > 0) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "tensor: data is NULL");
    }
    status = wgi_tensor_new(ctx, &type, false, out);
    if (status != WG_OK) {
        return fail_memory(ctx, &type);
    }
    wgi_convert(type.dtype, (*out)->data, (int)source, data, type.count);
    return WG_OK;
}

/* ---- memory and parts --------------------------------------------------------------------- */

/* A base is no part, so that this goes one deep. */
static void release_data(wg_tensor *t)
{
    if (t->owned_bytes > 0) {
        wgi_release(&t->ctx->memory, t->data, t->owned_bytes);
    }
    wg_tensor_destroy(t->base);
}

static void *part_data(const wgi_type *type, const wg_tensor *base, size_t offset)
{
    return type->count > 0 ? (char *)base->data + offset : NULL;
}

wg_status wgi_tensor_new_part(const wgi_type *type, wg_tensor *base, size_t offset, wg_tensor **out)
{
    *out = tensor_alloc(base->ctx, type);
    if (*out == NULL) {
        return WG_ERR_MEMORY;
    }
    (*out)->data = part_data(type, base, offset);
    (*out)->base = wg_tensor_retain(base);
    return WG_OK;
}

void wgi_tensor_become_part(wg_tensor *t, wg_tensor *base, size_t offset)
{
    const uint64_t version = wgi_tensor_version(t);
    void *data = part_data(&t->type, base, offset);
    if (data != NULL) {
        memcpy(data, t->data, wgi_type_bytes(&t->type));
    }
    release_data(t);
    t->data = data;
    t->owned_bytes = 0;
    t->base = wg_tensor_retain(base);
    t->version = version - base->own_writes;
}

wg_tensor *wg_tensor_retain(wg_tensor *t)
{
    if (t != NULL) {
        atomic_fetch_add_explicit(&t->references, 1, memory_order_relaxed);
    }
    return t;
}

void wg_tensor_destroy(wg_tensor *t)
{
    if (t == NULL || atomic_fetch_sub_explicit(&t->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    const wg_allocator *memory = &t->ctx->memory;
    release_data(t);
    wgi_release(memory, t, sizeof *t);
}

wg_dtype wg_tensor_dtype(const wg_tensor *t)
{
    return t == NULL ? (wg_dtype)0 : (wg_dtype)t->type.dtype;
}

int32_t wg_tensor_rank(const wg_tensor *t)
{
    return t == NULL ? 0 : t->type.rank;
}

const int64_t *wg_tensor_dims(const wg_tensor *t)
{
    return t == NULL ? NULL : t->type.dims;
}

int64_t wg_tensor_count(const wg_tensor *t)
{
    return t == NULL ? 0 : t->type.count;
}

size_t wg_tensor_bytes(const wg_tensor *t)
{
    return t == NULL ? 0 : wgi_type_bytes(&t->type);
}

const void *wg_tensor_data(const wg_tensor *t)
{
    return t == NULL || t->is_dead ? NULL : t->data;
}

void *wg_tensor_data_mutable(wg_tensor *t)
{
    if (t == NULL || t->is_value || t->is_dead) {
        return NULL;
    }
    wgi_tensor_touch(t);
    return t->data;
}

double wg_tensor_get(const wg_tensor *t, int64_t i)
{
    const void *data = wg_tensor_data(t);
    if (data == NULL || i < 0 || i >= t->type.count) {
        return (double)NAN;
    }
    return wgi_load_double(t->type.dtype, data, i);
}

/* Whether a tensor may be written, with the message where it may not. */
static wg_status check_writable(wg_tensor *t, const char *call)
{
    if (t->is_value || t->is_dead) {
        return wgi_context_fail(t->ctx, WG_ERR_STATE, "%s: the value of a node is read-only", call);
    }
    return WG_OK;
}

wg_status wg_tensor_set(wg_tensor *t, int64_t i, double value)
{
    if (t == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_status status = check_writable(t, "tensor_set");
    if (status != WG_OK) {
        return status;
    }
    if (i < 0 || i >= t->type.count) {
        return wgi_context_fail(t->ctx, WG_ERR_RANGE, "tensor_set: element %lld of %lld",
                                (long long)i, (long long)t->type.count);
    }
    wgi_store_double(t->type.dtype, t->data, i, value);
    wgi_tensor_touch(t);
    return WG_OK;
}

static wg_status fail_copy_shape(wg_tensor *dst, const wg_tensor *src)
{
    char to[WGI_SHAPE_TEXT];
    char from[WGI_SHAPE_TEXT];
    wgi_shape_text(dst->type.rank, dst->type.dims, to, sizeof to);
    wgi_shape_text(src->type.rank, src->type.dims, from, sizeof from);
    return wgi_context_fail(dst->ctx, WG_ERR_SHAPE, "tensor_copy: shapes differ: %s (dst) vs %s",
                            to, from);
}

wg_status wg_tensor_copy(wg_tensor *dst, const wg_tensor *src)
{
    if (dst == NULL || src == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_status status = check_writable(dst, "tensor_copy");
    if (status != WG_OK) {
        return status;
    }
    if (src->is_dead) {
        return wgi_context_fail(dst->ctx, WG_ERR_STALE, "tensor_copy: src is past its reset");
    }
    if (!wgi_same_shape(dst->type.rank, dst->type.dims, src->type.rank, src->type.dims)) {
        return fail_copy_shape(dst, src);
    }
    if (dst != src) {
        wgi_convert(dst->type.dtype, dst->data, src->type.dtype, src->data, src->type.count);
    }
    wgi_tensor_touch(dst);
    return WG_OK;
}
