/* Saving checkpoints.
 * SPDX-License-Identifier: Apache-2.0
 *
 * All parts are gathered as named tensors and written as one safetensors file. Invariant of a
 * bundle: its first n_borrowed entries are the model's own; the others' names and references are
 * the bundle's. */
#include "core/context.h"
#include "core/memory.h"
#include "io/checkpoint.h"
#include "io/safetensors.h"

#include <string.h>

typedef struct bundle {
    wg_context *ctx;
    const char *path;  /* for messages */
    wgi_array entries; /* wg_named_tensor */
    size_t n_borrowed;
} bundle;

static void bundle_free(bundle *b)
{
    const wg_allocator *memory = &b->ctx->memory;
    const wg_named_tensor *entries = b->entries.data;
    for (size_t i = b->n_borrowed; i < b->entries.count; i++) {
        wgi_release_text(memory, (char *)(uintptr_t)entries[i].name);
        wg_tensor_destroy((wg_tensor *)(uintptr_t)entries[i].tensor);
    }
    wgi_array_free(memory, &b->entries, sizeof(wg_named_tensor));
}

static wg_status fail_memory(const bundle *b)
{
    return wgi_context_fail(b->ctx, WG_ERR_MEMORY, "%.600s: no memory to save a checkpoint",
                            b->path);
}

/* Takes a reference over, also when it fails. The name is prefix and rest. */
static wg_status add(bundle *b, const char *prefix, const char *rest, wg_tensor *tensor)
{
    char joined[WGI_PART_BYTES];
    wgi_text text = wgi_text_make(joined, sizeof joined);
    wgi_text_add(&text, "%s%s", prefix, rest);
    char *name = wgi_copy_text(&b->ctx->memory, joined);
    if (name == NULL ||
        !wgi_array_reserve(&b->ctx->memory, &b->entries, 1, sizeof(wg_named_tensor))) {
        wgi_release_text(&b->ctx->memory, name);
        wg_tensor_destroy(tensor);
        return fail_memory(b);
    }
    *(wg_named_tensor *)wgi_array_next(&b->entries, sizeof(wg_named_tensor)) =
        (wg_named_tensor){.name = name, .tensor = tensor};
    return WG_OK;
}

/* Adds a copy of numbers; of rank 0 where n_rows and n_columns are 0, 1 where n_rows is. */
static wg_status add_numbers(bundle *b, const char *name, wg_dtype dtype, const int64_t dims[2],
                             const void *numbers)
{
    wg_tensor *tensor;
    const int32_t rank = dims[0] > 0 ? 2 : (dims[1] > 0 ? 1 : 0);
    const wg_status status =
        wg_tensor_from(b->ctx, dtype, rank, dims + 2 - rank, dtype, numbers, &tensor);
    return status == WG_OK ? add(b, name, "", tensor) : status;
}

/* ---- parts -------------------------------------------------------------------------------- */

static wg_status add_model(bundle *b, const wg_model *m)
{
    for (size_t i = 0; i < wg_model_count(m); i++) {
        wg_param *p = wg_model_param(m, i);
        const char *name = wg_param_name(p);
        if (strncmp(name, WGI_CHECKPOINT_PREFIX, strlen(WGI_CHECKPOINT_PREFIX)) == 0) {
            char shown[WGI_SHOWN_NAME];
            return wgi_context_fail(b->ctx, WG_ERR_NAME,
                                    "checkpoint: '%s' begins as the checkpoint's own parts do",
                                    wgi_show_name(name, shown));
        }
        wg_named_tensor *entry =
            wgi_array_push(&b->ctx->memory, &b->entries, sizeof(wg_named_tensor));
        if (entry == NULL) {
            return fail_memory(b);
        }
        *entry = (wg_named_tensor){.name = name, .tensor = wg_param_value(p)};
        b->n_borrowed++;
    }
    return WG_OK;
}

static wg_status add_optimizer(bundle *b, const wg_optimizer *o)
{
    const double rate = wg_optimizer_rate(o);
    wg_status status = add_numbers(b, WGI_PART_RATE, WG_F64, (int64_t[]){0, 0}, &rate);
    for (size_t i = 0; i < wg_optimizer_state_count(o) && status == WG_OK; i++) {
        char name[WGI_PART_BYTES];
        wg_tensor *tensor;
        status = wg_optimizer_state_get(o, i, name, sizeof name, &tensor);
        if (status == WG_OK) {
            status = add(b, WGI_PART_OPTIMIZER ".", name, tensor);
        }
    }
    return status;
}

static wg_status add_schedule(bundle *b, const wg_schedule *s)
{
    wg_schedule_state state;
    wg_status status = wg_schedule_get_state(s, &state);
    if (status != WG_OK) {
        return status;
    }
    const int64_t counts[WGI_N_COUNTS] = {(int64_t)state.kind, state.step, state.n_bad,
                                          state.cooldown};
    const double rates[WGI_N_RATES] = {state.base, state.level, state.best};
    status = add_numbers(b, WGI_PART_COUNTS, WG_I64, (int64_t[]){0, WGI_N_COUNTS}, counts);
    return status == WG_OK
               ? add_numbers(b, WGI_PART_RATES, WG_F64, (int64_t[]){0, WGI_N_RATES}, rates)
               : status;
}

/* The bits without a sign are stored as they are. */
static wg_status add_words(bundle *b, const char *name, const int64_t dims[2],
                           const uint64_t *words)
{
    return add_numbers(b, name, WG_I64, dims, words);
}

static wg_status add_batches(bundle *b, const wg_batches *batches)
{
    wg_batches_state state;
    const wg_status status = wg_batches_get_state(batches, &state);
    if (status != WG_OK) {
        return status;
    }
    const wg_rng *rng = &state.rng;
    const uint64_t words[WGI_N_BATCHES] = {rng->seed, rng->stream, rng->position, rng->reserved,
                                           (uint64_t)state.next};
    return add_words(b, WGI_PART_BATCHES, (int64_t[]){0, WGI_N_BATCHES}, words);
}

static wg_status add_graph(bundle *b, const wg_graph *g)
{
    const uint64_t words[WGI_N_GRAPH] = {wg_graph_stream(g), wg_graph_step(g),
                                         wg_context_seed(b->ctx)};
    return add_words(b, WGI_PART_GRAPH, (int64_t[]){0, WGI_N_GRAPH}, words);
}

static wg_status add_rngs(bundle *b, wg_rng *const *rngs, size_t n)
{
    const wg_allocator *memory = &b->ctx->memory;
    uint64_t *words = wgi_alloc_zeroed(memory, n, WGI_N_RNG * sizeof *words);
    if (words == NULL) {
        return fail_memory(b);
    }
    for (size_t i = 0; i < n; i++) {
        const uint64_t own[WGI_N_RNG] = {rngs[i]->seed, rngs[i]->stream, rngs[i]->position,
                                         rngs[i]->reserved};
        memcpy(words + i * WGI_N_RNG, own, sizeof own);
    }
    const wg_status status = add_words(b, WGI_PART_RNGS, (int64_t[]){(int64_t)n, WGI_N_RNG}, words);
    wgi_release(memory, words, n * WGI_N_RNG * sizeof *words);
    return status;
}

static wg_status add_own(bundle *b, const wg_checkpoint *c)
{
    static const int64_t scalar[2] = {0, 0};
    wg_status status = WG_OK;
    for (size_t i = 0; i < c->n_numbers && status == WG_OK; i++) {
        const wg_checkpoint_number *number = &c->numbers[i];
        char name[WGI_PART_BYTES];
        wgi_text text = wgi_text_make(name, sizeof name);
        wgi_text_add(&text, "%s%s", WGI_PART_NUMBER, number->name);
        status = number->real != NULL ? add_numbers(b, name, WG_F64, scalar, number->real)
                                      : add_numbers(b, name, WG_I64, scalar, number->integer);
    }
    for (size_t i = 0; i < c->n_tensors && status == WG_OK; i++) {
        status =
            add(b, WGI_PART_TENSOR, c->tensors[i].name, wg_tensor_retain(c->tensors[i].tensor));
    }
    return status;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static wg_status gather(bundle *b, const wg_checkpoint *c)
{
    wg_status status = add_model(b, c->model);
    if (status == WG_OK && c->optimizer != NULL) {
        status = add_optimizer(b, c->optimizer);
    }
    if (status == WG_OK && c->schedule != NULL) {
        status = add_schedule(b, c->schedule);
    }
    if (status == WG_OK && c->batches != NULL) {
        status = add_batches(b, c->batches);
    }
    if (status == WG_OK && c->streams != NULL) {
        const int64_t state = wg_streams_state(c->streams);
        status = add_numbers(b, WGI_PART_STREAMS, WG_I64, (int64_t[]){0, 0}, &state);
    }
    if (status == WG_OK && c->graph != NULL) {
        status = add_graph(b, c->graph);
    }
    if (status == WG_OK && c->n_rngs > 0) {
        status = add_rngs(b, c->rngs, c->n_rngs);
    }
    return status == WG_OK ? add_own(b, c) : status;
}

wg_status wgi_checkpoint_save(wg_context *ctx, const wgi_file_calls *calls, const char *path,
                              const wg_checkpoint *c)
{
    bundle b = {.ctx = ctx, .path = path};
    const wg_named_text metadata[] = {
        {.name = WGI_CHECKPOINT_KEY, .text = WGI_CHECKPOINT_VERSION},
        {.name = WGI_PART_OPTIMIZER, .text = wg_optimizer_name(c->optimizer)},
    };
    wg_status status = gather(&b, c);
    if (status == WG_OK) {
        status = wgi_safetensors_write(ctx, calls, path, b.entries.data, b.entries.count, metadata,
                                       c->optimizer != NULL ? 2 : 1);
    }
    bundle_free(&b);
    return status;
}
