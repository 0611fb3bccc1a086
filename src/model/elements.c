/* All elements of a model, copied in and out as doubles.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: parameters in their order, row-major, nothing in between. */
#include <string.h>

#include "core/context.h"
#include "core/dtype.h"
#include "model/model.h"

static wg_param *param_at(const wg_model *m, size_t i)
{
    return ((wg_param **)m->params.data)[i];
}

static wg_status check(const wg_model *m, const char *call, const double *data, size_t n)
{
    if (m == NULL) {
        return WG_ERR_ARGUMENT;
    }
    const int64_t want = wg_model_elements(m);
    if ((uint64_t)n != (uint64_t)want) {
        return wgi_context_fail(m->ctx, WG_ERR_RANGE, "%s: the model has %lld elements, not %llu",
                                call, (long long)want, (unsigned long long)n);
    }
    if (data == NULL && n > 0) {
        return wgi_context_fail(m->ctx, WG_ERR_ARGUMENT, "%s: no place for the elements", call);
    }
    return WG_OK;
}

static wg_status check_writable(const wg_model *m, const char *call, const double *data, size_t n)
{
    const wg_status status = check(m, call, data, n);
    if (status == WG_OK && m->is_shared) {
        return wgi_context_fail(m->ctx, WG_ERR_STATE, "%s: a shared model is read-only", call);
    }
    return status;
}

static void get(const wg_tensor *t, double *out)
{
    wgi_convert(WG_F64, out, t->type.dtype, t->data, t->type.count);
}

static void set(wg_tensor *t, const double *values)
{
    wgi_convert(t->type.dtype, t->data, WG_F64, values, t->type.count);
    wgi_tensor_touch(t);
}

wg_status wg_model_get_values(const wg_model *m, double *out, size_t n)
{
    const wg_status status = check(m, "get_values", out, n);
    for (size_t i = 0; status == WG_OK && n > 0 && i < m->params.count; i++) {
        const wg_tensor *value = param_at(m, i)->value;
        get(value, out);
        out += value->type.count;
    }
    return status;
}

wg_status wg_model_set_values(wg_model *m, const double *values, size_t n)
{
    const wg_status status = check_writable(m, "set_values", values, n);
    for (size_t i = 0; status == WG_OK && n > 0 && i < m->params.count; i++) {
        wg_tensor *value = param_at(m, i)->value;
        set(value, values);
        values += value->type.count;
    }
    return status;
}

wg_status wg_model_get_gradients(const wg_model *m, double *out, size_t n)
{
    const wg_status status = check(m, "get_gradients", out, n);
    for (size_t i = 0; status == WG_OK && n > 0 && i < m->params.count; i++) {
        const wg_param *p = param_at(m, i);
        const int64_t count = p->value->type.count;
        const wg_tensor *gradient = wg_param_gradient(p);
        if (gradient != NULL) {
            get(gradient, out);
        }
        for (int64_t k = 0; gradient == NULL && k < count; k++) {
            out[k] = 0.0;
        }
        out += count;
    }
    return status;
}

/* Tensors for the gradients that are to be set; what was made stays, and stays empty, where memory
 * is short. */
static wg_status make_gradients(const wg_model *m)
{
    wg_status status = WG_OK;
    for (size_t i = 0; status == WG_OK && i < m->params.count; i++) {
        wg_param *p = param_at(m, i);
        if (p->gradient == NULL && !p->is_frozen) {
            status = wgi_tensor_new(m->ctx, &p->value->type, false, &p->gradient);
        }
    }
    return status == WG_OK ? WG_OK
                           : wgi_context_fail(m->ctx, status, "set_gradients: out of memory");
}

wg_status wg_model_set_gradients(wg_model *m, const double *gradients, size_t n)
{
    wg_status status = check_writable(m, "set_gradients", gradients, n);
    if (status == WG_OK) {
        status = make_gradients(m);
    }
    for (size_t i = 0; status == WG_OK && i < m->params.count; i++) {
        wg_param *p = param_at(m, i);
        if (!p->is_frozen) {
            set(p->gradient, gradients);
            p->is_gradient_empty = false;
        }
        gradients += n > 0 ? p->value->type.count : 0;
    }
    return status;
}
