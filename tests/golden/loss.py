"""Losses and what they are made of. Writes loss.txt.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np
import torch
import torch.nn.functional as F

from common import *  # noqa: F403

REDUCTIONS = ("mean", "sum", "none")


def gate(p, y):
    """p * y, and 0 where p is 0."""
    return torch.where(p == 0, torch.zeros_like(y), p * torch.where(p == 0, torch.zeros_like(y), y))


def reduced(terms, reduction):
    return {"mean": torch.mean, "sum": torch.sum, "none": lambda t: t}[reduction](terms)


def every(op, function, inputs, attrs=None):
    """One case for each reduction; function takes it as its last argument."""
    for r in REDUCTIONS:
        case(op, r, lambda *x: function(*x, r), *inputs(), attrs=dict(attrs or {}, reduction=r))


def pair():
    return normal(3, 4), normal(3, 4)


def hinge(x, t, r):
    return reduced(torch.relu(0.75 - t * x), r)


def differences():
    every("mse_loss", lambda x, t, r: F.mse_loss(x, t, reduction=r), pair)
    every("l1_loss", lambda x, t, r: F.l1_loss(x, t, reduction=r), pair)
    huber = lambda x, t, r: F.huber_loss(x, t, reduction=r, delta=0.7578125)
    every("huber_loss", huber, pair, {"delta": 0.7578125})
    smooth = lambda x, t, r: F.smooth_l1_loss(x, t, reduction=r, beta=0.7578125)
    every("smooth_l1_loss", smooth, pair, {"beta": 0.7578125})
    every("smooth_l1_loss", lambda x, t, r: F.l1_loss(x, t, reduction=r), pair, {"beta": 0.0})
    signs = lambda: (normal(3, 4), np.sign(nonzero(3, 4)))
    every("hinge_loss", hinge, signs, {"margin": 0.75})
    zero, one = np.zeros(4), np.ones(4)
    d = np.array([1.0, -1.0, INF, NAN])
    none = {"reduction": "none"}
    hard("mse_loss", "odd", lambda x, t: F.mse_loss(x, t, reduction="none"), d, zero, attrs=none, up=one)
    x = np.array([0.0, -0.0, INF, -INF, NAN, -2.0])
    s = np.array([0.0, 0.0, 1.0, -1.0, NAN, -1.0])
    zero, one = np.zeros(6), np.ones(6)
    y = np.array([0.0, 0.0, INF, INF, NAN, 2.0])
    plain_hard("l1_loss", "odd", [x, zero], [y], {0: one}, {0: s, 1: -s}, attrs=none)
    # At |d| = delta the gradient is +-delta.
    x = np.array([1.0, -1.0, 0.0, INF, -INF, NAN])
    y, s = np.array([0.5, 0.5, 0.0, INF, INF, NAN]), np.array([1.0, -1, 0, 1, -1, NAN])
    plain_hard("huber_loss", "odd", [x, zero], [y], {0: one}, {0: s, 1: -s}, attrs=none)
    plain_hard("smooth_l1_loss", "odd", [x, zero], [y], {0: one}, {0: s, 1: -s}, attrs=none)
    for op, number in (("huber", "delta"), ("smooth_l1", "beta")):
        plain_hard(op, "odd", [x], [y], {0: one}, {0: s}, attrs={number: 1.0})
        plain_hard(op + "_slope", "odd", [x], [s], attrs={number: 1.0})
        inside = [0.0, 0.0] if op == "smooth_l1" else [1.0, 1.0]
        plain_hard(op + "_curvature", "odd", [x], [np.array(inside + [1.0, 0, 0, NAN])], attrs={number: 1.0})
    plain_hard("smooth_l1", "absolute", [x], [np.array([1.0, 1, 0, INF, INF, NAN])], {0: one}, {0: s},
               attrs={"beta": 0.0})
    x, t = np.array([1.0, 2.0, INF, -INF, NAN, 0.0]), np.array([1.0, 1, 1, 1, 1, -1])
    y, s = np.array([0.0, 0, 0, INF, NAN, 1]), np.array([0.0, 0, 0, -1, NAN, 1])
    plain_hard("hinge_loss", "odd", [x, t], [y], {0: one}, {0: s}, attrs=none)
    p = 0.7578125
    zero = lambda f: lambda x: f(x, torch.zeros_like(x))
    terms = {
        "huber": zero(lambda x, t: F.huber_loss(x, t, reduction="none", delta=p)),
        "huber_slope": lambda x: torch.clamp(x, -p, p),
        "huber_curvature": lambda x: (x.abs() <= p) + 0 * x,
        "smooth_l1": zero(lambda x, t: F.smooth_l1_loss(x, t, reduction="none", beta=p)),
        "smooth_l1_slope": lambda x: torch.clamp(x / p, -1, 1),
        "smooth_l1_curvature": lambda x: (x.abs() < p) / p + 0 * x,
    }
    for op, f in terms.items():
        case(op, "matrix", f, normal(3, 4), attrs={"delta" if "huber" in op else "beta": p})


def labels():
    ce, nll = F.cross_entropy, F.nll_loss
    w = positive(4)
    rows = lambda: (normal(5, 4), index(4, 5))
    weighted = lambda: (normal(5, 4), index(4, 5), w)
    op = "cross_entropy_with"
    every(op, lambda x, t, r: ce(x, t, reduction=r) if r != "mean" else head(x, t), rows)
    every(op, lambda x, t, w, r: ce(x, t, w.detach(), reduction=r), weighted)
    f = lambda x, t, r: ce(x, t, ignore_index=1, reduction=r)
    every(op, f, lambda: (normal(6, 3), np.array([0, 1, 2, 1, 1, 0])), {"ignore_index": 1})
    f = lambda x, t, r: ce(x, t, ignore_index=-100, reduction=r)
    every(op, f, lambda: (normal(4, 3), np.array([0, -100, 2, -100])), {"ignore_index": -100})
    f = lambda x, t, r: ce(x, t, label_smoothing=0.25, reduction=r)
    every(op, f, rows, {"label_smoothing": 0.25})
    f = lambda x, t, w, r: ce(x, t, w.detach(), label_smoothing=0.125, ignore_index=2, reduction=r)
    every(op, f, weighted, {"label_smoothing": 0.125, "ignore_index": 2})
    every(op, f, lambda: (normal(2, 4, 3), index(4, 2, 3), w), {"label_smoothing": 0.125, "ignore_index": 2})
    soft = lambda: (normal(5, 4), probability(5, 4))
    f = lambda x, t, r: ce(x, t, label_smoothing=0.25, reduction=r)
    every(op, f, soft, {"label_smoothing": 0.25})
    f = lambda x, t, w, r: ce(x, t, w.detach(), reduction=r)
    every(op, f, lambda: soft() + (w,))
    images = lambda: (normal(2, 4, 3, 2), probability(12, 4).reshape(2, 3, 2, 4).transpose(0, 3, 1, 2).copy())
    case(op, "soft_images", lambda x, t: ce(x, t, reduction="none"), *images(), attrs={"reduction": "none"})
    case(op, "one_row", ce, normal(4), np.array(2))
    logs = lambda: (np.round(torch.log_softmax(torch.tensor(normal(5, 4)), 1).numpy() * 64) / 64, index(4, 5))
    every("nll_loss", lambda x, t, r: nll(x, t, reduction=r), logs)
    f = lambda x, t, w, r: nll(x, t, w.detach(), ignore_index=3, reduction=r)
    every("nll_loss", f, lambda: logs() + (w,), {"ignore_index": 3})
    every("nll_loss", f, lambda: (normal(2, 4, 3), index(4, 2, 3), w), {"ignore_index": 3})


def head(x, t):
    """wg_cross_entropy, which has softmax(x) as its second output."""
    return F.cross_entropy(x, t), torch.softmax(x, 1)


def pick(ignored):
    def f(x, t):
        counts = (t != ignored).double()
        at = torch.where(t != ignored, t, torch.zeros_like(t))
        y = x.gather(1, at[:, None])[:, 0] if x.dim() == 2 else x[at]
        return torch.where(counts > 0, y, torch.zeros_like(y)), counts

    return f


def place(dy, t):
    return torch.zeros(len(t), 4).scatter(1, t[:, None], dy[:, None])


def hard_labels():
    op = "cross_entropy_with"
    x, t = np.array([[1000.0, 0, -1000], [0.0, -INF, 0]]), np.array([2, 0])
    y = np.array([2000.0, np.log(2)])
    d = np.array([[1.0, 0, -1], [-0.5, 0, 0.5]])
    plain_hard(op, "far", [x, t], [y], {0: np.ones(2)}, {0: d}, attrs={"reduction": "none"})
    # All ignored: the mean of nothing, with a gradient of 0.
    t = np.array([-1, -1])
    attrs = {"ignore_index": -1}
    x = normal(2, 3)
    for name in (op, "nll_loss"):
        plain_hard(name, "all_ignored", [x, t], [np.array(NAN)], {0: np.array(1.0)}, {0: np.zeros((2, 3))}, attrs=attrs)
    p = np.array([[0.25, 0.0, 0.75]])
    masked = np.array([[1.0, -INF, 2.0]])
    y = torch.log_softmax(torch.tensor([[1.0, 2.0]]), 1).numpy()[0]
    q = np.array([np.exp(y[0]), 0.0, np.exp(y[1])])
    plain_hard(op, "soft_zero_against_infinity", [masked, p], [np.array(-(0.25 * y[0] + 0.75 * y[1]))],
               {0: np.array(1.0)}, {0: q[None] - p}, attrs={"reduction": "sum"})
    attrs = {"classes": 3, "has_ignore_index": 1, "ignore_index": 1}
    x, t = np.array([[0.0, NAN, INF], [NAN, NAN, NAN]]), np.array([2, 1])
    y, n = np.array([INF, 0.0]), np.array([1.0, 0.0])
    d = np.array([[0.0, 0, 1], [0.0, 0, 0]])
    plain_hard("pick_label", "odd", [x, t], [y, n], {0: np.ones(2)}, {0: d}, attrs=attrs)
    plain_hard("place_label", "odd", [np.array([INF, NAN]), t], [np.array([[0.0, 0, INF], [0.0, 0, 0]])],
               {0: np.ones((2, 3))}, {0: np.array([1.0, 0.0])}, attrs=attrs)
    case("pick_label", "rows", lambda x, t: pick(-1)(x, t)[0], normal(5, 4), index(4, 5), attrs={"classes": 4})
    row = {"classes": 4, "is_row": 1, "has_ignore_index": 1, "ignore_index": 2}
    x, t = normal(4), np.array([0, 2, 3, 3, 1])
    y, n = (as_array(v) for v in pick(2)(torch.tensor(x), torch.tensor(t)))
    up = normal(5)
    d = np.array([up[0], up[4], 0.0, up[2] + up[3]])
    plain("pick_label", "one_row", [x, t], [y, n], {0: up}, {0: d}, attrs=row)
    case("place_label", "rows", place, normal(5), index(4, 5), attrs={"classes": 4})


def probabilities():
    kl = F.kl_div
    every("kl_div", lambda x, t, r: kl(x, t, reduction=r), lambda: (normal(3, 4), positive(3, 4)))
    logs = lambda x, t, r: kl(x, t, reduction=r, log_target=True)
    every("kl_div", logs, lambda: (normal(3, 4), normal(3, 4)), {"log_target": 1})
    x, p = np.array([-INF, -INF, 0.0, NAN, -1.0]), np.array([0.0, 0.5, 0.0, 0.0, 1.0])
    plain_hard("kl_div", "zeros", [x, p], [np.array([0.0, INF, 0.0, NAN, 1.0])], {0: np.ones(5)}, {0: -p},
               attrs={"reduction": "none"})
    op, f = "binary_cross_entropy", F.binary_cross_entropy
    unit = lambda: grid(rng.uniform(0.05, 0.95, (3, 4)))
    every(op, lambda p, t, r: f(p, t, reduction=r), lambda: (unit(), unit()))
    every(op, lambda p, t, w, r: f(p, t, w.detach(), reduction=r), lambda: (unit(), unit(), positive(3, 4)))
    # The logarithm is held at -100, its derivative at 1e12; PyTorch's is 0 where p is 0 and t too.
    p, t = np.array([0.0, 1.0, 0.0, 1.0, NAN]), np.array([1.0, 0.0, 0.0, 1.0, 1.0])
    y, d = np.array([100.0, 100, 0, 0, NAN]), np.array([-1e12, 1e12, 1, -1, NAN])
    plain_hard(op, "sure", [p, t], [y], {0: np.ones(5)}, {0: d}, attrs={"reduction": "none"})
    op, f = "binary_cross_entropy_with_logits", F.binary_cross_entropy_with_logits
    every(op, lambda x, t, r: f(x, t, reduction=r), lambda: (normal(3, 4), unit()))
    every(op, lambda x, t, w, r: f(x, t, w.detach(), reduction=r), lambda: (normal(3, 4), unit(), positive(3, 4)))
    g = lambda x, t, w, q, r: f(x, t, w.detach(), reduction=r, pos_weight=q.detach())
    every(op, g, lambda: (normal(3, 4), unit(), positive(3, 4), positive(4)))
    x, t = np.array([1000.0, -1000, 1000, -1000, INF, -INF, NAN]), np.array([1.0, 1, 0, 0, 1, 0, 1])
    y, d = np.array([0.0, 1000, 1000, 0, 0, 0, NAN]), np.array([0.0, -1, 1, 0, 0, 0, NAN])
    plain_hard(op, "far", [x, t], [y], {0: np.ones(7)}, {0: d}, attrs={"reduction": "none"})
    op, f = "gaussian_nll_loss", F.gaussian_nll_loss
    three = lambda: (normal(3, 4), normal(3, 4), positive(3, 4))
    every(op, lambda x, t, v, r: f(x, t, v, reduction=r), three)
    every(op, lambda x, t, v, r: f(x, t, v, full=True, reduction=r), three, {"full": 1})
    x, t, v = np.array([1.0, NAN, INF]), np.array([1.0, 0, 0]), np.array([0.0, 1, 1])
    plain_hard(op, "no_variance", [x, t, v], [np.array([np.log(0.25) / 2, NAN, INF])], {0: np.ones(3)},
               {2: np.array([0.0, NAN, -INF])}, attrs={"eps": 0.25, "reduction": "none"})
    case("clamped_log", "positive", torch.log, positive(3, 4))
    case("clamped_log_slope", "positive", torch.reciprocal, positive(3, 4))
    x = np.array([0.0, -0.0, -1.0, INF, NAN, 1.0])
    y, d = np.array([-100.0, -100, NAN, INF, NAN, 0]), np.array([1e12, 1e12, NAN, 0, NAN, 1])
    plain_hard("clamped_log", "odd", [x], [y], {0: np.ones(6)}, {0: d})
    plain_hard("clamped_log_slope", "odd", [x], [d])


def angles():
    cos = F.cosine_similarity
    op = "cosine_similarity"
    case(op, "rows", lambda a, b: cos(a, b, 1), *pair())
    case(op, "columns", lambda a, b: cos(a, b, 0), *pair(), attrs={"axis": 0})
    case(op, "middle", lambda a, b: cos(a, b, 1), normal(2, 3, 2), normal(2, 3, 2))
    case(op, "size_1", lambda a, b: cos(a, b, 1), nonzero(3, 1), nonzero(3, 1))
    a, b = np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[3.0, 4.0], [0.0, 0.0]])
    # Against zeros: 0, whose gradient is the other's direction over eps.
    d = np.array([[0.6, 0.8]]) / 0.5
    zero = np.zeros((1, 2))
    plain_hard(op, "zeros", [a, b], [np.zeros(2)], {0: np.ones(2)},
               {0: np.concatenate([d, zero]), 1: np.concatenate([zero, d])}, attrs={"eps": 0.5})
    # PyTorch's own adds 1e-12 to the squares.
    op = "cosine_embedding_loss"
    near = lambda y, t: torch.where(t > 0, 1 - y, torch.relu(y + 0.25))
    three = lambda: (normal(6, 3), normal(6, 3), np.array([1.0, -1, 1, -1, -1, 1]))
    g = lambda a, b, t, r: reduced(near(cos(a, b, 1), t), r)
    every(op, g, three, {"margin": -0.25})
    a, b, t = np.array([[1.0, 0.0], [1.0, 0.0], [NAN, 1.0]]), np.array([[1.0, 0.0], [-1.0, 0.0], [1.0, 1.0]]), np.array([1.0, -1, 1])
    plain_hard(op, "parallel", [a, b, t], [np.array([0.0, 0.0, NAN])], {0: np.array([1.0, 1.0, 0.0])},
               {0: np.zeros((3, 2))}, attrs={"reduction": "none"})


if __name__ == "__main__":
    differences()
    labels()
    hard_labels()
    probabilities()
    angles()
    finish(__file__)
