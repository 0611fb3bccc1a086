/* The loops of the sums for each dtype.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/native/reduce_hot.h"

#include <string.h>

#define MIN(a, b) ((a) < (b) ? (a) : (b))

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
        feed_##type, finish_##type                                                                 \
    }

const wgi_reduce_hot HOT(wgi_reduce_hot) = {
    .f32 = LOOPS(f32),
    .f64 = LOOPS(f64),
    .i64 = LOOPS(i64),
};
