/* Reference kernels against their shape rules: each writes all of its outputs and nothing else.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/sample_graph.h"
#include "support/cmocka_all.h"

#include "graph/eager.h"
#include "graph/list.h"
#include "ops/op_ids.h"
#include "ops/table.h"

#include <stdlib.h>
#include <string.h>

enum {
    GUARD = 64,
    CANARY = 0x5c
};

/* Memory between two canaries. */
typedef struct guarded {
    unsigned char *block;
    size_t bytes;
} guarded;

static guarded guarded_make(size_t bytes, int poison)
{
    guarded m = {.block = malloc(bytes + 2 * GUARD), .bytes = bytes};
    assert_non_null(m.block);
    memset(m.block, CANARY, bytes + 2 * GUARD);
    memset(m.block + GUARD, poison, bytes);
    return m;
}

static bool guarded_is_whole(const guarded *m)
{
    for (size_t i = 0; i < GUARD; i++) {
        if (m->block[i] != CANARY || m->block[GUARD + m->bytes + i] != CANARY) {
            return false;
        }
    }
    return true;
}

static size_t view_bytes(const wgi_view *v)
{
    return (size_t)v->count * wg_dtype_size((wg_dtype)v->dtype);
}

static wg_status call(const wgi_single *op)
{
    wgi_fault fault = {.status = WG_OK};
    const wgi_view *out = op->views + op->n_in;
    const int32_t dtype = op->op->dispatch < 0 ? out[0].dtype : op->views[op->op->dispatch].dtype;
    const wgi_args args = {
        .in = op->views,
        .out = out,
        .n_in = op->n_in,
        .n_out = op->op->n_out,
        .attr = op->attr,
        .numbers = op->numbers,
        .key = op->key,
        .fault = &fault,
    };
    return op->op->reference[dtype] != NULL ? op->op->reference[dtype](&args) : WG_ERR_UNSUPPORTED;
}

/* Runs the op with outputs full of `poison`; true where they then hold the values that the plan
 * gave them, between whole canaries. */
static bool writes_all(const wgi_single *op, const wg_tensor *const *expected, int poison)
{
    guarded memory[WGI_MAX_OUT];
    bool is_good = true;
    for (int32_t i = 0; i < op->op->n_out; i++) {
        wgi_view *out = &op->views[op->n_in + i];
        memory[i] = guarded_make(view_bytes(out), poison);
        out->data = memory[i].block + GUARD;
    }
    is_good = call(op) == WG_OK;
    for (int32_t i = 0; i < op->op->n_out; i++) {
        const size_t bytes = memory[i].bytes;
        is_good = is_good && guarded_is_whole(&memory[i]) && bytes == wg_tensor_bytes(expected[i]);
        is_good = is_good && (bytes == 0 || memcmp(memory[i].block + GUARD,
                                                   wg_tensor_data(expected[i]), bytes) == 0);
        free(memory[i].block);
    }
    return is_good;
}

/* The operands are left as they were, which the callers see by their bytes. */
static uint64_t hash_of_inputs(const wgi_single *op)
{
    uint64_t h = 0;
    for (int32_t i = 0; i < op->n_in; i++) {
        h = wgi_hash_bytes(h, op->views[i].data, view_bytes(&op->views[i]));
    }
    return h;
}

/* Judges the op at entry i, whose operands and outputs have values. */
static int judge_entry(wgt_sample_graph *s, uint32_t i)
{
    wgi_single op;
    const wg_tensor *expected[WGI_MAX_OUT];
    const wg_node n = wg_graph_node(s->g, i);
    assert_int_equal(wgi_single_make(s->g, i, &op), WG_OK);
    for (int32_t k = 0; k < op.n_in; k++) {
        op.views[k].data = (void *)(uintptr_t)wg_tensor_data(wg_value(wg_node_input(n, k)));
    }
    for (int32_t k = 0; k < op.op->n_out; k++) {
        expected[k] = wg_value(wg_output(n, k));
        assert_non_null(expected[k]);
    }
    const uint64_t before = hash_of_inputs(&op);
    const bool is_good = writes_all(&op, expected, 0x00) && writes_all(&op, expected, 0xa5);
    const bool is_kept = hash_of_inputs(&op) == before;
    const char *name = op.op->name;
    wgi_single_free(&op);
    if (!is_kept) {
        return wgt_sample_complain(s, "the kernel of %s changes an operand", name);
    }
    return is_good ? 0
                   : wgt_sample_complain(s,
                                         "the kernel of %s writes too little, too much or "
                                         "something else than its plan",
                                         name);
}

static int visit_kernels(wgt_sample_graph *s, void *user)
{
    int *n_visited = user;
    wg_node all[128];
    const uint32_t count = wg_graph_count(s->g);
    int n_failures = 0;
    assert_true(count <= 128);
    for (uint32_t i = 0; i < count; i++) {
        all[i] = wg_graph_node(s->g, i);
    }
    if (wg_run(all, count) != WG_OK) {
        return wgt_sample_complain(s, "%s", wg_graph_error(s->g));
    }
    for (uint32_t i = 0; i < count; i++) {
        const wgi_entry *r = wgi_record_at(&s->g->list, i);
        if (!wgi_record_is_leaf(r) && r->part == 0) {
            n_failures += judge_entry(s, i);
            *n_visited += 1;
        }
    }
    return n_failures;
}

/* Without the fast backends, whose bits may differ. */
static void judge_dtype(int dtype)
{
    wg_context *ctx = wgt_context(WG_BACKEND_NATIVE | WG_BACKEND_ONEDNN);
    int n_visited = 0;
    assert_int_equal(wgt_samples_visit(ctx, (wg_dtype)dtype, visit_kernels, &n_visited), 0);
    assert_true(n_visited > 300);
    wg_context_destroy(ctx);
}

static void test_kernels_write_their_outputs_f32(void **state)
{
    (void)state;
    judge_dtype(WG_F32);
}

static void test_kernels_write_their_outputs_f64(void **state)
{
    (void)state;
    judge_dtype(WG_F64);
}

static void test_kernels_write_their_outputs_wide(void **state)
{
    (void)state;
    judge_dtype(WGI_DTYPE_WIDE);
}

/* ---- planted faults ----------------------------------------------------------------------- */

/* Leaves the last element as it was. */
static wg_status neg_all_but_the_last(const wgi_args *args)
{
    const double *x = args->in[0].data;
    double *y = args->out[0].data;
    for (int64_t i = 0; i + 1 < args->out[0].count; i++) {
        y[i] = -x[i];
    }
    return WG_OK;
}

static wg_status neg_in_place_too(const wgi_args *args)
{
    double *x = args->in[0].data;
    double *y = args->out[0].data;
    for (int64_t i = 0; i < args->out[0].count; i++) {
        y[i] = -x[i];
        x[i] = 2 * x[i];
    }
    return WG_OK;
}

/* The failures that the driver finds where neg has another kernel for f64. */
static int failures_with(wgi_reference kernel)
{
    const wgi_op_table *right = wgi_op_table_get();
    const wgi_op *ops[WGI_N_OPS];
    wgi_op neg = *right->ops[WGI_OP_neg];
    wgi_op_table table = *right;
    int n_visited = 0;
    memcpy(ops, right->ops, sizeof ops);
    neg.reference[WG_F64] = kernel;
    ops[WGI_OP_neg] = &neg;
    table.ops = ops;
    wg_context *ctx = wgt_context(WG_BACKEND_NATIVE | WG_BACKEND_ONEDNN);
    ctx->ops = &table;
    const int n_failures = wgt_samples_visit(ctx, WG_F64, visit_kernels, &n_visited);
    ctx->ops = right;
    wg_context_destroy(ctx);
    return n_failures;
}

static void test_kernels_that_are_faulty_are_caught(void **state)
{
    (void)state;
    print_message("planted, so that these are to be found:\n");
    assert_true(failures_with(neg_all_but_the_last) >= 3);
    assert_true(failures_with(neg_in_place_too) >= 3);
}

static void test_kernels_that_write_past_the_end_are_caught(void **state)
{
    (void)state;
    const size_t places[] = {GUARD - 1, GUARD + 8};
    for (int i = 0; i < 2; i++) {
        guarded m = guarded_make(8, 0);
        assert_true(guarded_is_whole(&m));
        m.block[places[i]] = 0;
        assert_false(guarded_is_whole(&m));
        free(m.block);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels_write_their_outputs_f32),
        cmocka_unit_test(test_kernels_write_their_outputs_f64),
        cmocka_unit_test(test_kernels_write_their_outputs_wide),
        cmocka_unit_test(test_kernels_that_are_faulty_are_caught),
        cmocka_unit_test(test_kernels_that_write_past_the_end_are_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
