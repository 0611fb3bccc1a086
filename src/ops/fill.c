/* fill: a tensor of one value, which is a number.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the value is the op's one number; the attributes hold the type alone. */
#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/samples.h"
#include "ops/support.h"

extern const wgi_op wgi_op_full;
extern const wgi_op wgi_op_number;

/* form: NULL where the op is called by its own name. */
static wg_node fill(const wgi_op *form, wg_graph *g, wg_dtype dtype, int32_t rank,
                    const int64_t *dims, double v)
{
    wgi_fill_attr attr = {.dtype = (int32_t)dtype, .rank = rank};
    const wgi_draft draft = {
        .op = WGI_OP_fill, .form = form, .graph = g, .attr = &attr, .numbers = &v};
    wg_node failed;
    return wgi_take_shape(&draft, rank, dims, attr.dims, &failed) ? wgi_record(&draft) : failed;
}

wg_node wg_full(wg_graph *g, wg_dtype dtype, int32_t rank, const int64_t *dims, double v)
{
    return fill(&wgi_op_full, g, dtype, rank, dims, v);
}

wg_node wg_number(wg_graph *g, wg_dtype dtype, double v)
{
    return fill(&wgi_op_number, g, dtype, 0, NULL, v);
}

static wg_status infer(wgi_infer *q)
{
    const wgi_fill_attr *attr = q->attr;
    if (!wgi_is_floating(attr->dtype) && attr->dtype != WG_I64 && attr->dtype != WG_BOOL) {
        return wgi_infer_fail(q, WG_ERR_DTYPE, "needs a floating, i64 or bool dtype: %s",
                              wg_dtype_name((wg_dtype)attr->dtype));
    }
    return wgi_infer_shape(q, 0, attr->dtype, attr->rank, attr->dims);
}

static wg_status run(const wgi_args *args)
{
    const size_t size = wg_dtype_size((wg_dtype)args->out->dtype);
    char *out = args->out->data;
    if (args->out->count > 0) {
        wgi_store_double(args->out->dtype, out, 0, args->numbers[0]);
        wgi_copy_strided(out + size, out, args->out->count - 1, 0, size);
    }
    return WG_OK;
}

WGI_BUILD(matrix, wg_full(g, dtype, 2, (const int64_t[]){2, 3}, 1.5))
WGI_BUILD(scalar, wg_number(g, dtype, -2.25))
WGI_BUILD(one, wg_full(g, dtype, 1, (const int64_t[]){1}, 0.0))
WGI_BUILD(empty, wg_full(g, dtype, 2, (const int64_t[]){2, 0}, 1.0))
WGI_BUILD(integers, wg_full(g, WG_I64, 1, (const int64_t[]){4}, -7.0))
WGI_BUILD(bools, wg_full(g, WG_BOOL, 1, (const int64_t[]){4}, 1.0))
WGI_BUILD(bytes, wg_full(g, WG_U8, 1, (const int64_t[]){4}, 1.0))
WGI_BUILD(rank_9, wg_full(g, dtype, 9, (const int64_t[9]){0}, 1.0))
WGI_BUILD(no_dims, wg_full(g, dtype, 2, NULL, 1.0))
WGI_BUILD(negative, wg_full(g, dtype, 2, (const int64_t[]){2, -1}, 1.0))

static const wgi_sample samples[] = {
    WGI_GOOD_0("matrix", matrix), WGI_GOOD_0("rank 0", scalar), WGI_GOOD_0("size 1", one),
    WGI_GOOD_0("size 0", empty),  WGI_GOOD_0("i64", integers),  WGI_GOOD_0("bool", bools),
};

static const wgi_sample full_bad[] = {
    WGI_BAD_0("dtype", bytes, WG_ERR_DTYPE, "full: needs a floating, i64 or bool dtype: u8"),
    WGI_BAD_0("rank", rank_9, WG_ERR_RANGE, "full: rank 9 is not in [0, 8]"),
    WGI_BAD_0("no dims", no_dims, WG_ERR_ARGUMENT, "full: dims is NULL but rank is 2"),
    WGI_BAD_0("negative", negative, WG_ERR_RANGE,
              "full: size -1 of the result is negative (axis 1)"),
};

WGI_BUILD_UNTOLD(fill_of_bytes, fill(NULL, g, WG_U8, 1, (const int64_t[]){4}, 1.0))

static const wgi_sample fill_bad[] = {
    {.name = "dtype",
     .build = fill_of_bytes,
     .status = WG_ERR_DTYPE,
     .error = "fill: needs a floating, i64 or bool dtype: u8"},
};

static const wgi_attribute attributes[] = {
    {.name = "dtype", .kind = WGI_ATTR_DTYPE, .place = WGI_AT_I32(wgi_fill_attr, dtype)},
    {.name = "dims", .kind = WGI_ATTR_DIMS, .place = WGI_AT_I64_LIST(wgi_fill_attr, rank, dims)},
    {.name = "value", .kind = WGI_ATTR_REAL, .place = WGI_AT_NUMBER(0)},
};

static wg_node call_in_name(const wgi_op *form, const wgi_call *c)
{
    return fill(form, c->graph, (wg_dtype)wgi_call_int(c, 0), wgi_call_length(c, 1),
                wgi_call_list(c, 1), wgi_call_real(c, 2));
}

WGI_CALL(call_fill, call_in_name(NULL, c))
WGI_CALL(call_full, call_in_name(&wgi_op_full, c))

const wgi_op wgi_op_fill = {
    .name = "fill",
    .traits = WGI_FILL,
    .n_out = 1,
    .n_numbers = 1,
    .attr_bytes = sizeof(wgi_fill_attr),
    .dispatch = -1,
    .infer = infer,
    .reference = {WGI_ANY_DTYPE(run)},
    .call = call_fill,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples, fill_bad),
};

/* ---- full and number ---------------------------------------------------------------------- */

WGI_BUILD(one_number, wg_number(g, dtype, 0.75))
WGI_BUILD(number_of_bytes, wg_number(g, WG_U8, 1.0))

static const wgi_sample number_samples[] = {
    WGI_GOOD_0("real", one_number),
};

static const wgi_sample number_bad[] = {
    WGI_BAD_0("dtype", number_of_bytes, WG_ERR_DTYPE,
              "number: needs a floating, i64 or bool dtype: u8"),
};

WGI_CALL(call_number, wg_number(c->graph, (wg_dtype)wgi_call_int(c, 0), wgi_call_real(c, 1)))

static const wgi_attribute number_attributes[] = {
    {.name = "dtype", .kind = WGI_ATTR_DTYPE},
    {.name = "value", .kind = WGI_ATTR_REAL},
};

const wgi_op wgi_op_number = {
    WGI_FORM_OF("number", 0, 0, NULL),
    .call = call_number,
    WGI_ATTRIBUTES(number_attributes),
    WGI_SAMPLES(number_samples, number_bad),
};

const wgi_op wgi_op_full = {
    WGI_FORM_OF("full", 0, 0, NULL),
    .call = call_full,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples, full_bad),
};
