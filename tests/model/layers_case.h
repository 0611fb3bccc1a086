/* The layers that tests/golden/layers.txt has cases of, by their names.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_TESTS_MODEL_LAYERS_CASE_H
#define WG_TESTS_MODEL_LAYERS_CASE_H

#include <wengert/wengert.h>

enum {
    LAYERS_INPUTS = 6
};

typedef union layers_any {
    wg_conv_layer conv;
    wg_embedding_layer embedding;
    wg_norm_layer norm;
    wg_recurrent_layer recurrent;
    wg_attention_layer attention;
    wg_transformer_block block;
} layers_any;

typedef struct layers_inputs {
    size_t n;
    char name[LAYERS_INPUTS][64];
    wg_node node[LAYERS_INPUTS];
} layers_inputs;

typedef struct layers_outputs {
    size_t n;
    const char *name[4];
    wg_node node[4];
} layers_outputs;

/* A layer named "l", in f64. */
typedef struct layers_case {
    const char *name;
    wg_status (*create)(wg_model *m, layers_any *layer);
    void (*apply)(const layers_any *layer, const layers_inputs *in, layers_outputs *out);
    bool is_evaluated;
    size_t bytes; /* of the layer's struct */
} layers_case;

/* Ends with a row without a name. */
extern const layers_case layers_cases[];

#endif
