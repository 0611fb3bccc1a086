/* Norm layers: batch, layer, group and RMS.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a layer that was made has a kind; one of zeros, which was not, has none. */
#include <math.h>

#include <wengert/ops.h>

#include "model/layer.h"

static const char *const kinds[] = {"", "batch_norm", "layer_norm", "group_norm", "rms_norm"};

static const char *fault_of(wg_norm_kind kind, int64_t groups, int64_t channels,
                            const wg_norm_options *o)
{
    if (!(isfinite(o->eps) && o->eps >= 0.0)) {
        return "eps is finite and >= 0";
    }
    if (!(o->momentum >= 0.0 && o->momentum <= 1.0)) {
        return "the momentum is in [0, 1]";
    }
    if (kind == WG_NORM_GROUP && (groups < 1 || channels % groups != 0)) {
        return "the groups do not divide the channels";
    }
    return NULL;
}

static wg_status fill(wg_model *m, int64_t channels, const wg_norm_options *o, wg_norm_layer *layer)
{
    static const wg_init ones = {.kind = WG_INIT_CONSTANT, .a = 1.0};
    const wg_dtype dtype = wgi_layer_dtype(o->dtype);
    const bool has_bias = !o->no_affine && !o->no_bias && layer->kind != WG_NORM_RMS;
    const bool has_statistics = layer->kind == WG_NORM_BATCH && !o->no_statistics;
    wg_status status = WG_OK;
    if (!o->no_affine) {
        status = wg_param_create(m, "weight", dtype, 1, &channels, &ones, &layer->weight);
    }
    if (status == WG_OK && has_bias) {
        status = wg_param_create(m, "bias", dtype, 1, &channels, NULL, &layer->bias);
    }
    if (status == WG_OK && has_statistics) {
        status =
            wg_buffer_create(m, "running_mean", dtype, 1, &channels, NULL, &layer->running_mean);
    }
    if (status == WG_OK && has_statistics) {
        status =
            wg_buffer_create(m, "running_var", dtype, 1, &channels, &ones, &layer->running_var);
    }
    return status;
}

/* `like` tells the kind and the groups. */
static wg_status create(wg_model *m, const char *name, const wg_norm_layer *like, int64_t channels,
                        const wg_norm_options *options, wg_norm_layer *out)
{
    const wg_norm_options none = {.size = sizeof none};
    const wg_norm_options *o = options == NULL ? &none : options;
    wg_norm_layer layer = *like;
    wgi_making making;
    if (out != NULL) {
        *out = (wg_norm_layer){0};
    }
    const char *fault = wgi_layer_fault(out, o->size, sizeof *o);
    fault = fault == NULL ? fault_of(like->kind, like->groups, channels, o) : fault;
    wg_status status =
        wgi_layer_begin(m, name, kinds[like->kind], NULL, fault, &making, &layer.module);
    if (status != WG_OK) {
        return status;
    }
    layer.eps = o->eps == 0.0 ? 1e-5 : o->eps;
    layer.momentum = o->momentum == 0.0 ? 0.1 : o->momentum;
    status = wgi_layer_end(&making, fill(m, channels, o, &layer));
    if (status == WG_OK) {
        *out = layer;
    }
    return status;
}

wg_status wg_batch_norm_create(wg_model *m, const char *name, int64_t channels,
                               const wg_norm_options *options, wg_norm_layer *out)
{
    const wg_norm_layer like = {.kind = WG_NORM_BATCH};
    return create(m, name, &like, channels, options, out);
}

wg_status wg_layer_norm_create(wg_model *m, const char *name, int64_t width,
                               const wg_norm_options *options, wg_norm_layer *out)
{
    const wg_norm_layer like = {.kind = WG_NORM_LAYER};
    return create(m, name, &like, width, options, out);
}

wg_status wg_group_norm_create(wg_model *m, const char *name, int64_t groups, int64_t channels,
                               const wg_norm_options *options, wg_norm_layer *out)
{
    const wg_norm_layer like = {.kind = WG_NORM_GROUP, .groups = groups};
    return create(m, name, &like, channels, options, out);
}

wg_status wg_rms_norm_create(wg_model *m, const char *name, int64_t width,
                             const wg_norm_options *options, wg_norm_layer *out)
{
    const wg_norm_layer like = {.kind = WG_NORM_RMS};
    return create(m, name, &like, width, options, out);
}

static wg_node normalise(const wg_norm_layer *layer, wg_node x)
{
    const wg_node weight = wgi_layer_use(x, layer->weight);
    const wg_node bias = wgi_layer_use(x, layer->bias);
    const wg_batch_norm_options batch = {.size = sizeof batch,
                                         .running_mean = layer->running_mean,
                                         .running_var = layer->running_var,
                                         .momentum = layer->momentum,
                                         .eps = layer->eps};
    switch (layer->kind) {
    case WG_NORM_BATCH:
        return wg_batch_norm(x, weight, bias, &batch);
    case WG_NORM_LAYER:
        return wg_layer_norm(x, 1, weight, bias, layer->eps);
    case WG_NORM_GROUP:
        return wg_group_norm(x, layer->groups, weight, bias, layer->eps);
    case WG_NORM_RMS:
        return wg_rms_norm(x, 1, weight, layer->eps);
    default:
        return wgi_layer_refuse(x);
    }
}

wg_node wg_norm_apply(const wg_norm_layer *layer, wg_node x)
{
    if (layer == NULL || !wg_is_valid(x)) {
        return wgi_layer_refuse(x);
    }
    (void)wg_module_enter(layer->module, x);
    return wg_module_leave(layer->module, normalise(layer, x));
}
