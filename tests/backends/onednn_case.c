/* A product for the tests of the oneDNN backend.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Operands and results end where a page begins that nobody may touch, so that a read beyond an
 * operand, which may be memory that a user lent, is seen. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "onednn_case.h"

#include "core/memory.h"

#include "support/cmocka_all.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define GUARD_BYTES ((size_t)256)
#define GUARD 0xA5

static const wgi_op matmul_op = {.name = "matmul"};

/* ---- the bench ---------------------------------------------------------------------------- */

wg_status wgt_bench_open(wgt_bench *bench)
{
    memset(&bench->ctx, 0, sizeof bench->ctx);
    wgt_allocator_start(&bench->allocator);
    bench->ctx.memory = wgt_allocator_hooks(&bench->allocator);
    bench->ctx.threads = 2;
    return wgi_onednn_backend.open(&bench->ctx, &bench->state);
}

bool wgt_bench_close(wgt_bench *bench)
{
    wgi_onednn_backend.close(&bench->ctx, bench->state);
    const bool is_clean = wgt_allocator_is_clean(&bench->allocator) && wgi_dnnl_test.n_live == 0;
    wgt_allocator_finish(&bench->allocator);
    return is_clean;
}

/* ---- the case ----------------------------------------------------------------------------- */

static void swap_last_two(int32_t rank, int64_t *dims)
{
    const int64_t last = dims[rank - 1];
    dims[rank - 1] = dims[rank - 2];
    dims[rank - 2] = last;
}

/* The count is left 0 where it does not fit: the kernel is not to trust it. */
static wgi_view view_of(int32_t rank, const int64_t *dims)
{
    wgi_type type;
    wgi_view view = {.dtype = WG_F32, .rank = rank, .dims = dims};
    if (wgi_type_make(WG_F32, rank, dims, &type) == WG_OK) {
        view.count = type.count;
    }
    return view;
}

void wgi_judge_case_make(wgi_judge_case *c, wgt_bench *bench, const wgt_shapes *shapes,
                         bool is_a_transposed, bool is_b_transposed)
{
    memset(c, 0, sizeof *c);
    c->bench = bench;
    c->shapes = *shapes;
    c->attr.is_a_transposed = is_a_transposed;
    c->attr.is_b_transposed = is_b_transposed;
    c->threads = 2;
    if (is_a_transposed) {
        swap_last_two(shapes->a_rank, c->shapes.a);
    }
    if (is_b_transposed) {
        swap_last_two(shapes->b_rank, c->shapes.b);
    }
    c->in[0] = view_of(shapes->a_rank, c->shapes.a);
    c->in[1] = view_of(shapes->b_rank, c->shapes.b);
    c->out[0] = view_of(shapes->y_rank, c->shapes.y);
}

/* The sum of four uniform draws, of mean 0 and variance 1. */
static float noise(uint64_t *state)
{
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        sum += (double)(*state >> 40) / (double)(1 << 24) - 0.5;
    }
    return (float)(sum * sqrt(3.0));
}

/* The bytes that stand before the page nobody may touch: whole pages. */
static size_t readable_bytes(int64_t count)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return ((size_t)count * sizeof(float) + page - 1) / page * page;
}

/* Aligned to 16 bytes, which is all that kernels are promised. */
static float *fresh(int64_t count)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t readable = readable_bytes(count);
    const size_t bytes = ((size_t)count * sizeof(float) + 15) / 16 * 16;
    char *pages =
        mmap(NULL, readable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(pages != MAP_FAILED);
    assert_int_equal(mprotect(pages + readable, page, PROT_NONE), 0);
    return (float *)(void *)(pages + readable - bytes);
}

static void unmap(float *data, int64_t count)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (data != NULL) {
        char *pages = (char *)data - (uintptr_t)data % page;
        assert_int_equal(munmap(pages, readable_bytes(count) + page), 0);
    }
}

void wgi_judge_case_fill(wgi_judge_case *c)
{
    uint64_t state = WGT_SEED;
    c->a = fresh(c->in[0].count);
    c->b = fresh(c->in[1].count);
    c->y = fresh(c->out[0].count);
    for (int64_t i = 0; i < c->in[0].count; i++) {
        c->a[i] = noise(&state);
    }
    for (int64_t i = 0; i < c->in[1].count; i++) {
        c->b[i] = noise(&state);
    }
    for (int64_t i = 0; i < c->out[0].count; i++) {
        c->y[i] = NAN;
    }
    c->has_data = true;
}

void wgi_judge_case_free(wgi_judge_case *c)
{
    unmap(c->a, c->in[0].count);
    unmap(c->b, c->in[1].count);
    unmap(c->y, c->out[0].count);
    memset(c, 0, sizeof *c);
}

/* ---- the kernel --------------------------------------------------------------------------- */

int32_t wgt_fewest_threads(void)
{
    return wgi_onednn_can_limit_threads() ? 1 : 2;
}

const wgi_kernel *wgt_matmul(void)
{
    const wgi_kernel *k = wgi_onednn_backend.kernels;
    while (strcmp(k->name, "onednn.matmul") != 0) {
        k++;
    }
    return k;
}

wgi_problem wgi_judge_case_problem(const wgi_judge_case *c)
{
    return (wgi_problem){
        .ctx = &c->bench->ctx,
        .backend = c->bench->state,
        .op = &matmul_op,
        .n_in = 2,
        .n_out = 1,
        .in = c->in,
        .out = c->out,
        .attr = &c->attr,
        .threads = c->threads,
        .is_thread_invariant = c->is_thread_invariant,
    };
}

const char *wgi_judge_case_accepts(const wgi_judge_case *c)
{
    const wgi_problem problem = wgi_judge_case_problem(c);
    return wgt_matmul()->accepts(&problem);
}

wg_status wgi_judge_case_prepare(const wgi_judge_case *c, wgi_prepared *out)
{
    const wgi_problem problem = wgi_judge_case_problem(c);
    return wgt_matmul()->prepare(&problem, out);
}

static void check_guard(const unsigned char *guard)
{
    for (size_t i = 0; i < GUARD_BYTES; i++) {
        assert_int_equal(guard[i], GUARD);
    }
}

wg_status wgi_judge_case_run(const wgi_judge_case *c, const wgi_prepared *prepared)
{
    wgi_fault fault = {.status = WG_OK};
    wgi_view in[2] = {c->in[0], c->in[1]};
    wgi_view out[1] = {c->out[0]};
    const size_t bytes = (2 * GUARD_BYTES + prepared->scratch_bytes + 63) / 64 * 64;
    unsigned char *scratch = aligned_alloc(64, bytes);
    assert_non_null(scratch);
    memset(scratch, GUARD, bytes);
    in[0].data = c->a;
    in[1].data = c->b;
    out[0].data = c->y;
    const wgi_args args = {
        .in = in,
        .out = out,
        .n_in = 2,
        .n_out = 1,
        .attr = &c->attr,
        .scratch = scratch + GUARD_BYTES,
        .fault = &fault,
    };
    const size_t n_calls = c->bench->allocator.n_calls;
    const wg_status status = wgt_matmul()->run(prepared, &args);
    assert_int_equal(c->bench->allocator.n_calls, n_calls);
    check_guard(scratch);
    check_guard(scratch + GUARD_BYTES + prepared->scratch_bytes);
    free(scratch);
    return status;
}

void wgi_judge_case_compute(const wgi_judge_case *c)
{
    wgi_prepared prepared;
    assert_null(wgi_judge_case_accepts(c));
    assert_int_equal(wgi_judge_case_prepare(c, &prepared), WG_OK);
    assert_int_equal(wgi_judge_case_run(c, &prepared), WG_OK);
    wgt_matmul()->destroy(&c->bench->ctx, &prepared);
    assert_null(prepared.state);
}

/* ---- the truth ---------------------------------------------------------------------------- */

/* The number of an operand's matrix that belongs to the result's matrix number `batch`. */
static int64_t matrix_of(const wgi_view *x, const wgi_view *y, int64_t batch)
{
    int64_t index = 0;
    int64_t stride = 1;
    for (int32_t i = 2; i < y->rank; i++) {
        const int64_t size = y->dims[y->rank - 1 - i];
        const int64_t own = i < x->rank ? x->dims[x->rank - 1 - i] : 1;
        index += (own == 1 ? 0 : batch % size) * stride;
        stride *= own;
        batch /= size;
    }
    return index;
}

/* One operand's element: stored rows x columns, read swapped where it is transposed. */
typedef struct matrix {
    const float *data;
    int64_t row;
    int64_t column;
} matrix;

static matrix matrix_at(const float *data, int64_t number, int64_t rows, int64_t columns,
                        bool is_transposed)
{
    return (matrix){
        .data = data + number * rows * columns,
        .row = is_transposed ? 1 : columns,
        .column = is_transposed ? rows : 1,
    };
}

/* Any order of summation errs by at most k eps / (1 - k eps) times the sum of the magnitudes
 * (Higham, Accuracy and Stability of Numerical Algorithms, 3.1); NaN and infinities are as true. */
static void check_element(float y, double sum, double magnitude, int64_t k)
{
    const double k_eps = (double)k * FLT_EPSILON;
    if (isnan(sum)) {
        assert_true(isnan(y));
    } else if (isinf(sum)) {
        assert_true(isinf(y) && (y > 0) == (sum > 0));
    } else {
        assert_true(fabs((double)y - sum) <= k_eps / (1 - k_eps) * magnitude);
    }
}

static void check_dot(float y, const matrix *a, const matrix *b, int64_t k)
{
    double sum = 0;
    double magnitude = 0;
    for (int64_t i = 0; i < k; i++) {
        const double term = (double)a->data[i * a->column] * (double)b->data[i * b->row];
        sum += term;
        magnitude += fabs(term);
    }
    check_element(y, sum, magnitude, k);
}

static void check_matrix(const float *y, const matrix *a, const matrix *b, const int64_t mnk[3])
{
    for (int64_t i = 0; i < mnk[0]; i++) {
        for (int64_t j = 0; j < mnk[1]; j++) {
            const matrix row = {a->data + i * a->row, a->row, a->column};
            const matrix column = {b->data + j * b->column, b->row, b->column};
            check_dot(y[i * mnk[1] + j], &row, &column, mnk[2]);
        }
    }
}

void wgi_judge_case_check(const wgi_judge_case *c)
{
    const wgi_view *y = &c->out[0];
    const int64_t *a_dims = &c->in[0].dims[c->in[0].rank - 2];
    const int64_t m = y->dims[y->rank - 2];
    const int64_t n = y->dims[y->rank - 1];
    const int64_t k = a_dims[c->attr.is_a_transposed ? 0 : 1];
    const int64_t mnk[3] = {m, n, k};
    for (int64_t i = 0; i < y->count / (m * n); i++) {
        const matrix a = matrix_at(c->a, matrix_of(&c->in[0], y, i), m, k, c->attr.is_a_transposed);
        const matrix b = matrix_at(c->b, matrix_of(&c->in[1], y, i), k, n, c->attr.is_b_transposed);
        check_matrix(c->y + i * m * n, &a, &b, mnk);
    }
}
