/* noisy_relu: a rectifier with noise that grows with the input.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: output 1 is the noise e, a draw from N(0, 1) made in f32, which depends on the random
 * key alone; y is a smooth function of x and e but for its kink. */
#if defined(WGI_REAL_PASS)

static wg_status K(noisy_relu)(const wgi_args *args)
{
    const wgi_mask_attr *attr = args->attr;
    const real *x = args->in[0].data;
    real *y = args->out[0].data;
    real *noise = args->out[1].data;
    wgi_draw draw = {.key = args->key, .ordinal = (uint32_t)attr->ordinal};
    for (int64_t e = 0; e < args->in[0].count; e++) {
        noise[e] = (real)wgi_draw_next_normal(&draw, e);
        const accum decay = A(exp)(x[e] < 0 ? (accum)x[e] : -(accum)x[e]);
        const accum variance = (x[e] < 0 ? decay : 1) / (1 + decay);
        const accum z = (accum)x[e] + (accum)noise[e] * A(sqrt)(variance);
        y[e] = (real)(z <= 0 ? 0 : z);
    }
    return WG_OK;
}

#else

#include "ops/call.h"
#include "ops/draw.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

wg_node wg_noisy_relu(wg_node x)
{
    wgi_mask_attr attr = {0};
    const wgi_draft draft = {.op = WGI_OP_noisy_relu, .n_in = 1, .in = &x, .attr = &attr};
    wgi_view view;
    if (!wgi_view_of(x, &view)) {
        return wgi_record(&draft);
    }
    if (!wg_graph_is_training(x.graph)) {
        return wg_relu(x);
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

/* z = x + e sqrt s(x) has dz/dx = 1 + e sqrt(s) (1 - s) / 2; 1 - s is s(-x). */
static void gradient(wgi_rule *rule)
{
    const wg_node x = rule->x[0];
    const wg_node y = rule->y[0];
    const wg_node noise = rule->y[1];
    const wg_node dy = rule->dy[0];
    if (!wgi_is_some(dy)) {
        return;
    }
    const wg_node deviation = wg_sqrt(wg_sigmoid(x));
    const wg_node rise = wg_scale(wg_mul(deviation, wg_sigmoid(wg_neg(x))), 0.5);
    const wg_node through = wg_gate(dy, wg_heaviside(y, 0.0));
    rule->dx[0] = wg_add(through, wg_gate(through, wg_mul(noise, rise)));
}

#define WGI_KERNEL_FILE "ops/noisy_relu.c"
#include "ops/for_each_real.h"

static wg_node times_noise(wg_node y)
{
    return wg_mul(y, wg_output(y, 1));
}

WGI_BUILD(build, wg_noisy_relu(in[0]))
WGI_BUILD(build_noise, times_noise(wg_noisy_relu(in[0])))
WGI_BUILD(build_twice, wg_noisy_relu(wg_noisy_relu(in[0])))

static const wgi_sample samples[] = {
    WGI_GOOD("matrix", build, 1, WGI_IN_2(3, 5, WGI_NORMAL)),
    WGI_GOOD("rank 0", build, 1, WGI_IN_0(WGI_POSITIVE)),
    WGI_GOOD("size 1", build, 1, WGI_IN_2(1, 1, WGI_NORMAL)),
    WGI_GOOD("size 0", build, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
    WGI_GOOD("noise in use", build_noise, 1, WGI_IN_1(9, WGI_NORMAL)),
    WGI_GOOD("twice", build_twice, 1, WGI_IN_1(6, WGI_POSITIVE)),
};

static const wgi_sample bad[] = {
    WGI_BAD("integers", build, WG_ERR_DTYPE, "noisy_relu: needs a floating dtype: i64 (x)", 1,
            WGI_IN_TYPED(3, WG_I64, 4)),
};

WGI_CALL(call, wg_noisy_relu(wgi_call_in(c, 0)))

const wgi_op wgi_op_noisy_relu = {
    .name = "noisy_relu",
    .traits = WGI_RANDOM | WGI_KINKED,
    .min_in = 1,
    .max_in = 1,
    .n_out = 2,
    .attr_bytes = sizeof(wgi_mask_attr),
    .operands = {"x"},
    .infer = infer,
    .gradient = gradient,
    .reference = {WGI_REALS(noisy_relu)},
    .call = call,
    WGI_SAMPLES(samples, bad),
};

#endif
