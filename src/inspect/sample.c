/* Graphs made of the samples that ops bring along.
 * SPDX-License-Identifier: Apache-2.0 */
#include "inspect/sample.h"

#include <wengert/ops.h>

#include "core/context.h"
#include "core/memory.h"

#include <string.h>

/* Which of the random streams: FNV-1a over the names of op and sample. */
static uint64_t stream_of(const wgi_sample_graph *s, int32_t operand)
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

wg_status wgi_sample_tensor(wg_context *ctx, wg_dtype dtype, const wgi_sample_input *how,
                            uint64_t stream, wg_tensor **out)
{
    int64_t count = 1;
    for (int32_t i = 0; i < how->rank; i++) {
        count *= how->dims[i];
    }
    double *values = wgi_alloc_zeroed(&ctx->memory, (size_t)count + 1, sizeof *values);
    if (values == NULL) {
        return WG_ERR_MEMORY;
    }
    wg_rng rng = wg_rng_make(WGI_SAMPLE_SEED, stream);
    for (int64_t i = 0; i < count; i++) {
        values[i] = draw(&rng, how);
    }
    if (how->fill == WGI_PROBABILITY && how->rank > 0) {
        normalise(values, count, how->dims[how->rank - 1]);
    }
    const wg_status status = wg_tensor_from(ctx, dtype, how->rank, how->dims, WG_F64, values, out);
    wgi_release(&ctx->memory, values, ((size_t)count + 1) * sizeof *values);
    return status;
}

/* Records a leaf; floating ones are variables. */
static wg_node record_leaf(wgi_sample_graph *s, const wgi_sample_input *how, int32_t operand)
{
    const int32_t dtype = how->dtype != 0 ? how->dtype : (int32_t)s->dtype;
    wg_tensor *t = NULL;
    if (wgi_sample_tensor(wg_graph_context(s->g), (wg_dtype)dtype, how, stream_of(s, operand),
                          &t) != WG_OK) {
        return (wg_node){NULL, 0, 0};
    }
    s->tensors[s->n_tensors++] = t;
    if (!wgi_is_floating(dtype)) {
        return wg_input(s->g, t);
    }
    wg_node x = wg_variable(s->g, t);
    s->leaves[s->n_leaves++] = x;
    return x;
}

static void record_loss(wgi_sample_graph *s)
{
    wgi_view y;
    if (!wgi_view_of(s->y, &y) || !wgi_is_floating(y.dtype) || y.rank > WGI_SAMPLE_RANK) {
        return;
    }
    wgi_sample_input how = {.rank = y.rank, .fill = WGI_NONZERO, .dtype = y.dtype};
    for (int32_t i = 0; i < y.rank; i++) {
        how.dims[i] = y.dims[i];
    }
    s->r = record_leaf(s, &how, WGI_SAMPLE_LEAVES);
    s->loss = wg_sum_all(wg_mul(s->y, s->r));
}

wg_status wgi_sample_build(wgi_sample_graph *s, wg_graph *g, const wgi_op *op,
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

void wgi_sample_clear(wgi_sample_graph *s)
{
    for (int32_t i = 0; i < s->n_tensors; i++) {
        wg_tensor_destroy(s->tensors[i]);
    }
    (void)wg_graph_reset(s->g);
}
