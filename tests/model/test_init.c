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
    const wg_init init = {.kind = WG_INIT_NORMAL, .a = 3.0, .b = 0.5};
    expect_moments(measure_filled(WG_F32, 2, matrix, &init), n_matrix, 3.0, 0.5);
    expect_moments(measure_filled(WG_F64, 2, matrix, &init), n_matrix, 3.0, 0.5);
}

static void test_init_uniform_has_its_bounds_and_moments(void **state)
{
    (void)state;
    const wg_init init = {.kind = WG_INIT_UNIFORM, .a = -2.0, .b = 2.0};
    const moments s = measure_filled(WG_F32, 2, matrix, &init);
    expect_bounds(s, 2.0);
    expect_moments(s, n_matrix, 0.0, 4.0 / sqrt(12.0));
}

static void test_init_xavier_uses_both_fans_and_the_gain(void **state)
{
    (void)state;
    const wg_init uniform = {.kind = WG_INIT_XAVIER_UNIFORM};
    const double limit = sqrt(6.0 / 500.0);
    moments s = measure_filled(WG_F32, 2, matrix, &uniform);
    expect_bounds(s, limit);
    expect_moments(s, n_matrix, 0.0, limit / sqrt(3.0));
    const wg_init halved = {.kind = WG_INIT_XAVIER_UNIFORM, .gain = 0.5};
    expect_bounds(measure_filled(WG_F32, 2, matrix, &halved), 0.5 * limit);
    const wg_init normal = {.kind = WG_INIT_XAVIER_NORMAL, .gain = 2.0};
    s = measure_filled(WG_F64, 2, matrix, &normal);
    expect_moments(s, n_matrix, 0.0, 2.0 * sqrt(2.0 / 500.0));
}

static void test_init_he_uses_the_fan_in(void **state)
{
    (void)state;
    const wg_init uniform = {.kind = WG_INIT_HE_UNIFORM};
    moments s = measure_filled(WG_F64, 2, matrix, &uniform);
    expect_bounds(s, sqrt(6.0 / 200.0));
    expect_moments(s, n_matrix, 0.0, sqrt(2.0 / 200.0));
    const wg_init normal = {.kind = WG_INIT_HE_NORMAL};
    s = measure_filled(WG_F32, 2, matrix, &normal);
    expect_moments(s, n_matrix, 0.0, sqrt(2.0 / 200.0));
}

static void test_init_fans_of_other_ranks_split_before_the_last_axis(void **state)
{
    (void)state;
    const wg_init he = {.kind = WG_INIT_HE_UNIFORM};
    const wg_init xavier = {.kind = WG_INIT_XAVIER_UNIFORM, .gain = 1.0};
    const int64_t four[4] = {5, 4, 10, 30};
    const int64_t one[1] = {6000};
    expect_bounds(measure_filled(WG_F64, 4, four, &he), sqrt(6.0 / 200.0));
    expect_bounds(measure_filled(WG_F64, 1, one, &he), sqrt(6.0));
    expect_bounds(measure_filled(WG_F64, 1, one, &xavier), sqrt(6.0 / 6001.0));
    const moments scalar = measure_filled(WG_F64, 0, NULL, &xavier);
    assert_true(fabs(scalar.mean) <= sqrt(3.0));
}

static void test_init_fans_may_be_given(void **state)
{
    (void)state;
    const wg_init he = {.kind = WG_INIT_HE_UNIFORM, .fan_in = 50.0};
    const wg_init xavier = {.kind = WG_INIT_XAVIER_UNIFORM, .fan_in = 20.0, .fan_out = 4.0};
    expect_bounds(measure_filled(WG_F64, 2, matrix, &he), sqrt(6.0 / 50.0));
    expect_bounds(measure_filled(WG_F64, 2, matrix, &xavier), 0.5);
}

/* The deviation of a normal cut at two: sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)). */
static void test_init_truncated_normal_stays_within_two_deviations(void **state)
{
    (void)state;
    const wg_init init = {.kind = WG_INIT_TRUNCATED_NORMAL, .a = 3.0, .b = 0.5};
    moments s = measure_filled(WG_F32, 2, matrix, &init);
    assert_true(s.least >= 2.0 && s.least < 2.01 && s.greatest <= 4.0 && s.greatest > 3.99);
    expect_moments(s, n_matrix, 3.0, 0.5 * 0.87962566103423978);
}

static void test_init_constant_needs_no_stream(void **state)
{
    (void)state;
    const wg_init init = {.kind = WG_INIT_CONSTANT, .a = 0.25};
    const moments s = measure_filled(WG_F64, 2, matrix, &init);
    assert_true(s.least == 0.25 && s.greatest == 0.25);
}

/* Q of dims, [rows, columns] or more: the products of the vectors along the shorter side. */
static void expect_orthogonal(wg_dtype dtype, int32_t rank, const int64_t *dims, double gain,
                              double tolerance)
{
    bare b;
    bare_start(&b);
    const wg_init init = {.kind = WG_INIT_ORTHOGONAL, .gain = gain};
    wg_tensor *t = filled(&b, dtype, rank, dims, &init);
    const int64_t rows = dims[0];
    const int64_t columns = wg_tensor_count(t) / rows;
    const int64_t n = rows < columns ? rows : columns;
    const int64_t step = rows < columns ? columns : 1;
    const int64_t stride = rows < columns ? 1 : columns;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j <= i; j++) {
            double sum = 0.0;
            for (int64_t k = 0; k < wg_tensor_count(t) / n; k++) {
                sum += wg_tensor_get(t, i * step + k * stride) *
                       wg_tensor_get(t, j * step + k * stride);
            }
            assert_true(fabs(sum - (i == j ? gain * gain : 0.0)) <= tolerance);
        }
    }
    wg_tensor_destroy(t);
    bare_finish(&b);
}

static void test_init_orthogonal_is_orthonormal_along_the_shorter_side(void **state)
{
    (void)state;
    const int64_t wide[2] = {5, 40};
    const int64_t tall[2] = {40, 7};
    const int64_t square[2] = {30, 30};
    const int64_t four[4] = {8, 2, 3, 3};
    expect_orthogonal(WG_F64, 2, wide, 1.0, 1e-14);
    expect_orthogonal(WG_F64, 2, tall, 2.0, 4e-14);
    expect_orthogonal(WG_F64, 2, square, 1.0, 1e-14);
    expect_orthogonal(WG_F32, 4, four, 1.0, 1e-6);
}

static void test_init_draws_one_normal_for_each_element_in_order(void **state)
{
    (void)state;
    bare b;
    bare_start(&b);
    const wg_init init = {.kind = WG_INIT_NORMAL, .a = 1.0, .b = 2.0};
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
    for (int kind = WG_INIT_ZEROS; kind <= WG_INIT_CONSTANT; kind++) {
        bare b;
        bare_start(&b);
        const wg_init init = {.kind = (wg_init_kind)kind, .a = -1.0, .b = 1.0};
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
    const wg_init narrow = {.kind = WG_INIT_UNIFORM, .a = 1.0, .b = above};
    assert_true(measure_filled(WG_F32, 1, dims, &narrow).greatest == 1.0);
    const wg_init odd = {.kind = WG_INIT_UNIFORM, .a = 1.0 + (double)FLT_EPSILON / 4.0, .b = above};
    assert_true(measure_filled(WG_F32, 1, dims, &odd).least > 0.0);
    const wg_init point = {.kind = WG_INIT_UNIFORM, .a = 0.5, .b = 0.5};
    const moments s = measure_filled(WG_F32, 1, dims, &point);
    assert_true(s.least == 0.5 && s.greatest == 0.5);
    const wg_init narrow_f64 = {.kind = WG_INIT_UNIFORM, .a = 1.0, .b = 1.0 + DBL_EPSILON};
    assert_true(measure_filled(WG_F64, 1, dims, &narrow_f64).greatest == 1.0);
}

static void test_init_zeros_overwrites_without_a_stream(void **state)
{
    (void)state;
    bare b;
    bare_start(&b);
    const wg_init normal = {.kind = WG_INIT_NORMAL, .a = 5.0, .b = 1.0};
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
    expect_refused(t, (wg_init){.kind = (wg_init_kind)10, .b = 1.0});
    expect_refused(t, (wg_init){.kind = (wg_init_kind)-1, .b = 1.0});
    expect_refused(t, (wg_init){.kind = WG_INIT_NORMAL, .b = -1.0});
    expect_refused(t, (wg_init){.kind = WG_INIT_NORMAL, .a = (double)NAN, .b = 1.0});
    expect_refused(t, (wg_init){.kind = WG_INIT_NORMAL, .b = inf});
    expect_refused(t, (wg_init){.kind = WG_INIT_UNIFORM, .a = 1.0});
    expect_refused(t, (wg_init){.kind = WG_INIT_UNIFORM, .a = -DBL_MAX, .b = DBL_MAX});
    expect_refused(t, (wg_init){.kind = WG_INIT_UNIFORM, .b = (double)NAN});
    expect_refused(t, (wg_init){.kind = WG_INIT_XAVIER_UNIFORM, .gain = -1.0});
    expect_refused(t, (wg_init){.kind = WG_INIT_XAVIER_NORMAL, .gain = inf});
    expect_refused(t, (wg_init){.kind = WG_INIT_CONSTANT, .a = inf});
    expect_refused(t, (wg_init){.kind = WG_INIT_TRUNCATED_NORMAL, .b = -1.0});
    expect_refused(t, (wg_init){.kind = WG_INIT_ORTHOGONAL}); /* of rank 1 */
    expect_refused(t, (wg_init){.kind = WG_INIT_HE_NORMAL, .fan_in = -1.0});
    const wg_init he = {.kind = WG_INIT_HE_NORMAL};
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
        cmocka_unit_test(test_init_fans_may_be_given),
        cmocka_unit_test(test_init_truncated_normal_stays_within_two_deviations),
        cmocka_unit_test(test_init_constant_needs_no_stream),
        cmocka_unit_test(test_init_orthogonal_is_orthonormal_along_the_shorter_side),
        cmocka_unit_test(test_init_draws_one_normal_for_each_element_in_order),
        cmocka_unit_test(test_init_gives_the_same_bits_again),
        cmocka_unit_test(test_init_uniform_never_rounds_onto_its_bound),
        cmocka_unit_test(test_init_zeros_overwrites_without_a_stream),
        cmocka_unit_test(test_init_refuses_what_is_no_distribution),
        cmocka_unit_test(test_init_refuses_tensors_that_it_may_not_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
