/* stop_gradient: the identity, through which no gradient flows.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the trait WGI_STOP alone stops the gradient, so that there is no rule to give. */
#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/samples.h"
#include "ops/support.h"

wg_node wg_stop_gradient(wg_node x)
{
    return wgi_record_unary(WGI_OP_stop_gradient, x, NULL);
}

static wg_status infer(wgi_infer *q)
{
    return wgi_infer_like(q, 0, 0);
}

static wg_status run(const wgi_args *args)
{
    wgi_copy_all(args);
    return WG_OK;
}

WGI_BUILD(build, wg_stop_gradient(in[0]))

static const wgi_sample samples[] = {
    WGI_GOOD("matrix", build, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("rank 0", build, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("size 1", build, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("size 0", build, 1, WGI_IN_2(3, 0, WGI_NORMAL)),
    WGI_GOOD("i64", build, 1, WGI_IN_TYPED(5, WG_I64, 9)),
    WGI_GOOD("bool", build, 1, WGI_IN_TYPED(5, WG_BOOL, 2)),
    WGI_GOOD("u8", build, 1, WGI_IN_TYPED(5, WG_U8, 9)),
};

WGI_CALL(call, wg_stop_gradient(wgi_call_in(c, 0)))

const wgi_op wgi_op_stop_gradient = {
    .name = "stop_gradient",
    .traits = WGI_LAYOUT | WGI_STOP,
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .operands = {"x"},
    .infer = infer,
    .reference = {WGI_ANY_DTYPE(run)},
    .call = call,
    .samples = samples,
    .n_samples = WGI_COUNT(samples),
};
