"""XOR by a network with four hidden units, with SGD and with Adam."""
# SPDX-License-Identifier: Apache-2.0
import wengert as w

X = [[0, 0], [0, 1], [1, 0], [1, 1]]
Y = [[0], [1], [1], [0]]


def train(make_optimizer, steps):
    ctx = w.Context(seed=3, threads=1)
    model = w.Model(ctx)
    w1, b1 = model.param("w1", [2, 4]), model.param("b1", [4], init="zeros")
    w2, b2 = model.param("w2", [4, 1]), model.param("b2", [1], init="zeros")
    optimizer = make_optimizer(model)
    g = w.Graph(ctx)
    for _ in range(steps):
        g.reset()
        h = (g.input(X) @ g.use(w1) + g.use(b1)).tanh()
        p = (h @ g.use(w2) + g.use(b2)).sigmoid().keep()
        loss = w.half_sum_squares(p, g.input(Y))
        loss.backward()
        optimizer.step()
    answers = [round(row[0]) for row in p.value()]
    print(f"{type(optimizer).__name__}: loss {loss.item():.5f} after {steps} steps, {answers}")
    assert answers == [0, 1, 1, 0] and loss.item() < 0.05
    assert len(w1.value()) == 2 and w1.gradient() is None


train(lambda model: w.SGD(model, rate=1.0), 2000)
train(lambda model: w.Adam(model, rate=0.05), 500)
