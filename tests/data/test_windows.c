/* Windows and streams of numbered text: which symbols stand where, and going on from a state.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <string.h>

#include <wengert/data.h>

#include "support/plain_context.h"

/* The symbols 0, 1, 2, ..., so that a symbol tells its own place. */
static wg_tensor *count_to(wgt_plain *p, int64_t n)
{
    wg_tensor *t;
    assert_int_equal(wg_tensor_create(&p->ctx, WG_I64, 1, &n, &t), WG_OK);
    for (int64_t i = 0; i < n; i++) {
        (void)wg_tensor_set(t, i, (double)i);
    }
    return t;
}

static void check_windows(int64_t n, int64_t length, int64_t stride, int64_t rows)
{
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *t = count_to(&p, n);
    wg_dataset *d;
    assert_int_equal(wg_dataset_windows(&p.ctx, t, length, stride, &d), WG_OK);
    assert_int_equal(wg_dataset_count(d), rows);
    assert_int_equal(wg_tensor_dtype(wg_dataset_x(d)), WG_I64);
    assert_int_equal(wg_tensor_dims(wg_dataset_y(d))[1], length);
    for (int64_t i = 0; i < rows * length; i++) {
        int64_t place = i / length * stride + i % length;
        assert_true(wg_tensor_get(wg_dataset_x(d), i) == (double)place);
        assert_true(wg_tensor_get(wg_dataset_y(d), i) == (double)(place + 1));
    }
    wg_dataset_destroy(d);
    wg_tensor_destroy(t);
    wgt_plain_finish(&p);
}

static void test_windows_places(void **state)
{
    (void)state;
    check_windows(10, 3, 3, 3); /* 0..3, 3..6, 6..9: the last uses the last symbol as its target */
    check_windows(9, 3, 3, 2);
    check_windows(10, 3, 1, 7);
    check_windows(10, 3, 5, 2);
    check_windows(10, 9, 1, 1);
    check_windows(2, 1, 1, 1);
    check_windows(4, 3, INT64_MAX, 1);
}

static void test_windows_refuse(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *t = count_to(&p, 3);
    wg_dataset *d;
    assert_int_equal(wg_dataset_windows(&p.ctx, t, 3, 1, &d), WG_ERR_SHAPE);
    assert_string_equal(p.ctx.error, "dataset_windows: 3 symbols are fewer than 4");
    assert_int_equal(wg_dataset_windows(&p.ctx, t, 0, 1, &d), WG_ERR_RANGE);
    assert_string_equal(p.ctx.error, "dataset_windows: length 0, stride 1");
    for (size_t k = 1; k <= 5; k++) {
        wgt_allocator_fail(&p.allocator, k, false);
        assert_int_equal(wg_dataset_windows(&p.ctx, t, 2, 1, &d), WG_ERR_MEMORY);
        assert_null(d);
        assert_int_equal(p.allocator.n_live, 2);
    }
    wgt_allocator_fail(&p.allocator, 6, false);
    assert_int_equal(wg_dataset_windows(&p.ctx, t, 2, 1, &d), WG_OK);
    wg_dataset_destroy(d);
    wg_tensor_destroy(t);
    wgt_plain_finish(&p);
}

/* ---- streams ------------------------------------------------------------------------------ */

/* Walks two epochs and holds every symbol against its place. */
static void check_streams(int64_t n, int64_t batch, int64_t steps, bool drop_last)
{
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *t = count_to(&p, n);
    wg_streams *s;
    assert_int_equal(wg_streams_create(t, batch, steps, drop_last, &s), WG_OK);
    wg_tensor_destroy(t); /* the streams hold it */
    size_t n_calls = p.allocator.n_calls;
    int64_t length = (n - 1) / batch;
    int64_t used = drop_last ? length / steps * steps : length;
    assert_int_equal(wg_streams_count(s), (used + steps - 1) / steps);
    for (int epoch = 0; epoch < 2; epoch++) {
        int64_t done = 0;
        wg_batch b;
        while (wg_streams_next(s, &b)) {
            int64_t width = wg_tensor_dims(b.x)[1];
            assert_int_equal(b.n, batch);
            assert_int_equal(wg_tensor_dims(b.x)[0], batch);
            assert_int_equal(b.first, done);
            assert_int_equal(width, used - done < steps ? used - done : steps);
            for (int64_t i = 0; i < batch * width; i++) {
                int64_t place = i / width * length + done + i % width;
                assert_true(wg_tensor_get(b.x, i) == (double)place);
                assert_true(wg_tensor_get(b.y, i) == (double)(place + 1));
            }
            done += width;
            assert_int_equal(wg_streams_state(s), done);
        }
        assert_int_equal(done, used);
        assert_int_equal(wg_streams_state(s), 0);
    }
    assert_int_equal(p.allocator.n_calls, n_calls);
    wg_streams_destroy(s);
    wgt_plain_finish(&p);
}

static void test_streams_places(void **state)
{
    (void)state;
    for (int drop_last = 0; drop_last < 2; drop_last++) {
        check_streams(25, 4, 3, drop_last == 1);
        check_streams(24, 4, 3, drop_last == 1);
        check_streams(25, 1, 7, drop_last == 1);
        check_streams(25, 24, 1, drop_last == 1);
        check_streams(25, 4, 6, drop_last == 1);
        check_streams(25, 4, 100, drop_last == 1);
        check_streams(2, 1, 1, drop_last == 1);
    }
}

static void test_streams_go_on_from_any_state(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *t = count_to(&p, 45);
    wg_streams *a;
    wg_streams *b;
    assert_int_equal(wg_streams_create(t, 4, 3, false, &a), WG_OK);
    assert_int_equal(wg_streams_create(t, 4, 3, false, &b), WG_OK);
    for (int i = 0; i < 12; i++) {
        wg_batch from_a;
        wg_batch from_b;
        assert_int_equal(wg_streams_set_state(b, wg_streams_state(a)), WG_OK);
        assert_int_equal(wg_streams_next(a, &from_a), wg_streams_next(b, &from_b));
        assert_int_equal(from_a.first, from_b.first);
        if (from_a.x != NULL) {
            assert_memory_equal(wg_tensor_data(from_a.x), wg_tensor_data(from_b.x),
                                wg_tensor_bytes(from_a.x));
        }
    }
    static const int64_t bad[] = {-3, -1, 1, 10, 12, 14, INT64_MAX, INT64_MIN};
    int64_t before = wg_streams_state(a);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(wg_streams_set_state(a, bad[i]), WG_ERR_RANGE);
        assert_int_equal(wg_streams_state(a), before);
    }
    assert_int_equal(wg_streams_set_state(a, 11), WG_OK); /* the end of an epoch */
    wg_batch end;
    assert_false(wg_streams_next(a, &end));
    assert_int_equal(wg_streams_set_state(a, 1), WG_ERR_RANGE);
    assert_string_equal(p.ctx.error, "streams: 1 is no start of a batch of 3 in 11 steps");
    wg_streams_destroy(a);
    wg_streams_destroy(b);
    wg_tensor_destroy(t);
    wgt_plain_finish(&p);
}

static void test_streams_refuse(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *t = count_to(&p, 4);
    wg_streams *s;
    assert_int_equal(wg_streams_create(t, 4, 1, false, &s), WG_ERR_SHAPE);
    assert_string_equal(p.ctx.error, "streams: 4 symbols are fewer than 5");
    assert_int_equal(wg_streams_create(t, 0, 1, false, &s), WG_ERR_RANGE);
    assert_string_equal(p.ctx.error, "streams: 0 of them, 1 steps");
    for (size_t k = 1; k <= 9; k++) {
        wgt_allocator_fail(&p.allocator, k, false);
        assert_int_equal(wg_streams_create(t, 1, 2, false, &s), WG_ERR_MEMORY);
        assert_null(s);
        assert_int_equal(p.allocator.n_live, 2);
    }
    wgt_allocator_fail(&p.allocator, 10, false);
    assert_int_equal(wg_streams_create(t, 1, 2, false, &s), WG_OK);
    wg_streams_destroy(s);
    wg_tensor_destroy(t);
    wgt_plain_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows_places), cmocka_unit_test(test_windows_refuse),
        cmocka_unit_test(test_streams_places), cmocka_unit_test(test_streams_go_on_from_any_state),
        cmocka_unit_test(test_streams_refuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
