"""Golden cases: what the scripts beside this file share. Each writes the .txt of its own name.

SPDX-License-Identifier: Apache-2.0

Expected values come from PyTorch, NumPy, SciPy or mpmath, in f64. Run by anyone, in this folder:
python3 pointwise.py, and so on. The same versions give the same files.

  key <seed> <stream> <step>          of all random ops below
  case <op> <name>                    a case; `hard` in its place: one at zeros, infinities, ties ...
  attr <name> int|real|text <value>   attributes of the call, or `list` with any number of integers,
                                      or `dtype`: the one under test
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
NAN, INF = float("nan"), float("inf")

# The value of an attribute `dtype`: whichever the test runs under. Others by number.
DTYPE = object()
F32, F64, I64, BOOL, U8 = 1, 2, 3, 4, 5

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


def attribute(name, value):
    if value is DTYPE:
        line("attr", name, "dtype")
    elif isinstance(value, (list, tuple)):
        line("attr", name, "list", *value)
    elif isinstance(value, str):
        line("attr", name, "text", value)
    elif isinstance(value, float):
        line("attr", name, "real", number(value))
    else:
        line("attr", name, "int", int(value))


def write(word, op, name, inputs, outputs, ups, grads, attrs):
    line(word, op, name)
    for key, value in (attrs or {}).items():
        attribute(key, value)
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


def case(op, name, function, *inputs, attrs=None, up=None, grads=None, word="case"):
    """function: tensors to a tensor or a tuple. attrs: of the call. up: weights in place of random ones, False for a
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
    write(word, op, name, inputs, [as_array(v) for v in y], ups, grads or {}, attrs)


def plain(op, name, inputs, outputs, ups=None, grads=None, attrs=None, word="case"):
    """A case whose expected values are given."""
    inputs = [np.asarray(a) for a in inputs]
    outputs = [np.asarray(a) for a in outputs]
    write(word, op, name, inputs, outputs, ups or {}, grads or {}, attrs)


# ---- random ops: Philox 4x32-10 (Salmon et al. 2011), written out once more ------------------

LOW = 0xFFFFFFFF


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & LOW, (a >> 32) ^ c[3] ^ k[1], a & LOW]
        k = [(k[0] + 0x9E3779B9) & LOW, (k[1] + 0xBB67AE85) & LOW]
    return c


def words(n):
    """The first n words of the first random op of a list under KEY."""
    seed, stream, step = KEY
    halves = [stream & LOW, stream >> 32, step & LOW, step >> 32]
    key = philox(halves, [seed & LOW, seed >> 32])[:2]
    drawn = []
    for block in range((n + 3) // 4):
        drawn += philox([block, 0, 0, 0], key)
    return drawn[:n]


def units(n):
    """Its draws, as f32 in [0, 1)."""
    return np.array([w >> 8 for w in words(n)], dtype=np.float32) * np.float32(2.0**-24)


def hard(*arguments, **options):
    """A case at zeros, infinities, NaN, ties or nothing at all: up is 1 unless given."""
    case(*arguments, word="hard", **options)


def plain_hard(*arguments, **options):
    plain(*arguments, word="hard", **options)


def finish(script):
    """Writes the cases to the .txt beside a script."""
    path = pathlib.Path(script).with_suffix(".txt")
    head = [
        "# Written by %s; common.py says what the lines mean." % pathlib.Path(script).name,
        "# SPDX-License-Identifier: Apache-2.0",
        " ".join(str(k) for k in ("key",) + KEY),
    ]
    path.write_text("\n".join(head + lines) + "\n")
