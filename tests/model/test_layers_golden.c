/* Layers against PyTorch's modules with the same weights, and their gradients against differences.
 * SPDX-License-Identifier: Apache-2.0
 *
 * tests/golden/layers.py says what the lines of the file mean. */
#include "support/cmocka_all.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <wengert/wengert.h>

#include "layers_case.h"

enum {
    MAX_VALUES = 1024,
    MAX_TENSORS = 64
};

typedef struct line {
    char role[8];
    char name[64];
    wg_dtype dtype;
    int32_t rank;
    int64_t dims[WG_MAX_RANK];
    int64_t count;
    double values[MAX_VALUES];
} line;

typedef struct fixture {
    wg_context *ctx;
    wg_graph *g;
    wg_model *m;
    const layers_case *row;
    layers_any layer;
    layers_inputs inputs;
    wg_tensor *tensors[LAYERS_INPUTS];
    layers_outputs outputs;
    size_t n_set; /* parameters that the file gave */
    wg_node loss;
    bool is_run;
} fixture;

static bool read_line(FILE *file, line *l)
{
    char dtype[8];
    l->count = 1;
    if (fscanf(file, " %7s", l->role) != 1) {
        return false;
    }
    if (strcmp(l->role, "case") == 0) {
        return fscanf(file, " %63s", l->name) == 1;
    }
    assert_int_equal(fscanf(file, " %63s %7s %d", l->name, dtype, &l->rank), 3);
    l->dtype = strcmp(dtype, "f64") == 0 ? WG_F64 : strcmp(dtype, "i64") == 0 ? WG_I64 : WG_BOOL;
    assert_in_range(l->rank, 0, WG_MAX_RANK);
    for (int32_t i = 0; i < l->rank; i++) {
        assert_int_equal(fscanf(file, "%" SCNd64, &l->dims[i]), 1);
        l->count *= l->dims[i];
    }
    assert_in_range(l->count, 0, MAX_VALUES);
    for (int64_t i = 0; i < l->count; i++) {
        assert_int_equal(fscanf(file, "%lf", &l->values[i]), 1);
    }
    return true;
}

static const char *whole_name(const char *name, char out[96])
{
    (void)snprintf(out, 96, "l.%s", name);
    return out;
}

/* ---- a case ------------------------------------------------------------------------------- */

static void begin_case(fixture *f, const char *name)
{
    memset(f, 0, sizeof *f);
    for (const layers_case *row = layers_cases; row->name != NULL; row++) {
        if (strcmp(row->name, name) == 0) {
            f->row = row;
        }
    }
    if (f->row == NULL) {
        fail_msg("no case '%s'", name);
    }
    assert_int_equal(wg_context_create(NULL, &f->ctx), WG_OK);
    assert_int_equal(wg_graph_create(f->ctx, &f->g), WG_OK);
    assert_int_equal(wg_model_create(f->ctx, &f->m), WG_OK);
    assert_int_equal(f->row->create(f->m, &f->layer), WG_OK);
    assert_int_equal(wg_graph_set_training(f->g, !f->row->is_evaluated), WG_OK);
}

static void end_case(fixture *f)
{
    wg_graph_destroy(f->g);
    for (size_t i = 0; i < LAYERS_INPUTS; i++) {
        wg_tensor_destroy(f->tensors[i]);
    }
    wg_model_destroy(f->m);
    wg_context_destroy(f->ctx);
}

static void take_param(fixture *f, const line *l)
{
    char name[96];
    wg_param *p = wg_model_find(f->m, whole_name(l->name, name));
    if (p == NULL) {
        fail_msg("%s: no parameter '%s'", f->row->name, name);
    }
    wg_tensor *t = wg_param_value(p);
    assert_int_equal(wg_tensor_rank(t), l->rank);
    for (int32_t i = 0; i < l->rank; i++) {
        assert_int_equal(wg_tensor_dims(t)[i], l->dims[i]);
    }
    double *data = wg_tensor_data_mutable(t);
    memcpy(data, l->values, (size_t)l->count * sizeof *data);
    f->n_set++;
}

static void take_input(fixture *f, const line *l)
{
    const size_t i = f->inputs.n++;
    assert_true(i < LAYERS_INPUTS);
    (void)snprintf(f->inputs.name[i], sizeof f->inputs.name[i], "%s", l->name);
    if (l->dtype == WG_F64) {
        assert_int_equal(wg_tensor_create(f->ctx, WG_F64, l->rank, l->dims, &f->tensors[i]), WG_OK);
        memcpy(wg_tensor_data_mutable(f->tensors[i]), l->values, (size_t)l->count * sizeof(double));
        f->inputs.node[i] = wg_variable(f->g, f->tensors[i]);
        return;
    }
    int64_t integers[MAX_VALUES];
    bool flags[MAX_VALUES];
    for (int64_t k = 0; k < l->count; k++) {
        integers[k] = (int64_t)l->values[k];
        flags[k] = l->values[k] != 0.0;
    }
    const void *data = l->dtype == WG_I64 ? (const void *)integers : (const void *)flags;
    f->inputs.node[i] = wg_constant(f->g, l->dtype, l->rank, l->dims, data);
}

static void expect_close(const fixture *f, const line *l, const wg_tensor *t)
{
    if (t == NULL) {
        fail_msg("%s: no %s %s: %s", f->row->name, l->role, l->name, wg_graph_error(f->g));
    }
    assert_int_equal(wg_tensor_rank(t), l->rank);
    for (int32_t i = 0; i < l->rank; i++) {
        assert_int_equal(wg_tensor_dims(t)[i], l->dims[i]);
    }
    /* Both sum in f64, in orders of their own. */
    for (int64_t i = 0; i < l->count; i++) {
        const double difference = fabs(wg_tensor_get(t, i) - l->values[i]);
        if (!(difference <= 1e-12 * fmax(1.0, fabs(l->values[i])))) {
            fail_msg("%s: %s %s[%d]: %.17g, not %.17g", f->row->name, l->role, l->name, (int)i,
                     wg_tensor_get(t, i), l->values[i]);
        }
    }
}

static wg_node output_of(const fixture *f, const char *name)
{
    for (size_t i = 0; i < f->outputs.n; i++) {
        if (strcmp(f->outputs.name[i], name) == 0) {
            return f->outputs.node[i];
        }
    }
    fail_msg("%s: no output '%s'", f->row->name, name);
    return (wg_node){NULL, 0, 0};
}

/* The first output is the end of the inputs. */
static void take_output(fixture *f, const line *l)
{
    if (f->outputs.n == 0) {
        assert_int_equal(f->n_set, wg_model_count(f->m));
        f->row->apply(&f->layer, &f->inputs, &f->outputs);
    }
    expect_close(f, l, wg_value(output_of(f, l->name)));
}

static void take_weights(fixture *f, const line *l)
{
    const wg_node y = output_of(f, l->name);
    const wg_node up = wg_constant(f->g, WG_F64, l->rank, l->dims, l->values);
    const wg_node sum = wg_sum_all(wg_mul(y, up));
    f->loss = wg_is_valid(f->loss) ? wg_add(f->loss, sum) : sum;
}

static void run(fixture *f)
{
    if (f->is_run) {
        return;
    }
    f->is_run = true;
    if (f->row->is_evaluated) {
        return;
    }
    wg_gradcheck_report report;
    assert_int_equal(wg_gradcheck(f->loss, NULL, &report), WG_OK);
    if (report.check.verdict != WG_CHECK_RIGHT) {
        fail_msg("%s: the gradient is %s", f->row->name,
                 wg_check_verdict_name(report.check.verdict));
    }
    assert_int_equal(wg_backward(f->loss), WG_OK);
}

static void take_gradient(fixture *f, const line *l)
{
    char name[96];
    run(f);
    for (size_t i = 0; i < f->inputs.n; i++) {
        if (strcmp(f->inputs.name[i], l->name) == 0) {
            expect_close(f, l, wg_gradient(f->inputs.node[i]));
            return;
        }
    }
    const wg_param *p = wg_model_find(f->m, whole_name(l->name, name));
    assert_non_null(p);
    expect_close(f, l, wg_param_gradient(p));
}

static void take_after(fixture *f, const line *l)
{
    char name[96];
    run(f);
    wg_param *p = wg_model_find(f->m, whole_name(l->name, name));
    assert_true(wg_param_is_buffer(p));
    expect_close(f, l, wg_param_value(p));
}

static void take(fixture *f, const line *l)
{
    static const struct {
        const char *role;
        void (*take)(fixture *f, const line *l);
    } roles[] = {
        {"param", take_param}, {"in", take_input},      {"out", take_output},
        {"up", take_weights},  {"grad", take_gradient}, {"after", take_after},
    };
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        if (strcmp(roles[i].role, l->role) == 0) {
            roles[i].take(f, l);
            return;
        }
    }
    fail_msg("no role '%s'", l->role);
}

static void test_layers_are_those_of_pytorch(void **state)
{
    static line l;
    static fixture f;
    (void)state;
    FILE *file = fopen(WENGERT_SOURCE_DIR "/tests/golden/layers.txt", "r");
    assert_non_null(file);
    size_t n = 0;
    while (read_line(file, &l)) {
        if (strcmp(l.role, "case") != 0) {
            take(&f, &l);
            continue;
        }
        if (n++ > 0) {
            end_case(&f);
        }
        begin_case(&f, l.name);
    }
    end_case(&f);
    assert_true(feof(file));
    (void)fclose(file);
    size_t n_cases = 0;
    while (layers_cases[n_cases].name != NULL) {
        n_cases++;
    }
    assert_int_equal(n, n_cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers_are_those_of_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
