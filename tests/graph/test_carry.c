/* Carrying permutations: which of them are left, and that every bit is as without.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph_fixture.h"

enum {
    RANK = 4,
    COUNT = 2 * 3 * 4 * 5
};

/* Channels last and back. */
static const int32_t to_first[RANK] = {0, 3, 1, 2};
static const int32_t to_last[RANK] = {0, 2, 3, 1};

static wg_node first(wg_node x)
{
    return wg_permute(x, to_first, RANK);
}

static wg_node last(wg_node x)
{
    return wg_permute(x, to_last, RANK);
}

/* An op that minds where the axes are. */
static wg_node fixed(wg_node x)
{
    return wg_softmax(x, -1);
}

/* What a program computes from x, of shape [2, 3, 4, 5]; `kept` is one more value to ask for. */
typedef struct outcome {
    wg_node loss;
    wg_node kept;
} outcome;

typedef outcome (*program)(wg_node x);

typedef struct answer {
    double loss;
    double kept;
    double gradient[COUNT];
    uint64_t n_permuted; /* runs of a kernel that moves elements */
} answer;

static uint64_t runs_of(const wg_context *ctx, const char *op)
{
    wg_kernel_use use;
    uint64_t n = 0;
    for (size_t i = 0; wg_context_kernel_use(ctx, i, &use) == WG_OK; i++) {
        n += strcmp(use.op, op) == 0 ? use.runs : 0;
    }
    return n;
}

static void run(program p, uint32_t without, answer *out)
{
    const int64_t dims[RANK] = {2, 3, 4, 5};
    double values[COUNT];
    wg_context *ctx;
    wg_graph *g;
    wg_tensor *t;
    const wg_config config = {.size = sizeof config, .without_passes = without};
    for (int i = 0; i < COUNT; i++) {
        values[i] = (double)((i * 37) % 41) / 8 - 2.5;
    }
    assert_int_equal(wg_context_create(&config, &ctx), WG_OK);
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    assert_int_equal(wg_tensor_from(ctx, WG_F64, RANK, dims, WG_F64, values, &t), WG_OK);
    const wg_node x = wg_variable(g, t);
    const outcome o = p(x);
    if (o.kept.graph != NULL) {
        assert_int_equal(wg_keep(o.kept), WG_OK);
    }
    assert_int_equal(wg_backward(o.loss), WG_OK);
    out->n_permuted = runs_of(ctx, "permute");
    out->loss = wg_item(o.loss);
    out->kept = o.kept.graph != NULL ? wg_tensor_get(wg_value(o.kept), 7) : 0;
    memcpy(out->gradient, wg_tensor_data(wg_gradient(x)), sizeof out->gradient);
    wg_tensor_destroy(t);
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
}

/* Runs with and without the pass: the bits are equal; so many permutations stay. */
static void expect(program p, uint64_t n_carried, uint64_t n_plain)
{
    answer carried;
    answer plain;
    answer unmerged;
    run(p, 0, &carried);
    run(p, WG_PASS_CARRYING, &plain);
    run(p, WG_PASS_MERGING, &unmerged);
    assert_int_equal(carried.n_permuted, n_carried);
    assert_int_equal(plain.n_permuted, n_plain);
    assert_true(carried.loss == plain.loss && carried.loss == unmerged.loss);
    assert_true(carried.kept == plain.kept && carried.kept == unmerged.kept);
    assert_memory_equal(carried.gradient, plain.gradient, sizeof plain.gradient);
    assert_memory_equal(carried.gradient, unmerged.gradient, sizeof plain.gradient);
}

/* ---- programs ------------------------------------------------------------------------------- */

/* As a convolution, an activation, a product with one number and a second convolution are. */
static outcome chain(wg_node x)
{
    const wg_node y = wg_relu(first(fixed(x)));
    const wg_node z = wg_mul(wg_add(y, wg_tanh(y)), wg_number(x.graph, WG_F64, 1.5));
    return (outcome){.loss = wg_sum_all(wg_square(fixed(last(z))))};
}

static void test_carry_leaves_no_permutation_between_fixed_ops(void **state)
{
    (void)state;
    expect(chain, 0, 4);
}

/* A skip connection: both arms come in the same order. */
static outcome residual(wg_node x)
{
    const wg_node a = first(fixed(x));
    const wg_node b = wg_relu(first(fixed(last(a))));
    return (outcome){.loss = wg_sum_all(wg_square(fixed(last(wg_add(a, b)))))};
}

static void test_carry_joins_arms_of_one_order(void **state)
{
    (void)state;
    expect(residual, 0, 8);
}

/* The value itself is asked for in the user's order. */
static outcome asked(wg_node x)
{
    const wg_node y = wg_tanh(first(fixed(x)));
    return (outcome){.loss = wg_sum_all(wg_square(fixed(last(y)))), .kept = y};
}

static void test_carry_leaves_values_that_are_asked_for(void **state)
{
    answer carried;
    (void)state;
    run(asked, 0, &carried);
    assert_true(carried.n_permuted > 0);
    expect(asked, carried.n_permuted, 4);
}

/* One reader minds the order. */
static outcome watched(wg_node x)
{
    const wg_node y = wg_tanh(first(fixed(x)));
    const wg_node seen = wg_sum_all(wg_square(wg_softmax(y, 1)));
    return (outcome){.loss = wg_add(seen, wg_sum_all(wg_square(fixed(last(y)))))};
}

static void test_carry_stops_at_a_reader_that_minds(void **state)
{
    answer plain;
    (void)state;
    run(watched, WG_PASS_CARRYING, &plain);
    answer carried;
    run(watched, 0, &carried);
    assert_true(carried.n_permuted <= plain.n_permuted);
    expect(watched, carried.n_permuted, plain.n_permuted);
}

/* Two orders meet in one op; a vector along the channels broadcasts in one order alone. */
static outcome mixed(wg_node x)
{
    static const int32_t swap[RANK] = {0, 2, 1, 3};
    const wg_node a = first(fixed(x));                         /* [2, 5, 3, 4] */
    const wg_node b = wg_permute(first(fixed(x)), swap, RANK); /* [2, 3, 5, 4] */
    const wg_node c = wg_mul(wg_permute(a, swap, RANK), wg_exp(b));
    const wg_node scale = wg_mean(a, (const int32_t[]){0, 2, 3}, 3, true);
    const wg_node d = wg_permute(wg_mul(a, scale), swap, RANK);
    return (outcome){.loss = wg_sum_all(wg_square(wg_softmax(wg_add(c, d), 2)))};
}

static void test_carry_keeps_orders_that_differ_apart(void **state)
{
    answer carried;
    answer plain;
    (void)state;
    run(mixed, 0, &carried);
    run(mixed, WG_PASS_CARRYING, &plain);
    expect(mixed, carried.n_permuted, plain.n_permuted);
}

/* What was permuted back is permuted anew, and permuted the same way twice. */
static outcome again(wg_node x)
{
    const wg_node a = wg_exp(first(fixed(x)));
    const wg_node b = wg_exp(first(last(a)));
    const wg_node c = fixed(last(wg_mul(a, b)));
    return (outcome){.loss = wg_sum_all(wg_square(wg_add(c, last(b))))};
}

static void test_carry_follows_back_and_forth(void **state)
{
    answer carried;
    answer plain;
    (void)state;
    run(again, 0, &carried);
    run(again, WG_PASS_CARRYING, &plain);
    assert_true(carried.n_permuted < plain.n_permuted);
    expect(again, carried.n_permuted, plain.n_permuted);
}

/* An order of axes that moves those of size 1 alone moves no element. */
static outcome flat(wg_node x)
{
    const wg_node y = wg_reshape(x, 4, (const int64_t[]){2, 1, 12, 5});
    const wg_node z = wg_permute(y, (const int32_t[]){1, 0, 2, 3}, RANK);
    return (outcome){.loss = wg_sum_all(wg_square(fixed(z))), .kept = z};
}

static void test_carry_shows_what_keeps_its_order(void **state)
{
    (void)state;
    expect(flat, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_carry_leaves_no_permutation_between_fixed_ops),
        cmocka_unit_test(test_carry_joins_arms_of_one_order),
        cmocka_unit_test(test_carry_leaves_values_that_are_asked_for),
        cmocka_unit_test(test_carry_stops_at_a_reader_that_minds),
        cmocka_unit_test(test_carry_keeps_orders_that_differ_apart),
        cmocka_unit_test(test_carry_follows_back_and_forth),
        cmocka_unit_test(test_carry_shows_what_keeps_its_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
