/* The loops of the sums for each dtype.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/native/reduce_hot.h"

#include <string.h>

#define MIN(a, b) ((a) < (b) ? (a) : (b))

/* How many times the innermost of the axes is walked, and where it begins at one of them. */
static int64_t n_walks(const wgi_reduce_axes *axes)
{
    int64_t n = 1;
    for (int32_t i = 0; i < axes->rank - 1; i++) {
        n *= axes->dims[i];
    }
    return n;
}

static int64_t offset_of_walk(const wgi_reduce_axes *axes, int64_t walk)
{
    int64_t offset = 0;
    for (int32_t i = axes->rank - 2; i >= 0; i--) {
        offset += walk % axes->dims[i] * axes->strides[i];
        walk /= axes->dims[i];
    }
    return offset;
}

#define real float
#define wide double
#define RESULT(total, divisor) ((float)((total) / (divisor)))
#define K(name) name##_f32
#include "backends/native/reduce_loops.h"
#undef real
#undef wide
#undef RESULT
#undef K

#define real double
#define wide double
#define RESULT(total, divisor) ((total) / (divisor))
#define K(name) name##_f64
#include "backends/native/reduce_loops.h"
#undef real
#undef wide
#undef RESULT
#undef K

/* Unsigned, so that sums wrap. */
#define real uint64_t
#define wide uint64_t
#define RESULT(total, divisor) ((void)(divisor), (total))
#define K(name) name##_i64
#include "backends/native/reduce_loops.h"
#undef real
#undef wide
#undef RESULT
#undef K

#define LOOPS(type)                                                                                \
    {                                                                                              \
        feed_##type, finish_##type, columns_##type, merge_##type, runs_##type                      \
    }

const wgi_reduce_hot HOT(wgi_reduce_hot) = {
    .f32 = LOOPS(f32),
    .f64 = LOOPS(f64),
    .i64 = LOOPS(i64),
};
