/* The context's own structure. context.c at the root of src builds it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: `kernels` holds for every op at least the reference kernels, fastest first. */
#ifndef WG_CORE_CONTEXT_H
#define WG_CORE_CONTEXT_H

#include <stdatomic.h>

#include <wengert/context.h>

#include "core/backend.h"
#include "core/memory.h"
#include "core/op.h"
#include "core/text.h"

#define WGI_ERROR_BYTES 1024
#define WGI_MAX_BACKENDS 8

typedef struct wgi_backend_slot {
    const wgi_backend *backend;
    void *state;
} wgi_backend_slot;

struct wg_context {
    wg_allocator memory;
    wg_writer log;
    bool is_verbose; /* WENGERT_VERBOSE=dispatch */
    bool is_eager;
    bool is_thread_invariant;
    bool is_bf16; /* WG_COMPUTE_BF16 */
    int32_t threads;
    int32_t
        run_threads; /* of the last run, which an update after it does not exceed; 0: none yet */
    uint32_t without_passes; /* WG_PASS_ bits */
    uint64_t seed;
    uint64_t n_streams; /* streams given to graphs */
    uint64_t n_models;  /* streams given to models */
    uint32_t plan_cache_count;
    size_t plan_cache_bytes;
    size_t memory_limit;     /* of a plan's workspace; 0: none */
    const wgi_op_table *ops; /* the built-in table, or own_ops once rows were added */
    wgi_op_table own_ops;
    wgi_array own_rows;     /* const wgi_op *: those of own_ops */
    wgi_array own_forms;    /* const wgi_op *: formulas, which calls by name find */
    struct wg_op *defined;  /* what the program defined, latest first */
    uint16_t hook_op;       /* the row that calls hooks; 0 until a graph has one */
    bool is_in_callback;    /* see core/callback.h */
    bool records_slowly;    /* eager, or in a callback: recording has to look twice */
    const wg_graph *open;   /* the one graph that a callback may record in */
    atomic_bool is_stopped; /* a cancellation that no run has met yet */
    wgi_backend_slot backends[WGI_MAX_BACKENDS]; /* fastest first, the reference last */
    int32_t n_backends;
    int32_t n_foremost;    /* the first of them, which users added: see wgi_is_claimed */
    bool is_settled;       /* kernels were chosen: no backend is added any more */
    uint64_t *kernel_runs; /* [n_ops][WGI_MAX_BACKENDS] */
    const wgi_updates *updates[WGI_MAX_BACKENDS];
    struct wgi_engine *engine; /* graph's: plan cache, workspace, shells */
    wg_stats stats;
#if defined(WGI_TESTING)
    bool is_hash_constant; /* to the plan cache all lists have one hash */
#endif
    char error[WGI_ERROR_BYTES];
};

/* The counter of an op's runs on a backend. */
static inline size_t wgi_counter(uint16_t op, int32_t backend)
{
    return (size_t)op * WGI_MAX_BACKENDS + (size_t)backend;
}

/* Adds n rows at the end of the context's table, all or none; *first is the number of the first.
 * Rows stay where they are until the context is gone. WG_ERR_MEMORY, WG_ERR_OVERFLOW. */
WGI_NODISCARD wg_status wgi_ops_add(wg_context *ctx, const wgi_op *const *rows, uint16_t n,
                                    uint16_t *first);

/* Gives back what the table and its counters took. */
void wgi_ops_free(wg_context *ctx);

/* Sets the context's error text and returns status. */
wg_status wgi_context_fail(wg_context *ctx, wg_status status, const char *format, ...)
    WGI_PRINTF(3, 4);

#endif
