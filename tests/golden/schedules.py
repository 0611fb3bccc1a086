"""Rates of torch.optim.lr_scheduler (PyTorch) over 100 steps: writes schedules.txt, beside this file.

SPDX-License-Identifier: Apache-2.0

The optimizer begins at a rate of .2. Options stand in the words of wg_schedule_options. rates are
those after 0, 1, ... 100 steps; a plateau is told one of its metrics in each.

  case <name> <kind>
  set <option> <value>...
  metrics <100 values>
  rates <101 values>
"""
import math
import pathlib
import random
import warnings
import torch
from torch.optim import lr_scheduler as lr

BASE = 0.2
N = 100


def plateau_metrics(is_more_better):
    draw = random.Random(7)
    sign = -1 if is_more_better else 1
    values = [sign * (3 * math.exp(-t / 9) + 0.4 * draw.random()) for t in range(N)]
    values[20] = math.nan
    return values


def one_cycle(o, **options):
    return lr.OneCycleLR(o, cycle_momentum=False, **options)


def with_warmup(steps, make):
    """n steps up to the first rate of another schedule, then that schedule from its beginning."""

    def both(o):
        inner = make(torch.optim.SGD([torch.zeros(1)], lr=BASE))
        rates = [inner.optimizer.param_groups[0]["lr"]]
        for _ in range(N):
            inner.step()
            rates.append(inner.optimizer.param_groups[0]["lr"])
        first = torch.optim.SGD([torch.zeros(1)], lr=rates[0])
        warm = lr.LinearLR(first, start_factor=1 / steps, total_iters=steps - 1)
        ramp = [warm.optimizer.param_groups[0]["lr"]]
        for _ in range(steps - 1):
            warm.step()
            ramp.append(warm.optimizer.param_groups[0]["lr"])
        return lr.LambdaLR(o, lambda t: (ramp + rates)[t] / BASE)

    return both


def halve(o):
    return lr.LambdaLR(o, lambda t: 1 / (1 + t / 10))


# name, kind, options in our words, how PyTorch makes it
CASES = [
    ("constant", 0, {}, lambda o: lr.LambdaLR(o, lambda t: 1.0)),
    ("step", 1, dict(steps=7, factor=0.8), lambda o: lr.StepLR(o, 7, 0.8)),
    ("step_default", 1, dict(steps=30), lambda o: lr.StepLR(o, 30)),
    ("milestones", 2, dict(factor=0.5, milestones=[3, 4, 50, 99]),
     lambda o: lr.MultiStepLR(o, [3, 4, 50, 99], 0.5)),
    ("exponential", 3, dict(factor=0.97), lambda o: lr.ExponentialLR(o, 0.97)),
    ("exponential_up", 3, dict(factor=1.05), lambda o: lr.ExponentialLR(o, 1.05)),
    ("linear", 4, dict(steps=60, min_rate=0.02),
     lambda o: lr.LinearLR(o, start_factor=1.0, end_factor=0.1, total_iters=60)),
    ("cosine", 5, dict(steps=100), lambda o: lr.CosineAnnealingLR(o, 100)),
    ("cosine_beyond", 5, dict(steps=30, min_rate=0.01),
     lambda o: lr.CosineAnnealingLR(o, 30, 0.01)),
    ("restarts", 6, dict(steps=9, min_rate=0.001),
     lambda o: lr.CosineAnnealingWarmRestarts(o, 9, 1, 0.001)),
    ("restarts_longer", 6, dict(steps=5, cycle_factor=2),
     lambda o: lr.CosineAnnealingWarmRestarts(o, 5, 2)),
    ("one_cycle", 7, dict(steps=101, max_rate=0.5),
     lambda o: one_cycle(o, max_lr=0.5, total_steps=101)),
    ("one_cycle_straight", 7,
     dict(steps=101, max_rate=0.5, up_fraction=0.45, start_divisor=10, final_divisor=100,
          is_straight=1),
     lambda o: one_cycle(o, max_lr=0.5, total_steps=101, pct_start=0.45, div_factor=10,
                         final_div_factor=100, anneal_strategy="linear")),
    ("one_cycle_three", 7, dict(steps=101, max_rate=0.5, up_fraction=0.4, is_three_phase=1),
     lambda o: one_cycle(o, max_lr=0.5, total_steps=101, pct_start=0.4, three_phase=True)),
    ("one_cycle_three_straight", 7,
     dict(steps=120, max_rate=0.5, up_fraction=0.5, is_three_phase=1, is_straight=1),
     lambda o: one_cycle(o, max_lr=0.5, total_steps=120, pct_start=0.5, three_phase=True,
                         anneal_strategy="linear")),
    ("plateau", 8, dict(factor=0.5, patience=2, threshold=0.01, min_rate=0.003),
     lambda o: lr.ReduceLROnPlateau(o, factor=0.5, patience=2, threshold=0.01, min_lr=0.003, eps=0)),
    ("plateau_none", 8, dict(factor=0.9, cooldown=5),
     lambda o: lr.ReduceLROnPlateau(o, factor=0.9, patience=0, threshold=0, cooldown=5, eps=0)),
    ("plateau_absolute", 8, dict(factor=0.6, patience=4, threshold=0.05, is_absolute=1),
     lambda o: lr.ReduceLROnPlateau(o, factor=0.6, patience=4, threshold=0.05,
                                    threshold_mode="abs", eps=0)),
    ("plateau_more", 8, dict(patience=3, cooldown=2, threshold=0.02, is_more_better=1),
     lambda o: lr.ReduceLROnPlateau(o, "max", patience=3, threshold=0.02, cooldown=2, eps=0)),
    ("plateau_more_absolute", 8,
     dict(factor=0.7, patience=1, threshold=0.1, is_more_better=1, is_absolute=1),
     lambda o: lr.ReduceLROnPlateau(o, "max", factor=0.7, patience=1, threshold=0.1,
                                    threshold_mode="abs", eps=0)),
    ("function", 9, {}, halve),
    ("warmup", 0, dict(warmup_steps=25), with_warmup(25, lambda o: lr.LambdaLR(o, lambda t: 1.0))),
    ("warmup_step", 1, dict(warmup_steps=5, steps=7, factor=0.8),
     with_warmup(5, lambda o: lr.StepLR(o, 7, 0.8))),
    ("warmup_milestones", 2, dict(warmup_steps=4, factor=0.5, milestones=[1, 20]),
     with_warmup(4, lambda o: lr.MultiStepLR(o, [1, 20], 0.5))),
    ("warmup_linear", 4, dict(warmup_steps=10, steps=60, min_rate=0.02),
     with_warmup(10, lambda o: lr.LinearLR(o, start_factor=1.0, end_factor=0.1, total_iters=60))),
    ("warmup_cosine", 5, dict(warmup_steps=10, steps=90),
     with_warmup(10, lambda o: lr.CosineAnnealingLR(o, 90))),
    ("warmup_one_cycle", 7, dict(warmup_steps=20, steps=101, max_rate=0.5),
     with_warmup(20, lambda o: one_cycle(o, max_lr=0.5, total_steps=101))),
    ("warmup_function", 9, dict(warmup_steps=3), with_warmup(3, halve)),
]


def words(values):
    return " ".join(f"{x:.17g}" for x in values)


def write(case, out):
    name, kind, options, make = case
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=BASE)
    schedule = make(optimizer)
    out.write(f"case {name} {kind}\n")
    for key, value in options.items():
        out.write(f"set {key} {words(value if isinstance(value, list) else [value])}\n")
    metrics = plateau_metrics("is_more_better" in options)
    if kind == 8:
        out.write(f"metrics {words(metrics)}\n")
    rates = [optimizer.param_groups[0]["lr"]]
    for t in range(N):
        schedule.step(*([metrics[t]] if kind == 8 else []))
        rates.append(optimizer.param_groups[0]["lr"])
    out.write(f"rates {words(rates)}\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with pathlib.Path(__file__).with_name("schedules.txt").open("w") as out:
        for case in CASES:
            write(case, out)
