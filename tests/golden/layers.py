"""What PyTorch's modules give, in f64: writes layers.txt, beside this file.

SPDX-License-Identifier: Apache-2.0

Parameters have our names and layouts: a linear weight is [in, out]. The loss of a case is the sum
of all outputs times their `up`.

  case <name>
  <param|in|out|up|grad|after> <name> <f64|i64|bool> <rank> <dims> <values>

in     an input, of the name by which the case knows it
grad   of a parameter or input, d loss
after  a buffer after the step
"""
import pathlib
import torch
from torch import nn

torch.set_default_dtype(torch.float64)


def tensor_line(out, role, name, t):
    dtype = {torch.float64: "f64", torch.int64: "i64", torch.bool: "bool"}[t.dtype]
    dims = " ".join(str(d) for d in t.shape)
    values = t.detach().reshape(-1).tolist()
    text = " ".join(f"{v:.17g}" if dtype == "f64" else str(int(v)) for v in values)
    out.write(" ".join(x for x in (role, name, dtype, str(t.dim()), dims, text) if x) + "\n")


def write_case(out, name, params, inputs, outputs, buffers=None, learns=True):
    """params: our name to (tensor, function from its gradient to our layout)."""
    out.write(f"case {name}\n")
    for key, (p, ours) in params.items():
        tensor_line(out, "param", key, ours(p))
    buffers = buffers or {}
    for key, (before, _) in buffers.items():
        tensor_line(out, "param", key, before)
    for key, x in inputs.items():
        tensor_line(out, "in", key, x)
    loss = 0
    for key, y in outputs.items():
        up = torch.randn(y.shape)
        tensor_line(out, "out", key, y)
        tensor_line(out, "up", key, up)
        loss = loss + (y * up).sum()
    if learns:
        write_gradients(out, params, inputs, loss)
    for key, (_, module_buffer) in buffers.items():
        tensor_line(out, "after", key, module_buffer)


def write_gradients(out, params, inputs, loss):
    loss.backward()
    for key, (p, ours) in params.items():
        tensor_line(out, "grad", key, ours(p.grad))
    for key, x in inputs.items():
        if x.requires_grad:
            tensor_line(out, "grad", key, x.grad)


def same(t):
    return t


def transposed(t):
    return t.t()


def named(module, rename=None, layout=None):
    rename = rename or {}
    layout = layout or {}
    return {rename.get(k, k): (p, layout.get(k, same)) for k, p in module.named_parameters()}


def randn(*dims):
    return torch.randn(*dims, requires_grad=True)


def shake(module):
    """Parameters that start as ones or zeros show nothing of their layout."""
    with torch.no_grad():
        for p in module.parameters():
            p += 0.3 * torch.randn(p.shape)


def plain(out, name, module, x):
    shake(module)
    write_case(out, name, named(module), {"x": x}, {"y": module(x)})


def convolutions(out):
    plain(out, "conv1d", nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2), randn(2, 4, 9))
    plain(out, "conv2d", nn.Conv2d(2, 3, (3, 2), padding=(1, 0)), randn(2, 2, 4, 5))
    plain(out, "conv2d_no_bias", nn.Conv2d(2, 3, 3, bias=False), randn(1, 2, 4, 4))
    plain(out, "conv_transpose1d",
          nn.ConvTranspose1d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2), randn(2, 4, 3))
    plain(out, "conv_transpose2d", nn.ConvTranspose2d(2, 3, 2, stride=2), randn(1, 2, 3, 2))


def embeddings(out):
    table = nn.Embedding(5, 3, padding_idx=1)
    x = torch.tensor([[0, 1, 4], [4, 2, 1]])
    write_case(out, "embedding", named(table), {"x": x}, {"y": table(x)})
    table = nn.Embedding(5, 3)
    x = torch.tensor([3, 0])
    h = table(x)
    write_case(out, "embedding_tied", named(table), {"x": x}, {"y": torch.tanh(h) @ table.weight.t()})


def batch_norm(out, name, module, x):
    shake(module)
    with torch.no_grad():
        module.running_mean.copy_(torch.randn(module.running_mean.shape))
        module.running_var.copy_(torch.rand(module.running_var.shape) + 0.5)
    before = {k: b.clone() for k, b in module.named_buffers() if b.dim() > 0}
    y = module(x)
    buffers = {k: (before[k], b) for k, b in module.named_buffers() if b.dim() > 0}
    write_case(out, name, named(module), {"x": x}, {"y": y}, buffers, module.training)


def norms(out):
    batch_norm(out, "batch_norm1d", nn.BatchNorm1d(3, momentum=0.3, eps=1e-3), randn(5, 3))
    batch_norm(out, "batch_norm2d", nn.BatchNorm2d(2), randn(2, 2, 3, 2))
    batch_norm(out, "batch_norm_evaluation", nn.BatchNorm2d(2).eval(), randn(2, 2, 3, 2))
    plain(out, "layer_norm", nn.LayerNorm(4), randn(2, 3, 4))
    plain(out, "group_norm", nn.GroupNorm(2, 4), randn(2, 4, 3))
    scale = (1 + 0.3 * torch.randn(4)).requires_grad_()
    x = randn(3, 4)
    y = x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-5) * scale
    write_case(out, "rms_norm", {"weight": (scale, same)}, {"x": x}, {"y": y})


def recurrent(out, name, module, x, state=None, lengths=None, one_hot=0):
    """`state` and what comes of it: h, or h and c."""
    inputs = {"x": x}
    if state is not None:
        inputs.update(zip(("h0", "c0"), state))
    if lengths is not None:
        inputs["lengths"] = torch.tensor(lengths)
    given = x if one_hot == 0 else nn.functional.one_hot(x, one_hot).double()
    if lengths is not None:
        given = nn.utils.rnn.pack_padded_sequence(given, inputs["lengths"], module.batch_first,
                                                  enforce_sorted=False)
    first = None if state is None else state if len(state) == 2 else state[0]
    y, last = module(given, first)
    if lengths is not None:
        y, _ = nn.utils.rnn.pad_packed_sequence(y, module.batch_first)
    outputs = {"y": y}
    outputs.update(zip(("h", "c"), last if isinstance(last, tuple) else (last,)))
    write_case(out, name, named(module), inputs, outputs)


def recurrences(out):
    recurrent(out, "rnn", nn.RNN(2, 3), randn(3, 2, 2))
    recurrent(out, "rnn_relu", nn.RNN(2, 3, nonlinearity="relu", bidirectional=True),
              randn(3, 2, 2), (randn(2, 2, 3),), (2, 3))
    recurrent(out, "lstm_stacked", nn.LSTM(2, 2, num_layers=3, batch_first=True), randn(2, 3, 2),
              (randn(3, 2, 2), randn(3, 2, 2)))
    recurrent(out, "lstm_both_ways", nn.LSTM(2, 2, num_layers=2, bidirectional=True),
              randn(4, 3, 2), (randn(4, 3, 2), randn(4, 3, 2)), (2, 4, 1))
    recurrent(out, "lstm_of_indices", nn.LSTM(4, 2, batch_first=True, bias=False),
              torch.tensor([[3, 0, 1], [2, 2, 0]]), None, (3, 1), one_hot=4)
    recurrent(out, "gru", nn.GRU(2, 3, bias=False), randn(3, 2, 2), (randn(1, 2, 3),))
    recurrent(out, "gru_both_ways",
              nn.GRU(2, 2, num_layers=2, bidirectional=True, batch_first=True), randn(3, 4, 2),
              (randn(4, 3, 2),), (3, 1, 4))


def of_attention(module, prefix=""):
    """The parameters of a MultiheadAttention by our names. Where it has one projection for all
    three but ours is split, `prefix` is "cross."."""
    params = {}
    if module.in_proj_weight is None:
        for k in "qkv":
            params[f"{prefix}{k}.weight"] = (getattr(module, f"{k}_proj_weight"), transposed)
    elif prefix != "cross.":
        params[f"{prefix}qkv.weight"] = (module.in_proj_weight, transposed)
        if module.in_proj_bias is not None:
            params[f"{prefix}qkv.bias"] = (module.in_proj_bias, same)
    if module.in_proj_weight is None or prefix == "cross.":
        width = module.embed_dim
        for i, k in enumerate("qkv"):
            rows = slice(i * width, (i + 1) * width)
            if module.in_proj_weight is not None:
                params[f"{prefix}{k}.weight"] = (module.in_proj_weight,
                                                 lambda t, rows=rows: t[rows].t())
            params[f"{prefix}{k}.bias"] = (module.in_proj_bias, lambda t, rows=rows: t[rows])
    params[f"{prefix}out.weight"] = (module.out_proj.weight, transposed)
    if module.out_proj.bias is not None:
        params[f"{prefix}out.bias"] = (module.out_proj.bias, same)
    return params


def attention(out, name, module, x, inputs=None, causal=False):
    """Our bool masks are true where there is attention, PyTorch's where there is none."""
    inputs = inputs or {}
    shake(module)
    mask = inputs.get("mask")
    if causal:
        mask = torch.ones(x.shape[1], x.shape[1]).tril() > 0
    if mask is not None:
        mask = ~mask if mask.dtype == torch.bool else mask
    padding = ~inputs["is_key"] if "is_key" in inputs else None
    key = inputs.get("key", x)
    y, _ = module(x, key, inputs.get("value", key), key_padding_mask=padding, attn_mask=mask)
    write_case(out, name, of_attention(module), {"x": x, **inputs}, {"y": y})


IS_KEY = torch.tensor([[True, True, True], [True, False, True]])


def attentions(out):
    make = lambda **options: nn.MultiheadAttention(4, 2, batch_first=True, **options)
    mask = torch.tensor([[True, False, True], [True, True, True], [True, False, False]])
    attention(out, "attention", make(), randn(2, 3, 4))
    attention(out, "attention_masked", make(), randn(2, 3, 4), {"mask": mask, "is_key": IS_KEY})
    attention(out, "attention_added", make(), randn(2, 3, 4), {"mask": randn(3, 3)})
    attention(out, "attention_causal", make(bias=False), randn(2, 3, 4), causal=True)
    attention(out, "attention_cross", make(kdim=3, vdim=5), randn(2, 2, 4),
              {"key": randn(2, 3, 3), "value": randn(2, 3, 5), "is_key": IS_KEY})
    rotary(out)


def turned(x):
    """Halves as in GPT-NeoX; x [batch, heads, time, depth]."""
    half = x.shape[-1] // 2
    angles = torch.arange(x.shape[2])[:, None] * 10000.0 ** (-torch.arange(half) / half)
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * angles.cos() - b * angles.sin(), a * angles.sin() + b * angles.cos()], -1)


def rotary(out):
    module = nn.MultiheadAttention(8, 2, batch_first=True)
    shake(module)
    x = randn(2, 3, 8)
    rows = x @ module.in_proj_weight.t() + module.in_proj_bias
    q, k, v = rows.view(2, 3, 3, 2, 4).permute(2, 0, 3, 1, 4)
    scores = turned(q) @ turned(k).transpose(2, 3) / 2
    weights = scores.masked_fill(torch.ones(3, 3).triu(1) > 0, -torch.inf).softmax(-1)
    y = module.out_proj((weights @ v).transpose(1, 2).reshape(2, 3, 8))
    write_case(out, "attention_rotary", of_attention(module), {"x": x}, {"y": y})


def of_block(module):
    linear = lambda name, l: {f"mlp.{name}.weight": (l.weight, transposed),
                              f"mlp.{name}.bias": (l.bias, same)}
    norm = lambda name, n: {f"{name}.weight": (n.weight, same), f"{name}.bias": (n.bias, same)}
    has_cross = hasattr(module, "multihead_attn")
    params = {**norm("norm_attn", module.norm1), **of_attention(module.self_attn, "attn.")}
    if has_cross:
        params.update({**norm("norm_cross", module.norm2),
                       **of_attention(module.multihead_attn, "cross.")})
    params.update(norm("norm_mlp", module.norm3 if has_cross else module.norm2))
    return {**params, **linear("up", module.linear1), **linear("down", module.linear2)}


def blocks(out):
    options = {"batch_first": True, "dropout": 0.0}
    causal = torch.ones(3, 3).triu(1) > 0
    block = nn.TransformerEncoderLayer(4, 2, 6, activation="gelu", norm_first=True, **options)
    shake(block)
    x = randn(2, 3, 4)
    write_case(out, "encoder", of_block(block), {"x": x, "is_key": IS_KEY},
               {"y": block(x, src_key_padding_mask=~IS_KEY)})
    block = nn.TransformerEncoderLayer(4, 2, 6, **options)
    shake(block)
    x = randn(2, 3, 4)
    write_case(out, "encoder_post", of_block(block), {"x": x}, {"y": block(x, src_mask=causal)})
    block = nn.TransformerDecoderLayer(4, 2, 6, activation="gelu", norm_first=True, **options)
    shake(block)
    x, memory = randn(2, 3, 4), randn(2, 3, 4)
    y = block(x, memory, tgt_mask=causal, memory_key_padding_mask=~IS_KEY)
    write_case(out, "decoder", of_block(block),
               {"x": x, "memory": memory, "memory_is_key": IS_KEY}, {"y": y})
    block = nn.TransformerDecoderLayer(4, 2, 6, activation="gelu", **options)
    shake(block)
    x, memory, mask = randn(2, 2, 4), randn(2, 3, 4), randn(2, 3)
    write_case(out, "decoder_post", of_block(block),
               {"x": x, "memory": memory, "memory_mask": mask},
               {"y": block(x, memory, memory_mask=mask)})
    gated(out)


def gated(out):
    """A block as of LLaMA, without rotary positions."""
    attend = nn.MultiheadAttention(4, 2, batch_first=True, bias=False)
    up, gate, down = (nn.Linear(*s, bias=False) for s in ((4, 6), (4, 6), (6, 4)))
    scales = [(1 + 0.3 * torch.randn(4)).requires_grad_() for _ in range(2)]
    rms = lambda x, scale: x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-5) * scale
    x = randn(2, 3, 4)
    h = rms(x, scales[0])
    h = x + attend(h, h, h)[0]
    z = rms(h, scales[1])
    y = h + down(nn.functional.silu(gate(z)) * up(z))
    params = {"norm_attn.weight": (scales[0], same), **of_attention(attend, "attn."),
              "norm_mlp.weight": (scales[1], same)}
    for name, l in (("up", up), ("gate", gate), ("down", down)):
        params[f"mlp.{name}.weight"] = (l.weight, transposed)
    write_case(out, "gated", params, {"x": x}, {"y": y})


FAMILIES = (convolutions, embeddings, norms, recurrences, attentions, blocks)


if __name__ == "__main__":
    path = pathlib.Path(__file__).with_name("layers.txt")
    with path.open("w") as out:
        for i, family in enumerate(FAMILIES):
            torch.manual_seed(100 + i)
            family(out)
