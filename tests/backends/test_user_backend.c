/* Backends of users at work: asked first, declining, failing.
 * SPDX-License-Identifier: Apache-2.0 */
#include "user_case.h"

#include <stdlib.h>
#include <string.h>

/* ---- serving ------------------------------------------------------------------------------ */

static void test_user_backend_serves_forward_and_backward(void **state)
{
    (void)state;
    user_fixture f;
    user_net n;
    user_start(&f);
    assert_false(wg_context_has_backend(f.ctx, "mine"));
    assert_int_equal(user_backend_add(&f, "mine", USER_KERNELS), WG_OK);
    assert_true(wg_context_has_backend(f.ctx, "mine"));
    user_net_open(&f, &n);
    user_net_record(&f, &n);
    assert_int_equal(wg_backward(n.loss), WG_OK);
    user_net_expect(&n);
    assert_int_equal(f.relu.n_runs, 2);
    assert_true(f.matmul.n_runs >= 5 && f.matmul.n_transposed >= 3);
    assert_true(f.add.n_runs >= 1);
    assert_int_equal(user_runs_of(&f, "mine.relu"), 2);
    assert_int_equal(user_runs_of(&f, "mine.matmul"), (uint64_t)f.matmul.n_runs);
    assert_int_equal(user_runs_of(&f, "native.matmul") + user_runs_of(&f, "onednn.matmul"), 0);
    assert_int_equal(f.matmul.threads, 2);
    assert_int_equal(user_stats_of(&f).engine_failures, 0);
    user_net_close(&n);
    user_finish(&f);
}

/* The plan that is found again gives the same bits without asking, and so does a fresh one. */
static void test_user_backend_is_part_of_the_plan(void **state)
{
    (void)state;
    user_fixture f;
    user_net n;
    float first[USER_N * USER_N];
    float again[USER_N * USER_N];
    user_start(&f);
    assert_int_equal(user_backend_add(&f, "mine", USER_KERNELS), WG_OK);
    user_net_open(&f, &n);
    for (int i = 0; i < 4; i++) {
        const int n_asked = f.relu.n_asked;
        user_net_record(&f, &n);
        assert_int_equal(wg_backward(n.loss), WG_OK);
        user_net_gradient(&n, i == 0 ? first : again);
        assert_true(i == 0 || memcmp(first, again, sizeof first) == 0);
        assert_true((f.relu.n_asked > n_asked) == (i == 0));
        assert_int_equal(f.relu.n_runs, 2 * (i + 1));
    }
    assert_int_equal(user_stats_of(&f).plan_hits, 3);
    user_net_close(&n);
    user_finish(&f);
}

static void test_user_backend_serves_eager_contexts(void **state)
{
    (void)state;
    user_fixture f;
    user_net n;
    user_start_with(&f, true, false);
    assert_int_equal(user_backend_add(&f, "mine", USER_KERNELS), WG_OK);
    user_net_open(&f, &n);
    user_net_record(&f, &n);
    assert_int_equal(f.relu.n_runs, 2);
    assert_int_equal(f.matmul.n_runs, 2);
    assert_int_equal(wg_backward(n.loss), WG_OK);
    user_net_expect(&n);
    user_net_close(&n);
    user_finish(&f);
}

static void test_user_backend_hears_of_thread_invariance(void **state)
{
    (void)state;
    user_fixture f;
    user_net n;
    user_start_with(&f, false, true);
    assert_int_equal(user_backend_add(&f, "mine", USER_KERNELS), WG_OK);
    user_net_open(&f, &n);
    user_net_record(&f, &n);
    assert_int_equal(wg_backward(n.loss), WG_OK);
    assert_true(f.matmul.is_thread_invariant);
    user_net_close(&n);
    user_finish(&f);
}

/* What is declined goes on: by dtype, and by shape within one list of the same op. */
static void test_user_backend_declines_to_the_next(void **state)
{
    (void)state;
    static const float x[8] = {-1, 2, -3, 4, -5, 6, -7, 8};
    static const double wide[2] = {-1, 2};
    user_fixture f;
    user_start(&f);
    f.relu.least = 8;
    assert_int_equal(user_backend_add(&f, "mine", 1), WG_OK);
    const wg_node small = wg_relu(wg_constant(f.g, WG_F32, 1, (const int64_t[]){2}, x));
    const wg_node large = wg_relu(wg_constant(f.g, WG_F32, 1, (const int64_t[]){8}, x));
    const wg_node other = wg_relu(wg_constant(f.g, WG_F64, 1, (const int64_t[]){2}, wide));
    const wg_node nodes[] = {small, large, other};
    assert_int_equal(wg_run(nodes, 3), WG_OK);
    assert_int_equal(f.relu.n_runs, 1);
    assert_int_equal(user_runs_of(&f, "mine.relu"), 1);
    assert_true(wg_tensor_get(wg_value(small), 1) == 2 && wg_tensor_get(wg_value(small), 0) == 0);
    assert_true(wg_tensor_get(wg_value(large), 7) == 8 && wg_tensor_get(wg_value(large), 6) == 0);
    assert_true(wg_tensor_get(wg_value(other), 1) == 2);
    user_finish(&f);
}

static void test_user_backend_added_last_is_asked_first(void **state)
{
    (void)state;
    user_fixture f;
    static const float x[4] = {-1, 2, -3, 4};
    user_witness *seen[2];
    user_fixture other;
    user_start(&f);
    memset(&other, 0, sizeof other);
    other.ctx = f.ctx;
    assert_int_equal(user_backend_add(&f, "below", 1), WG_OK);
    assert_int_equal(user_backend_add(&other, "above", 1), WG_OK);
    seen[0] = &f.relu;
    seen[1] = &other.relu;
    other.relu.least = 4;
    const wg_node nodes[] = {wg_relu(wg_constant(f.g, WG_F32, 1, (const int64_t[]){4}, x)),
                             wg_relu(wg_constant(f.g, WG_F32, 1, (const int64_t[]){2}, x))};
    assert_int_equal(wg_run(nodes, 2), WG_OK);
    assert_int_equal(seen[0]->n_runs, 1);
    assert_int_equal(seen[1]->n_runs, 1);
    assert_int_equal(user_runs_of(&f, "above.relu"), 1);
    assert_int_equal(user_runs_of(&f, "below.relu"), 1);
    user_finish(&f);
    assert_int_equal(f.relu.n_releases + other.relu.n_releases, 2);
}

/* ---- numbers, attributes ------------------------------------------------------------------ */

static void test_user_backend_gets_the_numbers_of_the_run(void **state)
{
    (void)state;
    static const float x[2] = {3, -4};
    user_fixture f;
    user_start(&f);
    assert_int_equal(user_backend_add(&f, "mine", USER_KERNELS), WG_OK);
    const wg_node y = wg_scale(wg_constant(f.g, WG_F32, 1, (const int64_t[]){2}, x), 0.5);
    assert_true(wg_tensor_get(wg_value(y), 0) == 1.5);
    assert_int_equal(wg_number_set(y, 0, -2.0), WG_OK);
    assert_int_equal(wg_graph_refresh(f.g), WG_OK);
    assert_true(wg_tensor_get(wg_value(y), 1) == 8.0);
    assert_int_equal(f.scale.n_runs, 2);
    user_finish(&f);
}

static int n_attributes_read;

/* Sums and permutes nothing: it reads what it is told, and lets the next backend work. */
static const char *read_attributes(const wg_kernel_call *call)
{
    int64_t list[WG_MAX_RANK] = {-1, -1, -1};
    int64_t value = -1;
    size_t n = 99;
    const wg_kernel_attributes *a = call->attributes;
    if (strcmp(call->op, "sum") == 0) {
        assert_int_equal(wg_kernel_list(a, "axes", list, &n), WG_OK);
        assert_true(n == 2 && list[0] == 0 && list[1] == 2);
        assert_int_equal(wg_kernel_integer(a, "keepdims", &value), WG_OK);
        assert_int_equal(value, 1);
        assert_int_equal(wg_kernel_list(a, "keepdims", list, &n), WG_ERR_NAME);
        assert_int_equal(n, 0);
    } else if (strcmp(call->op, "permute") == 0) {
        assert_int_equal(wg_kernel_list(a, "axes", list, &n), WG_OK);
        assert_true(n == 3 && list[0] == 2 && list[1] == 0 && list[2] == 1);
    } else {
        assert_int_equal(wg_kernel_integer(a, "axis", &value), WG_OK);
        assert_int_equal(value, 1);
        assert_int_equal(wg_kernel_list(a, "axis", list, &n), WG_ERR_NAME);
    }
    assert_int_equal(wg_kernel_integer(a, "no such", &value), WG_ERR_NAME);
    assert_int_equal(value, 0);
    n_attributes_read++;
    return "reads alone";
}

static wg_status never_run(const wg_kernel_call *call)
{
    (void)call;
    fail_msg("%s", "this kernel accepts nothing");
    return WG_ERR_INTERNAL;
}

static void test_user_backend_reads_attributes_by_name(void **state)
{
    (void)state;
    user_fixture f;
    static const float x[24] = {1, 2, 3};
    static const int32_t sums[] = {-1, 0};
    static const int32_t order[] = {2, 0, 1};
    const wg_kernel_definition kernels[] = {
        {.op = "sum", .accepts = read_attributes, .run = never_run},
        {.op = "permute", .accepts = read_attributes, .run = never_run},
        {.op = "softmax", .accepts = read_attributes, .run = never_run},
    };
    const wg_backend_definition definition = {
        .size = sizeof definition, .name = "reader", .kernels = kernels, .n_kernels = 3};
    user_start(&f);
    assert_int_equal(wg_backend_add(f.ctx, &definition), WG_OK);
    n_attributes_read = 0;
    const wg_node a = wg_constant(f.g, WG_F32, 3, (const int64_t[]){2, 3, 4}, x);
    const wg_node nodes[] = {wg_sum(a, sums, 2, true), wg_permute(a, order, 3), wg_softmax(a, -2)};
    assert_int_equal(wg_run(nodes, 3), WG_OK);
    assert_true(n_attributes_read >= 3);
    assert_true(wg_tensor_get(wg_value(nodes[0]), 0) == 6);
    user_finish(&f);
}

/* ---- failing ------------------------------------------------------------------------------ */

/* A kernel that spoils its result and gives up: the reference finds the operands whole. */
static void test_user_backend_that_gives_up_is_made_good(void **state)
{
    (void)state;
    user_fixture f;
    user_net n;
    user_start(&f);
    assert_int_equal(user_backend_add(&f, "mine", USER_KERNELS), WG_OK);
    f.relu.answer = WG_ERR_ENGINE;
    f.relu.message = "no device";
    f.matmul.answer = WG_ERR_ENGINE;
    f.add.answer = WG_ERR_ENGINE;
    user_net_open(&f, &n);
    for (int i = 1; i <= 2; i++) {
        user_net_record(&f, &n);
        assert_int_equal(wg_backward(n.loss), WG_OK);
        user_net_expect(&n);
        assert_int_equal(user_stats_of(&f).engine_failures,
                         (uint64_t)(f.relu.n_runs + f.matmul.n_runs + f.add.n_runs));
        assert_int_equal(user_stats_of(&f).plans, 0);
        assert_int_equal(f.relu.n_runs, 2 * i);
    }
    f.relu.answer = f.matmul.answer = f.add.answer = WG_OK;
    user_net_record(&f, &n);
    assert_int_equal(wg_backward(n.loss), WG_OK);
    user_net_expect(&n);
    assert_int_equal(user_stats_of(&f).plans, 1);
    user_net_close(&n);
    user_finish(&f);
}

static void test_user_backend_that_fails_ends_the_run(void **state)
{
    (void)state;
    user_fixture f;
    user_net n;
    user_start(&f);
    assert_int_equal(user_backend_add(&f, "mine", 1), WG_OK);
    user_net_open(&f, &n);
    user_net_record(&f, &n);
    f.relu.answer = WG_ERR_RANGE;
    f.relu.message = "the device is on fire";
    assert_int_equal(wg_backward(n.loss), WG_ERR_RANGE);
    assert_null(wg_gradient(n.w_node));
    assert_non_null(strstr(wg_graph_error(f.g), "relu"));
    assert_non_null(strstr(wg_graph_error(f.g), "the device is on fire"));
    assert_int_equal(user_stats_of(&f).engine_failures, 0);
    f.relu.message = NULL;
    assert_int_equal(wg_backward(n.loss), WG_ERR_RANGE);
    assert_non_null(strstr(wg_graph_error(f.g), wg_status_text(WG_ERR_RANGE)));
    f.relu.answer = WG_OK;
    assert_int_equal(wg_backward(n.loss), WG_OK);
    user_net_expect(&n);
    user_net_close(&n);
    user_finish(&f);
}

typedef struct intruder {
    wg_node other;
    wg_graph *g;
    wg_model *model;
    int n_calls;
} intruder;

/* Runs, resets and moves what the run is at work on, or tries to. */
static wg_status run_intruding(const wg_kernel_call *call)
{
    intruder *in = call->user;
    assert_int_equal(wg_run(&in->other, 1), WG_ERR_STATE);
    assert_int_equal(wg_graph_reset(in->g), WG_ERR_STATE);
    assert_int_equal(wg_model_flatten(in->model), WG_ERR_STATE);
    in->n_calls++;
    memset(call->outputs[0].data, 0, (size_t)call->outputs[0].count * sizeof(float));
    return (wg_status)9999;
}

static void test_user_backend_finds_its_context_closed(void **state)
{
    (void)state;
    static const float x[2] = {1, 2};
    const int64_t two = 2;
    user_fixture f;
    intruder in = {.n_calls = 0};
    user_start(&f);
    const wg_kernel_definition kernel = {.op = "exp", .run = run_intruding, .user = &in};
    const wg_backend_definition definition = {
        .size = sizeof definition, .name = "intruder", .kernels = &kernel, .n_kernels = 1};
    assert_int_equal(wg_backend_add(f.ctx, &definition), WG_OK);
    assert_int_equal(wg_model_create(f.ctx, &in.model), WG_OK);
    assert_int_equal(wg_param_create(in.model, "p", WG_F32, 1, &two, NULL, NULL), WG_OK);
    in.g = f.g;
    in.other = wg_square(wg_constant(f.g, WG_F32, 1, &two, x));
    const wg_node y = wg_exp(in.other);
    assert_int_equal(wg_run(&y, 1), WG_ERR_CALLBACK); /* 9999 is no status */
    assert_int_equal(in.n_calls, 1);
    assert_int_equal(wg_run(&in.other, 1), WG_OK);
    assert_int_equal(wg_model_flatten(in.model), WG_OK);
    wg_model_destroy(in.model);
    user_finish(&f);
}

/* Gradients that are held are added to by the library itself, so that a user's failing kernel finds
 * them as they were, and none is added twice. */
static void test_user_backend_never_adds_to_held_gradients(void **state)
{
    (void)state;
    user_fixture f;
    user_net n;
    float once[USER_N * USER_N];
    float twice[USER_N * USER_N];
    float after[USER_N * USER_N];
    user_start(&f);
    assert_int_equal(user_backend_add(&f, "mine", USER_KERNELS), WG_OK);
    user_net_open(&f, &n);
    user_net_record(&f, &n);
    assert_int_equal(wg_backward(n.loss), WG_OK);
    user_net_gradient(&n, once);
    const int n_adds = f.add.n_runs;
    assert_true(n_adds > 0);
    assert_int_equal(wg_backward(n.loss), WG_OK); /* begin() checks that nothing is in place */
    assert_int_equal(f.add.n_runs, 2 * n_adds);
    user_net_gradient(&n, twice);
    for (int i = 0; i < USER_N * USER_N; i++) {
        assert_true(twice[i] == 2.0F * once[i]);
    }
    f.matmul.answer = WG_ERR_RANGE;
    assert_int_equal(wg_backward(n.loss), WG_ERR_RANGE);
    user_net_gradient(&n, after);
    assert_memory_equal(after, twice, sizeof after);
    user_net_close(&n);
    user_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_user_backend_serves_forward_and_backward),
        cmocka_unit_test(test_user_backend_is_part_of_the_plan),
        cmocka_unit_test(test_user_backend_serves_eager_contexts),
        cmocka_unit_test(test_user_backend_hears_of_thread_invariance),
        cmocka_unit_test(test_user_backend_declines_to_the_next),
        cmocka_unit_test(test_user_backend_added_last_is_asked_first),
        cmocka_unit_test(test_user_backend_gets_the_numbers_of_the_run),
        cmocka_unit_test(test_user_backend_reads_attributes_by_name),
        cmocka_unit_test(test_user_backend_that_gives_up_is_made_good),
        cmocka_unit_test(test_user_backend_that_fails_ends_the_run),
        cmocka_unit_test(test_user_backend_finds_its_context_closed),
        cmocka_unit_test(test_user_backend_never_adds_to_held_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
