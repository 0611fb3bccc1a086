/* prelu, hardtanh, glu, masked_softmax: activations made of other ops.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: an error that the ops would not find, or would tell in terms of shapes that the caller
 * never gave, is told here, in the name of the form. */
#include "ops/call.h"
#include "ops/samples.h"
#include "ops/support.h"

#include <math.h>

extern const wgi_op wgi_op_glu;
extern const wgi_op wgi_op_hardtanh;
extern const wgi_op wgi_op_masked_softmax;
extern const wgi_op wgi_op_prelu;

/* ---- prelu -------------------------------------------------------------------------------- */

/* Slopes [c] as [c, 1, ...], so that they meet axis 1 of x. False where they do not: *weight is
 * then the node to return. */
static bool take_slopes(wg_node x, wg_node *weight)
{
    const wg_node in[] = {x, *weight};
    const wgi_draft draft = {.form = &wgi_op_prelu, .n_in = 2, .in = in};
    wgi_view a;
    wgi_view w;
    int64_t dims[WG_MAX_RANK] = {0};
    if (!wgi_view_of(x, &a) || !wgi_view_of(*weight, &w) || weight->graph != x.graph) {
        *weight = wgi_record(&draft);
        return false;
    }
    if (w.rank > 1) {
        *weight =
            wgi_refuse(&draft, WG_ERR_SHAPE, NULL, "needs rank 0 or 1: %d (weight)", (int)w.rank);
        return false;
    }
    if (w.count == 1) {
        *weight = w.rank == 0 ? *weight : wg_reshape(*weight, 0, NULL);
        return true;
    }
    if (a.rank < 2 || a.dims[1] != w.count) {
        *weight = wgi_refuse(&draft, WG_ERR_SHAPE, "one slope, or one for each channel",
                             "%lld slopes (weight) for %lld channels (x, axis 1)",
                             (long long)w.count, a.rank < 2 ? 1LL : (long long)a.dims[1]);
        return false;
    }
    dims[0] = w.count;
    for (int32_t i = 1; i < a.rank - 1; i++) {
        dims[i] = 1;
    }
    *weight = wg_reshape(*weight, a.rank - 1, dims);
    return true;
}

wg_node wg_prelu(wg_node x, wg_node weight)
{
    if (!take_slopes(x, &weight)) {
        return weight;
    }
    const wg_node below = wg_mul(x, weight);
    const wg_node zero = wg_number(x.graph, wg_node_dtype(x), 0.0);
    return wg_where(wg_greater(x, zero), x, below);
}

/* ---- hardtanh ----------------------------------------------------------------------------- */

wg_node wg_hardtanh(wg_node x, double min_val, double max_val)
{
    const wgi_draft draft = {.form = &wgi_op_hardtanh, .n_in = 1, .in = &x};
    if (!(min_val <= max_val)) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL, "[%g, %g] is no interval", min_val,
                          max_val);
    }
    wg_graph *g = wgi_form_begin(&draft);
    const wg_node y = wgi_record_one_given(x, min_val, WGI_OP_at_least);
    return wgi_form_end(g, &draft, wgi_record_one_given(y, max_val, WGI_OP_at_most));
}

/* ---- glu ---------------------------------------------------------------------------------- */

wg_node wg_glu(wg_node x, int32_t axis)
{
    const wgi_draft draft = {.form = &wgi_op_glu, .n_in = 1, .in = &x};
    wgi_view view;
    int64_t place = 0;
    wg_node failed;
    if (!wgi_take_axis(&draft, x, axis, &place, &failed) || !wgi_view_of(x, &view)) {
        return failed;
    }
    if (view.dims[place] % 2 != 0) {
        return wgi_refuse(&draft, WG_ERR_SHAPE, NULL, "needs two halves: %lld (x, axis %d)",
                          (long long)view.dims[place], (int)place);
    }
    const int64_t half = view.dims[place] / 2;
    const wg_node gates = wg_sigmoid(wg_narrow(x, axis, half, half));
    return wg_mul(wg_narrow(x, axis, 0, half), gates);
}

/* ---- masked_softmax ----------------------------------------------------------------------- */

/* Whether a row has an element that is not masked; broadcasts to x. The mask itself where it is the
 * same along the axis. */
static wg_node has_any(wg_node x, wg_node mask, int64_t place)
{
    wgi_view a;
    wgi_view m;
    if (!wgi_view_of(x, &a) || !wgi_view_of(mask, &m)) {
        return mask;
    }
    const int32_t axis = (int32_t)place - (a.rank - m.rank);
    if (axis < 0 || m.dims[axis] == 1) {
        return mask;
    }
    const wg_dtype dtype = wg_node_dtype(x);
    const wg_node count = wg_sum(wg_cast(mask, dtype), &axis, 1, true);
    return wg_greater(count, wg_number(x.graph, dtype, 0.0));
}

/* The mask is a bool that broadcasts to x and adds no shape of its own. */
static bool check_mask(const wgi_draft *draft, wg_node *failed)
{
    wgi_view x;
    wgi_view m;
    if (!wgi_view_of(draft->in[0], &x) || !wgi_view_of(draft->in[1], &m) ||
        draft->in[0].graph != draft->in[1].graph) {
        *failed = wgi_record(draft);
        return false;
    }
    if (m.dtype != WG_BOOL) {
        *failed = wgi_refuse(draft, WG_ERR_DTYPE, "true where an element counts",
                             "needs a bool: %s (mask)", wg_dtype_name((wg_dtype)m.dtype));
        return false;
    }
    bool is_inside = m.rank <= x.rank;
    for (int32_t i = 0; is_inside && i < m.rank; i++) {
        is_inside = m.dims[i] == 1 || m.dims[i] == x.dims[x.rank - m.rank + i];
    }
    if (!is_inside) {
        char text_m[WGI_SHAPE_TEXT];
        char text_x[WGI_SHAPE_TEXT];
        *failed = wgi_refuse(draft, WG_ERR_SHAPE, NULL, "%s (mask) does not broadcast to %s (x)",
                             wgi_shape_text(m.rank, m.dims, text_m, sizeof(text_m)),
                             wgi_shape_text(x.rank, x.dims, text_x, sizeof(text_x)));
    }
    return is_inside;
}

/* Rows without an element are softmaxes of zeros first, so that no NaN is ever made of them. */
wg_node wg_masked_softmax(wg_node x, wg_node mask, int32_t axis)
{
    const wg_node in[] = {x, mask};
    const wgi_draft draft = {.form = &wgi_op_masked_softmax, .n_in = 2, .in = in};
    int64_t place = 0;
    wg_node failed;
    if (!check_mask(&draft, &failed)) {
        return failed;
    }
    if (!wgi_is_floating((int)wg_node_dtype(x))) {
        return wgi_refuse(&draft, WG_ERR_DTYPE, "wg_cast it to f32 or f64",
                          "needs a floating dtype: %s (x)", wg_dtype_name(wg_node_dtype(x)));
    }
    if (!wgi_take_axis(&draft, x, axis, &place, &failed)) {
        return failed;
    }
    const wg_dtype dtype = wg_node_dtype(x);
    const wg_node zero = wg_number(x.graph, dtype, 0.0);
    const wg_node least = wg_number(x.graph, dtype, -(double)INFINITY);
    const wg_node filling = wg_where(has_any(x, mask, place), least, zero);
    const wg_node y = wg_softmax(wg_where(mask, x, filling), (int32_t)place);
    return wg_where(mask, y, zero);
}

/* ---- rows --------------------------------------------------------------------------------- */

WGI_BUILD(build_prelu, wg_prelu(in[0], in[1]))

static const wgi_sample samples_prelu[] = {
    WGI_GOOD("channels", build_prelu, 2, WGI_IN_2(3, 4, WGI_NONZERO), WGI_IN_1(4, WGI_UNIT)),
    WGI_GOOD("images", build_prelu, 2, WGI_IN_4(2, 3, 2, 2, WGI_NONZERO), WGI_IN_1(3, WGI_UNIT)),
    WGI_GOOD("one slope", build_prelu, 2, WGI_IN_3(2, 3, 2, WGI_NONZERO), WGI_IN_1(1, WGI_UNIT)),
    WGI_GOOD("vector", build_prelu, 2, WGI_IN_1(5, WGI_NONZERO), WGI_IN_0(WGI_UNIT)),
    WGI_GOOD("rank 0", build_prelu, 2, WGI_IN_0(WGI_NONZERO), WGI_IN_0(WGI_UNIT)),
    WGI_GOOD("size 0", build_prelu, 2, WGI_IN_3(0, 3, 2, WGI_NONZERO), WGI_IN_1(3, WGI_UNIT)),
    WGI_KINK("at 0", build_prelu, 2, WGI_IN_2(2, 3, WGI_ZEROS), WGI_IN_1(3, WGI_UNIT)),
};

static const wgi_sample bad_prelu[] = {
    WGI_BAD("channels", build_prelu, WG_ERR_SHAPE,
            "prelu: 3 slopes (weight) for 4 channels (x, axis 1)", 2, WGI_IN_2(3, 4, WGI_NORMAL),
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("vector", build_prelu, WG_ERR_SHAPE,
            "prelu: 3 slopes (weight) for 1 channels (x, axis 1)", 2, WGI_IN_1(3, WGI_NORMAL),
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("rank", build_prelu, WG_ERR_SHAPE, "prelu: needs rank 0 or 1: 2 (weight)", 2,
            WGI_IN_2(3, 4, WGI_NORMAL), WGI_IN_2(1, 4, WGI_NORMAL)),
};

WGI_CALL(call_prelu, wg_prelu(wgi_call_in(c, 0), wgi_call_in(c, 1)))

const wgi_op wgi_op_prelu = {
    WGI_FORM_OF("prelu", 2, 2, "x", "weight"),
    .call = call_prelu,
    WGI_SAMPLES(samples_prelu, bad_prelu),
};

WGI_BUILD(build_hardtanh, wg_hardtanh(in[0], -1.0, 1.5))
WGI_BUILD(build_reversed, wg_hardtanh(in[0], 1.0, -1.0))

static const wgi_sample samples_hardtanh[] = {
    WGI_GOOD("matrix", build_hardtanh, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("rank 0", build_hardtanh, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("size 1", build_hardtanh, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("size 0", build_hardtanh, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
};

static const wgi_sample bad_hardtanh[] = {
    WGI_BAD("reversed", build_reversed, WG_ERR_ARGUMENT, "hardtanh: [1, -1] is no interval", 1,
            WGI_IN_1(3, WGI_NORMAL)),
};

static const wgi_attribute attributes_hardtanh[] = {
    {.name = "min_val", .kind = WGI_ATTR_REAL, .is_optional = true, .real = -1.0},
    {.name = "max_val", .kind = WGI_ATTR_REAL, .is_optional = true, .real = 1.0},
};

WGI_CALL(call_hardtanh, wg_hardtanh(wgi_call_in(c, 0), wgi_call_real(c, 0), wgi_call_real(c, 1)))

const wgi_op wgi_op_hardtanh = {
    WGI_FORM_OF("hardtanh", 1, 1, "x"),
    .call = call_hardtanh,
    WGI_ATTRIBUTES(attributes_hardtanh),
    WGI_SAMPLES(samples_hardtanh, bad_hardtanh),
};

WGI_BUILD(build_glu, wg_glu(in[0], -1))
WGI_BUILD(build_glu_first, wg_glu(in[0], 0))
WGI_BUILD(build_glu_middle, wg_glu(in[0], 1))

static const wgi_sample samples_glu[] = {
    WGI_GOOD("rows", build_glu, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("first axis", build_glu_first, 1, WGI_IN_3(2, 3, 2, WGI_NORMAL)),
    WGI_GOOD("middle axis", build_glu_middle, 1, WGI_IN_3(2, 6, 3, WGI_NORMAL)),
    WGI_GOOD("vector", build_glu, 1, WGI_IN_1(2, WGI_NORMAL)),
    WGI_GOOD("size 0", build_glu, 1, WGI_IN_2(3, 0, WGI_NORMAL)),
    WGI_GOOD("no rows", build_glu, 1, WGI_IN_2(0, 4, WGI_NORMAL)),
};

static const wgi_sample bad_glu[] = {
    WGI_BAD("odd", build_glu, WG_ERR_SHAPE, "glu: needs two halves: 3 (x, axis 1)", 1,
            WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_BAD("axis", build_glu_middle, WG_ERR_RANGE, "glu: axis 1 is out of range for rank 1 (x)", 1,
            WGI_IN_1(4, WGI_NORMAL)),
};

static const wgi_attribute attributes_axis[] = {
    {.name = "axis", .kind = WGI_ATTR_AXIS, .is_optional = true, .integer = -1},
};

WGI_CALL(call_glu, wg_glu(wgi_call_in(c, 0), wgi_call_int(c, 0)))

const wgi_op wgi_op_glu = {
    WGI_FORM_OF("glu", 1, 1, "x"),
    .call = call_glu,
    WGI_ATTRIBUTES(attributes_axis),
    WGI_SAMPLES(samples_glu, bad_glu),
};

WGI_BUILD(build_masked, wg_masked_softmax(in[0], in[1], -1))
WGI_BUILD(build_masked_first, wg_masked_softmax(in[0], in[1], 0))

#define BOOLS(of_rank, ...)                                                                        \
    {                                                                                              \
        .rank = (of_rank), .dims = {__VA_ARGS__}, .fill = WGI_BOOLS, .dtype = WG_BOOL              \
    }
#define NO_BOOLS(of_rank, ...)                                                                     \
    {                                                                                              \
        .rank = (of_rank), .dims = {__VA_ARGS__}, .fill = WGI_ZEROS, .dtype = WG_BOOL              \
    }

static const wgi_sample samples_masked[] = {
    WGI_GOOD("rows", build_masked, 2, WGI_IN_2(3, 5, WGI_NORMAL), BOOLS(2, 3, 5)),
    WGI_GOOD("one mask", build_masked, 2, WGI_IN_3(2, 3, 4, WGI_NORMAL), BOOLS(1, 4)),
    WGI_GOOD("columns", build_masked_first, 2, WGI_IN_2(4, 3, WGI_NORMAL), BOOLS(2, 4, 3)),
    WGI_GOOD("whole rows", build_masked, 2, WGI_IN_2(6, 3, WGI_NORMAL), BOOLS(2, 6, 1)),
    WGI_GOOD("mask without the axis", build_masked_first, 2, WGI_IN_2(3, 4, WGI_NORMAL),
             BOOLS(1, 4)),
    WGI_GOOD("nothing left", build_masked, 2, WGI_IN_2(2, 3, WGI_NORMAL), NO_BOOLS(1, 3)),
    WGI_GOOD("size 1", build_masked, 2, WGI_IN_2(2, 1, WGI_NORMAL), BOOLS(2, 2, 1)),
    WGI_GOOD("size 0", build_masked, 2, WGI_IN_2(2, 0, WGI_NORMAL), BOOLS(2, 2, 0)),
};

static const wgi_sample bad_masked[] = {
    WGI_BAD("mask dtype", build_masked, WG_ERR_DTYPE, "masked_softmax: needs a bool: i64 (mask)", 2,
            WGI_IN_2(2, 3, WGI_NORMAL), WGI_IN_TYPED(3, WG_I64, 2)),
    WGI_BAD("mask shape", build_masked, WG_ERR_SHAPE,
            "masked_softmax: [2] (mask) does not broadcast to [2, 3] (x)", 2,
            WGI_IN_2(2, 3, WGI_NORMAL), BOOLS(1, 2)),
    WGI_BAD("mask rank", build_masked, WG_ERR_SHAPE,
            "masked_softmax: [2, 3] (mask) does not broadcast to [3] (x)", 2,
            WGI_IN_1(3, WGI_NORMAL), BOOLS(2, 2, 3)),
    WGI_BAD("rank 0", build_masked, WG_ERR_RANGE,
            "masked_softmax: axis -1 is out of range for rank 0 (x)", 2, WGI_IN_0(WGI_NORMAL),
            BOOLS(0, 0)),
    WGI_BAD("integers", build_masked, WG_ERR_DTYPE,
            "masked_softmax: needs a floating dtype: i64 (x)", 2, WGI_IN_TYPED(3, WG_I64, 4),
            BOOLS(1, 3)),
};

WGI_CALL(call_masked, wg_masked_softmax(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_int(c, 0)))

const wgi_op wgi_op_masked_softmax = {
    WGI_FORM_OF("masked_softmax", 2, 2, "x", "mask"),
    .call = call_masked,
    WGI_ATTRIBUTES(attributes_axis),
    WGI_SAMPLES(samples_masked, bad_masked),
};
