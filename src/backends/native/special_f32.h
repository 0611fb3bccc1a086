/* More functions of f32 for the hot files, computed in f64 and rounded once.
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
BY_F64(gelu)
BY_F64(silu)
BY_F64(near_sin)
BY_F64(near_cos)
BY_F64(sin)
BY_F64(cos)

#undef BY_F64

#endif
