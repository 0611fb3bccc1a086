/* One hidden layer comes as close to a curve as is wished, if it may be as wide as it takes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Cybenko 1989: sums of sigmoids are dense in the continuous functions on a compact set. Here
 * sin(3x) + cos(9x) / 3 on [-2, 2], at 161 points, by b + sum_i v_i tanh(w_i x + c_i). Given w and
 * c the best v and b solve a linear system: it is solved in every step, and the gradient of w and c
 * goes through its solution. The root of the mean square after 1,000 steps of Adam, by width:
 *   1 .645    2 .574    4 .225    8 .039    16 .0055    32 .0026
 * Written: universal_approximation.svg and universal_curve.svg. */
#include <wengert/stdio.h>
#include <wengert/wengert.h>

#include <math.h>

enum {
    WIDTHS = 6,
    POINTS = 161,
    STEPS = 1000
};

/* The curve, and what networks make of it. The last fit is the curve itself. */
typedef struct lesson {
    double x[POINTS];
    double fits[WIDTHS + 1][POINTS];
    double errors[WIDTHS];
} lesson;

static const double widths[WIDTHS] = {1, 2, 4, 8, 16, 32};
static const double known[WIDTHS] = {.645, .574, .225, .039, .0055, .0026};

/* The best fit of y, by ridge regression, that tanh(w x + c) and a constant allow; units is (w, c).
 */
static wg_node best_fit(wg_node x, wg_node y, wg_node units)
{
    wg_node z = wg_add(wg_mul(x, wg_select(units, 0, 0)), wg_select(units, 0, 1));
    wg_node h = wg_pad(wg_tanh(z), (int64_t[]){0, 0}, (int64_t[]){0, 1}, 2, WG_PAD_CONSTANT, 1);
    const int64_t n = wg_node_dim(h, 1);
    wg_node ridge = wg_diag_embed(wg_full(x.graph, WG_F64, 1, &n, 1e-9), 0, 0, 1);
    wg_node t = wg_transpose(h);
    return wg_matmul(h, wg_solve(wg_add(wg_matmul(t, h), ridge), wg_matmul(t, y)));
}

/* Trains a network of one width and leaves its error and fit in the lesson. */
static wg_status train(wg_graph *g, wg_model *m, int i, lesson *l)
{
    const int64_t dims[2] = {POINTS, 1};
    const int64_t shape[2] = {2, (int64_t)widths[i]};
    wg_param *units = NULL;
    wg_optimizer *adam = NULL;
    wg_status s = wg_param_create(m, "units", WG_F64, 2, shape, NULL, &units);
    for (int64_t k = 0; k < shape[1]; k++) { /* bends evenly over [-2, 2], the more the steeper */
        wg_tensor_set(wg_param_value(units), k, widths[i] / 2);
        wg_tensor_set(wg_param_value(units), shape[1] + k, widths[i] - 1 - 2 * (double)k);
    }
    s = s ? s : wg_adam_create(m, NULL, &adam);
    for (int k = 0; !s && k < STEPS; k++) {
        wg_graph_reset(g);
        wg_node y = wg_constant(g, WG_F64, 2, dims, l->fits[WIDTHS]);
        wg_node fit = best_fit(wg_constant(g, WG_F64, 2, dims, l->x), y, wg_use(g, units));
        wg_node loss = wg_mse(fit, y);
        s = wg_keep(fit);
        s = s ? s : wg_backward(loss);
        l->errors[i] = sqrt(wg_item(loss));
        for (int p = 0; p < POINTS; p++) {
            l->fits[i][p] = wg_tensor_get(wg_value(fit), p);
        }
        s = s ? s : wg_optimizer_set_rate(adam, .05 * (STEPS - k) / STEPS);
        s = s ? s : wg_optimizer_step(adam);
    }
    wg_optimizer_destroy(adam);
    wg_graph_reset(g);
    return s;
}

static wg_status draw(const char *path, const wg_series *series, size_t n, bool is_log)
{
    wg_curve_options o = {.size = sizeof o, .form = WG_CURVE_SVG};
    o.is_log_x = o.is_log_y = is_log;
    FILE *f = fopen(path, "w");
    wg_writer to = wg_file_writer(f);
    wg_status s = wg_curve_write(series, n, &o, &to);
    return f != NULL && fclose(f) == 0 ? s : WG_ERR_IO;
}

static wg_status draw_both(const lesson *l)
{
    wg_series error = {"error by width", widths, l->errors, WIDTHS};
    wg_series fits[2] = {{"width 4", l->x, l->fits[2], POINTS},
                         {"the curve", l->x, l->fits[WIDTHS], POINTS}};
    wg_status s = draw("universal_curve.svg", fits, 2, false);
    return s ? s : draw("universal_approximation.svg", &error, 1, true);
}

int main(void)
{
    static lesson l;
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    int n_off = 0;
    for (int i = 0; i < POINTS; i++) {
        double x = l.x[i] = (i - POINTS / 2) / 40.0;
        l.fits[WIDTHS][i] = sin(3 * x) + cos(9 * x) / 3;
    }
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    for (int i = 0; !s && i < WIDTHS; i++) {
        wg_model *m = NULL;
        s = wg_model_create(ctx, &m);
        s = s ? s : train(g, m, i, &l);
        wg_model_destroy(m);
        printf("width %2g  error %.5f\n", widths[i], l.errors[i]);
        n_off += fabs(l.errors[i] - known[i]) <= .1 * known[i] ? 0 : 1;
    }
    s = s ? s : draw_both(&l);
    fprintf(stderr, "%s%s", wg_context_error(ctx), wg_graph_error(g));
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return !s && n_off == 0 ? 0 : 1;
}
