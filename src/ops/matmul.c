/* matmul: the matrix product over the last two axes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: with op(a) for a read with its last two axes swapped where the flag says so, the
 * result is op(a) op(b), and each operand has the shape of its own memory. */
#if defined(WGI_REAL_PASS)

/* One row of the product, columns [0, n) of at most TILE. Adding up in `accum` keeps f32 near the
 * correctly rounded result; the tile keeps the part of b that it meets in cache. */
static void K(row_tile)(const real *a, const real *b, const product *p, int64_t n, real *y)
{
    accum sum[TILE];
    for (int64_t j = 0; j < n; j++) {
        sum[j] = 0;
    }
    for (int64_t k = 0; k < p->k; k++) {
        const accum factor = a[k * p->a_column];
        for (int64_t j = 0; j < n; j++) {
            sum[j] += factor * (accum)b[k * p->b_row + j * p->b_column];
        }
    }
    for (int64_t j = 0; j < n; j++) {
        y[j] = (real)sum[j];
    }
}

/* One matrix product; y: [m, n] */
static void K(multiply)(const real *a, const real *b, const product *p, real *y)
{
    for (int64_t i = 0; i < p->m; i++) {
        for (int64_t j = 0; j < p->n; j += TILE) {
            const int64_t n = p->n - j < TILE ? p->n - j : TILE;
            K(row_tile)(a + i * p->a_row, b + j * p->b_column, p, n, y + i * p->n + j);
        }
    }
}

static wg_status K(run)(const wgi_args *args)
{
    const product p = product_of(args);
    wgi_walk walk = walk_batches(args);
    for (int64_t i = 0; i < args->out->count; i += p.m * p.n) {
        const real *a = (const real *)args->in[0].data + walk.offset[0] * p.m * p.k;
        const real *b = (const real *)args->in[1].data + walk.offset[1] * p.k * p.n;
        K(multiply)(a, b, &p, (real *)args->out->data + i);
        wgi_walk_step(&walk);
    }
    return WG_OK;
}

#else

#include "ops/matmul.h"

#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

/* ---- kernel ------------------------------------------------------------------------------- */

#define TILE 64

/* The sizes of one product, [m, k] by [k, n], and the steps between the rows and between the
 * columns of op(a) and op(b). */
typedef struct product {
    int64_t m;
    int64_t k;
    int64_t n;
    int64_t a_row;
    int64_t a_column;
    int64_t b_row;
    int64_t b_column;
} product;

static product product_of(const wgi_args *args)
{
    const wgi_matmul_attr *attr = args->attr;
    const wgi_view *a = &args->in[0];
    product p = {
        .m = args->out->dims[args->out->rank - 2],
        .n = args->out->dims[args->out->rank - 1],
        .k = a->dims[a->rank - (attr->is_a_transposed != 0 ? 2 : 1)],
        .a_column = 1,
        .b_column = 1,
    };
    p.a_row = p.k;
    p.b_row = p.n;
    if (attr->is_a_transposed != 0) {
        p.a_row = 1;
        p.a_column = p.m;
    }
    if (attr->is_b_transposed != 0) {
        p.b_row = 1;
        p.b_column = p.k;
    }
    return p;
}

/* Walks over the leading axes of the result; offsets count matrices. */
static wgi_walk walk_batches(const wgi_args *args)
{
    wgi_walk walk = wgi_walk_over(args->out->rank - 2, args->out->dims);
    for (int32_t i = 0; i < 2; i++) {
        wgi_view batch = args->in[i];
        batch.rank -= 2;
        wgi_walk_operand(&walk, &batch);
    }
    wgi_walk_fold(&walk);
    return walk;
}

#define WGI_KERNEL_FILE "ops/matmul.c"
#include "ops/for_each_real.h"

/* A multiplication and an addition for each of m n k, in each matrix of the batch. */
static double flops(const wgi_view *in, const wgi_view *out, const void *attr)
{
    const wgi_matmul_attr *m = attr;
    const int64_t k = in[0].dims[in[0].rank - (m->is_a_transposed != 0 ? 2 : 1)];
    return 2.0 * (double)out->count * (double)k;
}

/* ---- constructor -------------------------------------------------------------------------- */

wg_node wgi_matmul(wg_node a, wg_node b, bool is_a_transposed, bool is_b_transposed)
{
    const wgi_matmul_attr attr = {is_a_transposed, is_b_transposed};
    return wgi_record_binary(WGI_OP_matmul, a, b, &attr);
}

/* Whether x was made by a permute that swaps the last two axes and leaves the others. */
static bool is_transpose(wg_node x)
{
    if (wgi_op_of(x) != WGI_OP_permute) {
        return false;
    }
    const wgi_permute_attr *attr = wgi_attr_of(x);
    for (int32_t i = 0; i < attr->rank - 2; i++) {
        if (attr->axes[i] != i) {
            return false;
        }
    }
    return attr->rank >= 2 && attr->axes[attr->rank - 1] == attr->rank - 2;
}

/* Transposes are folded only into products that are valid, so that a message speaks of the shapes
 * that the caller gave. */
static bool is_foldable(wg_node a, wg_node b)
{
    wgi_view x;
    wgi_view y;
    return wgi_view_of(a, &x) && wgi_view_of(b, &y) && x.rank >= 2 && y.rank >= 2 &&
           x.dims[x.rank - 1] == y.dims[y.rank - 2];
}

wg_node wg_matmul(wg_node a, wg_node b)
{
    const bool is_a_transposed = is_transpose(a);
    const bool is_b_transposed = is_transpose(b);
    if ((!is_a_transposed && !is_b_transposed) || !is_foldable(a, b)) {
        return wgi_matmul(a, b, false, false);
    }
    return wgi_matmul(is_a_transposed ? wg_node_input(a, 0) : a,
                      is_b_transposed ? wg_node_input(b, 0) : b, is_a_transposed, is_b_transposed);
}

/* ---- shape rule --------------------------------------------------------------------------- */

/* The matrices of op(a) and op(b), as axes of a and b. */
typedef struct matrix_axes {
    int32_t m;
    int32_t a_inner;
    int32_t b_inner;
    int32_t n;
} matrix_axes;

static matrix_axes axes_of(const wgi_infer *q)
{
    const wgi_matmul_attr *attr = q->attr;
    const int32_t a = q->in[0].rank;
    const int32_t b = q->in[1].rank;
    const int32_t swap_a = attr->is_a_transposed != 0;
    const int32_t swap_b = attr->is_b_transposed != 0;
    return (matrix_axes){a - 2 + swap_a, a - 1 - swap_a, b - 2 + swap_b, b - 1 - swap_b};
}

/* The inner sizes differ: a transpose is hinted at where one of the operands fits transposed. */
static wg_status fail_inner(wgi_infer *q, matrix_axes axes)
{
    const wgi_view *a = &q->in[0];
    const wgi_view *b = &q->in[1];
    if (a->dims[axes.a_inner] == b->dims[axes.n]) {
        wgi_infer_hint(q, "wg_transpose({b}) makes the sizes agree");
    } else if (a->dims[axes.m] == b->dims[axes.b_inner]) {
        wgi_infer_hint(q, "wg_transpose({a}) makes the sizes agree");
    } else if (b->rank == 2) {
        wgi_infer_hint(q, "declare {b} as [%lld, %lld]", (long long)a->dims[axes.a_inner],
                       (long long)b->dims[axes.n]);
    }
    return wgi_infer_fail(q, WG_ERR_SHAPE,
                          "inner sizes differ: %lld (a, axis %d) vs %lld (b, axis %d)",
                          (long long)a->dims[axes.a_inner], (int)axes.a_inner,
                          (long long)b->dims[axes.b_inner], (int)axes.b_inner);
}

/* Broadcasts the leading axes and appends the matrix. */
static wg_status infer_result(wgi_infer *q, matrix_axes axes)
{
    const wgi_view *a = &q->in[0];
    const wgi_view *b = &q->in[1];
    wgi_type batch = {.dtype = a->dtype, .rank = a->rank - 2};
    for (int32_t i = 0; i < batch.rank; i++) {
        batch.dims[i] = a->dims[i];
    }
    const int32_t from_end = wgi_broadcast(&batch, b->rank - 2, b->dims);
    if (from_end != 0) {
        const int32_t i = a->rank - 2 - from_end;
        const int32_t j = b->rank - 2 - from_end;
        return wgi_infer_fail(
            q, WG_ERR_SHAPE,
            "batch shapes do not broadcast: %lld (a, axis %d) vs %lld (b, axis %d)",
            (long long)a->dims[i], (int)i, (long long)b->dims[j], (int)j);
    }
    batch.dims[batch.rank++] = a->dims[axes.m];
    batch.dims[batch.rank++] = b->dims[axes.n];
    return wgi_infer_shape(q, 0, batch.dtype, batch.rank, batch.dims);
}

static wg_status infer(wgi_infer *q)
{
    wg_status status = wgi_check_same_dtype(q, 0, 1);
    status = status != WG_OK ? status : wgi_check_floating(q, 0);
    status = status != WG_OK ? status : wgi_check_min_rank(q, 0, 2);
    status = status != WG_OK ? status : wgi_check_min_rank(q, 1, 2);
    if (status != WG_OK) {
        return status;
    }
    const matrix_axes axes = axes_of(q);
    if (q->in[0].dims[axes.a_inner] != q->in[1].dims[axes.b_inner]) {
        return fail_inner(q, axes);
    }
    return infer_result(q, axes);
}

/* ---- gradient ----------------------------------------------------------------------------- */

/* d op(a) = dy op(b)^T and d op(b) = op(a)^T dy; of a transposed operand the transpose of that,
 * which is the product of the transposes in the other order. */
static void gradient(wgi_rule *rule)
{
    const wgi_matmul_attr *attr = rule->attr;
    const bool is_a_swapped = attr->is_a_transposed != 0;
    const bool is_b_swapped = attr->is_b_transposed != 0;
    const wg_node a = rule->x[0];
    const wg_node b = rule->x[1];
    const wg_node dy = rule->dy[0];
    if (rule->wants[0]) {
        const wg_node da = is_a_swapped ? wgi_matmul(b, dy, is_b_swapped, true)
                                        : wgi_matmul(dy, b, false, !is_b_swapped);
        rule->dx[0] = wgi_sum_like(da, a);
    }
    if (rule->wants[1]) {
        const wg_node db = is_b_swapped ? wgi_matmul(dy, a, true, is_a_swapped)
                                        : wgi_matmul(a, dy, !is_a_swapped, false);
        rule->dx[1] = wgi_sum_like(db, b);
    }
}

/* ---- samples ------------------------------------------------------------------------------ */

WGI_BUILD(build, wg_matmul(in[0], in[1]))
WGI_BUILD(build_ta, wg_matmul(wg_transpose(in[0]), in[1]))
WGI_BUILD(build_tb, wg_matmul(in[0], wg_transpose(in[1])))
WGI_BUILD(build_ta_tb, wg_matmul(wg_transpose(in[0]), wg_transpose(in[1])))
WGI_BUILD(build_gram, wg_matmul(in[0], wg_transpose(in[0])))

#define NORMAL_2(i, j) WGI_IN_2(i, j, WGI_NORMAL)
#define NORMAL_3(i, j, k) WGI_IN_3(i, j, k, WGI_NORMAL)
#define NORMAL_4(i, j, k, l) WGI_IN_4(i, j, k, l, WGI_NORMAL)

static const wgi_sample samples[] = {
    WGI_GOOD("plain", build, 2, NORMAL_2(3, 4), NORMAL_2(4, 2)),
    WGI_GOOD("wider than a tile", build, 2, NORMAL_2(2, 3), NORMAL_2(3, 67)),
    WGI_GOOD("a transposed", build_ta, 2, NORMAL_2(4, 3), NORMAL_2(4, 2)),
    WGI_GOOD("b transposed", build_tb, 2, NORMAL_2(3, 4), NORMAL_2(2, 4)),
    WGI_GOOD("both transposed", build_ta_tb, 2, NORMAL_2(4, 3), NORMAL_2(2, 4)),
    WGI_GOOD("batch", build, 2, NORMAL_3(2, 3, 4), NORMAL_3(2, 4, 2)),
    WGI_GOOD("batch of a", build, 2, NORMAL_3(2, 3, 4), NORMAL_2(4, 2)),
    WGI_GOOD("batch of b", build, 2, NORMAL_2(3, 4), NORMAL_3(2, 4, 2)),
    WGI_GOOD("batches broadcast", build, 2, NORMAL_4(2, 1, 2, 3), NORMAL_3(2, 3, 2)),
    WGI_GOOD("batches, both transposed", build_ta_tb, 2, NORMAL_4(2, 1, 3, 2), NORMAL_3(2, 2, 3)),
    WGI_GOOD("aliased", build, 2, NORMAL_2(3, 3), WGI_IN_SAME_2(3, 3, WGI_NORMAL, 0)),
    WGI_GOOD("gram", build_gram, 1, NORMAL_2(3, 2)),
    WGI_GOOD("size 1", build, 2, NORMAL_2(1, 1), NORMAL_2(1, 1)),
    WGI_GOOD("k 0", build, 2, NORMAL_2(2, 0), NORMAL_2(0, 3)),
    WGI_GOOD("m 0", build, 2, NORMAL_2(0, 2), NORMAL_2(2, 3)),
    WGI_GOOD("n 0", build_tb, 2, NORMAL_2(3, 2), NORMAL_2(0, 2)),
    WGI_GOOD("batch 0", build, 2, NORMAL_3(0, 2, 3), NORMAL_2(3, 2)),
};

static const wgi_sample bad[] = {
    WGI_BAD("inner", build, WG_ERR_SHAPE,
            "matmul: inner sizes differ: 128 (a, axis 1) vs 64 (b, axis 0)", 2, NORMAL_2(32, 128),
            NORMAL_2(64, 10)),
    WGI_BAD("inner, transposed", build_tb, WG_ERR_SHAPE,
            "matmul: inner sizes differ: 4 (a, axis 1) vs 2 (b, axis 0)", 2, NORMAL_2(3, 4),
            NORMAL_2(4, 2)),
    WGI_BAD("rank of a", build, WG_ERR_SHAPE, "matmul: needs rank >= 2: 1 (a)", 2,
            WGI_IN_1(4, WGI_NORMAL), NORMAL_2(4, 2)),
    WGI_BAD("rank of b", build, WG_ERR_SHAPE, "matmul: needs rank >= 2: 0 (b)", 2, NORMAL_2(3, 4),
            WGI_IN_0(WGI_NORMAL)),
    WGI_BAD("batch", build, WG_ERR_SHAPE,
            "matmul: batch shapes do not broadcast: 2 (a, axis 0) vs 3 (b, axis 0)", 2,
            NORMAL_3(2, 3, 4), NORMAL_3(3, 4, 2)),
    WGI_BAD("dtypes", build, WG_ERR_DTYPE, "matmul: dtypes differ: i64 (a) vs bool (b)", 2,
            WGI_IN_TYPED(3, WG_I64, 2), WGI_IN_TYPED(3, WG_BOOL, 2)),
    WGI_BAD("dtype", build, WG_ERR_DTYPE, "matmul: needs a floating dtype: i64 (a)", 2,
            WGI_IN_TYPED(3, WG_I64, 2), WGI_IN_TYPED(3, WG_I64, 2)),
};

static const wgi_attribute attributes[] = {
    {.name = "transpose_a",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .place = WGI_AT_I32(wgi_matmul_attr, is_a_transposed)},
    {.name = "transpose_b",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .place = WGI_AT_I32(wgi_matmul_attr, is_b_transposed)},
};

WGI_CALL(call, wgi_call_flag(c, 0) || wgi_call_flag(c, 1)
                   ? wgi_matmul(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_flag(c, 0),
                                wgi_call_flag(c, 1))
                   : wg_matmul(wgi_call_in(c, 0), wgi_call_in(c, 1)))

const wgi_op wgi_op_matmul = {
    .name = "matmul",
    .traits = WGI_CONTRACTION | WGI_BROADCAST,
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_matmul_attr),
    .operands = {"a", "b"},
    .infer = infer,
    .gradient = gradient,
    .reference = {WGI_REALS(run)},
    .flops = flops,
    .call = call,
    WGI_ATTRIBUTES(attributes),
    .samples = samples,
    .n_samples = WGI_COUNT(samples),
    .bad = bad,
    .n_bad = WGI_COUNT(bad),
};

#endif
