"""Normalisations. Writes normalization.txt.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np
import torch
import torch.nn.functional as F

from common import *  # noqa: F403


def moments(x, eps, is_centered=True):
    """Of rows: the means, the factors and the variances."""
    mean = x.mean(-1, keepdim=True) if is_centered else torch.zeros_like(x[..., :1])
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    return mean, 1 / torch.sqrt(variance + eps), variance


def rms(x, weight=None, eps=1e-5, axes=(-1,)):
    """Zhang, Sennrich 2019; PyTorch 1.13 has none."""
    y = x * torch.rsqrt((x * x).mean(axes, keepdim=True) + eps)
    return y if weight is None else y * weight


def layer(n, eps=1e-5):
    return lambda x, w=None, b=None: (F.layer_norm(x, x.shape[x.ndim - n :], w, b, eps),)


def first(function):
    """The op has more outputs, of which these cases give the first."""
    return lambda *x: function(*x)[0]


def all_of(function, eps=1e-5, is_centered=True):
    return lambda x, *rest: (function(x, *rest),) + moments(x, eps, is_centered)


ROWS = {"batch_axes": 1, "channel_axes": 1, "groups": 1}


def rows():
    case("layer_norm", "plain", all_of(first(layer(1))), normal(3, 5))
    case("layer_norm", "both", all_of(first(layer(1))), normal(2, 3, 5), normal(5), normal(5))
    case("layer_norm", "eps", all_of(first(layer(1, 0.5)), 0.5), normal(3, 5), normal(5), attrs={"eps": 0.5})
    case("rms_norm", "plain", all_of(rms, is_centered=False), normal(3, 5))
    case("rms_norm", "weight", all_of(rms, is_centered=False), normal(2, 3, 5), normal(5))
    case("normalize", "rows", all_of(first(layer(1))), normal(3, 5), normal(5), normal(5), attrs=ROWS)


def groups():
    def run(x, w, b):
        y = F.group_norm(x.permute(0, 2, 1), 2, w, b, 1e-5).permute(0, 2, 1)
        parts = x.reshape(2, 3, 2, 2).permute(0, 2, 1, 3).reshape(2, 2, 6)
        return (y,) + tuple(m.squeeze(-1) for m in moments(parts, 1e-5))

    attrs = {"batch_axes": 1, "channel_axes": 1, "groups": 2}
    case("normalize", "groups", run, normal(2, 3, 4), normal(4), normal(4), attrs=attrs)


def batch(eps=1e-5):
    return lambda x, w=None, b=None: F.batch_norm(x, None, None, w, b, True, 0.1, eps)


def batches():
    case("batch_norm", "signals", batch(), normal(2, 3, 4))
    case("batch_norm", "images", batch(), normal(2, 3, 2, 2), normal(3), normal(3))
    case("batch_norm", "eps", batch(0.5), normal(3, 2, 4), normal(2), normal(2), attrs={"eps": 0.5})
    hard("batch_norm", "constant", batch(), line_of(2.0), normal(2), normal(2))
    hard("batch_norm", "nan in one channel", batch(), line_of(float("nan")), normal(2), normal(2))
    hard("batch_norm", "infinity in one channel", batch(), line_of(float("inf")))


def line_of(value):
    """Two channels, of which the first has the value at its first place, or all over where 2."""
    x = np.arange(12.0).reshape(2, 2, 3)
    x[:, 0] = 2.0
    x[0, 0, 0] = value
    return x


def forms():
    def group(n):
        return lambda x, w=None, b=None: F.group_norm(x, n, w, b, 1e-5)

    case("group_norm", "images", group(2), normal(2, 4, 2, 3), normal(4), normal(4), attrs={"groups": 2})
    case("group_norm", "instances", lambda x: F.instance_norm(x), normal(2, 3, 5), attrs={"groups": 3})
    x = np.array([[[1.0, NAN], [1, 2], [3, 3], [3, 3]], [[INF, 1], [1, 2], [-3, -3], [0, 0]]])
    hard("group_norm", "odd", group(2), x, up=False, attrs={"groups": 2})
    case("l2_normalize", "rows", lambda x: F.normalize(x, dim=-1), normal(3, 5), attrs={"axis": -1})
    case("l2_normalize", "columns", lambda x: F.normalize(x, dim=0, eps=1.5), normal(3, 5), attrs={"axis": 0, "eps": 1.5})
    x = np.array([[0.0, 0, 0], [NAN, 1, 2], [INF, 1, 2], [3, 0, -4]])
    hard("l2_normalize", "odd", lambda x: F.normalize(x, dim=-1), x, up=False, attrs={"axis": -1})


def backward():
    """The gradients that PyTorch works out are the values wanted."""

    def run(x, dy, w):
        b = torch.zeros_like(w, requires_grad=True)
        x, w = x.detach().requires_grad_(), w.detach().requires_grad_()
        return torch.autograd.grad((F.layer_norm(x, (5,), w, b) * dy).sum(), (x, w, b))

    x, dy, w = normal(3, 5), normal(3, 5), normal(5)
    mean, rstd, _ = moments(torch.tensor(x), 1e-5)
    outputs = [as_array(v) for v in run(*(torch.tensor(v) for v in (x, dy, w)))]
    inputs = [x, dy, as_array(mean), as_array(rstd), w]
    plain("normalize_backward", "rows", inputs, outputs, attrs=ROWS)


def hard_ones():
    x = np.array([[1.0, NAN, 2], [1, INF, 2], [1, -INF, 2], [3, 3, 3], [0, 0, 0], [1e4, 1e4 + 1, 1e4 - 1]])
    hard("layer_norm", "odd", all_of(first(layer(1))), x, up=False)
    hard("normalize", "odd", all_of(first(layer(1))), x, up=False, attrs=ROWS)
    y = as_array(rms(torch.tensor(x)))
    y[1], y[2] = [0, NAN, 0], [0, NAN, 0]
    m = [as_array(v) for v in moments(torch.tensor(x), 1e-5, False)]
    plain_hard("rms_norm", "odd", [x], [y] + m)
    one, zero = np.ones((2, 3)), np.zeros((2, 1))
    # A constant: every element is its mean, and a gradient of ones has nowhere to go.
    wanted = [np.array([[0.0, 0, 0], [NAN, NAN, NAN]]), np.array([NAN, NAN, NAN]), np.array([2.0, 2, 2])]
    x = np.array([[0.0, 0, 0], [NAN, NAN, NAN]])
    plain_hard("normalize_backward", "odd", [x, one, zero, zero + 2], wanted, attrs=ROWS)


if __name__ == "__main__":
    rows()
    groups()
    batches()
    forms()
    backward()
    hard_ones()
    finish(__file__)
