/* Running a plan: bind memory and numbers, walk the steps, deliver.
 * SPDX-License-Identifier: Apache-2.0
 *
 * All memory is had before the first step runs, and gradients are written after every step that can
 * fail by its data, so that a run delivers everything or nothing. */
#include <string.h>

#include "core/clock.h"
#include "core/param.h"
#include "graph/show.h"

static const char *name_of(const wg_graph *g, uint32_t node)
{
    const char *name = node != WGI_NONE ? wgi_list_name(&g->list, node) : NULL;
    return name != NULL ? name : "unnamed";
}

/* A leaf whose data changed since it was recorded may not be read anew: the values that are there
 * already belong to the old data. */
static wg_status fail_leaf(wg_graph *g, const wgi_leaf *leaf, const wgi_request *request)
{
    static const char *const kinds[] = {"input", "variable", "parameter", "constant", "gradient"};
    const uint32_t *wanted = request->wanted.data;
    uint32_t asked = request->loss;
    if (asked == WGI_NONE && request->wanted.count > 0) {
        asked = wanted[0];
    }
    (void)wgi_run_fail(g, WG_ERR_STALE, "run",
                       "%s '%s' changed since it was recorded, and '%s' is computed from it",
                       kinds[leaf->kind], name_of(g, leaf->node), name_of(g, asked));
    wgi_run_hint(g, "ask for the value before the change, or wg_keep it");
    return WG_ERR_STALE;
}

/* Points the views of a buffer at its bytes, unless they point there already. */
static void bind_buffer(const wgi_plan *plan, const wgi_buffer *b, void *data)
{
    const uint32_t *users = (const uint32_t *)plan->users.data + b->first_view;
    wgi_view *views = plan->views.data;
    if (b->n_views == 0 || views[users[0]].data == data) {
        return;
    }
    for (uint32_t i = 0; i < b->n_views; i++) {
        views[users[i]].data = data;
    }
}

/* Leaves are bound as they are checked. */
static wg_status bind_leaves(const wgi_plan *plan, const wgi_request *request)
{
    wg_graph *g = request->graph;
    const uint32_t *leaves = plan->leaves.data;
    for (size_t i = 0; i < plan->leaves.count; i++) {
        const wgi_buffer *b = wgi_buffer_at(plan, leaves[i]);
        const wgi_leaf *leaf = wgi_leaf_at(&g->list, b->index);
        if (WGI_UNLIKELY(leaf->version != wgi_tensor_version(leaf->tensor))) {
            return fail_leaf(g, leaf, request);
        }
        bind_buffer(plan, b, leaf->tensor->data);
    }
    return WG_OK;
}

/* ---- memory ------------------------------------------------------------------------------- */

static bool grow_workspace(wg_context *ctx, size_t bytes)
{
    wgi_engine *e = ctx->engine;
    if (bytes <= e->workspace_bytes) {
        return true;
    }
    wgi_release(&ctx->memory, e->workspace, e->workspace_bytes);
    e->workspace = wgi_alloc(&ctx->memory, bytes);
    e->workspace_bytes = e->workspace != NULL ? bytes : 0;
    ctx->stats.workspace_bytes = e->workspace_bytes;
    return e->workspace != NULL;
}

static wgi_type type_of_entry(const wg_graph *g, uint32_t node)
{
    return wgi_record_type(&g->list, wgi_record_at(&g->list, node));
}

static bool make_results(wgi_plan *plan, wg_graph *g)
{
    wgi_plan_result *results = plan->results.data;
    if (!wgi_values_reserve(g, plan->results.count)) {
        return false;
    }
    for (size_t i = 0; i < plan->results.count; i++) {
        wgi_type type = type_of_entry(g, results[i].node);
        results[i].tensor = wgi_shell_take(g, &g->result_shells, &g->results, &type);
        if (results[i].tensor == NULL) {
            return false;
        }
    }
    return true;
}

/* Where the gradient of a leaf goes: a parameter's own tensor, or one of the graph's. */
static wg_tensor *gradient_tensor(wg_graph *g, wgi_leaf *leaf)
{
    wg_param *p = leaf->param;
    wg_tensor *there = p != NULL ? p->gradient : leaf->gradient;
    if (there != NULL) {
        return there;
    }
    const wgi_type type = type_of_entry(g, leaf->node);
    if (p == NULL) {
        return wgi_shell_take(g, &g->result_shells, &g->results, &type);
    }
    return wgi_tensor_new(p->ctx, &type, false, &p->gradient) == WG_OK ? p->gradient : NULL;
}

static bool make_gradients(wgi_plan *plan, wg_graph *g)
{
    wgi_plan_gradient *gradients = plan->gradients.data;
    for (size_t i = 0; i < plan->gradients.count; i++) {
        gradients[i].tensor = gradient_tensor(g, wgi_leaf_at(&g->list, gradients[i].leaf));
        if (gradients[i].tensor == NULL) {
            return false;
        }
    }
    return true;
}

/* ---- binding ------------------------------------------------------------------------------ */

static void *place_data(const wgi_plan *plan, const wg_graph *g, const wgi_buffer *b)
{
    switch (b->place) {
    case WGI_IN_LEAF:
        return wgi_leaf_at(&g->list, b->index)->tensor->data;
    case WGI_IN_VALUE:
        return wgi_value_present(g, b->index)->data;
    case WGI_IN_RESULT:
        return ((const wgi_plan_result *)plan->results.data)[b->index].tensor->data;
    case WGI_IN_GRADIENT:
        return ((const wgi_plan_gradient *)plan->gradients.data)[b->index].tensor->data;
    case WGI_IN_WORKSPACE:
    case WGI_IN_ALIAS:
        break;
    }
    return (char *)g->ctx->engine->workspace + b->offset;
}

static void bind_workspace(wgi_plan *plan, const wg_graph *g)
{
    for (uint32_t i = 0; i < plan->buffers.count; i++) {
        const wgi_buffer *b = wgi_buffer_at(plan, i);
        if (b->place == WGI_IN_WORKSPACE) {
            bind_buffer(plan, b, place_data(plan, g, b));
        }
    }
    wgi_step *steps = plan->steps.data;
    for (size_t i = 0; i < plan->steps.count; i++) {
        steps[i].args.scratch = (char *)g->ctx->engine->workspace + plan->scratch_offset;
    }
    plan->bound_to = g->ctx->engine->workspace;
    plan->is_bound = true;
}

static void bind_numbers(wgi_plan *plan, const wg_graph *g)
{
    double *values = plan->values.data;
    const wgi_number_entry *given = g->list.numbers.data;
    for (size_t i = 0; i < plan->extent.numbers; i++) {
        values[i] = given[i].value;
    }
    wgi_numbers_extend(&plan->list, plan->extent.numbers, values);
}

static void bind(wgi_plan *plan, const wg_graph *g)
{
    if (!plan->is_bound || plan->bound_to != g->ctx->engine->workspace) {
        bind_workspace(plan, g);
    }
    const uint32_t *outside = plan->outside.data;
    for (size_t i = 0; i < plan->outside.count; i++) {
        const wgi_buffer *b = wgi_buffer_at(plan, outside[i]);
        bind_buffer(plan, b, place_data(plan, g, b));
    }
    bind_numbers(plan, g);
}

/* ---- steps -------------------------------------------------------------------------------- */

static void count_step(const wgi_plan *plan, const wgi_step *s, wg_context *ctx)
{
    const wgi_count *counts = (const wgi_count *)plan->counts.data + s->first_count;
    for (uint32_t i = 0; i < s->n_counts; i++) {
        ctx->kernel_runs[counts[i].counter] += counts[i].times;
    }
}

/* A kernel that failed: an engine's failure is made good by the reference. */
static wg_status mend_step(wgi_plan *plan, wg_graph *g, const wgi_step *s, wg_status status)
{
    if (status == WG_ERR_ENGINE && s->op != NULL) {
        plan->is_tainted = true;
        status = wgi_redo(g->ctx, s->op, &s->args);
    }
    if (status == WG_OK) {
        return WG_OK;
    }
    return wgi_fault_to_failure(g, s->node, s->op, status, &plan->fault);
}

static wg_status time_step(const wgi_plan *plan, wg_graph *g, const wgi_step *s)
{
    const double start = wgi_clock();
    const wg_status status = s->kernel->run(&s->prepared, &s->args);
    wgi_profile_note(g, plan, s, start, wgi_clock());
    return status;
}

static void set_key(wgi_plan *plan, const wg_graph *g)
{
    const wgi_random_key key = wgi_random_key_make(g->ctx->seed, g->stream, g->step);
    wgi_step *steps = plan->steps.data;
    for (size_t i = 0; i < plan->steps.count; i++) {
        steps[i].args.key = key;
    }
}

static wg_status run_steps(wgi_plan *plan, wg_graph *g)
{
    const bool is_profiled = g->ctx->engine->profile.is_on;
    plan->fault.text[0] = '\0';
    if (plan->has_random) {
        set_key(plan, g);
    }
    const wgi_step *s = plan->steps.data;
    for (const wgi_step *end = s + plan->steps.count; s < end; s++) {
        count_step(plan, s, g->ctx);
        wg_status status = WGI_LIKELY(!is_profiled) ? s->kernel->run(&s->prepared, &s->args)
                                                    : time_step(plan, g, s);
        if (WGI_UNLIKELY(status != WG_OK)) {
            status = mend_step(plan, g, s, status);
            if (status != WG_OK) {
                return status;
            }
        }
    }
    return WG_OK;
}

/* ---- delivery ----------------------------------------------------------------------------- */

static void copy_bytes(const wgi_plan *plan, const wg_graph *g, uint32_t buffer, wg_tensor *to)
{
    const wgi_buffer *from = wgi_buffer_at(plan, wgi_base_of(plan, buffer));
    size_t bytes = wgi_type_bytes(&to->type);
    if (bytes > 0) {
        memmove(to->data, place_data(plan, g, from), bytes);
    }
}

static void deliver(wgi_plan *plan, wg_graph *g)
{
    const wgi_plan_result *results = plan->results.data;
    for (size_t i = 0; i < plan->results.count; i++) {
        if (results[i].copy_of != WGI_NONE) {
            copy_bytes(plan, g, results[i].copy_of, results[i].tensor);
        }
    }
    for (size_t i = 0; i < plan->results.count; i++) {
        wgi_value_put(g, results[i].node, results[i].tensor);
    }
    const wgi_plan_gradient *gradients = plan->gradients.data;
    for (size_t i = 0; i < plan->gradients.count; i++) {
        wgi_leaf *leaf = wgi_leaf_at(&g->list, gradients[i].leaf);
        if (gradients[i].copy_of != WGI_NONE) {
            copy_bytes(plan, g, gradients[i].copy_of, gradients[i].tensor);
        }
        if (leaf->kind == WGI_LEAF_PARAM) {
            leaf->param->is_gradient_empty = false;
            wgi_tensor_touch(leaf->param->gradient);
        } else {
            leaf->gradient = gradients[i].tensor;
        }
    }
}

wg_status wgi_plan_run(wgi_plan *plan, const wgi_request *request)
{
    wg_graph *g = request->graph;
    wg_status status = bind_leaves(plan, request);
    if (status != WG_OK) {
        return status;
    }
    if (!grow_workspace(g->ctx, plan->workspace_bytes) || !make_results(plan, g) ||
        !make_gradients(plan, g)) {
        return wgi_run_fail(g, WG_ERR_MEMORY, "run", "out of memory");
    }
    bind(plan, g);
    status = run_steps(plan, g);
    if (status == WG_OK) {
        deliver(plan, g);
        g->ctx->run_threads = plan->threads > 1 ? plan->threads : 1;
        g->ctx->stats.runs++;
        g->ctx->engine->profile.n_runs++;
    }
    return status;
}
