"""Pooling and upsampling. Writes pooling.txt.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np
import torch
import torch.nn.functional as F

from common import *  # noqa: F403


def first(x):
    return x.permute(0, 3, 1, 2)


def last(y):
    return y.permute(0, 2, 3, 1)


def rows(size, kernel, stride=None, padding=(0, 0), dilation=(1, 1), **flags):
    """The attributes of the ops within."""
    return {"size": size, "kernel_size": kernel, "stride": stride or kernel, "padding": padding, "dilation": dilation,
            **flags}


def windows():
    """Of each pooling of images: the name, x's shape and what PyTorch is told."""
    yield "plain", (2, 3, 4, 5), dict(kernel_size=(2, 2))
    yield "rest", (1, 2, 5, 7), dict(kernel_size=(2, 3))
    yield "overlapping", (2, 2, 6, 5), dict(kernel_size=(3, 3), stride=(2, 1), padding=(1, 1))
    yield "ceil", (1, 3, 5, 6), dict(kernel_size=(2, 3), stride=(2, 2), ceil_mode=True)
    yield "ceil_padded", (1, 1, 6, 7), dict(kernel_size=(3, 2), stride=(3, 3), padding=(1, 1), ceil_mode=True)
    yield "gaps", (1, 2, 7, 7), dict(kernel_size=(2, 1), stride=(3, 2))
    yield "many_channels", (1, 19, 2, 3), dict(kernel_size=(2, 2))


def lists(options):
    return {k: int(v) if isinstance(v, bool) else list(v) for k, v in options.items()}


def of_one(options):
    return {k: v if isinstance(v, bool) else v[1] for k, v in options.items()}


def poolings():
    for name, shape, options in windows():
        x = lambda: normal(*shape)
        case("max_pool2d", name, lambda x: F.max_pool2d(x, **options), x(), attrs=lists(options))
        case("avg_pool2d", name, lambda x: F.avg_pool2d(x, **options), x(), attrs=lists(options))
        case("avg_pool2d", name + "_excluded", lambda x: F.avg_pool2d(x, count_include_pad=False, **options), x(),
             attrs={**lists(options), "count_include_pad": 0})
        places = lambda x: F.max_pool2d(x, return_indices=True, **options)[1]
        case("max_pool2d_indices", name, places, x(), up=False, attrs=lists(options))
        one = of_one(options)
        attrs = {k: int(v) if isinstance(v, bool) else [v] for k, v in one.items()}
        line = lambda: normal(*shape[1:])
        case("max_pool1d", name, lambda x: F.max_pool1d(x, **one), line(), attrs=attrs)
        case("avg_pool1d", name, lambda x: F.avg_pool1d(x, **one), line(), attrs=attrs)
        places = lambda x: F.max_pool1d(x, return_indices=True, **one)[1]
        case("max_pool1d_indices", name, places, line(), up=False, attrs=attrs)
    wide = dict(kernel_size=(3, 2), stride=(1, 2), padding=(1, 0), dilation=(2, 3))
    case("max_pool2d", "dilated", lambda x: F.max_pool2d(x, **wide), normal(1, 2, 6, 7), attrs=lists(wide))
    places = lambda x: F.max_pool2d(x, return_indices=True, **wide)[1]
    case("max_pool2d_indices", "dilated", places, normal(1, 2, 6, 7), up=False, attrs=lists(wide))
    case("max_pool1d", "dilated", lambda x: F.max_pool1d(x, 3, 1, 1, 2), normal(2, 2, 6),
         attrs={"kernel_size": [3], "stride": [1], "padding": [1], "dilation": [2]})
    two = {"kernel_size": [2, 2], "channels_last": 1}
    case("max_pool2d", "channels_last", lambda x: last(F.max_pool2d(first(x), 2)), normal(1, 4, 4, 3), attrs=two)
    case("avg_pool2d", "channels_last", lambda x: last(F.avg_pool2d(first(x), 2)), normal(1, 4, 4, 3), attrs=two)


def adaptive():
    shapes = (("even", (1, 3, 4, 6), (2, 3)), ("uneven", (1, 2, 7, 5), (3, 4)), ("more", (1, 1, 2, 3), (5, 4)))
    for name, shape, size in shapes:
        attrs = {"height": size[0], "width": size[1]}
        case("adaptive_avg_pool2d", name, lambda x: F.adaptive_avg_pool2d(x, size), normal(*shape), attrs=attrs)
        case("adaptive_max_pool2d", name, lambda x: F.adaptive_max_pool2d(x, size), normal(*shape), attrs=attrs)
        case("adaptive_avg_pool1d", name, lambda x: F.adaptive_avg_pool1d(x, size[1]), normal(*shape[1:]),
             attrs={"length": size[1]})
    case("global_avg_pool2d", "images", lambda x: F.adaptive_avg_pool2d(x, 1), normal(2, 3, 5, 4))
    case("global_max_pool2d", "images", lambda x: F.adaptive_max_pool2d(x, 1), normal(2, 3, 5, 4))
    case("global_avg_pool2d", "channels_last", lambda x: x.mean((1, 2), keepdim=True), normal(2, 3, 5, 4),
         attrs={"channels_last": 1})


def upsamplings():
    shapes = (("twice", (1, 2, 3, 4), (6, 8)), ("odd", (1, 2, 3, 5), (7, 8)), ("smaller", (1, 1, 7, 6), (3, 4)))
    for name, shape, size in shapes:
        attrs = {"output_size": list(size)}
        one = {"output_size": [size[1]]}
        case("upsample_nearest2d", name, lambda x: F.interpolate(x, size), normal(*shape), attrs=attrs)
        case("upsample_nearest1d", name, lambda x: F.interpolate(x, size[1]), normal(*shape[1:]), attrs=one)
        for corners in (False, True):
            title = name + ("_corners" if corners else "")
            f = lambda x: F.interpolate(x, size, mode="bilinear", align_corners=corners)
            case("upsample_bilinear2d", title, f, normal(*shape), attrs={**attrs, "align_corners": int(corners)})
            f = lambda x: F.interpolate(x, size[1], mode="linear", align_corners=corners)
            case("upsample_linear1d", title, f, normal(*shape[1:]), attrs={**one, "align_corners": int(corners)})
    for factor in (2.0, 1.6, 0.5):
        f = lambda x: F.interpolate(x, scale_factor=factor, mode="bilinear", recompute_scale_factor=True)
        case("upsample_bilinear2d", "factor_%g" % factor, f, normal(1, 1, 4, 5), attrs={"scale_factor": factor})


# ---- the ops within: channels last ------------------------------------------------------------


def pick(x, **options):
    """What to take g by: the winners of x."""
    flat = lambda t: t.flatten(2)
    places = F.max_pool2d(first(x), return_indices=True, **options)[1]

    def f(g):
        y = torch.gather(flat(first(g)), 2, flat(places))
        return last(y.reshape(places.shape))

    return f


def within():
    options = dict(kernel_size=(3, 2), stride=(2, 2), padding=(1, 0))
    attrs = rows([6, 5], [3, 2], [2, 2], [1, 0])
    x = normal(1, 6, 5, 3)
    t = torch.tensor(x)
    case("max_pool", "images", lambda x: last(F.max_pool2d(first(x), **options)), x, attrs=attrs)
    places = lambda x: last(F.max_pool2d(first(x), return_indices=True, **options)[1])
    case("max_pool_indices", "images", places, x, up=False, attrs=attrs)
    take = pick(t, **options)
    case("max_pool_pick", "images", lambda g, x: take(g) + 0 * x.sum(), normal(1, 6, 5, 3), x, attrs=attrs,
         grads={1: np.zeros_like(x)})
    g = torch.zeros(x.shape, requires_grad=True)
    dy, up = normal(1, 3, 2, 3), normal(*x.shape)
    dx = torch.autograd.grad((take(g) * torch.tensor(dy)).sum(), g)[0]
    plain("max_pool_backward", "images", [dy, x], [dx.numpy()], {0: up},
          {0: take(torch.tensor(up)).numpy(), 1: np.zeros_like(x)}, attrs=attrs)
    mean = lambda x: last(F.avg_pool2d(first(x), **options))
    attrs = {**attrs, "count_include_pad": 1}
    case("average_pool", "images", mean, x, attrs=attrs)
    case("average_pool_backward", "images", lambda dy: adjoint(mean, x.shape, dy), normal(1, 3, 2, 3), attrs=attrs)
    kinds = (("nearest", "nearest", None), ("linear", "bilinear", False), ("corners", "bilinear", True))
    for op, mode, corners in kinds:
        f = lambda x: last(F.interpolate(first(x), (5, 7), mode=mode, align_corners=corners))
        attrs = {"size": [3, 4], "output_size": [5, 7], "linear": int(op != "nearest")}
        attrs["align_corners"] = int(bool(corners))
        case("upsample", op, f, normal(1, 3, 4, 3), attrs=attrs)
        case("upsample_backward", op, lambda dy: adjoint(f, (1, 3, 4, 3), dy), normal(1, 5, 7, 3), attrs=attrs)


def adjoint(f, shape, dy):
    """The adjoint of a linear map of images, which can be differentiated again."""
    x = torch.zeros(shape, requires_grad=True)
    return torch.autograd.grad((f(x) * dy).sum(), x, create_graph=True)[0]


# ---- hard cases -------------------------------------------------------------------------------


def image(*values):
    return np.array(values, dtype=np.float64).reshape(1, 1, 2, -1)


def turned(a):
    return np.moveaxis(a, 1, -1)


def hard_maxima():
    """Windows of 2 x 2: a NaN, two of them, ties, zeros of both signs, infinities, nothing but -inf."""
    top = [1.0, NAN, NAN, 3.0, 2.0, 2.0, -0.0, 0.0, INF, -INF, -INF, -INF]
    low = [2.0, 3.0, 4.0, NAN, 2.0, 1.0, 0.0, -0.0, INF, NAN, -INF, -INF]
    x = image(*(top + low))
    y = np.array([NAN, NAN, 2.0, -0.0, NAN, -INF]).reshape(1, 1, 1, 6)
    at = np.array([1, 2, 4, 6, 21, 10]).reshape(1, 1, 1, 6)
    dx = np.zeros(24)
    dx[at.reshape(-1)] = 1
    dx = dx.reshape(x.shape)
    one = np.ones((1, 1, 1, 6))
    two = {"kernel_size": [2, 2]}
    inner = rows([2, 12], [2, 2])
    plain_hard("max_pool2d", "odd", [x], [y], {0: one}, {0: dx}, attrs=two)
    plain_hard("max_pool2d_indices", "odd", [x], [at], attrs=two)
    plain_hard("max_pool", "odd", [turned(x)], [turned(y)], {0: turned(one)}, {0: turned(dx)}, attrs=inner)
    plain_hard("max_pool_indices", "odd", [turned(x)], [turned(at)], attrs=inner)
    # What arrives may be anything: it is moved, not multiplied.
    dy = np.array([INF, NAN, -INF, -2.0, 0.0, 3.0]).reshape(1, 1, 1, 6)
    moved = np.zeros(24)
    moved[at.reshape(-1)] = dy.reshape(-1)
    zero = np.zeros_like(turned(x))
    plain_hard("max_pool_backward", "odd", [turned(dy), turned(x)], [turned(moved.reshape(x.shape))],
               {0: turned(np.ones_like(x))}, {0: turned(one), 1: zero}, attrs=inner)
    plain_hard("max_pool_pick", "odd", [turned(x), turned(x)], [turned(x.reshape(-1)[at])], {0: turned(one)},
               {0: turned(dx), 1: zero}, attrs=inner)
    plain_hard("adaptive_max_pool2d", "odd", [x], [y], {0: one}, {0: dx}, attrs={"height": 1, "width": 6})
    whole = np.zeros(24)
    whole[1] = 1
    plain_hard("global_max_pool2d", "odd", [x], [np.array(NAN).reshape(1, 1, 1, 1)], {0: np.ones((1, 1, 1, 1))},
               {0: whole.reshape(x.shape)})
    line = np.array([[[1.0, NAN, 2.0, 2.0, -INF, -INF, -INF, INF]]])
    y, dx = np.array([[[NAN, 2.0, -INF, INF]]]), np.array([[[0.0, 1, 1, 0, 1, 0, 0, 1]]])
    plain_hard("max_pool1d", "odd", [line], [y], {0: np.ones((1, 1, 4))}, {0: dx}, attrs={"kernel_size": [2]})
    plain_hard("max_pool1d_indices", "odd", [line], [np.array([[[1, 2, 4, 7]]])], attrs={"kernel_size": [2]})
    # A window of padding alone: elements -1 and 2 of two.
    x, y = np.array([[[1.0, 2.0]]]), np.array([[[-INF]]])
    attrs = {"kernel_size": [2], "padding": [1], "dilation": [3]}
    plain_hard("max_pool1d", "padding_alone", [x], [y], {0: np.ones((1, 1, 1))}, {0: np.zeros((1, 1, 2))}, attrs=attrs)
    plain_hard("max_pool1d_indices", "padding_alone", [x], [np.array([[[-1]]])], attrs=attrs)
    hard("max_pool2d", "nothing", lambda x: x[:, :, :1, :1] + 0, np.zeros((0, 2, 2, 2)), attrs=two)


def hard_means():
    x = image(1.0, NAN, INF, 0.0, -0.0, -0.0, INF, 0.0, 2.0, 0.0, 0.0, 1.0, -0.0, -0.0, -INF, 0.0)
    two = {"kernel_size": [2, 2]}
    inner = rows([2, 8], [2, 2], count_include_pad=1)
    hard("avg_pool2d", "odd", lambda x: F.avg_pool2d(x, 2), x, attrs=two)
    hard("average_pool", "odd", lambda x: last(F.avg_pool2d(first(x), 2)), turned(x), attrs=inner)
    dy = turned(np.array([INF, NAN, -0.0, -INF]).reshape(1, 1, 1, 4))
    quarters = lambda dy: dy.repeat_interleave(2, 1).repeat_interleave(2, 2) / 4
    hard("average_pool_backward", "odd", quarters, dy, attrs=inner)
    hard("adaptive_avg_pool2d", "odd", lambda x: F.adaptive_avg_pool2d(x, (1, 4)), x, attrs={"height": 1, "width": 4})
    hard("global_avg_pool2d", "odd", lambda x: F.adaptive_avg_pool2d(x, 1), x)
    plain_hard("global_avg_pool2d", "nothing", [np.zeros((1, 2, 0, 3))], [np.full((1, 2, 1, 1), NAN)],
               {0: np.ones((1, 2, 1, 1))}, {0: np.zeros((1, 2, 0, 3))})
    line = x.reshape(1, 2, 8)
    hard("avg_pool1d", "odd", lambda x: F.avg_pool1d(x, 2), line, attrs={"kernel_size": [2]})
    hard("adaptive_avg_pool1d", "odd", lambda x: F.adaptive_avg_pool1d(x, 4), line, attrs={"length": 4})
    hard("avg_pool2d", "nothing", lambda x: x[:, :, :1, :1] + 0, np.zeros((0, 2, 2, 2)), attrs=two)


def hard_upsamplings():
    x = image(1.0, INF, NAN, -0.0, -INF, 2.0)
    attrs = {"scale_factor": 2.0}
    inner = {"size": [2, 3], "output_size": [4, 6]}
    hard("upsample_nearest2d", "odd", lambda x: F.interpolate(x, scale_factor=2), x, attrs=attrs)
    hard("upsample", "nearest_odd", lambda x: last(F.interpolate(first(x), scale_factor=2)), turned(x), attrs=inner)
    dy = turned(normal(1, 1, 4, 6))
    dy[0, 0, 0], dy[0, 0, 2], dy[0, 2, 0, 0], dy[0, 3, 1, 0] = INF, NAN, INF, -INF
    f = lambda dy: dy.reshape(1, 2, 2, 3, 2, 1).sum((2, 4))
    hard("upsample_backward", "nearest_odd", f, dy, attrs=inner)
    line = x.reshape(1, 2, 3)
    hard("upsample_nearest1d", "odd", lambda x: F.interpolate(x, scale_factor=2), line, attrs=attrs)
    # An element of weight 0 does not count: PyTorch gives NaN beside infinity.
    line = np.array([[[1.0, INF, -INF, NAN, 2.0]]])
    y = np.array([[[1.0, INF, INF, NAN, -INF, NAN, NAN, NAN, 2.0]]])
    dx = np.array([[[1.5, 2, 2, 2, 1.5]]])
    attrs = {"output_size": [9], "align_corners": 1}
    plain_hard("upsample_linear1d", "odd", [line], [y], {0: np.ones((1, 1, 9))}, {0: dx}, attrs=attrs)
    image2 = np.repeat(line.reshape(1, 1, 1, 5), 2, axis=2)
    y2 = np.repeat(y.reshape(1, 1, 1, 9), 2, axis=2)
    dx2 = np.repeat(dx.reshape(1, 1, 1, 5), 2, axis=2)
    attrs = {"output_size": [2, 9], "align_corners": 1}
    plain_hard("upsample_bilinear2d", "odd", [image2], [y2], {0: np.ones((1, 1, 2, 9))}, {0: dx2}, attrs=attrs)


poolings()
adaptive()
upsamplings()
within()
hard_maxima()
hard_means()
hard_upsamplings()
finish(__file__)
