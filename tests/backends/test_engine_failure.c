/* A failing engine: the graph's results stand, from the reference, and the failure is counted.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <wengert/wengert.h>

#if defined(WGI_HAVE_ONEDNN)

#include "backends/onednn/call.h"

enum {
    N = 288 /* large enough for oneDNN to serve its products beside the native kernels */
};

/* Runs one step of a product that oneDNN serves, with the k-th oneDNN call denied (0: none), and
 * returns its loss. The gradient of x goes into `gradient`. */
static double step(wg_context *ctx, const float *x, int64_t k, double gradient[N * N])
{
    wg_graph *g;
    wg_tensor *t;
    const int64_t dims[] = {N, N};
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    assert_int_equal(wg_tensor_from(ctx, WG_F32, 2, dims, WG_F32, x, &t), WG_OK);
    wg_node a = wg_variable(g, t);
    wg_node loss = wg_mean_all(wg_square(wg_matmul(a, wg_constant(g, WG_F32, 2, dims, x))));
    wgi_dnnl_test.n_calls = 0;
    wgi_dnnl_test.fail_at = k;
    wgi_dnnl_test.status = dnnl_runtime_error;
    assert_int_equal(wg_backward(loss), WG_OK);
    wgi_dnnl_test.fail_at = 0;
    double value = wg_item(loss);
    for (int64_t i = 0; i < N * N; i++) {
        gradient[i] = wg_tensor_get(wg_gradient(a), i);
    }
    wg_tensor_destroy(t);
    wg_graph_destroy(g);
    return value;
}

static uint64_t failures_of(const wg_context *ctx)
{
    wg_stats stats;
    assert_int_equal(wg_context_stats(ctx, &stats), WG_OK);
    return stats.engine_failures;
}

/* Denies each call of a first run in turn, in a context that never saw the plan. */
static void test_engine_failure_is_redone_and_counted(void **state)
{
    (void)state;
    static float x[N * N];
    static double want[N * N];
    static double got[N * N];
    wg_context *ctx;
    for (int i = 0; i < N * N; i++) {
        x[i] = (float)sin(i * 0.37);
    }
    assert_int_equal(wg_context_create(NULL, &ctx), WG_OK);
    double loss = step(ctx, x, 0, want);
    assert_int_equal(failures_of(ctx), 0);
    wg_context_destroy(ctx);
    int64_t n_failures = 0;
    for (int64_t k = 1; k < 200; k++) {
        assert_int_equal(wg_context_create(NULL, &ctx), WG_OK);
        double again = step(ctx, x, k, got);
        bool was_reached = wgi_dnnl_test.n_calls >= k;
        assert_true(fabs(again - loss) <= 1e-5 * fabs(loss));
        for (int i = 0; i < N * N; i++) {
            assert_true(fabs(got[i] - want[i]) <= 1e-5);
        }
        assert_true(!was_reached || failures_of(ctx) > 0);
        n_failures += failures_of(ctx) > 0;
        uint64_t before = failures_of(ctx);
        assert_true(fabs(step(ctx, x, 0, got) - loss) <= 1e-5 * fabs(loss));
        assert_int_equal(failures_of(ctx), before);
        wg_context_destroy(ctx);
        if (!was_reached) {
            break;
        }
    }
    assert_true(n_failures > 4);
    print_message("%lld calls denied in turn\n", (long long)n_failures);
}

/* A plan that met a failure is not kept: its bits are not those of the list. */
static void test_engine_failure_keeps_no_plan(void **state)
{
    (void)state;
    static float x[N * N] = {1};
    static double gradient[N * N];
    wg_context *ctx;
    wg_stats stats;
    assert_int_equal(wg_context_create(NULL, &ctx), WG_OK);
    (void)step(ctx, x, 1, gradient);
    assert_int_equal(wg_context_stats(ctx, &stats), WG_OK);
    assert_int_equal(stats.plans, 0);
    (void)step(ctx, x, 0, gradient);
    assert_int_equal(wg_context_stats(ctx, &stats), WG_OK);
    assert_int_equal(stats.plans, 1);
    wg_context_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine_failure_is_redone_and_counted),
        cmocka_unit_test(test_engine_failure_keeps_no_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    printf("skipped: built without oneDNN\n");
    return 77;
}

#endif
