/* Contexts that multiply in bf16: what is rounded, what is not, and that nothing else changes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wengert/wengert.h>

#include "support/sink.h"

/* What CTest counts as skipped. */
#define SKIPPED 77

enum {
    M = 200,
    K = 190,
    N = 210
};

typedef struct engine {
    wg_context *ctx;
    wg_graph *g;
} engine;

static void open_engine(engine *e, wg_compute compute, int32_t threads)
{
    const wg_config config = {.size = sizeof config, .compute = compute, .threads = threads};
    assert_int_equal(wg_context_create(&config, &e->ctx), WG_OK);
    assert_int_equal(wg_graph_create(e->ctx, &e->g), WG_OK);
}

static void close_engine(engine *e)
{
    wg_graph_destroy(e->g);
    wg_context_destroy(e->ctx);
}

/* How many steps of the backward plan of a loss are served in bf16. */
static int bf16_steps(wg_node loss)
{
    wgt_sink sink;
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    assert_int_equal(wg_plan_write(&loss, 1, WG_PLAN_BACKWARD, &writer), WG_OK);
    int n = 0;
    const char *at = wgt_sink_text(&sink);
    while ((at = strstr(at, "onednn.matmul_bf16")) != NULL) {
        n++;
        at++;
    }
    wgt_sink_finish(&sink);
    return n;
}

/* A leaf whose elements make() gives, by place. */
static wg_node leaf(engine *e, int64_t rows, int64_t columns, float (*make)(int64_t))
{
    wg_tensor *t;
    assert_int_equal(wg_tensor_create(e->ctx, WG_F32, 2, (int64_t[]){rows, columns}, &t), WG_OK);
    float *data = wg_tensor_data_mutable(t);
    for (int64_t i = 0; i < rows * columns; i++) {
        data[i] = make(i);
    }
    const wg_node n = wg_variable(e->g, t);
    wg_tensor_destroy(t);
    return n;
}

static float noise(int64_t i)
{
    uint64_t bits = (uint64_t)(i + 1) * UINT64_C(0x9E3779B97F4A7C15);
    bits = (bits ^ bits >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    return (float)(bits >> 40) / (float)(1 << 23) - 1.0F;
}

static float small_integer(int64_t i)
{
    return (float)(i * 7 % 13 - 6);
}

static float with_a_nan(int64_t i)
{
    return i == 3 * K + 5 ? NAN : i == 7 * K + 1 ? INFINITY : 1.0F;
}

/* y = a b and the gradients of the sum of its squares, of which so many are made in bf16. */
static void products(engine *e, int n_steps, float *y, float *da, float *db)
{
    const wg_node a = leaf(e, M, K, noise);
    const wg_node b = leaf(e, K, N, noise);
    const wg_node product = wg_matmul(a, b);
    assert_int_equal(wg_keep(product), WG_OK);
    const wg_node loss = wg_sum_all(wg_square(product));
    assert_int_equal(bf16_steps(loss), n_steps);
    assert_int_equal(wg_backward(loss), WG_OK);
    memcpy(y, wg_tensor_data(wg_value(product)), sizeof(float) * M * N);
    memcpy(da, wg_tensor_data(wg_gradient(a)), sizeof(float) * M * K);
    memcpy(db, wg_tensor_data(wg_gradient(b)), sizeof(float) * K * N);
}

static double distance(const float *a, const float *b, int64_t n)
{
    double worst = 0;
    double largest = 1;
    for (int64_t i = 0; i < n; i++) {
        worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
        largest = fmax(largest, fabs((double)b[i]));
    }
    return worst / largest;
}

/* Within 2^-7 of the largest element, and not the same bits: something was rounded. */
static void test_bf16_rounds_large_products(void **state)
{
    enum {
        ALL = M * N + M * K + K * N
    };
    float *results = malloc(sizeof(float) * ALL * 2);
    (void)state;
    assert_non_null(results);
    for (int i = 0; i < 2; i++) {
        engine e;
        float *y = results + (ptrdiff_t)i * ALL;
        open_engine(&e, i == 0 ? WG_COMPUTE_BF16 : WG_COMPUTE_FULL, 0);
        products(&e, i == 0 ? 3 : 0, y, y + M * N, y + M * N + M * K);
        close_engine(&e);
    }
    const double d = distance(results, results + ALL, ALL);
    assert_true(d > 0);
    assert_true(d < 1.0 / 128);
    free(results);
}

/* Integers below 2^8 are bf16 numbers: sums below 2^24 are exact in any order. */
static void test_bf16_is_exact_where_operands_are(void **state)
{
    double sums[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        engine e;
        open_engine(&e, i == 0 ? WG_COMPUTE_BF16 : WG_COMPUTE_FULL, 0);
        const wg_node a = leaf(&e, M, K, small_integer);
        const wg_node y = wg_matmul(a, leaf(&e, K, N, small_integer));
        const wg_tensor *value = wg_value(y);
        assert_non_null(value);
        sums[i] = 0;
        for (int64_t at = 0; at < (int64_t)M * N; at++) {
            sums[i] += wg_tensor_get(value, at) * (double)(at % 31 + 1);
        }
        close_engine(&e);
    }
    assert_true(sums[0] == sums[1]);
}

static void test_bf16_keeps_nan_and_infinity(void **state)
{
    engine e;
    (void)state;
    open_engine(&e, WG_COMPUTE_BF16, 0);
    const wg_node y = wg_matmul(leaf(&e, M, K, with_a_nan), leaf(&e, K, N, noise));
    const wg_tensor *value = wg_value(y);
    assert_non_null(value);
    for (int64_t j = 0; j < N; j++) {
        assert_true(isnan(wg_tensor_get(value, 3 * N + j)));
        assert_true(isinf(wg_tensor_get(value, 7 * N + j)));
        assert_true(isfinite(wg_tensor_get(value, 8 * N + j)));
    }
    close_engine(&e);
}

/* Thin products, other dtypes and thread-invariant contexts are left alone. */
static void test_bf16_leaves_the_rest_alone(void **state)
{
    engine e;
    (void)state;
    open_engine(&e, WG_COMPUTE_BF16, 0);
    const wg_node wide = wg_cast(leaf(&e, M, M, noise), WG_F64);
    assert_int_equal(bf16_steps(wg_sum_all(wg_matmul(wide, wide))), 0);
    const wg_node thin = leaf(&e, 4, M, noise);
    assert_int_equal(bf16_steps(wg_sum_all(wg_matmul(thin, leaf(&e, M, 80, noise)))), 0);
    close_engine(&e);
    const wg_config config = {
        .size = sizeof config, .compute = WG_COMPUTE_BF16, .thread_invariant = true};
    assert_int_equal(wg_context_create(&config, &e.ctx), WG_OK);
    assert_int_equal(wg_graph_create(e.ctx, &e.g), WG_OK);
    const wg_node a = leaf(&e, M, K, noise);
    assert_int_equal(bf16_steps(wg_sum_all(wg_matmul(a, leaf(&e, K, N, noise)))), 0);
    close_engine(&e);
}

/* One step of training a network of 128-256-128 on itself; the loss. */
static double train(engine *e, wg_optimizer *sgd, wg_param *const w[2], wg_tensor *x)
{
    assert_int_equal(wg_graph_reset(e->g), WG_OK);
    const wg_node in = wg_input(e->g, x);
    const wg_node h = wg_tanh(wg_matmul(in, wg_use(e->g, w[0])));
    const wg_node loss = wg_mse(wg_matmul(h, wg_use(e->g, w[1])), in);
    assert_int_equal(bf16_steps(loss) > 0, wg_context_seed(e->ctx) == WG_COMPUTE_BF16);
    assert_int_equal(wg_backward(loss), WG_OK);
    assert_int_equal(wg_optimizer_step(sgd), WG_OK);
    return wg_item(loss);
}

static void curve(wg_compute compute, double *losses, int n)
{
    engine e;
    wg_model *m;
    wg_param *w[2];
    wg_optimizer *sgd;
    wg_tensor *x;
    const wg_config config = {.size = sizeof config, .compute = compute, .seed = (uint64_t)compute};
    assert_int_equal(wg_context_create(&config, &e.ctx), WG_OK);
    assert_int_equal(wg_graph_create(e.ctx, &e.g), WG_OK);
    assert_int_equal(wg_model_create(e.ctx, &m), WG_OK);
    assert_int_equal(wg_tensor_create(e.ctx, WG_F32, 2, (int64_t[]){256, 128}, &x), WG_OK);
    for (int i = 0; i < 2; i++) {
        const int64_t dims[2] = {i == 0 ? 128 : 256, i == 0 ? 256 : 128};
        assert_int_equal(wg_param_create(m, i == 0 ? "w0" : "w1", WG_F32, 2, dims, NULL, &w[i]),
                         WG_OK);
        float *data = wg_tensor_data_mutable(wg_param_value(w[i]));
        for (int64_t k = 0; k < dims[0] * dims[1]; k++) {
            data[k] = noise(k) / 10;
        }
    }
    float *data = wg_tensor_data_mutable(x);
    for (int64_t k = 0; k < 256 * 128; k++) {
        data[k] = noise(k + 77777);
    }
    const wg_sgd_options options = {.size = sizeof options, .rate = 20};
    assert_int_equal(wg_sgd_create(m, &options, &sgd), WG_OK);
    for (int i = 0; i < n; i++) {
        losses[i] = train(&e, sgd, w, x);
    }
    wg_optimizer_destroy(sgd);
    wg_tensor_destroy(x);
    wg_model_destroy(m);
    close_engine(&e);
}

/* Weights stay f32: small updates are not lost, and the loss falls as it does in f32. */
static void test_bf16_trains_as_f32_does(void **state)
{
    enum {
        STEPS = 100
    };
    double full[STEPS];
    double bf16[STEPS];
    (void)state;
    curve(WG_COMPUTE_FULL, full, STEPS);
    curve(WG_COMPUTE_BF16, bf16, STEPS);
    for (int i = 0; i < STEPS; i++) {
        assert_true(fabs(bf16[i] - full[i]) < 0.01 * full[i]);
    }
    assert_true(full[STEPS - 1] < 0.01 * full[0]);
}

static void test_bf16_refuses_unknown_precisions(void **state)
{
    wg_config config = {.size = sizeof config};
    wg_context *ctx;
    const int unknown = 2;
    (void)state;
    memcpy(&config.compute, &unknown, sizeof unknown);
    assert_int_equal(wg_context_create(&config, &ctx), WG_ERR_ARGUMENT);
    assert_null(ctx);
}

/* Whether this machine and this library multiply bf16 in hardware. */
static bool has_bf16(void)
{
    engine e;
    open_engine(&e, WG_COMPUTE_BF16, 0);
    const wg_node a = leaf(&e, M, K, noise);
    const bool has = bf16_steps(wg_sum_all(wg_matmul(a, leaf(&e, K, N, noise)))) > 0;
    close_engine(&e);
    return has;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bf16_rounds_large_products),
        cmocka_unit_test(test_bf16_is_exact_where_operands_are),
        cmocka_unit_test(test_bf16_keeps_nan_and_infinity),
        cmocka_unit_test(test_bf16_leaves_the_rest_alone),
        cmocka_unit_test(test_bf16_trains_as_f32_does),
        cmocka_unit_test(test_bf16_refuses_unknown_precisions),
    };
    if (!has_bf16()) {
        printf("skipped: no products in bf16 here\n");
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
