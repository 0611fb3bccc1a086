/* Sums: how axes fold, and how the elements are divided.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a plan is a function of shapes, dtype and instruction set; of the latter only by which
 * build of the loops it names. */
#include "backends/native/reduce.h"

#include <string.h>

#include "backends/native/reduce_hot.h"
#include "core/checked.h"
#include "ops/params.h"

/* Elements that are worth a thread, and the most segments there are. */
#define SEGMENT_LEAST 32768
#define MAX_SEGMENTS 16

/* Rows of a segment of columns at least: its totals are then few beside its elements. */
#define SEGMENT_ROWS 32

/* ---- axes --------------------------------------------------------------------------------- */

/* Axes of which neighbours that are both kept or both reduced are one; none has size 1. Where the
 * first is reduced, is_reduced is true, and from there it alternates. */
typedef struct folded {
    int32_t rank;
    bool is_reduced[WG_MAX_RANK];
    int64_t dims[WG_MAX_RANK];
} folded;

/* Bit i is set where axis i of x is reduced. */
static uint32_t axes_of(const char *op, const wgi_view *x, const wgi_view *y, const void *attr)
{
    uint32_t axes = 0;
    const int32_t shift = x->rank - y->rank;
    if (strcmp(op, "sum_to") != 0) {
        return ((const wgi_reduce_attr *)attr)->axes;
    }
    for (int32_t i = 0; i < x->rank; i++) {
        if (i < shift || y->dims[i - shift] != x->dims[i]) {
            axes |= 1u << i;
        }
    }
    return axes;
}

/* Of an empty x: no axes, since the product of those left may not fit. */
static folded fold(const wgi_view *x, uint32_t axes)
{
    folded f = {.rank = 0};
    for (int32_t i = 0; i < x->rank && x->count > 0; i++) {
        const bool is_reduced = (axes >> i & 1u) != 0;
        if (x->dims[i] == 1) {
            continue;
        }
        if (f.rank == 0 || f.is_reduced[f.rank - 1] != is_reduced) {
            f.is_reduced[f.rank] = is_reduced;
            f.dims[f.rank++] = x->dims[i];
        } else {
            f.dims[f.rank - 1] *= x->dims[i];
        }
    }
    return f;
}

static double divisor_of(const char *op, const wgi_view *x, uint32_t axes)
{
    double count = 1;
    for (int32_t i = 0; i < x->rank && strcmp(op, "mean") == 0; i++) {
        count *= (axes >> i & 1u) != 0 ? (double)x->dims[i] : 1.0;
    }
    return count;
}

/* ---- plans -------------------------------------------------------------------------------- */

static const wgi_reduce_loops *loops_of(wgi_isa isa, int32_t dtype)
{
    const wgi_reduce_hot *hot = WGI_HOT_PICK(wgi_reduce_hot, isa);
    return dtype == WG_F32 ? &hot->f32 : dtype == WG_F64 ? &hot->f64 : &hot->i64;
}

/* [outer, rows, width] or [outer, rows] of folded axes; false where they are neither. */
static bool divide_axes(wgi_reduce_plan *plan, const folded *f)
{
    const bool starts_kept = f->rank > 0 && !f->is_reduced[0];
    const bool ends_kept = f->rank > 0 && !f->is_reduced[f->rank - 1];
    plan->kind = f->rank > 0 && !ends_kept ? WGI_REDUCE_RUNS : WGI_REDUCE_COLUMNS;
    plan->outer = starts_kept && f->rank > 1 ? f->dims[0] : 1;
    plan->width = ends_kept ? f->dims[f->rank - 1] : 1;
    plan->rows = 1;
    for (int32_t i = 0; i < f->rank; i++) {
        plan->rows = f->is_reduced[i] ? f->dims[i] : plan->rows;
    }
    return f->rank <= 2 || (f->rank == 3 && starts_kept);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t rounded_up(int64_t x, int64_t unit)
{
    return (x + unit - 1) / unit * unit;
}

/* Segments of whole sums where there are several, else of whole groups of rows. */
static void divide_elements(wgi_reduce_plan *plan)
{
    int64_t unit = plan->rows * plan->width;
    int64_t n = least(plan->count / SEGMENT_LEAST, MAX_SEGMENTS);
    if (plan->outer > 1) {
        n = least(n, plan->outer);
    } else if (plan->kind == WGI_REDUCE_COLUMNS) {
        n = least(n, plan->rows / SEGMENT_ROWS);
        unit = WGI_REDUCE_GROUP * plan->width;
    } else {
        unit = WGI_REDUCE_GROUP * WGI_REDUCE_LANES;
    }
    plan->segment = n > 1 ? rounded_up((plan->count + n - 1) / n, unit) : plan->count;
    plan->segment = plan->segment > 0 ? plan->segment : 1;
    plan->n_segments = n > 1 ? (int32_t)((plan->count + plan->segment - 1) / plan->segment) : 1;
}

/* Two levels in the wide type, of 8 bytes, and one of at most that. False where the sizes overflow,
 * for all segments together too. */
static bool size_state(wgi_reduce_plan *plan)
{
    size_t all = 0;
    const int64_t columns = plan->kind == WGI_REDUCE_RUNS ? WGI_REDUCE_LANES : plan->width;
    if (columns > PTRDIFF_MAX / 64) {
        return false;
    }
    plan->state_bytes = 3 * WGI_REDUCE_LEVEL_BYTES(columns, sizeof(double));
    return wgi_size_mul(plan->state_bytes, (size_t)plan->n_segments, &all);
}

bool wgi_reduce_plan_make(wgi_reduce_plan *plan, wgi_isa isa, const char *op, const wgi_view *x,
                          const wgi_view *y, const void *attr)
{
    const uint32_t axes = axes_of(op, x, y, attr);
    const folded f = fold(x, axes);
    if (x->dtype != WG_F32 && x->dtype != WG_F64 && x->dtype != WG_I64) {
        return false;
    }
    *plan = (wgi_reduce_plan){.loops = loops_of(isa, x->dtype),
                              .count = x->count,
                              .n_out = y->count,
                              .divisor = divisor_of(op, x, axes)};
    if (!divide_axes(plan, &f)) {
        return false;
    }
    divide_elements(plan);
    return size_state(plan);
}

void wgi_reduce_feed(const wgi_reduce_plan *plan, void *states, void *y, const void *block,
                     int64_t first, int64_t n)
{
    plan->loops->feed(plan, states, y, block, first, n);
}

void wgi_reduce_finish(const wgi_reduce_plan *plan, void *states, void *y)
{
    plan->loops->finish(plan, states, y);
}
