/* The loops of softmax for each dtype.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/native/softmax_hot.h"

#include <math.h>
#include <string.h>

#include "backends/native/math_f32.h"
#include "backends/native/math_f64.h"

#define TILE WGI_LINES_TILE
#define LONG WGI_LINES_LONG

#define MIN(a, b) ((a) < (b) ? (a) : (b))

/* log(1 + x) of x >= 0, u being 1 + x rounded: what that loses is put back by a step of Newton's.
 */
static inline double log1p_of(double x, double u, double one_over_u)
{
    return log_f64(u) + (x - (u - 1.0)) * one_over_u;
}

#define real float
#define K(name) name##_f32
#include "backends/native/softmax_loops.h"
#undef real
#undef K

#define real double
#define K(name) name##_f64
#include "backends/native/softmax_loops.h"
#undef real
#undef K

const wgi_softmax_hot HOT(wgi_softmax_hot) = {.f32 = lines_f32, .f64 = lines_f64};
