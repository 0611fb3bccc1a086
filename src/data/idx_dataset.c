/* Data sets of two IDX files, images and labels.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a file's bytes are released before the next file is read. */
#include <math.h>

#include "core/context.h"
#include "core/dtype.h"
#include "core/inflate.h"
#include "core/tensor.h"
#include "data/dataset.h"
#include "data/idx.h"

#define DEFAULT_MAX_BYTES ((size_t)1 << 30)

/* Elements converted at a time. */
#define CHUNK 256

typedef struct job {
    wg_context *ctx;
    const wgi_file_calls *calls;
    const char *images_path;
    const char *labels_path; /* NULL: there are none */
    wg_idx_options o;        /* resolved, but for the scale, which depends on the file */
} job;

/* ---- images ------------------------------------------------------------------------------- */

/* The shape of x: rows, and one plane of what each holds, or all of it in a line. */
static wg_status shape_images(const job *j, const wgi_type *from, wgi_type *to)
{
    int64_t dims[WG_MAX_RANK] = {from->dims[0], 1};
    int32_t rank = 2;
    if (j->o.has_channels && from->rank == 3) {
        dims[2] = from->dims[1];
        dims[3] = from->dims[2];
        rank = 4;
    } else if (j->o.has_channels && from->rank != 4) {
        return wgi_context_fail(j->ctx, WG_ERR_SHAPE,
                                "%.600s:3: images with channels are of rank 3 or 4, not %d",
                                j->images_path, (int)from->rank);
    } else if (j->o.has_channels) {
        *to = *from;
        to->dtype = WG_F32;
        return wgi_type_count(to);
    } else {
        /* The product of the dims is known to fit, a 0 counting as 1. */
        for (int32_t i = 1; i < from->rank; i++) {
            dims[1] *= from->dims[i];
        }
    }
    return wgi_type_make(WG_F32, rank, dims, to);
}

static void scale_images(const wgi_idx *idx, double scale, float *x)
{
    for (int64_t at = 0; at < idx->type.count; at += CHUNK) {
        int64_t left = idx->type.count - at;
        int64_t n = left < CHUNK ? left : CHUNK;
        uint64_t stored[CHUNK];
        double values[CHUNK];
        wgi_idx_decode(idx, at, n, stored);
        wgi_convert(WG_F64, values, idx->type.dtype, stored, n);
        for (int64_t i = 0; i < n; i++) {
            x[at + i] = (float)(scale * values[i]);
        }
    }
}

static wg_status make_images(const job *j, const wgi_block *block, wg_tensor **out)
{
    wgi_idx idx;
    wgi_type type = {0};
    wg_status status = wgi_idx_parse(j->ctx, j->images_path, block, &idx);
    if (status == WG_OK) {
        status = shape_images(j, &idx.type, &type);
    }
    if (status != WG_OK) {
        return status == WG_ERR_OVERFLOW
                   ? wgi_context_fail(j->ctx, status, "%.600s:4: the images do not fit as f32",
                                      j->images_path)
                   : status;
    }
    if (wgi_tensor_new(j->ctx, &type, false, out) != WG_OK) {
        return wgi_context_fail(j->ctx, WG_ERR_MEMORY, "%.600s: no memory for its images",
                                j->images_path);
    }
    double usual = idx.stored == WGI_IDX_U8 ? 1.0 / 255.0 : 1.0;
    scale_images(&idx, j->o.scale == 0.0 ? usual : j->o.scale, (*out)->data);
    return WG_OK;
}

/* ---- labels ------------------------------------------------------------------------------- */

static wg_status make_labels(const job *j, const wgi_block *block, wg_tensor **out)
{
    wgi_idx idx;
    wg_status status = wgi_idx_parse(j->ctx, j->labels_path, block, &idx);
    if (status != WG_OK) {
        return status;
    }
    if (idx.type.rank != 1) {
        return wgi_context_fail(j->ctx, WG_ERR_SHAPE, "%.600s:3: labels are of rank 1, not %d%s",
                                j->labels_path, (int)idx.type.rank,
                                idx.type.rank == 3 ? "; these may be the images" : "");
    }
    if (wgi_is_floating(idx.type.dtype)) {
        return wgi_context_fail(j->ctx, WG_ERR_DTYPE, "%.600s:2: labels are integers, not %s",
                                j->labels_path, wg_dtype_name((wg_dtype)idx.type.dtype));
    }
    wg_status made = wg_tensor_create(j->ctx, WG_I64, 1, idx.type.dims, out);
    for (int64_t i = 0; i < idx.type.count && made == WG_OK; i++) {
        int64_t stored = 0;
        wgi_idx_decode(&idx, i, 1, &stored);
        wgi_convert(WG_I64, (int64_t *)(*out)->data + i, idx.type.dtype, &stored, 1);
    }
    return made;
}

/* ---- both --------------------------------------------------------------------------------- */

typedef wg_status (*make_tensor)(const job *j, const wgi_block *block, wg_tensor **out);

static wg_status read_one(const job *j, const char *path, make_tensor make, wg_tensor **out)
{
    wgi_block block;
    wg_status status = wgi_file_read_inflated(j->ctx, j->calls, path, j->o.max_bytes, &block);
    if (status == WG_OK) {
        status = make(j, &block, out);
        wgi_block_release(j->ctx, &block);
    }
    return status;
}

static wg_status check_counts(const job *j, const wg_tensor *x, const wg_tensor *y)
{
    if (y == NULL || x->type.dims[0] == y->type.dims[0]) {
        return WG_OK;
    }
    return wgi_context_fail(j->ctx, WG_ERR_SHAPE,
                            "%.400s holds %lld images, %.400s holds %lld labels", j->images_path,
                            (long long)x->type.dims[0], j->labels_path, (long long)y->type.dims[0]);
}

static wg_status read_both(const job *j, wg_dataset **out)
{
    wg_tensor *x = NULL;
    wg_tensor *y = NULL;
    wg_status status = read_one(j, j->images_path, make_images, &x);
    if (status == WG_OK && j->labels_path != NULL) {
        status = read_one(j, j->labels_path, make_labels, &y);
    }
    if (status == WG_OK) {
        status = check_counts(j, x, y);
    }
    if (status == WG_OK) {
        status = wgi_dataset_create(j->ctx, x, y, NULL, out);
    }
    wg_tensor_destroy(x);
    wg_tensor_destroy(y);
    return status;
}

wg_status wgi_idx_read_dataset(wg_context *ctx, const wgi_file_calls *calls,
                               const char *images_path, const char *labels_path,
                               const wg_idx_options *options, wg_dataset **out)
{
    *out = NULL;
    job j = {.ctx = ctx, .calls = calls, .images_path = images_path, .labels_path = labels_path};
    j.o = options == NULL ? (wg_idx_options){.size = sizeof j.o} : *options;
    if (j.o.size != sizeof j.o || !isfinite(j.o.scale)) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT,
                                "idx_read_dataset: an option is out of its domain");
    }
    j.o.max_bytes = j.o.max_bytes == 0 ? DEFAULT_MAX_BYTES : j.o.max_bytes;
    return read_both(&j, out);
}

wg_status wg_idx_read_dataset(wg_context *ctx, const char *images_path, const char *labels_path,
                              const wg_idx_options *options, wg_dataset **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (ctx == NULL || images_path == NULL || out == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "idx_read_dataset: an argument is missing");
    }
    return wgi_idx_read_dataset(ctx, &wgi_file_system, images_path, labels_path, options, out);
}
