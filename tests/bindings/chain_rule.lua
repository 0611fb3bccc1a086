-- f = (x + y) z at x = -2, y = 5, z = -4: gradients -4, -4, 3; and what goes wrong is raised.
-- SPDX-License-Identifier: Apache-2.0
local w = require "wengert"

local ctx = w.context { threads = 1 }
local g = ctx:graph()
local x = g:variable(-2, {}, "f64"):name_as "x"
local y = g:variable(5, {}, "f64"):name_as "y"
local z = g:variable(-4, {}, "f64"):name_as "z"
local f = (x + y) * z
f:backward()
assert(f:item() == -12)
assert(x:gradient() == -4 and y:gradient() == -4 and z:gradient() == 3)

local function is(got, want)
    assert(#got == #want)
    for i = 1, #want do
        assert(got[i] == want[i], i .. ": " .. tostring(got[i]))
    end
end

g:reset()
local a = g:variable({ 1, 2, 3, 4, 5, 6 }, { 2, 3 })
local sums, shape = a:sum({ axes = { 1 }, keepdims = true }):value()
is(sums, { 6, 15 })
is(shape, { 2, 1 })
is(w.ops.permute(a, { axes = { 1, 0 } }):value(), { 1, 4, 2, 5, 3, 6 })
is((1 - a / 2):value(), { 0.5, 0, -0.5, -1, -1.5, -2 })
is(g:full({ dtype = "i64", dims = { 2 }, value = 7 }):value(), { 7, 7 })
is(w.ops.cast(a, { dtype = "f64" }):value(), { 1, 2, 3, 4, 5, 6 })

local function expect_error(call, words)
    local ok, message = pcall(call)
    assert(not ok, "nothing was raised")
    assert(tostring(message):find(words, 1, true), message)
    g:reset()
end

expect_error(function() return w.ops.matmul(a, a) end, "inner sizes differ: 3 (a, axis 1)")
expect_error(function() return a:softmax() end, "is no node of this graph")
local b = g:variable({ 1, 2 }, { 2 })
expect_error(function() return b:softmax { axis = 1 } end, "softmax: axis 1 is out of range")
b = g:variable({ 1, 2 }, { 2 })
expect_error(function() return b:softmax { axle = 1 } end, "none of the op's")
expect_error(function() return w.ops.add(1, 2) end, "an input is missing")
print("f = -12; df/dx, df/dy, df/dz = -4, -4, 3")
