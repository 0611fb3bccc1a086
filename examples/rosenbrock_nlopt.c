/* An optimizer of another library minimises what was recorded here: NLopt, and its L-BFGS.
 * SPDX-License-Identifier: Apache-2.0
 *
 * f(x) = sum_i 100 (x_2i - x_2i-1^2)^2 + (1 - x_2i-1)^2, Rosenbrock's valley in ten dimensions
 * (Dixon and Mills, JOTA 80, 1994). From (-1.2, 1, -1.2, 1, ...), where it is 5 * 24.2 = 121, to
 * its minimum, 0 at (1, ..., 1). The graph is recorded once and frozen; each evaluation that NLopt
 * asks for is one call, which gives value and gradient in one run. The gradient at the start is
 * (-215.6, -88) five times over. */
#include <wengert/wengert.h>

#include <math.h>
#include <nlopt.h>
#include <stdio.h>

enum {
    N = 10
};

static const int64_t dims[] = {N};

/* What NLopt hands back with every evaluation. */
typedef struct problem {
    wg_context *ctx;
    wg_function *f;
    wg_tensor *value;
    int n_calls;
} problem;

static wg_node rosenbrock(wg_node x)
{
    static const int64_t place[] = {0, 1};
    wg_node p = wg_reshape(x, 2, (const int64_t[]){N / 2, 2});
    wg_node a = wg_gather(p, wg_constant(x.graph, WG_I64, 0, NULL, &place[0]), 1);
    wg_node b = wg_gather(p, wg_constant(x.graph, WG_I64, 0, NULL, &place[1]), 1);
    wg_node slope = wg_square(wg_sub(wg_number(x.graph, WG_F64, 1), a));
    return wg_sum_all(wg_add(wg_scale(wg_square(wg_sub(b, wg_square(a))), 100), slope));
}

/* Records the function, freezes it, and lets the graph go. */
static wg_status open_problem(problem *p)
{
    wg_graph *g = NULL;
    wg_status s = wg_context_create(NULL, &p->ctx);
    s = s == WG_OK ? wg_graph_create(p->ctx, &g) : s;
    wg_node x = wg_name(wg_constant(g, WG_F64, 1, dims, (const double[N]){0}), "x");
    wg_node y = rosenbrock(x);
    s = s == WG_OK ? wg_function_create(&x, 1, &y, 1, &p->f) : s;
    s = s == WG_OK ? wg_tensor_create(p->ctx, WG_F64, 0, NULL, &p->value) : s;
    if (s != WG_OK) {
        fprintf(stderr, "%s\n", wg_graph_error(g));
    }
    wg_graph_destroy(g);
    return s;
}

/* NLopt's x and gradient are used where they are. It asks for no gradient where that is NULL. */
static double evaluate(unsigned n, const double *x, double *gradient, void *user)
{
    problem *p = user;
    double *at = (double *)(uintptr_t)x; /* read alone */
    wg_tensor *in = NULL;
    wg_tensor *dx = NULL;
    wg_status s = n == N ? wg_tensor_borrow(p->ctx, WG_F64, 1, dims, at, &in) : WG_ERR_SHAPE;
    if (s == WG_OK && gradient != NULL) {
        s = wg_tensor_borrow(p->ctx, WG_F64, 1, dims, gradient, &dx);
    }
    const wg_tensor *const inputs[] = {in};
    s = s == WG_OK ? wg_function_vjp(p->f, inputs, NULL, &p->value, &dx) : s;
    if (s != WG_OK) {
        fprintf(stderr, "%s: %s\n", wg_status_text(s), wg_function_error(p->f));
    }
    wg_tensor_destroy(in);
    wg_tensor_destroy(dx);
    p->n_calls++;
    return s == WG_OK ? wg_tensor_get(p->value, 0) : NAN;
}

static bool is_start_right(problem *p, const double *x)
{
    double g[N];
    const double value = evaluate(N, x, g, p);
    double off = fabs(value - 121);
    printf("at the start  f = %.4f   df/dx = (%.1f, %.1f, ...)\n", value, g[0], g[1]);
    for (int i = 0; i < N; i++) {
        off = fmax(off, fabs(g[i] + (i % 2 == 0 ? 215.6 : 88)));
    }
    return off <= 2e-10;
}

static bool minimises(problem *p, double *x)
{
    double least = NAN;
    double far = 0;
    nlopt_opt opt = nlopt_create(NLOPT_LD_LBFGS, N);
    nlopt_result result = opt != NULL ? nlopt_set_min_objective(opt, evaluate, p) : NLOPT_FAILURE;
    result = result > 0 ? nlopt_set_ftol_abs(opt, 1e-20) : result;
    result = result > 0 ? nlopt_set_maxeval(opt, 500) : result;
    result = result > 0 ? nlopt_optimize(opt, x, &least) : result;
    nlopt_destroy(opt);
    for (int i = 0; i < N; i++) {
        far = fmax(far, fabs(x[i] - 1));
    }
    printf("L-BFGS        f < 1e-12: %s   |x - 1| < 1e-6: %s   %d evaluations\n",
           least < 1e-12 ? "yes" : "no", far < 1e-6 ? "yes" : "no", p->n_calls);
    return result > 0 && least < 1e-12 && far < 1e-6 && p->n_calls < 200;
}

int main(void)
{
    problem p = {.ctx = NULL};
    double x[N];
    for (int i = 0; i < N; i++) {
        x[i] = i % 2 == 0 ? -1.2 : 1;
    }
    const bool is_right = open_problem(&p) == WG_OK && is_start_right(&p, x) && minimises(&p, x);
    wg_tensor_destroy(p.value);
    wg_function_destroy(p.f);
    wg_context_destroy(p.ctx);
    return is_right ? 0 : 1;
}
