/* Oracles of the pointwise ops of two operands, and of those that give bools.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Slopes round where the ops that their rules record do: beyond that, an overflow on the way would
 * be no fault of a kernel. */
#include "ops/oracles.h"

#include <wengert/ops.h>

#include "ops/op_ids.h"
#include "ops/support.h"

#include <math.h>

#define RECORD(name)                                                                               \
    static wg_node record_##name(wg_node a, wg_node b)                                             \
    {                                                                                              \
        return wgi_record_two(a, b, WGI_OP_##name);                                                \
    }

RECORD(larger_share)
RECORD(ratio)
RECORD(pow_log)

#define VALUE(name, formula)                                                                       \
    static long double name(long double a, long double b)                                          \
    {                                                                                              \
        return (formula);                                                                          \
    }
#define SLOPE(name, formula)                                                                       \
    static long double name(const wgt_point *p)                                                    \
    {                                                                                              \
        return (formula);                                                                          \
    }

static long double round_to(const wgt_point *p, long double x)
{
    return (long double)wgt_rounded(p->dtype, x);
}

VALUE(add, a + b)
VALUE(sub, a - b)
VALUE(mul, a *b)
VALUE(divide, a / b)
VALUE(gate, a == 0 ? 0 : a * b)
VALUE(larger, a >= b ? a : b > a ? b : a + b)
VALUE(smaller, a <= b ? a : b < a ? b : a + b)
VALUE(share, a > b ? 1 : a < b ? 0 : a == b ? 0.5L : a + b)
VALUE(ratio_of, a == 0 && b == 0 ? 0 : a / b)
VALUE(xlogy, a == 0 && !isnan(b) ? 0 : a * logl(b))
/* Of the power as a double: where that is denormal, the product is no nearer. */
VALUE(pow_log_of, a == 0 && b >= 0 ? 0 : (long double)(double)powl(a, b) * logl(a))

static long double floored(long double a, long double b)
{
    const long double rest = fmodl(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

SLOPE(one, p != NULL)
SLOPE(minus_one, -one(p))
SLOPE(a_itself, p->a)
SLOPE(b_itself, p->b)
SLOPE(div_a, 1 / p->b)
SLOPE(div_b, -(p->y / p->b))
SLOPE(share_of_a, share(p->a, p->b))
SLOPE(share_of_b, share(p->b, p->a))
SLOPE(pow_a, p->b == 0 ? 0 : p->b * round_to(p, powl(p->a, p->b - 1)))
SLOPE(pow_b, pow_log_of(p->a, p->b))
SLOPE(radius, round_to(p, hypotl(p->a, p->b)))
SLOPE(atan2_a, ratio_of(round_to(p, ratio_of(p->b, radius(p))), radius(p)))
SLOPE(atan2_b, -ratio_of(round_to(p, ratio_of(p->a, radius(p))), radius(p)))
SLOPE(hypot_a, ratio_of(p->a, p->y))
SLOPE(hypot_b, ratio_of(p->b, p->y))
SLOPE(quotient, round_to(p, round_to(p, p->a - p->y) / p->b))
SLOPE(mod_b, -rintl(quotient(p)))
SLOPE(xlogy_a, p->a == 0 && p->b <= 0 ? 0 : logl(p->b))
SLOPE(log_slope, p->b < 0 ? (long double)NAN : round_to(p, 1 / p->b))
SLOPE(xlogy_b, gate(p->a, log_slope(p)))
SLOPE(ratio_b, -ratio_of(p->y, p->b))
SLOPE(none, p == NULL)

const wgt_binary wgt_binaries[] = {
    {"add", wg_add, add, one, one, 0, 0},
    {"sub", wg_sub, sub, one, minus_one, 0, 0},
    {"mul", wg_mul, mul, b_itself, a_itself, 0, 0},
    {"div", wg_div, divide, div_a, div_b, 0, 0},
    {"gate", wg_gate, gate, b_itself, a_itself, 0, 0},
    {"pow", wg_pow, powl, pow_a, pow_b, 2, 4},
    {"maximum", wg_maximum, larger, share_of_a, share_of_b, 0, 0},
    {"minimum", wg_minimum, smaller, share_of_b, share_of_a, 0, 0},
    {"atan2", wg_atan2, atan2l, atan2_a, atan2_b, 2, 4},
    {"hypot", wg_hypot, hypotl, hypot_a, hypot_b, 2, 2},
    {"fmod", wg_fmod, fmodl, one, mod_b, 0, 0},
    {"remainder", wg_remainder, floored, one, mod_b, 1, 0},
    {"xlogy", wg_xlogy, xlogy, xlogy_a, xlogy_b, 2, 2},
    {"larger_share", record_larger_share, share, none, none, 0, 0},
    {"ratio", record_ratio, ratio_of, div_a, ratio_b, 0, 1},
    {"pow_log", record_pow_log, pow_log_of, NULL, NULL, 3, 0},
};

const size_t wgt_n_binaries = sizeof wgt_binaries / sizeof *wgt_binaries;

/* ---- truths ------------------------------------------------------------------------------- */

#define TRUTH(name, formula)                                                                       \
    static bool name(double a, double b)                                                           \
    {                                                                                              \
        (void)b;                                                                                   \
        return (formula);                                                                          \
    }

TRUTH(is_greater, isgreater(a, b))
TRUTH(is_greater_equal, isgreaterequal(a, b))
TRUTH(is_less, isless(a, b))
TRUTH(is_less_equal, islessequal(a, b))
TRUTH(is_equal, a == b)
TRUTH(is_not_equal, !(a == b))
TRUTH(is_nan, isnan(a))
TRUTH(is_inf, isinf(a))
TRUTH(is_finite, isfinite(a))
TRUTH(is_both, a != 0 && b != 0)
TRUTH(is_any, a != 0 || b != 0)
TRUTH(is_either, (a != 0) != (b != 0))
TRUTH(is_not, a == 0)

const wgt_truth wgt_truths[] = {
    {"greater", NULL, wg_greater, is_greater, false},
    {"greater_equal", NULL, wg_greater_equal, is_greater_equal, false},
    {"less", NULL, wg_less, is_less, false},
    {"less_equal", NULL, wg_less_equal, is_less_equal, false},
    {"equal", NULL, wg_equal, is_equal, false},
    {"not_equal", NULL, wg_not_equal, is_not_equal, false},
    {"isnan", wg_isnan, NULL, is_nan, false},
    {"isinf", wg_isinf, NULL, is_inf, false},
    {"isfinite", wg_isfinite, NULL, is_finite, false},
    {"logical_and", NULL, wg_logical_and, is_both, true},
    {"logical_or", NULL, wg_logical_or, is_any, true},
    {"logical_xor", NULL, wg_logical_xor, is_either, true},
    {"logical_not", wg_logical_not, NULL, is_not, true},
};

const size_t wgt_n_truths = sizeof wgt_truths / sizeof *wgt_truths;
