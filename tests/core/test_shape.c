/* Types: rank, sizes, overflow, broadcasting.
 * SPDX-License-Identifier: Apache-2.0 */
#include "core/shape.h"

#include "core/dtype.h"
#include "support/cmocka_all.h"

#include <string.h>

static void test_shape_every_rank(void **state)
{
    const int64_t dims[9] = {2, 3, 1, 2, 1, 1, 2, 1, 1};
    const int64_t counts[9] = {1, 2, 6, 6, 12, 12, 12, 24, 24};
    wgi_type type;
    (void)state;
    for (int32_t rank = 0; rank <= 8; rank++) {
        assert_int_equal(wgi_type_make(WG_F32, rank, dims, &type), WG_OK);
        assert_int_equal(type.count, counts[rank]);
        assert_int_equal(wgi_type_bytes(&type), counts[rank] * 4);
    }
    assert_int_equal(wgi_type_make(WG_F32, 9, dims, &type), WG_ERR_RANGE);
    assert_int_equal(wgi_type_make(WG_F32, -1, dims, &type), WG_ERR_RANGE);
    assert_int_equal(wgi_type_make(WG_F32, INT32_MIN, dims, &type), WG_ERR_RANGE);
    assert_int_equal(wgi_type_make(WG_F32, INT32_MAX, dims, &type), WG_ERR_RANGE);
    assert_int_equal(wgi_type_make(WG_F32, 0, NULL, &type), WG_OK);
    assert_int_equal(wgi_type_make(WG_F32, 1, NULL, &type), WG_ERR_ARGUMENT);
}

static void test_shape_failure_zeroes(void **state)
{
    const wgi_type zero = {0};
    const int64_t dims[2] = {2, -1};
    wgi_type type;
    (void)state;
    memset(&type, 1, sizeof type);
    assert_int_equal(wgi_type_make(WG_F32, 2, dims, &type), WG_ERR_RANGE);
    assert_memory_equal(&type, &zero, sizeof type);
    memset(&type, 1, sizeof type);
    assert_int_equal(wgi_type_make(0, 2, dims, &type), WG_ERR_DTYPE);
    assert_memory_equal(&type, &zero, sizeof type);
}

static void test_shape_bad_dtypes(void **state)
{
    const int bad[] = {0, -1, WGI_N_DTYPES, INT32_MAX, INT32_MIN};
    wgi_type type = {.rank = 0};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(wgi_type_make(bad[i], 0, NULL, &type), WG_ERR_DTYPE);
        type.dtype = bad[i];
        assert_int_equal(wgi_type_count(&type), WG_ERR_DTYPE);
    }
}

/* Products that wrap to 0, to 16 and to something small, each size in each position. */
static void test_shape_overflow(void **state)
{
    const int64_t two_31 = INT64_C(1) << 31;
    const int64_t two_32 = INT64_C(1) << 32;
    const int64_t bad[][3] = {
        {two_32, two_32, 1},
        {two_31, two_31, 4},
        {two_32, two_32 + 1, 1},
        {(INT64_C(1) << 60) + 1, 16, 1},
        {INT64_MAX, 1, 1},
        {INT64_MAX, 2, 1},
        {INT64_MAX, INT64_MAX, INT64_MAX},
        {INT64_C(1) << 61, 1, 1},
        {two_32 - 1, two_32 + 1, 2},
        {INT64_C(0x5555555555555556), 3, 1},
    };
    wgi_type type;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        for (int turn = 0; turn < 3; turn++) {
            const int64_t dims[3] = {bad[i][turn], bad[i][(turn + 1) % 3], bad[i][(turn + 2) % 3]};
            assert_int_equal(wgi_type_make(WG_F32, 3, dims, &type), WG_ERR_OVERFLOW);
        }
    }
}

static void test_shape_largest(void **state)
{
    const int64_t largest_bytes[1] = {INT64_MAX};
    const int64_t largest_f64[1] = {INT64_MAX / 8};
    const int64_t too_large_f64[1] = {INT64_MAX / 8 + 1};
    wgi_type type;
    (void)state;
    assert_int_equal(wgi_type_make(WG_U8, 1, largest_bytes, &type), WG_OK);
    assert_int_equal(type.count, INT64_MAX);
    assert_int_equal(wgi_type_make(WG_F64, 1, largest_f64, &type), WG_OK);
    assert_int_equal(wgi_type_bytes(&type), (size_t)(INT64_MAX - 7));
    assert_int_equal(wgi_type_make(WG_F64, 1, too_large_f64, &type), WG_ERR_OVERFLOW);
}

static void test_shape_size_zero(void **state)
{
    const int64_t dims[3] = {4, 0, 5};
    const int64_t huge[3] = {INT64_C(1) << 40, 0, INT64_C(1) << 40};
    wgi_type type;
    (void)state;
    assert_int_equal(wgi_type_make(WG_I64, 3, dims, &type), WG_OK);
    assert_int_equal(type.count, 0);
    assert_int_equal(wgi_type_bytes(&type), 0);
    assert_int_equal(wgi_type_make(WG_I64, 3, huge, &type), WG_ERR_OVERFLOW);
}

typedef struct broadcast_case {
    int32_t rank_a;
    int64_t a[4];
    int32_t rank_b;
    int64_t b[4];
    int32_t fault;
    int32_t rank;
    int64_t dims[4];
} broadcast_case;

static const broadcast_case cases[] = {
    {0, {0}, 0, {0}, 0, 0, {0}},
    {0, {0}, 2, {3, 4}, 0, 2, {3, 4}},
    {2, {3, 4}, 0, {0}, 0, 2, {3, 4}},
    {2, {3, 1}, 2, {1, 4}, 0, 2, {3, 4}},
    {1, {4}, 3, {2, 3, 1}, 0, 3, {2, 3, 4}},
    {2, {0, 1}, 2, {1, 5}, 0, 2, {0, 5}},
    {1, {0}, 1, {1}, 0, 1, {0}},
    {2, {3, 4}, 2, {3, 5}, 1, 2, {3, 4}},
    {2, {3, 4}, 2, {2, 4}, 2, 2, {3, 4}},
    {1, {0}, 1, {2}, 1, 1, {0}},
    {3, {2, 3, 4}, 1, {3}, 1, 3, {2, 3, 4}},
};

static void test_shape_broadcast(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const broadcast_case *c = &cases[i];
        wgi_type type;
        assert_int_equal(wgi_type_make(WG_F32, c->rank_a, c->a, &type), WG_OK);
        assert_int_equal(wgi_broadcast(&type, c->rank_b, c->b), c->fault);
        assert_true(wgi_same_shape(type.rank, type.dims, c->rank, c->dims));
    }
}

static void test_shape_same(void **state)
{
    const int64_t a[2] = {2, 3};
    const int64_t b[2] = {2, 4};
    (void)state;
    assert_true(wgi_same_shape(0, NULL, 0, NULL));
    assert_true(wgi_same_shape(2, a, 2, a));
    assert_false(wgi_same_shape(2, a, 2, b));
    assert_true(wgi_same_shape(1, a, 1, b));
    assert_false(wgi_same_shape(1, a, 2, a));
}

static void test_shape_axis(void **state)
{
    (void)state;
    assert_int_equal(wgi_axis(0, 3), 0);
    assert_int_equal(wgi_axis(2, 3), 2);
    assert_int_equal(wgi_axis(-1, 3), 2);
    assert_int_equal(wgi_axis(-3, 3), 0);
    assert_int_equal(wgi_axis(3, 3), -1);
    assert_int_equal(wgi_axis(-4, 3), -1);
    assert_int_equal(wgi_axis(0, 0), -1);
    assert_int_equal(wgi_axis(-1, 0), -1);
    assert_int_equal(wgi_axis(INT32_MIN, 8), -1);
    assert_int_equal(wgi_axis(INT32_MAX, 8), -1);
}

static void test_shape_text(void **state)
{
    const int64_t dims[2] = {32, 128};
    const int64_t widest[8] = {INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN,
                               INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN};
    char text[WGI_SHAPE_TEXT];
    char cut[6];
    (void)state;
    assert_string_equal(wgi_shape_text(2, dims, text, sizeof text), "[32, 128]");
    assert_string_equal(wgi_shape_text(1, dims, text, sizeof text), "[32]");
    assert_string_equal(wgi_shape_text(0, NULL, text, sizeof text), "[]");
    assert_string_equal(wgi_shape_text(2, dims, cut, sizeof cut), "[32, ");
    wgi_shape_text(8, widest, text, sizeof text);
    assert_int_equal(text[strlen(text) - 1], ']');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape_every_rank), cmocka_unit_test(test_shape_failure_zeroes),
        cmocka_unit_test(test_shape_bad_dtypes), cmocka_unit_test(test_shape_overflow),
        cmocka_unit_test(test_shape_largest),    cmocka_unit_test(test_shape_size_zero),
        cmocka_unit_test(test_shape_broadcast),  cmocka_unit_test(test_shape_same),
        cmocka_unit_test(test_shape_axis),       cmocka_unit_test(test_shape_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
