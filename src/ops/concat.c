/* concat and stack: operands side by side, along one of their axes or along a new one.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: at each index of the axes before `axis` every operand has so many bytes in one piece,
 * and the result has these pieces in the order of the operands. */
#include <string.h>

#include "core/checked.h"
#include "ops/axes.h"
#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/slice.h"

/* Bytes. */
#define SHORT_ROW 512

/* So many operands does a record count. */
#define MAX_OPERANDS UINT16_MAX

/* Whether xs are operands at all; else no graph may be known, or the first tells it. */
static bool has_operands(const wgi_draft *draft, wg_node *out)
{
    if (draft->in != NULL && draft->n_in > 0) {
        return true;
    }
    *out = (wg_node){NULL, 0, 0};
    return false;
}

wg_node wg_concat(const wg_node *xs, int32_t n, int32_t axis)
{
    wgi_axis_attr attr = {0};
    const wgi_draft draft = {.op = WGI_OP_concat, .n_in = n, .in = xs, .attr = &attr};
    wg_node failed;
    if (!has_operands(&draft, &failed) ||
        !wgi_take_axis(&draft, xs[0], axis, &attr.axis, &failed)) {
        return failed;
    }
    return wgi_record(&draft);
}

wg_node wg_stack(const wg_node *xs, int32_t n, int32_t axis)
{
    wgi_axis_attr attr = {0};
    const wgi_draft draft = {.op = WGI_OP_stack, .n_in = n, .in = xs, .attr = &attr};
    int32_t place;
    wgi_view x;
    wg_node failed;
    if (!has_operands(&draft, &failed)) {
        return failed;
    }
    if (!wgi_view_of(xs[0], &x)) {
        return wgi_record(&draft);
    }
    if (!wgi_take_new_axis(&draft, axis, x.rank + 1, &place, &failed)) {
        return failed;
    }
    attr.axis = place;
    return wgi_record(&draft);
}

/* ---- shape rules -------------------------------------------------------------------------- */

/* Operand k has the dtype and the rank of operand 0, and its sizes but along `free_axis`. */
static wg_status check_like_first(wgi_infer *q, int32_t k, int64_t free_axis)
{
    const wgi_view *a = &q->in[0];
    const wgi_view *b = &q->in[k];
    if (a->dtype != b->dtype) {
        wgi_infer_hint(q, "wg_cast one of them");
        return wgi_infer_fail(q, WG_ERR_DTYPE, "dtypes differ: %s (x0) vs %s (x%d)",
                              wg_dtype_name((wg_dtype)a->dtype), wg_dtype_name((wg_dtype)b->dtype),
                              (int)k);
    }
    if (a->rank != b->rank) {
        return wgi_infer_fail(q, WG_ERR_SHAPE, "ranks differ: %d (x0) vs %d (x%d)", (int)a->rank,
                              (int)b->rank, (int)k);
    }
    for (int32_t i = 0; i < a->rank; i++) {
        if (i != free_axis && a->dims[i] != b->dims[i]) {
            return wgi_infer_fail(q, WG_ERR_SHAPE,
                                  "sizes differ along axis %d: %lld (x0) vs %lld (x%d)", (int)i,
                                  (long long)a->dims[i], (long long)b->dims[i], (int)k);
        }
    }
    return WG_OK;
}

static wg_status infer_concat(wgi_infer *q)
{
    const wgi_axis_attr *attr = q->attr;
    int64_t dims[WG_MAX_RANK] = {0};
    memcpy(dims, q->in[0].dims, (size_t)q->in[0].rank * sizeof *dims);
    for (int32_t k = 1; k < q->n_in; k++) {
        const wg_status status = check_like_first(q, k, attr->axis);
        if (status != WG_OK) {
            return status;
        }
        if (!wgi_dim_add(dims[attr->axis], q->in[k].dims[attr->axis], &dims[attr->axis])) {
            return wgi_infer_fail(q, WG_ERR_OVERFLOW, "the result has too many elements");
        }
    }
    return wgi_infer_shape(q, 0, q->in[0].dtype, q->in[0].rank, dims);
}

static wg_status infer_stack(wgi_infer *q)
{
    const wgi_axis_attr *attr = q->attr;
    const wgi_view *x = &q->in[0];
    int64_t dims[WG_MAX_RANK] = {0};
    for (int32_t k = 1; k < q->n_in; k++) {
        const wg_status status = check_like_first(q, k, -1);
        if (status != WG_OK) {
            return status;
        }
    }
    for (int32_t i = 0; i <= x->rank; i++) {
        dims[i] = i < attr->axis ? x->dims[i] : i == attr->axis ? q->n_in : x->dims[i - 1];
    }
    return wgi_infer_shape(q, 0, x->dtype, x->rank + 1, dims);
}

/* ---- gradients ---------------------------------------------------------------------------- */

/* Each operand gets its slice. */
static void gradient_concat(wgi_rule *rule)
{
    const wgi_axis_attr *attr = rule->attr;
    int64_t begin = 0;
    for (int32_t k = 0; k < rule->n_in; k++) {
        const int64_t end = begin + wg_node_dim(rule->x[k], (int32_t)attr->axis);
        if (rule->wants[k]) {
            rule->dx[k] = wgi_slice_axis(rule->dy[0], attr->axis, begin, end, 1);
        }
        begin = end;
    }
}

static void gradient_stack(wgi_rule *rule)
{
    const wgi_axis_attr *attr = rule->attr;
    for (int32_t k = 0; k < rule->n_in; k++) {
        if (rule->wants[k]) {
            rule->dx[k] = wg_select(rule->dy[0], (int32_t)attr->axis, k);
        }
    }
}

/* ---- kernel ------------------------------------------------------------------------------- */

/* How many pieces the result has of each operand. */
static int64_t count_pieces(const wgi_args *args)
{
    const wgi_axis_attr *attr = args->attr;
    int64_t n = 1;
    for (int64_t i = 0; i < attr->axis; i++) {
        n *= args->out->dims[i];
    }
    return n;
}

/* Small pieces without a call for each. */
static void copy_piece(char *y, const char *x, size_t bytes)
{
    if (bytes == 4) {
        memcpy(y, x, 4);
    } else if (bytes == 8) {
        memcpy(y, x, 8);
    } else {
        memcpy(y, x, bytes);
    }
}

/* All pieces of operand k, the first of which goes to y; pieces of the result lie `row` apart. */
static void copy_operand(const wgi_view *x, char *y, size_t row, int64_t n, size_t piece)
{
    for (int64_t o = 0; o < n && piece > 0; o++) {
        copy_piece(y + (size_t)o * row, (const char *)x->data + (size_t)o * piece, piece);
    }
}

/* The result is written from one end to the other, unless its rows are so short that most of the
 * time would go into finding the operands. */
static wg_status run(const wgi_args *args)
{
    const int64_t n = count_pieces(args);
    const size_t size = wg_dtype_size((wg_dtype)args->out->dtype);
    const size_t row = n > 0 ? (size_t)(args->out->count / n) * size : 0;
    const int64_t together = row < SHORT_ROW ? n : 1;
    for (int64_t o = 0; o < n && row > 0; o += together) {
        char *y = (char *)args->out->data + (size_t)o * row;
        for (int32_t k = 0; k < args->n_in; k++) {
            wgi_view x = args->in[k];
            const size_t piece = (size_t)(x.count / n) * size;
            x.data = (char *)x.data + (size_t)o * piece;
            copy_operand(&x, y, row, together, piece);
            y += piece;
        }
    }
    return WG_OK;
}

/* ---- samples ------------------------------------------------------------------------------ */

WGI_BUILD(concat_0, wg_concat(in, 2, 0))
WGI_BUILD(concat_last, wg_concat(in, 2, -1))
WGI_BUILD(concat_one, wg_concat(in, 1, 0))
WGI_BUILD(concat_three, wg_concat(in, 3, 1))
WGI_BUILD(concat_six, wg_concat(in, 6, 0))
WGI_BUILD(stack_0, wg_stack(in, 2, 0))
WGI_BUILD(stack_last, wg_stack(in, 2, -1))
WGI_BUILD(stack_one, wg_stack(in, 1, 0))
WGI_BUILD(stack_three, wg_stack(in, 3, 1))
WGI_BUILD(stack_five, wg_stack(in, 5, 0))
WGI_BUILD(stack_rank_8,
          wg_stack((const wg_node[]){wg_reshape(in[0], 8,
                                                (const int64_t[8]){1, 1, 1, 1, 1, 1, 1, -1})},
                   1, 0))

static const wgi_sample concat_samples[] = {
    WGI_GOOD("rows", concat_0, 2, WGI_IN_2(2, 3, WGI_NORMAL), WGI_IN_2(1, 3, WGI_NORMAL)),
    WGI_GOOD("columns", concat_last, 2, WGI_IN_2(2, 3, WGI_NORMAL), WGI_IN_2(2, 2, WGI_NORMAL)),
    WGI_GOOD("middle of three", concat_three, 3, WGI_IN_3(2, 1, 3, WGI_NORMAL),
             WGI_IN_3(2, 3, 3, WGI_NORMAL), WGI_IN_3(2, 2, 3, WGI_NORMAL)),
    WGI_GOOD("six", concat_six, 6, WGI_IN_1(1, WGI_NORMAL), WGI_IN_1(2, WGI_NORMAL),
             WGI_IN_1(0, WGI_NORMAL), WGI_IN_1(3, WGI_NORMAL), WGI_IN_1(1, WGI_NORMAL),
             WGI_IN_1(2, WGI_NORMAL)),
    WGI_GOOD("one", concat_one, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("with itself", concat_last, 2, WGI_IN_2(2, 3, WGI_NORMAL),
             WGI_IN_SAME_2(2, 3, WGI_NORMAL, 0)),
    WGI_GOOD("rank 4", concat_last, 2, WGI_IN_4(2, 1, 2, 3, WGI_NORMAL),
             WGI_IN_4(2, 1, 2, 1, WGI_NORMAL)),
    WGI_GOOD("size 0", concat_0, 2, WGI_IN_2(0, 3, WGI_NORMAL), WGI_IN_2(0, 3, WGI_NORMAL)),
    WGI_GOOD("no columns", concat_0, 2, WGI_IN_2(2, 0, WGI_NORMAL), WGI_IN_2(1, 0, WGI_NORMAL)),
    WGI_GOOD("i64", concat_0, 2, WGI_IN_TYPED(3, WG_I64, 9), WGI_IN_TYPED(2, WG_I64, 9)),
    WGI_GOOD("bool", concat_0, 2, WGI_IN_TYPED(3, WG_BOOL, 2), WGI_IN_TYPED(2, WG_BOOL, 2)),
    WGI_GOOD("u8", concat_0, 2, WGI_IN_TYPED(3, WG_U8, 9), WGI_IN_TYPED(2, WG_U8, 9)),
};

static const wgi_sample concat_bad[] = {
    WGI_BAD("axis", concat_three, WG_ERR_RANGE, "concat: axis 1 is out of range for rank 1 (x)", 3,
            WGI_IN_1(2, WGI_NORMAL), WGI_IN_1(2, WGI_NORMAL), WGI_IN_1(2, WGI_NORMAL)),
    WGI_BAD("rank 0", concat_0, WG_ERR_RANGE, "concat: axis 0 is out of range for rank 0 (x)", 2,
            WGI_IN_0(WGI_NORMAL), WGI_IN_0(WGI_NORMAL)),
    WGI_BAD("sizes", concat_three, WG_ERR_SHAPE,
            "concat: sizes differ along axis 0: 2 (x0) vs 3 (x2)", 3, WGI_IN_2(2, 1, WGI_NORMAL),
            WGI_IN_2(2, 2, WGI_NORMAL), WGI_IN_2(3, 1, WGI_NORMAL)),
    WGI_BAD("ranks", concat_0, WG_ERR_SHAPE, "concat: ranks differ: 2 (x0) vs 1 (x1)", 2,
            WGI_IN_2(2, 1, WGI_NORMAL), WGI_IN_1(2, WGI_NORMAL)),
    WGI_BAD("dtypes", concat_0, WG_ERR_DTYPE, "concat: dtypes differ: i64 (x0) vs u8 (x1)", 2,
            WGI_IN_TYPED(2, WG_I64, 9), WGI_IN_TYPED(2, WG_U8, 9)),
};

static const wgi_sample stack_samples[] = {
    WGI_GOOD("first", stack_0, 2, WGI_IN_2(2, 3, WGI_NORMAL), WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("last", stack_last, 2, WGI_IN_2(2, 3, WGI_NORMAL), WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("middle of three", stack_three, 3, WGI_IN_2(2, 3, WGI_NORMAL),
             WGI_IN_2(2, 3, WGI_NORMAL), WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("five", stack_five, 5, WGI_IN_1(2, WGI_NORMAL), WGI_IN_1(2, WGI_NORMAL),
             WGI_IN_1(2, WGI_NORMAL), WGI_IN_1(2, WGI_NORMAL), WGI_IN_1(2, WGI_NORMAL)),
    WGI_GOOD("one", stack_one, 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD("rank 0", stack_0, 2, WGI_IN_0(WGI_NORMAL), WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("with itself", stack_0, 2, WGI_IN_1(3, WGI_NORMAL), WGI_IN_SAME_1(3, WGI_NORMAL, 0)),
    WGI_GOOD("size 0", stack_0, 2, WGI_IN_1(0, WGI_NORMAL), WGI_IN_1(0, WGI_NORMAL)),
    WGI_GOOD("i64", stack_last, 2, WGI_IN_TYPED(3, WG_I64, 9), WGI_IN_TYPED(3, WG_I64, 9)),
    WGI_GOOD("bool", stack_last, 2, WGI_IN_TYPED(3, WG_BOOL, 2), WGI_IN_TYPED(3, WG_BOOL, 2)),
    WGI_GOOD("u8", stack_0, 2, WGI_IN_TYPED(3, WG_U8, 9), WGI_IN_TYPED(3, WG_U8, 9)),
};

static const wgi_sample stack_bad[] = {
    WGI_BAD("axis", stack_three, WG_ERR_RANGE, "stack: axis 1 is out of range for rank 1 (result)",
            3, WGI_IN_0(WGI_NORMAL), WGI_IN_0(WGI_NORMAL), WGI_IN_0(WGI_NORMAL)),
    WGI_BAD("sizes", stack_0, WG_ERR_SHAPE, "stack: sizes differ along axis 1: 1 (x0) vs 2 (x1)", 2,
            WGI_IN_2(2, 1, WGI_NORMAL), WGI_IN_2(2, 2, WGI_NORMAL)),
    WGI_BAD("dtypes", stack_0, WG_ERR_DTYPE, "stack: dtypes differ: i64 (x0) vs bool (x1)", 2,
            WGI_IN_TYPED(2, WG_I64, 9), WGI_IN_TYPED(2, WG_BOOL, 2)),
    WGI_BAD("rank 8", stack_rank_8, WG_ERR_RANGE, "stack: rank 9 is not in [0, 8] (result)", 1,
            WGI_IN_1(2, WGI_NORMAL)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute attributes[] = {
    {.name = "axis",
     .kind = WGI_ATTR_AXIS,
     .is_optional = true,
     .place = WGI_AT_I64(wgi_axis_attr, axis)},
};

WGI_CALL(call_concat, wg_concat(c->in, c->n_in, wgi_call_int(c, 0)))

const wgi_op wgi_op_concat = {
    .name = "concat",
    .min_in = 1,
    .max_in = MAX_OPERANDS,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_axis_attr),
    .operands = {"x0", "x1", "x2", "x3"},
    .infer = infer_concat,
    .gradient = gradient_concat,
    .reference = {WGI_ANY_DTYPE(run)},
    .call = call_concat,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(concat_samples, concat_bad),
};

WGI_CALL(call_stack, wg_stack(c->in, c->n_in, wgi_call_int(c, 0)))

const wgi_op wgi_op_stack = {
    .name = "stack",
    .min_in = 1,
    .max_in = MAX_OPERANDS,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_axis_attr),
    .operands = {"x0", "x1", "x2", "x3"},
    .infer = infer_stack,
    .gradient = gradient_stack,
    .reference = {WGI_ANY_DTYPE(run)},
    .call = call_stack,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(stack_samples, stack_bad),
};
