/* Flat models: the values of all parameters in one block, their gradients in another.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A block is a tensor whose parts are the parameters' own tensors, which stay the objects that they
 * were. Flattening makes every allocation before it moves the first element. */
#include <string.h>

#include "core/checked.h"
#include "core/context.h"
#include "model/model.h"

/* Where the next parameter starts: kernels are quickest on such addresses. */
#define FLAT_ALIGNMENT ((size_t)64)

static wg_param *param_at(const wg_model *m, size_t i)
{
    return ((wg_param **)m->params.data)[i];
}

static bool is_flat(const wg_model *m)
{
    return m != NULL && m->flat_value != NULL && m->n_flat == m->params.count;
}

/* ---- the layout --------------------------------------------------------------------------- */

/* Places a parameter behind `bytes` others; false where that does not fit. */
static bool next_offset(const wg_param *p, size_t *bytes, size_t *offset)
{
    return wgi_size_align(*bytes, FLAT_ALIGNMENT, offset) &&
           wgi_size_add(*offset, wgi_type_bytes(&p->value->type), bytes);
}

static wg_status find_type(const wg_model *m, wgi_type *type)
{
    const int dtype = m->params.count > 0 ? param_at(m, 0)->value->type.dtype : (int)WG_F32;
    size_t bytes = 0;
    for (size_t i = 0; i < m->params.count; i++) {
        const wg_param *p = param_at(m, i);
        size_t offset;
        if (p->value->type.dtype != dtype) {
            return wgi_context_fail(m->ctx, WG_ERR_DTYPE, "flatten: '%s' is %s, '%s' %s", p->name,
                                    wg_dtype_name((wg_dtype)p->value->type.dtype),
                                    param_at(m, 0)->name, wg_dtype_name((wg_dtype)dtype));
        }
        if (!next_offset(p, &bytes, &offset)) {
            return wgi_context_fail(m->ctx, WG_ERR_OVERFLOW, "flatten: the bytes do not fit");
        }
    }
    const int64_t count = (int64_t)(bytes / wg_dtype_size((wg_dtype)dtype));
    const wg_status status = wgi_type_make(dtype, 1, &count, type);
    return status == WG_OK ? WG_OK
                           : wgi_context_fail(m->ctx, status, "flatten: the bytes do not fit");
}

/* ---- making room -------------------------------------------------------------------------- */

typedef struct blocks {
    wg_tensor *value;
    wg_tensor *gradient;
} blocks;

/* Gives every parameter without a gradient one that lies in the block. */
static bool add_gradients(const wg_model *m, const blocks *to)
{
    size_t bytes = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < m->params.count; i++) {
        wg_param *p = param_at(m, i);
        size_t offset;
        ok = next_offset(p, &bytes, &offset);
        if (ok && p->gradient == NULL) {
            ok = wgi_tensor_new_part(&p->value->type, to->gradient, offset, &p->gradient) == WG_OK;
        }
    }
    return ok;
}

static void undo(const wg_model *m, const blocks *to)
{
    for (size_t i = 0; to->gradient != NULL && i < m->params.count; i++) {
        wg_param *p = param_at(m, i);
        if (p->gradient != NULL && p->gradient->base == to->gradient) {
            wg_tensor_destroy(p->gradient);
            p->gradient = NULL;
        }
    }
    wg_tensor_destroy(to->value);
    wg_tensor_destroy(to->gradient);
}

static wg_status make_room(const wg_model *m, const wgi_type *type, blocks *to)
{
    *to = (blocks){NULL, NULL};
    if (wgi_tensor_new(m->ctx, type, true, &to->value) == WG_OK &&
        wgi_tensor_new(m->ctx, type, true, &to->gradient) == WG_OK && add_gradients(m, to)) {
        return WG_OK;
    }
    undo(m, to);
    return wgi_context_fail(m->ctx, WG_ERR_MEMORY, "flatten: out of memory");
}

/* ---- moving ------------------------------------------------------------------------------- */

/* A gradient that was made for the block is in its place already. */
static void move(wg_param *p, const blocks *to, size_t offset)
{
    wgi_tensor_become_part(p->value, to->value, offset);
    if (p->gradient->base != to->gradient) {
        wgi_tensor_become_part(p->gradient, to->gradient, offset);
    }
    p->flat_offset = (int64_t)(offset / wg_dtype_size((wg_dtype)p->value->type.dtype));
}

/* Who retained an earlier block has what was in it; who recorded it, a change. */
static void retire(wg_tensor *block)
{
    if (block != NULL) {
        wgi_tensor_touch(block);
        wg_tensor_destroy(block);
    }
}

static void move_all(wg_model *m, const blocks *to)
{
    size_t bytes = 0;
    for (size_t i = 0; i < m->params.count; i++) {
        size_t offset;
        if (next_offset(param_at(m, i), &bytes, &offset)) { /* it fitted before */
            move(param_at(m, i), to, offset);
        }
    }
    retire(m->flat_value);
    retire(m->flat_gradient);
    m->flat_value = to->value;
    m->flat_gradient = to->gradient;
    m->n_flat = m->params.count;
}

static const char *find_obstacle(wg_model *m)
{
    if (m->is_shared) {
        return "a shared model stays where it is";
    }
    if (m->ctx->is_in_callback) {
        return "a callback may have its addresses";
    }
    return atomic_load_explicit(&m->n_views, memory_order_acquire) > 0
               ? "views share the model's memory"
               : NULL;
}

wg_status wg_model_flatten(wg_model *m)
{
    if (m == NULL) {
        return WG_ERR_ARGUMENT;
    }
    const char *obstacle = find_obstacle(m);
    if (obstacle != NULL) {
        return wgi_context_fail(m->ctx, WG_ERR_STATE, "flatten: %s", obstacle);
    }
    wg_status status = wgi_model_settled(m, "flatten");
    if (status != WG_OK || is_flat(m)) {
        return status;
    }
    wgi_type type;
    blocks to;
    status = find_type(m, &type);
    if (status == WG_OK) {
        status = make_room(m, &type, &to);
    }
    if (status == WG_OK) {
        move_all(m, &to);
    }
    return status;
}

/* ---- the views ---------------------------------------------------------------------------- */

wg_tensor *wg_model_flat_value(wg_model *m)
{
    return is_flat(m) ? m->flat_value : NULL;
}

wg_tensor *wg_model_flat_gradient(wg_model *m)
{
    if (!is_flat(m)) {
        return NULL;
    }
    for (size_t i = 0; i < m->params.count; i++) {
        const wg_param *p = param_at(m, i);
        const size_t bytes = wgi_type_bytes(&p->gradient->type);
        if (p->is_gradient_empty && bytes > 0) {
            memset(p->gradient->data, 0, bytes);
            wgi_tensor_touch(p->gradient);
        }
    }
    return m->flat_gradient;
}

int64_t wg_param_flat_offset(const wg_param *p)
{
    return p != NULL && is_flat(p->model) ? p->flat_offset : -1;
}
