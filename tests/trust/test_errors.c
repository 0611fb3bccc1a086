/* What errors say, word for word, and how long they last.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/graph_fixture.h"

#include "unstamped.h"

#define DIMS(...) ((int64_t[]){__VA_ARGS__})

/* A named f32 variable that claims to stand at a place in mlp.c. */
static wg_node variable_at(fixture *f, const char *name, int64_t rows, int64_t columns, int line)
{
    wg_tensor *t;
    const int64_t dims[] = {rows, columns};
    assert_int_equal(wg_tensor_create(f->ctx, WG_F32, 2, dims, &t), WG_OK);
    wg_node n = wg_at(wg_name((wg_variable)(f->g, t), name), "src/mlp.c", line);
    wg_tensor_destroy(t);
    return n;
}

/* The text so far; the graph starts again. */
static void expect_text(fixture *f, wg_status status, const char *want)
{
    assert_int_equal(wg_graph_status(f->g), status);
    assert_string_equal(wg_graph_error(f->g), want);
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    assert_string_equal(wg_graph_error(f->g), "");
}

/* ---- the form ----------------------------------------------------------------------------- */

static void test_errors_read_as_promised(void **state)
{
    fixture *f = *state;
    wg_node x = variable_at(f, NULL, 32, 128, 40);
    wg_node a = wg_at(wg_name((wg_relu)(x), "relu1"), "/home/user/mlp.c", 41);
    wg_node b = variable_at(f, "fc2.w", 64, 10, 44);
    wg_name((wg_matmul)(a, b), "fc2");
    expect_text(f, WG_ERR_SHAPE,
                "matmul 'fc2': inner sizes differ: 128 (a, axis 1) vs 64 (b, axis 0)\n"
                "  a  [32, 128]   'relu1'   mlp.c:41\n"
                "  b  [64, 10]    'fc2.w'   mlp.c:44\n"
                "  hint: declare fc2.w as [128, 10]");
}

static void test_errors_hint_at_a_transpose_where_it_helps(void **state)
{
    fixture *f = *state;
    wg_node a = variable_at(f, "x", 32, 128, 1);
    wg_node b = variable_at(f, "weight", 10, 128, 2);
    wg_at((wg_matmul)(a, b), "mlp.c", 3);
    expect_text(f, WG_ERR_SHAPE,
                "matmul: inner sizes differ: 128 (a, axis 1) vs 10 (b, axis 0)\n"
                "  a  [32, 128]   'x'        mlp.c:1\n"
                "  b  [10, 128]   'weight'   mlp.c:2\n"
                "  at mlp.c:3\n"
                "  hint: wg_transpose(weight) makes the sizes agree");
    a = variable_at(f, NULL, 128, 32, 1);
    b = variable_at(f, NULL, 128, 10, 2);
    (wg_matmul)(a, b);
    expect_text(f, WG_ERR_SHAPE,
                "matmul: inner sizes differ: 32 (a, axis 1) vs 128 (b, axis 0)\n"
                "  a  [128, 32]   mlp.c:1\n"
                "  b  [128, 10]   mlp.c:2\n"
                "  hint: wg_transpose(a) makes the sizes agree");
}

static void test_errors_align_letters_of_any_length(void **state)
{
    fixture *f = *state;
    wg_node logits = variable_at(f, "y", 3, 2, 7);
    wg_node targets = variable_at(f, NULL, 3, 4, 8);
    (wg_cross_entropy)(logits, targets);
    expect_text(f, WG_ERR_SHAPE,
                "cross_entropy: shapes differ: [3, 2] (logits) vs [3, 4] (targets)\n"
                "  logits   [3, 2]   'y'   mlp.c:7\n"
                "  targets  [3, 4]         mlp.c:8");
}

static void test_errors_of_dtypes_and_axes(void **state)
{
    fixture *f = *state;
    wg_node a = variable_at(f, "a", 3, 2, 1);
    (wg_mul)(a, (wg_number)(f->g, WG_F64, 2));
    expect_text(f, WG_ERR_DTYPE,
                "mul: dtypes differ: f32 (a) vs f64 (b)\n"
                "  a  [3, 2]   'a'   mlp.c:1\n"
                "  b  []\n"
                "  hint: wg_cast one of them");
    a = variable_at(f, "a", 3, 2, 1);
    wg_name((wg_softmax)(a, -3), "p");
    expect_text(f, WG_ERR_RANGE,
                "softmax 'p': axis -3 is out of range for rank 2 (x)\n"
                "  x  [3, 2]   'a'   mlp.c:1");
    a = variable_at(f, "a", 3, 2, 1);
    (wg_expect_shape)(a, 2, DIMS(-1, 4));
    expect_text(f, WG_ERR_SHAPE,
                "expect_shape: expected [-1, 4]\n"
                "  x  [3, 2]   'a'   mlp.c:1");
}

static void test_errors_of_leaves(void **state)
{
    fixture *f = *state;
    wg_tensor *t;
    assert_int_equal(wg_tensor_create(f->ctx, WG_I64, 0, NULL, &t), WG_OK);
    wg_name((wg_variable)(f->g, t), "w");
    expect_text(f, WG_ERR_DTYPE, "variable 'w': a variable is floating, not i64");
    wg_tensor_destroy(t);
    wg_at((wg_input)(f->g, NULL), "mlp.c", 9);
    expect_text(f, WG_ERR_ARGUMENT,
                "input: the tensor is NULL\n"
                "  at mlp.c:9");
}

/* ---- handles ------------------------------------------------------------------------------ */

static void test_errors_tell_what_is_wrong_with_a_handle(void **state)
{
    fixture *f = *state;
    wg_graph *other;
    assert_int_equal(wg_graph_create(f->ctx, &other), WG_OK);
    wg_node old = variable_at(f, "old", 1, 2, 1);
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    (wg_add)(variable_at(f, "x", 1, 2, 1), old);
    expect_text(f, WG_ERR_STALE,
                "add: operand b is from before a reset\n"
                "  a  [1, 2]   'x'   mlp.c:1");
    (wg_add)((wg_node){NULL, 0, 0}, variable_at(f, "x", 1, 2, 1));
    expect_text(f, WG_ERR_HANDLE,
                "add: operand a is a zero handle\n"
                "  b  [1, 2]   'x'   mlp.c:1");
    (wg_add)(variable_at(f, "x", 1, 2, 1), wg_number(other, WG_F32, 1));
    expect_text(f, WG_ERR_HANDLE,
                "add: operand b is of another graph\n"
                "  a  [1, 2]   'x'   mlp.c:1");
    wg_graph_destroy(other);
}

/* A failed handle of the first failure completes the text; one that passed it on does not. */
static void test_errors_take_names_and_stamps_of_failed_handles(void **state)
{
    fixture *f = *state;
    wg_node x = variable_at(f, "x", 3, 2, 1);
    wg_node bad = (wg_softmax)(x, 9);
    wg_node passed = (wg_relu)(bad);
    wg_at(wg_name(passed, "passed"), "other.c", 99);
    assert_string_equal(wg_graph_error(f->g), "softmax: axis 9 is out of range for rank 2 (x)\n"
                                              "  x  [3, 2]   'x'   mlp.c:1");
    wg_at(wg_name(bad, "p"), "mlp.c", 2);
    wg_at(bad, "mlp.c", 3); /* the first stamp stays */
    expect_text(f, WG_ERR_RANGE,
                "softmax 'p': axis 9 is out of range for rank 2 (x)\n"
                "  x  [3, 2]   'x'   mlp.c:1\n"
                "  at mlp.c:2");
    wg_at(wg_name(bad, "late"), "mlp.c", 4);
    assert_string_equal(wg_graph_error(f->g), "");
}

/* ---- places ------------------------------------------------------------------------------- */

static void test_errors_name_the_caller_s_line(void **state)
{
    fixture *f = *state;
    char want[256];
    wg_node_info info;
    wg_node a = vector_variable(f, 2, (double[]){1, 2});
    wg_node b = wg_exp(a);
    const int line = __LINE__ - 1;
    assert_int_equal(wg_node_describe(b, &info), WG_OK);
    assert_string_equal(info.file, __FILE__);
    assert_int_equal(info.line, line);
    wg_at(b, "elsewhere.c", 1);
    assert_int_equal(wg_node_describe(b, &info), WG_OK);
    assert_int_equal(info.line, line);
    wg_node bad = wg_reshape(b, 1, DIMS(7));
    assert_false(wg_is_valid(bad));
    snprintf(want, sizeof want,
             "reshape: element counts differ: 2 (x) vs 7 (result)\n"
             "  x  [2]   test_errors.c:%d\n"
             "  at test_errors.c:%d",
             line, __LINE__ - 6);
    expect_text(f, WG_ERR_SHAPE, want);
}

/* Without the macros nothing is stamped. */
static void test_errors_have_no_place_without_macros(void **state)
{
    fixture *f = *state;
    wg_node_info info;
    wg_node n = unstamped_exp(unstamped_number(f->g));
    assert_int_equal(wg_node_describe(n, &info), WG_OK);
    assert_null(info.file);
    assert_int_equal(info.line, 0);
    (void)unstamped_softmax(n);
    expect_text(f, WG_ERR_RANGE,
                "softmax: axis 0 is out of range for rank 0 (x)\n"
                "  x  []");
}

/* ---- how long they last ------------------------------------------------------------------- */

static void test_errors_pass_through_whole_expressions(void **state)
{
    fixture *f = *state;
    wg_node x = variable_at(f, "x", 3, 2, 1);
    wg_node first = (wg_matmul)(x, x);
    wg_node y = (wg_softmax)((wg_add)(first, (wg_softmax)(x, 77)), 88);
    assert_false(wg_is_valid(y));
    assert_int_equal(wg_backward(y), WG_ERR_SHAPE);
    assert_null(wg_value(x));
    assert_int_equal(wg_graph_refresh(f->g), WG_ERR_SHAPE);
    expect_text(f, WG_ERR_SHAPE,
                "matmul: inner sizes differ: 2 (a, axis 1) vs 3 (b, axis 0)\n"
                "  a  [3, 2]   'x'   mlp.c:1\n"
                "  b  [3, 2]   'x'   mlp.c:1\n"
                "  hint: wg_transpose(x) makes the sizes agree");
}

static void test_errors_of_runs_do_not_stick(void **state)
{
    fixture *f = *state;
    const int64_t three = 3;
    wg_node x = variable_at(f, "x", 3, 2, 1);
    wg_node i = (wg_constant)(f->g, WG_I64, 1, DIMS(1), &three);
    wg_node y = wg_at(wg_name((wg_gather)(x, i, 0), "rows"), "mlp.c", 5);
    assert_null(wg_value(y));
    assert_string_equal(wg_graph_error(f->g), "gather 'rows': index 3 at 0 is outside [0, 3)\n"
                                              "  at mlp.c:5");
    assert_int_equal(wg_graph_status(f->g), WG_OK);
    assert_non_null(wg_value((wg_exp)(x)));
    assert_string_equal(wg_graph_error(f->g), "");
    assert_null(wg_value(y));
    assert_string_not_equal(wg_graph_error(f->g), "");
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    assert_string_equal(wg_graph_error(f->g), "");
}

/* A failed run never hides the error that sticks. */
static void test_errors_that_stick_come_first(void **state)
{
    fixture *f = *state;
    wg_node x = variable_at(f, "x", 3, 2, 1);
    assert_int_equal(wg_backward(x), WG_ERR_SHAPE);
    assert_non_null(strstr(wg_graph_error(f->g), "backward"));
    (wg_softmax)(x, 9);
    assert_non_null(strstr(wg_graph_error(f->g), "softmax"));
    assert_int_equal(wg_backward(x), WG_ERR_RANGE);
    assert_non_null(strstr(wg_graph_error(f->g), "softmax"));
}

/* ---- errors of runs ----------------------------------------------------------------------- */

static void expect_run_error(fixture *f, const char *want)
{
    assert_string_equal(wg_graph_error(f->g), want);
    assert_int_equal(wg_graph_status(f->g), WG_OK);
}

static void test_errors_of_backward_name_the_loss(void **state)
{
    fixture *f = *state;
    wg_node x = variable_at(f, "x", 3, 2, 1);
    assert_int_equal(wg_backward(x), WG_ERR_SHAPE);
    expect_run_error(f, "backward: the loss has not exactly one element\n"
                        "  x  [3, 2]   'x'   mlp.c:1\n"
                        "  hint: wg_sum");
    wg_node c = wg_at(wg_name((wg_number)(f->g, WG_F32, 1), "c"), "mlp.c", 2);
    assert_int_equal(wg_backward(c), WG_ERR_GRADIENT);
    expect_run_error(f, "backward: the loss depends on nothing that learns\n"
                        "  x  []   'c'   mlp.c:2\n"
                        "  hint: wg_variable or wg_use a parameter");
    assert_true(isnan(wg_item(x)));
    expect_run_error(f, "item: the node has 6 elements, not one\n"
                        "  x  [3, 2]   'x'   mlp.c:1");
}

static void test_errors_of_changed_data_name_both(void **state)
{
    fixture *f = *state;
    wg_model *m;
    wg_param *p;
    assert_int_equal(wg_model_create(f->ctx, &m), WG_OK);
    assert_int_equal(wg_param_create(m, "fc.w", WG_F32, 0, NULL, NULL, &p), WG_OK);
    wg_node y = wg_name((wg_exp)((wg_use)(f->g, p)), "y");
    assert_int_equal(wg_tensor_set(wg_param_value(p), 0, 2), WG_OK);
    assert_null(wg_value(y));
    expect_run_error(f, "run: parameter 'fc.w' changed since it was recorded, and 'y' is computed "
                        "from it\n"
                        "  hint: ask for the value before the change, or wg_keep it");
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    wg_model_destroy(m);
}

static void test_errors_outside_graphs_are_the_context_s(void **state)
{
    fixture *f = *state;
    wg_tensor *t;
    wg_model *m;
    assert_int_equal(wg_tensor_create(f->ctx, WG_F32, 2, DIMS(-1, 3), &t), WG_ERR_RANGE);
    assert_string_equal(wg_context_error(f->ctx), "tensor: a size in [-1, 3] is negative");
    assert_int_equal(wg_tensor_create(f->ctx, WG_F32, 9, DIMS(1), &t), WG_ERR_RANGE);
    assert_string_equal(wg_context_error(f->ctx), "tensor: rank 9 is not in 0..8");
    assert_int_equal(wg_model_create(f->ctx, &m), WG_OK);
    assert_int_equal(wg_param_create(m, "p", WG_F32, 0, NULL, NULL, NULL), WG_OK);
    assert_int_equal(wg_param_create(m, "p", WG_F32, 0, NULL, NULL, NULL), WG_ERR_NAME);
    assert_string_equal(wg_context_error(f->ctx), "param 'p': the name is taken");
    assert_string_equal(wg_graph_error(f->g), "");
    wg_model_destroy(m);
}

/* ---- bounds ------------------------------------------------------------------------------- */

/* Long names are cut at 63 bytes; a text of the longest parts still ends. */
static void test_errors_cut_what_is_long(void **state)
{
    fixture *f = *state;
    const int64_t a_dims[] = {1, 1, 1, 1, 1, 1, 1, INT64_C(1) << 60};
    const int64_t b_dims[] = {1, 1, 1, 1, 1, 1, INT64_C(1) << 59, 1};
    char name[1000];
    char want[80];
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    snprintf(want, sizeof want, "matmul '%.63s': ", name);
    wg_node a = wg_name(wg_full(f->g, WG_F32, 8, a_dims, 1), name);
    wg_node b = wg_name(wg_full(f->g, WG_F32, 8, b_dims, 1), name);
    wg_node bad = wg_name(wg_matmul(a, b), name);
    wg_at(bad, name, INT32_MIN);
    assert_true(strncmp(wg_graph_error(f->g), want, strlen(want)) == 0);
    assert_true(strlen(wg_graph_error(f->g)) < 2048);
    wg_node_info info;
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    wg_node good = wg_name(wg_number(f->g, WG_F32, 1), name);
    assert_int_equal(wg_node_describe(good, &info), WG_OK);
    assert_int_equal(strlen(info.name), 63);
}

/* A name is text, never a format. */
static void test_errors_do_not_format_names(void **state)
{
    fixture *f = *state;
    wg_node x = variable_at(f, "%s%n%d{x}", 3, 2, 1);
    wg_name((wg_softmax)(x, 9), "%n{a}");
    expect_text(f, WG_ERR_RANGE,
                "softmax '%n{a}': axis 9 is out of range for rank 2 (x)\n"
                "  x  [3, 2]   '%s%n%d{x}'   mlp.c:1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GRAPH_TEST(test_errors_read_as_promised),
        GRAPH_TEST(test_errors_hint_at_a_transpose_where_it_helps),
        GRAPH_TEST(test_errors_align_letters_of_any_length),
        GRAPH_TEST(test_errors_of_dtypes_and_axes),
        GRAPH_TEST(test_errors_of_leaves),
        GRAPH_TEST(test_errors_tell_what_is_wrong_with_a_handle),
        GRAPH_TEST(test_errors_take_names_and_stamps_of_failed_handles),
        GRAPH_TEST(test_errors_name_the_caller_s_line),
        GRAPH_TEST(test_errors_have_no_place_without_macros),
        GRAPH_TEST(test_errors_pass_through_whole_expressions),
        GRAPH_TEST(test_errors_of_runs_do_not_stick),
        GRAPH_TEST(test_errors_that_stick_come_first),
        GRAPH_TEST(test_errors_of_backward_name_the_loss),
        GRAPH_TEST(test_errors_of_changed_data_name_both),
        GRAPH_TEST(test_errors_outside_graphs_are_the_context_s),
        GRAPH_TEST(test_errors_cut_what_is_long),
        GRAPH_TEST(test_errors_do_not_format_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
