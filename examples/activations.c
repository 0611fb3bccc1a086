/* Twelve activations and their derivatives: a table at -1, 0 and 1, and two pictures.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The threshold's slope is 0 wherever it has one: nothing learns through it. The logistic's is .25
 * at most, so that twelve layers of it shrink a gradient below 6e-8. tanh reaches slope 1; relu is
 * 1 or 0, and 0 at 0, where it has a kink; the others bend around that kink or leave it a slope on
 * the left. Noisy relu adds N(0, s(x)) before the kink. Maxout takes the largest of several linear
 * pieces, here -x/2, x/4 and x - 1/4. Written: activations.svg, derivatives.svg. */
#include <wengert/stdio.h>
#include <wengert/wengert.h>

#include <math.h>

enum {
    KINDS = 12,
    POINTS = 241 /* of the pictures, from -3 to 3; those at -1, 0, 1 are 80, 120, 160 */
};

static const char *const names[KINDS] = {"threshold", "logistic",   "tanh",       "relu",
                                         "softplus",  "noisy relu", "leaky relu", "elu",
                                         "maxout",    "gelu",       "silu",       "softsign"};
/* Values at -1, 0, 1 and slopes there. The noise is that of the context's default seed. */
static const double known[KINDS][6] = {{0, 1, 1, 0, 0, 0},
                                       {.268941, .5, .731059, .196612, .25, .196612},
                                       {-.761594, 0, .761594, .419974, 1, .419974},
                                       {0, 0, 1, 0, 0, 1},
                                       {.313262, .693147, 1.313262, .268941, .5, .731059},
                                       {0, .326164, 1.940280, 0, 1.081541, 1.126440},
                                       {-.01, 0, 1, .01, .01, 1},
                                       {-.632121, 0, 1, .367879, 1, 1},
                                       {.5, 0, .75, -.5, -.5, 1},
                                       {-.158655, 0, .841345, -.083315, .5, 1.083315},
                                       {-.268941, 0, .731059, .072329, .5, .927671},
                                       {-.5, 0, .5, .25, 1, .25}};

static wg_status record(wg_node x, wg_node y[KINDS], wg_node slope[KINDS])
{
    wg_node steep = wg_sub(x, wg_number(x.graph, WG_F64, .25));
    wg_node pieces = wg_concat((wg_node[]){wg_scale(x, -.5), wg_scale(x, .25), steep}, 3, 0);
    y[0] = wg_heaviside(x, 1);
    y[1] = wg_sigmoid(x);
    y[2] = wg_tanh(x);
    y[3] = wg_relu(x);
    y[4] = wg_softplus(x);
    y[5] = wg_noisy_relu(x);
    y[6] = wg_leaky_relu(x, .01);
    y[7] = wg_elu(x, 1);
    y[8] = wg_maxout(pieces, 3, 0);
    y[9] = wg_gelu(x);
    y[10] = wg_silu(x);
    y[11] = wg_softsign(x);
    wg_status s = WG_OK;
    for (int i = 0; !s && i < KINDS; i++) {
        s = wg_grad(y[i], &x, 1, &slope[i]); /* of the sum: each element has its own slope */
    }
    return s;
}

/* Prints a row of the table; returns how many of its numbers are off. */
static int judge(int kind, wg_node y, wg_node slope)
{
    int n_off = 0;
    printf("  %-10s", names[kind]);
    for (int i = 0; i < 6; i++) {
        double v = wg_tensor_get(wg_value(i < 3 ? y : slope), 80 + 40 * (i % 3));
        printf(" %9.6f", v + 0); /* a negative zero turns positive */
        n_off += fabs(v - known[kind][i]) <= 5e-7 ? 0 : 1;
    }
    printf("\n");
    return n_off;
}

static wg_status draw(const char *path, const char *title, const double *x, const wg_node n[KINDS])
{
    wg_series series[KINDS];
    wg_curve_options o = {.size = sizeof o, .form = WG_CURVE_SVG, .height = 480, .title = title};
    for (int i = 0; i < KINDS; i++) {
        series[i] = (wg_series){names[i], x, wg_tensor_data(wg_value(n[i])), POINTS};
    }
    FILE *f = fopen(path, "w");
    wg_writer to = wg_file_writer(f);
    wg_status s = wg_curve_write(series, KINDS, &o, &to);
    return f != NULL && fclose(f) == 0 ? s : WG_ERR_IO;
}

int main(void)
{
    double x[POINTS];
    wg_node n[2][KINDS];
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    int n_off = 0;
    for (int i = 0; i < POINTS; i++) {
        x[i] = (i - POINTS / 2) / 40.0;
    }
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    s = s ? s : record(wg_constant(g, WG_F64, 1, (int64_t[]){POINTS}, x), n[0], n[1]);
    s = s ? s : wg_run(n[0], KINDS);
    s = s ? s : wg_run(n[1], KINDS);
    printf("             at -1, 0, 1                   slopes there\n");
    for (int i = 0; !s && i < KINDS; i++) {
        n_off += judge(i, n[0][i], n[1][i]);
    }
    s = s ? s : draw("activations.svg", "Activations", x, n[0]);
    s = s ? s : draw("derivatives.svg", "Their derivatives", x, n[1]);
    if (s || n_off != 0) {
        fprintf(stderr, "%d off. %s %s\n", n_off, wg_status_text(s), wg_graph_error(g));
    }
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return !s && n_off == 0 ? 0 : 1;
}
