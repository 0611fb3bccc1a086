/* The plan cache: plans under the content of their lists, least recently used first to go.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a plan is found only when its list and its key are equal, byte for byte; the hash
 * merely spares comparisons. */
#include <string.h>

#include "core/param.h"
#include "graph/plan.h"

static bool push_word(wg_context *ctx, uint64_t word)
{
    uint64_t *slot = wgi_array_push(&ctx->memory, &ctx->engine->request_words, sizeof *slot);
    if (slot != NULL) {
        *slot = word;
    }
    return slot != NULL;
}

static bool push_indices(wg_context *ctx, const wgi_array *indices)
{
    const uint32_t *index = indices->data;
    bool ok = push_word(ctx, indices->count);
    for (size_t i = 0; ok && i < indices->count; i++) {
        ok = push_word(ctx, index[i]);
    }
    return ok;
}

/* One bit for each leaf: whether it holds a gradient, which a backward run adds to. */
static bool push_gradient_bits(const wgi_request *request)
{
    const wg_graph *g = request->graph;
    uint64_t bits = 0;
    bool ok = true;
    if (request->loss == WGI_NONE) {
        return true;
    }
    for (uint32_t i = 0; ok && i < g->list.leaves.count; i++) {
        bool has = !wgi_leaf_gradient_is_empty(wgi_leaf_at(&g->list, i));
        bits = (bits << 1) | has;
        if (i % 64 == 63) {
            ok = push_word(g->ctx, bits);
            bits = 0;
        }
    }
    return ok && push_word(g->ctx, bits);
}

static bool make_key(const wgi_request *request)
{
    const wg_graph *g = request->graph;
    wg_context *ctx = g->ctx;
    ctx->engine->request_words.count = 0;
    return push_word(ctx, request->loss) && push_word(ctx, (uint64_t)ctx->threads) &&
           push_word(ctx, ctx->is_thread_invariant) && push_word(ctx, g->list.leaves.count) &&
           push_indices(ctx, &request->wanted) && push_indices(ctx, &g->present) &&
           push_gradient_bits(request);
}

static bool matches(const wgi_plan *plan, uint64_t hash, const wgi_request *request)
{
    const wgi_array *words = &request->graph->ctx->engine->request_words;
    return plan->hash == hash && plan->key.count == words->count &&
           memcmp(plan->key.data, words->data, words->count * sizeof(uint64_t)) == 0 &&
           wgi_list_equal(&plan->list, &plan->extent, &request->graph->list);
}

static void unlink_plan(wgi_engine *e, wgi_plan *plan)
{
    *(plan->newer != NULL ? &plan->newer->older : &e->newest) = plan->older;
    *(plan->older != NULL ? &plan->older->newer : &e->oldest) = plan->newer;
    plan->newer = NULL;
    plan->older = NULL;
}

static void link_newest(wgi_engine *e, wgi_plan *plan)
{
    plan->older = e->newest;
    plan->newer = NULL;
    *(e->newest != NULL ? &e->newest->newer : &e->oldest) = plan;
    e->newest = plan;
}

static void evict(wg_context *ctx, wgi_plan *plan)
{
    unlink_plan(ctx->engine, plan);
    ctx->stats.plans--;
    ctx->stats.plan_bytes -= plan->bytes;
    wgi_plan_free(ctx, plan);
}

static wg_status make_plan(const wgi_request *request, uint64_t hash, wgi_plan **out)
{
    wg_context *ctx = request->graph->ctx;
    const wgi_array *words = &ctx->engine->request_words;
    wgi_plan *plan = wgi_alloc_zeroed(&ctx->memory, 1, sizeof *plan);
    if (plan == NULL) {
        return wgi_run_fail(request->graph, WG_ERR_MEMORY, "plan", "out of memory");
    }
    wg_status status = WG_ERR_MEMORY;
    if (wgi_array_reserve(&ctx->memory, &plan->key, words->count, sizeof(uint64_t))) {
        memcpy(plan->key.data, words->data, words->count * sizeof(uint64_t));
        plan->key.count = words->count;
        plan->hash = hash;
        status = wgi_plan_make(request, plan);
    } else {
        (void)wgi_run_fail(request->graph, status, "plan", "out of memory");
    }
    if (status != WG_OK) {
        wgi_plan_free(ctx, plan);
        return status;
    }
    *out = plan;
    return WG_OK;
}

wg_status wgi_plan_get(const wgi_request *request, wgi_plan **out)
{
    wg_context *ctx = request->graph->ctx;
    wgi_engine *e = ctx->engine;
    *out = NULL;
    if (!make_key(request)) {
        return wgi_run_fail(request->graph, WG_ERR_MEMORY, "plan", "out of memory");
    }
    uint64_t hash = wgi_hash_bytes(wgi_list_hash(&request->graph->list), e->request_words.data,
                                   e->request_words.count * sizeof(uint64_t));
#if defined(WGI_TESTING)
    hash = ctx->is_hash_constant ? 0 : hash;
#endif
    for (wgi_plan *plan = e->newest; plan != NULL; plan = plan->older) {
        if (matches(plan, hash, request)) {
            unlink_plan(e, plan);
            link_newest(e, plan);
            ctx->stats.plan_hits++;
            *out = plan;
            return WG_OK;
        }
    }
    ctx->stats.plan_misses++;
    return make_plan(request, hash, out);
}

/* Bytes of the cached plans and of what they share in the backends. */
static size_t cached_bytes(const wg_context *ctx)
{
    size_t bytes = ctx->stats.plan_bytes;
    for (int32_t b = 0; b < ctx->n_backends; b++) {
        const wgi_backend_slot *slot = &ctx->backends[b];
        if (slot->backend->shared_bytes != NULL) {
            bytes += slot->backend->shared_bytes(slot->state);
        }
    }
    return bytes;
}

static bool is_over_bounds(const wg_context *ctx)
{
    return ctx->stats.plans > ctx->plan_cache_count || cached_bytes(ctx) > ctx->plan_cache_bytes;
}

void wgi_plan_put(wg_context *ctx, wgi_plan *plan)
{
    wgi_engine *e = ctx->engine;
    bool may_stay = !plan->is_tainted && plan->bytes <= ctx->plan_cache_bytes;
    if (plan->is_cached && !may_stay) {
        evict(ctx, plan);
        return;
    }
    if (!may_stay) {
        wgi_plan_free(ctx, plan);
        return;
    }
    if (!plan->is_cached) {
        plan->is_cached = true;
        link_newest(e, plan);
        ctx->stats.plans++;
        ctx->stats.plan_bytes += plan->bytes;
    }
    while (e->oldest != plan && is_over_bounds(ctx)) {
        evict(ctx, e->oldest);
        ctx->stats.plan_evictions++;
    }
}

void wgi_plans_free(wg_context *ctx)
{
    while (ctx->engine->oldest != NULL) {
        evict(ctx, ctx->engine->oldest);
    }
}
