/* dropout: elements zeroed at random, the rest scaled up.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: y = x * mask, the mask of factors being output 1; the mask depends on the random key
 * and on p alone, never on x, so that nothing flows back through it. */
#if defined(WGI_REAL_PASS)

static wg_status K(dropout)(const wgi_args *args)
{
    const wgi_dropout_attr *attr = args->attr;
    const double p = args->numbers[0];
    const real factor = (real)((accum)1 / ((accum)1 - (accum)p));
    const real *x = args->in[0].data;
    real *y = args->out[0].data;
    real *mask = args->out[1].data;
    wgi_draw draw = {.key = args->key, .ordinal = (uint32_t)attr->ordinal};
    for (int64_t e = 0; e < args->in[0].count; e++) {
        const bool is_kept = (double)wgi_draw_next(&draw, e) >= p;
        mask[e] = is_kept ? factor : 0;
        y[e] = x[e] * mask[e];
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

wg_node wg_dropout(wg_node x, double p)
{
    wgi_dropout_attr attr = {0};
    const wgi_draft draft = {
        .op = WGI_OP_dropout, .n_in = 1, .in = &x, .attr = &attr, .numbers = &p};
    wgi_view view;
    if (!(p >= 0.0 && p < 1.0)) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL, "p must lie in [0, 1): %g", p);
    }
    if (!wgi_view_of(x, &view)) {
        return wgi_record(&draft);
    }
    if (!wg_graph_is_training(x.graph) && wgi_is_floating(view.dtype)) {
        return x;
    }
    attr.ordinal = wgi_next_ordinal(x.graph);
    return wgi_record(&draft);
}

static wg_status infer(wgi_infer *q)
{
    wg_status status = wgi_check_floating(q, 0);
    if (status == WG_OK) {
        status = wgi_infer_like(q, 0, 0);
    }
    return status != WG_OK ? status : wgi_infer_like(q, 1, 0);
}

static void gradient(wgi_rule *rule)
{
    if (wgi_is_some(rule->dy[0])) {
        rule->dx[0] = wg_gate(rule->dy[0], rule->y[1]);
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
    .attr_bytes = sizeof(wgi_dropout_attr),
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

#endif
