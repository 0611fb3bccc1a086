/* Plans: found again by content, bound to numbers and data at each run, bounded in number.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph_fixture.h"

#include "graph/graph.h"

/* One step of a small network with a number, a constant and a random op. */
static double step(fixture *f, double x0, double factor)
{
    wg_node x = wg_name(scalar_variable(f, x0), "x");
    double two = 2;
    wg_node c = wg_constant(f->g, WG_F64, 0, NULL, &two);
    wg_node u = wg_uniform(f->g, WG_F64, 0, NULL, 0, 1);
    wg_node y = wg_mul(wg_scale(wg_square(x), factor), wg_add(c, u));
    assert_int_equal(wg_backward(y), WG_OK);
    double result = gradient_at(x, 0);
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    return result;
}

static void test_plan_is_found_again_with_other_data(void **state)
{
    fixture *f = *state;
    assert_int_equal(wg_graph_set_step(f->g, 5), WG_OK);
    double a = step(f, 3, 1);
    uint64_t misses = stats_of(f).plan_misses;
    assert_int_equal(wg_graph_set_step(f->g, 5), WG_OK);
    double b = step(f, 6, 2);
    assert_int_equal(stats_of(f).plan_misses, misses);
    assert_true(stats_of(f).plan_hits >= 1);
    assert_near(b, 4 * a, 1e-12);
}

/* Lists of one hash are told apart by their content. */
static void test_plan_tells_colliding_lists_apart(void **state)
{
    fixture *f = *state;
    f->ctx->is_hash_constant = true;
    for (int i = 0; i < 6; i++) {
        wg_node x = scalar_variable(f, 3);
        wg_node y = i % 2 == 0 ? wg_square(x) : wg_neg(x);
        assert_int_equal(wg_backward(y), WG_OK);
        assert_near(wg_item(y), i % 2 == 0 ? 9 : -3, 0);
        assert_near(gradient_at(x, 0), i % 2 == 0 ? 6 : -1, 0);
        assert_int_equal(wg_graph_reset(f->g), WG_OK);
    }
    assert_int_equal(stats_of(f).plan_misses, 2);
    assert_int_equal(stats_of(f).plan_hits, 4);
    assert_int_equal(stats_of(f).plans, 2);
}

static void test_plan_draws_anew_each_step(void **state)
{
    fixture *f = *state;
    double a = step(f, 3, 1);
    double b = step(f, 3, 1);
    assert_true(a != b);
}

static void test_plan_takes_numbers_at_refresh(void **state)
{
    fixture *f = *state;
    wg_node x = scalar_variable(f, 3);
    wg_node y = wg_scale(x, 2);
    wg_node loss = wg_square(y);
    assert_int_equal(wg_backward(loss), WG_OK);
    assert_near(gradient_at(x, 0), 24, 0);
    assert_int_equal(wg_number_set(y, 0, 10), WG_OK);
    assert_near(wg_item(y), 6, 0);
    uint64_t misses = stats_of(f).plan_misses;
    assert_int_equal(wg_graph_refresh(f->g), WG_OK);
    assert_int_equal(wg_backward(loss), WG_OK);
    assert_int_equal(stats_of(f).plan_misses, misses);
    assert_near(gradient_at(x, 0), 600, 0);
}

static void test_plan_cache_is_bounded(void **state)
{
    fixture *f = *state;
    for (int n = 1; n < 100; n++) {
        wg_node x = scalar_variable(f, 1);
        for (int i = 0; i < n; i++) {
            x = wg_neg(x);
        }
        assert_int_equal(wg_run(&x, 1), WG_OK);
        assert_int_equal(wg_graph_reset(f->g), WG_OK);
    }
    assert_int_equal(stats_of(f).plans, 64);
    assert_true(stats_of(f).plan_evictions >= 35);
}

static void test_plan_from_the_third_run_on_allocates_nothing(void **state)
{
    fixture *f = *state;
    double v[64];
    for (int i = 0; i < 64; i++) {
        v[i] = 0.01 * i;
    }
    wg_tensor *t = tensor_of(f, 2, (int64_t[]){8, 8}, v);
    size_t calls = 0;
    for (int i = 0; i < 6; i++) {
        if (i == 2) {
            calls = f->counter.n_calls;
        }
        wg_node x = wg_variable(f->g, t);
        wg_node c = wg_constant(f->g, WG_F64, 2, (int64_t[]){8, 8}, v);
        wg_node y = wg_softmax(wg_matmul(wg_tanh(x), c), 1);
        wg_node loss = wg_mean_all(wg_square(wg_dropout(y, 0.5)));
        assert_int_equal(wg_backward(loss), WG_OK);
        assert_non_null(wg_value(loss));
        assert_int_equal(wg_graph_reset(f->g), WG_OK);
    }
    assert_int_equal(f->counter.n_calls, calls);
    wg_tensor_destroy(t);
}

static void test_plan_reuses_dead_buffers(void **state)
{
    fixture *f = *state;
    int64_t n = 1000;
    wg_tensor *t;
    assert_int_equal(wg_tensor_create(f->ctx, WG_F64, 1, &n, &t), WG_OK);
    wg_node x = wg_input(f->g, t);
    for (int i = 0; i < 100; i++) {
        x = wg_exp(wg_neg(x));
    }
    assert_int_equal(wg_run(&x, 1), WG_OK);
    assert_true(stats_of(f).workspace_bytes <= 4 * 8192);
    wg_tensor_destroy(t);
}

/* Small steps stay on one thread, and so does the update after them. */
static void test_plan_tells_the_threads_of_its_run(void **state)
{
    fixture *f = *state;
    wg_node x = scalar_variable(f, 2);
    assert_int_equal(f->ctx->run_threads, 0);
    assert_int_equal(wg_backward(wg_square(x)), WG_OK);
    assert_int_equal(f->ctx->run_threads, 1);
    wg_node large = wg_full(f->g, WG_F64, 2, (int64_t[]){512, 512}, 1);
    wg_node product = wg_matmul(large, large);
    assert_int_equal(wg_run(&product, 1), WG_OK);
    assert_true((f->ctx->run_threads > 1) == (f->ctx->threads > 1));
    assert_near(wg_tensor_get(wg_value(product), 3), 512, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GRAPH_TEST(test_plan_is_found_again_with_other_data),
        GRAPH_TEST(test_plan_tells_colliding_lists_apart),
        GRAPH_TEST(test_plan_draws_anew_each_step),
        GRAPH_TEST(test_plan_takes_numbers_at_refresh),
        GRAPH_TEST(test_plan_cache_is_bounded),
        GRAPH_TEST(test_plan_from_the_third_run_on_allocates_nothing),
        GRAPH_TEST(test_plan_reuses_dead_buffers),
        GRAPH_TEST(test_plan_tells_the_threads_of_its_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
