/* The table of a context's ops: the built-in rows, and behind them those that were added.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a row keeps its number, so that records, plans and counters that know it stay right;
 * the counters have a place for every row of the table. */
#include "core/context.h"

static size_t n_counters(size_t n_ops)
{
    return WGI_MAX_BACKENDS * n_ops;
}

/* Room for n more rows. The first addition starts with a copy of the built-in rows, which shows
 * nothing yet; the table follows its rows where they move. */
static bool reserve_rows(wg_context *ctx, uint16_t n)
{
    const size_t have = ctx->ops->count;
    const bool is_first = ctx->own_rows.count == 0;
    if (!wgi_array_reserve(&ctx->memory, &ctx->own_rows, is_first ? have + n : n,
                           sizeof(wgi_op *))) {
        return false;
    }
    if (is_first) {
        memcpy(ctx->own_rows.data, ctx->ops->ops, have * sizeof(wgi_op *));
    } else {
        ctx->own_ops.ops = ctx->own_rows.data;
    }
    return true;
}

static bool grow_counters(wg_context *ctx, uint16_t n)
{
    const size_t before = n_counters(ctx->ops->count);
    const size_t after = n_counters((size_t)ctx->ops->count + n);
    uint64_t *larger = wgi_alloc_zeroed(&ctx->memory, after, sizeof *larger);
    if (larger == NULL) {
        return false;
    }
    memcpy(larger, ctx->kernel_runs, before * sizeof *larger);
    wgi_release(&ctx->memory, ctx->kernel_runs, before * sizeof *larger);
    ctx->kernel_runs = larger;
    return true;
}

wg_status wgi_ops_add(wg_context *ctx, const wgi_op *const *rows, uint16_t n, uint16_t *first)
{
    const wgi_op_table before = *ctx->ops;
    if (before.count > UINT16_MAX - n) {
        return WG_ERR_OVERFLOW;
    }
    if (!reserve_rows(ctx, n) || !grow_counters(ctx, n)) {
        return WG_ERR_MEMORY;
    }
    const wgi_op **own = ctx->own_rows.data;
    memcpy(own + before.count, rows, n * sizeof *rows);
    ctx->own_rows.count = (size_t)before.count + n;
    ctx->own_ops = before;
    ctx->own_ops.ops = own;
    ctx->own_ops.count = (uint16_t)(before.count + n);
    ctx->ops = &ctx->own_ops;
    *first = before.count;
    return WG_OK;
}

void wgi_ops_free(wg_context *ctx)
{
    wgi_release(&ctx->memory, ctx->kernel_runs,
                n_counters(ctx->ops->count) * sizeof *ctx->kernel_runs);
    wgi_array_free(&ctx->memory, &ctx->own_rows, sizeof(wgi_op *));
    wgi_array_free(&ctx->memory, &ctx->own_forms, sizeof(wgi_op *));
}
