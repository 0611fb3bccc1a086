/* Adaline: the perceptron's neuron, but its error is measured before the threshold.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Widrow and Hoff 1960: z = w x + b answers H(z), and learns by descent on the mean of (z - t)^2,
 * which has a slope where the threshold has none. Targets -1 and +1, inputs 0 and 1, 400 steps of
 * full batches at rate .4. Descent arrives at the solution of the normal equations to 1e-6:
 *   AND   w = (1, 1), b = -1.5    OR    (1, 1), -.5    mean of squares 1/4, all four right
 *   NAND  w = (-1, -1), b = 1.5   XOR   (0, 0), 0      mean of squares 1, two right
 * The perceptron never rests on XOR. Adaline does: of all lines the best one says nothing. */
#include <wengert/wengert.h>

#include <math.h>
#include <stdio.h>

enum {
    STEPS = 400
};

typedef struct logic_gate {
    const char *name;
    double targets[4];
    double known[4]; /* w0, w1, b, mean of squares */
    int n_right;
} logic_gate;

static const logic_gate gates[4] = {
    {"AND", {-1, -1, -1, 1}, {1, 1, -1.5, .25}, 4},
    {"OR", {-1, 1, 1, 1}, {1, 1, -.5, .25}, 4},
    {"NAND", {1, 1, 1, -1}, {-1, -1, 1.5, .25}, 4},
    {"XOR", {-1, 1, 1, -1}, {0, 0, 0, 1}, 2},
};

/* Each row is x0, x1, and a 1 that the bias is the weight of. */
static wg_node samples(wg_graph *g)
{
    static const double rows[12] = {0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1};
    return wg_constant(g, WG_F64, 2, (int64_t[]){4, 3}, rows);
}

static wg_node targets(wg_graph *g, const logic_gate *gate)
{
    return wg_constant(g, WG_F64, 2, (int64_t[]){4, 1}, gate->targets);
}

static wg_status descend(wg_graph *g, wg_param *w, wg_optimizer *sgd, const logic_gate *gate)
{
    wg_status s = wg_init_tensor(wg_param_value(w), &(wg_init){.kind = WG_INIT_ZEROS});
    for (int i = 0; !s && i < STEPS; i++) {
        s = wg_graph_reset(g);
        s = s ? s : wg_backward(wg_mse(wg_matmul(samples(g), wg_use(g, w)), targets(g, gate)));
        s = s ? s : wg_optimizer_step(sgd);
    }
    return s ? s : wg_graph_reset(g);
}

/* Prints what a gate came to; returns how many numbers are off. */
static int judge(wg_graph *g, wg_param *w, const logic_gate *gate)
{
    wg_node x = samples(g);
    wg_node t = targets(g, gate);
    wg_node best = wg_solve(wg_matmul(wg_transpose(x), x), wg_matmul(wg_transpose(x), t));
    wg_node z = wg_matmul(x, wg_use(g, w));
    wg_node loss = wg_mse(z, t);
    wg_node answer = wg_heaviside(z, 1);
    if (wg_run((wg_node[]){best, loss, answer}, 3) != WG_OK) {
        return 1;
    }
    double v[4] = {[3] = wg_item(loss)};
    int n_off = fabs(v[3] - gate->known[3]) <= 1e-6 ? 0 : 1;
    for (int i = 0; i < 3; i++) {
        v[i] = wg_tensor_get(wg_param_value(w), i);
        n_off += fabs(v[i] - wg_tensor_get(wg_value(best), i)) <= 1e-6 ? 0 : 1;
        n_off += fabs(v[i] - gate->known[i]) <= 1e-6 ? 0 : 1;
    }
    int n_right = 0;
    for (int i = 0; i < 4; i++) {
        n_right += 2 * wg_tensor_get(wg_value(answer), i) - 1 == gate->targets[i] ? 1 : 0;
    }
    printf("  %-4s  w (%5.2f, %5.2f)  b %5.2f  mean of squares %.2f  %d of 4 right\n", gate->name,
           v[0], v[1], v[2], v[3], n_right);
    return n_off + (n_right == gate->n_right ? 0 : 1);
}

int main(void)
{
    const wg_sgd_options options = {.size = sizeof options, .rate = .4};
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_model *m = NULL;
    wg_param *w = NULL;
    wg_optimizer *sgd = NULL;
    int n_off = 0;
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    s = s ? s : wg_model_create(ctx, &m);
    s = s ? s : wg_param_create(m, "w", WG_F64, 2, (int64_t[]){3, 1}, NULL, &w);
    s = s ? s : wg_sgd_create(m, &options, &sgd);
    for (int i = 0; !s && i < 4; i++) {
        s = descend(g, w, sgd, &gates[i]);
        n_off += s ? 0 : judge(g, w, &gates[i]);
        wg_graph_reset(g);
    }
    if (s || n_off != 0) {
        fprintf(stderr, "%d off. %s %s\n", n_off, wg_status_text(s), wg_graph_error(g));
    }
    wg_optimizer_destroy(sgd);
    wg_graph_destroy(g);
    wg_model_destroy(m);
    wg_context_destroy(ctx);
    return !s && n_off == 0 ? 0 : 1;
}
