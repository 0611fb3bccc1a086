/* Values and gradients on demand: from handles to requests, and what they deliver.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "core/param.h"
#include "graph/plan.h"
#include "graph/record.h"

/* ---- requests ----------------------------------------------------------------------------- */

static bool is_there(const wg_graph *g, uint32_t node)
{
    return wgi_value_present(g, node) != NULL;
}

/* Adds an entry unless its value is there or it is wanted already. `marks` has a byte per entry. */
static bool want(wgi_request *request, uint8_t *marks, uint32_t node)
{
    if (is_there(request->graph, node) || marks[node]) {
        return true;
    }
    uint32_t *slot = wgi_array_push(&request->graph->ctx->memory, &request->wanted, sizeof *slot);
    if (slot == NULL) {
        return false;
    }
    *slot = node;
    marks[node] = 1;
    return true;
}

static bool want_all(wgi_request *request, uint8_t *marks, const wg_node *nodes, size_t n)
{
    const wg_graph *g = request->graph;
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        ok = want(request, marks, nodes[i].index);
    }
    const uint32_t *keeps = g->keeps.data;
    for (size_t i = 0; ok && i < g->keeps.count; i++) {
        ok = want(request, marks, keeps[i]);
    }
    const wgi_assign *assigns = g->assigns.data;
    for (size_t i = 0; ok && request->with_assigns && i < g->assigns.count; i++) {
        ok = want(request, marks, assigns[i].node);
    }
    return ok;
}

/* Clears the marks of what was wanted, so that they need no clearing as a whole. */
static bool fill_request(wgi_request *request, const wg_node *nodes, size_t n)
{
    wgi_engine *e = request->graph->ctx->engine;
    const wg_allocator *a = &request->graph->ctx->memory;
    size_t count = wgi_list_count(&request->graph->list);
    if (e->marks.count < count) {
        size_t missing = count - e->marks.count;
        if (!wgi_array_reserve(a, &e->marks, missing, 1)) {
            return false;
        }
        memset((uint8_t *)e->marks.data + e->marks.count, 0, missing);
        e->marks.count = count;
    }
    request->wanted = e->wanted;
    request->wanted.count = 0;
    bool ok = want_all(request, e->marks.data, nodes, n);
    e->wanted = request->wanted;
    const uint32_t *wanted = request->wanted.data;
    for (size_t i = 0; i < request->wanted.count; i++) {
        ((uint8_t *)e->marks.data)[wanted[i]] = 0;
    }
    return ok;
}

static void apply_assigns(wg_graph *g)
{
    const wgi_assign *assigns = g->assigns.data;
    for (size_t i = 0; i < g->assigns.count; i++) {
        wg_tensor *to = assigns[i].param->value;
        size_t bytes = wgi_type_bytes(&to->type);
        if (bytes > 0) {
            memmove(to->data, wgi_value_present(g, assigns[i].node)->data, bytes);
        }
        wgi_tensor_touch(to);
    }
    g->is_assign_pending = false;
}

/* The plan of a request; NULL where nothing is left to compute. */
static wg_status plan_request(wgi_request *request, const wg_node *nodes, size_t n, wgi_plan **plan)
{
    wg_graph *g = request->graph;
    *plan = NULL;
    g->run_failure.status = WG_OK;
    request->with_assigns = request->with_assigns && g->is_assign_pending;
    if (!fill_request(request, nodes, n)) {
        return wgi_run_fail(g, WG_ERR_MEMORY, "run", "out of memory");
    }
    if (request->wanted.count > 0 || request->loss != WGI_NONE) {
        return wgi_plan_get(request, plan);
    }
    return WG_OK;
}

static wg_status run_request(wgi_request *request, const wg_node *nodes, size_t n)
{
    wg_graph *g = request->graph;
    wgi_plan *plan;
    wg_status status = plan_request(request, nodes, n, &plan);
    if (status != WG_OK) {
        return status;
    }
    if (plan != NULL) {
        status = wgi_plan_run(plan, request);
        wgi_plan_put(g->ctx, plan);
        if (status != WG_OK) {
            return status;
        }
    }
    if (request->with_assigns) {
        apply_assigns(g);
    }
    return WG_OK;
}

/* ---- values ------------------------------------------------------------------------------- */

/* Resolves n handles to one graph. */
static wg_status resolve_all(const wg_node *nodes, size_t n, wg_graph **g)
{
    *g = NULL;
    for (size_t i = 0; i < n; i++) {
        wg_graph *other;
        uint32_t index;
        wg_status status = wgi_resolve(nodes[i], &other, &index);
        if (status != WG_OK) {
            return status;
        }
        if (*g != NULL && other != *g) {
            return wgi_run_fail(*g, WG_ERR_HANDLE, "run", "the nodes are of several graphs");
        }
        *g = other;
    }
    return *g != NULL ? WG_OK : WG_ERR_ARGUMENT;
}

static wg_status request_run(wgi_request *request, const wg_node *nodes, size_t n)
{
    *request = (wgi_request){.loss = WGI_NONE, .with_assigns = true};
    return nodes == NULL || n == 0 ? WG_ERR_ARGUMENT : resolve_all(nodes, n, &request->graph);
}

wg_status wg_run(const wg_node *nodes, size_t n)
{
    wgi_request request;
    const wg_status status = request_run(&request, nodes, n);
    return status == WG_OK ? run_request(&request, nodes, n) : status;
}

wg_status wg_get(wg_node n, const wg_tensor **out)
{
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    *out = NULL;
    wgi_request request = {.loss = WGI_NONE};
    wg_status status = resolve_all(&n, 1, &request.graph);
    if (status == WG_OK && !is_there(request.graph, n.index)) {
        status = run_request(&request, &n, 1);
    }
    if (status == WG_OK) {
        *out = wgi_value_present(request.graph, n.index);
    }
    return status;
}

wg_status wg_get_item(wg_node n, double *out)
{
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    *out = (double)NAN;
    wg_graph *g;
    wg_status status = resolve_all(&n, 1, &g);
    if (status == WG_OK && wgi_record_at(&g->list, n.index)->count != 1) {
        status = wgi_run_fail(g, WG_ERR_SHAPE, "item", "the node has %lld elements, not one",
                              (long long)wgi_record_at(&g->list, n.index)->count);
        wgi_run_operand(g, n.index);
    }
    const wg_tensor *t = NULL;
    if (status == WG_OK) {
        status = wg_get(n, &t);
    }
    if (status == WG_OK) {
        *out = wgi_load_double(t->type.dtype, t->data, 0);
    }
    return status;
}

const wg_tensor *wg_value(wg_node n)
{
    const wg_tensor *t;
    return wg_get(n, &t) == WG_OK ? t : NULL;
}

double wg_item(wg_node n)
{
    double v;
    return wg_get_item(n, &v) == WG_OK ? v : (double)NAN;
}

wg_status wg_value_copy(wg_node n, wg_tensor *dst)
{
    const wg_tensor *t;
    if (dst == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_status status = wg_get(n, &t);
    if (status != WG_OK) {
        return status;
    }
    if (t->type.dtype != dst->type.dtype) {
        return wgi_run_fail(n.graph, WG_ERR_DTYPE, "value_copy", "the dtypes differ");
    }
    status = wg_tensor_copy(dst, t);
    if (status != WG_OK) {
        (void)wgi_run_fail(n.graph, status, "value_copy", "%s", wg_status_text(status));
    }
    return status;
}

/* ---- gradients ---------------------------------------------------------------------------- */

static wg_status fail_backward(wg_graph *g, uint32_t loss, wg_status status, const char *detail,
                               const char *hint)
{
    (void)wgi_run_fail(g, status, "backward", "%s", detail);
    wgi_run_operand(g, loss);
    wgi_run_hint(g, hint);
    return status;
}

static wg_status check_loss(wg_graph *g, uint32_t index)
{
    const wgi_entry *r = wgi_record_at(&g->list, index);
    if (!wgi_is_floating(r->dtype)) {
        return fail_backward(g, index, WG_ERR_DTYPE, "the loss is not floating", "wg_cast");
    }
    if (r->count != 1) {
        return fail_backward(g, index, WG_ERR_SHAPE, "the loss has not exactly one element",
                             "wg_sum");
    }
    if (!(r->flags & WGI_WANTS_GRADIENT)) {
        return fail_backward(g, index, WG_ERR_GRADIENT, "the loss depends on nothing that learns",
                             g->is_training ? "wg_variable or wg_use a parameter"
                                            : "the graph evaluates: wg_graph_set_training");
    }
    return WG_OK;
}

static wg_status request_backward(wgi_request *request, wg_node loss)
{
    *request = (wgi_request){.loss = loss.index, .with_assigns = true};
    wg_status status = resolve_all(&loss, 1, &request->graph);
    if (status == WG_OK) {
        request->graph->run_failure.status = WG_OK;
        status = check_loss(request->graph, loss.index);
    }
    return status;
}

wg_status wg_backward(wg_node loss)
{
    wgi_request request;
    const wg_status status = request_backward(&request, loss);
    return status == WG_OK ? run_request(&request, &loss, 1) : status;
}

wg_status wgi_plan_of(const wg_node *nodes, size_t n, bool is_backward, wg_graph **g,
                      wgi_plan **out)
{
    wgi_request request;
    *out = NULL;
    if (is_backward && (nodes == NULL || n != 1)) {
        return WG_ERR_ARGUMENT;
    }
    const wg_status status =
        is_backward ? request_backward(&request, nodes[0]) : request_run(&request, nodes, n);
    *g = request.graph;
    return status == WG_OK ? plan_request(&request, nodes, n, out) : status;
}

const wg_tensor *wg_gradient(wg_node n)
{
    wg_graph *g;
    uint32_t index;
    if (wgi_resolve(n, &g, &index) != WG_OK) {
        return NULL;
    }
    const wgi_entry *r = wgi_record_at(&g->list, index);
    if (!wgi_record_is_leaf(r)) {
        (void)wgi_run_fail(g, WG_ERR_GRADIENT, "gradient",
                           "only variables and parameters hold gradients: see wg_grad");
        return NULL;
    }
    const wgi_leaf *leaf = wgi_leaf_at(&g->list, r->in[0]);
    if (leaf->kind == WGI_LEAF_PARAM) {
        return leaf->param->is_gradient_empty ? NULL : leaf->param->gradient;
    }
    return leaf->gradient;
}
