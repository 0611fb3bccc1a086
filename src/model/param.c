/* Parameters: named tensors that learn.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A parameter is in its model from the moment it has a value, and until the model goes. */
#include "core/context.h"
#include "core/shape.h"
#include "core/text.h"
#include "model/model.h"

/* What a parameter is to be. */
typedef struct wanted {
    char name[WGI_MAX_NAME + 1];
    wg_dtype dtype;
    int32_t rank;
    const int64_t *dims;
    bool is_buffer;
} wanted;

static wg_status check_new(const wg_model *m, const wanted *w)
{
    if (wg_model_find(m, w->name) != NULL) {
        return wgi_context_fail(m->ctx, WG_ERR_NAME, "param '%s': the name is taken", w->name);
    }
    if (!wgi_is_floating((int)w->dtype)) {
        return wgi_context_fail(m->ctx, WG_ERR_DTYPE, "param '%s': dtype %s is not floating",
                                w->name, wg_dtype_name(w->dtype));
    }
    return WG_OK;
}

static wg_status add(wg_model *m, const wanted *w, const wg_init *init, wg_param **out)
{
    wg_param *p = NULL;
    wg_status status = wgi_param_new(m, w->name, &p);
    if (status != WG_OK) {
        return status;
    }
    status = wg_tensor_create(m->ctx, w->dtype, w->rank, w->dims, &p->value);
    if (status == WG_OK) {
        wg_init how = init != NULL ? *init : (wg_init){.kind = WG_INIT_ZEROS};
        how.rng = how.rng != NULL ? how.rng : &m->rng;
        status = wg_init_tensor(p->value, &how);
    }
    if (status != WG_OK) {
        wgi_param_free(p);
        return status;
    }
    p->is_buffer = w->is_buffer;
    p->is_frozen = w->is_buffer;
    wgi_model_link(m, p);
    *out = p;
    return WG_OK;
}

static bool has_dims(const wg_tensor *t, const wanted *w)
{
    bool has = t->type.rank == w->rank;
    for (int32_t i = 0; has && i < w->rank; i++) {
        has = w->dims != NULL && t->type.dims[i] == w->dims[i];
    }
    return has;
}

/* The parameter of a view that is the one wanted. */
static wg_status find_shared(wg_model *m, const wanted *w, wg_param **out)
{
    wg_param *p = wg_model_find(m, w->name);
    if (p == NULL) {
        return wgi_context_fail(m->ctx, WG_ERR_NAME, "param '%s': the shared model has none",
                                w->name);
    }
    if (p->value->type.dtype != (int)w->dtype) {
        return wgi_context_fail(m->ctx, WG_ERR_DTYPE, "param '%s': the shared one is %s, not %s",
                                w->name, wg_dtype_name((wg_dtype)p->value->type.dtype),
                                wg_dtype_name(w->dtype));
    }
    if (!has_dims(p->value, w)) {
        char shape[WGI_SHAPE_TEXT];
        return wgi_context_fail(
            m->ctx, WG_ERR_SHAPE, "param '%s': the shared one is %s", w->name,
            wgi_shape_text(p->value->type.rank, p->value->type.dims, shape, sizeof shape));
    }
    *out = p;
    return WG_OK;
}

static wg_status create(wg_model *m, const char *name, wanted *w, const wg_init *init,
                        wg_param **out)
{
    wg_param *made = NULL;
    wg_status status = m == NULL ? WG_ERR_ARGUMENT : WG_OK;
    if (status == WG_OK && !wgi_model_join(m, name, w->name)) {
        status = wgi_context_fail(m->ctx, WG_ERR_NAME,
                                  "param: a name is 1 to %d bytes of printable ASCII, with those "
                                  "of the modules around it",
                                  WGI_MAX_NAME);
    }
    if (status == WG_OK && m->is_shared) {
        status = find_shared(m, w, &made);
    } else if (status == WG_OK) {
        status = check_new(m, w);
        status = status != WG_OK ? status : add(m, w, init, &made);
    }
    if (out != NULL) {
        *out = made;
    }
    return status;
}

wg_status wg_param_create(wg_model *m, const char *name, wg_dtype dtype, int32_t rank,
                          const int64_t *dims, const wg_init *init, wg_param **out)
{
    wanted w = {.dtype = dtype, .rank = rank, .dims = dims};
    return create(m, name, &w, init, out);
}

wg_status wg_buffer_create(wg_model *m, const char *name, wg_dtype dtype, int32_t rank,
                           const int64_t *dims, const wg_init *init, wg_param **out)
{
    wanted w = {.dtype = dtype, .rank = rank, .dims = dims, .is_buffer = true};
    return create(m, name, &w, init, out);
}

bool wg_param_is_buffer(const wg_param *p)
{
    return p != NULL && p->is_buffer;
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
    if ((p->is_shared || p->is_buffer) && !is_frozen) {
        return wgi_context_fail(p->ctx, WG_ERR_STATE, "param '%s': a %s stays frozen", p->name,
                                p->is_shared ? "shared parameter" : "buffer");
    }
    p->is_frozen = is_frozen;
    return WG_OK;
}

bool wg_param_is_frozen(const wg_param *p)
{
    return p != NULL && p->is_frozen;
}
