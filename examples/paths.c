/* A gradient is a sum over paths: each multiplies the derivatives along its way to the loss.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The network of worked_222, unit by unit. A weight of the first layer reaches J through its hidden
 * unit and then through either output: for w11, dJ/dw11 = .000668396021 - .000229828287 =
 * .000438567734. Backpropagation gives the same sum, yet walks every edge only once: the paths of
 * a network multiply with each layer, the edges only add up. */
#include <wengert/wengert.h>

#include <math.h>
#include <stdio.h>

static const double x[2] = {.05, .10};
static const double y[2] = {.01, .99};
static const double bias[2] = {.35, .60};
static const double weights[2][4] = {{.15, .25, .20, .30}, {.40, .50, .45, .55}}; /* row = input */
static const double known[3] = {.000668396021, -.000229828287, .000438567734};    /* of w11 */

/* The network, a node for each number in it. */
typedef struct network {
    wg_node w[2][4];
    wg_node h[2];
    wg_node out[2];
    wg_node cost;
} network;

/* s(w[unit] in[0] + w[2 + unit] in[1] + b) */
static wg_node unit_of(const wg_node *w, int unit, const wg_node *in, double b)
{
    wg_node z = wg_add(wg_mul(w[unit], in[0]), wg_mul(w[2 + unit], in[1]));
    return wg_sigmoid(wg_add(z, wg_number(z.graph, WG_F64, b)));
}

static network record(wg_graph *g)
{
    network n;
    wg_node in[2] = {wg_number(g, WG_F64, x[0]), wg_number(g, WG_F64, x[1])};
    for (int i = 0; i < 8; i++) {
        n.w[i / 4][i % 4] = wg_number(g, WG_F64, weights[i / 4][i % 4]);
    }
    for (int j = 0; j < 2; j++) {
        n.h[j] = unit_of(n.w[0], j, in, bias[0]);
    }
    wg_node error[2];
    for (int k = 0; k < 2; k++) {
        n.out[k] = unit_of(n.w[1], k, n.h, bias[1]);
        error[k] = wg_square(wg_sub(n.out[k], wg_number(g, WG_F64, y[k])));
    }
    n.cost = wg_scale(wg_add(error[0], error[1]), .5);
    return n;
}

/* dy/dx of two nodes with one edge between them; NaN on failure. */
static double edge(wg_node from, wg_node to)
{
    wg_node d;
    return wg_grad(to, &from, 1, &d) == WG_OK ? wg_item(d) : NAN;
}

/* One weight of the first layer: its two paths, their sum, and the gradient. */
static int judge(const network *n, int i)
{
    wg_node h = n->h[i % 2];
    double path[2];
    printf("w%d%d", i / 2 + 1, i % 2 + 1);
    for (int k = 0; k < 2; k++) {
        double d[3] = {edge(n->w[0][i], h), edge(h, n->out[k]), edge(n->out[k], n->cost)};
        path[k] = d[0] * d[1] * d[2];
        printf("  by output %d  %9.6f * %9.6f * %9.6f = %15.12f\n   ", k + 1, d[0], d[1], d[2],
               path[k]);
    }
    double gradient = edge(n->w[0][i], n->cost);
    printf("  together %50.12f\n     backpropagation %43.12f\n", path[0] + path[1], gradient);
    int n_off = fabs(path[0] + path[1] - gradient) <= 1e-17 ? 0 : 1;
    for (int k = 0; i == 0 && k < 3; k++) {
        n_off += fabs((k < 2 ? path[k] : gradient) - known[k]) <= 5e-13 ? 0 : 1;
    }
    return n_off;
}

int main(void)
{
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    network n = record(g);
    int n_off = s ? 1 : 0;
    for (int i = 0; !s && i < 4; i++) {
        n_off += judge(&n, i);
    }
    if (n_off != 0) {
        fprintf(stderr, "%d off. %s %s\n", n_off, wg_status_text(s), wg_graph_error(g));
    }
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return n_off == 0 ? 0 : 1;
}
