/* Bad calls of check.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

#include <math.h>
#include <string.h>

static double f(const double *x, size_t n, void *user)
{
    (void)user;
    double y = 0;
    for (size_t i = 0; i < n; i++) {
        y += x[i] * x[i];
    }
    return y;
}

static void g(const double *x, double *gradient, size_t n, void *user)
{
    (void)user;
    for (size_t i = 0; i < n; i++) {
        gradient[i] = 2 * x[i];
    }
}

static float f32(const float *x, size_t n, void *user)
{
    (void)user;
    return n > 0 ? x[0] : 0;
}

static void g32(const float *x, float *gradient, size_t n, void *user)
{
    (void)x;
    (void)user;
    memset(gradient, 0, n * sizeof *gradient);
}

static void vector(const double *x, size_t n, double *y, size_t m, void *user)
{
    (void)user;
    for (size_t i = 0; i < m; i++) {
        y[i] = x[i % n];
    }
}

static const double point[] = {1, 2};

/* A refused check leaves its report zeroed. */
static void refused(wg_check_status status, const wg_check_report *report)
{
    static const wg_check_report zero;
    assert_int_not_equal(status, WG_CHECK_OK);
    assert_int_equal(report->verdict, zero.verdict);
    assert_int_equal(report->counts.checked, 0);
    assert_int_equal(report->n_worst, 0);
}

static void refuse_options(const wg_check_options *options)
{
    wg_check_report report;
    memset(&report, 0x55, sizeof report);
    refused(wg_check_function(f, g, point, 2, NULL, options, &report), &report);
}

/* ---- functions ---------------------------------------------------------------------------- */

static void check_function(bad_world *w, const bad_row *row)
{
    wg_check_report report;
    (void)w;
    (void)row;
    refused(wg_check_function(NULL, g, point, 2, NULL, NULL, &report), &report);
    refused(wg_check_function(f, NULL, point, 2, NULL, NULL, &report), &report);
    refused(wg_check_function(f, g, NULL, 2, NULL, NULL, &report), &report);
    refused(wg_check_function(f, g, point, 0, NULL, NULL, &report), &report);
    refused(wg_check_function(f, g, point, SIZE_MAX, NULL, NULL, &report), &report);
    refused(wg_check_function(f, g, point, SIZE_MAX / 8, NULL, NULL, &report), &report);
    assert_int_not_equal(wg_check_function(f, g, point, 2, NULL, NULL, NULL), WG_CHECK_OK);
    const float single[] = {1, 2};
    refused(wg_check_function_f32(NULL, g32, single, 2, NULL, NULL, &report), &report);
    refused(wg_check_function_f32(f32, NULL, single, 2, NULL, NULL, &report), &report);
    refused(wg_check_function_f32(f32, g32, NULL, 2, NULL, NULL, &report), &report);
    refused(wg_check_function_f32(f32, g32, single, 0, NULL, NULL, &report), &report);
    assert_int_not_equal(wg_check_function_f32(f32, g32, single, 2, NULL, NULL, NULL), WG_CHECK_OK);
}

/* ---- options ------------------------------------------------------------------------------ */

static void check_blocks(void)
{
    const size_t size = sizeof(wg_check_options);
    const wg_check_block bad[] = {
        {.rank = -1},
        {.rank = 9},
        {.rank = 1, .dims = {-1}},
        {.rank = 1, .dims = {3}},
        {.rank = 1, .dims = {INT64_MAX}},
        {.rank = 2, .dims = {INT64_C(1) << 32, INT64_C(1) << 32}},
        {.rank = 3, .dims = {3, INT64_C(0x5555555555555556), 1}},
        {.rank = 1, .dims = {2}, .offset = 1},
        {.rank = 1, .dims = {1}, .offset = SIZE_MAX},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        refuse_options(&(wg_check_options){.size = size, .blocks = &bad[i], .n_blocks = 1});
    }
    refuse_options(&(wg_check_options){.size = size, .n_blocks = 1});
    refuse_options(&(wg_check_options){.size = size, .n_layers = 1});
    refuse_options(&(wg_check_options){.size = size, .n_counts = 1});
}

static void check_options(bad_world *w, const bad_row *row)
{
    const size_t size = sizeof(wg_check_options);
    const wg_check_allocator none = {NULL, NULL, NULL};
    double work[4];
    (void)w;
    (void)row;
    refuse_options(&(wg_check_options){.size = 0});
    refuse_options(&(wg_check_options){.size = SIZE_MAX});
    refuse_options(&(wg_check_options){.size = size, .allocator = &none});
    refuse_options(&(wg_check_options){.size = size, .work = work, .work_bytes = sizeof work});
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        refuse_options(&(wg_check_options){.size = size, .tolerance = bad_number(i)});
    }
    check_blocks();
}

/* ---- problems ----------------------------------------------------------------------------- */

static void refuse_problem(const wg_check_problem *problem)
{
    wg_check_report report;
    memset(&report, 0x55, sizeof report);
    refused(wg_check_run(problem, point, NULL, &report), &report);
}

static void check_problems(bad_world *w, const bad_row *row)
{
    const size_t size = sizeof(wg_check_problem);
    const wg_check_problem good = {.size = size, .n = 2, .f = f, .g = g};
    wg_check_report report;
    (void)w;
    (void)row;
    refuse_problem(NULL);
    refuse_problem(&(wg_check_problem){.size = 0, .n = 2, .f = f, .g = g});
    refuse_problem(&(wg_check_problem){.size = size, .n = 0, .f = f, .g = g});
    refuse_problem(&(wg_check_problem){.size = size, .n = 2});
    refuse_problem(&(wg_check_problem){.size = size, .n = 2, .f = f});
    refuse_problem(&(wg_check_problem){.size = size, .n = 2, .g = g});
    refuse_problem(&(wg_check_problem){.size = size, .n = 2, .f = f, .g = g, .f32 = f32});
    refuse_problem(&(wg_check_problem){.size = size, .n = 2, .m = 2, .vector = vector});
    refused(wg_check_run(&good, NULL, NULL, &report), &report);
    assert_int_not_equal(wg_check_run(&good, point, NULL, NULL), WG_CHECK_OK);
    assert_int_equal(wg_check_work_bytes(NULL), 0);
    assert_int_equal(wg_check_work_bytes(&(wg_check_problem){.size = size}), 0);
    const wg_check_problem large = {.size = size, .n = SIZE_MAX / 4, .f = f, .g = g};
    assert_int_equal(wg_check_work_bytes(&large), 0);
    assert_true(wg_check_work_bytes(&good) > 0);
}

static void check_compare(bad_world *w, const bad_row *row)
{
    wg_check_report report;
    (void)w;
    (void)row;
    refused(wg_check_compare(NULL, point, 2, NULL, &report), &report);
    refused(wg_check_compare(point, NULL, 2, NULL, &report), &report);
    refused(wg_check_compare(point, point, 0, NULL, &report), &report);
    refused(wg_check_compare(point, point, SIZE_MAX, NULL, &report), &report);
    assert_int_not_equal(wg_check_compare(point, point, 2, NULL, NULL), WG_CHECK_OK);
}

/* ---- reports ------------------------------------------------------------------------------ */

static void check_reports(bad_world *w, const bad_row *row)
{
    static const int odd[] = {-1, 99, INT32_MAX, INT32_MIN};
    const wg_check_writer no_write = {NULL, NULL};
    const wg_check_report zero = {.verdict = WG_CHECK_NONE};
    (void)w;
    (void)row;
    for (size_t i = 0; i < 4; i++) {
        assert_non_null(wg_check_diagnosis_text((wg_check_diagnosis)odd[i]));
        assert_non_null(wg_check_verdict_name((wg_check_verdict)odd[i]));
    }
    assert_int_not_equal(wg_check_report_write(NULL, NULL), WG_CHECK_OK);
    assert_int_not_equal(wg_check_report_write(&zero, NULL), WG_CHECK_OK);
    assert_int_not_equal(wg_check_report_write(&zero, &no_write), WG_CHECK_OK);
}

const bad_row bad_rows_of_check[] = {
    {.name = "wg_check_function", .check = check_function},
    {.name = "wg_check_function", .check = check_options},
    {.name = "wg_check_function_f32", .check = check_function},
    {.name = "wg_check_run", .check = check_problems},
    {.name = "wg_check_work_bytes", .check = check_problems},
    {.name = "wg_check_compare", .check = check_compare},
    {.name = "wg_check_report_write", .check = check_reports},
    {.name = "wg_check_diagnosis_text", .check = check_reports},
    {.name = "wg_check_verdict_name", .check = check_reports},
    {NULL, NULL, NULL},
};
