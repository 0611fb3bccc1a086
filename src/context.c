/* The composition root: the one place that knows all backends.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the reference backend is the last of every context, so no op is without a kernel. */
#include <stdlib.h>
#include <string.h>

#if defined(WGI_HAVE_OPENMP)
#include <omp.h>
#endif

#include <wengert/stdio.h>

#include "backends/native/native.h"
#include "backends/reference/reference.h"
#include "core/context.h"
#include "graph/graph.h"
#include "ops/custom.h"
#include "ops/table.h"
#if defined(WGI_HAVE_LAPACK)
#include "backends/lapack/lapack.h"
#endif
#if defined(WGI_HAVE_ONEDNN)
#include "backends/onednn/onednn.h"
#endif

#define MAX_THREADS 1024

typedef struct choice {
    const wgi_backend *backend;
    uint32_t bit; /* of wg_config.without; 0: always there */
} choice;

static const choice choices[] = {
#if defined(WGI_HAVE_ONEDNN)
    {&wgi_onednn_backend, WG_BACKEND_ONEDNN},
#endif
    {&wgi_native_backend, WG_BACKEND_NATIVE},
#if defined(WGI_HAVE_LAPACK)
    {&wgi_lapack_backend, WG_BACKEND_LAPACK},
#endif
    {&wgi_reference_backend, 0},
};

static int32_t default_threads(void)
{
#if defined(WGI_HAVE_OPENMP)
    int n = omp_get_max_threads();
    return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : (int32_t)n;
#else
    return 1;
#endif
}

static bool is_good_config(const wg_config *c)
{
    bool has_half_allocator =
        c->allocator != NULL && (c->allocator->allocate == NULL || c->allocator->release == NULL);
    return c->size == sizeof *c && !has_half_allocator && c->threads >= 0 &&
           c->threads <= MAX_THREADS &&
           (c->compute == WG_COMPUTE_FULL || c->compute == WG_COMPUTE_BF16) &&
           (c->log == NULL || c->log->write != NULL);
}

static void configure(wg_context *ctx, const wg_config *c)
{
    ctx->seed = c->seed;
    ctx->threads = c->threads > 0 ? c->threads : default_threads();
    ctx->without_passes = c->without_passes;
    ctx->is_eager = c->eager;
    ctx->records_slowly = c->eager;
    ctx->is_thread_invariant = c->thread_invariant;
    ctx->is_bf16 = c->compute == WG_COMPUTE_BF16;
    ctx->plan_cache_count = c->plan_cache_count > 0 ? c->plan_cache_count : 64;
    ctx->plan_cache_bytes = c->plan_cache_bytes > 0 ? c->plan_cache_bytes : (size_t)256 << 20;
    ctx->memory_limit = c->memory_limit;
    ctx->log = c->log != NULL ? *c->log : wg_file_writer(stderr);
    const char *verbose = getenv("WENGERT_VERBOSE");
    ctx->is_verbose = verbose != NULL && strcmp(verbose, "dispatch") == 0;
    ctx->ops = wgi_op_table_get();
}

/* A backend that cannot be opened is left out; only a lack of memory is an error. */
static wg_status open_backends(wg_context *ctx, uint32_t without)
{
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        const wgi_backend *backend = choices[i].backend;
        if (choices[i].bit & without) {
            continue;
        }
        void *state = NULL;
        wg_status status = backend->open != NULL ? backend->open(ctx, &state) : WG_OK;
        if (status == WG_ERR_MEMORY) {
            return status;
        }
        if (status == WG_OK) {
            ctx->updates[ctx->n_backends] =
                backend->updates != NULL ? backend->updates(state) : NULL;
            ctx->backends[ctx->n_backends++] =
                (wgi_backend_slot){.backend = backend, .state = state};
        }
    }
    size_t n_counters = WGI_MAX_BACKENDS * (size_t)ctx->ops->count;
    ctx->kernel_runs = wgi_alloc_zeroed(&ctx->memory, n_counters, sizeof *ctx->kernel_runs);
    return ctx->kernel_runs != NULL ? WG_OK : WG_ERR_MEMORY;
}

wg_status wg_context_create(const wg_config *config, wg_context **out)
{
    static const wg_config defaults = {.size = sizeof(wg_config)};
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    *out = NULL;
    const wg_config *c = config != NULL ? config : &defaults;
    if (!is_good_config(c)) {
        return WG_ERR_ARGUMENT;
    }
    wg_allocator memory = c->allocator != NULL ? *c->allocator : wgi_default_allocator();
    wg_context *ctx = wgi_alloc_zeroed(&memory, 1, sizeof *ctx);
    if (ctx == NULL) {
        return WG_ERR_MEMORY;
    }
    ctx->memory = memory;
    configure(ctx, c);
    wg_status status = wgi_engine_create(ctx);
    if (status == WG_OK) {
        status = open_backends(ctx, c->without);
    }
    if (status != WG_OK) {
        wg_context_destroy(ctx);
        return status;
    }
    *out = ctx;
    return WG_OK;
}

void wg_context_destroy(wg_context *ctx)
{
    if (ctx == NULL || ctx->is_in_callback) {
        return;
    }
    wgi_engine_destroy(ctx);
    for (int32_t b = 0; b < ctx->n_backends; b++) {
        if (ctx->backends[b].backend->close != NULL) {
            ctx->backends[b].backend->close(ctx, ctx->backends[b].state);
        }
    }
    wg_allocator memory = ctx->memory;
    wgi_defined_free(ctx);
    wgi_ops_free(ctx);
    wgi_release(&memory, ctx, sizeof *ctx);
}
