/* Planning: from a list and a request to steps, kernels and buffers.
 * SPDX-License-Identifier: Apache-2.0
 *
 * One linear pass each: expand the list by its gradients, mark what is needed, lay out buffers and
 * steps in list order, choose kernels, place. */
#include "graph/plan.h"

#include <string.h>

#include "core/checked.h"
#include "core/param.h"
#include "graph/record.h"

/* What planning knows while it runs; freed at its end. The last three arrays have an element for
 * each entry of the expanded list. */
typedef struct planner {
    const wgi_request *request;
    wg_context *ctx;
    wg_graph *user;
    wg_graph *scratch;
    wgi_plan *plan;
    wgi_adjoints adjoints;
    wgi_array targets;   /* target */
    wgi_array needed;    /* uint8_t */
    wgi_array claims;    /* uint32_t: CLAIM_RESULT or CLAIM_GRADIENT | place, or WGI_NONE */
    wgi_array buffer_of; /* uint32_t */
} planner;

enum {
    CLAIM_GRADIENT = 1 << 30
};

typedef struct target {
    uint32_t leaf;
    uint32_t node; /* of the gradient to deliver */
    bool adds;
} target;

static void planner_free(planner *p)
{
    const wg_allocator *a = &p->ctx->memory;
    wgi_adjoints_put(&p->adjoints);
    wgi_array_free(a, &p->targets, sizeof(target));
    wgi_array_free(a, &p->needed, sizeof(uint8_t));
    wgi_array_free(a, &p->claims, sizeof(uint32_t));
    wgi_array_free(a, &p->buffer_of, sizeof(uint32_t));
    wgi_list_clear(&p->scratch->list);
}

static bool fill_array(const wg_allocator *a, wgi_array *array, size_t n, size_t size, int byte)
{
    if (!wgi_array_reserve(a, array, n, size)) {
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
static wg_status scratch_failure(planner *p, wg_status status)
{
    const wgi_failure *f = &p->scratch->failure;
    if (f->status != WG_OK) {
        return wgi_run_fail(p->user, f->status, f->op, "%s", f->detail);
    }
    return wgi_run_fail(p->user, status, "plan", "%s", wg_status_text(status));
}

static bool start_adjoints(planner *p)
{
    const wgi_list *list = &p->scratch->list;
    const wg_allocator *a = &p->ctx->memory;
    uint32_t n = wgi_list_count(list);
    p->adjoints.g = p->scratch;
    if (!fill_array(a, &p->adjoints.depends, n, sizeof(uint8_t), 0)) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        bool wants = wgi_record_at(list, i)->flags & WGI_WANTS_GRADIENT;
        ((uint8_t *)p->adjoints.depends.data)[i] = wants;
    }
    return true;
}

/* Marks the entries that the loss depends on through wanted gradients. */
static bool mark_ancestors(planner *p, wgi_array *reached)
{
    const wgi_list *list = &p->user->list;
    uint32_t n = wgi_list_count(list);
    if (!fill_array(&p->ctx->memory, reached, n, sizeof(uint8_t), 0)) {
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
static wg_node held_gradient(planner *p, uint32_t leaf_index)
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

static bool add_target(planner *p, uint32_t leaf_index)
{
    const wgi_leaf *leaf = wgi_leaf_at(&p->user->list, leaf_index);
    uint32_t dx = ((const uint32_t *)p->adjoints.of.data)[leaf->node];
    wg_node n =
        dx != WGI_NONE ? wgi_handle(p->scratch, dx) : wgi_emit_fill(p->scratch, leaf->node, 0.0);
    bool adds = !wgi_leaf_gradient_is_empty(leaf);
    if (adds) {
        n = wgi_emit_add(p->scratch, held_gradient(p, leaf_index), n);
    }
    target *t = wgi_array_push(&p->ctx->memory, &p->targets, sizeof *t);
    if (t == NULL || p->scratch->failure.status != WG_OK) {
        return false;
    }
    *t = (target){.leaf = leaf_index, .node = n.index, .adds = adds};
    return true;
}

static wg_status expand_backward(planner *p)
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

static wg_status expand(planner *p)
{
    wg_graph *e = p->scratch;
    memset(&e->failure, 0, sizeof e->failure);
    e->epoch++;
    e->is_training = p->user->is_training;
    if (!wgi_list_copy(&p->ctx->memory, &e->list, &p->user->list)) {
        return wgi_run_fail(p->user, WG_ERR_MEMORY, "plan", "out of memory");
    }
    return p->request->loss != WGI_NONE ? expand_backward(p) : WG_OK;
}

/* ---- what is needed ----------------------------------------------------------------------- */

static uint8_t *needed(const planner *p, uint32_t i)
{
    return (uint8_t *)p->needed.data + i;
}

static bool is_present(const planner *p, uint32_t i)
{
    return i < wgi_list_count(&p->user->list) && i < p->user->value_of.count &&
           ((wg_tensor **)p->user->value_of.data)[i] != NULL;
}

/* Whether the op whose record is at i has an output that must be computed. */
static bool must_run(const planner *p, uint32_t i, const wgi_op *op)
{
    for (uint32_t k = 0; k < (uint32_t)op->n_out; k++) {
        if (*needed(p, i + k) && !is_present(p, i + k)) {
            return true;
        }
    }
    return false;
}

static const wgi_op *op_at(const planner *p, const wgi_entry *r)
{
    return p->ctx->ops->ops[r->op];
}

static bool mark_needed(planner *p)
{
    const wgi_list *list = &p->scratch->list;
    uint32_t n = wgi_list_count(list);
    if (!fill_array(&p->ctx->memory, &p->needed, n, sizeof(uint8_t), 0)) {
        return false;
    }
    const uint32_t *wanted = p->request->wanted.data;
    for (size_t i = 0; i < p->request->wanted.count; i++) {
        *needed(p, wanted[i]) = 1;
    }
    const target *targets = p->targets.data;
    for (size_t i = 0; i < p->targets.count; i++) {
        *needed(p, targets[i].node) = 1;
    }
    for (uint32_t i = n; i > 0; i--) {
        const wgi_entry *r = wgi_record_at(list, i - 1);
        if (wgi_record_is_leaf(r) || r->part > 0 || !must_run(p, i - 1, op_at(p, r))) {
            continue;
        }
        const uint32_t *in = wgi_inputs_of(list, r);
        for (uint32_t k = 0; k < r->n_in; k++) {
            *needed(p, in[k]) = 1;
        }
    }
    return true;
}

/* ---- results and gradients ---------------------------------------------------------------- */

static uint32_t *claim(const planner *p, uint32_t i)
{
    return (uint32_t *)p->claims.data + i;
}

/* Whether an op writes this entry itself, so that it may write it where it is wanted. */
static bool is_written(const planner *p, uint32_t i)
{
    const wgi_entry *r = wgi_record_at(&p->scratch->list, i);
    return !wgi_record_is_leaf(r) && !is_present(p, i) && !(op_at(p, r)->traits & WGI_LAYOUT);
}

static bool claim_results(planner *p)
{
    const uint32_t *wanted = p->request->wanted.data;
    for (uint32_t i = 0; i < p->request->wanted.count; i++) {
        wgi_plan_result *r = wgi_array_push(&p->ctx->memory, &p->plan->results, sizeof *r);
        if (r == NULL) {
            return false;
        }
        r->node = wanted[i];
        r->copy_of = WGI_NONE;
        if (is_written(p, wanted[i])) {
            *claim(p, wanted[i]) = i;
        }
    }
    return true;
}

static bool claim_gradients(planner *p)
{
    const target *targets = p->targets.data;
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
        uint32_t node = targets[i].node;
        if (is_written(p, node) && *claim(p, node) == WGI_NONE) {
            *claim(p, node) = i | CLAIM_GRADIENT;
        }
    }
    return true;
}

/* Those that no op writes in place are copied at the end. */
static void note_copies(planner *p)
{
    const uint32_t *buffer_of = p->buffer_of.data;
    wgi_plan_result *results = p->plan->results.data;
    for (uint32_t i = 0; i < p->plan->results.count; i++) {
        if (*claim(p, results[i].node) != i) {
            results[i].copy_of = buffer_of[results[i].node];
        }
    }
    wgi_plan_gradient *gradients = p->plan->gradients.data;
    const target *targets = p->targets.data;
    for (uint32_t i = 0; i < p->plan->gradients.count; i++) {
        if (*claim(p, targets[i].node) != (i | CLAIM_GRADIENT)) {
            gradients[i].copy_of = buffer_of[targets[i].node];
        }
    }
}

/* ---- buffers and steps -------------------------------------------------------------------- */

static uint32_t add_buffer(planner *p, const wgi_entry *r, wgi_place place, uint32_t index)
{
    wgi_buffer *b = wgi_array_push(&p->ctx->memory, &p->plan->buffers, sizeof *b);
    if (b == NULL) {
        return WGI_NONE;
    }
    b->view = wgi_record_view(&p->scratch->list, r);
    b->place = place;
    b->index = index;
    return (uint32_t)p->plan->buffers.count - 1;
}

static uint32_t gradient_of_leaf(const planner *p, uint32_t leaf)
{
    const target *targets = p->targets.data;
    uint32_t i = 0;
    while (i < p->targets.count && targets[i].leaf != leaf) {
        i++;
    }
    return i;
}

static uint32_t leaf_buffer(planner *p, const wgi_entry *r)
{
    if (r->attr == WGI_LEAF_GRADIENT) {
        return add_buffer(p, r, WGI_IN_GRADIENT, gradient_of_leaf(p, r->in[0]));
    }
    return add_buffer(p, r, WGI_IN_LEAF, r->in[0]);
}

/* The memory behind a buffer; aliases point at it directly. */
static uint32_t base_of(const wgi_plan *plan, uint32_t b)
{
    const wgi_buffer *buffer = (const wgi_buffer *)plan->buffers.data + b;
    return buffer->place == WGI_IN_ALIAS ? buffer->index : b;
}

static uint32_t output_buffer(planner *p, uint32_t node, const wgi_entry *r)
{
    uint32_t c = *claim(p, node);
    if (!*needed(p, node) || is_present(p, node) || c == WGI_NONE) {
        return add_buffer(p, r, WGI_IN_WORKSPACE, 0);
    }
    bool is_gradient = c & CLAIM_GRADIENT;
    return add_buffer(p, r, is_gradient ? WGI_IN_GRADIENT : WGI_IN_RESULT,
                      c & ~(uint32_t)CLAIM_GRADIENT);
}

static bool push_operand(planner *p, uint32_t buffer)
{
    uint32_t *slot = wgi_array_push(&p->ctx->memory, &p->plan->operands, sizeof *slot);
    if (slot == NULL || buffer == WGI_NONE) {
        return false;
    }
    *slot = buffer;
    return true;
}

/* A present output is read where it is, and written anew into a buffer that nobody reads. */
static bool add_step(planner *p, uint32_t node, const wgi_entry *r, const wgi_op *op)
{
    uint32_t *buffer_of = p->buffer_of.data;
    const uint32_t *in = wgi_inputs_of(&p->scratch->list, r);
    uint32_t first = (uint32_t)p->plan->operands.count;
    for (uint32_t k = 0; k < r->n_in; k++) {
        if (!push_operand(p, buffer_of[in[k]])) {
            return false;
        }
    }
    for (uint32_t k = 0; k < (uint32_t)op->n_out; k++) {
        uint32_t b = output_buffer(p, node + k, r + k);
        if (!push_operand(p, b)) {
            return false;
        }
        if (!is_present(p, node + k)) {
            buffer_of[node + k] = b;
        }
    }
    wgi_step *s = wgi_array_push(&p->ctx->memory, &p->plan->steps, sizeof *s);
    if (s == NULL) {
        return false;
    }
    s->node = node;
    s->number = r->number;
    s->first = first;
    s->n_in = r->n_in;
    s->n_out = (uint16_t)op->n_out;
    uint32_t n_operands = (uint32_t)s->n_in + s->n_out;
    if (n_operands > p->plan->max_operands) {
        p->plan->max_operands = n_operands;
    }
    return true;
}

static bool lay_out_op(planner *p, uint32_t i, const wgi_entry *r)
{
    uint32_t *buffer_of = p->buffer_of.data;
    const wgi_op *op = op_at(p, r);
    for (uint32_t k = 0; k < (uint32_t)op->n_out; k++) {
        if (*needed(p, i + k) && is_present(p, i + k)) {
            buffer_of[i + k] = add_buffer(p, r + k, WGI_IN_VALUE, i + k);
            if (buffer_of[i + k] == WGI_NONE) {
                return false;
            }
        }
    }
    if (!must_run(p, i, op)) {
        return true;
    }
    if (op->traits & WGI_LAYOUT) {
        uint32_t x = buffer_of[*wgi_inputs_of(&p->scratch->list, r)];
        buffer_of[i] = add_buffer(p, r, WGI_IN_ALIAS, base_of(p->plan, x));
        return buffer_of[i] != WGI_NONE;
    }
    return add_step(p, i, r, op);
}

static bool lay_out(planner *p)
{
    const wg_allocator *a = &p->ctx->memory;
    uint32_t n = wgi_list_count(&p->scratch->list);
    if (!fill_array(a, &p->claims, n, sizeof(uint32_t), 0xFF) ||
        !fill_array(a, &p->buffer_of, n, sizeof(uint32_t), 0xFF) || !claim_results(p) ||
        !claim_gradients(p)) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        const wgi_entry *r = wgi_record_at(&p->scratch->list, i);
        bool ok = true;
        if (wgi_record_is_leaf(r)) {
            if (*needed(p, i)) {
                uint32_t b = leaf_buffer(p, r);
                ((uint32_t *)p->buffer_of.data)[i] = b;
                ok = b != WGI_NONE;
            }
        } else if (r->part == 0) {
            ok = lay_out_op(p, i, r);
        }
        if (!ok) {
            return false;
        }
    }
    note_copies(p);
    return true;
}

/* ---- kernels ------------------------------------------------------------------------------ */

static wg_status choose_kernel(planner *p, wgi_step *s)
{
    wgi_plan *plan = p->plan;
    const uint32_t *operands = (const uint32_t *)plan->operands.data + s->first;
    const wgi_entry *r = wgi_record_at(&p->scratch->list, s->node);
    wgi_view *views = plan->views.data;
    for (uint32_t k = 0; k < (uint32_t)s->n_in + s->n_out; k++) {
        views[k] = ((const wgi_buffer *)plan->buffers.data)[operands[k]].view;
    }
    wgi_problem problem = {
        .ctx = p->ctx,
        .op = op_at(p, r),
        .op_id = r->op,
        .n_in = s->n_in,
        .n_out = s->n_out,
        .in = views,
        .out = views + s->n_in,
        .attr = wgi_attrs_of(&p->scratch->list, r),
        .threads = p->ctx->threads,
        .is_thread_invariant = p->ctx->is_thread_invariant,
    };
    wgi_choice choice;
    wg_status status = wgi_dispatch(&problem, 0, &choice);
    plan->is_tainted = plan->is_tainted || choice.had_engine_failure;
    if (status != WG_OK) {
        return wgi_run_fail(p->user, status, problem.op->name, "%s", wg_status_text(status));
    }
    s->kernel = choice.kernel;
    s->prepared = choice.prepared;
    s->backend = choice.backend;
    plan->bytes += choice.prepared.state_bytes;
    if (choice.prepared.scratch_bytes > plan->scratch_bytes) {
        plan->scratch_bytes = choice.prepared.scratch_bytes;
    }
    return WG_OK;
}

static wg_status choose_kernels(planner *p)
{
    if (!fill_array(&p->ctx->memory, &p->plan->views, p->plan->max_operands, sizeof(wgi_view), 0)) {
        return wgi_run_fail(p->user, WG_ERR_MEMORY, "plan", "out of memory");
    }
    wgi_step *steps = p->plan->steps.data;
    wg_status status = WG_OK;
    for (size_t i = 0; i < p->plan->steps.count && status == WG_OK; i++) {
        status = choose_kernel(p, &steps[i]);
    }
    return status;
}

/* ---- all of it ---------------------------------------------------------------------------- */

static size_t array_bytes(const wgi_array *array, size_t size)
{
    return array->capacity * size;
}

static size_t list_bytes(const wgi_list *list)
{
    return array_bytes(&list->records, sizeof(wgi_entry)) +
           array_bytes(&list->dims, sizeof(int64_t)) + array_bytes(&list->attrs, sizeof(uint64_t)) +
           array_bytes(&list->operands, sizeof(uint32_t)) +
           array_bytes(&list->numbers, sizeof(wgi_number_entry));
}

/* The plan takes the expanded list as its own; the leaves stay the user's. */
static wg_status take_list(planner *p)
{
    wgi_plan *plan = p->plan;
    const wg_allocator *a = &p->ctx->memory;
    size_t n_numbers = p->scratch->list.numbers.count;
    if (!fill_array(a, &plan->values, n_numbers, sizeof(double), 0)) {
        return wgi_run_fail(p->user, WG_ERR_MEMORY, "plan", "out of memory");
    }
    wgi_array_free(a, &p->scratch->list.leaves, sizeof(wgi_leaf));
    plan->list = p->scratch->list;
    plan->extent = wgi_list_extent_of(&p->user->list);
    memset(&p->scratch->list, 0, sizeof p->scratch->list);
    plan->bytes +=
        sizeof *plan + list_bytes(&plan->list) + array_bytes(&plan->key, sizeof(uint64_t)) +
        array_bytes(&plan->buffers, sizeof(wgi_buffer)) +
        array_bytes(&plan->steps, sizeof(wgi_step)) +
        array_bytes(&plan->operands, sizeof(uint32_t)) +
        array_bytes(&plan->views, sizeof(wgi_view)) + array_bytes(&plan->values, sizeof(double));
    return WG_OK;
}

wg_status wgi_plan_make(const wgi_request *request, wgi_plan *plan)
{
    wg_context *ctx = request->graph->ctx;
    planner p = {
        .request = request,
        .ctx = ctx,
        .user = request->graph,
        .scratch = ctx->engine->scratch,
        .plan = plan,
        .adjoints = wgi_adjoints_take(ctx->engine->scratch),
    };
    wg_status status = expand(&p);
    if (status == WG_OK && !(mark_needed(&p) && lay_out(&p))) {
        status = wgi_run_fail(p.user, WG_ERR_MEMORY, "plan", "out of memory");
    }
    if (status == WG_OK) {
        status = choose_kernels(&p);
    }
    if (status == WG_OK && !wgi_plan_place(ctx, plan)) {
        status = wgi_run_fail(p.user, WG_ERR_MEMORY, "plan", "out of memory");
    }
    if (status == WG_OK) {
        status = take_list(&p);
    }
    planner_free(&p);
    return status;
}

static void destroy_steps(wg_context *ctx, wgi_plan *plan)
{
    wgi_step *steps = plan->steps.data;
    for (size_t i = 0; i < plan->steps.count; i++) {
        if (steps[i].kernel != NULL && steps[i].kernel->destroy != NULL) {
            steps[i].kernel->destroy(ctx, &steps[i].prepared);
        }
    }
}

void wgi_plan_free(wg_context *ctx, wgi_plan *plan)
{
    const wg_allocator *a = &ctx->memory;
    destroy_steps(ctx, plan);
    wgi_list_free(a, &plan->list);
    wgi_array_free(a, &plan->key, sizeof(uint64_t));
    wgi_array_free(a, &plan->buffers, sizeof(wgi_buffer));
    wgi_array_free(a, &plan->steps, sizeof(wgi_step));
    wgi_array_free(a, &plan->operands, sizeof(uint32_t));
    wgi_array_free(a, &plan->results, sizeof(wgi_plan_result));
    wgi_array_free(a, &plan->gradients, sizeof(wgi_plan_gradient));
    wgi_array_free(a, &plan->views, sizeof(wgi_view));
    wgi_array_free(a, &plan->values, sizeof(double));
    wgi_release(a, plan, sizeof *plan);
}
