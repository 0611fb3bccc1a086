/* Scores of classes and their labels: what the metrics that compare them share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_TRAIN_SCORES_H
#define WG_TRAIN_SCORES_H

#include <wengert/tensor.h>

#include "core/compiler.h"

/* Labels that count nothing. */
typedef struct wgi_ignored {
    bool has_label;
    int64_t label;
} wgi_ignored;

/* A batch that has been found to fit. Invariant: n rows of n_classes scores, and n labels, each in
 * [0, n_classes) or ignored. */
typedef struct wgi_scores {
    const void *data;
    wg_dtype dtype;
    int64_t n;
    int64_t n_classes;
    const int64_t *labels;
    wgi_ignored ignored;
} wgi_scores;

/* Fails in the tensor's context, if there is one, in the name of `who`. */
WGI_NODISCARD wg_status wgi_scores_make(const char *who, const wg_tensor *scores,
                                        const wg_tensor *labels, wgi_ignored ignored,
                                        wgi_scores *out);

/* The labels alone: i64 with data, each of [0, n_classes) or ignored. */
WGI_NODISCARD wg_status wgi_labels_check(const char *who, const wg_tensor *labels,
                                         int64_t n_classes, wgi_ignored ignored);

static inline bool wgi_is_ignored(const wgi_ignored *ignored, int64_t label)
{
    return ignored->has_label && label == ignored->label;
}

/* The class with the highest score of row i, the first of equals; -1 where a score is NaN. */
int64_t wgi_scores_first(const wgi_scores *s, int64_t i);

/* How many classes of row i come before its label; -1 where a score is NaN. */
int64_t wgi_scores_rank(const wgi_scores *s, int64_t i);

#endif
