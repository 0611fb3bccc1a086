/* LAPACK against the reference: the same factors, signs and faults, whichever serves.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Run with OPENBLAS_NUM_THREADS=1, so that a context of one thread may use the library. */
#include "support/cmocka_all.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wengert/wengert.h>

#if defined(WGI_HAVE_LAPACK)

enum {
    SIZE = 40,
    MOST = 2 * SIZE * SIZE
};

typedef struct trial {
    const char *kernel;
    int64_t m;
    int64_t n;
    int32_t n_out;
    wg_node (*build)(wg_node a);
    bool is_definite; /* a is symmetric and positive definite */
} trial;

static wg_node solve_lower(wg_node a)
{
    return wg_solve_triangular(a, a, NULL);
}

static wg_node solve_as(wg_node a, bool upper, bool transposed, bool unit, bool right)
{
    const wg_solve_triangular_options options = {
        sizeof options, upper, transposed, unit, right,
    };
    return wg_solve_triangular(a, a, &options);
}

static wg_node solve_upper_transposed(wg_node a)
{
    return solve_as(a, true, true, false, false);
}

static wg_node solve_upper_right(wg_node a)
{
    return solve_as(a, true, false, false, true);
}

static wg_node solve_unit_transposed_right(wg_node a)
{
    return solve_as(wg_scale(a, 0.01), false, true, true, true);
}

static const trial trials[] = {
    {"lapack.lu", 20, 20, 1, wg_det, false},
    {"lapack.lu", 33, 33, 1, wg_inv, false},
    {"lapack.lu", 17, 17, 2, wg_slogdet, false},
    {"lapack.cholesky", 24, 24, 1, wg_cholesky, true},
    {"lapack.qr", 24, 24, 2, wg_qr, false},
    {"lapack.qr", 40, 17, 2, wg_qr, false},
    {"lapack.qr", 17, 40, 2, wg_qr, false},
    {"lapack.eigh", 20, 20, 2, wg_eigh, true},
    {"lapack.svd", 20, 20, 3, wg_svd, false},
    {"lapack.svd", 40, 17, 3, wg_svd, false},
    {"lapack.svd", 16, 40, 3, wg_svd, false},
    {"lapack.solve_triangular", 20, 20, 1, solve_lower, false},
    {"lapack.solve_triangular", 20, 20, 1, solve_upper_transposed, false},
    {"lapack.solve_triangular", 20, 20, 1, solve_upper_right, false},
    {"lapack.solve_triangular", 20, 20, 1, solve_unit_transposed_right, false},
};

/* [2, m, n], far from singular, with singular values apart. */
static void fill(const trial *t, double *a)
{
    for (int64_t e = 0; e < 2 * t->m * t->n; e++) {
        const int64_t i = e / t->n % t->m;
        const int64_t j = e % t->n;
        const double at = (double)(t->is_definite ? i * j : 3 * i - 7 * j);
        const double batch = e >= t->m * t->n ? 0.5 : 0.0;
        a[e] = 0.05 * sin(at + batch) + (i == j ? 1 + 0.1 * (double)i : 0);
    }
}

static wg_context *context(uint32_t without, bool is_invariant)
{
    const wg_config config = {
        .size = sizeof config, .threads = 1, .without = without, .thread_invariant = is_invariant};
    wg_context *ctx;
    assert_int_equal(wg_context_create(&config, &ctx), WG_OK);
    return ctx;
}

static bool has_run(const wg_context *ctx, const char *kernel)
{
    wg_kernel_use use;
    for (size_t i = 0; wg_context_kernel_use(ctx, i, &use) == WG_OK; i++) {
        if (strcmp(use.kernel, kernel) == 0) {
            return true;
        }
    }
    return false;
}

/* All outputs of the trial at a, one after another; how many values. */
static int64_t run(wg_context *ctx, const trial *t, wg_dtype dtype, const double *a, double *values)
{
    wg_graph *g;
    wg_tensor *tensor;
    const int64_t dims[] = {2, t->m, t->n};
    int64_t n = 0;
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    assert_int_equal(wg_tensor_from(ctx, dtype, 3, dims, WG_F64, a, &tensor), WG_OK);
    const wg_node first = t->build(wg_input(g, tensor));
    for (int32_t k = 0; k < t->n_out; k++) {
        const wg_tensor *value = wg_value(k == 0 ? first : wg_output(first, k));
        if (value == NULL) {
            fail_msg("%s", wg_graph_error(g));
        }
        for (int64_t i = 0; i < wg_tensor_count(value); i++) {
            values[n++] = wg_tensor_get(value, i);
        }
    }
    wg_tensor_destroy(tensor);
    wg_graph_destroy(g);
    return n;
}

static void compare(const trial *t, wg_dtype dtype)
{
    static double a[MOST];
    static double fast[3 * MOST];
    static double plain[3 * MOST];
    /* Vectors: some dozen roundings of products of 40, over gaps of about 0.1. */
    const double tolerance = dtype == WG_F32 ? 3e-4 : 1e-11;
    wg_context *with = context(0, false);
    wg_context *without = context(WG_BACKEND_LAPACK, false);
    fill(t, a);
    const int64_t n = run(with, t, dtype, a, fast);
    assert_int_equal(run(without, t, dtype, a, plain), n);
    assert_true(n > 0);
    for (int64_t i = 0; i < n; i++) {
        const double size = fabs(plain[i]) > 1 ? fabs(plain[i]) : 1;
        if (!(fabs(fast[i] - plain[i]) <= tolerance * size)) {
            fail_msg("%s of %d x %d: value %d is %.17g, not %.17g", t->kernel, (int)t->m, (int)t->n,
                     (int)i, fast[i], plain[i]);
        }
    }
    assert_true(has_run(with, t->kernel));
    assert_false(has_run(without, t->kernel));
    wg_context_destroy(with);
    wg_context_destroy(without);
}

static void test_lapack_agrees_with_the_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++) {
        compare(&trials[i], WG_F64);
        compare(&trials[i], WG_F32);
    }
}

/* A fault is the reference's, whose message has the order of the minor. */
static void test_lapack_leaves_faults_to_the_reference(void **state)
{
    (void)state;
    static double a[SIZE * SIZE];
    const int64_t dims[] = {SIZE, SIZE};
    wg_context *ctx = context(0, false);
    wg_graph *g;
    wg_tensor *tensor;
    for (int64_t i = 0; i < SIZE; i++) {
        a[i * SIZE + i] = i == 30 ? -1 : 1;
    }
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    assert_int_equal(wg_tensor_from(ctx, WG_F64, 2, dims, WG_F64, a, &tensor), WG_OK);
    assert_null(wg_value(wg_cholesky(wg_input(g, tensor))));
    assert_non_null(strstr(wg_graph_error(g), "leading minor of order 31 is not positive"));
    wg_tensor_destroy(tensor);
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
}

static void test_lapack_ends_with_nan(void **state)
{
    (void)state;
    static double a[MOST];
    static double values[3 * MOST];
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++) {
        wg_context *ctx = context(0, false);
        fill(&trials[i], a);
        a[0] = NAN;
        (void)run(ctx, &trials[i], WG_F64, a, values);
        assert_true(values[0] != values[0]);
        wg_context_destroy(ctx);
    }
}

static void test_lapack_declines_where_bits_must_not_depend_on_threads(void **state)
{
    (void)state;
    static double a[MOST];
    static double values[3 * MOST];
    wg_context *ctx = context(0, true);
    fill(&trials[0], a);
    (void)run(ctx, &trials[0], WG_F64, a, values);
    assert_false(has_run(ctx, trials[0].kernel));
    wg_context_destroy(ctx);
}

int main(void)
{
    wg_context *ctx = context(0, false);
    const bool is_there = wg_context_has_backend(ctx, "lapack");
    wg_context_destroy(ctx);
    if (!is_there) {
        (void)printf("skipped: LAPACK does not open\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lapack_agrees_with_the_reference),
        cmocka_unit_test(test_lapack_leaves_faults_to_the_reference),
        cmocka_unit_test(test_lapack_ends_with_nan),
        cmocka_unit_test(test_lapack_declines_where_bits_must_not_depend_on_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    (void)printf("skipped: built without LAPACK\n");
    return 77;
}

#endif
