/* qr: a = q r with orthonormal columns and an upper triangle; lstsq.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the diagonal of r has no negative entry, which makes the factors of a matrix of full
 * rank the only ones. Householder's reflections h = 1 - t v v^T keep v, whose first entry is 1 and
 * not stored, below the diagonal; t = 2 / v^T v is found again from v, and is 0 where v is only
 * that 1, so that the kernels need no room but the results'. */
#if defined(WGI_REAL_PASS)

/* The largest magnitude of n entries, `step` apart; NaN where there is one. */
static real K(largest)(const real *x, int64_t step, int64_t n)
{
    real most = 0;
    for (int64_t i = 0; i < n; i++) {
        const real size = R(fabs)(x[i * step]);
        if (size != size) {
            return size;
        }
        most = size > most ? size : most;
    }
    return most;
}

/* The norm, without overflow. */
static real K(norm)(const real *x, int64_t step, int64_t n)
{
    const real scale = K(largest)(x, step, n);
    if (!(scale > 0) || scale - scale != 0) {
        return scale;
    }
    accum sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const accum part = (accum)x[i * step] / (accum)scale;
        sum += part * part;
    }
    return (real)((accum)scale * A(sqrt)(sum));
}

/* Makes of the n entries from x on the reflection that takes them to (beta, 0 ...), in place. */
static void K(reflection)(real *x, int64_t step, int64_t n)
{
    if (K(largest)(x + step, step, n - 1) == 0) {
        return;
    }
    const real beta = R(copysign)(K(norm)(x, step, n), -x[0]);
    const real divisor = x[0] - beta;
    for (int64_t i = 1; i < n; i++) {
        x[i * step] /= divisor;
    }
    x[0] = beta;
}

static accum K(reflection_factor)(const real *v, int64_t step, int64_t n)
{
    accum sum = 0;
    for (int64_t i = 1; i < n; i++) {
        sum += (accum)v[i * step] * (accum)v[i * step];
    }
    return sum == 0 ? 0 : 2 / (1 + sum);
}

/* Applies the reflection v, of n entries, to a column; both lie `step` apart. */
static void K(reflect)(const real *v, accum factor, real *x, int64_t step, int64_t n)
{
    accum sum = x[0];
    for (int64_t i = 1; i < n; i++) {
        sum += (accum)v[i * step] * (accum)x[i * step];
    }
    sum *= factor;
    x[0] = (real)((accum)x[0] - sum);
    for (int64_t i = 1; i < n; i++) {
        x[i * step] = (real)((accum)x[i * step] - sum * (accum)v[i * step]);
    }
}

/* a: [m, n], in place: the triangle above, the reflections below. */
static void K(eliminate)(real *a, int64_t m, int64_t n)
{
    for (int64_t j = 0; j < m && j < n; j++) {
        real *v = a + j * n + j;
        K(reflection)(v, n, m - j);
        const accum factor = K(reflection_factor)(v, n, m - j);
        for (int64_t c = 1; c < n - j && factor != 0; c++) {
            K(reflect)(v, factor, v + c, n, m - j);
        }
    }
}

/* q: [m, k], the reflections below its diagonal: the product of them, in place. */
static void K(assemble)(real *q, int64_t m, int64_t k)
{
    for (int64_t j = k - 1; j >= 0; j--) {
        real *v = q + j * k + j;
        const accum factor = K(reflection_factor)(v, k, m - j);
        for (int64_t c = 1; c < k - j; c++) {
            K(reflect)(v, factor, v + c, k, m - j);
        }
        for (int64_t i = 1; i < m - j; i++) {
            v[i * k] = (real)(-factor * (accum)v[i * k]);
        }
        v[0] = (real)(1 - factor);
        for (int64_t i = 0; i < j; i++) {
            q[i * k + j] = 0;
        }
    }
}

/* Copies the columns [from, to) of row i, which depends on i, and zeroes the others. */
static void K(copy_upper)(real *r, const real *a, int64_t k, int64_t n)
{
    for (int64_t i = 0; i < k; i++) {
        for (int64_t j = 0; j < n; j++) {
            r[i * n + j] = j >= i ? a[i * n + j] : 0;
        }
    }
}

/* Changes the signs of the rows of r, [k, n], with a negative diagonal, and of q's columns. */
static void K(settle_signs)(real *q, real *r, int64_t m, int64_t k, int64_t n)
{
    for (int64_t j = 0; j < k; j++) {
        if (r[j * n + j] < 0) {
            for (int64_t c = j; c < n; c++) {
                r[j * n + c] = -r[j * n + c];
            }
            for (int64_t i = 0; i < m; i++) {
                q[i * k + j] = -q[i * k + j];
            }
        }
    }
}

/* a: [m, n], q: [m, k], r: [k, n]. The elimination runs in whichever has a's size. */
static void K(factor)(const real *a, real *q, real *r, int64_t m, int64_t n)
{
    const int64_t k = m < n ? m : n;
    real *work = m >= n ? q : r;
    memcpy(work, a, (size_t)(m * n) * sizeof *a);
    K(eliminate)(work, m, n);
    for (int64_t i = 0; i < m && m < n; i++) {
        memcpy(q + i * m, r + i * n, (size_t)m * sizeof *q);
    }
    K(copy_upper)(r, work, k, n);
    K(assemble)(q, m, k);
    K(settle_signs)(q, r, m, k, n);
}

static wg_status K(run)(const wgi_args *args)
{
    const wgi_matrices m = wgi_matrices_of(args->in);
    const int64_t k = m.rows < m.columns ? m.rows : m.columns;
    for (int64_t i = 0; i < m.n && k > 0; i++) {
        K(factor)
        ((const real *)args->in->data + i * m.rows * m.columns,
         (real *)args->out[0].data + i * m.rows * k, (real *)args->out[1].data + i * k * m.columns,
         m.rows, m.columns);
    }
    return WG_OK;
}

#else

#include "ops/contract.h"
#include "ops/linalg.h"
#include "ops/triangular.h"

#define WGI_KERNEL_FILE "ops/qr.c"
#include "ops/for_each_real.h"

/* ---- constructors ------------------------------------------------------------------------- */

wg_node wg_qr(wg_node a)
{
    return wgi_record_unary(WGI_OP_qr, a, NULL);
}

extern const wgi_op wgi_op_lstsq;

/* Rows >= columns: a = q r, r x = q^T b. Else a^T = q r, and x = q r^-T b is the shortest. */
static wg_node least_squares(wg_node a, wg_node b, bool is_tall)
{
    const wg_node q = wg_qr(is_tall ? a : wg_transpose(a));
    const wgi_triangular_attr attr = {.is_upper = 1, .is_transposed = !is_tall, .is_left = 1};
    if (!wg_is_valid(q)) {
        return q;
    }
    const wg_node r = wg_output(q, 1);
    return is_tall ? wgi_solve_triangular(r, wgi_matmul(q, b, true, false), &attr)
                   : wgi_matmul(q, wgi_solve_triangular(r, b, &attr), false, false);
}

wg_node wg_lstsq(wg_node a, wg_node b)
{
    const wg_node in[] = {a, b};
    const wgi_draft draft = {.form = &wgi_op_lstsq, .n_in = 2, .in = in};
    wgi_view x;
    wgi_view y;
    wg_node failed;
    if (!wgi_take_operands(&draft, &failed)) {
        return failed;
    }
    if (!wgi_view_of(a, &x) || !wgi_view_of(b, &y)) {
        return wgi_record(&draft);
    }
    if (x.rank < 2 || y.rank < 2) {
        return wgi_refuse(&draft, WG_ERR_SHAPE, NULL, "needs rank >= 2: %d (%s)",
                          (int)(x.rank < 2 ? x.rank : y.rank), x.rank < 2 ? "a" : "b");
    }
    if (x.dims[x.rank - 2] != y.dims[y.rank - 2]) {
        return wgi_refuse(&draft, WG_ERR_SHAPE, NULL,
                          "sizes differ: %lld (a, axis %d) vs %lld (b, axis %d)",
                          (long long)x.dims[x.rank - 2], (int)(x.rank - 2),
                          (long long)y.dims[y.rank - 2], (int)(y.rank - 2));
    }
    wg_graph *g = wgi_form_begin(&draft);
    const bool is_tall = x.dims[x.rank - 2] >= x.dims[x.rank - 1];
    return wgi_form_end(g, &draft, least_squares(a, b, is_tall));
}

/* ---- shape rule --------------------------------------------------------------------------- */

static wg_status infer(wgi_infer *q)
{
    wg_status status = wgi_check_matrices(q, 0);
    if (status != WG_OK) {
        return status;
    }
    const int64_t m = q->in->dims[q->in->rank - 2];
    const int64_t n = q->in->dims[q->in->rank - 1];
    const int64_t k = m < n ? m : n;
    status = wgi_infer_batch(q, 0, q->in->dtype, 2, (const int64_t[]){m, k});
    return status != WG_OK ? status
                           : wgi_infer_batch(q, 1, q->in->dtype, 2, (const int64_t[]){k, n});
}

/* ---- gradient ----------------------------------------------------------------------------- */

/* Rows >= columns: da = (dq + q c) r^-T, with c symmetric, of the lower triangle of
 * r dr^T - dq^T q. Walter and Lehmann (2010), section 3; Seeger et al. (2017), section 4.2. */
static wg_node pull_tall(wg_node q, wg_node r, wg_node dq, wg_node dr)
{
    const wgi_triangular_attr attr = {.is_upper = 1, .is_transposed = 1, .is_left = 0};
    wg_node middle = {NULL, 0, 0};
    if (wgi_is_some(dq)) {
        middle = wg_neg(wgi_matmul(dq, q, true, false));
    }
    if (wgi_is_some(dr)) {
        middle = wgi_add_some(wgi_matmul(r, dr, false, true), middle);
    }
    const wg_node both = wg_add(wg_tril(middle, 0), wg_transpose(wg_tril(middle, -1)));
    const wg_node turned = wgi_add_some(dq, wgi_matmul(q, both, false, false));
    return wgi_solve_triangular(r, turned, &attr);
}

/* Rows < columns: with a = (x y) and r = (u v), x = q u and v = q^T y. */
static wg_node pull_wide(const wgi_rule *rule, int64_t m, int64_t n)
{
    const wg_node y = wg_narrow(rule->x[0], -1, m, n - m);
    const wg_node q = rule->y[0];
    const wg_node u = wg_narrow(rule->y[1], -1, 0, m);
    wg_node dr = rule->dy[1];
    if (!wgi_is_some(dr)) {
        wgi_view view;
        if (!wgi_view_of(rule->y[1], &view)) {
            return rule->y[1];
        }
        dr = wg_full(rule->graph, (wg_dtype)view.dtype, view.rank, view.dims, 0.0);
    }
    const wg_node dv = wg_narrow(dr, -1, m, n - m);
    const wg_node dq = wgi_add_some(rule->dy[0], wgi_matmul(y, dv, false, true));
    const wg_node parts[] = {pull_tall(q, u, dq, wg_narrow(dr, -1, 0, m)),
                             wgi_matmul(q, dv, false, false)};
    return wg_concat(parts, 2, -1);
}

static void gradient(wgi_rule *rule)
{
    const int64_t m = wg_node_dim(rule->x[0], -2);
    const int64_t n = wg_node_dim(rule->x[0], -1);
    rule->dx[0] = m >= n ? pull_tall(rule->y[0], rule->y[1], rule->dy[0], rule->dy[1])
                         : pull_wide(rule, m, n);
}

/* ---- samples ------------------------------------------------------------------------------ */

/* Of full rank: small, plus ones on the diagonal. */
static wg_node firm(wg_node x)
{
    if (!wg_is_valid(x)) {
        return x;
    }
    const int64_t m = wg_node_dim(x, -2);
    const int64_t n = wg_node_dim(x, -1);
    const wg_node ones = wg_full(x.graph, wg_node_dtype(x), 1, &(int64_t){m > n ? m : n}, 2.0);
    const wg_node square = wg_diag_embed(ones, 0, -2, -1);
    return wg_add(wg_scale(x, 0.5), wg_narrow(wg_narrow(square, -2, 0, m), -1, 0, n));
}

/* Something of both results. */
static wg_node use_both(wg_node q)
{
    return wg_matmul(wg_mul(q, q), wg_output(q, 1));
}

WGI_BUILD(build, wg_qr(in[0]))
WGI_BUILD(build_r, wg_output(wg_qr(in[0]), 1))
WGI_BUILD_UNTOLD(q_firm, wg_qr(firm(in[0])))
WGI_BUILD_UNTOLD(r_firm, wg_output(wg_qr(firm(in[0])), 1))
WGI_BUILD_UNTOLD(both_firm, use_both(wg_qr(firm(in[0]))))
WGI_BUILD_UNTOLD(lstsq_firm, wg_lstsq(firm(in[0]), in[1]))
WGI_BUILD(build_lstsq, wg_lstsq(in[0], in[1]))

#define NORMAL_2(i, j) WGI_IN_2(i, j, WGI_NORMAL)
#define NORMAL_3(i, j, k) WGI_IN_3(i, j, k, WGI_NORMAL)

static const wgi_sample samples[] = {
    WGI_GOOD_UNTOLD("q, square", q_firm, 1, NORMAL_2(3, 3)),
    WGI_GOOD_UNTOLD("r, square", r_firm, 1, NORMAL_2(3, 3)),
    WGI_GOOD_UNTOLD("q, tall", q_firm, 1, NORMAL_2(4, 2)),
    WGI_GOOD_UNTOLD("q, wide", q_firm, 1, NORMAL_2(2, 4)),
    WGI_GOOD_UNTOLD("both, tall", both_firm, 1, NORMAL_2(4, 2)),
    WGI_GOOD_UNTOLD("both, wide", both_firm, 1, NORMAL_2(2, 4)),
    WGI_GOOD_UNTOLD("batch", both_firm, 1, NORMAL_3(2, 3, 2)),
    WGI_GOOD("size 1", build_r, 1, WGI_IN_2(1, 1, WGI_NONZERO)),
    WGI_GOOD("size 0", build_r, 1, NORMAL_2(0, 0)),
    WGI_GOOD("no columns", build, 1, NORMAL_2(3, 0)),
    WGI_GOOD("no rows", build_r, 1, NORMAL_2(0, 3)),
};

static const wgi_sample bad[] = {
    WGI_BAD("rank", build, WG_ERR_SHAPE, "qr: needs rank >= 2: 1 (a)", 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("dtype", build, WG_ERR_DTYPE, "qr: needs a floating dtype: i64 (a)", 1,
            WGI_IN_TYPED(3, WG_I64, 3)),
};

static const wgi_sample samples_lstsq[] = {
    WGI_GOOD_UNTOLD("tall", lstsq_firm, 2, NORMAL_2(4, 2), NORMAL_2(4, 2)),
    WGI_GOOD_UNTOLD("wide", lstsq_firm, 2, NORMAL_2(2, 3), NORMAL_2(2, 1)),
    WGI_GOOD_UNTOLD("square", lstsq_firm, 2, NORMAL_2(2, 2), NORMAL_2(2, 2)),
    WGI_GOOD_UNTOLD("batch", lstsq_firm, 2, NORMAL_3(2, 3, 2), NORMAL_3(2, 3, 1)),
    WGI_GOOD("size 1", build_lstsq, 2, WGI_IN_2(1, 1, WGI_NONZERO), NORMAL_2(1, 1)),
};

static const wgi_sample bad_lstsq[] = {
    WGI_BAD("sizes", build_lstsq, WG_ERR_SHAPE,
            "lstsq: sizes differ: 3 (a, axis 0) vs 2 (b, axis 0)", 2, NORMAL_2(3, 2),
            NORMAL_2(2, 2)),
    WGI_BAD("rank", build_lstsq, WG_ERR_SHAPE, "lstsq: needs rank >= 2: 1 (b)", 2, NORMAL_2(3, 2),
            WGI_IN_1(3, WGI_NORMAL)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static double flops(const wgi_view *in, const wgi_view *out, const void *attr)
{
    (void)attr;
    return 4.0 * (double)in->count * (double)out->dims[out->rank - 1];
}

WGI_CALL(call, wg_qr(wgi_call_in(c, 0)))

const wgi_op wgi_op_qr = {
    .name = "qr",
    .min_in = 1,
    .max_in = 1,
    .n_out = 2,
    .operands = {"a"},
    .infer = infer,
    .gradient = gradient,
    .reference = {WGI_REALS(run)},
    .flops = flops,
    .call = call,
    WGI_SAMPLES(samples, bad),
};

WGI_CALL(call_lstsq, wg_lstsq(wgi_call_in(c, 0), wgi_call_in(c, 1)))

const wgi_op wgi_op_lstsq = {
    WGI_FORM_OF("lstsq", 2, 2, "a", "b"),
    .call = call_lstsq,
    WGI_SAMPLES(samples_lstsq, bad_lstsq),
};

#endif
