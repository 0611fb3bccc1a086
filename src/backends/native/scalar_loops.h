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
#define WGI_TEST(name, formula) WGI_UNARY(name, CHEAP, formula)
#define WGI_LOGICAL(name, formula) WGI_BINARY(name, CHEAP, formula)
#define WGI_LOGICAL_ONE(name, formula) WGI_UNARY(name, CHEAP, formula)
#include "backends/native/functions.def"

#define CASE(name, fresh, value)                                                                   \
    case WGI_SCALAR(WGI_FUNCTION_##name, fresh):                                                   \
        last = (value);                                                                            \
        break;

#define CHEAP_CASE(name, fresh, value) CASE(name, fresh, value)
#define COSTLY_CASE(name, fresh, value)
#define ANGLE_CASE(name, fresh, value)

static void K(run)(const wgi_scalar *code, size_t n, size_t n_in, void *values,
                   const double *numbers)
{
    real *v = values;
    real *y = v + n_in;
    real last = 0;
    for (const wgi_scalar *i = code, *end = code + n; i < end; i++) {
        switch (i->code) {
#define WGI_UNARY(name, cost, formula)                                                             \
    CASE(name, WGI_FRESH_NONE, K(scalar_##name)(v[i->a]))                                          \
    cost##_CASE(name, WGI_FRESH_A, K(scalar_##name)(last))
#define WGI_UNARY_NUMBER(name, cost, formula)                                                      \
    CASE(name, WGI_FRESH_NONE, K(scalar_##name)(v[i->a], (real)numbers[i->b]))                     \
    cost##_CASE(name, WGI_FRESH_A, K(scalar_##name)(last, (real)numbers[i->b]))
#define WGI_BINARY(name, cost, formula)                                                            \
    CASE(name, WGI_FRESH_NONE, K(scalar_##name)(v[i->a], v[i->b]))                                 \
    cost##_CASE(name, WGI_FRESH_A, K(scalar_##name)(last, v[i->b]))                                \
        cost##_CASE(name, WGI_FRESH_B, K(scalar_##name)(v[i->a], last))
#define WGI_COMPARE(name, formula) WGI_BINARY(name, CHEAP, formula)
#define WGI_TEST(name, formula) WGI_UNARY(name, CHEAP, formula)
#define WGI_LOGICAL(name, formula) WGI_BINARY(name, CHEAP, formula)
#define WGI_LOGICAL_ONE(name, formula) WGI_UNARY(name, CHEAP, formula)
#include "backends/native/functions.def"
        case WGI_SCALAR_WHERE:
            last = v[i->a] != 0 ? v[i->b] : v[i->c];
            break;
        case WGI_SCALAR_COPY:
            last = v[i->a];
            break;
        default:
            last = (real)numbers[i->b];
            break;
        }
        *y++ = last;
    }
}

#undef CASE
#undef CHEAP_CASE
#undef COSTLY_CASE
#undef ANGLE_CASE
