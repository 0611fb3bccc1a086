/* The native convolutions against the reference, by each instruction set.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: whatever the threads, the bits are the same; and padding takes no part, so that an
 * infinity or a NaN shows where plain loops show it. */
#include "support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backends/native_case.h"
#include "core/dtype.h"
#include "ops/params.h"

#define SEED UINT64_C(41)

/* Of sums of up to some thousand products of numbers up to 1, which add up to 4 or more: well above
 * their rounding errors, far below any product. */
#define LEAST 4.0
#define TOLERANCE_F32 1e-5
#define TOLERANCE_F64 2e-14

enum {
    CASES = 300,
    MOST_THREADS = 8
};

/* A convolution's sizes, and views of all that takes part. */
typedef struct problem {
    wgi_convolution_attr attr;
    int64_t x_dims[4];
    int64_t w_dims[4];
    int64_t y_dims[4];
    wgi_view x;
    wgi_view w;
    wgi_view y;
    wgi_view bias;
} problem;

/* Where `odd`, one in `odd` is not finite. */
static void fill(const wgi_view *v, wg_rng *rng, uint64_t odd)
{
    static const double values[] = {NAN, INFINITY, -INFINITY};
    for (int64_t i = 0; i < v->count; i++) {
        const bool is_odd = odd > 0 && wg_rng_below(rng, odd) == 0;
        const double value =
            is_odd ? values[wg_rng_below(rng, 3)] : 2.0 * wg_rng_uniform(rng) - 1.0;
        wgi_store_double(v->dtype, v->data, i, value);
    }
}

static int64_t draw(wg_rng *rng, int64_t low, int64_t high)
{
    return low + (int64_t)wg_rng_below(rng, (uint64_t)(high - low + 1));
}

/* ---- checks --------------------------------------------------------------------------------- */

static void check_threads(const wgt_native_case *asked, const wgi_view *expected, wgi_isa isa)
{
    const bool is_f32 = expected->dtype == WG_F32;
    const double tolerance = is_f32 ? TOLERANCE_F32 : TOLERANCE_F64;
    wgt_native_case c = *asked;
    wgi_view first = {0};
    for (int32_t threads = 1; threads <= MOST_THREADS; threads++) {
        wgi_view y = wgt_view(expected->dtype, expected->rank, expected->dims);
        c.out[0] = y;
        assert_int_equal(wgt_native_run(&c, isa, threads, NULL), WG_OK);
        if (threads == 1) {
            const double error = wgt_view_error(&y, expected, LEAST);
            if (!(error <= tolerance)) {
                fail_msg("%s by %s is off by %g", c.op, wgi_isa_name(isa), error);
            }
            first = y;
            continue;
        }
        assert_memory_equal(y.data, first.data, wgt_view_bytes(&y));
        free(y.data);
    }
    free(first.data);
}

/* `y` is an operand of another case: the result has its shape, and data of its own. */
static void check(wgt_native_case c, const wgi_view *like)
{
    const wgi_view expected = wgt_view(like->dtype, like->rank, like->dims);
    c.n_out = 1;
    c.out[0] = expected;
    assert_null(wgt_native_refusal(&c));
    assert_int_equal(wgt_reference_run(&c, NULL), WG_OK);
    for (int isa = 0; isa <= (int)wgi_isa_detect(); isa++) {
        check_threads(&c, &expected, (wgi_isa)isa);
    }
    free(expected.data);
}

static void check_all(const problem *p, bool has_bias)
{
    check((wgt_native_case){.op = "convolution",
                            .n_in = has_bias ? 3 : 2,
                            .in = {p->x, p->w, p->bias},
                            .attr = &p->attr},
          &p->y);
    check(
        (wgt_native_case){
            .op = "convolution_data", .n_in = 2, .in = {p->y, p->w}, .attr = &p->attr},
        &p->x);
    check(
        (wgt_native_case){
            .op = "convolution_weights", .n_in = 2, .in = {p->x, p->y}, .attr = &p->attr},
        &p->w);
}

/* ---- problems ------------------------------------------------------------------------------- */

static int64_t places_of(const wgi_convolution_attr *a, int i)
{
    const int64_t reach = a->dilation[i] * (a->kernel[i] - 1) + 1;
    return (a->input[i] + a->before[i] + a->after[i] - reach) / a->stride[i] + 1;
}

/* The rest follows from attr, n, channels and filters. */
static void make(problem *p, int dtype, int64_t n, int64_t channels, int64_t filters)
{
    const wgi_convolution_attr *a = &p->attr;
    const int64_t x[] = {n, a->input[0], a->input[1], channels};
    const int64_t w[] = {filters, channels / a->groups, a->kernel[0], a->kernel[1]};
    const int64_t y[] = {n, places_of(a, 0), places_of(a, 1), filters};
    memcpy(p->x_dims, x, sizeof x);
    memcpy(p->w_dims, w, sizeof w);
    memcpy(p->y_dims, y, sizeof y);
    p->x = wgt_view(dtype, 4, p->x_dims);
    p->w = wgt_view(dtype, 4, p->w_dims);
    p->y = wgt_view(dtype, 4, p->y_dims);
    p->bias = wgt_view(dtype, 1, p->w_dims);
}

static void fill_all(const problem *p, wg_rng *rng, uint64_t odd)
{
    fill(&p->x, rng, odd);
    fill(&p->w, rng, odd);
    fill(&p->y, rng, odd);
    fill(&p->bias, rng, odd);
}

static void release(const problem *p)
{
    free(p->x.data);
    free(p->w.data);
    free(p->y.data);
    free(p->bias.data);
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static wgi_convolution_attr draw_attr(wg_rng *rng)
{
    wgi_convolution_attr a;
    for (int i = 0; i < 2; i++) {
        a.kernel[i] = draw(rng, 1, 5);
        a.stride[i] = draw(rng, 1, 4);
        a.dilation[i] = draw(rng, 0, 1) == 0 ? 1 : draw(rng, 1, 4);
        a.before[i] = draw(rng, 0, 4);
        a.after[i] = draw(rng, 0, 4);
        const int64_t reach = a.dilation[i] * (a.kernel[i] - 1) + 1;
        const int64_t least = most(1, reach - a.before[i] - a.after[i]);
        a.input[i] = draw(rng, least, least + 16);
    }
    return a;
}

static void test_convolutions_of_any_geometry(void **state)
{
    wg_rng rng = wg_rng_make(SEED, 0);
    (void)state;
    for (int i = 0; i < CASES; i++) {
        problem p = {.attr = draw_attr(&rng)};
        const bool is_depthwise = draw(&rng, 0, 3) == 0;
        p.attr.groups = is_depthwise ? draw(&rng, 2, 70) : draw(&rng, 0, 1) == 0 ? 1 : 3;
        const int64_t channels = p.attr.groups * (is_depthwise ? 1 : draw(&rng, 1, 12));
        const int64_t filters = p.attr.groups * (is_depthwise ? 1 : draw(&rng, 1, 20));
        make(&p, i % 2 == 0 ? WG_F32 : WG_F64, draw(&rng, 1, 3), channels, filters);
        fill_all(&p, &rng, i % 5 == 4 ? 40 : 0);
        check_all(&p, i % 3 == 0);
        release(&p);
    }
}

/* Large enough for several threads, blocks of sums, panels and parts of the batch. */
static void test_convolutions_of_many_products(void **state)
{
    static const struct {
        wgi_convolution_attr attr;
        int64_t n;
        int64_t channels;
        int64_t filters;
    } cases[] = {
        {{{5, 5}, {1, 1}, {1, 1}, {2, 2}, {2, 2}, 1, {28, 28}}, 9, 1, 6},
        {{{5, 5}, {1, 1}, {1, 1}, {0, 0}, {0, 0}, 1, {14, 14}}, 5, 6, 16},
        {{{3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 1, {7, 9}}, 2, 100, 70},
        {{{3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, 1, {17, 15}}, 2, 33, 40},
        {{{1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}, 1, {9, 9}}, 3, 300, 20},
        {{{3, 3}, {1, 1}, {2, 3}, {2, 3}, {2, 3}, 2, {20, 21}}, 2, 40, 34},
        {{{3, 3}, {1, 2}, {1, 1}, {1, 1}, {1, 1}, 72, {30, 31}}, 4, 72, 72},
        {{{1, 9}, {1, 1}, {1, 1}, {0, 4}, {0, 4}, 1, {1, 700}}, 2, 40, 12},
    };
    wg_rng rng = wg_rng_make(SEED, 1);
    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        problem p = {.attr = cases[i / 2].attr};
        make(&p, i % 2 == 0 ? WG_F32 : WG_F64, cases[i / 2].n, cases[i / 2].channels,
             cases[i / 2].filters);
        fill_all(&p, &rng, 0);
        check_all(&p, i % 4 == 0);
        release(&p);
    }
}

/* An infinite kernel over zeros of padding: each element is that of the taps inside. */
static void test_convolutions_leave_padding_out(void **state)
{
    static const double kernels[] = {INFINITY, -INFINITY, NAN};
    wg_rng rng = wg_rng_make(SEED, 2);
    (void)state;
    for (int i = 0; i < 6; i++) {
        problem p = {.attr = {{3, 3}, {1, 1}, {1, 1}, {2, 2}, {2, 2}, 1, {12, 13}}};
        make(&p, i % 2 == 0 ? WG_F32 : WG_F64, 2, 3, 18);
        fill_all(&p, &rng, 0);
        /* The first tap alone is not finite: corners that do not see it are. */
        for (int64_t k = 0; k < p.w.count; k += 9) {
            wgi_store_double(p.w.dtype, p.w.data, k, kernels[i / 2]);
        }
        check_all(&p, true);
        wgt_native_case c = {.op = "convolution", .n_in = 2, .n_out = 1, .attr = &p.attr};
        c.in[0] = p.x;
        c.in[1] = p.w;
        c.out[0] = p.y;
        assert_int_equal(wgt_native_run(&c, wgi_isa_detect(), 1, NULL), WG_OK);
        assert_true(isfinite(wgi_load_double(p.y.dtype, p.y.data, 0)));
        assert_true(!isfinite(wgi_load_double(p.y.dtype, p.y.data, p.y.count / 2 - 1 - 18 * 40)));
        release(&p);
    }
}

static void test_convolutions_decline_what_they_do_not_serve(void **state)
{
    (void)state;
    problem p = {.attr = {{1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}, 1, {2, 2}}};
    make(&p, WG_F32, 1, 1, 1);
    wgt_native_case c = {.op = "convolution", .n_in = 2, .n_out = 1, .attr = &p.attr};
    c.in[0] = p.x;
    c.in[1] = p.w;
    c.out[0] = p.y;
    assert_null(wgt_native_refusal(&c));
    c.in[0].dtype = WG_I64;
    assert_non_null(wgt_native_refusal(&c));
    c.in[0].dtype = WG_F32;
    c.in[0].count = 0;
    assert_non_null(wgt_native_refusal(&c));
    c.in[0].count = p.x.count;
    p.attr.stride[1] = 4097;
    assert_non_null(wgt_native_refusal(&c));
    release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convolutions_of_any_geometry),
        cmocka_unit_test(test_convolutions_of_many_products),
        cmocka_unit_test(test_convolutions_leave_padding_out),
        cmocka_unit_test(test_convolutions_decline_what_they_do_not_serve),
    };
    print_message("seed %u\n", (unsigned)SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
