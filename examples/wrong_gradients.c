/* Gradients written by hand, with mistakes that textbooks really print, caught and named.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Three sigmoid networks of two layers; J = 1/2 sum (a - y)^2; weights [input, unit]. */
#include <wengert/wengert.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct network {
    size_t size[3]; /* samples, hidden units, outputs */
    double bias[2];
    double data[18]; /* inputs [samples, 2], targets [samples, outputs] */
    double w[9];     /* weights of both layers */
    wg_check_diagnosis mistake;
    double g[9]; /* as the last call left them: dJ/dw; hidden units; outputs, a - y, deltas */
    double h[18];
    double a[3][6];
} network;

static double s(double z)
{
    return 1 / (1 + exp(-z));
}

/* J; and dJ/dw with the network's mistake, left in the network. */
static double cost_of(const double *w, size_t n, void *user)
{
    network *t = user;
    const size_t *z = t->size;
    double cost = 0;
    memset(t->g, 0, n * sizeof(double));
    for (size_t row = 0; row < z[0]; row++) {
        const double *x = t->data + 2 * row;
        double *h = t->h + row * z[1];
        double *delta = t->a[2] + row * z[2];
        for (size_t k = 0; k < z[2]; k++) {
            double sum = t->bias[1];
            for (size_t j = 0; j < z[1]; j++) {
                h[j] = s(x[0] * w[j] + x[1] * w[z[1] + j] + t->bias[0]);
                sum += h[j] * w[2 * z[1] + j * z[2] + k];
            }
            double a = t->a[0][row * z[2] + k] = s(sum);
            double error = t->a[1][row * z[2] + k] = a - t->data[2 * z[0] + row * z[2] + k];
            cost += error * error / 2;
            a = t->mistake == WG_CHECK_AT_ACTIVATION ? s(a) : a;
            delta[k] = error * a * (1 - a);
        }
        for (size_t j = 0; j < z[1]; j++) {
            double sum = 0;
            for (size_t k = 0; k < z[2]; k++) {
                size_t at[] = {2 * z[1] + j * z[2] + k, 2 * z[1] + k * z[2] + j};
                t->g[at[t->mistake == WG_CHECK_TRANSPOSED]] += h[j] * delta[k];
                double early = t->mistake == WG_CHECK_UPDATED_EARLY ? t->g[at[0]] : 0;
                sum += (w[at[t->mistake == WG_CHECK_WEIGHTS_NOT_TRANSPOSED]] - early) * delta[k];
            }
            t->g[j] += x[0] * sum * h[j] * (1 - h[j]);
            t->g[z[1] + j] += x[1] * sum * h[j] * (1 - h[j]);
        }
    }
    return cost;
}

static void gradient_of(const double *w, double *gradient, size_t n, void *user)
{
    (void)cost_of(w, n, user);
    memcpy(gradient, ((network *)user)->g, n * sizeof(double));
}

/* Whether a mistake is caught, named, and puts the first weights of its layer off by so much. */
static bool judge(network t, wg_check_diagnosis mistake, const double *percent)
{
    const size_t *z = t.size;
    size_t n = (2 + z[2]) * z[1];
    (void)cost_of(t.w, n, &t);
    network at = t; /* stays where it is while the checker moves the other */
    wg_check_block blocks[] = {{"W1", 2, {2, (int64_t)z[1]}, 0},
                               {"W2", 2, {(int64_t)z[1], (int64_t)z[2]}, 2 * z[1]}};
    wg_check_layer l[] = {{0, z[0], 2, z[1], false, at.data, at.h, NULL, &l[1]},
                          {1, z[0], z[1], z[2], false, at.h, at.a[0], at.a[1], NULL}};
    wg_check_options o = {sizeof(o), .blocks = blocks, .n_blocks = 2, .layers = l, .n_layers = 2};
    wg_check_report r;
    t.mistake = mistake;
    bool is_good = wg_check_function(cost_of, gradient_of, t.w, n, &t, &o, &r) == WG_CHECK_OK &&
                   r.finding.diagnosis == mistake &&
                   (r.verdict == WG_CHECK_RIGHT) == (mistake == 0);
    puts(wg_check_diagnosis_text(r.finding.diagnosis));
    (void)cost_of(t.w, n, &t);
    size_t k = mistake == WG_CHECK_AT_ACTIVATION ? 2 * z[1] : 0;
    for (size_t i = 0; percent != NULL && i < z[1]; i++) {
        double off = 100 * (t.g[k + i] / at.g[k + i] - 1);
        printf("    %s[%zu] is off by %+.2f%%\n", r.finding_block, i, off);
        is_good &= fabs(off - percent[i]) < 0.05;
    }
    return is_good;
}

int main(void)
{
    network worked_222 = {
        {1, 2, 2}, {.35, .6}, {.05, .1, .01, .99}, .w = {.15, .25, .2, .3, .4, .5, .45, .55}};
    network worked_21 = {{1, 2, 1}, .data = {.35, .9, .5}, .w = {.1, .4, .8, .6, .3, .9}};
    network salary = {
        {6, 3, 1},
        .data = {.2, 0, .25, .1, .35, .3, .45, .5, .55, .7, .65, .9, .15, .25, .4, .6, .75, .9},
        .w = {1.6243453636632417, -.6117564136500754, -.5281717522634557, -1.0729686221561705,
              .8654076293246785, -2.3015386968802827, 1.74481176421648, -.7612069008951028,
              .31903909605709857}};
    bool is_good = judge(worked_222, WG_CHECK_NO_DIAGNOSIS, NULL);
    is_good &= judge(salary, WG_CHECK_NO_DIAGNOSIS, NULL);
    is_good &= judge(worked_21, WG_CHECK_NO_DIAGNOSIS, NULL);
    is_good &= judge(worked_222, WG_CHECK_WEIGHTS_NOT_TRANSPOSED, (double[]){5.2, 16.7});
    is_good &= judge(worked_222, WG_CHECK_TRANSPOSED, NULL);
    is_good &= judge(salary, WG_CHECK_AT_ACTIVATION, (double[]){5.51, 6.80, 3.65});
    is_good &= judge(worked_21, WG_CHECK_UPDATED_EARLY, (double[]){-9.2, -3.0});
    return is_good ? 0 : 1;
}
