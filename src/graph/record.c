/* Recording: from a constructor's draft to an entry of the list.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Everything is checked and reserved before anything is appended, so that a failure leaves the list
 * at its last whole record. The first failure sticks to the graph. */
#include "graph/record.h"

#include <string.h>

#include "core/text.h"
#include "graph/plan.h"

static wg_node failed_handle(wg_graph *g, uint32_t which)
{
    return (wg_node){.graph = g, .index = which, .epoch = g->epoch};
}

bool wgi_can_record(wg_graph *g, wg_node *passed)
{
    *passed = (wg_node){NULL, 0, 0};
    if (g == NULL) {
        return false;
    }
    *passed = failed_handle(g, WGI_FAILED);
    if (!g->is_alive || g->failure.status != WG_OK) {
        return false;
    }
    if (WGI_LIKELY(!g->ctx->is_in_callback || g->ctx->open == g)) {
        return true;
    }
    *passed = wgi_record_fail(g, WG_ERR_STATE, NULL, "a callback may not record in this graph");
    return false;
}

static wg_node fail_list(wg_graph *g, wg_status status, const char *op, const char *format,
                         va_list list)
{
    wgi_failure *f = &g->failure;
    memset(f, 0, sizeof *f);
    f->status = status;
    f->op = op;
    wgi_stay_note(g, WGI_NONE, f);
    wgi_text detail = wgi_text_make(f->detail, sizeof f->detail);
    wgi_text_add_list(&detail, format, list);
    return failed_handle(g, WGI_FAILED_FIRST);
}

wg_node wgi_record_fail(wg_graph *g, wg_status status, const char *op, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    wg_node n = fail_list(g, status, op, format, list);
    va_end(list);
    return n;
}

static const wgi_op *op_of_draft(const wg_graph *g, const wgi_draft *draft)
{
    return draft->form != NULL ? draft->form : g->ctx->ops->ops[draft->op];
}

/* The graph to record in: the draft's, or that of the first operand whose graph lives. */
static wg_graph *home_of(const wgi_draft *draft)
{
    wg_graph *first = draft->graph == NULL && draft->n_in > 0 ? draft->in[0].graph : draft->graph;
    for (int32_t i = 0; i < draft->n_in && (first == NULL || !first->is_alive); i++) {
        wg_graph *g = draft->in[i].graph;
        if (g != NULL && (first == NULL || g->is_alive)) {
            first = g;
        }
    }
    return first;
}

/* Lets the failure name the operands. */
static void note_operands(wg_graph *g, const wgi_draft *draft)
{
    wgi_failure *f = &g->failure;
    char ignored[WGI_DETAIL_BYTES];
    f->operand_names = op_of_draft(g, draft)->operands;
    f->n_operands = draft->n_in < 4 ? draft->n_in : 4;
    for (int32_t i = 0; i < f->n_operands; i++) {
        bool is_ours = wgi_handle_fault(g, draft->in[i], ignored) == WG_OK;
        f->operands[i] = is_ours ? draft->in[i].index : WGI_NONE;
    }
}

wg_node wgi_refuse(const wgi_draft *draft, wg_status status, const char *hint, const char *format,
                   ...)
{
    wg_graph *g = home_of(draft);
    wg_node passed;
    if (!wgi_can_record(g, &passed)) {
        return passed;
    }
    va_list list;
    va_start(list, format);
    wg_node n = fail_list(g, status, op_of_draft(g, draft)->name, format, list);
    va_end(list);
    note_operands(g, draft);
    if (hint != NULL) {
        wgi_text text = wgi_text_make(g->failure.hint, sizeof g->failure.hint);
        wgi_text_add(&text, "%s", hint);
    }
    return n;
}

wg_node wgi_refuse_call(const wg_node *in, int32_t n_in, const char *call, wg_status status,
                        const char *format, ...)
{
    const wgi_draft draft = {.n_in = in != NULL ? n_in : 0, .in = in};
    wg_graph *g = home_of(&draft);
    wg_node passed;
    if (!wgi_can_record(g, &passed)) {
        return passed;
    }
    va_list list;
    va_start(list, format);
    const wg_node n = fail_list(g, status, call, format, list);
    va_end(list);
    return n;
}

wg_graph *wgi_form_begin(const wgi_draft *draft)
{
    wg_graph *g = home_of(draft);
    return g != NULL && g->is_alive && g->failure.status == WG_OK ? g : NULL;
}

/* A hint that speaks of operands speaks of those of another op. */
wg_node wgi_form_end(wg_graph *g, const wgi_draft *draft, wg_node y)
{
    if (g == NULL || g->failure.status == WG_OK) {
        return y;
    }
    wgi_failure *f = &g->failure;
    f->op = draft->form->name;
    note_operands(g, draft);
    if (strchr(f->hint, '{') != NULL) {
        f->hint[0] = '\0';
    }
    return failed_handle(g, WGI_FAILED_FIRST);
}

/* Fails the graph for operand i, whose handle is none of its own. */
static wg_node fail_operand(wg_graph *g, const wgi_op *op, const wgi_draft *draft, int32_t i)
{
    char detail[WGI_DETAIL_BYTES];
    wg_status status = wgi_handle_fault(g, draft->in[i], detail);
    const char *name = i < 4 ? op->operands[i] : NULL;
    wg_node failed =
        wgi_record_fail(g, status, op->name, "operand %s %s", name != NULL ? name : "x", detail);
    note_operands(g, draft);
    return failed;
}

static bool check_operands(wg_graph *g, const wgi_op *op, const wgi_draft *draft, wg_node *failed)
{
    for (int32_t i = 0; i < draft->n_in; i++) {
        if (WGI_UNLIKELY(!wgi_is_own(g, draft->in[i]))) {
            *failed = fail_operand(g, op, draft, i);
            return false;
        }
    }
    return true;
}

/* Checks and counts a type that the rule filled by hand, which leaves its count negative. */
static wg_status check_type(wgi_type *type)
{
    if (type->count >= 0) {
        return WG_OK;
    }
    return type->rank < 0 || type->rank > WG_MAX_RANK ? WG_ERR_RANGE : wgi_type_count(type);
}

/* Asks the shape rule; its message becomes the failure's. */
static bool infer(const wgi_op *op, const wgi_draft *draft, wgi_infer *q, wg_node *failed)
{
    char detail[WGI_DETAIL_BYTES];
    char hint[WGI_DETAIL_BYTES];
    detail[0] = '\0';
    hint[0] = '\0';
    q->detail = detail;
    q->hint = hint;
    for (int32_t i = 0; i < op->n_out; i++) {
        q->out[i].count = -1;
    }
    wg_status status = op->infer(q);
    for (int32_t i = 0; status == WG_OK && i < op->n_out; i++) {
        status = check_type(&q->out[i]);
    }
    if (WGI_LIKELY(status == WG_OK)) {
        return true;
    }
    *failed = wgi_refuse(draft, status, hint[0] != '\0' ? hint : NULL, "%s",
                         detail[0] != '\0' ? detail : wg_status_text(status));
    return false;
}

/* The flags of an output where an operand wants a gradient. */
static uint8_t wanted_flags(const wgi_op *op, const wgi_type *type)
{
    return !(op->traits & WGI_STOP) && wgi_is_floating(type->dtype) ? WGI_WANTS_GRADIENT : 0;
}

/* Whether no gradient is wanted of the op that it cannot have. */
static bool has_wanted_gradient(const wgi_op *op, const wgi_type *out)
{
    bool ok = op->gradient != NULL || op->decompose != NULL;
    for (int32_t i = 0; !ok && i < op->n_out && wanted_flags(op, &out[i]) == 0; i++) {
        ok = i == op->n_out - 1;
    }
    return ok;
}

/* The place of an output's dims: those of an operand of the same shape, or new ones. */
static uint32_t place_dims(wgi_list *list, const wgi_draft *draft, const wgi_type *type)
{
    for (int32_t i = 0; i < draft->n_in && i < 2; i++) {
        const wgi_entry *x = wgi_record_at(list, draft->in[i].index);
        const int64_t *dims = wgi_dims_of(list, x);
        int32_t n_same = x->rank == type->rank ? 0 : -1;
        while (n_same >= 0 && n_same < type->rank) {
            n_same = dims[n_same] == type->dims[n_same] ? n_same + 1 : -1;
        }
        if (n_same == type->rank) {
            return x->dims;
        }
    }
    return wgi_list_append_dims(list, type->rank, type->dims);
}

static uint32_t take_numbers(wgi_list *list, const wgi_op *op, const wgi_draft *draft)
{
    if (op->n_numbers == 0 || draft->numbers == NULL) {
        return op->n_numbers == 0 ? WGI_NO_NUMBER : draft->number.index;
    }
    uint32_t first = wgi_list_append_number(list, draft->numbers[0]);
    for (int32_t i = 1; i < op->n_numbers; i++) {
        (void)wgi_list_append_number(list, draft->numbers[i]);
    }
    return first;
}

/* What an output's record has of its type. */
static wgi_entry *append_output(wgi_list *list, const wgi_draft *draft, const wgi_type *type,
                                uint8_t flags)
{
    uint32_t dims = place_dims(list, draft, type);
    wgi_entry *r = wgi_list_next(list);
    r->op = draft->op;
    r->n_in = 0;
    r->dtype = (uint8_t)type->dtype;
    r->rank = (uint8_t)type->rank;
    r->part = 0;
    r->flags = flags;
    r->in[0] = 0;
    r->in[1] = 0;
    r->in[2] = 0;
    r->dims = dims;
    r->attr = WGI_NO_ATTR;
    r->number = WGI_NO_NUMBER;
    r->count = type->count;
    return r;
}

/* What the record of an op has besides: its operands, attributes and numbers. */
static void complete(wgi_list *list, const wgi_op *op, const wgi_draft *draft, wgi_entry *r)
{
    const wg_node *in = draft->in;
    r->n_in = (uint16_t)draft->n_in;
    if (draft->n_in > 3) {
        r->in[0] = wgi_list_append_operands(list, in, draft->n_in);
    } else {
        r->in[0] = draft->n_in > 0 ? in[0].index : 0;
        r->in[1] = draft->n_in > 1 ? in[1].index : 0;
        r->in[2] = draft->n_in > 2 ? in[2].index : 0;
    }
    r->attr = wgi_list_append_attrs(list, draft->attr, op->attr_bytes);
    r->number = take_numbers(list, op, draft);
}

static wg_node append(wg_graph *g, const wgi_op *op, const wgi_draft *draft, const wgi_type *out,
                      bool wants)
{
    uint32_t first = wgi_list_count(&g->list);
    wgi_entry *r = append_output(&g->list, draft, out, wants ? wanted_flags(op, out) : 0);
    complete(&g->list, op, draft, r);
    wgi_list_seal(&g->list, r);
    for (int32_t i = 1; i < op->n_out; i++) {
        r = append_output(&g->list, draft, &out[i], wants ? wanted_flags(op, &out[i]) : 0);
        r->part = (uint8_t)i;
        wgi_list_seal(&g->list, r);
    }
    return wgi_handle(g, first);
}

/* Fills the rule's question from the operands. Few ops have more operands than fit the stack. */
static wg_node infer_and_append(wg_graph *g, const wgi_op *op, const wgi_draft *draft,
                                wgi_view *views)
{
    uint8_t flags = 0;
    for (int32_t i = 0; i < draft->n_in; i++) {
        const wgi_entry *x = wgi_record_at(&g->list, draft->in[i].index);
        wgi_record_look(&g->list, x, &views[i]);
        flags |= x->flags;
    }
    wgi_infer q;
    q.op = op;
    q.n_in = draft->n_in;
    q.in = views;
    q.attr = draft->attr;
    wg_node failed;
    if (!infer(op, draft, &q, &failed)) {
        return failed;
    }
    if (WGI_UNLIKELY(g->failure.status != WG_OK)) {
        return failed_handle(g, WGI_FAILED); /* a rule of the program's tried to record */
    }
    bool wants = (flags & WGI_WANTS_GRADIENT) && g->is_training && !g->is_scratch;
    if (WGI_UNLIKELY(wants && !has_wanted_gradient(op, q.out))) {
        return wgi_refuse(draft, WG_ERR_GRADIENT, "wg_stop_gradient",
                          "an operand wants a gradient and the op has none");
    }
    if (WGI_UNLIKELY(!wgi_list_reserve(&g->ctx->memory, &g->list, op, draft->n_in, q.out))) {
        return wgi_refuse(draft, WG_ERR_MEMORY, NULL, "out of memory");
    }
    return append(g, op, draft, q.out, wants);
}

enum {
    WGI_STACK_OPERANDS = 8
};

static wg_node record_many(wg_graph *g, const wgi_op *op, const wgi_draft *draft)
{
    wgi_view few[WGI_STACK_OPERANDS];
    if (draft->n_in <= WGI_STACK_OPERANDS) {
        return infer_and_append(g, op, draft, few);
    }
    wgi_array *views = &g->ctx->engine->views;
    if (!wgi_array_reserve(&g->ctx->memory, views, (size_t)draft->n_in, sizeof(wgi_view))) {
        return wgi_refuse(draft, WG_ERR_MEMORY, NULL, "out of memory");
    }
    return infer_and_append(g, op, draft, views->data);
}

wg_node wgi_record(const wgi_draft *draft)
{
    wg_graph *g = home_of(draft);
    wg_node n;
    if (!wgi_can_record(g, &n)) {
        return n;
    }
    const wgi_op *op = g->ctx->ops->ops[draft->op];
    if (!check_operands(g, op_of_draft(g, draft), draft, &n)) {
        return n;
    }
    if (op == NULL || draft->n_in < op->min_in || draft->n_in > op->max_in) {
        return wgi_refuse(draft, WG_ERR_ARGUMENT, NULL, "%d operands", (int)draft->n_in);
    }
    if (op->n_numbers > 0 && draft->numbers == NULL &&
        (size_t)draft->number.index + (size_t)op->n_numbers > g->list.numbers.count) {
        return wgi_refuse(draft, WG_ERR_INTERNAL, NULL, "no such number");
    }
    n = record_many(g, op, draft);
    if (WGI_UNLIKELY(g->ctx->is_eager) && !g->is_scratch && wgi_is_entry(n)) {
        return wgi_eager_run(g, n);
    }
    return n;
}

/* ---- what ops may ask --------------------------------------------------------------------- */

bool wgi_view_of(wg_node n, wgi_view *out)
{
    if (!wgi_is_entry(n)) {
        *out = (wgi_view){.data = NULL};
        return false;
    }
    wgi_record_look(&n.graph->list, wgi_record_at(&n.graph->list, n.index), out);
    return true;
}

bool wgi_have_same_shape(wg_node a, wg_node b)
{
    if (!wgi_is_entry(a) || !wgi_is_own(a.graph, b)) {
        return false;
    }
    const wgi_list *list = &a.graph->list;
    return wgi_records_agree(list, wgi_record_at(list, a.index), wgi_record_at(list, b.index));
}

uint16_t wgi_op_of(wg_node n)
{
    return wgi_is_entry(n) ? wgi_record_at(&n.graph->list, n.index)->op : WGI_OP_LEAF;
}

const void *wgi_attr_of(wg_node n)
{
    if (!wgi_is_entry(n)) {
        return NULL;
    }
    const wgi_entry *r = wgi_record_at(&n.graph->list, n.index);
    return wgi_record_is_leaf(r) ? NULL : wgi_attrs_of(&n.graph->list, r - r->part);
}

static wgi_number push_number(wg_graph *g, wgi_number_entry entry)
{
    wg_node passed;
    if (!wgi_can_record(g, &passed)) {
        return (wgi_number){WGI_NO_NUMBER};
    }
    wgi_number_entry *e = wgi_array_push(&g->ctx->memory, &g->list.numbers, sizeof *e);
    if (e == NULL) {
        (void)wgi_record_fail(g, WG_ERR_MEMORY, "number", "out of memory");
        return (wgi_number){WGI_NO_NUMBER};
    }
    *e = entry;
    return (wgi_number){(uint32_t)g->list.numbers.count - 1};
}

wgi_number wgi_number_literal(wg_graph *g, double value)
{
    return push_number(g, (wgi_number_entry){.value = value, .from = 0, .how = WGI_GIVEN});
}

wgi_number wgi_number_derive(wg_graph *g, wgi_derivation how, wgi_number from)
{
    if (g == NULL || from.index >= g->list.numbers.count) {
        return (wgi_number){WGI_NO_NUMBER};
    }
    wgi_number_entry entry = {
        .value = wgi_number_derived(&g->list, (uint32_t)how, from.index),
        .from = from.index,
        .how = (uint32_t)how,
    };
    return push_number(g, entry);
}

uint32_t wgi_next_ordinal(wg_graph *g)
{
    return g != NULL ? g->list.n_random++ : 0;
}
