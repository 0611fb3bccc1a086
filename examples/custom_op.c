/* Ops of one's own: one with kernels, one by formula, and a hook that clips gradients.
 * SPDX-License-Identifier: Apache-2.0
 *
 * softplus(x) = log(1 + e^x) with a kernel for its gradient; mish(x) = x tanh(log(1 + e^x)) as
 * text. Both are checked against differences, and so is a softplus with a mistake. Then gradient
 * descent from 5, with steps of 1 at most, finds where mish is lowest: -1.1924. */
#include <wengert/wengert.h>

#include <math.h>
#include <stdio.h>

static wg_status softplus(const wg_forward_call *call)
{
    const double *x = call->x->data;
    double *y = call->y->data;
    for (int64_t i = 0; i < call->y->count; i++) {
        y[i] = fmax(x[i], 0) + log1p(exp(-fabs(x[i])));
    }
    return WG_OK;
}

static wg_status softplus_gradient(const wg_backward_call *call)
{
    const double *x = call->x->data;
    const double *dy = call->dy->data;
    const bool is_wrong = *(const bool *)call->user;
    for (int64_t i = 0; i < call->dx->count; i++) {
        const double slope = 1 / (1 + exp(is_wrong ? x[i] : -x[i]));
        ((double *)call->dx->data)[i] = dy[i] * slope;
    }
    return WG_OK;
}

static wg_op *define_softplus(wg_context *ctx, const char *name, bool *is_wrong)
{
    wg_op *op = NULL;
    const wg_op_definition definition = {
        .size = sizeof definition,
        .name = name,
        .n_inputs = 1,
        .dtypes = WG_CUSTOM_F64,
        .forward = softplus,
        .backward = softplus_gradient,
        .user = is_wrong,
    };
    return wg_op_define(ctx, &definition, &op) == WG_OK ? op : NULL;
}

static bool check(const wg_op *op, wg_tensor *at, wg_check_verdict want)
{
    wg_op_report report;
    wg_custom_info info;
    bool is_good = wg_custom_describe(op, &info) == WG_OK &&
                   wg_check_op(op, &at, 1, NULL, NULL, &report) == WG_OK &&
                   report.first.check.verdict == want;
    printf("%-14s first order %s", info.name, wg_check_verdict_name(report.first.check.verdict));
    if (report.has_second) {
        is_good &= report.second.check.verdict == want;
        printf(", second %s", wg_check_verdict_name(report.second.check.verdict));
    }
    puts("");
    return is_good;
}

/* Keeps a gradient within [-1, 1], and counts how often it had to. */
static wg_status clip(const wg_hook_call *call)
{
    double *g = call->gradient->data;
    if (!isfinite(*g)) {
        return wg_fail(call->fault, WG_ERR_CALLBACK, "the gradient is %g", *g);
    }
    *(int *)call->user += fabs(*g) > 1;
    *g = fmax(-1, fmin(1, *g));
    return WG_OK;
}

/* Goes down softplus(10 mish(x)), which is lowest where mish is. */
static bool descend(wg_graph *g, wg_tensor *at, const wg_op *softplus_op, const wg_op *mish)
{
    int n_clipped = 0;
    for (int step = 0; step < 400; step++) {
        wg_graph_reset(g);
        wg_node x = wg_variable(g, at);
        wg_node y = wg_custom(mish, &x, 1, NULL);
        wg_node steep = wg_scale(y, 10);
        wg_node loss = wg_sum_all(wg_custom(softplus_op, &steep, 1, NULL));
        if (wg_hook(x, clip, &n_clipped) != WG_OK || wg_backward(loss) != WG_OK) {
            fprintf(stderr, "%s\n", wg_graph_error(g));
            return false;
        }
        wg_tensor_set(at, 0, wg_tensor_get(at, 0) - wg_tensor_get(wg_gradient(x), 0));
    }
    printf("mish is lowest at %.4f; %d gradients were clipped\n", wg_tensor_get(at, 0), n_clipped);
    return fabs(wg_tensor_get(at, 0) + 1.192431) < 1e-4 && n_clipped == 6;
}

int main(void)
{
    bool is_right = false, is_wrong = true;
    const double points[] = {-2, -0.5, 0.75, 3}, start = 5;
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_tensor *t = NULL, *at = NULL;
    wg_op *mish = NULL;
    bool is_good = wg_context_create(NULL, &ctx) == WG_OK && wg_graph_create(ctx, &g) == WG_OK &&
                   wg_tensor_from(ctx, WG_F64, 1, (int64_t[]){4}, WG_F64, points, &t) == WG_OK &&
                   wg_tensor_from(ctx, WG_F64, 0, NULL, WG_F64, &start, &at) == WG_OK &&
                   wg_custom_pointwise(ctx, "mish", "x*tanh(log(1 + exp(x)))", &mish) == WG_OK;
    const wg_op *right = define_softplus(ctx, "softplus", &is_right);
    const wg_op *wrong = define_softplus(ctx, "wrong_softplus", &is_wrong);
    is_good = is_good && check(right, t, WG_CHECK_RIGHT) && check(mish, t, WG_CHECK_RIGHT) &&
              check(wrong, t, WG_CHECK_WRONG) && descend(g, at, right, mish);
    wg_tensor_destroy(t);
    wg_tensor_destroy(at);
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return is_good ? 0 : 1;
}
