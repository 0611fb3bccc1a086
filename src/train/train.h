/* A training while it goes on.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: between steps `state` and the caller's objects are all that decides what follows, so
 * that saving and loading them goes on bit by bit. Within an epoch state.batch batches of it have
 * been learned. */
#ifndef WG_TRAIN_TRAIN_H
#define WG_TRAIN_TRAIN_H

#include <wengert/train.h>

#include <wengert/pictures.h>

#include "core/context.h"

/* What batches add up to. */
typedef struct wgi_tally {
    wg_meter loss;
    wg_accuracy accuracy;
    wg_regression regression;
} wgi_tally;

/* What a checkpoint has to hold beside the caller's objects; train_state.c lists the fields. */
typedef struct wgi_train_state {
    int64_t epoch; /* epochs that have ended; -1 outside of a training */
    int64_t step;
    int64_t batch;
    int64_t best_epoch; /* 0: none */
    int64_t n_bad;      /* epochs judged since the best */
    double best;
    double rate;    /* of the last step */
    double seconds; /* up to the last save */
    wgi_tally tally;
    wg_measures train;
    wg_measures valid;
} wgi_train_state;

typedef struct wgi_trainer {
    const wg_training *t;
    wg_context *ctx;
    const char *who;    /* stands first in messages */
    bool is_validating; /* for messages; so is n_measured */
    int64_t n_measured; /* batches of this validation */
    uint32_t metrics;   /* asked for, and those that are watched */
    int64_t n_batches;  /* in an epoch */
    wgi_train_state state;
    bool is_over;
    wg_stop_reason reason;
    bool is_resumed;
    double started;
    bool is_saved; /* last_path holds the state as it is */

    wg_tensor *counts; /* the state, on its way to or from a file */
    wg_tensor *reals;
    size_t n_best;
    wg_tensor **best;              /* n_best weights; NULL unless they are restored */
    wg_checkpoint_tensor *tensors; /* n_tensors of a file: the caller's, best, counts, reals */
    size_t n_tensors;
    size_t room; /* for tensors: one more, the history */

    wg_progress progress;
    bool is_silent; /* nothing is asked for, or the writer has failed */
} wgi_trainer;

/* ---- train_check.c ------------------------------------------------------------------------ */

/* What wg_evaluate reads, and all of it. */
WGI_NODISCARD wg_status wgi_training_check_measuring(const wg_training *t, const wg_batches *b);
WGI_NODISCARD wg_status wgi_training_check(const wg_training *t);

/* The bit of wg_training.metrics that `watch` wants; 0: none. */
uint32_t wgi_watched_metric(wg_watch watch);

/* ---- train_batch.c ------------------------------------------------------------------------ */

/* An empty tally of the metrics' options. */
wgi_tally wgi_tally_make(const wg_training *t);

wg_measures wgi_measures_none(void);

/* Without scores taken in, the metrics are NaN. */
wg_measures wgi_tally_measures(const wgi_tally *tally, uint32_t metrics);

/* What a callback returned, where that is a status. */
wg_status wgi_train_returned(wg_status status);

/* Sets the message: who, epoch, batch, and what the graph or else `text` tells. */
wg_status wgi_train_fail(const wgi_trainer *r, wg_status status, const char *text);

/* The same with what the context tells. */
wg_status wgi_train_fail_by_context(const wgi_trainer *r, wg_status status);

/* Resets, records and runs one batch backward; its mean loss counts `scale` times in the gradients.
 */
WGI_NODISCARD wg_status wgi_train_batch(wgi_trainer *r, const wg_batch *batch, double scale,
                                        double *loss);

/* Measures a whole epoch of b, and leaves b at its start. */
WGI_NODISCARD wg_status wgi_train_measure(wgi_trainer *r, wg_batches *b, wg_measures *out);

/* ---- train_state.c ------------------------------------------------------------------------ */

/* Takes the memory that a training wants. Close it in any case. */
WGI_NODISCARD wg_status wgi_trainer_open(wgi_trainer *r);
void wgi_trainer_close(wgi_trainer *r);

/* Goes on from last_path, where it is wanted and there is one. */
WGI_NODISCARD wg_status wgi_trainer_resume(wgi_trainer *r);

WGI_NODISCARD wg_status wgi_trainer_save(wgi_trainer *r);

/* Notes that the weights as they are are the best so far. */
WGI_NODISCARD wg_status wgi_trainer_keep_best(wgi_trainer *r);

/* Gives the model its best weights back, if they were kept. */
WGI_NODISCARD wg_status wgi_trainer_restore_best(wgi_trainer *r);

double wgi_trainer_seconds(const wgi_trainer *r);

/* ---- train_show.c ------------------------------------------------------------------------- */

/* Tells of a step of n examples, or of an epoch. Writers that fail are not asked again. */
void wgi_train_show_step(wgi_trainer *r, double loss, int64_t n);
void wgi_train_show_epoch(wgi_trainer *r, const wg_epoch *epoch);
void wgi_train_show_end(wgi_trainer *r);

/* Adds to the history, if there is one. */
WGI_NODISCARD wg_status wgi_train_keep_step(wgi_trainer *r, double loss);
WGI_NODISCARD wg_status wgi_train_keep_epoch(wgi_trainer *r, const wg_epoch *epoch);

#endif
