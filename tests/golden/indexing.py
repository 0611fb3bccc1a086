"""Indexing and sorting. Writes indexing.txt.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np
import torch

from common import *  # noqa: F403

ODD = np.array([[0.0, INF], [-INF, NAN], [1.0, -0.0]])


def distinct(*shape):
    """No two alike, so that every order is the one order."""
    n = int(np.prod(shape))
    return ((rng.permutation(n) - n // 2) / 4.0).reshape(shape)


# ---- by index -------------------------------------------------------------------------------


def selections():
    op, f = "index_select", torch.index_select
    case(op, "rows", lambda x, i: f(x, 0, i), normal(4, 3), index(4, 6))
    case(op, "last", lambda x, i: f(x, -1, i), normal(2, 2, 4), index(4, 3), attrs={"axis": -1})
    case(op, "i64", lambda x, i: f(x, 0, i), index(9, 4), index(4, 3), up=False)
    hard(op, "odd", lambda x, i: f(x, 0, i), ODD, np.array([1, 0, 1]))
    hard(op, "nothing", lambda x, i: f(x, 0, i), normal(3, 2), index(3, 0))
    op, f = "embedding", torch.nn.functional.embedding
    case(op, "sentence", lambda w, i: f(i, w), normal(5, 3), index(5, 6))
    case(op, "batch", lambda w, i: f(i, w), normal(5, 2), index(5, 2, 3))
    case(op, "rank_0", lambda w, i: f(i, w), normal(5, 2), index(5))
    met = np.array([[2, 1, 2], [0, 2, 4]])
    case(op, "padding", lambda w, i: f(i, w, padding_idx=2), normal(5, 2), met, attrs={"padding": 2})
    case(op, "not_met", lambda w, i: f(i, w, padding_idx=4), normal(5, 2), index(4, 5), attrs={"padding": 4})
    # Whatever arrives at the padding stays there.
    plain_hard(
        op,
        "odd",
        [ODD, np.array([1, 1, 0])],
        [ODD[[1, 1, 0]]],
        {0: np.array([[INF, NAN], [1.0, 1.0], [2.0, 3.0]])},
        {0: np.array([[2.0, 3.0], [0.0, 0.0], [0.0, 0.0]])},
        attrs={"padding": 1},
    )
    hard(op, "nothing", lambda w, i: f(i, w), normal(3, 2), index(3, 0, 2))


def along():
    take = lambda axis: lambda x, i: torch.gather(x, axis, i)
    op = "take_along_axis"
    case(op, "vector", take(0), normal(4), index(4, 6), attrs={"axis": 0})
    case(op, "rows", take(0), normal(4, 3), index(4, 2, 3), attrs={"axis": 0})
    case(op, "columns", take(-1), normal(3, 4), index(4, 3, 5), attrs={"axis": -1})
    case(op, "middle", take(1), normal(2, 4, 3), index(4, 2, 2, 3), attrs={"axis": 1})
    case(op, "smaller", take(1), normal(3, 4, 3), index(4, 2, 5, 1), attrs={"axis": 1})
    case(op, "bool", take(0), bools(4), index(4, 6), attrs={"axis": 0}, up=False)
    hard(op, "odd", take(1), ODD, np.array([[1, 1], [0, 1], [0, 0]]), attrs={"axis": 1})
    hard(op, "nothing", take(0), normal(3, 2), index(3, 0, 2), attrs={"axis": 0})
    add = lambda axis, *dims: lambda dy, i: torch.zeros(dims).scatter_add(axis, i, dy)
    op = "add_along_axis"
    case(op, "vector", add(0, 4), normal(6), index(4, 6), attrs={"axis": 0, "dims": [4]})
    case(op, "columns", add(1, 3, 4), normal(3, 2), index(4, 3, 2), attrs={"axis": 1, "dims": [3, 4]})
    attrs = {"axis": -2, "dims": [2, 4, 3]}
    case(op, "smaller", add(1, 2, 4, 3), normal(2, 5, 2), index(4, 2, 5, 2), attrs=attrs)
    odd, at = np.array([INF, 1.0, NAN, -INF]), np.array([1, 1, 0, 2])
    hard(op, "odd", add(0, 4), odd, at, attrs={"axis": 0, "dims": [4]})
    hard(op, "nothing", add(0, 2), normal(0), index(1, 0), attrs={"axis": 0, "dims": [2]})


# ---- sorting --------------------------------------------------------------------------------


def order(axis, descending):
    return lambda x: tuple(torch.sort(x, dim=axis, descending=descending, stable=True))


def first(k, axis, largest):
    """A stable topk, which PyTorch does not promise."""

    def f(x):
        values, indices = order(axis, largest)(x)
        return values.narrow(axis, 0, k), indices.narrow(axis, 0, k)

    return f


TIES = np.array([1.0, 0.0, 1.0, -0.0, 1.0, 0.0])
MIXED = np.array([NAN, 1.0, INF, -INF, NAN, 0.0, -0.0, INF])


def sorts():
    for op, output in (("sort", lambda y: y), ("argsort", lambda y: y[1])):
        up = None if op == "sort" else False
        f = lambda axis, down: lambda x: output(order(axis, down)(x))
        case(op, "vector", f(0, False), distinct(17), up=up)
        case(op, "long", f(0, True), distinct(100), attrs={"descending": 1}, up=up)
        case(op, "columns", f(0, False), distinct(7, 3), attrs={"axis": 0}, up=up)
        case(op, "rows", f(1, True), distinct(3, 6), attrs={"axis": 1, "descending": 1}, up=up)
        case(op, "middle", f(1, False), distinct(2, 5, 3), attrs={"axis": 1}, up=up)
        case(op, "i64", f(0, False), index(5, 12), up=False)
        case(op, "u8", f(0, True), index(5, 12).astype(np.uint8), attrs={"descending": 1}, up=False)
        case(op, "bool", f(0, False), bools(9), up=False)
        for down in (False, True):
            name = "_down" if down else "_up"
            attrs = {"descending": int(down)}
            hard(op, "ties" + name, f(0, down), TIES, attrs=attrs, up=up)
            hard(op, "nan" + name, f(0, down), MIXED, attrs=attrs, up=up)
        hard(op, "nothing", f(1, False), normal(3, 0), up=False)


def best():
    largest = lambda k, axis: lambda x: tuple(torch.topk(x, k, axis))
    smallest = lambda k, axis: lambda x: tuple(torch.topk(x, k, axis, largest=False))
    op = "topk"
    case(op, "vector", largest(4, 0), distinct(17), attrs={"k": 4})
    case(op, "columns", largest(2, 0), distinct(7, 3), attrs={"k": 2, "axis": 0})
    case(op, "smallest", smallest(3, -1), distinct(3, 6), attrs={"k": 3, "largest": 0})
    case(op, "middle", largest(2, 1), distinct(2, 5, 3), attrs={"k": 2, "axis": 1})
    case(op, "all", smallest(5, 0), distinct(5), attrs={"k": 5, "largest": 0})
    case(op, "i64", first(4, 0, True), index(5, 12), attrs={"k": 4}, up=False)
    for big in (True, False):
        name = "_largest" if big else "_smallest"
        attrs = {"k": 4, "largest": int(big)}
        hard(op, "ties" + name, first(4, 0, big), TIES, attrs=attrs)
        hard(op, "nan" + name, first(4, 0, big), MIXED, attrs=attrs)
    attrs = {"k": 7, "largest": 0}
    hard(op, "nan_among_smallest", first(7, 0, False), MIXED, attrs=attrs)
    hard(op, "none", first(0, 0, True), normal(3), attrs={"k": 0})
    hard(op, "of_nothing", first(0, 0, True), normal(0, 2), attrs={"k": 0, "axis": 0})


# ---- searching ------------------------------------------------------------------------------


def searches():
    op = "searchsorted"
    find = lambda right: lambda s, v: torch.searchsorted(s.detach(), v.detach(), right=right)
    steps = np.array([-1.0, 0.0, 0.0, 0.5, 0.5, 2.0])
    for right in (False, True):
        name, attrs = "_right" if right else "_left", {"right": int(right)}
        case(op, "vector" + name, find(right), np.sort(distinct(9)), normal(7), attrs=attrs, up=False)
        case(op, "matrix" + name, find(right), np.sort(distinct(9)), normal(2, 3), attrs=attrs, up=False)
        case(op, "rows" + name, find(right), np.sort(distinct(3, 5)), normal(3, 4), attrs=attrs, up=False)
        case(op, "i64" + name, find(right), np.sort(index(5, 8)), index(7, 5), attrs=attrs, up=False)
        hard(op, "ties" + name, find(right), steps, np.array([0.0, -0.0, 0.5, INF, -INF]), attrs=attrs, up=False)
        # Among NaN NumPy finds a place in its order, PyTorch the end.
        odd, values = np.array([-INF, 0.0, INF, NAN, NAN]), np.array([NAN, INF, -INF, 1.0])
        places = np.searchsorted(odd, values, side="right" if right else "left").astype(np.int64)
        plain_hard(op, "nan" + name, [odd, values], [places], attrs=attrs)
    hard(op, "in_nothing", find(False), normal(0), normal(3), up=False)
    op = "bincount"
    count = lambda n: lambda i: torch.bincount(i.reshape(-1), minlength=n)
    case(op, "vector", count(5), index(5, 12), attrs={"size": 5}, up=False)
    case(op, "matrix", count(6), index(4, 3, 3), attrs={"size": 6}, up=False)
    hard(op, "nothing", count(3), index(3, 0), attrs={"size": 3}, up=False)


if __name__ == "__main__":
    selections()
    along()
    sorts()
    best()
    searches()
    finish(__file__)
