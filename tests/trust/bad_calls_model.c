/* Bad calls of model.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

#include <math.h>
#include <string.h>

/* ---- models ------------------------------------------------------------------------------- */

static void check_model(bad_world *w, const bad_row *row)
{
    wg_model *m = (wg_model *)(uintptr_t)1;
    (void)row;
    assert_status(wg_model_create(NULL, &m), WG_ERR_ARGUMENT);
    assert_null(m);
    assert_status(wg_model_create(w->ctx, NULL), WG_ERR_ARGUMENT);
    wg_model_destroy(NULL);
    m = (wg_model *)(uintptr_t)1;
    assert_status(wg_model_share(NULL, w->ctx, &m), WG_ERR_ARGUMENT);
    assert_null(m);
    assert_status(wg_model_share(w->m, NULL, &m), WG_ERR_ARGUMENT);
    assert_status(wg_model_share(w->m, w->ctx, NULL), WG_ERR_ARGUMENT);
    assert_null(wg_model_context(NULL));
    assert_int_equal(wg_model_count(NULL), 0);
    assert_int_equal(wg_model_elements(NULL), 0);
    assert_null(wg_model_param(NULL, 0));
    assert_null(wg_model_param(w->m, 1));
    assert_null(wg_model_param(w->m, SIZE_MAX));
    assert_null(wg_model_find(NULL, "p"));
    assert_null(wg_model_find(w->m, NULL));
    assert_null(wg_model_find(w->m, ""));
    assert_null(wg_model_find(w->m, "no such"));
}

/* A shared model reads; nothing of it is written or added to. */
static void check_shared(bad_world *w, const bad_row *row)
{
    const wg_sgd_options sgd = {.size = sizeof sgd, .rate = 1};
    wg_model *view;
    wg_optimizer *o = (wg_optimizer *)(uintptr_t)1;
    wg_linear linear;
    wg_param *p;
    (void)row;
    assert_status(wg_model_share(w->m, w->other_ctx, &view), WG_OK);
    wg_param *shared = wg_model_param(view, 0);
    assert_status(wg_param_create(view, "q", WG_F32, 0, NULL, NULL, &p), WG_ERR_NAME);
    assert_null(p);
    assert_status(wg_linear_create(view, "l", 2, 2, NULL, &linear), WG_ERR_NAME);
    assert_null(linear.weight);
    assert_status(wg_sgd_create(view, &sgd, &o), WG_ERR_STATE);
    assert_null(o);
    assert_status(wg_adam_create(view, NULL, &o), WG_ERR_STATE);
    assert_status(wg_model_load(view, "/tmp/no-such-file"), WG_ERR_STATE);
    assert_status(wg_param_set_frozen(shared, false), WG_ERR_STATE);
    assert_true(wg_param_is_frozen(shared));
    assert_int_not_equal(wg_assign(shared, w->x_foreign), WG_OK);
    wg_model_destroy(view);
}

static wg_status call_param(bad_world *w, wg_dtype dtype, int32_t rank, const int64_t *dims)
{
    wg_model *m;
    wg_param *p = (wg_param *)(uintptr_t)1;
    assert_status(wg_model_create(w->ctx, &m), WG_OK);
    wg_status status = wg_param_create(m, "p", dtype, rank, dims, NULL, &p);
    assert_int_equal(p == NULL, status != WG_OK);
    assert_int_equal(wg_model_count(m), status == WG_OK);
    wg_model_destroy(m);
    return status;
}

static void check_param_create(bad_world *w, const bad_row *row)
{
    static const bad_shapes shapes = {call_param, true, false};
    char name[300];
    wg_param *p = (wg_param *)(uintptr_t)1;
    (void)row;
    bad_shapes_check(w, &shapes);
    assert_status(wg_param_create(NULL, "q", WG_F32, 0, NULL, NULL, &p), WG_ERR_ARGUMENT);
    assert_null(p);
    const char *const bad[] = {NULL, "", "p", "tab\t", "\x7f", "\xc3\xa9", "\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_status(wg_param_create(w->m, bad[i], WG_F32, 0, NULL, NULL, &p), WG_ERR_NAME);
        assert_null(p);
    }
    memset(name, 'n', sizeof name);
    name[256] = '\0';
    assert_status(wg_param_create(w->m, name, WG_F32, 0, NULL, NULL, &p), WG_ERR_NAME);
    assert_status(wg_param_create(w->m, "q", WG_I64, 0, NULL, NULL, &p), WG_ERR_DTYPE);
    assert_int_equal(wg_model_count(w->m), 1);
    name[255] = '\0';
    assert_status(wg_param_create(w->m, name, WG_F32, 0, NULL, NULL, NULL), WG_OK);
}

static void check_param(bad_world *w, const bad_row *row)
{
    (void)row;
    assert_string_equal(wg_param_name(NULL), "");
    assert_null(wg_param_value(NULL));
    assert_null(wg_param_gradient(NULL));
    assert_null(wg_param_gradient(w->p));
    wg_param_clear_gradient(NULL);
    wg_param_clear_gradient(w->p);
    assert_status(wg_param_set_frozen(NULL, true), WG_ERR_ARGUMENT);
    (void)wg_param_is_frozen(NULL);
}

/* ---- initialisers and layers -------------------------------------------------------------- */

static void check_init(bad_world *w, const bad_row *row)
{
    wg_rng rng = wg_rng_make(1, 2);
    (void)row;
    assert_status(wg_init_tensor(NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_init_tensor(w->indices, NULL), WG_ERR_DTYPE);
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        const double bad = bad_number(i);
        const wg_init inits[] = {
            {.kind = WG_INIT_NORMAL, .b = bad, .rng = &rng},
            {.kind = WG_INIT_UNIFORM, .b = bad, .rng = &rng},
            {.kind = WG_INIT_XAVIER_UNIFORM, .gain = bad, .rng = &rng},
            {.kind = WG_INIT_XAVIER_NORMAL, .gain = bad, .rng = &rng},
        };
        for (size_t k = 0; k < sizeof inits / sizeof *inits; k++) {
            assert_status(wg_init_tensor(w->t, &inits[k]), WG_ERR_ARGUMENT);
        }
    }
    static const int kinds[] = {-1, 10, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < 4; i++) {
        const wg_init init = {.kind = (wg_init_kind)kinds[i], .rng = &rng};
        assert_status(wg_init_tensor(w->t, &init), WG_ERR_ARGUMENT);
    }
    for (int kind = WG_INIT_NORMAL; kind <= WG_INIT_HE_NORMAL; kind++) {
        const wg_init no_rng = {.kind = (wg_init_kind)kind, .b = 1};
        assert_status(wg_init_tensor(w->t, &no_rng), WG_ERR_ARGUMENT);
    }
    assert_true(wg_tensor_get(w->t, 5) == 6);
}

static void refuse_linear(bad_world *w, const char *name, int64_t in, int64_t out,
                          const wg_linear_options *options)
{
    wg_linear linear = {.weight = w->p, .bias = w->p};
    assert_int_not_equal(wg_linear_create(w->m, name, in, out, options, &linear), WG_OK);
    assert_null(linear.weight);
    assert_null(linear.bias);
    assert_int_equal(wg_model_count(w->m), 1);
}

static void check_linear(bad_world *w, const bad_row *row)
{
    const size_t size = sizeof(wg_linear_options);
    const wg_linear_options odd_size = {.size = size + 1};
    const wg_linear_options no_dtype = {.size = size, .dtype = (wg_dtype)99};
    const wg_linear_options integers = {.size = size, .dtype = WG_I64};
    const wg_init bad_init = {.kind = (wg_init_kind)99};
    const wg_linear_options init = {.size = size, .init = &bad_init};
    static const int64_t sizes[] = {-1, INT64_MIN, INT64_MAX, INT64_C(1) << 62, INT64_C(1) << 40};
    wg_linear linear = {.weight = w->p, .bias = w->p};
    (void)row;
    assert_status(wg_linear_create(NULL, "l", 2, 2, NULL, &linear), WG_ERR_ARGUMENT);
    assert_null(linear.weight);
    assert_status(wg_linear_create(w->m, "l", 2, 2, NULL, NULL), WG_ERR_ARGUMENT);
    refuse_linear(w, NULL, 2, 2, NULL);
    refuse_linear(w, "", 2, 2, NULL);
    refuse_linear(w, "l", 2, 2, &odd_size);
    refuse_linear(w, "l", 2, 2, &no_dtype);
    refuse_linear(w, "l", 2, 2, &integers);
    refuse_linear(w, "l", 2, 2, &init);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        refuse_linear(w, "l", 2, sizes[i], NULL);
        refuse_linear(w, "l", sizes[i], 2, NULL);
        refuse_linear(w, "l", sizes[i], sizes[i], NULL);
    }
}

/* A layer of one context is refused by a graph of another. */
static void check_apply(bad_world *w, const bad_row *row)
{
    const wg_linear none = {.weight = NULL};
    const wg_linear foreign = {.weight = w->p_foreign};
    (void)row;
    assert_false(wg_is_valid(wg_linear_apply(NULL, w->x)));
    bad_world_record(w);
    assert_false(wg_is_valid(wg_linear_apply(&none, w->x)));
    bad_world_record(w);
    assert_false(wg_is_valid(wg_linear_apply(&foreign, w->x)));
    bad_world_record(w);
}

/* ---- optimizers --------------------------------------------------------------------------- */

static void refuse_sgd(bad_world *w, const wg_sgd_options *options)
{
    wg_optimizer *o = (wg_optimizer *)(uintptr_t)1;
    assert_status(wg_sgd_create(w->m, options, &o), WG_ERR_ARGUMENT);
    assert_null(o);
}

static void check_sgd(bad_world *w, const bad_row *row)
{
    const size_t size = sizeof(wg_sgd_options);
    wg_optimizer *o = (wg_optimizer *)(uintptr_t)1;
    const wg_sgd_options good = {.size = size, .rate = 1};
    (void)row;
    refuse_sgd(w, NULL);
    refuse_sgd(w, &(wg_sgd_options){.size = 0, .rate = 1});
    refuse_sgd(w, &(wg_sgd_options){.size = size, .rate = 0});
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        const double bad = bad_number(i);
        refuse_sgd(w, &(wg_sgd_options){.size = size, .rate = bad});
        refuse_sgd(w, &(wg_sgd_options){.size = size, .rate = 1, .momentum = bad});
        refuse_sgd(w, &(wg_sgd_options){.size = size, .rate = 1, .weight_decay = bad});
    }
    assert_status(wg_sgd_create(NULL, &good, &o), WG_ERR_ARGUMENT);
    assert_null(o);
    assert_status(wg_sgd_create(w->m, &good, NULL), WG_ERR_ARGUMENT);
}

static void refuse_adam(bad_world *w, const wg_adam_options *options)
{
    wg_optimizer *o = (wg_optimizer *)(uintptr_t)1;
    assert_status(wg_adam_create(w->m, options, &o), WG_ERR_ARGUMENT);
    assert_null(o);
}

static void check_adam(bad_world *w, const bad_row *row)
{
    const size_t size = sizeof(wg_adam_options);
    wg_optimizer *o = (wg_optimizer *)(uintptr_t)1;
    (void)row;
    refuse_adam(w, &(wg_adam_options){.size = size - 1});
    refuse_adam(w, &(wg_adam_options){.size = size, .beta1 = 1});
    refuse_adam(w, &(wg_adam_options){.size = size, .beta2 = 1});
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        const double bad = bad_number(i);
        refuse_adam(w, &(wg_adam_options){.size = size, .rate = bad});
        refuse_adam(w, &(wg_adam_options){.size = size, .beta1 = bad});
        refuse_adam(w, &(wg_adam_options){.size = size, .beta2 = bad});
        refuse_adam(w, &(wg_adam_options){.size = size, .epsilon = bad});
        refuse_adam(w, &(wg_adam_options){.size = size, .weight_decay = bad});
    }
    assert_status(wg_adam_create(NULL, NULL, &o), WG_ERR_ARGUMENT);
    assert_null(o);
    assert_status(wg_adam_create(w->m, NULL, NULL), WG_ERR_ARGUMENT);
}

static void check_optimizer(bad_world *w, const bad_row *row)
{
    wg_optimizer *o;
    (void)row;
    wg_optimizer_destroy(NULL);
    assert_status(wg_optimizer_step(NULL), WG_ERR_ARGUMENT);
    assert_true(isnan(wg_optimizer_rate(NULL)));
    assert_status(wg_optimizer_set_rate(NULL, 1), WG_ERR_ARGUMENT);
    assert_status(wg_adam_create(w->m, NULL, &o), WG_OK);
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        assert_status(wg_optimizer_set_rate(o, bad_number(i)), WG_ERR_ARGUMENT);
    }
    assert_true(wg_optimizer_rate(o) == 0.001);
    assert_status(wg_optimizer_step(o), WG_OK); /* nothing has a gradient */
    wg_optimizer_destroy(o);
}

/* ---- files -------------------------------------------------------------------------------- */

static void check_load_with(bad_world *w, const char *path)
{
    wg_model_load_options options = {.size = sizeof options};
    wg_model_load_report report = {.loaded = 7};
    assert_status(wg_model_load_with(NULL, path, &options, &report), WG_ERR_ARGUMENT);
    assert_int_equal(report.loaded, 0);
    assert_status(wg_model_load_with(w->m, NULL, &options, &report), WG_ERR_ARGUMENT);
    assert_status(wg_model_load_with(w->m, path, &options, NULL), WG_ERR_IO);
    assert_status(wg_model_load_with(w->m, path, NULL, NULL), WG_ERR_IO);
    options.size = 1;
    assert_status(wg_model_load_with(w->m, path, &options, &report), WG_ERR_ARGUMENT);
}

static void check_files(bad_world *w, const bad_row *row)
{
    char path[WGT_PATH_BYTES];
    (void)row;
    wgt_folder_join(w->folder.path, "no/such/folder.safetensors", path);
    assert_status(wg_model_save(NULL, path), WG_ERR_ARGUMENT);
    assert_status(wg_model_save(w->m, NULL), WG_ERR_ARGUMENT);
    assert_int_not_equal(wg_model_save(w->m, ""), WG_OK);
    assert_status(wg_model_save(w->m, path), WG_ERR_IO);
    assert_int_not_equal(wg_model_save(w->m, w->folder.path), WG_OK);
    assert_status(wg_model_load(NULL, path), WG_ERR_ARGUMENT);
    assert_status(wg_model_load(w->m, NULL), WG_ERR_ARGUMENT);
    assert_int_not_equal(wg_model_load(w->m, ""), WG_OK);
    assert_status(wg_model_load(w->m, path), WG_ERR_IO);
    assert_status(wg_model_load(w->m, w->folder.path), WG_ERR_IO);
    check_load_with(w, path);
    assert_string_not_equal(wg_context_error(w->ctx), "");
    assert_int_equal(wgt_folder_count(&w->folder), 0);
}

const bad_row bad_rows_of_models[] = {
    {.name = "wg_model_create", .check = check_model},
    {.name = "wg_model_destroy", .check = check_model},
    {.name = "wg_model_share", .check = check_shared},
    {.name = "wg_model_context", .check = check_model},
    {.name = "wg_model_count", .check = check_model},
    {.name = "wg_model_elements", .check = check_model},
    {.name = "wg_model_param", .check = check_model},
    {.name = "wg_model_find", .check = check_model},
    {.name = "wg_param_create", .check = check_param_create},
    {.name = "wg_param_name", .check = check_param},
    {.name = "wg_param_value", .check = check_param},
    {.name = "wg_param_gradient", .check = check_param},
    {.name = "wg_param_clear_gradient", .check = check_param},
    {.name = "wg_param_set_frozen", .check = check_param},
    {.name = "wg_param_is_frozen", .check = check_param},
    {.name = "wg_init_tensor", .check = check_init},
    {.name = "wg_linear_create", .check = check_linear},
    {.name = "wg_linear_apply", .check = check_apply},
    {.name = "wg_sgd_create", .check = check_sgd},
    {.name = "wg_adam_create", .check = check_adam},
    {.name = "wg_optimizer_destroy", .check = check_optimizer},
    {.name = "wg_optimizer_step", .check = check_optimizer},
    {.name = "wg_optimizer_rate", .check = check_optimizer},
    {.name = "wg_optimizer_set_rate", .check = check_optimizer},
    {.name = "wg_model_save", .check = check_files},
    {.name = "wg_model_load", .check = check_files},
    {.name = "wg_model_load_with", .check = check_files},
    {NULL, NULL, NULL},
};
