#!/usr/bin/env python3
"""Runs the workloads here and in every peer that is found, and writes what they take.

Each (workload, threads, peer) is a process of its own that stays up while its workload is timed.
Rounds are interleaved: one of each peer in turn, again and again, so that a busy minute of the
machine falls on all alike; the figure is the median of a peer's rounds. Nothing is timed before
the losses agree. bench/README.md says more.
SPDX-License-Identifier: Apache-2.0
"""
import argparse
import json
import os
import select
import signal
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))

# Losses, values: to 1e-4. Gradients through hundreds of ops in f32 amplify rounding: to 1e-3.
LOSS_TOLERANCE = 1e-4
GRADIENT_TOLERANCE = 1e-3

ANSWER_SECONDS = 600
# Between rounds: what the last peer's threads still spin must not fall on the next one.
SETTLE_SECONDS = 0.03
COLD_STARTS = 15

NETWORKS = ["W2-b32", "W2-b128", "W3", "W4"]
STEPS = ["W1-recorded", "W1-kept", *NETWORKS, "W11"]
BF16 = ["W4-bf16"]
MODELS = ["W5", "W6", "W7"]
MODEL_RATIOS = ["W13-lenet", "W13-lstm", "W13-gpt"]
FIRST_SIGHT = ["W14"]
TAIL = ["W2-b128-tail"]
COLD = ["W12"]
SCALARS = ["W8-cold", "W8-first", "W8-found", "W8-kept"]
CHAIN = ["W9-recorded", "W9-kept"]
CHECK = ["W10"]
RATIOS = ["W13-" + n for n in NETWORKS] + ["W13-chain"]
RECORD = ["record-scalar", "record-4x4", "record-64x64", "run-scalar", "run-4x4", "run-64x64",
          "run-scalar-grad", "run-4x4-grad"]
MEMORY = [*(f"memory-chain-{n}" for n in ("100-3", "100-5", "100-10", "100-30", "1000-3", "1000-5",
                                            "1000-10", "1000-30", "1000-100")),
          *(f"memory-mlp-{n}" for n in ("100", "70", "50", "30"))]
ALL = (STEPS + BF16 + MODELS + MODEL_RATIOS + FIRST_SIGHT + TAIL + COLD + SCALARS + CHAIN + CHECK +
       RATIOS + RECORD + MEMORY)
ONE_THREAD = set(SCALARS + RECORD + MEMORY)


UNITS = {**{w: "ns" for w in SCALARS + CHAIN + RECORD},
         **{w: "ratio" for w in RATIOS + TAIL + MODEL_RATIOS + MEMORY}}


class PeerError(Exception):
    """A peer that ended, failed or does not answer."""


class Peer:
    """How one library is run, and what it does."""

    def __init__(self, name, command, does, environment=None):
        self.name = name
        self.command = command
        self.does = does
        self.environment = environment or (lambda threads: {})

    def process(self, workload, threads, folder, *flags):
        environment = {**os.environ, **self.environment(threads)}
        command = [*self.command, "--workload", workload, "--threads", str(threads),
                   "--data", folder, *flags]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                env=environment, text=True, bufsize=1)


# ---- the peers -----------------------------------------------------------------------------


def gomp(threads):
    return {"GOMP_SPINCOUNT": os.environ.get("GOMP_SPINCOUNT", "2000")}


def onednn_environment(threads):
    return {**gomp(threads), "OMP_NUM_THREADS": str(threads)}


def torch_environment(threads):
    """OpenMP's threads and OpenBLAS's own would spin against each other: let them sleep."""
    count = str(threads)
    quiet = {"OMP_WAIT_POLICY": "PASSIVE"} if threads > 1 else {}
    return {"OMP_NUM_THREADS": count, "OPENBLAS_NUM_THREADS": count, "MKL_NUM_THREADS": count,
            **quiet}


def numpy_environment(threads):
    return {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads),
            "MKL_NUM_THREADS": str(threads)}


def jax_environment(threads):
    several = "true" if threads > 1 else "false"
    return {"NPROC": str(threads), "OMP_NUM_THREADS": str(threads), "JAX_PLATFORMS": "cpu",
            "XLA_FLAGS": f"--xla_cpu_multi_thread_eigen={several}"}


# Library, the probe's import, what it does, how to get it, its environment, flags.
PYTHON_PEERS = {
    "numpy": ("numpy", STEPS + TAIL + COLD + CHAIN + RATIOS, "Debian: python3-numpy",
              numpy_environment, []),
    "torch": ("torch", STEPS + TAIL + COLD + ["W8-found"] + CHAIN + CHECK + RATIOS + MODELS +
              MODEL_RATIOS,
              "Debian: python3-torch", torch_environment, []),
    "torch-compile": ("torch", STEPS + TAIL + [w for w in RATIOS if w != "W13-chain"] +
                      MODELS + MODEL_RATIOS,
                      "PyTorch 2 or newer", torch_environment, ["--compile"]),
    "jax": ("jax", STEPS + TAIL + COLD + CHAIN + RATIOS + MODELS + MODEL_RATIOS,
            "pip install jax", jax_environment, []),
}

PROGRAM_PEERS = {
    "onednn-matmuls": ("bench_matmuls", [*NETWORKS, "W11"], "Debian: libdnnl-dev",
                       onednn_environment),
    "cppad": ("cppad_peer", SCALARS, "pip install cmeel-cppad", gomp),
    "adept": ("adept_peer", SCALARS[:3], "https://github.com/rjhogan/Adept-2", gomp),
}

PEER_NAMES = [*PROGRAM_PEERS, *PYTHON_PEERS]


def probe(python, name, module):
    """The library's version under an interpreter; None where it cannot be imported."""
    wanted = f"import {module}, numpy; print({module}.__version__)"
    if name == "torch-compile":
        wanted += "; torch.compile"
    try:
        result = subprocess.run([python, "-c", wanted], capture_output=True, text=True,
                                timeout=120, check=False)
    except OSError:
        return None
    return result.stdout.strip() if result.returncode == 0 else None


def interpreters(name):
    """Which interpreters to try for a peer: its own variable's alone, or the usual two."""
    own = os.environ.get("BENCH_PYTHON_" + name.split("-")[0].upper())
    return [own] if own else ["python3", "/usr/bin/python3"]


def python_peer(name):
    module, does, hint, environment, flags = PYTHON_PEERS[name]
    for python in interpreters(name):
        version = probe(python, name, module)
        if version is not None:
            print(f"peer {name}: {version}, {python}")
            script = os.path.join(HERE, "peers", module + "_peer.py")
            return Peer(name, [python, script, *flags], does, environment)
    variable = "BENCH_PYTHON_" + module.upper()
    print(f"peer {name}: not found ({hint}; {variable} names another interpreter)")
    return None


def program_peer(name, build):
    program, does, hint, environment = PROGRAM_PEERS[name]
    path = os.path.join(build, "bench", program)
    if os.path.exists(path):
        print(f"peer {name}: {path}")
        return Peer(name, [path], does, environment)
    print(f"peer {name}: not built ({hint}; CMAKE_PREFIX_PATH says where it is)")
    return None


def find_peers(names, build):
    ours = Peer("wengert", [os.path.join(build, "bench", "wengert_bench")], ALL, gomp)
    found = [program_peer(n, build) if n in PROGRAM_PEERS else python_peer(n) for n in names]
    return [ours] + [p for p in found if p is not None]


# ---- one process ---------------------------------------------------------------------------


class Served:
    """A peer's process while its workload is timed."""

    def __init__(self, peer, workload, threads, folder):
        self.peer = peer
        self.values = []
        self.peak_mb = None
        self.process = peer.process(workload, threads, folder, "--serve")

    def answer(self):
        ready, _, _ = select.select([self.process.stdout], [], [], ANSWER_SECONDS)
        line = self.process.stdout.readline() if ready else ""
        try:
            found = json.loads(line)
        except ValueError:
            raise PeerError("it ended or did not answer") from None
        if "error" in found:
            raise PeerError(found["error"])
        return found

    def rest(self):
        """Stops the process while others are timed: some libraries' threads spin on when idle."""
        self.process.send_signal(signal.SIGSTOP)

    def wake(self):
        self.process.send_signal(signal.SIGCONT)

    def round(self):
        self.wake()
        try:
            self.process.stdin.write("round\n")
        except OSError:
            raise PeerError("it ended") from None
        self.values.append(self.answer()["value"])
        self.rest()

    def read_peak(self):
        """The peak of resident memory, of this program alone.

        ru_maxrss would not do: a child inherits there the peak of the runner it was forked from.
        """
        try:
            with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
                kb = [line.split()[1] for line in f if line.startswith("VmHWM")]
            self.peak_mb = round(int(kb[0]) / 1024, 1)
        except (OSError, IndexError):
            self.peak_mb = None

    def close(self):
        self.wake()
        self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def agrees(checks, expected):
    """Whether two peers' losses, and gradients where both tell them, are the same."""
    for i, (a, b) in enumerate(zip(checks, expected)):
        tolerance = LOSS_TOLERANCE if i == 0 else GRADIENT_TOLERANCE
        if not abs(a - b) <= tolerance * abs(b):
            return False
    return True


# ---- one workload --------------------------------------------------------------------------


class Runner:
    """Runs workloads, prints their rows and writes them; remembers whether anything failed."""

    def __init__(self, arguments, peers):
        self.folder = os.path.join(arguments.build, "bench", "data")
        self.rounds = arguments.rounds
        self.out = arguments.out
        self.peers = peers
        self.has_failed = False
        self.lines = []

    def fail(self, workload, threads, name, text):
        print(f"ERROR {workload}, {threads} threads, {name}: {text}")
        self.has_failed = True

    def write(self, workload, threads, name, value, **more):
        """Adds a line, and brings the file up to date: an interrupted run keeps what it has."""
        unit = UNITS.get(workload, "us")
        line = {"workload": workload, "threads": threads, "peer": name,
                unit: float(f"{value:.6g}"), **more}
        self.lines.append(line)
        with open(self.out, "w", encoding="ascii") as f:
            f.writelines(json.dumps(x) + "\n" for x in self.lines)

    def start(self, peer, workload, threads, expected):
        """A process that is ready and agrees; None where it failed."""
        served = Served(peer, workload, threads, self.folder)
        try:
            served.checks = served.answer().get("checks", [])
            if not agrees(served.checks, expected):
                raise PeerError(f"{served.checks} where {expected} is expected")
        except PeerError as e:
            self.fail(workload, threads, peer.name, e)
            served.close()
            return None
        served.rest()
        return served

    def start_all(self, peers, workload, threads):
        running = []
        for peer in peers:
            expected = running[0].checks if running else []
            served = self.start(peer, workload, threads, expected)
            if served is not None:
                running.append(served)
        return running

    def interleave(self, running, workload, threads):
        for _ in range(self.rounds):
            for served in list(running):
                time.sleep(SETTLE_SECONDS)
                try:
                    served.round()
                except PeerError as e:
                    self.fail(workload, threads, served.peer.name, e)
                    running.remove(served)
                    served.close()

    def run(self, workload, threads, peers=None, label=None):
        """Times one workload in all peers that do it. `label` is the name it is written under."""
        peers = [p for p in peers or self.peers if workload in p.does]
        running = self.start_all(peers, workload, threads)
        self.interleave(running, workload, threads)
        ours = None
        for served in running:
            served.read_peak()
            served.close()
            value = statistics.median(served.values)
            ours = value if ours is None else ours
            loss = served.checks[0] if served.checks else None
            self.write(label or workload, threads, served.peer.name, value,
                       peak_mb=served.peak_mb, loss20=loss)
            self.print_row(label or workload, threads, served, value, ours)

    def print_row(self, workload, threads, served, value, ours):
        unit = UNITS.get(workload, "us")
        low, high = min(served.values), max(served.values)
        spread = f"{low:.4g} .. {high:.4g}"
        print(f"{workload:18} {threads:2}  {served.peer.name:22} {value:12.2f} {unit:5} "
              f"x{ours / value:7.3f}  {served.peak_mb or 0:7.1f} MB  [{spread}]", flush=True)

    def run_cold(self, threads):
        """W12: whole processes, each timed to the line that it writes after its first step."""
        times = {p.name: [] for p in self.peers if "W12" in p.does}
        for _ in range(COLD_STARTS):
            for peer in self.peers:
                if peer.name in times:
                    times[peer.name].append(self.one_cold_start(peer, threads))
        ours = None
        for name, found in times.items():
            if None in found:
                self.fail("W12", threads, name, "a process failed")
                continue
            value = statistics.median(found)
            ours = value if ours is None else ours
            self.write("W12", threads, name, value, peak_mb=None, loss20=None)
            print(f"{'W12':18} {threads:2}  {name:22} {value:12.2f} us    x{ours / value:7.3f}",
                  flush=True)

    def one_cold_start(self, peer, threads):
        begin = time.perf_counter_ns()
        process = peer.process("W12", threads, self.folder, "--once")
        line = process.stdout.readline()
        us = (time.perf_counter_ns() - begin) / 1e3
        process.communicate()
        return us if "done" in line else None


# ---- contention ----------------------------------------------------------------------------


def run_contended(runner):
    """W2-b128 on two threads while another program spins on the first core."""
    spinner = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        os.sched_setaffinity(spinner.pid, {min(os.sched_getaffinity(0))})
        ours = runner.peers[0]
        default = Peer("wengert-default-spin", ours.command, ours.does)
        os.environ.pop("GOMP_SPINCOUNT", None)
        peers = [ours, default, *runner.peers[1:]]
        runner.run("W2-b128", 2, peers, "W2-b128-contended")
    finally:
        spinner.kill()
        spinner.wait()


# ---- arguments -----------------------------------------------------------------------------


def choose(text, names, default):
    """The names that a comma-separated list stands for: each itself, or else what begins so."""
    if text in ("", "all"):
        return default
    chosen = []
    for part in text.split(","):
        found = [part] if part in names else [n for n in names if n.startswith(part + "-")]
        if not found and part != "none":
            sys.exit(f"run.py: no {part}; there are {', '.join(names)}")
        chosen += [n for n in found if n not in chosen]
    return chosen


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/bench", help="the build folder")
    parser.add_argument("--workloads", default="all", help="as W1-kept,W2 (all of W2)")
    parser.add_argument("--peers", default="all", help="as torch,numpy; or none")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--contention", action="store_true")
    parser.add_argument("--out", help="where figures go; default: bench/results.jsonl")
    arguments = parser.parse_args()
    name = "contention.jsonl" if arguments.contention else "results.jsonl"
    arguments.out = arguments.out or os.path.join(HERE, name)
    return arguments


def main():
    arguments = read_arguments()
    peers = find_peers(choose(arguments.peers, PEER_NAMES, PEER_NAMES), arguments.build)
    runner = Runner(arguments, peers)
    os.makedirs(runner.folder, exist_ok=True)
    subprocess.run([*peers[0].command, "--write-data", runner.folder], check=True)
    print("\nx: ours / theirs, below 1 where ours is faster; [fastest .. slowest round]")
    if arguments.contention:
        run_contended(runner)
        return 1 if runner.has_failed else 0
    threads = [int(t) for t in arguments.threads.split(",")]
    for workload in choose(arguments.workloads, ALL, ALL):
        for count in threads:
            if workload in COLD:
                runner.run_cold(count)
            elif count == 1 or workload not in ONE_THREAD:
                runner.run(workload, count)
    return 1 if runner.has_failed else 0


if __name__ == "__main__":
    sys.exit(main())
