/* Loading checkpoints.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant, by the order of the acts: first everything in the file is judged, against the objects
 * that it is for, and decoded into `parts`. Then batches, streams, schedule and optimizer take
 * their states, each all or nothing; they judge what they are given themselves, the last may also
 * lack memory, so that each failure sets those before it back to what they said they were. What is
 * left to be done then cannot fail: values, numbers, streams. */
#include "core/context.h"
#include "core/memory.h"
#include "core/param.h"
#include "io/checkpoint.h"
#include "io/safetensors.h"

#include <math.h>
#include <string.h>

/* A load in progress. */
typedef struct job {
    wg_context *ctx;
    const char *path;
    const wg_safetensors *file;
    const wg_checkpoint *c;
} job;

/* What batches, streams, schedule and optimizer are to be, or were. */
typedef struct parts {
    wg_batches_state batches;
    int64_t streams;
    wg_schedule_state schedule;
    double rate;
    uint64_t graph[WGI_N_GRAPH];
} parts;

static wg_status fail(const job *j, wg_status status, const char *what)
{
    return wgi_context_fail(j->ctx, status, "%.600s: %s", j->path, what);
}

static wg_status fail_part(const job *j, wg_status status, const char *name, const char *what)
{
    char shown[WGI_SHOWN_NAME];
    return wgi_context_fail(j->ctx, status, "%.500s: '%s' %s", j->path, wgi_show_name(name, shown),
                            what);
}

/* ---- entries ------------------------------------------------------------------------------ */

static const wgi_entry *find(const job *j, const char *name)
{
    size_t found;
    return wg_safetensors_find(j->file, name, &found) ? &j->file->entries[found] : NULL;
}

/* Finds a part of that dtype and shape. */
static wg_status find_part(const job *j, const char *name, wg_dtype dtype, int32_t rank,
                           const int64_t *dims, const wgi_entry **out)
{
    int64_t stored[WG_MAX_RANK];
    const wgi_entry *entry = find(j, name);
    *out = entry;
    if (entry == NULL) {
        return fail_part(j, WG_ERR_NAME, name, "is not in it");
    }
    if (entry->stored != wgi_stored_of(dtype)) {
        return fail_part(j, WG_ERR_DTYPE, name, "is of another dtype");
    }
    if (!wgi_same_shape(wgi_entry_shape(j->file, entry, stored), stored, rank, dims)) {
        return fail_part(j, WG_ERR_SHAPE, name, "is of another shape");
    }
    return WG_OK;
}

/* Reads n numbers of a part of the checkpoint's own; n = 0 is one number, of rank 0. */
static wg_status read_part(const job *j, const char *name, wg_dtype dtype, int64_t n, void *out)
{
    const wgi_entry *entry;
    const wg_status status = find_part(j, name, dtype, n > 0 ? 1 : 0, &n, &entry);
    if (status == WG_OK) {
        wgi_entry_decode(j->file, entry, dtype, out);
    }
    return status;
}

/* ---- judging ------------------------------------------------------------------------------ */

static wg_status check_version(const job *j)
{
    const char *version = wg_safetensors_metadata(j->file, WGI_CHECKPOINT_KEY);
    if (version == NULL) {
        return fail(j, WG_ERR_FORMAT, "it is no checkpoint; wg_model_load reads weights alone");
    }
    if (strcmp(version, WGI_CHECKPOINT_VERSION) != 0) {
        char shown[WGI_SHOWN_NAME];
        return wgi_context_fail(j->ctx, WG_ERR_FORMAT,
                                "%.500s: a checkpoint of version '%s'; this library knows '%s'",
                                j->path, wgi_show_name(version, shown), WGI_CHECKPOINT_VERSION);
    }
    return WG_OK;
}

static wg_status check_model(const job *j)
{
    wg_model *m = j->c->model;
    if (wg_model_count(m) > 0 && wg_model_param(m, 0)->is_shared) {
        return fail(j, WG_ERR_STATE, "the model is a shared view");
    }
    wgi_match match = wgi_match_make(m, j->file, j->path, NULL);
    return wgi_match_check(&match);
}

static wg_status check_optimizer(const job *j, parts *p)
{
    const char *stored = wg_safetensors_metadata(j->file, WGI_PART_OPTIMIZER);
    const char *name = wg_optimizer_name(j->c->optimizer);
    char shown[WGI_SHOWN_NAME];
    if (stored == NULL) {
        return fail(j, WG_ERR_NAME, "it holds no optimizer");
    }
    if (strcmp(stored, name) != 0) {
        return wgi_context_fail(j->ctx, WG_ERR_STATE,
                                "%.500s: it holds the state of '%s', not of '%s'", j->path,
                                wgi_show_name(stored, shown), name);
    }
    const wg_status status = read_part(j, WGI_PART_RATE, WG_F64, 0, &p->rate);
    if (status != WG_OK || (isfinite(p->rate) && p->rate >= 0.0)) {
        return status;
    }
    return fail_part(j, WG_ERR_FORMAT, WGI_PART_RATE, "is not finite and >= 0");
}

static wg_status check_schedule(const job *j, parts *p)
{
    int64_t counts[WGI_N_COUNTS];
    double rates[WGI_N_RATES];
    wg_schedule_state now;
    wg_status status = read_part(j, WGI_PART_COUNTS, WG_I64, WGI_N_COUNTS, counts);
    if (status == WG_OK) {
        status = read_part(j, WGI_PART_RATES, WG_F64, WGI_N_RATES, rates);
    }
    if (status == WG_OK) {
        status = wg_schedule_get_state(j->c->schedule, &now);
    }
    if (status != WG_OK) {
        return status;
    }
    if (counts[0] != (int64_t)now.kind) {
        return fail(j, WG_ERR_STATE, "its schedule is of another kind");
    }
    p->schedule = (wg_schedule_state){.kind = now.kind,
                                      .step = counts[1],
                                      .n_bad = counts[2],
                                      .cooldown = counts[3],
                                      .base = rates[0],
                                      .level = rates[1],
                                      .best = rates[2]};
    return WG_OK;
}

static wg_rng rng_of(const uint64_t words[WGI_N_RNG])
{
    return (wg_rng){
        .seed = words[0], .stream = words[1], .position = words[2], .reserved = words[3]};
}

static wg_status check_batches(const job *j, parts *p)
{
    uint64_t words[WGI_N_BATCHES];
    const wg_status status = read_part(j, WGI_PART_BATCHES, WG_I64, WGI_N_BATCHES, words);
    if (status == WG_OK) {
        p->batches.rng = rng_of(words);
        memcpy(&p->batches.next, &words[4], sizeof p->batches.next);
    }
    return status;
}

static wg_status check_graph(const job *j, parts *p)
{
    const wg_status status = read_part(j, WGI_PART_GRAPH, WG_I64, WGI_N_GRAPH, p->graph);
    if (status != WG_OK || p->graph[2] == wg_context_seed(j->ctx)) {
        return status;
    }
    return wgi_context_fail(
        j->ctx, WG_ERR_STATE, "%.500s: saved in a context of seed %llu, this one has %llu", j->path,
        (unsigned long long)p->graph[2], (unsigned long long)wg_context_seed(j->ctx));
}

static wg_status check_rngs(const job *j)
{
    int64_t dims[WG_MAX_RANK] = {0};
    const wgi_entry *entry = find(j, WGI_PART_RNGS);
    if (entry == NULL) {
        return fail(j, WG_ERR_NAME, "it holds no rngs");
    }
    if (wgi_entry_shape(j->file, entry, dims) == 2 && (uint64_t)dims[0] != j->c->n_rngs) {
        return wgi_context_fail(j->ctx, WG_ERR_RANGE, "%.500s: it holds %lld rngs, not %zu",
                                j->path, (long long)dims[0], j->c->n_rngs);
    }
    return find_part(j, WGI_PART_RNGS, WG_I64, 2, (int64_t[]){dims[0], WGI_N_RNG}, &entry);
}

static void name_part(const char *prefix, const char *name, char out[WGI_PART_BYTES])
{
    wgi_text text = wgi_text_make(out, WGI_PART_BYTES);
    wgi_text_add(&text, "%s%s", prefix, name);
}

static wg_status check_numbers(const job *j)
{
    wg_status status = WG_OK;
    for (size_t i = 0; i < j->c->n_numbers && status == WG_OK; i++) {
        const wg_checkpoint_number *number = &j->c->numbers[i];
        const wgi_entry *entry;
        char name[WGI_PART_BYTES];
        name_part(WGI_PART_NUMBER, number->name, name);
        status = find_part(j, name, number->real != NULL ? WG_F64 : WG_I64, 0, NULL, &entry);
    }
    return status;
}

static wg_status check_tensors(const job *j)
{
    wg_status status = WG_OK;
    for (size_t i = 0; i < j->c->n_tensors && status == WG_OK; i++) {
        const wg_tensor *t = j->c->tensors[i].tensor;
        const wgi_entry *entry;
        char name[WGI_PART_BYTES];
        name_part(WGI_PART_TENSOR, j->c->tensors[i].name, name);
        if (t->is_value || t->is_dead) {
            return fail_part(j, WG_ERR_STATE, j->c->tensors[i].name, "is a value of a graph");
        }
        status =
            find_part(j, name, wg_tensor_dtype(t), wg_tensor_rank(t), wg_tensor_dims(t), &entry);
    }
    return status;
}

static wg_status check_all(const job *j, parts *p)
{
    const wg_checkpoint *c = j->c;
    wg_status status = check_version(j);
    if (status == WG_OK && c->model != NULL) {
        status = check_model(j);
    }
    if (status == WG_OK && c->optimizer != NULL) {
        status = check_optimizer(j, p);
    }
    if (status == WG_OK && c->schedule != NULL) {
        status = check_schedule(j, p);
    }
    if (status == WG_OK && c->batches != NULL) {
        status = check_batches(j, p);
    }
    if (status == WG_OK && c->streams != NULL) {
        status = read_part(j, WGI_PART_STREAMS, WG_I64, 0, &p->streams);
    }
    if (status == WG_OK && c->graph != NULL) {
        status = check_graph(j, p);
    }
    if (status == WG_OK && c->n_rngs > 0) {
        status = check_rngs(j);
    }
    if (status == WG_OK) {
        status = check_numbers(j);
    }
    return status == WG_OK ? check_tensors(j) : status;
}

/* ---- the optimizer's tensors -------------------------------------------------------------- */

/* The tensors of an optimizer, under names without their prefix, which are the file's. */
typedef struct states {
    wg_named_tensor *entries;
    size_t n;
    size_t capacity;
} states;

static void states_free(const job *j, states *s)
{
    for (size_t i = 0; i < s->n; i++) {
        wg_tensor_destroy((wg_tensor *)(uintptr_t)s->entries[i].tensor);
    }
    wgi_release(&j->ctx->memory, s->entries, s->capacity * sizeof *s->entries);
}

static const char *state_name(const job *j, size_t i)
{
    static const char prefix[] = WGI_PART_OPTIMIZER ".";
    const char *name = wg_safetensors_name(j->file, i);
    return strncmp(name, prefix, sizeof prefix - 1) == 0 ? name + sizeof prefix - 1 : NULL;
}

static wg_status states_read(const job *j, states *s)
{
    const size_t n = wg_safetensors_count(j->file);
    *s = (states){.capacity = n};
    s->entries = wgi_alloc_zeroed(&j->ctx->memory, n, sizeof *s->entries);
    if (s->entries == NULL) {
        s->capacity = 0;
        return fail(j, WG_ERR_MEMORY, "no memory for the optimizer's state");
    }
    wg_status status = WG_OK;
    for (size_t i = 0; i < n && status == WG_OK; i++) {
        wg_tensor *tensor;
        const char *name = state_name(j, i);
        if (name == NULL) {
            continue;
        }
        status = wg_safetensors_tensor(j->file, i, &tensor);
        if (status == WG_OK) {
            s->entries[s->n++] = (wg_named_tensor){.name = name, .tensor = tensor};
        }
    }
    return status;
}

static wg_status set_optimizer(const job *j)
{
    states s;
    wg_status status = states_read(j, &s);
    if (status == WG_OK) {
        status = wg_optimizer_state_set(j->c->optimizer, s.entries, s.n);
    }
    states_free(j, &s);
    return status;
}

/* ---- what can fail ------------------------------------------------------------------------ */

/* What can be set back. The schedule sets its optimizer's rate, which need not be the optimizer
 * that is loaded. */
static void note(const wg_checkpoint *c, parts *before)
{
    (void)wg_batches_get_state(c->batches, &before->batches);
    before->streams = wg_streams_state(c->streams);
    (void)wg_schedule_get_state(c->schedule, &before->schedule);
    before->rate = wg_optimizer_rate(wg_schedule_optimizer(c->schedule));
}

/* None of these can fail: each part was so before. */
static void set_back(const wg_checkpoint *c, const parts *before)
{
    if (c->batches != NULL) {
        (void)wg_batches_set_state(c->batches, &before->batches);
    }
    if (c->streams != NULL) {
        (void)wg_streams_set_state(c->streams, before->streams);
    }
    if (c->schedule != NULL) {
        (void)wg_schedule_set_state(c->schedule, &before->schedule);
        (void)wg_optimizer_set_rate(wg_schedule_optimizer(c->schedule), before->rate);
    }
}

static wg_status set_states(const job *j, const parts *p)
{
    parts before = {0};
    wg_status status = WG_OK;
    note(j->c, &before);
    if (j->c->batches != NULL) {
        status = wg_batches_set_state(j->c->batches, &p->batches);
    }
    if (status == WG_OK && j->c->streams != NULL) {
        status = wg_streams_set_state(j->c->streams, p->streams);
    }
    if (status == WG_OK && j->c->schedule != NULL) {
        status = wg_schedule_set_state(j->c->schedule, &p->schedule);
    }
    if (status == WG_OK && j->c->optimizer != NULL) {
        status = set_optimizer(j);
    }
    if (status != WG_OK) {
        set_back(j->c, &before);
    }
    return status;
}

/* ---- what cannot -------------------------------------------------------------------------- */

static void take_numbers(const job *j)
{
    for (size_t i = 0; i < j->c->n_numbers; i++) {
        const wg_checkpoint_number *number = &j->c->numbers[i];
        char name[WGI_PART_BYTES];
        name_part(WGI_PART_NUMBER, number->name, name);
        const wgi_entry *entry = find(j, name);
        if (number->real != NULL) {
            wgi_entry_decode(j->file, entry, WG_F64, number->real);
        } else {
            wgi_entry_decode(j->file, entry, WG_I64, number->integer);
        }
    }
}

static void take_tensors(const job *j)
{
    for (size_t i = 0; i < j->c->n_tensors; i++) {
        wg_tensor *t = j->c->tensors[i].tensor;
        char name[WGI_PART_BYTES];
        name_part(WGI_PART_TENSOR, j->c->tensors[i].name, name);
        wgi_entry_decode(j->file, find(j, name), wg_tensor_dtype(t), wg_tensor_data_mutable(t));
    }
}

static void take_rngs(const job *j)
{
    const wgi_entry *entry = find(j, WGI_PART_RNGS);
    for (size_t i = 0; i < j->c->n_rngs; i++) {
        uint64_t words[WGI_N_RNG];
        const unsigned char *data = wgi_entry_data(j->file, entry) + i * sizeof words;
        wgi_stored_decode(WGI_STORED_I64, data, WGI_N_RNG, WG_I64, words);
        *j->c->rngs[i] = rng_of(words);
    }
}

static void take_rest(const job *j, const parts *p)
{
    const wg_checkpoint *c = j->c;
    if (c->optimizer != NULL) {
        (void)wg_optimizer_set_rate(c->optimizer, p->rate);
    }
    if (c->model != NULL) {
        const wgi_match match = wgi_match_make(c->model, j->file, j->path, NULL);
        wgi_match_take(&match);
    }
    if (c->graph != NULL) {
        (void)wg_graph_set_stream(c->graph, p->graph[0]);
        (void)wg_graph_set_step(c->graph, p->graph[1]);
    }
    take_rngs(j);
    take_numbers(j);
    take_tensors(j);
}

/* ---- the whole ---------------------------------------------------------------------------- */

wg_status wgi_checkpoint_apply(const wg_safetensors *file, const char *path, const wg_checkpoint *c)
{
    const job j = {.ctx = file->ctx, .path = path, .file = file, .c = c};
    parts p = {0};
    wg_status status = check_all(&j, &p);
    if (status == WG_OK) {
        status = set_states(&j, &p);
    }
    if (status == WG_OK) {
        take_rest(&j, &p);
    }
    return status;
}

wg_status wgi_checkpoint_load(wg_context *ctx, const wgi_file_calls *calls, const char *path,
                              const wg_checkpoint *c)
{
    wg_safetensors *file;
    if (ctx->is_in_callback) {
        return wgi_context_fail(ctx, WG_ERR_STATE, "checkpoint: no load inside a callback");
    }
    wg_status status = wgi_safetensors_read(ctx, calls, path, &file);
    if (status == WG_OK) {
        status = wgi_checkpoint_apply(file, path, c);
    }
    wg_safetensors_destroy(file);
    return status;
}
