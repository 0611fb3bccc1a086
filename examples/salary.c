/* A salary from two inputs: a 2-3-1 network trained by hand and by the graph, side by side.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Sigmoid units, no biases, J = 1/2 sum (y - yhat)^2 over six rows, rate 1. By hand delta is
 * (y - yhat) yhat (1 - yhat), minus dJ/dz, hence W2 += h^T delta: first -.11077804145,
 * -.08079520335, -.10373410555. Both ways agree to 1e-12 per step in f64 and to 1e-6 in f32. */
#include <wengert/wengert.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ROWS 6

static const double x[2 * ROWS] = {.2, 0, .25, .1, .35, .3, .45, .5, .55, .7, .65, .9};
static const double y[ROWS] = {.15, .25, .4, .6, .75, .9};
static const double first_step_of_w2[3] = {-.11077804145, -.08079520335, -.10373410555};

static double s(double z)
{
    return 1 / (1 + exp(-z));
}

/* The step from the weights w = (W1 [2, 3], W2 [3, 1]) by hand, and as tenth number J. */
static void by_hand(const double *w, double *step)
{
    memset(step, 0, 10 * sizeof *step);
    for (int r = 0; r < ROWS; r++) {
        double h[3];
        double z = 0;
        for (int j = 0; j < 3; j++) {
            h[j] = s(x[2 * r] * w[j] + x[2 * r + 1] * w[3 + j]);
            z += h[j] * w[6 + j];
        }
        double error = y[r] - s(z);
        double delta = error * s(z) * (1 - s(z));
        step[9] += error * error / 2;
        for (int j = 0; j < 3; j++) {
            double delta_j = delta * w[6 + j] * h[j] * (1 - h[j]);
            step[j] += x[2 * r] * delta_j;
            step[3 + j] += x[2 * r + 1] * delta_j;
            step[6 + j] += h[j] * delta;
        }
    }
}

/* Weights as a node that wants a gradient. The graph keeps the tensor. */
static wg_node variable(wg_graph *g, wg_dtype dtype, const int64_t *dims, const double *w)
{
    wg_tensor *t = NULL;
    wg_status e = wg_tensor_from(wg_graph_context(g), dtype, 2, dims, WG_F64, w, &t);
    wg_node n = wg_variable(g, e == WG_OK ? t : NULL);
    wg_tensor_destroy(t);
    return n;
}

/* The same by the graph, in the given precision. All NaN on failure. */
static void by_graph(wg_graph *g, wg_dtype dtype, const double *w, double *step)
{
    wg_graph_reset(g);
    wg_node w1 = wg_name(variable(g, dtype, (int64_t[]){2, 3}, w), "w1");
    wg_node w2 = wg_name(variable(g, dtype, (int64_t[]){3, 1}, w + 6), "w2");
    wg_node rows = wg_cast(wg_constant(g, WG_F64, 2, (int64_t[]){ROWS, 2}, x), dtype);
    wg_node targets = wg_cast(wg_constant(g, WG_F64, 2, (int64_t[]){ROWS, 1}, y), dtype);
    wg_node yhat = wg_sigmoid(wg_matmul(wg_sigmoid(wg_matmul(rows, w1)), w2));
    wg_node cost = wg_half_sum_squares(yhat, targets);
    step[9] = wg_backward(cost) == WG_OK ? wg_item(cost) : NAN;
    for (int i = 0; i < 9; i++) {
        step[i] = -wg_tensor_get(wg_gradient(i < 6 ? w1 : w2), i < 6 ? i : i - 6);
    }
}

/* Trains by hand, the graph beside it at each step; returns how many numbers do not agree. */
static int train(wg_graph *g, double *w)
{
    double step[3][10]; /* by hand, by the graph in f64, and in f32 */
    int n_off = 0;
    printf("\n  step  J by hand      f64       f32\n");
    for (int i = 0, next = 0; i <= 1000; i++) {
        by_hand(w, step[0]);
        by_graph(g, WG_F64, w, step[1]);
        by_graph(g, WG_F32, w, step[2]);
        for (int k = 0; k < 10; k++) {
            n_off += fabs(step[1][k] - step[0][k]) <= 1e-12 ? 0 : 1;
            n_off += fabs(step[2][k] - step[0][k]) <= 1e-6 ? 0 : 1;
            w[k] += step[0][k];
        }
        if (i == next) {
            printf("  %4d  %9.6f %9.6f %9.6f\n", i, step[0][9], step[1][9], step[2][9]);
            next = i == 0 ? 1 : 10 * i;
        }
    }
    printf("\n%d of 20020 numbers off (1e-12 in f64, 1e-6 in f32)\n", n_off);
    return n_off;
}

int main(void)
{
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    double w[10] = {1.6243453636632417,  -.6117564136500754, -.5281717522634557,
                    -1.0729686221561705, .8654076293246785,  -2.3015386968802827,
                    1.74481176421648,    -.7612069008951028, .31903909605709857};
    double step[10]; /* the tenth is J; in w it means nothing */
    int n_off = 0;
    by_hand(w, step);
    printf("the first step of W2: %.11f, %.11f, %.11f\n", step[6], step[7], step[8]);
    for (int k = 0; k < 3; k++) {
        n_off += fabs(step[6 + k] - first_step_of_w2[k]) <= 1e-11 ? 0 : 1;
    }
    bool ok = wg_context_create(NULL, &ctx) == WG_OK && wg_graph_create(ctx, &g) == WG_OK;
    n_off += ok ? train(g, w) : 1;
    if (n_off != 0) {
        fprintf(stderr, "%d off. %s%s\n", n_off, wg_context_error(ctx), wg_graph_error(g));
    }
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return n_off == 0 ? 0 : 1;
}
