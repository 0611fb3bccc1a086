/* Bad calls of graph.h: values, gradients, shadows; and of explain.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

#include <math.h>

#include "support/sink.h"

/* ---- values ------------------------------------------------------------------------------- */

static void check_one_value(bad_world *w, wg_node bad)
{
    const wg_tensor *out = w->t;
    double item = 77;
    assert_int_not_equal(wg_run(&bad, 1), WG_OK);
    assert_null(wg_value(bad));
    assert_true(isnan(wg_item(bad)));
    assert_int_not_equal(wg_get(bad, &out), WG_OK);
    assert_null(out);
    assert_int_not_equal(wg_get_item(bad, &item), WG_OK);
    assert_true(isnan(item));
    assert_int_not_equal(wg_value_copy(bad, w->t), WG_OK);
    assert_int_not_equal(wg_backward(bad), WG_OK);
    assert_null(wg_gradient(bad));
    const wg_node mixed[] = {w->x, bad};
    assert_int_not_equal(wg_run(mixed, 2), WG_OK);
}

static void check_values(bad_world *w, const bad_row *row)
{
    (void)row;
    for (int which = 0; which < BAD_OTHER; which++) {
        bad_world_record(w);
        check_one_value(w, bad_handle(w, which));
        assert_status(wg_graph_status(w->g), WG_OK);
    }
    const wg_node several[] = {w->x, w->x_other};
    const wg_node contexts[] = {w->x, w->x_foreign};
    assert_status(wg_run(several, 2), WG_ERR_HANDLE);
    assert_status(wg_run(contexts, 2), WG_ERR_HANDLE);
    assert_status(wg_run(NULL, 0), WG_ERR_ARGUMENT);
    assert_status(wg_run(NULL, 3), WG_ERR_ARGUMENT);
    assert_status(wg_run(&w->x, 0), WG_ERR_ARGUMENT);
}

static void check_outputs(bad_world *w, const bad_row *row)
{
    (void)row;
    assert_status(wg_get(w->x, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_get_item(w->x, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_get(bad_handle(w, BAD_ZERO), NULL), WG_ERR_ARGUMENT);
    double item = 77;
    assert_status(wg_get_item(w->x, &item), WG_ERR_SHAPE);
    assert_true(isnan(item));
    assert_true(isnan(wg_item(w->x)));
    assert_status(wg_value_copy(w->x, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_value_copy(w->labels, w->t), WG_ERR_DTYPE);
    assert_status(wg_value_copy(wg_sum_all(w->x), w->t), WG_ERR_SHAPE);
    const wg_tensor *value = wg_value(wg_exp(w->x));
    assert_status(wg_value_copy(w->x, (wg_tensor *)(uintptr_t)value), WG_ERR_STATE);
}

/* ---- gradients ---------------------------------------------------------------------------- */

static void refuse_grad(wg_node y, const wg_node *xs, size_t n)
{
    wg_node out[2] = {y, y};
    assert_int_not_equal(wg_grad(y, xs, n, out), WG_OK);
    for (size_t i = 0; i < n; i++) {
        assert_false(wg_is_valid(out[i]));
    }
}

static void check_gradients(bad_world *w, const bad_row *row)
{
    (void)row;
    for (int which = 0; which < BAD_HANDLES; which++) {
        bad_world_record(w);
        refuse_grad(w->x, (wg_node[]){w->x, bad_handle(w, which)}, 2);
        bad_world_record(w);
        refuse_grad(bad_handle(w, which), &w->x, 1);
    }
    bad_world_record(w);
    wg_node out;
    assert_status(wg_grad(w->x, NULL, 1, &out), WG_ERR_ARGUMENT);
    assert_status(wg_grad(w->x, &w->x, 1, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_grad(w->x, &w->x, 0, &out), WG_ERR_ARGUMENT);
    refuse_grad(w->labels, &w->x, 1);
    bad_world_record(w);
    refuse_grad(w->x, &w->labels, 1);
    bad_world_record(w);
    assert_status(wg_backward(w->labels), WG_ERR_DTYPE);
    assert_status(wg_backward(w->x), WG_ERR_SHAPE);
    assert_status(wg_backward(wg_number(w->g, WG_F32, 1)), WG_ERR_GRADIENT);
    assert_null(wg_gradient(w->labels));
    assert_null(wg_gradient(wg_exp(w->x)));
    assert_null(wg_gradient(w->x));
}

/* ---- shadows ------------------------------------------------------------------------------ */

static void check_shadow_create(bad_world *w, const bad_row *row)
{
    static const int bad[] = {0, WG_I64, WG_BOOL, WG_U8, 99, -1};
    wg_shadow *s = (wg_shadow *)(uintptr_t)1;
    (void)row;
    assert_status(wg_shadow_create(NULL, WG_F32, WG_F64, &s), WG_ERR_ARGUMENT);
    assert_null(s);
    assert_status(wg_shadow_create(w->g, WG_F32, WG_F64, NULL), WG_ERR_ARGUMENT);
    assert_int_not_equal(wg_shadow_create(w->dead, WG_F32, WG_F64, &s), WG_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_status(wg_shadow_create(w->g, (wg_dtype)bad[i], WG_F64, &s), WG_ERR_DTYPE);
        assert_status(wg_shadow_create(w->g, WG_F32, (wg_dtype)bad[i], &s), WG_ERR_DTYPE);
        assert_null(s);
    }
    assert_status(wg_tensor_set(w->t, 0, 9), WG_OK);
    assert_status(wg_shadow_create(w->g, WG_F32, WG_F64, &s), WG_ERR_STALE);
    assert_false(wg_is_valid(wg_softmax(w->x, 9)));
    assert_status(wg_shadow_create(w->g, WG_F32, WG_F64, &s), WG_ERR_RANGE);
    assert_null(s);
    wg_shadow_destroy(NULL);
}

static void check_apply(wg_shadow *s, wg_node y, wg_node leaf)
{
    wg_tensor *t = wg_shadow_leaf(s, leaf);
    const wg_tensor *in[] = {t, t};
    const wg_tensor *none[] = {NULL, NULL};
    wg_tensor *out[] = {t, t};
    wg_tensor *no_out[] = {NULL, NULL};
    assert_status(wg_shadow_apply(NULL, y, in, 1, out, 1), WG_ERR_ARGUMENT);
    assert_status(wg_shadow_apply(s, y, NULL, 1, out, 1), WG_ERR_ARGUMENT);
    assert_status(wg_shadow_apply(s, y, in, 1, NULL, 1), WG_ERR_ARGUMENT);
    assert_status(wg_shadow_apply(s, y, in, 2, out, 1), WG_ERR_ARGUMENT);
    assert_status(wg_shadow_apply(s, y, in, 1, out, 2), WG_ERR_ARGUMENT);
    assert_status(wg_shadow_apply(s, y, in, SIZE_MAX, out, 1), WG_ERR_ARGUMENT);
    assert_status(wg_shadow_apply(s, y, in, 1, out, SIZE_MAX), WG_ERR_ARGUMENT);
    assert_int_not_equal(wg_shadow_apply(s, y, none, 1, out, 1), WG_OK);
    assert_int_not_equal(wg_shadow_apply(s, y, in, 1, no_out, 1), WG_OK);
    assert_status(wg_shadow_apply(s, leaf, in, 0, out, 1), WG_ERR_ARGUMENT);
}

static void check_shadow(bad_world *w, const bad_row *row)
{
    wg_shadow *s;
    wg_node y = wg_exp(w->x);
    (void)row;
    assert_status(wg_shadow_create(w->g, WG_F32, WG_F64, &s), WG_OK);
    check_apply(s, y, w->x);
    assert_int_not_equal(
        wg_shadow_apply(s, y, (const wg_tensor *[]){w->t}, 1, (wg_tensor *[]){w->t}, 1),
        WG_OK); /* of the graph's dtype, not the shadow's */
    assert_false(wg_is_valid(wg_shadow_node(NULL, y)));
    assert_null(wg_shadow_graph(NULL));
    assert_null(wg_shadow_leaf(NULL, w->x));
    assert_null(wg_shadow_leaf(s, y));
    for (int which = 0; which < BAD_HANDLES; which++) {
        wg_node bad = bad_handle(w, which);
        wg_tensor *t = wg_shadow_leaf(s, w->x);
        assert_false(wg_is_valid(wg_shadow_node(s, bad)));
        assert_null(wg_shadow_leaf(s, bad));
        assert_int_not_equal(
            wg_shadow_apply(s, bad, (const wg_tensor *[]){t}, 1, (wg_tensor *[]){t}, 1), WG_OK);
    }
    wg_node late = wg_exp(y);
    assert_false(wg_is_valid(wg_shadow_node(s, late)));
    wg_shadow_destroy(s);
}

/* ---- explanations ------------------------------------------------------------------------- */

static void check_explain(bad_world *w, const bad_row *row)
{
    wgt_sink sink;
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    const wg_writer no_write = {NULL, NULL};
    (void)row;
    assert_int_not_equal(wg_explain(wg_sum_all(w->x), NULL), WG_OK);
    assert_int_not_equal(wg_explain(wg_sum_all(w->x), &no_write), WG_OK);
    assert_int_not_equal(wg_print(w->x, NULL), WG_OK);
    assert_int_not_equal(wg_print(w->x, &no_write), WG_OK);
    assert_int_not_equal(wg_explain(w->x, &writer), WG_OK);
    assert_int_not_equal(wg_explain(w->labels, &writer), WG_OK);
    for (int which = 0; which < BAD_OTHER; which++) {
        bad_world_record(w);
        assert_int_not_equal(wg_explain(bad_handle(w, which), &writer), WG_OK);
        assert_int_not_equal(wg_print(bad_handle(w, which), &writer), WG_OK);
    }
    bad_world_record(w);
    wg_node loss = wg_sum_all(wg_square(w->x));
    wgt_sink_clear(&sink);
    assert_status(wg_explain(loss, &writer), WG_OK);
    const size_t n_writes = sink.n_writes;
    assert_true(n_writes > 3);
    for (size_t k = 1; k <= n_writes; k++) {
        wgt_sink_clear(&sink);
        sink.fail_at = k;
        assert_status(wg_explain(loss, &writer), WG_ERR_IO);
        assert_int_equal(sink.after_end, 0);
    }
    wgt_sink_finish(&sink);
}

const bad_row bad_rows_of_values[] = {
    {.name = "wg_run", .check = check_values},
    {.name = "wg_value", .check = check_values},
    {.name = "wg_item", .check = check_outputs},
    {.name = "wg_get", .check = check_outputs},
    {.name = "wg_get_item", .check = check_outputs},
    {.name = "wg_value_copy", .check = check_outputs},
    {.name = "wg_backward", .check = check_gradients},
    {.name = "wg_gradient", .check = check_gradients},
    {.name = "wg_grad", .check = check_gradients},
    {.name = "wg_shadow_create", .check = check_shadow_create},
    {.name = "wg_shadow_destroy", .check = check_shadow_create},
    {.name = "wg_shadow_node", .check = check_shadow},
    {.name = "wg_shadow_graph", .check = check_shadow},
    {.name = "wg_shadow_leaf", .check = check_shadow},
    {.name = "wg_shadow_apply", .check = check_shadow},
    {.name = "wg_explain", .check = check_explain},
    {.name = "wg_print", .check = check_explain},
    {NULL, NULL, NULL},
};
