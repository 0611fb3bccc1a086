/* The native kernels against their contracts, bit for bit.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The oracles work in f64 and round to f32 after each operation where that is the dtype: for one
 * sum, product, quotient or root of f32 numbers this gives the very bits of f32 arithmetic. */
#include "support/cmocka_all.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <wengert/tensor.h>

#include "backends/native/native.h"
#include "backends/reference/reference.h"
#include "core/dtype.h"
#include "ops/params.h"
#include "ops/table.h"

#define SEED UINT64_C(5)

/* What kernels must leave alone. */
#define GUARD 12345.0

static const int dtypes[2] = {WG_F32, WG_F64};

static double rounded(int dtype, double x)
{
    return dtype == WG_F32 ? (double)(float)x : x;
}

/* n elements of dtype, the first `count` from values, the rest guards. */
static void *array_of(int dtype, size_t n, size_t count, const double *values)
{
    void *data = NULL;
    assert_int_equal(posix_memalign(&data, 64, (n + 1) * 8), 0);
    for (size_t i = 0; i < n; i++) {
        wgi_store_double(dtype, data, (int64_t)i, i < count ? values[i] : GUARD);
    }
    return data;
}

/* The same bits, or NaN both. */
static void expect_same(double x, double expected)
{
    if (isnan(expected)) {
        assert_true(isnan(x));
    } else {
        assert_memory_equal(&x, &expected, sizeof x);
    }
}

static void expect_array(int dtype, const void *data, size_t n, size_t count,
                         const double *expected)
{
    for (size_t i = 0; i < n; i++) {
        expect_same(wgi_load_double(dtype, data, (int64_t)i), i < count ? expected[i] : GUARD);
    }
}

/* Numbers of dtype; one in eight is special when has_specials. */
static void draw(wg_rng *rng, int dtype, bool has_specials, size_t n, double *out)
{
    const double specials[8] = {0.0,         -0.0,     (double)INFINITY, -(double)INFINITY,
                                (double)NAN, 0x1p-149, -0x1.fffffep127,  0x1p-126};
    for (size_t i = 0; i < n; i++) {
        const uint64_t pick = wg_rng_below(rng, 64);
        out[i] = rounded(dtype, wg_rng_normal(rng));
        if (has_specials && pick < 8) {
            out[i] = specials[pick];
        }
    }
}

/* ---- updates ------------------------------------------------------------------------------ */

#define MAX_N 67

typedef struct arrays {
    int dtype;
    size_t n;
    double value[MAX_N];
    double gradient[MAX_N];
    double first[MAX_N];
    double second[MAX_N];
} arrays;

static void draw_arrays(wg_rng *rng, int dtype, size_t n, bool has_specials, arrays *out)
{
    out->dtype = dtype;
    out->n = n;
    draw(rng, dtype, has_specials, n, out->value);
    draw(rng, dtype, has_specials, n, out->gradient);
    draw(rng, dtype, has_specials, n, out->first);
    draw(rng, dtype, has_specials, n, out->second);
}

static double decayed(const arrays *x, size_t i, double decay)
{
    const double product = rounded(x->dtype, rounded(x->dtype, decay) * x->value[i]);
    return decay == 0.0 ? x->gradient[i] : rounded(x->dtype, x->gradient[i] + product);
}

static void expect_sgd_element(arrays *x, size_t i, const wgi_sgd_update *u)
{
    const int dtype = x->dtype;
    const double momentum = rounded(dtype, u->momentum);
    const double g = decayed(x, i, u->weight_decay);
    double s = g;
    if (u->velocity != NULL) {
        const double kept = rounded(dtype, momentum * x->first[i]);
        const double v = u->is_first ? g : rounded(dtype, kept + g);
        x->first[i] = v;
        s = u->is_nesterov ? rounded(dtype, g + rounded(dtype, momentum * v)) : v;
    }
    const double change = rounded(dtype, rounded(dtype, u->rate) * s);
    x->value[i] = rounded(dtype, x->value[i] - change);
}

static void check_sgd(arrays *x, bool has_velocity, wgi_sgd_update options)
{
    const size_t n = x->n;
    void *value = array_of(x->dtype, n + 4, n, x->value);
    void *gradient = array_of(x->dtype, n + 4, n, x->gradient);
    void *velocity = array_of(x->dtype, n + 4, n, x->first);
    wgi_sgd_update u = options;
    u.dtype = x->dtype;
    u.n = (int64_t)n;
    u.value = value;
    u.gradient = gradient;
    u.velocity = has_velocity ? velocity : NULL;
    assert_int_equal(wgi_native_backend.updates->sgd(&u), WG_OK);
    for (size_t i = 0; i < n; i++) {
        expect_sgd_element(x, i, &u);
    }
    expect_array(x->dtype, value, n + 4, n, x->value);
    expect_array(x->dtype, gradient, n + 4, n, x->gradient);
    expect_array(x->dtype, velocity, n + 4, n, x->first);
    free(velocity);
    free(gradient);
    free(value);
}

static void test_native_sgd_has_the_bits_of_its_contract(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 1);
    arrays x;
    for (size_t n = 0; n <= MAX_N; n++) {
        for (unsigned bits = 0; bits < 64; bits++) {
            const wgi_sgd_update options = {
                .rate = 0.1,
                .momentum = 0.9,
                .weight_decay = (bits & 1) != 0 ? 0.01 : 0.0,
                .is_nesterov = (bits & 2) != 0,
                .is_first = (bits & 4) != 0,
            };
            draw_arrays(&rng, dtypes[(bits >> 3) & 1], n, (bits & 16) != 0, &x);
            check_sgd(&x, (bits & 32) != 0, options);
        }
    }
}

static void expect_adam_element(arrays *x, size_t i, const wgi_adam_update *u)
{
    const int dtype = x->dtype;
    const double g = decayed(x, i, u->weight_decay);
    const double kept = rounded(dtype, rounded(dtype, u->beta1) * x->first[i]);
    const double m = rounded(dtype, kept + rounded(dtype, rounded(dtype, 1.0 - u->beta1) * g));
    const double kept2 = rounded(dtype, rounded(dtype, u->beta2) * x->second[i]);
    const double part = rounded(dtype, rounded(dtype, 1.0 - u->beta2) * g);
    const double v = rounded(dtype, kept2 + rounded(dtype, part * g));
    const double c = rounded(dtype, sqrt(1.0 - pow(u->beta2, (double)u->step)));
    const double r = rounded(dtype, u->rate / (1.0 - pow(u->beta1, (double)u->step)));
    const double root = rounded(dtype, rounded(dtype, sqrt(v)) / c);
    const double d = rounded(dtype, root + rounded(dtype, u->epsilon));
    const double change = rounded(dtype, rounded(dtype, r * m) / d);
    x->first[i] = m;
    x->second[i] = v;
    x->value[i] = rounded(dtype, x->value[i] - change);
}

static void check_adam(arrays *x, wgi_adam_update options)
{
    const size_t n = x->n;
    void *value = array_of(x->dtype, n + 4, n, x->value);
    void *gradient = array_of(x->dtype, n + 4, n, x->gradient);
    void *mean = array_of(x->dtype, n + 4, n, x->first);
    void *variance = array_of(x->dtype, n + 4, n, x->second);
    wgi_adam_update u = options;
    u.dtype = x->dtype;
    u.n = (int64_t)n;
    u.value = value;
    u.gradient = gradient;
    u.mean = mean;
    u.variance = variance;
    assert_int_equal(wgi_native_backend.updates->adam(&u), WG_OK);
    for (size_t i = 0; i < n; i++) {
        expect_adam_element(x, i, &u);
    }
    expect_array(x->dtype, value, n + 4, n, x->value);
    expect_array(x->dtype, gradient, n + 4, n, x->gradient);
    expect_array(x->dtype, mean, n + 4, n, x->first);
    expect_array(x->dtype, variance, n + 4, n, x->second);
    free(variance);
    free(mean);
    free(gradient);
    free(value);
}

static void test_native_adam_has_the_bits_of_its_contract(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 2);
    arrays x;
    for (size_t n = 0; n <= MAX_N; n++) {
        for (unsigned bits = 0; bits < 16; bits++) {
            const bool has_specials = (bits & 4) != 0;
            const wgi_adam_update options = {
                .rate = 0.001,
                .beta1 = 0.9,
                .beta2 = 0.999,
                .epsilon = 1e-8,
                .weight_decay = (bits & 1) != 0 ? 0.01 : 0.0,
                .step = (bits & 8) != 0 ? 1000 : 1,
            };
            draw_arrays(&rng, dtypes[(bits >> 1) & 1], n, has_specials, &x);
            for (size_t i = 0; i < n; i++) {
                x.second[i] = fabs(x.second[i]);
            }
            check_adam(&x, options);
        }
    }
}

/* What each backend makes of the same arrays. */
static void update_both(arrays *native, arrays *reference, const wgi_sgd_update *sgd,
                        const wgi_adam_update *adam)
{
    arrays *both[2] = {native, reference};
    const wgi_updates *updates[2] = {wgi_native_backend.updates, &wgi_reference_updates};
    for (int i = 0; i < 2; i++) {
        wgi_sgd_update s = *sgd;
        wgi_adam_update a = *adam;
        s.value = a.value = both[i]->value;
        s.gradient = a.gradient = both[i]->gradient;
        s.velocity = a.mean = both[i]->first;
        a.variance = both[i]->second;
        assert_int_equal(updates[i]->sgd(&s), WG_OK);
        assert_int_equal(updates[i]->adam(&a), WG_OK);
    }
}

static void test_native_updates_have_the_bits_of_the_reference(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 6);
    const wgi_sgd_update sgd = {.dtype = WG_F64,
                                .n = MAX_N,
                                .rate = 0.03,
                                .momentum = 0.7,
                                .weight_decay = 0.2,
                                .is_nesterov = true};
    const wgi_adam_update adam = {.dtype = WG_F64,
                                  .n = MAX_N,
                                  .rate = 0.03,
                                  .beta1 = 0.8,
                                  .beta2 = 0.95,
                                  .epsilon = 1e-6,
                                  .weight_decay = 0.2,
                                  .step = 3};
    arrays native;
    draw_arrays(&rng, WG_F64, MAX_N, false, &native);
    for (size_t i = 0; i < MAX_N; i++) {
        native.second[i] = fabs(native.second[i]);
    }
    arrays reference = native;
    update_both(&native, &reference, &sgd, &adam);
    assert_memory_equal(native.value, reference.value, sizeof native.value);
    assert_memory_equal(native.first, reference.first, sizeof native.first);
    assert_memory_equal(native.second, reference.second, sizeof native.second);
}

static void test_native_updates_decline_other_dtypes(void **state)
{
    (void)state;
    for (int dtype = 0; dtype <= WGI_DTYPE_WIDE; dtype++) {
        const wgi_sgd_update sgd = {.dtype = dtype};
        const wgi_adam_update adam = {.dtype = dtype, .beta1 = 0.9, .beta2 = 0.9, .step = 1};
        const bool is_served = dtype == WG_F32 || dtype == WG_F64;
        const wg_status expected = is_served ? WG_OK : WG_ERR_UNSUPPORTED;
        assert_int_equal(wgi_native_backend.updates->sgd(&sgd), expected);
        assert_int_equal(wgi_native_backend.updates->adam(&adam), expected);
    }
}

/* ---- matmul ------------------------------------------------------------------------------- */

static const wgi_kernel *kernel_of(const char *op)
{
    for (int32_t i = 0; i < wgi_native_backend.n_kernels; i++) {
        const char *served = wgi_native_backend.kernels[i].op;
        if (served != NULL && strcmp(served, op) == 0) {
            return &wgi_native_backend.kernels[i];
        }
    }
    fail_msg("no kernel of %s", op);
    return NULL;
}

/* A product with its operands' shapes as they are stored; batch axes come first. */
typedef struct product {
    int dtype;
    int64_t m;
    int64_t n;
    int64_t k;
    wgi_matmul_attr attr;
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
    return (wgi_problem){
        .n_in = 2, .n_out = 1, .in = p->in, .out = &p->out, .attr = &p->attr, .threads = 1};
}

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

/* A sum over k in order, in chunks of 256. */
static double dot(const product *p, const double *a, const double *b, int64_t i, int64_t j)
{
    double total = 0.0;
    for (int64_t begin = 0; begin < p->k; begin += 256) {
        double sum = 0.0;
        for (int64_t q = begin; q < p->k && q < begin + 256; q++) {
            const double x = a[p->attr.is_a_transposed ? q * p->m + i : i * p->k + q];
            const double y = b[p->attr.is_b_transposed ? j * p->k + q : q * p->n + j];
            sum = rounded(p->dtype, sum + rounded(p->dtype, x * y));
        }
        total = rounded(p->dtype, total + sum);
    }
    return total;
}

static double *expected_of(const product *p, const double *a, const double *b)
{
    double *y = calloc((size_t)p->out.count + 1, sizeof *y);
    assert_non_null(y);
    for (int64_t e = 0; e < p->out.count; e++) {
        const int64_t size = p->m * p->n;
        const double *a_matrix = a + matrix_of(p, p->a_batch, p->m * p->k, e / size);
        const double *b_matrix = b + matrix_of(p, p->b_batch, p->k * p->n, e / size);
        y[e] = dot(p, a_matrix, b_matrix, e % size / p->n, e % p->n);
    }
    return y;
}

/* Runs the kernel in scratch of just the size that it asked for. */
static void run_kernel(const wgi_kernel *kernel, product *p, void *a, void *b, void *y)
{
    const wgi_problem problem = problem_of(p);
    wgi_prepared prepared = {NULL, 0, 0};
    assert_null(kernel->accepts(&problem));
    assert_int_equal(kernel->prepare(&problem, &prepared), WG_OK);
    const size_t n_scratch = prepared.scratch_bytes / sizeof(double);
    void *scratch = array_of(WG_F64, n_scratch + 4, 0, NULL);
    p->in[0].data = a;
    p->in[1].data = b;
    p->out.data = y;
    const wgi_args args = {
        .in = p->in, .out = &p->out, .n_in = 2, .n_out = 1, .attr = &p->attr, .scratch = scratch};
    assert_int_equal(kernel->run(&prepared, &args), WG_OK);
    for (size_t i = n_scratch; i < n_scratch + 4; i++) {
        assert_true(wgi_load_double(WG_F64, scratch, (int64_t)i) == GUARD);
    }
    free(scratch);
}

static void check_product(product *p, wg_rng *rng, bool has_specials)
{
    lay_out(p);
    const size_t n_a = (size_t)p->in[0].count;
    const size_t n_b = (size_t)p->in[1].count;
    const size_t n_y = (size_t)p->out.count;
    double *values = calloc(n_a + n_b + 1, sizeof *values);
    assert_non_null(values);
    draw(rng, p->dtype, has_specials, n_a + n_b, values);
    double *expected = expected_of(p, values, values + n_a);
    void *a = array_of(p->dtype, n_a, n_a, values);
    void *b = array_of(p->dtype, n_b, n_b, values + n_a);
    void *y = array_of(p->dtype, n_y + 8, 0, NULL);
    run_kernel(kernel_of("matmul"), p, a, b, y);
    expect_array(p->dtype, y, n_y + 8, n_y, expected);
    free(y);
    free(b);
    free(a);
    free(expected);
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

static void test_native_matmul_has_the_bits_of_sums_in_order(void **state)
{
    (void)state;
    static const int64_t ms[] = {0, 1, 2, 3, 4, 5, 7, 8, 9};
    static const int64_t ns[] = {0, 1, 3, 4, 5, 7, 8, 9, 16, 17};
    static const int64_t ks[] = {0, 1, 2, 5, 16};
    wg_rng rng = wg_rng_make(SEED, 3);
    for (size_t i = 0; i < sizeof ms / sizeof ms[0]; i++) {
        for (size_t j = 0; j < sizeof ns / sizeof ns[0]; j++) {
            for (size_t q = 0; q < sizeof ks / sizeof ks[0]; q++) {
                check_all_forms((product){.m = ms[i], .n = ns[j], .k = ks[q]}, &rng);
            }
        }
    }
}

static void test_native_matmul_sums_long_rows_in_chunks(void **state)
{
    (void)state;
    static const int64_t ks[] = {255, 256, 257, 511, 512, 513, 1000};
    wg_rng rng = wg_rng_make(SEED, 4);
    for (size_t q = 0; q < sizeof ks / sizeof ks[0]; q++) {
        check_all_forms((product){.m = 5, .n = 11, .k = ks[q]}, &rng);
    }
}

static void test_native_matmul_shares_one_operand_over_the_batch(void **state)
{
    (void)state;
    static const int64_t batches[][4] = {
        {2, 3, 2, 3}, {2, 3, 1, 1}, {1, 1, 2, 3}, {1, 1, 1, 1},
        {0, 3, 0, 3}, {0, 3, 1, 1}, {1, 3, 1, 3}, {2, 1, 2, 1},
    };
    wg_rng rng = wg_rng_make(SEED, 5);
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
        const int64_t *batch = batches[i];
        for (int64_t size = 0; size < 8; size++) {
            const product p = {.m = (size & 1) != 0 ? 1 : 3,
                               .n = (size & 2) != 0 ? 1 : 9,
                               .k = (size & 4) != 0 ? 1 : 5,
                               .n_batch_axes = 2,
                               .a_batch = {batch[0], batch[1]},
                               .b_batch = {batch[2], batch[3]}};
            check_all_forms(p, &rng);
        }
    }
}

/* Runs the reference kernel on f64 values, rounded to p's dtype, into f64. */
static double *reference_of(product *p, const double *values)
{
    const wgi_op_table *table = wgi_op_table_get();
    uint16_t op = 1;
    while (strcmp(table->ops[op]->name, "matmul") != 0) {
        op++;
        assert_true(op < table->count);
    }
    const size_t n_a = (size_t)p->in[0].count;
    const size_t n_b = (size_t)p->in[1].count;
    const size_t n_y = (size_t)p->out.count;
    double *y = calloc(n_y + 1, sizeof *y);
    assert_non_null(y);
    p->in[0].data = array_of(p->dtype, n_a, n_a, values);
    p->in[1].data = array_of(p->dtype, n_b, n_b, values + n_a);
    p->out.data = array_of(p->dtype, n_y, 0, NULL);
    const wgi_args args = {.in = p->in, .out = &p->out, .n_in = 2, .n_out = 1, .attr = &p->attr};
    assert_int_equal(table->ops[op]->reference[p->dtype](&args), WG_OK);
    wgi_convert(WG_F64, y, p->dtype, p->out.data, p->out.count);
    free(p->in[0].data);
    free(p->in[1].data);
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
            expect_same(y[e], reference[e]);
        }
    }
    free(magnitude);
    free(reference);
}

static void compare_with_reference(product p, wg_rng *rng, bool has_specials)
{
    lay_out(&p);
    const size_t n_a = (size_t)p.in[0].count;
    const size_t n_b = (size_t)p.in[1].count;
    const size_t n_y = (size_t)p.out.count;
    double *values = calloc(n_a + n_b + 1, sizeof *values);
    double *y = calloc(n_y + 1, sizeof *y);
    assert_true(values != NULL && y != NULL);
    draw(rng, p.dtype, false, n_a + n_b, values);
    if (has_specials && n_a > 0 && n_b > 0) {
        values[wg_rng_below(rng, n_a)] = (double)NAN;
        values[wg_rng_below(rng, n_a)] = (double)INFINITY;
        values[n_a + wg_rng_below(rng, n_b)] = -(double)INFINITY;
    }
    void *a = array_of(p.dtype, n_a, n_a, values);
    void *b = array_of(p.dtype, n_b, n_b, values + n_a);
    void *raw = array_of(p.dtype, n_y, 0, NULL);
    run_kernel(kernel_of("matmul"), &p, a, b, raw);
    wgi_convert(WG_F64, y, p.dtype, raw, p.out.count);
    expect_near_reference(&p, values, y);
    free(raw);
    free(b);
    free(a);
    free(y);
    free(values);
}

static void test_native_matmul_agrees_with_the_reference(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 7);
    for (int i = 0; i < 800; i++) {
        const product p = {
            .dtype = dtypes[i & 1],
            .m = (int64_t)wg_rng_below(&rng, 20),
            .n = (int64_t)wg_rng_below(&rng, 20),
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
    return kernel_of("matmul")->accepts(&problem);
}

static void test_native_matmul_declines_with_a_reason(void **state)
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

static void test_native_matmul_refuses_scratch_that_does_not_fit(void **state)
{
    (void)state;
    product p = {.dtype = WG_F32, .m = 1, .n = 1, .k = INT64_C(1) << 60};
    lay_out(&p);
    const wgi_problem problem = problem_of(&p);
    wgi_prepared prepared = {NULL, 0, 0};
    assert_int_equal(kernel_of("matmul")->prepare(&problem, &prepared), WG_ERR_OVERFLOW);
}

int main(void)
{
    print_message("seed %u\n", (unsigned)SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_native_sgd_has_the_bits_of_its_contract),
        cmocka_unit_test(test_native_adam_has_the_bits_of_its_contract),
        cmocka_unit_test(test_native_updates_have_the_bits_of_the_reference),
        cmocka_unit_test(test_native_updates_decline_other_dtypes),
        cmocka_unit_test(test_native_matmul_has_the_bits_of_sums_in_order),
        cmocka_unit_test(test_native_matmul_sums_long_rows_in_chunks),
        cmocka_unit_test(test_native_matmul_shares_one_operand_over_the_batch),
        cmocka_unit_test(test_native_matmul_agrees_with_the_reference),
        cmocka_unit_test(test_native_matmul_declines_with_a_reason),
        cmocka_unit_test(test_native_matmul_refuses_scratch_that_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
