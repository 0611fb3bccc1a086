/* The dropout layer.
 * SPDX-License-Identifier: Apache-2.0 */
#include <wengert/ops.h>

#include "model/layer.h"

wg_status wg_dropout_create(wg_model *m, const char *name, double probability,
                            wg_dropout_layer *out)
{
    wg_dropout_layer layer = {.probability = probability};
    wgi_making making;
    if (out != NULL) {
        *out = (wg_dropout_layer){0};
    }
    const char *fault = wgi_layer_fault(out, 0, 0);
    if (fault == NULL && !wgi_is_drop_probability(probability)) {
        fault = "the probability is in [0, 1)";
    }
    wg_status status = wgi_layer_begin(m, name, "dropout", NULL, fault, &making, &layer.module);
    if (status != WG_OK) {
        return status;
    }
    status = wgi_layer_end(&making, WG_OK);
    *out = layer;
    return status;
}

wg_node wg_dropout_apply(const wg_dropout_layer *layer, wg_node x)
{
    if (layer == NULL || !wg_is_valid(x)) {
        return wgi_layer_refuse(x);
    }
    (void)wg_module_enter(layer->module, x);
    return wg_module_leave(layer->module, wgi_layer_drop(x, layer->probability));
}
