/* The loops of the loss heads for each dtype.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/native/loss_hot.h"

#include <math.h>

/* Partial sums that are kept side by side, and how many elements are added to each before they go
 * to the totals: no element meets more than CHAIN + n / (LANES * CHAIN) roundings. */
#define LANES 16
#define CHAIN 64

#define MIN(a, b) ((a) < (b) ? (a) : (b))

static double total_of(const double *lanes)
{
    double four[4];
    for (int l = 0; l < 4; l++) {
        four[l] = (lanes[l] + lanes[l + 8]) + (lanes[l + 4] + lanes[l + 12]);
    }
    return (four[0] + four[2]) + (four[1] + four[3]);
}

static void add_lanes(double *totals, const double *lanes)
{
#pragma omp simd
    for (int l = 0; l < LANES; l++) {
        totals[l] += lanes[l];
    }
}

#define real float
#define K(name) name##_f32
#include "backends/native/loss_loops.h"
#undef real
#undef K

#define real double
#define K(name) name##_f64
#include "backends/native/loss_loops.h"
#undef real
#undef K

#define LOOPS(type)                                                                                \
    {                                                                                              \
        soft_##type, scale_##type, soft_backward_##type, squares_##type                            \
    }

const wgi_loss_hot HOT(wgi_loss_hot) = {.f32 = LOOPS(f32), .f64 = LOOPS(f64)};
