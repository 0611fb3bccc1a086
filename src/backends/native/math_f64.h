/* Functions of f64 for the hot files; math_f32.h says what holds for both.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_MATH_F64_H
#define WG_NATIVE_MATH_F64_H

#include <math.h>
#include <stdint.h>

#include "core/compiler.h"

typedef union word_f64 {
    double value;
    uint64_t bits;
} word_f64;

WGI_INLINE uint64_t bits_f64(double x)
{
    return (word_f64){.value = x}.bits;
}

WGI_INLINE double of_bits_f64(uint64_t bits)
{
    return (word_f64){.bits = bits}.value;
}

WGI_INLINE double mad_f64(double a, double b, double c)
{
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    return fma(a, b, c);
#else
    return a * b + c;
#endif
}

#define SHIFTER_F64 0x1.8p52
#define SHIFTER_BITS_F64 UINT64_C(0x4338000000000000)

/* (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2, as two chains of half the length: 2^-64. */
WGI_INLINE double exp_quotient_f64(double r)
{
    const double square = r * r;
    double even = 0x1.1fb83a3a9a9f3p-29;
    double odd = 0x1.af6dcde08c4e2p-26;
    even = mad_f64(even, square, 0x1.27e4ae710675bp-22);
    odd = mad_f64(odd, square, 0x1.71ddef022b6a5p-19);
    even = mad_f64(even, square, 0x1.a01a01bc21d69p-16);
    odd = mad_f64(odd, square, 0x1.a01a01b3f4a09p-13);
    even = mad_f64(even, square, 0x1.6c16c16c11bdcp-10);
    odd = mad_f64(odd, square, 0x1.111111110eb20p-7);
    even = mad_f64(even, square, 0x1.5555555555562p-5);
    odd = mad_f64(odd, square, 0x1.555555555555cp-3);
    even = mad_f64(even, square, 0x1p-1);
    return mad_f64(odd, r, even);
}

/* x = k ln 2 + r with |r| <= ln 2 / 2; e^r = 1 + r + tail. k is the low bits of `shifted`. What r
 * rounds away is in the tail. */
typedef struct reduced_f64 {
    double shifted;
    double r;
    double tail;
} reduced_f64;

WGI_INLINE reduced_f64 reduce_exp_f64(double x)
{
    reduced_f64 a;
    a.shifted = mad_f64(x, 0x1.71547652b82fep+0, SHIFTER_F64);
    const double k = a.shifted - SHIFTER_F64;
    const double high = mad_f64(k, -0x1.62e42fee00000p-1, x);
    const double low = k * -0x1.a39ef35793c76p-33;
    a.r = high + low;
    a.tail = mad_f64(a.r * a.r, exp_quotient_f64(a.r), low - (a.r - high));
    return a;
}

/* y * 2^k in two steps, so that a denormal result is rounded once. */
WGI_INLINE double scale_by_f64(double y, double shifted)
{
    const uint64_t twice_biased = bits_f64(shifted) - SHIFTER_BITS_F64 + 2046;
    const uint64_t half = twice_biased >> 1;
    return y * of_bits_f64(half << 52) * of_bits_f64((twice_biased - half) << 52);
}

/* For x in [-746, 710]; anything beyond, but NaN for NaN. */
WGI_INLINE double near_exp_f64(double x)
{
    const reduced_f64 a = reduce_exp_f64(x);
    const double sum = 1.0 + a.r;
    const double lost = a.r - (sum - 1.0);
    return scale_by_f64(sum + (a.tail + lost), a.shifted);
}

WGI_INLINE double exp_f64(double x)
{
    double y = near_exp_f64(x);
    y = x > 710.0 ? (double)INFINITY : y;
    return x < -746.0 ? 0.0 : y;
}

/* x = 2^k (1 + f) with 1 + f in [sqrt 1/2, sqrt 2), and log (1 + f) = f - (square - rest): with
 * s = f / (2 + f) it is s (2 + P(s^2) s^2), added up so that f itself is not rounded. */
typedef struct logarithm_f64 {
    double k;
    double f;
    double square;
    double rest;
} logarithm_f64;

WGI_INLINE logarithm_f64 take_log_f64(double x)
{
    logarithm_f64 a;
    const double whole = x < 0x1p-1022 ? x * 0x1p52 : x;
    const double lift = x < 0x1p-1022 ? 0x1p52 + 1075.0 : 0x1p52 + 1023.0;
    const uint64_t offset =
        bits_f64(whole) + (UINT64_C(0x3ff0000000000000) - UINT64_C(0x3fe6a09e667f3bcd));
    a.k = of_bits_f64((offset >> 52) | UINT64_C(0x4330000000000000)) - lift;
    const uint64_t mantissa = offset & UINT64_C(0x000fffffffffffff);
    a.f = of_bits_f64(mantissa + UINT64_C(0x3fe6a09e667f3bcd)) - 1.0;
    const double s = a.f / (2.0 + a.f);
    const double z = s * s;
    double p = 0x1.2f0d8d506fbbep-3; /* 2^-58 */
    p = mad_f64(p, z, 0x1.39a0f534e20f3p-3);
    p = mad_f64(p, z, 0x1.74664629b0669p-3);
    p = mad_f64(p, z, 0x1.c71c51e80b3f2p-3);
    p = mad_f64(p, z, 0x1.24924942177ecp-2);
    p = mad_f64(p, z, 0x1.999999997fb35p-2);
    p = mad_f64(p, z, 0x1.5555555555593p-1);
    a.square = 0.5 * a.f * a.f;
    a.rest = s * mad_f64(p, z, a.square);
    return a;
}

/* A logarithm y of x, but where x is not a positive number. */
WGI_INLINE double end_log_f64(double x, double y)
{
    y = x < (double)INFINITY ? y : x;
    y = x == 0.0 ? -(double)INFINITY : y;
    return x < 0.0 ? (double)NAN : y;
}

/* For positive numbers; a number for anything else. */
WGI_INLINE double near_log_f64(double x)
{
    const logarithm_f64 a = take_log_f64(x);
    const double rest = a.rest + a.k * 0x1.a39ef35793c76p-33;
    return mad_f64(a.k, 0x1.62e42fee00000p-1, a.f - (a.square - rest));
}

WGI_INLINE double log_f64(double x)
{
    return end_log_f64(x, near_log_f64(x));
}

/* e^x / (1 + e^x) below 0, where it keeps its relative error down to the denormals. What 1 + e^x
 * rounds away is taken off again, by way of a line near 1 / (1 + e^x). */
WGI_INLINE double sigmoid_f64(double x)
{
    const double size = fabs(x);
    const double near = near_exp_f64(-size);
    const double e = size > 746.0 ? 0.0 : near;
    const double sum = 1.0 + e;
    const double lost = e - (sum - 1.0);
    const double y = (x < 0.0 ? e : 1.0) / sum;
    return mad_f64(-y, lost * (1.4571 - 0.5 * sum), y);
}

/* With e = e^2|x| - 1 = (2^k - 1) + 2^k r + 2^k tail, in which what the first sum rounds away is
 * added to the last: e / (e + 2) near 0, where what e + 2 rounds away is taken off again by way of
 * a line near 1 / (e + 2), and 1 - 2 / (e + 2) elsewhere. */
WGI_INLINE double tanh_f64(double x)
{
    const double size = fabs(x);
    const reduced_f64 a = reduce_exp_f64(size > 20.0 ? 40.0 : 2.0 * size);
    const double scale = of_bits_f64((bits_f64(a.shifted) - SHIFTER_BITS_F64 + 1023) << 52);
    const double whole = scale - 1.0;
    const double part = scale * a.r;
    const double sum = whole + part;
    const double e = sum + mad_f64(scale, a.tail, part - (sum - whole));
    const double above = e + 2.0;
    const double quotient = (e < 2.0 ? e : 2.0) / above;
    const double lost = e - (above - 2.0);
    const double near = mad_f64(-quotient, lost * (0.7286 - 0.125 * above), quotient);
    return copysign(e < 2.0 ? near : 1.0 - quotient, x);
}

#endif
