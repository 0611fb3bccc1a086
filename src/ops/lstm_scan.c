/* lstm_scan and its gradient: the steps of long short-term memory over projected inputs.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a state is read before the step after it is written. */
#if defined(WGI_REAL_PASS)

#include "ops/recurrence_scan.h"

static void K(lstm_row)(const real *c_before, real *gates, real *c, real *h, int64_t hidden)
{
    for (int64_t j = 0; j < hidden; j++) {
        real *gate = gates + j;
        gate[0] = K(scan_sigmoid)(gate[0]);
        gate[hidden] = K(scan_sigmoid)(gate[hidden]);
        gate[2 * hidden] = K(scan_tanh)(gate[2 * hidden]);
        gate[3 * hidden] = K(scan_sigmoid)(gate[3 * hidden]);
        c[j] = gate[hidden] * c_before[j] + gate[0] * gate[2 * hidden];
        h[j] = gate[3 * hidden] * K(scan_tanh)(c[j]);
    }
}

static wg_status K(lstm_scan)(const wgi_args *args)
{
    const wgi_recurrence_attr *attr = args->attr;
    const wgi_view *y = &args->out[1];
    const wgi_view *c = &args->out[2];
    const int64_t hidden = y->dims[2];
    const int64_t batch = y->dims[1];
    const real *w = args->in[2].data;
    for (int64_t turn = 0; turn < y->dims[0] && y->count > 0; turn++) {
        const int64_t row = wgi_step_at(attr, y->dims[0], turn) * batch;
        const real *h_before = K(scan_before)(attr, y, args->in[1].data, turn);
        const real *c_before = K(scan_before)(attr, c, args->in[3].data, turn);
        for (int64_t b = 0; b < batch; b++) {
            const real *xp = (const real *)args->in[0].data + (row + b) * 4 * hidden;
            real *gates = (real *)args->out[0].data + (row + b) * 4 * hidden;
            for (int64_t j = 0; j < 4 * hidden; j++) {
                gates[j] = xp[j] + K(scan_dot)(h_before + b * hidden, w + j * hidden, hidden, 1);
            }
            K(lstm_row)
            (c_before + b * hidden, gates, (real *)c->data + (row + b) * hidden,
             (real *)y->data + (row + b) * hidden, hidden);
        }
    }
    return WG_OK;
}

/* One row of a step. The gates' own gradients are NULL where there are none. */
typedef struct K(lstm_back) {
    const real *gates;
    const real *c_before;
    const real *c;
    const real *dy;
    const real *dc_given;
    const real *dgates;
    const real *dh;
    real *dc;
    real *dxp;
} K(lstm_back);

static void K(lstm_row_back)(const K(lstm_back) * r, int64_t hidden)
{
    for (int64_t j = 0; j < hidden; j++) {
        real given[4] = {0, 0, 0, 0};
        real gate[4];
        for (int64_t k = 0; k < 4; k++) {
            gate[k] = r->gates[k * hidden + j];
            given[k] = r->dgates != NULL ? r->dgates[k * hidden + j] : 0;
        }
        const real t = K(scan_tanh)(r->c[j]);
        const real dh = r->dy[j] + r->dh[j];
        const real given_c = r->dc_given != NULL ? r->dc_given[j] : 0;
        const real to_c = K(scan_gate)(dh, gate[3] * (1 - t * t));
        const real dc = r->dc[j] + given_c + to_c;
        const real to[4] = {K(scan_gate)(dc, gate[2]), K(scan_gate)(dc, r->c_before[j]),
                            K(scan_gate)(dc, gate[0]), K(scan_gate)(dh, t)};
        for (int64_t k = 0; k < 4; k++) {
            const real slope = k == 2 ? 1 - gate[k] * gate[k] : gate[k] * (1 - gate[k]);
            r->dxp[k * hidden + j] = K(scan_gate)(to[k] + given[k], slope);
        }
        r->dc[j] = K(scan_gate)(dc, gate[1]);
    }
}

static const real *K(row_of)(const wgi_args *args, int32_t i, int64_t row)
{
    const wgi_view *x = &args->in[i];
    return i < args->n_in ? (const real *)x->data + row * x->dims[2] : NULL;
}

static wg_status K(lstm_scan_backward)(const wgi_args *args)
{
    const wgi_recurrence_attr *attr = args->attr;
    const wgi_view *c = &args->in[3];
    const int64_t hidden = c->dims[2];
    const int64_t batch = c->dims[1];
    real *dh = args->out[1].data;
    real *dc = args->out[2].data;
    const int64_t sizes[3] = {batch, 4 * hidden, hidden};
    K(scan_clear)(&args->out[1]);
    K(scan_clear)(&args->out[2]);
    for (int64_t turn = c->dims[0] - 1; turn >= 0 && c->count > 0; turn--) {
        const int64_t row = wgi_step_at(attr, c->dims[0], turn) * batch;
        const real *c_before = K(scan_before)(attr, c, args->in[2].data, turn);
        real *dxp = (real *)args->out[0].data + row * 4 * hidden;
        for (int64_t b = 0; b < batch; b++) {
            const K(lstm_back) r = {
                .gates = K(row_of)(args, 0, row + b),
                .c_before = c_before + b * hidden,
                .c = K(row_of)(args, 3, row + b),
                .dy = K(row_of)(args, 4, row + b),
                .dc_given = K(row_of)(args, 5, row + b),
                .dgates = K(row_of)(args, 6, row + b),
                .dh = dh + b * hidden,
                .dc = dc + b * hidden,
                .dxp = dxp + b * 4 * hidden,
            };
            K(lstm_row_back)(&r, hidden);
        }
        K(scan_back)(dxp, args->in[1].data, dh, sizes, false);
    }
    return WG_OK;
}

#else

#include "ops/recurrence.h"

#include "ops/call.h"
#include "ops/samples.h"

wg_node wgi_lstm_scan(const wg_node in[4], const wgi_recurrence_attr *attr)
{
    const wgi_draft draft = {.op = WGI_OP_lstm_scan, .n_in = 4, .in = in, .attr = attr};
    return wgi_record(&draft);
}

static wg_node lstm_scan_backward(const wg_node *in, int32_t n_in, const wgi_recurrence_attr *attr)
{
    const wgi_draft draft = {.op = WGI_OP_lstm_scan_backward, .n_in = n_in, .in = in, .attr = attr};
    return wgi_record(&draft);
}

/* ---- shape rules -------------------------------------------------------------------------- */

static wg_status infer_lstm_scan(wgi_infer *q)
{
    wgi_scan_sizes s;
    wg_status status = wgi_infer_scan(q, 4, 2, &s);
    const int64_t dims[3] = {s.steps, s.batch, s.hidden};
    status = status != WG_OK ? status : wgi_check_shape(q, 1, "h0", 2, dims + 1);
    status = status != WG_OK ? status : wgi_check_shape(q, 3, "c0", 2, dims + 1);
    status = status != WG_OK ? status : wgi_infer_like(q, 0, 0);
    status = status != WG_OK ? status : wgi_infer_shape(q, 1, q->in[0].dtype, 3, dims);
    return status != WG_OK ? status : wgi_infer_shape(q, 2, q->in[0].dtype, 3, dims);
}

static wg_status infer_lstm_scan_backward(wgi_infer *q)
{
    static const char *const names[] = {"gates", "w_hh", "c0", "c", "dy", "dc", "dgates"};
    wgi_scan_sizes s;
    wg_status status = wgi_infer_scan(q, 4, 1, &s);
    const int64_t dims[3] = {s.steps, s.batch, s.hidden};
    status = status != WG_OK ? status : wgi_check_shape(q, 2, "c0", 2, dims + 1);
    for (int32_t i = 3; i < q->n_in && status == WG_OK; i++) {
        status = wgi_check_shape(q, i, names[i], 3, i < 6 ? dims : q->in[0].dims);
    }
    status = status != WG_OK ? status : wgi_infer_like(q, 0, 0);
    status = status != WG_OK ? status : wgi_infer_shape(q, 1, q->in[0].dtype, 2, dims + 1);
    return status != WG_OK ? status : wgi_infer_shape(q, 2, q->in[0].dtype, 2, dims + 1);
}

/* ---- gradients ---------------------------------------------------------------------------- */

static void gradient_lstm_scan(wgi_rule *rule)
{
    const wgi_recurrence_attr attr = *(const wgi_recurrence_attr *)rule->attr;
    const bool has_gates = wgi_is_some(rule->dy[0]);
    const bool has_c = wgi_is_some(rule->dy[2]) || has_gates;
    const wg_node in[7] = {
        rule->y[0],
        rule->x[2],
        rule->x[3],
        rule->y[2],
        wgi_or_zeros(rule->dy[1], rule->y[1]),
        has_c ? wgi_or_zeros(rule->dy[2], rule->y[2]) : rule->dy[2],
        rule->dy[0],
    };
    const wg_node back = lstm_scan_backward(in, has_gates ? 7 : has_c ? 6 : 5, &attr);
    if (!wg_is_valid(back)) {
        return;
    }
    rule->dx[0] = back;
    rule->dx[1] = wg_output(back, 1);
    rule->dx[3] = wg_output(back, 2);
    if (rule->wants[2]) {
        const wg_node before = wgi_states_before(rule->x[1], rule->y[1], &attr);
        rule->dx[2] = wgi_weights_gradient(back, before);
    }
}

/* ---- decompositions ----------------------------------------------------------------------- */

static void decompose_lstm_scan(wgi_rule *rule)
{
    const wgi_recurrence_attr attr = *(const wgi_recurrence_attr *)rule->attr;
    const wgi_scan_sizes s = wgi_scan_sizes_of(rule->x[0], 4);
    const wg_node xp = rule->x[0];
    wg_node *gates = wgi_node_room(rule->graph, (size_t)(3 * s.steps + 1));
    wg_node h = rule->x[1];
    wg_node c = rule->x[3];
    if (gates == NULL) {
        return;
    }
    for (int64_t turn = 0; turn < s.steps; turn++) {
        const int64_t t = wgi_step_at(&attr, s.steps, turn);
        const wg_node sums = wg_add(wg_select(xp, 0, t), wgi_times_weights(h, rule->x[2]));
        const wgi_lstm_step step = wgi_lstm_step_of(sums, c);
        h = step.h;
        c = step.c;
        gates[t] = step.gates;
        gates[s.steps + t] = h;
        gates[2 * s.steps + t] = c;
    }
    const wg_node empty = wg_slice(xp, 2, 0, s.hidden, 1);
    rule->result[0] = wgi_stack_steps(gates, s.steps, wg_slice(xp, 2, 0, 4 * s.hidden, 1));
    rule->result[1] = wgi_stack_steps(gates + s.steps, s.steps, empty);
    rule->result[2] = wgi_stack_steps(gates + 2 * s.steps, s.steps, empty);
}

/* The gradient of one step, from the operands of the backward scan. */
typedef struct step_back {
    wg_node dh;
    wg_node dc;
    wg_node dxp;
} step_back;

static wg_node plus_given(wgi_rule *rule, wg_node d, int64_t gate, int64_t t)
{
    if (rule->n_in < 7) {
        return d;
    }
    const int64_t hidden = wg_node_dim(d, 1);
    return wg_add(d, wgi_gate_of(wg_select(rule->x[6], 0, t), gate, hidden));
}

static step_back step_backward(wgi_rule *rule, int64_t t, wg_node c_before, step_back d)
{
    const wg_node gates = wg_select(rule->x[0], 0, t);
    const int64_t hidden = wg_node_dim(c_before, 1);
    wg_node gate[4];
    for (int64_t k = 0; k < 4; k++) {
        gate[k] = wgi_gate_of(gates, k, hidden);
    }
    const wg_node th = wg_tanh(wg_select(rule->x[3], 0, t));
    const wg_node dh = wg_add(wg_select(rule->x[4], 0, t), d.dh);
    wg_node dc = wg_add(d.dc, wg_gate(dh, wg_mul(gate[3], wgi_tanh_slope(th))));
    if (rule->n_in > 5) {
        dc = wg_add(dc, wg_select(rule->x[5], 0, t));
    }
    wg_node parts[4] = {wg_gate(dc, gate[2]), wg_gate(dc, c_before), wg_gate(dc, gate[0]),
                        wg_gate(dh, th)};
    for (int64_t k = 0; k < 4; k++) {
        const wg_node slope = k == 2 ? wgi_tanh_slope(gate[k]) : wgi_sigmoid_slope(gate[k]);
        parts[k] = wg_gate(plus_given(rule, parts[k], k, t), slope);
    }
    d.dxp = wg_concat(parts, 4, 1);
    d.dh = wg_matmul(d.dxp, rule->x[1]);
    d.dc = wg_gate(dc, gate[1]);
    return d;
}

static void decompose_lstm_scan_backward(wgi_rule *rule)
{
    const wgi_recurrence_attr attr = *(const wgi_recurrence_attr *)rule->attr;
    const wgi_scan_sizes s = wgi_scan_sizes_of(rule->x[0], 4);
    wg_node *dxp = wgi_node_room(rule->graph, (size_t)(s.steps + 1));
    step_back d = {.dh = wgi_zeros_like(rule->x[2]), .dc = wgi_zeros_like(rule->x[2])};
    if (dxp == NULL) {
        return;
    }
    for (int64_t turn = s.steps - 1; turn >= 0; turn--) {
        const int64_t t = wgi_step_at(&attr, s.steps, turn);
        const int64_t before = wgi_step_at(&attr, s.steps, turn - 1);
        d = step_backward(rule, t, turn == 0 ? rule->x[2] : wg_select(rule->x[3], 0, before), d);
        dxp[t] = d.dxp;
    }
    rule->result[0] = wgi_stack_steps(dxp, s.steps, wg_slice(rule->x[0], 2, 0, 4 * s.hidden, 1));
    rule->result[1] = d.dh;
    rule->result[2] = d.dc;
}

#define WGI_KERNEL_FILE "ops/lstm_scan.c"
#include "ops/for_each_real.h"

/* ---- samples ------------------------------------------------------------------------------ */

static const wgi_recurrence_attr forwards = {0, 0};
static const wgi_recurrence_attr reverse = {1, 0};

/* All outputs in one number, none with the weight of another. */
static wg_node join(wg_node y)
{
    const wg_node a = wg_sum_all(wg_square(y));
    const wg_node b = wg_sum_all(wg_square(wg_output(y, 1)));
    return wg_add(wg_add(a, wg_scale(b, 0.5)), wg_sum_all(wg_output(y, 2)));
}

WGI_BUILD_UNTOLD(scan, join(wgi_lstm_scan(in, &forwards)))
WGI_BUILD_UNTOLD(scan_reverse, join(wgi_lstm_scan(in, &reverse)))
WGI_BUILD_UNTOLD(scan_gates, wgi_lstm_scan(in, &forwards))
WGI_BUILD_UNTOLD(back_5, join(lstm_scan_backward(in, 5, &forwards)))
WGI_BUILD_UNTOLD(back_6, join(lstm_scan_backward(in, 6, &reverse)))
WGI_BUILD_UNTOLD(back_7, join(lstm_scan_backward(in, 7, &forwards)))

#define SCAN_IN(t, b, h)                                                                           \
    WGI_IN_3(t, b, 4 * (h), WGI_NORMAL), WGI_IN_2(b, h, WGI_NORMAL),                               \
        WGI_IN_2(4 * (h), h, WGI_NORMAL), WGI_IN_2(b, h, WGI_NORMAL)
#define BACK_IN(t, b, h)                                                                           \
    WGI_IN_3(t, b, 4 * (h), WGI_UNIT), WGI_IN_2(4 * (h), h, WGI_NORMAL),                           \
        WGI_IN_2(b, h, WGI_NORMAL), WGI_IN_3(t, b, h, WGI_NORMAL), WGI_IN_3(t, b, h, WGI_NORMAL),  \
        WGI_IN_3(t, b, h, WGI_NORMAL), WGI_IN_3(t, b, 4 * (h), WGI_NORMAL)

static const wgi_sample scan_samples[] = {
    WGI_GOOD_UNTOLD("forwards", scan, 4, SCAN_IN(3, 2, 2)),
    WGI_GOOD_UNTOLD("reverse", scan_reverse, 4, SCAN_IN(2, 2, 2)),
    WGI_GOOD_UNTOLD("the gates alone", scan_gates, 4, SCAN_IN(2, 1, 1)),
    WGI_GOOD_UNTOLD("one step", scan, 4, SCAN_IN(1, 2, 3)),
    WGI_GOOD_UNTOLD("wider than a vector", scan, 4, SCAN_IN(2, 2, 17)),
    WGI_GOOD_UNTOLD("no step", scan, 4, SCAN_IN(0, 2, 2)),
    WGI_GOOD_UNTOLD("no row", scan, 4, SCAN_IN(2, 0, 2)),
    WGI_GOOD_UNTOLD("no state", scan, 4, SCAN_IN(2, 2, 0)),
};

static const wgi_sample scan_bad[] = {
    {.name = "gates",
     .n_in = 4,
     .in = {WGI_IN_3(2, 3, 7, WGI_NORMAL), WGI_IN_2(3, 2, WGI_NORMAL), WGI_IN_2(8, 2, WGI_NORMAL),
            WGI_IN_2(3, 2, WGI_NORMAL)},
     .build = scan_gates,
     .status = WG_ERR_SHAPE,
     .error = "lstm_scan: needs [2, 3, 8]: [2, 3, 7] (xp)"},
    {.name = "state",
     .n_in = 4,
     .in = {WGI_IN_3(2, 3, 8, WGI_NORMAL), WGI_IN_2(2, 2, WGI_NORMAL), WGI_IN_2(8, 2, WGI_NORMAL),
            WGI_IN_2(3, 2, WGI_NORMAL)},
     .build = scan_gates,
     .status = WG_ERR_SHAPE,
     .error = "lstm_scan: needs [3, 2]: [2, 2] (h0)"},
};

static const wgi_sample back_samples[] = {
    WGI_GOOD_UNTOLD("of y", back_5, 5, BACK_IN(2, 2, 2)),
    WGI_GOOD_UNTOLD("of y and c, reverse", back_6, 6, BACK_IN(2, 1, 2)),
    WGI_GOOD_UNTOLD("of all", back_7, 7, BACK_IN(2, 1, 2)),
    WGI_GOOD_UNTOLD("wider than a vector", back_7, 7, BACK_IN(1, 2, 17)),
    WGI_GOOD_UNTOLD("no step", back_5, 5, BACK_IN(0, 2, 2)),
    WGI_GOOD_UNTOLD("no row", back_5, 5, BACK_IN(2, 0, 2)),
};

static const wgi_sample back_bad[] = {
    {.name = "cell",
     .n_in = 5,
     .in = {WGI_IN_3(2, 3, 8, WGI_UNIT), WGI_IN_2(8, 2, WGI_NORMAL), WGI_IN_2(3, 1, WGI_NORMAL),
            WGI_IN_3(2, 3, 2, WGI_NORMAL), WGI_IN_3(2, 3, 2, WGI_NORMAL)},
     .build = back_5,
     .status = WG_ERR_SHAPE,
     .error = "lstm_scan_backward: needs [3, 2]: [3, 1] (c0)"},
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute attributes[] = {WGI_SCAN_REVERSE};

static wg_node call_lstm_scan(const wgi_call *c)
{
    const wgi_recurrence_attr attr = {wgi_call_flag(c, 0), 0};
    return wgi_lstm_scan(c->in, &attr);
}

const wgi_op wgi_op_lstm_scan = {
    .name = "lstm_scan",
    .min_in = 4,
    .max_in = 4,
    .n_out = 3,
    .attr_bytes = sizeof(wgi_recurrence_attr),
    .operands = {"xp", "h0", "w_hh", "c0"},
    .infer = infer_lstm_scan,
    .gradient = gradient_lstm_scan,
    .decompose = decompose_lstm_scan,
    .reference = {WGI_REALS(lstm_scan)},
    .flops = wgi_scan_flops,
    .call = call_lstm_scan,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(scan_samples, scan_bad),
};

static wg_node call_lstm_scan_backward(const wgi_call *c)
{
    const wgi_recurrence_attr attr = {wgi_call_flag(c, 0), 0};
    return lstm_scan_backward(c->in, c->n_in, &attr);
}

const wgi_op wgi_op_lstm_scan_backward = {
    .name = "lstm_scan_backward",
    .min_in = 5,
    .max_in = 7,
    .n_out = 3,
    .attr_bytes = sizeof(wgi_recurrence_attr),
    .operands = {"gates", "w_hh", "c0", "c"},
    .infer = infer_lstm_scan_backward,
    .decompose = decompose_lstm_scan_backward,
    .reference = {WGI_REALS(lstm_scan_backward)},
    .flops = wgi_scan_flops,
    .call = call_lstm_scan_backward,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(back_samples, back_bad),
};

#endif
