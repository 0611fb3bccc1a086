/* Sums: how axes fold, and how the elements are divided.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a plan is a function of shapes, dtype and instruction set; of the latter only by which
 * build of the loops it names. */
#include "backends/native/reduce.h"

#include <string.h>

#include "backends/native/native.h"
#include "backends/native/reduce_hot.h"
#include "backends/native/share.h"
#include "core/checked.h"
#include "core/context.h"
#include "core/dtype.h"
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

/* ---- kernels ------------------------------------------------------------------------------ */

/* Elements that are worth a thread of a kernel that only adds them up: about 3 us. */
#define THREAD_WORTH 65536

/* The innermost axis is the columns' or the runs'; of the others those kept are `kept` and those
 * reduced `rows`. Where a sum is split into the plan's segments, nothing is kept. */
typedef struct reduction {
    wgi_reduce_plan plan;
    bool is_split;
    int32_t threads;
    size_t element;
    wgi_reduce_axes kept;
    wgi_reduce_axes rows;
    int64_t n_kept; /* places of the kept axes */
    int64_t inner;  /* size of the innermost axis */
} reduction;

static void append_axis(wgi_reduce_axes *axes, int64_t size, int64_t stride)
{
    axes->dims[axes->rank] = size;
    axes->strides[axes->rank++] = stride;
}

/* Where the kept axes are at the given place. */
static int64_t offset_of(const wgi_reduce_axes *axes, int64_t place)
{
    int64_t offset = 0;
    for (int32_t i = axes->rank - 1; i >= 0; i--) {
        offset += place % axes->dims[i] * axes->strides[i];
        place /= axes->dims[i];
    }
    return offset;
}

/* Axes with the strides of row-major order. */
static void divide_outer_axes(reduction *r, const folded *f)
{
    int64_t strides[WG_MAX_RANK] = {0};
    int64_t stride = 1;
    for (int32_t i = f->rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= f->dims[i];
    }
    r->n_kept = 1;
    for (int32_t i = 0; i < f->rank - 1; i++) {
        append_axis(f->is_reduced[i] ? &r->rows : &r->kept, f->dims[i], strides[i]);
        r->n_kept *= f->is_reduced[i] ? 1 : f->dims[i];
    }
    r->inner = f->rank > 0 ? f->dims[f->rank - 1] : 1;
}

/* What a run needs, worked out once. */
static void divide(reduction *r, const wgi_problem *problem)
{
    const wgi_view *x = problem->in;
    const wgi_native *native = problem->backend;
    const char *op = problem->op->name;
    const folded f = fold(x, axes_of(op, x, problem->out, problem->attr));
    const bool is_stream =
        wgi_reduce_plan_make(&r->plan, native->isa, op, x, problem->out, problem->attr);
    divide_outer_axes(r, &f);
    r->is_split = is_stream && r->plan.outer == 1 && r->plan.n_segments > 1;
    r->threads = wgi_threads_worth(problem, x->count / THREAD_WORTH);
    r->element = wg_dtype_size((wg_dtype)x->dtype);
}

const char *wgi_native_reduce_accepts(const wgi_problem *problem)
{
    const int32_t dtype = problem->in[0].dtype;
    if (dtype != WG_F32 && dtype != WG_F64 && dtype != WG_I64) {
        return "the dtype is neither f32 nor f64 nor i64";
    }
    return NULL;
}

wg_status wgi_native_reduce_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    reduction *r = wgi_alloc_zeroed(&problem->ctx->memory, 1, sizeof *r);
    if (r == NULL) {
        return WG_ERR_MEMORY;
    }
    divide(r, problem);
    *out = (wgi_prepared){.state = r, .state_bytes = sizeof *r};
    if (r->is_split) {
        out->scratch_bytes = (size_t)r->plan.n_segments * r->plan.state_bytes;
    }
    return WG_OK;
}

void wgi_native_reduce_destroy(wg_context *ctx, wgi_prepared *prepared)
{
    wgi_release(&ctx->memory, prepared->state, sizeof(reduction));
}

/* A run's context for the threads. */
typedef struct work {
    const reduction *r;
    const char *x;
    char *y;
    char *scratch;
} work;

/* Segments of one long run. */
static void run_stream_segments(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const wgi_reduce_plan *plan = &w->r->plan;
    for (int64_t s = begin; s < end; s++) {
        const int64_t first = s * plan->segment;
        const int64_t n = least(plan->segment, plan->count - first);
        plan->loops->feed(plan, w->scratch, w->y, w->x + (size_t)first * w->r->element, first, n);
    }
}

/* Segments of columns: the totals of each go to the scratch memory, whose states have room. */
static void run_column_segments(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const wgi_reduce_plan *plan = &w->r->plan;
    for (int64_t s = begin; s < end; s++) {
        const int64_t first = s * plan->segment;
        const int64_t n_rows = least(plan->segment, plan->count - first) / plan->width;
        const wgi_reduce_axes rows = {.rank = 1, .dims = {n_rows}, .strides = {plan->width}};
        plan->loops->columns(&rows, w->x + (size_t)first * w->r->element, plan->width, 1.0, NULL,
                             w->scratch + (size_t)(s * plan->width) * sizeof(double));
    }
}

static void run_split(const work *w)
{
    const wgi_reduce_plan *plan = &w->r->plan;
    if (plan->kind == WGI_REDUCE_RUNS) {
        wgi_share(w->r->threads, plan->n_segments, run_stream_segments, w);
        plan->loops->finish(plan, w->scratch, w->y);
    } else {
        wgi_share(w->r->threads, plan->n_segments, run_column_segments, w);
        plan->loops->merge(w->scratch, plan->n_segments, plan->width, plan->divisor, w->y);
    }
}

/* Blocks of columns, in strips: item i is strip i % strips of block i / strips. */
static void run_columns(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const reduction *r = w->r;
    const int64_t strips = (r->inner + WGI_REDUCE_STRIP - 1) / WGI_REDUCE_STRIP;
    for (int64_t i = begin; i < end; i++) {
        const int64_t block = i / strips;
        const int64_t column = i % strips * WGI_REDUCE_STRIP;
        const int64_t n = least(r->inner - column, WGI_REDUCE_STRIP);
        const int64_t at = offset_of(&r->kept, block) + column;
        r->plan.loops->columns(&r->rows, w->x + (size_t)at * r->element, n, r->plan.divisor,
                               w->y + (size_t)(block * r->inner + column) * r->element, NULL);
    }
}

/* Results of runs, as many at once as follow one another at one stride. */
static void run_runs(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const reduction *r = w->r;
    const int32_t last = r->kept.rank - 1;
    const int64_t inner = last >= 0 ? r->kept.dims[last] : 1;
    const wgi_reduce_runs runs = {.axes = r->rows,
                                  .length = r->inner,
                                  .stride = last >= 0 ? r->kept.strides[last] : 0,
                                  .divisor = r->plan.divisor};
    while (begin < end) {
        const int64_t n = least(inner - begin % inner, end - begin);
        r->plan.loops->runs(&runs, w->x + (size_t)offset_of(&r->kept, begin) * r->element, n,
                            w->y + (size_t)begin * r->element);
        begin += n;
    }
}

wg_status wgi_native_reduce_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const reduction *r = prepared->state;
    const work w = {r, args->in[0].data, args->out[0].data, args->scratch};
    if (r->plan.count == 0) {
        r->plan.loops->finish(&r->plan, NULL, w.y);
    } else if (r->is_split) {
        run_split(&w);
    } else if (r->plan.kind == WGI_REDUCE_RUNS) {
        wgi_share(r->threads, r->n_kept, run_runs, &w);
    } else {
        const int64_t strips = (r->inner + WGI_REDUCE_STRIP - 1) / WGI_REDUCE_STRIP;
        wgi_share(r->threads, r->n_kept * strips, run_columns, &w);
    }
    return WG_OK;
}
