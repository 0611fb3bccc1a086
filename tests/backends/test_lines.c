/* The native reductions of lines against the reference, by each instruction set and on threads.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Sums and products of n numbers differ by n roundings in f64 at most, and f32 results by those of
 * an exponential within 2 ulp and of the result. Results that cancel, those of center and of
 * logsumexp, are judged beside 1. */
#include "support/cmocka_all.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "backends/native_case.h"
#include "core/dtype.h"
#include "ops/params.h"

#define SEED UINT64_C(17)

/* Whether an op is drawn infinities and numbers whose products overflow: of the others the order
 * then tells. */
static const struct {
    const char *name;
    bool has_specials;
    double least;
} ops[] = {
    {"prod", false, 0}, {"amax", true, 0},   {"amin", true, 0},      {"variance", false, 0},
    {"std", false, 0},  {"norm_2", true, 0}, {"logsumexp", true, 1}, {"center", false, 1},
};

enum {
    N_OPS = sizeof ops / sizeof ops[0]
};

static double tolerance(int dtype, int64_t n)
{
    return dtype == WG_F32 ? 8 * (double)FLT_EPSILON / 2 : (double)(8 + n) * DBL_EPSILON / 2;
}

/* The dims of the result of op i over the axes. */
static int32_t result_dims(int i, int32_t rank, const int64_t *dims, uint32_t axes, int64_t *out)
{
    int32_t n = 0;
    for (int32_t k = 0; k < rank; k++) {
        if (strcmp(ops[i].name, "center") == 0 || (axes >> k & 1u) == 0) {
            out[n++] = dims[k];
        }
    }
    return n;
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

static void judge(wgt_native_case *c, int i)
{
    const wgi_view y = c->out[0];
    const wgi_view *x = &c->in[0];
    const int64_t n = x->count / (y.count > 0 && y.count < x->count ? y.count : 1);
    wgi_view expected = wgt_view(y.dtype, y.rank, y.dims);
    c->out[0] = expected;
    assert_int_equal(wgt_reference_run(c, NULL), WG_OK);
    c->out[0] = y;
    for (int isa = 0; isa <= (int)wgi_isa_detect(); isa++) {
        assert_int_equal(wgt_native_run(c, (wgi_isa)isa, 1, NULL), WG_OK);
        const double least = ops[i].least + (x->dtype == WG_F32 ? 0x1p-126 : 0x1p-1022);
        const double error = wgt_view_error(&y, &expected, least);
        if (!(error <= tolerance(x->dtype, n))) {
            fail_msg("%s of %d elements: error %g", ops[i].name, (int)x->count, error);
        }
        expect_same_bits(c, (wgi_isa)isa, 3, &y);
    }
    free(expected.data);
}

/* Returns whether the kernel took it. */
static bool check(wg_rng *rng, int i, int dtype, int32_t rank, const int64_t *dims, uint32_t axes)
{
    int64_t y_dims[WG_MAX_RANK];
    const wgi_variance_attr attr = {.reduce = {.axes = axes}, .correction = 1};
    const int32_t y_rank = result_dims(i, rank, dims, axes, y_dims);
    wgt_native_case c = {.op = ops[i].name, .n_in = 1, .n_out = 1, .attr = &attr};
    c.in[0] = wgt_view(dtype, rank, dims);
    c.out[0] = wgt_view(dtype, y_rank, y_dims);
    wgt_view_draw(&c.in[0], rng, ops[i].has_specials && wg_rng_below(rng, 2) == 0);
    const bool is_taken = wgt_native_refusal(&c) == NULL;
    if (is_taken) {
        judge(&c, i);
    }
    free(c.in[0].data);
    free(c.out[0].data);
    return is_taken;
}

static void test_lines_agree_with_the_reference(void **state)
{
    static const int64_t sizes[] = {1, 2, 3, 5, 15, 16, 17, 31, 33, 64, 100, 0};
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 1);
    int n_taken = 0;
    for (int k = 0; k < 400; k++) {
        const int32_t rank = 1 + (int32_t)wg_rng_below(&rng, 3);
        int64_t dims[3];
        for (int32_t j = 0; j < rank; j++) {
            dims[j] = sizes[wg_rng_below(&rng, j == 2 ? 7 : 12)];
        }
        const uint32_t axes = (uint32_t)wg_rng_below(&rng, (uint64_t)1 << rank);
        for (int i = 0; i < N_OPS; i++) {
            n_taken += check(&rng, i, k % 2 == 0 ? WG_F32 : WG_F64, rank, dims, axes) ? 1 : 0;
        }
    }
    assert_true(n_taken > 1500);
}

static void test_lines_have_the_same_bits_on_any_threads(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 2);
    for (int i = 0; i < N_OPS; i++) {
        for (int k = 0; k < 2; k++) {
            const int dtype = k == 0 ? WG_F32 : WG_F64;
            assert_true(check(&rng, i, dtype, 2, (const int64_t[]){301, 211}, 2));
            assert_true(check(&rng, i, dtype, 2, (const int64_t[]){211, 301}, 1));
            assert_true(check(&rng, i, dtype, 3, (const int64_t[]){30, 40, 50}, 2));
            assert_true(check(&rng, i, dtype, 1, (const int64_t[]){70001}, 1));
        }
    }
}

/* Values and places of one axis are the reference's to the last bit but a zero's sign; few distinct
 * values make ties. */
static void check_places(wg_rng *rng, const char *op, int dtype, int32_t rank, const int64_t *dims,
                         int32_t axis)
{
    const wgi_max_attr attr = {.axis = axis, .keepdims = 1};
    int64_t y_dims[3] = {0};
    memcpy(y_dims, dims, (size_t)rank * sizeof *dims);
    y_dims[axis] = 1;
    const bool has_values = strncmp(op, "arg", 3) != 0;
    wgt_native_case c = {.op = op, .n_in = 1, .n_out = has_values ? 2 : 1, .attr = &attr};
    wgt_native_case expected = c;
    c.in[0] = expected.in[0] = wgt_view(dtype, rank, dims);
    wgt_view_draw(&c.in[0], rng, wg_rng_below(rng, 2) == 0);
    for (int64_t i = 0; i < c.in[0].count; i++) {
        if (wg_rng_below(rng, 2) == 0) {
            wgi_store_double(dtype, c.in[0].data, i, (double)wg_rng_below(rng, 3));
        }
    }
    for (int i = 0; i < c.n_out; i++) {
        const int type = i == c.n_out - 1 ? WG_I64 : dtype;
        c.out[i] = wgt_view(type, rank, y_dims);
        expected.out[i] = wgt_view(type, rank, y_dims);
    }
    assert_int_equal(wgt_reference_run(&expected, NULL), WG_OK);
    for (int isa = 0; isa <= (int)wgi_isa_detect(); isa++) {
        for (int32_t threads = 1; threads <= 3; threads += 2) {
            assert_int_equal(wgt_native_run(&c, (wgi_isa)isa, threads, NULL), WG_OK);
            for (int i = 0; i < c.n_out; i++) {
                assert_true(wgt_view_error(&c.out[i], &expected.out[i], 1) == 0);
            }
        }
    }
    for (int i = 0; i < c.n_out; i++) {
        free(c.out[i].data);
        free(expected.out[i].data);
    }
    free(c.in[0].data);
}

static void test_lines_find_the_places_of_the_reference(void **state)
{
    static const char *const names[] = {"max", "min", "argmax", "argmin"};
    static const int64_t sizes[] = {1, 2, 3, 5, 15, 16, 17, 31, 33, 64, 100};
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 3);
    for (int k = 0; k < 300; k++) {
        const int32_t rank = 1 + (int32_t)wg_rng_below(&rng, 3);
        int64_t dims[3];
        for (int32_t j = 0; j < rank; j++) {
            dims[j] = sizes[wg_rng_below(&rng, j == 2 ? 7 : 11)];
        }
        const int32_t axis = (int32_t)wg_rng_below(&rng, (uint64_t)rank);
        for (int i = 0; i < 4; i++) {
            check_places(&rng, names[i], k % 2 == 0 ? WG_F32 : WG_F64, rank, dims, axis);
        }
    }
    check_places(&rng, "max", WG_F32, 2, (const int64_t[]){301, 411}, 1);
    check_places(&rng, "min", WG_F64, 2, (const int64_t[]){411, 301}, 0);
}

static void test_lines_refuse_what_they_do_not_serve(void **state)
{
    const int64_t dims[] = {2, 3, 2};
    const int64_t none[] = {0, 3, 2};
    const wgi_variance_attr apart = {.reduce = {.axes = 5}};
    (void)state;
    wgt_native_case c = {.op = "amax", .n_in = 1, .n_out = 1, .attr = &apart};
    c.in[0] = (wgi_view){NULL, WG_F32, 3, dims, 12};
    assert_string_equal(wgt_native_refusal(&c), "the reduced axes lie apart");
    c.in[0] = (wgi_view){NULL, WG_I64, 3, dims, 12};
    assert_string_equal(wgt_native_refusal(&c), "the dtype is neither f32 nor f64");
    c.in[0] = (wgi_view){NULL, WG_F32, 3, none, 0};
    assert_string_equal(wgt_native_refusal(&c), "there is no element");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_agree_with_the_reference),
        cmocka_unit_test(test_lines_have_the_same_bits_on_any_threads),
        cmocka_unit_test(test_lines_find_the_places_of_the_reference),
        cmocka_unit_test(test_lines_refuse_what_they_do_not_serve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
