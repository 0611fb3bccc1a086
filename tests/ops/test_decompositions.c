/* Decompositions: the same function in simpler ops, by value and by gradient.
 * SPDX-License-Identifier: Apache-2.0 */
#include "inspect/judge.h"
#include "ops/sample_graph.h"
#include "support/cmocka_all.h"

#include "graph/graph.h"

#include <wengert/ops.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One op of a sample's list and what it decomposes into. */
typedef struct pair {
    int32_t n_out;
    int32_t n_in;
    wg_node x[WGI_SAMPLE_INPUTS];
    wg_node fused[WGI_MAX_OUT];
    wg_node simple[WGI_MAX_OUT];
} pair;

typedef struct tally {
    int n_pairs;
    double worst_value;
    double worst_gradient;
} tally;

static pair decompose(wg_graph *g, uint32_t i)
{
    const wgi_entry *r = wgi_record_at(&g->list, i);
    const wgi_op *op = g->ctx->ops->ops[r->op];
    const wg_node dy[WGI_MAX_OUT] = {{NULL, 0, 0}};
    const bool wants[WGI_SAMPLE_INPUTS] = {true, true, true, true, true, true, true, true};
    wg_node dx[WGI_SAMPLE_INPUTS];
    pair p = {.n_out = op->n_out, .n_in = r->n_in};
    for (int32_t k = 0; k < p.n_in; k++) {
        p.x[k] = wg_node_input(wg_graph_node(g, i), k);
    }
    for (int32_t k = 0; k < p.n_out; k++) {
        p.fused[k] = wg_graph_node(g, i + (uint32_t)k);
    }
    wgi_rule rule = {
        .graph = g,
        .n_in = p.n_in,
        .n_out = p.n_out,
        .x = p.x,
        .y = p.fused,
        .dy = dy,
        .wants = wants,
        .attr = wgi_attr_of(wg_graph_node(g, i)),
        .number = {r->number},
        .dx = dx,
        .result = p.simple,
    };
    op->decompose(&rule);
    return p;
}

static double error_between(wg_node a, wg_node b)
{
    const wg_tensor *x = wg_value(a);
    const wg_tensor *y = wg_value(b);
    if (x == NULL || y == NULL || wg_tensor_count(x) != wg_tensor_count(y)) {
        return HUGE_VAL;
    }
    double *u = wgt_doubles_of(x);
    double *v = wgt_doubles_of(y);
    const double error = wgi_scaled_error(u, v, wg_tensor_count(x));
    free(u);
    free(v);
    return error;
}

/* The worst error of the outputs. */
static double value_error(const pair *p)
{
    double worst = 0;
    for (int32_t k = 0; k < p->n_out; k++) {
        worst = fmax(worst, error_between(p->fused[k], p->simple[k]));
    }
    return worst;
}

/* sum_k sum(w_k y_k), with the same weights for both. */
static wg_node weighted(wg_graph *g, const wg_node *y, int32_t n)
{
    wg_node sum = wg_number(g, wg_node_dtype(y[0]), 0.0);
    for (int32_t k = 0; k < n; k++) {
        wgi_view view;
        wgi_sample_input how = {.fill = WGI_NONZERO};
        assert_true(wgi_view_of(y[k], &view));
        how.rank = 1; /* of any rank, as a row */
        how.dims[0] = view.count;
        wg_tensor *w =
            wgt_random_tensor(wg_graph_context(g), (wg_dtype)view.dtype, &how, 500 + (uint64_t)k);
        const wg_node row = wg_reshape(y[k], 1, how.dims);
        sum = wg_add(sum, wg_sum_all(wg_mul(row, wg_input(g, w))));
        wg_tensor_destroy(w);
    }
    return sum;
}

static double gradient_error(wg_graph *g, const pair *p)
{
    double worst = 0;
    const wg_node fused = weighted(g, p->fused, p->n_out);
    const wg_node simple = weighted(g, p->simple, p->n_out);
    for (int32_t k = 0; k < p->n_in; k++) {
        wg_node a;
        wg_node b;
        if (!wgi_is_floating((int)wg_node_dtype(p->x[k]))) {
            continue;
        }
        if (wg_grad(fused, &p->x[k], 1, &a) != WG_OK || wg_grad(simple, &p->x[k], 1, &b) != WG_OK) {
            return HUGE_VAL;
        }
        worst = fmax(worst, error_between(a, b));
    }
    return worst;
}

static int judge_entry(const wgt_sample_graph *s, uint32_t i, tally *t)
{
    const pair p = decompose(s->g, i);
    const double value = value_error(&p);
    const double gradient = gradient_error(s->g, &p);
    /* As between backends: a few roundings apart. */
    const double bound = s->dtype == WG_F32 ? 1e-5 : 1e-13;
    t->n_pairs++;
    t->worst_value = fmax(t->worst_value, value / bound);
    t->worst_gradient = fmax(t->worst_gradient, gradient / bound);
    if (value <= bound && gradient <= bound) {
        return 0;
    }
    return wgt_sample_complain(s, "entry %d: values differ by %.3g, gradients by %.3g: %s", (int)i,
                               value, gradient, wg_graph_error(s->g));
}

static int visit(wgt_sample_graph *s, void *user)
{
    tally *t = user;
    int n_failures = 0;
    const uint32_t count = wg_graph_count(s->g);
    for (uint32_t i = 0; i < count; i++) {
        const wgi_entry *r = wgi_record_at(&s->g->list, i);
        const wgi_op *op = wgi_record_is_leaf(r) ? NULL : s->g->ctx->ops->ops[r->op];
        if (op == s->op && r->part == 0 && op->decompose != NULL) {
            n_failures += judge_entry(s, i, t);
        }
    }
    return n_failures;
}

static void judge_dtype(wg_dtype dtype)
{
    wg_context *ctx = wgt_context(0);
    tally t = {0};
    assert_int_equal(wgt_samples_visit(ctx, dtype, visit, &t), 0);
    print_message("%d decompositions, worst %.3g (values) and %.3g (gradients) of the bound\n",
                  t.n_pairs, t.worst_value, t.worst_gradient);
    assert_true(t.n_pairs >= 30);
    wg_context_destroy(ctx);
}

static void test_decompositions_agree_in_f64(void **state)
{
    (void)state;
    judge_dtype(WG_F64);
}

static void test_decompositions_agree_in_f32(void **state)
{
    (void)state;
    judge_dtype(WG_F32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decompositions_agree_in_f64),
        cmocka_unit_test(test_decompositions_agree_in_f32),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
