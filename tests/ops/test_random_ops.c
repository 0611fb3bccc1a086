/* The random ops: their distributions, and what a draw depends on.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Seeds are fixed, so that nothing here fails by chance: bounds are those that one seed in a
 * thousand, or far fewer, would miss. */
#include "ops/sample_graph.h"
#include "support/cmocka_all.h"

#include <wengert/wengert.h>

#include "core/dtype.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    N_DRAWS = 200000,
    N_SHORT = 1000
};

/* The Kolmogorov-Smirnov statistic times sqrt n exceeds this with probability 1/1000. */
#define KS_LIMIT 1.95

typedef struct scene {
    wg_context *ctx;
    wg_graph *g;
} scene;

static scene scene_open(uint64_t seed)
{
    const wg_config config = {.size = sizeof config, .seed = seed};
    scene s;
    assert_int_equal(wg_context_create(&config, &s.ctx), WG_OK);
    assert_int_equal(wg_graph_create(s.ctx, &s.g), WG_OK);
    return s;
}

static void scene_close(scene *s)
{
    wg_graph_destroy(s->g);
    wg_context_destroy(s->ctx);
}

/* The n values of a node, to be freed. */
static double *read_all(wg_node y, int64_t n)
{
    const wg_tensor *t = wg_value(y);
    double *out = malloc((size_t)n * sizeof *out);
    assert_non_null(t);
    assert_non_null(out);
    assert_int_equal(wg_tensor_count(t), n);
    for (int64_t i = 0; i < n; i++) {
        out[i] = wgi_load_double((int)wg_tensor_dtype(t), wg_tensor_data(t), i);
    }
    return out;
}

/* ---- distributions ------------------------------------------------------------------------ */

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* sqrt n times the largest distance between the distribution of x, which gets sorted, and F. */
static double ks_statistic(double *x, int64_t n, double (*distribution)(double x))
{
    double worst = 0;
    qsort(x, (size_t)n, sizeof *x, by_size);
    for (int64_t i = 0; i < n; i++) {
        const double f = distribution(x[i]);
        worst = fmax(worst, fmax(f - (double)i / (double)n, (double)(i + 1) / (double)n - f));
    }
    return worst * sqrt((double)n);
}

static double normal_distribution(double x)
{
    return 0.5 * erfc(-x / sqrt(2.0));
}

static double uniform_distribution(double x)
{
    return x;
}

/* The k-th moment of n values. */
static double moment(const double *x, int64_t n, int k)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += pow(x[i], k);
    }
    return sum / (double)n;
}

/* The mean product of neighbours so far apart. */
static double correlation(const double *x, int64_t n, int64_t lag)
{
    double sum = 0;
    for (int64_t i = 0; i + lag < n; i++) {
        sum += x[i] * x[i + lag];
    }
    return sum / (double)(n - lag);
}

/* Moments 1 to 6 of the standard normal distribution, and the standard errors of their estimates,
 * sqrt((m_2k - m_k^2) / n); five of them. Pairs share words, so that neighbours are looked at. */
static void test_random_normal_is_normal(void **state)
{
    (void)state;
    static const double moments[13] = {1, 0, 1, 0, 3, 0, 15, 0, 105, 0, 945, 0, 10395};
    scene s = scene_open(1);
    const int64_t n = N_DRAWS;
    double *x = read_all(wg_normal(s.g, WG_F32, 1, &n, 0, 1), n);
    for (int k = 1; k <= 6; k++) {
        const double error = sqrt((moments[2 * k] - moments[k] * moments[k]) / N_DRAWS);
        assert_true(fabs(moment(x, n, k) - moments[k]) < 5 * error);
    }
    for (int64_t lag = 1; lag <= 8; lag++) {
        assert_true(fabs(correlation(x, n, lag)) < 5 / sqrt(N_DRAWS));
    }
    const double ks = ks_statistic(x, n, normal_distribution);
    print_message("normal: Kolmogorov-Smirnov %.3f, least %.2f, largest %.2f\n", ks, x[0],
                  x[n - 1]);
    assert_true(ks < KS_LIMIT);
    assert_true(x[0] < -4 && x[n - 1] > 4 && x[0] > -6.67 && x[n - 1] < 6.67);
    free(x);
    scene_close(&s);
}

static void test_random_normal_is_moved(void **state)
{
    (void)state;
    scene s = scene_open(1);
    const int64_t n = N_SHORT;
    double *z = read_all(wg_normal(s.g, WG_F64, 1, &n, 0, 1), n);
    assert_int_equal(wg_graph_reset(s.g), WG_OK);
    assert_int_equal(wg_graph_set_step(s.g, 0), WG_OK);
    double *x = read_all(wg_normal(s.g, WG_F64, 1, &n, 3, 0.5), n);
    for (int64_t i = 0; i < n; i++) {
        assert_true(x[i] == (double)(3 + 0.5F * (float)z[i]));
    }
    free(x);
    free(z);
    scene_close(&s);
}

static void test_random_uniform_is_uniform(void **state)
{
    (void)state;
    scene s = scene_open(2);
    const int64_t n = N_DRAWS;
    double *x = read_all(wg_uniform(s.g, WG_F32, 1, &n, 0, 1), n);
    const double ks = ks_statistic(x, n, uniform_distribution);
    print_message("uniform: Kolmogorov-Smirnov %.3f\n", ks);
    assert_true(ks < KS_LIMIT);
    free(x);
    scene_close(&s);
}

/* Frequencies are p within five standard errors sqrt(p (1 - p) / n). */
static void test_random_bernoulli_is_as_frequent_as_asked(void **state)
{
    (void)state;
    static const double p[] = {0.5, 0.01, 0.9};
    scene s = scene_open(3);
    const int64_t n = N_DRAWS;
    for (size_t k = 0; k < 3; k++) {
        const double bound = 5 * sqrt(p[k] * (1 - p[k]) / N_DRAWS);
        double *x = read_all(wg_bernoulli(s.g, WG_BOOL, 1, &n, p[k]), n);
        double *y = read_all(wg_bernoulli_of(wg_full(s.g, WG_F32, 1, &n, p[k])), n);
        assert_true(fabs(moment(x, n, 1) - p[k]) < bound);
        assert_true(fabs(moment(y, n, 1) - p[k]) < bound);
        assert_true(fabs(correlation(x, n, 1) - p[k] * p[k]) < bound);
        free(x);
        free(y);
    }
    scene_close(&s);
}

/* Chi squared of m equally likely integers is m - 1 within five of sqrt(2 (m - 1)). */
static void test_random_randint_is_even(void **state)
{
    (void)state;
    enum {
        LOW = -50,
        M = 101
    };
    scene s = scene_open(4);
    const int64_t n = N_DRAWS;
    double *x = read_all(wg_randint(s.g, 1, &n, LOW, LOW + M), n);
    int64_t counts[M] = {0};
    double chi = 0;
    for (int64_t i = 0; i < n; i++) {
        assert_true(x[i] >= LOW && x[i] < LOW + M);
        counts[(int)x[i] - LOW]++;
    }
    for (int k = 0; k < M; k++) {
        const double expected = (double)N_DRAWS / M;
        chi += ((double)counts[k] - expected) * ((double)counts[k] - expected) / expected;
    }
    print_message("randint: chi squared %.1f of %d\n", chi, M - 1);
    assert_true(fabs(chi - (M - 1)) < 5 * sqrt(2.0 * (M - 1)));
    free(x);
    scene_close(&s);
}

/* The tests above see a shift of 1/50, and a dependence of neighbours. */
static void test_random_tests_can_fail(void **state)
{
    (void)state;
    scene s = scene_open(1);
    const int64_t n = N_DRAWS;
    double *x = read_all(wg_normal(s.g, WG_F32, 1, &n, 0.02, 1), n);
    assert_true(fabs(moment(x, n, 1)) > 5 / sqrt(N_DRAWS));
    for (int64_t i = 0; i + 1 < n; i += 2) {
        x[i + 1] = 0.1 * x[i] + 0.99 * x[i + 1];
    }
    assert_true(fabs(correlation(x, n, 1)) > 5 / sqrt(N_DRAWS));
    assert_true(ks_statistic(x, n, normal_distribution) > KS_LIMIT);
    free(x);
    scene_close(&s);
}

/* ---- what a draw depends on --------------------------------------------------------------- */

/* Where the random op of an ordinal is drawn. */
typedef struct place {
    uint64_t seed;
    uint64_t stream;
    uint64_t step;
    int ordinal;
} place;

typedef wg_node (*drawing)(wg_graph *g, wg_dtype dtype, int64_t n);

static wg_node draw_uniform(wg_graph *g, wg_dtype dtype, int64_t n)
{
    return wg_uniform(g, dtype, 1, &n, -1, 1);
}

static wg_node draw_normal(wg_graph *g, wg_dtype dtype, int64_t n)
{
    return wg_normal(g, dtype, 1, &n, 1, 2);
}

static wg_node draw_bernoulli(wg_graph *g, wg_dtype dtype, int64_t n)
{
    return wg_bernoulli(g, dtype, 1, &n, 0.3);
}

static wg_node draw_bernoulli_of(wg_graph *g, wg_dtype dtype, int64_t n)
{
    return wg_bernoulli_of(wg_full(g, dtype, 1, &n, 0.3));
}

static wg_node draw_randint(wg_graph *g, wg_dtype dtype, int64_t n)
{
    return wg_cast(wg_randint(g, 1, &n, 0, 1 << 20), dtype);
}

static wg_node draw_mask(wg_graph *g, wg_dtype dtype, int64_t n)
{
    return wg_dropout(wg_full(g, dtype, 1, &n, 1), 0.3);
}

static wg_node draw_channels(wg_graph *g, wg_dtype dtype, int64_t n)
{
    const int64_t dims[] = {1, n, 1};
    return wg_reshape(wg_dropout_channels(wg_full(g, dtype, 3, dims, 1), 0.3), 1, &n);
}

static const drawing drawings[] = {draw_uniform, draw_normal, draw_bernoulli, draw_bernoulli_of,
                                   draw_randint, draw_mask,   draw_channels};

enum {
    N_DRAWINGS = sizeof drawings / sizeof *drawings
};

static double *draw_at(drawing draw, place at, wg_dtype dtype, int64_t n)
{
    scene s = scene_open(at.seed);
    assert_int_equal(wg_graph_set_stream(s.g, at.stream), WG_OK);
    assert_int_equal(wg_graph_set_step(s.g, at.step), WG_OK);
    wg_node y = draw(s.g, dtype, n);
    for (int i = 0; i < at.ordinal; i++) {
        y = draw(s.g, dtype, n);
    }
    double *out = read_all(y, n);
    scene_close(&s);
    return out;
}

static bool are_same(drawing draw, place a, place b)
{
    double *x = draw_at(draw, a, WG_F32, N_SHORT);
    double *y = draw_at(draw, b, WG_F32, N_SHORT);
    const bool are = memcmp(x, y, N_SHORT * sizeof *x) == 0;
    free(x);
    free(y);
    return are;
}

static void test_random_draws_depend_on_their_place_alone(void **state)
{
    (void)state;
    const place here = {5, 6, 7, 1};
    for (int k = 0; k < N_DRAWINGS; k++) {
        assert_true(are_same(drawings[k], here, here));
        assert_false(are_same(drawings[k], here, (place){4, 6, 7, 1}));
        assert_false(are_same(drawings[k], here, (place){5, 5, 7, 1}));
        assert_false(are_same(drawings[k], here, (place){5, 6, 6, 1}));
        assert_false(are_same(drawings[k], here, (place){5, 6, 7, 0}));
    }
}

/* Element e is the same whatever follows it. */
static void test_random_elements_do_not_depend_on_the_shape(void **state)
{
    (void)state;
    const place here = {5, 6, 7, 0};
    for (int k = 0; k < N_DRAWINGS; k++) {
        double *many = draw_at(drawings[k], here, WG_F32, N_SHORT);
        for (int64_t n = 1; n < 12; n++) {
            double *few = draw_at(drawings[k], here, WG_F32, n);
            assert_memory_equal(few, many, (size_t)n * sizeof *few);
            free(few);
        }
        free(many);
    }
}

/* The same draws in every dtype: of a dropout those that are kept, whose factors are rounded. */
static void test_random_dtypes_hold_the_same_draws(void **state)
{
    (void)state;
    const place here = {5, 6, 7, 0};
    const wg_dtype others[] = {WG_F64, (wg_dtype)WGI_DTYPE_WIDE};
    for (int k = 0; k < N_DRAWINGS; k++) {
        double *x = draw_at(drawings[k], here, WG_F32, N_SHORT);
        for (int d = 0; d < 2; d++) {
            double *y = draw_at(drawings[k], here, others[d], N_SHORT);
            for (int i = 0; i < N_SHORT; i++) {
                assert_true((float)x[i] == (float)y[i]);
            }
            free(y);
        }
        free(x);
    }
}

/* ---- channels ----------------------------------------------------------------------------- */

static void test_random_channels_are_dropped_as_a_whole(void **state)
{
    (void)state;
    enum {
        N = 40,
        C = 25,
        INNER = 6
    };
    const int64_t dims[] = {N, C, 2, 3};
    scene s = scene_open(8);
    const wg_node x = wg_full(s.g, WG_F32, 4, dims, 2);
    const wg_node y = wg_dropout_channels(x, 0.25);
    double *values = read_all(y, N * C * INNER);
    double *mask = read_all(wg_output(y, 1), N * C);
    int n_dropped = 0;
    for (int64_t i = 0; i < N * C * INNER; i++) {
        assert_true(values[i] == 2 * mask[i / INNER]);
        assert_true(mask[i / INNER] == 0 || mask[i / INNER] == (double)(float)(1 / 0.75));
    }
    for (int64_t i = 0; i < N * C; i++) {
        n_dropped += mask[i] == 0;
    }
    assert_true(abs(n_dropped - N * C / 4) < 5 * sqrt(N * C * 0.25 * 0.75));
    free(values);
    free(mask);
    assert_int_equal(wg_graph_reset(s.g), WG_OK);
    assert_int_equal(wg_graph_set_training(s.g, false), WG_OK);
    const wg_node same = wg_full(s.g, WG_F32, 4, dims, 2);
    assert_int_equal(wg_dropout_channels(same, 0.25).index, same.index);
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_normal_is_normal),
        cmocka_unit_test(test_random_normal_is_moved),
        cmocka_unit_test(test_random_uniform_is_uniform),
        cmocka_unit_test(test_random_bernoulli_is_as_frequent_as_asked),
        cmocka_unit_test(test_random_randint_is_even),
        cmocka_unit_test(test_random_tests_can_fail),
        cmocka_unit_test(test_random_draws_depend_on_their_place_alone),
        cmocka_unit_test(test_random_elements_do_not_depend_on_the_shape),
        cmocka_unit_test(test_random_dtypes_hold_the_same_draws),
        cmocka_unit_test(test_random_channels_are_dropped_as_a_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
