/* Bad calls of checkpoints.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

#include <string.h>

typedef wg_status (*checkpoint_call)(wg_context *ctx, const char *path, const wg_checkpoint *c);

/* Both calls refuse it, and leave no file. */
static void refuse(bad_world *w, const wg_checkpoint *bad, wg_status status)
{
    static const checkpoint_call calls[] = {wg_checkpoint_save, wg_checkpoint_load};
    char path[WGT_PATH_BYTES];
    wgt_folder_join(w->folder.path, "run.ckpt", path);
    for (size_t i = 0; i < 2; i++) {
        assert_status(calls[i](w->ctx, path, bad), status);
        assert_string_not_equal(wg_context_error(w->ctx), "");
    }
    assert_int_equal(wgt_folder_count(&w->folder), 0);
}

static wg_checkpoint good(const bad_world *w)
{
    return (wg_checkpoint){.size = sizeof(wg_checkpoint), .model = w->m, .graph = w->g};
}

static void check_arrays(bad_world *w)
{
    wg_rng *no_rng = NULL;
    wg_checkpoint bad = good(w);
    bad.n_rngs = 1;
    refuse(w, &bad, WG_ERR_ARGUMENT);
    bad.rngs = &no_rng;
    refuse(w, &bad, WG_ERR_ARGUMENT);
    bad = good(w);
    bad.n_numbers = SIZE_MAX;
    refuse(w, &bad, WG_ERR_ARGUMENT);
    bad = good(w);
    bad.n_tensors = SIZE_MAX;
    refuse(w, &bad, WG_ERR_ARGUMENT);
}

static void check_objects(bad_world *w)
{
    wg_checkpoint bad = good(w);
    bad.model = w->m_foreign;
    refuse(w, &bad, WG_ERR_ARGUMENT);
    bad = good(w);
    bad.graph = w->foreign;
    refuse(w, &bad, WG_ERR_ARGUMENT);
    bad.graph = w->dead;
    refuse(w, &bad, WG_ERR_ARGUMENT);
}

static void refuse_number(bad_world *w, wg_checkpoint_number number, wg_status status)
{
    wg_checkpoint bad = good(w);
    bad.numbers = &number;
    bad.n_numbers = 1;
    refuse(w, &bad, status);
}

static void refuse_tensor(bad_world *w, wg_checkpoint_tensor tensor, wg_status status)
{
    wg_checkpoint bad = good(w);
    bad.tensors = &tensor;
    bad.n_tensors = 1;
    refuse(w, &bad, status);
}

static void check_names(bad_world *w)
{
    char endless[300];
    double x = 1;
    memset(endless, 'n', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    const char *const names[] = {NULL, "", "tab\t", "\xc3\xa9", endless};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        refuse_number(w, (wg_checkpoint_number){.name = names[i], .real = &x}, WG_ERR_NAME);
        refuse_tensor(w, (wg_checkpoint_tensor){.name = names[i], .tensor = w->t}, WG_ERR_NAME);
    }
}

static void check_own(bad_world *w)
{
    double x = 1;
    int64_t n = 1;
    refuse_number(w, (wg_checkpoint_number){.name = "none"}, WG_ERR_ARGUMENT);
    refuse_number(w, (wg_checkpoint_number){.name = "both", .real = &x, .integer = &n},
                  WG_ERR_ARGUMENT);
    refuse_tensor(w, (wg_checkpoint_tensor){.name = "none"}, WG_ERR_ARGUMENT);
    refuse_tensor(w, (wg_checkpoint_tensor){.name = "foreign", .tensor = w->t_foreign},
                  WG_ERR_ARGUMENT);
    check_names(w);
}

static void check_paths(bad_world *w)
{
    const wg_checkpoint all = good(w);
    char path[WGT_PATH_BYTES];
    wgt_folder_join(w->folder.path, "no-folder/run.ckpt", path);
    assert_status(wg_checkpoint_save(NULL, path, &all), WG_ERR_ARGUMENT);
    assert_status(wg_checkpoint_load(NULL, path, &all), WG_ERR_ARGUMENT);
    assert_status(wg_checkpoint_save(w->ctx, NULL, &all), WG_ERR_ARGUMENT);
    assert_status(wg_checkpoint_load(w->ctx, NULL, &all), WG_ERR_ARGUMENT);
    assert_status(wg_checkpoint_save(w->ctx, path, &all), WG_ERR_IO);
    assert_status(wg_checkpoint_load(w->ctx, path, &all), WG_ERR_IO);
    assert_int_not_equal(wg_checkpoint_save(w->ctx, w->folder.path, &all), WG_OK);
    assert_status(wg_checkpoint_load(w->ctx, w->folder.path, &all), WG_ERR_IO);
    assert_int_not_equal(wg_checkpoint_load(w->ctx, "/dev/null", &all), WG_OK);
}

/* A value of a graph may be saved while it lives, and never be loaded. */
static void check_values(bad_world *w)
{
    char path[WGT_PATH_BYTES];
    const wg_tensor *got;
    wgt_folder_join(w->folder.path, "run.ckpt", path);
    const wg_node y = wg_relu(w->x);
    assert_status(wg_run(&y, 1), WG_OK);
    assert_status(wg_get(y, &got), WG_OK);
    wg_tensor *value = wg_tensor_retain((wg_tensor *)(uintptr_t)got);
    const wg_checkpoint_tensor tensor = {.name = "y", .tensor = value};
    wg_checkpoint all = good(w);
    all.tensors = &tensor;
    all.n_tensors = 1;
    assert_status(wg_checkpoint_save(w->ctx, path, &all), WG_OK);
    assert_status(wg_checkpoint_load(w->ctx, path, &all), WG_ERR_STATE);
    bad_world_record(w);
    assert_status(wg_checkpoint_save(w->ctx, path, &all), WG_ERR_STALE);
    wg_tensor_destroy(value);
}

static void check_shared(bad_world *w)
{
    char path[WGT_PATH_BYTES];
    wg_checkpoint all = good(w);
    wgt_folder_join(w->folder.path, "shared.ckpt", path);
    assert_status(wg_model_share(w->m, w->ctx, &all.model), WG_OK);
    assert_status(wg_checkpoint_save(w->ctx, path, &all), WG_OK);
    assert_status(wg_checkpoint_load(w->ctx, path, &all), WG_ERR_STATE);
    wg_model_destroy(all.model);
}

static void check_checkpoint(bad_world *w, const bad_row *row)
{
    wg_checkpoint bad = good(w);
    (void)row;
    refuse(w, NULL, WG_ERR_ARGUMENT);
    bad.size--;
    refuse(w, &bad, WG_ERR_ARGUMENT);
    check_arrays(w);
    check_objects(w);
    check_own(w);
    check_paths(w);
    check_values(w);
    check_shared(w);
}

const bad_row bad_rows_of_checkpoints[] = {
    {.name = "wg_checkpoint_save", .check = check_checkpoint},
    {.name = "wg_checkpoint_load", .check = check_checkpoint},
    {NULL, NULL, NULL},
};
