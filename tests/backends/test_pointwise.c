/* The pointwise kernels against long double, and each element against itself at another place.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/group_case.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <wengert/tensor.h>

#include "backends/native/isa.h"
#include "backends/native/pointwise.h"
#include "core/dtype.h"

#define SEED UINT64_C(7)
#define BLOCK 4096

static const wgi_pointwise *kernels(void)
{
    return WGI_HOT_PICK(wgi_pointwise_hot, wgi_isa_detect());
}

static wgi_block_kernel kernel_of(int dtype, wgi_function f)
{
    return dtype == WG_F32 ? kernels()->f32[f] : kernels()->f64[f];
}

/* What a function takes and gives. */
typedef enum kind {
    REAL, /* reals to a real */
    REALS_TO_BOOL,
    BOOLS
} kind;

static const kind kinds[WGI_N_FUNCTIONS] = {
#define WGI_COMPARE(name, formula) [WGI_FUNCTION_##name] = REALS_TO_BOOL,
#define WGI_TEST(name, formula) [WGI_FUNCTION_##name] = REALS_TO_BOOL,
#define WGI_LOGICAL(name, formula) [WGI_FUNCTION_##name] = BOOLS,
#define WGI_LOGICAL_ONE(name, formula) [WGI_FUNCTION_##name] = BOOLS,
#include "backends/native/functions.def"
};

/* ---- what is true ------------------------------------------------------------------------- */

static long double true_sigmoid(long double x)
{
    return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x));
}

static long double true_softplus(long double x)
{
    return x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x));
}

static long double true_logsigmoid(long double x)
{
    return -true_softplus(-x);
}

static long double true_silu(long double x)
{
    return x < -12000 ? -0.0L : x * true_sigmoid(x);
}

static long double true_gelu(long double x)
{
    return x < -200 ? -0.0L : x * 0.5L * erfcl(-x / sqrtl(2.0L));
}

static long double true_mish(long double x)
{
    return x < -12000 ? -0.0L : x > 12000 ? x : x * tanhl(true_softplus(x));
}

static long double tanh_argument(long double x)
{
    return 2 * sqrtl(2 / acosl(-1.0L)) * (x + 0.044715L * x * x * x);
}

static long double true_gelu_tanh(long double x)
{
    return x < -200 ? -0.0L : x > 200 ? x : x * true_sigmoid(tanh_argument(x));
}

static long double true_softsign(long double x)
{
    return isinf(x) ? copysignl(1, x) : x / (1 + fabsl(x));
}

static long double true_selu(long double x)
{
    const long double scale = 1.0507009873554804934193349852946L;
    return x > 0 ? scale * x : scale * 1.6732632423543772848170429916717L * expm1l(x);
}

static long double true_square(long double x)
{
    return x * x;
}

static long double true_rsqrt(long double x)
{
    return 1 / sqrtl(x);
}

static long double true_reciprocal(long double x)
{
    return 1 / x;
}

static long double true_frac(long double x)
{
    return x - truncl(x);
}

static long double true_one_minus(long double x)
{
    return 1 - x;
}

/* ulps: what f32 and f64 may be off. A correctly rounded one is off by half. */
typedef struct oracle {
    const char *name;
    wgi_function function;
    long double (*value)(long double x);
    double f32_ulps;
    double f64_ulps;
} oracle;

#define ORACLE(name, value, f32_ulps, f64_ulps)                                                    \
    {                                                                                              \
#name, WGI_FUNCTION_##name, value, f32_ulps, f64_ulps                                      \
    }

/* In f64 silu has one rounding more than sigmoid, mish is a quotient of sums, and the tail of gelu
 * is a product of five factors with the errors of each. */
static const oracle oracles[] = {
    ORACLE(exp, expl, 2, 2),
    ORACLE(log, logl, 2, 2),
    ORACLE(tanh, tanhl, 2, 2),
    ORACLE(sigmoid, true_sigmoid, 2, 2),
    ORACLE(exp2, exp2l, 2, 2),
    ORACLE(expm1, expm1l, 2, 2),
    ORACLE(log1p, log1pl, 2, 2),
    ORACLE(log2, log2l, 2, 2),
    ORACLE(log10, log10l, 2, 2),
    ORACLE(softplus, true_softplus, 2, 2),
    ORACLE(logsigmoid, true_logsigmoid, 2, 2),
    ORACLE(erf, erfl, 2, 2),
    ORACLE(sin, sinl, 2, 2),
    ORACLE(cos, cosl, 2, 2),
    ORACLE(rsqrt, true_rsqrt, 2, 2),
    ORACLE(silu, true_silu, 2, 2.5),
    ORACLE(gelu, true_gelu, 2, 7),
    ORACLE(mish, true_mish, 2, 5),
    ORACLE(gelu_tanh, true_gelu_tanh, 2, 4),
    ORACLE(softsign, true_softsign, 2, 2),
    ORACLE(selu, true_selu, 2, 2.5),
    ORACLE(sqrt, sqrtl, 0.501, 0.501),
    ORACLE(square, true_square, 0.501, 0.501),
    ORACLE(reciprocal, true_reciprocal, 0.501, 0.501),
    ORACLE(one_minus, true_one_minus, 0.501, 0.501),
    ORACLE(abs, fabsl, 0, 0),
    ORACLE(floor, floorl, 0, 0),
    ORACLE(ceil, ceill, 0, 0),
    ORACLE(round, rintl, 0, 0),
    ORACLE(trunc, truncl, 0, 0),
    ORACLE(frac, true_frac, 0, 0),
};

#define N_ORACLES (sizeof oracles / sizeof *oracles)

/* The distance of |x| to the next number of the dtype. */
static long double ulp_at(int dtype, double x)
{
    const double size = fabs(x);
    if (dtype == WG_F32) {
        const float at = (float)size;
        return at < FLT_MAX ? (long double)nextafterf(at, INFINITY) - (long double)at : 0x1p104L;
    }
    return size < DBL_MAX ? (long double)nextafter(size, (double)INFINITY) - (long double)size
                          : 0x1p971L;
}

/* How many ulp y is off; infinity where it is of another kind than the truth. */
static double ulps_off(int dtype, double y, long double truth)
{
    const double nearest = dtype == WG_F32 ? (double)(float)truth : (double)truth;
    if (isnan(nearest) || isnan(y)) {
        return isnan(nearest) && isnan(y) ? 0 : HUGE_VAL;
    }
    if (isinf(nearest) || isinf(y)) {
        return y == nearest ? 0 : HUGE_VAL;
    }
    if ((signbit(y) != 0) != (signbit(nearest) != 0)) {
        return HUGE_VAL;
    }
    return (double)(fabsl((long double)y - truth) / ulp_at(dtype, nearest));
}

/* ---- sweeps ------------------------------------------------------------------------------- */

typedef struct sweep {
    const oracle *oracle;
    int dtype;
    uint64_t n;
    double worst;
    double at;
} sweep;

static void sweep_block(sweep *s, const void *x)
{
    double y[BLOCK]; /* of either dtype */
    kernel_of(s->dtype, s->oracle->function)(BLOCK, y, x, NULL, NULL, 0.0);
    for (int64_t i = 0; i < BLOCK; i++) {
        const double in = wgi_load_double(s->dtype, x, i);
        const long double truth = s->oracle->value((long double)in);
        const double off = ulps_off(s->dtype, wgi_load_double(s->dtype, y, i), truth);
        s->at = off > s->worst ? in : s->at;
        s->worst = off > s->worst ? off : s->worst;
        s->n++;
    }
}

/* Every stride-th bit pattern. */
static void sweep_f32(sweep *s, uint64_t stride)
{
    float x[BLOCK];
    uint64_t bits = 0;
    while (bits <= UINT32_MAX) {
        for (int i = 0; i < BLOCK; i++) {
            const uint32_t word = bits <= UINT32_MAX ? (uint32_t)bits : 0;
            memcpy(&x[i], &word, sizeof word);
            bits += stride;
        }
        sweep_block(s, x);
    }
}

/* Random bit patterns, and numbers of the sizes at which functions bend. */
static double draw_f64(wg_rng *rng, uint64_t how)
{
    const uint64_t word = wg_rng_u64(rng);
    const double unit = wg_rng_uniform(rng) - 0.5;
    double x;
    switch (how % 6) {
    case 0:
        memcpy(&x, &word, sizeof x);
        return x;
    case 1:
        return 2 * unit;
    case 2:
        return 40 * unit;
    case 3:
        return 1600 * unit;
    case 4:
        return 1 + unit;
    default:
        return ldexp(unit, -(int)(word % 30));
    }
}

static void sweep_f64(sweep *s, int blocks)
{
    double x[BLOCK];
    wg_rng rng = wg_rng_make(SEED, 1);
    for (int b = 0; b < blocks; b++) {
        for (uint64_t i = 0; i < BLOCK; i++) {
            x[i] = draw_f64(&rng, i);
        }
        sweep_block(s, x);
    }
}

static void test_pointwise_functions_are_accurate(void **state)
{
    (void)state;
    const char *text = getenv("WENGERT_SWEEP_STRIDE");
    const uint64_t asked = text != NULL ? strtoull(text, NULL, 10) : 0;
    for (size_t i = 0; i < N_ORACLES; i++) {
        sweep f32 = {.oracle = &oracles[i], .dtype = WG_F32};
        sweep f64 = {.oracle = &oracles[i], .dtype = WG_F64};
        sweep_f32(&f32, asked > 0 ? asked : 16001);
        sweep_f64(&f64, 40);
        print_message("%-12s f32 %.3f ulp at %a, f64 %.3f ulp at %a\n", oracles[i].name, f32.worst,
                      f32.at, f64.worst, f64.at);
        assert_true(f32.n > 100000 && f64.n > 100000);
        assert_true(f32.worst <= oracles[i].f32_ulps);
        assert_true(f64.worst <= oracles[i].f64_ulps);
    }
}

/* ---- derivatives -------------------------------------------------------------------------- */

/* A derivative is a sum of two terms, which cancel at its root: errors count in ulp of the first,
 * or of the sum where that is larger. */
typedef struct slope {
    const char *name;
    wgi_function function;
    long double (*share)(long double x);                   /* the function is x times this */
    long double (*turn)(long double x, long double share); /* x times its derivative */
    long double far;                                       /* beyond, it is 0 or 1 */
    double f64_ulps;
} slope;

static long double silu_turn(long double x, long double share)
{
    return x * share * true_sigmoid(-x);
}

static long double mish_share(long double x)
{
    return tanhl(true_softplus(x));
}

/* (1 - t^2) = (1 - t) (1 + t), where 1 - t = 2 / (1 + (1 + e^x)^2). */
static long double mish_turn(long double x, long double share)
{
    const long double above = 1 + expl(x);
    return x * 2 / (1 + above * above) * (1 + share) * true_sigmoid(x);
}

static long double gelu_share(long double x)
{
    return erfcl(-x / sqrtl(2.0L)) / 2;
}

static long double gelu_turn(long double x, long double share)
{
    (void)share;
    return x * expl(-x * x / 2) / sqrtl(2 * acosl(-1.0L));
}

static long double gelu_tanh_share(long double x)
{
    return true_sigmoid(tanh_argument(x));
}

static long double gelu_tanh_turn(long double x, long double share)
{
    const long double rise = 2 * sqrtl(2 / acosl(-1.0L)) * (1 + 3 * 0.044715L * x * x);
    return x * share * true_sigmoid(-tanh_argument(x)) * rise;
}

#define SLOPE(name, share, turn, far, ulps)                                                        \
    {                                                                                              \
#name, WGI_FUNCTION_##name, share, turn, far, ulps                                         \
    }

static const slope slopes[] = {
    SLOPE(silu_slope, true_sigmoid, silu_turn, 5000, 5),
    SLOPE(mish_slope, mish_share, mish_turn, 5000, 8),
    SLOPE(gelu_slope, gelu_share, gelu_turn, 100, 7),
    SLOPE(gelu_tanh_slope, gelu_tanh_share, gelu_tanh_turn, 100, 12),
};

static double slope_off(const slope *s, int dtype, double x, double y)
{
    if (isnan(x)) {
        return isnan(y) ? 0 : HUGE_VAL;
    }
    if (fabs(x) > (double)s->far) {
        return y == (x > 0) ? 0 : HUGE_VAL;
    }
    const long double share = s->share((long double)x);
    const long double truth = share + s->turn((long double)x, share);
    const long double size = fmaxl(share, fabsl(truth));
    return (double)(fabsl((long double)y - truth) / ulp_at(dtype, (double)size));
}

static double worst_slope(const slope *s, int dtype, int blocks)
{
    wg_rng rng = wg_rng_make(SEED, 2);
    double worst = 0;
    for (int b = 0; b < blocks; b++) {
        double x[BLOCK];
        double y[BLOCK];
        double in[BLOCK];
        for (uint64_t i = 0; i < BLOCK; i++) {
            wgi_store_double(dtype, in, (int64_t)i, draw_f64(&rng, i));
            x[i] = wgi_load_double(dtype, in, (int64_t)i);
        }
        kernel_of(dtype, s->function)(BLOCK, y, in, NULL, NULL, 0.0);
        for (int64_t i = 0; i < BLOCK; i++) {
            worst = fmax(worst, slope_off(s, dtype, x[i], wgi_load_double(dtype, y, i)));
        }
    }
    return worst;
}

static void test_pointwise_slopes_are_accurate(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof slopes / sizeof *slopes; i++) {
        const double f32 = worst_slope(&slopes[i], WG_F32, 40);
        const double f64 = worst_slope(&slopes[i], WG_F64, 40);
        print_message("%-16s f32 %.3f ulp, f64 %.3f ulp\n", slopes[i].name, f32, f64);
        assert_true(f32 <= 1 && f64 <= slopes[i].f64_ulps);
    }
    assert_true(slope_off(&slopes[0], WG_F64, 1.0, 0.92) > 1000);
}

static void test_pointwise_errors_are_seen(void **state)
{
    (void)state;
    assert_true(ulps_off(WG_F32, 1.0, 1.0L) == 0);
    assert_true(fabs(ulps_off(WG_F32, 1.0, 1.0L + 0x1p-22L) - 2) < 0.01);
    assert_true(fabs(ulps_off(WG_F64, 0.0, 0x1p-1074L) - 1) < 0.01);
    assert_true(ulps_off(WG_F64, -0.0, 0.0L) > 100);
    assert_true(ulps_off(WG_F64, 1.0, (long double)NAN) > 100);
    assert_true(ulps_off(WG_F32, (double)FLT_MAX, 4e38L) > 100);
}

/* ---- hard cases --------------------------------------------------------------------------- */

#define NOT_A_NUMBER ((double)NAN)
#define INF ((double)INFINITY)

typedef struct hard {
    wgi_function function;
    double a;
    double b; /* or the number */
    double y;
} hard;

#define HARD(name, a, b, y)                                                                        \
    {                                                                                              \
        WGI_FUNCTION_##name, a, b, y                                                               \
    }

static const hard hard_cases[] = {
    HARD(exp, -INF, 0, 0),
    HARD(exp, INF, 0, INF),
    HARD(exp, 0, 0, 1),
    HARD(exp, -0.0, 0, 1),
    HARD(exp, 1000, 0, INF),
    HARD(exp, -1000, 0, 0),
    HARD(log, 0, 0, -INF),
    HARD(log, -0.0, 0, -INF),
    HARD(log, -1, 0, NOT_A_NUMBER),
    HARD(log, -INF, 0, NOT_A_NUMBER),
    HARD(log, INF, 0, INF),
    HARD(log, 1, 0, 0),
    HARD(sqrt, -1, 0, NOT_A_NUMBER),
    HARD(sqrt, -0.0, 0, -0.0),
    HARD(sigmoid, -INF, 0, 0),
    HARD(sigmoid, INF, 0, 1),
    HARD(sigmoid, 0, 0, 0.5),
    HARD(sigmoid, -1000, 0, 0),
    HARD(tanh, -INF, 0, -1),
    HARD(tanh, INF, 0, 1),
    HARD(tanh, -0.0, 0, -0.0),
    HARD(tanh, 100, 0, 1),
    HARD(relu, -0.0, 0, 0),
    HARD(relu, 0, 0, 0),
    HARD(relu, -INF, 0, 0),
    HARD(relu, INF, 0, INF),
    HARD(heaviside, 0, 0.25, 0.25),
    HARD(heaviside, -0.0, 0.25, 0.25),
    HARD(heaviside, 2, 0.25, 1),
    HARD(heaviside, -2, 0.25, 0),
    HARD(heaviside, 0, NOT_A_NUMBER, NOT_A_NUMBER),
    HARD(scale, INF, 0, NOT_A_NUMBER),
    HARD(scale, 3, -0.5, -1.5),
    HARD(gate, 0, INF, 0),
    HARD(gate, -0.0, NOT_A_NUMBER, 0),
    HARD(gate, 2, INF, INF),
    HARD(gate, NOT_A_NUMBER, 0, NOT_A_NUMBER),
    HARD(gate, 2, NOT_A_NUMBER, NOT_A_NUMBER),
    HARD(div, 1, 0, INF),
    HARD(div, 1, -0.0, -INF),
    HARD(div, 0, 0, NOT_A_NUMBER),
    HARD(sub, INF, INF, NOT_A_NUMBER),
    HARD(reciprocal, -0.0, 0, -INF),
    HARD(log_slope, -1, 0, NOT_A_NUMBER),
    HARD(log_slope, 0, 0, INF),
    HARD(neg, 0, 0, -0.0),
    HARD(maximum, NOT_A_NUMBER, 1, NOT_A_NUMBER),
    HARD(maximum, 1, NOT_A_NUMBER, NOT_A_NUMBER),
    HARD(maximum, -INF, 1, 1),
    HARD(minimum, NOT_A_NUMBER, 1, NOT_A_NUMBER),
    HARD(minimum, 1, NOT_A_NUMBER, NOT_A_NUMBER),
    HARD(minimum, -INF, 1, -INF),
    HARD(maximum, 1, 1, 1),
    HARD(sign, -0.0, 0, 0),
    HARD(sign, -INF, 0, -1),
    HARD(sign, 0x1p-149, 0, 1),
    HARD(floor, -0.5, 0, -1),
    HARD(floor, -0.0, 0, -0.0),
    HARD(ceil, -0.5, 0, -0.0),
    HARD(round, 0.5, 0, 0),
    HARD(round, -1.5, 0, -2),
    HARD(round, 2.5, 0, 2),
    HARD(trunc, -0.75, 0, -0.0),
    HARD(frac, INF, 0, NOT_A_NUMBER),
    HARD(clamp_min, -2, -1, -1),
    HARD(clamp_min, 0, NOT_A_NUMBER, NOT_A_NUMBER),
    HARD(clamp_max, 2, 1, 1),
    HARD(clamp_max, 0, NOT_A_NUMBER, NOT_A_NUMBER),
    HARD(clamp_min_slope, 1, 1, 1),
    HARD(clamp_min_slope, 0.5, 1, 0),
    HARD(clamp_max_slope, 1, 1, 1),
    HARD(clamp_max_slope, 1.5, 1, 0),
    HARD(scale_or_zero, INF, 0, 0),
    HARD(scale_or_zero, INF, 2, INF),
    HARD(larger_share, 1, 1, 0.5),
    HARD(larger_share, INF, 1, 1),
    HARD(larger_share, 1, INF, 0),
    HARD(larger_share, 1, NOT_A_NUMBER, NOT_A_NUMBER),
    HARD(ratio, -0.0, 0, 0),
    HARD(ratio, 1, 0, INF),
    HARD(ratio, 0, NOT_A_NUMBER, NOT_A_NUMBER),
    HARD(expm1, -INF, 0, -1),
    HARD(expm1, -0.0, 0, -0.0),
    HARD(log1p, -1, 0, -INF),
    HARD(log1p, -2, 0, NOT_A_NUMBER),
    HARD(log1p, INF, 0, INF),
    HARD(log1p, -0.0, 0, -0.0),
    HARD(softplus, -INF, 0, 0),
    HARD(softplus, INF, 0, INF),
    HARD(softplus, 1000, 0, 1000),
    HARD(logsigmoid, -1000, 0, -1000),
    HARD(logsigmoid, INF, 0, -0.0),
    HARD(silu, -INF, 0, -0.0),
    HARD(silu, INF, 0, INF),
    HARD(gelu, -INF, 0, -0.0),
    HARD(gelu, -0.0, 0, -0.0),
    HARD(silu, -0.0, 0, -0.0),
    HARD(mish, -INF, 0, -0.0),
    HARD(mish, -0.0, 0, -0.0),
    HARD(mish, INF, 0, INF),
    HARD(gelu_tanh, -INF, 0, -0.0),
    HARD(gelu_tanh, -0.0, 0, -0.0),
    HARD(gelu_tanh, INF, 0, INF),
    HARD(softsign, -INF, 0, -1),
    HARD(leaky_relu, -INF, 0.25, -INF),
    HARD(leaky_relu_slope, 0, 0.25, 0.25),
    HARD(leaky_relu_slope, NOT_A_NUMBER, 0.25, NOT_A_NUMBER),
    HARD(elu, -INF, 0.25, -0.25),
    HARD(at_least, NOT_A_NUMBER, 1, NOT_A_NUMBER),
    HARD(is_above, 1, 1, 0),
    HARD(smooth_l1_slope, -0.0, 0, -0.0),
    HARD(clamped_log, 0, 0, -100),
    HARD(gelu, INF, 0, INF),
    HARD(erf, -INF, 0, -1),
    HARD(erf, -0.0, 0, -0.0),
    HARD(sin, -0.0, 0, -0.0),
    HARD(sin, INF, 0, NOT_A_NUMBER),
    HARD(cos, 0, 0, 1),
    HARD(cos, -INF, 0, NOT_A_NUMBER),
};

static void expect_hard(int dtype, const hard *h)
{
    double a[20];
    double b[20];
    double y[20];
    for (int64_t i = 0; i < 20; i++) {
        wgi_store_double(dtype, a, i, h->a);
        wgi_store_double(dtype, b, i, h->b);
    }
    kernel_of(dtype, h->function)(20, y, a, b, NULL, h->b);
    for (int64_t i = 0; i < 20; i++) {
        const double found = wgi_load_double(dtype, y, i);
        const bool is_same = isnan(h->y) ? isnan(found) : memcmp(&found, &h->y, sizeof found) == 0;
        if (!is_same) {
            fail_msg("function %d of %g, %g: %g, not %g", (int)h->function, h->a, h->b, found,
                     h->y);
        }
    }
}

static void test_pointwise_hard_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hard_cases / sizeof *hard_cases; i++) {
        expect_hard(WG_F32, &hard_cases[i]);
        expect_hard(WG_F64, &hard_cases[i]);
    }
}

static void test_pointwise_functions_pass_nan_on(void **state)
{
    (void)state;
    for (int f = 0; f < WGI_N_FUNCTIONS; f++) {
        const hard h = {(wgi_function)f, NOT_A_NUMBER, 1.5, NOT_A_NUMBER};
        if (kinds[f] == REAL) {
            expect_hard(WG_F32, &h);
            expect_hard(WG_F64, &h);
        }
    }
}

/* ---- places ------------------------------------------------------------------------------- */

#define MOST 150

/* n elements at once, in their own memory or in that of an operand, against one at a time. */
static void check_places(int dtype, wgi_function f, int64_t n, const char *a, const char *b)
{
    const size_t size = wg_dtype_size((wg_dtype)dtype);
    const size_t out_size = kinds[f] == REALS_TO_BOOL ? 1 : size;
    char y[MOST * 8 + 8];
    memset(y, 0x5c, sizeof y);
    if (out_size == size) {
        memcpy(y, a, (size_t)n * size);
    }
    kernel_of(dtype, f)(n, y, out_size == size ? y : a, b, NULL, 0.75);
    for (int64_t i = 0; i < n; i++) {
        char one[8];
        kernel_of(dtype, f)(1, one, a + (size_t)i * size, b + (size_t)i * size, NULL, 0.75);
        const char *found = y + (size_t)i * out_size;
        const bool are_nan = out_size == size && isnan(wgi_load_double(dtype, one, 0)) &&
                             isnan(wgi_load_double(dtype, found, 0));
        assert_true(are_nan || memcmp(found, one, out_size) == 0);
    }
    for (size_t i = (size_t)n * out_size; i < sizeof y; i++) {
        assert_int_equal(y[i], 0x5c);
    }
}

static void test_pointwise_elements_do_not_depend_on_their_place(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 2);
    for (int k = 0; k < 2; k++) {
        const int dtype = k == 0 ? WG_F32 : WG_F64;
        double a[MOST];
        double b[MOST];
        for (int64_t i = 0; i < MOST; i++) {
            wgi_store_double(dtype, a, i, draw_f64(&rng, (uint64_t)i));
            wgi_store_double(dtype, b, i, draw_f64(&rng, (uint64_t)i + 1));
        }
        for (int f = 0; f < WGI_N_FUNCTIONS; f++) {
            for (int64_t n = 0; n <= MOST; n += n < 70 ? 1 : 20) {
                if (kinds[f] != BOOLS) {
                    check_places(dtype, (wgi_function)f, n, (const char *)a, (const char *)b);
                }
            }
        }
    }
}

/* ---- integers, bools, bytes --------------------------------------------------------------- */

static const double numbers[] = {0.0,       -0.0,  1.0,    -1.0,   0.5,     -0.5,   254.9,
                                 255.0,     256.0, 1e10,   -1e10,  0x1p62,  0x1p63, -0x1p63,
                                 -0x1.8p63, 1e300, -1e300, 1e-320, 0x1p-149};

/* Conversions of 40 elements of each dtype, against core's. */
static void test_pointwise_casts_are_those_of_core(void **state)
{
    (void)state;
    enum {
        N = 40
    };
    for (int from = WG_F32; from <= WG_U8; from++) {
        char x[N * 8];
        for (int64_t i = 0; i < N; i++) {
            const double special = i % 3 == 0 ? INF : i % 3 == 1 ? -INF : NOT_A_NUMBER;
            const int64_t n = (int64_t)(sizeof numbers / sizeof *numbers);
            wgi_store_double(from, x, i, i < n ? numbers[i] : i < n + 6 ? special : (double)i);
        }
        if (from == WG_BOOL) {
            x[5] = 2; /* a caller's byte */
        }
        for (int to = WG_F32; to <= WG_U8; to++) {
            char expected[N * 8];
            char found[N * 8];
            memset(expected, 0, sizeof expected);
            memset(found, 0, sizeof found);
            wgi_convert(to, expected, from, x, N);
            kernels()->cast[to][from](N, found, x, NULL, NULL, 0.0);
            assert_memory_equal(found, expected, sizeof found);
        }
    }
}

static void test_pointwise_fills_are_those_of_core(void **state)
{
    (void)state;
    for (int dtype = WG_F32; dtype <= WG_U8; dtype++) {
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
            double found[21];
            double expected[21];
            memset(found, 0x5c, sizeof found);
            memset(expected, 0x5c, sizeof expected);
            for (int64_t i = 0; i < 20; i++) {
                wgi_store_double(dtype, expected, i, numbers[k]);
            }
            kernels()->fill[dtype](20, found, NULL, NULL, NULL, numbers[k]);
            assert_memory_equal(found, expected, sizeof found);
        }
    }
}

static void test_pointwise_integers_wrap(void **state)
{
    (void)state;
    const int64_t a[5] = {INT64_MAX, INT64_MIN, -3, 7, 0};
    const int64_t b[5] = {1, -1, 5, 7, -9};
    int64_t y[5];
    uint8_t is_greater[5];
    kernels()->i64[WGI_FUNCTION_add](5, y, a, b, NULL, 0.0);
    for (int i = 0; i < 5; i++) {
        assert_true((uint64_t)y[i] == (uint64_t)a[i] + (uint64_t)b[i]);
    }
    kernels()->i64[WGI_FUNCTION_sub](5, y, a, b, NULL, 0.0);
    for (int i = 0; i < 5; i++) {
        assert_true((uint64_t)y[i] == (uint64_t)a[i] - (uint64_t)b[i]);
    }
    kernels()->i64[WGI_FUNCTION_mul](5, y, a, b, NULL, 0.0);
    for (int i = 0; i < 5; i++) {
        assert_true((uint64_t)y[i] == (uint64_t)a[i] * (uint64_t)b[i]);
    }
    kernels()->i64[WGI_FUNCTION_neg](5, y, a, NULL, NULL, 0.0);
    for (int i = 0; i < 5; i++) {
        assert_true((uint64_t)y[i] == 0 - (uint64_t)a[i]);
    }
    kernels()->i64[WGI_FUNCTION_greater](5, is_greater, a, b, NULL, 0.0);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(is_greater[i], a[i] > b[i]);
    }
}

/* Any byte but 0 is true. */
static void test_pointwise_logic_is_that_of_c(void **state)
{
    (void)state;
    static const uint8_t bytes[4] = {0, 1, 2, 255};
    uint8_t a[48];
    uint8_t b[48];
    uint8_t y[4][48];
    for (int i = 0; i < 48; i++) {
        a[i] = bytes[i % 4];
        b[i] = bytes[i / 4 % 4];
    }
    kernels()->bools[WGI_FUNCTION_logical_and](48, y[0], a, b, NULL, 0.0);
    kernels()->bools[WGI_FUNCTION_logical_or](48, y[1], a, b, NULL, 0.0);
    kernels()->bools[WGI_FUNCTION_logical_xor](48, y[2], a, b, NULL, 0.0);
    kernels()->bools[WGI_FUNCTION_logical_not](48, y[3], a, NULL, NULL, 0.0);
    for (int i = 0; i < 48; i++) {
        assert_int_equal(y[0][i], a[i] && b[i]);
        assert_int_equal(y[1][i], a[i] || b[i]);
        assert_int_equal(y[2][i], !a[i] != !b[i]);
        assert_int_equal(y[3][i], !a[i]);
    }
}

static void test_pointwise_where_copies_bytes_as_they_are(void **state)
{
    (void)state;
    static const size_t sizes[WGI_N_WIDTHS] = {1, 4, 8};
    wg_rng rng = wg_rng_make(SEED, 3);
    unsigned char b[400];
    unsigned char c[400];
    unsigned char condition[50];
    for (size_t i = 0; i < sizeof b; i++) {
        b[i] = (unsigned char)wg_rng_below(&rng, 256);
        c[i] = (unsigned char)wg_rng_below(&rng, 256);
        condition[i % 50] = (unsigned char)wg_rng_below(&rng, 3);
    }
    for (int w = 0; w < WGI_N_WIDTHS; w++) {
        unsigned char y[400];
        kernels()->where[w](50, y, condition, b, c, 0.0);
        for (size_t i = 0; i < 50; i++) {
            const unsigned char *from = condition[i] != 0 ? b : c;
            assert_memory_equal(y + i * sizes[w], from + i * sizes[w], sizes[w]);
        }
        kernels()->spread[w](50, y, b, NULL, NULL, 0.0);
        assert_memory_equal(y + 49 * sizes[w], b, sizes[w]);
        kernels()->copy[w](50, y, b, NULL, NULL, 0.0);
        assert_memory_equal(y, b, 50 * sizes[w]);
    }
}

int main(void)
{
    if (wgt_isa_is_lacking()) {
        return WGT_SKIPPED;
    }
    print_message("seed %u, %s\n", (unsigned)SEED, wgi_isa_name(wgi_isa_detect()));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pointwise_functions_are_accurate),
        cmocka_unit_test(test_pointwise_slopes_are_accurate),
        cmocka_unit_test(test_pointwise_errors_are_seen),
        cmocka_unit_test(test_pointwise_hard_cases),
        cmocka_unit_test(test_pointwise_functions_pass_nan_on),
        cmocka_unit_test(test_pointwise_elements_do_not_depend_on_their_place),
        cmocka_unit_test(test_pointwise_casts_are_those_of_core),
        cmocka_unit_test(test_pointwise_fills_are_those_of_core),
        cmocka_unit_test(test_pointwise_integers_wrap),
        cmocka_unit_test(test_pointwise_logic_is_that_of_c),
        cmocka_unit_test(test_pointwise_where_copies_bytes_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
