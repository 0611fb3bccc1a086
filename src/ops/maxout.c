/* maxout: the largest of several pieces, element by element.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: output 1 is the piece that output 0 was taken from, the first of equal ones or the
 * first NaN; the gradient goes there alone. */
#if defined(WGI_REAL_PASS)

/* The place of the first largest of n elements, or of the first NaN. */
static inline int64_t K(top_of)(const real *x, int64_t n, int64_t stride)
{
    int64_t top = 0;
    for (int64_t k = 1; k < n && x[top * stride] == x[top * stride]; k++) {
        const real v = x[k * stride];
        top = v > x[top * stride] || v != v ? k : top;
    }
    return top;
}

/* x: [outer, pieces, rest]; y, from: [outer, rest] */
static wg_status K(maxout)(const wgi_args *args)
{
    const wgi_maxout_attr *attr = args->attr;
    const wgi_block block = wgi_block_around(&args->in[0], attr->axis);
    const int64_t rest = block.size / attr->pieces * block.inner;
    const real *x = args->in[0].data;
    real *y = args->out[0].data;
    int64_t *from = args->out[1].data;
    for (int64_t o = 0; o < block.outer; o++) {
        for (int64_t r = 0; r < rest; r++) {
            const int64_t top = K(top_of)(x + r, attr->pieces, rest);
            *y++ = x[r + top * rest];
            *from++ = top;
        }
        x += attr->pieces * rest;
    }
    return WG_OK;
}

#else

#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

wg_node wg_maxout(wg_node x, int64_t pieces, int32_t axis)
{
    wgi_maxout_attr attr = {.pieces = pieces};
    const wgi_draft draft = {.op = WGI_OP_maxout, .n_in = 1, .in = &x, .attr = &attr};
    wg_node failed;
    if (!wgi_take_axis(&draft, x, axis, &attr.axis, &failed)) {
        return failed;
    }
    if (pieces < 1) {
        return wgi_refuse(&draft, WG_ERR_RANGE, NULL, "needs pieces >= 1: %lld", (long long)pieces);
    }
    return wgi_record(&draft);
}

static wg_status infer(wgi_infer *q)
{
    const wgi_maxout_attr *attr = q->attr;
    const wgi_view *x = &q->in[0];
    int64_t dims[WG_MAX_RANK] = {0};
    wg_status status = wgi_check_floating(q, 0);
    if (status == WG_OK && x->dims[attr->axis] % attr->pieces != 0) {
        status = wgi_infer_fail(q, WG_ERR_SHAPE, "%lld pieces do not divide %lld (x, axis %d)",
                                (long long)attr->pieces, (long long)x->dims[attr->axis],
                                (int)attr->axis);
    }
    for (int32_t i = 0; status == WG_OK && i < x->rank; i++) {
        dims[i] = i == attr->axis ? x->dims[i] / attr->pieces : x->dims[i];
    }
    if (status == WG_OK) {
        status = wgi_infer_shape(q, 0, x->dtype, x->rank, dims);
    }
    return status != WG_OK ? status : wgi_infer_shape(q, 1, WG_I64, x->rank, dims);
}

/* dy where a piece was taken: [outer, rest, pieces], turned to [outer, pieces, rest]. */
static void gradient(wgi_rule *rule)
{
    const wgi_maxout_attr attr = *(const wgi_maxout_attr *)rule->attr;
    static const int32_t turned[] = {0, 2, 1};
    wgi_view x;
    wgi_view y;
    if (!wgi_is_some(rule->dy[0]) || !wgi_view_of(rule->x[0], &x) || !wgi_view_of(rule->y[0], &y)) {
        return;
    }
    int64_t to[WG_MAX_RANK] = {0};
    for (int32_t i = 0; i < x.rank; i++) {
        to[i] = x.dims[i];
    }
    int64_t flat[] = {1, 1, 1};
    for (int32_t i = 0; i < y.rank; i++) {
        flat[i < attr.axis ? 0 : 1] *= y.dims[i];
    }
    const int32_t rank = x.rank;
    const wg_dtype dtype = wg_node_dtype(rule->dy[0]);
    const int64_t pieces = x.count > 0 ? attr.pieces : 1; /* nothing has any number of pieces */
    const wg_node from = wg_one_hot(wg_reshape(rule->y[1], 2, flat), pieces, dtype);
    const wg_node dx = wg_gate(wg_reshape(rule->dy[0], 3, flat), from);
    rule->dx[0] = wg_reshape(wg_permute(dx, turned, 3), rank, to);
}

#define WGI_KERNEL_FILE "ops/maxout.c"
#include "ops/for_each_real.h"

WGI_BUILD(build_2, wg_maxout(in[0], 2, -1))
WGI_BUILD(build_3, wg_maxout(in[0], 3, 1))
WGI_BUILD(build_first, wg_maxout(in[0], 2, 0))
WGI_BUILD(build_1, wg_maxout(in[0], 1, 0))
WGI_BUILD(build_0, wg_maxout(in[0], 0, 0))
WGI_BUILD(build_most, wg_maxout(in[0], INT64_MAX, -1))
WGI_BUILD(build_axis, wg_maxout(in[0], 2, 1))

static const wgi_sample samples[] = {
    WGI_GOOD("rows", build_2, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("middle axis", build_3, 1, WGI_IN_3(2, 6, 2, WGI_NORMAL)),
    WGI_GOOD("first axis", build_first, 1, WGI_IN_2(4, 3, WGI_NORMAL)),
    WGI_GOOD("one piece", build_1, 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD("all of them", build_2, 1, WGI_IN_1(2, WGI_NORMAL)),
    WGI_GOOD("size 0", build_2, 1, WGI_IN_2(3, 0, WGI_NORMAL)),
    WGI_GOOD("size 0, pieces without end", build_most, 1, WGI_IN_2(3, 0, WGI_NORMAL)),
    WGI_GOOD("no rows", build_2, 1, WGI_IN_2(0, 4, WGI_NORMAL)),
    WGI_KINK("ties", build_2, 1, WGI_IN_2(2, 4, WGI_ZEROS)),
};

static const wgi_sample bad[] = {
    WGI_BAD("uneven", build_3, WG_ERR_SHAPE, "maxout: 3 pieces do not divide 4 (x, axis 1)", 1,
            WGI_IN_2(2, 4, WGI_NORMAL)),
    WGI_BAD("no pieces", build_0, WG_ERR_RANGE, "maxout: needs pieces >= 1: 0", 1,
            WGI_IN_1(4, WGI_NORMAL)),
    WGI_BAD("axis", build_axis, WG_ERR_RANGE, "maxout: axis 1 is out of range for rank 1 (x)", 1,
            WGI_IN_1(4, WGI_NORMAL)),
    WGI_BAD("integers", build_first, WG_ERR_DTYPE, "maxout: needs a floating dtype: i64 (x)", 1,
            WGI_IN_TYPED(4, WG_I64, 4)),
};

static const wgi_attribute attributes[] = {
    {.name = "pieces",
     .kind = WGI_ATTR_INTEGER,
     .range = "[1, inf)",
     .place = WGI_AT_I64(wgi_maxout_attr, pieces)},
    {.name = "axis",
     .kind = WGI_ATTR_AXIS,
     .is_optional = true,
     .integer = -1,
     .place = WGI_AT_I64(wgi_maxout_attr, axis)},
};

WGI_CALL(call, wg_maxout(wgi_call_in(c, 0), wgi_call_integer(c, 0), wgi_call_int(c, 1)))

const wgi_op wgi_op_maxout = {
    .name = "maxout",
    .traits = WGI_KINKED,
    .min_in = 1,
    .max_in = 1,
    .n_out = 2,
    .attr_bytes = sizeof(wgi_maxout_attr),
    .operands = {"x"},
    .infer = infer,
    .gradient = gradient,
    .reference = {WGI_REALS(maxout)},
    .call = call,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples, bad),
};

#endif
