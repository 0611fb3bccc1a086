/* The native loss heads against the reference.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Both sides add up in f64; what is left are the roundings of exponentials, logarithms and results,
 * and for f64 those of sums, which may grow with what is added up. */
#include "support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backends/native_case.h"
#include "core/dtype.h"

#define SEED UINT64_C(14)

static double tolerance(int dtype)
{
    return dtype == WG_F32 ? 0x1p-20 : 0x1p-44;
}

/* Relative to the largest element, since gradients are differences. */
static double scaled_error(const wgi_view *y, const wgi_view *expected)
{
    double largest = y->dtype == WG_F32 ? 0x1p-126 : 0x1p-1022;
    for (int64_t i = 0; i < expected->count; i++) {
        const double size = fabs(wgi_load_double(expected->dtype, expected->data, i));
        largest = isfinite(size) ? fmax(largest, size) : largest;
    }
    return wgt_view_error(y, expected, largest);
}

static void free_views(wgi_view *views, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        free(views[i].data);
    }
}

static void make_outputs(const wgt_native_case *c, wgi_view *views)
{
    for (int32_t i = 0; i < c->n_out; i++) {
        views[i] = wgt_view(c->out[i].dtype, c->out[i].rank, c->out[i].dims);
    }
}

/* By each instruction set against the reference, and on three threads bit for bit. */
static void check(const wgt_native_case *problem)
{
    wgt_native_case expected = *problem;
    wgt_native_case one = *problem;
    wgt_native_case three = *problem;
    make_outputs(problem, expected.out);
    make_outputs(problem, one.out);
    make_outputs(problem, three.out);
    assert_int_equal(wgt_reference_run(&expected, NULL), WG_OK);
    for (int isa = 0; isa <= (int)wgi_isa_detect(); isa++) {
        assert_int_equal(wgt_native_run(&one, (wgi_isa)isa, 1, NULL), WG_OK);
        assert_int_equal(wgt_native_run(&three, (wgi_isa)isa, 3, NULL), WG_OK);
        for (int32_t i = 0; i < problem->n_out; i++) {
            const wgi_view *y = &one.out[i];
            assert_true(scaled_error(y, &expected.out[i]) <= tolerance(y->dtype));
            assert_memory_equal(y->data, three.out[i].data, wgt_view_bytes(y) - 8);
        }
    }
    free_views(expected.out, problem->n_out);
    free_views(one.out, problem->n_out);
    free_views(three.out, problem->n_out);
}

/* ---- cross_entropy ------------------------------------------------------------------------ */

/* Targets of rows: labels, or positive numbers and zeros. */
static wgi_view targets_of(wg_rng *rng, int dtype, bool has_labels, const int64_t *dims)
{
    wgi_view t = wgt_view(has_labels ? WG_I64 : dtype, has_labels ? 1 : 2, dims);
    if (!has_labels) {
        wgt_view_draw(&t, rng, false);
    }
    for (int64_t i = 0; i < t.count; i++) {
        if (has_labels) {
            ((int64_t *)t.data)[i] = (int64_t)wg_rng_below(rng, (uint64_t)dims[1]);
        } else {
            const double value = fabs(wgi_load_double(dtype, t.data, i));
            wgi_store_double(dtype, t.data, i, wg_rng_below(rng, 3) == 0 ? 0 : value);
        }
    }
    return t;
}

static void check_cross_entropy(wg_rng *rng, const int64_t *dims, unsigned bits, double dy)
{
    const int dtype = (bits & 1) != 0 ? WG_F32 : WG_F64;
    wgt_native_case c = {.op = "cross_entropy", .n_in = 2, .n_out = 2};
    c.in[0] = wgt_view(dtype, 2, dims);
    wgt_view_draw(&c.in[0], rng, (bits & 4) != 0);
    c.in[1] = targets_of(rng, dtype, (bits & 2) != 0, dims);
    c.in[2] = wgt_view(dtype, 0, NULL);
    c.out[0] = (wgi_view){NULL, dtype, 0, NULL, 1};
    c.out[1] = (wgi_view){NULL, dtype, 2, dims, c.in[0].count};
    check(&c);
    wgi_store_double(dtype, c.in[2].data, 0, dy);
    c.op = "cross_entropy_backward";
    c.n_in = 3;
    c.n_out = 1;
    c.out[0] = c.out[1];
    check(&c);
    free_views(c.in, 3);
}

static void test_loss_cross_entropy_agrees_with_the_reference(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 1);
    const double dys[] = {1, -0.3, 0, -0.0, (double)NAN, (double)INFINITY};
    for (int i = 0; i < 400; i++) {
        const int64_t dims[] = {(int64_t)wg_rng_below(&rng, 100),
                                1 + (int64_t)wg_rng_below(&rng, i % 4 == 0 ? 200 : 20)};
        for (unsigned bits = 0; bits < 8; bits++) {
            check_cross_entropy(&rng, dims, bits, dys[i % 6]);
        }
    }
    for (unsigned bits = 0; bits < 8; bits++) {
        check_cross_entropy(&rng, (const int64_t[]){500, 301}, bits, 0.7);
        check_cross_entropy(&rng, (const int64_t[]){9000, 10}, bits, 0.7);
    }
    for (unsigned bits = 0; bits < 2; bits++) {
        check_cross_entropy(&rng, (const int64_t[]){3, 0}, bits, 1);
    }
}

/* A row of -inf but for its target has loss 0, also where the targets there are 0. */
static void test_loss_of_targets_0_against_infinity_is_0(void **state)
{
    (void)state;
    const int64_t dims[] = {1, 4};
    const double inf = (double)INFINITY;
    const double logits[] = {2, -inf, -inf, -inf};
    const double targets[] = {1, 0, -0.0, 0};
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++) {
        wgt_native_case c = {.op = "cross_entropy", .n_in = 2, .n_out = 2};
        c.in[0] = wgt_view(dtype, 2, dims);
        c.in[1] = wgt_view(dtype, 2, dims);
        c.out[0] = wgt_view(dtype, 0, NULL);
        c.out[1] = wgt_view(dtype, 2, dims);
        for (int i = 0; i < 4; i++) {
            wgi_store_double(dtype, c.in[0].data, i, logits[i]);
            wgi_store_double(dtype, c.in[1].data, i, targets[i]);
        }
        assert_int_equal(wgt_native_run(&c, wgi_isa_detect(), 1, NULL), WG_OK);
        assert_true(wgi_load_double(dtype, c.out[0].data, 0) == 0);
        free_views(c.in, 2);
        free_views(c.out, 2);
    }
}

/* The first label that is outside is told, in the reference's words. */
static void test_loss_tells_the_first_bad_label(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 2);
    const int64_t dims[] = {5000, 10};
    const int64_t bad[] = {-1, 10, INT64_MAX, INT64_MIN};
    wgt_native_case c = {.op = "cross_entropy", .n_in = 2, .n_out = 2};
    c.in[0] = wgt_view(WG_F32, 2, dims);
    wgt_view_draw(&c.in[0], &rng, false);
    c.in[1] = targets_of(&rng, WG_F32, true, dims);
    c.out[0] = wgt_view(WG_F32, 0, NULL);
    c.out[1] = wgt_view(WG_F32, 2, dims);
    ((int64_t *)c.in[1].data)[4990] = -7;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        wgi_fault fault = {0};
        wgi_fault expected = {0};
        ((int64_t *)c.in[1].data)[3000 - 100 * i] = bad[i];
        assert_int_equal(wgt_reference_run(&c, &expected), WG_ERR_RANGE);
        assert_int_equal(wgt_native_run(&c, wgi_isa_detect(), 2, &fault), WG_ERR_RANGE);
        assert_int_equal(fault.status, WG_ERR_RANGE);
        assert_string_equal(fault.text, expected.text);
    }
    free_views(c.in, 2);
    free_views(c.out, 2);
}

/* The gradient of a label that is outside, which no forward pass lets through, touches nothing. */
static void test_loss_backward_survives_bad_labels(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 3);
    const int64_t dims[] = {4, 3};
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++) {
        wgt_native_case c = {.op = "cross_entropy_backward", .n_in = 3, .n_out = 1};
        c.in[0] = wgt_view(dtype, 2, dims);
        wgt_view_draw(&c.in[0], &rng, false);
        c.in[1] = targets_of(&rng, dtype, true, dims);
        ((int64_t *)c.in[1].data)[0] = -1;
        ((int64_t *)c.in[1].data)[3] = INT64_MAX;
        c.in[2] = wgt_view(dtype, 0, NULL);
        wgi_store_double(dtype, c.in[2].data, 0, 2);
        c.out[0] = (wgi_view){NULL, dtype, 2, dims, 12};
        check(&c);
        free_views(c.in, 3);
    }
}

/* ---- squares ------------------------------------------------------------------------------ */

static void check_squares(wg_rng *rng, const char *op, int dtype, int64_t n, bool has_specials)
{
    wgt_native_case c = {.op = op, .n_in = 2, .n_out = 1};
    c.in[0] = wgt_view(dtype, 1, &n);
    c.in[1] = wgt_view(dtype, 1, &n);
    c.out[0] = (wgi_view){NULL, dtype, 0, NULL, 1};
    wgt_view_draw(&c.in[0], rng, has_specials);
    wgt_view_draw(&c.in[1], rng, false);
    check(&c);
    free_views(c.in, 2);
}

static void test_loss_squares_agree_with_the_reference(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 4);
    static const int64_t sizes[] = {0,  1,  2,    15,   16,    17,    31,
                                    33, 64, 1023, 1025, 16383, 16385, 200001};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int dtype = WG_F32; dtype <= WG_F64; dtype++) {
            check_squares(&rng, "mse", dtype, sizes[i], false);
            check_squares(&rng, "half_sum_squares", dtype, sizes[i], false);
            check_squares(&rng, "mse", dtype, sizes[i], true);
        }
    }
}

static void test_loss_declines_with_a_reason(void **state)
{
    (void)state;
    const wgi_view x = {NULL, WGI_DTYPE_WIDE, 0, NULL, 1};
    const wgt_native_case c = {.op = "mse", .n_in = 2, .n_out = 1, .in = {x, x}, .out = {x}};
    assert_string_equal(wgt_native_refusal(&c), "the dtype is neither f32 nor f64");
}

int main(void)
{
    print_message("seed %u, %s\n", (unsigned)SEED, wgi_isa_name(wgi_isa_detect()));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss_cross_entropy_agrees_with_the_reference),
        cmocka_unit_test(test_loss_of_targets_0_against_infinity_is_0),
        cmocka_unit_test(test_loss_tells_the_first_bad_label),
        cmocka_unit_test(test_loss_backward_survives_bad_labels),
        cmocka_unit_test(test_loss_squares_agree_with_the_reference),
        cmocka_unit_test(test_loss_declines_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
