-- Every public op of ops.json is a function, with its docstring.
-- SPDX-License-Identifier: Apache-2.0
local w = require "wengert"

local n, name = 0, nil
for line in io.lines(arg[1]) do
    name = line:match '^      "name": "(.*)",$' or name
    if line:match '^      "is_internal": false,$' then
        assert(type(w.ops[name]) == "function", name)
        assert(w.doc[name] and #w.doc[name] > 0, name)
        n = n + 1
    elseif line:match '^      "is_internal": true,$' then
        assert(w.ops[name] == nil, name)
    end
end
assert(n > 0 and w.ops.no_such_op == nil)
print(n .. " ops")
