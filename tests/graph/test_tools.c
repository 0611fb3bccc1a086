/* The table of ops as callers see it, and the attributes of recorded ops.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/sample_graph.h"
#include "support/cmocka_all.h"

#include <wengert/wengert.h>

#include <string.h>

#include "ops/table.h"

/* ---- the table ---------------------------------------------------------------------------- */

static void check_attributes(size_t i, const wgi_op *op)
{
    for (int32_t k = 0; k < op->n_attributes; k++) {
        wg_attribute_info a;
        assert_int_equal(wg_op_attribute(i, k, &a), WG_OK);
        assert_string_equal(a.name, op->attributes[k].name);
        assert_int_equal(a.type, op->attributes[k].kind);
        assert_true(a.type != WG_TYPE_CHOICE || (a.range != NULL && strchr(a.range, '|') != NULL));
        assert_int_equal(a.is_optional, op->attributes[k].is_optional);
    }
}

/* Every row is told as it is; names are unique, so that each is found again. */
static void test_tools_table_is_whole(void **state)
{
    const wgi_op_table *table = wgi_op_table_get();
    (void)state;
    assert_int_equal(wg_op_count(), wgi_row_count(table));
    for (size_t i = 0; i < wg_op_count(); i++) {
        const wgi_op *op = wgi_row_at(table, (uint32_t)i);
        wg_op_info info;
        size_t found;
        assert_int_equal(wg_op_describe(i, &info), WG_OK);
        assert_true(wg_op_find(op->name, &found));
        assert_int_equal(found, i);
        assert_int_equal(info.is_form, wgi_is_form(op));
        assert_int_equal(info.n_outputs, op->n_out);
        assert_true(info.n_input_names <= info.max_inputs);
        assert_int_equal(info.n_attributes, op->n_attributes);
        check_attributes(i, op);
    }
}

static wg_op_info info_of(const char *name)
{
    wg_op_info info = {0};
    size_t i;
    assert_true(wg_op_find(name, &i));
    assert_int_equal(wg_op_describe(i, &info), WG_OK);
    return info;
}

static void test_tools_table_knows(void **state)
{
    (void)state;
    const wg_op_info add = info_of("add");
    assert_false(add.is_form || add.is_internal);
    assert_true((add.traits & WG_OP_POINTWISE) != 0 && (add.traits & WG_OP_BROADCASTS) != 0);
    assert_int_equal(add.orders, WG_ORDERS_ANY);
    assert_int_equal(add.n_input_names, 2);
    assert_string_equal(add.input_names[1], "b");
    assert_true(info_of("cross_entropy_backward").is_internal);
    assert_int_equal(info_of("cross_entropy").n_outputs, 2);
    assert_int_equal(info_of("greater").orders, WG_ORDERS_NONE);
    assert_int_equal(info_of("stop_gradient").orders, WG_ORDERS_NONE);
    assert_int_equal(info_of("sum_all").orders, WG_ORDERS_OF_PARTS);
    assert_true((info_of("relu").traits & WG_OP_KINKED) != 0);
    assert_int_equal(info_of("scale").n_numbers, 1);
}

/* ---- recorded ops ------------------------------------------------------------------------- */

static void expect_list(wg_node n, int32_t i, const char *name, size_t length, const int64_t *list)
{
    int64_t room[WG_ATTRIBUTE_LIST_MAX];
    wg_attribute a;
    assert_int_equal(wg_node_attribute(n, i, room, &a), WG_OK);
    assert_string_equal(a.name, name);
    assert_int_equal(a.kind, WG_ATTRIBUTE_LIST);
    assert_int_equal(a.length, length);
    assert_ptr_equal(a.list, room);
    for (size_t k = 0; k < length; k++) {
        assert_int_equal(a.list[k], list[k]);
    }
}

static void expect_integer(wg_node n, int32_t i, const char *name, int64_t value)
{
    wg_attribute a;
    assert_int_equal(wg_node_attribute(n, i, NULL, &a), WG_OK);
    assert_string_equal(a.name, name);
    assert_int_equal(a.kind, WG_ATTRIBUTE_INTEGER);
    assert_int_equal(a.integer, value);
}

static void expect_real(wg_node n, int32_t i, const char *name, double value)
{
    wg_attribute a;
    assert_int_equal(wg_node_attribute(n, i, NULL, &a), WG_OK);
    assert_string_equal(a.name, name);
    assert_int_equal(a.kind, WG_ATTRIBUTE_REAL);
    assert_true(a.real == value);
}

static void test_tools_attributes_are_read(void **state)
{
    static const float zeros[24];
    wg_context *ctx = wgt_context(0);
    wg_graph *g;
    (void)state;
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    const wg_node x = wg_constant(g, WG_F32, 3, (const int64_t[]){2, 3, 4}, zeros);
    assert_int_equal(wg_node_attribute_count(x), 0);
    const wg_node s = wg_sum(x, (const int32_t[]){2, 0}, 2, true);
    assert_int_equal(wg_node_attribute_count(s), 2);
    expect_list(s, 0, "axes", 2, (const int64_t[]){0, 2});
    expect_integer(s, 1, "keepdims", 1);
    expect_list(wg_permute(x, (const int32_t[]){2, -3, 1}, 3), 0, "axes", 3,
                (const int64_t[]){2, 0, 1});
    expect_list(wg_reshape(x, 2, (const int64_t[]){6, -1}), 0, "dims", 2, (const int64_t[]){6, 4});
    expect_integer(wg_softmax(x, -1), 0, "axis", 2);
    expect_integer(wg_cast(x, WG_F64), 0, "dtype", WG_F64);
    const wg_node scaled = wg_scale(x, 2.5);
    expect_real(scaled, 0, "factor", 2.5);
    assert_int_equal(wg_number_set(scaled, 0, 0.5), WG_OK);
    expect_real(scaled, 0, "factor", 2.5);
    assert_int_equal(wg_graph_refresh(g), WG_OK);
    expect_real(scaled, 0, "factor", 0.5);
    const wg_node mask = wg_output(wg_dropout(x, 0.25), 1);
    assert_int_equal(wg_node_attribute_count(mask), 1);
    expect_real(mask, 0, "p", 0.25);
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tools_table_is_whole),
        cmocka_unit_test(test_tools_table_knows),
        cmocka_unit_test(test_tools_attributes_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
