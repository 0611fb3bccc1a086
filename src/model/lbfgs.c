/* L-BFGS: directions from the last changes of position and gradient (Nocedal 1980; Liu, Nocedal
 * 1989).
 * SPDX-License-Identifier: Apache-2.0
 *
 * The order of the work and the tests for an end are those of PyTorch's LBFGS, whose trajectories
 * it follows. All memory is taken before the first evaluation. */
#include "model/lbfgs.h"

#include <string.h>

#include "core/checked.h"
#include "core/context.h"
#include "core/dtype.h"

#define MOST_PAIRS 1000

/* A change of the gradient along which the loss bends less is not remembered. */
#define LEAST_BEND 1e-10

/* ---- vectors ------------------------------------------------------------------------------ */

double wgi_dot(const double *a, const double *b, int64_t n)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

double wgi_largest(const double *x, int64_t n)
{
    double most = 0.0;
    for (int64_t i = 0; i < n; i++) {
        const double size = fabs(x[i]);
        most = size <= most || isnan(most) ? most : size;
    }
    return most;
}

static double sum_of_sizes(const double *x, int64_t n)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += fabs(x[i]);
    }
    return sum;
}

static void add_scaled(double *x, double by, const double *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        x[i] += by * y[i];
    }
}

double *wgi_lbfgs_step(const wgi_lbfgs *l, int32_t i)
{
    const int32_t place = (l->first + i) % l->options.history;
    return l->block + (WGI_LBFGS_N_VECTORS + 2 * (int64_t)place) * l->n;
}

double *wgi_lbfgs_change(const wgi_lbfgs *l, int32_t i)
{
    return wgi_lbfgs_step(l, i) + l->n;
}

/* Two numbers for each pair: 1 / (step . change), and what the first loop leaves for the second. */
static double *numbers_of(const wgi_lbfgs *l, int32_t i)
{
    const int32_t place = (l->first + i) % l->options.history;
    return l->block + (WGI_LBFGS_N_VECTORS + 2 * (int64_t)l->options.history) * l->n + 2 * place;
}

void wgi_lbfgs_number(const wgi_lbfgs *l, int32_t i)
{
    numbers_of(l, i)[0] = 1.0 / wgi_dot(wgi_lbfgs_change(l, i), wgi_lbfgs_step(l, i), l->n);
}

/* ---- parameters --------------------------------------------------------------------------- */

int64_t wgi_lbfgs_count(const wg_model *m)
{
    int64_t n = 0;
    for (size_t i = 0; i < wg_model_count(m); i++) {
        const wg_param *p = wg_model_param(m, i);
        if (!p->is_frozen && !wgi_dim_add(n, p->value->type.count, &n)) {
            return INT64_MAX;
        }
    }
    return n;
}

static void read_values(const wg_model *m, double *out)
{
    for (size_t i = 0; i < wg_model_count(m); i++) {
        const wg_param *p = wg_model_param(m, i);
        for (int64_t k = 0; !p->is_frozen && k < p->value->type.count; k++) {
            *out++ = wgi_load_double(p->value->type.dtype, p->value->data, k);
        }
    }
}

/* Moves the parameters to x + t d; to x itself where t is 0, though d be infinite. */
static void write_values(const wg_model *m, const double *x, double t, const double *d)
{
    for (size_t i = 0; i < wg_model_count(m); i++) {
        const wg_param *p = wg_model_param(m, i);
        for (int64_t k = 0; !p->is_frozen && k < p->value->type.count; k++) {
            const double there = t == 0.0 ? *x : *x + t * *d;
            wgi_store_double(p->value->type.dtype, p->value->data, k, there);
            x++;
            d++;
        }
        if (!p->is_frozen) {
            wgi_tensor_touch(p->value);
        }
    }
}

static void read_gradients(const wg_model *m, double *out)
{
    for (size_t i = 0; i < wg_model_count(m); i++) {
        const wg_param *p = wg_model_param(m, i);
        for (int64_t k = 0; !p->is_frozen && k < p->value->type.count; k++) {
            *out++ = p->is_gradient_empty
                         ? 0.0
                         : wgi_load_double(p->gradient->type.dtype, p->gradient->data, k);
        }
    }
}

wg_status wgi_lbfgs_evaluate(wgi_objective *f, double t, double *gradient)
{
    const wg_model *m = f->o->model;
    if (!isnan(t)) {
        write_values(m, wgi_lbfgs_vector(f->l, WGI_LBFGS_X), t,
                     wgi_lbfgs_vector(f->l, WGI_LBFGS_D));
    }
    wg_model_clear_gradients(f->o->model);
    f->loss = (double)NAN;
    const wg_status status = f->closure(f->user, &f->loss);
    f->n_evaluations++;
    if (status == WG_OK && wgi_lbfgs_count(m) != f->l->n) {
        return wgi_context_fail(m->ctx, WG_ERR_STATE,
                                "lbfgs: the closure has changed which parameters learn");
    }
    if (status == WG_OK) {
        read_gradients(m, gradient);
    }
    return status;
}

/* ---- directions --------------------------------------------------------------------------- */

static void forget(wgi_lbfgs *l)
{
    l->n_pairs = 0;
    l->first = 0;
    l->n_iterations = 0;
    l->n_evaluations = 0;
    l->scale = 1.0;
}

/* Takes in the last step, unless the loss hardly bent along it. */
static void remember(wgi_lbfgs *l)
{
    const double *g = wgi_lbfgs_vector(l, WGI_LBFGS_G);
    const double *before = wgi_lbfgs_vector(l, WGI_LBFGS_G_BEFORE);
    const double *d = wgi_lbfgs_vector(l, WGI_LBFGS_D);
    double bend = 0.0;
    double square = 0.0;
    for (int64_t i = 0; i < l->n; i++) {
        const double change = g[i] - before[i];
        bend += change * (d[i] * l->t);
        square += change * change;
    }
    if (!(bend > LEAST_BEND)) {
        return;
    }
    if (l->n_pairs == l->options.history) {
        l->first = (l->first + 1) % l->options.history;
        l->n_pairs--;
    }
    double *step = wgi_lbfgs_step(l, l->n_pairs);
    double *change = wgi_lbfgs_change(l, l->n_pairs);
    for (int64_t i = 0; i < l->n; i++) {
        step[i] = d[i] * l->t;
        change[i] = g[i] - before[i];
    }
    wgi_lbfgs_number(l, l->n_pairs);
    l->scale = bend / square;
    l->n_pairs++;
}

/* d = -H g, by the two loops over the pairs. */
static void find_direction(wgi_lbfgs *l)
{
    const double *g = wgi_lbfgs_vector(l, WGI_LBFGS_G);
    double *d = wgi_lbfgs_vector(l, WGI_LBFGS_D);
    if (l->n_iterations == 1) {
        forget(l);
        l->n_iterations = 1;
    } else {
        remember(l);
    }
    for (int64_t i = 0; i < l->n; i++) {
        d[i] = -g[i];
    }
    for (int32_t k = l->n_pairs - 1; k >= 0; k--) {
        double *numbers = numbers_of(l, k);
        numbers[1] = wgi_dot(wgi_lbfgs_step(l, k), d, l->n) * numbers[0];
        add_scaled(d, -numbers[1], wgi_lbfgs_change(l, k), l->n);
    }
    for (int64_t i = 0; i < l->n && l->n_iterations > 1; i++) {
        d[i] *= l->scale;
    }
    for (int32_t k = 0; k < l->n_pairs; k++) {
        const double *numbers = numbers_of(l, k);
        const double be = wgi_dot(wgi_lbfgs_change(l, k), d, l->n) * numbers[0];
        add_scaled(d, numbers[1] - be, wgi_lbfgs_step(l, k), l->n);
    }
}

/* ---- iterations --------------------------------------------------------------------------- */

/* What of a step is no vector. */
typedef struct run {
    wgi_objective f;
    int32_t n_iterations;
    bool is_over;
} run;

static bool is_minimum(const wgi_lbfgs *l)
{
    return wgi_largest(wgi_lbfgs_vector(l, WGI_LBFGS_G), l->n) <= l->options.tolerance_gradient;
}

/* Moves along d. Without a search the last iteration of a step does not evaluate. */
static wg_status move(run *r, double slope)
{
    wgi_lbfgs *l = r->f.l;
    read_values(r->f.o->model, wgi_lbfgs_vector(l, WGI_LBFGS_X));
    if (l->options.is_strong_wolfe) {
        const wg_status status = wgi_lbfgs_search(&r->f, slope, &l->t);
        write_values(r->f.o->model, wgi_lbfgs_vector(l, WGI_LBFGS_X), status == WG_OK ? l->t : 0.0,
                     wgi_lbfgs_vector(l, WGI_LBFGS_D));
        return status;
    }
    if (r->n_iterations == l->options.max_iterations) {
        write_values(r->f.o->model, wgi_lbfgs_vector(l, WGI_LBFGS_X), l->t,
                     wgi_lbfgs_vector(l, WGI_LBFGS_D));
        return WG_OK;
    }
    const wg_status status = wgi_lbfgs_evaluate(&r->f, l->t, wgi_lbfgs_vector(l, WGI_LBFGS_G));
    if (status != WG_OK) {
        write_values(r->f.o->model, wgi_lbfgs_vector(l, WGI_LBFGS_X), 0.0,
                     wgi_lbfgs_vector(l, WGI_LBFGS_D));
    }
    return status;
}

static bool is_still(const wgi_lbfgs *l, double loss)
{
    const double moved = fabs(l->t) * wgi_largest(wgi_lbfgs_vector(l, WGI_LBFGS_D), l->n);
    return moved <= l->options.tolerance_change ||
           fabs(loss - l->loss) < l->options.tolerance_change;
}

static wg_status iterate(run *r)
{
    wgi_lbfgs *l = r->f.l;
    const double *g = wgi_lbfgs_vector(l, WGI_LBFGS_G);
    r->n_iterations++;
    l->n_iterations++;
    find_direction(l);
    memcpy(wgi_lbfgs_vector(l, WGI_LBFGS_G_BEFORE), g, (size_t)l->n * sizeof *g);
    l->loss = r->f.loss;
    const double first = 1.0 / sum_of_sizes(g, l->n);
    l->t = (l->n_iterations == 1 ? fmin(1.0, first) : 1.0) * r->f.o->rate;
    const double slope = wgi_dot(g, wgi_lbfgs_vector(l, WGI_LBFGS_D), l->n);
    if (!(slope <= -l->options.tolerance_change)) { /* flat, or NaN, which leads nowhere */
        r->is_over = true;
        return WG_OK;
    }
    const wg_status status = move(r, slope);
    r->is_over = r->n_iterations == l->options.max_iterations ||
                 r->f.n_evaluations >= l->options.max_evaluations || is_minimum(l) ||
                 is_still(l, r->f.loss);
    return status;
}

static wg_status run_all(wgi_lbfgs *l, run *r, double *loss)
{
    wg_status status = wgi_lbfgs_evaluate(&r->f, (double)NAN, wgi_lbfgs_vector(l, WGI_LBFGS_G));
    if (status != WG_OK) {
        return status;
    }
    *loss = r->f.loss;
    r->is_over = is_minimum(l);
    while (status == WG_OK && !r->is_over) {
        status = iterate(r);
    }
    return status;
}

/* ---- memory ------------------------------------------------------------------------------- */

/* Room for vectors of n elements; a change of n forgets what was. */
wg_status wgi_lbfgs_reserve(wg_optimizer *o, int64_t n)
{
    wgi_lbfgs *l = o->options.lbfgs;
    if (l->block != NULL && l->n == n) {
        return WG_OK;
    }
    const size_t n_vectors = WGI_LBFGS_N_VECTORS + 2 * (size_t)l->options.history;
    size_t bytes;
    if (!wgi_size_mul((size_t)n, n_vectors, &bytes) ||
        !wgi_size_add(bytes, 2 * (size_t)l->options.history, &bytes) ||
        !wgi_size_mul(bytes, sizeof(double), &bytes)) {
        return wgi_context_fail(o->model->ctx, WG_ERR_OVERFLOW, "lbfgs: too many elements");
    }
    double *block = wgi_alloc(&o->model->ctx->memory, bytes);
    if (block == NULL) {
        return wgi_context_fail(o->model->ctx, WG_ERR_MEMORY,
                                "lbfgs: out of memory for %zu vectors of %lld elements", n_vectors,
                                (long long)n);
    }
    wgi_release(&o->model->ctx->memory, l->block, l->block_bytes);
    l->block = block;
    l->block_bytes = bytes;
    l->n = n;
    forget(l);
    return WG_OK;
}

static wg_status minimize(wg_optimizer *o, wg_closure closure, void *user, double *loss)
{
    wgi_lbfgs *l = o->options.lbfgs;
    const int64_t n = wgi_lbfgs_count(o->model);
    if (n == 0 || o->groups.count > 0) {
        return wgi_context_fail(o->model->ctx, WG_ERR_STATE, "lbfgs: %s",
                                n == 0 ? "no parameter learns" : "groups are not for it");
    }
    wg_status status = wgi_lbfgs_reserve(o, n);
    if (status != WG_OK) {
        return status;
    }
    run r = {.f = {.o = o, .l = l, .closure = closure, .user = user}};
    status = run_all(l, &r, loss);
    l->n_evaluations += r.f.n_evaluations;
    wg_model_clear_gradients(o->model);
    if (status != WG_OK) {
        forget(l);
    }
    return status;
}

static void release(wg_optimizer *o)
{
    const wg_allocator *memory = &o->model->ctx->memory;
    wgi_release(memory, o->options.lbfgs->block, o->options.lbfgs->block_bytes);
    wgi_release(memory, o->options.lbfgs, sizeof *o->options.lbfgs);
}

/* ---- creation ----------------------------------------------------------------------------- */

static const wgi_optimizer_kind kind = {.release = release,
                                        .minimize = minimize,
                                        .count = wgi_lbfgs_state_count,
                                        .get = wgi_lbfgs_state_get,
                                        .set = wgi_lbfgs_state_set};

static wg_lbfgs_options with_defaults(const wg_lbfgs_options *options)
{
    wg_lbfgs_options o = {.size = sizeof o};
    if (options != NULL) {
        o = *options;
    }
    o.rate = wgi_or_default(o.rate, 1.0);
    o.max_iterations = o.max_iterations == 0 ? 20 : o.max_iterations;
    if (o.max_evaluations == 0) {
        o.max_evaluations = (int32_t)((int64_t)o.max_iterations * 5 / 4 > INT32_MAX
                                          ? INT32_MAX
                                          : (int64_t)o.max_iterations * 5 / 4);
    }
    o.tolerance_gradient = wgi_or_default(o.tolerance_gradient, 1e-7);
    o.tolerance_change = wgi_or_default(o.tolerance_change, 1e-9);
    o.history = o.history == 0 ? 100 : o.history;
    return o;
}

static bool are_options(const wg_lbfgs_options *o)
{
    return wgi_is_positive(o->rate) && o->max_iterations > 0 && o->max_evaluations > 0 &&
           wgi_is_factor(o->tolerance_gradient) && wgi_is_factor(o->tolerance_change) &&
           o->history > 0 && o->history <= MOST_PAIRS;
}

wg_status wg_lbfgs_create(wg_model *m, const wg_lbfgs_options *options, wg_optimizer **out)
{
    static const char wants[] =
        "wants size, a rate > 0, counts > 0, tolerances >= 0 and a history of at most 1000";
    const bool is_this_version = options == NULL || options->size == sizeof *options;
    const wg_lbfgs_options o = with_defaults(is_this_version ? options : NULL);
    const bool are_right = is_this_version && are_options(&o);
    wg_status status = wgi_optimizer_check(m, "lbfgs", are_right ? NULL : wants, out);
    if (status != WG_OK) {
        return status;
    }
    wgi_lbfgs *l = wgi_alloc_zeroed(&m->ctx->memory, 1, sizeof *l);
    if (l == NULL) {
        return wgi_context_fail(m->ctx, WG_ERR_MEMORY, "lbfgs: out of memory");
    }
    status = wgi_optimizer_new(m, &kind, "lbfgs", out);
    if (status != WG_OK) {
        wgi_release(&m->ctx->memory, l, sizeof *l);
        return status;
    }
    l->options = o;
    (*out)->options.lbfgs = l;
    (*out)->rate = o.rate;
    return WG_OK;
}
