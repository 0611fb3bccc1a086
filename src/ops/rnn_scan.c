/* rnn_scan and its gradient: the steps of a plain recurrence over projected inputs; and what the
 * three scans share.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a state is read before the step after it is written. */
#if defined(WGI_REAL_PASS)

#include "ops/recurrence_scan.h"

static wg_status K(rnn_scan)(const wgi_args *args)
{
    const wgi_recurrence_attr *attr = args->attr;
    const wgi_view *y = args->out;
    const int64_t hidden = y->dims[2];
    const int64_t batch = y->dims[1];
    const real *w = args->in[2].data;
    for (int64_t turn = 0; turn < y->dims[0] && y->count > 0; turn++) {
        const int64_t row = wgi_step_at(attr, y->dims[0], turn) * batch;
        const real *before = K(scan_before)(attr, y, args->in[1].data, turn);
        for (int64_t i = 0; i < batch * hidden; i++) {
            const int64_t at = row * hidden + i;
            const real *h = before + i / hidden * hidden;
            const real sum = ((const real *)args->in[0].data)[at] +
                             K(scan_dot)(h, w + i % hidden * hidden, hidden, 1);
            ((real *)y->data)[at] = attr->is_relu == 0 ? K(scan_tanh)(sum) : sum <= 0 ? 0 : sum;
        }
    }
    return WG_OK;
}

static wg_status K(rnn_scan_backward)(const wgi_args *args)
{
    const wgi_recurrence_attr *attr = args->attr;
    const wgi_view *y = args->in;
    const int64_t hidden = y->dims[2];
    const int64_t batch = y->dims[1];
    real *dh = args->out[1].data;
    const int64_t sizes[3] = {batch, hidden, hidden};
    K(scan_clear)(&args->out[1]);
    for (int64_t turn = y->dims[0] - 1; turn >= 0 && y->count > 0; turn--) {
        const int64_t at = wgi_step_at(attr, y->dims[0], turn) * batch * hidden;
        real *dxp = (real *)args->out[0].data + at;
        for (int64_t i = 0; i < batch * hidden; i++) {
            const real value = ((const real *)y->data)[at + i];
            const real d = ((const real *)args->in[2].data)[at + i] + dh[i];
            const real slope = attr->is_relu == 0 ? 1 - value * value : value <= 0 ? 0 : 1;
            dxp[i] = K(scan_gate)(d, slope);
        }
        K(scan_back)(dxp, args->in[1].data, dh, sizes, false);
    }
    return WG_OK;
}

#else

#include "ops/recurrence.h"

#include "ops/call.h"
#include "ops/samples.h"

/* ---- what the scans share ----------------------------------------------------------------- */

wgi_scan_sizes wgi_scan_sizes_of(wg_node sequence, int64_t gates)
{
    return (wgi_scan_sizes){wg_node_dim(sequence, 0), wg_node_dim(sequence, 1),
                            wg_node_dim(sequence, 2) / gates};
}

wg_status wgi_check_shape(wgi_infer *q, int32_t i, const char *name, int32_t rank,
                          const int64_t *dims)
{
    const wgi_view *x = &q->in[i];
    const int32_t dtype = q->in[0].dtype;
    if (x->dtype == dtype && wgi_same_shape(x->rank, x->dims, rank, dims)) {
        return WG_OK;
    }
    if (x->dtype != dtype) {
        return wgi_infer_fail(q, WG_ERR_DTYPE, "needs %s: %s (%s)", wg_dtype_name((wg_dtype)dtype),
                              wg_dtype_name((wg_dtype)x->dtype), name);
    }
    char wanted[WGI_SHAPE_TEXT];
    char found[WGI_SHAPE_TEXT];
    return wgi_infer_fail(q, WG_ERR_SHAPE, "needs %s: %s (%s)",
                          wgi_shape_text(rank, dims, wanted, sizeof(wanted)),
                          wgi_shape_text(x->rank, x->dims, found, sizeof(found)), name);
}

wg_status wgi_infer_scan(wgi_infer *q, int64_t gates, int32_t weights, wgi_scan_sizes *out)
{
    const wgi_view *x = &q->in[0];
    const wgi_view *w = &q->in[weights];
    *out = (wgi_scan_sizes){0, 0, 0};
    const wg_status status = wgi_check_floating(q, 0);
    if (status != WG_OK) {
        return status;
    }
    if (x->rank != 3 || w->rank != 2) {
        return wgi_infer_fail(q, WG_ERR_SHAPE, "needs rank 3 and 2: %d (%s), %d (w_hh)",
                              (int)x->rank, q->op->operands[0], (int)w->rank);
    }
    *out = (wgi_scan_sizes){x->dims[0], x->dims[1], w->dims[1]};
    if (w->dims[1] > INT64_MAX / gates) {
        return wgi_infer_fail(q, WG_ERR_OVERFLOW, "the gates are too many");
    }
    const int64_t dims[3] = {out->steps, out->batch, gates * out->hidden};
    const wg_status first = wgi_check_shape(q, 0, q->op->operands[0], 3, dims);
    return first != WG_OK
               ? first
               : wgi_check_shape(q, weights, "w_hh", 2, (const int64_t[]){dims[2], w->dims[1]});
}

wg_node wgi_states_before(wg_node h0, wg_node y, const wgi_recurrence_attr *attr)
{
    const wgi_scan_sizes s = wgi_scan_sizes_of(y, 1);
    if (s.steps == 0) {
        return y;
    }
    const bool is_reverse = attr->is_reverse != 0;
    const wg_node first = wg_unsqueeze(h0, 0);
    if (s.steps == 1) {
        return first;
    }
    const wg_node rest = wg_slice(y, 0, is_reverse, s.steps - 1 + is_reverse, 1);
    const wg_node both[2] = {is_reverse ? rest : first, is_reverse ? first : rest};
    return wg_concat(both, 2, 0);
}

static wg_node as_rows(wg_node x)
{
    return wg_flatten(x, 0, 1);
}

wg_node wgi_weights_gradient(wg_node d, wg_node h)
{
    return wg_matmul(wg_transpose(as_rows(d)), as_rows(h));
}

wg_node wgi_stack_steps(const wg_node *steps, int64_t n, wg_node empty)
{
    return n == 0 ? empty : wg_stack(steps, (int32_t)n, 0);
}

wg_node wgi_zeros_like(wg_node x)
{
    wgi_view view;
    if (!wgi_view_of(x, &view)) {
        return x;
    }
    int64_t dims[WG_MAX_RANK] = {0};
    for (int32_t i = 0; i < view.rank; i++) {
        dims[i] = view.dims[i];
    }
    return wg_full(x.graph, (wg_dtype)view.dtype, view.rank, dims, 0.0);
}

wg_node wgi_or_zeros(wg_node dy, wg_node y)
{
    return wgi_is_some(dy) ? dy : wgi_zeros_like(y);
}

wg_node wgi_sigmoid_slope(wg_node a)
{
    return wg_sub(a, wg_square(a));
}

wg_node wgi_tanh_slope(wg_node a)
{
    return wg_sub(wg_number(a.graph, wg_node_dtype(a), 1.0), wg_square(a));
}

double wgi_scan_flops(const wgi_view *in, const wgi_view *out, const void *attr)
{
    (void)out, (void)attr;
    return in->rank == 3 ? 2.0 * (double)in->count * (double)in[2].dims[in[2].rank - 1] : 0.0;
}

/* ---- the rows ----------------------------------------------------------------------------- */

wg_node wgi_rnn_scan(const wg_node in[3], const wgi_recurrence_attr *attr)
{
    const wgi_draft draft = {.op = WGI_OP_rnn_scan, .n_in = 3, .in = in, .attr = attr};
    return wgi_record(&draft);
}

static wg_node rnn_scan_backward(const wg_node in[3], const wgi_recurrence_attr *attr)
{
    const wgi_draft draft = {.op = WGI_OP_rnn_scan_backward, .n_in = 3, .in = in, .attr = attr};
    return wgi_record(&draft);
}

static wg_status infer_rnn_scan(wgi_infer *q)
{
    wgi_scan_sizes s;
    wg_status status = wgi_infer_scan(q, 1, 2, &s);
    const int64_t dims[2] = {s.batch, s.hidden};
    status = status != WG_OK ? status : wgi_check_shape(q, 1, "h0", 2, dims);
    return status != WG_OK ? status : wgi_infer_like(q, 0, 0);
}

static wg_status infer_rnn_scan_backward(wgi_infer *q)
{
    wgi_scan_sizes s;
    wg_status status = wgi_infer_scan(q, 1, 1, &s);
    const int64_t dims[3] = {s.steps, s.batch, s.hidden};
    status = status != WG_OK ? status : wgi_check_shape(q, 2, "dy", 3, dims);
    status = status != WG_OK ? status : wgi_infer_like(q, 0, 0);
    return status != WG_OK ? status : wgi_infer_shape(q, 1, q->in[0].dtype, 2, dims + 1);
}

static void gradient_rnn_scan(wgi_rule *rule)
{
    const wgi_recurrence_attr attr = *(const wgi_recurrence_attr *)rule->attr;
    const wg_node in[3] = {rule->y[0], rule->x[2], rule->dy[0]};
    const wg_node back = rnn_scan_backward(in, &attr);
    if (!wg_is_valid(back)) {
        return;
    }
    rule->dx[0] = back;
    rule->dx[1] = wg_output(back, 1);
    if (rule->wants[2]) {
        const wg_node before = wgi_states_before(rule->x[1], rule->y[0], &attr);
        rule->dx[2] = wgi_weights_gradient(back, before);
    }
}

static void decompose_rnn_scan(wgi_rule *rule)
{
    const wgi_recurrence_attr attr = *(const wgi_recurrence_attr *)rule->attr;
    const wgi_scan_sizes s = wgi_scan_sizes_of(rule->x[0], 1);
    wg_node *y = wgi_node_room(rule->graph, (size_t)(s.steps + 1));
    wg_node h = rule->x[1];
    if (y == NULL) {
        return;
    }
    for (int64_t turn = 0; turn < s.steps; turn++) {
        const int64_t t = wgi_step_at(&attr, s.steps, turn);
        const wg_node xp = wg_select(rule->x[0], 0, t);
        h = wgi_rnn_step_of(wg_add(xp, wgi_times_weights(h, rule->x[2])), attr.is_relu != 0);
        y[t] = h;
    }
    rule->result[0] = wgi_stack_steps(y, s.steps, wg_slice(rule->x[0], 2, 0, s.hidden, 1));
}

/* relu's slope is that at its value: 1 above 0. */
static wg_node slope_of(wg_node y, bool is_relu)
{
    if (!is_relu) {
        return wgi_tanh_slope(y);
    }
    const wg_node zero = wg_number(y.graph, wg_node_dtype(y), 0.0);
    const wg_node one = wg_number(y.graph, wg_node_dtype(y), 1.0);
    return wg_where(wg_less_equal(y, zero), zero, one);
}

static void decompose_rnn_scan_backward(wgi_rule *rule)
{
    const wgi_recurrence_attr attr = *(const wgi_recurrence_attr *)rule->attr;
    const wgi_scan_sizes s = wgi_scan_sizes_of(rule->x[0], 1);
    wg_node *dxp = wgi_node_room(rule->graph, (size_t)(s.steps + 1));
    const int64_t dims[2] = {s.batch, s.hidden};
    wg_node dh = wg_full(rule->graph, wg_node_dtype(rule->x[0]), 2, dims, 0.0);
    if (dxp == NULL) {
        return;
    }
    for (int64_t turn = s.steps - 1; turn >= 0; turn--) {
        const int64_t t = wgi_step_at(&attr, s.steps, turn);
        const wg_node slope = slope_of(wg_select(rule->x[0], 0, t), attr.is_relu != 0);
        dxp[t] = wg_gate(wg_add(wg_select(rule->x[2], 0, t), dh), slope);
        dh = wg_matmul(dxp[t], rule->x[1]);
    }
    rule->result[0] = wgi_stack_steps(dxp, s.steps, wg_slice(rule->x[0], 2, 0, s.hidden, 1));
    rule->result[1] = dh;
}

#define WGI_KERNEL_FILE "ops/rnn_scan.c"
#include "ops/for_each_real.h"

/* ---- samples ------------------------------------------------------------------------------ */

static const wgi_recurrence_attr with_tanh = {0, 0};
static const wgi_recurrence_attr tanh_reverse = {1, 0};
static const wgi_recurrence_attr with_relu = {0, 1};

static wg_node join(wg_node y)
{
    return wg_add(wg_sum_all(wg_square(y)), wg_sum_all(wg_output(y, 1)));
}

WGI_BUILD_UNTOLD(scan, wgi_rnn_scan(in, &with_tanh))
WGI_BUILD_UNTOLD(scan_reverse, wgi_rnn_scan(in, &tanh_reverse))
WGI_BUILD_UNTOLD(scan_relu, wgi_rnn_scan(in, &with_relu))
WGI_BUILD_UNTOLD(back, join(rnn_scan_backward(in, &with_tanh)))
WGI_BUILD_UNTOLD(back_reverse, join(rnn_scan_backward(in, &tanh_reverse)))
WGI_BUILD_UNTOLD(back_relu, join(rnn_scan_backward(in, &with_relu)))

#define SCAN_IN(t, b, h)                                                                           \
    WGI_IN_3(t, b, h, WGI_NORMAL), WGI_IN_2(b, h, WGI_NORMAL), WGI_IN_2(h, h, WGI_NORMAL)
#define BACK_IN(t, b, h)                                                                           \
    WGI_IN_3(t, b, h, WGI_NONZERO), WGI_IN_2(h, h, WGI_NORMAL), WGI_IN_3(t, b, h, WGI_NORMAL)

static const wgi_sample scan_samples[] = {
    WGI_GOOD_UNTOLD("tanh", scan, 3, SCAN_IN(3, 2, 2)),
    WGI_GOOD_UNTOLD("tanh, reverse", scan_reverse, 3, SCAN_IN(3, 1, 3)),
    WGI_GOOD_UNTOLD("relu", scan_relu, 3, SCAN_IN(2, 2, 3)),
    WGI_GOOD_UNTOLD("one step", scan, 3, SCAN_IN(1, 2, 3)),
    WGI_GOOD_UNTOLD("wider than a vector", scan, 3, SCAN_IN(2, 3, 17)),
    WGI_GOOD_UNTOLD("no step", scan, 3, SCAN_IN(0, 2, 2)),
    WGI_GOOD_UNTOLD("no row", scan, 3, SCAN_IN(2, 0, 2)),
    WGI_GOOD_UNTOLD("no state", scan, 3, SCAN_IN(2, 2, 0)),
};

static const wgi_sample scan_bad[] = {
    {.name = "weights",
     .n_in = 3,
     .in = {WGI_IN_3(2, 3, 2, WGI_NORMAL), WGI_IN_2(3, 2, WGI_NORMAL), WGI_IN_2(3, 2, WGI_NORMAL)},
     .build = scan,
     .status = WG_ERR_SHAPE,
     .error = "rnn_scan: needs [2, 2]: [3, 2] (w_hh)"},
    {.name = "rank",
     .n_in = 3,
     .in = {WGI_IN_2(3, 2, WGI_NORMAL), WGI_IN_2(3, 2, WGI_NORMAL), WGI_IN_2(2, 2, WGI_NORMAL)},
     .build = scan,
     .status = WG_ERR_SHAPE,
     .error = "rnn_scan: needs rank 3 and 2: 2 (xp), 2 (w_hh)"},
};

static const wgi_sample back_samples[] = {
    WGI_GOOD_UNTOLD("tanh", back, 3, BACK_IN(3, 2, 2)),
    WGI_GOOD_UNTOLD("tanh, reverse", back_reverse, 3, BACK_IN(2, 2, 2)),
    WGI_GOOD_UNTOLD("relu", back_relu, 3, BACK_IN(2, 2, 2)),
    WGI_GOOD_UNTOLD("wider than a vector", back, 3, BACK_IN(2, 3, 17)),
    WGI_GOOD_UNTOLD("no step", back, 3, BACK_IN(0, 2, 2)),
};

static const wgi_sample back_bad[] = {
    {.name = "gradient",
     .n_in = 3,
     .in = {WGI_IN_3(2, 3, 2, WGI_NORMAL), WGI_IN_2(2, 2, WGI_NORMAL),
            WGI_IN_3(2, 3, 1, WGI_NORMAL)},
     .build = back,
     .status = WG_ERR_SHAPE,
     .error = "rnn_scan_backward: needs [2, 3, 2]: [2, 3, 1] (dy)"},
};

static const wgi_attribute attributes[] = {WGI_SCAN_REVERSE, WGI_SCAN_NONLINEARITY};

static wg_node call_rnn_scan(const wgi_call *c)
{
    const wgi_recurrence_attr attr = {wgi_call_flag(c, 0), wgi_call_int(c, 1)};
    return wgi_rnn_scan(c->in, &attr);
}

const wgi_op wgi_op_rnn_scan = {
    .name = "rnn_scan",
    .traits = WGI_KINKED,
    .min_in = 3,
    .max_in = 3,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_recurrence_attr),
    .operands = {"xp", "h0", "w_hh"},
    .infer = infer_rnn_scan,
    .gradient = gradient_rnn_scan,
    .decompose = decompose_rnn_scan,
    .reference = {WGI_REALS(rnn_scan)},
    .flops = wgi_scan_flops,
    .call = call_rnn_scan,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(scan_samples, scan_bad),
};

static wg_node call_rnn_scan_backward(const wgi_call *c)
{
    const wgi_recurrence_attr attr = {wgi_call_flag(c, 0), wgi_call_int(c, 1)};
    return rnn_scan_backward(c->in, &attr);
}

const wgi_op wgi_op_rnn_scan_backward = {
    .name = "rnn_scan_backward",
    .traits = WGI_KINKED,
    .min_in = 3,
    .max_in = 3,
    .n_out = 2,
    .attr_bytes = sizeof(wgi_recurrence_attr),
    .operands = {"y", "w_hh", "dy"},
    .infer = infer_rnn_scan_backward,
    .decompose = decompose_rnn_scan_backward,
    .reference = {WGI_REALS(rnn_scan_backward)},
    .flops = wgi_scan_flops,
    .call = call_rnn_scan_backward,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(back_samples, back_bad),
};

#endif
