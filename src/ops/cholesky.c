/* cholesky: a = l l^T with l lower triangular.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: of a the lower triangle alone is read; its gradient is symmetric, as for a function of
 * symmetric matrices. */
#if defined(WGI_REAL_PASS)

/* One matrix, row by row; returns the row at which a minor is not positive, n where none is. A NaN
 * is no fault: it goes on into what depends on it. */
static int64_t K(factor)(const real *a, real *l, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j <= i; j++) {
            accum sum = a[i * n + j];
            for (int64_t k = 0; k < j; k++) {
                sum -= (accum)l[i * n + k] * (accum)l[j * n + k];
            }
            if (i == j && sum <= 0) {
                return i;
            }
            l[i * n + j] = i == j ? (real)A(sqrt)(sum) : (real)(sum / (accum)l[j * n + j]);
        }
        for (int64_t j = i + 1; j < n; j++) {
            l[i * n + j] = 0;
        }
    }
    return n;
}

static wg_status K(run)(const wgi_args *args)
{
    const wgi_matrices m = wgi_matrices_of(args->in);
    for (int64_t k = 0; k < m.n && m.rows > 0; k++) {
        const int64_t at = k * m.rows * m.rows;
        const int64_t row =
            K(factor)((const real *)args->in->data + at, (real *)args->out->data + at, m.rows);
        if (row < m.rows) {
            return wgi_fault_set(args, WG_ERR_RANGE,
                                 "matrix %lld is not positive definite: its leading minor of order "
                                 "%lld is not positive",
                                 (long long)k, (long long)(row + 1));
        }
    }
    return WG_OK;
}

#else

#include "ops/linalg.h"
#include "ops/triangular.h"

#define WGI_KERNEL_FILE "ops/cholesky.c"
#include "ops/for_each_real.h"

static double flops(const wgi_view *in, const wgi_view *out, const void *attr)
{
    (void)out, (void)attr;
    return wgi_cubic_flops(in, 1.0 / 3.0);
}

wg_node wg_cholesky(wg_node a)
{
    return wgi_record_unary(WGI_OP_cholesky, a, NULL);
}

static wg_status infer(wgi_infer *q)
{
    const wg_status status = wgi_check_square(q, 0);
    return status != WG_OK ? status : wgi_infer_like(q, 0, 0);
}

/* da = l^-T (p + p^T) l^-1 / 2, with p the lower triangle of l^T dl and half its diagonal. Murray
 * (2016), equation 10. */
static void gradient(wgi_rule *rule)
{
    const wg_node l = rule->y[0];
    const wgi_triangular_attr left = {.is_left = 1, .is_transposed = 1};
    const wgi_triangular_attr right = {.is_left = 0};
    const wg_node product = wgi_matmul(l, rule->dy[0], true, false);
    const wg_node both = wg_add(wg_tril(product, 0), wg_transpose(wg_tril(product, -1)));
    const wg_node half = wgi_solve_triangular(l, wg_scale(both, 0.5), &left);
    rule->dx[0] = wgi_solve_triangular(l, half, &right);
}

/* Positive definite: a Gram matrix plus the identity. */
static wg_node definite(wg_node x)
{
    const wg_node gram = wgi_matmul(x, x, false, true);
    return wg_add(gram, wgi_identities(gram));
}

WGI_BUILD(build, wg_cholesky(in[0]))
WGI_BUILD_UNTOLD(of_definite, wg_cholesky(definite(in[0])))

static const wgi_sample samples[] = {
    WGI_GOOD_UNTOLD("plain", of_definite, 1, WGI_IN_2(3, 3, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("larger", of_definite, 1, WGI_IN_2(5, 2, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("batch", of_definite, 1, WGI_IN_4(2, 1, 2, 3, WGI_NORMAL)),
    WGI_GOOD("size 1", build, 1, WGI_IN_2(1, 1, WGI_POSITIVE)),
    WGI_GOOD("size 0", build, 1, WGI_IN_2(0, 0, WGI_NORMAL)),
    WGI_GOOD("batch 0", build, 1, WGI_IN_3(0, 2, 2, WGI_NORMAL)),
};

static const wgi_sample bad[] = {
    WGI_BAD("not square", build, WG_ERR_SHAPE, "cholesky: needs square matrices: 2 x 3 (a)", 1,
            WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_BAD("rank", build, WG_ERR_SHAPE, "cholesky: needs rank >= 2: 1 (a)", 1,
            WGI_IN_1(2, WGI_NORMAL)),
    WGI_BAD("dtype", build, WG_ERR_DTYPE, "cholesky: needs a floating dtype: i64 (a)", 1,
            WGI_IN_TYPED(2, WG_I64, 3)),
    WGI_BAD("zeros", build, WG_ERR_RANGE,
            "cholesky: matrix 0 is not positive definite: its leading minor of order 1 is not "
            "positive",
            1, WGI_IN_3(2, 2, 2, WGI_ZEROS)),
};

WGI_CALL(call, wg_cholesky(wgi_call_in(c, 0)))

const wgi_op wgi_op_cholesky = {
    .name = "cholesky",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .operands = {"a"},
    .infer = infer,
    .gradient = gradient,
    .reference = {WGI_REALS(run)},
    .flops = flops,
    .call = call,
    WGI_SAMPLES(samples, bad),
};

#endif
