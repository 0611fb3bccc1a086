"""Ops that move elements and change shapes. Writes shape.txt.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np
import torch

from common import *  # noqa: F403

ODD = np.array([[0.0, -0.0, INF], [-INF, NAN, 2.0]])
LEAST, MOST = -(2**63), 2**63 - 1


def integers(values):
    return torch.tensor([int(v) for v in values], dtype=torch.int64)


def pick(x, axis, places):
    return torch.index_select(x, axis, integers(places))


def put(x, axis, places, size):
    """Zeros of a size along the axis, and x's slices added at their places."""
    shape = list(x.shape)
    shape[axis] = size
    return torch.zeros(shape).index_add(axis, integers(places), x)


def sliced(*slices):
    """NumPy's slicing of the first axes, negative steps included."""

    def f(x):
        for axis, s in enumerate(slices):
            x = pick(x, axis, np.arange(x.shape[axis])[s])
        return x

    return f


# ---- shapes alone ---------------------------------------------------------------------------


def layouts():
    case("squeeze", "all", torch.squeeze, normal(1, 3, 1, 2))
    case("squeeze", "one", lambda x: x.squeeze(-1), normal(1, 3, 1), attrs={"axes": [-1]})
    case("squeeze", "two", lambda x: x.reshape(3), normal(1, 3, 1), attrs={"axes": [0, 2]})
    case("squeeze", "i64", torch.squeeze, index(9, 1, 3), up=False)
    hard("squeeze", "odd", torch.squeeze, ODD[None])
    hard("squeeze", "nothing", lambda x: x.squeeze(1), normal(0, 1), attrs={"axes": [1]})
    for axis in (0, 1, -1):
        name = "at_%d" % axis if axis >= 0 else "last"
        case("unsqueeze", name, lambda x: x.unsqueeze(axis), normal(2, 3), attrs={"axis": axis})
    case("unsqueeze", "rank_0", lambda x: x.unsqueeze(0), normal(), attrs={"axis": 0})
    hard("unsqueeze", "odd", lambda x: x.unsqueeze(1), ODD, attrs={"axis": 1})
    case("flatten", "all", torch.flatten, normal(2, 3, 2))
    case("flatten", "inner", lambda x: x.flatten(1), normal(2, 3, 2), attrs={"first": 1})
    case("flatten", "outer", lambda x: x.flatten(0, 1), normal(2, 3, 2), attrs={"last": 1})
    case("flatten", "rank_0", torch.flatten, normal())
    hard("flatten", "odd", torch.flatten, ODD)
    hard("flatten", "nothing", lambda x: x.flatten(1), normal(2, 0, 3), attrs={"first": 1})
    case("swap_axes", "outer", lambda x: x.transpose(0, 2), normal(2, 3, 4), attrs={"a": 0, "b": 2})
    case("swap_axes", "last", lambda x: x.transpose(-1, 1), normal(2, 3, 2), attrs={"a": -1, "b": 1})
    hard("swap_axes", "odd", lambda x: x.transpose(0, 1), ODD, attrs={"a": 0, "b": 1})
    for a, b in ((0, -1), (-1, 0), (1, 2)):
        attrs = {"source": a, "destination": b}
        name = "%d_to_%d" % (a % 4, b % 4)
        case("movedim", name, lambda x: x.movedim(a, b), normal(2, 3, 2, 4), attrs=attrs)
    attrs = {"source": 0, "destination": 1}
    hard("movedim", "odd", lambda x: x.movedim(0, 1), ODD, attrs=attrs)


# ---- slices ---------------------------------------------------------------------------------


def slices():
    op = "strided_slice"
    attrs = {"begin": [1], "end": [MOST], "step": [2]}
    case(op, "every_second", sliced(slice(1, None, 2)), normal(7), attrs=attrs)
    attrs = {"begin": [MOST], "end": [LEAST], "step": [-3]}
    case(op, "backwards", sliced(slice(None, None, -3)), normal(8, 2), attrs=attrs)
    attrs = {"begin": [1, -3], "end": [3, -1]}
    case(op, "inside", sliced(slice(1, 3), slice(-3, -1)), normal(4, 5), attrs=attrs)
    attrs = {"begin": [-1, 0, 5], "end": [0, 9, 1], "step": [-1, 2, -2]}
    three = sliced(slice(-1, 0, -1), slice(0, 9, 2), slice(5, 1, -2))
    case(op, "three_axes", three, normal(3, 4, 6), attrs=attrs)
    attrs = {"begin": [3], "end": [LEAST], "step": [-1]}
    case(op, "i64", sliced(slice(3, None, -1)), index(9, 6), attrs=attrs, up=False)
    attrs = {"begin": [-100, 2], "end": [100, 2]}
    hard(op, "nothing", sliced(slice(-100, 100), slice(2, 2)), ODD, attrs=attrs)
    attrs = {"begin": [1, 2], "end": [LEAST, LEAST], "step": [-1, -2]}
    hard(op, "odd", sliced(slice(1, None, -1), slice(2, None, -2)), ODD, attrs=attrs)
    attrs = {"begin": [0], "end": [MOST], "step": [MOST]}
    hard(op, "huge_step", sliced(slice(0, MOST, MOST)), ODD, attrs=attrs)
    op = "place"
    f = lambda x: put(put(x, 1, [1, 3], 5), 0, [2, 1, 0], 4)
    case(op, "apart", f, normal(3, 2), attrs={"dims": [4, 5], "begin": [2, 1], "step": [-1, 2]})
    f = lambda x: put(x, 0, [1, 2], 4)
    hard(op, "odd", f, ODD, attrs={"dims": [4, 3], "begin": [1, 0], "step": [1, 1]})
    op = "slice"
    attrs = {"axis": 1, "begin": 4, "end": 0, "step": -2}
    case(op, "backwards", lambda x: pick(x, 1, [4, 2]), normal(2, 5), attrs=attrs)
    case(op, "tail", lambda x: x[-2:], normal(5, 2), attrs={"axis": 0, "begin": -2})
    case(op, "head", lambda x: x[:, :-1], normal(2, 4), attrs={"axis": -1, "end": -1})
    case(op, "bool", lambda x: x[1::2], bools(6), attrs={"axis": 0, "begin": 1, "step": 2}, up=False)
    hard(op, "odd", lambda x: x[:, 1:], ODD, attrs={"axis": 1, "begin": 1})
    hard(op, "nothing", lambda x: x[2:1], ODD, attrs={"axis": 0, "begin": 2, "end": 1})


def parts():
    narrow = lambda *a: lambda x: x.narrow(*a)
    op, attrs = "narrow", {"axis": 1, "start": 1, "length": 2}
    case(op, "columns", narrow(1, 1, 2), normal(3, 4), attrs=attrs)
    attrs = {"axis": 0, "start": -2, "length": 1}
    case(op, "from_end", narrow(0, -2, 1), normal(3, 2), attrs=attrs)
    hard(op, "odd", narrow(1, 1, 2), ODD, attrs={"axis": 1, "start": 1, "length": 2})
    hard(op, "nothing", narrow(0, 2, 0), ODD, attrs={"axis": 0, "start": 2, "length": 0})
    case("select", "row", lambda x: x.select(0, 1), normal(3, 4), attrs={"axis": 0, "index": 1})
    case("select", "last", lambda x: x.select(-1, -1), normal(2, 3, 4), attrs={"axis": -1, "index": -1})
    hard("select", "odd", lambda x: x.select(1, 1), ODD, attrs={"axis": 1, "index": 1})
    case("flip", "all", lambda x: x.flip(0, 1), normal(3, 4))
    case("flip", "rows", lambda x: x.flip(0), normal(3, 4), attrs={"axes": [0]})
    case("flip", "outer", lambda x: x.flip(0, 2), normal(2, 2, 3), attrs={"axes": [-1, 0]})
    case("flip", "none", lambda x: x * 1, normal(2, 3), attrs={"axes": []})
    hard("flip", "odd", lambda x: x.flip(1), ODD, attrs={"axes": [1]})
    hard("flip", "nothing", lambda x: x.flip(0), normal(0, 2), attrs={"axes": [0]})
    attrs = {"axis": 0, "sizes": [2, 0, 3]}
    case("split", "first", lambda x: x.split([2, 0, 3])[0], normal(5, 2), attrs=attrs)
    attrs = {"axis": -1, "sizes": [1, 2]}
    case("split", "last_axis", lambda x: x.split([1, 2], -1)[0], normal(2, 3), attrs=attrs)
    hard("split", "odd", lambda x: x.split([1, 1])[0], ODD, attrs={"axis": 0, "sizes": [1, 1]})
    case("chunk", "equal", lambda x: x.chunk(3)[0], normal(6, 2), attrs={"axis": 0, "chunks": 3})
    case("chunk", "unequal", lambda x: x.chunk(3, 1)[0], normal(2, 7), attrs={"axis": 1, "chunks": 3})
    hard("chunk", "odd", lambda x: x.chunk(2, 1)[0], ODD, attrs={"axis": 1, "chunks": 2})


def joins():
    cat = lambda axis: lambda *xs: torch.cat(xs, axis)
    case("concat", "rows", cat(0), normal(2, 3), normal(1, 3), attrs={"axis": 0})
    case("concat", "middle", cat(1), normal(2, 1, 2), normal(2, 3, 2), normal(2, 2, 2), attrs={"axis": 1})
    six = [normal(2, n) for n in (1, 2, 0, 3, 1, 2)]
    case("concat", "six", cat(-1), *six, attrs={"axis": -1})
    case("concat", "one", cat(0), normal(3))
    case("concat", "u8", cat(0), index(9, 2).astype(np.uint8), index(9, 3).astype(np.uint8), up=False)
    hard("concat", "odd", cat(1), ODD, normal(2, 1), attrs={"axis": 1})
    hard("concat", "nothing", cat(0), normal(0, 2), normal(0, 2))
    stack = lambda axis: lambda *xs: torch.stack(xs, axis)
    case("stack", "first", stack(0), normal(2, 3), normal(2, 3), attrs={"axis": 0})
    case("stack", "last", stack(-1), normal(2, 3), normal(2, 3), normal(2, 3), attrs={"axis": -1})
    case("stack", "five", stack(1), *[normal(3) for _ in range(5)], attrs={"axis": 1})
    case("stack", "rank_0", stack(0), normal(), normal())
    case("stack", "bool", stack(0), bools(3), bools(3), up=False)
    hard("stack", "odd", stack(1), ODD, normal(2, 3), attrs={"axis": 1})
    hard("stack", "nothing", stack(0), normal(0), normal(0))


# ---- borders, shifts, triangles -------------------------------------------------------------


def sources(size, before, after, mode):
    return np.pad(np.arange(size), (before, after), mode=mode)


def padded(before, after, mode):
    def f(x):
        for axis, (b, a) in enumerate(zip(before, after)):
            x = pick(x, axis, sources(x.shape[axis], b, a, mode))
        return x

    return f


def constant(before, after, value):
    """PyTorch's pads stand in pairs from the last axis on."""
    pairs = [p for b, a in reversed(list(zip(before, after))) for p in (b, a)]
    return lambda x: torch.nn.functional.pad(x, pairs, value=value)


def pads():
    for name, before, after, shape in (
        ("vector", [2], [3], (4,)),
        ("matrix", [1, 2], [0, 2], (3, 4)),
        ("rows", [1, 0], [1, 0], (3, 2)),
        ("three_axes", [1, 0, 1], [0, 1, 1], (2, 2, 3)),
    ):
        attrs = {"before": before, "after": after}
        case("pad", "zeros_" + name, constant(before, after, 0.0), normal(*shape), attrs=attrs)
        attrs["value"] = -1.5
        case("pad", "value_" + name, constant(before, after, -1.5), normal(*shape), attrs=attrs)
        for mode in ("reflect", "edge", "wrap"):
            attrs = {"before": before, "after": after, "mode": mode}
            f = padded(before, after, mode)
            case("pad", mode + "_" + name, f, normal(*shape), attrs=attrs)
    attrs = {"before": [1], "after": [2], "value": 7.0}
    case("pad", "i64", constant([1], [2], 7), index(9, 3), attrs=attrs, up=False)
    attrs = {"before": [1], "after": [1], "value": 1.0}
    plain("pad", "bool", [bools(3) & False], [np.array([True, False, False, False, True])], attrs=attrs)
    attrs = {"before": [1, 0], "after": [0, 1], "value": NAN}
    hard("pad", "odd", constant([1, 0], [0, 1], NAN), ODD, attrs=attrs)
    attrs = {"before": [4, 0], "after": [3, 5], "mode": "edge"}
    hard("pad", "odd_edges", padded([4, 0], [3, 5], "edge"), ODD, attrs=attrs)
    attrs = {"before": [1, 2], "after": [1, 2], "mode": "reflect"}
    hard("pad", "odd_mirrors", padded([1, 2], [1, 2], "reflect"), ODD, attrs=attrs)
    attrs = {"before": [2, 0], "after": [1, 0], "value": 3.0}
    hard("pad", "around_nothing", constant([2, 0], [1, 0], 3.0), normal(0, 2), attrs=attrs)
    back = lambda size, b, a, mode: lambda dy: put(dy, 0, sources(size, b, a, mode), size)
    for mode in ("reflect", "edge", "wrap"):
        attrs = {"axis": 0, "mode": mode, "before": 2, "after": 3}
        case("pad_backward", mode, back(4, 2, 3, mode), normal(9, 2), attrs=attrs)
    attrs = {"axis": 0, "mode": "edge", "before": 2, "after": 1}
    odd = np.array([INF, 1.0, -INF, NAN, 2.0])
    plain_hard(
        "pad_backward", "odd", [odd], [np.array([NAN, NAN + 2.0])], {0: np.ones(2)}, {0: np.ones(5)}, attrs
    )


def moves():
    roll = lambda s, a=None: lambda x: torch.roll(x, s, a)
    case("roll", "vector", roll([2], [0]), normal(5), attrs={"shifts": [2]})
    case("roll", "both", roll([1, -2], [0, 1]), normal(3, 4), attrs={"shifts": [1, -2]})
    case("roll", "outer", roll([4, 1], [2, 0]), normal(2, 2, 3), attrs={"shifts": [4, 1], "axes": [2, 0]})
    case("roll", "twice", roll([1, 1], [1, 1]), normal(2, 5), attrs={"shifts": [1, 1], "axes": [1, -1]})
    case("roll", "u8", roll([1], [0]), index(9, 5).astype(np.uint8), attrs={"shifts": [-4]}, up=False)
    hard("roll", "odd", roll([-1, 2], [0, 1]), ODD, attrs={"shifts": [-1, 2]})
    hard("roll", "far", roll([LEAST % 3], [1]), ODD, attrs={"shifts": [LEAST], "axes": [1]})
    hard("roll", "nothing", roll([1, 1], [0, 1]), normal(0, 2), attrs={"shifts": [1, 1]})
    for op, f in (("tril", torch.tril), ("triu", torch.triu)):
        case(op, "square", f, normal(3, 3))
        case(op, "wide", lambda x: f(x, 1), normal(3, 5), attrs={"k": 1})
        case(op, "tall", lambda x: f(x, -2), normal(5, 3), attrs={"k": -2})
        case(op, "batch", f, normal(2, 2, 3, 2))
        case(op, "i64", f, index(9, 3, 3), up=False)
        hard(op, "odd", f, ODD)
        hard(op, "odd_elsewhere", lambda x: f(x, 1 if op == "triu" else -1), ODD, attrs={"k": 1 if op == "triu" else -1})
        hard(op, "nothing", f, normal(0, 2))
        hard(op, "far", lambda x: f(x, 9), ODD, attrs={"k": MOST})


def repeats():
    tile = lambda *reps: lambda x: torch.tile(x, reps)
    case("tile", "vector", tile(3), normal(3), attrs={"reps": [3]})
    case("tile", "last", tile(2), normal(2, 3), attrs={"reps": [2]})
    case("tile", "both", tile(2, 3), normal(2, 2), attrs={"reps": [2, 3]})
    case("tile", "new_axis", tile(2, 1, 2), normal(2, 3), attrs={"reps": [2, 1, 2]})
    case("tile", "rank_0", tile(2, 2), normal(), attrs={"reps": [2, 2]})
    case("tile", "bool", tile(2), bools(3), attrs={"reps": [2]}, up=False)
    hard("tile", "odd", tile(2, 1), ODD, attrs={"reps": [2, 1]})
    hard("tile", "no_times", tile(0, 2), ODD, attrs={"reps": [0, 2]})
    repeat = lambda n, axis: lambda x: x.repeat_interleave(n, axis)
    op = "repeat_interleave"
    case(op, "rows", repeat(2, 0), normal(3, 2), attrs={"repeats": 2})
    case(op, "last", repeat(3, -1), normal(2, 1, 3), attrs={"repeats": 3, "axis": -1})
    case(op, "i64", repeat(2, 0), index(9, 3), attrs={"repeats": 2}, up=False)
    hard(op, "odd", repeat(2, 1), ODD, attrs={"repeats": 2, "axis": 1})
    hard(op, "no_times", repeat(0, 1), ODD, attrs={"repeats": 0, "axis": 1})


def diagonals():
    f = lambda *a: lambda x: torch.diagonal(x, *a)
    op = "diagonal"
    case(op, "square", f(), normal(3, 3))
    case(op, "above", f(1), normal(3, 5), attrs={"offset": 1})
    case(op, "below", f(-1, -2, -1), normal(2, 4, 3), attrs={"offset": -1, "axis1": -2, "axis2": -1})
    case(op, "outer", f(0, 2, 0), normal(2, 3, 4), attrs={"axis1": 2, "axis2": 0})
    case(op, "bool", f(), bools(3, 3), up=False)
    hard(op, "odd", f(1), ODD, attrs={"offset": 1})
    hard(op, "nothing", f(3), ODD, attrs={"offset": 3})
    f = lambda *a: lambda x: torch.diag_embed(x, *a)
    op = "diag_embed"
    case(op, "vector", f(), normal(3))
    case(op, "above", f(2), normal(2, 3), attrs={"offset": 2})
    case(op, "below", f(-1), normal(3), attrs={"offset": -1})
    case(op, "outer", f(1, 0, 2), normal(2, 2, 2), attrs={"offset": 1, "axis1": 0, "axis2": 2})
    case(op, "swapped", f(-1, 2, 1), normal(2, 3), attrs={"offset": -1, "axis1": 2, "axis2": 1})
    case(op, "i64", f(), index(9, 3), up=False)
    hard(op, "odd", f(), ODD)
    hard(op, "nothing", f(-2), normal(0), attrs={"offset": -2})


if __name__ == "__main__":
    layouts()
    slices()
    parts()
    joins()
    pads()
    moves()
    repeats()
    diagonals()
    finish(__file__)
