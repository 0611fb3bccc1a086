/* The loops of convolutions of few channels for each dtype.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where the set has a fused multiply-add each product is added by one. */
#include "backends/native/planar_hot.h"

#include <math.h>
#include <string.h>

#define LANES WGI_PLANAR_LANES

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX2__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif

#if defined(__FMA__)
#define MULTIPLY_ADD(x, y, sum) R(fma)(x, y, sum)
#else
#define MULTIPLY_ADD(x, y, sum) ((x) * (y) + (sum))
#endif

#define real float
#define R(function) function##f
#define K(name) name##_f32
#define VECTOR (VECTOR_BYTES / 4)
#include "backends/native/planar_loops.h"
#undef real
#undef R
#undef K
#undef VECTOR

#define real double
#define R(function) function
#define K(name) name##_f64
#define VECTOR (VECTOR_BYTES / 8)
#include "backends/native/planar_loops.h"
#undef real
#undef R
#undef K
#undef VECTOR

#define LOOPS(type, bytes)                                                                         \
    {                                                                                              \
        .is_finite = is_finite_##type, .pack = pack_##type, .pack_rows = pack_rows_##type,         \
        .scatter = scatter_##type, .correlate = correlate_##type, .gather = gather_##type,         \
        .add_up = add_up_##type, .plain_forward = plain_forward_##type,                            \
        .plain_data = plain_data_##type, .plain_weights = plain_weights_##type,                    \
        .lanes = VECTOR_BYTES / (bytes)                                                            \
    }

const wgi_planar_hot HOT(wgi_planar_hot) = {.f32 = LOOPS(f32, 4), .f64 = LOOPS(f64, 8)};
