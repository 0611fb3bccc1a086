/* The native recurrences against the reference: values and gradients, past one tile of rows and of
 * units, for each cell; the same bits whatever the number of threads; and gradients that are 0 stay
 * 0 beside what is not finite.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Scaled errors: some steps of sums of a hundred products in f32 stay within 2e-5 of those in f64,
 * those of f64 within 1e-12. */
#include "support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <wengert/wengert.h>

typedef enum cell {
    RNN,
    RELU,
    LSTM,
    GRU
} cell;

enum {
    /* Of a case's leaves; c0 is the lstm's alone. */
    X,
    H0,
    C0,
    W_IH,
    W_HH,
    B_IH,
    B_HH,
    N_LEAVES,
    MOST_RESULTS = N_LEAVES + 3
};

typedef struct recurrence_case {
    cell kind;
    int64_t steps;
    int64_t batch;
    int64_t inputs;
    int64_t hidden;
    bool is_reverse;
    bool is_second; /* the loss has a gradient of its own in it */
} recurrence_case;

/* Tiles are of 3 or 6 rows and of 4, 8 or 16 lanes; the second size of each has work for 8 threads,
 * the third fewer rows than that. */
#define SIZES(kind)                                                                                \
    {kind, 1, 1, 2, 1, false, false}, {kind, 13, 20, 3, 96, false, false},                         \
        {kind, 19, 5, 4, 130, true, false}, {kind, 3, 7, 3, 17, false, false},                     \
        {kind, 4, 13, 2, 40, true, false}, {kind, 1, 33, 3, 65, false, false},                     \
    {                                                                                              \
        kind, 3, 4, 2, 9, false, true                                                              \
    }

static const recurrence_case cases[] = {SIZES(RNN), SIZES(RELU), SIZES(LSTM), SIZES(GRU)};

static const char *const names[] = {"rnn", "relu", "lstm", "gru"};
static const int64_t gates_of[] = {1, 1, 4, 3};

/* What a context makes of a case. */
typedef struct results {
    int64_t count[MOST_RESULTS];
    double *values[MOST_RESULTS];
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

/* ---- recording ---------------------------------------------------------------------------- */

/* A record of a case. */
typedef struct recording {
    const recurrence_case *c;
    wg_context *ctx;
    wg_graph *g;
    wg_node leaves[N_LEAVES];
    wg_node y;
    wg_node last[2];
} recording;

static void set(wg_tensor *t, int64_t i, double v)
{
    if (wg_tensor_dtype(t) == WG_F32) {
        ((float *)wg_tensor_data_mutable(t))[i] = (float)v;
    } else {
        ((double *)wg_tensor_data_mutable(t))[i] = v;
    }
}

/* In [-limit, limit), of numbers that f32 has; the first `n_infinite` are infinite. */
static wg_node leaf(const recording *r, wg_dtype dtype, const int64_t dims[3], uint64_t stream,
                    int64_t n_infinite)
{
    wg_rng rng = wg_rng_make(20240229, stream);
    wg_tensor *t = NULL;
    const int32_t rank = dims[2] >= 0 ? 3 : dims[1] >= 0 ? 2 : 1;
    const double limit = stream == W_HH ? 1 / sqrt((double)dims[1]) : 1;
    assert_int_equal(wg_tensor_create(r->ctx, dtype, rank, dims, &t), WG_OK);
    for (int64_t i = 0; i < wg_tensor_count(t); i++) {
        const double v = ((double)wg_rng_below(&rng, 131072) / 65536 - 1) * limit;
        set(t, i, i < n_infinite ? (double)INFINITY : (double)(float)v);
    }
    const wg_node n = wg_variable(r->g, t);
    wg_tensor_destroy(t);
    return n;
}

static void record_leaves(recording *r, wg_dtype dtype, int64_t n_infinite)
{
    const recurrence_case *c = r->c;
    const int64_t rows = gates_of[c->kind] * c->hidden;
    const int64_t dims[N_LEAVES][3] = {
        [X] = {c->steps, c->batch, c->inputs},
        [H0] = {c->batch, c->hidden, -1},
        [C0] = {c->batch, c->hidden, -1},
        [W_IH] = {rows, c->inputs, -1},
        [W_HH] = {rows, c->hidden, -1},
        [B_IH] = {rows, -1, -1},
        [B_HH] = {rows, -1, -1},
    };
    for (int i = 0; i < N_LEAVES; i++) {
        const bool is_state = i == (c->kind == LSTM ? C0 : H0);
        r->leaves[i] = leaf(r, dtype, dims[i], (uint64_t)i, is_state ? n_infinite : 0);
    }
}

static void record_scan(recording *r)
{
    const wg_recurrence_options options = {
        .size = sizeof options,
        .reverse = r->c->is_reverse,
        .nonlinearity = r->c->kind == RELU ? WG_NONLINEARITY_RELU : WG_NONLINEARITY_TANH,
    };
    const wg_node *in = r->leaves;
    const wg_recurrence_weights w = {
        .size = sizeof w, .w_ih = in[W_IH], .w_hh = in[W_HH], .b_ih = in[B_IH], .b_hh = in[B_HH]};
    if (r->c->kind == LSTM) {
        r->y = wg_lstm(in[X], in[H0], in[C0], &w, &options, &r->last[0], &r->last[1]);
    } else if (r->c->kind == GRU) {
        r->y = wg_gru(in[X], in[H0], &w, &options, &r->last[0]);
    } else {
        r->y = wg_rnn(in[X], in[H0], &w, &options, &r->last[0]);
    }
}

static recording begin(const recurrence_case *c, wg_dtype dtype, const wg_config *config,
                       int64_t n_infinite)
{
    recording r = {.c = c};
    assert_int_equal(wg_context_create(config, &r.ctx), WG_OK);
    assert_int_equal(wg_graph_create(r.ctx, &r.g), WG_OK);
    record_leaves(&r, dtype, n_infinite);
    record_scan(&r);
    return r;
}

static void end(recording *r)
{
    wg_graph_destroy(r->g);
    wg_context_destroy(r->ctx);
}

static bool is_leaf_of(const recurrence_case *c, int i)
{
    return i != C0 || c->kind == LSTM;
}

static wg_node loss_of(recording *r)
{
    wg_node loss = wg_sum_all(wg_mul(r->y, wg_sin(wg_scale(r->y, 3.0))));
    loss = wg_add(loss, wg_sum_all(wg_square(r->last[0])));
    if (r->c->kind == LSTM) {
        loss = wg_add(loss, wg_sum_all(wg_square(r->last[1])));
    }
    if (r->c->is_second) {
        wg_node d[2];
        const wg_node of[2] = {r->leaves[W_HH], r->leaves[H0]};
        assert_int_equal(wg_grad(loss, of, 2, d), WG_OK);
        loss = wg_add(loss, wg_sum_all(wg_square(d[0])));
        loss = wg_add(loss, wg_sum_all(wg_square(d[1])));
    }
    return loss;
}

static results run(const recurrence_case *c, wg_dtype dtype, const wg_config *config)
{
    results found = {.n = 0};
    recording r = begin(c, dtype, config, 0);
    const wg_node loss = loss_of(&r);
    assert_int_equal(wg_keep(r.y), WG_OK);
    if (wg_backward(loss) != WG_OK) {
        fail_msg("%s: %s", names[c->kind], wg_graph_error(r.g));
    }
    keep(&found, wg_value(r.y));
    for (int i = 0; i < N_LEAVES; i++) {
        if (is_leaf_of(c, i)) {
            keep(&found, wg_gradient(r.leaves[i]));
        }
    }
    end(&r);
    return found;
}

/* ---- comparing ---------------------------------------------------------------------------- */

static double error_between(const double *a, const double *b, int64_t n)
{
    double worst = 0;
    double scale = 1;
    for (int64_t i = 0; i < n; i++) {
        scale = fmax(scale, fabs(b[i]));
        worst = isfinite(a[i]) && isfinite(b[i]) ? fmax(worst, fabs(a[i] - b[i])) : INFINITY;
    }
    return worst / scale;
}

static void check_error(const recurrence_case *c, wg_dtype dtype)
{
    const double bound = dtype == WG_F32 ? 2e-5 : 1e-12;
    const wg_config plain = {
        .size = sizeof plain, .threads = 1, .without = WG_BACKEND_NATIVE | WG_BACKEND_ONEDNN};
    const wg_config native = {.size = sizeof native, .threads = 1, .without = WG_BACKEND_ONEDNN};
    results expected = run(c, dtype, &plain);
    results found = run(c, dtype, &native);
    for (int i = 0; i < found.n; i++) {
        const double error = error_between(found.values[i], expected.values[i], found.count[i]);
        if (!(error <= bound)) {
            fail_msg("%s %s, %d steps, batch %d, hidden %d: result %d is off by %g", names[c->kind],
                     wg_dtype_name(dtype), (int)c->steps, (int)c->batch, (int)c->hidden, i, error);
        }
    }
    free_results(&expected);
    free_results(&found);
}

static void check_threads(const recurrence_case *c, wg_dtype dtype)
{
    static const int32_t threads[] = {2, 3, 4, 8};
    wg_config config = {.size = sizeof config,
                        .threads = 1,
                        .without = WG_BACKEND_ONEDNN,
                        .thread_invariant = true};
    results expected = run(c, dtype, &config);
    for (size_t k = 0; k < sizeof threads / sizeof *threads; k++) {
        config.threads = threads[k];
        results found = run(c, dtype, &config);
        for (int i = 0; i < found.n; i++) {
            assert_memory_equal(found.values[i], expected.values[i],
                                (size_t)found.count[i] * sizeof(double));
        }
        free_results(&found);
    }
    free_results(&expected);
}

static void test_recurrence_f32(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_error(&cases[i], WG_F32);
    }
}

static void test_recurrence_f64(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_error(&cases[i], WG_F64);
    }
}

static void test_recurrence_threads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_threads(&cases[i], WG_F32);
        check_threads(&cases[i], WG_F64);
    }
}

/* ---- gradients beside infinities ---------------------------------------------------------- */

/* The gradients of the first row of the batch in n steps of `width`, and of its state, are 0, all
 * others finite. */
static void check_first_row(const wg_tensor *t, int64_t n, int64_t batch, int64_t width)
{
    bool is_any = false;
    assert_int_equal(wg_tensor_count(t), n * batch * width);
    for (int64_t i = 0; i < n * batch * width; i++) {
        const double v = wg_tensor_get(t, i);
        assert_true(isfinite(v));
        if (i / width % batch == 0) {
            assert_true(v == 0);
        }
        is_any = is_any || v != 0;
    }
    assert_true(is_any);
}

/* The first row's state is infinite, and the loss does not ask for that row. */
static void check_gate(cell kind, const wg_config *config)
{
    const recurrence_case c = {kind, 3, 8, 2, 19, false, false};
    recording r = begin(&c, WG_F32, config, c.hidden);
    const wg_node others = wg_slice(r.y, 1, 1, c.batch, 1);
    if (wg_backward(wg_sum_all(wg_square(others))) != WG_OK) {
        fail_msg("%s: %s", names[kind], wg_graph_error(r.g));
    }
    check_first_row(wg_gradient(r.leaves[X]), c.steps, c.batch, c.inputs);
    check_first_row(wg_gradient(r.leaves[H0]), 1, c.batch, c.hidden);
    if (kind == LSTM) {
        check_first_row(wg_gradient(r.leaves[C0]), 1, c.batch, c.hidden);
    }
    end(&r);
}

static void test_zero_gradients_stay(void **state)
{
    (void)state;
    static const uint32_t without[] = {WG_BACKEND_ONEDNN, WG_BACKEND_NATIVE | WG_BACKEND_ONEDNN};
    for (int i = 0; i < 2; i++) {
        const wg_config config = {.size = sizeof config, .threads = 1, .without = without[i]};
        for (int kind = RNN; kind <= GRU; kind++) {
            check_gate((cell)kind, &config);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recurrence_f32),
        cmocka_unit_test(test_recurrence_f64),
        cmocka_unit_test(test_recurrence_threads),
        cmocka_unit_test(test_zero_gradients_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
