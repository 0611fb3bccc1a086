/* pad: more elements on both sides of the axes; pad_backward: its adjoint along one axis.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: an element of the border is the value, or the element of x that source_of names; one
 * element of x is named by few of the border, but for those at the edges. */
#if defined(WGI_REAL_PASS)

/* Element j of a line of dx with its places in the border. */
static void K(fold_back)(const wgi_border_attr *attr, wgi_block block, const real *dy, real *dx,
                         int64_t j)
{
    const border seen = border_of(attr, block.size, j);
    for (int64_t q = 0; q < block.inner; q++) {
        accum sum = dy[(attr->before + j) * block.inner + q];
        for (int64_t i = seen.left; i < seen.left_end; i++) {
            sum += dy[i * block.inner + q];
        }
        for (int64_t i = seen.right; i < seen.right_end; i++) {
            sum += dy[i * block.inner + q];
        }
        dx[j * block.inner + q] = (real)sum;
    }
}

/* dy: [outer, before + size + after, inner]; dx: [outer, size, inner]. Elements far from both ends
 * are in no border; one that is near both is found twice, to the same result. */
static wg_status K(pad_backward)(const wgi_args *args)
{
    const wgi_border_attr *attr = args->attr;
    const wgi_block block = wgi_block_around(args->out, attr->axis);
    const int64_t total = args->in->dims[attr->axis] * block.inner;
    const int64_t widest = attr->before > attr->after ? attr->before : attr->after;
    const int64_t near = widest < block.size ? widest + 1 : block.size;
    const size_t line_bytes = (size_t)(block.size * block.inner) * sizeof(real);
    for (int64_t o = 0; o < block.outer && line_bytes > 0; o++) {
        const real *dy = (const real *)args->in->data + o * total;
        real *dx = (real *)args->out->data + o * block.size * block.inner;
        memcpy(dx, dy + attr->before * block.inner, line_bytes);
        for (int64_t j = 0; j < near; j++) {
            K(fold_back)(attr, block, dy, dx, j);
            K(fold_back)(attr, block, dy, dx, block.size - 1 - j);
        }
    }
    return WG_OK;
}

#else

#include <string.h>

#include "core/checked.h"
#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/slice.h"

/* ---- the border --------------------------------------------------------------------------- */

/* Which element along an axis the i-th of the result is; -1: the value. */
static int64_t source_of(int64_t mode, int64_t i, int64_t before, int64_t size)
{
    const int64_t j = i - before;
    if (j >= 0 && j < size) {
        return j;
    }
    switch (mode) {
    case WG_PAD_REFLECT:
        return j < 0 ? -j : 2 * (size - 1) - j;
    case WG_PAD_EDGE:
        return j < 0 ? 0 : size - 1;
    case WG_PAD_WRAP:
        return j < 0 ? j + size : j - size;
    default:
        return -1;
    }
}

/* The elements of the border that are element j: [left, left_end) and [right, right_end). */
typedef struct border {
    int64_t left;
    int64_t left_end;
    int64_t right;
    int64_t right_end;
} border;

static border border_of(const wgi_border_attr *attr, int64_t size, int64_t j)
{
    const int64_t before = attr->before;
    const int64_t total = before + size + attr->after;
    if (attr->mode == WG_PAD_EDGE) {
        const int64_t right = j == size - 1 ? before + size : total;
        return (border){0, j == 0 ? before : 0, right, total};
    }
    const bool is_wrapped = attr->mode == WG_PAD_WRAP;
    const int64_t left = is_wrapped ? before + j - size : before - j;
    const int64_t right = is_wrapped ? before + j + size : before + 2 * (size - 1) - j;
    const bool has_left = left >= 0 && left < before;
    const bool has_right = right >= before + size && right < total;
    return (border){has_left ? left : 0, has_left ? left + 1 : 0, has_right ? right : 0,
                    has_right ? right + 1 : 0};
}

/* ---- constructor -------------------------------------------------------------------------- */

static bool take_pads(const wgi_draft *draft, const int64_t *before, const int64_t *after,
                      int32_t n, wgi_pad_attr *attr, wg_node *out)
{
    wgi_view x;
    if (!wgi_view_of(draft->in[0], &x)) {
        *out = wgi_record(draft);
        return false;
    }
    if (n != x.rank) {
        *out = wgi_refuse(draft, WG_ERR_SHAPE, NULL,
                          "needs one pad for each axis: %d for rank %d (x)", (int)n, (int)x.rank);
        return false;
    }
    if (n > 0 && (before == NULL || after == NULL)) {
        *out = wgi_refuse(draft, WG_ERR_ARGUMENT, NULL, "%s is NULL but n is %d",
                          before == NULL ? "before" : "after", (int)n);
        return false;
    }
    attr->rank = n;
    for (int32_t i = 0; i < n; i++) {
        attr->before[i] = before[i];
        attr->after[i] = after[i];
    }
    return true;
}

wg_node wg_pad(wg_node x, const int64_t *before, const int64_t *after, int32_t n, wg_pad_mode mode,
               double value)
{
    wgi_pad_attr attr = {.mode = (int64_t)mode};
    const wgi_draft draft = {
        .op = WGI_OP_pad, .n_in = 1, .in = &x, .attr = &attr, .numbers = &value};
    wg_node failed;
    return take_pads(&draft, before, after, n, &attr, &failed) ? wgi_record(&draft) : failed;
}

/* ---- shape rules -------------------------------------------------------------------------- */

/* The most that a side of an axis of a size can get. */
static int64_t most_of(int64_t mode, int64_t size)
{
    switch (mode) {
    case WG_PAD_REFLECT:
        return size > 0 ? size - 1 : 0;
    case WG_PAD_EDGE:
        return size > 0 ? INT64_MAX : 0;
    case WG_PAD_WRAP:
        return size;
    default:
        return INT64_MAX;
    }
}

/* One side of one axis, which has `size`. */
static wg_status check_side(wgi_infer *q, int64_t mode, int64_t pad, int64_t size, int32_t axis)
{
    if (pad < 0) {
        return wgi_infer_fail(q, WG_ERR_RANGE, "a pad is negative: %lld (axis %d)", (long long)pad,
                              (int)axis);
    }
    if (pad > most_of(mode, size)) {
        return wgi_infer_fail(q, WG_ERR_RANGE,
                              "a pad of %lld is too large for size %lld in this mode (axis %d)",
                              (long long)pad, (long long)size, (int)axis);
    }
    return WG_OK;
}

static wg_status check_mode(wgi_infer *q, int64_t mode, int64_t first)
{
    if (mode < first || mode > WG_PAD_WRAP) {
        return wgi_infer_fail(q, WG_ERR_ARGUMENT, "%lld is no mode of it", (long long)mode);
    }
    return WG_OK;
}

static wg_status infer_pad(wgi_infer *q)
{
    const wgi_pad_attr *attr = q->attr;
    int64_t dims[WG_MAX_RANK] = {0};
    wg_status status = check_mode(q, attr->mode, WG_PAD_CONSTANT);
    for (int32_t i = 0; i < q->in->rank && status == WG_OK; i++) {
        const int64_t size = q->in->dims[i];
        status = check_side(q, attr->mode, attr->before[i], size, i);
        status = status == WG_OK ? check_side(q, attr->mode, attr->after[i], size, i) : status;
        if (status == WG_OK && (!wgi_dim_add(size, attr->before[i], &dims[i]) ||
                                !wgi_dim_add(dims[i], attr->after[i], &dims[i]))) {
            status = wgi_infer_fail(q, WG_ERR_OVERFLOW, "the result has too many elements");
        }
    }
    return status == WG_OK ? wgi_infer_shape(q, 0, q->in->dtype, q->in->rank, dims) : status;
}

static wg_status infer_backward(wgi_infer *q)
{
    const wgi_border_attr *attr = q->attr;
    const int32_t axis = (int32_t)attr->axis;
    int64_t dims[WG_MAX_RANK] = {0};
    wg_status status = wgi_check_floating(q, 0);
    status = status == WG_OK ? check_mode(q, attr->mode, WG_PAD_REFLECT) : status;
    if (status != WG_OK) {
        return status;
    }
    memcpy(dims, q->in->dims, (size_t)q->in->rank * sizeof *dims);
    const int64_t total = dims[axis];
    const bool fits = attr->before >= 0 && attr->after >= 0 && attr->before <= total &&
                      attr->after <= total - attr->before;
    if (!fits) {
        return wgi_infer_fail(q, WG_ERR_RANGE, "pads of %lld and %lld leave size %lld (axis %d)",
                              (long long)attr->before, (long long)attr->after, (long long)total,
                              (int)axis);
    }
    dims[axis] = total - attr->before - attr->after;
    status = check_side(q, attr->mode, attr->before, dims[axis], axis);
    status = status == WG_OK ? check_side(q, attr->mode, attr->after, dims[axis], axis) : status;
    return status == WG_OK ? wgi_infer_shape(q, 0, q->in->dtype, q->in->rank, dims) : status;
}

/* ---- gradients ---------------------------------------------------------------------------- */

/* The constant border is no part of x. */
static wg_node cut_border(wg_node dy, const wgi_pad_attr *attr, const wgi_view *x)
{
    int64_t end[WG_MAX_RANK] = {0};
    for (int32_t i = 0; i < x->rank; i++) {
        end[i] = attr->before[i] + x->dims[i];
    }
    return wg_strided_slice(dy, attr->before, end, NULL, x->rank);
}

static void gradient_pad(wgi_rule *rule)
{
    const wgi_pad_attr *attr = rule->attr;
    wg_node g = rule->dy[0];
    wgi_view x;
    if (!wgi_view_of(rule->x[0], &x)) {
        return;
    }
    if (attr->mode == WG_PAD_CONSTANT) {
        rule->dx[0] = cut_border(g, attr, &x);
        return;
    }
    for (int32_t i = 0; i < (int32_t)attr->rank; i++) {
        const wgi_border_attr one = {i, attr->mode, attr->before[i], attr->after[i]};
        if (one.before > 0 || one.after > 0) {
            g = wgi_record_unary(WGI_OP_pad_backward, g, &one);
        }
    }
    rule->dx[0] = g;
}

static void gradient_backward(wgi_rule *rule)
{
    const wgi_border_attr *attr = rule->attr;
    int64_t before[WG_MAX_RANK] = {0};
    int64_t after[WG_MAX_RANK] = {0};
    before[attr->axis] = attr->before;
    after[attr->axis] = attr->after;
    rule->dx[0] =
        wg_pad(rule->dy[0], before, after, wg_node_rank(rule->x[0]), (wg_pad_mode)attr->mode, 0.0);
}

/* ---- kernels ------------------------------------------------------------------------------ */

/* The last axis that gets a border, along which rows are pieced together; -1 where none does. */
static int32_t last_padded(const wgi_pad_attr *attr)
{
    int32_t axis = (int32_t)attr->rank - 1;
    while (axis >= 0 && attr->before[axis] == 0 && attr->after[axis] == 0) {
        axis--;
    }
    return axis;
}

/* What a row of the result is made of: `size` pieces of x, and those of the border. */
typedef struct row {
    const char *x; /* the row of x; NULL: all is the value */
    int64_t mode;
    int64_t before;
    int64_t size;
    int64_t total;
    size_t piece;
    const char *value; /* one element */
    size_t element;
} row;

static void put_piece(char *y, const row *r, int64_t i)
{
    const int64_t j = r->x != NULL ? source_of(r->mode, i, r->before, r->size) : -1;
    if (j >= 0) {
        memcpy(y, r->x + (size_t)j * r->piece, r->piece);
        return;
    }
    for (size_t at = 0; at < r->piece; at += r->element) {
        memcpy(y + at, r->value, r->element);
    }
}

static void put_row(char *y, const row *r)
{
    const int64_t inside = r->x != NULL ? r->size : 0;
    for (int64_t i = 0; i < r->before; i++) {
        put_piece(y + (size_t)i * r->piece, r, i);
    }
    if (inside > 0) {
        memcpy(y + (size_t)r->before * r->piece, r->x, (size_t)inside * r->piece);
    }
    for (int64_t i = r->before + inside; i < r->total; i++) {
        put_piece(y + (size_t)i * r->piece, r, i);
    }
}

/* The number of x's row under the walk's index; -1 where that lies in a constant border. */
static int64_t row_under(const wgi_walk *walk, const wgi_pad_attr *attr, const wgi_view *x)
{
    int64_t at = 0;
    for (int32_t i = 0; i < walk->rank; i++) {
        const int64_t j = source_of(attr->mode, walk->index[i], attr->before[i], x->dims[i]);
        if (j < 0) {
            return -1;
        }
        at = at * x->dims[i] + j;
    }
    return at;
}

/* The rows along `axis`. */
static void pad_rows(const wgi_args *args, int32_t axis, row r)
{
    const wgi_pad_attr *attr = args->attr;
    const wgi_block from = wgi_block_around(args->in, axis);
    const wgi_block to = wgi_block_around(args->out, axis);
    wgi_walk walk = wgi_walk_over(axis, args->out->dims);
    char *y = args->out->data;
    r.before = attr->before[axis];
    r.size = from.size;
    r.total = to.size;
    r.piece = (size_t)to.inner * r.element;
    for (int64_t o = 0; o < to.outer; o++) {
        const int64_t at = row_under(&walk, attr, args->in);
        const char *x = args->in->data;
        r.x = at >= 0 && from.size > 0 ? x + (size_t)(at * from.size) * r.piece : NULL;
        put_row(y, &r);
        y += (size_t)r.total * r.piece;
        wgi_walk_step(&walk);
    }
}

static wg_status run(const wgi_args *args)
{
    const wgi_pad_attr *attr = args->attr;
    const int32_t axis = last_padded(attr);
    char value[16];
    if (axis < 0) {
        wgi_copy_all(args);
        return WG_OK;
    }
    wgi_store_double(args->out->dtype, value, 0, args->numbers[0]);
    if (args->out->count > 0) {
        pad_rows(args, axis,
                 (row){.mode = attr->mode,
                       .value = value,
                       .element = wg_dtype_size((wg_dtype)args->out->dtype)});
    }
    return WG_OK;
}

#define WGI_KERNEL_FILE "ops/pad.c"
#include "ops/for_each_real.h"

/* ---- samples ------------------------------------------------------------------------------ */

#define PADS(...)                                                                                  \
    (const int64_t[])                                                                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

WGI_BUILD(zeros_1, wg_pad(in[0], PADS(1), PADS(2), 1, WG_PAD_CONSTANT, 0.0))
WGI_BUILD(halves_2, wg_pad(in[0], PADS(1, 0), PADS(0, 2), 2, WG_PAD_CONSTANT, -0.5))
WGI_BUILD(ones_3, wg_pad(in[0], PADS(1, 2, 0), PADS(1, 0, 0), 3, WG_PAD_CONSTANT, 1.0))
WGI_BUILD(none_2, wg_pad(in[0], PADS(0, 0), PADS(0, 0), 2, WG_PAD_CONSTANT, 1.0))
WGI_BUILD(none_0, wg_pad(in[0], NULL, NULL, 0, WG_PAD_EDGE, 0.0))
WGI_BUILD(none_1, wg_pad(in[0], PADS(0), PADS(0), 1, WG_PAD_REFLECT, 0.0))
WGI_BUILD(reflect_1, wg_pad(in[0], PADS(2), PADS(1), 1, WG_PAD_REFLECT, 0.0))
WGI_BUILD(reflect_2, wg_pad(in[0], PADS(1, 2), PADS(1, 2), 2, WG_PAD_REFLECT, 0.0))
WGI_BUILD(edge_1, wg_pad(in[0], PADS(3), PADS(2), 1, WG_PAD_EDGE, 0.0))
WGI_BUILD(edge_3, wg_pad(in[0], PADS(1, 0, 2), PADS(0, 2, 1), 3, WG_PAD_EDGE, 0.0))
WGI_BUILD(edge_outer, wg_pad(in[0], PADS(1, 0), PADS(2, 0), 2, WG_PAD_EDGE, 0.0))
WGI_BUILD(wrap_1, wg_pad(in[0], PADS(2), PADS(3), 1, WG_PAD_WRAP, 0.0))
WGI_BUILD(wrap_2, wg_pad(in[0], PADS(1, 2), PADS(2, 1), 2, WG_PAD_WRAP, 0.0))
WGI_BUILD(minus_1, wg_pad(in[0], PADS(0), PADS(-1), 1, WG_PAD_CONSTANT, 0.0))
WGI_BUILD(huge, wg_pad(in[0], PADS(INT64_MAX), PADS(1), 1, WG_PAD_EDGE, 0.0))
WGI_BUILD(no_mode, wg_pad(in[0], PADS(1), PADS(1), 1, (wg_pad_mode)4, 0.0))
WGI_BUILD(no_before, wg_pad(in[0], NULL, PADS(1), 1, WG_PAD_EDGE, 0.0))
WGI_BUILD(no_after, wg_pad(in[0], PADS(1), NULL, 1, WG_PAD_EDGE, 0.0))

static const wgi_sample samples[] = {
    WGI_GOOD("zeros", zeros_1, 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD("a value", halves_2, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("outer axes", ones_3, 1, WGI_IN_3(2, 1, 3, WGI_NORMAL)),
    WGI_GOOD("nothing", none_2, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("rank 0", none_0, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("reflect", reflect_1, 1, WGI_IN_1(4, WGI_NORMAL)),
    WGI_GOOD("reflect all", reflect_2, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("reflect nothing", none_1, 1, WGI_IN_1(0, WGI_NORMAL)),
    WGI_GOOD("edge", edge_1, 1, WGI_IN_1(4, WGI_NORMAL)),
    WGI_GOOD("edge, size 1", edge_1, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("edge, three axes", edge_3, 1, WGI_IN_3(2, 3, 2, WGI_NORMAL)),
    WGI_GOOD("edge, rows", edge_outer, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("wrap", wrap_1, 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD("wrap all", wrap_2, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("around size 0", zeros_1, 1, WGI_IN_1(0, WGI_NORMAL)),
    WGI_GOOD("rows of size 0", edge_outer, 1, WGI_IN_2(2, 0, WGI_NORMAL)),
    WGI_GOOD("columns around no row", halves_2, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
    WGI_GOOD("i64", zeros_1, 1, WGI_IN_TYPED(3, WG_I64, 9)),
    WGI_GOOD("bool", edge_1, 1, WGI_IN_TYPED(3, WG_BOOL, 2)),
    WGI_GOOD("u8", wrap_1, 1, WGI_IN_TYPED(3, WG_U8, 9)),
};

static const wgi_sample bad[] = {
    WGI_BAD("negative", minus_1, WG_ERR_RANGE, "pad: a pad is negative: -1 (axis 0)", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("reflect too far", reflect_1, WG_ERR_RANGE,
            "pad: a pad of 2 is too large for size 2 in this mode (axis 0)", 1,
            WGI_IN_1(2, WGI_NORMAL)),
    WGI_BAD("wrap too far", wrap_1, WG_ERR_RANGE,
            "pad: a pad of 3 is too large for size 2 in this mode (axis 0)", 1,
            WGI_IN_1(2, WGI_NORMAL)),
    WGI_BAD("edge of nothing", edge_1, WG_ERR_RANGE,
            "pad: a pad of 3 is too large for size 0 in this mode (axis 0)", 1,
            WGI_IN_1(0, WGI_NORMAL)),
    WGI_BAD("too few", edge_1, WG_ERR_SHAPE, "pad: needs one pad for each axis: 1 for rank 2 (x)",
            1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_BAD("huge", huge, WG_ERR_OVERFLOW, "pad: the result has too many elements", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("mode", no_mode, WG_ERR_ARGUMENT, "pad: 4 is no mode of it", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("no before", no_before, WG_ERR_ARGUMENT, "pad: before is NULL but n is 1", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("no after", no_after, WG_ERR_ARGUMENT, "pad: after is NULL but n is 1", 1,
            WGI_IN_1(3, WGI_NORMAL)),
};

static wg_node record_back(wg_node dy, int64_t axis, int64_t mode, int64_t before, int64_t after)
{
    const wgi_border_attr attr = {axis, mode, before, after};
    return wgi_record_unary(WGI_OP_pad_backward, dy, &attr);
}

WGI_BUILD(back_reflect, record_back(in[0], 0, WG_PAD_REFLECT, 2, 1))
WGI_BUILD(back_reflect_all, record_back(in[0], 1, WG_PAD_REFLECT, 1, 1))
WGI_BUILD(back_edge, record_back(in[0], 0, WG_PAD_EDGE, 2, 3))
WGI_BUILD(back_wrap, record_back(in[0], 1, WG_PAD_WRAP, 2, 1))
WGI_BUILD(back_constant, record_back(in[0], 0, WG_PAD_CONSTANT, 1, 1))
WGI_BUILD(back_too_much, record_back(in[0], 0, WG_PAD_WRAP, 2, INT64_MAX))

static const wgi_sample samples_backward[] = {
    WGI_GOOD("reflect", back_reflect, 1, WGI_IN_2(6, 2, WGI_NORMAL)),
    WGI_GOOD("reflect to two", back_reflect_all, 1, WGI_IN_3(2, 4, 2, WGI_NORMAL)),
    WGI_GOOD("edge", back_edge, 1, WGI_IN_2(7, 2, WGI_NORMAL)),
    WGI_GOOD("edge to one", back_edge, 1, WGI_IN_1(6, WGI_NORMAL)),
    WGI_GOOD("wrap", back_wrap, 1, WGI_IN_3(2, 5, 2, WGI_NORMAL)),
    WGI_GOOD("size 0", back_edge, 1, WGI_IN_2(6, 0, WGI_NORMAL)),
};

static const wgi_sample bad_backward[] = {
    WGI_BAD("integers", back_edge, WG_ERR_DTYPE, "pad_backward: needs a floating dtype: i64 (dy)",
            1, WGI_IN_TYPED(6, WG_I64, 9)),
    WGI_BAD("constant", back_constant, WG_ERR_ARGUMENT, "pad_backward: 0 is no mode of it", 1,
            WGI_IN_1(4, WGI_NORMAL)),
    WGI_BAD("too much", back_too_much, WG_ERR_RANGE,
            "pad_backward: pads of 2 and 9223372036854775807 leave size 4 (axis 0)", 1,
            WGI_IN_1(4, WGI_NORMAL)),
    WGI_BAD("of nothing", back_edge, WG_ERR_RANGE,
            "pad_backward: a pad of 2 is too large for size 0 in this mode (axis 0)", 1,
            WGI_IN_1(5, WGI_NORMAL)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute attributes[] = {
    {.name = "before", .kind = WGI_ATTR_DIMS, .place = WGI_AT_I64_LIST(wgi_pad_attr, rank, before)},
    {.name = "after", .kind = WGI_ATTR_DIMS, .place = WGI_AT_I64_LIST(wgi_pad_attr, rank, after)},
    {.name = "mode",
     .kind = WGI_ATTR_CHOICE,
     .range = "constant|reflect|edge|wrap",
     .is_optional = true,
     .place = WGI_AT_I64(wgi_pad_attr, mode)},
    {.name = "value", .kind = WGI_ATTR_REAL, .is_optional = true, .place = WGI_AT_NUMBER(0)},
};

static wg_node call(const wgi_call *c)
{
    wg_node failed;
    return wgi_call_pairs(c, 0, 1, &failed)
               ? wg_pad(wgi_call_in(c, 0), wgi_call_list(c, 0), wgi_call_list(c, 1),
                        wgi_call_length(c, 0), (wg_pad_mode)wgi_call_int(c, 2), wgi_call_real(c, 3))
               : failed;
}

const wgi_op wgi_op_pad = {
    .name = "pad",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .n_numbers = 1,
    .attr_bytes = sizeof(wgi_pad_attr),
    .operands = {"x"},
    .infer = infer_pad,
    .gradient = gradient_pad,
    .reference = {WGI_ANY_DTYPE(run)},
    .call = call,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples, bad),
};

static const wgi_attribute attributes_backward[] = {
    {.name = "axis", .kind = WGI_ATTR_AXIS, .place = WGI_AT_I64(wgi_border_attr, axis)},
    {.name = "mode",
     .kind = WGI_ATTR_CHOICE,
     .range = "constant|reflect|edge|wrap",
     .place = WGI_AT_I64(wgi_border_attr, mode)},
    {.name = "before", .kind = WGI_ATTR_INTEGER, .place = WGI_AT_I64(wgi_border_attr, before)},
    {.name = "after", .kind = WGI_ATTR_INTEGER, .place = WGI_AT_I64(wgi_border_attr, after)},
};

static wg_node call_backward(const wgi_call *c)
{
    wgi_border_attr attr = {0, wgi_call_int(c, 1), wgi_call_integer(c, 2), wgi_call_integer(c, 3)};
    const wg_node dy = wgi_call_in(c, 0);
    const wgi_draft draft = {.op = WGI_OP_pad_backward, .n_in = 1, .in = &dy, .attr = &attr};
    wg_node failed;
    return wgi_take_axis(&draft, dy, wgi_call_int(c, 0), &attr.axis, &failed) ? wgi_record(&draft)
                                                                              : failed;
}

const wgi_op wgi_op_pad_backward = {
    .name = "pad_backward",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_border_attr),
    .operands = {"dy"},
    .infer = infer_backward,
    .gradient = gradient_backward,
    .reference = {WGI_REALS(pad_backward)},
    .call = call_backward,
    WGI_ATTRIBUTES(attributes_backward),
    WGI_SAMPLES(samples_backward, bad_backward),
};

#endif
