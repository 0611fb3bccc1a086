/* Whether a training can be begun.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: nothing changes here; a message names the field. */
#include "train/train.h"

#include <math.h>

#define ALL_METRICS (WG_MEASURE_ACCURACY | WG_MEASURE_TOP_K | WG_MEASURE_R2 | WG_MEASURE_PERPLEXITY)

static wg_status refuse(const wg_training *t, const char *text)
{
    return wgi_context_fail(wg_graph_context(t->graph), WG_ERR_ARGUMENT, "train: %s", text);
}

uint32_t wgi_watched_metric(wg_watch watch)
{
    return watch == WG_WATCH_ACCURACY ? WG_MEASURE_ACCURACY
           : watch == WG_WATCH_TOP_K  ? WG_MEASURE_TOP_K
           : watch == WG_WATCH_R2     ? WG_MEASURE_R2
                                      : 0;
}

wg_status wgi_training_check_measuring(const wg_training *t, const wg_batches *b)
{
    if (t == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (t->size != sizeof *t) {
        return refuse(t, "size is of another version");
    }
    if (t->graph == NULL || t->model == NULL || t->record == NULL || b == NULL) {
        return refuse(t, "graph, model, batches and record are needed");
    }
    if (wg_model_context(t->model) != wg_graph_context(t->graph)) {
        return refuse(t, "model and graph are of different contexts");
    }
    if (wg_batches_count(b) == 0) {
        return refuse(t, "there are no batches");
    }
    if ((t->metrics & ~(uint32_t)ALL_METRICS) != 0 || t->top_k < 0) {
        return refuse(t, "metrics has unknown bits, or top_k is below 0");
    }
    return WG_OK;
}

static bool is_some(double x)
{
    return isfinite(x) && x >= 0;
}

static wg_status check_numbers(const wg_training *t)
{
    if (t->epochs < 1) {
        return refuse(t, "epochs is below 1");
    }
    if (t->max_steps < 0 || t->accumulate < 0 || t->validate_every < 0 || t->patience < 0 ||
        t->save_every_epochs < 0 || t->save_every_steps < 0 || t->history_steps < 0) {
        return refuse(t, "max_steps, accumulate, validate_every, patience, save_every_epochs, "
                         "save_every_steps or history_steps is below 0");
    }
    if (!is_some(t->clip_norm) || !is_some(t->clip_value) || !is_some(t->min_delta)) {
        return refuse(t, "clip_norm, clip_value or min_delta is negative or not finite");
    }
    return WG_OK;
}

/* A result of the training that is watched has to be measured. */
static wg_status check_watch(const wg_training *t)
{
    if (t->watch < WG_WATCH_LOSS || t->watch > WG_WATCH_OWN ||
        t->direction < WG_DIRECTION_DEFAULT || t->direction > WG_DIRECTION_MORE ||
        t->nonfinite < WG_NONFINITE_FAIL || t->nonfinite > WG_NONFINITE_LEARN) {
        return refuse(t, "watch, direction or nonfinite is none");
    }
    if (wgi_watched_metric(t->watch) != 0 && t->validation == NULL && !t->measures_training) {
        return refuse(t, "watch is a metric, which wants validation or measures_training");
    }
    if (t->watch == WG_WATCH_OWN && t->on_epoch == NULL) {
        return refuse(t, "watch is the program's own, which wants on_epoch");
    }
    return WG_OK;
}

static wg_status check_objects(const wg_training *t)
{
    const wg_checkpoint *own = t->own;
    if (t->optimizer == NULL) {
        return refuse(t, "optimizer is needed");
    }
    if (t->schedule != NULL && wg_schedule_optimizer(t->schedule) != t->optimizer) {
        return refuse(t, "schedule is of another optimizer");
    }
    if (t->validation != NULL && wg_batches_count(t->validation) == 0) {
        return refuse(t, "validation has no batches");
    }
    if (t->validation == t->batches) {
        return refuse(t, "validation and batches are the same");
    }
    if ((t->resumes || own != NULL || t->save_every_steps > 0) && t->last_path == NULL) {
        return refuse(t, "resumes, own and save_every_steps want last_path");
    }
    if (own != NULL && (own->size != sizeof *own || own->model != NULL || own->optimizer != NULL ||
                        own->schedule != NULL || own->batches != NULL || own->graph != NULL)) {
        return refuse(t, "own has more than rngs, numbers and tensors, or another size");
    }
    if (t->writer != NULL && t->writer->write == NULL) {
        return refuse(t, "writer has no write");
    }
    return WG_OK;
}

wg_status wgi_training_check(const wg_training *t)
{
    wg_status status = wgi_training_check_measuring(t, t == NULL ? NULL : t->batches);
    if (status == WG_OK) {
        status = check_numbers(t);
    }
    if (status == WG_OK) {
        status = check_watch(t);
    }
    return status == WG_OK ? check_objects(t) : status;
}
