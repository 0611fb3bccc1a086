/* One step of backpropagation, two inputs, two hidden units, one output: deltas and new weights.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Sigmoid units without biases, inputs .35 and .9, target .5, rate 1; a unit's weights are a row of
 * W. delta = (t - out) out (1 - out) is the negative of dL/dz for L = 1/2 (out - t)^2, so that a
 * step adds: w += rate delta a. Hidden units .68026720, .66373870, output .69028349 with delta
 * -.04068112511; output weights .3 and .9 become .27232597, .87299836; the hidden deltas, taken
 * through the weights as they were before, are -2.654489e-3, -8.171645e-3; the output becomes
 * .68201858, closer to .5. */
#include <wengert/wengert.h>

#include <math.h>
#include <stdio.h>

/* What a pass through the network gives. */
typedef struct pass {
    wg_node w[2]; /* [2, 2] and [1, 2]: row = unit */
    wg_node a[2]; /* hidden units [2], output [1] */
    wg_node z[2]; /* what goes into their sigmoids */
    wg_node loss;
} pass;

static pass forward(wg_graph *g, wg_param *const w[2])
{
    pass p;
    wg_node below = wg_constant(g, WG_F64, 1, (int64_t[]){2}, (double[]){.35, .9});
    for (int i = 0; i < 2; i++) {
        p.w[i] = wg_use(g, w[i]);
        p.z[i] = wg_mv(p.w[i], below);
        below = p.a[i] = wg_sigmoid(p.z[i]);
    }
    p.loss = wg_half_sum_squares(p.a[1], wg_constant(g, WG_F64, 1, (int64_t[]){1}, &(double){.5}));
    return p;
}

/* Prints numbers beside those worked by hand; returns how many are off by their last digit. */
static int judge(const char *what, const wg_tensor *t, double sign, const double *by_hand,
                 double digit)
{
    int n_off = 0;
    for (int i = 0; i < wg_tensor_count(t); i++) {
        double v = sign * wg_tensor_get(t, i);
        printf("  %-18s %d  %14.11f\n", what, i + 1, v);
        n_off += fabs(v - by_hand[i]) <= digit ? 0 : 1;
    }
    return t == NULL ? 1 : n_off;
}

static wg_status lesson(wg_graph *g, wg_param *const w[2], wg_optimizer *sgd, int *n_off)
{
    pass p = forward(g, w);
    wg_node dz[2];
    /* The deltas are gradients of what goes into the units; the weights' follow by backward. */
    wg_status s = wg_grad(p.loss, p.z, 2, dz);
    s = s ? s : wg_keep(dz[0]);
    s = s ? s : wg_keep(dz[1]);
    s = s ? s : wg_backward(p.loss);
    if (s) {
        return s;
    }
    *n_off += judge("hidden unit", wg_value(p.a[0]), 1, (double[]){.68026720, .66373870}, 5e-9);
    *n_off += judge("output", wg_value(p.a[1]), 1, (double[]){.69028349}, 5e-9);
    *n_off += judge("output delta", wg_value(dz[1]), -1, (double[]){-.04068112511}, 5e-12);
    *n_off +=
        judge("hidden delta", wg_value(dz[0]), -1, (double[]){-2.654489e-3, -8.171645e-3}, 5e-10);
    s = wg_optimizer_step(sgd);
    *n_off +=
        judge("new output weight", wg_param_value(w[1]), 1, (double[]){.27232597, .87299836}, 5e-9);
    s = s ? s : wg_graph_reset(g);
    p = forward(g, w);
    *n_off += judge("output after it", wg_value(p.a[1]), 1, (double[]){.68201858}, 5e-9);
    return s;
}

int main(void)
{
    static const double start[6] = {.1, .8, .4, .6, .3, .9};
    const wg_sgd_options options = {.size = sizeof options, .rate = 1};
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_model *m = NULL;
    wg_param *w[2] = {NULL};
    wg_optimizer *sgd = NULL;
    int n_off = 0;
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    s = s ? s : wg_model_create(ctx, &m);
    s = s ? s : wg_param_create(m, "hidden", WG_F64, 2, (int64_t[]){2, 2}, NULL, &w[0]);
    s = s ? s : wg_param_create(m, "output", WG_F64, 2, (int64_t[]){1, 2}, NULL, &w[1]);
    s = s ? s : wg_model_set_values(m, start, 6);
    s = s ? s : wg_sgd_create(m, &options, &sgd);
    s = s ? s : lesson(g, w, sgd, &n_off);
    if (s || n_off != 0) {
        fprintf(stderr, "%d off. %s %s\n", n_off, wg_status_text(s), wg_graph_error(g));
    }
    wg_optimizer_destroy(sgd);
    wg_graph_destroy(g);
    wg_model_destroy(m);
    wg_context_destroy(ctx);
    return !s && n_off == 0 ? 0 : 1;
}
