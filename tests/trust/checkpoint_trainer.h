/* A trainer with all that a checkpoint holds: dropout, shuffled batches, Adam, a schedule, a stream
 * of the program's own.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Nothing here asserts: it also runs in processes that are killed. */
#ifndef WG_TRUST_CHECKPOINT_TRAINER_H
#define WG_TRUST_CHECKPOINT_TRAINER_H

#include "trainer.h"

typedef struct checkpoint_trainer {
    trainer t;
    wg_schedule *schedule;
    wg_rng noise; /* added to the first weight now and then */
    wg_rng *rngs[1];
    int64_t n_steps;
    wg_checkpoint_number numbers[2];
    wg_checkpoint_tensor tensors[1];
    wg_tensor *history; /* f64 [8]: of the latest losses */
    wg_checkpoint all;
} checkpoint_trainer;

/* The object must not move afterwards; close it also after a failure. */
wg_status checkpoint_trainer_open(checkpoint_trainer *c, bool is_refreshed);
void checkpoint_trainer_close(checkpoint_trainer *c);

wg_status checkpoint_trainer_step(checkpoint_trainer *c);

/* A function of every bit of weights, losses and positions. */
uint64_t checkpoint_trainer_digest(const checkpoint_trainer *c);

#endif
