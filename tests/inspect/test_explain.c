/* Explanations: golden texts, and that nothing is touched.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <string.h>

#include <wengert/wengert.h>

#include "support/sink.h"

static wg_node scalar(wg_graph *g, const char *name, float v)
{
    wg_tensor *t = NULL;
    wg_context *ctx = wg_graph_context(g);
    assert_int_equal(wg_tensor_from(ctx, WG_F32, 0, NULL, WG_F32, &v, &t), WG_OK);
    wg_node n = wg_name(wg_variable(g, t), name);
    wg_tensor_destroy(t);
    return n;
}

static void explain_into(wgt_sink *sink, wg_node loss, wg_status want)
{
    wgt_sink_clear(sink);
    wg_writer writer = wgt_sink_writer(sink);
    assert_int_equal(wg_explain(loss, &writer), want);
}

static void test_explain_writes_the_blackboard(void **state)
{
    (void)state;
    wg_context *ctx;
    wg_graph *g;
    wgt_sink sink;
    wgt_sink_start(&sink);
    assert_int_equal(wg_context_create(NULL, &ctx), WG_OK);
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    wg_node x = scalar(g, "x", -2);
    wg_node y = scalar(g, "y", 5);
    wg_node z = scalar(g, "z", -4);
    wg_node f = wg_name(wg_mul(wg_name(wg_add(x, y), "q"), z), "f");
    uint32_t count = wg_graph_count(g);
    explain_into(&sink, f, WG_OK);
    assert_string_equal(wgt_sink_text(&sink), "forward\n"
                                              "  x = -2\n"
                                              "  y = 5\n"
                                              "  z = -4\n"
                                              "  q = add(x, y) = 3    dq/dx = 1, dq/dy = 1\n"
                                              "  f = mul(q, z) = -12    df/dq = -4, df/dz = 3\n"
                                              "backward\n"
                                              "  df/df = 1\n"
                                              "  df/dq = df/df * df/dq = 1 * -4 = -4\n"
                                              "  df/dz = df/df * df/dz = 1 * 3 = 3\n"
                                              "  df/dy = df/dq * dq/dy = -4 * 1 = -4\n"
                                              "  df/dx = df/dq * dq/dx = -4 * 1 = -4\n");
    assert_int_equal(wg_graph_count(g), count);
    assert_null(wg_gradient(x));
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    wgt_sink_finish(&sink);
}

static void test_explain_cuts_tensors_and_sums_paths(void **state)
{
    (void)state;
    wg_context *ctx;
    wg_graph *g;
    wgt_sink sink;
    float v[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    wgt_sink_start(&sink);
    assert_int_equal(wg_context_create(NULL, &ctx), WG_OK);
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    wg_node x = scalar(g, "x", 3);
    wg_node a = wg_name(wg_sum_all(wg_constant(g, WG_F32, 1, (int64_t[]){10}, v)), "a");
    wg_node f = wg_name(wg_add(wg_mul(x, x), a), "f");
    explain_into(&sink, f, WG_OK);
    assert_non_null(strstr(wgt_sink_text(&sink), "{0, 1, 2, 3, 4, 5, 6, 7, ...}"));
    assert_non_null(strstr(wgt_sink_text(&sink),
                           "  df/dx = df/dn3 * dn3/dx + df/dn3 * dn3/dx = 1 * 3 + 1 * 3 = 6\n"));
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    wgt_sink_finish(&sink);
}

static void test_explain_hands_on_what_fails(void **state)
{
    (void)state;
    wg_context *ctx;
    wg_graph *g;
    wgt_sink sink;
    wgt_sink_start(&sink);
    wg_writer writer = wgt_sink_writer(&sink);
    assert_int_equal(wg_context_create(NULL, &ctx), WG_OK);
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    wg_node x = scalar(g, "x", 3);
    assert_int_equal(wg_explain(x, NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_explain((wg_node){NULL, 0, 0}, &writer), WG_ERR_HANDLE);
    explain_into(&sink, wg_number(g, WG_I64, 1), WG_ERR_DTYPE);
    explain_into(&sink, wg_broadcast_to(x, 1, (int64_t[]){2}), WG_ERR_SHAPE);
    for (size_t k = 1; k <= 6; k++) {
        wgt_sink_clear(&sink);
        sink.fail_at = k;
        assert_int_equal(wg_explain(wg_square(x), &writer), WG_ERR_IO);
        assert_int_equal(sink.after_end, 0);
    }
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    wgt_sink_finish(&sink);
}

static void test_print_writes_one_line(void **state)
{
    (void)state;
    wg_context *ctx;
    wg_graph *g;
    wgt_sink sink;
    wgt_sink_start(&sink);
    wg_writer writer = wgt_sink_writer(&sink);
    assert_int_equal(wg_context_create(NULL, &ctx), WG_OK);
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    wg_node h = wg_name(wg_square(scalar(g, "x", 3)), "h1");
    assert_int_equal(wg_print(h, &writer), WG_OK);
    assert_string_equal(wgt_sink_text(&sink), "h1: square f32 [] = 9\n");
    assert_int_equal(wg_print(h, NULL), WG_ERR_ARGUMENT);
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    wgt_sink_finish(&sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_explain_writes_the_blackboard),
        cmocka_unit_test(test_explain_cuts_tensors_and_sums_paths),
        cmocka_unit_test(test_explain_hands_on_what_fails),
        cmocka_unit_test(test_print_writes_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
