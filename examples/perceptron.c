/* The perceptron learns every gate that a straight line can cut, and never XOR.
 * SPDX-License-Identifier: Apache-2.0
 *
 * p = 2 H(w x + b) - 1 with H(0) = 1, targets t = +1 or -1. After each misread sample
 * w += (t - p) x and b += t - p. From zero, samples in the order 00 01 10 11:
 *   AND   6 epochs, 11 updates, w = (4, 2), b = -6       OR    4, 5, (2, 2), -2
 *   NAND  6 epochs, 10 updates, w = (-4, -2), b = 4      XOR   never: (-2, 0), 0 again and again
 * The last epoch is the faultless one. A step's gradient is 0, so nothing here is differentiated.
 */
#include <wengert/wengert.h>

#include <stdio.h>

enum {
    GATES = 4,
    EPOCHS = 8
};

/* A gate, and what training it from zero comes to by hand. */
typedef struct logic_gate {
    const char *name;
    double targets[4];
    int epochs;  /* the last one faultless; EPOCHS when none is */
    int resting; /* epochs in a row, the last among them, that end at these weights */
    int updates;
    double w0;
    double w1;
    double b;
} logic_gate;

static const logic_gate gates[GATES] = {
    {"AND", {-1, -1, -1, 1}, 6, 2, 11, 4, 2, -6},
    {"OR", {-1, 1, 1, 1}, 4, 2, 5, 2, 2, -2},
    {"NAND", {1, 1, 1, -1}, 6, 2, 10, -4, -2, 4},
    {"XOR", {-1, 1, 1, -1}, EPOCHS, EPOCHS - 1, 30, -2, 0, 0},
};

/* What the neuron says of a sample, -1 or +1; NaN on failure. v is (w, b), x is (x0, x1, 1). */
static double predict(wg_graph *g, const double *v, const double *x)
{
    wg_graph_reset(g);
    wg_node weights = wg_constant(g, WG_F64, 1, (int64_t[]){3}, v);
    wg_node z = wg_sum_all(wg_mul(weights, wg_constant(g, WG_F64, 1, (int64_t[]){3}, x)));
    return wg_item(wg_sub(wg_scale(wg_heaviside(z, 1), 2), wg_number(g, WG_F64, 1)));
}

/* One pass over the four samples; returns how many were misread and corrected. */
static int epoch(wg_graph *g, const double *targets, double *v)
{
    int misread = 0;
    for (int k = 0; k < 4; k++) {
        double x[3] = {k / 2, k % 2, 1};
        double error = targets[k] - predict(g, v, x);
        for (int i = 0; i < 3; i++) {
            v[i] += error * x[i];
        }
        misread += error != 0;
    }
    return misread;
}

/* Trains from zero until an epoch is faultless; returns whether it went as by hand. */
static bool learn(wg_graph *g, const logic_gate *gate)
{
    double v[3] = {0};
    int updates = 0;
    int resting = 0;
    int misread = 1;
    int n = 0;
    printf("%s\n", gate->name);
    while (misread != 0 && n < EPOCHS) {
        misread = epoch(g, gate->targets, v);
        updates += misread;
        n++;
        bool is_there = v[0] == gate->w0 && v[1] == gate->w1 && v[2] == gate->b;
        resting = is_there ? resting + 1 : 0;
        printf("  epoch %d  %d misread  w = (%2g, %2g)  b = %2g\n", n, misread, v[0], v[1], v[2]);
    }
    printf("  %s after %d updates\n\n", misread == 0 ? "learned" : "not learned", updates);
    return n == gate->epochs && resting == gate->resting && updates == gate->updates;
}

int main(void)
{
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    bool is_right = true;
    wg_status s = wg_context_create(NULL, &ctx);
    s = s == WG_OK ? wg_graph_create(ctx, &g) : s;
    for (int i = 0; s == WG_OK && i < GATES; i++) {
        is_right = learn(g, &gates[i]) && is_right;
        s = wg_graph_status(g);
    }
    if (s != WG_OK || !is_right) {
        fprintf(stderr, "%s\n%s\n", s == WG_OK ? "not as by hand" : wg_status_text(s),
                wg_graph_error(g));
    }
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return s == WG_OK && is_right ? 0 : 1;
}
