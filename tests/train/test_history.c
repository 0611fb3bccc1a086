/* Histories: points in, pictures and tables out, and through a tensor without loss.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

#include <wengert/history.h>

#include "support/plain_context.h"
#include "support/sink.h"

static wg_history *create(wgt_plain *p)
{
    wg_history *h;
    assert_int_equal(wg_history_create(&p->ctx, &h), WG_OK);
    return h;
}

static void add(wg_history *h, const char *name, double x, double y)
{
    assert_int_equal(wg_history_add(h, name, x, y), WG_OK);
}

static wg_history *create_two(wgt_plain *p)
{
    wg_history *h = create(p);
    add(h, "train loss", 1, 0.5);
    add(h, "train loss", 2, 0.1);
    add(h, "valid, loss", 2, (double)INFINITY);
    add(h, "train loss", 3, (double)NAN);
    add(h, "valid, loss", 2.5, -1e-300);
    return h;
}

static void test_history_collects(void **state)
{
    (void)state;
    wgt_plain p;
    wg_series s;
    wgt_plain_start(&p);
    wg_history *h = create_two(&p);
    assert_int_equal(wg_history_count(h), 2);
    assert_int_equal(wg_history_series(h, 0, &s), WG_OK);
    assert_string_equal(s.name, "train loss");
    assert_int_equal(s.n, 3);
    assert_true(s.x[1] == 2 && s.y[1] == 0.1 && isnan(s.y[2]));
    assert_int_equal(wg_history_find(h, "valid, loss", &s), WG_OK);
    assert_int_equal(s.n, 2);
    assert_int_equal(wg_history_find(h, "valid", &s), WG_ERR_NAME);
    assert_null(s.y);
    wg_history_clear(h);
    assert_int_equal(wg_history_count(h), 0);
    add(h, "again", 0, 0);
    assert_int_equal(wg_history_count(h), 1);
    wg_history_destroy(h);
    wgt_plain_finish(&p);
}

static void test_history_as_csv(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_sink sink;
    wgt_plain_start(&p);
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    wg_history *h = create_two(&p);
    assert_int_equal(wg_history_write_csv(h, &writer), WG_OK);
    assert_string_equal(wgt_sink_text(&sink), "x,train loss,\"valid, loss\"\n"
                                              "1,0.5,\n"
                                              "2,0.1,inf\n"
                                              "2.5,,-1e-300\n"
                                              "3,nan,\n");
    const size_t n_writes = sink.n_writes;
    for (size_t k = 1; k <= n_writes; k++) {
        wgt_sink_clear(&sink);
        sink.fail_at = k;
        assert_int_equal(wg_history_write_csv(h, &writer), WG_ERR_IO);
        assert_int_equal(sink.after_end, 0);
    }
    wg_history_destroy(h);
    wgt_sink_finish(&sink);
    wgt_plain_finish(&p);
}

/* A resumed program may go back: no point is lost. */
static void test_history_as_csv_of_falling_x(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_sink sink;
    wgt_plain_start(&p);
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    wg_history *h = create(&p);
    assert_int_equal(wg_history_write_csv(h, &writer), WG_OK);
    add(h, "a", 2, 1);
    add(h, "a", 1, 2);
    add(h, "b", 1, 3);
    add(h, "a", 1, 4);
    assert_int_equal(wg_history_write_csv(h, &writer), WG_OK);
    assert_string_equal(wgt_sink_text(&sink), "x\nx,a,b\n1,,3\n2,1,\n1,2,\n1,4,\n");
    wg_history_destroy(h);
    wgt_sink_finish(&sink);
    wgt_plain_finish(&p);
}

static void test_history_draws(void **state)
{
    (void)state;
    static const char *const names[] = {"train loss", "none"};
    const wg_curve_options svg = {.size = sizeof svg, .form = WG_CURVE_SVG};
    wgt_plain p;
    wgt_sink drawn;
    wgt_sink by_hand;
    wg_series s;
    wgt_plain_start(&p);
    wgt_sink_start(&drawn);
    wgt_sink_start(&by_hand);
    const wg_writer a = wgt_sink_writer(&drawn);
    const wg_writer b = wgt_sink_writer(&by_hand);
    wg_history *h = create_two(&p);
    assert_int_equal(wg_history_draw(h, names, 1, &svg, &a), WG_OK);
    assert_int_equal(wg_history_find(h, names[0], &s), WG_OK);
    assert_int_equal(wg_curve_write(&s, 1, &svg, &b), WG_OK);
    assert_string_equal(wgt_sink_text(&drawn), wgt_sink_text(&by_hand));
    assert_non_null(strstr(wgt_sink_text(&drawn), "train loss"));
    assert_int_equal(wg_history_draw(h, names, 2, &svg, &a), WG_ERR_NAME);
    for (int i = 0; i < 40; i++) {
        char name[] = {(char)('A' + i), 0};
        add(h, name, i, i);
    }
    wgt_sink_clear(&drawn);
    assert_int_equal(wg_history_draw(h, NULL, 0, NULL, &a), WG_OK);
    assert_non_null(strstr(wgt_sink_text(&drawn), "valid, loss"));
    wg_history_destroy(h);
    wgt_sink_finish(&drawn);
    wgt_sink_finish(&by_hand);
    wgt_plain_finish(&p);
}

/* ---- tensors ------------------------------------------------------------------------------ */

static void assert_same(const wg_history *a, const wg_history *b)
{
    assert_int_equal(wg_history_count(a), wg_history_count(b));
    for (size_t i = 0; i < wg_history_count(a); i++) {
        wg_series x;
        wg_series y;
        assert_int_equal(wg_history_series(a, i, &x), WG_OK);
        assert_int_equal(wg_history_series(b, i, &y), WG_OK);
        assert_string_equal(x.name, y.name);
        assert_int_equal(x.n, y.n);
        assert_memory_equal(x.x, y.x, x.n * sizeof *x.x);
        assert_memory_equal(x.y, y.y, x.n * sizeof *x.y);
    }
}

static void test_history_through_a_tensor(void **state)
{
    (void)state;
    wgt_plain p;
    wg_tensor *t;
    wgt_plain_start(&p);
    wg_history *h = create_two(&p);
    wg_history *back = create(&p);
    add(back, "of before", 1, 1);
    assert_int_equal(wg_history_to_tensor(h, &t), WG_OK);
    assert_int_equal(wg_history_from_tensor(back, t), WG_OK);
    assert_same(h, back);
    add(back, "valid, loss", 3, 0);
    wg_tensor_destroy(t);
    wg_history_clear(h);
    assert_int_equal(wg_history_to_tensor(h, &t), WG_OK);
    assert_int_equal(wg_history_from_tensor(back, t), WG_OK);
    assert_int_equal(wg_history_count(back), 0);
    wg_tensor_destroy(t);
    wg_history_destroy(h);
    wg_history_destroy(back);
    wgt_plain_finish(&p);
}

static wg_status read_bytes(wgt_plain *p, wg_history *h, const unsigned char *bytes, int64_t n)
{
    wg_tensor *t;
    assert_int_equal(wg_tensor_from(&p->ctx, WG_U8, 1, &n, WG_U8, bytes, &t), WG_OK);
    const wg_status status = wg_history_from_tensor(h, t);
    wg_tensor_destroy(t);
    return status;
}

/* Every prefix, and every byte made another: a history or WG_ERR_FORMAT, by which nothing changed.
 */
static void test_history_of_damaged_bytes(void **state)
{
    (void)state;
    unsigned char bytes[512];
    wgt_plain p;
    wg_tensor *t;
    wgt_plain_start(&p);
    wg_history *h = create_two(&p);
    wg_history *back = create_two(&p);
    assert_int_equal(wg_history_to_tensor(h, &t), WG_OK);
    const int64_t n = wg_tensor_count(t);
    assert_in_range(n, 100, sizeof bytes - 1);
    memcpy(bytes, wg_tensor_data(t), (size_t)n);
    bytes[n] = 0;
    for (int64_t k = 0; k <= n + 1; k++) {
        assert_int_equal(read_bytes(&p, back, bytes, k), k == n ? WG_OK : WG_ERR_FORMAT);
        assert_same(h, back);
    }
    for (int64_t k = 0; k < n; k++) {
        bytes[k] ^= 0xFF;
        if (read_bytes(&p, back, bytes, n) != WG_OK) {
            assert_same(h, back);
        }
        bytes[k] ^= 0xFF;
        assert_int_equal(read_bytes(&p, back, bytes, n), WG_OK);
    }
    wg_tensor_destroy(t);
    wg_history_destroy(h);
    wg_history_destroy(back);
    wgt_plain_finish(&p);
}

static wg_status work(wgt_plain *p, wg_history **made)
{
    wg_tensor *t = NULL;
    wg_history *h = NULL;
    wg_status status = wg_history_create(&p->ctx, &h);
    for (int i = 0; status == WG_OK && i < 100; i++) {
        char name[] = {(char)('a' + i % 10), 0};
        status = wg_history_add(h, name, i, i);
    }
    if (status == WG_OK) {
        status = wg_history_to_tensor(h, &t);
    }
    if (status == WG_OK) {
        status = wg_history_from_tensor(h, t);
    }
    wg_tensor_destroy(t);
    *made = h;
    return status;
}

static void test_history_without_memory(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    for (int is_persistent = 0; is_persistent < 2; is_persistent++) {
        wg_status status = WG_ERR_MEMORY;
        for (size_t k = 1; status != WG_OK; k++) {
            wg_history *h;
            wgt_allocator_fail(&p.allocator, k, is_persistent == 1);
            status = work(&p, &h);
            wgt_allocator_fail(&p.allocator, 0, false);
            assert_true(status == WG_OK ? k > 40 : status == WG_ERR_MEMORY);
            assert_int_equal(wg_history_count(h), status == WG_OK ? 10 : wg_history_count(h));
            wg_history_destroy(h);
            assert_int_equal(p.allocator.n_live, 0);
        }
    }
    wgt_plain_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_history_collects),
        cmocka_unit_test(test_history_as_csv),
        cmocka_unit_test(test_history_as_csv_of_falling_x),
        cmocka_unit_test(test_history_draws),
        cmocka_unit_test(test_history_through_a_tensor),
        cmocka_unit_test(test_history_of_damaged_bytes),
        cmocka_unit_test(test_history_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
