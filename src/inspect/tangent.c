/* Derivatives carried forward, node by node.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each op's tangent is a Ridders difference of its own kernel at the node's values along the
 * tangents of its inputs, scaled to unit size. No gradient rule takes part, so a wrong rule cannot
 * agree with itself. Ridders: Advances in Engineering Software 4 (1982). */
#include "inspect/tangent.h"

#include <math.h>
#include <string.h>

#include "core/context.h"
#include "core/dtype.h"

/* Steps h, h/2, h/4 ...: the first is large enough for smooth functions, the last small enough to
 * stay on one side of most kinks. */
enum {
    LEVELS = 12,
    MOST_INPUTS = 8,
    MOST_OUTPUTS = WGI_MAX_OUT
};
#define FIRST_STEP 0.04

wg_status wgi_tangents_make(wgi_tangents *t)
{
    t->tangent = wgi_alloc_zeroed(&t->ctx->memory, t->count, sizeof *t->tangent);
    return t->tangent != NULL ? WG_OK : WG_ERR_MEMORY;
}

static size_t count_of(const wgi_tangents *t, uint32_t i)
{
    wg_node_info info;
    wg_node n = wg_graph_node(wg_shadow_graph(t->shadow), i);
    return wg_node_describe(n, &info) == WG_OK ? (size_t)info.count : 0;
}

void wgi_tangents_clear(wgi_tangents *t)
{
    for (uint32_t i = 0; t->tangent != NULL && i < t->count; i++) {
        wgi_release(&t->ctx->memory, t->tangent[i], count_of(t, i) * sizeof(double));
        t->tangent[i] = NULL;
    }
}

void wgi_tangents_free(wgi_tangents *t)
{
    wgi_tangents_clear(t);
    wgi_release(&t->ctx->memory, t->tangent, t->count * sizeof *t->tangent);
    t->tangent = NULL;
}

wg_status wgi_tangents_seed(wgi_tangents *t, uint32_t leaf, const double *direction)
{
    size_t n = count_of(t, leaf);
    if (n == 0) {
        return WG_OK;
    }
    t->tangent[leaf] = wgi_alloc_zeroed(&t->ctx->memory, n, sizeof(double));
    if (t->tangent[leaf] == NULL) {
        return WG_ERR_MEMORY;
    }
    memcpy(t->tangent[leaf], direction, n * sizeof(double));
    return WG_OK;
}

/* ---- one op ------------------------------------------------------------------------------- */

/* An op with its inputs at the node's values, movable along their tangents. */
typedef struct mover {
    wgi_tangents *t;
    wg_node node;
    int32_t n_in;
    int32_t n_out;
    uint32_t source[MOST_INPUTS];
    const wg_tensor *at[MOST_INPUTS];
    wg_tensor *in[MOST_INPUTS];
    wg_tensor *out[MOST_OUTPUTS];
    bool is_absolute; /* along |tangent| */
    double size;      /* the largest element of all input tangents */
    double *levels;   /* [LEVELS][elements of all outputs] */
    size_t n_elements;
} mover;

static void mover_free(mover *m)
{
    for (int32_t i = 0; i < MOST_INPUTS; i++) {
        wg_tensor_destroy(m->in[i]);
    }
    for (int32_t i = 0; i < MOST_OUTPUTS; i++) {
        wg_tensor_destroy(m->out[i]);
    }
    wgi_release(&m->t->ctx->memory, m->levels, LEVELS * m->n_elements * sizeof(double));
}

static wg_status copy_like(wg_context *ctx, const wg_tensor *t, wg_tensor **out)
{
    return wg_tensor_from(ctx, wg_tensor_dtype(t), wg_tensor_rank(t), wg_tensor_dims(t),
                          wg_tensor_dtype(t), wg_tensor_data(t), out);
}

static wg_status take_input(mover *m, int32_t i)
{
    wg_node input = wg_node_input(m->node, i);
    m->source[i] = input.index;
    wg_status status = wg_get(input, &m->at[i]);
    if (status == WG_OK) {
        status = copy_like(m->t->ctx, m->at[i], &m->in[i]);
    }
    const double *tangent = m->t->tangent[input.index];
    for (int64_t k = 0; status == WG_OK && tangent != NULL && k < wg_tensor_count(m->at[i]); k++) {
        m->size = fmax(m->size, fabs(tangent[k]));
    }
    return status;
}

static wg_status make_outputs(mover *m)
{
    wg_graph *g = wg_shadow_graph(m->t->shadow);
    wg_status status = WG_OK;
    wg_node_info info;
    for (uint32_t k = 0; status == WG_OK && m->n_out < MOST_OUTPUTS; k++) {
        wg_node n = wg_graph_node(g, m->node.index + k);
        if (wg_node_describe(n, &info) != WG_OK || info.is_leaf || info.output != (int32_t)k) {
            break;
        }
        status = wg_tensor_create(m->t->ctx, info.dtype, info.rank, info.dims, &m->out[k]);
        m->n_elements += (size_t)info.count;
        m->n_out++;
    }
    return status;
}

static wg_status mover_make(mover *m, wgi_tangents *t, wg_node n, int32_t n_inputs)
{
    memset(m, 0, sizeof *m);
    m->t = t;
    m->node = n;
    if (n_inputs > MOST_INPUTS) {
        return WG_ERR_UNSUPPORTED;
    }
    wg_status status = WG_OK;
    for (int32_t i = 0; status == WG_OK && i < n_inputs; i++) {
        m->n_in++;
        status = take_input(m, i);
    }
    if (status == WG_OK) {
        status = make_outputs(m);
    }
    if (status == WG_OK && m->n_elements > 0) {
        m->levels = wgi_alloc_zeroed(&t->ctx->memory, LEVELS * m->n_elements, sizeof(double));
        status = m->levels != NULL ? WG_OK : WG_ERR_MEMORY;
    }
    return status;
}

static void move_inputs(mover *m, double h)
{
    for (int32_t i = 0; i < m->n_in; i++) {
        const double *tangent = m->t->tangent[m->source[i]];
        double *x = tangent != NULL ? wg_tensor_data_mutable(m->in[i]) : NULL;
        const double *x0 = wg_tensor_data(m->at[i]);
        for (int64_t k = 0; x != NULL && k < wg_tensor_count(m->in[i]); k++) {
            double d = m->is_absolute ? fabs(tangent[k]) : tangent[k];
            x[k] = x0[k] + h * (d / m->size);
        }
    }
}

/* Adds sign/(2h) times every output to a level. */
static wg_status add_outputs(mover *m, double h, double sign, double *level)
{
    move_inputs(m, sign * h);
    const wg_tensor *in[MOST_INPUTS];
    for (int32_t i = 0; i < m->n_in; i++) {
        in[i] = m->in[i];
    }
    wg_status status =
        wg_shadow_apply(m->t->shadow, m->node, in, (size_t)m->n_in, m->out, (size_t)m->n_out);
    size_t e = 0;
    for (int32_t k = 0; status == WG_OK && k < m->n_out; k++) {
        for (int64_t i = 0; i < wg_tensor_count(m->out[k]); i++) {
            level[e++] += sign * wg_tensor_get(m->out[k], i) / (2 * h);
        }
    }
    return status;
}

/* Ridders' extrapolation of the central differences of one element: the entry of the tableau with
 * the smallest error estimate. */
static double extrapolate(const double *levels, size_t stride)
{
    double row[LEVELS] = {0};
    double best = levels[0];
    double smallest = (double)INFINITY;
    for (size_t k = 0; k < LEVELS; k++) {
        double before = row[0];
        double factor = 1;
        row[0] = levels[k * stride];
        for (size_t j = 1; j <= k; j++) {
            double above = before;
            before = row[j];
            factor *= 4;
            row[j] = row[j - 1] + (row[j - 1] - above) / (factor - 1);
            double error = fmax(fabs(row[j] - row[j - 1]), fabs(row[j] - above));
            if (error <= smallest) {
                smallest = error;
                best = row[j];
            }
        }
    }
    return best;
}

static wg_status fill_levels(mover *m)
{
    double h = FIRST_STEP;
    wg_status status = WG_OK;
    memset(m->levels, 0, LEVELS * m->n_elements * sizeof(double));
    for (size_t k = 0; status == WG_OK && k < LEVELS; k++) {
        double *level = m->levels + k * m->n_elements;
        status = add_outputs(m, h, 1, level);
        if (status == WG_OK) {
            status = add_outputs(m, h, -1, level);
        }
        h /= 2;
    }
    return status;
}

static wg_status store_tangents(mover *m)
{
    size_t e = 0;
    for (int32_t k = 0; k < m->n_out; k++) {
        size_t n = (size_t)wg_tensor_count(m->out[k]);
        uint32_t index = m->node.index + (uint32_t)k;
        bool carries =
            n > 0 && wgi_is_floating((int)wg_tensor_dtype(m->out[k])) && index < m->t->count;
        double *tangent = carries ? wgi_alloc_zeroed(&m->t->ctx->memory, n, sizeof(double)) : NULL;
        if (carries && tangent == NULL) {
            return WG_ERR_MEMORY;
        }
        for (size_t i = 0; carries && i < n; i++) {
            tangent[i] = m->size * extrapolate(m->levels + e + i, m->n_elements);
        }
        if (carries) {
            m->t->tangent[index] = tangent;
        }
        e += n;
    }
    return WG_OK;
}

static wg_status carry_op(wgi_tangents *t, wg_node n, int32_t n_inputs, double *absolute)
{
    mover m;
    wg_status status = mover_make(&m, t, n, n_inputs);
    if (status == WG_OK && m.size > 0 && m.n_elements > 0) {
        status = fill_levels(&m);
        if (status == WG_OK) {
            status = store_tangents(&m);
        }
        if (status == WG_OK && absolute != NULL) {
            m.is_absolute = true;
            status = fill_levels(&m);
            *absolute = fabs(m.size * extrapolate(m.levels, m.n_elements));
        }
    }
    mover_free(&m);
    return status;
}

/* What wants no gradient has no tangent either: constants' offspring, and what was stopped. */
static bool carries_on(const wg_node_info *info)
{
    return !info->is_leaf && info->output == 0 && info->wants_gradient;
}

wg_status wgi_tangents_carry(wgi_tangents *t, uint32_t to, double *derivative, double *scale)
{
    wg_graph *g = wg_shadow_graph(t->shadow);
    *scale = 0;
    for (uint32_t i = 0; i <= to; i++) {
        wg_node_info info;
        wg_node n = wg_graph_node(g, i);
        wg_status status = wg_node_describe(n, &info);
        if (status == WG_OK && t->on_way[i] && carries_on(&info)) {
            status = carry_op(t, n, info.n_inputs, i == to ? scale : NULL);
        }
        if (status != WG_OK) {
            return status;
        }
    }
    *derivative = t->tangent[to] != NULL ? t->tangent[to][0] : 0;
    *scale = fmax(*scale, fabs(*derivative));
    return WG_OK;
}
