"""Attention. Writes attention.txt.

SPDX-License-Identifier: Apache-2.0

Attention is composed by hand in f64, softmax by softmax; where a row attends to nothing, or a key
that is not attended to holds what no number is, the expected values are those of the rest.
"""
import math

import numpy as np
import torch

from common import *  # noqa: F403


def attention(q, k, v, mask=None, is_causal=False, scale=None):
    """Of [..., time, depth]; the result and the logarithm of the sums."""
    scale = scale or 1 / math.sqrt(q.shape[-1])
    scores = q @ k.transpose(-1, -2) * scale
    may = torch.ones_like(scores, dtype=torch.bool)
    if mask is not None and mask.dtype == torch.bool:
        may = may & mask
    elif mask is not None:
        scores = scores + mask
    if is_causal:
        may = may & torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    scores = scores.masked_fill(~may, -INF)
    return torch.softmax(scores, -1) @ v, torch.logsumexp(scores, -1)


def time_first(f):
    def g(q, k, v, *mask):
        y, lse = f(*(x.transpose(1, 2) for x in (q, k, v)), *mask)
        return y.transpose(1, 2), lse
    return g


def packed(f):
    def g(qkv, *mask):
        q, k, v = (x.transpose(1, 2) for x in qkv.unbind(2))
        y, lse = f(q, k, v, *mask)
        return y.transpose(1, 2), lse
    return g


def back(q, k, v, y, lse, dy, mask=None, is_causal=False, scale=None):
    """The gradients as functions of all that they are made of."""
    scale = scale or 1 / math.sqrt(q.shape[-1])
    scores = q @ k.transpose(-1, -2) * scale
    may = torch.ones_like(scores, dtype=torch.bool)
    if mask is not None:
        may = may & mask
    if is_causal:
        may = may & torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    p = torch.where(may, torch.exp(scores - lse.unsqueeze(-1)), torch.zeros_like(scores))
    ds = p * (dy @ v.transpose(-1, -2) - (dy * y).sum(-1, keepdim=True)) * scale
    return ds @ k, ds.transpose(-1, -2) @ q, p.transpose(-1, -2) @ dy


def back_packed(qkv, y, lse, dy, is_causal=True):
    q, k, v, y, dy = (x.transpose(1, 2) for x in (*qkv.unbind(2), y, dy))
    found = back(q, k, v, y, lse, dy, is_causal=is_causal)
    return torch.stack([x.transpose(1, 2) for x in found], 2)


OP = "scaled_dot_product_attention"
CAUSAL = {"is_causal": 1}


def plain_ones():
    qkv = normal(2, 2, 3, 4), normal(2, 2, 5, 4), normal(2, 2, 5, 3)
    case(OP, "heads", attention, *qkv)
    case(OP, "no_heads", attention, normal(2, 3, 4), normal(2, 4, 4), normal(2, 4, 4))
    case(OP, "causal", lambda *x: attention(*x, is_causal=True), normal(1, 2, 5, 4), normal(1, 2, 5, 4),
         normal(1, 2, 5, 4), attrs=CAUSAL)
    case(OP, "scale", lambda *x: attention(*x, scale=0.25), *qkv, attrs={"scale": 0.25})
    case(OP, "time_first", time_first(attention), normal(2, 3, 2, 4), normal(2, 4, 2, 4), normal(2, 4, 2, 4),
         attrs={"is_time_first": 1})
    may = np.ones((2, 1, 1, 5), dtype=np.bool_)
    may[0, 0, 0, 3:] = False
    case(OP, "padding", attention, *qkv, may)
    case(OP, "added_mask", attention, *qkv, normal(3, 5))
    # More than a block of queries and keys of the fast kernels.
    many = normal(1, 1, 40, 3), normal(1, 1, 40, 3), normal(1, 1, 40, 2)
    case(OP, "blocks", attention, *many)
    case(OP, "blocks_causal", lambda *x: attention(*x, is_causal=True), *many, attrs=CAUSAL)


def packed_ones():
    case("packed_attention", "causal", packed(lambda *x: attention(*x, is_causal=True)), normal(1, 4, 3, 2, 3),
         attrs=CAUSAL)
    may = np.tri(4, 4, 1).astype(np.bool_)
    case("packed_attention", "bool_mask", packed(attention), normal(1, 4, 3, 2, 3), may)


def backward_ones():
    x = normal(1, 2, 3, 4), normal(1, 2, 5, 4), normal(1, 2, 5, 3), normal(1, 2, 3, 3), positive(1, 2, 3), normal(
        1, 2, 3, 3)
    case("attention_backward", "heads", lambda *a: back(*a, scale=0.5), *x, attrs={"scale": 0.5})
    case("attention_backward", "causal", lambda *a: back(*a, is_causal=True, scale=0.5), *x,
         attrs={"is_causal": 1, "scale": 0.5})
    case("packed_attention_backward", "causal", back_packed, normal(1, 3, 3, 2, 4), normal(1, 3, 2, 4),
         positive(1, 2, 3), normal(1, 3, 2, 4), attrs={"is_causal": 1, "scale": 0.5})


# ---- hard -----------------------------------------------------------------------------------


def a(*values):
    """One sequence of one head: rows of depth 1."""
    return np.array(values, dtype=np.float64).reshape(1, len(values), 1)


def hard_plain(name, inputs, y, lse, grads, attrs=None):
    plain_hard(OP, name, inputs, [a(*y), np.array(lse, dtype=np.float64).reshape(1, -1)],
               {0: np.ones(len(y))}, {k: np.array(g, dtype=np.float64) for k, g in enumerate(grads)},
               {"scale": 1.0, **(attrs or {})})


def hard_ones():
    log2, log3 = math.log(2), math.log(3)
    # A query that attends to nothing, beside one that does.
    may = np.array([[0, 0], [1, 1]], dtype=np.bool_)
    hard_plain("nothing_attended_to", [a(1, 1), a(2, 2), a(3, 5), may], [0, 4], [-INF, 2 + log2],
               [[0, 0], [-0.5, 0.5], [0.5, 0.5]])
    # The same said by an added -inf, and its own gradient.
    added = np.array([[-INF, -INF], [0, 0]])
    plain_hard(OP, "added_infinities", [a(1, 1), a(2, 2), a(3, 5), added],
               [a(0, 4), np.array([[-INF, 2 + log2]])], {0: np.ones(2)},
               {0: np.zeros(2), 1: np.array([-0.5, 0.5]), 2: np.array([0.5, 0.5]),
                3: np.array([0, 0, -0.5, 0.5])}, {"scale": 1.0})
    # Keys that are not attended to may hold anything.
    hard_plain("garbage_behind_a_mask", [a(1), a(2, NAN, INF), a(3, INF, NAN), np.array([1, 0, 0], dtype=np.bool_)],
               [3], [2], [[0], [0, 0, 0], [1, 0, 0]])
    hard_plain("garbage_in_the_future", [a(1, 1), a(2, NAN), a(3, INF)], [3, NAN], [2, NAN],
               [[0, NAN], [NAN, NAN], [NAN, NAN]], CAUSAL)
    hard_plain("nan_query", [a(NAN, 0), a(1, 2), a(3, 5)], [NAN, 4], [NAN, log2],
               [[NAN, 0.25 * 2], [NAN, NAN], [NAN, NAN]])
    # A score of -inf has a weight of exactly 0; of -inf alone, or +inf, there is no softmax.
    hard_plain("score_of_minus_infinity", [a(1), a(0, -INF), a(3, 5)], [3], [0], [[0], [0, 0], [1, 0]])
    hard_plain("scores_of_minus_infinity_alone", [a(1), a(-INF, -INF), a(3, 5)], [NAN], [NAN],
               [[NAN], [NAN, NAN], [NAN, NAN]])
    hard_plain("score_of_infinity", [a(1), a(0, INF), a(3, 5)], [NAN], [NAN],
               [[NAN], [NAN, NAN], [NAN, NAN]])
    # Weights that vanish, and large scores.
    hard_plain("large_scores", [a(1), a(1e4, -1e4), a(3, 5)], [3], [1e4], [[0], [0, 0], [1, 0]])
    hard_plain("ties", [a(0), a(1, 2, 3), a(1, 2, 6)], [3], [log3],
               [[(-2 * 1 - 1 * 2 + 3 * 3) / 3], [0, 0, 0], [1 / 3, 1 / 3, 1 / 3]])
    plain_hard(OP, "no_keys", [a(1, 2), np.zeros((1, 0, 1)), np.zeros((1, 0, 1))],
               [a(0, 0), np.array([[-INF, -INF]])], {0: np.ones(2)},
               {0: np.zeros(2), 1: np.zeros(0), 2: np.zeros(0)}, {"scale": 1.0})
    plain_hard(OP, "no_queries", [np.zeros((1, 0, 1)), a(1, 2), a(3, 5)],
               [np.zeros((1, 0, 1)), np.zeros((1, 0))], {0: np.zeros(0)},
               {0: np.zeros(0), 1: np.zeros(2), 2: np.zeros(2)}, {"scale": 1.0})


def pack(*rows):
    """[q, k, v] for each time, of depth 1."""
    return np.array(rows, dtype=np.float64).reshape(1, len(rows), 3, 1, 1)


def hard_packed():
    one = {"scale": 1.0}
    plain_hard("packed_attention", "garbage_in_the_future", [pack([1, 2, 3], [1, NAN, INF])],
               [np.array([3, NAN]).reshape(1, 2, 1, 1), np.array([[[2, NAN]]])], {0: np.array([1.0, 0])},
               {0: np.array([0, NAN, NAN, NAN, NAN, NAN])}, {**one, **CAUSAL})
    plain_hard("packed_attention", "nothing_attended_to", [pack([1, 2, 3], [1, 2, 5]), np.zeros(1, dtype=np.bool_)],
               [np.zeros((1, 2, 1, 1)), np.array([[[-INF, -INF]]])], {0: np.ones(2)}, {0: np.zeros(6)}, one)
    y, dy = np.array([0.0, 4]).reshape(1, 2, 1), np.ones((1, 2, 1))
    lse = np.array([[-INF, 2 + math.log(2)]])
    may = np.array([[0, 0], [1, 1]], dtype=np.bool_)
    plain_hard("attention_backward", "nothing_attended_to", [a(1, 1), a(2, 2), a(3, 5), y, lse, dy, may],
               [a(0, 0), a(-0.5, 0.5), a(0.5, 0.5)], attrs=one)
    plain_hard("packed_attention_backward", "nan", [pack([1, 2, 3]), np.full((1, 1, 1, 1), NAN), np.full((1, 1, 1), 2.0),
                                                    np.ones((1, 1, 1, 1))],
               [pack([NAN, NAN, 1])], attrs=one)


# ---- rotary positions -----------------------------------------------------------------------


def rotary(x, interleaved=False, base=10000.0, offset=0.0, time_axis=-2):
    half = x.shape[-1] // 2
    times = torch.arange(x.shape[time_axis], dtype=torch.float64) + offset
    angles = times[:, None] * base ** (-2 * torch.arange(half, dtype=torch.float64) / x.shape[-1])
    angles = angles.unsqueeze(1) if time_axis == -3 else angles
    z = torch.view_as_complex(x.reshape(*x.shape[:-1], half, 2)) if interleaved else torch.complex(
        x[..., :half], x[..., half:])
    z = torch.view_as_real(z * torch.polar(torch.ones_like(angles), angles))
    return z.flatten(-2) if interleaved else torch.cat([z[..., 0], z[..., 1]], -1)


def rotary_ones():
    op = "rotary_embedding"
    case(op, "halves", rotary, normal(2, 2, 4, 6))
    case(op, "interleaved", lambda x: rotary(x, True, 100.0), normal(2, 5, 4),
         attrs={"is_interleaved": 1, "base": 100.0})
    case(op, "time_first", lambda x: rotary(x, offset=7.0, time_axis=-3), normal(2, 3, 2, 4),
         attrs={"is_time_first": 1, "offset": 7.0})
    case(op, "reverse", lambda x: rotary(x, base=1 / 50.0, offset=0.0), normal(1, 2),
         attrs={"is_reverse": 1, "base": 1 / 50.0})
    odd = np.array([[INF, 1.0, NAN, 2.0], [1.0, NAN, 2.0, INF]])
    hard(op, "odd", rotary, odd, up=np.ones((2, 4)))
    hard(op, "no_time", rotary, np.zeros((2, 0, 4)), up=np.zeros((2, 0, 4)))


plain_ones()
rotary_ones()
packed_ones()
backward_ones()
hard_ones()
hard_packed()
finish(__file__)
