/* Hooks: callbacks that see the gradient of a node.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A hook stands beside the list. Differentiation emits an op upon the complete adjoint of its node,
 * which hands the gradient on and lets the callback see it on the way. The op's attribute is the
 * hook's place in its graph, so that a plan knows which hooks there are and nothing of what they
 * call.
 *
 * Invariant: `order` holds the places of all hooks by node, and of one node in order of making. */
#include "graph/hook.h"

#include "core/callback.h"
#include "graph/record.h"

typedef struct hook {
    wg_node node;
    wg_status (*callback)(const wg_hook_call *call);
    void *user;
} hook;

_Static_assert(sizeof(hook) == WGI_HOOK_BYTES, "the graph frees hooks by their size");

typedef struct hook_attr {
    uint64_t place;
} hook_attr;

/* ---- the op ------------------------------------------------------------------------------- */

static wg_status infer(wgi_infer *q)
{
    const wgi_view *x = &q->in[0];
    wgi_type *y = &q->out[0];
    y->dtype = x->dtype;
    y->rank = x->rank;
    y->count = x->count;
    for (int32_t k = 0; k < x->rank; k++) {
        y->dims[k] = x->dims[k];
    }
    return WG_OK;
}

static void pass_on(wgi_rule *rule)
{
    rule->dx[0] = rule->dy[0];
}

static const hook *find_hook(const wgi_array *hooks, const void *attr)
{
    const hook_attr *a = attr;
    return hooks != NULL && a->place < hooks->count ? (const hook *)hooks->data + a->place : NULL;
}

static wg_status call_hook(const hook *h, const wgi_args *args)
{
    wg_fault fault = wgi_fault_of(args);
    const wg_mutable_view gradient = {
        .data = args->out->data,
        .dtype = (wg_dtype)args->out->dtype,
        .rank = args->out->rank,
        .dims = args->out->dims,
        .count = args->out->count,
    };
    const wg_hook_call call = {
        .node = h->node,
        .gradient = &gradient,
        .user = h->user,
        .fault = &fault,
    };
    const wgi_scope scope = wgi_scope_enter(h->node.graph->ctx, NULL);
    const wg_status status = h->callback(&call);
    wgi_scope_leave(&scope);
    return wgi_callback_status(status, &fault);
}

/* In a copy of the graph, which has no hooks, this is the identity. */
static wg_status run(const wgi_args *args)
{
    const size_t bytes = (size_t)args->out->count * wg_dtype_size((wg_dtype)args->out->dtype);
    if (bytes > 0 && args->out->data != args->in->data) {
        memcpy(args->out->data, args->in->data, bytes);
    }
    const hook *h = find_hook(args->hooks, args->attr);
    return h != NULL ? call_hook(h, args) : WG_OK;
}

const wgi_op wgi_hook_row = {
    .name = "hook",
    .traits = WGI_OPAQUE | WGI_IMPURE | WGI_IN_PLACE,
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(hook_attr),
    .operands = {"dy"},
    .infer = infer,
    .gradient = pass_on,
    .reference = {[WG_F32] = run, [WG_F64] = run},
};

uint32_t wgi_hooked_node(const wg_graph *g, const void *attr)
{
    const hook *h = find_hook(&g->hooks, attr);
    return h != NULL ? h->node.index : WGI_NONE;
}

/* ---- emitting ----------------------------------------------------------------------------- */

static uint32_t node_of(const wg_graph *g, size_t i)
{
    const uint32_t place = ((const uint32_t *)g->hook_order.data)[i];
    return ((const hook *)g->hooks.data)[place].node.index;
}

static wg_status emit(wgi_adjoints *d, uint32_t i, uint32_t place)
{
    wg_graph *g = d->g;
    uint32_t *adjoint = (uint32_t *)d->of.data + i;
    const wg_node dy = wgi_handle(g, *adjoint);
    const hook_attr attr = {.place = place};
    const wgi_draft draft = {.op = g->ctx->hook_op, .n_in = 1, .in = &dy, .attr = &attr};
    const wg_node seen = wgi_record(&draft);
    if (g->failure.status == WG_OK) {
        *adjoint = seen.index;
    }
    return g->failure.status;
}

wg_status wgi_hooks_emit(wgi_adjoints *d, uint32_t i)
{
    const wg_graph *hooked = d->hooked;
    while (d->n_hooks > 0 && node_of(hooked, d->n_hooks - 1) > i) {
        d->n_hooks--;
    }
    const size_t end = d->n_hooks;
    while (d->n_hooks > 0 && node_of(hooked, d->n_hooks - 1) == i) {
        d->n_hooks--;
    }
    const bool has_gradient = ((const uint32_t *)d->of.data)[i] != WGI_NONE;
    wg_status status = WG_OK;
    for (size_t k = d->n_hooks; status == WG_OK && has_gradient && k < end; k++) {
        status = emit(d, i, ((const uint32_t *)hooked->hook_order.data)[k]);
    }
    return status;
}

/* ---- making ------------------------------------------------------------------------------- */

static wg_status check_hook(wg_graph *g, uint32_t index, bool has_callback)
{
    if (g->ctx->is_in_callback) {
        return wgi_run_fail(g, WG_ERR_STATE, "hook", "not inside a callback");
    }
    if (!has_callback) {
        return wgi_run_fail(g, WG_ERR_ARGUMENT, "hook", "the callback is NULL");
    }
    const wgi_entry *r = wgi_record_at(&g->list, index);
    if (!wgi_is_floating(r->dtype)) {
        (void)wgi_run_fail(g, WG_ERR_DTYPE, "hook", "a node of %s has no gradient",
                           wg_dtype_name((wg_dtype)r->dtype));
        wgi_run_operand(g, index);
        return WG_ERR_DTYPE;
    }
    return WG_OK;
}

/* Room for one more hook, and the row that calls it. */
static wg_status reserve(wg_graph *g)
{
    const wgi_op *const row = &wgi_hook_row;
    const wg_allocator *a = &g->ctx->memory;
    if (!wgi_array_reserve(a, &g->hooks, 1, sizeof(hook)) ||
        !wgi_array_reserve(a, &g->hook_order, 1, sizeof(uint32_t))) {
        return WG_ERR_MEMORY;
    }
    return g->ctx->hook_op != 0 ? WG_OK : wgi_ops_add(g->ctx, &row, 1, &g->ctx->hook_op);
}

static void insert(wg_graph *g, const hook *h)
{
    const uint32_t place = (uint32_t)g->hooks.count;
    *(hook *)wgi_array_next(&g->hooks, sizeof *h) = *h;
    uint32_t *order = g->hook_order.data;
    size_t at = g->hook_order.count++;
    while (at > 0 && node_of(g, at - 1) > h->node.index) {
        order[at] = order[at - 1];
        at--;
    }
    order[at] = place;
}

wg_status wg_hook(wg_node n, wg_status (*callback)(const wg_hook_call *call), void *user)
{
    wg_graph *g;
    uint32_t index;
    wg_status status = wgi_resolve(n, &g, &index);
    if (status == WG_OK) {
        status = check_hook(g, index, callback != NULL);
    }
    if (status != WG_OK) {
        return status;
    }
    status = reserve(g);
    if (status != WG_OK) {
        return wgi_run_fail(g, status, "hook", "%s", wg_status_text(status));
    }
    insert(g, &(hook){.node = n, .callback = callback, .user = user});
    return WG_OK;
}
