/* Sums in a fixed order: sum, mean and sum_to, whole or fed block by block.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the order of the additions is a function of the shape alone. Neither the sizes of the
 * blocks, nor the number of threads, nor the instruction set changes a bit, and the kernels give
 * the bits of the stream.
 *
 * A stream takes a reduction's operand in row-major order, as somebody else produces it:
 *
 *   if (wgi_reduce_plan_make(&plan, isa, op->name, &x, &y, attr)) {
 *       states: plan.n_segments * plan.state_bytes bytes, aligned to 64, uninitialised
 *       for each segment s, on any thread:
 *           for each block of [s * plan.segment, (s + 1) * plan.segment), in order, of any size:
 *               wgi_reduce_feed(&plan, states, y, block, first, n);
 *       wgi_reduce_finish(&plan, states, y);
 *   }
 *
 * Sums of f32 add eight elements in f32 at a time and the rest in f64: elements beyond 2^124 may
 * overflow where their sum would not. Sums of i64 wrap. */
#ifndef WG_NATIVE_REDUCE_H
#define WG_NATIVE_REDUCE_H

#include "backends/native/isa.h"
#include "core/backend.h"

struct wgi_reduce_loops;

/* How a stream is divided into sums. */
typedef enum wgi_reduce_kind {
    WGI_REDUCE_COLUMNS, /* [outer, rows, width]: the rows of each block of columns are added up */
    WGI_REDUCE_RUNS,    /* [outer, rows]: each run of `rows` elements is added up; width is 1 */
} wgi_reduce_kind;

/* Plain data: may be copied, and holds no memory. */
typedef struct wgi_reduce_plan {
    const struct wgi_reduce_loops *loops;
    wgi_reduce_kind kind;
    int32_t n_segments; /* at least 1, also of nothing */
    int64_t outer;
    int64_t rows;
    int64_t width;
    int64_t count;   /* elements to be fed */
    int64_t n_out;   /* elements of the result */
    int64_t segment; /* elements of each segment but the last, which has the rest */
    double divisor;  /* of a mean; else 1 */
    size_t state_bytes;
} wgi_reduce_plan;

/* Whether this reduction can be fed in row-major order with a state that its result bounds: where
 * the axes fold to [reduced], [kept, reduced], [reduced, kept] or [kept, reduced, kept]. `op` is
 * "sum", "mean" or "sum_to", of f32, f64 or (sum) i64; the data of the views are not read. */
bool wgi_reduce_plan_make(wgi_reduce_plan *plan, wgi_isa isa, const char *op, const wgi_view *x,
                          const wgi_view *y, const void *attr);

/* Elements [first, first + n) of the operand, all of one segment, right after those fed to it
 * before. Sums that are complete are written to y where each lies within a segment. */
void wgi_reduce_feed(const wgi_reduce_plan *plan, void *states, void *y, const void *block,
                     int64_t first, int64_t n);

/* After the last block of all segments; also where there is nothing to feed. */
void wgi_reduce_finish(const wgi_reduce_plan *plan, void *states, void *y);

/* ---- the kernels of the table --------------------------------------------------------------- */

const char *wgi_native_reduce_accepts(const wgi_problem *problem);
wg_status wgi_native_reduce_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_reduce_run(const wgi_prepared *prepared, const wgi_args *args);
void wgi_native_reduce_destroy(wg_context *ctx, wgi_prepared *prepared);

#endif
