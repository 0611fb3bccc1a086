/* The pointwise kernels over `real`; pointwise_hot.c includes them once for each type.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: `real`, R(f) (f of <math.h> for real), F(f) (f of ours) and K(name) (this pass's name)
 * are the caller's. */

/* One vector of the widest instruction set. */
#define LANES ((int64_t)(64 / sizeof(real)))

/* A loop over a function that costs more than copying its operand. What is left over when n is
 * divided by LANES is computed as the last LANES elements, or as a vector with zeros where there
 * are less; it is read before y, which may be x, is written. */
#define COSTLY_UNARY(name, formula)                                                                \
    static void K(loop_##name)(int64_t n, real * y, const real *in, double number)                 \
    {                                                                                              \
        const real p = (real)number;                                                               \
        (void)p;                                                                                   \
        _Pragma("omp simd") for (int64_t i = 0; i < n; i++)                                        \
        {                                                                                          \
            const real x = in[i];                                                                  \
            y[i] = (real)(formula);                                                                \
        }                                                                                          \
    }                                                                                              \
    static void K(run_##name)(int64_t n, void *y, const void *a, const void *b, const void *c,     \
                              double p)                                                            \
    {                                                                                              \
        (void)b, (void)c;                                                                          \
        const int64_t rest = n % LANES;                                                            \
        if (rest == 0) {                                                                           \
            K(loop_##name)(n, y, a, p);                                                            \
            return;                                                                                \
        }                                                                                          \
        const int64_t taken = n < LANES ? n : LANES;                                               \
        real last[64 / sizeof(real)] = {0};                                                        \
        K(take)(last, (const real *)a + (n - taken), taken);                                       \
        K(loop_##name)(n - rest, y, a, p);                                                         \
        K(loop_##name)(LANES, last, last, p);                                                      \
        K(take)((real *)y + (n - taken), last, taken);                                             \
    }

/* Kept in small parts, in which arguments beyond the reach of vectors are found afterwards. */
#define ANGLE_UNARY(name, formula)                                                                 \
    static void K(loop_##name)(int64_t n, real * y, const real *in, double number)                 \
    {                                                                                              \
        (void)number;                                                                              \
        real beyond = 0;                                                                           \
        _Pragma("omp simd reduction(+ : beyond)") for (int64_t i = 0; i < n; i++)                  \
        {                                                                                          \
            const real x = in[i];                                                                  \
            y[i] = F(near_##name)(x);                                                              \
            beyond += R(fabs)(x) <= (real)ANGLE_LIMIT ? 0 : 1;                                     \
        }                                                                                          \
        for (int64_t i = 0; i < n && beyond != 0; i++) {                                           \
            const real x = in[i];                                                                  \
            y[i] = R(fabs)(x) <= (real)ANGLE_LIMIT ? y[i] : F(name)(x);                            \
        }                                                                                          \
    }                                                                                              \
    static void K(run_##name)(int64_t n, void *y, const void *a, const void *b, const void *c,     \
                              double p)                                                            \
    {                                                                                              \
        (void)b, (void)c;                                                                          \
        real part[512 / sizeof(real)] = {0};                                                       \
        real result[512 / sizeof(real)];                                                           \
        for (int64_t i = 0; i < n; i += 8 * LANES) {                                               \
            const int64_t some = n - i < 8 * LANES ? n - i : 8 * LANES;                            \
            const int64_t whole = (some + LANES - 1) / LANES * LANES;                              \
            memcpy(part, (const real *)a + i, (size_t)some * sizeof(real));                        \
            K(loop_##name)(whole, result, part, p);                                                \
            memcpy((real *)y + i, result, (size_t)some * sizeof(real));                            \
        }                                                                                          \
    }

#define CHEAP_UNARY(name, formula) CHEAP_ONE(name, real, formula)
#define CHEAP_ONE(name, out_type, formula)                                                         \
    static void K(run_##name)(int64_t n, void *y, const void *a, const void *b, const void *c,     \
                              double number)                                                       \
    {                                                                                              \
        (void)b, (void)c;                                                                          \
        const real p = (real)number;                                                               \
        const real *in = a;                                                                        \
        out_type *out = y;                                                                         \
        (void)p;                                                                                   \
        _Pragma("omp simd") for (int64_t i = 0; i < n; i++)                                        \
        {                                                                                          \
            const real x = in[i];                                                                  \
            out[i] = (out_type)(formula);                                                          \
        }                                                                                          \
    }

#define CHEAP_BINARY(name, out_type, formula)                                                      \
    static void K(run_##name)(int64_t n, void *y, const void *x0, const void *x1, const void *x2,  \
                              double p)                                                            \
    {                                                                                              \
        (void)x2, (void)p;                                                                         \
        const real *in_a = x0;                                                                     \
        const real *in_b = x1;                                                                     \
        out_type *out = y;                                                                         \
        _Pragma("omp simd") for (int64_t i = 0; i < n; i++)                                        \
        {                                                                                          \
            const real a = in_a[i];                                                                \
            const real b = in_b[i];                                                                \
            out[i] = (out_type)(formula);                                                          \
        }                                                                                          \
    }

/* n <= LANES elements. The constant size lets the compiler keep a whole vector in a register. */
static inline void K(take)(real *to, const real *from, int64_t n)
{
    if (n == LANES) {
        memcpy(to, from, 64);
    } else {
        memcpy(to, from, (size_t)n * sizeof(real));
    }
}

#define WGI_UNARY(name, cost, formula) cost##_UNARY(name, formula)
#define WGI_UNARY_NUMBER(name, cost, formula) cost##_UNARY(name, formula)
#define WGI_BINARY(name, cost, formula) cost##_BINARY(name, real, formula)
#define WGI_COMPARE(name, formula) CHEAP_BINARY(name, uint8_t, formula)
#define WGI_TEST(name, formula) CHEAP_ONE(name, uint8_t, formula)
#include "backends/native/functions.def"

#undef LANES
#undef COSTLY_UNARY
#undef ANGLE_UNARY
#undef CHEAP_UNARY
#undef CHEAP_ONE
#undef CHEAP_BINARY
