/* One row of a softmax, shifted by its maximum: shared by the kernels built on it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Included within a kernel pass of for_each_real.h, once in each; hence no guard.
 * Invariant: `rest` is the sum of exp(x_j - max) over all j but the place of the maximum, so that
 * log(1 + rest) keeps its digits where one element outweighs all others. It is NaN where the
 * maximum is infinite or NaN, and with it the whole row. */
typedef struct K(row) {
    real max;
    accum rest;
} K(row);

/* The place of the first maximum, or of a NaN. n >= 1. */
static inline int64_t K(row_top)(const real *x, int64_t n, int64_t stride)
{
    int64_t top = 0;
    for (int64_t j = 1; j < n; j++) {
        const real v = x[j * stride];
        if (v > x[top * stride] || v != v) {
            top = j;
        }
    }
    return top;
}

static inline K(row) K(row_of)(const real *x, int64_t n, int64_t stride)
{
    if (n == 0) {
        return (K(row)){0};
    }
    const int64_t top = K(row_top)(x, n, stride);
    const real max = x[top * stride];
    accum rest = max - max;
    for (int64_t j = 0; j < n; j++) {
        if (j != top) {
            rest += R(exp)(x[j * stride] - max);
        }
    }
    return (K(row)){.max = max, .rest = rest};
}

static inline real K(row_softmax)(K(row) row, real x)
{
    return (real)(R(exp)(x - row.max) / (1 + row.rest));
}

static inline real K(row_log_softmax)(K(row) row, real x)
{
    return (x - row.max) - R(log1p)((real)row.rest);
}
