/* Calls of any op or form of the table, as its samples make them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The operands are new leaves, filled as the sample says, or earlier nodes brought into its shape
 * and range. Where the call records an op with kinks, or one that turns reals into integers, only
 * leaves will do: a node's value differs between routes by its rounding. */
#include "programs/generate.h"

#include "ops/table.h"

#include <string.h>

static const wgi_sample *sample_of(const wgt_step *s)
{
    return &wgi_row_at(wgi_op_table_get(), (uint32_t)s->row)->samples[s->sample];
}

/* ---- operands ----------------------------------------------------------------------------- */

static int32_t try_unary(wgt_generator *g, wgt_call call, int32_t x)
{
    const wgt_step s = {.call = call, .in = {x}};
    return x < 0 ? -1 : wgt_try(g, &s);
}

static int32_t try_binary(wgt_generator *g, wgt_call call, int32_t a, int32_t b)
{
    const wgt_step s = {.call = call, .in = {a, b}};
    return a < 0 || b < 0 ? -1 : wgt_try(g, &s);
}

/* low + width sigmoid(x). */
static int32_t squash(wgt_generator *g, int32_t x, double low, double width)
{
    const int32_t unit = try_unary(g, WGT_CALL_sigmoid, x);
    if (unit < 0) {
        return -1;
    }
    const wgt_step wide = {.call = WGT_CALL_scale, .in = {unit}, .numbers = {width}};
    const wgt_step least = {.call = WGT_CALL_full, .dtype = (int32_t)g->p->dtype, .numbers = {low}};
    const int32_t a = wgt_try(g, &wide);
    return try_binary(g, WGT_CALL_add, a, wgt_try(g, &least));
}

static int32_t into_range(wgt_generator *g, int32_t x, const wgi_sample_input *how)
{
    switch (how->fill) {
    case WGI_POSITIVE:
        return squash(g, x, 0.2, 1.8);
    case WGI_UNIT:
        return squash(g, x, 0.05, 0.9);
    case WGI_NONZERO: {
        const int32_t size = squash(g, x, 0.5, 1.0);
        return try_binary(g, WGT_CALL_mul, size,
                          wgt_new_leaf(g, how->rank, how->dims, WGI_NONZERO));
    }
    case WGI_PROBABILITY: {
        const wgt_step s = {.call = WGT_CALL_softmax, .in = {x}, .axis = -1};
        return how->rank > 0 ? wgt_try(g, &s) : -1;
    }
    default:
        return x;
    }
}

static int64_t count_of(const wgi_sample_input *how)
{
    int64_t count = 1;
    for (int32_t i = 0; i < how->rank; i++) {
        count *= how->dims[i];
    }
    return count;
}

/* x of `have` elements as n of them in a row. */
static int32_t take_elements(wgt_generator *g, int32_t x, int64_t have, int64_t n)
{
    const wgt_step flat = {.call = WGT_CALL_reshape, .in = {x}, .rank = 1, .dims = {-1}};
    const wgt_step at = {
        .call = WGT_CALL_input,
        .dtype = WG_I64,
        .rank = 1,
        .dims = {n},
        .fill = WGI_INDEX,
        .limit = have < 8 ? have : 8,
        .stream = wg_rng_u64(&g->rng),
    };
    const int32_t all = wgt_try(g, &flat);
    return have == n ? all : try_binary(g, WGT_CALL_gather, all, wgt_try(g, &at));
}

static bool is_filled(const wgt_generator *g, const wgt_facts *f)
{
    return wgt_is_float(g, f) && f->view.count > 0;
}

/* An earlier node in the shape and range of an operand; -1 where none will do. */
static int32_t adapted(wgt_generator *g, const wgi_sample_input *how)
{
    const int32_t x = wgt_pick(g, is_filled);
    const int64_t n = count_of(how);
    if (x < 0 || n == 0 || how->fill == WGI_ZEROS) {
        return -1;
    }
    const int32_t row = take_elements(g, x, wgt_facts_of(g, x).view.count, n);
    wgt_step shaped = {.call = WGT_CALL_reshape, .in = {row}, .rank = how->rank};
    memcpy(shaped.dims, how->dims, (size_t)how->rank * sizeof *how->dims);
    return row < 0 ? -1 : into_range(g, wgt_try(g, &shaped), how);
}

/* Zeros may stand at the end of an op's domain: they do not learn, and so are not moved. */
static int32_t new_operand(wgt_generator *g, const wgi_sample_input *how)
{
    const bool is_own = how->dtype == 0 || how->dtype == (int32_t)g->p->dtype;
    if (is_own && how->fill != WGI_ZEROS) {
        return wgt_new_leaf(g, how->rank, how->dims, how->fill);
    }
    wgt_step s = {
        .call = WGT_CALL_input,
        .dtype = how->dtype != 0 ? how->dtype : (int32_t)g->p->dtype,
        .rank = how->rank,
        .fill = how->fill,
        .limit = how->limit,
        .stream = wg_rng_u64(&g->rng),
    };
    memcpy(s.dims, how->dims, (size_t)how->rank * sizeof *how->dims);
    return wgt_try(g, &s);
}

static int32_t operand(wgt_generator *g, const wgi_sample_input *how, bool is_new,
                       const int32_t *earlier)
{
    if (how->same_as > 0) {
        return earlier[how->same_as - 1];
    }
    return is_new || how->dtype != 0 ? new_operand(g, how) : adapted(g, how);
}

/* ---- what was recorded -------------------------------------------------------------------- */

/* What the entries of a call are, beyond what the generator knows of its own. */
typedef struct nature {
    bool is_kinked;
    bool is_random;
    bool stops;  /* a gradient that differences would see */
    bool rounds; /* integers of reals */
} nature;

static bool reads_reals(wg_node n, const wg_node_info *info)
{
    for (int32_t k = 0; k < info->n_inputs; k++) {
        if (wgi_is_floating((int)wg_node_dtype(wg_node_input(n, k)))) {
            return true;
        }
    }
    return false;
}

static nature nature_since(wg_graph *g, uint32_t first)
{
    nature found = {false, false, false, false};
    for (uint32_t i = first; i < wg_graph_count(g); i++) {
        const wg_node n = wg_graph_node(g, i);
        wg_node_info info;
        if (wg_node_describe(n, &info) == WG_OK && !info.is_leaf) {
            const bool is_real = wgi_is_floating((int)info.dtype);
            const bool reads = reads_reals(n, &info);
            found.is_random |= info.is_random;
            found.is_kinked |= !info.is_smooth || (reads && !is_real);
            found.rounds |= reads && info.dtype == WG_I64;
            found.stops |=
                reads && is_real && (wgi_op_table_get()->ops[wgi_op_of(n)]->traits & WGI_STOP) != 0;
        }
    }
    return found;
}

/* ---- the call ----------------------------------------------------------------------------- */

/* A call that drew and was taken back has moved the draws of those after it: the program ends. */
static int32_t try_sample(wgt_generator *g, wgt_step *s, bool is_new)
{
    const uint32_t first = wg_graph_count(g->r.g);
    int32_t place = wgt_try(g, s);
    const nature found = nature_since(g->r.g, first);
    if (place >= 0 && found.is_kinked && !is_new) {
        wgt_take_back(g);
        place = -1;
    }
    if (place >= 0) {
        g->p->steps[place].stops = found.stops;
        g->p->steps[place].rounds = found.rounds;
    }
    g->is_over = place < 0 && found.is_random;
    return place;
}

int32_t wgt_make_sample(wgt_generator *g)
{
    const wgi_op_table *table = wgi_op_table_get();
    wgt_step s = {.call = WGT_CALL_sample, .row = wgt_below(g, (int32_t)wgi_row_count(table))};
    const wgi_op *op = wgi_row_at(table, (uint32_t)s.row);
    s.sample = wgt_below(g, op->n_samples);
    const wgi_sample *sample = sample_of(&s);
    const bool is_new = wgt_once_in(g, 2);
    if (sample->is_non_smooth) {
        return -1;
    }
    for (int32_t i = 0; i < sample->n_in; i++) {
        s.in[i] = operand(g, &sample->in[i], is_new, s.in);
        if (s.in[i] < 0) {
            return -1;
        }
    }
    return try_sample(g, &s, is_new);
}

wg_node wgt_sample_record(const wgt_recorded *r, const wgt_step *s)
{
    const wgi_sample *sample = sample_of(s);
    wg_node in[WGI_SAMPLE_INPUTS];
    for (int32_t i = 0; i < sample->n_in; i++) {
        in[i] = r->nodes[s->in[i]];
    }
    return sample->build(r->g, r->program->dtype, in);
}
