/* Bad calls of metrics.h and history.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

#include <math.h>
#include <string.h>

#include "support/sink.h"

/* Pairs of tensors that are no scores and labels, x being f32 [2, 3]. */
typedef wg_status (*pair_call)(void *metric, const wg_tensor *x, const wg_tensor *labels);

static void refuse_pairs(const bad_world *w, pair_call call, void *metric)
{
    assert_status(call(NULL, w->t, w->indices), WG_ERR_ARGUMENT);
    assert_status(call(metric, NULL, w->indices), WG_ERR_ARGUMENT);
    assert_status(call(metric, w->t, NULL), WG_ERR_ARGUMENT);
    assert_int_not_equal(call(metric, w->indices, w->t), WG_OK);
    assert_int_not_equal(call(metric, w->t, w->t), WG_OK);
    assert_int_not_equal(call(metric, w->indices, w->indices), WG_OK);
    (void)wg_tensor_set(w->indices, 1, -1);
    assert_status(call(metric, w->t, w->indices), WG_ERR_RANGE);
    (void)wg_tensor_set(w->indices, 1, 3);
    assert_status(call(metric, w->t, w->indices), WG_ERR_RANGE);
    (void)wg_tensor_set(w->indices, 1, 1);
    assert_status(call(metric, w->t, w->indices), WG_OK);
}

static wg_status add_accuracy(void *metric, const wg_tensor *x, const wg_tensor *labels)
{
    return wg_accuracy_add(metric, x, labels);
}

static wg_status add_confusion(void *metric, const wg_tensor *x, const wg_tensor *labels)
{
    return wg_confusion_add(metric, x, labels);
}

/* A value of a graph that was reset has no data any more. */
static wg_tensor *stale_scores(bad_world *w)
{
    const wg_tensor *value = wg_value(wg_relu(w->x));
    assert_non_null(value);
    wg_tensor *held = wg_tensor_retain((wg_tensor *)(uintptr_t)value);
    bad_world_record(w);
    return held;
}

static void check_accuracy(bad_world *w, const bad_row *row)
{
    wg_accuracy a = {0};
    wg_accuracy negative = {.k = -1};
    (void)row;
    refuse_pairs(w, add_accuracy, &a);
    assert_int_equal(a.n, 2);
    assert_status(wg_accuracy_add(&negative, w->t, w->indices), WG_ERR_ARGUMENT);
    wg_tensor *stale = stale_scores(w);
    assert_status(wg_accuracy_add(&a, stale, w->indices), WG_ERR_STALE);
    wg_tensor_destroy(stale);
    assert_true(isnan(wg_accuracy_value(NULL)));
    assert_true(isnan(wg_accuracy_top_k(NULL)));
    assert_true(isnan(wg_accuracy_value(&negative)));
}

static void check_mean(bad_world *w, const bad_row *row)
{
    wg_meter m = {0, 0, 0};
    (void)w;
    (void)row;
    assert_status(wg_meter_add(NULL, 1, 1), WG_ERR_ARGUMENT);
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        assert_status(wg_meter_add(&m, 1, bad_number(i)), WG_ERR_ARGUMENT);
    }
    assert_true(isnan(wg_meter_mean(&m)));
    assert_true(isnan(wg_meter_mean(NULL)));
    assert_true(isnan(wg_meter_perplexity(NULL)));
}

static void check_regression(bad_world *w, const bad_row *row)
{
    wg_regression r = {0};
    (void)row;
    assert_status(wg_regression_add(NULL, w->t, w->t), WG_ERR_ARGUMENT);
    assert_status(wg_regression_add(&r, NULL, w->t), WG_ERR_ARGUMENT);
    assert_status(wg_regression_add(&r, w->t, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_regression_add(&r, w->t, w->indices), WG_ERR_DTYPE);
    assert_status(wg_regression_add(&r, w->indices, w->t), WG_ERR_DTYPE);
    const int64_t n = 6;
    wg_tensor *vector;
    assert_status(wg_tensor_create(w->ctx, WG_F64, 1, &n, &vector), WG_OK);
    assert_status(wg_regression_add(&r, w->t, vector), WG_ERR_SHAPE);
    wg_tensor_destroy(vector);
    wg_tensor *stale = stale_scores(w);
    assert_status(wg_regression_add(&r, stale, w->t), WG_ERR_STALE);
    wg_tensor_destroy(stale);
    assert_true(isnan(wg_regression_mse(NULL)) && isnan(wg_regression_mae(NULL)));
    assert_true(isnan(wg_regression_r2(NULL)) && isnan(wg_regression_r2(&r)));
}

static void refuse_confusion(bad_world *w, int64_t n, size_t size, wg_status want)
{
    const wg_confusion_options options = {.size = size};
    wg_confusion *c = (wg_confusion *)w;
    assert_status(wg_confusion_create(w->ctx, n, &options, &c), want);
    assert_null(c);
}

static void check_confusion_create(bad_world *w, const bad_row *row)
{
    const size_t size = sizeof(wg_confusion_options);
    wg_confusion *c = (wg_confusion *)w;
    (void)row;
    assert_status(wg_confusion_create(NULL, 2, NULL, &c), WG_ERR_ARGUMENT);
    assert_null(c);
    assert_status(wg_confusion_create(w->ctx, 2, NULL, NULL), WG_ERR_ARGUMENT);
    refuse_confusion(w, 0, size, WG_ERR_RANGE);
    refuse_confusion(w, -1, size, WG_ERR_RANGE);
    refuse_confusion(w, INT64_MIN, size, WG_ERR_RANGE);
    refuse_confusion(w, INT64_MAX, size, WG_ERR_RANGE);
    refuse_confusion(w, 65536, size, WG_ERR_MEMORY);
    refuse_confusion(w, 2, 0, WG_ERR_ARGUMENT);
    wg_confusion_destroy(NULL);
    wg_confusion_clear(NULL);
}

static void check_confusion_add(bad_world *w, const bad_row *row)
{
    wg_confusion *c;
    wg_confusion *narrow;
    (void)row;
    assert_status(wg_confusion_create(w->ctx, 3, NULL, &c), WG_OK);
    assert_status(wg_confusion_create(w->ctx, 2, NULL, &narrow), WG_OK);
    refuse_pairs(w, add_confusion, c);
    assert_int_equal(wg_confusion_total(c), 2);
    assert_status(wg_confusion_add(c, w->t_foreign, w->indices), WG_ERR_ARGUMENT);
    assert_status(wg_confusion_add(narrow, w->t, w->indices), WG_ERR_SHAPE);
    assert_status(wg_confusion_add_classes(NULL, w->indices, w->indices), WG_ERR_ARGUMENT);
    assert_status(wg_confusion_add_classes(c, NULL, w->indices), WG_ERR_ARGUMENT);
    assert_status(wg_confusion_add_classes(c, w->indices, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_confusion_add_classes(c, w->indices, w->t), WG_ERR_DTYPE);
    assert_status(wg_confusion_add_classes(c, w->t, w->indices), WG_ERR_SHAPE);
    assert_status(wg_confusion_add_classes(c, w->t_foreign, w->indices), WG_ERR_ARGUMENT);
    (void)wg_tensor_set(w->indices, 0, -2);
    assert_status(wg_confusion_add_classes(c, w->indices, w->indices), WG_ERR_RANGE);
    assert_int_equal(wg_confusion_total(c), 2);
    wg_confusion_destroy(c);
    wg_confusion_destroy(narrow);
}

static void check_confusion_read(bad_world *w, const bad_row *row)
{
    static const int64_t bad[] = {-2, 3, INT64_MIN, INT64_MAX};
    wg_confusion *c;
    wg_class_scores s = {.support = 7};
    (void)row;
    assert_status(wg_confusion_create(w->ctx, 3, NULL, &c), WG_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        s.support = 7;
        assert_status(wg_confusion_class(c, bad[i], &s), WG_ERR_RANGE);
        assert_int_equal(s.support, 0);
        assert_int_equal(wg_confusion_count(c, bad[i], 0), 0);
        assert_int_equal(wg_confusion_count(c, 0, bad[i]), 0);
    }
    assert_status(wg_confusion_class(NULL, 0, &s), WG_ERR_ARGUMENT);
    assert_status(wg_confusion_class(c, 0, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_confusion_average(NULL, WG_AVERAGE_MACRO, &s), WG_ERR_ARGUMENT);
    assert_status(wg_confusion_average(c, WG_AVERAGE_MACRO, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_confusion_average(c, (wg_average)3, &s), WG_ERR_ARGUMENT);
    assert_int_equal(wg_confusion_classes(NULL), 0);
    assert_int_equal(wg_confusion_total(NULL), 0);
    assert_int_equal(wg_confusion_count(NULL, 0, 0), 0);
    assert_true(isnan(wg_confusion_accuracy(NULL)));
    wg_confusion_destroy(c);
}

static void check_confusion_write(bad_world *w, const bad_row *row)
{
    const wg_writer no_write = {NULL, NULL};
    wg_confusion *c;
    wgt_sink sink;
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    (void)row;
    assert_status(wg_confusion_create(w->ctx, 3, NULL, &c), WG_OK);
    assert_status(wg_confusion_write_report(NULL, NULL, &writer), WG_ERR_ARGUMENT);
    assert_status(wg_confusion_write_report(c, NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_confusion_write_report(c, NULL, &no_write), WG_ERR_ARGUMENT);
    assert_status(wg_confusion_write_matrix(NULL, NULL, &writer), WG_ERR_ARGUMENT);
    assert_status(wg_confusion_write_matrix(c, NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_confusion_write_matrix(c, NULL, &no_write), WG_ERR_ARGUMENT);
    assert_int_equal(sink.used, 0);
    assert_status(wg_confusion_write_report(c, NULL, &writer), WG_OK);
    wg_confusion_destroy(c);
    wgt_sink_finish(&sink);
}

/* ---- history ------------------------------------------------------------------------------ */

static void check_history_add(bad_world *w, const bad_row *row)
{
    static const char *const bad[] = {NULL, "", "a\"b", "a\nb", "\xff"};
    char longest[65];
    wg_history *h = (wg_history *)w;
    (void)row;
    assert_status(wg_history_create(NULL, &h), WG_ERR_ARGUMENT);
    assert_null(h);
    assert_status(wg_history_create(w->ctx, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_history_create(w->ctx, &h), WG_OK);
    assert_status(wg_history_add(NULL, "a", 1, 1), WG_ERR_ARGUMENT);
    assert_status(wg_history_add(h, "a", (double)NAN, 1), WG_ERR_ARGUMENT);
    assert_status(wg_history_add(h, "a", (double)INFINITY, 1), WG_ERR_ARGUMENT);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_status(wg_history_add(h, bad[i], 1, 1), WG_ERR_NAME);
    }
    memset(longest, 'a', 64);
    longest[64] = 0;
    assert_status(wg_history_add(h, longest, 1, 1), WG_ERR_NAME);
    longest[63] = 0;
    assert_status(wg_history_add(h, longest, 1, 1), WG_OK);
    assert_int_equal(wg_history_count(h), 1);
    assert_int_equal(wg_history_count(NULL), 0);
    wg_history_destroy(h);
    wg_history_destroy(NULL);
    wg_history_clear(NULL);
}

static void check_history_read(bad_world *w, const bad_row *row)
{
    wg_history *h;
    wg_series s = {.n = 7};
    wg_tensor *t = w->t;
    (void)row;
    assert_status(wg_history_create(w->ctx, &h), WG_OK);
    assert_status(wg_history_series(h, 0, &s), WG_ERR_RANGE);
    assert_int_equal(s.n, 0);
    assert_status(wg_history_series(h, SIZE_MAX, &s), WG_ERR_RANGE);
    assert_status(wg_history_series(NULL, 0, &s), WG_ERR_ARGUMENT);
    assert_status(wg_history_series(h, 0, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_history_find(NULL, "a", &s), WG_ERR_ARGUMENT);
    assert_status(wg_history_find(h, NULL, &s), WG_ERR_ARGUMENT);
    assert_status(wg_history_find(h, "a", NULL), WG_ERR_ARGUMENT);
    assert_status(wg_history_find(h, "a", &s), WG_ERR_NAME);
    assert_status(wg_history_to_tensor(NULL, &t), WG_ERR_ARGUMENT);
    assert_null(t);
    assert_status(wg_history_to_tensor(h, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_history_from_tensor(NULL, w->t), WG_ERR_ARGUMENT);
    assert_status(wg_history_from_tensor(h, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_history_from_tensor(h, w->t), WG_ERR_FORMAT);
    wg_history_destroy(h);
}

static void check_history_write(bad_world *w, const bad_row *row)
{
    static const char *const names[] = {NULL};
    const wg_writer no_write = {NULL, NULL};
    wg_history *h;
    wgt_sink sink;
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    (void)row;
    assert_status(wg_history_create(w->ctx, &h), WG_OK);
    assert_status(wg_history_draw(NULL, NULL, 0, NULL, &writer), WG_ERR_ARGUMENT);
    assert_status(wg_history_draw(h, NULL, 0, NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_history_draw(h, names, 1, NULL, &writer), WG_ERR_ARGUMENT);
    assert_status(wg_history_draw(h, names, SIZE_MAX, NULL, &writer), WG_ERR_RANGE);
    assert_status(wg_history_write_csv(NULL, &writer), WG_ERR_ARGUMENT);
    assert_status(wg_history_write_csv(h, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_history_write_csv(h, &no_write), WG_ERR_ARGUMENT);
    assert_int_equal(sink.used, 0);
    assert_status(wg_history_draw(h, NULL, 0, NULL, &writer), WG_OK);
    wg_history_destroy(h);
    wgt_sink_finish(&sink);
}

const bad_row bad_rows_of_metrics[] = {
    {.name = "wg_history_create", .check = check_history_add},
    {.name = "wg_history_destroy", .check = check_history_add},
    {.name = "wg_history_clear", .check = check_history_add},
    {.name = "wg_history_add", .check = check_history_add},
    {.name = "wg_history_count", .check = check_history_add},
    {.name = "wg_history_series", .check = check_history_read},
    {.name = "wg_history_find", .check = check_history_read},
    {.name = "wg_history_to_tensor", .check = check_history_read},
    {.name = "wg_history_from_tensor", .check = check_history_read},
    {.name = "wg_history_draw", .check = check_history_write},
    {.name = "wg_history_write_csv", .check = check_history_write},
    {.name = "wg_meter_add", .check = check_mean},
    {.name = "wg_meter_mean", .check = check_mean},
    {.name = "wg_meter_perplexity", .check = check_mean},
    {.name = "wg_accuracy_add", .check = check_accuracy},
    {.name = "wg_accuracy_value", .check = check_accuracy},
    {.name = "wg_accuracy_top_k", .check = check_accuracy},
    {.name = "wg_confusion_create", .check = check_confusion_create},
    {.name = "wg_confusion_destroy", .check = check_confusion_create},
    {.name = "wg_confusion_clear", .check = check_confusion_create},
    {.name = "wg_confusion_add", .check = check_confusion_add},
    {.name = "wg_confusion_add_classes", .check = check_confusion_add},
    {.name = "wg_confusion_classes", .check = check_confusion_read},
    {.name = "wg_confusion_total", .check = check_confusion_read},
    {.name = "wg_confusion_count", .check = check_confusion_read},
    {.name = "wg_confusion_accuracy", .check = check_confusion_read},
    {.name = "wg_confusion_class", .check = check_confusion_read},
    {.name = "wg_confusion_average", .check = check_confusion_read},
    {.name = "wg_confusion_write_report", .check = check_confusion_write},
    {.name = "wg_confusion_write_matrix", .check = check_confusion_write},
    {.name = "wg_regression_add", .check = check_regression},
    {.name = "wg_regression_mse", .check = check_regression},
    {.name = "wg_regression_mae", .check = check_regression},
    {.name = "wg_regression_r2", .check = check_regression},
    {NULL, NULL, NULL},
};
