/* The native poolings and upsamplings against the reference.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Maxima, their gradients and what is picked have the bits of the reference; sums are near it, and
 * have the same bits on any number of threads. */
#include "support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backends/native_case.h"
#include "core/dtype.h"
#include "ops/params.h"

#define SEED UINT64_C(21)

/* Far above a few dozen roundings of terms up to 4, far below any of them. */
#define TOLERANCE_F32 1e-5
#define TOLERANCE_F64 1e-14

enum {
    CASES = 400,
    MOST_THREADS = 4
};

/* Few values, so that there are ties; among them NaN, infinities and both zeros where `odd`. */
static void fill(const wgi_view *v, wg_rng *rng, bool odd)
{
    static const double values[] = {-0.0, 0.0, 1.0, 2.0, -1.0, 3.0, NAN, INFINITY, -INFINITY};
    for (int64_t i = 0; i < v->count; i++) {
        const double value = odd ? values[wg_rng_below(rng, 9)] : 4.0 * wg_rng_uniform(rng) - 2.0;
        wgi_store_double(v->dtype, v->data, i, value);
    }
}

/* A NaN is one whatever its bits. */
static void assert_near(const wgi_view *a, const wgi_view *b, double tolerance)
{
    for (int64_t i = 0; i < a->count; i++) {
        const double x = wgi_load_double(a->dtype, a->data, i);
        const double y = wgi_load_double(b->dtype, b->data, i);
        const bool same = x == y ? signbit(x) == signbit(y) || tolerance > 0 : isnan(x) && isnan(y);
        if (!same && !(fabs(x - y) <= tolerance)) {
            fail_msg("element %lld: %.17g, not %.17g", (long long)i, x, y);
        }
    }
}

/* By each instruction set, on one to four threads. */
static void check(const wgt_native_case *problem, double tolerance)
{
    wgt_native_case c = *problem;
    const wgi_view *y = &problem->out[0];
    const wgi_view expected = wgt_view(y->dtype, y->rank, y->dims);
    c.out[0] = expected;
    assert_int_equal(wgt_reference_run(&c, NULL), WG_OK);
    for (int isa = 0; isa <= (int)wgi_isa_detect(); isa++) {
        wgi_view first = {0};
        for (int32_t threads = 1; threads <= MOST_THREADS; threads++) {
            c.out[0] = wgt_view(y->dtype, y->rank, y->dims);
            assert_int_equal(wgt_native_run(&c, (wgi_isa)isa, threads, NULL), WG_OK);
            assert_near(&c.out[0], &expected, tolerance);
            if (threads == 1) {
                first = c.out[0];
                continue;
            }
            assert_memory_equal(c.out[0].data, first.data, wgt_view_bytes(y) - 8);
            free(c.out[0].data);
        }
        free(first.data);
    }
    free(expected.data);
}

/* ---- what is drawn ------------------------------------------------------------------------ */

static int64_t draw(wg_rng *rng, int64_t least, int64_t most)
{
    return least + (int64_t)wg_rng_below(rng, (uint64_t)(most - least + 1));
}

/* Windows along both axes that the shape rule would let pass. */
static wgi_pool_attr draw_windows(wg_rng *rng, bool is_mean)
{
    wgi_pool_attr a = {.n = 2, .is_adaptive = wg_rng_below(rng, 4) == 0 ? 1 : 0};
    for (int32_t i = 0; i < 2; i++) {
        a.size[i] = draw(rng, 1, 9);
        a.kernel[i] = wg_rng_below(rng, 2) == 0 ? 2 : draw(rng, 1, 4);
        a.stride[i] = wg_rng_below(rng, 2) == 0 ? a.kernel[i] : draw(rng, 1, 4);
        a.padding[i] = draw(rng, 0, a.kernel[i] / 2);
        a.dilation[i] = is_mean || wg_rng_below(rng, 2) == 0 ? 1 : draw(rng, 1, 3);
        const int64_t reach = a.dilation[i] * (a.kernel[i] - 1) + 1;
        a.size[i] += reach > a.size[i] + 2 * a.padding[i] ? reach : 0;
    }
    a.is_ceil = draw(rng, 0, 1);
    a.counts_padding = is_mean ? draw(rng, 0, 1) : 0;
    return a;
}

/* Channels on both sides of all blocks. */
static int64_t draw_channels(wg_rng *rng)
{
    return wg_rng_below(rng, 3) == 0 ? draw(rng, 15, 35) : draw(rng, 1, 9);
}

typedef struct sizes {
    int64_t x[4];
    int64_t y[4];
} sizes;

static sizes sizes_of(const wgi_pool_attr *a, int64_t images, int64_t channels)
{
    return (sizes){{images, a->size[0], a->size[1], channels},
                   {images, wgi_pool_windows(a, 0), wgi_pool_windows(a, 1), channels}};
}

static wgi_view shape(int dtype, const int64_t *dims)
{
    return (wgi_view){NULL, dtype, 4, dims, dims[0] * dims[1] * dims[2] * dims[3]};
}

/* ---- maxima ------------------------------------------------------------------------------- */

static void check_maxima(wg_rng *rng, int dtype, const wgi_pool_attr *a, const sizes *s)
{
    const wgi_view x = wgt_view(dtype, 4, s->x);
    const wgi_view g = wgt_view(dtype, 4, s->x);
    const wgi_view dy = wgt_view(dtype, 4, s->y);
    fill(&x, rng, true);
    fill(&g, rng, false);
    fill(&dy, rng, false);
    wgt_native_case c = {.op = "max_pool", .n_in = 1, .n_out = 1, .attr = a};
    c.in[0] = x;
    c.out[0] = shape(dtype, s->y);
    check(&c, 0.0);
    c.op = "max_pool_pick";
    c.n_in = 2;
    c.in[0] = g;
    c.in[1] = x;
    check(&c, 0.0);
    c.op = "max_pool_backward";
    c.in[0] = dy;
    c.out[0] = shape(dtype, s->x);
    check(&c, 0.0);
    free(x.data);
    free(g.data);
    free(dy.data);
}

static void test_pool_maxima_have_the_bits_of_the_reference(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 1);
    for (int i = 0; i < CASES; i++) {
        const wgi_pool_attr a = draw_windows(&rng, false);
        const sizes s = sizes_of(&a, draw(&rng, 1, 3), draw_channels(&rng));
        check_maxima(&rng, i % 2 == 0 ? WG_F32 : WG_F64, &a, &s);
    }
}

/* Enough for several threads. */
static void test_pool_maxima_of_many_images(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 2);
    static const wgi_pool_attr cases[] = {
        {2, {28, 28}, {2, 2}, {2, 2}, {0, 0}, {1, 1}, 0, 0, 0},
        {2, {28, 27}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, 0, 1, 0},
        {2, {27, 29}, {2, 2}, {3, 2}, {0, 0}, {1, 1}, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int64_t channels = 1; channels <= 18; channels += channels == 6 ? 12 : 5) {
            const sizes s = sizes_of(&cases[i], 131072 / (784 * channels) + 3, channels);
            check_maxima(&rng, WG_F32, &cases[i], &s);
        }
    }
}

/* ---- sums --------------------------------------------------------------------------------- */

/* An op from x's sizes to y's, and its adjoint. */
static void check_sums(wg_rng *rng, int dtype, const char *const *ops, const void *attr,
                       const sizes *s)
{
    for (int i = 0; i < 2; i++) {
        const int64_t *from = i == 0 ? s->x : s->y;
        wgt_native_case c = {.op = ops[i], .n_in = 1, .n_out = 1, .attr = attr};
        c.in[0] = wgt_view(dtype, 4, from);
        c.out[0] = shape(dtype, i == 0 ? s->y : s->x);
        fill(&c.in[0], rng, false);
        check(&c, dtype == WG_F32 ? TOLERANCE_F32 : TOLERANCE_F64);
        free(c.in[0].data);
    }
}

static const char *const averages[] = {"average_pool", "average_pool_backward"};
static const char *const upsamplings[] = {"upsample", "upsample_backward"};

static void test_pool_sums_are_near_the_reference(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 3);
    for (int i = 0; i < CASES; i++) {
        const int dtype = i % 2 == 0 ? WG_F32 : WG_F64;
        const wgi_pool_attr a = draw_windows(&rng, true);
        const sizes s = sizes_of(&a, draw(&rng, 1, 3), draw_channels(&rng));
        check_sums(&rng, dtype, averages, &a, &s);
        wgi_upsample_attr u = {2,
                               {draw(&rng, 1, 6), draw(&rng, 1, 6)},
                               {draw(&rng, 1, 12), draw(&rng, 1, 12)},
                               draw(&rng, 0, 1),
                               0};
        u.aligns_corners = u.is_linear != 0 ? draw(&rng, 0, 1) : 0;
        const sizes t = {{s.x[0], u.size[0], u.size[1], s.x[3]},
                         {s.x[0], u.output[0], u.output[1], s.x[3]}};
        check_sums(&rng, dtype, upsamplings, &u, &t);
    }
}

static void test_pool_sums_of_many_images(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 4);
    static const wgi_pool_attr a = {2, {28, 28}, {2, 2}, {2, 2}, {0, 0}, {1, 1}, 0, 0, 1};
    static const wgi_upsample_attr u = {2, {14, 13}, {28, 26}, 1, 0};
    for (int64_t channels = 1; channels <= 18; channels += channels == 6 ? 12 : 5) {
        const int64_t images = 131072 / (784 * channels) + 3;
        const sizes s = sizes_of(&a, images, channels);
        const sizes t = {{images, 14, 13, channels}, {images, 28, 26, channels}};
        check_sums(&rng, WG_F32, averages, &a, &s);
        check_sums(&rng, WG_F32, upsamplings, &u, &t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_maxima_have_the_bits_of_the_reference),
        cmocka_unit_test(test_pool_maxima_of_many_images),
        cmocka_unit_test(test_pool_sums_are_near_the_reference),
        cmocka_unit_test(test_pool_sums_of_many_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
