/* What a training tells: progress, a line for each epoch, curves.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: nothing that is shown has a part in what is learned. */
#include "train/train.h"

#include <math.h>

#include <wengert/pictures.h>

#define LINE_BYTES 320

/* A result with its name, in the order in which results are shown. */
typedef struct shown {
    const char *name;
    double value;
    bool is_asked;
} shown;

enum {
    N_SHOWN = 5
};

static void list_shown(const wgi_trainer *r, const wg_measures *m, shown out[N_SHOWN])
{
    const uint32_t metrics = r->metrics;
    out[0] = (shown){"loss", m->loss, true};
    out[1] = (shown){"accuracy", m->accuracy, (metrics & WG_MEASURE_ACCURACY) != 0};
    out[2] = (shown){"top-k", m->top_k, (metrics & WG_MEASURE_TOP_K) != 0};
    out[3] = (shown){"R2", m->r2, (metrics & WG_MEASURE_R2) != 0};
    out[4] = (shown){"perplexity", m->perplexity, (metrics & WG_MEASURE_PERPLEXITY) != 0};
}

/* ---- text --------------------------------------------------------------------------------- */

static int64_t steps_in_all(const wgi_trainer *r)
{
    const wg_training *t = r->t;
    const int64_t k = t->accumulate > 1 ? t->accumulate : 1;
    const int64_t in_epoch = (r->n_batches - 1) / k + 1;
    int64_t all = t->epochs <= INT64_MAX / in_epoch ? t->epochs * in_epoch : INT64_MAX;
    return t->max_steps > 0 && t->max_steps < all ? t->max_steps : all;
}

/* The display begins with the first step, which tells how large batches are. */
static void begin(wgi_trainer *r, int64_t n)
{
    const int64_t all = steps_in_all(r);
    const int64_t before = r->state.step - 1;
    const wg_progress_options options = {.size = sizeof options,
                                         .is_terminal = r->t->is_terminal,
                                         .first_step = before < all ? before : all,
                                         .samples_per_step = n};
    r->is_silent = r->t->writer == NULL ||
                   wg_progress_begin(all, r->t->writer, &options, &r->progress) != WG_OK;
}

void wgi_train_show_step(wgi_trainer *r, double loss, int64_t n)
{
    if (r->is_silent) {
        return;
    }
    if (r->progress.n_steps == 0) {
        begin(r, n);
    }
    r->is_silent = r->is_silent || wg_progress_step(&r->progress, r->state.step, loss) != WG_OK;
}

static void add_results(wgi_text *text, const wgi_trainer *r, const wg_measures *m,
                        const char *prefix)
{
    shown results[N_SHOWN];
    list_shown(r, m, results);
    for (int i = 0; i < N_SHOWN; i++) {
        if (results[i].is_asked && !isnan(results[i].value)) {
            wgi_text_add(text, "  %s%s ", prefix, results[i].name);
            wgi_text_add_number(text, results[i].value, 4);
        }
    }
}

void wgi_train_show_epoch(wgi_trainer *r, const wg_epoch *epoch)
{
    if (r->is_silent) {
        return;
    }
    char line[LINE_BYTES];
    wgi_text text = wgi_text_make(line, sizeof line);
    wgi_text_add(&text, "epoch %lld/%lld", (long long)epoch->epoch, (long long)epoch->epochs);
    add_results(&text, r, &epoch->train, "");
    add_results(&text, r, &epoch->valid, "valid ");
    wgi_text_add(&text, "  %s", r->state.best_epoch == epoch->epoch ? "best  " : "");
    wgi_text_add_fixed(&text, epoch->seconds, 1);
    wgi_text_add(&text, " s\n");
    wgi_train_show_end(r);
    r->is_silent =
        r->is_silent || r->t->writer->write(r->t->writer->user, line, text.used) != WG_OK;
}

void wgi_train_show_end(wgi_trainer *r)
{
    if (!r->is_silent && r->progress.n_steps > 0) {
        r->is_silent = wg_progress_end(&r->progress) != WG_OK;
    }
}

/* ---- curves ------------------------------------------------------------------------------- */

wg_status wgi_train_keep_step(wgi_trainer *r, double loss)
{
    const wg_training *t = r->t;
    if (t->history == NULL || t->history_steps == 0 || r->state.step % t->history_steps != 0) {
        return WG_OK;
    }
    wg_status status = wg_history_add(t->history, "step loss", (double)r->state.step, loss);
    return status == WG_OK ? WG_OK : wgi_train_fail_by_context(r, status);
}

static wg_status keep(wgi_trainer *r, const char *prefix, const wg_measures *m, int64_t epoch)
{
    shown results[N_SHOWN];
    wg_status status = WG_OK;
    list_shown(r, m, results);
    for (int i = 0; status == WG_OK && i < N_SHOWN; i++) {
        char name[64];
        wgi_text text = wgi_text_make(name, sizeof name);
        wgi_text_add(&text, "%s %s", prefix, results[i].name);
        /* A NaN among losses is a result; a metric that was not measured is none. */
        if (results[i].is_asked && (i == 0 || !isnan(results[i].value))) {
            status = wg_history_add(r->t->history, name, (double)epoch, results[i].value);
        }
    }
    return status;
}

wg_status wgi_train_keep_epoch(wgi_trainer *r, const wg_epoch *epoch)
{
    if (r->t->history == NULL) {
        return WG_OK;
    }
    wg_status status = keep(r, "train", &epoch->train, epoch->epoch);
    if (status == WG_OK && epoch->is_validated) {
        status = keep(r, "valid", &epoch->valid, epoch->epoch);
    }
    if (status == WG_OK) {
        status = wg_history_add(r->t->history, "rate", (double)epoch->epoch, epoch->rate);
    }
    return status == WG_OK ? WG_OK : wgi_train_fail_by_context(r, status);
}
