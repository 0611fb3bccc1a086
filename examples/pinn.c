/* A physics-informed network: it finds the solution of a differential equation from that alone.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Burgers' equation u_t + u u_x = .05 u_xx for x in [-1, 1], t in [0, 1] (Raissi et al. 2019). The
 * loss is the mean square of what the equation is off by at points inside, and of how far u is from
 * its known start and sides; all are drawn anew in every step. u_x and u_t come from wg_grad, u_xx
 * from wg_grad of u_x, and backward differentiates once more. The solution is a travelling front,
 * 1/2 - 1/2 tanh(5 (x - t/2)): a network 2-24-24-1 is within .005 of it after 2,000 steps. */
#include <wengert/wengert.h>

#include <math.h>
#include <stdio.h>

#define INSIDE 256
#define BORDER 32 /* at the start, at the left and at the right */
#define JUDGED 10000
#define STEPS 2000

/* Columns of places and times. They are apart, as each is a node to differentiate by. */
typedef struct points {
    wg_node x;
    wg_node t;
} points;

static wg_node uniform(wg_graph *g, int64_t n, double low, double high)
{
    return wg_uniform(g, WG_F64, 2, (int64_t[]){n, 1}, low, high);
}

static wg_node full(wg_graph *g, int64_t n, double value)
{
    return wg_full(g, WG_F64, 2, (int64_t[]){n, 1}, value);
}

static points inside(wg_graph *g, int64_t n)
{
    wg_node x = uniform(g, n, -1, 1);
    return (points){x, uniform(g, n, 0, 1)};
}

static points border(wg_graph *g)
{
    wg_node x[3] = {uniform(g, BORDER, -1, 1), full(g, BORDER, -1), full(g, BORDER, 1)};
    wg_node t[2] = {full(g, BORDER, 0), uniform(g, 2 * BORDER, 0, 1)};
    return (points){wg_concat(x, 3, 0), wg_concat(t, 2, 0)};
}

static wg_node solution(points p)
{
    wg_node front = wg_tanh(wg_scale(wg_sub(p.x, wg_scale(p.t, .5)), 5));
    return wg_scale(wg_sub(wg_number(front.graph, WG_F64, 1), front), .5);
}

static wg_node apply(const wg_linear *layers, points p)
{
    wg_node h = wg_concat((wg_node[]){p.x, p.t}, 2, 1);
    h = wg_tanh(wg_linear_apply(&layers[0], h));
    h = wg_tanh(wg_linear_apply(&layers[1], h));
    return wg_linear_apply(&layers[2], h);
}

/* What the equation is off by. Rows do not mix: the gradient of the sum of u is each row's own. */
static wg_status residual(const wg_linear *layers, points p, wg_node *out)
{
    wg_node d[3]; /* u_x, u_t, u_xx */
    wg_node u = apply(layers, p);
    wg_status s = wg_grad(u, (wg_node[]){p.x, p.t}, 2, d);
    s = s ? s : wg_grad(d[0], &p.x, 1, &d[2]);
    *out = s ? u : wg_sub(wg_add(d[1], wg_mul(u, d[0])), wg_scale(d[2], .05));
    return s;
}

static wg_status train(const wg_linear *layers, wg_graph *g, wg_optimizer *adam)
{
    wg_status s = WG_OK;
    for (int i = 0; !s && i < STEPS; i++) {
        wg_node off;
        wg_graph_reset(g);
        s = residual(layers, inside(g, INSIDE), &off);
        points edge = border(g);
        wg_node miss = wg_mse(apply(layers, edge), solution(edge));
        wg_node loss = wg_add(wg_mean_all(wg_square(off)), miss);
        s = s ? s : wg_backward(loss);
        if (i % 250 == 0) {
            printf("step %4d  loss %.1e\n", i, wg_item(loss));
        }
        s = s ? s : wg_optimizer_set_rate(adam, .01 * (STEPS - i) / STEPS);
        s = s ? s : wg_optimizer_step(adam);
    }
    return s;
}

int main(void)
{
    wg_linear_options o = {.size = sizeof o, .dtype = WG_F64};
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_model *m = NULL;
    wg_linear l[3];
    wg_optimizer *adam = NULL;
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    s = s ? s : wg_model_create(ctx, &m);
    s = s ? s : wg_linear_create(m, "first", 2, 24, &o, &l[0]);
    s = s ? s : wg_linear_create(m, "second", 24, 24, &o, &l[1]);
    s = s ? s : wg_linear_create(m, "out", 24, 1, &o, &l[2]);
    s = s ? s : wg_adam_create(m, NULL, &adam);
    s = s ? s : train(l, g, adam);
    wg_graph_reset(g);
    points p = inside(g, JUDGED);
    wg_node apart = wg_abs(wg_sub(apply(l, p), solution(p)));
    double worst = s ? NAN : wg_item(wg_amax(apart, (int32_t[]){0, 1}, 2, false));
    printf("at %d points at most %.4f from the solution\n", JUDGED, worst);
    fprintf(stderr, "%s%s", wg_context_error(ctx), wg_graph_error(g));
    wg_optimizer_destroy(adam);
    wg_graph_destroy(g);
    wg_model_destroy(m);
    wg_context_destroy(ctx);
    return !s && worst < .01 ? 0 : 1;
}
