/* Metrics: against definitions in exact arithmetic, in batches of every size, and at their edges.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <wengert/metrics.h>

#include "support/plain_context.h"
#include "support/sink.h"

#define ROWS 64
#define CLASSES 8

/* A batch of rows, taken out of the whole case. */
typedef struct rows {
    double scores[ROWS * CLASSES];
    int64_t labels[ROWS];
    int64_t n;
    int64_t n_classes;
    int64_t k;
} rows;

static wg_tensor *reals(wgt_plain *p, wg_dtype dtype, int32_t rank, const int64_t *dims,
                        const double *values)
{
    wg_tensor *t;
    assert_int_equal(wg_tensor_from(&p->ctx, dtype, rank, dims, WG_F64, values, &t), WG_OK);
    return t;
}

static wg_tensor *integers(wgt_plain *p, int64_t n, const int64_t *values)
{
    wg_tensor *t;
    assert_int_equal(wg_tensor_from(&p->ctx, WG_I64, 1, &n, WG_I64, values, &t), WG_OK);
    return t;
}

/* ---- golden cases ------------------------------------------------------------------------- */

static FILE *open_golden(void)
{
    FILE *file = fopen(WENGERT_SOURCE_DIR "/tests/golden/metrics.txt", "r");
    assert_non_null(file);
    return file;
}

static void read_rows(FILE *file, rows *r)
{
    long long n;
    long long n_classes;
    long long k;
    assert_int_equal(fscanf(file, "%*s %lld %lld %lld", &n, &n_classes, &k), 3);
    assert_in_range(n, 1, ROWS);
    assert_in_range(n_classes, 1, CLASSES);
    *r = (rows){.n = n, .n_classes = n_classes, .k = k};
    for (int64_t i = 0; i < n; i++) {
        long long label;
        assert_int_equal(fscanf(file, " row %lld", &label), 1);
        r->labels[i] = label;
        for (int64_t c = 0; c < n_classes; c++) {
            assert_int_equal(fscanf(file, "%lf", &r->scores[i * n_classes + c]), 1);
        }
    }
}

/* Takes all rows in, `batch` at a time. */
static void feed(wgt_plain *p, const rows *r, int64_t batch, wg_dtype dtype, wg_accuracy *a,
                 wg_confusion *c)
{
    for (int64_t first = 0; first < r->n; first += batch) {
        const int64_t n = r->n - first < batch ? r->n - first : batch;
        const int64_t dims[] = {n, r->n_classes};
        wg_tensor *x = reals(p, dtype, 2, dims, r->scores + first * r->n_classes);
        wg_tensor *y = integers(p, n, r->labels + first);
        const size_t n_calls = p->allocator.n_calls;
        assert_int_equal(wg_accuracy_add(a, x, y), WG_OK);
        assert_int_equal(wg_confusion_add(c, x, y), WG_OK);
        assert_int_equal(p->allocator.n_calls, n_calls);
        wg_tensor_destroy(x);
        wg_tensor_destroy(y);
    }
}

/* Quotients of small integers and their means: a few roundings of values up to 1. */
static void assert_near(double x, double want)
{
    assert_true(fabs(x - want) <= 8 * DBL_EPSILON * fmax(1, fabs(want)));
}

static void assert_scores(const wg_class_scores *s, const double want[3], long long support)
{
    assert_near(s->precision, want[0]);
    assert_near(s->recall, want[1]);
    assert_near(s->f1, want[2]);
    assert_int_equal(s->support, support);
}

static void check_averages(FILE *file, const wg_confusion *c)
{
    static const wg_average kinds[] = {WG_AVERAGE_MACRO, WG_AVERAGE_WEIGHTED, WG_AVERAGE_MICRO};
    for (int i = 0; i < 3; i++) {
        double want[3];
        long long support;
        wg_class_scores s;
        assert_int_equal(
            fscanf(file, " average %*s %lf %lf %lf %lld", &want[0], &want[1], &want[2], &support),
            4);
        assert_int_equal(wg_confusion_average(c, kinds[i], &s), WG_OK);
        assert_scores(&s, want, support);
    }
}

static void check_confusion(FILE *file, const wg_confusion *c)
{
    for (int64_t i = 0; i < wg_confusion_classes(c); i++) {
        double want[3];
        long long support;
        wg_class_scores s;
        assert_int_equal(
            fscanf(file, " class %lf %lf %lf %lld", &want[0], &want[1], &want[2], &support), 4);
        assert_int_equal(wg_confusion_class(c, i, &s), WG_OK);
        assert_scores(&s, want, support);
    }
    check_averages(file, c);
}

static void check_rows(wgt_plain *p, FILE *file)
{
    static const int64_t batches[] = {ROWS, 1, 7};
    rows r;
    double accuracy;
    double top;
    read_rows(file, &r);
    assert_int_equal(fscanf(file, " accuracy %lf %lf", &accuracy, &top), 2);
    const long at = ftell(file);
    for (int i = 0; i < 6; i++) {
        wg_accuracy a = {.k = r.k};
        wg_confusion *c;
        assert_int_equal(wg_confusion_create(&p->ctx, r.n_classes, NULL, &c), WG_OK);
        feed(p, &r, batches[i % 3], i < 3 ? WG_F32 : WG_F64, &a, c);
        assert_near(wg_accuracy_value(&a), accuracy);
        assert_near(wg_accuracy_top_k(&a), top);
        assert_near(wg_confusion_accuracy(c), accuracy);
        assert_int_equal(wg_confusion_total(c), r.n);
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
        check_confusion(file, c);
        wg_confusion_destroy(c);
    }
}

static void feed_pairs(wgt_plain *p, const double *x, const double *y, int64_t n, int64_t batch,
                       wg_regression *r)
{
    for (int64_t first = 0; first < n; first += batch) {
        const int64_t dims[] = {n - first < batch ? n - first : batch, 1};
        wg_tensor *a = reals(p, WG_F64, 2, dims, x + first);
        wg_tensor *b = reals(p, WG_F64, 1, dims, y + first);
        assert_int_equal(wg_regression_add(r, a, b), WG_OK);
        wg_tensor_destroy(a);
        wg_tensor_destroy(b);
    }
}

static void check_pairs(wgt_plain *p, FILE *file)
{
    static const int64_t batches[] = {ROWS, 1, 7};
    double x[ROWS];
    double y[ROWS];
    double want[3];
    double offset;
    long long n;
    assert_int_equal(fscanf(file, "%*s %lld %lf", &n, &offset), 2);
    assert_in_range(n, 1, ROWS);
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(fscanf(file, " pair %lf %lf", &x[i], &y[i]), 2);
        x[i] += offset; /* exact: offset and numbers together have less than 53 bits */
        y[i] += offset;
    }
    assert_int_equal(fscanf(file, " errors %lf %lf %lf", &want[0], &want[1], &want[2]), 3);
    for (int i = 0; i < 3; i++) {
        wg_regression r = {0};
        feed_pairs(p, x, y, n, batches[i], &r);
        assert_near(wg_regression_mse(&r), want[0]);
        assert_near(wg_regression_mae(&r), want[1]);
        /* Sums of 64 squares, each of a few roundings, relative to their spread. */
        assert_true(fabs(wg_regression_r2(&r) - want[2]) <=
                    256 * DBL_EPSILON * fmax(1, fabs(want[2])));
    }
}

static void test_metrics_golden(void **state)
{
    (void)state;
    wgt_plain p;
    char word[16];
    int n_cases = 0;
    wgt_plain_start(&p);
    FILE *file = open_golden();
    while (fscanf(file, "%15s", word) == 1) {
        if (strcmp(word, "classes") == 0) {
            check_rows(&p, file);
        } else {
            assert_string_equal(word, "regression");
            check_pairs(&p, file);
        }
        n_cases++;
    }
    fclose(file);
    assert_int_equal(n_cases, 9);
    wgt_plain_finish(&p);
}

/* ---- means -------------------------------------------------------------------------------- */

static void test_metrics_mean_does_not_drift(void **state)
{
    (void)state;
    wg_meter m = {0};
    assert_true(isnan(wg_meter_mean(&m)));
    assert_true(isnan(wg_meter_perplexity(&m)));
    /* Naively, each small term would vanish beside the large one. */
    assert_int_equal(wg_meter_add(&m, 1e16, 1), WG_OK);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(wg_meter_add(&m, 0.5, 1), WG_OK);
    }
    assert_int_equal(wg_meter_add(&m, -1e16, 1), WG_OK);
    assert_true(wg_meter_mean(&m) == 500.0 / 1002.0);
}

static void test_metrics_mean_weighs(void **state)
{
    (void)state;
    wg_meter m = {0};
    assert_int_equal(wg_meter_add(&m, 1, 30), WG_OK);
    assert_int_equal(wg_meter_add(&m, 3, 10), WG_OK);
    assert_true(wg_meter_mean(&m) == 1.5);
    assert_true(wg_meter_perplexity(&m) == exp(1.5));
    assert_int_equal(wg_meter_add(&m, 1, -1), WG_ERR_ARGUMENT);
    assert_int_equal(wg_meter_add(&m, 1, (double)NAN), WG_ERR_ARGUMENT);
    assert_true(wg_meter_mean(&m) == 1.5);
    assert_int_equal(wg_meter_add(&m, (double)INFINITY, 1), WG_OK);
    assert_true(wg_meter_mean(&m) == (double)INFINITY);
    assert_int_equal(wg_meter_add(&m, 1, 1), WG_OK);
    assert_true(wg_meter_mean(&m) == (double)INFINITY);
    assert_int_equal(wg_meter_add(&m, (double)NAN, 1), WG_OK);
    assert_true(isnan(wg_meter_mean(&m)));
}

/* ---- ties, NaN, ignored labels ------------------------------------------------------------ */

static void test_metrics_ties_go_to_the_lower_class(void **state)
{
    (void)state;
    static const double scores[] = {1, 1, 0, 0, 1, 1, 2, 2, 2};
    static const int64_t labels[] = {1, 1, 2};
    const int64_t dims[] = {3, 3};
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *x = reals(&p, WG_F32, 2, dims, scores);
    wg_tensor *y = integers(&p, 3, labels);
    wg_accuracy a = {.k = 2};
    wg_confusion *c;
    assert_int_equal(wg_confusion_create(&p.ctx, 3, NULL, &c), WG_OK);
    assert_int_equal(wg_accuracy_add(&a, x, y), WG_OK);
    assert_int_equal(wg_confusion_add(c, x, y), WG_OK);
    assert_int_equal(a.n_right, 1);
    assert_int_equal(a.n_top, 2);
    assert_int_equal(wg_confusion_count(c, 1, 0), 1);
    assert_int_equal(wg_confusion_count(c, 1, 1), 1);
    assert_int_equal(wg_confusion_count(c, 2, 0), 1);
    wg_confusion_destroy(c);
    wg_tensor_destroy(x);
    wg_tensor_destroy(y);
    wgt_plain_finish(&p);
}

/* A NaN anywhere in a row, at the label or elsewhere: wrong, and in no predicted column. */
static void check_nan(wgt_plain *p, wg_dtype dtype)
{
    const double nan = (double)NAN;
    const double scores[] = {nan, 1, 0, 0, nan, 1, 2, 1, nan, 3, 2, (double)INFINITY};
    static const int64_t labels[] = {0, 2, 0, 2};
    const int64_t dims[] = {4, 3};
    wg_tensor *x = reals(p, dtype, 2, dims, scores);
    wg_tensor *y = integers(p, 4, labels);
    wg_accuracy a = {.k = 3};
    wg_confusion *c;
    wg_class_scores s;
    assert_int_equal(wg_confusion_create(&p->ctx, 3, NULL, &c), WG_OK);
    assert_int_equal(wg_accuracy_add(&a, x, y), WG_OK);
    assert_int_equal(wg_confusion_add(c, x, y), WG_OK);
    assert_int_equal(a.n, 4);
    assert_int_equal(a.n_nan, 3);
    assert_int_equal(a.n_right, 1);
    assert_int_equal(a.n_top, 1);
    assert_int_equal(wg_confusion_count(c, 0, -1), 2);
    assert_int_equal(wg_confusion_count(c, 2, -1), 1);
    assert_true(wg_confusion_accuracy(c) == 0.25);
    assert_int_equal(wg_confusion_average(c, WG_AVERAGE_MICRO, &s), WG_OK);
    assert_true(s.precision == 1 && s.recall == 0.25 && s.f1 == 2.0 / 5.0);
    wg_confusion_destroy(c);
    wg_tensor_destroy(x);
    wg_tensor_destroy(y);
}

static void test_metrics_nan_predicts_nothing(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    check_nan(&p, WG_F32);
    check_nan(&p, WG_F64);
    wgt_plain_finish(&p);
}

static void test_metrics_ignored_labels(void **state)
{
    (void)state;
    static const double scores[] = {1, 0, 0, 1, 1, 0};
    static const int64_t labels[] = {0, -100, 1};
    const int64_t dims[] = {3, 2};
    const wg_confusion_options options = {
        .size = sizeof options, .has_ignored_label = true, .ignored_label = -100};
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *x = reals(&p, WG_F32, 2, dims, scores);
    wg_tensor *y = integers(&p, 3, labels);
    wg_accuracy a = {.has_ignored_label = true, .ignored_label = -100};
    wg_accuracy strict = {0};
    wg_confusion *c;
    assert_int_equal(wg_confusion_create(&p.ctx, 2, &options, &c), WG_OK);
    assert_int_equal(wg_accuracy_add(&a, x, y), WG_OK);
    assert_int_equal(wg_accuracy_add(&strict, x, y), WG_ERR_RANGE);
    assert_int_equal(strict.n, 0);
    assert_non_null(strstr(p.ctx.error, "label -100 of example 1"));
    assert_int_equal(wg_confusion_add(c, x, y), WG_OK);
    assert_true(wg_accuracy_value(&a) == 0.5);
    assert_true(wg_accuracy_top_k(&a) == 1);
    assert_int_equal(wg_confusion_total(c), 2);
    wg_confusion_clear(c);
    assert_int_equal(wg_confusion_total(c), 0);
    assert_true(isnan(wg_confusion_accuracy(c)));
    wg_confusion_destroy(c);
    wg_tensor_destroy(x);
    wg_tensor_destroy(y);
    wgt_plain_finish(&p);
}

/* Scores of sequences: [batch, time, classes] with labels [batch, time]. */
static void test_metrics_of_sequences(void **state)
{
    (void)state;
    static const double scores[] = {1, 0, 0, 1, 1, 0, 0, 1};
    static const int64_t labels[] = {0, 0, 0, 1};
    const int64_t dims[] = {2, 2, 2};
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *x = reals(&p, WG_F32, 3, dims, scores);
    wg_tensor *y;
    assert_int_equal(wg_tensor_from(&p.ctx, WG_I64, 2, dims, WG_I64, labels, &y), WG_OK);
    wg_accuracy a = {0};
    assert_int_equal(wg_accuracy_add(&a, x, y), WG_OK);
    assert_true(wg_accuracy_value(&a) == 0.75);
    assert_int_equal(wg_accuracy_add(&a, y, x), WG_ERR_DTYPE);
    assert_int_equal(wg_accuracy_add(&a, x, x), WG_ERR_SHAPE);
    wg_tensor_destroy(x);
    wg_tensor_destroy(y);
    wgt_plain_finish(&p);
}

static void test_metrics_predicted_classes(void **state)
{
    (void)state;
    static const int64_t truth[] = {0, 1, 1, 2};
    static const int64_t guess[] = {0, 1, -1, 1};
    static const int64_t wrong[] = {0, 1, 3, 1};
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *y = integers(&p, 4, truth);
    wg_tensor *x = integers(&p, 4, guess);
    wg_tensor *z = integers(&p, 4, wrong);
    wg_tensor *shorter = integers(&p, 3, guess);
    wg_confusion *c;
    assert_int_equal(wg_confusion_create(&p.ctx, 3, NULL, &c), WG_OK);
    assert_int_equal(wg_confusion_add_classes(c, x, y), WG_OK);
    assert_int_equal(wg_confusion_add_classes(c, z, y), WG_ERR_RANGE);
    assert_int_equal(wg_confusion_add_classes(c, y, z), WG_ERR_RANGE);
    assert_int_equal(wg_confusion_add_classes(c, shorter, y), WG_ERR_SHAPE);
    assert_int_equal(wg_confusion_total(c), 4);
    assert_true(wg_confusion_accuracy(c) == 0.5);
    wg_confusion_destroy(c);
    wg_tensor_destroy(x);
    wg_tensor_destroy(y);
    wg_tensor_destroy(z);
    wg_tensor_destroy(shorter);
    wgt_plain_finish(&p);
}

/* ---- tables ------------------------------------------------------------------------------- */

static const char *const REPORT = "              precision     recall         f1    support\n"
                                  "\n"
                                  "         cat     1.0000     0.5000     0.6667          2\n"
                                  "         d?g     0.5000     1.0000     0.6667          1\n"
                                  "           2     0.0000     0.0000     0.0000          1\n"
                                  "\n"
                                  "    accuracy                           0.5000          4\n"
                                  "   macro avg     0.5000     0.5000     0.4444          4\n"
                                  "weighted avg     0.6250     0.5000     0.5000          4\n";

static const char *const MATRIX = "true \\ predicted   cat   d?g     2  none\n"
                                  "             cat     1     1     0     0\n"
                                  "             d?g     0     1     0     0\n"
                                  "               2     0     0     0     1\n";

static void test_metrics_tables(void **state)
{
    (void)state;
    static const int64_t truth[] = {0, 0, 1, 2};
    static const int64_t guess[] = {0, 1, 1, -1};
    static const char *const names[] = {"cat", "d\ng", NULL};
    wgt_plain p;
    wgt_sink sink;
    wgt_plain_start(&p);
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    wg_tensor *y = integers(&p, 4, truth);
    wg_tensor *x = integers(&p, 4, guess);
    wg_confusion *c;
    assert_int_equal(wg_confusion_create(&p.ctx, 3, NULL, &c), WG_OK);
    assert_int_equal(wg_confusion_add_classes(c, x, y), WG_OK);
    assert_int_equal(wg_confusion_write_report(c, names, &writer), WG_OK);
    assert_string_equal(wgt_sink_text(&sink), REPORT);
    const size_t n_writes = sink.n_writes;
    wgt_sink_clear(&sink);
    assert_int_equal(wg_confusion_write_matrix(c, names, &writer), WG_OK);
    assert_string_equal(wgt_sink_text(&sink), MATRIX);
    for (size_t k = 1; k <= n_writes; k++) {
        wgt_sink_clear(&sink);
        sink.fail_at = k;
        assert_int_equal(wg_confusion_write_report(c, names, &writer), WG_ERR_IO);
        assert_int_equal(sink.after_end, 0);
    }
    wg_confusion_destroy(c);
    wg_tensor_destroy(x);
    wg_tensor_destroy(y);
    wgt_sink_finish(&sink);
    wgt_plain_finish(&p);
}

/* ---- regression at its edges -------------------------------------------------------------- */

static void check_r2(wgt_plain *p, const double *x, const double *y, int64_t n, double want)
{
    wg_regression r = {0};
    feed_pairs(p, x, y, n, 2, &r);
    const double r2 = wg_regression_r2(&r);
    assert_true(isnan(want) ? isnan(r2) : r2 == want);
}

static void test_metrics_r2_at_its_edges(void **state)
{
    (void)state;
    static const double y[] = {3, 3, 3};
    static const double off[] = {3, 3, 4};
    const double bad[] = {3, (double)NAN, 3};
    wgt_plain p;
    wgt_plain_start(&p);
    check_r2(&p, y, y, 3, 1);
    check_r2(&p, off, y, 3, 0);
    check_r2(&p, bad, y, 3, (double)NAN);
    check_r2(&p, y, bad, 3, (double)NAN);
    check_r2(&p, y, y, 1, (double)NAN);
    wg_regression r = {0};
    const int64_t dims[] = {0, 1};
    wg_tensor *none = reals(&p, WG_F32, 2, dims, NULL);
    assert_int_equal(wg_regression_add(&r, none, none), WG_OK);
    assert_true(isnan(wg_regression_mse(&r)) && isnan(wg_regression_mae(&r)));
    wg_tensor_destroy(none);
    wgt_plain_finish(&p);
}

static void test_metrics_without_memory(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    for (size_t k = 1; k <= 3; k++) {
        wg_confusion *c;
        wgt_allocator_fail(&p.allocator, k, false);
        assert_int_equal(wg_confusion_create(&p.ctx, 10, NULL, &c), k < 3 ? WG_ERR_MEMORY : WG_OK);
        wgt_allocator_fail(&p.allocator, 0, false);
        wg_confusion_destroy(c);
        assert_int_equal(p.allocator.n_live, 0);
    }
    wgt_plain_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics_golden),
        cmocka_unit_test(test_metrics_mean_does_not_drift),
        cmocka_unit_test(test_metrics_mean_weighs),
        cmocka_unit_test(test_metrics_ties_go_to_the_lower_class),
        cmocka_unit_test(test_metrics_nan_predicts_nothing),
        cmocka_unit_test(test_metrics_ignored_labels),
        cmocka_unit_test(test_metrics_of_sequences),
        cmocka_unit_test(test_metrics_predicted_classes),
        cmocka_unit_test(test_metrics_tables),
        cmocka_unit_test(test_metrics_r2_at_its_edges),
        cmocka_unit_test(test_metrics_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
