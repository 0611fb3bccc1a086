#!/usr/bin/env python3
"""Writes wengert.lua, the library for LuaJIT through its ffi: runtime.lua, and every op of ops.json
behind it.

Usage: generate.py OPS_JSON WENGERT_LUA
"""
# SPDX-License-Identifier: Apache-2.0
import json
import pathlib
import sys

FORMAT = 1


def text(string):
    """A string as Lua takes it: json's, with the escapes that differ written out."""
    return '"' + "".join({"\\": "\\\\", '"': '\\"', "\n": "\\n"}.get(c, c) for c in string) + '"'


def value(attribute):
    """A default as Lua takes it; nil where the call does without."""
    default = attribute["default"]
    if not attribute["optional"] or default is None:
        return "nil"
    if attribute["type"] == "real" and isinstance(default, str):
        return {"inf": "math.huge", "-inf": "-math.huge"}.get(default, "0/0")
    return text(default) if isinstance(default, str) else repr(default)


def definition(op):
    spec = ", ".join(f'{{ name = {text(a["name"])}, kind = {text(a["kind"])}, default = {value(a)} }}'
                     for a in op["attributes"])
    return f'define({text(op["name"])}, {text(op["doc"])}, {{ {spec} }})\n'


def main():
    data = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    if data["format"] != FORMAT:
        sys.exit(f"ops.json of format {data['format']} is not known here")
    pathlib.Path(sys.argv[2]).write_text(
        pathlib.Path(__file__).with_name("runtime.lua").read_text(encoding="utf-8")
        + f"\nM.version = {text(data['version'])}\n\n"
        + "".join(definition(op) for op in data["ops"] if not op["is_internal"])
        + "\nreturn M\n", encoding="utf-8")


main()
