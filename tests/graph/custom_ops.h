/* Ops that the tests of custom ops, hooks and cancellation define.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_TESTS_GRAPH_CUSTOM_OPS_H
#define WG_TESTS_GRAPH_CUSTOM_OPS_H

#include "graph_fixture.h"

/* An element as a double, and back. */
double view_get(const wg_view *v, int64_t i);
void view_set(const wg_mutable_view *v, int64_t i, double x);

/* y = x^3: its kernels, and its gradient as ops. */
wg_status cube_forward(const wg_forward_call *call);
wg_status cube_backward(const wg_backward_call *call);
wg_status cube_gradient(const wg_gradient_call *call);

/* A hook that does nothing. */
wg_status ignore_gradient(const wg_hook_call *call);

/* The definition of cube with its kernels in both dtypes. */
wg_op_definition cube_definition(const char *name);

static inline wg_op *define(wg_context *ctx, const wg_op_definition *d)
{
    wg_op *op = NULL;
    assert_int_equal(wg_op_define(ctx, d, &op), WG_OK);
    assert_non_null(op);
    return op;
}

static inline wg_node use1(const wg_op *op, wg_node x)
{
    return wg_custom(op, &x, 1, NULL);
}

#endif
