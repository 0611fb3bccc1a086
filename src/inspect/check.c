/* Judging gradients against differences of their function.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: between two evaluations `point` equals `base`. Every element has an analytic value, a
 * numeric one with its estimated error, and a verdict; WG_CHECK_NONE where it was not looked at.
 * All memory is one block, laid out by lay_out.
 *
 * It is one file, and longer than others, because header and source are handed out as a pair. */
#include <wengert/check.h>

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_DEPTH = 8,      /* columns of the extrapolation */
    MIN_RUNGS = 6,      /* steps tried at least, so that a kink can show itself */
    KINK_RUNGS = 4,     /* steps through which it must persist */
    CALM_RUNGS = 3,     /* steps after which it is taken to lie behind */
    NOISE_POINTS = 9,   /* of Moré and Wild's table */
    NOISE_SCALES = 7,   /* spacings it is made with */
    LARGE = 65536,      /* elements above which a default check takes a sample */
    SAMPLE = 200,       /* its elements per block */
    DIRECTIONS = 4,     /* and its directions */
    SETTLED_SINGLY = 64 /* undecidable elements that get a directional test of their own */
};

typedef enum form {
    FORM_NONE,
    FORM_SCALAR,
    FORM_SCALAR_F32,
    FORM_VJP,
    FORM_JACOBIAN,
    FORM_HESSIAN,
    FORM_COMPARE
} form;

/* A derivative found by differences. */
typedef struct estimate {
    double value;
    double error;
    double step;  /* where the value comes from */
    double size;  /* the largest magnitude of the function on the way */
    bool is_zero; /* the differences there were exactly 0 */
    bool is_kink;
} estimate;

static const estimate no_estimate = {.value = NAN, .error = INFINITY};

/* A line through the base: along one coordinate, or along a direction where that is not NULL. */
typedef struct probe {
    const double *direction;
    size_t coordinate;
    size_t output;
    double here;  /* the output at the base */
    double noise; /* its absolute noise */
} probe;

typedef struct check {
    const wg_check_problem *problem;
    wg_check_options options; /* with the defaults filled in */
    wg_check_report *report;
    wg_check_block whole;             /* the layout when none was given */
    double severity[WG_CHECK_LISTED]; /* of the worst elements */
    form form;
    size_t n;
    size_t n_outputs;
    size_t n_elements;
    double epsilon; /* of the function's type */
    double noise;
    uint64_t random;
    double *base;
    double *point;
    double *direction;
    double *vector; /* u or v of the forms that have one */
    double *outputs;
    double *base_outputs;
    float *narrow; /* point and gradient in single precision */
    float *narrow_gradient;
    double *analytic;
    double *numeric;
    double *error;
    unsigned char *verdict;
} check;

/* ---- memory ------------------------------------------------------------------------------- */

typedef struct space {
    unsigned char *memory; /* NULL: only the size is wanted */
    size_t bytes;
    bool fits;
} space;

static void *take(space *s, size_t count, size_t each)
{
    if (!s->fits || count > (SIZE_MAX / 2 - s->bytes) / each) {
        s->fits = false;
        return NULL;
    }
    void *block = s->memory == NULL ? NULL : s->memory + s->bytes;
    s->bytes += count * each;
    return block;
}

/* Points the arrays into `memory` and returns the bytes they take, 0 where they do not fit. The
 * arrays of doubles come first, so that all are aligned. */
static size_t lay_out(check *c, void *memory)
{
    space s = {.memory = memory, .bytes = 0, .fits = true};
    size_t n_narrow = c->form == FORM_SCALAR_F32 ? c->n : 0;
    size_t n_vector = c->form == FORM_VJP || c->form == FORM_HESSIAN ? c->n_outputs : 0;
    c->base = take(&s, c->n, sizeof(double));
    c->point = take(&s, c->n, sizeof(double));
    c->direction = take(&s, c->n, sizeof(double));
    c->vector = take(&s, n_vector, sizeof(double));
    c->outputs = take(&s, c->n_outputs, sizeof(double));
    c->base_outputs = take(&s, c->n_outputs, sizeof(double));
    c->analytic = take(&s, c->n_elements, sizeof(double));
    c->numeric = take(&s, c->n_elements, sizeof(double));
    c->error = take(&s, c->n_elements, sizeof(double));
    c->narrow = take(&s, n_narrow, sizeof(float));
    c->narrow_gradient = take(&s, n_narrow, sizeof(float));
    c->verdict = take(&s, c->n_elements, 1);
    return s.fits ? s.bytes : 0;
}

static void *default_allocate(void *user, size_t bytes, size_t alignment)
{
    (void)user;
    (void)alignment; /* that of a double, which malloc keeps */
    return malloc(bytes);
}

static void default_release(void *user, void *block, size_t bytes)
{
    (void)user;
    (void)bytes;
    free(block);
}

static const wg_check_allocator default_allocator = {default_allocate, default_release, NULL};

/* ---- random ------------------------------------------------------------------------------- */

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next_random(check *c)
{
    uint64_t z = c->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Of either sign, its magnitude in [0.5, 1.5): no element of a random direction is near 0. */
static double random_weight(check *c)
{
    uint64_t bits = next_random(c);
    double magnitude = 0.5 + (double)(bits >> 11) * 0x1p-53;
    return (bits & 1) != 0 ? magnitude : -magnitude;
}

static size_t common_divisor(size_t a, size_t b)
{
    while (b != 0) {
        size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* ---- evaluating --------------------------------------------------------------------------- */

/* The nearest number that x can be: steps are measured between representable points. */
static double represent(const check *c, double x)
{
    return c->form == FORM_SCALAR_F32 ? (double)(float)x : x;
}

static double largest_or_one(double x)
{
    return fmax(1.0, fabs(x));
}

static void narrow_point(check *c)
{
    for (size_t i = 0; i < c->n; i++) {
        c->narrow[i] = (float)c->point[i];
    }
}

/* Fills `outputs` with the function at `point`. */
static void evaluate(check *c)
{
    const wg_check_problem *p = c->problem;
    c->report->evaluations++;
    switch (c->form) {
    case FORM_SCALAR:
        c->outputs[0] = p->f(c->point, c->n, p->user);
        break;
    case FORM_SCALAR_F32:
        narrow_point(c);
        c->outputs[0] = (double)p->f32(c->narrow, c->n, p->user);
        break;
    case FORM_HESSIAN:
        p->g(c->point, c->outputs, c->n, p->user);
        break;
    default:
        p->vector(c->point, c->n, c->outputs, p->m, p->user);
        break;
    }
}

static void evaluate_gradient(check *c)
{
    const wg_check_problem *p = c->problem;
    switch (c->form) {
    case FORM_SCALAR:
        p->g(c->base, c->analytic, c->n, p->user);
        break;
    case FORM_SCALAR_F32:
        narrow_point(c);
        p->g32(c->narrow, c->narrow_gradient, c->n, p->user);
        for (size_t i = 0; i < c->n; i++) {
            c->analytic[i] = (double)c->narrow_gradient[i];
        }
        break;
    case FORM_VJP:
        p->vjp(c->base, c->n, c->vector, p->m, c->analytic, p->user);
        break;
    case FORM_JACOBIAN:
        p->jacobian(c->base, c->n, c->analytic, p->m, p->user);
        break;
    default:
        p->hessian_vector(c->base, c->vector, c->analytic, c->n, p->user);
        break;
    }
}

/* `output` of the measurement of noise: all of them, with alternating signs. */
#define ALL_OUTPUTS SIZE_MAX

static double read_output(const check *c, const double *outputs, size_t output)
{
    if (c->form != FORM_VJP && output != ALL_OUTPUTS) {
        return outputs[output];
    }
    double sum = 0.0;
    for (size_t i = 0; i < c->n_outputs; i++) {
        double sign = i % 2 == 0 ? 1.0 : -1.0;
        sum += (c->form == FORM_VJP ? c->vector[i] : sign) * outputs[i];
    }
    return sum;
}

/* The scale of an output's rounding errors, over epsilon. */
static double output_scale(const check *c, size_t output)
{
    if (c->form != FORM_VJP) {
        return fabs(c->base_outputs[output]);
    }
    double sum = 0.0;
    for (size_t i = 0; i < c->n_outputs; i++) {
        sum += fabs(c->vector[i] * c->base_outputs[i]);
    }
    return sum;
}

static void move_along(check *c, const double *direction, double t)
{
    for (size_t i = 0; i < c->n; i++) {
        c->point[i] = represent(c, c->base[i] + t * direction[i]);
    }
}

/* The output at a distance of t from the base; *moved is the distance after rounding. */
static double value_at(check *c, const probe *p, double t, double *moved)
{
    *moved = t;
    if (p->direction != NULL) {
        move_along(c, p->direction, t);
    } else {
        double x = c->base[p->coordinate];
        c->point[p->coordinate] = represent(c, x + t);
        *moved = c->point[p->coordinate] - x;
    }
    evaluate(c);
    if (p->direction != NULL) {
        memcpy(c->point, c->base, c->n * sizeof(double));
    } else {
        c->point[p->coordinate] = c->base[p->coordinate];
    }
    return read_output(c, c->outputs, p->output);
}

/* ---- noise -------------------------------------------------------------------------------- */

typedef struct noise_level {
    double sigma;
    bool has_sign_change;
} noise_level;

/* Differences d in place and says how large noise would have to be to make them that large. */
static noise_level difference_level(double *d, size_t count, double gamma)
{
    double squares = 0.0;
    double least = INFINITY;
    double most = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        d[i] = d[i + 1] - d[i];
        squares += d[i] * d[i];
        least = fmin(least, d[i]);
        most = fmax(most, d[i]);
    }
    noise_level level = {sqrt(gamma * squares / (double)count), least < 0.0 && most > 0.0};
    return level;
}

/* Moré and Wild's ECnoise: differences of rising order leave the noise alone once three levels
 * agree within a factor of 4 and the signs alternate. Negative where they do not. */
static double table_noise(double *values)
{
    noise_level levels[NOISE_POINTS - 1];
    double gamma = 1.0;
    for (size_t k = 1; k < NOISE_POINTS; k++) {
        gamma *= (double)k / (2.0 * (2.0 * (double)k - 1.0));
        levels[k - 1] = difference_level(values, NOISE_POINTS - k, gamma);
    }
    for (size_t k = 0; k + 2 < NOISE_POINTS - 2; k++) {
        double most = fmax(levels[k].sigma, fmax(levels[k + 1].sigma, levels[k + 2].sigma));
        double least = fmin(levels[k].sigma, fmin(levels[k + 1].sigma, levels[k + 2].sigma));
        if (levels[k].has_sign_change && most <= 4.0 * least) {
            return levels[k].sigma;
        }
    }
    return -1.0;
}

static void aim_at_random(check *c)
{
    for (size_t i = 0; i < c->n; i++) {
        c->direction[i] = random_weight(c) * largest_or_one(c->base[i]);
    }
}

/* The noise along a random line as one spacing shows it; negative where it shows none. */
static double noise_at(check *c, double h)
{
    probe p = {.direction = c->direction, .output = ALL_OUTPUTS};
    double values[NOISE_POINTS];
    double moved;
    size_t n_equal = 0;
    for (size_t i = 0; i < NOISE_POINTS; i++) {
        double t = ((double)i - 0.5 * (NOISE_POINTS - 1)) * h;
        values[i] = value_at(c, &p, t, &moved);
        n_equal += i > 0 && values[i] == values[i - 1];
    }
    return n_equal < NOISE_POINTS / 2 ? table_noise(values) : -1.0;
}

/* The largest noise that two spacings agree on, or else the least that one shows; negative where
 * none shows any. A kink grows with the spacing, so that no two agree on it. */
static double agreed_noise(const double levels[NOISE_SCALES])
{
    double agreed = -1.0;
    double least = -1.0;
    for (int i = 0; i < NOISE_SCALES; i++) {
        for (int j = 0; j < i; j++) {
            double low = fmin(levels[i], levels[j]);
            double high = fmax(levels[i], levels[j]);
            agreed = low >= 0.0 && high <= 3.0 * low ? fmax(agreed, high) : agreed;
        }
        bool is_less = levels[i] >= 0.0 && (least < 0.0 || levels[i] < least);
        least = is_less ? levels[i] : least;
    }
    return agreed >= 0.0 ? agreed : least;
}

/* Three standard deviations of the function's rounding errors. A fine spacing alone would not see
 * that an intermediate result was rounded coarsely, a wide one alone would take a kink for noise.
 * Without any, a few units in the last place. */
static double measure_noise(check *c, double scale)
{
    double levels[NOISE_SCALES];
    double h = 64.0 * c->epsilon;
    double ratio = c->form == FORM_SCALAR_F32 ? 3.2 : 23.0;
    aim_at_random(c);
    for (int i = 0; i < NOISE_SCALES; i++) {
        levels[i] = noise_at(c, h);
        h *= ratio;
    }
    double noise = agreed_noise(levels);
    return noise >= 0.0 ? 3.0 * noise : 8.0 * c->epsilon * scale;
}

/* ---- Ridders' extrapolation --------------------------------------------------------------- */

/* One step on both sides of the base. */
typedef struct rung {
    double step;
    double slope;
    double gap;   /* |right slope - left slope| */
    double noise; /* of slope */
    double size;  /* of the function */
} rung;

typedef struct ladder {
    double row[MAX_DEPTH];
    int depth;
    int n_rungs;
    int n_persisting;   /* rungs in a row at which the gap had not shrunk */
    int n_calm;         /* rungs since then */
    bool is_gap_hidden; /* by noise, at the newest rung */
    double gap;         /* the last one that noise did not hide */
    double doubt;       /* the gap of a kink that may be near; 0: none */
    double largest;     /* magnitude of the function, so far */
    estimate best;
    estimate firm; /* that of the least error, contradicted or not */
} ladder;

static bool climb(check *c, const probe *p, double h, rung *out)
{
    double up;
    double down;
    double above = value_at(c, p, h, &up);
    double below = value_at(c, p, -h, &down);
    double width = up - down;
    if (!(up > 0.0 && down < 0.0) || !isfinite(above - below)) {
        return false;
    }
    out->size = fmax(fabs(above), fabs(below));
    out->step = h;
    out->slope = (above - below) / width;
    out->gap = fabs((above - p->here) / up - (p->here - below) / -down);
    out->noise = 2.0 * fmax(p->noise, c->epsilon * out->size) / width;
    return true;
}

/* The best entry of the new row of the table, whose steps halve from row to row. */
static estimate extrapolate(ladder *l, const rung *r)
{
    double fresh[MAX_DEPTH];
    int last = l->depth < MAX_DEPTH ? l->depth : MAX_DEPTH - 1;
    double power = 1.0;
    estimate best = no_estimate;
    fresh[0] = r->slope;
    for (int j = 1; j <= last; j++) {
        power *= 4.0;
        fresh[j] = (power * fresh[j - 1] - l->row[j - 1]) / (power - 1.0);
        double change = fmax(fabs(fresh[j] - fresh[j - 1]), fabs(fresh[j] - l->row[j - 1]));
        if (change + r->noise < best.error) {
            best.value = fresh[j];
            best.error = change + r->noise;
        }
    }
    best.step = r->step;
    best.is_zero = last > 0 && fresh[0] == 0.0 && l->row[0] == 0.0;
    memcpy(l->row, fresh, (size_t)(last + 1) * sizeof(double));
    l->depth = last + 1;
    return best;
}

/* A smaller step that contradicts a larger one is believed: a derivative is local. */
static void improve(ladder *l, const estimate *a)
{
    bool contradicts = fabs(a->value - l->best.value) > 2.0 * (a->error + l->best.error);
    if (isfinite(a->error) && (a->error <= l->best.error || contradicts)) {
        l->best = *a;
    }
    if (a->error < l->firm.error) {
        l->firm = *a;
    }
}

/* In a smooth point the gap halves with the step; on a kink it stays, until the step is so small
 * that it leaves the kink behind or that noise hides it. */
static void watch_gap(ladder *l, const rung *r)
{
    double visible = 8.0 * r->noise;
    l->is_gap_hidden = !(r->gap > visible);
    if (l->is_gap_hidden && visible >= 0.5 * fmax(l->gap, l->doubt)) {
        return;
    }
    bool persists = !l->is_gap_hidden && r->gap >= 0.6 * l->gap && r->gap <= 1.5 * l->gap;
    l->n_persisting = persists ? l->n_persisting + 1 : 0;
    l->n_calm = persists ? 0 : l->n_calm + 1;
    l->gap = r->gap;
    if (persists || l->n_calm >= CALM_RUNGS) {
        l->doubt = persists ? r->gap : 0.0;
    }
}

/* Whether smaller steps can tell no more. A best estimate at odds with `hint`, or near a kink, is
 * not trusted before the steps are smaller. */
static bool is_settled(const ladder *l, const rung *r, const estimate *hint)
{
    const estimate *best = &l->best;
    bool agrees = !(fabs(best->value - hint->value) > 4.0 * best->error + hint->error);
    bool has_converged = best->error <= 1e-12 * fabs(best->value) || r->noise > 4.0 * best->error;
    bool may_be_kink = l->doubt > 0.0 && !l->is_gap_hidden;
    return l->n_rungs >= MIN_RUNGS && agrees && has_converged && !may_be_kink;
}

/* The derivative along the probe, from steps of `start` down to a few units in the last place. */
static estimate differentiate(check *c, const probe *p, double start, const estimate *hint,
                              estimate *firm)
{
    ladder l = {.best = no_estimate, .firm = no_estimate};
    int n_steps = c->form == FORM_SCALAR_F32 ? FLT_MANT_DIG - 4 : DBL_MANT_DIG - 4;
    for (int k = 0; k < n_steps; k++) {
        rung r;
        if (!climb(c, p, ldexp(start, -k), &r)) {
            l = (ladder){.best = l.best, .firm = l.firm, .largest = l.largest};
            continue;
        }
        estimate a = extrapolate(&l, &r);
        improve(&l, &a);
        watch_gap(&l, &r);
        l.n_rungs++;
        l.largest = fmax(l.largest, r.size);
        if (is_settled(&l, &r, hint)) {
            break;
        }
    }
    l.best.is_kink = l.n_persisting >= KINK_RUNGS;
    l.best.error = fmax(l.best.error, l.doubt);
    l.firm.error = fmax(l.firm.error, l.doubt);
    l.best.size = l.largest;
    *firm = l.firm;
    return l.best;
}

/* ---- judging ------------------------------------------------------------------------------ */

/* What is to be judged: an analytic derivative along a probe. */
typedef struct claim {
    const probe *probe;
    double analytic;
    double rounding; /* what the analytic value itself may be off */
    estimate hint;   /* a cheap difference */
} claim;

static wg_check_verdict judge(double analytic, const estimate *e)
{
    if (e->is_kink) {
        return WG_CHECK_NON_SMOOTH;
    }
    if (analytic == 0.0 && e->value == 0.0 && e->is_zero) {
        return WG_CHECK_RIGHT;
    }
    if (!isfinite(analytic)) {
        return isfinite(e->error) ? WG_CHECK_WRONG : WG_CHECK_UNDECIDABLE;
    }
    if (!(e->error < 0.1 * fmax(fabs(analytic), fabs(e->value)))) {
        return WG_CHECK_UNDECIDABLE;
    }
    double distance = fabs(e->value - analytic);
    return distance <= 4.0 * e->error + 1e-12 * fabs(analytic) ? WG_CHECK_RIGHT : WG_CHECK_WRONG;
}

/* Whether the differences themselves are in doubt where they speak against the analytic value:
 * larger steps agree with it, and the function may be rounded too coarsely for small ones; or what
 * was taken for noise is as large as the function, which then changes faster than the steps see. */
static bool is_doubtful(const claim *k, const estimate *e, const estimate *firm)
{
    return judge(k->analytic, firm) == WG_CHECK_RIGHT || k->probe->noise > 0.01 * e->size;
}

/* One ladder's verdict. Exact zeros leave open how finely the function resolves: hardly finer than
 * numbers of its size, or 1. */
static wg_check_verdict try_ladder(check *c, const claim *k, double start, estimate *e)
{
    estimate firm;
    *e = differentiate(c, k->probe, start, &k->hint, &firm);
    e->error += k->rounding;
    if (e->is_zero && k->analytic != 0.0) {
        double resolution = 64.0 * c->epsilon * largest_or_one(e->size);
        e->error = fmax(e->error, resolution / e->step);
    }
    wg_check_verdict verdict = judge(k->analytic, e);
    if (verdict == WG_CHECK_WRONG && is_doubtful(k, e, &firm)) {
        e->error = fmax(e->error, fabs(k->analytic - e->value));
        verdict = WG_CHECK_UNDECIDABLE;
    }
    return verdict;
}

/* Judges by differences. A conviction needs two ladders with other steps that agree. */
static wg_check_verdict judge_by_differences(check *c, const claim *k, estimate *e)
{
    const probe *p = k->probe;
    double start = 0.5 * largest_or_one(p->direction == NULL ? c->base[p->coordinate] : 1.0);
    wg_check_verdict verdict = try_ladder(c, k, start, e);
    if (verdict != WG_CHECK_WRONG) {
        return verdict;
    }
    estimate second;
    verdict = try_ladder(c, k, 0.7 * start, &second);
    if (verdict != WG_CHECK_WRONG) {
        *e = second;
        return verdict;
    }
    double apart = fabs(second.value - e->value);
    if (!(apart <= 4.0 * (second.error + e->error))) {
        e->error = isfinite(apart) ? fmax(e->error, apart) : INFINITY;
    }
    return judge(k->analytic, e);
}

/* A cheap central difference, with the tolerance that its rounding errors call for. It can only
 * acquit, and only where the tolerance is small beside the element and no kink shows. */
static bool is_right_at_once(check *c, const probe *p, double analytic, double s, estimate *e)
{
    double x = p->direction == NULL ? c->base[p->coordinate] : 1.0;
    double h = 6e-6 * largest_or_one(x);
    rung r;
    if (!climb(c, p, h, &r)) {
        return false;
    }
    double noise = 16.0 * c->epsilon * largest_or_one(output_scale(c, p->output)) / h;
    e->value = r.slope;
    e->error = 1e-9 * fmax(fmin(1.0, s), fabs(analytic)) + noise;
    bool is_far_above = e->error <= 0.01 * fabs(analytic);
    bool looks_smooth = r.gap <= 1e-3 * fmax(fabs(r.slope), fabs(analytic)) + noise;
    return is_far_above && looks_smooth && fabs(r.slope - analytic) <= e->error;
}

static probe probe_of(const check *c, size_t element)
{
    probe p = {.coordinate = element};
    if (c->form == FORM_JACOBIAN) {
        p.coordinate = element % c->n;
        p.output = element / c->n;
    } else if (c->form == FORM_HESSIAN) {
        p.direction = c->vector;
        p.output = element;
    }
    p.here = read_output(c, c->base_outputs, p.output);
    p.noise = fmax(c->noise, c->epsilon * output_scale(c, p.output));
    return p;
}

/* What an analytic value may be off by: rounding in units of the largest term, and in single
 * precision a few units of its own. */
static double rounding_of(const check *c, double largest, double own)
{
    double rounding = c->epsilon * (isfinite(largest) ? largest : 0.0);
    return c->form == FORM_SCALAR_F32 && isfinite(own) ? rounding + 1e-5 * own : rounding;
}

static void judge_element(check *c, size_t element, double s)
{
    probe p = probe_of(c, element);
    double analytic = c->analytic[element];
    estimate e = no_estimate;
    wg_check_verdict verdict = WG_CHECK_UNDECIDABLE;
    if (isfinite(p.here)) {
        bool is_right = c->form != FORM_SCALAR_F32 && isfinite(analytic) &&
                        is_right_at_once(c, &p, analytic, s, &e);
        claim k = {&p, analytic, rounding_of(c, fmax(s, fabs(analytic)), fabs(analytic)), e};
        verdict = is_right ? WG_CHECK_RIGHT : judge_by_differences(c, &k, &e);
    }
    c->numeric[element] = e.value;
    c->error[element] = e.error;
    c->verdict[element] = (unsigned char)verdict;
}

/* ---- blocks ------------------------------------------------------------------------------- */

static size_t block_count(const wg_check_block *b)
{
    size_t count = 1;
    for (int32_t i = 0; i < b->rank; i++) {
        count *= (size_t)b->dims[i];
    }
    return count;
}

/* The largest finite magnitude in a block. */
static double block_scale(const wg_check_block *b, const double *values)
{
    double s = 0.0;
    for (size_t i = 0; i < block_count(b); i++) {
        double a = fabs(values[b->offset + i]);
        s = isfinite(a) ? fmax(s, a) : s;
    }
    return s;
}

/* Judges all elements of a block, or so many drawn without repetition: multiples of a stride that
 * shares no divisor with their number. */
static void judge_block(check *c, const wg_check_block *b)
{
    size_t count = block_count(b);
    size_t n = count < c->options.elements ? count : c->options.elements;
    double s = block_scale(b, c->analytic);
    size_t at = 0;
    size_t stride = 1;
    if (n < count) {
        at = (size_t)(next_random(c) % count);
        do {
            stride = 1 + (size_t)(next_random(c) % count);
        } while (common_divisor(stride, count) != 1);
    }
    for (size_t i = 0; i < n; i++) {
        judge_element(c, b->offset + at, s);
        at = at >= count - stride ? at - (count - stride) : at + stride;
    }
}

static bool is_block_valid(const check *c, const wg_check_block *b)
{
    if (b->rank < 0 || b->rank > WG_CHECK_MAX_RANK || b->offset > c->n_elements) {
        return false;
    }
    size_t room = c->n_elements - b->offset;
    size_t count = 1;
    for (int32_t i = 0; i < b->rank; i++) {
        if (b->dims[i] < 0 || (uint64_t)b->dims[i] > room) {
            return false;
        }
        if (b->dims[i] > 0 && count > room / (size_t)b->dims[i]) {
            return false;
        }
        count *= (size_t)b->dims[i];
    }
    return count <= room;
}

/* ---- directions --------------------------------------------------------------------------- */

static bool is_scalar(const check *c)
{
    return c->form == FORM_SCALAR || c->form == FORM_SCALAR_F32 || c->form == FORM_VJP;
}

/* <g, direction>, and the sum of the magnitudes of its terms. */
static double along_direction(const check *c, double *scale)
{
    double sum = 0.0;
    *scale = 0.0;
    for (size_t i = 0; i < c->n; i++) {
        if (c->direction[i] != 0.0) {
            double term = c->analytic[i] * c->direction[i];
            sum += term;
            *scale += fabs(term);
        }
    }
    return sum;
}

/* The directional test by Jv, relative to its own scale. */
static wg_check_verdict judge_by_jv(check *c, double analytic, estimate *e)
{
    double scale = 0.0;
    const wg_check_problem *p = c->problem;
    e->value = p->jv(c->base, c->direction, c->n, &scale, p->user);
    e->error = c->options.tolerance * fmax(scale, fabs(e->value));
    if (!isfinite(e->value) || !isfinite(e->error)) {
        return WG_CHECK_UNDECIDABLE;
    }
    return fabs(e->value - analytic) <= e->error ? WG_CHECK_RIGHT : WG_CHECK_WRONG;
}

/* Judges <g, direction> against the derivative of the function along it. */
static wg_check_verdict judge_direction(check *c)
{
    double scale;
    double analytic = along_direction(c, &scale);
    estimate e = no_estimate;
    if (c->problem->jv != NULL) {
        return judge_by_jv(c, analytic, &e);
    }
    probe p = probe_of(c, 0);
    p.direction = c->direction;
    for (size_t i = 0; i < c->n; i++) {
        p.noise += c->epsilon * fabs(c->analytic[i] * c->base[i]);
    }
    claim k = {&p, analytic, rounding_of(c, scale, scale), no_estimate};
    return isfinite(p.here) ? judge_by_differences(c, &k, &e) : WG_CHECK_UNDECIDABLE;
}

static void count_verdict(wg_check_counts *counts, wg_check_verdict verdict)
{
    counts->checked += verdict != WG_CHECK_NONE;
    counts->right += verdict == WG_CHECK_RIGHT;
    counts->wrong += verdict == WG_CHECK_WRONG;
    counts->undecidable += verdict == WG_CHECK_UNDECIDABLE;
    counts->non_smooth += verdict == WG_CHECK_NON_SMOOTH;
}

static void judge_directions(check *c)
{
    for (size_t k = 0; is_scalar(c) && k < c->options.directions; k++) {
        aim_at_random(c);
        count_verdict(&c->report->directions, judge_direction(c));
    }
}

/* Aims at all undecidable elements at once and returns how many there are. */
static size_t aim_at_undecidable(check *c)
{
    size_t count = 0;
    for (size_t i = 0; i < c->n; i++) {
        bool is_aimed = c->verdict[i] == WG_CHECK_UNDECIDABLE;
        c->direction[i] = is_aimed ? random_weight(c) : 0.0;
        count += is_aimed;
    }
    return count;
}

/* Tests elements of one verdict by Jv one by one, at most `most` of them. */
static void settle_singly(check *c, wg_check_verdict which, size_t most)
{
    memset(c->direction, 0, c->n * sizeof(double));
    for (size_t i = 0; i < c->n && most > 0; i++) {
        if (c->verdict[i] != which) {
            continue;
        }
        estimate e;
        c->direction[i] = 1.0;
        wg_check_verdict verdict = judge_by_jv(c, c->analytic[i], &e);
        c->direction[i] = 0.0;
        most--;
        if (verdict != WG_CHECK_UNDECIDABLE) {
            c->verdict[i] = (unsigned char)verdict;
            c->numeric[i] = e.value;
            c->error[i] = e.error;
        }
    }
}

/* Settles what differences could not by Jv: many elements together, and one by one where they fail
 * or are few. A few convictions are reviewed too, for Jv sees more than differences do. */
static void settle_by_jv(check *c, size_t count)
{
    settle_singly(c, WG_CHECK_WRONG, SETTLED_SINGLY);
    (void)aim_at_undecidable(c);
    if (count <= SETTLED_SINGLY || judge_direction(c) != WG_CHECK_RIGHT) {
        settle_singly(c, WG_CHECK_UNDECIDABLE, count);
        return;
    }
    for (size_t i = 0; i < c->n; i++) {
        c->verdict[i] = c->verdict[i] == WG_CHECK_UNDECIDABLE ? WG_CHECK_RIGHT : c->verdict[i];
    }
}

/* Without Jv, differences along a line through all undecidable elements can convict them as a
 * whole, but tell too little of each to acquit it. */
static void settle_undecidable(check *c)
{
    size_t count = is_scalar(c) ? aim_at_undecidable(c) : 0;
    if (c->problem->jv != NULL) {
        settle_by_jv(c, count);
    } else if (count > 1) {
        wg_check_verdict verdict = judge_direction(c);
        count_verdict(&c->report->directions, verdict == WG_CHECK_WRONG ? verdict : WG_CHECK_NONE);
    }
}

/* ---- diagnosis ---------------------------------------------------------------------------- */

static bool is_decided(const check *c, size_t i)
{
    return c->verdict[i] == WG_CHECK_RIGHT || c->verdict[i] == WG_CHECK_WRONG;
}

static bool is_wrong(const check *c, size_t i)
{
    return c->verdict[i] == WG_CHECK_WRONG;
}

/* Whether two values are the same for all that is known of the numeric value i. */
static bool is_same(const check *c, size_t i, double a, double b)
{
    double relative = c->form == FORM_SCALAR_F32 ? 1e-4 : 1e-6;
    return fabs(a - b) <= relative * fmax(fabs(a), fabs(b)) + 8.0 * c->error[i];
}

/* Whether all wrong elements are `factor` times the numeric ones. */
static bool has_factor(const check *c, const wg_check_block *b, double factor)
{
    for (size_t i = b->offset; i < b->offset + block_count(b); i++) {
        if (is_wrong(c, i) && !is_same(c, i, c->analytic[i], factor * c->numeric[i])) {
            return false;
        }
    }
    return true;
}

/* The factor that fits the wrong elements best. */
static double best_factor(const check *c, const wg_check_block *b)
{
    double product = 0.0;
    double square = 0.0;
    for (size_t i = b->offset; i < b->offset + block_count(b); i++) {
        if (is_wrong(c, i)) {
            product += c->analytic[i] * c->numeric[i];
            square += c->numeric[i] * c->numeric[i];
        }
    }
    return product / square;
}

static bool is_near(double a, double b)
{
    return fabs(a - b) <= 1e-4 * fabs(b);
}

static bool name_count(wg_check_result *r, size_t n)
{
    bool is_sum = n > 1 && is_near(r->factor, (double)n);
    bool is_mean = n > 1 && is_near(r->factor, 1.0 / (double)n);
    if (is_sum || is_mean) {
        r->n = n;
        r->diagnosis = is_sum ? WG_CHECK_SUM_FOR_MEAN : WG_CHECK_MEAN_FOR_SUM;
    }
    return is_sum || is_mean;
}

/* Names a factor by the sizes that a mean could have been taken over. */
static bool name_mean(const check *c, wg_check_result *r)
{
    const wg_check_options *o = &c->options;
    for (size_t i = 0; i < o->n_counts; i++) {
        if (name_count(r, o->counts[i])) {
            return true;
        }
    }
    for (size_t k = 0; k < o->n_blocks; k++) {
        for (int32_t i = 0; i < o->blocks[k].rank; i++) {
            if (name_count(r, (size_t)o->blocks[k].dims[i])) {
                return true;
            }
        }
        if (name_count(r, block_count(&o->blocks[k]))) {
            return true;
        }
    }
    return false;
}

static bool name_factor(const check *c, const wg_check_block *b, wg_check_result *r)
{
    double factor = best_factor(c, b);
    if (!isfinite(factor) || !has_factor(c, b, factor)) {
        return false;
    }
    r->factor = factor;
    if (factor == 0.0) {
        r->diagnosis = WG_CHECK_MISSING;
    } else if (is_near(factor, -1.0)) {
        r->diagnosis = WG_CHECK_SIGN;
    } else {
        bool is_known = is_near(factor, 2.0) || is_near(factor, 0.5);
        bool is_mean = !is_known && name_mean(c, r);
        if (is_known || (!is_mean && r->counts.wrong > 1)) {
            r->diagnosis = WG_CHECK_FACTOR;
        }
    }
    return r->diagnosis != WG_CHECK_UNKNOWN;
}

/* Whether the gradient of a [rows, columns] block was stored as [columns, rows]. */
static bool is_transposed(const check *c, const wg_check_block *b)
{
    if (b->rank != 2) {
        return false;
    }
    size_t rows = (size_t)b->dims[0];
    size_t columns = (size_t)b->dims[1];
    size_t n_explained = 0;
    for (size_t k = 0; k < rows * columns; k++) {
        size_t own = b->offset + k;
        size_t other = b->offset + k % columns * rows + k / columns;
        if (is_decided(c, own) && is_decided(c, other)) {
            if (!is_same(c, own, c->analytic[other], c->numeric[own])) {
                return false;
            }
            n_explained += is_wrong(c, own) || is_wrong(c, other);
        }
    }
    return n_explained > 1;
}

/* Whether the analytic values repeat along an axis. */
static bool is_constant(const check *c, const wg_check_block *b, int32_t axis)
{
    size_t stride = 1;
    for (int32_t i = b->rank - 1; i > axis; i--) {
        stride *= (size_t)b->dims[i];
    }
    size_t size = (size_t)b->dims[axis];
    const double *a = c->analytic + b->offset;
    if (size < 2) {
        return false;
    }
    for (size_t k = 0; k < block_count(b); k++) {
        if (k / stride % size > 0 && !(fabs(a[k] - a[k - stride]) <= 1e-12 * fabs(a[k]))) {
            return false;
        }
    }
    return true;
}

static bool name_constant(const check *c, const wg_check_block *b, wg_check_result *r)
{
    for (int32_t axis = 0; axis < b->rank; axis++) {
        if (is_constant(c, b, axis)) {
            r->axis = axis;
            r->diagnosis = WG_CHECK_CONSTANT;
            return true;
        }
    }
    return false;
}

/* ---- diagnosis by what is known of sigmoid layers ------------------------------------------ */

/* How a gradient of weights may have been computed. */
typedef enum recipe {
    RECIPE_RIGHT,
    RECIPE_AT_ACTIVATION, /* s'(a) */
    RECIPE_UNTRANSPOSED,  /* the next layer's weights as they lie */
    RECIPE_CORRECTION     /* the next layer's gradient in place of its weights */
} recipe;

static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static double slope_at(double a, recipe how)
{
    double s = how == RECIPE_AT_ACTIVATION ? sigmoid(a) : a;
    return s * (1.0 - s);
}

static size_t weight_index(const check *c, const wg_check_layer *l, size_t input, size_t unit)
{
    size_t k = l->is_row_per_unit ? unit * l->inputs + input : input * l->outputs + unit;
    return c->options.blocks[l->block].offset + k;
}

/* dL/da of a unit, through the layer above where the caller did not give it. */
static double upstream_of(const check *c, const wg_check_layer *l, size_t row, size_t unit,
                          recipe how)
{
    if (l->upstream != NULL) {
        return l->upstream[row * l->outputs + unit];
    }
    const wg_check_layer *next = l->next;
    const double *weights = how == RECIPE_CORRECTION ? c->numeric : c->base;
    double sum = 0.0;
    for (size_t k = 0; k < next->outputs; k++) {
        size_t at = row * next->outputs + k;
        double delta = next->upstream[at] * slope_at(next->activation[at], RECIPE_RIGHT);
        size_t w = how == RECIPE_UNTRANSPOSED ? weight_index(c, next, k, unit)
                                              : weight_index(c, next, unit, k);
        sum += delta * weights[w];
    }
    return sum;
}

/* The gradient of one weight, computed in that way. */
static double follow(const check *c, const wg_check_layer *l, size_t input, size_t unit, recipe how)
{
    double sum = 0.0;
    for (size_t row = 0; row < l->rows; row++) {
        double a = l->activation[row * l->outputs + unit];
        double delta = upstream_of(c, l, row, unit, how) * slope_at(a, how);
        sum += l->input[row * l->inputs + input] * delta;
    }
    return sum;
}

/* Whether `values` are base + factor * what the recipe gives; base may be NULL for zeros. */
static bool is_explained(const check *c, const wg_check_layer *l, recipe how, double factor,
                         const double *values)
{
    for (size_t k = 0; k < l->inputs * l->outputs; k++) {
        size_t i = weight_index(c, l, k / l->outputs, k % l->outputs);
        double made = factor * follow(c, l, k / l->outputs, k % l->outputs, how);
        made += how == RECIPE_CORRECTION ? c->numeric[i] : 0.0;
        if (!is_decided(c, i) || !is_same(c, i, made, values[i])) {
            return false;
        }
    }
    return true;
}

/* The learning rate with which weights updated too early explain the gradient best. */
static double best_rate(const check *c, const wg_check_layer *l)
{
    double product = 0.0;
    double square = 0.0;
    for (size_t k = 0; k < l->inputs * l->outputs; k++) {
        size_t i = weight_index(c, l, k / l->outputs, k % l->outputs);
        double made = follow(c, l, k / l->outputs, k % l->outputs, RECIPE_CORRECTION);
        product += (c->numeric[i] - c->analytic[i]) * made;
        square += made * made;
    }
    return product / square;
}

static bool is_all_decided(const check *c, const wg_check_layer *l)
{
    const wg_check_block *b = &c->options.blocks[l->block];
    for (size_t i = b->offset; i < b->offset + block_count(b); i++) {
        if (!is_decided(c, i)) {
            return false;
        }
    }
    return true;
}

static wg_check_diagnosis name_recipe(const check *c, const wg_check_layer *l, double *rate)
{
    if (!is_all_decided(c, l) || !is_explained(c, l, RECIPE_RIGHT, 1.0, c->numeric)) {
        return WG_CHECK_UNKNOWN;
    }
    if (is_explained(c, l, RECIPE_AT_ACTIVATION, 1.0, c->analytic)) {
        return WG_CHECK_AT_ACTIVATION;
    }
    if (l->upstream != NULL) {
        return WG_CHECK_UNKNOWN;
    }
    if (l->next->inputs == l->next->outputs &&
        is_explained(c, l, RECIPE_UNTRANSPOSED, 1.0, c->analytic)) {
        return WG_CHECK_WEIGHTS_NOT_TRANSPOSED;
    }
    *rate = is_all_decided(c, l->next) ? best_rate(c, l) : NAN;
    bool is_early = *rate > 0.0 && is_explained(c, l, RECIPE_CORRECTION, -*rate, c->analytic);
    return is_early ? WG_CHECK_UPDATED_EARLY : WG_CHECK_UNKNOWN;
}

static bool name_layer(const check *c, size_t block, wg_check_result *r)
{
    for (size_t k = 0; k < c->options.n_layers && c->form != FORM_COMPARE; k++) {
        const wg_check_layer *l = &c->options.layers[k];
        double rate = 0.0;
        wg_check_diagnosis d = l->block == block ? name_recipe(c, l, &rate) : WG_CHECK_UNKNOWN;
        if (d != WG_CHECK_UNKNOWN) {
            r->diagnosis = d;
            r->rate = d == WG_CHECK_UPDATED_EARLY ? rate : 0.0;
            return true;
        }
    }
    return false;
}

static bool is_layer_valid(const check *c, const wg_check_layer *l)
{
    if (l->block >= c->options.n_blocks || l->input == NULL || l->activation == NULL ||
        l->rows == 0 || l->inputs == 0 || l->outputs == 0) {
        return false;
    }
    size_t count = block_count(&c->options.blocks[l->block]);
    return l->outputs <= count && count % l->outputs == 0 && count / l->outputs == l->inputs;
}

static bool is_chain_valid(const check *c, const wg_check_layer *l)
{
    if (!is_layer_valid(c, l)) {
        return false;
    }
    const wg_check_layer *next = l->next;
    return l->upstream != NULL ||
           (next != NULL && is_layer_valid(c, next) && next->upstream != NULL &&
            next->rows == l->rows && next->inputs == l->outputs);
}

static void diagnose(const check *c, size_t block, wg_check_result *r)
{
    const wg_check_block *b = &c->options.blocks[block];
    r->diagnosis = WG_CHECK_NO_DIAGNOSIS;
    if (r->counts.wrong == 0) {
        r->diagnosis = r->counts.non_smooth > 0 ? WG_CHECK_ON_A_KINK : WG_CHECK_NO_DIAGNOSIS;
        return;
    }
    r->diagnosis = WG_CHECK_UNKNOWN;
    if (is_transposed(c, b)) {
        r->diagnosis = WG_CHECK_TRANSPOSED;
    } else if (!name_layer(c, block, r) && !name_factor(c, b, r)) {
        (void)name_constant(c, b, r);
    }
}

/* ---- the report --------------------------------------------------------------------------- */

static wg_check_verdict verdict_of(const wg_check_counts *k)
{
    if (k->wrong > 0) {
        return WG_CHECK_WRONG;
    }
    bool is_proven = k->undecidable == 0 && k->non_smooth <= k->checked / 100;
    return is_proven ? WG_CHECK_RIGHT : WG_CHECK_UNDECIDABLE;
}

static void describe(const check *c, size_t block, size_t index, wg_check_element *out)
{
    const wg_check_block *b = &c->options.blocks[block];
    size_t i = b->offset + index;
    memset(out, 0, sizeof(*out));
    if (b->name != NULL) {
        (void)snprintf(out->block, sizeof(out->block), "%s", b->name);
    }
    out->block_index = block;
    out->index = index;
    out->rank = b->rank;
    for (int32_t axis = b->rank - 1; axis >= 0; axis--) {
        out->position[axis] = (int64_t)(index % (size_t)b->dims[axis]);
        index /= (size_t)b->dims[axis];
    }
    out->analytic = c->analytic[i];
    out->numeric = c->numeric[i];
    out->error = c->error[i];
    out->verdict = (wg_check_verdict)c->verdict[i];
}

/* Keeps the worst elements in order: wrong ones first, then by distance in units of the block. */
static void list_worst(check *c, size_t block, size_t index, double s)
{
    wg_check_report *r = c->report;
    size_t i = c->options.blocks[block].offset + index;
    double distance = fabs(c->analytic[i] - c->numeric[i]) / fmax(s, DBL_MIN);
    double severity = isfinite(distance) ? distance / (1.0 + distance) : 1.0;
    severity += is_wrong(c, i) ? 2.0 : 0.0;
    size_t at = r->n_worst;
    while (at > 0 && c->severity[at - 1] < severity) {
        at--;
    }
    if (at == WG_CHECK_LISTED) {
        return;
    }
    r->n_worst += r->n_worst < WG_CHECK_LISTED;
    for (size_t k = r->n_worst - 1; k > at; k--) {
        r->worst[k] = r->worst[k - 1];
        c->severity[k] = c->severity[k - 1];
    }
    c->severity[at] = severity;
    describe(c, block, index, &r->worst[at]);
}

/* Counts a block's verdicts and lists its elements. */
static void tally_block(check *c, size_t block, wg_check_result *out)
{
    const wg_check_block *b = &c->options.blocks[block];
    double s = fmax(block_scale(b, c->analytic), block_scale(b, c->numeric));
    memset(out, 0, sizeof(*out));
    for (size_t k = 0; k < block_count(b); k++) {
        wg_check_verdict verdict = (wg_check_verdict)c->verdict[b->offset + k];
        count_verdict(&out->counts, verdict);
        count_verdict(&c->report->counts, verdict);
        if (verdict == WG_CHECK_WRONG || verdict == WG_CHECK_UNDECIDABLE) {
            list_worst(c, block, k, s);
        } else if (verdict == WG_CHECK_NON_SMOOTH && c->report->n_kinks < WG_CHECK_LISTED) {
            describe(c, block, k, &c->report->kinks[c->report->n_kinks++]);
        }
    }
    out->verdict = out->counts.checked == 0 ? WG_CHECK_NONE : verdict_of(&out->counts);
    diagnose(c, block, out);
}

static double scaled_distance(const check *c)
{
    double largest = 1.0;
    double distance = 0.0;
    for (size_t i = 0; i < c->n_elements; i++) {
        if (is_decided(c, i)) {
            double apart = fabs(c->analytic[i] - c->numeric[i]);
            distance = isnan(apart) ? INFINITY : fmax(distance, apart);
            largest = fmax(largest, fabs(c->numeric[i]));
        }
    }
    return distance / largest;
}

/* Whether a block's result tells more than another's: a named mistake before an unnamed one, which
 * it may have caused elsewhere; then the worst element's; then a kink. */
static bool tells_more(const wg_check_report *r, size_t block, const wg_check_result *result)
{
    if (result->diagnosis == WG_CHECK_NO_DIAGNOSIS) {
        return false;
    }
    if (result->counts.wrong == 0 || r->finding.counts.wrong == 0) {
        return r->finding.diagnosis == WG_CHECK_NO_DIAGNOSIS || result->counts.wrong > 0;
    }
    bool is_named = result->diagnosis != WG_CHECK_UNKNOWN;
    bool was_named = r->finding.diagnosis != WG_CHECK_UNKNOWN;
    return is_named == was_named ? r->worst[0].block_index == block : is_named;
}

static void conclude_block(check *c, size_t block)
{
    wg_check_report *r = c->report;
    wg_check_result result;
    tally_block(c, block, &result);
    if (c->options.results != NULL) {
        c->options.results[block] = result;
    }
    if (tells_more(r, block, &result)) {
        const char *name = c->options.blocks[block].name;
        r->finding = result;
        (void)snprintf(r->finding_block, sizeof(r->finding_block), "%s", name == NULL ? "" : name);
    }
}

static void conclude(check *c)
{
    wg_check_report *r = c->report;
    const wg_check_counts *d = &r->directions;
    for (size_t k = 0; k < c->options.n_blocks; k++) {
        conclude_block(c, k);
    }
    r->verdict = r->counts.checked == 0 ? WG_CHECK_UNDECIDABLE : verdict_of(&r->counts);
    if (d->wrong > 0) {
        r->verdict = WG_CHECK_WRONG;
    } else if (r->verdict == WG_CHECK_RIGHT && (d->undecidable > 0 || d->right < d->checked / 2)) {
        r->verdict = WG_CHECK_UNDECIDABLE;
    }
    r->distance = scaled_distance(c);
    r->seed = c->options.seed;
    r->noise = c->noise;
}

/* ---- the calls ---------------------------------------------------------------------------- */

static form form_of(const wg_check_problem *p)
{
    bool has_scalar = p->f != NULL || p->f32 != NULL || p->g32 != NULL || p->jv != NULL;
    bool has_vector = p->vector != NULL || p->vjp != NULL || p->jacobian != NULL;
    if (p->hessian_vector != NULL) {
        return p->g != NULL && !has_scalar && !has_vector && p->m == 0 ? FORM_HESSIAN : FORM_NONE;
    }
    if (has_vector) {
        bool is_one = (p->vjp != NULL) != (p->jacobian != NULL);
        bool is_form = is_one && p->vector != NULL && !has_scalar && p->g == NULL && p->m > 0;
        form which = p->vjp != NULL ? FORM_VJP : FORM_JACOBIAN;
        return is_form ? which : FORM_NONE;
    }
    if (p->m != 0 || (p->f != NULL) != (p->g != NULL) || (p->f32 != NULL) != (p->g32 != NULL)) {
        return FORM_NONE;
    }
    if ((p->f != NULL) == (p->f32 != NULL) || (p->f32 != NULL && p->jv != NULL)) {
        return FORM_NONE;
    }
    return p->f != NULL ? FORM_SCALAR : FORM_SCALAR_F32;
}

/* Sets the sizes from the problem and its form. */
static wg_check_status size_up(check *c, const wg_check_problem *p, form which)
{
    c->problem = p;
    c->form = which;
    if (p->n == 0 || which == FORM_NONE) {
        return WG_CHECK_ERR_ARGUMENT;
    }
    c->n = p->n;
    c->n_outputs = which == FORM_HESSIAN ? p->n : p->m > 0 ? p->m : 1;
    if (which == FORM_JACOBIAN && p->m > SIZE_MAX / p->n) {
        return WG_CHECK_ERR_OVERFLOW;
    }
    c->n_elements = which == FORM_JACOBIAN ? p->m * p->n : p->n;
    c->epsilon = which == FORM_SCALAR_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
    return lay_out(c, NULL) == 0 ? WG_CHECK_ERR_OVERFLOW : WG_CHECK_OK;
}

static void default_layout(check *c)
{
    bool is_matrix = c->form == FORM_JACOBIAN;
    c->whole.name = is_matrix ? "J" : c->form == FORM_HESSIAN ? "Hv" : "x";
    c->whole.rank = is_matrix ? 2 : 1;
    c->whole.dims[0] = (int64_t)(is_matrix ? c->n_outputs : c->n);
    c->whole.dims[1] = is_matrix ? (int64_t)c->n : 0;
    c->options.blocks = &c->whole;
    c->options.n_blocks = 1;
}

static void default_effort(check *c)
{
    wg_check_options *o = &c->options;
    if (o->elements == 0) {
        o->elements = c->n_elements > LARGE ? SAMPLE : WG_CHECK_ALL;
    }
    for (size_t k = 0; k < o->n_blocks && o->directions == 0; k++) {
        o->directions = block_count(&o->blocks[k]) > o->elements ? DIRECTIONS : 0;
    }
    o->tolerance = o->tolerance == 0.0 ? 1e-9 : o->tolerance;
    o->allocator = o->allocator == NULL ? &default_allocator : o->allocator;
}

static bool is_options_valid(const wg_check_options *o)
{
    bool has_hooks =
        o->allocator == NULL || (o->allocator->allocate != NULL && o->allocator->release != NULL);
    return o->size == sizeof(*o) && has_hooks && isfinite(o->tolerance) && o->tolerance >= 0.0 &&
           (o->blocks != NULL) == (o->n_blocks > 0) && (o->layers != NULL || o->n_layers == 0) &&
           (o->counts != NULL || o->n_counts == 0) &&
           (o->work == NULL || (uintptr_t)o->work % sizeof(double) == 0);
}

/* Takes over the options; every block and layer must fit. */
static wg_check_status take_options(check *c, const wg_check_options *options)
{
    wg_check_options none = {.size = sizeof(none)};
    c->options = options == NULL ? none : *options;
    if (!is_options_valid(&c->options)) {
        return WG_CHECK_ERR_ARGUMENT;
    }
    if (c->options.n_blocks == 0) {
        default_layout(c);
    }
    for (size_t k = 0; k < c->options.n_blocks; k++) {
        if (!is_block_valid(c, &c->options.blocks[k])) {
            return WG_CHECK_ERR_SHAPE;
        }
    }
    for (size_t k = 0; k < c->options.n_layers; k++) {
        if (!is_chain_valid(c, &c->options.layers[k])) {
            return WG_CHECK_ERR_SHAPE;
        }
    }
    default_effort(c);
    c->random = c->options.seed;
    return WG_CHECK_OK;
}

/* What a check does once it has memory, and the base is filled. */
static void judge_problem(check *c)
{
    memcpy(c->point, c->base, c->n * sizeof(double));
    for (size_t i = 0; c->vector != NULL && i < c->n_outputs; i++) {
        const double *given = c->problem->direction;
        c->vector[i] = given != NULL ? given[i] : random_weight(c);
    }
    evaluate_gradient(c);
    evaluate(c);
    memcpy(c->base_outputs, c->outputs, c->n_outputs * sizeof(double));
    c->report->value = read_output(c, c->base_outputs, 0);
    c->noise = measure_noise(c, fabs(c->report->value));
    for (size_t k = 0; k < c->options.n_blocks; k++) {
        judge_block(c, &c->options.blocks[k]);
    }
    settle_undecidable(c);
    judge_directions(c);
}

static void compare_block(check *c, const wg_check_block *b)
{
    double allowed = c->options.tolerance * block_scale(b, c->numeric);
    for (size_t i = b->offset; i < b->offset + block_count(b); i++) {
        bool is_close = fabs(c->analytic[i] - c->numeric[i]) <= allowed;
        c->error[i] = allowed;
        c->verdict[i] = is_close ? WG_CHECK_RIGHT : WG_CHECK_WRONG;
        if (!isfinite(c->numeric[i])) {
            c->verdict[i] = WG_CHECK_UNDECIDABLE;
        }
    }
}

/* The point (or the two gradients) in either precision. */
typedef struct given {
    const double *x;
    const float *x32;
    const double *mine;
    const double *known;
} given;

static void judge_all(check *c, const given *in)
{
    memset(c->verdict, WG_CHECK_NONE, c->n_elements);
    for (size_t i = 0; i < c->n_elements; i++) {
        c->numeric[i] = NAN;
        c->error[i] = INFINITY;
    }
    if (c->form == FORM_COMPARE) {
        memcpy(c->analytic, in->mine, c->n * sizeof(double));
        memcpy(c->numeric, in->known, c->n * sizeof(double));
        for (size_t k = 0; k < c->options.n_blocks; k++) {
            compare_block(c, &c->options.blocks[k]);
        }
    } else {
        for (size_t i = 0; i < c->n; i++) {
            c->base[i] = in->x32 != NULL ? (double)in->x32[i] : represent(c, in->x[i]);
        }
        judge_problem(c);
    }
    conclude(c);
}

static wg_check_status run(const wg_check_problem *problem, form which, const given *in,
                           const wg_check_options *options, wg_check_report *report)
{
    check c = {.report = report};
    wg_check_status status = size_up(&c, problem, which);
    status = status == WG_CHECK_OK ? take_options(&c, options) : status;
    if (status != WG_CHECK_OK) {
        return status;
    }
    size_t bytes = lay_out(&c, NULL);
    const wg_check_allocator *hooks = c.options.allocator;
    bool is_own = c.options.work == NULL;
    void *memory = c.options.work;
    if (is_own) {
        memory = hooks->allocate(hooks->user, bytes, sizeof(double));
    } else if (c.options.work_bytes < bytes) {
        memory = NULL;
    }
    if (memory == NULL) {
        return WG_CHECK_ERR_MEMORY;
    }
    (void)lay_out(&c, memory);
    judge_all(&c, in);
    if (is_own) {
        hooks->release(hooks->user, memory, bytes);
    }
    return WG_CHECK_OK;
}

wg_check_status wg_check_run(const wg_check_problem *problem, const double *x,
                             const wg_check_options *options, wg_check_report *report)
{
    if (report == NULL) {
        return WG_CHECK_ERR_ARGUMENT;
    }
    memset(report, 0, sizeof(*report));
    if (problem == NULL || x == NULL || problem->size != sizeof(*problem)) {
        return WG_CHECK_ERR_ARGUMENT;
    }
    given in = {.x = x};
    return run(problem, form_of(problem), &in, options, report);
}

wg_check_status wg_check_function(double (*f)(const double *x, size_t n, void *user),
                                  void (*g)(const double *x, double *gradient, size_t n,
                                            void *user),
                                  const double *x, size_t n, void *user,
                                  const wg_check_options *options, wg_check_report *report)
{
    wg_check_problem p = {.size = sizeof(p), .n = n, .user = user, .f = f, .g = g};
    return wg_check_run(&p, x, options, report);
}

wg_check_status wg_check_function_f32(float (*f)(const float *x, size_t n, void *user),
                                      void (*g)(const float *x, float *gradient, size_t n,
                                                void *user),
                                      const float *x, size_t n, void *user,
                                      const wg_check_options *options, wg_check_report *report)
{
    if (report == NULL) {
        return WG_CHECK_ERR_ARGUMENT;
    }
    memset(report, 0, sizeof(*report));
    wg_check_problem p = {.size = sizeof(p), .n = n, .user = user, .f32 = f, .g32 = g};
    given in = {.x32 = x};
    return x == NULL ? WG_CHECK_ERR_ARGUMENT : run(&p, form_of(&p), &in, options, report);
}

wg_check_status wg_check_compare(const double *mine, const double *known, size_t n,
                                 const wg_check_options *options, wg_check_report *report)
{
    if (report == NULL) {
        return WG_CHECK_ERR_ARGUMENT;
    }
    memset(report, 0, sizeof(*report));
    if (mine == NULL || known == NULL) {
        return WG_CHECK_ERR_ARGUMENT;
    }
    wg_check_problem p = {.size = sizeof(p), .n = n};
    given in = {.mine = mine, .known = known};
    return run(&p, FORM_COMPARE, &in, options, report);
}

size_t wg_check_work_bytes(const wg_check_problem *problem)
{
    check c = {.n = 0};
    if (problem == NULL || problem->size != sizeof(*problem) ||
        size_up(&c, problem, form_of(problem)) != WG_CHECK_OK) {
        return 0;
    }
    return lay_out(&c, NULL);
}

/* ---- text --------------------------------------------------------------------------------- */

const char *wg_check_verdict_name(wg_check_verdict verdict)
{
    static const char *const names[] = {"NOT CHECKED", "RIGHT", "WRONG", "UNDECIDABLE",
                                        "NON-SMOOTH"};
    size_t i = (size_t)verdict;
    return i < sizeof(names) / sizeof(names[0]) ? names[i] : "?";
}

const char *wg_check_diagnosis_text(wg_check_diagnosis diagnosis)
{
    static const char *const texts[] = {
        "nothing is wrong",
        "no known mistake explains it",
        "the sign is wrong",
        "a constant factor",
        "a sum where a mean is meant",
        "a mean where a sum is meant",
        "the gradient is transposed",
        "constant along an axis: not reduced over a broadcast axis",
        "zero where the function does change: a contribution is missing",
        "the derivative was taken at the activation: s'(a) in place of a(1-a)",
        "the next layer's weights were not transposed",
        "the next layer's weights were updated before they were used",
        "some elements sit on a kink",
    };
    size_t i = (size_t)diagnosis;
    return i < sizeof(texts) / sizeof(texts[0]) ? texts[i] : "?";
}

static wg_check_status say(const wg_check_writer *writer, const char *format, ...)
{
    char line[512];
    va_list list;
    va_start(list, format);
    int length = vsnprintf(line, sizeof(line), format, list);
    va_end(list);
    size_t bytes = length < 0 ? 0 : (size_t)length;
    bytes = bytes < sizeof(line) ? bytes : sizeof(line) - 1;
    return writer->write(writer->user, line, bytes);
}

/* "w1[3,4]". */
static void name_element(const wg_check_element *e, char *text, size_t bytes)
{
    int length = snprintf(text, bytes, "%.*s", WG_CHECK_NAME_BYTES - 1, e->block);
    size_t used = length < 0 ? 0 : (size_t)length;
    for (int32_t i = 0; i < e->rank && i < WG_CHECK_MAX_RANK && used < bytes; i++) {
        const char *after = i + 1 == e->rank ? "]" : "";
        length = snprintf(text + used, bytes - used, "%s%lld%s", i == 0 ? "[" : ",",
                          (long long)e->position[i], after);
        used += length < 0 ? 0 : (size_t)length;
    }
}

static wg_check_status say_element(const wg_check_writer *writer, const wg_check_element *e)
{
    char name[256];
    name_element(e, name, sizeof(name));
    if (e->verdict == WG_CHECK_NON_SMOOTH) {
        return say(writer, "  %s sits on a kink\n", name);
    }
    return say(writer, "  %s  analytic %.9g  numeric %.9g  error %.2g  %s\n", name, e->analytic,
               e->numeric, e->error, e->verdict == WG_CHECK_WRONG ? "wrong" : "undecidable");
}

static wg_check_status say_finding(const wg_check_writer *writer, const wg_check_report *r)
{
    const wg_check_result *f = &r->finding;
    const char *text = wg_check_diagnosis_text(f->diagnosis);
    const char *block = r->finding_block;
    switch (f->diagnosis) {
    case WG_CHECK_NO_DIAGNOSIS:
        return WG_CHECK_OK;
    case WG_CHECK_FACTOR:
        return say(writer, "  %s: %s, %.7g\n", block, text, f->factor);
    case WG_CHECK_SUM_FOR_MEAN:
    case WG_CHECK_MEAN_FOR_SUM:
        return say(writer, "  %s: %s, of %zu\n", block, text, f->n);
    case WG_CHECK_CONSTANT:
        return say(writer, "  %s: %s (axis %d)\n", block, text, (int)f->axis);
    case WG_CHECK_UPDATED_EARLY:
        return say(writer, "  %s: %s (rate %.4g)\n", block, text, f->rate);
    default:
        return say(writer, "  %s: %s\n", block, text);
    }
}

static wg_check_status say_directions(const wg_check_writer *writer, const wg_check_counts *d)
{
    if (d->checked == 0) {
        return WG_CHECK_OK;
    }
    return say(writer, "  %zu random directions: %zu right, %zu wrong, %zu undecidable\n",
               d->checked, d->right, d->wrong, d->undecidable);
}

wg_check_status wg_check_report_write(const wg_check_report *report, const wg_check_writer *writer)
{
    if (report == NULL || writer == NULL || writer->write == NULL) {
        return WG_CHECK_ERR_ARGUMENT;
    }
    const wg_check_counts *k = &report->counts;
    wg_check_status status =
        say(writer,
            "gradient %s: %zu checked, %zu right, %zu wrong, %zu undecidable, %zu non-smooth "
            "(%llu evaluations)\n",
            wg_check_verdict_name(report->verdict), k->checked, k->right, k->wrong, k->undecidable,
            k->non_smooth, (unsigned long long)report->evaluations);
    for (size_t i = 0; status == WG_CHECK_OK && i < report->n_worst && i < WG_CHECK_LISTED; i++) {
        status = say_element(writer, &report->worst[i]);
    }
    for (size_t i = 0; status == WG_CHECK_OK && i < report->n_kinks && i < WG_CHECK_LISTED; i++) {
        status = say_element(writer, &report->kinks[i]);
    }
    status = status == WG_CHECK_OK ? say_directions(writer, &report->directions) : status;
    return status == WG_CHECK_OK ? say_finding(writer, report) : status;
}
