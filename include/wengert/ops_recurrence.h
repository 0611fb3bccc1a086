/* Recurrent cells and sequences. ops.h says what holds for all ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_RECURRENCE_H
#define WG_OPS_RECURRENCE_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The function of a plain recurrence. */
typedef enum wg_nonlinearity {
    WG_NONLINEARITY_TANH = 0,
    WG_NONLINEARITY_RELU
} wg_nonlinearity;

/** Weights as PyTorch lays them out: those of the gates follow each other along the first axis. All
 * of one floating dtype; read before the call returns. */
typedef struct wg_recurrence_weights {
    size_t size;  /**< sizeof the struct */
    wg_node w_ih; /**< [gates * hidden, inputs] */
    wg_node w_hh; /**< [gates * hidden, hidden] */
    wg_node b_ih; /**< [gates * hidden]; a zero handle: none */
    wg_node b_hh; /**< likewise */
} wg_recurrence_weights;

/** How a sequence is laid out and run; NULL or zeros: time first, forwards, tanh. */
typedef struct wg_recurrence_options {
    size_t size;                  /**< sizeof the struct */
    bool batch_first;             /**< x and y are [batch, steps, ...] */
    bool reverse;                 /**< the last step comes first; y stays in the order of x */
    wg_nonlinearity nonlinearity; /**< of wg_rnn */
    wg_node lengths;              /**< i64 [batch], each in [0, steps]; a zero handle: all steps */
} wg_recurrence_options;

/**
 * One step of a plain recurrence: h' = f(w_ih x + b_ih + w_hh h + b_hh).
 *
 * x        [batch, inputs], or i64 [batch]: each stands for a vector that is 1 at that place and 0
 *          elsewhere, and a column of w_ih is picked in place of the product
 * h        [batch, hidden]
 * returns  h', [batch, hidden]
 *
 * Records a matrix product for each of x and h, and pointwise ops. By name the operands are x, h,
 * w_ih, w_hh, b_ih, b_hh, of which the last two may be left out.
 * Gradient: that of the ops recorded.
 * Errors:   WG_ERR_SHAPE, WG_ERR_DTYPE, WG_ERR_ARGUMENT (weights, nonlinearity); when run:
 *           WG_ERR_RANGE (an index outside [0, inputs)).
 * Source:   PyTorch's RNNCell; Elman 1990.
 */
WG_API wg_node wg_rnn_cell(wg_node x, wg_node h, const wg_recurrence_weights *weights,
                           wg_nonlinearity nonlinearity);

/**
 * One step of long short-term memory, of the gates i, f, g, o in this order, with s the sigmoid:
 * c' = s(f) c + s(i) tanh(g) and h' = s(o) tanh(c').
 *
 * x        as of wg_rnn_cell
 * h, c     [batch, hidden]
 * c_next   gets c', [batch, hidden]; may be NULL
 * returns  h', [batch, hidden]
 *
 * By name the operands are x, h, c, w_ih, w_hh, b_ih, b_hh, and `output` says which result.
 * Gradient: that of the ops recorded.
 * Errors:   as wg_rnn_cell.
 * Source:   PyTorch's LSTMCell; Hochreiter and Schmidhuber 1997, with the forget gate of Gers,
 *           Schmidhuber and Cummins 2000.
 */
WG_API wg_node wg_lstm_cell(wg_node x, wg_node h, wg_node c, const wg_recurrence_weights *weights,
                            wg_node *c_next);

/**
 * One step of a gated recurrent unit, of the gates r, z, n in this order, with s the sigmoid:
 * n = tanh(w_in x + b_in + s(r) (w_hn h + b_hn)) and h' = (1 - s(z)) n + s(z) h.
 *
 * Operands, result, gradient and errors are as wg_rnn_cell's.
 * Source: PyTorch's GRUCell; Cho and others 2014, with the reset after the product.
 */
WG_API wg_node wg_gru_cell(wg_node x, wg_node h, const wg_recurrence_weights *weights);

/**
 * wg_rnn_cell along a sequence.
 *
 * x        [steps, batch, inputs], or i64 [steps, batch]: indices, as of wg_rnn_cell
 * h0       [batch, hidden], the state before the first step; a zero handle: zeros
 * options  may be NULL
 * h_n      gets the state after the last step, [batch, hidden]; may be NULL
 * returns  y, the states after each step, [steps, batch, hidden]
 *
 * The inputs of all steps are projected by one product, or gathered from the rows of w_ih's
 * transpose, and one op runs the steps: it keeps w_hh packed and evaluates gates where the products
 * leave them. Its gradient runs them backwards, and those of w_ih, w_hh and x are one product over
 * all steps each. With no step y is empty and the state stays what it was. By name the operands are
 * x, w_ih, w_hh, b_ih, b_hh, h0, lengths, of which the last four may be left out, and `output` says
 * which result.
 *
 * With lengths a sequence ends after so many steps: what x holds past the end takes no part, y is 0
 * there, h_n is the state after the sequence's own last step, and in reverse that step comes first.
 * A sequence of no steps keeps its state.
 * Gradient: to all floating operands, to any order: the second goes step by step.
 * Numerics: f32 results of different backends differ by the rounding of the steps' products, which
 *           the states carry on. Through a step's functions a gradient of 0 stays 0 beside what is
 *           not finite, as wg_gate says; through its products IEEE rules apply.
 * Errors:   as wg_rnn_cell; WG_ERR_ARGUMENT (options); when run: WG_ERR_RANGE (a length above
 * steps, where h_n is asked for). Source:   PyTorch's RNN of one layer and direction, whose h0 has
 * an axis more; with lengths that of pack_padded_sequence.
 */
WG_API wg_node wg_rnn(wg_node x, wg_node h0, const wg_recurrence_weights *weights,
                      const wg_recurrence_options *options, wg_node *h_n);

/**
 * wg_lstm_cell along a sequence; as wg_rnn.
 *
 * c0       [batch, hidden]; a zero handle: zeros
 * c_n      gets the cell after the last step, [batch, hidden]; may be NULL
 * returns  y, the states after each step, [steps, batch, hidden]
 *
 * By name the operands are x, w_ih, w_hh, b_ih, b_hh, h0, c0, lengths, of which the last five may
 * be left out. Gradient, numerics and errors are as wg_rnn's. Source: PyTorch's LSTM of one layer
 * and direction.
 */
WG_API wg_node wg_lstm(wg_node x, wg_node h0, wg_node c0, const wg_recurrence_weights *weights,
                       const wg_recurrence_options *options, wg_node *h_n, wg_node *c_n);

/**
 * wg_gru_cell along a sequence; operands, results, gradient, numerics and errors are as wg_rnn's.
 * Source: PyTorch's GRU of one layer and direction.
 */
WG_API wg_node wg_gru(wg_node x, wg_node h0, const wg_recurrence_weights *weights,
                      const wg_recurrence_options *options, wg_node *h_n);

#ifdef __cplusplus
}
#endif
#endif
