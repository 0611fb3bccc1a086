/* Certificates: every op gets one, and a wrong gradient is found out.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/sample_graph.h"
#include "support/cmocka_all.h"
#include "support/sink.h"

#include <wengert/certificate.h>
#include <wengert/ops.h>

#include "core/context.h"
#include "ops/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void test_certificate_of_every_op(void **state)
{
    (void)state;
    wg_context *ctx = wgt_context(0);
    size_t n_right = 0;
    assert_true(wg_certificate_is_wide());
    assert_true(wg_certificate_count(ctx) > 40);
    for (size_t i = 0; i < wg_certificate_count(ctx); i++) {
        wg_certificate c;
        const char *name = wg_certificate_name(ctx, i);
        if (wg_certificate_make(ctx, name, &c) != WG_OK) {
            fail_msg("%s", wg_context_error(ctx));
        }
        assert_string_equal(c.op, name);
        assert_true(c.n_samples > 0 && c.n_kinks < c.n_samples);
        if (c.verdict == WG_CHECK_WRONG || !(c.f32_distance <= 1e-5)) {
            fail_msg("%s: %g and %g ulp in '%s', f32 %g", name, c.first_order, c.second_order,
                     c.worst, c.f32_distance);
        }
        n_right += c.verdict == WG_CHECK_RIGHT;
    }
    assert_true(n_right * 4 > wg_certificate_count(ctx) * 3);
    assert_null(wg_certificate_name(ctx, wg_certificate_count(ctx)));
    wg_context_destroy(ctx);
}

/* ---- planted faults ----------------------------------------------------------------------- */

static void wrong_gradient(wgi_rule *rule)
{
    rule->dx[0] = wg_gate(rule->dy[0], wg_scale(rule->y[0], 1.0 + 1e-11));
}

/* The certificate of op `name` where another row stands for it, run by the reference alone. */
static wg_certificate certify_with(const char *name, wgi_op planted)
{
    wg_context *ctx = wgt_context(WG_BACKEND_NATIVE | WG_BACKEND_ONEDNN);
    const wgi_op_table *table = ctx->ops;
    const wgi_op **ops = calloc(table->count, sizeof *ops);
    wgi_op_table changed = *table;
    wg_certificate c;
    assert_non_null(ops);
    memcpy(ops, table->ops, table->count * sizeof *ops);
    for (uint16_t i = 1; i < table->count; i++) {
        if (strcmp(ops[i]->name, name) == 0) {
            ops[i] = &planted;
        }
    }
    changed.ops = ops;
    ctx->ops = &changed;
    assert_int_equal(wg_certificate_make(ctx, name, &c), WG_OK);
    ctx->ops = table;
    wg_context_destroy(ctx);
    free(ops);
    return c;
}

static wgi_op row_named(const char *name)
{
    const wgi_op_table *table = wgi_op_table_get();
    for (uint32_t i = 0; i < wgi_row_count(table); i++) {
        if (strcmp(wgi_row_at(table, i)->name, name) == 0) {
            return *wgi_row_at(table, i);
        }
    }
    fail_msg("no op %s", name);
    return (wgi_op){.name = NULL};
}

static void test_certificate_finds_a_wrong_rule(void **state)
{
    (void)state;
    wgi_op exp_row = row_named("exp");
    wg_certificate c = certify_with("exp", exp_row);
    assert_int_equal(c.verdict, WG_CHECK_RIGHT);
    exp_row.gradient = wrong_gradient;
    c = certify_with("exp", exp_row);
    assert_int_equal(c.verdict, WG_CHECK_WRONG);
    assert_true(c.n_wrong > 10 && c.first_order > 1000);
    assert_string_not_equal(c.worst, "");
}

static wg_status run_rough(const wgi_args *args)
{
    const double *x = args->in[0].data;
    double *y = args->out[0].data;
    for (int64_t i = 0; i < args->out[0].count; i++) {
        y[i] = exp(x[i]) * (1 + 0x1p-36);
    }
    return WG_OK;
}

/* The kernel in f64 alone is off: rules and wide differences agree, what the machine runs does
 * not. */
static void test_certificate_finds_a_rough_kernel(void **state)
{
    (void)state;
    wgi_op exp_row = row_named("exp");
    exp_row.reference[WG_F64] = run_rough;
    const wg_certificate c = certify_with("exp", exp_row);
    assert_int_equal(c.verdict, WG_CHECK_WRONG);
    assert_true(c.first_order > 4096);
}

/* ---- writing ------------------------------------------------------------------------------ */

static void test_certificate_is_written(void **state)
{
    (void)state;
    wgt_sink sink;
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    const wg_certificate two[] = {
        {.op = "exp",
         .verdict = WG_CHECK_RIGHT,
         .n_samples = 5,
         .n_elements = 27,
         .first_order = 1.5,
         .second_order = 2.25,
         .f32_distance = 1e-7},
        {.op = "one_hot",
         .verdict = WG_CHECK_WRONG,
         .n_samples = 6,
         .n_wrong = 1,
         .first_order = (double)NAN,
         .second_order = HUGE_VAL,
         .worst = "a \"b\""},
    };
    assert_int_equal(wg_certificate_write(two, 2, &writer), WG_OK);
    assert_non_null(strstr(wgt_sink_text(&sink), "\nexp "));
    assert_non_null(strstr(wgt_sink_text(&sink), "\none_hot "));
    wgt_sink_clear(&sink);
    assert_int_equal(wg_certificate_write_json(two, 2, &writer), WG_OK);
    assert_non_null(strstr(wgt_sink_text(&sink), "\"first_order_ulp\": null"));
    wgt_sink_finish(&sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificate_of_every_op),
        cmocka_unit_test(test_certificate_finds_a_wrong_rule),
        cmocka_unit_test(test_certificate_finds_a_rough_kernel),
        cmocka_unit_test(test_certificate_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
