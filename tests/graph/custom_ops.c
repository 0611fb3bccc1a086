/* Ops that the tests of custom ops, hooks and cancellation define.
 * SPDX-License-Identifier: Apache-2.0 */
#include "custom_ops.h"

double view_get(const wg_view *v, int64_t i)
{
    assert_true(i >= 0 && i < v->count);
    if (v->dtype == WG_I64) {
        return (double)((const int64_t *)v->data)[i];
    }
    return v->dtype == WG_F32 ? (double)((const float *)v->data)[i] : ((const double *)v->data)[i];
}

void view_set(const wg_mutable_view *v, int64_t i, double x)
{
    assert_true(i >= 0 && i < v->count);
    if (v->dtype == WG_I64) {
        ((int64_t *)v->data)[i] = (int64_t)x;
    } else if (v->dtype == WG_F32) {
        ((float *)v->data)[i] = (float)x;
    } else {
        ((double *)v->data)[i] = x;
    }
}

wg_status cube_forward(const wg_forward_call *call)
{
    for (int64_t i = 0; i < call->y->count; i++) {
        const double x = view_get(call->x, i);
        view_set(call->y, i, x * x * x);
    }
    return WG_OK;
}

wg_status cube_backward(const wg_backward_call *call)
{
    for (int64_t i = 0; i < call->dx->count; i++) {
        const double x = view_get(call->x, i);
        view_set(call->dx, i, view_get(call->dy, i) * 3 * x * x);
    }
    return WG_OK;
}

wg_status cube_gradient(const wg_gradient_call *call)
{
    const wg_node slope = wg_scale(wg_square(call->x[0]), 3);
    call->dx[0] = wg_mul(call->dy[0], slope);
    return WG_OK;
}

wg_status ignore_gradient(const wg_hook_call *call)
{
    (void)call;
    return WG_OK;
}

wg_op_definition cube_definition(const char *name)
{
    return (wg_op_definition){
        .size = sizeof(wg_op_definition),
        .name = name,
        .n_inputs = 1,
        .dtypes = WG_CUSTOM_F32 | WG_CUSTOM_F64,
        .forward = cube_forward,
        .backward = cube_backward,
    };
}
