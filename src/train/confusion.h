/* The confusion matrix's own structure.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: counts[truth * (n_classes + 1) + predicted] are >= 0, and the last column counts
 * examples without a prediction. */
#ifndef WG_TRAIN_CONFUSION_H
#define WG_TRAIN_CONFUSION_H

#include <wengert/metrics.h>

#include "train/scores.h"

struct wg_confusion {
    wg_context *ctx;
    int64_t n_classes;
    wgi_ignored ignored;
    size_t n_counts;
    int64_t *counts;
};

#endif
