/* More functions of f32 for the hot files, computed in f64 and rounded once: most by the functions
 * of f64, those that many networks spend their time in only to the digits that f32 keeps.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_SPECIAL_F32_H
#define WG_NATIVE_SPECIAL_F32_H

#include "backends/native/special_f64.h"

#define BY_F64(name)                                                                               \
    WGI_INLINE float name##_f32(float x)                                                           \
    {                                                                                              \
        return (float)name##_f64((double)x);                                                       \
    }

BY_F64(expm1)
BY_F64(exp2)
BY_F64(log1p)
BY_F64(log2)
BY_F64(log10)
BY_F64(softplus)
BY_F64(logsigmoid)
BY_F64(erf)
BY_F64(silu)
BY_F64(near_sin)
BY_F64(near_cos)
BY_F64(sin)
BY_F64(cos)

#undef BY_F64

/* ---- the normal distribution, to the digits of f32 ---------------------------------------- */

/* e^(-a^2 / 2) for 0 <= a <= 26; 2^-29. */
WGI_INLINE double bell_f32(double a)
{
    const double z = a * a * -0x1.71547652b82fep-1;
    const double shifted = z + 0x1.8p52;
    const double f = z - (shifted - 0x1.8p52);
    double p = 0x1.41a6fd10be26ep-13;
    p = mad_f64(p, f, 0x1.5f44f0cfbe0d2p-10);
    p = mad_f64(p, f, 0x1.3b2dfd6b08333p-7);
    p = mad_f64(p, f, 0x1.c6aed5e8714c9p-5);
    p = mad_f64(p, f, 0x1.ebfbda7bd2be1p-3);
    p = mad_f64(p, f, 0x1.62e430c6bc67cp-1);
    p = mad_f64(p, f, 0x1.000000028aeefp+0);
    return p * of_bits_f64((bits_f64(shifted) + 1023) << 52);
}

/* (a - c) / (a + c) for a >= 0 and c > 0, of which the quotient in f32 has all but the last digits.
 */
WGI_INLINE double nearness_f32(float a, float c)
{
    const double first = (double)(1.0F / (a + c));
    const double quotient = first * mad_f64(-((double)a + (double)c), first, 2.0);
    return mad_f64(-2.0 * (double)c, quotient, 1.0);
}

/* The normal distribution at -a over its e^(-a^2 / 2), for a >= 0. */
WGI_INLINE double tail_f32(float a)
{
    const double t = nearness_f32(a, 4.0F);
    double p = 0x1.030b1f94a78fap-17; /* 2^-31 */
    p = mad_f64(p, t, 0x1.ae1d54b2d9213p-16);
    p = mad_f64(p, t, -0x1.9cb15db6f5c32p-15);
    p = mad_f64(p, t, -0x1.872f09f0e28c3p-13);
    p = mad_f64(p, t, 0x1.4fb2727cdc092p-11);
    p = mad_f64(p, t, 0x1.0a186f9e665d6p-11);
    p = mad_f64(p, t, -0x1.16472087e2d63p-7);
    p = mad_f64(p, t, 0x1.f9b05c1a0567ap-6);
    p = mad_f64(p, t, -0x1.25b6a4fa3d3d7p-4);
    p = mad_f64(p, t, 0x1.fd751a18d9f1fp-4);
    p = mad_f64(p, t, -0x1.5cf97b1a86c09p-3);
    p = mad_f64(p, t, 0x1.82b4bb8cf9675p-4);
    return p;
}

/* x times the normal distribution, with the sign of x. */
WGI_INLINE float gelu_f32(float x)
{
    const float size = fabsf(x) > 26.0F ? 26.0F : fabsf(x);
    const double tail = bell_f32((double)size) * tail_f32(size);
    const float y = (float)((double)(x < -26.0F ? -26.0F : x) * (x < 0.0F ? tail : 1.0 - tail));
    return x > 26.0F ? x : y;
}

/* The normal distribution at -a over its e^(-a^2 / 2), less a / sqrt(2 pi): it is 0 near .7518, and
 * the rest of it is fitted, so that it keeps its digits there. */
WGI_INLINE double tail_slope_f32(float a)
{
    const double t = nearness_f32(a, 5.0F);
    double p = 0x1.7b6d98b7db0ep-15; /* 2^-30 */
    p = mad_f64(p, t, -0x1.63007cc8bc946p-16);
    p = mad_f64(p, t, -0x1.d29f81f87c2a7p-12);
    p = mad_f64(p, t, 0x1.2deb0f359573ap-9);
    p = mad_f64(p, t, -0x1.e094414cca122p-8);
    p = mad_f64(p, t, 0x1.23c30bf09b132p-6);
    p = mad_f64(p, t, -0x1.231ad1ca53fd5p-5);
    p = mad_f64(p, t, 0x1.ef842516c99a2p-5);
    p = mad_f64(p, t, -0x1.6fce8906e389ap-4);
    p = mad_f64(p, t, 0x1.ce451b413703fp-2);
    return p * (0x1.80ead197f00b4p-1 - (double)a);
}

WGI_INLINE float gelu_slope_f32(float x)
{
    const float size = fabsf(x) > 26.0F ? 26.0F : fabsf(x);
    const double tail = bell_f32((double)size) * tail_slope_f32(size);
    return (float)(x < 0.0F ? tail : 1.0 - tail);
}

#endif
