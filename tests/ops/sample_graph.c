/* Graphs made of the samples that ops bring along.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/sample_graph.h"

#include <wengert/ops.h>

#include "core/context.h"
#include "ops/table.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

wg_tensor *wgt_random_tensor(wg_context *ctx, wg_dtype dtype, const wgi_sample_input *how,
                             uint64_t stream)
{
    wg_tensor *t = NULL;
    assert_int_equal(wgi_sample_tensor(ctx, dtype, how, stream, &t), WG_OK);
    return t;
}

wg_context *wgt_context(uint32_t without)
{
    if (getenv("WENGERT_TEST_REFERENCE") != NULL) {
        without |= WG_BACKEND_NATIVE | WG_BACKEND_ONEDNN;
    }
    wg_config config = {.size = sizeof config, .seed = WGT_SAMPLE_SEED, .without = without};
    wg_context *ctx = NULL;
    assert_int_equal(wg_context_create(&config, &ctx), WG_OK);
    return ctx;
}

wgt_stage wgt_stage_open(void)
{
    wgt_stage stage = {.ctx = wgt_context(0)};
    assert_int_equal(wg_graph_create(stage.ctx, &stage.g), WG_OK);
    return stage;
}

void wgt_stage_close(wgt_stage *stage)
{
    wg_graph_destroy(stage->g);
    wg_context_destroy(stage->ctx);
}

wg_node wgt_stage_vector(const wgt_stage *stage, wg_dtype dtype, int64_t n, const double *values)
{
    wg_tensor *t = NULL;
    assert_int_equal(wg_tensor_from(stage->ctx, dtype, 1, &n, WG_F64, values, &t), WG_OK);
    const wg_node x = wg_variable(stage->g, t);
    wg_tensor_destroy(t);
    return x;
}

int wgt_sample_complain(const wgt_sample_graph *s, const char *format, ...)
{
    char text[512];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    print_error("%s '%s' (%s, seed %d): %s\n", s->op->name, s->sample->name,
                wg_dtype_name(s->dtype), WGT_SAMPLE_SEED, text);
    return 1;
}

static int visit_op(wg_graph *g, const wgi_op *op, wg_dtype dtype, wgt_sample_visit visit,
                    void *user)
{
    int n_failures = 0;
    for (int32_t i = 0; i < op->n_samples; i++) {
        wgt_sample_graph s;
        if (wgi_sample_build(&s, g, op, &op->samples[i], dtype) == WG_OK) {
            n_failures += visit(&s, user);
        } else {
            n_failures += wgt_sample_complain(&s, "%s", wg_graph_error(g));
        }
        wgi_sample_clear(&s);
    }
    return n_failures;
}

double *wgt_doubles_of(const wg_tensor *t)
{
    const int64_t n = wg_tensor_count(t);
    double *values = calloc((size_t)n + 1, sizeof *values);
    assert_non_null(values);
    wgi_convert(WG_F64, values, (int)wg_tensor_dtype(t), wg_tensor_data(t), n);
    return values;
}

int wgt_samples_visit(wg_context *ctx, wg_dtype dtype, wgt_sample_visit visit, void *user)
{
    wg_graph *g = NULL;
    int n_failures = 0;
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    const char *only = getenv("WENGERT_TEST_OP");
    for (uint32_t i = 0; i < wgi_row_count(ctx->ops); i++) {
        const wgi_op *op = wgi_row_at(ctx->ops, i);
        if (only == NULL || strcmp(op->name, only) == 0) {
            n_failures += visit_op(g, op, dtype, visit, user);
        }
    }
    wg_graph_destroy(g);
    return n_failures;
}
