/* softmax and log_softmax: which lines there are, and who works on them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a line's bits depend on its elements and on its place in its tile alone, and tiles are
 * laid out by the shape: threads take whole items. */
#include "backends/native/softmax.h"

#include "backends/native/native.h"
#include "backends/native/share.h"
#include "backends/native/softmax_hot.h"
#include "core/context.h"
#include "core/dtype.h"
#include "ops/params.h"

/* Elements that are worth a thread: about 4 us of exponentials. */
#define THREAD_WORTH 8192

/* x: [outer, n, inner], of which the lines of one outer place lie side by side; or, where inner is
 * 1, one after the other, and then outer is 1 here and n_lines all there are. */
typedef struct softmax {
    wgi_lines lines;
    wgi_lines_run run;
    size_t element;
    int64_t outer;
    int64_t n_lines;
    int64_t item;    /* lines of an item */
    int64_t n_items; /* of each outer place */
    int32_t threads;
} softmax;

const char *wgi_native_softmax_accepts(const wgi_problem *problem)
{
    const int32_t dtype = problem->in[0].dtype;
    return dtype == WG_F32 || dtype == WG_F64 ? NULL : "the dtype is neither f32 nor f64";
}

static void lay_out(softmax *s, const wgi_view *x, int64_t axis)
{
    int64_t inner = 1;
    s->outer = 1;
    for (int64_t i = 0; i < x->rank; i++) {
        s->outer *= i < axis ? x->dims[i] : 1;
        inner *= i > axis ? x->dims[i] : 1;
    }
    s->lines.n = x->dims[axis];
    s->lines.stride = inner;
    s->lines.step = inner == 1 ? s->lines.n : 1;
    s->n_lines = inner == 1 ? s->outer : inner;
    s->outer = inner == 1 ? 1 : s->outer;
    s->item = inner == 1 && s->lines.n >= WGI_LINES_LONG ? 1 : WGI_LINES_TILE;
    s->n_items = (s->n_lines + s->item - 1) / s->item;
}

static wg_status prepare(const wgi_problem *problem, bool is_log, wgi_prepared *out)
{
    const wgi_view *x = problem->in;
    const wgi_axis_attr *attr = problem->attr;
    const wgi_native *native = problem->backend;
    const wgi_softmax_hot *hot = WGI_HOT_PICK(wgi_softmax_hot, native->isa);
    softmax *s = wgi_alloc_zeroed(&problem->ctx->memory, 1, sizeof *s);
    if (s == NULL) {
        return WG_ERR_MEMORY;
    }
    if (x->count > 0) {
        lay_out(s, x, attr->axis);
    }
    s->lines.is_log = is_log;
    s->run = x->dtype == WG_F32 ? hot->f32 : hot->f64;
    s->element = wg_dtype_size((wg_dtype)x->dtype);
    s->threads = wgi_threads_worth(problem, x->count / THREAD_WORTH);
    *out = (wgi_prepared){.state = s, .state_bytes = sizeof *s};
    return WG_OK;
}

wg_status wgi_native_softmax_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    return prepare(problem, false, out);
}

wg_status wgi_native_log_softmax_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    return prepare(problem, true, out);
}

void wgi_native_softmax_destroy(wg_context *ctx, wgi_prepared *prepared)
{
    wgi_release(&ctx->memory, prepared->state, sizeof(softmax));
}

/* A run's context for the threads. */
typedef struct work {
    const softmax *s;
    const char *x;
    char *y;
} work;

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Consecutive items of one outer place are one call. */
static void run_items(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const softmax *s = w->s;
    while (begin < end) {
        const int64_t outer = begin / s->n_items;
        const int64_t first = begin % s->n_items;
        const int64_t taken = least(end - begin, s->n_items - first);
        const int64_t line = first * s->item;
        const int64_t n = least(s->n_lines - line, taken * s->item);
        const int64_t block = outer * s->lines.n * s->n_lines;
        const size_t at = (size_t)(block + line * s->lines.step) * s->element;
        s->run(&s->lines, w->x + at, w->y + at, n, NULL, NULL);
        begin += taken;
    }
}

wg_status wgi_native_softmax_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const softmax *s = prepared->state;
    const work w = {s, args->in[0].data, args->out[0].data};
    wgi_share(s->threads, s->outer * s->n_items, run_items, &w);
    return WG_OK;
}
