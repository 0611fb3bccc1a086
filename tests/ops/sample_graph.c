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

/* Which of the random streams: FNV-1a over the names of op and sample. */
static uint64_t stream_of(const wgt_sample_graph *s, int32_t operand)
{
    const char *texts[] = {s->op->name, s->sample->name};
    uint64_t h = UINT64_C(14695981039346656037);
    for (int k = 0; k < 2; k++) {
        for (const char *c = texts[k]; *c != '\0'; c++) {
            h = (h ^ (uint64_t)(unsigned char)*c) * UINT64_C(1099511628211);
        }
    }
    return h + (uint64_t)operand;
}

static double draw(wg_rng *rng, const wgi_sample_input *how)
{
    switch (how->fill) {
    case WGI_NORMAL:
        return wg_rng_normal(rng);
    case WGI_POSITIVE:
    case WGI_PROBABILITY:
        return 0.2 + 1.8 * wg_rng_uniform(rng);
    case WGI_NONZERO:
        return (wg_rng_below(rng, 2) != 0 ? 1 : -1) * (0.2 + 1.8 * wg_rng_uniform(rng));
    case WGI_UNIT:
        return 0.05 + 0.9 * wg_rng_uniform(rng);
    case WGI_INDEX:
        return (double)wg_rng_below(rng, (uint64_t)how->limit);
    case WGI_BOOLS:
        return (double)wg_rng_below(rng, 2);
    case WGI_ZEROS:
        break;
    }
    return 0;
}

/* Rows along the last axis, of `size` elements, are made to sum to 1. */
static void normalise(double *values, int64_t count, int64_t size)
{
    for (int64_t first = 0; size > 0 && first < count; first += size) {
        double sum = 0;
        for (int64_t i = 0; i < size; i++) {
            sum += values[first + i];
        }
        for (int64_t i = 0; i < size; i++) {
            values[first + i] /= sum;
        }
    }
}

wg_tensor *wgt_random_tensor(wg_context *ctx, wg_dtype dtype, const wgi_sample_input *how,
                             uint64_t stream)
{
    int64_t count = 1;
    for (int32_t i = 0; i < how->rank; i++) {
        count *= how->dims[i];
    }
    double *values = calloc((size_t)count + 1, sizeof *values);
    assert_non_null(values);
    wg_rng rng = wg_rng_make(WGT_SAMPLE_SEED, stream);
    for (int64_t i = 0; i < count; i++) {
        values[i] = draw(&rng, how);
    }
    if (how->fill == WGI_PROBABILITY && how->rank > 0) {
        normalise(values, count, how->dims[how->rank - 1]);
    }
    wg_tensor *t = NULL;
    assert_int_equal(wg_tensor_from(ctx, dtype, how->rank, how->dims, WG_F64, values, &t), WG_OK);
    free(values);
    return t;
}

wg_context *wgt_context(uint32_t without)
{
    wg_config config = {.size = sizeof config, .seed = WGT_SAMPLE_SEED, .without = without};
    wg_context *ctx = NULL;
    assert_int_equal(wg_context_create(&config, &ctx), WG_OK);
    return ctx;
}

/* Records a leaf; floating ones are variables. */
static wg_node record_leaf(wgt_sample_graph *s, const wgi_sample_input *how, int32_t operand)
{
    const int32_t dtype = how->dtype != 0 ? how->dtype : (int32_t)s->dtype;
    wg_tensor *t =
        wgt_random_tensor(wg_graph_context(s->g), (wg_dtype)dtype, how, stream_of(s, operand));
    s->tensors[s->n_tensors++] = t;
    if (!wgi_is_floating(dtype)) {
        return wg_input(s->g, t);
    }
    wg_node x = wg_variable(s->g, t);
    s->leaves[s->n_leaves++] = x;
    return x;
}

static void record_loss(wgt_sample_graph *s)
{
    wgi_view y;
    if (!wgi_view_of(s->y, &y) || !wgi_is_floating(y.dtype)) {
        return;
    }
    wgi_sample_input how = {.rank = y.rank, .fill = WGI_NONZERO, .dtype = y.dtype};
    assert_true(y.rank <= 4);
    for (int32_t i = 0; i < y.rank; i++) {
        how.dims[i] = y.dims[i];
    }
    s->r = record_leaf(s, &how, WGT_MAX_LEAVES);
    s->loss = wg_sum_all(wg_mul(s->y, s->r));
}

wg_status wgt_sample_build(wgt_sample_graph *s, wg_graph *g, const wgi_op *op,
                           const wgi_sample *sample, wg_dtype dtype)
{
    memset(s, 0, sizeof *s);
    s->g = g;
    s->op = op;
    s->sample = sample;
    s->dtype = dtype;
    for (int32_t i = 0; i < sample->n_in; i++) {
        const wgi_sample_input *how = &sample->in[i];
        s->in[i] = how->same_as > 0 ? s->in[how->same_as - 1] : record_leaf(s, how, i);
    }
    s->y = sample->build(g, dtype, s->in);
    record_loss(s);
    return wg_graph_status(g);
}

void wgt_sample_clear(wgt_sample_graph *s)
{
    for (int32_t i = 0; i < s->n_tensors; i++) {
        wg_tensor_destroy(s->tensors[i]);
    }
    (void)wg_graph_reset(s->g);
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
        if (wgt_sample_build(&s, g, op, &op->samples[i], dtype) == WG_OK) {
            n_failures += visit(&s, user);
        } else {
            n_failures += wgt_sample_complain(&s, "%s", wg_graph_error(g));
        }
        wgt_sample_clear(&s);
    }
    return n_failures;
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
