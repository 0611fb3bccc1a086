/* Graphs: reset, refresh, modes and random position.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/graph.h"

#include <string.h>

static void release_leaves(wg_graph *g)
{
    for (uint32_t i = 0; i < g->list.leaves.count; i++) {
        wg_tensor_destroy(wgi_leaf_at(&g->list, i)->tensor);
    }
    g->list.leaves.count = 0;
}

wg_status wg_graph_reset(wg_graph *g)
{
    if (g == NULL || !g->is_alive) {
        return WG_ERR_ARGUMENT;
    }
    if (WGI_UNLIKELY(g->ctx->is_in_callback)) {
        return WG_ERR_STATE;
    }
    wgi_results_drop(g);
    release_leaves(g);
    wgi_shells_retire(g->ctx, &g->constant_shells);
    wgi_arena_rewind(&g->ctx->memory, &g->constants);
    wgi_list_clear(&g->list);
    g->keeps.count = 0;
    g->assigns.count = 0;
    g->staged.count = 0;
    g->hooks.count = 0;
    wgi_stays_clear(g);
    g->hook_order.count = 0;
    if (g->n_params > 0) {
        memset(g->param_slot.data, 0, g->param_slot.count * sizeof(uint32_t));
    }
    g->n_params = 0;
    g->is_assign_pending = true;
    g->failure.status = WG_OK;
    g->run_failure.status = WG_OK;
    g->epoch++;
    g->step++;
    return WG_OK;
}

static void take_staged_numbers(wg_graph *g)
{
    const wgi_staged_number *staged = g->staged.data;
    wgi_number_entry *entries = g->list.numbers.data;
    for (size_t i = 0; i < g->staged.count; i++) {
        entries[staged[i].index].value = staged[i].value;
        entries[staged[i].index].how = WGI_GIVEN;
    }
    g->staged.count = 0;
    wgi_numbers_update(&g->list);
}

wg_status wg_graph_refresh(wg_graph *g)
{
    if (g == NULL || !g->is_alive) {
        return WG_ERR_ARGUMENT;
    }
    if (g->failure.status != WG_OK) {
        return g->failure.status;
    }
    if (WGI_UNLIKELY(g->ctx->is_in_callback)) {
        return WG_ERR_STATE;
    }
    wgi_results_drop(g);
    for (uint32_t i = 0; i < g->list.leaves.count; i++) {
        wgi_leaf *leaf = wgi_leaf_at(&g->list, i);
        leaf->version = wgi_tensor_version(leaf->tensor);
    }
    take_staged_numbers(g);
    g->is_assign_pending = true;
    g->run_failure.status = WG_OK;
    g->step++;
    return WG_OK;
}

wg_status wg_graph_set_training(wg_graph *g, bool is_training)
{
    if (g == NULL || !g->is_alive) {
        return WG_ERR_ARGUMENT;
    }
    g->is_training = is_training;
    return WG_OK;
}

bool wg_graph_is_training(const wg_graph *g)
{
    return g != NULL && g->is_alive && g->is_training;
}

wg_status wg_graph_set_stream(wg_graph *g, uint64_t stream)
{
    if (g == NULL || !g->is_alive) {
        return WG_ERR_ARGUMENT;
    }
    g->stream = stream;
    return WG_OK;
}

uint64_t wg_graph_stream(const wg_graph *g)
{
    return g != NULL ? g->stream : 0;
}

wg_status wg_graph_set_step(wg_graph *g, uint64_t step)
{
    if (g == NULL || !g->is_alive) {
        return WG_ERR_ARGUMENT;
    }
    g->step = step;
    return WG_OK;
}

uint64_t wg_graph_step(const wg_graph *g)
{
    return g != NULL ? g->step : 0;
}

wg_context *wg_graph_context(const wg_graph *g)
{
    return g != NULL ? g->ctx : NULL;
}
