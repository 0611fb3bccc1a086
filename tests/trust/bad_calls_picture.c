/* Bad calls of pictures.h and stdio.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

#include <math.h>
#include <stdio.h>

#include "support/sink.h"

/* ---- streams ------------------------------------------------------------------------------ */

static void check_streams(bad_world *w, const bad_row *row)
{
    char path[WGT_PATH_BYTES];
    (void)row;
    const wg_writer none = wg_file_writer(NULL);
    assert_non_null(none.write);
    assert_status(none.write(none.user, "text", 4), WG_ERR_ARGUMENT);
    assert_false(wg_file_is_terminal(NULL));
    wgt_folder_join(w->folder.path, "read only", path);
    assert_true(wgt_file_write(path, "text", 4));
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const wg_writer unwritable = wg_file_writer(file);
    assert_status(unwritable.write(unwritable.user, "text", 4), WG_ERR_IO);
    assert_false(wg_file_is_terminal(file));
    fclose(file);
}

/* ---- progress ----------------------------------------------------------------------------- */

static void refuse_progress(int64_t n_steps, const wg_writer *writer,
                            const wg_progress_options *options)
{
    wg_progress p = {.n_steps = 77};
    assert_int_not_equal(wg_progress_begin(n_steps, writer, options, &p), WG_OK);
    assert_int_equal(p.n_steps, 0);
    assert_status(wg_progress_step(&p, 1, 0.5), WG_ERR_ARGUMENT);
    assert_status(wg_progress_end(&p), WG_ERR_ARGUMENT);
}

static void check_progress(bad_world *w, const bad_row *row)
{
    const size_t size = sizeof(wg_progress_options);
    const wg_writer no_write = {NULL, NULL};
    wgt_sink sink;
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    (void)w;
    (void)row;
    refuse_progress(10, NULL, NULL);
    refuse_progress(10, &no_write, NULL);
    refuse_progress(0, &writer, NULL);
    refuse_progress(-1, &writer, NULL);
    refuse_progress(INT64_MIN, &writer, NULL);
    refuse_progress(10, &writer, &(wg_progress_options){.size = 0});
    refuse_progress(10, &writer, &(wg_progress_options){.size = size, .lines = -1});
    refuse_progress(10, &writer, &(wg_progress_options){.size = size, .first_step = -1});
    refuse_progress(10, &writer, &(wg_progress_options){.size = size, .samples_per_step = -1});
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        refuse_progress(10, &writer,
                        &(wg_progress_options){.size = size, .interval = bad_number(i)});
    }
    assert_status(wg_progress_begin(10, &writer, NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_progress_step(NULL, 1, 0.5), WG_ERR_ARGUMENT);
    assert_status(wg_progress_end(NULL), WG_ERR_ARGUMENT);
    wg_progress p;
    assert_status(wg_progress_begin(INT64_MAX, &writer, NULL, &p), WG_OK);
    assert_status(wg_progress_step(&p, INT64_MIN, (double)NAN), WG_OK);
    assert_status(wg_progress_step(&p, INT64_MAX, (double)INFINITY), WG_OK);
    wgt_sink_finish(&sink);
}

/* ---- curves ------------------------------------------------------------------------------- */

static void refuse_curve(const wg_series *series, size_t n, const wg_curve_options *options,
                         const wg_writer *writer)
{
    assert_int_not_equal(wg_curve_write(series, n, options, writer), WG_OK);
}

static void check_curve(bad_world *w, const bad_row *row)
{
    static const double y[] = {1, 2, 3};
    const size_t size = sizeof(wg_curve_options);
    const wg_series good = {"s", NULL, y, 3};
    const wg_series no_y = {"s", NULL, NULL, 3};
    const wg_writer no_write = {NULL, NULL};
    static const int32_t sizes[] = {-1, 1, 3, 10001, INT32_MAX, INT32_MIN};
    wgt_sink sink;
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    (void)w;
    (void)row;
    refuse_curve(&good, 1, NULL, NULL);
    refuse_curve(&good, 1, NULL, &no_write);
    refuse_curve(NULL, 1, NULL, &writer);
    refuse_curve(&no_y, 1, NULL, &writer);
    refuse_curve(&good, WG_MAX_SERIES + 1, NULL, &writer);
    refuse_curve(&good, SIZE_MAX, NULL, &writer);
    refuse_curve(&good, 1, &(wg_curve_options){.size = 1}, &writer);
    refuse_curve(&good, 1, &(wg_curve_options){.size = size, .form = (wg_curve_form)9}, &writer);
    refuse_curve(&good, 1, &(wg_curve_options){.size = size, .form = (wg_curve_form)-1}, &writer);
    for (int form = WG_CURVE_TEXT; form <= WG_CURVE_SVG; form++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            const wg_curve_form f = (wg_curve_form)form;
            const wg_curve_options wide = {.size = size, .form = f, .width = sizes[i]};
            const wg_curve_options high = {.size = size, .form = f, .height = sizes[i]};
            refuse_curve(&good, 1, &wide, &writer);
            refuse_curve(&good, 1, &high, &writer);
        }
    }
    assert_int_equal(sink.used, 0);
    wgt_sink_finish(&sink);
}

/* Points that cannot be drawn are left out. */
static void check_points(bad_world *w, const bad_row *row)
{
    const double odd[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, 0, -1, 1e308, -1e308};
    const wg_series series[] = {
        {NULL, odd, odd, 7}, {"\xff\n", NULL, odd, 7}, {NULL, NULL, odd, 0}};
    wgt_sink sink;
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    (void)w;
    (void)row;
    for (int form = WG_CURVE_TEXT; form <= WG_CURVE_SVG; form++) {
        for (int logs = 0; logs < 4; logs++) {
            const wg_curve_options options = {.size = sizeof options,
                                              .form = (wg_curve_form)form,
                                              .is_log_x = (logs & 1) != 0,
                                              .is_log_y = (logs & 2) != 0,
                                              .title = "\x01<&>"};
            assert_status(wg_curve_write(series, 3, &options, &writer), WG_OK);
        }
    }
    wgt_sink_finish(&sink);
}

/* ---- regions ------------------------------------------------------------------------------ */

static double value_at(double x, double y, void *user)
{
    (void)user;
    return x + y > 0 ? 1 : (double)NAN;
}

static wg_regions good_regions(void)
{
    return (wg_regions){.size = sizeof(wg_regions),
                        .x_low = -1,
                        .x_high = 1,
                        .y_low = -1,
                        .y_high = 1,
                        .columns = 4,
                        .rows = 4,
                        .value_at = value_at};
}

typedef void (*spoiler)(wg_regions *r, int i);

static void spoil_pointers(wg_regions *r, int i)
{
    r->size = i == 0 ? 0 : r->size;
    r->value_at = i == 1 ? NULL : r->value_at;
    r->n_points = i == 2 ? 3 : 0;
    r->kind = i == 3 ? (wg_regions_kind)9 : r->kind;
}

static void spoil_counts(wg_regions *r, int i)
{
    static const int32_t bad[] = {-1, 2001, INT32_MAX, INT32_MIN};
    r->columns = bad[i];
}

static void spoil_rows(wg_regions *r, int i)
{
    spoil_counts(r, i);
    r->rows = r->columns;
    r->columns = 4;
}

static void spoil_sizes(wg_regions *r, int i)
{
    static const int32_t bad[] = {-1, 10001, INT32_MAX, INT32_MIN};
    r->width = bad[i];
    r->height = i % 2 == 0 ? bad[i] : 0;
}

static void spoil_rectangle(wg_regions *r, int i)
{
    r->x_high = bad_number(i);
}

static void spoil_height(wg_regions *r, int i)
{
    r->y_low = i == 1 ? 1.0 : bad_number(i);
}

static void spoil_classes(wg_regions *r, int i)
{
    static const char *const names[] = {"a", NULL};
    r->class_names = names;
    r->n_classes = i == 0 ? SIZE_MAX : (size_t)WG_MAX_SERIES + 1 + (size_t)i;
}

static void check_regions(bad_world *w, const bad_row *row)
{
    static const spoiler spoilers[] = {spoil_pointers, spoil_counts,    spoil_rows,  spoil_sizes,
                                       spoil_classes,  spoil_rectangle, spoil_height};
    wgt_sink sink;
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    const wg_writer no_write = {NULL, NULL};
    const wg_regions good = good_regions();
    (void)w;
    (void)row;
    assert_int_not_equal(wg_regions_write(NULL, &writer), WG_OK);
    assert_int_not_equal(wg_regions_write(&good, NULL), WG_OK);
    assert_int_not_equal(wg_regions_write(&good, &no_write), WG_OK);
    for (size_t k = 0; k < sizeof spoilers / sizeof *spoilers; k++) {
        for (int i = 0; i < 4; i++) {
            wg_regions bad = good;
            spoilers[k](&bad, i);
            assert_int_not_equal(wg_regions_write(&bad, &writer), WG_OK);
        }
    }
    assert_int_equal(sink.used, 0);
    assert_status(wg_regions_write(&good, &writer), WG_OK);
    wgt_sink_finish(&sink);
}

static void check_centers(bad_world *w, const bad_row *row)
{
    double centers[32];
    wg_regions bad = good_regions();
    (void)w;
    (void)row;
    assert_status(wg_regions_centers(NULL, centers), WG_ERR_ARGUMENT);
    assert_status(wg_regions_centers(&bad, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_regions_centers(&bad, centers), WG_OK);
    for (int i = 0; i < 4; i++) {
        bad = good_regions();
        spoil_counts(&bad, i);
        assert_int_not_equal(wg_regions_centers(&bad, centers), WG_OK);
        bad = good_regions();
        spoil_rows(&bad, i);
        assert_int_not_equal(wg_regions_centers(&bad, centers), WG_OK);
        bad = good_regions();
        spoil_rectangle(&bad, i);
        assert_int_not_equal(wg_regions_centers(&bad, centers), WG_OK);
    }
    bad = good_regions();
    bad.size = 3;
    assert_int_not_equal(wg_regions_centers(&bad, centers), WG_OK);
}

const bad_row bad_rows_of_pictures[] = {
    {.name = "wg_file_writer", .check = check_streams},
    {.name = "wg_file_is_terminal", .check = check_streams},
    {.name = "wg_progress_begin", .check = check_progress},
    {.name = "wg_progress_step", .check = check_progress},
    {.name = "wg_progress_end", .check = check_progress},
    {.name = "wg_curve_write", .check = check_curve},
    {.name = "wg_curve_write", .check = check_points},
    {.name = "wg_regions_write", .check = check_regions},
    {.name = "wg_regions_centers", .check = check_centers},
    {NULL, NULL, NULL},
};
