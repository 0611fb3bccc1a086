/* Optimizers: one step of any kind over the parameters of a model.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A step lists the parameters that are due, which makes every allocation, and hands the list to a
 * backend, which takes all of it or none, or to a user's callback. So a step that fails has changed
 * no parameter, but where the callback had begun. */
#include "model/optimizer.h"

#include <math.h>
#include <string.h>

#include "core/context.h"

wg_status wgi_optimizer_check(const wg_model *m, const char *name, const char *fault,
                              wg_optimizer **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (m == NULL) {
        return WG_ERR_ARGUMENT;
    }
    const char *found = out == NULL ? "no place for the result" : fault;
    return found == NULL ? WG_OK : wgi_context_fail(m->ctx, WG_ERR_ARGUMENT, "%s: %s", name, found);
}

wg_status wgi_optimizer_new(wg_model *m, const wgi_optimizer_kind *kind, const char *name,
                            wg_optimizer **out)
{
    if (m->is_shared) {
        return wgi_context_fail(m->ctx, WG_ERR_STATE, "%s: a shared model does not learn", name);
    }
    wg_optimizer *o = wgi_alloc_zeroed(&m->ctx->memory, 1, sizeof *o);
    if (o == NULL) {
        return wgi_context_fail(m->ctx, WG_ERR_MEMORY, "%s: out of memory", name);
    }
    o->model = m;
    o->kind = kind;
    o->name = name;
    *out = o;
    return WG_OK;
}

void wg_optimizer_destroy(wg_optimizer *o)
{
    if (o == NULL) {
        return;
    }
    const wg_allocator *a = &o->model->ctx->memory;
    for (size_t i = 0; i < o->memory.count; i++) {
        const wgi_param_memory *memory = wgi_param_memory_of(o, i);
        for (int32_t k = 0; k < WG_MAX_STATES; k++) {
            wgi_release(a, memory->state[k], memory->state_bytes);
        }
    }
    if (o->kind->release != NULL) {
        o->kind->release(o);
    }
    wgi_groups_free(o);
    wgi_array_free(a, &o->memory, sizeof(wgi_param_memory));
    wgi_array_free(a, &o->updates, sizeof(wgi_update));
    wgi_array_free(a, &o->due, sizeof(wg_param *));
    wgi_release(a, o, sizeof *o);
}

int32_t wgi_update_threads(const wg_optimizer *o)
{
    const wg_context *ctx = o->model->ctx;
    const bool is_less = ctx->run_threads > 0 && ctx->run_threads < ctx->threads;
    return is_less ? ctx->run_threads : ctx->threads;
}

/* ---- preparing ---------------------------------------------------------------------------- */

/* Room for every parameter of the model, in all three arrays. */
bool wgi_optimizer_reserve(wg_optimizer *o)
{
    const wg_allocator *a = &o->model->ctx->memory;
    const size_t n = o->model->params.count;
    o->updates.count = 0;
    o->due.count = 0;
    if (o->memory.count == n && o->due.capacity >= n) {
        return true;
    }
    while (o->memory.count < n) {
        if (wgi_array_push(a, &o->memory, sizeof(wgi_param_memory)) == NULL) {
            return false;
        }
    }
    return wgi_array_reserve(a, &o->updates, n, sizeof(wgi_update)) &&
           wgi_array_reserve(a, &o->due, n, sizeof(wg_param *));
}

/* A parameter without elements keeps no arrays: kernels do not touch them. */
bool wgi_param_memory_reserve(const wg_optimizer *o, const wg_param *p)
{
    wgi_param_memory *memory = wgi_param_memory_of(o, p->index);
    memory->state_bytes = wgi_type_bytes(&p->value->type);
    for (int32_t k = 0; k < o->n_states; k++) {
        if (memory->state[k] == NULL && memory->state_bytes > 0) {
            memory->state[k] = wgi_alloc_zeroed(&o->model->ctx->memory, 1, memory->state_bytes);
            if (memory->state[k] == NULL) {
                return false;
            }
        }
    }
    memory->is_reserved = true;
    memory->n_groups = SIZE_MAX;
    return true;
}

/* Takes a parameter into the step's list. */
static wg_status take(wg_optimizer *o, wg_param *p)
{
    wgi_param_memory *memory = wgi_param_memory_of(o, p->index);
    if (WGI_UNLIKELY(!memory->is_reserved) && !wgi_param_memory_reserve(o, p)) {
        return wgi_context_fail(o->model->ctx, WG_ERR_MEMORY,
                                "%s: out of memory for the state of '%s'", o->name, p->name);
    }
    if (WGI_UNLIKELY(memory->n_groups != o->groups.count)) {
        wgi_groups_look_up(o, p, memory);
    }
    ((wg_param **)o->due.data)[o->due.count++] = p;
    wgi_update *u = &((wgi_update *)o->updates.data)[o->updates.count++];
    *u = (wgi_update){.value = p->value->data,
                      .gradient = p->gradient->data,
                      .n = p->value->type.count,
                      .step = memory->n_steps + 1,
                      .rate = o->rate * memory->rate_scale,
                      .weight_decay = memory->weight_decay,
                      .dtype = p->value->type.dtype,
                      .param = p};
    memcpy(u->state, memory->state, sizeof u->state);
    return WG_OK;
}

static wg_status prepare(wg_optimizer *o)
{
    if (!wgi_optimizer_reserve(o)) {
        return wgi_context_fail(o->model->ctx, WG_ERR_MEMORY, "%s: out of memory", o->name);
    }
    wg_param *const *params = o->model->params.data;
    wg_status status = WG_OK;
    for (size_t i = 0; i < o->memory.count && status == WG_OK; i++) {
        status = wgi_has_gradient(params[i]) ? take(o, params[i]) : WG_OK;
    }
    return status;
}

/* ---- applying ----------------------------------------------------------------------------- */

/* The first backend that does not decline. */
static wg_status ask_all(const wg_optimizer *o, const wgi_update *updates, size_t n)
{
    const wg_context *ctx = o->model->ctx;
    wg_status status = WG_ERR_UNSUPPORTED;
    for (int32_t i = 0; i < WGI_MAX_BACKENDS && status == WG_ERR_UNSUPPORTED; i++) {
        if (ctx->updates[i] != NULL) {
            status = o->kind->ask(o, ctx->updates[i], updates, n);
        }
    }
    return status;
}

/* Names the first parameter that no backend updates even alone, or the last of all. */
static wg_status fail(const wg_optimizer *o, wg_status status)
{
    wg_param *const *due = o->due.data;
    size_t i = 0;
    while (i + 1 < o->due.count) {
        const wgi_update probe = {.dtype = due[i]->value->type.dtype, .step = 1};
        if (ask_all(o, &probe, 1) != WG_OK) {
            break;
        }
        i++;
    }
    return wgi_context_fail(o->model->ctx, status, "%s: no backend updates '%s'", o->name,
                            due[i]->name);
}

wg_status wgi_update_by_backends(wg_optimizer *o)
{
    const wg_status status = ask_all(o, o->updates.data, o->updates.count);
    return status == WG_OK ? WG_OK : fail(o, status);
}

static void finish(const wg_optimizer *o)
{
    wg_param *const *due = o->due.data;
    for (size_t i = 0; i < o->due.count; i++) {
        wgi_param_memory_of(o, due[i]->index)->n_steps++;
        wgi_tensor_touch(due[i]->value);
        due[i]->is_gradient_empty = true;
    }
}

static wg_status check_step(const wg_optimizer *o)
{
    return o->model->ctx->is_in_callback
               ? wgi_context_fail(o->model->ctx, WG_ERR_STATE, "%s: no step inside a callback",
                                  o->name)
               : wgi_model_settled(o->model, o->name);
}

static wg_status evaluate_and_step(wg_optimizer *o, wg_closure closure, void *user, double *loss)
{
    wg_model_clear_gradients(o->model);
    const wg_status status = closure(user, loss);
    return status != WG_OK ? status : wg_optimizer_step(o);
}

wg_status wg_optimizer_step_closure(wg_optimizer *o, wg_closure closure, void *user, double *loss)
{
    double ignored = 0.0;
    double *to = loss == NULL ? &ignored : loss;
    *to = (double)NAN;
    if (o == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (closure == NULL) {
        return wgi_context_fail(o->model->ctx, WG_ERR_ARGUMENT, "%s: wants a closure", o->name);
    }
    wg_status status = check_step(o);
    if (status != WG_OK) {
        return status;
    }
    return o->kind->minimize == NULL ? evaluate_and_step(o, closure, user, to)
                                     : o->kind->minimize(o, closure, user, to);
}

wg_status wg_optimizer_step(wg_optimizer *o)
{
    if (o == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_status status = check_step(o);
    if (status == WG_OK && o->kind->minimize != NULL) {
        status = wgi_context_fail(o->model->ctx, WG_ERR_STATE,
                                  "%s: steps with a closure: wg_optimizer_step_closure", o->name);
    }
    status = status != WG_OK ? status : prepare(o);
    if (status != WG_OK || o->due.count == 0) {
        return status;
    }
    status = o->kind->update(o);
    if (status == WG_OK) {
        finish(o);
    }
    return status;
}

const char *wg_optimizer_name(const wg_optimizer *o)
{
    return o == NULL ? "" : o->name;
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
                                o->name);
    }
    o->rate = rate;
    return WG_OK;
}
