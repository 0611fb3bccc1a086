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

#define CHEAP_UNARY(name, formula)                                                                 \
    static void K(run_##name)(int64_t n, void *y, const void *a, const void *b, const void *c,     \
                              double number)                                                       \
    {                                                                                              \
        (void)b, (void)c;                                                                          \
        const real p = (real)number;                                                               \
        const real *in = a;                                                                        \
        real *out = y;                                                                             \
        (void)p;                                                                                   \
        _Pragma("omp simd") for (int64_t i = 0; i < n; i++)                                        \
        {                                                                                          \
            const real x = in[i];                                                                  \
            out[i] = (real)(formula);                                                              \
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
#include "backends/native/functions.def"

#undef LANES
#undef COSTLY_UNARY
#undef CHEAP_UNARY
#undef CHEAP_BINARY
