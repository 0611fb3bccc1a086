/* The native softmax and log_softmax against the reference, and in the hard cases.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Both sides round the same differences to the maximum. Exponentials are within 2 ulp here and 1
 * there; the scale and the product round once more each, and a sum of n positive numbers in f64
 * by n roundings at most: 8 and n ulp. */
#include "support/cmocka_all.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backends/native_case.h"
#include "core/dtype.h"
#include "ops/params.h"

#define SEED UINT64_C(13)

static const char *const ops[2] = {"softmax", "log_softmax"};

static double tolerance(int dtype, int64_t n)
{
    return dtype == WG_F32 ? 8 * (double)FLT_EPSILON / 2 : (double)(8 + n) * DBL_EPSILON / 2;
}

static double smallest(int dtype)
{
    return dtype == WG_F32 ? 0x1p-126 : 0x1p-1022;
}

static void expect_same_bits(const wgt_native_case *c, wgi_isa isa, int32_t threads,
                             const wgi_view *expected)
{
    wgt_native_case other = *c;
    other.out[0] = wgt_view(c->out[0].dtype, c->out[0].rank, c->out[0].dims);
    assert_int_equal(wgt_native_run(&other, isa, threads, NULL), WG_OK);
    assert_memory_equal(other.out[0].data, expected->data, wgt_view_bytes(expected) - 8);
    free(other.out[0].data);
}

/* By each instruction set, on one thread and on three. */
static void check(wgt_native_case *c, int64_t axis)
{
    const wgi_axis_attr attr = {.axis = axis};
    const wgi_view *x = &c->in[0];
    c->n_in = 1;
    c->n_out = 1;
    c->attr = &attr;
    wgi_view expected = wgt_view(x->dtype, x->rank, x->dims);
    wgi_view y = wgt_view(x->dtype, x->rank, x->dims);
    c->out[0] = expected;
    assert_int_equal(wgt_reference_run(c, NULL), WG_OK);
    c->out[0] = y;
    for (int isa = 0; isa <= (int)wgi_isa_detect(); isa++) {
        assert_int_equal(wgt_native_run(c, (wgi_isa)isa, 1, NULL), WG_OK);
        const double error = wgt_view_error(&y, &expected, smallest(x->dtype));
        assert_true(error <= tolerance(x->dtype, x->dims[axis]));
        expect_same_bits(c, (wgi_isa)isa, 3, &y);
    }
    free(y.data);
    free(expected.data);
}

static void check_shape(wg_rng *rng, int32_t rank, const int64_t *dims, bool has_specials)
{
    for (int32_t axis = 0; axis < rank; axis++) {
        for (int i = 0; i < 4; i++) {
            wgt_native_case c = {.op = ops[i / 2]};
            c.in[0] = wgt_view(i % 2 == 0 ? WG_F32 : WG_F64, rank, dims);
            wgt_view_draw(&c.in[0], rng, has_specials);
            check(&c, axis);
            free(c.in[0].data);
        }
    }
}

static void test_softmax_agrees_with_the_reference(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 1);
    static const int64_t sizes[] = {1, 2, 3, 5, 10, 15, 16, 17, 33, 47, 48, 49, 63, 64, 65, 100, 0};
    const uint64_t n_sizes = sizeof sizes / sizeof sizes[0];
    for (int i = 0; i < 300; i++) {
        const int32_t rank = 1 + (int32_t)wg_rng_below(&rng, 3);
        int64_t dims[3];
        for (int32_t j = 0; j < rank; j++) {
            dims[j] = sizes[wg_rng_below(&rng, j == 2 ? 6 : n_sizes)];
        }
        check_shape(&rng, rank, dims, i % 3 == 0);
    }
}

static void test_softmax_has_the_same_bits_on_any_threads(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 2);
    check_shape(&rng, 2, (const int64_t[]){300, 211}, false);
    check_shape(&rng, 2, (const int64_t[]){3, 20001}, false);
    check_shape(&rng, 3, (const int64_t[]){30, 40, 50}, false);
    check_shape(&rng, 2, (const int64_t[]){7001, 10}, true);
}

/* ---- hard cases --------------------------------------------------------------------------- */

/* One row of 3 numbers, alone and as part of a long one that is filled up with -inf. */
static void expect_row(const char *op, int dtype, int64_t n, const double *x, const double *y)
{
    const wgi_axis_attr attr = {.axis = 1};
    const int64_t dims[] = {2, n};
    wgt_native_case c = {.op = op, .n_in = 1, .n_out = 1, .attr = &attr};
    c.in[0] = wgt_view(dtype, 2, dims);
    c.out[0] = wgt_view(dtype, 2, dims);
    for (int64_t i = 0; i < 2 * n; i++) {
        wgi_store_double(dtype, c.in[0].data, i, i % n < 3 ? x[i % n] : -(double)INFINITY);
    }
    for (int isa = 0; isa <= (int)wgi_isa_detect(); isa++) {
        assert_int_equal(wgt_native_run(&c, (wgi_isa)isa, 1, NULL), WG_OK);
        for (int64_t i = 0; i < 2 * n; i++) {
            const double filled = isnan(y[0]) ? y[0] : strcmp(op, "softmax") == 0 ? 0 : -INFINITY;
            const double value = wgi_load_double(dtype, c.out[0].data, i);
            double expected = 0;
            wgi_store_double(dtype, &expected, 0, i % n < 3 ? y[i % n] : filled);
            expected = wgi_load_double(dtype, &expected, 0);
            assert_true(value == expected || (isnan(value) && isnan(expected)));
        }
    }
    free(c.in[0].data);
    free(c.out[0].data);
}

static void test_softmax_of_hard_rows(void **state)
{
    (void)state;
    const double inf = (double)INFINITY;
    const double nan = (double)NAN;
    const struct {
        double x[3];
        double softmax[3];
        double log[3];
    } cases[] = {
        {{1e4, -1e4, 0}, {1, 0, 0}, {0, -2e4, -1e4}},
        {{-inf, -inf, -inf}, {nan, nan, nan}, {nan, nan, nan}},
        {{inf, 0, 1}, {nan, nan, nan}, {nan, nan, nan}},
        {{0, nan, 1}, {nan, nan, nan}, {nan, nan, nan}},
        {{nan, inf, 1}, {nan, nan, nan}, {nan, nan, nan}},
        {{5, -inf, -inf}, {1, 0, 0}, {0, -inf, -inf}},
        {{-1e4, -1e4, -inf}, {.5, .5, 0}, {-0x1.62e42fefa39efp-1, -0x1.62e42fefa39efp-1, -inf}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int dtype = WG_F32; dtype <= WG_F64; dtype++) {
            for (int64_t n = 3; n <= 67; n += 64) {
                expect_row("softmax", dtype, n, cases[i].x, cases[i].softmax);
                expect_row("log_softmax", dtype, n, cases[i].x, cases[i].log);
            }
        }
    }
}

/* What one element that outweighs all others leaves: -exp(-d), with all its digits. */
static void test_softmax_logarithm_keeps_the_digits_of_small_ones(void **state)
{
    (void)state;
    const wgi_axis_attr attr = {.axis = 0};
    for (int64_t n = 2; n <= 66; n += 64) {
        for (int dtype = WG_F32; dtype <= WG_F64; dtype++) {
            wgt_native_case c = {.op = "log_softmax", .n_in = 1, .n_out = 1, .attr = &attr};
            c.in[0] = wgt_view(dtype, 1, &n);
            c.out[0] = wgt_view(dtype, 1, &n);
            for (int64_t i = 0; i < n; i++) {
                wgi_store_double(dtype, c.in[0].data, i, i == 0 ? 0 : i == 1 ? -40 : -1e3);
            }
            for (int isa = 0; isa <= (int)wgi_isa_detect(); isa++) {
                assert_int_equal(wgt_native_run(&c, (wgi_isa)isa, 1, NULL), WG_OK);
                const double y = wgi_load_double(dtype, c.out[0].data, 0);
                const double error = fabs(y + exp(-40)) / exp(-40);
                assert_true(error <= (dtype == WG_F32 ? 0x1p-22 : 0x1p-51));
            }
            free(c.in[0].data);
            free(c.out[0].data);
        }
    }
}

static void test_softmax_logarithm_is_never_above_0(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 3);
    const wgi_axis_attr attr = {.axis = 1};
    for (int i = 0; i < 400; i++) {
        const int64_t dims[] = {20, 1 + (int64_t)wg_rng_below(&rng, 70)};
        wgt_native_case c = {.op = "log_softmax", .n_in = 1, .n_out = 1, .attr = &attr};
        c.in[0] = wgt_view(i % 2 == 0 ? WG_F32 : WG_F64, 2, dims);
        c.out[0] = wgt_view(c.in[0].dtype, 2, dims);
        for (int64_t j = 0; j < c.in[0].count; j++) {
            const double wide = exp(10 * wg_rng_normal(&rng)) * wg_rng_normal(&rng);
            wgi_store_double(c.in[0].dtype, c.in[0].data, j, wide);
        }
        assert_int_equal(wgt_native_run(&c, wgi_isa_detect(), 1, NULL), WG_OK);
        for (int64_t j = 0; j < c.in[0].count; j++) {
            assert_true(wgi_load_double(c.in[0].dtype, c.out[0].data, j) <= 0);
        }
        free(c.in[0].data);
        free(c.out[0].data);
    }
}

static void test_softmax_declines_with_a_reason(void **state)
{
    (void)state;
    const wgi_axis_attr attr = {.axis = 0};
    const int64_t n = 2;
    const wgi_view x = {NULL, WGI_DTYPE_WIDE, 1, &n, 2};
    const wgt_native_case c = {
        .op = "softmax", .n_in = 1, .n_out = 1, .in = {x}, .out = {x}, .attr = &attr};
    assert_string_equal(wgt_native_refusal(&c), "the dtype is neither f32 nor f64");
}

int main(void)
{
    print_message("seed %u, %s\n", (unsigned)SEED, wgi_isa_name(wgi_isa_detect()));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_softmax_agrees_with_the_reference),
        cmocka_unit_test(test_softmax_has_the_same_bits_on_any_threads),
        cmocka_unit_test(test_softmax_of_hard_rows),
        cmocka_unit_test(test_softmax_logarithm_keeps_the_digits_of_small_ones),
        cmocka_unit_test(test_softmax_logarithm_is_never_above_0),
        cmocka_unit_test(test_softmax_declines_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
