/* Functions of f32 for the hot files: branch-free, so that loops over them are vectorised.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each is within 2 ulp of the true value for every float (tests/backends/test_pointwise.c) and does
 * the same roundings in the same order whether it is compiled for a vector or for one number.
 * Polynomials are minimax fits of their own; 2^-n beside one is the error of the whole function
 * that it leaves. A choice between two values is written so that NaN takes the branch that passes
 * it on.
 */
#ifndef WG_NATIVE_MATH_F32_H
#define WG_NATIVE_MATH_F32_H

#include <math.h>
#include <stdint.h>

#include "core/compiler.h"

typedef union word_f32 {
    float value;
    uint32_t bits;
} word_f32;

WGI_INLINE uint32_t bits_f32(float x)
{
    return (word_f32){.value = x}.bits;
}

WGI_INLINE float of_bits_f32(uint32_t bits)
{
    return (word_f32){.bits = bits}.value;
}

/* a * b + c: in one rounding where the machine has it, never through a function of libm. */
WGI_INLINE float mad_f32(float a, float b, float c)
{
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    return fmaf(a, b, c);
#else
    return a * b + c;
#endif
}

/* Added to a number below 2^22, leaves its nearest integer in the low bits. */
#define SHIFTER_F32 0x1.8p23F
#define SHIFTER_BITS_F32 UINT32_C(0x4b400000)

/* x = k ln 2 + r with |r| <= ln 2 / 2; e^r = 1 + r + tail. k is the low bits of `shifted`. */
typedef struct reduced_f32 {
    float shifted;
    float r;
    float tail;
} reduced_f32;

WGI_INLINE reduced_f32 reduce_exp_f32(float x)
{
    reduced_f32 a;
    a.shifted = mad_f32(x, 0x1.715476p+0F, SHIFTER_F32);
    const float k = a.shifted - SHIFTER_F32;
    a.r = mad_f32(k, -0x1.7f7d1cp-20F, mad_f32(k, -0x1.62e400p-1F, x));
    float q = 0x1.6dd630p-10F; /* 2^-28 */
    q = mad_f32(q, a.r, 0x1.123c78p-7F);
    q = mad_f32(q, a.r, 0x1.55543ap-5F);
    q = mad_f32(q, a.r, 0x1.55548ep-3F);
    q = mad_f32(q, a.r, 0x1p-1F);
    a.tail = q * (a.r * a.r);
    return a;
}

/* y * 2^k in two steps, so that a denormal result is rounded once. */
WGI_INLINE float scale_by_f32(float y, float shifted)
{
    const uint32_t twice_biased = bits_f32(shifted) - SHIFTER_BITS_F32 + 254;
    const uint32_t half = twice_biased >> 1;
    return y * of_bits_f32(half << 23) * of_bits_f32((twice_biased - half) << 23);
}

/* For x in [-104, 89]; anything beyond, but NaN for NaN. */
WGI_INLINE float near_exp_f32(float x)
{
    const reduced_f32 a = reduce_exp_f32(x);
    const float sum = 1.0F + a.r;
    const float lost = a.r - (sum - 1.0F);
    return scale_by_f32(sum + (a.tail + lost), a.shifted);
}

WGI_INLINE float exp_f32(float x)
{
    float y = near_exp_f32(x);
    y = x > 89.0F ? INFINITY : y;
    return x < -104.0F ? 0.0F : y;
}

/* x = 2^k m with m in [sqrt 1/2, sqrt 2); log m = s (2 + P(s^2) s^2) with s = f / (2 + f) and
 * f = m - 1, added up so that f itself is not rounded. */
WGI_INLINE float log_f32(float x)
{
    const float whole = x < 0x1p-126F ? x * 0x1p23F : x;
    const float lift = x < 0x1p-126F ? 150.0F : 127.0F;
    const uint32_t offset = bits_f32(whole) + (UINT32_C(0x3f800000) - UINT32_C(0x3f3504f3));
    const float k = (float)(int32_t)(offset >> 23) - lift;
    const float f = of_bits_f32((offset & UINT32_C(0x007fffff)) + UINT32_C(0x3f3504f3)) - 1.0F;
    const float s = f / (2.0F + f);
    const float z = s * s;
    float p = 0x1.e2fdd4p-3F; /* 2^-36 */
    p = mad_f32(p, z, 0x1.2438a8p-2F);
    p = mad_f32(p, z, 0x1.999a7cp-2F);
    p = mad_f32(p, z, 0x1.555554p-1F);
    const float square = 0.5F * f * f;
    const float rest = mad_f32(s, mad_f32(p, z, square), k * 0x1.7f7d1cp-20F);
    float y = mad_f32(k, 0x1.62e400p-1F, f - (square - rest));
    y = x < INFINITY ? y : x;
    y = x == 0.0F ? -INFINITY : y;
    return x < 0.0F ? NAN : y;
}

/* e^x / (1 + e^x) below 0, where it keeps its relative error down to the denormals. What 1 + e^x
 * rounds away is taken off again, by way of a line near 1 / (1 + e^x). */
WGI_INLINE float sigmoid_f32(float x)
{
    const float size = fabsf(x);
    const float near = near_exp_f32(-size);
    const float e = size > 104.0F ? 0.0F : near;
    const float sum = 1.0F + e;
    const float lost = e - (sum - 1.0F);
    const float y = (x < 0.0F ? e : 1.0F) / sum;
    return mad_f32(-y, lost * (1.4571F - 0.5F * sum), y);
}

/* x + x^3 P(x^2) near 0, 1 - 2 / (1 + e^2|x|) elsewhere, which is 1 from |x| = 10 on. */
WGI_INLINE float tanh_f32(float x)
{
    const float size = fabsf(x);
    const float z = x * x;
    float p = -0x1.76ac12p-8F; /* 2^-27 */
    p = mad_f32(p, z, 0x1.5256d6p-6F);
    p = mad_f32(p, z, -0x1.b84448p-5F);
    p = mad_f32(p, z, 0x1.110768p-3F);
    p = mad_f32(p, z, -0x1.555534p-2F);
    const float near = mad_f32(p, size * z, size);
    const reduced_f32 a = reduce_exp_f32(size > 10.0F ? 20.0F : 2.0F * size);
    const float scale = of_bits_f32((bits_f32(a.shifted) - SHIFTER_BITS_F32 + 127) << 23);
    const float e = mad_f32(scale, a.r + a.tail, scale);
    const float far = 1.0F - 2.0F / (1.0F + e);
    return copysignf(size < 0.625F ? near : far, x);
}

#endif
