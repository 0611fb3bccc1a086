#!/usr/bin/env python3
"""Writes wengert.py, the library for Python through ctypes: runtime.py, and every op of ops.json as a
function behind it.

Usage: generate.py OPS_JSON WENGERT_PY
"""
# SPDX-License-Identifier: Apache-2.0
import json
import keyword
import pathlib
import sys

FORMAT = 1
KINDS = {"integer": 1, "real": 2, "list": 3, "text": 4}

END = '''

def __getattr__(name):
    try:
        return getattr(ops, name)
    except AttributeError:
        raise AttributeError("wengert has no " + name) from None


# Methods of Node, unless their name is taken there; of Graph where there is no input.
for _owner, _names in ((Node, %r), (Graph, %r)):
    for _name in _names:
        if not hasattr(_owner, _name):
            setattr(_owner, _name, getattr(ops, _name))
'''


def word(name):
    return name + "_" if keyword.iskeyword(name) else name


def default(attribute):
    """A default in Python's words; what is None is left out of the call."""
    value = attribute["default"]
    if not attribute["optional"]:
        return ""
    if attribute["type"] == "real" and isinstance(value, str):
        return f"=float({value!r})"
    return f"={bool(value)}" if attribute["type"] == "flag" else f"={value!r}"


def inputs(op):
    """The inputs as they stand in the signature, how the call takes them, and its graph."""
    names = [word(name) for name in op["inputs"]]
    if op["max_inputs"] == 0:
        return ["graph"], "()", "graph"
    if op["max_inputs"] > len(names):
        return ["*inputs"], "inputs", "None"
    spelled = [name + ("=None" if i >= op["min_inputs"] else "") for i, name in enumerate(names)]
    return spelled, "(" + ", ".join(names) + ",)", "None"


def function(op):
    spelled, taken, graph = inputs(op)
    attributes = op["attributes"]
    if attributes:
        star = [] if spelled[0].startswith("*") else ["*"]
        spelled = spelled + star + [word(a["name"]) + default(a) for a in attributes]
    given = "".join(f"({a['name']!r}, {KINDS[a['kind']]}, {word(a['name'])}), " for a in attributes)
    doc = op["doc"].replace("\\", "\\\\").replace('"""', "''" "'").replace("\n", "\n        ")
    return (f"    def {word(op['name'])}({', '.join(spelled)}):\n"
            f'        """{doc}\n        """\n'
            f"        return _apply({graph}, {op['name']!r}, {taken}, ({given}))\n")


def names(ops, has_inputs):
    return tuple(word(op["name"]) for op in ops if (op["max_inputs"] > 0) == has_inputs)


def main():
    data = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    if data["format"] != FORMAT:
        sys.exit(f"ops.json of format {data['format']} is not known here")
    ops = [op for op in data["ops"] if not op["is_internal"]]
    pathlib.Path(sys.argv[2]).write_text(
        pathlib.Path(__file__).with_name("runtime.py").read_text(encoding="utf-8")
        + f"\n\n__version__ = {data['version']!r}\n\n\n"
        + 'class ops:\n    """Every op of the library."""\n\n'
        + "\n".join(function(op) for op in ops)
        + END % (names(ops, True), names(ops, False)), encoding="utf-8")


main()
