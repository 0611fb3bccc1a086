/* Reading the list from outside.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/param.h"
#include "graph/record.h"

uint32_t wg_graph_count(const wg_graph *g)
{
    return g != NULL && g->is_alive ? wgi_list_count(&g->list) : 0;
}

wg_node wg_graph_node(wg_graph *g, uint32_t i)
{
    if (g == NULL || !g->is_alive || i >= wgi_list_count(&g->list)) {
        return (wg_node){g, WGI_FAILED, g != NULL ? g->epoch : 0};
    }
    return wgi_handle(g, i);
}

static void describe_leaf(const wg_graph *g, const wgi_entry *r, wg_node_info *out)
{
    const wgi_leaf *leaf = wgi_leaf_at(&g->list, r->in[0]);
    out->op = wgi_leaf_name(r->attr);
    out->is_leaf = true;
    out->is_smooth = true;
    out->param = leaf->param;
}

static void describe_op(const wg_graph *g, const wgi_entry *r, wg_node_info *out)
{
    const wgi_op *op = g->ctx->ops->ops[r->op];
    out->op = op->name;
    out->n_inputs = (r - r->part)->n_in;
    out->n_numbers = op->n_numbers;
    out->is_smooth = !(op->traits & WGI_KINKED);
    out->is_random = (op->traits & WGI_RANDOM) != 0;
}

/* An entry may be described on a graph that has an error, so that the error can be explained. */
wg_status wg_node_describe(wg_node n, wg_node_info *out)
{
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    memset(out, 0, sizeof *out);
    if (!wg_is_valid(n)) {
        return n.graph == NULL || n.epoch == n.graph->epoch ? WG_ERR_HANDLE : WG_ERR_STALE;
    }
    const wg_graph *g = n.graph;
    const wgi_entry *r = wgi_record_at(&g->list, n.index);
    const wgi_site *site = wgi_list_site(&g->list, n.index);
    out->name = wgi_list_name(&g->list, n.index);
    out->file = site != NULL ? site->file : NULL;
    out->line = site != NULL ? site->line : 0;
    out->dtype = (wg_dtype)r->dtype;
    out->rank = r->rank;
    out->dims = wgi_dims_of(&g->list, r);
    out->count = r->count;
    out->output = r->part;
    out->wants_gradient = r->flags & WGI_WANTS_GRADIENT;
    if (wgi_record_is_leaf(r)) {
        describe_leaf(g, r, out);
    } else {
        describe_op(g, r, out);
    }
    return WG_OK;
}

wg_node wg_node_input(wg_node n, int32_t i)
{
    wg_node none = {n.graph, WGI_FAILED, n.epoch};
    if (!wg_is_valid(n)) {
        return none;
    }
    const wgi_entry *r = wgi_record_at(&n.graph->list, n.index);
    const wgi_entry *owner = r - r->part;
    if (wgi_record_is_leaf(owner) || i < 0 || i >= owner->n_in) {
        return none;
    }
    return wgi_handle(n.graph, wgi_inputs_of(&n.graph->list, owner)[i]);
}
