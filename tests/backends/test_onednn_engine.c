/* oneDNN's primitives: how plans share them, and what becomes of calls that fail.
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

#include <stdlib.h>
#include <string.h>

#define N_OF(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Large enough that it wants a scratchpad wherever the library uses one for such operands. */
static const wgt_shapes shapes = {2, {96, 80}, 2, {80, 64}, 2, {96, 64}};

static wgt_bench bench;

static int reset(void **state)
{
    (void)state;
    memset(&wgi_dnnl_test, 0, sizeof wgi_dnnl_test);
    return 0;
}

static int start(void **state)
{
    reset(state);
    return wgt_bench_open(&bench) == WG_OK ? 0 : -1;
}

static int finish(void **state)
{
    (void)state;
    return wgt_bench_close(&bench) ? 0 : -1;
}

/* ---- sharing ------------------------------------------------------------------------------ */

static size_t shared_bytes(void)
{
    return wgi_onednn_backend.shared_bytes(bench.state);
}

static void destroy(wgi_prepared *prepared)
{
    wgt_matmul()->destroy(&bench.ctx, prepared);
}

static void test_onednn_engine_shares_primitives(void **state)
{
    wgi_judge_case c;
    wgi_prepared first;
    wgi_prepared second;
    (void)state;
    wgi_judge_case_make(&c, &bench, &shapes, false, true);
    assert_int_equal(shared_bytes(), 0);
    assert_int_equal(wgi_judge_case_prepare(&c, &first), WG_OK);
    const size_t bytes = shared_bytes();
    assert_true(bytes >= WGI_DNNL_PRIMITIVE_BYTES);
    const int64_t n_calls = wgi_dnnl_test.n_calls;
    assert_int_equal(wgi_judge_case_prepare(&c, &second), WG_OK);
    assert_int_equal(wgi_dnnl_test.n_calls, n_calls);
    assert_ptr_equal(first.state, second.state);
    assert_int_equal(shared_bytes(), bytes);
    destroy(&first);
    assert_int_equal(shared_bytes(), bytes);
    wgi_judge_case_fill(&c);
    assert_int_equal(wgi_judge_case_run(&c, &second), WG_OK);
    wgi_judge_case_check(&c);
    destroy(&second);
    assert_int_equal(shared_bytes(), 0);
    destroy(&second);
    wgi_judge_case_free(&c);
}

/* Equal products under different names are one: merged batches, a batch that is more rows. */
static void test_onednn_engine_shares_across_forms(void **state)
{
    static const wgt_shapes forms[] = {
        {2, {192, 80}, 2, {80, 64}, 2, {192, 64}},
        {3, {2, 96, 80}, 2, {80, 64}, 3, {2, 96, 64}},
        {4, {2, 3, 32, 80}, 4, {1, 1, 80, 64}, 4, {2, 3, 32, 64}},
    };
    wgi_prepared prepared[N_OF(forms)];
    (void)state;
    for (int i = 0; i < N_OF(forms); i++) {
        wgi_judge_case c;
        wgi_judge_case_make(&c, &bench, &forms[i], false, true);
        assert_int_equal(wgi_judge_case_prepare(&c, &prepared[i]), WG_OK);
        assert_ptr_equal(prepared[i].state, prepared[0].state);
    }
    for (int i = 0; i < N_OF(forms); i++) {
        destroy(&prepared[i]);
    }
}

/* A transposed vector is the same memory. */
static void test_onednn_engine_shares_transposed_vectors(void **state)
{
    static const wgt_shapes vectors[] = {
        {2, {1, 784}, 2, {784, 128}, 2, {1, 128}},
        {2, {784, 128}, 2, {128, 1}, 2, {784, 1}},
        {2, {300, 1}, 2, {1, 300}, 2, {300, 300}},
    };
    (void)state;
    for (int i = 0; i < N_OF(vectors); i++) {
        wgi_judge_case c;
        wgi_prepared plain;
        wgi_prepared transposed;
        wgi_judge_case_make(&c, &bench, &vectors[i], false, false);
        assert_int_equal(wgi_judge_case_prepare(&c, &plain), WG_OK);
        wgi_judge_case_make(&c, &bench, &vectors[i], i != 1, i != 0);
        assert_int_equal(wgi_judge_case_prepare(&c, &transposed), WG_OK);
        assert_ptr_equal(plain.state, transposed.state);
        destroy(&plain);
        destroy(&transposed);
    }
}

static void test_onednn_engine_separates_what_differs(void **state)
{
    enum {
        N = 4 + 1
    };
    wgi_prepared prepared[N];
    wgi_judge_case c;
    (void)state;
    for (int i = 0; i < N; i++) {
        wgi_judge_case_make(&c, &bench, &shapes, (i & 1) != 0, (i & 2) != 0);
        c.threads = i < 4 ? 2 : 3;
        assert_int_equal(wgi_judge_case_prepare(&c, &prepared[i]), WG_OK);
        for (int j = 0; j < i; j++) {
            assert_ptr_not_equal(prepared[i].state, prepared[j].state);
        }
    }
    /* Freed from the middle, the others stay to be found. */
    destroy(&prepared[2]);
    wgi_judge_case_make(&c, &bench, &shapes, true, false);
    assert_int_equal(wgi_judge_case_prepare(&c, &prepared[2]), WG_OK);
    assert_ptr_equal(prepared[2].state, prepared[1].state);
    for (int i = 0; i < N; i++) {
        destroy(&prepared[i]);
    }
    assert_int_equal(shared_bytes(), 0);
}

/* More primitives than buckets, so that chains form, freed in another order. */
static void test_onednn_engine_holds_many(void **state)
{
    enum {
        N = 600
    };
    wgi_prepared *prepared = calloc(N, sizeof *prepared);
    (void)state;
    assert_non_null(prepared);
    for (int i = 0; i < N; i++) {
        const int64_t m = 40 + i;
        const wgt_shapes s = {2, {m, 32}, 2, {32, 32}, 2, {m, 32}};
        wgi_judge_case c;
        wgi_judge_case_make(&c, &bench, &s, false, false);
        assert_int_equal(wgi_judge_case_prepare(&c, &prepared[i]), WG_OK);
    }
    for (int i = 0; i < N; i++) {
        const int at = i * 7 % N;
        assert_int_equal(((wgi_onednn_primitive *)prepared[at].state)->key.dims[0][0], 40 + at);
        destroy(&prepared[at]);
    }
    assert_int_equal(shared_bytes(), 0);
    free(prepared);
}

/* H9: large buffers are the plan's. On AVX-512 the library packs a transposed operand. */
static void test_onednn_engine_scratch_is_ours(void **state)
{
    wgi_judge_case c;
    wgi_prepared prepared;
    (void)state;
    wgi_judge_case_make(&c, &bench, &shapes, false, true);
    assert_int_equal(wgi_judge_case_prepare(&c, &prepared), WG_OK);
    if (dnnl_get_effective_cpu_isa() >= dnnl_cpu_isa_avx512_core) {
        assert_true(prepared.scratch_bytes >= (size_t)80 * 64 * sizeof(float));
    }
    const wgi_onednn_primitive *p = prepared.state;
    assert_int_equal(p->memory[WGI_ONEDNN_OPERANDS] != NULL, prepared.scratch_bytes > 0);
    destroy(&prepared);
}

/* Strides that only plain loops of the library serve: refused, which is no failure. */
static void test_onednn_engine_refuses_reference_loops(void **state)
{
    wgi_onednn_primitive *p = NULL;
    wgi_onednn_key key;
    (void)state;
    memset(&key, 0, sizeof key);
    key.threads = 2;
    key.rank = 2;
    for (int i = 0; i < WGI_ONEDNN_OPERANDS; i++) {
        key.dims[i][0] = 64;
        key.dims[i][1] = 64;
        key.strides[i][0] = 128;
        key.strides[i][1] = 2;
    }
    assert_int_equal(wgi_onednn_acquire(bench.state, &key, &p), WG_ERR_UNSUPPORTED);
    assert_null(p);
    assert_int_equal(shared_bytes(), 0);
}

/* ---- failures ----------------------------------------------------------------------------- */

static const dnnl_status_t statuses[] = {dnnl_out_of_memory, dnnl_invalid_arguments,
                                         dnnl_unimplemented, dnnl_runtime_error, dnnl_not_required};

/* The call number `at` from now on fails. */
static void deny(int64_t at, dnnl_status_t status)
{
    wgi_dnnl_test.n_calls = 0;
    wgi_dnnl_test.fail_at = at;
    wgi_dnnl_test.status = status;
}

/* Whether the call to fail was reached; nothing fails from now on. */
static bool was_denied(void)
{
    const bool was = wgi_dnnl_test.n_calls >= wgi_dnnl_test.fail_at;
    wgi_dnnl_test.fail_at = 0;
    return was;
}

/* Returns the number of calls that opening makes. */
static int64_t deny_each_of_open(dnnl_status_t status)
{
    for (int64_t at = 1;; at++) {
        deny(at, status);
        const wg_status opened = wgt_bench_open(&bench);
        if (!was_denied()) {
            assert_int_equal(opened, WG_OK);
            assert_true(wgt_bench_close(&bench));
            return at - 1;
        }
        assert_int_equal(opened, WG_ERR_ENGINE);
        assert_null(bench.state);
        assert_true(wgt_bench_close(&bench));
    }
}

static void test_onednn_engine_open_fails_at_each_call(void **state)
{
    (void)state;
    for (int i = 0; i < N_OF(statuses); i++) {
        assert_int_equal(deny_each_of_open(statuses[i]), 4);
    }
}

/* A refusal by the library is one; whatever else goes wrong is a failure. */
static wg_status expected(dnnl_status_t status)
{
    return status == dnnl_unimplemented ? WG_ERR_UNSUPPORTED : WG_ERR_ENGINE;
}

static int64_t deny_each_of_prepare(const wgi_judge_case *c, dnnl_status_t status)
{
    for (int64_t at = 1;; at++) {
        wgi_prepared prepared;
        const int64_t n_live = wgi_dnnl_test.n_live;
        const size_t n_blocks = bench.allocator.n_live;
        deny(at, status);
        const wg_status answer = wgi_judge_case_prepare(c, &prepared);
        if (!was_denied()) {
            assert_int_equal(answer, WG_OK);
            destroy(&prepared);
            return at - 1;
        }
        assert_int_equal(answer, expected(status));
        assert_null(prepared.state);
        assert_int_equal(wgi_dnnl_test.n_live, n_live);
        assert_int_equal(bench.allocator.n_live, n_blocks);
        assert_int_equal(shared_bytes(), 0);
    }
}

/* Three descriptors, the description, two queries, the primitive and three memory objects at least;
 * a fourth one where there is a scratchpad. */
static void test_onednn_engine_prepare_fails_at_each_call(void **state)
{
    (void)state;
    for (int i = 0; i < 4 * N_OF(statuses); i++) {
        wgi_judge_case c;
        wgi_judge_case_make(&c, &bench, &shapes, (i & 1) != 0, (i & 2) != 0);
        const int64_t n_calls = deny_each_of_prepare(&c, statuses[i / 4]);
        assert_in_range(n_calls, 10, 11);
    }
}

static const wgt_shapes weights = {2, {416, 512}, 2, {512, 352}, 2, {416, 352}};

/* A gradient of weights: one description more, for the hint. */
static void test_onednn_engine_prepare_of_weights_fails_at_each_call(void **state)
{
    (void)state;
    wgi_judge_case c;
    wgi_judge_case_make(&c, &bench, &weights, true, false);
    for (int i = 0; i < N_OF(statuses); i++) {
        if (statuses[i] != dnnl_unimplemented) {
            assert_in_range(deny_each_of_prepare(&c, statuses[i]), 10, 12);
        }
    }
}

/* What the library has nothing for in that form, it is asked for as a product. */
static void test_onednn_engine_falls_back_to_the_product(void **state)
{
    (void)state;
    wgi_judge_case c;
    wgi_prepared prepared;
    wgi_judge_case_make(&c, &bench, &weights, true, false);
    wgi_judge_case_fill(&c);
    deny(4, dnnl_unimplemented);
    assert_int_equal(wgi_judge_case_prepare(&c, &prepared), WG_OK);
    assert_int_equal(((wgi_onednn_primitive *)prepared.state)->key.form, WGI_ONEDNN_MATMUL);
    assert_int_equal(wgi_judge_case_run(&c, &prepared), WG_OK);
    wgi_judge_case_check(&c);
    destroy(&prepared);
    wgi_judge_case_free(&c);
}

/* Makes the next run set every pointer, as one on operands elsewhere does. */
static void forget_data(const wgi_prepared *prepared)
{
    wgi_onednn_primitive *p = prepared->state;
    memset(p->data, 0, sizeof p->data);
}

static int64_t deny_each_of_run(const wgi_judge_case *c, const wgi_prepared *prepared,
                                dnnl_status_t status)
{
    for (int64_t at = 1;; at++) {
        const int64_t n_live = wgi_dnnl_test.n_live;
        forget_data(prepared);
        deny(at, status);
        const wg_status answer = wgi_judge_case_run(c, prepared);
        assert_int_equal(wgi_dnnl_test.n_live, n_live);
        if (!was_denied()) {
            assert_int_equal(answer, WG_OK);
            return at - 1;
        }
        assert_int_equal(answer, WG_ERR_ENGINE);
    }
}

/* After every failure the same step runs on, with the same bits. */
static void test_onednn_engine_run_fails_at_each_call(void **state)
{
    wgi_judge_case c;
    wgi_prepared prepared;
    const size_t bytes = (size_t)96 * 64 * sizeof(float);
    float *first = malloc(bytes);
    (void)state;
    assert_non_null(first);
    wgi_judge_case_make(&c, &bench, &shapes, false, true);
    wgi_judge_case_fill(&c);
    assert_int_equal(wgi_judge_case_prepare(&c, &prepared), WG_OK);
    assert_int_equal(wgi_judge_case_run(&c, &prepared), WG_OK);
    wgi_judge_case_check(&c);
    memcpy(first, c.y, bytes);
    for (int i = 0; i < N_OF(statuses); i++) {
        memset(c.y, 0xff, bytes);
        assert_in_range(deny_each_of_run(&c, &prepared, statuses[i]), 5, 6);
        assert_memory_equal(c.y, first, bytes);
    }
    destroy(&prepared);
    wgi_judge_case_free(&c);
    free(first);
}

/* Pointers are set where operands have moved, and only there. */
static void test_onednn_engine_run_follows_operands_that_move(void **state)
{
    wgi_judge_case c;
    wgi_judge_case other;
    wgi_prepared prepared;
    (void)state;
    wgi_judge_case_make(&c, &bench, &shapes, false, false);
    wgi_judge_case_make(&other, &bench, &shapes, false, false);
    wgi_judge_case_fill(&c);
    wgi_judge_case_fill(&other);
    other.a[0] = 100.0F;
    assert_int_equal(wgi_judge_case_prepare(&c, &prepared), WG_OK);
    for (int i = 0; i < 4; i++) {
        const wgi_judge_case *now = i % 2 == 0 ? &c : &other;
        assert_int_equal(wgi_judge_case_run(now, &prepared), WG_OK);
        wgi_judge_case_check(now);
        const int64_t n_calls = wgi_dnnl_test.n_calls;
        assert_int_equal(wgi_judge_case_run(now, &prepared), WG_OK);
        assert_in_range(wgi_dnnl_test.n_calls - n_calls, 2, 3);
    }
    destroy(&prepared);
    wgi_judge_case_free(&other);
    wgi_judge_case_free(&c);
}

static void test_onednn_engine_open_out_of_memory(void **state)
{
    void *opened = &bench;
    (void)state;
    wgt_allocator_start(&bench.allocator);
    bench.ctx.memory = wgt_allocator_hooks(&bench.allocator);
    wgt_allocator_fail(&bench.allocator, 1, true);
    assert_int_equal(wgi_onednn_backend.open(&bench.ctx, &opened), WG_ERR_MEMORY);
    assert_null(opened);
    assert_int_equal(wgi_dnnl_test.n_calls, 0);
    assert_true(wgt_allocator_is_clean(&bench.allocator));
    wgi_onednn_backend.close(&bench.ctx, NULL);
    assert_int_equal(wgi_onednn_backend.shared_bytes(NULL), 0);
}

static void test_onednn_engine_prepare_out_of_memory(void **state)
{
    wgi_judge_case c;
    wgi_prepared prepared;
    (void)state;
    wgi_judge_case_make(&c, &bench, &shapes, false, false);
    wgt_allocator_fail(&bench.allocator, 1, false);
    assert_int_equal(wgi_judge_case_prepare(&c, &prepared), WG_ERR_MEMORY);
    assert_null(prepared.state);
    assert_int_equal(bench.allocator.n_failed, 1);
    assert_int_equal(shared_bytes(), 0);
    wgi_judge_case_fill(&c);
    wgi_judge_case_compute(&c);
    wgi_judge_case_check(&c);
    wgi_judge_case_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_onednn_engine_shares_primitives, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_engine_shares_across_forms, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_engine_shares_transposed_vectors, start,
                                        finish),
        cmocka_unit_test_setup_teardown(test_onednn_engine_separates_what_differs, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_engine_holds_many, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_engine_scratch_is_ours, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_engine_refuses_reference_loops, start, finish),
        cmocka_unit_test_setup(test_onednn_engine_open_fails_at_each_call, reset),
        cmocka_unit_test_setup_teardown(test_onednn_engine_prepare_fails_at_each_call, start,
                                        finish),
        cmocka_unit_test_setup_teardown(test_onednn_engine_prepare_of_weights_fails_at_each_call,
                                        start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_engine_falls_back_to_the_product, start,
                                        finish),
        cmocka_unit_test_setup_teardown(test_onednn_engine_run_fails_at_each_call, start, finish),
        cmocka_unit_test_setup_teardown(test_onednn_engine_run_follows_operands_that_move, start,
                                        finish),
        cmocka_unit_test_setup(test_onednn_engine_open_out_of_memory, reset),
        cmocka_unit_test_setup_teardown(test_onednn_engine_prepare_out_of_memory, start, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
