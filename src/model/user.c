/* Optimizers that users define: a callback in the place of the backends.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: what is kept of the definition is the optimizer's own copy; its name is own_name. */
#include <math.h>

#include "core/callback.h"
#include "core/text.h"
#include "model/optimizer.h"

#define MAX_OPTIMIZER_NAME 63

/* Whatever a failed callback has written, nobody reads values as if it had not. */
static void touch_all(const wg_optimizer *o)
{
    wg_param *const *due = o->due.data;
    for (size_t i = 0; i < o->due.count; i++) {
        wgi_tensor_touch(due[i]->value);
    }
}

static wg_status update(wg_optimizer *o)
{
    const wg_optimizer_definition *definition = &o->options.definition;
    wg_context *ctx = o->model->ctx;
    char message[512] = "";
    wg_fault fault = {.text = message, .bytes = sizeof message};
    const wg_step step = {.updates = o->updates.data,
                          .n = o->updates.count,
                          .rate = o->rate,
                          .user = definition->user,
                          .fault = &fault};
    const wgi_scope scope = wgi_scope_enter(ctx, NULL);
    const wg_status status = wgi_callback_status(definition->step(&step), &fault);
    wgi_scope_leave(&scope);
    if (status == WG_OK) {
        return WG_OK;
    }
    touch_all(o);
    return wgi_context_fail(ctx, status, "%s: %s", o->name,
                            message[0] != '\0' ? message : wg_status_text(status));
}

static void release(wg_optimizer *o)
{
    const wg_optimizer_definition *definition = &o->options.definition;
    if (definition->release != NULL) {
        definition->release(definition->user);
    }
    wgi_release_text(&o->model->ctx->memory, o->own_name);
}

static const wgi_optimizer_kind user_kind = {
    .update = update, .release = release, .states = {"state0", "state1", "state2", "state3"}};

static const char *find_fault(const wg_optimizer_definition *d, wg_optimizer **out)
{
    if (out == NULL) {
        return "no place for the result";
    }
    if (d == NULL || d->size != sizeof *d) {
        return "wants a definition of this version's size";
    }
    if (d->step == NULL) {
        return "wants a callback";
    }
    if (d->n_states < 0 || d->n_states > WG_MAX_STATES) {
        return "the number of states is out of range";
    }
    return isfinite(d->rate) && d->rate >= 0.0 ? NULL : "a rate is finite and >= 0";
}

static wg_status create(wg_model *m, const wg_optimizer_definition *definition, wg_optimizer **out)
{
    const wg_allocator *memory = &m->ctx->memory;
    char *name = wgi_copy_text(memory, definition->name);
    if (name == NULL) {
        return wgi_context_fail(m->ctx, WG_ERR_MEMORY, "%s: out of memory", definition->name);
    }
    wg_status status = wgi_optimizer_new(m, &user_kind, name, out);
    if (status != WG_OK) {
        wgi_release_text(memory, name);
        return status;
    }
    (*out)->options.definition = *definition;
    (*out)->own_name = name;
    (*out)->rate = definition->rate;
    (*out)->n_states = definition->n_states;
    return WG_OK;
}

wg_status wg_optimizer_create(wg_model *m, const wg_optimizer_definition *definition,
                              wg_optimizer **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (m == NULL) {
        return WG_ERR_ARGUMENT;
    }
    const char *fault = find_fault(definition, out);
    if (fault != NULL) {
        return wgi_context_fail(m->ctx, WG_ERR_ARGUMENT, "optimizer: %s", fault);
    }
    if (!wgi_is_name(definition->name, MAX_OPTIMIZER_NAME)) {
        return wgi_context_fail(m->ctx, WG_ERR_NAME,
                                "optimizer: a name is 1 to %d bytes of printable ASCII",
                                MAX_OPTIMIZER_NAME);
    }
    return create(m, definition, out);
}
