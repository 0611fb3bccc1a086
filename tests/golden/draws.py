"""Random ops from the words of Philox, written out once more in common.py. Writes draws.txt.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np

from common import *  # noqa: F403


def normals(n):
    """Box and Muller's transform of neighbouring words, in f32."""
    drawn = np.array(words(n + n % 2), dtype=np.float64)
    radius = np.sqrt(-2 * np.log((drawn[0::2] + 1) / 2**32))
    angle = 2 * np.pi * (drawn[1::2] / 2**32)
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return pairs.reshape(-1)[:n].astype(np.float32)


def draws():
    z = normals(21)
    attrs = {"dtype": DTYPE, "dims": [3, 7]}
    plain("normal", "standard", [], [z.astype(np.float64).reshape(3, 7)], attrs=attrs)
    y = (np.float32(-2) + np.float32(0.75) * z).astype(np.float64).reshape(3, 7)
    plain("normal", "moved", [], [y], attrs={**attrs, "mean": -2.0, "std": 0.75})
    plain_hard("normal", "a_point", [], [np.full(2, 0.5)], attrs={"dtype": DTYPE, "dims": [2], "mean": 0.5, "std": 0.0})
    plain_hard("normal", "nothing", [], [np.zeros((2, 0))], attrs={"dtype": DTYPE, "dims": [2, 0]})
    u = units(21).reshape(3, 7)
    for name, p in (("half", 0.5), ("seldom", 0.125)):
        plain("bernoulli", name, [], [(u < p).astype(np.float64)], attrs={**attrs, "p": p})
    plain("bernoulli", "bool", [], [u < 0.5], attrs={"dtype": BOOL, "dims": [3, 7], "p": 0.5})
    for name, p in (("never", 0.0), ("always", 1.0)):
        plain_hard("bernoulli", name, [], [np.full((3, 7), p)], attrs={**attrs, "p": p})
    p = grid(rng.uniform(0, 1, (3, 7)))
    plain("bernoulli_of", "matrix", [p], [(u < p).astype(np.float64)])
    p = np.array([0.0, 1.0, -0.0, 2.0**-24, 1 - 2.0**-24])
    plain_hard("bernoulli_of", "ends", [p], [(units(5) < p).astype(np.float64)])


def integers(n, low, high):
    w = words(2 * n)
    return np.array([low + ((w[2 * i] << 32 | w[2 * i + 1]) * (high - low) >> 64) for i in range(n)], dtype=np.int64)


def whole_numbers():
    for name, low, high in (("dice", 1, 7), ("negative", -1000, -3), ("many", 0, 2**32)):
        y = integers(10, low, high).reshape(2, 5)
        plain("randint", name, [], [y], attrs={"dims": [2, 5], "low": low, "high": high})
    for name, low, high in (("one", 7, 8), ("least", -(2**63), -(2**63) + 2**32), ("last", 2**63 - 3, 2**63 - 1)):
        plain_hard("randint", name, [], [integers(5, low, high)], attrs={"dims": [5], "low": low, "high": high})


def channels():
    for name, shape, p in (("images", (2, 3, 2, 2), 0.25), ("sequences", (3, 5, 2), 0.5), ("elements", (4, 5), 0.75)):
        x, up = normal(*shape), normal(*shape)
        n = shape[0] * shape[1]
        mask = np.where(units(n) >= p, 1 / (1 - p), 0.0).reshape(shape[:2] + (1,) * (len(shape) - 2))
        plain("dropout_channels", name, [x], [x * mask, mask], {0: up}, {0: up * mask}, attrs={"p": p})
    x = np.array([[[INF, NAN], [-INF, 1.0], [NAN, INF], [INF, -INF]]])
    mask = np.where(units(4) >= 0.5, 2.0, 0.0).reshape(1, 4, 1)
    y = np.where(mask == 0, 0.0, x * 2)
    dx = np.broadcast_to(mask, x.shape)
    plain_hard("dropout_channels", "odd", [x], [y, mask], {0: np.ones(x.shape)}, {0: dx}, attrs={"p": 0.5})
    # A gradient that is infinite does not come back to what was dropped.
    up = np.full((1, 4, 2), INF)
    x = np.ones((1, 4, 2))
    dx = np.where(mask == 0, 0.0, up)
    plain_hard("dropout_channels", "steep", [x], [x * mask, mask], {0: up}, {0: dx}, attrs={"p": 0.5})


if __name__ == "__main__":
    draws()
    whole_numbers()
    channels()
    finish(__file__)
