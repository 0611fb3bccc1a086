"""The workloads in JAX: the whole step compiled, its parameters donated and so updated in place.

The threads are XLA's, told by the environment.
SPDX-License-Identifier: Apache-2.0
"""
import functools

import jax
import jax.numpy as jnp

import serve


def mlp_loss(parameters, x, targets):
    h = x
    for i, (w, b) in enumerate(parameters):
        h = h @ w + b
        if i + 1 < len(parameters):
            h = jax.nn.relu(h)
    picked = jnp.take_along_axis(jax.nn.log_softmax(h), targets[:, None], axis=1)
    return -picked.mean()


def xor_loss(parameters, x, targets):
    (w1, b1), (w2, b2) = parameters
    p = jax.nn.sigmoid(jnp.tanh(x @ w1 + b1) @ w2 + b2)
    return ((p - targets) ** 2).mean()


class Mlp:
    """A network trained by SGD."""

    def __init__(self, name, folder):
        x, targets, layers = serve.read_network(name, folder)
        rate = serve.NETWORKS[name].rate
        loss = xor_loss if name == "W1" else mlp_loss
        self.x = jnp.asarray(x)
        self.targets = jnp.asarray(targets if name == "W1" else targets.astype("int32"))
        self.parameters = [(jnp.array(w), jnp.array(b)) for w, b in layers]

        @functools.partial(jax.jit, donate_argnums=0)
        def update(parameters, x, targets):
            value, grads = jax.value_and_grad(loss)(parameters, x, targets)
            return jax.tree_util.tree_map(lambda p, g: p - rate * g, parameters, grads), value

        self.update = update
        self.loss = jax.jit(loss)
        self.loss_and_gradient = jax.jit(jax.value_and_grad(loss))

    def step(self):
        self.parameters, loss = self.update(self.parameters, self.x, self.targets)
        jax.block_until_ready(self.parameters)
        return loss

    def value(self):
        return self.loss(self.parameters, self.x, self.targets).block_until_ready()

    def gradient(self):
        jax.block_until_ready(self.loss_and_gradient(self.parameters, self.x, self.targets))


class Chain:
    """h <- tanh((h + a) b) on 64 elements, and a last add."""

    def __init__(self):
        n = serve.CHAIN_ELEMENTS
        self.start = 0.5 + jnp.arange(n, dtype=jnp.float32) / 256
        self.a = jnp.full((n,), serve.CHAIN_A, jnp.float32)
        self.b = jnp.full((n,), serve.CHAIN_B, jnp.float32)
        self.loss = jax.jit(self.plain_loss)
        self.loss_and_gradient = jax.jit(jax.value_and_grad(self.plain_loss))

    @staticmethod
    def plain_loss(h, a, b):
        for _ in range(serve.CHAIN_OPS // 3):
            h = jnp.tanh((h + a) * b)
        return (h + a).sum()

    def value(self):
        self.loss(self.start, self.a, self.b).block_until_ready()

    def step(self):
        return jax.block_until_ready(self.loss_and_gradient(self.start, self.a, self.b))

    def check(self):
        loss, gradient = self.step()
        return [float(loss), float(gradient[0]), float(gradient[-1])]


def open_chain(name):
    chain = Chain()
    if name == "W13-chain":
        return serve.Ratio(chain.value, chain.step, chain.check)
    return serve.Steps(chain.step, chain.check, serve.CHAIN_OPS)


def open_workload(arguments):
    name = arguments.workload
    if name.startswith("W9") or name == "W13-chain":
        return open_chain(name)
    mlp = Mlp(serve.network_of(name), arguments.data)
    if name.startswith("W13-"):
        return serve.Ratio(mlp.value, mlp.gradient, lambda: [float(mlp.value())])
    kind = serve.Tail if name.endswith("-tail") else serve.Steps
    return kind(mlp.step, serve.last_of_steps(mlp.step))


if __name__ == "__main__":
    serve.main(open_workload)
