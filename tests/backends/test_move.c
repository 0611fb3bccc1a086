/* The native movement of data against the reference, bit for bit.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "backends/native_case.h"
#include "core/dtype.h"
#include "ops/params.h"

#define SEED UINT64_C(15)

static const int dtypes[] = {WG_F32, WG_F64, WG_I64, WG_BOOL, WG_U8};

/* Every byte another, so that no element can take the place of another unseen. */
static void fill_bytes(const wgi_view *v, wg_rng *rng)
{
    unsigned char *bytes = v->data;
    for (size_t i = 0; i < wgt_view_bytes(v) - 8; i++) {
        bytes[i] = (unsigned char)wg_rng_below(rng, 256);
    }
}

/* By each instruction set, on one thread and on three. */
static void check(const wgt_native_case *problem)
{
    wgt_native_case c = *problem;
    const wgi_view *y = &problem->out[0];
    wgi_view expected = wgt_view(y->dtype, y->rank, y->dims);
    c.out[0] = expected;
    assert_int_equal(wgt_reference_run(&c, NULL), WG_OK);
    for (int isa = 0; isa <= (int)wgi_isa_detect(); isa++) {
        for (int32_t threads = 1; threads <= 3; threads += 2) {
            c.out[0] = wgt_view(y->dtype, y->rank, y->dims);
            assert_int_equal(wgt_native_run(&c, (wgi_isa)isa, threads, NULL), WG_OK);
            assert_memory_equal(c.out[0].data, expected.data, wgt_view_bytes(y) - 8);
            free(c.out[0].data);
        }
    }
    free(expected.data);
}

static int64_t count_of(int32_t rank, const int64_t *dims)
{
    int64_t count = 1;
    for (int32_t i = 0; i < rank; i++) {
        count *= dims[i];
    }
    return count;
}

static wgi_view shape(int dtype, int32_t rank, const int64_t *dims)
{
    return (wgi_view){NULL, dtype, rank, dims, count_of(rank, dims)};
}

/* ---- permute ------------------------------------------------------------------------------ */

static void check_permute(wg_rng *rng, int dtype, const int64_t *dims, const wgi_permute_attr *attr)
{
    int64_t y_dims[WG_MAX_RANK];
    for (int32_t i = 0; i < attr->rank; i++) {
        y_dims[i] = dims[attr->axes[i]];
    }
    wgt_native_case c = {.op = "permute", .n_in = 1, .n_out = 1, .attr = attr};
    c.in[0] = wgt_view(dtype, attr->rank, dims);
    c.out[0] = shape(dtype, attr->rank, y_dims);
    fill_bytes(&c.in[0], rng);
    check(&c);
    free(c.in[0].data);
}

static void draw_order(wg_rng *rng, int32_t rank, wgi_permute_attr *attr)
{
    attr->rank = rank;
    for (int32_t i = 0; i < rank; i++) {
        const int32_t j = (int32_t)wg_rng_below(rng, (uint64_t)i + 1);
        attr->axes[i] = attr->axes[j];
        attr->axes[j] = i;
    }
}

static void test_move_permute_has_the_bits_of_the_reference(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 1);
    static const int64_t sizes[] = {1, 2, 3, 4, 5, 7, 0, 15, 16, 17, 33};
    for (int i = 0; i < 1500; i++) {
        wgi_permute_attr attr = {0};
        int64_t dims[6];
        int64_t count = 1;
        const int32_t rank = (int32_t)wg_rng_below(&rng, 7);
        draw_order(&rng, rank, &attr);
        for (int32_t j = 0; j < rank; j++) {
            dims[j] = sizes[wg_rng_below(&rng, count > 300 ? 4 : 11)];
            count *= dims[j];
        }
        check_permute(&rng, dtypes[i % 5], dims, &attr);
    }
}

static void test_move_permute_of_large_shapes(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 2);
    static const struct {
        int64_t dims[4];
        wgi_permute_attr attr;
    } cases[] = {
        {{300, 517}, {2, {1, 0}}},
        {{70001, 3}, {2, {1, 0}}},
        {{3, 70001}, {2, {1, 0}}},
        {{20, 64, 4, 33}, {4, {0, 2, 1, 3}}},
        {{20, 3, 50, 50}, {4, {0, 2, 3, 1}}},
        {{20, 50, 50, 3}, {4, {0, 3, 1, 2}}},
        {{20, 30, 40, 8}, {4, {3, 2, 1, 0}}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t j = 0; j < 5; j++) {
            check_permute(&rng, dtypes[j], cases[i].dims, &cases[i].attr);
        }
    }
}

/* ---- rows --------------------------------------------------------------------------------- */

static wgi_view indices_of(wg_rng *rng, int64_t *n, int64_t size)
{
    *n = size == 0 ? 0 : *n;
    wgi_view indices = wgt_view(WG_I64, 1, n);
    for (int64_t i = 0; i < *n; i++) {
        ((int64_t *)indices.data)[i] = (int64_t)wg_rng_below(rng, (uint64_t)size);
    }
    return indices;
}

/* x: [outer, size, inner], and [outer, n, inner] of its rows; then these added to where they came
 * from. */
static void check_rows(wg_rng *rng, int dtype, const int64_t *dims, int64_t n)
{
    const wgi_gather_attr attr = {.axis = 1, .size = dims[1]};
    wgt_native_case c = {.op = "gather", .n_in = 2, .n_out = 1, .attr = &attr};
    c.in[0] = wgt_view(dtype, 3, dims);
    c.in[1] = indices_of(rng, &n, dims[1]);
    const int64_t y_dims[] = {dims[0], n, dims[2]};
    c.out[0] = shape(dtype, 3, y_dims);
    fill_bytes(&c.in[0], rng);
    check(&c);
    free(c.in[0].data);
    if (dtype == WG_F32 || dtype == WG_F64) {
        c.op = "scatter_add";
        c.in[0] = wgt_view(dtype, 3, y_dims);
        wgt_view_draw(&c.in[0], rng, false);
        c.out[0] = shape(dtype, 3, dims);
        check(&c);
        free(c.in[0].data);
    }
    free(c.in[1].data);
}

static void test_move_rows_have_the_bits_of_the_reference(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 3);
    static const int64_t inners[] = {1, 1, 2, 3, 8, 17, 64, 65, 130, 0};
    for (int i = 0; i < 600; i++) {
        const int64_t dims[] = {(int64_t)wg_rng_below(&rng, 4), (int64_t)wg_rng_below(&rng, 30),
                                inners[wg_rng_below(&rng, 10)]};
        check_rows(&rng, dtypes[i % 5], dims, (int64_t)wg_rng_below(&rng, 60));
    }
    for (size_t i = 0; i < 5; i++) {
        check_rows(&rng, dtypes[i], (const int64_t[]){1, 500, 301}, 700);
        check_rows(&rng, dtypes[i], (const int64_t[]){1, 5, 100003}, 7);
        check_rows(&rng, dtypes[i], (const int64_t[]){60, 50, 61}, 55);
        check_rows(&rng, dtypes[i], (const int64_t[]){1, 1000, 1}, 200001);
    }
}

static void test_move_one_hot_has_the_bits_of_the_reference(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 4);
    for (int i = 0; i < 300; i++) {
        int64_t n = (int64_t)wg_rng_below(&rng, 40);
        const wgi_one_hot_attr attr = {.classes = (int64_t)wg_rng_below(&rng, 20)};
        wgt_native_case c = {.op = "one_hot", .n_in = 1, .n_out = 1, .attr = &attr};
        c.in[0] = indices_of(&rng, &n, attr.classes);
        const int64_t dims[] = {n, attr.classes};
        c.out[0] = shape(dtypes[i % 5], 2, dims);
        check(&c);
        free(c.in[0].data);
    }
}

/* The first index that is outside is told, in the reference's words. */
static void expect_fault(const wgt_native_case *c, const wgi_view *indices)
{
    const int64_t bad[] = {-1, INT64_MAX, INT64_MIN, 3};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        wgi_fault fault = {0};
        wgi_fault expected = {0};
        ((int64_t *)indices->data)[2] = bad[i];
        assert_int_equal(wgt_reference_run(c, &expected), WG_ERR_RANGE);
        assert_int_equal(wgt_native_run(c, wgi_isa_detect(), 2, &fault), WG_ERR_RANGE);
        assert_int_equal(fault.status, WG_ERR_RANGE);
        assert_string_equal(fault.text, expected.text);
    }
}

static void test_move_tells_the_first_bad_index(void **state)
{
    (void)state;
    const wgi_gather_attr attr = {.axis = 0, .size = 3};
    const wgi_one_hot_attr classes = {.classes = 3};
    const int64_t n = 4;
    const int64_t dims[] = {3, 2};
    const int64_t taken[] = {4, 2};
    const int64_t hot[] = {4, 3};
    wgi_view indices = wgt_view(WG_I64, 1, &n);
    wgi_view x = wgt_view(WG_F32, 2, dims);
    wgi_view y = wgt_view(WG_F32, 2, taken);
    wgi_view z = wgt_view(WG_F32, 2, hot);
    const int64_t values[] = {0, 2, 0, -5};
    memcpy(indices.data, values, sizeof values);
    const wgt_native_case gather = {
        .op = "gather", .n_in = 2, .n_out = 1, .in = {x, indices}, .out = {y}, .attr = &attr};
    const wgt_native_case scatter = {
        .op = "scatter_add", .n_in = 2, .n_out = 1, .in = {y, indices}, .out = {x}, .attr = &attr};
    const wgt_native_case one_hot = {
        .op = "one_hot", .n_in = 1, .n_out = 1, .in = {indices}, .out = {z}, .attr = &classes};
    memset(y.data, 0, wgt_view_bytes(&y) - 8);
    expect_fault(&gather, &indices);
    expect_fault(&scatter, &indices);
    expect_fault(&one_hot, &indices);
    free(indices.data);
    free(x.data);
    free(y.data);
    free(z.data);
}

static void test_move_declines_with_a_reason(void **state)
{
    (void)state;
    const wgi_view wide = {NULL, WGI_DTYPE_WIDE, 0, NULL, 1};
    const wgt_native_case permute = {
        .op = "permute", .n_in = 1, .n_out = 1, .in = {wide}, .out = {wide}};
    const wgt_native_case scatter = {
        .op = "scatter_add", .n_in = 2, .n_out = 1, .in = {wide}, .out = {wide}};
    assert_string_equal(wgt_native_refusal(&permute), "elements are wider than 8 bytes");
    assert_string_equal(wgt_native_refusal(&scatter), "the dtype is neither f32 nor f64");
}

int main(void)
{
    print_message("seed %u, %s\n", (unsigned)SEED, wgi_isa_name(wgi_isa_detect()));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_move_permute_has_the_bits_of_the_reference),
        cmocka_unit_test(test_move_permute_of_large_shapes),
        cmocka_unit_test(test_move_rows_have_the_bits_of_the_reference),
        cmocka_unit_test(test_move_one_hot_has_the_bits_of_the_reference),
        cmocka_unit_test(test_move_tells_the_first_bad_index),
        cmocka_unit_test(test_move_declines_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
