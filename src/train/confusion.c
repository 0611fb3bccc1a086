/* Confusion matrices: counting, and what follows from the counts.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: counts change for a whole batch or not at all. */
#include "train/confusion.h"

#include <math.h>
#include <string.h>

#include "core/context.h"
#include "core/shape.h"
#include "core/tensor.h"

#define MAX_CLASSES 65536

static wg_status check_options(wg_context *ctx, int64_t n_classes,
                               const wg_confusion_options *options)
{
    if (options != NULL && options->size != sizeof *options) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT,
                                "confusion: size of options of another version");
    }
    if (n_classes < 1 || n_classes > MAX_CLASSES) {
        return wgi_context_fail(ctx, WG_ERR_RANGE, "confusion: %lld classes, not 1 to %d",
                                (long long)n_classes, MAX_CLASSES);
    }
    return WG_OK;
}

wg_status wg_confusion_create(wg_context *ctx, int64_t n_classes,
                              const wg_confusion_options *options, wg_confusion **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (ctx == NULL || out == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "confusion: out is NULL");
    }
    wg_status status = check_options(ctx, n_classes, options);
    if (status != WG_OK) {
        return status;
    }
    wg_confusion *c = wgi_alloc_zeroed(&ctx->memory, 1, sizeof *c);
    const size_t n_counts = (size_t)n_classes * ((size_t)n_classes + 1);
    int64_t *counts = c == NULL ? NULL : wgi_alloc_zeroed(&ctx->memory, n_counts, sizeof *counts);
    if (counts == NULL) {
        wgi_release(&ctx->memory, c, sizeof *c);
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "no memory for a confusion of %lld classes",
                                (long long)n_classes);
    }
    *c = (wg_confusion){.ctx = ctx, .n_classes = n_classes, .n_counts = n_counts, .counts = counts};
    if (options != NULL) {
        c->ignored = (wgi_ignored){options->has_ignored_label, options->ignored_label};
    }
    *out = c;
    return WG_OK;
}

void wg_confusion_destroy(wg_confusion *c)
{
    if (c == NULL) {
        return;
    }
    wg_context *ctx = c->ctx;
    wgi_release(&ctx->memory, c->counts, c->n_counts * sizeof *c->counts);
    wgi_release(&ctx->memory, c, sizeof *c);
}

void wg_confusion_clear(wg_confusion *c)
{
    if (c != NULL) {
        memset(c->counts, 0, c->n_counts * sizeof *c->counts);
    }
}

/* ---- counting ----------------------------------------------------------------------------- */

static wg_status check_contexts(const wg_confusion *c, const wg_tensor *a, const wg_tensor *labels)
{
    if (c == NULL || a == NULL || labels == NULL) {
        return wgi_context_fail(c == NULL ? NULL : c->ctx, WG_ERR_ARGUMENT,
                                "confusion: a tensor is NULL");
    }
    if (a->ctx != c->ctx || labels->ctx != c->ctx) {
        return wgi_context_fail(c->ctx, WG_ERR_ARGUMENT, "confusion: a tensor of another context");
    }
    return WG_OK;
}

/* `predicted` may be -1, `truth` is a class or ignored. */
static void count(wg_confusion *c, int64_t truth, int64_t predicted)
{
    if (!wgi_is_ignored(&c->ignored, truth)) {
        const int64_t column = predicted < 0 ? c->n_classes : predicted;
        c->counts[truth * (c->n_classes + 1) + column]++;
    }
}

wg_status wg_confusion_add(wg_confusion *c, const wg_tensor *scores, const wg_tensor *labels)
{
    wg_status status = check_contexts(c, scores, labels);
    wgi_scores s = {0};
    if (status == WG_OK) {
        status = wgi_scores_make("confusion", scores, labels, c->ignored, &s);
    }
    if (status == WG_OK && s.n_classes != c->n_classes) {
        status =
            wgi_context_fail(c->ctx, WG_ERR_SHAPE, "confusion: scores of %lld classes, not %lld",
                             (long long)s.n_classes, (long long)c->n_classes);
    }
    for (int64_t i = 0; status == WG_OK && i < s.n; i++) {
        count(c, s.labels[i], wgi_scores_first(&s, i));
    }
    return status;
}

/* -1 is a class that was predicted, for that none was. */
static wg_status check_predicted(const wg_confusion *c, const wg_tensor *predicted,
                                 const wg_tensor *labels)
{
    const wgi_ignored nothing = {true, -1};
    if (!wgi_same_shape(predicted->type.rank, predicted->type.dims, labels->type.rank,
                        labels->type.dims)) {
        char a[WGI_SHAPE_TEXT];
        char b[WGI_SHAPE_TEXT];
        return wgi_context_fail(
            c->ctx, WG_ERR_SHAPE, "confusion: predicted classes %s, labels %s",
            wgi_shape_text(predicted->type.rank, predicted->type.dims, a, sizeof a),
            wgi_shape_text(labels->type.rank, labels->type.dims, b, sizeof b));
    }
    return wgi_labels_check("confusion: predicted classes", predicted, c->n_classes, nothing);
}

wg_status wg_confusion_add_classes(wg_confusion *c, const wg_tensor *predicted,
                                   const wg_tensor *labels)
{
    wg_status status = check_contexts(c, predicted, labels);
    if (status == WG_OK) {
        status = wgi_labels_check("confusion", labels, c->n_classes, c->ignored);
    }
    if (status == WG_OK) {
        status = check_predicted(c, predicted, labels);
    }
    if (status != WG_OK) {
        return status;
    }
    const int64_t *x = wg_tensor_data(predicted);
    const int64_t *y = wg_tensor_data(labels);
    for (int64_t i = 0; i < wg_tensor_count(labels); i++) {
        count(c, y[i], x[i]);
    }
    return WG_OK;
}

/* ---- reading ------------------------------------------------------------------------------ */

int64_t wg_confusion_classes(const wg_confusion *c)
{
    return c == NULL ? 0 : c->n_classes;
}

int64_t wg_confusion_total(const wg_confusion *c)
{
    int64_t total = 0;
    for (size_t i = 0; c != NULL && i < c->n_counts; i++) {
        total += c->counts[i];
    }
    return total;
}

int64_t wg_confusion_count(const wg_confusion *c, int64_t truth, int64_t predicted)
{
    if (c == NULL || truth < 0 || truth >= c->n_classes || predicted < -1 ||
        predicted >= c->n_classes) {
        return 0;
    }
    return c->counts[truth * (c->n_classes + 1) + (predicted < 0 ? c->n_classes : predicted)];
}

/* What all scores are made of. */
typedef struct tally {
    int64_t right;
    int64_t predicted;
    int64_t support;
} tally;

static tally tally_of(const wg_confusion *c, int64_t class)
{
    const int64_t stride = c->n_classes + 1;
    tally t = {.right = c->counts[class * stride + class]};
    for (int64_t k = 0; k < stride; k++) {
        t.support += c->counts[class * stride + k];
    }
    for (int64_t truth = 0; truth < c->n_classes; truth++) {
        t.predicted += c->counts[truth * stride + class];
    }
    return t;
}

static double divide(double a, double b)
{
    return b > 0 ? a / b : 0;
}

static wg_class_scores scores_of(const tally *t)
{
    return (wg_class_scores){
        .precision = divide((double)t->right, (double)t->predicted),
        .recall = divide((double)t->right, (double)t->support),
        .f1 = divide(2 * (double)t->right, (double)t->predicted + (double)t->support),
        .support = t->support,
    };
}

double wg_confusion_accuracy(const wg_confusion *c)
{
    int64_t right = 0;
    for (int64_t i = 0; c != NULL && i < c->n_classes; i++) {
        right += wg_confusion_count(c, i, i);
    }
    const int64_t total = wg_confusion_total(c);
    return total > 0 ? (double)right / (double)total : (double)NAN;
}

wg_status wg_confusion_class(const wg_confusion *c, int64_t i, wg_class_scores *out)
{
    if (out != NULL) {
        *out = (wg_class_scores){0};
    }
    if (c == NULL || out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (i < 0 || i >= c->n_classes) {
        return wgi_context_fail(c->ctx, WG_ERR_RANGE, "confusion: class %lld is none of %lld",
                                (long long)i, (long long)c->n_classes);
    }
    const tally t = tally_of(c, i);
    *out = scores_of(&t);
    return WG_OK;
}

/* Adds the scores of one class, weighted. */
static void add_weighted(wg_class_scores *sum, const tally *t, double weight)
{
    const wg_class_scores s = scores_of(t);
    sum->precision += weight * s.precision;
    sum->recall += weight * s.recall;
    sum->f1 += weight * s.f1;
}

static void add_tally(tally *sum, const tally *t)
{
    sum->right += t->right;
    sum->predicted += t->predicted;
    sum->support += t->support;
}

wg_status wg_confusion_average(const wg_confusion *c, wg_average average, wg_class_scores *out)
{
    if (out != NULL) {
        *out = (wg_class_scores){0};
    }
    if (c == NULL || out == NULL || average < WG_AVERAGE_MACRO || average > WG_AVERAGE_MICRO) {
        return WG_ERR_ARGUMENT;
    }
    tally all = {0, 0, 0};
    wg_class_scores sum = {0};
    for (int64_t i = 0; i < c->n_classes; i++) {
        const tally t = tally_of(c, i);
        add_tally(&all, &t);
        add_weighted(&sum, &t, average == WG_AVERAGE_WEIGHTED ? (double)t.support : 1);
    }
    const double weight =
        average == WG_AVERAGE_WEIGHTED ? (double)all.support : (double)c->n_classes;
    *out = average == WG_AVERAGE_MICRO
               ? scores_of(&all)
               : (wg_class_scores){.precision = divide(sum.precision, weight),
                                   .recall = divide(sum.recall, weight),
                                   .f1 = divide(sum.f1, weight)};
    out->support = all.support;
    return WG_OK;
}
