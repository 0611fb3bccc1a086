/* What a context tells about itself.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: nothing here allocates, or changes more than the error text and the request to stop.
 */
#include "core/context.h"

#include <string.h>

wg_status wgi_context_fail(wg_context *ctx, wg_status status, const char *format, ...)
{
    if (ctx == NULL) {
        return status;
    }
    wgi_text text = wgi_text_make(ctx->error, sizeof ctx->error);
    va_list list;
    va_start(list, format);
    wgi_text_add_list(&text, format, list);
    va_end(list);
    return status;
}

_Static_assert(ATOMIC_BOOL_LOCK_FREE == 2, "a signal handler may cancel");

void wg_cancel(wg_context *ctx)
{
    if (ctx != NULL) {
        atomic_store_explicit(&ctx->is_stopped, true, memory_order_relaxed);
    }
}

bool wg_cancel_clear(wg_context *ctx)
{
    return ctx != NULL && atomic_exchange_explicit(&ctx->is_stopped, false, memory_order_relaxed);
}

const char *wg_context_error(const wg_context *ctx)
{
    return ctx == NULL ? "" : ctx->error;
}

wg_status wg_context_stats(const wg_context *ctx, wg_stats *out)
{
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    *out = (wg_stats){0};
    if (ctx == NULL) {
        return WG_ERR_ARGUMENT;
    }
    *out = ctx->stats;
    return WG_OK;
}

int32_t wg_context_threads(const wg_context *ctx)
{
    return ctx == NULL ? 0 : ctx->threads;
}

uint64_t wg_context_seed(const wg_context *ctx)
{
    return ctx == NULL ? 0 : ctx->seed;
}

bool wg_context_has_backend(const wg_context *ctx, const char *name)
{
    if (ctx == NULL || name == NULL) {
        return false;
    }
    for (int32_t b = 0; b < ctx->n_backends; b++) {
        if (strcmp(ctx->backends[b].backend->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The last row of a backend for an op, which is asked after the more special ones; else its first
 * row for all ops. The rows of the reference backend serve all. */
static const char *kernel_name(const wgi_backend *backend, const char *op)
{
    const char *own = NULL;
    const char *common = NULL;
    for (int32_t k = 0; k < backend->n_kernels; k++) {
        const wgi_kernel *kernel = &backend->kernels[k];
        if (kernel->op != NULL && strcmp(kernel->op, op) == 0) {
            own = kernel->name;
        } else if (kernel->op == NULL && common == NULL) {
            common = kernel->name;
        }
    }
    return own != NULL ? own : common != NULL ? common : backend->name;
}

static wg_kernel_use describe_use(const wg_context *ctx, int32_t b, uint16_t op)
{
    const char *name = ctx->ops->ops[op]->name;
    return (wg_kernel_use){
        .kernel = kernel_name(ctx->backends[b].backend, name),
        .op = name,
        .runs = ctx->kernel_runs[wgi_counter(op, b)],
    };
}

wg_status wg_context_kernel_use(const wg_context *ctx, size_t i, wg_kernel_use *out)
{
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    *out = (wg_kernel_use){0};
    if (ctx == NULL) {
        return WG_ERR_ARGUMENT;
    }
    size_t n_left = i;
    for (uint16_t op = 1; op < ctx->ops->count; op++) {
        for (int32_t b = 0; b < ctx->n_backends; b++) {
            if (ctx->kernel_runs[wgi_counter(op, b)] == 0) {
                continue;
            }
            if (n_left == 0) {
                *out = describe_use(ctx, b, op);
                return WG_OK;
            }
            n_left--;
        }
    }
    return WG_ERR_RANGE;
}
