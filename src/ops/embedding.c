/* index_select and embedding: forms of gather.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the row of the padding is read as it is, and nothing flows back into it. */
#include "ops/call.h"
#include "ops/gather.h"
#include "ops/samples.h"
#include "ops/support.h"

extern const wgi_op wgi_op_index_select;
extern const wgi_op wgi_op_embedding;

/* ---- index_select ------------------------------------------------------------------------- */

wg_node wg_index_select(wg_node x, int32_t axis, wg_node indices)
{
    const wg_node in[] = {x, indices};
    const wgi_draft draft = {.form = &wgi_op_index_select, .n_in = 2, .in = in};
    wgi_view view;
    if (wgi_view_of(indices, &view) && view.rank != 1) {
        return wgi_refuse(&draft, WG_ERR_SHAPE, "wg_gather takes indices of any rank",
                          "needs rank 1: %d (indices)", (int)view.rank);
    }
    return wgi_gather(&draft, axis);
}

/* ---- embedding ---------------------------------------------------------------------------- */

/* Whether an index is another than `padding`, for each slice of a result of one more axis. */
static wg_node is_other(wg_node indices, int64_t padding, int32_t n_new)
{
    int64_t dims[2 * WG_MAX_RANK] = {0};
    wgi_view view;
    if (!wgi_view_of(indices, &view)) {
        return indices;
    }
    for (int32_t i = 0; i < view.rank + n_new; i++) {
        dims[i] = i < view.rank ? view.dims[i] : 1;
    }
    const int32_t rank = view.rank + n_new;
    const wg_node p = wg_number(indices.graph, WG_I64, (double)padding);
    const wg_node above = wg_greater(indices, p);
    return wg_reshape(wg_where(above, above, wg_greater(p, indices)), rank, dims);
}

wg_node wg_embedding(wg_node weight, wg_node indices, int64_t padding)
{
    const wg_node in[] = {weight, indices};
    const wgi_draft draft = {.form = &wgi_op_embedding, .n_in = 2, .in = in};
    wgi_view view;
    if (!wgi_view_of(weight, &view)) {
        return wgi_record(&draft);
    }
    if (view.rank == 0) {
        return wgi_refuse(&draft, WG_ERR_SHAPE, NULL, "needs rank >= 1: 0 (weight)");
    }
    if (padding != -1 && (padding < 0 || padding >= view.dims[0])) {
        return wgi_refuse(&draft, WG_ERR_RANGE, NULL, "padding %lld is outside [0, %lld)",
                          (long long)padding, (long long)view.dims[0]);
    }
    const int32_t n_inner = view.rank - 1;
    const wg_node y = wgi_gather(&draft, 0);
    if (padding == -1 || !wg_is_valid(y)) {
        return y;
    }
    return wg_where(is_other(indices, padding, n_inner), y, wg_stop_gradient(y));
}

/* ---- samples ------------------------------------------------------------------------------ */

static wg_node second_of_three(wg_graph *g, wg_node weight)
{
    const wg_node indices =
        wg_constant(g, WG_I64, 1, (const int64_t[]){3}, (const int64_t[]){0, 1, 0});
    return wg_embedding(weight, indices, 1);
}

WGI_BUILD(select_0, wg_index_select(in[0], 0, in[1]))
WGI_BUILD(select_last, wg_index_select(in[0], -1, in[1]))
WGI_BUILD(embed, wg_embedding(in[0], in[1], -1))
WGI_BUILD(embed_2, wg_embedding(in[0], in[1], 2))
WGI_BUILD(embed_minus_2, wg_embedding(in[0], in[1], -2))
WGI_BUILD_UNTOLD(embed_padded, second_of_three(g, in[0]))

static const wgi_sample select_samples[] = {
    WGI_GOOD("rows", select_0, 2, WGI_IN_2(4, 3, WGI_NORMAL), WGI_IN_TYPED(6, WG_I64, 4)),
    WGI_GOOD("last axis", select_last, 2, WGI_IN_3(2, 1, 4, WGI_NORMAL),
             WGI_IN_TYPED(5, WG_I64, 4)),
    WGI_GOOD("size 1", select_0, 2, WGI_IN_1(1, WGI_NORMAL), WGI_IN_TYPED(1, WG_I64, 1)),
    WGI_GOOD("no index", select_0, 2, WGI_IN_2(3, 2, WGI_NORMAL), WGI_IN_TYPED(0, WG_I64, 3)),
    WGI_GOOD("u8", select_0, 2, WGI_IN_TYPED(4, WG_U8, 9), WGI_IN_TYPED(5, WG_I64, 4)),
};

static const wgi_sample select_bad[] = {
    WGI_BAD("rank 2", select_0, WG_ERR_SHAPE, "index_select: needs rank 1: 2 (indices)", 2,
            WGI_IN_1(3, WGI_NORMAL),
            {.rank = 2, .dims = {2, 2}, .fill = WGI_INDEX, .dtype = WG_I64, .limit = 3}),
    WGI_BAD("axis", select_last, WG_ERR_RANGE,
            "index_select: axis -1 is out of range for rank 0 (x)", 2, WGI_IN_0(WGI_NORMAL),
            WGI_IN_TYPED(2, WG_I64, 1)),
};

static const wgi_sample embed_samples[] = {
    WGI_GOOD("sentence", embed, 2, WGI_IN_2(5, 3, WGI_NORMAL), WGI_IN_TYPED(6, WG_I64, 5)),
    WGI_GOOD("batch", embed, 2, WGI_IN_2(5, 2, WGI_NORMAL),
             {.rank = 2, .dims = {2, 3}, .fill = WGI_INDEX, .dtype = WG_I64, .limit = 5}),
    WGI_GOOD("one word", embed, 2, WGI_IN_2(5, 2, WGI_NORMAL),
             {.rank = 0, .fill = WGI_INDEX, .dtype = WG_I64, .limit = 5}),
    WGI_GOOD("a padding that is not met", embed_2, 2, WGI_IN_2(3, 2, WGI_NORMAL),
             WGI_IN_TYPED(5, WG_I64, 2)),
    WGI_GOOD("padding, batch", embed_2, 2, WGI_IN_3(3, 2, 2, WGI_NORMAL),
             {.rank = 2, .dims = {1, 2}, .fill = WGI_INDEX, .dtype = WG_I64, .limit = 2}),
    {.name = "padding met",
     .n_in = 1,
     .in = {WGI_IN_2(3, 2, WGI_NORMAL)},
     .build = embed_padded,
     .is_non_smooth = true},
    WGI_GOOD("no word", embed_2, 2, WGI_IN_2(3, 2, WGI_NORMAL), WGI_IN_TYPED(0, WG_I64, 3)),
    WGI_GOOD("vectors of size 0", embed, 2, WGI_IN_2(3, 0, WGI_NORMAL), WGI_IN_TYPED(2, WG_I64, 3)),
};

static const wgi_sample embed_bad[] = {
    WGI_BAD("padding too high", embed_2, WG_ERR_RANGE, "embedding: padding 2 is outside [0, 2)", 2,
            WGI_IN_2(2, 3, WGI_NORMAL), WGI_IN_TYPED(2, WG_I64, 2)),
    WGI_BAD("negative padding", embed_minus_2, WG_ERR_RANGE,
            "embedding: padding -2 is outside [0, 2)", 2, WGI_IN_2(2, 3, WGI_NORMAL),
            WGI_IN_TYPED(2, WG_I64, 2)),
    WGI_BAD("rank 0", embed_2, WG_ERR_SHAPE, "embedding: needs rank >= 1: 0 (weight)", 2,
            WGI_IN_0(WGI_NORMAL), WGI_IN_TYPED(2, WG_I64, 1)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute attributes_select[] = {
    {.name = "axis", .kind = WGI_ATTR_AXIS, .is_optional = true},
};

WGI_CALL(call_select, wg_index_select(wgi_call_in(c, 0), wgi_call_int(c, 0), wgi_call_in(c, 1)))

const wgi_op wgi_op_index_select = {
    WGI_FORM_OF("index_select", 2, 2, "x", "indices"),
    .call = call_select,
    WGI_ATTRIBUTES(attributes_select),
    WGI_SAMPLES(select_samples, select_bad),
};

static const wgi_attribute attributes_embedding[] = {
    {.name = "padding", .kind = WGI_ATTR_INTEGER, .is_optional = true, .integer = -1},
};

WGI_CALL(call_embedding, wg_embedding(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_integer(c, 0)))

const wgi_op wgi_op_embedding = {
    WGI_FORM_OF("embedding", 2, 2, "weight", "indices"),
    .call = call_embedding,
    WGI_ATTRIBUTES(attributes_embedding),
    WGI_SAMPLES(embed_samples, embed_bad),
};
