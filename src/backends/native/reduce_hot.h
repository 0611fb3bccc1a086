/* The loops of the sums, built once for each instruction set.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_REDUCE_HOT_H
#define WG_NATIVE_REDUCE_HOT_H

#include "backends/native/isa.h"
#include "backends/native/reduce.h"

/* What lies before the columns or the run of a sum: axes whose indices are its rows, or its runs.
 * Strides count elements. */
typedef struct wgi_reduce_axes {
    int32_t rank;
    int64_t dims[WG_MAX_RANK];
    int64_t strides[WG_MAX_RANK];
} wgi_reduce_axes;

/* Results of runs: of `length` elements each, as many as the axes have places. */
typedef struct wgi_reduce_runs {
    wgi_reduce_axes axes;
    int64_t length;
    int64_t stride; /* from those of one result to those of the next */
    double divisor;
} wgi_reduce_runs;

/* The loops over one dtype. */
typedef struct wgi_reduce_loops {
    void (*feed)(const wgi_reduce_plan *plan, void *states, void *y, const void *block,
                 int64_t first, int64_t n);
    void (*finish)(const wgi_reduce_plan *plan, void *states, void *y);
    /* The sums of n columns over all rows: divided to y; or, where y is NULL, totals in the type
     * that sums are kept in. */
    void (*columns)(const wgi_reduce_axes *rows, const void *x, int64_t n, double divisor, void *y,
                    void *totals);
    /* y[c] = the sum over the first axis of totals[n_parts][n], divided. */
    void (*merge)(const void *totals, int64_t n_parts, int64_t n, double divisor, void *y);
    /* n results; x is the first element of the first. */
    void (*runs)(const wgi_reduce_runs *runs, const void *x, int64_t n, void *y);
} wgi_reduce_loops;

typedef struct wgi_reduce_hot {
    wgi_reduce_loops f32;
    wgi_reduce_loops f64;
    wgi_reduce_loops i64;
} wgi_reduce_hot;

WGI_HOT_DECLARE(wgi_reduce_hot, wgi_reduce_hot);

/* The shape of the sums: see reduce_loops.h. */
#define WGI_REDUCE_GROUP 8    /* rows that are added up in the element type */
#define WGI_REDUCE_BLOCK 2048 /* rows that are added up in the first of the wide levels */
#define WGI_REDUCE_LANES 16   /* columns that a long run is laid out in */
#define WGI_REDUCE_SHORT 32   /* below this many elements a run is added up in ... */
#define WGI_REDUCE_FEW 4      /* ... these columns */

#define WGI_REDUCE_STRIP 512 /* columns that are added up at once */
#define WGI_REDUCE_TILE 64   /* columns whose totals are taken at once */

/* The bytes of one level of `columns` columns. */
#define WGI_REDUCE_LEVEL_BYTES(columns, size) (((size_t)(columns) * (size) + 63) / 64 * 64)

#endif
