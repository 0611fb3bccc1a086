/* normal: independent draws from a normal distribution.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: every draw is made in f32 and widened, so that all dtypes hold the same values. */
#if defined(WGI_REAL_PASS)

static wg_status K(normal)(const wgi_args *args)
{
    const wgi_draw_attr *attr = args->attr;
    const float mean = (float)args->numbers[0];
    const float std = (float)args->numbers[1];
    wgi_draw draw = {.key = args->key, .ordinal = attr->ordinal};
    real *y = args->out[0].data;
    for (int64_t e = 0; e < args->out[0].count; e++) {
        y[e] = (real)(mean + std * wgi_draw_next_normal(&draw, e));
    }
    return WG_OK;
}

#else

#include "ops/call.h"
#include "ops/draw.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

wg_node wg_normal(wg_graph *g, wg_dtype dtype, int32_t rank, const int64_t *dims, double mean,
                  double std)
{
    wgi_draw_attr attr = {.dtype = (int32_t)dtype, .rank = rank};
    const double numbers[] = {mean, std};
    const wgi_draft draft = {.op = WGI_OP_normal, .graph = g, .attr = &attr, .numbers = numbers};
    wg_node failed;
    if (!wgi_take_shape(&draft, rank, dims, attr.dims, &failed)) {
        return failed;
    }
    if (!isfinite((float)mean) || !isfinite((float)std) || std < 0.0) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, "draws are made in f32",
                          "mean %g and std %g are not finite, or std is negative", mean, std);
    }
    attr.ordinal = wgi_next_ordinal(g);
    return wgi_record(&draft);
}

#define WGI_KERNEL_FILE "ops/normal.c"
#include "ops/for_each_real.h"

static wg_node difference(wg_graph *g, wg_dtype dtype)
{
    const int64_t n = 5;
    const wg_node first = wg_normal(g, dtype, 1, &n, 0.0, 1.0);
    return wg_sub(first, wg_normal(g, dtype, 1, &n, 0.0, 1.0));
}

WGI_BUILD(build_rank_0, wg_normal(g, dtype, 0, NULL, 0.0, 1.0))
WGI_BUILD(build_matrix, wg_normal(g, dtype, 2, (const int64_t[]){3, 7}, -2.0, 0.5))
WGI_BUILD(build_empty, wg_normal(g, dtype, 3, (const int64_t[]){2, 0, 3}, 0.0, 1.0))
WGI_BUILD(build_point, wg_normal(g, dtype, 1, (const int64_t[]){5}, 0.5, 0.0))
WGI_BUILD(build_two, difference(g, dtype))
WGI_BUILD(build_integers, wg_normal(g, WG_I64, 0, NULL, 0.0, 1.0))
WGI_BUILD(build_negative, wg_normal(g, dtype, 0, NULL, 0.0, -1.0))
WGI_BUILD(build_infinite, wg_normal(g, dtype, 0, NULL, 1e300, 1.0))
WGI_BUILD(build_rank_9,
          wg_normal(g, dtype, 9, (const int64_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1}, 0.0, 1.0))

static const wgi_sample samples[] = {
    WGI_GOOD_0("rank 0", build_rank_0), WGI_GOOD_0("matrix", build_matrix),
    WGI_GOOD_0("size 0", build_empty),  WGI_GOOD_0("a point", build_point),
    WGI_GOOD_0("two draws", build_two),
};

static const wgi_sample bad[] = {
    WGI_BAD_0("integers", build_integers, WG_ERR_DTYPE, "normal: needs a floating dtype: i64"),
    WGI_BAD_0("std below 0", build_negative, WG_ERR_ARGUMENT,
              "normal: mean 0 and std -1 are not finite, or std is negative"),
    WGI_BAD_0("infinite in f32", build_infinite, WG_ERR_ARGUMENT,
              "normal: mean 1e+300 and std 1 are not finite, or std is negative"),
    WGI_BAD_0("rank 9", build_rank_9, WG_ERR_RANGE, "normal: rank 9 is not in [0, 8]"),
};

static const wgi_attribute attributes[] = {
    {.name = "dtype", .kind = WGI_ATTR_DTYPE, .place = WGI_AT_I32(wgi_draw_attr, dtype)},
    {.name = "dims", .kind = WGI_ATTR_DIMS, .place = WGI_AT_I64_LIST(wgi_draw_attr, rank, dims)},
    {.name = "mean", .kind = WGI_ATTR_REAL, .is_optional = true, .place = WGI_AT_NUMBER(0)},
    {.name = "std",
     .kind = WGI_ATTR_REAL,
     .range = "[0, inf)",
     .is_optional = true,
     .real = 1.0,
     .place = WGI_AT_NUMBER(1)},
};

WGI_CALL(call, wg_normal(c->graph, (wg_dtype)wgi_call_int(c, 0), wgi_call_length(c, 1),
                         wgi_call_list(c, 1), wgi_call_real(c, 2), wgi_call_real(c, 3)))

const wgi_op wgi_op_normal = {
    .name = "normal",
    .traits = WGI_FILL | WGI_RANDOM | WGI_STOP,
    .n_out = 1,
    .n_numbers = 2,
    .attr_bytes = sizeof(wgi_draw_attr),
    .dispatch = -1,
    .infer = wgi_infer_drawn,
    .reference = {WGI_REALS(normal)},
    .call = call,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples, bad),
};

#endif
