/* Values and gradients of every op against PyTorch's and NumPy's, through the public calls.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The cases are in ops.txt, which generate.py writes. Every op of the table has one. */
#include "golden/golden.h"

#include <wengert/graph.h>
#include <wengert/ops.h>

#include "ops/op_ids.h"
#include "ops/stack.h"
#include "ops/support.h"
#include "ops/table.h"
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

#define PATH WENGERT_SOURCE_DIR "/tests/golden/ops.txt"

/* Scaled: max|a - b| / max(1, max|b|). In f64 a few roundings of sums of some dozen terms; in f32
 * the bound to which f32 must agree with f64. */
#define TOLERANCE_F64 1e-13
#define TOLERANCE_F32 1e-5

/* ---- how each op is called ---------------------------------------------------------------- */

typedef struct call {
    const golden *c;
    wg_graph *g;
    wg_dtype dtype;
    const wg_node *in;
} call;

static wg_node build_scale(const call *k)
{
    return wg_scale(k->in[0], k->c->reals[0]);
}

static wg_node build_heaviside(const call *k)
{
    return wg_heaviside(k->in[0], k->c->reals[0]);
}

static wg_node build_cast(const call *k)
{
    return wg_cast(k->in[0], k->c->ints[0] != 0 ? (wg_dtype)k->c->ints[0] : k->dtype);
}

static wg_node build_where(const call *k)
{
    return wg_where(k->in[0], k->in[1], k->in[2]);
}

static wg_node build_matmul(const call *k)
{
    const wg_node a = k->c->ints[0] != 0 ? wg_transpose(k->in[0]) : k->in[0];
    const wg_node b = k->c->ints[1] != 0 ? wg_transpose(k->in[1]) : k->in[1];
    return wg_matmul(a, b);
}

/* ints: keepdims, then the axes; none are all of them. */
static wg_node reduce(const call *k, wg_node (*op)(wg_node, const int32_t *, int32_t, bool))
{
    int32_t axes[GOLDEN_INTS];
    const int32_t n = k->c->n_ints - 1;
    for (int32_t i = 0; i < n; i++) {
        axes[i] = (int32_t)k->c->ints[i + 1];
    }
    return op(k->in[0], n > 0 ? axes : NULL, n, k->c->ints[0] != 0);
}

static wg_node build_sum(const call *k)
{
    return reduce(k, wg_sum);
}

static wg_node build_mean(const call *k)
{
    return reduce(k, wg_mean);
}

static wg_node build_sum_to(const call *k)
{
    return wg_sum_to(k->in[0], k->c->n_ints, k->c->ints);
}

static wg_node build_softmax(const call *k)
{
    return wg_softmax(k->in[0], (int32_t)k->c->ints[0]);
}

static wg_node build_log_softmax(const call *k)
{
    return wg_log_softmax(k->in[0], (int32_t)k->c->ints[0]);
}

static wg_node build_cross_entropy_backward(const call *k)
{
    const wgi_draft draft = {.op = WGI_OP_cross_entropy_backward, .n_in = 3, .in = k->in};
    return wgi_record(&draft);
}

static wg_node build_reciprocal(const call *k)
{
    return wgi_record_unary(WGI_OP_reciprocal, k->in[0], NULL);
}

static wg_node build_log_slope(const call *k)
{
    return wgi_record_unary(WGI_OP_log_slope, k->in[0], NULL);
}

static wg_node build_one_minus(const call *k)
{
    return wgi_record_unary(WGI_OP_one_minus, k->in[0], NULL);
}

static wg_node build_reshape(const call *k)
{
    return wg_reshape(k->in[0], k->c->n_ints, k->c->ints);
}

static wg_node build_permute(const call *k)
{
    int32_t axes[GOLDEN_INTS];
    for (int32_t i = 0; i < k->c->n_ints; i++) {
        axes[i] = (int32_t)k->c->ints[i];
    }
    return wg_permute(k->in[0], axes, k->c->n_ints);
}

static wg_node build_broadcast_to(const call *k)
{
    return wg_broadcast_to(k->in[0], k->c->n_ints, k->c->ints);
}

static wg_node build_stack(const call *k)
{
    return wgi_stack(k->in, k->c->n_in);
}

static wg_node build_gather(const call *k)
{
    return wg_gather(k->in[0], k->in[1], (int32_t)k->c->ints[0]);
}

static wg_node build_scatter_add(const call *k)
{
    return wg_scatter_add(k->in[0], k->in[1], (int32_t)k->c->ints[0], k->c->ints[1]);
}

static wg_node build_one_hot(const call *k)
{
    return wg_one_hot(k->in[0], k->c->ints[0], k->dtype);
}

static wg_node build_full(const call *k)
{
    return wg_full(k->g, k->dtype, k->c->n_ints, k->c->ints, k->c->reals[0]);
}

static wg_node build_number(const call *k)
{
    return wg_number(k->g, k->dtype, k->c->reals[0]);
}

static wg_node build_uniform(const call *k)
{
    return wg_uniform(k->g, k->dtype, k->c->n_ints, k->c->ints, k->c->reals[0], k->c->reals[1]);
}

static wg_node build_dropout(const call *k)
{
    return wg_dropout(k->in[0], k->c->reals[0]);
}

/* One of the three is set. */
typedef struct builder {
    const char *op;
    wg_node (*unary)(wg_node x);
    wg_node (*binary)(wg_node a, wg_node b);
    wg_node (*build)(const call *k);
} builder;

static const builder builders[] = {
    {.op = "add", .binary = wg_add},
    {.op = "sub", .binary = wg_sub},
    {.op = "mul", .binary = wg_mul},
    {.op = "div", .binary = wg_div},
    {.op = "gate", .binary = wg_gate},
    {.op = "greater", .binary = wg_greater},
    {.op = "neg", .unary = wg_neg},
    {.op = "exp", .unary = wg_exp},
    {.op = "log", .unary = wg_log},
    {.op = "square", .unary = wg_square},
    {.op = "sqrt", .unary = wg_sqrt},
    {.op = "sigmoid", .unary = wg_sigmoid},
    {.op = "tanh", .unary = wg_tanh},
    {.op = "relu", .unary = wg_relu},
    {.op = "stop_gradient", .unary = wg_stop_gradient},
    {.op = "sum_all", .unary = wg_sum_all},
    {.op = "mean_all", .unary = wg_mean_all},
    {.op = "transpose", .unary = wg_transpose},
    {.op = "mse", .binary = wg_mse},
    {.op = "half_sum_squares", .binary = wg_half_sum_squares},
    {.op = "cross_entropy", .binary = wg_cross_entropy},
    {.op = "scale", .build = build_scale},
    {.op = "heaviside", .build = build_heaviside},
    {.op = "cast", .build = build_cast},
    {.op = "where", .build = build_where},
    {.op = "matmul", .build = build_matmul},
    {.op = "sum", .build = build_sum},
    {.op = "mean", .build = build_mean},
    {.op = "sum_to", .build = build_sum_to},
    {.op = "softmax", .build = build_softmax},
    {.op = "log_softmax", .build = build_log_softmax},
    {.op = "cross_entropy_backward", .build = build_cross_entropy_backward},
    {.op = "reciprocal", .build = build_reciprocal},
    {.op = "log_slope", .build = build_log_slope},
    {.op = "one_minus", .build = build_one_minus},
    {.op = "reshape", .build = build_reshape},
    {.op = "permute", .build = build_permute},
    {.op = "broadcast_to", .build = build_broadcast_to},
    {.op = "stack", .build = build_stack},
    {.op = "gather", .build = build_gather},
    {.op = "scatter_add", .build = build_scatter_add},
    {.op = "one_hot", .build = build_one_hot},
    {.op = "fill", .build = build_full},
    {.op = "full", .build = build_full},
    {.op = "number", .build = build_number},
    {.op = "uniform", .build = build_uniform},
    {.op = "dropout", .build = build_dropout},
};

/* A zero handle where no builder knows the op. */
static wg_node build(const call *k)
{
    for (size_t i = 0; i < sizeof(builders) / sizeof(builders[0]); i++) {
        const builder *b = &builders[i];
        if (strcmp(b->op, k->c->op) == 0) {
            return b->unary != NULL    ? b->unary(k->in[0])
                   : b->binary != NULL ? b->binary(k->in[0], k->in[1])
                                       : b->build(k);
        }
    }
    return (wg_node){NULL, 0, 0};
}

/* ---- one case ----------------------------------------------------------------------------- */

typedef struct bench {
    wg_context *ctx;
    wg_graph *g;
    wg_dtype dtype;
    golden_key key;
    bool is_quiet;
} bench;

static bool complain(const bench *b, const golden *c, const char *what)
{
    if (!b->is_quiet) {
        const char *text = wg_graph_error(b->g);
        print_error("%s %s (%s): %s%s%s\n", c->op, c->name, wg_dtype_name(b->dtype), what,
                    text[0] != '\0' ? ": " : "", text);
    }
    return false;
}

static bool is_close(const bench *b, const wg_tensor *got, const double *want, int64_t n)
{
    const double tolerance = b->dtype == WG_F32 ? TOLERANCE_F32 : TOLERANCE_F64;
    double scale = 1.0;
    for (int64_t i = 0; i < n; i++) {
        scale = isfinite(want[i]) && fabs(want[i]) > scale ? fabs(want[i]) : scale;
    }
    for (int64_t i = 0; i < n; i++) {
        const double have = wg_tensor_get(got, i);
        const bool is_equal = have == want[i] || (isnan(have) && isnan(want[i]));
        if (!is_equal && !(fabs(have - want[i]) <= tolerance * scale)) {
            if (!b->is_quiet) {
                print_error("element %lld is %.17g, not %.17g\n", (long long)i, have, want[i]);
            }
            return false;
        }
    }
    return true;
}

static bool has_shape(const wg_tensor *t, const golden_tensor *want)
{
    return wg_tensor_rank(t) == want->rank &&
           memcmp(wg_tensor_dims(t), want->dims, (size_t)want->rank * sizeof(int64_t)) == 0;
}

static bool has_dtype(const wg_tensor *t, const golden_tensor *want)
{
    const wg_dtype dtype = wg_tensor_dtype(t);
    return want->dtype == WG_F64 ? dtype == WG_F32 || dtype == WG_F64 : dtype == want->dtype;
}

/* A leaf of the values given; a variable where it is real. */
static wg_node leaf(const bench *b, const golden_tensor *t, wg_dtype real, const double *values)
{
    wg_tensor *made = NULL;
    const bool is_real = t->dtype == WG_F64;
    const wg_dtype dtype = is_real ? real : t->dtype;
    const double nothing = 0.0;
    assert_int_equal(wg_tensor_from(b->ctx, dtype, t->rank, t->dims, WG_F64,
                                    t->count > 0 ? values : &nothing, &made),
                     WG_OK);
    const wg_node n = is_real ? wg_variable(b->g, made) : wg_input(b->g, made);
    wg_tensor_destroy(made);
    return n;
}

static bool check_values(const bench *b, const golden *c, wg_node y)
{
    for (int32_t i = 0; i < c->n_out; i++) {
        const wg_tensor *value = wg_value(wg_output(y, i));
        if (value == NULL) {
            return complain(b, c, "no value");
        }
        if (!has_shape(value, &c->out[i]) || !has_dtype(value, &c->out[i])) {
            return complain(b, c, "a value of another type");
        }
        if (!is_close(b, value, c->out[i].values, c->out[i].count)) {
            return complain(b, c, "a wrong value");
        }
    }
    return true;
}

/* The sum of all outputs, weighted. */
static wg_node weighted(const bench *b, const golden *c, wg_node y)
{
    wg_node loss = {NULL, 0, 0};
    for (int32_t i = 0; i < c->n_out; i++) {
        if (c->has_up[i]) {
            const wg_node out = wg_output(y, i);
            const wg_node up = leaf(b, &c->out[i], wg_node_dtype(out), c->up[i]);
            const wg_node term = wg_sum_all(wg_mul(out, wg_stop_gradient(up)));
            loss = loss.graph != NULL ? wg_add(loss, term) : term;
        }
    }
    return loss;
}

static bool check_gradients(const bench *b, const golden *c, wg_node y, const wg_node *in)
{
    const wg_node loss = weighted(b, c, y);
    if (loss.graph == NULL) {
        return true;
    }
    if (wg_backward(loss) != WG_OK) {
        return complain(b, c, "no backward pass");
    }
    for (int32_t i = 0; i < c->n_in; i++) {
        const wg_tensor *dx = c->has_gradient[i] ? wg_gradient(in[i]) : NULL;
        if (c->has_gradient[i] && (dx == NULL || !has_shape(dx, &c->in[i]))) {
            return complain(b, c, "no gradient of the operand's shape");
        }
        if (dx != NULL && !is_close(b, dx, c->gradient[i], c->in[i].count)) {
            return complain(b, c, "a wrong gradient");
        }
    }
    return true;
}

static bool run_case(const bench *b, const golden *c)
{
    wg_node in[GOLDEN_INPUTS];
    assert_int_equal(wg_graph_reset(b->g), WG_OK);
    assert_int_equal(wg_graph_set_stream(b->g, b->key.stream), WG_OK);
    assert_int_equal(wg_graph_set_step(b->g, b->key.step), WG_OK);
    for (int32_t i = 0; i < c->n_in; i++) {
        in[i] = leaf(b, &c->in[i], b->dtype, c->in[i].values);
    }
    const call k = {c, b->g, b->dtype, in};
    const wg_node y = build(&k);
    if (!wg_is_valid(y)) {
        return complain(b, c, "no node");
    }
    return check_values(b, c, y) && check_gradients(b, c, y, in);
}

/* ---- tests -------------------------------------------------------------------------------- */

static void open_bench(bench *b, golden_file *file, wg_dtype dtype, uint32_t without)
{
    if (!golden_open(file, PATH)) {
        fail_msg("%s: %s", PATH, file->error);
    }
    const wg_config config = {.size = sizeof config, .seed = file->key.seed, .without = without};
    *b = (bench){.dtype = dtype, .key = file->key};
    assert_int_equal(wg_context_create(&config, &b->ctx), WG_OK);
    assert_int_equal(wg_graph_create(b->ctx, &b->g), WG_OK);
}

static void close_bench(bench *b, golden_file *file)
{
    wg_graph_destroy(b->g);
    wg_context_destroy(b->ctx);
    golden_close(file);
}

static void run_all(wg_dtype dtype, uint32_t without)
{
    bench b;
    golden_file file;
    golden c;
    int n_wrong = 0;
    int n_cases = 0;
    open_bench(&b, &file, dtype, without);
    while (golden_next(&file, &c)) {
        n_wrong += run_case(&b, &c) ? 0 : 1;
        n_cases++;
    }
    if (file.error != NULL) {
        print_error("%s:%d: %s\n", PATH, (int)file.line, file.error);
    }
    close_bench(&b, &file);
    assert_null(file.error);
    assert_true(n_cases > 0);
    assert_int_equal(n_wrong, 0);
}

static void test_golden_f64(void **state)
{
    (void)state;
    run_all(WG_F64, 0);
}

static void test_golden_f32(void **state)
{
    (void)state;
    run_all(WG_F32, 0);
}

static void test_golden_reference_f64(void **state)
{
    (void)state;
    run_all(WG_F64, WG_BACKEND_NATIVE | WG_BACKEND_ONEDNN);
}

static void test_golden_reference_f32(void **state)
{
    (void)state;
    run_all(WG_F32, WG_BACKEND_NATIVE | WG_BACKEND_ONEDNN);
}

static bool has_case(const char *op)
{
    golden_file file;
    golden c;
    bool is_found = false;
    if (golden_open(&file, PATH)) {
        while (!is_found && golden_next(&file, &c)) {
            is_found = strcmp(c.op, op) == 0;
        }
    }
    golden_close(&file);
    return is_found;
}

static void test_golden_covers_every_op(void **state)
{
    const wgi_op_table *table = wgi_op_table_get();
    int n_missing = 0;
    (void)state;
    for (uint16_t i = 1; i < table->count; i++) {
        if (!has_case(table->ops[i]->name)) {
            print_error("%s has no golden case\n", table->ops[i]->name);
            n_missing++;
        }
    }
    assert_int_equal(n_missing, 0);
    assert_false(has_case("no_such_op"));
}

/* What this test asks of the others: an error just above the tolerance is seen. */
static void test_golden_sees_small_errors(void **state)
{
    bench b;
    golden_file file;
    golden c;
    (void)state;
    open_bench(&b, &file, WG_F64, 0);
    assert_true(golden_next(&file, &c));
    assert_true(c.n_out > 0 && c.has_gradient[0]);
    assert_true(run_case(&b, &c));
    b.is_quiet = true;
    c.out[0].values[0] += 1e-11;
    assert_false(run_case(&b, &c));
    c.out[0].values[0] -= 1e-11;
    c.gradient[0][0] += 1e-11;
    assert_false(run_case(&b, &c));
    c.gradient[0][0] = (double)NAN;
    assert_false(run_case(&b, &c));
    close_bench(&b, &file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_f64),
        cmocka_unit_test(test_golden_f32),
        cmocka_unit_test(test_golden_reference_f64),
        cmocka_unit_test(test_golden_reference_f32),
        cmocka_unit_test(test_golden_covers_every_op),
        cmocka_unit_test(test_golden_sees_small_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
