/* oneDNN's convolutions: values against plain loops in f64, infinities, failures, threads.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <stdio.h>

/* What CTest counts as skipped. */
#define SKIPPED 77

#if !defined(WGI_HAVE_ONEDNN)

int main(void)
{
    printf("skipped: built without oneDNN\n");
    return SKIPPED;
}

#else

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <wengert/wengert.h>

#include "backends/onednn/call.h"
#include "support/sink.h"

/* A convolution and its gradients: [n, c, h, w] by [o, c / groups, kh, kw]. */
typedef struct geometry {
    int64_t x[4];
    int64_t w[4];
    wg_conv_options options;
    bool has_bias;
    double poison; /* the first of the kernel; 0: is like the others */
} geometry;

static const geometry geometries[] = {
    {{4, 1, 28, 28}, {6, 1, 5, 5}, {.before = {2, 2}, .after = {2, 2}}, true, 0},
    {{4, 6, 14, 14}, {16, 6, 5, 5}, {.groups = 1}, true, 0},
    {{2, 16, 15, 13}, {24, 16, 3, 3}, {.before = {1, 1}, .after = {1, 1}}, false, 0},
    {{2, 16, 15, 13},
     {24, 16, 3, 3},
     {.stride = {2, 2}, .before = {1, 0}, .after = {0, 1}},
     true,
     0},
    {{2, 12, 17, 16}, {12, 12, 3, 3}, {.dilation = {2, 3}, .padding = WG_CONV_SAME}, true, 0},
    {{2, 32, 14, 14}, {32, 1, 3, 3}, {.groups = 32, .padding = WG_CONV_SAME}, false, 0},
    {{2, 32, 14, 14}, {48, 8, 3, 3}, {.groups = 4, .stride = {1, 2}}, true, 0},
    {{3, 20, 9, 11}, {33, 20, 1, 1}, {.groups = 1}, true, 0},
    {{1, 64, 14, 14}, {64, 64, 3, 3}, {.padding = WG_CONV_SAME}, true, 0},
    {{2, 3, 40, 1}, {40, 3, 7, 1}, {.stride = {3, 1}}, true, 0},
};

enum {
    N_GEOMETRIES = sizeof geometries / sizeof *geometries,
    N_LEAVES = 3
};

/* Values of the results of one run, in f64: y, then the gradients of x, w and the bias. */
typedef struct results {
    double *data[1 + N_LEAVES];
    int64_t count[1 + N_LEAVES];
} results;

static double noise(int64_t i)
{
    uint64_t bits = (uint64_t)(i + 1) * UINT64_C(0x9E3779B97F4A7C15);
    bits = (bits ^ bits >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    return (double)(float)((double)(bits >> 40) / (double)(1 << 23) - 1);
}

static wg_node leaf(wg_graph *g, wg_context *ctx, wg_dtype dtype, int32_t rank, const int64_t *dims,
                    int64_t seed, double poison)
{
    wg_tensor *t;
    assert_int_equal(wg_tensor_create(ctx, dtype, rank, dims, &t), WG_OK);
    for (int64_t i = 0; i < wg_tensor_count(t); i++) {
        assert_int_equal(wg_tensor_set(t, i, noise(seed + i)), WG_OK);
    }
    if (poison != 0) {
        assert_int_equal(wg_tensor_set(t, 0, poison), WG_OK);
    }
    const wg_node n = wg_variable(g, t);
    wg_tensor_destroy(t);
    return n;
}

static void take(results *r, int i, const wg_tensor *t)
{
    assert_non_null(t);
    r->count[i] = wg_tensor_count(t);
    r->data[i] = malloc(sizeof(double) * (size_t)r->count[i]);
    assert_non_null(r->data[i]);
    for (int64_t k = 0; k < r->count[i]; k++) {
        r->data[i][k] = wg_tensor_get(t, k);
    }
}

static void release(results *r)
{
    for (int i = 0; i < 1 + N_LEAVES; i++) {
        free(r->data[i]);
        r->data[i] = NULL;
    }
}

/* How often a text stands in another. */
static int count_of(const char *text, const char *what)
{
    int n = 0;
    while ((text = strstr(text, what)) != NULL) {
        n++;
        text++;
    }
    return n;
}

/* Steps of the plan that oneDNN serves as a convolution. */
static int served(wg_node loss)
{
    wgt_sink sink;
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    assert_int_equal(wg_plan_write(&loss, 1, WG_PLAN_BACKWARD, &writer), WG_OK);
    const int n = count_of(wgt_sink_text(&sink), "onednn.convolution");
    wgt_sink_finish(&sink);
    return n;
}

static void run(const geometry *asked, wg_config config, wg_dtype dtype, int n_served, results *out)
{
    wg_context *ctx;
    wg_graph *g;
    wg_conv_options options = asked->options;
    config.size = sizeof config;
    options.size = sizeof options;
    *out = (results){{NULL}, {0}};
    assert_int_equal(wg_context_create(&config, &ctx), WG_OK);
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    const wg_node x = leaf(g, ctx, dtype, 4, asked->x, 0, 0);
    const wg_node w = leaf(g, ctx, dtype, 4, asked->w, 1 << 20, asked->poison);
    wg_node bias = {NULL, 0, 0};
    if (asked->has_bias) {
        bias = leaf(g, ctx, dtype, 1, asked->w, 1 << 21, 0);
    }
    const wg_node y = wg_conv2d(x, w, bias, &options);
    assert_int_equal(wg_keep(y), WG_OK);
    const wg_node loss = wg_half_sum_squares(y, wg_scale(y, 0));
    if (n_served >= 0) {
        assert_int_equal(served(loss), n_served);
    }
    assert_int_equal(wg_backward(loss), WG_OK);
    take(out, 0, wg_value(y));
    take(out, 1, wg_gradient(x));
    take(out, 2, wg_gradient(w));
    if (asked->has_bias) {
        take(out, 3, wg_gradient(bias));
    }
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
}

/* Largest difference over the largest value, tensor by tensor. */
static double distance(const results *a, const results *b)
{
    double worst = 0;
    for (int i = 0; i < 1 + N_LEAVES; i++) {
        double largest = 1;
        double d = 0;
        assert_int_equal(a->count[i], b->count[i]);
        for (int64_t k = 0; k < a->count[i]; k++) {
            d = fmax(d, fabs(a->data[i][k] - b->data[i][k]));
            largest = fmax(largest, fabs(b->data[i][k]));
        }
        worst = fmax(worst, d / largest);
    }
    return worst;
}

static bool is_same(const results *a, const results *b)
{
    return distance(a, b) == 0;
}

/* Whether both are finite, NaN, or infinities of one sign. */
static bool is_like(double a, double b)
{
    return isfinite(a) ? isfinite(b) : isnan(a) ? isnan(b) : a == b;
}

static const wg_config plain = {.without = WG_BACKEND_ONEDNN | WG_BACKEND_NATIVE};

/* f32 sums of at most some thousand products: 1e-5 of the largest. */
static void test_convolution_is_that_of_plain_loops(void **state)
{
    (void)state;
    for (int i = 0; i < N_GEOMETRIES; i++) {
        results expected;
        results got;
        run(&geometries[i], plain, WG_F64, 0, &expected);
        run(&geometries[i], (wg_config){.threads = 2}, WG_F32, -1, &got);
        if (distance(&got, &expected) > 1e-5) {
            fail_msg("geometry %d is off by %g", i, distance(&got, &expected));
        }
        release(&expected);
        release(&got);
    }
}

/* Whether the library serves all three passes of a geometry: of the common ones, for a processor of
 * its oldest kind of those without padding. */
static bool is_whole(int i)
{
    const char *isa = getenv("DNNL_MAX_CPU_ISA");
    const bool is_old = isa != NULL && strcmp(isa, "SSE41") == 0;
    return i < 3 && (i == 1 || !is_old);
}

/* Where no native kernel is faster. */
static void test_convolution_is_served(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        results got;
        const wg_config config = {.threads = 2, .without = WG_BACKEND_NATIVE};
        run(&geometries[i], config, WG_F32, is_whole(i) ? 3 : -1, &got);
        release(&got);
    }
}

/* The first has few channels and few filters. */
static void test_convolution_goes_to_native(void **state)
{
    results got;
    (void)state;
    run(&geometries[0], (wg_config){.threads = 2}, WG_F32, 0, &got);
    release(&got);
}

/* Native serves there, on all threads; where there is none, the library on one. */
static void check_thread_invariance(const geometry *g, uint32_t without, int n_served)
{
    wg_config config = {.threads = 1, .thread_invariant = true, .without = without};
    results one;
    run(g, config, WG_F32, n_served, &one);
    for (config.threads = 2; config.threads <= 8; config.threads *= 2) {
        results more;
        run(g, config, WG_F32, n_served, &more);
        assert_true(is_same(&one, &more));
        release(&more);
    }
    release(&one);
}

static void test_convolution_is_thread_invariant(void **state)
{
    (void)state;
    for (int i = 0; i < N_GEOMETRIES; i++) {
        check_thread_invariance(&geometries[i], 0, 0);
        check_thread_invariance(&geometries[i], WG_BACKEND_NATIVE, is_whole(i) ? 3 : -1);
    }
}

/* Whichever call of the library fails, and with whatever, the plain loops answer. */
static void test_convolution_survives_failures(void **state)
{
    const geometry *g = &geometries[0];
    const dnnl_status_t statuses[] = {dnnl_out_of_memory, dnnl_runtime_error, dnnl_unimplemented};
    results expected;
    (void)state;
    run(g, plain, WG_F64, 0, &expected);
    for (int k = 0; k < 3; k++) {
        bool has_failed = true;
        for (int64_t at = 1; has_failed; at++) {
            results got;
            wgi_dnnl_test = (wgi_dnnl_probe){.fail_at = at, .status = statuses[k]};
            run(g, (wg_config){.threads = 1, .without = WG_BACKEND_NATIVE}, WG_F32, -1, &got);
            has_failed = wgi_dnnl_test.n_calls >= at;
            assert_int_equal(wgi_dnnl_test.n_live, 0);
            assert_true(distance(&got, &expected) < 1e-5);
            release(&got);
        }
    }
    wgi_dnnl_test = (wgi_dnnl_probe){0};
    release(&expected);
}

/* A NaN or an infinity of an image reaches the windows that see it, and none else. */
static void test_convolution_keeps_nan_and_infinity(void **state)
{
    enum {
        H = 20,
        W = 20,
        C = 8,
        O = 16
    };
    wg_context *ctx;
    wg_graph *g;
    wg_tensor *t;
    const wg_conv_options options = {.size = sizeof options, .padding = WG_CONV_SAME};
    (void)state;
    assert_int_equal(wg_context_create(NULL, &ctx), WG_OK);
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    assert_int_equal(wg_tensor_create(ctx, WG_F32, 4, (int64_t[]){1, C, H, W}, &t), WG_OK);
    for (int64_t i = 0; i < (int64_t)C * H * W; i++) {
        assert_int_equal(wg_tensor_set(t, i, noise(i)), WG_OK);
    }
    assert_int_equal(wg_tensor_set(t, (2 * H + 5) * W + 7, NAN), WG_OK);
    assert_int_equal(wg_tensor_set(t, (3 * H + 15) * W + 12, INFINITY), WG_OK);
    const wg_node x = wg_input(g, t);
    const wg_node w = leaf(g, ctx, WG_F32, 4, (int64_t[]){O, C, 3, 3}, 99, 0);
    const wg_tensor *y = wg_value(wg_conv2d(x, w, (wg_node){NULL, 0, 0}, &options));
    assert_non_null(y);
    for (int64_t e = 0; e < (int64_t)O * H * W; e++) {
        const int64_t i = e / W % H;
        const int64_t j = e % W;
        const double v = wg_tensor_get(y, e);
        const bool sees_nan = llabs(i - 5) <= 1 && llabs(j - 7) <= 1;
        const bool sees_infinity = llabs(i - 15) <= 1 && llabs(j - 12) <= 1;
        assert_true(sees_nan ? isnan(v) : sees_infinity ? isinf(v) : isfinite(v));
    }
    wg_tensor_destroy(t);
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
}

/* Padding meets neither what a kernel holds, which y shows, nor what the gradient of y holds, which
 * the gradient of the kernel shows: NaN and infinities are where plain loops have them. */
static void test_convolution_keeps_padding_apart(void **state)
{
    const double poisons[] = {NAN, INFINITY};
    (void)state;
    for (int i = 0; i < 2 * N_GEOMETRIES; i++) {
        geometry g = geometries[i / 2];
        results expected;
        results got;
        g.poison = poisons[i % 2];
        run(&g, plain, WG_F32, 0, &expected);
        run(&g, (wg_config){.threads = 2, .without = WG_BACKEND_NATIVE}, WG_F32, -1, &got);
        for (int k = 0; k < 1 + N_LEAVES; k++) {
            for (int64_t e = 0; e < expected.count[k]; e++) {
                assert_true(is_like(got.data[k][e], expected.data[k][e]));
            }
        }
        release(&expected);
        release(&got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convolution_is_that_of_plain_loops),
        cmocka_unit_test(test_convolution_is_served),
        cmocka_unit_test(test_convolution_goes_to_native),
        cmocka_unit_test(test_convolution_is_thread_invariant),
        cmocka_unit_test(test_convolution_survives_failures),
        cmocka_unit_test(test_convolution_keeps_nan_and_infinity),
        cmocka_unit_test(test_convolution_keeps_padding_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
