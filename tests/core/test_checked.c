/* Checked arithmetic at its edges.
 * SPDX-License-Identifier: Apache-2.0 */
#include "core/checked.h"

#include "support/cmocka_all.h"

#define KEPT_SIZE ((size_t)77)
#define KEPT_DIM ((int64_t)77)

static void test_checked_size_add(void **state)
{
    size_t out = KEPT_SIZE;
    (void)state;
    assert_true(wgi_size_add(SIZE_MAX - 1, 1, &out));
    assert_true(out == SIZE_MAX);
    assert_true(wgi_size_add(0, 0, &out));
    assert_true(out == 0);
    out = KEPT_SIZE;
    assert_false(wgi_size_add(SIZE_MAX, 1, &out));
    assert_false(wgi_size_add(1, SIZE_MAX, &out));
    assert_true(out == KEPT_SIZE);
}

static void test_checked_size_mul(void **state)
{
    size_t out = KEPT_SIZE;
    size_t half = SIZE_MAX / 2 + 1;
    (void)state;
    assert_true(wgi_size_mul(half, 0, &out));
    assert_true(out == 0);
    assert_true(wgi_size_mul(0, SIZE_MAX, &out));
    assert_true(out == 0);
    assert_true(wgi_size_mul(SIZE_MAX, 1, &out));
    assert_true(out == SIZE_MAX);
    out = KEPT_SIZE;
    assert_false(wgi_size_mul(half, 2, &out));
    assert_false(wgi_size_mul(2, half, &out));
    assert_false(wgi_size_mul(SIZE_MAX, SIZE_MAX, &out));
    assert_true(out == KEPT_SIZE);
}

static void test_checked_dim_add(void **state)
{
    int64_t out = KEPT_DIM;
    (void)state;
    assert_true(wgi_dim_add(INT64_MAX, INT64_MIN, &out));
    assert_true(out == -1);
    assert_true(wgi_dim_add(INT64_MAX - 1, 1, &out));
    assert_true(out == INT64_MAX);
    assert_true(wgi_dim_add(INT64_MIN + 1, -1, &out));
    assert_true(out == INT64_MIN);
    out = KEPT_DIM;
    assert_false(wgi_dim_add(INT64_MAX, 1, &out));
    assert_false(wgi_dim_add(INT64_MIN, -1, &out));
    assert_true(out == KEPT_DIM);
}

static void test_checked_dim_mul(void **state)
{
    int64_t out = KEPT_DIM;
    int64_t two_32 = INT64_C(1) << 32;
    (void)state;
    assert_true(wgi_dim_mul(INT64_MAX, 1, &out));
    assert_true(out == INT64_MAX);
    assert_true(wgi_dim_mul(INT64_MAX, 0, &out));
    assert_true(out == 0);
    assert_true(wgi_dim_mul(two_32, two_32 / 4, &out));
    assert_true(out == INT64_C(1) << 62);
    out = KEPT_DIM;
    assert_false(wgi_dim_mul(two_32, two_32, &out));
    assert_false(wgi_dim_mul(two_32, two_32 / 2, &out));
    assert_false(wgi_dim_mul(-1, 1, &out));
    assert_false(wgi_dim_mul(1, -1, &out));
    assert_true(out == KEPT_DIM);
}

static void test_checked_size_align(void **state)
{
    size_t out = KEPT_SIZE;
    (void)state;
    assert_true(wgi_size_align(0, 64, &out));
    assert_true(out == 0);
    assert_true(wgi_size_align(1, 64, &out));
    assert_true(out == 64);
    assert_true(wgi_size_align(64, 64, &out));
    assert_true(out == 64);
    assert_true(wgi_size_align(SIZE_MAX - 63, 64, &out));
    assert_true(out == SIZE_MAX - 63);
    out = KEPT_SIZE;
    assert_false(wgi_size_align(SIZE_MAX - 62, 64, &out));
    assert_true(out == KEPT_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checked_size_add),   cmocka_unit_test(test_checked_size_mul),
        cmocka_unit_test(test_checked_dim_add),    cmocka_unit_test(test_checked_dim_mul),
        cmocka_unit_test(test_checked_size_align),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
