/* Modules: the tree of names, its way back, freezing, buffers, views, and stays in graphs.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <string.h>

#include <wengert/wengert.h>

#include "support/counted.h"

typedef struct mlp {
    const wg_module *module;
    wg_linear up;
    wg_linear down;
} mlp;

static wg_status mlp_create(wg_model *m, const char *name, int64_t width, mlp *out)
{
    wg_status s = wg_module_begin(m, name, "mlp", &out->module);
    if (s != WG_OK) {
        return s;
    }
    s = wg_linear_create(m, "up", width, 2 * width, NULL, &out->up);
    s = s ? s : wg_linear_create(m, "down", 2 * width, width, NULL, &out->down);
    return wg_module_end(m, s);
}

static wg_node mlp_apply(const mlp *layer, wg_node x)
{
    (void)wg_module_enter(layer->module, x);
    const wg_node h = wg_relu(wg_linear_apply(&layer->up, x));
    return wg_module_leave(layer->module, wg_linear_apply(&layer->down, h));
}

typedef wgt_counted fixture;

static wg_node row_of(wg_graph *g, int64_t n)
{
    const float x[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    return wg_constant(g, WG_F32, 2, (const int64_t[]){1, n}, x);
}

static void test_module_names_are_a_tree(void **state)
{
    fixture f;
    mlp a;
    (void)state;
    wgt_counted_start(&f);
    assert_int_equal(wg_module_begin(f.m, "encoder.0", "block", NULL), WG_OK);
    assert_int_equal(mlp_create(f.m, "mlp", 3, &a), WG_OK);
    assert_int_equal(wg_module_end(f.m, WG_OK), WG_OK);
    assert_string_equal(wg_param_name(a.up.weight), "encoder.0.mlp.up.weight");
    assert_ptr_equal(wg_model_find(f.m, "encoder.0.mlp.down.bias"), a.down.bias);
    assert_int_equal(wg_model_module_count(f.m), 4);
    assert_string_equal(wg_module_name(wg_model_module(f.m, 3)), "encoder.0.mlp.down");
    assert_string_equal(wg_module_kind(wg_model_module(f.m, 3)), "linear");
    assert_int_equal(wg_param_create(f.m, "bare", WG_F32, 0, NULL, NULL, NULL), WG_OK);
    assert_non_null(wg_model_find(f.m, "bare"));
    wgt_counted_finish(&f);
}

static void test_module_that_fails_leaves_nothing(void **state)
{
    fixture f;
    mlp a;
    mlp b;
    wg_linear taken;
    (void)state;
    wgt_counted_start(&f);
    assert_int_equal(wg_linear_create(f.m, "b.down", 1, 1, NULL, &taken), WG_OK);
    assert_int_equal(mlp_create(f.m, "b", 3, &b), WG_ERR_NAME);
    assert_non_null(strstr(wg_context_error(f.ctx), "'b.down.weight': the name is taken"));
    assert_int_equal(wg_model_count(f.m), 2);
    assert_int_equal(wg_model_module_count(f.m), 1);
    assert_null(wg_model_find(f.m, "b.up.weight"));
    /* What was taken out may still be pointed to. */
    assert_true(wg_is_valid(wg_use(f.g, b.up.weight)));
    assert_int_equal(mlp_create(f.m, "a", 3, &a), WG_OK);

    fixture other;
    mlp same;
    wgt_counted_start(&other);
    assert_int_equal(wg_linear_create(other.m, "b.down", 1, 1, NULL, &taken), WG_OK);
    assert_int_equal(mlp_create(other.m, "a", 3, &same), WG_OK);
    assert_memory_equal(wg_tensor_data(wg_param_value(a.down.weight)),
                        wg_tensor_data(wg_param_value(same.down.weight)), 18 * sizeof(float));
    wgt_counted_finish(&other);
    wgt_counted_finish(&f);
}

static void test_module_survives_each_failed_allocation(void **state)
{
    (void)state;
    fixture f;
    mlp a;
    wgt_counted_start(&f);
    size_t k = 0;
    wg_status status = WG_ERR_MEMORY;
    while (status == WG_ERR_MEMORY) {
        wgt_allocator_fail(&f.counter, ++k, false);
        status = mlp_create(f.m, "a", 3, &a);
        wgt_allocator_fail(&f.counter, 0, false);
        assert_int_equal(wg_model_count(f.m), status == WG_OK ? 4 : 0);
        assert_int_equal(wg_model_module_count(f.m), status == WG_OK ? 3 : 0);
    }
    assert_int_equal(status, WG_OK);
    assert_true(k > 10);
    wgt_counted_finish(&f);
}

static void test_module_freezes_what_stands_below(void **state)
{
    fixture f;
    mlp a;
    mlp ab;
    wg_param *mean;
    (void)state;
    wgt_counted_start(&f);
    assert_int_equal(mlp_create(f.m, "a", 2, &a), WG_OK);
    assert_int_equal(mlp_create(f.m, "ab", 2, &ab), WG_OK);
    assert_int_equal(wg_buffer_create(f.m, "a.mean", WG_F32, 0, NULL, NULL, &mean), WG_OK);
    assert_int_equal(wg_model_set_frozen(f.m, "a", true), WG_OK);
    assert_true(wg_param_is_frozen(a.up.bias) && wg_param_is_frozen(a.down.weight));
    assert_false(wg_param_is_frozen(ab.up.bias));
    assert_int_equal(wg_model_set_frozen(f.m, "a.up", false), WG_OK);
    assert_false(wg_param_is_frozen(a.up.bias));
    assert_true(wg_param_is_frozen(a.down.bias));
    assert_int_equal(wg_model_set_frozen(f.m, NULL, false), WG_OK);
    assert_false(wg_param_is_frozen(a.down.bias));
    assert_true(wg_param_is_frozen(mean) && wg_param_is_buffer(mean));
    wgt_counted_finish(&f);
}

static void test_module_of_a_view_finds_its_parameters(void **state)
{
    fixture f;
    fixture other;
    mlp a;
    mlp seen;
    wg_model *view;
    (void)state;
    wgt_counted_start(&f);
    wgt_counted_start(&other);
    assert_int_equal(mlp_create(f.m, "a", 3, &a), WG_OK);
    assert_int_equal(wg_model_share(f.m, other.ctx, &view), WG_OK);
    assert_int_equal(mlp_create(view, "a", 3, &seen), WG_OK);
    assert_ptr_equal(seen.up.weight, wg_model_find(view, "a.up.weight"));
    assert_int_equal(mlp_create(view, "a", 4, &seen), WG_ERR_SHAPE);
    assert_string_equal(wg_context_error(other.ctx),
                        "param 'a.up.weight': the shared one is [3, 6]");
    assert_int_equal(mlp_create(view, "c", 3, &seen), WG_ERR_NAME);
    assert_int_equal(wg_model_count(view), 4);
    assert_int_equal(mlp_create(view, "a", 3, &seen), WG_OK);
    const wg_node y = mlp_apply(&a, row_of(f.g, 3));
    const wg_node z = mlp_apply(&seen, row_of(other.g, 3));
    assert_true(wg_item(wg_sum_all(y)) == wg_item(wg_sum_all(z)));
    wg_model_destroy(view);
    wgt_counted_finish(&other);
    wgt_counted_finish(&f);
}

static void test_module_stays_nest_and_end(void **state)
{
    fixture f;
    mlp a;
    wg_scope scope[3];
    (void)state;
    wgt_counted_start(&f);
    assert_int_equal(mlp_create(f.m, "a", 3, &a), WG_OK);
    const wg_node x = row_of(f.g, 3);
    const wg_node y = mlp_apply(&a, x);
    assert_int_equal(wg_graph_scope_count(f.g), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(wg_graph_scope(f.g, i, &scope[i]), WG_OK);
    }
    assert_ptr_equal(scope[0].module, a.module);
    assert_int_equal(scope[0].outer, -1);
    assert_int_equal(scope[1].outer, 0);
    assert_int_equal(scope[2].outer, 0);
    assert_ptr_equal(scope[2].module, a.down.module);
    assert_int_equal(scope[0].first, 1);
    assert_int_equal(scope[0].end, wg_graph_count(f.g));
    assert_int_equal(scope[0].result.index, y.index);
    assert_true(scope[1].end <= scope[2].first);
    assert_int_equal(wg_graph_reset(f.g), WG_OK);
    assert_int_equal(wg_graph_scope_count(f.g), 0);
    /* Leaving the outer one leaves the inner one too. */
    const wg_node again = row_of(f.g, 3);
    (void)wg_module_enter(a.module, again);
    (void)wg_module_enter(a.up.module, again);
    (void)wg_module_leave(a.module, again);
    assert_int_equal(wg_graph_scope(f.g, 1, &scope[1]), WG_OK);
    assert_false(wg_is_valid(scope[1].result));
    (void)wg_module_enter(a.down.module, again);
    assert_int_equal(wg_graph_scope(f.g, 2, &scope[2]), WG_OK);
    assert_int_equal(scope[2].outer, -1);
    wgt_counted_finish(&f);
}

static void test_module_is_named_in_messages(void **state)
{
    fixture f;
    mlp a;
    (void)state;
    wgt_counted_start(&f);
    assert_int_equal(mlp_create(f.m, "a", 3, &a), WG_OK);
    const wg_node y = mlp_apply(&a, row_of(f.g, 4));
    assert_false(wg_is_valid(y));
    assert_non_null(strstr(wg_graph_error(f.g), "\n  in 'a.up' (linear)"));
    assert_int_equal(wg_graph_reset(f.g), WG_OK);

    const int64_t far[] = {9};
    (void)wg_module_enter(a.module, row_of(f.g, 3));
    const wg_node at = wg_constant(f.g, WG_I64, 1, (const int64_t[]){1}, far);
    const wg_node row = wg_gather(wg_use(f.g, a.up.weight), at, 0);
    (void)wg_module_leave(a.module, row);
    assert_null(wg_value(row));
    assert_non_null(strstr(wg_graph_error(f.g), "\n  in 'a' (mlp)"));
    wgt_counted_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_module_names_are_a_tree),
        cmocka_unit_test(test_module_that_fails_leaves_nothing),
        cmocka_unit_test(test_module_survives_each_failed_allocation),
        cmocka_unit_test(test_module_freezes_what_stands_below),
        cmocka_unit_test(test_module_of_a_view_finds_its_parameters),
        cmocka_unit_test(test_module_stays_nest_and_end),
        cmocka_unit_test(test_module_is_named_in_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
