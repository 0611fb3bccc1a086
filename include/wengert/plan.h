/* Plans and profiles: what a run is going to do, and what it did.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_PLAN_H
#define WG_PLAN_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- plans -------------------------------------------------------------------------------- */

/** Which run a plan is for. */
typedef enum wg_plan_kind {
    WG_PLAN_RUN = 0,     /**< wg_run(nodes, n) */
    WG_PLAN_BACKWARD = 1 /**< wg_backward(nodes[0]) */
} wg_plan_kind;

/** What a run takes, in bytes where nothing else is said. */
typedef struct wg_plan_need {
    uint64_t workspace_bytes; /**< of the context, reused by lifetime; with scratch_bytes */
    uint64_t scratch_bytes;   /**< of that, what kernels want for themselves */
    uint64_t result_bytes; /**< values asked for, kept or assigned, in the graph until its reset */
    uint64_t gradient_bytes; /**< gradients that the run writes; some may be there already */
    uint64_t leaf_bytes;     /**< data and parameters that the run reads */
    uint64_t plan_bytes;     /**< of the plan itself, in the plan cache */
    uint32_t steps;
    uint32_t recomputed; /**< of the steps, those that run again for the memory limit */
    uint32_t ops;        /**< in all steps; more than steps where pointwise ops run in groups */
    double flops;        /**< arithmetic: 2 m n k for a matmul, 1 for each element of other ops */
    double traffic;      /**< bytes that the steps read and write */
} wg_plan_need;

/**
 * Plans a run without running it, and tells what it needs. The plan is kept as that of a run is.
 *
 * nodes  what is to be computed, of one graph; for WG_PLAN_BACKWARD one, the loss
 * Errors: as wg_run or wg_backward before their first step; *out is zeroed then.
 */
WG_NODISCARD WG_API wg_status wg_plan_memory(const wg_node *nodes, size_t n, wg_plan_kind kind,
                                             wg_plan_need *out);

/**
 * Writes the plan of a run: a line of totals, then one line for each step in order of running, with
 * its kernel, its ops (a group's in braces), the node's name, the shape of its first result, its
 * arithmetic and its bytes. A + beside its number marks a step that ran before, whose values had to
 * be let go for the memory limit.
 * Errors: as wg_plan_memory, and what the writer returns.
 */
WG_NODISCARD WG_API wg_status wg_plan_write(const wg_node *nodes, size_t n, wg_plan_kind kind,
                                            const wg_writer *writer);

/* ---- profiles ----------------------------------------------------------------------------- */

/** One step that ran. */
typedef struct wg_profile_step {
    const char *kernel; /**< "onednn.matmul"; valid as long as the context */
    char ops[80];       /**< "matmul", "{add, relu}"; cut where longer */
    char name[64];      /**< the node's, or "" */
    char shape[48];     /**< of the first result; cut where longer */
    uint64_t run;       /**< which run of the profile, from 0 */
    double start;       /**< seconds since wg_profile_start */
    double seconds;
    double flops;
    double bytes;
} wg_profile_step;

/**
 * Starts to time every step of the context's runs, forgetting what was timed before. Without a
 * profile runs take no time for it.
 *
 * limit  steps kept at most (0: 100,000), for which memory is had at once; later ones are dropped
 * Errors: WG_ERR_ARGUMENT, WG_ERR_OVERFLOW, WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_profile_start(wg_context *ctx, size_t limit);

/** Stops timing; what was timed stays until the next start or the context's end.
 * Errors: WG_ERR_ARGUMENT. */
WG_API wg_status wg_profile_stop(wg_context *ctx);

/** The steps that were kept, and dropped; 0 for NULL. */
WG_API size_t wg_profile_count(const wg_context *ctx);
WG_API uint64_t wg_profile_dropped(const wg_context *ctx);

/** The i-th step that was kept; NULL where there is none. Owned by the context; valid until the
 * next start. */
WG_API const wg_profile_step *wg_profile_get(const wg_context *ctx, size_t i);

/**
 * Writes a table: equal steps (kernel, ops, name, shape) in one line with how often they ran, their
 * median and total time, share, GFLOP/s and GB/s, most time first.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_MEMORY, and what the writer returns.
 */
WG_NODISCARD WG_API wg_status wg_profile_write(wg_context *ctx, const wg_writer *writer);

/** Writes the steps as a Chrome trace (JSON, for chrome://tracing and other viewers).
 * Errors: as wg_profile_write. */
WG_NODISCARD WG_API wg_status wg_profile_write_trace(wg_context *ctx, const wg_writer *writer);

#ifdef __cplusplus
}
#endif
#endif
