/* Normalisation of rows and its gradient over `real`.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Included by normal_hot.c once for each dtype; hence no guard.
 *
 * Invariant: sums are of doubles, and those of x of differences from the row's first element: a
 * constant row has variance 0 exactly, and an offset costs no digits. */

static double K(sum_from)(const real *x, int64_t n, double from)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t k = 0; k < n; k++) {
        sum += (double)x[k] - from;
    }
    return sum;
}

static double K(squares_from)(const real *x, int64_t n, double from, double shift)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t k = 0; k < n; k++) {
        const double d = ((double)x[k] - from) - shift;
        sum += d * d;
    }
    return sum;
}

static void K(put_row)(const wgi_normal_rows *r, const real *x, real *y, double mean, double rstd)
{
    const int64_t n = r->n;
    const real *weight = r->weight;
    const real *bias = r->bias;
    if (weight != NULL && bias != NULL) {
#pragma omp simd
        for (int64_t k = 0; k < n; k++) {
            y[k] = (real)(((double)x[k] - mean) * rstd) * weight[k] + bias[k];
        }
    } else if (weight != NULL) {
#pragma omp simd
        for (int64_t k = 0; k < n; k++) {
            y[k] = (real)(((double)x[k] - mean) * rstd) * weight[k];
        }
    } else {
#pragma omp simd
        for (int64_t k = 0; k < n; k++) {
            y[k] = (real)(((double)x[k] - mean) * rstd);
        }
    }
}

static void K(normal_rows)(const wgi_normal_rows *r, int64_t begin, int64_t end)
{
    const double n = (double)r->n;
    for (int64_t i = begin; i < end; i++) {
        const real *x = (const real *)r->x + i * r->n;
        const bool is_shifted = r->is_centered && x[0] - x[0] == 0;
        const double from = is_shifted ? (double)x[0] : 0;
        const double shift = r->is_centered ? K(sum_from)(x, r->n, from) / n : 0;
        const double variance = K(squares_from)(x, r->n, from, shift) / n;
        const double rstd = 1 / sqrt(variance + r->eps);
        K(put_row)(r, x, (real *)r->y + i * r->n, from + shift, rstd);
        ((real *)r->mean)[i] = (real)(from + shift);
        ((real *)r->rstd)[i] = (real)rstd;
        ((real *)r->variance)[i] = (real)variance;
    }
}

/* ---- backward ----------------------------------------------------------------------------- */

/* What a row's dx takes: the means of g and of g times the normal x, g being dy times weight. */
typedef struct K(row) {
    const real *x;
    const real *dy;
    const real *weight;
    double mean;
    double rstd;
    double mean_g;
    double mean_dot;
} K(row);

/* Adds the row to the sums of the columns, and finds its means. */
static void K(take_row)(K(row) * r, int64_t n, double *restrict dot_sums, double *restrict sums)
{
    const real *x = r->x;
    const real *dy = r->dy;
    const real *weight = r->weight;
    const double mean = r->mean;
    const double rstd = r->rstd;
    double sum = 0;
    double dot = 0;
    if (weight != NULL) {
#pragma omp simd reduction(+ : sum, dot)
        for (int64_t k = 0; k < n; k++) {
            const double d = (double)dy[k];
            const double part = d * (((double)x[k] - mean) * rstd);
            sum += d * (double)weight[k];
            dot += part * (double)weight[k];
            dot_sums[k] += part;
            sums[k] += d;
        }
    } else {
#pragma omp simd reduction(+ : sum, dot)
        for (int64_t k = 0; k < n; k++) {
            const double d = (double)dy[k];
            const double part = d * (((double)x[k] - mean) * rstd);
            sum += d;
            dot += part;
            dot_sums[k] += part;
            sums[k] += d;
        }
    }
    r->mean_g = sum / (double)n;
    r->mean_dot = dot / (double)n;
}

/* dx = rstd (g - mean of g - normal mean of g normal). */
static void K(put_dx)(const K(row) * r, int64_t n, real *restrict dx)
{
    const real *x = r->x;
    const real *dy = r->dy;
    const real *weight = r->weight;
    const double mean = r->mean;
    const double rstd = r->rstd;
    const double slope = rstd * r->mean_dot;
    if (weight != NULL) {
#pragma omp simd
        for (int64_t k = 0; k < n; k++) {
            const double g = (double)dy[k] * (double)weight[k] - r->mean_g;
            dx[k] = (real)(rstd * (g - ((double)x[k] - mean) * slope));
        }
    } else {
#pragma omp simd
        for (int64_t k = 0; k < n; k++) {
            const double g = (double)dy[k] - r->mean_g;
            dx[k] = (real)(rstd * (g - ((double)x[k] - mean) * slope));
        }
    }
}

static void K(normal_back)(const wgi_normal_back *b, int64_t begin, int64_t end, double *sums)
{
    for (int64_t k = 0; k < 2 * b->n; k++) {
        sums[k] = 0;
    }
    for (int64_t i = begin; i < end; i++) {
        K(row)
        r = {
            .x = (const real *)b->x + i * b->n,
            .dy = (const real *)b->dy + i * b->n,
            .weight = b->weight,
            .mean = (double)((const real *)b->mean)[i],
            .rstd = (double)((const real *)b->rstd)[i],
        };
        K(take_row)(&r, b->n, sums, sums + b->n);
        r.mean_g = b->is_centered ? r.mean_g : 0;
        K(put_dx)(&r, b->n, (real *)b->dx + i * b->n);
    }
}

static void K(add_up)(const double *sums, int64_t n_blocks, int64_t n, void *dweight, void *dbias)
{
    for (int64_t k = 0; k < n; k++) {
        double dot = 0;
        double sum = 0;
        for (int64_t i = 0; i < n_blocks; i++) {
            dot += sums[2 * n * i + k];
            sum += sums[2 * n * i + n + k];
        }
        ((real *)dweight)[k] = (real)dot;
        ((real *)dbias)[k] = (real)sum;
    }
}
