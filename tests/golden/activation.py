"""Activations and what their gradients are made of. Writes activation.txt.

SPDX-License-Identifier: Apache-2.0
"""
import math

import numpy as np
import torch
import torch.nn.functional as F

from common import *  # noqa: F403

ODD = np.array([0.0, -0.0, INF, -INF, NAN, 2.0, -2.0])
WIDE = grid([-8, -3.5, -2, -0.75, -0.25, 0.015625, 0.5, 2.5, 6.5, 8])
C = 2 * math.sqrt(2 / math.pi)
SCALE, ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


def tanh_v(x):
    return C * (x + 0.044715 * x**3)


def mish_slope(x):
    t = torch.tanh(F.softplus(x))
    return t + x * (1 - t * t) * torch.sigmoid(x)


def gelu_slope(x):
    return torch.special.ndtr(x) + x * torch.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def gelu_tanh_slope(x):
    s = torch.sigmoid(tanh_v(x))
    return s + x * s * (1 - s) * C * (1 + 3 * 0.044715 * x * x)


SMOOTH = {
    "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
    "logsigmoid": F.logsigmoid,
    "silu": F.silu,
    "mish": F.mish,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "softsign": F.softsign,
    "selu": F.selu,
    "relu6": F.relu6,
    "hardsigmoid": lambda x: F.relu6(x + 3) / 6,  # PyTorch's own holds 1/6 in f32
    "hardswish": F.hardswish,
    "silu_slope": lambda x: torch.sigmoid(x) * (1 + x * torch.sigmoid(-x)),
    "mish_slope": mish_slope,
    "gelu_slope": gelu_slope,
    "gelu_tanh_slope": gelu_tanh_slope,
    "softsign_slope": lambda x: 1 / (1 + x.abs()) ** 2,
    "selu_slope": lambda x: torch.where(x > 0, SCALE + 0 * x, SCALE * ALPHA * torch.exp(x)),
    "relu6_slope": lambda x: ((x > 0) & (x < 6)) + 0 * x,
    "hardsigmoid_slope": lambda x: ((x > -3) & (x < 3)) / 6 + 0 * x,
    "hardswish_slope": lambda x: torch.where(x < -3, 0 * x, torch.where(x > 3, 1 + 0 * x, x / 3 + 0.5)),
}


def ones():
    for op, f in SMOOTH.items():
        case(op, "matrix", f, nonzero(3, 4))
        case(op, "wide_range", f, WIDE)


def hard_ones():
    one = np.ones(7)
    same = ("softplus", "logsigmoid", "selu", "relu6", "hardsigmoid")
    for op in same:
        grads = {0: np.array([0.0, 0, 0, 0, NAN, 1, 0])} if op == "relu6" else None
        if op == "hardsigmoid":
            grads = {0: np.array([1 / 6, 1 / 6, 0, 0, NAN, 1 / 6, 1 / 6])}
        if op == "selu":
            low = SCALE * ALPHA
            grads = {0: np.array([low, low, SCALE, 0, NAN, SCALE, low * math.exp(-2)])}
        if op == "softplus":
            s = 1 / (1 + math.exp(-2))
            grads = {0: np.array([0.5, 0.5, 1, 0, NAN, s, 1 - s])}
        hard(op, "odd", SMOOTH[op], ODD, up=one, grads=grads)
    for op in ("softplus", "logsigmoid"):
        hard(op, "far", SMOOTH[op], np.array([-1000.0, 1000.0, -745.0, 40.0]), up=np.ones(4))
    # At -inf PyTorch answers NaN; here it is -0, with a gradient of 0.
    for op in ("silu", "mish", "gelu", "gelu_tanh"):
        x = np.array([0.0, -0.0, 2.0, -2.0, -1000.0, 1000.0])
        t = torch.tensor(x, requires_grad=True)
        y = SMOOTH[op](t)
        (d,) = torch.autograd.grad(y.sum(), t)
        y, d = as_array(y), as_array(d)
        more = np.array([INF, -INF, NAN])
        y = np.concatenate([y, [INF, -0.0, NAN]])
        d = np.concatenate([d, [1.0, -0.0, NAN]])
        plain_hard(op, "odd", [np.concatenate([x, more])], [y], {0: np.ones(9)}, {0: d})
    for op in ("silu_slope", "mish_slope", "gelu_slope", "gelu_tanh_slope"):
        x = np.array([0.0, 1000.0, -1000.0, INF, -INF, NAN])
        half = 0.6 if op == "mish_slope" else 0.5
        plain_hard(op, "odd", [x], [np.array([half, 1.0, -0.0, 1.0, -0.0, NAN])])
    y = np.array([0.0, -0.0, 1.0, -1.0, NAN, 2 / 3, -2 / 3])
    d = np.array([1.0, 1.0, 0.0, 0.0, NAN, 1 / 9, 1 / 9])
    plain_hard("softsign", "odd", [ODD], [y], {0: one}, {0: d})
    plain_hard("softsign_slope", "odd", [ODD], [d])
    y = np.array([0.0, -0.0, INF, 0.0, NAN, 10 / 6, -2 / 6])
    d = np.array([0.5, 0.5, 1.0, 0.0, NAN, 7 / 6, -1 / 6])
    plain_hard("hardswish", "odd", [ODD], [y], {0: one}, {0: d})
    low = SCALE * ALPHA
    plain_hard("selu_slope", "odd", [ODD], [np.array([low, low, SCALE, 0, NAN, SCALE, low * math.exp(-2)])])
    x = np.array([0.0, 6.0, 3.0, -3.0, INF, -INF, NAN])
    plain_hard("relu6_slope", "odd", [x], [np.array([0.0, 0, 1, 0, 0, 0, NAN])])
    plain_hard("hardsigmoid_slope", "odd", [x], [np.array([1 / 6, 0, 0, 0, 0, 0, NAN])])
    plain_hard("hardswish_slope", "odd", [x], [np.array([0.5, 1, 1.5, -0.5, 1, 0, NAN])])
    hard("relu6", "bounds", F.relu6, np.array([0.0, 6.0, -1.0, 7.0]), up=np.ones(4))
    hard("hardsigmoid", "bounds", SMOOTH["hardsigmoid"], np.array([-3.0, 3.0]), up=np.ones(2))
    x = np.array([-3.0, 3.0])
    plain_hard("hardswish", "bounds", [x], [np.array([0.0, 3.0])], {0: np.ones(2)}, {0: np.array([-0.5, 1.5])})


def with_numbers():
    functions = {
        "leaky_relu": (lambda x, p: F.leaky_relu(x, p), "slope", -0.5),
        "elu": (lambda x, p: F.elu(x, p), "alpha", 0.75),
        "leaky_relu_slope": (lambda x, p: torch.where(x > 0, 1 + 0 * x, p + 0 * x), "slope", 0.125),
        "elu_slope": (lambda x, p: torch.where(x > 0, 1 + 0 * x, p * torch.exp(x)), "alpha", 0.75),
        "at_least": (lambda x, p: torch.clamp(x, min=p), "bound", 0.5078125),
        "at_most": (lambda x, p: torch.clamp(x, max=p), "bound", 0.5078125),
        "is_above": (lambda x, p: (x > p) + 0 * x, "bound", 0.5078125),
        "is_below": (lambda x, p: (x < p) + 0 * x, "bound", 0.5078125),
    }
    for op, (f, name, p) in functions.items():
        case(op, "matrix", lambda x: f(x, p), nonzero(3, 4), attrs={name: p})
        case(op, "wide_range", lambda x: f(x, p), WIDE, attrs={name: p})
    one = np.ones(7)
    y = np.array([0.0, -0.0, INF, -INF, NAN, 2.0, -0.5])
    d = np.array([0.25, 0.25, 1, 0.25, NAN, 1, 0.25])
    plain_hard("leaky_relu", "odd", [ODD], [y], {0: one}, {0: d}, attrs={"slope": 0.25})
    plain_hard("leaky_relu_slope", "odd", [ODD], [d], attrs={"slope": 0.25})
    hard("elu", "odd", lambda x: F.elu(x, 0.75), ODD, up=one, attrs={"alpha": 0.75},
         grads={0: np.array([0.75, 0.75, 1, 0, NAN, 1, 0.75 * math.exp(-2)])})
    d = np.array([0.75, 0.75, 1, 0, NAN, 1, 0.75 * math.exp(-2)])
    plain_hard("elu_slope", "odd", [ODD], [d], attrs={"alpha": 0.75})
    attrs = {"bound": 0.0}
    plain_hard("at_least", "odd", [ODD], [np.array([0.0, 0, INF, 0, NAN, 2, 0])], {0: one},
               {0: np.array([0.0, 0, 1, 0, NAN, 1, 0])}, attrs=attrs)
    plain_hard("at_most", "odd", [ODD], [np.array([0.0, 0, 0, -INF, NAN, 0, -2])], {0: one},
               {0: np.array([0.0, 0, 0, 1, NAN, 0, 1])}, attrs=attrs)
    plain_hard("is_above", "odd", [ODD], [np.array([0.0, 0, 1, 0, NAN, 1, 0])], attrs=attrs)
    plain_hard("is_below", "odd", [ODD], [np.array([0.0, 0, 0, 1, NAN, 0, 1])], attrs=attrs)


def forms():
    case("prelu", "channels", F.prelu, nonzero(3, 4), normal(4))
    case("prelu", "images", F.prelu, nonzero(2, 3, 2, 2), normal(3))
    case("prelu", "one_slope", F.prelu, nonzero(2, 3, 2), normal(1))
    hard("prelu", "odd", F.prelu, ODD[None, :], np.full(7, 0.25), up=np.ones((1, 7)))
    attrs = {"min_val": -0.5078125, "max_val": 1.0078125}
    case("hardtanh", "matrix", lambda x: F.hardtanh(x, -0.5078125, 1.0078125), normal(3, 4), attrs=attrs)
    case("hardtanh", "plain", F.hardtanh, WIDE)
    x = np.array([1.0, -1.0, 0.0, -0.0, INF, -INF, NAN])
    d = np.array([0.0, 0, 1, 1, 0, 0, NAN])
    hard("hardtanh", "odd", F.hardtanh, x, up=np.ones(7), grads={0: d})
    for axis in (0, 1, -1):
        attrs = {"axis": axis}
        case("glu", "axis_%d" % (axis % 4), lambda x: F.glu(x, axis), normal(4, 6, 2), attrs=attrs)
    case("glu", "vector", F.glu, normal(8))
    x = np.array([[1.0, 2.0, -1.0, -1000.0, 1000.0, -INF]])
    hard("glu", "far", F.glu, x, up=np.ones((1, 3)))
    hard("glu", "nothing", F.glu, normal(2, 0))


def maxout(pieces, axis):
    def f(x):
        at = axis % x.dim()
        shape = x.shape[:at] + (pieces, x.shape[at] // pieces) + x.shape[at + 1 :]
        y, i = x.reshape(shape).max(at)
        return y, i

    return f


def others():
    case("maxout", "rows", maxout(2, -1), normal(3, 6), attrs={"pieces": 2})
    case("maxout", "middle", maxout(3, 1), normal(2, 6, 2), attrs={"pieces": 3, "axis": 1})
    case("maxout", "one_piece", maxout(1, 0), normal(3), attrs={"pieces": 1, "axis": 0})
    # Ties and NaN: the first of them.
    x = np.array([[1.0, NAN, -INF, 0.0, 1.0, NAN, INF, -0.0]])
    plain_hard("maxout", "ties", [x], [np.array([[1.0, NAN, INF, 0.0]]), np.array([[0, 0, 1, 0]])],
               {0: np.ones((1, 4))}, {0: np.array([[1.0, 1, 0, 1, 0, 0, 1, 0]])}, attrs={"pieces": 2})
    x, up = normal(3, 5) + 0.5, normal(3, 5)
    noise = normals(15).reshape(3, 5)
    y, d = noisy(x, noise)
    plain("noisy_relu", "matrix", [x], [y, noise], {0: up}, {0: up * d})
    x = np.array([INF, -INF, NAN, 1000.0, -1000.0])
    noise = normals(5)
    y, d = np.array([INF, 0.0, NAN, 1000.0 + noise[3], 0.0]), np.array([1.0, 0.0, NAN, 1.0, 0.0])
    plain_hard("noisy_relu", "odd", [x], [y, noise], {0: np.ones(5)}, {0: d})


def words(n):
    """The first n words of the first random op of a list under KEY."""
    seed, stream, step = KEY
    halves = [stream & LOW, stream >> 32, step & LOW, step >> 32]
    key = philox(halves, [seed & LOW, seed >> 32])[:2]
    drawn = []
    for block in range((n + 3) // 4):
        drawn += philox([block, 0, 0, 0], key)
    return np.array(drawn[:n], dtype=np.float64)


def normals(n):
    """Box and Muller's draws: the cosine and the sine of one angle at one radius, of two words."""
    pairs = words(n + n % 2).reshape(-1, 2)
    radius = np.sqrt(-2 * np.log((pairs[:, 0] + 1) * 2.0**-32))
    angle = 2 * np.pi * pairs[:, 1] * 2.0**-32
    z = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)[:n]
    return z.astype(np.float32).astype(np.float64)


def noisy(x, noise):
    t = torch.tensor(x, requires_grad=True)
    y = torch.relu(t + torch.sqrt(torch.sigmoid(t)) * torch.tensor(noise))
    (d,) = torch.autograd.grad(y.sum(), t)
    return as_array(y), as_array(d)


def masked(axis):
    def f(x, m):
        y = torch.softmax(x.masked_fill(~m, -INF), axis)
        return y.masked_fill(~m, 0.0)

    return f


def masks():
    some = np.array([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 1, 1]], dtype=np.bool_)
    case("masked_softmax", "rows", masked(-1), normal(3, 4), some)
    case("masked_softmax", "columns", masked(0), normal(3, 4), some, attrs={"axis": 0})
    case("masked_softmax", "one_mask", masked(-1), normal(2, 3, 4), some[0])
    x = np.array([[1.0, 2.0, NAN], [NAN, INF, -INF], [1e4, -1e4, INF], [-INF, -INF, 1.0]])
    m = np.array([[1, 1, 0], [0, 0, 0], [1, 1, 0], [1, 1, 0]], dtype=np.bool_)
    p = 1 / (1 + math.exp(1.0))
    y = np.array([[p, 1 - p, 0], [0.0, 0, 0], [1.0, 0, 0], [NAN, NAN, 0]])
    up = np.array([[1.0, 0, 5], [1.0, 1, 1], [1.0, 0, 0], [1.0, 1, 1]])
    q = p * (1 - p)
    d = np.array([[q, -q, 0], [0.0, 0, 0], [0.0, 0, 0], [NAN, NAN, 0]])
    plain_hard("masked_softmax", "nothing_left", [x, m], [y], {0: up}, {0: d})


if __name__ == "__main__":
    ones()
    hard_ones()
    with_numbers()
    forms()
    others()
    masks()
    finish(__file__)
