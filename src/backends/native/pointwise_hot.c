/* The pointwise kernels, built for each instruction set.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Loops are marked `omp simd`: an output is either no operand or exactly one, element for element,
 * which the compiler may not assume by itself and `restrict` would deny. */
#include "backends/native/pointwise.h"

#include <string.h>

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
#include "backends/native/pointwise_loops.h"
#undef real
#undef R
#undef F
#undef K

#define real double
#define R(function) function
#define F(function) function##_f64
#define K(name) name##_f64
#include "backends/native/pointwise_loops.h"
#undef real
#undef R
#undef F
#undef K

/* ---- integers ----------------------------------------------------------------------------- */

#define I64_KERNEL(name, type, out_type, formula)                                                  \
    static void run_##name##_i64(int64_t n, void *y, const void *x0, const void *x1,               \
                                 const void *x2, double p)                                         \
    {                                                                                              \
        (void)x2, (void)p;                                                                         \
        const type *in_a = x0;                                                                     \
        const type *in_b = x1;                                                                     \
        out_type *out = y;                                                                         \
        _Pragma("omp simd") for (int64_t i = 0; i < n; i++)                                        \
        {                                                                                          \
            const type a = in_a[i];                                                                \
            const type b = in_b[i];                                                                \
            out[i] = (out_type)(formula);                                                          \
        }                                                                                          \
    }

/* Unsigned, so that they wrap. */
I64_KERNEL(add, uint64_t, uint64_t, a + b)
I64_KERNEL(sub, uint64_t, uint64_t, a - b)
I64_KERNEL(mul, uint64_t, uint64_t, a *b)

/* Comparisons alone: the other rows are defined above. */
#define WGI_COMPARE(name, formula) I64_KERNEL(name, int64_t, uint8_t, formula)
#include "backends/native/functions.def"

static void run_neg_i64(int64_t n, void *y, const void *a, const void *b, const void *c, double p)
{
    (void)b, (void)c, (void)p;
    const uint64_t *in = a;
    uint64_t *out = y;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        out[i] = 0 - in[i];
    }
}

/* ---- bools -------------------------------------------------------------------------------- */

#define WGI_LOGICAL(name, formula)                                                                 \
    static void run_##name(int64_t n, void *y, const void *x0, const void *x1, const void *x2,     \
                           double p)                                                               \
    {                                                                                              \
        (void)x2, (void)p;                                                                         \
        const uint8_t *in_a = x0;                                                                  \
        const uint8_t *in_b = x1;                                                                  \
        uint8_t *out = y;                                                                          \
        _Pragma("omp simd") for (int64_t i = 0; i < n; i++)                                        \
        {                                                                                          \
            const uint8_t a = in_a[i];                                                             \
            const uint8_t b = in_b[i];                                                             \
            out[i] = (uint8_t)(formula);                                                           \
        }                                                                                          \
    }
#define WGI_LOGICAL_ONE(name, formula)                                                             \
    static void run_##name(int64_t n, void *y, const void *a, const void *b, const void *c,        \
                           double p)                                                               \
    {                                                                                              \
        (void)b, (void)c, (void)p;                                                                 \
        const uint8_t *in = a;                                                                     \
        uint8_t *out = y;                                                                          \
        _Pragma("omp simd") for (int64_t i = 0; i < n; i++)                                        \
        {                                                                                          \
            const uint8_t x = in[i];                                                               \
            out[i] = (uint8_t)(formula);                                                           \
        }                                                                                          \
    }
#include "backends/native/functions.def"

/* ---- conversions: those of wgi_convert ---------------------------------------------------- */

static inline int64_t i64_of(double x)
{
    const double above = x > -0x1p63 ? x : 0.0;
    const int64_t inside = (int64_t)(above < 0x1p63 ? above : 0.0);
    const int64_t high = x >= 0x1p63 ? INT64_MAX : inside;
    return x <= -0x1p63 ? INT64_MIN : high;
}

static inline uint8_t u8_of(double x)
{
    const double positive = x > 0.0 ? x : 0.0;
    return (uint8_t)(int32_t)(positive < 255.0 ? positive : 255.0);
}

static inline uint8_t u8_of_i64(int64_t x)
{
    const int64_t positive = x > 0 ? x : 0;
    return (uint8_t)(positive < 255 ? positive : 255);
}

#define CAST(name, to, from, formula)                                                              \
    static void cast_##name(int64_t n, void *y, const void *a, const void *b, const void *c,       \
                            double p)                                                              \
    {                                                                                              \
        (void)b, (void)c, (void)p;                                                                 \
        const from *in = a;                                                                        \
        to *out = y;                                                                               \
        _Pragma("omp simd") for (int64_t i = 0; i < n; i++)                                        \
        {                                                                                          \
            const from x = in[i];                                                                  \
            out[i] = (to)(formula);                                                                \
        }                                                                                          \
    }

CAST(f32_f64, float, double, x)
CAST(f32_i64, float, int64_t, x)
CAST(f32_bool, float, uint8_t, x != 0)
CAST(f32_u8, float, uint8_t, x)
CAST(f64_f32, double, float, x)
CAST(f64_i64, double, int64_t, x)
CAST(f64_bool, double, uint8_t, x != 0)
CAST(f64_u8, double, uint8_t, x)
CAST(i64_f32, int64_t, float, i64_of((double)x))
CAST(i64_f64, int64_t, double, i64_of(x))
CAST(i64_bool, int64_t, uint8_t, x != 0)
CAST(i64_u8, int64_t, uint8_t, x)
CAST(bool_f32, uint8_t, float, x != 0)
CAST(bool_f64, uint8_t, double, x != 0)
CAST(bool_i64, uint8_t, int64_t, x != 0)
CAST(bool_u8, uint8_t, uint8_t, x != 0)
CAST(u8_f32, uint8_t, float, u8_of((double)x))
CAST(u8_f64, uint8_t, double, u8_of(x))
CAST(u8_i64, uint8_t, int64_t, u8_of_i64(x))

/* ---- elements as they are ----------------------------------------------------------------- */

#define MOVES(width, type)                                                                         \
    static void copy_##width(int64_t n, void *y, const void *a, const void *b, const void *c,      \
                             double p)                                                             \
    {                                                                                              \
        (void)b, (void)c, (void)p;                                                                 \
        if (n > 0) {                                                                               \
            memmove(y, a, (size_t)n * sizeof(type));                                               \
        }                                                                                          \
    }                                                                                              \
    static void spread_##width(int64_t n, void *y, const void *a, const void *b, const void *c,    \
                               double p)                                                           \
    {                                                                                              \
        (void)b, (void)c, (void)p;                                                                 \
        type *out = y;                                                                             \
        const type x = *(const type *)a;                                                           \
        _Pragma("omp simd") for (int64_t i = 0; i < n; i++)                                        \
        {                                                                                          \
            out[i] = x;                                                                            \
        }                                                                                          \
    }                                                                                              \
    static void where_##width(int64_t n, void *y, const void *a, const void *b, const void *c,     \
                              double p)                                                            \
    {                                                                                              \
        (void)p;                                                                                   \
        const uint8_t *condition = a;                                                              \
        const type *in_b = b;                                                                      \
        const type *in_c = c;                                                                      \
        type *out = y;                                                                             \
        _Pragma("omp simd") for (int64_t i = 0; i < n; i++)                                        \
        {                                                                                          \
            const type taken = in_b[i];                                                            \
            const type other = in_c[i];                                                            \
            out[i] = condition[i] != 0 ? taken : other;                                            \
        }                                                                                          \
    }

MOVES(1, uint8_t)
MOVES(4, uint32_t)
MOVES(8, uint64_t)

#define FILL(name, type, spread, formula)                                                          \
    static void fill_##name(int64_t n, void *y, const void *a, const void *b, const void *c,       \
                            double p)                                                              \
    {                                                                                              \
        (void)a;                                                                                   \
        const type x = (type)(formula);                                                            \
        spread(n, y, &x, b, c, p);                                                                 \
    }

FILL(f32, float, spread_4, p)
FILL(f64, double, spread_8, p)
FILL(i64, int64_t, spread_8, i64_of(p))
FILL(bool, uint8_t, spread_1, p != 0)
FILL(u8, uint8_t, spread_1, u8_of(p))

/* ---- the table ---------------------------------------------------------------------------- */

#define F32_ENTRY(name) [WGI_FUNCTION_##name] = run_##name##_f32,
#define F64_ENTRY(name) [WGI_FUNCTION_##name] = run_##name##_f64,
#define I64_ENTRY(name) [WGI_FUNCTION_##name] = run_##name##_i64,
#define BOOL_ENTRY(name) [WGI_FUNCTION_##name] = run_##name,

const wgi_pointwise HOT(wgi_pointwise_hot) = {
    .f32 =
        {
#define WGI_UNARY(name, cost, formula) F32_ENTRY(name)
#define WGI_UNARY_NUMBER(name, cost, formula) F32_ENTRY(name)
#define WGI_BINARY(name, cost, formula) F32_ENTRY(name)
#define WGI_COMPARE(name, formula) F32_ENTRY(name)
#define WGI_TEST(name, formula) F32_ENTRY(name)
#include "backends/native/functions.def"
        },
    .f64 =
        {
#define WGI_UNARY(name, cost, formula) F64_ENTRY(name)
#define WGI_UNARY_NUMBER(name, cost, formula) F64_ENTRY(name)
#define WGI_BINARY(name, cost, formula) F64_ENTRY(name)
#define WGI_COMPARE(name, formula) F64_ENTRY(name)
#define WGI_TEST(name, formula) F64_ENTRY(name)
#include "backends/native/functions.def"
        },
    .i64 = {I64_ENTRY(add) I64_ENTRY(sub) I64_ENTRY(mul) I64_ENTRY(neg)
#define WGI_COMPARE(name, formula) I64_ENTRY(name)
#include "backends/native/functions.def"
    },
    .bools =
        {
#define WGI_LOGICAL(name, formula) BOOL_ENTRY(name)
#define WGI_LOGICAL_ONE(name, formula) BOOL_ENTRY(name)
#include "backends/native/functions.def"
        },
    .cast =
        {
            [WG_F32] = {NULL, copy_4, cast_f32_f64, cast_f32_i64, cast_f32_bool, cast_f32_u8},
            [WG_F64] = {NULL, cast_f64_f32, copy_8, cast_f64_i64, cast_f64_bool, cast_f64_u8},
            [WG_I64] = {NULL, cast_i64_f32, cast_i64_f64, copy_8, cast_i64_bool, cast_i64_u8},
            [WG_BOOL] = {NULL, cast_bool_f32, cast_bool_f64, cast_bool_i64, cast_bool_u8,
                         cast_bool_u8},
            [WG_U8] = {NULL, cast_u8_f32, cast_u8_f64, cast_u8_i64, cast_bool_u8, copy_1},
        },
    .fill = {NULL, fill_f32, fill_f64, fill_i64, fill_bool, fill_u8},
    .where = {where_1, where_4, where_8},
    .copy = {copy_1, copy_4, copy_8},
    .spread = {spread_1, spread_4, spread_8},
};
