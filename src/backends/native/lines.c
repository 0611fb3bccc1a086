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

static void lay_out(const wgi_problem *problem, lines *l)
{
    const wgi_native *native = problem->backend;
    const wgi_lines_hot *hot = WGI_HOT_PICK(wgi_lines_hot, native->isa);
    const wgi_view *x = problem->in;
    const wgi_line_op op = op_of(problem);
    (void)divide_axes(x, axes_of(problem), l);
    l->set.stride = l->inner;
    l->set.width = WGI_LINE_LANES;
    l->n_tiles = (l->inner + WGI_LINE_LANES - 1) / WGI_LINE_LANES;
    l->is_shaped = op == WGI_LINE_CENTER;
    l->run = x->dtype == WG_F32 ? hot->f32[op] : hot->f64[op];
    l->element = wg_dtype_size((wg_dtype)x->dtype);
    l->threads = wgi_threads_worth(problem, x->count / THREAD_WORTH);
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
    lay_out(problem, l);
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
    char *y;
} work;

/* Item i is tile i % n_tiles of outer place i / n_tiles. */
static void run_items(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const lines *l = w->l;
    for (int64_t i = begin; i < end; i++) {
        const int64_t outer = i / l->n_tiles;
        const int64_t column = i % l->n_tiles * WGI_LINE_LANES;
        const int64_t left = l->inner - column;
        wgi_line_set set = l->set;
        set.width = left < WGI_LINE_LANES ? left : WGI_LINE_LANES;
        const int64_t x_at = outer * set.n * l->inner + column;
        const int64_t y_at = l->is_shaped ? x_at : outer * l->inner + column;
        l->run(&set, w->x + (size_t)x_at * l->element, w->y + (size_t)y_at * l->element);
    }
}

wg_status wgi_native_lines_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const lines *l = prepared->state;
    const work w = {l, args->in[0].data, args->out[0].data};
    wgi_share(l->threads, l->outer * l->n_tiles, run_items, &w);
    return WG_OK;
}
