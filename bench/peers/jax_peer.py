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
        self.compile(loss, rate)

    def compile(self, loss, rate):
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


def pooled(x):
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def convolved(x, w, b, padding):
    return jax.nn.relu(jax.lax.conv_general_dilated(
        x, w, (1, 1), padding, dimension_numbers=("NHWC", "OIHW", "NHWC")) + b)


def lenet_loss(p, x, labels):
    w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = p
    h = pooled(convolved(x, w1, b1, "SAME"))
    h = pooled(convolved(h, w2, b2, "VALID"))
    h = jnp.moveaxis(h, 3, 1).reshape(h.shape[0], -1)
    h = jax.nn.relu(h @ w3 + b3)
    h = jax.nn.relu(h @ w4 + b4)
    scores = jax.nn.log_softmax(h @ w5 + b5)
    return -jnp.take_along_axis(scores, labels[:, None], axis=1).mean()


class Lenet:
    """LeNet-5 with relu and max-pooling, trained by SGD; channels last, which takes less time."""

    def __init__(self, folder):
        x, labels, parameters = serve.read_lenet(folder)
        self.x = jnp.asarray(x.transpose(0, 2, 3, 1))
        self.labels = jnp.asarray(labels.astype("int32"))
        self.parameters = [jnp.array(p) for p in parameters]

        @functools.partial(jax.jit, donate_argnums=(0,))
        def update(parameters, x, labels):
            value, grads = jax.value_and_grad(lenet_loss)(parameters, x, labels)
            return [p - serve.LENET_RATE * g for p, g in zip(parameters, grads)], value

        self.update = update
        self.loss = jax.jit(lenet_loss)
        self.loss_and_gradient = jax.jit(jax.value_and_grad(lenet_loss))

    def step(self):
        self.parameters, loss = self.update(self.parameters, self.x, self.labels)
        jax.block_until_ready(self.parameters)
        return loss

    def value(self):
        return self.loss(self.parameters, self.x, self.labels).block_until_ready()

    def gradient(self):
        jax.block_until_ready(self.loss_and_gradient(self.parameters, self.x, self.labels))


def layer_norm(x, g, b):
    centered = x - x.mean(-1, keepdims=True)
    return centered * jax.lax.rsqrt((centered**2).mean(-1, keepdims=True) + 1e-5) * g + b


def attention(x, w, b):
    n = serve.GPT["batch"], serve.GPT["context"], 3, serve.GPT["heads"], -1
    q, k, v = jnp.moveaxis((x @ w + b).reshape(n), 2, 0)
    scores = jnp.einsum("bthd,bshd->bhts", q, k) * q.shape[-1] ** -0.5
    is_past = jnp.tril(jnp.ones(scores.shape[-2:], bool))
    p = jax.nn.softmax(jnp.where(is_past, scores, -jnp.inf), axis=-1)
    return jnp.einsum("bhts,bshd->bthd", p, v).reshape(x.shape)


def gpt_loss(p, tokens, targets):
    x = (p[0][tokens] + p[1]).reshape(-1, serve.GPT["width"])
    for i in range(2, len(p) - 2, serve.GPT_OF_LAYER):
        g1, b1, w_qkv, b_qkv, w_out, b_out, g2, b2, w_up, b_up, w_down, b_down = p[i:i + 12]
        x = x + attention(layer_norm(x, g1, b1), w_qkv, b_qkv) @ w_out + b_out
        h = jax.nn.gelu(layer_norm(x, g2, b2) @ w_up + b_up, approximate=False)
        x = x + h @ w_down + b_down
    logits = layer_norm(x, p[-2], p[-1]) @ p[0].T
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), targets[:, None], axis=1).mean()


class Gpt:
    """nanoGPT's smallest, trained by AdamW."""

    def __init__(self, folder):
        tokens, targets, parameters = serve.read_gpt(folder)
        self.tokens = jnp.asarray(tokens.astype("int32"))
        self.targets = jnp.asarray(targets.astype("int32"))
        self.parameters = [jnp.array(p) for p in parameters]
        self.moments = [(jnp.zeros_like(p), jnp.zeros_like(p)) for p in self.parameters]
        self.count = 0
        o = serve.GPT_ADAMW

        @functools.partial(jax.jit, donate_argnums=(0, 1))
        def update(parameters, moments, count, tokens, targets):
            value, grads = jax.value_and_grad(gpt_loss)(parameters, tokens, targets)
            first, second = 1 - o["beta1"] ** count, 1 - o["beta2"] ** count

            def one(p, g, m, v):
                m = o["beta1"] * m + (1 - o["beta1"]) * g
                v = o["beta2"] * v + (1 - o["beta2"]) * g * g
                change = (m / first) / (jnp.sqrt(v / second) + o["epsilon"])
                return p - o["rate"] * (o["weight_decay"] * p + change), (m, v)

            done = [one(p, g, *mv) for p, g, mv in zip(parameters, grads, moments)]
            return [p for p, _ in done], [mv for _, mv in done], value

        self.update = update
        self.loss = jax.jit(gpt_loss)
        self.loss_and_gradient = jax.jit(jax.value_and_grad(gpt_loss))

    def step(self):
        self.count += 1
        self.parameters, self.moments, loss = self.update(
            self.parameters, self.moments, float(self.count), self.tokens, self.targets)
        jax.block_until_ready(self.parameters)
        return loss

    def value(self):
        return self.loss(self.parameters, self.tokens, self.targets).block_until_ready()

    def gradient(self):
        jax.block_until_ready(self.loss_and_gradient(self.parameters, self.tokens, self.targets))


def lstm_loss(p, characters, targets):
    w_ih, w_hh, b_ih, b_hh, w_out, b_out = p

    def one(state, xp):
        h, c = state
        i, f, g, o = jnp.split(xp + h @ w_hh.T, 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    zeros = jnp.zeros((serve.LSTM["batch"], serve.LSTM["hidden"]))
    _, y = jax.lax.scan(one, (zeros, zeros), (w_ih.T + (b_ih + b_hh))[characters])
    logits = y.reshape(-1, serve.LSTM["hidden"]) @ w_out + b_out
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), targets[:, None], axis=1).mean()


class Lstm(Mlp):
    """A character model: a scan of the steps, trained by SGD."""

    def __init__(self, folder):
        characters, targets, parameters = serve.read_lstm(folder)
        self.x = jnp.asarray(characters.astype("int32"))
        self.targets = jnp.asarray(targets.astype("int32"))
        self.parameters = [jnp.array(p) for p in parameters]
        self.compile(lstm_loss, serve.LSTM_RATE)


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
    if name in ("W5", "W13-lenet"):
        model = Lenet(arguments.data)
    elif name in ("W6", "W13-lstm"):
        model = Lstm(arguments.data)
    elif name in ("W7", "W13-gpt"):
        model = Gpt(arguments.data)
    else:
        model = Mlp(serve.network_of(name), arguments.data)
    if name.startswith("W13-"):
        return serve.Ratio(model.value, model.gradient, lambda: [float(model.value())])
    kind = serve.Tail if name.endswith("-tail") else serve.Steps
    return kind(model.step, serve.last_of_steps(model.step))


if __name__ == "__main__":
    serve.main(open_workload)
