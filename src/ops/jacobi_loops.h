/* One-sided Jacobi rotations: n vectors made orthogonal to each other. A template for kernels.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Hestenes (1958). Vectors of which each pair is rotated until it is orthogonal are the left
 * singular vectors times the singular values of the matrix that they were the columns of; the
 * product of the rotations holds the right ones. Everything happens in place.
 *
 * Included in each pass of for_each_real.h, after a wgi_vectors is known. No guard: a template. */

/* The largest magnitude of n entries; NaN or inf where there is one. */
static real K(largest)(const real *x, int64_t n)
{
    real most = 0;
    for (int64_t i = 0; i < n; i++) {
        const real size = R(fabs)(x[i]);
        if (!(size <= most)) {
            most = size;
        }
        if (size - size != 0) {
            return size;
        }
    }
    return most;
}

static accum K(dot)(const real *x, const real *y, const wgi_vectors *v)
{
    accum sum = 0;
    for (int64_t i = 0; i < v->length; i++) {
        sum += (accum)x[i * v->step] * (accum)y[i * v->step];
    }
    return sum;
}

/* (x, y) to (c x - s y, s x + c y). */
static void K(rotate)(real *x, real *y, const wgi_vectors *v, accum c, accum s)
{
    for (int64_t i = 0; i < v->length; i++) {
        const accum kept = x[i * v->step];
        x[i * v->step] = (real)(c * kept - s * (accum)y[i * v->step]);
        y[i * v->step] = (real)(s * kept + c * (accum)y[i * v->step]);
    }
}

/* Makes vectors p and q orthogonal; false where they were, to the last digits. */
static bool K(straighten)(real *x, const wgi_vectors *v, real *z, const wgi_vectors *w, int64_t p,
                          int64_t q)
{
    real *a = x + p * v->vector;
    real *b = x + q * v->vector;
    const accum aa = K(dot)(a, a, v);
    const accum bb = K(dot)(b, b, v);
    const accum ab = K(dot)(a, b, v);
    const accum digits = (accum)(R(nextafter)(1, 2) - 1);
    if (A(fabs)(ab) <= 2 * digits * A(sqrt)((accum)v->n) * A(sqrt)(aa) * A(sqrt)(bb)) {
        return false;
    }
    const accum zeta = (bb - aa) / (2 * ab);
    const accum t = A(copysign)(1, zeta) / (A(fabs)(zeta) + A(hypot)(1, zeta));
    const accum c = 1 / A(hypot)(1, t);
    K(rotate)(a, b, v, c, c * t);
    if (z != NULL) {
        K(rotate)(z + p * w->vector, z + q * w->vector, w, c, c * t);
    }
    return true;
}

/* All pairs of the n vectors of x until all are orthogonal, and those of z along with them. The
 * sweeps are few, about 10 in binary128, and bounded. */
static void K(orthogonalize)(real *x, const wgi_vectors *v, real *z, const wgi_vectors *w)
{
    bool is_done = false;
    for (int32_t sweep = 0; sweep < 60 && !is_done; sweep++) {
        is_done = true;
        for (int64_t p = 0; p < v->n; p++) {
            for (int64_t q = p + 1; q < v->n; q++) {
                is_done = !K(straighten)(x, v, z, w, p, q) && is_done;
            }
        }
    }
}

static void K(swap_vectors)(real *x, const wgi_vectors *v, int64_t p, int64_t q)
{
    for (int64_t i = 0; i < v->length && p != q; i++) {
        const real kept = x[p * v->vector + i * v->step];
        x[p * v->vector + i * v->step] = x[q * v->vector + i * v->step];
        x[q * v->vector + i * v->step] = kept;
    }
}

static void K(scale_vector)(real *x, const wgi_vectors *v, accum factor)
{
    for (int64_t i = 0; i < v->length; i++) {
        x[i * v->step] = (real)((accum)x[i * v->step] * factor);
    }
}

/* Whether a vector has to change its sign: its first entry of more than 3/8 of the largest one is
 * negative. Entries that are alike but for rounding so decide nothing. */
static bool K(is_upside_down)(const real *x, const wgi_vectors *v)
{
    real most = 0;
    for (int64_t i = 0; i < v->length; i++) {
        most = R(fabs)(x[i * v->step]) > most ? R(fabs)(x[i * v->step]) : most;
    }
    for (int64_t i = 0; i < v->length; i++) {
        if (8 * R(fabs)(x[i * v->step]) > 3 * most) {
            return x[i * v->step] < 0;
        }
    }
    return false;
}
