/* What the tests of checkpoints share: one training with all parts, and what tells two apart.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The object must not move once it is started. */
#ifndef WG_TESTS_IO_CHECKPOINT_CASE_H
#define WG_TESTS_IO_CHECKPOINT_CASE_H

#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

#include <wengert/wengert.h>

#include "support/allocator.h"
#include "support/files.h"

#define CASE_NUMBERS 3
#define CASE_TENSORS 6
#define CASE_ROWS 10

typedef struct checkpoint_case {
    wgt_allocator counter;
    wgt_folder folder;
    char path[WGT_PATH_BYTES];
    wg_context *ctx;
    wg_graph *g;
    wg_model *m;
    wg_optimizer *o;
    wg_schedule *s;
    wg_dataset *data;
    wg_batches *batches;
    wg_streams *streams;
    wg_rng rngs[2];
    wg_rng *rng_list[2];
    double best;
    double none;
    int64_t epoch;
    wg_checkpoint_number numbers[CASE_NUMBERS];
    wg_checkpoint_tensor tensors[CASE_TENSORS];
    wg_checkpoint all;
} checkpoint_case;

typedef struct checkpoint_options {
    uint64_t seed;
    bool is_sgd;       /* not adam */
    bool is_step;      /* not cosine */
    int64_t n_rows;    /* of data; 0: CASE_ROWS */
    int64_t n_columns; /* of the first parameter; 0: 3 */
} checkpoint_options;

static inline void case_start_model(checkpoint_case *c, const checkpoint_options *options)
{
    const wg_init init = {.kind = WG_INIT_NORMAL, .b = 1};
    const int64_t dims[] = {2, options->n_columns > 0 ? options->n_columns : 3};
    const int64_t none = 0;
    assert_int_equal(wg_model_create(c->ctx, &c->m), WG_OK);
    assert_int_equal(wg_param_create(c->m, "body.weight", WG_F32, 2, dims, &init, NULL), WG_OK);
    assert_int_equal(wg_param_create(c->m, "scale", WG_F64, 0, NULL, &init, NULL), WG_OK);
    assert_int_equal(wg_param_create(c->m, "none", WG_F32, 1, &none, NULL, NULL), WG_OK);
}

static inline void case_start_optimizer(checkpoint_case *c, const checkpoint_options *options)
{
    const wg_sgd_options sgd = {.size = sizeof sgd, .rate = 0.5, .momentum = 0.9};
    const wg_schedule_options schedule = {.size = sizeof schedule,
                                          .kind = options->is_step ? WG_SCHEDULE_STEP
                                                                   : WG_SCHEDULE_COSINE,
                                          .steps = 50,
                                          .warmup_steps = 3};
    assert_int_equal(options->is_sgd ? wg_sgd_create(c->m, &sgd, &c->o)
                                     : wg_adam_create(c->m, NULL, &c->o),
                     WG_OK);
    assert_int_equal(wg_schedule_create(c->o, &schedule, &c->s), WG_OK);
}

static inline void case_start_data(checkpoint_case *c, const checkpoint_options *options)
{
    const int64_t n = options->n_rows > 0 ? options->n_rows : CASE_ROWS;
    const wg_rng order = wg_rng_make(UINT64_MAX - 5, UINT64_C(1) << 63);
    wg_tensor *x;
    assert_int_equal(wg_tensor_create(c->ctx, WG_F32, 1, &n, &x), WG_OK);
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(wg_tensor_set(x, i, (double)i), WG_OK);
    }
    assert_int_equal(wg_dataset_create(c->ctx, x, NULL, &c->data), WG_OK);
    assert_int_equal(wg_batches_create(c->data, 3, &order, false, &c->batches), WG_OK);
    wg_tensor_destroy(x);
    const int64_t n_symbols = 41;
    assert_int_equal(wg_tensor_create(c->ctx, WG_I64, 1, &n_symbols, &x), WG_OK);
    assert_int_equal(wg_streams_create(x, 2, 3, false, &c->streams), WG_OK);
    wg_tensor_destroy(x);
}

static inline void case_start_own(checkpoint_case *c)
{
    static const char *const names[CASE_TENSORS] = {"f32", "f64", "i64", "bool", "u8", "scalar"};
    static const wg_dtype dtypes[CASE_TENSORS] = {WG_F32, WG_F64, WG_I64, WG_BOOL, WG_U8, WG_F64};
    const int64_t dims[] = {2, 2};
    c->rngs[0] = wg_rng_make(1, 2);
    c->rngs[1] = wg_rng_make(UINT64_MAX, UINT64_C(1) << 63);
    c->numbers[0] = (wg_checkpoint_number){.name = "best", .real = &c->best};
    c->numbers[1] = (wg_checkpoint_number){.name = "epoch", .integer = &c->epoch};
    c->numbers[2] = (wg_checkpoint_number){.name = "none", .real = &c->none};
    for (size_t i = 0; i < CASE_TENSORS; i++) {
        c->rng_list[i % 2] = &c->rngs[i % 2];
        c->tensors[i].name = names[i];
        assert_int_equal(
            wg_tensor_create(c->ctx, dtypes[i], i < 5 ? 2 : 0, dims, &c->tensors[i].tensor), WG_OK);
    }
}

static inline void case_start(checkpoint_case *c, const checkpoint_options *options)
{
    memset(c, 0, sizeof *c);
    wgt_allocator_start(&c->counter);
    const wg_allocator hooks = wgt_allocator_hooks(&c->counter);
    const wg_config config = {
        .size = sizeof config, .allocator = &hooks, .seed = options->seed, .threads = 1};
    assert_true(wgt_folder_create(&c->folder));
    wgt_folder_join(c->folder.path, "run.ckpt", c->path);
    assert_int_equal(wg_context_create(&config, &c->ctx), WG_OK);
    assert_int_equal(wg_graph_create(c->ctx, &c->g), WG_OK);
    case_start_model(c, options);
    case_start_optimizer(c, options);
    case_start_data(c, options);
    case_start_own(c);
    c->all = (wg_checkpoint){.size = sizeof c->all,
                             .model = c->m,
                             .optimizer = c->o,
                             .schedule = c->s,
                             .batches = c->batches,
                             .streams = c->streams,
                             .graph = c->g,
                             .rngs = c->rng_list,
                             .n_rngs = 2,
                             .numbers = c->numbers,
                             .n_numbers = CASE_NUMBERS,
                             .tensors = c->tensors,
                             .n_tensors = CASE_TENSORS};
}

static inline void case_finish(checkpoint_case *c)
{
    for (size_t i = 0; i < CASE_TENSORS; i++) {
        wg_tensor_destroy(c->tensors[i].tensor);
    }
    wg_batches_destroy(c->batches);
    wg_streams_destroy(c->streams);
    wg_dataset_destroy(c->data);
    wg_schedule_destroy(c->s);
    wg_optimizer_destroy(c->o);
    wg_model_destroy(c->m);
    wg_graph_destroy(c->g);
    wg_context_destroy(c->ctx);
    wgt_folder_remove(&c->folder);
    assert_true(wgt_allocator_is_clean(&c->counter));
    wgt_allocator_finish(&c->counter);
}

/* ---- changes ------------------------------------------------------------------------------ */

static inline void case_step(checkpoint_case *c)
{
    double gradients[7];
    const size_t n = (size_t)wg_model_elements(c->m);
    wg_batch batch;
    for (size_t i = 0; i < n; i++) {
        gradients[i] = wg_rng_normal(&c->rngs[0]);
    }
    assert_int_equal(wg_model_set_gradients(c->m, gradients, n), WG_OK);
    assert_int_equal(wg_optimizer_step(c->o), WG_OK);
    assert_int_equal(wg_schedule_step(c->s), WG_OK);
    (void)wg_batches_next(c->batches, &batch);
    (void)wg_streams_next(c->streams, &batch);
    assert_int_equal(wg_graph_reset(c->g), WG_OK);
}

/* Moves everything; `how` tells two places apart. */
static inline void case_move(checkpoint_case *c, int how)
{
    for (int i = 0; i < 3 + how; i++) {
        case_step(c);
    }
    c->epoch = how == 0 ? INT64_MIN : how;
    c->best = how == 0 ? -0.0 : 1.0 / how;
    c->none = how == 0 ? (double)NAN : (double)INFINITY;
    (void)wg_rng_u64(&c->rngs[1]);
    assert_int_equal(wg_graph_set_stream(c->g, UINT64_MAX - (uint64_t)how), WG_OK);
    for (size_t i = 0; i < CASE_TENSORS; i++) {
        wg_tensor *t = c->tensors[i].tensor;
        for (int64_t k = 0; k < wg_tensor_count(t); k++) {
            const double x = wg_tensor_dtype(t) == WG_BOOL ? (double)((k + how) % 2) : 3.0 * how;
            assert_int_equal(wg_tensor_set(t, k, x), WG_OK);
        }
    }
}

/* ---- all bits ----------------------------------------------------------------------------- */

static inline uint64_t case_mix(uint64_t h, const void *data, size_t bytes)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < bytes; i++) {
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    }
    return h;
}

static inline uint64_t case_mix_tensor(uint64_t h, const wg_tensor *t)
{
    return case_mix(h, wg_tensor_data(t), wg_tensor_bytes(t));
}

static inline uint64_t case_digest_optimizer(const checkpoint_case *c, uint64_t h)
{
    for (size_t i = 0; i < wg_optimizer_state_count(c->o); i++) {
        char name[512];
        wg_tensor *t;
        assert_int_equal(wg_optimizer_state_get(c->o, i, name, sizeof name, &t), WG_OK);
        h = case_mix(h, name, strlen(name));
        h = case_mix_tensor(h, t);
        wg_tensor_destroy(t);
    }
    const double rate = wg_optimizer_rate(c->o);
    return case_mix(h, &rate, sizeof rate);
}

/* Structs with padding are mixed field by field. */
static inline uint64_t case_digest_schedule(const checkpoint_case *c, uint64_t h)
{
    wg_schedule_state s;
    assert_int_equal(wg_schedule_get_state(c->s, &s), WG_OK);
    const int64_t counts[] = {(int64_t)s.kind, s.step, s.n_bad, s.cooldown};
    const double rates[] = {s.base, s.level, s.best};
    h = case_mix(h, counts, sizeof counts);
    return case_mix(h, rates, sizeof rates);
}

/* A function of every bit that a checkpoint holds. */
static inline uint64_t case_digest(const checkpoint_case *c)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < wg_model_count(c->m); i++) {
        h = case_mix_tensor(h, wg_param_value(wg_model_param(c->m, i)));
    }
    h = case_digest_optimizer(c, h);
    h = case_digest_schedule(c, h);
    wg_batches_state batches;
    assert_int_equal(wg_batches_get_state(c->batches, &batches), WG_OK);
    h = case_mix(h, &batches, sizeof batches);
    const int64_t streams = wg_streams_state(c->streams);
    h = case_mix(h, &streams, sizeof streams);
    const uint64_t graph[] = {wg_graph_stream(c->g), wg_graph_step(c->g)};
    h = case_mix(h, graph, sizeof graph);
    h = case_mix(h, c->rngs, sizeof c->rngs);
    h = case_mix(h, &c->best, sizeof c->best);
    h = case_mix(h, &c->none, sizeof c->none);
    h = case_mix(h, &c->epoch, sizeof c->epoch);
    for (size_t i = 0; i < CASE_TENSORS; i++) {
        h = case_mix_tensor(h, c->tensors[i].tensor);
    }
    return h;
}

#endif
