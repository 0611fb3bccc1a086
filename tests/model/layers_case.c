/* The layers that tests/golden/layers.txt has cases of.
 * SPDX-License-Identifier: Apache-2.0 */
#include "layers_case.h"

#include <string.h>

/* The input of that name; a zero handle where the case has none. */
static wg_node in_of(const layers_inputs *in, const char *name)
{
    for (size_t i = 0; i < in->n; i++) {
        if (strcmp(in->name[i], name) == 0) {
            return in->node[i];
        }
    }
    return (wg_node){NULL, 0, 0};
}

static void give(layers_outputs *out, const char *name, wg_node y)
{
    out->name[out->n] = name;
    out->node[out->n++] = y;
}

#define OPTIONS(type, ...) (&(const type){.size = sizeof(type), .dtype = WG_F64, __VA_ARGS__})
#define CREATE(function_name, call)                                                                \
    static wg_status create_##function_name(wg_model *m, layers_any *layer)                        \
    {                                                                                              \
        return call;                                                                               \
    }

/* ---- convolutions ------------------------------------------------------------------------- */

CREATE(conv1d, wg_conv1d_create(m, "l", 4, 6, 3,
                                OPTIONS(wg_conv_layer_options, .conv = {.stride = {2},
                                                                        .dilation = {2},
                                                                        .before = {1},
                                                                        .after = {1},
                                                                        .groups = 2}),
                                &layer->conv))
CREATE(conv2d, wg_conv2d_create(m, "l", 2, 3, 3,
                                OPTIONS(wg_conv_layer_options, .kernel_width = 2,
                                        .conv = {.before = {1, 0}, .after = {1, 0}}),
                                &layer->conv))
CREATE(conv2d_no_bias,
       wg_conv2d_create(m, "l", 2, 3, 3, OPTIONS(wg_conv_layer_options, .no_bias = true),
                        &layer->conv))
CREATE(conv_transpose1d,
       wg_conv_transpose1d_create(m, "l", 4, 6, 3,
                                  OPTIONS(wg_conv_layer_options, .conv = {.stride = {2},
                                                                          .before = {1},
                                                                          .after = {1},
                                                                          .groups = 2,
                                                                          .output_padding = {1}}),
                                  &layer->conv))
CREATE(conv_transpose2d,
       wg_conv_transpose2d_create(m, "l", 2, 3, 2,
                                  OPTIONS(wg_conv_layer_options, .conv = {.stride = {2, 2}}),
                                  &layer->conv))

static void apply_conv(const layers_any *layer, const layers_inputs *in, layers_outputs *out)
{
    give(out, "y", wg_conv_apply(&layer->conv, in_of(in, "x")));
}

/* ---- embeddings --------------------------------------------------------------------------- */

CREATE(embedding,
       wg_embedding_create(m, "l", 5, 3,
                           OPTIONS(wg_embedding_options, .has_padding = true, .padding = 1),
                           &layer->embedding))
CREATE(embedding_tied,
       wg_embedding_create(m, "l", 5, 3, OPTIONS(wg_embedding_options, .has_padding = false),
                           &layer->embedding))

static void apply_embedding(const layers_any *layer, const layers_inputs *in, layers_outputs *out)
{
    give(out, "y", wg_embedding_apply(&layer->embedding, in_of(in, "x")));
}

static void apply_tied(const layers_any *layer, const layers_inputs *in, layers_outputs *out)
{
    const wg_node h = wg_tanh(wg_embedding_apply(&layer->embedding, in_of(in, "x")));
    give(out, "y", wg_embedding_attend_apply(&layer->embedding, h));
}

/* ---- norms -------------------------------------------------------------------------------- */

CREATE(batch_norm1d,
       wg_batch_norm_create(m, "l", 3, OPTIONS(wg_norm_options, .momentum = 0.3, .eps = 1e-3),
                            &layer->norm))
CREATE(batch_norm2d,
       wg_batch_norm_create(m, "l", 2, OPTIONS(wg_norm_options, .eps = 1e-5), &layer->norm))
CREATE(layer_norm,
       wg_layer_norm_create(m, "l", 4, OPTIONS(wg_norm_options, .eps = 0.0), &layer->norm))
CREATE(group_norm,
       wg_group_norm_create(m, "l", 2, 4, OPTIONS(wg_norm_options, .eps = 0.0), &layer->norm))
CREATE(rms_norm, wg_rms_norm_create(m, "l", 4, OPTIONS(wg_norm_options, .eps = 0.0), &layer->norm))

static void apply_norm(const layers_any *layer, const layers_inputs *in, layers_outputs *out)
{
    give(out, "y", wg_norm_apply(&layer->norm, in_of(in, "x")));
}

/* ---- recurrences -------------------------------------------------------------------------- */

CREATE(rnn,
       wg_rnn_create(m, "l", 2, 3, OPTIONS(wg_recurrent_options, .n_layers = 1), &layer->recurrent))
CREATE(rnn_relu, wg_rnn_create(m, "l", 2, 3,
                               OPTIONS(wg_recurrent_options, .nonlinearity = WG_NONLINEARITY_RELU,
                                       .is_bidirectional = true),
                               &layer->recurrent))
CREATE(lstm_stacked,
       wg_lstm_create(m, "l", 2, 2,
                      OPTIONS(wg_recurrent_options, .n_layers = 3, .batch_first = true),
                      &layer->recurrent))
CREATE(lstm_both_ways,
       wg_lstm_create(m, "l", 2, 2,
                      OPTIONS(wg_recurrent_options, .n_layers = 2, .is_bidirectional = true),
                      &layer->recurrent))
CREATE(lstm_of_indices,
       wg_lstm_create(m, "l", 4, 2,
                      OPTIONS(wg_recurrent_options, .no_bias = true, .batch_first = true),
                      &layer->recurrent))
CREATE(gru, wg_gru_create(m, "l", 2, 3, OPTIONS(wg_recurrent_options, .no_bias = true),
                          &layer->recurrent))
CREATE(gru_both_ways, wg_gru_create(m, "l", 2, 2,
                                    OPTIONS(wg_recurrent_options, .n_layers = 2,
                                            .is_bidirectional = true, .batch_first = true),
                                    &layer->recurrent))

static void apply_recurrent(const layers_any *layer, const layers_inputs *in, layers_outputs *out)
{
    wg_recurrent_state state = {.h = in_of(in, "h0"), .c = in_of(in, "c0")};
    const wg_node lengths = in_of(in, "lengths");
    give(out, "y", wg_recurrent_apply(&layer->recurrent, in_of(in, "x"), &state, lengths));
    give(out, "h", state.h);
    if (layer->recurrent.kind == WG_RECURRENT_LSTM) {
        give(out, "c", state.c);
    }
}

/* ---- attention ---------------------------------------------------------------------------- */

CREATE(attention,
       wg_attention_create(m, "l", 4, 2, OPTIONS(wg_attention_layer_options, .is_split = false),
                           &layer->attention))
CREATE(attention_causal,
       wg_attention_create(m, "l", 4, 2,
                           OPTIONS(wg_attention_layer_options, .is_causal = true, .no_bias = true),
                           &layer->attention))
CREATE(attention_cross, wg_attention_create(m, "l", 4, 2,
                                            OPTIONS(wg_attention_layer_options, .is_split = true,
                                                    .key_width = 3, .value_width = 5),
                                            &layer->attention))
CREATE(attention_rotary, wg_attention_create(m, "l", 8, 2,
                                             OPTIONS(wg_attention_layer_options, .is_rotary = true,
                                                     .is_causal = true),
                                             &layer->attention))

static void apply_attention(const layers_any *layer, const layers_inputs *in, layers_outputs *out)
{
    const wg_attention_inputs inputs = {.size = sizeof inputs,
                                        .key = in_of(in, "key"),
                                        .value = in_of(in, "value"),
                                        .mask = in_of(in, "mask"),
                                        .is_key = in_of(in, "is_key")};
    give(out, "y", wg_attention_apply(&layer->attention, in_of(in, "x"), &inputs));
}

/* ---- transformers ------------------------------------------------------------------------- */

CREATE(encoder,
       wg_transformer_block_create(m, "l", 4, 2, OPTIONS(wg_transformer_options, .hidden = 6),
                                   &layer->block))
CREATE(encoder_post,
       wg_transformer_block_create(m, "l", 4, 2,
                                   OPTIONS(wg_transformer_options, .hidden = 6, .is_causal = true,
                                           .is_post_norm = true, .activation = WG_TRANSFORMER_RELU),
                                   &layer->block))
CREATE(decoder, wg_transformer_block_create(m, "l", 4, 2,
                                            OPTIONS(wg_transformer_options, .hidden = 6,
                                                    .has_cross = true, .is_causal = true),
                                            &layer->block))
CREATE(decoder_post, wg_transformer_block_create(m, "l", 4, 2,
                                                 OPTIONS(wg_transformer_options, .hidden = 6,
                                                         .has_cross = true, .is_post_norm = true),
                                                 &layer->block))
CREATE(gated, wg_transformer_block_create(m, "l", 4, 2,
                                          OPTIONS(wg_transformer_options, .hidden = 6,
                                                  .has_rms_norm = true, .no_bias = true,
                                                  .activation = WG_TRANSFORMER_GATED_SILU),
                                          &layer->block))

static void apply_block(const layers_any *layer, const layers_inputs *in, layers_outputs *out)
{
    const wg_transformer_inputs inputs = {.size = sizeof inputs,
                                          .mask = in_of(in, "mask"),
                                          .is_key = in_of(in, "is_key"),
                                          .memory = in_of(in, "memory"),
                                          .memory_mask = in_of(in, "memory_mask"),
                                          .memory_is_key = in_of(in, "memory_is_key")};
    give(out, "y", wg_transformer_block_apply(&layer->block, in_of(in, "x"), &inputs));
}

/* ---- all ---------------------------------------------------------------------------------- */

const layers_case layers_cases[] = {
    {"conv1d", create_conv1d, apply_conv, false, sizeof(wg_conv_layer)},
    {"conv2d", create_conv2d, apply_conv, false, sizeof(wg_conv_layer)},
    {"conv2d_no_bias", create_conv2d_no_bias, apply_conv, false, sizeof(wg_conv_layer)},
    {"conv_transpose1d", create_conv_transpose1d, apply_conv, false, sizeof(wg_conv_layer)},
    {"conv_transpose2d", create_conv_transpose2d, apply_conv, false, sizeof(wg_conv_layer)},
    {"embedding", create_embedding, apply_embedding, false, sizeof(wg_embedding_layer)},
    {"embedding_tied", create_embedding_tied, apply_tied, false, sizeof(wg_embedding_layer)},
    {"batch_norm1d", create_batch_norm1d, apply_norm, false, sizeof(wg_norm_layer)},
    {"batch_norm2d", create_batch_norm2d, apply_norm, false, sizeof(wg_norm_layer)},
    {"batch_norm_evaluation", create_batch_norm2d, apply_norm, true, sizeof(wg_norm_layer)},
    {"layer_norm", create_layer_norm, apply_norm, false, sizeof(wg_norm_layer)},
    {"group_norm", create_group_norm, apply_norm, false, sizeof(wg_norm_layer)},
    {"rms_norm", create_rms_norm, apply_norm, false, sizeof(wg_norm_layer)},
    {"rnn", create_rnn, apply_recurrent, false, sizeof(wg_recurrent_layer)},
    {"rnn_relu", create_rnn_relu, apply_recurrent, false, sizeof(wg_recurrent_layer)},
    {"lstm_stacked", create_lstm_stacked, apply_recurrent, false, sizeof(wg_recurrent_layer)},
    {"lstm_both_ways", create_lstm_both_ways, apply_recurrent, false, sizeof(wg_recurrent_layer)},
    {"lstm_of_indices", create_lstm_of_indices, apply_recurrent, false, sizeof(wg_recurrent_layer)},
    {"gru", create_gru, apply_recurrent, false, sizeof(wg_recurrent_layer)},
    {"gru_both_ways", create_gru_both_ways, apply_recurrent, false, sizeof(wg_recurrent_layer)},
    {"attention", create_attention, apply_attention, false, sizeof(wg_attention_layer)},
    {"attention_masked", create_attention, apply_attention, false, sizeof(wg_attention_layer)},
    {"attention_added", create_attention, apply_attention, false, sizeof(wg_attention_layer)},
    {"attention_causal", create_attention_causal, apply_attention, false,
     sizeof(wg_attention_layer)},
    {"attention_cross", create_attention_cross, apply_attention, false, sizeof(wg_attention_layer)},
    {"attention_rotary", create_attention_rotary, apply_attention, false,
     sizeof(wg_attention_layer)},
    {"encoder", create_encoder, apply_block, false, sizeof(wg_transformer_block)},
    {"encoder_post", create_encoder_post, apply_block, false, sizeof(wg_transformer_block)},
    {"decoder", create_decoder, apply_block, false, sizeof(wg_transformer_block)},
    {"decoder_post", create_decoder_post, apply_block, false, sizeof(wg_transformer_block)},
    {"gated", create_gated, apply_block, false, sizeof(wg_transformer_block)},
    {NULL, NULL, NULL, false, 0},
};
