/* Why gradients are not computed by differences: they are never exact, and they cost n times more.
 * SPDX-License-Identifier: Apache-2.0
 *
 * L(w) = (10 - 3 w)^2 at w = 2, dL/dw = -24. (L(w + h) - L(w)) / h is best at h about 1e-8, with
 * -23.99999968: above it the truncated term 9 h rules (1e-3: -23.991), below it the rounding of L,
 * about 1e-15 / h (1e-12: -24.0021; 1e-15: -21.3). For n weights differences evaluate L n + 1
 * times, which is n^2 work; the graph goes forward once and backward once, which is n. */
#include <wengert/wengert.h>

#include <math.h>
#include <stdio.h>
#include <time.h>

enum {
    STEPS = 15,
    LARGEST = 10000
};

/* L of n weights: (10 - sum_i w_i x_i)^2. */
static double loss(const double *w, const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        sum += w[i] * x[i];
    }
    return (10 - sum) * (10 - sum);
}

/* The table and the V; returns how many numbers are off by more than their last digit. */
static int show_v(wg_status *s)
{
    static const double known[STEPS + 1] = {
        [3] = -23.991, [6] = -23.999991, [8] = -23.99999968, [12] = -24.0021, [15] = -21.3};
    double h[STEPS];
    double error[STEPS];
    int n_wrong = 0;
    printf("L = (10 - 3 w)^2 at w = 2, dL/dw = -24\n\n      h  (L(w+h) - L(w)) / h     error\n");
    for (int i = 1; i <= STEPS; i++) {
        h[i - 1] = pow(10, -i);
        double d = (loss(&(double){2 + h[i - 1]}, &(double){3}, 1) - 16) / h[i - 1];
        error[i - 1] = fabs(d + 24);
        printf("  1e-%02d  %19.8f  %8.1e\n", i, d, error[i - 1]);
        n_wrong += known[i] == 0 || fabs(d - known[i]) <= (i <= 8 ? 1e-8 : pow(10, i - 16)) ? 0 : 1;
    }
    wg_series series = {NULL, h, error, STEPS};
    wg_curve_options options = {.size = sizeof options, .is_log_x = true, .is_log_y = true};
    wg_writer out = wg_file_writer(stdout);
    printf("\nthe error against h: rounding to the left, truncation to the right\n");
    *s = wg_curve_write(&series, 1, &options, &out);
    return n_wrong;
}

static double seconds(void)
{
    struct timespec now = {0};
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* All n derivatives by one pass forward and one backward. Owned by the graph, until its reset. */
static const wg_tensor *by_graph(wg_graph *g, wg_tensor *w, const double *x)
{
    wg_graph_reset(g);
    wg_node v = wg_variable(g, w);
    wg_node sum = wg_sum_all(wg_mul(v, wg_constant(g, WG_F64, 1, wg_tensor_dims(w), x)));
    wg_node l = wg_square(wg_sub(wg_number(g, WG_F64, 10), sum));
    return wg_backward(l) == WG_OK ? wg_gradient(v) : NULL;
}

/* Times both ways for n weights; returns how many derivatives differ by more than a millionth. */
static int race(wg_graph *g, int64_t n, wg_status *s)
{
    double w[LARGEST];
    double x[LARGEST];
    double d[LARGEST];
    for (int i = 0; i < n; i++) {
        w[i] = 1.0 / (double)n;
        x[i] = 1 + i % 3;
    }
    double start = seconds();
    double at_w = loss(w, x, (int)n);
    for (int i = 0; i < n; i++) {
        w[i] += 1e-7;
        d[i] = (loss(w, x, (int)n) - at_w) / 1e-7;
        w[i] = 1.0 / (double)n;
    }
    double taken = seconds() - start;
    wg_tensor *t = NULL;
    *s = wg_tensor_borrow(wg_graph_context(g), WG_F64, 1, &n, w, &t);
    by_graph(g, t, x); /* makes the plan, which later passes find */
    start = seconds();
    const wg_tensor *gradient = by_graph(g, t, x);
    printf("  %6d  %10.0f us  %10.0f us\n", (int)n, 1e6 * taken, 1e6 * (seconds() - start));
    int n_off = 0;
    for (int i = 0; i < n; i++) {
        double exact = wg_tensor_get(gradient, i);
        n_off += fabs(d[i] - exact) <= 1e-6 * fabs(exact) ? 0 : 1;
    }
    wg_tensor_destroy(t);
    return n_off;
}

int main(void)
{
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_status s = wg_context_create(NULL, &ctx);
    s = s == WG_OK ? wg_graph_create(ctx, &g) : s;
    int n_wrong = s == WG_OK ? show_v(&s) : 0;
    printf("\n       n    differences      the graph\n");
    for (int n = 100; s == WG_OK && n <= LARGEST; n *= 10) {
        n_wrong += race(g, n, &s);
    }
    if (s != WG_OK || n_wrong != 0) {
        fprintf(stderr, "%d wrong: %s %s\n", n_wrong, wg_status_text(s), wg_graph_error(g));
    }
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return s == WG_OK && n_wrong == 0 ? 0 : 1;
}
