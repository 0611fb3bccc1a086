/* Numbers: a list that is found again with other numbers gives what a fresh list with those does.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/sample_graph.h"
#include "ops/snapshot.h"
#include "support/cmocka_all.h"

#include "graph/graph.h"
#include "graph/list.h"

#include <wengert/ops.h>

enum {
    MAX_ENTRIES = 64
};

/* Another number, inside every interval of numbers that a sample takes: [0, 1) goes into itself,
 * intervals stay intervals. */
static double changed(double number)
{
    return 0.5 * number + 0.0625;
}

/* ---- a list recorded anew with changed numbers -------------------------------------------- */

static wg_node record_leaf(wg_graph *to, const wg_graph *from, const wgi_entry *r)
{
    wgi_leaf *leaf = wgi_leaf_at(&from->list, r->in[0]);
    const wg_tensor *t = leaf->tensor;
    if (leaf->kind == WGI_LEAF_CONSTANT) {
        return wg_constant(to, wg_tensor_dtype(t), wg_tensor_rank(t), wg_tensor_dims(t),
                           wg_tensor_data(t));
    }
    wg_tensor *copy = NULL;
    assert_int_equal(wg_tensor_from(wg_graph_context(to), wg_tensor_dtype(t), wg_tensor_rank(t),
                                    wg_tensor_dims(t), wg_tensor_dtype(t), wg_tensor_data(t),
                                    &copy),
                     WG_OK);
    const wg_node n = leaf->kind == WGI_LEAF_VARIABLE ? wg_variable(to, copy) : wg_input(to, copy);
    wg_tensor_destroy(copy);
    return n;
}

static wg_node record_op(wg_graph *to, wg_graph *from, uint32_t i, const wg_node *map)
{
    const wgi_entry *r = wgi_record_at(&from->list, i);
    const wgi_op *op = from->ctx->ops->ops[r->op];
    wg_node in[WGI_SAMPLE_INPUTS];
    double numbers[4];
    for (uint32_t k = 0; k < r->n_in; k++) {
        in[k] = map[wgi_inputs_of(&from->list, r)[k]];
    }
    for (int32_t k = 0; k < op->n_numbers; k++) {
        numbers[k] = changed(wg_node_number(wg_graph_node(from, i), k));
    }
    const wgi_draft draft = {
        .op = r->op,
        .n_in = r->n_in,
        .in = in,
        .graph = to,
        .attr = wgi_attrs_of(&from->list, r),
        .numbers = numbers,
    };
    return wgi_record(&draft);
}

/* Records the list of `from` in `to`; map[i] is then what entry i became. */
static void record_changed(wg_graph *to, wg_graph *from, wg_node *map)
{
    for (uint32_t i = 0; i < wg_graph_count(from); i++) {
        const wgi_entry *r = wgi_record_at(&from->list, i);
        if (wgi_record_is_leaf(r)) {
            map[i] = record_leaf(to, from, r);
        } else if (r->part > 0) {
            map[i] = wg_output(map[i - r->part], r->part);
        } else {
            map[i] = record_op(to, from, i, map);
        }
    }
}

/* ---- the comparison ----------------------------------------------------------------------- */

static void take(const wg_node *all, uint32_t count, wg_node loss, const wg_node *leaves, size_t n,
                 wgt_snapshot *out)
{
    if (loss.graph != NULL) {
        assert_int_equal(wg_backward(loss), WG_OK);
    }
    assert_int_equal(wg_run(all, count), WG_OK);
    for (uint32_t i = 0; i < count; i++) {
        wgt_snapshot_add(out, wg_value(all[i]));
    }
    for (size_t i = 0; i < n; i++) {
        wgt_snapshot_add(out, wg_gradient(leaves[i]));
    }
}

/* What the fresh list gives. */
static void take_fresh(wg_graph *fresh, const wgt_sample_graph *s, wgt_snapshot *out)
{
    wg_node map[MAX_ENTRIES];
    wg_node leaves[WGT_MAX_LEAVES];
    assert_int_equal(wg_graph_set_stream(fresh, wg_graph_stream(s->g)), WG_OK);
    assert_int_equal(wg_graph_set_step(fresh, wg_graph_step(s->g)), WG_OK);
    record_changed(fresh, s->g, map);
    for (size_t i = 0; i < s->n_leaves; i++) {
        leaves[i] = map[s->leaves[i].index];
    }
    const wg_node loss = s->loss.graph != NULL ? map[s->loss.index] : s->loss;
    take(map, wg_graph_count(fresh), loss, leaves, s->n_leaves, out);
    assert_int_equal(wg_graph_reset(fresh), WG_OK);
}

/* Changes all numbers and refreshes, as if nothing had been drawn in between. */
static void change_numbers(const wgt_sample_graph *s)
{
    const uint64_t step = wg_graph_step(s->g);
    for (uint32_t i = 0; i < wg_graph_count(s->g); i++) {
        const wgi_entry *r = wgi_record_at(&s->g->list, i);
        const wg_node n = wg_graph_node(s->g, i);
        const bool has_any = !wgi_record_is_leaf(r) && r->part == 0;
        const int32_t n_numbers = has_any ? s->g->ctx->ops->ops[r->op]->n_numbers : 0;
        for (int32_t k = 0; k < n_numbers; k++) {
            assert_int_equal(wg_number_set(n, k, changed(wg_node_number(n, k))), WG_OK);
        }
    }
    assert_int_equal(wg_graph_refresh(s->g), WG_OK);
    assert_int_equal(wg_graph_set_step(s->g, step), WG_OK);
}

typedef struct tally {
    wg_graph *fresh;
    int n_compared;
    int n_changed; /* of them, those in which the numbers change a value */
} tally;

static wg_stats stats_of(const wgt_sample_graph *s)
{
    wg_stats stats;
    assert_int_equal(wg_context_stats(wg_graph_context(s->g), &stats), WG_OK);
    return stats;
}

static int compare(const wgt_sample_graph *s, tally *t)
{
    wg_node all[MAX_ENTRIES];
    wgt_snapshot before = {0};
    wgt_snapshot expected = {0};
    wgt_snapshot found = {0};
    const uint32_t count = wg_graph_count(s->g);
    for (uint32_t i = 0; i < count; i++) {
        all[i] = wg_graph_node(s->g, i);
    }
    take_fresh(t->fresh, s, &expected);
    take(all, count, s->loss, s->leaves, s->n_leaves, &before);
    const wg_stats first = stats_of(s);
    change_numbers(s);
    take(all, count, s->loss, s->leaves, s->n_leaves, &found);
    const wg_stats second = stats_of(s);
    const bool is_same = wgt_snapshot_is_same(&expected, &found);
    t->n_changed += !wgt_snapshot_is_same(&before, &found);
    t->n_compared++;
    wgt_snapshot_free(&before);
    wgt_snapshot_free(&expected);
    wgt_snapshot_free(&found);
    if (second.plan_misses != first.plan_misses || second.plan_hits <= first.plan_hits) {
        return wgt_sample_complain(s, "the plan was not found again");
    }
    return is_same ? 0
                   : wgt_sample_complain(s, "the numbers of a plan that was found differ from "
                                            "those of a fresh list");
}

static int visit_numbers(wgt_sample_graph *s, void *user)
{
    return s->op->n_numbers > 0 ? compare(s, user) : 0;
}

static void compare_all(wg_dtype dtype)
{
    wg_context *ctx = wgt_context(0);
    wg_context *other = wgt_context(0);
    tally t = {0};
    assert_int_equal(wg_graph_create(other, &t.fresh), WG_OK);
    assert_int_equal(wgt_samples_visit(ctx, dtype, visit_numbers, &t), 0);
    print_message("%d compared, %d with another result\n", t.n_compared, t.n_changed);
    assert_true(t.n_compared >= 25 && t.n_changed >= 15);
    wg_graph_destroy(t.fresh);
    wg_context_destroy(ctx);
    wg_context_destroy(other);
}

static void test_numbers_through_a_plan_hit_f32(void **state)
{
    (void)state;
    compare_all(WG_F32);
}

static void test_numbers_through_a_plan_hit_f64(void **state)
{
    (void)state;
    compare_all(WG_F64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_through_a_plan_hit_f32),
        cmocka_unit_test(test_numbers_through_a_plan_hit_f64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
