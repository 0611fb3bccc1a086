/* The linear layer: y = x w + b.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Creation adds both parameters or neither, and draws from the stream only when it succeeds. */
#include <string.h>

#include <wengert/layers.h>
#include <wengert/ops.h>

#include "core/context.h"
#include "core/text.h"
#include "model/model.h"

typedef struct part_name {
    char text[WGI_MAX_NAME + 1];
} part_name;

/* "<layer>.<part>"; the empty text, which is no name, where the layer has none or it is too long.
 */
static part_name join(const char *layer, const char *part)
{
    part_name name = {""};
    const size_t room = WGI_MAX_NAME - 1 - strlen(part);
    const char *end = layer == NULL ? NULL : memchr(layer, '\0', room + 1);
    if (end == NULL || end == layer) {
        return name;
    }
    wgi_text text = wgi_text_make(name.text, sizeof name.text);
    wgi_text_add(&text, "%s.%s", layer, part);
    return name;
}

static wg_linear_options with_defaults(const wg_linear_options *options)
{
    wg_linear_options o = {.size = sizeof o};
    if (options != NULL) {
        o = *options;
    }
    if (o.dtype == 0) {
        o.dtype = WG_F32;
    }
    return o;
}

static wg_status create_weight(wg_model *m, const char *layer, const int64_t dims[2],
                               const wg_linear_options *o, wg_param **out)
{
    static const wg_init xavier = {.kind = WG_INIT_XAVIER_UNIFORM};
    const part_name name = join(layer, "weight");
    return wg_param_create(m, name.text, o->dtype, 2, dims, o->init == NULL ? &xavier : o->init,
                           out);
}

static wg_status create_bias(wg_model *m, const char *layer, const int64_t dims[1],
                             const wg_linear_options *o, wg_param **out)
{
    const part_name name = join(layer, "bias");
    return wg_param_create(m, name.text, o->dtype, 1, dims, NULL, out);
}

wg_status wg_linear_create(wg_model *m, const char *name, int64_t in, int64_t out_features,
                           const wg_linear_options *options, wg_linear *out)
{
    if (out != NULL) {
        *out = (wg_linear){NULL, NULL};
    }
    if (m == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (out == NULL || (options != NULL && options->size != sizeof *options)) {
        return wgi_context_fail(m->ctx, WG_ERR_ARGUMENT, "linear: %s",
                                out == NULL ? "no place for the result"
                                            : "the options' size is of another version");
    }
    const wg_linear_options o = with_defaults(options);
    const int64_t dims[2] = {in, out_features};
    wg_rng *rng = o.init == NULL || o.init->rng == NULL ? &m->rng : o.init->rng;
    const wg_rng before = *rng;
    wg_linear made = {NULL, NULL};
    wg_status status = create_weight(m, name, dims, &o, &made.weight);
    if (status == WG_OK && !o.no_bias) {
        status = create_bias(m, name, dims + 1, &o, &made.bias);
        if (status != WG_OK) {
            wgi_model_remove_last(m);
            *rng = before;
        }
    }
    if (status == WG_OK) {
        *out = made;
    }
    return status;
}

/* Only a live node tells a graph that is safe to record in; any other goes to the op, which says
 * what is wrong with it. */
wg_node wg_linear_apply(const wg_linear *layer, wg_node x)
{
    const wg_node none = {NULL, 0, 0};
    if (!wg_is_valid(x)) {
        return wg_matmul(x, none);
    }
    const wg_node weight = wg_use(x.graph, layer == NULL ? NULL : layer->weight);
    const wg_node y = wg_matmul(x, weight);
    return layer == NULL || layer->bias == NULL ? y : wg_add(y, wg_use(x.graph, layer->bias));
}
