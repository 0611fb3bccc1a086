/* Layers: parameters and the ops that they serve.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A layer is a struct of parameters, which the model owns, and a module (model.h) that has their
 * names; a layer of your own is a struct, a function that makes it and one that applies it, and
 * lacks nothing that these have. Creating one adds all of it or nothing, and *out is zeroed then;
 * errors are those of wg_module_begin and wg_param_create. In a shared model (wg_model_share) it
 * finds the parameters that are there. Applying one records ops inside of its module: errors are of
 * the operand's graph. Parameters may be shared: let two structs hold the same one. */
#ifndef WG_LAYERS_H
#define WG_LAYERS_H

#include <wengert/model.h>
#include <wengert/ops_attention.h>
#include <wengert/ops_convolution.h>
#include <wengert/ops_recurrence.h>

#ifdef __cplusplus
extern "C" {
#endif

/** y = x w + b, w of shape [in, out], b of shape [out]. */
typedef struct wg_linear {
    const wg_module *module;
    wg_param *weight;
    wg_param *bias; /**< NULL without bias */
} wg_linear;

/** Options of a linear layer. Set `size` to sizeof(wg_linear_options). */
typedef struct wg_linear_options {
    size_t size;
    bool no_bias;
    wg_dtype dtype;      /**< 0: WG_F32 */
    const wg_init *init; /**< of the weight; NULL: Xavier uniform */
} wg_linear_options;

/**
 * Adds "<name>.weight" and "<name>.bias" (zeros) to the model.
 * Errors: those of wg_param_create; nothing is added then, and *out is zeroed.
 */
WG_NODISCARD WG_API wg_status wg_linear_create(wg_model *m, const char *name, int64_t in,
                                               int64_t out_features,
                                               const wg_linear_options *options, wg_linear *out);

/** x of [..., in] to [..., out]. Errors: of x's graph. */
WG_API wg_node wg_linear_apply(const wg_linear *layer, wg_node x);

/* ---- convolutions ------------------------------------------------------------------------- */

/** y = convolution of x with the weight, plus the bias: of signals or images, or transposed. */
typedef struct wg_conv_layer {
    const wg_module *module;
    wg_param *weight; /**< as the op has it */
    wg_param *bias;   /**< [filters]; NULL without bias */
    wg_conv_options conv;
    int32_t n_axes; /**< of the space: 1 or 2 */
    bool is_transposed;
} wg_conv_layer;

/** Options of convolutions. Set `size` to sizeof(wg_conv_layer_options). */
typedef struct wg_conv_layer_options {
    size_t size;
    wg_conv_options conv; /**< stride, padding, groups and so on; its size may be left out */
    int64_t kernel_width; /**< in two dimensions; 0: the kernel is as wide as it is high */
    bool no_bias;
    wg_dtype dtype;      /**< 0: WG_F32 */
    const wg_init *init; /**< of the weight; NULL: He uniform. Fans that are 0 are the kernel's:
                              channels / groups * kernel in, which the strides of a transposed one
                              divide; filters / groups * kernel out */
} wg_conv_layer_options;

/**
 * Adds "<name>.weight", [filters, channels / groups, kernel], and "<name>.bias", [filters], zeros.
 * Errors: those of wg_param_create; WG_ERR_ARGUMENT (options, an empty kernel, groups that do not
 * divide the channels and filters).
 */
WG_NODISCARD WG_API wg_status wg_conv1d_create(wg_model *m, const char *name, int64_t channels,
                                               int64_t filters, int64_t kernel,
                                               const wg_conv_layer_options *options,
                                               wg_conv_layer *out);

/** wg_conv1d_create of images; the weight is [filters, channels / groups, kernel, kernel]. */
WG_NODISCARD WG_API wg_status wg_conv2d_create(wg_model *m, const char *name, int64_t channels,
                                               int64_t filters, int64_t kernel,
                                               const wg_conv_layer_options *options,
                                               wg_conv_layer *out);

/** wg_conv1d_create of wg_conv_transpose1d; the weight is [channels, filters / groups, kernel]. */
WG_NODISCARD WG_API wg_status wg_conv_transpose1d_create(wg_model *m, const char *name,
                                                         int64_t channels, int64_t filters,
                                                         int64_t kernel,
                                                         const wg_conv_layer_options *options,
                                                         wg_conv_layer *out);

/** wg_conv1d_create of wg_conv_transpose2d; the weight is [channels, filters / groups, kernel,
 * kernel]. */
WG_NODISCARD WG_API wg_status wg_conv_transpose2d_create(wg_model *m, const char *name,
                                                         int64_t channels, int64_t filters,
                                                         int64_t kernel,
                                                         const wg_conv_layer_options *options,
                                                         wg_conv_layer *out);

/** wg_conv1d, wg_conv2d, wg_conv_transpose1d or wg_conv_transpose2d of x, whose shapes and errors
 * hold. */
WG_API wg_node wg_conv_apply(const wg_conv_layer *layer, wg_node x);

/* ---- embeddings --------------------------------------------------------------------------- */

/** A table: a row for each of the indices 0 to count - 1. */
typedef struct wg_embedding_layer {
    const wg_module *module;
    wg_param *weight; /**< [count, width] */
    int64_t padding;  /**< the row that learns nothing from wg_embedding_apply; -1: none */
} wg_embedding_layer;

/** Options of embeddings. Set `size` to sizeof(wg_embedding_options). */
typedef struct wg_embedding_options {
    size_t size;
    bool has_padding;
    int64_t padding;     /**< in [0, count): a row of zeros that stays so */
    wg_dtype dtype;      /**< 0: WG_F32 */
    const wg_init *init; /**< NULL: N(0, 1) */
} wg_embedding_options;

/**
 * Adds "<name>.weight", [count, width].
 * Errors: those of wg_param_create; WG_ERR_ARGUMENT (options, padding).
 */
WG_NODISCARD WG_API wg_status wg_embedding_create(wg_model *m, const char *name, int64_t count,
                                                  int64_t width,
                                                  const wg_embedding_options *options,
                                                  wg_embedding_layer *out);

/** The rows at i64 indices of any shape: [..., width]. Errors: as wg_embedding. */
WG_API wg_node wg_embedding_apply(const wg_embedding_layer *layer, wg_node indices);

/** The product of x, [..., width], with every row: [..., count]. What gives logits from the table
 * that embeds ("tied" weights). Errors: as wg_matmul. */
WG_API wg_node wg_embedding_attend_apply(const wg_embedding_layer *layer, wg_node x);

/* ---- norms -------------------------------------------------------------------------------- */

/** Which norm. */
typedef enum wg_norm_kind {
    WG_NORM_BATCH = 1,
    WG_NORM_LAYER,
    WG_NORM_GROUP,
    WG_NORM_RMS
} wg_norm_kind;

/** A norm. Pointers are NULL where there is none. */
typedef struct wg_norm_layer {
    const wg_module *module;
    wg_param *weight;
    wg_param *bias;
    wg_param *running_mean; /**< buffers, of batch norm */
    wg_param *running_var;
    wg_norm_kind kind;
    int64_t groups;
    double eps;
    double momentum;
} wg_norm_layer;

/** Options of norms. Set `size` to sizeof(wg_norm_options). */
typedef struct wg_norm_options {
    size_t size;
    double eps;         /**< 0: 1e-5 */
    double momentum;    /**< of batch norm: how much of a batch the statistics take; 0: 0.1 */
    bool no_affine;     /**< neither weight nor bias */
    bool no_bias;       /**< an RMS norm never has one */
    bool no_statistics; /**< of batch norm: the batch's own in evaluation too */
    wg_dtype dtype;     /**< 0: WG_F32 */
} wg_norm_options;

/**
 * wg_batch_norm of [n, channels] or [n, channels, ...]: adds "<name>.weight" (ones), "<name>.bias"
 * (zeros) and the buffers "<name>.running_mean" (zeros) and "<name>.running_var" (ones), of shape
 * [channels]. Whether the graph trains (wg_graph_set_training) tells which statistics are used; in
 * a step of training the buffers are updated once.
 * Errors: those of wg_param_create; WG_ERR_ARGUMENT (options: eps and momentum are finite and >= 0,
 * momentum at most 1).
 */
WG_NODISCARD WG_API wg_status wg_batch_norm_create(wg_model *m, const char *name, int64_t channels,
                                                   const wg_norm_options *options,
                                                   wg_norm_layer *out);

/** wg_layer_norm over the last axis of [..., width]: adds "<name>.weight" (ones) and "<name>.bias"
 * (zeros), [width]. Errors: as wg_batch_norm_create. */
WG_NODISCARD WG_API wg_status wg_layer_norm_create(wg_model *m, const char *name, int64_t width,
                                                   const wg_norm_options *options,
                                                   wg_norm_layer *out);

/** wg_group_norm of [n, channels, ...]: adds "<name>.weight" (ones) and "<name>.bias" (zeros),
 * [channels]. Errors: as wg_batch_norm_create; WG_ERR_ARGUMENT (groups do not divide channels). */
WG_NODISCARD WG_API wg_status wg_group_norm_create(wg_model *m, const char *name, int64_t groups,
                                                   int64_t channels, const wg_norm_options *options,
                                                   wg_norm_layer *out);

/** wg_rms_norm over the last axis of [..., width]: adds "<name>.weight" (ones), [width]. Errors: as
 * wg_batch_norm_create. */
WG_NODISCARD WG_API wg_status wg_rms_norm_create(wg_model *m, const char *name, int64_t width,
                                                 const wg_norm_options *options,
                                                 wg_norm_layer *out);

/** The norm of x, in its shape. Errors: those of the op. */
WG_API wg_node wg_norm_apply(const wg_norm_layer *layer, wg_node x);

/* ---- dropout ------------------------------------------------------------------------------ */

/** wg_dropout as a module, which has no parameters. */
typedef struct wg_dropout_layer {
    const wg_module *module;
    double probability;
} wg_dropout_layer;

/** Errors: those of wg_module_begin; WG_ERR_ARGUMENT (probability outside of [0, 1)). */
WG_NODISCARD WG_API wg_status wg_dropout_create(wg_model *m, const char *name, double probability,
                                                wg_dropout_layer *out);

/** wg_dropout of x in a graph that trains, else x; with probability 0 x itself. Errors: as
 * wg_dropout. */
WG_API wg_node wg_dropout_apply(const wg_dropout_layer *layer, wg_node x);

/* ---- recurrences -------------------------------------------------------------------------- */

/** Layers that a recurrence may have on top of each other. */
enum {
    WG_RECURRENT_MAX_LAYERS = 16
};

/** Which recurrence. */
typedef enum wg_recurrent_kind {
    WG_RECURRENT_RNN = 1,
    WG_RECURRENT_LSTM,
    WG_RECURRENT_GRU
} wg_recurrent_kind;

/** The weights of one layer in one direction, as wg_recurrence_weights has them. */
typedef struct wg_recurrent_params {
    wg_param *w_ih;
    wg_param *w_hh;
    wg_param *b_ih; /**< NULL without biases */
    wg_param *b_hh;
} wg_recurrent_params;

/** Recurrences on top of each other, in one direction or in both. */
typedef struct wg_recurrent_layer {
    const wg_module *module;
    wg_recurrent_params params[WG_RECURRENT_MAX_LAYERS][2]; /**< forwards, and in reverse */
    wg_recurrent_kind kind;
    wg_nonlinearity nonlinearity;
    int32_t n_layers;
    int32_t n_directions;
    int64_t hidden;
    double dropout;
    bool batch_first;
} wg_recurrent_layer;

/** Options of recurrences. Set `size` to sizeof(wg_recurrent_options). */
typedef struct wg_recurrent_options {
    size_t size;
    int32_t n_layers;      /**< 0: 1; at most WG_RECURRENT_MAX_LAYERS */
    bool is_bidirectional; /**< each layer runs both ways, and gives both states side by side */
    bool batch_first;      /**< x and y are [batch, steps, ...] */
    bool no_bias;
    double dropout;               /**< in training, of what a layer gives to the next one */
    wg_nonlinearity nonlinearity; /**< of an RNN; 0: tanh */
    wg_dtype dtype;               /**< 0: WG_F32 */
    const wg_init *init;          /**< of weights and biases; NULL: U(-1 / sqrt(hidden), 1 /
                                       sqrt(hidden)). Kinds that need a matrix leave biases 0 */
} wg_recurrent_options;

/**
 * wg_rnn, stacked: for each layer k adds "<name>.weight_ih_l<k>", [hidden, inputs],
 * "<name>.weight_hh_l<k>", [hidden, hidden], "<name>.bias_ih_l<k>" and "<name>.bias_hh_l<k>",
 * [hidden]; in reverse the same with "_reverse" behind. The inputs of layers above the first are
 * hidden, or 2 hidden where it is bidirectional.
 * Errors: those of wg_param_create; WG_ERR_ARGUMENT (options, hidden).
 */
WG_NODISCARD WG_API wg_status wg_rnn_create(wg_model *m, const char *name, int64_t inputs,
                                            int64_t hidden, const wg_recurrent_options *options,
                                            wg_recurrent_layer *out);

/** wg_rnn_create of wg_lstm: the first sizes are 4 hidden. */
WG_NODISCARD WG_API wg_status wg_lstm_create(wg_model *m, const char *name, int64_t inputs,
                                             int64_t hidden, const wg_recurrent_options *options,
                                             wg_recurrent_layer *out);

/** wg_rnn_create of wg_gru: the first sizes are 3 hidden. */
WG_NODISCARD WG_API wg_status wg_gru_create(wg_model *m, const char *name, int64_t inputs,
                                            int64_t hidden, const wg_recurrent_options *options,
                                            wg_recurrent_layer *out);

/** States between two stretches of a sequence, [layers * directions, batch, hidden]: of each layer
 * forwards, then in reverse. */
typedef struct wg_recurrent_state {
    wg_node h; /**< a zero handle: zeros */
    wg_node c; /**< of an LSTM, likewise; a zero handle from others */
} wg_recurrent_state;

/**
 * The states of the last layer after each step: [steps, batch, directions * hidden], or with
 * batch_first [batch, steps, directions * hidden].
 *
 * x        [steps, batch, inputs] or with batch_first [batch, steps, inputs]; or i64 without the
 *          last axis: indices, each of which stands for a vector that is 1 at that place
 * state    the states to begin with; gets those after the last step of each sequence. NULL: zeros
 * lengths  i64 [batch], each in [0, steps]: sequence b ends after lengths[b] steps. y is 0 past the
 *          end, and what x holds there takes no part; reversed directions begin at the end. A zero
 *          handle: all have all steps
 *
 * Errors: as wg_rnn. Source: PyTorch's RNN, LSTM and GRU; lengths are those of its
 * pack_padded_sequence, in any order.
 */
WG_API wg_node wg_recurrent_apply(const wg_recurrent_layer *layer, wg_node x,
                                  wg_recurrent_state *state, wg_node lengths);

/* ---- attention ---------------------------------------------------------------------------- */

/** Attention of several heads, with projections in and out. Of the linear layers in, those that
 * there are not have no weight. */
typedef struct wg_attention_layer {
    const wg_module *module;
    wg_linear qkv; /**< all three in one product */
    wg_linear q;   /**< or each by itself, where it is split */
    wg_linear k;
    wg_linear v;
    wg_linear out;
    int64_t heads;
    double dropout;
    bool is_causal;
    bool is_rotary;
    wg_rotary_options rotary;
} wg_attention_layer;

/** Options of attention. Set `size` to sizeof(wg_attention_layer_options). */
typedef struct wg_attention_layer_options {
    size_t size;
    bool is_split;     /**< q, k and v are layers of their own, which attending to another sequence
                            needs; else one product gives all three, which is faster */
    int64_t key_width; /**< where it is split; 0: width */
    int64_t value_width;      /**< likewise; 0: key_width */
    bool is_causal;           /**< query i attends to keys [0, i] alone */
    bool is_rotary;           /**< turns queries and keys by wg_rotary_embedding */
    wg_rotary_options rotary; /**< its size and is_time_first may be left out */
    double dropout;           /**< in training, of the weights, which are all held in memory then */
    bool no_bias;
    wg_dtype dtype;      /**< 0: WG_F32 */
    const wg_init *init; /**< of the weights; NULL: Xavier uniform, each projection by itself */
} wg_attention_layer_options;

/**
 * Adds "<name>.qkv.weight", [width, 3 width], whose columns are those of q, then k, then v, each by
 * heads, and "<name>.qkv.bias"; or where it is split "<name>.q.weight", "<name>.k.weight" and
 * "<name>.v.weight", [..., width], with biases. Then "<name>.out.weight", [width, width], and
 * "<name>.out.bias". Biases are zeros.
 *
 * heads  divide width
 *
 * Errors: those of wg_param_create; WG_ERR_ARGUMENT (options, heads; rotary needs an even number of
 * elements in each head).
 */
WG_NODISCARD WG_API wg_status wg_attention_create(wg_model *m, const char *name, int64_t width,
                                                  int64_t heads,
                                                  const wg_attention_layer_options *options,
                                                  wg_attention_layer *out);

/** What attention may take besides its queries. Set `size` to sizeof(wg_attention_inputs); zero
 * handles are none. */
typedef struct wg_attention_inputs {
    size_t size;
    wg_node key;   /**< [batch, keys, key_width], where it is split; none: x */
    wg_node value; /**< [batch, keys, value_width], likewise; none: key */
    wg_node mask;  /**< as of wg_scaled_dot_product_attention: bool, true where a query attends to a
                        key, or added to the scores; broadcasts to [batch, heads, times, keys] */
    wg_node is_key; /**< bool [batch, keys]: false for what is padding and is not attended to */
} wg_attention_inputs;

/**
 * out(attention of q(x), k(key), v(value)), by wg_packed_attention or
 * wg_scaled_dot_product_attention.
 *
 * x        [batch, times, width]
 * inputs   NULL: x attends to itself, to all of it unless it is causal
 * returns  [batch, times, width]
 *
 * Errors: WG_ERR_SHAPE, WG_ERR_DTYPE, WG_ERR_ARGUMENT (size; a key or value where it is not split).
 * Source: Vaswani et al. 2017; PyTorch's MultiheadAttention, whose in_proj_weight is the transpose
 * of "qkv.weight".
 */
WG_API wg_node wg_attention_apply(const wg_attention_layer *layer, wg_node x,
                                  const wg_attention_inputs *inputs);

/* ---- transformers ------------------------------------------------------------------------- */

/** Between the two products of a block. The gated ones are f(x gate) * (x up). */
typedef enum wg_transformer_activation {
    WG_TRANSFORMER_GELU = 0,
    WG_TRANSFORMER_GELU_TANH,
    WG_TRANSFORMER_RELU,
    WG_TRANSFORMER_GATED_SILU, /**< "SwiGLU"; Shazeer 2020 */
    WG_TRANSFORMER_GATED_GELU
} wg_transformer_activation;

/** A block of a transformer: attention, attention to a memory where it has that, and two linear
 * layers, each with a norm and a path past it. What there is not is zeros. */
typedef struct wg_transformer_block {
    const wg_module *module;
    wg_norm_layer norm_attn;
    wg_attention_layer attn;
    wg_norm_layer norm_cross;
    wg_attention_layer cross;
    wg_norm_layer norm_mlp;
    const wg_module *mlp;
    wg_linear up;
    wg_linear gate;
    wg_linear down;
    wg_transformer_activation activation;
    double dropout;
    bool is_post_norm;
} wg_transformer_block;

/** Options of blocks. Set `size` to sizeof(wg_transformer_options). */
typedef struct wg_transformer_options {
    size_t size;
    int64_t hidden;       /**< between the two linear layers; 0: 4 width */
    int64_t memory_width; /**< of a decoder's memory; 0: width */
    bool has_cross;       /**< attends to a memory as well: a decoder's block */
    bool is_causal;       /**< as of attention */
    bool is_post_norm;    /**< norms follow the sums, as in 2017; else they come before each part */
    bool has_rms_norm;    /**< in place of layer norm */
    bool no_bias;         /**< nowhere */
    bool is_rotary;       /**< as of attention; of attention to the memory not */
    wg_rotary_options rotary;
    wg_transformer_activation activation; /**< 0: the exact gelu */
    double dropout; /**< in training, of what each part gives and between the two products */
    double attention_dropout; /**< as of attention */
    double eps;               /**< of the norms; 0: 1e-5 */
    wg_dtype dtype;           /**< 0: WG_F32 */
    const wg_init *init;      /**< of all matrices; NULL: Xavier uniform */
} wg_transformer_options;

/**
 * Adds, below "<name>.", "norm_attn", "attn", "norm_cross" and "cross" (with has_cross; split),
 * "norm_mlp", "mlp.up", "mlp.gate" (of gated activations) and "mlp.down".
 * Errors: those of wg_param_create; WG_ERR_ARGUMENT (options, width, heads that do not divide it).
 */
WG_NODISCARD WG_API wg_status wg_transformer_block_create(wg_model *m, const char *name,
                                                          int64_t width, int64_t heads,
                                                          const wg_transformer_options *options,
                                                          wg_transformer_block *out);

/** What a block may take besides x. Set `size` to sizeof(wg_transformer_inputs); zero handles are
 * none. */
typedef struct wg_transformer_inputs {
    size_t size;
    wg_node mask;          /**< of attention, as in wg_attention_inputs */
    wg_node is_key;        /**< likewise */
    wg_node memory;        /**< [batch, keys, memory_width], which a block with has_cross needs */
    wg_node memory_mask;   /**< of attention to it */
    wg_node memory_is_key; /**< likewise */
} wg_transformer_inputs;

/**
 * With parts f = attn, cross, mlp in this order x becomes x + f(norm(x)), or with is_post_norm
 * norm(x + f(x)); mlp(x) = down(activation(up(x))). [batch, times, width] to the same.
 *
 * inputs  NULL: none
 *
 * Errors: as wg_attention_apply; WG_ERR_ARGUMENT (size, a memory that is missing or too much).
 * Source: Vaswani et al. 2017; norms before the parts as in Xiong et al. 2020; PyTorch's
 * TransformerEncoderLayer and TransformerDecoderLayer.
 */
WG_API wg_node wg_transformer_block_apply(const wg_transformer_block *block, wg_node x,
                                          const wg_transformer_inputs *inputs);

#ifdef __cplusplus
}
#endif
#endif
