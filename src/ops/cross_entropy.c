/* cross_entropy: the head of a classifier, and its fused gradient.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Targets are class labels (i64) or probabilities; a kernel tells them apart by the operand's
 * dtype. Output 1, softmax(logits), is what the gradient needs, and an output like any other: a
 * gradient that arrives there flows on through the softmax. */
#if defined(WGI_REAL_PASS)

#include "ops/softmax_row.h"

/* -log softmax at the label. */
static wg_status K(label_loss)(const wgi_args *args, K(row) row, int64_t i, accum *loss)
{
    const int64_t classes = args->in[0].dims[1];
    const int64_t label = ((const int64_t *)args->in[1].data)[i];
    if (label < 0 || label >= classes) {
        return wgi_fault_set(args, WG_ERR_RANGE, "row %lld: label %lld is outside [0, %lld)",
                             (long long)i, (long long)label, (long long)classes);
    }
    const real *x = (const real *)args->in[0].data + i * classes;
    *loss = -(accum)K(row_log_softmax)(row, x[label]);
    return WG_OK;
}

/* -sum p log softmax, where 0 * -inf counts 0. */
static accum K(soft_loss)(const wgi_args *args, K(row) row, int64_t i)
{
    const int64_t classes = args->in[0].dims[1];
    const real *x = (const real *)args->in[0].data + i * classes;
    const real *p = (const real *)args->in[1].data + i * classes;
    accum loss = 0;
    for (int64_t k = 0; k < classes; k++) {
        const real y = K(row_log_softmax)(row, x[k]);
        if (p[k] != 0 || y != -INFINITY) {
            loss -= (accum)p[k] * (accum)y;
        }
    }
    return loss;
}

static void K(probabilities)(const wgi_args *args, K(row) row, int64_t i)
{
    const int64_t classes = args->in[0].dims[1];
    const real *x = (const real *)args->in[0].data + i * classes;
    real *p = (real *)args->out[1].data + i * classes;
    for (int64_t k = 0; k < classes; k++) {
        p[k] = K(row_softmax)(row, x[k]);
    }
}

static wg_status K(cross_entropy)(const wgi_args *args)
{
    const int64_t n = args->in[0].dims[0];
    const int64_t classes = args->in[0].dims[1];
    const bool has_labels = args->in[1].dtype == WG_I64;
    accum sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const real *x = (const real *)args->in[0].data + i * classes;
        const K(row) row = K(row_of)(x, classes, 1);
        accum loss = 0;
        const wg_status status = has_labels ? K(label_loss)(args, row, i, &loss) : WG_OK;
        if (status != WG_OK) {
            return status;
        }
        sum += has_labels ? loss : K(soft_loss)(args, row, i);
        K(probabilities)(args, row, i);
    }
    *(real *)args->out[0].data = (real)(sum / (accum)n);
    return WG_OK;
}

/* (p sum t - t) dy / n for one row. */
static void K(soft_row)(const wgi_args *args, accum scale, int64_t i)
{
    const int64_t classes = args->in[0].dims[1];
    const real *p = (const real *)args->in[0].data + i * classes;
    const real *t = (const real *)args->in[1].data + i * classes;
    real *dx = (real *)args->out[0].data + i * classes;
    accum sum = 0;
    for (int64_t k = 0; k < classes; k++) {
        sum += (accum)t[k];
    }
    for (int64_t k = 0; k < classes; k++) {
        dx[k] = (real)(((accum)p[k] * sum - (accum)t[k]) * scale);
    }
}

static void K(label_row)(const wgi_args *args, accum scale, int64_t i)
{
    const int64_t classes = args->in[0].dims[1];
    const int64_t label = ((const int64_t *)args->in[1].data)[i];
    const real *p = (const real *)args->in[0].data + i * classes;
    real *dx = (real *)args->out[0].data + i * classes;
    for (int64_t k = 0; k < classes; k++) {
        dx[k] = (real)(((accum)p[k] - (k == label ? 1 : 0)) * scale);
    }
}

static wg_status K(cross_entropy_backward)(const wgi_args *args)
{
    const int64_t n = args->in[0].dims[0];
    const real dy = *(const real *)args->in[2].data;
    real *dx = args->out[0].data;
    for (int64_t i = 0; i < n && dy != 0; i++) {
        if (args->in[1].dtype == WG_I64) {
            K(label_row)(args, (accum)dy / (accum)n, i);
        } else {
            K(soft_row)(args, (accum)dy / (accum)n, i);
        }
    }
    for (int64_t e = 0; e < args->out[0].count && dy == 0; e++) {
        dx[e] = 0;
    }
    return WG_OK;
}

#else

#include "ops/call.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/softmax.h"
#include "ops/support.h"

#include <math.h>

wg_node wg_cross_entropy(wg_node logits, wg_node targets)
{
    return wgi_record_binary(WGI_OP_cross_entropy, logits, targets, NULL);
}

static wg_node record_backward(wg_node p, wg_node targets, wg_node dy)
{
    const wg_node in[] = {p, targets, dy};
    const wgi_draft draft = {.op = WGI_OP_cross_entropy_backward, .n_in = 3, .in = in};
    return wgi_record(&draft);
}

/* ---- shape rules -------------------------------------------------------------------------- */

static wg_status check_labels(wgi_infer *q)
{
    const wgi_view *x = &q->in[0];
    const wgi_view *t = &q->in[1];
    if (t->rank != 1) {
        wgi_infer_hint(q, "i64 targets are labels, one for each row");
        return wgi_infer_fail(q, WG_ERR_SHAPE, "labels need rank 1: %d (%s)", (int)t->rank,
                              q->op->operands[1]);
    }
    if (t->dims[0] != x->dims[0]) {
        return wgi_infer_fail(
            q, WG_ERR_SHAPE, "rows differ: %lld (%s, axis 0) vs %lld (%s, axis 0)",
            (long long)x->dims[0], q->op->operands[0], (long long)t->dims[0], q->op->operands[1]);
    }
    return WG_OK;
}

static wg_status check_soft(wgi_infer *q)
{
    const wgi_view *x = &q->in[0];
    const wgi_view *t = &q->in[1];
    if (t->dtype != x->dtype) {
        wgi_infer_hint(q, "targets are i64 labels, or probabilities in the dtype of %s",
                       q->op->operands[0]);
        return wgi_infer_fail(q, WG_ERR_DTYPE, "targets are neither i64 nor %s: %s",
                              wg_dtype_name((wg_dtype)x->dtype), wg_dtype_name((wg_dtype)t->dtype));
    }
    if (!wgi_same_shape(x->rank, x->dims, t->rank, t->dims)) {
        char text_x[WGI_SHAPE_TEXT];
        char text_t[WGI_SHAPE_TEXT];
        return wgi_infer_fail(
            q, WG_ERR_SHAPE, "shapes differ: %s (%s) vs %s (%s)",
            wgi_shape_text(x->rank, x->dims, text_x, sizeof(text_x)), q->op->operands[0],
            wgi_shape_text(t->rank, t->dims, text_t, sizeof(text_t)), q->op->operands[1]);
    }
    return WG_OK;
}

/* Of both ops: operand 0 is [n, classes], operand 1 its targets. */
static wg_status check_operands(wgi_infer *q)
{
    const wg_status status = wgi_check_floating(q, 0);
    if (status != WG_OK) {
        return status;
    }
    if (q->in[0].rank != 2) {
        wgi_infer_hint(q, "wg_reshape {%s} to [n, classes]", q->op->operands[0]);
        return wgi_infer_fail(q, WG_ERR_SHAPE, "needs rank 2: %d (%s)", (int)q->in[0].rank,
                              q->op->operands[0]);
    }
    return q->in[1].dtype == WG_I64 ? check_labels(q) : check_soft(q);
}

static wg_status infer(wgi_infer *q)
{
    wg_status status = check_operands(q);
    if (status == WG_OK) {
        status = wgi_infer_shape(q, 0, q->in[0].dtype, 0, NULL);
    }
    return status != WG_OK ? status : wgi_infer_like(q, 1, 0);
}

static wg_status infer_backward(wgi_infer *q)
{
    wg_status status = check_operands(q);
    if (status == WG_OK) {
        status = wgi_check_same_dtype(q, 0, 2);
    }
    if (status == WG_OK && q->in[2].rank != 0) {
        status = wgi_infer_fail(q, WG_ERR_SHAPE, "needs rank 0: %d (dy)", (int)q->in[2].rank);
    }
    return status != WG_OK ? status : wgi_infer_like(q, 0, 0);
}

/* ---- gradients ---------------------------------------------------------------------------- */

static bool is_labels(wg_node targets)
{
    wgi_view view;
    return wgi_view_of(targets, &view) && view.dtype == WG_I64;
}

/* The factor of a mean over the rows of x; a shape, so a literal. The mean over none is 0 * inf. */
static double one_over_rows(wg_node x)
{
    wgi_view view;
    return wgi_view_of(x, &view) && view.dims[0] > 0 ? 1.0 / (double)view.dims[0]
                                                     : (double)INFINITY;
}

/* Either gradient may be missing. */
static wg_node logits_gradient(const wgi_rule *rule)
{
    wg_node sum = {NULL, 0, 0};
    if (wgi_is_some(rule->dy[0])) {
        sum = record_backward(rule->y[1], rule->x[1], rule->dy[0]);
    }
    if (wgi_is_some(rule->dy[1])) {
        const wg_node dx = wgi_softmax_gradient(rule->y[1], rule->dy[1], 1);
        sum = wgi_is_some(sum) ? wg_add(sum, dx) : dx;
    }
    return sum;
}

static void gradient(wgi_rule *rule)
{
    if (rule->wants[0]) {
        rule->dx[0] = logits_gradient(rule);
    }
    if (rule->wants[1] && wgi_is_some(rule->dy[0])) {
        const wg_node y = wg_log_softmax(rule->x[0], 1);
        rule->dx[1] = wg_gate(rule->dy[0], wg_scale(y, -one_over_rows(rule->x[0])));
    }
}

/* The targets as probabilities. */
static wg_node probabilities_of(wg_node targets, wg_node like)
{
    wgi_view view;
    if (!is_labels(targets) || !wgi_view_of(like, &view)) {
        return targets;
    }
    return wg_one_hot(targets, view.dims[1], (wg_dtype)view.dtype);
}

/* p y where y is a number and the gate's 0 for p = 0 where it is -inf: y <= 0, so that 1 > y tells
 * the NaN, which stays. */
static void decompose(wgi_rule *rule)
{
    const wg_node p = probabilities_of(rule->x[1], rule->x[0]);
    const wg_node y = wg_log_softmax(rule->x[0], 1);
    wg_node terms = wg_gate(p, y);
    if (!is_labels(rule->x[1])) {
        const wg_node one = wg_number(rule->graph, wg_node_dtype(y), 1.0);
        terms = wg_where(wg_greater(one, y), terms, wg_mul(p, y));
    }
    const double factor = -one_over_rows(rule->x[0]);
    rule->result[0] = wg_scale(wg_sum_all(terms), factor);
    rule->result[1] = wg_softmax(rule->x[0], 1);
}

/* gate(dy, (p sum t - t) / n); labels sum to 1. */
static void decompose_backward(wgi_rule *rule)
{
    const int32_t axis = 1;
    const wg_node p = rule->x[0];
    const wg_node t = probabilities_of(rule->x[1], p);
    const wg_node total = is_labels(rule->x[1]) ? p : wg_mul(p, wg_sum(t, &axis, 1, true));
    rule->result[0] = wg_gate(rule->x[2], wg_scale(wg_sub(total, t), one_over_rows(p)));
}

#define WGI_KERNEL_FILE "ops/cross_entropy.c"
#include "ops/for_each_real.h"

/* ---- samples ------------------------------------------------------------------------------ */

#define LABELS(n, classes) WGI_IN_TYPED(n, WG_I64, classes)
#define LOGITS(n, classes) WGI_IN_2(n, classes, WGI_NORMAL)
#define SOFT(n, classes) WGI_IN_2(n, classes, WGI_PROBABILITY)

static wg_node with_labels(wg_graph *g, wg_node logits, const int64_t *labels)
{
    const int64_t n = 2;
    return wg_cross_entropy(logits, wg_constant(g, WG_I64, 1, &n, labels));
}

static wg_node loss_times_probabilities(wg_node loss)
{
    return wg_mul(loss, wg_output(loss, 1));
}

WGI_BUILD(build, wg_cross_entropy(in[0], in[1]))
WGI_BUILD(build_probabilities, wg_output(wg_cross_entropy(in[0], in[1]), 1))
WGI_BUILD(build_both, loss_times_probabilities(wg_cross_entropy(in[0], in[1])))
WGI_BUILD(build_backward, record_backward(in[0], in[1], in[2]))
WGI_BUILD(build_high_label, with_labels(g, in[0], (const int64_t[]){0, 3}))
WGI_BUILD(build_negative_label, with_labels(g, in[0], (const int64_t[]){-1, 2}))

static const wgi_sample samples[] = {
    WGI_GOOD("labels", build, 2, LOGITS(4, 3), LABELS(4, 3)),
    WGI_GOOD("probabilities", build, 2, LOGITS(4, 3), SOFT(4, 3)),
    WGI_GOOD("no sum to 1", build, 2, LOGITS(3, 4), LOGITS(3, 4)),
    WGI_GOOD("targets are the logits", build, 2, LOGITS(2, 3), WGI_IN_SAME_2(2, 3, WGI_NORMAL, 0)),
    WGI_GOOD("one row", build, 2, LOGITS(1, 5), LABELS(1, 5)),
    WGI_GOOD("one class", build, 2, LOGITS(3, 1), LABELS(3, 1)),
    WGI_GOOD("no rows", build, 2, LOGITS(0, 3), LABELS(0, 3)),
    WGI_GOOD("no classes", build, 2, LOGITS(2, 0), LOGITS(2, 0)),
    WGI_GOOD("probabilities alone", build_probabilities, 2, LOGITS(3, 4), LABELS(3, 4)),
    WGI_GOOD("both outputs, labels", build_both, 2, LOGITS(3, 4), LABELS(3, 4)),
    WGI_GOOD("both outputs, probabilities", build_both, 2, LOGITS(3, 4), SOFT(3, 4)),
};

static const wgi_sample bad[] = {
    WGI_BAD("rank 1 logits", build, WG_ERR_SHAPE, "cross_entropy: needs rank 2: 1 (logits)", 2,
            WGI_IN_1(3, WGI_NORMAL), LABELS(3, 3)),
    WGI_BAD("rows", build, WG_ERR_SHAPE,
            "cross_entropy: rows differ: 4 (logits, axis 0) vs 3 (targets, axis 0)", 2,
            LOGITS(4, 3), LABELS(3, 3)),
    WGI_BAD("labels of rank 2", build, WG_ERR_SHAPE,
            "cross_entropy: labels need rank 1: 2 (targets)", 2, LOGITS(4, 3),
            {.rank = 2, .dims = {4, 1}, .fill = WGI_INDEX, .dtype = WG_I64, .limit = 3}),
    WGI_BAD("soft shape", build, WG_ERR_SHAPE,
            "cross_entropy: shapes differ: [4, 3] (logits) vs [3, 4] (targets)", 2, LOGITS(4, 3),
            SOFT(3, 4)),
    WGI_BAD("integer logits", build, WG_ERR_DTYPE,
            "cross_entropy: needs a floating dtype: i64 (logits)", 2,
            {.rank = 2, .dims = {4, 3}, .fill = WGI_INDEX, .dtype = WG_I64, .limit = 3},
            LABELS(4, 3)),
    WGI_BAD("label too high", build_high_label, WG_ERR_RANGE,
            "cross_entropy: row 1: label 3 is outside [0, 3)", 1, LOGITS(2, 3)),
    WGI_BAD("negative label", build_negative_label, WG_ERR_RANGE,
            "cross_entropy: row 0: label -1 is outside [0, 3)", 1, LOGITS(2, 3)),
};

static const wgi_sample backward_samples[] = {
    WGI_GOOD("labels", build_backward, 3, SOFT(4, 3), LABELS(4, 3), WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("probabilities", build_backward, 3, SOFT(4, 3), LOGITS(4, 3), WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("no rows", build_backward, 3, SOFT(0, 3), LABELS(0, 3), WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("no classes", build_backward, 3, LOGITS(2, 0), LOGITS(2, 0), WGI_IN_0(WGI_NORMAL)),
};

static const wgi_sample backward_bad[] = {
    WGI_BAD("dy of rank 1", build_backward, WG_ERR_SHAPE,
            "cross_entropy_backward: needs rank 0: 1 (dy)", 3, SOFT(4, 3), LABELS(4, 3),
            WGI_IN_1(1, WGI_NORMAL)),
};

WGI_CALL(call_cross_entropy, wg_cross_entropy(wgi_call_in(c, 0), wgi_call_in(c, 1)))

const wgi_op wgi_op_cross_entropy = {
    .name = "cross_entropy",
    .min_in = 2,
    .max_in = 2,
    .n_out = 2,
    .operands = {"logits", "targets"},
    .infer = infer,
    .gradient = gradient,
    .decompose = decompose,
    .reference = {WGI_REALS(cross_entropy)},
    .call = call_cross_entropy,
    .samples = samples,
    .n_samples = WGI_COUNT(samples),
    .bad = bad,
    .n_bad = WGI_COUNT(bad),
};

WGI_CALL(call_cross_entropy_backward, wgi_call_record(c, WGI_OP_cross_entropy_backward))

const wgi_op wgi_op_cross_entropy_backward = {
    .name = "cross_entropy_backward",
    .min_in = 3,
    .max_in = 3,
    .n_out = 1,
    .operands = {"p", "targets", "dy"},
    .infer = infer_backward,
    .decompose = decompose_backward,
    .reference = {WGI_REALS(cross_entropy_backward)},
    .call = call_cross_entropy_backward,
    .samples = backward_samples,
    .n_samples = WGI_COUNT(backward_samples),
    .bad = backward_bad,
    .n_bad = WGI_COUNT(backward_bad),
};

#endif
