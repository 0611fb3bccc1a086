/* Carrying: permutations move through pointwise ops to where they cancel.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Ops of images want their channels last, whatever order the user's axes have, and are recorded
 * between a permutation and the one that undoes it. Between two such ops stand at most pointwise
 * ones, which do not mind in which order they meet their elements: they are made to read what was
 * permuted, and the second permutation shows their result as it is.
 *
 *   a source   permutes; what it permutes is the same value in another order
 *   carried    a pointwise entry all of whose operands of its own shape are sources or carried, in
 *              one order. Those that read one another form a cluster
 *   stuck      a cluster of which something but its own members and permutations that undo the
 *              order reads a member: it stays as it was, as a whole
 *
 * Three passes forwards over the expanded list. Entries are rewritten in place, in the planner's
 * own list; a permutation that undoes another is computed by the entry that was permuted. Every
 * element is computed from the same elements as before, so that bits stay the same. */
#include <string.h>

#include "graph/planner.h"

static wgi_carry *carry_at(const wgi_planner *p, uint32_t i)
{
    return (wgi_carry *)p->carries.data + i;
}

/* ---- permutations --------------------------------------------------------------------------- */

static const wgi_permute_attr *axes_of(const wgi_planner *p, uint32_t i)
{
    return wgi_attrs_of(&p->scratch->list, wgi_record_at(&p->scratch->list, i));
}

static bool is_permutation(const wgi_planner *p, uint32_t i, const wgi_entry *r)
{
    return !wgi_record_is_leaf(r) && (wgi_op_at(p, r)->traits & WGI_PERMUTES) != 0 &&
           !wgi_is_present(p, i);
}

static bool permute_alike(const wgi_planner *p, uint32_t a, uint32_t b)
{
    return a == b || memcmp(axes_of(p, a), axes_of(p, b), sizeof(wgi_permute_attr)) == 0;
}

/* Whether permutation b after permutation a gives back what a permuted. */
static bool undoes(const wgi_planner *p, uint32_t a, uint32_t b)
{
    const wgi_permute_attr *first = axes_of(p, a);
    const wgi_permute_attr *second = axes_of(p, b);
    bool is_undone = first->rank == second->rank;
    for (int32_t i = 0; is_undone && i < first->rank; i++) {
        is_undone = first->axes[second->axes[i]] == i;
    }
    return is_undone;
}

bool wgi_is_shown(const wgi_planner *p, const wgi_entry *r)
{
    const wgi_op *op = wgi_op_at(p, r);
    if ((op->traits & WGI_PERMUTES) == 0) {
        return (op->traits & WGI_LAYOUT) != 0;
    }
    const wgi_permute_attr *attr = wgi_attrs_of(&p->scratch->list, r);
    const int64_t *dims = wgi_dims_of(&p->scratch->list, r);
    int32_t last = -1;
    for (int32_t i = 0; i < attr->rank; i++) {
        if (dims[i] != 1) {
            if (attr->axes[i] < last) {
                return false;
            }
            last = attr->axes[i];
        }
    }
    return true;
}

/* ---- clusters ------------------------------------------------------------------------------- */

static uint32_t cluster_of(const wgi_planner *p, uint32_t i)
{
    while (carry_at(p, i)->above != i) {
        wgi_carry *c = carry_at(p, i);
        c->above = carry_at(p, c->above)->above;
        i = c->above;
    }
    return i;
}

static bool is_source(const wgi_planner *p, uint32_t i)
{
    return carry_at(p, i)->order == i;
}

static bool is_carried(const wgi_planner *p, uint32_t i)
{
    return carry_at(p, i)->order != WGI_NONE && !is_source(p, i);
}

static bool is_moved(const wgi_planner *p, uint32_t i)
{
    return is_carried(p, i) && carry_at(p, cluster_of(p, i))->is_stuck == 0;
}

/* ---- first pass: what could be carried ------------------------------------------------------- */

static bool may_be_carried(const wgi_planner *p, uint32_t i, const wgi_entry *r)
{
    const uint32_t fixed = WGI_RANDOM | WGI_IMPURE | WGI_OPAQUE;
    const wgi_op *op = wgi_op_at(p, r);
    return (op->traits & WGI_POINTWISE) != 0 && (op->traits & fixed) == 0 && op->n_out == 1 &&
           r->n_in > 0 && r->n_in <= 3 && r->count > 1 && !wgi_is_present(p, i);
}

/* The order that the operands of a pointwise entry have in common; WGI_NONE where they have none.
 * One element broadcasts alike in every order. */
static uint32_t common_order(const wgi_planner *p, const wgi_entry *r)
{
    const wgi_list *list = &p->scratch->list;
    uint32_t order = WGI_NONE;
    for (uint32_t k = 0; k < r->n_in; k++) {
        const wgi_entry *x = wgi_record_at(list, r->in[k]);
        if (x->count == 1) {
            continue;
        }
        const uint32_t theirs = carry_at(p, r->in[k])->order;
        if (theirs == WGI_NONE || (order != WGI_NONE && !permute_alike(p, order, theirs)) ||
            !wgi_same_shape(x->rank, wgi_dims_of(list, x), r->rank, wgi_dims_of(list, r))) {
            return WGI_NONE;
        }
        order = theirs;
    }
    return order;
}

static void meet_pointwise(const wgi_planner *p, uint32_t i, const wgi_entry *r)
{
    wgi_carry *c = carry_at(p, i);
    c->order = common_order(p, r);
    for (uint32_t k = 0; c->order != WGI_NONE && k < r->n_in; k++) {
        if (is_carried(p, r->in[k])) {
            carry_at(p, cluster_of(p, r->in[k]))->above = i;
        }
    }
}

/* A permutation that undoes the order of its operand is no source: its readers would ask for the
 * operand in an order that it may not keep. */
static void meet(const wgi_planner *p, uint32_t i, const wgi_entry *r)
{
    wgi_carry *c = carry_at(p, i);
    *c = (wgi_carry){.order = WGI_NONE, .above = i};
    if (wgi_record_is_leaf(r) || r->part != 0) {
        return;
    }
    if (is_permutation(p, i, r)) {
        const uint32_t before = carry_at(p, r->in[0])->order;
        c->order = before != WGI_NONE && undoes(p, before, i) ? WGI_NONE : i;
    } else if (may_be_carried(p, i, r)) {
        meet_pointwise(p, i, r);
    }
}

/* ---- second pass: what is stuck ---------------------------------------------------------------
 */

static void note_reader(const wgi_planner *p, uint32_t i, const wgi_entry *r)
{
    const uint32_t *in = wgi_inputs_of(&p->scratch->list, r);
    const bool permutes = is_permutation(p, i, r);
    for (uint32_t k = 0; k < r->n_in; k++) {
        if (is_carried(p, in[k]) && !is_carried(p, i) &&
            !(permutes && undoes(p, carry_at(p, in[k])->order, i))) {
            carry_at(p, cluster_of(p, in[k]))->is_stuck = 1;
        }
    }
}

static void note_root(const wgi_planner *p, uint32_t i)
{
    if (is_carried(p, i)) {
        carry_at(p, cluster_of(p, i))->is_stuck = 1;
    }
}

static void note_roots(const wgi_planner *p)
{
    const uint32_t *wanted = p->request->wanted.data;
    for (size_t i = 0; i < p->request->wanted.count; i++) {
        note_root(p, wanted[i]);
    }
    const wgi_target *targets = p->targets.data;
    for (size_t i = 0; i < p->targets.count; i++) {
        note_root(p, targets[i].node);
    }
}

/* ---- third pass: rewriting --------------------------------------------------------------------
 */

void wgi_read_sources(const wgi_planner *p, wgi_entry *r)
{
    uint32_t *in = r->n_in <= 3 ? r->in : (uint32_t *)p->scratch->list.operands.data + r->in[0];
    for (uint32_t k = 0; k < r->n_in; k++) {
        in[k] = wgi_source_of(p, in[k]);
    }
}

/* Makes a carried entry read what its operands permute, in that order. */
static void move(const wgi_planner *p, wgi_entry *r)
{
    const wgi_list *list = &p->scratch->list;
    uint32_t like = WGI_NONE;
    for (uint32_t k = 0; k < r->n_in; k++) {
        if (is_source(p, r->in[k])) {
            r->in[k] = wgi_record_at(list, r->in[k])->in[0];
            like = r->in[k];
        } else if (is_carried(p, r->in[k])) {
            like = r->in[k];
        }
    }
    r->dims = wgi_record_at(list, like)->dims;
}

/* The entry that has the result of a permutation already; the permutation itself where none has. */
static uint32_t find_undone(const wgi_planner *p, uint32_t i, const wgi_entry *r)
{
    const uint32_t x = r->in[0];
    const uint32_t order = carry_at(p, x)->order;
    if (order == WGI_NONE || !undoes(p, order, i)) {
        return i;
    }
    if (is_source(p, x)) {
        return wgi_record_at(&p->scratch->list, x)->in[0];
    }
    return is_moved(p, x) ? x : i;
}

static void rewrite(const wgi_planner *p, uint32_t i, wgi_entry *r)
{
    wgi_read_sources(p, r);
    if (is_moved(p, i)) {
        move(p, r);
    } else if (is_permutation(p, i, r)) {
        ((uint32_t *)p->sources.data)[i] = find_undone(p, i, r);
    }
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static bool has_permutations(const wgi_planner *p)
{
    const uint32_t n = wgi_list_count(&p->scratch->list);
    uint32_t i = 0;
    while (i < n && !is_permutation(p, i, wgi_record_at(&p->scratch->list, i))) {
        i++;
    }
    return i < n;
}

bool wgi_plan_carry(wgi_planner *p)
{
    const uint32_t n = wgi_list_count(&p->scratch->list);
    if ((p->ctx->without_passes & WG_PASS_CARRYING) != 0 || p->sources.count == 0 ||
        !has_permutations(p)) {
        return true;
    }
    if (!wgi_planner_fill(p, &p->carries, n, sizeof(wgi_carry), 0)) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        meet(p, i, wgi_record_at(&p->scratch->list, i));
    }
    for (uint32_t i = 0; i < n; i++) {
        const wgi_entry *r = wgi_record_at(&p->scratch->list, i);
        if (!wgi_record_is_leaf(r) && r->part == 0) {
            note_reader(p, i, r);
        }
    }
    note_roots(p);
    for (uint32_t i = 0; i < n; i++) {
        wgi_entry *r = wgi_record_at(&p->scratch->list, i);
        if (!wgi_record_is_leaf(r) && r->part == 0) {
            rewrite(p, i, r);
        }
    }
    return true;
}
