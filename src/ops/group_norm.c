/* group_norm, l2_normalize: normalisation over groups of channels, and to length 1.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the sizes have been checked before the first node is recorded. */
#include "ops/call.h"
#include "ops/normalize.h"
#include "ops/samples.h"

extern const wgi_op wgi_op_group_norm;
extern const wgi_op wgi_op_l2_normalize;

/* ---- group_norm --------------------------------------------------------------------------- */

/* x, [n, c, ...], is normalised channels last. */
static wg_node normalize_channels(const wgi_normalization *norm)
{
    wgi_normalization last = *norm;
    last.x = wgi_turn_channels(norm->x, false);
    return wgi_turn_channels(wgi_record_normalization(&last), true);
}

static bool check_group_norm(const wgi_draft *draft, const wgi_view *x, int64_t groups,
                             wg_node *failed)
{
    if (!wgi_check_channels(draft, x, failed)) {
        return false;
    }
    if (groups < 1 || x->dims[1] % groups != 0) {
        *failed = wgi_refuse(draft, WG_ERR_SHAPE, NULL, "%lld groups of %lld channels (x)",
                             (long long)groups, (long long)x->dims[1]);
        return false;
    }
    return wgi_check_channel_operands(draft, x, failed);
}

wg_node wg_group_norm(wg_node x, int64_t groups, wg_node weight, wg_node bias, double eps)
{
    wgi_normalization norm = {
        .form = &wgi_op_group_norm,
        .x = x,
        .weight = weight,
        .bias = bias,
        .eps = eps,
        .attr = {.batch_axes = 1, .channel_axes = 1, .groups = groups, .is_centered = 1}};
    wg_node in[3];
    wgi_view view;
    wg_node failed;
    wgi_draft draft = wgi_normalization_draft(&norm, in);
    draft.op = 0;
    draft.attr = NULL;
    draft.numbers = NULL;
    if (wgi_view_of(x, &view) && !check_group_norm(&draft, &view, groups, &failed)) {
        return failed;
    }
    if (!(eps >= 0.0)) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL, "eps must not be below 0: %g", eps);
    }
    wg_graph *g = wgi_form_begin(&draft);
    return wgi_form_end(g, &draft, g != NULL ? normalize_channels(&norm) : x);
}

/* ---- l2_normalize ------------------------------------------------------------------------- */

static wg_node to_length_one(wg_node x, int32_t axis, double eps)
{
    const wg_node length = wg_norm(x, 2.0, &axis, 1, true);
    return wg_div(x, wgi_record_one_given(length, eps, WGI_OP_at_least));
}

wg_node wg_l2_normalize(wg_node x, int32_t axis, double eps)
{
    const wgi_draft draft = WGI_FORM_DRAFT(l2_normalize, x);
    int64_t place = 0;
    wg_node failed;
    if (wg_is_valid(x) && !wgi_is_floating((int)wg_node_dtype(x))) {
        return wgi_refuse(&draft, WG_ERR_DTYPE, "wg_cast it to f32 or f64",
                          "needs a floating dtype: %s (x)", wg_dtype_name(wg_node_dtype(x)));
    }
    if (!(eps > 0.0)) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL, "eps must be above 0: %g", eps);
    }
    if (!wgi_take_axis(&draft, x, axis, &place, &failed)) {
        return failed;
    }
    wg_graph *g = wgi_form_begin(&draft);
    return wgi_form_end(g, &draft, to_length_one(x, (int32_t)place, eps));
}

/* ---- samples ------------------------------------------------------------------------------ */

#define X2(i, j) WGI_IN_2(i, j, WGI_NORMAL)
#define X3(i, j, k) WGI_IN_3(i, j, k, WGI_NORMAL)
#define W(i) WGI_IN_1(i, WGI_NORMAL)

static const wg_node none = {NULL, 0, 0};

WGI_BUILD(group_plain, wg_group_norm(in[0], 2, none, none, 1e-5))
WGI_BUILD(group_one, wg_group_norm(in[0], 1, none, none, 1e-5))
WGI_BUILD(group_weight, wg_group_norm(in[0], 2, in[1], none, 1e-5))
WGI_BUILD(group_bias, wg_group_norm(in[0], 2, none, in[1], 1e-5))
WGI_BUILD(group_both, wg_group_norm(in[0], 2, in[1], in[2], 0.1))
WGI_BUILD(group_none, wg_group_norm(in[0], 0, none, none, 1e-5))
WGI_BUILD(group_eps, wg_group_norm(in[0], 2, none, none, -1.0))

static const wgi_sample group_samples[] = {
    WGI_GOOD("groups", group_plain, 1, X3(2, 4, 3)),
    WGI_GOOD("no space", group_plain, 1, X2(3, 6)),
    WGI_GOOD("images", group_plain, 1, WGI_IN_4(2, 4, 2, 3, WGI_NORMAL)),
    WGI_GOOD("one group", group_one, 1, X3(2, 3, 4)),
    WGI_GOOD("a group for each channel", group_plain, 1, X3(2, 2, 5)),
    WGI_GOOD("weight", group_weight, 2, X3(2, 4, 3), W(4)),
    WGI_GOOD("bias", group_bias, 2, X3(2, 4, 3), W(4)),
    WGI_GOOD("weight and bias", group_both, 3, X3(2, 4, 3), W(4), W(4)),
    WGI_GOOD("constant", group_both, 3, WGI_IN_3(2, 4, 3, WGI_ZEROS), W(4), W(4)),
    WGI_GOOD("size 1", group_both, 3, X3(2, 2, 1), W(2), W(2)),
    WGI_GOOD("empty batch", group_both, 3, X3(0, 4, 3), W(4), W(4)),
};

static const wgi_sample group_bad[] = {
    WGI_BAD("groups", group_plain, WG_ERR_SHAPE, "group_norm: 2 groups of 3 channels (x)", 1,
            X2(2, 3)),
    WGI_BAD("no groups", group_none, WG_ERR_SHAPE, "group_norm: 0 groups of 4 channels (x)", 1,
            X2(2, 4)),
    WGI_BAD("rank", group_plain, WG_ERR_SHAPE, "group_norm: needs rank 2 or more: 1 (x)", 1, W(4)),
    WGI_BAD("eps", group_eps, WG_ERR_ARGUMENT, "group_norm: eps must not be below 0: -1", 1,
            X2(2, 4)),
    WGI_BAD("weight", group_weight, WG_ERR_SHAPE, "group_norm: needs f32 [4]: f32 [3] (weight)", 2,
            {.rank = 2, .dims = {2, 4}, .dtype = WG_F32},
            {.rank = 1, .dims = {3}, .dtype = WG_F32}),
    WGI_BAD("integers", group_plain, WG_ERR_DTYPE, "group_norm: needs a floating dtype: i64 (x)", 1,
            WGI_IN_TYPED(3, WG_I64, 4)),
};

WGI_BUILD(length_last, wg_l2_normalize(in[0], -1, 1e-12))
WGI_BUILD(length_first, wg_l2_normalize(in[0], 0, 1e-12))
WGI_BUILD(length_eps, wg_l2_normalize(in[0], 0, 0.0))

static const wgi_sample length_samples[] = {
    WGI_GOOD("rows", length_last, 1, X2(3, 5)),    WGI_GOOD("columns", length_first, 1, X2(3, 5)),
    WGI_GOOD("a vector", length_first, 1, W(6)),   WGI_GOOD("batch", length_last, 1, X3(2, 3, 4)),
    WGI_GOOD("no rows", length_last, 1, X2(0, 3)), WGI_GOOD("size 0", length_last, 1, X2(3, 0)),
};

static const wgi_sample length_bad[] = {
    WGI_BAD("axis", length_last, WG_ERR_RANGE,
            "l2_normalize: axis -1 is out of range for rank 0 (x)", 1, WGI_IN_0(WGI_NORMAL)),
    WGI_BAD("eps", length_eps, WG_ERR_ARGUMENT, "l2_normalize: eps must be above 0: 0", 1, W(4)),
    WGI_BAD("integers", length_last, WG_ERR_DTYPE, "l2_normalize: needs a floating dtype: i64 (x)",
            1, WGI_IN_TYPED(3, WG_I64, 4)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute group_attributes[] = {
    {.name = "groups", .kind = WGI_ATTR_INTEGER},
    {.name = "eps", .kind = WGI_ATTR_REAL, .range = "[0, inf)", .is_optional = true, .real = 1e-5},
};

static const wgi_attribute length_attributes[] = {
    {.name = "axis", .kind = WGI_ATTR_AXIS, .is_optional = true, .integer = 1},
    {.name = "eps", .kind = WGI_ATTR_REAL, .range = "(0, inf)", .is_optional = true, .real = 1e-12},
};

WGI_CALL(call_group, wg_group_norm(wgi_call_in(c, 0), wgi_call_integer(c, 0), wgi_call_in(c, 1),
                                   wgi_call_in(c, 2), wgi_call_real(c, 1)))
WGI_CALL(call_length, wg_l2_normalize(wgi_call_in(c, 0), wgi_call_int(c, 0), wgi_call_real(c, 1)))

const wgi_op wgi_op_group_norm = {
    WGI_FORM_OF("group_norm", 1, 3, "x", "weight", "bias"),
    .call = call_group,
    WGI_ATTRIBUTES(group_attributes),
    WGI_SAMPLES(group_samples, group_bad),
};

const wgi_op wgi_op_l2_normalize = {
    WGI_FORM_OF("l2_normalize", 1, 1, "x"),
    .call = call_length,
    WGI_ATTRIBUTES(length_attributes),
    WGI_SAMPLES(length_samples, length_bad),
};
