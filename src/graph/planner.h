/* What planning knows while it runs, shared by its passes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A plan is made in passes over the expanded list, each in a file of its own:
 *
 *   plan.c    expands the list by its gradients and says what is wanted
 *   carry.c   permutations that undo one another vanish
 *   merge.c   equal subexpressions become one
 *   group.c   backwards: what is needed, and which step computes it
 *   layout.c  forwards, step by step: operands, buffers, kernels
 *   place.c   every workspace buffer gets its offset by lifetime
 *
 * Where that takes more than the context's memory limit, recompute.c drafts the steps anew and
 * finds an order in which some run again, for which the last two passes are repeated.
 *
 * Steps are numbered from 1 in the order in which group.c meets them, backwards: the greater the
 * number, the earlier it runs. Invariant: the step of an entry has a number at least as great as
 * the steps of all entries that read it, and a greater one unless both are members of one group.
 *
 * The arrays belong to the engine and keep their memory from plan to plan. */
#ifndef WG_GRAPH_PLANNER_H
#define WG_GRAPH_PLANNER_H

#include "graph/plan.h"

enum {
    WGI_IS_ROOT = 1,       /* wanted as a result or gradient */
    WGI_IS_CLAIMED = 2,    /* `buffer` says where the root is to be written: a wgi_claim */
    WGI_IS_READ_APART = 4, /* by several steps, or through an alias, or at the end */
    WGI_IS_FIRST_ALIAS = 8 /* its earliest reader reads it through an alias */
};

/* A claim: the place in results, or that in gradients with this bit. */
#define WGI_CLAIM_GRADIENT ((uint32_t)1 << 30)

/* Longer lists keep all their entries: that is a rule of the structure, for the passes that do
 * without some cost more than a scalar op takes. */
#define WGI_MAX_SOURCES ((size_t)1 << 16)

/* Numbers of steps are below this. */
#define WGI_MAX_STEPS ((uint32_t)1 << 28)

/* What becomes of an entry. Long lists have one for each scalar, so that it is kept small. */
typedef struct wgi_fate {
    uint32_t first : 28; /* the earliest step that reads it; 0: none does */
    uint32_t flags : 4;
    uint32_t step;   /* the step that computes it; 0: none */
    uint32_t buffer; /* WGI_NONE until there is one, or a claim */
    uint32_t value;  /* the latest step that reads it; in layout, its place among its group's
                      * members, or the inputs of the step at hand */
} wgi_fate;

_Static_assert(sizeof(wgi_fate) == 16, "fates stay compact");

/* What carry.c knows of one entry. */
typedef struct wgi_carry {
    uint32_t order;    /* a source that permutes as this entry is permuted; WGI_NONE: none does */
    uint32_t above;    /* towards the entry that stands for its cluster */
    uint32_t is_stuck; /* of the entry that stands for the cluster */
} wgi_carry;

/* A step before it is laid out. */
typedef struct wgi_step_draft {
    uint32_t shape;   /* an entry of the group's shape; WGI_NONE: it is no group */
    uint32_t n;       /* members */
    uint32_t first;   /* into planner->order */
    uint32_t n_known; /* members entered there so far */
    uint32_t n_apart; /* members that are read apart, but for reductions; where memory is tight */
    uint32_t n_far;   /* values from far before it that it reads; likewise */
} wgi_step_draft;

typedef struct wgi_target {
    uint32_t leaf;
    uint32_t node; /* of the gradient to deliver */
    bool adds;
} wgi_target;

typedef struct wgi_planner {
    const wgi_request *request;
    wg_context *ctx;
    wg_graph *user;
    wg_graph *scratch;
    wgi_plan *plan;
    wgi_adjoints adjoints;
    const wgi_backend_slot *grouping; /* the backend that evaluates groups; NULL: none does */
    int32_t grouping_index;
    wgi_array targets;  /* wgi_target */
    wgi_array sources;  /* uint32_t: the entry that computes each; empty for long lists */
    wgi_array carries;  /* wgi_carry, likewise; where there are permutations */
    wgi_array slots;    /* uint32_t: hash table of entries + 1 */
    wgi_array fates;    /* wgi_fate, for each entry */
    wgi_array drafts;   /* wgi_step_draft; 0 is none */
    wgi_array order;    /* uint32_t: entries by step */
    wgi_array group;    /* wgi_member: those of the step at hand */
    wgi_array times;    /* uint32_t: per op, how many members it has */
    wgi_array writers;  /* uint32_t, per view: see wgi_layout */
    wgi_array joins;    /* uint8_t: remembered answers of the backend */
    uint32_t recent[4]; /* groups of small shapes, latest first */
    bool is_tight; /* a group is to have one member that is read apart: it can run again alone */
    wgi_array schedule; /* uint32_t: the steps in order of running, from 1; empty: each once */
    wgi_array choices;  /* wgi_choice, for each step, where steps are laid out repeatedly */
} wgi_planner;

static inline wgi_fate *wgi_fate_at(const wgi_planner *p, uint32_t i)
{
    return (wgi_fate *)p->fates.data + i;
}

static inline wgi_step_draft *wgi_draft_at(const wgi_planner *p, uint32_t step)
{
    return (wgi_step_draft *)p->drafts.data + step;
}

static inline const wgi_op *wgi_op_at(const wgi_planner *p, const wgi_entry *r)
{
    return p->ctx->ops->ops[r->op];
}

/* The entry that computes i: another where i has the same value as that one. */
static inline uint32_t wgi_source_of(const wgi_planner *p, uint32_t i)
{
    return i < p->sources.count ? ((const uint32_t *)p->sources.data)[i] : i;
}

static inline bool wgi_is_present(const wgi_planner *p, uint32_t i)
{
    return i < p->user->value_of.count && ((wg_tensor **)p->user->value_of.data)[i] != NULL;
}

/* Whether an op shows the bytes of its operand as they are. */
bool wgi_is_shown(const wgi_planner *p, const wgi_entry *r);

/* An alias is no step: it shows the bytes of its operand. */
static inline bool wgi_is_alias(const wgi_planner *p, uint32_t i, const wgi_entry *r)
{
    return !wgi_record_is_leaf(r) && !wgi_is_present(p, i) && wgi_is_shown(p, r);
}

/* The entry whose bytes an entry shows: its own, or through aliases another's. */
static inline uint32_t wgi_shown_by(const wgi_planner *p, uint32_t i)
{
    while (wgi_is_alias(p, i, wgi_record_at(&p->scratch->list, i))) {
        i = wgi_record_at(&p->scratch->list, i)->in[0];
    }
    return i;
}

static inline bool wgi_is_needed(const wgi_fate *f)
{
    return f->first != 0 || (f->flags & (WGI_IS_ROOT | WGI_IS_READ_APART)) != 0;
}

/* Whether an op adds to a gradient that a leaf holds, in its place: no kernel of users does. */
bool wgi_reads_gradient(const wgi_planner *p, const wgi_entry *r);

/* Makes an entry read the sources of its operands. */
void wgi_read_sources(const wgi_planner *p, wgi_entry *r);

/* An array of n elements, each byte set; what it held is gone. False when memory is short. */
WGI_NODISCARD bool wgi_planner_fill(wgi_planner *p, wgi_array *array, size_t n, size_t size,
                                    int byte);

/* ---- the passes: false when memory is short ------------------------------------------------- */

WGI_NODISCARD bool wgi_plan_carry(wgi_planner *p);
WGI_NODISCARD bool wgi_plan_merge(wgi_planner *p);
WGI_NODISCARD bool wgi_plan_group(wgi_planner *p);

/* Sets the plan's steps, buffers, operands. writers holds for each view, in the units of the
 * group's members: of an output, the member that writes it; of an input, the last that reads it, if
 * its memory may become an output's; WGI_NONE where memory may not be shared. WG_ERR_MEMORY or what
 * preparing a kernel gave; the user's graph has the run failure then. */
wg_status wgi_plan_layout(wgi_planner *p);
WGI_NODISCARD bool wgi_plan_place(wgi_planner *p);

/* Says what is wanted and groups it, from the merged list on. */
WGI_NODISCARD bool wgi_plan_draft(wgi_planner *p);

/* Gives a plan that takes more than the context's memory limit an order of steps, some of them
 * repeated, in which it fits. WG_ERR_MEMORY, or what preparing a kernel gave; the user's graph has
 * the run failure then. */
wg_status wgi_plan_recompute(wgi_planner *p);

/* Empties what layout made. The steps' kernels are destroyed where the plan owns them. */
void wgi_plan_clear(wg_context *ctx, wgi_plan *plan, bool owns_kernels);

/* Prepares the kernel of one step, whose views are there. */
wg_status wgi_plan_choose(wgi_planner *p, wgi_step *s, const wgi_group *group);

void wgi_planner_free(const wg_allocator *a, wgi_planner *p);

#endif
