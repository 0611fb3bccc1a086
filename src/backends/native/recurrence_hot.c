/* The loops of rnn_scan, lstm_scan, gru_scan and their gradients, for one instruction set.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/native/recurrence_hot.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "backends/native/math_f32.h"
#include "backends/native/math_f64.h"

/* A tile is at most ROWS_MAX rows by four vectors: as many sums as the registers hold. */
#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#define ROWS_MAX 6
#elif defined(__AVX2__)
#define VECTOR_BYTES 32
#define ROWS_MAX 3
#else
#define VECTOR_BYTES 16
#define ROWS_MAX 3
#endif

#if defined(__FMA__)
#define MULTIPLY_ADD(x, y, sum) R(fma)(x, y, sum)
#else
#define MULTIPLY_ADD(x, y, sum) ((x) * (y) + (sum))
#endif

#define real float
#define R(function) function##f
#define K(name) name##_f32
#include "backends/native/recurrence_loops.h"
#undef real
#undef R
#undef K

#define real double
#define R(function) function
#define K(name) name##_f64
#include "backends/native/recurrence_loops.h"
#undef real
#undef R
#undef K

#define SET(type, bytes)                                                                           \
    {                                                                                              \
        .pack = pack_##type, .pack_back = pack_back_##type, .run = run_##type,                     \
        .run_back = run_back_##type, .width = 4 * VECTOR_BYTES / (bytes),                          \
    }

const wgi_recurrence_hot HOT(wgi_recurrence_hot) = {.f32 = SET(f32, 4), .f64 = SET(f64, 8)};
