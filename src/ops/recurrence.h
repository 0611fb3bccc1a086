/* What cells and sequences share.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Steps are numbered in the order of x's first axis, turns in the order in which they are run. */
#ifndef WGI_OPS_RECURRENCE_H
#define WGI_OPS_RECURRENCE_H

#include "ops/params.h"
#include "ops/support.h"

/* ---- scans: the steps of a sequence whose inputs are projected ------------------------------ */

/* xp [steps, batch, gates * hidden], h0 and c0 [batch, hidden], w_hh [gates * hidden, hidden], b_hh
 * [gates * hidden]. Results are
 *   rnn_scan   y [steps, batch, hidden]
 *   lstm_scan  the gates i, f, g, o after their functions, in the shape of xp; y; c in its shape
 *   gru_scan   the gates r, z, n likewise; y; q = w_hn h + b_hn in its shape */
wg_node wgi_rnn_scan(const wg_node in[3], const wgi_recurrence_attr *attr);
wg_node wgi_lstm_scan(const wg_node in[4], const wgi_recurrence_attr *attr);
wg_node wgi_gru_scan(const wg_node in[4], const wgi_recurrence_attr *attr);

/* ---- steps as compositions ------------------------------------------------------------------ */

typedef struct wgi_lstm_step {
    wg_node gates;
    wg_node c;
    wg_node h;
} wgi_lstm_step;

/* Of the sums before the gates' functions, [batch, gates * hidden]; gru's in two parts, from the
 * input and from the state. */
wg_node wgi_rnn_step_of(wg_node sums, bool is_relu);
wgi_lstm_step wgi_lstm_step_of(wg_node sums, wg_node c);

typedef struct wgi_gru_step {
    wg_node gates;
    wg_node q;
    wg_node h;
} wgi_gru_step;

wgi_gru_step wgi_gru_step_of(wg_node from_input, wg_node from_state, wg_node h);

/* Gate k of [batch, gates * hidden]. */
wg_node wgi_gate_of(wg_node gates, int64_t k, int64_t hidden);

/* h w^T. */
wg_node wgi_times_weights(wg_node h, wg_node w);

/* ---- what the rows of the scans share ------------------------------------------------------- */

/* xp or what has its shape is operand `sequence`; operand 1 of a forward scan is h0. */
typedef struct wgi_scan_sizes {
    int64_t steps;
    int64_t batch;
    int64_t hidden;
} wgi_scan_sizes;

wgi_scan_sizes wgi_scan_sizes_of(wg_node sequence, int64_t gates);

/* The step that is run at a turn. */
static inline int64_t wgi_step_at(const wgi_recurrence_attr *attr, int64_t steps, int64_t turn)
{
    return attr->is_reverse != 0 ? steps - 1 - turn : turn;
}

/* Whether operand i has the dtype of operand 0 and this shape: "needs [2, 3]: [2, 4] (h0)". */
WGI_NODISCARD wg_status wgi_check_shape(wgi_infer *q, int32_t i, const char *name, int32_t rank,
                                        const int64_t *dims);

/* Operand 0, [steps, batch, gates * hidden], and its sizes; hidden is that of w_hh, operand
 * `weights`, which is checked too. */
WGI_NODISCARD wg_status wgi_infer_scan(wgi_infer *q, int64_t gates, int32_t weights,
                                       wgi_scan_sizes *out);

/* The states before each step, [steps, batch, hidden], of those after them. */
wg_node wgi_states_before(wg_node h0, wg_node y, const wgi_recurrence_attr *attr);

/* dw = sum over steps and batch of d^T h, of d [steps, batch, m] and h [steps, batch, n]. */
wg_node wgi_weights_gradient(wg_node d, wg_node h);

/* n nodes of one shape as [n, ...]; without any `empty`, a slice of a sequence without steps. */
wg_node wgi_stack_steps(const wg_node *steps, int64_t n, wg_node empty);

/* Zeros in the shape of x. */
wg_node wgi_zeros_like(wg_node x);

/* dy, or zeros in the shape of y where none arrived. */
wg_node wgi_or_zeros(wg_node dy, wg_node y);

/* a (1 - a), and 1 - a^2: the slopes of sigmoid and tanh by their values. */
wg_node wgi_sigmoid_slope(wg_node a);
wg_node wgi_tanh_slope(wg_node a);

/* The attributes of the rows. */
#define WGI_SCAN_REVERSE                                                                           \
    {                                                                                              \
        .name = "reverse", .kind = WGI_ATTR_FLAG, .is_optional = true,                             \
        .place = WGI_AT_I32(wgi_recurrence_attr, is_reverse)                                       \
    }
#define WGI_SCAN_NONLINEARITY                                                                      \
    {                                                                                              \
        .name = "nonlinearity", .kind = WGI_ATTR_CHOICE, .range = "tanh|relu",                     \
        .is_optional = true, .place = WGI_AT_I32(wgi_recurrence_attr, is_relu)                     \
    }

/* The arithmetic of the products of a scan: 2 steps batch gates hidden hidden. */
double wgi_scan_flops(const wgi_view *in, const wgi_view *out, const void *attr);

/* A bad sample whose call only its own file knows. */
#define WGI_BAD_STEP(title, function, expected_status, message, n, ...)                            \
    {                                                                                              \
        .name = (title), .n_in = (n), .in = {__VA_ARGS__}, .build = function,                      \
        .status = (expected_status), .error = (message)                                            \
    }

/* ---- operands of the forms ------------------------------------------------------------------ */

typedef struct wgi_recurrence {
    wgi_draft draft;
    wg_node in[8];
    wg_node x;
    wg_node state; /* h, or a zero handle */
    wg_node cell;
    wg_node lengths; /* of the sequences; a zero handle: all are whole */
    wg_recurrence_weights weights;
    int64_t gates;
    int64_t hidden;
    int64_t steps; /* -1: a cell's */
    int64_t batch;
    bool batch_first;
    int32_t n_in;
    int32_t dtype;
} wgi_recurrence;

/* Checks all operands and sizes; draft.form, x, state, cell, gates, steps (-1 or 0) and batch_first
 * are the caller's. False where the graph has been failed, and *failed is the node to return. */
WGI_NODISCARD bool wgi_recurrence_check(wgi_recurrence *r, const wg_recurrence_weights *weights,
                                        wg_node *failed);

/* w_ih x + bias in the shape of x, [batch, gates * hidden] or with steps first; bias may be a zero
 * handle. */
wg_node wgi_recurrence_project(const wgi_recurrence *r, wg_node bias);

/* b_ih + b_hh, or the one there is. */
wg_node wgi_recurrence_bias(const wgi_recurrence *r);

#endif
