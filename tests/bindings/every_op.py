"""Every public op of ops.json is a function with its attributes, defaults and docstring."""
# SPDX-License-Identifier: Apache-2.0
import inspect
import json
import keyword
import sys

import wengert as w

with open(sys.argv[1], encoding="utf-8") as file:
    data = json.load(file)
assert data["version"] == w.__version__
n = 0
for op in data["ops"]:
    if op["is_internal"]:
        continue
    name = op["name"] + ("_" if keyword.iskeyword(op["name"]) else "")
    function = getattr(w, name)
    assert function.__doc__.split() == op["doc"].split(), name
    parameters = inspect.signature(function).parameters
    for a in op["attributes"]:
        p = parameters[a["name"] + ("_" if keyword.iskeyword(a["name"]) else "")]
        assert p.kind is inspect.Parameter.KEYWORD_ONLY
        assert (p.default is inspect.Parameter.empty) == (not a["optional"]), (name, a["name"])
    owner = w.Node if op["max_inputs"] > 0 else w.Graph
    assert hasattr(owner, name), name
    n += 1
try:
    w.no_such_op
except AttributeError:
    pass
else:
    raise AssertionError("an op that is none")
print(n, "ops")
