/* What the ops of linear algebra share: batches of matrices, their shape rules, identities.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the matrices of an operand are its last two axes, row-major, one after another. */
#include "ops/linalg.h"

wgi_matrices wgi_matrices_of(const wgi_view *x)
{
    wgi_matrices m = {1, x->dims[x->rank - 2], x->dims[x->rank - 1]};
    for (int32_t i = 0; i < x->rank - 2; i++) {
        m.n *= x->dims[i];
    }
    return m;
}

wgi_walk wgi_walk_matrices(const wgi_args *args, int32_t a, int32_t b)
{
    wgi_walk walk = wgi_walk_over(args->out->rank - 2, args->out->dims);
    const int32_t operands[] = {a, b};
    for (int32_t i = 0; i < 2; i++) {
        wgi_view batch = args->in[operands[i]];
        batch.rank -= 2;
        wgi_walk_operand(&walk, &batch);
    }
    wgi_walk_fold(&walk);
    return walk;
}

/* ---- shape rules -------------------------------------------------------------------------- */

wg_status wgi_check_matrices(wgi_infer *q, int32_t i)
{
    const wg_status status = wgi_check_floating(q, i);
    return status != WG_OK ? status : wgi_check_min_rank(q, i, 2);
}

wg_status wgi_check_square(wgi_infer *q, int32_t i)
{
    const wgi_view *x = &q->in[i];
    const wg_status status = wgi_check_matrices(q, i);
    if (status == WG_OK && x->dims[x->rank - 2] != x->dims[x->rank - 1]) {
        return wgi_infer_fail(q, WG_ERR_SHAPE, "needs square matrices: %lld x %lld (%s)",
                              (long long)x->dims[x->rank - 2], (long long)x->dims[x->rank - 1],
                              q->op->operands[i]);
    }
    return status;
}

wg_status wgi_infer_batch(wgi_infer *q, int32_t output, int dtype, int32_t n, const int64_t *dims)
{
    const wgi_view *x = &q->in[0];
    int64_t all[WG_MAX_RANK] = {0};
    int32_t rank = x->rank - 2;
    for (int32_t k = 0; k < rank; k++) {
        all[k] = x->dims[k];
    }
    for (int32_t k = 0; k < n; k++) {
        all[rank++] = dims[k];
    }
    return wgi_infer_shape(q, output, dtype, rank, all);
}

wg_status wgi_infer_solved(wgi_infer *q)
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
            "batch shapes do not broadcast: %lld (%s, axis %d) vs %lld (%s, axis %d)",
            (long long)a->dims[i], q->op->operands[0], (int)i, (long long)b->dims[j],
            q->op->operands[1], (int)j);
    }
    batch.dims[batch.rank++] = b->dims[b->rank - 2];
    batch.dims[batch.rank++] = b->dims[b->rank - 1];
    return wgi_infer_shape(q, 0, batch.dtype, batch.rank, batch.dims);
}

/* ---- steps of rules ----------------------------------------------------------------------- */

wg_node wgi_identities(wg_node a)
{
    wgi_view view;
    if (!wgi_view_of(a, &view)) {
        return a;
    }
    const wg_node ones = wg_full(a.graph, (wg_dtype)view.dtype, view.rank - 1, view.dims, 1.0);
    return wg_diag_embed(ones, 0, -2, -1);
}

wg_node wgi_scale_columns(wg_node x, wg_node s)
{
    return wg_mul(x, wg_unsqueeze(s, -2));
}

wg_node wgi_scale_rows(wg_node x, wg_node s)
{
    return wg_mul(x, wg_unsqueeze(s, -1));
}

wg_node wgi_divide_columns(wg_node x, wg_node s)
{
    return wg_div(x, wg_unsqueeze(s, -2));
}

wg_node wgi_divide_rows(wg_node x, wg_node s)
{
    return wg_div(x, wg_unsqueeze(s, -1));
}

wg_node wgi_add_some(wg_node a, wg_node b)
{
    if (!wgi_is_some(a)) {
        return b;
    }
    return wgi_is_some(b) ? wg_add(a, b) : a;
}

double wgi_cubic_flops(const wgi_view *a, double factor)
{
    return factor * (double)a->count * (double)a->dims[a->rank - 1];
}
