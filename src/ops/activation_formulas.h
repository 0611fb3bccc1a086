/* What the activations compute, over `real`, for the table of pointwise ops.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Included within a kernel pass of for_each_real.h, once in each; hence no guard.
 * Invariant: below -700, where e^x may be denormal, results are products of twice e^(x/2), so that
 * they keep their relative error until they are denormal themselves. Limits are such that the wide
 * dtype has underflowed there too. */

/* 1/(1 + e^-x), unrounded. */
static inline accum K(logistic)(accum x)
{
    const accum e = A(exp)(x < 0 ? x : -x);
    return (x < 0 ? e : 1) / (1 + e);
}

/* a e^x for x below -700. */
static inline accum K(times_small)(accum a, accum x)
{
    const accum half = A(exp)(x / 2);
    return a * half * half;
}

static inline real K(softplus)(real x)
{
    const accum e = A(exp)(x > 0 ? -(accum)x : (accum)x);
    return (real)((x > 0 ? (accum)x : 0) + A(log1p)(e));
}

/* ---- silu and mish ------------------------------------------------------------------------ */

static inline real K(silu)(real x)
{
    if (x < -700) {
        return x < -12000 ? (real)-0.0 : (real)K(times_small)(x, x);
    }
    return (real)((accum)x * K(logistic)(x));
}

/* s(x) (1 + x s(-x)), s being the sigmoid. */
static inline real K(silu_slope)(real x)
{
    if (x < -700) {
        return x < -12000 ? (real)-0.0 : (real)K(times_small)(1 + (accum)x, x);
    }
    return x > 12000 ? 1 : (real)(K(logistic)(x) * (1 + (accum)x * K(logistic)(-(accum)x)));
}

/* t = tanh(softplus(x)) and w = (1 - t^2) s(x), which is dt/dx, of e = e^-|x|. */
typedef struct K(mish_parts) {
    accum t;
    accum w;
} K(mish_parts);

static inline K(mish_parts) K(mish_of)(accum x)
{
    const accum e = A(exp)(x < 0 ? x : -x);
    const accum above = x < 0 ? e * (e + 2) : 1 + 2 * e;
    const accum below = above + (x < 0 ? 2 : 2 * e * e);
    return (K(mish_parts)){
        .t = above / below,
        .w = 4 * (x < 0 ? e : e * e) * (1 + e) / (below * below),
    };
}

static inline real K(mish)(real x)
{
    if (x < -700) {
        return x < -12000 ? (real)-0.0 : (real)K(times_small)(x, x);
    }
    return (real)((accum)x * K(mish_of)(x).t);
}

static inline real K(mish_slope)(real x)
{
    if (x < -700) {
        return x < -12000 ? (real)-0.0 : (real)K(times_small)(1 + (accum)x, x);
    }
    const K(mish_parts) m = K(mish_of)(x);
    return x > 12000 ? 1 : (real)(m.t + (accum)x * m.w);
}

/* ---- gelu --------------------------------------------------------------------------------- */

/* The normal distribution, erfc(z) / 2 at z = -x / sqrt 2. What z rounds away is put back to first
 * order, since far out erfc multiplies it by z^2. |x| <= 300. */
static inline accum K(normal)(accum x)
{
    const accum root = A(sqrt)((accum)0.5);
    const accum root_rest = A(fma)(-root, root, (accum)0.5) / (2 * root);
    const accum z = -x * root;
    const accum z_rest = A(fma)(-x, root, -z) - x * root_rest;
    const accum slope = (accum)1.12837916709551257390L * A(exp)(-z * z);
    return (A(erfc)(z) - slope * z_rest) / 2;
}

static inline real K(gelu)(real x)
{
    if (x < -300) {
        return (real)-0.0;
    }
    return x > 300 ? x : (real)((accum)x * K(normal)(x));
}

static inline real K(gelu_slope)(real x)
{
    if (x < -300) {
        return (real)-0.0;
    }
    const accum square = (accum)x * (accum)x;
    const accum rest = A(fma)((accum)x, (accum)x, -square);
    const accum density = (accum)0.39894228040143267794L * A(exp)(-square / 2) * (1 - rest / 2);
    const real slope = (real)(K(normal)(x) + (accum)x * density);
    return x > 300 ? 1 : (slope == 0 && x < 0 ? (real)-0.0 : slope);
}

/* The sigmoid of v = 2 sqrt(2/pi) (x + b x^3), which is (1 + tanh(v / 2)) / 2. Of v is known what
 * it rounds away, as for the normal distribution. |x| <= 300. */
typedef struct K(tanh_parts) {
    accum s;     /* the sigmoid of v */
    accum other; /* that of -v */
    accum slope; /* dv/dx */
} K(tanh_parts);

static inline K(tanh_parts) K(tanh_of)(accum x)
{
    const accum b = (accum)0.044715L;
    const accum b_rest = (accum)(0.044715L - (long double)b);
    const accum c = (accum)1.59576912160573071176L;
    const accum c_rest = (accum)(1.59576912160573071176L - (long double)c);
    const accum square = x * x;
    const accum cubic = b * square;
    const accum cubic_rest =
        A(fma)(b, square, -cubic) + b * A(fma)(x, x, -square) + b_rest * square;
    const accum sum = 1 + cubic;
    const accum sum_rest = (1 - (sum - (sum - 1))) + (cubic - (sum - 1)) + cubic_rest;
    const accum product = x * sum;
    const accum product_rest = A(fma)(x, sum, -product) + x * sum_rest;
    const accum v = c * product;
    const accum v_rest = A(fma)(c, product, -v) + c * product_rest + c_rest * product;
    const accum s = K(logistic)(v);
    const accum other = K(logistic)(-v);
    return (K(tanh_parts)){
        .s = s * (1 + other * v_rest),
        .other = other,
        .slope = c * (1 + 3 * cubic),
    };
}

static inline real K(gelu_tanh)(real x)
{
    if (x < -300) {
        return (real)-0.0;
    }
    return x > 300 ? x : (real)((accum)x * K(tanh_of)(x).s);
}

static inline real K(gelu_tanh_slope)(real x)
{
    if (x < -300) {
        return (real)-0.0;
    }
    const K(tanh_parts) t = K(tanh_of)(x);
    return x > 300 ? 1 : (real)(t.s * (1 + (accum)x * t.other * t.slope));
}

/* ---- others ------------------------------------------------------------------------------- */

/* +-1 at the infinities. */
static inline real K(softsign)(real x)
{
    const real size = x < 0 ? -x : x;
    return size < (real)INFINITY ? x / (1 + size) : (x != x ? x : (x < 0 ? -1 : 1));
}

static inline real K(softsign_slope)(real x)
{
    const real part = 1 / (1 + (x < 0 ? -x : x));
    return part * part;
}

/* The logarithm, but no less than -100. */
static inline real K(clamped_log)(real x)
{
    const accum y = A(log)(x);
    return x < 0 ? (real)NAN : (real)(y < -100 ? -100 : y);
}
