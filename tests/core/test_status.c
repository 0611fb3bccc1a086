/* Names, texts and the version.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <wengert/base.h>

#include <stdio.h>
#include <string.h>

static void test_status_names(void **state)
{
    (void)state;
    assert_string_equal(wg_status_name(WG_OK), "WG_OK");
    assert_string_equal(wg_status_name(WG_ERR_SHAPE), "WG_ERR_SHAPE");
    assert_string_equal(wg_status_name(WG_ERR_INTERNAL), "WG_ERR_INTERNAL");
    assert_string_equal(wg_status_name((wg_status)10), "WG_ERR_?");
    assert_string_equal(wg_status_name((wg_status)-1), "WG_ERR_?");
    assert_string_equal(wg_status_name((wg_status)INT32_MAX), "WG_ERR_?");
}

/* The values are part of the ABI. */
static void test_status_values_are_pinned(void **state)
{
    (void)state;
    assert_int_equal(WG_OK, 0);
    assert_int_equal(WG_ERR_ARGUMENT, 1);
    assert_int_equal(WG_ERR_NAME, 9);
    assert_int_equal(WG_ERR_MEMORY, 16);
    assert_int_equal(WG_ERR_IO, 32);
    assert_int_equal(WG_ERR_ENGINE, 48);
    assert_int_equal(WG_ERR_CANCELLED, 64);
    assert_int_equal(WG_ERR_CALLBACK, 65);
    assert_int_equal(WG_F32, 1);
    assert_int_equal(WG_U8, 5);
}

static void test_status_texts_differ(void **state)
{
    (void)state;
    for (int a = -1; a < 80; a++) {
        const char *text = wg_status_text((wg_status)a);
        assert_non_null(text);
        assert_true(strlen(text) > 0);
        for (int b = 0; b < a; b++) {
            bool is_known = strcmp(wg_status_name((wg_status)a), "WG_ERR_?") != 0;
            assert_true(!is_known || strcmp(text, wg_status_text((wg_status)b)) != 0);
        }
    }
    assert_string_equal(wg_status_text((wg_status)11), wg_status_text((wg_status)-1));
}

static void test_status_version(void **state)
{
    char expected[32];
    (void)state;
    snprintf(expected, sizeof expected, "%d.%d.%d", WG_VERSION_MAJOR, WG_VERSION_MINOR,
             WG_VERSION_PATCH);
    assert_string_equal(wg_version(), expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_names),
        cmocka_unit_test(test_status_values_are_pinned),
        cmocka_unit_test(test_status_texts_differ),
        cmocka_unit_test(test_status_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
