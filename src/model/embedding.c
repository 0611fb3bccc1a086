/* The embedding layer: rows of a table, and products with all of them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <wengert/ops.h>

#include "model/layer.h"

static const char *fault_of(int64_t count, const wg_embedding_options *o)
{
    return o->has_padding && (o->padding < 0 || o->padding >= count)
               ? "the padding is none of the rows"
               : NULL;
}

/* A shared table, which cannot be written, has been cleared by the model that made it. */
static void clear_row(wg_param *p, int64_t row)
{
    wg_tensor *t = wg_param_value(p);
    char *data = wg_tensor_data_mutable(t);
    if (data != NULL) {
        const size_t bytes = wg_tensor_bytes(t) / (size_t)wg_tensor_dims(t)[0];
        memset(data + (size_t)row * bytes, 0, bytes);
    }
}

static wg_status fill(wg_model *m, const int64_t dims[2], const wg_embedding_options *o,
                      wg_embedding_layer *layer)
{
    static const wg_init normal = {.kind = WG_INIT_NORMAL, .b = 1.0};
    const wg_init *init = o->init == NULL ? &normal : o->init;
    const wg_status status =
        wg_param_create(m, "weight", wgi_layer_dtype(o->dtype), 2, dims, init, &layer->weight);
    if (status == WG_OK && layer->padding >= 0) {
        clear_row(layer->weight, layer->padding);
    }
    return status;
}

wg_status wg_embedding_create(wg_model *m, const char *name, int64_t count, int64_t width,
                              const wg_embedding_options *options, wg_embedding_layer *out)
{
    const wg_embedding_options none = {.size = sizeof none};
    const wg_embedding_options *o = options == NULL ? &none : options;
    const int64_t dims[2] = {count, width};
    wg_embedding_layer layer = {0};
    wgi_making making;
    if (out != NULL) {
        *out = layer;
    }
    const char *fault = wgi_layer_fault(out, o->size, sizeof *o);
    fault = fault == NULL ? fault_of(count, o) : fault;
    const wg_init *init = fault == NULL ? o->init : NULL;
    wg_status status = wgi_layer_begin(m, name, "embedding", init, fault, &making, &layer.module);
    if (status != WG_OK) {
        return status;
    }
    layer.padding = o->has_padding ? o->padding : -1;
    status = wgi_layer_end(&making, fill(m, dims, o, &layer));
    if (status == WG_OK) {
        *out = layer;
    }
    return status;
}

wg_node wg_embedding_apply(const wg_embedding_layer *layer, wg_node indices)
{
    if (layer == NULL || !wg_is_valid(indices)) {
        return wgi_layer_refuse(indices);
    }
    (void)wg_module_enter(layer->module, indices);
    const wg_node weight = wg_use(indices.graph, layer->weight);
    return wg_module_leave(layer->module, wg_embedding(weight, indices, layer->padding));
}

wg_node wg_embedding_attend_apply(const wg_embedding_layer *layer, wg_node x)
{
    if (layer == NULL || !wg_is_valid(x)) {
        return wgi_layer_refuse(x);
    }
    (void)wg_module_enter(layer->module, x);
    const wg_node weight = wg_transpose(wg_use(x.graph, layer->weight));
    return wg_module_leave(layer->module, wg_matmul(x, weight));
}
