/* The pieces of strict JSON.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <string.h>

#include "io/json.h"

static wgi_json open_text(const char *text)
{
    return wgi_json_make(text, strlen(text));
}

static void test_json_first_failure_sticks(void **state)
{
    (void)state;
    wgi_json j = open_text("x \"s\" 1 , ]");
    uint64_t n = 7;
    assert_false(wgi_json_expect(&j, '{', "first"));
    assert_false(wgi_json_expect(&j, 'x', "second"));
    assert_false(wgi_json_take(&j, 'x'));
    assert_null(wgi_json_string(&j));
    assert_false(wgi_json_u64(&j, &n));
    assert_int_equal(n, 0);
    assert_false(wgi_json_more(&j, ']', true));
    assert_false(wgi_json_more(&j, ']', false));
    assert_false(wgi_json_end(&j));
    assert_string_equal(j.error, "first");
    assert_ptr_equal(j.at, j.start);
}

static void test_json_strings_compare_decoded(void **state)
{
    (void)state;
    wgi_json j = open_text("\"d\\u0074ype\\n\"");
    const char *string = wgi_json_string(&j);
    assert_non_null(string);
    assert_true(wgi_json_is(string, "dtype\n"));
    assert_false(wgi_json_is(string, "dtype"));
    assert_false(wgi_json_is(string, "dtype\n "));
    assert_false(wgi_json_is(string, ""));
    assert_true(wgi_json_end(&j));
}

static void test_json_decodes_in_place(void **state)
{
    (void)state;
    char text[] = "\"\\ud83d\\ude00\\\"\" :";
    wgi_json j = open_text(text);
    assert_non_null(wgi_json_string(&j));
    wgi_json_decode(text + 1);
    assert_string_equal(text + 1, "\xF0\x9F\x98\x80\"");
    /* All that the decoding saved is NULs, up to where the closing quote was. */
    for (size_t i = 6; i < sizeof text - 3; i++) {
        assert_int_equal(text[i], 0);
    }
    assert_string_equal(text + sizeof text - 3, " :");
}

static void test_json_numbers(void **state)
{
    (void)state;
    wgi_json j = open_text(" 0 18446744073709551615 18446744073709551616");
    uint64_t n;
    assert_true(wgi_json_u64(&j, &n));
    assert_true(n == 0);
    assert_true(wgi_json_u64(&j, &n));
    assert_true(n == UINT64_MAX);
    assert_false(wgi_json_u64(&j, &n));
    assert_true(n == 0);
    assert_string_equal(j.error, "a number does not fit 64 bits");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_first_failure_sticks),
        cmocka_unit_test(test_json_strings_compare_decoded),
        cmocka_unit_test(test_json_decodes_in_place),
        cmocka_unit_test(test_json_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
