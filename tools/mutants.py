#!/usr/bin/env python3
"""Plants faults in rules, shapes and kernels, and counts those that no test notices.

SPDX-License-Identifier: Apache-2.0

Usage: tools/mutants.py [--count N] [--seed S] [--jobs J] [--build DIR] [--only FILE]

Each mutant changes one place of one source, which is compiled again and linked before the library
into the tests that concern it; they run until one fails. A mutant that compiles to the same code as
the original is no mutant, and neither is one that does not compile. Prints the survivors, and what
share was caught. Run by `make mutants`, which builds the tests first.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SECONDS = 20

# Quick ones first: a mutant is done with when the first test fails. Those after @ run once more on the
# reference kernels alone.
DRIVERS = ["golden/test_golden", "ops/test_samples", "ops/test_hard_cases", "ops/test_kernels",
           "ops/test_numbers", "ops/test_decompositions", "ops/test_by_name", "ops/test_reductions",
           "ops/test_shape_ops", "ops/test_einsum", "ops/test_random_ops", "trust/test_bad_calls",
           "ops/test_gradients", "ops/test_routes", "graph/test_profile", "ops/test_accuracy",
           "@ops/test_samples", "@ops/test_hard_cases", "@ops/test_accuracy"]
MORE = {"reduce": ["backends/test_reduce"], "softmax": ["backends/test_softmax"],
        "loss": ["backends/test_loss"], "move": ["backends/test_move"],
        "pointwise": ["backends/test_pointwise"], "math": ["backends/test_pointwise"],
        "special": ["backends/test_pointwise"], "matmul": ["backends/test_matmul"],
        "lines": ["backends/test_lines"], "activation": ["backends/test_pointwise"],
        "group": ["backends/test_group"], "scalar": ["backends/test_group"],
        "updates": ["backends/test_native"]}
# What the samples of ops do not concern has tests of its own.
OWN = {"jacobian": ["graph/test_derivatives", "golden/test_golden", "trust/test_bad_calls"],
       "custom": ["graph/test_custom", "graph/test_custom_callbacks", "trust/test_bad_calls"],
       "formula": ["ops/test_formula", "trust/test_bad_calls"],
       "hook": ["graph/test_hooks", "graph/test_custom_callbacks", "trust/test_bad_calls"]}
SOURCES = ["src/graph/hook.c", "src/ops/*.c", "src/ops/*.def", "src/ops/softmax_row.h",
           "src/ops/activation_*.h", "src/ops/iterate.h", "src/backends/native/activation_*.h",
           "src/backends/native/*_loops.h", "src/backends/native/functions.def",
           "src/backends/native/special_*.h"]
NOT = ["src/ops/table.c", "src/ops/ops.def", "src/ops/enumerate.c"]

# What people get wrong: (pattern, replacements). Patterns see code without strings and comments.
KINDS = [
    (r" \+ ", [" - "]), (r" - ", [" + "]), (r" \* ", [" / ", " + "]), (r" / ", [" * "]),
    (r" <= ", [" < "]), (r" < ", [" <= "]), (r" >= ", [" > "]), (r" > ", [" >= ", " < "]),
    (r" == ", [" != "]), (r" != ", [" == "]), (r" && ", [" || "]), (r" \|\| ", [" && "]),
    (r" \+= ", [" = ", " -= "]), (r" \*= ", [" = "]), (r"\btrue\b", ["false"]),
    (r"\bfalse\b", ["true"]), (r"(?<![\w.])0(?![\w.])", ["1"]), (r"(?<![\w.])1(?![\w.])", ["0", "2"]),
    (r"(?<![\w.])2(?![\w.])", ["1", "3"]),
    (r"\b0\.5\b", ["1.0"]), (r"\b1\.0\b", ["2.0"]), (r"\b2\.0\b", ["1.0"]),
    (r"\bwg_neg\(", ["("]), (r"\bwg_add\(", ["wg_sub("]), (r"\bwg_sub\(", ["wg_add("]),
    (r"\bwg_mul\(", ["wg_add("]), (r"\bwg_div\(", ["wg_mul("]), (r"\bwg_square\(", ["("]),
    (r"\bwgi_sum_like\((\w+(?:->)?\w*(?:\[\d\])?), ", [r"((void)\1, "]),
    (r"\bdx\[0\]", ["dx[1]"]), (r"\bdx\[1\]", ["dx[0]"]), (r"\brule->x\[0\]", ["rule->x[1]"]),
    (r"\brule->x\[1\]", ["rule->x[0]"]), (r"\brule->y\[0\]", ["rule->x[0]"]),
    (r"\brule->dy\[0\]", ["rule->y[0]"]), (r"->rank\b", ["->rank - 1"]),
    (r"\bin\[1\]", ["in[0]"]), (r"\bout\[0\]", ["in[0]"]),
    (r"\binner\b", ["outer"]), (r"\bcontinue;", [";"]), (r"\bbreak;", [";"]), (r"\bexp\)", ["expm1)"]),
]
# Lines of samples, tables, constructors' names and the preprocessor hold no rule, shape or kernel.
SAMPLE = re.compile(r"WGI_(BUILD|GOOD|BAD|KINK|IN_|SAMPLES)|_SAMPLE|_GOOD|_BAD|_BUILD")
IGNORED = re.compile(r"WGI_(CALL|NUMBER_ATTR|OP\(|FORM)|^\s*#|"
                     r"\.(name|range|operands|samples|n_samples|bad|n_bad|traits|call)\b|"
                     r"_hint\(|_refuse\(|_fail\(|assert|sizeof|attr_bytes")

# What is returned after a refusal matters to nobody: the graph has failed.
REFUSED = re.compile(r"_refuse\(|\*out =|\*failed =")


def blank(text):
    """The text with comments and strings as spaces, of the same length."""
    pattern = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\])*"', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def places_in(path):
    """All (start, end, replacement) of a file; samples and rows are left out."""
    text = blank(path.read_text())
    for array in re.finditer(r"static const wgi_(sample|attribute|op) [^;]*?= \{.*?\n\};", text, re.S):
        text = text[:array.start()] + re.sub(r"[^\n]", " ", array.group()) + text[array.end():]
    found = []
    at = 0
    lines = text.splitlines(keepends=True)
    open_parentheses = 0  # of a sample that goes on over lines
    for i, line in enumerate(lines):
        before = "".join(lines[max(0, i - 3):i])
        after_failure = line.lstrip().startswith("return") and REFUSED.search(before)
        is_code = not IGNORED.search(line) or line.rstrip().endswith("\\")
        is_sample = open_parentheses > 0 or SAMPLE.search(line)
        open_parentheses = open_parentheses + line.count("(") - line.count(")") if is_sample else 0
        if is_code and not after_failure and not is_sample:
            for pattern, replacements in KINDS:
                for m in re.finditer(pattern, line):
                    for r in replacements:
                        found.append((at + m.start(), at + m.end(), m.expand(r)))
        at += len(line)
    return found


def quiet(command, seconds=120, **options):
    """The exit status of a command; -1 where it took too long."""
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              timeout=seconds, **options).returncode
    except subprocess.TimeoutExpired:
        return -1


class Build:
    """What was built: how to compile each source, and how to link each test."""

    def __init__(self, folder):
        self.folder = folder
        commands = json.loads((folder / "compile_commands.json").read_text())
        self.compile = [c for c in commands if "wengert_testing.dir" in c["command"]]

    def users_of(self, path):
        """The sources to compile when a file has changed: itself, or those that include it."""
        if path.suffix == ".c":
            return [c for c in self.compile if c["file"] == str(path)]
        name = str(path.relative_to(ROOT / "src"))
        return [c for c in self.compile if self.depends(c, name)]

    def depends(self, command, name):
        depfile = pathlib.Path(command["directory"]) / (shlex.split(command["command"])[
            shlex.split(command["command"]).index("-o") + 1] + ".d")
        return depfile.exists() and ("/src/" + name) in depfile.read_text()

    def link(self, test, objects, out):
        folder, name = test.split("/")
        where = self.folder / "tests" / folder
        words = shlex.split((where / "CMakeFiles" / (name + ".dir") / "link.txt").read_text())
        at = words.index("-o")
        words[at + 1] = str(out)
        return quiet(words[:at] + objects + words[at:], cwd=where) == 0


def compile_with(command, scratch, index):
    """Compiles a source where the changed file shadows the original; the object, or None."""
    words = shlex.split(command["command"])
    source = pathlib.Path(command["file"])
    inside = source.is_relative_to(ROOT / "src")
    shadow = scratch / (source.relative_to(ROOT / "src") if inside else source.name)
    out = scratch / ("%d.o" % index)
    words[words.index("-o") + 1] = str(out)
    words[words.index("-c") + 1] = str(shadow if shadow.exists() else source)
    words[1:1] = ["-w", "-I" + str(scratch)]
    kept = [w for w in words if not w.startswith("-M") and not w.endswith(".d")]
    kept = [w for i, w in enumerate(kept) if w != "-MT" and (i == 0 or kept[i - 1] != "-MT")]
    return out if quiet(kept, cwd=command["directory"]) == 0 else None


def tests_for(path):
    for key, tests in OWN.items():
        if path.stem.startswith(key):
            return tests
    more = [t for key, tests in MORE.items() if key in path.stem for t in tests]
    return DRIVERS + (more if "native" in str(path) else [])


def text_section(path):
    run = subprocess.run(["objdump", "-d", "-r", "-s", "-j", ".text", "-j", ".rodata", str(path)],
                         capture_output=True, text=True)
    return run.stdout.split("\n", 3)[-1]


class Mutant:
    def __init__(self, path, place):
        self.path, (self.start, self.end, self.text) = path, place
        original = path.read_text()
        self.line = original.count("\n", 0, self.start) + 1
        self.was = original.splitlines()[self.line - 1].strip()
        changed = original[:self.start] + self.text + original[self.end:]
        self.now = changed.splitlines()[self.line - 1].strip()
        self.changed = changed

    def run(self, build):
        """"same", "broken", "survived", or the test that caught it."""
        with tempfile.TemporaryDirectory() as folder:
            scratch = pathlib.Path(folder)
            shadow = scratch / self.path.relative_to(ROOT / "src")
            shadow.parent.mkdir(parents=True)
            users = build.users_of(self.path)
            shadow.write_text(self.path.read_text())
            before = [compile_with(c, scratch, 100 + i) for i, c in enumerate(users)]
            shadow.write_text(self.changed)
            objects = [compile_with(c, scratch, i) for i, c in enumerate(users)]
            if not users or None in objects or None in before:
                return "broken"
            if all(text_section(a) == text_section(b) for a, b in zip(before, objects)):
                return "same"
            return self.judge(build, scratch, [str(o) for o in objects])

    def judge(self, build, scratch, objects):
        program = scratch / "test"
        environment = dict(os.environ, OMP_NUM_THREADS="1", GOMP_SPINCOUNT="2000")
        for test in tests_for(self.path):
            alone = {"WENGERT_TEST_REFERENCE": "1"} if test.startswith("@") else {}
            if not build.link(test.lstrip("@"), objects, program):
                return "broken"
            if quiet([str(program)], SECONDS, env={**environment, **alone}, cwd=scratch) != 0:
                return test
        return "survived"

    def __str__(self):
        where = "%s:%d" % (self.path.relative_to(ROOT), self.line)
        return "%s\n    - %s\n    + %s" % (where, self.was, self.now)


def choose(only, seed):
    """All places of all sources in random order, files in turn, so that none is crowded out."""
    rng = random.Random(seed)
    files = sorted(p for s in SOURCES for p in ROOT.glob(s))
    files = [p for p in files if str(p.relative_to(ROOT)) not in NOT and (not only or only in str(p))]
    weighted = []
    for path in files:
        places = places_in(path)
        rng.shuffle(places)
        weighted += [(rng.random() * (i + 1) / (len(places) ** 0.5 + 1), i, path, p)
                     for i, p in enumerate(places)]
    weighted.sort(key=lambda w: (w[0], w[1], str(w[2])))
    return [Mutant(path, place) for _, _, path, place in weighted]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/mutants")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    build = Build(options.build)
    survivors, caught, done = [], 0, 0
    queue = iter(choose(options.only, options.seed))
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = {}
        while done < options.count:
            while len(running) < options.jobs + 1:
                mutant = next(queue, None)
                if mutant is None:
                    break
                running[pool.submit(mutant.run, build)] = mutant
            if not running:
                break
            finished, _ = concurrent.futures.wait(
                running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in finished:
                mutant, verdict = running.pop(future), future.result()
                if verdict in ("same", "broken") or done == options.count:
                    continue
                done += 1
                caught += verdict != "survived"
                if verdict == "survived":
                    survivors.append(mutant)
                    print("survived: %s" % mutant, flush=True)
                elif done % 25 == 0:
                    print("%d mutants, %d caught" % (done, caught), flush=True)
    print("%d mutants, %d caught (%.1f%%), %d survived"
          % (done, caught, 100.0 * caught / max(done, 1), len(survivors)))
    return 0 if caught >= 0.98 * done else 1


if __name__ == "__main__":
    sys.exit(main())
