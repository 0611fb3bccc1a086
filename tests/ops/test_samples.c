/* The samples themselves: every op has them, they exercise it, and the bad ones fail as they say.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/sample_graph.h"
#include "support/cmocka_all.h"

#include "ops/table.h"

#include <string.h>

/* Ops of which no call can be wrong but by its handles. */
static bool can_fail(const wgi_op *op)
{
    return strcmp(op->name, "stop_gradient") != 0;
}

static void test_samples_are_there(void **state)
{
    (void)state;
    const wgi_op_table *table = wgi_op_table_get();
    assert_true(table->count > 40);
    for (uint32_t i = 0; i < wgi_row_count(table); i++) {
        const wgi_op *op = wgi_row_at(table, i);
        if (op->n_samples < 1 || (can_fail(op) && op->n_bad < 1)) {
            fail_msg("%s has %d good samples and %d bad ones", op->name, (int)op->n_samples,
                     (int)op->n_bad);
        }
    }
}

/* A form records other ops, or none where it finds nothing to do. */
static bool records_its_op(const wgt_sample_graph *s)
{
    if (wgi_is_form(s->op)) {
        return true;
    }
    for (uint32_t i = 0; i < wg_graph_count(s->g); i++) {
        wg_node_info info;
        if (wg_node_describe(wg_graph_node(s->g, i), &info) == WG_OK &&
            strcmp(info.op, s->op->name) == 0) {
            return true;
        }
    }
    return false;
}

static int visit_recorded(wgt_sample_graph *s, void *user)
{
    int *n_visited = user;
    *n_visited += 1;
    if (!wg_is_valid(s->y)) {
        return wgt_sample_complain(s, "the result is no node");
    }
    return records_its_op(s) ? 0 : wgt_sample_complain(s, "the op is not in the list");
}

static void test_samples_exercise_their_op(void **state)
{
    (void)state;
    wg_context *ctx = wgt_context(0);
    int n_visited = 0;
    assert_int_equal(wgt_samples_visit(ctx, WG_F32, visit_recorded, &n_visited), 0);
    assert_int_equal(wgt_samples_visit(ctx, WG_F64, visit_recorded, &n_visited), 0);
    assert_true(n_visited > 600);
    wg_context_destroy(ctx);
}

/* ---- errors ------------------------------------------------------------------------------- */

static bool is_first_line(const char *text, const char *line)
{
    const size_t n = strlen(line);
    return strncmp(text, line, n) == 0 && (text[n] == '\0' || text[n] == '\n');
}

/* The status of a bad sample: of its recording, or else of its run. */
static wg_status status_of(wgt_sample_graph *s)
{
    const wg_status status = wg_graph_status(s->g);
    if (status != WG_OK) {
        return wg_is_valid(s->y) ? WG_OK : status;
    }
    return wg_run(&s->y, 1);
}

/* What a constructor refuses it refuses in its own name, form or op; what fails when it runs is an
 * op of the list. */
static bool speaks_in_its_name(const wgi_op *op, const wgi_sample *bad)
{
    const size_t n = strlen(op->name);
    return strncmp(bad->error, op->name, n) == 0 && bad->error[n] == ':';
}

static int judge_bad(wg_graph *g, const wgi_op *op, const wgi_sample *bad, wg_dtype dtype,
                     bool is_eager)
{
    wgt_sample_graph s;
    int n_failures = 0;
    (void)wgi_sample_build(&s, g, op, bad, dtype);
    const bool is_run = wg_is_valid(s.y);
    const wg_status status = status_of(&s);
    if (status != bad->status || bad->status == WG_OK) {
        n_failures += wgt_sample_complain(&s, "status %s in place of %s", wg_status_name(status),
                                          wg_status_name(bad->status));
    }
    if (!is_first_line(wg_graph_error(g), bad->error)) {
        n_failures +=
            wgt_sample_complain(&s, "\"%s\" in place of \"%s\"", wg_graph_error(g), bad->error);
    }
    if (!is_eager && !is_run && !speaks_in_its_name(op, bad)) {
        n_failures += wgt_sample_complain(&s, "\"%s\" is not in its name", bad->error);
    }
    wgi_sample_clear(&s);
    return n_failures;
}

static int judge_all_bad(wg_context *ctx, wg_dtype dtype, bool is_eager)
{
    const wgi_op_table *table = wgi_op_table_get();
    wg_graph *g = NULL;
    int n_failures = 0;
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    for (uint32_t i = 0; i < wgi_row_count(table); i++) {
        const wgi_op *op = wgi_row_at(table, i);
        for (int32_t k = 0; k < op->n_bad; k++) {
            n_failures += judge_bad(g, op, &op->bad[k], dtype, is_eager);
        }
    }
    wg_graph_destroy(g);
    return n_failures;
}

static void test_samples_that_are_bad_say_so(void **state)
{
    (void)state;
    wg_context *ctx = wgt_context(0);
    assert_int_equal(judge_all_bad(ctx, WG_F32, false), 0);
    assert_int_equal(judge_all_bad(ctx, WG_F64, false), 0);
    wg_context_destroy(ctx);
}

/* What a plan finds when it runs, an eager context finds when it records. */
static void test_samples_that_are_bad_say_so_eagerly(void **state)
{
    (void)state;
    wg_config config = {.size = sizeof config, .eager = true};
    wg_context *ctx = NULL;
    assert_int_equal(wg_context_create(&config, &ctx), WG_OK);
    assert_int_equal(judge_all_bad(ctx, WG_F64, true), 0);
    wg_context_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_are_there),
        cmocka_unit_test(test_samples_exercise_their_op),
        cmocka_unit_test(test_samples_that_are_bad_say_so),
        cmocka_unit_test(test_samples_that_are_bad_say_so_eagerly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
