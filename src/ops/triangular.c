/* solve_triangular: systems of equations with a triangle of a matrix; cholesky_solve, two of them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the other triangle is never read, nor a diagonal of ones, and neither gets a
 * gradient. x op(t) = b is op(t)^T x^T = b^T: rows of x in place of columns. */
#if defined(WGI_REAL_PASS)

#include "ops/substitute_loops.h"

static wg_status K(run)(const wgi_args *args)
{
    const wgi_triangular_attr *attr = args->attr;
    const wgi_matrices m = wgi_matrices_of(args->out);
    const wgi_triangle shape = shape_of(args);
    wgi_walk walk = wgi_walk_matrices(args, 0, 1);
    for (int64_t k = 0; k < m.n && args->out->count > 0; k++) {
        const real *t = (const real *)args->in[0].data + walk.offset[0] * shape.n * shape.n;
        const real *b = (const real *)args->in[1].data + walk.offset[1] * m.rows * m.columns;
        real *x = (real *)args->out->data + k * m.rows * m.columns;
        memcpy(x, b, (size_t)(m.rows * m.columns) * sizeof *x);
        for (int64_t j = 0; attr->is_left != 0 && j < m.columns; j++) {
            K(substitute)(t, &shape, x + j, m.columns);
        }
        for (int64_t i = 0; attr->is_left == 0 && i < m.rows; i++) {
            K(substitute)(t, &shape, x + i * m.columns, 1);
        }
        wgi_walk_step(&walk);
    }
    return WG_OK;
}

#else

#include "ops/contract.h"
#include "ops/linalg.h"
#include "ops/triangular.h"

/* ---- kernel ------------------------------------------------------------------------------- */

/* The matrix as it meets a column of the unknown, or the transpose that meets a row. */
static wgi_triangle shape_of(const wgi_args *args)
{
    const wgi_triangular_attr *attr = args->attr;
    const int64_t n = args->in[0].dims[args->in[0].rank - 1];
    const bool is_swapped = (attr->is_transposed != 0) == (attr->is_left != 0);
    return (wgi_triangle){
        .n = n,
        .row = is_swapped ? 1 : n,
        .column = is_swapped ? n : 1,
        .is_lower = (attr->is_upper != 0) == is_swapped,
        .is_unit = attr->is_unit != 0,
    };
}

#define WGI_KERNEL_FILE "ops/triangular.c"
#include "ops/for_each_real.h"

static double flops(const wgi_view *in, const wgi_view *out, const void *attr)
{
    (void)attr;
    return (double)out->count * (double)in[0].dims[in[0].rank - 1];
}

/* ---- constructors ------------------------------------------------------------------------- */

wg_node wgi_solve_triangular(wg_node a, wg_node b, const wgi_triangular_attr *attr)
{
    return wgi_record_binary(WGI_OP_solve_triangular, a, b, attr);
}

wg_node wg_solve_triangular(wg_node a, wg_node b, const wg_solve_triangular_options *options)
{
    wgi_triangular_attr attr = {.is_left = 1};
    const wg_node in[] = {a, b};
    const wgi_draft draft = {.op = WGI_OP_solve_triangular, .n_in = 2, .in = in, .attr = &attr};
    if (options != NULL && options->size != sizeof *options) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT,
                          "set size to sizeof(wg_solve_triangular_options)",
                          "options of %zu bytes, not %zu", options->size, sizeof *options);
    }
    if (options != NULL) {
        attr = (wgi_triangular_attr){options->upper, options->transposed, options->unitriangular,
                                     !options->right};
    }
    return wgi_record(&draft);
}

extern const wgi_op wgi_op_cholesky_solve;

wg_node wg_cholesky_solve(wg_node b, wg_node l)
{
    const wg_node in[] = {b, l};
    const wgi_draft draft = {.form = &wgi_op_cholesky_solve, .n_in = 2, .in = in};
    const wgi_triangular_attr forth = {.is_left = 1};
    const wgi_triangular_attr back = {.is_left = 1, .is_transposed = 1};
    wg_node failed;
    if (!wgi_take_operands(&draft, &failed)) {
        return failed;
    }
    wg_graph *g = wgi_form_begin(&draft);
    return wgi_form_end(g, &draft,
                        wgi_solve_triangular(l, wgi_solve_triangular(l, b, &forth), &back));
}

/* ---- shape rule and gradient -------------------------------------------------------------- */

static wg_status infer(wgi_infer *q)
{
    const wgi_triangular_attr *attr = q->attr;
    const wgi_view *a = &q->in[0];
    const wgi_view *b = &q->in[1];
    wg_status status = wgi_check_same_dtype(q, 0, 1);
    status = status != WG_OK ? status : wgi_check_square(q, 0);
    status = status != WG_OK ? status : wgi_check_min_rank(q, 1, 2);
    if (status != WG_OK) {
        return status;
    }
    const int32_t axis = attr->is_left != 0 ? b->rank - 2 : b->rank - 1;
    if (a->dims[a->rank - 1] != b->dims[axis]) {
        return wgi_infer_fail(q, WG_ERR_SHAPE,
                              "sizes differ: %lld (a, axis %d) vs %lld (b, axis %d)",
                              (long long)a->dims[a->rank - 1], (int)(a->rank - 1),
                              (long long)b->dims[axis], (int)axis);
    }
    return wgi_infer_solved(q);
}

/* With m for op(a): from m x = b, db = m^-T dx and dm = -db x^T; from x m = b, db = dx m^-T and
 * dm = -x^T db. Of a transposed operand the gradient is the transpose. */
static void gradient(wgi_rule *rule)
{
    const wgi_triangular_attr attr = *(const wgi_triangular_attr *)rule->attr;
    wgi_triangular_attr back = attr;
    back.is_transposed = attr.is_transposed == 0;
    const wg_node a = rule->x[0];
    const wg_node b = rule->x[1];
    const wg_node x = rule->y[0];
    const wg_node db = wgi_solve_triangular(a, rule->dy[0], &back);
    if (rule->wants[1]) {
        rule->dx[1] = wgi_sum_like(db, b);
    }
    if (rule->wants[0]) {
        const bool is_swapped = attr.is_transposed != 0;
        const bool is_left = attr.is_left != 0;
        const wg_node first = is_left == is_swapped ? x : db;
        const wg_node second = is_left == is_swapped ? db : x;
        const wg_node product = wgi_matmul(first, second, !is_left, is_left);
        const int64_t unit = attr.is_unit != 0;
        const wg_node da = wg_neg(wgi_sum_like(product, a));
        rule->dx[0] = attr.is_upper != 0 ? wg_triu(da, unit) : wg_tril(da, -unit);
    }
}

/* ---- samples ------------------------------------------------------------------------------ */

/* A triangle away from 0 on its diagonal: any matrix scaled down, plus the identity. */
static wg_node steep(wg_node x)
{
    return wg_add(wg_scale(x, 0.25), wgi_identities(x));
}

static wg_node solve_as(wg_node a, wg_node b, const wgi_triangular_attr *attr)
{
    const wg_solve_triangular_options options = {
        .size = sizeof options,
        .upper = attr->is_upper != 0,
        .transposed = attr->is_transposed != 0,
        .unitriangular = attr->is_unit != 0,
        .right = attr->is_left == 0,
    };
    return wg_solve_triangular(a, b, &options);
}

#define SOLVE(...) solve_as(steep(in[0]), in[1], &(const wgi_triangular_attr){__VA_ARGS__})

WGI_BUILD(build, wg_solve_triangular(in[0], in[1], NULL))
WGI_BUILD_UNTOLD(lower, wg_solve_triangular(steep(in[0]), in[1], NULL))
WGI_BUILD_UNTOLD(upper, SOLVE(1, 0, 0, 1))
WGI_BUILD_UNTOLD(lower_transposed, SOLVE(0, 1, 0, 1))
WGI_BUILD_UNTOLD(upper_transposed, SOLVE(1, 1, 0, 1))
WGI_BUILD_UNTOLD(lower_unit, SOLVE(0, 0, 1, 1))
WGI_BUILD_UNTOLD(upper_unit, SOLVE(1, 0, 1, 1))
WGI_BUILD_UNTOLD(lower_right, SOLVE(0, 0, 0, 0))
WGI_BUILD_UNTOLD(upper_right, SOLVE(1, 0, 0, 0))
WGI_BUILD_UNTOLD(lower_transposed_right, SOLVE(0, 1, 0, 0))
WGI_BUILD_UNTOLD(upper_unit_transposed_right, SOLVE(1, 1, 1, 0))
WGI_BUILD_UNTOLD(aliased, wg_solve_triangular(steep(in[0]), steep(in[0]), NULL))
WGI_BUILD(bad_size, wg_solve_triangular(in[0], in[1], &(wg_solve_triangular_options){.size = 1}))

#define NORMAL_2(i, j) WGI_IN_2(i, j, WGI_NORMAL)
#define NORMAL_3(i, j, k) WGI_IN_3(i, j, k, WGI_NORMAL)

static const wgi_sample samples[] = {
    WGI_GOOD("plain", build, 2, WGI_IN_2(2, 2, WGI_POSITIVE), NORMAL_2(2, 3)),
    WGI_GOOD_UNTOLD("lower", lower, 2, NORMAL_2(3, 3), NORMAL_2(3, 2)),
    WGI_GOOD_UNTOLD("upper", upper, 2, NORMAL_2(3, 3), NORMAL_2(3, 2)),
    WGI_GOOD_UNTOLD("lower transposed", lower_transposed, 2, NORMAL_2(3, 3), NORMAL_2(3, 2)),
    WGI_GOOD_UNTOLD("upper transposed", upper_transposed, 2, NORMAL_2(3, 3), NORMAL_2(3, 2)),
    WGI_GOOD_UNTOLD("lower unit", lower_unit, 2, NORMAL_2(3, 3), NORMAL_2(3, 1)),
    WGI_GOOD_UNTOLD("upper unit", upper_unit, 2, NORMAL_2(3, 3), NORMAL_2(3, 1)),
    WGI_GOOD_UNTOLD("lower right", lower_right, 2, NORMAL_2(3, 3), NORMAL_2(2, 3)),
    WGI_GOOD_UNTOLD("upper right", upper_right, 2, NORMAL_2(3, 3), NORMAL_2(2, 3)),
    WGI_GOOD_UNTOLD("lower transposed right", lower_transposed_right, 2, NORMAL_2(3, 3),
                    NORMAL_2(2, 3)),
    WGI_GOOD_UNTOLD("upper unit transposed right", upper_unit_transposed_right, 2, NORMAL_2(3, 3),
                    NORMAL_2(2, 3)),
    WGI_GOOD_UNTOLD("batch", lower, 2, NORMAL_3(2, 3, 3), NORMAL_3(2, 3, 2)),
    WGI_GOOD_UNTOLD("batch of a", upper, 2, NORMAL_3(2, 2, 2), NORMAL_2(2, 3)),
    WGI_GOOD_UNTOLD("batch of b", lower_right, 2, NORMAL_2(2, 2), NORMAL_3(2, 3, 2)),
    WGI_GOOD_UNTOLD("batches broadcast", lower, 2, WGI_IN_4(2, 1, 2, 2, WGI_NORMAL),
                    NORMAL_3(3, 2, 1)),
    WGI_GOOD_UNTOLD("aliased", aliased, 1, NORMAL_2(3, 3)),
    WGI_GOOD("size 1", build, 2, WGI_IN_2(1, 1, WGI_NONZERO), NORMAL_2(1, 1)),
    WGI_GOOD("size 0", build, 2, NORMAL_2(0, 0), NORMAL_2(0, 3)),
    WGI_GOOD("no right side", build, 2, WGI_IN_2(2, 2, WGI_POSITIVE), NORMAL_2(2, 0)),
    WGI_GOOD("batch 0", build, 2, NORMAL_3(0, 2, 2), NORMAL_2(2, 3)),
};

static const wgi_sample bad[] = {
    WGI_BAD("not square", build, WG_ERR_SHAPE, "solve_triangular: needs square matrices: 3 x 4 (a)",
            2, NORMAL_2(3, 4), NORMAL_2(3, 2)),
    WGI_BAD("sizes", build, WG_ERR_SHAPE,
            "solve_triangular: sizes differ: 3 (a, axis 1) vs 2 (b, axis 0)", 2, NORMAL_2(3, 3),
            NORMAL_2(2, 3)),
    WGI_BAD("batches", build, WG_ERR_SHAPE,
            "solve_triangular: batch shapes do not broadcast: 2 (a, axis 0) vs 3 (b, axis 0)", 2,
            NORMAL_3(2, 3, 3), NORMAL_3(3, 3, 2)),
    WGI_BAD("rank of a", build, WG_ERR_SHAPE, "solve_triangular: needs rank >= 2: 1 (a)", 2,
            WGI_IN_1(3, WGI_NORMAL), NORMAL_2(3, 3)),
    WGI_BAD("rank of b", build, WG_ERR_SHAPE, "solve_triangular: needs rank >= 2: 1 (b)", 2,
            NORMAL_2(3, 3), WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("dtype", build, WG_ERR_DTYPE, "solve_triangular: needs a floating dtype: i64 (a)", 2,
            WGI_IN_TYPED(3, WG_I64, 2), WGI_IN_TYPED(3, WG_I64, 2)),
    WGI_BAD("options", bad_size, WG_ERR_ARGUMENT, "solve_triangular: options of 1 bytes, not 16", 2,
            NORMAL_2(3, 3), NORMAL_2(3, 3)),
};

WGI_BUILD_UNTOLD(factor, wg_cholesky_solve(in[0], steep(in[1])))
WGI_BUILD(solved, wg_cholesky_solve(in[0], in[1]))

static const wgi_sample samples_cholesky_solve[] = {
    WGI_GOOD_UNTOLD("plain", factor, 2, NORMAL_2(3, 2), NORMAL_2(3, 3)),
    WGI_GOOD_UNTOLD("batch", factor, 2, NORMAL_3(2, 3, 1), NORMAL_3(2, 3, 3)),
    WGI_GOOD("size 1", solved, 2, NORMAL_2(1, 2), WGI_IN_2(1, 1, WGI_POSITIVE)),
    WGI_GOOD("size 0", solved, 2, NORMAL_2(0, 2), NORMAL_2(0, 0)),
};

static const wgi_sample bad_cholesky_solve[] = {
    WGI_BAD("sizes", solved, WG_ERR_SHAPE,
            "cholesky_solve: sizes differ: 3 (a, axis 1) vs 2 (b, axis 0)", 2, NORMAL_2(2, 3),
            NORMAL_2(3, 3)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute attributes[] = {
    {.name = "upper",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .place = WGI_AT_I32(wgi_triangular_attr, is_upper)},
    {.name = "transposed",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .place = WGI_AT_I32(wgi_triangular_attr, is_transposed)},
    {.name = "unitriangular",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .place = WGI_AT_I32(wgi_triangular_attr, is_unit)},
    {.name = "left",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .integer = 1,
     .place = WGI_AT_I32(wgi_triangular_attr, is_left)},
};

static wg_node call(const wgi_call *c)
{
    const wgi_triangular_attr attr = {wgi_call_flag(c, 0), wgi_call_flag(c, 1), wgi_call_flag(c, 2),
                                      wgi_call_flag(c, 3)};
    return wgi_solve_triangular(wgi_call_in(c, 0), wgi_call_in(c, 1), &attr);
}

const wgi_op wgi_op_solve_triangular = {
    .name = "solve_triangular",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_triangular_attr),
    .operands = {"a", "b"},
    .infer = infer,
    .gradient = gradient,
    .reference = {WGI_REALS(run)},
    .flops = flops,
    .call = call,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples, bad),
};

WGI_CALL(call_cholesky_solve, wg_cholesky_solve(wgi_call_in(c, 0), wgi_call_in(c, 1)))

const wgi_op wgi_op_cholesky_solve = {
    WGI_FORM_OF("cholesky_solve", 2, 2, "b", "l"),
    .call = call_cholesky_solve,
    WGI_SAMPLES(samples_cholesky_solve, bad_cholesky_solve),
};

#endif
