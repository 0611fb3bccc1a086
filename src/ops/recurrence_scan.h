/* Reference kernels of the scans: what rnn_scan.c, lstm_scan.c and gru_scan.c include in each pass.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: `real`, `accum`, A(f) and K(name) are the caller's. */

static inline real K(scan_sigmoid)(real x)
{
    return (real)(1 / (1 + A(exp)(-(accum)x)));
}

static inline real K(scan_tanh)(real x)
{
    return (real)A(tanh)((accum)x);
}

/* A gradient d times x: 0 where d is, whatever x is; as wg_gate. */
static inline real K(scan_gate)(real d, real x)
{
    return d == 0 ? 0 : d * x;
}

static inline real K(scan_dot)(const real *a, const real *w, int64_t n, int64_t step)
{
    accum sum = 0;
    for (int64_t k = 0; k < n; k++) {
        sum += (accum)a[k] * (accum)w[k * step];
    }
    return (real)sum;
}

/* Rows of states that a scan of `steps` reads: the one before the turn, and its own. */
static inline const real *K(scan_before)(const wgi_recurrence_attr *attr, const wgi_view *y,
                                         const real *first, int64_t turn)
{
    const int64_t rows = y->dims[1] * y->dims[2];
    const int64_t steps = y->dims[0];
    return turn == 0 ? first : (const real *)y->data + wgi_step_at(attr, steps, turn - 1) * rows;
}

/* dh [batch, hidden] = d [batch, m] w [m, hidden], or that added to it. */
static void K(scan_back)(const real *d, const real *w, real *dh, const int64_t sizes[3],
                         bool is_added)
{
    const int64_t m = sizes[1];
    const int64_t hidden = sizes[2];
    for (int64_t b = 0; b < sizes[0]; b++) {
        for (int64_t j = 0; j < hidden; j++) {
            const real sum = K(scan_dot)(d + b * m, w + j, m, hidden);
            dh[b * hidden + j] = is_added ? dh[b * hidden + j] + sum : sum;
        }
    }
}

/* The first state's gradient before the last step has its say. */
static void K(scan_clear)(const wgi_view *out)
{
    real *y = out->data;
    for (int64_t i = 0; i < out->count; i++) {
        y[i] = 0;
    }
}
