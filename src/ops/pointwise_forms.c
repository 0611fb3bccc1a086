/* Pointwise functions recorded as other pointwise ops, which run as one group.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: what is recorded depends on no number but the exponent of pow_number, which is looked
 * at once, when it is given. */
#include "ops/call.h"
#include "ops/samples.h"
#include "ops/support.h"

#include <math.h>

extern const wgi_op wgi_op_clamp;
extern const wgi_op wgi_op_pow_number;
extern const wgi_op wgi_op_lerp;
extern const wgi_op wgi_op_masked_fill;

/* ---- clamp -------------------------------------------------------------------------------- */

wg_node wg_clamp(wg_node x, double min, double max)
{
    const wgi_draft draft = WGI_FORM_DRAFT(clamp, x);
    wg_graph *g = wgi_form_begin(&draft);
    return wgi_form_end(g, &draft, wg_clamp_max(wg_clamp_min(x, min), max));
}

WGI_BUILD(clamp_half, wg_clamp(in[0], -0.5, 0.5))
WGI_BUILD(clamp_below, wg_clamp(in[0], -(double)INFINITY, 0.25))
WGI_BUILD(clamp_crossed, wg_clamp(in[0], 0.5, -0.5))
WGI_BUILD(clamp_at_bound, wg_clamp(in[0], 0.0, 1.0))

static const wgi_sample clamp_samples[] = {
    WGI_GOOD("matrix", clamp_half, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("from above alone", clamp_below, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("bounds crossed", clamp_crossed, 1, WGI_IN_1(5, WGI_NORMAL)),
    WGI_GOOD("rank 0", clamp_half, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("size 1", clamp_half, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("size 0", clamp_half, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
    WGI_KINK("at a bound", clamp_at_bound, 1, WGI_IN_1(3, WGI_ZEROS)),
};

static const wgi_sample clamp_bad[] = {
    WGI_BAD("dtype", clamp_half, WG_ERR_DTYPE, "clamp: needs a floating dtype: i64 (x)", 1,
            WGI_IN_TYPED(3, WG_I64, 4)),
};

static const wgi_attribute clamp_attributes[] = {
    {.name = "min", .kind = WGI_ATTR_REAL, .is_optional = true, .real = -(double)INFINITY},
    {.name = "max", .kind = WGI_ATTR_REAL, .is_optional = true, .real = (double)INFINITY},
};

WGI_CALL(call_clamp, wg_clamp(wgi_call_in(c, 0), wgi_call_real(c, 0), wgi_call_real(c, 1)))

const wgi_op wgi_op_clamp = {
    WGI_FORM_OF("clamp", 1, 1, "x"),
    .call = call_clamp,
    WGI_ATTRIBUTES(clamp_attributes),
    WGI_SAMPLES(clamp_samples, clamp_bad),
};

/* ---- pow_number --------------------------------------------------------------------------- */

static wg_node power(wg_node x, double exponent)
{
    if (exponent == 2.0) {
        return wg_square(x);
    }
    if (exponent == 0.5) {
        return wg_sqrt(x);
    }
    if (exponent == -0.5) {
        return wg_rsqrt(x);
    }
    if (exponent == -1.0) {
        return wg_reciprocal(x);
    }
    return wgi_record_one_given(x, exponent, WGI_OP_power);
}

wg_node wg_pow_number(wg_node x, double exponent)
{
    const wgi_draft draft = WGI_FORM_DRAFT(pow_number, x);
    wg_graph *g = wgi_form_begin(&draft);
    return wgi_form_end(g, &draft, power(x, exponent));
}

WGI_BUILD(power_of_0, wg_pow_number(in[0], 0.0))
WGI_BUILD(power_of_1, wg_pow_number(in[0], 1.0))
WGI_BUILD(power_of_2, wg_pow_number(in[0], 2.0))
WGI_BUILD(power_of_3, wg_pow_number(in[0], 3.0))
WGI_BUILD(power_of_half, wg_pow_number(in[0], 0.5))
WGI_BUILD(power_of_minus_half, wg_pow_number(in[0], -0.5))
WGI_BUILD(power_of_minus_1, wg_pow_number(in[0], -1.0))
WGI_BUILD(power_of_1_7, wg_pow_number(in[0], 1.7))

static const wgi_sample pow_number_samples[] = {
    WGI_GOOD("1.7", power_of_1_7, 1, WGI_IN_2(3, 4, WGI_POSITIVE)),
    WGI_GOOD("0", power_of_0, 1, WGI_IN_2(3, 4, WGI_NONZERO)),
    WGI_GOOD("1", power_of_1, 1, WGI_IN_2(3, 4, WGI_NONZERO)),
    WGI_GOOD("2", power_of_2, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("3, of negative numbers too", power_of_3, 1, WGI_IN_2(3, 4, WGI_NONZERO)),
    WGI_GOOD("1/2", power_of_half, 1, WGI_IN_2(3, 4, WGI_POSITIVE)),
    WGI_GOOD("-1/2", power_of_minus_half, 1, WGI_IN_2(3, 4, WGI_POSITIVE)),
    WGI_GOOD("-1", power_of_minus_1, 1, WGI_IN_2(3, 4, WGI_NONZERO)),
    WGI_GOOD("rank 0", power_of_1_7, 1, WGI_IN_0(WGI_POSITIVE)),
    WGI_GOOD("size 1", power_of_1_7, 1, WGI_IN_1(1, WGI_POSITIVE)),
    WGI_GOOD("size 0", power_of_1_7, 1, WGI_IN_2(0, 3, WGI_POSITIVE)),
    WGI_KINK("at 0", power_of_1_7, 1, WGI_IN_1(3, WGI_ZEROS)),
};

static const wgi_sample pow_number_bad[] = {
    WGI_BAD("dtype", power_of_1_7, WG_ERR_DTYPE, "pow_number: needs a floating dtype: i64 (x)", 1,
            WGI_IN_TYPED(3, WG_I64, 4)),
};

static const wgi_attribute pow_number_attributes[] = {
    {.name = "exponent", .kind = WGI_ATTR_REAL},
};

WGI_CALL(call_pow_number, wg_pow_number(wgi_call_in(c, 0), wgi_call_real(c, 0)))

const wgi_op wgi_op_pow_number = {
    WGI_FORM_OF("pow_number", 1, 1, "x"),
    .call = call_pow_number,
    WGI_ATTRIBUTES(pow_number_attributes),
    WGI_SAMPLES(pow_number_samples, pow_number_bad),
};

/* ---- lerp --------------------------------------------------------------------------------- */

/* From the nearer end, so that both ends are met exactly. */
static wg_node lerp(wg_node a, wg_node b, wg_node weight)
{
    const wg_node back = wg_sub(a, b);
    const wg_node part = wg_mul(back, weight);
    if (!wg_is_valid(part)) {
        return part;
    }
    const wg_node half = wg_number(a.graph, wg_node_dtype(weight), 0.5);
    const wg_node one = wg_number(a.graph, wg_node_dtype(weight), 1.0);
    const wg_node from_b = wg_add(b, wg_mul(back, wg_sub(one, weight)));
    return wg_where(wg_less(weight, half), wg_sub(a, part), from_b);
}

wg_node wg_lerp(wg_node a, wg_node b, wg_node weight)
{
    const wg_node in[] = {a, b, weight};
    const wgi_draft draft = {.form = &wgi_op_lerp, .n_in = 3, .in = in};
    wg_graph *g = wgi_form_begin(&draft);
    return wgi_form_end(g, &draft, lerp(a, b, weight));
}

WGI_BUILD(lerp_given, wg_lerp(in[0], in[1], in[2]))
WGI_BUILD(lerp_quarter, wg_lerp(in[0], in[1], wg_number(g, dtype, 0.25)))

static const wgi_sample lerp_samples[] = {
    WGI_GOOD("same shape", lerp_given, 3, WGI_IN_2(2, 3, WGI_NORMAL), WGI_IN_2(2, 3, WGI_NORMAL),
             WGI_IN_2(2, 3, WGI_UNIT)),
    WGI_GOOD("broadcast", lerp_given, 3, WGI_IN_2(2, 1, WGI_NORMAL), WGI_IN_1(3, WGI_NORMAL),
             WGI_IN_3(4, 1, 1, WGI_UNIT)),
    WGI_GOOD("beyond the ends", lerp_given, 3, WGI_IN_1(5, WGI_NORMAL), WGI_IN_1(5, WGI_NORMAL),
             WGI_IN_1(5, WGI_NORMAL)),
    WGI_GOOD("a number", lerp_quarter, 2, WGI_IN_1(4, WGI_NORMAL), WGI_IN_1(4, WGI_NORMAL)),
    WGI_GOOD("rank 0", lerp_given, 3, WGI_IN_0(WGI_NORMAL), WGI_IN_0(WGI_NORMAL),
             WGI_IN_0(WGI_UNIT)),
    WGI_GOOD("size 1", lerp_given, 3, WGI_IN_1(1, WGI_NORMAL), WGI_IN_1(1, WGI_NORMAL),
             WGI_IN_1(1, WGI_UNIT)),
    WGI_GOOD("size 0", lerp_given, 3, WGI_IN_2(0, 3, WGI_NORMAL), WGI_IN_1(3, WGI_NORMAL),
             WGI_IN_0(WGI_UNIT)),
    WGI_GOOD("aliased", lerp_given, 3, WGI_IN_1(4, WGI_UNIT), WGI_IN_1(4, WGI_NORMAL),
             WGI_IN_SAME_1(4, WGI_UNIT, 0)),
};

static const wgi_sample lerp_bad[] = {
    WGI_BAD("shape", lerp_given, WG_ERR_SHAPE,
            "lerp: shapes do not broadcast: 3 (a, axis 1) vs 4 (b, axis 0)", 3,
            WGI_IN_2(2, 3, WGI_NORMAL), WGI_IN_1(4, WGI_NORMAL), WGI_IN_0(WGI_UNIT)),
    WGI_BAD("bool", lerp_given, WG_ERR_DTYPE, "lerp: needs a floating or i64 dtype: bool (a)", 3,
            WGI_IN_TYPED(3, WG_BOOL, 2), WGI_IN_TYPED(3, WG_BOOL, 2), WGI_IN_0(WGI_UNIT)),
};

WGI_CALL(call_lerp, wg_lerp(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_in(c, 2)))

const wgi_op wgi_op_lerp = {
    WGI_FORM_OF("lerp", 3, 3, "a", "b", "weight"),
    .call = call_lerp,
    WGI_SAMPLES(lerp_samples, lerp_bad),
};

/* ---- masked_fill -------------------------------------------------------------------------- */

wg_node wg_masked_fill(wg_node x, wg_node mask, double value)
{
    const wg_node in[] = {x, mask};
    const wgi_draft draft = {.form = &wgi_op_masked_fill, .n_in = 2, .in = in};
    wgi_view m;
    if (!wg_is_valid(x) || !wgi_view_of(mask, &m) || mask.graph != x.graph) {
        return wgi_record(&draft);
    }
    if (m.dtype != WG_BOOL) {
        return wgi_refuse(&draft, WG_ERR_DTYPE, "true where an element is to be filled",
                          "needs a bool: %s (mask)", wg_dtype_name((wg_dtype)m.dtype));
    }
    wg_graph *g = wgi_form_begin(&draft);
    return wgi_form_end(g, &draft, wg_where(mask, wg_number(g, wg_node_dtype(x), value), x));
}

WGI_BUILD(filled, wg_masked_fill(in[0], in[1], -1.5))
WGI_BUILD(filled_where_negative,
          wg_masked_fill(in[0], wg_less(in[0], wg_number(g, dtype, 0.0)), -(double)INFINITY))

static const wgi_sample masked_fill_samples[] = {
    WGI_GOOD("vector", filled, 2, WGI_IN_1(5, WGI_NORMAL), WGI_IN_TYPED(5, WG_BOOL, 2)),
    WGI_GOOD("a mask for all rows", filled, 2, WGI_IN_2(2, 5, WGI_NORMAL),
             WGI_IN_TYPED(5, WG_BOOL, 2)),
    WGI_GOOD("rank 0", filled, 2, WGI_IN_0(WGI_NORMAL), WGI_IN_TYPED(1, WG_BOOL, 2)),
    WGI_GOOD("of itself", filled_where_negative, 1, WGI_IN_1(1, WGI_POSITIVE)),
    WGI_GOOD("size 0", filled, 2, WGI_IN_2(0, 5, WGI_NORMAL), WGI_IN_TYPED(5, WG_BOOL, 2)),
    WGI_GOOD("i64", filled, 2, WGI_IN_TYPED(5, WG_I64, 9), WGI_IN_TYPED(5, WG_BOOL, 2)),
};

static const wgi_sample masked_fill_bad[] = {
    WGI_BAD("mask", filled, WG_ERR_DTYPE, "masked_fill: needs a bool: i64 (mask)", 2,
            WGI_IN_1(3, WGI_NORMAL), WGI_IN_TYPED(3, WG_I64, 2)),
};

static const wgi_attribute masked_fill_attributes[] = {
    {.name = "value", .kind = WGI_ATTR_REAL},
};

WGI_CALL(call_masked_fill,
         wg_masked_fill(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_real(c, 0)))

const wgi_op wgi_op_masked_fill = {
    WGI_FORM_OF("masked_fill", 2, 2, "x", "mask"),
    .call = call_masked_fill,
    WGI_ATTRIBUTES(masked_fill_attributes),
    WGI_SAMPLES(masked_fill_samples, masked_fill_bad),
};
