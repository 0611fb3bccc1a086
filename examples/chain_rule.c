/* The chain rule, node by node, as on a blackboard.
 * SPDX-License-Identifier: Apache-2.0
 *
 * f = (x + y) z at x = -2, y = 5, z = -4. With q = x + y: q = 3 and f = -12. Backwards from f:
 * df/dz = q = 3, df/dq = z = -4, and as dq/dx = dq/dy = 1, df/dx = df/dy = -4. */
#include <wengert/wengert.h>

#include <stdio.h>

/* A number that wants a gradient. The graph keeps the tensor, so this function need not. */
static wg_node variable(wg_graph *g, const char *name, double value)
{
    wg_tensor *t = NULL;
    wg_status s = wg_tensor_from(wg_graph_context(g), WG_F64, 0, NULL, WG_F64, &value, &t);
    wg_node n = wg_variable(g, s == WG_OK ? t : NULL);
    wg_tensor_destroy(t);
    return wg_name(n, name);
}

/* Prints a value; 1 when it is not the one computed by hand, NaN included. */
static int judge(const char *what, wg_node n, double by_hand)
{
    double value = wg_item(n);
    printf("  %-5s = %3g\n", what, value);
    return value == by_hand ? 0 : 1;
}

static wg_status lesson(wg_graph *g, int *n_wrong)
{
    wg_node x = variable(g, "x", -2);
    wg_node y = variable(g, "y", 5);
    wg_node z = variable(g, "z", -4);
    wg_node q = wg_name(wg_add(x, y), "q");
    wg_node f = wg_name(wg_mul(q, z), "f");

    wg_writer out = wg_file_writer(stdout);
    printf("f = (x + y) z, written as q = x + y, f = q z\n\n");
    wg_status s = wg_explain(f, &out);

    /* Gradients are nodes themselves: here those of the inputs and of q, which is none. */
    wg_node d[4];
    s = s == WG_OK ? wg_grad(f, (wg_node[]){z, q, x, y}, 4, d) : s;
    if (s == WG_OK) {
        printf("\nthe same, asked for one by one\n");
        *n_wrong += judge("q", q, 3);
        *n_wrong += judge("f", f, -12);
        *n_wrong += judge("df/dz", d[0], 3);
        *n_wrong += judge("df/dq", d[1], -4);
        *n_wrong += judge("df/dx", d[2], -4);
        *n_wrong += judge("df/dy", d[3], -4);
    }
    return s;
}

int main(void)
{
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    int n_wrong = 0;
    wg_status s = wg_context_create(NULL, &ctx);
    s = s == WG_OK ? wg_graph_create(ctx, &g) : s;
    s = s == WG_OK ? lesson(g, &n_wrong) : s;
    if (s != WG_OK) {
        fprintf(stderr, "%s\n%s\n", wg_status_text(s), wg_graph_error(g));
    }
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return s == WG_OK && n_wrong == 0 ? 0 : 1;
}
