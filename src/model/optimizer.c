/* Optimizers: one step of any kind over the parameters of a model.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A step is in two halves: `prepare` makes every allocation and asks every question that can be
 * answered with no, `apply` only computes. So a step that fails has changed no parameter. */
#include "model/optimizer.h"

#include <math.h>

#include "core/context.h"

wg_status wgi_optimizer_new(wg_model *m, const wgi_optimizer_kind *kind, wg_optimizer **out)
{
    if (m->is_shared) {
        return wgi_context_fail(m->ctx, WG_ERR_STATE, "%s: a shared model does not learn",
                                kind->name);
    }
    wg_optimizer *o = wgi_alloc_zeroed(&m->ctx->memory, 1, sizeof *o);
    if (o == NULL) {
        return wgi_context_fail(m->ctx, WG_ERR_MEMORY, "%s: out of memory", kind->name);
    }
    o->model = m;
    o->kind = kind;
    *out = o;
    return WG_OK;
}

static wgi_param_memory *memory_of(const wg_optimizer *o, size_t i)
{
    return (wgi_param_memory *)o->memory.data + i;
}

void wg_optimizer_destroy(wg_optimizer *o)
{
    if (o == NULL) {
        return;
    }
    const wg_allocator *a = &o->model->ctx->memory;
    for (size_t i = 0; i < o->memory.count; i++) {
        const wgi_param_memory *memory = memory_of(o, i);
        for (int32_t k = 0; k < WGI_MAX_STATES; k++) {
            wgi_release(a, memory->state[k], memory->state_bytes);
        }
    }
    wgi_array_free(a, &o->memory, sizeof(wgi_param_memory));
    wgi_release(a, o, sizeof *o);
}

static bool is_due(const wg_param *p)
{
    return !p->is_frozen && !p->is_gradient_empty && p->gradient != NULL;
}

/* The first backend that does not decline. */
static wg_status update(const wg_optimizer *o, const wgi_update *u)
{
    const wg_context *ctx = o->model->ctx;
    wg_status status = WG_ERR_UNSUPPORTED;
    for (int32_t i = 0; i < WGI_MAX_BACKENDS && status == WG_ERR_UNSUPPORTED; i++) {
        if (ctx->updates[i] != NULL) {
            status = o->kind->update(o, ctx->updates[i], u);
        }
    }
    return status;
}

static bool reserve_memory(wg_optimizer *o)
{
    while (o->memory.count < wg_model_count(o->model)) {
        if (wgi_array_push(&o->model->ctx->memory, &o->memory, sizeof(wgi_param_memory)) == NULL) {
            return false;
        }
    }
    return true;
}

/* A parameter without elements keeps no arrays: kernels do not touch them. */
static bool reserve_state(const wg_optimizer *o, const wg_param *p)
{
    wgi_param_memory *memory = memory_of(o, p->index);
    memory->state_bytes = wgi_type_bytes(&p->value->type);
    for (int32_t k = 0; k < o->n_states; k++) {
        if (memory->state[k] == NULL && memory->state_bytes > 0) {
            memory->state[k] = wgi_alloc_zeroed(&o->model->ctx->memory, 1, memory->state_bytes);
            if (memory->state[k] == NULL) {
                return false;
            }
        }
    }
    return true;
}

static wg_status prepare_param(const wg_optimizer *o, const wg_param *p)
{
    wg_context *ctx = o->model->ctx;
    if (!reserve_state(o, p)) {
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "%s: out of memory for the state of '%s'",
                                o->kind->name, p->name);
    }
    const wgi_update probe = {
        .dtype = p->value->type.dtype, .state = memory_of(o, p->index)->state, .step = 1};
    const wg_status status = update(o, &probe);
    if (status != WG_OK) {
        return wgi_context_fail(ctx, status, "%s: no backend updates '%s'", o->kind->name, p->name);
    }
    return WG_OK;
}

static wg_status prepare(wg_optimizer *o)
{
    if (!reserve_memory(o)) {
        return wgi_context_fail(o->model->ctx, WG_ERR_MEMORY, "%s: out of memory", o->kind->name);
    }
    wg_status status = WG_OK;
    for (size_t i = 0; i < wg_model_count(o->model) && status == WG_OK; i++) {
        const wg_param *p = wg_model_param(o->model, i);
        status = is_due(p) ? prepare_param(o, p) : WG_OK;
    }
    return status;
}

static wg_status apply(const wg_optimizer *o, wg_param *p)
{
    wgi_param_memory *memory = memory_of(o, p->index);
    const wgi_update u = {.dtype = p->value->type.dtype,
                          .n = p->value->type.count,
                          .value = p->value->data,
                          .gradient = p->gradient->data,
                          .state = memory->state,
                          .step = memory->n_steps + 1};
    const wg_status status = update(o, &u);
    if (status == WG_OK) {
        memory->n_steps++;
        p->value->version++;
        p->is_gradient_empty = true;
    }
    return status;
}

wg_status wg_optimizer_step(wg_optimizer *o)
{
    wg_status status = o == NULL ? WG_ERR_ARGUMENT : prepare(o);
    for (size_t i = 0; status == WG_OK && i < wg_model_count(o->model); i++) {
        wg_param *p = wg_model_param(o->model, i);
        status = is_due(p) ? apply(o, p) : WG_OK;
    }
    return status;
}

double wg_optimizer_rate(const wg_optimizer *o)
{
    return o == NULL ? (double)NAN : o->rate;
}

wg_status wg_optimizer_set_rate(wg_optimizer *o, double rate)
{
    if (o == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (!(isfinite(rate) && rate >= 0.0)) {
        return wgi_context_fail(o->model->ctx, WG_ERR_ARGUMENT, "%s: a rate is finite and >= 0",
                                o->kind->name);
    }
    o->rate = rate;
    return WG_OK;
}
