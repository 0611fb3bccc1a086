/* rnn, lstm and gru: recurrences along a sequence.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the inputs of all steps are projected at once, before a scan runs the steps. */
#include "ops/recurrence.h"

#include "ops/call.h"
#include "ops/samples.h"

extern const wgi_op wgi_op_rnn;
extern const wgi_op wgi_op_lstm;
extern const wgi_op wgi_op_gru;

static const wg_node none = {NULL, 0, 0};

/* ---- constructors ------------------------------------------------------------------------- */

/* A sequence that is being recorded, and where its results go. */
typedef struct sequence {
    wgi_recurrence r;
    wgi_recurrence_attr attr;
    wg_graph *g;
    wg_node *last[2]; /* of the state and the cell; may be NULL */
    wg_node is_step;  /* bool [steps, batch], with lengths: before the sequence's end */
    wg_node backward; /* i64 [steps, batch], with lengths in reverse: the row of [steps * batch]
                         that stands at each place when every sequence is turned round by itself */
} sequence;

/* All results are what failed. */
static wg_node give_up(const sequence *s, wg_node failed)
{
    for (int32_t i = 0; i < 2; i++) {
        if (s->last[i] != NULL) {
            *s->last[i] = failed;
        }
    }
    return failed;
}

/* 1, 2, ... along the first axis. */
static wg_node counted(wg_graph *g, int32_t rank, const int64_t *dims)
{
    return wg_cumsum(wg_full(g, WG_I64, rank, dims, 1.0), 0);
}

/* Rows of [steps, batch, ...] by their places in [steps * batch, ...]. */
static wg_node rows_at(wg_node x, wg_node places)
{
    return wg_gather(wg_flatten(x, 0, 1), places, 0);
}

/* x where it is before the end, else 0. */
static wg_node until_end(const sequence *s, wg_node x)
{
    const bool is_vector = wg_node_dtype(x) != WG_I64;
    const wg_node is_step = is_vector ? wg_unsqueeze(s->is_step, 2) : s->is_step;
    return wg_where(is_step, x, wg_number(s->g, wg_node_dtype(x), 0.0));
}

static wg_node row_of_batch(const sequence *s)
{
    const int64_t batch = s->r.batch;
    return wg_sub(counted(s->g, 1, &batch), wg_number(s->g, WG_I64, 1.0));
}

static wg_node place_of(const sequence *s, wg_node step)
{
    const wg_node batch = wg_number(s->g, WG_I64, (double)s->r.batch);
    return wg_add(wg_mul(step, batch), row_of_batch(s));
}

/* What stands past the ends becomes 0, so that it reaches no sum; a sequence that is run in reverse
 * is turned round before its end, and is then run forwards. */
static void take_lengths(sequence *s)
{
    const wg_node count = counted(s->g, 2, (const int64_t[]){s->r.steps, 1});
    s->is_step = wg_less_equal(count, s->r.lengths);
    s->r.x = until_end(s, s->r.x);
    if (s->attr.is_reverse != 0) {
        const wg_node same = wg_sub(count, wg_number(s->g, WG_I64, 1.0));
        const wg_node step = wg_where(s->is_step, wg_sub(s->r.lengths, count), same);
        s->backward = place_of(s, step);
        s->r.x = rows_at(s->r.x, s->backward);
        s->attr.is_reverse = 0;
    }
}

static bool begin(sequence *s, const wg_recurrence_weights *weights,
                  const wg_recurrence_options *options, wg_node *failed)
{
    const bool is_known = options == NULL || options->size == sizeof *options;
    if (options != NULL && is_known) {
        s->r.batch_first = options->batch_first;
        s->r.lengths = options->lengths;
        s->attr.is_reverse = options->reverse;
        s->attr.is_relu = (int32_t)options->nonlinearity;
    }
    if (!wgi_recurrence_check(&s->r, weights, failed)) {
        return false;
    }
    if (!is_known) {
        *failed = wgi_refuse(&s->r.draft, WG_ERR_ARGUMENT, "set .size = sizeof of the options",
                             "the options have another size");
        return false;
    }
    if (s->attr.is_relu != 0 && (s->attr.is_relu != 1 || s->r.gates > 1)) {
        *failed = wgi_refuse(&s->r.draft, WG_ERR_ARGUMENT, NULL, "there is no nonlinearity %d",
                             (int)s->attr.is_relu);
        return false;
    }
    s->g = wgi_form_begin(&s->r.draft);
    if (s->r.batch_first) {
        const bool has_inputs = wg_node_dtype(s->r.x) != WG_I64;
        s->r.x = wg_permute(s->r.x, (const int32_t[]){1, 0, 2}, has_inputs ? 3 : 2);
    }
    if (wgi_is_some(s->r.lengths)) {
        take_lengths(s);
    }
    return true;
}

/* The state or cell before the first step. */
static wg_node first_of(const sequence *s, wg_node given)
{
    const int64_t dims[2] = {s->r.batch, s->r.hidden};
    return wgi_is_some(given) ? given : wg_full(s->g, (wg_dtype)s->r.dtype, 2, dims, 0.0);
}

/* That after the last step of each sequence, which may have none. */
static wg_node at_end(const sequence *s, wg_node states, wg_node first)
{
    const wg_node one = wg_number(s->g, WG_I64, 1.0);
    const wg_node last = wg_sub(wg_maximum(s->r.lengths, one), one);
    const wg_node has_steps = wg_greater_equal(wg_unsqueeze(s->r.lengths, 1), one);
    return wg_where(has_steps, rows_at(states, place_of(s, last)), first);
}

/* That after the last one. */
static void give_last(const sequence *s, int32_t i, wg_node states, wg_node first)
{
    if (s->last[i] != NULL && s->r.steps > 0 && wgi_is_some(s->r.lengths)) {
        *s->last[i] = at_end(s, states, first);
    } else if (s->last[i] != NULL) {
        const int64_t t = wgi_step_at(&s->attr, s->r.steps, s->r.steps - 1);
        *s->last[i] = s->r.steps == 0 ? first : wg_select(states, 0, t);
    }
}

static wg_node end(const sequence *s, wg_node y)
{
    if (wgi_is_some(s->backward)) {
        y = rows_at(y, s->backward);
    }
    if (wgi_is_some(s->is_step)) {
        y = until_end(s, y);
    }
    if (s->r.batch_first) {
        y = wg_permute(y, (const int32_t[]){1, 0, 2}, 3);
    }
    y = wgi_form_end(s->g, &s->r.draft, y);
    return wg_is_valid(y) ? y : give_up(s, y);
}

wg_node wg_rnn(wg_node x, wg_node h0, const wg_recurrence_weights *weights,
               const wg_recurrence_options *options, wg_node *h_n)
{
    sequence s = {.r = {.draft = {.form = &wgi_op_rnn}, .x = x, .state = h0, .gates = 1},
                  .last = {h_n, NULL}};
    wg_node failed;
    if (!begin(&s, weights, options, &failed)) {
        return give_up(&s, failed);
    }
    const wg_node xp = wgi_recurrence_project(&s.r, wgi_recurrence_bias(&s.r));
    const wg_node in[3] = {xp, first_of(&s, h0), s.r.weights.w_hh};
    const wg_node y = wgi_rnn_scan(in, &s.attr);
    give_last(&s, 0, y, in[1]);
    return end(&s, y);
}

wg_node wg_lstm(wg_node x, wg_node h0, wg_node c0, const wg_recurrence_weights *weights,
                const wg_recurrence_options *options, wg_node *h_n, wg_node *c_n)
{
    sequence s = {
        .r = {.draft = {.form = &wgi_op_lstm}, .x = x, .state = h0, .cell = c0, .gates = 4},
        .last = {h_n, c_n}};
    wg_node failed;
    if (!begin(&s, weights, options, &failed)) {
        return give_up(&s, failed);
    }
    const wg_node xp = wgi_recurrence_project(&s.r, wgi_recurrence_bias(&s.r));
    const wg_node in[4] = {xp, first_of(&s, h0), s.r.weights.w_hh, first_of(&s, c0)};
    const wg_node scan = wgi_lstm_scan(in, &s.attr);
    if (!wg_is_valid(scan)) {
        return end(&s, scan);
    }
    give_last(&s, 0, wg_output(scan, 1), in[1]);
    give_last(&s, 1, wg_output(scan, 2), in[3]);
    return end(&s, wg_output(scan, 1));
}

wg_node wg_gru(wg_node x, wg_node h0, const wg_recurrence_weights *weights,
               const wg_recurrence_options *options, wg_node *h_n)
{
    sequence s = {.r = {.draft = {.form = &wgi_op_gru}, .x = x, .state = h0, .gates = 3},
                  .last = {h_n, NULL}};
    wg_node failed;
    if (!begin(&s, weights, options, &failed)) {
        return give_up(&s, failed);
    }
    const int64_t rows = 3 * s.r.hidden;
    const wg_node bias = wgi_is_some(s.r.weights.b_hh)
                             ? s.r.weights.b_hh
                             : wg_full(s.g, (wg_dtype)s.r.dtype, 1, &rows, 0.0);
    const wg_node xp = wgi_recurrence_project(&s.r, s.r.weights.b_ih);
    const wg_node in[4] = {xp, first_of(&s, h0), s.r.weights.w_hh, bias};
    const wg_node scan = wgi_gru_scan(in, &s.attr);
    if (!wg_is_valid(scan)) {
        return end(&s, scan);
    }
    give_last(&s, 0, wg_output(scan, 1), in[1]);
    return end(&s, wg_output(scan, 1));
}

/* ---- rows --------------------------------------------------------------------------------- */

static wg_node at(const wg_node *in, int32_t n_in, int32_t i)
{
    return i < n_in ? in[i] : none;
}

/* x, w_ih, w_hh, b_ih, b_hh, h0, then c0 of lstm, then lengths. */
static wg_recurrence_weights weights_of(const wg_node *in, int32_t n_in)
{
    return (wg_recurrence_weights){
        .size = sizeof(wg_recurrence_weights),
        .w_ih = at(in, n_in, 1),
        .w_hh = at(in, n_in, 2),
        .b_ih = at(in, n_in, 3),
        .b_hh = at(in, n_in, 4),
    };
}

#define OPTIONS(...)                                                                               \
    (&(const wg_recurrence_options){.size = sizeof(wg_recurrence_options), __VA_ARGS__})

/* One result by its place; with -1 all in one number, none with the weight of another. */
static wg_node pick(wg_node y, wg_node h, wg_node c, int32_t output)
{
    if (output >= 0) {
        return output == 0 ? y : output == 1 ? h : c;
    }
    const wg_node sum = wg_add(wg_sum_all(wg_square(y)), wg_sum_all(h));
    return wgi_is_some(c) ? wg_add(sum, wg_sum_all(wg_square(c))) : sum;
}

static wg_recurrence_options with_lengths(const wg_recurrence_options *options, wg_node lengths)
{
    wg_recurrence_options o = {.size = sizeof o};
    o = options == NULL ? o : *options;
    o.lengths = lengths;
    return o;
}

static wg_node rnn_of(const wg_node *in, int32_t n_in, const wg_recurrence_options *options,
                      int32_t output)
{
    const wg_recurrence_weights w = weights_of(in, n_in);
    const wg_recurrence_options o = with_lengths(options, at(in, n_in, 6));
    wg_node h;
    const wg_node y = wg_rnn(in[0], at(in, n_in, 5), &w, &o, &h);
    return pick(y, h, none, output);
}

static wg_node lstm_of(const wg_node *in, int32_t n_in, const wg_recurrence_options *options,
                       int32_t output)
{
    const wg_recurrence_weights w = weights_of(in, n_in);
    const wg_recurrence_options o = with_lengths(options, at(in, n_in, 7));
    wg_node h;
    wg_node c;
    const wg_node y = wg_lstm(in[0], at(in, n_in, 5), at(in, n_in, 6), &w, &o, &h, &c);
    return pick(y, h, c, output);
}

static wg_node gru_of(const wg_node *in, int32_t n_in, const wg_recurrence_options *options,
                      int32_t output)
{
    const wg_recurrence_weights w = weights_of(in, n_in);
    const wg_recurrence_options o = with_lengths(options, at(in, n_in, 6));
    wg_node h;
    const wg_node y = wg_gru(in[0], at(in, n_in, 5), &w, &o, &h);
    return pick(y, h, none, output);
}

WGI_BUILD_UNTOLD(rnn_all, rnn_of(in, 6, NULL, -1))
WGI_BUILD_UNTOLD(rnn_relu,
                 rnn_of(in, 5, OPTIONS(.reverse = true, .nonlinearity = WG_NONLINEARITY_RELU), -1))
WGI_BUILD_UNTOLD(rnn_plain, rnn_of(in, 3, NULL, 0))
WGI_BUILD_UNTOLD(rnn_other, rnn_of(in, 3, OPTIONS(.nonlinearity = (wg_nonlinearity)2), 0))
WGI_BUILD_UNTOLD(rnn_size, rnn_of(in, 3, &(const wg_recurrence_options){0}, 0))
WGI_BUILD_UNTOLD(rnn_no_weights, wg_rnn(in[0], none, NULL, NULL, NULL))
WGI_BUILD_UNTOLD(lstm_all, lstm_of(in, 7, NULL, -1))
WGI_BUILD_UNTOLD(lstm_batch, lstm_of(in, 5, OPTIONS(.batch_first = true, .reverse = true), -1))
WGI_BUILD_UNTOLD(rnn_lengths, rnn_of(in, 7, NULL, -1))
WGI_BUILD_UNTOLD(rnn_lengths_back, rnn_of(in, 7, OPTIONS(.reverse = true), -1))
WGI_BUILD_UNTOLD(lstm_lengths, lstm_of(in, 8, OPTIONS(.reverse = true), -1))
WGI_BUILD_UNTOLD(gru_lengths, gru_of(in, 7, OPTIONS(.batch_first = true, .reverse = true), -1))
WGI_BUILD_UNTOLD(lstm_plain, lstm_of(in, 3, NULL, 0))
WGI_BUILD_UNTOLD(lstm_relu, lstm_of(in, 3, OPTIONS(.nonlinearity = WG_NONLINEARITY_RELU), 0))
WGI_BUILD_UNTOLD(gru_all, gru_of(in, 6, NULL, -1))
WGI_BUILD_UNTOLD(gru_batch, gru_of(in, 4, OPTIONS(.batch_first = true, .reverse = true), -1))
WGI_BUILD_UNTOLD(gru_plain, gru_of(in, 3, NULL, 0))

#define MATRIX(i, j) WGI_IN_2(i, j, WGI_NORMAL)
#define VECTOR(i) WGI_IN_1(i, WGI_NORMAL)
#define WEIGHTS(g, i, h) MATRIX((g) * (h), i), MATRIX((g) * (h), h)
#define BIASES(g, h) VECTOR((g) * (h)), VECTOR((g) * (h))
#define INPUT(t, b, i) WGI_IN_3(t, b, i, WGI_NORMAL)
#define INDICES(t, b, i)                                                                           \
    {                                                                                              \
        .rank = 2, .dims = {t, b}, .fill = WGI_INDEX, .dtype = WG_I64, .limit = (i)                \
    }

/* Of which each is in [0, steps]. */
#define LENGTHS(b, steps) WGI_IN_TYPED(b, WG_I64, (steps) + 1)

static const wgi_sample rnn_samples[] = {
    WGI_GOOD_UNTOLD("one step", rnn_plain, 3, INPUT(1, 2, 3), WEIGHTS(1, 3, 1)),
    WGI_GOOD_UNTOLD("no inputs", rnn_plain, 3, INPUT(2, 2, 0), WEIGHTS(1, 0, 2)),
    WGI_GOOD_UNTOLD("weights alone", rnn_plain, 3, INPUT(2, 2, 3), WEIGHTS(1, 3, 2)),
    WGI_GOOD_UNTOLD("all", rnn_all, 6, INPUT(3, 2, 2), WEIGHTS(1, 2, 3), BIASES(1, 3),
                    MATRIX(2, 3)),
    WGI_GOOD_UNTOLD("relu, reverse", rnn_relu, 5, INPUT(2, 2, 3), WEIGHTS(1, 3, 2), BIASES(1, 2)),
    WGI_GOOD_UNTOLD("indices", rnn_plain, 3, INDICES(2, 3, 4), WEIGHTS(1, 4, 2)),
    WGI_GOOD_UNTOLD("no step", rnn_all, 6, INPUT(0, 2, 2), WEIGHTS(1, 2, 3), BIASES(1, 3),
                    MATRIX(2, 3)),
    WGI_GOOD_UNTOLD("no row", rnn_plain, 3, INPUT(2, 0, 2), WEIGHTS(1, 2, 3)),
    WGI_GOOD_UNTOLD("lengths", rnn_lengths, 7, INPUT(2, 3, 2), WEIGHTS(1, 2, 2), BIASES(1, 2),
                    MATRIX(3, 2), LENGTHS(3, 2)),
    WGI_GOOD_UNTOLD("lengths, reverse, indices", rnn_lengths_back, 7, INDICES(2, 3, 4),
                    WEIGHTS(1, 4, 2), BIASES(1, 2), MATRIX(3, 2), LENGTHS(3, 2)),
    WGI_GOOD_UNTOLD("lengths, no step", rnn_lengths_back, 7, INPUT(0, 2, 2), WEIGHTS(1, 2, 2),
                    BIASES(1, 2), MATRIX(2, 2), LENGTHS(2, 0)),
};

static const wgi_sample rnn_bad[] = {
    WGI_BAD_STEP("number of lengths", rnn_lengths, WG_ERR_SHAPE, "rnn: needs [2]: [3] (lengths)", 7,
                 INPUT(3, 2, 2), WEIGHTS(1, 2, 3), BIASES(1, 3), MATRIX(2, 3), LENGTHS(3, 2)),
    WGI_BAD_STEP("dtype of lengths", rnn_lengths, WG_ERR_DTYPE, "rnn: needs i64: bool (lengths)", 7,
                 INPUT(3, 2, 2), WEIGHTS(1, 2, 3), BIASES(1, 3), MATRIX(2, 3),
                 WGI_IN_TYPED(2, WG_BOOL, 2)),
    WGI_BAD_STEP("nonlinearity", rnn_other, WG_ERR_ARGUMENT, "rnn: there is no nonlinearity 2", 3,
                 INPUT(2, 2, 3), WEIGHTS(1, 3, 4)),
    WGI_BAD_STEP("options", rnn_size, WG_ERR_ARGUMENT, "rnn: the options have another size", 3,
                 INPUT(2, 2, 3), WEIGHTS(1, 3, 4)),
    WGI_BAD_STEP("no weights", rnn_no_weights, WG_ERR_ARGUMENT, "rnn: weights is NULL", 1,
                 INPUT(2, 2, 3)),
    WGI_BAD_STEP("rank", rnn_plain, WG_ERR_SHAPE, "rnn: needs rank 3: 2 (x)", 3, MATRIX(2, 3),
                 WEIGHTS(1, 3, 4)),
    WGI_BAD_STEP("indices", rnn_plain, WG_ERR_SHAPE, "rnn: needs rank 2: 1 (x)", 3,
                 WGI_IN_TYPED(3, WG_I64, 3), WEIGHTS(1, 3, 4)),
};

static const wgi_sample lstm_samples[] = {
    WGI_GOOD_UNTOLD("one step", lstm_plain, 3, INPUT(1, 2, 3), WEIGHTS(4, 3, 1)),
    WGI_GOOD_UNTOLD("no inputs", lstm_plain, 3, INPUT(2, 2, 0), WEIGHTS(4, 0, 2)),
    WGI_GOOD_UNTOLD("weights alone", lstm_plain, 3, INPUT(2, 2, 3), WEIGHTS(4, 3, 2)),
    WGI_GOOD_UNTOLD("all", lstm_all, 7, INPUT(3, 2, 2), WEIGHTS(4, 2, 2), BIASES(4, 2),
                    MATRIX(2, 2), MATRIX(2, 2)),
    WGI_GOOD_UNTOLD("batch first, reverse", lstm_batch, 5, INPUT(2, 3, 2), WEIGHTS(4, 2, 2),
                    BIASES(4, 2)),
    WGI_GOOD_UNTOLD("indices", lstm_all, 7, INDICES(2, 3, 4), WEIGHTS(4, 4, 2), BIASES(4, 2),
                    MATRIX(3, 2), MATRIX(3, 2)),
    WGI_GOOD_UNTOLD("indices, batch first", lstm_batch, 5, INDICES(2, 3, 4), WEIGHTS(4, 4, 2),
                    BIASES(4, 2)),
    WGI_GOOD_UNTOLD("no step", lstm_all, 7, INPUT(0, 2, 2), WEIGHTS(4, 2, 2), BIASES(4, 2),
                    MATRIX(2, 2), MATRIX(2, 2)),
    WGI_GOOD_UNTOLD("lengths, reverse", lstm_lengths, 8, INPUT(3, 3, 2), WEIGHTS(4, 2, 2),
                    BIASES(4, 2), MATRIX(3, 2), MATRIX(3, 2), LENGTHS(3, 3)),
    WGI_GOOD_UNTOLD("no row", lstm_plain, 3, INPUT(2, 0, 2), WEIGHTS(4, 2, 2)),
};

static const wgi_sample lstm_bad[] = {
    WGI_BAD_STEP("cell", lstm_all, WG_ERR_SHAPE, "lstm: needs [2, 2]: [2, 1] (c0)", 7,
                 INPUT(3, 2, 2), WEIGHTS(4, 2, 2), BIASES(4, 2), MATRIX(2, 2), MATRIX(2, 1)),
    WGI_BAD_STEP("relu", lstm_relu, WG_ERR_ARGUMENT, "lstm: there is no nonlinearity 1", 3,
                 INPUT(3, 2, 2), WEIGHTS(4, 2, 2)),
    WGI_BAD_STEP("gates", lstm_plain, WG_ERR_SHAPE,
                 "lstm: needs [4 * hidden, hidden]: [6, 2] (w_hh)", 3, INPUT(3, 2, 2),
                 WEIGHTS(3, 2, 2)),
};

static const wgi_sample gru_samples[] = {
    WGI_GOOD_UNTOLD("one step", gru_plain, 3, INPUT(1, 2, 3), WEIGHTS(3, 3, 1)),
    WGI_GOOD_UNTOLD("no inputs", gru_plain, 3, INPUT(2, 2, 0), WEIGHTS(3, 0, 2)),
    WGI_GOOD_UNTOLD("weights alone", gru_plain, 3, INPUT(2, 2, 3), WEIGHTS(3, 3, 2)),
    WGI_GOOD_UNTOLD("all", gru_all, 6, INPUT(3, 2, 2), WEIGHTS(3, 2, 2), BIASES(3, 2),
                    MATRIX(2, 2)),
    WGI_GOOD_UNTOLD("batch first, reverse", gru_batch, 4, INPUT(2, 3, 2), WEIGHTS(3, 2, 2),
                    VECTOR(6)),
    WGI_GOOD_UNTOLD("indices", gru_plain, 3, INDICES(2, 3, 4), WEIGHTS(3, 4, 2)),
    WGI_GOOD_UNTOLD("lengths, batch first, reverse", gru_lengths, 7, INPUT(3, 3, 2),
                    WEIGHTS(3, 2, 2), BIASES(3, 2), MATRIX(3, 2), LENGTHS(3, 3)),
    WGI_GOOD_UNTOLD("no step", gru_all, 6, INPUT(0, 2, 2), WEIGHTS(3, 2, 2), BIASES(3, 2),
                    MATRIX(2, 2)),
};

static const wgi_sample gru_bad[] = {
    WGI_BAD_STEP("bias", gru_all, WG_ERR_SHAPE, "gru: needs [6]: [5] (b_ih)", 6, INPUT(3, 2, 2),
                 WEIGHTS(3, 2, 2), VECTOR(5), VECTOR(6), MATRIX(2, 2)),
};

#define LAYOUT_ATTRIBUTES                                                                          \
    {.name = "batch_first", .kind = WGI_ATTR_FLAG, .is_optional = true},                           \
    {                                                                                              \
        .name = "reverse", .kind = WGI_ATTR_FLAG, .is_optional = true                              \
    }

static wg_recurrence_options options_of(const wgi_call *c)
{
    return (wg_recurrence_options){
        .size = sizeof(wg_recurrence_options),
        .batch_first = wgi_call_flag(c, 0),
        .reverse = wgi_call_flag(c, 1),
    };
}

static const wgi_attribute attributes_rnn[] = {
    LAYOUT_ATTRIBUTES,
    {.name = "output", .kind = WGI_ATTR_CHOICE, .range = "y|h_n", .is_optional = true},
    {.name = "nonlinearity", .kind = WGI_ATTR_CHOICE, .range = "tanh|relu", .is_optional = true},
};

static wg_node call_rnn(const wgi_call *c)
{
    wg_recurrence_options options = options_of(c);
    options.nonlinearity = (wg_nonlinearity)wgi_call_int(c, 3);
    return rnn_of(c->in, c->n_in, &options, wgi_call_int(c, 2));
}

const wgi_op wgi_op_rnn = {
    WGI_FORM_OF("rnn", 3, 7, "x", "w_ih", "w_hh", "b_ih"),
    .call = call_rnn,
    WGI_ATTRIBUTES(attributes_rnn),
    WGI_SAMPLES(rnn_samples, rnn_bad),
};

static const wgi_attribute attributes_lstm[] = {
    LAYOUT_ATTRIBUTES,
    {.name = "output", .kind = WGI_ATTR_CHOICE, .range = "y|h_n|c_n", .is_optional = true},
};

static wg_node call_lstm(const wgi_call *c)
{
    const wg_recurrence_options options = options_of(c);
    return lstm_of(c->in, c->n_in, &options, wgi_call_int(c, 2));
}

const wgi_op wgi_op_lstm = {
    WGI_FORM_OF("lstm", 3, 8, "x", "w_ih", "w_hh", "b_ih"),
    .call = call_lstm,
    WGI_ATTRIBUTES(attributes_lstm),
    WGI_SAMPLES(lstm_samples, lstm_bad),
};

static const wgi_attribute attributes_gru[] = {
    LAYOUT_ATTRIBUTES,
    {.name = "output", .kind = WGI_ATTR_CHOICE, .range = "y|h_n", .is_optional = true},
};

static wg_node call_gru(const wgi_call *c)
{
    const wg_recurrence_options options = options_of(c);
    return gru_of(c->in, c->n_in, &options, wgi_call_int(c, 2));
}

const wgi_op wgi_op_gru = {
    WGI_FORM_OF("gru", 3, 7, "x", "w_ih", "w_hh", "b_ih"),
    .call = call_gru,
    WGI_ATTRIBUTES(attributes_gru),
    WGI_SAMPLES(gru_samples, gru_bad),
};
