/* The loops of normalize for each dtype.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/native/normal_hot.h"

#include <math.h>
#include <stddef.h>

#define real float
#define K(name) name##_f32
#include "backends/native/normal_loops.h"
#undef real
#undef K

#define real double
#define K(name) name##_f64
#include "backends/native/normal_loops.h"
#undef real
#undef K

const wgi_normal_hot HOT(wgi_normal_hot) = {
    .f32 = {normal_rows_f32, normal_back_f32, add_up_f32},
    .f64 = {normal_rows_f64, normal_back_f64, add_up_f64},
};
