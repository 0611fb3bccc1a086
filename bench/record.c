/* The cost of a node: of recording it, and of running it once its plan is known.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A chain of N_NODES ops of one kind is recorded again and again. Each figure is the median of
 * N_ROUNDS rounds, so that a round disturbed by other programs does not count. Recording is timed
 * without running; a run is timed with a list that is recorded already, after the rounds that made
 * its plan. Small tensors keep the arithmetic small beside the cost of the node. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <wengert/wengert.h>

#define N_NODES 10000
#define N_ROUNDS 31
#define N_WARM 3

typedef struct chain {
    const char *name;
    int32_t rank;
    int64_t dims[2];
    bool is_differentiated;
} chain;

typedef struct figures {
    double record_ns;
    double run_ns;
} figures;

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare);
    return values[n / 2];
}

/* Alternates two ops that neither grow nor vanish; adds one leaf and, at the end, a sum. */
static wg_node record(wg_graph *g, wg_tensor *start, const chain *c)
{
    wg_node leaf = c->is_differentiated ? wg_variable(g, start) : wg_input(g, start);
    wg_node x = leaf;
    for (int i = 0; i < N_NODES / 2; i++) {
        x = wg_neg(wg_add(x, leaf));
    }
    return wg_sum_all(x);
}

static wg_status run(wg_node last, const chain *c)
{
    return c->is_differentiated ? wg_backward(last) : wg_run(&last, 1);
}

static wg_status one_round(wg_graph *g, wg_tensor *start, const chain *c, figures *out)
{
    wg_status status = wg_graph_reset(g);
    double begin = now_ns();
    wg_node last = record(g, start, c);
    double recorded = now_ns();
    if (status == WG_OK) {
        status = run(last, c);
    }
    double done = now_ns();
    out->record_ns = (recorded - begin) / N_NODES;
    out->run_ns = (done - recorded) / N_NODES;
    return status;
}

static wg_status measure(wg_graph *g, wg_tensor *start, const chain *c, figures *out)
{
    double record_ns[N_ROUNDS];
    double run_ns[N_ROUNDS];
    for (int i = -N_WARM; i < N_ROUNDS; i++) {
        figures f;
        wg_status status = one_round(g, start, c, &f);
        if (status != WG_OK) {
            return status;
        }
        if (i >= 0) {
            record_ns[i] = f.record_ns;
            run_ns[i] = f.run_ns;
        }
    }
    out->record_ns = median(record_ns, N_ROUNDS);
    out->run_ns = median(run_ns, N_ROUNDS);
    return WG_OK;
}

/* Measures one chain in a context of its own and prints its row. */
static wg_status bench(const chain *c)
{
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_tensor *start = NULL;
    figures f = {0};
    wg_stats stats = {0};
    wg_status status = wg_context_create(NULL, &ctx);
    if (status == WG_OK) {
        status = wg_graph_create(ctx, &g);
    }
    if (status == WG_OK) {
        status = wg_tensor_create(ctx, WG_F32, c->rank, c->dims, &start);
    }
    if (status == WG_OK) {
        status = measure(g, start, c, &f);
    }
    if (status == WG_OK) {
        status = wg_context_stats(ctx, &stats);
    }
    if (status == WG_OK) {
        printf("%-32s %10.1f %10.1f %6" PRIu64 " %6" PRIu64 "\n", c->name, f.record_ns, f.run_ns,
               stats.plan_hits, stats.plan_misses);
    } else {
        fprintf(stderr, "%s: %s\n", c->name, g == NULL ? "" : wg_graph_error(g));
    }
    wg_tensor_destroy(start);
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return status;
}

int main(void)
{
    static const chain chains[] = {
        {"scalar, forward", 0, {0, 0}, false},
        {"[4, 4], forward", 2, {4, 4}, false},
        {"[64, 64], forward", 2, {64, 64}, false},
        {"scalar, forward and backward", 0, {0, 0}, true},
        {"[4, 4], forward and backward", 2, {4, 4}, true},
    };
    printf("ns per node, chain of %d pointwise ops, f32, median of %d rounds\n", N_NODES, N_ROUNDS);
    printf("%-32s %10s %10s %6s %6s\n", "", "record", "run", "hits", "misses");
    for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) {
        if (bench(&chains[i]) != WG_OK) {
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}
