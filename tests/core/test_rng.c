/* Host random streams: determinism, bounds and distribution.
 * SPDX-License-Identifier: Apache-2.0 */
#include "core/random.h"
#include "support/cmocka_all.h"

#include <wengert/tensor.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SEED UINT64_C(20240917)
#define N_DRAWS 100000

/* Seed 0 and stream 0 draw the known answer of counter 0 and key 0, word after word. */
static void test_rng_words_are_philox(void **state)
{
    wg_rng rng = wg_rng_make(0, 0);
    (void)state;
    assert_true(wg_rng_u64(&rng) == UINT64_C(0xe169c58d6627e8d5));
    assert_true(rng.position == 2);
    assert_true(wg_rng_u64(&rng) == UINT64_C(0x9b00dbd8bc57ac4c));
    assert_true(rng.position == 4);
}

static void test_rng_key_and_counter_places(void **state)
{
    const uint32_t counter[4] = {0x89abcdef, 0x01234567, 0x13198a2e, 0x03707344};
    const uint32_t key[2] = {0xa4093822, 0x299f31d0};
    uint32_t words[4];
    wg_rng rng = wg_rng_make(UINT64_C(0x299f31d0a4093822), UINT64_C(0x0370734413198a2e));
    (void)state;
    wgi_philox(counter, key, words);
    rng.position = UINT64_C(0x0123456789abcdef) * 4;
    assert_true(wg_rng_u64(&rng) == (((uint64_t)words[1] << 32) | words[0]));
    assert_true(wg_rng_u64(&rng) == (((uint64_t)words[3] << 32) | words[2]));
}

/* A draw that straddles two blocks takes the last word of one and the first of the next. */
static void test_rng_odd_positions(void **state)
{
    wg_rng even = wg_rng_make(SEED, 3);
    wg_rng odd = even;
    (void)state;
    odd.position = 3;
    uint64_t a = wg_rng_u64(&even);
    uint64_t b = wg_rng_u64(&even);
    uint64_t c = wg_rng_u64(&even);
    uint64_t straddling = wg_rng_u64(&odd);
    (void)a;
    assert_true((straddling & UINT32_MAX) == b >> 32);
    assert_true(straddling >> 32 == (c & UINT32_MAX));
}

static void test_rng_wraps(void **state)
{
    wg_rng last = wg_rng_make(SEED, 0);
    wg_rng first = last;
    (void)state;
    last.position = UINT64_MAX;
    uint64_t word = wg_rng_u64(&first) & UINT32_MAX;
    assert_true(wg_rng_u64(&last) >> 32 == word);
    assert_true(last.position == 1);
}

static void test_rng_is_its_four_numbers(void **state)
{
    wg_rng rng = wg_rng_make(SEED, 1);
    (void)state;
    for (int i = 0; i < 10; i++) {
        (void)wg_rng_normal(&rng);
    }
    wg_rng copy = rng;
    for (int i = 0; i < 10; i++) {
        assert_true(wg_rng_u64(&rng) == wg_rng_u64(&copy));
    }
    wg_rng other = wg_rng_make(SEED, 2);
    other.position = copy.position;
    assert_true(wg_rng_u64(&copy) != wg_rng_u64(&other));
}

/* The mean of n uniforms is 1/2 +- 1/sqrt(12 n), their mean square 1/3 +- sqrt(4/45/n); five
 * standard errors each. */
static void test_rng_uniform_moments(void **state)
{
    wg_rng rng = wg_rng_make(SEED, 0);
    double sum = 0;
    double squares = 0;
    (void)state;
    for (int i = 0; i < N_DRAWS; i++) {
        double u = wg_rng_uniform(&rng);
        assert_true(u >= 0.0 && u < 1.0);
        sum += u;
        squares += u * u;
    }
    assert_true(fabs(sum / N_DRAWS - 0.5) < 5 / sqrt(12.0 * N_DRAWS));
    assert_true(fabs(squares / N_DRAWS - 1.0 / 3) < 5 * sqrt(4.0 / 45 / N_DRAWS));
}

/* Standard errors of the first, second and fourth moment: 1, sqrt 2 and sqrt 96 over sqrt n. */
static void test_rng_normal_moments(void **state)
{
    wg_rng rng = wg_rng_make(SEED, 0);
    double moments[5] = {0};
    double root = sqrt((double)N_DRAWS);
    (void)state;
    for (int i = 0; i < N_DRAWS; i++) {
        double x = wg_rng_normal(&rng);
        assert_true(isfinite(x));
        moments[1] += x / N_DRAWS;
        moments[2] += x * x / N_DRAWS;
        moments[4] += x * x * x * x / N_DRAWS;
    }
    assert_true(fabs(moments[1]) < 5 / root);
    assert_true(fabs(moments[2] - 1) < 5 * sqrt(2.0) / root);
    assert_true(fabs(moments[4] - 3) < 5 * sqrt(96.0) / root);
    assert_true(rng.position == UINT64_C(4) * N_DRAWS);
}

static void test_rng_below_bounds(void **state)
{
    const uint64_t bounds[] = {1,         2, 3, 7, 1000, UINT64_C(1) << 63, (UINT64_C(1) << 63) + 1,
                               UINT64_MAX};
    wg_rng rng = wg_rng_make(SEED, 4);
    (void)state;
    for (size_t b = 0; b < sizeof bounds / sizeof bounds[0]; b++) {
        for (int i = 0; i < 200; i++) {
            assert_true(wg_rng_below(&rng, bounds[b]) < bounds[b]);
        }
    }
}

/* Just above 2^63 almost every second draw is rejected; without rejection the lower half of the
 * range would come twice as often. Chi-square with 2 degrees: 27.6 has a chance of 1e-6. */
static void test_rng_below_is_unbiased(void **state)
{
    wg_rng rng = wg_rng_make(SEED, 5);
    uint64_t third = UINT64_C(1) << 62;
    double counts[3] = {0};
    double chi = 0;
    (void)state;
    for (int i = 0; i < 30000; i++) {
        counts[wg_rng_below(&rng, 3 * third) / third] += 1;
    }
    for (int k = 0; k < 3; k++) {
        chi += (counts[k] - 10000) * (counts[k] - 10000) / 10000;
    }
    assert_true(chi < 27.6);
}

/* All 24 orders of four come, each 1000 +- 31 times of 24000; six standard errors. */
static void test_rng_shuffle_is_fair(void **state)
{
    wg_rng rng = wg_rng_make(SEED, 6);
    int counts[256] = {0};
    int n_orders = 0;
    (void)state;
    for (int i = 0; i < 24000; i++) {
        int64_t order[4] = {0, 1, 2, 3};
        wg_rng_shuffle(&rng, order, 4);
        counts[order[0] * 64 + order[1] * 16 + order[2] * 4 + order[3]]++;
    }
    for (int i = 0; i < 256; i++) {
        n_orders += counts[i] > 0;
        assert_true(counts[i] == 0 || abs(counts[i] - 1000) < 186);
    }
    assert_int_equal(n_orders, 24);
}

static void test_rng_survives_nonsense(void **state)
{
    wg_rng rng = wg_rng_make(SEED, 7);
    int64_t one[1] = {9};
    (void)state;
    assert_true(wg_rng_u64(NULL) == 0);
    assert_true(isnan(wg_rng_uniform(NULL)));
    assert_true(isnan(wg_rng_normal(NULL)));
    assert_true(wg_rng_below(NULL, 5) == 0);
    assert_true(wg_rng_below(&rng, 0) == 0);
    assert_true(rng.position == 0);
    wg_rng_shuffle(NULL, one, 1);
    wg_rng_shuffle(&rng, NULL, 10);
    wg_rng_shuffle(&rng, one, 1);
    wg_rng_shuffle(&rng, one, 0);
    assert_true(one[0] == 9);
    assert_true(rng.position == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rng_words_are_philox),
        cmocka_unit_test(test_rng_key_and_counter_places),
        cmocka_unit_test(test_rng_odd_positions),
        cmocka_unit_test(test_rng_wraps),
        cmocka_unit_test(test_rng_is_its_four_numbers),
        cmocka_unit_test(test_rng_uniform_moments),
        cmocka_unit_test(test_rng_normal_moments),
        cmocka_unit_test(test_rng_below_bounds),
        cmocka_unit_test(test_rng_below_is_unbiased),
        cmocka_unit_test(test_rng_shuffle_is_fair),
        cmocka_unit_test(test_rng_survives_nonsense),
    };
    printf("seed %llu\n", (unsigned long long)SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
