"""The workloads in PyTorch, eager, or with the loss compiled (--compile, of version 2).

Weights are [in, out], which addmm takes a little faster than linear takes the [out, in] of
PyTorch's own layers. Gradients are dropped and not zeroed, updates run over all parameters at once
without recording, and nothing is read back in a step. Waiting threads are told to sleep by the
environment.
SPDX-License-Identifier: Apache-2.0
"""
import torch
import torch.nn.functional as F

import serve

# A scalar node of PyTorch takes microseconds: its chain is a fiftieth of W8's.
SCALAR_PAIRS = 10000


class Mlp:
    """A network of relu layers under cross entropy, or XOR's, trained by SGD."""

    def __init__(self, name, folder, is_compiled=False, dtype=torch.float32):
        self.network = serve.NETWORKS[name]
        self.is_xor = name == "W1"
        self.activation = torch.tanh if name in ("W1", "W10") else torch.relu
        x, targets, layers = serve.read_network(name, folder)
        self.x = torch.from_numpy(x).to(dtype)
        self.targets = torch.from_numpy(targets)
        self.parameters = []
        for w, b in layers:
            self.parameters += [self.leaf(w, dtype), self.leaf(b, dtype)]
        self.loss = torch.compile(self.plain_loss) if is_compiled else self.plain_loss

    @staticmethod
    def leaf(array, dtype):
        return torch.from_numpy(array.copy()).to(dtype).requires_grad_()

    def plain_loss(self, *parameters):
        h = self.x
        for i in range(0, len(parameters), 2):
            h = torch.addmm(parameters[i + 1], h, parameters[i])
            if i + 2 < len(parameters):
                h = self.activation(h)
        if self.is_xor:
            return F.mse_loss(torch.sigmoid(h), self.targets)
        return F.cross_entropy(h, self.targets)

    def value(self):
        with torch.no_grad():
            return self.loss(*self.parameters)

    def gradient(self):
        """The loss; leaves the gradients in the parameters."""
        for p in self.parameters:
            p.grad = None
        loss = self.loss(*self.parameters)
        loss.backward()
        return loss

    def step(self):
        loss = self.gradient()
        with torch.no_grad():
            grads = [p.grad for p in self.parameters]
            torch._foreach_add_(self.parameters, grads, alpha=-self.network.rate)
        return loss


class Lenet:
    """LeNet-5 with relu and max-pooling, trained by SGD."""

    def __init__(self, folder, is_compiled=False):
        x, labels, parameters = serve.read_lenet(folder)
        self.x = torch.from_numpy(x)
        self.labels = torch.from_numpy(labels)
        self.parameters = [Mlp.leaf(p, torch.float32) for p in parameters]
        self.loss = torch.compile(self.plain_loss) if is_compiled else self.plain_loss

    def plain_loss(self, w1, b1, w2, b2, w3, b3, w4, b4, w5, b5):
        h = F.max_pool2d(torch.relu(F.conv2d(self.x, w1, b1, padding=2)), 2)
        h = F.max_pool2d(torch.relu(F.conv2d(h, w2, b2)), 2).flatten(1)
        h = torch.relu(torch.addmm(b3, h, w3))
        h = torch.relu(torch.addmm(b4, h, w4))
        return F.cross_entropy(torch.addmm(b5, h, w5), self.labels)

    def value(self):
        with torch.no_grad():
            return self.loss(*self.parameters)

    def gradient(self):
        for p in self.parameters:
            p.grad = None
        loss = self.loss(*self.parameters)
        loss.backward()
        return loss

    def step(self):
        loss = self.gradient()
        with torch.no_grad():
            grads = [p.grad for p in self.parameters]
            torch._foreach_add_(self.parameters, grads, alpha=-serve.LENET_RATE)
        return loss


class Gpt:
    """nanoGPT's smallest, trained by AdamW; attention is composed where PyTorch has none fused."""

    def __init__(self, folder, is_compiled=False):
        tokens, targets, parameters = serve.read_gpt(folder)
        self.tokens = torch.from_numpy(tokens)
        self.targets = torch.from_numpy(targets)
        self.parameters = [Mlp.leaf(p, torch.float32) for p in parameters]
        o = serve.GPT_ADAMW
        self.adamw = torch.optim.AdamW(self.parameters, o["rate"], (o["beta1"], o["beta2"]),
                                       o["epsilon"], o["weight_decay"], foreach=True)
        self.future = torch.ones(serve.GPT["context"], serve.GPT["context"]).triu(1).bool()
        self.loss = torch.compile(self.plain_loss) if is_compiled else self.plain_loss

    def attention(self, x, w, b, w_out, b_out):
        n = serve.GPT["batch"], serve.GPT["context"], serve.GPT["heads"], -1
        q, k, v = torch.addmm(b, x, w).split(serve.GPT["width"], dim=1)
        q, k, v = (t.view(n).transpose(1, 2) for t in (q, k, v))
        if hasattr(F, "scaled_dot_product_attention"):
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = (q @ k.transpose(-2, -1)) * (q.shape[-1] ** -0.5)
            y = F.softmax(scores.masked_fill(self.future, float("-inf")), dim=-1) @ v
        return torch.addmm(b_out, y.transpose(1, 2).reshape(x.shape), w_out)

    def plain_loss(self, *p):
        width = (serve.GPT["width"],)
        x = (F.embedding(self.tokens, p[0]) + p[1]).view(-1, serve.GPT["width"])
        for i in range(2, len(p) - 2, serve.GPT_OF_LAYER):
            g1, b1, w_qkv, b_qkv, w_out, b_out, g2, b2, w_up, b_up, w_down, b_down = p[i:i + 12]
            x = x + self.attention(F.layer_norm(x, width, g1, b1), w_qkv, b_qkv, w_out, b_out)
            h = F.gelu(torch.addmm(b_up, F.layer_norm(x, width, g2, b2), w_up))
            x = x + torch.addmm(b_down, h, w_down)
        return F.cross_entropy(F.layer_norm(x, width, p[-2], p[-1]) @ p[0].t(), self.targets)

    value = Mlp.value
    gradient = Mlp.gradient

    def step(self):
        loss = self.gradient()
        self.adamw.step()
        return loss


class Lstm:
    """A character model: torch's own LSTM over one-hot characters, which are made once."""

    def __init__(self, folder, is_compiled=False):
        characters, targets, parameters = serve.read_lstm(folder)
        self.x = F.one_hot(torch.from_numpy(characters), serve.LSTM["vocabulary"]).float()
        self.targets = torch.from_numpy(targets)
        self.lstm = torch.nn.LSTM(serve.LSTM["vocabulary"], serve.LSTM["hidden"])
        with torch.no_grad():
            for p, start in zip(self.lstm.parameters(), parameters):
                p.copy_(torch.from_numpy(start))
        self.parameters = [*self.lstm.parameters(),
                           *(Mlp.leaf(p, torch.float32) for p in parameters[4:])]
        self.loss = torch.compile(self.plain_loss) if is_compiled else self.plain_loss

    def plain_loss(self, *p):
        y, _ = self.lstm(self.x)
        return F.cross_entropy(torch.addmm(p[5], y.view(-1, serve.LSTM["hidden"]), p[4]),
                               self.targets)

    value = Mlp.value
    gradient = Mlp.gradient

    def step(self):
        loss = self.gradient()
        with torch.no_grad():
            torch._foreach_add_(self.parameters, [p.grad for p in self.parameters],
                                alpha=-serve.LSTM_RATE)
        return loss


class Chain:
    """h <- tanh((h + a) b) on 64 elements, and a last add."""

    def __init__(self):
        n = serve.CHAIN_ELEMENTS
        self.start = (0.5 + torch.arange(n) / 256).requires_grad_()
        self.a = torch.full((n,), serve.CHAIN_A)
        self.b = torch.full((n,), serve.CHAIN_B)

    def loss(self):
        h = self.start
        for _ in range(serve.CHAIN_OPS // 3):
            h = torch.tanh((h + self.a) * self.b)
        return (h + self.a).sum()

    def value(self):
        with torch.no_grad():
            return self.loss()

    def step(self):
        self.start.grad = None
        loss = self.loss()
        loss.backward()
        return loss

    def check(self):
        loss = self.step()
        return [float(loss), float(self.start.grad[0]), float(self.start.grad[-1])]


class Scalars:
    """h <- h w, h <- h + x on scalars in f64."""

    def __init__(self):
        def scalar(v):
            return torch.tensor(v, dtype=torch.float64)

        self.h = scalar(serve.SCALAR_START)
        self.w = scalar(serve.SCALAR_FACTOR).requires_grad_()
        self.x = scalar(serve.SCALAR_INCREMENT).requires_grad_()

    def step(self):
        self.w.grad = self.x.grad = None
        h = self.h
        for _ in range(SCALAR_PAIRS):
            h = h * self.w
            h = h + self.x
        h.backward()
        return h

    def check(self):
        """Its own, as its chain is shorter than the others'."""
        expected = serve.SCALAR_START
        for _ in range(SCALAR_PAIRS):
            expected = expected * serve.SCALAR_FACTOR + serve.SCALAR_INCREMENT
        if abs(float(self.step()) - expected) > 1e-9:
            raise ValueError("W8: the chain's value is not what it must be")
        return []


class Gradcheck:
    """torch.autograd.gradcheck of all 1000 parameters in f64."""

    def __init__(self, folder):
        self.mlp = Mlp("W10", folder, dtype=torch.float64)

    def step(self):
        if not torch.autograd.gradcheck(self.mlp.loss, self.mlp.parameters):
            raise ValueError("W10: the gradients are not found right")

    def check(self):
        return [float(self.mlp.value())]


def open_chain(name):
    chain = Chain()
    if name == "W13-chain":
        return serve.Ratio(chain.value, chain.step, chain.check)
    return serve.Steps(chain.step, chain.check, serve.CHAIN_OPS)


def open_model(model, name):
    if name.startswith("W13-"):
        return serve.Ratio(model.value, model.gradient, lambda: [float(model.value())])
    return serve.Steps(model.step, serve.last_of_steps(model.step))


def open_mlp(arguments):
    name = arguments.workload
    mlp = Mlp(serve.network_of(name), arguments.data, arguments.compile)
    if name.startswith("W13-"):
        return serve.Ratio(mlp.value, mlp.gradient, lambda: [float(mlp.value())])
    kind = serve.Tail if name.endswith("-tail") else serve.Steps
    return kind(mlp.step, serve.last_of_steps(mlp.step))


def open_workload(arguments):
    torch.set_num_threads(arguments.threads)
    name = arguments.workload
    if name.startswith("W9") or name == "W13-chain":
        return open_chain(name)
    if name in ("W5", "W13-lenet"):
        return open_model(Lenet(arguments.data, arguments.compile), name)
    if name in ("W6", "W13-lstm"):
        return open_model(Lstm(arguments.data, arguments.compile), name)
    if name in ("W7", "W13-gpt"):
        return open_model(Gpt(arguments.data, arguments.compile), name)
    if name.startswith("W8"):
        scalars = Scalars()
        return serve.Steps(scalars.step, scalars.check, 2 * SCALAR_PAIRS)
    if name == "W10":
        checked = Gradcheck(arguments.data)
        return serve.Steps(checked.step, checked.check)
    return open_mlp(arguments)


if __name__ == "__main__":
    serve.main(open_workload, "--compile")
