/* Steps of the gradient rules of the activations: derivatives of their derivatives.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Included by pointwise.c, of whose steps they are made. The first derivative of an activation is
 * an op of its own, quick and exact in the tails; that of the derivative is composed. */
#ifndef WG_OPS_ACTIVATION_RULES_H
#define WG_OPS_ACTIVATION_RULES_H

static wg_node one(wg_node x, uint16_t op)
{
    return wgi_record_one(x, op);
}

static wg_node one_with(wg_node x, wgi_number number, uint16_t op)
{
    return wgi_record_one_with(x, number, op);
}

/* y where x <= 0, and 0 above. */
static wg_node where_not_positive(wg_node x, wg_node y)
{
    const wg_node zero = wg_number(x.graph, wg_node_dtype(x), 0.0);
    return wg_where(wg_greater(x, zero), zero, y);
}

/* s (1 - s) (2 + x (1 - 2 s)). */
static wg_node silu_curvature(wg_node x)
{
    const wg_node s = wg_sigmoid(x);
    const wg_node d = wg_mul(s, one_minus(s));
    const wg_node turn = wg_mul(x, one_minus(wg_scale(s, 2.0)));
    return wg_add(wg_scale(d, 2.0), wg_mul(d, turn));
}

/* w (2 + x (1 - s - 2 t s)) with t = tanh(softplus(x)) and w = (1 - t^2) s. */
static wg_node mish_curvature(wg_node x)
{
    const wg_node t = wg_tanh(wg_softplus(x));
    const wg_node s = wg_sigmoid(x);
    const wg_node w = wg_mul(one_minus(wg_square(t)), s);
    const wg_node turn = wg_sub(one_minus(s), wg_scale(wg_mul(t, s), 2.0));
    return wg_add(wg_scale(w, 2.0), wg_mul(wg_mul(x, w), turn));
}

/* f (2 - x^2), f being the normal density. */
static wg_node gelu_curvature(wg_node x)
{
    const wg_node square = wg_square(x);
    const wg_node density = wg_scale(wg_exp(wg_scale(square, -0.5)), 0.39894228040143267794);
    return wg_sub(wg_scale(density, 2.0), wg_mul(density, square));
}

#define TANH_C 1.59576912160573071176
#define TANH_3CB (3.0 * 0.044715 * TANH_C)

/* y dv/dx, with v = c (x + b x^3). */
static wg_node times_tanh_slope(wg_node y, wg_node square)
{
    return wg_add(wg_scale(y, TANH_C), wg_scale(wg_mul(y, square), TANH_3CB));
}

/* y = x s(v): y'' = 2 q + x (q (1 - 2 s) v' + s (1 - s) v'') with q = s (1 - s) v'. */
static wg_node gelu_tanh_curvature(wg_node x)
{
    const wg_node square = wg_square(x);
    const wg_node cubic = wg_scale(wg_mul(x, square), TANH_3CB / 3.0);
    const wg_node s = wg_sigmoid(wg_add(wg_scale(x, TANH_C), cubic));
    const wg_node d = wg_mul(s, one_minus(s));
    const wg_node q = times_tanh_slope(d, square);
    const wg_node turn = times_tanh_slope(wg_mul(q, one_minus(wg_scale(s, 2.0))), square);
    const wg_node bend = wg_scale(wg_mul(d, x), 2.0 * TANH_3CB);
    return wg_add(wg_scale(q, 2.0), wg_mul(x, wg_add(turn, bend)));
}

/* -2 sign(x) / (1 + |x|)^3, of which y is 1 / (1 + |x|)^2 and sign(x) less softsign the rest. */
static wg_node softsign_curvature(wg_node x, wg_node y)
{
    const wg_node opposite = one_minus(wg_scale(wg_heaviside(x, 0.5), 2.0));
    return wg_scale(wg_mul(y, wg_add(opposite, wg_softsign(x))), 2.0);
}

#endif
