/* Scenes of files: saving, loading, tables, batches.
 * SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <stdlib.h>

static void digest_file(stage *s, const char *path)
{
    size_t bytes;
    unsigned char *data = wgt_file_read(path, &bytes);
    assert_non_null(data);
    stage_digest(s, data, bytes);
    free(data);
}

/* A save that fails leaves the old file, and no other. */
static wg_status act_save(stage *s)
{
    char path[WGT_PATH_BYTES];
    wgt_folder_join(s->folder, "model.safetensors", path);
    const size_t n_before = wgt_folder_walk(s->folder, NULL, NULL);
    wg_status status = wg_model_save(s->m, path);
    assert_int_equal(wgt_folder_walk(s->folder, NULL, NULL), n_before);
    if (status == WG_OK) {
        digest_file(s, path);
    }
    return status;
}

static void build_load(stage *s)
{
    wg_tensor *w = wg_param_value(s->first.weight);
    assert_int_equal(wg_tensor_set(w, 3, 77), WG_OK);
}

/* A load that fails changes no parameter. */
static wg_status act_load(stage *s)
{
    char path[WGT_PATH_BYTES];
    wgt_folder_join(s->folder, "model.safetensors", path);
    wg_status status = wg_model_load(s->m, path);
    if (status == WG_OK) {
        stage_digest_params(s);
    } else {
        assert_true(wg_tensor_get(wg_param_value(s->first.weight), 3) == 77);
    }
    return status;
}

static wg_status act_read(stage *s)
{
    char path[WGT_PATH_BYTES];
    wg_safetensors *file;
    wgt_folder_join(s->folder, "model.safetensors", path);
    wg_status status = wg_safetensors_read(s->ctx, path, &file);
    for (size_t i = 0; i < wg_safetensors_count(file) && status == WG_OK; i++) {
        wg_tensor *t;
        status = wg_safetensors_tensor(file, i, &t);
        if (status == WG_OK) {
            stage_digest_tensor(s, t);
        }
        wg_tensor_destroy(t);
    }
    wg_safetensors_destroy(file);
    return status;
}

static wg_status act_write(stage *s)
{
    const wg_named_tensor entries[] = {{"x", s->x}, {"labels", s->labels}};
    const wg_named_text text = {"made by", "the tests"};
    char path[WGT_PATH_BYTES];
    wgt_folder_join(s->folder, "written.safetensors", path);
    wg_status status = wg_safetensors_write(s->ctx, path, entries, 2, &text, 1);
    if (status == WG_OK) {
        digest_file(s, path);
    }
    return status;
}

/* ---- data --------------------------------------------------------------------------------- */

static wg_status walk_batches(stage *s, const wg_dataset *d)
{
    const wg_rng rng = wg_rng_make(3, 4);
    wg_batches *b;
    wg_batch batch;
    wg_status status = wg_batches_create(d, 2, &rng, false, &b);
    while (wg_batches_next(b, &batch)) {
        stage_digest_tensor(s, batch.x);
    }
    wg_batches_destroy(b);
    return status;
}

static wg_status split(stage *s, const wg_dataset *d)
{
    wg_rng rng = wg_rng_make(5, 6);
    wg_dataset *train;
    wg_dataset *test;
    wg_status status = wg_dataset_split(d, 2, &rng, &train, &test);
    if (status == WG_OK) {
        stage_digest_tensor(s, wg_dataset_x(test));
        status = walk_batches(s, train);
    } else {
        assert_null(train);
        assert_null(test);
        assert_int_equal(rng.position, 0);
    }
    wg_dataset_destroy(train);
    wg_dataset_destroy(test);
    return status;
}

static wg_status act_table(stage *s)
{
    char path[WGT_PATH_BYTES];
    wg_dataset *d;
    wgt_folder_join(s->folder, "table.csv", path);
    wg_status status = wg_csv_read(s->ctx, path, NULL, &d);
    if (status == WG_OK) {
        stage_digest_tensor(s, wg_dataset_x(d));
        stage_digest_tensor(s, wg_dataset_y(d));
        status = split(s, d);
    } else {
        assert_null(d);
    }
    wg_dataset_destroy(d);
    return status;
}

/* Text by its own vocabulary, walked in streams. */
static wg_status act_text(stage *s)
{
    static const char string[] = "it was the best of times, it was the worst of times";
    const wg_text_options o = {.size = sizeof o, .unit = WG_TEXT_WORDS, .unknown = "?"};
    wg_text *text;
    wg_streams *streams = NULL;
    wg_batch batch;
    wg_status status = wg_text_create(s->ctx, string, sizeof string - 1, &o, &text);
    if (status == WG_OK) {
        status = wg_streams_create(wg_text_symbols(text), 2, 4, false, &streams);
    }
    while (wg_streams_next(streams, &batch)) {
        stage_digest_tensor(s, batch.y);
    }
    wg_streams_destroy(streams);
    wg_text_destroy(text);
    return status;
}

/* Arrays through an archive and scaled. */
static wg_status act_arrays(stage *s)
{
    const wg_named_tensor entries[] = {{"x", s->x}, {"labels", s->labels}};
    char path[WGT_PATH_BYTES];
    wg_npz *file = NULL;
    wg_tensor *x = NULL;
    wg_tensor *scaled = NULL;
    wg_scaling *scaling = NULL;
    wgt_folder_join(s->folder, "written.npz", path);
    wg_status status = wg_npz_write(s->ctx, path, entries, 2);
    if (status == WG_OK) {
        status = wg_npz_read(s->ctx, path, &file);
    }
    if (status == WG_OK) {
        status = wg_npz_tensor(file, 0, &x);
    }
    if (status == WG_OK) {
        status = wg_scaling_fit(x, WG_SCALING_STANDARD, &scaling);
    }
    if (status == WG_OK) {
        status = wg_scaling_apply(scaling, x, &scaled);
    }
    if (status == WG_OK) {
        stage_digest_tensor(s, scaled);
    }
    wg_scaling_destroy(scaling);
    wg_tensor_destroy(scaled);
    wg_tensor_destroy(x);
    wg_npz_destroy(file);
    return status;
}

const scene scenes_of_files[] = {
    {"model_save", false, NULL, act_save},       {"model_load", false, build_load, act_load},
    {"safetensors_read", false, NULL, act_read}, {"safetensors_write", false, NULL, act_write},
    {"table", false, NULL, act_table},           {"text", false, NULL, act_text},
    {"arrays", false, NULL, act_arrays},         {NULL, false, NULL, NULL},
};
