#!/usr/bin/env python3
"""Turns results.jsonl into a Markdown table: ours, each peer, and ours over theirs.

Usage: bench/table.py [results.jsonl]
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
UNITS = ("us", "ns", "ratio")

# Figures of peers that are not run here, measured once on a 2-core AMD EPYC (Zen 4, 3.66 GHz) under
# Debian 12: by (workload, threads), in the workload's unit.
BARS = {
    ("W1-recorded", 1): (0.54, "KANN"),
    ("W1-kept", 1): (0.54, "KANN"),
    ("W1-recorded", 2): (6.3, "KANN"),
    ("W1-kept", 2): (6.3, "KANN"),
    ("W2-b32", 1): (182, "KANN"),
    ("W2-b32", 2): (150, "KANN"),
    ("W2-b128", 1): (629, "KANN"),
    ("W2-b128", 2): (408, "KANN"),
    ("W3", 1): (9600, "ggml"),
    ("W3", 2): (6410, "KANN"),
    ("W4", 1): (386400, "ggml"),
    ("W4", 2): (228300, "KANN"),
    ("W5", 1): (13580, "KANN"),
    ("W5", 2): (6870, "KANN"),
    ("W6", 1): (73500, "KANN"),
    ("W6", 2): (48200, "KANN"),
    ("W8-cold", 1): (8.9, "Adept-2"),
    ("W8-first", 1): (8.9, "Adept-2"),
    ("W8-found", 1): (8.9, "Adept-2"),
    ("W8-kept", 1): (9, "CppAD"),
    ("W9-recorded", 1): (113, "KANN"),
    ("W9-kept", 1): (113, "KANN"),
}


def read(path):
    """{(workload, threads): {peer: line}}, in the order of the file."""
    rows = {}
    with open(path, encoding="ascii") as f:
        for text in f:
            line = json.loads(text)
            rows.setdefault((line["workload"], line["threads"]), {})[line["peer"]] = line
    return rows


def figure(line):
    """A line's figure and its unit."""
    unit = next(u for u in UNITS if u in line)
    return line[unit], unit


def number(value):
    """Three digits that count, and no more zeros than they need."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def beside(ours, theirs):
    """A peer's figure, and ours over it."""
    return f"{number(theirs)} ({ours / theirs:.2f})"


def cell(row, peer):
    if peer not in row or "wengert" not in row:
        return ""
    return beside(figure(row["wengert"])[0], figure(row[peer])[0])


def bar_cell(key, row):
    if key not in BARS or "wengert" not in row:
        return ""
    value, name = BARS[key]
    return f"{name} {beside(figure(row['wengert'])[0], value)}"


def ours_cell(row):
    if "wengert" not in row:
        return ""
    peak = row["wengert"].get("peak_mb")
    value, unit = figure(row["wengert"])
    memory = f", {peak:.0f} MB" if peak else ""
    return f"{number(value)}{'' if unit == 'ratio' else ' ' + unit}{memory}"


def table(rows):
    """The lines of the table."""
    peers = []
    for row in rows.values():
        peers += [p for p in row if p not in peers and p != "wengert"]
    head = ["workload", "threads", "wengert", *peers, "measured once"]
    lines = [head, ["---"] * len(head)]
    for key, row in rows.items():
        cells = [cell(row, p) for p in peers]
        lines.append([key[0], str(key[1]), ours_cell(row), *cells, bar_cell(key, row)])
    return ["| " + " | ".join(cells) + " |" for cells in lines]


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "results.jsonl")
    print("\n".join(table(read(path))))


if __name__ == "__main__":
    main()
