"""What the peers in Python share: arguments, talk over a pipe, pace, the networks' files.

A peer is a program that is started for one workload and a number of threads. It writes a line of
JSON once it is ready, {"checks": [...]}, and one for each line "round" that it reads,
{"value": ...}; it ends with its input. Rounds divide into samples as bench/clock.c says.
SPDX-License-Identifier: Apache-2.0
"""
import argparse
import collections
import json
import os
import sys
import time

SAMPLE_NS = 2e6
ROUND_NS = 120e6
MIN_SAMPLES = 3
MAX_SAMPLES = 51
CHECKED_STEPS = 20
TAIL_STEPS = 2000

Network = collections.namedtuple("Network", "batch sizes rate")

# As bench/network.c has them.
NETWORKS = {
    "W1": Network(4, (2, 3, 1), 0.5),
    "W2-b32": Network(32, (784, 128, 10), 0.01),
    "W2-b128": Network(128, (784, 128, 10), 0.01),
    "W3": Network(256, (784, 512, 512, 10), 0.01),
    "W4": Network(256, (1024, 4096, 4096, 1000), 0.01),
    "W10": Network(8, (22, 30, 10), 0.01),
    "W11": Network(1, (784, 128, 10), 0.01),
}

# W9, as bench/chain.c has it.
CHAIN_OPS = 1000
CHAIN_ELEMENTS = 64
CHAIN_A = -0.085
CHAIN_B = 1.3333334

# W8, as bench/scalars.c has it.
SCALAR_START = 0.5
SCALAR_FACTOR = 1 - 1e-6
SCALAR_INCREMENT = 1e-6


def read_network(name, folder):
    """x, the targets and [(weight, bias), ...] of a network, as NumPy arrays of their own."""
    import numpy as np

    network = NETWORKS[name]
    with open(os.path.join(folder, name + ".bin"), "rb") as f:

        def read(dtype, *shape):
            count = int(np.prod(shape))
            return np.fromfile(f, dtype, count).reshape(shape)

        x = read(np.float32, network.batch, network.sizes[0])
        is_xor = name == "W1"
        targets = read(np.float32, network.batch, 1) if is_xor else read(np.int64, network.batch)
        pairs = zip(network.sizes, network.sizes[1:])
        layers = [(read(np.float32, a, b), read(np.float32, b)) for a, b in pairs]
    return x, targets, layers


# W6, as bench/lstm.c has it.
LSTM = {"steps": 64, "batch": 32, "hidden": 256, "vocabulary": 96}
LSTM_RATE = 1.0


def lstm_shapes():
    """The shapes of the parameters, in the order of the file."""
    gates, hidden, vocabulary = 4 * LSTM["hidden"], LSTM["hidden"], LSTM["vocabulary"]
    return [(gates, vocabulary), (gates, hidden), (gates,), (gates,), (hidden, vocabulary),
            (vocabulary,)]


# W7, as bench/gpt.c has it; AdamW's rate, decays and weight decay.
GPT = {"layers": 4, "heads": 4, "width": 128, "context": 64, "batch": 12, "vocabulary": 65}
GPT_ADAMW = {"rate": 1e-3, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-8, "weight_decay": 0.1}
GPT_OF_LAYER = 12


def gpt_shapes():
    """The shapes of the parameters, in the order of the file."""
    n = GPT["width"]
    norm = [(n,), (n,)]
    layer = [*norm, (n, 3 * n), (3 * n,), (n, n), (n,), *norm, (n, 4 * n), (4 * n,), (4 * n, n), (n,)]
    return [(GPT["vocabulary"], n), (GPT["context"], n), *layer * GPT["layers"], *norm]


def read_model(folder, name, of_inputs, of_parameters):
    """The i64 inputs and the f32 parameters of a model's file, as NumPy arrays of these shapes."""
    import numpy as np

    with open(os.path.join(folder, name + ".bin"), "rb") as f:

        def read(dtype, shape):
            return np.fromfile(f, dtype, int(np.prod(shape))).reshape(shape)

        inputs = [read(np.int64, s) for s in of_inputs]
        return *inputs, [read(np.float32, s) for s in of_parameters]


def read_lstm(folder):
    """Characters [steps, batch], targets [steps * batch] and the parameters."""
    shape = LSTM["steps"], LSTM["batch"]
    return read_model(folder, "W6", [shape, (shape[0] * shape[1],)], lstm_shapes())


def read_gpt(folder):
    """Tokens [batch, context], targets [batch * context] and the parameters."""
    shape = GPT["batch"], GPT["context"]
    return read_model(folder, "W7", [shape, (shape[0] * shape[1],)], gpt_shapes())


# W5, as bench/lenet.c has it; SGD's rate.
LENET_BATCH = 64
LENET_RATE = 0.01
LENET_SHAPES = [(6, 1, 5, 5), (6,), (16, 6, 5, 5), (16,), (400, 120), (120,), (120, 84), (84,),
                (84, 10), (10,)]


def read_lenet(folder):
    """Images [batch, 1, 28, 28], labels [batch] and the parameters, as NumPy arrays."""
    import numpy as np

    with open(os.path.join(folder, "W5.bin"), "rb") as f:
        x = np.fromfile(f, np.float32, LENET_BATCH * 784).reshape(LENET_BATCH, 1, 28, 28)
        labels = np.fromfile(f, np.int64, LENET_BATCH)
        parameters = [np.fromfile(f, np.float32, int(np.prod(s))).reshape(s) for s in LENET_SHAPES]
    return x, labels, parameters


def sample(step, count):
    """Nanoseconds that `count` steps take in all."""
    begin = time.perf_counter_ns()
    for _ in range(count):
        step()
    return time.perf_counter_ns() - begin


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


class Pace:
    """The median time of a step, over samples that last long enough for the clock."""

    def __init__(self, step):
        self.step = step
        self.n_steps = 0
        self.n_samples = 0

    def find(self):
        sample(self.step, 1)
        self.n_steps = 1
        ns = sample(self.step, 1)
        while ns < SAMPLE_NS:
            self.n_steps *= 2
            ns = sample(self.step, self.n_steps)
        self.n_samples = int(min(max(ROUND_NS / ns, MIN_SAMPLES), MAX_SAMPLES))

    def sample(self):
        """Nanoseconds of one step, over one sample."""
        return sample(self.step, self.n_steps) / self.n_steps

    def ns(self):
        if self.n_samples == 0:
            self.find()
        return median(self.sample() for _ in range(self.n_samples))


class Steps:
    """A workload whose figure is the time of a step, in units of `unit_ns` nanoseconds."""

    def __init__(self, step, check=lambda: [], unit_ns=1e3):
        self.step = step
        self.check = check
        self.unit_ns = unit_ns
        self.pace = Pace(step)

    def round(self):
        return self.pace.ns() / self.unit_ns


class Tail(Steps):
    """The slowest step in a thousand over the median one."""

    def round(self):
        times = sorted(sample(self.step, 1) for _ in range(TAIL_STEPS))
        return times[int(TAIL_STEPS * 0.999)] / times[TAIL_STEPS // 2]


class Ratio:
    """The time of a function and its gradient over that of the function, in alternating samples."""

    def __init__(self, value, gradient, check=lambda: []):
        self.check = check
        self.step = gradient
        self.value_pace = Pace(value)
        self.gradient_pace = Pace(gradient)

    def round(self):
        if self.gradient_pace.n_samples == 0:
            self.value_pace.find()
            self.gradient_pace.find()
        pairs = [(self.value_pace.sample(), self.gradient_pace.sample())
                 for _ in range(self.gradient_pace.n_samples)]
        return median(g for _, g in pairs) / median(v for v, _ in pairs)


def last_of_steps(step):
    """A check: the loss of the 20th step. `step` returns what float() accepts."""

    def check():
        for _ in range(CHECKED_STEPS):
            loss = step()
        return [float(loss)]

    return check


def say(answer):
    print(json.dumps(answer), flush=True)


def serve(workload):
    say({"checks": workload.check()})
    for line in sys.stdin:
        if line != "round\n":
            break
        say({"value": workload.round()})


def run_once(workload):
    """The first step of a process, for who times it from outside."""
    workload.step()
    say({"done": True})
    sys.stdout.flush()


def main(open_workload, *flags):
    """Runs a peer; open_workload(arguments) makes a workload. `flags` are options of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--workload", required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--data", default=".")
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--once", action="store_true")
    for flag in flags:
        parser.add_argument(flag, action="store_true")
    arguments = parser.parse_args()
    workload = open_workload(arguments)
    run_once(workload) if arguments.once else serve(workload)


def network_of(workload):
    """The network that a workload runs: of "W13-W3" it is W3, of W12 and the tail W2-b128."""
    name = workload[4:] if workload.startswith("W13-") else workload
    if name in ("W12", "W2-b128-tail", "W2-b128-contended"):
        return "W2-b128"
    return "W1" if name.startswith("W1-") else name
