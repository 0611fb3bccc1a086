/* Batch normalisation's running statistics: PyTorch's numbers, once a step, and never otherwise.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <math.h>

#include <wengert/wengert.h>

enum {
    N = 3,
    C = 2,
    L = 2
};

typedef struct fixture {
    wg_context *ctx;
    wg_graph *g;
    wg_model *m;
    wg_param *mean;
    wg_param *variance;
    wg_tensor *x;
} fixture;

static void open_fixture(fixture *f)
{
    const int64_t channels[1] = {C};
    const int64_t dims[3] = {N, C, L};
    assert_int_equal(wg_context_create(NULL, &f->ctx), WG_OK);
    assert_int_equal(wg_graph_create(f->ctx, &f->g), WG_OK);
    assert_int_equal(wg_model_create(f->ctx, &f->m), WG_OK);
    assert_int_equal(wg_param_create(f->m, "mean", WG_F64, 1, channels, NULL, &f->mean), WG_OK);
    assert_int_equal(wg_param_create(f->m, "var", WG_F64, 1, channels, NULL, &f->variance), WG_OK);
    assert_int_equal(wg_param_set_frozen(f->mean, true), WG_OK);
    assert_int_equal(wg_param_set_frozen(f->variance, true), WG_OK);
    for (int64_t i = 0; i < C; i++) {
        assert_int_equal(wg_tensor_set(wg_param_value(f->variance), i, 1), WG_OK);
    }
    assert_int_equal(wg_tensor_create(f->ctx, WG_F64, 3, dims, &f->x), WG_OK);
}

static void close_fixture(fixture *f)
{
    wg_tensor_destroy(f->x);
    wg_graph_destroy(f->g);
    wg_model_destroy(f->m);
    wg_context_destroy(f->ctx);
}

/* x[n, c, l] = (n + 1) (l + 1) + 10 c + step */
static void fill(fixture *f, int step)
{
    for (int64_t i = 0; i < (int64_t)N * C * L; i++) {
        const double v = (double)((i / (C * L) + 1) * (i % L + 1) + 10 * (i / L % C) + step);
        assert_int_equal(wg_tensor_set(f->x, i, v), WG_OK);
    }
}

static wg_node record(fixture *f)
{
    const wg_node none = {NULL, 0, 0};
    const wg_batch_norm_options options = {
        .size = sizeof options, .running_mean = f->mean, .running_var = f->variance};
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    return wg_batch_norm(wg_variable(f->g, f->x), none, none, &options);
}

static void expect(const fixture *f, double mean0, double mean1, double variance)
{
    assert_true(fabs(wg_tensor_get(wg_param_value(f->mean), 0) - mean0) < 1e-12);
    assert_true(fabs(wg_tensor_get(wg_param_value(f->mean), 1) - mean1) < 1e-12);
    assert_true(fabs(wg_tensor_get(wg_param_value(f->variance), 0) - variance) < 1e-12);
    assert_true(fabs(wg_tensor_get(wg_param_value(f->variance), 1) - variance) < 1e-12);
}

/* The batch 1 2 2 4 3 6 has mean 3 and sum of squares about it 16: unbiased variance 3.2. */
static void test_batch_norm_tracks_as_pytorch_does(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f);
    double mean[2] = {0, 0};
    double variance = 1;
    for (int step = 0; step < 3; step++) {
        fill(&f, step);
        const wg_node y = record(&f);
        assert_int_equal(wg_backward(wg_sum_all(wg_square(y))), WG_OK);
        mean[0] = 0.9 * mean[0] + 0.1 * (3 + step);
        mean[1] = 0.9 * mean[1] + 0.1 * (13 + step);
        variance = 0.9 * variance + 0.1 * 3.2;
        expect(&f, mean[0], mean[1], variance);
        /* A value that is asked for later changes nothing. */
        assert_non_null(wg_value(y));
        expect(&f, mean[0], mean[1], variance);
    }
    close_fixture(&f);
}

static void test_batch_norm_tracks_once_a_refresh(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f);
    fill(&f, 0);
    const wg_node y = record(&f);
    assert_int_equal(wg_run(&y, 1), WG_OK);
    expect(&f, 0.3, 1.3, 1.22);
    assert_int_equal(wg_graph_refresh(f.g), WG_OK);
    assert_int_equal(wg_run(&y, 1), WG_OK);
    expect(&f, 0.57, 2.47, 0.9 * 1.22 + 0.32);
    close_fixture(&f);
}

static void test_batch_norm_evaluates_by_what_it_tracked(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f);
    fill(&f, 0);
    assert_int_equal(wg_graph_set_training(f.g, false), WG_OK);
    for (int64_t i = 0; i < C; i++) {
        assert_int_equal(wg_tensor_set(wg_param_value(f.mean), i, 2), WG_OK);
        assert_int_equal(wg_tensor_set(wg_param_value(f.variance), i, 4), WG_OK);
    }
    const wg_tensor *value = wg_value(record(&f));
    assert_non_null(value);
    for (int64_t i = 0; i < wg_tensor_count(value); i++) {
        const double expected = (wg_tensor_get(f.x, i) - 2) / sqrt(4 + 1e-5);
        assert_true(fabs(wg_tensor_get(value, i) - expected) < 1e-12);
    }
    expect(&f, 2, 2, 4);
    close_fixture(&f);
}

static void test_batch_norm_refuses_statistics_that_learn(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f);
    fill(&f, 0);
    assert_int_equal(wg_param_set_frozen(f.mean, false), WG_OK);
    assert_false(wg_is_valid(record(&f)));
    assert_int_equal(wg_graph_status(f.g), WG_ERR_ARGUMENT);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch_norm_tracks_as_pytorch_does),
        cmocka_unit_test(test_batch_norm_tracks_once_a_refresh),
        cmocka_unit_test(test_batch_norm_evaluates_by_what_it_tracked),
        cmocka_unit_test(test_batch_norm_refuses_statistics_that_learn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
