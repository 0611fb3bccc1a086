/* Grouping: which entries are needed, and which step computes each.
 * SPDX-License-Identifier: Apache-2.0
 *
 * One pass backwards over the expanded list, so that an entry's readers have their steps before it
 * gets its own. A pointwise entry joins the step of its earliest reader where that is a group of
 * its shape: its other readers run later, so that is always sound, and its value comes to be as
 * late as it can. Small ones that cannot do so join any group of their shape that runs before their
 * readers, for there a step costs more than the arithmetic. A group's place in the run is that of
 * the member which comes last in the list. */
#include <string.h>

#include "graph/planner.h"

/* Shapes of at most this many elements are small. */
#define SMALL_COUNT 1024

/* Where memory is tight, an operand this many entries before its reader is far. */
#define FAR 16

enum {
    N_DTYPES = 8,
    N_ANSWERS = N_DTYPES * N_DTYPES,
    UNKNOWN = 0, /* else 1 + a wgi_joining */
    N_RECENT = 4
};

_Static_assert(WGI_N_DTYPES <= N_DTYPES, "a dtype fits its digit");

/* ---- what may join -------------------------------------------------------------------------- */

/* What a kernel of the backend that evaluates groups is asked of an entry; in has room for 3. */
static wgi_problem problem_of(const wgi_planner *p, const wgi_entry *r, wgi_view *in, wgi_view *out)
{
    const wgi_list *list = &p->scratch->list;
    for (uint32_t k = 0; k < r->n_in; k++) {
        in[k] = wgi_record_view(list, wgi_record_at(list, r->in[k]));
    }
    *out = wgi_record_view(list, r);
    return (wgi_problem){
        .ctx = p->ctx,
        .backend = p->grouping->state,
        .op = wgi_op_at(p, r),
        .op_id = r->op,
        .n_in = r->n_in,
        .n_out = 1,
        .in = in,
        .out = out,
        .attr = wgi_attrs_of(list, r),
        .threads = p->ctx->threads,
        .is_thread_invariant = p->ctx->is_thread_invariant,
    };
}

static wgi_joining ask(const wgi_planner *p, const wgi_entry *r)
{
    wgi_view in[3];
    wgi_view out;
    const wgi_problem problem = problem_of(p, r, in, &out);
    return p->grouping->backend->joins(&problem);
}

/* Users' kernels are asked about each op: what they say of one shape tells nothing of another. */
static bool is_claimed(const wgi_planner *p, const wgi_entry *r)
{
    wgi_view in[3];
    wgi_view out;
    if (p->ctx->n_foremost == 0 || wgi_reads_gradient(p, r)) {
        return false;
    }
    const wgi_problem problem = problem_of(p, r, in, &out);
    return wgi_is_claimed(&problem);
}

/* The answers for all but reductions depend on op and dtypes, and are remembered. */
static wgi_joining joining_of(const wgi_planner *p, const wgi_entry *r)
{
    const uint32_t candidates = WGI_POINTWISE | WGI_FILL | WGI_BROADCAST | WGI_REDUCTION;
    const wgi_op *op = wgi_op_at(p, r);
    if ((op->traits & candidates) == 0 || (op->traits & WGI_CONTRACTION) != 0 || op->n_out != 1 ||
        r->n_in > 3 || is_claimed(p, r)) {
        return WGI_STAYS_OUT;
    }
    if ((op->traits & WGI_REDUCTION) != 0) {
        /* A group of one element has no axes. */
        const wgi_entry *x = wgi_record_at(&p->scratch->list, r->in[0]);
        return x->count == 1 ? WGI_STAYS_OUT : ask(p, r);
    }
    const uint8_t from =
        r->n_in > 0 ? wgi_record_at(&p->scratch->list, r->in[r->n_in - 1])->dtype : r->dtype;
    uint8_t *answer =
        (uint8_t *)p->joins.data + (size_t)r->op * N_ANSWERS + from * N_DTYPES + r->dtype;
    if (*answer == UNKNOWN) {
        *answer = (uint8_t)(1 + ask(p, r));
    }
    return (wgi_joining)(*answer - 1);
}

/* All shapes of one element count as one. */
static bool has_shape(const wgi_planner *p, uint32_t step, const wgi_entry *r)
{
    const uint32_t shape = wgi_draft_at(p, step)->shape;
    if (shape == WGI_NONE) {
        return false;
    }
    const wgi_list *list = &p->scratch->list;
    const wgi_entry *s = wgi_record_at(list, shape);
    return s->count == r->count && (r->count == 1 || wgi_same_shape(s->rank, wgi_dims_of(list, s),
                                                                    r->rank, wgi_dims_of(list, r)));
}

/* ---- steps ---------------------------------------------------------------------------------- */

/* The number of a new step; 0 when memory is short. */
static uint32_t new_step(wgi_planner *p, uint32_t shape)
{
    wgi_step_draft *d = wgi_array_push(&p->ctx->memory, &p->drafts, sizeof *d);
    if (d == NULL || p->drafts.count > WGI_MAX_STEPS) {
        return 0;
    }
    d->shape = shape;
    const uint32_t step = (uint32_t)p->drafts.count - 1;
    if (shape != WGI_NONE && wgi_record_at(&p->scratch->list, shape)->count <= SMALL_COUNT) {
        memmove(p->recent + 1, p->recent, (N_RECENT - 1) * sizeof *p->recent);
        p->recent[0] = step;
    }
    return step;
}

/* A small group of a shape that runs before step `before`; 0: there is none. */
static uint32_t find_recent(const wgi_planner *p, const wgi_entry *shape, uint32_t before)
{
    if (shape->count > SMALL_COUNT || p->is_tight) {
        return 0;
    }
    for (int i = 0; i < N_RECENT; i++) {
        if (p->recent[i] > before && has_shape(p, p->recent[i], shape)) {
            return p->recent[i];
        }
    }
    return 0;
}

/* One value that a single group reads is of that group's shape as well as of its own. */
static bool is_spread(const wgi_planner *p, const wgi_fate *f, const wgi_entry *r)
{
    return (wgi_op_at(p, r)->traits & WGI_FILL) != 0 &&
           (f->flags & (WGI_IS_ROOT | WGI_IS_READ_APART)) == 0 &&
           wgi_draft_at(p, f->first)->shape != WGI_NONE;
}

/* The bytes of an entry's operands that nobody reads from `step` on. */
static double bytes_held_for(const wgi_planner *p, const wgi_entry *r, uint32_t step)
{
    double bytes = 0;
    for (uint32_t k = 0; k < r->n_in; k++) {
        const uint32_t i = wgi_shown_by(p, r->in[k]);
        const wgi_entry *x = wgi_record_at(&p->scratch->list, i);
        const wgi_fate *f = wgi_fate_at(p, i);
        const bool is_read = f->first != 0 && f->value <= step;
        const bool is_counted = k > 0 && r->in[k] == r->in[k - 1];
        if (!wgi_record_is_leaf(x) && !wgi_is_present(p, i) && !is_read && !is_counted) {
            bytes += (double)x->count * (double)wg_dtype_size((wg_dtype)x->dtype);
        }
    }
    return bytes;
}

/* How many values from far before it an entry reads that a step does not read so far: a backward
 * step's of the forward pass, or ones from further up the list. */
static uint32_t count_far(const wgi_planner *p, uint32_t i, const wgi_entry *r, uint32_t step)
{
    const uint32_t n_user = wgi_list_count(&p->user->list);
    const uint32_t *in = wgi_inputs_of(&p->scratch->list, r);
    uint32_t n = 0;
    for (uint32_t k = 0; k < r->n_in; k++) {
        const uint32_t shown = wgi_shown_by(p, in[k]);
        const wgi_entry *x = wgi_record_at(&p->scratch->list, shown);
        const wgi_fate *f = wgi_fate_at(p, shown);
        const bool is_far = i - shown > FAR || (shown < n_user && i >= n_user);
        const bool is_read = f->first == step || f->value == step;
        n += is_far && !is_read && !wgi_record_is_leaf(x) && x->count >= r->count;
    }
    return n;
}

/* Where memory is tight: whether joining the step of its earliest reader would hold more than the
 * entry's own value until then, want several values from afar at once, or keep the step from
 * running again for one value alone. */
static bool is_dear(const wgi_planner *p, uint32_t i, const wgi_fate *f, const wgi_entry *r)
{
    if (!p->is_tight) {
        return false;
    }
    const wgi_step_draft *d = wgi_draft_at(p, f->first);
    const uint32_t n_far = count_far(p, i, r, f->first);
    if (((f->flags & WGI_IS_READ_APART) != 0 && d->n_apart > 0) ||
        (n_far > 0 && d->n_far + n_far > 1)) {
        return true;
    }
    const double bytes = (double)r->count * (double)wg_dtype_size((wg_dtype)r->dtype);
    const bool is_latest = (size_t)f->first + 1 == p->drafts.count;
    return !is_latest && bytes_held_for(p, r, f->first) > bytes;
}

/* The step for an entry whose earliest reader is in step `first`; 0 when memory is short. */
static uint32_t choose_step(wgi_planner *p, uint32_t i, const wgi_entry *r)
{
    const wgi_fate *f = wgi_fate_at(p, i);
    const wgi_joining joining = p->grouping != NULL ? joining_of(p, r) : WGI_STAYS_OUT;
    if (joining == WGI_STAYS_OUT) {
        return new_step(p, WGI_NONE);
    }
    if (joining == WGI_JOINS && f->first != 0 && (f->flags & WGI_IS_FIRST_ALIAS) == 0 &&
        !is_dear(p, i, f, r) && (has_shape(p, f->first, r) || is_spread(p, f, r))) {
        return f->first;
    }
    const uint32_t shape = joining == WGI_ENDS ? r->in[0] : i;
    const uint32_t step = find_recent(p, wgi_record_at(&p->scratch->list, shape), f->first);
    return step != 0 ? step : new_step(p, shape);
}

/* ---- the walk ------------------------------------------------------------------------------- */

/* Notes that `step` reads an entry. */
static void note_reader(wgi_fate *f, uint32_t step, bool is_alias)
{
    if (f->first == 0) {
        f->value = step;
    } else if (f->first != step) {
        f->flags |= WGI_IS_READ_APART;
    }
    if (step > f->first) {
        f->first = step & (WGI_MAX_STEPS - 1);
        f->flags &= 15U & ~(unsigned)WGI_IS_FIRST_ALIAS;
    }
    if (is_alias) {
        f->flags |= WGI_IS_READ_APART | (step == f->first ? WGI_IS_FIRST_ALIAS : 0);
    }
}

/* An alias is no step: its readers read what it shows. */
static void pass_on(const wgi_planner *p, uint32_t i, const wgi_entry *r)
{
    const wgi_fate *f = wgi_fate_at(p, i);
    wgi_fate *shown = wgi_fate_at(p, r->in[0]);
    if (f->first != 0) {
        note_reader(shown, f->first, true);
    }
    shown->flags |= WGI_IS_READ_APART;
}

/* What its parts know goes to the first, which stands for the op. */
static bool gather_parts(const wgi_planner *p, uint32_t i, const wgi_op *op)
{
    wgi_fate *f = wgi_fate_at(p, i);
    bool must_run = wgi_is_needed(f) && !wgi_is_present(p, i);
    for (uint32_t k = 1; k < (uint32_t)op->n_out; k++) {
        const wgi_fate *part = wgi_fate_at(p, i + k);
        must_run = must_run || (wgi_is_needed(part) && !wgi_is_present(p, i + k));
        f->first = part->first > f->first ? part->first : f->first;
    }
    return must_run;
}

static void note_member(const wgi_planner *p, uint32_t i, const wgi_entry *r, uint32_t step)
{
    wgi_step_draft *d = wgi_draft_at(p, step);
    d->n++;
    if (p->is_tight) {
        d->n_apart += (wgi_op_at(p, r)->traits & WGI_REDUCTION) == 0 &&
                      (wgi_fate_at(p, i)->flags & WGI_IS_READ_APART) != 0;
        d->n_far += count_far(p, i, r, step);
    }
}

static bool visit(wgi_planner *p, uint32_t i, const wgi_entry *r)
{
    const wgi_op *op = wgi_op_at(p, r);
    if (!gather_parts(p, i, op)) {
        return true;
    }
    if (wgi_is_shown(p, r)) {
        pass_on(p, i, r);
        return true;
    }
    const uint32_t step = choose_step(p, i, r);
    if (step == 0) {
        return false;
    }
    wgi_fate_at(p, i)->step = step;
    note_member(p, i, r, step);
    const uint32_t *in = wgi_inputs_of(&p->scratch->list, r);
    for (uint32_t k = 0; k < r->n_in; k++) {
        note_reader(wgi_fate_at(p, in[k]), step, false);
    }
    return true;
}

/* Sorts the entries by step, in list order within each. */
static bool order_entries(wgi_planner *p)
{
    uint32_t total = 0;
    for (size_t s = p->drafts.count - 1; s > 0; s--) {
        wgi_step_draft *d = wgi_draft_at(p, (uint32_t)s);
        d->first = total;
        total += d->n;
    }
    if (!wgi_planner_fill(p, &p->order, total, sizeof(uint32_t), 0)) {
        return false;
    }
    const uint32_t n = wgi_list_count(&p->scratch->list);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t step = wgi_fate_at(p, i)->step;
        if (step != 0) {
            wgi_step_draft *d = wgi_draft_at(p, step);
            ((uint32_t *)p->order.data)[d->first + d->n_known++] = i;
        }
    }
    return true;
}

bool wgi_plan_group(wgi_planner *p)
{
    p->drafts.count = 0;
    memset(p->recent, 0, sizeof p->recent);
    const size_t n_answers = (size_t)p->ctx->ops->count * N_ANSWERS;
    if (p->joins.count != n_answers && !wgi_planner_fill(p, &p->joins, n_answers, 1, UNKNOWN)) {
        return false;
    }
    if (wgi_array_push(&p->ctx->memory, &p->drafts, sizeof(wgi_step_draft)) == NULL) {
        return false;
    }
    for (uint32_t i = wgi_list_count(&p->scratch->list); i > 0; i--) {
        const wgi_entry *r = wgi_record_at(&p->scratch->list, i - 1);
        if (!wgi_record_is_leaf(r) && r->part == 0 && !visit(p, i - 1, r)) {
            return false;
        }
    }
    return order_entries(p);
}
