"""Trajectories of PyTorch's SGD, Adam, AdamW, RMSprop and Adagrad: writes optimizers.txt, beside this file.

SPDX-License-Identifier: Apache-2.0

Two parameters in f64, a [5] and b [3], in one vector p of 8; its gradient at p is
curvature * (p - target) + 0.05 p^3. b has no gradient at steps that are multiples of 3.

  case <name> <kind> <rate> <momentum> <nesterov> <beta1> <beta2> <epsilon> <weight decay> <clip>

where the third number is, for adam and adamw, whether it is AMSGrad; the fourth, for sgd, its
dampening; the third to fifth are, for rmsprop, momentum, whether it is centered, and alpha; for
adagrad the rate's decay, 0, and the initial sum.

clip is 0, or the norm to which gradients are clipped before each step, or below 0 less the limit of
each element.

  at <step> <8 values>
"""
import pathlib
import torch

START = [1.0, -2.0, 0.5, 3.0, -0.25, 0.75, -1.5, 2.0]
TARGET = [0.3, 0.7, -1.1, 0.9, 0.0, -0.6, 1.2, 0.1]
CURVATURE = [1.0, 0.5, 2.0, 0.1, 3.0, 1.5, 0.25, 0.8]
STEPS = (1, 2, 3, 4, 10, 50, 100)

# name, kind, rate, momentum, nesterov, beta1, beta2, epsilon, weight decay, clip
CASES = [
    ("sgd", "sgd", 0.05, 0.0, 0, 0.0, 0.0, 1e-8, 0.0, 0.0),
    ("sgd_decay", "sgd", 0.05, 0.0, 0, 0.0, 0.0, 1e-8, 0.02, 0.0),
    ("sgd_momentum", "sgd", 0.02, 0.9, 0, 0.0, 0.0, 1e-8, 0.0, 0.0),
    ("sgd_momentum_decay", "sgd", 0.02, 0.9, 0, 0.0, 0.0, 1e-8, 0.01, 0.0),
    ("sgd_nesterov", "sgd", 0.02, 0.9, 1, 0.0, 0.0, 1e-8, 0.0, 0.0),
    ("sgd_nesterov_decay", "sgd", 0.02, 0.8, 1, 0.0, 0.0, 1e-8, 0.05, 0.0),
    ("sgd_dampened", "sgd", 0.05, 0.9, 0, 0.25, 0.0, 1e-8, 0.0, 0.0),
    ("sgd_dampened_decay", "sgd", 0.1, 0.7, 0, 1.0, 0.0, 1e-8, 0.05, 0.0),
    ("adam", "adam", 0.001, 0.0, 0, 0.9, 0.999, 1e-8, 0.0, 0.0),
    ("adam_fast", "adam", 0.1, 0.0, 0, 0.8, 0.95, 1e-3, 0.0, 0.0),
    ("adam_decay", "adam", 0.03, 0.0, 0, 0.9, 0.99, 1e-8, 0.1, 0.0),
    ("adamw", "adamw", 0.001, 0.0, 0, 0.9, 0.999, 1e-8, 0.01, 0.0),
    ("adamw_fast", "adamw", 0.1, 0.0, 0, 0.8, 0.95, 1e-3, 0.2, 0.0),
    ("adamw_no_decay", "adamw", 0.03, 0.0, 0, 0.9, 0.99, 1e-8, 0.0, 0.0),
    ("amsgrad", "adam", 0.1, 0.0, 1, 0.9, 0.9, 1e-8, 0.0, 0.0),
    ("amsgrad_decay", "adam", 0.05, 0.0, 1, 0.8, 0.95, 1e-3, 0.1, 0.0),
    ("amsgrad_adamw", "adamw", 0.1, 0.0, 1, 0.9, 0.99, 1e-8, 0.2, 0.0),
    ("rmsprop", "rmsprop", 0.01, 0.0, 0, 0.99, 0.0, 1e-8, 0.0, 0.0),
    ("rmsprop_momentum", "rmsprop", 0.003, 0.9, 0, 0.9, 0.0, 1e-6, 0.0, 0.0),
    ("rmsprop_centered", "rmsprop", 0.01, 0.0, 1, 0.95, 0.0, 1e-3, 0.02, 0.0),
    ("rmsprop_all", "rmsprop", 0.002, 0.8, 1, 0.9, 0.0, 1e-2, 0.1, 0.0),
    ("adagrad", "adagrad", 0.1, 0.0, 0, 0.0, 0.0, 1e-10, 0.0, 0.0),
    ("adagrad_all", "adagrad", 0.5, 0.01, 0, 0.25, 0.0, 1e-6, 0.03, 0.0),
    ("sgd_norm", "sgd", 0.1, 0.0, 0, 0.0, 0.0, 1e-8, 0.02, 0.5),
    ("sgd_value", "sgd", 0.05, 0.9, 1, 0.0, 0.0, 1e-8, 0.0, -0.25),
    ("adam_norm", "adam", 0.05, 0.0, 0, 0.9, 0.99, 1e-8, 0.0, 0.3),
]


def make(case, params):
    _, kind, rate, momentum, nesterov, beta1, beta2, epsilon, decay, _ = case
    if kind == "sgd":
        return torch.optim.SGD(
            params, lr=rate, momentum=momentum, dampening=beta1, nesterov=bool(nesterov),
            weight_decay=decay,
        )
    if kind == "rmsprop":
        return torch.optim.RMSprop(
            params, lr=rate, alpha=beta1, eps=epsilon, weight_decay=decay, momentum=momentum,
            centered=bool(nesterov),
        )
    if kind == "adagrad":
        return torch.optim.Adagrad(
            params, lr=rate, lr_decay=momentum, weight_decay=decay,
            initial_accumulator_value=beta1, eps=epsilon,
        )
    adam = torch.optim.AdamW if kind == "adamw" else torch.optim.Adam
    return adam(
        params, lr=rate, betas=(beta1, beta2), eps=epsilon, weight_decay=decay,
        amsgrad=bool(nesterov),
    )


def run(case, out):
    vector = lambda values: torch.tensor(values, dtype=torch.float64)
    params = [vector(START[:5]), vector(START[5:])]
    targets = [vector(TARGET[:5]), vector(TARGET[5:])]
    curvatures = [vector(CURVATURE[:5]), vector(CURVATURE[5:])]
    optimizer = make(case, params)
    out.write("case " + " ".join(str(x) for x in case) + "\n")
    for step in range(1, max(STEPS) + 1):
        for i, p in enumerate(params):
            p.grad = curvatures[i] * (p - targets[i]) + 0.05 * p**3
        if step % 3 == 0:
            params[1].grad = None
        if case[-1] > 0:
            torch.nn.utils.clip_grad_norm_(params, case[-1])
        if case[-1] < 0:
            torch.nn.utils.clip_grad_value_(params, -case[-1])
        optimizer.step()
        if step in STEPS:
            values = torch.cat(params).tolist()
            out.write(f"at {step} " + " ".join(f"{x:.17g}" for x in values) + "\n")


if __name__ == "__main__":
    path = pathlib.Path(__file__).with_name("optimizers.txt")
    with path.open("w") as out:
        for case in CASES:
            run(case, out)
