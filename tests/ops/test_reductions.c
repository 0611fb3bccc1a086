/* Reductions and scans where digits are lost or derivatives end: what the samples do not ask.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/sample_graph.h"
#include "support/cmocka_all.h"

#include <wengert/ops.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void assert_values(const wg_tensor *t, const double *expected, int64_t n)
{
    assert_non_null(t);
    assert_int_equal(wg_tensor_count(t), n);
    for (int64_t i = 0; i < n; i++) {
        const double found = wg_tensor_get(t, i);
        if (!(found == expected[i] || (isnan(found) && isnan(expected[i])))) {
            fail_msg("element %d is %.17g, not %.17g", (int)i, found, expected[i]);
        }
    }
}

/* ---- accuracy ----------------------------------------------------------------------------- */

/* Normal numbers around an offset, as the dtype holds them. */
static wg_tensor *around(const wgt_stage *b, wg_dtype dtype, int64_t n, double offset, double scale)
{
    double *values = malloc((size_t)n * sizeof *values);
    wg_tensor *t = NULL;
    wg_rng rng = wg_rng_make(WGT_SAMPLE_SEED, (uint64_t)n);
    assert_non_null(values);
    for (int64_t i = 0; i < n; i++) {
        values[i] = offset + scale * wg_rng_normal(&rng);
    }
    assert_int_equal(wg_tensor_from(b->ctx, dtype, 1, &n, WG_F64, values, &t), WG_OK);
    free(values);
    return t;
}

/* In long double, of the elements as they are. */
static double true_variance(const wg_tensor *t)
{
    const int64_t n = wg_tensor_count(t);
    long double mean = 0;
    long double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        mean += (long double)wg_tensor_get(t, i);
    }
    mean /= (long double)n;
    for (int64_t i = 0; i < n; i++) {
        const long double d = (long double)wg_tensor_get(t, i) - mean;
        sum += d * d;
    }
    return (double)(sum / (long double)(n - 1));
}

/* 1e-6 is what f32 itself allows: half an ulp is 6e-8. */
static void test_reductions_variance_far_from_zero(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    wg_tensor *t = around(&b, WG_F32, 1000000, 1e4, 1);
    const double expected = true_variance(t);
    const wg_node x = wg_input(b.g, t);
    assert_true(fabs(wg_item(wg_variance(x, NULL, 0, 1, false)) - expected) <= 1e-6 * expected);
    assert_true(fabs(wg_item(wg_std(x, NULL, 0, 1, false)) - sqrt(expected)) <= 1e-6);
    wg_tensor_destroy(t);
    t = around(&b, WG_F64, 10000, 1e8, 1);
    const double wide = true_variance(t);
    assert_true(fabs(wg_item(wg_variance(wg_input(b.g, t), NULL, 0, 1, false)) - wide) <=
                1e-12 * wide);
    wg_tensor_destroy(t);
    wgt_stage_close(&b);
}

/* Spreads of a few roundings around offsets of all sizes. */
static void test_reductions_variance_is_never_negative(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    for (int i = 0; i < 200; i++) {
        const wg_dtype dtype = i % 2 == 0 ? WG_F32 : WG_F64;
        const double offset = ldexp(1 + 0.01 * i, i % 60 - 30);
        const double scale = offset * (dtype == WG_F32 ? FLT_EPSILON : DBL_EPSILON);
        wg_tensor *t = around(&b, dtype, 3 + i, offset, scale);
        const double found = wg_item(wg_variance(wg_input(b.g, t), NULL, 0, 1, false));
        const double expected = true_variance(t);
        assert_true(found >= 0);
        assert_true(fabs(found - expected) <= 1e-6 * expected);
        wg_tensor_destroy(t);
        assert_int_equal(wg_graph_reset(b.g), WG_OK);
    }
    wgt_stage_close(&b);
}

/* The gradient keeps the digits that the offset would cost. */
static void test_reductions_variance_gradient_far_from_zero(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    const double x[] = {1e6 + 0.5, 1e6 - 0.5, 1e6 + 1, 1e6 - 1};
    const double expected[] = {1.0 / 3, -1.0 / 3, 2.0 / 3, -2.0 / 3};
    const wg_node in = wgt_stage_vector(&b, WG_F32, 4, x);
    assert_int_equal(wg_backward(wg_variance(in, NULL, 0, 1, false)), WG_OK);
    for (int i = 0; i < 4; i++) {
        assert_true(fabs(wg_tensor_get(wg_gradient(in), i) - expected[i]) <= 1e-7);
    }
    wgt_stage_close(&b);
}

static void test_reductions_logsumexp_splits_exactly(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    const double x[] = {1e4, 1e4};
    const double half[] = {0.5, 0.5};
    for (int i = 0; i < 2; i++) {
        const wg_node in = wgt_stage_vector(&b, i == 0 ? WG_F32 : WG_F64, 2, x);
        assert_int_equal(wg_backward(wg_logsumexp(in, NULL, 0, false)), WG_OK);
        assert_values(wg_gradient(in), half, 2);
        assert_int_equal(wg_graph_reset(b.g), WG_OK);
    }
    wgt_stage_close(&b);
}

/* Magnitudes whose squares overflow or vanish. */
static void test_reductions_norm_at_the_ends_of_the_range(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    const double large[] = {3e200, 4e200};
    const double small[] = {3e-320, 4e-320};
    const double slopes[] = {0.6, 0.8};
    const double *const all[] = {large, small};
    for (int i = 0; i < 2; i++) {
        const wg_node in = wgt_stage_vector(&b, WG_F64, 2, all[i]);
        const wg_node y = wg_norm(in, 2, NULL, 0, false);
        const double expected = 1.25 * all[i][1];
        assert_int_equal(wg_backward(y), WG_OK);
        assert_true(fabs(wg_item(y) - expected) <= 1e-15 * expected + DBL_TRUE_MIN);
        for (int k = 0; k < 2; k++) {
            /* A denormal has the digits that it has. */
            assert_true(fabs(wg_tensor_get(wg_gradient(in), k) - slopes[k]) <= 1e-3);
        }
        assert_int_equal(wg_graph_reset(b.g), WG_OK);
    }
    wgt_stage_close(&b);
}

/* ---- second order where first-order rules end --------------------------------------------- */

/* The Hessian of y, row by row; the graph is reset. */
static void hessian(const wgt_stage *b, wg_node y, wg_node x, int64_t n, double *out)
{
    wg_node dx;
    assert_int_equal(wg_grad(y, &x, 1, &dx), WG_OK);
    for (int64_t i = 0; i < n; i++) {
        double *unit = calloc((size_t)n, sizeof *unit);
        wg_node row;
        assert_non_null(unit);
        unit[i] = 1;
        const wg_node e = wg_constant(b->g, WG_F64, 1, &n, unit);
        assert_int_equal(wg_grad(wg_sum_all(wg_mul(dx, e)), &x, 1, &row), WG_OK);
        const wg_tensor *t = wg_value(row);
        assert_non_null(t);
        for (int64_t k = 0; k < n; k++) {
            out[i * n + k] = wg_tensor_get(t, k);
        }
        free(unit);
    }
    assert_int_equal(wg_graph_reset(b->g), WG_OK);
}

static void test_reductions_prod_with_zeros_has_its_hessian(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    const double cases[][3] = {{2, 0, 3}, {0, 0, 3}, {0, 0, 0}, {2, 5, 3}};
    for (int c = 0; c < 4; c++) {
        const double *x = cases[c];
        double found[9];
        const wg_node in = wgt_stage_vector(&b, WG_F64, 3, x);
        hessian(&b, wg_prod(in, NULL, 0, false), in, 3, found);
        const double expected[] = {0, x[2], x[1], x[2], 0, x[0], x[1], x[0], 0};
        for (int i = 0; i < 9; i++) {
            assert_true(found[i] == expected[i]);
        }
    }
    wgt_stage_close(&b);
}

/* The third derivative of xyz is 1, wherever it is taken. */
static void test_reductions_prod_to_the_third_order(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    const double zeros[] = {0, 0, 0};
    const double expected[] = {0, 0, 1};
    wg_node d = wgt_stage_vector(&b, WG_F64, 3, zeros);
    const wg_node x = d;
    d = wg_prod(x, NULL, 0, false);
    for (int64_t i = 0; i < 3; i++) {
        wg_node next;
        const int64_t one = 1;
        assert_int_equal(wg_grad(d, &x, 1, &next), WG_OK);
        if (i == 2) {
            assert_values(wg_value(next), expected, 3);
        }
        d = wg_sum_all(wg_gather(next, wg_constant(b.g, WG_I64, 1, &one, &i), 0));
    }
    wgt_stage_close(&b);
}

/* Nothing but zeros, and no NaN, where the first gradient is defined to be 0. */
static void test_reductions_are_flat_where_they_say_so(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    const double zeros[] = {0, 0, 0};
    const double nothing[] = {-HUGE_VAL, -HUGE_VAL, -HUGE_VAL};
    for (int c = 0; c < 6; c++) {
        double found[9];
        const wg_node in = wgt_stage_vector(&b, WG_F64, 3, c == 5 ? nothing : zeros);
        const wg_node all[] = {
            wg_norm(in, 2, NULL, 0, false),        wg_norm(in, 3, NULL, 0, false),
            wg_norm(in, HUGE_VAL, NULL, 0, false), wg_std(in, NULL, 0, 1, false),
            wg_norm(in, 1, NULL, 0, false),        wg_logsumexp(in, NULL, 0, false)};
        hessian(&b, all[c], in, 3, found);
        for (int i = 0; i < 9; i++) {
            if (!(found[i] == 0)) {
                fail_msg("case %d: second derivative %d is %g", c, i, found[i]);
            }
        }
    }
    wgt_stage_close(&b);
}

/* ---- places ------------------------------------------------------------------------------- */

/* A network's use: the places that max finds are what gather takes. */
static void test_reductions_max_finds_what_argmax_does(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    const double x[] = {3, 7, 7, -1};
    const wg_node in = wgt_stage_vector(&b, WG_F64, 4, x);
    const wg_node y = wg_max(in, 0, false);
    const double seven = 7;
    const double one = 1;
    assert_values(wg_value(y), &seven, 1);
    assert_values(wg_value(wg_output(y, 1)), &one, 1);
    assert_values(wg_value(wg_argmax(in, -1, false)), &one, 1);
    assert_values(wg_value(wg_gather(in, wg_output(y, 1), 0)), &seven, 1);
    assert_int_equal(wg_node_rank(wg_max(in, 0, true)), 1);
    wgt_stage_close(&b);
}

/* ---- nothing ------------------------------------------------------------------------------ */

static void test_reductions_of_nothing(void **state)
{
    static const int64_t dims[] = {3, 2, 0};
    static const int32_t outer[] = {0, 1};
    (void)state;
    wgt_stage b = wgt_stage_open();
    wg_tensor *t = NULL;
    assert_int_equal(wg_tensor_create(b.ctx, WG_F32, 3, dims, &t), WG_OK);
    const wg_node x = wg_variable(b.g, t);
    wg_tensor_destroy(t);
    assert_true(wg_item(wg_sum_all(x)) == 0);
    assert_true(wg_item(wg_prod(x, NULL, 0, false)) == 1);
    assert_true(isnan(wg_item(wg_mean_all(x))));
    assert_true(isnan(wg_item(wg_variance(x, NULL, 0, 1, false))));
    assert_true(wg_item(wg_norm(x, 2, NULL, 0, false)) == 0);
    assert_true(wg_item(wg_logsumexp(x, NULL, 0, false)) == -HUGE_VAL);
    assert_values(wg_value(wg_amax(x, outer, 2, false)), NULL, 0);
    assert_values(wg_value(wg_max(x, 0, false)), NULL, 0);
    assert_values(wg_value(wg_cumsum(x, 0)), NULL, 0);
    assert_int_equal(wg_graph_status(b.g), WG_OK);
    assert_false(wg_is_valid(wg_amin(x, NULL, 0, false)));
    assert_int_equal(wg_graph_status(b.g), WG_ERR_SHAPE);
    wgt_stage_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reductions_variance_far_from_zero),
        cmocka_unit_test(test_reductions_variance_is_never_negative),
        cmocka_unit_test(test_reductions_variance_gradient_far_from_zero),
        cmocka_unit_test(test_reductions_logsumexp_splits_exactly),
        cmocka_unit_test(test_reductions_norm_at_the_ends_of_the_range),
        cmocka_unit_test(test_reductions_prod_with_zeros_has_its_hessian),
        cmocka_unit_test(test_reductions_prod_to_the_third_order),
        cmocka_unit_test(test_reductions_are_flat_where_they_say_so),
        cmocka_unit_test(test_reductions_max_finds_what_argmax_does),
        cmocka_unit_test(test_reductions_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
