/* Opening and closing the backend, and the threads its calls may use.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The library reads its thread count from OpenMP when a primitive is made and when it is run, so
 * the count is set around both and put back. */
#include "backends/onednn/engine.h"

#include <string.h>

#include "core/context.h"
#include "core/memory.h"

#if defined(WGI_HAVE_OPENMP) && DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_OMP
#define LIMITS_BY_OPENMP 1
#include <omp.h>
#else
#define LIMITS_BY_OPENMP 0
#endif

#if defined(WGI_TESTING)
_Thread_local wgi_dnnl_probe wgi_dnnl_test;
#endif

bool wgi_onednn_can_limit_threads(void)
{
    return LIMITS_BY_OPENMP || DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_SEQ;
}

#if LIMITS_BY_OPENMP

int wgi_onednn_threads_limit(int64_t threads)
{
    const int before = omp_get_max_threads();
    if (before != (int)threads) {
        omp_set_num_threads((int)threads);
    }
    return before;
}

void wgi_onednn_threads_restore(int before, int64_t threads)
{
    if (before != (int)threads) {
        omp_set_num_threads(before);
    }
}

#else

int wgi_onednn_threads_limit(int64_t threads)
{
    (void)threads;
    return 0;
}

void wgi_onednn_threads_restore(int before, int64_t threads)
{
    (void)before;
    (void)threads;
}

#endif

static dnnl_status_t open_library(wgi_onednn *state)
{
    dnnl_status_t status = WGI_DNNL_MAKE(dnnl_engine_create(&state->engine, dnnl_cpu, 0));
    if (status != dnnl_success) {
        state->engine = NULL;
        return status;
    }
    status =
        WGI_DNNL_MAKE(dnnl_stream_create(&state->stream, state->engine, dnnl_stream_default_flags));
    if (status != dnnl_success) {
        state->stream = NULL;
        return status;
    }
    status = WGI_DNNL_MAKE(dnnl_primitive_attr_create(&state->attr));
    if (status != dnnl_success) {
        state->attr = NULL;
        return status;
    }
    return WGI_DNNL(
        dnnl_primitive_attr_set_scratchpad_mode(state->attr, dnnl_scratchpad_mode_user));
}

void wgi_onednn_close(wg_context *ctx, void *state)
{
    wgi_onednn *s = state;
    if (s == NULL) {
        return;
    }
    if (s->attr != NULL) {
        WGI_DNNL_FREE(dnnl_primitive_attr_destroy(s->attr));
    }
    if (s->stream != NULL) {
        WGI_DNNL_FREE(dnnl_stream_destroy(s->stream));
    }
    if (s->engine != NULL) {
        WGI_DNNL_FREE(dnnl_engine_destroy(s->engine));
    }
    wgi_release(&ctx->memory, s, sizeof *s);
}

wg_status wgi_onednn_open(wg_context *ctx, void **state)
{
    *state = NULL;
    wgi_onednn *s = wgi_alloc_zeroed(&ctx->memory, 1, sizeof *s);
    if (s == NULL) {
        return WG_ERR_MEMORY;
    }
    s->memory = &ctx->memory;
    if (open_library(s) != dnnl_success) {
        wgi_onednn_close(ctx, s);
        return WG_ERR_ENGINE;
    }
    *state = s;
    return WG_OK;
}

size_t wgi_onednn_shared_bytes(const void *state)
{
    const wgi_onednn *s = state;
    return s != NULL ? s->bytes : 0;
}

bool wgi_onednn_has_native(const wg_context *ctx)
{
    for (int32_t i = 0; i < ctx->n_backends; i++) {
        if (strcmp(ctx->backends[i].backend->name, "native") == 0) {
            return true;
        }
    }
    return false;
}
