/* The list's hash: a function of the content alone, kept as the list grows.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph_fixture.h"

#include "graph/graph.h"

typedef wg_node (*program)(fixture *f);

static wg_node matrix(fixture *f, wg_dtype dtype, int64_t rows, int64_t columns)
{
    return wg_full(f->g, dtype, 2, (int64_t[]){rows, columns}, 1);
}

static wg_node base(fixture *f)
{
    wg_node x = scalar_variable(f, 1);
    wg_node m = matrix(f, WG_F64, 2, 3);
    return wg_sum(wg_mul(wg_exp(m), x), (int32_t[]){0}, 1, false);
}

static wg_node other_op(fixture *f)
{
    wg_node x = scalar_variable(f, 1);
    wg_node m = matrix(f, WG_F64, 2, 3);
    return wg_sum(wg_mul(wg_tanh(m), x), (int32_t[]){0}, 1, false);
}

static wg_node other_operand(fixture *f)
{
    wg_node x = scalar_variable(f, 1);
    wg_node m = matrix(f, WG_F64, 2, 3);
    (void)wg_exp(m);
    return wg_sum(wg_mul(m, x), (int32_t[]){0}, 1, false);
}

static wg_node other_order(fixture *f)
{
    wg_node x = scalar_variable(f, 1);
    wg_node m = matrix(f, WG_F64, 2, 3);
    return wg_sum(wg_mul(x, wg_exp(m)), (int32_t[]){0}, 1, false);
}

static wg_node other_leaf(fixture *f)
{
    double one = 1;
    wg_node x = wg_constant(f->g, WG_F64, 0, NULL, &one);
    wg_node m = matrix(f, WG_F64, 2, 3);
    return wg_sum(wg_mul(wg_exp(m), x), (int32_t[]){0}, 1, false);
}

static wg_node other_shape(fixture *f)
{
    wg_node x = scalar_variable(f, 1);
    wg_node m = matrix(f, WG_F64, 3, 2);
    return wg_sum(wg_mul(wg_exp(m), x), (int32_t[]){0}, 1, false);
}

static wg_node other_axis(fixture *f)
{
    wg_node x = scalar_variable(f, 1);
    wg_node m = matrix(f, WG_F64, 2, 3);
    return wg_sum(wg_mul(wg_exp(m), x), (int32_t[]){1}, 1, false);
}

static wg_node longer(fixture *f)
{
    return wg_neg(base(f));
}

static wg_node evaluation(fixture *f)
{
    assert_int_equal(wg_graph_set_training(f->g, false), WG_OK);
    wg_node n = base(f);
    assert_int_equal(wg_graph_set_training(f->g, true), WG_OK);
    return n;
}

static wg_node nothing(fixture *f)
{
    (void)f;
    return (wg_node){NULL, 0, 0};
}

/* Two that differ in dims alone, and of those in the dims of a leaf. */
static wg_node leaf_of(fixture *f, int64_t rows, int64_t columns)
{
    wg_tensor *t;
    int64_t dims[] = {rows, columns};
    assert_int_equal(wg_tensor_create(f->ctx, WG_F64, 2, dims, &t), WG_OK);
    wg_node n = wg_input(f->g, t);
    wg_tensor_destroy(t);
    return n;
}

static wg_node leaf_2_6(fixture *f)
{
    return leaf_of(f, 2, 6);
}

static wg_node leaf_3_4(fixture *f)
{
    return leaf_of(f, 3, 4);
}

/* The hash of a program, which is what hashing its list from the start gives. */
static uint64_t hash_of(fixture *f, program build)
{
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    (void)build(f);
    assert_int_equal(wg_graph_status(f->g), WG_OK);
    uint64_t hash = wgi_list_hash(&f->g->list);
    wgi_list_rehash(&f->g->list);
    assert_true(wgi_list_hash(&f->g->list) == hash);
    return hash;
}

static void test_list_hash_tells_programs_apart(void **state)
{
    fixture *f = *state;
    const program programs[] = {
        base,       other_op, other_operand, other_order, other_leaf, other_shape,
        other_axis, longer,   evaluation,    nothing,     leaf_2_6,   leaf_3_4,
    };
    enum {
        N = sizeof programs / sizeof *programs
    };
    uint64_t hash[N];
    for (int i = 0; i < N; i++) {
        hash[i] = hash_of(f, programs[i]);
        for (int j = 0; j < i; j++) {
            assert_true(hash[i] != hash[j]);
        }
    }
    for (int i = 0; i < N; i++) {
        assert_true(hash_of(f, programs[i]) == hash[i]);
    }
}

/* An op of four operands, which stand beside the list. */
static wg_status infer_first(wgi_infer *q)
{
    q->out[0].dtype = q->in[0].dtype;
    q->out[0].rank = 0;
    return WG_OK;
}

static void test_list_hash_sees_operands_beside_the_list(void **state)
{
    fixture *f = *state;
    static const wgi_op four = {
        .name = "four", .min_in = 4, .max_in = 4, .n_out = 1, .infer = infer_first};
    const wgi_op *ops[] = {NULL, &four};
    const wgi_op_table *before = f->ctx->ops;
    const wgi_op_table table = {.ops = ops, .count = 2};
    uint64_t hash[2];
    f->ctx->ops = &table;
    for (int k = 0; k < 2; k++) {
        double one = 1;
        wg_node in[4];
        assert_int_equal(wg_graph_reset(f->g), WG_OK);
        for (int i = 0; i < 4; i++) {
            in[i] = wg_constant(f->g, WG_F64, 0, NULL, &one);
        }
        in[3] = in[k];
        assert_true(wg_is_valid(wgi_record(&(wgi_draft){.op = 1, .n_in = 4, .in = in})));
        hash[k] = wgi_list_hash(&f->g->list);
        wgi_list_rehash(&f->g->list);
        assert_true(wgi_list_hash(&f->g->list) == hash[k]);
    }
    f->ctx->ops = before;
    assert_true(hash[0] != hash[1]);
}

/* A shadow under another dtype is the list that would have been recorded so. */
static wg_node one_op(fixture *f, wg_dtype dtype)
{
    wg_tensor *t;
    assert_int_equal(wg_tensor_create(f->ctx, dtype, 2, (int64_t[]){2, 3}, &t), WG_OK);
    wg_node n = wg_tanh(wg_variable(f->g, t));
    wg_tensor_destroy(t);
    return n;
}

static void test_list_hash_of_a_shadow_is_that_of_its_content(void **state)
{
    fixture *f = *state;
    wg_shadow *s;
    (void)one_op(f, WG_F32);
    uint64_t in_f32 = wgi_list_hash(&f->g->list);
    assert_int_equal(wg_shadow_create(f->g, WG_F32, WG_F64, &s), WG_OK);
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    (void)one_op(f, WG_F64);
    uint64_t in_f64 = wgi_list_hash(&f->g->list);
    assert_true(in_f32 != in_f64);
    assert_true(wgi_list_hash(&wg_shadow_graph(s)->list) == in_f64);
    wg_shadow_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GRAPH_TEST(test_list_hash_tells_programs_apart),
        GRAPH_TEST(test_list_hash_sees_operands_beside_the_list),
        GRAPH_TEST(test_list_hash_of_a_shadow_is_that_of_its_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
