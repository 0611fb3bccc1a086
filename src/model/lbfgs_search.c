/* The line search of L-BFGS: a bracket found by extrapolation, narrowed by interpolation.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Nocedal, Wright, Numerical Optimization, algorithms 3.5 and 3.6, with the safeguards and limits
 * of PyTorch's L-BFGS, whose trajectories it follows. Unlike there, a point whose loss is NaN
 * counts as too high, so that a search comes back from beyond a loss's domain. */
#include <math.h>
#include <string.h>

#include "core/context.h"
#include "model/lbfgs.h"

#define SUFFICIENT_DECREASE 1e-4
#define CURVATURE 0.9
#define LEAST_CHANGE 1e-9
#define MOST_TRIALS 25

/* A point along d. */
typedef struct trial {
    double t;
    double loss;
    double slope;
    double *gradient;
} trial;

typedef struct search {
    wgi_objective *f;
    trial start;
    trial low; /* of the two ends the one with the smaller loss, once there are two */
    trial high;
    trial newest;
    int n_trials;
    bool is_done;
} search;

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* The minimum of the cubic through two points and their slopes, between two bounds; where it has
 * none, the middle. */
static double interpolate(const trial *a, const trial *b, double low, double high)
{
    const double d1 = a->slope + b->slope - 3.0 * (a->loss - b->loss) / (a->t - b->t);
    const double square = d1 * d1 - a->slope * b->slope;
    if (!(square >= 0.0)) {
        return (low + high) / 2.0;
    }
    const trial *left = a->t <= b->t ? a : b;
    const trial *right = a->t <= b->t ? b : a;
    const double d2 = sqrt(square);
    const double part = (right->slope + d2 - d1) / (right->slope - left->slope + 2.0 * d2);
    return clamp(right->t - (right->t - left->t) * part, low, high);
}

static wg_status try_at(search *s, double t)
{
    wgi_lbfgs *l = s->f->l;
    s->newest.t = t;
    wg_status status = wgi_lbfgs_evaluate(s->f, t, s->newest.gradient);
    s->newest.loss = s->f->loss;
    s->newest.slope = wgi_dot(s->newest.gradient, wgi_lbfgs_vector(l, WGI_LBFGS_D), l->n);
    return status;
}

/* Copies a point into an end of the bracket; an end has its own vector. */
static void put(search *s, trial *end, const trial *from)
{
    double *own = end->gradient;
    memmove(own, from->gradient, (size_t)s->f->l->n * sizeof *own);
    *end = *from;
    end->gradient = own;
}

static bool is_too_high(const search *s, double than)
{
    const double line = s->start.loss + SUFFICIENT_DECREASE * s->newest.t * s->start.slope;
    return !(s->newest.loss <= line) || s->newest.loss >= than;
}

static bool is_flat_enough(const search *s)
{
    return fabs(s->newest.slope) <= -CURVATURE * s->start.slope;
}

static void swap(search *s)
{
    const trial low = s->low;
    s->low = s->high;
    s->high = low;
}

/* Walks outwards until a minimum lies between two points; `low` is always the one before. */
static wg_status find_bracket(search *s)
{
    while (s->n_trials < MOST_TRIALS) {
        const double than = s->n_trials > 1 ? s->low.loss : (double)INFINITY;
        if (is_too_high(s, than)) {
            put(s, &s->high, &s->newest);
            return WG_OK;
        }
        if (is_flat_enough(s)) {
            put(s, &s->low, &s->newest);
            s->is_done = true;
            return WG_OK;
        }
        if (s->newest.slope >= 0.0) {
            put(s, &s->high, &s->newest);
            return WG_OK;
        }
        const double t = s->newest.t;
        const double next = interpolate(&s->low, &s->newest, t + 0.01 * (t - s->low.t), 10.0 * t);
        put(s, &s->low, &s->newest);
        s->n_trials++;
        const wg_status status = try_at(s, next);
        if (status != WG_OK) {
            return status;
        }
    }
    put(s, &s->low, &s->start);
    put(s, &s->high, &s->newest);
    return WG_OK;
}

/* A point inside of the bracket, not twice in a row close to one of its ends. */
static double choose(const search *s, bool *was_close)
{
    const double least = fmin(s->low.t, s->high.t);
    const double most = fmax(s->low.t, s->high.t);
    const double margin = 0.1 * (most - least);
    double t = interpolate(&s->low, &s->high, least, most);
    const bool is_close = fmin(most - t, t - least) < margin;
    if (is_close && (*was_close || t >= most || t <= least)) {
        t = fabs(t - most) < fabs(t - least) ? most - margin : least + margin;
        *was_close = false;
    } else {
        *was_close = is_close;
    }
    return t;
}

static void narrow(search *s)
{
    if (is_too_high(s, s->low.loss)) {
        put(s, &s->high, &s->newest);
        if (s->high.loss < s->low.loss) {
            swap(s);
        }
        return;
    }
    if (is_flat_enough(s)) {
        s->is_done = true;
    } else if (s->newest.slope * (s->high.t - s->low.t) >= 0.0) {
        put(s, &s->high, &s->low);
    }
    put(s, &s->low, &s->newest);
}

static wg_status zoom(search *s)
{
    const wgi_lbfgs *l = s->f->l;
    const double size = wgi_largest(wgi_lbfgs_vector(l, WGI_LBFGS_D), l->n);
    bool was_close = false;
    wg_status status = WG_OK;
    if (!s->is_done && s->high.loss < s->low.loss) {
        swap(s);
    }
    while (status == WG_OK && !s->is_done && s->n_trials < MOST_TRIALS &&
           fabs(s->high.t - s->low.t) * size >= LEAST_CHANGE) {
        const double t = choose(s, &was_close);
        s->n_trials++;
        status = try_at(s, t);
        if (status == WG_OK) {
            narrow(s);
        }
    }
    return status;
}

wg_status wgi_lbfgs_search(wgi_objective *f, double slope, double *t)
{
    wgi_lbfgs *l = f->l;
    double *g = wgi_lbfgs_vector(l, WGI_LBFGS_G);
    search s = {.f = f,
                .start = {0.0, f->loss, slope, wgi_lbfgs_vector(l, WGI_LBFGS_G_START)},
                .low = {.gradient = wgi_lbfgs_vector(l, WGI_LBFGS_G_LOW)},
                .high = {.gradient = wgi_lbfgs_vector(l, WGI_LBFGS_G_HIGH)},
                .newest = {.gradient = wgi_lbfgs_vector(l, WGI_LBFGS_G_TRIED)}};
    memcpy(s.start.gradient, g, (size_t)l->n * sizeof *g);
    put(&s, &s.low, &s.start);
    wg_status status = try_at(&s, *t);
    status = status != WG_OK ? status : find_bracket(&s);
    status = status != WG_OK ? status : zoom(&s);
    if (status == WG_OK) {
        *t = s.low.t;
        f->loss = s.low.loss;
        memcpy(g, s.low.gradient, (size_t)l->n * sizeof *g);
    }
    return status;
}
