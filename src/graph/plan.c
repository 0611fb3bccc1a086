/* Planning: from a list and a request to steps, kernels and buffers.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/param.h"
#include "graph/planner.h"
#include "graph/record.h"

bool wgi_planner_fill(wgi_planner *p, wgi_array *array, size_t n, size_t size, int byte)
{
    array->count = 0;
    if (!wgi_array_reserve(&p->ctx->memory, array, n, size)) {
        return false;
    }
    if (n > 0) {
        memset(array->data, byte, n * size);
    }
    array->count = n;
    return true;
}

/* ---- expanding ---------------------------------------------------------------------------- */

/* An error of the scratch list is the run's. */
static wg_status scratch_failure(wgi_planner *p, wg_status status)
{
    const wgi_failure *f = &p->scratch->failure;
    if (f->status != WG_OK) {
        return wgi_run_fail(p->user, f->status, f->op, "%s", f->detail);
    }
    return wgi_run_fail(p->user, status, "plan", "%s", wg_status_text(status));
}

static bool start_adjoints(wgi_planner *p)
{
    const wgi_list *list = &p->scratch->list;
    uint32_t n = wgi_list_count(list);
    p->adjoints.g = p->scratch;
    if (!wgi_planner_fill(p, &p->adjoints.depends, n, sizeof(uint8_t), 0)) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        bool wants = wgi_record_at(list, i)->flags & WGI_WANTS_GRADIENT;
        ((uint8_t *)p->adjoints.depends.data)[i] = wants;
    }
    return true;
}

/* Marks the entries that the loss depends on through wanted gradients. */
static bool mark_ancestors(wgi_planner *p, wgi_array *reached)
{
    const wgi_list *list = &p->user->list;
    uint32_t n = wgi_list_count(list);
    if (!wgi_planner_fill(p, reached, n, sizeof(uint8_t), 0)) {
        return false;
    }
    uint8_t *mark = reached->data;
    mark[p->request->loss] = 1;
    for (uint32_t i = n; i > 0; i--) {
        const wgi_entry *r = wgi_record_at(list, i - 1);
        if (!mark[i - 1] || !(r->flags & WGI_WANTS_GRADIENT) || wgi_record_is_leaf(r)) {
            continue;
        }
        const wgi_entry *owner = r - r->part;
        const uint32_t *in = wgi_inputs_of(list, owner);
        for (uint32_t k = 0; k < owner->n_in; k++) {
            mark[in[k]] = 1;
        }
    }
    return true;
}

bool wgi_leaf_gradient_is_empty(const wgi_leaf *leaf)
{
    if (leaf->kind == WGI_LEAF_PARAM) {
        return leaf->param->is_gradient_empty;
    }
    return leaf->gradient == NULL;
}

/* The gradient that a leaf holds already, as a leaf of the expanded list. */
static wg_node held_gradient(wgi_planner *p, uint32_t leaf_index)
{
    const wgi_list *user = &p->user->list;
    wgi_list *list = &p->scratch->list;
    uint32_t node = wgi_leaf_at(user, leaf_index)->node;
    wgi_type type = wgi_record_type(user, wgi_record_at(user, node));
    if (wgi_list_append_leaf(&p->ctx->memory, list, WGI_LEAF_GRADIENT, leaf_index, &type) == NULL) {
        return wgi_record_fail(p->scratch, WG_ERR_MEMORY, "backward", "out of memory");
    }
    return wgi_handle(p->scratch, wgi_list_count(list) - 1);
}

static bool add_target(wgi_planner *p, uint32_t leaf_index)
{
    const wgi_leaf *leaf = wgi_leaf_at(&p->user->list, leaf_index);
    uint32_t dx = ((const uint32_t *)p->adjoints.of.data)[leaf->node];
    wg_node n =
        dx != WGI_NONE ? wgi_handle(p->scratch, dx) : wgi_emit_fill(p->scratch, leaf->node, 0.0);
    bool adds = !wgi_leaf_gradient_is_empty(leaf);
    if (adds) {
        n = wgi_emit_add(p->scratch, held_gradient(p, leaf_index), n);
    }
    wgi_target *t = wgi_array_push(&p->ctx->memory, &p->targets, sizeof *t);
    if (t == NULL || p->scratch->failure.status != WG_OK) {
        return false;
    }
    *t = (wgi_target){.leaf = leaf_index, .node = n.index, .adds = adds};
    return true;
}

static wg_status expand_backward(wgi_planner *p)
{
    wg_status status =
        start_adjoints(p) ? wgi_differentiate(&p->adjoints, p->request->loss) : WG_ERR_MEMORY;
    if (status != WG_OK) {
        return scratch_failure(p, status);
    }
    wgi_array reached = {NULL, 0, 0};
    bool ok = mark_ancestors(p, &reached);
    for (uint32_t i = 0; ok && i < p->user->list.leaves.count; i++) {
        uint32_t node = wgi_leaf_at(&p->user->list, i)->node;
        const wgi_entry *r = wgi_record_at(&p->user->list, node);
        if (((const uint8_t *)reached.data)[node] && (r->flags & WGI_WANTS_GRADIENT)) {
            ok = add_target(p, i);
        }
    }
    wgi_array_free(&p->ctx->memory, &reached, sizeof(uint8_t));
    return ok ? WG_OK : scratch_failure(p, WG_ERR_MEMORY);
}

static wg_status expand(wgi_planner *p)
{
    wg_graph *e = p->scratch;
    memset(&e->failure, 0, sizeof e->failure);
    e->epoch++;
    e->is_training = p->user->is_training;
    e->user = p->user;
    if (!wgi_list_copy(&p->ctx->memory, &e->list, &p->user->list)) {
        return wgi_run_fail(p->user, WG_ERR_MEMORY, "plan", "out of memory");
    }
    return p->request->loss != WGI_NONE ? expand_backward(p) : WG_OK;
}

/* ---- what is wanted ------------------------------------------------------------------------- */

/* Every entry of a list that is not too long computes itself, at first. */
static bool make_sources(wgi_planner *p)
{
    const size_t n = wgi_list_count(&p->scratch->list);
    p->sources.count = 0;
    if (n > WGI_MAX_SOURCES) {
        return true;
    }
    if (!wgi_array_reserve(&p->ctx->memory, &p->sources, n, sizeof(uint32_t))) {
        return false;
    }
    uint32_t *sources = p->sources.data;
    for (uint32_t i = 0; i < n; i++) {
        sources[i] = i;
    }
    p->sources.count = n;
    return true;
}

static bool make_fates(wgi_planner *p)
{
    const size_t n = wgi_list_count(&p->scratch->list);
    p->fates.count = 0;
    if (!wgi_array_reserve(&p->ctx->memory, &p->fates, n, sizeof(wgi_fate))) {
        return false;
    }
    wgi_fate *fates = p->fates.data;
    for (size_t i = 0; i < n; i++) {
        fates[i] = (wgi_fate){.buffer = WGI_NONE};
    }
    p->fates.count = n;
    return true;
}

/* Makes the source of an entry a root, and lets its op write it where it is wanted if no other root
 * has it written elsewhere. Leaves, present values and aliases are written by no op. */
static void want(wgi_planner *p, uint32_t node, uint32_t claim)
{
    const uint32_t i = wgi_source_of(p, node);
    const wgi_entry *r = wgi_record_at(&p->scratch->list, i);
    wgi_fate *f = wgi_fate_at(p, i);
    const bool is_written = !wgi_record_is_leaf(r) && !wgi_is_present(p, i) && !wgi_is_shown(p, r);
    if (is_written && (f->flags & WGI_IS_CLAIMED) == 0) {
        f->flags |= WGI_IS_CLAIMED;
        f->buffer = claim;
    }
    f->flags |= WGI_IS_ROOT;
}

static bool want_results(wgi_planner *p)
{
    const uint32_t *wanted = p->request->wanted.data;
    p->plan->results.count = 0;
    for (uint32_t i = 0; i < p->request->wanted.count; i++) {
        wgi_plan_result *r = wgi_array_push(&p->ctx->memory, &p->plan->results, sizeof *r);
        if (r == NULL) {
            return false;
        }
        *r = (wgi_plan_result){.node = wanted[i], .copy_of = WGI_NONE};
        want(p, wanted[i], i);
    }
    return true;
}

static bool want_gradients(wgi_planner *p)
{
    const wgi_target *targets = p->targets.data;
    p->plan->gradients.count = 0;
    for (uint32_t i = 0; i < p->targets.count; i++) {
        wgi_plan_gradient *g = wgi_array_push(&p->ctx->memory, &p->plan->gradients, sizeof *g);
        if (g == NULL) {
            return false;
        }
        *g = (wgi_plan_gradient){
            .leaf = targets[i].leaf,
            .copy_of = WGI_NONE,
            .adds = targets[i].adds,
        };
        want(p, targets[i].node, i | WGI_CLAIM_GRADIENT);
    }
    return true;
}

bool wgi_plan_draft(wgi_planner *p)
{
    return make_fates(p) && want_results(p) && want_gradients(p) && wgi_plan_group(p);
}

/* ---- kernels -------------------------------------------------------------------------------- */

bool wgi_reads_gradient(const wgi_planner *p, const wgi_entry *r)
{
    const wgi_list *list = &p->scratch->list;
    const uint32_t *in = wgi_inputs_of(list, r);
    bool reads = false;
    for (uint32_t k = 0; k < r->n_in; k++) {
        const wgi_entry *x = wgi_record_at(list, in[k]);
        reads = reads || (wgi_record_is_leaf(x) && x->attr == WGI_LEAF_GRADIENT);
    }
    return reads;
}

static void take_choice(wgi_step *s, const wgi_choice *choice)
{
    s->kernel = choice->kernel;
    s->prepared = choice->prepared;
    s->backend = choice->backend;
}

/* Where the kernel of a step is remembered when steps are laid out repeatedly; else NULL. */
static wgi_choice *remembered(const wgi_planner *p, const wgi_step *s)
{
    return p->choices.count > 0 ? (wgi_choice *)p->choices.data + wgi_fate_at(p, s->node)->step
                                : NULL;
}

wg_status wgi_plan_choose(wgi_planner *p, wgi_step *s, const wgi_group *group)
{
    wgi_plan *plan = p->plan;
    wgi_choice *known = remembered(p, s);
    if (known != NULL && known->kernel != NULL) {
        take_choice(s, known);
        return WG_OK;
    }
    const wgi_entry *r = wgi_record_at(&p->scratch->list, s->node);
    const wgi_view *views = (const wgi_view *)plan->views.data + s->first;
    const wgi_problem problem = {
        .ctx = p->ctx,
        .op = group == NULL ? s->op : NULL,
        .op_id = group == NULL ? r->op : 0,
        .group = group,
        .n_in = (int32_t)s->n_in,
        .n_out = (int32_t)s->n_out,
        .in = views,
        .out = views + s->n_in,
        .attr = group == NULL ? wgi_attrs_of(&p->scratch->list, r) : NULL,
        .threads = p->ctx->threads,
        .is_thread_invariant = p->ctx->is_thread_invariant,
    };
    wgi_choice choice;
    const int32_t n_foremost = p->ctx->n_foremost;
    const int32_t first = n_foremost > 0 && wgi_reads_gradient(p, r) ? n_foremost : 0;
    const wg_status status = group == NULL
                                 ? wgi_dispatch(&problem, first, &choice)
                                 : wgi_dispatch_group(&problem, p->grouping_index, &choice);
    plan->is_tainted = plan->is_tainted || choice.had_engine_failure;
    if (status != WG_OK) {
        const char *name = group == NULL ? s->op->name : "group";
        return wgi_run_fail(p->user, status, name, "%s", wg_status_text(status));
    }
    take_choice(s, &choice);
    if (known != NULL) {
        *known = choice;
    }
    plan->bytes += choice.prepared.state_bytes;
    plan->threads =
        choice.prepared.threads > plan->threads ? choice.prepared.threads : plan->threads;
    if (choice.prepared.scratch_bytes > plan->scratch_bytes) {
        plan->scratch_bytes = choice.prepared.scratch_bytes;
    }
    return WG_OK;
}

/* ---- what the plan keeps -------------------------------------------------------------------- */

static bool copy_array(wgi_planner *p, wgi_array *to, const wgi_array *from, size_t size)
{
    if (!wgi_array_reserve(&p->ctx->memory, to, from->count, size)) {
        return false;
    }
    if (from->count > 0) {
        memcpy(to->data, from->data, from->count * size);
    }
    to->count = from->count;
    return true;
}

/* The user's list for comparison; dims, attributes and numbers of the expanded one, which starts
 * with the user's. */
static bool keep_list(wgi_planner *p)
{
    const wgi_list *user = &p->user->list;
    const wgi_list *all = &p->scratch->list;
    wgi_list *kept = &p->plan->list;
    p->plan->extent = wgi_list_extent_of(user);
    return copy_array(p, &kept->records, &user->records, sizeof(wgi_entry)) &&
           copy_array(p, &kept->operands, &user->operands, sizeof(uint32_t)) &&
           copy_array(p, &kept->dims, &all->dims, sizeof(int64_t)) &&
           copy_array(p, &kept->attrs, &all->attrs, sizeof(uint64_t)) &&
           copy_array(p, &kept->numbers, &all->numbers, sizeof(wgi_number_entry)) &&
           wgi_planner_fill(p, &p->plan->values, all->numbers.count, sizeof(double), 0);
}

/* Views showed the planner's list; from here on they show the plan's. */
static void move_views(wgi_planner *p)
{
    const wgi_list *from = &p->scratch->list;
    const wgi_list *to = &p->plan->list;
    wgi_view *views = p->plan->views.data;
    for (size_t i = 0; i < p->plan->views.count; i++) {
        if (views[i].rank > 0) {
            views[i].dims =
                (const int64_t *)to->dims.data + (views[i].dims - (const int64_t *)from->dims.data);
        }
    }
}

/* What the steps run on; data and scratch follow when the plan is bound. */
static void set_args(wgi_planner *p)
{
    wgi_plan *plan = p->plan;
    wgi_step *steps = plan->steps.data;
    for (size_t i = 0; i < plan->steps.count; i++) {
        wgi_step *s = &steps[i];
        const wgi_entry *r = wgi_record_at(&p->scratch->list, s->node);
        s->args.op = s->op;
        s->args.in = (const wgi_view *)plan->views.data + s->first;
        s->args.out = s->args.in + s->n_in;
        s->args.n_in = (int32_t)s->n_in;
        s->args.n_out = (int32_t)s->n_out;
        s->args.attr = s->op != NULL ? wgi_attrs_of(&plan->list, r) : NULL;
        if (s->number != WGI_NO_NUMBER) {
            s->args.numbers = (const double *)plan->values.data + s->number;
        }
        s->args.fault = &plan->fault;
    }
}

/* Sorts the views by the buffer behind them, so that a buffer that moves finds its own. */
static bool index_views(wgi_planner *p)
{
    wgi_plan *plan = p->plan;
    const uint32_t *operands = plan->operands.data;
    if (!wgi_planner_fill(p, &plan->users, plan->operands.count, sizeof(uint32_t), 0)) {
        return false;
    }
    for (size_t i = 0; i < plan->operands.count; i++) {
        wgi_buffer_at(plan, wgi_base_of(plan, operands[i]))->n_views++;
    }
    uint32_t total = 0;
    for (uint32_t b = 0; b < plan->buffers.count; b++) {
        wgi_buffer *buffer = wgi_buffer_at(plan, b);
        buffer->first_view = total;
        total += buffer->n_views;
        buffer->n_views = 0;
    }
    for (uint32_t i = 0; i < plan->operands.count; i++) {
        wgi_buffer *buffer = wgi_buffer_at(plan, wgi_base_of(plan, operands[i]));
        ((uint32_t *)plan->users.data)[buffer->first_view + buffer->n_views++] = i;
    }
    return true;
}

static bool list_outside(wgi_planner *p)
{
    for (uint32_t b = 0; b < p->plan->buffers.count; b++) {
        const wgi_place place = wgi_buffer_at(p->plan, b)->place;
        if (place == WGI_IN_WORKSPACE || place == WGI_IN_ALIAS) {
            continue;
        }
        wgi_array *list = place == WGI_IN_LEAF ? &p->plan->leaves : &p->plan->outside;
        uint32_t *slot = wgi_array_push(&p->ctx->memory, list, sizeof *slot);
        if (slot == NULL) {
            return false;
        }
        *slot = b;
    }
    return true;
}

/* Whether a step writes to a gradient that its leaf holds already, and so cannot be undone. */
static bool adds_to_gradient(const wgi_plan *plan, const wgi_step *s)
{
    const uint32_t *operands = (const uint32_t *)plan->operands.data + s->first;
    const wgi_plan_gradient *gradients = plan->gradients.data;
    for (uint32_t k = s->n_in; k < s->n_in + s->n_out; k++) {
        const wgi_buffer *b = wgi_buffer_at(plan, operands[k]);
        if (b->place == WGI_IN_GRADIENT && gradients[b->index].adds) {
            return true;
        }
    }
    return false;
}

static void count_undoable(wgi_plan *plan)
{
    const wgi_step *steps = plan->steps.data;
    size_t n = 0;
    while (n < plan->steps.count && !adds_to_gradient(plan, &steps[n])) {
        n++;
    }
    plan->n_undoable = n;
}

static size_t array_bytes(const wgi_array *array, size_t size)
{
    return array->capacity * size;
}

static size_t bytes_of(const wgi_plan *plan)
{
    return sizeof *plan + array_bytes(&plan->key, sizeof(uint64_t)) +
           array_bytes(&plan->list.records, sizeof(wgi_entry)) +
           array_bytes(&plan->list.dims, sizeof(int64_t)) +
           array_bytes(&plan->list.attrs, sizeof(uint64_t)) +
           array_bytes(&plan->list.operands, sizeof(uint32_t)) +
           array_bytes(&plan->list.numbers, sizeof(wgi_number_entry)) +
           array_bytes(&plan->buffers, sizeof(wgi_buffer)) +
           array_bytes(&plan->steps, sizeof(wgi_step)) +
           array_bytes(&plan->views, sizeof(wgi_view)) +
           array_bytes(&plan->operands, sizeof(uint32_t)) +
           array_bytes(&plan->users, sizeof(uint32_t)) +
           array_bytes(&plan->leaves, sizeof(uint32_t)) +
           array_bytes(&plan->outside, sizeof(uint32_t)) +
           array_bytes(&plan->counts, sizeof(wgi_count)) +
           array_bytes(&plan->results, sizeof(wgi_plan_result)) +
           array_bytes(&plan->gradients, sizeof(wgi_plan_gradient)) +
           array_bytes(&plan->values, sizeof(double));
}

static bool keep(wgi_planner *p)
{
    if (!keep_list(p) || !index_views(p) || !list_outside(p)) {
        return false;
    }
    move_views(p);
    set_args(p);
    count_undoable(p->plan);
    p->plan->bytes += bytes_of(p->plan);
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------ */

static void find_grouping(wgi_planner *p)
{
    p->grouping = NULL;
    for (int32_t b = 0; b < p->ctx->n_backends && p->grouping == NULL; b++) {
        if (p->ctx->backends[b].backend->group != NULL &&
            (p->ctx->without_passes & WG_PASS_FUSION) == 0) {
            p->grouping = &p->ctx->backends[b];
            p->grouping_index = b;
        }
    }
}

static wg_status out_of_memory(wgi_planner *p)
{
    return wgi_run_fail(p->user, WG_ERR_MEMORY, "plan", "out of memory");
}

static wg_status make(wgi_planner *p)
{
    wg_status status = expand(p);
    if (status != WG_OK) {
        return status;
    }
    find_grouping(p);
    p->is_tight = false;
    p->schedule.count = 0;
    p->choices.count = 0;
    if (!make_sources(p) || !wgi_plan_carry(p) || !wgi_plan_merge(p) || !wgi_plan_draft(p)) {
        return out_of_memory(p);
    }
    status = wgi_plan_layout(p);
    if (status == WG_OK && !wgi_plan_place(p)) {
        return out_of_memory(p);
    }
    const size_t limit = p->ctx->memory_limit;
    if (status == WG_OK && limit > 0 && p->plan->workspace_bytes > limit) {
        status = wgi_plan_recompute(p);
    }
    return status == WG_OK && !keep(p) ? out_of_memory(p) : status;
}

wg_status wgi_plan_make(const wgi_request *request, wgi_plan *plan)
{
    wg_context *ctx = request->graph->ctx;
    wgi_planner *p = ctx->engine->planner;
    if (p == NULL) {
        p = wgi_alloc_zeroed(&ctx->memory, 1, sizeof *p);
        if (p == NULL) {
            return wgi_run_fail(request->graph, WG_ERR_MEMORY, "plan", "out of memory");
        }
        ctx->engine->planner = p;
    }
    ctx->is_settled = true;
    p->request = request;
    p->ctx = ctx;
    p->user = request->graph;
    p->scratch = ctx->engine->scratch;
    p->plan = plan;
    p->targets.count = 0;
    p->adjoints = wgi_adjoints_take(p->scratch);
    p->scratch->is_alive = true; /* and no longer: a rule may have kept its handles */
    const wg_status status = make(p);
    p->scratch->is_alive = false;
    wgi_adjoints_put(&p->adjoints);
    wgi_list_clear(&p->scratch->list);
    return status;
}

void wgi_planner_free(const wg_allocator *a, wgi_planner *p)
{
    if (p == NULL) {
        return;
    }
    wgi_array_free(a, &p->targets, sizeof(wgi_target));
    wgi_array_free(a, &p->sources, sizeof(uint32_t));
    wgi_array_free(a, &p->carries, sizeof(wgi_carry));
    wgi_array_free(a, &p->slots, sizeof(uint32_t));
    wgi_array_free(a, &p->fates, sizeof(wgi_fate));
    wgi_array_free(a, &p->drafts, sizeof(wgi_step_draft));
    wgi_array_free(a, &p->order, sizeof(uint32_t));
    wgi_array_free(a, &p->group, sizeof(wgi_member));
    wgi_array_free(a, &p->times, sizeof(uint32_t));
    wgi_array_free(a, &p->writers, sizeof(uint32_t));
    wgi_array_free(a, &p->joins, sizeof(uint8_t));
    wgi_array_free(a, &p->schedule, sizeof(uint32_t));
    wgi_array_free(a, &p->choices, sizeof(wgi_choice));
    wgi_release(a, p, sizeof *p);
}

static void destroy_steps(wg_context *ctx, wgi_plan *plan)
{
    wgi_step *steps = plan->steps.data;
    for (size_t i = 0; i < plan->steps.count; i++) {
        const wgi_kernel *kernel = steps[i].is_again ? NULL : steps[i].kernel;
        if (kernel != NULL && kernel->destroy != NULL) {
            kernel->destroy(ctx, &steps[i].prepared);
        }
    }
}

void wgi_plan_clear(wg_context *ctx, wgi_plan *plan, bool owns_kernels)
{
    if (owns_kernels) {
        destroy_steps(ctx, plan);
        plan->bytes = 0;
        plan->threads = 0;
        plan->scratch_bytes = 0;
    }
    plan->steps.count = 0;
    plan->views.count = 0;
    plan->operands.count = 0;
    plan->buffers.count = 0;
    plan->counts.count = 0;
}

void wgi_plan_free(wg_context *ctx, wgi_plan *plan)
{
    const wg_allocator *a = &ctx->memory;
    destroy_steps(ctx, plan);
    wgi_list_free(a, &plan->list);
    wgi_array_free(a, &plan->key, sizeof(uint64_t));
    wgi_array_free(a, &plan->buffers, sizeof(wgi_buffer));
    wgi_array_free(a, &plan->steps, sizeof(wgi_step));
    wgi_array_free(a, &plan->views, sizeof(wgi_view));
    wgi_array_free(a, &plan->operands, sizeof(uint32_t));
    wgi_array_free(a, &plan->users, sizeof(uint32_t));
    wgi_array_free(a, &plan->leaves, sizeof(uint32_t));
    wgi_array_free(a, &plan->outside, sizeof(uint32_t));
    wgi_array_free(a, &plan->counts, sizeof(wgi_count));
    wgi_array_free(a, &plan->results, sizeof(wgi_plan_result));
    wgi_array_free(a, &plan->gradients, sizeof(wgi_plan_gradient));
    wgi_array_free(a, &plan->values, sizeof(double));
    wgi_release(a, plan, sizeof *plan);
}
