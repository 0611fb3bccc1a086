"""The networks of mnist_mlp, char_rnn and tiny_gpt in PyTorch, trained as the examples train them.

Data, what is held out, batches, starting distributions, optimizer, rates and numbers of steps are
those of examples/NAME.c; random numbers are PyTorch's own. It prints the lines that they print, and
"begin" before the first step.

Usage: reach_torch.py mnist_mlp EPOCHS SEED      with MNIST's files in the folder WENGERT_MNIST
       reach_torch.py char_rnn lstm|gru FILE STEPS SEED
       reach_torch.py tiny_gpt FILE STEPS SEED
SPDX-License-Identifier: Apache-2.0
"""
import gzip
import itertools
import math
import os
import sys

import numpy
import torch
import torch.nn.functional as F
from torch import nn


def linear(inputs, outputs):
    """A linear layer that starts as wg_linear does."""
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def falling(optimizer, steps):
    """The rate goes down to 0 on a straight line."""
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: (steps - t) / steps)


def cosine(optimizer, steps, warmup=0):
    """WG_SCHEDULE_COSINE: up over `warmup` steps, then down to 0 over `steps`."""
    def factor(t):
        if t < warmup:
            return (t + 1) / warmup
        return (1 + math.cos(math.pi * (t - warmup) / steps)) / 2
    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def update(loss, optimizer, rate):
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    rate.step()


# ---- mnist_mlp -----------------------------------------------------------------------------


def read_idx(name, skip):
    path = os.path.join(os.environ["WENGERT_MNIST"], name)
    is_packed = not os.path.exists(path)
    with gzip.open(path + ".gz") if is_packed else open(path, "rb") as f:
        return numpy.frombuffer(bytearray(f.read()), numpy.uint8, offset=skip)


def read_digits(which):
    images = read_idx(f"{which}-images-idx3-ubyte", 16).reshape(-1, 784)
    labels = read_idx(f"{which}-labels-idx1-ubyte", 8)
    return torch.from_numpy(images).float() / 255, torch.from_numpy(labels).long()


def mnist_mlp(epochs, seed, batch=128, hidden=512):
    torch.manual_seed(seed)
    x, y = read_digits("train")
    test_x, test_y = read_digits("t10k")
    network = nn.Sequential(linear(784, hidden), nn.ReLU(), linear(hidden, hidden), nn.ReLU(),
                            linear(hidden, 10))
    adam = torch.optim.Adam(network.parameters(), .001, foreach=True)
    per_epoch = len(x) // batch
    rate = cosine(adam, epochs * per_epoch)
    print("begin", flush=True)
    for epoch in range(epochs):
        order = torch.randperm(len(x))
        mean = 0
        for i in range(per_epoch):
            rows = order[i * batch:(i + 1) * batch]
            loss = F.cross_entropy(network(x[rows]), y[rows])
            update(loss, adam, rate)
            mean += loss.item() / per_epoch
        with torch.no_grad():
            accuracy = (network(test_x).argmax(1) == test_y).double().mean().item()
        print(f"epoch {epoch + 1:2}  loss {mean:.4f}  test accuracy {accuracy:.4f}", flush=True)


# ---- texts ---------------------------------------------------------------------------------


def read_text(path):
    """The numbers of the characters, and how many characters there are."""
    with open(path, encoding="utf-8", newline="") as f:
        text = f.read()
    numbers = {c: i for i, c in enumerate(sorted(set(text)))}
    return torch.tensor([numbers[c] for c in text]), len(numbers)


def train(steps, batches, loss_of, optimizer, rate):
    print("begin", flush=True)
    mean = 0
    for _ in range(steps):
        loss = loss_of(*next(batches))
        update(loss, optimizer, rate)
        mean += loss.item() / steps
    print(f"learnt: {mean:.4f} nats per character", flush=True)


def validate(batches, loss_of):
    with torch.no_grad():
        losses = [loss_of(*b).item() for b in batches]
    print(f"held out: {sum(losses) / len(losses):.4f} nats per character", flush=True)


# ---- char_rnn ------------------------------------------------------------------------------


def streams(symbols, batch, steps):
    """The batches of wg_streams without a last short one."""
    length = (len(symbols) - 1) // batch
    x = torch.stack([symbols[k * length:(k + 1) * length + 1] for k in range(batch)])
    return [(x[:, i:i + steps], x[:, i + 1:i + steps + 1])
            for i in range(0, length - steps + 1, steps)]


class CharRnn(nn.Module):
    def __init__(self, kind, n_symbols, hidden=256):
        super().__init__()
        self.n_symbols = n_symbols
        self.body = (nn.GRU if kind == "gru" else nn.LSTM)(n_symbols, hidden, batch_first=True)
        self.head = linear(hidden, n_symbols)

    def loss(self, x, y, state):
        h, state = self.body(F.one_hot(x, self.n_symbols).float(), state)
        return F.cross_entropy(self.head(h).flatten(0, 1), y.flatten()), state


def char_rnn(kind, path, steps, seed, batch=32, length=64):
    torch.manual_seed(seed)
    symbols, n_symbols = read_text(path)
    network = CharRnn(kind, n_symbols)
    adam = torch.optim.Adam(network.parameters(), .004, foreach=True)
    batches = streams(symbols, batch, length)
    n_held = len(batches) // 10
    state = None

    def loss_of(x, y):
        nonlocal state
        loss, state = network.loss(x, y, state)
        state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
        return loss

    train(steps, itertools.cycle(batches[:-n_held]), loss_of, adam, falling(adam, steps))
    validate(batches[-n_held:], loss_of)


# ---- tiny_gpt ------------------------------------------------------------------------------


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm_attn = nn.LayerNorm(width)
        self.qkv = linear(width, 3 * width)
        for part in self.qkv.weight.data.chunk(3):
            nn.init.xavier_uniform_(part)
        self.out = linear(width, width)
        self.norm_mlp = nn.LayerNorm(width)
        self.up = linear(width, 4 * width)
        self.down = linear(4 * width, width)

    def attention(self, x, future):
        q, k, v = (t.view(*x.shape[:2], self.heads, -1).transpose(1, 2)
                   for t in self.qkv(x).chunk(3, dim=2))
        if hasattr(F, "scaled_dot_product_attention"):
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = (q @ k.transpose(-2, -1)) * q.shape[-1] ** -.5
            y = F.softmax(scores.masked_fill(future, float("-inf")), dim=-1) @ v
        return self.out(y.transpose(1, 2).reshape(x.shape))

    def forward(self, x, future):
        x = x + self.attention(self.norm_attn(x), future)
        return x + self.down(F.gelu(self.up(self.norm_mlp(x))))


class TinyGpt(nn.Module):
    def __init__(self, n_symbols, context, width=128, heads=4, blocks=4):
        super().__init__()
        self.symbols = nn.Embedding(n_symbols, width)
        self.places = nn.Embedding(context, width)
        for table in (self.symbols, self.places):
            nn.init.normal_(table.weight, 0, .02)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)
        self.register_buffer("future", torch.ones(context, context).triu(1).bool())

    def loss(self, x, y):
        h = self.symbols(x) + self.places.weight
        for block in self.blocks:
            h = block(h, self.future)
        return F.cross_entropy((self.norm(h) @ self.symbols.weight.t()).flatten(0, 1), y.flatten())


def windows(symbols, length, stride):
    rows = torch.stack([symbols[i:i + length + 1]
                        for i in range(0, len(symbols) - length, stride)])
    return rows[:, :-1], rows[:, 1:]


def tiny_gpt(path, steps, seed, batch=16, context=64, warmup=50):
    torch.manual_seed(seed)
    symbols, n_symbols = read_text(path)
    x, y = windows(symbols, context, context // 2)
    n_held = len(x) // 10
    n_shown = len(x) - n_held
    network = TinyGpt(n_symbols, context)
    adamw = torch.optim.AdamW(network.parameters(), .002, (.9, .99), weight_decay=.1, foreach=True)

    def epochs():
        while True:
            for rows in torch.randperm(n_shown)[:n_shown // batch * batch].split(batch):
                yield x[rows], y[rows]

    train(steps, epochs(), network.loss, adamw, cosine(adamw, steps - warmup, warmup))
    validate([(x[i:i + batch], y[i:i + batch])
              for i in range(n_shown, len(x) - batch + 1, batch)], network.loss)


def main(name, *rest):
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    if name == "mnist_mlp":
        mnist_mlp(*(int(a) for a in rest))
    elif name == "char_rnn":
        char_rnn(rest[0], rest[1], *(int(a) for a in rest[2:]))
    else:
        tiny_gpt(rest[0], *(int(a) for a in rest[1:]))


if __name__ == "__main__":
    main(*sys.argv[1:])
