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


def split(gates, parts):
    return torch.chunk(gates, parts, dim=-1)


def rnn_scan(xp, h, w):
    ys = []
    for sums in xp:
        h = torch.tanh(sums + h @ w.T)
        ys.append(h)
    return torch.stack(ys)


def lstm_scan(xp, h, w, c):
    rows = []
    for sums in xp:
        i, f, g, o = split(sums + h @ w.T, 4)
        i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
        c = f * c + i * g
        h = o * torch.tanh(c)
        rows.append((torch.cat([i, f, g, o], -1), h, c))
    return tuple(torch.stack(r) for r in zip(*rows))


def gru_scan(xp, h, w, b):
    rows = []
    for sums in xp:
        (xr, xz, xn), (hr, hz, q) = split(sums, 3), split(h @ w.T + b, 3)
        r, z = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
        n = torch.tanh(xn + r * q)
        h = (1 - z) * n + z * h
        rows.append((torch.cat([r, z, n], -1), h, q))
    return tuple(torch.stack(r) for r in zip(*rows))


def exact(t):
    return t.detach().numpy()


def backwards():
    """What autograd finds for a scan is what the backward scan gives, of the same values."""
    leaf = lambda *shape: torch.tensor(normal(*shape), requires_grad=True)
    h, c, up = leaf(2, 2), leaf(2, 2), normal(3, 2, 2)
    xp, w = leaf(3, 2, 2), leaf(2, 2)
    y = rnn_scan(xp, h, w)
    d = torch.autograd.grad((y * torch.tensor(up)).sum(), (xp, h))
    plain("rnn_scan_backward", "tanh", [exact(y), exact(w), up], [exact(v) for v in d])
    xp, w = leaf(3, 2, 8), leaf(8, 2)
    gates, y, cells = lstm_scan(xp, h, w, c)
    d = torch.autograd.grad((y * torch.tensor(up)).sum(), (xp, h, c))
    plain("lstm_scan_backward", "of y", [exact(gates), exact(w), exact(c), exact(cells), up],
          [exact(v) for v in d])
    xp, w, b = leaf(3, 2, 6), leaf(6, 2), leaf(6)
    per_step = b + torch.zeros(3, 2, 6)
    rows = []
    state = h
    for t in range(3):
        g, s, q = gru_scan(xp[t:t + 1], state, w, per_step[t])
        state = s[0]
        rows.append((g, s, q))
    gates, y, q = (torch.cat(r) for r in zip(*rows))
    d = torch.autograd.grad((y * torch.tensor(up)).sum(), (xp, h, per_step))
    plain("gru_scan_backward", "of y",
          [exact(gates), exact(w), exact(h), exact(q), exact(y), up], [exact(v) for v in d])


def scans():
    case("rnn_scan", "tanh", rnn_scan, normal(3, 2, 2), normal(2, 2), normal(2, 2))
    case("lstm_scan", "all", lstm_scan, normal(3, 2, 8), normal(2, 2), normal(8, 2), normal(2, 2))
    case("gru_scan", "all", gru_scan, normal(3, 2, 6), normal(2, 2), normal(6, 2), normal(6))


def saturated_scans():
    """Gates at 0 and 1: every slope of theirs is 0."""
    zero = lambda *shape: np.zeros(shape)
    ends = lambda *shape: np.where(np.arange(np.prod(shape)) % 2 == 0, 800.0, -800.0).reshape(shape)
    state = normal(2, 2)
    hard("rnn_scan", "saturated", rnn_scan, ends(2, 2, 2), state, zero(2, 2))
    hard("lstm_scan", "saturated", lstm_scan, ends(2, 2, 8), state, zero(8, 2), state)
    hard("gru_scan", "saturated", gru_scan, ends(2, 2, 6), state, zero(6, 2), zero(6))
    one = np.ones((1, 1, 1))
    first = np.array([[0.5]])
    plain_hard("rnn_scan_backward", "saturated", [one, first, one],
               [zero(1, 1, 1), zero(1, 1)], None, None)
    gates = np.ones((1, 1, 4))
    cells = np.array([[[INF]]])
    plain_hard("lstm_scan_backward", "saturated",
               [gates, np.ones((4, 1)), first, cells, one],
               [zero(1, 1, 4), zero(1, 1), zero(1, 1)], None, None)
    gates = np.array([[[1.0, 1.0, 1.0]]])
    plain_hard("gru_scan_backward", "saturated",
               [gates, np.ones((3, 1)), first, one, one, one],
               [zero(1, 1, 3), np.ones((1, 1)), zero(1, 1, 3)], None, None)


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


def pieces(kind, x, weights, state, lengths, reverse):
    """Every sequence by itself: y, with 0 past the ends, and the last states."""
    ys, last = [], []
    for b, n in enumerate(lengths.tolist()):
        own = tuple(s[b:b + 1] for s in state) if kind == "lstm" else state[b:b + 1]
        y, own = run(kind, x[:n, b:b + 1], weights, own, reverse)
        ys.append(torch.cat([y, torch.zeros(x.shape[0] - n, 1, y.shape[2], dtype=y.dtype)]))
        last.append(own)
    join = lambda parts: torch.cat(list(parts))
    last = tuple(map(join, zip(*last))) if kind == "lstm" else join(last)
    return torch.cat(ys, 1), last


def lengths():
    n = np.array([3, 1, 2], dtype=np.int64)
    x, h, c = normal(3, 3, 2), normal(3, 2), normal(3, 2)
    for reverse in (False, True):
        word = "lengths, reverse" if reverse else "lengths"
        attrs = {"reverse": int(reverse)}
        for kind, gates in (("rnn", 1), ("gru", 3)):
            for k, output in enumerate(("y", "h_n")):
                case(kind, f"{word}, {output}",
                     lambda x, a, b, d, e, h, n: pieces(kind, x, (a, b, d, e), h, n, reverse)[k],
                     x, *weights(gates, 2, 2), h, n, attrs={**attrs, "output": output})
        for k, output in enumerate(("y", "h_n", "c_n")):
            def of(x, a, b, d, e, h, c, n):
                y, (h, c) = pieces("lstm", x, (a, b, d, e), (h, c), n, reverse)
                return (y, h, c)[k]
            case("lstm", f"{word}, {output}", of, x, *weights(4, 2, 2), h, c, n,
                 attrs={**attrs, "output": output})


if __name__ == "__main__":
    cells()
    sequences()
    scans()
    backwards()
    saturated_scans()
    odd()
    lengths()
    finish(__file__)  # noqa: F405
