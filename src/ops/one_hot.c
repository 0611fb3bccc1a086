/* one_hot: an index as a row of zeros with a 1 in its place.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ops/call.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

wg_node wg_one_hot(wg_node indices, int64_t classes, wg_dtype dtype)
{
    const wgi_one_hot_attr attr = {.classes = classes, .dtype = dtype};
    return wgi_record_unary(WGI_OP_one_hot, indices, &attr);
}

static wg_status check(wgi_infer *q, const wgi_one_hot_attr *attr)
{
    if (q->in[0].dtype != WG_I64) {
        wgi_infer_hint(q, "wg_cast {indices} to WG_I64");
        return wgi_infer_fail(q, WG_ERR_DTYPE, "indices must be i64: %s (indices)",
                              wg_dtype_name((wg_dtype)q->in[0].dtype));
    }
    if (attr->dtype < 0 || attr->dtype >= WGI_N_DTYPES || !wgi_dtype_is_valid((int)attr->dtype)) {
        return wgi_infer_fail(q, WG_ERR_DTYPE, "%lld is no dtype", (long long)attr->dtype);
    }
    if (attr->classes < 0) {
        return wgi_infer_fail(q, WG_ERR_RANGE, "classes is negative: %lld",
                              (long long)attr->classes);
    }
    return WG_OK;
}

static wg_status infer(wgi_infer *q)
{
    const wgi_one_hot_attr *attr = q->attr;
    const wgi_view *x = &q->in[0];
    const wg_status status = check(q, attr);
    if (status != WG_OK) {
        return status;
    }
    int64_t dims[WG_MAX_RANK + 1];
    for (int32_t i = 0; i < x->rank; i++) {
        dims[i] = x->dims[i];
    }
    dims[x->rank] = attr->classes;
    return wgi_infer_shape(q, 0, (int)attr->dtype, x->rank + 1, dims);
}

/* Zero bytes are zeros in every dtype. */
static wg_status reference(const wgi_args *args)
{
    const wgi_view *y = &args->out[0];
    const int64_t classes = y->dims[y->rank - 1];
    const int64_t *indices = args->in[0].data;
    if (y->count > 0) {
        memset(y->data, 0, (size_t)y->count * wg_dtype_size((wg_dtype)y->dtype));
    }
    for (int64_t i = 0; i < args->in[0].count; i++) {
        if (indices[i] < 0 || indices[i] >= classes) {
            return wgi_fault_set(args, WG_ERR_RANGE, "index %lld at %lld is outside [0, %lld)",
                                 (long long)indices[i], (long long)i, (long long)classes);
        }
        wgi_store_double(y->dtype, y->data, i * classes + indices[i], 1.0);
    }
    return WG_OK;
}

static wg_node two(wg_graph *g, const int64_t *indices)
{
    const int64_t n = 2;
    return wg_constant(g, WG_I64, 1, &n, indices);
}

WGI_BUILD(build_3, wg_one_hot(in[0], 3, dtype))
WGI_BUILD(build_bool, wg_one_hot(in[0], 3, WG_BOOL))
WGI_BUILD(build_integer, wg_one_hot(in[0], 3, WG_I64))
WGI_BUILD(build_0, wg_one_hot(in[0], 0, dtype))
WGI_BUILD(build_minus_1, wg_one_hot(in[0], -1, dtype))
WGI_BUILD(build_no_dtype, wg_one_hot(in[0], 3, (wg_dtype)0))
WGI_BUILD(build_high, wg_one_hot(two(g, (const int64_t[]){2, 3}), 3, dtype))

#define INDEX .fill = WGI_INDEX, .dtype = WG_I64, .limit = 3

static const wgi_sample samples[] = {
    WGI_GOOD("vector", build_3, 1, {.rank = 1, .dims = {4}, INDEX}),
    WGI_GOOD("matrix", build_3, 1, {.rank = 2, .dims = {2, 3}, INDEX}),
    WGI_GOOD("rank 0", build_3, 1, {.rank = 0, INDEX}),
    WGI_GOOD("no index", build_3, 1, {.rank = 1, .dims = {0}, INDEX}),
    WGI_GOOD("no class", build_0, 1, {.rank = 1, .dims = {0}, INDEX}),
    WGI_GOOD("bool", build_bool, 1, {.rank = 1, .dims = {4}, INDEX}),
    WGI_GOOD("i64", build_integer, 1, {.rank = 1, .dims = {4}, INDEX}),
};

static const wgi_sample bad[] = {
    WGI_BAD("floating indices", build_3, WG_ERR_DTYPE,
            "one_hot: indices must be i64: f32 (indices)", 1,
            {.rank = 1, .dims = {3}, .dtype = WG_F32}),
    WGI_BAD("negative classes", build_minus_1, WG_ERR_RANGE, "one_hot: classes is negative: -1", 1,
            {.rank = 1, .dims = {3}, INDEX}),
    WGI_BAD("no dtype", build_no_dtype, WG_ERR_DTYPE, "one_hot: 0 is no dtype", 1,
            {.rank = 1, .dims = {3}, INDEX}),
    WGI_BAD_0("index too high", build_high, WG_ERR_RANGE,
              "one_hot: index 3 at 1 is outside [0, 3)"),
};

static const wgi_attribute attributes[] = {
    {.name = "classes",
     .kind = WGI_ATTR_INTEGER,
     .range = "[0, inf)",
     .place = WGI_AT_I64(wgi_one_hot_attr, classes)},
    {.name = "dtype",
     .kind = WGI_ATTR_DTYPE,
     .is_optional = true,
     .integer = WG_F32,
     .place = WGI_AT_I64(wgi_one_hot_attr, dtype)},
};

WGI_CALL(call, wg_one_hot(wgi_call_in(c, 0), wgi_call_integer(c, 0), (wg_dtype)wgi_call_int(c, 1)))

const wgi_op wgi_op_one_hot = {
    .name = "one_hot",
    .traits = WGI_STOP,
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_one_hot_attr),
    .operands = {"indices"},
    .dispatch = -1,
    .infer = infer,
    .reference = {WGI_ANY_DTYPE(reference)},
    .call = call,
    WGI_ATTRIBUTES(attributes),
    .samples = samples,
    .n_samples = WGI_COUNT(samples),
    .bad = bad,
    .n_bad = WGI_COUNT(bad),
};
