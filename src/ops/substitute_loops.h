/* Substitution: one system of equations with a triangular matrix. A template for kernels.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Included in each pass of for_each_real.h, after a wgi_triangle is known. No guard: a template. */

/* Solves t x = b for one right side, which stands in x, its elements `step` apart. The sums are in
 * `accum`. Where the diagonal has a 0 the result is what the division gives. */
static void K(substitute)(const real *t, const wgi_triangle *shape, real *x, int64_t step)
{
    const int64_t n = shape->n;
    for (int64_t k = 0; k < n; k++) {
        const int64_t i = shape->is_lower ? k : n - 1 - k;
        const int64_t from = shape->is_lower ? 0 : i + 1;
        const int64_t to = shape->is_lower ? i : n;
        accum sum = x[i * step];
        for (int64_t j = from; j < to; j++) {
            sum -= (accum)t[i * shape->row + j * shape->column] * (accum)x[j * step];
        }
        if (!shape->is_unit) {
            sum /= (accum)t[i * (shape->row + shape->column)];
        }
        x[i * step] = (real)sum;
    }
}
