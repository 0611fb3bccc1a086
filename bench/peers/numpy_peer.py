"""The workloads in NumPy, with gradients written by hand: what the arithmetic and BLAS cost.

Buffers are made once and written in place. The threads are BLAS's, told by the environment.
SPDX-License-Identifier: Apache-2.0
"""
import numpy as np

import serve


class Mlp:
    """A network of relu layers under cross entropy, trained by SGD."""

    def __init__(self, name, folder):
        self.network = serve.NETWORKS[name]
        self.x, self.targets, self.layers = serve.read_network(name, folder)
        self.rows = np.arange(self.network.batch)
        self.outputs = [self.buffer(n) for n in self.network.sizes[1:]]
        self.deltas = [self.buffer(n) for n in self.network.sizes[1:]]
        self.gradients = [np.empty_like(w) for w, _ in self.layers]

    def buffer(self, width):
        return np.empty((self.network.batch, width), np.float32)

    def forward(self):
        """The loss; leaves softmax(logits) in the last delta."""
        h = self.x
        last = len(self.layers) - 1
        for i, (w, b) in enumerate(self.layers):
            z = np.matmul(h, w, out=self.outputs[i])
            z += b
            h = np.maximum(z, 0, out=z) if i < last else z
        p = np.subtract(h, h.max(axis=1, keepdims=True), out=self.deltas[last])
        at_targets = p[self.rows, self.targets]
        np.exp(p, out=p)
        sums = p.sum(axis=1, keepdims=True)
        p /= sums
        return np.mean(np.log(sums[:, 0]) - at_targets)

    def backward(self):
        """Leaves the gradients; those of the biases are returned."""
        last = len(self.layers) - 1
        d = self.deltas[last]
        d[self.rows, self.targets] -= 1
        d /= self.network.batch
        biases = [None] * len(self.layers)
        for i in range(last, -1, -1):
            h = self.outputs[i - 1] if i > 0 else self.x
            np.matmul(h.T, d, out=self.gradients[i])
            biases[i] = d.sum(axis=0)
            if i > 0:
                d = np.matmul(d, self.layers[i][0].T, out=self.deltas[i - 1])
                d *= h > 0
        return biases

    def step(self):
        loss = self.forward()
        biases = self.backward()
        for (w, b), dw, db in zip(self.layers, self.gradients, biases):
            dw *= self.network.rate
            w -= dw
            db *= self.network.rate
            b -= db
        return loss

    def value_and_gradient(self):
        self.forward()
        self.backward()


class Xor:
    """2-3-1, tanh and sigmoid, mean square error."""

    def __init__(self, folder):
        self.rate = serve.NETWORKS["W1"].rate
        self.x, self.y, layers = serve.read_network("W1", folder)
        (self.w1, self.b1), (self.w2, self.b2) = layers

    def step(self):
        h = np.tanh(self.x @ self.w1 + self.b1)
        p = 1 / (1 + np.exp(-(h @ self.w2 + self.b2)))
        e = p - self.y
        loss = (e * e).mean()
        d2 = e * p * (1 - p)
        d2 *= 2 / e.size
        d1 = (d2 @ self.w2.T) * (1 - h * h)
        self.w2 -= self.rate * (h.T @ d2)
        self.b2 -= self.rate * d2.sum(axis=0)
        self.w1 -= self.rate * (self.x.T @ d1)
        self.b1 -= self.rate * d1.sum(axis=0)
        return loss


class Chain:
    """h <- tanh((h + a) b) on 64 elements, and a last add."""

    def __init__(self):
        start = 0.5 + np.arange(serve.CHAIN_ELEMENTS) / 256
        self.rounds = serve.CHAIN_OPS // 3
        self.h = np.empty((self.rounds + 1, serve.CHAIN_ELEMENTS), np.float32)
        self.h[0] = start
        self.a = np.full(serve.CHAIN_ELEMENTS, serve.CHAIN_A, np.float32)
        self.b = np.full(serve.CHAIN_ELEMENTS, serve.CHAIN_B, np.float32)
        self.work = np.empty(serve.CHAIN_ELEMENTS, np.float32)

    def value(self):
        for x, y in zip(self.h, self.h[1:]):
            np.add(x, self.a, out=y)
            np.multiply(y, self.b, out=y)
            np.tanh(y, out=y)
        return (self.h[-1] + self.a).sum()

    def step(self):
        loss = self.value()
        d = np.ones_like(self.work)
        for y in self.h[:0:-1]:
            np.multiply(y, y, out=self.work)
            np.subtract(1, self.work, out=self.work)
            d *= self.work
            d *= self.b
        self.gradient = d
        return loss

    def check(self):
        loss = self.step()
        return [float(loss), float(self.gradient[0]), float(self.gradient[-1])]


def open_chain(name):
    chain = Chain()
    if name == "W13-chain":
        return serve.Ratio(chain.value, chain.step, chain.check)
    return serve.Steps(chain.step, chain.check, serve.CHAIN_OPS)


def open_workload(arguments):
    name = arguments.workload
    if name.startswith("W9") or name == "W13-chain":
        return open_chain(name)
    if name.startswith("W1-"):
        xor = Xor(arguments.data)
        return serve.Steps(xor.step, serve.last_of_steps(xor.step))
    mlp = Mlp(serve.network_of(name), arguments.data)
    if name.startswith("W13-"):
        return serve.Ratio(mlp.forward, mlp.value_and_gradient, lambda: [float(mlp.forward())])
    kind = serve.Tail if name.endswith("-tail") else serve.Steps
    return kind(mlp.step, serve.last_of_steps(mlp.step))


if __name__ == "__main__":
    serve.main(open_workload)
