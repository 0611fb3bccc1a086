/* Parameters: named tensors that learn.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A parameter is in its model from the moment it has a value, and until the model goes. */
#include "core/context.h"
#include "core/text.h"
#include "model/model.h"

static wg_status check_new(const wg_model *m, const char *name, wg_dtype dtype)
{
    if (m->is_shared) {
        return wgi_context_fail(m->ctx, WG_ERR_STATE, "param: a shared model takes no parameters");
    }
    if (!wgi_is_name(name, WGI_MAX_NAME)) {
        return wgi_context_fail(m->ctx, WG_ERR_NAME,
                                "param: a name is 1 to %d bytes of printable ASCII", WGI_MAX_NAME);
    }
    if (wg_model_find(m, name) != NULL) {
        return wgi_context_fail(m->ctx, WG_ERR_NAME, "param '%s': the name is taken", name);
    }
    if (!wgi_is_floating((int)dtype)) {
        return wgi_context_fail(m->ctx, WG_ERR_DTYPE, "param '%s': dtype %s is not floating", name,
                                wg_dtype_name(dtype));
    }
    return WG_OK;
}

wg_status wg_param_create(wg_model *m, const char *name, wg_dtype dtype, int32_t rank,
                          const int64_t *dims, const wg_init *init, wg_param **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    wg_status status = m == NULL ? WG_ERR_ARGUMENT : check_new(m, name, dtype);
    if (status != WG_OK) {
        return status;
    }
    wg_param *p = NULL;
    status = wgi_param_new(m, name, &p);
    if (status != WG_OK) {
        return status;
    }
    status = wg_tensor_create(m->ctx, dtype, rank, dims, &p->value);
    if (status == WG_OK) {
        wg_init how = init != NULL ? *init : (wg_init){.kind = WG_INIT_ZEROS};
        how.rng = how.rng != NULL ? how.rng : &m->rng;
        status = wg_init_tensor(p->value, &how);
    }
    if (status != WG_OK) {
        wgi_param_free(p);
        return status;
    }
    wgi_model_link(m, p);
    if (out != NULL) {
        *out = p;
    }
    return WG_OK;
}

const char *wg_param_name(const wg_param *p)
{
    return p == NULL ? "" : p->name;
}

wg_tensor *wg_param_value(const wg_param *p)
{
    return p == NULL ? NULL : p->value;
}

const wg_tensor *wg_param_gradient(const wg_param *p)
{
    return p == NULL || p->is_gradient_empty ? NULL : p->gradient;
}

void wg_param_clear_gradient(wg_param *p)
{
    if (p != NULL) {
        p->is_gradient_empty = true;
    }
}

wg_status wg_param_set_frozen(wg_param *p, bool is_frozen)
{
    if (p == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (p->is_shared && !is_frozen) {
        return wgi_context_fail(p->ctx, WG_ERR_STATE, "param '%s': a shared parameter stays frozen",
                                p->name);
    }
    p->is_frozen = is_frozen;
    return WG_OK;
}

bool wg_param_is_frozen(const wg_param *p)
{
    return p != NULL && p->is_frozen;
}
