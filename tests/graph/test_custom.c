/* Ops that the program brings along: values, gradients, plans, life and memory.
 * SPDX-License-Identifier: Apache-2.0 */
#include "custom_ops.h"

static const double three[] = {0.5, -1.5, 2};

/* ---- values and gradients ----------------------------------------------------------------- */

static void expect_cube(wg_node x, wg_node y)
{
    const wg_node loss = wg_sum_all(y);
    assert_int_equal(wg_backward(loss), WG_OK);
    assert_near(wg_item(loss), 0.125 - 3.375 + 8, 1e-12);
    for (int64_t i = 0; i < 3; i++) {
        assert_near(gradient_at(x, i), 3 * three[i] * three[i], 1e-12);
    }
}

static void test_custom_kernels_give_values_and_gradients(void **state)
{
    fixture *f = *state;
    const wg_op_definition d = cube_definition("cube");
    const wg_op *op = define(f->ctx, &d);
    const wg_node x = vector_variable(f, 3, three);
    expect_cube(x, use1(op, x));
}

static void test_custom_gradients_may_be_ops(void **state)
{
    fixture *f = *state;
    wg_op_definition d = cube_definition("cube");
    d.backward = NULL;
    d.gradient = cube_gradient;
    const wg_op *op = define(f->ctx, &d);
    const wg_node x = vector_variable(f, 3, three);
    expect_cube(x, use1(op, x));
}

static void test_custom_ops_run_eagerly(void **state)
{
    const wg_config config = {.size = sizeof config, .eager = true};
    const wg_op_definition d = cube_definition("cube");
    wg_context *ctx;
    wg_graph *g;
    wg_tensor *t;
    (void)state;
    assert_int_equal(wg_context_create(&config, &ctx), WG_OK);
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    const int64_t n = 3;
    assert_int_equal(wg_tensor_from(ctx, WG_F64, 1, &n, WG_F64, three, &t), WG_OK);
    const wg_node x = wg_variable(g, t);
    expect_cube(x, use1(define(ctx, &d), x));
    wg_tensor_destroy(t);
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
}

/* Whether the gradient of the gradient is 6x, and its message where it may not be. */
static double second_order(fixture *f, const wg_op *op, double at)
{
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    const wg_node x = scalar_variable(f, at);
    wg_node dx;
    assert_int_equal(wg_grad(use1(op, x), &x, 1, &dx), WG_OK);
    assert_near(wg_item(dx), 3 * at * at, 1e-12);
    return wg_backward(dx) == WG_OK ? gradient_at(x, 0) : (double)NAN;
}

static void test_custom_kernel_gradients_have_no_second_order(void **state)
{
    fixture *f = *state;
    const wg_op_definition d = cube_definition("cube");
    const wg_op *op = define(f->ctx, &d);
    assert_true(isnan(second_order(f, op, 1.5)));
    assert_string_equal(wg_graph_error(f->g),
                        "cube: the gradient of 'cube' is a kernel, which has no gradient of its "
                        "own: define the op with a `gradient` made of ops too");
    assert_int_equal(wg_graph_status(f->g), WG_OK);
    /* wg_grad records, and so refuses for good. */
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    const wg_node x = scalar_variable(f, 1.5);
    wg_node dx;
    assert_int_equal(wg_grad(use1(op, x), &x, 1, &dx), WG_OK);
    assert_int_equal(wg_grad(dx, &x, 1, &dx), WG_ERR_GRADIENT);
    assert_int_equal(wg_graph_status(f->g), WG_ERR_GRADIENT);
}

static void test_custom_second_order_goes_through_the_ops(void **state)
{
    fixture *f = *state;
    wg_op_definition both = cube_definition("both");
    both.gradient = cube_gradient;
    wg_op_definition ops = both;
    ops.name = "ops";
    ops.backward = NULL;
    assert_near(second_order(f, define(f->ctx, &both), 1.5), 9, 1e-12);
    assert_near(second_order(f, define(f->ctx, &ops), 1.5), 9, 1e-12);
}

static void test_custom_without_a_gradient_is_refused_where_one_is_wanted(void **state)
{
    fixture *f = *state;
    wg_op_definition d = cube_definition("step");
    d.backward = NULL;
    const wg_op *op = define(f->ctx, &d);
    const wg_node x = scalar_variable(f, 2);
    assert_near(wg_item(use1(op, wg_stop_gradient(x))), 8, 0);
    assert_false(wg_is_valid(use1(op, x)));
    assert_int_equal(wg_graph_status(f->g), WG_ERR_GRADIENT);
    assert_non_null(strstr(wg_graph_error(f->g), "hint: wg_stop_gradient"));
}

/* ---- several inputs and outputs, attributes ----------------------------------------------- */

typedef struct split_attributes {
    int32_t n; /* elements of the first output; the others are the second's */
    float factor;
} split_attributes;

/* (x, labels) -> (factor * x[:n], x[n:], labels + 1): [m], i64 [k] -> [n], [m - n], i64 [k] */
static wg_status split_shape(const wg_shape_call *call)
{
    const split_attributes *a = call->attributes;
    const int64_t m = call->inputs[0].dims[0];
    if (call->inputs[1].dtype != WG_I64) {
        return wg_fail(call->fault, WG_ERR_DTYPE, "the labels are %s",
                       wg_dtype_name(call->inputs[1].dtype));
    }
    if (a->n > m) {
        return wg_fail(call->fault, WG_ERR_RANGE, "%d elements of %lld", (int)a->n, (long long)m);
    }
    call->outputs[0].dims[0] = a->n;
    call->outputs[1].dims[0] = m - a->n;
    call->outputs[2] = call->inputs[1];
    return WG_OK;
}

static wg_status split_forward(const wg_forward_call *call)
{
    const split_attributes *a = call->attributes;
    for (int64_t i = 0; i < call->x[0].count; i++) {
        const double x = view_get(&call->x[0], i);
        if (i < a->n) {
            view_set(&call->y[0], i, x * (double)a->factor);
        } else {
            view_set(&call->y[1], i - a->n, x);
        }
    }
    for (int64_t i = 0; i < call->x[1].count; i++) {
        view_set(&call->y[2], i, view_get(&call->x[1], i) + 1);
    }
    return WG_OK;
}

static wg_status split_backward(const wg_backward_call *call)
{
    const split_attributes *a = call->attributes;
    assert_null(call->dx[1].data);
    assert_null(call->dy[2].data);
    assert_int_equal(call->n_outputs, 3);
    for (int64_t i = 0; i < call->dx[0].count; i++) {
        const double d = i < a->n ? view_get(&call->dy[0], i) * (double)a->factor
                                  : view_get(&call->dy[1], i - a->n);
        view_set(&call->dx[0], i, d);
    }
    return WG_OK;
}

static wg_op_definition split_definition(void)
{
    return (wg_op_definition){
        .size = sizeof(wg_op_definition),
        .name = "split",
        .n_inputs = 2,
        .n_outputs = 3,
        .attribute_bytes = sizeof(split_attributes),
        .dtypes = WG_CUSTOM_F32 | WG_CUSTOM_F64,
        .shape = split_shape,
        .forward = split_forward,
        .backward = split_backward,
    };
}

static void test_custom_takes_attributes_and_gives_several_outputs(void **state)
{
    fixture *f = *state;
    const wg_op_definition d = split_definition();
    const wg_op *op = define(f->ctx, &d);
    const int64_t label = 4;
    const int64_t one = 1;
    for (int32_t n = 0; n <= 3; n++) {
        const split_attributes a = {.n = n, .factor = 3};
        assert_int_equal(wg_graph_reset(f->g), WG_OK);
        const wg_node x = vector_variable(f, 3, three);
        const wg_node in[] = {x, wg_constant(f->g, WG_I64, 1, &one, &label)};
        const wg_node y = wg_custom(op, in, 2, &a);
        assert_int_equal(wg_node_dim(y, 0), n);
        assert_int_equal(wg_node_dim(wg_output(y, 1), 0), 3 - n);
        assert_near(wg_tensor_get(wg_value(wg_output(y, 2)), 0), 5, 0);
        const wg_node loss =
            wg_sum_all(wg_output(y, n < 2 ? 1 : 0)); /* the other has no upstream */
        assert_int_equal(wg_backward(loss), WG_OK);
        for (int64_t i = 0; i < 3; i++) {
            const double want = n < 2 ? (i < n ? 0 : 1) : (i < n ? 3 : 0);
            assert_near(gradient_at(x, i), want, 0);
        }
    }
}

static void test_custom_shape_rules_fail_with_their_text(void **state)
{
    fixture *f = *state;
    const wg_op_definition d = split_definition();
    const wg_op *op = define(f->ctx, &d);
    const split_attributes a = {.n = 7, .factor = 3};
    const wg_node x = vector_variable(f, 3, three);
    const int64_t label = 4;
    const wg_node in[] = {x, wg_constant(f->g, WG_I64, 0, NULL, &label)};
    assert_false(wg_is_valid(wg_custom(op, in, 2, &a)));
    assert_int_equal(wg_graph_status(f->g), WG_ERR_RANGE);
    assert_non_null(strstr(wg_graph_error(f->g), "split: 7 elements of 3"));
    assert_non_null(strstr(wg_graph_error(f->g), "x0  [3]"));
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    const wg_node y = vector_variable(f, 3, three);
    const wg_node bad[] = {y, y};
    assert_false(wg_is_valid(wg_custom(op, bad, 2, &a)));
    assert_non_null(strstr(wg_graph_error(f->g), "split: the labels are f64"));
}

/* y = factor x^2, whose attributes are as large as they may be, and read by all that see them. */
typedef struct scaled_attributes {
    double rest[WG_CUSTOM_MAX_ATTRIBUTE_BYTES / 8 - 1];
    double factor;
} scaled_attributes;

static double factor_of(const void *attributes)
{
    return ((const scaled_attributes *)attributes)->factor;
}

static wg_status scaled_forward(const wg_forward_call *call)
{
    const double x = view_get(call->x, 0);
    view_set(call->y, 0, factor_of(call->attributes) * x * x);
    return WG_OK;
}

static wg_status scaled_backward(const wg_backward_call *call)
{
    const double dy = view_get(call->dy, 0);
    view_set(call->dx, 0, factor_of(call->attributes) * 2 * view_get(call->x, 0) * dy);
    return WG_OK;
}

static wg_status scaled_gradient(const wg_gradient_call *call)
{
    const wg_node slope = wg_scale(call->x[0], 2 * factor_of(call->attributes));
    call->dx[0] = wg_mul(call->dy[0], slope);
    return WG_OK;
}

static void test_custom_attributes_reach_every_callback(void **state)
{
    fixture *f = *state;
    const scaled_attributes a = {.factor = 3};
    for (int with_kernel = 0; with_kernel < 2; with_kernel++) {
        const wg_op_definition d = {
            .size = sizeof d,
            .name = with_kernel ? "kernel" : "ops",
            .n_inputs = 1,
            .attribute_bytes = sizeof a,
            .dtypes = WG_CUSTOM_F64,
            .forward = scaled_forward,
            .backward = with_kernel ? scaled_backward : NULL,
            .gradient = scaled_gradient,
        };
        const wg_node x = scalar_variable(f, 5);
        const wg_node y = wg_custom(define(f->ctx, &d), &x, 1, &a);
        wg_node dx;
        assert_int_equal(wg_grad(y, &x, 1, &dx), WG_OK);
        assert_int_equal(wg_backward(dx), WG_OK);
        assert_near(wg_item(y), 75, 0);
        assert_near(wg_item(dx), 30, 0);
        assert_near(gradient_at(x, 0), 6, 0);
    }
}

/* As many inputs and outputs as there may be: y_i = (i + 1) x_i^2, by kernel and as ops. */
static wg_status wide_forward(const wg_forward_call *call)
{
    for (int32_t i = 0; i < call->n_outputs; i++) {
        const double x = view_get(&call->x[i], 0);
        view_set(&call->y[i], 0, (i + 1) * x * x);
    }
    return WG_OK;
}

static wg_status wide_backward(const wg_backward_call *call)
{
    for (int32_t i = 0; i < call->n_inputs; i++) {
        assert_true((call->dx[i].data == NULL) == (i % 2 == 1)); /* every other one is constant */
        const double at = view_get(&call->x[i], 0);
        assert_near(view_get(&call->y[i], 0), (i + 1) * at * at, 0);
        if (call->dx[i].data != NULL) {
            const double dy = view_get(&call->dy[i], 0);
            view_set(&call->dx[i], 0, dy * 2 * (i + 1) * at);
        }
    }
    return WG_OK;
}

static wg_status wide_gradient(const wg_gradient_call *call)
{
    for (int32_t i = 0; i < call->n_inputs; i++) {
        assert_int_equal(call->wants[i], i % 2 == 0);
        call->dx[i] = wg_mul(call->dy[i], wg_scale(call->x[i], 2 * (i + 1)));
    }
    return WG_OK;
}

static void test_custom_takes_and_gives_eight(void **state)
{
    fixture *f = *state;
    wg_node x[8];
    wg_node dx[4];
    const wg_op_definition d = {
        .size = sizeof d,
        .name = "wide",
        .n_inputs = 8,
        .n_outputs = 8,
        .dtypes = WG_CUSTOM_F64,
        .forward = wide_forward,
        .backward = wide_backward,
        .gradient = wide_gradient,
    };
    const wg_op *op = define(f->ctx, &d);
    for (int i = 0; i < 8; i++) {
        x[i] = i % 2 == 0 ? scalar_variable(f, i + 0.5) : wg_number(f->g, WG_F64, i + 0.5);
    }
    const wg_node y = wg_custom(op, x, 8, NULL);
    wg_node sum = wg_square(y);
    for (int i = 1; i < 8; i++) {
        sum = wg_add(sum, wg_square(wg_output(y, i)));
    }
    const wg_node some[] = {x[0], x[2], x[4], x[6]};
    assert_int_equal(wg_grad(sum, some, 4, dx), WG_OK);
    wg_node second = dx[0];
    for (int i = 1; i < 4; i++) {
        second = wg_add(second, dx[i]);
    }
    assert_int_equal(wg_backward(second), WG_OK);
    for (int i = 0; i < 4; i++) { /* y^2 = k x^4 with k = (2i + 1)^2 */
        const double at = 2 * i + 0.5;
        const double k = (2 * i + 1) * (2 * i + 1);
        assert_near(wg_item(dx[i]), 4 * k * at * at * at, 1e-9);
        assert_near(gradient_at(some[i], 0), 12 * k * at * at, 1e-9);
    }
}

/* ---- plans -------------------------------------------------------------------------------- */

static void split_once(fixture *f, const wg_op *op, int32_t n)
{
    const split_attributes a = {.n = n, .factor = 2};
    const int64_t label = 4;
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    const wg_node x = vector_variable(f, 3, three);
    const wg_node in[] = {x, wg_constant(f->g, WG_I64, 0, NULL, &label)};
    assert_int_equal(wg_backward(wg_sum_all(wg_custom(op, in, 2, &a))), WG_OK);
}

static void test_custom_uses_are_cached_by_op_and_attributes(void **state)
{
    fixture *f = *state;
    wg_op_definition d = split_definition();
    const wg_op *op = define(f->ctx, &d);
    d.name = "split_2";
    const wg_op *other = define(f->ctx, &d);
    split_once(f, op, 1);
    const wg_stats before = stats_of(f);
    split_once(f, op, 1);
    assert_int_equal(stats_of(f).plan_misses, before.plan_misses);
    assert_int_equal(stats_of(f).plan_hits, before.plan_hits + 1);
    split_once(f, op, 2);
    assert_int_equal(stats_of(f).plan_misses, before.plan_misses + 1);
    split_once(f, other, 1);
    assert_int_equal(stats_of(f).plan_misses, before.plan_misses + 2);
}

static uint64_t runs_of(const wg_context *ctx, const char *op)
{
    wg_kernel_use use;
    uint64_t runs = 0;
    for (size_t i = 0; wg_context_kernel_use(ctx, i, &use) == WG_OK; i++) {
        runs += strcmp(use.op, op) == 0 ? use.runs : 0;
    }
    return runs;
}

/* Plans made before the table grew stay right, and so do their counters. */
static void test_custom_definitions_come_at_any_time(void **state)
{
    fixture *f = *state;
    const int64_t dims[] = {3, 1};
    for (int i = 0; i < 40; i++) {
        char name[24];
        (void)snprintf(name, sizeof name, "cube_%d", i);
        const wg_op_definition d = cube_definition(name);
        assert_int_equal(wg_graph_reset(f->g), WG_OK);
        const wg_node x = vector_variable(f, 3, three);
        const wg_node m = wg_reshape(x, 2, dims);
        const wg_node y = wg_sum_all(wg_matmul(wg_transpose(m), m));
        assert_int_equal(wg_backward(y), WG_OK);
        assert_int_equal(runs_of(f->ctx, "matmul"), 3 * (i + 1));
        const wg_op *op = define(f->ctx, &d);
        assert_near(wg_item(wg_sum_all(use1(op, x))), 4.75, 1e-12);
        assert_int_equal(runs_of(f->ctx, name), 1);
    }
    assert_int_equal(stats_of(f).plan_misses, 41);
}

/* The fast kernels are found by name; a program's op of that name has its own. */
static void test_custom_names_may_be_those_of_the_library(void **state)
{
    fixture *f = *state;
    const wg_op_definition d = cube_definition("exp");
    const wg_op *op = define(f->ctx, &d);
    const wg_node x = vector_variable(f, 3, three);
    expect_cube(x, use1(op, x));
    assert_near(wg_item(wg_sum_all(wg_exp(x))), exp(0.5) + exp(-1.5) + exp(2), 1e-12);
}

static wg_status apply(fixture *f, const char *name, wg_node x, size_t n, wg_node *y)
{
    const uint32_t inputs[] = {x.index, x.index};
    uint32_t out = 0;
    size_t n_out = 1;
    const wg_status status = wg_apply(f->g, name, inputs, n, NULL, 0, &out, &n_out);
    *y = wg_graph_node(f->g, status == WG_OK ? out : UINT32_MAX);
    return status;
}

/* Definitions and formulas alike; of a name that is the library's too the library's op is meant. */
static void test_custom_ops_are_called_by_name(void **state)
{
    fixture *f = *state;
    const wg_op_definition cube = cube_definition("my_cube");
    const wg_op_definition other = cube_definition("exp");
    wg_op *op = NULL;
    wg_node y;
    (void)define(f->ctx, &cube);
    (void)define(f->ctx, &other);
    assert_int_equal(wg_custom_pointwise(f->ctx, "my_product", "a*b + a", &op), WG_OK);
    const wg_node x = vector_variable(f, 3, three);
    assert_int_equal(apply(f, "my_cube", x, 1, &y), WG_OK);
    expect_cube(x, y);
    assert_int_equal(apply(f, "my_product", x, 2, &y), WG_OK);
    assert_near(wg_item(wg_sum_all(y)), 0.25 + 2.25 + 4 + 1, 1e-12);
    assert_int_equal(apply(f, "exp", x, 1, &y), WG_OK);
    assert_near(wg_item(wg_sum_all(y)), exp(0.5) + exp(-1.5) + exp(2), 1e-12);
    assert_int_equal(apply(f, "my_product", x, 1, &y), WG_ERR_ARGUMENT);
    assert_string_equal(wg_graph_error(f->g), "my_product: takes 2 to 2 inputs: 1");
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    assert_int_equal(apply(f, "my_cube_backward", vector_variable(f, 3, three), 2, &y),
                     WG_ERR_NAME);
}

static void test_custom_attributes_have_no_call_by_name(void **state)
{
    fixture *f = *state;
    wg_op_definition d = cube_definition("with_bytes");
    wg_node y;
    d.attribute_bytes = 8;
    (void)define(f->ctx, &d);
    assert_int_equal(apply(f, "with_bytes", vector_variable(f, 3, three), 1, &y), WG_ERR_ARGUMENT);
    assert_string_equal(wg_graph_error(f->g),
                        "with_bytes: its attributes are bytes, which a call by name has none of");
}

static wg_status count_bytes(void *user, const char *data, size_t bytes)
{
    (void)data;
    *(size_t *)user += bytes;
    return WG_OK;
}

/* A formula is written as the ops that it records; neither a definition nor its gradient is. */
static void test_custom_definitions_are_not_written(void **state)
{
    fixture *f = *state;
    wg_op_definition d = cube_definition("my_cube");
    size_t n_written = 0;
    const wg_writer writer = {count_bytes, &n_written};
    wg_op *formula = NULL;
    wg_node dx;
    d.gradient = NULL;
    const wg_op *cube = define(f->ctx, &d);
    assert_int_equal(wg_custom_pointwise(f->ctx, "twice", "2*x", &formula), WG_OK);
    wg_node x = vector_variable(f, 3, three);
    (void)use1(formula, x);
    assert_int_equal(wg_graph_write(f->g, NULL, &writer), WG_OK);
    assert_true(n_written > 0);
    n_written = 0;
    const wg_node y = wg_sum_all(use1(cube, x));
    assert_int_equal(wg_graph_write(f->g, NULL, &writer), WG_ERR_NAME);
    assert_non_null(strstr(wg_context_error(f->ctx), "is 'my_cube', an op of the program's own"));
    assert_int_equal(n_written, 0);
    assert_int_equal(wg_grad(y, &x, 1, &dx), WG_OK);
    assert_int_equal(wg_graph_write(f->g, NULL, &writer), WG_ERR_NAME);
}

static wg_status count_calls(const wg_forward_call *call)
{
    ++*(int *)call->user;
    return cube_forward(call);
}

static void test_custom_impure_ops_are_not_merged(void **state)
{
    fixture *f = *state;
    int calls[2] = {0, 0};
    for (int k = 0; k < 2; k++) {
        wg_op_definition d = cube_definition(k == 0 ? "pure" : "impure");
        d.forward = count_calls;
        d.user = &calls[k];
        d.traits = k == 0 ? 0 : WG_CUSTOM_IMPURE;
        const wg_op *op = define(f->ctx, &d);
        const wg_node x = vector_variable(f, 3, three);
        const wg_node y = wg_add(use1(op, x), use1(op, x));
        assert_near(wg_item(wg_sum_all(y)), 9.5, 1e-12);
    }
    assert_int_equal(calls[0], 1);
    assert_int_equal(calls[1], 2);
}

/* ---- life --------------------------------------------------------------------------------- */

static void count_release(void *user)
{
    ++*(int *)user;
}

static void test_custom_users_are_released_once(void **state)
{
    int n_released = 0;
    wg_context *ctx;
    wg_op *op;
    (void)state;
    assert_int_equal(wg_context_create(NULL, &ctx), WG_OK);
    wg_op_definition d = cube_definition("cube");
    d.user = &n_released;
    d.release = count_release;
    assert_int_equal(wg_op_define(ctx, &d, &op), WG_OK);
    assert_int_equal(wg_op_define(ctx, &d, &op), WG_ERR_NAME);
    assert_null(op);
    assert_string_equal(wg_context_error(ctx), "op: 'cube' is defined already");
    assert_int_equal(n_released, 0);
    wg_context_destroy(ctx);
    assert_int_equal(n_released, 1);
}

static void test_custom_ops_describe_themselves(void **state)
{
    fixture *f = *state;
    wg_op_definition d = cube_definition("cube");
    wg_custom_info info;
    assert_int_equal(wg_custom_describe(define(f->ctx, &d), &info), WG_OK);
    assert_string_equal(info.name, "cube");
    assert_int_equal(info.n_inputs, 1);
    assert_int_equal(info.n_outputs, 1);
    assert_int_equal(info.dtypes, WG_CUSTOM_F32 | WG_CUSTOM_F64);
    assert_true(info.has_gradient);
    assert_false(info.has_higher_orders);
    assert_null(info.inputs);
}

/* ---- memory ------------------------------------------------------------------------------- */

/* Defines, records, runs forward and backward with a hook and a formula; what was done before a
 * failure stays done. */
typedef struct work {
    wg_op *op;
    wg_op *mish;
    double results[4];
} work;

static wg_status define_ops(fixture *f, work *w)
{
    wg_op_definition d = cube_definition("cube");
    d.gradient = cube_gradient;
    wg_status status = w->op != NULL ? WG_OK : wg_op_define(f->ctx, &d, &w->op);
    if (status == WG_OK && w->mish == NULL) {
        status = wg_custom_pointwise(f->ctx, "mish", "x*tanh(log(1 + exp(x)))", &w->mish);
    }
    return status;
}

static wg_status use_ops(fixture *f, work *w)
{
    const double at = 0.5;
    wg_tensor *t;
    wg_node dx;
    wg_status status = wg_graph_reset(f->g);
    if (status == WG_OK) {
        status = wg_tensor_from(f->ctx, WG_F64, 0, NULL, WG_F64, &at, &t);
    }
    if (status != WG_OK) {
        return status;
    }
    const wg_node x = wg_variable(f->g, t);
    wg_tensor_destroy(t);
    const wg_node y = wg_add(x, use1(w->mish, use1(w->op, x)));
    status = wg_hook(x, ignore_gradient, NULL);
    status = status == WG_OK ? wg_grad(y, &x, 1, &dx) : status;
    status = status == WG_OK ? wg_grad(dx, &x, 1, &dx) : status;
    status = status == WG_OK ? wg_backward(y) : status;
    status = status == WG_OK ? wg_get_item(y, &w->results[0]) : status;
    w->results[1] = status == WG_OK ? wg_tensor_get(wg_gradient(x), 0) : 0;
    return status == WG_OK ? wg_get_item(dx, &w->results[2]) : status;
}

static wg_status check_ops(fixture *f, work *w)
{
    const double at = 0.5;
    wg_tensor *t;
    wg_op_report report;
    wg_status status = wg_tensor_from(f->ctx, WG_F64, 0, NULL, WG_F64, &at, &t);
    if (status == WG_OK) {
        status = wg_check_op(w->op, &t, 1, NULL, NULL, &report);
        wg_tensor_destroy(t);
    }
    if (status == WG_OK) {
        assert_int_equal(report.first.check.verdict, WG_CHECK_RIGHT);
        assert_int_equal(report.second.check.verdict, WG_CHECK_RIGHT);
        w->results[3] = report.first.f32_gradient;
    }
    return status;
}

static wg_status do_work(fixture *f, work *w)
{
    wg_status status = define_ops(f, w);
    status = status == WG_OK ? use_ops(f, w) : status;
    return status == WG_OK ? check_ops(f, w) : status;
}

/* Whether the k-th allocation was asked for. */
static bool fails_well(size_t k, bool is_persistent, const work *want)
{
    void *own = NULL;
    work w = {.op = NULL};
    assert_int_equal(fixture_open(&own), 0);
    fixture *f = own;
    const size_t before = f->counter.n_failed;
    wgt_allocator_fail(&f->counter, k, is_persistent);
    const wg_status status = do_work(f, &w);
    wgt_allocator_fail(&f->counter, 0, false);
    const bool has_failed = f->counter.n_failed > before;
    assert_true(status == WG_OK || (has_failed && status == WG_ERR_MEMORY));
    if (status != WG_OK) {
        assert_int_equal(do_work(f, &w), WG_OK);
    }
    assert_memory_equal(w.results, want->results, sizeof w.results);
    assert_int_equal(fixture_close(&own), 0);
    return has_failed;
}

static void test_custom_survives_every_failed_allocation(void **state)
{
    work want = {.op = NULL};
    assert_int_equal(do_work(*state, &want), WG_OK);
    for (int is_persistent = 0; is_persistent < 2; is_persistent++) {
        size_t k = 1;
        while (fails_well(k, is_persistent != 0, &want)) {
            k++;
            assert_true(k < 20000);
        }
        assert_true(k > 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GRAPH_TEST(test_custom_kernels_give_values_and_gradients),
        GRAPH_TEST(test_custom_gradients_may_be_ops),
        GRAPH_TEST(test_custom_ops_run_eagerly),
        GRAPH_TEST(test_custom_kernel_gradients_have_no_second_order),
        GRAPH_TEST(test_custom_second_order_goes_through_the_ops),
        GRAPH_TEST(test_custom_without_a_gradient_is_refused_where_one_is_wanted),
        GRAPH_TEST(test_custom_takes_attributes_and_gives_several_outputs),
        GRAPH_TEST(test_custom_shape_rules_fail_with_their_text),
        GRAPH_TEST(test_custom_attributes_reach_every_callback),
        GRAPH_TEST(test_custom_takes_and_gives_eight),
        GRAPH_TEST(test_custom_uses_are_cached_by_op_and_attributes),
        GRAPH_TEST(test_custom_definitions_come_at_any_time),
        GRAPH_TEST(test_custom_names_may_be_those_of_the_library),
        GRAPH_TEST(test_custom_ops_are_called_by_name),
        GRAPH_TEST(test_custom_attributes_have_no_call_by_name),
        GRAPH_TEST(test_custom_definitions_are_not_written),
        GRAPH_TEST(test_custom_impure_ops_are_not_merged),
        GRAPH_TEST(test_custom_users_are_released_once),
        GRAPH_TEST(test_custom_ops_describe_themselves),
        GRAPH_TEST(test_custom_survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
