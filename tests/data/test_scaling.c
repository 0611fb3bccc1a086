/* Scalings by feature and labels as rows: values, forms, and what is refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

#include <wengert/data.h>

#include "support/files.h"
#include "support/plain_context.h"

static wg_tensor *make(wgt_plain *p, int32_t rank, const int64_t *dims, const double *values)
{
    wg_tensor *t;
    assert_int_equal(wg_tensor_from(&p->ctx, WG_F64, rank, dims, WG_F64, values, &t), WG_OK);
    return t;
}

static void check_values(const wg_tensor *t, const double *expected, int64_t n, double tolerance)
{
    assert_int_equal(wg_tensor_count(t), n);
    for (int64_t i = 0; i < n; i++) {
        assert_true(fabs(wg_tensor_get(t, i) - expected[i]) <= tolerance);
    }
}

/* A constant that binary cannot hold, whose sum over the rows is not the product. */
#define TENTH 0.1

static const int64_t table_dims[] = {4, 3};
static const double table[] = {1, TENTH, -4, 2, TENTH, 0, 3, TENTH, 4, 4, TENTH, 8};

static void test_scaling_standard(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *x = make(&p, 2, table_dims, table);
    wg_scaling *s;
    assert_int_equal(wg_scaling_fit(x, WG_SCALING_STANDARD, &s), WG_OK);
    assert_int_equal(wg_tensor_dtype(wg_scaling_shift(s)), WG_F64);
    check_values(wg_scaling_shift(s), (double[]){2.5, TENTH, 2}, 3, 0);
    /* Variances 5/4, 0 and 20; one division and one root are rounded. */
    check_values(wg_scaling_scale(s), (double[]){1 / sqrt(1.25), 1, 1 / sqrt(20)}, 3, 1e-15);
    wg_tensor *y;
    assert_int_equal(wg_scaling_apply(s, x, &y), WG_OK);
    for (int64_t c = 0; c < 3; c++) {
        double sum = 0;
        double squares = 0;
        for (int64_t i = 0; i < 4; i++) {
            double v = wg_tensor_get(y, 3 * i + c);
            sum += v;
            squares += v * v;
        }
        assert_true(fabs(sum) < 1e-14);
        assert_true(fabs(squares - (c == 1 ? 0 : 4)) < 1e-14);
    }
    wg_tensor *back;
    assert_int_equal(wg_scaling_invert(s, y, &back), WG_OK);
    check_values(back, table, 12, 1e-14);
    wg_tensor_destroy(back);
    wg_tensor_destroy(y);
    wg_tensor_destroy(x);
    wg_scaling_destroy(s);
    wgt_plain_finish(&p);
}

static void test_scaling_range(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *x = make(&p, 2, table_dims, table);
    wg_scaling *s;
    assert_int_equal(wg_scaling_fit(x, WG_SCALING_RANGE, &s), WG_OK);
    check_values(wg_scaling_shift(s), (double[]){1, TENTH, -4}, 3, 0);
    check_values(wg_scaling_scale(s), (double[]){1.0 / 3, 1, 1.0 / 12}, 3, 0);
    wg_tensor *y;
    assert_int_equal(wg_scaling_apply(s, x, &y), WG_OK);
    static const double third = 1.0 / 3;
    check_values(y, (double[]){0, 0, 0, third, 0, third, 2 * third, 0, 2 * third, 1, 0, 1}, 12,
                 1e-15);
    wg_tensor_destroy(y);
    wg_tensor_destroy(x);
    wg_scaling_destroy(s);
    wgt_plain_finish(&p);
}

/* Channels of images share their numbers, over more elements than are converted at a time. */
static void test_scaling_of_channels(void **state)
{
    (void)state;
    enum {
        N = 3,
        C = 2,
        INNER = 201
    };
    static const int64_t dims[] = {N, C, 3, 67};
    static float data[N * C * INNER];
    for (size_t i = 0; i < N * C * INNER; i++) {
        data[i] = (float)(i / INNER % C == 0 ? i % 2 : 10 + 4 * (i % 2));
    }
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *x;
    assert_int_equal(wg_tensor_from(&p.ctx, WG_F32, 4, dims, WG_F32, data, &x), WG_OK);
    wg_scaling *s;
    assert_int_equal(wg_scaling_fit(x, WG_SCALING_RANGE, &s), WG_OK);
    check_values(wg_scaling_shift(s), (double[]){0, 10}, 2, 0);
    check_values(wg_scaling_scale(s), (double[]){1, 0.25}, 2, 0);
    wg_tensor *y;
    assert_int_equal(wg_scaling_apply(s, x, &y), WG_OK);
    assert_int_equal(wg_tensor_dtype(y), WG_F32);
    assert_int_equal(wg_tensor_rank(y), 4);
    for (int64_t i = 0; i < (int64_t)N * C * INNER; i++) {
        assert_true(wg_tensor_get(y, i) == (double)(i % 2));
    }
    wg_scaling_destroy(s);
    assert_int_equal(wg_scaling_fit(x, WG_SCALING_STANDARD, &s), WG_OK);
    /* Of the 603 elements of each channel, 300 and 303 stand at odd places. */
    check_values(wg_scaling_shift(s), (double[]){300.0 / 603, 10 + 4 * 303.0 / 603}, 2, 1e-14);
    wg_tensor_destroy(y);
    wg_tensor_destroy(x);
    wg_scaling_destroy(s);
    wgt_plain_finish(&p);
}

static void test_scaling_of_given_numbers(void **state)
{
    (void)state;
    static const int64_t dims[] = {2, 3};
    static const uint8_t bytes[] = {0, 51, 255, 1, 2, 3};
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *x;
    assert_int_equal(wg_tensor_from(&p.ctx, WG_U8, 2, dims, WG_U8, bytes, &x), WG_OK);
    wg_scaling *s;
    assert_int_equal(wg_scaling_create(&p.ctx, 1, (double[]){51}, (double[]){2}, &s), WG_OK);
    wg_tensor *y;
    assert_int_equal(wg_scaling_apply(s, x, &y), WG_OK);
    assert_int_equal(wg_tensor_dtype(y), WG_F32);
    check_values(y, (double[]){-102, 0, 408, -100, -98, -96}, 6, 0);
    wg_tensor_destroy(y);
    wg_scaling_destroy(s);
    assert_int_equal(wg_scaling_create(&p.ctx, 2, (double[]){1, 2}, (double[]){1, 1}, &s), WG_OK);
    assert_int_equal(wg_scaling_apply(s, x, &y), WG_ERR_SHAPE);
    assert_string_equal(p.ctx.error, "scaling_apply: 2 features, x has 3");
    assert_null(y);
    wg_scaling_destroy(s);
    wg_tensor_destroy(x);
    wgt_plain_finish(&p);
}

/* A vector is one feature; an empty tensor can be scaled, but nothing be fitted to it. */
static void test_scaling_of_vectors_and_nothing(void **state)
{
    (void)state;
    static const int64_t dims[] = {4};
    static const int64_t none[] = {0, 3};
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *x = make(&p, 1, dims, (double[]){3, 1, 2, 5});
    wg_tensor *empty = make(&p, 2, none, NULL);
    wg_tensor *y;
    wg_scaling *s;
    assert_int_equal(wg_scaling_fit(x, WG_SCALING_RANGE, &s), WG_OK);
    assert_int_equal(wg_scaling_apply(s, x, &y), WG_OK);
    check_values(y, (double[]){0.5, 0, 0.25, 1}, 4, 0);
    wg_tensor_destroy(y);
    assert_int_equal(wg_scaling_apply(s, empty, &y), WG_OK);
    assert_int_equal(wg_tensor_count(y), 0);
    wg_tensor_destroy(y);
    wg_scaling_destroy(s);
    assert_int_equal(wg_scaling_fit(empty, WG_SCALING_STANDARD, &s), WG_ERR_SHAPE);
    assert_string_equal(p.ctx.error, "scaling_fit: x has no elements");
    wg_tensor_destroy(empty);
    wg_tensor_destroy(x);
    wgt_plain_finish(&p);
}

static void test_scaling_shows_what_is_not_finite(void **state)
{
    (void)state;
    static const int64_t dims[] = {3, 2};
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *x = make(&p, 2, dims, (double[]){1, 1, (double)NAN, 2, 3, 3});
    static const wg_scaling_kind kinds[] = {WG_SCALING_STANDARD, WG_SCALING_RANGE};
    for (size_t kind = 0; kind < 2; kind++) {
        wg_scaling *s;
        assert_int_equal(wg_scaling_fit(x, kinds[kind], &s), WG_OK);
        assert_true(isnan(wg_tensor_get(wg_scaling_shift(s), 0)));
        assert_true(!isnan(wg_tensor_get(wg_scaling_shift(s), 1)));
        wg_scaling_destroy(s);
    }
    wg_tensor_destroy(x);
    wgt_plain_finish(&p);
}

/* ---- data sets ---------------------------------------------------------------------------- */

static wg_dataset *read_names(wgt_plain *p)
{
    wg_dataset *d;
    const char *path = WENGERT_SOURCE_DIR "/tests/corpus/csv/good-names";
    assert_int_equal(wg_csv_read(&p->ctx, path, NULL, &d), WG_OK);
    return d;
}

static void test_scaling_of_data_sets(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d = read_names(&p);
    wg_scaling *s;
    wg_dataset *scaled;
    assert_int_equal(wg_scaling_fit(wg_dataset_x(d), WG_SCALING_RANGE, &s), WG_OK);
    assert_int_equal(wg_dataset_scale(d, s, &scaled), WG_OK);
    wg_dataset_destroy(d);
    wg_scaling_destroy(s);
    assert_true(wg_tensor_get(wg_dataset_x(scaled), 2) == 1); /* 7 of 5 to 7 */
    assert_true(wg_tensor_get(wg_dataset_y(scaled), 1) == 1);
    assert_string_equal(wg_dataset_class_name(scaled, 1), "versicolor");
    wg_dataset_destroy(scaled);
    wgt_plain_finish(&p);
}

static void test_scaling_one_hot(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d = read_names(&p);
    wg_dataset *hot;
    assert_int_equal(wg_dataset_one_hot(d, 0, &hot), WG_OK);
    assert_int_equal(wg_tensor_dtype(wg_dataset_y(hot)), WG_F32);
    assert_int_equal(wg_tensor_dims(wg_dataset_y(hot))[1], 2);
    check_values(wg_dataset_y(hot), (double[]){1, 0, 0, 1, 1, 0}, 6, 0);
    assert_string_equal(wg_dataset_class_name(hot, 0), "setosa");
    wg_dataset *again;
    assert_int_equal(wg_dataset_one_hot(hot, 0, &again), WG_ERR_DTYPE);
    assert_string_equal(p.ctx.error, "dataset_one_hot: labels are i64, not f32");
    wg_dataset_destroy(hot);
    assert_int_equal(wg_dataset_one_hot(d, 3, &hot), WG_OK);
    check_values(wg_dataset_y(hot), (double[]){1, 0, 0, 0, 1, 0, 1, 0, 0}, 9, 0);
    wg_dataset_destroy(hot);
    assert_int_equal(wg_dataset_one_hot(d, 1, &hot), WG_ERR_RANGE);
    assert_string_equal(p.ctx.error, "dataset_one_hot: label 1 of row 1 is not in [0, 1)");
    assert_null(hot);
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

/* Without names the largest label tells how many classes there are. */
static void test_scaling_one_hot_of_numbers(void **state)
{
    (void)state;
    static const int64_t dims[] = {3, 1};
    wgt_plain p;
    wgt_plain_start(&p);
    int64_t labels[] = {0, 2, 1};
    wg_tensor *x = make(&p, 2, dims, (double[]){1, 2, 3});
    wg_tensor *y;
    wg_dataset *d;
    wg_dataset *hot;
    assert_int_equal(wg_tensor_borrow(&p.ctx, WG_I64, 1, dims, labels, &y), WG_OK);
    assert_int_equal(wg_dataset_create(&p.ctx, x, y, &d), WG_OK);
    assert_int_equal(wg_dataset_one_hot(d, 0, &hot), WG_OK);
    check_values(wg_dataset_y(hot), (double[]){1, 0, 0, 0, 0, 1, 0, 1, 0}, 9, 0);
    wg_dataset_destroy(hot);
    labels[1] = -1;
    assert_int_equal(wg_dataset_one_hot(d, 0, &hot), WG_ERR_RANGE);
    assert_string_equal(p.ctx.error, "dataset_one_hot: label -1 of row 1 is not in [0, 2)");
    labels[1] = INT64_MAX;
    assert_int_not_equal(wg_dataset_one_hot(d, 0, &hot), WG_OK);
    labels[1] = INT64_MAX - 1;
    assert_int_equal(wg_dataset_one_hot(d, 0, &hot), WG_ERR_OVERFLOW);
    wg_dataset_destroy(d);
    wg_tensor *matrix;
    assert_int_equal(wg_tensor_create(&p.ctx, WG_I64, 2, dims, &matrix), WG_OK);
    assert_int_equal(wg_dataset_create(&p.ctx, x, matrix, &d), WG_OK);
    assert_int_equal(wg_dataset_one_hot(d, 0, &hot), WG_ERR_SHAPE);
    assert_string_equal(p.ctx.error, "dataset_one_hot: labels have rank 2, not 1");
    wg_dataset_destroy(d);
    wg_tensor_destroy(matrix);
    assert_int_equal(wg_dataset_create(&p.ctx, x, NULL, &d), WG_OK);
    assert_int_equal(wg_dataset_one_hot(d, 0, &hot), WG_ERR_STATE);
    assert_string_equal(p.ctx.error, "dataset_one_hot: there are no labels");
    wg_dataset_destroy(d);
    wg_tensor_destroy(x);
    wg_tensor_destroy(y);
    wgt_plain_finish(&p);
}

/* ---- memory ------------------------------------------------------------------------------- */

static wg_status fit_and_apply(wg_dataset *d)
{
    wg_scaling *s = NULL;
    wg_dataset *scaled = NULL;
    wg_dataset *hot = NULL;
    wg_status status = wg_scaling_fit(wg_dataset_x(d), WG_SCALING_STANDARD, &s);
    if (status == WG_OK) {
        status = wg_dataset_scale(d, s, &scaled);
    }
    if (status == WG_OK) {
        status = wg_dataset_one_hot(scaled, 0, &hot);
    }
    wg_scaling_destroy(s);
    wg_dataset_destroy(scaled);
    wg_dataset_destroy(hot);
    return status;
}

static void test_scaling_without_memory(void **state)
{
    (void)state;
    for (int is_persistent = 0; is_persistent < 2; is_persistent++) {
        wgt_plain p;
        wgt_plain_start(&p);
        wg_dataset *d = read_names(&p);
        size_t n_live = p.allocator.n_live;
        wg_status status = WG_ERR_MEMORY;
        for (size_t k = 1; status != WG_OK; k++) {
            wgt_allocator_fail(&p.allocator, k, is_persistent == 1);
            status = fit_and_apply(d);
            wgt_allocator_fail(&p.allocator, 0, false);
            assert_true(status == WG_OK || status == WG_ERR_MEMORY);
            assert_true(status != WG_OK || k > 10);
            assert_int_equal(p.allocator.n_live, n_live);
        }
        wg_dataset_destroy(d);
        wgt_plain_finish(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scaling_standard),
        cmocka_unit_test(test_scaling_range),
        cmocka_unit_test(test_scaling_of_channels),
        cmocka_unit_test(test_scaling_of_given_numbers),
        cmocka_unit_test(test_scaling_of_vectors_and_nothing),
        cmocka_unit_test(test_scaling_shows_what_is_not_finite),
        cmocka_unit_test(test_scaling_of_data_sets),
        cmocka_unit_test(test_scaling_one_hot),
        cmocka_unit_test(test_scaling_one_hot_of_numbers),
        cmocka_unit_test(test_scaling_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
