/* The native attention against the reference: values and gradients, past one block of queries, for
 * every layout and mask; and the same bits whatever the number of threads.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Scaled errors: sums of some hundred products and exponentials in f32 stay within 1e-5 of those in
 * f64, those of f64 within 1e-13. */
#include "support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <wengert/wengert.h>

enum {
    NO_MASK,
    PADDING, /* bool [b, 1, 1, keys]; what is masked is NaN */
    BOOLS,   /* bool [queries, keys]; the second query attends to nothing */
    ADDED,   /* [b, heads, 1, keys] */
    MOST_OUTPUTS = 6
};

typedef struct attention_case {
    const char *name;
    int64_t batch;
    int64_t heads;
    int64_t queries;
    int64_t keys;
    int64_t depth;
    int64_t width;
    bool is_causal;
    bool is_time_first;
    bool is_packed;
    int mask;
} attention_case;

static const attention_case cases[] = {
    {"plain", 2, 3, 70, 100, 20, 33, false, false, false, NO_MASK},
    {"causal, time first", 2, 2, 64, 64, 32, 32, true, true, false, NO_MASK},
    {"more keys", 1, 2, 40, 300, 8, 16, true, false, false, NO_MASK},
    {"fewer keys", 1, 2, 100, 40, 8, 4, true, true, false, NO_MASK},
    {"long", 1, 1, 300, 290, 17, 3, false, false, false, NO_MASK},
    {"one query", 3, 2, 1, 65, 16, 16, false, false, false, NO_MASK},
    {"packed", 2, 2, 64, 64, 32, 32, true, false, true, NO_MASK},
    {"packed, padding", 2, 3, 37, 37, 9, 9, false, false, true, PADDING},
    {"padding", 2, 2, 70, 50, 16, 16, false, false, false, PADDING},
    {"padding, causal", 1, 2, 70, 70, 16, 8, true, true, false, PADDING},
    {"bools", 2, 2, 40, 50, 5, 7, false, false, false, BOOLS},
    {"added", 2, 2, 40, 33, 16, 16, true, false, false, ADDED},
};

/* What a context makes of a case. */
typedef struct results {
    int64_t count[MOST_OUTPUTS];
    double *values[MOST_OUTPUTS];
    int n;
} results;

static void free_results(results *r)
{
    for (int i = 0; i < r->n; i++) {
        free(r->values[i]);
    }
}

static void keep(results *r, const wg_tensor *t)
{
    assert_non_null(t);
    const int64_t n = wg_tensor_count(t);
    double *values = malloc((size_t)(n + 1) * sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < n; i++) {
        values[i] = wg_tensor_get(t, i);
    }
    r->values[r->n] = values;
    r->count[r->n++] = n;
}

/* ---- operands ----------------------------------------------------------------------------- */

static wg_tensor *make(wg_context *ctx, wg_dtype dtype, int32_t rank, const int64_t *dims)
{
    wg_tensor *t = NULL;
    assert_int_equal(wg_tensor_create(ctx, dtype, rank, dims, &t), WG_OK);
    return t;
}

static void set(wg_tensor *t, int64_t i, double v)
{
    if (wg_tensor_dtype(t) == WG_F32) {
        ((float *)wg_tensor_data_mutable(t))[i] = (float)v;
    } else {
        ((double *)wg_tensor_data_mutable(t))[i] = v;
    }
}

/* In [-1, 1), multiples of 2^-16. */
static wg_tensor *random_of(wg_context *ctx, wg_dtype dtype, int32_t rank, const int64_t *dims,
                            uint64_t stream)
{
    wg_rng rng = wg_rng_make(20240229, stream);
    wg_tensor *t = make(ctx, dtype, rank, dims);
    for (int64_t i = 0; i < wg_tensor_count(t); i++) {
        set(t, i, (double)wg_rng_below(&rng, 131072) / 65536 - 1);
    }
    return t;
}

static void dims_of(const attention_case *c, int64_t times, int64_t size, int64_t dims[4])
{
    dims[0] = c->batch;
    dims[1] = c->is_time_first ? times : c->heads;
    dims[2] = c->is_time_first ? c->heads : times;
    dims[3] = size;
}

/* The last key of a head is a NaN. */
static void poison(wg_tensor *t, const attention_case *c, int64_t size)
{
    for (int64_t b = 0; b < c->batch; b++) {
        for (int64_t h = 0; h < c->heads; h++) {
            const int64_t last = c->keys - 1;
            const int64_t row = c->is_time_first ? (b * c->keys + last) * c->heads + h
                                                 : (b * c->heads + h) * c->keys + last;
            set(t, row * size, (double)NAN);
        }
    }
}

static wg_tensor *bools_of(wg_context *ctx, const attention_case *c)
{
    const int64_t padding[] = {c->batch, 1, 1, c->keys};
    const int64_t whole[] = {c->queries, c->keys};
    wg_tensor *t =
        c->mask == PADDING ? make(ctx, WG_BOOL, 4, padding) : make(ctx, WG_BOOL, 2, whole);
    unsigned char *may = wg_tensor_data_mutable(t);
    for (int64_t i = 0; i < wg_tensor_count(t); i++) {
        const int64_t j = i % c->keys;
        may[i] = c->mask == PADDING ? j != c->keys - 1 : i / c->keys != 1 && (i * 7) % 5 != 0;
    }
    return t;
}

static wg_node mask_of(wg_graph *g, wg_context *ctx, wg_dtype dtype, const attention_case *c)
{
    const int64_t added[] = {c->batch, c->heads, 1, c->keys};
    if (c->mask == NO_MASK) {
        return (wg_node){NULL, 0, 0};
    }
    wg_tensor *t = c->mask == ADDED ? random_of(ctx, dtype, 4, added, 9) : bools_of(ctx, c);
    if (c->mask == ADDED) {
        set(t, 2, -(double)INFINITY);
    }
    const wg_node n = wg_input(g, t);
    wg_tensor_destroy(t);
    return n;
}

/* ---- running ------------------------------------------------------------------------------ */

static wg_node record_packed(wg_graph *g, wg_context *ctx, wg_dtype dtype, const attention_case *c,
                             wg_node x[3])
{
    const int64_t dims[] = {c->batch, c->queries, 3, c->heads, c->depth};
    const wg_attention_options options = {.size = sizeof options, .is_causal = c->is_causal};
    wg_tensor *t = random_of(ctx, dtype, 5, dims, 1);
    if (c->mask == PADDING) {
        const int64_t row = c->heads * c->depth;
        set(t, (3 * (c->queries - 1) + 1) * row, (double)NAN);
        set(t, (3 * (c->queries - 1) + 2) * row, (double)NAN);
    }
    x[0] = wg_variable(g, t);
    wg_tensor_destroy(t);
    return wg_packed_attention(x[0], mask_of(g, ctx, dtype, c), &options);
}

static wg_node record(wg_graph *g, wg_context *ctx, wg_dtype dtype, const attention_case *c,
                      wg_node x[3])
{
    const wg_attention_options options = {
        .size = sizeof options, .is_causal = c->is_causal, .is_time_first = c->is_time_first};
    const int64_t times[] = {c->queries, c->keys, c->keys};
    const int64_t sizes[] = {c->depth, c->depth, c->width};
    if (c->is_packed) {
        return record_packed(g, ctx, dtype, c, x);
    }
    for (int i = 0; i < 3; i++) {
        int64_t dims[4];
        dims_of(c, times[i], sizes[i], dims);
        wg_tensor *t = random_of(ctx, dtype, 4, dims, (uint64_t)i);
        if (i > 0 && c->mask == PADDING) {
            poison(t, c, sizes[i]);
        }
        x[i] = wg_variable(g, t);
        wg_tensor_destroy(t);
    }
    return wg_scaled_dot_product_attention(x[0], x[1], x[2], mask_of(g, ctx, dtype, c), &options);
}

static results run(const attention_case *c, wg_dtype dtype, const wg_config *config)
{
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_node x[3];
    results r = {.n = 0};
    assert_int_equal(wg_context_create(config, &ctx), WG_OK);
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    const wg_node y = record(g, ctx, dtype, c, x);
    const wg_node lse = wg_output(y, 1);
    assert_int_equal(wg_keep(y), WG_OK);
    assert_int_equal(wg_keep(lse), WG_OK);
    if (wg_backward(wg_sum_all(wg_mul(y, wg_sin(wg_scale(y, 3.0))))) != WG_OK) {
        fail_msg("%s: %s", c->name, wg_graph_error(g));
    }
    keep(&r, wg_value(y));
    keep(&r, wg_value(lse));
    for (int i = 0; i < (c->is_packed ? 1 : 3); i++) {
        keep(&r, wg_gradient(x[i]));
    }
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return r;
}

static double error_between(const double *a, const double *b, int64_t n)
{
    double worst = 0;
    double scale = 1;
    for (int64_t i = 0; i < n; i++) {
        if (isfinite(b[i])) {
            scale = fmax(scale, fabs(b[i]));
            worst = isfinite(a[i]) ? fmax(worst, fabs(a[i] - b[i])) : (double)INFINITY;
        } else if (!(isnan(a[i]) && isnan(b[i])) && a[i] != b[i]) {
            return (double)INFINITY;
        }
    }
    return worst / scale;
}

static void check(const attention_case *c, wg_dtype dtype)
{
    const double bound = dtype == WG_F32 ? 1e-5 : 1e-13;
    const wg_config plain = {
        .size = sizeof plain, .threads = 1, .without = WG_BACKEND_NATIVE | WG_BACKEND_ONEDNN};
    wg_config native = {.size = sizeof native, .threads = 1, .without = WG_BACKEND_ONEDNN};
    results expected = run(c, dtype, &plain);
    results found = run(c, dtype, &native);
    for (int i = 0; i < found.n; i++) {
        const double error = error_between(found.values[i], expected.values[i], found.count[i]);
        if (!(error <= bound)) {
            fail_msg("%s (%s): result %d is off by %g", c->name, wg_dtype_name(dtype), i, error);
        }
    }
    native.thread_invariant = true;
    for (int32_t threads = 1; threads <= 8; threads = threads < 4 ? threads + 1 : 2 * threads) {
        native.threads = threads;
        results other = run(c, dtype, &native);
        for (int i = 0; i < found.n; i++) {
            assert_memory_equal(other.values[i], found.values[i],
                                (size_t)found.count[i] * sizeof(double));
        }
        free_results(&other);
    }
    free_results(&expected);
    free_results(&found);
}

static void test_attention_f32(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check(&cases[i], WG_F32);
    }
}

static void test_attention_f64(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check(&cases[i], WG_F64);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attention_f32),
        cmocka_unit_test(test_attention_f64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
