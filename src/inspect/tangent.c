/* Derivatives carried forward, node by node.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each op's tangent is a Ridders difference of its own kernel at the node's values along the
 * tangents of its inputs, scaled to unit size. No gradient rule takes part, so a wrong rule cannot
 * agree with itself. Ridders: Advances in Engineering Software 4 (1982). */
#include "inspect/tangent.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/context.h"
#include "core/dtype.h"
#include "inspect/way.h"

/* Steps h, h/2, h/4 ...: the first is large enough for smooth functions, the last small enough to
 * stay on one side of most kinks. */
enum {
    LEVELS = 12,
    MAGNITUDE_LEVEL = 9,
    MOST_INPUTS = 8,
    MOST_OUTPUTS = WGI_MAX_OUT,
    DRAWS = 3
};
#define FIRST_STEP 0.04

/* An op's own rounding, some eps of its output over the steps that an extrapolation rests on,
 * counts as if so much of the output had cancelled: 1e-9 of it is 200 eps. */
#define ROUNDING 4e-5

static size_t count_of(const wgi_tangents *t, uint32_t i)
{
    wg_node_info info;
    wg_node n = wg_graph_node(wg_shadow_graph(t->shadow), i);
    return wg_node_describe(n, &info) == WG_OK ? (size_t)info.count : 0;
}

wg_status wgi_tangents_make(wgi_tangents *t)
{
    const wg_allocator *a = &t->ctx->memory;
    t->tangent = wgi_alloc_zeroed(a, t->count, sizeof *t->tangent);
    t->magnitude = wgi_alloc_zeroed(a, t->count, sizeof *t->magnitude);
    return t->tangent != NULL && t->magnitude != NULL ? WG_OK : WG_ERR_MEMORY;
}

static void clear_field(const wgi_tangents *t, double **field)
{
    for (uint32_t i = 0; field != NULL && i < t->count; i++) {
        if (field[i] != NULL) {
            wgi_release(&t->ctx->memory, field[i], count_of(t, i) * sizeof(double));
            field[i] = NULL;
        }
    }
}

void wgi_tangents_clear(wgi_tangents *t)
{
    clear_field(t, t->tangent);
    clear_field(t, t->magnitude);
}

void wgi_tangents_free(wgi_tangents *t)
{
    wgi_tangents_clear(t);
    wgi_release(&t->ctx->memory, t->tangent, t->count * sizeof *t->tangent);
    wgi_release(&t->ctx->memory, t->magnitude, t->count * sizeof *t->magnitude);
    t->tangent = NULL;
    t->magnitude = NULL;
}

/* Room for the tangent and magnitude of an entry of n > 0 elements, zeros. */
static wg_status make_room(wgi_tangents *t, uint32_t i, size_t n)
{
    const wg_allocator *a = &t->ctx->memory;
    double *tangent = wgi_alloc_zeroed(a, n, sizeof(double));
    double *magnitude = wgi_alloc_zeroed(a, n, sizeof(double));
    if (tangent == NULL || magnitude == NULL) {
        wgi_release(a, tangent, n * sizeof(double));
        wgi_release(a, magnitude, n * sizeof(double));
        return WG_ERR_MEMORY;
    }
    t->tangent[i] = tangent;
    t->magnitude[i] = magnitude;
    return WG_OK;
}

wg_status wgi_tangents_seed(wgi_tangents *t, uint32_t leaf, const double *direction)
{
    size_t n = count_of(t, leaf);
    if (n == 0) {
        return WG_OK;
    }
    wg_status status = make_room(t, leaf, n);
    for (size_t k = 0; status == WG_OK && k < n; k++) {
        t->tangent[leaf][k] = direction[k];
        t->magnitude[leaf][k] = fabs(direction[k]);
    }
    return status;
}

/* ---- one op ------------------------------------------------------------------------------- */

/* An op with its inputs at the node's values, movable along their tangents (draw 0) or along their
 * magnitudes under random weights (draws 1, 2 ...): what cancels in one does not in the others. */
typedef struct mover {
    wgi_tangents *t;
    wg_node node;
    int32_t n_in;
    int32_t n_out;
    uint32_t source[MOST_INPUTS];
    const wg_tensor *at[MOST_INPUTS];
    wg_tensor *in[MOST_INPUTS];
    wg_tensor *out[MOST_OUTPUTS];
    uint64_t draw;
    bool is_smooth; /* else a kink may lie closer than the smallest step: then nobody can tell */
    double size;    /* the largest element of the direction */
    double *levels; /* [LEVELS][elements of all outputs] */
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

static wg_status take_input(mover *m, int32_t i)
{
    wg_node input = wg_node_input(m->node, i);
    m->source[i] = input.index;
    wg_status status = wg_get(input, &m->at[i]);
    return status == WG_OK ? wgi_copy_of(m->t->ctx, m->at[i], &m->in[i]) : status;
}

/* A weight of either sign in +-[0.5, 1.5), a fixed function of draw, input and element (a finaliser
 * of MurmurHash3's form): two of them cancel in no draw but by chance. */
static double weight_of(uint64_t draw, uint32_t input, int64_t k)
{
    uint64_t h = draw * UINT64_C(0x9E3779B97F4A7C15) + input * UINT64_C(0xD1B54A32D192ED03);
    h += (uint64_t)k;
    h = (h ^ (h >> 33)) * UINT64_C(0xFF51AFD7ED558CCD);
    h = (h ^ (h >> 33)) * UINT64_C(0xC4CEB9FE1A85EC53);
    double size = 0.5 + (double)(h >> 40) * 0x1p-24;
    return h & 1 ? size : -size;
}

/* The direction in which element k of input i moves; the input has a tangent. */
static double direction_of(const mover *m, int32_t i, int64_t k)
{
    uint32_t entry = m->source[i];
    if (m->draw == 0) {
        return m->t->tangent[entry][k];
    }
    return m->t->magnitude[entry][k] * weight_of(m->draw, entry, k);
}

/* A direction that is NaN, as from a kink, has no size, and yet it moves. */
static void aim(mover *m, uint64_t draw)
{
    bool is_lost = false;
    m->draw = draw;
    m->size = 0;
    for (int32_t i = 0; i < m->n_in; i++) {
        bool moves = m->t->tangent[m->source[i]] != NULL;
        for (int64_t k = 0; moves && k < wg_tensor_count(m->at[i]); k++) {
            const double size = fabs(direction_of(m, i, k));
            is_lost |= isnan(size);
            m->size = fmax(m->size, size);
        }
    }
    m->size = m->size > 0 || !is_lost ? m->size : 1;
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

static wg_status mover_make(mover *m, wgi_tangents *t, wg_node n, const wg_node_info *info)
{
    int32_t n_inputs = info->n_inputs;
    memset(m, 0, sizeof *m);
    m->t = t;
    m->node = n;
    m->is_smooth = info->is_smooth;
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
        bool moves = m->t->tangent[m->source[i]] != NULL;
        double *x = moves ? wg_tensor_data_mutable(m->in[i]) : NULL;
        const double *x0 = wg_tensor_data(m->at[i]);
        for (int64_t k = 0; x != NULL && k < wg_tensor_count(m->in[i]); k++) {
            x[k] = x0[k] + h * (direction_of(m, i, k) / m->size);
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

static double step_of(size_t level)
{
    return ldexp(FIRST_STEP, -(int)level);
}

/* Ridders' extrapolation of the central differences of one element whose value is about y: the
 * entry of the tableau with the smallest error estimate, which *error receives. The rounding of y
 * over the step is part of it: differences that are all rounding may agree by chance. */
static double extrapolate(const double *levels, size_t stride, double y, double *error)
{
    double row[LEVELS] = {0};
    double best = levels[0];
    double smallest = (double)INFINITY;
    for (size_t k = 0; k < LEVELS; k++) {
        double before = row[0];
        double factor = 1;
        double noise = DBL_EPSILON * fabs(y) / step_of(k);
        row[0] = levels[k * stride];
        for (size_t j = 1; j <= k; j++) {
            double above = before;
            before = row[j];
            factor *= 4;
            row[j] = row[j - 1] + (row[j - 1] - above) / (factor - 1);
            double spread = fmax(fabs(row[j] - row[j - 1]), fabs(row[j] - above)) + noise;
            if (spread <= smallest) {
                smallest = spread;
                best = row[j];
            }
        }
    }
    *error = smallest;
    return best;
}

static wg_status fill_level(mover *m, size_t k)
{
    double h = step_of(k);
    double *level = m->levels + k * m->n_elements;
    memset(level, 0, m->n_elements * sizeof(double));
    wg_status status = add_outputs(m, h, 1, level);
    return status == WG_OK ? add_outputs(m, h, -1, level) : status;
}

/* Sets the tangent and magnitude of element e of the levels, whose value is about y. */
typedef void (*setter)(const mover *m, size_t e, double y, double *tangent, double *magnitude);

/* Visits the elements of all outputs that carry a tangent. */
static void store(mover *m, setter set)
{
    size_t e = 0;
    for (int32_t k = 0; k < m->n_out; k++) {
        uint32_t index = m->node.index + (uint32_t)k;
        size_t n = (size_t)wg_tensor_count(m->out[k]);
        bool carries = index < m->t->count && m->t->tangent[index] != NULL;
        for (size_t i = 0; carries && i < n; i++) {
            double y = wg_tensor_get(m->out[k], (int64_t)i);
            set(m, e + i, y, &m->t->tangent[index][i], &m->t->magnitude[index][i]);
        }
        e += n;
    }
}

static void set_tangent(const mover *m, size_t e, double y, double *tangent, double *magnitude)
{
    double error;
    double d = extrapolate(m->levels + e, m->n_elements, y, &error);
    bool is_on_kink = !m->is_smooth && error > 1e-6 * (fabs(m->levels[e]) + fabs(y));
    *tangent = is_on_kink ? (double)NAN : m->size * d;
    *magnitude = fmax(fabs(*tangent), ROUNDING * m->size * fabs(y));
}

static void raise_magnitude(const mover *m, size_t e, double y, double *tangent, double *magnitude)
{
    (void)y;
    double d = m->size * fabs(m->levels[MAGNITUDE_LEVEL * m->n_elements + e]);
    (void)tangent;
    *magnitude = isfinite(d) ? fmax(*magnitude, d) : *magnitude;
}

static wg_status carry_tangent(mover *m)
{
    wg_status status = WG_OK;
    aim(m, 0);
    for (size_t k = 0; status == WG_OK && m->size > 0 && k < LEVELS; k++) {
        status = fill_level(m, k);
    }
    if (status == WG_OK && m->size > 0) {
        store(m, set_tangent);
    }
    return status;
}

static wg_status carry_magnitude(mover *m)
{
    wg_status status = WG_OK;
    for (uint64_t draw = 1; status == WG_OK && draw <= DRAWS; draw++) {
        aim(m, draw);
        if (m->size > 0) {
            status = fill_level(m, MAGNITUDE_LEVEL);
        }
        if (status == WG_OK && m->size > 0) {
            store(m, raise_magnitude);
        }
    }
    return status;
}

static wg_status make_rooms(mover *m)
{
    wg_status status = WG_OK;
    for (int32_t k = 0; status == WG_OK && k < m->n_out; k++) {
        uint32_t index = m->node.index + (uint32_t)k;
        size_t n = (size_t)wg_tensor_count(m->out[k]);
        if (n > 0 && index < m->t->count && wgi_is_floating((int)wg_tensor_dtype(m->out[k]))) {
            status = make_room(m->t, index, n);
        }
    }
    return status;
}

static bool any_moves(const mover *m)
{
    for (int32_t i = 0; i < m->n_in; i++) {
        if (m->t->tangent[m->source[i]] != NULL) {
            return m->n_elements > 0;
        }
    }
    return false;
}

static wg_status carry_op(wgi_tangents *t, wg_node n, const wg_node_info *info)
{
    mover m;
    wg_status status = mover_make(&m, t, n, info);
    if (status == WG_OK && any_moves(&m)) {
        status = make_rooms(&m);
        if (status == WG_OK) {
            status = carry_tangent(&m);
        }
        if (status == WG_OK) {
            status = carry_magnitude(&m);
        }
    }
    mover_free(&m);
    return status;
}

/* What wants no gradient has no tangent either: constants' offspring, and what was stopped, but for
 * hints. */
static bool carries_on(const wgi_tangents *t, wg_node n, const wg_node_info *info)
{
    if (info->is_leaf || info->output != 0) {
        return false;
    }
    return info->wants_gradient || (t->ctx->ops->ops[wgi_op_of(n)]->traits & WGI_HINTS) != 0;
}

wg_status wgi_tangents_carry(wgi_tangents *t, uint32_t to, double *derivative, double *scale)
{
    wg_graph *g = wg_shadow_graph(t->shadow);
    *scale = 0;
    for (uint32_t i = 0; i <= to; i++) {
        wg_node_info info;
        wg_node n = wg_graph_node(g, i);
        wg_status status = wg_node_describe(n, &info);
        if (status == WG_OK && t->on_way[i] && carries_on(t, n, &info)) {
            status = carry_op(t, n, &info);
        }
        if (status != WG_OK) {
            return status;
        }
    }
    *derivative = t->tangent[to] != NULL ? t->tangent[to][0] : 0;
    *scale = t->magnitude[to] != NULL ? t->magnitude[to][0] : 0;
    return WG_OK;
}
