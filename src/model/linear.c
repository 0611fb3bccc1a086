/* The linear layer: y = x w + b.
 * SPDX-License-Identifier: Apache-2.0 */
#include <wengert/ops.h>

#include "model/layer.h"

static wg_status fill(wg_model *m, const int64_t dims[2], const wg_linear_options *o,
                      wg_linear *layer)
{
    static const wg_init xavier = {.kind = WG_INIT_XAVIER_UNIFORM};
    const wg_dtype dtype = wgi_layer_dtype(o->dtype);
    const wg_init *init = o->init == NULL ? &xavier : o->init;
    wg_status status = wg_param_create(m, "weight", dtype, 2, dims, init, &layer->weight);
    if (status == WG_OK && !o->no_bias) {
        status = wg_param_create(m, "bias", dtype, 1, dims + 1, NULL, &layer->bias);
    }
    return status;
}

wg_status wg_linear_create(wg_model *m, const char *name, int64_t in, int64_t out_features,
                           const wg_linear_options *options, wg_linear *out)
{
    const wg_linear_options none = {.size = sizeof none};
    const wg_linear_options *o = options == NULL ? &none : options;
    const int64_t dims[2] = {in, out_features};
    wg_linear layer = {0};
    wgi_making making;
    if (out != NULL) {
        *out = layer;
    }
    const char *fault = wgi_layer_fault(out, o->size, sizeof *o);
    const wg_init *init = fault == NULL ? o->init : NULL;
    wg_status status = wgi_layer_begin(m, name, "linear", init, fault, &making, &layer.module);
    if (status != WG_OK) {
        return status;
    }
    status = wgi_layer_end(&making, fill(m, dims, o, &layer));
    if (status == WG_OK) {
        *out = layer;
    }
    return status;
}

/* Only a live node tells a graph that is safe to record in; any other goes to the op, which says
 * what is wrong with it. */
wg_node wg_linear_apply(const wg_linear *layer, wg_node x)
{
    const wg_node none = {NULL, 0, 0};
    if (layer == NULL || !wg_is_valid(x)) {
        return wg_matmul(x, none);
    }
    (void)wg_module_enter(layer->module, x);
    wg_node y = wg_matmul(x, wg_use(x.graph, layer->weight));
    if (layer->bias != NULL) {
        y = wg_add(y, wg_use(x.graph, layer->bias));
    }
    return wg_module_leave(layer->module, y);
}
