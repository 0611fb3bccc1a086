/* Training: the loop around record, backward and step, for those who do not want to write it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_TRAIN_H
#define WG_TRAIN_H

#include <wengert/checkpoint.h>
#include <wengert/data.h>
#include <wengert/history.h>
#include <wengert/metrics.h>
#include <wengert/model.h>
#include <wengert/optimizer.h>
#include <wengert/schedule.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the flag ----------------------------------------------------------------------------- */

/** A flag that ends a training from outside; begins as zeros. Its field is the library's. */
typedef struct wg_stop {
    int32_t is_raised;
} wg_stop;

/** Raises the flag. Any thread may call it at any time, and a signal handler too. NULL does
 * nothing. */
WG_API void wg_stop_raise(wg_stop *stop);

/** Lowers the flag, so that it serves again. Any thread. NULL does nothing. */
WG_API void wg_stop_clear(wg_stop *stop);

/** Whether it is raised; false for NULL. Any thread. */
WG_API bool wg_stop_is_raised(const wg_stop *stop);

/* ---- what is measured --------------------------------------------------------------------- */

/** What was recorded for a batch. */
typedef struct wg_recorded {
    wg_node loss;      /**< one element, floating: the mean loss of the batch */
    wg_node scores;    /**< [..., classes], or predicted numbers; zeros where nothing wants them */
    wg_tensor *labels; /**< what scores are compared with, until the next call; NULL: the batch's y
                        */
    double weight;     /**< what the loss is the mean of, as many tokens say; 0: the batch's n */
} wg_recorded;

/** Metrics that compare scores with labels (bits of wg_training.metrics). The loss is always
 * measured, and its exp, the perplexity. */
enum {
    WG_MEASURE_ACCURACY = 1,   /**< wg_accuracy_value */
    WG_MEASURE_TOP_K = 2,      /**< wg_accuracy_top_k */
    WG_MEASURE_R2 = 4,         /**< wg_regression_r2 */
    WG_MEASURE_PERPLEXITY = 8, /**< shown, and kept in the history */
};

/** Results over an epoch, or over the validation batches; NaN where something was not measured. */
typedef struct wg_measures {
    double loss;       /**< mean over the weights, wg_meter_mean */
    double perplexity; /**< exp(loss) */
    double accuracy;
    double top_k;
    double r2;
    double weight; /**< sum of the weights: examples, or tokens */
} wg_measures;

/** What decides which epoch was best: a result of the validation, where there is one, else of the
 * training. */
typedef enum wg_watch {
    WG_WATCH_LOSS = 0,
    WG_WATCH_ACCURACY = 1,
    WG_WATCH_TOP_K = 2,
    WG_WATCH_R2 = 3,
    WG_WATCH_OWN = 4 /**< what on_epoch puts into wg_epoch.watched */
} wg_watch;

/** Which of two watched values is better. */
typedef enum wg_direction {
    WG_DIRECTION_DEFAULT = 0, /**< less for WG_WATCH_LOSS and WG_WATCH_OWN, more for the others */
    WG_DIRECTION_LESS = 1,
    WG_DIRECTION_MORE = 2
} wg_direction;

/** An epoch that has ended. */
typedef struct wg_epoch {
    int64_t epoch;  /**< 1 is the first */
    int64_t epochs; /**< wg_training.epochs */
    int64_t step;   /**< steps of the optimizer so far */
    wg_measures train;
    wg_measures valid; /**< NaN and 0 where this epoch was not validated */
    bool is_validated;
    double rate;        /**< of the optimizer at the last step */
    double seconds;     /**< of the training so far, those before it was resumed too */
    int64_t best_epoch; /**< of those before; 0: none */
    double best;        /**< the watched value then */
    double watched;     /**< of this epoch; may be changed by the callback. NaN is never best */
    bool stop;          /**< may be set by the callback: this epoch is the last */
} wg_epoch;

/* ---- training ----------------------------------------------------------------------------- */

/** What a loss that is NaN or infinite does, or a gradient's norm where clip_norm is set. */
typedef enum wg_nonfinite {
    WG_NONFINITE_FAIL = 0,  /**< wg_train returns WG_ERR_RANGE */
    WG_NONFINITE_STOP = 1,  /**< wg_train returns WG_OK with WG_STOPPED_BY_LOSS */
    WG_NONFINITE_LEARN = 2, /**< nothing: the optimizer steps all the same */
} wg_nonfinite;

/** Why a training ended. */
typedef enum wg_stop_reason {
    WG_STOPPED_AT_END = 0,      /**< all epochs, or max_steps, are done */
    WG_STOPPED_BY_FLAG = 1,     /**< wg_training.stop was raised */
    WG_STOPPED_EARLY = 2,       /**< nothing improved for `patience` epochs */
    WG_STOPPED_BY_CALLBACK = 3, /**< on_epoch set wg_epoch.stop */
    WG_STOPPED_BY_LOSS = 4      /**< a loss or norm was not finite; see wg_nonfinite */
} wg_stop_reason;

/** One English clause for a reason; "?" for a value that is none. Never NULL. */
WG_API const char *wg_stop_reason_text(wg_stop_reason reason);

/**
 * A training. Set `size` to its sizeof; a zero elsewhere is the default. The five fields after
 * `size`, and epochs, are needed. Everything is the caller's and must be of one context.
 */
typedef struct wg_training {
    size_t size;
    wg_model *model;
    wg_optimizer *optimizer; /**< of the model */
    wg_graph *graph;
    wg_batches *batches; /**< epochs begin at their start: where they stand within one is lost */
    /**
     * Records a batch on g, which has been reset; g is in training or in evaluation mode. Another
     * status than WG_OK ends the training. It does not run, reset or step.
     */
    wg_status (*record)(wg_graph *g, const wg_batch *batch, void *user, wg_recorded *out);
    void *user;     /**< for record and on_epoch */
    int64_t epochs; /**< >= 1; of the whole training, those before it was resumed too */

    int64_t max_steps;  /**< steps at most; 0: any number */
    int64_t accumulate; /**< batches whose mean gradient makes one step; 0: 1. The last step of an
                             epoch has those that are left */
    double clip_norm;   /**< wg_clip_grad_norm by the 2-norm; 0: not */
    double clip_value;  /**< wg_clip_grad_value, after clip_norm; 0: not */
    wg_nonfinite nonfinite;

    wg_schedule *schedule; /**< of the optimizer; NULL: none. One that wg_schedule_observes also
                                observes the watched value of each epoch that has one */
    bool is_schedule_of_epochs; /**< wg_schedule_step after each epoch, not after each step */

    wg_batches *validation;  /**< after an epoch, in evaluation mode; NULL: none. Each time from
                                  the start of the same epoch: they are left there */
    int64_t validate_every;  /**< epochs; 0: 1. The last epoch is always validated */
    wg_confusion *confusion; /**< cleared and filled by each validation; NULL: none */

    uint32_t metrics;       /**< WG_MEASURE_ bits; they want wg_recorded.scores */
    bool measures_training; /**< take metrics of the training batches too, as they are learned */
    int64_t top_k;          /**< 0: 5 */
    bool has_ignored_label; /**< for the accuracies */
    int64_t ignored_label;

    wg_watch watch;
    wg_direction direction;
    double min_delta;   /**< what is better by no more than this is not better; >= 0 */
    int64_t patience;   /**< epochs judged in a row without a better one that end the training; 0:
                             any number */
    bool restores_best; /**< leave the model with the weights of the best epoch; not when the flag
                             was raised */

    const char *last_path;     /**< a checkpoint to go on from; NULL: none */
    const char *best_path;     /**< the weights of the best epoch so far, by wg_model_save; NULL:
                                    none */
    int64_t save_every_epochs; /**< last_path after so many; 0: 1. Always at the end */
    int64_t save_every_steps;  /**< and after so many steps; 0: not */
    bool resumes;              /**< go on from last_path, if that file is there */
    const wg_checkpoint *own;  /**< rngs, numbers and tensors of the program's own for last_path,
                                    the other fields zero; NULL: none. Names that begin with
                                    "train." are taken */

    const wg_writer *writer; /**< progress and a line for each epoch; NULL: silent. If it fails,
                                  nothing more is written and the training goes on */
    bool is_terminal;        /**< progress rewrites one line */
    wg_history *history;     /**< gets "train loss", "valid loss", "valid accuracy" and so on at
                                  each epoch; NULL: none */
    int64_t history_steps;   /**< and "step loss" at each multiple of so many steps; 0: not */

    wg_stop *stop; /**< looked at after every step; NULL: none */
    /**
     * Called after an epoch has been measured and before it is judged; NULL: none. It may read
     * everything, draw the history, and call wg_evaluate with other data. Another status than
     * WG_OK ends the training, which returns it.
     */
    wg_status (*on_epoch)(wg_epoch *epoch, void *user);
} wg_training;

/** What came of a training. */
typedef struct wg_training_report {
    wg_stop_reason reason;
    int64_t epochs;     /**< epochs done */
    int64_t steps;      /**< steps done, those before it was resumed too */
    int64_t best_epoch; /**< 0: none was judged */
    double best;        /**< the watched value of it; NaN: none */
    wg_measures train;  /**< of the last epoch that ended; NaN and 0: none */
    wg_measures valid;  /**< of the last validation; NaN and 0: none */
    double seconds;     /**< those before it was resumed too */
    bool is_resumed;    /**< last_path was there */
} wg_training_report;

/**
 * Trains. It does what a program would do by hand, with the public functions alone:
 *
 *     for (int64_t epoch = 0; epoch < epochs && s == WG_OK; epoch++) {
 *         while (s == WG_OK && wg_batches_next(batches, &batch)) {
 *             s = wg_graph_reset(g);
 *             s = s ? s : record(g, &batch, user, &made);
 *             s = s ? s : wg_backward(made.loss);
 *             s = s ? s : wg_clip_grad_norm(model, 1.0, 2, NULL);
 *             s = s ? s : wg_optimizer_step(optimizer);
 *             s = s ? s : wg_schedule_step(schedule);
 *             s = s ? s : wg_meter_add(&loss, wg_item(made.loss), (double)batch.n);
 *         }
 *         s = s ? s : wg_evaluate(&training, validation, &valid);
 *         s = s ? s : wg_checkpoint_save(ctx, "last.safetensors", &all);
 *     }
 *
 * out  what came of it, as far as it went, on an error too; may be NULL
 *
 * The flag: once it is raised the step is finished, last_path saved, and WG_OK returned.
 * Resuming: a training that was stopped, or killed, and is begun again as before with `resumes` has
 * the bits of one that was not, in the midst of an epoch too: weights, optimizer, schedule, orders
 * and random numbers, history, what was best and, with restores_best, its weights. The program
 * makes its objects as before, in a context of the same seed. One that had ended returns at once,
 * unless epochs or max_steps have grown.
 * Cost: beside the loop by hand nothing that can be measured; no step allocates but by what it
 * calls.
 *
 * wg_cancel ends it with WG_ERR_CANCELLED. After an error gradients are empty, the model is that of
 * the last step, nothing has been saved since the last save that was due, and the graph is in its
 * mode of before.
 * Errors: WG_ERR_ARGUMENT (the message names the field), WG_ERR_RANGE (a loss that is not finite),
 * WG_ERR_CALLBACK (record gave no loss, or scores that are wanted, or a value that is no status),
 * and those of the functions above; wg_context_error tells the epoch, the batch and what
 * happened.
 */
WG_NODISCARD WG_API wg_status wg_train(const wg_training *training, wg_training_report *out);

/**
 * Measures a model on batches: one whole epoch of them in evaluation mode, without gradients, from
 * its start, where they are left again. Of the training it reads model, graph, record, user,
 * metrics, top_k, the ignored label and confusion; the others may be zero.
 *
 * out  owned by the caller; NaN and 0 on failure
 *
 * Errors: as wg_train.
 */
WG_NODISCARD WG_API wg_status wg_evaluate(const wg_training *training, wg_batches *batches,
                                          wg_measures *out);

#ifdef __cplusplus
}
#endif
#endif
