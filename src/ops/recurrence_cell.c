/* rnn_cell, lstm_cell and gru_cell: one step of a recurrence; and the checks of all its forms.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: nothing is recorded before every operand has been found to fit. */
#include "ops/recurrence.h"

#include "ops/call.h"
#include "ops/samples.h"

extern const wgi_op wgi_op_rnn_cell;
extern const wgi_op wgi_op_lstm_cell;
extern const wgi_op wgi_op_gru_cell;

static const wg_node none = {NULL, 0, 0};

/* ---- checks ------------------------------------------------------------------------------- */

static void take_operand(wgi_recurrence *r, wg_node n)
{
    if (wgi_is_some(n)) {
        r->in[r->n_in++] = n;
    }
}

/* Operands that must be there come first, so that their names are the row's. */
static bool take_operands(wgi_recurrence *r, const wg_recurrence_weights *weights, wg_node *failed)
{
    r->in[0] = r->x;
    r->n_in = 1;
    r->draft.in = r->in;
    if (weights == NULL || weights->size != sizeof *weights) {
        take_operand(r, r->state);
        r->draft.n_in = r->n_in;
        *failed = weights == NULL
                      ? wgi_refuse(&r->draft, WG_ERR_ARGUMENT, NULL, "weights is NULL")
                      : wgi_refuse(&r->draft, WG_ERR_ARGUMENT, "set .size = sizeof of the weights",
                                   "the weights have another size");
        return false;
    }
    r->weights = *weights;
    if (r->steps < 0) {
        r->in[r->n_in++] = r->state;
        if (r->gates == 4) {
            r->in[r->n_in++] = r->cell;
        }
    }
    r->in[r->n_in++] = weights->w_ih;
    r->in[r->n_in++] = weights->w_hh;
    take_operand(r, weights->b_ih);
    take_operand(r, weights->b_hh);
    if (r->steps >= 0) {
        take_operand(r, r->state);
        take_operand(r, r->cell);
        take_operand(r, r->lengths);
    }
    r->draft.n_in = r->n_in;
    for (int32_t i = 0; i < r->n_in; i++) {
        wgi_view view;
        if (!wgi_view_of(r->in[i], &view) || r->in[i].graph != r->x.graph) {
            *failed = wgi_record(&r->draft);
            return false;
        }
    }
    return true;
}

/* What an operand that may be missing must be. */
static bool check_shape(const wgi_recurrence *r, wg_node n, const char *name,
                        const wgi_named_shape *wanted, wg_node *failed)
{
    wgi_view view;
    if (!wgi_is_some(n) || !wgi_view_of(n, &view) ||
        (view.dtype == r->dtype &&
         wgi_same_shape(view.rank, view.dims, wanted->rank, wanted->dims))) {
        return true;
    }
    if (view.dtype != r->dtype) {
        *failed = wgi_refuse(&r->draft, WG_ERR_DTYPE, NULL, "needs %s: %s (%s)",
                             wg_dtype_name((wg_dtype)r->dtype), wg_dtype_name((wg_dtype)view.dtype),
                             name);
        return false;
    }
    char text[WGI_SHAPE_TEXT];
    char found[WGI_SHAPE_TEXT];
    *failed = wgi_refuse(&r->draft, WG_ERR_SHAPE, NULL, "needs %s: %s (%s)",
                         wgi_shape_text(wanted->rank, wanted->dims, text, sizeof(text)),
                         wgi_shape_text(view.rank, view.dims, found, sizeof(found)), name);
    return false;
}

/* w_hh tells hidden and the dtype. */
static bool check_recurrent(wgi_recurrence *r, wg_node *failed)
{
    wgi_view w;
    if (!wgi_view_of(r->weights.w_hh, &w)) {
        *failed = wgi_record(&r->draft);
        return false;
    }
    if (!wgi_is_floating(w.dtype)) {
        *failed = wgi_refuse(&r->draft, WG_ERR_DTYPE, "wg_cast it to f32 or f64",
                             "needs a floating dtype: %s (w_hh)", wg_dtype_name((wg_dtype)w.dtype));
        return false;
    }
    r->dtype = w.dtype;
    r->hidden = w.rank == 2 ? w.dims[1] : 0;
    if (w.rank == 2 && w.dims[0] % r->gates == 0 && w.dims[0] / r->gates == r->hidden) {
        return true;
    }
    char text[WGI_SHAPE_TEXT];
    *failed = wgi_refuse(&r->draft, WG_ERR_SHAPE, NULL, "needs [%d * hidden, hidden]: %s (w_hh)",
                         (int)r->gates, wgi_shape_text(w.rank, w.dims, text, sizeof(text)));
    return false;
}

/* x gives steps, batch and, where it is floating, inputs; else w_ih does. */
static bool check_input(wgi_recurrence *r, int64_t *inputs, wg_node *failed)
{
    wgi_view x;
    wgi_view w;
    if (!wgi_view_of(r->x, &x) || !wgi_view_of(r->weights.w_ih, &w)) {
        *failed = wgi_record(&r->draft);
        return false;
    }
    const bool is_index = x.dtype == WG_I64;
    const int32_t rank = (r->steps < 0 ? 1 : 2) + (is_index ? 0 : 1);
    if (!is_index && x.dtype != r->dtype) {
        *failed =
            wgi_refuse(&r->draft, WG_ERR_DTYPE, NULL, "needs the dtype of w_hh or i64: %s (x)",
                       wg_dtype_name((wg_dtype)x.dtype));
        return false;
    }
    if (x.rank != rank) {
        *failed = wgi_refuse(&r->draft, WG_ERR_SHAPE, NULL, "needs rank %d: %d (x)", (int)rank,
                             (int)x.rank);
        return false;
    }
    const int32_t batch_axis = r->steps < 0 || r->batch_first ? 0 : 1;
    r->batch = x.dims[batch_axis];
    r->steps = r->steps < 0 ? -1 : x.dims[1 - batch_axis];
    *inputs = !is_index ? x.dims[rank - 1] : w.rank == 2 ? w.dims[1] : 0;
    return true;
}

/* A length for each sequence of the batch. */
static bool check_lengths(const wgi_recurrence *r, wg_node *failed)
{
    wgi_view view;
    if (!wgi_is_some(r->lengths) || !wgi_view_of(r->lengths, &view)) {
        return true;
    }
    if (view.dtype != WG_I64) {
        *failed = wgi_refuse(&r->draft, WG_ERR_DTYPE, NULL, "needs i64: %s (lengths)",
                             wg_dtype_name((wg_dtype)view.dtype));
        return false;
    }
    if (!wgi_same_shape(view.rank, view.dims, 1, &r->batch)) {
        char text[WGI_SHAPE_TEXT];
        *failed = wgi_refuse(&r->draft, WG_ERR_SHAPE, NULL, "needs [%lld]: %s (lengths)",
                             (long long)r->batch,
                             wgi_shape_text(view.rank, view.dims, text, sizeof(text)));
        return false;
    }
    return true;
}

bool wgi_recurrence_check(wgi_recurrence *r, const wg_recurrence_weights *weights, wg_node *failed)
{
    int64_t inputs = 0;
    if (!take_operands(r, weights, failed) || !check_recurrent(r, failed) ||
        !check_input(r, &inputs, failed)) {
        return false;
    }
    const int64_t rows = r->gates * r->hidden;
    const int64_t dims_ih[2] = {rows, inputs};
    const int64_t dims_state[2] = {r->batch, r->hidden};
    const wgi_named_shape ih = {NULL, 2, dims_ih};
    const wgi_named_shape bias = {NULL, 1, dims_ih};
    const wgi_named_shape state = {NULL, 2, dims_state};
    const bool is_cell = r->steps < 0;
    return check_shape(r, r->weights.w_ih, "w_ih", &ih, failed) &&
           check_shape(r, r->weights.b_ih, "b_ih", &bias, failed) &&
           check_shape(r, r->weights.b_hh, "b_hh", &bias, failed) &&
           check_shape(r, r->state, is_cell ? "h" : "h0", &state, failed) &&
           check_shape(r, r->cell, is_cell ? "c" : "c0", &state, failed) &&
           check_lengths(r, failed);
}

/* ---- compositions ------------------------------------------------------------------------- */

wg_node wgi_recurrence_bias(const wgi_recurrence *r)
{
    const wg_node a = r->weights.b_ih;
    const wg_node b = r->weights.b_hh;
    return !wgi_is_some(a) ? b : !wgi_is_some(b) ? a : wg_add(a, b);
}

wg_node wgi_recurrence_project(const wgi_recurrence *r, wg_node bias)
{
    const wg_node table = wg_transpose(r->weights.w_ih);
    if (wg_node_dtype(r->x) == WG_I64) {
        return wg_gather(wgi_is_some(bias) ? wg_add(table, bias) : table, r->x, 0);
    }
    const wg_node rows = r->steps < 0 ? r->x : wg_flatten(r->x, 0, 1);
    const wg_node y = wg_matmul(rows, table);
    const wg_node sum = wgi_is_some(bias) ? wg_add(y, bias) : y;
    const int64_t dims[3] = {wg_node_dim(r->x, 0), wg_node_dim(r->x, 1), r->gates * r->hidden};
    return r->steps < 0 ? sum : wg_reshape(sum, 3, dims);
}

wg_node wgi_times_weights(wg_node h, wg_node w)
{
    return wg_matmul(h, wg_transpose(w));
}

wg_node wgi_gate_of(wg_node gates, int64_t k, int64_t hidden)
{
    return wg_slice(gates, 1, k * hidden, (k + 1) * hidden, 1);
}

wg_node wgi_rnn_step_of(wg_node sums, bool is_relu)
{
    return is_relu ? wg_relu(sums) : wg_tanh(sums);
}

wgi_lstm_step wgi_lstm_step_of(wg_node sums, wg_node c)
{
    const int64_t hidden = wg_node_dim(c, 1);
    wg_node gate[4];
    for (int64_t k = 0; k < 4; k++) {
        const wg_node sum = wgi_gate_of(sums, k, hidden);
        gate[k] = k == 2 ? wg_tanh(sum) : wg_sigmoid(sum);
    }
    wgi_lstm_step step;
    step.gates = wg_concat(gate, 4, 1);
    step.c = wg_add(wg_mul(gate[1], c), wg_mul(gate[0], gate[2]));
    step.h = wg_mul(gate[3], wg_tanh(step.c));
    return step;
}

wgi_gru_step wgi_gru_step_of(wg_node from_input, wg_node from_state, wg_node h)
{
    const int64_t hidden = wg_node_dim(h, 1);
    wg_node gate[3];
    wgi_gru_step step;
    for (int64_t k = 0; k < 2; k++) {
        gate[k] = wg_sigmoid(
            wg_add(wgi_gate_of(from_input, k, hidden), wgi_gate_of(from_state, k, hidden)));
    }
    step.q = wgi_gate_of(from_state, 2, hidden);
    gate[2] = wg_tanh(wg_add(wgi_gate_of(from_input, 2, hidden), wg_mul(gate[0], step.q)));
    step.gates = wg_concat(gate, 3, 1);
    const wg_node one = wg_number(h.graph, wg_node_dtype(h), 1.0);
    step.h = wg_add(wg_mul(wg_sub(one, gate[1]), gate[2]), wg_mul(gate[1], h));
    return step;
}

/* ---- constructors ------------------------------------------------------------------------- */

static wg_node sums_of(const wgi_recurrence *r)
{
    const wg_node from_input = wgi_recurrence_project(r, wgi_recurrence_bias(r));
    return wg_add(from_input, wgi_times_weights(r->state, r->weights.w_hh));
}

wg_node wg_rnn_cell(wg_node x, wg_node h, const wg_recurrence_weights *weights,
                    wg_nonlinearity nonlinearity)
{
    wgi_recurrence r = {
        .draft = {.form = &wgi_op_rnn_cell}, .x = x, .state = h, .gates = 1, .steps = -1};
    wg_node failed;
    if (!wgi_recurrence_check(&r, weights, &failed)) {
        return failed;
    }
    if (nonlinearity != WG_NONLINEARITY_TANH && nonlinearity != WG_NONLINEARITY_RELU) {
        return wgi_refuse(&r.draft, WG_ERR_ARGUMENT, NULL, "there is no nonlinearity %d",
                          (int)nonlinearity);
    }
    wg_graph *g = wgi_form_begin(&r.draft);
    const wg_node y = wgi_rnn_step_of(sums_of(&r), nonlinearity == WG_NONLINEARITY_RELU);
    return wgi_form_end(g, &r.draft, y);
}

wg_node wg_lstm_cell(wg_node x, wg_node h, wg_node c, const wg_recurrence_weights *weights,
                     wg_node *c_next)
{
    wgi_recurrence r = {.draft = {.form = &wgi_op_lstm_cell},
                        .x = x,
                        .state = h,
                        .cell = c,
                        .gates = 4,
                        .steps = -1};
    wg_node failed;
    wg_node y;
    if (!wgi_recurrence_check(&r, weights, &failed)) {
        y = failed;
    } else {
        wg_graph *g = wgi_form_begin(&r.draft);
        const wgi_lstm_step step = wgi_lstm_step_of(sums_of(&r), c);
        y = wgi_form_end(g, &r.draft, step.h);
        failed = wg_is_valid(y) ? step.c : y;
    }
    if (c_next != NULL) {
        *c_next = failed;
    }
    return y;
}

wg_node wg_gru_cell(wg_node x, wg_node h, const wg_recurrence_weights *weights)
{
    wgi_recurrence r = {
        .draft = {.form = &wgi_op_gru_cell}, .x = x, .state = h, .gates = 3, .steps = -1};
    wg_node failed;
    if (!wgi_recurrence_check(&r, weights, &failed)) {
        return failed;
    }
    wg_graph *g = wgi_form_begin(&r.draft);
    const wg_node from_input = wgi_recurrence_project(&r, r.weights.b_ih);
    wg_node from_state = wgi_times_weights(h, r.weights.w_hh);
    if (wgi_is_some(r.weights.b_hh)) {
        from_state = wg_add(from_state, r.weights.b_hh);
    }
    return wgi_form_end(g, &r.draft, wgi_gru_step_of(from_input, from_state, h).h);
}

/* ---- rows --------------------------------------------------------------------------------- */

/* The weights among the operands, of which `first` is w_ih; the biases may be missing. */
static wg_recurrence_weights weights_at(const wg_node *in, int32_t n_in, int32_t first)
{
    return (wg_recurrence_weights){
        .size = sizeof(wg_recurrence_weights),
        .w_ih = first < n_in ? in[first] : none,
        .w_hh = first + 1 < n_in ? in[first + 1] : none,
        .b_ih = first + 2 < n_in ? in[first + 2] : none,
        .b_hh = first + 3 < n_in ? in[first + 3] : none,
    };
}

static wg_node rnn_of(const wg_node *in, int32_t n_in, wg_nonlinearity nonlinearity)
{
    const wg_recurrence_weights w = weights_at(in, n_in, 2);
    return wg_rnn_cell(in[0], in[1], &w, nonlinearity);
}

/* Both results in one where `output` is -1. */
static wg_node lstm_of(const wg_node *in, int32_t n_in, int32_t output)
{
    const wg_recurrence_weights w = weights_at(in, n_in, 3);
    wg_node c;
    const wg_node h = wg_lstm_cell(in[0], in[1], in[2], &w, &c);
    return output == 0 ? h : output == 1 ? c : wg_add(wg_mul(h, h), c);
}

static wg_node gru_of(const wg_node *in, int32_t n_in)
{
    const wg_recurrence_weights w = weights_at(in, n_in, 2);
    return wg_gru_cell(in[0], in[1], &w);
}

WGI_BUILD_UNTOLD(rnn_tanh, rnn_of(in, 6, WG_NONLINEARITY_TANH))
WGI_BUILD_UNTOLD(rnn_relu, rnn_of(in, 5, WG_NONLINEARITY_RELU))
WGI_BUILD_UNTOLD(rnn_plain, rnn_of(in, 4, WG_NONLINEARITY_TANH))
WGI_BUILD_UNTOLD(rnn_other, rnn_of(in, 4, (wg_nonlinearity)2))
WGI_BUILD_UNTOLD(rnn_no_weights, wg_rnn_cell(in[0], in[1], NULL, WG_NONLINEARITY_TANH))
WGI_BUILD_UNTOLD(rnn_size,
                 wg_rnn_cell(in[0], in[1], &(wg_recurrence_weights){0}, WG_NONLINEARITY_TANH))
WGI_BUILD_UNTOLD(lstm_both, lstm_of(in, 7, -1))
WGI_BUILD_UNTOLD(lstm_plain, lstm_of(in, 5, 0))
WGI_BUILD_UNTOLD(gru_biased, gru_of(in, 6))
WGI_BUILD_UNTOLD(gru_plain, gru_of(in, 4))

#define MATRIX(i, j) WGI_IN_2(i, j, WGI_NORMAL)
#define VECTOR(i) WGI_IN_1(i, WGI_NORMAL)
#define WEIGHTS(g, i, h) MATRIX((g) * (h), i), MATRIX((g) * (h), h)
#define BIASES(g, h) VECTOR((g) * (h)), VECTOR((g) * (h))
#define INDICES(b, i) WGI_IN_TYPED(b, WG_I64, i)

static const wgi_sample rnn_samples[] = {
    WGI_GOOD_UNTOLD("one row", rnn_plain, 4, MATRIX(1, 2), MATRIX(1, 1), WEIGHTS(1, 2, 1)),
    WGI_GOOD_UNTOLD("no inputs", rnn_plain, 4, MATRIX(2, 0), MATRIX(2, 1), WEIGHTS(1, 0, 1)),
    WGI_GOOD_UNTOLD("no bias", rnn_plain, 4, MATRIX(2, 3), MATRIX(2, 2), WEIGHTS(1, 3, 2)),
    WGI_GOOD_UNTOLD("tanh", rnn_tanh, 6, MATRIX(2, 3), MATRIX(2, 4), WEIGHTS(1, 3, 4),
                    BIASES(1, 4)),
    WGI_GOOD_UNTOLD("relu, one bias", rnn_relu, 5, MATRIX(2, 3), MATRIX(2, 2), WEIGHTS(1, 3, 2),
                    VECTOR(2)),
    WGI_GOOD_UNTOLD("indices", rnn_tanh, 6, INDICES(3, 4), MATRIX(3, 2), WEIGHTS(1, 4, 2),
                    BIASES(1, 2)),
    WGI_GOOD_UNTOLD("no row", rnn_plain, 4, MATRIX(0, 3), MATRIX(0, 2), WEIGHTS(1, 3, 2)),
};

static const wgi_sample rnn_bad[] = {
    WGI_BAD_STEP("nonlinearity", rnn_other, WG_ERR_ARGUMENT, "rnn_cell: there is no nonlinearity 2",
                 4, MATRIX(2, 3), MATRIX(2, 4), WEIGHTS(1, 3, 4)),
    WGI_BAD_STEP("no weights", rnn_no_weights, WG_ERR_ARGUMENT, "rnn_cell: weights is NULL", 2,
                 MATRIX(2, 3), MATRIX(2, 4)),
    WGI_BAD_STEP("size", rnn_size, WG_ERR_ARGUMENT, "rnn_cell: the weights have another size", 2,
                 MATRIX(2, 3), MATRIX(2, 4)),
    WGI_BAD_STEP("state", rnn_plain, WG_ERR_SHAPE, "rnn_cell: needs [2, 4]: [2, 5] (h)", 4,
                 MATRIX(2, 3), MATRIX(2, 5), WEIGHTS(1, 3, 4)),
    WGI_BAD_STEP("rank", rnn_plain, WG_ERR_SHAPE, "rnn_cell: needs rank 2: 1 (x)", 4, VECTOR(3),
                 MATRIX(2, 4), WEIGHTS(1, 3, 4)),
    WGI_BAD_STEP("input", rnn_plain, WG_ERR_DTYPE,
                 "rnn_cell: needs the dtype of w_hh or i64: bool (x)", 4,
                 WGI_IN_TYPED(3, WG_BOOL, 2), MATRIX(3, 4), WEIGHTS(1, 3, 4)),
    WGI_BAD_STEP("integers", rnn_plain, WG_ERR_DTYPE,
                 "rnn_cell: needs a floating dtype: i64 (w_hh)", 4, MATRIX(2, 3), MATRIX(2, 4),
                 MATRIX(4, 3), INDICES(4, 2)),
};

static const wgi_sample lstm_samples[] = {
    WGI_GOOD_UNTOLD("rows", lstm_plain, 5, MATRIX(2, 2), MATRIX(2, 1), MATRIX(2, 1),
                    WEIGHTS(4, 2, 1)),
    WGI_GOOD_UNTOLD("no inputs", lstm_plain, 5, MATRIX(2, 0), MATRIX(2, 1), MATRIX(2, 1),
                    WEIGHTS(4, 0, 1)),
    WGI_GOOD_UNTOLD("no bias", lstm_plain, 5, MATRIX(1, 2), MATRIX(1, 3), MATRIX(1, 3),
                    WEIGHTS(4, 2, 3)),
    WGI_GOOD_UNTOLD("both results", lstm_both, 7, MATRIX(2, 3), MATRIX(2, 2), MATRIX(2, 2),
                    WEIGHTS(4, 3, 2), BIASES(4, 2)),
    WGI_GOOD_UNTOLD("indices", lstm_both, 7, INDICES(3, 4), MATRIX(3, 2), MATRIX(3, 2),
                    WEIGHTS(4, 4, 2), BIASES(4, 2)),
};

static const wgi_sample lstm_bad[] = {
    WGI_BAD_STEP("cell", lstm_plain, WG_ERR_SHAPE, "lstm_cell: needs [2, 2]: [2, 3] (c)", 5,
                 MATRIX(2, 3), MATRIX(2, 2), MATRIX(2, 3), WEIGHTS(4, 3, 2)),
    WGI_BAD_STEP("gates", lstm_plain, WG_ERR_SHAPE,
                 "lstm_cell: needs [4 * hidden, hidden]: [6, 2] (w_hh)", 5, MATRIX(2, 3),
                 MATRIX(2, 2), MATRIX(2, 2), WEIGHTS(3, 3, 2)),
};

static const wgi_sample gru_samples[] = {
    WGI_GOOD_UNTOLD("one row", gru_plain, 4, MATRIX(1, 2), MATRIX(1, 1), WEIGHTS(3, 2, 1)),
    WGI_GOOD_UNTOLD("no inputs", gru_plain, 4, MATRIX(2, 0), MATRIX(2, 1), WEIGHTS(3, 0, 1)),
    WGI_GOOD_UNTOLD("no bias", gru_plain, 4, MATRIX(2, 3), MATRIX(2, 2), WEIGHTS(3, 3, 2)),
    WGI_GOOD_UNTOLD("biases", gru_biased, 6, MATRIX(2, 3), MATRIX(2, 2), WEIGHTS(3, 3, 2),
                    BIASES(3, 2)),
    WGI_GOOD_UNTOLD("indices", gru_plain, 4, INDICES(3, 4), MATRIX(3, 2), WEIGHTS(3, 4, 2)),
};

static const wgi_sample gru_bad[] = {
    WGI_BAD_STEP("inputs", gru_plain, WG_ERR_SHAPE, "gru_cell: needs [6, 3]: [6, 4] (w_ih)", 4,
                 MATRIX(2, 3), MATRIX(2, 2), WEIGHTS(3, 4, 2)),
    WGI_BAD_STEP("bias", gru_biased, WG_ERR_SHAPE, "gru_cell: needs [6]: [2] (b_hh)", 6,
                 MATRIX(2, 3), MATRIX(2, 2), WEIGHTS(3, 3, 2), VECTOR(6), VECTOR(2)),
};

static const wgi_attribute attributes_rnn[] = {
    {.name = "nonlinearity", .kind = WGI_ATTR_CHOICE, .range = "tanh|relu", .is_optional = true},
};

WGI_CALL(call_rnn, rnn_of(c->in, c->n_in, (wg_nonlinearity)wgi_call_int(c, 0)))

const wgi_op wgi_op_rnn_cell = {
    WGI_FORM_OF("rnn_cell", 4, 6, "x", "h", "w_ih", "w_hh"),
    .call = call_rnn,
    WGI_ATTRIBUTES(attributes_rnn),
    WGI_SAMPLES(rnn_samples, rnn_bad),
};

static const wgi_attribute attributes_lstm[] = {
    {.name = "output", .kind = WGI_ATTR_CHOICE, .range = "h|c", .is_optional = true},
};

WGI_CALL(call_lstm, lstm_of(c->in, c->n_in, wgi_call_int(c, 0)))

const wgi_op wgi_op_lstm_cell = {
    WGI_FORM_OF("lstm_cell", 5, 7, "x", "h", "c", "w_ih"),
    .call = call_lstm,
    WGI_ATTRIBUTES(attributes_lstm),
    WGI_SAMPLES(lstm_samples, lstm_bad),
};

WGI_CALL(call_gru, gru_of(c->in, c->n_in))

const wgi_op wgi_op_gru_cell = {
    WGI_FORM_OF("gru_cell", 4, 6, "x", "h", "w_ih", "w_hh"),
    .call = call_gru,
    WGI_SAMPLES(gru_samples, gru_bad),
};
