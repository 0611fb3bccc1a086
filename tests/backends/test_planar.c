/* The native convolutions of few channels against plain loops in f64.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Sums are near the reference's by each instruction set, and have the same bits on any number of
 * threads; what is infinite or no number reaches the results that the reference gives it to, and
 * no others. */
#include "support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backends/native_case.h"
#include "core/dtype.h"
#include "ops/params.h"

#define SEED UINT64_C(44)

enum {
    CASES = 16,
    MOST_THREADS = 8
};

/* A convolution that the rule gives to these kernels. */
typedef struct geometry {
    wgi_convolution_attr attr;
    int64_t x[4];
    int64_t w[4];
    int64_t y[4];
} geometry;

static int64_t draw(wg_rng *rng, int64_t least, int64_t most)
{
    return least + (int64_t)wg_rng_below(rng, (uint64_t)(most - least + 1));
}

/* Few channels; those of the filters as many as a pass allows. */
static geometry draw_geometry(wg_rng *rng, wgi_convolution_pass pass)
{
    geometry g = {.attr = {.groups = 1}};
    const bool is_data = pass == WGI_CONVOLUTION_DATA;
    for (int i = 0; i < 2; i++) {
        g.attr.kernel[i] = draw(rng, 3, 7);
    }
    const bool is_wide = g.attr.kernel[1] >= 5;
    const int64_t channels = draw(rng, 1, is_data && is_wide ? 6 : 4);
    const int64_t filters = is_data ? draw(rng, is_wide ? 4 : 8, 16) : draw(rng, 1, 8);
    g.x[0] = draw(rng, 0, 9) * draw(rng, 1, 3);
    g.y[0] = g.x[0];
    g.x[3] = channels;
    g.y[3] = filters;
    g.w[0] = filters;
    g.w[1] = channels;
    for (int i = 0; i < 2; i++) {
        g.attr.stride[i] = 1;
        g.attr.dilation[i] = 1;
        g.attr.before[i] = draw(rng, 0, g.attr.kernel[i] - 1);
        g.attr.after[i] = draw(rng, 0, g.attr.kernel[i] - 1);
        g.attr.input[i] = draw(rng, 8, wg_rng_below(rng, 4) == 0 ? 64 : 20);
        g.x[1 + i] = g.attr.input[i];
        g.w[2 + i] = g.attr.kernel[i];
        g.y[1 + i] = g.attr.input[i] + g.attr.before[i] + g.attr.after[i] - g.attr.kernel[i] + 1;
    }
    return g;
}

/* x, w, dy and a bias with values, of one dtype. */
typedef struct operands {
    wgi_view x;
    wgi_view w;
    wgi_view dy;
    wgi_view bias;
} operands;

static void fill(const wgi_view *v, wg_rng *rng)
{
    for (int64_t i = 0; i < v->count; i++) {
        wgi_store_double(v->dtype, v->data, i, (float)(2 * wg_rng_uniform(rng) - 1));
    }
}

static operands draw_operands(const geometry *g, int dtype, wg_rng *rng)
{
    const operands o = {wgt_view(dtype, 4, g->x), wgt_view(dtype, 4, g->w),
                        wgt_view(dtype, 4, g->y), wgt_view(dtype, 1, g->w)};
    fill(&o.x, rng);
    fill(&o.w, rng);
    fill(&o.dy, rng);
    fill(&o.bias, rng);
    return o;
}

static wgi_view in_f64(const wgi_view *v)
{
    const wgi_view copy = wgt_view(WG_F64, v->rank, v->dims);
    for (int64_t i = 0; i < v->count; i++) {
        wgi_store_double(WG_F64, copy.data, i, wgi_load_double(v->dtype, v->data, i));
    }
    return copy;
}

static operands operands_in_f64(const operands *o)
{
    return (operands){in_f64(&o->x), in_f64(&o->w), in_f64(&o->dy), in_f64(&o->bias)};
}

static void release(const operands *o)
{
    free(o->x.data);
    free(o->w.data);
    free(o->dy.data);
    free(o->bias.data);
}

static wgt_native_case case_of(const geometry *g, wgi_convolution_pass pass, const operands *o)
{
    wgt_native_case c = {.n_in = 2, .n_out = 1, .attr = &g->attr};
    if (pass == WGI_CONVOLUTION_FORWARD) {
        c.op = "convolution";
        c.n_in = g->x[1] % 2 == 0 ? 3 : 2;
        c.in[0] = o->x;
        c.in[1] = o->w;
        c.in[2] = o->bias;
        c.out[0] = o->dy;
    } else if (pass == WGI_CONVOLUTION_DATA) {
        c.op = "convolution_data";
        c.in[0] = o->dy;
        c.in[1] = o->w;
        c.out[0] = o->x;
    } else {
        c.op = "convolution_weights";
        c.in[0] = o->x;
        c.in[1] = o->dy;
        c.out[0] = o->w;
    }
    const wgi_view *y = &c.out[0];
    c.out[0] = wgt_view(y->dtype, y->rank, y->dims);
    return c;
}

/* Terms are below 1: a sum of n of them is some sqrt(n), and off by some sqrt(n) roundings of it.
 */
static void assert_near(const wgi_view *got, const wgi_view *expected, double tolerance)
{
    for (int64_t i = 0; i < got->count; i++) {
        const double a = wgi_load_double(got->dtype, got->data, i);
        const double b = wgi_load_double(expected->dtype, expected->data, i);
        const bool is_same = a == b || (isnan(a) && isnan(b));
        if (!is_same && !(fabs(a - b) <= tolerance)) {
            fail_msg("element %lld: %.17g, not %.17g", (long long)i, a, b);
        }
    }
}

/* By each instruction set on one to eight threads, against the reference in f64. */
static void check(const geometry *g, wgi_convolution_pass pass, const operands *o)
{
    const operands wide = operands_in_f64(o);
    wgt_native_case expected = case_of(g, pass, &wide);
    wgt_native_case c = case_of(g, pass, o);
    const double terms = (double)(o->x.count + o->dy.count + o->w.count);
    const double tolerance = terms * (o->x.dtype == WG_F32 ? 0x1p-23 : 0x1p-50);
    assert_int_equal(wgt_reference_run(&expected, NULL), WG_OK);
    assert_null(wgt_native_refusal(&c));
    for (int isa = 0; isa <= (int)wgi_isa_detect(); isa++) {
        wgi_view first = {0};
        for (int32_t threads = 1; threads <= MOST_THREADS; threads++) {
            free(c.out[0].data);
            c.out[0] = wgt_view(c.out[0].dtype, c.out[0].rank, c.out[0].dims);
            assert_int_equal(wgt_native_run(&c, (wgi_isa)isa, threads, NULL), WG_OK);
            if (threads == 1) {
                assert_near(&c.out[0], &expected.out[0], tolerance);
                first = c.out[0];
                c.out[0].data = NULL;
                continue;
            }
            assert_memory_equal(c.out[0].data, first.data, wgt_view_bytes(&first) - 8);
        }
        free(first.data);
    }
    free(c.out[0].data);
    free(expected.out[0].data);
    release(&wide);
}

static void test_planar_is_near_the_reference(void **state)
{
    wg_rng rng = wg_rng_make(SEED, 1);
    (void)state;
    for (int i = 0; i < 3 * CASES; i++) {
        const wgi_convolution_pass pass = (wgi_convolution_pass)(i % 3);
        const geometry g = draw_geometry(&rng, pass);
        const operands o = draw_operands(&g, i % 4 == 3 ? WG_F64 : WG_F32, &rng);
        check(&g, pass, &o);
        release(&o);
    }
}

static void spoil(const wgi_view *v, wg_rng *rng, double value)
{
    if (v->count > 0) {
        wgi_store_double(v->dtype, v->data, (int64_t)wg_rng_below(rng, (uint64_t)v->count), value);
    }
}

/* Of one operand at a time, anywhere in it. */
static void test_planar_keeps_nan_and_infinity(void **state)
{
    wg_rng rng = wg_rng_make(SEED, 2);
    (void)state;
    for (int i = 0; i < 3 * CASES; i++) {
        const wgi_convolution_pass pass = (wgi_convolution_pass)(i % 3);
        const geometry g = draw_geometry(&rng, pass);
        const operands o = draw_operands(&g, WG_F32, &rng);
        const wgi_view *const spoilt[] = {&o.x, &o.w, &o.dy};
        for (int k = 0; k < 2; k++) {
            spoil(spoilt[i / 3 % 3], &rng, k == 0 ? NAN : i % 2 == 0 ? INFINITY : -INFINITY);
        }
        check(&g, pass, &o);
        release(&o);
    }
}

/* Strides, groups and many channels are for others. */
static void test_planar_declines(void **state)
{
    wg_rng rng = wg_rng_make(SEED, 3);
    (void)state;
    const geometry g = draw_geometry(&rng, WGI_CONVOLUTION_FORWARD);
    wgi_convolution_attr a = g.attr;
    assert_true(wgi_convolution_is_planar(&a, WGI_CONVOLUTION_FORWARD, 1, 6));
    assert_false(wgi_convolution_is_planar(&a, WGI_CONVOLUTION_FORWARD, 1, 32));
    assert_false(wgi_convolution_is_planar(&a, WGI_CONVOLUTION_DATA, 32, 6));
    assert_false(wgi_convolution_is_planar(&a, WGI_CONVOLUTION_WEIGHTS, 32, 6));
    a.groups = 2;
    assert_false(wgi_convolution_is_planar(&a, WGI_CONVOLUTION_FORWARD, 2, 6));
    a = g.attr;
    a.stride[1] = 2;
    assert_false(wgi_convolution_is_planar(&a, WGI_CONVOLUTION_FORWARD, 1, 6));
    a = g.attr;
    a.dilation[0] = 2;
    assert_false(wgi_convolution_is_planar(&a, WGI_CONVOLUTION_DATA, 1, 8));
    assert_false(wgi_convolution_is_planar(&g.attr, WGI_CONVOLUTION_DATA, 1, 1));
    a = g.attr;
    assert_true(wgi_convolution_is_planar(&a, WGI_CONVOLUTION_DATA, 1, 8));
    a.before[0] = a.kernel[0];
    assert_false(wgi_convolution_is_planar(&a, WGI_CONVOLUTION_DATA, 1, 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_planar_is_near_the_reference),
        cmocka_unit_test(test_planar_keeps_nan_and_infinity),
        cmocka_unit_test(test_planar_declines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
