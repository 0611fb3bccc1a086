/* The loops of the sums, built once for each instruction set.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_REDUCE_HOT_H
#define WG_NATIVE_REDUCE_HOT_H

#include "backends/native/isa.h"
#include "backends/native/reduce.h"

/* The loops over one dtype. */
typedef struct wgi_reduce_loops {
    void (*feed)(const wgi_reduce_plan *plan, void *states, void *y, const void *block,
                 int64_t first, int64_t n);
    void (*finish)(const wgi_reduce_plan *plan, void *states, void *y);
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
#define WGI_REDUCE_SHORT 32   /* below this many elements a run is one chain */

#define WGI_REDUCE_TILE 64 /* columns whose totals are taken at once */

/* The bytes of one level of `columns` columns. */
#define WGI_REDUCE_LEVEL_BYTES(columns, size) (((size_t)(columns) * (size) + 63) / 64 * 64)

#endif
