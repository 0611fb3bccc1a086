/* Metrics: how good predictions are, collected batch by batch.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A metric begins empty, takes in any number of batches and may be asked at any time; the result
 * is that of all its examples at once, however they were cut into batches. Taking a batch in
 * allocates nothing. On an error nothing of the batch counts, and wg_context_error of the tensors'
 * context tells why.
 *
 * Classes are judged by scores [..., classes], floating, one row for each example: logits or
 * probabilities, it is the order alone that counts. Labels are i64 [...], the class of each
 * example. Among equal scores that of the lower class is the higher, as in numpy.argmax. A row in
 * which a score is NaN predicts nothing: it is wrong, whatever its label. */
#ifndef WG_METRICS_H
#define WG_METRICS_H

#include <wengert/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- means ------------------------------------------------------------------------------- */

/** A weighted mean, of losses say; a value that begins as zeros. Its fields are the library's. */
typedef struct wg_meter {
    double sum;
    double rest; /**< what rounding left out of sum (Neumaier 1974) */
    double weight;
} wg_meter;

/**
 * Takes in a value that stands for `weight` examples: the mean loss of a batch with the number of
 * its examples, or of its tokens.
 *
 * value   a NaN makes the mean NaN
 * weight  finite, >= 0
 *
 * Errors: WG_ERR_ARGUMENT; nothing has changed.
 */
WG_API wg_status wg_meter_add(wg_meter *m, double value, double weight);

/** sum(weight value) / sum(weight); NaN for NULL and without weight. */
WG_API double wg_meter_mean(const wg_meter *m);

/** exp of the mean: the perplexity, where the values are mean losses in nats per token and the
 * weights numbers of tokens. NaN for NULL and without weight; infinite above the largest double. */
WG_API double wg_meter_perplexity(const wg_meter *m);

/* ---- accuracy ----------------------------------------------------------------------------- */

/** The part of examples whose class has the highest score, or one of the k highest. A value that
 * begins as zeros but for the first three fields, which are the caller's. */
typedef struct wg_accuracy {
    int64_t k;              /**< of the top-k accuracy; 0: 5 */
    bool has_ignored_label; /**< examples of ignored_label count nothing */
    int64_t ignored_label;  /**< may lie outside [0, classes) */
    int64_t n;              /**< examples that counted */
    int64_t n_right;        /**< of them, with their class first */
    int64_t n_top;          /**< of them, with their class among the first k */
    int64_t n_nan;          /**< of them, with a NaN among the scores */
} wg_accuracy;

/**
 * Takes a batch in. Where there are no more than k classes every row without NaN is right at k.
 * Errors: WG_ERR_ARGUMENT (also a k below 0), WG_ERR_DTYPE, WG_ERR_SHAPE, WG_ERR_RANGE (a label
 * outside [0, classes) that is not ignored), WG_ERR_STALE (a tensor without data).
 */
WG_API wg_status wg_accuracy_add(wg_accuracy *a, const wg_tensor *scores, const wg_tensor *labels);

/** n_right / n and n_top / n; NaN for NULL and without examples. */
WG_API double wg_accuracy_value(const wg_accuracy *a);
WG_API double wg_accuracy_top_k(const wg_accuracy *a);

/* ---- confusion ---------------------------------------------------------------------------- */

/** Counts examples by their class and the class predicted for them. */
typedef struct wg_confusion wg_confusion;

/** Options of a confusion matrix. Set `size` to its sizeof; a zero elsewhere is the default. */
typedef struct wg_confusion_options {
    size_t size;
    bool has_ignored_label; /**< examples of ignored_label count nothing */
    int64_t ignored_label;  /**< may lie outside [0, classes) */
} wg_confusion_options;

/**
 * Creates an empty matrix. All memory is taken here.
 *
 * n_classes  1 to 65536
 * options    NULL for the defaults
 * out        owned by the caller; NULL on failure
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_RANGE (n_classes), WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_confusion_create(wg_context *ctx, int64_t n_classes,
                                                  const wg_confusion_options *options,
                                                  wg_confusion **out);

/** NULL does nothing. */
WG_API void wg_confusion_destroy(wg_confusion *c);

/** Empties a matrix. NULL does nothing. */
WG_API void wg_confusion_clear(wg_confusion *c);

/**
 * Takes in a batch of scores [..., classes], whose last dim is n_classes, with labels i64 [...].
 * Errors: WG_ERR_ARGUMENT (also tensors of another context), WG_ERR_DTYPE, WG_ERR_SHAPE,
 * WG_ERR_RANGE (a label that is no class and not ignored), WG_ERR_STALE (a tensor without data).
 */
WG_API wg_status wg_confusion_add(wg_confusion *c, const wg_tensor *scores,
                                  const wg_tensor *labels);

/** Takes in a batch of predicted classes, i64 of the labels' shape; -1 predicts nothing. Errors: as
 * wg_confusion_add. */
WG_API wg_status wg_confusion_add_classes(wg_confusion *c, const wg_tensor *predicted,
                                          const wg_tensor *labels);

/** The number of classes; 0 for NULL. */
WG_API int64_t wg_confusion_classes(const wg_confusion *c);

/** The number of examples; 0 for NULL. */
WG_API int64_t wg_confusion_total(const wg_confusion *c);

/** The examples of class `truth` for which `predicted` was predicted, or nothing where that is -1;
 * 0 where there are no such classes. */
WG_API int64_t wg_confusion_count(const wg_confusion *c, int64_t truth, int64_t predicted);

/** The part of examples that were predicted rightly; NaN for NULL and without examples. */
WG_API double wg_confusion_accuracy(const wg_confusion *c);

/** What a class, or the mean over classes, reaches. 0 / 0 is 0, as in scikit-learn's
 * classification_report by default. */
typedef struct wg_class_scores {
    double precision; /**< right / predicted as this class */
    double recall;    /**< right / examples of this class */
    double f1;        /**< 2 right / (predicted + examples) */
    int64_t support;  /**< examples */
} wg_class_scores;

/** How the scores of classes become one. */
typedef enum wg_average {
    WG_AVERAGE_MACRO = 0,    /**< the mean over all n_classes, also those that never occurred */
    WG_AVERAGE_WEIGHTED = 1, /**< the mean weighted by support */
    WG_AVERAGE_MICRO = 2     /**< of the sums of right, predicted and examples over the classes */
} wg_average;

/** The scores of one class. Errors, *out zeroed: WG_ERR_ARGUMENT, WG_ERR_RANGE (no such class). */
WG_API wg_status wg_confusion_class(const wg_confusion *c, int64_t i, wg_class_scores *out);

/** The average over all classes; zeros without examples. Errors, *out zeroed: WG_ERR_ARGUMENT. */
WG_API wg_status wg_confusion_average(const wg_confusion *c, wg_average average,
                                      wg_class_scores *out);

/**
 * Writes the scores as a table: a line for each class, then accuracy, macro and weighted average,
 * as scikit-learn's classification_report.
 *
 * names  n_classes names, one may be NULL; or NULL: the classes' numbers. Of a name 24 bytes are
 *        shown; control characters and what is not ASCII become '?'
 *
 * Errors: WG_ERR_ARGUMENT, the writer's.
 */
WG_NODISCARD WG_API wg_status wg_confusion_write_report(const wg_confusion *c,
                                                        const char *const *names,
                                                        const wg_writer *writer);

/** Writes the counts as a table: a line for each class, a column for each predicted one, and a last
 * column "none" where an example had no prediction. Names and errors as
 * wg_confusion_write_report. */
WG_NODISCARD WG_API wg_status wg_confusion_write_matrix(const wg_confusion *c,
                                                        const char *const *names,
                                                        const wg_writer *writer);

/* ---- regression --------------------------------------------------------------------------- */

/** Errors of predicted numbers; a value that begins as zeros. Its fields are the library's: the
 * targets are taken as distances from the first one, and their mean and sum of squares about it
 * merged batch by batch (Chan, Golub, LeVeque 1983), so that a large mean takes no digits away. */
typedef struct wg_regression {
    int64_t n;
    double origin;         /**< the first target */
    double target_mean;    /**< of target - origin */
    double target_squares; /**< sum of (target - origin - target_mean)^2 */
    wg_meter squares;      /**< of (prediction - target)^2 */
    wg_meter distances;    /**< of |prediction - target| */
} wg_regression;

/**
 * Takes a batch in: every element is an example of its own.
 *
 * predictions, targets  floating, of one shape; or [n] and [n, 1]. Dtypes may differ
 *
 * A NaN makes the results NaN.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_DTYPE, WG_ERR_SHAPE, WG_ERR_STALE (a tensor without data).
 */
WG_API wg_status wg_regression_add(wg_regression *r, const wg_tensor *predictions,
                                   const wg_tensor *targets);

/** The mean squared error and the mean absolute error; NaN for NULL and without examples. */
WG_API double wg_regression_mse(const wg_regression *r);
WG_API double wg_regression_mae(const wg_regression *r);

/**
 * R^2 = 1 - sum (prediction - target)^2 / sum (target - mean target)^2, as scikit-learn's r2_score
 * of all elements as one column: where all targets are equal, 1 if every prediction is right, else
 * 0. NaN for NULL and with fewer than two examples.
 */
WG_API double wg_regression_r2(const wg_regression *r);

#ifdef __cplusplus
}
#endif
#endif
