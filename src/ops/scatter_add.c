/* scatter_add: the adjoint of gather, slices added at their indices.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: slices are added in the order of their indices, so that the bits are a function of the
 * operands; no index is used before it was found inside [0, size). */
#if defined(WGI_REAL_PASS)

/* dy: [outer, n, inner]; y: [outer, size, inner] */
static wg_status K(scatter_add)(const wgi_args *args)
{
    const wgi_gather_attr *attr = args->attr;
    const wgi_block block = wgi_block_around(&args->out[0], attr->axis);
    const int64_t *indices = args->in[1].data;
    const int64_t n = args->in[1].count;
    const real *dy = args->in[0].data;
    real *y = args->out[0].data;
    const wg_status status = wgi_check_indices(args, block.size);
    if (status != WG_OK) {
        return status;
    }
    for (int64_t e = 0; e < args->out[0].count; e++) {
        y[e] = 0;
    }
    for (int64_t e = 0; e < args->in[0].count; e++) {
        const int64_t o = e / (n * block.inner);
        const int64_t k = e / block.inner % n;
        y[(o * block.size + indices[k]) * block.inner + e % block.inner] += dy[e];
    }
    return WG_OK;
}

#else

#include "ops/call.h"
#include "ops/gather.h"
#include "ops/iterate.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

wg_node wg_scatter_add(wg_node dy, wg_node indices, int32_t axis, int64_t size)
{
    const wg_node in[] = {dy, indices};
    wgi_gather_attr attr = {.axis = 0, .size = size};
    const wgi_draft draft = {.op = WGI_OP_scatter_add, .n_in = 2, .in = in, .attr = &attr};
    wgi_view from = {0};
    wgi_view at = {0};
    if (size < 0) {
        return wgi_refuse(&draft, WG_ERR_RANGE, NULL, "size is negative: %lld", (long long)size);
    }
    if (wgi_view_of(dy, &from) && wgi_view_of(indices, &at) && from.rank >= at.rank) {
        attr.axis = wgi_axis(axis, from.rank - at.rank + 1);
        if (attr.axis < 0) {
            return wgi_refuse(&draft, WG_ERR_RANGE, NULL,
                              "axis %d is out of range for rank %d (result)", (int)axis,
                              (int)(from.rank - at.rank + 1));
        }
    }
    return wgi_record(&draft);
}

/* dy has the indices' sizes from `axis` on. */
static wg_status check_sizes(wgi_infer *q, int32_t axis)
{
    const wgi_view *dy = &q->in[0];
    const wgi_view *indices = &q->in[1];
    for (int32_t j = 0; j < indices->rank; j++) {
        if (dy->dims[axis + j] != indices->dims[j]) {
            return wgi_infer_fail(q, WG_ERR_SHAPE,
                                  "sizes differ: %lld (dy, axis %d) vs %lld (indices, axis %d)",
                                  (long long)dy->dims[axis + j], (int)(axis + j),
                                  (long long)indices->dims[j], (int)j);
        }
    }
    return WG_OK;
}

static wg_status check(wgi_infer *q, int32_t axis)
{
    wg_status status = wgi_check_floating(q, 0);
    if (status == WG_OK) {
        status = wgi_infer_indices(q, 1);
    }
    if (status == WG_OK) {
        status = wgi_check_min_rank(q, 0, q->in[1].rank);
    }
    return status != WG_OK ? status : check_sizes(q, axis);
}

/* dy[:axis] + size + dy[axis+rank of indices:]. */
static wg_status infer(wgi_infer *q)
{
    const wgi_gather_attr *attr = q->attr;
    const int32_t axis = (int32_t)attr->axis;
    const wg_status status = check(q, axis);
    if (status != WG_OK) {
        return status;
    }
    const wgi_view *dy = &q->in[0];
    int64_t dims[WG_MAX_RANK + 1];
    int32_t rank = 0;
    for (int32_t i = 0; i < axis; i++) {
        dims[rank++] = dy->dims[i];
    }
    dims[rank++] = attr->size;
    for (int32_t i = axis + q->in[1].rank; i < dy->rank; i++) {
        dims[rank++] = dy->dims[i];
    }
    return wgi_infer_shape(q, 0, dy->dtype, rank, dims);
}

static void gradient(wgi_rule *rule)
{
    const wgi_gather_attr *attr = rule->attr;
    rule->dx[0] = wg_gather(rule->dy[0], rule->x[1], (int32_t)attr->axis);
}

#define WGI_KERNEL_FILE "ops/scatter_add.c"
#include "ops/for_each_real.h"

static wg_node add_at(wg_graph *g, wg_node dy, int64_t n, const int64_t *indices)
{
    return wg_scatter_add(dy, wg_constant(g, WG_I64, 1, &n, indices), 0, 5);
}

WGI_BUILD(first_of_5, wg_scatter_add(in[0], in[1], 0, 5))
WGI_BUILD(second_of_4, wg_scatter_add(in[0], in[1], 1, 4))
WGI_BUILD(last_of_4, wg_scatter_add(in[0], in[1], -1, 4))
WGI_BUILD(first_of_0, wg_scatter_add(in[0], in[1], 0, 0))
WGI_BUILD(first_of_minus_1, wg_scatter_add(in[0], in[1], 0, -1))
WGI_BUILD(high_index, add_at(g, in[0], 2, (const int64_t[]){0, 5}))

static const wgi_sample samples[] = {
    WGI_GOOD("rows", first_of_5, 2, WGI_IN_2(6, 3, WGI_NORMAL), WGI_IN_TYPED(6, WG_I64, 5)),
    WGI_GOOD("middle axis", second_of_4, 2, WGI_IN_4(2, 3, 2, 3, WGI_NORMAL),
             {.rank = 2, .dims = {3, 2}, .fill = WGI_INDEX, .dtype = WG_I64, .limit = 4}),
    WGI_GOOD("last axis", last_of_4, 2, WGI_IN_2(2, 3, WGI_NORMAL), WGI_IN_TYPED(3, WG_I64, 4)),
    WGI_GOOD("one index", first_of_5, 2, WGI_IN_1(3, WGI_NORMAL),
             {.rank = 0, .fill = WGI_INDEX, .dtype = WG_I64, .limit = 5}),
    WGI_GOOD("rank 0", first_of_5, 2, WGI_IN_0(WGI_NORMAL),
             {.rank = 0, .fill = WGI_INDEX, .dtype = WG_I64, .limit = 5}),
    WGI_GOOD("no index", first_of_5, 2, WGI_IN_2(0, 2, WGI_NORMAL), WGI_IN_TYPED(0, WG_I64, 5)),
    WGI_GOOD("slices of size 0", first_of_5, 2, WGI_IN_2(2, 0, WGI_NORMAL),
             WGI_IN_TYPED(2, WG_I64, 5)),
    WGI_GOOD("no place", first_of_0, 2, WGI_IN_2(0, 2, WGI_NORMAL), WGI_IN_TYPED(0, WG_I64, 1)),
};

static const wgi_sample bad[] = {
    WGI_BAD("negative size", first_of_minus_1, WG_ERR_RANGE, "scatter_add: size is negative: -1", 2,
            WGI_IN_1(2, WGI_NORMAL), WGI_IN_TYPED(2, WG_I64, 3)),
    WGI_BAD("axis", second_of_4, WG_ERR_RANGE,
            "scatter_add: axis 1 is out of range for rank 1 (result)", 2, WGI_IN_1(2, WGI_NORMAL),
            WGI_IN_TYPED(2, WG_I64, 3)),
    WGI_BAD("sizes", second_of_4, WG_ERR_SHAPE,
            "scatter_add: sizes differ: 3 (dy, axis 1) vs 4 (indices, axis 0)", 2,
            WGI_IN_2(2, 3, WGI_NORMAL), WGI_IN_TYPED(4, WG_I64, 4)),
    WGI_BAD("rank", first_of_5, WG_ERR_SHAPE, "scatter_add: needs rank >= 1: 0 (dy)", 2,
            WGI_IN_0(WGI_NORMAL), WGI_IN_TYPED(1, WG_I64, 4)),
    WGI_BAD("floating indices", first_of_5, WG_ERR_DTYPE,
            "scatter_add: indices must be i64: f64 (indices)", 2, WGI_IN_1(2, WGI_NORMAL),
            {.rank = 1, .dims = {2}, .dtype = WG_F64}),
    WGI_BAD("index too high", high_index, WG_ERR_RANGE,
            "scatter_add: index 5 at 1 is outside [0, 5)", 1, WGI_IN_1(2, WGI_NORMAL)),
};

static const wgi_attribute attributes[] = {
    {.name = "axis", .kind = WGI_ATTR_AXIS, .place = WGI_AT_I64(wgi_gather_attr, axis)},
    {.name = "size",
     .kind = WGI_ATTR_INTEGER,
     .range = "[0, inf)",
     .place = WGI_AT_I64(wgi_gather_attr, size)},
};

WGI_CALL(call, wg_scatter_add(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_int(c, 0),
                              wgi_call_integer(c, 1)))

const wgi_op wgi_op_scatter_add = {
    .name = "scatter_add",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_gather_attr),
    .operands = {"dy", "indices"},
    .infer = infer,
    .gradient = gradient,
    .reference = {WGI_REALS(scatter_add)},
    .call = call,
    WGI_ATTRIBUTES(attributes),
    .samples = samples,
    .n_samples = WGI_COUNT(samples),
    .bad = bad,
    .n_bad = WGI_COUNT(bad),
};

#endif
