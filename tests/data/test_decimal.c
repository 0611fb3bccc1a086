/* Decimal text to numbers, against the C library's own conversion in the "C" locale.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wengert/tensor.h>

#include "data/decimal.h"

/* The same bits as strtof, which glibc rounds correctly; its infinities are out of range. */
static void check_against_strtof(const char *text)
{
    float x;
    float expected = strtof(text, NULL);
    wgi_decimal result = wgi_decimal_f32(text, strlen(text), &x);
    bool is_same = isinf(expected)
                       ? result == WGI_DECIMAL_OUT_OF_RANGE && x == 0.0F
                       : result == WGI_DECIMAL_OK && memcmp(&x, &expected, sizeof x) == 0;
    if (!is_same) {
        print_error("%s: %a, expected %a\n", text, (double)x, (double)expected);
    }
    assert_true(is_same);
}

static void test_decimal_forms(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0",
        "-0",
        "+0.0",
        "00.000e5",
        "1",
        "-1.5",
        ".5",
        "5.",
        "1e5",
        "1E-5",
        "+1.e+05",
        "000000001",
        "1e0000",
        "0e99999999",
        "5.1",
        "16",
        "0.1",
        "16777216",
        "16777217",
        "1e10",
        "1e-10",
        "1e11",
        "1e-11",
        "1e38",
        "3.4028235e38",
        "1e-45",
        "1e-46",
        "7e-46",
        "1e-400",
        "1e400",
        "3.4028235677973366e38",
        "99999999999999999999999999999999999999",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        check_against_strtof(texts[i]);
    }
}

static void test_decimal_refuses_what_is_no_number(void **state)
{
    (void)state;
    static const char *const texts[] = {"",    " ",  "+",   ".",   "-.",    "e5",    "1e",
                                        "1e+", "1 ", " 1",  "1,5", "1.2.3", "0x1",   "nan",
                                        "inf", "1f", "--1", "+-1", "1e5.",  "1e5e5", "\x31\x80"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        float x = 1;
        int64_t n = 1;
        assert_int_equal(wgi_decimal_f32(texts[i], strlen(texts[i]), &x), WGI_DECIMAL_NOT);
        assert_true(x == 0.0F);
        assert_int_equal(wgi_decimal_i64(texts[i], strlen(texts[i]), &n), WGI_DECIMAL_NOT);
        assert_int_equal(n, 0);
    }
    float x;
    int64_t n;
    assert_int_equal(wgi_decimal_f32("1\0", 2, &x), WGI_DECIMAL_NOT);
    assert_int_equal(wgi_decimal_f32(NULL, 0, &x), WGI_DECIMAL_NOT);
    assert_int_equal(wgi_decimal_i64(NULL, 0, &n), WGI_DECIMAL_NOT);
}

/* Exactly between two floats, a hair below and a hair above: what one rounding alone gets right. */
static void check_halfway(float low)
{
    double half = ((double)low + (double)nextafterf(low, INFINITY)) / 2;
    char text[256];
    int n = snprintf(text, sizeof text, "%.160e", half);
    check_against_strtof(text);
    char *e = strchr(text, 'e');
    assert_true(n < 250 && e != NULL);
    e[-1] = '1'; /* the last digit was 0 */
    check_against_strtof(text);
    snprintf(text, sizeof text, "%.160e", nextafter(half, 0));
    check_against_strtof(text);
}

static void test_decimal_rounds_once(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(1, 0);
    for (int i = 0; i < 20000; i++) {
        uint32_t bits = (uint32_t)(wg_rng_u64(&rng) & 0x7FFFFFFFU);
        float x;
        memcpy(&x, &bits, sizeof x);
        if (isfinite(x) && x < FLT_MAX) {
            check_halfway(x);
        }
    }
    check_halfway(0.0F);
    check_halfway(FLT_MIN);
    check_halfway(nextafterf(FLT_MIN, 0.0F));
    check_halfway(16777215.0F);
}

static void test_decimal_random_texts(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(2, 0);
    for (int i = 0; i < 100000; i++) {
        char text[80];
        uint64_t digits = wg_rng_u64(&rng) >> wg_rng_below(&rng, 64);
        uint64_t fraction = wg_rng_u64(&rng) >> wg_rng_below(&rng, 64);
        int exponent = (int)wg_rng_below(&rng, 140) - 75;
        snprintf(text, sizeof text, "%s%llu.%llue%d", i % 2 == 0 ? "-" : "",
                 (unsigned long long)digits, (unsigned long long)fraction, exponent);
        check_against_strtof(text);
    }
}

static void test_decimal_longest_texts(void **state)
{
    (void)state;
    char text[300];
    memset(text, '9', 255);
    text[255] = '\0';
    check_against_strtof(text);
    memcpy(text, "0.", 2);
    check_against_strtof(text);
    memset(text + 2, '0', 44);
    check_against_strtof(text);
    memset(text, '1', 255);
    memcpy(text + 250, "e-215", 5);
    check_against_strtof(text);
    memset(text, '9', 256);
    text[256] = '\0';
    float x;
    assert_int_equal(wgi_decimal_f32(text, 256, &x), WGI_DECIMAL_NOT);
}

static void test_decimal_integers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        wgi_decimal result;
        int64_t value;
    } cases[] = {
        {"0", WGI_DECIMAL_OK, 0},
        {"-0", WGI_DECIMAL_OK, 0},
        {"+007", WGI_DECIMAL_OK, 7},
        {"-12", WGI_DECIMAL_OK, -12},
        {"9223372036854775807", WGI_DECIMAL_OK, INT64_MAX},
        {"-9223372036854775808", WGI_DECIMAL_OK, INT64_MIN},
        {"9223372036854775808", WGI_DECIMAL_OUT_OF_RANGE, 0},
        {"-9223372036854775809", WGI_DECIMAL_OUT_OF_RANGE, 0},
        {"99999999999999999999999999", WGI_DECIMAL_OUT_OF_RANGE, 0},
        {"99999999999999999999999999x", WGI_DECIMAL_NOT, 0},
        {"1.0", WGI_DECIMAL_NOT, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t x;
        assert_int_equal(wgi_decimal_i64(cases[i].text, strlen(cases[i].text), &x),
                         cases[i].result);
        assert_true(x == cases[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decimal_forms),
        cmocka_unit_test(test_decimal_refuses_what_is_no_number),
        cmocka_unit_test(test_decimal_rounds_once),
        cmocka_unit_test(test_decimal_random_texts),
        cmocka_unit_test(test_decimal_longest_texts),
        cmocka_unit_test(test_decimal_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
