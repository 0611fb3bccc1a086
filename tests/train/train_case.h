/* A small training that has everything whose state could be lost: dropout, shuffled batches of
 * which the last is smaller, Adam, a schedule, validation, curves.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: two cases opened alike and trained alike have the same bits. The object must not move
 * while it is open. */
#ifndef WG_TRAIN_TRAIN_CASE_H
#define WG_TRAIN_TRAIN_CASE_H

#include "support/cmocka_all.h"

#include <wengert/wengert.h>

#include "support/allocator.h"
#include "support/files.h"

#define CASE_ROWS 60
#define CASE_BATCH 8
#define CASE_BATCHES 8 /* in an epoch; the last has 4 rows */
#define CASE_FEATURES 4
#define CASE_CLASSES 3

typedef struct train_case {
    wgt_allocator counter;
    wg_context *ctx;
    wg_graph *g;
    wg_model *m;
    wg_linear first;
    wg_linear second;
    wg_optimizer *o;
    wg_schedule *schedule;
    wg_dataset *data;
    wg_dataset *valid_data;
    wg_batches *batches;
    wg_batches *validation;
    wg_history *history;
    wg_stop stop;
    wg_training t; /* record, batches and the like are set; epochs is 3 */

    int64_t n_learned; /* batches that record has seen in training, and in evaluation mode */
    int64_t n_evaluated;
    int64_t act_at; /* the n_learned at which `act` is called by record; 0: never */
    wg_status (*act)(struct train_case *c, wg_recorded *made);
    double dropout;
} train_case;

void train_case_open(train_case *c);
void train_case_open_eager(train_case *c);
void train_case_close(train_case *c);

/* A number of all bits of the parameters. */
uint64_t train_case_digest(const train_case *c);

/* The bits of what is learned and of all that is remembered: parameters, optimizer, curves. */
uint64_t train_case_digest_all(const train_case *c);

/* Trains and expects a status. */
wg_training_report train_case_run(train_case *c, wg_status want);

/* Whether the message of the context holds a text. */
bool train_case_tells(const train_case *c, const char *text);

/* Acts: raise the flag; make the loss NaN; cancel. */
wg_status train_act_stop(train_case *c, wg_recorded *made);
wg_status train_act_nan(train_case *c, wg_recorded *made);
wg_status train_act_cancel(train_case *c, wg_recorded *made);

#endif
