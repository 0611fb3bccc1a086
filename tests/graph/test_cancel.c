/* Cancelling runs, from a callback, from between them and from another thread.
 * SPDX-License-Identifier: Apache-2.0 */
#include "custom_ops.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* ---- between runs ------------------------------------------------------------------------- */

static void test_cancel_stops_the_next_run_alone(void **state)
{
    fixture *f = *state;
    const wg_node x = scalar_variable(f, 3);
    const wg_node y = wg_square(x);
    wg_cancel(f->ctx);
    wg_cancel(f->ctx);
    assert_int_equal(wg_backward(y), WG_ERR_CANCELLED);
    assert_string_equal(wg_graph_error(f->g), "run: the run was cancelled");
    assert_int_equal(wg_graph_status(f->g), WG_OK);
    assert_null(wg_gradient(x));
    assert_int_equal(wg_backward(y), WG_OK);
    assert_near(gradient_at(x, 0), 6, 0);
    assert_near(wg_item(y), 9, 0);
}

static void test_cancel_waits_for_a_run_that_computes(void **state)
{
    fixture *f = *state;
    const wg_node x = scalar_variable(f, 3);
    const wg_node y = wg_square(x);
    assert_near(wg_item(y), 9, 0);
    wg_cancel(f->ctx);
    assert_near(wg_item(y), 9, 0); /* it is there: nothing runs */
    assert_true(isnan(wg_item(wg_exp(y))));
    assert_near(wg_item(wg_exp(y)), exp(9.0), 1e-9);
}

static void test_cancel_may_be_taken_back(void **state)
{
    fixture *f = *state;
    const wg_node y = wg_square(scalar_variable(f, 3));
    assert_false(wg_cancel_clear(f->ctx));
    wg_cancel(f->ctx);
    assert_true(wg_cancel_clear(f->ctx));
    assert_false(wg_cancel_clear(f->ctx));
    assert_near(wg_item(y), 9, 0);
}

static void test_cancel_stops_what_runs_eagerly(void **state)
{
    const wg_config config = {.size = sizeof config, .eager = true};
    wg_context *ctx;
    wg_graph *g;
    (void)state;
    assert_int_equal(wg_context_create(&config, &ctx), WG_OK);
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    const wg_node x = wg_number(g, WG_F64, 3);
    wg_cancel(ctx);
    assert_false(wg_is_valid(wg_square(x)));
    assert_int_equal(wg_graph_status(g), WG_ERR_CANCELLED);
    assert_int_equal(wg_graph_reset(g), WG_OK);
    assert_near(wg_item(wg_square(wg_number(g, WG_F64, 3))), 9, 0);
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
}

/* ---- from a callback ---------------------------------------------------------------------- */

typedef struct canceller {
    wg_context *ctx;
    int at; /* the call that cancels, counted from 1; 0: none */
    int n_calls;
} canceller;

static wg_status cancel_forward(const wg_forward_call *call)
{
    canceller *c = call->user;
    if (++c->n_calls == c->at) {
        wg_cancel(c->ctx);
    }
    return cube_forward(call);
}

static wg_status cancel_backward(const wg_backward_call *call)
{
    canceller *c = call->user;
    if (++c->n_calls == c->at) {
        wg_cancel(c->ctx);
    }
    return cube_backward(call);
}

static void read_gradients(wg_node x, wg_node w, double out[2][3])
{
    for (int64_t i = 0; i < 3; i++) {
        out[0][i] = gradient_at(x, i);
        out[1][i] = gradient_at(w, i);
    }
}

/* Whether the gradients are those before, plus what a run adds to them. */
static void expect_gradients(wg_node x, wg_node w, double before[2][3], double added[2][3])
{
    double now[2][3];
    read_gradients(x, w, now);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < 3; i++) {
            assert_true(now[k][i] == before[k][i] + (added != NULL ? added[k][i] : 0));
        }
    }
}

/* Three forward calls and three backward calls, random ops between them, gradients that add up.
 * After a cancellation at any of them nothing has changed, and the same objects give the same
 * bits. */
static void test_cancel_leaves_nothing_half_done(void **state)
{
    static const double values[] = {0.5, -0.25, 0.75};
    fixture *f = *state;
    canceller c = {.ctx = f->ctx};
    wg_op_definition d = cube_definition("cancel");
    d.forward = cancel_forward;
    d.backward = cancel_backward;
    d.user = &c;
    const wg_op *op = define(f->ctx, &d);
    const wg_node x = vector_variable(f, 3, values);
    const wg_node w = vector_variable(f, 3, values);
    wg_node y = wg_mul(x, w);
    for (int i = 0; i < 3; i++) {
        y = wg_add(wg_dropout(use1(op, y), 0.25), w);
    }
    const wg_node loss = wg_sum_all(y);
    double before[2][3];
    double fresh[2][3];
    assert_int_equal(wg_backward(loss), WG_OK);
    assert_int_equal(c.n_calls, 6);
    read_gradients(x, w, fresh);
    for (int at = 1; at <= 6; at++) {
        read_gradients(x, w, before);
        c = (canceller){.ctx = f->ctx, .at = at};
        assert_int_equal(wg_backward(loss), WG_ERR_CANCELLED);
        assert_int_equal(c.n_calls, at);
        expect_gradients(x, w, before, NULL);
        c.at = 0;
        assert_int_equal(wg_backward(loss), WG_OK);
        expect_gradients(x, w, before, fresh);
    }
}

static wg_status cancel_in_hook(const wg_hook_call *call)
{
    wg_cancel(call->user);
    return WG_OK;
}

/* The hook of a leaf sees the last of the gradient; what it cancels is that very run. */
static void test_cancel_from_a_hook(void **state)
{
    fixture *f = *state;
    const wg_node x = scalar_variable(f, 3);
    const wg_node y = wg_square(x);
    assert_int_equal(wg_backward(y), WG_OK);
    assert_int_equal(wg_hook(x, cancel_in_hook, f->ctx), WG_OK);
    assert_int_equal(wg_backward(y), WG_ERR_CANCELLED);
    assert_near(gradient_at(x, 0), 6, 0);
    assert_false(wg_cancel_clear(f->ctx));
}

/* ---- from another thread ------------------------------------------------------------------ */

/* A kernel that says that it runs, and goes on until it is told that the other thread has spoken.
 */
typedef struct meeting {
    wg_context *ctx;
    atomic_bool is_running;
    atomic_bool has_cancelled;
    bool waits;
} meeting;

static wg_status meet(const wg_forward_call *call)
{
    meeting *m = call->user;
    atomic_store(&m->is_running, true);
    while (m->waits && !atomic_load(&m->has_cancelled)) {
        (void)sched_yield();
    }
    return cube_forward(call);
}

static void *cancel_when_running(void *argument)
{
    meeting *m = argument;
    while (!atomic_load(&m->is_running)) {
        (void)sched_yield();
    }
    wg_cancel(m->ctx);
    atomic_store(&m->has_cancelled, true);
    return NULL;
}

static void test_cancel_from_another_thread(void **state)
{
    static const double values[] = {0.5, -0.25, 0.75};
    fixture *f = *state;
    meeting m = {.ctx = f->ctx};
    pthread_t thread;
    wg_op_definition d = cube_definition("meet");
    d.forward = meet;
    d.user = &m;
    const wg_op *op = define(f->ctx, &d);
    const wg_node x = vector_variable(f, 3, values);
    const wg_node loss = wg_sum_all(wg_dropout(wg_exp(use1(op, x)), 0.5));
    double want[3];
    for (int round = 0; round < 20; round++) {
        assert_int_equal(wg_graph_refresh(f->g), WG_OK);
        assert_int_equal(wg_graph_set_step(f->g, 7), WG_OK);
        m.waits = true;
        atomic_store(&m.is_running, false);
        atomic_store(&m.has_cancelled, false);
        assert_int_equal(pthread_create(&thread, NULL, cancel_when_running, &m), 0);
        assert_int_equal(wg_backward(loss), WG_ERR_CANCELLED);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_null(wg_gradient(x));
        m.waits = false;
        assert_int_equal(wg_backward(loss), WG_OK);
        for (int64_t i = 0; i < 3; i++) {
            want[i] = round == 0 ? gradient_at(x, i) : want[i];
            assert_true(gradient_at(x, i) == want[i]);
        }
    }
}

/* A thread that cancels at any moment: every run ends well or was cancelled, and those that end
 * well have the same bits. */
typedef struct heckler {
    wg_context *ctx;
    atomic_bool is_over;
} heckler;

static void *heckle(void *argument)
{
    heckler *h = argument;
    while (!atomic_load(&h->is_over)) {
        wg_cancel(h->ctx);
        for (int i = 0; i < 20 && !atomic_load(&h->is_over); i++) {
            (void)sched_yield();
        }
    }
    return NULL;
}

static void test_cancel_at_any_moment(void **state)
{
    static const double values[] = {0.5, -0.25, 0.75};
    fixture *f = *state;
    heckler h = {.ctx = f->ctx};
    pthread_t thread;
    const wg_node x = vector_variable(f, 3, values);
    const int64_t column[] = {3, 1};
    const wg_node m = wg_reshape(wg_tanh(x), 2, column);
    const wg_node loss = wg_sum_all(wg_softmax(wg_matmul(m, wg_transpose(m)), 1));
    assert_int_equal(wg_backward(loss), WG_OK);
    double want[3];
    for (int64_t i = 0; i < 3; i++) {
        want[i] = gradient_at(x, i);
    }
    assert_int_equal(pthread_create(&thread, NULL, heckle, &h), 0);
    int n_cancelled = 0;
    int n_well = 0;
    for (int i = 0; i < 200000 && (n_cancelled < 50 || n_well < 50); i++) {
        assert_int_equal(wg_graph_refresh(f->g), WG_OK);
        const wg_status status = wg_backward(loss);
        assert_true(status == WG_OK || status == WG_ERR_CANCELLED);
        n_cancelled += status != WG_OK;
        n_well += status == WG_OK;
        if (status != WG_OK) {
            assert_null(wg_gradient(x));
            continue;
        }
        for (int64_t k = 0; k < 3; k++) {
            assert_true(gradient_at(x, k) == want[k]);
        }
    }
    atomic_store(&h.is_over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)wg_cancel_clear(f->ctx);
    assert_true(n_cancelled > 0);
    assert_true(n_well > 0);
}

/* Gradients that are held are added to by several steps, one for each shape: all or none. Each run
 * adds 1 to every element, so that they count the runs that ended well. */
static void test_cancel_adds_to_all_gradients_or_none(void **state)
{
    static const double values[24] = {0};
    fixture *f = *state;
    heckler h = {.ctx = f->ctx};
    pthread_t thread;
    wg_node x[4];
    wg_node loss = scalar_variable(f, 0);
    for (int k = 0; k < 4; k++) {
        x[k] = vector_variable(f, 3 + k, values);
        loss = wg_add(loss, wg_sum_all(x[k]));
    }
    assert_int_equal(wg_backward(loss), WG_OK);
    assert_int_equal(pthread_create(&thread, NULL, heckle, &h), 0);
    double n_well = 1;
    int n_cancelled = 0;
    for (int i = 0; i < 200000 && (n_cancelled < 2000 || n_well < 50); i++) {
        const wg_status status = wg_backward(loss);
        assert_true(status == WG_OK || status == WG_ERR_CANCELLED);
        n_cancelled += status != WG_OK;
        n_well += status == WG_OK;
        for (int k = 0; k < 4; k++) {
            assert_near(gradient_at(x[k], k), n_well, 0);
        }
    }
    atomic_store(&h.is_over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)wg_cancel_clear(f->ctx);
    assert_true(n_cancelled > 0);
}

/* ---- contexts side by side ---------------------------------------------------------------- */

static void *define_and_train(void *argument)
{
    const double at = 0.5;
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_op *op = NULL;
    double *gradient = argument;
    canceller c = {.at = 0};
    wg_op_definition d = cube_definition("cube");
    d.forward = cancel_forward;
    d.backward = cancel_backward;
    d.user = &c;
    wg_status status = wg_context_create(NULL, &ctx);
    status = status == WG_OK ? wg_op_define(ctx, &d, &op) : status;
    status = status == WG_OK ? wg_graph_create(ctx, &g) : status;
    for (int i = 0; i < 200 && status == WG_OK; i++) {
        wg_tensor *t = NULL;
        status = wg_graph_reset(g);
        status = status == WG_OK ? wg_tensor_from(ctx, WG_F64, 0, NULL, WG_F64, &at, &t) : status;
        const wg_node x = wg_variable(g, t);
        wg_tensor_destroy(t);
        status = status == WG_OK ? wg_backward(use1(op, use1(op, x))) : status;
        *gradient = status == WG_OK ? wg_tensor_get(wg_gradient(x), 0) : (double)NAN;
    }
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return NULL;
}

static void test_cancel_and_ops_are_of_one_context(void **state)
{
    pthread_t threads[4];
    double gradients[4];
    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, define_and_train, &gradients[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_near(gradients[i], 9 * pow(0.5, 8), 1e-15); /* of x^9 */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GRAPH_TEST(test_cancel_stops_the_next_run_alone),
        GRAPH_TEST(test_cancel_waits_for_a_run_that_computes),
        GRAPH_TEST(test_cancel_may_be_taken_back),
        GRAPH_TEST(test_cancel_stops_what_runs_eagerly),
        GRAPH_TEST(test_cancel_leaves_nothing_half_done),
        GRAPH_TEST(test_cancel_from_a_hook),
        GRAPH_TEST(test_cancel_from_another_thread),
        GRAPH_TEST(test_cancel_at_any_moment),
        GRAPH_TEST(test_cancel_adds_to_all_gradients_or_none),
        GRAPH_TEST(test_cancel_and_ops_are_of_one_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
