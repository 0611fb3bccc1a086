/* Shadows: a graph's list under another dtype, with its own leaves.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A shadow is a graph of its own whose list is a copy: entry i of the one is entry i of the other.
 * Only dtypes differ, and parameters have become variables. */
#include <string.h>

#include "core/param.h"
#include "graph/eager.h"
#include "graph/record.h"

struct wg_shadow {
    wg_context *ctx;
    wg_graph *graph;
    uint32_t count; /* entries copied */
    wg_graph *source;
    uint32_t source_epoch;
};

static void map_dtypes(wgi_list *list, int from, int to)
{
    for (uint32_t i = 0; i < wgi_list_count(list); i++) {
        wgi_entry *r = wgi_record_at(list, i);
        if (r->dtype == from) {
            r->dtype = (uint8_t)to;
        }
    }
}

/* Gives the copy its own tensor for one leaf. On failure the leaf holds none. */
static wg_status copy_leaf(wg_graph *copy, const wg_graph *source, uint32_t i)
{
    const wgi_leaf *from = wgi_leaf_at(&source->list, i);
    wgi_leaf *to = wgi_leaf_at(&copy->list, i);
    wgi_entry *r = wgi_record_at(&copy->list, from->node);
    wgi_type type = from->tensor->type;
    type.dtype = r->dtype;
    to->gradient = NULL;
    to->param = NULL;
    wg_status status = wgi_type_count(&type);
    if (status == WG_OK) {
        status = wgi_tensor_new(copy->ctx, &type, false, &to->tensor);
    }
    if (status != WG_OK) {
        return status;
    }
    wgi_convert(type.dtype, to->tensor->data, from->tensor->type.dtype, from->tensor->data,
                type.count);
    if (to->kind == WGI_LEAF_PARAM) {
        to->kind = WGI_LEAF_VARIABLE;
        r->attr = WGI_LEAF_VARIABLE;
    }
    to->version = wgi_tensor_version(to->tensor);
    return WG_OK;
}

static wg_status copy_leaves(wg_graph *copy, const wg_graph *source)
{
    uint32_t n = (uint32_t)source->list.leaves.count;
    wg_status status = WG_OK;
    uint32_t i = 0;
    while (i < n && status == WG_OK) {
        wgi_leaf_at(&copy->list, i)->tensor = NULL;
        status = copy_leaf(copy, source, i);
        i += status == WG_OK;
    }
    copy->list.leaves.count = i;
    return status;
}

static wg_status check_source(wg_graph *g)
{
    for (uint32_t i = 0; i < g->list.leaves.count; i++) {
        const wgi_leaf *leaf = wgi_leaf_at(&g->list, i);
        if (leaf->version != wgi_tensor_version(leaf->tensor)) {
            return wgi_run_fail(g, WG_ERR_STALE, "shadow", "a leaf changed since it was recorded");
        }
    }
    return WG_OK;
}

static wg_status fill_shadow(wg_shadow *s, wg_graph *g, wg_dtype from, wg_dtype to)
{
    wg_graph *copy = s->graph;
    if (!wgi_list_copy(&g->ctx->memory, &copy->list, &g->list)) {
        return WG_ERR_MEMORY;
    }
    map_dtypes(&copy->list, (int)from, (int)to);
    copy->is_training = g->is_training;
    copy->stream = g->stream;
    copy->step = g->step;
    s->count = wgi_list_count(&g->list);
    s->source = g;
    s->source_epoch = g->epoch;
    wg_status status = copy_leaves(copy, g);
    wgi_list_rehash(&copy->list);
    return status;
}

wg_status wg_shadow_create(wg_graph *g, wg_dtype from, wg_dtype to, wg_shadow **out)
{
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    *out = NULL;
    if (g == NULL || !g->is_alive) {
        return WG_ERR_ARGUMENT;
    }
    if (g->failure.status != WG_OK) {
        return g->failure.status;
    }
    if (g->ctx->is_in_callback) {
        return wgi_run_fail(g, WG_ERR_STATE, "shadow", "not inside a callback");
    }
    if (!wgi_is_floating((int)from) || !wgi_is_floating((int)to)) {
        return wgi_run_fail(g, WG_ERR_DTYPE, "shadow", "both dtypes are floating");
    }
    wg_status status = check_source(g);
    if (status != WG_OK) {
        return status;
    }
    wg_shadow *s = wgi_alloc_zeroed(&g->ctx->memory, 1, sizeof *s);
    if (s == NULL) {
        return wgi_run_fail(g, WG_ERR_MEMORY, "shadow", "out of memory");
    }
    s->ctx = g->ctx;
    status = wg_graph_create(g->ctx, &s->graph);
    if (status == WG_OK) {
        g->ctx->n_streams--; /* the shadow draws from the graph's own stream */
        status = fill_shadow(s, g, from, to);
    }
    if (status != WG_OK) {
        wg_shadow_destroy(s);
        return wgi_run_fail(g, status, "shadow", "%s", wg_status_text(status));
    }
    *out = s;
    return WG_OK;
}

void wg_shadow_destroy(wg_shadow *s)
{
    if (s == NULL || s->ctx->is_in_callback) {
        return;
    }
    wg_context *ctx = s->ctx;
    wg_graph_destroy(s->graph);
    wgi_release(&ctx->memory, s, sizeof *s);
}

wg_node wg_shadow_node(const wg_shadow *s, wg_node n)
{
    if (s == NULL) {
        return (wg_node){NULL, 0, 0};
    }
    if (n.graph != s->source || n.epoch != s->source_epoch || n.index >= s->count) {
        return (wg_node){s->graph, WGI_FAILED, s->graph->epoch};
    }
    return wgi_handle(s->graph, n.index);
}

wg_graph *wg_shadow_graph(wg_shadow *s)
{
    return s != NULL ? s->graph : NULL;
}

wg_tensor *wg_shadow_leaf(wg_shadow *s, wg_node n)
{
    if (s == NULL) {
        return NULL;
    }
    wg_node own = n.graph == s->graph ? n : wg_shadow_node(s, n);
    if (!wg_is_valid(own)) {
        return NULL;
    }
    const wgi_entry *r = wgi_record_at(&s->graph->list, own.index);
    return wgi_record_is_leaf(r) ? wgi_leaf_at(&s->graph->list, r->in[0])->tensor : NULL;
}

/* ---- one op on other data ----------------------------------------------------------------- */

static bool fits_view(const wg_tensor *t, const wgi_view *v)
{
    return t != NULL && (t->data != NULL || t->type.count == 0) && t->type.dtype == v->dtype &&
           wgi_same_shape(t->type.rank, t->type.dims, v->rank, v->dims);
}

static wg_status bind_tensors(const wgi_single *s, const wg_tensor *const *inputs, size_t n_in,
                              wg_tensor *const *outputs, size_t n_out)
{
    if (n_in != (size_t)s->n_in || n_out != (size_t)s->op->n_out) {
        return WG_ERR_ARGUMENT;
    }
    for (size_t i = 0; i < n_in + n_out; i++) {
        const wg_tensor *t = i < n_in ? inputs[i] : outputs[i - n_in];
        if (!fits_view(t, &s->views[i])) {
            return WG_ERR_SHAPE;
        }
        s->views[i].data = t->data;
    }
    return WG_OK;
}

wg_status wg_shadow_apply(wg_shadow *s, wg_node n, const wg_tensor *const *inputs, size_t n_inputs,
                          wg_tensor *const *outputs, size_t n_outputs)
{
    if (s == NULL || outputs == NULL || (inputs == NULL && n_inputs > 0)) {
        return WG_ERR_ARGUMENT;
    }
    wg_graph *g = s->graph;
    wg_node own = n.graph == g ? n : wg_shadow_node(s, n);
    if (!wg_is_valid(own)) {
        return WG_ERR_HANDLE;
    }
    const wgi_entry *r = wgi_record_at(&g->list, own.index);
    uint32_t owner = own.index - r->part;
    if (wgi_record_is_leaf(r)) {
        return wgi_run_fail(g, WG_ERR_ARGUMENT, "shadow_apply", "a leaf is no op");
    }
    wgi_single single;
    wgi_fault fault = {.status = WG_OK};
    wg_status status = wgi_single_make(g, owner, &single);
    if (status == WG_OK) {
        single.first_backend = g->ctx->n_backends - 1;
        status = bind_tensors(&single, inputs, n_inputs, outputs, n_outputs);
        if (status == WG_OK) {
            status = wgi_single_run(&single, &fault);
        }
        wgi_single_free(&single);
    }
    if (status != WG_OK) {
        const char *text = fault.text[0] != '\0' ? fault.text : wg_status_text(status);
        return wgi_run_fail(g, status, "shadow_apply", "%s", text);
    }
    return WG_OK;
}
