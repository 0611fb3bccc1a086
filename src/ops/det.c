/* det, slogdet and logdet, forms of lu_det and lu_slogdet; full_lu and cofactors, for gradients.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the cofactors of a matrix are polynomials of its entries, so the gradient of det is
 * finite at singular matrices too. They come from a factorisation with complete pivoting, in which
 * every pivot but the last may divide: P a Q = L U, L with ones on its diagonal, P and Q the
 * exchanges of row and column k with order[0][k] and order[1][k], one after another. */
#if defined(WGI_REAL_PASS)

#include "ops/substitute_loops.h"

/* ---- from lu ------------------------------------------------------------------------------ */

static wg_status K(run_det)(const wgi_args *args)
{
    const wgi_matrices m = wgi_matrices_of(&args->in[1]);
    for (int64_t k = 0; k < m.n; k++) {
        const real *lu = (const real *)args->in[1].data + k * m.rows * m.rows;
        accum product = 1;
        for (int64_t i = 0; i < m.rows; i++) {
            product *= (accum)lu[i * m.rows + i];
        }
        ((real *)args->out->data)[k] = (real)(is_odd(args, k, m.rows) ? -product : product);
    }
    return WG_OK;
}

/* signs, logarithms: [...] */
static wg_status K(run_slogdet)(const wgi_args *args)
{
    const wgi_matrices m = wgi_matrices_of(&args->in[1]);
    for (int64_t k = 0; k < m.n; k++) {
        const real *lu = (const real *)args->in[1].data + k * m.rows * m.rows;
        real sign = is_odd(args, k, m.rows) ? -1 : 1;
        accum sum = 0;
        for (int64_t i = 0; i < m.rows; i++) {
            const real pivot = lu[i * m.rows + i];
            sign *= pivot > 0 ? 1 : pivot < 0 ? -1 : pivot;
            sum += A(log)(A(fabs)((accum)pivot));
        }
        ((real *)args->out[0].data)[k] = sign == 0 ? 0 : sign;
        ((real *)args->out[1].data)[k] = (real)sum;
    }
    return WG_OK;
}

/* ---- complete pivoting -------------------------------------------------------------------- */

/* Whether x is a better pivot than `best`: larger, or the first NaN. */
static bool K(is_better)(real x, real best)
{
    return best == best && (x != x || R(fabs)(x) > R(fabs)(best));
}

/* The place of the pivot among the entries from row and column k on. */
static void K(find_pivot)(const real *a, int64_t k, int64_t n, int64_t *row, int64_t *column)
{
    *row = k;
    *column = k;
    for (int64_t i = k; i < n; i++) {
        for (int64_t j = k; j < n; j++) {
            if (K(is_better)(a[i * n + j], a[*row * n + *column])) {
                *row = i;
                *column = j;
            }
        }
    }
}

/* Exchanges n entries of x, `step` apart, with those of y. */
static void K(exchange)(real *x, real *y, int64_t step, int64_t n)
{
    for (int64_t i = 0; i < n && x != y; i++) {
        const real kept = x[i * step];
        x[i * step] = y[i * step];
        y[i * step] = kept;
    }
}

/* rows, columns: [n] */
static void K(factor)(real *a, int64_t n, int64_t *rows, int64_t *columns)
{
    for (int64_t k = 0; k < n; k++) {
        K(find_pivot)(a, k, n, &rows[k], &columns[k]);
        K(exchange)(a + k * n, a + rows[k] * n, 1, n);
        K(exchange)(a + k, a + columns[k], n, n);
        const real pivot = a[k * n + k];
        for (int64_t i = k + 1; i < n && pivot != 0; i++) {
            const real factor = a[i * n + k] / pivot;
            a[i * n + k] = factor;
            for (int64_t j = k + 1; j < n; j++) {
                a[i * n + j] -= factor * a[k * n + j];
            }
        }
    }
}

static wg_status K(run_full_lu)(const wgi_args *args)
{
    const wgi_matrices m = wgi_matrices_of(args->in);
    wgi_copy_all(args);
    for (int64_t k = 0; k < m.n && m.rows > 0; k++) {
        int64_t *order = (int64_t *)args->out[1].data + k * 2 * m.rows;
        K(factor)((real *)args->out[0].data + k * m.rows * m.rows, m.rows, order, order + m.rows);
    }
    return WG_OK;
}

/* ---- cofactors ---------------------------------------------------------------------------- */

/* The product of all entries of u's diagonal but one. */
static accum K(product_but)(const real *u, int64_t n, int64_t but)
{
    accum product = 1;
    for (int64_t i = 0; i < n; i++) {
        product *= i == but ? 1 : (accum)u[i * n + i];
    }
    return product;
}

/* The adjugate of u, det(u) u^-1: column j asks for no pivot after the j-th but in products. With
 * two pivots of 0 it is 0. */
static void K(adjugate)(const real *u, int64_t n, real *y)
{
    const bool is_zero = n > 1 && u[(n - 2) * (n + 1)] == 0;
    for (int64_t j = 0; j < n; j++) {
        for (int64_t i = 0; i < n; i++) {
            y[i * n + j] = 0;
        }
        y[j * n + j] = is_zero ? 0 : (real)K(product_but)(u, n, j);
        for (int64_t i = j - 1; i >= 0 && !is_zero; i--) {
            accum sum = 0;
            for (int64_t l = i + 1; l <= j; l++) {
                sum += (accum)u[i * n + l] * (accum)y[l * n + j];
            }
            y[i * n + j] = (real)(-sum / (accum)u[i * n + i]);
        }
    }
}

/* The transpose of y, with all signs changed where `is_negative`. */
static void K(turn)(real *y, int64_t n, bool is_negative)
{
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j <= i; j++) {
            const real below = y[i * n + j];
            const real above = y[j * n + i];
            y[i * n + j] = is_negative ? -above : above;
            y[j * n + i] = is_negative ? -below : below;
        }
    }
}

/* The transpose of adj(a) = det(P) det(Q) Q adj(U) L^-1 P. */
static void K(cofactors)(const real *lu, const int64_t *rows, const int64_t *columns, int64_t n,
                         real *y)
{
    const wgi_triangle unit = {n, 1, n, false, true};
    bool is_negative = false;
    K(adjugate)(lu, n, y);
    for (int64_t i = 0; i < n; i++) {
        K(substitute)(lu, &unit, y + i * n, 1);
    }
    for (int64_t k = n - 1; k >= 0; k--) {
        K(exchange)(y + k * n, y + columns[k] * n, 1, n);
        K(exchange)(y + k, y + rows[k], n, n);
        is_negative ^= (rows[k] != k) != (columns[k] != k);
    }
    K(turn)(y, n, is_negative);
}

static wg_status K(run_cofactors)(const wgi_args *args)
{
    const wgi_matrices m = wgi_matrices_of(args->out);
    for (int64_t k = 0; k < m.n && m.rows > 0; k++) {
        const int64_t *order = (const int64_t *)args->in[2].data + k * 2 * m.rows;
        const int64_t at = k * m.rows * m.rows;
        K(cofactors)
        ((const real *)args->in[1].data + at, order, order + m.rows, m.rows,
         (real *)args->out->data + at);
    }
    return WG_OK;
}

#else

#include "ops/linalg.h"
#include "ops/lu.h"

extern const wgi_op wgi_op_det;
extern const wgi_op wgi_op_slogdet;
extern const wgi_op wgi_op_logdet;

/* Whether the exchanges of matrix k, in operand 2 of lu_det, are odd in number. */
static bool is_odd(const wgi_args *args, int64_t k, int64_t n)
{
    const int64_t *pivots = (const int64_t *)args->in[2].data + k * n;
    bool odd = false;
    for (int64_t i = 0; i < n; i++) {
        odd ^= pivots[i] != i;
    }
    return odd;
}

#define WGI_KERNEL_FILE "ops/det.c"
#include "ops/for_each_real.h"

/* ---- constructors ------------------------------------------------------------------------- */

static wg_node of_factors(uint16_t op, wg_node a)
{
    const wgi_factored f = wgi_factor(a);
    const wg_node in[] = {f.a, f.lu, f.pivots};
    const wgi_draft draft = {.op = op, .n_in = 3, .in = in};
    return wgi_record(&draft);
}

wg_node wg_det(wg_node a)
{
    const wgi_draft draft = WGI_FORM_DRAFT(det, a);
    wg_graph *g = wgi_form_begin(&draft);
    return wgi_form_end(g, &draft, of_factors(WGI_OP_lu_det, a));
}

wg_node wg_slogdet(wg_node a)
{
    const wgi_draft draft = WGI_FORM_DRAFT(slogdet, a);
    wg_graph *g = wgi_form_begin(&draft);
    return wgi_form_end(g, &draft, of_factors(WGI_OP_lu_slogdet, a));
}

/* The logarithm of the sign is 0, -inf or NaN, and has no gradient. */
wg_node wg_logdet(wg_node a)
{
    const wgi_draft draft = WGI_FORM_DRAFT(logdet, a);
    wg_graph *g = wgi_form_begin(&draft);
    const wg_node both = of_factors(WGI_OP_lu_slogdet, a);
    if (!wg_is_valid(both)) {
        return wgi_form_end(g, &draft, both);
    }
    const wg_node sign = wg_log(wg_stop_gradient(both));
    return wgi_form_end(g, &draft, wg_add(wg_output(both, 1), sign));
}

static wg_node cofactors(wg_node a)
{
    const wg_node lu = wgi_record_unary(WGI_OP_full_lu, a, NULL);
    const wg_node in[] = {a, lu, wg_is_valid(lu) ? wg_output(lu, 1) : lu};
    const wgi_draft draft = {.op = WGI_OP_cofactors, .n_in = 3, .in = in};
    return wgi_record(&draft);
}

/* ---- shape rules -------------------------------------------------------------------------- */

/* Operands 1 and 2 are such as lu gives of operand 0. */
static wg_status check_factors(wgi_infer *q)
{
    const wg_status status = wgi_check_square(q, 0);
    const wgi_view *a = &q->in[0];
    const wgi_view *lu = &q->in[1];
    const wgi_view *pivots = &q->in[2];
    if (status == WG_OK &&
        (lu->dtype != a->dtype || !wgi_same_shape(a->rank, a->dims, lu->rank, lu->dims) ||
         pivots->dtype != WG_I64 ||
         !wgi_same_shape(a->rank - 1, a->dims, pivots->rank, pivots->dims))) {
        return wgi_infer_fail(q, WG_ERR_SHAPE, "lu and pivots are not those of a");
    }
    return status;
}

static wg_status infer_det(wgi_infer *q)
{
    const wg_status status = check_factors(q);
    return status != WG_OK ? status : wgi_infer_batch(q, 0, q->in->dtype, 0, NULL);
}

static wg_status infer_slogdet(wgi_infer *q)
{
    const wg_status status = infer_det(q);
    return status != WG_OK ? status : wgi_infer_batch(q, 1, q->in->dtype, 0, NULL);
}

static wg_status infer_full_lu(wgi_infer *q)
{
    wg_status status = wgi_check_square(q, 0);
    status = status != WG_OK ? status : wgi_infer_like(q, 0, 0);
    if (status != WG_OK) {
        return status;
    }
    const int64_t order[] = {2, q->in->dims[q->in->rank - 1]};
    return wgi_infer_batch(q, 1, WG_I64, 2, order);
}

static wg_status infer_cofactors(wgi_infer *q)
{
    const wg_status status = wgi_check_square(q, 0);
    const wgi_view *a = &q->in[0];
    const wgi_view *lu = &q->in[1];
    const wgi_view *order = &q->in[2];
    if (status == WG_OK &&
        (lu->dtype != a->dtype || !wgi_same_shape(a->rank, a->dims, lu->rank, lu->dims) ||
         order->dtype != WG_I64 || order->rank != a->rank ||
         !wgi_same_shape(a->rank - 2, a->dims, order->rank - 2, order->dims) ||
         order->dims[a->rank - 2] != 2 || order->dims[a->rank - 1] != a->dims[a->rank - 1])) {
        return wgi_infer_fail(q, WG_ERR_SHAPE, "lu and order are not those of a");
    }
    return status != WG_OK ? status : wgi_infer_like(q, 0, 0);
}

/* ---- gradients ---------------------------------------------------------------------------- */

/* A number for each matrix, as a factor of all its entries. */
static wg_node over_matrices(wg_node x)
{
    return wg_unsqueeze(wg_unsqueeze(x, -1), -1);
}

/* da = dy times the cofactors (Jacobi's formula). */
static void gradient_det(wgi_rule *rule)
{
    rule->dx[0] = wg_mul(over_matrices(rule->dy[0]), cofactors(rule->x[0]));
}

/* da = dy a^-T, and what the divisions give where a is singular. */
static void gradient_slogdet(wgi_rule *rule)
{
    if (!wgi_is_some(rule->dy[1])) {
        return;
    }
    const wgi_factored f = {rule->x[0], rule->x[1], rule->x[2]};
    const wgi_lu_solve_attr attr = {.is_transposed = 1, .is_unchecked = 1};
    const wg_node dy = over_matrices(rule->dy[1]);
    rule->dx[0] = wg_mul(dy, wgi_lu_solve(&f, wgi_identities(f.a), attr));
}

/* c = det(a) a^-T: da = (<dc, c> 1 - c dc^T) a^-T, here by its transpose. */
static void gradient_cofactors(wgi_rule *rule)
{
    const wg_node a = rule->x[0];
    const wg_node c = rule->y[0];
    const wg_node dc = rule->dy[0];
    const int32_t axes[] = {-2, -1};
    const wgi_factored f = wgi_factor(a);
    const wgi_lu_solve_attr attr = {.is_unchecked = 1};
    const wg_node inner = wg_mul(wg_sum(wg_mul(dc, c), axes, 2, true), wgi_identities(a));
    const wg_node right = wg_sub(inner, wgi_matmul(dc, c, false, true));
    rule->dx[0] = wg_transpose(wgi_lu_solve(&f, right, attr));
}

/* ---- samples ------------------------------------------------------------------------------ */

/* Not singular: small, plus a few identities. */
static wg_node firm(wg_node x)
{
    return wg_add(wg_scale(x, 0.5), wg_scale(wgi_identities(x), 2.0));
}

/* Rank n - 1: the last row is the first again. */
static wg_node repeat_first_row(wg_node x)
{
    const int64_t last = wg_node_dim(x, -1) - 1;
    const wg_node parts[] = {wg_narrow(x, -2, 0, last), wg_narrow(x, -2, 0, 1)};
    return wg_concat(parts, 2, -2);
}

static wg_node both_of(wg_node y)
{
    return wg_add(wg_mul(y, wg_output(y, 1)), wg_output(y, 1));
}

static wg_node with_wrong_factors(uint16_t op, wg_node a)
{
    const wg_node in[] = {a, a, a};
    const wgi_draft draft = {.op = op, .n_in = 3, .in = in};
    return wgi_record(&draft);
}

WGI_BUILD(build_det, wg_det(in[0]))
WGI_BUILD(build_slogdet, wg_slogdet(in[0]))
WGI_BUILD(build_log, wg_output(wg_slogdet(in[0]), 1))
WGI_BUILD_UNTOLD(build_both, both_of(wg_slogdet(firm(in[0]))))
WGI_BUILD_UNTOLD(logdet_firm, wg_logdet(firm(in[0])))
WGI_BUILD(build_logdet, wg_logdet(in[0]))
WGI_BUILD_UNTOLD(full_lu, wgi_record_unary(WGI_OP_full_lu, in[0], NULL))
WGI_BUILD_UNTOLD(build_cofactors, cofactors(in[0]))
WGI_BUILD_UNTOLD(cofactors_firm, cofactors(firm(in[0])))
WGI_BUILD_UNTOLD(cofactors_singular, cofactors(repeat_first_row(in[0])))
WGI_BUILD_UNTOLD(wrong_det, with_wrong_factors(WGI_OP_lu_det, in[0]))
WGI_BUILD_UNTOLD(wrong_slogdet, with_wrong_factors(WGI_OP_lu_slogdet, in[0]))
WGI_BUILD_UNTOLD(wrong_cofactors, with_wrong_factors(WGI_OP_cofactors, in[0]))

#define NORMAL_2(i, j) WGI_IN_2(i, j, WGI_NORMAL)
#define NORMAL_3(i, j, k) WGI_IN_3(i, j, k, WGI_NORMAL)
#define BAD_UNTOLD(title, function, expected, message, n, ...)                                     \
    {                                                                                              \
        .name = (title), .n_in = (n), .in = {__VA_ARGS__}, .build = function,                      \
        .status = (expected), .error = (message)                                                   \
    }

static const wgi_sample samples_det[] = {
    WGI_GOOD("plain", build_det, 1, NORMAL_2(3, 3)),
    WGI_GOOD("batch", build_det, 1, WGI_IN_4(2, 1, 2, 2, WGI_NORMAL)),
    WGI_GOOD("size 1", build_det, 1, NORMAL_2(1, 1)),
    WGI_GOOD("size 0", build_det, 1, NORMAL_2(0, 0)),
};

static const wgi_sample samples_slogdet[] = {
    WGI_GOOD_UNTOLD("both", build_both, 1, NORMAL_2(3, 3)),
    WGI_GOOD_UNTOLD("batch", build_both, 1, NORMAL_3(2, 2, 2)),
    WGI_GOOD("sign", build_slogdet, 1, NORMAL_2(3, 3)),
    WGI_GOOD("size 1", build_log, 1, WGI_IN_2(1, 1, WGI_NONZERO)),
    WGI_GOOD("size 0", build_log, 1, NORMAL_2(0, 0)),
};

static const wgi_sample samples_logdet[] = {
    WGI_GOOD_UNTOLD("plain", logdet_firm, 1, NORMAL_2(3, 3)),
    WGI_GOOD_UNTOLD("batch", logdet_firm, 1, NORMAL_3(2, 2, 2)),
    WGI_GOOD("size 1", build_logdet, 1, WGI_IN_2(1, 1, WGI_POSITIVE)),
    WGI_GOOD("size 0", build_logdet, 1, NORMAL_2(0, 0)),
};

#define BAD_SHAPES(name)                                                                           \
    static const wgi_sample bad_##name[] = {                                                       \
        WGI_BAD("not square", build_##name, WG_ERR_SHAPE,                                          \
                #name ": needs square matrices: 2 x 3 (a)", 1, NORMAL_2(2, 3)),                    \
        WGI_BAD("rank", build_##name, WG_ERR_SHAPE, #name ": needs rank >= 2: 1 (a)", 1,           \
                WGI_IN_1(3, WGI_NORMAL)),                                                          \
        WGI_BAD("dtype", build_##name, WG_ERR_DTYPE, #name ": needs a floating dtype: i64 (a)", 1, \
                WGI_IN_TYPED(3, WG_I64, 2)),                                                       \
    };

BAD_SHAPES(det)
BAD_SHAPES(slogdet)
BAD_SHAPES(logdet)

static const wgi_sample bad_lu_det[] = {
    BAD_UNTOLD("factors", wrong_det, WG_ERR_SHAPE, "lu_det: lu and pivots are not those of a", 1,
               NORMAL_2(2, 2)),
};

static const wgi_sample bad_lu_slogdet[] = {
    BAD_UNTOLD("factors", wrong_slogdet, WG_ERR_SHAPE,
               "lu_slogdet: lu and pivots are not those of a", 1, NORMAL_2(2, 2)),
};

static const wgi_sample samples_full_lu[] = {
    WGI_GOOD_UNTOLD("plain", full_lu, 1, NORMAL_2(3, 3)),
    WGI_GOOD_UNTOLD("batch", full_lu, 1, NORMAL_3(2, 3, 3)),
    WGI_GOOD_UNTOLD("zeros", full_lu, 1, WGI_IN_2(3, 3, WGI_ZEROS)),
    WGI_GOOD_UNTOLD("size 0", full_lu, 1, NORMAL_2(0, 0)),
};

static const wgi_sample bad_full_lu[] = {
    BAD_UNTOLD("not square", full_lu, WG_ERR_SHAPE, "full_lu: needs square matrices: 2 x 3 (a)", 1,
               NORMAL_2(2, 3)),
};

static const wgi_sample samples_cofactors[] = {
    WGI_GOOD_UNTOLD("plain", cofactors_firm, 1, NORMAL_2(3, 3)),
    WGI_GOOD_UNTOLD("batch", cofactors_firm, 1, NORMAL_3(2, 2, 2)),
    WGI_GOOD_UNTOLD("size 1", build_cofactors, 1, WGI_IN_2(1, 1, WGI_NONZERO)),
    WGI_GOOD_UNTOLD("size 0", build_cofactors, 1, NORMAL_2(0, 0)),
    {.name = "singular",
     .n_in = 1,
     .in = {NORMAL_2(3, 3)},
     .build = cofactors_singular,
     .is_non_smooth = true},
};

static const wgi_sample bad_cofactors[] = {
    BAD_UNTOLD("factors", wrong_cofactors, WG_ERR_SHAPE,
               "cofactors: lu and order are not those of a", 1, NORMAL_2(3, 3)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static double flops(const wgi_view *in, const wgi_view *out, const void *attr)
{
    (void)out, (void)attr;
    return wgi_cubic_flops(in, 1.0);
}

static double flops_diagonal(const wgi_view *in, const wgi_view *out, const void *attr)
{
    (void)attr;
    return (double)out->count * (double)in->dims[in->rank - 1];
}

WGI_CALL(call_lu_det, wgi_call_record(c, WGI_OP_lu_det))
WGI_CALL(call_lu_slogdet, wgi_call_record(c, WGI_OP_lu_slogdet))
WGI_CALL(call_full_lu, wgi_call_record(c, WGI_OP_full_lu))
WGI_CALL(call_cofactors, wgi_call_record(c, WGI_OP_cofactors))
WGI_CALL(call_det, wg_det(wgi_call_in(c, 0)))
WGI_CALL(call_slogdet, wg_slogdet(wgi_call_in(c, 0)))
WGI_CALL(call_logdet, wg_logdet(wgi_call_in(c, 0)))

const wgi_op wgi_op_lu_det = {
    .name = "lu_det",
    .min_in = 3,
    .max_in = 3,
    .n_out = 1,
    .operands = {"a", "lu", "pivots"},
    .infer = infer_det,
    .gradient = gradient_det,
    .reference = {WGI_REALS(run_det)},
    .flops = flops_diagonal,
    .call = call_lu_det,
    WGI_SAMPLES(samples_det, bad_lu_det),
};

const wgi_op wgi_op_lu_slogdet = {
    .name = "lu_slogdet",
    .min_in = 3,
    .max_in = 3,
    .n_out = 2,
    .operands = {"a", "lu", "pivots"},
    .infer = infer_slogdet,
    .gradient = gradient_slogdet,
    .reference = {WGI_REALS(run_slogdet)},
    .flops = flops_diagonal,
    .call = call_lu_slogdet,
    WGI_SAMPLES(samples_slogdet, bad_lu_slogdet),
};

const wgi_op wgi_op_full_lu = {
    .name = "full_lu",
    .traits = WGI_STOP | WGI_HINTS,
    .min_in = 1,
    .max_in = 1,
    .n_out = 2,
    .operands = {"a"},
    .infer = infer_full_lu,
    .reference = {WGI_REALS(run_full_lu)},
    .flops = flops,
    .call = call_full_lu,
    WGI_SAMPLES(samples_full_lu, bad_full_lu),
};

const wgi_op wgi_op_cofactors = {
    .name = "cofactors",
    .min_in = 3,
    .max_in = 3,
    .n_out = 1,
    .operands = {"a", "lu", "order"},
    .infer = infer_cofactors,
    .gradient = gradient_cofactors,
    .reference = {WGI_REALS(run_cofactors)},
    .flops = flops,
    .call = call_cofactors,
    WGI_SAMPLES(samples_cofactors, bad_cofactors),
};

const wgi_op wgi_op_det = {
    WGI_FORM_OF("det", 1, 1, "a"),
    .call = call_det,
    WGI_SAMPLES(samples_det, bad_det),
};

const wgi_op wgi_op_slogdet = {
    WGI_FORM_OF("slogdet", 1, 1, "a"),
    .call = call_slogdet,
    WGI_SAMPLES(samples_slogdet, bad_slogdet),
};

const wgi_op wgi_op_logdet = {
    WGI_FORM_OF("logdet", 1, 1, "a"),
    .call = call_logdet,
    WGI_SAMPLES(samples_logdet, bad_logdet),
};

#endif
