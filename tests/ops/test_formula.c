/* Ops by formula: what formulas mean, what they refuse, and that no text breaks the reader.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wengert/wengert.h>

#include "ops/formula.h"

typedef struct bench {
    wg_context *ctx;
    wg_graph *g;
    int n_ops;
} bench;

static int bench_open(void **state)
{
    bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    assert_int_equal(wg_context_create(NULL, &b->ctx), WG_OK);
    assert_int_equal(wg_graph_create(b->ctx, &b->g), WG_OK);
    *state = b;
    return 0;
}

static int bench_close(void **state)
{
    bench *b = *state;
    wg_graph_destroy(b->g);
    wg_context_destroy(b->ctx);
    free(b);
    return 0;
}

static wg_status try_formula(bench *b, const char *formula, wg_op **op)
{
    char name[24];
    (void)snprintf(name, sizeof name, "f%d", b->n_ops++);
    return wg_custom_pointwise(b->ctx, name, formula, op);
}

static wg_op *formula_op(bench *b, const char *formula)
{
    wg_op *op = NULL;
    if (try_formula(b, formula, &op) != WG_OK) {
        fail_msg("%s", wg_context_error(b->ctx));
    }
    return op;
}

/* ---- meaning ------------------------------------------------------------------------------ */

static double at(bench *b, const char *formula, double x, double y)
{
    const wg_op *op = formula_op(b, formula);
    wg_custom_info info;
    assert_int_equal(wg_custom_describe(op, &info), WG_OK);
    assert_int_equal(wg_graph_reset(b->g), WG_OK);
    const wg_node in[] = {wg_number(b->g, WG_F64, x), wg_number(b->g, WG_F64, y)};
    return wg_item(wg_custom(op, in, info.n_inputs, NULL));
}

typedef struct meaning {
    const char *formula;
    double want; /* at x = 1.5, y = -0.25 */
} meaning;

#define X 1.5
#define Y (-0.25)

static void expect_meanings(bench *b, const meaning *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double have = at(b, rows[i].formula, X, Y);
        if (!(fabs(have - rows[i].want) <= 4e-15 * fmax(1, fabs(rows[i].want)))) {
            fail_msg("%s is %.17g, not %.17g", rows[i].formula, have, rows[i].want);
        }
    }
}

static void test_formula_means_what_it_says(void **state)
{
    const double x = X;
    const double y = Y;
    const meaning rows[] = {
        {"x", x},
        {"x+y", x + y},
        {"x-y-y", x - y - y},
        {"x/y/2", x / y / 2},
        {"x+y*x", x + y * x},
        {"(x+y)*x", (x + y) * x},
        {"--x", x},
        {"2*-x", -2 * x},
        {"x--y", x - -y},
        {"x + 1", x + 1},
        {"1 - x", 1 - x},
        {"1/x", 1 / x},
        {"x/4", x / 4},
        {"3*x*2", 6 * x},
        {"1e2*x", 100 * x},
        {"1.5e-1*x", 0.15 * x},
        {".5*x", 0.5 * x},
        {"2.*x", 2 * x},
        {" x\t+\ny\r", x + y},
        {"0.1*x", 0.1 * x},
        {"0.79788456080286535588*x", 0.79788456080286535588 * x},
        {"((((x))))", x},
        {"e*x", x * y}, /* no constant: a variable, and the first */
    };
    expect_meanings(*state, rows, sizeof rows / sizeof *rows);
}

static void test_formula_knows_powers_and_functions(void **state)
{
    const double x = X;
    const double y = Y;
    const meaning rows[] = {
        {"-x^2", -(x * x)},
        {"(-x)^2", x * x},
        {"x^3", x * x * x},
        {"x^-2", 1 / (x * x)},
        {"x^7", pow(x, 7)},
        {"x^64", pow(x, 64)},
        {"x^2^3", pow(x, 8)},
        {"x^0.5", sqrt(x)},
        {"x^-0.5", 1 / sqrt(x)},
        {"x^(1/2)", sqrt(x)},
        {"2^3*x", 8 * x},
        {"x^0", 1},
        {"x^65", pow(x, 65)},
        {"x^2.5", pow(x, 2.5)},
        {"x^-2.5", pow(x, -2.5)},
        {"x^y", pow(x, y)},
        {"2^x", pow(2, x)},
        {"x^-y^2", pow(x, -(y * y))},
        {"x*tanh(log1p(exp(x)))", x * tanh(log1p(exp(x)))},
        {"sin(x)^2 + cos(x)^2", 1},
        {"x*erf(x/sqrt(2))", x * erf(x / sqrt(2))},
        {"maximum(x, 2) + minimum(x, 1)", 3},
        {"abs(-x)*abs(-2)", 2 * x},
        {"atan2(x, 2) + hypot(x, 2)", atan2(x, 2) + 2.5},
        {"pi*x", 3.14159265358979323846 * x},
        {"sqrt(2/pi)*x", sqrt(2 / 3.14159265358979323846) * x},
        {"exp(x)*log(x)", exp(x) * log(x)},
        {"x*tanh(log(1+exp(x)))", x * tanh(log(1 + exp(x)))},
        {"sigmoid(2)*x", x / (1 + exp(-2.0))},
        {"relu(-x) + square(x) - neg(x)", x * x + x},
        {"gate(x, y)", x * y},
        {"gate ( x , y + 1 ) ", x * (y + 1)},
        {"pie + x_1", x + y},
    };
    expect_meanings(*state, rows, sizeof rows / sizeof *rows);
}

static void test_formula_takes_variables_in_order_of_appearance(void **state)
{
    bench *b = *state;
    const wg_op *op = formula_op(b, "b - a*b + c");
    wg_custom_info info;
    assert_int_equal(wg_custom_describe(op, &info), WG_OK);
    assert_int_equal(info.n_inputs, 3);
    assert_int_equal(info.n_outputs, 1);
    assert_string_equal(info.inputs[0], "b");
    assert_string_equal(info.inputs[1], "a");
    assert_string_equal(info.inputs[2], "c");
    assert_true(info.has_gradient && info.has_higher_orders);
    const wg_node in[] = {wg_number(b->g, WG_F64, 5), wg_number(b->g, WG_F64, 3),
                          wg_number(b->g, WG_F64, 100)};
    assert_true(wg_item(wg_custom(op, in, 3, NULL)) == 90);
}

/* The decimal point is a point whatever the locale of the process says. */
static void test_formula_reads_numbers_in_every_locale(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "C"};
    bench *b = *state;
    for (size_t i = 0; i < 4; i++) {
        if (setlocale(LC_NUMERIC, names[i]) != NULL) {
            assert_true(at(b, "0.5*x", 3, 0) == 1.5);
        }
    }
    (void)setlocale(LC_NUMERIC, "C");
}

static void test_formula_broadcasts_and_differentiates(void **state)
{
    static const int64_t rows[] = {2, 1};
    static const int64_t columns[] = {3};
    static const float x[] = {0.5F, -1.5F};
    static const float y[] = {1, 2, 3};
    bench *b = *state;
    wg_tensor *t[2];
    wg_op_report report;
    const wg_op *op = formula_op(b, "x*tanh(log(1 + exp(y))) - 0.5*x^3/y");
    assert_int_equal(wg_tensor_from(b->ctx, WG_F32, 2, rows, WG_F32, x, &t[0]), WG_OK);
    assert_int_equal(wg_tensor_from(b->ctx, WG_F32, 1, columns, WG_F32, y, &t[1]), WG_OK);
    assert_int_equal(wg_check_op(op, t, 2, NULL, NULL, &report), WG_OK);
    assert_int_equal(report.first.check.verdict, WG_CHECK_RIGHT);
    assert_true(report.has_second);
    assert_int_equal(report.second.check.verdict, WG_CHECK_RIGHT);
    const wg_node in[] = {wg_input(b->g, t[0]), wg_input(b->g, t[1])};
    const wg_node z = wg_custom(op, in, 2, NULL);
    assert_int_equal(wg_node_rank(z), 2);
    assert_int_equal(wg_node_dim(z, 0), 2);
    assert_int_equal(wg_node_dim(z, 1), 3);
    wg_tensor_destroy(t[0]);
    wg_tensor_destroy(t[1]);
}

/* A formula runs as what it is recorded as: one fused step where the native kernels are there. */
static void test_formula_is_one_step(void **state)
{
    static const int64_t n = 100;
    bench *b = *state;
    wg_tensor *t;
    wg_plan_need need;
    assert_int_equal(wg_tensor_create(b->ctx, WG_F32, 1, &n, &t), WG_OK);
    const wg_node x = wg_input(b->g, t);
    const wg_node y = wg_custom(formula_op(b, "x*tanh(log(1 + exp(x))) + 2*x^3"), &x, 1, NULL);
    assert_int_equal(wg_plan_memory(&y, 1, WG_PLAN_RUN, &need), WG_OK);
    assert_true(need.ops > 5);
    assert_int_equal(need.steps, wg_context_has_backend(b->ctx, "native") ? 1 : need.ops);
    wg_tensor_destroy(t);
}

static void expect_refused(bench *b, const wg_op *op, const wg_node *in, int32_t n,
                           const char *error)
{
    const wg_node y = wg_custom(op, in, n, NULL);
    const int line = __LINE__ - 1;
    char want[160];
    (void)snprintf(want, sizeof want, "f0: %s\n  at test_formula.c:%d", error, line);
    assert_false(wg_is_valid(y));
    assert_string_equal(wg_graph_error(b->g), want);
    assert_int_equal(wg_graph_reset(b->g), WG_OK);
}

/* In the name of the formula's op, with the caller's line, and not of an op inside. */
static void test_formula_refuses_operands(void **state)
{
    static const int64_t dims[] = {2, 3, 4};
    bench *b = *state;
    const wg_op *op = formula_op(b, "x + exp(y)");
    const int64_t label = 1;
    wg_node in[] = {wg_number(b->g, WG_F64, 1), wg_constant(b->g, WG_I64, 0, NULL, &label)};
    expect_refused(b, op, in, 2, "needs a floating dtype: i64 (y)");
    in[0] = wg_number(b->g, WG_F64, 1);
    expect_refused(b, op, in, 1, "2 inputs, not 1");
    in[0] = wg_number(b->g, WG_F64, 1);
    in[1] = wg_number(b->g, WG_F32, 1);
    expect_refused(b, op, in, 2, "dtypes differ: f64 (x) vs f32 (y)");
    in[0] = wg_full(b->g, WG_F64, 3, dims, 1);
    in[1] = wg_full(b->g, WG_F64, 1, dims + 1, 1);
    expect_refused(b, op, in, 2, "shapes do not broadcast: [3] (y) to [2, 3, 4] (those before it)");
    in[1] = wg_number(b->g, WG_F32, 1);
    expect_refused(b, op, in, 2, "variable x is no node of this graph");
}

/* ---- what is refused ---------------------------------------------------------------------- */

typedef struct refusal {
    const char *formula;
    const char *error;
} refusal;

static const refusal refusals[] = {
    {"x*tanh(tahn(x))", "column 8: unknown function 'tahn'\n  x*tanh(tahn(x))\n         ^"},
    {"", "column 1: the formula ends where a number, a variable or '(' is expected\n  \n  ^"},
    {"x+", "column 3: the formula ends where a number, a variable or '(' is expected\n  x+\n    ^"},
    {"(x", "column 3: the formula ends where ')' is expected\n  (x\n    ^"},
    {"x)", "column 2: ')' where an operator is expected\n  x)\n   ^"},
    {"x y", "column 3: 'y' where an operator is expected\n  x y\n    ^"},
    {"2x", "column 2: 'x' where an operator is expected\n  2x\n   ^"},
    {"x*/y", "column 3: '/' where a number, a variable or '(' is expected\n  x*/y\n    ^"},
    {"+x", "column 1: '+' where a number, a variable or '(' is expected\n  +x\n  ^"},
    {"exp", "column 4: the formula ends where '(' of a function is expected\n  exp\n     ^"},
    {"exp*x", "column 4: '*' where '(' of a function is expected\n  exp*x\n     ^"},
    {"exp(x,x)", "column 6: ',' where ')' is expected\n  exp(x,x)\n       ^"},
    {"gate(x)", "column 7: ')' where ',' and a second operand is expected\n  gate(x)\n        ^"},
    {"1 + 2", "column 1: the formula has no variable\n  1 + 2\n  ^"},
    {"x + 1e999", "column 5: the number is too large\n  x + 1e999\n      ^"},
    {"x + .", "column 5: a point is no number\n  x + .\n      ^"},
    {"x = 3", "column 3: '=' where an operator is expected\n  x = 3\n    ^"},
    {"x + \xC3\xA9", "column 5: a byte that is no character where a number, a variable or '(' is "
                     "expected\n  x + ??\n      ^"},
    {"a+b+c+d+e+f+g+h+i", "column 17: more than 8 variables\n  a+b+c+d+e+f+g+h+i\n"
                          "                  ^"},
    {"x + an_identifier_of_32_characters_x", "column 5: a name of more than 31 characters\n  x + "
                                             "an_identifier_of_32_characters_x\n      ^"},
};

static void test_formula_errors_point_at_the_place(void **state)
{
    bench *b = *state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        char want[256];
        wg_op *op = (wg_op *)b;
        (void)snprintf(want, sizeof want, "f%d: %s", b->n_ops, refusals[i].error);
        assert_int_equal(try_formula(b, refusals[i].formula, &op), WG_ERR_ARGUMENT);
        assert_null(op);
        assert_string_equal(wg_context_error(b->ctx), want);
    }
}

/* A long formula is shown around the place. */
static void test_formula_errors_show_a_window(void **state)
{
    bench *b = *state;
    char formula[400];
    wg_op *op;
    memset(formula, '1', sizeof formula);
    for (size_t i = 1; i < 399; i += 2) {
        formula[i] = '+';
    }
    formula[299] = '$';
    formula[399] = '\0';
    assert_int_equal(try_formula(b, formula, &op), WG_ERR_ARGUMENT);
    const char *text = wg_context_error(b->ctx);
    assert_non_null(strstr(text, "f0: column 300: '$' where an operator is expected\n"));
    const char *line = strchr(text, '\n') + 3;
    const char *mark = strchr(line, '\n') + 3;
    assert_int_equal(strchr(line, '\n') - line, 72);
    assert_int_equal(line[strchr(mark, '^') - mark], '$');
}

static char *repeat(const char *open, const char *middle, const char *close, size_t n)
{
    const size_t bytes = n * (strlen(open) + strlen(close)) + strlen(middle) + 1;
    char *text = calloc(bytes, 1);
    char *to = text;
    assert_non_null(text);
    for (size_t i = 0; i < n; i++) {
        to += snprintf(to, bytes, "%s", open);
    }
    to += snprintf(to, bytes, "%s", middle);
    for (size_t i = 0; i < n; i++) {
        to += snprintf(to, bytes, "%s", close);
    }
    return text;
}

static void expect_bound(bench *b, const char *open, const char *close, size_t most,
                         const char *error)
{
    wg_op *op;
    for (size_t n = most; n <= most + 1; n++) {
        char *text = repeat(open, "x", close, n);
        const wg_status status = try_formula(b, text, &op);
        if (status != (n == most ? WG_OK : WG_ERR_ARGUMENT)) {
            fail_msg("%zu times '%s': %s", n, open, wg_context_error(b->ctx));
        }
        assert_true(n == most || strstr(wg_context_error(b->ctx), error) != NULL);
        free(text);
    }
}

static void test_formula_is_bounded(void **state)
{
    bench *b = *state;
    expect_bound(b, "(", ")", 64, "nested deeper than 64 levels");
    expect_bound(b, "-", "", 64, "nested deeper than 64 levels");
    expect_bound(b, "tanh(", ")", 64, "nested deeper than 64 levels");
    expect_bound(b, "1+2*gate(3,", ")", 64, "nested deeper than 64 levels");
    expect_bound(b, "x+x*gate(x,", ")", 64, "nested deeper than 64 levels");
    expect_bound(b, "x+", "", 511, "more than 1024 operations");
    expect_bound(b, "", " ", 4095, "more than 4096 bytes");
    wg_op *op;
    char *text = repeat("(", "x", ")", 100000);
    assert_int_equal(try_formula(b, text, &op), WG_ERR_ARGUMENT);
    free(text);
}

/* The deepest stack that a formula can need is there when it is applied. */
static void test_formula_of_the_greatest_depth_runs(void **state)
{
    bench *b = *state;
    char *text = repeat("x+x*gate(x,", "x", ")", 64);
    const wg_op *op = formula_op(b, text);
    const wg_node x = wg_number(b->g, WG_F64, 0.5);
    const double y = wg_item(wg_custom(op, &x, 1, NULL));
    double want = 0.5;
    for (int i = 0; i < 64; i++) {
        want = 0.5 + 0.5 * (0.5 * want);
    }
    assert_true(fabs(y - want) < 1e-15);
    free(text);
}

/* ---- any text ----------------------------------------------------------------------------- */

static const char *const seeds[] = {
    "x*tanh(log(1 + exp(x)))",
    "0.5*x*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x^3)))",
    "gate(a, b)^-0.5 - -(sigmoid(c)/relu(d))^2",
    "1e-3*square(neg(x_1)) + .5e2/longer_name^64",
};

/* Whatever it is, it is read or refused, with a text; what is read runs. */
static void survive(bench *b, const char *text)
{
    wg_op *op = NULL;
    wg_custom_info info;
    const wg_status status = try_formula(b, text, &op);
    if (status != WG_OK) {
        assert_int_equal(status, WG_ERR_ARGUMENT);
        assert_null(op);
        assert_non_null(strstr(wg_context_error(b->ctx), ": column "));
        return;
    }
    wg_node in[8];
    assert_int_equal(wg_custom_describe(op, &info), WG_OK);
    assert_int_equal(wg_graph_reset(b->g), WG_OK);
    for (int32_t i = 0; i < info.n_inputs; i++) {
        in[i] = wg_number(b->g, WG_F64, 0.5 + i);
    }
    assert_true(wg_is_valid(wg_custom(op, in, info.n_inputs, NULL)));
}

static void renew(bench *b)
{
    if (b->n_ops % 500 == 499) { /* names are looked up one by one */
        wg_graph_destroy(b->g);
        wg_context_destroy(b->ctx);
        assert_int_equal(wg_context_create(NULL, &b->ctx), WG_OK);
        assert_int_equal(wg_graph_create(b->ctx, &b->g), WG_OK);
    }
}

static void test_formula_survives_truncation(void **state)
{
    bench *b = *state;
    for (size_t s = 0; s < sizeof seeds / sizeof *seeds; s++) {
        char text[128];
        (void)snprintf(text, sizeof text, "%s", seeds[s]);
        for (size_t n = strlen(text); n > 0; n--) {
            text[n] = '\0';
            survive(b, text);
            survive(b, seeds[s] + n);
        }
    }
}

static void test_formula_survives_any_edit(void **state)
{
    static const char letters[] = "x+-*/^().,0123456789eEpi tanhexgate_\t$\"";
    bench *b = *state;
    wg_rng rng = wg_rng_make(2026, 0);
    printf("seed 2026\n");
    for (int i = 0; i < 20000; i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "%s", seeds[wg_rng_below(&rng, 4)]);
        const uint64_t n_edits = 1 + wg_rng_below(&rng, 6);
        for (uint64_t k = 0; k < n_edits; k++) {
            const size_t n = strlen(text);
            const size_t place = (size_t)wg_rng_below(&rng, n + 1);
            const char c = wg_rng_below(&rng, 4) == 0
                               ? (char)wg_rng_below(&rng, 256)
                               : letters[wg_rng_below(&rng, sizeof letters - 1)];
            const uint64_t kind = wg_rng_below(&rng, 3);
            if (kind == 0 && place < n) {
                text[place] = c;
            } else if (kind == 1 && place < n) {
                memmove(text + place, text + place + 1, n - place);
            } else if (n + 2 < sizeof text) {
                memmove(text + place + 1, text + place, n + 1 - place);
                text[place] = c;
            }
        }
        survive(b, text);
        renew(b);
    }
}

#define FORMULA_TEST(name) cmocka_unit_test_setup_teardown(name, bench_open, bench_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FORMULA_TEST(test_formula_means_what_it_says),
        FORMULA_TEST(test_formula_knows_powers_and_functions),
        FORMULA_TEST(test_formula_takes_variables_in_order_of_appearance),
        FORMULA_TEST(test_formula_reads_numbers_in_every_locale),
        FORMULA_TEST(test_formula_broadcasts_and_differentiates),
        FORMULA_TEST(test_formula_is_one_step),
        FORMULA_TEST(test_formula_refuses_operands),
        FORMULA_TEST(test_formula_errors_point_at_the_place),
        FORMULA_TEST(test_formula_errors_show_a_window),
        FORMULA_TEST(test_formula_is_bounded),
        FORMULA_TEST(test_formula_of_the_greatest_depth_runs),
        FORMULA_TEST(test_formula_survives_truncation),
        FORMULA_TEST(test_formula_survives_any_edit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
