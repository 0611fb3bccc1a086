/* Recording and running what the op set does not reach yet: many operands, derived numbers, ops
 * without gradient, the dispatch log.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph_fixture.h"

#include "graph/graph.h"
#include "ops/op_ids.h"
#include "support/sink.h"

enum {
    MANY = 12,
    MOST_OPS = 512
};

/* A table in which one op is another: the op that takes many operands stands in where's place. */
typedef struct changed_table {
    const wgi_op_table *before;
    const wgi_op *ops[MOST_OPS];
    wgi_op_table table;
} changed_table;

static void change_op(wg_context *ctx, changed_table *t, uint16_t id, const wgi_op *op)
{
    assert_true(ctx->ops->count <= MOST_OPS);
    for (uint16_t i = 0; i < ctx->ops->count; i++) {
        t->ops[i] = i == id ? op : ctx->ops->ops[i];
    }
    t->before = ctx->ops;
    t->table = *ctx->ops;
    t->table.ops = t->ops;
    ctx->ops = &t->table;
}

static void restore_ops(wg_context *ctx, const changed_table *t)
{
    ctx->ops = t->before;
}

static wg_status infer_first(wgi_infer *q)
{
    q->out[0].dtype = q->in[0].dtype;
    q->out[0].rank = q->in[0].rank;
    for (int32_t i = 0; i < q->in[0].rank; i++) {
        q->out[0].dims[i] = q->in[0].dims[i];
    }
    return WG_OK;
}

/* Sum of (k + 1) times operand k. */
static wg_status run_weighted(const wgi_args *args)
{
    for (int64_t e = 0; e < args->out[0].count; e++) {
        double sum = 0;
        for (int32_t k = 0; k < args->n_in; k++) {
            sum += (k + 1) * ((const double *)args->in[k].data)[e];
        }
        ((double *)args->out[0].data)[e] = sum;
    }
    return WG_OK;
}

static void weighted_gradient(wgi_rule *rule)
{
    for (int32_t k = 0; k < rule->n_in; k++) {
        rule->dx[k] = wg_scale(rule->dy[0], k + 1);
    }
}

static const wgi_op weighted = {
    .name = "weighted",
    .min_in = 1,
    .max_in = MANY,
    .n_out = 1,
    .infer = infer_first,
    .gradient = weighted_gradient,
    .reference = {[WG_F64] = run_weighted},
};

static wg_node record_weighted(const wg_node *in, int32_t n)
{
    wgi_draft draft = {.op = WGI_OP_where, .n_in = n, .in = in};
    return wgi_record(&draft);
}

static void test_record_takes_many_operands(void **state)
{
    fixture *f = *state;
    changed_table t;
    change_op(f->ctx, &t, WGI_OP_where, &weighted);
    wg_node x[MANY];
    double want = 0;
    for (int k = 0; k < MANY; k++) {
        x[k] = scalar_variable(f, k);
        want += (k + 1) * k;
    }
    wg_node y = record_weighted(x, MANY);
    assert_int_equal(wg_backward(wg_square(y)), WG_OK);
    assert_near(wg_item(y), want, 0);
    for (int k = 0; k < MANY; k++) {
        assert_near(gradient_at(x[k], 0), 2 * want * (k + 1), 1e-9);
        assert_int_equal(wg_node_input(y, k).index, x[k].index);
    }
    assert_false(wg_is_valid(wg_node_input(y, MANY)));
    wg_shadow *s;
    assert_int_equal(wg_shadow_create(f->g, WG_F64, WG_F64, &s), WG_OK);
    assert_near(wg_item(wg_shadow_node(s, y)), want, 0);
    wg_shadow_destroy(s);
    restore_ops(f->ctx, &t);
}

static void test_record_counts_operands(void **state)
{
    fixture *f = *state;
    changed_table t;
    change_op(f->ctx, &t, WGI_OP_where, &weighted);
    wg_node x[MANY + 1];
    for (int k = 0; k <= MANY; k++) {
        x[k] = scalar_variable(f, k);
    }
    assert_false(wg_is_valid(record_weighted(x, MANY + 1)));
    assert_int_equal(wg_graph_status(f->g), WG_ERR_ARGUMENT);
    restore_ops(f->ctx, &t);
}

static void test_record_survives_failing_memory_with_many_operands(void **state)
{
    fixture *f = *state;
    changed_table t;
    change_op(f->ctx, &t, WGI_OP_where, &weighted);
    wg_status status = WG_ERR_MEMORY;
    for (size_t k = 1; status == WG_ERR_MEMORY && k < 200; k++) {
        wg_node x[MANY];
        assert_int_equal(wg_graph_reset(f->g), WG_OK);
        assert_int_equal(wg_graph_trim(f->g), WG_OK);
        for (int i = 0; i < MANY; i++) {
            x[i] = scalar_variable(f, i);
        }
        wgt_allocator_fail(&f->counter, k, false);
        status = wg_backward(record_weighted(x, MANY));
        wgt_allocator_fail(&f->counter, 0, false);
    }
    assert_int_equal(status, WG_OK);
    restore_ops(f->ctx, &t);
}

/* An op whose rule derives its factors from the number of a scale. */
static void derived_gradient(wgi_rule *rule)
{
    wg_graph *g = rule->graph;
    const wgi_derivation how[] = {WGI_SAME, WGI_NEGATE, WGI_RECIPROCAL, WGI_MINUS_ONE};
    wg_node sum = rule->dy[0];
    for (size_t i = 0; i < 4; i++) {
        wgi_draft draft = {
            .op = WGI_OP_scale,
            .n_in = 1,
            .in = rule->dy,
            .number = wgi_number_derive(g, how[i], rule->number),
        };
        sum = wg_add(sum, wgi_record(&draft));
    }
    rule->dx[0] = sum;
}

static void test_record_derives_numbers_at_each_binding(void **state)
{
    fixture *f = *state;
    changed_table t;
    wgi_op scale = *f->ctx->ops->ops[WGI_OP_heaviside];
    scale.gradient = derived_gradient;
    change_op(f->ctx, &t, WGI_OP_heaviside, &scale);
    wg_node x = scalar_variable(f, 3);
    wg_node y = wg_heaviside(x, 4);
    wg_node dx;
    assert_int_equal(wg_grad(y, &x, 1, &dx), WG_OK);
    assert_int_equal(wg_backward(y), WG_OK);
    /* 1 + p - p + 1/p + (p - 1) */
    assert_near(gradient_at(x, 0), 4 + 0.25, 0);
    assert_near(wg_item(dx), 4 + 0.25, 0);
    uint64_t misses = stats_of(f).plan_misses;
    assert_int_equal(wg_number_set(y, 0, 8), WG_OK);
    assert_int_equal(wg_graph_refresh(f->g), WG_OK);
    assert_int_equal(wg_backward(y), WG_OK);
    assert_int_equal(stats_of(f).plan_misses, misses);
    assert_near(gradient_at(x, 0), 8 + 0.125, 0);
    assert_near(wg_item(dx), 8 + 0.125, 0);
    restore_ops(f->ctx, &t);
}

static void test_record_refuses_a_gradient_that_cannot_exist(void **state)
{
    fixture *f = *state;
    changed_table t;
    wgi_op bare = *f->ctx->ops->ops[WGI_OP_exp];
    bare.gradient = NULL;
    change_op(f->ctx, &t, WGI_OP_exp, &bare);
    wg_node x = wg_name(scalar_variable(f, 1), "x");
    wg_node c = wg_exp(wg_stop_gradient(x));
    assert_near(wg_item(c), exp(1), 1e-15);
    assert_false(wg_is_valid(wg_exp(x)));
    assert_int_equal(wg_graph_status(f->g), WG_ERR_GRADIENT);
    assert_non_null(strstr(wg_graph_error(f->g), "hint: wg_stop_gradient"));
    restore_ops(f->ctx, &t);
}

static void test_dispatch_says_who_serves(void **state)
{
    (void)state;
    wgt_sink sink;
    wgt_sink_start(&sink);
    wg_writer writer = wgt_sink_writer(&sink);
    wg_config config = {.size = sizeof config, .log = &writer};
    wg_context *ctx;
    wg_graph *g;
    assert_int_equal(setenv("WENGERT_VERBOSE", "dispatch", 1), 0);
    assert_int_equal(wg_context_create(&config, &ctx), WG_OK);
    assert_int_equal(unsetenv("WENGERT_VERBOSE"), 0);
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    wg_node a = wg_full(g, WG_F64, 2, (int64_t[]){2, 3}, 1);
    assert_near(wg_item(wg_sum_all(wg_matmul(a, wg_transpose(a)))), 12, 0);
    assert_non_null(strstr(wgt_sink_text(&sink), "dispatch: matmul [2, 3] x [2, 3] -> f64 [2, 2]: "
                                                 "native.matmul"));
    assert_non_null(strstr(wgt_sink_text(&sink), "dispatch: sum [2, 2] -> f64 []: native.sum"));
    if (wg_context_has_backend(ctx, "onednn")) {
        assert_non_null(strstr(wgt_sink_text(&sink), "(not onednn.matmul: "));
    }
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    wgt_sink_finish(&sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GRAPH_TEST(test_record_takes_many_operands),
        GRAPH_TEST(test_record_counts_operands),
        GRAPH_TEST(test_record_survives_failing_memory_with_many_operands),
        GRAPH_TEST(test_record_derives_numbers_at_each_binding),
        GRAPH_TEST(test_record_refuses_a_gradient_that_cannot_exist),
        cmocka_unit_test(test_dispatch_says_who_serves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
