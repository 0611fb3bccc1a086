/* Progress lines under a clock of the test's own.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"
#include "support/sink.h"

#include <wengert/pictures.h>

#include <math.h>
#include <string.h>

static wgt_sink sink;
static wg_writer writer;
static double now;

static double read_now(void *user)
{
    return now + *(const double *)user;
}

static double zero_hour = 1000;

static int start(void **state)
{
    (void)state;
    wgt_sink_start(&sink);
    writer = wgt_sink_writer(&sink);
    now = 0;
    return 0;
}

static int finish(void **state)
{
    (void)state;
    wgt_sink_finish(&sink);
    return 0;
}

static wg_progress_options with_clock(bool is_terminal)
{
    return (wg_progress_options){.size = sizeof(wg_progress_options),
                                 .is_terminal = is_terminal,
                                 .clock = read_now,
                                 .clock_user = &zero_hour};
}

static wg_progress begin(int64_t n_steps, const wg_progress_options *options)
{
    wg_progress progress;
    assert_int_equal(wg_progress_begin(n_steps, &writer, options, &progress), WG_OK);
    return progress;
}

static size_t count_lines(const char *text)
{
    size_t n = 0;
    for (const char *c = text; *c != '\0'; c++) {
        n += *c == '\n';
    }
    return n;
}

static void test_progress_plain_lines(void **state)
{
    wg_progress_options options = with_clock(false);
    (void)state;
    options.lines = 4;
    wg_progress p = begin(20, &options);
    for (int64_t step = 1; step <= 20; step++) {
        now += 0.5;
        assert_int_equal(wg_progress_step(&p, step, 2.0 / (double)step), WG_OK);
    }
    assert_int_equal(wg_progress_end(&p), WG_OK);
    assert_string_equal(wgt_sink_text(&sink), "step  5/20   25%  loss 0.4  2 steps/s  8 s left\n"
                                              "step 10/20   50%  loss 0.2  2 steps/s  5 s left\n"
                                              "step 15/20   75%  loss 0.1333  2 steps/s  3 s left\n"
                                              "step 20/20  100%  loss 0.1  2 steps/s  in 10.0 s\n");
    assert_int_equal(sink.n_writes, 4);
}

static void test_progress_samples(void **state)
{
    wg_progress_options options = with_clock(false);
    (void)state;
    options.samples_per_step = 64;
    options.lines = 1;
    wg_progress p = begin(1000, &options);
    now = 100;
    assert_int_equal(wg_progress_step(&p, 1000, 0.5), WG_OK);
    assert_string_equal(wgt_sink_text(&sink),
                        "step 1000/1000  100%  loss 0.5  640 samples/s  in 1 min 40 s\n");
}

/* However many steps, there are at most as many plain lines as asked for; the last one is there. */
static void test_progress_lines_are_bounded(void **state)
{
    const int64_t totals[] = {1, 2, 9, 10, 11, 99, 105, 1000, 12345};
    (void)state;
    for (size_t t = 0; t < sizeof totals / sizeof totals[0]; t++) {
        wg_progress_options options = with_clock(false);
        wgt_sink_clear(&sink);
        wg_progress p = begin(totals[t], &options);
        for (int64_t step = 1; step <= totals[t]; step++) {
            assert_int_equal(wg_progress_step(&p, step, 1), WG_OK);
        }
        assert_int_equal(wg_progress_step(&p, totals[t], 1), WG_OK);
        size_t expected = totals[t] < 10 ? (size_t)totals[t] : 10;
        assert_int_equal(count_lines(wgt_sink_text(&sink)), expected);
        assert_non_null(strstr(wgt_sink_text(&sink), "100%"));
    }
}

static void test_progress_resumes(void **state)
{
    wg_progress_options options = with_clock(false);
    (void)state;
    options.first_step = 500;
    options.lines = 10;
    wg_progress p = begin(1000, &options);
    now = 10;
    assert_int_equal(wg_progress_step(&p, 501, 1), WG_OK);
    assert_int_equal(wg_progress_step(&p, 600, 1), WG_OK);
    assert_string_equal(wgt_sink_text(&sink),
                        "step  600/1000   60%  loss 1  10 steps/s  40 s left\n");
}

static void test_progress_terminal(void **state)
{
    wg_progress_options options = with_clock(true);
    (void)state;
    options.interval = 1;
    wg_progress p = begin(4, &options);
    now = 0.25;
    assert_int_equal(wg_progress_step(&p, 1, 0.123456), WG_OK);
    now = 0.5;
    assert_int_equal(wg_progress_step(&p, 2, 0.2), WG_OK);
    now = 1.5;
    assert_int_equal(wg_progress_step(&p, 3, 0.3), WG_OK);
    now = 1.6;
    assert_int_equal(wg_progress_step(&p, 4, 0.4), WG_OK);
    assert_int_equal(wg_progress_end(&p), WG_OK);
    assert_int_equal(wg_progress_end(&p), WG_OK);
    assert_string_equal(wgt_sink_text(&sink),
                        "\r[=====>..............] 1/4   25%  loss 0.1235  4 steps/s  1 s left"
                        "\r[===============>....] 3/4   75%  loss 0.3  2 steps/s  1 s left   "
                        "\r[====================] 4/4  100%  loss 0.4  2.5 steps/s  in 1.6 s\n");
}

static void test_progress_times_left(void **state)
{
    static const struct {
        double elapsed;
        const char *left;
    } cases[] = {
        {0.6, "1 min 00 s left"},
        {1.2, "1 min 59 s left"},
        {37, "1 h 01 min left"},
        {1000, "1 d 03 h left"},
        {1e7, "more than 99 d left"},
        {1e300, "more than 99 d"},
        {0, "loss 1\n"},
        {-5, "loss 1\n"},
        {(double)NAN, "loss 1\n"},
        {(double)INFINITY, "more than 99 d left"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wg_progress_options options = with_clock(false);
        options.lines = 100;
        wgt_sink_clear(&sink);
        now = 0;
        wg_progress p = begin(100, &options);
        now = cases[i].elapsed;
        assert_int_equal(wg_progress_step(&p, 1, 1), WG_OK);
        if (strstr(wgt_sink_text(&sink), cases[i].left) == NULL) {
            print_error("%g: %s", cases[i].elapsed, wgt_sink_text(&sink));
        }
        assert_non_null(strstr(wgt_sink_text(&sink), cases[i].left));
    }
}

static void test_progress_odd_losses(void **state)
{
    wg_progress_options options = with_clock(false);
    (void)state;
    wg_progress p = begin(10, &options);
    assert_int_equal(wg_progress_step(&p, 1, fabs((double)NAN)), WG_OK);
    assert_int_equal(wg_progress_step(&p, 2, -(double)INFINITY), WG_OK);
    assert_int_equal(wg_progress_step(&p, 3, 1.5e-9), WG_OK);
    assert_non_null(strstr(wgt_sink_text(&sink), "loss nan\n"));
    assert_non_null(strstr(wgt_sink_text(&sink), "loss -inf\n"));
    assert_non_null(strstr(wgt_sink_text(&sink), "loss 1.5e-9\n"));
}

/* Steps out of range are clamped, steps back print nothing twice. */
static void test_progress_odd_steps(void **state)
{
    wg_progress_options options = with_clock(false);
    (void)state;
    wg_progress p = begin(10, &options);
    assert_int_equal(wg_progress_step(&p, INT64_MIN, 1), WG_OK);
    assert_int_equal(sink.n_writes, 0);
    assert_int_equal(wg_progress_step(&p, INT64_MAX, 1), WG_OK);
    assert_non_null(strstr(wgt_sink_text(&sink), "step 10/10"));
    assert_int_equal(wg_progress_step(&p, 3, 1), WG_OK);
    assert_int_equal(sink.n_writes, 1);
    wgt_sink_clear(&sink);
    p = begin(INT64_MAX, &options);
    assert_int_equal(wg_progress_step(&p, INT64_MAX - 1, 1), WG_OK);
    assert_int_equal(wg_progress_step(&p, INT64_MAX, 1), WG_OK);
    assert_non_null(strstr(wgt_sink_text(&sink), "9223372036854775807/9223372036854775807"));
}

static void test_progress_bad_arguments(void **state)
{
    const wg_writer no_write = {0};
    const wg_progress zero = {0};
    wg_progress_options options = with_clock(false);
    wg_progress p;
    (void)state;
    assert_int_equal(wg_progress_begin(1, &writer, &options, NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_progress_begin(1, NULL, &options, &p), WG_ERR_ARGUMENT);
    assert_int_equal(wg_progress_begin(1, &no_write, &options, &p), WG_ERR_ARGUMENT);
    memset(&p, 1, sizeof p);
    assert_int_equal(wg_progress_begin(0, &writer, &options, &p), WG_ERR_RANGE);
    assert_memory_equal(&p, &zero, sizeof p);
    assert_int_equal(wg_progress_begin(-1, &writer, &options, &p), WG_ERR_RANGE);
    assert_int_equal(wg_progress_step(&p, 1, 1), WG_ERR_ARGUMENT);
    assert_int_equal(wg_progress_end(&p), WG_ERR_ARGUMENT);
    assert_int_equal(wg_progress_step(NULL, 1, 1), WG_ERR_ARGUMENT);
    assert_int_equal(wg_progress_end(NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_progress_begin(1, &writer, NULL, &p), WG_OK);
    assert_int_equal(wg_progress_step(&p, 1, 1), WG_OK);
}

static void test_progress_bad_options(void **state)
{
    wg_progress p;
    (void)state;
    for (int i = 0; i < 7; i++) {
        wg_progress_options options = with_clock(false);
        options.size = i == 0 ? 1 : options.size;
        options.lines = i == 1 ? -1 : 0;
        options.interval = i == 2 ? -1 : (i == 3 ? (double)NAN : 0);
        options.first_step = i == 4 ? -1 : (i == 5 ? 11 : 0);
        options.samples_per_step = i == 6 ? -1 : 0;
        wg_status expected = i == 0 ? WG_ERR_ARGUMENT : WG_ERR_RANGE;
        assert_int_equal(wg_progress_begin(10, &writer, &options, &p), expected);
    }
}

static void test_progress_writer_fails(void **state)
{
    (void)state;
    for (size_t k = 1; k <= 5; k++) {
        wg_progress_options options = with_clock(true);
        wgt_sink_clear(&sink);
        sink.fail_at = k;
        now = 0;
        wg_progress p = begin(4, &options);
        for (size_t step = 1; step <= 4; step++) {
            now += 1;
            assert_int_equal(wg_progress_step(&p, (int64_t)step, 1), step == k ? WG_ERR_IO : WG_OK);
        }
        assert_int_equal(wg_progress_end(&p), k == 5 ? WG_ERR_IO : WG_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_progress_plain_lines, start, finish),
        cmocka_unit_test_setup_teardown(test_progress_samples, start, finish),
        cmocka_unit_test_setup_teardown(test_progress_lines_are_bounded, start, finish),
        cmocka_unit_test_setup_teardown(test_progress_resumes, start, finish),
        cmocka_unit_test_setup_teardown(test_progress_terminal, start, finish),
        cmocka_unit_test_setup_teardown(test_progress_times_left, start, finish),
        cmocka_unit_test_setup_teardown(test_progress_odd_losses, start, finish),
        cmocka_unit_test_setup_teardown(test_progress_odd_steps, start, finish),
        cmocka_unit_test_setup_teardown(test_progress_bad_arguments, start, finish),
        cmocka_unit_test_setup_teardown(test_progress_bad_options, start, finish),
        cmocka_unit_test_setup_teardown(test_progress_writer_fails, start, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
