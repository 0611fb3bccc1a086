/* Bad calls of flat models and of copies of their elements.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

/* Elements of the world's model. */
#define N 6

static void check_flat(bad_world *w, const bad_row *row)
{
    wg_model *view;
    (void)row;
    assert_status(wg_model_flatten(NULL), WG_ERR_ARGUMENT);
    assert_null(wg_model_flat_value(NULL));
    assert_null(wg_model_flat_gradient(NULL));
    assert_null(wg_model_flat_value(w->m));
    assert_null(wg_model_flat_gradient(w->m));
    assert_int_equal(wg_param_flat_offset(NULL), -1);
    assert_int_equal(wg_param_flat_offset(w->p), -1);
    assert_status(wg_model_share(w->m, w->other_ctx, &view), WG_OK);
    assert_status(wg_model_flatten(view), WG_ERR_STATE);
    assert_status(wg_model_flatten(w->m), WG_ERR_STATE);
    assert_int_equal(wg_param_flat_offset(wg_model_param(view, 0)), -1);
    wg_model_destroy(view);
    assert_status(wg_model_flatten(w->m), WG_OK);
    /* A tensor of another context stays one. */
    assert_false(wg_is_valid(wg_input(w->foreign, wg_model_flat_value(w->m))));
    bad_world_record(w);
}

typedef wg_status (*getter)(const wg_model *m, double *out, size_t n);
typedef wg_status (*setter)(wg_model *m, const double *in, size_t n);

static void check_get(bad_world *w, getter get)
{
    static const size_t counts[] = {0, N - 1, N + 1, SIZE_MAX};
    double out[N + 1] = {7, 7, 7, 7, 7, 7, 7};
    assert_status(get(NULL, out, N), WG_ERR_ARGUMENT);
    assert_status(get(w->m, NULL, N), WG_ERR_ARGUMENT);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        assert_status(get(w->m, out, counts[i]), WG_ERR_RANGE);
    }
    for (size_t i = 0; i < N + 1; i++) {
        assert_true(out[i] == 7);
    }
}

static void check_set(bad_world *w, setter set)
{
    static const size_t counts[] = {0, N - 1, N + 1, SIZE_MAX};
    const double in[N + 1] = {7, 7, 7, 7, 7, 7, 7};
    wg_model *view;
    assert_status(set(NULL, in, N), WG_ERR_ARGUMENT);
    assert_status(set(w->m, NULL, N), WG_ERR_ARGUMENT);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        assert_status(set(w->m, in, counts[i]), WG_ERR_RANGE);
    }
    assert_status(wg_model_share(w->m, w->ctx, &view), WG_OK);
    assert_status(set(view, in, N), WG_ERR_STATE);
    wg_model_destroy(view);
    assert_true(wg_tensor_get(wg_param_value(w->p), 0) == 0);
    assert_null(wg_param_gradient(w->p));
}

static void check_values(bad_world *w, const bad_row *row)
{
    (void)row;
    check_get(w, wg_model_get_values);
    check_set(w, wg_model_set_values);
}

static void check_gradients(bad_world *w, const bad_row *row)
{
    (void)row;
    check_get(w, wg_model_get_gradients);
    check_set(w, wg_model_set_gradients);
}

const bad_row bad_rows_of_flat_models[] = {
    {.name = "wg_model_flatten", .check = check_flat},
    {.name = "wg_model_flat_value", .check = check_flat},
    {.name = "wg_model_flat_gradient", .check = check_flat},
    {.name = "wg_param_flat_offset", .check = check_flat},
    {.name = "wg_model_get_values", .check = check_values},
    {.name = "wg_model_set_values", .check = check_values},
    {.name = "wg_model_get_gradients", .check = check_gradients},
    {.name = "wg_model_set_gradients", .check = check_gradients},
    {NULL, NULL, NULL},
};
