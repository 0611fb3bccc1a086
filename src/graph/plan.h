/* The plan: what a run executes, made from a list and a request, cached under their content.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariants: a plan holds sizes and offsets, never memory of a run; the data pointers in its views
 * are those that the last run bound. Its list is the user's, for comparison; dims and attributes
 * are those of the list expanded by differentiation. Every buffer is written before it is read. */
#ifndef WG_GRAPH_PLAN_H
#define WG_GRAPH_PLAN_H

#include "graph/graph.h"

/* What a run is to deliver. The lists are indices into the graph's list. */
typedef struct wgi_request {
    wg_graph *graph;
    uint32_t loss;     /* backward from here; WGI_NONE: forward alone */
    wgi_array wanted;  /* uint32_t: entries whose values are to be there afterwards */
    bool with_assigns; /* apply the pending assignments */
} wgi_request;

typedef enum wgi_place {
    WGI_IN_LEAF = 0,  /* index: the leaf */
    WGI_IN_VALUE,     /* index: an entry whose value is present */
    WGI_IN_RESULT,    /* index: into plan->results */
    WGI_IN_GRADIENT,  /* index: into plan->gradients */
    WGI_IN_WORKSPACE, /* offset */
    WGI_IN_ALIAS      /* index: the buffer whose bytes these are, made before this one */
} wgi_place;

typedef struct wgi_buffer {
    wgi_place place;
    uint32_t index;
    uint32_t node; /* the entry whose type these bytes have */
    uint32_t dtype;
    int64_t count;
    size_t offset;
    uint32_t first_view; /* into plan->users: the views that show its bytes, through aliases too */
    uint32_t n_views;
} wgi_buffer;

typedef struct wgi_step {
    const wgi_kernel *kernel;
    wgi_prepared prepared;
    wgi_args args;    /* whole once the plan is bound */
    const wgi_op *op; /* NULL: a group */
    uint32_t node;    /* its entry, of a group the last */
    uint32_t number;  /* its first number; 0 for a group, whose members know theirs */
    uint32_t first;   /* into plan->views: n_in inputs, then n_out outputs */
    uint32_t n_in;
    uint32_t n_out;
    uint32_t first_count; /* into plan->counts */
    uint32_t n_counts;
    int32_t backend;
    bool is_again; /* it ran before in the same run; the kernel is that step's */
} wgi_step;

/* Which counter of the context a step moves on, and by how much. */
typedef struct wgi_count {
    uint32_t counter;
    uint32_t times;
} wgi_count;

typedef struct wgi_plan_result {
    uint32_t node;
    uint32_t copy_of;  /* a buffer whose bytes become the value at the end; WGI_NONE: none */
    wg_tensor *tensor; /* set by each run */
} wgi_plan_result;

typedef struct wgi_plan_gradient {
    uint32_t leaf;
    uint32_t copy_of;  /* as above; for a leaf whose gradient is empty */
    bool adds;         /* the leaf holds a gradient, which the steps add to */
    wg_tensor *tensor; /* set by each run */
} wgi_plan_gradient;

typedef struct wgi_plan {
    struct wgi_plan *newer;
    struct wgi_plan *older;
    struct wgi_plan *next; /* of its bucket */
    bool is_cached;
    bool is_tainted; /* an engine failed: not to be cached */
    bool has_random; /* a step draws */
    bool has_hooks;  /* a step calls a hook */
    bool is_bound;   /* at least once */
    uint64_t hash;
    wgi_array key;          /* uint64_t: the request in words */
    wgi_list list;          /* the user's, without leaves; dims, attrs, numbers: expanded */
    wgi_list_extent extent; /* how much of it is the user's */
    wgi_array buffers;      /* wgi_buffer */
    wgi_array steps;        /* wgi_step */
    wgi_array views;        /* wgi_view: the steps' operands */
    wgi_array operands;     /* uint32_t: the buffer of each view */
    wgi_array users;        /* uint32_t: views, by the buffer behind them */
    wgi_array leaves;       /* uint32_t: buffers that are leaves' data */
    wgi_array outside;      /* uint32_t: other buffers that lie not in the workspace */
    wgi_array counts;       /* wgi_count */
    wgi_array results;      /* wgi_plan_result */
    wgi_array gradients;    /* wgi_plan_gradient */
    wgi_array values;       /* double: bound numbers */
    wgi_fault fault;        /* where steps tell what their data did */
    const void *bound_to;   /* the workspace that the views point into */
    const wg_graph *known;  /* the graph, epoch and length that were found equal last */
    uint32_t known_epoch;
    uint32_t known_count;
    size_t n_undoable;      /* steps, the first ones, that write to no gradient that is held */
    int32_t threads;        /* of the step that runs on most */
    size_t workspace_bytes; /* with the kernels' scratch at scratch_offset */
    size_t scratch_offset;
    size_t scratch_bytes;
    size_t bytes; /* of the plan itself */
} wgi_plan;

static inline wgi_buffer *wgi_buffer_at(const wgi_plan *plan, uint32_t i)
{
    return (wgi_buffer *)plan->buffers.data + i;
}

/* The buffer that an alias shows; others show themselves. */
static inline uint32_t wgi_base_of(const wgi_plan *plan, uint32_t i)
{
    const wgi_buffer *b = wgi_buffer_at(plan, i);
    return b->place == WGI_IN_ALIAS ? b->index : i;
}

/* The plan of a request: from the cache or made. WG_ERR_MEMORY, or the graph's run failure. */
wg_status wgi_plan_get(const wgi_request *request, wgi_plan **out);

/* The plan of a run of n nodes, or of a backward run from the first; the caller is done with it by
 * wgi_plan_put. NULL with WG_OK where nothing is left to compute. Errors: those of such a run
 * before its first step. */
wg_status wgi_plan_of(const wg_node *nodes, size_t n, bool is_backward, wg_graph **g,
                      wgi_plan **out);

/* Done with a plan from wgi_plan_get: it is kept in the cache, or freed where it may not be. */
void wgi_plan_put(wg_context *ctx, wgi_plan *plan);

void wgi_plans_free(wg_context *ctx);
void wgi_plan_free(wg_context *ctx, wgi_plan *plan);

/* Makes a plan, into one that is all zero but for its key and hash; used by the cache. */
wg_status wgi_plan_make(const wgi_request *request, wgi_plan *plan);

/* Runs a plan and delivers its results. */
wg_status wgi_plan_run(wgi_plan *plan, const wgi_request *request);

/* Whether a leaf holds no gradient yet. */
bool wgi_leaf_gradient_is_empty(const wgi_leaf *leaf);

/* ---- differentiation ---------------------------------------------------------------------- */

/* Emits into g the gradients of the entry y, seeded with ones, walking back over the list.
 * depends marks the entries through which gradients flow, one byte each for all that y reaches; it
 * covers what decompositions add. The gradient of entry i <= y, or WGI_NONE, is of[i]. */
typedef struct wgi_adjoints {
    wg_graph *g;
    wgi_array of;           /* uint32_t */
    wgi_array depends;      /* uint8_t */
    int32_t depth;          /* of decompositions within decompositions */
    const wg_graph *hooked; /* whose hooks are to see the gradients; NULL where there is none */
    size_t n_hooks;         /* of its hooks in order: how many the walk has not come to */
} wgi_adjoints;

wg_status wgi_differentiate(wgi_adjoints *d, uint32_t y);

/* The same from n entries at once, each seeded with an entry of its type; what one entry is seeded
 * with twice adds up. */
wg_status wgi_differentiate_from(wgi_adjoints *d, const wg_node *ys, const wg_node *us, size_t n);

/* How much of the list n > 0 nodes depend on: up to the last of them and all outputs of its op. */
uint32_t wgi_reach_of(const wgi_list *list, const wg_node *nodes, size_t n);

/* Empty arrays for one differentiation, lent by the engine and given back. One at a time. */
wgi_adjoints wgi_adjoints_take(wg_graph *g);
void wgi_adjoints_put(wgi_adjoints *d);

/* Whether an op's output carries a gradient on to an operand marked in d->depends. */
bool wgi_carries_gradient(const wgi_adjoints *d, uint32_t i);

/* A tensor of one value with the type of an entry. */
wg_node wgi_emit_fill(wg_graph *g, uint32_t like, double value);
wg_node wgi_emit_add(wg_graph *g, wg_node a, wg_node b);

/* ---- dispatch ----------------------------------------------------------------------------- */

typedef struct wgi_choice {
    const wgi_kernel *kernel;
    wgi_prepared prepared;
    int32_t backend;
    bool had_engine_failure;
} wgi_choice;

/* Whether a backend that users added takes an op. Such an op joins no group, and none of its
 * outputs shares memory with an input: the kernel may fail half-way, and be redone. */
bool wgi_is_claimed(const wgi_problem *problem);

/* The fastest kernel from backend `first` on that accepts and prepares. */
wg_status wgi_dispatch(const wgi_problem *problem, int32_t first, wgi_choice *out);

/* The kernel of a group, by the backend that formed it. */
wg_status wgi_dispatch_group(const wgi_problem *problem, int32_t backend, wgi_choice *out);

/* Runs one prepared kernel; an engine failure is redone by the reference.
 * *is_tainted is set then. */
wg_status wgi_run_kernel(wg_context *ctx, const wgi_op *op, const wgi_choice *choice,
                         const wgi_args *args, bool *is_tainted);

/* The reference kernel on the arguments of a kernel whose engine failed, which is counted. */
wg_status wgi_redo(wg_context *ctx, const wgi_op *op, const wgi_args *args);

/* Turns a failed kernel's fault into the graph's run failure. */
wg_status wgi_fault_to_failure(wg_graph *g, uint32_t node, const wgi_op *op, wg_status status,
                               const wgi_fault *fault);

/* Runs the op just recorded, for eager contexts; a failure becomes the graph's. */
wg_node wgi_eager_run(wg_graph *g, wg_node n);

#endif
