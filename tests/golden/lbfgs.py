"""Trajectories of PyTorch's LBFGS in f64: writes lbfgs.txt, beside this file.

SPDX-License-Identifier: Apache-2.0

The loss 0 is Rosenbrock's in six dimensions, x an [4] and a [2] in one vector; 1 a quartic bowl,
sum of c (x - t)^2 / 2 + x^4 / 80; 2 the mean square error of a network of two hidden units at 8
points, x being its weights and biases before the tanh and its weights after it.

  case <name> <loss> <rate> <max iterations> <history> <strong wolfe> <steps>
  at <step> <loss before the step> <6 values>
"""
import pathlib
import torch

START = [-1.2, 1.0, 0.4, -0.7, 1.5, 0.3]
TARGET = [0.3, 0.7, -1.1, 0.9, 0.0, -0.6]
CURVATURE = [1.0, 0.5, 2.0, 0.1, 3.0, 1.5]

# name, loss, rate, max_iter, history, strong wolfe, steps
CASES = [
    ("bowl", 1, 0.5, 20, 100, 0, 5),
    ("bowl_by_one", 1, 0.3, 1, 3, 0, 100),
    ("rosenbrock", 0, 1.0, 20, 100, 1, 5),
    ("rosenbrock_short", 0, 1.0, 5, 3, 1, 20),
    ("rosenbrock_by_one", 0, 1.0, 1, 5, 1, 100),
    ("rosenbrock_unsearched", 0, 0.1, 1, 10, 0, 100),
    ("network", 2, 1.0, 1, 10, 1, 100),
    ("network_unsearched", 2, 0.2, 20, 10, 0, 5),
]


def loss_of(x, which):
    if which == 2:
        at = torch.arange(8, dtype=torch.float64) / 2 - 1.75
        y = (x[4:] * torch.tanh(at[:, None] * x[:2] + x[2:4])).sum(1)
        return ((y - torch.sin(at)) ** 2).mean()
    if which == 1:
        t = torch.tensor(TARGET, dtype=torch.float64)
        c = torch.tensor(CURVATURE, dtype=torch.float64)
        return (c * (x - t) ** 2 / 2 + x**4 / 80).sum()
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def run(case, out):
    _, which, rate, max_iter, history, wolfe, steps = case
    params = [torch.tensor(v, dtype=torch.float64, requires_grad=True)
              for v in (START[:4], START[4:])]
    optimizer = torch.optim.LBFGS(
        params, lr=rate, max_iter=max_iter, history_size=history,
        line_search_fn="strong_wolfe" if wolfe else None,
    )

    def closure():
        optimizer.zero_grad()
        loss = loss_of(torch.cat(params), which)
        loss.backward()
        return loss

    out.write("case " + " ".join(str(x) for x in case) + "\n")
    for step in range(1, steps + 1):
        loss = float(optimizer.step(closure))
        if step <= 5 or step % 10 == 0:
            values = torch.cat(params).tolist()
            out.write(f"at {step} {loss:.17g} " + " ".join(f"{x:.17g}" for x in values) + "\n")


if __name__ == "__main__":
    path = pathlib.Path(__file__).with_name("lbfgs.txt")
    with path.open("w") as out:
        for case in CASES:
            run(case, out)
