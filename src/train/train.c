/* The loop.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a step is whole or has not been: where a batch fails, or has no finite loss, gradients
 * are emptied and the optimizer is not asked. */
#include "train/train.h"

#include <math.h>

#include "core/clock.h"

static void end(wgi_trainer *r, wg_stop_reason reason)
{
    r->is_over = true;
    r->reason = reason;
}

/* ---- a step ------------------------------------------------------------------------------- */

static wg_status judge_number(wgi_trainer *r, const char *what, double x)
{
    if (isfinite(x) || r->t->nonfinite == WG_NONFINITE_LEARN) {
        return WG_OK;
    }
    if (r->t->nonfinite == WG_NONFINITE_STOP) {
        end(r, WG_STOPPED_BY_LOSS);
        return WG_OK;
    }
    char number[32];
    char message[64];
    wgi_text digits = wgi_text_make(number, sizeof number);
    wgi_text text = wgi_text_make(message, sizeof message);
    wgi_text_add_number(&digits, x, 3);
    wgi_text_add(&text, "%s is %s", what, number);
    return wgi_train_fail(r, WG_ERR_RANGE, message);
}

static wg_status clip(wgi_trainer *r)
{
    const wg_training *t = r->t;
    double norm = 0;
    wg_status status = WG_OK;
    if (t->clip_norm > 0) {
        status = wg_clip_grad_norm(t->model, t->clip_norm, 2, &norm);
    }
    if (status == WG_OK && t->clip_value > 0) {
        status = wg_clip_grad_value(t->model, t->clip_value);
    }
    return status == WG_OK ? judge_number(r, "the norm of the gradient", norm)
                           : wgi_train_fail_by_context(r, status);
}

static wg_status update(wgi_trainer *r)
{
    const wg_training *t = r->t;
    wg_status status = wg_optimizer_step(t->optimizer);
    r->is_saved = false;
    r->state.rate = wg_optimizer_rate(t->optimizer);
    if (status == WG_OK && t->schedule != NULL && !t->is_schedule_of_epochs) {
        status = wg_schedule_step(t->schedule);
    }
    r->state.step++;
    return status == WG_OK ? WG_OK : wgi_train_fail_by_context(r, status);
}

static bool is_multiple(int64_t n, int64_t of)
{
    return of > 0 && n % of == 0;
}

/* After the gradients of n examples. */
static wg_status finish_step(wgi_trainer *r, double loss, int64_t n)
{
    wg_status status = clip(r);
    if (status != WG_OK || r->is_over) {
        return status;
    }
    status = update(r);
    if (status == WG_OK) {
        wgi_train_show_step(r, loss, n);
        status = wgi_train_keep_step(r, loss);
    }
    if (status == WG_OK && is_multiple(r->state.step, r->t->save_every_steps)) {
        status = wgi_trainer_save(r);
    }
    return status;
}

static int64_t batches_of_step(const wgi_trainer *r)
{
    const int64_t left = r->n_batches - r->state.batch;
    const int64_t k = r->t->accumulate > 1 ? r->t->accumulate : 1;
    return left < k ? (left > 0 ? left : 1) : k;
}

/* Sets *is_end, and does nothing else, where the epoch has no more batches. */
static wg_status take_step(wgi_trainer *r, bool *is_end)
{
    const int64_t k = batches_of_step(r);
    double sum = 0;
    int64_t n = 0;
    for (int64_t i = 0; i < k; i++) {
        wg_batch batch;
        double loss;
        if (!wg_batches_next(r->t->batches, &batch)) {
            *is_end = true;
            return WG_OK;
        }
        r->state.batch++;
        wg_status status = wgi_train_batch(r, &batch, 1 / (double)k, &loss);
        if (status == WG_OK) {
            status = judge_number(r, "the loss", loss);
        }
        if (status != WG_OK || r->is_over) {
            return status;
        }
        sum += loss;
        n += batch.n;
    }
    return finish_step(r, sum / (double)k, n);
}

/* ---- the end of an epoch ------------------------------------------------------------------ */

static bool is_more_better(const wg_training *t)
{
    return t->direction == WG_DIRECTION_DEFAULT ? wgi_watched_metric(t->watch) != 0
                                                : t->direction == WG_DIRECTION_MORE;
}

static double watched(const wg_training *t, const wg_measures *m)
{
    return t->watch == WG_WATCH_LOSS       ? m->loss
           : t->watch == WG_WATCH_ACCURACY ? m->accuracy
           : t->watch == WG_WATCH_TOP_K    ? m->top_k
           : t->watch == WG_WATCH_R2       ? m->r2
                                           : (double)NAN;
}

static bool is_better(const wgi_trainer *r, double x)
{
    if (isnan(x) || r->state.best_epoch == 0) {
        return !isnan(x);
    }
    return is_more_better(r->t) ? x > r->state.best + r->t->min_delta
                                : x < r->state.best - r->t->min_delta;
}

static bool is_patience_over(const wgi_trainer *r)
{
    return r->t->patience > 0 && r->state.n_bad >= r->t->patience;
}

static wg_status judge(wgi_trainer *r, const wg_epoch *e)
{
    if (!is_better(r, e->watched)) {
        r->state.n_bad++;
        if (is_patience_over(r)) {
            end(r, WG_STOPPED_EARLY);
        }
        return WG_OK;
    }
    r->state.best = e->watched;
    r->state.best_epoch = e->epoch;
    r->state.n_bad = 0;
    return wgi_trainer_keep_best(r);
}

static wg_status go_on_with_schedule(wgi_trainer *r, const wg_epoch *e, bool is_judged)
{
    wg_schedule *schedule = r->t->schedule;
    wg_status status = WG_OK;
    if (schedule != NULL && r->t->is_schedule_of_epochs) {
        status = wg_schedule_step(schedule);
    }
    if (status == WG_OK && is_judged && wg_schedule_observes(schedule)) {
        status = wg_schedule_observe(schedule, e->watched);
    }
    return status == WG_OK ? WG_OK : wgi_train_fail_by_context(r, status);
}

static wg_status measure_epoch(wgi_trainer *r, wg_epoch *e)
{
    const wg_training *t = r->t;
    wg_status status = WG_OK;
    e->epoch = r->state.epoch + 1;
    const bool is_due = is_multiple(e->epoch, t->validate_every > 0 ? t->validate_every : 1);
    e->is_validated = t->validation != NULL && (is_due || e->epoch == t->epochs);
    r->state.train = wgi_tally_measures(&r->state.tally, t->measures_training ? r->metrics : 0);
    r->state.tally = wgi_tally_make(t);
    if (e->is_validated) {
        status = wgi_train_measure(r, t->validation, &r->state.valid);
    }
    e->epochs = t->epochs;
    e->step = r->state.step;
    e->train = r->state.train;
    e->valid = e->is_validated ? r->state.valid : wgi_measures_none();
    e->rate = r->state.rate;
    e->seconds = wgi_trainer_seconds(r);
    e->best_epoch = r->state.best_epoch;
    e->best = r->state.best;
    e->watched = watched(t, t->validation != NULL ? &e->valid : &e->train);
    return status;
}

static wg_status call_back(wgi_trainer *r, wg_epoch *e)
{
    if (r->t->on_epoch == NULL) {
        return WG_OK;
    }
    wg_status status = r->t->on_epoch(e, r->t->user);
    if (status != WG_OK) {
        return wgi_train_fail(r, wgi_train_returned(status), "the callback on_epoch failed");
    }
    if (e->stop) {
        end(r, WG_STOPPED_BY_CALLBACK);
    }
    return WG_OK;
}

static wg_status end_epoch(wgi_trainer *r)
{
    const wg_training *t = r->t;
    wg_epoch e = {0};
    wg_status status = measure_epoch(r, &e);
    const bool is_judged = t->watch == WG_WATCH_OWN || t->validation == NULL || e.is_validated;
    if (status == WG_OK) {
        status = wgi_train_keep_epoch(r, &e);
    }
    if (status == WG_OK) {
        status = call_back(r, &e);
    }
    if (status == WG_OK && is_judged) {
        status = judge(r, &e);
    }
    if (status == WG_OK) {
        status = go_on_with_schedule(r, &e, is_judged);
    }
    if (status != WG_OK) {
        return status;
    }
    wgi_train_show_epoch(r, &e);
    r->state.epoch++;
    r->state.batch = 0;
    r->is_saved = false;
    const int64_t every = t->save_every_epochs > 0 ? t->save_every_epochs : 1;
    return is_multiple(e.epoch, every) ? wgi_trainer_save(r) : WG_OK;
}

/* ---- the whole ---------------------------------------------------------------------------- */

/* What may end a training between two steps. An epoch whose batches are all learned is ended
 * first where max_steps says so: it costs no more steps. */
static void look_around(wgi_trainer *r)
{
    const wg_training *t = r->t;
    if (t->max_steps > 0 && r->state.step >= t->max_steps && r->state.batch < r->n_batches) {
        end(r, WG_STOPPED_AT_END);
    } else if (wg_stop_is_raised(t->stop)) {
        end(r, WG_STOPPED_BY_FLAG);
    }
}

static wg_status run(wgi_trainer *r)
{
    wg_status status = WG_OK;
    if (is_patience_over(r)) {
        end(r, WG_STOPPED_EARLY);
    }
    while (status == WG_OK && !r->is_over && r->state.epoch < r->t->epochs) {
        bool is_end = false;
        look_around(r);
        if (!r->is_over) {
            status = take_step(r, &is_end);
        }
        if (status == WG_OK && is_end) {
            status = end_epoch(r);
        }
    }
    wgi_train_show_end(r);
    if (status != WG_OK || r->reason == WG_STOPPED_BY_LOSS) {
        wg_model_clear_gradients(r->t->model);
    } else {
        status = wgi_trainer_save(r);
    }
    return status == WG_OK && r->reason != WG_STOPPED_BY_FLAG ? wgi_trainer_restore_best(r)
                                                              : status;
}

/* A training that is not resumed begins with an epoch, and with no gradients of before. */
static wg_status start(wgi_trainer *r)
{
    wg_batches_state state;
    wg_status status = wg_graph_set_training(r->t->graph, true);
    if (status == WG_OK && !r->is_resumed) {
        status = wg_batches_get_state(r->t->batches, &state);
        state.next = 0;
    }
    if (status == WG_OK && !r->is_resumed) {
        status = wg_batches_set_state(r->t->batches, &state);
    }
    wg_model_clear_gradients(r->t->model);
    return status;
}

static wgi_trainer make(const wg_training *t, const char *who, int64_t epoch)
{
    const uint32_t metrics = t->metrics | wgi_watched_metric(t->watch);
    return (wgi_trainer){.t = t,
                         .ctx = wg_graph_context(t->graph),
                         .who = who,
                         .metrics = metrics,
                         .n_batches = wg_batches_count(t->batches),
                         .state = {.epoch = epoch,
                                   .best = (double)NAN,
                                   .tally = wgi_tally_make(t),
                                   .train = wgi_measures_none(),
                                   .valid = wgi_measures_none()},
                         .started = wgi_clock(),
                         .is_silent = t->writer == NULL};
}

static wg_training_report report_of(const wgi_trainer *r)
{
    return (wg_training_report){.reason = r->reason,
                                .epochs = r->state.epoch,
                                .steps = r->state.step,
                                .best_epoch = r->state.best_epoch,
                                .best = r->state.best,
                                .train = r->state.train,
                                .valid = r->state.valid,
                                .seconds = wgi_trainer_seconds(r),
                                .is_resumed = r->is_resumed};
}

wg_status wg_train(const wg_training *training, wg_training_report *out)
{
    if (out != NULL) {
        *out = (wg_training_report){
            .best = (double)NAN, .train = wgi_measures_none(), .valid = wgi_measures_none()};
    }
    wg_status status = wgi_training_check(training);
    if (status != WG_OK) {
        return status;
    }
    const bool was_training = wg_graph_is_training(training->graph);
    wgi_trainer r = make(training, "train", 0);
    r.state.rate = wg_optimizer_rate(training->optimizer);
    status = wgi_trainer_open(&r);
    if (status == WG_OK) {
        status = wgi_trainer_resume(&r);
    }
    if (status == WG_OK) {
        status = start(&r);
    }
    if (status == WG_OK) {
        status = run(&r);
    }
    (void)wg_graph_set_training(training->graph, was_training);
    if (out != NULL) {
        *out = report_of(&r);
    }
    wgi_trainer_close(&r);
    return status;
}

wg_status wg_evaluate(const wg_training *training, wg_batches *batches, wg_measures *out)
{
    if (out != NULL) {
        *out = wgi_measures_none();
    }
    wg_status status = wgi_training_check_measuring(training, batches);
    if (status != WG_OK || out == NULL) {
        return status == WG_OK ? WG_ERR_ARGUMENT : status;
    }
    wgi_trainer r = make(training, "evaluate", -1);
    return wgi_train_measure(&r, batches, out);
}
