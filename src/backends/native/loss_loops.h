/* The loops of the loss heads over `real`; sums are kept in f64.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Included by loss_hot.c once for each dtype; hence no guard. */

/* ---- soft targets ------------------------------------------------------------------------- */

/* The term of one class, y being its log softmax: the product, but 0 of 0 * -inf. */
static inline double K(soft_term)(real x, real t, double max, double rest)
{
    const double y = ((double)x - max) - rest;
    const double product = (double)t * y;
    return t == 0 && y == -INFINITY ? 0.0 : product;
}

/* Rows are taken in chains of 4, since most are short. */
static double K(soft)(const void *x, const void *t, int64_t n, double max, double rest)
{
    const real *logits = x;
    const real *targets = t;
    double sums[4] = {0};
    for (int64_t k = 0; k < n - n % 4; k += 4) {
        for (int l = 0; l < 4; l++) {
            sums[l] += K(soft_term)(logits[k + l], targets[k + l], max, rest);
        }
    }
    for (int64_t k = n - n % 4; k < n; k++) {
        sums[0] += K(soft_term)(logits[k], targets[k], max, rest);
    }
    return -((sums[0] + sums[2]) + (sums[1] + sums[3]));
}

static void K(soft_backward)(const void *p, const void *t, int64_t n, double scale, void *dx)
{
    const real *probabilities = p;
    const real *targets = t;
    real *to = dx;
    double sums[4] = {0};
    for (int64_t k = 0; k < n - n % 4; k += 4) {
        for (int l = 0; l < 4; l++) {
            sums[l] += (double)targets[k + l];
        }
    }
    for (int64_t k = n - n % 4; k < n; k++) {
        sums[0] += (double)targets[k];
    }
    const double sum = (sums[0] + sums[2]) + (sums[1] + sums[3]);
#pragma omp simd
    for (int64_t k = 0; k < n; k++) {
        to[k] = (real)(((double)probabilities[k] * sum - (double)targets[k]) * scale);
    }
}

/* ---- labels ------------------------------------------------------------------------------- */

static void K(scale)(const void *p, int64_t n, double scale, void *dx)
{
    const real *from = p;
    const real factor = (real)scale;
    real *to = dx;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        to[i] = from[i] * factor;
    }
}

/* ---- squares ------------------------------------------------------------------------------ */

/* At most LANES * CHAIN elements. */
static inline void K(add_squares)(const real *a, const real *b, int64_t n, double *totals)
{
    double lanes[LANES] = {0};
    const int64_t whole = n - n % LANES;
    for (int64_t i = 0; i < whole; i += LANES) {
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            const double d = (double)a[i + l] - (double)b[i + l];
            lanes[l] += d * d;
        }
    }
    for (int64_t l = 0; l < n - whole; l++) {
        const double d = (double)a[whole + l] - (double)b[whole + l];
        lanes[l] += d * d;
    }
    add_lanes(totals, lanes);
}

/* Few elements are one chain. */
static double K(squares)(const void *a, const void *b, int64_t n)
{
    double totals[LANES] = {0};
    if (n <= LANES) {
        double sum = 0.0;
        for (int64_t i = 0; i < n; i++) {
            const double d = (double)((const real *)a)[i] - (double)((const real *)b)[i];
            sum += d * d;
        }
        return sum;
    }
    for (int64_t i = 0; i < n; i += LANES * CHAIN) {
        K(add_squares)((const real *)a + i, (const real *)b + i, MIN(n - i, LANES * CHAIN), totals);
    }
    return total_of(totals);
}
