/* The judge of gradients.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/judge.h"

#include "core/dtype.h"
#include "support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* h is a power of two, so that x + h and x - h are exact for a double x. */
#define STEP 0x1p-37

/* A case in the wide dtype. */
typedef struct wide_case {
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
    free(w->xs);
    free(w->gradients);
}

/* A shadow in which both floating dtypes are wide: a shadow of a shadow. */
static wg_status open_shadow(const wgt_case *c, wide_case *w)
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
static wg_status open_wide(const wgt_case *c, wide_case *w)
{
    memset(w, 0, sizeof *w);
    w->n = c->n_xs;
    w->xs = calloc(c->n_xs + 1, sizeof *w->xs);
    w->gradients = calloc(c->n_xs + 1, sizeof *w->gradients);
    assert_true(w->xs != NULL && w->gradients != NULL);
    wg_status status = open_shadow(c, w);
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

static void note(wgt_verdict *v, size_t leaf, int64_t i, wgi_wide analytic, const difference *d,
                 wgi_wide scale)
{
    const wgi_wide size = d->loss > 1 ? d->loss : 1;
    const wgi_wide tolerance = scale * WGT_JUDGE_ULPS + size * WGT_JUDGE_FLOOR;
    const wgi_wide error = wide_abs(analytic - d->numeric);
    const double ratio = error == error ? (double)(error / tolerance) : HUGE_VAL;
    if (d->numeric != d->numeric) {
        v->n_undecided++;
        return;
    }
    v->n_judged++;
    v->n_wrong += !(ratio <= 1);
    if (v->n_judged == 1 || ratio > v->error_over_tolerance) {
        v->leaf = leaf;
        v->element = i;
        v->analytic = (double)analytic;
        v->numeric = (double)d->numeric;
        v->error_over_tolerance = ratio;
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

/* Judges one leaf against its gradient, which the differences do not disturb. */
static wg_status judge_leaf(wide_case *w, size_t k, const wgi_wide *gradient, const wgt_case *c,
                            wgt_verdict *v)
{
    wg_tensor *leaf = wg_shadow_leaf(w->shadow, w->xs[k]);
    const int64_t n = wg_tensor_count(leaf);
    const wgi_wide size = largest(gradient, n);
    const wgi_wide scale = size > c->least_scale ? size : c->least_scale;
    const int64_t stride = c->max_elements > 0 && n > c->max_elements ? n / c->max_elements : 1;
    wg_status status = WG_OK;
    for (int64_t i = 0; status == WG_OK && i < n; i += stride) {
        difference d;
        status = differentiate(w, leaf, i, &d);
        note(v, k, i, gradient[i], &d, scale);
    }
    return status;
}

/* A copy of each gradient, since a refresh drops the values. */
static wgi_wide *copy_wide(wg_node n)
{
    const wg_tensor *t = wg_value(n);
    const size_t bytes = wg_tensor_bytes(t);
    wgi_wide *copy = malloc(bytes + sizeof *copy);
    assert_non_null(copy);
    if (bytes > 0) {
        memcpy(copy, wg_tensor_data(t), bytes);
    }
    return copy;
}

static wg_status judge_all(wide_case *w, const wgt_case *c, wgt_verdict *v)
{
    wgi_wide **gradients = calloc(w->n + 1, sizeof *gradients);
    assert_non_null(gradients);
    for (size_t k = 0; k < w->n; k++) {
        gradients[k] = copy_wide(w->gradients[k]);
    }
    wg_status status = WG_OK;
    for (size_t k = 0; k < w->n; k++) {
        if (status == WG_OK) {
            status = judge_leaf(w, k, gradients[k], c, v);
        }
        free(gradients[k]);
    }
    free(gradients);
    return status;
}

wgt_verdict wgt_judge(const wgt_case *c)
{
    wgt_verdict v = {.status = WG_OK};
    wide_case w;
    wg_status status = open_wide(c, &w);
    if (status == WG_OK) {
        status = judge_all(&w, c, &v);
    }
    close_wide(&w);
    if (status != WG_OK) {
        v = (wgt_verdict){.status = status};
    }
    return v;
}

wg_status wgt_wide_gradients(const wgt_case *c, double *out)
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

double wgt_scaled_error(const double *a, const double *b, int64_t n)
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

double *wgt_doubles_of(const wg_tensor *t)
{
    const int64_t n = wg_tensor_count(t);
    double *values = calloc((size_t)n + 1, sizeof *values);
    assert_non_null(values);
    wgi_convert(WG_F64, values, (int)wg_tensor_dtype(t), wg_tensor_data(t), n);
    return values;
}
