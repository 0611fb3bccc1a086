/* oneDNN's matmul: its values, its bits, and what must never reach the library.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <stdio.h>

/* What CTest counts as skipped. */
#define SKIPPED 77

#if !defined(WGI_HAVE_ONEDNN)

int main(void)
{
    printf("skipped: built without oneDNN\n");
    return SKIPPED;
}

#else

#include "onednn_case.h"

#include <dirent.h>
#include <fenv.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(WGI_HAVE_OPENMP)
#include <omp.h>
#endif
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#define N_OF(array) ((int)(sizeof(array) / sizeof((array)[0])))

static wgt_bench bench;

static int start(void **state)
{
    (void)state;
    memset(&wgi_dnnl_test, 0, sizeof wgi_dnnl_test);
    return wgt_bench_open(&bench) == WG_OK ? 0 : -1;
}

static int finish(void **state)
{
    (void)state;
    return wgt_bench_close(&bench) ? 0 : -1;
}

/* ---- values ------------------------------------------------------------------------------- */

static const wgt_shapes plain[] = {
    {2, {32, 32}, 2, {32, 32}, 2, {32, 32}},     {2, {33, 65}, 2, {65, 47}, 2, {33, 47}},
    {2, {128, 64}, 2, {64, 10}, 2, {128, 10}},   {2, {200, 200}, 2, {200, 200}, 2, {200, 200}},
    {2, {1, 784}, 2, {784, 128}, 2, {1, 128}},   {2, {784, 128}, 2, {128, 1}, 2, {784, 1}},
    {2, {300, 1}, 2, {1, 300}, 2, {300, 300}},   {2, {1, 40000}, 2, {40000, 1}, 2, {1, 1}},
    {2, {130, 90}, 2, {90, 110}, 2, {130, 110}},
};

static const wgt_shapes batched[] = {
    {3, {5, 40, 33}, 3, {5, 33, 35}, 3, {5, 40, 35}},
    {3, {5, 40, 33}, 2, {33, 35}, 3, {5, 40, 35}},
    {3, {5, 40, 33}, 3, {1, 33, 35}, 3, {5, 40, 35}},
    {2, {40, 33}, 3, {5, 33, 35}, 3, {5, 40, 35}},
    {3, {1, 40, 33}, 3, {1, 33, 35}, 3, {1, 40, 35}},
    {3, {64, 1, 33}, 2, {33, 35}, 3, {64, 1, 35}},
    {3, {64, 33, 1}, 2, {1, 35}, 3, {64, 33, 35}},
    {4, {2, 3, 40, 33}, 4, {2, 3, 33, 35}, 4, {2, 3, 40, 35}},
    {4, {2, 3, 40, 33}, 2, {33, 35}, 4, {2, 3, 40, 35}},
    {4, {2, 3, 40, 33}, 3, {3, 33, 35}, 4, {2, 3, 40, 35}},
    {4, {2, 1, 40, 33}, 3, {3, 33, 35}, 4, {2, 3, 40, 35}},
    {4, {2, 1, 40, 33}, 4, {1, 3, 33, 35}, 4, {2, 3, 40, 35}},
    {5, {2, 1, 3, 40, 33}, 5, {2, 5, 1, 33, 35}, 5, {2, 5, 3, 40, 35}},
    {6, {2, 1, 2, 1, 40, 33}, 6, {1, 2, 1, 2, 33, 35}, 6, {2, 2, 2, 2, 40, 35}},
    {8, {2, 1, 2, 1, 2, 1, 40, 33}, 8, {1, 2, 1, 2, 1, 2, 33, 35}, 8, {2, 2, 2, 2, 2, 2, 40, 35}},
};

static void check_values(const wgt_shapes *shapes, int transposes, int32_t threads)
{
    wgi_judge_case c;
    wgi_judge_case_make(&c, &bench, shapes, (transposes & 1) != 0, (transposes & 2) != 0);
    c.threads = threads;
    wgi_judge_case_fill(&c);
    wgi_judge_case_compute(&c);
    wgi_judge_case_check(&c);
    wgi_judge_case_free(&c);
}

static void check_all_values(const wgt_shapes *shapes, int n)
{
    print_message("seed %u\n", WGT_SEED);
    for (int i = 0; i < n; i++) {
        for (int transposes = 0; transposes < 4; transposes++) {
            for (int32_t threads = wgt_fewest_threads(); threads <= 4; threads *= 2) {
                check_values(&shapes[i], transposes, threads);
            }
        }
    }
}

static void test_onednn_plain_products(void **state)
{
    (void)state;
    check_all_values(plain, N_OF(plain));
}

static void test_onednn_batched_products(void **state)
{
    (void)state;
    check_all_values(batched, N_OF(batched));
}

/* H4: the library swallows NaN in its activations; in a product none may be lost. */
static void test_onednn_nan_and_infinity_propagate(void **state)
{
    static const float odd[] = {NAN, INFINITY, -INFINITY};
    static const wgt_shapes shapes = {2, {48, 64}, 2, {64, 48}, 2, {48, 48}};
    (void)state;
    for (int i = 0; i < N_OF(odd); i++) {
        wgi_judge_case c;
        wgi_judge_case_make(&c, &bench, &shapes, false, false);
        wgi_judge_case_fill(&c);
        c.a[5 * 64 + 3] = odd[i];
        c.b[7 * 48 + 9] = odd[i];
        c.b[3 * 48 + 11] = 0;
        wgi_judge_case_compute(&c);
        wgi_judge_case_check(&c);
        for (int j = 0; j < 48; j++) {
            assert_true(!isfinite(c.y[5 * 48 + j]));
            assert_true(!isfinite(c.y[j * 48 + 9]));
        }
        assert_true(isnan(c.y[5 * 48 + 11]) != 0);
        assert_true(isfinite(c.y[0]) != 0);
        wgi_judge_case_free(&c);
    }
}

/* ---- bits --------------------------------------------------------------------------------- */

static const wgt_shapes bit_shapes[] = {
    {2, {32, 64}, 2, {64, 64}, 2, {32, 64}},     {2, {200, 200}, 2, {200, 200}, 2, {200, 200}},
    {2, {16, 5000}, 2, {5000, 16}, 2, {16, 16}}, {3, {7, 33, 100}, 3, {7, 100, 40}, 3, {7, 33, 40}},
    {2, {784, 64}, 2, {64, 128}, 2, {784, 128}},
};

static size_t result_bytes(const wgi_judge_case *c)
{
    return (size_t)c->out[0].count * sizeof(float);
}

/* A copy of the result, to be freed by the caller. */
static float *copy_result(const wgi_judge_case *c)
{
    float *copy = malloc(result_bytes(c));
    assert_non_null(copy);
    memcpy(copy, c->y, result_bytes(c));
    return copy;
}

static void check_repeats(wgi_judge_case *c)
{
    wgi_prepared prepared;
    wgi_judge_case_fill(c);
    wgi_judge_case_compute(c);
    float *first = copy_result(c);
    assert_int_equal(wgi_judge_case_prepare(c, &prepared), WG_OK);
    for (int i = 0; i < 100; i++) {
        memset(c->y, 0xff, result_bytes(c));
        assert_int_equal(wgi_judge_case_run(c, &prepared), WG_OK);
        assert_memory_equal(c->y, first, result_bytes(c));
    }
    wgt_matmul()->destroy(&bench.ctx, &prepared);
    free(first);
    wgi_judge_case_free(c);
}

static void test_onednn_repeats_bit_for_bit(void **state)
{
    (void)state;
    for (int i = 0; i < 4 * N_OF(bit_shapes); i++) {
        wgi_judge_case c;
        wgi_judge_case_make(&c, &bench, &bit_shapes[i / 4], (i & 1) != 0, (i & 2) != 0);
        check_repeats(&c);
    }
}

/* H8: on AVX2 the bits depend on the thread count. Under thread_invariant one thread works. */
static void check_thread_invariance(wgi_judge_case *c)
{
    static const int32_t counts[] = {1, 2, 3, 4, 8};
    float *first = NULL;
    wgi_judge_case_fill(c);
    c->is_thread_invariant = true;
    for (int i = 0; i < N_OF(counts); i++) {
        wgi_prepared prepared;
        c->threads = counts[i];
        assert_int_equal(wgi_judge_case_prepare(c, &prepared), WG_OK);
        assert_int_equal(((wgi_onednn_primitive *)prepared.state)->key.threads, 1);
        assert_int_equal(wgi_judge_case_run(c, &prepared), WG_OK);
        wgt_matmul()->destroy(&bench.ctx, &prepared);
        if (first == NULL) {
            first = copy_result(c);
        }
        assert_memory_equal(c->y, first, result_bytes(c));
    }
    free(first);
    wgi_judge_case_free(c);
}

static void test_onednn_thread_invariant(void **state)
{
    (void)state;
    for (int i = 0; i < 4 * N_OF(bit_shapes); i++) {
        wgi_judge_case c;
        wgi_judge_case_make(&c, &bench, &bit_shapes[i / 4], (i & 1) != 0, (i & 2) != 0);
        if (wgi_onednn_can_limit_threads()) {
            check_thread_invariance(&c);
        } else {
            c.is_thread_invariant = true;
            assert_string_equal(wgi_judge_case_accepts(&c),
                                "the threads of this oneDNN cannot be limited");
        }
    }
}

/* Threads are a matter of the problem's size, its limit and the option, of nothing else. */
static void test_onednn_threads_by_size(void **state)
{
    static const wgt_shapes small = {2, {48, 48}, 2, {48, 48}, 2, {48, 48}};
    static const wgt_shapes large = {2, {64, 64}, 2, {64, 64}, 2, {64, 64}};
    wgi_prepared prepared;
    wgi_judge_case c;
    (void)state;
    wgi_judge_case_make(&c, &bench, &small, false, false);
    assert_int_equal(wgi_judge_case_prepare(&c, &prepared), WG_OK);
    assert_int_equal(((wgi_onednn_primitive *)prepared.state)->key.threads, 1);
    wgt_matmul()->destroy(&bench.ctx, &prepared);
    wgi_judge_case_make(&c, &bench, &large, false, false);
    assert_int_equal(wgi_judge_case_prepare(&c, &prepared), WG_OK);
    assert_int_equal(((wgi_onednn_primitive *)prepared.state)->key.threads, 2);
    wgt_matmul()->destroy(&bench.ctx, &prepared);
}

#if defined(WGI_HAVE_OPENMP)

/* The threads of this process; 0 where the system does not tell. */
static int count_threads(void)
{
    int n = 0;
    DIR *tasks = opendir("/proc/self/task");
    if (tasks == NULL) {
        return 0;
    }
    for (const struct dirent *entry = readdir(tasks); entry != NULL; entry = readdir(tasks)) {
        n += entry->d_name[0] != '.';
    }
    closedir(tasks);
    return n;
}

/* Whatever OpenMP would offer. Comes before all that start threads. */
static void test_onednn_keeps_to_its_threads(void **state)
{
    static const wgt_shapes shapes = {2, {200, 200}, 2, {200, 200}, 2, {200, 200}};
    const int before = count_threads();
    const int limit = omp_get_max_threads();
    (void)state;
    if (!wgi_onednn_can_limit_threads() || before == 0) {
        skip();
    }
    omp_set_num_threads(4);
    for (int32_t threads = 1; threads <= 3; threads++) {
        check_values(&shapes, 0, threads);
        assert_int_equal(count_threads(), before + threads - 1);
    }
    omp_set_num_threads(limit);
}

static void test_onednn_leaves_the_thread_count(void **state)
{
    static const wgt_shapes shapes = {2, {64, 64}, 2, {64, 64}, 2, {64, 64}};
    const int before = omp_get_max_threads();
    (void)state;
    for (int count = 1; count <= 3; count++) {
        wgi_judge_case c;
        wgi_judge_case_make(&c, &bench, &shapes, false, true);
        omp_set_num_threads(count);
        wgi_judge_case_fill(&c);
        wgi_judge_case_compute(&c);
        assert_int_equal(omp_get_max_threads(), count);
        wgi_judge_case_free(&c);
    }
    omp_set_num_threads(before);
}

#endif

/* ---- what a kernel leaves as it was ------------------------------------------------------- */

static void test_onednn_leaves_the_rounding_mode(void **state)
{
    static const wgt_shapes shapes = {2, {64, 64}, 2, {64, 64}, 2, {64, 64}};
    static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    wgi_judge_case c;
    (void)state;
    wgi_judge_case_make(&c, &bench, &shapes, false, false);
    wgi_judge_case_fill(&c);
    for (int i = 0; i < N_OF(modes); i++) {
        assert_int_equal(fesetround(modes[i]), 0);
        wgi_judge_case_compute(&c);
        const int after = fegetround();
        assert_int_equal(fesetround(FE_TONEAREST), 0);
        assert_int_equal(after, modes[i]);
    }
    wgi_judge_case_free(&c);
}

static void test_onednn_leaves_the_denormal_flags(void **state)
{
    (void)state;
#if defined(__SSE__)
    static const wgt_shapes shapes = {2, {64, 64}, 2, {64, 64}, 2, {64, 64}};
    static const unsigned int flags[] = {0, 0x8000, 0x0040, 0x8040};
    const unsigned int before = _mm_getcsr();
    wgi_judge_case c;
    wgi_judge_case_make(&c, &bench, &shapes, false, false);
    wgi_judge_case_fill(&c);
    for (int i = 0; i < N_OF(flags); i++) {
        _mm_setcsr((before & ~0x8040u) | flags[i]);
        /* A simulated processor may not have them. */
        if ((_mm_getcsr() & 0x8040u) != flags[i]) {
            continue;
        }
        wgi_judge_case_compute(&c);
        const unsigned int after = _mm_getcsr();
        _mm_setcsr(before);
        assert_int_equal(after & 0x8040u, flags[i]);
    }
    wgi_judge_case_free(&c);
#else
    skip();
#endif
}

/* ---- guards ------------------------------------------------------------------------------- */

static void assert_declined(const wgt_shapes *shapes, const char *reason)
{
    wgi_prepared prepared;
    for (int transposes = 0; transposes < 4; transposes++) {
        wgi_judge_case c;
        wgi_judge_case_make(&c, &bench, shapes, (transposes & 1) != 0, (transposes & 2) != 0);
        const char *given = wgi_judge_case_accepts(&c);
        assert_non_null(given);
        assert_string_equal(given, reason);
        /* prepare asks again, so that no caller gets past the guard. */
        const int64_t n_calls = wgi_dnnl_test.n_calls;
        assert_int_equal(wgi_judge_case_prepare(&c, &prepared), WG_ERR_UNSUPPORTED);
        assert_null(prepared.state);
        assert_int_equal(wgi_dnnl_test.n_calls, n_calls);
    }
}

/* H1: a size 0 kills the process inside the library. */
static void test_onednn_declines_size_zero(void **state)
{
    static const wgt_shapes shapes[] = {
        {2, {0, 64}, 2, {64, 64}, 2, {0, 64}},
        {2, {64, 0}, 2, {0, 64}, 2, {64, 64}},
        {2, {64, 64}, 2, {64, 0}, 2, {64, 0}},
        {2, {0, 0}, 2, {0, 0}, 2, {0, 0}},
        {3, {0, 64, 64}, 2, {64, 64}, 3, {0, 64, 64}},
        {2, {64, 64}, 3, {0, 64, 64}, 3, {0, 64, 64}},
        {3, {5, 64, 0}, 3, {5, 0, 64}, 3, {5, 64, 64}},
        {2, {INT64_C(1) << 62, 0}, 2, {0, 4}, 2, {INT64_C(1) << 62, 4}},
    };
    (void)state;
    for (int i = 0; i < N_OF(shapes); i++) {
        assert_declined(&shapes[i], "a size is 0");
    }
}

/* H2: the library checks no product; 4 * 2^62 elements would be 16 bytes to it. */
static void test_onednn_declines_overflow(void **state)
{
    const int64_t big = INT64_C(1) << 62;
    const int64_t half = INT64_C(1) << 32;
    const wgt_shapes shapes[] = {
        {2, {big, 4}, 2, {4, 64}, 2, {big, 64}},
        {2, {64, big}, 2, {big, 4}, 2, {64, 4}},
        {2, {64, 4}, 2, {4, big}, 2, {64, big}},
        {2, {half, half}, 2, {half, half}, 2, {half, half}},
        {3, {big, 4, 64}, 2, {64, 64}, 3, {big, 4, 64}},
        {2, {INT64_MAX, INT64_MAX}, 2, {INT64_MAX, 1}, 2, {INT64_MAX, 1}},
        {2, {INT64_MAX, 1}, 2, {1, 64}, 2, {INT64_MAX, 64}},
        {2, {-4, 64}, 2, {64, 64}, 2, {-4, 64}},
        {2, {INT64_MIN, 64}, 2, {64, 64}, 2, {INT64_MIN, 64}},
    };
    (void)state;
    for (int i = 0; i < N_OF(shapes); i++) {
        assert_declined(&shapes[i], "sizes do not fit");
    }
}

static void test_onednn_declines_sizes_beyond_int(void **state)
{
    const int64_t big = INT64_C(1) << 31;
    const wgt_shapes shapes[] = {
        {2, {big, 1}, 2, {1, 32}, 2, {big, 32}},
        {2, {32, 1}, 2, {1, big}, 2, {32, big}},
        {2, {1, big}, 2, {big, 1}, 2, {1, 1}},
        {3, {big / 2, 2, 16}, 2, {16, 32}, 3, {big / 2, 2, 32}},
    };
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_declined(&shapes[i], "a size is above 2^31 - 1");
    }
    wgi_judge_case c;
    wgi_judge_case_make(&c, &bench, &shapes[3], false, false);
    assert_string_equal(wgi_judge_case_accepts(&c), "a size is above 2^31 - 1");
}

static void test_onednn_declines_small_products(void **state)
{
    static const wgt_shapes shapes[] = {
        {2, {32, 32}, 2, {32, 31}, 2, {32, 31}},
        {2, {1, 1}, 2, {1, 1}, 2, {1, 1}},
        {3, {100, 16, 16}, 3, {100, 16, 16}, 3, {100, 16, 16}},
    };
    (void)state;
    for (int i = 0; i < N_OF(shapes); i++) {
        assert_declined(&shapes[i], "below 32^3 multiply-adds");
    }
}

static void test_onednn_declines_shapes_that_do_not_fit(void **state)
{
    static const wgt_shapes sizes[] = {
        {2, {64, 64}, 2, {65, 64}, 2, {64, 64}},
        {2, {64, 64}, 2, {64, 64}, 2, {64, 65}},
        {2, {64, 64}, 2, {64, 64}, 2, {65, 64}},
    };
    static const wgt_shapes batches[] = {
        {3, {2, 64, 64}, 3, {3, 64, 64}, 3, {3, 64, 64}},
        {3, {2, 64, 64}, 3, {2, 64, 64}, 3, {1, 64, 64}},
        {3, {2, 64, 64}, 3, {2, 64, 64}, 2, {64, 64}},
        {2, {64, 64}, 2, {64, 64}, 3, {1, 64, 64}},
    };
    (void)state;
    for (int i = 0; i < N_OF(sizes); i++) {
        assert_declined(&sizes[i], "sizes do not fit");
    }
    for (int i = 0; i < N_OF(batches); i++) {
        assert_declined(&batches[i], "batch does not fit");
    }
}

/* Each would pass if sizes alone were read. */
static void test_onednn_declines_ranks(void **state)
{
    static const int64_t row[] = {64};
    static const int64_t nine[9] = {1, 1, 1, 1, 1, 1, 1, 64, 64};
    static const wgt_shapes column = {2, {65536, 1}, 2, {1, 1}, 2, {65536, 1}};
    static const wgt_shapes outer = {2, {1024, 1}, 2, {1, 64}, 2, {1024, 64}};
    static const wgt_shapes square = {2, {64, 64}, 2, {64, 64}, 2, {64, 64}};
    wgi_judge_case c;
    (void)state;
    wgi_judge_case_make(&c, &bench, &column, false, false);
    assert_null(wgi_judge_case_accepts(&c));
    for (int32_t rank = -1; rank <= 0; rank++) {
        c.in[1].rank = rank;
        assert_string_equal(wgi_judge_case_accepts(&c), "sizes do not fit");
    }
    wgi_judge_case_make(&c, &bench, &outer, false, false);
    assert_null(wgi_judge_case_accepts(&c));
    c.in[1].rank = 1;
    c.in[1].dims = row;
    assert_string_equal(wgi_judge_case_accepts(&c), "sizes do not fit");
    wgi_judge_case_make(&c, &bench, &square, false, false);
    c.in[1].rank = 9;
    c.in[1].dims = nine;
    c.out[0].rank = 9;
    c.out[0].dims = nine;
    assert_string_equal(wgi_judge_case_accepts(&c), "sizes do not fit");
}

/* H10: there is no f64 in the library. */
static void test_onednn_declines_other_dtypes(void **state)
{
    static const wgt_shapes shapes = {2, {64, 64}, 2, {64, 64}, 2, {64, 64}};
    wgi_judge_case c;
    (void)state;
    wgi_judge_case_make(&c, &bench, &shapes, false, false);
    assert_null(wgi_judge_case_accepts(&c));
    c.in[0].dtype = WG_F64;
    assert_string_equal(wgi_judge_case_accepts(&c), "f64 has no oneDNN kernel");
    c.in[0].dtype = WGI_DTYPE_WIDE;
    assert_string_equal(wgi_judge_case_accepts(&c), "the dtype is not f32");
    c.in[0].dtype = WG_F32;
    c.in[1].dtype = WG_F64;
    assert_string_equal(wgi_judge_case_accepts(&c), "f64 has no oneDNN kernel");
    c.in[1].dtype = WG_F32;
    c.out[0].dtype = WG_F64;
    assert_string_equal(wgi_judge_case_accepts(&c), "f64 has no oneDNN kernel");
}

/* ---- routes ------------------------------------------------------------------------------- */

/* What the table of routes asks of the context: that the other kernels are there. */
static const wgi_backend stand_in = {.name = "native"};

static const char *reason_beside_native(const wgt_shapes *shapes, int transposes,
                                        bool is_thread_invariant)
{
    wgi_judge_case c;
    wgi_judge_case_make(&c, &bench, shapes, (transposes & 1) != 0, (transposes & 2) != 0);
    c.is_thread_invariant = is_thread_invariant && wgi_onednn_can_limit_threads();
    bench.ctx.backends[0].backend = &stand_in;
    bench.ctx.n_backends = 1;
    const char *reason = wgi_judge_case_accepts(&c);
    bench.ctx.n_backends = 0;
    return reason;
}

static void test_onednn_leaves_vectors_to_native(void **state)
{
    static const wgt_shapes shapes[] = {
        {2, {1, 784}, 2, {784, 128}, 2, {1, 128}},
        {2, {784, 128}, 2, {128, 1}, 2, {784, 1}},
        {2, {784, 1}, 2, {1, 128}, 2, {784, 128}},
    };
    (void)state;
    for (int i = 0; i < 4 * N_OF(shapes); i++) {
        assert_string_equal(reason_beside_native(&shapes[i / 4], i % 4, false),
                            "a vector: native is faster");
    }
}

static void test_onednn_leaves_small_products_to_native(void **state)
{
    static const wgt_shapes small = {2, {34, 34}, 2, {34, 34}, 2, {34, 34}};
    static const wgt_shapes large = {2, {512, 512}, 2, {512, 512}, 2, {512, 512}};
    (void)state;
    assert_string_equal(reason_beside_native(&small, 0, false), "native is faster at these sizes");
    for (int transposes = 0; transposes < 4; transposes++) {
        assert_null(reason_beside_native(&large, transposes, false));
    }
}

/* The native kernel uses all threads for the bits that oneDNN has on one alone. */
static void test_onednn_leaves_invariant_products_to_native(void **state)
{
    static const wgt_shapes large = {2, {512, 512}, 2, {512, 512}, 2, {512, 512}};
    (void)state;
    if (!wgi_onednn_can_limit_threads()) {
        skip();
    }
    assert_string_equal(reason_beside_native(&large, 0, true),
                        "native gives the same bits on any number of threads");
}

/* Native declines these. */
static void test_onednn_keeps_products_whose_batches_cross(void **state)
{
    static const wgt_shapes crossed = {4, {2, 1, 40, 33}, 4, {1, 3, 33, 35}, 4, {2, 3, 40, 35}};
    (void)state;
    assert_null(reason_beside_native(&crossed, 0, false));
    assert_null(reason_beside_native(&crossed, 0, true));
}

static int64_t form_of(wgi_judge_case *c)
{
    wgi_prepared prepared;
    assert_int_equal(wgi_judge_case_prepare(c, &prepared), WG_OK);
    const int64_t form = ((wgi_onednn_primitive *)prepared.state)->key.form;
    wgt_matmul()->destroy(&bench.ctx, &prepared);
    return form;
}

/* Of the three products of a layer's step, and only where they are large. */
static void test_onednn_asks_for_gradients_of_weights_as_such(void **state)
{
    static const wgt_shapes large = {2, {416, 512}, 2, {512, 352}, 2, {416, 352}};
    static const wgt_shapes small = {2, {400, 400}, 2, {400, 400}, 2, {400, 400}};
    static const wgt_shapes many = {3, {2, 416, 512}, 3, {2, 512, 352}, 3, {2, 416, 352}};
    wgi_judge_case c;
    (void)state;
    for (int transposes = 0; transposes < 4; transposes++) {
        wgi_judge_case_make(&c, &bench, &large, (transposes & 1) != 0, (transposes & 2) != 0);
        /* Where the library has plain loops alone for it, it is asked for the product. */
        if (transposes != 1) {
            assert_int_equal(form_of(&c), WGI_ONEDNN_MATMUL);
        } else {
            print_message("form of the gradient of weights: %d\n", (int)form_of(&c));
        }
    }
    wgi_judge_case_make(&c, &bench, &small, true, false);
    assert_int_equal(form_of(&c), WGI_ONEDNN_MATMUL);
    wgi_judge_case_make(&c, &bench, &many, true, false);
    assert_int_equal(form_of(&c), WGI_ONEDNN_MATMUL);
}

/* H4 for that form; what was there before does not matter. */
static void test_onednn_gradients_of_weights_propagate_nan(void **state)
{
    static const wgt_shapes shapes = {2, {416, 512}, 2, {512, 352}, 2, {416, 352}};
    static const float odd[] = {NAN, INFINITY, -INFINITY};
    (void)state;
    for (int i = 0; i < N_OF(odd); i++) {
        wgi_judge_case c;
        wgi_judge_case_make(&c, &bench, &shapes, true, false);
        wgi_judge_case_fill(&c);
        c.a[7 * 416 + 5] = odd[i];
        c.b[7 * 352 + 9] = 0;
        c.b[8 * 352 + 3] = odd[i];
        wgi_judge_case_compute(&c);
        wgi_judge_case_check(&c);
        assert_true(isnan(c.y[5 * 352 + 9]) != 0);
        assert_true(isfinite(c.y[4 * 352 + 2]) != 0);
        wgi_judge_case_free(&c);
    }
}

/* ---- the library as it is: why the guards stand ------------------------------------------- */

static int describe_raw(const dnnl_dims_t sizes)
{
    dnnl_engine_t engine;
    dnnl_primitive_attr_t attr;
    dnnl_primitive_desc_t pd;
    wgi_dnnl_md md[3];
    const dnnl_dims_t pairs[3] = {{sizes[0], sizes[2]}, {sizes[2], sizes[1]}, {sizes[0], sizes[1]}};
    if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success ||
        dnnl_primitive_attr_create(&attr) != dnnl_success) {
        return 2;
    }
    for (int i = 0; i < 3; i++) {
        const dnnl_dims_t strides = {pairs[i][1] > 0 ? pairs[i][1] : 1, 1};
        if (wgi_dnnl_md_make(&md[i], 2, pairs[i], strides, dnnl_f32) != dnnl_success) {
            return 3;
        }
    }
    const bool is_made = wgi_dnnl_matmul_describe(&pd, engine, md, attr) == dnnl_success;
    if (is_made) {
        (void)dnnl_primitive_desc_destroy(pd);
    }
    for (int i = 0; i < 3; i++) {
        (void)wgi_dnnl_md_free(&md[i]);
    }
    (void)dnnl_primitive_attr_destroy(attr);
    (void)dnnl_engine_destroy(engine);
    return is_made ? 0 : 1;
}

/* In a child, before this process has started a thread. */
static int status_of_child(const dnnl_dims_t sizes)
{
    int status = 0;
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGFPE, SIG_DFL);
        signal(SIGSEGV, SIG_DFL);
        signal(SIGALRM, SIG_DFL);
        alarm(20);
        _exit(describe_raw(sizes));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static bool has_avx512(void)
{
    return dnnl_get_effective_cpu_isa() >= dnnl_cpu_isa_avx512_core;
}

/* H1, as the library does it: 2.x dies on AVX-512. Other versions are told of, not judged. */
static void test_onednn_library_and_size_zero(void **state)
{
    const dnnl_dims_t sizes = {64, 64, 0};
    const int status = status_of_child(sizes);
    (void)state;
    print_message("oneDNN %d.%d.%d, k = 0: %s %d\n", DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR,
                  DNNL_VERSION_PATCH, WIFSIGNALED(status) ? "signal" : "exit",
                  WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    if (DNNL_VERSION_MAJOR == 2 && has_avx512()) {
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGFPE);
    }
}

/* H2, as the library does it: a descriptor of 2^64 elements is taken for one of 16 bytes. */
static void test_onednn_library_and_overflow(void **state)
{
    const dnnl_dims_t dims = {INT64_C(1) << 62, 4, 1};
    const dnnl_dims_t strides = {4, 1, 1};
    wgi_dnnl_md md;
    (void)state;
    const dnnl_status_t status = wgi_dnnl_md_make(&md, 3, dims, strides, dnnl_f32);
    if (status == dnnl_success) {
        const size_t bytes = dnnl_memory_desc_get_size(wgi_dnnl_md_see(&md));
        print_message("2^62 x 4 x 1 is accepted, of %zu bytes\n", bytes);
        assert_int_equal(wgi_dnnl_md_free(&md), dnnl_success);
    } else {
        print_message("2^62 x 4 x 1 is refused with %d\n", (int)status);
    }
    if (DNNL_VERSION_MAJOR == 2) {
        assert_int_equal(status, dnnl_success);
    }
}

/* That the runs with a limited instruction set are what they say. */
static void test_onednn_obeys_the_instruction_set(void **state)
{
    const char *wanted = getenv("DNNL_MAX_CPU_ISA");
    const int isa = (int)dnnl_get_effective_cpu_isa();
    (void)state;
    print_message("DNNL_MAX_CPU_ISA=%s: %d\n", wanted != NULL ? wanted : "", isa);
    if (wanted != NULL && strcmp(wanted, "SSE41") == 0) {
        assert_int_equal(isa, (int)dnnl_cpu_isa_sse41);
    }
    if (wanted != NULL && strcmp(wanted, "AVX2") == 0) {
        assert_true(isa <= (int)dnnl_cpu_isa_avx2);
    }
}

int main(void)
{
    /* The first one forks, so it comes before the first thread. */
    const struct CMUnitTest library[] = {
        cmocka_unit_test(test_onednn_library_and_size_zero),
        cmocka_unit_test(test_onednn_library_and_overflow),
        cmocka_unit_test(test_onednn_obeys_the_instruction_set),
    };
    const struct CMUnitTest tests[] = {
#if defined(WGI_HAVE_OPENMP)
        cmocka_unit_test_setup_teardown(test_onednn_keeps_to_its_threads, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_leaves_the_thread_count, start, finish),
#endif
        cmocka_unit_test_setup_teardown(test_onednn_plain_products, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_batched_products, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_nan_and_infinity_propagate, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_repeats_bit_for_bit, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_thread_invariant, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_threads_by_size, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_leaves_the_rounding_mode, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_leaves_the_denormal_flags, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_declines_size_zero, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_declines_overflow, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_declines_sizes_beyond_int, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_declines_small_products, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_declines_shapes_that_do_not_fit, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_declines_ranks, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_declines_other_dtypes, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_leaves_vectors_to_native, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_leaves_small_products_to_native, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_leaves_invariant_products_to_native, start,
                                        finish),
        cmocka_unit_test_setup_teardown(test_onednn_keeps_products_whose_batches_cross, start,
                                        finish),
        cmocka_unit_test_setup_teardown(test_onednn_asks_for_gradients_of_weights_as_such, start,
                                        finish),
        cmocka_unit_test_setup_teardown(test_onednn_gradients_of_weights_propagate_nan, start,
                                        finish),
    };
    return cmocka_run_group_tests(library, NULL, NULL) + cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
