/* The block of a transformer.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a block has attention to a memory where its norm_cross has a kind. */
#include <wengert/ops.h>

#include "model/layer.h"

/* ---- making ------------------------------------------------------------------------------- */

static bool is_gated(wg_transformer_activation activation)
{
    return activation == WG_TRANSFORMER_GATED_SILU || activation == WG_TRANSFORMER_GATED_GELU;
}

static const char *fault_of(int64_t width, const wg_transformer_options *o)
{
    if (o->activation < WG_TRANSFORMER_GELU || o->activation > WG_TRANSFORMER_GATED_GELU) {
        return "there is no such activation";
    }
    if (!wgi_is_drop_probability(o->dropout)) {
        return "the dropout is in [0, 1)";
    }
    if (!o->has_cross && o->memory_width != 0) {
        return "a memory is for blocks with has_cross";
    }
    return width < 1 || width > INT64_MAX / 4 ? "no such width" : NULL;
}

static wg_status add_norm(wg_model *m, const char *name, int64_t width,
                          const wg_transformer_options *o, wg_norm_layer *out)
{
    const wg_norm_options norm = {
        .size = sizeof norm, .eps = o->eps, .no_bias = o->no_bias, .dtype = o->dtype};
    return o->has_rms_norm ? wg_rms_norm_create(m, name, width, &norm, out)
                           : wg_layer_norm_create(m, name, width, &norm, out);
}

static wg_status add_attention(wg_model *m, int64_t width, int64_t heads,
                               const wg_transformer_options *o, wg_transformer_block *block)
{
    wg_attention_layer_options attention = {.size = sizeof attention,
                                            .is_causal = o->is_causal,
                                            .is_rotary = o->is_rotary,
                                            .rotary = o->rotary,
                                            .dropout = o->attention_dropout,
                                            .no_bias = o->no_bias,
                                            .dtype = o->dtype,
                                            .init = o->init};
    wg_status status = add_norm(m, "norm_attn", width, o, &block->norm_attn);
    status =
        status ? status : wg_attention_create(m, "attn", width, heads, &attention, &block->attn);
    if (status != WG_OK || !o->has_cross) {
        return status;
    }
    attention.is_split = true;
    attention.is_causal = false;
    attention.is_rotary = false;
    attention.key_width = o->memory_width;
    status = add_norm(m, "norm_cross", width, o, &block->norm_cross);
    return status ? status
                  : wg_attention_create(m, "cross", width, heads, &attention, &block->cross);
}

static wg_status add_mlp(wg_model *m, int64_t width, const wg_transformer_options *o,
                         wg_transformer_block *block)
{
    const int64_t hidden = o->hidden == 0 ? 4 * width : o->hidden;
    const wg_linear_options linear = {
        .size = sizeof linear, .no_bias = o->no_bias, .dtype = o->dtype, .init = o->init};
    wg_status status = wg_module_begin(m, "mlp", "mlp", &block->mlp);
    if (status != WG_OK) {
        return status;
    }
    status = wg_linear_create(m, "up", width, hidden, &linear, &block->up);
    if (status == WG_OK && is_gated(o->activation)) {
        status = wg_linear_create(m, "gate", width, hidden, &linear, &block->gate);
    }
    status = status ? status : wg_linear_create(m, "down", hidden, width, &linear, &block->down);
    return wg_module_end(m, status);
}

wg_status wg_transformer_block_create(wg_model *m, const char *name, int64_t width, int64_t heads,
                                      const wg_transformer_options *options,
                                      wg_transformer_block *out)
{
    const wg_transformer_options defaults = {.size = sizeof defaults};
    const wg_transformer_options *o = options == NULL ? &defaults : options;
    wg_transformer_block block = {0};
    wgi_making making;
    if (out != NULL) {
        *out = block;
    }
    const char *fault = wgi_layer_fault(out, o->size, sizeof *o);
    fault = fault == NULL ? fault_of(width, o) : fault;
    const wg_init *init = fault == NULL ? o->init : NULL;
    wg_status status =
        wgi_layer_begin(m, name, "transformer_block", init, fault, &making, &block.module);
    if (status != WG_OK) {
        return status;
    }
    block.activation = o->activation;
    block.dropout = o->dropout;
    block.is_post_norm = o->is_post_norm;
    status = add_attention(m, width, heads, o, &block);
    status = status ? status : add_norm(m, "norm_mlp", width, o, &block.norm_mlp);
    status = status ? status : add_mlp(m, width, o, &block);
    status = wgi_layer_end(&making, status);
    if (status == WG_OK) {
        *out = block;
    }
    return status;
}

/* ---- applying ----------------------------------------------------------------------------- */

static wg_node activate(const wg_transformer_block *block, wg_node x)
{
    const wg_node up = wg_linear_apply(&block->up, x);
    switch (block->activation) {
    case WG_TRANSFORMER_GELU_TANH:
        return wg_gelu_tanh(up);
    case WG_TRANSFORMER_RELU:
        return wg_relu(up);
    case WG_TRANSFORMER_GATED_SILU:
        return wg_mul(wg_silu(wg_linear_apply(&block->gate, x)), up);
    case WG_TRANSFORMER_GATED_GELU:
        return wg_mul(wg_gelu(wg_linear_apply(&block->gate, x)), up);
    default:
        return wg_gelu(up);
    }
}

static wg_node apply_mlp(const wg_transformer_block *block, wg_node x)
{
    (void)wg_module_enter(block->mlp, x);
    const wg_node h = wgi_layer_drop(activate(block, x), block->dropout);
    return wg_module_leave(block->mlp, wg_linear_apply(&block->down, h));
}

/* What a part reads. */
static wg_node before(const wg_transformer_block *block, const wg_norm_layer *norm, wg_node x)
{
    return block->is_post_norm ? x : wg_norm_apply(norm, x);
}

/* The sum of what a part gives and x. */
static wg_node after(const wg_transformer_block *block, const wg_norm_layer *norm, wg_node x,
                     wg_node y)
{
    const wg_node sum = wg_add(x, wgi_layer_drop(y, block->dropout));
    return block->is_post_norm ? wg_norm_apply(norm, sum) : sum;
}

static wg_node apply(const wg_transformer_block *block, wg_node x, const wg_transformer_inputs *in)
{
    const wg_attention_inputs self = {.size = sizeof self, .mask = in->mask, .is_key = in->is_key};
    const wg_attention_inputs cross = {.size = sizeof cross,
                                       .key = in->memory,
                                       .mask = in->memory_mask,
                                       .is_key = in->memory_is_key};
    const wg_node h = before(block, &block->norm_attn, x);
    x = after(block, &block->norm_attn, x, wg_attention_apply(&block->attn, h, &self));
    if (block->norm_cross.kind != 0) {
        const wg_node q = before(block, &block->norm_cross, x);
        x = after(block, &block->norm_cross, x, wg_attention_apply(&block->cross, q, &cross));
    }
    const wg_node y = apply_mlp(block, before(block, &block->norm_mlp, x));
    return after(block, &block->norm_mlp, x, y);
}

wg_node wg_transformer_block_apply(const wg_transformer_block *block, wg_node x,
                                   const wg_transformer_inputs *inputs)
{
    const wg_transformer_inputs none = {.size = sizeof none};
    const wg_transformer_inputs *in = inputs == NULL ? &none : inputs;
    if (block == NULL || block->norm_attn.kind == 0 || !wg_is_valid(x)) {
        return wgi_layer_refuse(x);
    }
    (void)wg_module_enter(block->module, x);
    wg_node y;
    if (in->size != sizeof *in) {
        y = wgi_layer_fail(x, block->module, WG_ERR_ARGUMENT, "the inputs have another size");
    } else if ((block->norm_cross.kind != 0) != (in->memory.graph != NULL)) {
        y = wgi_layer_fail(x, block->module, WG_ERR_ARGUMENT,
                           "a memory is what a block with has_cross needs, and no other takes");
    } else {
        y = apply(block, x, in);
    }
    return wg_module_leave(block->module, y);
}
