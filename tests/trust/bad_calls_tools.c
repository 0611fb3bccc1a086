/* Bad calls of tools.h, but for wg_apply, which each op tests.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

#include <string.h>

#include "support/sink.h"

/* ---- the table ---------------------------------------------------------------------------- */

static void check_table(bad_world *w, const bad_row *row)
{
    const int32_t places[] = {INT32_MIN, -1, 100, INT32_MAX};
    wg_op_info info = {.name = "x"};
    wg_attribute_info attribute = {.name = "x"};
    size_t i = 7;
    (void)w;
    (void)row;
    assert_true(wg_op_count() > 0);
    assert_status(wg_op_describe(0, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_op_describe(wg_op_count(), &info), WG_ERR_RANGE);
    assert_null(info.name);
    assert_status(wg_op_describe(SIZE_MAX, &info), WG_ERR_RANGE);
    assert_status(wg_op_attribute(0, 0, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_op_attribute(wg_op_count(), 0, &attribute), WG_ERR_RANGE);
    assert_null(attribute.name);
    for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
        assert_status(wg_op_attribute(0, places[k], &attribute), WG_ERR_RANGE);
    }
    assert_false(wg_op_find("no such op", &i));
    assert_int_equal(i, 0);
    assert_false(wg_op_find(NULL, &i));
    assert_false(wg_op_find("", &i));
    assert_false(wg_op_find("add", NULL));
}

/* ---- attributes of nodes ------------------------------------------------------------------ */

static void check_attributes(bad_world *w, const bad_row *row)
{
    const int32_t places[] = {INT32_MIN, -1, 2, INT32_MAX};
    wg_attribute a = {.name = "x"};
    (void)row;
    bad_world_record(w);
    for (int which = 0; which < BAD_OTHER; which++) {
        const wg_node bad = bad_handle(w, which);
        assert_int_equal(wg_node_attribute_count(bad), 0);
        assert_int_not_equal(wg_node_attribute(bad, 0, NULL, &a), WG_OK);
        assert_null(a.name);
    }
    assert_int_equal(wg_node_attribute_count(w->x), 0);
    assert_status(wg_node_attribute(w->x, 0, NULL, &a), WG_ERR_RANGE);
    const wg_node y = wg_sum(w->x, NULL, 0, false);
    assert_status(wg_node_attribute(y, 0, NULL, NULL), WG_ERR_ARGUMENT);
    for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
        assert_status(wg_node_attribute(y, places[k], NULL, &a), WG_ERR_RANGE);
    }
    assert_status(wg_node_attribute(y, 0, NULL, &a), WG_OK);
    assert_null(a.list);
    assert_int_equal(a.length, 2);
}

/* ---- lists as text ------------------------------------------------------------------------ */

static void check_write(bad_world *w, const bad_row *row)
{
    const wg_writer no_write = {NULL, NULL};
    const wg_list_writing odd = {.size = sizeof odd + 1};
    wgt_sink sink;
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    (void)row;
    bad_world_record(w);
    assert_status(wg_graph_write(NULL, NULL, &writer), WG_ERR_ARGUMENT);
    assert_status(wg_graph_write(w->g, NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_graph_write(w->g, NULL, &no_write), WG_ERR_ARGUMENT);
    assert_status(wg_graph_write(w->g, &odd, &writer), WG_ERR_ARGUMENT);
    assert_status(wg_graph_write(w->dead, NULL, &writer), WG_ERR_STALE);
    wg_matmul(w->x, w->x);
    assert_status(wg_graph_write(w->g, NULL, &writer), WG_ERR_SHAPE);
    assert_int_equal(sink.used, 0);
    bad_world_record(w);
    sink.fail_at = 1;
    assert_status(wg_graph_write(w->g, NULL, &writer), WG_ERR_IO);
    assert_int_equal(sink.after_end, 0);
    wgt_sink_finish(&sink);
}

static void check_read(bad_world *w, const bad_row *row)
{
    static const char text[] = "wengert-list 1\n%0 = param \"w\" f32 [2, 3]\n";
    const size_t n = sizeof text - 1;
    const wg_list_reading odd = {.size = 3};
    const wg_list_reading foreign = {.size = sizeof foreign, .model = w->m_foreign};
    (void)row;
    bad_world_record(w);
    assert_status(wg_graph_read(NULL, text, n, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_graph_read(w->g, NULL, 0, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_graph_read(w->g, text, n, &odd), WG_ERR_ARGUMENT);
    assert_status(wg_graph_read(w->dead, text, n, NULL), WG_ERR_STALE);
    assert_status(wg_graph_read(w->g, text, n, NULL), WG_ERR_STATE);
    assert_int_equal(wg_graph_reset(w->g), WG_OK);
    assert_status(wg_graph_read(w->g, text, n, &foreign), WG_ERR_NAME);
    assert_status(wg_graph_read(w->g, text, 0, NULL), WG_ERR_FORMAT);
    wg_input(w->g, NULL);
    assert_status(wg_graph_read(w->g, text, n, NULL), WG_ERR_STATE);
}

const bad_row bad_rows_of_tools[] = {
    {.name = "wg_op_count", .check = check_table},
    {.name = "wg_op_describe", .check = check_table},
    {.name = "wg_op_attribute", .check = check_table},
    {.name = "wg_op_find", .check = check_table},
    {.name = "wg_node_attribute_count", .check = check_attributes},
    {.name = "wg_node_attribute", .check = check_attributes},
    {.name = "wg_graph_write", .check = check_write},
    {.name = "wg_graph_read", .check = check_read},
    {NULL, NULL, NULL},
};
