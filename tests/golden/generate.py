"""Values and gradients of every op from PyTorch and NumPy in f64: writes ops.txt, beside this file.

SPDX-License-Identifier: Apache-2.0

Run by anyone: python3 tests/golden/generate.py. The same versions give the same file.

  key <seed> <stream> <step>          of all random ops below
  case <op> <name>
  ints <integers>                     axes, dims and the like: the op's builder in test_golden.c
  reals <numbers>
  in <kind> <rank> <dims> <values>    one line for each operand; kind: real, i64, bool, u8
  out <kind> <rank> <dims> <values>   one line for each output
  up <output> <values>                weights: the loss is the sum of output * weight over these
  grad <operand> <values>             the gradient of that loss
  end

Real inputs are multiples of 1/64, so that f32 holds them exactly.
"""
import pathlib

import numpy as np
import torch

KEY = (20240229, 3, 5)
SEED = 7

torch.set_default_dtype(torch.float64)
rng = np.random.RandomState(SEED)
lines = []


# ---- inputs ---------------------------------------------------------------------------------


def grid(x):
    return np.round(np.asarray(x, dtype=np.float64) * 64) / 64


def normal(*shape):
    return grid(rng.randn(*shape))


def positive(*shape):
    return grid(rng.uniform(0.2, 2.0, shape))


def nonzero(*shape):
    return positive(*shape) * rng.choice([-1.0, 1.0], shape)


def index(limit, *shape):
    return rng.randint(0, limit, shape).astype(np.int64)


def bools(*shape):
    return rng.randint(0, 2, shape).astype(np.bool_)


def probability(n, classes):
    p = rng.dirichlet(np.ones(classes), n)
    return p.astype(np.float32).astype(np.float64)


# ---- writing --------------------------------------------------------------------------------

KINDS = {"f": "real", "i": "i64", "b": "bool", "u": "u8"}


def number(x):
    return repr(float(x)) if isinstance(x, (float, np.floating)) else str(int(x))


def line(*words):
    lines.append(" ".join(str(w) for w in words if str(w) != ""))


def values(a):
    return " ".join(number(v) for v in np.asarray(a).reshape(-1))


def tensor(word, a):
    line(word, KINDS[a.dtype.kind], a.ndim, *a.shape, values(a))


def write(op, name, inputs, outputs, ups, grads, ints, reals):
    line("case", op, name)
    line("ints", *ints)
    line("reals", *[number(float(r)) for r in reals])
    for a in inputs:
        tensor("in", a)
    for a in outputs:
        tensor("out", a)
    for k, up in sorted(ups.items()):
        line("up", k, values(up))
    for k, grad in sorted(grads.items()):
        line("grad", k, values(grad))
    line("end")


# ---- cases ----------------------------------------------------------------------------------


def as_array(x):
    return np.asarray(x.detach().numpy() if isinstance(x, torch.Tensor) else x)


def case(op, name, function, *inputs, ints=(), reals=(), up=None, grads=None):
    """function: tensors to a tensor or a tuple. up: weights in place of random ones, False for a
    case without gradients. grads: {operand: gradient} where PyTorch's is not the one wanted."""
    inputs = [np.asarray(a) for a in inputs]
    tensors = [torch.tensor(a) for a in inputs]
    for t in tensors:
        t.requires_grad_(t.is_floating_point())
    y = function(*tensors)
    y = y if isinstance(y, tuple) else (y,)
    ups = {}
    if up is not False:
        ups = {k: normal(*v.shape) for k, v in enumerate(y) if v.requires_grad}
        ups = ups if up is None else {0: np.asarray(up)}
        loss = sum((y[k] * torch.tensor(u)).sum() for k, u in ups.items())
        wanted = [k for k, t in enumerate(tensors) if t.requires_grad]
        found = torch.autograd.grad(loss, [tensors[k] for k in wanted], allow_unused=True)
        found = {k: as_array(g) for k, g in zip(wanted, found) if g is not None}
        found.update(grads or {})
        grads = found
    write(op, name, inputs, [as_array(v) for v in y], ups, grads or {}, ints, reals)


def plain(op, name, inputs, outputs, ups=None, grads=None, ints=(), reals=()):
    """A case whose expected values are given."""
    inputs = [np.asarray(a) for a in inputs]
    outputs = [np.asarray(a) for a in outputs]
    write(op, name, inputs, outputs, ups or {}, grads or {}, ints, reals)


NAN, INF = float("nan"), float("inf")


def pointwise_two():
    for op, f in (("add", torch.add), ("sub", torch.sub), ("mul", torch.mul)):
        case(op, "same", f, normal(2, 3), normal(2, 3))
        case(op, "broadcast", f, normal(2, 1, 3), normal(4, 1))
        case(op, "i64", f, index(9, 4), index(9, 4), up=False)
        case(op, "rank_0", f, normal(), normal(3))
    case("div", "same", torch.div, normal(2, 3), nonzero(2, 3))
    case("div", "broadcast", torch.div, normal(3, 1), nonzero(2, 1, 4))
    case("div", "by_zero", torch.div, np.array([1.0, 0.0]), np.zeros(2), up=[1.0, 1.0])
    case("gate", "broadcast", torch.mul, nonzero(2, 3), normal(3))
    plain(
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
    case("relu", "zero", torch.relu, np.array([0.0, -0.0, -INF, INF]), up=np.ones(4))
    case("sigmoid", "tails", torch.sigmoid, np.array([-1000.0, -745.0, 1000.0]), up=np.ones(3))
    case("tanh", "tails", torch.tanh, np.array([-1000.0, 1000.0, INF]), up=np.ones(3))
    case("sqrt", "edges", torch.sqrt, np.array([0.0, -1.0, INF]), up=np.ones(3))
    case(
        "log",
        "edges",
        torch.log,
        np.array([0.0, -1.0, INF]),
        up=np.ones(3),
        grads={0: np.array([INF, NAN, 0.0])},
    )
    case("scale", "matrix", lambda x: x * -1.75, normal(2, 3), reals=[-1.75])
    at_zero = lambda x: torch.heaviside(x, torch.tensor(0.5))
    case("heaviside", "half", at_zero, grid([-2, -0.0, 0, 3, INF, -INF]), reals=[0.5], up=False)
    case("stop_gradient", "reals", lambda x: x.detach(), normal(2, 3), up=False)
    case("stop_gradient", "i64", lambda x: x, index(9, 3), up=False)


F32, F64, I64, BOOL, U8 = 1, 2, 3, 4, 5


def casts():
    x = grid([-2.75, -0.5, 0, 0.5, 2.75, 100])
    case("cast", "to_f32", lambda t: t * 1, x, ints=[F32])
    case("cast", "to_f64", lambda t: t * 1, x, ints=[F64])
    case("cast", "to_i64", lambda t: t.long(), x, ints=[I64], up=False)
    case("cast", "to_bool", lambda t: t.bool(), x, ints=[BOOL], up=False)
    case("cast", "from_i64", lambda t: t.double(), index(99, 2, 2), ints=[0], up=False)
    case("cast", "from_bool", lambda t: t.double(), bools(5), ints=[0], up=False)
    case("cast", "to_u8", lambda t: t.to(torch.uint8), index(255, 5), ints=[U8], up=False)


def contractions():
    case("matmul", "plain", torch.matmul, normal(3, 4), normal(4, 2), ints=[0, 0])
    case("matmul", "batched", torch.matmul, normal(2, 3, 4), normal(2, 4, 2), ints=[0, 0])
    case("matmul", "broadcast", torch.matmul, normal(2, 1, 3, 2), normal(3, 2, 4), ints=[0, 0])
    case("matmul", "one_batch", torch.matmul, normal(2, 3, 2), normal(2, 4), ints=[0, 0])
    for a, b in ((1, 0), (0, 1), (1, 1)):
        f = lambda x, y: torch.matmul(x.mT if a else x, y.mT if b else y)
        x = normal(2, 4, 3) if a else normal(2, 3, 4)
        y = normal(2, 4) if b else normal(4, 2)
        case("matmul", "transposed_%d%d" % (a, b), f, x, y, ints=[a, b])
    case("matmul", "empty_sum", torch.matmul, normal(2, 0), normal(0, 3), ints=[0, 0])


def reductions():
    for op, f in (("sum", torch.sum), ("mean", torch.mean)):
        case(op, "all", lambda x: f(x), normal(2, 3), ints=[0])
        case(op, "all_kept", lambda x: f(x, (0, 1), keepdim=True), normal(2, 3), ints=[1])
        case(op, "first", lambda x: f(x, 0), normal(2, 3, 4), ints=[0, 0])
        case(op, "last", lambda x: f(x, -1), normal(2, 3, 4), ints=[0, -1])
        case(op, "outer", lambda x: f(x, (0, 2)), normal(2, 3, 4), ints=[0, 0, 2])
        case(op, "kept", lambda x: f(x, 1, keepdim=True), normal(2, 3, 4), ints=[1, 1])
    case("sum", "i64", lambda x: torch.sum(x, 1), index(9, 2, 3), ints=[0, 1], up=False)
    case("sum", "of_nothing", lambda x: torch.sum(x, 1), normal(2, 0), ints=[0, 1])
    case("mean", "of_nothing", lambda x: torch.mean(x, 1), normal(2, 0), ints=[0, 1], up=False)
    case("sum_all", "matrix", torch.sum, normal(3, 4))
    case("mean_all", "matrix", torch.mean, normal(3, 4))
    down = lambda x: x.sum_to_size(3, 1)
    case("sum_to", "matrix", down, normal(2, 3, 4), ints=[3, 1])
    case("sum_to", "rank_0", torch.sum, normal(2, 3), ints=[])


def softmaxes():
    for op, f in (("softmax", torch.softmax), ("log_softmax", torch.log_softmax)):
        for axis in (0, 1, 2, -1):
            name = "axis_%d" % axis if axis >= 0 else "last_axis"
            case(op, name, lambda x: f(x, axis), normal(2, 3, 4) * 3, ints=[axis])
        case(op, "vector", lambda x: f(x, 0), normal(5), ints=[0])
        case(op, "far", lambda x: f(x, 0), np.array([1e4, -1e4, 0.0]), ints=[0])
        case(op, "nothing_left", lambda x: f(x, 0), np.full(3, -INF), ints=[0], up=False)
        case(op, "infinite", lambda x: f(x, 0), np.array([INF, 0.0]), ints=[0], up=False)
        case(op, "nan", lambda x: f(x, 0), np.array([NAN, 0.0]), ints=[0], up=False)


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
    case("mse", "empty", mse, normal(0, 2), normal(0, 2), up=False)
    case("cross_entropy", "labels", head, normal(4, 3), index(3, 4))
    case("cross_entropy", "loss_alone", lambda x, t: head(x, t)[0], normal(4, 3), index(3, 4))
    case("cross_entropy", "probabilities", head, normal(4, 3), probability(4, 3))
    case("cross_entropy", "weights", head, normal(2, 3), normal(2, 3))
    case("cross_entropy", "one_class", head, normal(3, 1), index(1, 3))
    case("cross_entropy", "sure", head, np.array([[1000.0, 0, -1000]]), np.array([0]))
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
    case("reshape", "given", lambda x: x.reshape(3, 4), normal(2, 6), ints=[3, 4])
    case("reshape", "inferred", lambda x: x.reshape(4, 3), normal(2, 6), ints=[-1, 3])
    case("reshape", "bool", lambda x: x.reshape(6), bools(2, 3), ints=[6], up=False)
    case("permute", "three", lambda x: x.permute(2, 0, 1), normal(2, 3, 4), ints=[2, 0, 1])
    case("permute", "i64", lambda x: x.permute(1, 0), index(9, 2, 3), ints=[1, 0], up=False)
    case("transpose", "matrix", lambda x: x.mT, normal(2, 3))
    case("transpose", "batched", lambda x: x.mT, normal(2, 3, 4))
    case("broadcast_to", "row", lambda x: x.expand(2, 3, 4), normal(3, 1), ints=[2, 3, 4])
    case("broadcast_to", "rank_0", lambda x: x.expand(2, 2), normal(), ints=[2, 2])
    case("broadcast_to", "i64", lambda x: x.expand(2, 3), index(9, 3), ints=[2, 3], up=False)


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
    case("gather", "rows", gather(0), normal(4, 3), index(4, 6), ints=[0])
    case("gather", "middle", gather(1), normal(2, 4, 3), index(4, 2, 2), ints=[1])
    case("gather", "one", gather(1), normal(2, 3), index(3), ints=[1])
    case("gather", "i64", gather(0), index(9, 4), index(4, 5), ints=[0], up=False)
    op, f = "scatter_add", scatter_add
    case(op, "rows", f(0, 5), normal(6, 3), index(5, 6), ints=[0, 5])
    case(op, "middle", f(1, 4), normal(2, 2, 3, 2), index(4, 2, 3), ints=[1, 4])
    case(op, "one", f(0, 3), normal(2), index(3), ints=[0, 3])
    hot = lambda i: torch.nn.functional.one_hot(i, 4).double()
    case("one_hot", "vector", hot, index(4, 5), ints=[4], up=False)
    case("one_hot", "matrix", hot, index(4, 2, 3), ints=[4], up=False)


# ---- random ops: Philox 4x32-10 (Salmon et al. 2011), written out once more ------------------

LOW = 0xFFFFFFFF


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & LOW, (a >> 32) ^ c[3] ^ k[1], a & LOW]
        k = [(k[0] + 0x9E3779B9) & LOW, (k[1] + 0xBB67AE85) & LOW]
    return c


def units(n):
    """The draws of the first random op of a list under KEY, as f32 in [0, 1)."""
    seed, stream, step = KEY
    halves = [stream & LOW, stream >> 32, step & LOW, step >> 32]
    key = philox(halves, [seed & LOW, seed >> 32])[:2]
    words = []
    for block in range((n + 3) // 4):
        words += philox([block, 0, 0, 0], key)
    return np.array([w >> 8 for w in words[:n]], dtype=np.float32) * np.float32(2.0**-24)


def fills():
    plain("fill", "matrix", [], [np.full((2, 3), -2.5)], ints=[2, 3], reals=[-2.5])
    plain("full", "vector", [], [np.full(4, 0.75)], ints=[4], reals=[0.75])
    plain("number", "rank_0", [], [np.array(1.25)], reals=[1.25])
    low, high = np.float32(-2), np.float32(3)
    drawn = (low + units(21) * (high - low)).astype(np.float64).reshape(3, 7)
    plain("uniform", "matrix", [], [drawn], ints=[3, 7], reals=[-2, 3])
    for name, p in (("some", 0.25), ("most", 0.875), ("none", 0.0)):
        x, up = normal(3, 5), normal(3, 5)
        mask = np.where(units(15).reshape(3, 5) >= p, 1 / (1 - p), 0.0)
        plain("dropout", name, [x], [x * mask, mask], {0: up}, {0: up * mask}, reals=[p])


def stacks():
    """Nothing is drawn here, so that what is drawn before stays as it is."""
    a = np.arange(6.0).reshape(2, 3) / 4 - 0.5
    b = 1.5 - a * a
    up = np.arange(12.0).reshape(2, 2, 3) / 8 - 0.625
    i = np.array([4, -1, 7], dtype=np.int64)
    plain("stack", "matrices", [a, b], [np.stack([a, b])], {0: up}, {0: up[0], 1: up[1]})
    plain("stack", "i64", [i, i + 2], [np.stack([i, i + 2])])


def main():
    line("# Written by generate.py, which says what the lines mean.")
    line("# SPDX-License-Identifier: Apache-2.0")
    line("key", *KEY)
    for part in (
        pointwise_two,
        pointwise_one,
        casts,
        contractions,
        reductions,
        softmaxes,
        losses,
        shapes,
        indexing,
        fills,
        stacks,
    ):
        part()
    pathlib.Path(__file__).with_name("ops.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
