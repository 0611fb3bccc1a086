/* Tensors: creation, ownership, references, versions, copies.
 * SPDX-License-Identifier: Apache-2.0 */
#include "core/tensor.h"

#include "core/context.h"
#include "support/allocator.h"
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

static wgt_allocator record;
static wg_context context;
static const int64_t two_by_three[2] = {2, 3};

static int start(void **state)
{
    (void)state;
    wgt_allocator_start(&record);
    context = (wg_context){.memory = wgt_allocator_hooks(&record)};
    return 0;
}

static int finish(void **state)
{
    (void)state;
    bool is_clean = wgt_allocator_is_clean(&record);
    wgt_allocator_finish(&record);
    return is_clean ? 0 : -1;
}

static void test_tensor_create_is_zero(void **state)
{
    wg_tensor *t;
    (void)state;
    for (int dtype = WG_F32; dtype <= WG_U8; dtype++) {
        assert_int_equal(wg_tensor_create(&context, (wg_dtype)dtype, 2, two_by_three, &t), WG_OK);
        assert_int_equal(wg_tensor_dtype(t), dtype);
        assert_int_equal(wg_tensor_rank(t), 2);
        assert_memory_equal(wg_tensor_dims(t), two_by_three, sizeof two_by_three);
        assert_int_equal(wg_tensor_count(t), 6);
        assert_int_equal(wg_tensor_bytes(t), 6 * wg_dtype_size((wg_dtype)dtype));
        for (int64_t i = 0; i < 6; i++) {
            assert_true(wg_tensor_get(t, i) == 0.0);
        }
        wg_tensor_destroy(t);
    }
}

static void test_tensor_rank_zero_and_size_zero(void **state)
{
    const int64_t empty[3] = {2, 0, 3};
    wg_tensor *t;
    (void)state;
    assert_int_equal(wg_tensor_create(&context, WG_F64, 0, NULL, &t), WG_OK);
    assert_int_equal(wg_tensor_count(t), 1);
    assert_int_equal(wg_tensor_set(t, 0, 2.5), WG_OK);
    assert_true(wg_tensor_get(t, 0) == 2.5);
    wg_tensor_destroy(t);
    assert_int_equal(wg_tensor_create(&context, WG_F64, 3, empty, &t), WG_OK);
    assert_int_equal(wg_tensor_count(t), 0);
    assert_null(wg_tensor_data(t));
    assert_true(isnan(wg_tensor_get(t, 0)));
    wg_tensor *copy;
    assert_int_equal(wg_tensor_create(&context, WG_F32, 3, empty, &copy), WG_OK);
    assert_int_equal(wg_tensor_copy(copy, t), WG_OK);
    wg_tensor_destroy(copy);
    wg_tensor_destroy(t);
}

typedef struct bad_type {
    int dtype;
    int32_t rank;
    const int64_t *dims;
    wg_status status;
    const char *error;
} bad_type;

static const int64_t negative[1] = {-1};
static const int64_t wrapping[2] = {INT64_C(1) << 32, INT64_C(1) << 32};
static const bad_type bad_types[] = {
    {0, 2, two_by_three, WG_ERR_DTYPE, "tensor: 0 is no dtype"},
    {99, 2, two_by_three, WG_ERR_DTYPE, "tensor: 99 is no dtype"},
    {WG_F32, 9, two_by_three, WG_ERR_RANGE, "tensor: rank 9 is not in 0..8"},
    {WG_F32, -1, two_by_three, WG_ERR_RANGE, "tensor: rank -1 is not in 0..8"},
    {WG_F32, 2, NULL, WG_ERR_ARGUMENT, "tensor: dims is NULL, rank is 2"},
    {WG_F32, 1, negative, WG_ERR_RANGE, "tensor: a size in [-1] is negative"},
    {WG_F32, 2, wrapping, WG_ERR_OVERFLOW,
     "tensor: the bytes of f32 [4294967296, 4294967296] do not fit"},
};

static void test_tensor_bad_types(void **state)
{
    float data[6] = {0};
    (void)state;
    for (size_t i = 0; i < sizeof bad_types / sizeof bad_types[0]; i++) {
        const bad_type *bad = &bad_types[i];
        wg_dtype dtype = (wg_dtype)bad->dtype;
        for (int call = 0; call < 3; call++) {
            wg_tensor *t = (wg_tensor *)(void *)data;
            wg_status status = WG_OK;
            if (call == 0) {
                status = wg_tensor_create(&context, dtype, bad->rank, bad->dims, &t);
            } else if (call == 1) {
                status = wg_tensor_borrow(&context, dtype, bad->rank, bad->dims, data, &t);
            } else {
                status = wg_tensor_from(&context, dtype, bad->rank, bad->dims, WG_F32, data, &t);
            }
            assert_int_equal(status, bad->status);
            assert_null(t);
            assert_string_equal(wg_context_error(&context), bad->error);
        }
    }
    assert_int_equal(record.n_calls, 0);
}

static void test_tensor_bad_arguments(void **state)
{
    float data[6] = {0};
    wg_tensor *t = (wg_tensor *)(void *)data;
    (void)state;
    assert_int_equal(wg_tensor_create(&context, WG_F32, 0, NULL, NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_tensor_create(NULL, WG_F32, 0, NULL, NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_tensor_create(NULL, WG_F32, 0, NULL, &t), WG_ERR_ARGUMENT);
    assert_null(t);
    assert_int_equal(wg_tensor_borrow(&context, WG_F32, 2, two_by_three, NULL, &t),
                     WG_ERR_ARGUMENT);
    assert_int_equal(wg_tensor_from(&context, WG_F32, 2, two_by_three, WG_F32, NULL, &t),
                     WG_ERR_ARGUMENT);
    assert_int_equal(wg_tensor_from(&context, WG_F32, 2, two_by_three, (wg_dtype)0, data, &t),
                     WG_ERR_DTYPE);
    assert_null(t);
}

static void test_tensor_borrows(void **state)
{
    float data[6] = {1, 2, 3, 4, 5, 6};
    wg_tensor *t;
    (void)state;
    assert_int_equal(wg_tensor_borrow(&context, WG_F32, 2, two_by_three, data, &t), WG_OK);
    assert_ptr_equal(wg_tensor_data(t), data);
    assert_int_equal(record.n_live, 1);
    assert_int_equal(wg_tensor_set(t, 5, 60), WG_OK);
    assert_true(data[5] == 60.0F);
    wg_tensor_destroy(t);
    assert_true(data[0] == 1.0F);
    const int64_t empty[1] = {0};
    assert_int_equal(wg_tensor_borrow(&context, WG_F32, 1, empty, NULL, &t), WG_OK);
    wg_tensor_destroy(t);
}

static void test_tensor_from_converts(void **state)
{
    const double source[6] = {-1.5, 0, 254.9, 300, (double)NAN, 2};
    const uint8_t expected[6] = {0, 0, 254, 255, 0, 2};
    wg_tensor *t;
    (void)state;
    assert_int_equal(wg_tensor_from(&context, WG_U8, 2, two_by_three, WG_F64, source, &t), WG_OK);
    assert_memory_equal(wg_tensor_data(t), expected, sizeof expected);
    wg_tensor_destroy(t);
}

static void test_tensor_references(void **state)
{
    wg_tensor *t;
    (void)state;
    assert_int_equal(wg_tensor_create(&context, WG_F32, 2, two_by_three, &t), WG_OK);
    assert_ptr_equal(wg_tensor_retain(t), t);
    assert_ptr_equal(wg_tensor_retain(t), t);
    wg_tensor_destroy(t);
    wg_tensor_destroy(t);
    assert_int_equal(record.n_live, 2);
    assert_int_equal(wg_tensor_set(t, 0, 1), WG_OK);
    wg_tensor_destroy(t);
    assert_int_equal(record.n_live, 0);
    assert_null(wg_tensor_retain(NULL));
    wg_tensor_destroy(NULL);
}

static void test_tensor_versions(void **state)
{
    wg_tensor *t;
    (void)state;
    assert_int_equal(wg_tensor_create(&context, WG_F32, 2, two_by_three, &t), WG_OK);
    uint64_t version = t->version;
    (void)wg_tensor_data(t);
    (void)wg_tensor_get(t, 0);
    assert_int_equal(wg_tensor_set(t, 6, 1), WG_ERR_RANGE);
    assert_int_equal(wg_tensor_set(t, -1, 1), WG_ERR_RANGE);
    assert_string_equal(wg_context_error(&context), "tensor_set: element -1 of 6");
    assert_true(t->version == version);
    assert_non_null(wg_tensor_data_mutable(t));
    assert_true(t->version == version + 1);
    assert_int_equal(wg_tensor_set(t, 0, 1), WG_OK);
    assert_true(t->version == version + 2);
    assert_int_equal(wg_tensor_copy(t, t), WG_OK);
    assert_true(t->version == version + 3);
    assert_true(wg_tensor_get(t, 0) == 1.0);
    wg_tensor_destroy(t);
}

static void test_tensor_copies(void **state)
{
    const float source[6] = {1.5F, -2.5F, 3, 4, 5, 6};
    const int64_t transposed[2] = {3, 2};
    wg_tensor *a;
    wg_tensor *b;
    wg_tensor *c;
    (void)state;
    assert_int_equal(wg_tensor_from(&context, WG_F32, 2, two_by_three, WG_F32, source, &a), WG_OK);
    assert_int_equal(wg_tensor_create(&context, WG_I64, 2, two_by_three, &b), WG_OK);
    assert_int_equal(wg_tensor_create(&context, WG_F32, 2, transposed, &c), WG_OK);
    assert_int_equal(wg_tensor_copy(b, a), WG_OK);
    assert_true(wg_tensor_get(b, 0) == 1.0);
    assert_true(wg_tensor_get(b, 1) == -2.0);
    assert_true(wg_tensor_get(b, 5) == 6.0);
    assert_int_equal(wg_tensor_copy(c, a), WG_ERR_SHAPE);
    assert_string_equal(wg_context_error(&context),
                        "tensor_copy: shapes differ: [3, 2] (dst) vs [2, 3]");
    assert_true(wg_tensor_get(c, 0) == 0.0);
    assert_int_equal(wg_tensor_copy(NULL, a), WG_ERR_ARGUMENT);
    assert_int_equal(wg_tensor_copy(a, NULL), WG_ERR_ARGUMENT);
    wg_tensor_destroy(a);
    wg_tensor_destroy(b);
    wg_tensor_destroy(c);
}

/* A value is read-only; past its reset it has no data. */
static void test_tensor_values(void **state)
{
    float data[6] = {1, 2, 3, 4, 5, 6};
    wgi_type type;
    wg_tensor *value;
    wg_tensor *own;
    (void)state;
    assert_int_equal(wgi_type_make(WG_F32, 2, two_by_three, &type), WG_OK);
    assert_int_equal(wgi_tensor_shell(&context, &type, &value), WG_OK);
    assert_null(wg_tensor_data(value));
    assert_true(isnan(wg_tensor_get(value, 0)));
    value->data = data;
    assert_true(wg_tensor_get(value, 2) == 3.0);
    assert_null(wg_tensor_data_mutable(value));
    assert_int_equal(wg_tensor_set(value, 0, 9), WG_ERR_STATE);
    assert_int_equal(wg_tensor_create(&context, WG_F32, 2, two_by_three, &own), WG_OK);
    assert_int_equal(wg_tensor_copy(value, own), WG_ERR_STATE);
    assert_int_equal(wg_tensor_copy(own, value), WG_OK);
    assert_true(wg_tensor_get(own, 5) == 6.0);
    value->is_dead = true;
    assert_null(wg_tensor_data(value));
    assert_true(isnan(wg_tensor_get(value, 2)));
    assert_int_equal(wg_tensor_copy(own, value), WG_ERR_STALE);
    assert_int_equal(wg_tensor_rank(value), 2);
    wg_tensor_destroy(own);
    wg_tensor_destroy(value);
    assert_true(data[0] == 1.0F);
}

static void test_tensor_null_reads(void **state)
{
    (void)state;
    assert_int_equal(wg_tensor_dtype(NULL), 0);
    assert_int_equal(wg_tensor_rank(NULL), 0);
    assert_null(wg_tensor_dims(NULL));
    assert_int_equal(wg_tensor_count(NULL), 0);
    assert_int_equal(wg_tensor_bytes(NULL), 0);
    assert_null(wg_tensor_data(NULL));
    assert_null(wg_tensor_data_mutable(NULL));
    assert_true(isnan(wg_tensor_get(NULL, 0)));
    assert_int_equal(wg_tensor_set(NULL, 0, 0), WG_ERR_ARGUMENT);
}

static wg_status make(int call, wg_tensor **out)
{
    static float data[6];
    wgi_type type;
    wg_status status = wgi_type_make(WG_F32, 2, two_by_three, &type);
    switch (call) {
    case 0:
        return wg_tensor_create(&context, WG_F32, 2, two_by_three, out);
    case 1:
        return wg_tensor_from(&context, WG_I64, 2, two_by_three, WG_F32, data, out);
    case 2:
        return wg_tensor_borrow(&context, WG_F32, 2, two_by_three, data, out);
    default:
        return status == WG_OK ? wgi_tensor_shell(&context, &type, out) : status;
    }
}

/* Every allocation of every constructor fails once; the next try succeeds. */
static void test_tensor_out_of_memory(void **state)
{
    const size_t n_allocations[4] = {2, 2, 1, 1};
    wg_tensor *t;
    (void)state;
    for (int call = 0; call < 4; call++) {
        for (size_t k = 1; k <= n_allocations[call]; k++) {
            wgt_allocator_fail(&record, k, false);
            assert_int_equal(make(call, &t), WG_ERR_MEMORY);
            assert_null(t);
            assert_int_equal(record.n_live, 0);
            if (call < 3) {
                assert_string_equal(wg_context_error(&context),
                                    call == 1 ? "tensor: no memory for i64 [2, 3]"
                                              : "tensor: no memory for f32 [2, 3]");
            }
        }
        wgt_allocator_fail(&record, 0, false);
        assert_int_equal(make(call, &t), WG_OK);
        wg_tensor_destroy(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tensor_create_is_zero, start, finish),
        cmocka_unit_test_setup_teardown(test_tensor_rank_zero_and_size_zero, start, finish),
        cmocka_unit_test_setup_teardown(test_tensor_bad_types, start, finish),
        cmocka_unit_test_setup_teardown(test_tensor_bad_arguments, start, finish),
        cmocka_unit_test_setup_teardown(test_tensor_borrows, start, finish),
        cmocka_unit_test_setup_teardown(test_tensor_from_converts, start, finish),
        cmocka_unit_test_setup_teardown(test_tensor_references, start, finish),
        cmocka_unit_test_setup_teardown(test_tensor_versions, start, finish),
        cmocka_unit_test_setup_teardown(test_tensor_copies, start, finish),
        cmocka_unit_test_setup_teardown(test_tensor_values, start, finish),
        cmocka_unit_test_setup_teardown(test_tensor_null_reads, start, finish),
        cmocka_unit_test_setup_teardown(test_tensor_out_of_memory, start, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
