/* eigh: eigenvalues, ascending, and eigenvectors of symmetric matrices; eigvalsh.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: of a the lower triangle alone is read; its gradient is symmetric, as for a function of
 * symmetric matrices.
 *
 * The kernel makes the rows of a + s 1 orthogonal, with s so large that all eigenvalues are
 * positive and of one size: then the rows are the eigenvectors, each times its eigenvalue. The
 * eigenvalues are taken from a itself (Rayleigh's quotient), with errors in the square of those of
 * the vectors. Nothing is needed but the room of the results. */
#if defined(WGI_REAL_PASS)

#include "ops/jacobi_loops.h"

/* The entry of the symmetric matrix whose lower triangle a holds. */
static real K(entry)(const real *a, int64_t n, int64_t i, int64_t j)
{
    return i >= j ? a[i * n + j] : a[j * n + i];
}

/* The largest magnitude of the lower triangle. */
static real K(largest_below)(const real *a, int64_t n)
{
    real most = 0;
    for (int64_t i = 0; i < n; i++) {
        const real row = K(largest)(a + i * n, i + 1);
        if (row - row != 0) {
            return row;
        }
        most = row > most ? row : most;
    }
    return most;
}

/* v: a / scale, shifted by half as much again as its norm. */
static void K(shift)(const real *a, accum scale, real *v, int64_t n)
{
    accum sum = 0;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) {
            const accum x = (accum)K(entry)(a, n, i, j) / scale;
            v[i * n + j] = (real)x;
            sum += x * x;
        }
    }
    for (int64_t i = 0; i < n; i++) {
        v[i * n + i] = (real)((accum)v[i * n + i] + (accum)1.5 * A(sqrt)(sum));
    }
}

/* v^T a v of a row v of unit length. */
static real K(quotient)(const real *a, accum scale, const real *v, int64_t n)
{
    accum sum = 0;
    for (int64_t i = 0; i < n; i++) {
        accum row = 0;
        for (int64_t j = 0; j < i; j++) {
            row += (accum)a[i * n + j] / scale * (accum)v[j];
        }
        sum += (accum)v[i] * (2 * row + (accum)a[i * n + i] / scale * (accum)v[i]);
    }
    return (real)(sum * scale);
}

static void K(fill)(real *x, int64_t n, real value)
{
    for (int64_t i = 0; i < n; i++) {
        x[i] = value;
    }
}

/* Brings the rows into the order of the values. */
static void K(sort_rows)(real *w, real *v, const wgi_vectors *rows)
{
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t least = i;
        for (int64_t j = i + 1; j < rows->n; j++) {
            least = w[j] < w[least] ? j : least;
        }
        const real kept = w[i];
        w[i] = w[least];
        w[least] = kept;
        K(swap_vectors)(v, rows, i, least);
    }
}

static void K(transpose)(real *v, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < i; j++) {
            const real kept = v[i * n + j];
            v[i * n + j] = v[j * n + i];
            v[j * n + i] = kept;
        }
    }
}

/* a: [n, n]; w: [n]; v: [n, n], of which the rows are the vectors until the end. */
static void K(decompose)(const real *a, real *w, real *v, int64_t n)
{
    const wgi_vectors rows = {n, n, 1, n};
    const real largest = K(largest_below)(a, n);
    const accum scale = largest > 0 ? (accum)largest : 1;
    if (largest - largest != 0) {
        K(fill)(w, n, largest - largest);
        K(fill)(v, n * n, largest - largest);
        return;
    }
    K(shift)(a, scale, v, n);
    if (largest == 0) {
        for (int64_t i = 0; i < n; i++) {
            v[i * n + i] = 1;
        }
    }
    K(orthogonalize)(v, &rows, NULL, NULL);
    for (int64_t i = 0; i < n; i++) {
        real *row = v + i * n;
        K(scale_vector)(row, &rows, 1 / A(sqrt)(K(dot)(row, row, &rows)));
        w[i] = K(quotient)(a, scale, row, n);
        if (K(is_upside_down)(row, &rows)) {
            K(scale_vector)(row, &rows, -1);
        }
    }
    K(sort_rows)(w, v, &rows);
    K(transpose)(v, n);
}

static wg_status K(run)(const wgi_args *args)
{
    const wgi_matrices m = wgi_matrices_of(args->in);
    for (int64_t k = 0; k < m.n && m.rows > 0; k++) {
        const int64_t at = k * m.rows * m.rows;
        K(decompose)
        ((const real *)args->in->data + at, (real *)args->out[0].data + k * m.rows,
         (real *)args->out[1].data + at, m.rows);
    }
    return WG_OK;
}

#else

#include "ops/linalg.h"

#define WGI_KERNEL_FILE "ops/eigh.c"
#include "ops/for_each_real.h"

/* ---- constructors ------------------------------------------------------------------------- */

wg_node wg_eigh(wg_node a)
{
    return wgi_record_unary(WGI_OP_eigh, a, NULL);
}

extern const wgi_op wgi_op_eigvalsh;

wg_node wg_eigvalsh(wg_node a)
{
    const wgi_draft draft = WGI_FORM_DRAFT(eigvalsh, a);
    wg_graph *g = wgi_form_begin(&draft);
    return wgi_form_end(g, &draft, wg_eigh(a));
}

static wg_status infer(wgi_infer *q)
{
    const wg_status status = wgi_check_square(q, 0);
    if (status != WG_OK) {
        return status;
    }
    const wg_status done = wgi_infer_shape(q, 0, q->in->dtype, q->in->rank - 1, q->in->dims);
    return done != WG_OK ? done : wgi_infer_like(q, 1, 0);
}

/* ---- gradient ----------------------------------------------------------------------------- */

/* The differences w_j - w_i at (i, j), and 1 on the diagonal. */
static wg_node gaps(wg_node w, wg_node v)
{
    return wg_add(wg_sub(wg_unsqueeze(w, -2), wg_unsqueeze(w, -1)), wgi_identities(v));
}

/* da = v (diag(dw) + s) v^T, with s the symmetric part of (v^T dv)_ij / (w_j - w_i) off the
 * diagonal: of (p - p^T) / 2 for p = v^T dv. Giles (2008), section 3.1. */
static void gradient(wgi_rule *rule)
{
    const wg_node w = rule->y[0];
    const wg_node v = rule->y[1];
    const wg_node dw = rule->dy[0];
    const wg_node dv = rule->dy[1];
    wg_node turned = {NULL, 0, 0};
    if (wgi_is_some(dv)) {
        const wg_node p = wgi_matmul(v, dv, true, false);
        const wg_node skew = wg_scale(wg_sub(p, wg_transpose(p)), 0.5);
        turned = wgi_matmul(v, wg_div(skew, gaps(w, v)), false, false);
    }
    if (wgi_is_some(dw)) {
        turned = wgi_add_some(wgi_scale_columns(v, dw), turned);
    }
    rule->dx[0] = wgi_matmul(turned, v, false, true);
}

/* ---- samples ------------------------------------------------------------------------------ */

/* Symmetric, with eigenvalues apart: small, plus 1, 2, 3 ... on the diagonal. */
static wg_node symmetric(wg_node x)
{
    const int32_t last = -1;
    const wg_node steps = wg_cumsum(wgi_identities(x), -1);
    const wg_node ramp = wg_sum(steps, &last, 1, false);
    const wg_node both = wg_scale(wg_add(x, wg_transpose(x)), 0.1);
    return wg_add(both, wg_diag_embed(ramp, 0, -2, -1));
}

/* Something of both results. */
static wg_node use_both(wg_node w)
{
    const wg_node v = wg_output(w, 1);
    return wg_add(wgi_scale_columns(v, w), v);
}

WGI_BUILD(build, wg_eigh(in[0]))
WGI_BUILD(build_vectors, wg_output(wg_eigh(in[0]), 1))
WGI_BUILD_UNTOLD(values, wg_eigh(symmetric(in[0])))
WGI_BUILD_UNTOLD(vectors, wg_output(wg_eigh(symmetric(in[0])), 1))
WGI_BUILD_UNTOLD(both, use_both(wg_eigh(symmetric(in[0]))))
WGI_BUILD(build_eigvalsh, wg_eigvalsh(in[0]))
WGI_BUILD_UNTOLD(eigvalsh_symmetric, wg_eigvalsh(symmetric(in[0])))

#define NORMAL_2(i, j) WGI_IN_2(i, j, WGI_NORMAL)
#define NORMAL_3(i, j, k) WGI_IN_3(i, j, k, WGI_NORMAL)

static const wgi_sample samples[] = {
    WGI_GOOD_UNTOLD("values", values, 1, NORMAL_2(3, 3)),
    WGI_GOOD_UNTOLD("vectors", vectors, 1, NORMAL_2(3, 3)),
    WGI_GOOD_UNTOLD("both", both, 1, NORMAL_2(4, 4)),
    WGI_GOOD_UNTOLD("batch", both, 1, NORMAL_3(2, 2, 2)),
    WGI_GOOD("size 1", build, 1, NORMAL_2(1, 1)),
    WGI_GOOD("size 1, vector", build_vectors, 1, NORMAL_2(1, 1)),
    WGI_GOOD("size 0", build, 1, NORMAL_2(0, 0)),
    WGI_GOOD("batch 0", build_vectors, 1, NORMAL_3(0, 2, 2)),
};

#define BAD_SHAPES(name, function)                                                                 \
    static const wgi_sample bad_##name[] = {                                                       \
        WGI_BAD("not square", function, WG_ERR_SHAPE, #name ": needs square matrices: 2 x 3 (a)",  \
                1, NORMAL_2(2, 3)),                                                                \
        WGI_BAD("rank", function, WG_ERR_SHAPE, #name ": needs rank >= 2: 1 (a)", 1,               \
                WGI_IN_1(3, WGI_NORMAL)),                                                          \
        WGI_BAD("dtype", function, WG_ERR_DTYPE, #name ": needs a floating dtype: i64 (a)", 1,     \
                WGI_IN_TYPED(3, WG_I64, 2)),                                                       \
    };

BAD_SHAPES(eigh, build)
BAD_SHAPES(eigvalsh, build_eigvalsh)

static const wgi_sample samples_eigvalsh[] = {
    WGI_GOOD_UNTOLD("plain", eigvalsh_symmetric, 1, NORMAL_2(3, 3)),
    WGI_GOOD_UNTOLD("batch", eigvalsh_symmetric, 1, NORMAL_3(2, 2, 2)),
    WGI_GOOD("size 1", build_eigvalsh, 1, NORMAL_2(1, 1)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static double flops(const wgi_view *in, const wgi_view *out, const void *attr)
{
    (void)out, (void)attr;
    return wgi_cubic_flops(in, 9.0);
}

WGI_CALL(call, wg_eigh(wgi_call_in(c, 0)))

const wgi_op wgi_op_eigh = {
    .name = "eigh",
    .min_in = 1,
    .max_in = 1,
    .n_out = 2,
    .operands = {"a"},
    .infer = infer,
    .gradient = gradient,
    .reference = {WGI_REALS(run)},
    .flops = flops,
    .call = call,
    WGI_SAMPLES(samples, bad_eigh),
};

WGI_CALL(call_eigvalsh, wg_eigvalsh(wgi_call_in(c, 0)))

const wgi_op wgi_op_eigvalsh = {
    WGI_FORM_OF("eigvalsh", 1, 1, "a"),
    .call = call_eigvalsh,
    WGI_SAMPLES(samples_eigvalsh, bad_eigvalsh),
};

#endif
