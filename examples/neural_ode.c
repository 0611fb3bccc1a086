/* A neural differential equation: how long the graph becomes is decided by values, step by step.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A spiral that ends in a circle: r' = r (1 - r^2), angle' = 2, from r = .1, seen every .25 for 6
 * units of time; a network 2-32-2 learns y' = f(y) (Chen et al. 2018). Heun's steps estimate their
 * own error by Euler's, and one that errs too much is tried again, shorter: an ordinary loop that
 * reads values as it records. The gradient goes back through the steps that were taken. After 600
 * steps of Adam the network, started at r = .1, stays within .045 of the spiral all the way. */
#include <wengert/wengert.h>

#include <math.h>
#include <stdio.h>

#define TIMES 25
#define PIECES 21 /* one begins at each time that leaves room for the last piece */
#define STEPS 600

/* The network, the step of time to try next, and how many were refused and taken. */
typedef struct field {
    wg_linear layers[2];
    double h;
    int n[2];
} field;

static wg_node slope_of(const field *f, wg_node y)
{
    return wg_linear_apply(&f->layers[1], wg_tanh(wg_linear_apply(&f->layers[0], y)));
}

/* Moves states [n, 2] by .25 in time. */
static wg_node integrate(field *f, wg_node y, double tolerance)
{
    wg_node k = slope_of(f, y);
    for (double left = .25, miss = 0; left > 1e-12 && !isnan(miss);) { /* NaN: failed */
        double step = fmin(f->h, left);
        wg_node euler = wg_add(y, wg_scale(k, step));
        wg_node correction = wg_scale(wg_sub(slope_of(f, euler), k), step / 2);
        miss = wg_item(wg_amax(wg_abs(correction), (int32_t[]){0, 1}, 2, false)) / tolerance;
        if (miss <= 1) {
            left -= step;
            y = wg_add(euler, correction);
            k = slope_of(f, y);
        }
        f->n[miss <= 1]++;
        f->h = step * fmin(4, fmax(.2, .9 / sqrt(miss)));
    }
    return y;
}

/* Where the spiral is at the `n` times from the first on. */
static wg_node spiral(wg_graph *g, int first, int64_t n)
{
    double y[TIMES][2];
    for (int i = 0; i < n; i++) {
        double angle = .5 * (first + i);
        double r = 1 / sqrt(1 + 99 * exp(-angle));
        y[i][0] = r * cos(angle);
        y[i][1] = r * sin(angle);
    }
    return wg_constant(g, WG_F64, 2, (int64_t[]){n, 2}, y);
}

static wg_status train(wg_graph *g, field *f, wg_optimizer *adam)
{
    wg_status s = WG_OK;
    for (int i = 0; !s && i < STEPS; i++) {
        wg_graph_reset(g);
        wg_node y = spiral(g, 0, PIECES);
        wg_node loss = wg_number(g, WG_F64, 0);
        for (int k = 1; k <= TIMES - PIECES; k++) {
            y = integrate(f, y, 4e-3);
            loss = wg_add(loss, wg_mse(y, spiral(g, k, PIECES)));
        }
        s = wg_backward(loss);
        if (i % 100 == 0) {
            printf("%4d  loss %.1e  %d taken, %d refused\n", i, wg_item(loss), f->n[1], f->n[0]);
        }
        s = s ? s : wg_optimizer_set_rate(adam, .05 * (STEPS - i) / STEPS);
        s = s ? s : wg_optimizer_step(adam);
    }
    return s;
}

/* Follows the network from the first state on; how far it is from the spiral at the worst time. */
static double follow(wg_graph *g, field *f)
{
    wg_graph_reset(g);
    wg_node y[TIMES] = {spiral(g, 0, 1)};
    for (int i = 1; i < TIMES; i++) {
        y[i] = integrate(f, y[i - 1], 1e-4);
    }
    wg_node miss = wg_sub(wg_concat(y, TIMES, 0), spiral(g, 0, TIMES));
    return wg_item(wg_max(wg_norm(miss, 2, (int32_t[]){1}, 1, false), 0, false));
}

int main(void)
{
    const wg_init normal = {.kind = WG_INIT_NORMAL, .b = 1};
    wg_linear_options o = {.size = sizeof o, .dtype = WG_F64, .init = &normal};
    field f = {.h = .25};
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_model *m = NULL;
    wg_optimizer *adam = NULL;
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    s = s ? s : wg_model_create(ctx, &m);
    s = s ? s : wg_linear_create(m, "hidden", 2, 32, &o, &f.layers[0]);
    s = s ? s : wg_linear_create(m, "out", 32, 2, &o, &f.layers[1]);
    s = s ? s : wg_adam_create(m, NULL, &adam);
    s = s ? s : train(g, &f, adam);
    double apart = s ? NAN : follow(g, &f);
    printf("from r = .1 on: at most %.3f apart\n", apart);
    fprintf(stderr, "%s%s", wg_context_error(ctx), wg_graph_error(g));
    wg_optimizer_destroy(adam);
    wg_graph_destroy(g);
    wg_model_destroy(m);
    wg_context_destroy(ctx);
    return apart < .07 ? 0 : 1;
}
