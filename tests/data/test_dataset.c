/* Data sets, splits and rows.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <string.h>

#include "core/tensor.h"
#include "data/dataset.h"
#include "support/plain_context.h"

/* n rows: x[i] = (2i, 2i + 1) as f32, y[i] = i as i64. */
static wg_dataset *make(wgt_plain *p, int64_t n)
{
    wg_tensor *x;
    wg_tensor *y;
    wg_dataset *d;
    int64_t dims[] = {n, 2};
    assert_int_equal(wg_tensor_create(&p->ctx, WG_F32, 2, dims, &x), WG_OK);
    assert_int_equal(wg_tensor_create(&p->ctx, WG_I64, 1, dims, &y), WG_OK);
    for (int64_t i = 0; i < n; i++) {
        (void)wg_tensor_set(x, 2 * i, (double)(2 * i));
        (void)wg_tensor_set(x, 2 * i + 1, (double)(2 * i + 1));
        (void)wg_tensor_set(y, i, (double)i);
    }
    assert_int_equal(wg_dataset_create(&p->ctx, x, y, &d), WG_OK);
    wg_tensor_destroy(x);
    wg_tensor_destroy(y);
    return d;
}

/* Counts in `seen` the rows of d, each of which must be whole. */
static void count_rows(const wg_dataset *d, int *seen)
{
    for (int64_t i = 0; i < wg_dataset_count(d); i++) {
        int64_t row = (int64_t)wg_tensor_get(wg_dataset_y(d), i);
        assert_true(wg_tensor_get(wg_dataset_x(d), 2 * i) == (double)(2 * row));
        assert_true(wg_tensor_get(wg_dataset_x(d), 2 * i + 1) == (double)(2 * row + 1));
        seen[row]++;
    }
}

static void test_dataset_split_is_exact(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d = make(&p, 37);
    for (int64_t n_test = 0; n_test <= 37; n_test++) {
        wg_rng rng = wg_rng_make(3, (uint64_t)n_test);
        wg_dataset *train;
        wg_dataset *test;
        int seen[37] = {0};
        assert_int_equal(wg_dataset_split(d, n_test, &rng, &train, &test), WG_OK);
        assert_int_equal(wg_dataset_count(test), n_test);
        assert_int_equal(wg_dataset_count(train), 37 - n_test);
        count_rows(train, seen);
        count_rows(test, seen);
        for (int i = 0; i < 37; i++) {
            assert_int_equal(seen[i], 1);
        }
        wg_dataset_destroy(train);
        wg_dataset_destroy(test);
    }
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

/* The labels of the two parts of a split. */
static void split_labels(const wg_dataset *d, wg_rng *rng, double out[10])
{
    wg_dataset *train;
    wg_dataset *test;
    assert_int_equal(wg_dataset_split(d, 4, rng, &train, &test), WG_OK);
    for (int64_t i = 0; i < 10; i++) {
        out[i] = i < 6 ? wg_tensor_get(wg_dataset_y(train), i)
                       : wg_tensor_get(wg_dataset_y(test), i - 6);
    }
    wg_dataset_destroy(train);
    wg_dataset_destroy(test);
}

static void test_dataset_split_follows_the_stream(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d = make(&p, 10);
    double first[10];
    double again[10];
    double next[10];
    wg_rng rng = wg_rng_make(1, 0);
    wg_rng copy = rng;
    split_labels(d, &rng, first);
    split_labels(d, &copy, again);
    split_labels(d, &rng, next);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, next, sizeof first);
    split_labels(d, NULL, first);
    for (int i = 0; i < 10; i++) {
        assert_true(first[i] == i);
    }
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

static void test_dataset_split_keeps_class_names(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *whole = make(&p, 10);
    wg_dataset *d;
    wg_dataset *train;
    wg_dataset *test;
    wgi_classes *classes = wgi_classes_create(&p.ctx.memory);
    assert_non_null(classes);
    assert_int_equal(wgi_classes_number(&p.ctx.memory, classes, "one", 3), 0);
    assert_int_equal(wgi_classes_number(&p.ctx.memory, classes, "two", 3), 1);
    assert_int_equal(wgi_dataset_create(&p.ctx, whole->x, whole->y, classes, &d), WG_OK);
    wgi_classes_release(&p.ctx.memory, classes);
    wg_dataset_destroy(whole);
    assert_int_equal(wg_dataset_split(d, 3, NULL, &train, &test), WG_OK);
    wg_dataset_destroy(d);
    wg_dataset_destroy(train);
    assert_int_equal(wg_dataset_class_count(test), 2);
    assert_string_equal(wg_dataset_class_name(test, 1), "two");
    wg_dataset_destroy(test);
    wgt_plain_finish(&p);
}

static void test_dataset_bad_calls(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain other;
    wgt_plain_start(&p);
    wgt_plain_start(&other);
    wg_dataset *d = make(&p, 4);
    wg_dataset *out = d;
    wg_dataset *out2 = d;
    wg_tensor *scalar;
    wg_tensor *longer;
    int64_t dims[] = {5};
    assert_int_equal(wg_tensor_create(&p.ctx, WG_F32, 0, NULL, &scalar), WG_OK);
    assert_int_equal(wg_tensor_create(&p.ctx, WG_F32, 1, dims, &longer), WG_OK);
    assert_int_equal(wg_dataset_create(NULL, d->x, NULL, &out), WG_ERR_ARGUMENT);
    assert_null(out);
    assert_int_equal(wg_dataset_create(&p.ctx, NULL, NULL, &out), WG_ERR_ARGUMENT);
    assert_int_equal(wg_dataset_create(&p.ctx, d->x, NULL, NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_dataset_create(&other.ctx, d->x, NULL, &out), WG_ERR_ARGUMENT);
    assert_int_equal(wg_dataset_create(&p.ctx, scalar, NULL, &out), WG_ERR_SHAPE);
    assert_int_equal(wg_dataset_create(&p.ctx, d->x, scalar, &out), WG_ERR_SHAPE);
    assert_int_equal(wg_dataset_create(&p.ctx, d->x, longer, &out), WG_ERR_SHAPE);
    assert_string_equal(p.ctx.error, "dataset: x has 4 rows, y has 5");
    longer->is_value = true;
    assert_int_equal(wg_dataset_create(&p.ctx, longer, NULL, &out), WG_ERR_STATE);
    longer->is_value = false;
    assert_int_equal(wg_dataset_split(NULL, 0, NULL, &out, &out2), WG_ERR_ARGUMENT);
    assert_null(out2);
    assert_int_equal(wg_dataset_split(d, 0, NULL, NULL, &out), WG_ERR_ARGUMENT);
    assert_int_equal(wg_dataset_split(d, 0, NULL, &out, NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_dataset_split(d, 0, NULL, &out, &out), WG_ERR_ARGUMENT);
    assert_int_equal(wg_dataset_split(d, 5, NULL, &out, &out2), WG_ERR_RANGE);
    assert_int_equal(wg_dataset_split(d, -1, NULL, &out, &out2), WG_ERR_RANGE);
    wg_dataset_destroy(NULL);
    assert_int_equal(wg_dataset_count(NULL), 0);
    assert_null(wg_dataset_x(NULL));
    assert_null(wg_dataset_y(NULL));
    assert_int_equal(wg_dataset_class_count(NULL), 0);
    wg_tensor_destroy(scalar);
    wg_tensor_destroy(longer);
    wg_dataset_destroy(d);
    wgt_plain_finish(&other);
    wgt_plain_finish(&p);
}

static void test_dataset_split_without_memory(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d = make(&p, 10);
    size_t n_live = p.allocator.n_live;
    for (int is_persistent = 0; is_persistent < 2; is_persistent++) {
        wg_status status = WG_ERR_MEMORY;
        for (size_t k = 1; status != WG_OK; k++) {
            wg_rng rng = wg_rng_make(9, 9);
            wg_dataset *train;
            wg_dataset *test;
            wgt_allocator_fail(&p.allocator, k, is_persistent == 1);
            status = wg_dataset_split(d, 4, &rng, &train, &test);
            wgt_allocator_fail(&p.allocator, 0, false);
            assert_int_equal(status, k <= 11 ? WG_ERR_MEMORY : WG_OK);
            assert_true((status == WG_OK) == (rng.position > 0));
            wg_dataset_destroy(train);
            wg_dataset_destroy(test);
            assert_int_equal(p.allocator.n_live, n_live);
        }
    }
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

/* ---- rows --------------------------------------------------------------------------------- */

static void test_dataset_rows_are_gathered(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d = make(&p, 5);
    wg_tensor *to;
    int64_t dims[] = {3, 2};
    static const int64_t indices[] = {4, 0, 4};
    assert_int_equal(wg_tensor_create(&p.ctx, WG_F32, 2, dims, &to), WG_OK);
    uint64_t version = to->version;
    assert_int_equal(wg_tensor_rows(d->x, indices, 3, to), WG_OK);
    static const float expected[] = {8, 9, 0, 1, 8, 9};
    assert_memory_equal(wg_tensor_data(to), expected, sizeof expected);
    assert_true(to->version > version);
    wg_tensor_destroy(to);
    /* Rows of nothing, and no rows. */
    wg_tensor *nothing;
    wg_tensor *none;
    int64_t hollow[] = {5, 0};
    assert_int_equal(wg_tensor_create(&p.ctx, WG_F32, 2, hollow, &nothing), WG_OK);
    hollow[0] = 3;
    assert_int_equal(wg_tensor_create(&p.ctx, WG_F32, 2, hollow, &none), WG_OK);
    assert_int_equal(wg_tensor_rows(nothing, indices, 3, none), WG_OK);
    wg_tensor_destroy(none);
    hollow[0] = 0;
    assert_int_equal(wg_tensor_create(&p.ctx, WG_F32, 2, hollow, &none), WG_OK);
    assert_int_equal(wg_tensor_rows(nothing, NULL, 0, none), WG_OK);
    wg_tensor_destroy(none);
    wg_tensor_destroy(nothing);
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

static void check_rows(const wg_tensor *src, const int64_t *indices, int64_t n, wg_tensor *dst,
                       wg_status status)
{
    assert_int_equal(wg_tensor_rows(src, indices, n, dst), status);
    if (dst != NULL && dst->data != NULL) {
        assert_true(wg_tensor_get(dst, 0) == 0);
    }
}

static void test_dataset_rows_bad_calls(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d = make(&p, 5);
    static const int64_t good[] = {1, 2};
    static const int64_t high[] = {1, 5};
    static const int64_t low[] = {-1, 1};
    wg_tensor *to;
    wg_tensor *wide;
    wg_tensor *integers;
    int64_t dims[] = {2, 2};
    int64_t wide_dims[] = {2, 3};
    assert_int_equal(wg_tensor_create(&p.ctx, WG_F32, 2, dims, &to), WG_OK);
    assert_int_equal(wg_tensor_create(&p.ctx, WG_F32, 2, wide_dims, &wide), WG_OK);
    assert_int_equal(wg_tensor_create(&p.ctx, WG_I64, 2, dims, &integers), WG_OK);
    check_rows(NULL, good, 2, to, WG_ERR_ARGUMENT);
    check_rows(d->x, good, 2, NULL, WG_ERR_ARGUMENT);
    check_rows(d->x, NULL, 2, to, WG_ERR_ARGUMENT);
    check_rows(d->x, good, -1, to, WG_ERR_ARGUMENT);
    check_rows(to, good, 2, to, WG_ERR_ARGUMENT);
    check_rows(d->x, good, 1, to, WG_ERR_SHAPE);
    check_rows(d->x, good, 2, wide, WG_ERR_SHAPE);
    check_rows(d->y, good, 2, integers, WG_ERR_SHAPE);
    check_rows(d->x, good, 2, integers, WG_ERR_DTYPE);
    check_rows(d->x, high, 2, to, WG_ERR_RANGE);
    assert_string_equal(p.ctx.error, "tensor_rows: index 5 (at 1) is not in [0, 5)");
    check_rows(d->x, low, 2, to, WG_ERR_RANGE);
    to->is_value = true;
    check_rows(d->x, good, 2, to, WG_ERR_STATE);
    to->is_value = false;
    wg_tensor_destroy(to);
    wg_tensor_destroy(wide);
    wg_tensor_destroy(integers);
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dataset_split_is_exact),
        cmocka_unit_test(test_dataset_split_follows_the_stream),
        cmocka_unit_test(test_dataset_split_keeps_class_names),
        cmocka_unit_test(test_dataset_bad_calls),
        cmocka_unit_test(test_dataset_split_without_memory),
        cmocka_unit_test(test_dataset_rows_are_gathered),
        cmocka_unit_test(test_dataset_rows_bad_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
