/* Merging: equal subexpressions are computed once.
 * SPDX-License-Identifier: Apache-2.0
 *
 * One pass forwards over the expanded list. An entry is equal to an earlier one when op, operands,
 * attributes, number and type are; its readers are then made to read that one. Operands are
 * rewritten in place, in the planner's own list, and so is what later entries are compared by. */
#include <string.h>

#include "graph/planner.h"

static bool may_merge(const wgi_planner *p, uint32_t i, const wgi_entry *r)
{
    if (wgi_record_is_leaf(r) || r->n_in > 3 || wgi_is_present(p, i)) {
        return false;
    }
    const wgi_op *op = wgi_op_at(p, r);
    return op->n_out == 1 && (op->traits & (WGI_RANDOM | WGI_IMPURE)) == 0;
}

static uint64_t hash_of(const wgi_planner *p, const wgi_entry *r)
{
    uint64_t h = ((uint64_t)r->op << 32 | r->number) * UINT64_C(0x9E3779B97F4A7C15);
    h = wgi_hash_bytes(h, r->in, sizeof r->in);
    return wgi_hash_bytes(h, wgi_attrs_of(&p->scratch->list, r), wgi_op_at(p, r)->attr_bytes);
}

static bool is_equal(const wgi_planner *p, const wgi_entry *a, const wgi_entry *b)
{
    const wgi_list *list = &p->scratch->list;
    const size_t attr_bytes = wgi_op_at(p, a)->attr_bytes;
    return a->op == b->op && a->n_in == b->n_in && a->number == b->number && a->dtype == b->dtype &&
           a->count == b->count && memcmp(a->in, b->in, sizeof a->in) == 0 &&
           wgi_same_shape(a->rank, wgi_dims_of(list, a), b->rank, wgi_dims_of(list, b)) &&
           (attr_bytes == 0 ||
            memcmp(wgi_attrs_of(list, a), wgi_attrs_of(list, b), attr_bytes) == 0);
}

/* The first entry equal to i, which may be i itself. The table is at most half full. */
static uint32_t find(const wgi_planner *p, uint32_t i, const wgi_entry *r)
{
    uint32_t *slots = p->slots.data;
    const size_t mask = p->slots.count - 1;
    size_t at = (size_t)(hash_of(p, r) >> 20) & mask;
    while (slots[at] != 0) {
        if (is_equal(p, wgi_record_at(&p->scratch->list, slots[at] - 1), r)) {
            return slots[at] - 1;
        }
        at = (at + 1) & mask;
    }
    slots[at] = i + 1;
    return i;
}

bool wgi_plan_merge(wgi_planner *p)
{
    const size_t n = wgi_list_count(&p->scratch->list);
    if ((p->ctx->without_passes & WG_PASS_MERGING) != 0 || p->sources.count == 0) {
        return true;
    }
    size_t n_slots = 64;
    while (n_slots < 2 * n) {
        n_slots *= 2;
    }
    if (!wgi_planner_fill(p, &p->slots, n_slots, sizeof(uint32_t), 0)) {
        return false;
    }
    uint32_t *sources = p->sources.data;
    for (uint32_t i = 0; i < n; i++) {
        wgi_entry *r = wgi_record_at(&p->scratch->list, i);
        if (wgi_record_is_leaf(r) || r->part != 0) {
            continue;
        }
        wgi_read_sources(p, r);
        if (sources[i] != i) {
            sources[i] = sources[sources[i]];
        } else if (may_merge(p, i, r)) {
            sources[i] = find(p, i, r);
        }
    }
    return true;
}
