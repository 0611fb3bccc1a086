/* Hooks, arrays and arenas, also where memory runs out.
 * SPDX-License-Identifier: Apache-2.0 */
#include "core/memory.h"

#include "support/allocator.h"
#include "support/cmocka_all.h"

#include <string.h>

static wgt_allocator record;
static wg_allocator hooks;

static int start(void **state)
{
    (void)state;
    wgt_allocator_start(&record);
    hooks = wgt_allocator_hooks(&record);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    bool is_clean = wgt_allocator_is_clean(&record);
    wgt_allocator_finish(&record);
    return is_clean ? 0 : -1;
}

static void test_memory_default_hooks(void **state)
{
    wg_allocator standard = wgi_default_allocator();
    (void)state;
    for (size_t bytes = 1; bytes < 300; bytes += 7) {
        char *block = wgi_alloc(&standard, bytes);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % WGI_ALIGNMENT, 0);
        memset(block, 1, bytes);
        wgi_release(&standard, block, bytes);
    }
    assert_null(standard.allocate(standard.user, SIZE_MAX - 3, 64));
    wgi_release(&standard, NULL, 5);
}

static void test_memory_alloc_refuses(void **state)
{
    (void)state;
    assert_null(wgi_alloc(&hooks, 0));
    assert_null(wgi_alloc_zeroed(&hooks, 0, 8));
    assert_null(wgi_alloc_zeroed(&hooks, SIZE_MAX / 8 + 2, 8));
    assert_int_equal(record.n_calls, 0);
    wgt_allocator_fail(&record, 1, true);
    assert_null(wgi_alloc(&hooks, 8));
    assert_null(wgi_alloc_zeroed(&hooks, 1, 8));
    assert_null(wgi_copy_text(&hooks, "a"));
}

static void test_memory_alloc_zeroed_is_zero(void **state)
{
    (void)state;
    const char zeros[48] = {0};
    char *block = wgi_alloc_zeroed(&hooks, 6, 8);
    assert_non_null(block);
    assert_memory_equal(block, zeros, sizeof zeros);
    wgi_release(&hooks, block, 48);
}

static void test_memory_copies_text(void **state)
{
    (void)state;
    char *copy = wgi_copy_text(&hooks, "fc1.weight");
    char *empty = wgi_copy_text(&hooks, "");
    assert_string_equal(copy, "fc1.weight");
    assert_string_equal(empty, "");
    assert_int_equal(record.live_bytes, 11 + 1);
    wgi_release_text(&hooks, copy);
    wgi_release_text(&hooks, empty);
    wgi_release_text(&hooks, NULL);
}

static void test_array_grows_and_keeps(void **state)
{
    wgi_array array = {0};
    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t *element = wgi_array_push(&hooks, &array, sizeof *element);
        assert_non_null(element);
        assert_true(*element == 0);
        *element = i;
    }
    const uint64_t *data = array.data;
    for (uint64_t i = 0; i < 1000; i++) {
        assert_true(data[i] == i);
    }
    assert_int_equal(array.count, 1000);
    assert_true(record.n_calls < 12);
    wgi_array_free(&hooks, &array, sizeof(uint64_t));
    assert_null(array.data);
    assert_int_equal(array.capacity, 0);
}

static void test_array_survives_failure(void **state)
{
    wgi_array array = {0};
    (void)state;
    assert_true(wgi_array_reserve(&hooks, &array, 4, 4));
    *(uint32_t *)wgi_array_next(&array, 4) = 7;
    wgi_array before = array;
    wgt_allocator_fail(&record, 1, true);
    assert_false(wgi_array_reserve(&hooks, &array, 100, 4));
    assert_memory_equal(&array, &before, sizeof array);
    assert_int_equal(*(uint32_t *)array.data, 7);
    wgt_allocator_fail(&record, 0, false);
    assert_true(wgi_array_reserve(&hooks, &array, 100, 4));
    assert_int_equal(*(uint32_t *)array.data, 7);
    assert_true(array.capacity >= 101);
    wgi_array_free(&hooks, &array, 4);
}

static void test_array_refuses_overflow(void **state)
{
    wgi_array array = {0};
    (void)state;
    assert_non_null(wgi_array_push(&hooks, &array, 16));
    assert_false(wgi_array_reserve(&hooks, &array, SIZE_MAX, 16));
    assert_false(wgi_array_reserve(&hooks, &array, SIZE_MAX / 16, 16));
    assert_int_equal(record.n_calls, 1);
    wgi_array_free(&hooks, &array, 16);
}

static void test_arena_blocks_are_apart(void **state)
{
    wgi_arena arena = {0};
    char *blocks[200];
    (void)state;
    for (size_t i = 0; i < 200; i++) {
        size_t bytes = (i * 37) % 500;
        blocks[i] = wgi_arena_alloc(&hooks, &arena, bytes);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % WGI_ALIGNMENT, 0);
        memset(blocks[i], (int)i, bytes);
    }
    for (size_t i = 0; i < 200; i++) {
        for (size_t j = 0; j < (i * 37) % 500; j++) {
            assert_int_equal((unsigned char)blocks[i][j], i);
        }
    }
    wgi_arena_free(&hooks, &arena);
    assert_null(arena.first);
}

/* The same load three times: from the second on, one chunk serves it. */
static void test_arena_settles_in_one_chunk(void **state)
{
    wgi_arena arena = {0};
    size_t calls[3];
    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 300; i++) {
            assert_non_null(wgi_arena_alloc(&hooks, &arena, 100));
        }
        wgi_arena_rewind(&hooks, &arena);
        calls[round] = record.n_calls;
    }
    assert_int_equal(record.n_live, 1);
    assert_int_equal(calls[1], calls[0]);
    assert_int_equal(calls[2], calls[0]);
    assert_true(arena.total >= 300 * 128);
    assert_int_equal(record.live_bytes, arena.total + WGI_ALIGNMENT);
    wgi_arena_free(&hooks, &arena);
}

static void test_arena_survives_failure(void **state)
{
    wgi_arena arena = {0};
    (void)state;
    wgt_allocator_fail(&record, 1, true);
    assert_null(wgi_arena_alloc(&hooks, &arena, 1));
    wgt_allocator_fail(&record, 2, true);
    char *kept = wgi_arena_alloc(&hooks, &arena, 4096);
    assert_non_null(kept);
    memset(kept, 3, 4096);
    assert_null(wgi_arena_alloc(&hooks, &arena, 1));
    assert_int_equal(kept[4095], 3);
    wgt_allocator_fail(&record, 0, false);
    assert_non_null(wgi_arena_alloc(&hooks, &arena, 1));
    assert_int_equal(kept[0], 3);
    wgi_arena_free(&hooks, &arena);
}

/* Where merging fails the chunks stay and are filled again, the small ones being skipped. */
static void test_arena_rewinds_without_memory(void **state)
{
    wgi_arena arena = {0};
    (void)state;
    assert_non_null(wgi_arena_alloc(&hooks, &arena, 100));
    assert_non_null(wgi_arena_alloc(&hooks, &arena, 10000));
    assert_non_null(wgi_arena_alloc(&hooks, &arena, 20000));
    size_t total = arena.total;
    wgt_allocator_fail(&record, 1, true);
    wgi_arena_rewind(&hooks, &arena);
    assert_int_equal(record.n_live, 3);
    assert_non_null(wgi_arena_alloc(&hooks, &arena, 64));
    assert_non_null(wgi_arena_alloc(&hooks, &arena, 20000));
    assert_int_equal(arena.total, total);
    assert_null(wgi_arena_alloc(&hooks, &arena, 20000));
    assert_int_equal(arena.total, total);
    wgi_arena_free(&hooks, &arena);
}

static void test_arena_refuses_overflow(void **state)
{
    wgi_arena arena = {0};
    (void)state;
    assert_null(wgi_arena_alloc(&hooks, &arena, SIZE_MAX));
    assert_null(wgi_arena_alloc(&hooks, &arena, SIZE_MAX - 63));
    assert_int_equal(record.n_calls, 0);
    wgi_arena_rewind(&hooks, &arena);
    wgi_arena_free(&hooks, &arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_memory_default_hooks, start, finish),
        cmocka_unit_test_setup_teardown(test_memory_alloc_refuses, start, finish),
        cmocka_unit_test_setup_teardown(test_memory_alloc_zeroed_is_zero, start, finish),
        cmocka_unit_test_setup_teardown(test_memory_copies_text, start, finish),
        cmocka_unit_test_setup_teardown(test_array_grows_and_keeps, start, finish),
        cmocka_unit_test_setup_teardown(test_array_survives_failure, start, finish),
        cmocka_unit_test_setup_teardown(test_array_refuses_overflow, start, finish),
        cmocka_unit_test_setup_teardown(test_arena_blocks_are_apart, start, finish),
        cmocka_unit_test_setup_teardown(test_arena_settles_in_one_chunk, start, finish),
        cmocka_unit_test_setup_teardown(test_arena_survives_failure, start, finish),
        cmocka_unit_test_setup_teardown(test_arena_rewinds_without_memory, start, finish),
        cmocka_unit_test_setup_teardown(test_arena_refuses_overflow, start, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
