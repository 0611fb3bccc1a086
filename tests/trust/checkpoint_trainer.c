/* A trainer with all that a checkpoint holds.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The losses decide the rate: whatever is not restored changes the bits of all later steps. */
#include "checkpoint_trainer.h"

#include <string.h>

#define N_HISTORY 8

static wg_status make_own(checkpoint_trainer *c)
{
    const int64_t n = N_HISTORY;
    const wg_schedule_options schedule = {.size = sizeof schedule,
                                          .kind = WG_SCHEDULE_PLATEAU,
                                          .warmup_steps = 5,
                                          .factor = 0.9,
                                          .patience = 2};
    wg_status status = wg_schedule_create(c->t.o, &schedule, &c->schedule);
    if (status == WG_OK) {
        status = wg_tensor_create(c->t.ctx, WG_F64, 1, &n, &c->history);
    }
    c->noise = wg_rng_make(11, UINT64_MAX);
    c->rngs[0] = &c->noise;
    c->numbers[0] = (wg_checkpoint_number){.name = "steps", .integer = &c->n_steps};
    c->numbers[1] = (wg_checkpoint_number){.name = "loss_sum", .real = &c->t.loss_sum};
    c->tensors[0] = (wg_checkpoint_tensor){.name = "history", .tensor = c->history};
    return status;
}

wg_status checkpoint_trainer_open(checkpoint_trainer *c, bool is_refreshed)
{
    const trainer_options options = {.seed = 5,
                                     .threads = 1,
                                     .is_refreshed = is_refreshed,
                                     .rows = 8,
                                     .features = 12,
                                     .hidden = 16};
    memset(c, 0, sizeof *c);
    wg_status status = trainer_open(&c->t, &options);
    if (status == WG_OK) {
        status = make_own(c);
    }
    c->all = (wg_checkpoint){.size = sizeof c->all,
                             .model = c->t.m,
                             .optimizer = c->t.o,
                             .schedule = c->schedule,
                             .batches = c->t.batches,
                             .graph = c->t.g,
                             .rngs = c->rngs,
                             .n_rngs = 1,
                             .numbers = c->numbers,
                             .n_numbers = 2,
                             .tensors = c->tensors,
                             .n_tensors = 1};
    return status;
}

void checkpoint_trainer_close(checkpoint_trainer *c)
{
    wg_schedule_destroy(c->schedule);
    wg_tensor_destroy(c->history);
    trainer_close(&c->t);
}

/* The loss of this step goes where that of eight steps before was, and the schedule is told how it
 * compares: so both tensor and schedule decide the rate. */
static wg_status observe(checkpoint_trainer *c, double loss)
{
    const int64_t place = c->n_steps % N_HISTORY;
    const double before = wg_tensor_get(c->history, place);
    wg_status status = wg_tensor_set(c->history, place, loss);
    if (status == WG_OK) {
        status = wg_schedule_observe(c->schedule, loss - before);
    }
    return status == WG_OK ? wg_schedule_step(c->schedule) : status;
}

static wg_status disturb(checkpoint_trainer *c)
{
    wg_tensor *weight = wg_param_value(c->t.first.weight);
    const double noise = 0.01 * wg_rng_normal(&c->noise);
    return wg_tensor_set(weight, 0, wg_tensor_get(weight, 0) + noise);
}

wg_status checkpoint_trainer_step(checkpoint_trainer *c)
{
    const double before = c->t.loss_sum;
    wg_status status = c->n_steps % 3 == 0 ? disturb(c) : WG_OK;
    if (status == WG_OK) {
        status = trainer_step(&c->t);
    }
    if (status == WG_OK) {
        status = observe(c, c->t.loss_sum - before);
    }
    c->n_steps++;
    return status;
}

uint64_t checkpoint_trainer_digest(const checkpoint_trainer *c)
{
    uint64_t digest = trainer_digest(&c->t) ^ (uint64_t)c->n_steps << 32 ^ c->noise.position << 48;
    for (int64_t i = 0; i <= N_HISTORY; i++) {
        const double x = i < N_HISTORY ? wg_tensor_get(c->history, i) : wg_optimizer_rate(c->t.o);
        uint64_t bits;
        memcpy(&bits, &x, sizeof bits);
        digest = (digest ^ bits) * UINT64_C(0x100000001b3);
    }
    return digest;
}
