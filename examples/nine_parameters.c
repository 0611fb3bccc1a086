/* Nine parameters, two hidden units, one number: a gradient too long for paper, exact all the same.
 * SPDX-License-Identifier: Apache-2.0
 *
 * f = s(t6 + t7 tanh(t0 + t1 x + t2 x^2) + t8 tanh(t3 + t4 x + t5 x^2)) with the sigmoid s, at
 * t = (.1, -.2, .3, .4, -.5, .6, -.7, .8, -.9) and x = .5: f = .2885793902900924, df/dt =
 * (.16332065812, .08166032906, .04083016453, -.16909094839, -.08454547419, -.04227273710,
 * .20530132579, .01536879375, .05980686556). Central differences take 18 evaluations for ten or
 * eleven digits of it; the graph takes one pass each way for all. */
#include <wengert/wengert.h>

#include <math.h>
#include <stdio.h>

enum {
    N = 9
};

static const double x = .5;
static const double f_known = .2885793902900924;
static const double known[N] = {.16332065812,  .08166032906,  .04083016453,
                                -.16909094839, -.08454547419, -.04227273710,
                                .20530132579,  .01536879375,  .05980686556};

/* What a C programmer would write, to be differenced. */
static double plain(const double *t)
{
    double a = tanh(t[0] + t[1] * x + t[2] * x * x);
    double b = tanh(t[3] + t[4] * x + t[5] * x * x);
    return 1 / (1 + exp(-(t[6] + t[7] * a + t[8] * b)));
}

/* A hidden unit: tanh of the quadratic whose coefficients are t[first], and the next two. */
static wg_node unit(wg_node t, int first)
{
    wg_node powers = wg_constant(t.graph, WG_F64, 1, (int64_t[]){3}, (double[]){1, x, x * x});
    return wg_tanh(wg_dot(wg_narrow(t, 0, first, 3), powers));
}

/* The same recorded, for the vector t. */
static wg_node record(wg_node t)
{
    wg_node units[3] = {wg_number(t.graph, WG_F64, 1), unit(t, 0), unit(t, 3)};
    return wg_sigmoid(wg_dot(wg_narrow(t, 0, 6, 3), wg_stack(units, 3, 0)));
}

/* Prints both gradients side by side; returns how many numbers are off. */
static int compare(wg_node f, wg_node gradient, double *t)
{
    const wg_tensor *exact = wg_value(gradient);
    double value = wg_item(f);
    int n_off = fabs(value - f_known) <= 1e-15 && fabs(plain(t) - value) <= 1e-15 ? 0 : 1;
    printf("f = %.16f\n\n    by the graph   by differences\n", value);
    for (int i = 0; i < N; i++) {
        double at = t[i];
        t[i] = at + 6e-6;
        double above = plain(t);
        t[i] = at - 6e-6;
        double difference = (above - plain(t)) / 12e-6;
        t[i] = at;
        double d = wg_tensor_get(exact, i);
        printf("t%d  %14.11f  %14.9f\n", i, d, difference);
        n_off += fabs(d - known[i]) <= 6e-12 ? 0 : 1;
        n_off += fabs(d - difference) <= 1e-10 ? 0 : 1;
    }
    return n_off;
}

int main(void)
{
    double t[N] = {.1, -.2, .3, .4, -.5, .6, -.7, .8, -.9};
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_node gradient;
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    wg_node parameters = wg_constant(g, WG_F64, 1, (int64_t[]){N}, t);
    wg_node f = record(parameters);
    s = s ? s : wg_grad(f, &parameters, 1, &gradient);
    s = s ? s : wg_run((wg_node[]){f, gradient}, 2);
    int n_off = s ? 1 : compare(f, gradient, t);
    if (n_off != 0) {
        fprintf(stderr, "%d off. %s %s\n", n_off, wg_status_text(s), wg_graph_error(g));
    }
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return n_off == 0 ? 0 : 1;
}
