/* permute: axes in another order.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the recorded axes are a permutation of [0, rank), rank being x's. */
#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

/* Fills attr from the caller's axes. False where the graph has been failed. */
static bool take_axes(const wgi_draft *draft, const int32_t *axes, int32_t n,
                      wgi_permute_attr *attr, wg_node *out)
{
    wgi_view x;
    if (!wgi_view_of(draft->in[0], &x)) {
        *out = wgi_record(draft);
        return false;
    }
    if (n != x.rank) {
        *out = wgi_refuse(draft, WG_ERR_SHAPE, NULL,
                          "needs one axis for each of x's: %d for rank %d", (int)n, (int)x.rank);
        return false;
    }
    if (axes == NULL && n > 0) {
        *out = wgi_refuse(draft, WG_ERR_ARGUMENT, NULL, "axes is NULL but n is %d", (int)n);
        return false;
    }
    uint32_t seen = 0;
    attr->rank = n;
    for (int32_t i = 0; i < n; i++) {
        attr->axes[i] = wgi_axis(axes[i], n);
        if (attr->axes[i] < 0) {
            *out = wgi_refuse(draft, WG_ERR_RANGE, NULL, "axis %d is out of range for rank %d (x)",
                              (int)axes[i], (int)n);
            return false;
        }
        if ((seen >> attr->axes[i] & 1u) != 0) {
            *out =
                wgi_refuse(draft, WG_ERR_RANGE, NULL, "axis %d is given twice", (int)attr->axes[i]);
            return false;
        }
        seen |= 1u << attr->axes[i];
    }
    return true;
}

wg_node wg_permute(wg_node x, const int32_t *axes, int32_t n)
{
    wgi_permute_attr attr = {0};
    const wgi_draft draft = {.op = WGI_OP_permute, .n_in = 1, .in = &x, .attr = &attr};
    wg_node failed;
    return take_axes(&draft, axes, n, &attr, &failed) ? wgi_record(&draft) : failed;
}

extern const wgi_op wgi_op_transpose;

wg_node wg_transpose(wg_node x)
{
    wgi_view view;
    wgi_permute_attr attr = {0};
    const wgi_draft draft = {
        .op = WGI_OP_permute, .form = &wgi_op_transpose, .n_in = 1, .in = &x, .attr = &attr};
    if (!wgi_view_of(x, &view)) {
        return wgi_record(&draft);
    }
    if (view.rank < 2) {
        return wgi_refuse(&draft, WG_ERR_SHAPE, NULL, "needs rank >= 2: %d (x)", (int)view.rank);
    }
    attr.rank = view.rank;
    for (int32_t i = 0; i < view.rank; i++) {
        attr.axes[i] = i;
    }
    attr.axes[view.rank - 2] = view.rank - 1;
    attr.axes[view.rank - 1] = view.rank - 2;
    return wgi_record(&draft);
}

static wg_status infer(wgi_infer *q)
{
    const wgi_permute_attr *attr = q->attr;
    int64_t dims[WG_MAX_RANK] = {0};
    for (int32_t i = 0; i < attr->rank; i++) {
        dims[i] = q->in->dims[attr->axes[i]];
    }
    return wgi_infer_shape(q, 0, q->in->dtype, attr->rank, dims);
}

static void gradient(wgi_rule *rule)
{
    const wgi_permute_attr *attr = rule->attr;
    int32_t inverse[WG_MAX_RANK] = {0};
    for (int32_t i = 0; i < attr->rank; i++) {
        inverse[attr->axes[i]] = i;
    }
    rule->dx[0] = wg_permute(rule->dy[0], inverse, attr->rank);
}

/* Walks over y and keeps the place of each element in x. */
static wgi_walk walk_of(const wgi_args *args)
{
    const wgi_permute_attr *attr = args->attr;
    wgi_walk walk = {0};
    for (int32_t i = 0; i < attr->rank; i++) {
        wgi_walk_axis(&walk, args->out->dims[i], wgi_block_around(args->in, attr->axes[i]).inner);
    }
    wgi_walk_fold(&walk);
    return walk;
}

static wg_status run(const wgi_args *args)
{
    const size_t size = wg_dtype_size((wg_dtype)args->out->dtype);
    wgi_walk walk = walk_of(args);
    wgi_copy_walked(args, &walk, size);
    return WG_OK;
}

WGI_BUILD(by_1_0, wg_permute(in[0], (const int32_t[]){1, 0}, 2))
WGI_BUILD(by_0, wg_permute(in[0], (const int32_t[]){0}, 1))
WGI_BUILD(by_none, wg_permute(in[0], NULL, 0))
WGI_BUILD(by_1_2_0, wg_permute(in[0], (const int32_t[]){1, 2, 0}, 3))
WGI_BUILD(by_0_2_1, wg_permute(in[0], (const int32_t[]){0, -1, 1}, 3))
WGI_BUILD(by_3_1_0_2, wg_permute(in[0], (const int32_t[]){3, 1, 0, 2}, 4))
WGI_BUILD(transposed, wg_transpose(in[0]))
WGI_BUILD(by_twice, wg_permute(in[0], (const int32_t[]){1, -1}, 2))
WGI_BUILD(by_5, wg_permute(in[0], (const int32_t[]){0, 5}, 2))
WGI_BUILD(by_null, wg_permute(in[0], NULL, 2))

static const wgi_sample samples[] = {
    WGI_GOOD("swap", by_1_0, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("same order", by_0, 1, WGI_IN_1(4, WGI_NORMAL)),
    WGI_GOOD("rank 0", by_none, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("rotation", by_1_2_0, 1, WGI_IN_3(2, 3, 4, WGI_NORMAL)),
    WGI_GOOD("last two", by_0_2_1, 1, WGI_IN_3(2, 3, 4, WGI_NORMAL)),
    WGI_GOOD("rank 4", by_3_1_0_2, 1, WGI_IN_4(2, 3, 1, 4, WGI_NORMAL)),
    WGI_GOOD("transpose", transposed, 1, WGI_IN_2(3, 2, WGI_NORMAL)),
    WGI_GOOD("transpose rank 3", transposed, 1, WGI_IN_3(2, 3, 2, WGI_NORMAL)),
    WGI_GOOD("size 1", by_1_0, 1, WGI_IN_2(1, 1, WGI_NORMAL)),
    WGI_GOOD("size 0", by_1_0, 1, WGI_IN_2(3, 0, WGI_NORMAL)),
    WGI_GOOD("i64", by_0, 1, WGI_IN_TYPED(4, WG_I64, 9)),
    WGI_GOOD("bool", by_1_0, 1, {.rank = 2, .dims = {2, 3}, .fill = WGI_BOOLS, .dtype = WG_BOOL}),
};

static const wgi_sample bad[] = {
    WGI_BAD("too few", by_1_0, WG_ERR_SHAPE,
            "permute: needs one axis for each of x's: 2 for rank 3", 1,
            WGI_IN_3(2, 3, 4, WGI_NORMAL)),
    WGI_BAD("twice", by_twice, WG_ERR_RANGE, "permute: axis 1 is given twice", 1,
            WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_BAD("range", by_5, WG_ERR_RANGE, "permute: axis 5 is out of range for rank 2 (x)", 1,
            WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_BAD("no axes", by_null, WG_ERR_ARGUMENT, "permute: axes is NULL but n is 2", 1,
            WGI_IN_2(2, 3, WGI_NORMAL)),
};

static const wgi_attribute attributes[] = {
    {.name = "axes", .kind = WGI_ATTR_AXES, .place = WGI_AT_I32_LIST(wgi_permute_attr, rank, axes)},
};

WGI_CALL(call, wg_permute(wgi_call_in(c, 0), wgi_call_axes(c, 0), wgi_call_length(c, 0)))

const wgi_op wgi_op_permute = {
    .name = "permute",
    .traits = WGI_PERMUTES,
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_permute_attr),
    .operands = {"x"},
    .infer = infer,
    .gradient = gradient,
    .reference = {WGI_ANY_DTYPE(run)},
    .call = call,
    WGI_ATTRIBUTES(attributes),
    .samples = samples,
    .n_samples = WGI_COUNT(samples),
    .bad = bad,
    .n_bad = WGI_COUNT(bad),
};

/* ---- transpose ---------------------------------------------------------------------------- */

WGI_BUILD(build_transpose, wg_transpose(in[0]))

static const wgi_sample transpose_samples[] = {
    WGI_GOOD("matrix", build_transpose, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("batched", build_transpose, 1, WGI_IN_3(2, 3, 4, WGI_NORMAL)),
    WGI_GOOD("size 0", build_transpose, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
    WGI_GOOD("size 1", build_transpose, 1, WGI_IN_2(1, 1, WGI_NORMAL)),
};

static const wgi_sample transpose_bad[] = {
    WGI_BAD("vector", build_transpose, WG_ERR_SHAPE, "transpose: needs rank >= 2: 1 (x)", 1,
            WGI_IN_1(3, WGI_NORMAL)),
};

WGI_CALL(call_transpose, wg_transpose(wgi_call_in(c, 0)))

const wgi_op wgi_op_transpose = {
    WGI_FORM_OF("transpose", 1, 1, "x"),
    .call = call_transpose,
    WGI_SAMPLES(transpose_samples, transpose_bad),
};
