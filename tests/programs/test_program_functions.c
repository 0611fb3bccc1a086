/* Random programs frozen as functions: the bits of the graph that they were recorded in.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Usage: test_program_functions [COUNT [FIRST_SEED]]. A failure prints the seed and the program in
 * C. The inputs are the variables; what other leaves hold is captured. */
#include "ops/sample_graph.h"
#include "ops/snapshot.h"
#include "programs/program.h"
#include "support/cmocka_all.h"

#include <wengert/derivatives.h>

#include <stdio.h>
#include <stdlib.h>

typedef struct bench {
    wg_context *scratch_ctx; /* eager */
    wg_graph *scratch;
    wg_context *ctx;
    wg_graph *g;
    wgt_program program;
    wgt_recorded r;
    size_t n_in;
    wg_node inputs[WGT_MAX_STEPS];
    const wg_tensor *at[WGT_MAX_STEPS]; /* what the inputs hold */
    int n_failed;
    long n_frozen;
    long n_differentiated;
} bench;

static long n_programs = 300;
static unsigned long long first_seed = 1;

static void open_context(bool is_eager, wg_context **ctx, wg_graph **g)
{
    const wg_config config = {.size = sizeof config, .seed = WGT_SAMPLE_SEED, .eager = is_eager};
    assert_int_equal(wg_context_create(&config, ctx), WG_OK);
    assert_int_equal(wg_graph_create(*ctx, g), WG_OK);
}

static void complain(bench *b, const char *what, const char *more)
{
    print_error("seed %llu: %s: %s\n", (unsigned long long)b->program.seed, what, more);
    if (b->n_failed++ < 2) {
        wgt_program_print(&b->program);
    }
}

/* Zeros of the type of each node. */
static void make_room(const bench *b, const wg_node *nodes, size_t n, wg_tensor **out)
{
    for (size_t i = 0; i < n; i++) {
        wg_node_info info;
        assert_int_equal(wg_node_describe(nodes[i], &info), WG_OK);
        assert_int_equal(wg_tensor_create(b->ctx, info.dtype, info.rank, info.dims, &out[i]),
                         WG_OK);
    }
}

static void drop_room(wg_tensor **tensors, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        wg_tensor_destroy(tensors[i]);
    }
}

static void compare(bench *b, const char *what, const wg_node *nodes, wg_tensor *const *found,
                    size_t n)
{
    wgt_snapshot expected = {0};
    wgt_snapshot got = {0};
    for (size_t i = 0; i < n; i++) {
        wgt_snapshot_add(&expected, wg_value(nodes[i]));
        wgt_snapshot_add(&got, found[i]);
    }
    if (!wgt_snapshot_is_same(&got, &expected)) {
        complain(b, what, "other bits");
    }
    wgt_snapshot_free(&expected);
    wgt_snapshot_free(&got);
}

static wg_function *freeze(bench *b, const wg_node *outputs, size_t n)
{
    wg_function *f = NULL;
    if (wg_function_create(b->inputs, b->n_in, outputs, n, &f) != WG_OK) {
        complain(b, "freezing", wg_graph_error(b->g));
    }
    return f;
}

/* Every node of the program is an output. */
static void judge_values(bench *b)
{
    const size_t n = (size_t)b->r.n_nodes;
    wg_tensor *out[WGT_MAX_STEPS];
    wg_function *f = freeze(b, b->r.nodes, n);
    make_room(b, b->r.nodes, n, out);
    if (f != NULL && wg_function_call(f, b->at, out) != WG_OK) {
        complain(b, "a call", wg_function_error(f));
    } else if (f != NULL) {
        compare(b, "a call", b->r.nodes, out, n);
        b->n_frozen++;
    }
    drop_room(out, n);
    wg_function_destroy(f);
}

/* The gradient, and products along the inputs themselves. */
static void judge_derivatives(bench *b)
{
    const wg_node loss = b->r.nodes[b->program.loss];
    const uint64_t step = wg_graph_step(b->g);
    wg_tensor *out[WGT_MAX_STEPS];
    wg_node nodes[WGT_MAX_STEPS];
    wg_node dy;
    wg_function *f = freeze(b, &loss, 1);
    make_room(b, b->inputs, b->n_in, out);
    if (wg_grad(loss, b->inputs, b->n_in, nodes) == WG_OK &&
        wg_function_vjp(f, b->at, NULL, NULL, out) == WG_OK) {
        compare(b, "a gradient", nodes, out, b->n_in);
        b->n_differentiated++;
    } else {
        complain(b, "a gradient", wg_function_error(f));
    }
    assert_int_equal(wg_function_set_step(f, step), WG_OK);
    if (wg_hvp(loss, b->inputs, b->inputs, b->n_in, nodes) == WG_OK &&
        wg_function_hvp(f, b->at, b->at, out) == WG_OK) {
        compare(b, "a Hessian product", nodes, out, b->n_in);
    } else {
        complain(b, "a Hessian product", wg_function_error(f));
    }
    drop_room(out, b->n_in);
    assert_int_equal(wg_function_set_step(f, step), WG_OK);
    make_room(b, &loss, 1, out);
    if (wg_jvp(&loss, 1, b->inputs, b->inputs, b->n_in, &dy) == WG_OK &&
        wg_function_jvp(f, b->at, b->at, NULL, out) == WG_OK) {
        compare(b, "a tangent", &dy, out, 1);
    } else {
        complain(b, "a tangent", wg_function_error(f));
    }
    drop_room(out, 1);
    wg_function_destroy(f);
}

static void judge_program(bench *b, uint64_t seed)
{
    wgt_program_make(seed, b->scratch, &b->program);
    assert_int_equal(wg_graph_set_step(b->g, seed), WG_OK);
    assert_int_equal(wgt_program_record(&b->program, b->g, &b->r), WG_OK);
    b->n_in = 0;
    for (int32_t i = 0; i < b->r.n_nodes; i++) {
        if (b->program.steps[i].call == WGT_CALL_variable) {
            b->at[b->n_in] = wg_value(b->r.nodes[i]);
            b->inputs[b->n_in++] = b->r.nodes[i];
        }
    }
    if (b->n_in > 0) {
        judge_values(b);
    }
    if (b->n_in > 0 && b->program.loss >= 0) {
        judge_derivatives(b);
    }
    wgt_recorded_clear(&b->r);
}

static void test_program_functions_have_the_bits_of_their_graphs(void **state)
{
    bench *b = calloc(1, sizeof *b);
    (void)state;
    assert_non_null(b);
    open_context(true, &b->scratch_ctx, &b->scratch);
    open_context(false, &b->ctx, &b->g);
    for (long i = 0; i < n_programs && b->n_failed < 10; i++) {
        judge_program(b, first_seed + (unsigned long long)i);
    }
    print_message("%ld programs from seed %llu: %ld frozen, %ld differentiated\n", n_programs,
                  first_seed, b->n_frozen, b->n_differentiated);
    const int n_failed = b->n_failed;
    const bool is_enough = b->n_differentiated * 10 >= n_programs * 8;
    wg_graph_destroy(b->scratch);
    wg_context_destroy(b->scratch_ctx);
    wg_graph_destroy(b->g);
    wg_context_destroy(b->ctx);
    free(b);
    assert_int_equal(n_failed, 0);
    assert_true(is_enough);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_program_functions_have_the_bits_of_their_graphs),
    };
    n_programs = argc > 1 ? strtol(argv[1], NULL, 10) : n_programs;
    first_seed = argc > 2 ? strtoull(argv[2], NULL, 10) : first_seed;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
