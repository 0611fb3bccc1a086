/* Initialisers: bounds, moments, fans and bits.
 * SPDX-License-Identifier: Apache-2.0 */
#include "model/bare.h"

#include <float.h>
#include <math.h>

#define SEED UINT64_C(11)

typedef struct moments {
    double mean;
    double variance;
    double least;
    double greatest;
} moments;

static moments measure(const wg_tensor *t)
{
    const int64_t n = wg_tensor_count(t);
    moments s = {0.0, 0.0, (double)INFINITY, -(double)INFINITY};
    for (int64_t i = 0; i < n; i++) {
        const double x = wg_tensor_get(t, i);
        s.mean += x / (double)n;
        s.least = fmin(s.least, x);
        s.greatest = fmax(s.greatest, x);
    }
    for (int64_t i = 0; i < n; i++) {
        const double d = wg_tensor_get(t, i) - s.mean;
        s.variance += d * d / (double)n;
    }
    return s;
}

/* A filled tensor of the bare context's. */
static wg_tensor *filled(bare *b, wg_dtype dtype, int32_t rank, const int64_t *dims,
                         const wg_init *init)
{
    wg_tensor *t = NULL;
    wg_rng rng = wg_rng_make(SEED, 0);
    assert_int_equal(wg_tensor_create(&b->ctx, dtype, rank, dims, &t), WG_OK);
    wg_init drawing = *init;
    drawing.rng = &rng;
    assert_int_equal(wg_init_tensor(t, &drawing), WG_OK);
    return t;
}

static moments measure_filled(wg_dtype dtype, int32_t rank, const int64_t *dims,
                              const wg_init *init)
{
    bare b;
    bare_start(&b);
    wg_tensor *t = filled(&b, dtype, rank, dims, init);
    const moments s = measure(t);
    wg_tensor_destroy(t);
    bare_finish(&b);
    return s;
}

/* Of n draws, a mean strays by more than 5 deviations / sqrt(n), and a variance by more than
 * 5 sqrt(2/n) of itself (a normal's; a uniform's strays less), once in a million seeds. */
static void expect_moments(moments s, double n, double mean, double deviation)
{
    const double variance = deviation * deviation;
    assert_true(fabs(s.mean - mean) <= 5.0 * deviation / sqrt(n));
    assert_true(fabs(s.variance - variance) <= 5.0 * sqrt(2.0 / n) * variance);
}

/* All draws are in [-limit, limit), and some are within 1% of either end. */
static void expect_bounds(moments s, double limit)
{
    assert_true(s.least >= -limit && s.least <= -0.99 * limit);
    assert_true(s.greatest < limit && s.greatest >= 0.99 * limit);
}

static const int64_t matrix[2] = {200, 300};
static const double n_matrix = 60000.0;

static void test_init_normal_has_its_moments(void **state)
{
    (void)state;
    const wg_init init = {WG_INIT_NORMAL, 3.0, 0.5, 0.0, NULL};
    expect_moments(measure_filled(WG_F32, 2, matrix, &init), n_matrix, 3.0, 0.5);
    expect_moments(measure_filled(WG_F64, 2, matrix, &init), n_matrix, 3.0, 0.5);
}

static void test_init_uniform_has_its_bounds_and_moments(void **state)
{
    (void)state;
    const wg_init init = {WG_INIT_UNIFORM, -2.0, 2.0, 0.0, NULL};
    const moments s = measure_filled(WG_F32, 2, matrix, &init);
    expect_bounds(s, 2.0);
    expect_moments(s, n_matrix, 0.0, 4.0 / sqrt(12.0));
}

static void test_init_xavier_uses_both_fans_and_the_gain(void **state)
{
    (void)state;
    const wg_init uniform = {WG_INIT_XAVIER_UNIFORM, 0.0, 0.0, 0.0, NULL};
    const double limit = sqrt(6.0 / 500.0);
    moments s = measure_filled(WG_F32, 2, matrix, &uniform);
    expect_bounds(s, limit);
    expect_moments(s, n_matrix, 0.0, limit / sqrt(3.0));
    const wg_init halved = {WG_INIT_XAVIER_UNIFORM, 0.0, 0.0, 0.5, NULL};
    expect_bounds(measure_filled(WG_F32, 2, matrix, &halved), 0.5 * limit);
    const wg_init normal = {WG_INIT_XAVIER_NORMAL, 0.0, 0.0, 2.0, NULL};
    s = measure_filled(WG_F64, 2, matrix, &normal);
    expect_moments(s, n_matrix, 0.0, 2.0 * sqrt(2.0 / 500.0));
}

static void test_init_he_uses_the_fan_in(void **state)
{
    (void)state;
    const wg_init uniform = {WG_INIT_HE_UNIFORM, 0.0, 0.0, 0.0, NULL};
    moments s = measure_filled(WG_F64, 2, matrix, &uniform);
    expect_bounds(s, sqrt(6.0 / 200.0));
    expect_moments(s, n_matrix, 0.0, sqrt(2.0 / 200.0));
    const wg_init normal = {WG_INIT_HE_NORMAL, 0.0, 0.0, 0.0, NULL};
    s = measure_filled(WG_F32, 2, matrix, &normal);
    expect_moments(s, n_matrix, 0.0, sqrt(2.0 / 200.0));
}

static void test_init_fans_of_other_ranks_split_before_the_last_axis(void **state)
{
    (void)state;
    const wg_init he = {WG_INIT_HE_UNIFORM, 0.0, 0.0, 0.0, NULL};
    const wg_init xavier = {WG_INIT_XAVIER_UNIFORM, 0.0, 0.0, 1.0, NULL};
    const int64_t four[4] = {5, 4, 10, 30};
    const int64_t one[1] = {6000};
    expect_bounds(measure_filled(WG_F64, 4, four, &he), sqrt(6.0 / 200.0));
    expect_bounds(measure_filled(WG_F64, 1, one, &he), sqrt(6.0));
    expect_bounds(measure_filled(WG_F64, 1, one, &xavier), sqrt(6.0 / 6001.0));
    const moments scalar = measure_filled(WG_F64, 0, NULL, &xavier);
    assert_true(fabs(scalar.mean) <= sqrt(3.0));
}

static void test_init_draws_one_normal_for_each_element_in_order(void **state)
{
    (void)state;
    bare b;
    bare_start(&b);
    const wg_init init = {WG_INIT_NORMAL, 1.0, 2.0, 0.0, NULL};
    const int64_t dims[2] = {3, 5};
    wg_tensor *t = filled(&b, WG_F64, 2, dims, &init);
    wg_rng rng = wg_rng_make(SEED, 0);
    for (int64_t i = 0; i < 15; i++) {
        assert_true(wg_tensor_get(t, i) == 1.0 + 2.0 * wg_rng_normal(&rng));
    }
    wg_tensor_destroy(t);
    bare_finish(&b);
}

static void test_init_gives_the_same_bits_again(void **state)
{
    (void)state;
    for (int kind = WG_INIT_ZEROS; kind <= WG_INIT_HE_NORMAL; kind++) {
        bare b;
        bare_start(&b);
        const wg_init init = {(wg_init_kind)kind, -1.0, 1.0, 0.0, NULL};
        const int64_t dims[2] = {7, 9};
        wg_tensor *t = filled(&b, WG_F32, 2, dims, &init);
        wg_tensor *again = filled(&b, WG_F32, 2, dims, &init);
        assert_memory_equal(wg_tensor_data(t), wg_tensor_data(again), 7 * 9 * sizeof(float));
        wg_tensor_destroy(again);
        wg_tensor_destroy(t);
        bare_finish(&b);
    }
}

/* Half of all draws between neighbouring floats round up to the bound that they must not reach. */
static void test_init_uniform_never_rounds_onto_its_bound(void **state)
{
    (void)state;
    const int64_t dims[1] = {1000};
    const double above = 1.0 + (double)FLT_EPSILON;
    const wg_init narrow = {WG_INIT_UNIFORM, 1.0, above, 0.0, NULL};
    assert_true(measure_filled(WG_F32, 1, dims, &narrow).greatest == 1.0);
    const wg_init odd = {WG_INIT_UNIFORM, 1.0 + (double)FLT_EPSILON / 4.0, above, 0.0, NULL};
    assert_true(measure_filled(WG_F32, 1, dims, &odd).least > 0.0);
    const wg_init point = {WG_INIT_UNIFORM, 0.5, 0.5, 0.0, NULL};
    const moments s = measure_filled(WG_F32, 1, dims, &point);
    assert_true(s.least == 0.5 && s.greatest == 0.5);
    const wg_init narrow_f64 = {WG_INIT_UNIFORM, 1.0, 1.0 + DBL_EPSILON, 0.0, NULL};
    assert_true(measure_filled(WG_F64, 1, dims, &narrow_f64).greatest == 1.0);
}

static void test_init_zeros_overwrites_without_a_stream(void **state)
{
    (void)state;
    bare b;
    bare_start(&b);
    const wg_init normal = {WG_INIT_NORMAL, 5.0, 1.0, 0.0, NULL};
    const int64_t dims[1] = {9};
    wg_tensor *t = filled(&b, WG_F32, 1, dims, &normal);
    assert_int_equal(wg_init_tensor(t, NULL), WG_OK);
    for (int64_t i = 0; i < 9; i++) {
        assert_true(wg_tensor_get(t, i) == 0.0);
    }
    wg_tensor_destroy(t);
    bare_finish(&b);
}

/* A refused fill writes nothing and draws nothing. */
static void expect_refused(wg_tensor *t, wg_init init)
{
    wg_rng rng = wg_rng_make(SEED, 0);
    init.rng = &rng;
    assert_int_equal(wg_init_tensor(t, &init), WG_ERR_ARGUMENT);
    assert_int_equal(rng.position, 0);
    assert_true(wg_tensor_get(t, 0) == 0.0);
}

static void test_init_refuses_what_is_no_distribution(void **state)
{
    (void)state;
    bare b;
    bare_start(&b);
    wg_tensor *t = NULL;
    const int64_t dims[1] = {4};
    const double inf = (double)INFINITY;
    assert_int_equal(wg_tensor_create(&b.ctx, WG_F32, 1, dims, &t), WG_OK);
    expect_refused(t, (wg_init){(wg_init_kind)7, 0.0, 1.0, 0.0, NULL});
    expect_refused(t, (wg_init){(wg_init_kind)-1, 0.0, 1.0, 0.0, NULL});
    expect_refused(t, (wg_init){WG_INIT_NORMAL, 0.0, -1.0, 0.0, NULL});
    expect_refused(t, (wg_init){WG_INIT_NORMAL, (double)NAN, 1.0, 0.0, NULL});
    expect_refused(t, (wg_init){WG_INIT_NORMAL, 0.0, inf, 0.0, NULL});
    expect_refused(t, (wg_init){WG_INIT_UNIFORM, 1.0, 0.0, 0.0, NULL});
    expect_refused(t, (wg_init){WG_INIT_UNIFORM, -DBL_MAX, DBL_MAX, 0.0, NULL});
    expect_refused(t, (wg_init){WG_INIT_UNIFORM, 0.0, (double)NAN, 0.0, NULL});
    expect_refused(t, (wg_init){WG_INIT_XAVIER_UNIFORM, 0.0, 0.0, -1.0, NULL});
    expect_refused(t, (wg_init){WG_INIT_XAVIER_NORMAL, 0.0, 0.0, inf, NULL});
    const wg_init he = {WG_INIT_HE_NORMAL, 0.0, 0.0, 0.0, NULL};
    assert_int_equal(wg_init_tensor(t, &he), WG_ERR_ARGUMENT);
    assert_int_equal(wg_init_tensor(NULL, &he), WG_ERR_ARGUMENT);
    wg_tensor_destroy(t);
    bare_finish(&b);
}

static void test_init_refuses_tensors_that_it_may_not_write(void **state)
{
    (void)state;
    bare b;
    bare_start(&b);
    wg_rng rng = wg_rng_make(SEED, 0);
    const wg_init he = {.kind = WG_INIT_HE_NORMAL, .rng = &rng};
    const int64_t empty[2] = {0, 4};
    wgi_type type;
    wg_tensor *t = NULL;
    assert_int_equal(wg_tensor_create(&b.ctx, WG_I64, 2, empty, &t), WG_OK);
    assert_int_equal(wg_init_tensor(t, &he), WG_ERR_DTYPE);
    wg_tensor_destroy(t);
    assert_int_equal(wgi_type_make(WG_F32, 0, NULL, &type), WG_OK);
    assert_int_equal(wgi_tensor_shell(&b.ctx, &type, &t), WG_OK);
    assert_int_equal(wg_init_tensor(t, &he), WG_ERR_ARGUMENT);
    wg_tensor_destroy(t);
    assert_int_equal(wg_tensor_create(&b.ctx, WG_F32, 2, empty, &t), WG_OK);
    assert_int_equal(wg_init_tensor(t, &he), WG_OK);
    wg_tensor_destroy(t);
    assert_int_equal(rng.position, 0);
    bare_finish(&b);
}

int main(void)
{
    print_message("seed %u\n", (unsigned)SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_normal_has_its_moments),
        cmocka_unit_test(test_init_uniform_has_its_bounds_and_moments),
        cmocka_unit_test(test_init_xavier_uses_both_fans_and_the_gain),
        cmocka_unit_test(test_init_he_uses_the_fan_in),
        cmocka_unit_test(test_init_fans_of_other_ranks_split_before_the_last_axis),
        cmocka_unit_test(test_init_draws_one_normal_for_each_element_in_order),
        cmocka_unit_test(test_init_gives_the_same_bits_again),
        cmocka_unit_test(test_init_uniform_never_rounds_onto_its_bound),
        cmocka_unit_test(test_init_zeros_overwrites_without_a_stream),
        cmocka_unit_test(test_init_refuses_what_is_no_distribution),
        cmocka_unit_test(test_init_refuses_tensors_that_it_may_not_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
