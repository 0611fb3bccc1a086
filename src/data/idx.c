/* IDX: the format of MNIST.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: nothing is allocated before the header has been held against the length of the file,
 * so that a tensor's elements are all there when it is made. */
#include "data/idx.h"

#include <string.h>

#include "core/context.h"
#include "core/inflate.h"
#include "core/tensor.h"

#define MAX_BYTES ((size_t)1 << 30)

/* Magic, type and rank; the dims follow. */
#define FIRST_BYTES ((size_t)4)

/* What is known of a stored type. */
typedef struct stored_info {
    const char *name;
    size_t bytes;   /* of an element; 0 where there is no such type */
    wg_dtype dtype; /* of the tensor that holds all its values */
} stored_info;

static const stored_info infos[] = {
    [WGI_IDX_U8] = {"u8", 1, WG_U8},    [WGI_IDX_I8] = {"i8", 1, WG_I64},
    [WGI_IDX_I16] = {"i16", 2, WG_I64}, [WGI_IDX_I32] = {"i32", 4, WG_I64},
    [WGI_IDX_F32] = {"f32", 4, WG_F32}, [WGI_IDX_F64] = {"f64", 8, WG_F64},
};

static bool is_type(unsigned char byte)
{
    return byte < sizeof infos / sizeof *infos && infos[byte].bytes > 0;
}

static uint64_t load_big(const unsigned char *p, size_t bytes)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < bytes; i++) {
        bits = bits << 8 | p[i];
    }
    return bits;
}

/* ---- the header --------------------------------------------------------------------------- */

static wg_status check_first(wg_context *ctx, const char *path, const wgi_block *block)
{
    const unsigned char *p = block->data;
    if (block->bytes < FIRST_BYTES) {
        return wgi_context_fail(ctx, WG_ERR_FORMAT,
                                "%.600s:%zu: it ends inside the 4 bytes that IDX begins with", path,
                                block->bytes);
    }
    if (p[0] != 0 || p[1] != 0) {
        return wgi_context_fail(ctx, WG_ERR_FORMAT,
                                "%.600s:0: not IDX: it begins with %02x %02x, not with 00 00", path,
                                (unsigned)p[0], (unsigned)p[1]);
    }
    if (!is_type(p[2])) {
        return wgi_context_fail(ctx, WG_ERR_FORMAT, "%.600s:2: 0x%02x is no element type of IDX",
                                path, (unsigned)p[2]);
    }
    if (p[3] < 1 || p[3] > WG_MAX_RANK) {
        return wgi_context_fail(ctx, WG_ERR_RANGE, "%.600s:3: rank %u is not in 1..%d", path,
                                (unsigned)p[3], WG_MAX_RANK);
    }
    return WG_OK;
}

static wg_status take_dims(wg_context *ctx, const char *path, const wgi_block *block, wgi_idx *out)
{
    int32_t rank = block->data[3];
    size_t header = FIRST_BYTES + 4 * (size_t)rank;
    if (block->bytes < header) {
        return wgi_context_fail(ctx, WG_ERR_FORMAT,
                                "%.600s:%zu: it ends inside its header, which has %zu bytes", path,
                                block->bytes, header);
    }
    int64_t dims[WG_MAX_RANK];
    for (int32_t i = 0; i < rank; i++) {
        dims[i] = (int64_t)load_big(block->data + FIRST_BYTES + 4 * (size_t)i, 4);
    }
    out->stored = (wgi_idx_stored)block->data[2];
    out->data = block->data + header;
    wg_status status = wgi_type_make((int)infos[block->data[2]].dtype, rank, dims, &out->type);
    if (status != WG_OK) {
        char shape[WGI_SHAPE_TEXT];
        return wgi_context_fail(ctx, status, "%.600s:4: the bytes of %s do not fit", path,
                                wgi_shape_text(rank, dims, shape, sizeof shape));
    }
    return WG_OK;
}

static wg_status check_length(wg_context *ctx, const char *path, const wgi_block *block,
                              const wgi_idx *idx)
{
    const stored_info *info = &infos[idx->stored];
    size_t header = (size_t)(idx->data - block->data);
    size_t bytes = (size_t)idx->type.count * info->bytes;
    if (block->bytes - header == bytes) {
        return WG_OK;
    }
    char shape[WGI_SHAPE_TEXT];
    wgi_shape_text(idx->type.rank, idx->type.dims, shape, sizeof shape);
    if (block->bytes - header < bytes) {
        return wgi_context_fail(
            ctx, WG_ERR_FORMAT, "%.600s:%zu: it ends after %zu bytes of data, %s of %s wants %zu",
            path, block->bytes, block->bytes - header, shape, info->name, bytes);
    }
    return wgi_context_fail(ctx, WG_ERR_FORMAT, "%.600s:%zu: %zu bytes follow the data of %s of %s",
                            path, header + bytes, block->bytes - header - bytes, shape, info->name);
}

wg_status wgi_idx_parse(wg_context *ctx, const char *path, const wgi_block *block, wgi_idx *out)
{
    *out = (wgi_idx){0};
    wg_status status = check_first(ctx, path, block);
    if (status == WG_OK) {
        status = take_dims(ctx, path, block, out);
    }
    return status == WG_OK ? check_length(ctx, path, block, out) : status;
}

/* ---- elements ----------------------------------------------------------------------------- */

/* A big-endian number of 1, 2 or 4 bytes in two's complement. */
static int64_t load_signed(const unsigned char *p, size_t bytes)
{
    int64_t sign = (int64_t)1 << (8 * bytes - 1);
    int64_t bits = (int64_t)load_big(p, bytes);
    return bits < sign ? bits : bits - 2 * sign;
}

void wgi_idx_decode(const wgi_idx *idx, int64_t at, int64_t n, void *out)
{
    const stored_info *info = &infos[idx->stored];
    const unsigned char *p = idx->data + (size_t)at * info->bytes;
    if (info->dtype == WG_U8) {
        memcpy(out, p, (size_t)n);
        return;
    }
    for (int64_t i = 0; i < n; i++, p += info->bytes) {
        if (info->dtype == WG_I64) {
            ((int64_t *)out)[i] = load_signed(p, info->bytes);
        } else if (info->dtype == WG_F32) {
            ((uint32_t *)out)[i] = (uint32_t)load_big(p, 4);
        } else {
            ((uint64_t *)out)[i] = load_big(p, 8);
        }
    }
}

/* ---- reading ------------------------------------------------------------------------------ */

wg_status wgi_idx_read_block(wg_context *ctx, const char *path, const wgi_block *block,
                             wg_tensor **out)
{
    wgi_idx idx;
    *out = NULL;
    wg_status status = wgi_idx_parse(ctx, path, block, &idx);
    if (status == WG_OK) {
        status = wgi_tensor_new(ctx, &idx.type, false, out);
        if (status != WG_OK) {
            return wgi_context_fail(ctx, status, "%.600s: no memory for its tensor", path);
        }
    }
    if (status == WG_OK && idx.type.count > 0) {
        wgi_idx_decode(&idx, 0, idx.type.count, (*out)->data);
    }
    return status;
}

wg_status wgi_idx_read(wg_context *ctx, const wgi_file_calls *calls, const char *path,
                       wg_tensor **out)
{
    wgi_block block;
    *out = NULL;
    wg_status status = wgi_file_read_inflated(ctx, calls, path, MAX_BYTES, &block);
    if (status == WG_OK) {
        status = wgi_idx_read_block(ctx, path, &block, out);
        wgi_block_release(ctx, &block);
    }
    return status;
}

wg_status wg_idx_read(wg_context *ctx, const char *path, wg_tensor **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (ctx == NULL || path == NULL || out == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "idx_read: an argument is missing");
    }
    return wgi_idx_read(ctx, &wgi_file_system, path, out);
}
