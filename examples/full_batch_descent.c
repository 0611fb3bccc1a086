/* Full-batch descent: every sample's gradient, their mean, a small step, until it gains no more.
 * SPDX-License-Identifier: Apache-2.0
 *
 * 16 samples of 2 x0 - 3 x1 + 1 with noise N(0, .01), one linear neuron, N(0,1) start, rate .001.
 * Differentiation is linear: the mean of the N gradients is the gradient of the mean, here to 1e-14
 * at every step, and so batches may be cut in pieces that fit the memory. Descent stops once 1,000
 * steps gain less than a part in 100,000: after 11,000 at w = (1.9976, -3.0340), b = .9896. */
#include <wengert/wengert.h>

#include <float.h>
#include <math.h>
#include <stdio.h>

enum {
    N = 16,
    WEIGHTS = 3,
    CHECKED_EVERY = 1000
};

/* Inputs [N, 3], a constant last, and targets [N]. */
typedef struct samples {
    double x[WEIGHTS * N];
    double y[N];
} samples;

static samples generate(wg_rng *rng)
{
    samples d;
    for (int i = 0; i < N; i++) {
        double *x = d.x + WEIGHTS * i;
        x[0] = wg_rng_normal(rng);
        x[1] = wg_rng_normal(rng);
        x[2] = 1;
        d.y[i] = 2 * x[0] - 3 * x[1] + 1 + .1 * wg_rng_normal(rng);
    }
    return d;
}

/* Half the squared error of each of the `n` samples from the first on. */
static wg_node losses_of(wg_graph *g, const samples *d, wg_param *w, int first, int64_t n)
{
    wg_node x = wg_constant(g, WG_F64, 2, (int64_t[]){n, WEIGHTS}, d->x + WEIGHTS * first);
    wg_node y = wg_constant(g, WG_F64, 1, &n, d->y + first);
    return wg_scale(wg_square(wg_sub(wg_mv(x, wg_use(g, w)), y)), .5);
}

/* A backward pass adds to the gradient that is there: N of them leave the mean of N gradients.
 * Beside it the gradient of the mean, whose distance is kept where it is larger than before. */
static wg_status differentiate(wg_graph *g, const samples *d, wg_param *w, double *loss,
                               double *gap)
{
    wg_node mean_gradient;
    wg_graph_reset(g);
    wg_node mean = wg_mean_all(losses_of(g, d, w, 0, N));
    wg_node v = wg_use(g, w);
    wg_status s = wg_grad(mean, &v, 1, &mean_gradient);
    for (int i = 0; !s && i < N; i++) {
        s = wg_backward(wg_scale(wg_sum_all(losses_of(g, d, w, i, 1)), 1.0 / N));
    }
    s = s ? s : wg_run((wg_node[]){mean, mean_gradient}, 2);
    for (int i = 0; !s && i < WEIGHTS; i++) {
        double of_mean = wg_tensor_get(wg_value(mean_gradient), i);
        *gap = fmax(*gap, fabs(wg_tensor_get(wg_param_gradient(w), i) - of_mean));
    }
    return s ? s : wg_get_item(mean, loss);
}

static wg_status descend(wg_graph *g, const samples *d, wg_param *w, wg_optimizer *sgd, double *gap)
{
    double before = DBL_MAX;
    double loss = NAN;
    bool is_gaining = true;
    wg_status s = WG_OK;
    for (int i = 0; !s && is_gaining; i++) {
        s = differentiate(g, d, w, &loss, gap);
        if (i % CHECKED_EVERY == 0) {
            const double *v = wg_tensor_data(wg_param_value(w));
            printf("%6d  loss %11.8f  w (%7.4f, %7.4f)  b %7.4f\n", i, loss, v[0], v[1], v[2]);
            is_gaining = before - loss > 1e-5 * before;
            before = loss;
        }
        s = s ? s : wg_optimizer_step(sgd);
    }
    printf("mean of gradients, gradient of the mean: at most %.0e apart\n", *gap);
    return s;
}

int main(void)
{
    static const double known[WEIGHTS] = {1.9976, -3.0340, .9896};
    const wg_init normal = {.kind = WG_INIT_NORMAL, .b = 1};
    const wg_sgd_options options = {.size = sizeof options, .rate = .001};
    wg_rng rng = wg_rng_make(1, 0);
    samples d = generate(&rng);
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_model *m = NULL;
    wg_param *w = NULL;
    wg_optimizer *sgd = NULL;
    double gap = 0;
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    s = s ? s : wg_model_create(ctx, &m);
    s = s ? s : wg_param_create(m, "w", WG_F64, 1, (int64_t[]){WEIGHTS}, &normal, &w);
    s = s ? s : wg_sgd_create(m, &options, &sgd);
    s = s ? s : descend(g, &d, w, sgd, &gap);
    int n_off = gap <= 1e-14 ? 0 : 1;
    for (int i = 0; i < WEIGHTS; i++) {
        n_off += fabs(wg_tensor_get(wg_param_value(w), i) - known[i]) <= 1e-4 ? 0 : 1;
    }
    if (s || n_off != 0) {
        fprintf(stderr, "%d off. %s %s\n", n_off, wg_status_text(s), wg_graph_error(g));
    }
    wg_optimizer_destroy(sgd);
    wg_graph_destroy(g);
    wg_model_destroy(m);
    wg_context_destroy(ctx);
    return !s && n_off == 0 ? 0 : 1;
}
