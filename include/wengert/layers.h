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

#ifdef __cplusplus
}
#endif
#endif
