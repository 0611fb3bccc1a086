/* bernoulli: independent draws of 1 with a probability and 0 without; bernoulli_of: with
 * probabilities from a tensor.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: element e is 1 exactly where its uniform draw, an f32, is below the probability. The
 * tensor's are compared in f32, so that all dtypes hold the same draws. */
#if defined(WGI_REAL_PASS)

static wg_status K(bernoulli)(const wgi_args *args)
{
    const wgi_draw_attr *attr = args->attr;
    wgi_draw draw = {.key = args->key, .ordinal = attr->ordinal};
    real *y = args->out[0].data;
    for (int64_t e = 0; e < args->out[0].count; e++) {
        y[e] = (double)wgi_draw_next(&draw, e) < args->numbers[0];
    }
    return WG_OK;
}

static wg_status K(bernoulli_of)(const wgi_args *args)
{
    const wgi_mask_attr *attr = args->attr;
    wgi_draw draw = {.key = args->key, .ordinal = (uint32_t)attr->ordinal};
    const real *p = args->in[0].data;
    real *y = args->out[0].data;
    for (int64_t e = 0; e < args->out[0].count; e++) {
        if (!(p[e] >= 0 && p[e] <= 1)) {
            return wgi_fault_set(args, WG_ERR_RANGE, "probability %g at %lld is outside [0, 1]",
                                 (double)p[e], (long long)e);
        }
        y[e] = wgi_draw_next(&draw, e) < (float)p[e];
    }
    return WG_OK;
}

#else

#include "ops/call.h"
#include "ops/draw.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

/* ---- bernoulli ---------------------------------------------------------------------------- */

wg_node wg_bernoulli(wg_graph *g, wg_dtype dtype, int32_t rank, const int64_t *dims, double p)
{
    wgi_draw_attr attr = {.dtype = (int32_t)dtype, .rank = rank};
    const wgi_draft draft = {.op = WGI_OP_bernoulli, .graph = g, .attr = &attr, .numbers = &p};
    wg_node failed;
    if (!wgi_take_shape(&draft, rank, dims, attr.dims, &failed)) {
        return failed;
    }
    if (!(p >= 0.0 && p <= 1.0)) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL, "p must lie in [0, 1]: %g", p);
    }
    attr.ordinal = wgi_next_ordinal(g);
    return wgi_record(&draft);
}

static wg_status infer(wgi_infer *q)
{
    const wgi_draw_attr *attr = q->attr;
    if (!wgi_is_floating(attr->dtype) && attr->dtype != WG_BOOL) {
        return wgi_infer_fail(q, WG_ERR_DTYPE, "needs a floating dtype or bool: %s",
                              wg_dtype_name((wg_dtype)attr->dtype));
    }
    return wgi_infer_shape(q, 0, attr->dtype, (int32_t)attr->rank, attr->dims);
}

#define WGI_KERNEL_FILE "ops/bernoulli.c"
#include "ops/for_each_real.h"

static wg_status bernoulli_bool(const wgi_args *args)
{
    const wgi_draw_attr *attr = args->attr;
    wgi_draw draw = {.key = args->key, .ordinal = attr->ordinal};
    uint8_t *y = args->out[0].data;
    for (int64_t e = 0; e < args->out[0].count; e++) {
        y[e] = (double)wgi_draw_next(&draw, e) < args->numbers[0];
    }
    return WG_OK;
}

WGI_BUILD(build_rank_0, wg_bernoulli(g, dtype, 0, NULL, 0.5))
WGI_BUILD(build_matrix, wg_bernoulli(g, dtype, 2, (const int64_t[]){3, 7}, 0.25))
WGI_BUILD(build_empty, wg_bernoulli(g, dtype, 2, (const int64_t[]){2, 0}, 0.25))
WGI_BUILD(build_never, wg_bernoulli(g, dtype, 1, (const int64_t[]){5}, 0.0))
WGI_BUILD(build_bools, wg_bernoulli(g, WG_BOOL, 1, (const int64_t[]){9}, 0.5))
WGI_BUILD(build_masked, wg_masked_fill(wg_number(g, dtype, 1.0),
                                       wg_bernoulli(g, WG_BOOL, 1, (const int64_t[]){9}, 0.5), 2.0))
WGI_BUILD(build_integers, wg_bernoulli(g, WG_I64, 0, NULL, 0.5))
WGI_BUILD(build_above, wg_bernoulli(g, dtype, 0, NULL, 1.25))
WGI_BUILD(build_nan, wg_bernoulli(g, dtype, 0, NULL, (double)NAN))
WGI_BUILD(build_negative, wg_bernoulli(g, dtype, 1, (const int64_t[]){-1}, 0.5))

static const wgi_sample samples[] = {
    WGI_GOOD_0("rank 0", build_rank_0), WGI_GOOD_0("matrix", build_matrix),
    WGI_GOOD_0("size 0", build_empty),  WGI_GOOD_0("never", build_never),
    WGI_GOOD_0("bool", build_bools),    WGI_GOOD_0("a mask", build_masked),
};

static const wgi_sample bad[] = {
    WGI_BAD_0("integers", build_integers, WG_ERR_DTYPE,
              "bernoulli: needs a floating dtype or bool: i64"),
    WGI_BAD_0("p above 1", build_above, WG_ERR_ARGUMENT, "bernoulli: p must lie in [0, 1]: 1.25"),
    WGI_BAD_0("p is NaN", build_nan, WG_ERR_ARGUMENT, "bernoulli: p must lie in [0, 1]: nan"),
    WGI_BAD_0("negative", build_negative, WG_ERR_RANGE,
              "bernoulli: size -1 of the result is negative (axis 0)"),
};

static const wgi_attribute attributes[] = {
    {.name = "dtype", .kind = WGI_ATTR_DTYPE, .place = WGI_AT_I32(wgi_draw_attr, dtype)},
    {.name = "dims", .kind = WGI_ATTR_DIMS, .place = WGI_AT_I64_LIST(wgi_draw_attr, rank, dims)},
    {.name = "p",
     .kind = WGI_ATTR_REAL,
     .range = "[0, 1]",
     .is_optional = true,
     .real = 0.5,
     .place = WGI_AT_NUMBER(0)},
};

WGI_CALL(call, wg_bernoulli(c->graph, (wg_dtype)wgi_call_int(c, 0), wgi_call_length(c, 1),
                            wgi_call_list(c, 1), wgi_call_real(c, 2)))

const wgi_op wgi_op_bernoulli = {
    .name = "bernoulli",
    .traits = WGI_FILL | WGI_RANDOM | WGI_STOP,
    .n_out = 1,
    .n_numbers = 1,
    .attr_bytes = sizeof(wgi_draw_attr),
    .dispatch = -1,
    .infer = infer,
    .reference = {[WG_BOOL] = bernoulli_bool, WGI_REALS(bernoulli)},
    .call = call,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples, bad),
};

/* ---- bernoulli_of ------------------------------------------------------------------------- */

wg_node wg_bernoulli_of(wg_node p)
{
    wgi_mask_attr attr = {.ordinal = 0};
    if (wg_is_valid(p)) {
        attr.ordinal = wgi_next_ordinal(p.graph);
    }
    return wgi_record_unary(WGI_OP_bernoulli_of, p, &attr);
}

static wg_status infer_of(wgi_infer *q)
{
    const wg_status status = wgi_check_floating(q, 0);
    return status != WG_OK ? status : wgi_infer_like(q, 0, 0);
}

WGI_BUILD(build_of, wg_bernoulli_of(in[0]))
WGI_BUILD(build_of_too_much, wg_bernoulli_of(wg_number(g, dtype, 1.5)))

static const wgi_sample samples_of[] = {
    WGI_GOOD("matrix", build_of, 1, WGI_IN_2(3, 5, WGI_UNIT)),
    WGI_GOOD("rank 0", build_of, 1, WGI_IN_0(WGI_UNIT)),
    WGI_GOOD("size 1", build_of, 1, WGI_IN_1(1, WGI_UNIT)),
    WGI_GOOD("size 0", build_of, 1, WGI_IN_2(0, 3, WGI_UNIT)),
    WGI_GOOD("never", build_of, 1, WGI_IN_1(6, WGI_ZEROS)),
};

static const wgi_sample bad_of[] = {
    WGI_BAD("dtype", build_of, WG_ERR_DTYPE, "bernoulli_of: needs a floating dtype: i64 (p)", 1,
            WGI_IN_TYPED(3, WG_I64, 2)),
    WGI_BAD_0("above 1", build_of_too_much, WG_ERR_RANGE,
              "bernoulli_of: probability 1.5 at 0 is outside [0, 1]"),
};

WGI_CALL(call_of, wg_bernoulli_of(wgi_call_in(c, 0)))

const wgi_op wgi_op_bernoulli_of = {
    .name = "bernoulli_of",
    .traits = WGI_RANDOM | WGI_STOP,
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_mask_attr),
    .operands = {"p"},
    .infer = infer_of,
    .reference = {WGI_REALS(bernoulli_of)},
    .call = call_of,
    WGI_SAMPLES(samples_of, bad_of),
};

#endif
