/* Bad calls of what reads and prepares data: IDX.
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

const bad_row bad_rows_of_formats[] = {
    {.name = "wg_idx_read", .check = check_idx},
    {.name = "wg_idx_read_dataset", .check = check_idx_dataset},
    {NULL, NULL, NULL},
};
