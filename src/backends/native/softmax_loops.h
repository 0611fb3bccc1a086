/* Softmax and log_softmax of lines over `real`.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Included by softmax_hot.c once for each dtype; hence no guard.
 *
 * Invariant: `rest` is the sum of exp(x_j - max) without one element that is the maximum, so that
 * log(1 + rest) keeps its digits where one element outweighs all others: elements equal to the
 * maximum are counted, not added. A NaN, an infinite maximum or a line of -inf alone makes a
 * difference to the maximum NaN, and by way of `rest` the whole line. */

/* What a tile of lines has come to, one lane for each line. */
typedef struct K(tile) {
    real max[TILE];
    real scale[TILE]; /* 1 / (1 + rest) */
    real log[TILE];   /* log(1 + rest) */
    double wide_log[TILE];
} K(tile);

/* Loops over the lanes of a tile have a constant length and stay within arrays of their own. */
static inline void K(take_max)(real *max, const real *x)
{
#pragma omp simd
    for (int l = 0; l < TILE; l++) {
        max[l] = x[l] > max[l] ? x[l] : max[l];
    }
}

/* exp(x - max) to e; adds to rest what is below the maximum and to ties what is not, without a
 * choice that the compiler might make a branch of. */
static inline void K(take_exp)(const real *max, const real *x, real *e, double *rest, real *ties)
{
#pragma omp simd
    for (int l = 0; l < TILE; l++) {
        const real d = x[l] - max[l];
        const real is_below = (real)(d != 0);
        e[l] = K(exp)(d);
        rest[l] += (double)(e[l] * is_below);
        ties[l] += 1 - is_below;
    }
}

static inline void K(close_tile)(K(tile) * t, const double *rest, const real *ties)
{
#pragma omp simd
    for (int l = 0; l < TILE; l++) {
        const double whole = rest[l] + ((double)ties[l] - 1.0);
        const double sum = 1.0 + whole;
        const double scale = 1.0 / sum;
        t->wide_log[l] = log1p_of(whole, sum, scale);
        t->log[l] = (real)t->wide_log[l];
        t->scale[l] = (real)scale;
    }
}

/* ---- lines side by side ------------------------------------------------------------------- */

/* y = e * scale, or the logarithm. */
static inline void K(put)(const K(tile) * t, bool is_log, const real *x, const real *e, real *y)
{
    if (is_log) {
#pragma omp simd
        for (int l = 0; l < TILE; l++) {
            y[l] = (x[l] - t->max[l]) - t->log[l];
        }
    } else {
#pragma omp simd
        for (int l = 0; l < TILE; l++) {
            y[l] = e[l] * t->scale[l];
        }
    }
}

/* w <= TILE lines: element j of line l lies at x[j * stride + l], and its result likewise. x may
 * be y. Lanes from w on hold zeros. */
static inline void K(side_by_side)(K(tile) * t, const wgi_lines *lines, const real *x, real *y,
                                   int64_t stride, int64_t w)
{
    const size_t bytes = (size_t)w * sizeof(real);
    double rest[TILE] = {0};
    real ties[TILE] = {0};
    real in[TILE] = {0};
    real e[TILE] = {0};
    for (int l = 0; l < TILE; l++) {
        t->max[l] = -(real)INFINITY;
    }
    for (int64_t j = 0; j < lines->n; j++) {
        memcpy(in, x + j * stride, bytes);
        K(take_max)(t->max, in);
    }
    for (int64_t j = 0; j < lines->n; j++) {
        memcpy(in, x + j * stride, bytes);
        K(take_exp)(t->max, in, e, rest, ties);
        if (!lines->is_log) {
            memcpy(y + j * stride, e, bytes);
        }
    }
    K(close_tile)(t, rest, ties);
    for (int64_t j = 0; j < lines->n; j++) {
        real out[TILE];
        memcpy(in, x + j * stride, bytes);
        memcpy(e, y + j * stride, bytes);
        K(put)(t, lines->is_log, in, e, out);
        memcpy(y + j * stride, out, bytes);
    }
}

/* Lines in rows of memory of their own, the last one repeated to fill the tile. */
static void K(transposed)(K(tile) * t, const wgi_lines *lines, const real *x, real *y, int64_t w)
{
    real buffer[LONG * TILE];
    for (int64_t l = 0; l < TILE; l++) {
        const real *line = x + MIN(l, w - 1) * lines->step;
        for (int64_t j = 0; j < lines->n; j++) {
            buffer[j * TILE + l] = line[j * lines->stride];
        }
    }
    K(side_by_side)(t, lines, buffer, buffer, TILE, TILE);
    for (int64_t l = 0; l < w; l++) {
        real *line = y + l * lines->step;
        for (int64_t j = 0; j < lines->n; j++) {
            line[j * lines->stride] = buffer[j * TILE + l];
        }
    }
}

/* ---- a line by itself --------------------------------------------------------------------- */

static real K(max_of)(const real *x, int64_t n)
{
    real max[TILE];
    const int64_t whole = n - n % TILE;
    memcpy(max, x, sizeof max);
    for (int64_t j = TILE; j < whole; j += TILE) {
        K(take_max)(max, x + j);
    }
    K(take_max)(max, x + n - TILE);
    real four[4];
    for (int l = 0; l < 4; l++) {
        const real a = max[l] > max[l + 4] ? max[l] : max[l + 4];
        const real b = max[l + 8] > max[l + 12] ? max[l + 8] : max[l + 12];
        four[l] = a > b ? a : b;
    }
    const real a = four[0] > four[2] ? four[0] : four[2];
    const real b = four[1] > four[3] ? four[1] : four[3];
    return a > b ? a : b;
}

static double K(total_of)(const double *lanes)
{
    double four[4];
    for (int l = 0; l < 4; l++) {
        four[l] = (lanes[l] + lanes[l + 8]) + (lanes[l + 4] + lanes[l + 12]);
    }
    return (four[0] + four[2]) + (four[1] + four[3]);
}

/* Fills rest and ties, and unless the logarithm is wanted y with exponentials. What is left at the
 * end is filled up with -inf, of which the exponential is 0. */
static void K(exp_of_line)(const wgi_lines *lines, real top, const real *x, real *y, double *rest,
                           real *ties)
{
    const int64_t whole = lines->n - lines->n % TILE;
    const size_t left = (size_t)(lines->n - whole) * sizeof(real);
    real max[TILE];
    real e[TILE];
    real last[TILE];
    for (int l = 0; l < TILE; l++) {
        max[l] = top;
        last[l] = -(real)INFINITY;
    }
    for (int64_t j = 0; j < whole; j += TILE) {
        K(take_exp)(max, x + j, e, rest, ties);
        if (!lines->is_log) {
            memcpy(y + j, e, sizeof e);
        }
    }
    if (left > 0) {
        memcpy(last, x + whole, left);
        K(take_exp)(max, last, e, rest, ties);
        if (!lines->is_log) {
            memcpy(y + whole, e, left);
        }
    }
}

static void K(long_line)(K(tile) * t, const wgi_lines *lines, const real *x, real *y)
{
    double rest[TILE] = {0};
    real ties[TILE] = {0};
    double n_ties[TILE];
    const real max = K(max_of)(x, lines->n);
    K(exp_of_line)(lines, max, x, y, rest, ties);
    for (int l = 0; l < TILE; l++) {
        n_ties[l] = (double)ties[l];
    }
    const double whole = K(total_of)(rest) + (K(total_of)(n_ties) - 1.0);
    const double sum = 1.0 + whole;
    const double log = log1p_of(whole, sum, 1.0 / sum);
    const real scale = (real)(1.0 / sum);
    t->max[0] = max;
    t->wide_log[0] = log;
    if (lines->is_log) {
#pragma omp simd
        for (int64_t j = 0; j < lines->n; j++) {
            y[j] = (x[j] - max) - (real)log;
        }
    } else {
#pragma omp simd
        for (int64_t j = 0; j < lines->n; j++) {
            y[j] *= scale;
        }
    }
}

/* ---- any lines ---------------------------------------------------------------------------- */

/* The next w <= TILE lines, or one where they are long: how many were done. */
static int64_t K(next_lines)(K(tile) * t, const wgi_lines *lines, const real *x, real *y, int64_t w)
{
    if (lines->stride == 1 && lines->n >= LONG) {
        K(long_line)(t, lines, x, y);
        return 1;
    }
    if (lines->step == 1 && w == TILE) {
        K(side_by_side)(t, lines, x, y, lines->stride, TILE);
    } else if (lines->n <= LONG) {
        K(transposed)(t, lines, x, y, w);
    } else {
        K(side_by_side)(t, lines, x, y, lines->stride, w);
    }
    return w;
}

static void K(lines)(const wgi_lines *lines, const void *x, void *y, int64_t n_lines, double *max,
                     double *rest)
{
    int64_t done = 0;
    while (done < n_lines) {
        K(tile) t;
        const int64_t at = done * lines->step;
        const int64_t w = K(next_lines)(&t, lines, (const real *)x + at, (real *)y + at,
                                        MIN(n_lines - done, TILE));
        for (int64_t l = 0; l < w && max != NULL; l++) {
            max[done + l] = (double)t.max[l];
            rest[done + l] = t.wide_log[l];
        }
        done += w;
    }
}
