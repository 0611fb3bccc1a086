/* Scalar instructions, built for each instruction set.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/native/scalar.h"

#include "backends/native/activation_f32.h"
#include "backends/native/activation_f64.h"
#include "backends/native/math_f32.h"
#include "backends/native/math_f64.h"
#include "backends/native/special_f32.h"
#include "backends/native/special_f64.h"
#include "ops/params.h"

#define real float
#define R(function) function##f
#define F(function) function##_f32
#define K(name) name##_f32
#include "backends/native/scalar_loops.h"
#undef real
#undef R
#undef F
#undef K

#define real double
#define R(function) function
#define F(function) function##_f64
#define K(name) name##_f64
#include "backends/native/scalar_loops.h"
#undef real
#undef R
#undef F
#undef K

const wgi_scalars HOT(wgi_scalars_hot) = {.f32 = run_f32, .f64 = run_f64};
