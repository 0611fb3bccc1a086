/* Curves: golden text, well-formed SVG, hostile input, writers that fail.
 * SPDX-License-Identifier: Apache-2.0 */
#include "inspect/plot.h"
#include "support/cmocka_all.h"
#include "support/sink.h"
#include "support/xml.h"

#include <wengert/pictures.h>

#include <math.h>
#include <string.h>

#define NOT_A_NUMBER ((double)NAN)
#define INFINITE ((double)INFINITY)

static wgt_sink sink;
static wg_writer writer;

static int start(void **state)
{
    (void)state;
    wgt_sink_start(&sink);
    writer = wgt_sink_writer(&sink);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    wgt_sink_finish(&sink);
    return 0;
}

static const double falling[6] = {4, 2, 1, NOT_A_NUMBER, 0.5, 0};
static const double rising[5] = {0, 1, 2, 3, 4};
static const double parabola[9] = {16, 9, 4, 1, 0, 1, 4, 9, 16};
static const wg_series two[2] = {
    {.name = "falling", .y = falling, .n = 6},
    {.name = "rising", .y = rising, .n = 5},
};

static wg_curve_options small(wg_curve_form form)
{
    bool is_svg = form == WG_CURVE_SVG;
    return (wg_curve_options){.size = sizeof(wg_curve_options),
                              .form = form,
                              .width = is_svg ? 320 : 30,
                              .height = is_svg ? 240 : 5};
}

static void expect_text(const wg_series *series, size_t n, const wg_curve_options *options,
                        const char *expected)
{
    wgt_sink_clear(&sink);
    assert_int_equal(wg_curve_write(series, n, options, &writer), WG_OK);
    assert_string_equal(wgt_sink_text(&sink), expected);
}

/* ---- text --------------------------------------------------------------------------------- */

static void test_pictures_ascii_of_two(void **state)
{
    wg_curve_options options = small(WG_CURVE_ASCII);
    (void)state;
    options.title = "two";
    options.x_label = "step";
    options.y_label = "loss";
    expect_text(two, 2, &options,
                "               two\n"
                "loss\n"
                "4 +**                 +++\n"
                "  | ****        +++++++\n"
                "2 +    ****++++++\n"
                "  |   ++++++**\n"
                "0 +++++                 ******\n"
                "  ++-------------------------+\n"
                "   0                         5\n"
                "              step\n"
                "   * falling  + rising\n");
}

static void test_pictures_braille(void **state)
{
    const wg_series series = {.y = parabola, .n = 9};
    wg_curve_options options = small(WG_CURVE_TEXT);
    (void)state;
    options.height = 4;
    expect_text(&series, 1, &options,
                "20 ┤⣀                        ⣀\n"
                "   │⠈⠳⣄                    ⣠⠞⠁\n"
                "10 ┤  ⠈⠙⠲⣄⡀            ⢀⣠⠖⠋⠁\n"
                " 0 ┤      ⠉⠓⠲⠤⠤⣄⣀⣀⣠⠤⠤⠖⠚⠉\n"
                "   └┬───────────────┬─────────\n"
                "    0               5\n");
}

static void test_pictures_log_axis(void **state)
{
    const double decades[5] = {1000, 100, 0, 10, 1};
    const double x[5] = {0, 1, 1.5, 2, 3};
    const wg_series series = {.name = "log", .x = x, .y = decades, .n = 5};
    wg_curve_options options = small(WG_CURVE_ASCII);
    (void)state;
    options.height = 4;
    options.is_log_y = true;
    expect_text(&series, 1, &options,
                "    |*****\n"
                "100 +    *****\n"
                "    |                *****\n"
                "  1 +                    *****\n"
                "    ++---------------+--------\n"
                "     0               2\n"
                "     * log\n");
}

static void test_pictures_constant_and_tiny(void **state)
{
    const double constant[3] = {7, 7, 7};
    const double tiny[2] = {1e-8, 3e-8};
    const wg_series series[2] = {{.y = constant, .n = 3}, {.y = tiny, .n = 2}};
    wg_curve_options options = small(WG_CURVE_ASCII);
    (void)state;
    options.height = 4;
    expect_text(series, 1, &options,
                "7.5 +\n"
                "    |\n"
                "7.0 +*************************\n"
                "6.5 +\n"
                "    ++-----------+-----------+\n"
                "     0           1           2\n");
    expect_text(series + 1, 1, &options,
                "3e-8 +                   *****\n"
                "2e-8 +            ********\n"
                "     |    *********\n"
                "1e-8 +*****\n"
                "     ++-----------+----------+\n"
                "     0.0         0.5       1.0\n");
}

static const char empty_axes[] = "1.0 +\n"
                                 "    |\n"
                                 "0.5 +\n"
                                 "0.0 +\n"
                                 "    ++-----------+-----------+\n"
                                 "    0.0         0.5        1.0\n";

static void test_pictures_nothing_to_draw(void **state)
{
    const double bad[4] = {NOT_A_NUMBER, INFINITE, -INFINITE, 1e301};
    const wg_series all_bad = {.y = bad, .n = 4};
    const wg_series no_points = {.y = NULL, .n = 0};
    wg_curve_options options = small(WG_CURVE_ASCII);
    (void)state;
    options.height = 4;
    expect_text(NULL, 0, &options, empty_axes);
    expect_text(&all_bad, 1, &options, empty_axes);
    expect_text(&no_points, 1, &options, empty_axes);
}

static void test_pictures_colors(void **state)
{
    wg_curve_options options = small(WG_CURVE_TEXT);
    (void)state;
    options.is_colored = true;
    assert_int_equal(wg_curve_write(two, 2, &options, &writer), WG_OK);
    assert_non_null(strstr(wgt_sink_text(&sink), "\x1b[36m⠤⠤\x1b[0m falling"));
    assert_non_null(strstr(wgt_sink_text(&sink), "\x1b[33m⠤⠤\x1b[0m rising"));
    wgt_sink_clear(&sink);
    options.is_colored = false;
    assert_int_equal(wg_curve_write(two, 2, &options, &writer), WG_OK);
    assert_null(strchr(wgt_sink_text(&sink), '\x1b'));
    assert_non_null(strstr(wgt_sink_text(&sink), "* falling  + rising"));
}

/* A title can steer no terminal, and ASCII stays ASCII. */
static void test_pictures_titles_are_harmless(void **state)
{
    wg_curve_options options = small(WG_CURVE_TEXT);
    (void)state;
    options.title = "a\x1b[2J\n\xff\xc2\x9b é";
    assert_int_equal(wg_curve_write(two, 1, &options, &writer), WG_OK);
    assert_non_null(strstr(wgt_sink_text(&sink), "a?[2J???"));
    assert_non_null(strstr(wgt_sink_text(&sink), "é\n"));
    wgt_sink_clear(&sink);
    options.form = WG_CURVE_ASCII;
    assert_int_equal(wg_curve_write(two, 1, &options, &writer), WG_OK);
    for (const char *c = wgt_sink_text(&sink); *c != '\0'; c++) {
        assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
    }
}

/* No line is wider than asked for. */
static void test_pictures_keep_to_width(void **state)
{
    const double wide[3] = {-123456.5, 0, 123456.5};
    const wg_series series = {
        .name = "a name that goes on and on and on", .x = wide, .y = wide, .n = 3};
    (void)state;
    for (int32_t width = 24; width <= 90; width++) {
        wg_curve_options options = small(WG_CURVE_ASCII);
        options.width = width;
        options.title = "a title that is certainly wider than twenty-four columns are";
        wgt_sink_clear(&sink);
        assert_int_equal(wg_curve_write(&series, 1, &options, &writer), WG_OK);
        const char *line = wgt_sink_text(&sink);
        while (*line != '\0') {
            size_t n = strcspn(line, "\n");
            assert_true((int32_t)n <= width || strstr(line, "* a name") != NULL);
            line += n + 1;
        }
    }
}

/* ---- SVG ---------------------------------------------------------------------------------- */

static size_t count(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *c = strstr(text, part); c != NULL; c = strstr(c + 1, part)) {
        n++;
    }
    return n;
}

static const char *draw_svg(const wg_series *series, size_t n, const wg_curve_options *options)
{
    wgt_sink_clear(&sink);
    assert_int_equal(wg_curve_write(series, n, options, &writer), WG_OK);
    const char *fault = wgt_xml_fault(wgt_sink_text(&sink));
    if (fault != NULL) {
        print_error("%s\n", fault);
    }
    assert_null(fault);
    return wgt_sink_text(&sink);
}

static void test_pictures_svg_of_two(void **state)
{
    wg_curve_options options = small(WG_CURVE_SVG);
    (void)state;
    options.title = "two";
    options.x_label = "step";
    options.y_label = "loss";
    const char *svg = draw_svg(two, 2, &options);
    assert_int_equal(count(svg, "stroke-linecap"), 2);
    assert_int_equal(count(svg, ">falling</text>"), 1);
    assert_int_equal(count(svg, ">rising</text>"), 1);
    assert_int_equal(count(svg, ">two</text>"), 1);
    assert_int_equal(count(svg, ">step</text>"), 1);
    assert_int_equal(count(svg, ">loss</text>"), 1);
    assert_int_equal(count(svg, "<circle"), 5 + 5);
    assert_int_equal(count(svg, "nan"), 0);
}

/* The point left out interrupts the path; a point alone is a line of no length. */
static void test_pictures_svg_gaps(void **state)
{
    const double y[5] = {1, 2, NOT_A_NUMBER, 3, NOT_A_NUMBER};
    const wg_series series = {.y = y, .n = 5};
    wg_curve_options options = small(WG_CURVE_SVG);
    (void)state;
    const char *svg = draw_svg(&series, 1, &options);
    const char *path = strstr(svg, "stroke-linecap=\"round\" d=\"");
    assert_non_null(path);
    const char *data = strstr(path, "d=\"M");
    char only[200] = {0};
    assert_non_null(data);
    memcpy(only, data, strcspn(data + 3, "\"") + 3);
    assert_int_equal(count(only, "M"), 2);
    assert_int_equal(count(only, "L"), 1);
    assert_int_equal(count(only, "h0"), 1);
}

static void test_pictures_svg_escapes(void **state)
{
    const wg_series series = {.name = "a<b> & \"c\" \x01\xc3\xa9\xff", .y = rising, .n = 5};
    wg_curve_options options = small(WG_CURVE_SVG);
    (void)state;
    options.title = "</text></svg>";
    options.x_label = "\xed\xa0\x80\xef\xbf\xbf";
    options.y_label = "&amp;";
    const char *svg = draw_svg(&series, 1, &options);
    assert_int_equal(count(svg, "a&lt;b&gt; &amp; &quot;c&quot; ?\xc3\xa9?"), 1);
    assert_int_equal(count(svg, "&lt;/text&gt;&lt;/svg&gt;"), 1);
    assert_int_equal(count(svg, "&amp;amp;"), 1);
}

/* A million points are no larger than a thousand, and their extremes are there. */
static void test_pictures_svg_of_a_million(void **state)
{
    enum {
        N = 1000000
    };
    double *y = test_malloc(N * sizeof *y);
    const wg_series series = {.y = y, .n = N};
    wg_curve_options options = {.size = sizeof options, .form = WG_CURVE_SVG};
    (void)state;
    for (int i = 0; i < N; i++) {
        y[i] = i % 2 == 0 ? 0.25 : 0.75;
    }
    y[123456] = 10;
    const char *svg = draw_svg(&series, 1, &options);
    assert_true(strlen(svg) < 100000);
    assert_int_equal(count(svg, " 20L"), 1);
    test_free(y);
}

/* ---- hostile input ------------------------------------------------------------------------ */

static void test_pictures_bad_arguments(void **state)
{
    const wg_series no_y = {.y = NULL, .n = 3};
    const wg_writer no_write = {0};
    wg_curve_options options = small(WG_CURVE_ASCII);
    (void)state;
    assert_int_equal(wg_curve_write(two, 2, &options, NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_curve_write(two, 2, &options, &no_write), WG_ERR_ARGUMENT);
    assert_int_equal(wg_curve_write(NULL, 1, &options, &writer), WG_ERR_ARGUMENT);
    assert_int_equal(wg_curve_write(&no_y, 1, &options, &writer), WG_ERR_ARGUMENT);
    assert_int_equal(wg_curve_write(NULL, SIZE_MAX, &options, &writer), WG_ERR_RANGE);
    assert_int_equal(wg_curve_write(two, WG_MAX_SERIES + 1, &options, &writer), WG_ERR_RANGE);
    options.size = 0;
    assert_int_equal(wg_curve_write(two, 2, &options, &writer), WG_ERR_ARGUMENT);
    options = small((wg_curve_form)3);
    assert_int_equal(wg_curve_write(two, 2, &options, &writer), WG_ERR_ARGUMENT);
    options = small((wg_curve_form)-1);
    assert_int_equal(wg_curve_write(two, 2, &options, &writer), WG_ERR_ARGUMENT);
    assert_int_equal(sink.n_writes, 0);
    assert_int_equal(wg_curve_write(two, 2, NULL, &writer), WG_OK);
}

static void test_pictures_bad_sizes(void **state)
{
    const int32_t widths[] = {-1, 1, 23, 401, INT32_MAX, INT32_MIN};
    const int32_t heights[] = {-1, 1, 3, 201, INT32_MAX, INT32_MIN};
    (void)state;
    for (int i = 0; i < 6; i++) {
        wg_curve_options options = small(WG_CURVE_TEXT);
        options.width = widths[i];
        assert_int_equal(wg_curve_write(two, 2, &options, &writer), WG_ERR_RANGE);
        options = small(WG_CURVE_TEXT);
        options.height = heights[i];
        assert_int_equal(wg_curve_write(two, 2, &options, &writer), WG_ERR_RANGE);
        options = small(WG_CURVE_SVG);
        options.width = i == 3 ? 10001 : widths[i];
        assert_int_equal(wg_curve_write(two, 2, &options, &writer), WG_ERR_RANGE);
        options = small(WG_CURVE_SVG);
        options.height = i == 3 ? 10001 : heights[i];
        assert_int_equal(wg_curve_write(two, 2, &options, &writer), WG_ERR_RANGE);
    }
    assert_int_equal(sink.n_writes, 0);
}

/* Every size, form and scale with points at the edges of what doubles hold. */
static void test_pictures_extreme_points(void **state)
{
    const double edges[] = {0,     -0.0,      1e300, -1e300,       1e-300,   5e-324,   1e301,
                            -1e-8, 1 + 1e-12, 1,     NOT_A_NUMBER, INFINITE, 2.2e-308, -1};
    enum {
        N = sizeof edges / sizeof edges[0]
    };
    const int32_t widths[2] = {24, 400};
    const int32_t heights[2] = {4, 200};
    (void)state;
    for (int a = 0; a < N; a++) {
        for (int b = 0; b < N; b++) {
            const double x[3] = {edges[a], edges[b], edges[(a + b) % N]};
            const double y[3] = {edges[b], edges[a], edges[(a * b) % N]};
            const wg_series series = {.x = x, .y = y, .n = 3};
            for (int k = 0; k < 12; k++) {
                wg_curve_options options = small((wg_curve_form)(k % 3));
                options.width = k % 3 == 2 ? 160 : widths[(a + k) % 2];
                options.height = k % 3 == 2 ? 160 : heights[(a + b + k + 1) % 8 == 0];
                options.is_log_x = k / 3 % 2 == 1;
                options.is_log_y = k / 6 == 1;
                wgt_sink_clear(&sink);
                assert_int_equal(wg_curve_write(&series, 1, &options, &writer), WG_OK);
                assert_true(k % 3 != 2 || wgt_xml_fault(wgt_sink_text(&sink)) == NULL);
                assert_int_equal(count(wgt_sink_text(&sink), "nan"), 0);
            }
        }
    }
}

static void test_pictures_most_series(void **state)
{
    wg_series series[WG_MAX_SERIES];
    (void)state;
    for (int s = 0; s < WG_MAX_SERIES; s++) {
        series[s] = (wg_series){.name = "one of many", .y = rising, .n = 5};
    }
    for (int form = WG_CURVE_TEXT; form <= WG_CURVE_SVG; form++) {
        wg_curve_options options = small((wg_curve_form)form);
        wgt_sink_clear(&sink);
        assert_int_equal(wg_curve_write(series, WG_MAX_SERIES, &options, &writer), WG_OK);
        assert_int_equal(count(wgt_sink_text(&sink), "one of many"), WG_MAX_SERIES);
    }
}

/* Each write fails once: its status comes back, and nothing is written after it. */
static void test_pictures_writer_fails(void **state)
{
    double y[400];
    const wg_series series = {.name = "wave", .y = y, .n = 400};
    (void)state;
    for (int i = 0; i < 400; i++) {
        y[i] = sin(0.1 * i);
    }
    for (int form = WG_CURVE_TEXT; form <= WG_CURVE_SVG; form++) {
        wg_curve_options options = small((wg_curve_form)form);
        options.height = form == WG_CURVE_SVG ? 0 : 60;
        options.width = form == WG_CURVE_SVG ? 0 : 400;
        wgt_sink_clear(&sink);
        assert_int_equal(wg_curve_write(&series, 1, &options, &writer), WG_OK);
        size_t n_writes = sink.n_writes;
        assert_true(n_writes > 1);
        for (size_t k = 1; k <= n_writes; k++) {
            wgt_sink_clear(&sink);
            sink.fail_at = k;
            assert_int_equal(wg_curve_write(&series, 1, &options, &writer), WG_ERR_IO);
            assert_int_equal(sink.n_writes, k);
            assert_int_equal(sink.after_end, 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pictures_ascii_of_two, start, finish),
        cmocka_unit_test_setup_teardown(test_pictures_braille, start, finish),
        cmocka_unit_test_setup_teardown(test_pictures_log_axis, start, finish),
        cmocka_unit_test_setup_teardown(test_pictures_constant_and_tiny, start, finish),
        cmocka_unit_test_setup_teardown(test_pictures_nothing_to_draw, start, finish),
        cmocka_unit_test_setup_teardown(test_pictures_colors, start, finish),
        cmocka_unit_test_setup_teardown(test_pictures_titles_are_harmless, start, finish),
        cmocka_unit_test_setup_teardown(test_pictures_keep_to_width, start, finish),
        cmocka_unit_test_setup_teardown(test_pictures_svg_of_two, start, finish),
        cmocka_unit_test_setup_teardown(test_pictures_svg_gaps, start, finish),
        cmocka_unit_test_setup_teardown(test_pictures_svg_escapes, start, finish),
        cmocka_unit_test_setup_teardown(test_pictures_svg_of_a_million, start, finish),
        cmocka_unit_test_setup_teardown(test_pictures_bad_arguments, start, finish),
        cmocka_unit_test_setup_teardown(test_pictures_bad_sizes, start, finish),
        cmocka_unit_test_setup_teardown(test_pictures_extreme_points, start, finish),
        cmocka_unit_test_setup_teardown(test_pictures_most_series, start, finish),
        cmocka_unit_test_setup_teardown(test_pictures_writer_fails, start, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
