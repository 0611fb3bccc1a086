/* uniform: independent draws from [low, high).
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: every draw is made in f32 and widened, so that all dtypes hold the same values. */
#if defined(WGI_REAL_PASS)

static wg_status K(uniform)(const wgi_args *args)
{
    const wgi_draw_attr *attr = args->attr;
    const float low = (float)args->numbers[0];
    const float high = (float)args->numbers[1];
    wgi_draw draw = {.key = args->key, .ordinal = attr->ordinal};
    real *y = args->out[0].data;
    for (int64_t e = 0; e < args->out[0].count; e++) {
        y[e] = (real)between(low, high, wgi_draw_next(&draw, e));
    }
    return WG_OK;
}

#else

#include "ops/call.h"
#include "ops/draw.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

#include <math.h>

/* low + u (high - low), which may round up to high: then the float below it. */
static float between(float low, float high, float u)
{
    const float y = low + u * (high - low);
    return y >= high && low < high ? nextafterf(high, low) : y;
}

static bool is_interval(double low, double high)
{
    return low <= high && isfinite((float)low) && isfinite((float)high) &&
           isfinite((float)high - (float)low);
}

wg_node wg_uniform(wg_graph *g, wg_dtype dtype, int32_t rank, const int64_t *dims, double low,
                   double high)
{
    wgi_draw_attr attr = {.dtype = (int32_t)dtype, .rank = rank};
    const double numbers[] = {low, high};
    const wgi_draft draft = {.op = WGI_OP_uniform, .graph = g, .attr = &attr, .numbers = numbers};
    wg_node failed;
    if (!wgi_take_shape(&draft, rank, dims, attr.dims, &failed)) {
        return failed;
    }
    if (!is_interval(low, high)) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, low <= high ? "draws are made in f32" : NULL,
                          "[%g, %g) is no interval of finite numbers", low, high);
    }
    attr.ordinal = wgi_next_ordinal(g);
    return wgi_record(&draft);
}

#define WGI_KERNEL_FILE "ops/uniform.c"
#include "ops/for_each_real.h"

static wg_node difference(wg_graph *g, wg_dtype dtype)
{
    const int64_t n = 5;
    const wg_node first = wg_uniform(g, dtype, 1, &n, 0.0, 1.0);
    return wg_sub(first, wg_uniform(g, dtype, 1, &n, 0.0, 1.0));
}

WGI_BUILD(build_rank_0, wg_uniform(g, dtype, 0, NULL, 0.0, 1.0))
WGI_BUILD(build_matrix, wg_uniform(g, dtype, 2, (const int64_t[]){3, 7}, -2.0, 3.0))
WGI_BUILD(build_empty, wg_uniform(g, dtype, 3, (const int64_t[]){2, 0, 3}, 0.0, 1.0))
WGI_BUILD(build_point, wg_uniform(g, dtype, 1, (const int64_t[]){5}, 0.5, 0.5))
WGI_BUILD(build_two, difference(g, dtype))
WGI_BUILD(build_integers, wg_uniform(g, WG_I64, 0, NULL, 0.0, 1.0))
WGI_BUILD(build_reversed, wg_uniform(g, dtype, 0, NULL, 1.0, 0.0))
WGI_BUILD(build_infinite, wg_uniform(g, dtype, 0, NULL, 0.0, 1e300))
WGI_BUILD(build_rank_9,
          wg_uniform(g, dtype, 9, (const int64_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1}, 0.0, 1.0))

static const wgi_sample samples[] = {
    WGI_GOOD_0("rank 0", build_rank_0), WGI_GOOD_0("matrix", build_matrix),
    WGI_GOOD_0("size 0", build_empty),  WGI_GOOD_0("a point", build_point),
    WGI_GOOD_0("two draws", build_two),
};

static const wgi_sample bad[] = {
    WGI_BAD_0("integers", build_integers, WG_ERR_DTYPE, "uniform: needs a floating dtype: i64"),
    WGI_BAD_0("low above high", build_reversed, WG_ERR_ARGUMENT,
              "uniform: [1, 0) is no interval of finite numbers"),
    WGI_BAD_0("infinite in f32", build_infinite, WG_ERR_ARGUMENT,
              "uniform: [0, 1e+300) is no interval of finite numbers"),
    WGI_BAD_0("rank 9", build_rank_9, WG_ERR_RANGE, "uniform: rank 9 is not in [0, 8]"),
};

static const wgi_attribute attributes[] = {
    {.name = "dtype", .kind = WGI_ATTR_DTYPE, .place = WGI_AT_I32(wgi_draw_attr, dtype)},
    {.name = "dims", .kind = WGI_ATTR_DIMS, .place = WGI_AT_I64_LIST(wgi_draw_attr, rank, dims)},
    {.name = "low", .kind = WGI_ATTR_REAL, .is_optional = true, .place = WGI_AT_NUMBER(0)},
    {.name = "high",
     .kind = WGI_ATTR_REAL,
     .is_optional = true,
     .real = 1.0,
     .place = WGI_AT_NUMBER(1)},
};

WGI_CALL(call, wg_uniform(c->graph, (wg_dtype)wgi_call_int(c, 0), wgi_call_length(c, 1),
                          wgi_call_list(c, 1), wgi_call_real(c, 2), wgi_call_real(c, 3)))

const wgi_op wgi_op_uniform = {
    .name = "uniform",
    .traits = WGI_FILL | WGI_RANDOM | WGI_STOP,
    .n_out = 1,
    .n_numbers = 2,
    .attr_bytes = sizeof(wgi_draw_attr),
    .dispatch = -1,
    .infer = wgi_infer_drawn,
    .reference = {WGI_REALS(uniform)},
    .call = call,
    WGI_ATTRIBUTES(attributes),
    .samples = samples,
    .n_samples = WGI_COUNT(samples),
    .bad = bad,
    .n_bad = WGI_COUNT(bad),
};

#endif
