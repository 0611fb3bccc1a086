/* Values and gradients of every op against PyTorch's and NumPy's, through the public calls.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The cases are in the files listed here, each of which the script of its name writes. Every op and
 * form of the table has one, and one that is hard. With WENGERT_TEST_OP only the cases of the op of
 * that name are run. */
#include "golden/golden.h"

#include <wengert/graph.h>
#include <wengert/ops.h>
#include <wengert/tools.h>

#include "ops/table.h"
#include "support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER WENGERT_SOURCE_DIR "/tests/golden/"

static const char *const paths[] = {
    FOLDER "base.txt",      FOLDER "activation.txt", FOLDER "loss.txt",
    FOLDER "indexing.txt",  FOLDER "shape.txt",      FOLDER "contraction.txt",
    FOLDER "reduction.txt", FOLDER "pointwise.txt",  FOLDER "draws.txt",
    FOLDER "pooling.txt",   FOLDER "attention.txt",  FOLDER "convolution.txt",
    FOLDER "linalg.txt",    FOLDER "recurrence.txt", FOLDER "normalization.txt",
};

enum {
    N_PATHS = sizeof paths / sizeof *paths
};

/* Scaled: max|a - b| / max(1, max|b|). In f64 a few roundings of sums of some dozen terms; in f32
 * the bound to which f32 must agree with f64. */
#define TOLERANCE_F64 1e-13
#define TOLERANCE_F32 1e-5

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

/* The i-th output of a call, whose first may be a later one of its op. */
static wg_node output_of(wg_node y, int32_t i)
{
    return i == 0 ? y : wg_output(y, i);
}

static bool check_values(const bench *b, const golden *c, wg_node y)
{
    for (int32_t i = 0; i < c->n_out; i++) {
        const wg_tensor *value = wg_value(output_of(y, i));
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
            const wg_node out = output_of(y, i);
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

/* Calls the op by its name. */
static wg_node apply(const bench *b, const golden *c, const wg_node *in)
{
    wg_attribute attributes[GOLDEN_ATTRIBUTES];
    uint32_t inputs[GOLDEN_INPUTS];
    uint32_t output = 0;
    size_t n_outputs = 1;
    for (int32_t i = 0; i < c->n_attributes; i++) {
        const golden_attribute *a = &c->attributes[i];
        attributes[i] = (wg_attribute){.name = a->name,
                                       .kind = a->kind,
                                       .integer = a->is_dtype ? (int64_t)b->dtype : a->integer,
                                       .real = a->real,
                                       .list = a->list,
                                       .length = (size_t)a->length,
                                       .text = a->text};
    }
    for (int32_t i = 0; i < c->n_in; i++) {
        inputs[i] = in[i].index;
    }
    const wg_status status = wg_apply(b->g, c->op, inputs, (size_t)c->n_in, attributes,
                                      (size_t)c->n_attributes, &output, &n_outputs);
    return status == WG_OK && n_outputs == 1 ? wg_graph_node(b->g, output) : (wg_node){NULL, 0, 0};
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
    const wg_node y = apply(b, c, in);
    if (!wg_is_valid(y)) {
        return complain(b, c, "no node");
    }
    return check_values(b, c, y) && check_gradients(b, c, y, in);
}

/* ---- tests -------------------------------------------------------------------------------- */

static void open_bench(bench *b, golden_file *file, const char *path, wg_dtype dtype,
                       uint32_t without)
{
    if (!golden_open(file, path)) {
        fail_msg("%s: %s", path, file->error);
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

static bool is_chosen(const char *op)
{
    const char *only = getenv("WENGERT_TEST_OP");
    return only == NULL || strcmp(op, only) == 0;
}

static int run_file(const char *path, wg_dtype dtype, uint32_t without)
{
    bench b;
    golden_file file;
    golden c;
    int n_wrong = 0;
    int n_cases = 0;
    open_bench(&b, &file, path, dtype, without);
    while (golden_next(&file, &c)) {
        n_wrong += !is_chosen(c.op) || run_case(&b, &c) ? 0 : 1;
        n_cases++;
    }
    if (file.error != NULL) {
        print_error("%s:%d: %s\n", path, (int)file.line, file.error);
    }
    close_bench(&b, &file);
    assert_null(file.error);
    assert_true(n_cases > 0);
    return n_wrong;
}

static void run_all(wg_dtype dtype, uint32_t without)
{
    int n_wrong = 0;
    for (size_t i = 0; i < N_PATHS; i++) {
        n_wrong += run_file(paths[i], dtype, without);
    }
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

/* Which rows of the table have a case, and a hard one. */
static void mark_cases(const char *path, const wgi_op_table *table, bool *has_case, bool *has_hard)
{
    golden_file file;
    golden c;
    assert_true(golden_open(&file, path));
    while (golden_next(&file, &c)) {
        bool is_known = false;
        for (uint32_t i = 0; i < wgi_row_count(table); i++) {
            if (strcmp(wgi_row_at(table, i)->name, c.op) == 0) {
                has_case[i] |= !c.is_hard;
                has_hard[i] |= c.is_hard;
                is_known = true;
            }
        }
        if (!is_known) {
            fail_msg("%s:%d: %s is no op", path, (int)file.line, c.op);
        }
    }
    golden_close(&file);
}

static void test_golden_covers_every_op(void **state)
{
    const wgi_op_table *table = wgi_op_table_get();
    const size_t n = wgi_row_count(table);
    bool *has_case = calloc(2 * n, sizeof *has_case);
    int n_missing = 0;
    (void)state;
    assert_non_null(has_case);
    for (size_t i = 0; i < N_PATHS; i++) {
        mark_cases(paths[i], table, has_case, has_case + n);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (!has_case[i] || !has_case[n + i]) {
            print_error("%s has no %s case\n", wgi_row_at(table, i)->name,
                        has_case[i] ? "hard" : "golden");
            n_missing++;
        }
    }
    free(has_case);
    assert_int_equal(n_missing, 0);
}

/* What this test asks of the others: an error just above the tolerance is seen. */
static void test_golden_sees_small_errors(void **state)
{
    bench b;
    golden_file file;
    golden c;
    (void)state;
    open_bench(&b, &file, paths[0], WG_F64, 0);
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
