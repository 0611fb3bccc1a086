"""The ops of the first list: arithmetic, sums, softmax, losses, shapes, fills. Writes base.txt.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np
import torch

from common import *  # noqa: F403


def pointwise_two():
    for op, f in (("add", torch.add), ("sub", torch.sub), ("mul", torch.mul)):
        case(op, "same", f, normal(2, 3), normal(2, 3))
        case(op, "broadcast", f, normal(2, 1, 3), normal(4, 1))
        case(op, "i64", f, index(9, 4), index(9, 4), up=False)
        case(op, "rank_0", f, normal(), normal(3))
    case("div", "same", torch.div, normal(2, 3), nonzero(2, 3))
    case("div", "broadcast", torch.div, normal(3, 1), nonzero(2, 1, 4))
    hard("div", "by_zero", torch.div, np.array([1.0, 0.0]), np.zeros(2), up=[1.0, 1.0])
    case("gate", "broadcast", torch.mul, nonzero(2, 3), normal(3))
    plain_hard(
        "gate",
        "zero_wins",
        [np.array([0.0, -0.0, 2.0, NAN]), np.array([INF, NAN, INF, 1.0])],
        [np.array([0.0, 0.0, INF, NAN])],
        {0: np.array([0.0, 0.0, 1.0, 1.0])},
        {0: np.array([0.0, 0.0, INF, 1.0]), 1: np.array([0.0, 0.0, 2.0, NAN])},
    )
    case("greater", "reals", torch.gt, grid([[1, 2, 3], [NAN, 0, -0.0]]), grid([2, 2, 0]), up=False)
    case("greater", "i64", torch.gt, index(3, 6), index(3, 6), up=False)
    case("where", "same", torch.where, bools(2, 3), normal(2, 3), normal(2, 3))
    case("where", "broadcast", torch.where, bools(4, 1), normal(3), normal(2, 1, 1))
    case("where", "i64", torch.where, bools(5), index(9, 5), index(9, 5), up=False)


def pointwise_one():
    functions = {
        "neg": torch.neg,
        "exp": torch.exp,
        "square": torch.square,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "one_minus": lambda x: 1 - x,
    }
    for op, f in functions.items():
        case(op, "matrix", f, normal(3, 4))
        case(op, "wide_range", f, grid([-8, -3.5, -0.25, 0, 0.015625, 2.5, 8]))
    for op, f in (("log", torch.log), ("sqrt", torch.sqrt), ("log_slope", torch.reciprocal)):
        case(op, "positive", f, positive(3, 4))
    case("reciprocal", "nonzero", torch.reciprocal, nonzero(3, 4))
    case("relu", "matrix", torch.relu, nonzero(3, 4))
    hard("relu", "zero", torch.relu, np.array([0.0, -0.0, -INF, INF]), up=np.ones(4))
    hard("sigmoid", "tails", torch.sigmoid, np.array([-1000.0, -745.0, 1000.0]), up=np.ones(3))
    hard("tanh", "tails", torch.tanh, np.array([-1000.0, 1000.0, INF]), up=np.ones(3))
    hard("sqrt", "edges", torch.sqrt, np.array([0.0, -1.0, INF]), up=np.ones(3))
    hard(
        "log",
        "edges",
        torch.log,
        np.array([0.0, -1.0, INF]),
        up=np.ones(3),
        grads={0: np.array([INF, NAN, 0.0])},
    )
    case("scale", "matrix", lambda x: x * -1.75, normal(2, 3), attrs={"factor": -1.75})
    at_zero = lambda x: torch.heaviside(x, torch.tensor(0.5))
    case("heaviside", "half", at_zero, grid([-2, -0.0, 0, 3, INF, -INF]), attrs={"at_zero": 0.5}, up=False)
    case("stop_gradient", "reals", lambda x: x.detach(), normal(2, 3), up=False)
    case("stop_gradient", "i64", lambda x: x, index(9, 3), up=False)


def casts():
    x = grid([-2.75, -0.5, 0, 0.5, 2.75, 100])
    case("cast", "to_f32", lambda t: t * 1, x, attrs={"dtype": F32})
    case("cast", "to_f64", lambda t: t * 1, x, attrs={"dtype": F64})
    case("cast", "to_i64", lambda t: t.long(), x, attrs={"dtype": I64}, up=False)
    case("cast", "to_bool", lambda t: t.bool(), x, attrs={"dtype": BOOL}, up=False)
    case("cast", "from_i64", lambda t: t.double(), index(99, 2, 2), attrs={"dtype": DTYPE}, up=False)
    case("cast", "from_bool", lambda t: t.double(), bools(5), attrs={"dtype": DTYPE}, up=False)
    case("cast", "to_u8", lambda t: t.to(torch.uint8), index(255, 5), attrs={"dtype": U8}, up=False)


def contractions():
    case("matmul", "plain", torch.matmul, normal(3, 4), normal(4, 2))
    case("matmul", "batched", torch.matmul, normal(2, 3, 4), normal(2, 4, 2))
    case("matmul", "broadcast", torch.matmul, normal(2, 1, 3, 2), normal(3, 2, 4))
    case("matmul", "one_batch", torch.matmul, normal(2, 3, 2), normal(2, 4))
    for a, b in ((1, 0), (0, 1), (1, 1)):
        f = lambda x, y: torch.matmul(x.mT if a else x, y.mT if b else y)
        x = normal(2, 4, 3) if a else normal(2, 3, 4)
        y = normal(2, 4) if b else normal(4, 2)
        case("matmul", "transposed_%d%d" % (a, b), f, x, y, attrs={"transpose_a": a, "transpose_b": b})
    case("matmul", "empty_sum", torch.matmul, normal(2, 0), normal(0, 3))


def reductions():
    for op, f in (("sum", torch.sum), ("mean", torch.mean)):
        case(op, "all", lambda x: f(x), normal(2, 3))
        case(op, "all_kept", lambda x: f(x, (0, 1), keepdim=True), normal(2, 3), attrs={"keepdims": 1})
        case(op, "first", lambda x: f(x, 0), normal(2, 3, 4), attrs={"axes": [0]})
        case(op, "last", lambda x: f(x, -1), normal(2, 3, 4), attrs={"axes": [-1]})
        case(op, "outer", lambda x: f(x, (0, 2)), normal(2, 3, 4), attrs={"axes": [0, 2]})
        case(op, "kept", lambda x: f(x, 1, keepdim=True), normal(2, 3, 4), attrs={"axes": [1], "keepdims": 1})
    case("sum", "i64", lambda x: torch.sum(x, 1), index(9, 2, 3), attrs={"axes": [1]}, up=False)
    hard("sum", "of_nothing", lambda x: torch.sum(x, 1), normal(2, 0), attrs={"axes": [1]})
    hard("mean", "of_nothing", lambda x: torch.mean(x, 1), normal(2, 0), attrs={"axes": [1]}, up=False)
    case("sum_all", "matrix", torch.sum, normal(3, 4))
    case("mean_all", "matrix", torch.mean, normal(3, 4))
    down = lambda x: x.sum_to_size(3, 1)
    case("sum_to", "matrix", down, normal(2, 3, 4), attrs={"dims": [3, 1]})
    case("sum_to", "rank_0", torch.sum, normal(2, 3), attrs={"dims": []})


def softmaxes():
    for op, f in (("softmax", torch.softmax), ("log_softmax", torch.log_softmax)):
        for axis in (0, 1, 2, -1):
            name = "axis_%d" % axis if axis >= 0 else "last_axis"
            case(op, name, lambda x: f(x, axis), normal(2, 3, 4) * 3, attrs={"axis": axis})
        case(op, "vector", lambda x: f(x, 0), normal(5), attrs={"axis": 0})
        hard(op, "far", lambda x: f(x, 0), np.array([1e4, -1e4, 0.0]), attrs={"axis": 0})
        hard(op, "nothing_left", lambda x: f(x, 0), np.full(3, -INF), up=False)
        hard(op, "infinite", lambda x: f(x, 0), np.array([INF, 0.0]), up=False)
        hard(op, "nan", lambda x: f(x, 0), np.array([NAN, 0.0]), up=False)


def head(x, t):
    return torch.nn.functional.cross_entropy(x, t), torch.softmax(x, 1)


def head_gradient(p, t, dy):
    if not t.is_floating_point():
        t = torch.nn.functional.one_hot(t, p.shape[1]).double()
    return dy * (p * t.sum(1, keepdim=True) - t) / p.shape[0]


def losses():
    mse = torch.nn.functional.mse_loss
    half = lambda a, b: ((a - b) ** 2).sum() / 2
    for op, f in (("mse", mse), ("half_sum_squares", half)):
        case(op, "matrix", f, normal(3, 4), normal(3, 4))
        case(op, "rank_0", f, normal(), normal())
    hard("mse", "empty", mse, normal(0, 2), normal(0, 2), up=False)
    case("cross_entropy", "labels", head, normal(4, 3), index(3, 4))
    case("cross_entropy", "loss_alone", lambda x, t: head(x, t)[0], normal(4, 3), index(3, 4))
    case("cross_entropy", "probabilities", head, normal(4, 3), probability(4, 3))
    case("cross_entropy", "weights", head, normal(2, 3), normal(2, 3))
    case("cross_entropy", "one_class", head, normal(3, 1), index(1, 3))
    hard("cross_entropy", "sure", head, np.array([[1000.0, 0, -1000]]), np.array([0]))
    p = np.array([[0.25, 0.0, 0.75]])
    masked = np.array([[1.0, -INF, 2.0]])
    y = torch.log_softmax(torch.tensor([[1.0, 2.0]]), 1).numpy()[0]
    q = np.array([np.exp(y[0]), 0.0, np.exp(y[1])])
    plain(
        "cross_entropy",
        "soft_zero_against_infinity",
        [masked, p],
        [np.array(-(0.25 * y[0] + 0.75 * y[1])), q[None]],
        {0: np.array(2.0)},
        {0: 2 * (q[None] - p), 1: -2 * np.array([[y[0], -INF, y[1]]])},
    )
    op, f = "cross_entropy_backward", head_gradient
    case(op, "labels", f, probability(4, 3), index(3, 4), normal())
    case(op, "soft", f, probability(4, 3), normal(4, 3), normal())


def shapes():
    case("reshape", "given", lambda x: x.reshape(3, 4), normal(2, 6), attrs={"dims": [3, 4]})
    case("reshape", "inferred", lambda x: x.reshape(4, 3), normal(2, 6), attrs={"dims": [-1, 3]})
    case("reshape", "bool", lambda x: x.reshape(6), bools(2, 3), attrs={"dims": [6]}, up=False)
    case("permute", "three", lambda x: x.permute(2, 0, 1), normal(2, 3, 4), attrs={"axes": [2, 0, 1]})
    case("permute", "i64", lambda x: x.permute(1, 0), index(9, 2, 3), attrs={"axes": [1, 0]}, up=False)
    case("transpose", "matrix", lambda x: x.mT, normal(2, 3))
    case("transpose", "batched", lambda x: x.mT, normal(2, 3, 4))
    case("broadcast_to", "row", lambda x: x.expand(2, 3, 4), normal(3, 1), attrs={"dims": [2, 3, 4]})
    case("broadcast_to", "rank_0", lambda x: x.expand(2, 2), normal(), attrs={"dims": [2, 2]})
    case("broadcast_to", "i64", lambda x: x.expand(2, 3), index(9, 3), attrs={"dims": [2, 3]}, up=False)


def gather(axis):
    def f(x, i):
        y = torch.index_select(x, axis, i.reshape(-1))
        return y.reshape(x.shape[:axis] + i.shape + x.shape[axis + 1 :])

    return f


def scatter_add(axis, size):
    def f(dy, i):
        tail = dy.shape[axis + i.dim() :]
        flat = dy.reshape(dy.shape[:axis] + (i.numel(),) + tail)
        return torch.zeros(dy.shape[:axis] + (size,) + tail).index_add(axis, i.reshape(-1), flat)

    return f


def indexing():
    case("gather", "rows", gather(0), normal(4, 3), index(4, 6), attrs={"axis": 0})
    case("gather", "middle", gather(1), normal(2, 4, 3), index(4, 2, 2), attrs={"axis": 1})
    case("gather", "one", gather(1), normal(2, 3), index(3), attrs={"axis": 1})
    case("gather", "i64", gather(0), index(9, 4), index(4, 5), attrs={"axis": 0}, up=False)
    op, f = "scatter_add", scatter_add
    case(op, "rows", f(0, 5), normal(6, 3), index(5, 6), attrs={"axis": 0, "size": 5})
    case(op, "middle", f(1, 4), normal(2, 2, 3, 2), index(4, 2, 3), attrs={"axis": 1, "size": 4})
    case(op, "one", f(0, 3), normal(2), index(3), attrs={"axis": 0, "size": 3})
    hot = lambda i: torch.nn.functional.one_hot(i, 4).double()
    case("one_hot", "vector", hot, index(4, 5), attrs={"classes": 4, "dtype": DTYPE}, up=False)
    case("one_hot", "matrix", hot, index(4, 2, 3), attrs={"classes": 4, "dtype": DTYPE}, up=False)


def fills():
    plain("fill", "matrix", [], [np.full((2, 3), -2.5)], attrs={"dtype": DTYPE, "dims": [2, 3], "value": -2.5})
    plain("full", "vector", [], [np.full(4, 0.75)], attrs={"dtype": DTYPE, "dims": [4], "value": 0.75})
    plain("number", "rank_0", [], [np.array(1.25)], attrs={"dtype": DTYPE, "value": 1.25})
    low, high = np.float32(-2), np.float32(3)
    drawn = (low + units(21) * (high - low)).astype(np.float64).reshape(3, 7)
    plain("uniform", "matrix", [], [drawn], attrs={"dtype": DTYPE, "dims": [3, 7], "low": -2.0, "high": 3.0})
    for name, p in (("some", 0.25), ("most", 0.875), ("none", 0.0)):
        x, up = normal(3, 5), normal(3, 5)
        mask = np.where(units(15).reshape(3, 5) >= p, 1 / (1 - p), 0.0)
        plain("dropout", name, [x], [x * mask, mask], {0: up}, {0: up * mask}, attrs={"p": p})


def hard_pointwise():
    odd = np.array([0.0, -0.0, INF, -INF, NAN, 2.0])
    for op, f in (("add", torch.add), ("sub", torch.sub)):
        hard(op, "odd", f, odd, odd[::-1].copy(), up=np.ones(6))
    hard("mul", "odd", torch.mul, odd, odd[::-1].copy(), up=np.ones(6))
    hard("greater", "odd", torch.gt, odd, np.array([-0.0, 0.0, -INF, INF, 1.0, NAN]), up=False)
    hard("neg", "odd", torch.neg, odd, up=np.ones(6))
    hard("exp", "odd", torch.exp, np.array([0.0, -0.0, INF, -INF, NAN, -1000.0]), up=np.ones(6))
    hard("square", "odd", torch.square, odd, up=np.ones(6))
    hard("scale", "odd", lambda x: x * 0.0, odd, attrs={"factor": 0.0}, up=np.ones(6))
    hard("reciprocal", "odd", torch.reciprocal, odd, up=np.ones(6))
    hard("one_minus", "odd", lambda x: 1 - x, odd, up=np.ones(6))
    plain_hard(
        "log_slope",
        "odd",
        [np.array([0.0, -0.0, -1.0, INF, NAN])],
        [np.array([INF, -INF, NAN, 0.0, NAN])],
    )
    plain_hard(
        "heaviside",
        "odd",
        [odd],
        [np.array([0.25, 0.25, 1.0, 0.0, NAN, 1.0])],
        {0: np.ones(6)},
        attrs={"at_zero": 0.25},
    )
    # The branch that is not taken gets exactly 0, whatever is in it.
    taken = np.array([True, False, True])
    plain_hard(
        "where",
        "odd_elsewhere",
        [taken, np.array([1.0, NAN, INF]), np.array([NAN, 2.0, NAN])],
        [np.array([1.0, 2.0, INF])],
        {0: np.ones(3)},
        {1: np.array([1.0, 0.0, 1.0]), 2: np.array([0.0, 1.0, 0.0])},
    )
    plain_hard(
        "cast",
        "saturates",
        [np.array([NAN, INF, -INF, 1e30, -0.5])],
        [np.array([0, 2**63 - 1, -(2**63), 2**63 - 1, 0])],
        attrs={"dtype": I64},
    )
    hard("stop_gradient", "odd", lambda x: x.detach(), odd, up=False)


def hard_others():
    odd = np.array([[0.0, INF], [-INF, NAN]])
    hard("matmul", "odd", torch.matmul, odd, np.ones((2, 1)), up=np.ones((2, 1)))
    for op, f in (("sum_all", torch.sum), ("mean_all", torch.mean)):
        hard(op, "odd", f, odd, up=np.array(1.0))
        hard(op, "of_nothing", f, normal(0, 2), up=False)
    hard("sum_to", "odd", lambda x: x.sum(0), odd, attrs={"dims": [2]}, up=np.ones(2))
    half = lambda a, b: ((a - b) ** 2).sum() / 2
    hard("half_sum_squares", "of_nothing", half, normal(0, 2), normal(0, 2), up=False)
    f = head_gradient
    p = np.array([[0.0, 1.0]])
    hard("cross_entropy_backward", "sure", f, p, np.array([1]), np.array(1.0), up=np.ones((1, 2)))
    hard("reshape", "nothing", lambda x: x.reshape(3, 0), normal(0, 2), attrs={"dims": [3, 0]})
    hard("permute", "nothing", lambda x: x.permute(1, 0), normal(0, 2), attrs={"axes": [1, 0]})
    hard("transpose", "nothing", lambda x: x.mT, normal(0, 2))
    hard("broadcast_to", "nothing", lambda x: x.expand(0, 2), normal(1, 2), attrs={"dims": [0, 2]})
    at = np.array([1, 1, 0])
    hard("gather", "repeated", gather(0), odd, at, attrs={"axis": 0}, up=np.ones((3, 2)))
    attrs = {"axis": 0, "size": 3}
    hard("scatter_add", "repeated", scatter_add(0, 3), np.array([INF, 1.0, NAN]), at, attrs=attrs)
    attrs = {"classes": 2, "dtype": DTYPE}
    hard("one_hot", "nothing", lambda i: torch.zeros(0, 2), index(2, 0), attrs=attrs, up=False)


def hard_fills():
    attrs = {"dtype": DTYPE, "dims": [2], "value": INF}
    plain_hard("fill", "infinite", [], [np.full(2, INF)], attrs=attrs)
    plain_hard("full", "infinite", [], [np.full(2, INF)], attrs=attrs)
    plain_hard("number", "nan", [], [np.array(NAN)], attrs={"dtype": DTYPE, "value": NAN})
    attrs = {"dtype": DTYPE, "dims": [2], "low": 0.5, "high": 0.5}
    plain_hard("uniform", "a_point", [], [np.full(2, 0.5)], attrs=attrs)
    x = np.array([INF, -INF, NAN, INF, -INF, NAN])
    mask = np.where(units(6) >= 0.75, 4.0, 0.0)
    kept = np.where(mask == 0, 0.0, x * 4)
    plain_hard("dropout", "odd", [x], [kept, mask], {0: np.ones(6)}, {0: mask}, attrs={"p": 0.75})


if __name__ == "__main__":
    pointwise_two()
    pointwise_one()
    casts()
    contractions()
    reductions()
    softmaxes()
    losses()
    shapes()
    indexing()
    fills()
    hard_pointwise()
    hard_others()
    hard_fills()
    finish(__file__)
