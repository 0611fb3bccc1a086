/* Rates as functions of the step: one formula for each kind of schedule.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each takes t >= 0, the steps since the warm-up. Closed forms, so that a rate depends on nothing
 * but its step, whatever way led there. */
#include <math.h>

#include "model/schedule.h"

static const double pi = 3.14159265358979323846;

/* From `begin` at part 0 to `end` at part 1. */
static double on_cosine(double begin, double end, double part)
{
    return end + (begin - end) * (1.0 + cos(pi * part)) / 2.0;
}

static double on_line(double begin, double end, double part)
{
    return begin + (end - begin) * part;
}

static double at_milestones(const wg_schedule_options *o, double base, int64_t t)
{
    size_t passed = 0;
    while (passed < o->n_milestones && o->milestones[passed] <= t) {
        passed++;
    }
    return base * pow(o->factor, (double)passed);
}

static double at_linear(const wg_schedule_options *o, double base, int64_t t)
{
    return t >= o->steps ? o->min_rate : on_line(base, o->min_rate, (double)t / (double)o->steps);
}

/* The cosine has a period of two times `steps`; within one its argument keeps its precision. */
static double at_cosine(const wg_schedule_options *o, double base, int64_t t)
{
    const double part = fmod((double)t, 2.0 * (double)o->steps) / (double)o->steps;
    return on_cosine(base, o->min_rate, part);
}

/* Cycles that grow are passed one by one: they at least double, so there are at most 63. */
static double at_restarts(const wg_schedule_options *o, double base, int64_t t)
{
    int64_t length = o->steps;
    if (o->cycle_factor == 1) {
        t %= length;
    }
    while (t >= length) {
        t -= length;
        length = length > INT64_MAX / o->cycle_factor ? INT64_MAX : length * o->cycle_factor;
    }
    return on_cosine(base, o->min_rate, (double)t / (double)length);
}

/* Steps at which a phase ends are fractions; a phase without length is at its end. */
static double in_phase(const wg_schedule_options *o, const double rates[2], const double ends[2],
                       double t)
{
    const double part = ends[1] > ends[0] ? (t - ends[0]) / (ends[1] - ends[0]) : 1.0;
    return o->is_straight ? on_line(rates[0], rates[1], part) : on_cosine(rates[0], rates[1], part);
}

static double at_one_cycle(const wg_schedule_options *o, double base, int64_t step)
{
    const double top = o->max_rate > 0.0 ? o->max_rate : base;
    const double start = top / o->start_divisor;
    const double last = (double)(o->steps - 1);
    const double up = o->up_fraction * (double)o->steps - 1.0;
    const double t = step >= o->steps ? last : (double)step;
    const double rates[] = {start, top, start, start / o->final_divisor};
    const double ends[] = {0.0, up, 2.0 * up, last};
    if (t <= up) {
        return in_phase(o, rates, ends, t);
    }
    if (o->is_three_phase) {
        return t <= ends[2] ? in_phase(o, rates + 1, ends + 1, t)
                            : in_phase(o, rates + 2, ends + 2, t);
    }
    return in_phase(o, (const double[]){top, rates[3]}, (const double[]){up, last}, t);
}

/* The rate without a warm-up. */
static double at(const wg_schedule_options *o, const wg_schedule_state *state, int64_t t)
{
    const double base = state->base;
    switch (o->kind) {
    case WG_SCHEDULE_STEP:
        return base * pow(o->factor, (double)(t / o->steps));
    case WG_SCHEDULE_MILESTONES:
        return at_milestones(o, base, t);
    case WG_SCHEDULE_EXPONENTIAL:
        return base * pow(o->factor, (double)t);
    case WG_SCHEDULE_LINEAR:
        return at_linear(o, base, t);
    case WG_SCHEDULE_COSINE:
        return at_cosine(o, base, t);
    case WG_SCHEDULE_COSINE_RESTARTS:
        return at_restarts(o, base, t);
    case WG_SCHEDULE_ONE_CYCLE:
        return at_one_cycle(o, base, t);
    case WG_SCHEDULE_PLATEAU:
        return state->level;
    case WG_SCHEDULE_FUNCTION:
        return o->rate(t, base, o->user);
    case WG_SCHEDULE_CONSTANT:
        break;
    }
    return base;
}

double wgi_schedule_rate(const wg_schedule_options *options, const wg_schedule_state *state)
{
    const int64_t n = options->warmup_steps;
    if (state->step >= n) {
        return at(options, state, state->step - n);
    }
    return at(options, state, 0) * ((double)(state->step + 1) / (double)n);
}
