/* Random changes of images that leave what they show as it is.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: what is drawn for an image depends neither on its size nor on its content, and images
 * are drawn for in order: so the stream alone decides. All changes are in place. */
#include <math.h>
#include <string.h>

#include "core/context.h"
#include "core/tensor.h"
#include "data/dataset.h"

/* Images, plane by plane. */
typedef struct planes {
    wg_context *ctx; /* of the images */
    unsigned char *data;
    int64_t images;
    int64_t each; /* planes of an image */
    int64_t rows;
    int64_t columns;
    size_t size; /* bytes of an element */
} planes;

static wg_status open_planes(const char *what, wg_tensor *images, const wg_rng *rng, planes *out)
{
    wg_context *ctx = images == NULL ? NULL : images->ctx;
    if (images == NULL || rng == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "%s: an argument is missing", what);
    }
    const wgi_type *type = &images->type;
    if (images->is_value || images->is_dead) {
        return wgi_context_fail(ctx, WG_ERR_STATE, "%s: the images are the value of a node", what);
    }
    if (type->rank != 3 && type->rank != 4) {
        char shape[WGI_SHAPE_TEXT];
        return wgi_context_fail(ctx, WG_ERR_SHAPE,
                                "%s: %s is neither [n, rows, columns] nor [n, channels, rows, "
                                "columns]",
                                what, wgi_shape_text(type->rank, type->dims, shape, sizeof shape));
    }
    *out = (planes){
        .ctx = ctx,
        .images = type->count == 0 ? 0 : type->dims[0],
        .each = type->rank == 3 ? 1 : type->dims[1],
        .rows = type->dims[type->rank - 2],
        .columns = type->dims[type->rank - 1],
        .size = wg_dtype_size((wg_dtype)type->dtype),
    };
    return WG_OK;
}

static unsigned char *plane_at(const planes *p, int64_t image, int64_t plane)
{
    size_t bytes = (size_t)(p->rows * p->columns) * p->size;
    return p->data + (size_t)(image * p->each + plane) * bytes;
}

/* ---- shifts ------------------------------------------------------------------------------- */

/* A row of `from` to `to`, moved right by dx, zeros where nothing comes in; from may be to. */
static void shift_row(const planes *p, const unsigned char *from, unsigned char *to, int64_t dx)
{
    size_t all = (size_t)p->columns * p->size;
    size_t gap = (size_t)(dx < 0 ? -dx : dx) * p->size;
    gap = gap < all ? gap : all;
    memmove(to + (dx > 0 ? gap : 0), from + (dx > 0 ? 0 : gap), all - gap);
    memset(to + (dx > 0 ? 0 : all - gap), 0, gap);
}

/* Moves a plane down by dy and right by dx. Rows are taken in the order in which none is
 * overwritten before it has been read. */
static void shift_plane(const planes *p, unsigned char *plane, int64_t dy, int64_t dx)
{
    size_t bytes = (size_t)p->columns * p->size;
    for (int64_t i = 0; i < p->rows; i++) {
        int64_t row = dy > 0 ? p->rows - 1 - i : i;
        int64_t from = row - dy;
        if (from >= 0 && from < p->rows) {
            shift_row(p, plane + (size_t)from * bytes, plane + (size_t)row * bytes, dx);
        } else {
            memset(plane + (size_t)row * bytes, 0, bytes);
        }
    }
}

wg_status wg_images_shift(wg_tensor *images, int32_t most, wg_rng *rng)
{
    planes p = {0};
    wg_status status = open_planes("images_shift", images, rng, &p);
    if (status != WG_OK) {
        return status;
    }
    if (most < 0) {
        return wgi_context_fail(p.ctx, WG_ERR_RANGE, "images_shift: by up to %d pixels", (int)most);
    }
    p.data = wg_tensor_data_mutable(images);
    for (int64_t i = 0; i < p.images; i++) {
        uint64_t places = 2 * (uint64_t)most + 1;
        int64_t dy = (int64_t)wg_rng_below(rng, places) - most;
        int64_t dx = (int64_t)wg_rng_below(rng, places) - most;
        for (int64_t k = 0; k < p.each; k++) {
            shift_plane(&p, plane_at(&p, i, k), dy, dx);
        }
    }
    return WG_OK;
}

/* ---- flips -------------------------------------------------------------------------------- */

static void swap(unsigned char *a, unsigned char *b, size_t bytes)
{
    unsigned char kept[8];
    memcpy(kept, a, bytes);
    memcpy(a, b, bytes);
    memcpy(b, kept, bytes);
}

static void flip_plane(const planes *p, unsigned char *plane)
{
    for (int64_t row = 0; row < p->rows; row++) {
        unsigned char *first = plane + (size_t)(row * p->columns) * p->size;
        for (int64_t i = 0; i < p->columns / 2; i++) {
            swap(first + (size_t)i * p->size, first + (size_t)(p->columns - 1 - i) * p->size,
                 p->size);
        }
    }
}

wg_status wg_images_flip(wg_tensor *images, double probability, wg_rng *rng)
{
    planes p = {0};
    wg_status status = open_planes("images_flip", images, rng, &p);
    if (status != WG_OK) {
        return status;
    }
    if (isnan(probability) || probability < 0.0 || probability > 1.0) {
        return wgi_context_fail(p.ctx, WG_ERR_RANGE,
                                "images_flip: the probability is not in [0, 1]");
    }
    p.data = wg_tensor_data_mutable(images);
    for (int64_t i = 0; i < p.images; i++) {
        bool is_flipped = wg_rng_uniform(rng) < probability;
        for (int64_t k = 0; is_flipped && k < p.each; k++) {
            flip_plane(&p, plane_at(&p, i, k));
        }
    }
    return WG_OK;
}
