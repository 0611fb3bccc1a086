/* The cost of a node: of recording it, and of running it once its plan is known.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A chain of N_NODES ops of one kind is recorded again and again. Each figure is the median of
 * N_PASSES passes, so that a pass disturbed by other programs does not count. Recording is timed
 * without running; a run is timed with a list that is recorded already, after the passes that made
 * its plan. Small tensors keep the arithmetic small beside the cost of the node. */
#include <stdio.h>
#include <stdlib.h>

#include <wengert/wengert.h>

#include "bench/rows.h"

#define N_NODES 10000
#define N_PASSES 15

/* Which of the two costs a row tells; with or without the gradient of the chain. */
enum {
    RECORD = 1,
    RUN = 2,
    GRADIENT = 4
};
/* The shape of the chain's nodes: [size, size], or a scalar. */
enum {
    SCALAR = 0,
    SIZE = 8
};

typedef struct chain {
    wg_context *ctx;
    wg_graph *g;
    wg_tensor *start;
    int32_t what;
} chain;

/* Alternates two ops that neither grow nor vanish; adds one leaf and, at the end, a sum. */
static wg_node record(chain *c)
{
    bool is_differentiated = (c->what & GRADIENT) != 0;
    wg_node leaf = is_differentiated ? wg_variable(c->g, c->start) : wg_input(c->g, c->start);
    wg_node x = leaf;
    for (int i = 0; i < N_NODES / 2; i++) {
        x = wg_neg(wg_add(x, leaf));
    }
    return wg_sum_all(x);
}

static wg_status run(chain *c, wg_node last)
{
    return (c->what & GRADIENT) != 0 ? wg_backward(last) : wg_run(&last, 1);
}

static bool is_ok(chain *c, wg_status status)
{
    if (status != WG_OK) {
        fprintf(stderr, "%s: %s\n", wg_status_text(status), wg_graph_error(c->g));
    }
    return status == WG_OK;
}

/* Nanoseconds per node of what the row tells. */
static bool pass(chain *c, double *ns)
{
    wg_status status = wg_graph_reset(c->g);
    double begin = bench_now_ns();
    wg_node last = record(c);
    double recorded = bench_now_ns();
    if (status == WG_OK) {
        status = run(c, last);
    }
    double done = bench_now_ns();
    *ns = ((c->what & RECORD) != 0 ? recorded - begin : done - recorded) / N_NODES;
    return is_ok(c, status);
}

static bool time_passes(void *state, double *figure)
{
    double ns[N_PASSES];
    for (int i = 0; i < N_PASSES; i++) {
        if (!pass(state, &ns[i])) {
            return false;
        }
    }
    *figure = bench_quantile(ns, N_PASSES, .5);
    return true;
}

static void close_chain(void *state)
{
    chain *c = state;
    wg_tensor_destroy(c->start);
    wg_graph_destroy(c->g);
    wg_context_destroy(c->ctx);
    free(c);
}

static wg_status make(chain *c, const bench_workload *w, const bench_options *options)
{
    const int64_t size = w->variant / SIZE;
    const int64_t dims[2] = {size, size};
    const wg_config config = {.size = sizeof config, .threads = options->threads};
    wg_status s = wg_context_create(&config, &c->ctx);
    if (s == WG_OK) {
        s = wg_graph_create(c->ctx, &c->g);
    }
    if (s == WG_OK) {
        s = wg_tensor_create(c->ctx, WG_F32, size == SCALAR ? 0 : 2, dims, &c->start);
    }
    return s;
}

static void *open_chain(const bench_workload *w, const bench_options *options)
{
    double unused = 0;
    chain *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return NULL;
    }
    c->what = w->variant % SIZE;
    if (!is_ok(c, make(c, w, options)) || !pass(c, &unused) || !pass(c, &unused)) {
        close_chain(c);
        return NULL;
    }
    return c;
}

#define ROW(name, what, size)                                                                      \
    {                                                                                              \
        name, "ns", NULL, (what) + (size)*SIZE, open_chain, NULL, time_passes, close_chain, false  \
    }

const bench_workload bench_rows_record[] = {
    ROW("record-scalar", RECORD, SCALAR),
    ROW("record-4x4", RECORD, 4),
    ROW("record-64x64", RECORD, 64),
    ROW("run-scalar", RUN, SCALAR),
    ROW("run-4x4", RUN, 4),
    ROW("run-64x64", RUN, 64),
    ROW("run-scalar-grad", RUN + GRADIENT, SCALAR),
    ROW("run-4x4-grad", RUN + GRADIENT, 4),
    {.name = NULL},
};
