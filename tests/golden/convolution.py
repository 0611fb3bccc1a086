"""Convolutions. Writes convolution.txt.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np
import torch
import torch.nn.functional as F

from common import *  # noqa: F403

# ---- the ops behind them, channels last -----------------------------------------------------


class Shape:
    """The attributes of an op; pairs of height and width."""

    def __init__(self, size, kernel, stride=(1, 1), dilation=(1, 1), before=(0, 0), after=(0, 0), groups=1):
        self.size, self.kernel, self.groups = size, kernel, groups
        self.stride, self.dilation, self.before, self.after = stride, dilation, before, after

    def attrs(self):
        pairs = ("kernel", "stride", "dilation", "before", "after")
        attrs = {"%s_%s" % (p, s): getattr(self, p)[i] for p in pairs for i, s in enumerate("hw")}
        return {**attrs, "groups": self.groups, "input_h": self.size[0], "input_w": self.size[1]}

    def convolve(self, x, w, bias=None):
        x = F.pad(x.permute(0, 3, 1, 2), (self.before[1], self.after[1], self.before[0], self.after[0]))
        y = F.conv2d(x, w, bias, self.stride, 0, self.dilation, self.groups)
        return y.permute(0, 2, 3, 1)

    def data(self, dy, w):
        x = torch.zeros(dy.shape[0], *self.size, w.shape[1] * self.groups, requires_grad=True)
        return torch.autograd.grad(self.convolve(x, w), x, dy, create_graph=True)[0]

    def weights(self, x, dy):
        w = torch.zeros(dy.shape[3], x.shape[3] // self.groups, *self.kernel, requires_grad=True)
        return torch.autograd.grad(self.convolve(x, w), w, dy, create_graph=True)[0]

    def triples(self, places):
        """(k, i): element k of the kernel lies on element i at a place, for each axis and place."""
        return [
            [
                [
                    (k, p * self.stride[a] + k * self.dilation[a] - self.before[a])
                    for k in range(self.kernel[a])
                    if 0 <= p * self.stride[a] + k * self.dilation[a] - self.before[a] < self.size[a]
                ]
                for p in range(places[a])
            ]
            for a in (0, 1)
        ]

    def places(self):
        reach = [d * (k - 1) + 1 for d, k in zip(self.dilation, self.kernel)]
        room = zip(self.size, self.before, self.after, reach, self.stride)
        return [(n + b + a - r) // s + 1 for n, b, a, r, s in room]

    def direct(self, x, w, y, add):
        """Calls add for the places in x, w and y of all that meet, the padding left out; one group."""
        high, wide = self.triples(self.places())
        for n in range(x[0]):
            for p, row in enumerate(high):
                for q, column in enumerate(wide):
                    for k, i in row:
                        for l, j in column:
                            for o in range(w[0]):
                                for c in range(w[1]):
                                    add((n, i, j, c), (o, c, k, l), (n, p, q, o))


SHAPES = {
    "plain": (Shape((4, 5), (3, 2)), 2, 3),
    "uneven": (Shape((4, 5), (3, 2), before=(2, 0), after=(1, 3)), 2, 2),
    "stride": (Shape((6, 5), (3, 2), stride=(3, 2), before=(1, 1), after=(0, 1)), 2, 2),
    "dilation": (Shape((6, 7), (2, 3), dilation=(3, 2), before=(1, 2)), 2, 3),
    "all": (Shape((5, 6), (2, 3), (2, 3), (2, 1), (1, 2), (2, 1)), 1, 2),
    "wide_stride": (Shape((5, 5), (1, 2), stride=(3, 4), before=(0, 1)), 2, 2),
    "groups": (Shape((4, 3), (2, 2), after=(1, 0), groups=2), 4, 6),
    "depthwise": (Shape((4, 4), (3, 3), before=(1, 1), after=(1, 1), groups=3), 3, 6),
    "point": (Shape((3, 2), (1, 1)), 3, 2),
}


def direct_hard(name, x, w, dy, s):
    """The three ops where PyTorch's padding would meet an infinity."""
    y = np.zeros(dy.shape)
    dx = np.zeros(x.shape)
    dw = np.zeros(w.shape)

    def add(i, j, k):
        y[k] += x[i] * w[j]
        dx[i] += dy[k] * w[j]
        dw[j] += x[i] * dy[k]

    with np.errstate(invalid="ignore"):
        s.direct(x.shape, w.shape, y.shape, add)
    plain_hard("convolution", name, [x, w], [y], ups={0: dy}, grads={0: dx, 1: dw}, attrs=s.attrs())
    plain_hard("convolution_data", name, [dy, w], [dx], attrs=s.attrs())
    plain_hard("convolution_weights", name, [x, dy], [dw], attrs=s.attrs())


def rows():
    for name, (s, channels, filters) in SHAPES.items():
        x = normal(2, *s.size, channels)
        w = normal(filters, channels // s.groups, *s.kernel)
        dy = normal(*s.convolve(torch.tensor(x), torch.tensor(w)).shape)
        case("convolution", name, s.convolve, x, w, attrs=s.attrs())
        case("convolution", name + "_bias", s.convolve, x, w, normal(filters), attrs=s.attrs())
        case("convolution_data", name, s.data, dy, w, attrs=s.attrs())
        case("convolution_weights", name, s.weights, x, dy, attrs=s.attrs())
    s = Shape((3, 3), (2, 2), before=(1, 0), after=(0, 1))
    x, w, dy = normal(1, 3, 3, 2), normal(2, 2, 2, 2), normal(1, 3, 3, 2)
    for name, value in (("infinite", INF), ("negative_infinite", -INF), ("nan", NAN)):
        odd_x, odd_w, odd_dy = x.copy(), w.copy(), dy.copy()
        odd_x[0, 0, 0, 1] = value
        odd_w[1, 0, 0, 1] = value
        odd_dy[0, 2, 1, 0] = value
        direct_hard(name + "_image", odd_x, w, dy, s)
        direct_hard(name + "_kernel", x, odd_w, dy, s)
        direct_hard(name + "_upstream", x, w, odd_dy, s)
    direct_hard("zeros", np.zeros_like(x), -0.0 * w, dy, s)
    direct_hard("no_image", x[:0], w, dy[:0], s)
    direct_hard("no_channel", x[..., :0], w[:, :0], dy, s)
    direct_hard("no_filter", x, w[:0], dy[..., :0], s)
    border = Shape((0, 2), (2, 1), before=(1, 0), after=(2, 0))
    direct_hard("padding_alone", normal(1, 0, 2, 2), normal(2, 2, 2, 1), normal(1, 2, 2, 2), border)


# ---- PyTorch's own ---------------------------------------------------------------------------


def padded(attrs, n):
    """Padding by attributes: for F.pad, whose list goes from the last axis to the first."""
    pads = list(attrs.get("padding", [0]))
    pads = pads * 2 * n if len(pads) == 1 else pads * 2 if len(pads) == n else pads
    return [pads[side * n + axis] for axis in reversed(range(n)) for side in (0, 1)]


def spread(attrs, name, n, default):
    given = list(attrs.get(name, [default]))
    return given * n if len(given) == 1 else given


def plain_form(n, attrs):
    convolve = F.conv1d if n == 1 else F.conv2d

    def f(x, w, bias=None):
        options = {k: spread(attrs, k, n, 1) for k in ("stride", "dilation")}
        groups = attrs.get("groups", 1)
        if attrs.get("padding_mode", "explicit") != "explicit":
            return convolve(x, w, bias, padding=attrs["padding_mode"], groups=groups, **options)
        return convolve(F.pad(x, padded(attrs, n)), w, bias, groups=groups, **options)

    return f


def transposed_form(n, attrs):
    convolve = F.conv_transpose1d if n == 1 else F.conv_transpose2d

    def f(x, w, bias=None):
        options = {k: spread(attrs, k, n, 1) for k in ("stride", "dilation")}
        options["output_padding"] = spread(attrs, "output_padding", n, 0)
        options["padding"] = spread(attrs, "padding", n, 0)
        return convolve(x, w, bias, groups=attrs.get("groups", 1), **options)

    return f


def last(f):
    """f of images whose channels are last."""

    def g(x, *others):
        return f(x.movedim(-1, -(x.ndim - 1)), *others).movedim(1, -1)

    return g


def forms_1():
    known = {
        "plain": ({}, (2, 3, 5), (2, 3, 2)),
        "stride": ({"stride": [2], "padding": [1, 0]}, (2, 2, 5), (2, 2, 3)),
        "dilation": ({"dilation": [2], "padding": [2]}, (1, 2, 5), (2, 2, 3)),
        "groups": ({"groups": 2}, (2, 4, 4), (6, 2, 3)),
        "depthwise": ({"groups": 3, "padding": [0, 2]}, (2, 3, 4), (6, 1, 3)),
        "same": ({"padding_mode": "same"}, (1, 2, 5), (2, 2, 4)),
        "same_dilation": ({"padding_mode": "same", "dilation": [3]}, (1, 2, 5), (2, 2, 2)),
        "valid": ({"padding_mode": "valid"}, (1, 2, 5), (2, 2, 4)),
        "one_signal": ({"stride": [3]}, (2, 5), (3, 2, 2)),
    }
    for name, (attrs, x, w) in known.items():
        f = plain_form(1, attrs)
        case("conv1d", name, f, normal(*x), normal(*w), attrs=attrs)
        case("conv1d", name + "_bias", f, normal(*x), normal(*w), normal(w[0]), attrs=attrs)
    f = last(plain_form(1, {}))
    case("conv1d", "channels_last", f, normal(2, 5, 3), normal(2, 3, 2), attrs={"channels_last": 1})
    odd = np.array([[[1.0, INF, 0.0, NAN, -2.0, 3.0, -INF]]])
    hard("conv1d", "odd", plain_form(1, {}), odd, np.array([[[2.0, -1.0]]]), up=np.ones((1, 1, 6)))


def forms_2():
    known = {
        "plain": ({}, (2, 3, 4, 3), (2, 3, 3, 2)),
        "stride": ({"stride": [2, 3], "padding": [1]}, (2, 2, 5, 4), (2, 2, 3, 2)),
        "one_stride": ({"stride": [2], "padding": [1, 2]}, (2, 2, 5, 4), (2, 2, 3, 2)),
        "dilation": ({"dilation": [2, 1], "padding": [0, 1, 2, 0]}, (1, 2, 5, 4), (2, 2, 2, 3)),
        "groups": ({"groups": 2}, (2, 4, 3, 3), (6, 2, 2, 2)),
        "depthwise": ({"groups": 3, "padding": [1]}, (2, 3, 3, 3), (3, 1, 3, 3)),
        "same": ({"padding_mode": "same"}, (1, 2, 3, 4), (2, 2, 3, 2)),
        "same_dilation": ({"padding_mode": "same", "dilation": [2, 3]}, (1, 2, 3, 4), (2, 2, 3, 2)),
        "valid": ({"padding_mode": "valid"}, (1, 2, 3, 4), (2, 2, 3, 2)),
        "one_image": ({"padding": [1, 0]}, (2, 4, 3), (3, 2, 2, 2)),
        "point": ({}, (2, 3, 2, 3), (4, 3, 1, 1)),
    }
    for name, (attrs, x, w) in known.items():
        f = plain_form(2, attrs)
        case("conv2d", name, f, normal(*x), normal(*w), attrs=attrs)
        case("conv2d", name + "_bias", f, normal(*x), normal(*w), normal(w[0]), attrs=attrs)
    f = last(plain_form(2, {}))
    case("conv2d", "channels_last", f, normal(2, 4, 3, 3), normal(2, 3, 3, 2), attrs={"channels_last": 1})
    odd = np.array([[[[1.0, INF, 0.0], [NAN, -2.0, 3.0], [0.5, 1.0, -INF]]]])
    w = np.array([[[[2.0, -1.0]]]])
    hard("conv2d", "odd", plain_form(2, {}), odd, w, up=np.ones((1, 1, 3, 2)))


def forms_transposed():
    known = {
        "plain": ({}, (2, 3, 4), (3, 2, 2)),
        "stride": ({"stride": [2], "padding": [1]}, (2, 2, 4), (2, 2, 3)),
        "dilation": ({"dilation": [2], "padding": [1]}, (1, 2, 4), (2, 2, 3)),
        "output_padding": ({"stride": [3], "output_padding": [2]}, (1, 2, 4), (2, 3, 2)),
        "output_padding_cut": ({"dilation": [3], "padding": [2], "output_padding": [2]}, (1, 2, 4), (2, 3, 2)),
        "output_padding_tail": ({"dilation": [3], "padding": [1], "output_padding": [2]}, (1, 2, 4), (2, 3, 2)),
        "groups": ({"groups": 2}, (2, 4, 3), (4, 2, 3)),
        "depthwise": ({"groups": 3}, (2, 3, 3), (3, 2, 3)),
        "one_signal": ({"stride": [2]}, (2, 4), (2, 3, 2)),
    }
    for name, (attrs, x, w) in known.items():
        filters = w[1] * attrs.get("groups", 1)
        f = transposed_form(1, attrs)
        case("conv_transpose1d", name, f, normal(*x), normal(*w), attrs=attrs)
        case("conv_transpose1d", name + "_bias", f, normal(*x), normal(*w), normal(filters), attrs=attrs)
        f = transposed_form(2, attrs)
        x, w = x[:-1] + (3, 2), w + (2,)
        case("conv_transpose2d", name, f, normal(*x), normal(*w), attrs=attrs)
        case("conv_transpose2d", name + "_bias", f, normal(*x), normal(*w), normal(filters), attrs=attrs)
    attrs = {"stride": [2, 3], "padding": [1, 0], "dilation": [1, 2], "output_padding": [1, 2], "groups": 2}
    case("conv_transpose2d", "all", transposed_form(2, attrs), normal(1, 4, 3, 2), normal(4, 2, 3, 2), attrs=attrs)
    attrs = {"channels_last": 1}
    f = last(transposed_form(2, {}))
    case("conv_transpose2d", "channels_last", f, normal(2, 3, 2, 3), normal(3, 2, 2, 3), attrs=attrs)
    f = last(transposed_form(1, {}))
    case("conv_transpose1d", "channels_last", f, normal(2, 4, 3), normal(3, 2, 2), attrs=attrs)
    odd = np.array([[[1.0, INF, 0.0, NAN, -2.0, 3.0, -INF]]])
    f = transposed_form(1, {})
    hard("conv_transpose1d", "odd", f, odd, np.array([[[2.0, -1.0]]]), up=np.ones((1, 1, 8)))
    f = transposed_form(2, {})
    hard("conv_transpose2d", "odd", f, odd[None], np.array([[[[2.0, -1.0]]]]), up=np.ones((1, 1, 1, 8)))


if __name__ == "__main__":
    rows()
    forms_1()
    forms_2()
    forms_transposed()
    finish(__file__)
