/* einsum: what it records, random equations against plain loops, and texts that are no equation.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/sample_graph.h"
#include "support/cmocka_all.h"

#include <wengert/ops.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct stage {
    wg_context *ctx;
    wg_graph *g;
    wg_rng rng;
} stage;

static stage stage_open(void)
{
    stage b = {.ctx = wgt_context(0), .rng = wg_rng_make(WGT_SAMPLE_SEED, 1)};
    assert_int_equal(wg_graph_create(b.ctx, &b.g), WG_OK);
    return b;
}

static void stage_close(stage *b)
{
    wg_graph_destroy(b->g);
    wg_context_destroy(b->ctx);
}

static wg_node leaf(stage *b, int32_t rank, const int64_t *dims, double *values)
{
    wg_tensor *t = NULL;
    int64_t count = 1;
    for (int32_t i = 0; i < rank; i++) {
        count *= dims[i];
    }
    for (int64_t i = 0; i < count; i++) {
        values[i] = wg_rng_normal(&b->rng);
    }
    assert_int_equal(wg_tensor_from(b->ctx, WG_F64, rank, dims, WG_F64, values, &t), WG_OK);
    const wg_node x = wg_variable(b->g, t);
    wg_tensor_destroy(t);
    return x;
}

/* ---- what is recorded --------------------------------------------------------------------- */

/* The ops recorded for an equation, as "matmul reshape". */
static void expect_ops(stage *b, const char *equation, const int64_t (*shapes)[3], int32_t n,
                       const char *expected)
{
    double values[64];
    wg_node in[3];
    char text[256] = "";
    for (int32_t i = 0; i < n; i++) {
        int32_t rank = 0;
        while (rank < 3 && shapes[i][rank] > 0) {
            rank++;
        }
        in[i] = leaf(b, rank, shapes[i], values);
    }
    assert_true(wg_is_valid(wg_einsum(equation, in, n)));
    for (uint32_t i = (uint32_t)n; i < wg_graph_count(b->g); i++) {
        wg_node_info info;
        assert_int_equal(wg_node_describe(wg_graph_node(b->g, i), &info), WG_OK);
        strcat(text, text[0] != '\0' ? " " : "");
        strcat(text, info.op);
    }
    if (strcmp(text, expected) != 0) {
        fail_msg("%s records '%s', not '%s'", equation, text, expected);
    }
    assert_int_equal(wg_graph_reset(b->g), WG_OK);
}

static void test_einsum_records_no_more_than_it_needs(void **state)
{
    (void)state;
    stage b = stage_open();
    expect_ops(&b, "ij,jk->ik", (const int64_t[][3]){{2, 3}, {3, 4}}, 2, "matmul");
    expect_ops(&b, "ik,jk->ij", (const int64_t[][3]){{2, 3}, {4, 3}}, 2, "matmul");
    expect_ops(&b, "ki,kj->ij", (const int64_t[][3]){{3, 2}, {3, 4}}, 2, "matmul");
    expect_ops(&b, "ik,kj->ji", (const int64_t[][3]){{2, 3}, {3, 4}}, 2, "matmul");
    expect_ops(&b, "ki,jk->ji", (const int64_t[][3]){{3, 2}, {4, 3}}, 2, "matmul");
    expect_ops(&b, "bij,bjk->bik", (const int64_t[][3]){{2, 2, 3}, {2, 3, 2}}, 2, "matmul");
    expect_ops(&b, "bij,bkj->bki", (const int64_t[][3]){{2, 2, 3}, {2, 4, 3}}, 2, "matmul");
    expect_ops(&b, "ij,jk,kl->il", (const int64_t[][3]){{2, 3}, {3, 2}, {2, 2}}, 3,
               "matmul matmul");
    expect_ops(&b, "bij,jk->bik", (const int64_t[][3]){{2, 2, 3}, {3, 2}}, 2,
               "reshape matmul reshape");
    expect_ops(&b, "i,i->", (const int64_t[][3]){{3}, {3}}, 2, "mul sum");
    expect_ops(&b, "ij,ij->i", (const int64_t[][3]){{2, 3}, {2, 3}}, 2, "mul sum");
    expect_ops(&b, "ij,ij->ij", (const int64_t[][3]){{2, 3}, {2, 3}}, 2, "mul");
    expect_ops(&b, "j,ij->ij", (const int64_t[][3]){{3}, {2, 3}}, 2, "reshape mul");
    expect_ops(&b, "ij->ji", (const int64_t[][3]){{2, 3}}, 1, "permute");
    expect_ops(&b, "ij->ij", (const int64_t[][3]){{2, 3}}, 1, "");
    expect_ops(&b, "ij->", (const int64_t[][3]){{2, 3}}, 1, "sum");
    stage_close(&b);
}

/* ---- random equations --------------------------------------------------------------------- */

enum {
    MOST_LETTERS = 5,
    MOST_RANK = 4,
    MOST_VALUES = 256
};

/* Up to three operands over letters of random sizes, with repeats and axes that broadcast. */
typedef struct random_sum {
    int32_t n;
    int32_t n_letters;
    int64_t sizes[MOST_LETTERS];
    int32_t rank[3];
    int32_t letters[3][MOST_RANK];
    int64_t dims[3][MOST_RANK];
    double values[3][MOST_VALUES];
    int32_t n_output;
    int32_t output[MOST_LETTERS];
    char equation[64];
} random_sum;

static int32_t below(stage *b, int32_t n)
{
    return (int32_t)wg_rng_below(&b->rng, (uint64_t)n);
}

static void add_letter(random_sum *r, int32_t letter)
{
    const size_t n = strlen(r->equation);
    r->equation[n] = (char)('p' + letter);
    r->equation[n + 1] = '\0';
}

/* A letter's axes have its size; those of one operand may all be 1 in its place. */
static void draw_operand(stage *b, random_sum *r, int32_t i)
{
    bool is_one[MOST_LETTERS];
    for (int32_t k = 0; k < r->n_letters; k++) {
        is_one[k] = i > 0 && below(b, 8) == 0;
    }
    r->rank[i] = below(b, MOST_RANK + 1);
    for (int32_t k = 0; k < r->rank[i]; k++) {
        const int32_t letter = below(b, r->n_letters);
        r->letters[i][k] = letter;
        r->dims[i][k] = is_one[letter] ? 1 : r->sizes[letter];
        add_letter(r, letter);
    }
}

static bool is_used(const random_sum *r, int32_t letter)
{
    for (int32_t i = 0; i < r->n; i++) {
        for (int32_t k = 0; k < r->rank[i]; k++) {
            if (r->letters[i][k] == letter) {
                return true;
            }
        }
    }
    return false;
}

/* What all axes of a letter agree on. */
static void settle_sizes(random_sum *r)
{
    for (int32_t letter = 0; letter < r->n_letters; letter++) {
        r->sizes[letter] = 1;
    }
    for (int32_t i = 0; i < r->n; i++) {
        for (int32_t k = 0; k < r->rank[i]; k++) {
            int64_t *size = &r->sizes[r->letters[i][k]];
            *size = r->dims[i][k] > *size ? r->dims[i][k] : *size;
        }
    }
}

static void draw(stage *b, random_sum *r)
{
    memset(r, 0, sizeof *r);
    r->n = 1 + below(b, 3);
    r->n_letters = 1 + below(b, MOST_LETTERS);
    for (int32_t k = 0; k < r->n_letters; k++) {
        r->sizes[k] = 1 + below(b, 3);
    }
    for (int32_t i = 0; i < r->n; i++) {
        strcat(r->equation, i > 0 ? "," : "");
        draw_operand(b, r, i);
    }
    settle_sizes(r);
    strcat(r->equation, "->");
    const int32_t first = below(b, r->n_letters);
    const int32_t step = below(b, 2) == 0 ? 1 : r->n_letters - 1;
    for (int32_t k = 0; k < r->n_letters; k++) {
        const int32_t letter = (first + k * step) % r->n_letters;
        if (is_used(r, letter) && below(b, 2) == 0) {
            r->output[r->n_output++] = letter;
            add_letter(r, letter);
        }
    }
}

/* The product of the operands' elements under an index of all letters. */
static double term_at(const random_sum *r, const int64_t *index)
{
    double product = 1;
    for (int32_t i = 0; i < r->n; i++) {
        int64_t at = 0;
        for (int32_t k = 0; k < r->rank[i]; k++) {
            at = at * r->dims[i][k] + (r->dims[i][k] == 1 ? 0 : index[r->letters[i][k]]);
        }
        product *= r->values[i][at];
    }
    return product;
}

/* The sum by loops over all letters. */
static void sum_plainly(const random_sum *r, double *y)
{
    int64_t total = 1;
    memset(y, 0, MOST_VALUES * sizeof *y);
    for (int32_t k = 0; k < r->n_letters; k++) {
        total *= r->sizes[k];
    }
    for (int64_t e = 0; e < total; e++) {
        int64_t index[MOST_LETTERS];
        int64_t rest = e;
        int64_t at = 0;
        for (int32_t k = 0; k < r->n_letters; k++) {
            index[k] = rest % r->sizes[k];
            rest /= r->sizes[k];
        }
        for (int32_t k = 0; k < r->n_output; k++) {
            at = at * r->sizes[r->output[k]] + index[r->output[k]];
        }
        y[at] += term_at(r, index);
    }
}

static void judge(stage *b, random_sum *r)
{
    double expected[MOST_VALUES];
    wg_node in[3];
    for (int32_t i = 0; i < r->n; i++) {
        in[i] = leaf(b, r->rank[i], r->dims[i], r->values[i]);
    }
    const wg_node y = wg_einsum(r->equation, in, r->n);
    const wg_tensor *t = wg_value(y);
    if (t == NULL) {
        fail_msg("%s: %s", r->equation, wg_graph_error(b->g));
    }
    assert_int_equal(wg_tensor_rank(t), r->n_output);
    sum_plainly(r, expected);
    for (int32_t k = 0; k < r->n_output; k++) {
        assert_int_equal(wg_tensor_dims(t)[k], r->sizes[r->output[k]]);
    }
    for (int64_t i = 0; i < wg_tensor_count(t); i++) {
        /* Sums of at most 243 products of three normals. */
        if (!(fabs(wg_tensor_get(t, i) - expected[i]) <= 1e-12 * (1 + fabs(expected[i])))) {
            fail_msg("%s: element %d is %.17g, not %.17g", r->equation, (int)i, wg_tensor_get(t, i),
                     expected[i]);
        }
    }
    assert_int_equal(wg_graph_reset(b->g), WG_OK);
}

static void test_einsum_of_random_equations(void **state)
{
    (void)state;
    stage b = stage_open();
    for (int i = 0; i < 3000; i++) {
        random_sum r;
        draw(&b, &r);
        judge(&b, &r);
    }
    stage_close(&b);
}

/* ---- bad calls ---------------------------------------------------------------------------- */

/* Random texts of the characters that mean something, and some that do not. */
static void test_einsum_of_random_texts(void **state)
{
    static const char characters[] = "iijjkZ,,..->->  1\xff\n";
    (void)state;
    stage b = stage_open();
    const int64_t dims[] = {2, 2};
    int n_good = 0;
    for (int i = 0; i < 20000; i++) {
        char text[24] = "";
        double values[4];
        const int32_t length = below(&b, 12);
        for (int32_t k = 0; k < length; k++) {
            text[k] = characters[below(&b, (int32_t)sizeof characters - 1)];
        }
        const wg_node in[] = {leaf(&b, 2, dims, values), leaf(&b, below(&b, 3), dims, values)};
        const wg_node y = wg_einsum(text, in, 1 + below(&b, 2));
        const wg_status status = wg_graph_status(b.g);
        assert_true(status == WG_OK || status == WG_ERR_ARGUMENT || status == WG_ERR_SHAPE);
        assert_int_equal(wg_is_valid(y), status == WG_OK);
        n_good += status == WG_OK ? 1 : 0;
        assert_int_equal(wg_graph_reset(b.g), WG_OK);
    }
    print_message("%d of 20000 texts were equations\n", n_good);
    assert_true(n_good > 50);
    stage_close(&b);
}

static void test_einsum_refuses_bad_operands(void **state)
{
    (void)state;
    stage b = stage_open();
    double values[4];
    wg_node in[17];
    const int64_t dims[] = {2};
    for (int i = 0; i < 17; i++) {
        in[i] = leaf(&b, 1, dims, values);
    }
    assert_false(wg_is_valid(wg_einsum("i->i", NULL, 1)));
    assert_false(wg_is_valid(wg_einsum("i->i", in, 0)));
    assert_false(wg_is_valid(wg_einsum("i->i", in, -1)));
    assert_int_equal(wg_graph_status(b.g), WG_OK);
    assert_true(wg_is_valid(wg_einsum("i,i,i,i,i,i,i,i,i,i,i,i,i,i,i,i->", in, 16)));
    assert_false(wg_is_valid(wg_einsum("i,i,i,i,i,i,i,i,i,i,i,i,i,i,i,i,i->", in, 17)));
    assert_int_equal(wg_graph_status(b.g), WG_ERR_RANGE);
    stage_close(&b);
}

/* Nine axes in a product on the way are too many, however few the result has. */
static void test_einsum_refuses_products_of_too_many_axes(void **state)
{
    (void)state;
    stage b = stage_open();
    double values[64];
    const int64_t dims[] = {1, 1, 1, 1, 1};
    const wg_node in[] = {leaf(&b, 5, dims, values), leaf(&b, 5, dims, values),
                          leaf(&b, 4, dims, values), leaf(&b, 4, dims, values),
                          leaf(&b, 2, dims, values)};
    assert_false(wg_is_valid(wg_einsum("abcde,fghij,abcd,efgh,ij->", in, 5)));
    assert_int_equal(wg_graph_status(b.g), WG_ERR_SHAPE);
    assert_non_null(strstr(wg_graph_error(b.g), "einsum: "));
    stage_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_einsum_records_no_more_than_it_needs),
        cmocka_unit_test(test_einsum_of_random_equations),
        cmocka_unit_test(test_einsum_of_random_texts),
        cmocka_unit_test(test_einsum_refuses_bad_operands),
        cmocka_unit_test(test_einsum_refuses_products_of_too_many_axes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
