/* lu and lu_solve, the ops behind solve, inv and the determinants.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a P = L U, with L lower triangular, diagonal included, U upper triangular with ones on
 * its diagonal, and P the exchanges of column k with column pivots[k] >= k, one after another. L
 * and U share the matrix `lu`. Read column by column, as LAPACK does, these are the factors of the
 * transpose with its rows exchanged, so that both backends have one format.
 *
 * The factors are hints: lu_solve takes them with the matrix itself, and the matrix alone gets a
 * gradient, to any order, without being factored again. */
#if defined(WGI_REAL_PASS)

#include "ops/substitute_loops.h"

/* ---- lu ----------------------------------------------------------------------------------- */

/* The column in [k, n) whose entry of the row is largest; the first NaN where there is one. */
static int64_t K(pivot_of)(const real *row, int64_t k, int64_t n)
{
    int64_t best = k;
    for (int64_t j = k; j < n; j++) {
        const real x = R(fabs)(row[j]);
        if (x != x) {
            return j;
        }
        best = x > R(fabs)(row[best]) ? j : best;
    }
    return best;
}

static void K(exchange_columns)(real *a, int64_t n, int64_t i, int64_t j)
{
    for (int64_t r = 0; r < n && i != j; r++) {
        const real kept = a[r * n + i];
        a[r * n + i] = a[r * n + j];
        a[r * n + j] = kept;
    }
}

/* Right-looking elimination of one matrix in place. A row of zeros stays as it is. */
static void K(factor)(real *a, int64_t n, int64_t *pivots)
{
    for (int64_t k = 0; k < n; k++) {
        real *row = a + k * n;
        pivots[k] = K(pivot_of)(row, k, n);
        K(exchange_columns)(a, n, k, pivots[k]);
        if (row[k] == 0) {
            continue;
        }
        for (int64_t j = k + 1; j < n; j++) {
            row[j] /= row[k];
        }
        for (int64_t i = k + 1; i < n; i++) {
            const real factor = a[i * n + k];
            for (int64_t j = k + 1; j < n; j++) {
                a[i * n + j] -= factor * row[j];
            }
        }
    }
}

static wg_status K(run_lu)(const wgi_args *args)
{
    const wgi_matrices m = wgi_matrices_of(args->in);
    wgi_copy_all(args);
    for (int64_t k = 0; k < m.n && m.rows > 0; k++) {
        K(factor)
        ((real *)args->out[0].data + k * m.rows * m.rows, m.rows,
         (int64_t *)args->out[1].data + k * m.rows);
    }
    return WG_OK;
}

/* ---- lu_solve ----------------------------------------------------------------------------- */

/* The first pivot that is 0; n where there is none. */
static int64_t K(zero_pivot)(const real *lu, int64_t n)
{
    for (int64_t k = 0; k < n; k++) {
        if (lu[k * n + k] == 0) {
            return k;
        }
    }
    return n;
}

static void K(exchange_rows)(real *x, int64_t columns, int64_t i, int64_t j)
{
    for (int64_t c = 0; c < columns && i != j; c++) {
        const real kept = x[i * columns + c];
        x[i * columns + c] = x[j * columns + c];
        x[j * columns + c] = kept;
    }
}

/* a x = b: L U (P^-1 x) = b. a^T x = b: U^T L^T x = P^-1 b with P^-1 the exchanges in order. */
static void K(solve)(const real *lu, const int64_t *pivots, const wgi_matrices *m,
                     bool is_transposed, real *x)
{
    const int64_t n = m->rows;
    const wgi_triangle lower = {n, is_transposed ? 1 : n, is_transposed ? n : 1, true,
                                is_transposed};
    wgi_triangle upper = lower;
    upper.is_lower = false;
    upper.is_unit = !is_transposed;
    for (int64_t k = 0; k < n && is_transposed; k++) {
        K(exchange_rows)(x, m->columns, k, pivots[k]);
    }
    for (int64_t j = 0; j < m->columns; j++) {
        K(substitute)(lu, &lower, x + j, m->columns);
        K(substitute)(lu, &upper, x + j, m->columns);
    }
    for (int64_t k = n - 1; k >= 0 && !is_transposed; k--) {
        K(exchange_rows)(x, m->columns, k, pivots[k]);
    }
}

static wg_status K(run_lu_solve)(const wgi_args *args)
{
    const wgi_lu_solve_attr *attr = args->attr;
    const wgi_matrices m = wgi_matrices_of(args->out);
    const wgi_matrices a = wgi_matrices_of(&args->in[2]);
    wgi_walk walk = wgi_walk_matrices(args, 2, 1);
    for (int64_t k = 0; k < a.n && attr->is_unchecked == 0; k++) {
        const int64_t zero =
            K(zero_pivot)((const real *)args->in[2].data + k * a.rows * a.rows, a.rows);
        if (zero < a.rows) {
            return fail_singular(args, k, zero);
        }
    }
    for (int64_t k = 0; k < m.n && args->out->count > 0; k++) {
        const real *lu = (const real *)args->in[2].data + walk.offset[0] * m.rows * m.rows;
        const int64_t *pivots = (const int64_t *)args->in[3].data + walk.offset[0] * m.rows;
        const real *b = (const real *)args->in[1].data + walk.offset[1] * m.rows * m.columns;
        real *x = (real *)args->out->data + k * m.rows * m.columns;
        memcpy(x, b, (size_t)(m.rows * m.columns) * sizeof *x);
        K(solve)(lu, pivots, &m, attr->is_transposed != 0, x);
        wgi_walk_step(&walk);
    }
    return WG_OK;
}

#else

#include "ops/linalg.h"
#include "ops/lu.h"

static wg_status fail_singular(const wgi_args *args, int64_t matrix, int64_t pivot)
{
    return wgi_fault_set(args, WG_ERR_RANGE, "matrix %lld is singular: pivot %lld is 0",
                         (long long)matrix, (long long)pivot);
}

#define WGI_KERNEL_FILE "ops/lu.c"
#include "ops/for_each_real.h"

/* ---- constructors ------------------------------------------------------------------------- */

wgi_factored wgi_factor(wg_node a)
{
    const wg_node lu = wgi_record_unary(WGI_OP_lu, a, NULL);
    return (wgi_factored){a, lu, wg_is_valid(lu) ? wg_output(lu, 1) : lu};
}

wg_node wgi_lu_solve(const wgi_factored *f, wg_node b, wgi_lu_solve_attr attr)
{
    const wg_node in[] = {f->a, b, f->lu, f->pivots};
    const wgi_draft draft = {.op = WGI_OP_lu_solve, .n_in = 4, .in = in, .attr = &attr};
    return wgi_record(&draft);
}

/* ---- shape rules -------------------------------------------------------------------------- */

static wg_status infer_lu(wgi_infer *q)
{
    const wg_status status = wgi_check_square(q, 0);
    if (status != WG_OK) {
        return status;
    }
    const wgi_view *a = q->in;
    const wg_status done = wgi_infer_like(q, 0, 0);
    return done == WG_OK ? wgi_infer_shape(q, 1, WG_I64, a->rank - 1, a->dims) : done;
}

/* Operands 2 and 3 are such as lu gives of operand 0. */
static wg_status check_factors(wgi_infer *q)
{
    const wgi_view *a = &q->in[0];
    const wgi_view *lu = &q->in[2];
    const wgi_view *pivots = &q->in[3];
    if (lu->dtype != a->dtype || !wgi_same_shape(a->rank, a->dims, lu->rank, lu->dims) ||
        pivots->dtype != WG_I64 ||
        !wgi_same_shape(a->rank - 1, a->dims, pivots->rank, pivots->dims)) {
        return wgi_infer_fail(q, WG_ERR_SHAPE, "lu and pivots are not those of a");
    }
    return WG_OK;
}

static wg_status infer_lu_solve(wgi_infer *q)
{
    const wgi_view *a = &q->in[0];
    const wgi_view *b = &q->in[1];
    wg_status status = wgi_check_same_dtype(q, 0, 1);
    status = status != WG_OK ? status : wgi_check_square(q, 0);
    status = status != WG_OK ? status : wgi_check_min_rank(q, 1, 2);
    status = status != WG_OK ? status : check_factors(q);
    if (status == WG_OK && a->dims[a->rank - 1] != b->dims[b->rank - 2]) {
        return wgi_infer_fail(q, WG_ERR_SHAPE,
                              "sizes differ: %lld (a, axis %d) vs %lld (b, axis %d)",
                              (long long)a->dims[a->rank - 1], (int)(a->rank - 1),
                              (long long)b->dims[b->rank - 2], (int)(b->rank - 2));
    }
    return status != WG_OK ? status : wgi_infer_solved(q);
}

/* ---- gradient ----------------------------------------------------------------------------- */

/* db = op(a)^-T dx; d op(a) = -db x^T. Giles (2008), section 2.3.1. */
static void gradient_lu_solve(wgi_rule *rule)
{
    const wgi_lu_solve_attr attr = *(const wgi_lu_solve_attr *)rule->attr;
    const bool is_transposed = attr.is_transposed != 0;
    const wgi_lu_solve_attr back = {!is_transposed, attr.is_unchecked};
    const wgi_factored f = {rule->x[0], rule->x[2], rule->x[3]};
    const wg_node b = rule->x[1];
    const wg_node x = rule->y[0];
    const wg_node db = wgi_lu_solve(&f, rule->dy[0], back);
    if (rule->wants[1]) {
        rule->dx[1] = wgi_sum_like(db, b);
    }
    if (rule->wants[0]) {
        const wg_node da =
            is_transposed ? wgi_matmul(x, db, false, true) : wgi_matmul(db, x, false, true);
        rule->dx[0] = wg_neg(wgi_sum_like(da, f.a));
    }
}

/* ---- samples ------------------------------------------------------------------------------ */

/* Not singular: small, plus a few identities. */
static wg_node firm(wg_node x)
{
    return wg_add(wg_scale(x, 0.5), wg_scale(wgi_identities(x), 2.0));
}

static wg_node factors(wg_node a)
{
    return wgi_factor(a).lu;
}

static wg_node solve_as(wg_node a, wg_node b, bool is_transposed, bool is_unchecked)
{
    const wgi_factored f = wgi_factor(a);
    return wgi_lu_solve(&f, b, (wgi_lu_solve_attr){is_transposed, is_unchecked});
}

static wg_node solve_with_wrong_factors(wg_node a, wg_node b)
{
    const wgi_factored f = {a, b, b};
    return wgi_lu_solve(&f, b, (wgi_lu_solve_attr){0, 0});
}

WGI_BUILD_UNTOLD(build_lu, factors(in[0]))
WGI_BUILD_UNTOLD(build_pivots, wg_cast(wg_output(factors(in[0]), 1), dtype))
WGI_BUILD_UNTOLD(solve_plain, solve_as(firm(in[0]), in[1], false, false))
WGI_BUILD_UNTOLD(solve_transposed, solve_as(firm(in[0]), in[1], true, false))
WGI_BUILD_UNTOLD(solve_unchecked, solve_as(firm(in[0]), in[1], true, true))
WGI_BUILD_UNTOLD(solve_raw, solve_as(in[0], in[1], false, false))
WGI_BUILD_UNTOLD(solve_wrong, solve_with_wrong_factors(in[0], in[1]))

#define NORMAL_2(i, j) WGI_IN_2(i, j, WGI_NORMAL)
#define NORMAL_3(i, j, k) WGI_IN_3(i, j, k, WGI_NORMAL)
#define BAD_UNTOLD(title, function, expected, message, n, ...)                                     \
    {                                                                                              \
        .name = (title), .n_in = (n), .in = {__VA_ARGS__}, .build = function,                      \
        .status = (expected), .error = (message)                                                   \
    }

static const wgi_sample samples_lu[] = {
    WGI_GOOD_UNTOLD("plain", build_lu, 1, NORMAL_2(3, 3)),
    WGI_GOOD_UNTOLD("batch", build_lu, 1, NORMAL_3(2, 3, 3)),
    WGI_GOOD_UNTOLD("pivots", build_pivots, 1, NORMAL_2(4, 4)),
    WGI_GOOD_UNTOLD("zeros", build_lu, 1, WGI_IN_2(3, 3, WGI_ZEROS)),
    WGI_GOOD_UNTOLD("size 1", build_lu, 1, NORMAL_2(1, 1)),
    WGI_GOOD_UNTOLD("size 0", build_lu, 1, NORMAL_2(0, 0)),
};

static const wgi_sample bad_lu[] = {
    BAD_UNTOLD("not square", build_lu, WG_ERR_SHAPE, "lu: needs square matrices: 2 x 3 (a)", 1,
               NORMAL_2(2, 3)),
};

static const wgi_sample samples_lu_solve[] = {
    WGI_GOOD_UNTOLD("plain", solve_plain, 2, NORMAL_2(3, 3), NORMAL_2(3, 2)),
    WGI_GOOD_UNTOLD("transposed", solve_transposed, 2, NORMAL_2(3, 3), NORMAL_2(3, 2)),
    WGI_GOOD_UNTOLD("unchecked", solve_unchecked, 2, NORMAL_2(3, 3), NORMAL_2(3, 1)),
    WGI_GOOD_UNTOLD("batch", solve_plain, 2, NORMAL_3(2, 3, 3), NORMAL_3(2, 3, 1)),
    WGI_GOOD_UNTOLD("batch of a", solve_transposed, 2, NORMAL_3(2, 2, 2), NORMAL_2(2, 3)),
    WGI_GOOD_UNTOLD("batch of b", solve_plain, 2, NORMAL_2(2, 2), NORMAL_3(2, 2, 3)),
    WGI_GOOD_UNTOLD("batches broadcast", solve_plain, 2, WGI_IN_4(2, 1, 2, 2, WGI_NORMAL),
                    NORMAL_3(3, 2, 1)),
    WGI_GOOD_UNTOLD("size 1", solve_raw, 2, WGI_IN_2(1, 1, WGI_NONZERO), NORMAL_2(1, 2)),
    WGI_GOOD_UNTOLD("size 0", solve_raw, 2, NORMAL_2(0, 0), NORMAL_2(0, 2)),
    WGI_GOOD_UNTOLD("no right side", solve_plain, 2, NORMAL_2(2, 2), NORMAL_2(2, 0)),
};

static const wgi_sample bad_lu_solve[] = {
    BAD_UNTOLD("singular", solve_raw, WG_ERR_RANGE, "lu_solve: matrix 0 is singular: pivot 0 is 0",
               2, WGI_IN_2(2, 2, WGI_ZEROS), NORMAL_2(2, 1)),
    BAD_UNTOLD("factors", solve_wrong, WG_ERR_SHAPE, "lu_solve: lu and pivots are not those of a",
               2, NORMAL_2(2, 2), NORMAL_2(2, 1)),
    BAD_UNTOLD("sizes", solve_raw, WG_ERR_SHAPE,
               "lu_solve: sizes differ: 3 (a, axis 1) vs 2 (b, axis 0)", 2, NORMAL_2(3, 3),
               NORMAL_2(2, 1)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static double flops_lu(const wgi_view *in, const wgi_view *out, const void *attr)
{
    (void)out, (void)attr;
    return wgi_cubic_flops(in, 2.0 / 3.0);
}

static double flops_lu_solve(const wgi_view *in, const wgi_view *out, const void *attr)
{
    (void)attr;
    return 2.0 * (double)out->count * (double)in->dims[in->rank - 1];
}

WGI_CALL(call_lu, wgi_call_record(c, WGI_OP_lu))

const wgi_op wgi_op_lu = {
    .name = "lu",
    .traits = WGI_STOP | WGI_HINTS,
    .min_in = 1,
    .max_in = 1,
    .n_out = 2,
    .operands = {"a"},
    .infer = infer_lu,
    .reference = {WGI_REALS(run_lu)},
    .flops = flops_lu,
    .call = call_lu,
    WGI_SAMPLES(samples_lu, bad_lu),
};

static const wgi_attribute attributes_lu_solve[] = {
    {.name = "transposed",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .place = WGI_AT_I32(wgi_lu_solve_attr, is_transposed)},
    {.name = "unchecked",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .place = WGI_AT_I32(wgi_lu_solve_attr, is_unchecked)},
};

static wg_node call_lu_solve(const wgi_call *c)
{
    const wgi_factored f = {wgi_call_in(c, 0), wgi_call_in(c, 2), wgi_call_in(c, 3)};
    return wgi_lu_solve(&f, wgi_call_in(c, 1),
                        (wgi_lu_solve_attr){wgi_call_flag(c, 0), wgi_call_flag(c, 1)});
}

const wgi_op wgi_op_lu_solve = {
    .name = "lu_solve",
    .min_in = 4,
    .max_in = 4,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_lu_solve_attr),
    .operands = {"a", "b", "lu", "pivots"},
    .infer = infer_lu_solve,
    .gradient = gradient_lu_solve,
    .reference = {WGI_REALS(run_lu_solve)},
    .flops = flops_lu_solve,
    .call = call_lu_solve,
    WGI_ATTRIBUTES(attributes_lu_solve),
    WGI_SAMPLES(samples_lu_solve, bad_lu_solve),
};

#endif
