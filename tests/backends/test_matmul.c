/* The native matmul against its contract, bit for bit, under the instruction set that WENGERT_ISA
 * names.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Operands end where a page begins that nobody may touch, so that a read beyond one, which may be
 * memory that a user lent, is seen. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "support/plain_context.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <wengert/tensor.h>

#include "backends/native/native.h"
#include "core/dtype.h"
#include "ops/params.h"
#include "ops/table.h"

#define SEED UINT64_C(5)

/* What CTest counts as skipped. */
#define SKIPPED 77

/* What kernels must leave alone. */
#define GUARD 12345.0
#define N_GUARDS ((int64_t)8)

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

static const int dtypes[2] = {WG_F32, WG_F64};

static wgt_plain base;
static wgi_native *native;

static double rounded(int dtype, double x)
{
    return dtype == WG_F32 ? (double)(float)x : x;
}

/* ---- arrays ------------------------------------------------------------------------------- */

static size_t bytes_of(int dtype, int64_t n)
{
    return (size_t)n * (dtype == WG_F32 ? sizeof(float) : sizeof(double));
}

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t in_pages(size_t bytes)
{
    return (bytes + page_bytes() - 1) / page_bytes() * page_bytes();
}

/* n elements that end, but for less than 16 bytes, before the forbidden page. */
static void *map_operand(int dtype, int64_t n, const double *values)
{
    const size_t bytes = (bytes_of(dtype, n) + 15) / 16 * 16;
    char *pages = mmap(NULL, in_pages(bytes) + page_bytes(), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(pages != MAP_FAILED);
    assert_int_equal(mprotect(pages + in_pages(bytes), page_bytes(), PROT_NONE), 0);
    void *data = pages + in_pages(bytes) - bytes;
    for (int64_t i = 0; i < n; i++) {
        wgi_store_double(dtype, data, i, values[i]);
    }
    return data;
}

static void unmap_operand(int dtype, int64_t n, void *data)
{
    const size_t bytes = (bytes_of(dtype, n) + 15) / 16 * 16;
    char *pages = (char *)data + bytes - in_pages(bytes);
    assert_int_equal(munmap(pages, in_pages(bytes) + page_bytes()), 0);
}

/* n guards and more. */
static void *new_result(int dtype, int64_t n)
{
    void *data = NULL;
    assert_int_equal(posix_memalign(&data, 64, bytes_of(dtype, n + N_GUARDS)), 0);
    for (int64_t i = 0; i < n + N_GUARDS; i++) {
        wgi_store_double(dtype, data, i, GUARD);
    }
    return data;
}

static void expect_guards(int dtype, const void *data, int64_t n)
{
    for (int64_t i = n; i < n + N_GUARDS; i++) {
        assert_true(wgi_load_double(dtype, data, i) == GUARD);
    }
}

/* Numbers of dtype; one in eight is special when has_specials. */
static void draw(wg_rng *rng, int dtype, bool has_specials, int64_t n, double *out)
{
    const double specials[8] = {0.0,         -0.0,     (double)INFINITY, -(double)INFINITY,
                                (double)NAN, 0x1p-149, -0x1.fffffep127,  0x1p-126};
    for (int64_t i = 0; i < n; i++) {
        const uint64_t pick = wg_rng_below(rng, 64);
        out[i] = rounded(dtype, wg_rng_normal(rng));
        if (has_specials && pick < 8) {
            out[i] = specials[pick];
        }
    }
}

/* ---- products ----------------------------------------------------------------------------- */

static const wgi_kernel *matmul(void)
{
    for (int32_t i = 0; i < wgi_native_backend.n_kernels; i++) {
        const char *op = wgi_native_backend.kernels[i].op;
        if (op != NULL && strcmp(op, "matmul") == 0) {
            return &wgi_native_backend.kernels[i];
        }
    }
    fail_msg("%s", "no kernel of matmul");
    return NULL;
}

/* A product with its operands' shapes as they are stored; batch axes come first. */
typedef struct product {
    int dtype;
    int64_t m;
    int64_t n;
    int64_t k;
    wgi_matmul_attr attr;
    int32_t threads; /* 0: 1 */
    int32_t n_batch_axes;
    int64_t a_batch[2];
    int64_t b_batch[2];
    int64_t a_dims[4];
    int64_t b_dims[4];
    int64_t y_dims[4];
    wgi_view in[2];
    wgi_view out;
} product;

static wgi_view view_of(int dtype, int32_t rank, const int64_t *dims)
{
    wgi_view v = {NULL, dtype, rank, dims, 1};
    for (int32_t i = 0; i < rank; i++) {
        v.count *= dims[i];
    }
    return v;
}

static void lay_out(product *p)
{
    const int32_t axes = p->n_batch_axes;
    for (int32_t i = 0; i < axes; i++) {
        p->a_dims[i] = p->a_batch[i];
        p->b_dims[i] = p->b_batch[i];
        p->y_dims[i] = p->a_batch[i] == 1 ? p->b_batch[i] : p->a_batch[i];
    }
    p->a_dims[axes] = p->attr.is_a_transposed ? p->k : p->m;
    p->a_dims[axes + 1] = p->attr.is_a_transposed ? p->m : p->k;
    p->b_dims[axes] = p->attr.is_b_transposed ? p->n : p->k;
    p->b_dims[axes + 1] = p->attr.is_b_transposed ? p->k : p->n;
    p->y_dims[axes] = p->m;
    p->y_dims[axes + 1] = p->n;
    p->in[0] = view_of(p->dtype, axes + 2, p->a_dims);
    p->in[1] = view_of(p->dtype, axes + 2, p->b_dims);
    p->out = view_of(p->dtype, axes + 2, p->y_dims);
}

static wgi_problem problem_of(const product *p)
{
    return (wgi_problem){.ctx = &base.ctx,
                         .backend = native,
                         .n_in = 2,
                         .n_out = 1,
                         .in = p->in,
                         .out = &p->out,
                         .attr = &p->attr,
                         .threads = p->threads > 0 ? p->threads : 1};
}

/* Runs the kernel in scratch of just the size that it asked for. */
static void run_kernel(product *p, void *a, void *b, void *y)
{
    const wgi_problem problem = problem_of(p);
    wgi_prepared prepared = {.state = NULL};
    assert_null(matmul()->accepts(&problem));
    assert_int_equal(matmul()->prepare(&problem, &prepared), WG_OK);
    const int64_t n_scratch = (int64_t)(prepared.scratch_bytes / sizeof(double));
    void *scratch = new_result(WG_F64, n_scratch);
    p->in[0].data = a;
    p->in[1].data = b;
    p->out.data = y;
    const wgi_args args = {
        .in = p->in, .out = &p->out, .n_in = 2, .n_out = 1, .attr = &p->attr, .scratch = scratch};
    const size_t n_calls = base.allocator.n_calls;
    assert_int_equal(matmul()->run(&prepared, &args), WG_OK);
    assert_int_equal(base.allocator.n_calls, n_calls);
    expect_guards(WG_F64, scratch, n_scratch);
    matmul()->destroy(&base.ctx, &prepared);
    assert_null(prepared.state);
    free(scratch);
}

/* The result, to be freed, of operands that stand one after the other. */
static void *compute(product *p, const double *values)
{
    const int64_t n_a = p->in[0].count;
    const int64_t n_b = p->in[1].count;
    void *a = map_operand(p->dtype, n_a, values);
    void *b = map_operand(p->dtype, n_b, values + n_a);
    void *y = new_result(p->dtype, p->out.count);
    run_kernel(p, a, b, y);
    expect_guards(p->dtype, y, p->out.count);
    unmap_operand(p->dtype, n_b, b);
    unmap_operand(p->dtype, n_a, a);
    return y;
}

static double *new_values(const product *p, wg_rng *rng, bool has_specials)
{
    const int64_t n = p->in[0].count + p->in[1].count;
    double *values = calloc((size_t)n + 1, sizeof *values);
    assert_non_null(values);
    draw(rng, p->dtype, has_specials, n, values);
    return values;
}

/* ---- the order of additions ---------------------------------------------------------------- */

/* The first element of the matrix that x gives to batch entry `i` of the result. */
static int64_t matrix_of(const product *p, const int64_t *batch, int64_t size, int64_t i)
{
    if (p->n_batch_axes == 0) {
        return 0;
    }
    const int64_t inner = i % p->y_dims[1];
    const int64_t outer = i / p->y_dims[1];
    return ((batch[0] == 1 ? 0 : outer) * batch[1] + (batch[1] == 1 ? 0 : inner)) * size;
}

/* x y + sum: one rounding where the instruction set fuses, else two. */
static double multiply_add(int dtype, double x, double y, double sum)
{
    if (native->isa == WGI_ISA_BASE) {
        return rounded(dtype, sum + rounded(dtype, x * y));
    }
    return dtype == WG_F32 ? (double)fmaf((float)x, (float)y, (float)sum) : fma(x, y, sum);
}

/* Row of a, column of b: their elements and the steps between them. */
typedef struct operands {
    const double *a;
    const double *b;
    int64_t a_step;
    int64_t b_step;
} operands;

/* In order, in as few blocks of at most 256 products as there can be, of nearly the same size. */
static double sum_in_order(const product *p, const operands *x)
{
    const int64_t n_blocks = (p->k + 255) / 256;
    const int64_t block = n_blocks > 0 ? (p->k + n_blocks - 1) / n_blocks : 1;
    double total = 0.0;
    for (int64_t begin = 0; begin < p->k; begin += block) {
        double sum = 0.0;
        for (int64_t q = begin; q < p->k && q < begin + block; q++) {
            sum = multiply_add(p->dtype, x->a[q * x->a_step], x->b[q * x->b_step], sum);
        }
        total = begin == 0 ? sum : rounded(p->dtype, total + sum);
    }
    return total;
}

/* The elements of a vector. */
static int64_t lanes_of(int dtype)
{
    static const int64_t bytes[WGI_N_ISAS] = {16, 32, 64};
    return bytes[native->isa] / (int64_t)bytes_of(dtype, 1);
}

/* By lanes, which are added up in halves. */
static double sum_by_lanes(const product *p, const operands *x)
{
    double lane[16] = {0};
    const int64_t n = lanes_of(p->dtype);
    for (int64_t q = 0; q < p->k; q++) {
        lane[q % n] = multiply_add(p->dtype, x->a[q * x->a_step], x->b[q * x->b_step], lane[q % n]);
    }
    for (int64_t half = n / 2; half > 0; half /= 2) {
        for (int64_t l = 0; l < half; l++) {
            lane[l] = rounded(p->dtype, lane[l] + lane[l + half]);
        }
    }
    return lane[0];
}

typedef double (*summation)(const product *p, const operands *x);

static double *expected_of(const product *p, const double *values, summation sum)
{
    double *y = calloc((size_t)p->out.count + 1, sizeof *y);
    const double *b = values + p->in[0].count;
    const int64_t size = p->m * p->n;
    assert_non_null(y);
    for (int64_t e = 0; e < p->out.count; e++) {
        const int64_t i = e % size / p->n;
        const int64_t j = e % p->n;
        operands x = {.a = values + matrix_of(p, p->a_batch, p->m * p->k, e / size),
                      .b = b + matrix_of(p, p->b_batch, p->k * p->n, e / size)};
        x.a += p->attr.is_a_transposed ? i : i * p->k;
        x.b += p->attr.is_b_transposed ? j * p->k : j;
        x.a_step = p->attr.is_a_transposed ? p->m : 1;
        x.b_step = p->attr.is_b_transposed ? 1 : p->n;
        y[e] = sum(p, &x);
    }
    return y;
}

/* The same bits, or NaN both. */
static bool is_same(double x, double expected)
{
    return isnan(expected) ? isnan(x) : memcmp(&x, &expected, sizeof x) == 0;
}

static bool has_bits_of(const product *p, const void *y, const double *values, summation sum)
{
    double *expected = expected_of(p, values, sum);
    int64_t e = 0;
    while (e < p->out.count && is_same(wgi_load_double(p->dtype, y, e), expected[e])) {
        e++;
    }
    free(expected);
    return e == p->out.count;
}

/* Lanes are for few rows, or columns, whose products lie side by side: elsewhere the order is that
 * of k. */
static bool may_have_lanes(const product *p)
{
    const bool is_narrow = p->n == 1 || p->m <= 4;
    return is_narrow && p->k >= lanes_of(p->dtype);
}

static void check_product(product *p, wg_rng *rng, bool has_specials)
{
    lay_out(p);
    double *values = new_values(p, rng, has_specials);
    void *y = compute(p, values);
    assert_true(has_bits_of(p, y, values, sum_in_order) ||
                (may_have_lanes(p) && has_bits_of(p, y, values, sum_by_lanes)));
    free(y);
    free(values);
}

/* One product for each dtype, transposes and data with and without specials. */
static void check_all_forms(product p, wg_rng *rng)
{
    for (unsigned bits = 0; bits < 16; bits++) {
        p.dtype = dtypes[bits & 1];
        p.attr.is_a_transposed = (bits & 2) != 0;
        p.attr.is_b_transposed = (bits & 4) != 0;
        check_product(&p, rng, (bits & 8) != 0);
    }
}

static void test_matmul_has_the_bits_of_sums_in_order(void **state)
{
    (void)state;
    static const int64_t ms[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 13, 17};
    static const int64_t ns[] = {0, 1, 3, 4, 5, 7, 8, 9, 16, 17, 31, 33};
    static const int64_t ks[] = {0, 1, 2, 3, 5, 16};
    wg_rng rng = wg_rng_make(SEED, 3);
    for (size_t i = 0; i < N_OF(ms); i++) {
        for (size_t j = 0; j < N_OF(ns); j++) {
            for (size_t q = 0; q < N_OF(ks); q++) {
                check_all_forms((product){.m = ms[i], .n = ns[j], .k = ks[q]}, &rng);
            }
        }
    }
}

static void test_matmul_sums_long_rows_in_blocks(void **state)
{
    (void)state;
    static const int64_t ks[] = {255, 256, 257, 511, 512, 513, 1000};
    static const int64_t sizes[][2] = {{5, 11}, {1, 11}, {11, 1}, {1, 1}, {3, 140}, {1, 300}};
    wg_rng rng = wg_rng_make(SEED, 4);
    for (size_t q = 0; q < N_OF(ks); q++) {
        for (size_t i = 0; i < N_OF(sizes); i++) {
            check_all_forms((product){.m = sizes[i][0], .n = sizes[i][1], .k = ks[q]}, &rng);
        }
    }
}

/* Sizes at which operands are packed, in more than one block of rows and of columns. */
static void test_matmul_packs_what_is_far_apart(void **state)
{
    (void)state;
    static const int64_t sizes[][3] = {
        {40, 150, 20}, {300, 40, 150}, {33, 300, 257}, {7, 1100, 130}, {34, 1100, 256}};
    wg_rng rng = wg_rng_make(SEED, 8);
    for (size_t i = 0; i < N_OF(sizes); i++) {
        check_all_forms((product){.m = sizes[i][0], .n = sizes[i][1], .k = sizes[i][2]}, &rng);
    }
}

static void test_matmul_shares_one_operand_over_the_batch(void **state)
{
    (void)state;
    static const int64_t batches[][4] = {
        {2, 3, 2, 3}, {2, 3, 1, 1}, {1, 1, 2, 3}, {1, 1, 1, 1},
        {0, 3, 0, 3}, {0, 3, 1, 1}, {1, 3, 1, 3}, {2, 1, 2, 1},
    };
    wg_rng rng = wg_rng_make(SEED, 5);
    for (size_t i = 0; i < N_OF(batches); i++) {
        const int64_t *batch = batches[i];
        for (int64_t size = 0; size < 8; size++) {
            const product p = {.m = (size & 1) != 0 ? 1 : 3,
                               .n = (size & 2) != 0 ? 1 : 9,
                               .k = (size & 4) != 0 ? 1 : 65,
                               .n_batch_axes = 2,
                               .a_batch = {batch[0], batch[1]},
                               .b_batch = {batch[2], batch[3]}};
            check_all_forms(p, &rng);
        }
    }
}

/* ---- threads ------------------------------------------------------------------------------ */

static void check_threads(product p, wg_rng *rng)
{
    static const int32_t counts[] = {2, 3, 8};
    lay_out(&p);
    double *values = new_values(&p, rng, true);
    p.threads = 1;
    void *alone = compute(&p, values);
    for (size_t i = 0; i < N_OF(counts); i++) {
        p.threads = counts[i];
        void *shared = compute(&p, values);
        for (int64_t e = 0; e < p.out.count; e++) {
            assert_true(
                is_same(wgi_load_double(p.dtype, shared, e), wgi_load_double(p.dtype, alone, e)));
        }
        free(shared);
    }
    free(alone);
    free(values);
}

/* Products that are divided by the batch, by columns and by rows, for each of the loops. */
static void test_matmul_bits_do_not_depend_on_threads(void **state)
{
    (void)state;
    static const int64_t sizes[][4] = {{1, 130, 70, 150}, {1, 70, 200, 140}, {9, 50, 60, 70},
                                       {1, 1, 700, 500},  {1, 700, 1, 500},  {2, 1, 400, 400},
                                       {1, 600, 500, 1},  {1, 3, 701, 300},  {1, 8, 20, 9000},
                                       {1, 2000, 3, 200}, {30000, 2, 2, 2}};
    wg_rng rng = wg_rng_make(SEED, 9);
    for (size_t i = 0; i < N_OF(sizes); i++) {
        for (unsigned bits = 0; bits < 8; bits++) {
            const int64_t *s = sizes[i];
            check_threads((product){.dtype = dtypes[bits & 1],
                                    .m = s[1],
                                    .n = s[2],
                                    .k = s[3],
                                    .attr = {(bits >> 1) & 1, (bits >> 2) & 1},
                                    .n_batch_axes = s[0] > 1 ? 2 : 0,
                                    .a_batch = {1, s[0]},
                                    .b_batch = {1, s[0]}},
                          &rng);
        }
    }
}

/* ---- against the reference ------------------------------------------------------------------ */

/* Runs the reference kernel on f64 values, rounded to p's dtype, into f64. */
static double *reference_of(product *p, const double *values)
{
    const wgi_op_table *table = wgi_op_table_get();
    uint16_t op = 1;
    while (strcmp(table->ops[op]->name, "matmul") != 0) {
        op++;
        assert_true(op < table->count);
    }
    const int64_t n_a = p->in[0].count;
    const int64_t n_b = p->in[1].count;
    double *y = calloc((size_t)p->out.count + 1, sizeof *y);
    assert_non_null(y);
    p->in[0].data = map_operand(p->dtype, n_a, values);
    p->in[1].data = map_operand(p->dtype, n_b, values + n_a);
    p->out.data = new_result(p->dtype, p->out.count);
    const wgi_args args = {.in = p->in, .out = &p->out, .n_in = 2, .n_out = 1, .attr = &p->attr};
    assert_int_equal(table->ops[op]->reference[p->dtype](&args), WG_OK);
    wgi_convert(WG_F64, y, p->dtype, p->out.data, p->out.count);
    unmap_operand(p->dtype, n_a, p->in[0].data);
    unmap_operand(p->dtype, n_b, p->in[1].data);
    free(p->out.data);
    return y;
}

/* Both sums stray from the true one by at most k roundings of the sum of the magnitudes. */
static void expect_near_reference(product *p, double *values, const double *y)
{
    const size_t n = (size_t)(p->in[0].count + p->in[1].count);
    const double epsilon = p->dtype == WG_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
    double *reference = reference_of(p, values);
    for (size_t i = 0; i < n; i++) {
        values[i] = fabs(values[i]);
    }
    double *magnitude = reference_of(p, values);
    for (int64_t e = 0; e < p->out.count; e++) {
        if (isfinite(magnitude[e])) {
            assert_true(fabs(y[e] - reference[e]) <= (double)p->k * epsilon * magnitude[e]);
        } else {
            assert_true(is_same(y[e], reference[e]));
        }
    }
    free(magnitude);
    free(reference);
}

static void compare_with_reference(product p, wg_rng *rng, bool has_specials)
{
    lay_out(&p);
    const uint64_t n_a = (uint64_t)p.in[0].count;
    const uint64_t n_b = (uint64_t)p.in[1].count;
    double *values = new_values(&p, rng, false);
    double *y = calloc((size_t)p.out.count + 1, sizeof *y);
    assert_non_null(y);
    if (has_specials && n_a > 0 && n_b > 0) {
        values[wg_rng_below(rng, n_a)] = (double)NAN;
        values[wg_rng_below(rng, n_a)] = (double)INFINITY;
        values[n_a + wg_rng_below(rng, n_b)] = -(double)INFINITY;
    }
    void *raw = compute(&p, values);
    wgi_convert(WG_F64, y, p.dtype, raw, p.out.count);
    expect_near_reference(&p, values, y);
    free(raw);
    free(y);
    free(values);
}

static void test_matmul_agrees_with_the_reference(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 7);
    for (int i = 0; i < 800; i++) {
        const product p = {
            .dtype = dtypes[i & 1],
            .m = (int64_t)wg_rng_below(&rng, i % 7 == 0 ? 70 : 20),
            .n = (int64_t)wg_rng_below(&rng, i % 5 == 0 ? 150 : 20),
            .k = (int64_t)wg_rng_below(&rng, i % 10 == 0 ? 700 : 20),
            .attr = {(i >> 1) & 1, (i >> 2) & 1},
            .n_batch_axes = i % 3 == 0 ? 2 : 0,
            .a_batch = {2, 3},
            .b_batch = {i % 2 == 0 ? 1 : 2, i % 2 == 0 ? 1 : 3},
        };
        compare_with_reference(p, &rng, (i & 8) != 0);
    }
}

static const char *reason_against(product p)
{
    lay_out(&p);
    const wgi_problem problem = problem_of(&p);
    return matmul()->accepts(&problem);
}

static void test_matmul_declines_with_a_reason(void **state)
{
    (void)state;
    const product crossed = {.dtype = WG_F32,
                             .m = 2,
                             .n = 2,
                             .k = 2,
                             .n_batch_axes = 2,
                             .a_batch = {2, 1},
                             .b_batch = {1, 3}};
    assert_string_equal(reason_against(crossed), "the batch axes of both operands broadcast");
    product partial = crossed;
    partial.a_batch[1] = 3;
    assert_non_null(reason_against(partial));
    product whole = partial;
    whole.b_batch[0] = 2;
    assert_null(reason_against(whole));
    whole.dtype = WGI_DTYPE_WIDE;
    assert_string_equal(reason_against(whole), "the dtype is neither f32 nor f64");
    product empty = crossed;
    empty.k = 0;
    assert_null(reason_against(empty));
}

static void test_matmul_survives_a_failed_allocation(void **state)
{
    (void)state;
    product p = {.dtype = WG_F32, .m = 8, .n = 8, .k = 8};
    lay_out(&p);
    const wgi_problem problem = problem_of(&p);
    wgi_prepared prepared = {.state = NULL};
    wgt_allocator_fail(&base.allocator, 1, false);
    assert_int_equal(matmul()->prepare(&problem, &prepared), WG_ERR_MEMORY);
    wgt_allocator_fail(&base.allocator, 0, false);
    assert_null(prepared.state);
}

/* Whether the machine has what WENGERT_ISA names. */
static bool has_wanted_isa(void)
{
    const char *wanted = getenv("WENGERT_ISA");
    const bool has_it = wanted == NULL || strcmp(wanted, wgi_isa_name(native->isa)) == 0;
    print_message("instruction set %s%s\n", wgi_isa_name(native->isa),
                  has_it ? "" : ": skipped, this machine has no other");
    return has_it;
}

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matmul_has_the_bits_of_sums_in_order),
        cmocka_unit_test(test_matmul_sums_long_rows_in_blocks),
        cmocka_unit_test(test_matmul_packs_what_is_far_apart),
        cmocka_unit_test(test_matmul_shares_one_operand_over_the_batch),
        cmocka_unit_test(test_matmul_bits_do_not_depend_on_threads),
        cmocka_unit_test(test_matmul_agrees_with_the_reference),
        cmocka_unit_test(test_matmul_declines_with_a_reason),
        cmocka_unit_test(test_matmul_survives_a_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    void *state = NULL;
    print_message("seed %u\n", (unsigned)SEED);
    wgt_plain_start(&base);
    base.ctx.ops = wgi_op_table_get();
    assert_int_equal(wgi_native_backend.open(&base.ctx, &state), WG_OK);
    native = state;
    const int status = has_wanted_isa() ? run_all() : SKIPPED;
    wgi_native_backend.close(&base.ctx, native);
    wgt_plain_finish(&base);
    return status;
}
