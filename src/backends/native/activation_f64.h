/* Activations of f64 for the hot files; math_f32.h says what holds for all.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: below 0 a result is a product with e^x (or e^v), which is scaled last, so that
 * denormal ones are rounded once. */
#ifndef WG_NATIVE_ACTIVATION_F64_H
#define WG_NATIVE_ACTIVATION_F64_H

#include "backends/native/special_f64.h"

/* x where it lies in [-size, size], else the nearer end; NaN stays. */
WGI_INLINE double within_f64(double x, double size)
{
    x = x < -size ? -size : x;
    return x > size ? size : x;
}

/* s(x) (1 + x s(-x)), s being the sigmoid. */
WGI_INLINE double silu_slope_f64(double x)
{
    const double inside = within_f64(x, 760.0);
    const power_f64 power = power_of_e_f64(-fabs(inside));
    const double e = scale_by_f64(power.mantissa, power.shifted);
    const double sum = 1.0 + e;
    const double other = (inside < 0.0 ? 1.0 : e) / sum;
    const double y = (inside < 0.0 ? power.mantissa : 1.0) / sum * mad_f64(inside, other, 1.0);
    return scale_by_f64(y, inside < 0.0 ? power.shifted : SHIFTER_F64);
}

/* x tanh(log(1 + e^x)), of e = e^-|x|. */
WGI_INLINE double mish_f64(double x)
{
    const double inside = x < -760.0 ? -760.0 : x;
    const power_f64 power = power_of_e_f64(-fabs(inside));
    const double e = scale_by_f64(power.mantissa, power.shifted);
    const double two = e + 2.0;
    const double rest = mad_f64(2.0, e, 1.0);
    const double above = inside < 0.0 ? two * power.mantissa : rest;
    const double below = inside < 0.0 ? mad_f64(e, two, 2.0) : mad_f64(2.0 * e, e, rest);
    const double y = inside * (above / below);
    return scale_by_f64(y, inside < 0.0 ? power.shifted : SHIFTER_F64);
}

/* t + x (1 - t^2) s(x) with t = tanh(log(1 + e^x)). */
WGI_INLINE double mish_slope_f64(double x)
{
    const double inside = within_f64(x, 760.0);
    const power_f64 power = power_of_e_f64(-fabs(inside));
    const double e = scale_by_f64(power.mantissa, power.shifted);
    const double two = e + 2.0;
    const double rest = mad_f64(2.0, e, 1.0);
    const double above = inside < 0.0 ? two : rest;
    const double below = inside < 0.0 ? mad_f64(e, two, 2.0) : mad_f64(2.0 * e, e, rest);
    const double turn = 4.0 * (1.0 + e) * (inside < 0.0 ? 1.0 : e * e);
    const double y = (above + inside * turn / below) / below;
    return scale_by_f64(inside < 0.0 ? y * power.mantissa : y,
                        inside < 0.0 ? power.shifted : SHIFTER_F64);
}

/* Phi(x) + x phi(x): e^(-x^2 / 2) (erfcx(|x| / sqrt 2) / 2 - |x| / sqrt(2 pi)) below 0, and 1 less
 * that of -x above. */
WGI_INLINE double gelu_slope_f64(double x)
{
    const double size = fabs(within_f64(x, 39.0));
    const power_f64 e = power_of_square_f64(size);
    const double half = 0.5 * erfcx_f64(size * 0x1.6a09e667f3bcdp-1);
    const double below = mad_f64(size, -0x1.9884533d43651p-2, half);
    const double tail = scale_by_f64(below * e.mantissa, e.shifted);
    return x < 0.0 ? tail : 1.0 - tail;
}

/* What the product p of a and b rounds away, where nothing overflows. */
WGI_INLINE double lost_product_f64(double a, double b, double p)
{
    const double a_top = of_bits_f64(bits_f64(a) & UINT64_C(0xfffffffff8000000));
    const double b_top = of_bits_f64(bits_f64(b) & UINT64_C(0xfffffffff8000000));
    const double a_rest = a - a_top;
    const double b_rest = b - b_top;
    return ((a_top * b_top - p) + a_top * b_rest + a_rest * b_top) + a_rest * b_rest;
}

/* v = 2 sqrt(2/pi) x (1 + b x^2), and what v rounds away. */
typedef struct cubic_f64 {
    double v;
    double lost;
    double term; /* b x^2 */
} cubic_f64;

#define CUBIC_B 0x1.6e4e26d4801f7p-5
#define CUBIC_B_REST 0x1.441355475a31ap-59
#define CUBIC_C 0x1.9884533d43651p+0
#define CUBIC_C_REST -0x1.cbc0d30ebfd15p-54

WGI_INLINE cubic_f64 cubic_of_f64(double x)
{
    cubic_f64 a;
    const double square = x * x;
    a.term = CUBIC_B * square;
    const double term_lost = lost_product_f64(CUBIC_B, square, a.term) +
                             CUBIC_B * lost_product_f64(x, x, square) + CUBIC_B_REST * square;
    const double sum = 1.0 + a.term;
    const double back = sum - 1.0;
    const double sum_lost = (1.0 - (sum - back)) + (a.term - back) + term_lost;
    const double product = x * sum;
    const double product_lost = lost_product_f64(x, sum, product) + x * sum_lost;
    a.v = CUBIC_C * product;
    a.lost =
        lost_product_f64(CUBIC_C, product, a.v) + CUBIC_C * product_lost + CUBIC_C_REST * product;
    return a;
}

/* As cubic_of_f64, for results of f32. */
WGI_INLINE cubic_f64 cubic_of_f32(double x)
{
    cubic_f64 a;
    a.term = CUBIC_B * x * x;
    a.v = CUBIC_C * x * (1.0 + a.term);
    a.lost = 0.0;
    return a;
}

/* x s(v); |x| <= 40. */
WGI_INLINE double times_cubic_f64(double x, cubic_f64 a)
{
    const power_f64 power = power_of_e_f64(-fabs(a.v));
    const double e = scale_by_f64(power.mantissa, power.shifted);
    const double sum = 1.0 + e;
    const double other = (a.v < 0.0 ? 1.0 : e) / sum;
    const double y = x * ((a.v < 0.0 ? power.mantissa : 1.0) / sum);
    return scale_by_f64(mad_f64(y, other * a.lost, y), a.v < 0.0 ? power.shifted : SHIFTER_F64);
}

/* s(v) (1 + x s(-v) dv/dx); |x| <= 40. */
WGI_INLINE double cubic_slope_f64(double x, cubic_f64 a)
{
    const power_f64 power = power_of_e_f64(-fabs(a.v));
    const double e = scale_by_f64(power.mantissa, power.shifted);
    const double sum = 1.0 + e;
    const double other = (a.v < 0.0 ? 1.0 : e) / sum;
    const double rise = CUBIC_C * mad_f64(3.0, a.term, 1.0);
    const double s = (a.v < 0.0 ? power.mantissa : 1.0) / sum;
    const double y = s * mad_f64(x * other, rise, 1.0);
    return scale_by_f64(mad_f64(y, other * a.lost, y), a.v < 0.0 ? power.shifted : SHIFTER_F64);
}

WGI_INLINE double gelu_tanh_f64(double x)
{
    const double inside = within_f64(x, 40.0);
    const double y = times_cubic_f64(inside, cubic_of_f64(inside));
    return x > 40.0 ? x : y;
}

WGI_INLINE double gelu_tanh_slope_f64(double x)
{
    const double inside = within_f64(x, 40.0);
    return cubic_slope_f64(inside, cubic_of_f64(inside));
}

/* The logarithm, but no less than -100. */
WGI_INLINE double clamped_log_f64(double x)
{
    const double y = log_f64(x);
    return y < -100.0 ? -100.0 : y;
}

#endif
