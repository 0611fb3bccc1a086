/* The plan cache: plans under the content of their lists, least recently used first to go.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a plan is found only when its list and its key are equal, byte for byte; the hash
 * merely spares comparisons. */
#include <string.h>

#include "core/param.h"
#include "graph/hook.h"
#include "graph/plan.h"

/* ---- the key -------------------------------------------------------------------------------- */

static uint64_t *put_indices(uint64_t *word, const wgi_array *indices)
{
    const uint32_t *index = indices->data;
    *word++ = indices->count;
    for (size_t i = 0; i < indices->count; i++) {
        *word++ = index[i];
    }
    return word;
}

/* One bit for each leaf: whether it holds a gradient, which a backward run adds to. */
static uint64_t *put_gradient_bits(uint64_t *word, const wg_graph *g)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < g->list.leaves.count; i++) {
        const bool has = !wgi_leaf_gradient_is_empty(wgi_leaf_at(&g->list, i));
        bits = (bits << 1) | has;
        if (i % 64 == 63) {
            *word++ = bits;
            bits = 0;
        }
    }
    *word++ = bits;
    return word;
}

/* Which nodes have hooks, in the order in which they are called; none adds no word. */
static uint64_t *put_hooks(uint64_t *word, const wg_graph *g)
{
    for (size_t i = 0; i < g->hooks.count; i++) {
        const uint64_t place = ((const uint32_t *)g->hook_order.data)[i];
        *word++ = place << 32 | wgi_hooked_node(g, &place);
    }
    return word;
}

/* What a plan depends on beside the list; the context's options are the same for its whole life. */
static bool make_key(const wgi_request *request)
{
    const wg_graph *g = request->graph;
    wgi_array *words = &g->ctx->engine->request_words;
    const size_t n_most =
        5 + request->wanted.count + g->present.count + g->list.leaves.count / 64 + g->hooks.count;
    words->count = 0;
    if (!wgi_array_reserve(&g->ctx->memory, words, n_most, sizeof(uint64_t))) {
        return false;
    }
    uint64_t *word = words->data;
    *word++ = request->loss;
    *word++ = g->list.leaves.count;
    word = put_indices(word, &request->wanted);
    word = put_indices(word, &g->present);
    if (request->loss != WGI_NONE) {
        word = put_gradient_bits(word, g);
        word = put_hooks(word, g);
    }
    words->count = (size_t)(word - (uint64_t *)words->data);
    return true;
}

/* A list that was found equal once and has not grown is equal still. */
static bool has_list(wgi_plan *plan, const wg_graph *g)
{
    const uint32_t count = wgi_list_count(&g->list);
    if (plan->known == g && plan->known_epoch == g->epoch && plan->known_count == count) {
        return true;
    }
    if (!wgi_list_equal(&plan->list, &plan->extent, &g->list)) {
        return false;
    }
    plan->known = g;
    plan->known_epoch = g->epoch;
    plan->known_count = count;
    return true;
}

static bool has_key(const wgi_plan *plan, const wgi_array *words)
{
    return plan->key.count == words->count &&
           memcmp(plan->key.data, words->data, words->count * sizeof(uint64_t)) == 0;
}

static bool matches(wgi_plan *plan, uint64_t hash, const wgi_request *request)
{
    return plan->hash == hash && has_key(plan, &request->graph->ctx->engine->request_words) &&
           has_list(plan, request->graph);
}

/* Whether the plan that ran last is that of the same list, kept, and of an equal request. */
static bool is_repeated(const wgi_plan *plan, const wgi_request *request)
{
    const wg_graph *g = request->graph;
    return plan != NULL && plan->known == g && plan->known_epoch == g->epoch &&
           plan->known_count == wgi_list_count(&g->list) &&
           has_key(plan, &g->ctx->engine->request_words);
}

/* ---- the table ------------------------------------------------------------------------------ */

static wgi_plan **bucket_of(const wgi_engine *e, uint64_t hash)
{
    return (wgi_plan **)e->buckets.data + (hash >> 17 & (e->buckets.count - 1));
}

/* As many buckets as plans may be kept, 16 at least; a failure leaves the smaller table. */
static bool grow_buckets(wg_context *ctx)
{
    wgi_engine *e = ctx->engine;
    if (e->buckets.count > 0 && ctx->stats.plans < e->buckets.count) {
        return true;
    }
    const size_t n = e->buckets.count > 0 ? 2 * e->buckets.count : 16;
    wgi_array larger = {NULL, 0, 0};
    if (!wgi_array_reserve(&ctx->memory, &larger, n, sizeof(wgi_plan *))) {
        return e->buckets.count > 0;
    }
    memset(larger.data, 0, n * sizeof(wgi_plan *));
    larger.count = n;
    wgi_array_free(&ctx->memory, &e->buckets, sizeof(wgi_plan *));
    e->buckets = larger;
    for (wgi_plan *plan = e->newest; plan != NULL; plan = plan->older) {
        wgi_plan **bucket = bucket_of(e, plan->hash);
        plan->next = *bucket;
        *bucket = plan;
    }
    return true;
}

static void take_from_bucket(const wgi_engine *e, const wgi_plan *plan)
{
    wgi_plan **link = bucket_of(e, plan->hash);
    while (*link != plan) {
        link = &(*link)->next;
    }
    *link = plan->next;
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
    take_from_bucket(ctx->engine, plan);
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
    if (is_repeated(e->newest, request)) {
        ctx->stats.plan_hits++;
        *out = e->newest;
        return WG_OK;
    }
    uint64_t hash = wgi_hash_bytes(wgi_list_hash(&request->graph->list), e->request_words.data,
                                   e->request_words.count * sizeof(uint64_t));
#if defined(WGI_TESTING)
    hash = ctx->is_hash_constant ? 0 : hash;
#endif
    wgi_plan *plan = e->buckets.count > 0 ? *bucket_of(e, hash) : NULL;
    for (; plan != NULL; plan = plan->next) {
        if (matches(plan, hash, request)) {
            if (plan != e->newest) {
                unlink_plan(e, plan);
                link_newest(e, plan);
            }
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

static void enter(wg_context *ctx, wgi_plan *plan)
{
    wgi_plan **bucket = bucket_of(ctx->engine, plan->hash);
    plan->next = *bucket;
    *bucket = plan;
    plan->is_cached = true;
    link_newest(ctx->engine, plan);
    ctx->stats.plans++;
    ctx->stats.plan_bytes += plan->bytes;
}

void wgi_plan_put(wg_context *ctx, wgi_plan *plan)
{
    const wgi_engine *e = ctx->engine;
    if (plan->is_cached && !plan->is_tainted) {
        return;
    }
    if (plan->is_cached) {
        evict(ctx, plan);
        return;
    }
    if (plan->is_tainted || plan->bytes > ctx->plan_cache_bytes || !grow_buckets(ctx)) {
        wgi_plan_free(ctx, plan);
        return;
    }
    enter(ctx, plan);
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
