/* Checkpoints: every bit comes back, the file is what it is said to be, and what fails changes
 * nothing.
 * SPDX-License-Identifier: Apache-2.0 */
#include "checkpoint_case.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/context.h"
#include "io/checkpoint.h"
#include "io/safetensors.h"

static const checkpoint_options usual = {.seed = 7};

static void save(checkpoint_case *c)
{
    assert_int_equal(wg_checkpoint_save(c->ctx, c->path, &c->all), WG_OK);
}

static void test_checkpoint_brings_back_every_bit(void **state)
{
    (void)state;
    checkpoint_case c;
    case_start(&c, &usual);
    for (int how = 0; how < 3; how++) {
        case_move(&c, how);
        const uint64_t want = case_digest(&c);
        save(&c);
        case_move(&c, 5);
        assert_true(case_digest(&c) != want);
        assert_int_equal(wg_checkpoint_load(c.ctx, c.path, &c.all), WG_OK);
        assert_true(case_digest(&c) == want);
    }
    assert_true(isinf(c.none));
    assert_int_equal(wgt_folder_count(&c.folder), 1);
    case_finish(&c);
}

/* Into new objects that have made no step, and of which the rate was another. */
static void test_checkpoint_brings_back_into_new_objects(void **state)
{
    (void)state;
    checkpoint_case old;
    checkpoint_case new;
    case_start(&old, &usual);
    case_start(&new, &usual);
    case_move(&old, 0);
    assert_int_equal(wg_optimizer_set_rate(old.o, 0.125), WG_OK);
    save(&old);
    assert_int_equal(wg_checkpoint_load(new.ctx, old.path, &new.all), WG_OK);
    assert_true(case_digest(&new) == case_digest(&old));
    assert_true(wg_optimizer_rate(new.o) == 0.125);
    assert_true(new.epoch == INT64_MIN &&new.best == 0.0 && signbit(new.best) && isnan(new.none));
    for (int i = 0; i < 5; i++) {
        case_step(&old);
        case_step(&new);
        assert_true(case_digest(&new) == case_digest(&old));
    }
    case_finish(&new);
    case_finish(&old);
}

/* ---- the file ----------------------------------------------------------------------------- */

static void expect_part(const wg_safetensors *file, const char *name, const char *dtype,
                        int32_t rank, int64_t first)
{
    size_t i;
    wg_tensor *t;
    assert_true(wg_safetensors_find(file, name, &i));
    assert_string_equal(wg_safetensors_dtype(file, i), dtype);
    assert_int_equal(wg_safetensors_tensor(file, i, &t), WG_OK);
    assert_int_equal(wg_tensor_rank(t), rank);
    assert_true(rank == 0 || wg_tensor_dims(t)[0] == first);
    wg_tensor_destroy(t);
}

/* As checkpoint.h tells it: other programs read these names. */
static void test_checkpoint_is_of_its_form(void **state)
{
    (void)state;
    checkpoint_case c;
    wg_safetensors *file;
    case_start(&c, &usual);
    case_move(&c, 1);
    save(&c);
    assert_int_equal(wg_safetensors_read(c.ctx, c.path, &file), WG_OK);
    assert_string_equal(wg_safetensors_metadata(file, "wengert.checkpoint"), "1");
    assert_string_equal(wg_safetensors_metadata(file, "wengert.optimizer"), "adam");
    expect_part(file, "body.weight", "F32", 2, 2);
    expect_part(file, "wengert.rate", "F64", 0, 0);
    expect_part(file, "wengert.schedule.counts", "I64", 1, 4);
    expect_part(file, "wengert.schedule.rates", "F64", 1, 3);
    expect_part(file, "wengert.batches", "I64", 1, 5);
    expect_part(file, "wengert.streams", "I64", 0, 0);
    expect_part(file, "wengert.graph", "I64", 1, 3);
    expect_part(file, "wengert.rngs", "I64", 2, 2);
    expect_part(file, "wengert.number.epoch", "I64", 0, 0);
    expect_part(file, "wengert.number.best", "F64", 0, 0);
    expect_part(file, "wengert.tensor.bool", "BOOL", 2, 2);
    expect_part(file, "wengert.tensor.u8", "U8", 2, 2);
    assert_true(wg_safetensors_count(file) > 3 + 7 + 3 + 6);
    wg_safetensors_destroy(file);
    case_finish(&c);
}

/* A file of the first version, kept: it is read for good. */
static void test_checkpoint_reads_the_first_version(void **state)
{
    static const char path[] = WENGERT_SOURCE_DIR "/tests/corpus/checkpoint/good-training";
    (void)state;
    checkpoint_case c;
    const int64_t n = 4;
    wg_model *m;
    wg_optimizer *o;
    char name[320];
    wg_tensor *moment;
    case_start(&c, &usual);
    assert_int_equal(wg_model_create(c.ctx, &m), WG_OK);
    assert_int_equal(wg_param_create(m, "w", WG_F32, 1, &n, NULL, NULL), WG_OK);
    assert_int_equal(wg_param_create(m, "b", WG_F64, 0, NULL, NULL, NULL), WG_OK);
    assert_int_equal(wg_adam_create(m, NULL, &o), WG_OK);
    const wg_checkpoint old = {
        .size = sizeof old, .model = m, .optimizer = o, .numbers = c.numbers, .n_numbers = 2};
    assert_int_equal(wg_checkpoint_load(c.ctx, path, &old), WG_OK);
    assert_true(c.best == 0.5 && c.epoch == 3 && wg_optimizer_rate(o) == 0.001);
    assert_int_equal(wg_optimizer_state_count(o), 3);
    assert_int_equal(wg_optimizer_state_get(o, 2, name, sizeof name, &moment), WG_OK);
    assert_string_equal(name, "exp_avg_sq.w");
    assert_true(wg_tensor_get(moment, 0) == 2.0 && wg_tensor_get(moment, 3) == 5.0);
    wg_tensor_destroy(moment);
    wg_optimizer_destroy(o);
    wg_model_destroy(m);
    case_finish(&c);
}

static void test_checkpoint_is_a_file_of_weights(void **state)
{
    (void)state;
    checkpoint_case c;
    wg_model_load_report report;
    case_start(&c, &usual);
    case_move(&c, 1);
    const uint64_t want = case_digest(&c);
    save(&c);
    assert_int_equal(wg_tensor_set(wg_param_value(wg_model_param(c.m, 0)), 2, 99), WG_OK);
    assert_int_equal(wg_model_load_with(c.m, c.path, NULL, &report), WG_OK);
    assert_true(case_digest(&c) == want);
    assert_int_equal(report.loaded, 3);
    assert_int_equal(report.unexpected, 0);
    case_finish(&c);
}

/* Only a file that says it is a checkpoint has names of its own. */
static void test_checkpoint_prefix_is_ordinary_elsewhere(void **state)
{
    (void)state;
    checkpoint_case c;
    case_start(&c, &usual);
    const wg_named_tensor own = {"wengert.rate", c.tensors[1].tensor};
    const wg_named_text says = {"wengert.checkpoint", "1"};
    wg_model *m;
    assert_int_equal(wg_model_create(c.ctx, &m), WG_OK);
    assert_int_equal(wg_safetensors_write(c.ctx, c.path, &own, 1, &says, 1), WG_OK);
    assert_int_equal(wg_model_load(m, c.path), WG_OK);
    assert_int_equal(wg_safetensors_write(c.ctx, c.path, &own, 1, NULL, 0), WG_OK);
    assert_int_equal(wg_model_load(m, c.path), WG_ERR_NAME);
    wg_model_destroy(m);
    case_finish(&c);
}

/* Parts that are not asked for stay; the checkpoint has more. */
static void test_checkpoint_gives_what_is_asked_for(void **state)
{
    (void)state;
    checkpoint_case c;
    case_start(&c, &usual);
    case_move(&c, 1);
    save(&c);
    case_move(&c, 2);
    const double rate = wg_optimizer_rate(c.o);
    const wg_checkpoint few = {
        .size = sizeof few, .model = c.m, .numbers = &c.numbers[1], .n_numbers = 1};
    assert_int_equal(wg_checkpoint_load(c.ctx, c.path, &few), WG_OK);
    assert_int_equal(c.epoch, 1);
    assert_true(c.best == 0.5 && wg_optimizer_rate(c.o) == rate);
    case_finish(&c);
}

static void test_checkpoint_of_nothing(void **state)
{
    (void)state;
    checkpoint_case c;
    case_start(&c, &usual);
    const wg_checkpoint none = {.size = sizeof none};
    const uint64_t want = case_digest(&c);
    assert_int_equal(wg_checkpoint_save(c.ctx, c.path, &none), WG_OK);
    assert_int_equal(wg_checkpoint_load(c.ctx, c.path, &none), WG_OK);
    assert_int_equal(wg_checkpoint_load(c.ctx, c.path, &c.all), WG_ERR_NAME);
    assert_true(case_digest(&c) == want);
    case_finish(&c);
}

/* ---- what does not fit -------------------------------------------------------------------- */

static void expect_refused(checkpoint_case *c, const char *path, const wg_checkpoint *what,
                           wg_status status, const char *text)
{
    const uint64_t before = case_digest(c);
    assert_int_equal(wg_checkpoint_load(c->ctx, path, what), status);
    if (strstr(wg_context_error(c->ctx), text) == NULL) {
        fail_msg("'%s' is not in: %s", text, wg_context_error(c->ctx));
    }
    assert_true(case_digest(c) == before);
}

/* Objects that were made otherwise than those that were saved. */
static void test_checkpoint_refuses_other_objects(void **state)
{
    static const struct {
        checkpoint_options options;
        wg_status status;
        const char *text;
    } rows[] = {
        {{.seed = 8}, WG_ERR_STATE, "saved in a context of seed 7, this one has 8"},
        {{.seed = 7, .is_sgd = true}, WG_ERR_STATE, "the state of 'adam', not of 'sgd'"},
        {{.seed = 7, .is_step = true}, WG_ERR_STATE, "its schedule is of another kind"},
        {{.seed = 7, .n_rows = 2}, WG_ERR_RANGE, "no start of a batch"},
        {{.seed = 7, .n_columns = 4}, WG_ERR_SHAPE, "body.weight [2, 3], wanted [2, 4]"},
    };
    (void)state;
    checkpoint_case saved;
    case_start(&saved, &usual);
    case_move(&saved, 0);
    save(&saved);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        checkpoint_case c;
        case_start(&c, &rows[i].options);
        expect_refused(&c, saved.path, &c.all, rows[i].status, rows[i].text);
        case_finish(&c);
    }
    case_finish(&saved);
}

/* Each part is left out of the file in turn, and asked for. */
static void test_checkpoint_tells_missing_parts(void **state)
{
    static const char *const texts[] = {"missing     body.weight",
                                        "it holds no optimizer",
                                        "'wengert.schedule.counts' is not in it",
                                        "'wengert.batches' is not in it",
                                        "'wengert.streams' is not in it",
                                        "'wengert.graph' is not in it",
                                        "it holds no rngs",
                                        "'wengert.number.best' is not in it",
                                        "'wengert.tensor.f32' is not in it"};
    (void)state;
    checkpoint_case c;
    case_start(&c, &usual);
    case_move(&c, 0);
    for (int i = 0; i < 9; i++) {
        wg_checkpoint part = c.all;
        part.model = i == 0 ? NULL : part.model;
        part.optimizer = i == 1 ? NULL : part.optimizer;
        part.schedule = i == 2 ? NULL : part.schedule;
        part.batches = i == 3 ? NULL : part.batches;
        part.streams = i == 4 ? NULL : part.streams;
        part.graph = i == 5 ? NULL : part.graph;
        part.n_rngs = i == 6 ? 0 : part.n_rngs;
        part.n_numbers = i == 7 ? 0 : part.n_numbers;
        part.n_tensors = i == 8 ? 0 : part.n_tensors;
        assert_int_equal(wg_checkpoint_save(c.ctx, c.path, &part), WG_OK);
        case_move(&c, 1);
        expect_refused(&c, c.path, &c.all, WG_ERR_NAME, texts[i]);
        assert_int_equal(wg_checkpoint_load(c.ctx, c.path, &part), WG_OK);
    }
    case_finish(&c);
}

/* Writes the saved file anew, with one part in the place of another of that name, or with none
 * where it is NULL. */
static void replace_part(checkpoint_case *c, const char *name, const wg_tensor *part)
{
    wg_named_tensor entries[64];
    wg_named_text texts[4];
    wg_safetensors *file;
    size_t n = 0;
    save(c);
    assert_int_equal(wg_safetensors_read(c->ctx, c->path, &file), WG_OK);
    assert_true(wg_safetensors_count(file) <= 64 && wg_safetensors_metadata_count(file) <= 4);
    for (size_t i = 0; i < wg_safetensors_count(file); i++) {
        wg_tensor *t;
        assert_int_equal(wg_safetensors_tensor(file, i, &t), WG_OK);
        entries[n++] = (wg_named_tensor){wg_safetensors_name(file, i), t};
    }
    for (size_t i = 0; i < wg_safetensors_metadata_count(file); i++) {
        texts[i].name = wg_safetensors_metadata_key(file, i);
        texts[i].text = wg_safetensors_metadata(file, texts[i].name);
    }
    wg_named_tensor changed[64];
    size_t n_changed = 0;
    for (size_t i = 0; i < n; i++) {
        changed[n_changed] = entries[i];
        if (strcmp(entries[i].name, name) == 0) {
            changed[n_changed].tensor = part;
        }
        n_changed += changed[n_changed].tensor != NULL;
    }
    assert_int_equal(wg_safetensors_write(c->ctx, c->path, changed, n_changed, texts,
                                          wg_safetensors_metadata_count(file)),
                     WG_OK);
    for (size_t i = 0; i < n; i++) {
        wg_tensor_destroy((wg_tensor *)(uintptr_t)entries[i].tensor);
    }
    wg_safetensors_destroy(file);
}

static void refuse_part(checkpoint_case *c, const char *name, wg_dtype dtype, int32_t rank,
                        const double *values, wg_status status)
{
    const int64_t dims[] = {values == NULL ? 2 : (int64_t)values[0], 4};
    wg_tensor *t;
    assert_int_equal(wg_tensor_create(c->ctx, dtype, rank, dims, &t), WG_OK);
    for (int64_t i = 0; i < wg_tensor_count(t) && values != NULL; i++) {
        assert_int_equal(wg_tensor_set(t, i, values[i + 1]), WG_OK);
    }
    replace_part(c, name, t);
    expect_refused(c, c->path, &c->all, status, "");
    wg_tensor_destroy(t);
}

/* Parts of another dtype, of another shape, and with values that no object takes: those that come
 * last too, when others have taken theirs already. */
static void test_checkpoint_refuses_parts_of_another_form(void **state)
{
    static const char *const reals[] = {"wengert.rate", "wengert.schedule.rates",
                                        "wengert.number.best", "wengert.tensor.f64"};
    static const char *const words[] = {"wengert.schedule.counts", "wengert.batches",
                                        "wengert.graph",           "wengert.rngs",
                                        "wengert.number.epoch",    "wengert.tensor.i64"};
    (void)state;
    checkpoint_case c;
    case_start(&c, &usual);
    case_move(&c, 0);
    for (size_t i = 0; i < 4; i++) {
        refuse_part(&c, reals[i], WG_F32, 1, NULL, WG_ERR_DTYPE);
        refuse_part(&c, reals[i], WG_F64, 1, NULL, WG_ERR_SHAPE);
    }
    for (size_t i = 0; i < 6; i++) {
        refuse_part(&c, words[i], WG_F64, 2, NULL, WG_ERR_DTYPE);
        refuse_part(&c, words[i], WG_I64, 1, NULL, WG_ERR_SHAPE);
    }
    refuse_part(&c, "wengert.rngs", WG_I64, 0, NULL, WG_ERR_SHAPE);
    refuse_part(&c, "wengert.rngs", WG_I64, 2, (const double[]){1, 1, 2, 3, 4}, WG_ERR_RANGE);
    refuse_part(&c, "wengert.rate", WG_F64, 0, (const double[]){1, -1}, WG_ERR_FORMAT);
    refuse_part(&c, "wengert.rate", WG_F64, 0, (const double[]){1, (double)NAN}, WG_ERR_FORMAT);
    refuse_part(&c, "wengert.schedule.counts", WG_I64, 1, (const double[]){4, 5, -1, 0, 0},
                WG_ERR_ARGUMENT);
    refuse_part(&c, "wengert.schedule.rates", WG_F64, 1, (const double[]){3, 1, 1, (double)NAN},
                WG_ERR_ARGUMENT);
    refuse_part(&c, "wengert.streams", WG_I64, 0, (const double[]){1, 1}, WG_ERR_RANGE);
    refuse_part(&c, "wengert.streams", WG_I64, 0, (const double[]){1, -3}, WG_ERR_RANGE);
    refuse_part(&c, "wengert.streams", WG_I64, 1, NULL, WG_ERR_SHAPE);
    refuse_part(&c, "wengert.streams", WG_F64, 0, NULL, WG_ERR_DTYPE);
    refuse_part(&c, "wengert.batches", WG_I64, 1, (const double[]){5, 1, 2, 3, 0, 4}, WG_ERR_RANGE);
    case_finish(&c);
}

/* The optimizer comes last of those that may refuse; batches and schedule are set back. */
static void test_checkpoint_sets_back_what_it_had_set(void **state)
{
    (void)state;
    checkpoint_case c;
    case_start(&c, &usual);
    case_move(&c, 0);
    char name[512];
    char part[600];
    wg_tensor *t;
    for (size_t i = 0; i < wg_optimizer_state_count(c.o); i++) {
        assert_int_equal(wg_optimizer_state_get(c.o, i, name, sizeof name, &t), WG_OK);
        wg_tensor_destroy(t);
        snprintf(part, sizeof part, "wengert.optimizer.%s", name);
        replace_part(&c, part, NULL);
        case_move(&c, 1);
        assert_int_equal(wg_optimizer_set_rate(c.o, 0.0625), WG_OK);
        const uint64_t before = case_digest(&c);
        assert_int_not_equal(wg_checkpoint_load(c.ctx, c.path, &c.all), WG_OK);
        assert_true(case_digest(&c) == before);
        assert_non_null(strstr(wg_context_error(c.ctx), "adam"));
    }
    assert_true(wg_optimizer_state_count(c.o) > 3);
    case_finish(&c);
}

static void test_checkpoint_refuses_other_files(void **state)
{
    (void)state;
    checkpoint_case c;
    case_start(&c, &usual);
    assert_int_equal(wg_model_save(c.m, c.path), WG_OK);
    expect_refused(&c, c.path, &c.all, WG_ERR_FORMAT,
                   "it is no checkpoint; wg_model_load reads weights alone");
    const wg_named_text later = {"wengert.checkpoint", "2"};
    assert_int_equal(wg_safetensors_write(c.ctx, c.path, NULL, 0, &later, 1), WG_OK);
    expect_refused(&c, c.path, &c.all, WG_ERR_FORMAT,
                   "a checkpoint of version '2'; this library knows '1'");
    assert_true(wgt_file_write(c.path, "xx", 2));
    expect_refused(&c, c.path, &c.all, WG_ERR_FORMAT, "shorter than the 8 bytes");
    expect_refused(&c, c.folder.path, &c.all, WG_ERR_IO, "");
    case_finish(&c);
}

/* Loads a copy of these bytes. What is refused must have changed nothing. */
static bool is_taken(checkpoint_case *c, const unsigned char *data, size_t bytes)
{
    wgi_block block = {.data = wgi_alloc(&c->ctx->memory, bytes), .bytes = bytes};
    wg_safetensors *file;
    const uint64_t before = case_digest(c);
    if (bytes > 0) {
        memcpy(block.data, data, bytes);
    }
    wg_status status = wgi_safetensors_read_block(c->ctx, "t", &block, &file);
    if (status == WG_OK) {
        status = wgi_checkpoint_apply(file, "t", &c->all);
    }
    wg_safetensors_destroy(file);
    assert_true(status == WG_OK || case_digest(c) == before);
    return status == WG_OK;
}

/* Cut at every byte, and with one bit of every byte changed. */
static void test_checkpoint_survives_damage(void **state)
{
    (void)state;
    checkpoint_case c;
    size_t bytes;
    size_t n_taken = 0;
    case_start(&c, &usual);
    case_move(&c, 0);
    save(&c);
    unsigned char *data = wgt_file_read(c.path, &bytes);
    assert_non_null(data);
    for (size_t i = 0; i < bytes; i++) {
        assert_false(is_taken(&c, data, i));
        data[i] ^= (unsigned char)(1U << (i % 8));
        n_taken += is_taken(&c, data, bytes);
        data[i] ^= (unsigned char)(1U << (i % 8));
    }
    assert_true(is_taken(&c, data, bytes));
    assert_true(n_taken > 100 && n_taken < bytes / 2); /* of the data; never of a name in use */
    print_message("%zu of %zu changed bits were bits of values\n", n_taken, bytes);
    free(data);
    case_finish(&c);
}

static void test_checkpoint_refuses_to_save_reserved_names(void **state)
{
    (void)state;
    checkpoint_case c;
    case_start(&c, &usual);
    c.numbers[1].name = "best";
    assert_int_equal(wg_checkpoint_save(c.ctx, c.path, &c.all), WG_ERR_NAME);
    assert_non_null(strstr(wg_context_error(c.ctx), "'wengert.number.best' names two tensors"));
    c.numbers[1].name = "epoch";
    assert_int_equal(wg_param_create(c.m, "wengert.rate", WG_F64, 0, NULL, NULL, NULL), WG_OK);
    assert_int_equal(wg_checkpoint_save(c.ctx, c.path, &c.all), WG_ERR_NAME);
    assert_non_null(strstr(wg_context_error(c.ctx), "'wengert.rate'"));
    assert_int_equal(wgt_folder_count(&c.folder), 0);
    case_finish(&c);
}

/* ---- failures around it ------------------------------------------------------------------- */

/* A load that fails changes nothing; one that succeeds, everything. */
static bool load_fails_at(checkpoint_case *c, size_t k, bool is_persistent, uint64_t want)
{
    case_move(c, 2);
    const uint64_t before = case_digest(c);
    const size_t n_live = c->counter.n_live;
    wgt_allocator_fail(&c->counter, k, is_persistent);
    const wg_status status = wg_checkpoint_load(c->ctx, c->path, &c->all);
    wgt_allocator_fail(&c->counter, 0, false);
    assert_true(status == WG_OK || status == WG_ERR_MEMORY);
    assert_true(case_digest(c) == (status == WG_OK ? want : before));
    assert_int_equal(c->counter.n_live, n_live);
    return status != WG_OK;
}

static void test_checkpoint_load_without_memory(void **state)
{
    (void)state;
    checkpoint_case c;
    case_start(&c, &usual);
    case_move(&c, 0);
    const uint64_t want = case_digest(&c);
    save(&c);
    for (int is_persistent = 0; is_persistent < 2; is_persistent++) {
        size_t k = 1;
        while (load_fails_at(&c, k, is_persistent != 0, want)) {
            k++;
        }
        assert_true(k > 10);
        print_message("load: %zu allocations\n", k - 1);
    }
    case_finish(&c);
}

/* A save that fails leaves the old file and no other. */
static bool save_fails_at(checkpoint_case *c, size_t k, bool is_persistent, uint64_t old)
{
    wgt_allocator_fail(&c->counter, k, is_persistent);
    const wg_status status = wg_checkpoint_save(c->ctx, c->path, &c->all);
    wgt_allocator_fail(&c->counter, 0, false);
    assert_true(status == WG_OK || status == WG_ERR_MEMORY);
    assert_int_equal(wgt_folder_count(&c->folder), 1);
    if (status != WG_OK) {
        assert_int_equal(wg_checkpoint_load(c->ctx, c->path, &c->all), WG_OK);
        assert_true(case_digest(c) == old);
        case_move(c, 1);
    }
    return status != WG_OK;
}

static void test_checkpoint_save_without_memory(void **state)
{
    (void)state;
    checkpoint_case c;
    case_start(&c, &usual);
    for (int is_persistent = 0; is_persistent < 2; is_persistent++) {
        case_move(&c, 0);
        const uint64_t old = case_digest(&c);
        save(&c);
        case_move(&c, 1);
        size_t k = 1;
        while (save_fails_at(&c, k, is_persistent != 0, old)) {
            k++;
        }
        assert_true(k > 20);
        print_message("save: %zu allocations\n", k - 1);
    }
    case_finish(&c);
}

/* As above: the file is the old one until the rename, whatever fails, and there is no other. */
static bool save_fails_at_call(checkpoint_case *c, size_t k, wgt_fault_mode mode, int code)
{
    wgt_faults faults;
    case_move(c, 0);
    const uint64_t old = case_digest(c);
    save(c);
    case_move(c, 1);
    const uint64_t new = case_digest(c);
    wgt_faults_start(&faults, mode, k, code);
    const wg_status status = wgi_checkpoint_save(c->ctx, &faults.calls, c->path, &c->all);
    assert_int_equal(faults.n_open, 0);
    assert_int_equal(wgt_folder_count(&c->folder), 1);
    assert_int_equal(status, status == WG_OK ? WG_OK : WG_ERR_IO);
    assert_true(status != WG_OK || faults.has_renamed);
    assert_int_equal(wg_checkpoint_load(c->ctx, c->path, &c->all), WG_OK);
    assert_true(case_digest(c) == (faults.has_renamed ? new : old));
    return faults.has_failed;
}

static void test_checkpoint_save_when_the_system_fails(void **state)
{
    static const int codes[] = {ENOSPC, EIO};
    (void)state;
    checkpoint_case c;
    case_start(&c, &usual);
    for (size_t i = 0; i < 2; i++) {
        size_t k = 1;
        while (save_fails_at_call(&c, k, WGT_FAULT_ONCE, codes[i])) {
            k++;
        }
        assert_true(k > 7);
        k = 1;
        while (save_fails_at_call(&c, k, WGT_FAULT_FROM_THEN, codes[i])) {
            k++;
        }
        assert_true(k > 5);
    }
    (void)save_fails_at_call(&c, 0, WGT_FAULT_SHORT, 0);
    (void)save_fails_at_call(&c, 0, WGT_FAULT_INTERRUPT, EINTR);
    case_finish(&c);
}

static void test_checkpoint_load_when_the_system_fails(void **state)
{
    (void)state;
    checkpoint_case c;
    case_start(&c, &usual);
    case_move(&c, 0);
    save(&c);
    for (size_t k = 1; k <= 3; k++) {
        wgt_faults faults;
        case_move(&c, 1);
        const uint64_t before = case_digest(&c);
        wgt_faults_start(&faults, WGT_FAULT_ONCE, k, EIO);
        assert_int_equal(wgi_checkpoint_load(c.ctx, &faults.calls, c.path, &c.all), WG_ERR_IO);
        assert_true(case_digest(&c) == before);
        assert_int_equal(faults.n_open, 0);
    }
    case_finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checkpoint_brings_back_every_bit),
        cmocka_unit_test(test_checkpoint_brings_back_into_new_objects),
        cmocka_unit_test(test_checkpoint_is_of_its_form),
        cmocka_unit_test(test_checkpoint_reads_the_first_version),
        cmocka_unit_test(test_checkpoint_is_a_file_of_weights),
        cmocka_unit_test(test_checkpoint_prefix_is_ordinary_elsewhere),
        cmocka_unit_test(test_checkpoint_gives_what_is_asked_for),
        cmocka_unit_test(test_checkpoint_of_nothing),
        cmocka_unit_test(test_checkpoint_refuses_other_objects),
        cmocka_unit_test(test_checkpoint_tells_missing_parts),
        cmocka_unit_test(test_checkpoint_refuses_parts_of_another_form),
        cmocka_unit_test(test_checkpoint_sets_back_what_it_had_set),
        cmocka_unit_test(test_checkpoint_refuses_other_files),
        cmocka_unit_test(test_checkpoint_survives_damage),
        cmocka_unit_test(test_checkpoint_refuses_to_save_reserved_names),
        cmocka_unit_test(test_checkpoint_load_without_memory),
        cmocka_unit_test(test_checkpoint_save_without_memory),
        cmocka_unit_test(test_checkpoint_save_when_the_system_fails),
        cmocka_unit_test(test_checkpoint_load_when_the_system_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
