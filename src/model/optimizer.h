/* What all optimizers have in common, and what makes one different.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: memory[i] belongs to parameter i of the model; n_steps counts the steps that changed
 * that parameter, and while it is 0 the state's elements mean nothing but zero. `updates` and `due`
 * mean something within a step alone. */
#ifndef WG_MODEL_OPTIMIZER_H
#define WG_MODEL_OPTIMIZER_H

#include <math.h>

#include <wengert/optimizer.h>

#include "core/backend.h"
#include "core/memory.h"
#include "model/model.h"

/* What an optimizer remembers of one parameter. */
typedef struct wgi_param_memory {
    void *state[WG_MAX_STATES]; /* arrays of the parameter's type; NULL until its first step */
    size_t state_bytes;         /* of each */
    int64_t n_steps;
    bool is_reserved; /* its state is there, as far as it has any */
    size_t n_groups;  /* groups that the next two were looked up in */
    double rate_scale;
    double weight_decay;
} wgi_param_memory;

/* A group, whose path is a copy; NULL: all. */
typedef struct wgi_param_group {
    char *path;
    int32_t max_rank;
    double rate_scale;
    bool has_weight_decay;
    double weight_decay;
} wgi_param_group;

/* The library's own optimizers and those of users differ in nothing but this. */
typedef struct wgi_optimizer_kind {
    /* Changes the values and states of o->updates, which are some. */
    wg_status (*update)(wg_optimizer *o);
    /* For wgi_update_by_backends: hands a list to one; WG_ERR_UNSUPPORTED where it declines. */
    wg_status (*ask)(const wg_optimizer *o, const wgi_updates *backend, const wgi_update *updates,
                     size_t n);
    void (*release)(wg_optimizer *o); /* what is the kind's own; NULL: nothing */
    /* Steps by evaluating the loss; NULL: by `update`. `loss` gets the first one. */
    wg_status (*minimize)(wg_optimizer *o, wg_closure closure, void *user, double *loss);
    /* State that belongs to no parameter, as wg_optimizer_state_count, get and set have it; NULL:
     * there is none. */
    size_t (*count)(const wg_optimizer *o);
    wg_status (*get)(const wg_optimizer *o, size_t i, const char **name, wg_tensor **out);
    wg_status (*set)(wg_optimizer *o, const wg_named_tensor *entries, size_t n);
    const char *states[WG_MAX_STATES]; /* names in files */
} wgi_optimizer_kind;

struct wg_optimizer {
    wg_model *model;
    const wgi_optimizer_kind *kind;
    const char *name;
    char *own_name; /* of a user's optimizer: the same text, to be released; else NULL */
    double rate;
    double weight_decay;
    int32_t n_states;
    union {
        wg_sgd_options sgd;
        wg_adam_options adam;
        wg_rmsprop_options rmsprop;
        wg_adagrad_options adagrad;
        struct wgi_lbfgs *lbfgs; /* its own */
        wg_optimizer_definition definition;
    } options;
    wgi_array memory;  /* wgi_param_memory, one for each parameter seen */
    wgi_array updates; /* wgi_update: the step's list, with room for all of them */
    wgi_array due;     /* wg_param *, to whom the updates belong */
    wgi_array groups;  /* wgi_param_group, in order of adding */
};

/* What options are made of. */
static inline double wgi_or_default(double x, double otherwise)
{
    return x == 0.0 ? otherwise : x;
}

static inline bool wgi_is_factor(double x)
{
    return isfinite(x) && x >= 0.0;
}

static inline bool wgi_is_positive(double x)
{
    return isfinite(x) && x > 0.0;
}

/* Threads for an update: no more than the last run took. Where that was on one thread, the others
 * are asleep, and waking them takes longer than they would save. */
int32_t wgi_update_threads(const wg_optimizer *o);

/* A kind's update by the first backend that does not decline what `ask` asks it; each takes all of
 * a list or none. */
wg_status wgi_update_by_backends(wg_optimizer *o);

/* Room for what is remembered of every parameter, and of one, with its state. */
WGI_NODISCARD bool wgi_optimizer_reserve(wg_optimizer *o);
WGI_NODISCARD bool wgi_param_memory_reserve(const wg_optimizer *o, const wg_param *p);

/* What an optimizer remembers of parameter i. */
static inline wgi_param_memory *wgi_param_memory_of(const wg_optimizer *o, size_t i)
{
    return (wgi_param_memory *)o->memory.data + i;
}

/* Rate and decay of a parameter, by the groups. */
void wgi_groups_look_up(const wg_optimizer *o, const wg_param *p, wgi_param_memory *memory);
void wgi_groups_free(wg_optimizer *o);

/* What is wrong with a call for an optimizer, besides `fault`, the options'; zeroes *out. */
WGI_NODISCARD wg_status wgi_optimizer_check(const wg_model *m, const char *name, const char *fault,
                                            wg_optimizer **out);

/* An optimizer without options or state; `name` is not copied. WG_ERR_STATE (a shared model),
 * WG_ERR_MEMORY. */
WGI_NODISCARD wg_status wgi_optimizer_new(wg_model *m, const wgi_optimizer_kind *kind,
                                          const char *name, wg_optimizer **out);

#endif
