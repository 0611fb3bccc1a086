/* One batch: learned, or measured.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: nothing is allocated here but by recording and running. */
#include "train/train.h"

#include <math.h>

#include <wengert/ops_pointwise.h>

#include "core/callback.h"

#define TEXT_BYTES 960

wgi_tally wgi_tally_make(const wg_training *t)
{
    return (wgi_tally){.accuracy = {.k = t->top_k,
                                    .has_ignored_label = t->has_ignored_label,
                                    .ignored_label = t->ignored_label}};
}

wg_measures wgi_measures_none(void)
{
    const double nan = (double)NAN;
    return (wg_measures){nan, nan, nan, nan, nan, 0};
}

wg_measures wgi_tally_measures(const wgi_tally *tally, uint32_t metrics)
{
    wg_measures m = wgi_measures_none();
    m.loss = wg_meter_mean(&tally->loss);
    m.perplexity = wg_meter_perplexity(&tally->loss);
    m.weight = tally->loss.weight;
    if ((metrics & WG_MEASURE_ACCURACY) != 0) {
        m.accuracy = wg_accuracy_value(&tally->accuracy);
    }
    if ((metrics & WG_MEASURE_TOP_K) != 0) {
        m.top_k = wg_accuracy_top_k(&tally->accuracy);
    }
    if ((metrics & WG_MEASURE_R2) != 0) {
        m.r2 = wg_regression_r2(&tally->regression);
    }
    return m;
}

/* ---- messages ----------------------------------------------------------------------------- */

/* Where a training is: "epoch 3, validation batch 2: ". */
static void add_place(const wgi_trainer *r, wgi_text *text)
{
    const long long epoch = r->state.epoch;
    const long long batch = r->state.batch;
    if (epoch < 0) {
        wgi_text_add(text, "batch %lld: ", (long long)r->n_measured);
    } else if (r->is_validating) {
        wgi_text_add(text, "epoch %lld, validation batch %lld: ", epoch + 1,
                     (long long)r->n_measured);
    } else if (batch > 0) {
        wgi_text_add(text, "epoch %lld, batch %lld: ", epoch + 1, batch);
    } else if (epoch > 0) {
        wgi_text_add(text, "after epoch %lld: ", epoch);
    }
}

static wg_status fail(const wgi_trainer *r, wg_status status, const char *told)
{
    char copy[TEXT_BYTES];
    wgi_text text = wgi_text_make(copy, sizeof copy);
    wgi_text_add(&text, "%s: ", r->who);
    add_place(r, &text);
    wgi_text_add(&text, "%s", told);
    return wgi_context_fail(r->ctx, status, "%s", copy);
}

wg_status wgi_train_fail(const wgi_trainer *r, wg_status status, const char *text)
{
    const char *told = wg_graph_error(r->t->graph);
    return fail(r, status, told[0] != 0 ? told : text);
}

wg_status wgi_train_fail_by_context(const wgi_trainer *r, wg_status status)
{
    const char *told = wg_context_error(r->ctx);
    return fail(r, status, told[0] != 0 ? told : wg_status_text(status));
}

/* ---- recording ---------------------------------------------------------------------------- */

/* What compares scores with labels. */
static bool wants_scores(const wgi_trainer *r, bool is_learning)
{
    const uint32_t all = WG_MEASURE_ACCURACY | WG_MEASURE_TOP_K | WG_MEASURE_R2;
    return is_learning ? r->t->measures_training && (r->metrics & all) != 0
                       : (r->metrics & all) != 0 || r->t->confusion != NULL;
}

wg_status wgi_train_returned(wg_status status)
{
    wg_fault no_message = {NULL, 0};
    return wgi_callback_status(status, &no_message);
}

static wg_status check_recorded(const wgi_trainer *r, const wg_recorded *made, bool is_learning)
{
    if (!(isfinite(made->weight) && made->weight >= 0)) {
        return wgi_train_fail(r, WG_ERR_CALLBACK, "record gave a weight that is none");
    }
    if (!wg_is_valid(made->loss) || made->loss.graph != r->t->graph) {
        return wgi_train_fail(r, WG_ERR_CALLBACK, "record gave no loss");
    }
    if (wants_scores(r, is_learning) &&
        (!wg_is_valid(made->scores) || made->scores.graph != r->t->graph || made->labels == NULL)) {
        return wgi_train_fail(r, WG_ERR_CALLBACK, "metrics want scores and labels");
    }
    return WG_OK;
}

/* Fills in what the callback left out. */
static wg_status record(const wgi_trainer *r, const wg_batch *batch, bool is_learning,
                        wg_recorded *made)
{
    const wg_training *t = r->t;
    *made = (wg_recorded){.weight = 0};
    wg_status status = wg_graph_reset(t->graph);
    if (status == WG_OK) {
        status = wgi_train_returned(t->record(t->graph, batch, t->user, made));
    }
    if (status == WG_OK) {
        status = wg_graph_status(t->graph);
    }
    if (status != WG_OK) {
        return wgi_train_fail(r, status, wg_status_text(status));
    }
    made->labels = made->labels == NULL ? batch->y : made->labels;
    made->weight = made->weight == 0 ? (double)batch->n : made->weight;
    return check_recorded(r, made, is_learning);
}

/* ---- metrics ------------------------------------------------------------------------------ */

static wg_status take_scores(const wgi_trainer *r, const wg_tensor *scores, const wg_tensor *labels,
                             wgi_tally *tally)
{
    wg_status status = WG_OK;
    if ((r->metrics & (WG_MEASURE_ACCURACY | WG_MEASURE_TOP_K)) != 0) {
        status = wg_accuracy_add(&tally->accuracy, scores, labels);
    }
    if (status == WG_OK && (r->metrics & WG_MEASURE_R2) != 0) {
        status = wg_regression_add(&tally->regression, scores, labels);
    }
    return status;
}

/* After the run that computed loss and scores: reading them is free. */
static wg_status take_in(const wgi_trainer *r, const wg_recorded *made, bool is_learning,
                         wgi_tally *tally, double *loss)
{
    const wg_tensor *scores = NULL;
    wg_status status = wg_get_item(made->loss, loss);
    if (status == WG_OK && wants_scores(r, is_learning)) {
        status = wg_get(made->scores, &scores);
    }
    if (status != WG_OK) {
        return wgi_train_fail(r, status, wg_status_text(status));
    }
    (void)wg_meter_add(&tally->loss, *loss, made->weight);
    if (scores == NULL) {
        return WG_OK;
    }
    status = take_scores(r, scores, made->labels, tally);
    if (status == WG_OK && !is_learning && r->t->confusion != NULL) {
        status = wg_confusion_add(r->t->confusion, scores, made->labels);
    }
    return status == WG_OK ? WG_OK : wgi_train_fail_by_context(r, status);
}

/* ---- the two runs ------------------------------------------------------------------------- */

wg_status wgi_train_batch(wgi_trainer *r, const wg_batch *batch, double scale, double *loss)
{
    wg_recorded made;
    wg_status status = record(r, batch, true, &made);
    if (status != WG_OK) {
        return status;
    }
    wg_node root = made.loss;
    if (scale != 1) {
        root = wg_scale(made.loss, scale);
        status = wg_keep(made.loss);
    }
    if (status == WG_OK && wants_scores(r, true)) {
        status = wg_keep(made.scores);
    }
    if (status == WG_OK) {
        status = wg_backward(root);
    }
    if (status != WG_OK) {
        return wgi_train_fail(r, status, wg_status_text(status));
    }
    return take_in(r, &made, true, &r->state.tally, loss);
}

static wg_status measure_batch(wgi_trainer *r, const wg_batch *batch, wgi_tally *tally)
{
    wg_recorded made;
    double loss;
    wg_status status = record(r, batch, false, &made);
    if (status != WG_OK) {
        return status;
    }
    const wg_node nodes[] = {made.loss, made.scores};
    status = wg_run(nodes, wants_scores(r, false) ? 2 : 1);
    if (status != WG_OK) {
        return wgi_train_fail(r, status, wg_status_text(status));
    }
    return take_in(r, &made, false, tally, &loss);
}

static wg_status measure_all(wgi_trainer *r, wg_batches *b, wgi_tally *tally)
{
    wg_batch batch;
    wg_status status = WG_OK;
    r->n_measured = 0;
    while (status == WG_OK && wg_batches_next(b, &batch)) {
        r->n_measured++;
        status = measure_batch(r, &batch, tally);
    }
    return status;
}

wg_status wgi_train_measure(wgi_trainer *r, wg_batches *b, wg_measures *out)
{
    const bool was_training = wg_graph_is_training(r->t->graph);
    wgi_tally tally = wgi_tally_make(r->t);
    wg_batches_state start;
    wg_status status = wg_batches_get_state(b, &start);
    start.next = 0;
    if (status == WG_OK) {
        status = wg_batches_set_state(b, &start);
    }
    if (status == WG_OK) {
        status = wg_graph_set_training(r->t->graph, false);
    }
    wg_confusion_clear(r->t->confusion);
    r->is_validating = r->state.epoch >= 0;
    if (status == WG_OK) {
        status = measure_all(r, b, &tally);
    }
    r->is_validating = false;
    (void)wg_graph_set_training(r->t->graph, was_training);
    (void)wg_batches_set_state(b, &start);
    *out = status == WG_OK ? wgi_tally_measures(&tally, r->metrics) : wgi_measures_none();
    return status;
}
