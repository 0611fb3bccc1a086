/* Bad calls of graph.h: graphs, leaves and what nodes carry.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

#include <math.h>
#include <string.h>

/* ---- graphs ------------------------------------------------------------------------------- */

static void check_create(bad_world *w, const bad_row *row)
{
    wg_graph *g = (wg_graph *)(uintptr_t)1;
    (void)row;
    assert_status(wg_graph_create(NULL, &g), WG_ERR_ARGUMENT);
    assert_null(g);
    assert_status(wg_graph_create(w->ctx, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_graph_create(NULL, NULL), WG_ERR_ARGUMENT);
    wg_graph_destroy(NULL);
    wg_graph_destroy(w->dead); /* a second time */
}

static void check_settings(bad_world *w, const bad_row *row)
{
    wg_graph *const bad[] = {NULL, w->dead};
    (void)row;
    for (size_t i = 0; i < 2; i++) {
        assert_status(wg_graph_reset(bad[i]), WG_ERR_ARGUMENT);
        assert_status(wg_graph_refresh(bad[i]), WG_ERR_ARGUMENT);
        assert_status(wg_graph_trim(bad[i]), WG_ERR_ARGUMENT);
        assert_int_not_equal(wg_graph_status(bad[i]), WG_OK);
        assert_string_not_equal(wg_graph_error(bad[i]), "");
        assert_status(wg_graph_set_training(bad[i], true), WG_ERR_ARGUMENT);
        assert_false(wg_graph_is_training(bad[i]));
        assert_status(wg_graph_set_stream(bad[i], 1), WG_ERR_ARGUMENT);
        assert_status(wg_graph_set_step(bad[i], 1), WG_ERR_ARGUMENT);
        assert_int_equal(wg_graph_count(bad[i]), 0);
        assert_false(wg_is_valid(wg_graph_node(bad[i], 0)));
    }
    assert_int_equal(wg_graph_stream(NULL), 0);
    assert_int_equal(wg_graph_step(NULL), 0);
    assert_null(wg_graph_context(NULL));
    (void)wg_graph_stream(w->dead);
    (void)wg_graph_step(w->dead);
    (void)wg_graph_context(w->dead);
    assert_false(wg_is_valid(wg_graph_node(w->g, wg_graph_count(w->g))));
    assert_false(wg_is_valid(wg_graph_node(w->g, UINT32_MAX)));
}

/* A graph with an error refuses to refresh, trims, and is well again after a reset. */
static void check_failed_graph(bad_world *w, const bad_row *row)
{
    (void)row;
    assert_false(wg_is_valid(wg_softmax(w->x, 9)));
    assert_status(wg_graph_refresh(w->g), WG_ERR_RANGE);
    assert_status(wg_graph_trim(w->g), WG_OK);
    assert_status(wg_keep(w->x), WG_ERR_RANGE);
    assert_status(wg_run(&w->x, 1), WG_ERR_RANGE);
    assert_null(wg_value(w->x));
    assert_null(wg_gradient(w->x));
    assert_false(wg_is_valid(wg_input(w->g, w->t)));
    assert_false(wg_is_valid(wg_use(w->g, w->p)));
    assert_status(wg_graph_reset(w->g), WG_OK);
    assert_status(wg_graph_trim(w->g), WG_OK);
    assert_true(wg_is_valid(wg_input(w->g, w->t)));
}

/* ---- leaves ------------------------------------------------------------------------------- */

static void refuse(bad_world *w, wg_node n, wg_status status)
{
    assert_false(wg_is_valid(n));
    assert_status(wg_graph_status(w->g), status);
    assert_string_not_equal(wg_graph_error(w->g), "");
    bad_world_record(w);
}

static void check_leaves(bad_world *w, const bad_row *row)
{
    wg_graph *const bad[] = {NULL, w->dead};
    const float one = 1;
    (void)row;
    for (size_t i = 0; i < 2; i++) {
        assert_false(wg_is_valid(wg_input(bad[i], w->t)));
        assert_false(wg_is_valid(wg_variable(bad[i], w->t)));
        assert_false(wg_is_valid(wg_use(bad[i], w->p)));
        assert_false(wg_is_valid(wg_constant(bad[i], WG_F32, 0, NULL, &one)));
        assert_false(wg_is_valid(wg_number(bad[i], WG_F32, 1)));
        assert_false(wg_is_valid(wg_input(bad[i], NULL)));
    }
    refuse(w, wg_input(w->g, NULL), WG_ERR_ARGUMENT);
    refuse(w, wg_variable(w->g, NULL), WG_ERR_ARGUMENT);
    refuse(w, wg_use(w->g, NULL), WG_ERR_ARGUMENT);
    refuse(w, wg_input(w->g, w->t_foreign), WG_ERR_ARGUMENT);
    refuse(w, wg_variable(w->g, w->t_foreign), WG_ERR_ARGUMENT);
    refuse(w, wg_use(w->g, w->p_foreign), WG_ERR_ARGUMENT);
    refuse(w, wg_variable(w->g, w->indices), WG_ERR_DTYPE);
    refuse(w, wg_constant(w->g, WG_F32, 0, NULL, NULL), WG_ERR_ARGUMENT);
    refuse(w, wg_number(w->g, (wg_dtype)0, 1), WG_ERR_DTYPE);
    const wg_tensor *value = wg_value(wg_exp(w->x));
    bad_world_record(w);
    refuse(w, wg_input(w->g, (wg_tensor *)(uintptr_t)value), WG_ERR_STALE);
}

static wg_status call_constant(bad_world *w, wg_dtype dtype, int32_t rank, const int64_t *dims)
{
    static const uint64_t room[16];
    wg_node n = wg_constant(w->g, dtype, rank, dims, room);
    wg_status status = wg_graph_status(w->g);
    assert_int_equal(wg_is_valid(n), status == WG_OK);
    bad_world_record(w);
    return status;
}

static wg_status call_expect(bad_world *w, wg_dtype dtype, int32_t rank, const int64_t *dims)
{
    (void)dtype;
    wg_node n = wg_expect_shape(w->x, rank, dims);
    wg_status status = wg_graph_status(w->g);
    assert_int_equal(wg_is_valid(n), status == WG_OK);
    bad_world_record(w);
    return status;
}

static void check_shapes(bad_world *w, const bad_row *row)
{
    static const bad_shapes constant = {call_constant, true, false};
    static const bad_shapes expect = {call_expect, false, true};
    (void)row;
    bad_shapes_check(w, &constant);
    bad_shapes_check(w, &expect);
}

/* ---- what nodes carry --------------------------------------------------------------------- */

static void check_one_handle(bad_world *w, wg_node bad)
{
    wg_node_info info = {.line = 77};
    assert_false(wg_is_valid(bad));
    assert_int_equal(wg_node_dtype(bad), 0);
    assert_int_equal(wg_node_rank(bad), -1);
    assert_int_equal(wg_node_dim(bad, 0), -1);
    assert_true(isnan(wg_node_number(bad, 0)));
    assert_false(wg_is_valid(wg_node_input(bad, 0)));
    assert_false(wg_is_valid(wg_output(bad, 0)));
    assert_false(wg_is_valid(wg_name(bad, "name")));
    assert_false(wg_is_valid(wg_at(bad, "file.c", 1)));
    assert_false(wg_is_valid(wg_expect_shape(bad, 0, NULL)));
    assert_int_not_equal(wg_keep(bad), WG_OK);
    assert_int_not_equal(wg_number_set(bad, 0, 1), WG_OK);
    assert_int_not_equal(wg_assign(w->p, bad), WG_OK);
    assert_int_not_equal(wg_node_describe(bad, &info), WG_OK);
    assert_int_equal(info.line, 0);
    assert_null(info.op);
}

static void check_handles(bad_world *w, const bad_row *row)
{
    (void)row;
    for (int which = 0; which < BAD_OTHER; which++) {
        bad_world_record(w);
        check_one_handle(w, bad_handle(w, which));
    }
    bad_world_record(w);
    assert_int_not_equal(wg_assign(w->p, w->x_foreign), WG_OK);
    assert_int_not_equal(wg_assign(NULL, w->x), WG_OK);
    assert_int_not_equal(wg_assign(w->p_foreign, w->x), WG_OK);
    assert_status(wg_assign(w->p, w->labels), WG_ERR_DTYPE);
    assert_status(wg_assign(w->p, wg_sum_all(w->x)), WG_ERR_SHAPE);
    assert_status(wg_graph_status(w->g), WG_OK);
}

static void check_places(bad_world *w, const bad_row *row)
{
    static const int32_t bad[] = {-1, 1, 2, 9, INT32_MIN, INT32_MAX};
    wg_node scaled = wg_scale(w->x, 2);
    (void)row;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_status(wg_number_set(scaled, bad[i], 1), WG_ERR_RANGE);
        assert_true(isnan(wg_node_number(scaled, bad[i])));
        assert_false(wg_is_valid(wg_node_input(scaled, bad[i])));
    }
    assert_status(wg_number_set(w->x, 0, 1), WG_ERR_RANGE);
    assert_true(isnan(wg_node_number(w->x, 0)));
    assert_false(wg_is_valid(wg_node_input(w->x, 0)));
    assert_status(wg_graph_status(w->g), WG_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        refuse(w, wg_output(w->x, bad[i]), WG_ERR_RANGE);
    }
    assert_status(wg_node_describe(w->x, NULL), WG_ERR_ARGUMENT);
    assert_true(wg_is_valid(wg_name(w->x, NULL)));
    assert_true(wg_is_valid(wg_at(w->x, NULL, -1)));
}

const bad_row bad_rows_of_graphs[] = {
    {.name = "wg_graph_create", .check = check_create},
    {.name = "wg_graph_destroy", .check = check_create},
    {.name = "wg_graph_reset", .check = check_settings},
    {.name = "wg_graph_refresh", .check = check_settings},
    {.name = "wg_graph_trim", .check = check_failed_graph},
    {.name = "wg_graph_status", .check = check_settings},
    {.name = "wg_graph_error", .check = check_settings},
    {.name = "wg_graph_set_training", .check = check_settings},
    {.name = "wg_graph_is_training", .check = check_settings},
    {.name = "wg_graph_set_stream", .check = check_settings},
    {.name = "wg_graph_stream", .check = check_settings},
    {.name = "wg_graph_set_step", .check = check_settings},
    {.name = "wg_graph_step", .check = check_settings},
    {.name = "wg_graph_context", .check = check_settings},
    {.name = "wg_graph_count", .check = check_settings},
    {.name = "wg_graph_node", .check = check_settings},
    {.name = "wg_input", .check = check_leaves},
    {.name = "wg_variable", .check = check_leaves},
    {.name = "wg_use", .check = check_leaves},
    {.name = "wg_number", .check = check_leaves},
    {.name = "wg_constant", .check = check_shapes},
    {.name = "wg_expect_shape", .check = check_shapes},
    {.name = "wg_is_valid", .check = check_handles},
    {.name = "wg_name", .check = check_handles},
    {.name = "wg_at", .check = check_handles},
    {.name = "wg_keep", .check = check_handles},
    {.name = "wg_assign", .check = check_handles},
    {.name = "wg_node_dtype", .check = check_handles},
    {.name = "wg_node_rank", .check = check_handles},
    {.name = "wg_node_dim", .check = check_handles},
    {.name = "wg_node_describe", .check = check_places},
    {.name = "wg_node_input", .check = check_places},
    {.name = "wg_node_number", .check = check_places},
    {.name = "wg_number_set", .check = check_places},
    {.name = "wg_output", .check = check_places},
    {NULL, NULL, NULL},
};
