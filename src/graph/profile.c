/* Profiles: the steps of runs, timed one by one.
 * SPDX-License-Identifier: Apache-2.0
 *
 * All memory is had when a profile starts, so that timing allocates nothing. */
#include "core/checked.h"
#include "core/clock.h"
#include "graph/show.h"

#define DEFAULT_LIMIT 100000

wg_status wg_profile_start(wg_context *ctx, size_t limit)
{
    if (ctx == NULL) {
        return WG_ERR_ARGUMENT;
    }
    const wg_allocator *a = &ctx->memory;
    wgi_profile *profile = &ctx->engine->profile;
    size_t bytes;
    limit = limit > 0 ? limit : DEFAULT_LIMIT;
    if (!wgi_size_mul(limit, sizeof(wg_profile_step), &bytes)) {
        return wgi_context_fail(ctx, WG_ERR_OVERFLOW, "profile: the limit is too high");
    }
    wgi_array_free(a, &profile->steps, sizeof(wg_profile_step));
    *profile = (wgi_profile){0};
    if (!wgi_array_reserve(a, &profile->steps, limit, sizeof(wg_profile_step))) {
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "profile: out of memory");
    }
    profile->limit = limit;
    profile->is_on = true;
    profile->origin = wgi_clock();
    return WG_OK;
}

wg_status wg_profile_stop(wg_context *ctx)
{
    if (ctx == NULL) {
        return WG_ERR_ARGUMENT;
    }
    ctx->engine->profile.is_on = false;
    return WG_OK;
}

size_t wg_profile_count(const wg_context *ctx)
{
    return ctx != NULL ? ctx->engine->profile.steps.count : 0;
}

uint64_t wg_profile_dropped(const wg_context *ctx)
{
    return ctx != NULL ? ctx->engine->profile.n_dropped : 0;
}

const wg_profile_step *wg_profile_get(const wg_context *ctx, size_t i)
{
    if (ctx == NULL || i >= ctx->engine->profile.steps.count) {
        return NULL;
    }
    return (const wg_profile_step *)ctx->engine->profile.steps.data + i;
}

void wgi_profile_note(wg_graph *g, const wgi_plan *plan, const wgi_step *s, double start,
                      double end)
{
    wgi_profile *profile = &g->ctx->engine->profile;
    if (profile->steps.count == profile->limit) {
        profile->n_dropped++;
        return;
    }
    wg_profile_step *step = wgi_array_next(&profile->steps, sizeof *step);
    wgi_show_step(g, plan, s, step);
    step->run = profile->n_runs;
    step->start = start - profile->origin;
    step->seconds = end - start;
}
