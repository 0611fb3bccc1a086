/* Callbacks of custom ops: how they fail, what they may not do, and how they are checked.
 * SPDX-License-Identifier: Apache-2.0 */
#include "custom_ops.h"

static const double three[] = {0.5, -1.5, 2};

/* ---- failures ----------------------------------------------------------------------------- */

typedef struct failing {
    wg_status status;
    const char *text; /* NULL: none */
    int n_calls;
} failing;

static wg_status fail_as_told(wg_fault *fault, failing *how)
{
    how->n_calls++;
    return how->text != NULL ? wg_fail(fault, how->status, "%s %d", how->text, 7) : how->status;
}

static wg_status failing_forward(const wg_forward_call *call)
{
    const wg_status status = fail_as_told(call->fault, call->user);
    return status == WG_OK ? cube_forward(call) : status;
}

static wg_status failing_backward(const wg_backward_call *call)
{
    return fail_as_told(call->fault, call->user);
}

static wg_status failing_gradient(const wg_gradient_call *call)
{
    return fail_as_told(call->fault, call->user);
}

static void expect_failure(fixture *f, wg_node loss, wg_status status, const char *text)
{
    assert_int_equal(wg_backward(loss), status);
    assert_string_equal(wg_graph_error(f->g), text);
    assert_int_equal(wg_graph_status(f->g), WG_OK);
}

static void test_custom_kernels_fail_with_status_and_text(void **state)
{
    fixture *f = *state;
    failing how = {WG_ERR_RANGE, "label", 0};
    wg_op_definition d = cube_definition("fail");
    d.forward = failing_forward;
    d.user = &how;
    const wg_op *op = define(f->ctx, &d);
    const wg_node x = scalar_variable(f, 2);
    const wg_node y = wg_name((wg_custom)(op, &x, 1, NULL), "h1");
    expect_failure(f, y, WG_ERR_RANGE, "fail 'h1': label 7");
    assert_null(wg_gradient(x));
    how = (failing){WG_ERR_ENGINE, NULL, 0}; /* nobody else can make it good */
    expect_failure(f, y, WG_ERR_ENGINE, "fail 'h1': the engine failed");
    assert_int_equal(how.n_calls, 1);
    how = (failing){(wg_status)12345, NULL, 0};
    expect_failure(f, y, WG_ERR_CALLBACK, "fail 'h1': a callback of the program failed");
    how = (failing){WG_OK, "no failure after all", 0};
    expect_failure(f, y, WG_ERR_CALLBACK, "fail 'h1': no failure after all 7");
    how = (failing){WG_OK, NULL, 0};
    assert_int_equal(wg_backward(y), WG_OK);
    assert_near(gradient_at(x, 0), 12, 0);
    assert_int_equal(stats_of(f).engine_failures, 0);
}

static void test_custom_gradients_fail_with_status_and_text(void **state)
{
    fixture *f = *state;
    failing how = {WG_ERR_STATE, "not now", 0};
    wg_op_definition kernel = cube_definition("kernel");
    kernel.backward = failing_backward;
    kernel.user = &how;
    wg_op_definition rule = cube_definition("rule");
    rule.backward = NULL;
    rule.gradient = failing_gradient;
    rule.user = &how;
    const wg_op *op = define(f->ctx, &kernel);
    const wg_op *op_2 = define(f->ctx, &rule);
    const wg_node x = scalar_variable(f, 2);
    expect_failure(f, use1(op, x), WG_ERR_STATE, "kernel_backward: not now 7");
    expect_failure(f, use1(op_2, x), WG_ERR_STATE, "rule: not now 7");
    wg_node dx;
    assert_int_equal(wg_grad(use1(op_2, x), &x, 1, &dx), WG_ERR_STATE);
    assert_int_equal(wg_graph_status(f->g), WG_ERR_STATE);
}

static wg_status misshapen_gradient(const wg_gradient_call *call)
{
    call->dx[0] = wg_sum_all(call->dy[0]);
    return WG_OK;
}

static wg_status leafy_gradient(const wg_gradient_call *call)
{
    const double three_f64 = 3;
    call->dx[0] = wg_mul(call->dy[0], wg_constant(call->graph, WG_F64, 0, NULL, &three_f64));
    return WG_OK;
}

static wg_status lazy_gradient(const wg_gradient_call *call)
{
    (void)call;
    return WG_OK;
}

static void test_custom_gradients_are_checked(void **state)
{
    fixture *f = *state;
    wg_op_definition d = cube_definition("misshapen");
    d.backward = NULL;
    d.gradient = misshapen_gradient;
    const wg_node x = vector_variable(f, 3, three);
    expect_failure(f, wg_sum_all(use1(define(f->ctx, &d), x)), WG_ERR_SHAPE,
                   "misshapen: its gradient rule gave dx[0] another type than that of x[0]");
    d.name = "leafy";
    d.gradient = leafy_gradient;
    expect_failure(f, wg_sum_all(use1(define(f->ctx, &d), x)), WG_ERR_STATE,
                   "constant: a rule records no leaves");
    d.name = "lazy";
    d.gradient = lazy_gradient;
    assert_int_equal(wg_backward(wg_sum_all(use1(define(f->ctx, &d), x))), WG_OK);
    assert_near(gradient_at(x, 1), 0, 0);
}

/* ---- callbacks that reach into their context ---------------------------------------------- */

typedef struct meddler {
    fixture *f;
    wg_node node;
    int n_refused;
} meddler;

static wg_status meddle(const wg_forward_call *call)
{
    meddler *m = call->user;
    wg_graph *g = m->node.graph;
    const wg_op_definition d = cube_definition("inside");
    wg_op *op;
    const wg_tensor *value;
    wg_graph *other;
    assert_int_equal(wg_run(&m->node, 1), WG_ERR_STATE);
    assert_string_equal(wg_graph_error(g), "a callback may not run a graph of its context");
    assert_int_equal(wg_backward(m->node), WG_ERR_STATE);
    assert_int_equal(wg_get(m->node, &value), WG_ERR_STATE);
    assert_int_equal(wg_graph_reset(g), WG_ERR_STATE);
    assert_int_equal(wg_graph_refresh(g), WG_ERR_STATE);
    assert_int_equal(wg_graph_trim(g), WG_ERR_STATE);
    assert_int_equal(wg_hook(m->node, ignore_gradient, NULL), WG_ERR_STATE);
    wg_shadow *shadow;
    wg_function *function;
    assert_int_equal(wg_shadow_create(g, WG_F64, WG_F32, &shadow), WG_ERR_STATE);
    assert_int_equal(wg_function_create(&m->node, 1, &m->node, 1, &function), WG_ERR_STATE);
    assert_int_equal(wg_op_define(m->f->ctx, &d, &op), WG_ERR_STATE);
    assert_int_equal(wg_custom_pointwise(m->f->ctx, "inside", "x", &op), WG_ERR_STATE);
    wg_graph_destroy(g);
    wg_context_destroy(m->f->ctx);
    assert_true(wg_is_valid(m->node));
    assert_int_equal(wg_graph_create(m->f->ctx, &other), WG_OK);
    assert_false(wg_is_valid(wg_number(other, WG_F64, 1)));
    assert_int_equal(wg_graph_status(other), WG_ERR_STATE);
    m->n_refused++;
    return cube_forward(call);
}

static void test_custom_callbacks_cannot_break_their_context(void **state)
{
    fixture *f = *state;
    meddler m = {.f = f};
    wg_op_definition d = cube_definition("meddle");
    d.forward = meddle;
    d.user = &m;
    const wg_op *op = define(f->ctx, &d);
    const wg_node x = scalar_variable(f, 2);
    const wg_node y = use1(op, x);
    m.node = wg_square(y);
    assert_int_equal(wg_backward(m.node), WG_OK);
    assert_int_equal(m.n_refused, 1);
    assert_near(gradient_at(x, 0), 2 * 8 * 12, 0);
}

/* What a rule was shown may be kept, and is no graph and no node once the rule is done. */
static wg_status keep_handles(const wg_gradient_call *call)
{
    meddler *m = call->user;
    const wg_tensor *value;
    m->node = call->x[0];
    assert_int_equal(wg_run(call->y, 1), WG_ERR_STATE);
    assert_int_equal(wg_get(call->y[0], &value), WG_ERR_STATE);
    assert_int_equal(wg_graph_reset(call->graph), WG_ERR_STATE);
    wg_graph_destroy(call->graph);
    m->n_refused++;
    return cube_gradient(call);
}

static void test_custom_rules_do_not_outlive_their_call(void **state)
{
    fixture *f = *state;
    meddler m = {.f = f};
    wg_op_definition d = cube_definition("keep");
    d.backward = NULL;
    d.gradient = keep_handles;
    d.user = &m;
    const wg_node x = scalar_variable(f, 2);
    const wg_node y = use1(define(f->ctx, &d), x);
    assert_int_equal(wg_backward(y), WG_OK);
    assert_int_equal(m.n_refused, 1);
    assert_true(m.node.graph != f->g);
    assert_false(wg_is_valid(m.node));
    assert_false(wg_is_valid(wg_square(m.node)));
    assert_false(wg_is_valid(wg_number(m.node.graph, WG_F64, 1)));
    assert_int_equal(wg_run(&m.node, 1), WG_ERR_STALE);
    assert_int_equal(wg_backward(m.node), WG_ERR_STALE);
    assert_int_equal(wg_graph_reset(m.node.graph), WG_ERR_ARGUMENT);
    assert_int_equal(wg_backward(y), WG_OK);
    assert_near(gradient_at(x, 0), 24, 0);
}

/* wg_grad inside a rule would differentiate while that is going on. */
static wg_status differentiate_inside(const wg_gradient_call *call)
{
    meddler *m = call->user;
    wg_node dx;
    m->n_refused += wg_grad(call->y[0], call->x, 1, &dx) == WG_ERR_STATE;
    return WG_OK;
}

static void test_custom_rules_do_not_differentiate(void **state)
{
    fixture *f = *state;
    meddler m = {.f = f};
    wg_op_definition d = cube_definition("inside");
    d.backward = NULL;
    d.gradient = differentiate_inside;
    d.user = &m;
    const wg_node x = scalar_variable(f, 2);
    expect_failure(f, use1(define(f->ctx, &d), x), WG_ERR_STATE,
                   "a callback may not differentiate");
    assert_int_equal(m.n_refused, 1);
}

/* A function frozen around a program's op: called, differentiated, and not from within itself. */
typedef struct inner {
    wg_function *function; /* NULL: call nothing */
    const wg_tensor *x;
    wg_tensor *y;
    int n_refused;
} inner;

static wg_status call_inside(const wg_forward_call *call)
{
    inner *in = call->user;
    if (in->function != NULL) {
        in->n_refused += wg_function_call(in->function, &in->x, &in->y) == WG_ERR_STATE &&
                         strstr(wg_function_error(in->function), "not inside a callback") != NULL;
        wg_function_destroy(in->function);
    }
    return cube_forward(call);
}

static void test_custom_ops_in_functions(void **state)
{
    fixture *f = *state;
    const double at[] = {2, 5};
    inner in = {.function = NULL};
    wg_tensor *y;
    wg_tensor *dx;
    wg_op_definition d = cube_definition("inner");
    d.gradient = cube_gradient;
    d.forward = call_inside;
    d.user = &in;
    const wg_node x = scalar_variable(f, 1);
    const wg_node out = wg_scale(use1(define(f->ctx, &d), x), 2);
    wg_function *function;
    assert_int_equal(wg_function_create(&x, 1, &out, 1, &function), WG_OK);
    y = tensor_of(f, 0, NULL, at);
    dx = tensor_of(f, 0, NULL, at);
    for (int i = 0; i < 2; i++) {
        wg_tensor *t = tensor_of(f, 0, NULL, &at[i]);
        const wg_tensor *inputs[] = {t};
        in = (inner){.function = i == 1 ? function : NULL, .x = t, .y = y};
        assert_int_equal(wg_function_vjp(function, inputs, NULL, &y, &dx), WG_OK);
        assert_near(wg_tensor_get(y, 0), 2 * at[i] * at[i] * at[i], 0);
        assert_near(wg_tensor_get(dx, 0), 6 * at[i] * at[i], 0);
        assert_int_equal(wg_function_jvp(function, inputs, inputs, NULL, &y), WG_OK);
        assert_near(wg_tensor_get(y, 0), 6 * at[i] * at[i] * at[i], 0);
        assert_true(i == 0 || in.n_refused > 0);
        wg_tensor_destroy(t);
    }
    wg_tensor_destroy(y);
    wg_tensor_destroy(dx);
    wg_function_destroy(function);
}

static wg_status record_in_shape(const wg_shape_call *call)
{
    meddler *m = call->user;
    m->n_refused += !wg_is_valid(wg_square(m->node));
    return WG_OK;
}

static void test_custom_shape_rules_do_not_record(void **state)
{
    fixture *f = *state;
    meddler m = {.f = f};
    wg_op_definition d = cube_definition("meddle");
    d.shape = record_in_shape;
    d.user = &m;
    const wg_op *op = define(f->ctx, &d);
    m.node = scalar_variable(f, 2);
    assert_false(wg_is_valid(use1(op, m.node)));
    assert_int_equal(m.n_refused, 1);
    assert_int_equal(wg_graph_status(f->g), WG_ERR_STATE);
    assert_non_null(strstr(wg_graph_error(f->g), "a callback may not record in this graph"));
}

/* ---- checking ----------------------------------------------------------------------------- */

static wg_status wrong_backward(const wg_backward_call *call)
{
    for (int64_t i = 0; i < call->dx->count; i++) {
        view_set(call->dx, i, view_get(call->dy, i) * 3 * view_get(call->x, i));
    }
    return WG_OK;
}

static wg_status wrong_gradient(const wg_gradient_call *call)
{
    /* Right in value, and wrong in its own derivative. */
    const wg_node slope = wg_scale(wg_square(wg_stop_gradient(call->x[0])), 3);
    call->dx[0] = wg_mul(call->dy[0], slope);
    return WG_OK;
}

static wg_op_report check(fixture *f, const wg_op_definition *d)
{
    const int64_t n = 3;
    wg_tensor *t;
    wg_op_report report;
    const wg_dtype dtype = d->dtypes == WG_CUSTOM_F64 ? WG_F64 : WG_F32;
    assert_int_equal(wg_tensor_from(f->ctx, dtype, 1, &n, WG_F64, three, &t), WG_OK);
    assert_int_equal(wg_check_op(define(f->ctx, d), &t, 1, NULL, NULL, &report), WG_OK);
    wg_tensor_destroy(t);
    return report;
}

static void test_custom_checks_tell_right_from_wrong(void **state)
{
    fixture *f = *state;
    wg_op_definition d = cube_definition("right");
    d.gradient = cube_gradient;
    wg_op_report r = check(f, &d);
    assert_int_equal(r.first.check.verdict, WG_CHECK_RIGHT);
    assert_true(r.has_second);
    assert_int_equal(r.second.check.verdict, WG_CHECK_RIGHT);
    d.name = "wrong_second";
    d.gradient = wrong_gradient;
    r = check(f, &d);
    assert_int_equal(r.first.check.verdict, WG_CHECK_RIGHT);
    assert_int_equal(r.second.check.verdict, WG_CHECK_WRONG);
    d.name = "wrong";
    d.backward = wrong_backward;
    d.gradient = NULL;
    r = check(f, &d);
    assert_int_equal(r.first.check.verdict, WG_CHECK_WRONG);
    assert_false(r.has_second);
    d.name = "right_f64";
    d.backward = cube_backward;
    d.dtypes = WG_CUSTOM_F64;
    assert_int_equal(check(f, &d).first.check.verdict, WG_CHECK_RIGHT);
}

/* Differences want f64, which an op that serves f32 alone does not give. */
static void test_custom_checks_are_undecided_without_f64(void **state)
{
    fixture *f = *state;
    wg_op_definition d = cube_definition("f32_alone");
    d.dtypes = WG_CUSTOM_F32;
    wg_op_report r = check(f, &d);
    assert_int_equal(r.first.check.verdict, WG_CHECK_UNDECIDABLE);
    assert_int_equal(r.first.n_tensors, 1);
    d.name = "wrong_f32";
    d.backward = wrong_backward;
    assert_int_equal(check(f, &d).first.check.verdict, WG_CHECK_UNDECIDABLE);
    d.name = "f32_rule";
    d.gradient = cube_gradient;
    r = check(f, &d);
    assert_int_equal(r.first.check.verdict, WG_CHECK_UNDECIDABLE);
    assert_int_equal(r.second.check.verdict, WG_CHECK_UNDECIDABLE);
}

static void test_custom_dtypes_are_checked_when_recorded(void **state)
{
    fixture *f = *state;
    wg_op_definition d = cube_definition("f32_alone");
    d.dtypes = WG_CUSTOM_F32;
    const wg_op *op = define(f->ctx, &d);
    assert_false(wg_is_valid(use1(op, scalar_variable(f, 2))));
    assert_int_equal(wg_graph_status(f->g), WG_ERR_DTYPE);
    assert_non_null(strstr(wg_graph_error(f->g), "its kernels serve f32 alone: f64 (x)"));
    assert_non_null(strstr(wg_graph_error(f->g), "hint: wg_cast to f32"));
}

/* The graphs of the program keep their random streams. */
static void test_custom_checks_leave_no_trace(void **state)
{
    fixture *f = *state;
    const wg_op_definition d = cube_definition("cube");
    wg_graph *g;
    const uint64_t stream = wg_graph_stream(f->g);
    (void)check(f, &d);
    assert_int_equal(wg_graph_create(f->ctx, &g), WG_OK);
    assert_int_equal(wg_graph_stream(g), stream + 1);
    wg_graph_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GRAPH_TEST(test_custom_kernels_fail_with_status_and_text),
        GRAPH_TEST(test_custom_gradients_fail_with_status_and_text),
        GRAPH_TEST(test_custom_gradients_are_checked),
        GRAPH_TEST(test_custom_callbacks_cannot_break_their_context),
        GRAPH_TEST(test_custom_rules_do_not_outlive_their_call),
        GRAPH_TEST(test_custom_rules_do_not_differentiate),
        GRAPH_TEST(test_custom_ops_in_functions),
        GRAPH_TEST(test_custom_shape_rules_do_not_record),
        GRAPH_TEST(test_custom_checks_tell_right_from_wrong),
        GRAPH_TEST(test_custom_checks_are_undecided_without_f64),
        GRAPH_TEST(test_custom_dtypes_are_checked_when_recorded),
        GRAPH_TEST(test_custom_checks_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
