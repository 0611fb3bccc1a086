/* Groups: which ops run together, and that memory is shared where and only where it may be.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Groups are evaluated member by member here, so that what is tested is the planner alone. */
#include "graph_fixture.h"

#include "support/stepwise.h"

enum {
    ROWS = 300,
    COLUMNS = 40, /* large enough that groups form by who reads whom alone */
    COUNT = ROWS * COLUMNS
};

static int stepwise_open(void **state)
{
    const int result = fixture_open(state);
    wgt_stepwise_add(((fixture *)*state)->ctx);
    return result;
}

#define STEPWISE_TEST(name) cmocka_unit_test_setup_teardown(name, stepwise_open, fixture_close)

static double element(int64_t i)
{
    return (double)(i % 17) / 8 - 1;
}

static wg_tensor *tensor_like(fixture *f, int32_t rank, const int64_t *dims)
{
    wg_tensor *t;
    assert_int_equal(wg_tensor_create(f->ctx, WG_F64, rank, dims, &t), WG_OK);
    double *data = wg_tensor_data_mutable(t);
    for (int64_t i = 0; i < wg_tensor_count(t); i++) {
        data[i] = element(i);
    }
    return t;
}

/* A leaf of ROWS x COLUMNS; one of COLUMNS. */
static wg_node matrix(fixture *f, bool is_variable)
{
    wg_tensor *t = tensor_like(f, 2, (int64_t[]){ROWS, COLUMNS});
    wg_node n = is_variable ? wg_variable(f->g, t) : wg_input(f->g, t);
    wg_tensor_destroy(t);
    return n;
}

static wg_node row(fixture *f)
{
    wg_tensor *t = tensor_like(f, 1, (int64_t[]){COLUMNS});
    wg_node n = wg_variable(f->g, t);
    wg_tensor_destroy(t);
    return n;
}

static wg_plan_need need_of(const wg_node *nodes, size_t n, wg_plan_kind kind)
{
    wg_plan_need need;
    assert_int_equal(wg_plan_memory(nodes, n, kind, &need), WG_OK);
    return need;
}

static void test_groups_are_whole_chains(void **state)
{
    fixture *f = *state;
    wg_node x = matrix(f, false);
    wg_node y = wg_tanh(wg_add(wg_mul(x, x), row(f)));
    wg_plan_need need = need_of(&y, 1, WG_PLAN_RUN);
    assert_int_equal(need.steps, 1);
    assert_int_equal(need.ops, 3);
    assert_int_equal(need.workspace_bytes - need.scratch_bytes, 0);
    assert_near(wg_tensor_get(wg_value(y), 5), tanh(element(5) * element(5) + element(5)), 1e-15);
}

/* The sum ends the group of its operand, which others read too. */
static void test_groups_end_in_reductions(void **state)
{
    fixture *f = *state;
    wg_node y = wg_exp(matrix(f, false));
    wg_node both[] = {wg_sum(y, (int32_t[]){0}, 1, false), y};
    assert_int_equal(need_of(both, 2, WG_PLAN_RUN).steps, 1);
    double sum = 0;
    for (int64_t i = 0; i < ROWS; i++) {
        sum += exp(element(i * COLUMNS + 3));
    }
    assert_near(wg_tensor_get(wg_value(both[0]), 3), sum, 1e-10);
    assert_near(wg_tensor_get(wg_value(y), 3), exp(element(3)), 1e-15);
}

/* What a matmul reads must be there before it, and what reads it comes after. */
static void test_groups_stand_around_matmuls(void **state)
{
    fixture *f = *state;
    wg_node x = matrix(f, true);
    wg_node h = wg_tanh(wg_neg(x));
    wg_node s = wg_square(h);
    wg_node by_x = wg_matmul(h, wg_transpose(x));
    wg_node y = wg_add(by_x, wg_matmul(s, wg_transpose(h)));
    wg_plan_need need = need_of(&y, 1, WG_PLAN_RUN);
    assert_int_equal(need.steps, 4);
    assert_int_equal(need.ops, 6);
    double sum = 0;
    for (int64_t k = 0; k < COLUMNS; k++) {
        double h0 = tanh(-element(k));
        double h1 = tanh(-element(COLUMNS + k));
        sum += h0 * element(COLUMNS + k) + h0 * h0 * h1;
    }
    assert_near(wg_tensor_get(wg_value(y), 1), sum, 1e-12);
}

/* relu's mask is made where the gradient wants it, beside its sum; a layer is as many steps as its
 * products and two. */
static void test_groups_of_a_layer(void **state)
{
    fixture *f = *state;
    wg_node x = matrix(f, false);
    wg_tensor *t = tensor_like(f, 2, (int64_t[]){COLUMNS, COLUMNS});
    wg_node w = wg_variable(f->g, t);
    wg_node h = wg_relu(wg_add(wg_matmul(x, w), row(f)));
    wg_node loss = wg_mean_all(wg_matmul(h, w));
    wg_plan_need need = need_of(&loss, 1, WG_PLAN_BACKWARD);
    wg_tensor_destroy(t);
    assert_true(need.ops >= 13);
    assert_true(need.steps <= 11);
    assert_int_equal(wg_backward(loss), WG_OK);
}

/* Small ones run together although nothing joins them but their shape. */
static void test_groups_take_small_strangers(void **state)
{
    fixture *f = *state;
    wg_node ends[8];
    for (int i = 0; i < 8; i++) {
        ends[i] = wg_exp(scalar_variable(f, i));
    }
    assert_int_equal(need_of(ends, 8, WG_PLAN_RUN).steps, 1);
    assert_int_equal(wg_run(ends, 8), WG_OK);
    for (int i = 0; i < 8; i++) {
        assert_near(wg_item(ends[i]), exp(i), 1e-12 * exp(i));
    }
}

/* The reshaped value is read through memory, by a member of a group that is not its own. */
static void test_groups_read_aliases_after_they_are_made(void **state)
{
    fixture *f = *state;
    wg_node x = scalar_variable(f, 0.5);
    wg_node y = wg_exp(x);
    wg_node z = wg_mul(wg_reshape(y, 2, (int64_t[]){1, 1}), y);
    assert_true(need_of(&z, 1, WG_PLAN_RUN).steps >= 2);
    assert_near(wg_item(z), exp(1), 1e-15);
    wg_node m = wg_neg(matrix(f, false));
    wg_node n = wg_add(wg_exp(wg_reshape(m, 2, (int64_t[]){COLUMNS, ROWS})),
                       wg_reshape(m, 2, (int64_t[]){COLUMNS, ROWS}));
    assert_near(wg_tensor_get(wg_value(n), 7), exp(-element(7)) - element(7), 1e-15);
}

static void test_merging_computes_equal_ops_once(void **state)
{
    fixture *f = *state;
    wg_node x = matrix(f, false);
    wg_node y = wg_add(wg_exp(x), wg_mul(wg_exp(x), wg_tanh(wg_exp(x))));
    assert_int_equal(need_of(&y, 1, WG_PLAN_RUN).ops, 4);
    wg_node twins[] = {wg_exp(x), wg_exp(x)};
    assert_int_equal(wg_run(twins, 2), WG_OK);
    assert_ptr_not_equal(wg_value(twins[0]), wg_value(twins[1]));
    assert_near(wg_tensor_get(wg_value(twins[0]), 2), wg_tensor_get(wg_value(twins[1]), 2), 0);
}

/* Numbers may change by themselves, and draws are never the same. */
static void test_merging_leaves_numbers_and_draws(void **state)
{
    fixture *f = *state;
    wg_node x = scalar_variable(f, 3);
    wg_node a = wg_scale(x, 2);
    wg_node b = wg_scale(x, 2);
    wg_node sum = wg_add(a, b);
    assert_near(wg_item(sum), 12, 0);
    assert_int_equal(wg_number_set(b, 0, 5), WG_OK);
    assert_int_equal(wg_graph_refresh(f->g), WG_OK);
    assert_near(wg_item(sum), 21, 0);
    wg_node u = wg_uniform(f->g, WG_F64, 0, NULL, 0, 1);
    wg_node v = wg_uniform(f->g, WG_F64, 0, NULL, 0, 1);
    assert_true(wg_item(wg_sub(u, v)) != 0);
}

/* A chain broken into steps, each over its only operand, needs one buffer. */
static void test_results_are_written_over_dead_operands(void **state)
{
    for (int is_without = 0; is_without < 2; is_without++) {
        const uint32_t without = WG_PASS_FUSION | (is_without ? WG_PASS_IN_PLACE : 0);
        wg_config config = {.size = sizeof config, .without_passes = without};
        fixture f = {.ctx = NULL};
        (void)state;
        assert_int_equal(wg_context_create(&config, &f.ctx), WG_OK);
        assert_int_equal(wg_graph_create(f.ctx, &f.g), WG_OK);
        wg_node x = matrix(&f, false);
        wg_node y = wg_neg(wg_add(wg_square(wg_neg(wg_square(x))), x));
        wg_plan_need need = need_of(&y, 1, WG_PLAN_RUN);
        const uint64_t buffers = (need.workspace_bytes - need.scratch_bytes) / (8 * COUNT);
        assert_int_equal(buffers, is_without ? 2 : 1);
        assert_near(wg_tensor_get(wg_value(y), 4), -(pow(element(4), 4) + element(4)), 1e-15);
        wg_graph_destroy(f.g);
        wg_context_destroy(f.ctx);
    }
}

/* An operand that is read again, or that is read as well through an alias, is left alone. */
static void test_results_spare_operands_that_live_on(void **state)
{
    fixture *f = *state;
    wg_node x = matrix(f, false);
    wg_node a = wg_exp(x);
    wg_node s = wg_sum(a, (int32_t[]){0}, 1, false);
    wg_node b = wg_neg(wg_matmul(wg_transpose(a), a));
    wg_node c = wg_add(wg_sub(a, s), wg_reshape(wg_transpose(a), 2, (int64_t[]){ROWS, COLUMNS}));
    wg_node all[] = {b, c};
    assert_int_equal(wg_run(all, 2), WG_OK);
    double sum = 0;
    for (int64_t i = 0; i < ROWS; i++) {
        sum += exp(element(i * COLUMNS + 2));
    }
    const double moved = exp(element(2 * COLUMNS));
    assert_near(wg_tensor_get(wg_value(c), 2), exp(element(2)) - sum + moved, 1e-10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STEPWISE_TEST(test_groups_are_whole_chains),
        STEPWISE_TEST(test_groups_end_in_reductions),
        STEPWISE_TEST(test_groups_stand_around_matmuls),
        STEPWISE_TEST(test_groups_of_a_layer),
        STEPWISE_TEST(test_groups_take_small_strangers),
        STEPWISE_TEST(test_groups_read_aliases_after_they_are_made),
        STEPWISE_TEST(test_merging_computes_equal_ops_once),
        STEPWISE_TEST(test_merging_leaves_numbers_and_draws),
        cmocka_unit_test(test_results_are_written_over_dead_operands),
        STEPWISE_TEST(test_results_spare_operands_that_live_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
