/* Transposes of tiles and sums of rows.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A tile is read row by row into memory of its own and written row by row from there: lines of x
 * that fall into one set of the cache are then read once, whatever the stride. */
#include "backends/native/move_hot.h"

#include <stdbool.h>
#include <string.h>

#define TILE 16

#define MIN(a, b) ((a) < (b) ? (a) : (b))

#define word uint8_t
#define K(name) name##_1
#include "backends/native/move_loops.h"
#undef word
#undef K

#define word uint32_t
#define K(name) name##_4
#include "backends/native/move_loops.h"
#undef word
#undef K

#define word uint64_t
#define K(name) name##_8
#include "backends/native/move_loops.h"
#undef word
#undef K

static void add_f32(void *y, const void *x, const int64_t *indices, int64_t n, int64_t stride,
                    int64_t columns)
{
    for (int64_t k = 0; k < n; k++) {
        float *to = (float *)y + indices[k] * stride;
        const float *from = (const float *)x + k * stride;
#pragma omp simd
        for (int64_t j = 0; j < columns; j++) {
            to[j] += from[j];
        }
    }
}

static void add_f64(void *y, const void *x, const int64_t *indices, int64_t n, int64_t stride,
                    int64_t columns)
{
    for (int64_t k = 0; k < n; k++) {
        double *to = (double *)y + indices[k] * stride;
        const double *from = (const double *)x + k * stride;
#pragma omp simd
        for (int64_t j = 0; j < columns; j++) {
            to[j] += from[j];
        }
    }
}

const wgi_move_hot HOT(wgi_move_hot) = {
    .transpose_1 = transpose_1,
    .transpose_4 = transpose_4,
    .transpose_8 = transpose_8,
    .add_f32 = add_f32,
    .add_f64 = add_f64,
};
