/* Schedules: options, the steps, and what is remembered between them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every change is tried on a copy of the state: the optimizer's rate and the state are stored
 * together, and only where the new state has a rate. */
#include "model/schedule.h"

#include <math.h>

#include "core/checked.h"
#include "core/context.h"
#include "model/optimizer.h"

static wg_context *context_of(const wg_schedule *s)
{
    return s->optimizer->model->ctx;
}

/* ---- options ------------------------------------------------------------------------------ */

static bool is_positive(double x)
{
    return isfinite(x) && x > 0.0;
}

static bool is_rate(double x)
{
    return isfinite(x) && x >= 0.0;
}

static void fill_in(double *option, double otherwise)
{
    *option = *option == 0.0 ? otherwise : *option;
}

static wg_schedule_options with_defaults(const wg_schedule_options *options)
{
    wg_schedule_options o = *options;
    if (o.kind != WG_SCHEDULE_EXPONENTIAL) {
        fill_in(&o.factor, 0.1);
    }
    fill_in(&o.up_fraction, 0.3);
    fill_in(&o.start_divisor, 25.0);
    fill_in(&o.final_divisor, 1e4);
    o.cycle_factor = o.cycle_factor == 0 ? 1 : o.cycle_factor;
    return o;
}

static bool are_milestones(const wg_schedule_options *o)
{
    if (o->milestones == NULL || o->n_milestones == 0) {
        return false;
    }
    int64_t before = 0;
    for (size_t i = 0; i < o->n_milestones; i++) {
        if (o->milestones[i] <= before) {
            return false;
        }
        before = o->milestones[i];
    }
    return true;
}

static const char *find_cycle_fault(const wg_schedule_options *o)
{
    const double most = o->is_three_phase ? 0.5 : 1.0;
    if (o->max_rate != 0.0 && !is_positive(o->max_rate)) {
        return "max_rate is finite and > 0";
    }
    if (!(o->up_fraction > 0.0 && o->up_fraction <= most && o->up_fraction < 1.0)) {
        return o->is_three_phase ? "up_fraction is in (0, .5]" : "up_fraction is in (0, 1)";
    }
    return is_positive(o->start_divisor) && is_positive(o->final_divisor)
               ? NULL
               : "the divisors are finite and > 0";
}

static const char *find_plateau_fault(const wg_schedule_options *o)
{
    if (!(o->factor > 0.0 && o->factor < 1.0)) {
        return "factor is in (0, 1)";
    }
    if (o->patience < 0 || o->cooldown < 0) {
        return "patience and cooldown are >= 0";
    }
    return is_rate(o->threshold) && (o->is_absolute || o->threshold < 1.0)
               ? NULL
               : "threshold is finite and >= 0, and below 1 where it is relative";
}

/* What one kind asks of its own options. */
static const char *find_own_fault(const wg_schedule_options *o)
{
    switch (o->kind) {
    case WG_SCHEDULE_CONSTANT:
    case WG_SCHEDULE_STEP:
    case WG_SCHEDULE_EXPONENTIAL:
    case WG_SCHEDULE_LINEAR:
    case WG_SCHEDULE_COSINE:
        return NULL;
    case WG_SCHEDULE_MILESTONES:
        return are_milestones(o) ? NULL : "milestones are >= 1 and ascend";
    case WG_SCHEDULE_COSINE_RESTARTS:
        return o->cycle_factor >= 1 ? NULL : "cycle_factor is >= 1";
    case WG_SCHEDULE_ONE_CYCLE:
        return find_cycle_fault(o);
    case WG_SCHEDULE_PLATEAU:
        return find_plateau_fault(o);
    case WG_SCHEDULE_FUNCTION:
        return o->rate != NULL ? NULL : "a function is wanted";
    }
    return "there is no such kind";
}

/* Kinds as bits of a set. */
static bool is_one_of(const wg_schedule_options *o, uint32_t kinds)
{
    return (unsigned)o->kind < 32U && ((UINT32_C(1) << (unsigned)o->kind) & kinds) != 0;
}

#define BIT(kind) (UINT32_C(1) << WG_SCHEDULE_##kind)

static const char *find_fault(const wg_schedule_options *o)
{
    static const uint32_t with_steps =
        BIT(STEP) | BIT(LINEAR) | BIT(COSINE) | BIT(COSINE_RESTARTS) | BIT(ONE_CYCLE);
    static const uint32_t with_factor = BIT(STEP) | BIT(MILESTONES) | BIT(EXPONENTIAL);
    static const uint32_t with_min =
        BIT(LINEAR) | BIT(COSINE) | BIT(COSINE_RESTARTS) | BIT(PLATEAU);
    if (o->warmup_steps < 0) {
        return "warmup_steps is >= 0";
    }
    if (is_one_of(o, with_steps) && o->steps < 1) {
        return "steps is >= 1";
    }
    if (is_one_of(o, with_factor) && !is_positive(o->factor)) {
        return "factor is finite and > 0";
    }
    if (is_one_of(o, with_min) && !is_rate(o->min_rate)) {
        return "min_rate is finite and >= 0";
    }
    return find_own_fault(o);
}

#undef BIT

/* ---- the state ---------------------------------------------------------------------------- */

/* Takes a state over, where it has a rate. */
static wg_status take(wg_schedule *s, const wg_schedule_state *state)
{
    const double rate = wgi_schedule_rate(&s->options, state);
    if (is_rate(rate)) {
        s->state = *state;
        return wg_optimizer_set_rate(s->optimizer, rate);
    }
    const bool is_own = s->options.kind == WG_SCHEDULE_FUNCTION;
    return wgi_context_fail(context_of(s), is_own ? WG_ERR_CALLBACK : WG_ERR_RANGE,
                            "schedule: %s at step %lld, which is not finite and >= 0",
                            is_own ? "the function gave a rate" : "it has come to a rate",
                            (long long)state->step);
}

static wg_schedule_state beginning(const wg_schedule *s)
{
    const double base = wg_optimizer_rate(s->optimizer);
    return (wg_schedule_state){
        .kind = s->options.kind,
        .base = base,
        .level = base,
        .best = s->options.is_more_better ? -(double)INFINITY : (double)INFINITY,
    };
}

wg_status wg_schedule_get_state(const wg_schedule *s, wg_schedule_state *out)
{
    if (out != NULL) {
        *out = (wg_schedule_state){0};
    }
    if (s == NULL || out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    *out = s->state;
    return WG_OK;
}

wg_status wg_schedule_set_state(wg_schedule *s, const wg_schedule_state *state)
{
    if (s == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (state != NULL && state->kind != s->options.kind) {
        return wgi_context_fail(context_of(s), WG_ERR_STATE,
                                "schedule: the state is of another kind of schedule");
    }
    if (state == NULL || state->step < 0 || !is_rate(state->base) || !is_rate(state->level) ||
        isnan(state->best) || state->n_bad < 0 || state->cooldown < 0) {
        return wgi_context_fail(context_of(s), WG_ERR_ARGUMENT,
                                "schedule: a state has counts >= 0, finite rates >= 0 and a best");
    }
    return take(s, state);
}

/* ---- making ------------------------------------------------------------------------------- */

static wg_status fail_options(wg_optimizer *o, const char *fault)
{
    return wgi_context_fail(o->model->ctx, WG_ERR_ARGUMENT, "schedule: %s", fault);
}

/* A schedule with its own copy of the milestones, without a state; NULL where memory is short. */
static wg_schedule *make(wg_optimizer *o, const wg_schedule_options *options)
{
    const wg_allocator *memory = &o->model->ctx->memory;
    const bool has_milestones = options->kind == WG_SCHEDULE_MILESTONES;
    wg_schedule *s = wgi_alloc_zeroed(memory, 1, sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    s->optimizer = o;
    s->options = *options;
    s->options.milestones = NULL;
    s->options.n_milestones = has_milestones ? options->n_milestones : 0;
    if (has_milestones) {
        s->milestones = wgi_alloc_zeroed(memory, options->n_milestones, sizeof *s->milestones);
        if (s->milestones == NULL) {
            wgi_release(memory, s, sizeof *s);
            return NULL;
        }
        memcpy(s->milestones, options->milestones, options->n_milestones * sizeof *s->milestones);
        s->options.milestones = s->milestones;
    }
    return s;
}

wg_status wg_schedule_create(wg_optimizer *o, const wg_schedule_options *options, wg_schedule **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (o == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (out == NULL || options == NULL || options->size != sizeof *options) {
        return fail_options(o, out == NULL ? "no place for the result"
                                           : "wants options of this version's size");
    }
    const wg_schedule_options filled = with_defaults(options);
    const char *fault = find_fault(&filled);
    if (fault != NULL) {
        return fail_options(o, fault);
    }
    wg_schedule *s = make(o, &filled);
    if (s == NULL) {
        return wgi_context_fail(o->model->ctx, WG_ERR_MEMORY, "schedule: out of memory");
    }
    const wg_schedule_state state = beginning(s);
    wg_status status = take(s, &state);
    if (status != WG_OK) {
        wg_schedule_destroy(s);
        return status;
    }
    *out = s;
    return WG_OK;
}

void wg_schedule_destroy(wg_schedule *s)
{
    if (s == NULL) {
        return;
    }
    const wg_allocator *memory = &context_of(s)->memory;
    wgi_release(memory, s->milestones, s->options.n_milestones * sizeof *s->milestones);
    wgi_release(memory, s, sizeof *s);
}

bool wg_schedule_observes(const wg_schedule *s)
{
    return s != NULL && s->options.kind == WG_SCHEDULE_PLATEAU;
}

wg_optimizer *wg_schedule_optimizer(const wg_schedule *s)
{
    return s == NULL ? NULL : s->optimizer;
}

/* ---- going on ----------------------------------------------------------------------------- */

wg_status wg_schedule_step(wg_schedule *s)
{
    if (s == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_schedule_state next = s->state;
    if (!wgi_dim_add(next.step, 1, &next.step)) {
        return wgi_context_fail(context_of(s), WG_ERR_RANGE, "schedule: it has no steps left");
    }
    return take(s, &next);
}

static bool is_good(const wg_schedule_options *o, double best, double metric)
{
    if (o->is_more_better) {
        return metric > (o->is_absolute ? best + o->threshold : best * (1.0 + o->threshold));
    }
    return metric < (o->is_absolute ? best - o->threshold : best * (1.0 - o->threshold));
}

/* The order of these acts is ReduceLROnPlateau's: a cooldown begins with the observation after the
 * one that reduced. */
static void judge(const wg_schedule_options *o, wg_schedule_state *state, double metric)
{
    if (is_good(o, state->best, metric)) {
        state->best = metric;
        state->n_bad = 0;
    } else {
        state->n_bad += state->n_bad < INT64_MAX;
    }
    if (state->cooldown > 0) {
        state->cooldown--;
        state->n_bad = 0;
    }
    if (state->n_bad > o->patience) {
        const double reduced = state->level * o->factor;
        state->level = reduced > o->min_rate ? reduced : fmin(state->level, o->min_rate);
        state->cooldown = o->cooldown;
        state->n_bad = 0;
    }
}

wg_status wg_schedule_observe(wg_schedule *s, double metric)
{
    if (s == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (!wg_schedule_observes(s)) {
        return wgi_context_fail(context_of(s), WG_ERR_STATE,
                                "schedule: this kind observes no metric");
    }
    wg_schedule_state next = s->state;
    judge(&s->options, &next, metric);
    return take(s, &next);
}
