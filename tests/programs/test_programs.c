/* Random programs: the same bits by every route that promises them, near values by the others,
 * gradients that agree with differences.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Usage: test_programs [COUNT [FIRST_SEED]]; also WENGERT_PROGRAMS=COUNT. Seeds are consecutive
 * numbers, 1 the first. A failure prints the seed and the program in C. */
#include "inspect/judge.h"
#include "ops/sample_graph.h"
#include "ops/snapshot.h"
#include "programs/program.h"
#include "support/cmocka_all.h"
#include "support/stepwise.h"

#include <wengert/inspect.h>

#include "core/context.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REFERENCE_ALONE (WG_BACKEND_NATIVE | WG_BACKEND_ONEDNN)

enum {
    N_PLAIN = 5
};

static const uint32_t plain_passes[N_PLAIN] = {
    WG_PASS_FUSION,
    WG_PASS_MERGING,
    WG_PASS_IN_PLACE,
    WG_PASS_CARRYING,
    WG_PASS_FUSION | WG_PASS_MERGING | WG_PASS_IN_PLACE | WG_PASS_CARRYING,
};

static const char *const plain_names[N_PLAIN] = {
    "without fusion",           "without merging",
    "without writing in place", "without carrying permutations",
    "without any pass",
};

/* A context with its graph. */
typedef struct engine {
    wg_context *ctx;
    wg_graph *g;
} engine;

typedef struct bench {
    engine scratch; /* eager */
    engine planned;
    engine eager;
    engine forgetful; /* keeps one plan alone */
    engine reference;
    engine stepwise;       /* as reference, with groups evaluated member by member */
    engine plain[N_PLAIN]; /* without one of the passes each, then without all */
    engine others[2];      /* without one of the fast backends each */
    wgt_program program;
    int n_failed;
    int64_t n_steps;
    int64_t n_differentiated;
    int64_t n_judged;
    int64_t n_varied;
    int64_t n_unvaried; /* cannot be varied */
    double worst_backend;
    double worst_backward;
    double worst_judged;
} bench;

static long n_programs = 1000;
static unsigned long long first_seed = 1;

static engine engine_open(const wg_config *config)
{
    engine e;
    assert_int_equal(wg_context_create(config, &e.ctx), WG_OK);
    assert_int_equal(wg_graph_create(e.ctx, &e.g), WG_OK);
    return e;
}

static void engine_close(engine *e)
{
    wg_graph_destroy(e->g);
    wg_context_destroy(e->ctx);
}

#define CONFIG .size = sizeof(wg_config), .seed = WGT_SAMPLE_SEED

static int bench_open(void **state)
{
    bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->scratch = engine_open(&(wg_config){CONFIG, .eager = true, .without = REFERENCE_ALONE});
    b->planned = engine_open(&(wg_config){CONFIG});
    b->eager = engine_open(&(wg_config){CONFIG, .eager = true});
    b->forgetful = engine_open(&(wg_config){CONFIG, .plan_cache_count = 1});
    b->reference = engine_open(&(wg_config){CONFIG, .without = REFERENCE_ALONE});
    b->stepwise = engine_open(&(wg_config){CONFIG, .without = REFERENCE_ALONE});
    wgt_stepwise_add(b->stepwise.ctx);
    for (int i = 0; i < N_PLAIN; i++) {
        b->plain[i] = engine_open(&(wg_config){CONFIG, .without_passes = plain_passes[i]});
    }
    b->others[0] = engine_open(&(wg_config){CONFIG, .without = WG_BACKEND_NATIVE});
    b->others[1] = engine_open(&(wg_config){CONFIG, .without = WG_BACKEND_ONEDNN});
    *state = b;
    return 0;
}

static int bench_close(void **state)
{
    bench *b = *state;
    engine_close(&b->scratch);
    engine_close(&b->planned);
    engine_close(&b->eager);
    engine_close(&b->forgetful);
    engine_close(&b->reference);
    engine_close(&b->stepwise);
    for (int i = 0; i < N_PLAIN; i++) {
        engine_close(&b->plain[i]);
    }
    engine_close(&b->others[0]);
    engine_close(&b->others[1]);
    free(b);
    return 0;
}

/* Only the first programs that fail are printed. */
static void complain(bench *b, const char *what, const char *more)
{
    print_error("seed %llu: %s%s\n", (unsigned long long)b->program.seed, what, more);
    if (b->n_failed++ < 2) {
        wgt_program_print(&b->program);
    }
}

/* ---- running ------------------------------------------------------------------------------ */

static bool is_variable(const wgt_program *p, int32_t i)
{
    return p->steps[i].call == WGT_CALL_variable;
}

/* The gradients of all variables and the values of all nodes; `values_first` asks for those before
 * the backward pass. */
static bool take(const wgt_recorded *r, bool values_first, wgt_snapshot *out)
{
    const wgt_program *p = r->program;
    const size_t n = (size_t)r->n_nodes;
    bool ok = !values_first || wg_run(r->nodes, n) == WG_OK;
    if (p->loss >= 0) {
        ok = ok && wg_backward(r->nodes[p->loss]) == WG_OK;
    }
    ok = ok && wg_run(r->nodes, n) == WG_OK;
    for (int32_t i = 0; ok && i < r->n_nodes; i++) {
        if (is_variable(p, i)) {
            wgt_snapshot_add(out, wg_gradient(r->nodes[i]));
        }
        wgt_snapshot_add(out, wg_value(r->nodes[i]));
    }
    return ok;
}

typedef enum ways {
    STRAIGHT = 0,
    VALUES_FIRST = 1,
    REFRESHED = 2
} ways;

/* Records the program where its random ops draw what they drew when it was made. */
static bool record_in(const bench *b, const engine *e, wgt_recorded *r)
{
    return wg_graph_set_step(e->g, b->program.seed) == WG_OK &&
           wgt_program_record(&b->program, e->g, r) == WG_OK;
}

/* Records and runs the program in an engine. */
static bool run_in(bench *b, engine *e, ways way, wgt_snapshot *out)
{
    wgt_recorded r;
    bool ok = record_in(b, e, &r);
    if (ok && way == REFRESHED) {
        wgt_snapshot ignored = {0};
        ok = take(&r, false, &ignored) && wg_graph_refresh(e->g) == WG_OK &&
             wg_graph_set_step(e->g, b->program.seed) == WG_OK;
        wgt_snapshot_free(&ignored);
    }
    ok = ok && take(&r, way == VALUES_FIRST, out);
    if (!ok) {
        complain(b, "a run fails: ", wg_graph_error(e->g));
    }
    wgt_recorded_clear(&r);
    return ok;
}

/* ---- same bits ---------------------------------------------------------------------------- */

static void same_bits(bench *b, engine *e, ways way, const wgt_snapshot *expected,
                      const char *route)
{
    wgt_snapshot found = {0};
    if (run_in(b, e, way, &found) && !wgt_snapshot_is_same(&found, expected)) {
        complain(b, "other bits: ", route);
    }
    wgt_snapshot_free(&found);
}

static wg_stats stats_of(const engine *e)
{
    wg_stats stats;
    assert_int_equal(wg_context_stats(e->ctx, &stats), WG_OK);
    return stats;
}

static void judge_bits(bench *b, const wgt_snapshot *expected)
{
    const uint64_t misses = stats_of(&b->planned).plan_misses;
    same_bits(b, &b->planned, STRAIGHT, expected, "the plan found again");
    if (stats_of(&b->planned).plan_misses != misses) {
        complain(b, "the plan was not found again", "");
    }
    same_bits(b, &b->planned, REFRESHED, expected, "refreshed");
    same_bits(b, &b->planned, VALUES_FIRST, expected, "values before gradients");
    same_bits(b, &b->forgetful, STRAIGHT, expected, "without cached plans");
    same_bits(b, &b->eager, STRAIGHT, expected, "eager");
    for (int i = 0; i < N_PLAIN; i++) {
        same_bits(b, &b->plain[i], STRAIGHT, expected, plain_names[i]);
    }
}

/* ---- near values -------------------------------------------------------------------------- */

/* The largest gradient of the loss with respect to any floating node, at least 1: by so much at
 * most a rounding along the way reaches the loss. */
static double largest_adjoint(const wgt_recorded *r)
{
    const wgt_program *p = r->program;
    wg_node xs[WGT_MAX_STEPS];
    wg_node dx[WGT_MAX_STEPS];
    size_t n = 0;
    double largest = 1;
    for (int32_t i = 0; i <= p->loss; i++) {
        if (wgi_is_floating((int)wg_node_dtype(r->nodes[i]))) {
            xs[n++] = r->nodes[i];
        }
    }
    if (n == 0 || wg_grad(r->nodes[p->loss], xs, n, dx) != WG_OK || wg_run(dx, n) != WG_OK) {
        return largest;
    }
    for (size_t i = 0; i < n; i++) {
        const wg_tensor *t = wg_value(dx[i]);
        for (int64_t e = 0; e < wg_tensor_count(t); e++) {
            largest = fmax(largest, fabs(wg_tensor_get(t, e)));
        }
    }
    return largest;
}

/* The reference's values, and by what errors in other backends are scaled. */
static bool take_reference(bench *b, wgt_snapshot *out, double *scale)
{
    wgt_recorded r;
    *scale = 1;
    if (!run_in(b, &b->reference, STRAIGHT, out)) {
        return false;
    }
    if (record_in(b, &b->reference, &r)) {
        *scale = largest_adjoint(&r);
    }
    wgt_recorded_clear(&r);
    return true;
}

/* Ten times what one op is granted: programs are chains of up to forty. Those in f64 may pass
 * through f32 on their way. */
static double bound_of(const wgt_program *p)
{
    for (int32_t i = 0; i < p->n_steps; i++) {
        if (p->steps[i].dtype == WG_F32) {
            return 1e-4;
        }
    }
    return 1e-12;
}

static void judge_near(bench *b, const wgt_snapshot *found, const wgt_snapshot *reference,
                       double scale)
{
    const double bound = bound_of(&b->program);
    const double error = wgt_snapshot_error(found, reference, scale);
    b->worst_backend = fmax(b->worst_backend, error / bound);
    if (!(error <= bound)) {
        char text[64];
        snprintf(text, sizeof text, "%.3g over %.3g", error, bound);
        complain(b, "a backend differs from the reference by ", text);
    }
}

/* Returns the scale of the program's errors. */
static double judge_backends(bench *b, const wgt_snapshot *planned)
{
    wgt_snapshot reference = {0};
    double scale;
    if (take_reference(b, &reference, &scale)) {
        same_bits(b, &b->stepwise, STRAIGHT, &reference, "groups evaluated member by member");
        judge_near(b, planned, &reference, scale);
        for (int i = 0; i < 2; i++) {
            wgt_snapshot found = {0};
            if (run_in(b, &b->others[i], STRAIGHT, &found)) {
                judge_near(b, &found, &reference, scale);
            }
            wgt_snapshot_free(&found);
        }
    }
    wgt_snapshot_free(&reference);
    return scale;
}

/* ---- differences -------------------------------------------------------------------------- */

static void note(bench *b, const wgi_verdict *v)
{
    b->n_judged += v->n_judged;
    b->worst_judged = fmax(b->worst_judged, v->error_over_tolerance);
    if (v->status != WG_OK) {
        complain(b, "the judge could not run: ", wg_status_name(v->status));
    } else if (v->n_undecided > 0) {
        complain(b, "a difference that is NaN", "");
    } else if (v->n_wrong > 0) {
        char text[128];
        snprintf(text, sizeof text, "variable %d[%lld]: rule %.17g, difference %.17g", (int)v->leaf,
                 (long long)v->element, v->analytic, v->numeric);
        complain(b, "a wrong gradient: ", text);
    }
}

/* What wg_backward leaves in the variables against what wg_grad gives in the wide dtype: the first
 * differentiates in the plan's own list, the second in the user's. */
static void judge_backward(bench *b, const wgi_judge_case *c, double bound)
{
    double wide[64 * WGT_MAX_STEPS];
    const double *expected = wide;
    double worst = 0;
    bool ok = wgi_wide_gradients(c, wide) == WG_OK && wg_backward(c->loss) == WG_OK;
    for (size_t i = 0; ok && i < c->n_xs; i++) {
        wgi_view x;
        const wg_tensor *t = wg_gradient(c->xs[i]);
        ok = wgi_view_of(c->xs[i], &x);
        double *own = t != NULL ? wgt_doubles_of(t) : calloc((size_t)x.count + 1, sizeof *own);
        worst = fmax(worst, wgi_scaled_error(own, expected, x.count) / c->least_scale);
        expected += x.count;
        free(own);
    }
    if (!ok || !(worst <= bound)) {
        char text[64];
        snprintf(text, sizeof text, "%.3g over %.3g", worst, bound);
        complain(b, "wg_backward differs from wg_grad by ", text);
    }
    b->worst_backward = fmax(b->worst_backward, worst / bound);
}

static bool stops_a_gradient(const wgt_program *p)
{
    for (int32_t i = 0; i < p->n_steps; i++) {
        if (p->steps[i].call == WGT_CALL_stop_gradient || p->steps[i].stops != 0) {
            return true;
        }
    }
    return false;
}

/* About four elements of each variable are differenced, unless a gradient stops: then differences
 * are others by intent. */
static void judge_gradients(bench *b, double scale)
{
    wgt_recorded r;
    wg_node xs[WGT_MAX_STEPS];
    size_t n = 0;
    const wgt_program *p = &b->program;
    assert_true(record_in(b, &b->reference, &r));
    for (int32_t i = 0; i < p->n_steps; i++) {
        if (is_variable(p, i)) {
            xs[n++] = r.nodes[i];
        }
    }
    if (p->loss >= 0) {
        const wgi_judge_case c = {.g = r.g,
                                  .loss = r.nodes[p->loss],
                                  .xs = xs,
                                  .n_xs = n,
                                  .max_elements = 4,
                                  .least_scale = scale};
        judge_backward(b, &c, bound_of(p));
        if (!stops_a_gradient(p)) {
            const wgi_verdict v = wgi_judge(&c);
            note(b, &v);
        }
    }
    wgt_recorded_clear(&r);
}

/* ---- other data --------------------------------------------------------------------------- */

/* The same calls on other leaves and with other numbers, save integers, which may be indices: a
 * plan that is found again must give what a fresh one does. Values may be anything here, NaN too.
 */
static void vary(wgt_program *p)
{
    for (int32_t i = 0; i < p->n_steps; i++) {
        wgt_step *s = &p->steps[i];
        const bool is_index = s->dtype != 0 && !wgi_is_floating(s->dtype);
        for (int k = 0; k < 2 && !is_index; k++) {
            s->numbers[k] = 0.5 * s->numbers[k] + 0.0625;
        }
        s->stream += !is_index;
    }
}

/* Whether integers are made of reals: other reals are other indices, which may be out of range. */
static bool makes_integers(const wgt_program *p)
{
    for (int32_t i = 0; i < p->n_steps; i++) {
        if (p->steps[i].rounds != 0) {
            return true;
        }
    }
    return false;
}

static void judge_varied(bench *b, const wgt_snapshot *unvaried)
{
    wgt_snapshot fresh = {0};
    if (makes_integers(&b->program)) {
        b->n_unvaried++;
        return;
    }
    const uint64_t misses = stats_of(&b->planned).plan_misses;
    vary(&b->program);
    if (run_in(b, &b->forgetful, STRAIGHT, &fresh)) {
        same_bits(b, &b->planned, STRAIGHT, &fresh, "the plan found again with other data");
        same_bits(b, &b->eager, STRAIGHT, &fresh, "eager with other data");
        b->n_varied += !wgt_snapshot_is_same(&fresh, unvaried);
    }
    if (stats_of(&b->planned).plan_misses != misses) {
        complain(b, "the plan was not found again with other data", "");
    }
    wgt_snapshot_free(&fresh);
}

/* ---- all of it ---------------------------------------------------------------------------- */

static void judge_program(bench *b, uint64_t seed)
{
    wgt_snapshot first = {0};
    wgt_program_make(seed, b->scratch.g, &b->program);
    b->n_steps += b->program.n_steps;
    b->n_differentiated += b->program.loss >= 0;
    if (run_in(b, &b->planned, STRAIGHT, &first)) {
        judge_bits(b, &first);
        judge_gradients(b, judge_backends(b, &first));
        judge_varied(b, &first);
    }
    wgt_snapshot_free(&first);
}

/* ---- the tests ---------------------------------------------------------------------------- */

static void test_programs_agree_by_every_route(void **state)
{
    bench *b = *state;
    for (long i = 0; i < n_programs && b->n_failed < 10; i++) {
        judge_program(b, first_seed + (unsigned long long)i);
    }
    print_message(
        "%ld programs from seed %llu: %lld steps, %lld differentiated, %lld elements differenced, "
        "worst %.3g of its tolerance; backends: worst %.3g of the bound, "
        "wg_backward: %.3g\n",
        n_programs, first_seed, (long long)b->n_steps, (long long)b->n_differentiated,
        (long long)b->n_judged, b->worst_judged, b->worst_backend, b->worst_backward);
    assert_int_equal(b->n_failed, 0);
    assert_true(b->n_differentiated * 10 >= n_programs * 8);
    assert_true(b->n_judged >= 4 * n_programs);
    assert_true(b->n_unvaried * 2 < n_programs);
    assert_true(b->n_varied * 10 >= (n_programs - b->n_unvaried) * 9);
}

/* What users have to check their graphs raises no alarm at right ones. */
static void test_programs_are_found_right_by_the_public_check(void **state)
{
    bench *b = *state;
    int64_t n_by_verdict[WG_CHECK_NON_SMOOTH + 1] = {0};
    const long n_checked = (n_programs + 4) / 5;
    for (long i = 0; i < n_checked && b->n_failed < 10; i++) {
        wgt_recorded r;
        wg_gradcheck_report report;
        const wg_gradcheck_options options = {.size = sizeof options, .elements = 4};
        wgt_program_make(first_seed + (unsigned long long)i, b->scratch.g, &b->program);
        assert_true(record_in(b, &b->planned, &r));
        if (b->program.loss >= 0) {
            const wg_status status = wg_gradcheck(r.nodes[b->program.loss], &options, &report);
            n_by_verdict[report.check.verdict]++;
            /* WG_ERR_GRADIENT: what learns has no elements. */
            if ((status != WG_OK && status != WG_ERR_GRADIENT) ||
                report.check.verdict == WG_CHECK_WRONG) {
                complain(b, "the public check: ",
                         status != WG_OK ? wg_graph_error(b->planned.g) : "a false alarm");
            }
        }
        wgt_recorded_clear(&r);
    }
    print_message("%ld programs checked: %lld right, %lld undecidable\n", n_checked,
                  (long long)n_by_verdict[WG_CHECK_RIGHT],
                  (long long)n_by_verdict[WG_CHECK_UNDECIDABLE]);
    assert_int_equal(b->n_failed, 0);
    assert_true(n_by_verdict[WG_CHECK_RIGHT] * 10 >= n_checked * 9);
}

/* After enough programs every op has run: in the eager context too, since plans run no op that
 * changes a layout alone. */
static void test_programs_reach_every_op(void **state)
{
    const bench *b = *state;
    const wg_context *ctx = b->planned.ctx;
    const wg_context *eager = b->eager.ctx;
    for (uint16_t op = 1; n_programs >= 200 && op < ctx->ops->count; op++) {
        uint64_t runs = 0;
        for (int32_t k = 0; k < ctx->n_backends; k++) {
            runs += ctx->kernel_runs[wgi_counter(op, k)];
            runs += eager->kernel_runs[wgi_counter(op, k)];
        }
        if (runs == 0) {
            fail_msg("no program runs %s", ctx->ops->ops[op]->name);
        }
    }
}

/* Another seed is another program; the same seed the same one. */
static void test_programs_are_functions_of_their_seed(void **state)
{
    bench *b = *state;
    wgt_program again;
    wgt_program other;
    wgt_program_make(7, b->scratch.g, &b->program);
    wgt_program_make(7, b->scratch.g, &again);
    wgt_program_make(8, b->scratch.g, &other);
    assert_int_equal(b->program.n_steps, again.n_steps);
    for (int32_t i = 0; i < again.n_steps; i++) {
        assert_memory_equal(&b->program.steps[i], &again.steps[i], sizeof again.steps[i]);
    }
    assert_true(other.n_steps != again.n_steps ||
                memcmp(other.steps, again.steps, sizeof other.steps) != 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_programs_agree_by_every_route),
        cmocka_unit_test(test_programs_reach_every_op),
        cmocka_unit_test(test_programs_are_found_right_by_the_public_check),
        cmocka_unit_test(test_programs_are_functions_of_their_seed),
    };
    const char *wanted = argc > 1 ? argv[1] : getenv("WENGERT_PROGRAMS");
    n_programs = wanted != NULL ? strtol(wanted, NULL, 10) : n_programs;
    first_seed = argc > 2 ? strtoull(argv[2], NULL, 10) : first_seed;
    return cmocka_run_group_tests(tests, bench_open, bench_close);
}
