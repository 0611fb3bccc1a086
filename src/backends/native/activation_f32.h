/* Activations of f32 for the hot files, computed in f64 and rounded once.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_ACTIVATION_F32_H
#define WG_NATIVE_ACTIVATION_F32_H

#include "backends/native/activation_f64.h"

WGI_INLINE float silu_slope_f32(float x)
{
    return (float)silu_slope_f64((double)x);
}

WGI_INLINE float mish_f32(float x)
{
    return (float)mish_f64((double)x);
}

WGI_INLINE float mish_slope_f32(float x)
{
    return (float)mish_slope_f64((double)x);
}

WGI_INLINE float gelu_tanh_f32(float x)
{
    const double inside = within_f64((double)x, 40.0);
    const float y = (float)times_cubic_f64(inside, cubic_of_f32(inside));
    return x > 40.0F ? x : y;
}

WGI_INLINE float gelu_tanh_slope_f32(float x)
{
    const double inside = within_f64((double)x, 40.0);
    return (float)cubic_slope_f64(inside, cubic_of_f32(inside));
}

WGI_INLINE float clamped_log_f32(float x)
{
    return (float)clamped_log_f64((double)x);
}

#endif
