/* Differentiation: the chain rule, node by node, backwards over the list.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Rules emit ops at the end of the list while the walk goes down over the entries that were there
 * before; contributions to one entry add up in the order in which the walk meets them. */
#include <string.h>

#include "graph/plan.h"
#include "graph/record.h"

enum {
    WGI_RULE_OPERANDS = 8,
    WGI_ATTR_WORDS = 32,
    WGI_MAX_DECOMPOSITIONS = 8
};

wg_node wgi_emit_fill(wg_graph *g, uint32_t like, double value)
{
    const wgi_entry *r = wgi_record_at(&g->list, like);
    wgi_type type = wgi_record_type(&g->list, r);
    wgi_fill_attr attr = {.dtype = type.dtype, .rank = type.rank};
    memcpy(attr.dims, type.dims, sizeof attr.dims);
    wgi_draft draft = {
        .op = g->ctx->ops->fill,
        .graph = g,
        .attr = &attr,
        .numbers = &value,
    };
    return wgi_record(&draft);
}

wg_node wgi_emit_add(wg_graph *g, wg_node a, wg_node b)
{
    return wgi_record_two(a, b, g->ctx->ops->add);
}

wgi_adjoints wgi_adjoints_take(wg_graph *g)
{
    wgi_engine *e = g->ctx->engine;
    wgi_adjoints d = {.g = g, .of = e->adjoints, .depends = e->depends};
    memset(&e->adjoints, 0, sizeof e->adjoints);
    memset(&e->depends, 0, sizeof e->depends);
    d.of.count = 0;
    d.depends.count = 0;
    return d;
}

void wgi_adjoints_put(wgi_adjoints *d)
{
    wgi_engine *e = d->g->ctx->engine;
    e->adjoints = d->of;
    e->depends = d->depends;
}

static uint32_t *adjoint(const wgi_adjoints *d, uint32_t i)
{
    return (uint32_t *)d->of.data + i;
}

static bool depends(const wgi_adjoints *d, uint32_t i)
{
    return ((const uint8_t *)d->depends.data)[i] != 0;
}

bool wgi_carries_gradient(const wgi_adjoints *d, uint32_t i)
{
    const wgi_list *list = &d->g->list;
    const wgi_entry *r = wgi_record_at(list, i);
    if (wgi_record_is_leaf(r) || !wgi_is_floating(r->dtype)) {
        return false;
    }
    const wgi_entry *owner = r - r->part;
    if (d->g->ctx->ops->ops[owner->op]->traits & WGI_STOP) {
        return false;
    }
    const uint32_t *in = wgi_inputs_of(list, owner);
    for (uint32_t k = 0; k < owner->n_in; k++) {
        if (depends(d, in[k])) {
            return true;
        }
    }
    return false;
}

/* Lets both arrays cover the first n entries, all that are walked over. What rules emit is not, but
 * for a decomposition that is to be walked back through. */
static bool cover(wgi_adjoints *d, size_t n)
{
    const wg_allocator *a = &d->g->ctx->memory;
    size_t n_of = n > d->of.count ? n - d->of.count : 0;
    size_t n_depends = n > d->depends.count ? n - d->depends.count : 0;
    if (!wgi_array_reserve(a, &d->of, n_of, sizeof(uint32_t)) ||
        !wgi_array_reserve(a, &d->depends, n_depends, sizeof(uint8_t))) {
        return false;
    }
    for (; d->of.count < n; d->of.count++) {
        *adjoint(d, (uint32_t)d->of.count) = WGI_NONE;
    }
    while (d->depends.count < n) {
        uint32_t i = (uint32_t)d->depends.count;
        bool carries = wgi_carries_gradient(d, i);
        *(uint8_t *)wgi_array_next(&d->depends, sizeof(uint8_t)) = carries;
    }
    return true;
}

static wg_status fault(wg_graph *g, const wgi_op *op, wg_status status, const char *what)
{
    if (g->failure.status == WG_OK) {
        (void)wgi_record_fail(g, status, op->name, "%s", what);
    }
    return g->failure.status;
}

static wg_status internal_fault(wg_graph *g, const wgi_op *op, const char *what)
{
    return fault(g, op, WG_ERR_INTERNAL, what);
}

static wg_status type_fault(wg_graph *g, const wgi_op *op)
{
    return internal_fault(g, op, "the gradient rule gave another type than the operand's");
}

static wg_status memory_fault(wg_graph *g, const wgi_op *op)
{
    return fault(g, op, WG_ERR_MEMORY, "out of memory");
}

/* Whether dx may be a contribution to the gradient of entry x. */
static inline bool is_like(const wg_graph *g, uint32_t x, wg_node dx)
{
    if (!wgi_is_own(g, dx)) {
        return false;
    }
    const wgi_entry *want = wgi_record_at(&g->list, x);
    const wgi_entry *have = wgi_record_at(&g->list, dx.index);
    return want->dtype == have->dtype && wgi_records_agree(&g->list, want, have);
}

/* Adds one contribution to the adjoint of entry x. */
static wg_status contribute(wgi_adjoints *d, const wgi_op *op, uint32_t x, wg_node dx)
{
    wg_graph *g = d->g;
    if (WGI_UNLIKELY(!is_like(g, x, dx))) {
        return type_fault(g, op);
    }
    uint32_t so_far = *adjoint(d, x);
    if (so_far != WGI_NONE) {
        dx = wgi_emit_add(g, wgi_handle(g, so_far), dx);
        if (WGI_UNLIKELY(g->failure.status != WG_OK)) {
            return g->failure.status;
        }
    }
    *adjoint(d, x) = dx.index;
    return WG_OK;
}

/* A rule and room for what it points to, of which only what the op at hand has is filled. */
typedef struct rule_frame {
    wgi_rule rule;
    const wgi_op *const *ops;
    wg_node *x; /* as in the rule, to be written */
    wg_node *dx;
    bool *wants;
    wg_node few[2 * WGI_RULE_OPERANDS];
    bool few_wants[WGI_RULE_OPERANDS];
    wg_node y[WGI_MAX_OUT];
    wg_node dy[WGI_MAX_OUT];
    wg_node result[WGI_MAX_OUT];
    uint64_t attr[WGI_ATTR_WORDS];
} rule_frame;

static void frame_point(rule_frame *f, wg_node *x, size_t n_in, bool *wants)
{
    f->x = x;
    f->dx = x + n_in;
    f->wants = wants;
    f->rule.x = f->x;
    f->rule.dx = f->dx;
    f->rule.wants = f->wants;
}

static void frame_open(rule_frame *f, wg_graph *g)
{
    f->rule = (wgi_rule){
        .graph = g,
        .y = f->y,
        .dy = f->dy,
        .attr = f->attr,
        .result = f->result,
    };
    f->ops = g->ctx->ops->ops;
    frame_point(f, f->few, WGI_RULE_OPERANDS, f->few_wants);
}

/* Whether a gradient has arrived at an output of the op at i. */
static bool has_upstream(const wgi_adjoints *d, uint32_t i, const wgi_op *op)
{
    bool has = *adjoint(d, i) != WGI_NONE;
    for (uint32_t k = 1; !has && k < (uint32_t)op->n_out; k++) {
        has = *adjoint(d, i + k) != WGI_NONE;
    }
    return has;
}

/* Fills a frame for the op at i; false where none of its operands wants a gradient. */
static bool fill_frame(const wgi_adjoints *d, uint32_t i, const wgi_op *op, rule_frame *f)
{
    const wg_node none = {NULL, 0, 0};
    wg_graph *g = d->g;
    const wgi_entry *r = wgi_record_at(&g->list, i);
    const uint32_t *in = wgi_inputs_of(&g->list, r);
    bool any_wants = false;
    bool is_uniform = true;
    for (uint32_t k = 0; k < r->n_in; k++) {
        const wgi_entry *x = wgi_record_at(&g->list, in[k]);
        is_uniform &= x->dims == r->dims && x->rank == r->rank;
        f->x[k] = wgi_handle(g, in[k]);
        f->dx[k] = none;
        f->wants[k] = depends(d, in[k]);
        any_wants |= f->wants[k];
    }
    for (uint32_t k = 0; k < (uint32_t)op->n_out; k++) {
        uint32_t dy = *adjoint(d, i + k);
        f->y[k] = wgi_handle(g, i + k);
        f->dy[k] = dy != WGI_NONE ? wgi_handle(g, dy) : none;
    }
    if (op->attr_bytes > 0) {
        memcpy(f->attr, wgi_attrs_of(&g->list, r), op->attr_bytes);
    }
    f->rule.n_in = r->n_in;
    f->rule.n_out = op->n_out;
    f->rule.number.index = r->number;
    f->rule.is_uniform = is_uniform;
    return any_wants;
}

static wg_status walk(wgi_adjoints *d, uint32_t first, uint32_t end);

/* Hands the gradients of an op's outputs to what its decomposition has in their place. */
static wg_status contribute_results(wgi_adjoints *d, const wgi_op *op, const rule_frame *f)
{
    wg_status status = WG_OK;
    for (int32_t k = 0; k < op->n_out && status == WG_OK; k++) {
        if (wgi_is_some(f->dy[k])) {
            status = wgi_is_own(d->g, f->result[k])
                         ? contribute(d, op, f->result[k].index, f->dy[k])
                         : type_fault(d->g, op);
        }
    }
    return status;
}

/* Replaces an op by its decomposition and walks back through that. The depth of this recursion is
 * that of decompositions within decompositions, not of the graph. */
static wg_status through_decomposition(wgi_adjoints *d, const wgi_op *op, rule_frame *f)
{
    wg_graph *g = d->g;
    uint32_t first = wgi_list_count(&g->list);
    if (d->depth >= WGI_MAX_DECOMPOSITIONS) {
        return internal_fault(g, op, "the decomposition never ends");
    }
    for (int32_t k = 0; k < op->n_out; k++) {
        f->result[k] = (wg_node){NULL, 0, 0};
    }
    op->decompose(&f->rule);
    uint32_t end = wgi_list_count(&g->list);
    if (g->failure.status != WG_OK) {
        return g->failure.status;
    }
    if (!cover(d, end)) {
        return memory_fault(g, op);
    }
    wg_status status = contribute_results(d, op, f);
    d->depth++;
    status = status == WG_OK ? walk(d, first, end) : status;
    d->depth--;
    return status;
}

static wg_status through_rule(wgi_adjoints *d, const wgi_op *op, rule_frame *f)
{
    op->gradient(&f->rule);
    wg_status status = d->g->failure.status;
    for (int32_t k = 0; k < f->rule.n_in && status == WG_OK; k++) {
        if (f->wants[k] && wgi_is_some(f->dx[k])) {
            status = contribute(d, op, f->x[k].index, f->dx[k]);
        }
    }
    return status;
}

static wg_status visit_op(wgi_adjoints *d, uint32_t i, const wgi_op *op, rule_frame *f)
{
    if (!fill_frame(d, i, op, f)) {
        return WG_OK;
    }
    if (WGI_LIKELY(op->gradient != NULL)) {
        return through_rule(d, op, f);
    }
    if (op->decompose != NULL) {
        return through_decomposition(d, op, f);
    }
    return fault(d->g, op, WG_ERR_GRADIENT, "the op has no gradient");
}

/* The operands of an op that do not fit the frame. */
WGI_COLD static wg_status visit_many(wgi_adjoints *d, uint32_t i, const wgi_op *op, rule_frame *f)
{
    const wg_allocator *a = &d->g->ctx->memory;
    size_t n_in = wgi_record_at(&d->g->list, i)->n_in;
    wg_node *x = wgi_alloc_zeroed(a, 2 * n_in, sizeof *x);
    bool *wants = wgi_alloc_zeroed(a, n_in, sizeof *wants);
    wg_status status = WG_ERR_MEMORY;
    if (x != NULL && wants != NULL) {
        frame_point(f, x, n_in, wants);
        status = visit_op(d, i, op, f);
        frame_point(f, f->few, WGI_RULE_OPERANDS, f->few_wants);
    } else {
        status = memory_fault(d->g, op);
    }
    wgi_release(a, x, 2 * n_in * sizeof *x);
    wgi_release(a, wants, n_in * sizeof *wants);
    return status;
}

static wg_status visit(wgi_adjoints *d, uint32_t i, rule_frame *f)
{
    wg_graph *g = d->g;
    const wgi_entry *r = wgi_record_at(&g->list, i);
    if (wgi_record_is_leaf(r) || r->part > 0) {
        return WG_OK;
    }
    const wgi_op *op = f->ops[r->op];
    if ((op->traits & WGI_STOP) || !has_upstream(d, i, op)) {
        return WG_OK;
    }
    if (WGI_UNLIKELY(op->attr_bytes > sizeof f->attr)) {
        return internal_fault(g, op, "the op has too many attributes for its rule");
    }
    return WGI_LIKELY(r->n_in <= WGI_RULE_OPERANDS) ? visit_op(d, i, op, f)
                                                    : visit_many(d, i, op, f);
}

static wg_status walk(wgi_adjoints *d, uint32_t first, uint32_t end)
{
    rule_frame f;
    frame_open(&f, d->g);
    wg_status status = WG_OK;
    for (uint32_t i = end; i > first && status == WG_OK; i--) {
        status = visit(d, i - 1, &f);
    }
    return status;
}

/* The end of the op that made an entry: what asks for a gradient of one output looks at all. */
static uint32_t past_op(const wgi_list *list, uint32_t i)
{
    uint32_t end = i + 1;
    while (end < wgi_list_count(list) && wgi_record_at(list, end)->part > 0) {
        end++;
    }
    return end;
}

uint32_t wgi_reach_of(const wgi_list *list, const wg_node *nodes, size_t n)
{
    uint32_t last = 0;
    for (size_t i = 0; i < n; i++) {
        last = nodes[i].index > last ? nodes[i].index : last;
    }
    return past_op(list, last);
}

wg_status wgi_differentiate(wgi_adjoints *d, uint32_t y)
{
    const uint32_t end = past_op(&d->g->list, y);
    if (!cover(d, end)) {
        return WG_ERR_MEMORY;
    }
    wg_node seed = wgi_emit_fill(d->g, y, 1.0);
    if (d->g->failure.status != WG_OK) {
        return d->g->failure.status;
    }
    *adjoint(d, y) = seed.index;
    return walk(d, 0, end);
}

wg_status wgi_differentiate_from(wgi_adjoints *d, const wg_node *ys, const wg_node *us, size_t n)
{
    const wgi_op_table *ops = d->g->ctx->ops;
    const uint32_t end = wgi_reach_of(&d->g->list, ys, n);
    if (!cover(d, end)) {
        return WG_ERR_MEMORY;
    }
    wg_status status = WG_OK;
    for (size_t i = 0; i < n && status == WG_OK; i++) {
        status = contribute(d, ops->ops[ops->add], ys[i].index, us[i]);
    }
    return status == WG_OK ? walk(d, 0, end) : status;
}
