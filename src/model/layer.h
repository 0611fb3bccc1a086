/* What making a layer is like.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A layer is a module; where making one fails, the model and the stream of its initialiser are as
 * they were. */
#ifndef WG_MODEL_LAYER_H
#define WG_MODEL_LAYER_H

#include <wengert/layers.h>

#include "model/model.h"

/* A layer that is being made. */
typedef struct wgi_making {
    wg_model *m;
    wg_rng *rng; /* the initialiser's own stream; NULL: the model's */
    wg_rng before;
} wgi_making;

/* What is wrong with a call: no room for the layer, options of another version's size; or NULL. */
const char *wgi_layer_fault(const void *out, size_t size, size_t expected);

/* Begins the module, unless there is a fault. */
WGI_NODISCARD wg_status wgi_layer_begin(wg_model *m, const char *name, const char *kind,
                                        const wg_init *init, const char *fault, wgi_making *making,
                                        const wg_module **module);

/* Ends it; returns `status`. */
WGI_NODISCARD wg_status wgi_layer_end(const wgi_making *making, wg_status status);

/* The dtype of a layer whose options leave it out. */
static inline wg_dtype wgi_layer_dtype(wg_dtype dtype)
{
    return dtype == 0 ? WG_F32 : dtype;
}

/* The parameter in x's graph; a zero handle, which is "none" to ops, where there is no parameter.
 */
static inline wg_node wgi_layer_use(wg_node x, wg_param *p)
{
    const wg_node none = {NULL, 0, 0};
    return p == NULL ? none : wg_use(x.graph, p);
}

/* What applying a layer that is none gives, and one to a node that is none: x's graph fails. */
wg_node wgi_layer_refuse(wg_node x);

/* Fails the graph of a node in it, in the name of the module's kind. */
wg_node wgi_layer_fail(wg_node x, const wg_module *module, wg_status status, const char *text);

/* Whether p is in [0, 1). */
bool wgi_is_drop_probability(double p);

/* Dropout, unless the probability is 0. */
wg_node wgi_layer_drop(wg_node x, double p);

#endif
