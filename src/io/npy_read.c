/* Reading NumPy's arrays.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: no tensor is made before the header has been held against the length of the file and
 * every value against the dtype, so that making it can fail for memory alone. */
#include <string.h>

#include "core/context.h"
#include "core/memory.h"
#include "core/tensor.h"
#include "io/npy.h"

/* Elements put in order at a time, of 8 bytes at most. */
#define CHUNK ((size_t)256)

/* ---- checks ------------------------------------------------------------------------------- */

static wg_status check_length(wg_context *ctx, const char *path, const wgi_block *block,
                              const wgi_npy *npy)
{
    size_t header = (size_t)(npy->data - block->data);
    size_t have = block->bytes - header;
    size_t want = (size_t)npy->type.count * wgi_stored_about(npy->stored)->bytes;
    if (have == want) {
        return WG_OK;
    }
    char shape[WGI_SHAPE_TEXT];
    const char *name = wgi_stored_about(npy->stored)->name;
    wgi_shape_text(npy->type.rank, npy->type.dims, shape, sizeof shape);
    if (have < want) {
        return wgi_context_fail(ctx, WG_ERR_FORMAT,
                                "%.600s:%zu: it ends after %zu bytes of data, %s of %s wants %zu",
                                path, block->bytes, have, shape, name, want);
    }
    return wgi_context_fail(ctx, WG_ERR_FORMAT, "%.600s:%zu: %zu bytes follow the data of %s of %s",
                            path, header + want, have - want, shape, name);
}

/* Whether the element at p has no value in its natural dtype. */
static bool is_bad(const wgi_npy *npy, const unsigned char *p)
{
    return npy->stored == WGI_STORED_BOOL ? *p > 1 : p[npy->is_big ? 0 : 7] >= 0x80;
}

static wg_status check_values(wg_context *ctx, const char *path, const wgi_block *block,
                              const wgi_npy *npy)
{
    if (npy->stored != WGI_STORED_BOOL && npy->stored != WGI_STORED_U64) {
        return WG_OK;
    }
    size_t bytes = wgi_stored_about(npy->stored)->bytes;
    for (int64_t i = 0; i < npy->type.count; i++) {
        const unsigned char *p = npy->data + (size_t)i * bytes;
        if (is_bad(npy, p)) {
            bool is_bool = npy->stored == WGI_STORED_BOOL;
            return wgi_context_fail(ctx, is_bool ? WG_ERR_FORMAT : WG_ERR_OVERFLOW,
                                    "%.600s:%zu: %s", path, (size_t)(p - block->data),
                                    is_bool ? "a bool is neither 0 nor 1"
                                            : "a value is above 2^63-1");
        }
    }
    return WG_OK;
}

wg_status wgi_npy_parse(wg_context *ctx, const char *path, const wgi_block *block, wgi_npy *out)
{
    wg_status status = wgi_npy_parse_header(ctx, path, block, out);
    if (status == WG_OK) {
        status = check_length(ctx, path, block, out);
    }
    return status == WG_OK ? check_values(ctx, path, block, out) : status;
}

/* ---- order -------------------------------------------------------------------------------- */

/* A walk over the elements of a view in row-major order; `at` is the next one's place in the file,
 * counted in elements. */
typedef struct walk {
    const wgi_npy *npy;
    size_t strides[WG_MAX_RANK];
    int64_t index[WG_MAX_RANK];
    size_t at;
} walk;

static void begin_walk(walk *w, const wgi_npy *npy)
{
    *w = (walk){.npy = npy};
    size_t stride = 1;
    for (int32_t k = 0; k < npy->type.rank; k++) {
        int32_t axis = npy->is_fortran ? k : npy->type.rank - 1 - k;
        w->strides[axis] = stride;
        stride *= (size_t)npy->type.dims[axis];
    }
}

static void step(walk *w)
{
    for (int32_t axis = w->npy->type.rank - 1; axis >= 0; axis--) {
        w->at += w->strides[axis];
        w->index[axis]++;
        if (w->index[axis] < w->npy->type.dims[axis]) {
            return;
        }
        w->at -= w->strides[axis] * (size_t)w->npy->type.dims[axis];
        w->index[axis] = 0;
    }
}

/* The next n elements, row-major and little endian. */
static void gather(walk *w, size_t n, size_t bytes, unsigned char *out)
{
    for (size_t i = 0; i < n; i++, out += bytes) {
        const unsigned char *p = w->npy->data + w->at * bytes;
        for (size_t k = 0; k < bytes; k++) {
            out[k] = p[w->npy->is_big ? bytes - 1 - k : k];
        }
        step(w);
    }
}

static void decode(const wgi_npy *npy, void *out)
{
    size_t n = (size_t)npy->type.count;
    size_t bytes = wgi_stored_about(npy->stored)->bytes;
    wg_dtype dtype = (wg_dtype)npy->type.dtype;
    if (!npy->is_fortran && (!npy->is_big || bytes == 1)) {
        wgi_stored_decode(npy->stored, npy->data, n, dtype, out);
        return;
    }
    walk w;
    begin_walk(&w, npy);
    for (size_t at = 0; at < n; at += CHUNK) {
        unsigned char chunk[CHUNK * 8];
        size_t count = n - at < CHUNK ? n - at : CHUNK;
        gather(&w, count, bytes, chunk);
        wgi_stored_decode(npy->stored, chunk, count, dtype,
                          (char *)out + at * wg_dtype_size(dtype));
    }
}

/* ---- reading ------------------------------------------------------------------------------ */

wg_status wgi_npy_tensor(wg_context *ctx, const wgi_npy *npy, wg_tensor **out)
{
    wg_status status = wgi_tensor_new(ctx, &npy->type, false, out);
    if (status != WG_OK) {
        char shape[WGI_SHAPE_TEXT];
        return wgi_context_fail(
            ctx, status, "npy: no memory for %s %s", wg_dtype_name((wg_dtype)npy->type.dtype),
            wgi_shape_text(npy->type.rank, npy->type.dims, shape, sizeof shape));
    }
    if (npy->type.count > 0) {
        decode(npy, (*out)->data);
    }
    return WG_OK;
}

wg_status wgi_npy_read_block(wg_context *ctx, const char *path, const wgi_block *block,
                             wg_tensor **out)
{
    wgi_npy npy;
    *out = NULL;
    wg_status status = wgi_npy_parse(ctx, path, block, &npy);
    return status == WG_OK ? wgi_npy_tensor(ctx, &npy, out) : status;
}

wg_status wgi_npy_read(wg_context *ctx, const wgi_file_calls *calls, const char *path,
                       wg_tensor **out)
{
    wgi_block block;
    *out = NULL;
    wg_status status = wgi_file_read(ctx, calls, path, SIZE_MAX, &block);
    if (status == WG_OK) {
        status = wgi_npy_read_block(ctx, path, &block, out);
        wgi_block_release(ctx, &block);
    }
    return status;
}

wg_status wg_npy_read(wg_context *ctx, const char *path, wg_tensor **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (ctx == NULL || path == NULL || out == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "npy_read: an argument is missing");
    }
    return wgi_npy_read(ctx, &wgi_file_system, path, out);
}
