-- XOR by a network with four hidden units, with SGD and with Adam.
-- SPDX-License-Identifier: Apache-2.0
local w = require "wengert"

local X, Y = { 0, 0, 0, 1, 1, 0, 1, 1 }, { 0, 1, 1, 0 }

local function train(name, steps, options)
    local ctx = w.context { seed = 3, threads = 1 }
    local model = ctx:model()
    local w1, b1 = model:param("w1", { 2, 4 }), model:param("b1", { 4 }, "f32", "zeros")
    local w2, b2 = model:param("w2", { 4, 1 }), model:param("b2", { 1 }, "f32", "zeros")
    local optimizer = model[name](model, options)
    local g = ctx:graph()
    local p, loss
    for _ = 1, steps do
        g:reset()
        local h = (g:input(X, { 4, 2 }):matmul(g:use(w1)) + g:use(b1)):tanh()
        p = (h:matmul(g:use(w2)) + g:use(b2)):sigmoid():keep()
        loss = w.ops.half_sum_squares(p, g:input(Y, { 4, 1 }))
        loss:backward()
        optimizer:step()
    end
    for i, answer in ipairs(p:value()) do
        assert(math.floor(answer + 0.5) == Y[i])
    end
    print(("%s: loss %.5f after %d steps"):format(name, loss:item(), steps))
    assert(loss:item() < 0.05)
    assert(#w1:value() == 8 and w1:gradient() == nil)
end

train("sgd", 2000, { rate = 1 })
train("adam", 500, { rate = 0.05 })
