/* Layers and optimizers in a graph: what a user's loop does.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

#include <wengert/layers.h>
#include <wengert/ops.h>
#include <wengert/optimizer.h>

#include "support/allocator.h"

typedef struct fixture {
    wgt_allocator allocator;
    wg_context *ctx;
    wg_model *model;
    wg_graph *graph;
    wg_linear layer;
} fixture;

static void start(fixture *f, bool no_bias)
{
    memset(f, 0, sizeof *f);
    wgt_allocator_start(&f->allocator);
    const wg_allocator hooks = wgt_allocator_hooks(&f->allocator);
    const wg_config config = {.size = sizeof config, .allocator = &hooks, .seed = 7, .threads = 1};
    const wg_linear_options options = {.size = sizeof options, .no_bias = no_bias};
    assert_int_equal(wg_context_create(&config, &f->ctx), WG_OK);
    assert_int_equal(wg_model_create(f->ctx, &f->model), WG_OK);
    assert_int_equal(wg_graph_create(f->ctx, &f->graph), WG_OK);
    assert_int_equal(wg_linear_create(f->model, "fc", 3, 2, &options, &f->layer), WG_OK);
}

static void finish(fixture *f)
{
    wg_graph_destroy(f->graph);
    wg_model_destroy(f->model);
    wg_context_destroy(f->ctx);
    assert_true(wgt_allocator_is_clean(&f->allocator));
    wgt_allocator_finish(&f->allocator);
}

static const float rows[6] = {1.0F, 2.0F, 3.0F, -1.0F, 0.5F, 0.0F};

static wg_node input(fixture *f)
{
    const int64_t dims[2] = {2, 3};
    return wg_constant(f->graph, WG_F32, 2, dims, rows);
}

/* y = x w + b, by hand, for w[i][j] = i + 10 j and b[j] = 100 j. */
static void test_training_linear_is_xw_plus_b(void **state)
{
    (void)state;
    for (int no_bias = 0; no_bias < 2; no_bias++) {
        fixture f;
        start(&f, no_bias != 0);
        for (int64_t e = 0; e < 6; e++) {
            const double w = (double)(e / 2) + 10.0 * (double)(e % 2);
            assert_int_equal(wg_tensor_set(wg_param_value(f.layer.weight), e, w), WG_OK);
        }
        if (no_bias == 0) {
            assert_int_equal(wg_tensor_set(wg_param_value(f.layer.bias), 1, 100.0), WG_OK);
        }
        const wg_tensor *y = wg_value(wg_linear_apply(&f.layer, input(&f)));
        assert_non_null(y);
        const double shift = no_bias == 0 ? 100.0 : 0.0;
        const double expected[4] = {8.0, 68.0 + shift, 0.5, -4.5 + shift};
        for (int64_t e = 0; e < 4; e++) {
            assert_true(wg_tensor_get(y, e) == expected[e]);
        }
        finish(&f);
    }
}

static void test_training_linear_without_a_layer_fails_the_graph(void **state)
{
    (void)state;
    fixture f;
    start(&f, false);
    const wg_linear empty = {.weight = NULL};
    const wg_node none = {NULL, 0, 0};
    assert_false(wg_is_valid(wg_linear_apply(&f.layer, none)));
    assert_int_equal(wg_graph_status(f.graph), WG_OK);
    assert_false(wg_is_valid(wg_linear_apply(NULL, input(&f))));
    assert_true(wg_graph_status(f.graph) != WG_OK);
    assert_int_equal(wg_graph_reset(f.graph), WG_OK);
    assert_false(wg_is_valid(wg_linear_apply(&empty, input(&f))));
    assert_true(wg_graph_status(f.graph) != WG_OK);
    finish(&f);
}

static void test_training_linear_refuses_a_stale_input(void **state)
{
    (void)state;
    fixture f;
    start(&f, false);
    const wg_node x = input(&f);
    assert_int_equal(wg_graph_reset(f.graph), WG_OK);
    assert_false(wg_is_valid(wg_linear_apply(&f.layer, x)));
    assert_int_equal(wg_graph_status(f.graph), WG_ERR_STALE);
    finish(&f);
}

/* One step of x -> (x w + b - t)^2 from a new graph or a reset one. */
static double train_step(fixture *f, wg_optimizer *o)
{
    const int64_t dims[2] = {2, 2};
    const float targets[4] = {0.5F, -0.25F, 1.0F, 0.75F};
    assert_int_equal(wg_graph_reset(f->graph), WG_OK);
    const wg_node t = wg_constant(f->graph, WG_F32, 2, dims, targets);
    const wg_node loss = wg_mse(wg_linear_apply(&f->layer, input(f)), t);
    assert_int_equal(wg_backward(loss), WG_OK);
    const double value = wg_item(loss);
    assert_int_equal(wg_optimizer_step(o), WG_OK);
    return value;
}

static void test_training_both_optimizers_fit_a_line(void **state)
{
    (void)state;
    const wg_sgd_options sgd = {.size = sizeof sgd, .rate = 0.05, .momentum = 0.9};
    const wg_adam_options adam = {.size = sizeof adam, .rate = 0.05};
    for (int kind = 0; kind < 2; kind++) {
        fixture f;
        wg_optimizer *o = NULL;
        start(&f, false);
        const wg_status status =
            kind == 0 ? wg_sgd_create(f.model, &sgd, &o) : wg_adam_create(f.model, &adam, &o);
        assert_int_equal(status, WG_OK);
        const double first = train_step(&f, o);
        double last = first;
        for (int i = 0; i < 400; i++) {
            last = train_step(&f, o);
        }
        assert_true(first > 0.01);
        assert_true(last < 1e-6);
        wg_optimizer_destroy(o);
        finish(&f);
    }
}

/* A value asked for before the step stays; a computation from the changed parameter is refused. */
static void test_training_step_makes_recorded_parameters_stale(void **state)
{
    (void)state;
    fixture f;
    wg_optimizer *o = NULL;
    start(&f, false);
    assert_int_equal(wg_adam_create(f.model, NULL, &o), WG_OK);
    const wg_node y = wg_linear_apply(&f.layer, input(&f));
    const wg_node loss = wg_mean_all(wg_square(y));
    assert_int_equal(wg_backward(loss), WG_OK);
    assert_int_equal(wg_optimizer_step(o), WG_OK);
    assert_true(wg_item(loss) >= 0.0);
    const wg_tensor *value = NULL;
    assert_int_equal(wg_get(y, &value), WG_ERR_STALE);
    wg_optimizer_destroy(o);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_training_linear_is_xw_plus_b),
        cmocka_unit_test(test_training_linear_without_a_layer_fails_the_graph),
        cmocka_unit_test(test_training_linear_refuses_a_stale_input),
        cmocka_unit_test(test_training_both_optimizers_fit_a_line),
        cmocka_unit_test(test_training_step_makes_recorded_parameters_stale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
