/* Models: names, order, all-or-nothing creation, sharing.
 * SPDX-License-Identifier: Apache-2.0 */
#include "model/bare.h"

#include <stdio.h>

static const int64_t shape[2] = {3, 4};

static wg_status add(wg_model *m, const char *name, wg_param **out)
{
    return wg_param_create(m, name, WG_F32, 2, shape, NULL, out);
}

static void test_model_finds_each_of_many_by_name(void **state)
{
    (void)state;
    bare b;
    bare_start(&b);
    wg_model *m = NULL;
    assert_int_equal(wg_model_create(&b.ctx, &m), WG_OK);
    assert_null(wg_model_find(m, "p0"));
    char name[16];
    for (int i = 0; i < 1000; i++) {
        wg_param *p = NULL;
        snprintf(name, sizeof name, "p%d", i);
        assert_int_equal(add(m, name, &p), WG_OK);
        assert_ptr_equal(wg_model_param(m, (size_t)i), p);
        assert_string_equal(wg_param_name(p), name);
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "p%d", i);
        assert_ptr_equal(wg_model_find(m, name), wg_model_param(m, (size_t)i));
    }
    assert_null(wg_model_find(m, "p1000"));
    assert_null(wg_model_param(m, 1000));
    assert_int_equal(wg_model_count(m), 1000);
    assert_int_equal(wg_model_elements(m), 12000);
    assert_ptr_equal(wg_model_context(m), &b.ctx);
    wg_model_destroy(m);
    bare_finish(&b);
}

static void expect_refused(wg_model *m, const char *name, wg_status expected)
{
    wg_param *p = (wg_param *)m;
    const size_t count = wg_model_count(m);
    assert_int_equal(add(m, name, &p), expected);
    assert_null(p);
    assert_int_equal(wg_model_count(m), count);
    assert_true(strlen(wg_context_error(wg_model_context(m))) > 0);
}

static void test_model_names_are_unique_printable_and_bounded(void **state)
{
    (void)state;
    bare b;
    bare_start(&b);
    wg_model *m = NULL;
    assert_int_equal(wg_model_create(&b.ctx, &m), WG_OK);
    char name[257];
    memset(name, 'x', sizeof name);
    name[256] = '\0';
    expect_refused(m, name, WG_ERR_NAME);
    name[255] = '\0';
    assert_int_equal(add(m, name, NULL), WG_OK);
    expect_refused(m, name, WG_ERR_NAME);
    expect_refused(m, NULL, WG_ERR_NAME);
    expect_refused(m, "", WG_ERR_NAME);
    expect_refused(m, "tab\t", WG_ERR_NAME);
    expect_refused(m, "\x7f", WG_ERR_NAME);
    expect_refused(m, "\xc3\xa9", WG_ERR_NAME);
    assert_int_equal(add(m, " ~", NULL), WG_OK);
    wg_model_destroy(m);
    bare_finish(&b);
}

static void test_model_refuses_what_does_not_learn_or_fit(void **state)
{
    (void)state;
    bare b;
    bare_start(&b);
    wg_model *m = NULL;
    assert_int_equal(wg_model_create(&b.ctx, &m), WG_OK);
    const int64_t negative[1] = {-1};
    const int64_t huge[2] = {INT64_MAX, 3};
    assert_int_equal(wg_param_create(m, "p", WG_I64, 2, shape, NULL, NULL), WG_ERR_DTYPE);
    assert_int_equal(wg_param_create(m, "p", (wg_dtype)99, 2, shape, NULL, NULL), WG_ERR_DTYPE);
    assert_int_equal(wg_param_create(m, "p", WG_F32, 1, negative, NULL, NULL), WG_ERR_RANGE);
    assert_int_equal(wg_param_create(m, "p", WG_F32, 9, shape, NULL, NULL), WG_ERR_RANGE);
    assert_int_equal(wg_param_create(m, "p", WG_F32, 2, huge, NULL, NULL), WG_ERR_OVERFLOW);
    assert_int_equal(wg_param_create(NULL, "p", WG_F32, 2, shape, NULL, NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_model_count(m), 0);
    assert_int_equal(wg_param_create(m, "p", WG_F64, 0, NULL, NULL, NULL), WG_OK);
    wg_model_destroy(m);
    bare_finish(&b);
}

static void test_model_survives_null(void **state)
{
    (void)state;
    bare b;
    bare_start(&b);
    wg_model *m = NULL;
    assert_int_equal(wg_model_create(NULL, &m), WG_ERR_ARGUMENT);
    assert_int_equal(wg_model_create(&b.ctx, NULL), WG_ERR_ARGUMENT);
    wg_model_destroy(NULL);
    assert_int_equal(wg_model_count(NULL), 0);
    assert_int_equal(wg_model_elements(NULL), 0);
    assert_null(wg_model_param(NULL, 0));
    assert_null(wg_model_find(NULL, "p"));
    assert_null(wg_model_context(NULL));
    assert_string_equal(wg_param_name(NULL), "");
    assert_null(wg_param_value(NULL));
    assert_null(wg_param_gradient(NULL));
    wg_param_clear_gradient(NULL);
    assert_int_equal(wg_param_set_frozen(NULL, true), WG_ERR_ARGUMENT);
    assert_false(wg_param_is_frozen(NULL));
    assert_int_equal(wg_model_create(&b.ctx, &m), WG_OK);
    assert_null(wg_model_find(m, NULL));
    wg_model_destroy(m);
    bare_finish(&b);
}

static void test_model_gradient_is_readable_until_cleared(void **state)
{
    (void)state;
    bare b;
    bare_start(&b);
    wg_model *m = NULL;
    wg_param *p = NULL;
    const double gradient[12] = {1.0, 2.0};
    assert_int_equal(wg_model_create(&b.ctx, &m), WG_OK);
    assert_int_equal(add(m, "p", &p), WG_OK);
    assert_null(wg_param_gradient(p));
    bare_set_gradient(p, gradient);
    assert_true(wg_tensor_get(wg_param_gradient(p), 1) == 2.0);
    wg_param_clear_gradient(p);
    assert_null(wg_param_gradient(p));
    wg_model_destroy(m);
    bare_finish(&b);
}

static void test_model_models_of_one_context_draw_apart(void **state)
{
    (void)state;
    bare b;
    bare_start(&b);
    const wg_init normal = {.kind = WG_INIT_NORMAL, .b = 1.0};
    double drawn[2];
    for (int i = 0; i < 2; i++) {
        wg_model *m = NULL;
        wg_param *p = NULL;
        assert_int_equal(wg_model_create(&b.ctx, &m), WG_OK);
        assert_int_equal(wg_param_create(m, "p", WG_F64, 0, NULL, &normal, &p), WG_OK);
        drawn[i] = wg_tensor_get(wg_param_value(p), 0);
        wg_model_destroy(m);
    }
    assert_true(drawn[0] != drawn[1]);
    bare_finish(&b);
}

/* ---- sharing ------------------------------------------------------------------------------ */

static void test_model_share_is_the_same_memory_frozen_for_good(void **state)
{
    (void)state;
    bare b;
    bare other;
    bare_start(&b);
    bare_start(&other);
    wg_model *m = NULL;
    wg_model *view = NULL;
    wg_optimizer *o = NULL;
    assert_int_equal(wg_model_create(&b.ctx, &m), WG_OK);
    assert_int_equal(add(m, "first", NULL), WG_OK);
    assert_int_equal(add(m, "second", NULL), WG_OK);
    assert_int_equal(wg_model_share(m, &other.ctx, &view), WG_OK);
    assert_ptr_equal(wg_model_context(view), &other.ctx);
    assert_int_equal(wg_model_count(view), 2);
    wg_param *p = wg_model_find(view, "second");
    assert_ptr_equal(p, wg_model_param(view, 1));
    assert_ptr_equal(wg_tensor_data(wg_param_value(p)),
                     wg_tensor_data(wg_param_value(wg_model_find(m, "second"))));
    assert_null(wg_tensor_data_mutable(wg_param_value(p)));
    assert_true(wg_param_is_frozen(p));
    assert_false(wg_param_is_frozen(wg_model_find(m, "second")));
    assert_int_equal(wg_param_set_frozen(p, false), WG_ERR_STATE);
    assert_int_equal(wg_param_set_frozen(p, true), WG_OK);
    assert_true(wg_param_is_frozen(p));
    assert_int_equal(add(view, "third", NULL), WG_ERR_NAME);
    assert_int_equal(wg_adam_create(view, NULL, &o), WG_ERR_STATE);
    assert_null(o);
    wg_model_destroy(view);
    bare_finish(&other);
    assert_true(wg_tensor_get(wg_param_value(wg_model_param(m, 0)), 0) == 0.0);
    wg_model_destroy(m);
    bare_finish(&b);
}

static void test_model_share_refuses_what_is_missing(void **state)
{
    (void)state;
    bare b;
    bare_start(&b);
    wg_model *m = NULL;
    wg_model *view = (wg_model *)&b;
    assert_int_equal(wg_model_create(&b.ctx, &m), WG_OK);
    assert_int_equal(wg_model_share(NULL, &b.ctx, &view), WG_ERR_ARGUMENT);
    assert_null(view);
    assert_int_equal(wg_model_share(m, NULL, &view), WG_ERR_ARGUMENT);
    assert_int_equal(wg_model_share(m, &b.ctx, NULL), WG_ERR_ARGUMENT);
    wg_model_destroy(m);
    bare_finish(&b);
}

/* ---- memory ------------------------------------------------------------------------------- */

/* Adds twenty parameters, of which the k-th allocation fails; each failure leaves the model as it
 * was, and the same call succeeds after it. False once no allocation was left to fail. */
static bool add_twenty(size_t k, bool is_persistent)
{
    bare b;
    bare_start(&b);
    wg_model *m = NULL;
    assert_int_equal(wg_model_create(&b.ctx, &m), WG_OK);
    wgt_allocator_fail(&b.allocator, k, is_persistent);
    bool has_failed = false;
    char name[16];
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "p%d", i);
        wg_status status = add(m, name, NULL);
        if (status != WG_OK) {
            assert_int_equal(status, WG_ERR_MEMORY);
            assert_int_equal(wg_model_count(m), (size_t)i);
            assert_null(wg_model_find(m, name));
            wgt_allocator_fail(&b.allocator, 0, false);
            assert_int_equal(add(m, name, NULL), WG_OK);
            has_failed = true;
        }
    }
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "p%d", i);
        assert_ptr_equal(wg_model_find(m, name), wg_model_param(m, (size_t)i));
    }
    wg_model_destroy(m);
    bare_finish(&b);
    return has_failed;
}

static void test_model_creation_survives_each_failed_allocation(void **state)
{
    (void)state;
    for (int is_persistent = 0; is_persistent < 2; is_persistent++) {
        size_t k = 1;
        while (add_twenty(k, is_persistent != 0)) {
            k++;
        }
        assert_true(k > 80);
    }
}

static void test_model_share_survives_each_failed_allocation(void **state)
{
    (void)state;
    bare b;
    bare_start(&b);
    wg_model *m = NULL;
    wg_model *view = NULL;
    wgt_allocator_fail(&b.allocator, 1, false);
    assert_int_equal(wg_model_create(&b.ctx, &m), WG_ERR_MEMORY);
    assert_null(m);
    assert_int_equal(wg_model_create(&b.ctx, &m), WG_OK);
    assert_int_equal(add(m, "first", NULL), WG_OK);
    assert_int_equal(add(m, "second", NULL), WG_OK);
    const size_t n_live = b.allocator.n_live;
    size_t k = 1;
    wgt_allocator_fail(&b.allocator, k, true);
    while (wg_model_share(m, &b.ctx, &view) == WG_ERR_MEMORY) {
        assert_null(view);
        assert_int_equal(b.allocator.n_live, n_live);
        wgt_allocator_fail(&b.allocator, ++k, true);
    }
    assert_true(k > 5);
    wgt_allocator_fail(&b.allocator, 0, false);
    assert_int_equal(wg_model_count(view), 2);
    wg_model_destroy(view);
    wg_model_destroy(m);
    bare_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_finds_each_of_many_by_name),
        cmocka_unit_test(test_model_names_are_unique_printable_and_bounded),
        cmocka_unit_test(test_model_refuses_what_does_not_learn_or_fit),
        cmocka_unit_test(test_model_survives_null),
        cmocka_unit_test(test_model_gradient_is_readable_until_cleared),
        cmocka_unit_test(test_model_models_of_one_context_draw_apart),
        cmocka_unit_test(test_model_share_is_the_same_memory_frozen_for_good),
        cmocka_unit_test(test_model_share_refuses_what_is_missing),
        cmocka_unit_test(test_model_creation_survives_each_failed_allocation),
        cmocka_unit_test(test_model_share_survives_each_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
