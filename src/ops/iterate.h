/* Walking over tensors: broadcast strides, an odometer, blocks around an axis.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Strides and offsets count elements. A walk visits a shape in row-major order and keeps, for up to
 * WGI_WALK_OPERANDS operands, the offset of the element that lies under the current index. */
#ifndef WGI_OPS_ITERATE_H
#define WGI_OPS_ITERATE_H

#include <string.h>

#include "core/op.h"

#define WGI_WALK_OPERANDS 3

/* Invariant: index is inside dims or the walk is over; offset[k] is the sum over the axes of
 * index * stride[k], plus where the operand started. Once folded, rank >= 1 and `rows` is the
 * product of all dims but the last; it is 0 where the shape is empty. */
typedef struct wgi_walk {
    int32_t rank;
    int32_t n;
    int64_t rows;
    int64_t dims[WG_MAX_RANK];
    int64_t index[WG_MAX_RANK];
    int64_t stride[WGI_WALK_OPERANDS][WG_MAX_RANK];
    int64_t offset[WGI_WALK_OPERANDS];
} wgi_walk;

/* A walk over a shape, without operands yet. */
static inline wgi_walk wgi_walk_over(int32_t rank, const int64_t *dims)
{
    wgi_walk walk = {.rank = rank};
    for (int32_t i = 0; i < rank; i++) {
        walk.dims[i] = dims[i];
    }
    return walk;
}

/* Adds an operand of a shape that broadcasts to the walk's: axes of size 1 and missing axes get
 * stride 0. */
static inline void wgi_walk_operand(wgi_walk *walk, const wgi_view *view)
{
    int64_t *stride = walk->stride[walk->n++];
    int64_t step = 1;
    int32_t shift = walk->rank - view->rank;
    for (int32_t i = view->rank - 1; i >= 0; i--) {
        stride[i + shift] = view->dims[i] == 1 ? 0 : step;
        step *= view->dims[i];
    }
}

/* Appends an axis, innermost so far, with its stride in operand 0. */
static inline void wgi_walk_axis(wgi_walk *walk, int64_t size, int64_t stride)
{
    walk->n = 1;
    walk->dims[walk->rank] = size;
    walk->stride[0][walk->rank] = stride;
    walk->rank++;
}

static inline void wgi_walk_move_axis(wgi_walk *walk, int32_t to, int32_t from)
{
    walk->dims[to] = walk->dims[from];
    for (int32_t k = 0; k < walk->n; k++) {
        walk->stride[k][to] = walk->stride[k][from];
    }
}

/* Whether axis `outer` steps over exactly the whole of the next inner axis, in every operand. */
static inline bool wgi_walk_is_joint(const wgi_walk *walk, int32_t outer, int32_t inner)
{
    for (int32_t k = 0; k < walk->n; k++) {
        if (walk->stride[k][outer] != walk->stride[k][inner] * walk->dims[inner]) {
            return false;
        }
    }
    return true;
}

/* Moves axis i to the end of the first `rank` axes, or joins it to the last of them; returns how
 * many there are then. */
static inline int32_t wgi_walk_fold_axis(wgi_walk *walk, int32_t rank, int32_t i)
{
    wgi_walk_move_axis(walk, rank, i);
    if (rank == 0 || !wgi_walk_is_joint(walk, rank - 1, rank)) {
        return rank + 1;
    }
    int64_t size = walk->dims[rank - 1] * walk->dims[rank];
    wgi_walk_move_axis(walk, rank - 1, rank);
    walk->dims[rank - 1] = size;
    return rank;
}

/* Joins axes that every operand steps through as if they were one and drops axes of size 1, so that
 * rows are long. To be called once, before the first step. */
static inline void wgi_walk_fold(wgi_walk *walk)
{
    int32_t rank = 0;
    for (int32_t i = 0; i < walk->rank; i++) {
        if (walk->dims[i] != 1) {
            rank = wgi_walk_fold_axis(walk, rank, i);
        }
    }
    if (rank == 0) {
        walk->dims[rank++] = 1;
    }
    walk->rank = rank;
    walk->rows = walk->dims[rank - 1] == 0 ? 0 : 1;
    for (int32_t i = 0; i < rank - 1; i++) {
        walk->rows *= walk->dims[i];
    }
}

/* Moves on by one along `axis`, carrying outwards. */
static inline void wgi_walk_carry(wgi_walk *walk, int32_t axis)
{
    for (int32_t i = axis; i >= 0; i--) {
        walk->index[i]++;
        bool is_inside = walk->index[i] < walk->dims[i];
        for (int32_t k = 0; k < walk->n; k++) {
            walk->offset[k] +=
                is_inside ? walk->stride[k][i] : -walk->stride[k][i] * (walk->dims[i] - 1);
        }
        if (is_inside) {
            return;
        }
        walk->index[i] = 0;
    }
}

/* The next element. */
static inline void wgi_walk_step(wgi_walk *walk)
{
    wgi_walk_carry(walk, walk->rank - 1);
}

/* The next row, a row being the innermost axis. */
static inline void wgi_walk_step_row(wgi_walk *walk)
{
    wgi_walk_carry(walk, walk->rank - 2);
}

/* The length of a row, and an operand's stride along it. */
static inline int64_t wgi_walk_row(const wgi_walk *walk)
{
    return walk->dims[walk->rank - 1];
}

static inline int64_t wgi_walk_row_stride(const wgi_walk *walk, int32_t operand)
{
    return walk->stride[operand][walk->rank - 1];
}

/* A shape seen around one axis: element (o, i, j) lies at (o * size + i) * inner + j. */
typedef struct wgi_block {
    int64_t outer;
    int64_t size;
    int64_t inner;
} wgi_block;

/* axis in [0, rank). */
static inline wgi_block wgi_block_around(const wgi_view *view, int64_t axis)
{
    wgi_block block = {1, view->dims[axis], 1};
    for (int64_t i = 0; i < axis; i++) {
        block.outer *= view->dims[i];
    }
    for (int64_t i = axis + 1; i < view->rank; i++) {
        block.inner *= view->dims[i];
    }
    return block;
}

/* Copies n elements of `size` bytes that lie `stride` elements apart to consecutive places. The
 * constant sizes let the compiler make plain loads and stores of the copies. */
static inline void wgi_copy_strided(void *dst, const void *src, int64_t n, int64_t stride,
                                    size_t size)
{
    char *to = dst;
    ptrdiff_t step = (ptrdiff_t)stride * (ptrdiff_t)size;
    if (stride == 1) {
        memcpy(dst, src, (size_t)n * size);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        const char *from = (const char *)src + i * step;
        if (size == 4) {
            memcpy(to, from, 4);
        } else if (size == 8) {
            memcpy(to, from, 8);
        } else {
            memcpy(to, from, size);
        }
        to += size;
    }
}

/* Output 0, over which the folded walk goes, gets the elements of operand 0 that it passes. */
static inline void wgi_copy_walked(const wgi_args *args, wgi_walk *walk, size_t size)
{
    const ptrdiff_t row_bytes = (ptrdiff_t)size * wgi_walk_row(walk);
    for (int64_t i = 0; i < walk->rows; i++) {
        const char *from = (const char *)args->in->data + walk->offset[0] * (ptrdiff_t)size;
        wgi_copy_strided((char *)args->out->data + i * row_bytes, from, wgi_walk_row(walk),
                         wgi_walk_row_stride(walk, 0), size);
        wgi_walk_step_row(walk);
    }
}

/* Output 0 gets the bytes of operand 0. */
static inline void wgi_copy_all(const wgi_args *args)
{
    if (args->out->count > 0) {
        memcpy(args->out->data, args->in->data,
               (size_t)args->out->count * wg_dtype_size((wg_dtype)args->out->dtype));
    }
}

#endif
