"""The pointwise functions, comparisons and logic. Writes pointwise.txt.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np
import torch

from common import *  # noqa: F403

odd = np.array([0.0, -0.0, INF, -INF, NAN, 2.0, -0.5])
ones = np.ones(7)


def functions():
    anywhere = {
        "exp2": torch.exp2,
        "expm1": torch.expm1,
        "sin": torch.sin,
        "cos": torch.cos,
        "tan": torch.tan,
        "atan": torch.atan,
        "sinh": torch.sinh,
        "cosh": torch.cosh,
        "erf": torch.erf,
    }
    for op, f in anywhere.items():
        case(op, "matrix", f, normal(3, 4))
        case(op, "wide_range", f, grid([-5, -1.25, -0.25, 0, 0.015625, 1.25, 5]))
        hard(op, "odd", f, odd, up=ones)
    above_zero = {"log2": torch.log2, "log10": torch.log10, "log1p": torch.log1p, "rsqrt": torch.rsqrt}
    for op, f in above_zero.items():
        case(op, "positive", f, positive(3, 4))
    for op, f in (("asin", torch.asin), ("acos", torch.acos)):
        case(op, "inside", f, grid(rng.uniform(-0.95, 0.95, (3, 4))))
        hard(op, "ends", f, np.array([1.0, -1.0, 1.5, INF, NAN]), up=np.ones(5))
    # Below the domain PyTorch gives the slope of a function that is not there.
    e, ten = 1 / np.log(2), 1 / np.log(10)
    x = np.array([0.0, -0.0, -1.0, INF, NAN, 1.0])
    for op, f, s in (("log2", torch.log2, e), ("log10", torch.log10, ten)):
        hard(op, "edges", f, x, up=np.ones(6), grads={0: np.array([INF, -INF, NAN, 0.0, NAN, s])})
    x = np.array([-1.0, -2.0, INF, NAN, -0.0])
    hard("log1p", "edges", torch.log1p, x, up=np.ones(5), grads={0: np.array([INF, NAN, 0.0, NAN, 1.0])})
    x = np.array([0.0, -0.0, -1.0, INF, NAN])
    dx = np.array([-INF, -INF, NAN, 0.0, NAN])
    plain_hard("rsqrt", "edges", [x], [np.array([INF, -INF, NAN, 0.0, NAN])], {0: np.ones(5)}, {0: dx})


def steps():
    x = grid([-2.5, -1.5, -0.75, -0.5, 0.25, 0.5, 1.5, 2.5, 7])
    named = {
        "sign": torch.sign,
        "floor": torch.floor,
        "ceil": torch.ceil,
        "round": torch.round,
        "trunc": torch.trunc,
    }
    for op, f in named.items():
        case(op, "matrix", f, normal(3, 4), up=False)
        case(op, "halves", f, x, up=False)
        nan_kept = lambda t: torch.where(torch.isnan(t), t, f(t))
        hard(op, "odd", nan_kept, odd, up=ones, grads={0: np.zeros(7)})
    case("abs", "matrix", torch.abs, nonzero(3, 4))
    hard("abs", "odd", torch.abs, odd, up=ones, grads={0: np.array([0, 0, 1, -1, NAN, 1, -1])})
    case("frac", "halves", torch.frac, x)
    hard("frac", "odd", torch.frac, odd, up=ones)


def clamps():
    low = lambda x: torch.clamp_min(x, -0.5)
    high = lambda x: torch.clamp_max(x, 0.5)
    both = lambda x: torch.clamp(x, -0.5, 0.75)
    x = np.array([-0.5, 0.5, INF, -INF, NAN, 0.0])
    attrs = {"min": -0.5}
    case("clamp_min", "matrix", low, normal(3, 4), attrs=attrs)
    dx = np.array([1.0, 1, 1, 0, NAN, 1])
    hard("clamp_min", "bounds", low, x, attrs=attrs, up=np.ones(6), grads={0: dx})
    attrs = {"max": 0.5}
    case("clamp_max", "matrix", high, normal(3, 4), attrs=attrs)
    dx = np.array([1.0, 1, 0, 1, NAN, 1])
    hard("clamp_max", "bounds", high, x, attrs=attrs, up=np.ones(6), grads={0: dx})
    attrs = {"min": -0.5, "max": 0.75}
    case("clamp", "matrix", both, normal(3, 4), attrs=attrs)
    case("clamp", "open_above", low, normal(6), attrs={"min": -0.5})
    case("clamp", "crossed", lambda x: torch.clamp(x, 1.0, -1.0), normal(6), attrs={"min": 1.0, "max": -1.0})
    x = np.array([-0.5, 0.75, INF, -INF, NAN, 0.0])
    dx = np.array([1.0, 1, 0, 0, NAN, 1])
    hard("clamp", "bounds", both, x, attrs=attrs, up=np.ones(6), grads={0: dx})
    for op, f in (("clamp_min_slope", np.greater_equal), ("clamp_max_slope", np.less_equal)):
        name = "min" if op == "clamp_min_slope" else "max"
        x = normal(3, 4)
        plain(op, "matrix", [x], [f(x, 0.25).astype(float)], attrs={name: 0.25})
        x = np.array([0.25, 0.5, 0.0, INF, -INF, NAN])
        y = np.where(np.isnan(x), NAN, f(x, 0.25).astype(float))
        plain_hard(op, "bounds", [x], [y], {0: np.ones(6)}, {0: np.zeros(6)}, attrs={name: 0.25})


def powers():
    case("pow", "positive", torch.pow, positive(3, 4), normal(3, 4))
    case("pow", "broadcast", torch.pow, positive(3, 1), normal(2, 1, 4))
    case("pow", "rank_0", torch.pow, positive(), normal(3))
    # 0^0, 0^2, 0^.5, 0^-1, (-2)^3, inf^0, NaN^0, 1^NaN and (-8)^(1/2).
    a = np.array([0.0, 0.0, 0.0, 0.0, -2.0, INF, NAN, 1.0, -8.0])
    b = np.array([0.0, 2.0, 0.5, -1.0, 3.0, 0.0, 0.0, NAN, 0.5])
    hard("pow", "table", torch.pow, a, b, up=np.ones(9), grads={1: np.array([0, 0, 0, -INF, NAN, INF, NAN, 0, NAN])})
    for p in (0.0, 1.0, 2.0, 0.5, -0.5, -1.0, 1.75, -2.5):
        f = lambda x: torch.pow(x, p)
        case("pow_number", "to_%g" % p, f, positive(3, 2), attrs={"exponent": p})
    case("pow_number", "cube", lambda x: x**3, nonzero(6), attrs={"exponent": 3.0})
    x = np.array([0.0, -2.0, INF, NAN])
    hard("pow_number", "to_0", lambda x: x**0.0, x, attrs={"exponent": 0.0}, up=np.ones(4), grads={0: np.zeros(4)})
    hard("pow_number", "cube", lambda x: x**3.0, x, attrs={"exponent": 3.0}, up=np.ones(4))
    hard("pow_number", "root", lambda x: x**0.5, x, attrs={"exponent": 0.5}, up=np.ones(4))
    hard("pow_number", "inverse", lambda x: x**-1.0, x, attrs={"exponent": -1.0}, up=np.ones(4))
    case("power", "positive", lambda x: x**1.75, positive(3, 4), attrs={"exponent": 1.75})
    case("power", "to_2", lambda x: x**2, nonzero(3, 4), attrs={"exponent": 2.0})
    hard("power", "steep", lambda x: x**0.25, x, attrs={"exponent": 0.25}, up=np.ones(4))
    hard("power", "to_1", lambda x: x**1.0, x, attrs={"exponent": 1.0}, up=np.ones(4), grads={0: np.ones(4)})
    case("scale_or_zero", "matrix", lambda x: x * 1.5, normal(3, 4), attrs={"factor": 1.5})
    x = np.array([INF, NAN, 1.0])
    plain_hard("scale_or_zero", "zero", [x], [np.zeros(3)], {0: np.ones(3)}, {0: np.zeros(3)}, attrs={"factor": 0.0})
    by_exponent = lambda a, b: a**b * torch.log(a)
    case("pow_log", "positive", by_exponent, positive(3, 4), normal(3, 4))
    case("pow_log", "broadcast", by_exponent, positive(3, 1), normal(4))
    plain_hard(
        "pow_log",
        "at_0",
        [np.array([0.0, 0.0, 0.0, -1.0, NAN]), np.array([0.0, 2.0, -1.0, 2.0, 1.0])],
        [np.array([0.0, 0.0, -INF, NAN, NAN])],
    )


def two():
    case("maximum", "broadcast", torch.maximum, normal(3, 1), normal(4))
    case("maximum", "i64", torch.maximum, index(9, 5), index(9, 5), up=False)
    case("minimum", "broadcast", torch.minimum, normal(3, 1), normal(4))
    case("minimum", "i64", torch.minimum, index(9, 5), index(9, 5), up=False)
    # A tie, infinities, and NaN, whose gradients are NaN here.
    a = np.array([1.0, INF, -INF, NAN, 1.0, 3.0])
    b = np.array([1.0, INF, 1.0, 1.0, NAN, 2.0])
    share = np.array([0.5, 0.5, 0, NAN, NAN, 1])
    grads = {0: share, 1: 1 - share}
    hard("maximum", "ties", torch.maximum, a, b, up=np.ones(6), grads=grads)
    hard("minimum", "ties", torch.minimum, a, b, up=np.ones(6), grads={0: 1 - share, 1: share})
    plain("larger_share", "plain", [np.array([1.0, 2.0])[:, None], np.array([1.5, 0.5])], [np.array([[0, 1.0], [1, 1]])])
    plain_hard("larger_share", "ties", [a, b], [share], {0: np.ones(6)}, {0: np.zeros(6), 1: np.zeros(6)})
    case("atan2", "quadrants", torch.atan2, nonzero(3, 4), nonzero(3, 4))
    case("atan2", "broadcast", torch.atan2, nonzero(3, 1), nonzero(4))
    a = np.array([0.0, 0.0, 1.0, INF, NAN, -0.0])
    b = np.array([0.0, -0.0, INF, 1.0, 1.0, -1.0])
    da = np.array([0.0, 0.0, NAN, 0.0, NAN, -1.0])
    db = np.array([0.0, 0.0, 0.0, NAN, NAN, 0.0])
    hard("atan2", "odd", torch.atan2, a, b, up=np.ones(6), grads={0: da, 1: db})
    case("hypot", "quadrants", torch.hypot, nonzero(3, 4), nonzero(3, 4))
    case("hypot", "broadcast", torch.hypot, nonzero(3, 1), nonzero(4))
    a, b = np.array([0.0, INF, NAN, NAN]), np.array([0.0, 1.0, INF, 1.0])
    da, db = np.array([0.0, NAN, NAN, NAN]), np.array([0.0, 0.0, NAN, NAN])
    hard("hypot", "odd", torch.hypot, a, b, up=np.ones(4), grads={0: da, 1: db})
    for op, f in (("fmod", torch.fmod), ("remainder", torch.remainder)):
        case(op, "signs", f, grid([5, -5, 5, -5, 1.25, -0.75]), grid([3, 3, -3, -3, 0.5, 0.5]))
        case(op, "broadcast", f, nonzero(3, 1) * 4, nonzero(4))
        whole = np.floor if op == "remainder" else np.trunc
        a = np.array([INF, 1.0, NAN, 0.0, -6.0, 1.0])
        b = np.array([2.0, 0.0, 1.0, 1.0, 3.0, INF])
        db = np.array([NAN, NAN, NAN, 0.0, 2.0, 0.0])
        hard(op, "odd", f, a, b, up=np.ones(6), grads={1: db})
    case("xlogy", "plain", torch.xlogy, normal(3, 4), positive(3, 4))
    case("xlogy", "broadcast", torch.xlogy, normal(3, 1), positive(4))
    a, b = np.array([0.0, 0.0, 0.0, 1.0, 2.0]), np.array([0.0, NAN, -1.0, 0.0, -1.0])
    da, db = np.array([0.0, NAN, 0.0, -INF, NAN]), np.array([0.0, 0.0, 0.0, INF, NAN])
    hard("xlogy", "zeros", torch.xlogy, a, b, up=np.ones(5), grads={0: da, 1: db})
    case("ratio", "plain", torch.div, normal(3, 4), nonzero(3, 4))
    plain_hard(
        "ratio",
        "zeros",
        [np.array([0.0, 1.0, 0.0, INF]), np.array([0.0, 0.0, NAN, INF])],
        [np.array([0.0, INF, NAN, NAN])],
    )
    case("lerp", "same", torch.lerp, normal(3, 4), normal(3, 4), grid(rng.uniform(0, 1, (3, 4))))
    case("lerp", "broadcast", torch.lerp, normal(3, 1), normal(4), grid(rng.uniform(-1, 2, (2, 1, 1))))
    # Both ends are met, whatever the distance.
    a, b = np.array([1e30, 1.0, -INF, NAN]).astype(np.float32).astype(float), np.array([1.0, 2.0, 0.0, 1.0])
    plain_hard("lerp", "ends", [a, b, np.array([1.0, 0.0, 0.0, 0.5])], [np.array([1.0, 1.0, NAN, NAN])])


def truths():
    compare = {
        "greater_equal": torch.ge,
        "less": torch.lt,
        "less_equal": torch.le,
        "equal": torch.eq,
        "not_equal": torch.ne,
    }
    b = np.array([-0.0, 0.0, -INF, -INF, NAN, INF, 1.0])
    for op, f in compare.items():
        case(op, "broadcast", f, index(4, 3, 1).astype(float), index(4, 4).astype(float), up=False)
        case(op, "i64", f, index(3, 6), index(3, 6), up=False)
        hard(op, "odd", f, odd, b, up=False)
    for op, f in (("isnan", torch.isnan), ("isinf", torch.isinf), ("isfinite", torch.isfinite)):
        case(op, "matrix", f, normal(2, 3), up=False)
        hard(op, "odd", f, odd, up=False)
    for op in ("logical_and", "logical_or", "logical_xor"):
        f = getattr(torch, op)
        case(op, "broadcast", f, bools(3, 1), bools(4), up=False)
        hard(op, "all", f, np.array([False, False, True, True]), np.array([False, True, False, True]), up=False)
        hard(op, "nothing", f, bools(0, 2), bools(2), up=False)
    case("logical_not", "matrix", torch.logical_not, bools(2, 3), up=False)
    hard("logical_not", "nothing", torch.logical_not, bools(0), up=False)
    fill = lambda x, m: x.masked_fill(m, -1.5)
    case("masked_fill", "same", fill, normal(3, 4), bools(3, 4), attrs={"value": -1.5})
    case("masked_fill", "columns", fill, normal(3, 4), bools(4), attrs={"value": -1.5})
    case("masked_fill", "i64", lambda x, m: x.masked_fill(m, 7), index(9, 5), bools(5), attrs={"value": 7.0}, up=False)
    # A filled NaN is gone, from the gradient too.
    plain_hard(
        "masked_fill",
        "nan",
        [np.array([NAN, 1.0, INF]), np.array([True, False, False])],
        [np.array([-INF, 1.0, INF])],
        {0: np.ones(3)},
        {0: np.array([0.0, 1.0, 1.0])},
        attrs={"value": -INF},
    )


if __name__ == "__main__":
    functions()
    steps()
    clamps()
    powers()
    two()
    truths()
    finish(__file__)
