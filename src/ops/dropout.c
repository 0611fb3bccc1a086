/* dropout: elements zeroed at random, the rest scaled up; dropout_channels: whole channels.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: y = gate(mask, x), the mask of factors being output 1: what is dropped is exactly 0,
 * were it infinite. The mask depends on the random key and on p alone, never on x, so that nothing
 * flows back through it. */
#if defined(WGI_REAL_PASS)

/* Each element of the mask is the factor of as many neighbours of x. */
static wg_status K(dropout)(const wgi_args *args)
{
    const wgi_mask_attr *attr = args->attr;
    const double p = args->numbers[0];
    const real factor = (real)((accum)1 / ((accum)1 - (accum)p));
    const int64_t n = args->out[1].count;
    const int64_t inner = n > 0 ? args->in[0].count / n : 0;
    const real *x = args->in[0].data;
    real *y = args->out[0].data;
    real *mask = args->out[1].data;
    wgi_draw draw = {.key = args->key, .ordinal = (uint32_t)attr->ordinal};
    for (int64_t e = 0; e < n; e++) {
        const bool is_kept = (double)wgi_draw_next(&draw, e) >= p;
        mask[e] = is_kept ? factor : 0;
        for (int64_t i = e * inner; i < (e + 1) * inner; i++) {
            y[i] = is_kept ? x[i] * factor : 0;
        }
    }
    return WG_OK;
}

#else

#include "ops/call.h"
#include "ops/draw.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

/* Records the op, or gives x where the graph is evaluated; x has at least so many axes. */
static wg_node drop(uint16_t op, wg_node x, double p, int32_t min_rank)
{
    wgi_mask_attr attr = {0};
    const wgi_draft draft = {.op = op, .n_in = 1, .in = &x, .attr = &attr, .numbers = &p};
    wgi_view view;
    if (!(p >= 0.0 && p < 1.0)) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL, "p must lie in [0, 1): %g", p);
    }
    if (!wgi_view_of(x, &view)) {
        return wgi_record(&draft);
    }
    const bool is_good = wgi_is_floating(view.dtype) && view.rank >= min_rank;
    if (!wg_graph_is_training(x.graph) && is_good) {
        return x;
    }
    attr.ordinal = wgi_next_ordinal(x.graph);
    return wgi_record(&draft);
}

wg_node wg_dropout(wg_node x, double p)
{
    return drop(WGI_OP_dropout, x, p, 0);
}

wg_node wg_dropout_channels(wg_node x, double p)
{
    return drop(WGI_OP_dropout_channels, x, p, 2);
}

static wg_status infer(wgi_infer *q)
{
    wg_status status = wgi_check_floating(q, 0);
    if (status == WG_OK) {
        status = wgi_infer_like(q, 0, 0);
    }
    return status != WG_OK ? status : wgi_infer_like(q, 1, 0);
}

static wg_status infer_channels(wgi_infer *q)
{
    wg_status status = wgi_check_floating(q, 0);
    status = status != WG_OK ? status : wgi_check_min_rank(q, 0, 2);
    status = status != WG_OK ? status : wgi_infer_like(q, 0, 0);
    if (status != WG_OK) {
        return status;
    }
    int64_t dims[WG_MAX_RANK];
    for (int32_t i = 0; i < q->in->rank; i++) {
        dims[i] = i < 2 ? q->in->dims[i] : 1;
    }
    return wgi_infer_shape(q, 1, q->in->dtype, q->in->rank, dims);
}

/* What was dropped gets an exact 0, whatever arrives. */
static void gradient(wgi_rule *rule)
{
    if (wgi_is_some(rule->dy[0])) {
        rule->dx[0] = wg_gate(rule->y[1], rule->dy[0]);
    }
}

#define WGI_KERNEL_FILE "ops/dropout.c"
#include "ops/for_each_real.h"

static wg_node times_mask(wg_node y)
{
    return wg_mul(y, wg_output(y, 1));
}

WGI_BUILD(build_half, wg_dropout(in[0], 0.5))
WGI_BUILD(build_none, wg_dropout(in[0], 0.0))
WGI_BUILD(build_masked, wg_mul(in[0], times_mask(wg_dropout(in[0], 0.3))))
WGI_BUILD(build_twice, wg_dropout(wg_dropout(in[0], 0.25), 0.25))
WGI_BUILD(build_one, wg_dropout(in[0], 1.0))
WGI_BUILD(build_negative, wg_dropout(in[0], -0.5))
WGI_BUILD(build_nan, wg_dropout(in[0], (double)NAN))

static const wgi_sample samples[] = {
    WGI_GOOD("matrix", build_half, 1, WGI_IN_2(3, 5, WGI_NORMAL)),
    WGI_GOOD("p is 0", build_none, 1, WGI_IN_1(6, WGI_NORMAL)),
    WGI_GOOD("rank 0", build_half, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("size 0", build_half, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
    WGI_GOOD("mask in use", build_masked, 1, WGI_IN_1(9, WGI_NORMAL)),
    WGI_GOOD("twice", build_twice, 1, WGI_IN_1(9, WGI_NORMAL)),
};

static const wgi_sample bad[] = {
    WGI_BAD("p is 1", build_one, WG_ERR_ARGUMENT, "dropout: p must lie in [0, 1): 1", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("p below 0", build_negative, WG_ERR_ARGUMENT, "dropout: p must lie in [0, 1): -0.5", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("p is NaN", build_nan, WG_ERR_ARGUMENT, "dropout: p must lie in [0, 1): nan", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("integers", build_half, WG_ERR_DTYPE, "dropout: needs a floating dtype: i64 (x)", 1,
            WGI_IN_TYPED(3, WG_I64, 4)),
};

static const wgi_attribute attributes[] = {
    {.name = "p",
     .kind = WGI_ATTR_REAL,
     .range = "[0, 1)",
     .is_optional = true,
     .real = 0.5,
     .place = WGI_AT_NUMBER(0)},
};

WGI_CALL(call, wg_dropout(wgi_call_in(c, 0), wgi_call_real(c, 0)))

const wgi_op wgi_op_dropout = {
    .name = "dropout",
    .traits = WGI_RANDOM,
    .min_in = 1,
    .max_in = 1,
    .n_out = 2,
    .n_numbers = 1,
    .attr_bytes = sizeof(wgi_mask_attr),
    .operands = {"x"},
    .infer = infer,
    .gradient = gradient,
    .reference = {WGI_REALS(dropout)},
    .call = call,
    WGI_ATTRIBUTES(attributes),
    .samples = samples,
    .n_samples = WGI_COUNT(samples),
    .bad = bad,
    .n_bad = WGI_COUNT(bad),
};

/* ---- dropout_channels --------------------------------------------------------------------- */

WGI_BUILD(channels, wg_dropout_channels(in[0], 0.5))
WGI_BUILD(channels_masked, wg_mul(in[0], times_mask(wg_dropout_channels(in[0], 0.3))))
WGI_BUILD(channels_all, wg_dropout_channels(in[0], 1.0))

static const wgi_sample channel_samples[] = {
    WGI_GOOD("images", channels, 1, WGI_IN_4(2, 3, 2, 2, WGI_NORMAL)),
    WGI_GOOD("sequences", channels, 1, WGI_IN_3(2, 5, 3, WGI_NORMAL)),
    WGI_GOOD("channels of one element", channels, 1, WGI_IN_2(3, 5, WGI_NORMAL)),
    WGI_GOOD("mask in use", channels_masked, 1, WGI_IN_3(2, 3, 2, WGI_NORMAL)),
    WGI_GOOD("size 1", channels, 1, WGI_IN_3(1, 1, 1, WGI_NORMAL)),
    WGI_GOOD("no batch", channels, 1, WGI_IN_3(0, 3, 2, WGI_NORMAL)),
    WGI_GOOD("empty channels", channels, 1, WGI_IN_3(2, 3, 0, WGI_NORMAL)),
};

static const wgi_sample channel_bad[] = {
    WGI_BAD("p is 1", channels_all, WG_ERR_ARGUMENT, "dropout_channels: p must lie in [0, 1): 1", 1,
            WGI_IN_3(2, 3, 2, WGI_NORMAL)),
    WGI_BAD("rank", channels, WG_ERR_SHAPE, "dropout_channels: needs rank >= 2: 1 (x)", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("integers", channels, WG_ERR_DTYPE, "dropout_channels: needs a floating dtype: i64 (x)",
            1, WGI_IN_TYPED(3, WG_I64, 4)),
};

WGI_CALL(call_channels, wg_dropout_channels(wgi_call_in(c, 0), wgi_call_real(c, 0)))

const wgi_op wgi_op_dropout_channels = {
    .name = "dropout_channels",
    .traits = WGI_RANDOM,
    .min_in = 1,
    .max_in = 1,
    .n_out = 2,
    .n_numbers = 1,
    .attr_bytes = sizeof(wgi_mask_attr),
    .operands = {"x"},
    .infer = infer_channels,
    .gradient = gradient,
    .reference = {WGI_REALS(dropout)},
    .call = call_channels,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(channel_samples, channel_bad),
};

#endif
