/* Gradients of every op: first and second order against differences, f64 and f32 against wide.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Samples that sit on a kink and those whose result has no gradient are not differenced; the test
 * counts and names them, and holds the number, so that none is lost unseen. */
#include "inspect/judge.h"
#include "ops/sample_graph.h"
#include "support/cmocka_all.h"

#include <wengert/ops.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct tally {
    int n_judged;
    int n_kinks;
    int n_without; /* not floating, or nothing to differentiate */
    int64_t n_elements;
    int64_t n_undecided;
    double worst;
} tally;

/* The leaves to difference: of an op that stops gradients r alone, since differences see what flows
 * through. */
static wgi_judge_case case_of(const wgt_sample_graph *s, wg_node loss)
{
    const size_t first = (s->op->traits & WGI_STOP) != 0 ? s->n_leaves - 1 : 0;
    return (wgi_judge_case){
        .g = s->g, .loss = loss, .xs = s->leaves + first, .n_xs = s->n_leaves - first};
}

/* Whether the sample is to be differenced; counts and names the others. */
static bool is_differenced(const wgt_sample_graph *s, tally *t)
{
    if (s->sample->is_non_smooth) {
        print_message("on a kink: %s '%s'\n", s->op->name, s->sample->name);
        t->n_kinks++;
        return false;
    }
    if (s->loss.graph == NULL) {
        print_message("no gradient (%s): %s '%s'\n", wg_dtype_name(wg_node_dtype(s->y)),
                      s->op->name, s->sample->name);
        t->n_without++;
        return false;
    }
    return true;
}

static int report(const wgt_sample_graph *s, const wgi_verdict *v, tally *t)
{
    t->n_judged++;
    t->n_elements += v->n_judged;
    t->n_undecided += v->n_undecided;
    if (v->n_undecided > 0) {
        print_message("undecided: %s '%s', %d elements\n", s->op->name, s->sample->name,
                      (int)v->n_undecided);
    }
    t->worst = fmax(t->worst, v->error_over_tolerance);
    if (v->status != WG_OK) {
        return wgt_sample_complain(s, "the judge could not run: %s", wg_status_name(v->status));
    }
    if (v->n_wrong > 0) {
        return wgt_sample_complain(
            s, "%lld of %lld elements wrong; leaf %d[%lld]: rule %.17g, difference %.17g (%.3g)",
            (long long)v->n_wrong, (long long)v->n_judged, (int)v->leaf, (long long)v->element,
            v->analytic, v->numeric, v->error_over_tolerance);
    }
    return 0;
}

/* Of a driver that skips more and more nobody would know. */
static void judged_enough(const tally *t)
{
    print_message("%d samples, %lld elements judged (worst %.3g of the tolerance), %lld undecided; "
                  "%d on kinks, %d without gradient\n",
                  t->n_judged, (long long)t->n_elements, t->worst, (long long)t->n_undecided,
                  t->n_kinks, t->n_without);
    assert_true(t->n_judged > 250 && t->n_elements > 2000);
    assert_true(t->n_kinks * 10 < t->n_judged && t->n_without * 5 < t->n_judged);
    assert_true(t->n_undecided * 100 < t->n_elements);
}

static int visit_first(wgt_sample_graph *s, void *user)
{
    tally *t = user;
    if (!is_differenced(s, t)) {
        return 0;
    }
    const wgi_judge_case c = case_of(s, s->loss);
    const wgi_verdict v = wgi_judge(&c);
    return report(s, &v, t);
}

static void test_gradients_agree_with_differences(void **state)
{
    (void)state;
    wg_context *ctx = wgt_context(0);
    tally t = {0};
    assert_int_equal(wgt_samples_visit(ctx, WG_F64, visit_first, &t), 0);
    judged_enough(&t);
    wg_context_destroy(ctx);
}

/* ---- second order ------------------------------------------------------------------------- */

/* sum_i sum(q_i * dloss/dx_i) with random constants q_i. */
static wg_node gradient_product(wgt_sample_graph *s)
{
    wg_node gradients[WGT_MAX_LEAVES];
    wg_node sum = wg_number(s->g, wg_node_dtype(s->loss), 0.0);
    if (wg_grad(s->loss, s->leaves, s->n_leaves, gradients) != WG_OK) {
        return sum;
    }
    for (size_t i = 0; i < s->n_leaves; i++) {
        wgi_view x;
        wgi_sample_input how = {.fill = WGI_NONZERO};
        assert_true(wgi_view_of(s->leaves[i], &x));
        how.rank = x.rank;
        for (int32_t k = 0; k < x.rank; k++) {
            how.dims[k] = x.dims[k];
        }
        wg_tensor *q = wgt_random_tensor(wg_graph_context(s->g), (wg_dtype)x.dtype, &how, 77 + i);
        const wg_node product = wg_mul(gradients[i], wg_input(s->g, q));
        wg_tensor_destroy(q);
        sum = wg_add(sum, wg_cast(wg_sum_all(product), wg_node_dtype(s->loss)));
    }
    return sum;
}

static int visit_second(wgt_sample_graph *s, void *user)
{
    tally *t = user;
    if (!is_differenced(s, t)) {
        return 0;
    }
    const wg_node product = gradient_product(s);
    if (wg_graph_status(s->g) != WG_OK) {
        return wgt_sample_complain(s, "no gradient to differentiate: %s", wg_graph_error(s->g));
    }
    const wgi_judge_case c = case_of(s, product);
    const wgi_verdict v = wgi_judge(&c);
    return report(s, &v, t);
}

static void test_gradients_of_gradients_agree_with_differences(void **state)
{
    (void)state;
    wg_context *ctx = wgt_context(0);
    tally t = {0};
    assert_int_equal(wgt_samples_visit(ctx, WG_F64, visit_second, &t), 0);
    judged_enough(&t);
    wg_context_destroy(ctx);
}

/* ---- the dtypes that users run ------------------------------------------------------------ */

/* Scaled error of the graph's own gradients, leaf by leaf, against `wide`; negative where there is
 * none. */
static double worst_against(const wgt_sample_graph *s, const double *wide)
{
    double worst = 0;
    if (wg_backward(s->loss) != WG_OK) {
        return -1;
    }
    for (size_t i = 0; i < s->n_leaves; i++) {
        const wg_tensor *t = wg_gradient(s->leaves[i]);
        wgi_view x;
        assert_true(wgi_view_of(s->leaves[i], &x));
        if (t != NULL) {
            double *own = wgt_doubles_of(t);
            worst = fmax(worst, wgi_scaled_error(own, wide, x.count));
            free(own);
        }
        wide += x.count;
    }
    return worst;
}

static int64_t elements_of(const wgt_sample_graph *s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s->n_leaves; i++) {
        wgi_view x;
        n += wgi_view_of(s->leaves[i], &x) ? x.count : 0;
    }
    return n;
}

/* The gradients as run against those in the wide dtype, of kinks too. f64: 1e-13, which leaves an
 * eps of 1.1e-16 room for a thousand additions; f32: 1e-5. Samples that mix both are judged as
 * f32. */
static int visit_dtype(wgt_sample_graph *s, void *user)
{
    tally *t = user;
    if (s->loss.graph == NULL) {
        return 0;
    }
    const bool is_f64 = s->dtype == WG_F64 && wg_node_dtype(s->y) == WG_F64;
    const double bound = is_f64 ? 1e-13 : 1e-5;
    double *wide = calloc((size_t)elements_of(s) + 1, sizeof *wide);
    assert_non_null(wide);
    const wgi_judge_case c = {.g = s->g, .loss = s->loss, .xs = s->leaves, .n_xs = s->n_leaves};
    const wg_status status = wgi_wide_gradients(&c, wide);
    const double worst = status == WG_OK ? worst_against(s, wide) : -1;
    free(wide);
    t->n_judged++;
    t->worst = fmax(t->worst, worst / bound);
    if (!(worst >= 0 && worst <= bound)) {
        return wgt_sample_complain(s, "%s, error %.3g over a bound of %.1g: %s",
                                   wg_status_name(status), worst, bound, wg_graph_error(s->g));
    }
    return 0;
}

/* A rule emits what is wanted and no more: the gradient of one leaf is the same, to the bit, as
 * among those of all. */
static int visit_alone(wgt_sample_graph *s, void *user)
{
    tally *t = user;
    wg_node all[WGT_MAX_LEAVES];
    if (s->loss.graph == NULL) {
        return 0;
    }
    if (wg_grad(s->loss, s->leaves, s->n_leaves, all) != WG_OK) {
        return wgt_sample_complain(s, "%s", wg_graph_error(s->g));
    }
    for (size_t k = 0; k < s->n_leaves; k++) {
        wg_node pair[2] = {all[k]};
        if (wg_grad(s->loss, &s->leaves[k], 1, &pair[1]) != WG_OK || wg_run(pair, 2) != WG_OK) {
            return wgt_sample_complain(s, "leaf %d alone: %s", (int)k, wg_graph_error(s->g));
        }
        const wg_tensor *among = wg_value(pair[0]);
        const wg_tensor *alone = wg_value(pair[1]);
        if (memcmp(wg_tensor_data(among), wg_tensor_data(alone), wg_tensor_bytes(among)) != 0) {
            return wgt_sample_complain(s, "leaf %d alone has another gradient", (int)k);
        }
        t->n_judged++;
    }
    return 0;
}

static void test_gradients_of_each_leaf_alone_are_the_same(void **state)
{
    (void)state;
    wg_context *ctx = wgt_context(0);
    tally t = {0};
    assert_int_equal(wgt_samples_visit(ctx, WG_F64, visit_alone, &t), 0);
    assert_true(t.n_judged > 500);
    wg_context_destroy(ctx);
}

static int visit_stopped(wgt_sample_graph *s, void *user)
{
    int *n_stopped = user;
    wg_node gradients[WGT_MAX_LEAVES];
    /* From the loss, and from the stopping op itself. */
    const wg_node from = *n_stopped % 2 == 0 ? s->y : s->loss;
    if ((s->op->traits & WGI_STOP) == 0 || s->loss.graph == NULL) {
        return 0;
    }
    if (wg_grad(from, s->leaves, s->n_leaves, gradients) != WG_OK) {
        return wgt_sample_complain(s, "%s", wg_graph_error(s->g));
    }
    for (size_t i = 0; i + 1 < s->n_leaves; i++) {
        const wg_tensor *t = wg_value(gradients[i]);
        for (int64_t e = 0; e < wg_tensor_count(t); e++) {
            if (wg_tensor_get(t, e) != 0) {
                return wgt_sample_complain(s, "a gradient flows through");
            }
        }
        *n_stopped += 1;
    }
    return 0;
}

static void test_gradients_are_stopped(void **state)
{
    (void)state;
    wg_context *ctx = wgt_context(0);
    int n_stopped = 0;
    assert_int_equal(wgt_samples_visit(ctx, WG_F64, visit_stopped, &n_stopped), 0);
    assert_true(n_stopped >= 3);
    wg_context_destroy(ctx);
}

static void judge_dtype(wg_dtype dtype)
{
    wg_context *ctx = wgt_context(0);
    tally t = {0};
    assert_int_equal(wgt_samples_visit(ctx, dtype, visit_dtype, &t), 0);
    print_message("%s: %d samples, worst %.3g of the bound\n", wg_dtype_name(dtype), t.n_judged,
                  t.worst);
    assert_true(t.n_judged > 250);
    wg_context_destroy(ctx);
}

static void test_gradients_in_f64_are_near_the_wide_ones(void **state)
{
    (void)state;
    judge_dtype(WG_F64);
}

static void test_gradients_in_f32_are_near_the_wide_ones(void **state)
{
    (void)state;
    judge_dtype(WG_F32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients_agree_with_differences),
        cmocka_unit_test(test_gradients_of_gradients_agree_with_differences),
        cmocka_unit_test(test_gradients_of_each_leaf_alone_are_the_same),
        cmocka_unit_test(test_gradients_are_stopped),
        cmocka_unit_test(test_gradients_in_f64_are_near_the_wide_ones),
        cmocka_unit_test(test_gradients_in_f32_are_near_the_wide_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
