/* Compiles the kernels of one op file once per floating type.
 * SPDX-License-Identifier: Apache-2.0
 *
 * An op file is its own kernel template: it opens with
 *
 *     #if defined(WGI_REAL_PASS)
 *     ... kernels over `real` ...
 *     #else
 *     ... constructors, shape rules, gradients ...
 *     #define WGI_KERNEL_FILE "ops/sum.c"
 *     #include "ops/for_each_real.h"
 *     ... rows and samples ...
 *     #endif
 *
 * Invariant: in each pass `real` is the element type, `accum` the type to add up in (double for
 * float, else real), R(f) and A(f) the function f of <math.h> for real and for accum, and K(name)
 * the name of this pass's version. All are gone after the include. No guard: one include per op
 * file. */
#include <math.h>

#include "core/dtype.h"

#if defined(WGI_WIDE) && defined(WGI_WIDE_IS_FLOAT128)
/* libquadmath's functions, declared here since not every compiler finds quadmath.h. */
wgi_wide acosq(wgi_wide);
wgi_wide asinq(wgi_wide);
wgi_wide atanq(wgi_wide);
wgi_wide ceilq(wgi_wide);
wgi_wide coshq(wgi_wide);
wgi_wide cosq(wgi_wide);
wgi_wide erfcq(wgi_wide);
wgi_wide erfq(wgi_wide);
wgi_wide exp2q(wgi_wide);
wgi_wide expm1q(wgi_wide);
wgi_wide expq(wgi_wide);
wgi_wide fabsq(wgi_wide);
wgi_wide floorq(wgi_wide);
wgi_wide log10q(wgi_wide);
wgi_wide log1pq(wgi_wide);
wgi_wide log2q(wgi_wide);
wgi_wide logq(wgi_wide);
wgi_wide rintq(wgi_wide);
wgi_wide sinhq(wgi_wide);
wgi_wide sinq(wgi_wide);
wgi_wide sqrtq(wgi_wide);
wgi_wide tanhq(wgi_wide);
wgi_wide tanq(wgi_wide);
wgi_wide truncq(wgi_wide);
wgi_wide atan2q(wgi_wide, wgi_wide);
wgi_wide copysignq(wgi_wide, wgi_wide);
wgi_wide fmaq(wgi_wide, wgi_wide, wgi_wide);
wgi_wide fmaxq(wgi_wide, wgi_wide);
wgi_wide fminq(wgi_wide, wgi_wide);
wgi_wide fmodq(wgi_wide, wgi_wide);
wgi_wide hypotq(wgi_wide, wgi_wide);
wgi_wide nextafterq(wgi_wide, wgi_wide);
wgi_wide powq(wgi_wide, wgi_wide);
#endif

#define WGI_REAL_PASS

#define real float
#define accum double
#define R(function) function##f
#define A(function) function
#define K(name) name##_f32
#include WGI_KERNEL_FILE
#undef real
#undef accum
#undef R
#undef A
#undef K

#define real double
#define accum double
#define R(function) function
#define A(function) function
#define K(name) name##_f64
#include WGI_KERNEL_FILE
#undef real
#undef accum
#undef R
#undef A
#undef K

#if defined(WGI_WIDE)
#define real wgi_wide
#define accum wgi_wide
#if defined(WGI_WIDE_IS_FLOAT128)
#define R(function) function##q
#define A(function) function##q
#else
#define R(function) function##l
#define A(function) function##l
#endif
#define K(name) name##_wide
#include WGI_KERNEL_FILE
#undef real
#undef accum
#undef R
#undef A
#undef K
#endif

#undef WGI_REAL_PASS

/* The versions of one kernel as initialisers of wgi_op.reference. */
#if defined(WGI_WIDE)
#define WGI_REALS(run) [WG_F32] = run##_f32, [WG_F64] = run##_f64, [WGI_DTYPE_WIDE] = run##_wide
#else
#define WGI_REALS(run) [WG_F32] = run##_f32, [WG_F64] = run##_f64
#endif
