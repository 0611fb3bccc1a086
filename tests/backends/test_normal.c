/* The native normalisation of rows against the reference, values and gradients; the same bits
 * whatever the number of threads; and statistics that an offset costs no digits.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Errors relative to the largest value (at least 1) stay within 1e-5 in f32 and 1e-13 in f64. */
#include "support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <wengert/wengert.h>

enum {
    MOST_OUTPUTS = 7
};

typedef struct normal_case {
    const char *name;
    int64_t rows;
    int64_t n;
    double offset;
    bool is_rms;
    bool is_plain; /* neither weight nor bias */
} normal_case;

static const normal_case cases[] = {
    {"one block", 5, 70, 0, false, false},      {"blocks", 768, 128, 0, false, false},
    {"a last block", 317, 300, 0, false, true}, {"long rows", 3, 50000, 0, false, false},
    {"rms", 768, 128, 0, true, false},          {"rms, plain", 37, 5000, 0, true, true},
    {"rows of 1", 1000, 1, 0, false, false},    {"offset", 40, 1000, 64, false, false},
};

typedef struct results {
    int64_t count[MOST_OUTPUTS];
    double *values[MOST_OUTPUTS];
    int n;
} results;

static void free_results(results *r)
{
    for (int i = 0; i < r->n; i++) {
        free(r->values[i]);
    }
}

static void keep(results *r, const wg_tensor *t)
{
    assert_non_null(t);
    const int64_t n = wg_tensor_count(t);
    double *values = malloc((size_t)(n + 1) * sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < n; i++) {
        values[i] = wg_tensor_get(t, i);
    }
    r->values[r->n] = values;
    r->count[r->n++] = n;
}

/* In offset + [-1, 1), multiples of 2^-16. */
static wg_node variable(wg_graph *g, wg_context *ctx, wg_dtype dtype, int32_t rank,
                        const int64_t *dims, double offset)
{
    wg_rng rng = wg_rng_make(20240229, (uint64_t)rank);
    wg_tensor *t = NULL;
    assert_int_equal(wg_tensor_create(ctx, dtype, rank, dims, &t), WG_OK);
    void *data = wg_tensor_data_mutable(t);
    for (int64_t i = 0; i < wg_tensor_count(t); i++) {
        const double v = offset + (double)wg_rng_below(&rng, 131072) / 65536 - 1;
        if (dtype == WG_F32) {
            ((float *)data)[i] = (float)v;
        } else {
            ((double *)data)[i] = v;
        }
    }
    const wg_node n = wg_variable(g, t);
    wg_tensor_destroy(t);
    return n;
}

static wg_node record(wg_graph *g, wg_context *ctx, wg_dtype dtype, const normal_case *c,
                      wg_node x[3])
{
    const wg_node none = {NULL, 0, 0};
    const int64_t dims[] = {c->rows, c->n};
    x[0] = variable(g, ctx, dtype, 2, dims, c->offset);
    x[1] = c->is_plain ? none : variable(g, ctx, dtype, 1, &c->n, 2);
    x[2] = c->is_plain || c->is_rms ? none : variable(g, ctx, dtype, 1, &c->n, 1);
    return c->is_rms ? wg_rms_norm(x[0], 1, x[1], 1e-5) : wg_layer_norm(x[0], 1, x[1], x[2], 1e-5);
}

static results run(const normal_case *c, wg_dtype dtype, const wg_config *config)
{
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_node x[3];
    results r = {.n = 0};
    assert_int_equal(wg_context_create(config, &ctx), WG_OK);
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    const wg_node y = record(g, ctx, dtype, c, x);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(wg_keep(wg_output(y, i)), WG_OK);
    }
    if (wg_backward(wg_sum_all(wg_sin(wg_scale(y, 3.0)))) != WG_OK) {
        fail_msg("%s: %s", c->name, wg_graph_error(g));
    }
    for (int i = 0; i < 4; i++) {
        keep(&r, wg_value(wg_output(y, i)));
    }
    for (int i = 0; i < 3 && wg_is_valid(x[i]); i++) {
        keep(&r, wg_gradient(x[i]));
    }
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return r;
}

static double error_between(const double *a, const double *b, int64_t n)
{
    double worst = 0;
    double scale = 1;
    for (int64_t i = 0; i < n; i++) {
        scale = fmax(scale, fabs(b[i]));
        worst = isfinite(a[i]) ? fmax(worst, fabs(a[i] - b[i])) : (double)INFINITY;
    }
    return worst / scale;
}

static void check_threads(const normal_case *c, wg_dtype dtype, const results *found)
{
    wg_config native = {
        .size = sizeof native, .without = WG_BACKEND_ONEDNN, .thread_invariant = true};
    for (int32_t threads = 1; threads <= 8; threads = threads < 4 ? threads + 1 : 2 * threads) {
        native.threads = threads;
        results other = run(c, dtype, &native);
        for (int i = 0; i < found->n; i++) {
            assert_memory_equal(other.values[i], found->values[i],
                                (size_t)found->count[i] * sizeof(double));
        }
        free_results(&other);
    }
}

static void check(const normal_case *c, wg_dtype dtype)
{
    const double bound = dtype == WG_F32 ? 1e-5 : 1e-13;
    const wg_config plain = {
        .size = sizeof plain, .threads = 1, .without = WG_BACKEND_NATIVE | WG_BACKEND_ONEDNN};
    const wg_config native = {.size = sizeof native, .threads = 1, .without = WG_BACKEND_ONEDNN};
    results expected = run(c, dtype, &plain);
    results found = run(c, dtype, &native);
    for (int i = 0; i < found.n; i++) {
        const double error = error_between(found.values[i], expected.values[i], found.count[i]);
        if (!(error <= bound)) {
            fail_msg("%s (%s): result %d is off by %g", c->name, wg_dtype_name(dtype), i, error);
        }
    }
    check_threads(c, dtype, &found);
    free_results(&expected);
    free_results(&found);
}

static void test_normal_f32(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check(&cases[i], WG_F32);
    }
}

static void test_normal_f64(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check(&cases[i], WG_F64);
    }
}

/* The variance of a million elements about 1e4 in f32, of which the true one is worked out in long
 * double: native and reference. */
static void test_offset(void **state)
{
    (void)state;
    const int64_t dims[] = {1, 1000000};
    const wg_node none = {NULL, 0, 0};
    for (int i = 0; i < 2; i++) {
        const wg_config config = {.size = sizeof config,
                                  .without = WG_BACKEND_ONEDNN | (i > 0 ? WG_BACKEND_NATIVE : 0)};
        wg_context *ctx = NULL;
        wg_graph *g = NULL;
        assert_int_equal(wg_context_create(&config, &ctx), WG_OK);
        assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
        const wg_node x = variable(g, ctx, WG_F32, 2, dims, 1e4);
        const wg_node variance = wg_output(wg_layer_norm(x, 1, none, none, 1e-5), 3);
        assert_non_null(wg_value(variance));
        const float *data = wg_tensor_data(wg_value(x));
        long double sum = 0;
        long double squares = 0;
        for (int64_t k = 0; k < dims[1]; k++) {
            const long double d = (long double)data[k] - 10000;
            sum += d;
            squares += d * d;
        }
        const long double mean = sum / 1000000;
        const double wanted = (double)(squares / 1000000 - mean * mean);
        const double found = wg_tensor_get(wg_value(variance), 0);
        if (!(fabs(found / wanted - 1) <= 1e-6)) {
            fail_msg("the variance is %.9g, not %.9g", found, wanted);
        }
        wg_graph_destroy(g);
        wg_context_destroy(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normal_f32),
        cmocka_unit_test(test_normal_f64),
        cmocka_unit_test(test_offset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
