/* The loop over scalar instructions; scalar_hot.c includes it once for each type.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: `real`, R(f), F(f) and K(name) are the caller's, as in pointwise_loops.h, whose bits
 * these are. */
#define WGI_UNARY(name, cost, formula)                                                             \
    static inline real K(scalar_##name)(real x)                                                    \
    {                                                                                              \
        return (real)(formula);                                                                    \
    }
#define WGI_UNARY_NUMBER(name, cost, formula)                                                      \
    static inline real K(scalar_##name)(real x, real p)                                            \
    {                                                                                              \
        return (real)(formula);                                                                    \
    }
#define WGI_BINARY(name, cost, formula)                                                            \
    static inline real K(scalar_##name)(real a, real b)                                            \
    {                                                                                              \
        return (real)(formula);                                                                    \
    }
#define WGI_COMPARE(name, formula) WGI_BINARY(name, CHEAP, formula)
#include "backends/native/functions.def"

static void K(run)(const wgi_scalar *code, size_t n, size_t n_in, void *values,
                   const double *numbers)
{
    real *v = values;
    real *y = v + n_in;
    for (const wgi_scalar *i = code, *end = code + n; i < end; i++) {
        switch (i->function) {
#define WGI_UNARY(name, cost, formula)                                                             \
    case WGI_FUNCTION_##name:                                                                      \
        *y++ = K(scalar_##name)(v[i->a]);                                                          \
        break;
#define WGI_UNARY_NUMBER(name, cost, formula)                                                      \
    case WGI_FUNCTION_##name:                                                                      \
        *y++ = K(scalar_##name)(v[i->a], (real)numbers[i->b]);                                     \
        break;
#define WGI_BINARY(name, cost, formula)                                                            \
    case WGI_FUNCTION_##name:                                                                      \
        *y++ = K(scalar_##name)(v[i->a], v[i->b]);                                                 \
        break;
#define WGI_COMPARE(name, formula) WGI_BINARY(name, CHEAP, formula)
#include "backends/native/functions.def"
        case WGI_SCALAR_WHERE:
            *y++ = v[i->a] != 0 ? v[i->b] : v[i->c];
            break;
        case WGI_SCALAR_COPY:
            *y++ = v[i->a];
            break;
        default:
            *y++ = (real)numbers[i->b];
            break;
        }
    }
}
