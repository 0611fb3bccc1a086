"""Metrics by their definitions, in exact arithmetic: writes metrics.txt, beside this file.

SPDX-License-Identifier: Apache-2.0

Everything is computed from whole lists of examples with fractions, without running sums; precision,
recall, F1 and their averages follow scikit-learn's classification_report with zero_division=0, R^2
its r2_score.

  classes <name> <n> <classes> <k>      a case: n rows, top-k
  row <label> <scores>                  scores are multiples of 1/64
  accuracy <accuracy> <top k>
  class <precision> <recall> <f1> <support>   one line for each class
  average <macro|weighted|micro> <precision> <recall> <f1> <support>
  regression <name> <n> <offset>        a case: offset is added to all numbers below
  pair <prediction> <target>
  errors <mse> <mae> <r2>
"""
import pathlib
import random
from fractions import Fraction

rng = random.Random(7)


def ratio(a, b):
    return Fraction(a, b) if b else Fraction(0)


def real(x):
    return "%.17g" % float(x)


def order(scores):
    """Classes from the best on; of equals the lower one first."""
    return sorted(range(len(scores)), key=lambda k: (-scores[k], k))


def class_scores(pairs, classes):
    right = sum(t == p and t in classes for t, p in pairs)
    predicted = sum(p in classes for _, p in pairs)
    support = sum(t in classes for t, _ in pairs)
    return (
        ratio(right, predicted),
        ratio(right, support),
        ratio(2 * right, predicted + support),
        support,
    )


def mean(rows, weights):
    total = sum(weights)
    return [ratio(sum(w * r[i] for r, w in zip(rows, weights)), total) for i in range(3)]


def classes_case(out, name, n, classes, k, levels, skew):
    out.write("classes %s %d %d %d\n" % (name, n, classes, k))
    pairs = []
    top = 0
    for _ in range(n):
        label = min(int(rng.random() ** skew * classes), classes - 1)
        scores = [Fraction(rng.randint(-levels, levels), 64) for _ in range(classes)]
        if rng.random() < 0.5:
            scores[label] += Fraction(levels // 2, 64)
        ranked = order(scores)
        pairs.append((label, ranked[0]))
        top += label in ranked[:k]
        out.write("row %d %s\n" % (label, " ".join(real(s) for s in scores)))
    right = sum(t == p for t, p in pairs)
    out.write("accuracy %s %s\n" % (real(ratio(right, n)), real(ratio(top, n))))
    rows = [class_scores(pairs, {c}) for c in range(classes)]
    for row in rows:
        out.write("class %s %d\n" % (" ".join(real(x) for x in row[:3]), row[3]))
    micro = class_scores_micro(pairs)
    for kind, row in (
        ("macro", mean(rows, [1] * classes)),
        ("weighted", mean(rows, [r[3] for r in rows])),
        ("micro", micro),
    ):
        out.write("average %s %s %d\n" % (kind, " ".join(real(x) for x in row), n))


def class_scores_micro(pairs):
    accuracy = ratio(sum(t == p for t, p in pairs), len(pairs))
    return [accuracy] * 3


def regression_case(out, name, n, offset, noise):
    out.write("regression %s %d %s\n" % (name, n, real(offset)))
    targets = [Fraction(rng.randint(-640, 640), 64) for _ in range(n)]
    guesses = [t + Fraction(rng.randint(-noise, noise), 64) for t in targets]
    for p, t in zip(guesses, targets):
        out.write("pair %s %s\n" % (real(p), real(t)))
    center = sum(targets) / n
    squares = sum((p - t) ** 2 for p, t in zip(guesses, targets))
    about = sum((t - center) ** 2 for t in targets)
    distance = sum(abs(p - t) for p, t in zip(guesses, targets))
    r2 = 1 - squares / about if about else Fraction(int(squares == 0))
    out.write("errors %s %s %s\n" % (real(squares / n), real(distance / n), real(r2)))


def main():
    path = pathlib.Path(__file__).with_suffix(".txt")
    with open(path, "w", encoding="ascii") as out:
        classes_case(out, "binary", 40, 2, 1, 64, 1)
        classes_case(out, "many_ties", 60, 5, 2, 2, 1)
        classes_case(out, "rare_classes", 50, 8, 3, 64, 4)
        classes_case(out, "one_class", 3, 1, 1, 64, 1)
        classes_case(out, "k_is_all", 20, 4, 4, 64, 1)
        regression_case(out, "close", 50, 0, 20)
        regression_case(out, "far", 37, 0, 3000)
        regression_case(out, "large_mean", 64, 2**30, 20)
        regression_case(out, "right", 10, 0, 0)


if __name__ == "__main__":
    main()
