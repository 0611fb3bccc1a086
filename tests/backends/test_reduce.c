/* The native sums against the reference, against their streams and on several threads.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backends/native/reduce.h"
#include "backends/native_case.h"
#include "backends/reduce_case.h"
#include "core/dtype.h"

#define SEED UINT64_C(12)

static void *run(const wgt_reduction *r, wgi_isa isa, int32_t threads)
{
    wgt_native_case c = {
        .op = r->op, .n_in = 1, .n_out = 1, .in = {r->x}, .out = {r->y}, .attr = r->attr};
    c.out[0].data = wgt_block(r->y.count);
    assert_int_equal(wgt_native_run(&c, isa, threads, NULL), WG_OK);
    return c.out[0].data;
}

static size_t bytes_of(const wgt_reduction *r)
{
    return (size_t)r->y.count * wg_dtype_size((wg_dtype)r->y.dtype);
}

static void expect_bits_of_the_stream(const wgt_reduction *r, wgi_isa isa, const void *y)
{
    wgi_reduce_plan plan;
    if (!wgi_reduce_plan_make(&plan, isa, r->op, &r->x, &r->y, r->attr)) {
        return;
    }
    const size_t element = wg_dtype_size((wg_dtype)r->x.dtype);
    void *streamed = wgt_block(r->y.count);
    void *states = wgt_block((int64_t)plan.state_bytes * plan.n_segments / 8);
    for (int64_t s = 0; s < plan.n_segments; s++) {
        const int64_t first = s * plan.segment;
        const int64_t n = plan.count - first < plan.segment ? plan.count - first : plan.segment;
        wgi_reduce_feed(&plan, states, streamed, (char *)r->x.data + (size_t)first * element, first,
                        n);
    }
    wgi_reduce_finish(&plan, states, streamed);
    assert_memory_equal(y, streamed, bytes_of(r));
    free(states);
    free(streamed);
}

static void check(const wgt_reduction *r)
{
    const wgi_isa best = wgi_isa_detect();
    void *y = run(r, best, 1);
    assert_true(wgt_reduction_is_right(r, y));
    expect_bits_of_the_stream(r, best, y);
    for (int isa = 0; isa <= (int)best; isa++) {
        void *other = run(r, (wgi_isa)isa, 1 + isa);
        assert_memory_equal(y, other, bytes_of(r));
        free(other);
    }
    free(y);
}

static void check_shape(wg_rng *rng, int32_t rank, const int64_t *dims, uint32_t axes)
{
    static const struct {
        const char *op;
        int dtype;
    } cases[] = {
        {"sum", WG_F32},  {"sum", WG_F64},    {"sum", WG_I64},    {"mean", WG_F32},
        {"mean", WG_F64}, {"sum_to", WG_F32}, {"sum_to", WG_F64},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wgt_reduction r;
        wgt_reduction_make(&r, rng, cases[i].op, cases[i].dtype, rank, dims, axes);
        check(&r);
        wgt_reduction_free(&r);
    }
}

static void test_reduce_agrees_with_the_reference_over_any_axes(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 1);
    static const int64_t sizes[] = {1, 1, 2, 3, 4, 5, 7, 8, 9, 13, 17, 0, 33, 40};
    for (int i = 0; i < 1500; i++) {
        const int32_t rank = (int32_t)wg_rng_below(&rng, 6);
        int64_t dims[5];
        int64_t count = 1;
        for (int32_t j = 0; j < rank; j++) {
            const uint64_t n_sizes = sizeof sizes / sizeof sizes[0];
            dims[j] = sizes[wg_rng_below(&rng, count > 500 ? 6 : n_sizes)];
            count *= dims[j];
        }
        check_shape(&rng, rank, dims, (uint32_t)wg_rng_below(&rng, 1u << rank));
    }
}

/* Shapes that are worth several threads, by each way of sharing the work. */
static void test_reduce_has_the_same_bits_on_any_threads(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 2);
    static const struct {
        int32_t rank;
        uint32_t axes;
        int64_t dims[4];
    } cases[] = {
        {1, 1, {300001}},         {2, 1, {700, 431}},      {2, 2, {700, 431}},
        {2, 1, {30, 10007}},      {2, 2, {3, 100003}},     {3, 2, {7, 300, 150}},
        {3, 5, {40, 8, 999}},     {4, 5, {60, 6, 30, 29}}, {1, 0, {300001}},
        {4, 10, {20, 60, 9, 30}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_shape(&rng, cases[i].rank, cases[i].dims, cases[i].axes);
    }
}

/* The f32 sum of 1e7 numbers 0.1 along each axis of a shape, relative to the true one. */
static double error_of_tenths(int32_t rank, const int64_t *dims, uint32_t axes)
{
    wg_rng rng = wg_rng_make(SEED, 3);
    wgt_reduction r;
    wgt_reduction_make(&r, &rng, "sum", WG_F32, rank, dims, axes);
    for (int64_t i = 0; i < r.x.count; i++) {
        ((float *)r.x.data)[i] = 0.1F;
    }
    float *y = run(&r, wgi_isa_detect(), 2);
    const double each = (double)r.x.count / (double)r.y.count * (double)0.1F;
    double worst = 0.0;
    for (int64_t i = 0; i < r.y.count; i++) {
        worst = fmax(worst, fabs((double)y[i] - each) / each);
    }
    free(y);
    wgt_reduction_free(&r);
    return worst;
}

/* The bound is 1e-6; what is left here is the rounding of groups of eight and of the
 * result: 2^-24 each. */
static void test_reduce_of_many_tenths_is_accurate(void **state)
{
    (void)state;
    const double bound = 8 * 0x1p-24;
    assert_true(error_of_tenths(1, (const int64_t[]){10000000}, 1) <= bound);
    assert_true(error_of_tenths(2, (const int64_t[]){2500000, 4}, 1) <= bound);
    assert_true(error_of_tenths(2, (const int64_t[]){4, 2500000}, 2) <= bound);
    assert_true(error_of_tenths(3, (const int64_t[]){1000, 10, 1000}, 5) <= bound);
    assert_true(error_of_tenths(3, (const int64_t[]){100000, 10, 10}, 5) <= bound);
}

static void test_reduce_of_special_numbers(void **state)
{
    (void)state;
    const double inf = (double)INFINITY;
    static const int64_t dims[] = {40};
    wg_rng rng = wg_rng_make(SEED, 4);
    const double specials[][2] = {
        {inf, 1}, {-inf, 1}, {inf, -inf}, {(double)NAN, 1}, {-0.0, -0.0}, {0x1p-149, 0x1p-149},
    };
    for (size_t i = 0; i < sizeof specials / sizeof specials[0]; i++) {
        for (int dtype = WG_F32; dtype <= WG_F64; dtype++) {
            wgt_reduction r;
            wgt_reduction_make(&r, &rng, "sum", dtype, 1, dims, 1);
            for (int64_t j = 0; j < r.x.count; j++) {
                wgi_store_double(dtype, r.x.data, j, specials[i][j % 2]);
            }
            check(&r);
            wgt_reduction_free(&r);
        }
    }
}

static void test_reduce_declines_with_a_reason(void **state)
{
    (void)state;
    const wgi_reduce_attr attr = {.axes = 0};
    const wgi_view x = {NULL, WGI_DTYPE_WIDE, 0, NULL, 1};
    const wgt_native_case c = {
        .op = "sum", .n_in = 1, .n_out = 1, .in = {x}, .out = {x}, .attr = &attr};
    assert_string_equal(wgt_native_refusal(&c), "the dtype is neither f32 nor f64 nor i64");
}

int main(void)
{
    print_message("seed %u, %s\n", (unsigned)SEED, wgi_isa_name(wgi_isa_detect()));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reduce_agrees_with_the_reference_over_any_axes),
        cmocka_unit_test(test_reduce_has_the_same_bits_on_any_threads),
        cmocka_unit_test(test_reduce_of_many_tenths_is_accurate),
        cmocka_unit_test(test_reduce_of_special_numbers),
        cmocka_unit_test(test_reduce_declines_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
