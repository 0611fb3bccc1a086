/* Layers: parameters and the ops that they serve.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_LAYERS_H
#define WG_LAYERS_H

#include <wengert/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** y = x w + b, w of shape [in, out], b of shape [out]. */
typedef struct wg_linear {
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
