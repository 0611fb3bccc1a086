/* The loops of attention for each dtype.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/native/attention_hot.h"

#include <math.h>
#include <string.h>

#include "backends/native/math_f32.h"
#include "backends/native/math_f64.h"

#define LANES WGI_QUERIES

/* Exponentials that are added up before the sum is put by. */
#define SUM_BLOCK 64

#define real float
#define K(name) name##_f32
#include "backends/native/attention_loops.h"
#undef real
#undef K

#define real double
#define K(name) name##_f64
#include "backends/native/attention_loops.h"
#undef real
#undef K

const wgi_attention_hot HOT(wgi_attention_hot) = {
    .f32 = {.forward = forward_f32, .backward = backward_f32},
    .f64 = {.forward = forward_f64, .backward = backward_f64},
};
