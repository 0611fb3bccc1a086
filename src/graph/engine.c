/* The engine: what all graphs of a context share.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/planner.h"

static wg_graph *new_shell(wg_context *ctx)
{
    wg_graph *g = wgi_alloc_zeroed(&ctx->memory, 1, sizeof *g);
    if (g != NULL) {
        g->ctx = ctx;
        g->epoch = 1;
        wgi_stays_clear(g);
    }
    return g;
}

wg_status wgi_engine_create(wg_context *ctx)
{
    wgi_engine *e = wgi_alloc_zeroed(&ctx->memory, 1, sizeof *e);
    if (e == NULL) {
        return WG_ERR_MEMORY;
    }
    e->scratch = new_shell(ctx);
    if (e->scratch == NULL) {
        wgi_release(&ctx->memory, e, sizeof *e);
        return WG_ERR_MEMORY;
    }
    e->scratch->is_scratch = true;
    ctx->engine = e;
    return WG_OK;
}

/* A shell to use: one that was destroyed, or a new one. */
static wg_graph *find_shell(wg_context *ctx)
{
    for (wg_graph *g = ctx->engine->shells; g != NULL; g = g->next) {
        if (!g->is_alive && g->epoch < UINT32_MAX - 1) {
            return g;
        }
    }
    wg_graph *g = new_shell(ctx);
    if (g != NULL) {
        g->next = ctx->engine->shells;
        ctx->engine->shells = g;
    }
    return g;
}

wg_status wg_graph_create(wg_context *ctx, wg_graph **out)
{
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    *out = NULL;
    if (ctx == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_graph *g = find_shell(ctx);
    if (g == NULL) {
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "graph: out of memory");
    }
    g->is_alive = true;
    g->is_training = true;
    g->is_assign_pending = true;
    g->stream = ctx->n_streams++;
    g->step = 0;
    wgi_stays_clear(g);
    *out = g;
    return WG_OK;
}

/* Frees all that a shell holds but the shell. */
static void free_insides(wg_graph *g)
{
    const wg_allocator *a = &g->ctx->memory;
    wgi_shells_free(g->ctx, &g->result_shells);
    wgi_shells_free(g->ctx, &g->constant_shells);
    wgi_arena_free(a, &g->results);
    wgi_arena_free(a, &g->constants);
    wgi_list_free(a, &g->list);
    wgi_array_free(a, &g->keeps, sizeof(uint32_t));
    wgi_array_free(a, &g->assigns, sizeof(wgi_assign));
    wgi_array_free(a, &g->staged, sizeof(wgi_staged_number));
    wgi_array_free(a, &g->param_slot, sizeof(uint32_t));
    wgi_array_free(a, &g->hooks, WGI_HOOK_BYTES);
    wgi_array_free(a, &g->hook_order, sizeof(uint32_t));
    wgi_array_free(a, &g->stays, sizeof(wgi_stay));
    wgi_array_free(a, &g->value_of, sizeof(wg_tensor *));
    wgi_array_free(a, &g->present, sizeof(uint32_t));
    g->n_params = 0;
}

void wg_graph_destroy(wg_graph *g)
{
    if (g == NULL || !g->is_alive || g->is_scratch || g->ctx->is_in_callback) {
        return;
    }
    (void)wg_graph_reset(g);
    free_insides(g);
    g->is_alive = false;
}

static void free_arrays(const wg_allocator *a, wgi_engine *e)
{
    wgi_array_free(a, &e->request_words, sizeof(uint64_t));
    wgi_array_free(a, &e->wanted, sizeof(uint32_t));
    wgi_array_free(a, &e->marks, sizeof(uint8_t));
    wgi_array_free(a, &e->adjoints, sizeof(uint32_t));
    wgi_array_free(a, &e->depends, sizeof(uint8_t));
    wgi_array_free(a, &e->nodes, sizeof(wg_node));
    wgi_array_free(a, &e->rows, sizeof(wg_node));
    wgi_array_free(a, &e->views, sizeof(wgi_view));
    wgi_planner_free(a, e->planner);
    e->planner = NULL;
}

void wgi_engine_destroy(wg_context *ctx)
{
    wgi_engine *e = ctx->engine;
    if (e == NULL) {
        return;
    }
    const wg_allocator *a = &ctx->memory;
    while (e->shells != NULL) {
        wg_graph *g = e->shells;
        e->shells = g->next;
        wg_graph_destroy(g);
        wgi_release(a, g, sizeof *g);
    }
    wgi_plans_free(ctx);
    wgi_array_free(a, &e->profile.steps, sizeof(wg_profile_step));
    wgi_array_free(a, &e->buckets, sizeof(wgi_plan *));
    free_insides(e->scratch);
    wgi_release(a, e->scratch, sizeof *e->scratch);
    wgi_release(a, e->workspace, e->workspace_bytes);
    free_arrays(a, e);
    wgi_release(a, e, sizeof *e);
    ctx->engine = NULL;
}

wg_status wg_graph_trim(wg_graph *g)
{
    if (g == NULL || !g->is_alive) {
        return WG_ERR_ARGUMENT;
    }
    if (g->ctx->is_in_callback) {
        return WG_ERR_STATE;
    }
    wgi_engine *e = g->ctx->engine;
    const wg_allocator *a = &g->ctx->memory;
    wgi_release(a, e->workspace, e->workspace_bytes);
    e->workspace = NULL;
    e->workspace_bytes = 0;
    g->ctx->stats.workspace_bytes = 0;
    wgi_list_clear(&e->scratch->list);
    free_insides(e->scratch);
    free_arrays(a, e);
    if (wgi_list_count(&g->list) == 0) {
        free_insides(g);
    } else if (g->present.count == 0 && g->result_shells.live.count == 0) {
        wgi_arena_free(a, &g->results);
    }
    return WG_OK;
}
