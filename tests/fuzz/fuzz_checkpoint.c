/* Fuzzes the loading of checkpoints.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The objects are those of the seed in tests/corpus/checkpoint. Whether a file is taken or refused,
 * everything is given back. */
#include "fuzz_case.h"

#include "io/checkpoint.h"
#include "io/safetensors.h"

/* Enough for the objects. */
#define SETUP_BYTES ((size_t)1 << 16)

/* A training with every part but a graph. */
typedef struct training {
    wg_model *m;
    wg_optimizer *o;
    wg_schedule *s;
    wg_dataset *data;
    wg_batches *batches;
    wg_rng rng;
    wg_rng *rngs[1];
    double best;
    int64_t epoch;
    wg_checkpoint_number numbers[2];
    wg_checkpoint_tensor tensor;
    wg_checkpoint all;
} training;

static void require(wg_status status)
{
    if (status != WG_OK) {
        abort();
    }
}

static void start_training(training *t, wg_context *ctx)
{
    const int64_t n = 4;
    const wg_schedule_options cosine = {
        .size = sizeof cosine, .kind = WG_SCHEDULE_COSINE, .steps = 9};
    memset(t, 0, sizeof *t);
    require(wg_model_create(ctx, &t->m));
    require(wg_param_create(t->m, "w", WG_F32, 1, &n, NULL, NULL));
    require(wg_param_create(t->m, "b", WG_F64, 0, NULL, NULL, NULL));
    require(wg_adam_create(t->m, NULL, &t->o));
    require(wg_schedule_create(t->o, &cosine, &t->s));
    require(wg_tensor_create(ctx, WG_I64, 1, &n, &t->tensor.tensor));
    require(wg_dataset_create(ctx, t->tensor.tensor, NULL, &t->data));
    require(wg_batches_create(t->data, 2, &t->rng, false, &t->batches));
    t->rngs[0] = &t->rng;
    t->tensor.name = "history";
    t->numbers[0] = (wg_checkpoint_number){.name = "best", .real = &t->best};
    t->numbers[1] = (wg_checkpoint_number){.name = "epoch", .integer = &t->epoch};
    t->all = (wg_checkpoint){.size = sizeof t->all,
                             .model = t->m,
                             .optimizer = t->o,
                             .schedule = t->s,
                             .batches = t->batches,
                             .rngs = t->rngs,
                             .n_rngs = 1,
                             .numbers = t->numbers,
                             .n_numbers = 2,
                             .tensors = &t->tensor,
                             .n_tensors = 1};
}

static void finish_training(training *t)
{
    wg_tensor_destroy(t->tensor.tensor);
    wg_batches_destroy(t->batches);
    wg_dataset_destroy(t->data);
    wg_schedule_destroy(t->s);
    wg_optimizer_destroy(t->o);
    wg_model_destroy(t->m);
}

/* The two ways to read it. */
static void use(training *t, const wg_safetensors *file)
{
    const wg_model_load_options some = {
        .size = sizeof some, .allow_missing = true, .allow_unexpected = true};
    wgi_match match = wgi_match_make(t->m, file, "fuzz", &some);
    if (wgi_checkpoint_apply(file, "fuzz", &t->all) != WG_OK && wgi_match_check(&match) == WG_OK) {
        wgi_match_take(&match);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    fuzz_case f;
    training t;
    wg_safetensors *file;
    fuzz_start(&f, SETUP_BYTES);
    start_training(&t, &f.ctx);
    f.bound = bytes + 1024;
    wgi_block block = {.data = wgi_alloc(&f.ctx.memory, bytes), .bytes = bytes};
    if (bytes > 0) {
        memcpy(block.data, data, bytes);
    }
    if (wgi_safetensors_read_block(&f.ctx, "fuzz", &block, &file) == WG_OK) {
        f.bound = 8 * bytes + SETUP_BYTES; /* an I8 becomes an i64 */
        use(&t, file);
    }
    wg_safetensors_destroy(file);
    finish_training(&t);
    fuzz_finish(&f);
    return 0;
}
