/* Losses. ops.h says what holds for all ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_LOSS_H
#define WG_OPS_LOSS_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What becomes of the losses of the elements. By name: "mean", "sum", "none". */
typedef enum wg_reduction {
    WG_REDUCTION_MEAN = 0, /**< their mean, rank 0; NaN of none */
    WG_REDUCTION_SUM = 1,  /**< their sum, rank 0 */
    WG_REDUCTION_NONE = 2  /**< they stay as they are */
} wg_reduction;

/* ---- regression: input and target have one shape and one dtype, floating; nothing broadcasts;
 * both get gradients; what a reduction is not is WG_ERR_ARGUMENT ---------------------------- */

/** Mean of (a - b)^2 over all elements, rank 0. Same shape and dtype, floating. */
WG_API wg_node wg_mse(wg_node a, wg_node b);

/** 1/2 sum of (a - b)^2 over all elements, rank 0. Same shape and dtype, floating. */
WG_API wg_node wg_half_sum_squares(wg_node a, wg_node b);

/** (input - target)^2; with WG_REDUCTION_MEAN it is wg_mse. */
WG_API wg_node wg_mse_loss(wg_node input, wg_node target, wg_reduction reduction);

/** |input - target|. Gradient: gate(dy, sign), 0 where they are equal. */
WG_API wg_node wg_l1_loss(wg_node input, wg_node target, wg_reduction reduction);

/**
 * Of d = input - target: d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2).
 *
 * Gradient: gate(dy, d clamped to [-delta, delta]). Delta is number 0 of an op within.
 * Errors: WG_ERR_ARGUMENT (delta not above 0).
 * Source: Huber 1964.
 */
WG_API wg_node wg_huber_loss(wg_node input, wg_node target, double delta, wg_reduction reduction);

/**
 * Of d = input - target: d^2 / (2 beta) where |d| < beta, else |d| - beta / 2; wg_l1_loss for a
 * beta of 0. That is wg_huber_loss / beta.
 *
 * Gradient: gate(dy, d / beta clamped to [-1, 1]). Beta is number 0 of an op within.
 * Errors: WG_ERR_ARGUMENT (beta below 0 or not finite).
 * Source: Girshick 2015.
 */
WG_API wg_node wg_smooth_l1_loss(wg_node input, wg_node target, double beta,
                                 wg_reduction reduction);

/** max(0, margin - target * input), with targets of +-1: the loss of a support vector machine for a
 * margin of 1. Gradient: gate(dy, -target) where it is above 0, 0 at the kink. */
WG_API wg_node wg_hinge_loss(wg_node input, wg_node target, double margin, wg_reduction reduction);

/**
 * Of a normal distribution with mean `input` and variance v = max(var, eps):
 * (log v + (input - target)^2 / v) / 2, and log(2 pi) / 2 more where `full` is true.
 *
 * var  the shape and dtype of input
 * eps  > 0; a var at or below it gets no gradient
 *
 * Errors: WG_ERR_ARGUMENT (eps), WG_ERR_SHAPE, WG_ERR_DTYPE.
 */
WG_API wg_node wg_gaussian_nll_loss(wg_node input, wg_node target, wg_node var, bool full,
                                    double eps, wg_reduction reduction);

/* ---- probabilities ------------------------------------------------------------------------ */

/**
 * Mean over the rows of -log softmax(logits)[target].
 *
 * logits   [n, classes], floating
 * targets  i64 [n], class labels; or the dtype of logits, [n, classes], probabilities p with
 *          -sum p log softmax(logits), where 0 * -inf counts 0
 * returns  rank 0; output 1 is softmax(logits), [n, classes]
 *
 * Gradient: d logits = (softmax(logits) sum_k p - p) dy / n; d p = -log softmax(logits) dy / n.
 * Numerics: NaN for n = 0. Errors when run: WG_ERR_RANGE (a label outside [0, classes)).
 */
WG_API wg_node wg_cross_entropy(wg_node logits, wg_node targets);

/** Zeros mean none and the mean; .size = sizeof the struct. By name, an ignore_index that is given
 * is one that holds. */
typedef struct wg_cross_entropy_options {
    size_t size;
    wg_node weight; /**< [classes], the dtype of the logits; a zero handle: all 1 */
    bool has_ignore_index;
    int64_t ignore_index;   /**< labels that count nothing; may lie outside [0, classes) */
    double label_smoothing; /**< in [0, 1] */
    wg_reduction reduction;
} wg_cross_entropy_options;

/**
 * wg_cross_entropy with all that PyTorch's can be asked for; NULL, or options that ask for nothing,
 * record it, which is the fastest. Else other ops are recorded, of l = log softmax(logits) along
 * the classes.
 *
 * logits   [classes] or [n, classes, ...], floating
 * targets  i64 of that shape without the classes: -weight[t] l[t]; or probabilities p of the dtype
 *          and shape of logits: -sum_k weight[k] p[k] l[k], where 0 * -inf counts 0
 * label_smoothing  s: (1 - s) of the above and s / classes of -sum_k weight[k] l[k]
 * returns  rank 0; with WG_REDUCTION_NONE the shape of labels. A mean over labels is divided by the
 *          sum of the weights of those that count, one over probabilities by their number
 *
 * Gradient: to logits, probabilities and weight. Numerics: the mean is NaN where no label counts,
 * and its gradient 0. Errors: WG_ERR_SHAPE, WG_ERR_DTYPE, WG_ERR_ARGUMENT (label_smoothing,
 * reduction, size; ignore_index with probabilities); when run: WG_ERR_RANGE (a label that counts
 * outside [0, classes), told with its row and the number of classes).
 */
WG_API wg_node wg_cross_entropy_with(wg_node logits, wg_node targets,
                                     const wg_cross_entropy_options *options);

/** The same of log-probabilities and labels: -weight[t] input[t]; no label_smoothing. */
WG_API wg_node wg_nll_loss(wg_node input, wg_node targets, const wg_cross_entropy_options *options);

/**
 * Kullback-Leibler divergence, element by element: p (log p - input), where p = 0 counts 0.
 *
 * input       log-probabilities, floating
 * target      p, the same shape and dtype; log p where log_target is true
 * reduction   PyTorch's "batchmean" is the sum, scaled by 1/n
 *
 * Gradient: -p to input. Errors: WG_ERR_SHAPE, WG_ERR_DTYPE, WG_ERR_ARGUMENT (reduction).
 */
WG_API wg_node wg_kl_div(wg_node input, wg_node target, bool log_target, wg_reduction reduction);

/**
 * -weight (t log p + (1 - t) log(1 - p)), each logarithm no less than -100.
 *
 * input   p in [0, 1], floating
 * target  t, the same shape and dtype
 * weight  the same; a zero handle: all 1
 *
 * Gradient: to p -weight (t / max(p, 1e-12) - (1 - t) / max(1 - p, 1e-12)), which does not vanish
 * where the logarithm is held. Errors: WG_ERR_SHAPE, WG_ERR_DTYPE, WG_ERR_ARGUMENT (reduction).
 */
WG_API wg_node wg_binary_cross_entropy(wg_node input, wg_node target, wg_node weight,
                                       wg_reduction reduction);

/**
 * weight (pos_weight t softplus(-x) + (1 - t) softplus(x)): binary cross entropy of p = sigmoid(x),
 * exact however large x is.
 *
 * input       x, floating
 * target      t, the same shape and dtype
 * weight      the same; a zero handle: all 1
 * pos_weight  broadcasts to x, one for each class; a zero handle: all 1
 *
 * Errors: WG_ERR_SHAPE, WG_ERR_DTYPE, WG_ERR_ARGUMENT (reduction).
 */
WG_API wg_node wg_binary_cross_entropy_with_logits(wg_node input, wg_node target, wg_node weight,
                                                   wg_node pos_weight, wg_reduction reduction);

/* ---- angles ------------------------------------------------------------------------------- */

/**
 * sum(a b) / (max(|a|, eps) max(|b|, eps)) along an axis, which is gone from the result.
 *
 * a, b  one shape of rank >= 1 and one dtype, floating
 * axis  in [-rank, rank)
 * eps   > 0, such as 1e-8: a norm at or below it is a constant, so that zeros have similarity 0 and
 *       a finite gradient
 *
 * Errors: WG_ERR_RANGE (axis), WG_ERR_ARGUMENT (eps), WG_ERR_SHAPE, WG_ERR_DTYPE.
 */
WG_API wg_node wg_cosine_similarity(wg_node a, wg_node b, int32_t axis, double eps);

/**
 * Of y = wg_cosine_similarity(a, b, -1, 1e-8): 1 - y where target > 0, else max(0, y - margin).
 *
 * a, b    one shape of rank >= 1 and one dtype, floating
 * target  +-1, the same dtype, the shape without the last axis
 *
 * Errors: WG_ERR_SHAPE, WG_ERR_DTYPE, WG_ERR_ARGUMENT (reduction).
 */
WG_API wg_node wg_cosine_embedding_loss(wg_node a, wg_node b, wg_node target, double margin,
                                        wg_reduction reduction);

#ifdef __cplusplus
}
#endif
#endif
