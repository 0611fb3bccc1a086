/* The forms of a check besides function and gradient: single precision, vector-Jacobian products,
 * Jacobians, Hessian-vector products, Jacobian-vector products, comparisons.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <wengert/check.h>

enum {
    N = 4,
    M = 3
};

static const double point[N] = {0.4, -0.7, 1.1, 0.2};

/* ---- single precision --------------------------------------------------------------------- */

/* Rosenbrock's valley; `user`: what the gradient is multiplied by. */
static float valley_f(const float *x, size_t n, void *user)
{
    float sum = 0.0f;
    (void)user;
    for (size_t i = 0; i + 1 < n; i++) {
        float a = x[i + 1] - x[i] * x[i];
        float b = 1.0f - x[i];
        sum += 10.0f * a * a + b * b;
    }
    return sum;
}

static void valley_g(const float *x, float *gradient, size_t n, void *user)
{
    const float *factor = user;
    memset(gradient, 0, n * sizeof(float));
    for (size_t i = 0; i + 1 < n; i++) {
        float a = x[i + 1] - x[i] * x[i];
        gradient[i] += *factor * (-40.0f * a * x[i] - 2.0f * (1.0f - x[i]));
        gradient[i + 1] += *factor * 20.0f * a;
    }
}

static void test_check_forms_f32_is_judged_by_its_noise(void **state)
{
    (void)state;
    const float x[N] = {0.4f, -0.7f, 1.1f, 0.2f};
    float factor = 1.0f;
    wg_check_report r;
    assert_int_equal(wg_check_function_f32(valley_f, valley_g, x, N, &factor, NULL, &r), 0);
    assert_int_equal(r.verdict, WG_CHECK_RIGHT);
    assert_true(r.noise > FLT_EPSILON / 8 && r.noise < 1e-4);
    const float factors[] = {-1.0f, 2.0f, 0.5f, 1.01f, 0.0f};
    for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
        factor = factors[i];
        assert_int_equal(wg_check_function_f32(valley_f, valley_g, x, N, &factor, NULL, &r), 0);
        assert_int_equal(r.verdict, WG_CHECK_WRONG);
        assert_int_equal(r.counts.wrong, N);
    }
}

static void test_check_forms_f32_refuses_bad_arguments(void **state)
{
    (void)state;
    const float x[N] = {0};
    wg_check_report r;
    assert_int_equal(wg_check_function_f32(NULL, valley_g, x, N, NULL, NULL, &r), 1);
    assert_int_equal(wg_check_function_f32(valley_f, NULL, x, N, NULL, NULL, &r), 1);
    assert_int_equal(wg_check_function_f32(valley_f, valley_g, NULL, N, NULL, NULL, &r), 1);
    assert_int_equal(wg_check_function_f32(valley_f, valley_g, x, 0, NULL, NULL, &r), 1);
    assert_int_equal(wg_check_function_f32(valley_f, valley_g, x, N, NULL, NULL, NULL), 1);
}

/* ---- vector functions --------------------------------------------------------------------- */

/* y_i = sin(sum_j A_ij x_j), A_ij = 1/(1 + i + 2j). What a form does wrong: */
typedef enum mistake {
    NONE,
    ONE_ELEMENT,
    TRANSPOSED,
    SIGN
} mistake;

static double matrix(size_t i, size_t j)
{
    return 1.0 / (1.0 + (double)i + 2.0 * (double)j);
}

static double inner(const double *x, size_t n, size_t i)
{
    double sum = 0.0;
    for (size_t j = 0; j < n; j++) {
        sum += matrix(i, j) * x[j];
    }
    return sum;
}

static void waves(const double *x, size_t n, double *y, size_t m, void *user)
{
    (void)user;
    for (size_t i = 0; i < m; i++) {
        y[i] = sin(inner(x, n, i));
    }
}

static void waves_vjp(const double *x, size_t n, const double *u, size_t m, double *gradient,
                      void *user)
{
    const mistake *how = user;
    for (size_t j = 0; j < n; j++) {
        gradient[j] = 0.0;
        for (size_t i = 0; i < m; i++) {
            double sign = *how == ONE_ELEMENT && i == 1 && j == 2 ? -1.0 : 1.0;
            gradient[j] += sign * u[i] * cos(inner(x, n, i)) * matrix(i, j);
        }
    }
}

static void waves_jacobian(const double *x, size_t n, double *jacobian, size_t m, void *user)
{
    const mistake *how = user;
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            size_t at = *how == TRANSPOSED ? j * m + i : i * n + j;
            double sign = *how == ONE_ELEMENT && i == 1 && j == 2 ? -1.0 : 1.0;
            jacobian[at] = sign * cos(inner(x, n, i)) * matrix(i, j);
        }
    }
}

static wg_check_report run(wg_check_problem p, mistake how, const wg_check_options *options)
{
    wg_check_report r;
    p.size = sizeof(p);
    p.n = N;
    p.user = &how;
    assert_int_equal(wg_check_run(&p, point, options, &r), WG_CHECK_OK);
    return r;
}

static void test_check_forms_vjp(void **state)
{
    (void)state;
    wg_check_problem p = {.m = M, .vector = waves, .vjp = waves_vjp};
    assert_int_equal(run(p, NONE, NULL).verdict, WG_CHECK_RIGHT);
    wg_check_report r = run(p, ONE_ELEMENT, NULL);
    assert_int_equal(r.verdict, WG_CHECK_WRONG);
    assert_int_equal(r.counts.wrong, 1);
    assert_int_equal(r.worst[0].index, 2);
    const double u[M] = {1.0, 0.0, 0.0};
    p.direction = u;
    assert_int_equal(run(p, ONE_ELEMENT, NULL).verdict, WG_CHECK_RIGHT);
    wg_check_options o = {.size = sizeof(o), .elements = 1, .directions = 3};
    r = run(p, NONE, &o);
    assert_int_equal(r.counts.checked, 1);
    assert_int_equal(r.directions.right, 3);
}

static void test_check_forms_jacobian(void **state)
{
    (void)state;
    wg_check_problem p = {.m = M, .vector = waves, .jacobian = waves_jacobian};
    wg_check_report r = run(p, NONE, NULL);
    assert_int_equal(r.verdict, WG_CHECK_RIGHT);
    assert_int_equal(r.counts.right, M * N);
    r = run(p, ONE_ELEMENT, NULL);
    assert_int_equal(r.counts.wrong, 1);
    assert_string_equal(r.worst[0].block, "J");
    assert_int_equal(r.worst[0].position[0], 1);
    assert_int_equal(r.worst[0].position[1], 2);
    r = run(p, TRANSPOSED, NULL);
    assert_int_equal(r.verdict, WG_CHECK_WRONG);
    assert_int_equal(r.finding.diagnosis, WG_CHECK_TRANSPOSED);
}

/* ---- second order: f = sum_i sin(inner_i) over i < M ---------------------------------------- */

static void waves_g(const double *x, double *gradient, size_t n, void *user)
{
    mistake none = NONE;
    const double ones[M] = {1.0, 1.0, 1.0};
    (void)user;
    waves_vjp(x, n, ones, M, gradient, &none);
}

static void waves_hv(const double *x, const double *v, double *hv, size_t n, void *user)
{
    const mistake *how = user;
    memset(hv, 0, n * sizeof(double));
    for (size_t i = 0; i < M; i++) {
        double along = inner(v, n, i);
        for (size_t j = 0; j < n; j++) {
            double sign = *how == SIGN ? 1.0 : -1.0;
            hv[j] += sign * sin(inner(x, n, i)) * along * matrix(i, j);
        }
    }
}

static void test_check_forms_hessian_vector(void **state)
{
    (void)state;
    wg_check_problem p = {.g = waves_g, .hessian_vector = waves_hv};
    assert_int_equal(run(p, NONE, NULL).verdict, WG_CHECK_RIGHT);
    wg_check_report r = run(p, SIGN, NULL);
    assert_int_equal(r.verdict, WG_CHECK_WRONG);
    assert_int_equal(r.finding.diagnosis, WG_CHECK_SIGN);
    assert_string_equal(r.worst[0].block, "Hv");
    const double zero[N] = {0};
    p.direction = zero;
    assert_int_equal(run(p, SIGN, NULL).verdict, WG_CHECK_RIGHT);
}

/* ---- Jacobian-vector products settle what differences cannot -------------------------------- */

/* f = 1e17 + sum sin(x_i): differences see nothing of the sines. `user`: the gradient's sign. */
static double drowned_f(const double *x, size_t n, void *user)
{
    double sum = 1e17;
    (void)user;
    for (size_t i = 0; i < n; i++) {
        sum += sin(x[i]);
    }
    return sum;
}

static void drowned_g(const double *x, double *gradient, size_t n, void *user)
{
    for (size_t i = 0; i < n; i++) {
        gradient[i] = (i == 1 ? *(const double *)user : 1.0) * cos(x[i]);
    }
}

static double drowned_jv(const double *x, const double *v, size_t n, double *scale, void *user)
{
    double sum = 0.0;
    (void)user;
    *scale = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += v[i] * cos(x[i]);
        *scale += fabs(v[i] * cos(x[i]));
    }
    return sum;
}

static double no_jv(const double *x, const double *v, size_t n, double *scale, void *user)
{
    (void)x;
    (void)v;
    (void)n;
    (void)user;
    *scale = 0.0;
    return NAN;
}

static wg_check_report run_drowned(size_t n, double sign, bool has_answer)
{
    double *x = calloc(n, sizeof(double));
    wg_check_report r;
    wg_check_problem p = {.size = sizeof(p), .n = n, .user = &sign, .f = drowned_f, .g = drowned_g};
    assert_non_null(x);
    p.jv = has_answer ? drowned_jv : no_jv;
    assert_int_equal(wg_check_run(&p, x, NULL, &r), WG_CHECK_OK);
    free(x);
    return r;
}

static void test_check_forms_jv_settles_the_undecidable(void **state)
{
    (void)state;
    const size_t sizes[] = {5, 300};
    for (size_t i = 0; i < 2; i++) {
        wg_check_report r = run_drowned(sizes[i], 1.0, true);
        assert_int_equal(r.verdict, WG_CHECK_RIGHT);
        assert_int_equal(r.counts.right, sizes[i]);
        r = run_drowned(sizes[i], -1.0, true);
        assert_int_equal(r.verdict, WG_CHECK_WRONG);
        assert_int_equal(r.counts.wrong, 1);
        assert_int_equal(r.counts.right, sizes[i] - 1);
        assert_int_equal(r.worst[0].index, 1);
        r = run_drowned(sizes[i], 1.0, false);
        assert_int_equal(r.verdict, WG_CHECK_UNDECIDABLE);
        assert_int_equal(r.counts.undecidable, sizes[i]);
    }
}

/* ---- which callbacks make a form ---------------------------------------------------------- */

static void test_check_forms_refuses_what_is_no_one_form(void **state)
{
    (void)state;
    mistake how = NONE;
    wg_check_report r;
    wg_check_problem bad[] = {
        {.n = N},
        {.n = N, .f = drowned_f},
        {.n = N, .g = drowned_g},
        {.n = N, .m = M, .f = drowned_f, .g = drowned_g},
        {.n = N, .f = drowned_f, .g = drowned_g, .f32 = valley_f, .g32 = valley_g},
        {.n = N, .f32 = valley_f, .g32 = valley_g, .jv = no_jv},
        {.n = N, .m = M, .vector = waves},
        {.n = N, .m = M, .vjp = waves_vjp},
        {.n = N, .vector = waves, .vjp = waves_vjp},
        {.n = N, .m = M, .vector = waves, .vjp = waves_vjp, .jacobian = waves_jacobian},
        {.n = N, .m = M, .vector = waves, .vjp = waves_vjp, .f = drowned_f, .g = drowned_g},
        {.n = N, .hessian_vector = waves_hv},
        {.n = N, .f = drowned_f, .g = waves_g, .hessian_vector = waves_hv},
        {.n = 0, .f = drowned_f, .g = drowned_g},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        bad[i].size = sizeof(bad[i]);
        bad[i].user = &how;
        assert_int_equal(wg_check_run(&bad[i], point, NULL, &r), WG_CHECK_ERR_ARGUMENT);
        assert_int_equal(wg_check_work_bytes(&bad[i]), 0);
    }
    wg_check_problem good = {.size = 1, .n = N, .f = drowned_f, .g = drowned_g};
    assert_int_equal(wg_check_run(&good, point, NULL, &r), WG_CHECK_ERR_ARGUMENT);
    wg_check_problem wide = {
        .n = SIZE_MAX / 2, .m = 8, .vector = waves, .jacobian = waves_jacobian};
    wide.size = sizeof(wide);
    assert_int_equal(wg_check_run(&wide, point, NULL, &r), WG_CHECK_ERR_OVERFLOW);
    assert_int_equal(wg_check_work_bytes(&wide), 0);
}

/* ---- comparisons -------------------------------------------------------------------------- */

static void test_check_forms_compare(void **state)
{
    (void)state;
    const double known[6] = {1.0, -2.0, 3.0, -4.0, 5.0, 0.0};
    double mine[6];
    wg_check_report r;
    memcpy(mine, known, sizeof(mine));
    mine[5] = 4e-9;
    assert_int_equal(wg_check_compare(mine, known, 6, NULL, &r), WG_CHECK_OK);
    assert_int_equal(r.verdict, WG_CHECK_RIGHT);
    assert_int_equal(r.evaluations, 0);
    mine[5] = 6e-9;
    assert_int_equal(wg_check_compare(mine, known, 6, NULL, &r), WG_CHECK_OK);
    assert_int_equal(r.verdict, WG_CHECK_WRONG);
    wg_check_options o = {.size = sizeof(o), .tolerance = 1e-5};
    assert_int_equal(wg_check_compare(mine, known, 6, &o, &r), WG_CHECK_OK);
    assert_int_equal(r.verdict, WG_CHECK_RIGHT);
    mine[0] = NAN;
    assert_int_equal(wg_check_compare(mine, known, 6, &o, &r), WG_CHECK_OK);
    assert_int_equal(r.verdict, WG_CHECK_WRONG);
    assert_int_equal(wg_check_compare(NULL, known, 6, NULL, &r), WG_CHECK_ERR_ARGUMENT);
    assert_int_equal(wg_check_compare(mine, NULL, 6, NULL, &r), WG_CHECK_ERR_ARGUMENT);
    assert_int_equal(wg_check_compare(mine, known, 0, NULL, &r), WG_CHECK_ERR_ARGUMENT);
    assert_int_equal(wg_check_compare(mine, known, 6, NULL, NULL), WG_CHECK_ERR_ARGUMENT);
}

static void test_check_forms_compare_diagnoses(void **state)
{
    (void)state;
    const double known[6] = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0};
    const double transposed[6] = {1.0, 4.0, 2.0, 5.0, 3.0, 6.0};
    wg_check_block block = {"w", 2, {2, 3}, 0};
    wg_check_options o = {.size = sizeof(o), .blocks = &block, .n_blocks = 1};
    wg_check_report r;
    assert_int_equal(wg_check_compare(transposed, known, 6, &o, &r), WG_CHECK_OK);
    assert_int_equal(r.finding.diagnosis, WG_CHECK_TRANSPOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_forms_f32_is_judged_by_its_noise),
        cmocka_unit_test(test_check_forms_f32_refuses_bad_arguments),
        cmocka_unit_test(test_check_forms_vjp),
        cmocka_unit_test(test_check_forms_jacobian),
        cmocka_unit_test(test_check_forms_hessian_vector),
        cmocka_unit_test(test_check_forms_jv_settles_the_undecidable),
        cmocka_unit_test(test_check_forms_refuses_what_is_no_one_form),
        cmocka_unit_test(test_check_forms_compare),
        cmocka_unit_test(test_check_forms_compare_diagnoses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
