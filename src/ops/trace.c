/* trace: the sum of a diagonal.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: of other shapes than square ones the shorter axis tells how long the diagonal is. */
#include "ops/call.h"
#include "ops/contract.h"
#include "ops/samples.h"
#include "ops/support.h"

extern const wgi_op wgi_op_trace;

wg_node wg_trace(wg_node x)
{
    const wgi_draft draft = {.form = &wgi_op_trace, .n_in = 1, .in = &x};
    wgi_view view;
    wg_node failed;
    if (!wgi_take_operands(&draft, &failed)) {
        return failed;
    }
    if (!wgi_view_of(x, &view) || view.rank < 2) {
        return wgi_refuse(&draft, WG_ERR_SHAPE, NULL, "needs rank >= 2: %d (x)", (int)view.rank);
    }
    const int32_t last = -1;
    return wg_sum(wg_diagonal(x, 0, -2, -1), &last, 1, false);
}

WGI_BUILD(build_trace, wg_trace(in[0]))

static const wgi_sample samples_trace[] = {
    WGI_GOOD("square", build_trace, 1, WGI_IN_2(3, 3, WGI_NORMAL)),
    WGI_GOOD("wide", build_trace, 1, WGI_IN_2(2, 4, WGI_NORMAL)),
    WGI_GOOD("batch", build_trace, 1, WGI_IN_3(2, 3, 3, WGI_NORMAL)),
    WGI_GOOD("size 0", build_trace, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
};

static const wgi_sample bad_trace[] = {
    WGI_BAD("vector", build_trace, WG_ERR_SHAPE, "trace: needs rank >= 2: 1 (x)", 1,
            WGI_IN_1(3, WGI_NORMAL)),
};

WGI_CALL(call_trace, wg_trace(wgi_call_in(c, 0)))

const wgi_op wgi_op_trace = {
    WGI_FORM_OF("trace", 1, 1, "x"),
    .call = call_trace,
    WGI_SAMPLES(samples_trace, bad_trace),
};
