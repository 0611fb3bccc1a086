/* Linear regression three ways: by descent, by the normal equations, and without forming them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Petal width of 150 irises (Fisher 1936) from sepal length, sepal width and petal length, each
 * scaled to mean 0 and variance 1, and a constant. A linear neuron of four weights descends on the
 * mean of squares; w = (x'x)^-1 x'y is where it must arrive, and wg_lstsq goes there by a QR of x.
 * The Hessian 2 x'x / n has eigenvalues from l to L: the best rate is 2 / (l + L), which shrinks
 * the worst error by (L - l) / (L + l) = .9320 a step. 300 steps reach the other two to 1e-6:
 * w = (-.1711, .0968, .9221, 1.1993), mean of squares .0359, R^2 .938. */
#include <wengert/wengert.h>

#include <math.h>
#include <stdio.h>

enum {
    STEPS = 300,
    WEIGHTS = 4,
    N = 150
};

/* Scaled inputs with a constant, [N, 4], and targets, [N, 1]. */
typedef struct samples {
    wg_node x;
    wg_node y;
} samples;

static samples record(wg_graph *g, const wg_dataset *irises)
{
    const int32_t rows = 0;
    wg_graph_reset(g);
    wg_node all = wg_cast(wg_input(g, wg_dataset_x(irises)), WG_F64);
    wg_node in = wg_narrow(all, 1, 0, WEIGHTS - 1);
    wg_node centered = wg_sub(in, wg_mean(in, &rows, 1, true));
    wg_node scaled = wg_div(centered, wg_std(in, &rows, 1, 0, true));
    wg_node ones = wg_full(g, WG_F64, 2, (int64_t[]){N, 1}, 1);
    return (samples){wg_concat((wg_node[]){scaled, ones}, 2, 1), wg_narrow(all, 1, WEIGHTS - 1, 1)};
}

/* The best rate, from the eigenvalues of the Hessian. */
static wg_status best_rate(wg_node x, double *rate)
{
    const wg_tensor *l = NULL;
    wg_status s = wg_get(wg_eigvalsh(wg_scale(wg_matmul(wg_transpose(x), x), 2.0 / N)), &l);
    double least = wg_tensor_get(l, 0);
    double most = wg_tensor_get(l, WEIGHTS - 1);
    *rate = 2 / (least + most);
    printf("curvature %.4f to %.4f, rate %.4f\n", least, most, *rate);
    return s;
}

static wg_status descend(wg_graph *g, const wg_dataset *irises, wg_param *w, wg_optimizer *sgd)
{
    wg_status s = WG_OK;
    for (int i = 0; !s && i < STEPS; i++) {
        samples d = record(g, irises);
        wg_node loss = wg_mse(wg_matmul(d.x, wg_use(g, w)), d.y);
        s = wg_backward(loss);
        if (!s && i % 50 == 0) {
            printf("  step %3d  mean of squares %.10f\n", i, wg_item(loss));
        }
        s = s ? s : wg_optimizer_step(sgd);
    }
    return s;
}

/* Compares the three; returns how many numbers are off. */
static int judge(samples d, wg_param *w)
{
    static const double known[WEIGHTS] = {-.1711, .0968, .9221, 1.1993};
    wg_node t = wg_transpose(d.x);
    wg_node r[4] = {wg_use(t.graph, w), wg_solve(wg_matmul(t, d.x), wg_matmul(t, d.y)),
                    wg_lstsq(d.x, d.y)};
    wg_node mse = wg_mse(wg_matmul(d.x, r[0]), d.y);
    wg_node variance = wg_variance(d.y, (int32_t[]){0, 1}, 2, 0, false);
    r[3] = wg_sub(wg_number(t.graph, WG_F64, 1), wg_div(mse, variance));
    int n_off = wg_run(r, 4) == WG_OK ? 0 : 1;
    printf("\n      descent       normal        lstsq\n");
    for (int i = 0; i < WEIGHTS; i++) {
        double v[3];
        for (int k = 0; k < 3; k++) {
            v[k] = wg_tensor_get(wg_value(r[k]), i);
            n_off += fabs(v[k] - v[0]) <= 1e-6 && fabs(v[k] - known[i]) <= 5e-5 ? 0 : 1;
        }
        printf("%13.8f%13.8f%13.8f\n", v[0], v[1], v[2]);
    }
    printf("mean of squares %.4f, R^2 %.3f\n", wg_item(mse), wg_item(r[3]));
    return n_off + (fabs(wg_item(r[3]) - .938) <= 5e-4 ? 0 : 1);
}

int main(int argc, char **argv)
{
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_dataset *irises = NULL;
    wg_model *m = NULL;
    wg_param *w = NULL;
    wg_optimizer *sgd = NULL;
    wg_sgd_options o = {.size = sizeof o, .rate = 1};
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    s = s ? s : wg_csv_read(ctx, argc > 1 ? argv[1] : "iris.csv", NULL, &irises);
    s = s ? s : best_rate(record(g, irises).x, &o.rate);
    s = s ? s : wg_model_create(ctx, &m);
    s = s ? s : wg_param_create(m, "w", WG_F64, 2, (int64_t[]){WEIGHTS, 1}, NULL, &w);
    s = s ? s : wg_sgd_create(m, &o, &sgd);
    s = s ? s : descend(g, irises, w, sgd);
    int n_off = s ? 1 : judge(record(g, irises), w);
    if (n_off != 0) {
        fprintf(stderr, "%d off. %s %s%s\n", n_off, wg_status_text(s), wg_context_error(ctx),
                wg_graph_error(g));
    }
    wg_graph_destroy(g);
    wg_optimizer_destroy(sgd);
    wg_model_destroy(m);
    wg_dataset_destroy(irises);
    wg_context_destroy(ctx);
    return n_off == 0 ? 0 : 1;
}
