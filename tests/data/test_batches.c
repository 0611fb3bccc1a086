/* Batches: every row once an epoch, another order each epoch, resumed to the same batches.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <string.h>

#include <wengert/data.h>

#include "support/plain_context.h"

#define N 23

static wg_dataset *make(wgt_plain *p, int64_t n, bool has_labels)
{
    wg_tensor *x;
    wg_tensor *y;
    wg_dataset *d;
    int64_t dims[] = {n, 2};
    assert_int_equal(wg_tensor_create(&p->ctx, WG_F32, 2, dims, &x), WG_OK);
    assert_int_equal(wg_tensor_create(&p->ctx, WG_I64, 1, dims, &y), WG_OK);
    for (int64_t i = 0; i < n; i++) {
        (void)wg_tensor_set(x, 2 * i, (double)i);
        (void)wg_tensor_set(y, i, (double)(10 * i));
    }
    assert_int_equal(wg_dataset_create(&p->ctx, x, has_labels ? y : NULL, &d), WG_OK);
    wg_tensor_destroy(x);
    wg_tensor_destroy(y);
    return d;
}

static wg_batches *create(const wg_dataset *d, int64_t batch, const wg_rng *rng, bool drop_last)
{
    wg_batches *b;
    assert_int_equal(wg_batches_create(d, batch, rng, drop_last, &b), WG_OK);
    return b;
}

/* Walks to the end of the epoch; the rows in order into `out`. */
static int64_t walk(wg_batches *b, int64_t *out)
{
    int64_t n = 0;
    wg_batch batch;
    while (wg_batches_next(b, &batch)) {
        assert_int_equal(wg_tensor_dims(batch.x)[0], batch.n);
        assert_int_equal(batch.first, n);
        for (int64_t i = 0; i < batch.n; i++) {
            out[n] = (int64_t)wg_tensor_get(batch.x, 2 * i);
            if (batch.y != NULL) {
                assert_true(wg_tensor_get(batch.y, i) == (double)(10 * out[n]));
            }
            n++;
        }
    }
    assert_null(batch.x);
    assert_int_equal(batch.n, 0);
    return n;
}

static void check_all_once(const int64_t *rows, int64_t n)
{
    int seen[N] = {0};
    for (int64_t i = 0; i < n; i++) {
        seen[rows[i]]++;
        assert_int_equal(seen[rows[i]], 1);
    }
}

static void test_batches_every_row_once(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d = make(&p, N, true);
    wg_rng rng = wg_rng_make(1, 2);
    for (int64_t batch = 1; batch <= N + 1; batch++) {
        for (int drop_last = 0; drop_last < 2; drop_last++) {
            int64_t rows[N];
            wg_batches *b = create(d, batch, &rng, drop_last == 1);
            int64_t expected = drop_last == 1 ? N / batch * batch : N;
            assert_int_equal(walk(b, rows), expected);
            check_all_once(rows, expected);
            assert_int_equal(wg_batches_count(b), (expected + batch - 1) / batch);
            wg_batches_destroy(b);
        }
    }
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

static void test_batches_epochs_differ_and_repeat_by_seed(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d = make(&p, N, true);
    wg_rng rng = wg_rng_make(1, 2);
    wg_batches *a = create(d, 5, &rng, false);
    wg_batches *b = create(d, 7, &rng, false); /* the order does not depend on the batch */
    wg_dataset_destroy(d);
    int64_t before[N] = {0};
    for (int epoch = 0; epoch < 4; epoch++) {
        int64_t rows_a[N];
        int64_t rows_b[N];
        walk(a, rows_a);
        walk(b, rows_b);
        assert_memory_equal(rows_a, rows_b, sizeof rows_a);
        assert_memory_not_equal(rows_a, before, sizeof rows_a);
        memcpy(before, rows_a, sizeof before);
    }
    wg_batches_destroy(a);
    wg_batches_destroy(b);
    wgt_plain_finish(&p);
}

static void test_batches_without_a_stream_keep_the_order(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d = make(&p, N, false);
    wg_batches *b = create(d, 5, NULL, false);
    for (int epoch = 0; epoch < 2; epoch++) {
        int64_t rows[N];
        assert_int_equal(walk(b, rows), N);
        for (int64_t i = 0; i < N; i++) {
            assert_int_equal(rows[i], i);
        }
    }
    wg_batches_destroy(b);
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

static void test_batches_allocate_nothing_after_creation(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d = make(&p, N, true);
    wg_rng rng = wg_rng_make(1, 2);
    wg_batches *b = create(d, 5, &rng, false);
    size_t n_calls = p.allocator.n_calls;
    for (int epoch = 0; epoch < 3; epoch++) {
        int64_t rows[N];
        walk(b, rows);
    }
    assert_int_equal(p.allocator.n_calls, n_calls);
    wg_batches_destroy(b);
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

/* Every other place from which to go on, the end of an epoch included, gives the same rows. */
static void test_batches_resume_from_any_state(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d = make(&p, N, true);
    wg_rng rng = wg_rng_make(1, 2);
    wg_rng elsewhere = wg_rng_make(77, 0);
    for (int n_before = 0; n_before < 13; n_before++) {
        wg_batches *a = create(d, 5, &rng, false);
        wg_batches *b = create(d, 5, &elsewhere, false);
        wg_batches_state saved;
        wg_batch batch;
        for (int i = 0; i < n_before; i++) {
            (void)wg_batches_next(a, &batch);
        }
        assert_int_equal(wg_batches_get_state(a, &saved), WG_OK);
        assert_int_equal(wg_batches_set_state(b, &saved), WG_OK);
        for (int i = 0; i < 12; i++) {
            wg_batch other;
            assert_int_equal(wg_batches_next(a, &batch), wg_batches_next(b, &other));
            assert_int_equal(batch.n, other.n);
            assert_int_equal(batch.first, other.first);
            if (batch.x != NULL) {
                assert_memory_equal(wg_tensor_data(batch.x), wg_tensor_data(other.x),
                                    wg_tensor_bytes(batch.x));
            }
        }
        wg_batches_destroy(a);
        wg_batches_destroy(b);
    }
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

static void test_batches_refuse_a_state_that_is_none(void **state)
{
    (void)state;
    static const int64_t bad[] = {-5, -1, 1, 24, 25, INT64_MIN, INT64_MAX};
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d = make(&p, N, true);
    wg_rng rng = wg_rng_make(1, 2);
    wg_batches *b = create(d, 5, &rng, false);
    wg_batches_state before;
    wg_batches_state after;
    assert_int_equal(wg_batches_get_state(b, &before), WG_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        wg_batches_state s = {.rng = wg_rng_make(5, 5), .next = bad[i]};
        assert_int_equal(wg_batches_set_state(b, &s), WG_ERR_RANGE);
    }
    assert_int_equal(wg_batches_get_state(b, &after), WG_OK);
    assert_memory_equal(&before, &after, sizeof before);
    wg_batches_destroy(b);
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

static void test_batches_of_no_rows(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d = make(&p, 0, true);
    wg_rng rng = wg_rng_make(1, 2);
    wg_batches *b = create(d, 5, &rng, false);
    wg_batch batch;
    assert_false(wg_batches_next(b, &batch));
    assert_false(wg_batches_next(b, &batch));
    assert_int_equal(wg_batches_count(b), 0);
    wg_batches_destroy(b);
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

static void test_batches_bad_calls(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d = make(&p, 4, true);
    wg_batches *b = (wg_batches *)&p;
    wg_batch batch;
    wg_batches_state s;
    assert_int_equal(wg_batches_create(NULL, 1, NULL, false, &b), WG_ERR_ARGUMENT);
    assert_null(b);
    assert_int_equal(wg_batches_create(d, 1, NULL, false, NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_batches_create(d, 0, NULL, false, &b), WG_ERR_RANGE);
    assert_int_equal(wg_batches_create(d, INT64_MIN, NULL, false, &b), WG_ERR_RANGE);
    b = create(d, INT64_MAX, NULL, false);
    assert_true(wg_batches_next(b, &batch));
    assert_int_equal(batch.n, 4);
    assert_false(wg_batches_next(b, NULL));
    assert_int_equal(wg_batches_get_state(b, NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_batches_set_state(b, NULL), WG_ERR_ARGUMENT);
    wg_batches_destroy(b);
    assert_false(wg_batches_next(NULL, &batch));
    assert_null(batch.x);
    assert_int_equal(wg_batches_count(NULL), 0);
    assert_int_equal(wg_batches_get_state(NULL, &s), WG_ERR_ARGUMENT);
    assert_int_equal(wg_batches_set_state(NULL, &s), WG_ERR_ARGUMENT);
    wg_batches_destroy(NULL);
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

static void test_batches_without_memory(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d = make(&p, N, true);
    size_t n_live = p.allocator.n_live;
    for (int is_persistent = 0; is_persistent < 2; is_persistent++) {
        wg_status status = WG_ERR_MEMORY;
        for (size_t k = 1; status != WG_OK; k++) {
            wg_batches *b;
            wgt_allocator_fail(&p.allocator, k, is_persistent == 1);
            status = wg_batches_create(d, 5, NULL, false, &b);
            wgt_allocator_fail(&p.allocator, 0, false);
            assert_int_equal(status, k <= 10 ? WG_ERR_MEMORY : WG_OK);
            wg_batches_destroy(b);
            assert_int_equal(p.allocator.n_live, n_live);
        }
    }
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches_every_row_once),
        cmocka_unit_test(test_batches_epochs_differ_and_repeat_by_seed),
        cmocka_unit_test(test_batches_without_a_stream_keep_the_order),
        cmocka_unit_test(test_batches_allocate_nothing_after_creation),
        cmocka_unit_test(test_batches_resume_from_any_state),
        cmocka_unit_test(test_batches_refuse_a_state_that_is_none),
        cmocka_unit_test(test_batches_of_no_rows),
        cmocka_unit_test(test_batches_bad_calls),
        cmocka_unit_test(test_batches_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
