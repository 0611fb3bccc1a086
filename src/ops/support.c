/* What many ops share: recording, checks of shape rules, steps of gradient rules.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/support.h"

#include "ops/call.h"
#include "ops/params.h"

wg_node wgi_record_unary(uint16_t op, wg_node x, const void *attr)
{
    wgi_draft draft = {.op = op, .n_in = 1, .in = &x, .attr = attr};
    return wgi_record(&draft);
}

wg_node wgi_record_binary(uint16_t op, wg_node a, wg_node b, const void *attr)
{
    wg_node in[2] = {a, b};
    wgi_draft draft = {.op = op, .n_in = 2, .in = in, .attr = attr};
    return wgi_record(&draft);
}

wg_status wgi_check_floating(wgi_infer *q, int32_t i)
{
    int32_t dtype = q->in[i].dtype;
    if (wgi_is_floating(dtype)) {
        return WG_OK;
    }
    wgi_infer_hint(q, "wg_cast it to f32 or f64");
    return wgi_infer_fail(q, WG_ERR_DTYPE, "needs a floating dtype: %s (%s)",
                          wg_dtype_name((wg_dtype)dtype), q->op->operands[i]);
}

wg_status wgi_check_numeric(wgi_infer *q, int32_t i)
{
    int32_t dtype = q->in[i].dtype;
    if (wgi_is_floating(dtype) || dtype == WG_I64) {
        return WG_OK;
    }
    wgi_infer_hint(q, "wg_cast it to f32, f64 or i64");
    return wgi_infer_fail(q, WG_ERR_DTYPE, "needs a floating or i64 dtype: %s (%s)",
                          wg_dtype_name((wg_dtype)dtype), q->op->operands[i]);
}

wg_status wgi_check_same_dtype(wgi_infer *q, int32_t i, int32_t j)
{
    if (q->in[i].dtype == q->in[j].dtype) {
        return WG_OK;
    }
    wgi_infer_hint(q, "wg_cast one of them");
    return wgi_infer_fail(q, WG_ERR_DTYPE, "dtypes differ: %s (%s) vs %s (%s)",
                          wg_dtype_name((wg_dtype)q->in[i].dtype), q->op->operands[i],
                          wg_dtype_name((wg_dtype)q->in[j].dtype), q->op->operands[j]);
}

wg_status wgi_check_min_rank(wgi_infer *q, int32_t i, int32_t min_rank)
{
    if (q->in[i].rank >= min_rank) {
        return WG_OK;
    }
    return wgi_infer_fail(q, WG_ERR_SHAPE, "needs rank >= %d: %d (%s)", (int)min_rank,
                          (int)q->in[i].rank, q->op->operands[i]);
}

/* The result's type was refused for another reason than a negative size. */
static wg_status fail_type(wgi_infer *q, wg_status status)
{
    if (status == WG_ERR_OVERFLOW) {
        return wgi_infer_fail(q, status, "the result has too many elements");
    }
    return wgi_infer_fail(q, status, "the result is of no type: %s", wg_status_text(status));
}

wg_status wgi_infer_shape(wgi_infer *q, int32_t output, int dtype, int32_t rank,
                          const int64_t *dims)
{
    wg_status status = wgi_type_make(dtype, rank, dims, &q->out[output]);
    for (int32_t i = 0; status == WG_ERR_RANGE && i < rank; i++) {
        if (dims[i] < 0) {
            return wgi_infer_fail(q, status, "size %lld of the result is negative (axis %d)",
                                  (long long)dims[i], (int)i);
        }
    }
    return status == WG_OK ? status : fail_type(q, status);
}

wg_status wgi_infer_like(wgi_infer *q, int32_t output, int32_t i)
{
    const wgi_view *x = &q->in[i];
    wgi_type *out = &q->out[output];
    out->dtype = x->dtype;
    out->rank = x->rank;
    out->count = x->count;
    for (int32_t k = 0; k < x->rank; k++) {
        out->dims[k] = x->dims[k];
    }
    return WG_OK;
}

wg_status wgi_infer_drawn(wgi_infer *q)
{
    const wgi_draw_attr *attr = q->attr;
    if (!wgi_is_floating(attr->dtype)) {
        return wgi_infer_fail(q, WG_ERR_DTYPE, "needs a floating dtype: %s",
                              wg_dtype_name((wg_dtype)attr->dtype));
    }
    return wgi_infer_shape(q, 0, attr->dtype, (int32_t)attr->rank, attr->dims);
}

/* The size of a view along the axis counted from the end, 1 where there is none. */
static int64_t size_from_end(const wgi_view *view, int32_t from_end)
{
    return from_end <= view->rank ? view->dims[view->rank - from_end] : 1;
}

/* Operand i does not broadcast along an axis: names the first earlier operand that disagrees. */
static wg_status fail_broadcast(wgi_infer *q, int32_t i, int32_t from_end)
{
    int32_t j = 0;
    while (j + 1 < i && size_from_end(&q->in[j], from_end) == 1) {
        j++;
    }
    return wgi_infer_fail(
        q, WG_ERR_SHAPE, "shapes do not broadcast: %lld (%s, axis %d) vs %lld (%s, axis %d)",
        (long long)size_from_end(&q->in[j], from_end), q->op->operands[j],
        (int)(q->in[j].rank - from_end), (long long)size_from_end(&q->in[i], from_end),
        q->op->operands[i], (int)(q->in[i].rank - from_end));
}

wg_status wgi_infer_broadcast(wgi_infer *q, int dtype)
{
    wgi_type *out = &q->out[0];
    *out = (wgi_type){.dtype = dtype};
    for (int32_t i = 0; i < q->n_in; i++) {
        int32_t from_end = wgi_broadcast(out, q->in[i].rank, q->in[i].dims);
        if (from_end != 0) {
            return fail_broadcast(q, i, from_end);
        }
    }
    wg_status status = wgi_type_count(out);
    return status == WG_OK ? status : fail_type(q, status);
}

wg_status wgi_check_broadcasts(wgi_infer *q, wgi_named_shape from, wgi_named_shape to)
{
    int32_t shift = to.rank - from.rank;
    if (shift < 0) {
        return wgi_infer_fail(q, WG_ERR_SHAPE,
                              "shapes do not broadcast: rank %d (%s) to rank %d (%s)",
                              (int)from.rank, from.name, (int)to.rank, to.name);
    }
    for (int32_t i = 0; i < from.rank; i++) {
        if (from.dims[i] != 1 && from.dims[i] != to.dims[i + shift]) {
            return wgi_infer_fail(
                q, WG_ERR_SHAPE,
                "shapes do not broadcast: %lld (%s, axis %d) to %lld (%s, axis %d)",
                (long long)from.dims[i], from.name, (int)i, (long long)to.dims[i + shift], to.name,
                (int)(i + shift));
        }
    }
    return WG_OK;
}

bool wgi_take_shape(const wgi_draft *draft, int32_t rank, const int64_t *from, int64_t *dims,
                    wg_node *out)
{
    if (rank < 0 || rank > WG_MAX_RANK) {
        *out = wgi_refuse(draft, WG_ERR_RANGE, NULL, "rank %d is not in [0, %d]", (int)rank,
                          WG_MAX_RANK);
        return false;
    }
    if (from == NULL && rank > 0) {
        *out = wgi_refuse(draft, WG_ERR_ARGUMENT, NULL, "dims is NULL but rank is %d", (int)rank);
        return false;
    }
    for (int32_t i = 0; i < WG_MAX_RANK; i++) {
        dims[i] = i < rank ? from[i] : 0;
    }
    return true;
}

bool wgi_take_axis(const wgi_draft *draft, wg_node x, int32_t axis, int64_t *place, wg_node *out)
{
    wgi_view view;
    if (!wgi_view_of(x, &view)) {
        *out = wgi_record(draft);
        return false;
    }
    *place = wgi_axis(axis, view.rank);
    if (*place < 0) {
        *out = wgi_refuse(draft, WG_ERR_RANGE, NULL, "axis %d is out of range for rank %d (x)",
                          (int)axis, (int)view.rank);
        return false;
    }
    return true;
}

wg_node wgi_sum_like(wg_node dy, wg_node x)
{
    wgi_view to;
    if (wgi_have_same_shape(dy, x) || !wgi_view_of(dy, &to) || !wgi_view_of(x, &to)) {
        return dy;
    }
    return wg_sum_to(dy, to.rank, to.dims);
}

bool wgi_call_pairs(const wgi_call *c, int32_t i, int32_t j, wg_node *out)
{
    const wgi_draft draft = {.form = c->op, .n_in = c->n_in, .in = c->in, .graph = c->graph};
    if (wgi_call_list(c, j) == NULL || wgi_call_length(c, i) == wgi_call_length(c, j)) {
        return true;
    }
    *out = wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL, "%s has %d elements, %s has %d",
                      c->op->attributes[i].name, (int)wgi_call_length(c, i),
                      c->op->attributes[j].name, (int)wgi_call_length(c, j));
    return false;
}
