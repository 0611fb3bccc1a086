"""Recurrent cells and sequences, against PyTorch's modules. Writes recurrence.txt.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np
import torch

from common import *  # noqa: F403


def cell(kind, x, state, weights, **options):
    """PyTorch's functional cells."""
    w_ih, w_hh = weights[:2]
    b_ih, b_hh = weights[2:] if len(weights) > 2 else (None, None)
    function = {"rnn": torch.rnn_tanh_cell, "relu": torch.rnn_relu_cell, "gru": torch.gru_cell,
                "lstm": torch.lstm_cell}[kind]
    return function(x, state, w_ih, w_hh, b_ih, b_hh)


def run(kind, x, weights, state, reverse=False):
    """y and the last state, step by step; x [steps, batch, inputs]."""
    steps = range(x.shape[0])
    ys = [None] * len(steps)
    for t in reversed(steps) if reverse else steps:
        state = cell(kind, x[t], state, weights)
        ys[t] = state[0] if kind == "lstm" else state
    return torch.stack(ys), state


def weights(gates, inputs, hidden):
    rows = gates * hidden
    return normal(rows, inputs), normal(rows, hidden), normal(rows), normal(rows)


def cells():
    x, h, c = normal(3, 2), normal(3, 2), normal(3, 2)
    case("rnn_cell", "tanh", lambda x, h, *w: cell("rnn", x, h, w), x, h, *weights(1, 2, 2))
    case("rnn_cell", "relu", lambda x, h, *w: cell("relu", x, h, w), x, h, *weights(1, 2, 2),
         attrs={"nonlinearity": "relu"})
    case("gru_cell", "biases", lambda x, h, *w: cell("gru", x, h, w), x, h, *weights(3, 2, 2))
    for k, name in enumerate(("h", "c")):
        case("lstm_cell", name, lambda x, h, c, *w: cell("lstm", x, (h, c), w)[k], x, h, c,
             *weights(4, 2, 2), attrs={"output": name})


def sequences():
    x, h, c = normal(3, 2, 2), normal(2, 3), normal(2, 3)
    for reverse in (False, True):
        word = "reverse" if reverse else "forwards"
        attrs = {"reverse": int(reverse)}
        case("rnn", word, lambda x, a, b, d, e, h: run("rnn", x, (a, b, d, e), h, reverse)[0], x,
             *weights(1, 2, 3), h, attrs=attrs)
        case("gru", word, lambda x, a, b, d, e, h: run("gru", x, (a, b, d, e), h, reverse)[0], x,
             *weights(3, 2, 3), h, attrs=attrs)
        case("lstm", word,
             lambda x, a, b, d, e, h, c: run("lstm", x, (a, b, d, e), (h, c), reverse)[0], x,
             *weights(4, 2, 3), h, c, attrs=attrs)
    case("lstm", "last cell",
         lambda x, a, b, d, e, h, c: run("lstm", x, (a, b, d, e), (h, c))[1][1], x,
         *weights(4, 2, 3), h, c, attrs={"output": "c_n"})


def odd():
    """Saturated gates: their slopes are 0 and nothing flows back; NaN reaches its own row alone."""
    x = np.array([[[800.0]], [[-800.0]]])
    ones = lambda *shape: np.ones(shape)
    zero = lambda *shape: np.zeros(shape)
    h = np.array([[0.5]])
    hard("lstm", "saturated",
         lambda x, a, b, d, e, h, c: run("lstm", x, (a, b, d, e), (h, c))[0], x, ones(4, 1),
         zero(4, 1), zero(4), zero(4), h, h)
    hard("gru", "saturated", lambda x, a, b, d, e, h: run("gru", x, (a, b, d, e), h)[0], x,
         ones(3, 1), zero(3, 1), zero(3), zero(3), h)
    hard("rnn", "saturated", lambda x, a, b, d, e, h: run("rnn", x, (a, b, d, e), h)[0], x,
         ones(1, 1), zero(1, 1), zero(1), zero(1), h)
    nan = np.array([[NAN], [0.5]])
    h = np.array([[0.5], [0.5]])
    weight = lambda g: [ones(g, 1) / 2, ones(g, 1) / 4, zero(g), zero(g)]
    hard("rnn_cell", "nan", lambda x, h, *w: cell("rnn", x, h, w), nan, h, *weight(1), up=False)
    hard("gru_cell", "nan", lambda x, h, *w: cell("gru", x, h, w), nan, h, *weight(3), up=False)
    hard("lstm_cell", "nan", lambda x, h, c, *w: cell("lstm", x, (h, c), w)[0], nan, h, h,
         *weight(4), up=False)


if __name__ == "__main__":
    cells()
    sequences()
    odd()
    finish(__file__)  # noqa: F405
