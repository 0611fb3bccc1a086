/* Why deep networks of sigmoids did not learn: what arrives of a gradient, layer by layer.
 * SPDX-License-Identifier: Apache-2.0
 *
 * 12 layers of width 16 without biases, 32 inputs N(0,1), weights N(0,1/16) for sigmoid and tanh
 * and N(0,2/16) for relu (He et al. 2015), loss 1/2 sum (y - t)^2 for targets N(0,1). The norm of
 * the first layer's weight gradient over the last's: sigmoid 6e-8, tanh 1.5, relu .58. A sigmoid's
 * slope is at most 1/4 and each layer multiplies by it. Written: vanishing.svg. */
#include <wengert/stdio.h>
#include <wengert/wengert.h>

#include <math.h>

enum {
    LAYERS = 12,
    WIDTH = 16,
    SAMPLES = 32,
    KINDS = 3
};

typedef struct kind {
    const char *name;
    wg_node (*activation)(wg_node x);
    double variance; /* of the weights, times WIDTH */
    double least;    /* of first over last */
    double most;
} kind;

static const kind kinds[KINDS] = {{"sigmoid", wg_sigmoid, 1, 0, 1e-6},
                                  {"tanh", wg_tanh, 1, .1, 10},
                                  {"relu", wg_relu, 2, .1, 10}};

/* The norm of each layer's weight gradient, first layer first. */
static wg_status measure(wg_graph *g, const kind *k, double *norms)
{
    wg_node w[LAYERS];
    wg_node dw[LAYERS];
    wg_graph_reset(g);
    wg_node x = wg_normal(g, WG_F64, 2, (int64_t[]){SAMPLES, WIDTH}, 0, 1);
    wg_node target = wg_normal(g, WG_F64, 2, (int64_t[]){SAMPLES, WIDTH}, 0, 1);
    for (int i = 0; i < LAYERS; i++) {
        w[i] = wg_normal(g, WG_F64, 2, (int64_t[]){WIDTH, WIDTH}, 0, sqrt(k->variance / WIDTH));
        x = k->activation(wg_matmul(x, w[i]));
    }
    wg_status s = wg_grad(wg_half_sum_squares(x, target), w, LAYERS, dw);
    for (int i = 0; !s && i < LAYERS; i++) {
        dw[i] = wg_norm(dw[i], 2, (int32_t[]){0, 1}, 2, false);
    }
    s = s ? s : wg_run(dw, LAYERS);
    for (int i = 0; !s && i < LAYERS; i++) {
        s = wg_get_item(dw[i], &norms[i]);
    }
    return s;
}

static wg_status draw(double norms[KINDS][LAYERS], wg_curve_form form, const wg_writer *to)
{
    wg_series series[KINDS];
    wg_curve_options o = {.size = sizeof o, .form = form, .is_log_y = true};
    o.title = "norm of the weight gradient, first layer to last";
    for (int i = 0; i < KINDS; i++) {
        series[i] = (wg_series){kinds[i].name, NULL, norms[i], LAYERS};
    }
    return wg_curve_write(series, KINDS, &o, to);
}

int main(void)
{
    double norms[KINDS][LAYERS];
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    int n_off = 0;
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    for (int i = 0; !s && i < KINDS; i++) {
        s = measure(g, &kinds[i], norms[i]);
        double ratio = norms[i][0] / norms[i][LAYERS - 1];
        printf("%-8s first %8.1e, last %8.1e: %8.1e\n", kinds[i].name, norms[i][0],
               norms[i][LAYERS - 1], ratio);
        n_off += ratio > kinds[i].least && ratio < kinds[i].most ? 0 : 1;
    }
    wg_writer to = wg_file_writer(stdout);
    s = s ? s : draw(norms, WG_CURVE_TEXT, &to);
    FILE *f = fopen("vanishing.svg", "w");
    to = wg_file_writer(f);
    s = s ? s : draw(norms, WG_CURVE_SVG, &to);
    s = f != NULL && fclose(f) == 0 ? s : WG_ERR_IO;
    if (s || n_off != 0) {
        fprintf(stderr, "%d off. %s %s\n", n_off, wg_status_text(s), wg_graph_error(g));
    }
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return !s && n_off == 0 ? 0 : 1;
}
