/* The context: the engine that runs graphs.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_CONTEXT_H
#define WG_CONTEXT_H

#include <wengert/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A context holds backends, threads, the allocator, the plan cache and the scratch workspace.
 * One thread at a time uses a context and all that was made from it; contexts share nothing.
 */
typedef struct wg_context wg_context;

/** Backends that a context may be told to do without (bits of wg_config.without). */
enum {
    WG_BACKEND_NATIVE = 1, /**< the portable fast kernels */
    WG_BACKEND_ONEDNN = 2, /**< Intel oneDNN */
    WG_BACKEND_LAPACK = 4  /**< LAPACK, by OpenBLAS */
};

/** Parts of planning that a context may be told to do without (bits of wg_config.without_passes):
 * for finding a fault and for measuring. The bits of every result are the same with and without. */
enum {
    WG_PASS_FUSION = 1,   /**< evaluate pointwise ops and the reductions that end them in groups */
    WG_PASS_MERGING = 2,  /**< compute equal subexpressions once */
    WG_PASS_IN_PLACE = 4, /**< write results over operands that nobody reads again */
    WG_PASS_CARRYING = 8  /**< carry permutations through pointwise ops to where they cancel */
};

/** In which precision a context multiplies. */
typedef enum wg_compute {
    WG_COMPUTE_FULL = 0, /**< in the tensors' own dtype */
    /**
     * Large products of f32 matrices round their operands to bfloat16 (8 bits of mantissa, to
     * nearest even) and sum in f32: results, weights, gradients and all other ops stay f32. For
     * processors that have instructions for it (AVX-512 BF16, AMX) and contexts with oneDNN that
     * are not thread_invariant; elsewhere it is as WG_COMPUTE_FULL. A rule of the shapes alone says
     * which products are large: docs/performance.md.
     */
    WG_COMPUTE_BF16 = 1
} wg_compute;

/** Options of a context. Set `size` to sizeof(wg_config); a zero elsewhere is the default. */
typedef struct wg_config {
    size_t size;
    const wg_allocator *allocator; /**< copied; NULL: the C library's */
    uint64_t seed;                 /**< key of all random ops and streams */
    int32_t threads;               /**< 0: as many as the machine offers; at most 1024 */
    uint32_t without;              /**< WG_BACKEND_ bits to leave out */
    uint32_t without_passes;       /**< WG_PASS_ bits to leave out */
    bool eager;                    /**< run each op when it is recorded, with the same bits */
    bool thread_invariant;         /**< the same bits for every thread count */
    uint32_t plan_cache_count;     /**< plans kept at most; 0: 64 */
    size_t plan_cache_bytes;       /**< bytes of plans kept at most; 0: 256 MiB */
    const wg_writer *log;          /**< copied; where WENGERT_VERBOSE goes; NULL: stderr */
    wg_compute compute;            /**< the precision of large products */
    size_t memory_limit;           /**< bytes of workspace a run may take; 0: any; see below */
} wg_config;

/**
 * The memory limit (wg_config.memory_limit). What counts is the scratch workspace that runs take
 * for intermediate values and for what kernels want for themselves: wg_plan_need.workspace_bytes.
 * What a program holds itself is not counted: data, parameters and their gradients, optimisers'
 * state, values that were asked for or kept, and the plans.
 *
 * A run that would take more is planned anew: values that a later step wants are let go and
 * computed again in time from those that were kept, so that the workspace fits with as little
 * computed twice as may be. On a chain of equal steps that is the schedule of Revolve (Griewank and
 * Walther, Algorithm 799, ACM TOMS 26, 2000). The bits of every result are those without a limit;
 * what is random is drawn again to the same values. Ops that the program defined, hooks, and what
 * kernels of the program's own compute run once all the same. Kernels' runs are counted and
 * profiled as often as they happen, and wg_plan_need.recomputed tells of them.
 *
 * A list that cannot do with the limit fails with WG_ERR_MEMORY before its first step, and the
 * message names the smallest limit with which it runs. Making such a plan takes longer than an
 * ordinary one; it is cached like any other. In an eager context the limit holds for what is run
 * beyond the single ops, whose values are all kept.
 */

/** Counters since the context was created. */
typedef struct wg_stats {
    uint64_t plan_hits;
    uint64_t plan_misses;
    uint64_t plan_evictions;
    uint64_t plans;           /**< now in the cache */
    uint64_t plan_bytes;      /**< now in the cache */
    uint64_t engine_failures; /**< kernels redone by the reference */
    uint64_t workspace_bytes; /**< size of the scratch workspace */
    uint64_t runs;            /**< plans executed */
} wg_stats;

/** How often kernels of one backend ran. */
typedef struct wg_kernel_use {
    const char *kernel; /**< "onednn.matmul"; valid as long as the context */
    const char *op;     /**< "matmul"; likewise */
    uint64_t runs;
} wg_kernel_use;

/**
 * Creates a context.
 *
 * config  options or NULL for the defaults
 * out     the context, owned by the caller; NULL on failure
 *
 * The environment variable WENGERT_VERBOSE=dispatch, read here, makes the context say on
 * `log` which kernel serves each planned op and why the faster ones declined.
 * Errors: WG_ERR_ARGUMENT (out is NULL, size of another version, incomplete allocator,
 * threads or compute out of range), WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_context_create(const wg_config *config, wg_context **out);

/**
 * Destroys a context and what it caches. All graphs, tensors and models made from it must have
 * been destroyed before. NULL does nothing.
 */
WG_API void wg_context_destroy(wg_context *ctx);

/**
 * The text of the last error outside graphs; "" when there was none or ctx is NULL. Valid until
 * the next call with this context.
 */
WG_API const char *wg_context_error(const wg_context *ctx);

/**
 * Asks the context to stop. The current run, or else the next one, returns WG_ERR_CANCELLED before
 * its next step and has delivered nothing: no value, no gradient, no assignment. A run that is past
 * its last step that can still be undone ends well, and the next one is cancelled. The request is
 * used up by the run that it stops; the same graphs then run again with the same bits. In an eager
 * context the op that is recorded next is such a run, and its graph fails.
 *
 * The one call that any thread may make at any time while the context lives, and a signal handler
 * too. NULL does nothing.
 */
WG_API void wg_cancel(wg_context *ctx);

/** Takes a request back that no run has met yet; whether there was one. Any thread. */
WG_API bool wg_cancel_clear(wg_context *ctx);

/** Copies the counters. Errors: WG_ERR_ARGUMENT. */
WG_API wg_status wg_context_stats(const wg_context *ctx, wg_stats *out);

/** The threads a run may use, as resolved at creation; 0 for NULL. */
WG_API int32_t wg_context_threads(const wg_context *ctx);

/** The seed of the context; 0 for NULL. */
WG_API uint64_t wg_context_seed(const wg_context *ctx);

/** Whether a backend ("native", "onednn", "reference", one of your own) serves this context. */
WG_API bool wg_context_has_backend(const wg_context *ctx, const char *name);

/**
 * Reads the i-th row of the table of kernels that have run, in order of op.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_RANGE (no such row; *out is zeroed).
 */
WG_API wg_status wg_context_kernel_use(const wg_context *ctx, size_t i, wg_kernel_use *out);

#ifdef __cplusplus
}
#endif
#endif
