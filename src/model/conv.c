/* Convolution layers.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the groups of a layer divide its channels and filters. */
#include <wengert/ops.h>

#include "model/layer.h"

/* What is to be made. */
typedef struct wish {
    int64_t channels;
    int64_t filters;
    int64_t kernel[2];
    int32_t n_axes;
    bool is_transposed;
    const char *kind;
} wish;

static int64_t or_one(int64_t x)
{
    return x == 0 ? 1 : x;
}

static const char *fault_of(const wish *w, const wg_conv_layer_options *o)
{
    const int64_t groups = or_one(o->conv.groups);
    if (o->conv.size != 0 && o->conv.size != sizeof o->conv) {
        return "the size of the options' conv is of another version";
    }
    if (w->kernel[0] < 1 || w->kernel[1] < 1) {
        return "a kernel has at least one element";
    }
    if (groups < 1 || w->channels % groups != 0 || w->filters % groups != 0) {
        return "the groups do not divide the channels and the filters";
    }
    return NULL;
}

/* The initialiser with the kernel's own fans, which a shape does not tell. */
static wg_init init_of(const wish *w, const wg_conv_layer_options *o)
{
    const wg_init he = {.kind = WG_INIT_HE_UNIFORM};
    wg_init init = o->init == NULL ? he : *o->init;
    const double groups = (double)or_one(o->conv.groups);
    double fan_in = (double)w->channels / groups;
    double fan_out = (double)w->filters / groups;
    for (int32_t i = 0; i < w->n_axes; i++) {
        const double stride = w->is_transposed ? (double)or_one(o->conv.stride[i]) : 1.0;
        fan_in *= (double)w->kernel[i] / (stride > 0.0 ? stride : 1.0);
        fan_out *= (double)w->kernel[i];
    }
    init.fan_in = init.fan_in == 0.0 ? fan_in : init.fan_in;
    init.fan_out = init.fan_out == 0.0 ? fan_out : init.fan_out;
    return init;
}

static wg_status fill(wg_model *m, const wish *w, const wg_conv_layer_options *o,
                      wg_conv_layer *layer)
{
    const wg_dtype dtype = wgi_layer_dtype(o->dtype);
    const int64_t groups = or_one(o->conv.groups);
    const int64_t outer = w->is_transposed ? w->channels : w->filters;
    const int64_t inner = w->is_transposed ? w->filters : w->channels;
    const int64_t dims[4] = {outer, inner / groups, w->kernel[0], w->kernel[1]};
    const wg_init init = init_of(w, o);
    wg_status status =
        wg_param_create(m, "weight", dtype, 2 + w->n_axes, dims, &init, &layer->weight);
    if (status == WG_OK && !o->no_bias) {
        status = wg_param_create(m, "bias", dtype, 1, &w->filters, NULL, &layer->bias);
    }
    return status;
}

static wg_status create(wg_model *m, const char *name, wish *w,
                        const wg_conv_layer_options *options, wg_conv_layer *out)
{
    const wg_conv_layer_options none = {.size = sizeof none};
    const wg_conv_layer_options *o = options == NULL ? &none : options;
    wg_conv_layer layer = {0};
    wgi_making making;
    if (out != NULL) {
        *out = layer;
    }
    const char *fault = wgi_layer_fault(out, o->size, sizeof *o);
    if (fault == NULL) {
        w->kernel[1] = w->n_axes == 1 ? 1 : o->kernel_width == 0 ? w->kernel[0] : o->kernel_width;
        fault = fault_of(w, o);
    }
    const wg_init *init = fault == NULL ? o->init : NULL;
    wg_status status = wgi_layer_begin(m, name, w->kind, init, fault, &making, &layer.module);
    if (status != WG_OK) {
        return status;
    }
    layer.conv = o->conv;
    layer.conv.size = sizeof layer.conv;
    layer.n_axes = w->n_axes;
    layer.is_transposed = w->is_transposed;
    status = wgi_layer_end(&making, fill(m, w, o, &layer));
    if (status == WG_OK) {
        *out = layer;
    }
    return status;
}

wg_status wg_conv1d_create(wg_model *m, const char *name, int64_t channels, int64_t filters,
                           int64_t kernel, const wg_conv_layer_options *options, wg_conv_layer *out)
{
    wish w = {channels, filters, {kernel, 1}, 1, false, "conv1d"};
    return create(m, name, &w, options, out);
}

wg_status wg_conv2d_create(wg_model *m, const char *name, int64_t channels, int64_t filters,
                           int64_t kernel, const wg_conv_layer_options *options, wg_conv_layer *out)
{
    wish w = {channels, filters, {kernel, kernel}, 2, false, "conv2d"};
    return create(m, name, &w, options, out);
}

wg_status wg_conv_transpose1d_create(wg_model *m, const char *name, int64_t channels,
                                     int64_t filters, int64_t kernel,
                                     const wg_conv_layer_options *options, wg_conv_layer *out)
{
    wish w = {channels, filters, {kernel, 1}, 1, true, "conv_transpose1d"};
    return create(m, name, &w, options, out);
}

wg_status wg_conv_transpose2d_create(wg_model *m, const char *name, int64_t channels,
                                     int64_t filters, int64_t kernel,
                                     const wg_conv_layer_options *options, wg_conv_layer *out)
{
    wish w = {channels, filters, {kernel, kernel}, 2, true, "conv_transpose2d"};
    return create(m, name, &w, options, out);
}

static wg_node convolve(const wg_conv_layer *layer, wg_node x, wg_node weight, wg_node bias)
{
    if (layer->is_transposed) {
        return layer->n_axes == 1 ? wg_conv_transpose1d(x, weight, bias, &layer->conv)
                                  : wg_conv_transpose2d(x, weight, bias, &layer->conv);
    }
    return layer->n_axes == 1 ? wg_conv1d(x, weight, bias, &layer->conv)
                              : wg_conv2d(x, weight, bias, &layer->conv);
}

wg_node wg_conv_apply(const wg_conv_layer *layer, wg_node x)
{
    if (layer == NULL || !wg_is_valid(x)) {
        return wgi_layer_refuse(x);
    }
    (void)wg_module_enter(layer->module, x);
    const wg_node weight = wg_use(x.graph, layer->weight);
    const wg_node bias = wgi_layer_use(x, layer->bias);
    return wg_module_leave(layer->module, convolve(layer, x, weight, bias));
}
