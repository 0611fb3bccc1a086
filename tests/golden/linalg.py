"""Linear algebra. Writes linalg.txt.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np
import scipy.linalg
import torch

from common import *  # noqa: F403

la = torch.linalg


def firm(*shape):
    """Far from singular, with singular values apart."""
    m, n = shape[-2:]
    return grid(0.25 * rng.randn(*shape) + np.diag(np.arange(2.0, 2.0 + max(m, n)))[:m, :n])


def definite(*shape):
    x = rng.randn(*shape)
    return grid(x @ np.swapaxes(x, -1, -2) + np.eye(shape[-1]))


def symmetric(*shape):
    x = firm(*shape)
    return (x + np.swapaxes(x, -1, -2)) / 2


def even(a):
    """Gradients are those of functions of symmetric matrices, of which the lower triangle is read."""
    return (a + a.mT) / 2


def signs(v):
    """The sign of each column's first entry of more than 3/8 of its largest magnitude."""
    size = v.detach().abs()
    big = 8 * size > 3 * size.amax(-2, keepdim=True)
    first = big.to(torch.float64).argmax(-2, keepdim=True)
    return torch.sign(torch.gather(v.detach(), -2, first))


# ---- systems of equations -------------------------------------------------------------------


def triangles():
    op = "solve_triangular"
    for upper in (False, True):
        for left in (True, False):
            for unit in (False, True):
                attrs = {"upper": upper, "left": left, "unitriangular": unit}
                name = "_".join([k for k, v in attrs.items() if v] or ["right"])
                f = lambda a, b: la.solve_triangular(
                    torch.triu(a) if upper else torch.tril(a), b, upper=upper, left=left, unitriangular=unit
                )
                case(op, name, f, firm(3, 3), normal(3, 2) if left else normal(2, 3), attrs=attrs)
    turned = lambda a, b: la.solve_triangular(torch.tril(a).mT, b, upper=True)
    case(op, "transposed", turned, firm(3, 3), normal(3, 2), attrs={"transposed": 1})
    lower = lambda a, b: la.solve_triangular(torch.tril(a), b, upper=False)
    case(op, "batch", lower, firm(2, 3, 3), normal(2, 3, 2))
    case(op, "batches", lower, firm(2, 1, 2, 2), normal(3, 2, 1))
    hard(op, "nothing", lower, np.zeros((0, 0)), np.zeros((0, 2)))
    hard(op, "no_right_side", lower, firm(2, 2), np.zeros((2, 0)))
    zero = np.array([[0.0, 0.0], [1.0, 2.0]])
    plain_hard(op, "zero_pivot", [zero, np.array([[1.0], [1.0]])], [np.array([[INF], [-INF]])])
    odd = np.array([[2.0, NAN], [1.0, 4.0]])
    plain_hard(op, "nan_above", [odd, np.array([[2.0], [5.0]])], [np.array([[1.0], [1.0]])])
    odd = np.array([[2.0, 0.0], [NAN, 4.0]])
    plain_hard(op, "nan_below", [odd, np.array([[2.0], [5.0]])], [np.array([[1.0], [NAN]])])
    op = "cholesky_solve"
    f = lambda b, l: torch.cholesky_solve(b, torch.tril(l))
    case(op, "plain", f, normal(3, 2), np.tril(firm(3, 3)))
    case(op, "batch", f, normal(2, 3, 1), np.tril(firm(2, 3, 3)))
    hard(op, "nothing", lambda b, l: b * 1.0, np.zeros((0, 2)), np.zeros((0, 0)), grads={1: np.zeros((0, 0))})


def systems():
    op, f = "solve", la.solve
    case(op, "matrix", f, firm(3, 3), normal(3, 2))
    case(op, "vector", f, firm(4, 4), normal(4))
    case(op, "pivoted", f, normal(5, 5), normal(5, 2))
    case(op, "batch", f, firm(2, 3, 3), normal(2, 3, 2))
    case(op, "vectors", f, firm(2, 3, 3), normal(2, 3))
    turn = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    hard(op, "zero_diagonal", f, turn, normal(3, 1))
    hard(op, "size_1", f, np.array([[4.0]]), np.array([[1.0, 2.0]]))
    hard(op, "nothing", f, np.zeros((0, 0)), np.zeros((0, 2)))
    plain_hard(op, "nan", [np.full((2, 2), NAN), np.ones((2, 1))], [np.full((2, 1), NAN)])
    plain_hard(op, "nan_beside_zero", [np.array([[0.0, NAN], [1.0, 0.0]]), np.ones((2, 1))], [np.full((2, 1), NAN)])
    op, f = "inv", la.inv
    case(op, "plain", f, firm(3, 3))
    case(op, "batch", f, normal(2, 3, 3))
    hard(op, "zero_diagonal", f, turn)
    hard(op, "size_1", f, np.array([[-4.0]]))
    hard(op, "nothing", f, np.zeros((0, 0)))
    plain_hard(op, "nan", [np.array([[NAN, 0.0], [0.0, 1.0]])], [np.array([[NAN, NAN], [NAN, NAN]])])
    op = "matrix_power"
    for n in (0, 1, 2, 3, 7, -1, -3):
        power = lambda a: la.matrix_power(a, n) + 0 * a
        case(op, "n_%d" % n if n >= 0 else "minus_%d" % -n, power, firm(3, 3) / 4, attrs={"n": n}, up=False if n == 0 else None)
    hard(op, "nilpotent", lambda a: la.matrix_power(a, 2), np.array([[0.0, 1.0], [0.0, 0.0]]), attrs={"n": 2})
    hard(op, "nothing", lambda a: la.matrix_power(a, 3), np.zeros((0, 0)), attrs={"n": 3})
    op = "lstsq"
    tall = lambda a, b: torch.linalg.pinv(a) @ b
    case(op, "tall", tall, firm(4, 2), normal(4, 2))
    case(op, "square", tall, firm(3, 3), normal(3, 1))
    case(op, "wide", tall, firm(2, 4), normal(2, 2))
    case(op, "batch", tall, firm(2, 4, 3), normal(2, 4, 1))
    hard(op, "size_1", tall, np.array([[4.0]]), np.array([[1.0, 2.0]]))
    plain_hard(op, "zero_column", [np.array([[0.0], [0.0]]), np.array([[1.0], [1.0]])], [np.array([[INF]])])


# ---- factors --------------------------------------------------------------------------------


def triangular_factors():
    op, f = "cholesky", lambda a: la.cholesky(even(a))
    case(op, "plain", f, definite(3, 3))
    case(op, "larger", f, definite(6, 6))
    case(op, "batch", f, definite(2, 1, 2, 2))
    upper = np.array([[4.0, 9.0], [2.0, 5.0]])
    plain(op, "upper_is_not_read", [upper], [np.array([[2.0, 0.0], [1.0, 2.0]])])
    hard(op, "size_1", f, np.array([[4.0]]))
    hard(op, "nothing", f, np.zeros((0, 0)))
    hard(op, "identity", f, np.eye(3))
    odd = np.array([[4.0, 0.0], [NAN, 5.0]])
    plain_hard(op, "nan_below", [odd], [np.array([[2.0, 0.0], [NAN, NAN]])])
    odd = np.array([[NAN, 0.0], [2.0, 5.0]])
    plain_hard(op, "nan_first", [odd], [np.array([[NAN, 0.0], [NAN, NAN]])])
    op = "qr"

    def qr(a):
        q, r = la.qr(a)
        s = torch.sign(torch.diagonal(r.detach(), 0, -2, -1))
        return q * s.unsqueeze(-2), r * s.unsqueeze(-1)

    case(op, "square", qr, firm(3, 3))
    case(op, "tall", qr, normal(4, 2))
    case(op, "batch", qr, normal(2, 4, 3))
    case(op, "wide", qr, firm(2, 4), up=False)
    hard(op, "size_1", qr, np.array([[-4.0]]))
    hard(op, "identity", qr, np.eye(3))
    plain_hard(op, "zeros", [np.zeros((3, 2))], [np.eye(3)[:, :2], np.zeros((2, 2))])
    plain_hard(op, "no_columns", [np.zeros((3, 0))], [np.zeros((3, 0)), np.zeros((0, 0))])
    plain_hard(op, "no_rows", [np.zeros((0, 3))], [np.zeros((0, 0)), np.zeros((0, 3))])
    big = np.array([[3e30, 0.0], [4e30, 1e30]])
    plain_hard(op, "large", [big], [np.array([[0.6, -0.8], [0.8, 0.6]]), np.array([[5e30, 8e29], [0.0, 6e29]])])
    plain_hard(op, "nan", [np.full((2, 2), NAN)], [np.full((2, 2), NAN), np.array([[NAN, NAN], [0.0, NAN]])])


def spectra():
    op = "eigh"

    def eigh(a):
        w, v = la.eigh(even(a))
        return w, v * signs(v)

    case(op, "plain", eigh, symmetric(3, 3))
    case(op, "larger", eigh, symmetric(6, 6))
    case(op, "batch", eigh, symmetric(2, 2, 2))
    plain(op, "upper_is_not_read", [np.array([[1.0, 7.0], [0.0, 2.0]])], [np.array([1.0, 2.0]), np.eye(2)])
    r = np.sqrt(0.5)
    pair = np.array([[2.0, 1.0], [1.0, 2.0]])
    plain(op, "halves", [pair], [np.array([1.0, 3.0]), np.array([[r, r], [-r, r]])])
    opposite = np.array([[0.0, 1.0], [1.0, 0.0]])
    plain(op, "opposite", [opposite], [np.array([-1.0, 1.0]), np.array([[r, r], [-r, r]])])
    hard(op, "size_1", eigh, np.array([[-4.0]]))
    hard(op, "nothing", lambda a: (a.sum(-1), a * 1.0), np.zeros((0, 0)))
    plain_hard(op, "zeros", [np.zeros((2, 2))], [np.zeros(2), np.eye(2)])
    plain_hard(op, "equal", [np.eye(3) * 2], [np.full(3, 2.0), np.eye(3)])
    plain_hard(op, "large", [pair * 1e30], [np.array([1e30, 3e30]), np.array([[r, r], [-r, r]])])
    plain_hard(op, "nan", [np.array([[1.0, 0.0], [NAN, 1.0]])], [np.full(2, NAN), np.full((2, 2), NAN)])
    plain_hard(op, "inf", [np.array([[INF, 0.0], [0.0, 1.0]])], [np.full(2, NAN), np.full((2, 2), NAN)])
    op, f = "eigvalsh", lambda a: la.eigvalsh(even(a))
    case(op, "plain", f, symmetric(4, 4))
    case(op, "batch", f, symmetric(2, 3, 3))
    hard(op, "equal", f, np.eye(3), up=np.ones(3))
    hard(op, "nothing", lambda a: a.sum(-1), np.zeros((0, 0)))
    plain_hard(op, "nan", [np.array([[1.0, 0.0], [NAN, 1.0]])], [np.full(2, NAN)])
    op = "svd"

    def svd(a):
        u, s, vh = la.svd(a, full_matrices=False)
        t = signs(u)
        return u * t, s, vh * t.mT

    case(op, "square", svd, firm(3, 3))
    case(op, "tall", svd, firm(5, 2))
    case(op, "wide", svd, firm(2, 4))
    case(op, "batch", svd, firm(2, 3, 2))
    hard(op, "size_1", svd, np.array([[-4.0]]))
    plain_hard(op, "zeros", [np.zeros((3, 2))], [np.eye(3)[:, :2], np.zeros(2), np.eye(2)])
    one = np.array([[2.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    plain_hard(op, "rank_1", [one], [np.eye(3)[:, :2], np.array([2.0, 0.0]), np.eye(2)])
    plain_hard(op, "no_columns", [np.zeros((3, 0))], [np.zeros((3, 0)), np.zeros(0), np.zeros((0, 0))])
    large = np.array([[2e30, 1e30], [1e30, 2e30]])
    plain_hard(op, "large", [large], [np.array([[r, r], [r, -r]]), np.array([3e30, 1e30]), np.array([[r, r], [r, -r]])])
    nan = np.array([[1.0, NAN]])
    plain_hard(op, "nan", [nan], [np.full((1, 1), NAN), np.full(1, NAN), np.full((1, 2), NAN)])
    op, f = "svdvals", la.svdvals
    case(op, "square", f, normal(4, 4))
    case(op, "wide", f, normal(2, 5))
    case(op, "batch", f, normal(2, 3, 2))
    hard(op, "identity", f, np.eye(3), up=np.ones(3))
    plain_hard(op, "zeros", [np.zeros((3, 2))], [np.zeros(2)])
    plain_hard(op, "nan", [nan], [np.full(1, NAN)])


# ---- determinants ---------------------------------------------------------------------------


def determinants():
    op, f = "det", la.det
    case(op, "plain", f, normal(3, 3))
    case(op, "larger", f, normal(5, 5))
    case(op, "batch", f, normal(2, 1, 2, 2))
    hard(op, "size_1", f, np.array([[-4.0]]))
    plain_hard(op, "nothing", [np.zeros((0, 0))], [np.array(1.0)])
    # Cofactors, exactly: PyTorch perturbs singular matrices.
    singular = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])
    cofactors = np.array([[4.0, 4.0, -4.0], [-2.0, -2.0, 2.0], [0.0, 0.0, 0.0]])
    plain_hard(op, "singular", [singular], [np.array(0.0)], {0: np.array(1.0)}, {0: cofactors})
    plain_hard(op, "rank_1", [np.ones((3, 3))], [np.array(0.0)], {0: np.array(1.0)}, {0: np.zeros((3, 3))})
    swap = np.array([[0.0, 1.0], [1.0, 0.0]])
    plain_hard(op, "swap", [swap], [np.array(-1.0)], {0: np.array(1.0)}, {0: -swap})
    plain_hard(op, "zero", [np.zeros((1, 1))], [np.array(0.0)], {0: np.array(3.0)}, {0: np.full((1, 1), 3.0)})
    plain_hard(op, "nan", [np.array([[1.0, NAN], [0.0, 1.0]])], [np.array(NAN)])
    op, f = "slogdet", lambda a: tuple(la.slogdet(a))
    g = lambda a: (la.slogdet(a)[0].detach(), la.slogdet(a)[1])
    case(op, "plain", g, normal(3, 3))
    case(op, "batch", g, normal(2, 2, 2))
    case(op, "negative", g, np.diag([1.0, -2.0, 3.0]))
    plain_hard(op, "singular", [np.ones((2, 2))], [np.array(0.0), np.array(-INF)])
    plain_hard(op, "nothing", [np.zeros((0, 0))], [np.array(1.0), np.array(0.0)])
    tiny = np.eye(5) * 2.0**-60
    hard(op, "tiny", g, tiny, up=False)
    plain_hard(op, "nan", [np.full((1, 1), NAN)], [np.array(NAN), np.array(NAN)])
    op, f = "logdet", torch.logdet
    case(op, "plain", f, definite(3, 3))
    case(op, "batch", f, definite(2, 2, 2))
    plain_hard(op, "negative", [np.diag([1.0, -2.0])], [np.array(NAN)])
    plain_hard(op, "zero", [np.zeros((2, 2))], [np.array(-INF)])
    plain_hard(op, "nothing", [np.zeros((0, 0))], [np.array(0.0)])


# ---- the ops behind the forms ---------------------------------------------------------------


def factors(a):
    """The factors of the transpose, transposed: columns are exchanged, not rows."""
    lu, pivots = scipy.linalg.lu_factor(a.T)
    return lu.T.copy(), pivots.astype(np.int64)


def behind():
    a = normal(4, 4)
    lu, pivots = factors(a)
    plain("lu", "plain", [a], [lu, pivots])
    swap = np.array([[0.0, 2.0], [3.0, 0.0]])
    plain("lu", "swap", [swap], [np.array([[2.0, 0.0], [0.0, 3.0]]), np.array([1, 1])])
    plain_hard("lu", "zeros", [np.zeros((2, 2))], [np.zeros((2, 2)), np.array([0, 1])])
    plain_hard("lu", "nothing", [np.zeros((0, 0))], [np.zeros((0, 0)), np.zeros(0, dtype=np.int64)])
    case("lu_solve", "plain", lambda a, b, f, p: la.solve(a, b), a, normal(4, 2), lu, pivots)
    turned = lambda a, b, f, p: la.solve(a.mT, b)
    case("lu_solve", "transposed", turned, a, normal(4, 2), lu, pivots, attrs={"transposed": 1})
    one = [np.zeros((1, 1)), np.ones((1, 1)), np.zeros((1, 1)), np.array([0])]
    plain_hard("lu_solve", "unchecked", one, [np.array([[INF]])], attrs={"unchecked": 1})
    case("lu_det", "plain", lambda a, f, p: la.det(a), a, lu, pivots)
    log = lambda a, f, p: (la.slogdet(a)[0].detach(), la.slogdet(a)[1])
    case("lu_slogdet", "plain", log, a, lu, pivots)
    zero = [np.zeros((2, 2)), np.zeros((2, 2)), np.array([0, 1])]
    plain_hard("lu_det", "zeros", zero, [np.array(0.0)], {0: np.array(1.0)}, {0: np.zeros((2, 2))})
    plain_hard("lu_slogdet", "zeros", zero, [np.array(0.0), np.array(-INF)])
    small = np.array([[1.0, 2.0], [3.0, 4.0]])
    full, order = np.array([[4.0, 3.0], [0.5, -0.5]]), np.array([[1, 1], [1, 1]])
    plain("full_lu", "plain", [small], [full, order])
    plain_hard("full_lu", "zeros", [np.zeros((2, 2))], [np.zeros((2, 2)), np.array([[0, 1], [0, 1]])])
    cofactors = lambda a, f, o: la.det(a) * la.inv(a).mT
    case("cofactors", "plain", cofactors, small, full, order)
    ones = [np.ones((2, 2)), np.array([[1.0, 1.0], [1.0, 0.0]]), np.array([[0, 1], [0, 1]])]
    plain_hard("cofactors", "singular", ones, [np.array([[1.0, -1.0], [-1.0, 1.0]])])


triangles()
systems()
triangular_factors()
spectra()
determinants()
behind()
finish(__file__)
