/* From a seed to a program.
 * SPDX-License-Identifier: Apache-2.0 */
#include "programs/generate.h"

#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

int32_t wgt_below(wgt_generator *g, int32_t n)
{
    return (int32_t)wg_rng_below(&g->rng, (uint64_t)n);
}

bool wgt_once_in(wgt_generator *g, int32_t n)
{
    return wgt_below(g, n) == 0;
}

static wgt_facts facts_of_node(wg_node n)
{
    wgt_facts f = {.min = HUGE_VAL, .max = -HUGE_VAL, .min_size = HUGE_VAL, .is_finite = true};
    const wg_tensor *t = wg_value(n);
    wg_node_info info;
    assert_non_null(t);
    assert_true(wgi_view_of(n, &f.view));
    assert_int_equal(wg_node_describe(n, &info), WG_OK);
    f.wants_gradient = info.wants_gradient;
    for (int64_t i = 0; i < wg_tensor_count(t); i++) {
        const double v = wg_tensor_get(t, i);
        f.min = fmin(f.min, v);
        f.max = fmax(f.max, v);
        f.min_size = fmin(f.min_size, fabs(v));
        f.max_size = fmax(f.max_size, fabs(v));
        f.is_finite = f.is_finite && isfinite(v);
    }
    return f;
}

wgt_facts wgt_facts_of(const wgt_generator *g, int32_t i)
{
    return facts_of_node(g->r.nodes[i]);
}

int32_t wgt_try(wgt_generator *g, const wgt_step *step)
{
    const int32_t place = g->p->n_steps;
    const wg_node n = wgt_step_record(&g->r, step);
    if (wg_graph_status(g->r.g) != WG_OK || !wg_is_valid(n)) {
        fail_msg("seed %llu made a call (%d) that fails: %s", (unsigned long long)g->p->seed,
                 (int)step->call, wg_graph_error(g->r.g));
    }
    const wgt_facts f = facts_of_node(n);
    const bool is_large = f.view.count > 64 && step->call > WGT_CALL_constant;
    if (!f.is_finite || f.max_size > WGT_LARGEST || is_large || f.view.rank > WGT_MAX_DIMS) {
        g->r.n_nodes--;
        return -1;
    }
    g->p->steps[place] = *step;
    g->p->n_steps++;
    return place;
}

void wgt_take_back(wgt_generator *g)
{
    g->p->n_steps--;
    g->r.n_nodes--;
}

int32_t wgt_pick(wgt_generator *g, wgt_filter filter)
{
    const int32_t n = g->p->n_steps;
    for (int attempt = 0; attempt < 12 && n > 0; attempt++) {
        const int32_t back = n < 6 || wgt_once_in(g, 2) ? n : 6;
        const int32_t i = n - 1 - wgt_below(g, back);
        const wgt_facts f = wgt_facts_of(g, i);
        if (filter(g, &f)) {
            return i;
        }
    }
    return -1;
}

bool wgt_is_float(const wgt_generator *g, const wgt_facts *f)
{
    return f->view.dtype == (int32_t)g->p->dtype;
}

bool wgt_is_any(const wgt_generator *g, const wgt_facts *f)
{
    (void)g;
    (void)f;
    return true;
}

int32_t wgt_new_leaf(wgt_generator *g, int32_t rank, const int64_t *dims, wgi_sample_fill fill)
{
    static const wgt_call calls[] = {WGT_CALL_variable, WGT_CALL_variable, WGT_CALL_variable,
                                     WGT_CALL_input, WGT_CALL_constant};
    wgt_step s = {
        .call = calls[wgt_below(g, 5)],
        .dtype = (int32_t)g->p->dtype,
        .rank = rank,
        .fill = fill,
        .stream = wg_rng_u64(&g->rng),
    };
    for (int32_t i = 0; i < rank; i++) {
        s.dims[i] = dims[i];
    }
    const int32_t place = wgt_try(g, &s);
    assert_true(place >= 0);
    return place;
}

/* ---- the loss ----------------------------------------------------------------------------- */

static bool is_learning(const wgt_generator *g, const wgt_facts *f)
{
    return wgt_is_float(g, f) && f->wants_gradient;
}

/* A mean of some node that depends on a variable, with a factor of its own. */
static int32_t add_term(wgt_generator *g)
{
    const int32_t x = wgt_pick(g, is_learning);
    if (x < 0) {
        return -1;
    }
    const bool is_empty = wgt_facts_of(g, x).view.count == 0;
    const wgt_step mean = {.call = is_empty ? WGT_CALL_sum_all : WGT_CALL_mean_all, .in = {x}};
    const int32_t m = wgt_try(g, &mean);
    if (m < 0) {
        return -1;
    }
    const wgt_step part = {
        .call = WGT_CALL_scale,
        .in = {m},
        .numbers = {0.25 + 0.125 * wgt_below(g, 5)},
    };
    return wgt_try(g, &part);
}

static int32_t add_loss(wgt_generator *g)
{
    int32_t loss = -1;
    for (int i = 0; i < 3; i++) {
        const int32_t term = add_term(g);
        if (loss < 0 || term < 0) {
            loss = loss < 0 ? term : loss;
            continue;
        }
        const wgt_step sum = {.call = WGT_CALL_add, .in = {loss, term}};
        const int32_t place = wgt_try(g, &sum);
        loss = place < 0 ? loss : place;
    }
    wg_node_info info;
    const bool learns =
        loss >= 0 && wg_node_describe(g->r.nodes[loss], &info) == WG_OK && info.wants_gradient;
    return learns ? loss : -1;
}

/* Programs that stop a gradient are not differenced: there are to be few. */
static void add_call(wgt_generator *g)
{
    if (wgt_once_in(g, 2)) {
        (void)wgt_make_sample(g);
        return;
    }
    const wgt_call call = (wgt_call)wgt_below(g, WGT_N_CALLS);
    if (call != WGT_CALL_stop_gradient || wgt_once_in(g, 4)) {
        (void)wgt_make(g, call);
    }
}

/* Room is left for the loss and for the steps that one call may need. */
void wgt_program_make(uint64_t seed, wg_graph *scratch, wgt_program *out)
{
    wgt_generator g = {.rng = wg_rng_make(seed, 0), .p = out, .r = {.g = scratch, .program = out}};
    memset(out, 0, sizeof *out);
    assert_int_equal(wg_graph_set_step(scratch, seed), WG_OK);
    out->seed = seed;
    out->dtype = wgt_once_in(&g, 2) ? WG_F32 : WG_F64;
    const wgt_step first = {
        .call = WGT_CALL_variable,
        .dtype = (int32_t)out->dtype,
        .rank = 1 + wgt_below(&g, 2),
        .dims = {2, 3},
        .fill = WGI_NONZERO,
        .stream = wg_rng_u64(&g.rng),
    };
    (void)wgt_try(&g, &first);
    const int32_t wanted = 4 + wgt_below(&g, 36);
    for (int32_t i = 0; i < 3 * wanted && out->n_steps < wanted && !g.is_over; i++) {
        add_call(&g);
    }
    out->loss = add_loss(&g);
    wgt_recorded_clear(&g.r);
}
