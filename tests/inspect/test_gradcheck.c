/* Gradient checks of graphs.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <wengert/wengert.h>

#include "support/allocator.h"
#include "support/sink.h"

typedef struct fixture {
    wgt_allocator counter;
    wg_context *ctx;
    wg_graph *g;
    wg_model *m;
    wg_linear l1;
    wg_linear l2;
} fixture;

static int open_fixture(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    wgt_allocator_start(&f->counter);
    wg_allocator hooks = wgt_allocator_hooks(&f->counter);
    wg_config config = {.size = sizeof config, .allocator = &hooks, .seed = 3};
    assert_int_equal(wg_context_create(&config, &f->ctx), WG_OK);
    assert_int_equal(wg_graph_create(f->ctx, &f->g), WG_OK);
    assert_int_equal(wg_model_create(f->ctx, &f->m), WG_OK);
    assert_int_equal(wg_linear_create(f->m, "l1", 3, 5, NULL, &f->l1), WG_OK);
    assert_int_equal(wg_linear_create(f->m, "l2", 5, 4, NULL, &f->l2), WG_OK);
    *state = f;
    return 0;
}

static int close_fixture(void **state)
{
    fixture *f = *state;
    wg_graph_destroy(f->g);
    wg_model_destroy(f->m);
    wg_context_destroy(f->ctx);
    int result = wgt_allocator_is_clean(&f->counter) ? 0 : -1;
    wgt_allocator_finish(&f->counter);
    free(f);
    return result;
}

static wg_node features(fixture *f)
{
    float x[18];
    for (int i = 0; i < 18; i++) {
        x[i] = (float)sin(i * 1.7);
    }
    return wg_constant(f->g, WG_F32, 2, (int64_t[]){6, 3}, x);
}

static wg_node network(fixture *f)
{
    int64_t labels[] = {0, 1, 2, 3, 1, 2};
    wg_node h = wg_dropout(wg_tanh(wg_linear_apply(&f->l1, features(f))), 0.25);
    wg_node y = wg_constant(f->g, WG_I64, 1, (int64_t[]){6}, labels);
    return wg_cross_entropy(wg_linear_apply(&f->l2, h), y);
}

static void test_gradcheck_passes_a_right_network(void **state)
{
    fixture *f = *state;
    wg_gradcheck_report report;
    wg_node loss = network(f);
    uint32_t count = wg_graph_count(f->g);
    assert_int_equal(wg_gradcheck(loss, NULL, &report), WG_OK);
    assert_int_equal(report.check.verdict, WG_CHECK_RIGHT);
    assert_int_equal(report.check.counts.checked, 3 * 5 + 5 + 5 * 4 + 4);
    assert_int_equal(report.check.counts.right, report.check.counts.checked);
    assert_int_equal(report.n_tensors, 4);
    assert_true(report.f32_value < 1e-6);
    assert_true(report.f32_gradient < 1e-6);
    assert_null(report.kink_op);
    assert_int_equal(wg_graph_count(f->g), count);
    assert_null(wg_param_gradient(f->l1.weight));
}

/* Directions go forward node by node: they must agree where nothing is wrong, and at 1e-9. */
static void test_gradcheck_tests_directions(void **state)
{
    fixture *f = *state;
    wg_gradcheck_report report;
    wg_gradcheck_options o = {.size = sizeof o, .elements = 2, .directions = 8, .seed = 5};
    assert_int_equal(wg_gradcheck(network(f), &o, &report), WG_OK);
    assert_int_equal(report.check.verdict, WG_CHECK_RIGHT);
    assert_int_equal(report.check.directions.checked, 8);
    assert_int_equal(report.check.directions.right, 8);
    assert_int_equal(report.check.counts.checked, 8);
}

/* Deep sigmoids leave gradients below what differences can see; carried derivatives settle them. */
static void test_gradcheck_settles_tiny_gradients(void **state)
{
    fixture *f = *state;
    wg_node h = wg_linear_apply(&f->l1, features(f));
    for (int i = 0; i < 24; i++) {
        h = wg_scale(wg_sigmoid(h), 0.3);
    }
    wg_gradcheck_report report;
    assert_int_equal(wg_gradcheck(wg_mean_all(h), NULL, &report), WG_OK);
    assert_int_equal(report.check.verdict, WG_CHECK_RIGHT);
    assert_int_equal(report.check.counts.undecidable, 0);
}

static void test_gradcheck_names_the_kink(void **state)
{
    fixture *f = *state;
    wg_tensor *t;
    float x[200] = {0};
    for (int i = 1; i < 200; i++) {
        x[i] = (float)(i % 2 ? i : -i);
    }
    assert_int_equal(wg_tensor_from(f->ctx, WG_F32, 1, (int64_t[]){200}, WG_F32, x, &t), WG_OK);
    wg_node n = wg_name(wg_variable(f->g, t), "x");
    wg_gradcheck_report report;
    assert_int_equal(wg_gradcheck(wg_sum_all(wg_relu(n)), NULL, &report), WG_OK);
    assert_int_equal(report.check.verdict, WG_CHECK_RIGHT);
    assert_int_equal(report.check.counts.non_smooth, 1);
    assert_string_equal(report.kink_op, "relu");
    assert_int_equal(report.check.kinks[0].index, 0);
    wgt_sink sink;
    wgt_sink_start(&sink);
    wg_writer writer = wgt_sink_writer(&sink);
    assert_int_equal(wg_gradcheck_write(&report, &writer), WG_OK);
    assert_non_null(strstr(wgt_sink_text(&sink), "sits on a kink of relu"));
    wgt_sink_finish(&sink);
    wg_tensor_destroy(t);
}

/* A kink closer than any step, behind an op that nothing else moves: nobody can tell, and that is
 * not wrong. */
static void test_gradcheck_does_not_cry_wrong_at_a_near_kink(void **state)
{
    fixture *f = *state;
    const int64_t dims[] = {3};
    const double a[] = {0.5, 1.0, -2.0};
    const double b[] = {0.7, 1.00001055, 1.0};
    const wg_gradcheck_options options = {.size = sizeof options, .elements = 2};
    wg_tensor *t = NULL;
    wg_gradcheck_report report;
    assert_int_equal(wg_tensor_from(f->ctx, WG_F64, 1, dims, WG_F64, b, &t), WG_OK);
    const wg_node y = wg_maximum(wg_constant(f->g, WG_F64, 1, dims, a), wg_variable(f->g, t));
    const wg_node loss = wg_scale(wg_mean_all(y), 0.25);
    assert_int_equal(wg_gradcheck(loss, &options, &report), WG_OK);
    assert_int_equal(report.check.verdict, WG_CHECK_UNDECIDABLE);
    assert_int_equal(report.check.directions.wrong, 0);
    wg_tensor_destroy(t);
}

/* Differences may leave the domain of an op on the way: that is no error. */
static void test_gradcheck_stays_whole_outside_a_domain(void **state)
{
    fixture *f = *state;
    const int64_t dims[] = {2};
    const double p[] = {0.9999999, 0.25};
    const double beyond[] = {1.5, 0.25};
    wg_gradcheck_report report;
    for (int i = 0; i < 2; i++) {
        wg_tensor *t = NULL;
        assert_int_equal(wg_graph_reset(f->g), WG_OK);
        assert_int_equal(wg_tensor_from(f->ctx, WG_F64, 1, dims, WG_F64, i == 0 ? p : beyond, &t),
                         WG_OK);
        const wg_node x = wg_variable(f->g, t);
        const wg_node loss = wg_sum_all(wg_mul(x, wg_bernoulli_of(x)));
        assert_int_equal(wg_gradcheck(loss, NULL, &report), i == 0 ? WG_OK : WG_ERR_RANGE);
        assert_int_not_equal(report.check.verdict, WG_CHECK_WRONG);
        wg_tensor_destroy(t);
    }
}

static void test_gradcheck_refuses_what_is_no_loss(void **state)
{
    fixture *f = *state;
    wg_gradcheck_report report;
    wg_node x = features(f);
    assert_int_equal(wg_gradcheck(x, NULL, &report), WG_ERR_SHAPE);
    assert_int_equal(wg_gradcheck(wg_sum_all(x), NULL, &report), WG_ERR_GRADIENT);
    assert_int_equal(wg_gradcheck(wg_number(f->g, WG_I64, 1), NULL, &report), WG_ERR_DTYPE);
    assert_int_equal(wg_gradcheck((wg_node){NULL, 0, 0}, NULL, &report), WG_ERR_HANDLE);
    assert_int_equal(wg_gradcheck(x, NULL, NULL), WG_ERR_ARGUMENT);
    wg_gradcheck_options o = {.size = 1};
    assert_int_equal(wg_gradcheck(network(f), &o, &report), WG_ERR_ARGUMENT);
}

static wg_tensor *gradient_copy(fixture *f, const wg_param *p, double factor)
{
    const wg_tensor *g = wg_param_gradient(p);
    wg_tensor *t;
    assert_non_null(g);
    assert_int_equal(wg_tensor_create(f->ctx, WG_F32, wg_tensor_rank(g), wg_tensor_dims(g), &t),
                     WG_OK);
    for (int64_t i = 0; i < wg_tensor_count(g); i++) {
        assert_int_equal(wg_tensor_set(t, i, factor * wg_tensor_get(g, i)), WG_OK);
    }
    return t;
}

static void test_compare_gradient_diagnoses(void **state)
{
    fixture *f = *state;
    wg_node loss = network(f);
    assert_int_equal(wg_backward(loss), WG_OK);
    const double factors[] = {1, -1, 2, 6};
    const wg_check_diagnosis want[] = {WG_CHECK_NO_DIAGNOSIS, WG_CHECK_SIGN, WG_CHECK_FACTOR,
                                       WG_CHECK_SUM_FOR_MEAN};
    for (size_t k = 0; k < 4; k++) {
        wg_tensor *mine = gradient_copy(f, f->l2.weight, factors[k]);
        wg_check_report report;
        assert_int_equal(wg_compare_gradient(loss, f->l2.weight, mine, &report), WG_OK);
        assert_int_equal(report.verdict, k == 0 ? WG_CHECK_RIGHT : WG_CHECK_WRONG);
        assert_int_equal(report.finding.diagnosis, want[k]);
        wg_tensor_destroy(mine);
    }
}

static void test_compare_gradient_refuses(void **state)
{
    fixture *f = *state;
    wg_check_report report;
    wg_param *other;
    wg_node loss = network(f);
    assert_int_equal(wg_backward(loss), WG_OK);
    wg_tensor *mine = gradient_copy(f, f->l2.weight, 1);
    assert_int_equal(wg_param_create(f->m, "other", WG_F32, 0, NULL, NULL, &other), WG_OK);
    assert_int_equal(wg_compare_gradient(loss, other, mine, &report), WG_ERR_ARGUMENT);
    assert_int_equal(wg_compare_gradient(loss, f->l1.weight, mine, &report), WG_ERR_SHAPE);
    assert_int_equal(wg_compare_gradient(loss, NULL, mine, &report), WG_ERR_ARGUMENT);
    assert_int_equal(wg_compare_gradient(loss, f->l1.weight, NULL, &report), WG_ERR_ARGUMENT);
    wg_tensor_destroy(mine);
}

/* Every allocation fails once; the check says so, leaks nothing, and works afterwards. */
static void test_gradcheck_survives_failing_memory(void **state)
{
    fixture *f = *state;
    wg_gradcheck_report report;
    wg_gradcheck_options o = {.size = sizeof o, .elements = 1, .directions = 1};
    wg_node loss = network(f);
    wg_status status = WG_ERR_MEMORY;
    size_t k = 0;
    while (status != WG_OK && k < 5000) {
        wgt_allocator_fail(&f->counter, ++k, false);
        status = wg_gradcheck(loss, &o, &report);
        assert_true(status == WG_OK || status == WG_ERR_MEMORY);
        wgt_allocator_fail(&f->counter, 0, false);
    }
    assert_int_equal(status, WG_OK);
    assert_int_equal(report.check.verdict, WG_CHECK_RIGHT);
    assert_true(k > 20);
}

#define CHECK_TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECK_TEST(test_gradcheck_passes_a_right_network),
        CHECK_TEST(test_gradcheck_tests_directions),
        CHECK_TEST(test_gradcheck_settles_tiny_gradients),
        CHECK_TEST(test_gradcheck_names_the_kink),
        CHECK_TEST(test_gradcheck_does_not_cry_wrong_at_a_near_kink),
        CHECK_TEST(test_gradcheck_stays_whole_outside_a_domain),
        CHECK_TEST(test_gradcheck_refuses_what_is_no_loss),
        CHECK_TEST(test_compare_gradient_diagnoses),
        CHECK_TEST(test_compare_gradient_refuses),
        CHECK_TEST(test_gradcheck_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
