/* layer_norm and rms_norm: normalisation over the last axes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/call.h"
#include "ops/normalize.h"
#include "ops/samples.h"

#include <math.h>

extern const wgi_op wgi_op_layer_norm;
extern const wgi_op wgi_op_rms_norm;

/* Records the normalisation over the last n axes of x. */
static wg_node record(wgi_normalization *norm, int32_t n)
{
    wgi_view x;
    wg_node in[3];
    const wgi_draft draft = wgi_normalization_draft(norm, in);
    norm->attr.channel_axes = n;
    norm->attr.groups = 1;
    if (wgi_view_of(norm->x, &x)) {
        if (n < 1 || n > x.rank) {
            return wgi_refuse(&draft, WG_ERR_RANGE, NULL, "%d last axes of rank %d (x)", (int)n,
                              (int)x.rank);
        }
        norm->attr.batch_axes = x.rank - n;
    }
    return wgi_record_normalization(norm);
}

wg_node wg_layer_norm(wg_node x, int32_t n, wg_node weight, wg_node bias, double eps)
{
    wgi_normalization norm = {
        .form = &wgi_op_layer_norm, .x = x, .weight = weight, .bias = bias, .eps = eps};
    norm.attr.is_centered = true;
    return record(&norm, n);
}

wg_node wg_rms_norm(wg_node x, int32_t n, wg_node weight, double eps)
{
    wgi_normalization norm = {.form = &wgi_op_rms_norm, .x = x, .weight = weight, .eps = eps};
    return record(&norm, n);
}

/* ---- samples ------------------------------------------------------------------------------ */

#define X(i, j) WGI_IN_2(i, j, WGI_NORMAL)
#define W(i) WGI_IN_1(i, WGI_NORMAL)

static const wg_node none = {NULL, 0, 0};

WGI_BUILD(layer_plain, wg_layer_norm(in[0], 1, none, none, 1e-5))
WGI_BUILD(layer_weight, wg_layer_norm(in[0], 1, in[1], none, 1e-5))
WGI_BUILD(layer_bias, wg_layer_norm(in[0], 1, none, in[1], 1e-5))
WGI_BUILD(layer_both, wg_layer_norm(in[0], 1, in[1], in[2], 1e-5))
WGI_BUILD(layer_two, wg_layer_norm(in[0], 2, in[1], in[2], 0.1))
WGI_BUILD(layer_none, wg_layer_norm(in[0], 0, none, none, 1e-5))
WGI_BUILD(layer_three, wg_layer_norm(in[0], 3, none, none, 1e-5))
WGI_BUILD(layer_eps, wg_layer_norm(in[0], 1, none, none, -1.0))
WGI_BUILD(layer_nan, wg_layer_norm(in[0], 1, none, none, (double)NAN))
WGI_BUILD(layer_twice,
          wg_layer_norm(wg_layer_norm(in[0], 1, in[1], none, 1e-2), 2, none, none, 1e-2))

static const wgi_sample layer_samples[] = {
    WGI_GOOD("rows", layer_plain, 1, X(3, 5)),
    WGI_GOOD("a vector", layer_plain, 1, W(6)),
    WGI_GOOD("rows of a batch", layer_plain, 1, WGI_IN_3(2, 3, 4, WGI_NORMAL)),
    WGI_GOOD("weight", layer_weight, 2, X(3, 5), W(5)),
    WGI_GOOD("bias", layer_bias, 2, X(3, 5), W(5)),
    WGI_GOOD("weight and bias", layer_both, 3, X(3, 5), W(5), W(5)),
    WGI_GOOD("batch", layer_both, 3, WGI_IN_3(2, 3, 4, WGI_NORMAL), W(4), W(4)),
    WGI_GOOD("two axes", layer_two, 3, WGI_IN_3(2, 3, 4, WGI_NORMAL), X(3, 4), X(3, 4)),
    WGI_GOOD("weight is bias", layer_both, 3, X(3, 5), W(5), WGI_IN_SAME_1(5, WGI_NORMAL, 1)),
    WGI_GOOD("twice", layer_twice, 2, X(2, 4), W(4)),
    WGI_GOOD("constant rows", layer_both, 3, WGI_IN_2(2, 3, WGI_ZEROS), W(3), W(3)),
    WGI_GOOD("size 1", layer_both, 3, X(2, 1), W(1), W(1)),
    WGI_GOOD("no rows", layer_both, 3, X(0, 3), W(3), W(3)),
    WGI_GOOD("size 0", layer_both, 3, X(3, 0), W(0), W(0)),
};

static const wgi_sample layer_bad[] = {
    WGI_BAD("no axes", layer_none, WG_ERR_RANGE, "layer_norm: 0 last axes of rank 2 (x)", 1,
            X(3, 4)),
    WGI_BAD("too many", layer_three, WG_ERR_RANGE, "layer_norm: 3 last axes of rank 2 (x)", 1,
            X(3, 4)),
    WGI_BAD("eps", layer_eps, WG_ERR_ARGUMENT, "layer_norm: eps must not be below 0: -1", 1,
            X(3, 4)),
    WGI_BAD("eps is NaN", layer_nan, WG_ERR_ARGUMENT, "layer_norm: eps must not be below 0: nan", 1,
            X(3, 4)),
    WGI_BAD("weight", layer_weight, WG_ERR_SHAPE, "layer_norm: needs f32 [4]: f32 [3] (weight)", 2,
            {.rank = 2, .dims = {3, 4}, .dtype = WG_F32},
            {.rank = 1, .dims = {3}, .dtype = WG_F32}),
    WGI_BAD("bias", layer_both, WG_ERR_DTYPE, "layer_norm: needs f32 [4]: f64 [4] (bias)", 3,
            {.rank = 2, .dims = {3, 4}, .dtype = WG_F32}, {.rank = 1, .dims = {4}, .dtype = WG_F32},
            {.rank = 1, .dims = {4}, .dtype = WG_F64}),
    WGI_BAD("integers", layer_plain, WG_ERR_DTYPE, "layer_norm: needs a floating dtype: i64 (x)", 1,
            WGI_IN_TYPED(3, WG_I64, 4)),
};

WGI_BUILD(rms_plain, wg_rms_norm(in[0], 1, none, 1e-5))
WGI_BUILD(rms_weight, wg_rms_norm(in[0], 1, in[1], 1e-5))
/* With a small eps the gradient of one element is what a cancellation leaves. */
WGI_BUILD(rms_one, wg_rms_norm(in[0], 1, in[1], 0.1))
WGI_BUILD(rms_two, wg_rms_norm(in[0], 2, in[1], 0.1))
WGI_BUILD(rms_none, wg_rms_norm(in[0], 0, none, 1e-5))
WGI_BUILD(rms_eps, wg_rms_norm(in[0], 1, none, -1.0))

static const wgi_sample rms_samples[] = {
    WGI_GOOD("rows", rms_plain, 1, X(3, 5)),
    WGI_GOOD("a vector", rms_plain, 1, W(6)),
    WGI_GOOD("rows of a batch", rms_plain, 1, WGI_IN_3(2, 3, 4, WGI_NORMAL)),
    WGI_GOOD("weight", rms_weight, 2, X(3, 5), W(5)),
    WGI_GOOD("two axes", rms_two, 2, WGI_IN_3(2, 3, 4, WGI_NORMAL), X(3, 4)),
    WGI_GOOD("x is weight", rms_weight, 2, W(5), WGI_IN_SAME_1(5, WGI_NORMAL, 0)),
    WGI_GOOD("rows of 0", rms_weight, 2, WGI_IN_2(2, 3, WGI_ZEROS), W(3)),
    WGI_GOOD("size 1", rms_one, 2, WGI_IN_2(2, 1, WGI_NONZERO), W(1)),
    WGI_GOOD("no rows", rms_weight, 2, X(0, 3), W(3)),
    WGI_GOOD("size 0", rms_weight, 2, X(3, 0), W(0)),
};

static const wgi_sample rms_bad[] = {
    WGI_BAD("no axes", rms_none, WG_ERR_RANGE, "rms_norm: 0 last axes of rank 2 (x)", 1, X(3, 4)),
    WGI_BAD("eps", rms_eps, WG_ERR_ARGUMENT, "rms_norm: eps must not be below 0: -1", 1, X(3, 4)),
    WGI_BAD("weight", rms_weight, WG_ERR_SHAPE, "rms_norm: needs f32 [4]: f32 [3] (weight)", 2,
            {.rank = 2, .dims = {3, 4}, .dtype = WG_F32},
            {.rank = 1, .dims = {3}, .dtype = WG_F32}),
    WGI_BAD("integers", rms_plain, WG_ERR_DTYPE, "rms_norm: needs a floating dtype: i64 (x)", 1,
            WGI_IN_TYPED(3, WG_I64, 4)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute attributes[] = {
    {.name = "n", .kind = WGI_ATTR_INTEGER, .is_optional = true, .integer = 1},
    {.name = "eps", .kind = WGI_ATTR_REAL, .range = "[0, inf)", .is_optional = true, .real = 1e-5},
};

WGI_CALL(call_layer, wg_layer_norm(wgi_call_in(c, 0), wgi_call_int(c, 0), wgi_call_in(c, 1),
                                   wgi_call_in(c, 2), wgi_call_real(c, 1)))
WGI_CALL(call_rms,
         wg_rms_norm(wgi_call_in(c, 0), wgi_call_int(c, 0), wgi_call_in(c, 1), wgi_call_real(c, 1)))

const wgi_op wgi_op_layer_norm = {
    WGI_FORM_OF("layer_norm", 1, 3, "x", "weight", "bias"),
    .call = call_layer,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(layer_samples, layer_bad),
};

const wgi_op wgi_op_rms_norm = {
    WGI_FORM_OF("rms_norm", 1, 2, "x", "weight"),
    .call = call_rms,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(rms_samples, rms_bad),
};
