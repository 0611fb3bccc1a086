/* One sample by many routes: every backend, eager, every thread count, gradients by both calls.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/sample_graph.h"
#include "ops/snapshot.h"
#include "support/cmocka_all.h"

#include "core/context.h"
#include "ops/op_ids.h"
#include "ops/table.h"

#include <math.h>
#include <string.h>

/* The value of y and, where there is a loss, the gradients of all leaves. */
static wg_status take(const wgt_sample_graph *s, wgt_snapshot *out)
{
    wg_status status = s->loss.graph != NULL ? wg_backward(s->loss) : WG_OK;
    const wg_tensor *y = NULL;
    if (status == WG_OK) {
        status = wg_get(s->y, &y);
    }
    wgt_snapshot_add(out, y);
    for (size_t i = 0; i < s->n_leaves && s->loss.graph != NULL; i++) {
        wgt_snapshot_add(out, wg_gradient(s->leaves[i]));
    }
    return status;
}

/* The other route, and how near it is to be: 0 asks for the same bits. */
typedef struct route {
    wg_graph *g;
    double f32_bound;
    double f64_bound;
    double worst;
    int n_compared;
} route;

static int compare(wgt_sample_graph *s, route *other, const wgt_sample_graph *t)
{
    wgt_snapshot a = {0};
    wgt_snapshot b = {0};
    const wg_status status = take(s, &a);
    const wg_status status_b = take(t, &b);
    const double bound = s->dtype == WG_F32 ? other->f32_bound : other->f64_bound;
    const double error = wgt_snapshot_error(&b, &a, 1);
    const bool is_good = bound > 0 ? error <= bound : wgt_snapshot_is_same(&a, &b);
    wgt_snapshot_free(&a);
    wgt_snapshot_free(&b);
    other->worst = fmax(other->worst, error);
    other->n_compared++;
    if (status != WG_OK || status_b != WG_OK) {
        return wgt_sample_complain(s, "%s%s", wg_graph_error(s->g), wg_graph_error(t->g));
    }
    return is_good ? 0 : wgt_sample_complain(s, "differs by %.3g, bound %.1g", error, bound);
}

static int visit_route(wgt_sample_graph *s, void *user)
{
    route *other = user;
    wgt_sample_graph t;
    assert_int_equal(wg_graph_set_stream(other->g, wg_graph_stream(s->g)), WG_OK);
    assert_int_equal(wg_graph_set_step(other->g, wg_graph_step(s->g)), WG_OK);
    const wg_status status = wgi_sample_build(&t, other->g, s->op, s->sample, s->dtype);
    const int n_failures = status == WG_OK ? compare(s, other, &t)
                                           : wgt_sample_complain(s, "%s", wg_graph_error(other->g));
    wgi_sample_clear(&t);
    return n_failures;
}

/* Compares contexts of two configurations over all samples in f32 and f64; the number of failures.
 * The second takes its ops from a table of its own where one is given. */
static int count_failures(const wg_config *a, const wg_config *b, route other,
                          const wgi_op_table *table)
{
    wg_context *ctx_a = NULL;
    wg_context *ctx_b = NULL;
    assert_int_equal(wg_context_create(a, &ctx_a), WG_OK);
    assert_int_equal(wg_context_create(b, &ctx_b), WG_OK);
    const wgi_op_table *right = ctx_b->ops;
    ctx_b->ops = table != NULL ? table : right;
    assert_int_equal(wg_graph_create(ctx_b, &other.g), WG_OK);
    int n_failures = wgt_samples_visit(ctx_a, WG_F32, visit_route, &other);
    n_failures += wgt_samples_visit(ctx_a, WG_F64, visit_route, &other);
    print_message("%d comparisons, worst error %.3g\n", other.n_compared, other.worst);
    assert_true(other.n_compared > 700);
    wg_graph_destroy(other.g);
    ctx_b->ops = right;
    wg_context_destroy(ctx_a);
    wg_context_destroy(ctx_b);
    return n_failures;
}

static void compare_contexts(const wg_config *a, const wg_config *b, double f32_bound,
                             double f64_bound)
{
    const route other = {.f32_bound = f32_bound, .f64_bound = f64_bound};
    assert_int_equal(count_failures(a, b, other, NULL), 0);
}

#define CONFIG .size = sizeof(wg_config), .seed = WGT_SAMPLE_SEED
#define REFERENCE_ALONE (WG_BACKEND_NATIVE | WG_BACKEND_ONEDNN)

/* The reference adds up in f64 where a fast kernel adds in f32: 1e-5 leaves an eps of 6e-8 room for
 * 160 roundings. */
static void test_routes_through_all_backends_agree(void **state)
{
    (void)state;
    const wg_config reference = {CONFIG, .without = REFERENCE_ALONE};
    for (uint32_t without = 0; without < REFERENCE_ALONE; without++) {
        const wg_config fast = {CONFIG, .without = without};
        compare_contexts(&reference, &fast, 1e-5, 1e-13);
    }
}

static void test_routes_eager_and_planned_give_the_same_bits(void **state)
{
    (void)state;
    for (uint32_t without = 0; without <= REFERENCE_ALONE; without++) {
        const wg_config planned = {CONFIG, .without = without};
        const wg_config eager = {CONFIG, .without = without, .eager = true};
        compare_contexts(&planned, &eager, 0, 0);
    }
}

static void test_routes_of_all_thread_counts_give_the_same_bits(void **state)
{
    (void)state;
    const wg_config one = {CONFIG, .thread_invariant = true, .threads = 1};
    for (int32_t threads = 2; threads <= 4; threads++) {
        const wg_config many = {CONFIG, .thread_invariant = true, .threads = threads};
        compare_contexts(&one, &many, 0, 0);
    }
}

/* ---- a planted fault ---------------------------------------------------------------------- */

/* One part in 1024 too large. */
static wg_status exp_not_quite(const wgi_args *args)
{
    const double *x = args->in[0].data;
    double *y = args->out[0].data;
    for (int64_t i = 0; i < args->out[0].count; i++) {
        y[i] = exp(x[i]) * (1 + 0x1p-10);
    }
    return WG_OK;
}

static void test_routes_that_differ_are_caught(void **state)
{
    (void)state;
    const wg_config config = {CONFIG, .without = REFERENCE_ALONE};
    const wgi_op *ops[WGI_N_OPS];
    wgi_op_table table = *wgi_op_table_get();
    wgi_op wrong = *table.ops[WGI_OP_exp];
    memcpy(ops, table.ops, sizeof ops);
    wrong.reference[WG_F64] = exp_not_quite;
    ops[WGI_OP_exp] = &wrong;
    table.ops = ops;
    const route near = {.f32_bound = 1e-5, .f64_bound = 1e-5};
    const route same = {.f32_bound = 0, .f64_bound = 0};
    print_message("planted, so that these are to be found:\n");
    assert_true(count_failures(&config, &config, near, &table) >= 3);
    assert_true(count_failures(&config, &config, same, &table) >= 3);
}

/* ---- wg_grad and wg_backward -------------------------------------------------------------- */

static int visit_both_gradients(wgt_sample_graph *s, void *user)
{
    int *n_compared = user;
    wg_node gradients[WGT_MAX_LEAVES];
    int n_failures = 0;
    if (s->loss.graph == NULL) {
        return 0;
    }
    assert_int_equal(wg_backward(s->loss), WG_OK);
    assert_int_equal(wg_grad(s->loss, s->leaves, s->n_leaves, gradients), WG_OK);
    for (size_t i = 0; i < s->n_leaves; i++) {
        wgt_snapshot a = {0};
        wgt_snapshot b = {0};
        const wg_tensor *held = wg_gradient(s->leaves[i]);
        wgt_snapshot_add(&a, held);
        wgt_snapshot_add(&b, wg_value(gradients[i]));
        /* A leaf that the loss does not reach holds no gradient, and wg_grad gives zeros. */
        if (held != NULL && !wgt_snapshot_is_same(&a, &b)) {
            n_failures += wgt_sample_complain(s, "leaf %d: wg_grad and wg_backward differ", (int)i);
        }
        *n_compared += held != NULL;
        wgt_snapshot_free(&a);
        wgt_snapshot_free(&b);
    }
    return n_failures;
}

static void test_routes_by_backward_and_by_grad_give_the_same_bits(void **state)
{
    (void)state;
    wg_context *ctx = wgt_context(0);
    int n_compared = 0;
    assert_int_equal(wgt_samples_visit(ctx, WG_F32, visit_both_gradients, &n_compared), 0);
    assert_int_equal(wgt_samples_visit(ctx, WG_F64, visit_both_gradients, &n_compared), 0);
    assert_true(n_compared > 1000);
    wg_context_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes_through_all_backends_agree),
        cmocka_unit_test(test_routes_eager_and_planned_give_the_same_bits),
        cmocka_unit_test(test_routes_of_all_thread_counts_give_the_same_bits),
        cmocka_unit_test(test_routes_that_differ_are_caught),
        cmocka_unit_test(test_routes_by_backward_and_by_grad_give_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
