/* What making a layer is like.
 * SPDX-License-Identifier: Apache-2.0 */
#include "model/layer.h"

#include <wengert/ops.h>

#include "core/context.h"
#include "core/op.h"

const char *wgi_layer_fault(const void *out, size_t size, size_t expected)
{
    if (out == NULL) {
        return "no place for the result";
    }
    return size == expected ? NULL : "the options' size is of another version";
}

wg_status wgi_layer_begin(wg_model *m, const char *name, const char *kind, const wg_init *init,
                          const char *fault, wgi_making *making, const wg_module **module)
{
    *making = (wgi_making){.m = m};
    *module = NULL;
    if (m == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (fault != NULL) {
        return wgi_context_fail(m->ctx, WG_ERR_ARGUMENT, "%s: %s", kind, fault);
    }
    making->rng = init == NULL ? NULL : init->rng;
    if (making->rng != NULL) {
        making->before = *making->rng;
    }
    return wg_module_begin(m, name, kind, module);
}

wg_status wgi_layer_end(const wgi_making *making, wg_status status)
{
    if (status != WG_OK && making->rng != NULL) {
        *making->rng = making->before;
    }
    return wg_module_end(making->m, status);
}

wg_node wgi_layer_refuse(wg_node x)
{
    const wg_node none = {NULL, 0, 0};
    return wg_is_valid(x) ? wgi_layer_fail(x, NULL, WG_ERR_ARGUMENT, "there is none")
                          : wg_matmul(x, none);
}

wg_node wgi_layer_fail(wg_node x, const wg_module *module, wg_status status, const char *text)
{
    const char *kind = module == NULL ? "layer" : wg_module_kind(module);
    return wgi_refuse_call(&x, 1, kind, status, "%s", text);
}

bool wgi_is_drop_probability(double p)
{
    return p >= 0.0 && p < 1.0;
}

wg_node wgi_layer_drop(wg_node x, double p)
{
    return p == 0.0 ? x : wg_dropout(x, p);
}
