/* Graphs: values, gradients, epochs, versions.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph_fixture.h"

#include <math.h>

static void test_graph_differentiates_by_hand(void **state)
{
    fixture *f = *state;
    wg_node x = scalar_variable(f, -2);
    wg_node y = scalar_variable(f, 5);
    wg_node z = scalar_variable(f, -4);
    wg_node loss = wg_mul(wg_add(x, y), z);
    assert_int_equal(wg_backward(loss), WG_OK);
    assert_near(wg_item(loss), -12, 0);
    assert_near(gradient_at(x, 0), -4, 0);
    assert_near(gradient_at(y, 0), -4, 0);
    assert_near(gradient_at(z, 0), 3, 0);
}

static void test_graph_adds_what_reuse_contributes(void **state)
{
    fixture *f = *state;
    wg_node x = scalar_variable(f, 3);
    wg_node loss = wg_add(wg_mul(x, x), x);
    assert_int_equal(wg_backward(loss), WG_OK);
    assert_near(gradient_at(x, 0), 7, 0);
}

static void test_graph_backward_twice_adds_twice(void **state)
{
    fixture *f = *state;
    wg_node x = scalar_variable(f, 3);
    wg_node loss = wg_square(x);
    assert_int_equal(wg_backward(loss), WG_OK);
    assert_int_equal(wg_backward(loss), WG_OK);
    assert_near(gradient_at(x, 0), 12, 0);
    assert_int_equal(wg_backward(loss), WG_OK);
    assert_near(gradient_at(x, 0), 18, 0);
}

static void test_graph_gives_the_leaf_itself_one(void **state)
{
    fixture *f = *state;
    wg_node x = scalar_variable(f, 3);
    assert_int_equal(wg_backward(x), WG_OK);
    assert_near(gradient_at(x, 0), 1, 0);
}

static void test_graph_shares_one_gradient_between_leaves(void **state)
{
    fixture *f = *state;
    wg_node x = scalar_variable(f, 3);
    wg_node y = scalar_variable(f, 4);
    assert_int_equal(wg_backward(wg_add(x, y)), WG_OK);
    assert_near(gradient_at(x, 0), 1, 0);
    assert_near(gradient_at(y, 0), 1, 0);
}

static void test_graph_gives_zeros_where_no_rule_contributes(void **state)
{
    fixture *f = *state;
    wg_node x = scalar_variable(f, 3);
    assert_int_equal(wg_backward(wg_heaviside(x, 1)), WG_OK);
    assert_near(gradient_at(x, 0), 0, 0);
}

static void test_graph_grad_goes_to_any_order(void **state)
{
    fixture *f = *state;
    wg_node x = scalar_variable(f, 2);
    wg_node y = wg_mul(wg_square(x), wg_square(x));
    double factorial[] = {32, 48, 48, 24, 0};
    for (size_t k = 0; k < 5; k++) {
        wg_node dy;
        assert_int_equal(wg_grad(y, &x, 1, &dy), WG_OK);
        assert_near(wg_item(dy), factorial[k], 1e-9);
        y = dy;
    }
}

static void test_graph_grad_of_an_inner_node(void **state)
{
    fixture *f = *state;
    wg_node x = scalar_variable(f, 2);
    wg_node h = wg_square(x);
    wg_node y = wg_mul(h, h);
    wg_node other = scalar_variable(f, 1);
    wg_node xs[] = {h, x, other, y};
    wg_node out[4];
    assert_int_equal(wg_grad(y, xs, 4, out), WG_OK);
    assert_near(wg_item(out[0]), 8, 0);
    assert_near(wg_item(out[1]), 32, 0);
    assert_near(wg_item(out[2]), 0, 0);
    assert_near(wg_item(out[3]), 1, 0);
}

static void test_graph_backward_leaves_the_list_alone(void **state)
{
    fixture *f = *state;
    wg_node x = scalar_variable(f, 2);
    wg_node loss = wg_square(wg_tanh(x));
    uint32_t before = wg_graph_count(f->g);
    assert_int_equal(wg_backward(loss), WG_OK);
    assert_int_equal(wg_graph_count(f->g), before);
}

static void test_graph_reshapes_pass_values_and_gradients(void **state)
{
    fixture *f = *state;
    double v[] = {1, 2, 3, 4, 5, 6};
    wg_node x = vector_variable(f, 6, v);
    wg_node m = wg_reshape(x, 2, (int64_t[]){2, 3});
    wg_node back = wg_reshape(m, 1, (int64_t[]){6});
    wg_node loss = wg_sum_all(wg_square(back));
    assert_int_equal(wg_backward(loss), WG_OK);
    const wg_tensor *t = wg_value(m);
    assert_non_null(t);
    assert_int_equal(wg_tensor_rank(t), 2);
    for (int64_t i = 0; i < 6; i++) {
        assert_near(wg_tensor_get(t, i), v[i], 0);
        assert_near(gradient_at(x, i), 2 * v[i], 0);
    }
}

static void test_graph_keeps_roots(void **state)
{
    fixture *f = *state;
    wg_node x = scalar_variable(f, 2);
    wg_node h = wg_exp(x);
    wg_node loss = wg_square(h);
    assert_int_equal(wg_keep(h), WG_OK);
    assert_int_equal(wg_backward(loss), WG_OK);
    uint64_t runs = stats_of(f).runs;
    assert_near(wg_item(h), exp(2), 1e-15);
    assert_near(wg_item(loss), exp(4), 1e-13);
    assert_int_equal(stats_of(f).runs, runs);
}

static void test_graph_refuses_data_that_changed(void **state)
{
    fixture *f = *state;
    double v = 2;
    wg_tensor *t = tensor_of(f, 0, NULL, &v);
    wg_node x = wg_name(wg_variable(f->g, t), "x");
    wg_node y = wg_square(x);
    wg_node z = wg_exp(x);
    assert_near(wg_item(y), 4, 0);
    assert_int_equal(wg_tensor_set(t, 0, 3), WG_OK);
    assert_near(wg_item(y), 4, 0);
    assert_true(isnan(wg_item(z)));
    assert_non_null(strstr(wg_graph_error(f->g), "'x' changed since it was recorded"));
    assert_int_equal(wg_graph_status(f->g), WG_OK);
    assert_int_equal(wg_graph_refresh(f->g), WG_OK);
    assert_near(wg_item(y), 9, 0);
    wg_tensor_destroy(t);
}

static void test_graph_sees_values_from_before_a_reset(void **state)
{
    fixture *f = *state;
    const wg_tensor *t = wg_value(wg_square(scalar_variable(f, 2)));
    assert_non_null(t);
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    wg_node n = wg_input(f->g, (wg_tensor *)(uintptr_t)t);
    assert_false(wg_is_valid(n));
    assert_int_equal(wg_graph_status(f->g), WG_ERR_STALE);
}

static void test_graph_tells_handles_apart(void **state)
{
    fixture *f = *state;
    wg_graph *other;
    assert_int_equal(wg_graph_create(f->ctx, &other), WG_OK);
    wg_node x = scalar_variable(f, 2);
    wg_node foreign = wg_number(other, WG_F64, 1);
    assert_false(wg_is_valid(wg_add(x, foreign)));
    assert_int_equal(wg_graph_status(f->g), WG_ERR_HANDLE);
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    wg_node y = scalar_variable(f, 2);
    assert_false(wg_is_valid(wg_add(y, x)));
    assert_int_equal(wg_graph_status(f->g), WG_ERR_STALE);
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    y = scalar_variable(f, 2);
    assert_false(wg_is_valid(wg_add(y, (wg_node){NULL, 0, 0})));
    assert_int_equal(wg_graph_status(f->g), WG_ERR_HANDLE);
    wg_graph_destroy(other);
    assert_false(wg_is_valid(foreign));
    assert_false(wg_is_valid(wg_neg(foreign)));
    assert_int_equal(wg_backward(foreign), WG_ERR_STALE);
}

static void test_graph_first_error_sticks(void **state)
{
    fixture *f = *state;
    wg_node x = wg_name(vector_variable(f, 3, (double[]){1, 2, 3}), "x");
    wg_node y = wg_name(vector_variable(f, 4, (double[]){1, 2, 3, 4}), "y");
    wg_node bad = wg_name(wg_add(x, y), "sum");
    wg_node after = wg_relu(wg_mul(bad, x));
    assert_false(wg_is_valid(after));
    assert_int_equal(wg_backward(after), WG_ERR_SHAPE);
    assert_non_null(strstr(wg_graph_error(f->g), "add 'sum': "));
    assert_non_null(strstr(wg_graph_error(f->g), "'x'"));
    assert_non_null(strstr(wg_graph_error(f->g), "test_graph.c:"));
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    assert_string_equal(wg_graph_error(f->g), "");
}

static void test_graph_evaluation_wants_no_gradient(void **state)
{
    fixture *f = *state;
    assert_int_equal(wg_graph_set_training(f->g, false), WG_OK);
    wg_node x = scalar_variable(f, 2);
    wg_node y = wg_square(x);
    assert_int_equal(wg_backward(y), WG_ERR_GRADIENT);
    assert_near(wg_item(y), 4, 0);
    wg_node same = wg_dropout(x, 0.5);
    assert_int_equal(same.index, x.index);
}

static void test_graph_stop_gradient_stops(void **state)
{
    fixture *f = *state;
    wg_node x = scalar_variable(f, 3);
    wg_node loss = wg_mul(x, wg_stop_gradient(wg_square(x)));
    assert_int_equal(wg_backward(loss), WG_OK);
    assert_near(gradient_at(x, 0), 9, 0);
}

static void test_graph_backward_says_what_it_needs(void **state)
{
    fixture *f = *state;
    wg_node x = vector_variable(f, 3, (double[]){1, 2, 3});
    assert_int_equal(wg_backward(wg_square(x)), WG_ERR_SHAPE);
    assert_non_null(strstr(wg_graph_error(f->g), "hint: wg_sum"));
    assert_int_equal(wg_backward(wg_number(f->g, WG_F64, 1)), WG_ERR_GRADIENT);
    assert_int_equal(wg_backward(wg_number(f->g, WG_I64, 1)), WG_ERR_DTYPE);
    assert_int_equal(wg_graph_status(f->g), WG_OK);
}

static void test_graph_run_errors_do_not_stick(void **state)
{
    fixture *f = *state;
    int64_t index = 7;
    wg_node x = vector_variable(f, 3, (double[]){1, 2, 3});
    wg_node i = wg_constant(f->g, WG_I64, 0, NULL, &index);
    wg_node y = wg_sum_all(wg_gather(x, i, 0));
    assert_int_equal(wg_backward(y), WG_ERR_RANGE);
    assert_non_null(strstr(wg_graph_error(f->g), "gather"));
    assert_null(wg_gradient(x));
    assert_int_equal(wg_graph_status(f->g), WG_OK);
    assert_int_equal(wg_backward(wg_sum_all(x)), WG_OK);
    assert_near(gradient_at(x, 2), 1, 0);
}

static void test_graph_assigns_once(void **state)
{
    fixture *f = *state;
    wg_model *m;
    wg_param *p;
    assert_int_equal(wg_model_create(f->ctx, &m), WG_OK);
    assert_int_equal(wg_param_create(m, "p", WG_F64, 0, NULL, NULL, &p), WG_OK);
    wg_node x = scalar_variable(f, 3);
    wg_node next = wg_add(wg_use(f->g, p), wg_number(f->g, WG_F64, 1));
    assert_int_equal(wg_assign(p, next), WG_OK);
    assert_near(wg_item(next), 1, 0);
    assert_near(wg_tensor_get(wg_param_value(p), 0), 0, 0);
    assert_int_equal(wg_backward(wg_square(x)), WG_OK);
    assert_near(wg_tensor_get(wg_param_value(p), 0), 1, 0);
    assert_int_equal(wg_backward(wg_exp(x)), WG_OK);
    assert_near(wg_tensor_get(wg_param_value(p), 0), 1, 0);
    assert_int_equal(wg_graph_refresh(f->g), WG_OK);
    assert_int_equal(wg_run(&x, 1), WG_OK);
    assert_near(wg_tensor_get(wg_param_value(p), 0), 2, 0);
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    wg_model_destroy(m);
}

static void test_graph_uses_a_parameter_once(void **state)
{
    fixture *f = *state;
    wg_model *m;
    wg_param *p[40];
    wg_node n[40];
    assert_int_equal(wg_model_create(f->ctx, &m), WG_OK);
    for (int i = 0; i < 40; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%d", i);
        assert_int_equal(wg_param_create(m, name, WG_F64, 0, NULL, NULL, &p[i]), WG_OK);
        n[i] = wg_use(f->g, p[i]);
    }
    for (int i = 0; i < 40; i++) {
        assert_int_equal(wg_use(f->g, p[i]).index, n[i].index);
    }
    assert_int_equal(wg_graph_count(f->g), 40);
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    wg_model_destroy(m);
}

static void test_graph_shadow_touches_nothing(void **state)
{
    fixture *f = *state;
    float v[] = {1, 2, 3};
    wg_tensor *t;
    assert_int_equal(wg_tensor_from(f->ctx, WG_F32, 1, (int64_t[]){3}, WG_F32, v, &t), WG_OK);
    wg_node x = wg_variable(f->g, t);
    wg_node u = wg_uniform(f->g, WG_F32, 1, (int64_t[]){3}, 0, 1);
    wg_node loss = wg_sum_all(wg_mul(wg_exp(x), u));
    wg_shadow *s;
    assert_int_equal(wg_shadow_create(f->g, WG_F32, WG_F64, &s), WG_OK);
    wg_node own = wg_shadow_node(s, loss);
    assert_int_equal(wg_node_dtype(own), WG_F64);
    assert_int_equal(wg_backward(own), WG_OK);
    assert_near(wg_item(own), wg_item(loss), 1e-5);
    assert_null(wg_gradient(x));
    const wg_tensor *drawn = wg_value(wg_shadow_node(s, u));
    for (int64_t i = 0; i < 3; i++) {
        assert_near(wg_tensor_get(drawn, i), wg_tensor_get(wg_value(u), i), 0);
    }
    assert_int_equal(wg_tensor_set(wg_shadow_leaf(s, x), 0, 5), WG_OK);
    assert_near(wg_tensor_get(t, 0), 1, 0);
    wg_shadow_destroy(s);
    wg_tensor_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GRAPH_TEST(test_graph_differentiates_by_hand),
        GRAPH_TEST(test_graph_adds_what_reuse_contributes),
        GRAPH_TEST(test_graph_backward_twice_adds_twice),
        GRAPH_TEST(test_graph_gives_the_leaf_itself_one),
        GRAPH_TEST(test_graph_shares_one_gradient_between_leaves),
        GRAPH_TEST(test_graph_gives_zeros_where_no_rule_contributes),
        GRAPH_TEST(test_graph_grad_goes_to_any_order),
        GRAPH_TEST(test_graph_grad_of_an_inner_node),
        GRAPH_TEST(test_graph_backward_leaves_the_list_alone),
        GRAPH_TEST(test_graph_reshapes_pass_values_and_gradients),
        GRAPH_TEST(test_graph_keeps_roots),
        GRAPH_TEST(test_graph_refuses_data_that_changed),
        GRAPH_TEST(test_graph_sees_values_from_before_a_reset),
        GRAPH_TEST(test_graph_tells_handles_apart),
        GRAPH_TEST(test_graph_first_error_sticks),
        GRAPH_TEST(test_graph_evaluation_wants_no_gradient),
        GRAPH_TEST(test_graph_stop_gradient_stops),
        GRAPH_TEST(test_graph_backward_says_what_it_needs),
        GRAPH_TEST(test_graph_run_errors_do_not_stick),
        GRAPH_TEST(test_graph_assigns_once),
        GRAPH_TEST(test_graph_uses_a_parameter_once),
        GRAPH_TEST(test_graph_shadow_touches_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
