/* What a training remembers: its memory, its checkpoints, its best weights.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the state goes to and from a file field by field as the two tables say, so that no
 * padding of a struct is ever written. */
#include "train/train.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "train/history.h"

#define HISTORY "train.history"
#define FIELD(name) offsetof(wgi_train_state, name)

static const size_t COUNTS[] = {
    FIELD(epoch),
    FIELD(step),
    FIELD(batch),
    FIELD(best_epoch),
    FIELD(n_bad),
    FIELD(tally.accuracy.n),
    FIELD(tally.accuracy.n_right),
    FIELD(tally.accuracy.n_top),
    FIELD(tally.accuracy.n_nan),
    FIELD(tally.regression.n),
};

static const size_t REALS[] = {
    FIELD(best),
    FIELD(rate),
    FIELD(seconds),
    FIELD(tally.loss.sum),
    FIELD(tally.loss.rest),
    FIELD(tally.loss.weight),
    FIELD(tally.regression.origin),
    FIELD(tally.regression.target_mean),
    FIELD(tally.regression.target_squares),
    FIELD(tally.regression.squares.sum),
    FIELD(tally.regression.squares.rest),
    FIELD(tally.regression.squares.weight),
    FIELD(tally.regression.distances.sum),
    FIELD(tally.regression.distances.rest),
    FIELD(tally.regression.distances.weight),
    FIELD(train.loss),
    FIELD(train.perplexity),
    FIELD(train.accuracy),
    FIELD(train.top_k),
    FIELD(train.r2),
    FIELD(train.weight),
    FIELD(valid.loss),
    FIELD(valid.perplexity),
    FIELD(valid.accuracy),
    FIELD(valid.top_k),
    FIELD(valid.r2),
    FIELD(valid.weight),
};

#define N_COUNTS (sizeof COUNTS / sizeof *COUNTS)
#define N_REALS (sizeof REALS / sizeof *REALS)

/* Both kinds of field have 8 bytes. */
static void gather(const wgi_train_state *state, const size_t *fields, size_t n, wg_tensor *to)
{
    char *data = wg_tensor_data_mutable(to);
    for (size_t i = 0; i < n; i++) {
        memcpy(data + 8 * i, (const char *)state + fields[i], 8);
    }
}

static void scatter(const wg_tensor *from, const size_t *fields, size_t n, wgi_train_state *state)
{
    const char *data = wg_tensor_data(from);
    for (size_t i = 0; i < n; i++) {
        memcpy((char *)state + fields[i], data + 8 * i, 8);
    }
}

double wgi_trainer_seconds(const wgi_trainer *r)
{
    return r->state.seconds + (wgi_clock() - r->started);
}

/* ---- memory ------------------------------------------------------------------------------- */

static wg_status create_vector(wg_context *ctx, wg_dtype dtype, size_t n, wg_tensor **out)
{
    const int64_t dim = (int64_t)n;
    return wg_tensor_create(ctx, dtype, 1, &dim, out);
}

/* Weights of the model, to copy the best into. */
static wg_status create_best(wgi_trainer *r)
{
    const size_t n = wg_model_count(r->t->model);
    if (!r->t->restores_best || n == 0) {
        return WG_OK;
    }
    r->best = wgi_alloc_zeroed(&r->ctx->memory, n, sizeof(wg_tensor *));
    if (r->best == NULL) {
        return wgi_context_fail(r->ctx, WG_ERR_MEMORY, "no memory for the best weights");
    }
    r->n_best = n;
    wg_status status = WG_OK;
    for (size_t i = 0; status == WG_OK && i < n; i++) {
        const wg_tensor *value = wg_param_value(wg_model_param(r->t->model, i));
        status = wg_tensor_create(r->ctx, wg_tensor_dtype(value), wg_tensor_rank(value),
                                  wg_tensor_dims(value), &r->best[i]);
    }
    return status;
}

/* Names of best weights: numbers, since a name of a parameter may be as long as a name can be. */
typedef struct best_name {
    char text[32];
} best_name;

/* One block: the entries, and behind them the names of the best weights. */
static size_t tensors_bytes(const wgi_trainer *r)
{
    return r->room * sizeof(wg_checkpoint_tensor) + r->n_best * sizeof(best_name);
}

static void add_tensor(wgi_trainer *r, const char *name, wg_tensor *tensor)
{
    r->tensors[r->n_tensors++] = (wg_checkpoint_tensor){.name = name, .tensor = tensor};
}

static wg_status list_tensors(wgi_trainer *r)
{
    const wg_checkpoint *own = r->t->own;
    const size_t n_own = own == NULL ? 0 : own->n_tensors;
    if (own != NULL && own->tensors == NULL && n_own > 0) {
        return wgi_context_fail(r->ctx, WG_ERR_ARGUMENT, "train: own.tensors is NULL");
    }
    r->room = n_own + 3 + r->n_best;
    r->tensors = wgi_alloc(&r->ctx->memory, tensors_bytes(r));
    if (r->tensors == NULL) {
        return wgi_context_fail(r->ctx, WG_ERR_MEMORY, "no memory for a list of tensors");
    }
    add_tensor(r, "train.counts", r->counts);
    add_tensor(r, "train.reals", r->reals);
    for (size_t i = 0; i < n_own; i++) {
        add_tensor(r, own->tensors[i].name, own->tensors[i].tensor);
    }
    best_name *names = (best_name *)(r->tensors + r->room);
    for (size_t i = 0; i < r->n_best; i++) {
        wgi_text text = wgi_text_make(names[i].text, sizeof names[i].text);
        wgi_text_add(&text, "train.best.%zu", i);
        add_tensor(r, names[i].text, r->best[i]);
    }
    return WG_OK;
}

wg_status wgi_trainer_open(wgi_trainer *r)
{
    wg_status status = create_vector(r->ctx, WG_I64, N_COUNTS, &r->counts);
    if (status == WG_OK) {
        status = create_vector(r->ctx, WG_F64, N_REALS, &r->reals);
    }
    if (status == WG_OK) {
        status = create_best(r);
    }
    return status == WG_OK ? list_tensors(r) : status;
}

void wgi_trainer_close(wgi_trainer *r)
{
    if (r->tensors != NULL) {
        wgi_release(&r->ctx->memory, r->tensors, tensors_bytes(r));
    }
    for (size_t i = 0; i < r->n_best; i++) {
        wg_tensor_destroy(r->best[i]);
    }
    wgi_release(&r->ctx->memory, r->best, r->n_best * sizeof(wg_tensor *));
    wg_tensor_destroy(r->counts);
    wg_tensor_destroy(r->reals);
}

/* ---- checkpoints -------------------------------------------------------------------------- */

static wg_checkpoint checkpoint_of(const wgi_trainer *r)
{
    const wg_training *t = r->t;
    wg_checkpoint all = {.size = sizeof all,
                         .model = t->model,
                         .optimizer = t->optimizer,
                         .schedule = t->schedule,
                         .batches = t->batches,
                         .graph = t->graph,
                         .tensors = r->tensors,
                         .n_tensors = r->n_tensors};
    if (t->own != NULL) {
        all.rngs = t->own->rngs;
        all.n_rngs = t->own->n_rngs;
        all.numbers = t->own->numbers;
        all.n_numbers = t->own->n_numbers;
    }
    return all;
}

wg_status wgi_trainer_save(wgi_trainer *r)
{
    wg_tensor *history = NULL;
    if (r->t->last_path == NULL || r->is_saved) {
        return WG_OK;
    }
    wgi_train_state state = r->state;
    state.seconds = wgi_trainer_seconds(r);
    gather(&state, COUNTS, N_COUNTS, r->counts);
    gather(&state, REALS, N_REALS, r->reals);
    wg_status status = WG_OK;
    wg_checkpoint all = checkpoint_of(r);
    if (r->t->history != NULL) {
        status = wg_history_to_tensor(r->t->history, &history);
        r->tensors[all.n_tensors++] = (wg_checkpoint_tensor){HISTORY, history};
    }
    if (status == WG_OK) {
        status = wg_checkpoint_save(r->ctx, r->t->last_path, &all);
    }
    wg_tensor_destroy(history);
    r->is_saved = status == WG_OK;
    return status == WG_OK ? WG_OK : wgi_train_fail_by_context(r, status);
}

static bool is_there(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file != NULL) {
        fclose(file);
    }
    return file != NULL;
}

/* The history of a file, NULL where it has none. It is of no size that could be known before, so
 * wg_checkpoint_load, which loads in place, cannot read it. */
static wg_status read_history(const wgi_trainer *r, wg_history **out)
{
    wg_safetensors *file;
    wg_tensor *packed = NULL;
    size_t i;
    *out = NULL;
    wg_status status = wg_safetensors_read(r->ctx, r->t->last_path, &file);
    if (status != WG_OK || !wg_safetensors_find(file, "wengert.tensor." HISTORY, &i)) {
        wg_safetensors_destroy(file);
        return status;
    }
    status = wg_safetensors_tensor(file, i, &packed);
    wg_safetensors_destroy(file);
    if (status == WG_OK) {
        status = wg_history_create(r->ctx, out);
    }
    if (status == WG_OK) {
        status = wg_history_from_tensor(*out, packed);
    }
    wg_tensor_destroy(packed);
    return status;
}

static wg_status load(wgi_trainer *r)
{
    wg_history *history = NULL;
    wg_status status = r->t->history == NULL ? WG_OK : read_history(r, &history);
    if (status == WG_OK) {
        const wg_checkpoint all = checkpoint_of(r);
        status = wg_checkpoint_load(r->ctx, r->t->last_path, &all);
    }
    if (status == WG_OK && history != NULL) {
        const wgi_array curves = r->t->history->curves;
        r->t->history->curves = history->curves;
        history->curves = curves;
    }
    wg_history_destroy(history);
    return status;
}

wg_status wgi_trainer_resume(wgi_trainer *r)
{
    if (!r->t->resumes || !is_there(r->t->last_path)) {
        return WG_OK;
    }
    wg_status status = load(r);
    if (status != WG_OK) {
        return wgi_train_fail_by_context(r, status);
    }
    scatter(r->counts, COUNTS, N_COUNTS, &r->state);
    scatter(r->reals, REALS, N_REALS, &r->state);
    r->is_resumed = true;
    r->is_saved = true;
    return WG_OK;
}

/* ---- the best weights --------------------------------------------------------------------- */

wg_status wgi_trainer_keep_best(wgi_trainer *r)
{
    wg_status status = WG_OK;
    for (size_t i = 0; status == WG_OK && i < r->n_best; i++) {
        status = wg_tensor_copy(r->best[i], wg_param_value(wg_model_param(r->t->model, i)));
    }
    if (status == WG_OK && r->t->best_path != NULL) {
        status = wg_model_save(r->t->model, r->t->best_path);
    }
    return status == WG_OK ? WG_OK : wgi_train_fail_by_context(r, status);
}

wg_status wgi_trainer_restore_best(wgi_trainer *r)
{
    wg_status status = WG_OK;
    for (size_t i = 0; status == WG_OK && r->state.best_epoch > 0 && i < r->n_best; i++) {
        status = wg_tensor_copy(wg_param_value(wg_model_param(r->t->model, i)), r->best[i]);
    }
    return status == WG_OK ? WG_OK : wgi_train_fail_by_context(r, status);
}
