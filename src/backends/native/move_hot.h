/* The loops that move elements, built once for each instruction set.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_MOVE_HOT_H
#define WG_NATIVE_MOVE_HOT_H

#include <stdint.h>

#include "backends/native/isa.h"

/* Rows of y that are best filled together, each from a column of x: so each row of x is visited for
 * several lines of the cache at once, and large strides miss no page for each element. */
#define WGI_MOVE_STRIP 256

/* y[i][j] = x[j][i] for i in [0, rows) and j in [0, columns). Strides count bytes and lead from one
 * row of y, or of x, to the next; elements lie side by side. */
typedef void (*wgi_transpose)(char *y, int64_t y_stride, const char *x, int64_t x_stride,
                              int64_t rows, int64_t columns);

/* y[indices[k]] += x[k] for k in [0, n), in order, over `columns` elements of rows that lie
 * `stride` elements apart. */
typedef void (*wgi_add_rows)(void *y, const void *x, const int64_t *indices, int64_t n,
                             int64_t stride, int64_t columns);

typedef struct wgi_move_hot {
    wgi_transpose transpose_1; /* of elements of so many bytes */
    wgi_transpose transpose_4;
    wgi_transpose transpose_8;
    wgi_add_rows add_f32;
    wgi_add_rows add_f64;
} wgi_move_hot;

WGI_HOT_DECLARE(wgi_move_hot, wgi_move_hot);

#endif
