/* Slices, parts, joins and orders at sizes and through calls that samples do not reach.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <wengert/ops.h>
#include <wengert/tools.h>

#include "core/context.h"
#include "ops/op_ids.h"
#include "ops/sample_graph.h"
#include "ops/slice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- bounds of slices --------------------------------------------------------------------- */

enum {
    N_BOUNDS = 14,
    LARGEST = 5
};

static const int64_t bounds[N_BOUNDS] = {INT64_MIN, -7, -6, -5, -2, -1,        0,
                                         1,         2,  4,  5,  6,  INT64_MAX, INT64_MAX - 1};

/* The slice element by element: what Python's rule says, written once more without its formulas.
 * Returns how many there are. */
static int64_t walk_slice(int64_t size, int64_t begin, int64_t end, int64_t step, int64_t *out)
{
    const int64_t first = begin < 0 ? begin + size : begin;
    const int64_t past = end < 0 ? end + size : end;
    int64_t n = 0;
    if (step > 0) {
        for (int64_t i = first < 0 ? 0 : first; i < past && i < size; i += step) {
            out[n++] = i;
            if (step > size) {
                break;
            }
        }
    } else {
        for (int64_t i = first >= size ? size - 1 : first; i > past && i >= 0; i += step) {
            out[n++] = i;
            if (step < -size) {
                break;
            }
        }
    }
    return n;
}

static void check_slice(int64_t size, int64_t begin, int64_t end, int64_t step)
{
    int64_t places[LARGEST];
    int64_t again[3];
    int64_t now[] = {begin, end, step};
    const int64_t n = walk_slice(size, begin, end, step, places);
    assert_int_equal(wgi_slice_resolve(size, &now[0], &now[1], &now[2]), n);
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(now[0] + i * now[2], places[i]);
    }
    /* What was resolved means the same, and is its own resolution. */
    memcpy(again, now, sizeof now);
    assert_int_equal(wgi_slice_resolve(size, &again[0], &again[1], &again[2]), n);
    assert_memory_equal(again, now, sizeof now);
}

static void test_slice_bounds_are_numpys(void **state)
{
    static const int64_t steps[] = {1, 2, 3, 7, INT64_MAX, -1, -2, -3, -7, INT64_MIN};
    (void)state;
    for (int64_t size = 0; size <= LARGEST; size++) {
        for (size_t i = 0; i < N_BOUNDS * N_BOUNDS; i++) {
            for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
                check_slice(size, bounds[i / N_BOUNDS], bounds[i % N_BOUNDS], steps[k]);
            }
        }
    }
}

/* ---- parts -------------------------------------------------------------------------------- */

static void expect_vector(wg_node y, const double *expected, int64_t n)
{
    const wg_tensor *t = wg_value(y);
    assert_non_null(t);
    assert_int_equal(wg_tensor_count(t), n);
    for (int64_t i = 0; i < n; i++) {
        assert_true(wg_tensor_get(t, i) == expected[i]);
    }
}

static void test_split_gives_every_part(void **state)
{
    static const double values[] = {1, 2, 3, 4, 5, 6};
    wgt_stage s = wgt_stage_open();
    wg_node part[3];
    (void)state;
    const wg_node x = wgt_stage_vector(&s, WG_F64, 6, values);
    const wg_node first = wg_split(x, 0, (const int64_t[]){1, 0, 5}, 3, part);
    assert_int_equal(first.index, part[0].index);
    expect_vector(part[0], values, 1);
    expect_vector(part[1], values, 0);
    expect_vector(part[2], values + 1, 5);
    assert_int_equal(part[2].index, part[0].index + 2);
    (void)wg_chunk(x, 0, 3, part);
    expect_vector(part[2], values + 4, 2);
    (void)wg_chunk(wg_narrow(x, 0, 0, 4), 0, 3, part);
    expect_vector(part[1], values + 2, 2);
    expect_vector(part[2], values, 0);
    wgt_stage_close(&s);
}

static void test_split_fails_every_part(void **state)
{
    static const double values[] = {1, 2, 3};
    wgt_stage s = wgt_stage_open();
    wg_node part[2] = {{NULL, 0, 0}, {NULL, 0, 0}};
    (void)state;
    const wg_node x = wgt_stage_vector(&s, WG_F64, 3, values);
    const wg_node first = wg_split(x, 0, (const int64_t[]){1, 1}, 2, part);
    assert_false(wg_is_valid(first));
    assert_int_equal(wg_graph_status(s.g), WG_ERR_SHAPE);
    for (int i = 0; i < 2; i++) {
        assert_false(wg_is_valid(part[i]));
        assert_ptr_equal(part[i].graph, s.g);
    }
    wgt_stage_close(&s);
}

/* ---- many operands ------------------------------------------------------------------------ */

enum {
    MANY = 300
};

/* The gradient of the k-th operand is its own weight, if all of them find their places. */
static void check_many(wg_node (*join)(const wg_node *xs, int32_t n, int32_t axis))
{
    wgt_stage s = wgt_stage_open();
    wg_node xs[MANY];
    double weights[MANY];
    for (int i = 0; i < MANY; i++) {
        const double value = i;
        weights[i] = 2.0 * i + 1.0;
        xs[i] = wgt_stage_vector(&s, WG_F64, 1, &value);
    }
    const int64_t n = MANY;
    const wg_node joined = wg_reshape(join(xs, MANY, 0), 1, &n);
    const wg_node w = wg_constant(s.g, WG_F64, 1, &n, weights);
    assert_int_equal(wg_backward(wg_sum_all(wg_mul(joined, w))), WG_OK);
    for (int i = 0; i < MANY; i++) {
        assert_true(wg_tensor_get(wg_value(joined), i) == i);
        assert_true(wg_tensor_get(wg_gradient(xs[i]), 0) == weights[i]);
    }
    wgt_stage_close(&s);
}

static void test_joins_take_many(void **state)
{
    (void)state;
    check_many(wg_concat);
    check_many(wg_stack);
}

static void test_joins_of_nothing_know_no_graph(void **state)
{
    wgt_stage s = wgt_stage_open();
    const double value = 1;
    const wg_node x = wgt_stage_vector(&s, WG_F64, 1, &value);
    (void)state;
    assert_null(wg_concat(NULL, 2, 0).graph);
    assert_null(wg_concat(&x, 0, 0).graph);
    assert_null(wg_stack(&x, -1, 0).graph);
    assert_int_equal(wg_graph_status(s.g), WG_OK);
    wgt_stage_close(&s);
}

/* ---- pads --------------------------------------------------------------------------------- */

/* The value is a number: another one is another result of the same plan. */
static void test_pad_value_changes_between_runs(void **state)
{
    static const double values[] = {1, 2};
    wgt_stage s = wgt_stage_open();
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wg_graph_reset(s.g), WG_OK);
        const wg_node y = wg_pad(wgt_stage_vector(&s, WG_F64, 2, values), (const int64_t[]){1},
                                 (const int64_t[]){0}, 1, WG_PAD_CONSTANT, 10.0 * i);
        expect_vector(y, (const double[]){10.0 * i, 1, 2}, 3);
    }
    wgt_stage_close(&s);
}

/* ---- orders ------------------------------------------------------------------------------- */

enum {
    LONG = 5000
};

typedef struct keyed {
    double value;
    int64_t index;
} keyed;

static int by_value(const void *a, const void *b)
{
    const keyed *x = a;
    const keyed *y = b;
    if (isnan(x->value) || isnan(y->value)) {
        const int both = isnan(x->value) - isnan(y->value);
        return both != 0 ? both : x->index < y->index ? -1 : 1;
    }
    return x->value < y->value ? -1 : x->value > y->value ? 1 : x->index < y->index ? -1 : 1;
}

static int by_value_down(const void *a, const void *b)
{
    const keyed *x = a;
    const keyed *y = b;
    const keyed swapped_x = {x->value, y->index};
    const keyed swapped_y = {y->value, x->index};
    return by_value(&swapped_y, &swapped_x);
}

/* Many ties, some NaN. */
static void draw(keyed *all, double *values)
{
    wg_rng rng = wg_rng_make(WGT_SAMPLE_SEED, 3);
    for (int64_t i = 0; i < LONG; i++) {
        const double drawn = (double)wg_rng_below(&rng, 400) - 200;
        values[i] = drawn == 7 ? (double)NAN : drawn;
        all[i] = (keyed){values[i], i};
    }
}

static void expect_order(wg_node y, const keyed *all, int64_t n)
{
    const wg_tensor *values = wg_value(y);
    const wg_tensor *indices = wg_value(wg_output(y, 1));
    assert_true(values != NULL && indices != NULL);
    assert_int_equal(wg_tensor_count(values), n);
    for (int64_t i = 0; i < n; i++) {
        const double got = wg_tensor_get(values, i);
        assert_true(got == all[i].value || (isnan(got) && isnan(all[i].value)));
        assert_true(wg_tensor_get(indices, i) == (double)all[i].index);
    }
}

static void check_orders(bool is_descending)
{
    keyed *all = calloc(LONG, sizeof *all);
    double *values = calloc(LONG, sizeof *values);
    wgt_stage s = wgt_stage_open();
    assert_true(all != NULL && values != NULL);
    draw(all, values);
    const wg_node x = wgt_stage_vector(&s, WG_F64, LONG, values);
    qsort(all, LONG, sizeof *all, is_descending ? by_value_down : by_value);
    expect_order(wg_sort(x, 0, is_descending), all, LONG);
    expect_order(wg_topk(x, 1234, 0, is_descending), all, 1234);
    expect_order(wg_topk(x, 1, 0, is_descending), all, 1);
    wgt_stage_close(&s);
    free(values);
    free(all);
}

static void test_sort_is_stable_at_length(void **state)
{
    (void)state;
    check_orders(false);
    check_orders(true);
}

/* The extremes of i64, which no double tells apart. */
static void test_sort_compares_integers_exactly(void **state)
{
    static const int64_t values[] = {INT64_MAX, INT64_MIN, INT64_MAX - 1, 0, INT64_MIN + 1};
    static const int64_t sorted[] = {INT64_MIN, INT64_MIN + 1, 0, INT64_MAX - 1, INT64_MAX};
    wgt_stage s = wgt_stage_open();
    const int64_t n = 5;
    (void)state;
    const wg_tensor *t = wg_value(wg_sort(wg_constant(s.g, WG_I64, 1, &n, values), 0, false));
    assert_non_null(t);
    assert_memory_equal(wg_tensor_data(t), sorted, sizeof sorted);
    wgt_stage_close(&s);
}

/* By name argsort has one output, though the op that it records has two. */
static void test_argsort_by_name_has_one_output(void **state)
{
    static const double values[] = {3, 1, 2};
    wgt_stage s = wgt_stage_open();
    uint32_t outputs[2] = {0, 0};
    size_t n = 2;
    (void)state;
    const uint32_t x = wgt_stage_vector(&s, WG_F64, 3, values).index;
    assert_int_equal(wg_apply(s.g, "argsort", &x, 1, NULL, 0, outputs, &n), WG_OK);
    assert_int_equal(n, 1);
    expect_vector(wg_graph_node(s.g, outputs[0]), (const double[]){1, 2, 0}, 3);
    n = 2;
    assert_int_equal(wg_apply(s.g, "sort", &x, 1, NULL, 0, outputs, &n), WG_OK);
    assert_int_equal(n, 2);
    wgt_stage_close(&s);
}

/* ---- embeddings --------------------------------------------------------------------------- */

/* Exactly nothing flows into the row of the padding, NaN included. */
static void test_embedding_keeps_the_padding(void **state)
{
    static const double weights[] = {1, 2, 3};
    static const int64_t words[] = {1, 0, 1, 2, 1};
    wgt_stage s = wgt_stage_open();
    const int64_t n = 5;
    (void)state;
    const wg_node w = wgt_stage_vector(&s, WG_F64, 3, weights);
    const wg_node y = wg_embedding(w, wg_constant(s.g, WG_I64, 1, &n, words), 1);
    const wg_node up = wg_constant(s.g, WG_F64, 1, &n, (const double[]){NAN, 2, INFINITY, 3, 1});
    assert_int_equal(wg_backward(wg_sum_all(wg_mul(y, up))), WG_OK);
    expect_vector(y, (const double[]){2, 1, 2, 3, 2}, 5);
    assert_true(wg_tensor_get(wg_gradient(w), 0) == 2);
    assert_true(wg_tensor_get(wg_gradient(w), 1) == 0);
    assert_true(wg_tensor_get(wg_gradient(w), 2) == 3);
    wgt_stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slice_bounds_are_numpys),
        cmocka_unit_test(test_split_gives_every_part),
        cmocka_unit_test(test_split_fails_every_part),
        cmocka_unit_test(test_joins_take_many),
        cmocka_unit_test(test_joins_of_nothing_know_no_graph),
        cmocka_unit_test(test_pad_value_changes_between_runs),
        cmocka_unit_test(test_sort_is_stable_at_length),
        cmocka_unit_test(test_sort_compares_integers_exactly),
        cmocka_unit_test(test_argsort_by_name_has_one_output),
        cmocka_unit_test(test_embedding_keeps_the_padding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
