/* permute: rows that stay whole are copied, others are transposed in tiles.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: axes are folded until neighbours of y are no neighbours of x. Then either the
 * innermost axis of y is that of x, and y is made of rows of x; or it is not, and the two innermost
 * axes span matrices that are transposed, one for each place of the other axes. */
#include "backends/native/move.h"

#include <string.h>

#include "backends/native/move_hot.h"
#include "backends/native/native.h"
#include "backends/native/share.h"
#include "core/context.h"
#include "core/dtype.h"
#include "ops/params.h"

/* Bytes that are worth a thread: about 3 us. */
#define THREAD_WORTH 65536

/* Axes of y, outermost first, with the strides of x and of y in bytes. */
typedef struct axes {
    int32_t rank;
    int64_t dims[WG_MAX_RANK];
    int64_t x_strides[WG_MAX_RANK];
    int64_t y_strides[WG_MAX_RANK];
} axes;

typedef struct permute {
    axes outer; /* each place is a row, or a matrix */
    int64_t n_outer;
    int64_t row_bytes; /* 0: matrices */
    wgi_transpose transpose;
    int64_t rows; /* of a matrix of y */
    int64_t columns;
    int64_t y_stride;
    int64_t x_stride;
    int64_t element;
    int64_t strips; /* of WGI_MOVE_STRIP rows of a matrix */
    int32_t threads;
} permute;

const char *wgi_native_permute_accepts(const wgi_problem *problem)
{
    return wg_dtype_size((wg_dtype)problem->in[0].dtype) > 8 ? "elements are wider than 8 bytes"
                                                             : NULL;
}

static void append_axis(axes *a, int64_t dim, int64_t x_stride)
{
    const int32_t last = a->rank - 1;
    if (last >= 0 && a->x_strides[last] == x_stride * dim) {
        a->dims[last] *= dim;
        a->x_strides[last] = x_stride;
        return;
    }
    a->dims[a->rank] = dim;
    a->x_strides[a->rank++] = x_stride;
}

/* The folded axes of y; of an x that is not empty. */
static axes fold(const wgi_view *x, const wgi_view *y, const wgi_permute_attr *attr)
{
    axes a = {.rank = 0};
    int64_t strides[WG_MAX_RANK] = {0};
    int64_t stride = (int64_t)wg_dtype_size((wg_dtype)x->dtype);
    for (int32_t i = x->rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= x->dims[i];
    }
    for (int32_t i = 0; i < y->rank; i++) {
        if (y->dims[i] != 1) {
            append_axis(&a, y->dims[i], strides[attr->axes[i]]);
        }
    }
    stride = (int64_t)wg_dtype_size((wg_dtype)x->dtype);
    for (int32_t i = a.rank - 1; i >= 0; i--) {
        a.y_strides[i] = stride;
        stride *= a.dims[i];
    }
    return a;
}

static void drop_axis(axes *a, int32_t i)
{
    for (int32_t j = i; j + 1 < a->rank; j++) {
        a->dims[j] = a->dims[j + 1];
        a->x_strides[j] = a->x_strides[j + 1];
        a->y_strides[j] = a->y_strides[j + 1];
    }
    a->rank--;
}

/* Takes the innermost axis of y and that of x, where they are not the same. */
static void take_matrix(permute *p, axes *a)
{
    const int32_t last = a->rank - 1;
    int32_t inner = 0;
    while (a->x_strides[inner] != p->element) {
        inner++;
    }
    p->rows = a->dims[inner];
    p->y_stride = a->y_strides[inner];
    p->columns = a->dims[last];
    p->x_stride = a->x_strides[last];
    p->strips = (p->rows + WGI_MOVE_STRIP - 1) / WGI_MOVE_STRIP;
    drop_axis(a, last);
    drop_axis(a, inner);
}

static void lay_out(permute *p, axes a)
{
    if (a.rank == 0 || a.x_strides[a.rank - 1] == p->element) {
        p->row_bytes = p->element * (a.rank > 0 ? a.dims[a.rank - 1] : 1);
        a.rank -= a.rank > 0 ? 1 : 0;
    } else {
        take_matrix(p, &a);
    }
    p->outer = a;
    p->n_outer = 1;
    for (int32_t i = 0; i < a.rank; i++) {
        p->n_outer *= a.dims[i];
    }
}

wg_status wgi_native_permute_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    const wgi_view *x = problem->in;
    const wgi_native *native = problem->backend;
    const wgi_move_hot *hot = WGI_HOT_PICK(wgi_move_hot, native->isa);
    permute *p = wgi_alloc_zeroed(&problem->ctx->memory, 1, sizeof *p);
    if (p == NULL) {
        return WG_ERR_MEMORY;
    }
    p->element = (int64_t)wg_dtype_size((wg_dtype)x->dtype);
    p->transpose = p->element == 1   ? hot->transpose_1
                   : p->element == 4 ? hot->transpose_4
                                     : hot->transpose_8;
    p->threads = wgi_threads_worth(problem, x->count / (THREAD_WORTH / p->element));
    if (x->count > 0) {
        lay_out(p, fold(x, problem->out, problem->attr));
    }
    *out = (wgi_prepared){.state = p, .state_bytes = sizeof *p};
    return WG_OK;
}

void wgi_native_permute_destroy(wg_context *ctx, wgi_prepared *prepared)
{
    wgi_release(&ctx->memory, prepared->state, sizeof(permute));
}

/* A run's context for the threads. */
typedef struct work {
    const permute *p;
    const char *x;
    char *y;
} work;

/* Moves x and y to a place of the outer axes. */
static work at_place(const work *w, int64_t place)
{
    const axes *a = &w->p->outer;
    work moved = *w;
    for (int32_t i = a->rank - 1; i >= 0; i--) {
        const int64_t index = place % a->dims[i];
        place /= a->dims[i];
        moved.x += index * a->x_strides[i];
        moved.y += index * a->y_strides[i];
    }
    return moved;
}

/* Rows [begin, end) along the innermost of the outer axes, as far as that goes. */
static int64_t copy_rows(const work *w, int64_t begin, int64_t end)
{
    const permute *p = w->p;
    const int32_t last = p->outer.rank - 1;
    const int64_t dim = last >= 0 ? p->outer.dims[last] : 1;
    const int64_t stride = last >= 0 ? p->outer.x_strides[last] : 0;
    const int64_t left = dim - begin % dim;
    const int64_t n = end - begin < left ? end - begin : left;
    const work moved = at_place(w, begin);
    for (int64_t i = 0; i < n; i++) {
        memcpy(moved.y + i * p->row_bytes, moved.x + i * stride, (size_t)p->row_bytes);
    }
    return n;
}

static void run_rows(const void *context, int64_t begin, int64_t end)
{
    while (begin < end) {
        begin += copy_rows(context, begin, end);
    }
}

/* Item i is strip i % strips of matrix i / strips. */
static void run_strips(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const permute *p = w->p;
    for (int64_t i = begin; i < end; i++) {
        const work moved = at_place(w, i / p->strips);
        const int64_t first = i % p->strips * WGI_MOVE_STRIP;
        const int64_t left = p->rows - first;
        p->transpose(moved.y + first * p->y_stride, p->y_stride, moved.x + first * p->element,
                     p->x_stride, left < WGI_MOVE_STRIP ? left : WGI_MOVE_STRIP, p->columns);
    }
}

wg_status wgi_native_permute_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const permute *p = prepared->state;
    const work w = {p, args->in[0].data, args->out[0].data};
    if (p->row_bytes > 0) {
        wgi_share(p->threads, p->n_outer, run_rows, &w);
    } else {
        wgi_share(p->threads, p->n_outer * p->strips, run_strips, &w);
    }
    return WG_OK;
}
