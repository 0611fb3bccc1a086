/* Sums that are fed block by block: the blocks leave no trace in the bits.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "backends/native/reduce.h"
#include "backends/reduce_case.h"
#include "core/dtype.h"

#define SEED UINT64_C(11)

static bool plan_of(const wgt_reduction *r, wgi_isa isa, wgi_reduce_plan *plan)
{
    return wgi_reduce_plan_make(plan, isa, r->op, &r->x, &r->y, r->attr);
}

static int64_t segment_end(const wgi_reduce_plan *plan, int64_t segment)
{
    const int64_t end = (segment + 1) * plan->segment;
    return end < plan->count ? end : plan->count;
}

/* Feeds one segment in blocks of at most max_block elements, each copied to memory of its own. */
static void feed_segment(const wgt_reduction *r, const wgi_reduce_plan *plan, void *states, void *y,
                         int64_t segment, int64_t max_block, wg_rng *rng)
{
    const size_t size = wg_dtype_size((wg_dtype)r->x.dtype);
    int64_t first = segment * plan->segment;
    while (first < segment_end(plan, segment)) {
        int64_t n = 1 + (int64_t)wg_rng_below(rng, (uint64_t)max_block);
        const int64_t left = segment_end(plan, segment) - first;
        n = n < left ? n : left;
        void *block = wgt_block(n);
        memcpy(block, (char *)r->x.data + (size_t)first * size, (size_t)n * size);
        wgi_reduce_feed(plan, states, y, block, first, n);
        free(block);
        first += n;
    }
}

/* The results, in memory to be freed, of feeding the segments forwards or backwards. */
static void *stream(const wgt_reduction *r, wgi_isa isa, int64_t max_block, bool is_backwards,
                    wg_rng *rng)
{
    wgi_reduce_plan plan;
    assert_true(plan_of(r, isa, &plan));
    assert_true(plan.n_segments >= 1 && plan.segment >= 1);
    assert_true(plan.segment * plan.n_segments >= plan.count);
    void *y = wgt_block(r->y.count);
    void *states = wgt_block((int64_t)plan.state_bytes * plan.n_segments / 8);
    for (int64_t i = 0; i < plan.n_segments; i++) {
        const int64_t segment = is_backwards ? plan.n_segments - 1 - i : i;
        feed_segment(r, &plan, states, y, segment, max_block, rng);
    }
    wgi_reduce_finish(&plan, states, y);
    free(states);
    return y;
}

static size_t bytes_of(const wgt_reduction *r)
{
    return (size_t)r->y.count * wg_dtype_size((wg_dtype)r->y.dtype) + 8;
}

/* Whole, in blocks, backwards and by each instruction set that this machine has. */
static void check(const wgt_reduction *r, wg_rng *rng)
{
    static const int64_t max_blocks[] = {1, 3, 50, 1000, 70000};
    const wgi_isa best = wgi_isa_detect();
    void *whole = stream(r, best, r->x.count + 1, false, rng);
    assert_true(wgt_reduction_is_right(r, whole));
    for (size_t i = r->x.count > 5000 ? 2 : 0; i < sizeof max_blocks / sizeof max_blocks[0]; i++) {
        void *parts = stream(r, i % 2 == 0 ? best : WGI_ISA_BASE, max_blocks[i], i % 2 == 1, rng);
        assert_memory_equal(whole, parts, bytes_of(r));
        free(parts);
    }
    for (int isa = 0; isa < (int)best; isa++) {
        void *other = stream(r, (wgi_isa)isa, r->x.count + 1, false, rng);
        assert_memory_equal(whole, other, bytes_of(r));
        free(other);
    }
    free(whole);
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
        check(&r, rng);
        wgt_reduction_free(&r);
    }
}

static void test_reduce_stream_has_the_same_bits_in_any_blocks(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 1);
    static const int64_t sizes[] = {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 129, 300};
    const size_t n = sizeof sizes / sizeof sizes[0];
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            const int64_t dims[] = {sizes[i], sizes[j]};
            for (uint32_t axes = 0; axes < 4; axes++) {
                check_shape(&rng, 2, dims, axes);
            }
            const int64_t three[] = {3, sizes[i] % 40, sizes[j] % 40};
            check_shape(&rng, 3, three, 2);
        }
    }
}

static void test_reduce_stream_of_many_rows_passes_all_levels(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 2);
    static const int64_t rows[] = {2040, 2047, 2048, 2049, 2056, 4095, 4096, 4099, 6145};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_shape(&rng, 2, (const int64_t[]){rows[i], 3}, 1);
        check_shape(&rng, 1, (const int64_t[]){rows[i] * 16 + 5}, 1);
        check_shape(&rng, 3, (const int64_t[]){2, rows[i], 2}, 2);
    }
}

static void test_reduce_stream_of_many_elements_has_segments(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 3);
    wgi_reduce_plan plan;
    static const struct {
        int32_t n_segments;
        uint32_t axes;
        int64_t dims[2];
    } cases[] = {
        {1, 1, {65535, 1}},  {3, 1, {100000, 1}}, {3, 1, {1000, 100}},  {1, 1, {50, 3000}},
        {3, 2, {1000, 100}}, {3, 2, {3, 40000}},  {16, 1, {600000, 1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wgt_reduction r;
        wgt_reduction_make(&r, &rng, "sum", WG_F32, 2, cases[i].dims, cases[i].axes);
        assert_true(plan_of(&r, WGI_ISA_BASE, &plan));
        assert_int_equal(plan.n_segments, cases[i].n_segments);
        wgt_reduction_free(&r);
        check_shape(&rng, 2, cases[i].dims, cases[i].axes);
    }
}

static void test_reduce_stream_of_nothing_is_zero(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 4);
    for (uint32_t axes = 0; axes < 8; axes++) {
        check_shape(&rng, 3, (const int64_t[]){0, 3, 2}, axes);
        check_shape(&rng, 3, (const int64_t[]){3, 0, 2}, axes);
        check_shape(&rng, 3, (const int64_t[]){3, 2, 0}, axes);
    }
    check_shape(&rng, 0, NULL, 0);
}

static void test_reduce_stream_declines_what_needs_all_at_once(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 5);
    wgi_reduce_plan plan;
    for (uint32_t axes = 0; axes < 16; axes++) {
        wgt_reduction r;
        wgt_reduction_make(&r, &rng, "sum", WG_F64, 4, (const int64_t[]){2, 3, 2, 3}, axes);
        const bool is_scattered = axes == 5 || axes == 9 || axes == 10 || axes == 11 || axes == 13;
        assert_int_equal(plan_of(&r, WGI_ISA_BASE, &plan), !is_scattered);
        wgt_reduction_free(&r);
    }
}

int main(void)
{
    print_message("seed %u, %s\n", (unsigned)SEED, wgi_isa_name(wgi_isa_detect()));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reduce_stream_has_the_same_bits_in_any_blocks),
        cmocka_unit_test(test_reduce_stream_of_many_rows_passes_all_levels),
        cmocka_unit_test(test_reduce_stream_of_many_elements_has_segments),
        cmocka_unit_test(test_reduce_stream_of_nothing_is_zero),
        cmocka_unit_test(test_reduce_stream_declines_what_needs_all_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
