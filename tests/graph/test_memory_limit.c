/* Memory limits: runs fit them, with the same bits, and recompute no more than they have to.
 * SPDX-License-Identifier: Apache-2.0 */
#include "custom_ops.h"
#include "memory_nets.h"
#include "support/sink.h"

#include "graph/reversal.h"

enum {
    LENGTH = 24,
    SIZE = 40
};

static size_t smaller(size_t bytes, int percent, size_t least)
{
    const size_t part = bytes - bytes / 100 * (size_t)(100 - percent);
    return part > least ? part : least;
}

/* ---- the same bits -------------------------------------------------------------------------- */

static void check_limit(net_kind kind, const net *whole, size_t limit)
{
    net x;
    net_open(&x, kind, LENGTH, SIZE, limit);
    const wg_plan_need need = net_need(&x);
    assert_true(need.workspace_bytes <= limit);
    assert_int_equal(wg_backward(x.loss), WG_OK);
    assert_true(net_is_same(&x, whole));
    assert_true(wg_item(x.loss) == wg_item(whole->loss));
    assert_true(net_stats(&x).workspace_bytes <= limit);
    net_close(&x);
}

static void gradients_are_the_same_under_every_limit(void **state)
{
    (void)state;
    for (int kind = 0; kind < NET_KINDS; kind++) {
        net whole;
        net_open(&whole, (net_kind)kind, LENGTH, SIZE, 0);
        const size_t most = (size_t)net_need(&whole).workspace_bytes;
        assert_int_equal(wg_backward(whole.loss), WG_OK);
        const size_t least = net_smallest((net_kind)kind, LENGTH, SIZE);
        /* What is added going up again is held from going down on. */
        assert_true(least < (kind == NET_SKIPS ? most / 2 : most / 3));
        static const int percents[] = {100, 90, 70, 50, 30, 20, 0};
        for (size_t i = 0; i < sizeof percents / sizeof *percents; i++) {
            check_limit((net_kind)kind, &whole, smaller(most, percents[i], least));
        }
        net_close(&whole);
    }
}

static void the_smallest_limit_that_is_told_is_that(void **state)
{
    (void)state;
    for (int kind = 0; kind < NET_KINDS; kind++) {
        char expected[160];
        net x;
        const size_t least = net_smallest((net_kind)kind, LENGTH, SIZE);
        net_open(&x, (net_kind)kind, LENGTH, SIZE, least);
        assert_int_equal(wg_backward(x.loss), WG_OK);
        assert_true(net_need(&x).workspace_bytes <= least);
        assert_true(net_need(&x).workspace_bytes > least / 10 * 9);
        net_close(&x);
        net_open(&x, (net_kind)kind, LENGTH, SIZE, least - 1);
        assert_int_equal(wg_backward(x.loss), WG_ERR_MEMORY);
        snprintf(expected, sizeof expected,
                 "plan: the memory limit of %zu bytes is too small: this list needs %zu", least - 1,
                 least);
        assert_string_equal(wg_graph_error(x.g), expected);
        assert_null(wg_gradient(x.leaves[0]));
        /* The graph is whole: what fits still runs. */
        const wg_node small = wg_sum_all(x.leaves[1]);
        assert_int_equal(wg_run(&small, 1), WG_OK);
        net_close(&x);
    }
}

static void a_limit_that_is_not_met_changes_nothing(void **state)
{
    (void)state;
    net x;
    net whole;
    net_open(&whole, NET_CHAIN, LENGTH, SIZE, 0);
    const wg_plan_need free_need = net_need(&whole);
    net_open(&x, NET_CHAIN, LENGTH, SIZE, (size_t)free_need.workspace_bytes);
    const wg_plan_need need = net_need(&x);
    assert_int_equal(need.recomputed, 0);
    assert_int_equal(need.steps, free_need.steps);
    assert_int_equal(need.workspace_bytes, free_need.workspace_bytes);
    net_close(&x);
    net_close(&whole);
}

/* ---- how much is recomputed ----------------------------------------------------------------- */

/* The least limit leaves room for one state of the chain beside what a step itself takes; each
 * state more is one of Revolve's. A stage is a product and a tanh. */
static void chains_recompute_as_little_as_revolve(void **state)
{
    (void)state;
    static const int lengths[] = {40, 100, 300};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const int n = lengths[i];
        const size_t bytes = 32 * 32 * sizeof(float);
        const size_t least = net_smallest(NET_CHAIN, n, 32);
        for (int q = 2; q < 40; q += q < 8 ? 1 : 7) {
            net x;
            net_open(&x, NET_CHAIN, n, 32, least + (size_t)(q - 1) * bytes);
            const wg_plan_need need = net_need(&x);
            const double fewest = wgi_reversal_count(n, q) - n;
            assert_true(need.recomputed / 2.0 <= 1.05 * fewest);
            net_close(&x);
        }
    }
}

static void more_memory_means_less_work(void **state)
{
    (void)state;
    for (int kind = 0; kind < NET_KINDS; kind++) {
        net whole;
        net_open(&whole, (net_kind)kind, LENGTH, SIZE, 0);
        const wg_plan_need free_need = net_need(&whole);
        const size_t least = net_smallest((net_kind)kind, LENGTH, SIZE);
        double before = HUGE_VAL;
        for (int percent = 20; percent <= 100; percent += 20) {
            net x;
            const size_t most = (size_t)free_need.workspace_bytes;
            net_open(&x, (net_kind)kind, LENGTH, SIZE, smaller(most, percent, least));
            const double flops = net_need(&x).flops;
            assert_true(flops <= 1.1 * before);
            before = flops;
            net_close(&x);
        }
        assert_true(before == free_need.flops);
        net_close(&whole);
    }
}

/* ---- what else there is --------------------------------------------------------------------- */

static void gradients_add_up_under_a_limit(void **state)
{
    (void)state;
    net whole;
    net x;
    net_open(&whole, NET_RESIDUAL, LENGTH, SIZE, 0);
    net_open(&x, NET_RESIDUAL, LENGTH, SIZE, (size_t)net_need(&whole).workspace_bytes / 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wg_backward(whole.loss), WG_OK);
        assert_int_equal(wg_backward(x.loss), WG_OK);
        assert_true(net_is_same(&x, &whole));
    }
    net_close(&x);
    net_close(&whole);
}

static void kept_values_are_delivered(void **state)
{
    (void)state;
    net whole;
    net x;
    net_open(&whole, NET_DROPOUT, LENGTH, SIZE, 0);
    net_open(&x, NET_DROPOUT, LENGTH, SIZE, (size_t)net_need(&whole).workspace_bytes / 2);
    const wg_node turned[] = {wg_reshape(whole.middle, 1, (int64_t[]){SIZE * SIZE}),
                              wg_reshape(x.middle, 1, (int64_t[]){SIZE * SIZE})};
    assert_int_equal(wg_keep(whole.middle), WG_OK);
    assert_int_equal(wg_keep(x.middle), WG_OK);
    assert_int_equal(wg_keep(turned[0]), WG_OK);
    assert_int_equal(wg_keep(turned[1]), WG_OK);
    assert_int_equal(wg_backward(whole.loss), WG_OK);
    assert_int_equal(wg_backward(x.loss), WG_OK);
    assert_true(net_need(&x).recomputed > 0);
    assert_true(net_is_same(&x, &whole));
    const size_t bytes = SIZE * SIZE * sizeof(float);
    assert_memory_equal(wg_tensor_data(wg_value(whole.middle)), wg_tensor_data(wg_value(x.middle)),
                        bytes);
    assert_memory_equal(wg_tensor_data(wg_value(turned[0])), wg_tensor_data(wg_value(turned[1])),
                        bytes);
    net_close(&x);
    net_close(&whole);
}

/* Gradients as nodes, run forward: the turn is where most is held. */
static void gradients_as_nodes_are_recomputed_too(void **state)
{
    (void)state;
    wg_node dx[2];
    net nets[2];
    size_t limit = 0;
    for (int i = 0; i < 2; i++) {
        wg_plan_need need;
        net_open(&nets[i], NET_CHAIN, LENGTH, SIZE, limit);
        assert_int_equal(wg_grad(nets[i].loss, &nets[i].leaves[1], 1, &dx[i]), WG_OK);
        assert_int_equal(wg_plan_memory(&dx[i], 1, WG_PLAN_RUN, &need), WG_OK);
        assert_true((i == 0) == (need.recomputed == 0));
        assert_int_equal(wg_run(&dx[i], 1), WG_OK);
        limit = (size_t)need.workspace_bytes / 2;
    }
    assert_memory_equal(wg_tensor_data(wg_value(dx[0])), wg_tensor_data(wg_value(dx[1])),
                        SIZE * SIZE * sizeof(float));
    net_close(&nets[0]);
    net_close(&nets[1]);
}

static int n_cubes;
static int n_hooks;

static wg_status count_cube(const wg_forward_call *call)
{
    n_cubes++;
    return cube_forward(call);
}

static wg_status count_hook(const wg_hook_call *call)
{
    (void)call;
    n_hooks++;
    return WG_OK;
}

/* A chain with an op of the program's in its middle, and a hook before it. */
static void record_with_cube(net *x, const wg_op *cube)
{
    assert_int_equal(wg_graph_reset(x->g), WG_OK);
    net_record(x, NET_CHAIN, LENGTH);
    assert_int_equal(wg_hook(x->middle, count_hook, NULL), WG_OK);
    wg_node h = use1(cube, x->middle);
    for (int i = 0; i < LENGTH; i++) {
        h = wg_tanh(wg_matmul(h, x->leaves[1]));
    }
    x->loss = wg_mean_all(wg_square(h));
}

static void what_the_program_gave_runs_once(void **state)
{
    (void)state;
    wg_op_definition definition = cube_definition("cube");
    definition.forward = count_cube;
    net nets[2];
    size_t limit = 0;
    for (int i = 0; i < 2; i++) {
        net_open(&nets[i], NET_CHAIN, LENGTH, SIZE, limit);
        record_with_cube(&nets[i], define(nets[i].ctx, &definition));
        n_cubes = 0;
        n_hooks = 0;
        assert_int_equal(wg_backward(nets[i].loss), WG_OK);
        assert_int_equal(n_cubes, 1);
        assert_int_equal(n_hooks, 1);
        assert_true((i == 0) == (net_need(&nets[i]).recomputed == 0));
        limit = (size_t)net_stats(&nets[i]).workspace_bytes / 2;
    }
    assert_true(net_is_same(&nets[0], &nets[1]));
    net_close(&nets[0]);
    net_close(&nets[1]);
}

static int n_products;

/* y = a b, which may be turned, for square matrices of f32. */
static wg_status run_product(const wg_kernel_call *call)
{
    const float *a = call->inputs[0].data;
    const float *b = call->inputs[1].data;
    float *y = call->outputs[0].data;
    int64_t turns[2] = {0, 0};
    const int64_t n = call->outputs[0].dims[0];
    (void)wg_kernel_integer(call->attributes, "transpose_a", &turns[0]);
    (void)wg_kernel_integer(call->attributes, "transpose_b", &turns[1]);
    for (int64_t i = 0; i < n * n; i++) {
        float sum = 0;
        for (int64_t k = 0; k < n; k++) {
            sum += a[turns[0] ? k * n + i / n : i / n * n + k] *
                   b[turns[1] ? i % n * n + k : k * n + i % n];
        }
        y[i] = sum;
    }
    n_products++;
    return WG_OK;
}

/* Its products run once each; what is pointwise between them may run again. */
static void kernels_of_the_program_run_once(void **state)
{
    (void)state;
    const wg_kernel_definition kernel = {.op = "matmul", .run = run_product};
    const wg_backend_definition backend = {
        .size = sizeof backend, .name = "own", .kernels = &kernel, .n_kernels = 1};
    net nets[2];
    size_t limit = 0;
    for (int i = 0; i < 2; i++) {
        net_open(&nets[i], NET_DROPOUT, LENGTH, SIZE, limit);
        assert_int_equal(wg_backend_add(nets[i].ctx, &backend), WG_OK);
        const wg_plan_need need = net_need(&nets[i]);
        assert_true((i == 0) == (need.recomputed == 0));
        limit = (size_t)need.workspace_bytes / 2;
        n_products = 0;
        assert_int_equal(wg_backward(nets[i].loss), WG_OK);
        assert_int_equal(n_products, 3 * LENGTH);
    }
    assert_true(net_is_same(&nets[0], &nets[1]));
    net_close(&nets[0]);
    net_close(&nets[1]);
}

/* The running statistics of a step, which is recomputed. */
static void assignments_are_applied_once(void **state)
{
    (void)state;
    net nets[2];
    wg_model *models[2];
    wg_param *means[2];
    size_t limit = 0;
    for (int i = 0; i < 2; i++) {
        const int64_t size = SIZE;
        const wg_init zeros = {.kind = WG_INIT_ZEROS};
        net_open(&nets[i], NET_CHAIN, LENGTH, SIZE, limit);
        assert_int_equal(wg_model_create(nets[i].ctx, &models[i]), WG_OK);
        assert_int_equal(wg_param_create(models[i], "mean", WG_F32, 1, &size, &zeros, &means[i]),
                         WG_OK);
        assert_int_equal(wg_param_set_frozen(means[i], true), WG_OK);
        const wg_node seen = wg_mean(nets[i].middle, &(int32_t){0}, 1, false);
        const wg_node mean = wg_add(wg_use(nets[i].g, means[i]), seen);
        assert_int_equal(wg_assign(means[i], mean), WG_OK);
        const wg_plan_need need = net_need(&nets[i]);
        assert_true((i == 0) == (need.recomputed == 0));
        limit = (size_t)need.workspace_bytes / 2;
        assert_int_equal(wg_backward(nets[i].loss), WG_OK);
    }
    assert_memory_equal(wg_tensor_data(wg_param_value(means[0])),
                        wg_tensor_data(wg_param_value(means[1])), SIZE * sizeof(float));
    assert_true(net_is_same(&nets[0], &nets[1]));
    for (int i = 0; i < 2; i++) {
        wg_graph_destroy(nets[i].g);
        nets[i].g = NULL;
        wg_model_destroy(models[i]);
        net_close(&nets[i]);
    }
}

static void plans_tell_what_runs_again(void **state)
{
    (void)state;
    net x;
    wgt_sink sink;
    char total[64];
    const size_t least = net_smallest(NET_CHAIN, 4, SIZE);
    net_open(&x, NET_CHAIN, 4, SIZE, least);
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    assert_int_equal(wg_plan_write(&x.loss, 1, WG_PLAN_BACKWARD, &writer), WG_OK);
    const wg_plan_need need = net_need(&x);
    assert_true(need.recomputed > 0);
    snprintf(total, sizeof total, "%u steps run again", (unsigned)need.recomputed);
    assert_non_null(strstr(wgt_sink_text(&sink), total));
    uint32_t n = 0;
    for (const char *at = wgt_sink_text(&sink); (at = strstr(at, "+  ")) != NULL; at++) {
        n++;
    }
    assert_int_equal(n, need.recomputed);
    wgt_sink_finish(&sink);
    net_close(&x);
}

static void such_plans_are_cached(void **state)
{
    (void)state;
    net x;
    const size_t least = net_smallest(NET_DROPOUT, LENGTH, SIZE);
    net_open(&x, NET_DROPOUT, LENGTH, SIZE, least);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(wg_backward(x.loss), WG_OK);
        assert_int_equal(net_stats(&x).plan_misses, 1);
        assert_int_equal(wg_graph_reset(x.g), WG_OK);
        net_record(&x, NET_DROPOUT, LENGTH);
    }
    const size_t n_calls = x.counter.n_calls;
    assert_int_equal(wg_backward(x.loss), WG_OK);
    assert_int_equal(x.counter.n_calls, n_calls);
    net_close(&x);
}

/* ---- when memory is short ------------------------------------------------------------------- */

static void every_allocation_may_fail(void **state)
{
    (void)state;
    net whole;
    net_open(&whole, NET_RESIDUAL, 6, 8, 0);
    assert_int_equal(wg_backward(whole.loss), WG_OK);
    const size_t least = net_smallest(NET_RESIDUAL, 6, 8);
    bool is_over = false;
    for (size_t k = 1; !is_over; k++) {
        net x;
        net_open(&x, NET_RESIDUAL, 6, 8, least);
        wgt_allocator_fail(&x.counter, k, false);
        const wg_status status = wg_backward(x.loss);
        is_over = x.counter.n_failed == 0;
        wgt_allocator_fail(&x.counter, 0, false);
        assert_true(status == WG_OK || (!is_over && status == WG_ERR_MEMORY));
        if (status != WG_OK) {
            assert_null(wg_gradient(x.leaves[0]));
            assert_int_equal(wg_backward(x.loss), WG_OK);
        }
        assert_true(net_is_same(&x, &whole));
        net_close(&x);
        assert_true(k < 5000);
    }
    net_close(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_the_same_under_every_limit),
        cmocka_unit_test(the_smallest_limit_that_is_told_is_that),
        cmocka_unit_test(a_limit_that_is_not_met_changes_nothing),
        cmocka_unit_test(chains_recompute_as_little_as_revolve),
        cmocka_unit_test(more_memory_means_less_work),
        cmocka_unit_test(gradients_add_up_under_a_limit),
        cmocka_unit_test(kept_values_are_delivered),
        cmocka_unit_test(gradients_as_nodes_are_recomputed_too),
        cmocka_unit_test(what_the_program_gave_runs_once),
        cmocka_unit_test(kernels_of_the_program_run_once),
        cmocka_unit_test(assignments_are_applied_once),
        cmocka_unit_test(plans_tell_what_runs_again),
        cmocka_unit_test(such_plans_are_cached),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("memory limits", tests, NULL, NULL);
}
