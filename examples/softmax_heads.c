/* Four heads for a network: what its last numbers mean, and why softmax is no plain division.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Scores (-1, 2) over their sum are (-1, 2), no probabilities; (-1, 1) divides by zero. Softmax
 * gives (.0474, .9526) and (.1192, .8808), whatever the scores. Of two classes it is the sigmoid of
 * the difference, s(3) and s(2). Each head has the loss that suits it, half the squared error or
 * minus the logarithm of what it gave to the truth; then dL/dz is always prediction - truth. */
#include <wengert/wengert.h>

#include <math.h>
#include <stdio.h>

/* Prints a vector; returns how many of its elements are off, NaN included. */
static int judge(const char *what, wg_node n, const double *expected, double digit)
{
    const wg_tensor *t = wg_value(n);
    int n_off = t == NULL ? 1 : 0;
    printf("  %-22s", what);
    for (int i = 0; i < wg_tensor_count(t); i++) {
        double v = wg_tensor_get(t, i);
        printf(" %8.4f", v);
        n_off += v == expected[i] || fabs(v - expected[i]) <= digit ? 0 : 1;
    }
    printf("\n");
    return n_off;
}

static wg_node vector(wg_graph *g, int64_t n, const double *data)
{
    return wg_constant(g, WG_F64, 1, &n, data);
}

/* Both ways to make shares of two scores. */
static int shares(wg_graph *g, const double *scores, const double *divided, const double *soft)
{
    wg_node z = vector(g, 2, scores);
    wg_node difference = wg_sub(wg_select(z, 0, 1), wg_select(z, 0, 0));
    int n_off = judge("scores", z, scores, 0);
    n_off += judge("over their sum", wg_div(z, wg_sum_all(z)), divided, 0);
    n_off += judge("softmax", wg_softmax(z, 0), soft, 5e-5);
    return n_off + judge("s(z2 - z1)", wg_sigmoid(difference), &soft[1], 5e-5);
}

/* What a head predicts, and the slope of its loss; returns how much of it is off. */
static int head(const char *name, wg_node p, const double *known, wg_node error, wg_node slope)
{
    printf("\n%s\n", name);
    int n_off = judge("prediction p", p, known, 5e-5);
    const double *expected = wg_tensor_data(wg_value(error));
    return n_off + (expected == NULL ? 1 : judge("dL/dz = p - y", slope, expected, 1e-15));
}

static int heads(wg_graph *g)
{
    const double score = 1.5;
    const double scores[3] = {1.5, -.5, 0};
    wg_node none = {0};
    wg_node dz[4];
    wg_node z[4] = {vector(g, 1, &score), vector(g, 3, scores), vector(g, 1, &score),
                    vector(g, 3, scores)};
    wg_node y[4] = {vector(g, 1, (double[]){2}), vector(g, 3, (double[]){2, 0, 0}),
                    vector(g, 1, (double[]){1}), vector(g, 3, (double[]){0, 0, 1})};
    wg_node p[4] = {z[0], z[1], wg_sigmoid(z[2]), wg_softmax(z[3], 0)};
    wg_node loss[4] = {
        wg_half_sum_squares(p[0], y[0]), wg_half_sum_squares(p[1], y[1]),
        wg_binary_cross_entropy_with_logits(z[2], y[2], none, none, WG_REDUCTION_SUM),
        wg_neg(wg_dot(y[3], wg_log_softmax(z[3], 0)))};
    wg_status s = WG_OK;
    wg_node error[4];
    for (int i = 0; !s && i < 4; i++) {
        s = wg_grad(loss[i], &z[i], 1, &dz[i]);
        error[i] = wg_sub(p[i], y[i]);
    }
    if (s) {
        return 1;
    }
    int n_off = head("scalar: a number, p = z", p[0], &score, error[0], dz[0]);
    n_off += head("vector: numbers, p = z", p[1], scores, error[1], dz[1]);
    n_off += head("binary: how likely is yes, p = s(z)", p[2], (double[]){.8176}, error[2], dz[2]);
    return n_off + head("K classes: how likely is each, p = softmax(z)", p[3],
                        (double[]){.7361, .0996, .1643}, error[3], dz[3]);
}

int main(void)
{
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    int n_off = s ? 1 : 0;
    n_off += shares(g, (double[]){-1, 2}, (double[]){-1, 2}, (double[]){.0474, .9526});
    n_off +=
        shares(g, (double[]){-1, 1}, (double[]){-INFINITY, INFINITY}, (double[]){.1192, .8808});
    n_off += heads(g);
    if (n_off != 0) {
        fprintf(stderr, "%d off. %s %s\n", n_off, wg_status_text(s), wg_graph_error(g));
    }
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return n_off == 0 ? 0 : 1;
}
