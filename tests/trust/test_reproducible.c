/* The same list, numbers, data and options give the same bits, and from the third run on the
 * library allocates nothing.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "effort.h"
#include "trainer.h"

#define SEED 4242

/* Large enough that its matmuls and its pointwise work are done in parallel. */
static trainer_options large(int32_t threads)
{
    const int64_t size = effort(256, 4);
    return (trainer_options){
        .seed = SEED, .threads = threads, .rows = size / 2, .features = size, .hidden = size};
}

static trainer_options small(void)
{
    return (trainer_options){.seed = SEED, .rows = 16, .features = 40, .hidden = 24};
}

static uint64_t digest_of(const trainer_options *options, int n_steps)
{
    uint64_t digest;
    assert_int_equal(trainer_run(options, n_steps, &digest), WG_OK);
    return digest;
}

/* ---- runs --------------------------------------------------------------------------------- */

static void test_reproducible_over_a_hundred_runs(void **state)
{
    const trainer_options options = small();
    const uint64_t want = digest_of(&options, 10);
    (void)state;
    printf("seed %d\n", SEED);
    for (int i = 0; i < effort(100, 20); i++) {
        assert_true(digest_of(&options, 10) == want);
    }
}

static void test_reproducible_over_runs_in_parallel(void **state)
{
    const trainer_options options = large(2);
    const uint64_t want = digest_of(&options, 4);
    (void)state;
    for (int i = 0; i < effort(20, 10); i++) {
        assert_true(digest_of(&options, 4) == want);
    }
}

/* The seed does reach the result: a digest that never changes would prove nothing. */
static void test_reproducible_digest_follows_the_seed(void **state)
{
    trainer_options options = small();
    const uint64_t want = digest_of(&options, 2);
    (void)state;
    options.seed++;
    assert_true(digest_of(&options, 2) != want);
}

/* ---- plans -------------------------------------------------------------------------------- */

static void test_reproducible_with_cached_and_fresh_plans(void **state)
{
    for (int is_large = 0; is_large < 2; is_large++) {
        trainer_options options = is_large ? large(0) : small();
        const uint64_t want = digest_of(&options, 6);
        options.is_uncached = true;
        assert_true(digest_of(&options, 6) == want);
    }
    (void)state;
}

static void test_reproducible_uncached_context_keeps_no_plan(void **state)
{
    trainer_options options = small();
    trainer t;
    wg_stats stats;
    (void)state;
    options.is_uncached = true;
    assert_int_equal(trainer_open(&t, &options), WG_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(trainer_step(&t), WG_OK);
    }
    assert_int_equal(wg_context_stats(t.ctx, &stats), WG_OK);
    assert_int_equal(stats.plans, 0);
    assert_int_equal(stats.plan_hits, 0);
    assert_int_equal(stats.plan_misses, 3);
    trainer_close(&t);
}

/* Refreshing is resetting and recording the same again. */
static void test_reproducible_with_reset_and_refresh(void **state)
{
    trainer_options options = small();
    trainer reset;
    trainer refreshed;
    (void)state;
    assert_int_equal(trainer_open(&reset, &options), WG_OK);
    options.is_refreshed = true;
    assert_int_equal(trainer_open(&refreshed, &options), WG_OK);
    for (uint64_t i = 0; i < 6; i++) {
        /* A reset of the empty graph came before the first step of both. */
        assert_int_equal(trainer_step(&reset), WG_OK);
        assert_int_equal(trainer_step(&refreshed), WG_OK);
        assert_true(wg_graph_step(reset.g) == wg_graph_step(refreshed.g));
    }
    assert_true(trainer_digest(&reset) == trainer_digest(&refreshed));
    trainer_close(&reset);
    trainer_close(&refreshed);
}

/* ---- threads ------------------------------------------------------------------------------ */

static void test_reproducible_over_thread_counts_where_asked(void **state)
{
    static const int32_t counts[] = {2, 3, 4, 8};
    trainer_options options = large(1);
    (void)state;
    options.is_thread_invariant = true;
    const uint64_t want = digest_of(&options, 4);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        options.threads = counts[i];
        assert_true(digest_of(&options, 4) == want);
    }
}

/* ---- memory ------------------------------------------------------------------------------- */

static void allocate_nothing_after(trainer_options options, int n_warm)
{
    trainer t;
    size_t calls = 0;
    assert_int_equal(trainer_open(&t, &options), WG_OK);
    for (int i = 0; i < n_warm + 12; i++) {
        calls = i == n_warm ? t.counter.n_calls : calls;
        assert_int_equal(trainer_step(&t), WG_OK);
    }
    assert_int_equal(t.counter.n_calls, calls);
    assert_true(calls > 0);
    assert_int_equal(t.counter.n_errors, 0);
    trainer_close(&t);
}

static void test_reproducible_resets_allocate_nothing(void **state)
{
    (void)state;
    allocate_nothing_after(small(), 2);
    allocate_nothing_after(large(1), 2);
    allocate_nothing_after(large(2), 2);
}

static void test_reproducible_refreshes_allocate_nothing(void **state)
{
    trainer_options options = small();
    (void)state;
    options.is_refreshed = true;
    allocate_nothing_after(options, 2);
}

static wg_node random_ops(wg_graph *g, wg_node x)
{
    static const int64_t dims[] = {2, 3};
    wg_node noise = wg_add(wg_uniform(g, WG_F64, 2, dims, -1, 1), wg_full(g, WG_F64, 2, dims, 2));
    wg_node mask = wg_output(wg_dropout(wg_mul(x, noise), 0.25), 1);
    wg_node factor = wg_where(wg_greater(x, noise), mask, wg_number(g, WG_F64, 2));
    return wg_mul(wg_gate(x, factor), wg_stop_gradient(wg_heaviside(x, 0.5)));
}

static wg_node index_ops(wg_graph *g, wg_node x)
{
    static const int64_t two = 2;
    static const int64_t rows[] = {1, 0};
    wg_node at = wg_constant(g, WG_I64, 1, &two, rows);
    wg_node taken = wg_scatter_add(wg_gather(x, at, 0), at, 0, 2);
    wg_node hot = wg_one_hot(at, 3, WG_F64);
    wg_node loss = wg_add(wg_cross_entropy(taken, at), wg_cross_entropy(x, hot));
    return wg_add(loss, wg_add(wg_mse(x, hot), wg_half_sum_squares(taken, hot)));
}

static wg_node smooth_ops(wg_node x)
{
    static const int64_t flat[] = {-1};
    static const int64_t wide[] = {4, 2, 3};
    static const int32_t turned[] = {1, 0};
    static const int32_t last = -1;
    wg_node p = wg_sqrt(wg_exp(wg_log(wg_sigmoid(wg_square(x)))));
    wg_node q = wg_div(wg_tanh(wg_sub(wg_neg(p), x)), wg_add(wg_relu(x), p));
    wg_node r = wg_matmul(wg_softmax(q, 1), wg_permute(wg_log_softmax(p, 0), turned, 2));
    wg_node s = wg_sum_to(wg_broadcast_to(q, 3, wide), 2, wide + 1);
    wg_node t = wg_mean(wg_matmul(s, wg_transpose(s)), &last, 1, true);
    wg_node u = wg_sum(wg_reshape(wg_cast(wg_cast(r, WG_F32), WG_F64), 1, flat), NULL, 0, false);
    return wg_add(u, wg_sum_all(t));
}

/* One step over every op, with gradients as nodes, kept nodes and names besides. */
static void step_all_ops(wg_graph *g, wg_tensor *t)
{
    wg_node dx;
    assert_int_equal(wg_graph_reset(g), WG_OK);
    wg_node x = wg_name(wg_variable(g, t), "x");
    wg_node loss = wg_add(wg_mean_all(random_ops(g, x)), wg_add(index_ops(g, x), smooth_ops(x)));
    assert_int_equal(wg_grad(loss, &x, 1, &dx), WG_OK);
    wg_node total = wg_expect_shape(wg_add(loss, wg_sum_all(wg_square(dx))), 0, NULL);
    assert_int_equal(wg_keep(dx), WG_OK);
    assert_int_equal(wg_backward(total), WG_OK);
    assert_non_null(wg_value(dx));
    assert_non_null(wg_gradient(x));
    assert_int_equal(wg_backward(total), WG_OK); /* adds to the gradient that is there */
    assert_string_equal(wg_graph_error(g), "");
}

static void test_reproducible_all_ops_allocate_nothing(void **state)
{
    static const int64_t dims[] = {2, 3};
    static const double values[] = {0.5, -1, 2, 0.25, 1.5, -0.75};
    wgt_allocator counter;
    wg_context *ctx;
    wg_graph *g;
    wg_tensor *t;
    size_t calls = 0;
    (void)state;
    wgt_allocator_start(&counter);
    wg_allocator hooks = wgt_allocator_hooks(&counter);
    const wg_config config = {.size = sizeof config, .allocator = &hooks, .seed = SEED};
    assert_int_equal(wg_context_create(&config, &ctx), WG_OK);
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    assert_int_equal(wg_tensor_from(ctx, WG_F64, 2, dims, WG_F64, values, &t), WG_OK);
    for (int i = 0; i < 10; i++) {
        calls = i == 2 ? counter.n_calls : calls;
        step_all_ops(g, t);
    }
    assert_int_equal(counter.n_calls, calls);
    wg_tensor_destroy(t);
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    assert_true(wgt_allocator_is_clean(&counter));
    wgt_allocator_finish(&counter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reproducible_over_a_hundred_runs),
        cmocka_unit_test(test_reproducible_over_runs_in_parallel),
        cmocka_unit_test(test_reproducible_digest_follows_the_seed),
        cmocka_unit_test(test_reproducible_with_cached_and_fresh_plans),
        cmocka_unit_test(test_reproducible_uncached_context_keeps_no_plan),
        cmocka_unit_test(test_reproducible_with_reset_and_refresh),
        cmocka_unit_test(test_reproducible_over_thread_counts_where_asked),
        cmocka_unit_test(test_reproducible_resets_allocate_nothing),
        cmocka_unit_test(test_reproducible_refreshes_allocate_nothing),
        cmocka_unit_test(test_reproducible_all_ops_allocate_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
