/* The loops of convolutions, for one instruction set.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where the set has a fused multiply-add each product is added by one, as in the matmul. */
#include "backends/native/convolution_hot.h"

#include <math.h>
#include <stddef.h>

#include "core/compiler.h"

/* A tile is ROWS_MAX places by two vectors of filters: as many sums as the registers hold. */
#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#define ROWS_MAX 8
#elif defined(__AVX2__)
#define VECTOR_BYTES 32
#define ROWS_MAX 6
#else
#define VECTOR_BYTES 16
#define ROWS_MAX 4
#endif

#if defined(__FMA__)
#define MULTIPLY_ADD(x, y, sum) R(fma)(x, y, sum)
#else
#define MULTIPLY_ADD(x, y, sum) ((x) * (y) + (sum))
#endif

#define real float
#define R(function) function##f
#define K(name) name##_f32
#include "backends/native/convolution_loops.h"
#undef real
#undef R
#undef K

#define real double
#define R(function) function
#define K(name) name##_f64
#include "backends/native/convolution_loops.h"
#undef real
#undef R
#undef K

/* Heights from 1 on. */
#define UP_TO_4(name, type) name##_1_##type, name##_2_##type, name##_3_##type, name##_4_##type
#if ROWS_MAX == 8
#define HEIGHTS(name, type)                                                                        \
    {                                                                                              \
        UP_TO_4(name, type), name##_5_##type, name##_6_##type, name##_7_##type, name##_8_##type    \
    }
#elif ROWS_MAX == 6
#define HEIGHTS(name, type)                                                                        \
    {                                                                                              \
        UP_TO_4(name, type), name##_5_##type, name##_6_##type                                      \
    }
#else
#define HEIGHTS(name, type)                                                                        \
    {                                                                                              \
        UP_TO_4(name, type)                                                                        \
    }
#endif
#define TILES(thin, type)                                                                          \
    {                                                                                              \
        .sum = HEIGHTS(sum##thin, type), .depth = HEIGHTS(depth##thin, type),                      \
        .gradient = HEIGHTS(gradient##thin, type),                                                 \
        .depth_gradient = HEIGHTS(depth_gradient##thin, type),                                     \
    }
#define LOOPS(type, real)                                                                          \
    {                                                                                              \
        .height = ROWS_MAX,                                                                        \
        .widths = {2 * VECTOR_BYTES / (int64_t)sizeof(real),                                       \
                   VECTOR_BYTES / (int64_t)sizeof(real)},                                          \
        .tiles = {TILES(, type), TILES(_thin, type)}, .copy = copy_##type, .pack = pack_##type,    \
        .unpack = unpack_##type,                                                                   \
    }

const wgi_convolution_hot HOT(wgi_convolution_hot) = {
    .f32 = LOOPS(f32, float),
    .f64 = LOOPS(f64, double),
};
