/* gather: slices along an axis, picked by index.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: no index is used before it was found inside [0, size); scatter_add is the adjoint. */
#include "ops/gather.h"

#include <string.h>

#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

wg_status wgi_check_indices(const wgi_args *args, int64_t size)
{
    const int64_t *indices = args->in[1].data;
    for (int64_t k = 0; k < args->in[1].count; k++) {
        if (indices[k] < 0 || indices[k] >= size) {
            return wgi_fault_set(args, WG_ERR_RANGE, "index %lld at %lld is outside [0, %lld)",
                                 (long long)indices[k], (long long)k, (long long)size);
        }
    }
    return WG_OK;
}

wg_status wgi_infer_indices(wgi_infer *q, int32_t i)
{
    if (q->in[i].dtype == WG_I64) {
        return WG_OK;
    }
    wgi_infer_hint(q, "wg_cast {%s} to WG_I64", q->op->operands[i]);
    return wgi_infer_fail(q, WG_ERR_DTYPE, "indices must be i64: %s (%s)",
                          wg_dtype_name((wg_dtype)q->in[i].dtype), q->op->operands[i]);
}

wg_node wgi_gather(const wgi_draft *form, int32_t axis)
{
    wgi_gather_attr attr = {0, 0};
    wgi_draft draft = *form;
    draft.op = WGI_OP_gather;
    draft.attr = &attr;
    wg_node failed;
    if (!wgi_take_axis(&draft, draft.in[0], axis, &attr.axis, &failed)) {
        return failed;
    }
    attr.size = wg_node_dim(draft.in[0], (int32_t)attr.axis);
    return wgi_record(&draft);
}

wg_node wg_gather(wg_node x, wg_node indices, int32_t axis)
{
    const wg_node in[] = {x, indices};
    const wgi_draft draft = {.op = WGI_OP_gather, .n_in = 2, .in = in};
    return wgi_gather(&draft, axis);
}

/* x[:axis] + indices + x[axis+1:]. */
static wg_status infer(wgi_infer *q)
{
    const wgi_gather_attr *attr = q->attr;
    const wgi_view *x = &q->in[0];
    const wgi_view *indices = &q->in[1];
    const wg_status status = wgi_infer_indices(q, 1);
    if (status != WG_OK) {
        return status;
    }
    int64_t dims[2 * WG_MAX_RANK];
    int32_t rank = 0;
    for (int64_t i = 0; i < x->rank; i++) {
        for (int32_t j = 0; i == attr->axis && j < indices->rank; j++) {
            dims[rank++] = indices->dims[j];
        }
        if (i != attr->axis) {
            dims[rank++] = x->dims[i];
        }
    }
    return wgi_infer_shape(q, 0, x->dtype, rank, dims);
}

static void gradient(wgi_rule *rule)
{
    const wgi_gather_attr *attr = rule->attr;
    rule->dx[0] = wg_scatter_add(rule->dy[0], rule->x[1], (int32_t)attr->axis, attr->size);
}

/* Of every dtype: a slice is so many bytes. */
static wg_status reference(const wgi_args *args)
{
    const wgi_gather_attr *attr = args->attr;
    const wgi_block block = wgi_block_around(&args->in[0], attr->axis);
    const wg_status status = wgi_check_indices(args, block.size);
    const int64_t *indices = args->in[1].data;
    const int64_t n = args->in[1].count;
    const size_t slice = (size_t)block.inner * wg_dtype_size((wg_dtype)args->in[0].dtype);
    if (status != WG_OK || args->out[0].count == 0) {
        return status;
    }
    char *y = args->out[0].data;
    for (int64_t o = 0; o < block.outer; o++) {
        const char *x = (const char *)args->in[0].data + (size_t)(o * block.size) * slice;
        for (int64_t k = 0; k < n; k++) {
            memcpy(y, x + (size_t)indices[k] * slice, slice);
            y += slice;
        }
    }
    return WG_OK;
}

/* ---- samples ------------------------------------------------------------------------------ */

static wg_node pick(wg_graph *g, wg_node x, int32_t rank, int64_t n, const int64_t *indices)
{
    return wg_gather(x, wg_constant(g, WG_I64, rank, &n, indices), 0);
}

WGI_BUILD(along_0, wg_gather(in[0], in[1], 0))
WGI_BUILD(along_1, wg_gather(in[0], in[1], 1))
WGI_BUILD(along_last, wg_gather(in[0], in[1], -1))
WGI_BUILD(index_itself, wg_cast(wg_gather(in[0], in[0], 0), dtype))
WGI_BUILD(high_index, pick(g, in[0], 1, 3, (const int64_t[]){0, 2, 3}))
WGI_BUILD(negative_index, pick(g, in[0], 0, 1, (const int64_t[]){-1}))

static const wgi_sample samples[] = {
    WGI_GOOD("rows", along_0, 2, WGI_IN_2(4, 3, WGI_NORMAL), WGI_IN_TYPED(6, WG_I64, 4)),
    WGI_GOOD("columns", along_1, 2, WGI_IN_2(2, 5, WGI_NORMAL), WGI_IN_TYPED(3, WG_I64, 5)),
    WGI_GOOD("middle axis", along_1, 2, WGI_IN_3(2, 4, 3, WGI_NORMAL),
             {.rank = 2, .dims = {2, 2}, .fill = WGI_INDEX, .dtype = WG_I64, .limit = 4}),
    WGI_GOOD("last axis", along_last, 2, WGI_IN_3(2, 1, 4, WGI_NORMAL), WGI_IN_TYPED(5, WG_I64, 4)),
    WGI_GOOD("one index", along_0, 2, WGI_IN_2(3, 2, WGI_NORMAL),
             {.rank = 0, .fill = WGI_INDEX, .dtype = WG_I64, .limit = 3}),
    WGI_GOOD("size 1", along_0, 2, WGI_IN_1(1, WGI_NORMAL), WGI_IN_TYPED(3, WG_I64, 1)),
    WGI_GOOD("no index", along_0, 2, WGI_IN_2(3, 2, WGI_NORMAL), WGI_IN_TYPED(0, WG_I64, 3)),
    WGI_GOOD("nothing to pick from", along_0, 2, WGI_IN_2(0, 2, WGI_NORMAL),
             WGI_IN_TYPED(0, WG_I64, 1)),
    WGI_GOOD("slices of size 0", along_0, 2, WGI_IN_2(3, 0, WGI_NORMAL),
             WGI_IN_TYPED(2, WG_I64, 3)),
    WGI_GOOD("x is the indices", index_itself, 1, WGI_IN_TYPED(4, WG_I64, 4)),
};

static const wgi_sample bad[] = {
    WGI_BAD("floating indices", along_0, WG_ERR_DTYPE, "gather: indices must be i64: f32 (indices)",
            2, WGI_IN_1(3, WGI_NORMAL), {.rank = 1, .dims = {2}, .dtype = WG_F32}),
    WGI_BAD("axis", along_1, WG_ERR_RANGE, "gather: axis 1 is out of range for rank 1 (x)", 2,
            WGI_IN_1(3, WGI_NORMAL), WGI_IN_TYPED(2, WG_I64, 3)),
    WGI_BAD("index too high", high_index, WG_ERR_RANGE, "gather: index 3 at 2 is outside [0, 3)", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("negative index", negative_index, WG_ERR_RANGE,
            "gather: index -1 at 0 is outside [0, 3)", 1, WGI_IN_2(3, 2, WGI_NORMAL)),
    WGI_BAD("slices of size 0, index too high", high_index, WG_ERR_RANGE,
            "gather: index 3 at 2 is outside [0, 3)", 1, WGI_IN_2(3, 0, WGI_NORMAL)),
};

static const wgi_attribute attributes[] = {
    {.name = "axis",
     .kind = WGI_ATTR_AXIS,
     .is_optional = true,
     .place = WGI_AT_I64(wgi_gather_attr, axis)},
};

WGI_CALL(call, wg_gather(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_int(c, 0)))

const wgi_op wgi_op_gather = {
    .name = "gather",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_gather_attr),
    .operands = {"x", "indices"},
    .infer = infer,
    .gradient = gradient,
    .reference = {WGI_ANY_DTYPE(reference)},
    .call = call,
    WGI_ATTRIBUTES(attributes),
    .samples = samples,
    .n_samples = WGI_COUNT(samples),
    .bad = bad,
    .n_bad = WGI_COUNT(bad),
};
