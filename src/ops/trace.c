/* trace, and the diagonals of two axes that it and einsum read.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: both ops walk over the tensor that has the two axes, first < second, along its other
 * axes and then along the diagonal. */
#include <string.h>

#include "ops/call.h"
#include "ops/contract.h"
#include "ops/iterate.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static wgi_walk walk_of(const wgi_view *x, const wgi_diagonal_attr *attr)
{
    wgi_walk walk = {.n = 1};
    for (int32_t i = 0; i < x->rank; i++) {
        if (i != attr->first && i != attr->second) {
            wgi_walk_axis(&walk, x->dims[i], wgi_block_around(x, i).inner);
        }
    }
    const int64_t step =
        wgi_block_around(x, attr->first).inner + wgi_block_around(x, attr->second).inner;
    wgi_walk_axis(&walk, lesser(attr->rows, attr->columns), step);
    wgi_walk_fold(&walk);
    return walk;
}

static wg_status run_diagonal(const wgi_args *args)
{
    if (args->out->count > 0) {
        wgi_walk walk = walk_of(args->in, args->attr);
        wgi_copy_walked(args, &walk, wg_dtype_size((wg_dtype)args->out->dtype));
    }
    return WG_OK;
}

static wg_status run_diagonal_back(const wgi_args *args)
{
    const size_t size = wg_dtype_size((wg_dtype)args->out->dtype);
    if (args->out->count > 0) {
        memset(args->out->data, 0, (size_t)args->out->count * size);
    }
    if (args->in->count == 0) {
        return WG_OK;
    }
    wgi_walk walk = walk_of(args->out, args->attr);
    for (int64_t i = 0; i < args->in->count; i++) {
        memcpy((char *)args->out->data + (size_t)walk.offset[0] * size,
               (const char *)args->in->data + (size_t)i * size, size);
        wgi_walk_step(&walk);
    }
    return WG_OK;
}

/* ---- shape rules and gradients ------------------------------------------------------------- */

wg_node wgi_diagonal(wg_node x, int32_t first, int32_t second)
{
    const wgi_diagonal_attr attr = {first, second, wg_node_dim(x, first), wg_node_dim(x, second)};
    return wgi_record_unary(WGI_OP_einsum_diagonal, x, &attr);
}

static wg_status infer_diagonal(wgi_infer *q)
{
    const wgi_diagonal_attr *attr = q->attr;
    int64_t dims[WG_MAX_RANK] = {0};
    int32_t rank = 0;
    for (int32_t i = 0; i < q->in->rank; i++) {
        if (i != attr->first && i != attr->second) {
            dims[rank++] = q->in->dims[i];
        }
    }
    dims[rank++] = lesser(attr->rows, attr->columns);
    return wgi_infer_shape(q, 0, q->in->dtype, rank, dims);
}

static wg_status infer_diagonal_back(wgi_infer *q)
{
    const wgi_diagonal_attr *attr = q->attr;
    const wgi_view *dy = q->in;
    int64_t dims[WG_MAX_RANK + 1] = {0};
    int32_t taken = 0;
    if (dy->dims[dy->rank - 1] != lesser(attr->rows, attr->columns)) {
        return wgi_infer_fail(q, WG_ERR_SHAPE, "no diagonal of [%lld, %lld] has size %lld (dy)",
                              (long long)attr->rows, (long long)attr->columns,
                              (long long)dy->dims[dy->rank - 1]);
    }
    for (int32_t i = 0; i < dy->rank + 1; i++) {
        if (i == attr->first || i == attr->second) {
            dims[i] = i == attr->first ? attr->rows : attr->columns;
        } else {
            dims[i] = dy->dims[taken++];
        }
    }
    return wgi_infer_shape(q, 0, dy->dtype, dy->rank + 1, dims);
}

static void gradient_diagonal(wgi_rule *rule)
{
    const wgi_diagonal_attr attr = *(const wgi_diagonal_attr *)rule->attr;
    rule->dx[0] = wgi_record_unary(WGI_OP_einsum_diagonal_back, rule->dy[0], &attr);
}

static void gradient_diagonal_back(wgi_rule *rule)
{
    const wgi_diagonal_attr attr = *(const wgi_diagonal_attr *)rule->attr;
    rule->dx[0] = wgi_record_unary(WGI_OP_einsum_diagonal, rule->dy[0], &attr);
}

/* ---- rows --------------------------------------------------------------------------------- */

static wg_node back(wg_node dy, int64_t first, int64_t second, int64_t rows, int64_t columns)
{
    const wgi_diagonal_attr attr = {first, second, rows, columns};
    return wgi_record_unary(WGI_OP_einsum_diagonal_back, dy, &attr);
}

WGI_BUILD(of_0_1, wgi_diagonal(in[0], 0, 1))
WGI_BUILD(of_0_2, wgi_diagonal(in[0], 0, 2))
WGI_BUILD(to_0_1, back(in[0], 0, 1, 3, 3))
WGI_BUILD(to_0_2, back(in[0], 0, 2, 3, 4))
WGI_BUILD(to_0_1_empty, back(in[0], 0, 1, 0, 2))

static const wgi_sample samples_diagonal[] = {
    WGI_GOOD("square", of_0_1, 1, WGI_IN_2(3, 3, WGI_NORMAL)),
    WGI_GOOD("wide", of_0_1, 1, WGI_IN_2(2, 4, WGI_NORMAL)),
    WGI_GOOD("around an axis", of_0_2, 1, WGI_IN_3(3, 2, 3, WGI_NORMAL)),
    WGI_GOOD("of blocks", of_0_1, 1, WGI_IN_3(3, 3, 2, WGI_NORMAL)),
    WGI_GOOD("size 1", of_0_1, 1, WGI_IN_2(1, 1, WGI_NORMAL)),
    WGI_GOOD("size 0", of_0_1, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
    WGI_GOOD("bool", of_0_1, 1, {.rank = 2, .dims = {2, 2}, .fill = WGI_BOOLS, .dtype = WG_BOOL}),
};

static const wgi_sample samples_diagonal_back[] = {
    WGI_GOOD("square", to_0_1, 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD("around an axis", to_0_2, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("size 0", to_0_1_empty, 1, WGI_IN_1(0, WGI_NORMAL)),
};

static const wgi_attribute attributes[] = {
    {.name = "first", .kind = WGI_ATTR_INTEGER, .place = WGI_AT_I64(wgi_diagonal_attr, first)},
    {.name = "second", .kind = WGI_ATTR_INTEGER, .place = WGI_AT_I64(wgi_diagonal_attr, second)},
    {.name = "rows", .kind = WGI_ATTR_INTEGER, .place = WGI_AT_I64(wgi_diagonal_attr, rows)},
    {.name = "columns", .kind = WGI_ATTR_INTEGER, .place = WGI_AT_I64(wgi_diagonal_attr, columns)},
};

/* Of the tensor with the two axes, whose rank is that of the operand and `more`. */
static wg_node call_either(const wgi_call *c, uint16_t op, int32_t more)
{
    const wg_node x = wgi_call_in(c, 0);
    const wgi_diagonal_attr attr = {wgi_call_integer(c, 0), wgi_call_integer(c, 1),
                                    wgi_call_integer(c, 2), wgi_call_integer(c, 3)};
    const wgi_draft draft = {.op = op, .n_in = 1, .in = &x, .attr = &attr};
    wgi_view v;
    if (!wgi_view_of(x, &v)) {
        return wgi_record(&draft);
    }
    if (attr.first < 0 || attr.first >= attr.second || attr.second >= v.rank + more ||
        v.rank + more < 2) {
        return wgi_refuse(&draft, WG_ERR_RANGE, NULL, "no axes %lld and %lld of rank %d",
                          (long long)attr.first, (long long)attr.second, (int)(v.rank + more));
    }
    if (more == 0 && (attr.rows != v.dims[attr.first] || attr.columns != v.dims[attr.second])) {
        return wgi_refuse(&draft, WG_ERR_SHAPE, NULL, "the axes are not of sizes %lld and %lld (x)",
                          (long long)attr.rows, (long long)attr.columns);
    }
    return wgi_record(&draft);
}

WGI_CALL(call_diagonal, call_either(c, WGI_OP_einsum_diagonal, 0))
WGI_CALL(call_diagonal_back, call_either(c, WGI_OP_einsum_diagonal_back, 1))

static const wgi_sample bad_diagonal_back[] = {
    WGI_BAD("size", to_0_1, WG_ERR_SHAPE,
            "einsum_diagonal_back: no diagonal of [3, 3] has size 2 (dy)", 1,
            WGI_IN_1(2, WGI_NORMAL)),
};

static wg_node diagonal_of_nothing(wg_node x)
{
    const wgi_argument none[4] = {{.integer = 0}, {.integer = 0}, {.integer = 0}, {.integer = 0}};
    const wgi_call call = {.in = &x, .n_in = 1, .arguments = none};
    return call_diagonal(&call);
}

WGI_BUILD(of_0_0, diagonal_of_nothing(in[0]))

static const wgi_sample bad_diagonal[] = {
    WGI_BAD("axes", of_0_0, WG_ERR_RANGE, "einsum_diagonal: no axes 0 and 0 of rank 2", 1,
            WGI_IN_2(2, 3, WGI_NORMAL)),
};

#define DIAGONAL_ROW(title, operand)                                                               \
    const wgi_op wgi_op_einsum_##title = {                                                         \
        .name = "einsum_" #title,                                                                  \
        .min_in = 1,                                                                               \
        .max_in = 1,                                                                               \
        .n_out = 1,                                                                                \
        .attr_bytes = sizeof(wgi_diagonal_attr),                                                   \
        .operands = {operand},                                                                     \
        .infer = infer_##title,                                                                    \
        .gradient = gradient_##title,                                                              \
        .reference = {WGI_ANY_DTYPE(run_##title)},                                                 \
        .call = call_##title,                                                                      \
        WGI_ATTRIBUTES(attributes),                                                                \
        WGI_SAMPLES(samples_##title, bad_##title),                                                 \
    };

DIAGONAL_ROW(diagonal, "x")
DIAGONAL_ROW(diagonal_back, "dy")

/* ---- trace -------------------------------------------------------------------------------- */

extern const wgi_op wgi_op_trace;

wg_node wg_trace(wg_node x)
{
    const wgi_draft draft = {.form = &wgi_op_trace, .n_in = 1, .in = &x};
    wgi_view view;
    wg_node failed;
    if (!wgi_take_operands(&draft, &failed)) {
        return failed;
    }
    if (!wgi_view_of(x, &view) || view.rank < 2) {
        return wgi_refuse(&draft, WG_ERR_SHAPE, NULL, "needs rank >= 2: %d (x)", (int)view.rank);
    }
    const int32_t last = -1;
    const wg_node diagonal = wgi_diagonal(x, view.rank - 2, view.rank - 1);
    return wg_sum(diagonal, &last, 1, false);
}

WGI_BUILD(build_trace, wg_trace(in[0]))

static const wgi_sample samples_trace[] = {
    WGI_GOOD("square", build_trace, 1, WGI_IN_2(3, 3, WGI_NORMAL)),
    WGI_GOOD("wide", build_trace, 1, WGI_IN_2(2, 4, WGI_NORMAL)),
    WGI_GOOD("batch", build_trace, 1, WGI_IN_3(2, 3, 3, WGI_NORMAL)),
    WGI_GOOD("size 0", build_trace, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
};

static const wgi_sample bad_trace[] = {
    WGI_BAD("vector", build_trace, WG_ERR_SHAPE, "trace: needs rank >= 2: 1 (x)", 1,
            WGI_IN_1(3, WGI_NORMAL)),
};

WGI_CALL(call_trace, wg_trace(wgi_call_in(c, 0)))

const wgi_op wgi_op_trace = {
    WGI_FORM_OF("trace", 1, 1, "x"),
    .call = call_trace,
    WGI_SAMPLES(samples_trace, bad_trace),
};
