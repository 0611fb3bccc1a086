/* Backends of users as a context has them: their names, what it refuses, memory.
 * SPDX-License-Identifier: Apache-2.0 */
#include "user_case.h"

#include <stdlib.h>
#include <string.h>

/* ---- names -------------------------------------------------------------------------------- */

static void test_user_backend_is_known_by_its_name(void **state)
{
    (void)state;
    user_fixture f;
    user_net n;
    wgt_sink sink;
    assert_int_equal(setenv("WENGERT_VERBOSE", "dispatch", 1), 0);
    user_start(&f);
    assert_int_equal(unsetenv("WENGERT_VERBOSE"), 0);
    assert_int_equal(user_backend_add(&f, "mine", 1), WG_OK);
    user_net_open(&f, &n);
    user_net_record(&f, &n);
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    assert_int_equal(wg_plan_write(&n.loss, 1, WG_PLAN_BACKWARD, &writer), WG_OK);
    assert_non_null(strstr(wgt_sink_text(&sink), "mine.relu"));
    assert_non_null(
        strstr(wgt_sink_text(&f.log), "dispatch: relu [4, 3] -> f32 [4, 3]: mine.relu"));
    assert_int_equal(wg_profile_start(f.ctx, 0), WG_OK);
    assert_int_equal(wg_backward(n.loss), WG_OK);
    assert_int_equal(wg_profile_stop(f.ctx), WG_OK);
    size_t n_found = 0;
    for (size_t i = 0; i < wg_profile_count(f.ctx); i++) {
        n_found += strcmp(wg_profile_get(f.ctx, i)->kernel, "mine.relu") == 0;
    }
    assert_int_equal(n_found, 2);
    wgt_sink_clear(&f.log);
    f.relu.least = 1000;
    const wg_node small =
        wg_relu(wg_constant(f.g, WG_F32, 1, (const int64_t[]){2}, (float[]){1, 2}));
    assert_int_equal(wg_run(&small, 1), WG_OK);
    wgt_sink_finish(&sink);
    user_net_close(&n);
    user_finish(&f);
}

/* Where groups are left out each op is dispatched alone, and the log tells who declined. */
static void test_user_backend_tells_why_it_declined(void **state)
{
    (void)state;
    static const float x[4] = {1, 2, 3, 4};
    user_fixture f;
    assert_int_equal(setenv("WENGERT_VERBOSE", "dispatch", 1), 0);
    user_start(&f);
    assert_int_equal(unsetenv("WENGERT_VERBOSE"), 0);
    f.matmul.least = 100;
    assert_int_equal(user_backend_add(&f, "mine", 2), WG_OK);
    const wg_node a = wg_constant(f.g, WG_F32, 2, (const int64_t[]){2, 2}, x);
    const wg_node y = wg_matmul(a, a);
    assert_int_equal(wg_run(&y, 1), WG_OK);
    assert_non_null(strstr(wgt_sink_text(&f.log), "(not mine.matmul: too small)"));
    user_finish(&f);
}

/* ---- adding ------------------------------------------------------------------------------- */

static void test_user_backend_joins_before_the_first_choice(void **state)
{
    (void)state;
    static const float x[2] = {1, -2};
    for (int way = 0; way < 3; way++) {
        user_fixture f;
        wg_plan_need need;
        user_start_with(&f, way == 2, false);
        const wg_node a = wg_constant(f.g, WG_F32, 1, (const int64_t[]){2}, x);
        assert_int_equal(user_backend_add(&f, "first", 1),
                         WG_OK); /* recording chooses nothing yet */
        const wg_node y = wg_relu(a);
        if (way == 0) {
            assert_int_equal(wg_run(&y, 1), WG_OK);
        } else if (way == 1) {
            assert_int_equal(wg_plan_memory(&y, 1, WG_PLAN_RUN, &need), WG_OK);
        }
        assert_int_equal(user_backend_add(&f, "late", 1), WG_ERR_STATE);
        assert_false(wg_context_has_backend(f.ctx, "late"));
        assert_int_equal(wg_graph_trim(f.g), WG_OK);
        assert_int_equal(user_backend_add(&f, "late", 1), WG_ERR_STATE);
        user_finish(&f);
        assert_int_equal(f.relu.n_releases, 1);
    }
}

static void refuse(user_fixture *f, const wg_backend_definition *definition, wg_status status)
{
    assert_int_equal(wg_backend_add(f->ctx, definition), status);
    assert_true(strlen(wg_context_error(f->ctx)) > 0);
}

static void refuse_kernel(user_fixture *f, const char *op, wg_status status)
{
    const wg_kernel_definition kernels[] = {
        {.op = "exp", .run = user_run_relu, .release = user_note_release, .user = &f->relu},
        {.op = op, .run = user_run_relu, .release = user_note_release, .user = &f->relu},
    };
    const wg_backend_definition definition = {
        .size = sizeof definition, .name = "bad", .kernels = kernels, .n_kernels = 2};
    refuse(f, &definition, status);
}

static void test_user_backend_refuses_bad_definitions(void **state)
{
    (void)state;
    user_fixture f;
    user_start(&f);
    refuse_kernel(&f, NULL, WG_ERR_NAME);
    refuse_kernel(&f, "", WG_ERR_NAME);
    refuse_kernel(&f, "no such op", WG_ERR_NAME);
    refuse_kernel(&f, "transpose", WG_ERR_NAME); /* a form: recorded as another op */
    refuse_kernel(&f, "exp", WG_ERR_NAME);       /* twice */
    refuse_kernel(&f, "reshape", WG_ERR_UNSUPPORTED);
    refuse_kernel(&f, "dropout", WG_ERR_UNSUPPORTED);
    wg_kernel_definition kernel = {.op = "exp"};
    wg_backend_definition bad = {
        .size = sizeof bad, .name = "bad", .kernels = &kernel, .n_kernels = 1};
    refuse(&f, &bad, WG_ERR_ARGUMENT);
    kernel.run = user_run_relu;
    static const char *const names[] = {NULL,     "",          "tab\t",
                                        "native", "reference", "a name of more than 31 characters"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        bad.name = names[i];
        refuse(&f, &bad, WG_ERR_NAME);
    }
    for (int i = 0; i <= WG_MAX_USER_BACKENDS; i++) {
        const char name[] = {(char)('a' + i), '\0'};
        bad.name = name;
        assert_int_equal(wg_backend_add(f.ctx, &bad),
                         i < WG_MAX_USER_BACKENDS ? WG_OK : WG_ERR_RANGE);
    }
    assert_int_equal(f.relu.n_releases, 0);
    user_finish(&f);
}

/* ---- memory ------------------------------------------------------------------------------- */

/* Whether the k-th allocation of adding, recording and a backward run was asked for. A name is the
 * one thing that is left out without an error. */
static bool survives(size_t k, bool is_persistent)
{
    user_fixture f;
    user_net n;
    user_start(&f);
    user_net_open(&f, &n);
    const size_t n_before = f.allocator.n_failed;
    wgt_allocator_fail(&f.allocator, k, is_persistent);
    wg_status status = user_backend_add(&f, "mine", USER_KERNELS);
    const bool is_added = status == WG_OK;
    if (is_added) {
        user_net_record(&f, &n);
        status = wg_backward(n.loss);
    }
    wgt_allocator_fail(&f.allocator, 0, false);
    const bool has_failed = f.allocator.n_failed > n_before;
    if (status != WG_OK) {
        assert_int_equal(status, WG_ERR_MEMORY);
        assert_int_equal(wg_context_has_backend(f.ctx, "mine"), is_added);
        if (!is_added) {
            assert_int_equal(f.relu.n_releases, 0);
            assert_int_equal(user_backend_add(&f, "mine", USER_KERNELS), WG_OK);
        }
        user_net_record(&f, &n);
        assert_int_equal(wg_backward(n.loss), WG_OK);
    }
    user_net_expect(&n);
    user_net_close(&n);
    user_finish(&f);
    assert_int_equal(f.relu.n_releases, 1);
    return has_failed;
}

static void test_user_backend_survives_each_failed_allocation(void **state)
{
    (void)state;
    for (int is_persistent = 0; is_persistent < 2; is_persistent++) {
        size_t k = 1;
        while (survives(k, is_persistent != 0)) {
            k++;
        }
        assert_true(k > 20);
    }
}

static void test_user_backend_runs_allocate_nothing(void **state)
{
    (void)state;
    user_fixture f;
    user_net n;
    size_t n_calls = 0;
    user_start(&f);
    assert_int_equal(user_backend_add(&f, "mine", USER_KERNELS), WG_OK);
    user_net_open(&f, &n);
    for (int i = 0; i < 6; i++) {
        n_calls = f.allocator.n_calls;
        user_net_record(&f, &n);
        assert_int_equal(wg_backward(n.loss), WG_OK);
    }
    assert_int_equal(f.allocator.n_calls, n_calls);
    user_net_close(&n);
    user_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_user_backend_is_known_by_its_name),
        cmocka_unit_test(test_user_backend_tells_why_it_declined),
        cmocka_unit_test(test_user_backend_joins_before_the_first_choice),
        cmocka_unit_test(test_user_backend_refuses_bad_definitions),
        cmocka_unit_test(test_user_backend_survives_each_failed_allocation),
        cmocka_unit_test(test_user_backend_runs_allocate_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
