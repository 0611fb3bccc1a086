/* What reductions share.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/reduce.h"

wgi_walk wgi_reduce_split(const wgi_view *x, uint32_t axes, wgi_walk *reduced)
{
    wgi_walk kept = {.n = 1};
    *reduced = (wgi_walk){.n = 1};
    for (int32_t i = 0; i < x->rank; i++) {
        wgi_walk *walk = wgi_has_axis(axes, i) ? reduced : &kept;
        wgi_walk_axis(walk, x->dims[i], wgi_block_around(x, i).inner);
    }
    wgi_walk_fold(&kept);
    wgi_walk_fold(reduced);
    return kept;
}

int64_t wgi_count_along(const wgi_view *x, uint32_t axes)
{
    int64_t count = 1;
    for (int32_t i = 0; i < x->rank; i++) {
        count *= wgi_has_axis(axes, i) ? x->dims[i] : 1;
    }
    return count;
}

/* ---- constructors ------------------------------------------------------------------------- */

/* Adds one of the caller's axes to the set. False where the graph has been failed. */
static bool take_axis(const wgi_draft *draft, int32_t axis, uint32_t *axes, wg_node *out)
{
    int64_t place;
    if (!wgi_take_axis(draft, draft->in[0], axis, &place, out)) {
        return false;
    }
    if (wgi_has_axis(*axes, (int32_t)place)) {
        *out = wgi_refuse(draft, WG_ERR_RANGE, NULL, "axis %d is given twice", (int)place);
        return false;
    }
    *axes |= 1u << place;
    return true;
}

/* No axis is read before n is known to fit the rank. */
bool wgi_take_axes(const wgi_draft *draft, const int32_t *axes, int32_t n, uint32_t *set,
                   wg_node *out)
{
    wgi_view x;
    if (n < 0 || (axes == NULL && n > 0)) {
        *out = wgi_refuse(draft, WG_ERR_ARGUMENT, NULL, "%s but n is %d",
                          axes == NULL ? "axes is NULL" : "axes are given", (int)n);
        return false;
    }
    if (!wgi_view_of(draft->in[0], &x)) {
        *out = wgi_record(draft);
        return false;
    }
    if (n > x.rank) {
        *out =
            wgi_refuse(draft, WG_ERR_RANGE, NULL, "%d axes for rank %d (x)", (int)n, (int)x.rank);
        return false;
    }
    *set = axes == NULL ? (1u << x.rank) - 1 : 0;
    for (int32_t i = 0; i < n; i++) {
        if (!take_axis(draft, axes[i], set, out)) {
            return false;
        }
    }
    return true;
}

wg_node wgi_record_reduction(uint16_t op, wg_node x, const int32_t *axes, int32_t n, bool keepdims)
{
    wgi_reduce_attr attr = {.axes = 0, .keepdims = keepdims};
    const wgi_draft draft = {.op = op, .n_in = 1, .in = &x, .attr = &attr};
    wg_node failed;
    return wgi_take_axes(&draft, axes, n, &attr.axes, &failed) ? wgi_record(&draft) : failed;
}

/* ---- shape rules -------------------------------------------------------------------------- */

int32_t wgi_reduced_shape(const wgi_view *x, uint32_t axes, bool keepdims, int64_t *dims)
{
    int32_t rank = 0;
    for (int32_t i = 0; i < x->rank; i++) {
        if (!wgi_has_axis(axes, i)) {
            dims[rank++] = x->dims[i];
        } else if (keepdims) {
            dims[rank++] = 1;
        }
    }
    return rank;
}

wg_status wgi_infer_reduced(wgi_infer *q, const wgi_reduce_attr *attr, int dtype)
{
    int64_t dims[WG_MAX_RANK] = {0};
    const int32_t rank = wgi_reduced_shape(q->in, attr->axes, attr->keepdims != 0, dims);
    return wgi_infer_shape(q, 0, dtype, rank, dims);
}

wg_status wgi_infer_reduced_floating(wgi_infer *q)
{
    const wg_status status = wgi_check_floating(q, 0);
    return status != WG_OK ? status : wgi_infer_reduced(q, q->attr, q->in->dtype);
}

wg_status wgi_infer_reduced_numeric(wgi_infer *q)
{
    const wg_status status = wgi_check_numeric(q, 0);
    return status != WG_OK ? status : wgi_infer_reduced(q, q->attr, q->in->dtype);
}

wg_status wgi_check_not_empty(wgi_infer *q, uint32_t axes, const char *what)
{
    for (int32_t i = 0; i < q->in->rank; i++) {
        if (wgi_has_axis(axes, i) && q->in->dims[i] == 0) {
            return wgi_infer_fail(q, WG_ERR_SHAPE, "there is no %s of nothing: size 0 (x, axis %d)",
                                  what, (int)i);
        }
    }
    return WG_OK;
}

/* ---- gradient rules ----------------------------------------------------------------------- */

wg_node wgi_spread(wg_node y, wg_node x, const wgi_reduce_attr *attr)
{
    wgi_view view;
    int64_t dims[WG_MAX_RANK] = {0};
    int64_t kept[WG_MAX_RANK] = {0};
    if (!wgi_view_of(x, &view)) {
        return y;
    }
    const int32_t rank = wgi_reduced_shape(&view, 0, true, dims);
    if (attr->keepdims == 0) {
        wgi_reduced_shape(&view, attr->axes, true, kept);
        y = wg_reshape(y, rank, kept);
    }
    return wg_broadcast_to(y, rank, dims);
}

/* The kept axes, then the reduced ones; returns how many are kept. */
static int32_t order_axes(const wgi_view *x, uint32_t axes, int32_t *order)
{
    int32_t n = 0;
    for (int32_t i = 0; i < x->rank; i++) {
        if (!wgi_has_axis(axes, i)) {
            order[n++] = i;
        }
    }
    const int32_t n_kept = n;
    for (int32_t i = 0; i < x->rank; i++) {
        if (wgi_has_axis(axes, i)) {
            order[n++] = i;
        }
    }
    return n_kept;
}

static bool is_in_place(const int32_t *order, int32_t rank)
{
    for (int32_t i = 0; i < rank; i++) {
        if (order[i] != i) {
            return false;
        }
    }
    return true;
}

wg_node wgi_join_axes(wg_node x, uint32_t axes, int32_t *axis)
{
    wgi_view view;
    int32_t order[WG_MAX_RANK] = {0};
    int64_t dims[WG_MAX_RANK] = {0};
    *axis = 0;
    if (!wgi_view_of(x, &view)) {
        return x;
    }
    const int32_t n_kept = order_axes(&view, axes, order);
    *axis = n_kept;
    if (view.rank - n_kept == 1) {
        *axis = order[n_kept];
        return x;
    }
    wgi_reduced_shape(&view, axes, false, dims);
    dims[n_kept] = wgi_count_along(&view, axes);
    const wg_node moved = is_in_place(order, view.rank) ? x : wg_permute(x, order, view.rank);
    return wg_reshape(moved, n_kept + 1, dims);
}

wg_node wgi_part_axes(wg_node y, wg_node x, uint32_t axes)
{
    wgi_view view;
    int32_t order[WG_MAX_RANK] = {0};
    int32_t inverse[WG_MAX_RANK] = {0};
    int64_t dims[WG_MAX_RANK] = {0};
    if (!wgi_view_of(x, &view) || view.rank - order_axes(&view, axes, order) == 1) {
        return y;
    }
    for (int32_t i = 0; i < view.rank; i++) {
        dims[i] = view.dims[order[i]];
        inverse[order[i]] = i;
    }
    const wg_node parted = wg_reshape(y, view.rank, dims);
    return is_in_place(order, view.rank) ? parted : wg_permute(parted, inverse, view.rank);
}

/* The branch not taken divides by 1, and scaling by 0 leaves 0 and NaN what they are. */
wg_node wgi_ratio_or_zero(wg_node x, wg_node y)
{
    const wg_dtype dtype = wg_node_dtype(y);
    const wg_node is_positive = wg_greater(y, wg_number(y.graph, dtype, 0.0));
    const wg_node safe = wg_where(is_positive, y, wg_number(y.graph, dtype, 1.0));
    return wg_where(is_positive, wg_div(x, safe), wg_scale(y, 0.0));
}
