/* The graph's own structure: a list, its results, its error.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariants: shells of destroyed graphs stay with the context, so that a stale handle never points
 * at freed memory; an epoch number is never used twice by one shell; value_of[i] is not NULL
 * exactly for the entries in `present`. */
#ifndef WG_GRAPH_GRAPH_INTERNAL_H
#define WG_GRAPH_GRAPH_INTERNAL_H

#include <wengert/plan.h>

#include "core/context.h"
#include "graph/list.h"

/* Indices of handles that failed: the first failure of an epoch, which may still be stamped and
 * named, and those that only passed it on. */
#define WGI_FAILED_FIRST (UINT32_MAX - 1)
#define WGI_FAILED (UINT32_MAX - 2)

/* Bytes of a module's name and kind, quoted. */
#define WGI_WHERE_BYTES 328

typedef struct wgi_failure {
    wg_status status;
    const char *op; /* static text or an op's name; NULL for none */
    char name[64];
    char detail[WGI_DETAIL_BYTES];
    char hint[WGI_DETAIL_BYTES];
    const char *const *operand_names;
    uint32_t operands[4];
    int32_t n_operands;
    wgi_site site;
    char where[WGI_WHERE_BYTES]; /* the module; "" for none */
} wgi_failure;

/* A stay in a module; indices of stays and entries are WGI_NONE where there is none. */
typedef struct wgi_stay {
    const wg_module *module;
    uint32_t outer;
    uint32_t first;
    uint32_t end; /* WGI_NONE while it lasts */
    uint32_t result;
} wgi_stay;

typedef struct wgi_assign {
    wg_param *param;
    uint32_t node;
} wgi_assign;

/* The size of a hook, which hook.c alone knows more about. */
#define WGI_HOOK_BYTES (sizeof(wg_node) + 2 * sizeof(void *))

typedef struct wgi_staged_number {
    uint32_t index;
    double value;
} wgi_staged_number;

/* Tensor shells for values and constants. A shell that a reset retires rests for one epoch before
 * it is used again, so that a value kept over one reset is still seen to be dead. */
typedef struct wgi_shells {
    wgi_array live;    /* wg_tensor *: in use in this epoch */
    wgi_array resting; /* dead since the last retirement */
    wgi_array spare;
} wgi_shells;

struct wg_graph {
    wg_context *ctx;
    wg_graph *next; /* of the context's shells */
    uint32_t epoch;
    bool is_alive;
    bool is_training;
    bool is_scratch; /* the planner's own: nothing recorded here wants a gradient */
    bool is_assign_pending;
    uint64_t stream;
    uint64_t step;
    wgi_list list;
    wgi_array keeps;      /* uint32_t */
    wgi_array assigns;    /* wgi_assign */
    wgi_array staged;     /* wgi_staged_number */
    wgi_array param_slot; /* uint32_t: open addressing from parameter to its node + 1 */
    size_t n_params;
    wgi_array hooks;       /* hook.c's, in order of making */
    wgi_array hook_order;  /* uint32_t: their places, by node */
    wgi_array stays;       /* wgi_stay, in order of entering */
    uint32_t stay;         /* the innermost that lasts */
    struct wg_graph *user; /* of the planner's own graph: whose list it differentiates */
    wgi_array value_of;    /* wg_tensor *, per entry of the list */
    wgi_array present;     /* uint32_t */
    wgi_arena results;
    wgi_arena constants;
    wgi_shells result_shells;
    wgi_shells constant_shells;
    wgi_failure failure;     /* sticks until the reset */
    wgi_failure run_failure; /* of the last failed call */
    char text[WGI_ERROR_BYTES];
};

/* The steps of a context's runs, timed. Memory for all that are kept is had at the start. */
typedef struct wgi_profile {
    wgi_array steps; /* wg_profile_step */
    size_t limit;
    bool is_on;
    uint64_t n_runs;
    uint64_t n_dropped;
    double origin;
} wgi_profile;

/* What graphs of one context share. */
typedef struct wgi_engine {
    wg_graph *shells;
    wg_graph *scratch;
    struct wgi_planner *planner; /* made at the first plan; keeps its arrays */
    struct wgi_plan *newest;     /* the plan cache, most recently used first */
    struct wgi_plan *oldest;
    wgi_array buckets; /* struct wgi_plan *: the cache by hash; a power of two of them */
    void *workspace;
    size_t workspace_bytes;
    wgi_profile profile;
    wgi_array request_words; /* uint64_t */
    wgi_array wanted;        /* uint32_t */
    wgi_array marks;         /* uint8_t, all 0 between calls */
    wgi_array adjoints;      /* uint32_t: lent to one differentiation at a time */
    wgi_array depends;       /* uint8_t: likewise */
    wgi_array nodes;         /* wg_node: what one call for derivatives works with */
    wgi_array rows;          /* wg_node: what the ops ask room for */
    wgi_array views;         /* wgi_view: the operands of an op that has many */
} wgi_engine;

wg_status wgi_engine_create(wg_context *ctx);
void wgi_engine_destroy(wg_context *ctx);

/* Shells: a value tensor of that type with data from the arena; NULL when memory is short. */
WGI_NODISCARD wg_tensor *wgi_shell_take(wg_graph *g, wgi_shells *shells, wgi_arena *arena,
                                        const wgi_type *type);
void wgi_shells_retire(wg_context *ctx, wgi_shells *shells);
void wgi_shells_free(wg_context *ctx, wgi_shells *shells);

/* Drops values and variables' gradients. */
void wgi_results_drop(wg_graph *g);

/* The value of an entry where it is there: a leaf's tensor or a result; else NULL. */
wg_tensor *wgi_value_present(const wg_graph *g, uint32_t node);
WGI_NODISCARD bool wgi_values_reserve(wg_graph *g, size_t extra);
void wgi_value_put(wg_graph *g, uint32_t node, wg_tensor *value);

/* ---- failures ----------------------------------------------------------------------------- */

/* Sets the run failure and returns status. */
wg_status wgi_run_fail(wg_graph *g, wg_status status, const char *op, const char *format, ...)
    WGI_PRINTF(4, 5);

/* What the run failure shows besides: a hint, and the node that it is about. */
void wgi_run_hint(wg_graph *g, const char *hint);
void wgi_run_operand(wg_graph *g, uint32_t index);

/* Forgets all stays in modules. */
void wgi_stays_clear(wg_graph *g);

/* Lets a failure tell the module of an entry, or of WGI_NONE the one being recorded. */
void wgi_stay_note(const wg_graph *g, uint32_t node, wgi_failure *f);

/* Resolves a handle to its living graph and index, or says why not; where a graph lives the reason
 * becomes its run failure. A graph with a recording error gives that. */
wg_status wgi_resolve(wg_node n, wg_graph **g, uint32_t *index);

/* Why a handle is none of g's; WG_OK when it is. `detail` is a buffer of WGI_DETAIL_BYTES. */
wg_status wgi_handle_fault(const wg_graph *g, wg_node n, char *detail);

/* The same question where the reason does not matter. */
static inline bool wgi_is_own(const wg_graph *g, wg_node n)
{
    return n.graph == g && n.epoch == g->epoch && n.index < wgi_list_count(&g->list);
}

/* wg_is_valid for the inside: whether a handle is that of an entry. */
static inline bool wgi_is_entry(wg_node n)
{
    return n.graph != NULL && n.graph->is_alive && wgi_is_own(n.graph, n);
}

static inline wg_node wgi_handle(wg_graph *g, uint32_t index)
{
    return (wg_node){.graph = g, .index = index, .epoch = g->epoch};
}

#endif
