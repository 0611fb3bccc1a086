/* Summaries: golden tables, counts worked out by hand.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <string.h>

#include <wengert/wengert.h>

#include "support/counted.h"
#include "support/sink.h"

typedef struct fixture {
    wgt_counted base;
    wgt_sink sink;
    wg_writer writer;
} fixture;

static void start(fixture *f)
{
    wgt_counted_start(&f->base);
    wgt_sink_start(&f->sink);
    f->writer = wgt_sink_writer(&f->sink);
}

static void finish(fixture *f)
{
    wgt_sink_finish(&f->sink);
    wgt_counted_finish(&f->base);
}

static wg_node input(fixture *f, int64_t n, int64_t width)
{
    const int64_t dims[] = {n, width};
    wg_tensor *t = NULL;
    assert_int_equal(wg_tensor_create(f->base.ctx, WG_F32, 2, dims, &t), WG_OK);
    const wg_node x = wg_input(f->base.g, t);
    wg_tensor_destroy(t);
    return x;
}

static void test_summary_counts_a_network(void **state)
{
    (void)state;
    fixture f;
    wg_linear hidden;
    wg_linear out;
    start(&f);
    assert_int_equal(wg_linear_create(f.base.m, "hidden", 784, 128, NULL, &hidden), WG_OK);
    assert_int_equal(wg_linear_create(f.base.m, "out", 128, 10, NULL, &out), WG_OK);
    wg_linear_apply(&out, wg_relu(wg_linear_apply(&hidden, input(&f, 32, 784))));
    assert_int_equal(wg_summary_write(f.base.g, NULL, &f.writer), WG_OK);
    /* 784*128+128, 32*784*128, 2*32*128*4; 128*10+10, 32*128*10, 2*32*10*4; relu 32*128*4. */
    assert_string_equal(wgt_sink_text(&f.sink),
                        "layer   kind    output     parameters  multiply-adds   memory\n"
                        "hidden  linear  [32, 128]     100,480      3,211,264  32.8 kB\n"
                        "out     linear  [32, 10]        1,290         40,960   2.6 kB\n"
                        "parameters 101,770 (407.1 kB), all of them learn\n"
                        "one forward pass: 3,252,224 multiply-adds, values of 51.7 kB\n");
    finish(&f);
}

/* A module around others, twice in one place; a frozen parameter, shared; a module left outside. */
static void test_summary_nests_and_merges(void **state)
{
    (void)state;
    fixture f;
    const wg_module *block;
    wg_linear inner;
    wg_linear last;
    start(&f);
    assert_int_equal(wg_module_begin(f.base.m, "block", "pair", &block), WG_OK);
    assert_int_equal(wg_linear_create(f.base.m, "a", 4, 4, NULL, &inner), WG_OK);
    assert_int_equal(wg_linear_create(f.base.m, "b", 4, 4, NULL, &last), WG_OK);
    assert_int_equal(wg_module_end(f.base.m, WG_OK), WG_OK);
    assert_int_equal(wg_model_set_frozen(f.base.m, "block.b", true), WG_OK);
    wg_node x = input(&f, 2, 4);
    for (int i = 0; i < 2; i++) {
        (void)wg_module_enter(block, x);
        x = wg_linear_apply(&inner, x);
        x = wg_module_leave(block, i == 0 ? x : wg_linear_apply(&last, x));
    }
    x = wg_linear_apply(&inner, x);
    assert_int_equal(wg_summary_write(f.base.g, NULL, &f.writer), WG_OK);
    assert_string_equal(wgt_sink_text(&f.sink),
                        "layer    kind       output  parameters  multiply-adds  memory\n"
                        "block    pair x2    [2, 4]          40             96   192 B\n"
                        "  a      linear x2  [2, 4]          20             64   128 B\n"
                        "  b      linear     [2, 4]          20             32    64 B\n"
                        "block.a  linear     [2, 4]           0             32    64 B\n"
                        "parameters 40 (160 B), 20 of them learn\n"
                        "one forward pass: 128 multiply-adds, values of 256 B\n");
    const wg_summary_options outer = {.size = sizeof outer, .depth = 1};
    wgt_sink_clear(&f.sink);
    assert_int_equal(wg_summary_write(f.base.g, &outer, &f.writer), WG_OK);
    assert_null(strstr(wgt_sink_text(&f.sink), "  a "));
    assert_non_null(strstr(wgt_sink_text(&f.sink), "block.a"));
    finish(&f);
}

/* A module entered a second time brings in a row after others: it stands below its own. */
static void test_summary_keeps_rows_below_theirs(void **state)
{
    (void)state;
    fixture f;
    const wg_module *module[3];
    const char *const names[3] = {"a", "b", "a.late"};
    start(&f);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wg_module_begin(f.base.m, names[i], "m", &module[i]), WG_OK);
        assert_int_equal(wg_module_end(f.base.m, WG_OK), WG_OK);
    }
    const wg_node x = input(&f, 1, 1);
    (void)wg_module_leave(module[0], wg_module_enter(module[0], x));
    (void)wg_module_leave(module[1], wg_module_enter(module[1], x));
    (void)wg_module_enter(module[2], wg_module_enter(module[0], x));
    (void)wg_module_leave(module[2], wg_relu(x));
    (void)wg_module_leave(module[0], x);
    assert_int_equal(wg_summary_write(f.base.g, NULL, &f.writer), WG_OK);
    const char *text = wgt_sink_text(&f.sink);
    assert_true(strstr(text, "\n  late") != NULL && strstr(text, "\n  late") < strstr(text, "\nb"));
    finish(&f);
}

static void test_summary_refuses(void **state)
{
    (void)state;
    fixture f;
    wg_linear fc;
    start(&f);
    const wg_summary_options deep = {.size = sizeof deep, .depth = -1};
    const wg_summary_options old = {.size = 1};
    const wg_writer none = {0};
    assert_int_equal(wg_summary_write(NULL, NULL, &f.writer), WG_ERR_ARGUMENT);
    assert_int_equal(wg_summary_write(f.base.g, NULL, NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_summary_write(f.base.g, NULL, &none), WG_ERR_ARGUMENT);
    assert_int_equal(wg_summary_write(f.base.g, &old, &f.writer), WG_ERR_ARGUMENT);
    assert_int_equal(wg_summary_write(f.base.g, &deep, &f.writer), WG_ERR_RANGE);
    assert_int_equal(wg_linear_create(f.base.m, "fc", 2, 2, NULL, &fc), WG_OK);
    wg_linear_apply(&fc, input(&f, 1, 2));
    for (size_t k = 1; k <= 2; k++) {
        wgt_allocator_fail(&f.base.counter, k, false);
        assert_int_equal(wg_summary_write(f.base.g, NULL, &f.writer), WG_ERR_MEMORY);
    }
    wgt_allocator_fail(&f.base.counter, 0, false);
    assert_int_equal(wg_summary_write(f.base.g, NULL, &f.writer), WG_OK);
    wg_linear_apply(&fc, input(&f, 1, 3));
    assert_int_equal(wg_summary_write(f.base.g, NULL, &f.writer), WG_ERR_SHAPE);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_summary_counts_a_network),
        cmocka_unit_test(test_summary_nests_and_merges),
        cmocka_unit_test(test_summary_keeps_rows_below_theirs),
        cmocka_unit_test(test_summary_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
