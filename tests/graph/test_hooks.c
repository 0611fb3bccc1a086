/* Hooks: what they see, what they change, and that they cost no plan.
 * SPDX-License-Identifier: Apache-2.0 */
#include "custom_ops.h"

enum {
    MOST_SEEN = 16
};

/* What a hook was shown, and what it does with it: g becomes factor * g + offset. */
typedef struct witness {
    int n_calls;
    double seen[MOST_SEEN]; /* the elements of the last gradient */
    int64_t count;
    wg_node node;
    double factor;
    double offset;
    wg_status status;
    int *clock; /* shared by several, to tell their order */
    int at;
} witness;

static wg_status look(const wg_hook_call *call)
{
    witness *w = call->user;
    const wg_mutable_view *g = call->gradient;
    const wg_view to_read = {g->data, g->dtype, g->rank, g->dims, g->count};
    w->n_calls++;
    w->count = g->count;
    w->node = call->node;
    w->at = w->clock != NULL ? ++*w->clock : 0;
    for (int64_t i = 0; i < g->count; i++) {
        const double x = view_get(&to_read, i);
        w->seen[i < MOST_SEEN ? i : 0] = x;
        view_set(g, i, w->factor * x + w->offset);
    }
    return w->status == WG_OK
               ? WG_OK
               : wg_fail(call->fault, w->status, "%lld elements", (long long)g->count);
}

static const witness plain = {.factor = 1};

static void hook(wg_node n, witness *w)
{
    assert_int_equal(wg_hook(n, look, w), WG_OK);
}

/* ---- what they see ------------------------------------------------------------------------ */

/* y = x*x + 3x + x, whose three contributions to x arrive one by one. */
static void test_hooks_see_the_whole_gradient(void **state)
{
    fixture *f = *state;
    witness on_x = plain;
    witness on_square = plain;
    witness on_loss = plain;
    const wg_node x = scalar_variable(f, 5);
    const wg_node square = wg_mul(x, x);
    const wg_node y = wg_add(wg_add(square, wg_scale(x, 3)), x);
    hook(x, &on_x);
    hook(y, &on_loss);
    hook(square, &on_square);
    assert_int_equal(wg_backward(y), WG_OK);
    assert_near(on_x.seen[0], 14, 0);
    assert_near(on_square.seen[0], 1, 0);
    assert_near(on_loss.seen[0], 1, 0);
    assert_int_equal(on_x.n_calls + on_square.n_calls + on_loss.n_calls, 3);
    assert_int_equal(on_x.node.index, x.index);
    assert_true(on_x.node.graph == f->g && wg_is_valid(on_x.node));
    assert_near(gradient_at(x, 0), 14, 0);
}

/* What a leaf holds already is none of this run's gradient. */
static void test_hooks_see_a_leaf_before_it_adds_up(void **state)
{
    fixture *f = *state;
    witness w = plain;
    const wg_node x = scalar_variable(f, 5);
    const wg_node y = wg_square(x);
    hook(x, &w);
    w.factor = 10;
    assert_int_equal(wg_backward(y), WG_OK);
    assert_near(gradient_at(x, 0), 100, 0);
    assert_int_equal(wg_backward(y), WG_OK);
    assert_near(w.seen[0], 10, 0);
    assert_near(gradient_at(x, 0), 200, 0);
    assert_int_equal(w.n_calls, 2);
}

static void test_hooks_change_what_flows_on(void **state)
{
    static const double three[] = {1, 2, 3};
    fixture *f = *state;
    witness clip = {.factor = 0, .offset = 0.25};
    witness on_x = plain;
    const wg_node x = vector_variable(f, 3, three);
    const wg_node h = wg_square(x);
    hook(h, &clip);
    hook(x, &on_x);
    assert_int_equal(wg_backward(wg_sum_all(wg_exp(h))), WG_OK);
    for (int64_t i = 0; i < 3; i++) {
        assert_near(clip.seen[i], exp(three[i] * three[i]), 1e-9);
        assert_near(on_x.seen[i], 0.25 * 2 * three[i], 0);
        assert_near(gradient_at(x, i), 0.25 * 2 * three[i], 0);
    }
}

static void test_hooks_of_one_node_run_in_order(void **state)
{
    fixture *f = *state;
    int clock = 0;
    witness w[4];
    const wg_node x = scalar_variable(f, 5);
    const wg_node y = wg_square(x);
    for (int i = 0; i < 4; i++) {
        w[i] = (witness){.factor = 2, .offset = 1, .clock = &clock};
    }
    hook(x, &w[1]); /* made first, called after those of y */
    hook(y, &w[0]);
    hook(x, &w[2]);
    hook(x, &w[3]);
    assert_int_equal(wg_backward(y), WG_OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(w[i].at, i + 1);
    }
    assert_near(w[1].seen[0], 30, 0);
    assert_near(w[2].seen[0], 61, 0);
    assert_near(w[3].seen[0], 123, 0);
    assert_near(gradient_at(x, 0), 247, 0);
}

/* The parts of an op with several outputs, and an op whose fused backward is one step. */
static void test_hooks_on_any_node(void **state)
{
    static const float m[] = {1, 2, 3, 4, 5, 6};
    static const int64_t dims[] = {2, 3};
    static const int64_t labels[] = {2, 0};
    fixture *f = *state;
    witness w = plain;
    wg_tensor *t;
    assert_int_equal(wg_tensor_from(f->ctx, WG_F32, 2, dims, WG_F32, m, &t), WG_OK);
    const wg_node x = wg_variable(f->g, t);
    wg_tensor_destroy(t);
    const wg_node logits = wg_scale(x, 1);
    const wg_node loss = wg_cross_entropy(logits, wg_constant(f->g, WG_I64, 1, dims, labels));
    hook(logits, &w);
    assert_int_equal(wg_backward(loss), WG_OK);
    assert_int_equal(w.count, 6);
    assert_near(w.seen[0] + w.seen[1] + w.seen[2], 0, 1e-7);
    for (int64_t i = 0; i < 6; i++) {
        assert_near(gradient_at(x, i), w.seen[i], 0);
    }
}

static void test_hooks_are_not_called_where_no_gradient_goes(void **state)
{
    fixture *f = *state;
    witness w = plain;
    const wg_node x = scalar_variable(f, 5);
    const wg_node stopped = wg_stop_gradient(wg_square(x));
    const wg_node beside = wg_square(scalar_variable(f, 2));
    hook(stopped, &w);
    hook(beside, &w);
    assert_int_equal(wg_backward(wg_mul(stopped, x)), WG_OK);
    assert_int_equal(w.n_calls, 0);
    assert_near(wg_item(beside), 4, 0);
    assert_int_equal(w.n_calls, 0);
    assert_near(gradient_at(x, 0), 25, 0);
}

/* Nodes that were recorded after the loss are none of its business; those before it are. */
static void test_hooks_beyond_the_loss_do_not_matter(void **state)
{
    fixture *f = *state;
    witness beyond = plain;
    witness on_x = {.factor = 2};
    const wg_node x = scalar_variable(f, 5);
    const wg_node y = wg_square(x);
    const wg_node z = wg_exp(y);
    hook(z, &beyond);
    hook(x, &on_x);
    hook(wg_neg(z), &beyond);
    assert_int_equal(wg_backward(y), WG_OK);
    assert_int_equal(beyond.n_calls, 0);
    assert_int_equal(on_x.n_calls, 1);
    assert_near(gradient_at(x, 0), 20, 0);
}

/* ---- gradients as nodes ------------------------------------------------------------------- */

static void test_hooks_are_called_by_recorded_gradients(void **state)
{
    fixture *f = *state;
    witness w = {.factor = 2};
    const wg_node x = scalar_variable(f, 5);
    const wg_node y = wg_mul(wg_square(x), x);
    wg_node dx;
    hook(x, &w);
    assert_int_equal(wg_grad(y, &x, 1, &dx), WG_OK);
    assert_int_equal(w.n_calls, 0);
    assert_near(wg_item(dx), 150, 0);
    assert_int_equal(w.n_calls, 1);
    assert_near(w.seen[0], 75, 0);
    assert_int_equal(wg_graph_refresh(f->g), WG_OK);
    assert_near(wg_item(dx), 150, 0);
    assert_int_equal(w.n_calls, 2);
}

/* wg_vjp is a gradient like that of wg_grad; wg_jvp walks back too, but its result needs no
 * gradient. */
static void test_hooks_and_products_with_jacobians(void **state)
{
    fixture *f = *state;
    witness w = {.factor = 2};
    const wg_node x = scalar_variable(f, 5);
    const wg_node y = wg_square(x);
    const wg_node three = wg_number(f->g, WG_F64, 3);
    wg_node back;
    wg_node forth;
    hook(x, &w);
    assert_int_equal(wg_vjp(&y, &three, 1, &x, 1, &back), WG_OK);
    assert_near(wg_item(back), 60, 0);
    assert_near(w.seen[0], 30, 0);
    assert_int_equal(w.n_calls, 1);
    assert_int_equal(wg_jvp(&y, 1, &x, &three, 1, &forth), WG_OK);
    assert_near(wg_item(forth), 30, 0);
    assert_int_equal(w.n_calls, 1);
}

/* To the second order the hook on the first is the identity: d(3x^2)/dx = 6x. */
static void test_hooks_hand_higher_orders_through(void **state)
{
    fixture *f = *state;
    witness w = {.factor = 2};
    const wg_node x = scalar_variable(f, 5);
    wg_node dx;
    wg_node ddx;
    hook(x, &w);
    assert_int_equal(wg_grad(wg_mul(wg_square(x), x), &x, 1, &dx), WG_OK);
    assert_int_equal(wg_grad(dx, &x, 1, &ddx), WG_OK);
    assert_near(wg_item(ddx), 60, 0);
    assert_near(w.seen[0], 30, 0);
}

/* Two gradients of equal formula are two, each seen. */
static void test_hooks_are_not_merged(void **state)
{
    fixture *f = *state;
    witness w = plain;
    wg_node d[2];
    const wg_node x = scalar_variable(f, 5);
    const wg_node y = wg_square(x);
    hook(x, &w);
    assert_int_equal(wg_grad(y, &x, 1, &d[0]), WG_OK);
    assert_int_equal(wg_grad(y, &x, 1, &d[1]), WG_OK);
    assert_int_equal(wg_run(d, 2), WG_OK);
    assert_int_equal(w.n_calls, 2);
}

/* ---- plans -------------------------------------------------------------------------------- */

static double train_once(fixture *f, witness *w)
{
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    const wg_node x = scalar_variable(f, 5);
    const wg_node y = wg_square(x);
    if (w != NULL) {
        hook(x, w);
    }
    assert_int_equal(wg_backward(y), WG_OK);
    return gradient_at(x, 0);
}

static wg_status replace(const wg_hook_call *call)
{
    view_set(call->gradient, 0, *(const double *)call->user);
    return WG_OK;
}

static void test_hooks_are_bound_when_their_plan_runs(void **state)
{
    fixture *f = *state;
    witness a = {.factor = 2};
    witness b = {.factor = 3};
    double other = -4;
    assert_near(train_once(f, NULL), 10, 0);
    assert_near(train_once(f, &a), 20, 0);
    const wg_stats before = stats_of(f);
    assert_near(train_once(f, &b), 30, 0);
    assert_near(train_once(f, NULL), 10, 0);
    assert_near(train_once(f, &a), 20, 0);
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    const wg_node x = scalar_variable(f, 5);
    const wg_node y = wg_square(x);
    assert_int_equal(wg_hook(x, replace, &other), WG_OK); /* another callback altogether */
    assert_int_equal(wg_backward(y), WG_OK);
    assert_near(gradient_at(x, 0), -4, 0);
    assert_int_equal(stats_of(f).plan_misses, before.plan_misses);
    assert_int_equal(stats_of(f).plan_hits, before.plan_hits + 4);
    assert_int_equal(a.n_calls, 2);
    assert_int_equal(b.n_calls, 1);
}

/* Which nodes have hooks is in the key, and how many each has. */
static void test_hooks_are_in_the_key(void **state)
{
    fixture *f = *state;
    witness w = {.factor = 2};
    const wg_node x = scalar_variable(f, 5);
    const wg_node y = wg_square(x);
    const wg_node z = wg_scale(y, 3);
    const double want[] = {30, 60, 120, 240};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(wg_graph_refresh(f->g), WG_OK);
        if (i > 0) {
            hook(i == 2 ? y : x, &w);
        }
        assert_int_equal(wg_backward(z), WG_OK);
        assert_near(gradient_at(x, 0), want[i], 0);
    }
    assert_int_equal(stats_of(f).plan_misses, 4);
}

static void test_hooks_outlast_a_refresh_and_end_with_a_reset(void **state)
{
    fixture *f = *state;
    witness w = {.factor = 2};
    const wg_node x = scalar_variable(f, 5);
    const wg_node y = wg_square(x);
    hook(x, &w);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wg_backward(y), WG_OK);
        assert_near(gradient_at(x, 0), 20, 0);
        assert_int_equal(wg_graph_refresh(f->g), WG_OK);
    }
    assert_int_equal(w.n_calls, 3);
    assert_near(train_once(f, NULL), 10, 0);
    assert_int_equal(w.n_calls, 3);
}

/* Hooks between ops that fuse, in two shapes, with each pass left out: the same bits. */
static void test_hooks_hold_whatever_the_planner_does(void **state)
{
    static const uint32_t passes[] = {0, WG_PASS_FUSION, WG_PASS_MERGING, WG_PASS_IN_PLACE,
                                      WG_PASS_FUSION | WG_PASS_MERGING | WG_PASS_IN_PLACE |
                                          WG_PASS_CARRYING};
    double want[5] = {0};
    (void)state;
    for (size_t p = 0; p < 6; p++) {
        const wg_config config = {
            .size = sizeof config, .without_passes = p < 5 ? passes[p] : 0, .eager = p == 5};
        double values[5] = {0.1, -0.7, 1.3, 2, -0.2};
        witness w[3] = {{.factor = 0.5}, {.factor = 1, .offset = 0.125}, plain};
        const int64_t n = 5;
        wg_context *ctx;
        wg_graph *g;
        wg_tensor *t;
        assert_int_equal(wg_context_create(&config, &ctx), WG_OK);
        assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
        assert_int_equal(wg_tensor_from(ctx, WG_F64, 1, &n, WG_F64, values, &t), WG_OK);
        const wg_node x = wg_variable(g, t);
        const wg_node h = wg_tanh(wg_scale(x, 2));
        const wg_node s = wg_sigmoid(h);
        const wg_node loss = wg_sum_all(wg_mul(wg_add(s, h), wg_exp(s)));
        hook(h, &w[0]);
        hook(s, &w[1]);
        hook(x, &w[2]);
        assert_int_equal(wg_backward(loss), WG_OK);
        for (int64_t i = 0; i < n; i++) {
            want[i] = p == 0 ? gradient_at(x, i) : want[i];
            assert_true(gradient_at(x, i) == want[i] && w[2].seen[i] == want[i]);
        }
        assert_int_equal(w[0].n_calls + w[1].n_calls + w[2].n_calls, 3);
        wg_tensor_destroy(t);
        wg_graph_destroy(g);
        wg_context_destroy(ctx);
    }
}

/* ---- failures ----------------------------------------------------------------------------- */

static void test_hooks_stop_a_run(void **state)
{
    fixture *f = *state;
    witness w = {.factor = 1, .status = WG_ERR_RANGE};
    const wg_node x = wg_name(scalar_variable(f, 5), "weight");
    const wg_node other = scalar_variable(f, 2);
    const wg_node y = wg_mul(wg_square(x), other);
    hook(x, &w);
    assert_int_equal(wg_backward(y), WG_ERR_RANGE);
    assert_non_null(strstr(wg_graph_error(f->g), "hook 'weight': 1 elements"));
    assert_null(wg_gradient(x));
    assert_null(wg_gradient(other));
    w.status = WG_OK;
    assert_int_equal(wg_backward(y), WG_OK);
    assert_int_equal(wg_backward(y), WG_OK);
    w.status = (wg_status)777;
    assert_int_equal(wg_backward(y), (wg_status)WG_ERR_CALLBACK);
    assert_near(gradient_at(x, 0), 2 * 20, 0); /* all or nothing: what was held is untouched */
    assert_near(gradient_at(other, 0), 2 * 25, 0);
}

static void test_hooks_fail_what_runs_eagerly(void **state)
{
    const wg_config config = {.size = sizeof config, .eager = true};
    witness w = {.factor = 1, .status = WG_ERR_RANGE};
    wg_context *ctx;
    wg_graph *g;
    wg_node dx;
    (void)state;
    assert_int_equal(wg_context_create(&config, &ctx), WG_OK);
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    const wg_node x = wg_number(g, WG_F64, 3);
    const wg_node y = wg_square(x);
    hook(x, &w);
    assert_int_equal(wg_grad(y, &x, 1, &dx), WG_ERR_RANGE);
    assert_int_equal(w.n_calls, 1);
    assert_non_null(strstr(wg_graph_error(g), "hook: 1 elements"));
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
}

/* A gradient check judges the function, not what hooks make of its gradient. */
static void test_hooks_stay_out_of_checks(void **state)
{
    fixture *f = *state;
    witness w = {.factor = 0};
    wg_gradcheck_report report;
    const wg_node x = scalar_variable(f, 5);
    wg_node dx;
    hook(x, &w);
    hook(x, &w);
    assert_int_equal(wg_gradcheck(wg_square(x), NULL, &report), WG_OK);
    assert_int_equal(report.check.verdict, WG_CHECK_RIGHT);
    assert_int_equal(wg_grad(wg_mul(wg_square(x), x), &x, 1, &dx), WG_OK);
    assert_int_equal(wg_gradcheck(dx, NULL, &report), WG_OK);
    assert_int_equal(report.check.verdict, WG_CHECK_RIGHT);
    assert_int_equal(w.n_calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GRAPH_TEST(test_hooks_see_the_whole_gradient),
        GRAPH_TEST(test_hooks_see_a_leaf_before_it_adds_up),
        GRAPH_TEST(test_hooks_change_what_flows_on),
        GRAPH_TEST(test_hooks_of_one_node_run_in_order),
        GRAPH_TEST(test_hooks_on_any_node),
        GRAPH_TEST(test_hooks_are_not_called_where_no_gradient_goes),
        GRAPH_TEST(test_hooks_beyond_the_loss_do_not_matter),
        GRAPH_TEST(test_hooks_are_called_by_recorded_gradients),
        GRAPH_TEST(test_hooks_and_products_with_jacobians),
        GRAPH_TEST(test_hooks_hand_higher_orders_through),
        GRAPH_TEST(test_hooks_are_not_merged),
        GRAPH_TEST(test_hooks_are_bound_when_their_plan_runs),
        GRAPH_TEST(test_hooks_are_in_the_key),
        GRAPH_TEST(test_hooks_outlast_a_refresh_and_end_with_a_reset),
        GRAPH_TEST(test_hooks_hold_whatever_the_planner_does),
        GRAPH_TEST(test_hooks_stop_a_run),
        GRAPH_TEST(test_hooks_fail_what_runs_eagerly),
        GRAPH_TEST(test_hooks_stay_out_of_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
