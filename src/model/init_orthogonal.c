/* The orthogonal initialiser: a matrix drawn evenly from those with orthonormal rows or columns.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Rows of normal draws are made orthonormal one after the other (Gram and Schmidt), which is the Q
 * of a QR factorisation whose R has a positive diagonal; where rows are more than columns, the
 * columns are. Twice is enough to reach the precision of f64 (Giraud and others 2005). */
#include <math.h>

#include "core/checked.h"
#include "core/context.h"
#include "core/dtype.h"
#include "model/model.h"

/* n vectors of m elements, n <= m. */
typedef struct basis {
    double *rows;
    int64_t n;
    int64_t m;
} basis;

static double dot(const double *a, const double *b, int64_t m)
{
    double sum = 0.0;
    for (int64_t i = 0; i < m; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* Takes out of row k what lies along the rows before it. */
static void project(const basis *b, int64_t k)
{
    double *x = b->rows + k * b->m;
    for (int64_t j = 0; j < k; j++) {
        const double *q = b->rows + j * b->m;
        const double along = dot(q, x, b->m);
        for (int64_t i = 0; i < b->m; i++) {
            x[i] -= along * q[i];
        }
    }
}

/* A draw that lies along the rows before it, which all but never happens, is drawn again. */
static void add_row(const basis *b, int64_t k, wg_rng *rng)
{
    double *x = b->rows + k * b->m;
    double length = 0.0;
    while (!(length > 1e-6)) {
        for (int64_t i = 0; i < b->m; i++) {
            x[i] = wg_rng_normal(rng);
        }
        project(b, k);
        project(b, k);
        length = sqrt(dot(x, x, b->m));
    }
    for (int64_t i = 0; i < b->m; i++) {
        x[i] /= length;
    }
}

static void store(wg_tensor *t, const basis *b, bool is_transposed, double gain)
{
    void *data = wg_tensor_data_mutable(t);
    for (int64_t i = 0; i < t->type.count; i++) {
        const int64_t place = is_transposed ? i % b->n * b->m + i / b->n : i;
        wgi_store_double(t->type.dtype, data, i, gain * b->rows[place]);
    }
}

wg_status wgi_init_orthogonal(wg_tensor *t, double gain, wg_rng *rng)
{
    const int64_t rows = t->type.dims[0];
    const int64_t columns = t->type.count / rows;
    const bool is_transposed = rows > columns;
    basis b = {.n = is_transposed ? columns : rows, .m = is_transposed ? rows : columns};
    size_t bytes;
    if (!wgi_size_mul((size_t)t->type.count, sizeof(double), &bytes)) {
        return wgi_context_fail(t->ctx, WG_ERR_OVERFLOW, "init: too many elements");
    }
    b.rows = wgi_alloc(&t->ctx->memory, bytes);
    if (b.rows == NULL) {
        return wgi_context_fail(t->ctx, WG_ERR_MEMORY, "init: out of memory");
    }
    for (int64_t k = 0; k < b.n; k++) {
        add_row(&b, k, rng);
    }
    store(t, &b, is_transposed, gain);
    wgi_release(&t->ctx->memory, b.rows, bytes);
    return WG_OK;
}
