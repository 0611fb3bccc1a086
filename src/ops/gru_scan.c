/* gru_scan and its gradient: the steps of a gated recurrent unit over projected inputs.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a state is read before the step after it is written. */
#if defined(WGI_REAL_PASS)

#include "ops/recurrence_scan.h"

/* One row of a step: the state before it, w_hh and b_hh; its gates, q and state. */
static void K(gru_row)(const real *const in[4], real *gates, real *q, real *y, int64_t hidden)
{
    const real *before = in[0];
    const real *bias = in[2];
    const real *xp = in[3];
    for (int64_t j = 0; j < hidden; j++) {
        real sum[3];
        for (int64_t k = 0; k < 3; k++) {
            const int64_t at = k * hidden + j;
            sum[k] = K(scan_dot)(before, in[1] + at * hidden, hidden, 1) + bias[at];
        }
        const real r = K(scan_sigmoid)(xp[j] + sum[0]);
        const real z = K(scan_sigmoid)(xp[hidden + j] + sum[1]);
        const real n = K(scan_tanh)(xp[2 * hidden + j] + r * sum[2]);
        gates[j] = r;
        gates[hidden + j] = z;
        gates[2 * hidden + j] = n;
        q[j] = sum[2];
        y[j] = (1 - z) * n + z * before[j];
    }
}

static wg_status K(gru_scan)(const wgi_args *args)
{
    const wgi_recurrence_attr *attr = args->attr;
    const wgi_view *y = &args->out[1];
    const int64_t hidden = y->dims[2];
    const int64_t batch = y->dims[1];
    for (int64_t turn = 0; turn < y->dims[0] && y->count > 0; turn++) {
        const int64_t row = wgi_step_at(attr, y->dims[0], turn) * batch;
        const real *before = K(scan_before)(attr, y, args->in[1].data, turn);
        for (int64_t b = 0; b < batch; b++) {
            const int64_t at = (row + b) * hidden;
            const real *const in[4] = {before + b * hidden, args->in[2].data, args->in[3].data,
                                       (const real *)args->in[0].data + 3 * at};
            K(gru_row)
            (in, (real *)args->out[0].data + 3 * at, (real *)args->out[2].data + at,
             (real *)y->data + at, hidden);
        }
    }
    return WG_OK;
}

/* One row of a step; what is given of the gates and of q is NULL where there is nothing. */
typedef struct K(gru_back) {
    const real *gates;
    const real *before;
    const real *q;
    const real *dy;
    const real *dgates;
    const real *dq;
    real *dxp;
    real *dhp;
    real *dh;
} K(gru_back);

static void K(gru_row_back)(const K(gru_back) * b, int64_t hidden)
{
    for (int64_t j = 0; j < hidden; j++) {
        const real r = b->gates[j];
        const real z = b->gates[hidden + j];
        const real n = b->gates[2 * hidden + j];
        real given[3] = {0, 0, 0};
        for (int64_t k = 0; k < 3 && b->dgates != NULL; k++) {
            given[k] = b->dgates[k * hidden + j];
        }
        const real dh = b->dy[j] + b->dh[j];
        const real to_n = K(scan_gate)(dh, 1 - z) + given[2];
        const real to_z = K(scan_gate)(dh, b->before[j] - n) + given[1];
        const real dn = K(scan_gate)(to_n, 1 - n * n);
        const real dz = K(scan_gate)(to_z, z * (1 - z));
        const real to_r = K(scan_gate)(dn, b->q[j]) + given[0];
        const real dr = K(scan_gate)(to_r, r * (1 - r));
        b->dxp[j] = dr;
        b->dxp[hidden + j] = dz;
        b->dxp[2 * hidden + j] = dn;
        b->dhp[j] = dr;
        b->dhp[hidden + j] = dz;
        b->dhp[2 * hidden + j] = K(scan_gate)(dn, r) + (b->dq != NULL ? b->dq[j] : 0);
        b->dh[j] = K(scan_gate)(dh, z);
    }
}

static const real *K(row_of)(const wgi_args *args, int32_t i, int64_t row)
{
    const wgi_view *x = &args->in[i];
    return i < args->n_in ? (const real *)x->data + row * x->dims[2] : NULL;
}

static wg_status K(gru_scan_backward)(const wgi_args *args)
{
    const wgi_recurrence_attr *attr = args->attr;
    const wgi_view *y = &args->in[4];
    const int64_t hidden = y->dims[2];
    const int64_t batch = y->dims[1];
    real *dh = args->out[1].data;
    const int64_t sizes[3] = {batch, 3 * hidden, hidden};
    K(scan_clear)(&args->out[1]);
    for (int64_t turn = y->dims[0] - 1; turn >= 0 && y->count > 0; turn--) {
        const int64_t row = wgi_step_at(attr, y->dims[0], turn) * batch;
        const real *before = K(scan_before)(attr, y, args->in[2].data, turn);
        real *dhp = (real *)args->out[2].data + row * 3 * hidden;
        for (int64_t b = 0; b < batch; b++) {
            const K(gru_back) r = {
                .gates = K(row_of)(args, 0, row + b),
                .before = before + b * hidden,
                .q = K(row_of)(args, 3, row + b),
                .dy = K(row_of)(args, 5, row + b),
                .dgates = K(row_of)(args, 6, row + b),
                .dq = K(row_of)(args, 7, row + b),
                .dxp = (real *)args->out[0].data + (row + b) * 3 * hidden,
                .dhp = dhp + b * 3 * hidden,
                .dh = dh + b * hidden,
            };
            K(gru_row_back)(&r, hidden);
        }
        K(scan_back)(dhp, args->in[1].data, dh, sizes, true);
    }
    return WG_OK;
}

#else

#include "ops/recurrence.h"

#include "ops/call.h"
#include "ops/samples.h"

wg_node wgi_gru_scan(const wg_node in[4], const wgi_recurrence_attr *attr)
{
    const wgi_draft draft = {.op = WGI_OP_gru_scan, .n_in = 4, .in = in, .attr = attr};
    return wgi_record(&draft);
}

static wg_node gru_scan_backward(const wg_node *in, int32_t n_in, const wgi_recurrence_attr *attr)
{
    const wgi_draft draft = {.op = WGI_OP_gru_scan_backward, .n_in = n_in, .in = in, .attr = attr};
    return wgi_record(&draft);
}

/* ---- shape rules -------------------------------------------------------------------------- */

static wg_status infer_gru_scan(wgi_infer *q)
{
    wgi_scan_sizes s;
    wg_status status = wgi_infer_scan(q, 3, 2, &s);
    const int64_t dims[4] = {s.steps, s.batch, s.hidden, 3 * s.hidden};
    status = status != WG_OK ? status : wgi_check_shape(q, 1, "h0", 2, dims + 1);
    status = status != WG_OK ? status : wgi_check_shape(q, 3, "b_hh", 1, dims + 3);
    status = status != WG_OK ? status : wgi_infer_like(q, 0, 0);
    status = status != WG_OK ? status : wgi_infer_shape(q, 1, q->in[0].dtype, 3, dims);
    return status != WG_OK ? status : wgi_infer_shape(q, 2, q->in[0].dtype, 3, dims);
}

static wg_status infer_gru_scan_backward(wgi_infer *q)
{
    static const char *const names[] = {"gates", "w_hh", "h0", "q", "y", "dy", "dgates", "dq"};
    wgi_scan_sizes s;
    wg_status status = wgi_infer_scan(q, 3, 1, &s);
    const int64_t dims[3] = {s.steps, s.batch, s.hidden};
    status = status != WG_OK ? status : wgi_check_shape(q, 2, "h0", 2, dims + 1);
    for (int32_t i = 3; i < q->n_in && status == WG_OK; i++) {
        status = wgi_check_shape(q, i, names[i], 3, i != 6 ? dims : q->in[0].dims);
    }
    status = status != WG_OK ? status : wgi_infer_like(q, 0, 0);
    status = status != WG_OK ? status : wgi_infer_shape(q, 1, q->in[0].dtype, 2, dims + 1);
    return status != WG_OK ? status : wgi_infer_like(q, 2, 0);
}

/* ---- gradients ---------------------------------------------------------------------------- */

static void gradient_gru_scan(wgi_rule *rule)
{
    const wgi_recurrence_attr attr = *(const wgi_recurrence_attr *)rule->attr;
    const bool has_q = wgi_is_some(rule->dy[2]);
    const bool has_gates = wgi_is_some(rule->dy[0]) || has_q;
    const wg_node in[8] = {
        rule->y[0],
        rule->x[2],
        rule->x[1],
        rule->y[2],
        rule->y[1],
        wgi_or_zeros(rule->dy[1], rule->y[1]),
        has_gates ? wgi_or_zeros(rule->dy[0], rule->y[0]) : rule->dy[0],
        rule->dy[2],
    };
    const wg_node back = gru_scan_backward(in, has_q ? 8 : has_gates ? 7 : 6, &attr);
    if (!wg_is_valid(back)) {
        return;
    }
    const wg_node from_state = wg_output(back, 2);
    rule->dx[0] = back;
    rule->dx[1] = wg_output(back, 1);
    if (rule->wants[2]) {
        const wg_node before = wgi_states_before(rule->x[1], rule->y[1], &attr);
        rule->dx[2] = wgi_weights_gradient(from_state, before);
    }
    if (rule->wants[3]) {
        rule->dx[3] = wg_sum(from_state, (const int32_t[]){0, 1}, 2, false);
    }
}

/* ---- decompositions ----------------------------------------------------------------------- */

static void decompose_gru_scan(wgi_rule *rule)
{
    const wgi_recurrence_attr attr = *(const wgi_recurrence_attr *)rule->attr;
    const wgi_scan_sizes s = wgi_scan_sizes_of(rule->x[0], 3);
    const wg_node xp = rule->x[0];
    wg_node *gates = wgi_node_room(rule->graph, (size_t)(3 * s.steps + 1));
    wg_node h = rule->x[1];
    if (gates == NULL) {
        return;
    }
    for (int64_t turn = 0; turn < s.steps; turn++) {
        const int64_t t = wgi_step_at(&attr, s.steps, turn);
        const wg_node from_state = wg_add(wgi_times_weights(h, rule->x[2]), rule->x[3]);
        const wgi_gru_step step = wgi_gru_step_of(wg_select(xp, 0, t), from_state, h);
        h = step.h;
        gates[t] = step.gates;
        gates[s.steps + t] = h;
        gates[2 * s.steps + t] = step.q;
    }
    const wg_node empty = wg_slice(xp, 2, 0, s.hidden, 1);
    rule->result[0] = wgi_stack_steps(gates, s.steps, wg_slice(xp, 2, 0, 3 * s.hidden, 1));
    rule->result[1] = wgi_stack_steps(gates + s.steps, s.steps, empty);
    rule->result[2] = wgi_stack_steps(gates + 2 * s.steps, s.steps, empty);
}

/* The gradient of one step, from the operands of the backward scan. */
typedef struct step_back {
    wg_node dh;
    wg_node dxp;
    wg_node dhp;
} step_back;

static wg_node plus_given(wgi_rule *rule, wg_node d, int64_t gate, int64_t t)
{
    if (rule->n_in < 7) {
        return d;
    }
    const int64_t hidden = wg_node_dim(d, 1);
    return wg_add(d, wgi_gate_of(wg_select(rule->x[6], 0, t), gate, hidden));
}

static step_back step_backward(wgi_rule *rule, int64_t t, wg_node before, wg_node dh_after)
{
    const int64_t hidden = wg_node_dim(before, 1);
    const wg_node gates = wg_select(rule->x[0], 0, t);
    const wg_node r = wgi_gate_of(gates, 0, hidden);
    const wg_node z = wgi_gate_of(gates, 1, hidden);
    const wg_node n = wgi_gate_of(gates, 2, hidden);
    const wg_node one = wg_number(gates.graph, wg_node_dtype(gates), 1.0);
    const wg_node dh = wg_add(wg_select(rule->x[5], 0, t), dh_after);
    const wg_node to_n = plus_given(rule, wg_gate(dh, wg_sub(one, z)), 2, t);
    const wg_node dn = wg_gate(to_n, wgi_tanh_slope(n));
    const wg_node to_z = plus_given(rule, wg_gate(dh, wg_sub(before, n)), 1, t);
    const wg_node dz = wg_gate(to_z, wgi_sigmoid_slope(z));
    const wg_node to_r = plus_given(rule, wg_gate(dn, wg_select(rule->x[3], 0, t)), 0, t);
    const wg_node dr = wg_gate(to_r, wgi_sigmoid_slope(r));
    wg_node dq = wg_gate(dn, r);
    if (rule->n_in > 7) {
        dq = wg_add(dq, wg_select(rule->x[7], 0, t));
    }
    step_back d;
    d.dxp = wg_concat((const wg_node[]){dr, dz, dn}, 3, 1);
    d.dhp = wg_concat((const wg_node[]){dr, dz, dq}, 3, 1);
    d.dh = wg_add(wg_gate(dh, z), wg_matmul(d.dhp, rule->x[1]));
    return d;
}

static void decompose_gru_scan_backward(wgi_rule *rule)
{
    const wgi_recurrence_attr attr = *(const wgi_recurrence_attr *)rule->attr;
    const wgi_scan_sizes s = wgi_scan_sizes_of(rule->x[0], 3);
    wg_node *dxp = wgi_node_room(rule->graph, (size_t)(2 * s.steps + 1));
    wg_node dh = wgi_zeros_like(rule->x[2]);
    if (dxp == NULL) {
        return;
    }
    for (int64_t turn = s.steps - 1; turn >= 0; turn--) {
        const int64_t t = wgi_step_at(&attr, s.steps, turn);
        const int64_t before = wgi_step_at(&attr, s.steps, turn - 1);
        const wg_node h = turn == 0 ? rule->x[2] : wg_select(rule->x[4], 0, before);
        const step_back d = step_backward(rule, t, h, dh);
        dh = d.dh;
        dxp[t] = d.dxp;
        dxp[s.steps + t] = d.dhp;
    }
    const wg_node empty = wg_slice(rule->x[0], 2, 0, 3 * s.hidden, 1);
    rule->result[0] = wgi_stack_steps(dxp, s.steps, empty);
    rule->result[1] = dh;
    rule->result[2] = wgi_stack_steps(dxp + s.steps, s.steps, empty);
}

#define WGI_KERNEL_FILE "ops/gru_scan.c"
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

WGI_BUILD_UNTOLD(scan, join(wgi_gru_scan(in, &forwards)))
WGI_BUILD_UNTOLD(scan_reverse, join(wgi_gru_scan(in, &reverse)))
WGI_BUILD_UNTOLD(scan_gates, wgi_gru_scan(in, &forwards))
WGI_BUILD_UNTOLD(back_6, join(gru_scan_backward(in, 6, &forwards)))
WGI_BUILD_UNTOLD(back_7, join(gru_scan_backward(in, 7, &reverse)))
WGI_BUILD_UNTOLD(back_8, join(gru_scan_backward(in, 8, &forwards)))

#define SCAN_IN(t, b, h)                                                                           \
    WGI_IN_3(t, b, 3 * (h), WGI_NORMAL), WGI_IN_2(b, h, WGI_NORMAL),                               \
        WGI_IN_2(3 * (h), h, WGI_NORMAL), WGI_IN_1(3 * (h), WGI_NORMAL)
#define BACK_IN(t, b, h)                                                                           \
    WGI_IN_3(t, b, 3 * (h), WGI_UNIT), WGI_IN_2(3 * (h), h, WGI_NORMAL),                           \
        WGI_IN_2(b, h, WGI_NORMAL), WGI_IN_3(t, b, h, WGI_NORMAL), WGI_IN_3(t, b, h, WGI_NORMAL),  \
        WGI_IN_3(t, b, h, WGI_NORMAL), WGI_IN_3(t, b, 3 * (h), WGI_NORMAL),                        \
        WGI_IN_3(t, b, h, WGI_NORMAL)

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
    {.name = "bias",
     .n_in = 4,
     .in = {WGI_IN_3(2, 3, 6, WGI_NORMAL), WGI_IN_2(3, 2, WGI_NORMAL), WGI_IN_2(6, 2, WGI_NORMAL),
            WGI_IN_1(2, WGI_NORMAL)},
     .build = scan_gates,
     .status = WG_ERR_SHAPE,
     .error = "gru_scan: needs [6]: [2] (b_hh)"},
};

static const wgi_sample back_samples[] = {
    WGI_GOOD_UNTOLD("of y", back_6, 6, BACK_IN(2, 2, 2)),
    WGI_GOOD_UNTOLD("of y and gates, reverse", back_7, 7, BACK_IN(2, 1, 2)),
    WGI_GOOD_UNTOLD("of all", back_8, 8, BACK_IN(2, 1, 2)),
    WGI_GOOD_UNTOLD("wider than a vector", back_8, 8, BACK_IN(1, 2, 17)),
    WGI_GOOD_UNTOLD("no step", back_6, 6, BACK_IN(0, 2, 2)),
    WGI_GOOD_UNTOLD("no row", back_6, 6, BACK_IN(2, 0, 2)),
};

static const wgi_sample back_bad[] = {
    {.name = "state",
     .n_in = 6,
     .in = {WGI_IN_3(2, 3, 6, WGI_UNIT), WGI_IN_2(6, 2, WGI_NORMAL), WGI_IN_2(3, 1, WGI_NORMAL),
            WGI_IN_3(2, 3, 2, WGI_NORMAL), WGI_IN_3(2, 3, 2, WGI_NORMAL),
            WGI_IN_3(2, 3, 2, WGI_NORMAL)},
     .build = back_6,
     .status = WG_ERR_SHAPE,
     .error = "gru_scan_backward: needs [3, 2]: [3, 1] (h0)"},
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute attributes[] = {WGI_SCAN_REVERSE};

static wg_node call_gru_scan(const wgi_call *c)
{
    const wgi_recurrence_attr attr = {wgi_call_flag(c, 0), 0};
    return wgi_gru_scan(c->in, &attr);
}

const wgi_op wgi_op_gru_scan = {
    .name = "gru_scan",
    .min_in = 4,
    .max_in = 4,
    .n_out = 3,
    .attr_bytes = sizeof(wgi_recurrence_attr),
    .operands = {"xp", "h0", "w_hh", "b_hh"},
    .infer = infer_gru_scan,
    .gradient = gradient_gru_scan,
    .decompose = decompose_gru_scan,
    .reference = {WGI_REALS(gru_scan)},
    .flops = wgi_scan_flops,
    .call = call_gru_scan,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(scan_samples, scan_bad),
};

static wg_node call_gru_scan_backward(const wgi_call *c)
{
    const wgi_recurrence_attr attr = {wgi_call_flag(c, 0), 0};
    return gru_scan_backward(c->in, c->n_in, &attr);
}

const wgi_op wgi_op_gru_scan_backward = {
    .name = "gru_scan_backward",
    .min_in = 6,
    .max_in = 8,
    .n_out = 3,
    .attr_bytes = sizeof(wgi_recurrence_attr),
    .operands = {"gates", "w_hh", "h0", "q"},
    .infer = infer_gru_scan_backward,
    .decompose = decompose_gru_scan_backward,
    .reference = {WGI_REALS(gru_scan_backward)},
    .flops = wgi_scan_flops,
    .call = call_gru_scan_backward,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(back_samples, back_bad),
};

#endif
