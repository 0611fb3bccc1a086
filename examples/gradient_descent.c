/* Gradient descent with one weight: too long a step still arrives, from both sides in turn.
 * SPDX-License-Identifier: Apache-2.0
 *
 * L = (y - w x)^2 with x = 3, y = 10, from w = 2 at rate 0.1. The gradient is -2 x (y - w x) = -24,
 * so w goes to 4.4, then 2.48, 4.016, 2.7872, 3.77024, while L falls from 16 to 10.24, 6.5536, ...
 * Each step multiplies the distance to 10/3 by 1 - 0.1 * 2 x^2 = -0.8. */
#include <wengert/wengert.h>

#include <math.h>
#include <stdio.h>

enum {
    SHOWN = 5,
    STEPS = 120
};

static const double w_by_hand[SHOWN + 1] = {2, 4.4, 2.48, 4.016, 2.7872, 3.77024};
static const double loss_by_hand[3] = {16, 10.24, 6.5536};

static int is_off(double value, double expected)
{
    return fabs(value - expected) <= 1e-9 ? 0 : 1; /* a NaN is off */
}

/* Records the loss, differentiates it and lets the optimizer move w. */
static wg_status step(wg_graph *g, wg_param *w, wg_optimizer *sgd, double *loss, double *gradient)
{
    wg_status s = wg_graph_reset(g);
    wg_node x = wg_number(g, WG_F64, 3);
    wg_node y = wg_number(g, WG_F64, 10);
    wg_node l = wg_square(wg_sub(y, wg_mul(wg_use(g, w), x)));
    s = s == WG_OK ? wg_backward(l) : s;
    s = s == WG_OK ? wg_get_item(l, loss) : s;
    *gradient = s == WG_OK ? wg_tensor_get(wg_param_gradient(w), 0) : NAN;
    return s == WG_OK ? wg_optimizer_step(sgd) : s;
}

static wg_status descend(wg_graph *g, wg_param *w, wg_optimizer *sgd, int *n_wrong)
{
    wg_tensor *value = wg_param_value(w);
    wg_status s = wg_tensor_set(value, 0, w_by_hand[0]);
    printf("L = (10 - 3 w)^2, rate 0.1\n\n  step        w        L     dL/dw   w - 0.1 dL/dw\n");
    for (int i = 0; s == WG_OK && i < STEPS; i++) {
        double loss = NAN;
        double gradient = NAN;
        double before = wg_tensor_get(value, 0);
        s = step(g, w, sgd, &loss, &gradient);
        double after = wg_tensor_get(value, 0);
        if (i < SHOWN) {
            printf("  %4d  %7.5f %8.5f %9.5f %15.5f\n", i, before, loss, gradient, after);
            *n_wrong += is_off(before, w_by_hand[i]) + is_off(after, w_by_hand[i + 1]);
            *n_wrong += i < 3 ? is_off(loss, loss_by_hand[i]) : 0;
            *n_wrong += i == 0 ? is_off(gradient, -24) : 0;
        }
    }
    printf("   ...\n  %4d  %7.5f   (10/3, where 3 w = 10)\n", STEPS, wg_tensor_get(value, 0));
    *n_wrong += is_off(wg_tensor_get(value, 0), 10.0 / 3);
    return s;
}

int main(void)
{
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_model *m = NULL;
    wg_param *w = NULL;
    wg_optimizer *sgd = NULL;
    wg_sgd_options options = {.size = sizeof options, .rate = 0.1};
    int n_wrong = 0;
    wg_status s = wg_context_create(NULL, &ctx);
    s = s == WG_OK ? wg_graph_create(ctx, &g) : s;
    s = s == WG_OK ? wg_model_create(ctx, &m) : s;
    s = s == WG_OK ? wg_param_create(m, "w", WG_F64, 0, NULL, NULL, &w) : s;
    s = s == WG_OK ? wg_sgd_create(m, &options, &sgd) : s;
    s = s == WG_OK ? descend(g, w, sgd, &n_wrong) : s;
    if (s != WG_OK) {
        fprintf(stderr, "%s\n%s%s\n", wg_status_text(s), wg_graph_error(g), wg_context_error(ctx));
    }
    wg_optimizer_destroy(sgd);
    wg_graph_destroy(g);
    wg_model_destroy(m);
    wg_context_destroy(ctx);
    return s == WG_OK && n_wrong == 0 ? 0 : 1;
}
