/* Writing NumPy's arrays.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the bytes are those that NumPy itself writes for the same array. */
#include <stdio.h>
#include <string.h>

#include "core/checked.h"
#include "core/context.h"
#include "core/tensor.h"
#include "io/npy.h"

/* Elements encoded at a time. */
#define CHUNK ((size_t)512)

/* Magic, version, length and dictionary of rank 8 with sizes of 19 digits take less than 320. */
#define HEADER_BYTES 320

/* NumPy leaves room for the longest axis to grow to so many digits without a longer header. */
#define GROWN_DIGITS 21

static const char *descr_of(wg_dtype dtype)
{
    static const char *const names[] = {
        [WG_F32] = "<f4", [WG_F64] = "<f8", [WG_I64] = "<i8", [WG_BOOL] = "|b1", [WG_U8] = "|u1",
    };
    return names[dtype];
}

/* Puts the header down; its bytes, a multiple of 64. */
static size_t make_header(const wg_tensor *t, char out[HEADER_BYTES])
{
    const wgi_type *type = &t->type;
    size_t n = 10;
    n += (size_t)snprintf(out + n, HEADER_BYTES - n,
                          "{'descr': '%s', 'fortran_order': False, 'shape': (",
                          descr_of((wg_dtype)type->dtype));
    for (int32_t i = 0; i < type->rank; i++) {
        n += (size_t)snprintf(out + n, HEADER_BYTES - n, i == 0 ? "%lld" : ", %lld",
                              (long long)type->dims[i]);
    }
    n += (size_t)snprintf(out + n, HEADER_BYTES - n, type->rank == 1 ? ",), }" : "), }");
    if (type->rank > 0) {
        char digits[24];
        int used = snprintf(digits, sizeof digits, "%lld", (long long)type->dims[0]);
        memset(out + n, ' ', (size_t)(GROWN_DIGITS - used));
        n += (size_t)(GROWN_DIGITS - used);
    }
    size_t padded = (n + 1) / 64 * 64 + 64;
    memset(out + n, ' ', padded - n);
    out[padded - 1] = '\n';
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (char)(unsigned char)((padded - 10) & 0xFF);
    out[9] = (char)(unsigned char)((padded - 10) >> 8);
    return padded;
}

bool wgi_npy_bytes(const wg_tensor *tensor, size_t *out)
{
    char header[HEADER_BYTES];
    return wgi_size_add(make_header(tensor, header), wgi_type_bytes(&tensor->type), out);
}

wg_status wgi_npy_emit(const wg_tensor *tensor, wgi_npy_sink sink, void *user)
{
    char header[HEADER_BYTES];
    unsigned char chunk[CHUNK * 8];
    wg_dtype dtype = (wg_dtype)tensor->type.dtype;
    size_t size = wg_dtype_size(dtype);
    size_t n = (size_t)tensor->type.count;
    const unsigned char *data = wg_tensor_data(tensor);
    wg_status status = sink(user, header, make_header(tensor, header));
    for (size_t at = 0; at < n && status == WG_OK; at += CHUNK) {
        size_t count = n - at < CHUNK ? n - at : CHUNK;
        wgi_stored_encode(dtype, data + at * size, count, chunk);
        status = sink(user, chunk, count * size);
    }
    return status;
}

static wg_status append(void *user, const void *data, size_t bytes)
{
    return wgi_replace_append(user, data, bytes);
}

wg_status wgi_npy_write(wg_context *ctx, const wgi_file_calls *calls, const char *path,
                        const wg_tensor *tensor)
{
    if (tensor->is_dead) {
        return wgi_context_fail(ctx, WG_ERR_STALE, "%.600s: the tensor is a value past its reset",
                                path);
    }
    wgi_replacement writer;
    wg_status status = wgi_replace_begin(&writer, ctx, calls, path);
    if (status != WG_OK) {
        return status;
    }
    status = wgi_npy_emit(tensor, append, &writer);
    if (status != WG_OK) {
        wgi_replace_abandon(&writer);
        return status;
    }
    return wgi_replace_commit(&writer);
}

wg_status wg_npy_write(wg_context *ctx, const char *path, const wg_tensor *tensor)
{
    if (ctx == NULL || path == NULL || tensor == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "npy_write: an argument is missing");
    }
    return wgi_npy_write(ctx, &wgi_file_system, path, tensor);
}
