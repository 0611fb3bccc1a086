/* softmax: exponentials along one axis that sum to 1.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a row with a NaN, with a +inf, or of -inf alone is NaN throughout. */
#if defined(WGI_REAL_PASS)

#include "ops/softmax_row.h"

static wg_status K(softmax)(const wgi_args *args)
{
    const wgi_axis_attr *attr = args->attr;
    const wgi_block block = wgi_block_around(&args->in[0], attr->axis);
    for (int64_t line = 0; line < block.outer * block.inner; line++) {
        const int64_t at = line / block.inner * block.size * block.inner + line % block.inner;
        const real *x = (const real *)args->in[0].data + at;
        real *y = (real *)args->out[0].data + at;
        const K(row) row = K(row_of)(x, block.size, block.inner);
        for (int64_t j = 0; j < block.size; j++) {
            y[j * block.inner] = K(row_softmax)(row, x[j * block.inner]);
        }
    }
    return WG_OK;
}

#else

#include "ops/softmax.h"

#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

wg_node wg_softmax(wg_node x, int32_t axis)
{
    wgi_axis_attr attr = {0};
    const wgi_draft draft = {.op = WGI_OP_softmax, .n_in = 1, .in = &x, .attr = &attr};
    wg_node failed;
    return wgi_take_axis(&draft, x, axis, &attr.axis, &failed) ? wgi_record(&draft) : failed;
}

static wg_status infer(wgi_infer *q)
{
    const wg_status status = wgi_check_floating(q, 0);
    return status != WG_OK ? status : wgi_infer_like(q, 0, 0);
}

wg_node wgi_softmax_gradient(wg_node y, wg_node dy, int64_t axis)
{
    const int32_t axes[] = {(int32_t)axis};
    const wg_node along = wg_sum(wg_mul(dy, y), axes, 1, true);
    return wg_mul(y, wg_sub(dy, along));
}

static void gradient(wgi_rule *rule)
{
    const wgi_axis_attr *attr = rule->attr;
    rule->dx[0] = wgi_softmax_gradient(rule->y[0], rule->dy[0], attr->axis);
}

/* The same function, rows of NaN included: log_softmax answers them as softmax does. */
static void decompose(wgi_rule *rule)
{
    const wgi_axis_attr *attr = rule->attr;
    rule->result[0] = wg_exp(wg_log_softmax(rule->x[0], (int32_t)attr->axis));
}

#define WGI_KERNEL_FILE "ops/softmax.c"
#include "ops/for_each_real.h"

WGI_BUILD(along_0, wg_softmax(in[0], 0))
WGI_BUILD(along_1, wg_softmax(in[0], 1))
WGI_BUILD(along_last, wg_softmax(in[0], -1))
WGI_BUILD(twice, wg_softmax(wg_softmax(in[0], 1), 0))

static const wgi_sample samples[] = {
    WGI_GOOD("vector", along_0, 1, WGI_IN_1(5, WGI_NORMAL)),
    WGI_GOOD("rows", along_last, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("columns", along_0, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("first axis", along_0, 1, WGI_IN_3(2, 3, 4, WGI_NORMAL)),
    WGI_GOOD("middle axis", along_1, 1, WGI_IN_3(2, 3, 4, WGI_NORMAL)),
    WGI_GOOD("last axis", along_last, 1, WGI_IN_4(2, 1, 3, 2, WGI_NORMAL)),
    WGI_GOOD("size 1", along_1, 1, WGI_IN_2(3, 1, WGI_NORMAL)),
    WGI_GOOD("size 0", along_1, 1, WGI_IN_2(3, 0, WGI_NORMAL)),
    WGI_GOOD("no rows", along_1, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
    WGI_GOOD("twice", twice, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
};

static const wgi_sample bad[] = {
    WGI_BAD("axis too high", along_1, WG_ERR_RANGE,
            "softmax: axis 1 is out of range for rank 1 (x)", 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("rank 0", along_last, WG_ERR_RANGE, "softmax: axis -1 is out of range for rank 0 (x)",
            1, WGI_IN_0(WGI_NORMAL)),
    WGI_BAD("integers", along_0, WG_ERR_DTYPE, "softmax: needs a floating dtype: i64 (x)", 1,
            WGI_IN_TYPED(3, WG_I64, 4)),
};

static const wgi_attribute attributes[] = {
    {.name = "axis",
     .kind = WGI_ATTR_AXIS,
     .is_optional = true,
     .integer = -1,
     .place = WGI_AT_I64(wgi_axis_attr, axis)},
};

WGI_CALL(call, wg_softmax(wgi_call_in(c, 0), wgi_call_int(c, 0)))

const wgi_op wgi_op_softmax = {
    .name = "softmax",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_axis_attr),
    .operands = {"x"},
    .infer = infer,
    .gradient = gradient,
    .decompose = decompose,
    .reference = {WGI_REALS(softmax)},
    .call = call,
    WGI_ATTRIBUTES(attributes),
    .samples = samples,
    .n_samples = WGI_COUNT(samples),
    .bad = bad,
    .n_bad = WGI_COUNT(bad),
};

#endif
