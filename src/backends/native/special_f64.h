/* More functions of f64 for the hot files; math_f32.h says what holds for all.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_SPECIAL_F64_H
#define WG_NATIVE_SPECIAL_F64_H

#include "backends/native/math_f64.h"

/* ---- exponentials ------------------------------------------------------------------------- */

/* As tanh_f64, at half the scale, which does not overflow before the result does. */
WGI_INLINE double expm1_f64(double x)
{
    double inside = x < -40.0 ? -40.0 : x;
    inside = inside > 710.0 ? 710.0 : inside;
    const reduced_f64 a = reduce_exp_f64(inside);
    const double scale = of_bits_f64((bits_f64(a.shifted) - SHIFTER_BITS_F64 + 1022) << 52);
    const double whole = scale - 0.5;
    const double part = scale * a.r;
    const double sum = whole + part;
    const double y = 2.0 * (sum + mad_f64(scale, a.tail, part - (sum - whole)));
    return fabs(x) < 0x1p-54 ? x : y;
}

/* 2^(k + t) = 2^k e^(t ln 2). */
WGI_INLINE double exp2_f64(double x)
{
    x = x < -1080.0 ? -1080.0 : x;
    x = x > 1025.0 ? 1025.0 : x;
    const double shifted = x + SHIFTER_F64;
    const double r = (x - (shifted - SHIFTER_F64)) * 0x1.62e42fefa39efp-1;
    const double sum = 1.0 + r;
    const double lost = r - (sum - 1.0);
    return scale_by_f64(sum + mad_f64(r * r, exp_quotient_f64(r), lost), shifted);
}

/* ---- logarithms --------------------------------------------------------------------------- */

/* For x > -1: log u + lost / u, where u is 1 + x rounded and `lost` what it lost. */
WGI_INLINE double near_log1p_f64(double x)
{
    const double u = 1.0 + x;
    const double back = u - 1.0;
    const double lost = (1.0 - (u - back)) + (x - back);
    const double y = near_log_f64(u) + lost / u;
    return fabs(x) < 0x1p-53 ? x : y;
}

WGI_INLINE double log1p_f64(double x)
{
    double y = near_log1p_f64(x);
    y = x < (double)INFINITY ? y : x;
    y = x == -1.0 ? -(double)INFINITY : y;
    return x < -1.0 ? (double)NAN : y;
}

/* The logarithm of which the unit is 1 / (high + low), and that of 2 is two_high + two_low. The
 * products of high and of two_high are exact. */
WGI_INLINE double log_in_f64(double x, double high, double low, double two_high, double two_low)
{
    const logarithm_f64 a = take_log_f64(x);
    const double near = a.f - a.square;
    const double top = of_bits_f64(bits_f64(near) & UINT64_C(0xffffffff00000000));
    const double rest = (a.f - top) - a.square + a.rest;
    const double large = top * high;
    const double small = rest * high + (rest + top) * low + a.k * two_low;
    const double whole = a.k * two_high;
    const double sum = whole + large;
    return end_log_f64(x, sum + (small + ((whole - sum) + large)));
}

WGI_INLINE double log2_f64(double x)
{
    return log_in_f64(x, 0x1.7154760000000p+0, 0x1.4ae0bf85ddf44p-26, 1.0, 0.0);
}

WGI_INLINE double log10_f64(double x)
{
    return log_in_f64(x, 0x1.bcb7b00000000p-2, 0x1.526e50e32a6abp-26, 0x1.34413509f6000p-2,
                      0x1.9fef311f12b36p-42);
}

/* log(1 + e^x) = max(x, 0) + log1p(e^-|x|). */
WGI_INLINE double softplus_f64(double x)
{
    const double size = fabs(x);
    const double near = near_exp_f64(-size);
    const double y = near_log1p_f64(size > 746.0 ? 0.0 : near);
    return (x > 0.0 ? x : 0.0) + y;
}

WGI_INLINE double logsigmoid_f64(double x)
{
    return -softplus_f64(-x);
}

/* e^x = mantissa * 2^k, k being the low bits of `shifted`. */
typedef struct power_f64 {
    double mantissa;
    double shifted;
} power_f64;

WGI_INLINE power_f64 power_of_e_f64(double x)
{
    x = x < -760.0 ? -760.0 : x;
    x = x > 710.0 ? 710.0 : x;
    const reduced_f64 a = reduce_exp_f64(x);
    const double sum = 1.0 + a.r;
    const double lost = a.r - (sum - 1.0);
    return (power_f64){sum + (a.tail + lost), a.shifted};
}

/* ---- the normal distribution -------------------------------------------------------------- */

/* e^(x^2) erfc(x) for x in [0, 28]: P(t) / (1 + 2 x) with t = (x - 4) / (x + 4); 2^-56. */
WGI_INLINE double erfcx_f64(double x)
{
    const double t = (x - 4.0) / (x + 4.0);
    const double square = t * t;
    double even = -0x1.cdf979a2d5986p-30;
    double odd = -0x1.c818d6eb12cdcp-27;
    even = mad_f64(even, square, -0x1.0b0dd7def717fp-27);
    odd = mad_f64(odd, square, 0x1.ead2e8f567dd8p-24);
    even = mad_f64(even, square, 0x1.0b261d55f0bb1p-24);
    odd = mad_f64(odd, square, -0x1.bfba0dd6b3ba7p-21);
    even = mad_f64(even, square, 0x1.44898d5257e5cp-22);
    odd = mad_f64(odd, square, 0x1.7fabf92cc3369p-18);
    even = mad_f64(even, square, -0x1.78aa4a227e7ecp-17);
    odd = mad_f64(odd, square, -0x1.9969b4cf7a2f3p-16);
    even = mad_f64(even, square, 0x1.3be0df401bd51p-13);
    odd = mad_f64(odd, square, -0x1.a1de839d9b3c4p-13);
    even = mad_f64(even, square, -0x1.8d4aa0b7fd5e2p-11);
    odd = mad_f64(odd, square, 0x1.49c6718f4fd49p-8);
    even = mad_f64(even, square, -0x1.0962387f826a9p-6);
    odd = mad_f64(odd, square, 0x1.3079edfa091e2p-5);
    even = mad_f64(even, square, -0x1.0fb06dfe5e1e1p-4);
    odd = mad_f64(odd, square, 0x1.7fee004df5fe5p-4);
    even = mad_f64(even, square, -0x1.9ddb23c3e868cp-4);
    odd = mad_f64(odd, square, 0x1.16ecefcfa60a7p-4);
    even = mad_f64(even, square, 0x1.f7f5df66fd69ap-7);
    odd = mad_f64(odd, square, -0x1.1df1ad154a29cp-3);
    even = mad_f64(even, square, 0x1.3ba5916e9fd7fp+0);
    return mad_f64(odd, t, even) / mad_f64(2.0, x, 1.0);
}

/* e^(-x^2 / 2), where x^2 is not rounded: of a square of few bits, and of what is left, which is
 * less than 2^-14. */
WGI_INLINE power_f64 power_of_square_f64(double x)
{
    const double top = of_bits_f64(bits_f64(x) & UINT64_C(0xfffffffff8000000));
    const double d = -0.5 * ((x - top) * (x + top));
    power_f64 e = power_of_e_f64(-0.5 * (top * top));
    const double more = mad_f64(d * d, mad_f64(d, 1.0 / 6.0, 0.5), d);
    e.mantissa = mad_f64(e.mantissa, more, e.mantissa);
    return e;
}

/* erf(x) / x for |x| <= 1, of z = x^2; 2^-62. */
WGI_INLINE double erf_quotient_f64(double z)
{
    double p = 0x1.0579b4df66246p-34;
    p = mad_f64(p, z, -0x1.386ac4ca4337ap-30);
    p = mad_f64(p, z, 0x1.f7a41391f2137p-27);
    p = mad_f64(p, z, -0x1.5f1d36e57e9d3p-23);
    p = mad_f64(p, z, 0x1.b9def1a25d43cp-20);
    p = mad_f64(p, z, -0x1.f4d1df39a88e3p-17);
    p = mad_f64(p, z, 0x1.f9a321a122eaep-14);
    p = mad_f64(p, z, -0x1.c02db3d8ed52fp-11);
    p = mad_f64(p, z, 0x1.565bcd0db02f5p-8);
    p = mad_f64(p, z, -0x1.b82ce3128499dp-6);
    p = mad_f64(p, z, 0x1.ce2f21a042b20p-4);
    p = mad_f64(p, z, -0x1.812746b0379e6p-2);
    return mad_f64(p, z, 0x1.20dd750429b6dp+0);
}

/* 1 - e^(-x^2) erfcx(x) but near 0. */
WGI_INLINE double erf_f64(double x)
{
    const double near = x * erf_quotient_f64(x * x);
    const double size = fabs(x) > 6.0 ? 6.0 : fabs(x);
    const double far = 1.0 - exp_f64(-size * size) * erfcx_f64(size);
    return fabs(x) < 1.0 ? near : copysign(far, x);
}

/* x times the normal distribution: x (1 + erf(x / sqrt 2)) / 2 near 0, x e^(-x^2 / 2)
 * erfcx(|x| / sqrt 2) / 2 below, x less that of -x above. Scaled last, so that a denormal result is
 * rounded once. The sign is that of x, of 0 too. */
WGI_INLINE double gelu_f64(double x)
{
    const double inside = x < -39.0 ? -39.0 : x;
    const double size = inside > 39.0 ? 39.0 : fabs(inside);
    const power_f64 e = power_of_square_f64(size);
    const double half = 0.5 * erfcx_f64(size * 0x1.6a09e667f3bcdp-1);
    const double tail = scale_by_f64(size * half * e.mantissa, e.shifted);
    const double far = inside < 0.0 ? -tail : x - tail;
    const double erf_half = 0x1.6a09e667f3bcdp-2 * x * erf_quotient_f64(0.5 * x * x);
    return copysign(size < 0.7 ? mad_f64(x, erf_half, 0.5 * x) : far, x);
}

/* x e^x / (1 + e^x) below 0, as sigmoid_f64; scaled last. The sign is that of x, of 0 too. */
WGI_INLINE double silu_f64(double x)
{
    const double inside = x < -760.0 ? -760.0 : x;
    const power_f64 power = power_of_e_f64(-fabs(inside));
    const double e = scale_by_f64(power.mantissa, power.shifted);
    const double sum = 1.0 + e;
    const double lost = e - (sum - 1.0);
    const double y = (inside < 0.0 ? inside * power.mantissa : inside) / sum;
    const double near = mad_f64(-y, lost * (1.4571 - 0.5 * sum), y);
    const double scaled = scale_by_f64(near, inside < 0.0 ? power.shifted : SHIFTER_F64);
    return copysign(inside < (double)INFINITY ? scaled : inside, x);
}

/* ---- angles ------------------------------------------------------------------------------- */

/* Of f32 too. Beyond, the products with the quarter turns in x are not exact; there libm is. */
#define ANGLE_LIMIT 0x1p20

/* x = n pi / 2 + r + low with |r| <= pi / 4 and n in the low bits of `shifted`; pi / 2 in four
 * parts, of which the products of three with n are exact. */
typedef struct angle_f64 {
    double shifted;
    double r;
    double low;
} angle_f64;

/* a - b, and what it lost. */
WGI_INLINE double minus_f64(double a, double b, double *lost)
{
    const double y = a - b;
    const double back = y - a;
    *lost += (a - (y - back)) - (b + back);
    return y;
}

WGI_INLINE angle_f64 reduce_angle_f64(double x)
{
    angle_f64 a = {.low = 0.0};
    a.shifted = mad_f64(x, 0x1.45f306dc9c883p-1, SHIFTER_F64);
    const double n = a.shifted - SHIFTER_F64;
    double lost = 0.0;
    double r = x - n * 0x1.921fb54400000p+0;
    r = minus_f64(r, n * 0x1.0b4611a600000p-34, &lost);
    r = minus_f64(r, n * 0x1.3198a2e000000p-69, &lost);
    lost = mad_f64(n, -0x1.b839a252049c0p-104, lost);
    a.r = r + lost;
    a.low = (r - a.r) + lost;
    return a;
}

/* The sine of x + n quarter turns, n being 0 or 1. */
WGI_INLINE double turned_sin_f64(double x, uint64_t turns)
{
    const angle_f64 a = reduce_angle_f64(x);
    const uint64_t quarter = bits_f64(a.shifted) + turns;
    const double z = a.r * a.r;
    double s = 0x1.5d915dd27eb9fp-33; /* 2^-58 */
    s = mad_f64(s, z, -0x1.ae5e60c39154dp-26);
    s = mad_f64(s, z, 0x1.71de3570fbe31p-19);
    s = mad_f64(s, z, -0x1.a01a019c0a269p-13);
    s = mad_f64(s, z, 0x1.111111110f841p-7);
    s = mad_f64(s, z, -0x1.5555555555549p-3);
    const double sine = a.r + mad_f64(a.r * z, s, a.low * mad_f64(z, -0.5, 1.0));
    double c = -0x1.8ff804b87c649p-37; /* 2^-62 */
    c = mad_f64(c, z, 0x1.1eea864612c12p-29);
    c = mad_f64(c, z, -0x1.27e4f900478c3p-22);
    c = mad_f64(c, z, 0x1.a01a019e20ebbp-16);
    c = mad_f64(c, z, -0x1.6c16c16c16118p-10);
    c = mad_f64(c, z, 0x1.5555555555553p-5);
    const double half = 0.5 * z;
    const double near = 1.0 - half;
    const double cosine = near + (((1.0 - near) - half) + mad_f64(z * z, c, -a.r * a.low));
    const uint64_t sign = (quarter & 2) << 62;
    return of_bits_f64(bits_f64((quarter & 1) != 0 ? cosine : sine) ^ sign);
}

/* For |x| up to ANGLE_LIMIT. */
WGI_INLINE double near_sin_f64(double x)
{
    const double y = turned_sin_f64(x, 0);
    return fabs(x) < 0x1p-27 ? x : y;
}

WGI_INLINE double near_cos_f64(double x)
{
    return turned_sin_f64(x, 1);
}

WGI_INLINE double sin_f64(double x)
{
    return fabs(x) <= ANGLE_LIMIT ? near_sin_f64(x) : sin(x);
}

WGI_INLINE double cos_f64(double x)
{
    return fabs(x) <= ANGLE_LIMIT ? near_cos_f64(x) : cos(x);
}

#endif
