/* The judge of gradients.
 * SPDX-License-Identifier: Apache-2.0 */
#include "inspect/judge.h"

#include "core/context.h"
#include "core/dtype.h"
#include "core/memory.h"

#include <math.h>
#include <string.h>

#if defined(WGI_WIDE)

/* h is a power of two, so that x + h and x - h are exact for a double x. */
#define STEP 0x1p-37

/* A case in the wide dtype. */
typedef struct wide_case {
    wg_allocator memory;
    wg_shadow *shadow;
    wg_graph *g;
    uint64_t step; /* of the random ops: each run is to draw the same */
    wg_node loss;
    size_t n;
    wg_node *xs;
    wg_node *gradients;
} wide_case;

static wgi_wide wide_abs(wgi_wide x)
{
    return x < 0 ? -x : x;
}

static void close_wide(wide_case *w)
{
    wg_shadow_destroy(w->shadow);
    wgi_release(&w->memory, w->xs, (w->n + 1) * sizeof *w->xs);
    wgi_release(&w->memory, w->gradients, (w->n + 1) * sizeof *w->gradients);
}

/* A shadow in which both floating dtypes are wide: a shadow of a shadow. */
static wg_status open_shadow(const wgi_judge_case *c, wide_case *w)
{
    wg_shadow *half = NULL;
    wg_status status = wg_shadow_create(c->g, WG_F32, (wg_dtype)WGI_DTYPE_WIDE, &half);
    if (status == WG_OK) {
        status =
            wg_shadow_create(wg_shadow_graph(half), WG_F64, (wg_dtype)WGI_DTYPE_WIDE, &w->shadow);
    }
    if (status == WG_OK) {
        w->g = wg_shadow_graph(w->shadow);
        w->step = wg_graph_step(w->g);
        w->loss = wg_shadow_node(w->shadow, wg_shadow_node(half, c->loss));
        for (size_t i = 0; i < w->n; i++) {
            w->xs[i] = wg_shadow_node(w->shadow, wg_shadow_node(half, c->xs[i]));
        }
    }
    wg_shadow_destroy(half);
    return status;
}

/* Records the gradients in a shadow and runs them. */
static wg_status open_wide(const wgi_judge_case *c, wide_case *w)
{
    memset(w, 0, sizeof *w);
    w->n = c->n_xs;
    w->memory = wg_graph_context(c->g)->memory;
    w->xs = wgi_alloc_zeroed(&w->memory, c->n_xs + 1, sizeof *w->xs);
    w->gradients = wgi_alloc_zeroed(&w->memory, c->n_xs + 1, sizeof *w->gradients);
    wg_status status = w->xs != NULL && w->gradients != NULL ? open_shadow(c, w) : WG_ERR_MEMORY;
    if (status == WG_OK) {
        status = wg_grad(w->loss, w->xs, w->n, w->gradients);
    }
    return status == WG_OK ? wg_run(w->gradients, w->n) : status;
}

/* The loss with element i of leaf x set to a value. */
static wg_status loss_at(wide_case *w, wg_tensor *leaf, int64_t i, wgi_wide x, wgi_wide *loss)
{
    const wg_tensor *value = NULL;
    ((wgi_wide *)wg_tensor_data_mutable(leaf))[i] = x;
    wg_status status = wg_graph_refresh(w->g);
    if (status == WG_OK) {
        status = wg_graph_set_step(w->g, w->step);
    }
    if (status == WG_OK) {
        status = wg_get(w->loss, &value);
    }
    *loss = status == WG_OK ? *(const wgi_wide *)wg_tensor_data(value) : 0;
    return status;
}

typedef struct difference {
    wgi_wide numeric;
    wgi_wide loss;
} difference;

static wg_status differentiate(wide_case *w, wg_tensor *leaf, int64_t i, difference *d)
{
    const wgi_wide x = ((const wgi_wide *)wg_tensor_data(leaf))[i];
    wgi_wide above = 0;
    wgi_wide below = 0;
    wg_status status = loss_at(w, leaf, i, x + STEP, &above);
    if (status == WG_OK) {
        status = loss_at(w, leaf, i, x - STEP, &below);
    }
    ((wgi_wide *)wg_tensor_data_mutable(leaf))[i] = x;
    d->numeric = (above - below) / (2 * STEP);
    d->loss = wide_abs(above);
    return status;
}

/* One element: as the rules have it in the wide dtype, and as it was given. */
typedef struct element {
    size_t leaf;
    int64_t i;
    wgi_wide analytic;
    const double *given; /* NULL: not */
    wgi_wide scale;
} element;

static double ratio_of(wgi_wide x, wgi_wide numeric, wgi_wide tolerance)
{
    const wgi_wide error = wide_abs(x - numeric);
    return error == error ? (double)(error / tolerance) : HUGE_VAL;
}

static void note(wgi_verdict *v, const element *e, const difference *d)
{
    const wgi_wide size = d->loss > 1 ? d->loss : 1;
    const wgi_wide tolerance = e->scale * WGI_JUDGE_ULPS + size * WGI_JUDGE_FLOOR;
    if (d->numeric != d->numeric) {
        v->n_undecided++;
        return;
    }
    const double ratio = ratio_of(e->analytic, d->numeric, tolerance);
    v->n_judged++;
    v->n_wrong += !(ratio <= 1);
    if (v->n_judged == 1 || ratio > v->error_over_tolerance) {
        v->leaf = e->leaf;
        v->element = e->i;
        v->analytic = (double)e->analytic;
        v->numeric = (double)d->numeric;
        v->error_over_tolerance = ratio;
    }
    if (e->given != NULL) {
        const double ulps = ratio_of(*e->given, d->numeric, tolerance) * (WGI_JUDGE_ULPS * 0x1p52);
        v->given_ulps = fmax(v->given_ulps, ulps);
    }
}

static wgi_wide largest(const wgi_wide *x, int64_t n)
{
    wgi_wide max = 0;
    for (int64_t i = 0; i < n; i++) {
        max = wide_abs(x[i]) > max ? wide_abs(x[i]) : max;
    }
    return max;
}

/* Judges leaf k, whose gradients begin at `first` of those of all leaves; the differences do not
 * disturb them. */
static wg_status judge_leaf(wide_case *w, size_t k, const wgi_wide *gradient, int64_t first,
                            const wgi_judge_case *c, wgi_verdict *v)
{
    wg_tensor *leaf = wg_shadow_leaf(w->shadow, w->xs[k]);
    const int64_t n = wg_tensor_count(leaf);
    const wgi_wide size = largest(gradient + first, n);
    const wgi_wide scale = size > c->least_scale ? size : c->least_scale;
    const int64_t stride = c->max_elements > 0 && n > c->max_elements ? n / c->max_elements : 1;
    wg_status status = WG_OK;
    for (int64_t i = 0; status == WG_OK && i < n; i += stride) {
        difference d;
        status = differentiate(w, leaf, i, &d);
        const double *given = c->given != NULL ? &c->given[first + i] : NULL;
        note(v, &(element){k, i, gradient[first + i], given, scale}, &d);
    }
    return status;
}

/* The gradients of all leaves in one array, since a refresh drops the values. */
static void copy_gradients(const wide_case *w, wgi_wide *out)
{
    for (size_t k = 0; k < w->n; k++) {
        const wg_tensor *t = wg_value(w->gradients[k]);
        const int64_t n = wg_tensor_count(t);
        for (int64_t i = 0; i < n; i++) {
            out[i] = ((const wgi_wide *)wg_tensor_data(t))[i];
        }
        out += n;
    }
}

static int64_t count_all(const wide_case *w)
{
    int64_t n = 0;
    for (size_t k = 0; k < w->n; k++) {
        n += wg_tensor_count(wg_value(w->gradients[k]));
    }
    return n;
}

static wg_status judge_all(wide_case *w, const wgi_judge_case *c, wgi_verdict *v)
{
    const size_t n = (size_t)count_all(w) + 1;
    wgi_wide *gradients = wgi_alloc_zeroed(&w->memory, n, sizeof *gradients);
    wg_status status = gradients != NULL ? WG_OK : WG_ERR_MEMORY;
    if (status == WG_OK) {
        copy_gradients(w, gradients);
    }
    int64_t first = 0;
    for (size_t k = 0; k < w->n && status == WG_OK; k++) {
        status = judge_leaf(w, k, gradients, first, c, v);
        first += wg_tensor_count(wg_shadow_leaf(w->shadow, w->xs[k]));
    }
    wgi_release(&w->memory, gradients, n * sizeof *gradients);
    return status;
}

wgi_verdict wgi_judge(const wgi_judge_case *c)
{
    wgi_verdict v = {.status = WG_OK};
    wide_case w;
    wg_status status = open_wide(c, &w);
    if (status == WG_OK) {
        status = judge_all(&w, c, &v);
    }
    close_wide(&w);
    if (status != WG_OK) {
        v = (wgi_verdict){.status = status};
    }
    return v;
}

wg_status wgi_wide_gradients(const wgi_judge_case *c, double *out)
{
    wide_case w;
    wg_status status = open_wide(c, &w);
    for (size_t k = 0; status == WG_OK && k < w.n; k++) {
        const wg_tensor *t = wg_value(w.gradients[k]);
        wgi_convert(WG_F64, out, WGI_DTYPE_WIDE, wg_tensor_data(t), wg_tensor_count(t));
        out += wg_tensor_count(t);
    }
    close_wide(&w);
    return status;
}

#else

wgi_verdict wgi_judge(const wgi_judge_case *c)
{
    (void)c;
    return (wgi_verdict){.status = WG_ERR_STATE};
}

wg_status wgi_wide_gradients(const wgi_judge_case *c, double *out)
{
    (void)c;
    (void)out;
    return WG_ERR_STATE;
}

#endif

double wgi_scaled_error(const double *a, const double *b, int64_t n)
{
    double scale = 1;
    double error = 0;
    for (int64_t i = 0; i < n; i++) {
        const bool agree = a[i] == b[i] || (isnan(a[i]) && isnan(b[i]));
        if (!agree && !(isfinite(a[i]) && isfinite(b[i]))) {
            return HUGE_VAL;
        }
        if (isfinite(b[i])) {
            scale = fmax(scale, fabs(b[i]));
        }
        error = agree ? error : fmax(error, fabs(a[i] - b[i]));
    }
    return error / scale;
}
