/* Backpropagation worked by hand beside the graph's: two inputs, two hidden units, two outputs.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Sigmoid units, J = 1/2 sum (a - y)^2, rate .5; a layer's units share a bias, which stays. First
 * J = .29837110876, delta = dJ/dz of the outputs .13849856163, -.03809823652, of the hidden units
 * .00877135469, .00995425471. J after a step .29102777369, after 10,000 3.510187783e-5, outputs
 * .01591362, .98406427. Both ways agree to 1e-12 per step in f64 and to 1e-6 in f32. */
#include <wengert/wengert.h>

#include <math.h>
#include <stdio.h>

/* Where the numbers of a step are: first dJ/dW1 and dJ/dW2, in the order of the weights. */
#define DELTA2 8
#define DELTA1 10
#define OUT 12
#define COST 14
#define NUMBERS 15

static const double x[2] = {.05, .10};
static const double y[2] = {.01, .99};
static const double b[2] = {.35, .60};
static const char *const names[] = {"dW1 1,", "dW1 2,", "dW2 1,", "dW2 2,", "delta2 ", "delta1 "};
/* The numbers to be reached before the first step, after it, and after the last; 0: any. */
static const double known[3][NUMBERS] = {
    {0, 0, 0, 0, .08216704056, -.02260254048, .08266762785, -.02274024222, .13849856163,
     -.03809823652, .00877135469, .00995425471, 0, 0, .29837110876},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, .29102777369},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, .01591362044, .98406427351, 3.510187783e-5}};

static double s(double z)
{
    return 1 / (1 + exp(-z));
}

static void by_hand(const double *w, double *n)
{
    double h[2] = {s(x[0] * w[0] + x[1] * w[2] + b[0]), s(x[0] * w[1] + x[1] * w[3] + b[0])};
    n[COST] = 0;
    for (int j = 0; j < 2; j++) {
        double a = s(h[0] * w[4 + j] + h[1] * w[6 + j] + b[1]);
        n[OUT + j] = a;
        n[COST] += (a - y[j]) * (a - y[j]) / 2;
        n[DELTA2 + j] = (a - y[j]) * a * (1 - a);
    }
    for (int j = 0; j < 2; j++) { /* back along row j: through W2 transposed */
        double sum = w[4 + 2 * j] * n[DELTA2] + w[5 + 2 * j] * n[DELTA2 + 1];
        n[DELTA1 + j] = sum * h[j] * (1 - h[j]);
    }
    for (int i = 0; i < 4; i++) {
        n[i] = x[i / 2] * n[DELTA1 + i % 2];
        n[4 + i] = h[i / 2] * n[DELTA2 + i % 2];
    }
}

static wg_node matrix(wg_graph *g, wg_dtype dtype, int64_t rows, const double *data)
{
    return wg_cast(wg_constant(g, WG_F64, 2, (int64_t[]){rows, 2}, data), dtype);
}

static void by_graph(wg_graph *g, wg_dtype dtype, const double *w, double *n)
{
    wg_graph_reset(g);
    wg_node w1 = matrix(g, dtype, 2, w);
    wg_node w2 = matrix(g, dtype, 2, w + 4);
    wg_node z1 = wg_add(wg_matmul(matrix(g, dtype, 1, x), w1), wg_number(g, dtype, b[0]));
    wg_node z2 = wg_add(wg_matmul(wg_sigmoid(z1), w2), wg_number(g, dtype, b[1]));
    wg_node out = wg_sigmoid(z2);
    wg_node r[6] = {[4] = out, wg_half_sum_squares(out, matrix(g, dtype, 1, y))};
    /* Gradients are nodes too, and those of z1 and z2 are the deltas. One run makes all six. */
    bool ok = wg_grad(r[5], (wg_node[]){w1, w2, z2, z1}, 4, r) == WG_OK && wg_run(r, 6) == WG_OK;
    for (int i = 0; i < NUMBERS; i++) {
        const wg_tensor *t = ok ? wg_value(r[i < 8 ? i / 4 : i / 2 - 2]) : NULL;
        n[i] = wg_tensor_get(t, i < 8 ? i % 4 : i % 2);
    }
}

/* Trains by hand, the graph beside it at each step; returns how many numbers are off. */
static int train(wg_graph *g, double *w)
{
    double hand[NUMBERS];
    double f64[NUMBERS];
    double f32[NUMBERS];
    int n_off = 0;
    for (int i = 0; i <= 10000; i++) {
        const double *now = i <= 1 ? known[i] : i == 10000 ? known[2] : NULL;
        by_hand(w, hand);
        by_graph(g, WG_F64, w, f64);
        by_graph(g, WG_F32, w, f32);
        for (int k = 0; k < NUMBERS; k++) {
            double expected = now != NULL && now[k] != 0 ? now[k] : f64[k];
            n_off += fabs(f64[k] - expected) <= 1e-9 * fabs(expected) ? 0 : 1;
            n_off += fabs(f64[k] - hand[k]) <= 1e-12 ? 0 : 1;
            n_off += fabs(f32[k] - hand[k]) <= 1e-6 ? 0 : 1;
            w[k] -= .5 * hand[k]; /* the first eight are the weights */
            if (i == 0 && k < OUT) {
                printf("%7s%d %15.11f %14.11f\n", names[k / 2], k % 2 + 1, hand[k], f64[k]);
            }
        }
        if (now != NULL) {
            printf("after %5d: J %.9e, outputs %.8f %.8f\n", i, f64[COST], f64[OUT], f64[OUT + 1]);
        }
    }
    return n_off;
}

int main(void)
{
    double w[NUMBERS] = {.15, .25, .20, .30, .40, .50, .45, .55};
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    bool ok = wg_context_create(NULL, &ctx) == WG_OK && wg_graph_create(ctx, &g) == WG_OK;
    printf("                by hand       by graph\n");
    int n_off = ok ? train(g, w) : 1;
    printf("%d numbers off (1e-12 in f64, 1e-6 in f32)\n", n_off);
    fprintf(stderr, "%s%s", wg_context_error(ctx), wg_graph_error(g));
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return n_off == 0 ? 0 : 1;
}
