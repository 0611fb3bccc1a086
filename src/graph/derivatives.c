/* Derivatives as nodes: gradients, and products with Jacobians and Hessians.
 * SPDX-License-Identifier: Apache-2.0
 *
 * All are one or two walks back over the list, which append what they emit to it. Invariant: what
 * is asked for is checked before the first walk, so that a walk fails only where an op has no
 * gradient or memory is short; then the graph has failed, and all of `out` is invalid. */
#include "graph/derivatives.h"

#include <string.h>

#include "core/text.h"
#include "graph/plan.h"
#include "graph/record.h"

/* ---- checks ------------------------------------------------------------------------------- */

wg_status wgi_fail_call(wg_graph *g, wg_status status, const char *call, const char *hint,
                        const char *format, ...)
{
    char detail[WGI_DETAIL_BYTES];
    wgi_text text = wgi_text_make(detail, sizeof detail);
    va_list list;
    va_start(list, format);
    wgi_text_add_list(&text, format, list);
    va_end(list);
    (void)wgi_record_fail(g, status, call, "%s", detail);
    if (hint != NULL) {
        wgi_text line = wgi_text_make(g->failure.hint, sizeof g->failure.hint);
        wgi_text_add(&line, "%s", hint);
    }
    return status;
}

/* Why a graph takes no records; WG_OK where it does. */
static wg_status check_graph(wg_graph *g)
{
    wg_node passed;
    if (wgi_can_record(g, &passed)) {
        return WG_OK;
    }
    return g == NULL ? WG_ERR_HANDLE : g->is_alive ? g->failure.status : WG_ERR_STALE;
}

wg_status wgi_check_operand(wg_graph *g, const char *call, const char *name, wg_node n)
{
    char detail[WGI_DETAIL_BYTES];
    wg_status status = check_graph(g);
    if (status != WG_OK) {
        return status;
    }
    status = wgi_handle_fault(g, n, detail);
    if (status != WG_OK) {
        return wgi_fail_call(g, status, call, NULL, "operand %s %s", name, detail);
    }
    if (!wgi_is_floating(wgi_record_at(&g->list, n.index)->dtype)) {
        (void)wgi_fail_call(g, WG_ERR_DTYPE, call, NULL, "%s is not floating", name);
        g->failure.n_operands = 1;
        g->failure.operands[0] = n.index;
        return WG_ERR_DTYPE;
    }
    return WG_OK;
}

static wg_status check_all(wg_graph *g, const char *call, const char *name, const wg_node *nodes,
                           size_t n)
{
    wg_status status = WG_OK;
    for (size_t i = 0; i < n && status == WG_OK; i++) {
        status = wgi_check_operand(g, call, name, nodes[i]);
    }
    return status;
}

/* ---- room --------------------------------------------------------------------------------- */

/* n zero handles in an array that stays with the engine, so that a repeated call asks for none. */
static wg_node *room_in(const wg_graph *g, wgi_array *array, size_t n)
{
    if (!wgi_array_reserve(&g->ctx->memory, array, n, sizeof(wg_node))) {
        return NULL;
    }
    return memset(array->data, 0, n * sizeof(wg_node));
}

wg_node *wgi_node_room(wg_graph *g, size_t n)
{
    return room_in(g, &g->ctx->engine->rows, n);
}

/* ---- pairs -------------------------------------------------------------------------------- */

/* How the two of a pair are called in messages. */
typedef struct pair_names {
    const char *at;
    const char *along;
} pair_names;

static wg_status fail_pair(wg_graph *g, const char *call, pair_names names, wg_node at,
                           wg_node along)
{
    char shapes[2][WGI_SHAPE_TEXT];
    wgi_view v[2];
    const wg_node both[] = {along, at};
    for (int i = 0; i < 2; i++) {
        wgi_record_look(&g->list, wgi_record_at(&g->list, both[i].index), &v[i]);
        (void)wgi_shape_text(v[i].rank, v[i].dims, shapes[i], sizeof shapes[i]);
    }
    const wg_status status = v[0].dtype != v[1].dtype ? WG_ERR_DTYPE : WG_ERR_SHAPE;
    return wgi_fail_call(g, status, call, NULL, "%s is %s %s, its %s %s %s", names.along,
                         wg_dtype_name((wg_dtype)v[0].dtype), shapes[0], names.at,
                         wg_dtype_name((wg_dtype)v[1].dtype), shapes[1]);
}

static wg_status check_pairs(wg_graph *g, const char *call, pair_names names,
                             const wgi_pairs *pairs)
{
    wg_status status = check_all(g, call, names.at, pairs->at, pairs->n);
    if (status == WG_OK) {
        status = check_all(g, call, names.along, pairs->along, pairs->n);
    }
    for (size_t i = 0; status == WG_OK && i < pairs->n; i++) {
        const wgi_entry *at = wgi_record_at(&g->list, pairs->at[i].index);
        const wgi_entry *along = wgi_record_at(&g->list, pairs->along[i].index);
        if (at->dtype != along->dtype || !wgi_records_agree(&g->list, at, along)) {
            status = fail_pair(g, call, names, pairs->at[i], pairs->along[i]);
        }
    }
    return status;
}

/* ---- one walk ----------------------------------------------------------------------------- */

/* Marks what depends on one of xs among the first `end` entries. */
static bool mark_dependents(wgi_adjoints *d, const wg_node *xs, size_t n, uint32_t end)
{
    if (!wgi_array_reserve(&d->g->ctx->memory, &d->depends, end, 1)) {
        return false;
    }
    uint8_t *mark = d->depends.data;
    memset(mark, 0, end);
    d->depends.count = end;
    for (size_t i = 0; i < n; i++) {
        if (xs[i].index < end) {
            mark[xs[i].index] = 1;
        }
    }
    for (uint32_t i = 0; i < end; i++) {
        mark[i] = mark[i] || wgi_carries_gradient(d, i);
    }
    return true;
}

static wg_status take_gradients(const wgi_adjoints *d, const wg_node *xs, size_t n, wg_node *out)
{
    wg_graph *g = d->g;
    const uint32_t *adjoints = d->of.data;
    wg_status status = WG_OK;
    for (size_t i = 0; status == WG_OK && i < n; i++) {
        uint32_t dx = xs[i].index < d->of.count ? adjoints[xs[i].index] : WGI_NONE;
        out[i] = dx != WGI_NONE ? wgi_handle(g, dx) : wgi_emit_fill(g, xs[i].index, 0.0);
        status = g->failure.status;
    }
    return status;
}

/* The gradients of <along, at> with respect to xs; without `along`, of the one sum(at). */
static wg_status emit_gradients(wg_graph *g, const wgi_pairs *from, const wg_node *xs, size_t n,
                                wg_node *out)
{
    wgi_adjoints d = wgi_adjoints_take(g);
    wg_status status = WG_ERR_MEMORY;
    if (mark_dependents(&d, xs, n, wgi_reach_of(&g->list, from->at, from->n))) {
        status = from->along != NULL ? wgi_differentiate_from(&d, from->at, from->along, from->n)
                                     : wgi_differentiate(&d, from->at[0].index);
    }
    if (status == WG_OK) {
        status = take_gradients(&d, xs, n, out);
    }
    wgi_adjoints_put(&d);
    return status;
}

/* The end of every call: a failure is the graph's, and nothing of out is valid then. */
static wg_status finish(wg_graph *g, const char *call, wg_status status, wg_node *out, size_t n)
{
    if (status == WG_OK) {
        return WG_OK;
    }
    if (check_graph(g) == WG_OK) {
        (void)wgi_record_fail(g, status, call, "%s", wg_status_text(status));
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = (wg_node){g, WGI_FAILED, g != NULL ? g->epoch : 0};
    }
    return status;
}

wg_status wg_grad(wg_node y, const wg_node *xs, size_t n, wg_node *out)
{
    const wgi_pairs from = {.at = &y, .along = NULL, .n = 1};
    if (n == 0 || xs == NULL || out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_status status = check_graph(y.graph);
    if (status == WG_OK) {
        status = check_all(y.graph, "grad", "x", xs, n);
    }
    if (status == WG_OK) {
        status = wgi_check_operand(y.graph, "grad", "y", y);
    }
    if (status == WG_OK) {
        status = emit_gradients(y.graph, &from, xs, n, out);
    }
    return finish(y.graph, "grad", status, out, n);
}

wg_status wg_vjp(const wg_node *ys, const wg_node *us, size_t n_ys, const wg_node *xs, size_t n_xs,
                 wg_node *out)
{
    static const pair_names names = {"y", "u"};
    if (ys == NULL || us == NULL || n_ys == 0 || xs == NULL || n_xs == 0 || out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_graph *g = ys[0].graph;
    const wgi_pairs from = {.at = ys, .along = us, .n = n_ys};
    wg_status status = check_graph(g);
    if (status == WG_OK) {
        status = check_pairs(g, "vjp", names, &from);
    }
    if (status == WG_OK) {
        status = check_all(g, "vjp", "x", xs, n_xs);
    }
    if (status == WG_OK) {
        status = emit_gradients(g, &from, xs, n_xs, out);
    }
    return finish(g, "vjp", status, out, n_xs);
}

/* ---- two walks ---------------------------------------------------------------------------- */

static wg_status emit_dummies(wg_graph *g, const wg_node *ys, size_t n, double value, wg_node *out)
{
    wg_status status = WG_OK;
    for (size_t i = 0; status == WG_OK && i < n; i++) {
        out[i] = wgi_emit_fill(g, ys[i].index, value);
        status = g->failure.status;
    }
    return status;
}

/* The dummies w are entries like any other: what depends on them is the backward pass alone, in
 * which every op is linear in the gradient that comes from above, so that no rule of the second
 * walk reads w but those of the derivatives with respect to the other operand, which does not
 * depend on w. gate is no exception: with respect to dy it is gate(ddx, d), whatever dy is. */
wg_status wgi_jvp(wg_graph *g, const wg_node *ys, size_t n_ys, const wgi_pairs *xs, double dummy,
                  wg_node *out)
{
    if (n_ys > SIZE_MAX - xs->n) {
        return WG_ERR_OVERFLOW;
    }
    wg_node *w = room_in(g, &g->ctx->engine->nodes, n_ys + xs->n);
    if (w == NULL) {
        return WG_ERR_MEMORY;
    }
    wg_node *gradients = w + n_ys;
    const wgi_pairs down = {.at = ys, .along = w, .n = n_ys};
    const wgi_pairs back = {.at = gradients, .along = xs->along, .n = xs->n};
    wg_status status = emit_dummies(g, ys, n_ys, dummy, w);
    if (status == WG_OK) {
        status = emit_gradients(g, &down, xs->at, xs->n, gradients);
    }
    if (status == WG_OK) {
        status = emit_gradients(g, &back, w, n_ys, out);
    }
    return status;
}

wg_status wg_jvp(const wg_node *ys, size_t n_ys, const wg_node *xs, const wg_node *vs, size_t n_xs,
                 wg_node *out)
{
    static const pair_names names = {"x", "v"};
    if (ys == NULL || n_ys == 0 || xs == NULL || vs == NULL || n_xs == 0 || out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_graph *g = ys[0].graph;
    const wgi_pairs along = {.at = xs, .along = vs, .n = n_xs};
    wg_status status = check_graph(g);
    if (status == WG_OK) {
        status = check_all(g, "jvp", "y", ys, n_ys);
    }
    if (status == WG_OK) {
        status = check_pairs(g, "jvp", names, &along);
    }
    if (status == WG_OK) {
        status = wgi_jvp(g, ys, n_ys, &along, 0.0, out);
    }
    return finish(g, "jvp", status, out, n_ys);
}

/* The gradient of <gradient, v>, with v held fixed. */
static wg_status emit_hvp(wg_graph *g, wg_node loss, const wgi_pairs *xs, wg_node *out)
{
    const wgi_pairs from = {.at = &loss, .along = NULL, .n = 1};
    wg_node *gradients = room_in(g, &g->ctx->engine->nodes, xs->n);
    if (gradients == NULL) {
        return WG_ERR_MEMORY;
    }
    const wgi_pairs back = {.at = gradients, .along = xs->along, .n = xs->n};
    wg_status status = emit_gradients(g, &from, xs->at, xs->n, gradients);
    if (status == WG_OK) {
        status = emit_gradients(g, &back, xs->at, xs->n, out);
    }
    return status;
}

wg_status wg_hvp(wg_node loss, const wg_node *xs, const wg_node *vs, size_t n, wg_node *out)
{
    static const pair_names names = {"x", "v"};
    if (xs == NULL || vs == NULL || n == 0 || out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_graph *g = loss.graph;
    const wgi_pairs along = {.at = xs, .along = vs, .n = n};
    wg_status status = check_graph(g);
    if (status == WG_OK) {
        status = wgi_check_operand(g, "hvp", "loss", loss);
    }
    if (status == WG_OK) {
        status = check_pairs(g, "hvp", names, &along);
    }
    if (status == WG_OK) {
        status = emit_hvp(g, loss, &along, out);
    }
    return finish(g, "hvp", status, out, n);
}
