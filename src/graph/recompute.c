/* Recomputation: an order of steps, some of them repeated, that fits the memory limit.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The steps are drafted anew such that each of them makes one value for others, and can run again
 * alone. reversal.c gives an order of them for a number of bytes that values may hold; laying it
 * out and placing it tells what it really takes. The least number that gives an order of bearable
 * length decides, for every limit in the same way, whether the list can do with the limit; between
 * that and the number with which nothing runs again the largest is sought that fits.
 *
 * A step that runs again is that of the same entries, with the same kernel, and names them. What
 * must not run twice does not: what the program gave, and what reads a gradient that is held.
 * Invariant: while orders are tried, `choices` owns the kernels; in the end the first step of each
 * does. */
#include "core/checked.h"
#include "graph/planner.h"
#include "graph/reversal.h"

/* An order may be this long, or this many times the steps there are. */
#define MOST_STEPS ((size_t)1 << 18)
#define MOST_TIMES 4

/* So often is the room halved in which the number of bytes is sought. */
#define MOST_TRIES 24

/* The search ends when it is known to one part in this many. */
#define CLOSE 256

/* How many numbers of bytes tell the smallest limit, the more of them the fewer bytes. */
#define N_RUNGS 16

/* What a step costs beside its arithmetic, in operations: for each byte, and for being one. */
#define COST_OF_BYTE 4.0
#define COST_OF_STEP 1000.0

typedef struct search {
    wgi_planner *p;
    wgi_reversal reversal;
    wgi_array fates;    /* wgi_fate: as drafted, before layout changes them */
    wgi_array value_of; /* uint32_t, per entry: its value; ANY before values have numbers */
    wgi_array best;     /* uint32_t: the schedule found */
    double best_cost;
    size_t longest;
    size_t smallest; /* the least workspace of those that every search tries */
} search;

#define ANY (WGI_NONE - 1)

static wg_status memory_failure(const search *s)
{
    return wgi_run_fail(s->p->user, WG_ERR_MEMORY, "plan", "out of memory");
}

/* ---- the steps as they stand in a row ------------------------------------------------------- */

static uint32_t count_steps(const search *s)
{
    return (uint32_t)s->p->drafts.count - 1;
}

static const wgi_step_draft *draft_of(const search *s, uint32_t step)
{
    return wgi_draft_at(s->p, (uint32_t)s->p->drafts.count - step);
}

static const uint32_t *members_of(const search *s, uint32_t step)
{
    return (const uint32_t *)s->p->order.data + draft_of(s, step)->first;
}

static const wgi_entry *entry_at(const search *s, uint32_t i)
{
    return wgi_record_at(&s->p->scratch->list, i);
}

static double bytes_of(const wgi_entry *r)
{
    return (double)r->count * (double)wg_dtype_size((wg_dtype)r->dtype);
}

static uint32_t *value_slot(const search *s, uint32_t entry)
{
    return (uint32_t *)s->value_of.data + entry;
}

/* The step in the row that makes an entry; 0 where none does. Of an op's outputs the first knows.
 */
static uint32_t maker_of(const search *s, uint32_t i)
{
    const uint32_t draft = wgi_fate_at(s->p, i - entry_at(s, i)->part)->step;
    return draft != 0 && !wgi_is_present(s->p, i) ? (uint32_t)s->p->drafts.count - draft : 0;
}

/* ---- costs ---------------------------------------------------------------------------------- */

static double flops_of(const search *s, const wgi_entry *r)
{
    const double counted = wgi_record_flops(&s->p->scratch->list, r, wgi_op_at(s->p, r));
    return counted > 0.0 ? counted : (double)r->count;
}

static double cost_of(const search *s, uint32_t step)
{
    const wgi_step_draft *d = draft_of(s, step);
    double cost = COST_OF_STEP;
    for (uint32_t m = 0; m < d->n; m++) {
        const wgi_entry *r = entry_at(s, members_of(s, step)[m]);
        const uint32_t *in = wgi_inputs_of(&s->p->scratch->list, r);
        cost += flops_of(s, r);
        for (uint32_t k = 0; k < r->n_in; k++) {
            const bool is_inside = wgi_fate_at(s->p, in[k])->step == s->p->drafts.count - step;
            cost += is_inside ? 0 : COST_OF_BYTE * bytes_of(entry_at(s, in[k]));
        }
    }
    const wgi_entry *last = entry_at(s, members_of(s, step)[d->n - 1]);
    return cost + COST_OF_BYTE * bytes_of(last);
}

/* ---- what may run again --------------------------------------------------------------------- */

static bool may_run_again(const search *s, uint32_t step)
{
    const uint32_t draft = (uint32_t)s->p->drafts.count - step;
    const wgi_choice *choice = (const wgi_choice *)s->p->choices.data + draft;
    bool may = choice->backend >= s->p->ctx->n_foremost;
    for (uint32_t m = 0; may && m < draft_of(s, step)->n; m++) {
        const wgi_entry *r = entry_at(s, members_of(s, step)[m]);
        may = (wgi_op_at(s->p, r)->traits & (WGI_OPAQUE | WGI_IMPURE)) == 0 &&
              !wgi_reads_gradient(s->p, r);
    }
    return may;
}

/* The first step that adds to a gradient; past the last where none does. */
static uint32_t find_end(const search *s)
{
    const uint32_t n = count_steps(s);
    uint32_t step = 1;
    bool adds = false;
    while (step <= n && !adds) {
        for (uint32_t m = 0; m < draft_of(s, step)->n; m++) {
            adds = adds || wgi_reads_gradient(s->p, entry_at(s, members_of(s, step)[m]));
        }
        step += !adds;
    }
    return step;
}

/* ---- the turn ------------------------------------------------------------------------------- */

/* Where the backward pass begins: the first step for an entry that is not the user's. */
static uint32_t find_backward(const search *s)
{
    const uint32_t n_user = wgi_list_count(&s->p->user->list);
    uint32_t n = 0;
    while (n < count_steps(s) && members_of(s, n + 1)[draft_of(s, n + 1)->n - 1] < n_user) {
        n++;
    }
    return n;
}

/* The step at which most bytes would be held if each ran once; `change` has the bytes that come and
 * go by each. */
static uint32_t find_summit(const search *s, const double *change)
{
    double held = 0;
    double most = 0;
    uint32_t at = 0;
    for (uint32_t step = 1; step <= count_steps(s); step++) {
        held += change[step];
        if (held > most) {
            most = held;
            at = step;
        }
    }
    return at;
}

/* Marks what steps read of others, and tells how many bytes come and go by each step. */
static void mark_values(search *s, double *change)
{
    for (uint32_t step = count_steps(s); step > 0; step--) {
        for (uint32_t m = 0; m < draft_of(s, step)->n; m++) {
            const wgi_entry *r = entry_at(s, members_of(s, step)[m]);
            const uint32_t *in = wgi_inputs_of(&s->p->scratch->list, r);
            for (uint32_t k = 0; k < r->n_in; k++) {
                const uint32_t i = wgi_shown_by(s->p, in[k]);
                const uint32_t maker = maker_of(s, i);
                if (maker != 0 && maker != step && *value_slot(s, i) == WGI_NONE) {
                    *value_slot(s, i) = ANY;
                    change[maker] += bytes_of(entry_at(s, i));
                    change[step + 1] -= bytes_of(entry_at(s, i));
                }
            }
        }
    }
}

static bool find_turn(search *s)
{
    const wg_allocator *a = &s->p->ctx->memory;
    const size_t n = (size_t)count_steps(s) + 2;
    double *change = wgi_alloc_zeroed(a, n, sizeof *change);
    if (change == NULL) {
        return false;
    }
    mark_values(s, change);
    s->reversal.turn = s->p->request->loss != WGI_NONE ? find_backward(s) : find_summit(s, change);
    wgi_release(a, change, n * sizeof *change);
    return true;
}

/* ---- what the reversal is told -------------------------------------------------------------- */

static bool push_word(const search *s, wgi_array *array, uint32_t word)
{
    uint32_t *slot = wgi_array_push(&s->p->ctx->memory, array, sizeof *slot);
    if (slot == NULL) {
        return false;
    }
    *slot = word;
    return true;
}

/* Numbers what a step makes for others, all outputs of an op. */
static bool add_values(search *s, uint32_t step)
{
    const bool is_lasting = !may_run_again(s, step);
    for (uint32_t m = 0; m < draft_of(s, step)->n; m++) {
        const uint32_t first = members_of(s, step)[m];
        const uint32_t n_out = (uint32_t)wgi_op_at(s->p, entry_at(s, first))->n_out;
        for (uint32_t i = first; i < first + n_out; i++) {
            if (*value_slot(s, i) != ANY) {
                continue;
            }
            wgi_array *values = &s->reversal.values;
            wgi_reversal_value *v = wgi_array_push(&s->p->ctx->memory, values, sizeof *v);
            if (v == NULL) {
                return false;
            }
            v->maker = step;
            v->bytes = bytes_of(entry_at(s, i));
            v->is_lasting = is_lasting;
            *value_slot(s, i) = (uint32_t)values->count - 1;
        }
    }
    return true;
}

static bool add_reads(search *s, uint32_t step)
{
    bool ok = true;
    for (uint32_t m = 0; ok && m < draft_of(s, step)->n; m++) {
        const wgi_entry *r = entry_at(s, members_of(s, step)[m]);
        const uint32_t *in = wgi_inputs_of(&s->p->scratch->list, r);
        for (uint32_t k = 0; ok && k < r->n_in; k++) {
            const uint32_t v = *value_slot(s, wgi_shown_by(s->p, in[k]));
            const bool is_value = v < s->reversal.values.count;
            if (is_value && ((wgi_reversal_value *)s->reversal.values.data)[v].maker != step) {
                ok = push_word(s, &s->reversal.reads, v);
            }
        }
    }
    return ok;
}

/* What is delivered lasts: from its making on, or to the end, where it is copied from. */
static void note_delivered(search *s, uint32_t node)
{
    const uint32_t v = *value_slot(s, wgi_shown_by(s->p, wgi_source_of(s->p, node)));
    if (v < s->reversal.values.count) {
        ((wgi_reversal_value *)s->reversal.values.data)[v].is_lasting = true;
    }
}

static void note_all_delivered(search *s)
{
    const wgi_plan_result *results = s->p->plan->results.data;
    for (size_t i = 0; i < s->p->plan->results.count; i++) {
        note_delivered(s, results[i].node);
    }
    const wgi_target *targets = s->p->targets.data;
    for (size_t i = 0; i < s->p->targets.count; i++) {
        note_delivered(s, targets[i].node);
    }
}

static bool add_step(search *s, uint32_t step)
{
    double *cost = wgi_array_push(&s->p->ctx->memory, &s->reversal.costs, sizeof *cost);
    if (cost == NULL) {
        return false;
    }
    *cost = cost_of(s, step);
    return push_word(s, &s->reversal.first_value, (uint32_t)s->reversal.values.count) &&
           (step > s->reversal.turn || add_values(s, step)) &&
           push_word(s, &s->reversal.first_read, (uint32_t)s->reversal.reads.count) &&
           add_reads(s, step);
}

static bool describe(search *s)
{
    wgi_reversal *r = &s->reversal;
    const size_t n_entries = wgi_list_count(&s->p->scratch->list);
    if (!wgi_planner_fill(s->p, &s->value_of, n_entries, sizeof(uint32_t), 0xFF) || !find_turn(s)) {
        return false;
    }
    r->n_steps = count_steps(s);
    r->end = find_end(s);
    r->turn = r->turn < r->end ? r->turn : r->end - 1;
    bool ok = push_word(s, &r->first_value, 0) && push_word(s, &r->first_read, 0) &&
              wgi_array_push(r->memory, &r->costs, sizeof(double)) != NULL;
    for (uint32_t step = 1; ok && step <= r->n_steps; step++) {
        ok = add_step(s, step);
    }
    ok = ok && push_word(s, &r->first_value, (uint32_t)r->values.count) &&
         push_word(s, &r->first_read, (uint32_t)r->reads.count);
    if (ok) {
        note_all_delivered(s);
    }
    return ok && wgi_reversal_prepare(r);
}

/* ---- trying --------------------------------------------------------------------------------- */

/* Lays the steps out in the order of p->schedule and places them. */
static wg_status lay_out(search *s)
{
    wgi_planner *p = s->p;
    wgi_plan_clear(p->ctx, p->plan, false);
    memcpy(p->fates.data, s->fates.data, s->fates.count * sizeof(wgi_fate));
    const wg_status status = wgi_plan_layout(p);
    return status == WG_OK && !wgi_plan_place(p) ? memory_failure(s) : status;
}

/* Lays out the order for a number of bytes. */
static wg_status try_bytes(search *s, double bytes)
{
    if (!wgi_reversal_schedule(&s->reversal, bytes, s->longest, &s->p->schedule)) {
        return memory_failure(s);
    }
    return lay_out(s);
}

/* The least number of bytes with which the order is not too long. Nothing is laid out for that. */
static bool find_least(search *s, double *least)
{
    double high = wgi_reversal_most(&s->reversal);
    double low = 0;
    wgi_array *schedule = &s->p->schedule;
    *least = 0;
    bool ok = wgi_reversal_schedule(&s->reversal, 0, s->longest, schedule);
    if (!ok || schedule->count > 0) {
        return ok;
    }
    for (int i = 0; ok && i < MOST_TRIES; i++) {
        const double middle = low + (high - low) / 2;
        ok = wgi_reversal_schedule(&s->reversal, middle, s->longest, schedule);
        *(schedule->count > 0 ? &high : &low) = middle;
    }
    *least = high;
    return ok;
}

static double cost_of_order(const search *s, const wgi_array *order)
{
    const uint32_t *steps = order->data;
    double cost = 0;
    for (size_t i = 0; i < order->count; i++) {
        cost += ((const double *)s->reversal.costs.data)[steps[i]];
    }
    return cost;
}

/* Keeps the order at hand where it costs less than the best so far. */
static bool keep_best(search *s)
{
    const wgi_array *found = &s->p->schedule;
    const double cost = cost_of_order(s, found);
    if (s->best.count > 0 && cost >= s->best_cost) {
        return true;
    }
    s->best_cost = cost;
    s->best.count = 0;
    if (!wgi_array_reserve(&s->p->ctx->memory, &s->best, found->count, sizeof(uint32_t))) {
        return false;
    }
    memcpy(s->best.data, found->data, found->count * sizeof(uint32_t));
    s->best.count = found->count;
    return true;
}

/* Lays out the best order, in no more memory than it wants: longer ones were tried. */
static wg_status lay_out_best(search *s)
{
    const wg_allocator *a = &s->p->ctx->memory;
    wgi_plan *plan = s->p->plan;
    wgi_array_free(a, &s->p->schedule, sizeof(uint32_t));
    s->p->schedule = s->best;
    s->best = (wgi_array){NULL, 0, 0};
    wgi_array_free(a, &plan->steps, sizeof(wgi_step));
    wgi_array_free(a, &plan->views, sizeof(wgi_view));
    wgi_array_free(a, &plan->operands, sizeof(uint32_t));
    wgi_array_free(a, &plan->buffers, sizeof(wgi_buffer));
    wgi_array_free(a, &plan->counts, sizeof(wgi_count));
    return lay_out(s);
}

/* Between a number of bytes that fits, whose order is the best so far, and one that does not. */
static wg_status refine(search *s, double low, double high)
{
    const size_t limit = s->p->ctx->memory_limit;
    size_t n_high = count_steps(s);
    for (int i = 0; i < MOST_TRIES && s->best.count > n_high; i++) {
        if (high - low < 16 || (high - low) * CLOSE < low) {
            break;
        }
        const double middle = low + (high - low) / 2;
        const wg_status status = try_bytes(s, middle);
        if (status != WG_OK) {
            return status;
        }
        if (s->p->plan->workspace_bytes > limit) {
            high = middle;
            n_high = s->p->schedule.count;
            continue;
        }
        low = middle;
        if (!keep_best(s)) {
            return memory_failure(s);
        }
    }
    return lay_out_best(s);
}

static wg_status refuse(const search *s)
{
    (void)wgi_run_fail(s->p->user, WG_ERR_MEMORY, "plan",
                       "the memory limit of %zu bytes is too small: this list needs %zu",
                       s->p->ctx->memory_limit, s->smallest);
    return WG_ERR_MEMORY;
}

static void note_size(search *s)
{
    const size_t bytes = s->p->plan->workspace_bytes;
    s->smallest = bytes < s->smallest ? bytes : s->smallest;
}

/* Where the least number of bytes does not fit, more of them may, by what they leave to recompute
 * and how that is placed. Every limit is tried against the same numbers, and *low becomes the one
 * that took the least. */
static wg_status try_ladder(search *s, double *low)
{
    const double most = wgi_reversal_most(&s->reversal);
    const double least = *low;
    for (int i = 1; i < N_RUNGS; i++) {
        const double bytes = least + (most - least) * i * i / (N_RUNGS * N_RUNGS);
        const wg_status status = try_bytes(s, bytes);
        if (status != WG_OK) {
            return status;
        }
        if (s->p->plan->workspace_bytes < s->smallest) {
            s->smallest = s->p->plan->workspace_bytes;
            *low = bytes;
        }
    }
    return s->smallest > s->p->ctx->memory_limit ? refuse(s) : try_bytes(s, *low);
}

/* From steps that are laid out in their own order, which does not fit. */
static wg_status find_order(search *s)
{
    double low;
    if (!describe(s) || !find_least(s, &low)) {
        return memory_failure(s);
    }
    wg_status status = try_bytes(s, low);
    if (status != WG_OK) {
        return status;
    }
    note_size(s);
    if (s->p->plan->workspace_bytes > s->p->ctx->memory_limit) {
        status = try_ladder(s, &low);
    }
    if (status != WG_OK) {
        return status;
    }
    return keep_best(s) ? refine(s, low, wgi_reversal_most(&s->reversal)) : memory_failure(s);
}

/* ---- all of it ------------------------------------------------------------------------------ */

/* Draft the steps anew, and lay them out once, in their own order: that chooses their kernels. */
static wg_status draft_again(search *s)
{
    wgi_planner *p = s->p;
    p->is_tight = true;
    if (!wgi_plan_draft(p) ||
        !wgi_planner_fill(p, &p->choices, p->drafts.count, sizeof(wgi_choice), 0) ||
        !wgi_array_reserve(&p->ctx->memory, &s->fates, p->fates.count, sizeof(wgi_fate))) {
        return memory_failure(s);
    }
    s->fates.count = p->fates.count;
    memcpy(s->fates.data, p->fates.data, p->fates.count * sizeof(wgi_fate));
    s->longest = MOST_TIMES * p->drafts.count;
    s->longest = s->longest > MOST_STEPS ? s->longest : MOST_STEPS;
    return lay_out(s);
}

/* Gives the kernels to the steps that use them first. */
static void settle_kernels(wgi_planner *p)
{
    wgi_step *steps = p->plan->steps.data;
    wgi_choice *choices = p->choices.data;
    for (size_t i = 0; i < p->plan->steps.count; i++) {
        wgi_choice *choice = &choices[wgi_fate_at(p, steps[i].node)->step];
        steps[i].is_again = choice->kernel == NULL;
        choice->kernel = NULL;
    }
    p->choices.count = 0;
}

static void destroy_kernels(wgi_planner *p)
{
    wgi_choice *choices = p->choices.data;
    for (size_t i = 0; i < p->choices.count; i++) {
        if (choices[i].kernel != NULL && choices[i].kernel->destroy != NULL) {
            choices[i].kernel->destroy(p->ctx, &choices[i].prepared);
        }
    }
    p->choices.count = 0;
    wgi_plan_clear(p->ctx, p->plan, false);
}

wg_status wgi_plan_recompute(wgi_planner *p)
{
    const wg_allocator *a = &p->ctx->memory;
    search s = {.p = p, .reversal = {.memory = a}, .smallest = p->plan->workspace_bytes};
    wgi_plan_clear(p->ctx, p->plan, true);
    wg_status status = draft_again(&s);
    if (status == WG_OK) {
        note_size(&s);
        if (p->plan->workspace_bytes > p->ctx->memory_limit) {
            status = find_order(&s);
        }
    }
    if (status == WG_OK) {
        settle_kernels(p);
    } else {
        destroy_kernels(p);
    }
    wgi_reversal_free(&s.reversal);
    wgi_array_free(a, &s.fates, sizeof(wgi_fate));
    wgi_array_free(a, &s.value_of, sizeof(uint32_t));
    wgi_array_free(a, &s.best, sizeof(uint32_t));
    return status;
}
