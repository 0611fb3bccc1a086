/* Six learning rates on one parabola, and the one that its second derivative gives.
 * SPDX-License-Identifier: Apache-2.0
 *
 * L = (10 - 3 w)^2 from w = 2, 20 steps of w -= rate L'. As L'' = 18 everywhere, a step multiplies
 * the distance to 10/3 by 1 - 18 rate. In the end: .001 creeps, w = 2.40614; .01 3.30814; 1/18 is
 * Newton's step 1 / L'', there at once; .1 comes from both sides in turn, 3.31796; 1/9 bounces for
 * ever at L = 16; .12 diverges, L = 6059.54. The picture is learning_rate.svg. */
#include <wengert/stdio.h>
#include <wengert/wengert.h>

#include <math.h>

enum {
    RATES = 6,
    STEPS = 20
};

static const char *const names[RATES] = {".001", ".01", "1/18", ".1", "1/9", ".12"};
static const double rates[RATES] = {.001, .01, 1.0 / 18, .1, 1.0 / 9, .12};
static const double w_known[RATES] = {2.40614, 3.30814, 10.0 / 3, 3.31796, 2, NAN};
static const double loss_known[RATES] = {NAN, NAN, 0, NAN, 16, 6059.54};

/* L and its first two derivatives at w: the second is the gradient of the first. */
static wg_status look(wg_graph *g, double w, double loss[3])
{
    wg_graph_reset(g);
    wg_node v = wg_number(g, WG_F64, w);
    wg_node n[3] = {wg_square(wg_sub(wg_number(g, WG_F64, 10), wg_scale(v, 3)))};
    wg_status s = wg_grad(n[0], &v, 1, &n[1]);
    s = s ? s : wg_grad(n[1], &v, 1, &n[2]);
    s = s ? s : wg_run(n, 3);
    for (int i = 0; i < 3; i++) {
        loss[i] = s ? NAN : wg_item(n[i]);
    }
    return s;
}

/* Descends at one rate and keeps every L; returns how many numbers are off. */
static int descend(wg_graph *g, int rate, double *losses)
{
    double w = 2;
    double loss[3] = {NAN, NAN, NAN};
    int n_off = 0;
    for (int i = 0; i <= STEPS && look(g, w, loss) == WG_OK; i++) {
        losses[i] = loss[0];
        n_off += loss[2] == 18 ? 0 : 1;
        n_off += rate == 2 && i == 1 && !(fabs(w - 10.0 / 3) <= 1e-12) ? 1 : 0;
        n_off += rate == 4 && !(fabs(loss[0] - 16) <= 1e-9) ? 1 : 0;
        w -= i < STEPS ? rates[rate] * loss[1] : 0;
    }
    printf("  %5s  %9.5f  %12.5f  %8.3f\n", names[rate], w, loss[0], 1 - 18 * rates[rate]);
    n_off += isnan(w_known[rate]) || fabs(w - w_known[rate]) <= 5e-6 ? 0 : 1;
    n_off += isnan(loss_known[rate]) || fabs(loss[0] - loss_known[rate]) <= 5e-3 ? 0 : 1;
    return n_off;
}

static wg_status draw(double losses[RATES][STEPS + 1])
{
    wg_series series[RATES];
    wg_curve_options o = {.size = sizeof o, .form = WG_CURVE_SVG, .is_log_y = true};
    o.title = "Six rates on one parabola";
    o.x_label = "step";
    o.y_label = "L";
    for (int i = 0; i < RATES; i++) {
        series[i] = (wg_series){names[i], NULL, losses[i], STEPS + 1};
    }
    FILE *f = fopen("learning_rate.svg", "w");
    wg_writer to = wg_file_writer(f);
    wg_status s = wg_curve_write(series, RATES, &o, &to);
    return f != NULL && fclose(f) == 0 ? s : WG_ERR_IO;
}

int main(void)
{
    static double losses[RATES][STEPS + 1];
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    int n_off = 0;
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    printf(
        "L = (10 - 3 w)^2 from w = 2, %d steps\n\n   rate          w             L  1 - 18 rate\n",
        STEPS);
    for (int i = 0; !s && i < RATES; i++) {
        n_off += descend(g, i, losses[i]);
        s = wg_graph_status(g);
    }
    s = s ? s : draw(losses);
    if (s || n_off != 0) {
        fprintf(stderr, "%d off. %s %s\n", n_off, wg_status_text(s), wg_graph_error(g));
    }
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return !s && n_off == 0 ? 0 : 1;
}
