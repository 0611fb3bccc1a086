#!/usr/bin/env python3
"""Trains what examples train, here and in PyTorch, side by side: how good, and how soon.

Usage: bench/reach.py [--examples FOLDER] [--only NAMES] [--seeds N] [--text FILE]

The examples are built by `cmake --preset demo && cmake --build build/demo`. Runs take turns, ours
and PyTorch's, on two threads each; a time is that from the first step (of ours in texts: from the
start of the process) to the line that tells the result. bench/README.md says more.
SPDX-License-Identifier: Apache-2.0
"""
import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
TORCH = os.path.join(HERE, "peers", "reach_torch.py")

TARGET = 0.98        # test accuracy of mnist_mlp
TOLERANCE = 0.02     # nats per character
EPOCHS = 10
STEPS = 600


def find_python():
    """An interpreter that has torch, as run.py looks for it."""
    for python in (os.environ.get("BENCH_PYTHON_TORCH"), "python3", "/usr/bin/python3"):
        if python and subprocess.run([python, "-c", "import torch"], capture_output=True,
                                     check=False).returncode == 0:
            return python
    return None


def lines_of(command):
    """Runs a program; yields its lines with the seconds since it began to learn."""
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    environment.update({"OMP_WAIT_POLICY": "PASSIVE"} if TORCH in command
                       else {"GOMP_SPINCOUNT": "2000"})
    begin = time.perf_counter()
    by_line = ["stdbuf", "-oL"] if shutil.which("stdbuf") else []
    with subprocess.Popen([*by_line, *command], stdout=subprocess.PIPE, text=True, env=environment,
                          errors="replace") as process:
        for line in process.stdout:
            if line.startswith(("begin", "784-")):
                begin = time.perf_counter()
            yield line, time.perf_counter() - begin
    if process.returncode != 0:
        sys.exit(f"reach.py: {' '.join(command)} gave {process.returncode}")


def accuracy(command):
    """(best test accuracy, seconds to the first of at least TARGET)"""
    best, soon = 0, float("inf")
    for line, seconds in lines_of(command):
        found = re.search(r"(?:test|valid) accuracy (\S+)", line)
        if found:
            best = float(found[1])
            soon = min(soon, seconds) if best >= TARGET else soon
    return best, soon


def loss(command):
    """(loss on what is held out, seconds until it is known)"""
    for line, seconds in lines_of(command):
        found = re.match(r"held out: (\S+)", line)
        if found:
            result = float(found[1]), seconds
    return result


WORKLOADS = {
    "mnist_mlp": (accuracy, lambda text, seed: ["mnist_mlp", str(EPOCHS), seed]),
    "char_rnn-lstm": (loss, lambda text, seed: ["char_rnn", "lstm", text, str(STEPS), seed]),
    "char_rnn-gru": (loss, lambda text, seed: ["char_rnn", "gru", text, str(STEPS), seed]),
    "tiny_gpt": (loss, lambda text, seed: ["tiny_gpt", text, str(STEPS), seed]),
}


def compare(name, arguments, python):
    """Runs one workload; prints its row; returns whether it holds what is promised."""
    measure, command_of = WORKLOADS[name]
    ours, theirs = [], []
    for seed in range(1, arguments.seeds + 1):
        command = command_of(arguments.text, str(seed))
        ours.append(measure([os.path.join(arguments.examples, command[0]), *command[1:]]))
        if python:
            theirs.append(measure([python, TORCH, *command]))
    row = [name]
    for found in (ours, theirs):
        row += [f"{statistics.mean(f[0] for f in found):.4f}",
                f"{statistics.median(f[1] for f in found):.1f} s"] if found else ["", ""]
    print("| " + " | ".join(row) + " |", flush=True)
    if not theirs:
        return True
    is_sooner = statistics.median(f[1] for f in ours) < statistics.median(f[1] for f in theirs)
    worse = statistics.mean(f[0] for f in ours) - statistics.mean(f[0] for f in theirs)
    return is_sooner and (worse <= TOLERANCE if measure is loss else min(o[0] for o in ours) >= .983)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", default=os.path.join(ROOT, "build", "demo", "examples"))
    parser.add_argument("--only", default=",".join(WORKLOADS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--text", default=os.path.join(ROOT, "docs", "ops.md"))
    arguments = parser.parse_args()
    python = find_python()
    if python is None:
        print("reach.py: no torch (Debian: python3-torch); the examples run alone")
    print("| example | ours | time | PyTorch | time |\n|---|---|---|---|---|")
    is_held = True
    for name in arguments.only.split(","):
        if name == "mnist_mlp" and "WENGERT_MNIST" not in os.environ:
            print("reach.py: mnist_mlp is left out; WENGERT_MNIST is no folder with MNIST's files")
            continue
        is_held = compare(name, arguments, python) and is_held
    return 0 if is_held else 1


if __name__ == "__main__":
    sys.exit(main())
