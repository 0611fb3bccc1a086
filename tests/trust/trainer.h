/* A small network in training, in a context of its own: what threads and repeated runs compare.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Nothing here asserts, so that a trainer may run in any thread. */
#ifndef WG_TRUST_TRAINER_H
#define WG_TRUST_TRAINER_H

#include <wengert/wengert.h>

#include "support/allocator.h"

typedef struct trainer_options {
    uint64_t seed;
    int32_t threads;
    bool is_thread_invariant;
    bool is_uncached;  /* every plan is made anew */
    bool is_refreshed; /* recorded once, then refreshed */
    int64_t rows;
    int64_t features;
    int64_t hidden;
} trainer_options;

typedef struct trainer {
    trainer_options options;
    wgt_allocator counter;
    wg_context *ctx;
    wg_graph *g;
    wg_model *m;
    wg_linear first;
    wg_linear second;
    wg_optimizer *o;
    wg_dataset *data;
    wg_batches *batches;
    wg_tensor *x;
    wg_tensor *y;
    wg_node loss;
    double loss_sum;
} trainer;

/* The object must not move afterwards; close it also after a failure. */
wg_status trainer_open(trainer *t, const trainer_options *options);
void trainer_close(trainer *t);

/* Records, differentiates, updates. */
wg_status trainer_step(trainer *t);

/* Trains so many steps from nothing; *digest is a function of every bit of weights and losses. */
wg_status trainer_run(const trainer_options *options, int n_steps, uint64_t *digest);

uint64_t trainer_digest(const trainer *t);

#endif
