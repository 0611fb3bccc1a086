/* The attention layer: projections around attention of several heads.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a layer that was made has heads, and either one projection in or three. */
#include <math.h>

#include <wengert/ops.h>

#include "model/layer.h"

static const wg_node none = {NULL, 0, 0};

static bool is_some(wg_node n)
{
    return n.graph != NULL;
}

/* ---- making ------------------------------------------------------------------------------- */

static const char *fault_of(int64_t width, int64_t heads, const wg_attention_layer_options *o)
{
    if (heads < 1 || width < 1 || width % heads != 0) {
        return "the heads do not divide the width";
    }
    if (!wgi_is_drop_probability(o->dropout)) {
        return "the dropout is in [0, 1)";
    }
    if (!o->is_split && (o->key_width != 0 || o->value_width != 0)) {
        return "keys and values have a width of their own where it is split";
    }
    if (o->rotary.size != 0 && o->rotary.size != sizeof o->rotary) {
        return "the size of the options' rotary is of another version";
    }
    return o->is_rotary && width / heads % 2 != 0 ? "rotary needs heads of even depth" : NULL;
}

static wg_status fill_split(wg_model *m, int64_t width, const wg_attention_layer_options *o,
                            wg_attention_layer *layer)
{
    const int64_t keys = o->key_width == 0 ? width : o->key_width;
    const int64_t values = o->value_width == 0 ? keys : o->value_width;
    const wg_linear_options linear = {
        .size = sizeof linear, .no_bias = o->no_bias, .dtype = o->dtype, .init = o->init};
    wg_status status = wg_linear_create(m, "q", width, width, &linear, &layer->q);
    status = status ? status : wg_linear_create(m, "k", keys, width, &linear, &layer->k);
    return status ? status : wg_linear_create(m, "v", values, width, &linear, &layer->v);
}

/* The three start as they would by themselves. */
static wg_status fill_packed(wg_model *m, int64_t width, const wg_attention_layer_options *o,
                             wg_attention_layer *layer)
{
    const wg_init xavier = {.kind = WG_INIT_XAVIER_UNIFORM};
    wg_init init = o->init == NULL ? xavier : *o->init;
    init.fan_out = init.fan_out == 0.0 ? (double)width : init.fan_out;
    const wg_linear_options linear = {
        .size = sizeof linear, .no_bias = o->no_bias, .dtype = o->dtype, .init = &init};
    const int64_t all = width > INT64_MAX / 3 ? INT64_MAX : 3 * width;
    return wg_linear_create(m, "qkv", width, all, &linear, &layer->qkv);
}

static wg_status fill(wg_model *m, int64_t width, const wg_attention_layer_options *o,
                      wg_attention_layer *layer)
{
    const wg_linear_options linear = {
        .size = sizeof linear, .no_bias = o->no_bias, .dtype = o->dtype, .init = o->init};
    wg_status status =
        o->is_split ? fill_split(m, width, o, layer) : fill_packed(m, width, o, layer);
    return status ? status : wg_linear_create(m, "out", width, width, &linear, &layer->out);
}

wg_status wg_attention_create(wg_model *m, const char *name, int64_t width, int64_t heads,
                              const wg_attention_layer_options *options, wg_attention_layer *out)
{
    const wg_attention_layer_options defaults = {.size = sizeof defaults};
    const wg_attention_layer_options *o = options == NULL ? &defaults : options;
    wg_attention_layer layer = {.heads = heads};
    wgi_making making;
    if (out != NULL) {
        *out = (wg_attention_layer){0};
    }
    const char *fault = wgi_layer_fault(out, o->size, sizeof *o);
    fault = fault == NULL ? fault_of(width, heads, o) : fault;
    const wg_init *init = fault == NULL ? o->init : NULL;
    wg_status status = wgi_layer_begin(m, name, "attention", init, fault, &making, &layer.module);
    if (status != WG_OK) {
        return status;
    }
    layer.dropout = o->dropout;
    layer.is_causal = o->is_causal;
    layer.is_rotary = o->is_rotary;
    layer.rotary = o->rotary;
    layer.rotary.size = sizeof layer.rotary;
    layer.rotary.is_time_first = true;
    status = wgi_layer_end(&making, fill(m, width, o, &layer));
    if (status == WG_OK) {
        *out = layer;
    }
    return status;
}

/* ---- masks -------------------------------------------------------------------------------- */

/* Whether a mask is added to the scores; one that is no node is left to the ops, which tell. */
static bool is_added(wg_node mask)
{
    return wg_is_valid(mask) && wg_node_dtype(mask) != WG_BOOL;
}

static wg_node least_of(wg_node like)
{
    return wg_number(like.graph, wg_node_dtype(like), -(double)INFINITY);
}

/* The mask with the padding left out too. */
static wg_node mask_of(const wg_attention_inputs *in)
{
    if (!is_some(in->is_key)) {
        return in->mask;
    }
    const wg_node is_key = wg_unsqueeze(wg_unsqueeze(in->is_key, 1), 1);
    if (!is_some(in->mask)) {
        return is_key;
    }
    if (!is_added(in->mask)) {
        return wg_logical_and(is_key, in->mask);
    }
    return wg_where(is_key, in->mask, least_of(in->mask));
}

/* ---- attention whose weights are dropped --------------------------------------------------- */

/* Whether key j is at or before query i; scores are [..., queries, keys]. */
static wg_node causal_mask(wg_node scores)
{
    const int64_t dims[2] = {wg_node_dim(scores, -2), wg_node_dim(scores, -1)};
    const wg_dtype dtype = wg_node_dtype(scores);
    const wg_node ones = wg_full(scores.graph, dtype, 2, dims, 1.0);
    return wg_greater(wg_tril(ones, 0), wg_number(scores.graph, dtype, 0.0));
}

/* As wg_scaled_dot_product_attention has them. */
static wg_node weights_of(wg_node scores, wg_node mask, bool is_causal)
{
    wg_node attends = mask;
    if (is_added(mask)) {
        attends = wg_not_equal(mask, least_of(mask));
        const wg_node zero = wg_number(mask.graph, wg_node_dtype(mask), 0.0);
        scores = wg_add(scores, wg_where(attends, mask, zero));
    }
    if (is_causal) {
        const wg_node causal = causal_mask(scores);
        attends = is_some(attends) ? wg_logical_and(attends, causal) : causal;
    }
    return is_some(attends) ? wg_masked_softmax(scores, attends, -1) : wg_softmax(scores, -1);
}

/* qkv: [batch, time, heads, depth] each. */
static wg_node attend_dropping(const wg_attention_layer *layer, const wg_node qkv[3], wg_node mask)
{
    const double scale = 1.0 / sqrt((double)wg_node_dim(qkv[0], 3));
    const wg_node q = wg_swap_axes(qkv[0], 1, 2);
    const wg_node k = wg_permute(qkv[1], (const int32_t[]){0, 2, 3, 1}, 4);
    const wg_node v = wg_swap_axes(qkv[2], 1, 2);
    const wg_node scores = wg_scale(wg_matmul(q, k), scale);
    const wg_node weights = weights_of(scores, mask, layer->is_causal);
    return wg_swap_axes(wg_matmul(wg_dropout(weights, layer->dropout), v), 1, 2);
}

/* ---- applying ----------------------------------------------------------------------------- */

/* [batch, time, heads depth] in heads. */
static wg_node in_heads(const wg_attention_layer *layer, wg_node x)
{
    const int64_t dims[4] = {wg_node_dim(x, 0), wg_node_dim(x, 1), layer->heads,
                             wg_node_dim(x, 2) / layer->heads};
    return wg_reshape(x, 4, dims);
}

static bool is_dropping(const wg_attention_layer *layer, wg_node x)
{
    return layer->dropout > 0.0 && wg_graph_is_training(x.graph);
}

/* qkv: [batch, time, heads, depth] each. */
static wg_node attend(const wg_attention_layer *layer, wg_node qkv[3], wg_node mask)
{
    const wg_attention_options o = {
        .size = sizeof o, .is_causal = layer->is_causal, .is_time_first = true};
    if (layer->is_rotary) {
        qkv[0] = wg_rotary_embedding(qkv[0], &layer->rotary);
        qkv[1] = wg_rotary_embedding(qkv[1], &layer->rotary);
    }
    return is_dropping(layer, qkv[0])
               ? attend_dropping(layer, qkv, mask)
               : wg_scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], mask, &o);
}

static wg_node attend_split(const wg_attention_layer *layer, wg_node x,
                            const wg_attention_inputs *in, wg_node mask)
{
    const wg_node key = is_some(in->key) ? in->key : x;
    const wg_node value = is_some(in->value) ? in->value : key;
    wg_node qkv[3] = {wg_linear_apply(&layer->q, x), wg_linear_apply(&layer->k, key),
                      wg_linear_apply(&layer->v, value)};
    for (int32_t i = 0; i < 3; i++) {
        if (wg_node_rank(qkv[i]) != 3) {
            return wg_is_valid(qkv[i]) ? wgi_layer_fail(x, layer->module, WG_ERR_SHAPE,
                                                        "needs keys and values of rank 3")
                                       : qkv[i];
        }
        qkv[i] = in_heads(layer, qkv[i]);
    }
    return attend(layer, qkv, mask);
}

static wg_node attend_packed(const wg_attention_layer *layer, wg_node x, wg_node mask)
{
    const wg_attention_options o = {.size = sizeof o, .is_causal = layer->is_causal};
    const wg_node rows = wg_linear_apply(&layer->qkv, x);
    if (!wg_is_valid(rows)) {
        return rows;
    }
    const int64_t dims[5] = {wg_node_dim(x, 0), wg_node_dim(x, 1), 3, layer->heads,
                             wg_node_dim(x, 2) / layer->heads};
    const wg_node qkv = wg_reshape(rows, 5, dims);
    if (!layer->is_rotary && !is_dropping(layer, x)) {
        return wg_packed_attention(qkv, mask, &o);
    }
    wg_node parts[3];
    for (int32_t i = 0; i < 3; i++) {
        parts[i] = wg_select(qkv, 2, i);
    }
    return attend(layer, parts, mask);
}

static wg_node apply(const wg_attention_layer *layer, wg_node x, const wg_attention_inputs *in)
{
    const bool is_split = layer->q.weight != NULL;
    if (in->size != sizeof *in) {
        return wgi_layer_fail(x, layer->module, WG_ERR_ARGUMENT, "the inputs have another size");
    }
    if (!is_split && (is_some(in->key) || is_some(in->value))) {
        return wgi_layer_fail(x, layer->module, WG_ERR_ARGUMENT,
                              "another key or value needs a layer that is split");
    }
    if (wg_node_rank(x) != 3) {
        return wgi_layer_fail(x, layer->module, WG_ERR_SHAPE, "needs [batch, times, width]");
    }
    const wg_node mask = mask_of(in);
    const wg_node y = is_split ? attend_split(layer, x, in, mask) : attend_packed(layer, x, mask);
    if (!wg_is_valid(y)) {
        return y;
    }
    const int64_t dims[3] = {wg_node_dim(y, 0), wg_node_dim(y, 1),
                             wg_node_dim(y, 2) * wg_node_dim(y, 3)};
    return wg_linear_apply(&layer->out, wg_reshape(y, 3, dims));
}

wg_node wg_attention_apply(const wg_attention_layer *layer, wg_node x,
                           const wg_attention_inputs *inputs)
{
    const wg_attention_inputs alone = {.size = sizeof alone, .key = none};
    if (layer == NULL || layer->heads < 1 || !wg_is_valid(x)) {
        return wgi_layer_refuse(x);
    }
    (void)wg_module_enter(layer->module, x);
    return wg_module_leave(layer->module, apply(layer, x, inputs == NULL ? &alone : inputs));
}
