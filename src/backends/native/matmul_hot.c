/* The loops of the native matmul, for one instruction set.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where the set has a fused multiply-add each product is added by one: that is said here, never
 * left to the compiler, so that the bits are a matter of the set alone. */
#include "backends/native/matmul_hot.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* A tile is ROWS_MAX rows of the result by two vectors of each: as many sums as the registers
 * hold. */
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
#include "backends/native/matmul_loops.h"
#undef real
#undef R
#undef K

#define real double
#define R(function) function
#define K(name) name##_f64
#include "backends/native/matmul_loops.h"
#undef real
#undef R
#undef K

#define LANES_f32 (VECTOR_BYTES / (int64_t)sizeof(float))
#define LANES_f64 (VECTOR_BYTES / (int64_t)sizeof(double))

const wgi_matmul_hot HOT(wgi_matmul_hot) = {
    .f32 =
        {
            .tiny = tiny_f32,
            .outer = outer_f32,
            .dots = dots_f32,
            .tiles = tiles_f32,
            .lanes = LANES_f32,
            .rows = ROWS_MAX,
            .panel = 2 * LANES_f32,
        },
    .f64 =
        {
            .tiny = tiny_f64,
            .outer = outer_f64,
            .dots = dots_f64,
            .tiles = tiles_f64,
            .lanes = LANES_f64,
            .rows = ROWS_MAX,
            .panel = 2 * LANES_f64,
        },
};
