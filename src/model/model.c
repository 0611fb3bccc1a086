/* Models: the ordered set of parameters and the way from a name to one.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A change of the set is in two halves: wgi_param_new makes every allocation, wgi_model_link only
 * stores. So a failure leaves the set as it was. */
#include "model/model.h"

#include <string.h>

#include "core/checked.h"
#include "core/context.h"

/* Keeps the initialisers' draws apart from streams that users number from 0. */
#define MODEL_STREAM UINT64_C(0x6d6f64656c000000)

static wg_param *param_at(const wg_model *m, size_t i)
{
    return ((wg_param **)m->params.data)[i];
}

/* ---- names -------------------------------------------------------------------------------- */

/* FNV-1a. */
static uint32_t hash_name(const char *name)
{
    uint32_t h = 2166136261U;
    for (const char *c = name; *c != '\0'; c++) {
        h = (h ^ (unsigned char)*c) * 16777619U;
    }
    return h;
}

/* The slot that holds `name`, or else the free one where it would go. */
static size_t find_slot(const wg_model *m, const char *name)
{
    const size_t mask = m->n_slots - 1;
    size_t slot = hash_name(name) & mask;
    while (m->slots[slot] != 0 && strcmp(param_at(m, m->slots[slot] - 1)->name, name) != 0) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

/* Doubles the table where one more name would fill more than half of it. */
static bool reserve_slots(wg_model *m)
{
    if (m->params.count < m->n_slots / 2) {
        return true;
    }
    const wg_allocator *memory = &m->ctx->memory;
    const size_t n = m->n_slots == 0 ? 16 : m->n_slots * 2;
    uint32_t *slots = wgi_alloc_zeroed(memory, n, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    wgi_release(memory, m->slots, m->n_slots * sizeof *slots);
    m->slots = slots;
    m->n_slots = n;
    for (size_t i = 0; i < m->params.count; i++) {
        slots[find_slot(m, param_at(m, i)->name)] = (uint32_t)i + 1;
    }
    return true;
}

/* ---- the set ------------------------------------------------------------------------------ */

static bool reserve(wg_model *m)
{
    return m->params.count < UINT32_MAX - 1 &&
           wgi_array_reserve(&m->ctx->memory, &m->params, 1, sizeof(wg_param *)) &&
           reserve_slots(m);
}

wg_status wgi_param_new(wg_model *m, const char *name, wg_param **out)
{
    const wg_allocator *memory = &m->ctx->memory;
    *out = NULL;
    wg_param *p = reserve(m) ? wgi_alloc_zeroed(memory, 1, sizeof *p) : NULL;
    if (p == NULL) {
        return wgi_context_fail(m->ctx, WG_ERR_MEMORY, "param '%s': out of memory", name);
    }
    p->ctx = m->ctx;
    p->model = m;
    p->is_gradient_empty = true;
    p->name = wgi_copy_text(memory, name);
    if (p->name == NULL) {
        wgi_param_free(p);
        return wgi_context_fail(m->ctx, WG_ERR_MEMORY, "param '%s': out of memory", name);
    }
    *out = p;
    return WG_OK;
}

void wgi_param_free(wg_param *p)
{
    const wg_allocator *memory = &p->ctx->memory;
    wg_tensor_destroy(p->gradient);
    wg_tensor_destroy(p->value);
    wgi_release_text(memory, p->name);
    wgi_release(memory, p, sizeof *p);
}

void wgi_model_link(wg_model *m, wg_param *p)
{
    const size_t slot = find_slot(m, p->name);
    p->index = (uint32_t)m->params.count;
    *(wg_param **)wgi_array_next(&m->params, sizeof p) = p;
    m->slots[slot] = p->index + 1;
}

/* Nothing was stored after the last name, so no search passes over the slot that is freed. */
void wgi_model_cut(wg_model *m, size_t n)
{
    while (m->params.count > n) {
        wg_param *last = param_at(m, m->params.count - 1);
        m->slots[find_slot(m, last->name)] = 0;
        m->params.count--;
        last->flat_offset = -1;
        last->next_removed = m->removed;
        m->removed = last;
    }
}

wg_status wg_model_create(wg_context *ctx, wg_model **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (ctx == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (out == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "model: no place for the result");
    }
    wg_model *m = wgi_alloc_zeroed(&ctx->memory, 1, sizeof *m);
    if (m == NULL) {
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "model: out of memory");
    }
    m->ctx = ctx;
    m->rng = wg_rng_make(ctx->seed, MODEL_STREAM + ctx->n_models++);
    *out = m;
    return WG_OK;
}

void wg_model_destroy(wg_model *m)
{
    if (m == NULL) {
        return;
    }
    const wg_allocator *memory = &m->ctx->memory;
    for (size_t i = 0; i < m->params.count; i++) {
        wgi_param_free(param_at(m, i));
    }
    while (m->removed != NULL) {
        wg_param *next = m->removed->next_removed;
        wgi_param_free(m->removed);
        m->removed = next;
    }
    wgi_modules_free(m);
    wg_tensor_destroy(m->flat_value);
    wg_tensor_destroy(m->flat_gradient);
    if (m->source != NULL) {
        atomic_fetch_sub_explicit(&m->source->n_views, 1, memory_order_acq_rel);
    }
    wgi_array_free(memory, &m->params, sizeof(wg_param *));
    wgi_release(memory, m->slots, m->n_slots * sizeof *m->slots);
    wgi_release(memory, m, sizeof *m);
}

/* ---- questions ---------------------------------------------------------------------------- */

wg_context *wg_model_context(const wg_model *m)
{
    return m == NULL ? NULL : m->ctx;
}

size_t wg_model_count(const wg_model *m)
{
    return m == NULL ? 0 : m->params.count;
}

int64_t wg_model_elements(const wg_model *m)
{
    int64_t elements = 0;
    for (size_t i = 0; i < wg_model_count(m); i++) {
        if (!wgi_dim_add(elements, param_at(m, i)->value->type.count, &elements)) {
            return INT64_MAX;
        }
    }
    return elements;
}

wg_param *wg_model_param(const wg_model *m, size_t i)
{
    return i < wg_model_count(m) ? param_at(m, i) : NULL;
}

wg_param *wg_model_find(const wg_model *m, const char *name)
{
    if (m == NULL || name == NULL || m->n_slots == 0) {
        return NULL;
    }
    const uint32_t found = m->slots[find_slot(m, name)];
    return found == 0 ? NULL : param_at(m, found - 1);
}

void wg_model_clear_gradients(wg_model *m)
{
    for (size_t i = 0; i < wg_model_count(m); i++) {
        wg_param_clear_gradient(param_at(m, i));
    }
}
