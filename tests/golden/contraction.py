"""Contractions but matmul. Writes contraction.txt.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np
import torch

from common import *  # noqa: F403


def products():
    case("dot", "vectors", torch.dot, normal(5), normal(5))
    case("dot", "i64", torch.dot, index(9, 4), index(9, 4), up=False)
    hard("dot", "of_nothing", torch.dot, normal(0), normal(0))
    hard("dot", "odd", torch.dot, np.array([INF, 1.0]), np.array([0.0, 2.0]), up=1.0)
    case("outer", "vectors", torch.outer, normal(2), normal(3))
    hard("outer", "odd", torch.outer, np.array([INF, NAN, 0.0]), np.array([1.0, -INF]), up=np.ones((3, 2)))
    case("mv", "matrix", torch.mv, normal(2, 3), normal(3))
    hard("mv", "of_nothing", torch.mv, normal(2, 0), normal(0))
    hard("mv", "odd", torch.mv, np.array([[INF, 1.0], [NAN, 0.0]]), np.array([1.0, 2.0]), up=np.ones(2))
    case("trace", "square", torch.trace, normal(3, 3))
    case("trace", "wide", torch.trace, normal(2, 4))
    case("trace", "batch", lambda x: x.diagonal(0, 1, 2).sum(1), normal(2, 3, 3))
    hard("trace", "odd", torch.trace, np.array([[1.0, NAN], [INF, 2.0]]), up=1.0)


def sums():
    for beta, alpha in ((1.0, 1.0), (0.5, -2.0)):
        name = "beta_%g" % beta
        attrs = {"beta": beta, "alpha": alpha}
        f = lambda x, a, b: torch.addmm(x, a, b, beta=beta, alpha=alpha)
        case("addmm", name, f, normal(4), normal(2, 3), normal(3, 4), attrs=attrs)
        f = lambda x, a, b: torch.baddbmm(x, a, b, beta=beta, alpha=alpha)
        case("baddbmm", name, f, normal(2, 1), normal(2, 2, 3), normal(2, 3, 4), attrs=attrs)
    attrs = {"beta": 0.0, "alpha": 2.0}
    a, b = normal(2, 3), normal(3, 2)
    nothing = [np.full((2, 2), NAN), a, b]
    up = np.ones((2, 2))
    grads = {1: 2 * up @ b.T, 2: 2 * a.T @ up}
    plain_hard("addmm", "input_unread", nothing, [2 * a @ b], {0: up}, grads, attrs)
    nothing = [np.full((1, 1, 1), INF), a[None], b[None]]
    grads = {1: grads[1][None], 2: grads[2][None]}
    plain_hard("baddbmm", "input_unread", nothing, [2 * (a @ b)[None]], {0: up[None]}, grads, attrs)
    case("tensordot", "one", lambda a, b: torch.tensordot(a, b, 1), normal(2, 3), normal(3, 2, 2), attrs={"axes_a": [1], "axes_b": [0]})
    two = lambda a, b: torch.tensordot(a, b, ((0, 2), (1, 0)))
    case("tensordot", "two", two, normal(2, 2, 3), normal(3, 2, 2), attrs={"axes_a": [0, -1], "axes_b": [1, 0]})
    none = lambda a, b: torch.tensordot(a, b, 0)
    case("tensordot", "none", none, normal(2, 2), normal(3), attrs={"axes_a": [], "axes_b": []})
    hard("tensordot", "of_nothing", lambda a, b: torch.tensordot(a, b, 1), normal(2, 0), normal(0, 3), attrs={"axes_a": [1], "axes_b": [0]})


def einsums():
    known = {
        "ij,jk->ik": [(2, 3), (3, 4)],
        "ij,jk": [(2, 3), (3, 4)],
        "kj,ij": [(4, 3), (2, 3)],
        "ik,jk->ij": [(2, 3), (4, 3)],
        "ki,kj->ij": [(3, 2), (3, 4)],
        "ki,kj->ji": [(3, 2), (3, 4)],
        "bij,bjk->bik": [(2, 2, 3), (2, 3, 2)],
        "bij,bkj->bki": [(2, 2, 3), (2, 4, 3)],
        "ibj,bjk->bik": [(2, 3, 2), (3, 2, 2)],
        "abij,abjk->abik": [(2, 2, 2, 3), (2, 2, 3, 1)],
        "abij,jkbc->aick": [(2, 2, 3, 2), (2, 3, 2, 2)],
        "bhqd,bhkd->bhqk": [(2, 2, 3, 2), (2, 2, 2, 2)],
        "bqhd,bkhd->bhqk": [(2, 3, 2, 2), (2, 2, 2, 2)],
        "...ij,...jk->...ik": [(2, 2, 3), (2, 3, 2)],
        "i...j,j...->...i": [(2, 3, 4), (4, 3)],
        "...,...": [(2, 3), (3,)],
        "bi,oij,bj->bo": [(2, 3), (2, 3, 4), (2, 4)],
        "ij,jk,kl,lm->im": [(2, 3), (3, 2), (2, 3), (3, 2)],
        "i,j,k->ijk": [(2,), (3,), (2,)],
        "i,j->ji": [(2,), (3,)],
        "i,i->": [(4,), (4,)],
        "i,ij,j": [(2,), (2, 3), (3,)],
        "ij,ij->": [(2, 3), (2, 3)],
        "ij,ij->ij": [(2, 3), (2, 3)],
        "ij,ji->i": [(2, 3), (3, 2)],
        "ij->": [(2, 3)],
        "ij->ji": [(2, 3)],
        "ba": [(2, 3)],
        "ijk->k": [(2, 3, 4)],
        "ii->": [(3, 3)],
        "ii": [(3, 3)],
        "ii->i": [(3, 3)],
        "iij->ji": [(2, 2, 3)],
        "ijij->ij": [(2, 3, 2, 3)],
        "ii,ij->j": [(3, 3), (3, 2)],
        "aB,Bc->ca": [(2, 3), (3, 2)],
    }
    for equation, shapes in known.items():
        f = lambda *given: torch.einsum(equation, *given)
        case("einsum", equation, f, *[normal(*s) for s in shapes], attrs={"equation": equation})
    broadcast = lambda a, b: torch.einsum("bij,bjk->bik", a, b)
    case("einsum", "broadcasts", broadcast, normal(1, 2, 3), normal(2, 3, 2), attrs={"equation": "bij,bjk->bik"})
    inner = lambda a, b: torch.einsum("ij,jk->ik", a.expand(2, 3), b)
    case("einsum", "inner_broadcasts", inner, normal(2, 1), normal(3, 2), attrs={"equation": "ij,jk->ik"})
    product = lambda a, b: torch.einsum("ij,jk->ik", a, b)
    attrs = {"equation": "ij,jk->ik"}
    hard("einsum", "of_nothing", product, normal(2, 0), normal(0, 3), attrs=attrs)
    hard("einsum", "odd", product, np.array([[INF, 0.0], [NAN, 1.0]]), np.array([[1.0], [2.0]]), attrs=attrs)
    diagonal = lambda x: torch.einsum("ii->i", x)
    hard("einsum", "odd_beside", diagonal, np.array([[1.0, NAN], [INF, 2.0]]), attrs={"equation": "ii->i"})


if __name__ == "__main__":
    products()
    sums()
    einsums()
    finish(__file__)
