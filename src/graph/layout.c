/* Layout: step by step, in order of running, the operands, buffers and kernels of a plan.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A step shows its operands as views without data: inputs, then outputs. What only a group's own
 * members read has no buffer. Views show the planner's list here; plan.c moves them to the plan's.
 */
#include <string.h>

#include "core/checked.h"
#include "graph/hook.h"
#include "graph/planner.h"

/* ---- buffers -------------------------------------------------------------------------------- */

static uint32_t add_buffer(wgi_planner *p, uint32_t node, wgi_place place, uint32_t index)
{
    wgi_buffer *b = wgi_array_push(&p->ctx->memory, &p->plan->buffers, sizeof *b);
    if (b == NULL) {
        return WGI_NONE;
    }
    const wgi_entry *r = wgi_record_at(&p->scratch->list, node);
    b->place = place;
    b->index = index;
    b->node = node;
    b->dtype = r->dtype;
    b->count = r->count;
    return (uint32_t)p->plan->buffers.count - 1;
}

static uint32_t gradient_of_leaf(const wgi_planner *p, uint32_t leaf)
{
    const wgi_target *targets = p->targets.data;
    uint32_t i = 0;
    while (i < p->targets.count && targets[i].leaf != leaf) {
        i++;
    }
    return i;
}

/* The buffer of an entry that no step and no alias makes. */
static uint32_t outside_buffer(wgi_planner *p, uint32_t i, const wgi_entry *r)
{
    if (!wgi_record_is_leaf(r)) {
        return add_buffer(p, i, WGI_IN_VALUE, i);
    }
    if (r->attr == WGI_LEAF_GRADIENT) {
        return add_buffer(p, i, WGI_IN_GRADIENT, gradient_of_leaf(p, r->in[0]));
    }
    return add_buffer(p, i, WGI_IN_LEAF, r->in[0]);
}

/* Whether a buffer is an alias of bytes that a step has since made again. */
static bool is_outdated(const wgi_planner *p, uint32_t i, uint32_t buffer)
{
    const wgi_buffer *b = wgi_buffer_at(p->plan, buffer);
    if (p->schedule.count == 0 || b->place != WGI_IN_ALIAS) {
        return false;
    }
    return wgi_base_of(p->plan, wgi_fate_at(p, wgi_shown_by(p, i))->buffer) != b->index;
}

/* The buffer that an entry is read from, made where the entry is a leaf, a present value or an
 * alias; the steps before this one have made the others. WGI_NONE when memory is short. */
static uint32_t buffer_of(wgi_planner *p, uint32_t i)
{
    wgi_fate *f = wgi_fate_at(p, i);
    if (f->buffer != WGI_NONE && (f->flags & WGI_IS_CLAIMED) == 0 &&
        !is_outdated(p, i, f->buffer)) {
        return f->buffer;
    }
    const uint32_t shown = wgi_shown_by(p, i);
    wgi_fate *base = wgi_fate_at(p, shown);
    if (base->buffer == WGI_NONE) {
        base->buffer = outside_buffer(p, shown, wgi_record_at(&p->scratch->list, shown));
    }
    if (shown != i && base->buffer != WGI_NONE) {
        f->buffer = add_buffer(p, i, WGI_IN_ALIAS, wgi_base_of(p->plan, base->buffer));
    }
    return f->buffer;
}

/* Whether an entry was made before, where it was claimed for. */
static bool is_delivered(const wgi_planner *p, const wgi_fate *f)
{
    if (p->schedule.count == 0 || f->buffer == WGI_NONE || (f->flags & WGI_IS_CLAIMED) != 0) {
        return false;
    }
    const wgi_place place = wgi_buffer_at(p->plan, f->buffer)->place;
    return place == WGI_IN_RESULT || place == WGI_IN_GRADIENT;
}

/* A buffer for an entry that a step writes: where it is claimed for, or in the workspace. A step
 * that runs again makes the same bytes again in the one place, and new buffers in the other. */
static uint32_t output_buffer(wgi_planner *p, uint32_t i)
{
    wgi_fate *f = wgi_fate_at(p, i);
    if (is_delivered(p, f)) {
        return f->buffer;
    }
    if ((f->flags & WGI_IS_CLAIMED) == 0 || wgi_is_present(p, i)) {
        return add_buffer(p, i, WGI_IN_WORKSPACE, 0);
    }
    const bool is_gradient = (f->buffer & WGI_CLAIM_GRADIENT) != 0;
    f->flags &= 15U & ~(unsigned)WGI_IS_CLAIMED;
    return add_buffer(p, i, is_gradient ? WGI_IN_GRADIENT : WGI_IN_RESULT,
                      f->buffer & ~WGI_CLAIM_GRADIENT);
}

/* ---- operands ------------------------------------------------------------------------------- */

static bool push_view(wgi_planner *p, uint32_t buffer, uint32_t writer)
{
    const wg_allocator *a = &p->ctx->memory;
    wgi_plan *plan = p->plan;
    if (buffer == WGI_NONE || !wgi_array_reserve(a, &plan->views, 1, sizeof(wgi_view)) ||
        !wgi_array_reserve(a, &plan->operands, 1, sizeof(uint32_t)) ||
        !wgi_array_reserve(a, &p->writers, 1, sizeof(uint32_t))) {
        return false;
    }
    const uint32_t node = wgi_buffer_at(plan, buffer)->node;
    const wgi_entry *r = wgi_record_at(&p->scratch->list, node);
    *(wgi_view *)wgi_array_next(&plan->views, sizeof(wgi_view)) =
        wgi_record_view(&p->scratch->list, r);
    *(uint32_t *)wgi_array_next(&plan->operands, sizeof(uint32_t)) = buffer;
    *(uint32_t *)wgi_array_next(&p->writers, sizeof(uint32_t)) = writer;
    return true;
}

static bool push_count(wgi_planner *p, uint16_t op, int32_t backend, uint32_t times)
{
    wgi_count *c = wgi_array_push(&p->ctx->memory, &p->plan->counts, sizeof *c);
    if (c == NULL) {
        return false;
    }
    c->counter = (uint32_t)wgi_counter(op, backend);
    c->times = times;
    return true;
}

static wgi_step *push_step(wgi_planner *p, uint32_t node)
{
    wgi_step *s = wgi_array_push(&p->ctx->memory, &p->plan->steps, sizeof *s);
    if (s != NULL) {
        s->node = node;
        s->first = (uint32_t)p->plan->views.count;
        s->first_count = (uint32_t)p->plan->counts.count;
    }
    return s;
}

static wg_status memory_failure(wgi_planner *p)
{
    return wgi_run_fail(p->user, WG_ERR_MEMORY, "plan", "out of memory");
}

/* ---- single ops ----------------------------------------------------------------------------- */

/* A present output is read where it is, and written anew into a buffer that nobody reads. */
static bool push_outputs(wgi_planner *p, uint32_t node, const wgi_op *op)
{
    for (uint32_t k = 0; k < (uint32_t)op->n_out; k++) {
        const uint32_t b = output_buffer(p, node + k);
        if (!push_view(p, b, (op->traits & WGI_IN_PLACE) != 0 ? 0 : WGI_NONE)) {
            return false;
        }
        if (!wgi_is_present(p, node + k)) {
            wgi_fate_at(p, node + k)->buffer = b;
        }
    }
    return true;
}

static wg_status lay_out_op(wgi_planner *p, uint32_t node)
{
    const wgi_entry *r = wgi_record_at(&p->scratch->list, node);
    const wgi_op *op = wgi_op_at(p, r);
    wgi_step *s = push_step(p, node);
    bool ok = s != NULL;
    const uint32_t *in = wgi_inputs_of(&p->scratch->list, r);
    for (uint32_t k = 0; ok && k < r->n_in; k++) {
        ok = push_view(p, buffer_of(p, in[k]), 0);
    }
    if (!ok || !push_outputs(p, node, op)) {
        return memory_failure(p);
    }
    p->plan->has_random = p->plan->has_random || (op->traits & WGI_RANDOM) != 0;
    p->plan->has_hooks = p->plan->has_hooks || op == &wgi_hook_row;
    s->op = op;
    s->number = r->number;
    s->n_in = r->n_in;
    s->n_out = (uint32_t)op->n_out;
    const wg_status status = wgi_plan_choose(p, s, NULL);
    for (uint32_t k = 0; s->backend < p->ctx->n_foremost && k < s->n_out; k++) {
        ((uint32_t *)p->writers.data)[s->first + s->n_in + k] = WGI_NONE;
    }
    if (status == WG_OK && !push_count(p, r->op, s->backend, 1)) {
        return memory_failure(p);
    }
    s->n_counts = 1;
    return status;
}

/* ---- groups --------------------------------------------------------------------------------- */

static const uint32_t *members_of(const wgi_planner *p, const wgi_step_draft *d)
{
    return (const uint32_t *)p->order.data + d->first;
}

static bool is_inside(const wgi_planner *p, uint32_t i, uint32_t step)
{
    return wgi_fate_at(p, i)->step == step;
}

/* Whether an entry from outside is among the step's inputs already. */
static bool is_input(const wgi_planner *p, const wgi_step *s, const wgi_fate *f)
{
    return f->value < s->n_in && f->buffer != WGI_NONE && (f->flags & WGI_IS_CLAIMED) == 0 &&
           ((const uint32_t *)p->plan->operands.data)[s->first + f->value] == f->buffer;
}

/* Gives each member its place, and each entry from outside its place among the inputs. */
static bool push_inputs(wgi_planner *p, wgi_step *s, uint32_t step)
{
    const wgi_step_draft *d = wgi_draft_at(p, step);
    const uint32_t *members = members_of(p, d);
    for (uint32_t m = 0; m < d->n; m++) {
        const wgi_entry *r = wgi_record_at(&p->scratch->list, members[m]);
        wgi_fate_at(p, members[m])->value = m;
        for (uint32_t k = 0; k < r->n_in; k++) {
            wgi_fate *f = wgi_fate_at(p, r->in[k]);
            if (f->step == step) {
                continue;
            }
            if (!is_input(p, s, f)) {
                f->value = s->n_in++;
                if (!push_view(p, buffer_of(p, r->in[k]), m)) {
                    return false;
                }
            }
            ((uint32_t *)p->writers.data)[s->first + f->value] = m;
        }
    }
    return true;
}

/* Whether a member's value is to be had outside its group. */
static bool is_output(const wgi_planner *p, uint32_t node, const wgi_entry *r, uint32_t step)
{
    const wgi_fate *f = wgi_fate_at(p, node);
    return f->first != step || (f->flags & (WGI_IS_ROOT | WGI_IS_READ_APART)) != 0 ||
           (wgi_op_at(p, r)->traits & WGI_REDUCTION) != 0;
}

static wgi_member member_of(const wgi_planner *p, const wgi_entry *r, uint32_t step, uint32_t n_in)
{
    wgi_member m = {
        .op = r->op,
        .n_in = (uint8_t)r->n_in,
        .dtype = r->dtype,
        .out = WGI_INSIDE,
        .number = r->number,
        .attr = r->attr,
    };
    for (uint32_t k = 0; k < r->n_in; k++) {
        const uint32_t value = wgi_fate_at(p, r->in[k])->value;
        m.in[k] = is_inside(p, r->in[k], step) ? n_in + value : value;
    }
    return m;
}

static bool push_members(wgi_planner *p, wgi_step *s, uint32_t step)
{
    const wgi_step_draft *d = wgi_draft_at(p, step);
    const uint32_t *members = members_of(p, d);
    p->group.count = 0;
    if (!wgi_array_reserve(&p->ctx->memory, &p->group, d->n, sizeof(wgi_member))) {
        return false;
    }
    for (uint32_t i = 0; i < d->n; i++) {
        const wgi_entry *r = wgi_record_at(&p->scratch->list, members[i]);
        wgi_member *m = wgi_array_next(&p->group, sizeof *m);
        *m = member_of(p, r, step, s->n_in);
        ((uint32_t *)p->times.data)[r->op]++;
        if (is_output(p, members[i], r, step)) {
            const bool is_end = (wgi_op_at(p, r)->traits & WGI_REDUCTION) != 0;
            const uint32_t b = output_buffer(p, members[i]);
            m->out = s->n_out++;
            wgi_fate_at(p, members[i])->buffer = b;
            if (!push_view(p, b, is_end ? WGI_NONE : i)) {
                return false;
            }
        }
    }
    return true;
}

/* Inputs that broadcast cannot lend their memory; views of one element get no axes. */
static void settle_views(wgi_planner *p, const wgi_step *s, const wgi_group *group)
{
    wgi_view *views = (wgi_view *)p->plan->views.data + s->first;
    uint32_t *writers = (uint32_t *)p->writers.data + s->first;
    for (uint32_t k = 0; k < s->n_in + s->n_out; k++) {
        if (group->count == 1) {
            views[k].rank = 0;
            views[k].dims = NULL;
        } else if (k < s->n_in &&
                   !wgi_same_shape(views[k].rank, views[k].dims, group->rank, group->dims)) {
            writers[k] = WGI_NONE;
        }
    }
}

/* How often the step holds each op, as push_members counted. */
static bool push_counts(wgi_planner *p, wgi_step *s)
{
    uint32_t *times = p->times.data;
    bool ok = true;
    for (uint16_t op = 0; op < p->ctx->ops->count; op++) {
        if (times[op] > 0) {
            ok = ok && push_count(p, op, s->backend, times[op]);
            times[op] = 0;
            s->n_counts++;
        }
    }
    return ok;
}

static wg_status lay_out_group(wgi_planner *p, uint32_t step)
{
    const wgi_step_draft *d = wgi_draft_at(p, step);
    wgi_step *s = push_step(p, members_of(p, d)[d->n - 1]);
    if (s == NULL || !push_inputs(p, s, step) || !push_members(p, s, step)) {
        return memory_failure(p);
    }
    const wgi_list *list = &p->scratch->list;
    const wgi_entry *shape = wgi_record_at(list, d->shape);
    const bool is_one = shape->count == 1;
    const wgi_group group = {
        .members = p->group.data,
        .n_members = d->n,
        .rank = is_one ? 0 : shape->rank,
        .dims = is_one ? NULL : wgi_dims_of(list, shape),
        .count = shape->count,
        .attrs = list->attrs.data,
    };
    settle_views(p, s, &group);
    const wg_status status = wgi_plan_choose(p, s, &group);
    if (status == WG_OK && !push_counts(p, s)) {
        return memory_failure(p);
    }
    return status;
}

/* ---- delivery ------------------------------------------------------------------------------- */

/* Roots that no step writes where they are wanted are copied there at the end. */
static bool note_copies(wgi_planner *p)
{
    wgi_plan_result *results = p->plan->results.data;
    wgi_plan_gradient *gradients = p->plan->gradients.data;
    const wgi_target *targets = p->targets.data;
    bool ok = true;
    for (uint32_t i = 0; ok && i < p->plan->results.count; i++) {
        const uint32_t b = buffer_of(p, wgi_source_of(p, results[i].node));
        const wgi_buffer *buffer = b != WGI_NONE ? wgi_buffer_at(p->plan, b) : NULL;
        ok = buffer != NULL;
        const bool is_there = ok && buffer->place == WGI_IN_RESULT && buffer->index == i;
        results[i].copy_of = is_there ? WGI_NONE : b;
    }
    for (uint32_t i = 0; ok && i < p->plan->gradients.count; i++) {
        const uint32_t b = buffer_of(p, wgi_source_of(p, targets[i].node));
        const wgi_buffer *buffer = b != WGI_NONE ? wgi_buffer_at(p->plan, b) : NULL;
        ok = buffer != NULL;
        const bool is_there = ok && buffer->place == WGI_IN_GRADIENT && buffer->index == i;
        gradients[i].copy_of = is_there ? WGI_NONE : b;
    }
    return ok;
}

wg_status wgi_plan_layout(wgi_planner *p)
{
    p->writers.count = 0;
    if (!wgi_planner_fill(p, &p->times, p->ctx->ops->count, sizeof(uint32_t), 0)) {
        return memory_failure(p);
    }
    const uint32_t *schedule = p->schedule.data;
    const uint32_t n_drafts = (uint32_t)p->drafts.count;
    const uint32_t n = p->schedule.count > 0 ? (uint32_t)p->schedule.count : n_drafts - 1;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t step = n_drafts - (p->schedule.count > 0 ? schedule[i] : i + 1);
        const wgi_step_draft *d = wgi_draft_at(p, step);
        const wg_status status =
            d->n == 1 ? lay_out_op(p, *members_of(p, d)) : lay_out_group(p, step);
        if (status != WG_OK) {
            return status;
        }
    }
    return note_copies(p) ? WG_OK : memory_failure(p);
}
