/* take_along_axis: one element for each index, along an axis; add_along_axis: its adjoint.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: no index is used before it was found inside [0, size); additions are made in the order
 * of the indices, so that the bits are a function of the operands. */
#if defined(WGI_REAL_PASS)

static wg_status K(add_along_axis)(const wgi_args *args)
{
    const wgi_along_attr *attr = args->attr;
    const int64_t *indices = args->in[1].data;
    const real *dy = args->in[0].data;
    real *y = args->out[0].data;
    const wg_status status = wgi_check_indices(args, args->out->dims[attr->axis]);
    if (status != WG_OK) {
        return status;
    }
    for (int64_t e = 0; e < args->out->count; e++) {
        y[e] = 0;
    }
    lines l = lines_of(&args->in[1], args->out, attr->axis);
    for (int64_t e = 0; e < args->in[1].count; e += l.length) {
        for (int64_t j = 0; j < l.length; j++) {
            y[l.walk.offset[0] + j * l.stride + indices[e + j] * l.step] += dy[e + j];
        }
        wgi_walk_step_row(&l.walk);
    }
    return WG_OK;
}

#else

#include <string.h>

#include "ops/call.h"
#include "ops/gather.h"
#include "ops/iterate.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

/* The lines of the indices along their last axis. Under index j of a line stands, in `whole`, the
 * line to pick from that begins at the walk's offset + j * stride and whose elements lie `step`
 * apart. */
typedef struct lines {
    wgi_walk walk;
    int64_t length;
    int64_t stride;
    int64_t step;
} lines;

static lines lines_of(const wgi_view *indices, const wgi_view *whole, int64_t axis)
{
    lines l = {.walk = {.n = 1}, .step = wgi_block_around(whole, axis).inner};
    for (int32_t i = 0; i < indices->rank; i++) {
        wgi_walk_axis(&l.walk, indices->dims[i], i == axis ? 0 : wgi_block_around(whole, i).inner);
    }
    l.length = wgi_walk_row(&l.walk);
    l.stride = wgi_walk_row_stride(&l.walk, 0);
    return l;
}

/* indices: of x's rank and, but along the axis, at most of its sizes. */
static wg_status check_sizes(wgi_infer *q, const char *name, int32_t rank, const int64_t *dims,
                             int64_t axis)
{
    const wgi_view *indices = &q->in[1];
    if (indices->rank != rank) {
        return wgi_infer_fail(q, WG_ERR_SHAPE, "ranks differ: %d (%s) vs %d (indices)", (int)rank,
                              name, (int)indices->rank);
    }
    for (int32_t i = 0; i < rank; i++) {
        if (i != axis && indices->dims[i] > dims[i]) {
            return wgi_infer_fail(q, WG_ERR_SHAPE, "%lld indices for size %lld (%s, axis %d)",
                                  (long long)indices->dims[i], (long long)dims[i], name, (int)i);
        }
    }
    return WG_OK;
}

/* ---- take_along_axis ---------------------------------------------------------------------- */

wg_node wg_take_along_axis(wg_node x, wg_node indices, int32_t axis)
{
    const wg_node in[] = {x, indices};
    wgi_axis_attr attr = {0};
    const wgi_draft draft = {.op = WGI_OP_take_along_axis, .n_in = 2, .in = in, .attr = &attr};
    wg_node failed;
    return wgi_take_axis(&draft, x, axis, &attr.axis, &failed) ? wgi_record(&draft) : failed;
}

static wg_status infer_take(wgi_infer *q)
{
    const wgi_axis_attr *attr = q->attr;
    wg_status status = wgi_infer_indices(q, 1);
    if (status == WG_OK) {
        status = check_sizes(q, "x", q->in[0].rank, q->in[0].dims, attr->axis);
    }
    return status == WG_OK ? wgi_infer_shape(q, 0, q->in[0].dtype, q->in[1].rank, q->in[1].dims)
                           : status;
}

static void gradient_take(wgi_rule *rule)
{
    const wgi_axis_attr *attr = rule->attr;
    if (rule->wants[0]) {
        rule->dx[0] = wgi_take_back(rule->dy[0], rule->x[1], (int32_t)attr->axis, rule->x[0]);
    }
}

/* One line; the constant sizes let the compiler make plain loads and stores of the copies. */
static void take_line(char *y, const char *x, const int64_t *indices, const lines *l, size_t size)
{
    for (int64_t j = 0; j < l->length; j++) {
        const int64_t at = j * l->stride + indices[j] * l->step;
        if (size == 4) {
            memcpy(y + j * 4, x + at * 4, 4);
        } else if (size == 8) {
            memcpy(y + j * 8, x + at * 8, 8);
        } else {
            memcpy(y + (size_t)j * size, x + (size_t)at * size, size);
        }
    }
}

static wg_status run_take(const wgi_args *args)
{
    const wgi_axis_attr *attr = args->attr;
    const int64_t *indices = args->in[1].data;
    const size_t size = wg_dtype_size((wg_dtype)args->out->dtype);
    const wg_status status = wgi_check_indices(args, args->in[0].dims[attr->axis]);
    if (status != WG_OK) {
        return status;
    }
    lines l = lines_of(&args->in[1], &args->in[0], attr->axis);
    for (int64_t e = 0; e < args->in[1].count; e += l.length) {
        take_line((char *)args->out->data + (size_t)e * size,
                  (const char *)args->in[0].data + (size_t)l.walk.offset[0] * size, indices + e, &l,
                  size);
        wgi_walk_step_row(&l.walk);
    }
    return WG_OK;
}

/* ---- add_along_axis ----------------------------------------------------------------------- */

wg_node wg_add_along_axis(wg_node dy, wg_node indices, int32_t axis, int32_t rank,
                          const int64_t *dims)
{
    const wg_node in[] = {dy, indices};
    wgi_along_attr attr = {.rank = rank};
    const wgi_draft draft = {.op = WGI_OP_add_along_axis, .n_in = 2, .in = in, .attr = &attr};
    wg_node failed;
    if (!wgi_take_shape(&draft, rank, dims, attr.dims, &failed)) {
        return failed;
    }
    attr.axis = wgi_axis(axis, rank);
    if (attr.axis < 0) {
        return wgi_refuse(&draft, WG_ERR_RANGE, NULL,
                          "axis %d is out of range for rank %d (result)", (int)axis, (int)rank);
    }
    return wgi_record(&draft);
}

wg_node wgi_take_back(wg_node dy, wg_node indices, int32_t axis, wg_node x)
{
    wgi_view view;
    return wgi_view_of(x, &view) ? wg_add_along_axis(dy, indices, axis, view.rank, view.dims) : x;
}

static wg_status infer_add(wgi_infer *q)
{
    const wgi_along_attr *attr = q->attr;
    const int32_t rank = (int32_t)attr->rank;
    wg_status status = wgi_check_floating(q, 0);
    status = status == WG_OK ? wgi_infer_indices(q, 1) : status;
    status = status == WG_OK ? wgi_infer_shape(q, 0, q->in[0].dtype, rank, attr->dims) : status;
    if (status != WG_OK) {
        return status;
    }
    if (!wgi_same_shape(q->in[0].rank, q->in[0].dims, q->in[1].rank, q->in[1].dims)) {
        char dy[WGI_SHAPE_TEXT];
        char indices[WGI_SHAPE_TEXT];
        return wgi_infer_fail(
            q, WG_ERR_SHAPE, "shapes differ: %s (dy) vs %s (indices)",
            wgi_shape_text(q->in[0].rank, q->in[0].dims, dy, sizeof dy),
            wgi_shape_text(q->in[1].rank, q->in[1].dims, indices, sizeof indices));
    }
    return check_sizes(q, "result", rank, attr->dims, attr->axis);
}

static void gradient_add(wgi_rule *rule)
{
    const wgi_along_attr *attr = rule->attr;
    if (rule->wants[0]) {
        rule->dx[0] = wg_take_along_axis(rule->dy[0], rule->x[1], (int32_t)attr->axis);
    }
}

#define WGI_KERNEL_FILE "ops/take_along_axis.c"
#include "ops/for_each_real.h"

/* ---- samples ------------------------------------------------------------------------------ */

#define IN_INDEX_2(i, j, below)                                                                    \
    {                                                                                              \
        .rank = 2, .dims = {(i), (j)}, .fill = WGI_INDEX, .dtype = WG_I64, .limit = (below)        \
    }
#define IN_INDEX_3(i, j, k, below)                                                                 \
    {                                                                                              \
        .rank = 3, .dims = {(i), (j), (k)}, .fill = WGI_INDEX, .dtype = WG_I64, .limit = (below)   \
    }
#define DIMS(...)                                                                                  \
    (const int64_t[])                                                                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static wg_node two(wg_graph *g, const int64_t *indices)
{
    return wg_constant(g, WG_I64, 1, DIMS(2), indices);
}

WGI_BUILD(take_0, wg_take_along_axis(in[0], in[1], 0))
WGI_BUILD(take_1, wg_take_along_axis(in[0], in[1], 1))
WGI_BUILD(take_last, wg_take_along_axis(in[0], in[1], -1))
WGI_BUILD(take_itself, wg_cast(wg_take_along_axis(in[0], in[0], 0), dtype))
WGI_BUILD(take_high, wg_take_along_axis(in[0], two(g, DIMS(2, 3)), 0))
WGI_BUILD(take_negative, wg_take_along_axis(in[0], two(g, DIMS(0, -1)), 0))
WGI_BUILD(add_to_4, wg_add_along_axis(in[0], in[1], 0, 1, DIMS(4)))
WGI_BUILD(add_to_3_4, wg_add_along_axis(in[0], in[1], 1, 2, DIMS(3, 4)))
WGI_BUILD(add_to_4_3, wg_add_along_axis(in[0], in[1], -2, 2, DIMS(4, 3)))
WGI_BUILD(add_to_0_3, wg_add_along_axis(in[0], in[1], 0, 2, DIMS(0, 3)))
WGI_BUILD(add_to_2_4_3, wg_add_along_axis(in[0], in[1], 1, 3, DIMS(2, 4, 3)))
WGI_BUILD(add_no_axis, wg_add_along_axis(in[0], in[1], 1, 1, DIMS(4)))
WGI_BUILD(add_no_dims, wg_add_along_axis(in[0], in[1], 0, 1, NULL))
WGI_BUILD(add_negative, wg_add_along_axis(in[0], in[1], 0, 1, DIMS(-1)))
WGI_BUILD(add_high, wg_add_along_axis(in[0], two(g, DIMS(0, 4)), 0, 1, DIMS(4)))

static const wgi_sample samples_take[] = {
    WGI_GOOD("vector", take_0, 2, WGI_IN_1(4, WGI_NORMAL), WGI_IN_TYPED(6, WG_I64, 4)),
    WGI_GOOD("rows", take_0, 2, WGI_IN_2(4, 3, WGI_NORMAL), IN_INDEX_2(2, 3, 4)),
    WGI_GOOD("columns", take_1, 2, WGI_IN_2(3, 4, WGI_NORMAL), IN_INDEX_2(3, 5, 4)),
    WGI_GOOD("middle axis", take_1, 2, WGI_IN_3(2, 4, 3, WGI_NORMAL), IN_INDEX_3(2, 2, 3, 4)),
    WGI_GOOD("smaller elsewhere", take_last, 2, WGI_IN_3(3, 2, 4, WGI_NORMAL),
             IN_INDEX_3(2, 1, 3, 4)),
    WGI_GOOD("size 1", take_0, 2, WGI_IN_1(1, WGI_NORMAL), WGI_IN_TYPED(3, WG_I64, 1)),
    WGI_GOOD("no index", take_0, 2, WGI_IN_2(3, 2, WGI_NORMAL), IN_INDEX_2(0, 2, 3)),
    WGI_GOOD("no column", take_0, 2, WGI_IN_2(3, 0, WGI_NORMAL), IN_INDEX_2(2, 0, 3)),
    WGI_GOOD("x is the indices", take_itself, 1, WGI_IN_TYPED(4, WG_I64, 4)),
};

static const wgi_sample bad_take[] = {
    WGI_BAD("floating indices", take_0, WG_ERR_DTYPE,
            "take_along_axis: indices must be i64: f32 (indices)", 2, WGI_IN_1(3, WGI_NORMAL),
            {.rank = 1, .dims = {2}, .dtype = WG_F32}),
    WGI_BAD("axis", take_1, WG_ERR_RANGE, "take_along_axis: axis 1 is out of range for rank 1 (x)",
            2, WGI_IN_1(3, WGI_NORMAL), WGI_IN_TYPED(2, WG_I64, 3)),
    WGI_BAD("ranks", take_0, WG_ERR_SHAPE, "take_along_axis: ranks differ: 2 (x) vs 1 (indices)", 2,
            WGI_IN_2(3, 2, WGI_NORMAL), WGI_IN_TYPED(2, WG_I64, 3)),
    WGI_BAD("larger", take_0, WG_ERR_SHAPE, "take_along_axis: 3 indices for size 2 (x, axis 1)", 2,
            WGI_IN_2(3, 2, WGI_NORMAL), IN_INDEX_2(3, 3, 3)),
    WGI_BAD("index too high", take_high, WG_ERR_RANGE,
            "take_along_axis: index 3 at 1 is outside [0, 3)", 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("negative index", take_negative, WG_ERR_RANGE,
            "take_along_axis: index -1 at 1 is outside [0, 3)", 1, WGI_IN_1(3, WGI_NORMAL)),
};

static const wgi_sample samples_add[] = {
    WGI_GOOD("vector", add_to_4, 2, WGI_IN_1(6, WGI_NORMAL), WGI_IN_TYPED(6, WG_I64, 4)),
    WGI_GOOD("columns", add_to_3_4, 2, WGI_IN_2(3, 2, WGI_NORMAL), IN_INDEX_2(3, 2, 4)),
    WGI_GOOD("rows", add_to_4_3, 2, WGI_IN_2(5, 3, WGI_NORMAL), IN_INDEX_2(5, 3, 4)),
    WGI_GOOD("middle axis, smaller elsewhere", add_to_2_4_3, 2, WGI_IN_3(2, 3, 2, WGI_NORMAL),
             IN_INDEX_3(2, 3, 2, 4)),
    WGI_GOOD("size 1", add_to_4, 2, WGI_IN_1(1, WGI_NORMAL), WGI_IN_TYPED(1, WG_I64, 4)),
    WGI_GOOD("no index", add_to_4_3, 2, WGI_IN_2(0, 3, WGI_NORMAL), IN_INDEX_2(0, 3, 4)),
    WGI_GOOD("no place", add_to_0_3, 2, WGI_IN_2(0, 3, WGI_NORMAL), IN_INDEX_2(0, 3, 1)),
};

static const wgi_sample bad_add[] = {
    WGI_BAD("integers", add_to_4, WG_ERR_DTYPE, "add_along_axis: needs a floating dtype: i64 (dy)",
            2, WGI_IN_TYPED(2, WG_I64, 9), WGI_IN_TYPED(2, WG_I64, 4)),
    WGI_BAD("floating indices", add_to_4, WG_ERR_DTYPE,
            "add_along_axis: indices must be i64: f64 (indices)", 2, WGI_IN_1(2, WGI_NORMAL),
            {.rank = 1, .dims = {2}, .dtype = WG_F64}),
    WGI_BAD("shapes", add_to_4, WG_ERR_SHAPE,
            "add_along_axis: shapes differ: [3] (dy) vs [2] (indices)", 2, WGI_IN_1(3, WGI_NORMAL),
            WGI_IN_TYPED(2, WG_I64, 4)),
    WGI_BAD("ranks", add_to_3_4, WG_ERR_SHAPE,
            "add_along_axis: ranks differ: 2 (result) vs 1 (indices)", 2, WGI_IN_1(2, WGI_NORMAL),
            WGI_IN_TYPED(2, WG_I64, 4)),
    WGI_BAD("larger", add_to_4_3, WG_ERR_SHAPE,
            "add_along_axis: 4 indices for size 3 (result, axis 1)", 2, WGI_IN_2(2, 4, WGI_NORMAL),
            IN_INDEX_2(2, 4, 4)),
    WGI_BAD("axis", add_no_axis, WG_ERR_RANGE,
            "add_along_axis: axis 1 is out of range for rank 1 (result)", 2,
            WGI_IN_1(2, WGI_NORMAL), WGI_IN_TYPED(2, WG_I64, 4)),
    WGI_BAD("no dims", add_no_dims, WG_ERR_ARGUMENT, "add_along_axis: dims is NULL but rank is 1",
            2, WGI_IN_1(2, WGI_NORMAL), WGI_IN_TYPED(2, WG_I64, 4)),
    WGI_BAD("negative size", add_negative, WG_ERR_RANGE,
            "add_along_axis: size -1 of the result is negative (axis 0)", 2,
            WGI_IN_1(2, WGI_NORMAL), WGI_IN_TYPED(2, WG_I64, 4)),
    WGI_BAD("index too high", add_high, WG_ERR_RANGE,
            "add_along_axis: index 4 at 1 is outside [0, 4)", 1, WGI_IN_1(2, WGI_NORMAL)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute attributes_take[] = {
    {.name = "axis", .kind = WGI_ATTR_AXIS, .place = WGI_AT_I64(wgi_axis_attr, axis)},
};

WGI_CALL(call_take, wg_take_along_axis(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_int(c, 0)))

const wgi_op wgi_op_take_along_axis = {
    .name = "take_along_axis",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_axis_attr),
    .operands = {"x", "indices"},
    .infer = infer_take,
    .gradient = gradient_take,
    .reference = {WGI_ANY_DTYPE(run_take)},
    .call = call_take,
    WGI_ATTRIBUTES(attributes_take),
    WGI_SAMPLES(samples_take, bad_take),
};

static const wgi_attribute attributes_add[] = {
    {.name = "axis", .kind = WGI_ATTR_AXIS, .place = WGI_AT_I64(wgi_along_attr, axis)},
    {.name = "dims", .kind = WGI_ATTR_DIMS, .place = WGI_AT_I64_LIST(wgi_along_attr, rank, dims)},
};

WGI_CALL(call_add, wg_add_along_axis(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_int(c, 0),
                                     wgi_call_length(c, 1), wgi_call_list(c, 1)))

const wgi_op wgi_op_add_along_axis = {
    .name = "add_along_axis",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_along_attr),
    .operands = {"dy", "indices"},
    .infer = infer_add,
    .gradient = gradient_add,
    .reference = {WGI_REALS(add_along_axis)},
    .call = call_add,
    WGI_ATTRIBUTES(attributes_add),
    WGI_SAMPLES(samples_add, bad_add),
};

#endif
