/* The state of L-BFGS, out into named tensors and in again.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What follows from the pairs of the history is worked out anew, with the same bits. */
#include "model/lbfgs.h"

#include <string.h>

#include "core/context.h"

/* The tensors, in their order. */
enum {
    COUNTS,    /* i64 [3]: iterations, evaluations, pairs */
    NUMBERS,   /* f64 [3]: t, loss, scale */
    DIRECTION, /* f64 [n] */
    GRADIENT,  /* f64 [n]: the one before */
    STEPS,     /* f64 [pairs, n], the oldest first */
    CHANGES,
    N_TENSORS
};

static const char *const names[N_TENSORS] = {"counts",   "numbers", "direction",
                                             "gradient", "steps",   "changes"};

size_t wgi_lbfgs_state_count(const wg_optimizer *o)
{
    return o->options.lbfgs->n_iterations == 0 ? 0 : N_TENSORS;
}

/* ---- out ---------------------------------------------------------------------------------- */

static wg_status copy_pairs(const wg_optimizer *o, double *(*vector)(const wgi_lbfgs *l, int32_t i),
                            wg_tensor **out)
{
    const wgi_lbfgs *l = o->options.lbfgs;
    const int64_t dims[2] = {l->n_pairs, l->n};
    wg_status status = wg_tensor_create(o->model->ctx, WG_F64, 2, dims, out);
    for (int32_t i = 0; status == WG_OK && i < l->n_pairs; i++) {
        memcpy((double *)(*out)->data + i * l->n, vector(l, i), (size_t)l->n * sizeof(double));
    }
    return status;
}

wg_status wgi_lbfgs_state_get(const wg_optimizer *o, size_t i, const char **name, wg_tensor **out)
{
    const wgi_lbfgs *l = o->options.lbfgs;
    wg_context *ctx = o->model->ctx;
    const int64_t three[1] = {3};
    const int64_t counts[3] = {l->n_iterations, l->n_evaluations, l->n_pairs};
    const double numbers[3] = {l->t, l->loss, l->scale};
    *name = names[i];
    switch (i) {
    case COUNTS:
        return wg_tensor_from(ctx, WG_I64, 1, three, WG_I64, counts, out);
    case NUMBERS:
        return wg_tensor_from(ctx, WG_F64, 1, three, WG_F64, numbers, out);
    case DIRECTION:
        return wg_tensor_from(ctx, WG_F64, 1, &l->n, WG_F64, wgi_lbfgs_vector(l, WGI_LBFGS_D), out);
    case GRADIENT:
        return wg_tensor_from(ctx, WG_F64, 1, &l->n, WG_F64,
                              wgi_lbfgs_vector(l, WGI_LBFGS_G_BEFORE), out);
    default:
        return copy_pairs(o, i == STEPS ? wgi_lbfgs_step : wgi_lbfgs_change, out);
    }
}

/* ---- in ----------------------------------------------------------------------------------- */

static bool has_form(const wg_tensor *t, int dtype, int32_t rank, int64_t rows, int64_t columns)
{
    const wgi_type *type = &t->type;
    return !t->is_dead && type->dtype == dtype && type->rank == rank && type->dims[0] == rows &&
           (rank == 1 || type->dims[1] == columns);
}

/* Finds the six by name, each once. */
static bool find_all(const wg_named_tensor *entries, size_t n, const wg_tensor *found[N_TENSORS])
{
    for (size_t i = 0; i < n; i++) {
        const char *name = entries[i].name;
        size_t k = N_TENSORS;
        if (name != NULL && entries[i].tensor != NULL && strncmp(name, "lbfgs.", 6) == 0) {
            for (k = 0; k < N_TENSORS && strcmp(name + 6, names[k]) != 0; k++) {
            }
        }
        if (k == N_TENSORS || found[k] != NULL) {
            return false;
        }
        found[k] = entries[i].tensor;
    }
    return n == N_TENSORS;
}

static bool are_counts(const int64_t *counts, const wgi_lbfgs *l)
{
    return counts[0] >= 1 && counts[1] >= 1 && counts[2] >= 0 && counts[2] <= l->options.history;
}

static wg_status check(const wg_optimizer *o, const wg_tensor *const t[N_TENSORS], int64_t n)
{
    if (!has_form(t[COUNTS], WG_I64, 1, 3, 0)) {
        return WG_ERR_SHAPE;
    }
    const int64_t *counts = t[COUNTS]->data;
    if (!are_counts(counts, o->options.lbfgs)) {
        return WG_ERR_RANGE;
    }
    return has_form(t[NUMBERS], WG_F64, 1, 3, 0) && has_form(t[DIRECTION], WG_F64, 1, n, 0) &&
                   has_form(t[GRADIENT], WG_F64, 1, n, 0) &&
                   has_form(t[STEPS], WG_F64, 2, counts[2], n) &&
                   has_form(t[CHANGES], WG_F64, 2, counts[2], n)
               ? WG_OK
               : WG_ERR_SHAPE;
}

static void apply(wgi_lbfgs *l, const wg_tensor *const t[N_TENSORS])
{
    const int64_t *counts = t[COUNTS]->data;
    const double *numbers = t[NUMBERS]->data;
    const size_t bytes = (size_t)l->n * sizeof(double);
    l->n_iterations = counts[0];
    l->n_evaluations = counts[1];
    l->n_pairs = (int32_t)counts[2];
    l->first = 0;
    l->t = numbers[0];
    l->loss = numbers[1];
    l->scale = numbers[2];
    memcpy(wgi_lbfgs_vector(l, WGI_LBFGS_D), t[DIRECTION]->data, bytes);
    memcpy(wgi_lbfgs_vector(l, WGI_LBFGS_G_BEFORE), t[GRADIENT]->data, bytes);
    for (int32_t i = 0; i < l->n_pairs; i++) {
        memcpy(wgi_lbfgs_step(l, i), (const double *)t[STEPS]->data + i * l->n, bytes);
        memcpy(wgi_lbfgs_change(l, i), (const double *)t[CHANGES]->data + i * l->n, bytes);
        wgi_lbfgs_number(l, i);
    }
}

wg_status wgi_lbfgs_state_set(wg_optimizer *o, const wg_named_tensor *entries, size_t n)
{
    wgi_lbfgs *l = o->options.lbfgs;
    wg_context *ctx = o->model->ctx;
    const wg_tensor *found[N_TENSORS] = {NULL};
    if (n == 0) {
        l->n_iterations = 0;
        return WG_OK;
    }
    if (!find_all(entries, n, found)) {
        return wgi_context_fail(ctx, WG_ERR_NAME,
                                "lbfgs: state: wants counts, numbers, direction, gradient, steps "
                                "and changes");
    }
    const int64_t n_elements = wgi_lbfgs_count(o->model);
    wg_status status = check(o, found, n_elements);
    if (status != WG_OK) {
        return wgi_context_fail(ctx, status, "lbfgs: state: not that of a model of %lld elements",
                                (long long)n_elements);
    }
    status = wgi_lbfgs_reserve(o, n_elements);
    if (status == WG_OK) {
        apply(l, found);
    }
    return status;
}
