/* Decision regions: what is drawn, hostile input, writers that fail.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"
#include "support/sink.h"
#include "support/xml.h"

#include <wengert/pictures.h>

#include <math.h>
#include <string.h>

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

/* Row 0 is the lowest. */
static const double classes[6] = {0, 0, 1, 2, 2, 2};
static const wg_region_point points[4] = {{0.5, 0.5, 0}, {2.5, 1.5, 2}, {9, 9, 1}, {-1, 0.5, 1}};
static const char *const names[3] = {"setosa", "a<b", NULL};

static wg_regions three_by_two(void)
{
    return (wg_regions){
        .size = sizeof(wg_regions),
        .x_high = 3,
        .y_high = 2,
        .columns = 3,
        .rows = 2,
        .values = classes,
        .points = points,
        .n_points = 4,
        .class_names = names,
        .n_classes = 3,
        .title = "irises",
        .x_label = "x",
        .y_label = "y",
    };
}

static size_t count(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *c = strstr(text, part); c != NULL; c = strstr(c + 1, part)) {
        n++;
    }
    return n;
}

static const char *draw(const wg_regions *regions)
{
    wgt_sink_clear(&sink);
    assert_int_equal(wg_regions_write(regions, &writer), WG_OK);
    assert_null(wgt_xml_fault(wgt_sink_text(&sink)));
    return wgt_sink_text(&sink);
}

static void test_regions_classes(void **state)
{
    wg_regions regions = three_by_two();
    (void)state;
    const char *svg = draw(&regions);
    assert_int_equal(count(svg, "<path d=\"M0 1h2v1h-2z\" fill=\"#add1e6\"/>"), 1);
    assert_int_equal(count(svg, "<path d=\"M2 1h1v1h-1z\" fill=\"#f1cb"), 1);
    assert_int_equal(count(svg, "<path d=\"M0 0h3v1h-3z\" fill=\"#ad"), 1);
    assert_int_equal(count(svg, "r=\"4\""), 2);
    assert_int_equal(count(svg, "r=\"5\""), 3);
    assert_int_equal(count(svg, ">setosa</text>"), 1);
    assert_int_equal(count(svg, ">a&lt;b</text>"), 1);
    assert_int_equal(count(svg, ">irises</text>"), 1);
}

/* Values below 0 and above 1 take the ends' colors; what is not finite stays empty. */
static void test_regions_shades(void **state)
{
    const double shades[6] = {-5, 0, 0.5, 1, (double)NAN, (double)INFINITY};
    wg_regions regions = three_by_two();
    (void)state;
    regions.kind = WG_REGIONS_SHADES;
    regions.values = shades;
    const char *svg = draw(&regions);
    assert_int_equal(count(svg, "M0 1h2v1h-2z"), 1);
    assert_int_equal(count(svg, "M2 1h1v1h-1z\" fill=\"#ffffff\""), 1);
    assert_int_equal(count(svg, "M0 0h1v1h-1z"), 1);
    assert_int_equal(count(svg, "v1h-"), 3);
}

static double is_right(double x, double y, void *user)
{
    size_t *n_calls = user;
    (void)y;
    (*n_calls)++;
    return x > 1.5 ? 1 : 0;
}

static void test_regions_ask_the_callback(void **state)
{
    size_t n_calls = 0;
    wg_regions regions = three_by_two();
    (void)state;
    regions.values = NULL;
    regions.value_at = is_right;
    regions.user = &n_calls;
    regions.columns = 4;
    regions.rows = 3;
    const char *svg = draw(&regions);
    assert_int_equal(n_calls, 4 * 3);
    assert_int_equal(count(svg, "h2v1h-2z"), 2 * 3);
}

/* Classes -1 and 1, as the perceptron has them, are told apart. */
static void test_regions_negative_classes(void **state)
{
    const double signs[6] = {-1, -1, -1, 1, 1, 1};
    const wg_region_point both[2] = {{1, 1, -1}, {1, 1, 1}};
    wg_regions regions = three_by_two();
    (void)state;
    regions.values = signs;
    regions.points = both;
    regions.n_points = 2;
    regions.n_classes = 0;
    const char *svg = draw(&regions);
    const char *first = strstr(svg, "h3v1h-3z\" fill=\"");
    assert_non_null(first);
    const char *second = strstr(first + 1, "h3v1h-3z\" fill=\"");
    assert_non_null(second);
    assert_memory_not_equal(first + 16, second + 16, 7);
    first = strstr(svg, "r=\"4\" fill=\"");
    assert_non_null(first);
    second = strstr(first + 1, "r=\"4\" fill=\"");
    assert_non_null(second);
    assert_memory_not_equal(first + 12, second + 12, 7);
}

static void test_regions_centers(void **state)
{
    const double expected[12] = {0.5, 0.5, 1.5, 0.5, 2.5, 0.5, 0.5, 1.5, 1.5, 1.5, 2.5, 1.5};
    wg_regions regions = three_by_two();
    double centers[12];
    (void)state;
    assert_int_equal(wg_regions_centers(&regions, centers), WG_OK);
    for (int i = 0; i < 12; i++) {
        assert_true(fabs(centers[i] - expected[i]) < 1e-15);
    }
    assert_int_equal(wg_regions_centers(&regions, NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_regions_centers(NULL, centers), WG_ERR_ARGUMENT);
    regions.columns = -1;
    assert_int_equal(wg_regions_centers(&regions, centers), WG_ERR_RANGE);
}

static void expect_refused(const wg_regions *regions, wg_status status)
{
    assert_int_equal(wg_regions_write(regions, &writer), status);
    assert_int_equal(sink.n_writes, 0);
}

static void test_regions_bad_arguments(void **state)
{
    const wg_writer no_write = {0};
    wg_regions regions = three_by_two();
    (void)state;
    assert_int_equal(wg_regions_write(&regions, NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_regions_write(&regions, &no_write), WG_ERR_ARGUMENT);
    expect_refused(NULL, WG_ERR_ARGUMENT);
    regions.size = 4;
    expect_refused(&regions, WG_ERR_ARGUMENT);
    regions = three_by_two();
    regions.values = NULL;
    expect_refused(&regions, WG_ERR_ARGUMENT);
    regions = three_by_two();
    regions.points = NULL;
    expect_refused(&regions, WG_ERR_ARGUMENT);
    regions = three_by_two();
    regions.class_names = NULL;
    expect_refused(&regions, WG_ERR_ARGUMENT);
    regions = three_by_two();
    regions.kind = (wg_regions_kind)2;
    expect_refused(&regions, WG_ERR_ARGUMENT);
}

static void test_regions_bad_sizes(void **state)
{
    const int32_t bad[] = {-1, 2001, INT32_MAX, INT32_MIN};
    (void)state;
    for (int i = 0; i < 4; i++) {
        for (int field = 0; field < 4; field++) {
            wg_regions regions = three_by_two();
            int32_t *sizes[4] = {&regions.columns, &regions.rows, &regions.width, &regions.height};
            *sizes[field] = field >= 2 && bad[i] == 2001 ? 159 : bad[i];
            expect_refused(&regions, WG_ERR_RANGE);
        }
    }
    wg_regions regions = three_by_two();
    regions.n_classes = SIZE_MAX;
    expect_refused(&regions, WG_ERR_RANGE);
}

static void test_regions_bad_rectangles(void **state)
{
    const double bad[][2] = {{0, 0}, {1, 0}, {0, (double)NAN}, {-(double)INFINITY, 0}, {0, 1e301}};
    (void)state;
    for (int i = 0; i < 5; i++) {
        wg_regions regions = three_by_two();
        regions.x_low = bad[i][0];
        regions.x_high = bad[i][1];
        expect_refused(&regions, WG_ERR_RANGE);
        regions = three_by_two();
        regions.y_low = bad[i][0];
        regions.y_high = bad[i][1];
        expect_refused(&regions, WG_ERR_RANGE);
    }
}

/* Values, labels, points and rectangles at the edges of their types. */
static void test_regions_extremes(void **state)
{
    const double values[6] = {1e300, -1e300, 1e15, -0.5, 2147483648.0, 5e-324};
    const double ends[][2] = {{-1e300, 1e300}, {0, 5e-324}, {1, 1 + 1e-15}, {-1e-300, 1e-300}};
    const wg_region_point odd[5] = {{(double)NAN, 0, 0},
                                    {0, (double)INFINITY, 0},
                                    {1, 1, INT32_MIN},
                                    {1, 1, INT32_MAX},
                                    {0, 0, -1}};
    (void)state;
    for (int i = 0; i < 4; i++) {
        wg_regions regions = three_by_two();
        regions.values = values;
        regions.points = odd;
        regions.n_points = 5;
        regions.x_low = ends[i][0];
        regions.x_high = ends[i][1];
        regions.y_low = ends[3 - i][0];
        regions.y_high = ends[3 - i][1];
        const char *svg = draw(&regions);
        assert_int_equal(count(svg, "nan"), 0);
        assert_int_equal(count(svg, "inf"), 0);
    }
}

static void test_regions_writer_fails(void **state)
{
    size_t n_calls = 0;
    wg_regions regions = three_by_two();
    (void)state;
    regions.values = NULL;
    regions.value_at = is_right;
    regions.user = &n_calls;
    regions.columns = 40;
    regions.rows = 40;
    (void)draw(&regions);
    size_t n_writes = sink.n_writes;
    assert_true(n_writes > 2);
    for (size_t k = 1; k <= n_writes; k++) {
        wgt_sink_clear(&sink);
        sink.fail_at = k;
        assert_int_equal(wg_regions_write(&regions, &writer), WG_ERR_IO);
        assert_int_equal(sink.n_writes, k);
        assert_int_equal(sink.after_end, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_regions_classes, start, finish),
        cmocka_unit_test_setup_teardown(test_regions_shades, start, finish),
        cmocka_unit_test_setup_teardown(test_regions_ask_the_callback, start, finish),
        cmocka_unit_test_setup_teardown(test_regions_negative_classes, start, finish),
        cmocka_unit_test_setup_teardown(test_regions_centers, start, finish),
        cmocka_unit_test_setup_teardown(test_regions_bad_arguments, start, finish),
        cmocka_unit_test_setup_teardown(test_regions_bad_sizes, start, finish),
        cmocka_unit_test_setup_teardown(test_regions_bad_rectangles, start, finish),
        cmocka_unit_test_setup_teardown(test_regions_extremes, start, finish),
        cmocka_unit_test_setup_teardown(test_regions_writer_fails, start, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
