/* Hard cases: what ops answer at zeros, denormals, the largest numbers, infinities and NaN.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Pointwise ops are run on every such value, binary ones on every pair, in f32 and f64, with an
 * upstream gradient of 1 and of 0. Expected values come from long double, or from the same IEEE
 * operation written in C. */
#include "ops/oracles.h"
#include "ops/sample_graph.h"
#include "support/cmocka_all.h"

#include <wengert/ops.h>

#include "core/context.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    N_HARD = 26,
    N_PAIRS = N_HARD * N_HARD
};

/* The values, as doubles that are exact in the dtype. */
static void hard_values(wg_dtype dtype, double out[N_HARD])
{
    const bool is_f32 = dtype == WG_F32;
    const double half[N_HARD / 2] = {
        0,
        is_f32 ? (double)FLT_TRUE_MIN : DBL_TRUE_MIN,
        is_f32 ? (double)nextafterf(FLT_MIN, 0) : nextafter(DBL_MIN, 0),
        is_f32 ? (double)FLT_MIN : DBL_MIN,
        is_f32 ? (double)FLT_MAX : DBL_MAX,
        HUGE_VAL,
        (double)NAN,
        0.5,
        1,
        3,
        88,
        745,
        1000,
    };
    for (int i = 0; i < N_HARD / 2; i++) {
        out[2 * i] = half[i];
        out[2 * i + 1] = -half[i];
    }
}

/* ---- running ------------------------------------------------------------------------------ */

static void read_value(const wg_tensor *t, double *out)
{
    assert_non_null(t);
    for (int64_t i = 0; i < wg_tensor_count(t); i++) {
        out[i] = wg_tensor_get(t, i);
    }
}

/* Runs y's sum weighted by an upstream gradient, backwards. */
static void run_backward(wg_graph *g, wg_node y, double upstream)
{
    const wg_node weight = wg_number(g, wg_node_dtype(y), upstream);
    if (wg_backward(wg_sum_all(wg_mul(y, weight))) != WG_OK) {
        fail_msg("%s", wg_graph_error(g));
    }
}

/* ---- one operand -------------------------------------------------------------------------- */

static int complain(const char *name, wg_dtype dtype, const char *what, double x, double found,
                    double expected)
{
    print_error("%s (%s) at %a: %s is %a, not %a\n", name, wg_dtype_name(dtype), x, what, found,
                expected);
    return 1;
}

/* Values to 2 ulp, slopes to a few: they are products of wgt_rounded values. */
static int judge_unary(const wgt_stage *b, const wgt_unary *op, wg_dtype dtype)
{
    double x[N_HARD];
    double y[N_HARD];
    double dx[N_HARD];
    int n_failures = 0;
    hard_values(dtype, x);
    const wg_node in = wgt_stage_vector(b, dtype, N_HARD, x);
    const wg_node out = op->record(in);
    run_backward(b->g, out, 1);
    read_value(wg_value(out), y);
    read_value(wg_gradient(in), dx);
    for (int i = 0; i < N_HARD; i++) {
        const double value = wgt_rounded(dtype, op->value((long double)x[i]));
        const double slope = wgt_rounded(dtype, op->slope((long double)x[i], (long double)y[i]));
        if (!wgt_agrees(dtype, y[i], value, 2)) {
            n_failures += complain(op->name, dtype, "the value", x[i], y[i], value);
        }
        if (!wgt_agrees_at(dtype, dx[i], slope, op->slope_ulps, op->slope_scale)) {
            n_failures += complain(op->name, dtype, "the gradient", x[i], dx[i], slope);
        }
    }
    assert_int_equal(wg_graph_reset(b->g), WG_OK);
    return n_failures;
}

/* Where the upstream gradient is exactly 0 so is the gradient, whatever the derivative is. */
static int judge_gate(const wgt_stage *b, const wgt_unary *op, wg_dtype dtype)
{
    double x[N_HARD];
    double dx[N_HARD];
    int n_failures = 0;
    hard_values(dtype, x);
    const wg_node in = wgt_stage_vector(b, dtype, N_HARD, x);
    run_backward(b->g, op->record(in), 0);
    read_value(wg_gradient(in), dx);
    for (int i = 0; i < N_HARD; i++) {
        if (!(dx[i] == 0)) {
            n_failures += complain(op->name, dtype, "the gated gradient", x[i], dx[i], 0);
        }
    }
    assert_int_equal(wg_graph_reset(b->g), WG_OK);
    return n_failures;
}

static void test_hard_cases_of_unary_ops(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    int n_failures = 0;
    for (size_t i = 0; i < wgt_n_unaries; i++) {
        n_failures += judge_unary(&b, &wgt_unaries[i], WG_F32);
        n_failures += judge_unary(&b, &wgt_unaries[i], WG_F64);
    }
    assert_int_equal(n_failures, 0);
    wgt_stage_close(&b);
}

static void test_hard_cases_are_gated_to_zero(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    int n_failures = 0;
    for (size_t i = 0; i < wgt_n_unaries; i++) {
        n_failures += judge_gate(&b, &wgt_unaries[i], WG_F32);
        n_failures += judge_gate(&b, &wgt_unaries[i], WG_F64);
    }
    assert_int_equal(n_failures, 0);
    wgt_stage_close(&b);
}

/* A pointwise op that nobody says the answers of is refused. */
static void test_hard_cases_cover_the_pointwise_ops(void **state)
{
    (void)state;
    wg_context *ctx = wgt_context(0);
    int n_failures = 0;
    for (uint16_t i = 1; i < ctx->ops->count; i++) {
        const wgi_op *op = ctx->ops->ops[i];
        if ((op->traits & WGI_POINTWISE) != 0 && !wgt_has_oracle(op->name)) {
            print_error("%s has no oracle (oracles.c, oracles_binary.c)\n", op->name);
            n_failures++;
        }
    }
    assert_int_equal(n_failures, 0);
    assert_false(wgt_has_oracle("no op"));
    assert_false(wgt_has_oracle("no_op_slope"));
    wg_context_destroy(ctx);
}

/* ---- two operands ------------------------------------------------------------------------- */

typedef struct answer {
    double y;
    double da;
    double db;
} answer;

/* All pairs of hard values. */
static void hard_pairs(wg_dtype dtype, double *a, double *b)
{
    double x[N_HARD];
    hard_values(dtype, x);
    for (int i = 0; i < N_PAIRS; i++) {
        a[i] = x[i / N_HARD];
        b[i] = x[i % N_HARD];
    }
}

static answer expected_at(const wgt_binary *op, wg_dtype dtype, double a, double b, double y)
{
    const wgt_point p = {dtype, (long double)a, (long double)b, (long double)y};
    answer expected = {.y = wgt_rounded(dtype, op->value(p.a, p.b))};
    if (op->slope_a != NULL) {
        expected.da = wgt_rounded(dtype, op->slope_a(&p));
        expected.db = wgt_rounded(dtype, op->slope_b(&p));
    }
    return expected;
}

static int judge_pair(const wgt_binary *op, wg_dtype dtype, double a, double b, answer found)
{
    const answer expected = expected_at(op, dtype, a, b, found.y);
    const bool is_judged = op->slope_a != NULL;
    if (wgt_agrees(dtype, found.y, expected.y, op->ulps) &&
        (!is_judged || (wgt_agrees(dtype, found.da, expected.da, op->slope_ulps) &&
                        wgt_agrees(dtype, found.db, expected.db, op->slope_ulps)))) {
        return 0;
    }
    print_error("%s (%s) at %a, %a: %a, da %a, db %a; not %a, %a, %a\n", op->name,
                wg_dtype_name(dtype), a, b, found.y, found.da, found.db, expected.y, expected.da,
                expected.db);
    return 1;
}

static int judge_binary(const wgt_stage *here, const wgt_binary *op, wg_dtype dtype)
{
    static const int64_t n = N_PAIRS;
    double a[N_PAIRS];
    double b[N_PAIRS];
    double y[N_PAIRS];
    double da[N_PAIRS];
    double db[N_PAIRS];
    int n_failures = 0;
    hard_pairs(dtype, a, b);
    const wg_node in_a = wgt_stage_vector(here, dtype, n, a);
    const wg_node in_b = wgt_stage_vector(here, dtype, n, b);
    const wg_node out = op->record(in_a, in_b);
    run_backward(here->g, out, 1);
    read_value(wg_value(out), y);
    read_value(wg_gradient(in_a), da);
    read_value(wg_gradient(in_b), db);
    for (int i = 0; i < N_PAIRS; i++) {
        n_failures += judge_pair(op, dtype, a[i], b[i], (answer){y[i], da[i], db[i]});
    }
    assert_int_equal(wg_graph_reset(here->g), WG_OK);
    return n_failures;
}

static void test_hard_cases_of_binary_ops(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    int n_failures = 0;
    for (size_t i = 0; i < wgt_n_binaries; i++) {
        n_failures += judge_binary(&b, &wgt_binaries[i], WG_F32);
        n_failures += judge_binary(&b, &wgt_binaries[i], WG_F64);
    }
    assert_int_equal(n_failures, 0);
    wgt_stage_close(&b);
}

/* Where the upstream gradient is exactly 0, so are both gradients. */
static int judge_binary_gate(const wgt_stage *here, const wgt_binary *op, wg_dtype dtype)
{
    double a[N_PAIRS];
    double b[N_PAIRS];
    double dx[N_PAIRS];
    int n_failures = 0;
    hard_pairs(dtype, a, b);
    const wg_node in[2] = {wgt_stage_vector(here, dtype, N_PAIRS, a),
                           wgt_stage_vector(here, dtype, N_PAIRS, b)};
    run_backward(here->g, op->record(in[0], in[1]), 0);
    for (int k = 0; k < 2; k++) {
        read_value(wg_gradient(in[k]), dx);
        for (int i = 0; i < N_PAIRS; i++) {
            if (!(dx[i] == 0)) {
                n_failures += complain(op->name, dtype, "a gated gradient", a[i], dx[i], 0);
            }
        }
    }
    assert_int_equal(wg_graph_reset(here->g), WG_OK);
    return n_failures;
}

static void test_hard_cases_of_pairs_are_gated_to_zero(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    int n_failures = 0;
    for (size_t i = 0; i < wgt_n_binaries; i++) {
        n_failures += judge_binary_gate(&b, &wgt_binaries[i], WG_F32);
        n_failures += judge_binary_gate(&b, &wgt_binaries[i], WG_F64);
    }
    assert_int_equal(n_failures, 0);
    wgt_stage_close(&b);
}

/* ---- truths ------------------------------------------------------------------------------- */

static int judge_truths(const wgt_stage *here, const wgt_truth *op, wg_node a, wg_node b)
{
    const wg_tensor *in[2] = {wg_value(a), wg_value(b)};
    const wg_tensor *y = wg_value(op->one != NULL ? op->one(a) : op->two(a, b));
    int n_failures = 0;
    assert_int_equal(wg_graph_status(here->g), WG_OK);
    for (int64_t i = 0; i < wg_tensor_count(y); i++) {
        const double at[2] = {wg_tensor_get(in[0], i), wg_tensor_get(in[1], i)};
        const int expected = op->value(at[0], op->two != NULL ? at[1] : 0);
        if (((const uint8_t *)wg_tensor_data(y))[i] != expected) {
            print_error("%s (%s) of %a and %a is not %d\n", op->name,
                        wg_dtype_name(wg_node_dtype(a)), at[0], at[1], expected);
            n_failures++;
        }
    }
    assert_int_equal(wg_graph_reset(here->g), WG_OK);
    return n_failures;
}

static int judge_truths_of_reals(const wgt_stage *here, const wgt_truth *op, wg_dtype dtype)
{
    double a[N_PAIRS];
    double b[N_PAIRS];
    hard_pairs(dtype, a, b);
    return judge_truths(here, op, wgt_stage_vector(here, dtype, N_PAIRS, a),
                        wgt_stage_vector(here, dtype, N_PAIRS, b));
}

static wg_node bytes(const wgt_stage *here, const uint8_t *from, int64_t n)
{
    wg_tensor *t = NULL;
    assert_int_equal(wg_tensor_create(here->ctx, WG_BOOL, 1, &n, &t), WG_OK);
    memcpy(wg_tensor_data_mutable(t), from, (size_t)n);
    const wg_node x = wg_input(here->g, t);
    wg_tensor_destroy(t);
    return x;
}

/* Of a caller's bytes any but 0 is true. */
static int judge_truths_of_bools(const wgt_stage *here, const wgt_truth *op)
{
    static const uint8_t a[16] = {0, 1, 2, 255, 0, 1, 2, 255, 0, 1, 2, 255, 0, 1, 2, 255};
    static const uint8_t b[16] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 255, 255, 255, 255};
    return judge_truths(here, op, bytes(here, a, 16), bytes(here, b, 16));
}

static void test_hard_cases_of_truths(void **state)
{
    (void)state;
    wgt_stage here = wgt_stage_open();
    int n_failures = 0;
    for (size_t i = 0; i < wgt_n_truths; i++) {
        const wgt_truth *op = &wgt_truths[i];
        n_failures += op->is_logical ? judge_truths_of_bools(&here, op)
                                     : judge_truths_of_reals(&here, op, WG_F32) +
                                           judge_truths_of_reals(&here, op, WG_F64);
    }
    assert_int_equal(n_failures, 0);
    wgt_stage_close(&here);
}

static int64_t i64_at(wg_node y, int64_t i)
{
    const wg_tensor *t = wg_value(y);
    assert_non_null(t);
    return ((const int64_t *)wg_tensor_data(t))[i];
}

/* Integers are compared as they are, not as reals, in which the first three would be equal. */
static void test_hard_cases_of_integers(void **state)
{
    (void)state;
    static const int64_t values[] = {INT64_MAX, INT64_MAX - 1, INT64_MAX - 2, INT64_MIN, -1, 0};
    const int64_t n = sizeof values / sizeof *values;
    const int64_t column[2] = {n, 1};
    wgt_stage here = wgt_stage_open();
    const wg_node b = wg_constant(here.g, WG_I64, 1, &n, values);
    const wg_node a = wg_constant(here.g, WG_I64, 2, column, values);
    const wg_node larger = wg_maximum(a, b);
    const wg_node smaller = wg_minimum(a, b);
    const wg_tensor *is_less = wg_value(wg_less(a, b));
    const wg_tensor *is_equal = wg_value(wg_equal(a, b));
    for (int64_t i = 0; i < n * n; i++) {
        const int64_t x = values[i / n];
        const int64_t y = values[i % n];
        assert_true(i64_at(larger, i) == (x > y ? x : y));
        assert_true(i64_at(smaller, i) == (x < y ? x : y));
        assert_int_equal(((const uint8_t *)wg_tensor_data(is_less))[i], x < y);
        assert_int_equal(((const uint8_t *)wg_tensor_data(is_equal))[i], x == y);
    }
    wgt_stage_close(&here);
}

/* ---- named cases -------------------------------------------------------------------------- */

typedef enum row_op {
    SOFTMAX,
    LOG_SOFTMAX,
    SUM,
    MEAN,
    LOG_WHERE_POSITIVE
} row_op;

/* A row of three and what comes of it; dx is the gradient of the result's first element. */
typedef struct row_case {
    const char *name;
    row_op op;
    double x[3];
    double y[3];
    double dx[3];
} row_case;

#define INF HUGE_VAL
#define NOT ((double)NAN)

static const row_case row_cases[] = {
    {"softmax, +-1e4", SOFTMAX, {1e4, -1e4, 0}, {1, 0, 0}, {0, 0, 0}},
    {"softmax of -inf", SOFTMAX, {-INF, -INF, -INF}, {NOT, NOT, NOT}, {NOT, NOT, NOT}},
    {"softmax, one +inf", SOFTMAX, {0, INF, 0}, {NOT, NOT, NOT}, {NOT, NOT, NOT}},
    {"softmax, one -inf", SOFTMAX, {0, -INF, 0}, {0.5, 0, 0.5}, {0.25, 0, -0.25}},
    {"softmax, one NaN", SOFTMAX, {0, NOT, 0}, {NOT, NOT, NOT}, {NOT, NOT, NOT}},
    {"log_softmax, +-1e4", LOG_SOFTMAX, {1e4, -1e4, 0}, {0, -2e4, -1e4}, {0, 0, 0}},
    {"log_softmax of -inf", LOG_SOFTMAX, {-INF, -INF, -INF}, {NOT, NOT, NOT}, {NOT, NOT, NOT}},
    {"log_softmax, one +inf", LOG_SOFTMAX, {0, INF, 0}, {NOT, NOT, NOT}, {NOT, NOT, NOT}},
    {"sum, one NaN", SUM, {1, NOT, 1}, {NOT, NOT, NOT}, {1, 1, 1}},
    {"sum, +-inf", SUM, {INF, -INF, 1}, {NOT, NOT, NOT}, {1, 1, 1}},
    {"mean, inf", MEAN, {INF, 1, 1}, {INF, INF, INF}, {1. / 3, 1. / 3, 1. / 3}},
    {"log where positive", LOG_WHERE_POSITIVE, {0, -1, NOT}, {0, 0, 0}, {0, 0, 0}},
};

static wg_node record_row(const wgt_stage *b, row_op op, wg_node x)
{
    const wg_node zero = wg_number(b->g, wg_node_dtype(x), 0);
    const int64_t n = 3;
    switch (op) {
    case SOFTMAX:
        return wg_softmax(x, 0);
    case LOG_SOFTMAX:
        return wg_log_softmax(x, 0);
    case SUM:
        return wg_broadcast_to(wg_sum_all(x), 1, &n);
    case MEAN:
        return wg_broadcast_to(wg_mean_all(x), 1, &n);
    case LOG_WHERE_POSITIVE:
        break;
    }
    return wg_where(wg_greater(x, zero), wg_log(x), zero);
}

static int judge_row(const wgt_stage *b, const row_case *c, wg_dtype dtype)
{
    double y[3];
    double dx[3];
    int n_failures = 0;
    const wg_node x = wgt_stage_vector(b, dtype, 3, c->x);
    const wg_node out = record_row(b, c->op, x);
    const int64_t first = 0;
    const wg_node loss = wg_gather(out, wg_constant(b->g, WG_I64, 0, NULL, &first), 0);
    assert_int_equal(wg_backward(loss), WG_OK);
    read_value(wg_value(out), y);
    read_value(wg_gradient(x), dx);
    for (int i = 0; i < 3; i++) {
        if (!wgt_agrees(dtype, y[i] + 0.0, wgt_rounded(dtype, (long double)c->y[i]), 1)) {
            n_failures += complain(c->name, dtype, "the value", c->x[i], y[i], c->y[i]);
        }
        if (!wgt_agrees(dtype, dx[i] + 0.0, wgt_rounded(dtype, (long double)c->dx[i]), 1)) {
            n_failures += complain(c->name, dtype, "the gradient", c->x[i], dx[i], c->dx[i]);
        }
    }
    assert_int_equal(wg_graph_reset(b->g), WG_OK);
    return n_failures;
}

static void test_hard_cases_of_rows(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    int n_failures = 0;
    for (size_t i = 0; i < sizeof row_cases / sizeof row_cases[0]; i++) {
        n_failures += judge_row(&b, &row_cases[i], WG_F32);
        n_failures += judge_row(&b, &row_cases[i], WG_F64);
    }
    assert_int_equal(n_failures, 0);
    wgt_stage_close(&b);
}

/* A probability of 0 against a logit of -inf counts 0; a probability above 0 against it, inf. */
static void test_hard_cases_of_cross_entropy(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    const double logits[] = {0, -HUGE_VAL, 0};
    const double soft[2][3] = {{0.5, 0, 0.5}, {0.5, 0.5, 0}};
    const int64_t dims[] = {1, 3};
    for (int k = 0; k < 2; k++) {
        const wg_node x = wgt_stage_vector(&b, WG_F64, 3, logits);
        const wg_node t = wg_reshape(wgt_stage_vector(&b, WG_F64, 3, soft[k]), 2, dims);
        const wg_node loss = wg_cross_entropy(wg_reshape(x, 2, dims), t);
        double dx[3];
        assert_int_equal(wg_backward(loss), WG_OK);
        read_value(wg_gradient(x), dx);
        const double expected = k == 0 ? log(2) : HUGE_VAL;
        assert_true(wgt_agrees(WG_F64, wg_item(loss), expected, 2));
        assert_true(wgt_agrees(WG_F64, dx[0] + 0.0, 0, 0));
        assert_true(wgt_agrees(WG_F64, dx[1] + 0.0, k == 0 ? 0 : -0.5, 0));
        assert_int_equal(wg_graph_reset(b.g), WG_OK);
    }
    wgt_stage_close(&b);
}

static void test_hard_cases_of_nothing(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    const wg_node x = wgt_stage_vector(&b, WG_F32, 0, NULL);
    assert_true(wg_item(wg_sum_all(x)) == 0);
    assert_true(isnan(wg_item(wg_mean_all(x))));
    assert_int_equal(wg_graph_status(b.g), WG_OK);
    wgt_stage_close(&b);
}

/* ---- cast --------------------------------------------------------------------------------- */

typedef struct cast_case {
    double x;
    int64_t i64;
    int u8;
    int is_true;
} cast_case;

static const cast_case cast_cases[] = {
    {0.0, 0, 0, 0},
    {-0.0, 0, 0, 0},
    {0.75, 0, 0, 1},
    {-0.75, 0, 0, 1},
    {2.5, 2, 2, 1},
    {-2.5, -2, 0, 1},
    {300, 300, 255, 1},
    {0x1p62, INT64_C(1) << 62, 255, 1},
    {0x1p63, INT64_MAX, 255, 1},
    {-0x1p63, INT64_MIN, 0, 1},
    {1e38, INT64_MAX, 255, 1},
    {-1e38, INT64_MIN, 0, 1},
    {HUGE_VAL, INT64_MAX, 255, 1},
    {-HUGE_VAL, INT64_MIN, 0, 1},
    {(double)NAN, 0, 0, 1},
};

enum {
    N_CASTS = (int)(sizeof cast_cases / sizeof cast_cases[0])
};

static void test_hard_cases_of_cast(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    double x[N_CASTS];
    for (int i = 0; i < N_CASTS; i++) {
        x[i] = cast_cases[i].x;
    }
    for (int k = 0; k < 2; k++) {
        const wg_node in = wgt_stage_vector(&b, k == 0 ? WG_F32 : WG_F64, N_CASTS, x);
        const wg_tensor *i64 = wg_value(wg_cast(in, WG_I64));
        const wg_tensor *u8 = wg_value(wg_cast(in, WG_U8));
        const wg_tensor *truth = wg_value(wg_cast(in, WG_BOOL));
        for (int i = 0; i < N_CASTS; i++) {
            assert_int_equal(((const int64_t *)wg_tensor_data(i64))[i], cast_cases[i].i64);
            assert_int_equal(((const uint8_t *)wg_tensor_data(u8))[i], cast_cases[i].u8);
            assert_int_equal(((const uint8_t *)wg_tensor_data(truth))[i], cast_cases[i].is_true);
        }
        assert_int_equal(wg_graph_reset(b.g), WG_OK);
    }
    wgt_stage_close(&b);
}

/* ---- sums --------------------------------------------------------------------------------- */

static void test_hard_cases_of_a_long_sum(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    const int64_t n = 10000000;
    const double expected = 1e7 * (double)0.1F;
    wg_tensor *t = NULL;
    assert_int_equal(wg_tensor_create(b.ctx, WG_F32, 1, &n, &t), WG_OK);
    float *x = wg_tensor_data_mutable(t);
    for (int64_t i = 0; i < n; i++) {
        x[i] = 0.1F;
    }
    const wg_node in = wg_input(b.g, t);
    assert_true(fabs(wg_item(wg_sum_all(in)) - expected) <= 1e-6 * expected);
    assert_true(fabs(wg_item(wg_mean_all(in)) - (double)0.1F) <= 1e-6 * 0.1);
    wg_tensor_destroy(t);
    wgt_stage_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hard_cases_of_unary_ops),
        cmocka_unit_test(test_hard_cases_are_gated_to_zero),
        cmocka_unit_test(test_hard_cases_cover_the_pointwise_ops),
        cmocka_unit_test(test_hard_cases_of_binary_ops),
        cmocka_unit_test(test_hard_cases_of_pairs_are_gated_to_zero),
        cmocka_unit_test(test_hard_cases_of_truths),
        cmocka_unit_test(test_hard_cases_of_integers),
        cmocka_unit_test(test_hard_cases_of_rows),
        cmocka_unit_test(test_hard_cases_of_cross_entropy),
        cmocka_unit_test(test_hard_cases_of_nothing),
        cmocka_unit_test(test_hard_cases_of_cast),
        cmocka_unit_test(test_hard_cases_of_a_long_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
