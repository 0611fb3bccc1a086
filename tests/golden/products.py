"""What whole Jacobians are made with. Writes products.txt.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np

from common import *  # noqa: F403


def stacks():
    op = "stack_products"
    a = np.arange(6.0).reshape(2, 3) / 4 - 0.5
    b = 1.5 - a * a
    up = np.arange(12.0).reshape(2, 2, 3) / 8 - 0.625
    i = np.array([4, -1, 7], dtype=np.int64)
    plain(op, "matrices", [a, b], [np.stack([a, b])], {0: up}, {0: up[0], 1: up[1]})
    plain(op, "i64", [i, i + 2], [np.stack([i, i + 2])])
    odd = np.array([INF, NAN])
    plain_hard(op, "odd", [odd, -odd], [np.stack([odd, -odd])], {0: np.ones((2, 2))},
               {0: np.ones(2), 1: np.ones(2)})


if __name__ == "__main__":
    stacks()
    finish(__file__)
