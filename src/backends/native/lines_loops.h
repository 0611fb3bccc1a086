/* Reductions of lines over `real`.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Included by lines_hot.c once for each dtype; hence no guard.
 *
 * Invariant: lane l takes the elements l, l + LANES ... of one line, whose lanes are then joined in
 * a fixed order; or all elements of line l, of lines side by side. What is added up or multiplied
 * is so in f64. Loops over the lanes stay within arrays of their own. */

/* What the lanes have come to. */
typedef struct K(lanes) {
    real top[LANES];
    double total[LANES];
    double first[LANES]; /* what differences are taken from */
    double mean[LANES];  /* of the differences */
} K(lanes);

/* One step of the lanes [0, w): x[l] is the next element of lane l. */
typedef void (*K(take))(K(lanes) * s, const real *x, int w);

/* All elements of the set, LANES or `width` at a time. */
WGI_INLINE void K(pass_over)(const wgi_line_set *set, K(take) take, K(lanes) * s, const real *x)
{
    const bool is_one = set->stride == 1;
    const int64_t n = is_one ? set->n / LANES : set->n;
    const int64_t step = is_one ? LANES : set->stride;
    const int rest = is_one ? (int)(set->n % LANES) : 0;
    if (is_one || set->width == LANES) {
        for (int64_t j = 0; j < n; j++) {
            take(s, x + j * step, LANES);
        }
    } else {
        for (int64_t j = 0; j < n; j++) {
            take(s, x + j * step, (int)set->width);
        }
    }
    if (rest > 0) {
        take(s, x + n * step, rest);
    }
}

/* How many results there are. */
static inline int K(results)(const wgi_line_set *set)
{
    return set->stride == 1 ? 1 : (int)set->width;
}

static inline void K(fill)(double *lanes, double value)
{
    for (int l = 0; l < LANES; l++) {
        lanes[l] = value;
    }
}

/* Every lane gets the sum of all, where they are of one line. */
static void K(join_totals)(const wgi_line_set *set, double *total)
{
    for (int half = LANES / 2; half > 0 && set->stride == 1; half /= 2) {
        for (int l = 0; l < half; l++) {
            total[l] += total[l + half];
        }
    }
    if (set->stride == 1) {
        K(fill)(total, total[0]);
    }
}

/* ---- products ----------------------------------------------------------------------------- */

WGI_INLINE void K(take_product)(K(lanes) * s, const real *x, int w)
{
#pragma omp simd
    for (int l = 0; l < w; l++) {
        s->total[l] *= (double)x[l];
    }
}

static void K(prod)(const wgi_line_set *set, const void *x, void *y)
{
    K(lanes) s;
    K(fill)(s.total, 1);
    K(pass_over)(set, K(take_product), &s, x);
    for (int half = LANES / 2; half > 0 && set->stride == 1; half /= 2) {
        for (int l = 0; l < half; l++) {
            s.total[l] *= s.total[l + half];
        }
    }
    for (int l = 0; l < K(results)(set); l++) {
        ((real *)y)[l] = (real)s.total[l];
    }
}

/* ---- extremes ----------------------------------------------------------------------------- */

/* NaN takes every place, and nothing takes that of a NaN. */
WGI_INLINE void K(take_max)(K(lanes) * s, const real *x, int w)
{
#pragma omp simd
    for (int l = 0; l < w; l++) {
        const real element = x[l];
        const int is_taken = (element > s->top[l]) | (element != element);
        s->top[l] = is_taken ? element : s->top[l];
    }
}

WGI_INLINE void K(take_min)(K(lanes) * s, const real *x, int w)
{
#pragma omp simd
    for (int l = 0; l < w; l++) {
        const real element = x[l];
        const int is_taken = (element < s->top[l]) | (element != element);
        s->top[l] = is_taken ? element : s->top[l];
    }
}

/* Every lane gets the extreme of all, where they are of one line. */
WGI_INLINE void K(extremes)(const wgi_line_set *set, K(take) take, real start, K(lanes) * s,
                            const real *x)
{
    for (int l = 0; l < LANES; l++) {
        s->top[l] = start;
    }
    K(pass_over)(set, take, s, x);
    for (int half = LANES / 2; half > 0 && set->stride == 1; half /= 2) {
        take(s, s->top + half, half);
    }
    for (int l = 1; l < LANES && set->stride == 1; l++) {
        s->top[l] = s->top[0];
    }
}

static void K(put_tops)(const wgi_line_set *set, const K(lanes) * s, real *y)
{
    memcpy(y, s->top, (size_t)K(results)(set) * sizeof *y);
}

static void K(amax)(const wgi_line_set *set, const void *x, void *y)
{
    K(lanes) s;
    K(extremes)(set, K(take_max), -(real)INFINITY, &s, x);
    K(put_tops)(set, &s, y);
}

static void K(amin)(const wgi_line_set *set, const void *x, void *y)
{
    K(lanes) s;
    K(extremes)(set, K(take_min), (real)INFINITY, &s, x);
    K(put_tops)(set, &s, y);
}

/* ---- places ------------------------------------------------------------------------------- */

/* The extremes so far and at which step each was met. */
typedef struct K(found) {
    real top[LANES];
    place at[LANES];
} K(found);

/* x[l] of this step takes the place of an extreme that it exceeds, and NaN that of any but NaN.
 * What is smallest is found among the negatives. */
WGI_INLINE void K(find_among)(K(found) * f, const real *x, place step, real sign, int w)
{
#pragma omp simd
    for (int l = 0; l < w; l++) {
        const real element = sign * x[l];
        const real top = f->top[l];
        const int is_taken = (element > top) | ((element != element) & (top == top));
        f->top[l] = is_taken ? element : top;
        f->at[l] = is_taken ? step : f->at[l];
    }
}

/* Whether the find of lane l, at index i, stands before that of another at index k. */
static inline bool K(is_before)(const K(found) * f, int l, int64_t i, int other, int64_t k)
{
    const real a = f->top[l];
    const real b = f->top[other];
    const bool is_same = a == b || (a != a && b != b);
    return is_same ? i < k : b == b && (a > b || a != a);
}

/* The lane of one line's extreme; *index is where it is. */
static int K(first_of)(const K(found) * f, int64_t *index)
{
    int best = 0;
    *index = (int64_t)f->at[0] * LANES;
    for (int l = 1; l < LANES; l++) {
        const int64_t i = (int64_t)f->at[l] * LANES + l;
        if (K(is_before)(f, l, i, best, *index)) {
            best = l;
            *index = i;
        }
    }
    return best;
}

WGI_INLINE void K(find)(const wgi_line_set *set, const real *x, real sign, real *values,
                        int64_t *indices)
{
    const bool is_one = set->stride == 1;
    const int64_t n = is_one ? set->n / LANES : set->n;
    const int64_t step = is_one ? LANES : set->stride;
    K(found) f;
    for (int l = 0; l < LANES; l++) {
        f.top[l] = -(real)INFINITY;
        f.at[l] = 0;
    }
    if (is_one || set->width == LANES) {
        for (int64_t j = 0; j < n; j++) {
            K(find_among)(&f, x + j * step, (place)j, sign, LANES);
        }
    } else {
        for (int64_t j = 0; j < n; j++) {
            K(find_among)(&f, x + j * step, (place)j, sign, (int)set->width);
        }
    }
    if (is_one) {
        K(find_among)(&f, x + n * step, (place)n, sign, (int)(set->n % LANES));
        f.top[0] = f.top[K(first_of)(&f, indices)];
    }
    for (int l = 0; l < K(results)(set); l++) {
        indices[l] = is_one ? indices[l] : (int64_t)f.at[l];
        if (values != NULL) {
            values[l] = sign * f.top[l];
        }
    }
}

static void K(find_max)(const wgi_line_set *set, const void *x, void *values, int64_t *indices)
{
    K(find)(set, x, 1, values, indices);
}

static void K(find_min)(const wgi_line_set *set, const void *x, void *values, int64_t *indices)
{
    K(find)(set, x, -1, values, indices);
}

/* ---- variances ---------------------------------------------------------------------------- */

WGI_INLINE void K(take_difference)(K(lanes) * s, const real *x, int w)
{
#pragma omp simd
    for (int l = 0; l < w; l++) {
        s->total[l] += (double)x[l] - s->first[l];
    }
}

WGI_INLINE void K(take_square_difference)(K(lanes) * s, const real *x, int w)
{
#pragma omp simd
    for (int l = 0; l < w; l++) {
        const double d = (double)x[l] - s->first[l] - s->mean[l];
        s->total[l] += d * d;
    }
}

/* The first elements, where they are finite, and the means of the differences from them. */
static void K(find_means)(const wgi_line_set *set, K(lanes) * s, const real *x)
{
    const int last = K(results)(set) - 1;
    for (int l = 0; l < LANES; l++) {
        const real first = x[l < last ? l : last];
        s->first[l] = first - first == 0 ? (double)first : 0;
    }
    K(fill)(s->total, 0);
    K(pass_over)(set, K(take_difference), s, x);
    K(join_totals)(set, s->total);
    for (int l = 0; l < LANES; l++) {
        s->mean[l] = s->total[l] / (double)set->n;
    }
}

static void K(find_variances)(const wgi_line_set *set, K(lanes) * s, const real *x)
{
    K(find_means)(set, s, x);
    K(fill)(s->total, 0);
    K(pass_over)(set, K(take_square_difference), s, x);
    K(join_totals)(set, s->total);
}

static void K(variance)(const wgi_line_set *set, const void *x, void *y)
{
    K(lanes) s;
    K(find_variances)(set, &s, x);
    for (int l = 0; l < K(results)(set); l++) {
        ((real *)y)[l] = (real)(s.total[l] / set->divisor);
    }
}

static void K(std)(const wgi_line_set *set, const void *x, void *y)
{
    K(lanes) s;
    K(find_variances)(set, &s, x);
    for (int l = 0; l < K(results)(set); l++) {
        ((real *)y)[l] = (real)sqrt(s.total[l] / set->divisor);
    }
}

/* One line. */
static void K(center_one)(const K(lanes) * s, const real *x, int64_t n, real *restrict y)
{
    const double first = s->first[0];
    const double mean = s->mean[0];
#pragma omp simd
    for (int64_t j = 0; j < n; j++) {
        y[j] = (real)((double)x[j] - first - mean);
    }
}

static void K(center)(const wgi_line_set *set, const void *x, void *y)
{
    K(lanes) s;
    K(find_means)(set, &s, x);
    if (set->stride == 1) {
        K(center_one)(&s, x, set->n, y);
        return;
    }
    for (int64_t j = 0; j < set->n; j++) {
        const real *from = (const real *)x + j * set->stride;
        real *to = (real *)y + j * set->stride;
        for (int64_t l = 0; l < set->width; l++) {
            to[l] = (real)((double)from[l] - s.first[l] - s.mean[l]);
        }
    }
}

/* ---- lengths ------------------------------------------------------------------------------ */

WGI_INLINE void K(take_square)(K(lanes) * s, const real *x, int w)
{
#pragma omp simd
    for (int l = 0; l < w; l++) {
        s->total[l] += (double)x[l] * (double)x[l];
    }
}

/* Between these a sum of squares of doubles has lost nothing; outside it is taken of elements
 * divided by the largest, unless that is 0, infinite or NaN. */
static double K(length_of)(const wgi_line_set *set, double total, const real *x)
{
    double top = 0;
    double sum = 0;
    if (total > 0x1p-900 && total < 0x1p1000) {
        return sqrt(total);
    }
    for (int64_t j = 0; j < set->n; j++) {
        const double size = fabs((double)x[j * set->stride]);
        top = size <= top || top != top ? top : size;
    }
    if (!(top > 0) || top == (double)INFINITY) {
        return top;
    }
    for (int64_t j = 0; j < set->n; j++) {
        const double r = (double)x[j * set->stride] / top;
        sum += r * r;
    }
    return top * sqrt(sum);
}

static void K(norm)(const wgi_line_set *set, const void *x, void *y)
{
    K(lanes) s;
    K(fill)(s.total, 0);
    K(pass_over)(set, K(take_square), &s, x);
    K(join_totals)(set, s.total);
    for (int l = 0; l < K(results)(set); l++) {
        ((real *)y)[l] = (real)K(length_of)(set, s.total[l], (const real *)x + l);
    }
}

/* ---- logarithms of sums of exponentials ---------------------------------------------------- */

WGI_INLINE void K(take_exponential)(K(lanes) * s, const real *x, int w)
{
#pragma omp simd
    for (int l = 0; l < w; l++) {
        s->total[l] += (double)K(exp)(x[l] - s->top[l]);
    }
}

/* The maximum is the result where it is infinite or NaN. */
static void K(logsumexp)(const wgi_line_set *set, const void *x, void *y)
{
    K(lanes) s;
    K(extremes)(set, K(take_max), -(real)INFINITY, &s, x);
    K(fill)(s.total, 0);
    K(pass_over)(set, K(take_exponential), &s, x);
    K(join_totals)(set, s.total);
    for (int l = 0; l < K(results)(set); l++) {
        const double top = (double)s.top[l];
        ((real *)y)[l] = top - top == 0 ? (real)(top + log(s.total[l])) : s.top[l];
    }
}
