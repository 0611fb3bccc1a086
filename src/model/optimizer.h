/* What all optimizers have in common, and what makes one different.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: memory[i] belongs to parameter i of the model; n_steps counts the steps that changed
 * that parameter, and while it is 0 the state's elements mean nothing but zero. `updates` and `due`
 * mean something within a step alone. */
#ifndef WG_MODEL_OPTIMIZER_H
#define WG_MODEL_OPTIMIZER_H

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
} wgi_param_memory;

/* The library's own optimizers and those of users differ in nothing but this. */
typedef struct wgi_optimizer_kind {
    /* Changes the values and states of o->updates, which are some. */
    wg_status (*update)(wg_optimizer *o);
    /* For wgi_update_by_backends: hands a list to one; WG_ERR_UNSUPPORTED where it declines. */
    wg_status (*ask)(const wg_optimizer *o, const wgi_updates *backend, const wgi_update *updates,
                     size_t n);
    void (*release)(wg_optimizer *o); /* what is the kind's own; NULL: nothing */
} wgi_optimizer_kind;

struct wg_optimizer {
    wg_model *model;
    const wgi_optimizer_kind *kind;
    const char *name;
    char *own_name; /* of a user's optimizer: the same text, to be released; else NULL */
    double rate;
    int32_t n_states;
    union {
        wg_sgd_options sgd;
        wg_adam_options adam;
        wg_optimizer_definition definition;
    } options;
    wgi_array memory;  /* wgi_param_memory, one for each parameter seen */
    wgi_array updates; /* wgi_update: the step's list, with room for all of them */
    wgi_array due;     /* wg_param *, to whom the updates belong */
};

/* Threads for an update: no more than the last run took. Where that was on one thread, the others
 * are asleep, and waking them takes longer than they would save. */
int32_t wgi_update_threads(const wg_optimizer *o);

/* A kind's update by the first backend that does not decline what `ask` asks it; each takes all of
 * a list or none. */
wg_status wgi_update_by_backends(wg_optimizer *o);

/* An optimizer without options or state; `name` is not copied. WG_ERR_STATE (a shared model),
 * WG_ERR_MEMORY. */
WGI_NODISCARD wg_status wgi_optimizer_new(wg_model *m, const wgi_optimizer_kind *kind,
                                          const char *name, wg_optimizer **out);

#endif
