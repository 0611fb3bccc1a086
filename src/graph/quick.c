/* The quick way to record: ops whose result is like their operands.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: what is appended here is, byte for byte, what wgi_record would have appended. Whatever
 * is unusual, a mistake above all, is left to it before anything has changed. */
#include "graph/record.h"

static inline bool has_room(const wgi_array *array)
{
    return array->count < array->capacity;
}

/* Whether g takes records, runs none of them at once, calls nobody, and has room for one. */
static inline bool is_open(const wg_graph *g)
{
    return g != NULL && g->is_alive && g->failure.status == WG_OK && !g->ctx->records_slowly &&
           has_room(&g->list.records) && g->list.records.count + 1 < WGI_MAX_RECORDS;
}

/* Whether shape a broadcasts to shape b. */
static bool reaches(const wgi_list *list, const wgi_entry *a, const wgi_entry *b)
{
    if (a->rank == 0 || a->rank > b->rank) {
        return a->rank == 0;
    }
    const int64_t *from = wgi_dims_of(list, a);
    const int64_t *to = wgi_dims_of(list, b) + (b->rank - a->rank);
    for (int32_t i = 0; i < a->rank; i++) {
        if (from[i] != to[i] && from[i] != 1) {
            return false;
        }
    }
    return true;
}

/* The operand whose shape is the result's; NULL where neither's is. */
static inline const wgi_entry *wider(const wgi_list *list, const wgi_entry *a, const wgi_entry *b)
{
    if (WGI_LIKELY(a->dims == b->dims && a->rank == b->rank)) {
        return a;
    }
    return reaches(list, b, a) ? a : reaches(list, a, b) ? b : NULL;
}

/* A record to be: it is like another but for these. */
typedef struct form {
    const wgi_entry *like;
    uint16_t op;
    uint16_t n_in;
    uint8_t flags;
    uint32_t in[2];
    uint32_t number;
} form;

/* Whether the result is like its operands and has the gradient that is wanted of it. Narrows the
 * flags of the operands to those of the result. */
static inline bool is_quick(const wg_graph *g, form *f)
{
    const wgi_op *op = g->ctx->ops->ops[f->op];
    f->flags = g->is_training && !g->is_scratch ? f->flags : 0;
    return (op->like_dtypes >> f->like->dtype & 1) &&
           (f->flags == 0 || op->gradient != NULL || op->decompose != NULL);
}

static inline bool form_one(wg_node x, uint16_t op, form *f)
{
    const wg_graph *g = x.graph;
    if (WGI_UNLIKELY(!is_open(g) || !wgi_is_own(g, x))) {
        return false;
    }
    const wgi_entry *r = wgi_record_at(&g->list, x.index);
    *f = (form){
        .like = r,
        .op = op,
        .n_in = 1,
        .flags = r->flags,
        .in = {x.index},
        .number = WGI_NO_NUMBER,
    };
    return is_quick(g, f);
}

static inline bool form_two(wg_node a, wg_node b, uint16_t op, form *f)
{
    const wg_graph *g = a.graph;
    if (WGI_UNLIKELY(!is_open(g) || !wgi_is_own(g, a) || !wgi_is_own(g, b))) {
        return false;
    }
    const wgi_entry *r = wgi_record_at(&g->list, a.index);
    const wgi_entry *s = wgi_record_at(&g->list, b.index);
    *f = (form){
        .like = wider(&g->list, r, s),
        .op = op,
        .n_in = 2,
        .flags = r->flags | s->flags,
        .in = {a.index, b.index},
        .number = WGI_NO_NUMBER,
    };
    return f->like != NULL && r->dtype == s->dtype && is_quick(g, f);
}

static inline wg_node append(wg_graph *g, const form *f)
{
    uint32_t index = wgi_list_count(&g->list);
    const wgi_entry *like = f->like;
    wgi_entry *r = wgi_list_next(&g->list);
    r->op = f->op;
    r->n_in = f->n_in;
    r->dtype = like->dtype;
    r->rank = like->rank;
    r->part = 0;
    r->flags = f->flags;
    r->in[0] = f->in[0];
    r->in[1] = f->in[1];
    r->in[2] = 0;
    r->dims = like->dims;
    r->attr = WGI_NO_ATTR;
    r->number = f->number;
    r->count = like->count;
    wgi_list_seal(&g->list, r);
    return wgi_handle(g, index);
}

WGI_COLD static wg_node long_one(wg_node x, uint16_t op)
{
    return wgi_record(&(wgi_draft){.op = op, .n_in = 1, .in = &x});
}

WGI_COLD static wg_node long_one_given(wg_node x, double number, uint16_t op)
{
    return wgi_record(&(wgi_draft){.op = op, .n_in = 1, .in = &x, .numbers = &number});
}

WGI_COLD static wg_node long_one_with(wg_node x, wgi_number number, uint16_t op)
{
    return wgi_record(&(wgi_draft){.op = op, .n_in = 1, .in = &x, .number = number});
}

WGI_COLD static wg_node long_two(wg_node a, wg_node b, uint16_t op)
{
    return wgi_record(&(wgi_draft){.op = op, .n_in = 2, .in = (wg_node[]){a, b}});
}

wg_node wgi_record_one(wg_node x, uint16_t op)
{
    form f;
    return WGI_LIKELY(form_one(x, op, &f)) ? append(x.graph, &f) : long_one(x, op);
}

wg_node wgi_record_one_given(wg_node x, double number, uint16_t op)
{
    form f;
    if (WGI_UNLIKELY(!form_one(x, op, &f) || !has_room(&x.graph->list.numbers))) {
        return long_one_given(x, number, op);
    }
    f.number = wgi_list_append_number(&x.graph->list, number);
    return append(x.graph, &f);
}

wg_node wgi_record_one_with(wg_node x, wgi_number number, uint16_t op)
{
    form f;
    if (WGI_UNLIKELY(!form_one(x, op, &f) || number.index >= x.graph->list.numbers.count)) {
        return long_one_with(x, number, op);
    }
    f.number = number.index;
    return append(x.graph, &f);
}

wg_node wgi_record_two(wg_node a, wg_node b, uint16_t op)
{
    form f;
    return WGI_LIKELY(form_two(a, b, op, &f)) ? append(a.graph, &f) : long_two(a, b, op);
}
