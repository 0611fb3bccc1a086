/* Bad calls of what reads and prepares data: IDX, running text, NumPy's files,
 * transforms.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

#include <stdio.h>
#include <string.h>

/* ---- IDX ---------------------------------------------------------------------------------- */

static const char idx_images[] = "\0\0\x08\x03\0\0\0\2\0\0\0\1\0\0\0\2\1\2\3\4";
static const char idx_labels[] = "\0\0\x08\x01\0\0\0\2\7\2";

static void check_idx(bad_world *w, const bad_row *row)
{
    char path[WGT_PATH_BYTES];
    wg_tensor *t = (wg_tensor *)(uintptr_t)1;
    (void)row;
    wgt_folder_join(w->folder.path, "images.idx", path);
    assert_true(wgt_file_write(path, idx_images, sizeof idx_images - 1));
    assert_status(wg_idx_read(NULL, path, &t), WG_ERR_ARGUMENT);
    assert_null(t);
    assert_status(wg_idx_read(w->ctx, NULL, &t), WG_ERR_ARGUMENT);
    assert_status(wg_idx_read(w->ctx, path, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_idx_read(w->ctx, w->folder.path, &t), WG_ERR_IO);
    assert_status(wg_idx_read(w->ctx, "/no/such/file", &t), WG_ERR_IO);
    assert_int_not_equal(wg_idx_read(w->ctx, "/dev/null", &t), WG_OK);
    assert_null(t);
    assert_status(wg_idx_read(w->ctx, path, &t), WG_OK);
    wg_tensor_destroy(t);
}

static wg_status read_images(bad_world *w, const char *images, const char *labels,
                             const wg_idx_options *options)
{
    wg_dataset *d = (wg_dataset *)(uintptr_t)1;
    wg_status status = wg_idx_read_dataset(w->ctx, images, labels, options, &d);
    assert_int_equal(d == NULL, status != WG_OK);
    wg_dataset_destroy(d);
    return status;
}

static void check_idx_dataset(bad_world *w, const bad_row *row)
{
    const size_t size = sizeof(wg_idx_options);
    const wg_idx_options bad[] = {
        {.size = 0},
        {.size = SIZE_MAX},
        {.size = size, .scale = bad_number(0)},
        {.size = size, .scale = bad_number(2)},
        {.size = size, .max_bytes = 1},
    };
    char images[WGT_PATH_BYTES];
    char labels[WGT_PATH_BYTES];
    wg_dataset *d = (wg_dataset *)(uintptr_t)1;
    (void)row;
    wgt_folder_join(w->folder.path, "images.idx", images);
    wgt_folder_join(w->folder.path, "labels.idx", labels);
    assert_true(wgt_file_write(images, idx_images, sizeof idx_images - 1));
    assert_true(wgt_file_write(labels, idx_labels, sizeof idx_labels - 1));
    assert_status(wg_idx_read_dataset(NULL, images, labels, NULL, &d), WG_ERR_ARGUMENT);
    assert_null(d);
    assert_status(wg_idx_read_dataset(w->ctx, images, labels, NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(read_images(w, NULL, labels, NULL), WG_ERR_ARGUMENT);
    assert_status(read_images(w, images, w->folder.path, NULL), WG_ERR_IO);
    assert_status(read_images(w, images, images, NULL), WG_ERR_SHAPE);
    assert_status(read_images(w, images, labels, NULL), WG_OK);
    assert_status(read_images(w, images, NULL, NULL), WG_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_not_equal(read_images(w, images, labels, &bad[i]), WG_OK);
    }
}

/* ---- running text ------------------------------------------------------------------------- */

static void check_text_read(bad_world *w, const bad_row *row)
{
    char path[WGT_PATH_BYTES];
    const wg_text_options no_size = {.size = 0};
    const wg_text_options no_unit = {.size = sizeof no_unit, .unit = (wg_text_unit)99};
    wg_text *text = (wg_text *)(uintptr_t)1;
    (void)row;
    wgt_folder_join(w->folder.path, "text", path);
    assert_true(wgt_file_write(path, "text", 4));
    assert_status(wg_text_read(NULL, path, NULL, &text), WG_ERR_ARGUMENT);
    assert_null(text);
    assert_status(wg_text_read(w->ctx, NULL, NULL, &text), WG_ERR_ARGUMENT);
    assert_status(wg_text_read(w->ctx, path, NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_text_read(w->ctx, path, &no_size, &text), WG_ERR_ARGUMENT);
    assert_status(wg_text_read(w->ctx, path, &no_unit, &text), WG_ERR_ARGUMENT);
    assert_status(wg_text_read(w->ctx, w->folder.path, NULL, &text), WG_ERR_IO);
    assert_status(wg_text_create(NULL, "a", 1, NULL, &text), WG_ERR_ARGUMENT);
    assert_status(wg_text_create(w->ctx, NULL, 1, NULL, &text), WG_ERR_ARGUMENT);
    assert_status(wg_text_create(w->ctx, "a", 1, NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_text_create(w->ctx, "a", 1, &no_unit, &text), WG_ERR_ARGUMENT);
    assert_null(text);
    assert_status(wg_text_create(w->ctx, NULL, 0, NULL, &text), WG_OK);
    const wg_text_options other = {.size = sizeof other, .vocabulary = text};
    wg_text *foreign = (wg_text *)(uintptr_t)1;
    assert_status(wg_text_create(w->other_ctx, "a", 1, &other, &foreign), WG_ERR_ARGUMENT);
    assert_null(foreign);
    wg_text_destroy(text);
    wg_text_destroy(NULL);
}

static void check_text(bad_world *w, const bad_row *row)
{
    wg_text *text;
    int64_t out[2] = {77, 77};
    size_t n = 77;
    (void)row;
    assert_status(wg_text_create(w->ctx, "ab", 2, NULL, &text), WG_OK);
    assert_null(wg_text_symbols(NULL));
    assert_int_equal(wg_text_vocabulary_size(NULL), 0);
    assert_null(wg_text_symbol(NULL, 0));
    static const int64_t bad[] = {-1, 2, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < 4; i++) {
        assert_null(wg_text_symbol(text, bad[i]));
    }
    assert_status(wg_text_encode(NULL, "a", out, 2, &n), WG_ERR_ARGUMENT);
    assert_int_equal(n, 0);
    assert_status(wg_text_encode(text, NULL, out, 2, &n), WG_ERR_ARGUMENT);
    assert_status(wg_text_encode(text, "a", out, 2, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_text_encode(text, "a", NULL, 2, &n), WG_ERR_ARGUMENT);
    assert_status(wg_text_encode(text, "aba", out, 2, &n), WG_ERR_RANGE);
    assert_status(wg_text_encode(text, "x", out, 2, &n), WG_ERR_RANGE);
    assert_status(wg_text_encode(text, "\xFF", out, 2, &n), WG_ERR_FORMAT);
    assert_int_equal(out[0], 77);
    wg_text_destroy(text);
}

static wg_status cut(bad_world *w, const wg_tensor *symbols, int64_t length, int64_t stride)
{
    wg_dataset *d = (wg_dataset *)(uintptr_t)1;
    wg_status status = wg_dataset_windows(w->ctx, symbols, length, stride, &d);
    assert_int_equal(d == NULL, status != WG_OK);
    wg_dataset_destroy(d);
    return status;
}

static wg_tensor *value_of(bad_world *w)
{
    return (wg_tensor *)(uintptr_t)wg_value(wg_exp(w->x));
}

static void check_windows(bad_world *w, const bad_row *row)
{
    static const int64_t bad[] = {0, -1, INT64_MIN};
    wg_dataset *d = (wg_dataset *)(uintptr_t)1;
    wg_tensor *scalar;
    (void)row;
    assert_status(wg_tensor_create(w->ctx, WG_I64, 0, NULL, &scalar), WG_OK);
    assert_status(wg_dataset_windows(NULL, w->indices, 1, 1, &d), WG_ERR_ARGUMENT);
    assert_null(d);
    assert_status(wg_dataset_windows(w->ctx, w->indices, 1, 1, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_dataset_windows(w->other_ctx, w->indices, 1, 1, &d), WG_ERR_ARGUMENT);
    assert_status(cut(w, NULL, 1, 1), WG_ERR_ARGUMENT);
    assert_status(cut(w, w->t, 1, 1), WG_ERR_DTYPE);
    assert_status(cut(w, scalar, 1, 1), WG_ERR_SHAPE);
    assert_status(cut(w, value_of(w), 1, 1), WG_ERR_STATE);
    for (size_t i = 0; i < 3; i++) {
        assert_status(cut(w, w->indices, bad[i], 1), WG_ERR_RANGE);
        assert_status(cut(w, w->indices, 1, bad[i]), WG_ERR_RANGE);
    }
    assert_status(cut(w, w->indices, 2, 1), WG_ERR_SHAPE);
    assert_status(cut(w, w->indices, INT64_MAX, 1), WG_ERR_RANGE);
    assert_status(cut(w, w->indices, INT64_MAX - 1, 1), WG_ERR_SHAPE);
    assert_status(cut(w, w->indices, 1, INT64_MAX), WG_OK);
    wg_tensor_destroy(scalar);
}

static wg_status stream(wg_tensor *symbols, int64_t batch, int64_t steps)
{
    wg_streams *s = (wg_streams *)(uintptr_t)1;
    wg_status status = wg_streams_create(symbols, batch, steps, true, &s);
    assert_int_equal(s == NULL, status != WG_OK);
    wg_streams_destroy(s);
    return status;
}

static void check_streams_create(bad_world *w, const bad_row *row)
{
    static const int64_t bad[] = {0, -1, INT64_MIN};
    wg_tensor *scalar;
    (void)row;
    assert_status(wg_tensor_create(w->ctx, WG_I64, 0, NULL, &scalar), WG_OK);
    assert_status(wg_streams_create(w->indices, 1, 1, true, NULL), WG_ERR_ARGUMENT);
    assert_status(stream(NULL, 1, 1), WG_ERR_ARGUMENT);
    assert_status(stream(w->t, 1, 1), WG_ERR_DTYPE);
    assert_status(stream(scalar, 1, 1), WG_ERR_SHAPE);
    assert_status(stream(value_of(w), 1, 1), WG_ERR_STATE);
    for (size_t i = 0; i < 3; i++) {
        assert_status(stream(w->indices, bad[i], 1), WG_ERR_RANGE);
        assert_status(stream(w->indices, 1, bad[i]), WG_ERR_RANGE);
    }
    assert_status(stream(w->indices, 2, 1), WG_ERR_SHAPE);
    assert_status(stream(w->indices, INT64_MAX, 1), WG_ERR_RANGE);
    assert_status(stream(w->indices, 1, INT64_MAX), WG_OK);
    wg_streams_destroy(NULL);
    wg_tensor_destroy(scalar);
}

static void check_streams(bad_world *w, const bad_row *row)
{
    static const int64_t bad[] = {-1, 2, INT64_MAX, INT64_MIN};
    wg_streams *s;
    wg_batch batch = {.n = 77};
    (void)row;
    assert_status(wg_streams_create(w->indices, 1, 1, false, &s), WG_OK);
    assert_false(wg_streams_next(NULL, &batch));
    assert_int_equal(batch.n, 0);
    assert_false(wg_streams_next(s, NULL));
    assert_int_equal(wg_streams_count(NULL), 0);
    assert_int_equal(wg_streams_state(NULL), 0);
    assert_status(wg_streams_set_state(NULL, 0), WG_ERR_ARGUMENT);
    for (size_t i = 0; i < 4; i++) {
        assert_status(wg_streams_set_state(s, bad[i]), WG_ERR_RANGE);
    }
    assert_true(wg_streams_next(s, &batch));
    wg_streams_destroy(s);
}

/* ---- NumPy's files ------------------------------------------------------------------------ */

static void check_npy(bad_world *w, const bad_row *row)
{
    char path[WGT_PATH_BYTES];
    wg_tensor *t = (wg_tensor *)(uintptr_t)1;
    (void)row;
    wgt_folder_join(w->folder.path, "t.npy", path);
    assert_status(wg_npy_write(NULL, path, w->t), WG_ERR_ARGUMENT);
    assert_status(wg_npy_write(w->ctx, NULL, w->t), WG_ERR_ARGUMENT);
    assert_status(wg_npy_write(w->ctx, path, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_npy_write(w->ctx, "/no/such/folder/t.npy", w->t), WG_ERR_IO);
    const wg_tensor *value = wg_value(wg_exp(w->x));
    bad_world_record(w);
    assert_status(wg_npy_write(w->ctx, path, value), WG_ERR_STALE);
    assert_int_equal(wgt_folder_count(&w->folder), 0);
    assert_status(wg_npy_read(w->ctx, path, &t), WG_ERR_IO);
    assert_null(t);
    assert_status(wg_npy_write(w->ctx, path, w->t), WG_OK);
    assert_status(wg_npy_read(NULL, path, &t), WG_ERR_ARGUMENT);
    assert_status(wg_npy_read(w->ctx, NULL, &t), WG_ERR_ARGUMENT);
    assert_status(wg_npy_read(w->ctx, path, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_npy_read(w->ctx, w->folder.path, &t), WG_ERR_IO);
    assert_int_not_equal(wg_npy_read(w->ctx, "/dev/null", &t), WG_OK);
    assert_null(t);
    assert_status(wg_npy_read(w->ctx, path, &t), WG_OK);
    wg_tensor_destroy(t);
}

static void check_no_archive(void)
{
    size_t at = 77;
    wg_tensor *t = (wg_tensor *)(uintptr_t)1;
    assert_int_equal(wg_npz_count(NULL), 0);
    assert_null(wg_npz_name(NULL, 0));
    assert_false(wg_npz_find(NULL, "t", &at));
    assert_int_equal(at, 0);
    assert_status(wg_npz_tensor(NULL, 0, &t), WG_ERR_ARGUMENT);
    assert_null(t);
    wg_npz_destroy(NULL);
}

static void check_npz(bad_world *w, const bad_row *row)
{
    const wg_named_tensor entry = {"t", w->t};
    char path[WGT_PATH_BYTES];
    wg_npz *file = (wg_npz *)(uintptr_t)1;
    wg_tensor *t = (wg_tensor *)(uintptr_t)1;
    size_t at = 77;
    (void)row;
    check_no_archive();
    wgt_folder_join(w->folder.path, "t.npz", path);
    assert_status(wg_npz_read(w->ctx, path, &file), WG_ERR_IO);
    assert_null(file);
    assert_status(wg_npz_write(w->ctx, path, &entry, 1), WG_OK);
    assert_status(wg_npz_read(NULL, path, &file), WG_ERR_ARGUMENT);
    assert_status(wg_npz_read(w->ctx, NULL, &file), WG_ERR_ARGUMENT);
    assert_status(wg_npz_read(w->ctx, path, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_npz_read(w->ctx, path, &file), WG_OK);
    assert_null(wg_npz_name(file, 1));
    assert_null(wg_npz_name(file, SIZE_MAX));
    assert_false(wg_npz_find(file, NULL, &at));
    assert_false(wg_npz_find(file, "no such", &at));
    assert_int_equal(at, 0);
    assert_false(wg_npz_find(file, "t", NULL));
    assert_status(wg_npz_tensor(file, 1, &t), WG_ERR_RANGE);
    assert_null(t);
    assert_status(wg_npz_tensor(file, SIZE_MAX, &t), WG_ERR_RANGE);
    assert_status(wg_npz_tensor(file, 0, NULL), WG_ERR_ARGUMENT);
    wg_npz_destroy(file);
}

static void check_npz_write(bad_world *w, const bad_row *row)
{
    const wg_named_tensor good = {"t", w->t};
    const wg_named_tensor twice[] = {good, good};
    const wg_tensor *value = wg_value(wg_exp(w->x));
    bad_world_record(w);
    const wg_named_tensor bad[] = {
        {NULL, w->t}, {"t", NULL}, {"", w->t}, {"\xFF", w->t}, {"t", value}};
    char path[WGT_PATH_BYTES];
    (void)row;
    wgt_folder_join(w->folder.path, "t.npz", path);
    assert_status(wg_npz_write(NULL, path, &good, 1), WG_ERR_ARGUMENT);
    assert_status(wg_npz_write(w->ctx, NULL, &good, 1), WG_ERR_ARGUMENT);
    assert_status(wg_npz_write(w->ctx, path, NULL, 1), WG_ERR_ARGUMENT);
    assert_status(wg_npz_write(w->ctx, path, &good, SIZE_MAX), WG_ERR_RANGE);
    assert_status(wg_npz_write(w->ctx, path, twice, 2), WG_ERR_NAME);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_not_equal(wg_npz_write(w->ctx, path, &bad[i], 1), WG_OK);
    }
    assert_int_equal(wgt_folder_count(&w->folder), 0);
    assert_status(wg_npz_write(w->ctx, path, NULL, 0), WG_OK);
}

/* ---- transforms --------------------------------------------------------------------------- */

static wg_status fit(const wg_tensor *x, int kind)
{
    wg_scaling *s = (wg_scaling *)(uintptr_t)1;
    wg_status status = wg_scaling_fit(x, (wg_scaling_kind)kind, &s);
    assert_int_equal(s == NULL, status != WG_OK);
    wg_scaling_destroy(s);
    return status;
}

static void check_scaling_making(bad_world *w, const bad_row *row)
{
    static const double number = 1;
    static const int64_t bad[] = {0, -1, INT64_MIN};
    wg_scaling *s = (wg_scaling *)(uintptr_t)1;
    wg_tensor *scalar;
    (void)row;
    assert_status(wg_tensor_create(w->ctx, WG_F32, 0, NULL, &scalar), WG_OK);
    assert_status(wg_scaling_fit(w->t, WG_SCALING_RANGE, NULL), WG_ERR_ARGUMENT);
    assert_status(fit(NULL, 0), WG_ERR_ARGUMENT);
    assert_status(fit(w->t, -1), WG_ERR_ARGUMENT);
    assert_status(fit(w->t, 2), WG_ERR_ARGUMENT);
    assert_status(fit(scalar, 0), WG_ERR_SHAPE);
    const wg_tensor *value = value_of(w);
    bad_world_record(w);
    assert_status(fit(value, 0), WG_ERR_STATE);
    assert_status(fit(w->t, 0), WG_OK);
    assert_status(wg_scaling_create(NULL, 1, &number, &number, &s), WG_ERR_ARGUMENT);
    assert_null(s);
    assert_status(wg_scaling_create(w->ctx, 1, NULL, &number, &s), WG_ERR_ARGUMENT);
    assert_status(wg_scaling_create(w->ctx, 1, &number, NULL, &s), WG_ERR_ARGUMENT);
    assert_status(wg_scaling_create(w->ctx, 1, &number, &number, NULL), WG_ERR_ARGUMENT);
    for (size_t i = 0; i < 3; i++) {
        assert_status(wg_scaling_create(w->ctx, bad[i], &number, &number, &s), WG_ERR_RANGE);
    }
    assert_status(wg_scaling_create(w->ctx, INT64_MAX, &number, &number, &s), WG_ERR_OVERFLOW);
    assert_null(s);
    assert_null(wg_scaling_shift(NULL));
    assert_null(wg_scaling_scale(NULL));
    wg_scaling_destroy(NULL);
    wg_tensor_destroy(scalar);
}

typedef wg_status (*apply_call)(const wg_scaling *s, const wg_tensor *x, wg_tensor **out);

static void check_apply(bad_world *w, apply_call apply)
{
    wg_scaling *s;
    wg_tensor *scalar;
    wg_tensor *out = (wg_tensor *)(uintptr_t)1;
    assert_status(wg_tensor_create(w->ctx, WG_F32, 0, NULL, &scalar), WG_OK);
    assert_status(wg_scaling_fit(w->t, WG_SCALING_RANGE, &s), WG_OK);
    assert_status(apply(NULL, w->t, &out), WG_ERR_ARGUMENT);
    assert_null(out);
    assert_status(apply(s, NULL, &out), WG_ERR_ARGUMENT);
    assert_status(apply(s, w->t, NULL), WG_ERR_ARGUMENT);
    assert_status(apply(s, w->t_foreign, &out), WG_ERR_ARGUMENT);
    assert_status(apply(s, scalar, &out), WG_ERR_SHAPE);
    assert_status(apply(s, w->indices, &out), WG_ERR_SHAPE);
    const wg_tensor *value = value_of(w);
    bad_world_record(w);
    assert_status(apply(s, value, &out), WG_ERR_STATE);
    assert_null(out);
    wg_scaling_destroy(s);
    wg_tensor_destroy(scalar);
}

static void check_scaling(bad_world *w, const bad_row *row)
{
    wg_dataset *d;
    wg_dataset *out = (wg_dataset *)(uintptr_t)1;
    wg_scaling *s;
    (void)row;
    check_apply(w, wg_scaling_apply);
    check_apply(w, wg_scaling_invert);
    assert_status(wg_dataset_create(w->ctx, w->indices, NULL, &d), WG_OK);
    assert_status(wg_scaling_fit(w->t, WG_SCALING_RANGE, &s), WG_OK);
    assert_status(wg_dataset_scale(NULL, s, &out), WG_ERR_ARGUMENT);
    assert_null(out);
    assert_status(wg_dataset_scale(d, NULL, &out), WG_ERR_ARGUMENT);
    assert_status(wg_dataset_scale(d, s, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_dataset_scale(d, s, &out), WG_ERR_SHAPE);
    assert_null(out);
    wg_scaling_destroy(s);
    wg_dataset_destroy(d);
}

static void check_one_hot(bad_world *w, const bad_row *row)
{
    wg_dataset *d;
    wg_dataset *out = (wg_dataset *)(uintptr_t)1;
    (void)row;
    assert_status(wg_dataset_one_hot(NULL, 0, &out), WG_ERR_ARGUMENT);
    assert_null(out);
    assert_status(wg_dataset_create(w->ctx, w->t, w->t, &d), WG_OK);
    assert_status(wg_dataset_one_hot(d, 0, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_dataset_one_hot(d, 0, &out), WG_ERR_DTYPE);
    wg_dataset_destroy(d);
    assert_status(wg_dataset_create(w->ctx, w->t, w->indices, &d), WG_OK);
    assert_status(wg_dataset_one_hot(d, -1, &out), WG_ERR_RANGE);
    assert_status(wg_dataset_one_hot(d, INT64_MIN, &out), WG_ERR_RANGE);
    assert_int_not_equal(wg_dataset_one_hot(d, INT64_MAX, &out), WG_OK);
    assert_null(out);
    wg_dataset_destroy(d);
}

static void check_images(bad_world *w, const bad_row *row)
{
    static const int64_t dims[] = {2, 3, 4};
    wg_rng rng = wg_rng_make(1, 2);
    wg_tensor *images;
    (void)row;
    assert_status(wg_tensor_create(w->ctx, WG_F32, 3, dims, &images), WG_OK);
    assert_status(wg_images_shift(NULL, 1, &rng), WG_ERR_ARGUMENT);
    assert_status(wg_images_shift(images, 1, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_images_shift(images, -1, &rng), WG_ERR_RANGE);
    assert_status(wg_images_shift(images, INT32_MIN, &rng), WG_ERR_RANGE);
    assert_status(wg_images_shift(w->t, 1, &rng), WG_ERR_SHAPE);
    assert_status(wg_images_shift(value_of(w), 1, &rng), WG_ERR_STATE);
    assert_status(wg_images_flip(NULL, 0.5, &rng), WG_ERR_ARGUMENT);
    assert_status(wg_images_flip(images, 0.5, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_images_flip(w->t, 0.5, &rng), WG_ERR_SHAPE);
    assert_status(wg_images_flip(value_of(w), 0.5, &rng), WG_ERR_STATE);
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        assert_status(wg_images_flip(images, bad_number(i), &rng), WG_ERR_RANGE);
    }
    assert_int_equal(rng.position, 0);
    assert_status(wg_images_shift(images, INT32_MAX, &rng), WG_OK);
    wg_tensor_destroy(images);
}

const bad_row bad_rows_of_formats[] = {
    {.name = "wg_idx_read", .check = check_idx},
    {.name = "wg_idx_read_dataset", .check = check_idx_dataset},
    {.name = "wg_text_read", .check = check_text_read},
    {.name = "wg_text_create", .check = check_text_read},
    {.name = "wg_text_destroy", .check = check_text_read},
    {.name = "wg_text_symbols", .check = check_text},
    {.name = "wg_text_vocabulary_size", .check = check_text},
    {.name = "wg_text_symbol", .check = check_text},
    {.name = "wg_text_encode", .check = check_text},
    {.name = "wg_dataset_windows", .check = check_windows},
    {.name = "wg_streams_create", .check = check_streams_create},
    {.name = "wg_streams_destroy", .check = check_streams_create},
    {.name = "wg_streams_next", .check = check_streams},
    {.name = "wg_streams_count", .check = check_streams},
    {.name = "wg_streams_state", .check = check_streams},
    {.name = "wg_streams_set_state", .check = check_streams},
    {.name = "wg_npy_read", .check = check_npy},
    {.name = "wg_npy_write", .check = check_npy},
    {.name = "wg_npz_read", .check = check_npz},
    {.name = "wg_npz_destroy", .check = check_npz},
    {.name = "wg_npz_count", .check = check_npz},
    {.name = "wg_npz_name", .check = check_npz},
    {.name = "wg_npz_find", .check = check_npz},
    {.name = "wg_npz_tensor", .check = check_npz},
    {.name = "wg_npz_write", .check = check_npz_write},
    {.name = "wg_scaling_fit", .check = check_scaling_making},
    {.name = "wg_scaling_create", .check = check_scaling_making},
    {.name = "wg_scaling_destroy", .check = check_scaling_making},
    {.name = "wg_scaling_shift", .check = check_scaling_making},
    {.name = "wg_scaling_scale", .check = check_scaling_making},
    {.name = "wg_scaling_apply", .check = check_scaling},
    {.name = "wg_scaling_invert", .check = check_scaling},
    {.name = "wg_dataset_scale", .check = check_scaling},
    {.name = "wg_dataset_one_hot", .check = check_one_hot},
    {.name = "wg_images_shift", .check = check_images},
    {.name = "wg_images_flip", .check = check_images},
    {NULL, NULL, NULL},
};
