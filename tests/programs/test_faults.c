/* The judges judged: faults that people make in gradients are planted, and each is caught.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A fault replaces the gradient rule of one op in a copy of the table, from which one context takes
 * its ops. The same network is judged under every fault, by the drivers' own judge and by the check
 * that users have; without a fault both find it right. */
#include "inspect/judge.h"
#include "ops/sample_graph.h"
#include "support/cmocka_all.h"

#include <wengert/inspect.h>
#include <wengert/ops.h>

#include "core/context.h"
#include "ops/op_ids.h"
#include "ops/params.h"
#include "ops/support.h"
#include "ops/table.h"

#include <stdlib.h>
#include <string.h>

/* ---- the faults --------------------------------------------------------------------------- */

static void right_gradient(uint16_t op, wgi_rule *rule)
{
    wgi_op_table_get()->ops[op]->gradient(rule);
}

static void sign_of_tanh(wgi_rule *rule)
{
    right_gradient(WGI_OP_tanh, rule);
    rule->dx[0] = wg_neg(rule->dx[0]);
}

static void factor_2_in_mse(wgi_rule *rule)
{
    right_gradient(WGI_OP_mse, rule);
    for (int i = 0; i < 2; i++) {
        rule->dx[i] = rule->wants[i] ? wg_scale(rule->dx[i], 2) : rule->dx[i];
    }
}

/* 1/n forgotten: the gradient of a sum. */
static void mean_without_its_n(wgi_rule *rule)
{
    wgi_view x;
    wgi_view y;
    right_gradient(WGI_OP_mean, rule);
    if (wgi_view_of(rule->x[0], &x) && wgi_view_of(rule->y[0], &y)) {
        rule->dx[0] = wg_scale(rule->dx[0], (double)x.count / (double)y.count);
    }
}

static void transposed_in_matmul(wgi_rule *rule)
{
    right_gradient(WGI_OP_matmul, rule);
    if (rule->wants[1] && wg_node_dim(rule->x[1], 0) == wg_node_dim(rule->x[1], 1)) {
        rule->dx[1] = wg_transpose(rule->dx[1]);
    }
}

static bool is_broadcast(const wgi_rule *rule)
{
    return wg_node_rank(rule->x[1]) < wg_node_rank(rule->y[0]);
}

/* The first row stands for the sum over all rows. */
static void unreduced_broadcast_in_add(wgi_rule *rule)
{
    right_gradient(WGI_OP_add, rule);
    if (rule->wants[1] && is_broadcast(rule)) {
        const wg_node first = wg_number(rule->graph, WG_I64, 0);
        rule->dx[1] = wg_gather(rule->dy[0], first, 0);
    }
}

/* The gradient keeps the shape of the result. */
static void wrong_shape_in_add(wgi_rule *rule)
{
    right_gradient(WGI_OP_add, rule);
    if (rule->wants[1] && is_broadcast(rule)) {
        rule->dx[1] = rule->dy[0];
    }
}

/* The value is that of some step before. */
static void stale_value_in_exp(wgi_rule *rule)
{
    const wg_node old = wg_number(rule->graph, wg_node_dtype(rule->y[0]), 1.25);
    rule->dx[0] = wg_gate(rule->dy[0], old);
}

static void wrong_mask_in_relu(wgi_rule *rule)
{
    const wg_node one = wg_number(rule->graph, wg_node_dtype(rule->y[0]), 1);
    rule->dx[0] = wg_gate(rule->dy[0], wg_sub(one, wg_heaviside(rule->y[0], 0)));
}

/* Drawn anew. */
static void wrong_mask_in_dropout(wgi_rule *rule)
{
    const wg_node again = wg_dropout(rule->x[0], 0.25);
    rule->dx[0] = wg_gate(rule->dy[0], wg_output(again, 1));
}

/* dy repeated along the other axis. */
static void wrong_axis_in_sum(wgi_rule *rule)
{
    right_gradient(WGI_OP_sum, rule);
    if (wg_node_rank(rule->x[0]) == 2) {
        rule->dx[0] = wg_transpose(rule->dx[0]);
    }
}

static void wrong_axis_in_softmax(wgi_rule *rule)
{
    const int32_t axis = 0;
    const wg_node y = rule->y[0];
    const wg_node along = wg_sum(wg_mul(rule->dy[0], y), &axis, 1, true);
    rule->dx[0] = wg_mul(y, wg_sub(rule->dy[0], along));
}

static void lost_accumulation_in_mul(wgi_rule *rule)
{
    right_gradient(WGI_OP_mul, rule);
    if (rule->x[0].index == rule->x[1].index) {
        rule->dx[1] = (wg_node){NULL, 0, 0};
    }
}

/* s'(a) in place of s'(z) = a (1 - a). */
static void derivative_at_the_activation(wgi_rule *rule)
{
    const wg_node again = wg_sigmoid(rule->y[0]);
    const wg_node one = wg_number(rule->graph, wg_node_dtype(again), 1);
    rule->dx[0] = wg_gate(rule->dy[0], wg_mul(again, wg_sub(one, again)));
}

/* What flows to the layer below passes weights that have been stepped already. */
static void weights_updated_too_early(wgi_rule *rule)
{
    right_gradient(WGI_OP_matmul, rule);
    const wgi_matmul_attr *attr = rule->attr;
    if (rule->wants[0] && rule->wants[1] && attr->is_a_transposed == 0) {
        const wg_node stepped = wg_sub(rule->x[1], wg_scale(rule->dx[1], 0.5));
        rule->dx[0] = wg_matmul(rule->dy[0], wg_transpose(stepped));
    }
}

/* `diagnosis` is what the public check is to call it; WG_CHECK_NO_DIAGNOSIS where the fault mixes
 * with others on its way to the leaves and no name is owed. */
typedef struct fault {
    const char *name;
    uint16_t op;
    void (*gradient)(wgi_rule *rule);
    wg_check_diagnosis diagnosis;
} fault;

static const fault faults[] = {
    {"sign", WGI_OP_tanh, sign_of_tanh, WG_CHECK_SIGN},
    {"factor 2", WGI_OP_mse, factor_2_in_mse, WG_CHECK_FACTOR},
    {"1/n", WGI_OP_mean, mean_without_its_n, WG_CHECK_SUM_FOR_MEAN},
    {"transposed", WGI_OP_matmul, transposed_in_matmul, WG_CHECK_TRANSPOSED},
    {"unreduced broadcast", WGI_OP_add, unreduced_broadcast_in_add, WG_CHECK_NO_DIAGNOSIS},
    {"stale value", WGI_OP_exp, stale_value_in_exp, WG_CHECK_NO_DIAGNOSIS},
    {"wrong mask, relu", WGI_OP_relu, wrong_mask_in_relu, WG_CHECK_NO_DIAGNOSIS},
    {"wrong mask, dropout", WGI_OP_dropout, wrong_mask_in_dropout, WG_CHECK_NO_DIAGNOSIS},
    {"wrong axis, sum", WGI_OP_sum, wrong_axis_in_sum, WG_CHECK_NO_DIAGNOSIS},
    {"wrong axis, softmax", WGI_OP_softmax, wrong_axis_in_softmax, WG_CHECK_NO_DIAGNOSIS},
    {"lost accumulation", WGI_OP_mul, lost_accumulation_in_mul, WG_CHECK_NO_DIAGNOSIS},
    {"at the activation", WGI_OP_sigmoid, derivative_at_the_activation, WG_CHECK_NO_DIAGNOSIS},
    {"updated too early", WGI_OP_matmul, weights_updated_too_early, WG_CHECK_NO_DIAGNOSIS},
};

#define N_FAULTS (sizeof faults / sizeof faults[0])

/* ---- a context with a fault --------------------------------------------------------------- */

typedef struct planted {
    wgi_op op;
    const wgi_op *ops[WGI_N_OPS];
    wgi_op_table table;
    wg_context *ctx;
    wg_graph *g;
    int32_t n_tensors;
    wg_tensor *tensors[8];
    size_t n_leaves;
    wg_node leaves[8];
    wg_node loss;
} planted;

/* Fault NULL plants none. */
static void plant(planted *p, const fault *f)
{
    const wgi_op_table *right = wgi_op_table_get();
    memset(p, 0, sizeof *p);
    memcpy(p->ops, right->ops, sizeof p->ops);
    p->table = *right;
    p->table.ops = p->ops;
    if (f != NULL) {
        p->op = *right->ops[f->op];
        p->op.gradient = f->gradient;
        p->ops[f->op] = &p->op;
    }
    p->ctx = wgt_context(0);
    p->ctx->ops = &p->table;
    assert_int_equal(wg_graph_create(p->ctx, &p->g), WG_OK);
}

static void uproot(planted *p)
{
    for (int32_t i = 0; i < p->n_tensors; i++) {
        wg_tensor_destroy(p->tensors[i]);
    }
    wg_graph_destroy(p->g);
    p->ctx->ops = wgi_op_table_get();
    wg_context_destroy(p->ctx);
}

/* ---- the network -------------------------------------------------------------------------- */

static wg_tensor *tensor(planted *p, wgi_sample_input how)
{
    wg_tensor *t = wgt_random_tensor(p->ctx, WG_F64, &how, 900 + (uint64_t)p->n_tensors);
    p->tensors[p->n_tensors++] = t;
    return t;
}

static wg_node variable(planted *p, const char *name, wgi_sample_input how)
{
    const wg_node x = wg_name(wg_variable(p->g, tensor(p, how)), name);
    p->leaves[p->n_leaves++] = x;
    return x;
}

#define SHAPE_1(i)                                                                                 \
    (wgi_sample_input)                                                                             \
    {                                                                                              \
        .rank = 1, .dims = {(i)}, .fill = WGI_NONZERO                                              \
    }
#define SHAPE_2(i, j)                                                                              \
    (wgi_sample_input)                                                                             \
    {                                                                                              \
        .rank = 2, .dims = {(i), (j)}, .fill = WGI_NONZERO                                         \
    }

/* Two layers, of which the second is used again and again on the way to the loss, so that every
 * faulty rule has something to get wrong. The loss is the mean of squares, in one op or in three.
 */
static void record_network(planted *p, bool ends_in_mse)
{
    const int32_t rows = 0;
    const wg_node x = wg_input(p->g, tensor(p, SHAPE_2(4, 3)));
    const wg_node w1 = variable(p, "w1", SHAPE_2(3, 3));
    const wg_node b1 = variable(p, "b1", SHAPE_1(3));
    const wg_node w2 = variable(p, "w2", SHAPE_2(3, 3));
    const wg_node b2 = variable(p, "b2", SHAPE_1(3));
    const wg_node h1 = wg_sigmoid(wg_add(wg_matmul(x, w1), b1));
    const wg_node h2 = wg_tanh(wg_add(wg_matmul(h1, w2), b2));
    const wg_node cut = wg_relu(wg_sub(h2, wg_number(p->g, WG_F64, 0.125)));
    const wg_node thinned = wg_dropout(wg_add(cut, h1), 0.25);
    const wg_node grown = wg_exp(wg_scale(wg_mul(h2, h2), 0.5));
    const wg_node s = wg_softmax(wg_add(thinned, grown), 1);
    const wg_node seen = wg_sum(wg_matmul(wg_transpose(s), h2), &rows, 1, false);
    const wg_node aim = wg_input(p->g, tensor(p, SHAPE_2(4, 3)));
    const wg_node y = wg_add(s, seen);
    const wg_node off = wg_square(wg_sub(y, aim));
    p->loss = ends_in_mse ? wg_mse(y, aim) : wg_sum_all(wg_mean(off, &rows, 1, false));
    if (wg_graph_status(p->g) != WG_OK) {
        fail_msg("%s", wg_graph_error(p->g));
    }
}

/* ---- the judges --------------------------------------------------------------------------- */

static wgi_verdict judge(const planted *p)
{
    const wgi_judge_case c = {.g = p->g, .loss = p->loss, .xs = p->leaves, .n_xs = p->n_leaves};
    return wgi_judge(&c);
}

static void judge_right_network(bool ends_in_mse)
{
    planted p;
    wg_gradcheck_report report;
    plant(&p, NULL);
    record_network(&p, ends_in_mse);
    const wgi_verdict v = judge(&p);
    assert_int_equal(v.status, WG_OK);
    assert_int_equal(v.n_judged, 24);
    assert_int_equal(v.n_wrong, 0);
    assert_int_equal(wg_gradcheck(p.loss, NULL, &report), WG_OK);
    assert_int_equal(report.check.verdict, WG_CHECK_RIGHT);
    uproot(&p);
}

static void test_faults_absent_are_not_reported(void **state)
{
    (void)state;
    judge_right_network(false);
    judge_right_network(true);
}

static void test_faults_are_caught_by_the_judge(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FAULTS; i++) {
        planted p;
        plant(&p, &faults[i]);
        record_network(&p, faults[i].op == WGI_OP_mse);
        const wgi_verdict v = judge(&p);
        print_message("%s: %d of %d elements wrong\n", faults[i].name, (int)v.n_wrong,
                      (int)v.n_judged);
        if (v.status != WG_OK || v.n_wrong == 0) {
            fail_msg("'%s' is not caught: %s", faults[i].name, wg_status_name(v.status));
        }
        uproot(&p);
    }
}

static void test_faults_are_caught_by_the_public_check(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FAULTS; i++) {
        planted p;
        wg_gradcheck_report report;
        const fault *f = &faults[i];
        plant(&p, f);
        record_network(&p, f->op == WGI_OP_mse);
        const wg_status status = wg_gradcheck(p.loss, NULL, &report);
        const wg_check_diagnosis found = report.check.finding.diagnosis;
        print_message("%s: %s, %s (%s)\n", f->name, wg_check_verdict_name(report.check.verdict),
                      wg_check_diagnosis_text(found), report.check.finding_block);
        if (status != WG_OK || report.check.verdict != WG_CHECK_WRONG) {
            fail_msg("'%s' is not caught: %s", f->name, wg_status_name(status));
        }
        if (f->diagnosis != WG_CHECK_NO_DIAGNOSIS && f->diagnosis != found) {
            fail_msg("'%s' is not named", f->name);
        }
        uproot(&p);
    }
}

/* A rule that forgets to reduce altogether gives another shape, which the engine refuses. */
static void test_faults_of_shape_are_refused(void **state)
{
    (void)state;
    const fault f = {"wrong shape", WGI_OP_add, wrong_shape_in_add, WG_CHECK_NO_DIAGNOSIS};
    planted p;
    plant(&p, &f);
    record_network(&p, false);
    assert_int_equal(wg_backward(p.loss), WG_ERR_INTERNAL);
    assert_non_null(strstr(wg_graph_error(p.g), "add: the gradient rule gave another type"));
    uproot(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults_absent_are_not_reported),
        cmocka_unit_test(test_faults_are_caught_by_the_judge),
        cmocka_unit_test(test_faults_are_caught_by_the_public_check),
        cmocka_unit_test(test_faults_of_shape_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
