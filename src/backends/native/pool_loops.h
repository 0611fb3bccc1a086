/* Poolings and upsamplings over `real`.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Included by pool_hot.c once for each dtype; hence no guard.
 *
 * Invariant: a window is worked on for up to WGI_POOL_LANES channels at once, `n` of them, which is
 * a constant where the function is inlined with one; loops over them have no call and no branch, so
 * that they become vectors. */

/* What a window's loops read: x, and g of the same shape, at the window's first element. */
typedef struct K(site) {
    const real *x;
    const real *g;
    int64_t row_step;    /* from one row of the window to the next */
    int64_t column_step; /* from one column to the next */
    whole zero;          /* of the row */
} K(site);

/* ---- maxima: the first of the greatest elements, or the first NaN ------------------------- */

/* Of a maximum `top` and the next element `v`: whether v takes its place. */
#define TAKES(v, top) (!((v) <= (top)) & ((top) == (top)))

/* Of a window of rows x columns: its maxima, or g where they are. */
WGI_INLINE void K(greatest)(const K(site) * s, int64_t rows, int64_t columns, bool is_pick, int n,
                            real *y)
{
    real top[WGI_POOL_LANES];
    real out[WGI_POOL_LANES];
    const bool is_empty = rows == 0 || columns == 0;
#pragma omp simd
    for (int l = 0; l < n; l++) {
        top[l] = is_empty ? (real)-INFINITY : s->x[l];
        out[l] = is_pick && !is_empty ? s->g[l] : (real)0;
    }
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++) {
            const int64_t at = i * s->row_step + j * s->column_step;
#pragma omp simd
            for (int l = 0; l < n; l++) {
                const real v = s->x[at + l];
                const bool takes = TAKES(v, top[l]);
                top[l] = takes ? v : top[l];
                if (is_pick) {
                    const real g = s->g[at + l];
                    out[l] = takes ? g : out[l];
                }
            }
        }
    }
#pragma omp simd
    for (int l = 0; l < n; l++) {
        y[l] = is_pick ? out[l] : top[l];
    }
}

/* As wide as elements, so that a comparison with it makes a mask for them. */
static const whole K(lane)[WGI_POOL_LANES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* The winners so far, of the elements before x, which are `number`. */
WGI_INLINE void K(compare)(const real *x, whole number, int n, real *top, whole *best)
{
#pragma omp simd
    for (int l = 0; l < n; l++) {
        const real v = x[l];
        const bool takes = TAKES(v, top[l]);
        top[l] = takes ? v : top[l];
        best[l] = takes ? number : best[l];
    }
}

/* Element `number` of the window gets dy where it is the winner, and otherwise 0. */
WGI_INLINE void K(put_share)(const whole *best, const real *dy, whole number, int how, int n,
                             int there, real *dx)
{
#pragma omp simd
    for (int l = 0; l < n; l++) {
        const real old = how == PUT ? (real)0 : dx[l];
        const real share = best[l] == number ? dy[l] : (real)0;
        const real blended = K(lane)[l] < (whole)there ? share : old;
        dx[l] = how == PUT ? share : how == ADD ? old + share : blended;
    }
}

/* dx, at the window's first element, gets dy where the maximum is, and otherwise 0. Of the lanes
 * `there` are; the others add 0 to what follows. */
WGI_INLINE void K(spread)(const K(site) * s, int64_t rows, int64_t columns, int how, int n,
                          int there, real *dx)
{
    real top[WGI_POOL_LANES];
    real dy[WGI_POOL_LANES];
    whole best[WGI_POOL_LANES];
    const whole zero = s->zero;
#pragma omp simd
    for (int l = 0; l < n; l++) {
        top[l] = s->x[l];
        best[l] = zero;
        const real g = s->g[l];
        dy[l] = K(lane)[l] < (whole)there ? g : (real)0;
    }
    if (rows == 2 && columns == 2) {
        const int64_t right = s->column_step;
        const int64_t below = s->row_step;
        K(compare)(s->x + right, zero + 1, n, top, best);
        K(compare)(s->x + below, zero + 2, n, top, best);
        K(compare)(s->x + below + right, zero + 3, n, top, best);
        K(put_share)(best, dy, zero, how, n, there, dx);
        K(put_share)(best, dy, zero + 1, how, n, there, dx + right);
        K(put_share)(best, dy, zero + 2, how, n, there, dx + below);
        K(put_share)(best, dy, zero + 3, how, n, there, dx + below + right);
        return;
    }
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++) {
            const int64_t at = i * s->row_step + j * s->column_step;
            K(compare)(s->x + at, zero + (whole)(i * columns + j), n, top, best);
        }
    }
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++) {
            const int64_t at = i * s->row_step + j * s->column_step;
            K(put_share)(best, dy, zero + (whole)(i * columns + j), how, n, there, dx + at);
        }
    }
}

WGI_INLINE void K(greatest_of)(const wgi_pool_row *r, int64_t o, int64_t c, bool is_pick, int n)
{
    const wgi_span h = r->h;
    const wgi_span w = r->w[o];
    const int64_t line = r->width * r->channels;
    const int64_t first = h.first * line + w.first * r->channels + c;
    const bool is_empty = h.n == 0 || w.n == 0;
    const K(site) s = {(const real *)r->x + (is_empty ? 0 : first),
                       is_pick ? (const real *)r->g + (is_empty ? 0 : first) : NULL, h.step * line,
                       w.step * r->channels, 0};
    real *y = (real *)r->y + o * r->channels + c;
    if (h.n == 2 && w.n == 2) {
        K(greatest)(&s, 2, 2, is_pick, n, y);
    } else {
        K(greatest)(&s, h.n, w.n, is_pick, n, y);
    }
}

/* How many windows of the row, from the first on, stay inside where they read and write: inside the
 * image's row and `spare`. */
static inline int64_t K(safe)(const wgi_pool_row *r, const block *b, int64_t spare)
{
    int64_t n = r->windows;
    while (n > 0) {
        const wgi_span w = r->w[n - 1];
        const int64_t last = w.first + (w.n - 1) * w.step;
        if (w.n > 0 && stays_inside(b, n - 1, r->windows, r->channels, r->y_spare) &&
            stays_inside(b, last, r->width, r->channels, spare)) {
            break;
        }
        n--;
    }
    return n;
}

/* Windows from `first` on, without a lane that is not there. */
static void K(greatest_rest)(const wgi_pool_row *r, const block *b, bool is_pick, int64_t first)
{
    for (int64_t o = first; o < r->windows; o++) {
        K(greatest_of)(r, o, b->c, is_pick, b->n);
    }
}

WGI_INLINE void K(greatest_row)(const wgi_pool_row *r, const block *b, bool is_pick, int lanes)
{
    const int64_t safe = K(safe)(r, b, r->x_spare);
    for (int64_t o = 0; o < safe; o++) {
        K(greatest_of)(r, o, b->c, is_pick, lanes);
    }
    if (safe < r->windows) {
        K(greatest_rest)(r, b, is_pick, safe);
    }
}

/* A row by the lanes of its block. */
#define BY_LANES(function, r, b, ...)                                                              \
    do {                                                                                           \
        if ((b)->lanes == 4) {                                                                     \
            function((r), (b), __VA_ARGS__, 4);                                                    \
        } else if ((b)->lanes == 8) {                                                              \
            function((r), (b), __VA_ARGS__, 8);                                                    \
        } else {                                                                                   \
            function((r), (b), __VA_ARGS__, 16);                                                   \
        }                                                                                          \
    } while (0)

static void K(max)(const wgi_pool_row *r)
{
    for (block b = last_block(r->channels); b.c >= 0; b = block_before(b)) {
        BY_LANES(K(greatest_row), r, &b, false);
    }
}

static void K(pick)(const wgi_pool_row *r)
{
    for (block b = last_block(r->channels); b.c >= 0; b = block_before(b)) {
        BY_LANES(K(greatest_row), r, &b, true);
    }
}

/* ---- the gradient of maxima --------------------------------------------------------------- */

WGI_INLINE void K(spread_of)(const wgi_pool_row *r, int64_t o, const block *b, int how, int n)
{
    const wgi_span h = r->h;
    const wgi_span w = r->w[o];
    const int64_t line = r->width * r->channels;
    const int64_t first = h.first * line + w.first * r->channels + b->c;
    const K(site) s = {(const real *)r->x + first, (const real *)r->g + o * r->channels + b->c,
                       h.step * line, w.step * r->channels, (whole)r->zero};
    real *dx = (real *)r->y + first;
    K(spread)(&s, h.n, w.n, how, n, b->n, dx);
}

/* Windows [first, end). */
WGI_INLINE void K(spread_some)(const wgi_pool_row *r, const block *b, int64_t first, int64_t end,
                               int how, int n)
{
    for (int64_t o = first; o < end; o++) {
        if (WGI_LIKELY(r->w[o].n > 0)) {
            K(spread_of)(r, o, b, how, n);
        }
    }
}

/* Windows from `first` on, without a lane that is not there. */
static void K(spread_rest)(const wgi_pool_row *r, const block *b, int64_t first)
{
    K(spread_some)(r, b, first, r->windows, r->is_added ? ADD : PUT, b->n);
}

/* What a window puts past its image's row would not be written again. */
WGI_INLINE void K(spread_row)(const wgi_pool_row *r, const block *b, bool is_added, int lanes)
{
    const int64_t safe = K(safe)(r, b, 0);
    const int64_t reach = K(safe)(r, b, r->x_spare);
    K(spread_some)(r, b, 0, safe, is_added ? ADD : PUT, lanes);
    K(spread_some)(r, b, safe, reach, is_added ? ADD : BLEND, lanes);
    if (reach < r->windows) {
        K(spread_rest)(r, b, reach);
    }
}

static void K(backward)(const wgi_pool_row *r)
{
    if (r->h.n == 0) {
        return;
    }
    for (block b = last_block(r->channels); b.c >= 0; b = block_before(b)) {
        if (r->is_added) {
            BY_LANES(K(spread_row), r, &b, true);
        } else {
            BY_LANES(K(spread_row), r, &b, false);
        }
    }
}

/* ---- sums over taps ----------------------------------------------------------------------- */

/* -0 is what changes no element; the sum of nothing is 0. */
WGI_INLINE void K(weighted)(const K(site) * s, int64_t rows, int64_t columns, const double *a,
                            const double *b, int n, real *y)
{
    real sum[WGI_POOL_LANES];
    const real none = rows == 0 || columns == 0 ? (real)0 : (real)-0.0;
#pragma omp simd
    for (int l = 0; l < n; l++) {
        sum[l] = none;
    }
    for (int64_t i = 0; i < rows; i++) {
        real along[WGI_POOL_LANES];
        const real outer = (real)a[i];
#pragma omp simd
        for (int l = 0; l < n; l++) {
            along[l] = (real)-0.0;
        }
        for (int64_t j = 0; j < columns; j++) {
            const real *x = s->x + i * s->row_step + j * s->column_step;
            const real inner = (real)b[j];
#pragma omp simd
            for (int l = 0; l < n; l++) {
                along[l] += inner * x[l];
            }
        }
#pragma omp simd
        for (int l = 0; l < n; l++) {
            sum[l] += outer * along[l];
        }
    }
#pragma omp simd
    for (int l = 0; l < n; l++) {
        y[l] = sum[l];
    }
}

/* The same of few taps, in one loop. */
WGI_INLINE void K(weighted_1x1)(const K(site) * s, const double *a, const double *b, int n,
                                real *restrict y)
{
    const real outer = (real)a[0];
    const real inner = (real)b[0];
#pragma omp simd
    for (int l = 0; l < n; l++) {
        y[l] = outer * (inner * s->x[l]);
    }
}

WGI_INLINE void K(weighted_2x2)(const K(site) * s, const double *a, const double *b, int n,
                                real *restrict y)
{
    const real *low = s->x + s->row_step;
    const int64_t step = s->column_step;
    const real outer[] = {(real)a[0], (real)a[1]};
    const real inner[] = {(real)b[0], (real)b[1]};
#pragma omp simd
    for (int l = 0; l < n; l++) {
        const real first = inner[0] * s->x[l] + inner[1] * s->x[step + l];
        const real second = inner[0] * low[l] + inner[1] * low[step + l];
        y[l] = outer[0] * first + outer[1] * second;
    }
}

WGI_INLINE void K(weighted_of)(const wgi_resample_row *r, int64_t o, int64_t c, int n)
{
    const wgi_weighted h = r->h;
    const wgi_weighted w = r->w[o];
    const int64_t line = r->width * r->channels;
    const K(site) s = {(const real *)r->x + h.first * line + w.first * r->channels + c, NULL, line,
                       r->channels, 0};
    real *y = (real *)r->y + o * r->channels + c;
    if (h.n == 1 && w.n == 1) {
        K(weighted_1x1)(&s, h.weights, w.weights, n, y);
    } else if (h.n == 2 && w.n == 2) {
        K(weighted_2x2)(&s, h.weights, w.weights, n, y);
    } else {
        K(weighted)(&s, h.n, w.n, h.weights, w.weights, n, y);
    }
}

/* How many results of the row, from the first on, may reach into the next pixel; one that reads
 * nothing says nothing of those before it. */
static inline int64_t K(safe_results)(const wgi_resample_row *r, const block *b)
{
    int64_t n = r->results;
    while (n > 0) {
        const wgi_weighted w = r->w[n - 1];
        const int64_t last = w.first + w.n - 1;
        if (w.n > 0 && stays_inside(b, n - 1, r->results, r->channels, r->y_spare) &&
            stays_inside(b, last, r->width, r->channels, r->x_spare)) {
            break;
        }
        n--;
    }
    return n;
}

/* Results from `first` on, without a lane that is not there. */
static void K(weighted_rest)(const wgi_resample_row *r, const block *b, int64_t first)
{
    for (int64_t o = first; o < r->results; o++) {
        K(weighted_of)(r, o, b->c, b->n);
    }
}

WGI_INLINE void K(weighted_row)(const wgi_resample_row *r, const block *b, int lanes)
{
    const int64_t safe = K(safe_results)(r, b);
    for (int64_t o = 0; o < safe; o++) {
        K(weighted_of)(r, o, b->c, lanes);
    }
    if (safe < r->results) {
        K(weighted_rest)(r, b, safe);
    }
}

static void K(resample)(const wgi_resample_row *r)
{
    for (block b = last_block(r->channels); b.c >= 0; b = block_before(b)) {
        if (b.lanes == 4) {
            K(weighted_row)(r, &b, 4);
        } else if (b.lanes == 8) {
            K(weighted_row)(r, &b, 8);
        } else {
            K(weighted_row)(r, &b, WGI_POOL_LANES);
        }
    }
}

#undef TAKES
#undef BY_LANES
