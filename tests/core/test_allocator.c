/* The tests' own allocator: it must see what it is there to see.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/allocator.h"

#include "support/cmocka_all.h"

static wgt_allocator record;

static int start(void **state)
{
    (void)state;
    wgt_allocator_start(&record);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    wgt_allocator_finish(&record);
    return 0;
}

static void test_allocator_counts_and_aligns(void **state)
{
    wg_allocator hooks = wgt_allocator_hooks(&record);
    (void)state;
    for (size_t alignment = 16; alignment <= 4096; alignment *= 2) {
        void *block = hooks.allocate(hooks.user, 100, alignment);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % alignment, 0);
        assert_int_equal(record.n_live, 1);
        assert_int_equal(record.live_bytes, 100);
        assert_false(wgt_allocator_is_clean(&record));
        hooks.release(hooks.user, block, 100);
    }
    assert_true(wgt_allocator_is_clean(&record));
    assert_int_equal(record.n_calls, 9);
    assert_int_equal(record.peak_bytes, 100);
    assert_int_equal(record.largest_bytes, 100);
}

static void test_allocator_sees_wrong_sizes(void **state)
{
    wg_allocator hooks = wgt_allocator_hooks(&record);
    (void)state;
    void *block = hooks.allocate(hooks.user, 10, 64);
    hooks.release(hooks.user, block, 11);
    assert_int_equal(record.n_errors, 1);
    assert_int_equal(record.n_live, 0);
    assert_false(wgt_allocator_is_clean(&record));
    hooks.release(hooks.user, NULL, 0);
    assert_int_equal(record.n_errors, 2);
    assert_null(hooks.allocate(hooks.user, 0, 64));
    assert_null(hooks.allocate(hooks.user, 8, 48));
    assert_int_equal(record.n_errors, 4);
}

static void test_allocator_fails_once(void **state)
{
    wg_allocator hooks = wgt_allocator_hooks(&record);
    (void)state;
    wgt_allocator_fail(&record, 2, false);
    void *first = hooks.allocate(hooks.user, 1, 64);
    assert_non_null(first);
    assert_null(hooks.allocate(hooks.user, 1, 64));
    void *third = hooks.allocate(hooks.user, 1, 64);
    assert_non_null(third);
    assert_int_equal(record.n_failed, 1);
    hooks.release(hooks.user, first, 1);
    hooks.release(hooks.user, third, 1);
    assert_true(wgt_allocator_is_clean(&record));
}

static void test_allocator_fails_for_good(void **state)
{
    wg_allocator hooks = wgt_allocator_hooks(&record);
    (void)state;
    wgt_allocator_fail(&record, 1, true);
    assert_null(hooks.allocate(hooks.user, 1, 64));
    assert_null(hooks.allocate(hooks.user, 1, 64));
    wgt_allocator_fail(&record, 0, false);
    void *block = hooks.allocate(hooks.user, 1, 64);
    assert_non_null(block);
    assert_int_equal(record.n_failed, 2);
    hooks.release(hooks.user, block, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_allocator_counts_and_aligns, start, finish),
        cmocka_unit_test_setup_teardown(test_allocator_sees_wrong_sizes, start, finish),
        cmocka_unit_test_setup_teardown(test_allocator_fails_once, start, finish),
        cmocka_unit_test_setup_teardown(test_allocator_fails_for_good, start, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
