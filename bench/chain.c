/* A chain of a thousand pointwise ops on 64 elements (W9), and what its gradient costs (W13).
 * SPDX-License-Identifier: Apache-2.0
 *
 * add, mul and tanh in turn, and a last add: h <- tanh((h + a) b). a and b are such that h stays
 * near 1/2 and its derivative a little below 1: over the chain the gradient falls to about 1e-14,
 * where f32 has all its digits still. */
#include <stdio.h>
#include <stdlib.h>

#include <wengert/wengert.h>

#include "bench/rows.h"

#define N_ELEMENTS 64
#define N_OPS 1000
#define A (-.085F)
#define B 1.3333334F

enum {
    RECORDED,
    KEPT,
    RATIO
};

typedef struct chain {
    wg_context *ctx;
    wg_graph *g;
    wg_graph *plain;       /* of the ratio: the value alone */
    wg_tensor *tensors[3]; /* h, a, b */
    wg_node start;
    wg_node loss;
    wg_node value;
    int32_t variant;
    bench_pace paces[2]; /* of the value, of the step */
} chain;

static bool is_ok(wg_graph *g, wg_status status)
{
    if (status != WG_OK) {
        fprintf(stderr, "W9: %s: %s\n", wg_status_text(status), wg_graph_error(g));
    }
    return status == WG_OK;
}

/* Element i starts at .5 + i/256, on the upper side of where the chain leads. */
static void fill(float values[3][N_ELEMENTS])
{
    for (int i = 0; i < N_ELEMENTS; i++) {
        values[0][i] = .5F + (float)i / 256;
        values[1][i] = A;
        values[2][i] = B;
    }
}

static wg_node record(chain *c, wg_graph *g)
{
    wg_node h = wg_variable(g, c->tensors[0]);
    wg_node a = wg_input(g, c->tensors[1]);
    wg_node b = wg_input(g, c->tensors[2]);
    c->start = g == c->g ? h : c->start;
    for (int i = 0; i < N_OPS / 3; i++) {
        h = wg_add(h, a);
        h = wg_mul(h, b);
        h = wg_tanh(h);
    }
    return wg_sum_all(wg_add(h, a));
}

static bool step(void *state)
{
    chain *c = state;
    bool is_recorded = c->variant == RECORDED;
    wg_status s = is_recorded ? wg_graph_reset(c->g) : wg_graph_refresh(c->g);
    if (s == WG_OK && is_recorded) {
        c->loss = record(c, c->g);
    }
    if (s == WG_OK) {
        s = wg_backward(c->loss);
    }
    return is_ok(c->g, s);
}

static bool run_value(void *state)
{
    chain *c = state;
    wg_status s = wg_graph_refresh(c->plain);
    if (s == WG_OK) {
        s = wg_run(&c->value, 1);
    }
    return is_ok(c->plain, s);
}

static bool time_steps(void *state, double *figure)
{
    chain *c = state;
    double ns = 0;
    bool ok = bench_time(step, c, &c->paces[1], &ns);
    *figure = ns / N_OPS;
    return ok;
}

static bool time_both(void *state, double *figure)
{
    static const bench_step steps[2] = {run_value, step};
    chain *c = state;
    return bench_time_ratio(steps, c, c->paces, figure);
}

static bool check(void *state, double values[BENCH_CHECKS], size_t *n)
{
    chain *c = state;
    if (!is_ok(c->g, wg_backward(c->loss))) {
        return false;
    }
    const wg_tensor *gradient = wg_gradient(c->start);
    values[0] = wg_item(c->loss);
    values[1] = wg_tensor_get(gradient, 0);
    values[2] = wg_tensor_get(gradient, N_ELEMENTS - 1);
    *n = 3;
    return true;
}

static void close_chain(void *state)
{
    chain *c = state;
    wg_graph_destroy(c->g);
    wg_graph_destroy(c->plain);
    for (int i = 0; i < 3; i++) {
        wg_tensor_destroy(c->tensors[i]);
    }
    wg_context_destroy(c->ctx);
    free(c);
}

static wg_status make(chain *c, int32_t threads)
{
    float values[3][N_ELEMENTS];
    const int64_t dims[1] = {N_ELEMENTS};
    const wg_config config = {.size = sizeof config, .threads = threads};
    fill(values);
    wg_status s = wg_context_create(&config, &c->ctx);
    if (s == WG_OK) {
        s = wg_graph_create(c->ctx, &c->g);
    }
    if (s == WG_OK) {
        s = wg_graph_create(c->ctx, &c->plain);
    }
    for (int i = 0; s == WG_OK && i < 3; i++) {
        s = wg_tensor_from(c->ctx, WG_F32, 1, dims, WG_F32, values[i], &c->tensors[i]);
    }
    return s == WG_OK ? wg_graph_set_training(c->plain, false) : s;
}

static void *open_chain(const bench_workload *w, const bench_options *options)
{
    chain *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return NULL;
    }
    c->variant = w->variant;
    if (!is_ok(NULL, make(c, options->threads))) {
        close_chain(c);
        return NULL;
    }
    c->loss = record(c, c->g);
    c->value = record(c, c->plain);
    return c;
}

#define ROW(name, variant)                                                                         \
    {                                                                                              \
        name, "ns", NULL, variant, open_chain, check, time_steps, close_chain, false               \
    }

const bench_workload bench_rows_chain[] = {
    ROW("W9-recorded", RECORDED),
    ROW("W9-kept", KEPT),
    {"W13-chain", "ratio", NULL, RATIO, open_chain, check, time_both, close_chain, false},
    {.name = NULL},
};
