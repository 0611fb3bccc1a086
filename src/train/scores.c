/* Scores of classes and their labels.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a row is read once, and never beyond its classes. */
#include "train/scores.h"

#include "core/context.h"
#include "core/shape.h"
#include "core/tensor.h"

/* The loops of a row, once for each dtype: comparing there is faster than converting each score.
 * They do not branch on what they find, so that compilers make vectors of them. */
#define DEFINE_ROWS(type, suffix)                                                                  \
    static bool has_nan_##suffix(const type *x, int64_t n)                                         \
    {                                                                                              \
        int found = 0;                                                                             \
        for (int64_t k = 0; k < n; k++) {                                                          \
            found |= x[k] != x[k];                                                                 \
        }                                                                                          \
        return found != 0;                                                                         \
    }                                                                                              \
    static int64_t first_##suffix(const type *x, int64_t n)                                        \
    {                                                                                              \
        int64_t best = 0;                                                                          \
        for (int64_t k = 1; k < n; k++) {                                                          \
            best = x[k] > x[best] ? k : best;                                                      \
        }                                                                                          \
        return has_nan_##suffix(x, n) ? -1 : best;                                                 \
    }                                                                                              \
    static int64_t rank_##suffix(const type *x, int64_t n, int64_t label)                          \
    {                                                                                              \
        int64_t before = 0;                                                                        \
        for (int64_t k = 0; k < label; k++) {                                                      \
            before += x[k] >= x[label];                                                            \
        }                                                                                          \
        for (int64_t k = label + 1; k < n; k++) {                                                  \
            before += x[k] > x[label];                                                             \
        }                                                                                          \
        return has_nan_##suffix(x, n) ? -1 : before;                                               \
    }

DEFINE_ROWS(float, f32)
DEFINE_ROWS(double, f64)

int64_t wgi_scores_first(const wgi_scores *s, int64_t i)
{
    const int64_t at = i * s->n_classes;
    return s->dtype == WG_F32 ? first_f32((const float *)s->data + at, s->n_classes)
                              : first_f64((const double *)s->data + at, s->n_classes);
}

int64_t wgi_scores_rank(const wgi_scores *s, int64_t i)
{
    const int64_t at = i * s->n_classes;
    return s->dtype == WG_F32 ? rank_f32((const float *)s->data + at, s->n_classes, s->labels[i])
                              : rank_f64((const double *)s->data + at, s->n_classes, s->labels[i]);
}

wg_status wgi_labels_check(const char *who, const wg_tensor *labels, int64_t n_classes,
                           wgi_ignored ignored)
{
    if (wg_tensor_dtype(labels) != WG_I64) {
        return wgi_context_fail(labels->ctx, WG_ERR_DTYPE, "%s: labels are i64, not %s", who,
                                wg_dtype_name(wg_tensor_dtype(labels)));
    }
    const int64_t n = wg_tensor_count(labels);
    const int64_t *label = wg_tensor_data(labels);
    if (label == NULL && n > 0) {
        return wgi_context_fail(labels->ctx, WG_ERR_STALE, "%s: labels without data", who);
    }
    for (int64_t i = 0; i < n; i++) {
        if ((label[i] < 0 || label[i] >= n_classes) && !wgi_is_ignored(&ignored, label[i])) {
            return wgi_context_fail(labels->ctx, WG_ERR_RANGE,
                                    "%s: label %lld of example %lld is none of %lld classes", who,
                                    (long long)label[i], (long long)i, (long long)n_classes);
        }
    }
    return WG_OK;
}

static wg_status check_scores(const char *who, const wg_tensor *scores, const wg_tensor *labels)
{
    const wg_dtype dtype = wg_tensor_dtype(scores);
    if (dtype != WG_F32 && dtype != WG_F64) {
        return wgi_context_fail(scores->ctx, WG_ERR_DTYPE, "%s: scores are floating, not %s", who,
                                wg_dtype_name(dtype));
    }
    const int32_t rank = wg_tensor_rank(scores);
    const int64_t *dims = wg_tensor_dims(scores);
    if (rank < 1 || dims[rank - 1] < 1 ||
        !wgi_same_shape(rank - 1, dims, wg_tensor_rank(labels), wg_tensor_dims(labels))) {
        char a[WGI_SHAPE_TEXT];
        char b[WGI_SHAPE_TEXT];
        return wgi_context_fail(
            scores->ctx, WG_ERR_SHAPE,
            "%s: scores %s and labels %s are not [..., classes] and [...]", who,
            wgi_shape_text(rank, dims, a, sizeof a),
            wgi_shape_text(wg_tensor_rank(labels), wg_tensor_dims(labels), b, sizeof b));
    }
    if (wg_tensor_data(scores) == NULL && wg_tensor_count(scores) > 0) {
        return wgi_context_fail(scores->ctx, WG_ERR_STALE, "%s: scores without data", who);
    }
    return WG_OK;
}

wg_status wgi_scores_make(const char *who, const wg_tensor *scores, const wg_tensor *labels,
                          wgi_ignored ignored, wgi_scores *out)
{
    wg_status status = check_scores(who, scores, labels);
    if (status != WG_OK) {
        return status;
    }
    const int64_t n_classes = wg_tensor_dims(scores)[wg_tensor_rank(scores) - 1];
    *out = (wgi_scores){.data = wg_tensor_data(scores),
                        .dtype = wg_tensor_dtype(scores),
                        .n = wg_tensor_count(labels),
                        .n_classes = n_classes,
                        .labels = wg_tensor_data(labels),
                        .ignored = ignored};
    return wgi_labels_check(who, labels, n_classes, ignored);
}
