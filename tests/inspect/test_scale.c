/* Ticks: round, within the axis, labelled apart.
 * SPDX-License-Identifier: Apache-2.0 */
#include "inspect/scale.h"

#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

/* The labels of an axis in one string. */
static void expect_ticks(wgi_span span, int n_wanted, const char *expected)
{
    wgi_scale scale;
    char all[1024] = "";
    wgi_scale_make(&span, n_wanted, &scale);
    for (int i = 0; i < scale.n_ticks; i++) {
        char label[WGI_TICK_BYTES];
        strcat(all, i == 0 ? "" : " ");
        strcat(all, wgi_scale_label(&scale, scale.ticks[i], label));
    }
    assert_string_equal(all, expected);
}

static void test_scale_linear_ticks(void **state)
{
    (void)state;
    expect_ticks((wgi_span){.min = 0, .max = 1}, 5, "0.0 0.2 0.4 0.6 0.8 1.0");
    expect_ticks((wgi_span){.min = 0, .max = 0.3}, 3, "0.0 0.1 0.2 0.3");
    expect_ticks((wgi_span){.min = -0.9, .max = 1.1}, 4, "-0.5 0.0 0.5 1.0");
    expect_ticks((wgi_span){.min = -0.9, .max = 1.1, .is_rounded = true}, 4,
                 "-1.0 -0.5 0.0 0.5 1.0 1.5");
    expect_ticks((wgi_span){.min = 0, .max = 999999}, 5, "0 200000 400000 600000 800000");
    expect_ticks((wgi_span){.min = 0, .max = 5e6}, 5, "0 1e6 2e6 3e6 4e6 5e6");
    expect_ticks((wgi_span){.min = 1e9, .max = 1e9 + 50}, 2, "1000000000 1000000050");
    expect_ticks((wgi_span){.min = 0, .max = 4e-9}, 4, "0 1e-9 2e-9 3e-9 4e-9");
    expect_ticks((wgi_span){.min = 7, .max = 7}, 2, "7.0");
    expect_ticks((wgi_span){.min = 0, .max = 0}, 2, "-1 0 1");
}

static void test_scale_log_ticks(void **state)
{
    (void)state;
    expect_ticks((wgi_span){.min = 1, .max = 10, .is_log = true}, 4, "1 2 5 10");
    expect_ticks((wgi_span){.min = 0.013, .max = 0.3, .is_log = true}, 8,
                 "0.01 0.02 0.05 0.1 0.2 0.5");
    expect_ticks((wgi_span){.min = 0.001, .max = 1000, .is_log = true}, 8,
                 "0.001 0.01 0.1 1 10 100 1000");
    expect_ticks((wgi_span){.min = 1e-9, .max = 1e9, .is_log = true}, 3, "1e-7 1 1e7");
    expect_ticks((wgi_span){.min = 5, .max = 5, .is_log = true}, 4, "2 5 10");
    expect_ticks((wgi_span){.min = 3, .max = 3, .is_log = true}, 4, "2 5");
}

/* Every tick within the axis, in order, no two labels alike, both ends within [0, 1]. */
static void check_scale(const wgi_span *span, int n_wanted)
{
    wgi_scale scale;
    char last[WGI_TICK_BYTES] = "";
    wgi_scale_make(span, n_wanted, &scale);
    assert_true(scale.low < scale.high);
    assert_true(isfinite(scale.low) && isfinite(scale.high));
    assert_true(scale.n_ticks >= 1 && scale.n_ticks <= 2 * n_wanted + 3);
    for (int i = 0; i < scale.n_ticks; i++) {
        char label[WGI_TICK_BYTES];
        double place = wgi_scale_place(&scale, scale.ticks[i]);
        assert_true(place > -1e-6 && place < 1 + 1e-6);
        assert_true(i == 0 || scale.ticks[i] > scale.ticks[i - 1]);
        assert_string_not_equal(wgi_scale_label(&scale, scale.ticks[i], label), last);
        strcpy(last, label);
    }
    double low = wgi_scale_place(&scale, span->min);
    double high = wgi_scale_place(&scale, span->max);
    assert_true(low > -1e-6 && low <= high && high < 1 + 1e-6);
}

static void test_scale_any_span(void **state)
{
    const double ends[] = {-1e300, -1e9,  -1.2345,       -1e-9, -1e-300, 0,    5e-324,    1e-300,
                           1e-290, 1e-20, 1.0000001e-20, 1e-9,  0.1,     1,    1 + 1e-12, 1 + 1e-8,
                           3,      10,    12345.6,       1e6,   1e15,    1e300};
    const int n = sizeof ends / sizeof ends[0];
    (void)state;
    for (int a = 0; a < n; a++) {
        for (int b = a; b < n; b++) {
            for (int k = 0; k < 3; k++) {
                wgi_span span = {ends[a], ends[b], k == 2, k == 1};
                bool is_drawn =
                    wgi_scale_accepts(k == 2, ends[a]) && wgi_scale_accepts(k == 2, ends[b]);
                for (int wanted = 2; is_drawn && wanted <= 16; wanted += 7) {
                    check_scale(&span, wanted);
                }
            }
        }
    }
}

static void test_scale_accepts(void **state)
{
    (void)state;
    assert_true(wgi_scale_accepts(false, 0));
    assert_true(wgi_scale_accepts(false, -1e300));
    assert_false(wgi_scale_accepts(false, -1.1e300));
    assert_false(wgi_scale_accepts(false, (double)NAN));
    assert_false(wgi_scale_accepts(false, -(double)INFINITY));
    assert_true(wgi_scale_accepts(true, 1e-300));
    assert_false(wgi_scale_accepts(true, 0));
    assert_false(wgi_scale_accepts(true, 5e-324));
    assert_false(wgi_scale_accepts(true, -1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scale_linear_ticks),
        cmocka_unit_test(test_scale_log_ticks),
        cmocka_unit_test(test_scale_any_span),
        cmocka_unit_test(test_scale_accepts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
