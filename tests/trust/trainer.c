/* A small network in training.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Batches are copied into tensors that stay, so that a refresh reads the next one. */
#include "trainer.h"

#include <string.h>

#define CLASSES 10
#define BATCHES 4

static wg_status make_data(trainer *t)
{
    const int64_t dims[] = {t->options.rows * BATCHES, t->options.features};
    wg_rng rng = wg_rng_make(99, 1);
    const wg_init normal = {.kind = WG_INIT_NORMAL, .b = 1, .rng = &rng};
    wg_tensor *x = NULL;
    wg_tensor *y = NULL;
    wg_status status = wg_tensor_create(t->ctx, WG_F32, 2, dims, &x);
    if (status == WG_OK) {
        status = wg_tensor_create(t->ctx, WG_I64, 1, dims, &y);
    }
    if (status == WG_OK) {
        status = wg_init_tensor(x, &normal);
    }
    for (int64_t i = 0; i < dims[0] && status == WG_OK; i++) {
        status = wg_tensor_set(y, i, (double)wg_rng_below(&rng, CLASSES));
    }
    if (status == WG_OK) {
        status = wg_dataset_create(t->ctx, x, y, &t->data);
    }
    wg_tensor_destroy(x);
    wg_tensor_destroy(y);
    return status;
}

static wg_status make_batches(trainer *t)
{
    const int64_t dims[] = {t->options.rows, t->options.features};
    const wg_rng order = wg_rng_make(t->options.seed, 2);
    wg_status status = make_data(t);
    if (status == WG_OK) {
        status = wg_batches_create(t->data, t->options.rows, &order, true, &t->batches);
    }
    if (status == WG_OK) {
        status = wg_tensor_create(t->ctx, WG_F32, 2, dims, &t->x);
    }
    if (status == WG_OK) {
        status = wg_tensor_create(t->ctx, WG_I64, 1, dims, &t->y);
    }
    return status;
}

static wg_status make_model(trainer *t)
{
    const int64_t hidden = t->options.hidden;
    wg_status status = wg_model_create(t->ctx, &t->m);
    if (status == WG_OK) {
        status = wg_linear_create(t->m, "first", t->options.features, hidden, NULL, &t->first);
    }
    if (status == WG_OK) {
        status = wg_linear_create(t->m, "second", hidden, CLASSES, NULL, &t->second);
    }
    return status == WG_OK ? wg_adam_create(t->m, NULL, &t->o) : status;
}

wg_status trainer_open(trainer *t, const trainer_options *options)
{
    memset(t, 0, sizeof *t);
    wgt_allocator_start(&t->counter);
    wg_allocator hooks = wgt_allocator_hooks(&t->counter);
    const wg_config config = {.size = sizeof config,
                              .allocator = &hooks,
                              .seed = options->seed,
                              .threads = options->threads,
                              .thread_invariant = options->is_thread_invariant,
                              .plan_cache_bytes = options->is_uncached ? 1 : 0};
    t->options = *options;
    wg_status status = wg_context_create(&config, &t->ctx);
    if (status == WG_OK) {
        status = wg_graph_create(t->ctx, &t->g);
    }
    if (status == WG_OK) {
        status = make_model(t);
    }
    return status == WG_OK ? make_batches(t) : status;
}

void trainer_close(trainer *t)
{
    wg_graph_destroy(t->g);
    wg_optimizer_destroy(t->o);
    wg_model_destroy(t->m);
    wg_batches_destroy(t->batches);
    wg_dataset_destroy(t->data);
    wg_tensor_destroy(t->x);
    wg_tensor_destroy(t->y);
    wg_context_destroy(t->ctx);
    wgt_allocator_finish(&t->counter);
}

static void record(trainer *t)
{
    static const float shift[CLASSES] = {0.125F, -0.5F};
    static const int64_t n = CLASSES;
    wg_node x = wg_name(wg_input(t->g, t->x), "x");
    wg_node h = wg_name(wg_relu(wg_linear_apply(&t->first, x)), "h");
    wg_node y = wg_linear_apply(&t->second, wg_dropout(h, 0.25));
    wg_node logits = wg_add(wg_scale(y, 0.75), wg_constant(t->g, WG_F32, 1, &n, shift));
    wg_node loss = wg_cross_entropy(logits, wg_input(t->g, t->y));
    wg_node decay = wg_mean_all(wg_square(wg_use(t->g, t->second.weight)));
    t->loss = wg_add(loss, wg_scale(decay, 0.01));
}

static wg_status next_batch(trainer *t)
{
    wg_batch batch;
    if (!wg_batches_next(t->batches, &batch) && !wg_batches_next(t->batches, &batch)) {
        return WG_ERR_STATE;
    }
    wg_status status = wg_tensor_copy(t->x, batch.x);
    return status == WG_OK ? wg_tensor_copy(t->y, batch.y) : status;
}

static wg_status begin_step(trainer *t)
{
    if (t->options.is_refreshed && wg_graph_count(t->g) > 0) {
        return wg_graph_refresh(t->g);
    }
    wg_status status = wg_graph_reset(t->g);
    record(t);
    return status;
}

wg_status trainer_step(trainer *t)
{
    double loss = 0;
    wg_status status = next_batch(t);
    if (status == WG_OK) {
        status = begin_step(t);
    }
    if (status == WG_OK) {
        status = wg_backward(t->loss);
    }
    if (status == WG_OK) {
        status = wg_get_item(t->loss, &loss);
    }
    if (status == WG_OK) {
        status = wg_optimizer_step(t->o);
    }
    t->loss_sum += loss;
    return status;
}

static uint64_t mix(uint64_t h, const void *data, size_t bytes)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < bytes; i++) {
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    }
    return h;
}

uint64_t trainer_digest(const trainer *t)
{
    uint64_t h = mix(UINT64_C(0xcbf29ce484222325), &t->loss_sum, sizeof t->loss_sum);
    for (size_t i = 0; i < wg_model_count(t->m); i++) {
        const wg_tensor *w = wg_param_value(wg_model_param(t->m, i));
        h = mix(h, wg_tensor_data(w), wg_tensor_bytes(w));
    }
    return h;
}

wg_status trainer_run(const trainer_options *options, int n_steps, uint64_t *digest)
{
    trainer t;
    wg_status status = trainer_open(&t, options);
    for (int i = 0; i < n_steps && status == WG_OK; i++) {
        status = trainer_step(&t);
    }
    *digest = status == WG_OK ? trainer_digest(&t) : 0;
    trainer_close(&t);
    return status;
}
