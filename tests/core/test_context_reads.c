/* What a context tells about itself, on one set up by hand.
 * SPDX-License-Identifier: Apache-2.0 */
#include "core/context.h"
#include "support/cmocka_all.h"

#include <string.h>

static const wgi_op add = {.name = "add"};
static const wgi_op matmul = {.name = "matmul"};
static const wgi_op *const ops[] = {NULL, &add, &matmul};
static const wgi_op_table table = {.ops = ops, .count = 3, .add = 1};

static const wgi_kernel fast_kernels[] = {
    {.name = "fast.other", .op = "other"},
    {.name = "fast.matmul_special", .op = "matmul"},
    {.name = "fast.matmul", .op = "matmul"},
};
static const wgi_kernel slow_kernels[] = {{.name = "reference"}};
static const wgi_backend fast = {.name = "fast", .kernels = fast_kernels, .n_kernels = 3};
static const wgi_backend slow = {.name = "reference", .kernels = slow_kernels, .n_kernels = 1};

static uint64_t runs[WGI_MAX_BACKENDS * 3];

static wg_context make_context(void)
{
    memset(runs, 0, sizeof runs);
    return (wg_context){
        .ops = &table,
        .backends = {{.backend = &fast}, {.backend = &slow}},
        .n_backends = 2,
        .kernel_runs = runs,
        .threads = 3,
        .seed = 17,
        .stats = {.runs = 5, .plan_hits = 2},
    };
}

static void test_context_reads_plain_values(void **state)
{
    wg_context ctx = make_context();
    wg_stats stats;
    (void)state;
    assert_int_equal(wg_context_threads(&ctx), 3);
    assert_int_equal(wg_context_seed(&ctx), 17);
    assert_int_equal(wg_context_stats(&ctx, &stats), WG_OK);
    assert_int_equal(stats.runs, 5);
    assert_int_equal(stats.plan_hits, 2);
    assert_true(wg_context_has_backend(&ctx, "fast"));
    assert_true(wg_context_has_backend(&ctx, "reference"));
    assert_false(wg_context_has_backend(&ctx, "ref"));
    assert_false(wg_context_has_backend(&ctx, ""));
}

static void test_context_reads_survive_null(void **state)
{
    wg_context ctx = make_context();
    wg_stats stats;
    wg_kernel_use use;
    (void)state;
    memset(&stats, 1, sizeof stats);
    memset(&use, 1, sizeof use);
    assert_string_equal(wg_context_error(NULL), "");
    assert_int_equal(wg_context_threads(NULL), 0);
    assert_int_equal(wg_context_seed(NULL), 0);
    assert_int_equal(wg_context_stats(NULL, &stats), WG_ERR_ARGUMENT);
    assert_int_equal(stats.runs, 0);
    assert_int_equal(wg_context_stats(&ctx, NULL), WG_ERR_ARGUMENT);
    assert_false(wg_context_has_backend(NULL, "fast"));
    assert_false(wg_context_has_backend(&ctx, NULL));
    assert_int_equal(wg_context_kernel_use(NULL, 0, &use), WG_ERR_ARGUMENT);
    assert_null(use.kernel);
    assert_int_equal(wg_context_kernel_use(&ctx, 0, NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wgi_context_fail(NULL, WG_ERR_IO, "x"), WG_ERR_IO);
}

static void expect_use(const wg_context *ctx, size_t i, const char *kernel, const char *op,
                       uint64_t n)
{
    wg_kernel_use use;
    assert_int_equal(wg_context_kernel_use(ctx, i, &use), WG_OK);
    assert_string_equal(use.kernel, kernel);
    assert_string_equal(use.op, op);
    assert_true(use.runs == n);
}

/* Rows of the counters: backend by op. */
static void test_context_reads_kernel_use(void **state)
{
    wg_context ctx = make_context();
    wg_kernel_use use;
    (void)state;
    memset(&use, 1, sizeof use);
    assert_int_equal(wg_context_kernel_use(&ctx, 0, &use), WG_ERR_RANGE);
    assert_null(use.kernel);
    runs[wgi_counter(1, 0)] = 4;
    runs[wgi_counter(2, 0)] = 7;
    runs[wgi_counter(1, 1)] = 1;
    runs[wgi_counter(2, 1)] = 2;
    expect_use(&ctx, 0, "fast", "add", 4);
    expect_use(&ctx, 1, "reference", "add", 1);
    expect_use(&ctx, 2, "fast.matmul", "matmul", 7);
    expect_use(&ctx, 3, "reference", "matmul", 2);
    assert_int_equal(wg_context_kernel_use(&ctx, 4, &use), WG_ERR_RANGE);
    assert_int_equal(wg_context_kernel_use(&ctx, SIZE_MAX, &use), WG_ERR_RANGE);
    runs[wgi_counter(1, 0)] = 0;
    expect_use(&ctx, 0, "reference", "add", 1);
}

static void test_context_reads_error(void **state)
{
    static wg_context ctx;
    (void)state;
    assert_string_equal(wg_context_error(&ctx), "");
    assert_int_equal(wgi_context_fail(&ctx, WG_ERR_IO, "no '%s'", "a.csv"), WG_ERR_IO);
    assert_string_equal(wg_context_error(&ctx), "no 'a.csv'");
    assert_int_equal(wgi_context_fail(&ctx, WG_ERR_IO, "%02000d", 1), WG_ERR_IO);
    assert_int_equal(strlen(wg_context_error(&ctx)), WGI_ERROR_BYTES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_context_reads_plain_values),
        cmocka_unit_test(test_context_reads_survive_null),
        cmocka_unit_test(test_context_reads_kernel_use),
        cmocka_unit_test(test_context_reads_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
