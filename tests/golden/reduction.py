"""Reductions and scans. Writes reduction.txt.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np
import torch

from common import *  # noqa: F403

ONE, ZERO, NONE = np.array(1.0), np.array(0.0), None


def axes(*given, **more):
    return dict(axes=list(given), **more)


def over_axes(op, f, **more):
    """f: of x, the axes and keepdim."""
    every = lambda x: f(x, tuple(range(x.dim())), False)
    case(op, "all", every, normal(2, 3), attrs=more)
    case(op, "first", lambda x: f(x, (0,), False), normal(2, 3, 4), attrs=axes(0, **more))
    case(op, "last_kept", lambda x: f(x, (2,), True), normal(2, 3, 4), attrs=axes(-1, keepdims=1, **more))
    case(op, "outer", lambda x: f(x, (0, 2), False), normal(2, 3, 4), attrs=axes(2, 0, **more))
    case(op, "inner_kept", lambda x: f(x, (1, 2), True), normal(2, 3, 4), attrs=axes(1, 2, keepdims=1, **more))


def product(x, over, keepdim):
    for axis in sorted(over, reverse=True):
        x = x.prod(axis, keepdim)
    return x


def products():
    over_axes("prod", product)
    case("prod", "i64", lambda x: x.prod(1), index(9, 2, 3), attrs=axes(1), up=False)
    every = lambda x: x.prod()
    hard("prod", "one_zero", every, np.array([2.0, 0.0, 3.0, -4.0]), up=1.0)
    hard("prod", "two_zeros", every, np.array([2.0, 0.0, 3.0, 0.0]), up=1.0)
    hard("prod", "zeros_alone", every, np.zeros(3), up=1.0)
    hard("prod", "of_nothing", lambda x: x.prod(1), normal(2, 0), attrs=axes(1))
    hard("prod", "rows_with_zeros", lambda x: x.prod(1), grid([[0, 2, 3], [0, 0, 3], [1, 2, 3]]), attrs=axes(1))
    plain_hard(
        "prod",
        "infinite",
        [np.array([INF, -2.0, 0.5])],
        [np.array(-INF)],
        {0: ONE},
        {0: np.array([-1.0, INF, -INF])},
    )
    plain_hard("prod", "nan", [np.array([NAN, 2.0])], [np.array(NAN)], {0: ONE}, {0: np.array([2.0, NAN])})


def share(f):
    """The gradient of an extreme of distinct or equal elements."""

    def shares(x, over):
        y = x.detach().clone().requires_grad_(True)
        return torch.autograd.grad(f(y, over, True).sum(), y)[0]

    return shares


def extremes():
    for op, f, first in (("amax", torch.amax, INF), ("amin", torch.amin, -INF)):
        over_axes(op, f)
        case(op, "i64", lambda x: f(x, 1), index(9, 2, 4), attrs=axes(1), up=False)
        case(op, "with_ties", lambda x: f(x, 1), grid([[1, 3, 3], [2, 2, 2], [-1, -1, 5]]), attrs=axes(1))
        every = lambda x: f(x, (0,))
        hard(op, "ties", every, np.zeros(4), up=1.0)
        hard(op, "signed_zeros", every, np.array([0.0, -0.0]), up=1.0)
        hard(op, "infinite", every, np.array([first, 1.0, first]), up=1.0)
        x = np.array([1.0, NAN, -INF, INF, NAN])
        plain_hard(op, "nan", [x], [np.array(NAN)], {0: ONE}, {0: np.array([0, 0.5, 0, 0, 0.5])})
        shares = share(f)
        name = op + "_share"
        case(name, "rows", lambda x: shares(x, (1,)), normal(3, 4), attrs=axes(1), up=False)
        case(name, "all", lambda x: shares(x, (0, 1)), normal(3, 4), up=False)
        hard(name, "ties", lambda x: shares(x, (1,)), np.zeros((2, 3)), attrs=axes(1), up=False)
        plain_hard(name, "nan", [x], [np.array([0, 0.5, 0, 0, 0.5])])


def places():
    pair = lambda r: (r.values, r.indices)
    for op, f, g, best in (("max", torch.max, torch.argmax, INF), ("min", torch.min, torch.argmin, -INF)):
        for axis in (0, 1, -1):
            name = "axis_%d" % axis if axis >= 0 else "last_kept"
            keep = axis < 0
            attrs = {"axis": axis, "keepdims": int(keep)}
            case(op, name, lambda x: pair(f(x, axis, keep)), normal(2, 3, 4), attrs=attrs)
            case("arg" + op, name, lambda x: g(x, axis, keep), normal(2, 3, 4), attrs=attrs, up=False)
        case(op, "i64", lambda x: pair(f(x, 1)), index(4, 3, 5), up=False)
        case("arg" + op, "i64", lambda x: g(x, 1), np.array([[1, 7, 7], [-3, 2, -3]]), up=False)
        hard(op, "ties", lambda x: pair(f(x, 0)), np.zeros(3), up=1.0)
        hard(op, "ties_later", lambda x: pair(f(x, 0)), np.array([0.0, best, 1.0, best]), up=1.0)
        hard(op, "nan_wins", lambda x: pair(f(x, 0)), np.array([best, NAN, 1.0, NAN]), up=1.0)
        case("arg%s_all" % op, "matrix", lambda x: g(x), normal(3, 4), up=False)
        hard("arg%s_all" % op, "ties", lambda x: g(x), np.array([[0.0, best], [best, 0.0]]), up=False)
        hard("arg" + op, "ties", lambda x: g(x, 0), np.array([0.0, -0.0, 0.0]), up=False)
        hard("arg" + op, "nan_wins", lambda x: g(x, 0), np.array([best, NAN, 1.0, NAN]), up=False)


def center(x, over):
    return x - x.mean(over, keepdim=True)


def variances():
    for op, f in (("variance", torch.var), ("std", torch.std)):
        for correction in (1, 0, 2):
            # Over the divisor of torch.var with unbiased=False, which has no other corrections.
            def g(x, over, keep):
                n = float(np.prod([x.shape[a] for a in over]))
                v = torch.var(x, over, False, keepdim=keep) * (n / max(n - correction, 0.0) if n > correction else INF)
                return v if op == "variance" else v.sqrt()

            if correction == 1:
                over_axes(op, lambda x, over, keep: f(x, over, keepdim=keep))
            else:
                name = "correction_%d" % correction
                attrs = axes(0, 2, correction=correction)
                case(op, name, lambda x: g(x, (0, 2), False), normal(2, 3, 4), attrs=attrs)
        hard(op, "one_element", lambda x: f(x), np.array([3.0]), up=False)
        hard(op, "of_nothing", lambda x: f(x, 1), normal(2, 0), attrs=axes(1), up=False)
        constant = np.full((2, 3), 0.1)
        plain_hard(op, "constant", [constant], [np.zeros(2)], {0: np.ones(2)}, {0: np.zeros((2, 3))}, axes(1))
        plain_hard(op, "constant_large", [np.full(3, 1e30)], [ZERO], {0: ONE}, {0: np.zeros(3)})
        hard(op, "infinite", lambda x: f(x), np.array([INF, 1.0, 2.0]), up=1.0)
        hard(op, "nan", lambda x: f(x), np.array([NAN, 1.0, 2.0]), up=1.0)
        hard(op, "far_from_zero", lambda x: f(x), 4096 + grid([0.5, 1.5, -2, 0.25]), up=1.0)
    plain_hard("variance", "too_few", [np.array([1.0, 3.0])], [np.array(INF)], attrs={"correction": 2})
    case("center", "all", lambda x: center(x, (0, 1)), normal(2, 3))
    case("center", "middle", lambda x: center(x, (1,)), normal(2, 3, 2), attrs=axes(1))
    plain_hard("center", "constant", [np.full(3, 0.1)], [np.zeros(3)], {0: np.ones(3)}, {0: np.zeros(3)})
    hard("center", "nan", lambda x: center(x, (0,)), np.array([NAN, 1.0]), up=np.ones(2))


def norms():
    for p in (1.0, 2.0, 3.0, 0.5, -2.0, INF, -INF):
        f = lambda x: torch.linalg.vector_norm(x, p)
        rows = lambda x: torch.linalg.vector_norm(x, p, 1, keepdim=True)
        name = "p_%g" % p
        case("norm", name, f, nonzero(2, 3), attrs={"p": p})
        case("norm", name + "_rows", rows, nonzero(2, 3), attrs=axes(1, p=p, keepdims=1))
    case("norm", "p_0", lambda x: (x != 0).double().sum(), grid([0, 1, 0, 2]), attrs={"p": 0.0}, up=False)
    case("norm", "euclidean", lambda x: torch.linalg.vector_norm(x), normal(4))
    for p in (1.0, 2.0, 3.0, 1.5, INF):
        none = np.zeros(3)
        plain_hard("norm", "at_zero_%g" % p, [none], [ZERO], {0: ONE}, {0: none}, {"p": p})
    f = lambda x: torch.linalg.vector_norm(x, 2)
    plain_hard(
        "norm", "large", [np.array([3e38, 0.0])], [np.array(3e38)], {0: ONE}, {0: np.array([1.0, 0.0])}
    )
    hard("norm", "infinite", f, np.array([INF, 1.0]), up=1.0)
    plain_hard("norm", "nan", [np.array([NAN, 0.0])], [np.array(NAN)])
    plain_hard("norm", "infinite_ties", [np.array([2.0, -2.0])], [np.array(2.0)], {0: ONE}, {0: np.array([0.5, -0.5])}, {"p": INF})
    plain_hard("norm", "of_nothing", [np.zeros((2, 0))], [np.zeros(2)], attrs=axes(1))
    case("norm_2", "rows", lambda x: x.norm(dim=1), normal(3, 4), attrs=axes(1))
    case("norm_p", "rows", lambda x: x.norm(2.5, dim=1), nonzero(3, 4), attrs=axes(1, p=2.5))
    plain_hard("norm_2", "zero", [np.zeros(2)], [ZERO], {0: ONE}, {0: np.zeros(2)})
    plain_hard("norm_p", "zero", [np.zeros(2)], [ZERO], {0: ONE}, {0: np.zeros(2)}, {"p": 1.5})
    least = np.array([2.0**-149, 0.0])
    for p in (2.0, 3.0):
        plain_hard("norm", "least_%g" % p, [least], [np.array(least[0])], {0: ONE}, {0: np.array([1.0, 0.0])}, {"p": p})
    tiny = np.array([2.0**-100, 0.0])
    plain_hard("norm_p", "no_underflow", [tiny], [np.array(2.0**-100)], {0: ONE}, {0: np.array([1.0, 0.0])}, {"p": 4.0})
    case("norm_even_power", "matrix", lambda x: x.abs() ** 2.5, nonzero(2, 3), attrs={"p": 2.5})
    case("norm_odd_power", "matrix", lambda x: x.sign() * x.abs() ** 2.5, nonzero(2, 3), attrs={"p": 2.5})
    x = np.array([0.0, -0.0, NAN, INF])
    for op in ("norm_even_power", "norm_odd_power"):
        plain_hard(op, "below_zero", [x], [np.array([0.0, 0.0, NAN, 0.0])], attrs={"p": -1.5})
        plain_hard(op, "none", [x], [np.array([0.0, 0.0, NAN, 1.0])], attrs={"p": 0.0})


def logsumexps():
    over_axes("logsumexp", torch.logsumexp)
    f = lambda x: torch.logsumexp(x, 0)
    hard("logsumexp", "far", f, np.array([1e4, -1e4, 0.0]), up=1.0)
    half = {0: np.array([0.5, 0.5])}
    hard("logsumexp", "tie_far", f, np.array([1e4, 1e4]), up=1.0, grads=half)
    hard("logsumexp", "nothing_left", f, np.full(3, -INF), up=1.0, grads={0: np.zeros(3)})
    rows = np.array([[-INF, -INF], [0.0, -INF]])
    known = {0: np.array([[0.0, 0.0], [1.0, 0.0]])}
    hard("logsumexp", "one_row_left", lambda x: torch.logsumexp(x, 1), rows, attrs=axes(1), up=np.ones(2), grads=known)
    hard("logsumexp", "infinite", f, np.array([INF, 0.0]), up=False)
    hard("logsumexp", "nan", f, np.array([NAN, 0.0]), up=1.0)
    plain_hard("logsumexp", "of_nothing", [np.zeros((2, 0))], [np.full(2, -INF)], attrs=axes(1))


def truths():
    for op, f in (("any", torch.any), ("all", torch.all)):
        case(op, "all", lambda x: f(x), bools(2, 3), up=False)
        case(op, "rows", lambda x: f(x, 1), bools(4, 2), attrs=axes(1), up=False)
        case(op, "kept", lambda x: f(x, 0, keepdim=True), bools(2, 3), attrs=axes(0, keepdims=1), up=False)
        hard(op, "of_nothing", lambda x: f(x, 0), np.zeros((0, 2), np.bool_), attrs=axes(0), up=False)
        hard(op, "one_kind", lambda x: f(x, 1), np.array([[0, 0], [1, 1], [0, 1]], np.bool_), attrs=axes(1), up=False)


def recurrence(a, b, lag=0, back=False):
    if back:
        a, b = a.flip(1), b.flip(1)
    h = [b[:, 0]]
    for i in range(1, b.shape[1]):
        h.append(a[:, i - lag] * h[-1] + b[:, i])
    h = torch.stack(h, 1)
    return h.flip(1) if back else h


def exclusive(f, unit):
    def g(x, back):
        x = x.flip(1) if back else x
        y = torch.cat([torch.full_like(x[:, :1], unit), f(x, 1)[:, :-1]], 1)
        return y.flip(1) if back else y

    return g


def scans():
    for op, f, unit in (("cumsum", torch.cumsum, 0.0), ("cumprod", torch.cumprod, 1.0)):
        for axis in (0, 1, -1):
            name = "axis_%d" % axis if axis >= 0 else "last_axis"
            case(op, name, lambda x: f(x, axis), normal(2, 3, 4), attrs={"axis": axis})
        back = lambda x: f(x.flip(1), 1).flip(1)
        case(op, "back", back, normal(2, 4), attrs={"axis": 1, "reverse": 1})
        g = exclusive(f, unit)
        for reverse in (0, 1):
            attrs = {"axis": 1, "reverse": reverse, "exclusive": 1}
            case(op, "exclusive_%d" % reverse, lambda x: g(x, reverse), normal(2, 4), attrs=attrs)
        hard(op, "empty", lambda x: f(x, 1), normal(2, 0), attrs={"axis": 1}, up=False)
    case("cumsum", "i64", lambda x: x.cumsum(1), index(9, 2, 4), attrs={"axis": 1}, up=False)
    sums = lambda x: torch.cumsum(x, 0)
    hard("cumsum", "odd", sums, np.array([1.0, INF, 2.0, -INF, 1.0, NAN]), up=np.ones(6))
    products = lambda x: torch.cumprod(x, 0)
    hard("cumprod", "one_zero", products, np.array([2.0, 0.0, 3.0, -1.0]))
    hard("cumprod", "two_zeros", products, np.array([2.0, 0.0, 3.0, 0.0, 5.0]))
    hard("cumprod", "zeros_alone", products, np.zeros(3))
    plain_hard("cumprod", "odd", [np.array([2.0, INF, -1.0, NAN])], [np.array([2.0, INF, -INF, NAN])])
    for lag in (0, 1):
        for reverse in (0, 1):
            attrs = {"axis": 1, "exclusive": lag, "reverse": reverse}
            f = lambda a, b: recurrence(a, b, lag, reverse)
            case("linear_scan", "lag_%d_back_%d" % (lag, reverse), f, normal(2, 4), normal(2, 4), attrs=attrs)
    f = lambda a, b: recurrence(a[None], b[None])[0]
    hard("linear_scan", "zeros", f, np.array([0.0, 2.0, 0.0, 3.0]), np.array([1.0, 0.0, 4.0, 5.0]))
    plain_hard("linear_scan", "first_factor", [np.array([NAN, INF]), np.array([1.0, 2.0])], [np.array([1.0, INF])])
    moved = lambda x: torch.cat([torch.zeros(2, 1), x[:, :-1]], 1)
    moved_back = lambda x: torch.cat([x[:, 1:], torch.zeros(2, 1)], 1)
    case("scan_shift", "forwards", moved, normal(2, 3), attrs={"axis": 1})
    case("scan_shift", "backwards", moved_back, normal(2, 3), attrs={"axis": 1, "reverse": 1})
    plain_hard("scan_shift", "odd", [np.array([INF, NAN])], [np.array([0.0, INF])])


def kept(f):
    """1 where a place keeps the extreme of those before it."""
    return lambda x: (f(x.detach(), 1).indices != torch.arange(x.shape[1])).double()


def more_scans():
    pair = lambda r: (r.values, r.indices)
    for op, f, best in (("cummax", torch.cummax, INF), ("cummin", torch.cummin, -INF)):
        for axis in (0, 1, -1):
            name = "axis_%d" % axis if axis >= 0 else "last_axis"
            case(op, name, lambda x: pair(f(x, axis)), normal(2, 3, 4), attrs={"axis": axis})
        case(op, "i64", lambda x: pair(f(x, 1)), index(4, 3, 5), attrs={"axis": 1}, up=False)
        hard(op, "ties", lambda x: pair(f(x, 0)), np.array([1.0, 1.0, 0.0, 1.0, 2.0, 2.0]))
        hard(op, "odd", lambda x: pair(f(x, 0)), np.array([0.0, best, NAN, 1.0, NAN, best]))
        case(op + "_kept", "rows", kept(f), normal(2, 5), attrs={"axis": 1}, up=False)
        hard(op + "_kept", "odd", kept(f), np.array([[0.0, best, NAN, 1.0, NAN]]), attrs={"axis": 1}, up=False)
    for axis in (0, 1, -1):
        name = "axis_%d" % axis if axis >= 0 else "last_axis"
        case("logcumsumexp", name, lambda x: torch.logcumsumexp(x, axis), normal(2, 3, 4), attrs={"axis": axis})
    back = lambda x: torch.logcumsumexp(x.flip(1), 1).flip(1)
    case("logcumsumexp", "back", back, normal(2, 4), attrs={"axis": 1, "reverse": 1})
    f = lambda x: torch.logcumsumexp(x, 0)
    # PyTorch's gradient, of exp(x - y), has lost four digits here.
    last = 1 / (2 + np.e)
    far = {0: np.array([2.5 + last, 0, 0.5 + last, 1 - 2 * last])}
    hard("logcumsumexp", "far", f, np.array([1e4, -1e4, 1e4, 1e4 + 1]), up=np.ones(4), grads=far)
    own = lambda x: torch.exp(x - torch.logcumsumexp(x, 1))
    both = lambda x: (own(x), torch.cat([torch.zeros(x.shape[0], 1), 1 - own(x)[:, 1:]], 1))
    case("logcumsumexp_shares", "rows", both, normal(2, 4), attrs={"axis": 1})
    x = np.array([-INF, 0.0, -INF, 0.0, INF])
    shares = [np.array([0, 1, 0, 0.5, NAN]), np.array([0, 0, 1, 0.5, NAN])]
    plain_hard("logcumsumexp_shares", "odd", [x], shares)
    x = np.array([-INF, -INF, 0.0, -INF, 0.0])
    y = np.array([-INF, -INF, 0.0, 0.0, np.log(2.0)])
    plain_hard("logcumsumexp", "nothing_at_first", [x], [y], {0: np.ones(5)}, {0: np.array([0, 0, 2.5, 0, 0.5])})
    plain_hard("logcumsumexp", "odd", [np.array([0.0, INF, 1.0, INF, NAN, 0.0])], [np.array([0, INF, INF, INF, NAN, NAN])])


if __name__ == "__main__":
    products()
    extremes()
    places()
    variances()
    norms()
    logsumexps()
    truths()
    scans()
    more_scans()
    finish(__file__)
