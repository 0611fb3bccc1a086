/* cast: the same values under another dtype.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: core's element conversion is the one definition of what a cast answers. */
#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

wg_node wg_cast(wg_node x, wg_dtype dtype)
{
    const wgi_dtype_attr attr = {.dtype = (int64_t)dtype};
    return wgi_record_unary(WGI_OP_cast, x, &attr);
}

static wg_status infer(wgi_infer *q)
{
    const wgi_dtype_attr *attr = q->attr;
    if (attr->dtype < 0 || attr->dtype >= WGI_N_DTYPES || !wgi_dtype_is_valid((int)attr->dtype)) {
        return wgi_infer_fail(q, WG_ERR_DTYPE, "%lld is no dtype", (long long)attr->dtype);
    }
    return wgi_infer_shape(q, 0, (int)attr->dtype, q->in->rank, q->in->dims);
}

static void gradient(wgi_rule *rule)
{
    const wg_dtype dtype = wg_node_dtype(rule->x[0]);
    rule->dx[0] = dtype == wg_node_dtype(rule->dy[0]) ? rule->dy[0] : wg_cast(rule->dy[0], dtype);
}

static wg_status run(const wgi_args *args)
{
    wgi_convert(args->out->dtype, args->out->data, args->in->dtype, args->in->data,
                args->out->count);
    return WG_OK;
}

WGI_BUILD(to_f32, wg_cast(in[0], WG_F32))
WGI_BUILD(to_f64, wg_cast(in[0], WG_F64))
WGI_BUILD(to_i64, wg_cast(in[0], WG_I64))
WGI_BUILD(to_u8, wg_cast(in[0], WG_U8))
WGI_BUILD(to_bool, wg_cast(in[0], WG_BOOL))
WGI_BUILD(to_same, wg_cast(in[0], dtype))
WGI_BUILD(to_none, wg_cast(in[0], (wg_dtype)77))

/* To f32 rounds: a staircase to differences of a wider dtype. */
static const wgi_sample samples[] = {
    WGI_KINK("to f32", to_f32, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("to f64", to_f64, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("to i64", to_i64, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("to u8", to_u8, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("to bool", to_bool, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("to its own", to_same, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("from i64", to_same, 1, WGI_IN_TYPED(5, WG_I64, 9)),
    WGI_GOOD("from u8", to_same, 1, WGI_IN_TYPED(5, WG_U8, 9)),
    WGI_GOOD("from bool", to_same, 1, WGI_IN_TYPED(5, WG_BOOL, 2)),
    WGI_GOOD("bool to i64", to_i64, 1, WGI_IN_TYPED(5, WG_BOOL, 2)),
    WGI_GOOD("i64 to u8", to_u8, 1, WGI_IN_TYPED(5, WG_I64, 9)),
    WGI_GOOD("rank 0", to_f64, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("size 1", to_f64, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("size 0", to_f64, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
};

static const wgi_sample bad[] = {
    WGI_BAD("no dtype", to_none, WG_ERR_DTYPE, "cast: 77 is no dtype", 1, WGI_IN_1(3, WGI_NORMAL)),
};

static const wgi_attribute attributes[] = {
    {.name = "dtype", .kind = WGI_ATTR_DTYPE, .place = WGI_AT_I64(wgi_dtype_attr, dtype)},
};

WGI_CALL(call, wg_cast(wgi_call_in(c, 0), (wg_dtype)wgi_call_int(c, 0)))

const wgi_op wgi_op_cast = {
    .name = "cast",
    .traits = WGI_POINTWISE,
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_dtype_attr),
    .operands = {"x"},
    .infer = infer,
    .gradient = gradient,
    .reference = {WGI_ANY_DTYPE(run)},
    .call = call,
    WGI_ATTRIBUTES(attributes),
    .samples = samples,
    .n_samples = WGI_COUNT(samples),
    .bad = bad,
    .n_bad = WGI_COUNT(bad),
};
