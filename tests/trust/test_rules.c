/* The exact rules, one sentence each, where the graph's own tests do not hold them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/graph_fixture.h"

#define DIMS(...) ((int64_t[]){__VA_ARGS__})

static wg_model *model_of(fixture *f, wg_param **p, double value)
{
    wg_model *m;
    assert_int_equal(wg_model_create(f->ctx, &m), WG_OK);
    assert_int_equal(wg_param_create(m, "p", WG_F64, 0, NULL, NULL, p), WG_OK);
    assert_int_equal(wg_tensor_set(wg_param_value(*p), 0, value), WG_OK);
    return m;
}

static void close_model(fixture *f, wg_model *m)
{
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    wg_model_destroy(m);
}

static wg_optimizer *sgd_of(wg_model *m, double rate)
{
    const wg_sgd_options options = {.size = sizeof options, .rate = rate};
    wg_optimizer *o;
    assert_int_equal(wg_sgd_create(m, &options, &o), WG_OK);
    return o;
}

/* ---- 1: values are computed when asked for ------------------------------------------------ */

static void test_rules_recording_computes_nothing(void **state)
{
    fixture *f = *state;
    const uint64_t runs = stats_of(f).runs;
    wg_node y = wg_exp(wg_square(scalar_variable(f, 2)));
    assert_int_equal(stats_of(f).runs, runs);
    assert_near(wg_item(y), exp(4), 1e-12);
    assert_int_equal(stats_of(f).runs, runs + 1);
    assert_near(wg_item(y), exp(4), 1e-12);
    assert_int_equal(stats_of(f).runs, runs + 1);
}

static void test_rules_backward_delivers_its_root(void **state)
{
    fixture *f = *state;
    wg_node loss = wg_square(scalar_variable(f, 2));
    assert_int_equal(wg_backward(loss), WG_OK);
    const uint64_t runs = stats_of(f).runs;
    assert_near(wg_item(loss), 4, 0);
    assert_int_equal(stats_of(f).runs, runs);
}

static void test_rules_intermediates_are_computed_again(void **state)
{
    fixture *f = *state;
    wg_node h = wg_exp(scalar_variable(f, 2));
    wg_node loss = wg_square(h);
    assert_int_equal(wg_backward(loss), WG_OK);
    const uint64_t runs = stats_of(f).runs;
    assert_near(wg_item(h), exp(2), 1e-12);
    assert_int_equal(stats_of(f).runs, runs + 1);
}

/* A later request computes from the results that are there. */
static void test_rules_results_are_leaves_of_later_runs(void **state)
{
    fixture *f = *state;
    wg_node u = wg_uniform(f->g, WG_F64, 0, NULL, 0, 1);
    wg_node y = wg_scale(u, 2);
    const double drawn = wg_item(u);
    assert_near(wg_item(y), 2 * drawn, 0);
    assert_near(wg_item(wg_add(y, u)), 3 * drawn, 1e-15);
}

/* ---- 2: values, items, copies ------------------------------------------------------------- */

static void test_rules_values_die_with_a_refresh(void **state)
{
    fixture *f = *state;
    wg_node y = wg_square(scalar_variable(f, 3));
    const wg_tensor *value = wg_value(y);
    assert_near(wg_tensor_get(value, 0), 9, 0);
    assert_int_equal(wg_graph_refresh(f->g), WG_OK);
    assert_null(wg_tensor_data(value));
    wg_node n = wg_input(f->g, (wg_tensor *)(uintptr_t)value);
    assert_false(wg_is_valid(n));
    assert_int_equal(wg_graph_status(f->g), WG_ERR_STALE);
}

static void test_rules_a_value_is_an_input_while_it_lives(void **state)
{
    fixture *f = *state;
    wg_node y = wg_square(scalar_variable(f, 3));
    wg_node again = wg_input(f->g, (wg_tensor *)(uintptr_t)wg_value(y));
    assert_near(wg_item(wg_neg(again)), -9, 0);
}

static void test_rules_copies_outlive_the_reset(void **state)
{
    fixture *f = *state;
    const double zero = 0;
    wg_tensor *carried = tensor_of(f, 0, NULL, &zero);
    for (int i = 1; i <= 4; i++) {
        wg_node next = wg_add(wg_input(f->g, carried), wg_number(f->g, WG_F64, i));
        assert_int_equal(wg_value_copy(next, carried), WG_OK);
        assert_int_equal(wg_graph_reset(f->g), WG_OK);
    }
    assert_near(wg_tensor_get(carried, 0), 10, 0);
    wg_tensor_destroy(carried);
}

static void test_rules_gradients_are_null_while_empty(void **state)
{
    fixture *f = *state;
    wg_param *p;
    wg_model *m = model_of(f, &p, 3);
    wg_node x = wg_use(f->g, p);
    assert_null(wg_gradient(x));
    assert_null(wg_param_gradient(p));
    assert_int_equal(wg_backward(wg_square(x)), WG_OK);
    assert_ptr_equal(wg_gradient(x), wg_param_gradient(p));
    assert_near(gradient_at(x, 0), 6, 0);
    wg_param_clear_gradient(p);
    assert_null(wg_gradient(x));
    close_model(f, m);
}

/* ---- 4: data ------------------------------------------------------------------------------ */

static void test_rules_borrowed_data_are_read_by_the_run(void **state)
{
    fixture *f = *state;
    double data = 1;
    wg_tensor *t;
    assert_int_equal(wg_tensor_borrow(f->ctx, WG_F64, 0, NULL, &data, &t), WG_OK);
    wg_node y = wg_square(wg_input(f->g, t));
    assert_near(wg_item(y), 1, 0);
    data = 5;
    assert_near(wg_item(y), 1, 0);
    assert_int_equal(wg_graph_refresh(f->g), WG_OK);
    assert_near(wg_item(y), 25, 0);
    wg_tensor_destroy(t);
}

static void test_rules_constants_are_copies(void **state)
{
    fixture *f = *state;
    double data = 3;
    wg_node y = wg_square(wg_constant(f->g, WG_F64, 0, NULL, &data));
    data = 5;
    assert_near(wg_item(y), 9, 0);
}

static void test_rules_tensors_may_be_destroyed_once_recorded(void **state)
{
    fixture *f = *state;
    const double three = 3;
    wg_tensor *t = tensor_of(f, 0, NULL, &three);
    wg_node y = wg_square(wg_input(f->g, t));
    wg_tensor_destroy(t);
    assert_near(wg_item(y), 9, 0);
}

/* ---- 5: parameters that change ------------------------------------------------------------ */

static void test_rules_values_survive_a_step_and_new_ones_are_refused(void **state)
{
    fixture *f = *state;
    wg_param *p;
    wg_model *m = model_of(f, &p, 3);
    wg_optimizer *o = sgd_of(m, 0.5);
    wg_node h = wg_square(wg_use(f->g, p));
    wg_node loss = wg_scale(h, 2);
    assert_int_equal(wg_backward(loss), WG_OK);
    assert_int_equal(wg_optimizer_step(o), WG_OK);
    assert_near(wg_tensor_get(wg_param_value(p), 0), -3, 0);
    assert_near(wg_item(loss), 18, 0);
    assert_true(isnan(wg_item(h)));
    assert_int_equal(wg_run(&h, 1), WG_ERR_STALE);
    assert_int_equal(wg_backward(loss), WG_ERR_STALE);
    assert_null(wg_param_gradient(p));
    assert_int_equal(wg_graph_refresh(f->g), WG_OK);
    assert_near(wg_item(h), 9, 0);
    wg_optimizer_destroy(o);
    close_model(f, m);
}

/* ---- 6: refresh --------------------------------------------------------------------------- */

static void test_rules_refresh_keeps_handles_and_moves_the_step(void **state)
{
    fixture *f = *state;
    wg_node u = wg_uniform(f->g, WG_F64, 0, NULL, 0, 1);
    const uint64_t step = wg_graph_step(f->g);
    const double first = wg_item(u);
    assert_int_equal(wg_graph_refresh(f->g), WG_OK);
    assert_int_equal(wg_graph_step(f->g), step + 1);
    assert_true(wg_is_valid(u));
    assert_true(wg_item(u) != first);
    assert_int_equal(wg_graph_set_step(f->g, step), WG_OK);
    wg_node again = wg_neg(u);
    assert_true(wg_is_valid(again));
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    assert_int_equal(wg_graph_step(f->g), step + 1);
}

/* ---- 7: training and evaluation ----------------------------------------------------------- */

static void test_rules_evaluation_is_kept_over_resets(void **state)
{
    fixture *f = *state;
    wg_node_info info;
    assert_true(wg_graph_is_training(f->g));
    assert_int_equal(wg_graph_set_training(f->g, false), WG_OK);
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    assert_false(wg_graph_is_training(f->g));
    wg_node x = scalar_variable(f, 2);
    assert_int_equal(wg_node_describe(x, &info), WG_OK);
    assert_false(info.wants_gradient);
    /* Constructors read the flag: what was recorded keeps what it was. */
    assert_int_equal(wg_graph_set_training(f->g, true), WG_OK);
    assert_int_equal(wg_backward(wg_square(x)), WG_ERR_GRADIENT);
    assert_int_equal(wg_backward(wg_square(scalar_variable(f, 2))), WG_OK);
}

/* ---- 8: eager ----------------------------------------------------------------------------- */

static wg_node small_net(wg_graph *g, wg_tensor *t)
{
    wg_node x = wg_variable(g, t);
    wg_node h = wg_dropout(wg_tanh(wg_matmul(x, wg_transpose(x))), 0.5);
    return wg_mean_all(wg_softmax(wg_mul(h, wg_uniform(g, WG_F32, 0, NULL, 1, 2)), 1));
}

static void run_small_net(bool is_eager, float *loss, float gradient[12], uint64_t *runs)
{
    const wg_config config = {.size = sizeof config, .seed = 3, .eager = is_eager};
    wg_context *ctx;
    wg_graph *g;
    wg_tensor *t;
    wg_stats stats;
    const wg_init init = {.kind = WG_INIT_NORMAL, .b = 1, .rng = &(wg_rng){.seed = 1, .stream = 2}};
    assert_int_equal(wg_context_create(&config, &ctx), WG_OK);
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    assert_int_equal(wg_tensor_create(ctx, WG_F32, 2, DIMS(3, 4), &t), WG_OK);
    assert_int_equal(wg_init_tensor(t, &init), WG_OK);
    wg_node y = small_net(g, t);
    *loss = (float)wg_item(y);
    assert_int_equal(wg_context_stats(ctx, &stats), WG_OK);
    *runs = stats.runs;
    assert_int_equal(wg_backward(y), WG_OK);
    memcpy(gradient, wg_tensor_data(wg_gradient(wg_graph_node(g, 0))), 12 * sizeof *gradient);
    wg_tensor_destroy(t);
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
}

static void test_rules_eager_has_the_same_bits(void **state)
{
    float loss[2];
    float gradients[2][12];
    uint64_t runs[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        run_small_net(i == 1, &loss[i], gradients[i], &runs[i]);
    }
    assert_memory_equal(&loss[0], &loss[1], sizeof loss[0]);
    assert_memory_equal(gradients[0], gradients[1], sizeof gradients[0]);
    assert_int_equal(runs[0], 1);
    assert_int_equal(runs[1], 0); /* the value was there once it was recorded */
}

/* ---- 9: backward is all or nothing -------------------------------------------------------- */

static void test_rules_a_failed_backward_changes_no_gradient(void **state)
{
    fixture *f = *state;
    int64_t index = 0;
    wg_tensor *at;
    assert_int_equal(wg_tensor_borrow(f->ctx, WG_I64, 1, DIMS(1), &index, &at), WG_OK);
    wg_node x = vector_variable(f, 3, (double[]){1, 2, 3});
    wg_node z = vector_variable(f, 3, (double[]){1, 2, 3});
    wg_node taken = wg_gather(wg_square(x), wg_input(f->g, at), 0);
    wg_node loss = wg_add(wg_sum_all(wg_mul(x, z)), wg_sum_all(taken));
    assert_int_equal(wg_backward(loss), WG_OK);
    assert_near(gradient_at(x, 0), 3, 0);
    index = 9;
    assert_int_equal(wg_backward(loss), WG_ERR_RANGE);
    assert_near(gradient_at(x, 0), 3, 0);
    assert_near(gradient_at(x, 2), 3, 0);
    assert_near(gradient_at(z, 1), 2, 0);
    index = 1;
    assert_int_equal(wg_backward(loss), WG_OK);
    assert_near(gradient_at(x, 0), 4, 0);
    assert_near(gradient_at(x, 1), 8, 0);
    assert_near(gradient_at(z, 1), 4, 0);
    wg_tensor_destroy(at);
}

/* ---- 10: empty gradients ------------------------------------------------------------------ */

static void test_rules_a_step_empties_gradients_and_skips_empty_ones(void **state)
{
    fixture *f = *state;
    wg_param *p;
    wg_param *q;
    wg_model *m = model_of(f, &p, 3);
    assert_int_equal(wg_param_create(m, "q", WG_F64, 0, NULL, NULL, &q), WG_OK);
    wg_optimizer *o = sgd_of(m, 1);
    assert_int_equal(wg_backward(wg_square(wg_use(f->g, p))), WG_OK);
    assert_int_equal(wg_optimizer_step(o), WG_OK);
    assert_null(wg_param_gradient(p));
    assert_near(wg_tensor_get(wg_param_value(p), 0), -3, 0);
    assert_int_equal(wg_optimizer_step(o), WG_OK);
    assert_near(wg_tensor_get(wg_param_value(p), 0), -3, 0);
    assert_near(wg_tensor_get(wg_param_value(q), 0), 0, 0);
    /* The next backward overwrites. */
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    assert_int_equal(wg_backward(wg_scale(wg_use(f->g, p), 4)), WG_OK);
    assert_near(wg_tensor_get(wg_param_gradient(p), 0), 4, 0);
    wg_optimizer_destroy(o);
    close_model(f, m);
}

/* Gradients of parameters add up over resets, those of variables live with their graph. */
static void test_rules_parameter_gradients_outlive_resets(void **state)
{
    fixture *f = *state;
    wg_param *p;
    wg_model *m = model_of(f, &p, 3);
    for (int i = 1; i <= 3; i++) {
        wg_node x = scalar_variable(f, 2);
        assert_int_equal(wg_backward(wg_mul(wg_use(f->g, p), x)), WG_OK);
        assert_near(wg_tensor_get(wg_param_gradient(p), 0), 2.0 * i, 0);
        assert_near(gradient_at(x, 0), 3, 0);
        assert_int_equal(wg_graph_reset(f->g), WG_OK);
    }
    close_model(f, m);
}

/* ---- 11: who wants a gradient ------------------------------------------------------------- */

static void test_rules_frozen_parameters_want_none(void **state)
{
    fixture *f = *state;
    wg_param *p;
    wg_model *m = model_of(f, &p, 3);
    wg_optimizer *o = sgd_of(m, 1);
    wg_node x = scalar_variable(f, 2);
    assert_int_equal(wg_param_set_frozen(p, true), WG_OK);
    assert_int_equal(wg_backward(wg_mul(wg_use(f->g, p), x)), WG_OK);
    assert_null(wg_param_gradient(p));
    assert_near(gradient_at(x, 0), 3, 0);
    assert_int_equal(wg_optimizer_step(o), WG_OK);
    assert_near(wg_tensor_get(wg_param_value(p), 0), 3, 0);
    wg_optimizer_destroy(o);
    close_model(f, m);
}

static void test_rules_integers_and_bools_want_none_silently(void **state)
{
    fixture *f = *state;
    wg_node_info info;
    wg_node x = vector_variable(f, 2, (double[]){1, -1});
    wg_node nodes[] = {wg_cast(x, WG_I64), wg_greater(x, wg_neg(x)), wg_stop_gradient(x)};
    for (size_t i = 0; i < 3; i++) {
        assert_true(wg_is_valid(nodes[i]));
        assert_int_equal(wg_node_describe(nodes[i], &info), WG_OK);
        assert_false(info.wants_gradient);
    }
    assert_int_equal(wg_node_describe(wg_exp(x), &info), WG_OK);
    assert_true(info.wants_gradient);
}

/* ---- 13: random --------------------------------------------------------------------------- */

static void draw_two(wg_graph *g, double out[2])
{
    wg_node a = wg_uniform(g, WG_F64, 0, NULL, 0, 1);
    wg_node b = wg_uniform(g, WG_F64, 0, NULL, 0, 1);
    out[0] = wg_item(a);
    out[1] = wg_item(b);
    assert_int_equal(wg_graph_reset(g), WG_OK);
}

static void test_rules_draws_follow_stream_step_and_ordinal(void **state)
{
    fixture *f = *state;
    double first[2];
    double next[2];
    double again[2];
    assert_int_equal(wg_graph_set_step(f->g, 100), WG_OK);
    draw_two(f->g, first);
    draw_two(f->g, next);
    assert_true(first[0] != first[1]);
    assert_true(first[0] != next[0]);
    assert_int_equal(wg_graph_set_step(f->g, 100), WG_OK);
    draw_two(f->g, again);
    assert_memory_equal(first, again, sizeof first);
    assert_int_equal(wg_graph_set_step(f->g, 100), WG_OK);
    assert_int_equal(wg_graph_set_stream(f->g, wg_graph_stream(f->g) + 1), WG_OK);
    draw_two(f->g, again);
    assert_true(again[0] != first[0]);
}

/* The order in which values are asked for, and what else is recorded, changes no draw. */
static void test_rules_draws_do_not_depend_on_what_is_asked(void **state)
{
    fixture *f = *state;
    double first[2];
    assert_int_equal(wg_graph_set_step(f->g, 100), WG_OK);
    draw_two(f->g, first);
    assert_int_equal(wg_graph_set_step(f->g, 100), WG_OK);
    wg_node x = scalar_variable(f, 1);
    wg_node a = wg_uniform(f->g, WG_F64, 0, NULL, 0, 1);
    wg_node y = wg_exp(x);
    wg_node b = wg_uniform(f->g, WG_F64, 0, NULL, 0, 1);
    assert_near(wg_item(wg_mul(y, b)), exp(1) * first[1], 1e-15);
    assert_near(wg_item(b), first[1], 0);
    assert_near(wg_item(a), first[0], 0);
}

static void test_rules_graphs_take_streams_in_order_of_creation(void **state)
{
    fixture *f = *state;
    wg_graph *g[3];
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(wg_graph_create(f->ctx, &g[i]), WG_OK);
        assert_int_equal(wg_graph_stream(g[i]), i + 1); /* the fixture's own is 0 */
    }
    for (int i = 0; i < 3; i++) {
        wg_graph_destroy(g[i]);
    }
}

/* ---- 16: the key of a plan ---------------------------------------------------------------- */

static void test_rules_names_lines_and_numbers_are_no_part_of_a_plan(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 4; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        wg_node x = wg_name(scalar_variable(f, i), name);
        wg_node y = i % 2 == 0 ? wg_scale(x, i) : wg_scale(x, -i);
        assert_int_equal(wg_backward(wg_square(y)), WG_OK);
        assert_near(gradient_at(x, 0), 2.0 * i * i * i, 0);
        assert_int_equal(wg_graph_reset(f->g), WG_OK);
    }
    assert_int_equal(stats_of(f).plan_misses, 1);
    assert_int_equal(stats_of(f).plan_hits, 3);
}

static void test_rules_kept_nodes_and_modes_are_part_of_a_plan(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 4; i++) {
        wg_node x = scalar_variable(f, 2);
        wg_node h = wg_exp(x);
        if (i >= 2) {
            assert_int_equal(wg_keep(h), WG_OK);
        }
        assert_non_null(wg_value(wg_square(h)));
        assert_int_equal(wg_graph_reset(f->g), WG_OK);
    }
    assert_int_equal(stats_of(f).plan_misses, 2);
    assert_int_equal(stats_of(f).plan_hits, 2);
}

static void test_rules_trim_gives_memory_back(void **state)
{
    fixture *f = *state;
    const int64_t n = 100000;
    wg_node y = wg_softmax(wg_full(f->g, WG_F64, 1, &n, 0.5), 0); /* takes part in no group */
    assert_near(wg_item(wg_sum_all(y)), 1, 1e-9);
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    const size_t before = f->counter.live_bytes;
    assert_int_equal(wg_graph_trim(f->g), WG_OK);
    assert_true(f->counter.live_bytes + (size_t)n * sizeof(double) <= before);
    assert_int_equal(stats_of(f).workspace_bytes, 0);
    assert_near(wg_item(wg_exp(scalar_variable(f, 0))), 1, 0);
}

/* ---- 20: handles -------------------------------------------------------------------------- */

static void test_rules_zero_handles_join_the_error_of_an_operand(void **state)
{
    fixture *f = *state;
    const wg_node zero = {NULL, 0, 0};
    wg_node x = scalar_variable(f, 2);
    wg_node bad = wg_where(zero, zero, x);
    assert_ptr_equal(bad.graph, f->g);
    assert_int_equal(wg_graph_status(f->g), WG_ERR_HANDLE);
    assert_null(wg_add(zero, zero).graph);
    assert_null(wg_neg(zero).graph);
}

/* A shell that is used again for a new graph does not know the handles of the old one. */
static void test_rules_handles_of_destroyed_graphs_stay_dead(void **state)
{
    fixture *f = *state;
    wg_graph *g;
    assert_int_equal(wg_graph_create(f->ctx, &g), WG_OK);
    wg_node old = wg_number(g, WG_F64, 1);
    for (int i = 0; i < 5; i++) {
        wg_graph_destroy(g);
        assert_false(wg_is_valid(old));
        assert_int_equal(wg_graph_create(f->ctx, &g), WG_OK);
        assert_true(wg_is_valid(wg_number(g, WG_F64, 1)));
        assert_false(wg_is_valid(old));
        assert_int_equal(wg_run(&old, 1), WG_ERR_STALE);
    }
    wg_graph_destroy(g);
}

/* ---- 22: dtypes --------------------------------------------------------------------------- */

static void test_rules_tensors_are_not_promoted_and_numbers_follow(void **state)
{
    fixture *f = *state;
    const int64_t ints[] = {INT64_MAX, INT64_MIN, 3};
    wg_node i = wg_constant(f->g, WG_I64, 1, DIMS(3), ints);
    wg_node sum = wg_add(i, i);
    wg_node product = wg_mul(i, i);
    wg_node negative = wg_neg(i);
    assert_true(((const int64_t *)wg_tensor_data(wg_value(sum)))[0] == -2);
    assert_true(((const int64_t *)wg_tensor_data(wg_value(product)))[0] == 1);
    assert_true(((const int64_t *)wg_tensor_data(wg_value(negative)))[1] == INT64_MIN);
    wg_node x = vector_variable(f, 3, (double[]){1, 2, 3});
    wg_node scaled = wg_scale(wg_cast(x, WG_F32), 0.5);
    assert_int_equal(wg_node_dtype(scaled), WG_F32);
    wg_node is_more = wg_greater(x, wg_number(f->g, WG_F64, 2));
    const uint8_t want[] = {0, 0, 1};
    assert_memory_equal(wg_tensor_data(wg_value(is_more)), want, sizeof want);
    assert_false(wg_is_valid(wg_div(i, i)));
    assert_int_equal(wg_graph_status(f->g), WG_ERR_DTYPE);
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    x = vector_variable(f, 3, (double[]){1, 2, 3});
    assert_false(wg_is_valid(wg_add(x, wg_cast(x, WG_F32))));
    assert_non_null(strstr(wg_graph_error(f->g), "wg_cast"));
}

/* ---- 26: sharing -------------------------------------------------------------------------- */

static void test_rules_a_shared_model_reads_the_same_memory(void **state)
{
    fixture *f = *state;
    wg_param *p;
    wg_model *view;
    wg_model *m = model_of(f, &p, 3);
    assert_int_equal(wg_model_share(m, f->ctx, &view), WG_OK);
    wg_param *q = wg_model_find(view, "p");
    assert_true(wg_param_is_frozen(q));
    assert_int_equal(wg_tensor_set(wg_param_value(p), 0, 5), WG_OK);
    assert_near(wg_item(wg_square(wg_use(f->g, q))), 25, 0);
    assert_null(wg_tensor_data_mutable(wg_param_value(q)));
    assert_int_not_equal(wg_tensor_set(wg_param_value(q), 0, 9), WG_OK);
    assert_near(wg_tensor_get(wg_param_value(p), 0), 5, 0);
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    wg_model_destroy(view);
    close_model(f, m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GRAPH_TEST(test_rules_recording_computes_nothing),
        GRAPH_TEST(test_rules_backward_delivers_its_root),
        GRAPH_TEST(test_rules_intermediates_are_computed_again),
        GRAPH_TEST(test_rules_results_are_leaves_of_later_runs),
        GRAPH_TEST(test_rules_values_die_with_a_refresh),
        GRAPH_TEST(test_rules_a_value_is_an_input_while_it_lives),
        GRAPH_TEST(test_rules_copies_outlive_the_reset),
        GRAPH_TEST(test_rules_gradients_are_null_while_empty),
        GRAPH_TEST(test_rules_borrowed_data_are_read_by_the_run),
        GRAPH_TEST(test_rules_constants_are_copies),
        GRAPH_TEST(test_rules_tensors_may_be_destroyed_once_recorded),
        GRAPH_TEST(test_rules_values_survive_a_step_and_new_ones_are_refused),
        GRAPH_TEST(test_rules_refresh_keeps_handles_and_moves_the_step),
        GRAPH_TEST(test_rules_evaluation_is_kept_over_resets),
        GRAPH_TEST(test_rules_eager_has_the_same_bits),
        GRAPH_TEST(test_rules_a_failed_backward_changes_no_gradient),
        GRAPH_TEST(test_rules_a_step_empties_gradients_and_skips_empty_ones),
        GRAPH_TEST(test_rules_parameter_gradients_outlive_resets),
        GRAPH_TEST(test_rules_frozen_parameters_want_none),
        GRAPH_TEST(test_rules_integers_and_bools_want_none_silently),
        GRAPH_TEST(test_rules_draws_follow_stream_step_and_ordinal),
        GRAPH_TEST(test_rules_draws_do_not_depend_on_what_is_asked),
        GRAPH_TEST(test_rules_graphs_take_streams_in_order_of_creation),
        GRAPH_TEST(test_rules_names_lines_and_numbers_are_no_part_of_a_plan),
        GRAPH_TEST(test_rules_kept_nodes_and_modes_are_part_of_a_plan),
        GRAPH_TEST(test_rules_trim_gives_memory_back),
        GRAPH_TEST(test_rules_zero_handles_join_the_error_of_an_operand),
        GRAPH_TEST(test_rules_handles_of_destroyed_graphs_stay_dead),
        GRAPH_TEST(test_rules_tensors_are_not_promoted_and_numbers_follow),
        GRAPH_TEST(test_rules_a_shared_model_reads_the_same_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
