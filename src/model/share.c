/* Sharing: a read-only view of a model for another context.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A view's parameters are frozen for good and their tensors are values on the source's memory,
 * which cannot be written: nothing but the source's own context ever does. */
#include "core/context.h"
#include "model/model.h"

static wg_status add_view(wg_model *view, const wg_param *source)
{
    wg_param *p = NULL;
    wg_status status = wgi_param_new(view, source->name, &p);
    if (status != WG_OK) {
        return status;
    }
    status = wgi_tensor_shell(view->ctx, &source->value->type, &p->value);
    if (status != WG_OK) {
        wgi_param_free(p);
        return wgi_context_fail(view->ctx, status, "share: out of memory");
    }
    p->value->data = source->value->data;
    p->value->is_dead = false;
    p->is_frozen = true;
    p->is_buffer = source->is_buffer;
    p->is_shared = true;
    wgi_model_link(view, p);
    return WG_OK;
}

wg_status wg_model_share(wg_model *m, wg_context *ctx, wg_model **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (ctx == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (m == NULL || out == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "share: %s is missing",
                                m == NULL ? "the model" : "a place for the result");
    }
    wg_model *view = NULL;
    wg_status status = wgi_model_settled(m, "share");
    status = status != WG_OK ? status : wg_model_create(ctx, &view);
    for (size_t i = 0; status == WG_OK && i < wg_model_count(m); i++) {
        status = add_view(view, wg_model_param(m, i));
    }
    if (status != WG_OK) {
        wg_model_destroy(view);
        return status;
    }
    view->is_shared = true;
    view->source = m;
    atomic_fetch_add_explicit(&m->n_views, 1, memory_order_relaxed);
    *out = view;
    return WG_OK;
}
