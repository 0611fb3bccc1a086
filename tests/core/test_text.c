/* Bounded text: cut, never overrun; and the messages made with it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"

#include "core/op.h"
#include "support/cmocka_all.h"

#include <locale.h>
#include <math.h>
#include <string.h>

static void test_text_appends(void **state)
{
    char data[32];
    wgi_text text = wgi_text_make(data, sizeof data);
    (void)state;
    assert_string_equal(data, "");
    wgi_text_add(&text, "a %d", 12);
    wgi_text_add(&text, "%s", "");
    wgi_text_add(&text, ", %s", "b");
    assert_string_equal(data, "a 12, b");
    assert_int_equal(text.used, 7);
}

/* Every buffer size from 0 up holds the longest prefix that fits, and nothing past it changes. */
static void test_text_cuts(void **state)
{
    const char *whole = "abc-defg";
    (void)state;
    for (size_t bytes = 0; bytes <= 12; bytes++) {
        char data[16];
        memset(data, '#', sizeof data);
        wgi_text text = wgi_text_make(data, bytes);
        wgi_text_add(&text, "%s", "abc");
        wgi_text_add(&text, "-%s", "defg");
        wgi_text_add(&text, "%s", "");
        size_t fit = bytes == 0 ? 0 : (bytes - 1 < 8 ? bytes - 1 : 8);
        assert_int_equal(text.used, fit);
        assert_memory_equal(data, whole, fit);
        assert_int_equal(data[fit], bytes == 0 ? '#' : '\0');
        assert_int_equal(data[bytes], '#');
    }
}

static void expect_number(double x, int digits, const char *expected)
{
    char data[400];
    wgi_text text = wgi_text_make(data, sizeof data);
    wgi_text_add_number(&text, x, digits);
    assert_string_equal(data, expected);
}

static void expect_fixed(double x, int decimals, const char *expected)
{
    char data[400];
    wgi_text text = wgi_text_make(data, sizeof data);
    wgi_text_add_fixed(&text, x, decimals);
    assert_string_equal(data, expected);
}

static void check_numbers(void)
{
    expect_number(0.125, 6, "0.125");
    expect_number(-1234.5, 5, "-1234.5");
    expect_number(1.5e6, 3, "1.5e6");
    expect_number(1e-7, 3, "1e-7");
    expect_number(-2.5e100, 3, "-2.5e100");
    expect_number(1e10, 1, "1e10");
    expect_number((double)INFINITY, 4, "inf");
    expect_number(-(double)INFINITY, 4, "-inf");
    expect_number(fabs((double)NAN), 4, "nan");
    expect_fixed(0.1, 2, "0.10");
    expect_fixed(-3.0, 0, "-3");
    expect_fixed(123456.789, 1, "123456.8");
}

/* Also where the process speaks a language with a decimal comma, if the machine knows one. */
static void test_text_numbers(void **state)
{
    (void)state;
    check_numbers();
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL) {
        print_message("no locale with a comma here\n");
    }
    check_numbers();
    setlocale(LC_NUMERIC, "C");
}

static void test_text_longest_fixed(void **state)
{
    char data[400];
    wgi_text text = wgi_text_make(data, sizeof data);
    (void)state;
    wgi_text_add_fixed(&text, -1.7976931348623157e308, 3);
    assert_int_equal(strlen(data), 1 + 309 + 1 + 3);
}

typedef struct sink {
    char data[1024];
    size_t used;
    wg_status answer;
} sink;

static wg_status sink_write(void *user, const char *data, size_t bytes)
{
    sink *to = user;
    memcpy(to->data + to->used, data, bytes);
    to->used += bytes;
    return to->answer;
}

static void test_text_write(void **state)
{
    sink to = {.answer = WG_OK};
    wg_writer writer = {.write = sink_write, .user = &to};
    (void)state;
    assert_int_equal(wgi_write(&writer, "x = %d\n", 3), WG_OK);
    assert_int_equal(wgi_write(&writer, "%s", ""), WG_OK);
    assert_int_equal(to.used, 6);
    assert_memory_equal(to.data, "x = 3\n", 6);
    assert_int_equal(wgi_write(&writer, "%0600d", 1), WG_OK);
    assert_int_equal(to.used, 6 + 511);
    to.answer = WG_ERR_IO;
    assert_int_equal(wgi_write(&writer, "y"), WG_ERR_IO);
    writer.write = NULL;
    assert_int_equal(wgi_write(&writer, "y"), WG_ERR_ARGUMENT);
    assert_int_equal(wgi_write(NULL, "y"), WG_ERR_ARGUMENT);
}

static void test_text_fault(void **state)
{
    wgi_fault fault = {0};
    wgi_args args = {.fault = &fault};
    wgi_args silent = {.fault = NULL};
    (void)state;
    assert_int_equal(wgi_fault_set(&args, WG_ERR_RANGE, "index %d of %d", 5, 3), WG_ERR_RANGE);
    assert_int_equal(fault.status, WG_ERR_RANGE);
    assert_string_equal(fault.text, "index 5 of 3");
    assert_int_equal(wgi_fault_set(&args, WG_ERR_SHAPE, "%0500d", 1), WG_ERR_SHAPE);
    assert_int_equal(strlen(fault.text), WGI_FAULT_BYTES - 1);
    assert_int_equal(wgi_fault_set(&silent, WG_ERR_RANGE, "x"), WG_ERR_RANGE);
}

static void test_text_infer(void **state)
{
    char detail[WGI_DETAIL_BYTES + 1];
    char hint[WGI_DETAIL_BYTES + 1];
    wgi_infer q = {.detail = detail, .hint = hint};
    (void)state;
    detail[WGI_DETAIL_BYTES] = '#';
    hint[WGI_DETAIL_BYTES] = '#';
    assert_int_equal(wgi_infer_fail(&q, WG_ERR_SHAPE, "sizes %d and %d", 2, 3), WG_ERR_SHAPE);
    wgi_infer_hint(&q, "declare %s", "w");
    assert_string_equal(detail, "sizes 2 and 3");
    assert_string_equal(hint, "declare w");
    assert_int_equal(wgi_infer_fail(&q, WG_ERR_DTYPE, "%0900d", 1), WG_ERR_DTYPE);
    wgi_infer_hint(&q, "%0900d", 1);
    assert_int_equal(strlen(detail), WGI_DETAIL_BYTES - 1);
    assert_int_equal(strlen(hint), WGI_DETAIL_BYTES - 1);
    assert_int_equal(detail[WGI_DETAIL_BYTES], '#');
    assert_int_equal(hint[WGI_DETAIL_BYTES], '#');
}

static void expect_exact(double x, bool is_single, const char *expected)
{
    char data[400];
    double back;
    wgi_text text = wgi_text_make(data, sizeof data);
    wgi_text_add_exact(&text, x, is_single);
    assert_string_equal(data, expected);
    assert_true(wgi_text_number(data, text.used, &back));
    assert_true(is_single ? (float)back == (float)x : back == x || x != x);
    assert_true(signbit(back) == signbit(x) || x != x);
}

static void expect_all_exact(void)
{
    expect_exact(0.1, false, "0.1");
    expect_exact(-0.0, false, "-0");
    expect_exact(1.0 / 3, false, "0.3333333333333333");
    expect_exact(0.1 + 0.2, false, "0.30000000000000004");
    expect_exact(1.7976931348623157e308, false, "1.7976931348623157e308");
    expect_exact(5e-324, false, "4.94065645841247e-324");
    expect_exact((double)(0.1F), true, "0.1");
    expect_exact((double)(1.0F / 3), true, "0.33333334");
    expect_exact((double)INFINITY, false, "inf");
    expect_exact(-(double)INFINITY, true, "-inf");
    expect_exact(-(double)NAN, false, "nan");
}

static void test_text_exact(void **state)
{
    (void)state;
    expect_all_exact();
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") != NULL || setlocale(LC_NUMERIC, "fr_FR") != NULL) {
        expect_all_exact();
        setlocale(LC_NUMERIC, "C");
    }
}

static void test_text_refuses_what_is_no_number(void **state)
{
    static const char *const texts[] = {"",     "-",    ".",     "+.",  "e5",  "1e",    "1e+",
                                        "1e5x", "0x10", " 1",    "1 ",  "1,5", "1.2.3", "--1",
                                        "infx", "in",   "1e999", "NAN", "INF", "1e5.5", "1.e.5"};
    double x = 7;
    char large[500];
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_false(wgi_text_number(texts[i], strlen(texts[i]), &x));
        assert_true(x == 0);
    }
    memset(large, '1', sizeof large);
    assert_false(wgi_text_number(large, 401, &x));
    assert_false(wgi_text_number(large, 400, &x));
    assert_true(wgi_text_number(large, 300, &x));
    assert_true(wgi_text_number("+.5e+1", 6, &x) && x == 5);
    assert_true(wgi_text_number("5.", 2, &x) && x == 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_appends),
        cmocka_unit_test(test_text_cuts),
        cmocka_unit_test(test_text_numbers),
        cmocka_unit_test(test_text_longest_fixed),
        cmocka_unit_test(test_text_write),
        cmocka_unit_test(test_text_fault),
        cmocka_unit_test(test_text_infer),
        cmocka_unit_test(test_text_exact),
        cmocka_unit_test(test_text_refuses_what_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
