/* Accuracy, and accuracy among the first k.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: n_right and n_nan are at most n, and n_right is at most n_top. */
#include <wengert/metrics.h>

#include <math.h>

#include "core/context.h"
#include "core/tensor.h"
#include "train/scores.h"

#define TOP_K 5

wg_status wg_accuracy_add(wg_accuracy *a, const wg_tensor *scores, const wg_tensor *labels)
{
    if (a == NULL || scores == NULL || labels == NULL || a->k < 0) {
        return WG_ERR_ARGUMENT;
    }
    const wgi_ignored ignored = {a->has_ignored_label, a->ignored_label};
    const int64_t k = a->k == 0 ? TOP_K : a->k;
    wgi_scores s;
    wg_status status = wgi_scores_make("accuracy", scores, labels, ignored, &s);
    if (status != WG_OK) {
        return status;
    }
    for (int64_t i = 0; i < s.n; i++) {
        if (wgi_is_ignored(&ignored, s.labels[i])) {
            continue;
        }
        const int64_t rank = wgi_scores_rank(&s, i);
        a->n++;
        a->n_nan += rank < 0;
        a->n_right += rank == 0;
        a->n_top += rank >= 0 && rank < k;
    }
    return WG_OK;
}

static double part(int64_t n, int64_t of)
{
    return of > 0 ? (double)n / (double)of : (double)NAN;
}

double wg_accuracy_value(const wg_accuracy *a)
{
    return a == NULL ? (double)NAN : part(a->n_right, a->n);
}

double wg_accuracy_top_k(const wg_accuracy *a)
{
    return a == NULL ? (double)NAN : part(a->n_top, a->n);
}
