/* L-BFGS: what its halves share.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: vectors have n elements in f64, one for each element of a parameter that is not
 * frozen, in the model's order. History is a ring: pair i of n_pairs, the oldest first, is at
 * (first + i) % options.history. */
#ifndef WG_MODEL_LBFGS_H
#define WG_MODEL_LBFGS_H

#include "model/optimizer.h"

/* Vectors beside the history. */
enum {
    WGI_LBFGS_X,        /* where the iteration began */
    WGI_LBFGS_G,        /* the gradient where the parameters are */
    WGI_LBFGS_D,        /* the direction */
    WGI_LBFGS_G_BEFORE, /* the gradient of the iteration before */
    WGI_LBFGS_G_START,  /* of a line search: at its beginning, */
    WGI_LBFGS_G_LOW,    /* at both ends of its bracket, */
    WGI_LBFGS_G_HIGH,
    WGI_LBFGS_G_TRIED, /* and at the newest point */
    WGI_LBFGS_N_VECTORS
};

typedef struct wgi_lbfgs {
    wg_lbfgs_options options;
    int64_t n;
    double *block; /* vectors, then steps and changes of the history, then two numbers of each */
    size_t block_bytes;
    int32_t n_pairs;
    int32_t first;
    int64_t n_iterations;
    int64_t n_evaluations;
    double t;     /* the length of the last step along d */
    double loss;  /* before it */
    double scale; /* of the first guess of the Hessian's inverse */
} wgi_lbfgs;

/* A loss to be evaluated. */
typedef struct wgi_objective {
    wg_optimizer *o;
    wgi_lbfgs *l;
    wg_closure closure;
    void *user;
    double loss; /* the newest */
    int32_t n_evaluations;
} wgi_objective;

static inline double *wgi_lbfgs_vector(const wgi_lbfgs *l, int which)
{
    return l->block + (int64_t)which * l->n;
}

/* Pair i of the history, the oldest first: a step, how the gradient changed along it, and a number
 * that is worked out from both. */
double *wgi_lbfgs_step(const wgi_lbfgs *l, int32_t i);
double *wgi_lbfgs_change(const wgi_lbfgs *l, int32_t i);
void wgi_lbfgs_number(const wgi_lbfgs *l, int32_t i);

/* The elements that learn. */
int64_t wgi_lbfgs_count(const wg_model *m);

/* Room for vectors of n elements; a change of n forgets what was. WG_ERR_OVERFLOW, WG_ERR_MEMORY.
 */
WGI_NODISCARD wg_status wgi_lbfgs_reserve(wg_optimizer *o, int64_t n);

/* Of the kind. */
size_t wgi_lbfgs_state_count(const wg_optimizer *o);
WGI_NODISCARD wg_status wgi_lbfgs_state_get(const wg_optimizer *o, size_t i, const char **name,
                                            wg_tensor **out);
WGI_NODISCARD wg_status wgi_lbfgs_state_set(wg_optimizer *o, const wg_named_tensor *entries,
                                            size_t n);

double wgi_dot(const double *a, const double *b, int64_t n);

/* The largest absolute value; NaN where there is one. */
double wgi_largest(const double *x, int64_t n);

/* Evaluates the loss and puts its gradient into `gradient`; first, where t is not NaN, moves the
 * parameters to x + t d. */
WGI_NODISCARD wg_status wgi_lbfgs_evaluate(wgi_objective *f, double t, double *gradient);

/* Searches along d from a length of *t for one that satisfies the strong conditions of Wolfe, and
 * leaves the parameters there; its loss is f->loss, its gradient G. `slope` is d's at the start. */
WGI_NODISCARD wg_status wgi_lbfgs_search(wgi_objective *f, double slope, double *t);

#endif
