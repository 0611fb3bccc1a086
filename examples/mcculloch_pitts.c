/* The first artificial neuron: add up, and fire at a threshold. Its weights are set, not learned.
 * SPDX-License-Identifier: Apache-2.0
 *
 * McCulloch and Pitts 1943: y = H(w x + b), with H(z) = 1 for z >= 0 and 0 below. For x = (0, 1, 1)
 * the weights (1, 0, 1) with b = -1 give H(0) = 1, and (1, .5, -1) with b = 0 give H(-.5) = 0. One
 * neuron is AND, OR or NAND; XOR takes three: (x OR y) AND (x NAND y) is 0 1 1 0.
 * A step's gradient is 0 wherever it has one: nothing here could learn by descent. */
#include <wengert/wengert.h>

#include <stdio.h>

/* The four rows of a truth table. */
static const double rows[8] = {0, 0, 0, 1, 1, 0, 1, 1};

/* What the neuron gives for each row of x, [rows, inputs]: [rows, 1]. */
static wg_node fire(wg_node x, const double *w, double b)
{
    wg_node weights = wg_constant(x.graph, WG_F64, 2, (int64_t[]){wg_node_dim(x, 1), 1}, w);
    wg_node z = wg_add(wg_matmul(x, weights), wg_number(x.graph, WG_F64, b));
    return wg_heaviside(z, 1);
}

/* Prints one row of a truth table; returns how many of its entries are wrong, NaN included. */
static int judge(const char *name, wg_node y, const double *expected, int n)
{
    int n_wrong = 0;
    const wg_tensor *value = wg_value(y);
    printf("  %-22s", name);
    for (int i = 0; i < n; i++) {
        double entry = wg_tensor_get(value, i);
        printf("  %g", entry);
        n_wrong += entry == expected[i] ? 0 : 1;
    }
    printf("\n");
    return n_wrong;
}

static int lesson(wg_graph *g)
{
    wg_node x = wg_constant(g, WG_F64, 2, (int64_t[]){1, 3}, (double[]){0, 1, 1});
    printf("x = (0, 1, 1)\n");
    int n_wrong = judge("w 1 0 1, b -1: H(0)", fire(x, (double[]){1, 0, 1}, -1), (double[]){1}, 1);
    n_wrong += judge("w 1 .5 -1, b 0: H(-.5)", fire(x, (double[]){1, .5, -1}, 0), (double[]){0}, 1);

    wg_node pairs = wg_constant(g, WG_F64, 2, (int64_t[]){4, 2}, rows);
    wg_node either = fire(pairs, (double[]){1, 1}, -1);
    wg_node both = fire(pairs, (double[]){1, 1}, -2);
    wg_node not_both = fire(pairs, (double[]){-1, -1}, 1);
    wg_node middle = wg_concat((wg_node[]){either, not_both}, 2, 1);
    wg_node one = fire(middle, (double[]){1, 1}, -2);
    printf("\nx = 00 01 10 11\n");
    n_wrong += judge("OR    w 1 1, b -1", either, (double[]){0, 1, 1, 1}, 4);
    n_wrong += judge("AND   w 1 1, b -2", both, (double[]){0, 0, 0, 1}, 4);
    n_wrong += judge("NAND  w -1 -1, b 1", not_both, (double[]){1, 1, 1, 0}, 4);
    n_wrong += judge("XOR   OR AND NAND", one, (double[]){0, 1, 1, 0}, 4);

    wg_node slope = {0};
    wg_status s = wg_grad(one, &pairs, 1, &slope);
    printf("\nthe slope of XOR with respect to x and y\n");
    return n_wrong + (s == WG_OK ? judge("everywhere", slope, (double[8]){0}, 8) : 1);
}

int main(void)
{
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    int n_wrong = s ? 1 : lesson(g);
    if (n_wrong != 0) {
        fprintf(stderr, "%d wrong. %s %s\n", n_wrong, wg_status_text(s), wg_graph_error(g));
    }
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return n_wrong == 0 ? 0 : 1;
}
