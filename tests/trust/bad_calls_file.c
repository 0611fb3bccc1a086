/* Bad calls of io.h and data.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

#include <string.h>

/* ---- safetensors -------------------------------------------------------------------------- */

static void check_read(bad_world *w, const bad_row *row)
{
    char path[WGT_PATH_BYTES];
    wg_safetensors *file = (wg_safetensors *)(uintptr_t)1;
    (void)row;
    wgt_folder_join(w->folder.path, "none", path);
    assert_status(wg_safetensors_read(NULL, path, &file), WG_ERR_ARGUMENT);
    assert_null(file);
    assert_status(wg_safetensors_read(w->ctx, NULL, &file), WG_ERR_ARGUMENT);
    assert_status(wg_safetensors_read(w->ctx, path, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_safetensors_read(w->ctx, path, &file), WG_ERR_IO);
    assert_status(wg_safetensors_read(w->ctx, w->folder.path, &file), WG_ERR_IO);
    assert_int_not_equal(wg_safetensors_read(w->ctx, "/dev/null", &file), WG_OK);
    assert_null(file);
    wg_safetensors_destroy(NULL);
}

static void check_no_file(void)
{
    size_t at = 77;
    wg_tensor *t = (wg_tensor *)(uintptr_t)1;
    assert_int_equal(wg_safetensors_count(NULL), 0);
    assert_null(wg_safetensors_name(NULL, 0));
    assert_null(wg_safetensors_dtype(NULL, 0));
    assert_false(wg_safetensors_find(NULL, "p", &at));
    assert_int_equal(at, 0);
    assert_status(wg_safetensors_tensor(NULL, 0, &t), WG_ERR_ARGUMENT);
    assert_null(t);
    assert_int_equal(wg_safetensors_metadata_count(NULL), 0);
    assert_null(wg_safetensors_metadata_key(NULL, 0));
    assert_null(wg_safetensors_metadata(NULL, "key"));
}

static void check_file(bad_world *w, const bad_row *row)
{
    char path[WGT_PATH_BYTES];
    wg_safetensors *file;
    wg_tensor *t = (wg_tensor *)(uintptr_t)1;
    size_t at = 77;
    (void)row;
    check_no_file();
    wgt_folder_join(w->folder.path, "file", path);
    assert_status(wg_model_save(w->m, path), WG_OK);
    assert_status(wg_safetensors_read(w->ctx, path, &file), WG_OK);
    assert_int_equal(wg_safetensors_count(file), 1);
    assert_null(wg_safetensors_name(file, 1));
    assert_null(wg_safetensors_dtype(file, SIZE_MAX));
    assert_false(wg_safetensors_find(file, NULL, &at));
    assert_false(wg_safetensors_find(file, "no such", &at));
    assert_int_equal(at, 0);
    (void)wg_safetensors_find(file, "p", NULL);
    assert_status(wg_safetensors_tensor(file, 1, &t), WG_ERR_RANGE);
    assert_null(t);
    assert_status(wg_safetensors_tensor(file, SIZE_MAX, &t), WG_ERR_RANGE);
    assert_status(wg_safetensors_tensor(file, 0, NULL), WG_ERR_ARGUMENT);
    assert_null(wg_safetensors_metadata_key(file, SIZE_MAX));
    assert_null(wg_safetensors_metadata(file, NULL));
    assert_null(wg_safetensors_metadata(file, "no such"));
    wg_safetensors_destroy(file);
}

static void refuse_write(bad_world *w, const wg_named_tensor *entry, wg_status status)
{
    char path[WGT_PATH_BYTES];
    wgt_folder_join(w->folder.path, "refused", path);
    assert_status(wg_safetensors_write(w->ctx, path, entry, 1, NULL, 0), status);
    assert_int_equal(wgt_folder_count(&w->folder), 0);
}

static void check_write(bad_world *w, const bad_row *row)
{
    const wg_named_tensor good = {"t", w->t};
    const wg_named_tensor twice[] = {good, good};
    const wg_named_text text = {"key", "text"};
    const wg_named_text no_key = {NULL, "text"};
    const wg_named_text no_text = {"key", NULL};
    char path[WGT_PATH_BYTES];
    (void)row;
    wgt_folder_join(w->folder.path, "refused", path);
    assert_status(wg_safetensors_write(NULL, path, &good, 1, NULL, 0), WG_ERR_ARGUMENT);
    assert_status(wg_safetensors_write(w->ctx, NULL, &good, 1, NULL, 0), WG_ERR_ARGUMENT);
    assert_status(wg_safetensors_write(w->ctx, path, NULL, 1, NULL, 0), WG_ERR_ARGUMENT);
    assert_status(wg_safetensors_write(w->ctx, path, &good, 1, NULL, 1), WG_ERR_ARGUMENT);
    assert_int_not_equal(wg_safetensors_write(w->ctx, path, &good, 1, &no_key, 1), WG_OK);
    assert_int_not_equal(wg_safetensors_write(w->ctx, path, &good, 1, &no_text, 1), WG_OK);
    assert_status(wg_safetensors_write(w->ctx, path, twice, 2, &text, 1), WG_ERR_NAME);
    refuse_write(w, &(wg_named_tensor){NULL, w->t}, WG_ERR_ARGUMENT);
    refuse_write(w, &(wg_named_tensor){"t", NULL}, WG_ERR_ARGUMENT);
    refuse_write(w, &(wg_named_tensor){"__metadata__", w->t}, WG_ERR_NAME);
    refuse_write(w, &(wg_named_tensor){"\xff\xfe", w->t}, WG_ERR_NAME);
    const wg_tensor *value = wg_value(wg_exp(w->x));
    bad_world_record(w);
    refuse_write(w, &(wg_named_tensor){"t", value}, WG_ERR_STALE);
}

const bad_row bad_rows_of_files[] = {
    {.name = "wg_safetensors_read", .check = check_read},
    {.name = "wg_safetensors_destroy", .check = check_read},
    {.name = "wg_safetensors_count", .check = check_file},
    {.name = "wg_safetensors_name", .check = check_file},
    {.name = "wg_safetensors_dtype", .check = check_file},
    {.name = "wg_safetensors_find", .check = check_file},
    {.name = "wg_safetensors_tensor", .check = check_file},
    {.name = "wg_safetensors_metadata_count", .check = check_file},
    {.name = "wg_safetensors_metadata_key", .check = check_file},
    {.name = "wg_safetensors_metadata", .check = check_file},
    {.name = "wg_safetensors_write", .check = check_write},
    {NULL, NULL, NULL},
};

/* ---- tables ------------------------------------------------------------------------------- */

static wg_status read_table(bad_world *w, const char *path, const wg_csv_options *options)
{
    wg_dataset *d = (wg_dataset *)(uintptr_t)1;
    wg_status status = wg_csv_read(w->ctx, path, options, &d);
    assert_int_equal(d == NULL, status != WG_OK);
    wg_dataset_destroy(d);
    return status;
}

static void check_csv_options(bad_world *w, const char *path)
{
    const size_t size = sizeof(wg_csv_options);
    const wg_csv_options bad[] = {
        {.size = 0},
        {.size = SIZE_MAX},
        {.size = size, .header = (wg_csv_header)99},
        {.size = size, .header = (wg_csv_header)-1},
        {.size = size, .labels = (wg_csv_labels)99},
        {.size = size, .labels = (wg_csv_labels)-1},
        {.size = size, .label_column = -1},
        {.size = size, .label_column = 3},
        {.size = size, .label_column = INT32_MAX},
        {.size = size, .label_column = INT32_MIN},
        {.size = size, .separator = '"'},
        {.size = size, .separator = '\n'},
        {.size = size, .max_bytes = 1},
        {.size = size, .scale = bad_number(0)},
        {.size = size, .scale = bad_number(2)},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_not_equal(read_table(w, path, &bad[i]), WG_OK);
    }
}

static void check_csv(bad_world *w, const bad_row *row)
{
    static const char table[] = "1,0\n2,1\n";
    char path[WGT_PATH_BYTES];
    wg_dataset *d = (wg_dataset *)(uintptr_t)1;
    (void)row;
    wgt_folder_join(w->folder.path, "table.csv", path);
    assert_true(wgt_file_write(path, table, sizeof table - 1));
    assert_status(wg_csv_read(NULL, path, NULL, &d), WG_ERR_ARGUMENT);
    assert_null(d);
    assert_status(wg_csv_read(w->ctx, path, NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(read_table(w, NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(read_table(w, "/no/such/file", NULL), WG_ERR_IO);
    assert_status(read_table(w, w->folder.path, NULL), WG_ERR_IO);
    assert_status(read_table(w, path, NULL), WG_OK);
    check_csv_options(w, path);
}

/* ---- data sets ---------------------------------------------------------------------------- */

static void check_dataset(bad_world *w, const bad_row *row)
{
    wg_dataset *d = (wg_dataset *)(uintptr_t)1;
    wg_tensor *scalar;
    (void)row;
    assert_status(wg_tensor_create(w->ctx, WG_F32, 0, NULL, &scalar), WG_OK);
    assert_status(wg_dataset_create(NULL, w->t, NULL, &d), WG_ERR_ARGUMENT);
    assert_null(d);
    assert_status(wg_dataset_create(w->ctx, NULL, NULL, &d), WG_ERR_ARGUMENT);
    assert_status(wg_dataset_create(w->ctx, w->t, NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_dataset_create(w->ctx, w->t_foreign, NULL, &d), WG_ERR_ARGUMENT);
    assert_status(wg_dataset_create(w->ctx, w->t, w->t_foreign, &d), WG_ERR_ARGUMENT);
    assert_status(wg_dataset_create(w->ctx, scalar, NULL, &d), WG_ERR_SHAPE);
    assert_status(wg_dataset_create(w->ctx, w->t, scalar, &d), WG_ERR_SHAPE);
    wg_tensor *value = (wg_tensor *)(uintptr_t)wg_value(wg_exp(w->x));
    assert_status(wg_dataset_create(w->ctx, value, NULL, &d), WG_ERR_STATE);
    assert_null(d);
    wg_tensor_destroy(scalar);
    wg_dataset_destroy(NULL);
    assert_int_equal(wg_dataset_count(NULL), 0);
    assert_null(wg_dataset_x(NULL));
    assert_null(wg_dataset_y(NULL));
    assert_int_equal(wg_dataset_class_count(NULL), 0);
    assert_null(wg_dataset_class_name(NULL, 0));
}

static void refuse_split(const wg_dataset *d, int64_t n_test, wg_status status)
{
    wg_rng rng = wg_rng_make(1, 2);
    wg_dataset *a = (wg_dataset *)(uintptr_t)1;
    wg_dataset *b = (wg_dataset *)(uintptr_t)1;
    assert_status(wg_dataset_split(d, n_test, &rng, &a, &b), status);
    assert_null(a);
    assert_null(b);
    assert_int_equal(rng.position, 0);
}

static void check_split(bad_world *w, const bad_row *row)
{
    wg_dataset *d;
    wg_dataset *a;
    (void)row;
    assert_status(wg_dataset_create(w->ctx, w->t, w->indices, &d), WG_OK);
    refuse_split(NULL, 1, WG_ERR_ARGUMENT);
    refuse_split(d, -1, WG_ERR_RANGE);
    refuse_split(d, 3, WG_ERR_RANGE);
    refuse_split(d, INT64_MAX, WG_ERR_RANGE);
    refuse_split(d, INT64_MIN, WG_ERR_RANGE);
    assert_status(wg_dataset_split(d, 1, NULL, NULL, &a), WG_ERR_ARGUMENT);
    assert_status(wg_dataset_split(d, 1, NULL, &a, NULL), WG_ERR_ARGUMENT);
    assert_null(a);
    assert_null(wg_dataset_class_name(d, 0));
    assert_null(wg_dataset_class_name(d, -1));
    wg_dataset_destroy(d);
}

/* ---- batches ------------------------------------------------------------------------------ */

static void check_batches_create(bad_world *w, const bad_row *row)
{
    wg_dataset *d;
    wg_batches *b = (wg_batches *)(uintptr_t)1;
    (void)row;
    assert_status(wg_dataset_create(w->ctx, w->t, NULL, &d), WG_OK);
    assert_status(wg_batches_create(NULL, 1, NULL, false, &b), WG_ERR_ARGUMENT);
    assert_null(b);
    assert_status(wg_batches_create(d, 1, NULL, false, NULL), WG_ERR_ARGUMENT);
    static const int64_t sizes[] = {0, -1, INT64_MIN};
    for (size_t i = 0; i < 3; i++) {
        assert_status(wg_batches_create(d, sizes[i], NULL, false, &b), WG_ERR_RANGE);
        assert_null(b);
    }
    wg_status status = wg_batches_create(d, INT64_MAX, NULL, true, &b);
    assert_int_equal(b == NULL, status != WG_OK);
    wg_batches_destroy(b);
    wg_batches_destroy(NULL);
    wg_dataset_destroy(d);
}

static void check_batches(bad_world *w, const bad_row *row)
{
    const wg_rng rng = wg_rng_make(1, 2);
    wg_dataset *d;
    wg_batches *b;
    wg_batch batch = {.n = 77};
    wg_batches_state state = {.next = 77};
    (void)row;
    assert_status(wg_dataset_create(w->ctx, w->t, w->indices, &d), WG_OK);
    assert_status(wg_batches_create(d, 1, &rng, false, &b), WG_OK);
    assert_false(wg_batches_next(NULL, &batch));
    assert_int_equal(batch.n, 0);
    assert_false(wg_batches_next(b, NULL));
    assert_int_equal(wg_batches_count(NULL), 0);
    assert_status(wg_batches_get_state(NULL, &state), WG_ERR_ARGUMENT);
    assert_int_equal(state.next, 0);
    assert_status(wg_batches_get_state(b, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_batches_get_state(b, &state), WG_OK);
    assert_status(wg_batches_set_state(NULL, &state), WG_ERR_ARGUMENT);
    assert_status(wg_batches_set_state(b, NULL), WG_ERR_ARGUMENT);
    static const int64_t bad[] = {-1, 3, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < 4; i++) {
        state.next = bad[i];
        assert_status(wg_batches_set_state(b, &state), WG_ERR_RANGE);
    }
    assert_true(wg_batches_next(b, &batch));
    wg_batches_destroy(b);
    wg_dataset_destroy(d);
}

const bad_row bad_rows_of_data[] = {
    {.name = "wg_csv_read", .check = check_csv},
    {.name = "wg_dataset_create", .check = check_dataset},
    {.name = "wg_dataset_destroy", .check = check_dataset},
    {.name = "wg_dataset_count", .check = check_dataset},
    {.name = "wg_dataset_x", .check = check_dataset},
    {.name = "wg_dataset_y", .check = check_dataset},
    {.name = "wg_dataset_class_count", .check = check_dataset},
    {.name = "wg_dataset_class_name", .check = check_split},
    {.name = "wg_dataset_split", .check = check_split},
    {.name = "wg_batches_create", .check = check_batches_create},
    {.name = "wg_batches_destroy", .check = check_batches_create},
    {.name = "wg_batches_next", .check = check_batches},
    {.name = "wg_batches_count", .check = check_batches},
    {.name = "wg_batches_get_state", .check = check_batches},
    {.name = "wg_batches_set_state", .check = check_batches},
    {NULL, NULL, NULL},
};
