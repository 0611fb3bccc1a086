/* Reductions of lines: which lines there are, and who works on them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a line's bits depend on its elements and on whether it is contiguous alone; threads
 * take whole lines. */
#include "backends/native/lines.h"

#include <string.h>

#include "backends/native/lines_hot.h"
#include "backends/native/native.h"
#include "backends/native/share.h"
#include "core/context.h"
#include "core/dtype.h"
#include "ops/params.h"

/* Elements that are worth a thread. */
#define THREAD_WORTH 32768

/* x: [outer, n, inner], of which n is reduced. Items are single lines where inner is 1, and else up
 * to as many lines side by side as there are lanes. */
typedef struct lines {
    wgi_line_set set;
    wgi_line_run run;
    wgi_line_find find; /* of max and its kin, in place of run */
    size_t element;
    int64_t outer;
    int64_t inner;
    int64_t n_tiles; /* items of each outer place */
    bool is_shaped;  /* the result has the shape of x */
    int32_t threads;
} lines;

static const char *const names[WGI_N_LINE_OPS] = {
    "prod", "amax", "amin", "variance", "std", "norm_2", "logsumexp", "center",
};

/* The attributes of all these ops begin with a wgi_reduce_attr. */
static uint32_t axes_of(const wgi_problem *problem)
{
    const wgi_reduce_attr *attr = problem->attr;
    return attr->axes;
}

/* [outer, n, inner]; false where axes are kept between those that are reduced. */
static bool divide_axes(const wgi_view *x, uint32_t axes, lines *out)
{
    bool is_behind = false;
    *out = (lines){.outer = 1, .inner = 1, .set = {.n = 1}};
    for (int32_t i = 0; i < x->rank; i++) {
        const bool is_reduced = (axes >> i & 1u) != 0;
        if (x->dims[i] == 1) {
            continue;
        }
        if (is_reduced && out->inner > 1) {
            return false;
        }
        is_behind = is_behind || is_reduced;
        int64_t *size = is_reduced ? &out->set.n : is_behind ? &out->inner : &out->outer;
        *size *= x->dims[i];
    }
    return true;
}

const char *wgi_native_lines_accepts(const wgi_problem *problem)
{
    const wgi_view *x = problem->in;
    lines ignored;
    if (x->dtype != WG_F32 && x->dtype != WG_F64) {
        return "the dtype is neither f32 nor f64";
    }
    if (x->count == 0) {
        return "there is no element";
    }
    return divide_axes(x, axes_of(problem), &ignored) ? NULL : "the reduced axes lie apart";
}

static wgi_line_op op_of(const wgi_problem *problem)
{
    int op = 0;
    while (op < WGI_N_LINE_OPS - 1 && strcmp(names[op], problem->op->name) != 0) {
        op++;
    }
    return (wgi_line_op)op;
}

static const wgi_lines_hot *hot_of(const wgi_problem *problem)
{
    const wgi_native *native = problem->backend;
    return WGI_HOT_PICK(wgi_lines_hot, native->isa);
}

/* Of lines over these axes, all but the loop to run. */
static void lay_out(const wgi_problem *problem, uint32_t axes, lines *l)
{
    const wgi_view *x = problem->in;
    (void)divide_axes(x, axes, l);
    l->set.stride = l->inner;
    l->n_tiles = (l->inner + WGI_LINE_LANES - 1) / WGI_LINE_LANES;
    l->element = wg_dtype_size((wg_dtype)x->dtype);
    l->threads = wgi_threads_worth(problem, x->count / THREAD_WORTH);
}

static void choose(const wgi_problem *problem, lines *l)
{
    const wgi_lines_hot *hot = hot_of(problem);
    const wgi_line_op op = op_of(problem);
    l->is_shaped = op == WGI_LINE_CENTER;
    l->run = problem->in->dtype == WG_F32 ? hot->f32[op] : hot->f64[op];
    if (op == WGI_LINE_VARIANCE || op == WGI_LINE_STD) {
        const wgi_variance_attr *attr = problem->attr;
        const double divisor = (double)l->set.n - (double)attr->correction;
        l->set.divisor = divisor > 0 ? divisor : 0;
    }
}

wg_status wgi_native_lines_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    lines *l = wgi_alloc_zeroed(&problem->ctx->memory, 1, sizeof *l);
    if (l == NULL) {
        return WG_ERR_MEMORY;
    }
    lay_out(problem, axes_of(problem), l);
    choose(problem, l);
    *out = (wgi_prepared){.state = l, .state_bytes = sizeof *l};
    return WG_OK;
}

void wgi_native_lines_destroy(wg_context *ctx, wgi_prepared *prepared)
{
    wgi_release(&ctx->memory, prepared->state, sizeof(lines));
}

/* A run's context for the threads. */
typedef struct work {
    const lines *l;
    const char *x;
    char *y; /* NULL where places alone are wanted */
    int64_t *indices;
} work;

/* An item: its lines, and the places of the first of them in x and in the result. */
typedef struct item {
    wgi_line_set set;
    int64_t x_at;
    int64_t y_at;
} item;

/* Item i is tile i % n_tiles of outer place i / n_tiles. */
static item item_at(const lines *l, int64_t i)
{
    const int64_t outer = i / l->n_tiles;
    const int64_t column = i % l->n_tiles * WGI_LINE_LANES;
    const int64_t left = l->inner - column;
    item it = {l->set, outer * l->set.n * l->inner + column, outer * l->inner + column};
    it.set.width = left < WGI_LINE_LANES ? left : WGI_LINE_LANES;
    it.y_at = l->is_shaped ? it.x_at : it.y_at;
    return it;
}

static void run_items(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const lines *l = w->l;
    for (int64_t i = begin; i < end; i++) {
        const item it = item_at(l, i);
        l->run(&it.set, w->x + (size_t)it.x_at * l->element, w->y + (size_t)it.y_at * l->element);
    }
}

wg_status wgi_native_lines_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const lines *l = prepared->state;
    const work w = {l, args->in[0].data, args->out[0].data, NULL};
    wgi_share(l->threads, l->outer * l->n_tiles, run_items, &w);
    return WG_OK;
}

/* ---- max, min, argmax, argmin ------------------------------------------------------------- */

const char *wgi_native_places_accepts(const wgi_problem *problem)
{
    const wgi_view *x = problem->in;
    const wgi_max_attr *attr = problem->attr;
    if (x->dtype != WG_F32 && x->dtype != WG_F64) {
        return "the dtype is neither f32 nor f64";
    }
    if (x->count == 0) {
        return "there is no element";
    }
    return x->dims[attr->axis] > INT32_MAX ? "the axis is too long" : NULL;
}

wg_status wgi_native_places_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    const wgi_max_attr *attr = problem->attr;
    const wgi_lines_hot *hot = hot_of(problem);
    const char *name = problem->op->name;
    const bool is_min = strcmp(name, "min") == 0 || strcmp(name, "argmin") == 0;
    lines *l = wgi_alloc_zeroed(&problem->ctx->memory, 1, sizeof *l);
    if (l == NULL) {
        return WG_ERR_MEMORY;
    }
    lay_out(problem, 1u << attr->axis, l);
    if (problem->in->dtype == WG_F32) {
        l->find = is_min ? hot->f32_min : hot->f32_max;
    } else {
        l->find = is_min ? hot->f64_min : hot->f64_max;
    }
    *out = (wgi_prepared){.state = l, .state_bytes = sizeof *l};
    return WG_OK;
}

static void find_items(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const lines *l = w->l;
    for (int64_t i = begin; i < end; i++) {
        const item it = item_at(l, i);
        void *values = w->y != NULL ? w->y + (size_t)it.y_at * l->element : NULL;
        l->find(&it.set, w->x + (size_t)it.x_at * l->element, values, w->indices + it.y_at);
    }
}

/* The indices are the last output, the values the other one if there is one. */
wg_status wgi_native_places_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const lines *l = prepared->state;
    const work w = {l, args->in[0].data, args->n_out > 1 ? args->out[0].data : NULL,
                    args->out[args->n_out - 1].data};
    wgi_share(l->threads, l->outer * l->n_tiles, find_items, &w);
    return WG_OK;
}
