/* The kernels of one floating type, over batches: with real, L(routine) and K(name). A template.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The library reads columns, so it meets the transpose of every matrix: what is the lower triangle
 * to us is the upper one to it, the QR factors of a are the LQ factors of its transpose, u and vh
 * change places, and nothing is copied to be turned. Whatever the library is not certain of, which
 * is every info but 0 and every matrix that is not finite, the reference kernel does again.
 *
 * No guard: included once per type. */

static bool K(is_finite)(const real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (x[i] - x[i] != 0) {
            return false;
        }
    }
    return true;
}

/* ---- lu and cholesky ---------------------------------------------------------------------- */

static wg_status K(lu)(const wgi_args *args)
{
    const sizes z = sizes_of(args->in);
    const size_t n = (size_t)z.n;
    int *exchanged = args->scratch;
    memcpy(args->out->data, args->in->data, (size_t)args->in->count * sizeof(real));
    for (size_t k = 0; k < z.batch; k++) {
        real *a = (real *)args->out[0].data + k * n * n;
        int64_t *pivots = (int64_t *)args->out[1].data + k * n;
        int info = 0;
        if (!K(is_finite)(a, (int64_t)(n * n))) {
            return WG_ERR_ENGINE;
        }
        L(getrf)(&z.n, &z.n, a, &z.n, exchanged, &info);
        if (info != 0) {
            return WG_ERR_ENGINE;
        }
        for (size_t i = 0; i < n; i++) {
            pivots[i] = exchanged[i] - 1;
        }
    }
    return WG_OK;
}

static wg_status K(cholesky)(const wgi_args *args)
{
    const sizes z = sizes_of(args->in);
    const size_t n = (size_t)z.n;
    memcpy(args->out->data, args->in->data, (size_t)args->in->count * sizeof(real));
    for (size_t k = 0; k < z.batch; k++) {
        real *a = (real *)args->out->data + k * n * n;
        int info = 0;
        L(potrf)("U", &z.n, a, &z.n, &info, 1);
        if (info != 0) {
            return WG_ERR_ENGINE;
        }
        for (size_t i = 0; i < n; i++) {
            memset(a + i * n + i + 1, 0, (n - i - 1) * sizeof *a);
        }
    }
    return WG_OK;
}

/* ---- qr ----------------------------------------------------------------------------------- */

/* The numbers that both routines want to work in. */
static int K(qr_room)(const sizes *z)
{
    real first = 0;
    real second = 0;
    const int ask = -1;
    int info = 0;
    L(gelqf)(&z->n, &z->m, &first, &z->n, &first, &first, &ask, &info);
    L(orglq)(&z->k, &z->m, &z->k, &second, &z->k, &second, &second, &ask, &info);
    return (int)(first > second ? first : second);
}

static void K(settle_qr)(const sizes *z, real *q, real *r)
{
    const size_t n = (size_t)z->n;
    const size_t k = (size_t)z->k;
    for (size_t i = 0; i < k; i++) {
        memset(r + i * n, 0, i * sizeof *r);
        if (r[i * n + i] < 0) {
            for (size_t j = i; j < n; j++) {
                r[i * n + j] = -r[i * n + j];
            }
            for (size_t j = 0; j < (size_t)z->m; j++) {
                q[j * k + i] = -q[j * k + i];
            }
        }
    }
}

/* The elimination runs in whichever result has a's size; r and the reflections then part. */
static bool K(factor_qr)(const sizes *z, const real *a, real *q, real *r, real *room)
{
    const size_t m = (size_t)z->m;
    const size_t n = (size_t)z->n;
    real *tau = room;
    real *work = room + z->k;
    const int n_work = K(qr_room)(z);
    real *both = z->m >= z->n ? q : r;
    int info = 0;
    memcpy(both, a, m * n * sizeof *a);
    L(gelqf)(&z->n, &z->m, both, &z->n, tau, work, &n_work, &info);
    if (z->m >= z->n) {
        memcpy(r, q, n * n * sizeof *r);
    }
    for (size_t i = 0; i < m && z->m < z->n; i++) {
        memcpy(q + i * m, r + i * n, m * sizeof *q);
    }
    if (info == 0) {
        L(orglq)(&z->k, &z->m, &z->k, q, &z->k, tau, work, &n_work, &info);
    }
    K(settle_qr)(z, q, r);
    return info == 0;
}

static wg_status K(qr)(const wgi_args *args)
{
    const sizes z = sizes_of(args->in);
    const size_t k = (size_t)z.k;
    for (size_t i = 0; i < z.batch; i++) {
        const real *a = (const real *)args->in->data + i * (size_t)z.m * (size_t)z.n;
        real *q = (real *)args->out[0].data + i * (size_t)z.m * k;
        real *r = (real *)args->out[1].data + i * k * (size_t)z.n;
        if (!K(is_finite)(a, (int64_t)z.m * z.n) || !K(factor_qr)(&z, a, q, r, args->scratch)) {
            return WG_ERR_ENGINE;
        }
    }
    return WG_OK;
}

/* ---- eigh and svd ------------------------------------------------------------------------- */

/* Whether the first of n entries, `step` apart, of more than 3/8 of the largest is negative. */
static bool K(is_upside_down)(const real *x, size_t step, size_t n)
{
    real most = 0;
    for (size_t i = 0; i < n; i++) {
        const real size = x[i * step] < 0 ? -x[i * step] : x[i * step];
        most = size > most ? size : most;
    }
    for (size_t i = 0; i < n; i++) {
        const real size = x[i * step] < 0 ? -x[i * step] : x[i * step];
        if (8 * size > 3 * most) {
            return x[i * step] < 0;
        }
    }
    return false;
}

static void K(negate)(real *x, size_t step, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x[i * step] = -x[i * step];
    }
}

/* Numbers and integers. */
static void K(eigh_room)(const sizes *z, int *n_work, int *n_iwork)
{
    real first = 0;
    const int ask = -1;
    int info = 0;
    L(syevd)("V", "U", &z->n, &first, &z->n, &first, &first, &ask, n_iwork, &ask, &info, 1, 1);
    *n_work = (int)first;
}

/* The library's columns, which are our rows, become columns. */
static void K(settle_eigh)(size_t n, real *v)
{
    for (size_t i = 0; i < n; i++) {
        if (K(is_upside_down)(v + i * n, 1, n)) {
            K(negate)(v + i * n, 1, n);
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            const real kept = v[i * n + j];
            v[i * n + j] = v[j * n + i];
            v[j * n + i] = kept;
        }
    }
}

static wg_status K(eigh)(const wgi_args *args)
{
    const sizes z = sizes_of(args->in);
    const size_t n = (size_t)z.n;
    int n_work = 0;
    int n_iwork = 0;
    K(eigh_room)(&z, &n_work, &n_iwork);
    real *work = args->scratch;
    int *iwork = (int *)(void *)(work + n_work);
    memcpy(args->out[1].data, args->in->data, (size_t)args->in->count * sizeof(real));
    for (size_t k = 0; k < z.batch; k++) {
        real *w = (real *)args->out[0].data + k * n;
        real *v = (real *)args->out[1].data + k * n * n;
        int info = 0;
        if (!K(is_finite)(v, (int64_t)(n * n))) {
            return WG_ERR_ENGINE;
        }
        L(syevd)("V", "U", &z.n, v, &z.n, w, work, &n_work, iwork, &n_iwork, &info, 1, 1);
        if (info != 0) {
            return WG_ERR_ENGINE;
        }
        K(settle_eigh)(n, v);
    }
    return WG_OK;
}

static int K(svd_room)(const sizes *z)
{
    real first = 0;
    const int ask = -1;
    int none = 0;
    int info = 0;
    L(gesdd)
    ("S", &z->n, &z->m, &first, &z->n, &first, &first, &z->n, &first, &z->k, &first, &ask, &none,
     &info, 1);
    return (int)first;
}

static wg_status K(svd)(const wgi_args *args)
{
    const sizes z = sizes_of(args->in);
    const size_t m = (size_t)z.m;
    const size_t n = (size_t)z.n;
    const size_t k = (size_t)z.k;
    const int n_work = K(svd_room)(&z);
    real *a = args->scratch;
    real *work = a + m * n;
    int *iwork = (int *)(void *)(work + n_work);
    for (size_t i = 0; i < z.batch; i++) {
        real *u = (real *)args->out[0].data + i * m * k;
        real *s = (real *)args->out[1].data + i * k;
        real *vh = (real *)args->out[2].data + i * k * n;
        int info = 0;
        memcpy(a, (const real *)args->in->data + i * m * n, m * n * sizeof *a);
        if (!K(is_finite)(a, (int64_t)(m * n))) {
            return WG_ERR_ENGINE;
        }
        L(gesdd)("S", &z.n, &z.m, a, &z.n, s, vh, &z.n, u, &z.k, work, &n_work, iwork, &info, 1);
        if (info != 0) {
            return WG_ERR_ENGINE;
        }
        for (size_t p = 0; p < k; p++) {
            if (K(is_upside_down)(u + p, k, m)) {
                K(negate)(u + p, k, m);
                K(negate)(vh + p * n, 1, n);
            }
        }
    }
    return WG_OK;
}

/* ---- solve_triangular --------------------------------------------------------------------- */

/* a x = b is x^T a^T = b^T, whose matrices are ours as the library reads them. */
static wg_status K(triangular)(const wgi_args *args)
{
    const wgi_triangular_attr *attr = args->attr;
    const sizes a = sizes_of(&args->in[0]);
    const sizes x = sizes_of(args->out);
    const size_t each = (size_t)x.m * (size_t)x.n;
    const size_t step = a.batch > 1 ? (size_t)a.n * (size_t)a.n : 0;
    const real one = 1;
    memcpy(args->out->data, args->in[1].data, (size_t)args->out->count * sizeof(real));
    for (size_t k = 0; k < x.batch; k++) {
        L(trsm)
        (attr->is_left != 0 ? "R" : "L", attr->is_upper != 0 ? "L" : "U",
         attr->is_transposed != 0 ? "T" : "N", attr->is_unit != 0 ? "U" : "N", &x.n, &x.m, &one,
         (const real *)args->in[0].data + k * step, &a.n, (real *)args->out->data + k * each, &x.n,
         1, 1, 1, 1);
    }
    return WG_OK;
}
