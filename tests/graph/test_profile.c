/* Plans and profiles shown: what they say is what the runs are made of.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph_fixture.h"

#include "support/sink.h"

/* A layer with 2 x 3 products and a loss; x is an input, w a variable. */
typedef struct network {
    wg_node y;
    wg_node loss;
} network;

static network record(fixture *f)
{
    const double x[] = {1, 2, 3, 4};
    const double w[] = {1, -1, 2, -2, 3, -3};
    wg_tensor *t = tensor_of(f, 2, (int64_t[]){2, 3}, w);
    wg_node product =
        wg_matmul(wg_constant(f->g, WG_F64, 2, (int64_t[]){2, 2}, x), wg_variable(f->g, t));
    wg_tensor_destroy(t);
    network n = {.y = wg_name(product, "product")};
    n.loss = wg_mean_all(wg_tanh(n.y));
    return n;
}

static size_t count_lines(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++) {
        n += *text == '\n';
    }
    return n;
}

static void test_plan_tells_what_a_run_needs(void **state)
{
    fixture *f = *state;
    network n = record(f);
    wg_plan_need need;
    assert_int_equal(wg_plan_memory(&n.loss, 1, WG_PLAN_BACKWARD, &need), WG_OK);
    assert_int_equal(need.result_bytes, 8);
    assert_int_equal(need.gradient_bytes, 6 * 8);
    assert_int_equal(need.leaf_bytes, (4 + 6) * 8);
    assert_true(need.ops >= need.steps && need.steps >= 4);
    /* Two products of 2 x 2 by 2 x 3 numbers are 48 operations; tanh, mean and their gradients some
     * more. */
    assert_true(need.flops >= 48 && need.flops < 200);
    assert_true(need.plan_bytes > 0 && need.traffic > 0);
    uint64_t misses = stats_of(f).plan_misses;
    assert_int_equal(wg_backward(n.loss), WG_OK);
    assert_int_equal(stats_of(f).plan_misses, misses);
    assert_true(stats_of(f).workspace_bytes >= need.workspace_bytes);
    assert_int_equal(wg_plan_memory(&n.loss, 1, WG_PLAN_RUN, &need), WG_OK);
    assert_int_equal(need.steps, 0);
}

/* A product alone, transposed or not: 2 m n k operations. */
static void test_plan_counts_the_operations_of_a_product(void **state)
{
    fixture *f = *state;
    const int64_t a_dims[] = {2, 4};
    const int64_t b_dims[] = {3, 4};
    const double numbers[12] = {1, 2, 3};
    const wg_node a = wg_constant(f->g, WG_F64, 2, a_dims, numbers);
    const wg_node b = wg_constant(f->g, WG_F64, 2, b_dims, numbers);
    const wg_node y = wg_matmul(a, wg_transpose(b));
    wg_plan_need need;
    assert_int_equal(wg_plan_memory(&y, 1, WG_PLAN_RUN, &need), WG_OK);
    assert_true(need.flops == 2 * 2 * 3 * 4);
}

static void test_plan_is_written_step_by_step(void **state)
{
    fixture *f = *state;
    network n = record(f);
    wg_plan_need need;
    wgt_sink sink;
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    assert_int_equal(wg_plan_memory(&n.loss, 1, WG_PLAN_BACKWARD, &need), WG_OK);
    assert_int_equal(wg_plan_write(&n.loss, 1, WG_PLAN_BACKWARD, &writer), WG_OK);
    assert_int_equal(count_lines(sink.text), need.steps + 1);
    assert_non_null(strstr(sink.text, "matmul"));
    assert_non_null(strstr(sink.text, "product"));
    assert_non_null(strstr(sink.text, "f64 [2, 3]"));
    assert_non_null(strstr(sink.text, "tanh"));
    for (size_t at = 1; at <= need.steps + 1; at++) {
        wgt_sink_clear(&sink);
        sink.fail_at = at;
        assert_int_equal(wg_plan_write(&n.loss, 1, WG_PLAN_BACKWARD, &writer), WG_ERR_IO);
        assert_int_equal(sink.after_end, 0);
    }
    wgt_sink_finish(&sink);
}

static void test_profile_times_each_step(void **state)
{
    fixture *f = *state;
    wg_plan_need need;
    network n = record(f);
    assert_int_equal(wg_plan_memory(&n.loss, 1, WG_PLAN_BACKWARD, &need), WG_OK);
    assert_int_equal(wg_backward(n.loss), WG_OK);
    assert_int_equal(wg_profile_count(f->ctx), 0);
    assert_int_equal(wg_profile_start(f->ctx, 0), WG_OK);
    for (int i = 0; i < 3; i++) {
        wg_graph_reset(f->g);
        n = record(f);
        assert_int_equal(wg_backward(n.loss), WG_OK);
    }
    assert_int_equal(wg_profile_stop(f->ctx), WG_OK);
    assert_int_equal(wg_graph_refresh(f->g), WG_OK);
    assert_int_equal(wg_backward(n.loss), WG_OK);
    assert_int_equal(wg_profile_count(f->ctx), 3 * need.steps);
    double at = 0;
    for (size_t i = 0; i < wg_profile_count(f->ctx); i++) {
        const wg_profile_step *s = wg_profile_get(f->ctx, i);
        assert_int_equal(s->run, i / need.steps);
        assert_true(s->start >= at && s->seconds >= 0);
        at = s->start + s->seconds;
        assert_true(s->kernel[0] != '\0' && s->ops[0] != '\0' && s->shape[0] != '\0');
    }
}

static void test_profile_drops_what_is_over_its_limit(void **state)
{
    fixture *f = *state;
    network n = record(f);
    assert_int_equal(wg_profile_start(f->ctx, 2), WG_OK);
    size_t calls = f->counter.n_calls;
    assert_int_equal(wg_profile_stop(f->ctx), WG_OK);
    assert_int_equal(wg_backward(n.loss), WG_OK);
    assert_int_equal(wg_profile_count(f->ctx), 0);
    assert_true(f->counter.n_calls > calls);
    assert_int_equal(wg_profile_start(f->ctx, 2), WG_OK);
    assert_int_equal(wg_graph_refresh(f->g), WG_OK);
    assert_int_equal(wg_backward(n.loss), WG_OK);
    assert_int_equal(wg_profile_count(f->ctx), 2);
    assert_true(wg_profile_dropped(f->ctx) >= 2);
}

/* Each character counted outside strings. */
static int balance(const char *text, char open, char close)
{
    int depth = 0;
    bool is_inside = false;
    for (; *text != '\0'; text++) {
        is_inside = is_inside != (*text == '"');
        depth += !is_inside && *text == open;
        depth -= !is_inside && *text == close;
    }
    return is_inside ? -1 : depth;
}

static void test_profile_is_written_as_table_and_trace(void **state)
{
    fixture *f = *state;
    wgt_sink sink;
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    network n = record(f);
    assert_int_equal(wg_profile_start(f->ctx, 0), WG_OK);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(wg_graph_refresh(f->g), WG_OK);
        assert_int_equal(wg_backward(n.loss), WG_OK);
    }
    assert_int_equal(wg_profile_write(f->ctx, &writer), WG_OK);
    assert_non_null(strstr(sink.text, "     5  "));
    assert_non_null(strstr(sink.text, "matmul product f64 [2, 3]"));
    assert_true(count_lines(sink.text) <= wg_profile_count(f->ctx) / 5 + 1);
    wgt_sink_clear(&sink);
    assert_int_equal(wg_profile_write_trace(f->ctx, &writer), WG_OK);
    assert_int_equal(balance(sink.text, '{', '}'), 0);
    assert_int_equal(balance(sink.text, '[', ']'), 0);
    assert_int_equal(count_lines(sink.text), wg_profile_count(f->ctx) + 2);
    assert_non_null(strstr(sink.text, "\"name\":\"matmul\""));
    wgt_sink_clear(&sink);
    sink.fail_at = 1;
    assert_int_equal(wg_profile_write(f->ctx, &writer), WG_ERR_IO);
    wgt_sink_clear(&sink);
    sink.fail_at = 1;
    assert_int_equal(wg_profile_write_trace(f->ctx, &writer), WG_ERR_IO);
    wgt_sink_finish(&sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GRAPH_TEST(test_plan_tells_what_a_run_needs),
        GRAPH_TEST(test_plan_counts_the_operations_of_a_product),
        GRAPH_TEST(test_plan_is_written_step_by_step),
        GRAPH_TEST(test_profile_times_each_step),
        GRAPH_TEST(test_profile_drops_what_is_over_its_limit),
        GRAPH_TEST(test_profile_is_written_as_table_and_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
