/* What a memory limit costs: steps that run again on a chain, over the fewest there can be, and the
 * time of a network's step under limits, over that without one.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The fewest are those of Revolve (Griewank and Walther, Algorithm 799, 2000) with room for s
 * states of the chain. The least limit, which the error under a limit of one byte tells, is room
 * for one; each state more is its bytes. The networks start from numbers made here, as nobody else
 * runs them; each has eight layers of 512 after its input. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wengert/wengert.h>

#include "bench/rows.h"

enum {
    CHAIN_SIZE = 32,
    SHORT_CHAIN = 50,
    N_LAYERS = 9,
    BATCH = 256,
    N_TENSORS = 2 * N_LAYERS + 1
};

/* One engine with its list: of a chain, or of the network. */
typedef struct engine {
    wg_context *ctx;
    wg_graph *g;
    wg_tensor *tensors[N_TENSORS];
    wg_tensor *labels;
    wg_node loss;
} engine;

typedef struct memory {
    int32_t length; /* of the chain; 0: it is the network */
    int32_t part;   /* the states there is room for; percent of what it takes without a limit */
    int32_t threads;
    engine whole;
    engine limited;
    bench_pace paces[2];
} memory;

static bool is_ok(const engine *e, wg_status status)
{
    if (status != WG_OK) {
        fprintf(stderr, "memory: %s: %s\n", wg_status_text(status), wg_graph_error(e->g));
    }
    return status == WG_OK;
}

/* ---- lists ---------------------------------------------------------------------------------- */

static wg_status fill(engine *e, size_t i, int64_t rows, int64_t columns, double limit)
{
    const int64_t dims[] = {rows, columns};
    wg_rng rng = wg_rng_make(20240229, i);
    const wg_status status = wg_tensor_create(e->ctx, WG_F32, 2, dims, &e->tensors[i]);
    float *values = status == WG_OK ? wg_tensor_data_mutable(e->tensors[i]) : NULL;
    for (int64_t k = 0; values != NULL && k < rows * columns; k++) {
        values[k] = (float)((2 * wg_rng_uniform(&rng) - 1) * limit);
    }
    return status;
}

/* h <- tanh(h w). */
static wg_status record_chain(engine *e, int32_t n)
{
    wg_status status = fill(e, 0, CHAIN_SIZE, CHAIN_SIZE, 1);
    if (status == WG_OK) {
        status = fill(e, 1, CHAIN_SIZE, CHAIN_SIZE, .3);
    }
    wg_node h = status == WG_OK ? wg_variable(e->g, e->tensors[0]) : (wg_node){0};
    const wg_node w = status == WG_OK ? wg_variable(e->g, e->tensors[1]) : (wg_node){0};
    for (int32_t i = 0; i < n; i++) {
        h = wg_tanh(wg_matmul(h, w));
    }
    e->loss = wg_mean_all(wg_square(h));
    return status;
}

static int64_t layer_size(int32_t i)
{
    return i == 0 ? 784 : i == N_LAYERS ? 10 : 512;
}

static wg_status record_network(engine *e)
{
    int64_t labels[BATCH];
    const int64_t n = BATCH;
    for (int64_t i = 0; i < n; i++) {
        labels[i] = i % 10;
    }
    wg_status status = wg_tensor_from(e->ctx, WG_I64, 1, &n, WG_I64, labels, &e->labels);
    if (status == WG_OK) {
        status = fill(e, N_TENSORS - 1, BATCH, layer_size(0), 1);
    }
    wg_node h = status == WG_OK ? wg_input(e->g, e->tensors[N_TENSORS - 1]) : (wg_node){0};
    for (int32_t i = 0; status == WG_OK && i < N_LAYERS; i++) {
        const size_t at = 2 * (size_t)i;
        status = fill(e, at, layer_size(i), layer_size(i + 1), .08);
        if (status == WG_OK) {
            status = fill(e, at + 1, 1, layer_size(i + 1), .1);
        }
        if (status == WG_OK) {
            h = wg_matmul(h, wg_variable(e->g, e->tensors[at]));
            h = wg_add(h, wg_variable(e->g, e->tensors[at + 1]));
            h = i + 1 < N_LAYERS ? wg_relu(h) : h;
        }
    }
    if (status == WG_OK) {
        e->loss = wg_cross_entropy(h, wg_input(e->g, e->labels));
    }
    return status;
}

static void close_engine(engine *e)
{
    wg_graph_destroy(e->g);
    for (size_t i = 0; i < N_TENSORS; i++) {
        wg_tensor_destroy(e->tensors[i]);
    }
    wg_tensor_destroy(e->labels);
    wg_context_destroy(e->ctx);
    memset(e, 0, sizeof *e);
}

static bool open_engine(engine *e, const memory *m, size_t limit)
{
    const wg_config config = {.size = sizeof config, .threads = m->threads, .memory_limit = limit};
    wg_status status = wg_context_create(&config, &e->ctx);
    if (status == WG_OK) {
        status = wg_graph_create(e->ctx, &e->g);
    }
    if (status == WG_OK) {
        status = m->length > 0 ? record_chain(e, m->length) : record_network(e);
    }
    return is_ok(e, status) && is_ok(e, wg_graph_status(e->g));
}

/* ---- limits --------------------------------------------------------------------------------- */

/* The least limit; 0 on failure. Of a chain that is what a short one takes, whose steps may run as
 * often as room for a single state makes them. */
static size_t find_least(const memory *whole)
{
    static const char before[] = "this list needs ";
    engine e = {0};
    const memory short_one = {.length = SHORT_CHAIN, .threads = whole->threads};
    const memory *m = whole->length > 0 ? &short_one : whole;
    wg_plan_need need;
    size_t bytes = 0;
    if (open_engine(&e, m, 1) &&
        wg_plan_memory(&e.loss, 1, WG_PLAN_BACKWARD, &need) == WG_ERR_MEMORY) {
        const char *text = strstr(wg_graph_error(e.g), before);
        bytes = text != NULL ? (size_t)strtoull(text + sizeof before - 1, NULL, 10) : 0;
    }
    close_engine(&e);
    return bytes;
}

static size_t limit_of(const memory *m, const wg_plan_need *whole)
{
    const size_t least = find_least(m);
    if (m->length > 0) {
        return least + (size_t)(m->part - 1) * CHAIN_SIZE * CHAIN_SIZE * sizeof(float);
    }
    const size_t part = (size_t)((double)whole->workspace_bytes * m->part / 100);
    return part > least ? part : least;
}

/* The steps that Revolve takes again with room for s states beside the start. */
static double fewest(double n, double s)
{
    double reach = 1; /* the binomial number (s + r, s) */
    double r = 0;
    while (reach < n + 1) {
        r++;
        reach = reach * (s + r) / r;
    }
    return r * (n + 1) - reach * r / (s + 1) - n;
}

/* ---- the workloads -------------------------------------------------------------------------- */

static void close_memory(void *state)
{
    memory *m = state;
    close_engine(&m->whole);
    close_engine(&m->limited);
    free(m);
}

static void *open_memory(const bench_workload *w, const bench_options *options)
{
    memory *m = calloc(1, sizeof *m);
    wg_plan_need need;
    if (m == NULL) {
        return NULL;
    }
    m->length = w->variant / 1000;
    m->part = w->variant % 1000;
    m->threads = options->threads;
    if (!open_engine(&m->whole, m, 0) ||
        !is_ok(&m->whole, wg_plan_memory(&m->whole.loss, 1, WG_PLAN_BACKWARD, &need)) ||
        !open_engine(&m->limited, m, limit_of(m, &need))) {
        close_memory(m);
        return NULL;
    }
    return m;
}

static bool step(const engine *e)
{
    const wg_status status = wg_graph_refresh(e->g);
    return is_ok(e, status == WG_OK ? wg_backward(e->loss) : status);
}

static bool step_whole(void *state)
{
    return step(&((memory *)state)->whole);
}

static bool step_limited(void *state)
{
    return step(&((memory *)state)->limited);
}

static bool check(void *state, double values[BENCH_CHECKS], size_t *n)
{
    const memory *m = state;
    if (!step(&m->whole) || !step(&m->limited)) {
        return false;
    }
    values[0] = wg_item(m->limited.loss);
    *n = 1;
    return values[0] == wg_item(m->whole.loss);
}

/* A stage of the chain is a product and a tanh. */
static bool count_steps(void *state, double *figure)
{
    const memory *m = state;
    wg_plan_need need;
    const wg_node *loss = &m->limited.loss;
    if (!is_ok(&m->limited, wg_graph_refresh(m->limited.g)) ||
        !is_ok(&m->limited, wg_plan_memory(loss, 1, WG_PLAN_BACKWARD, &need))) {
        return false;
    }
    *figure = need.recomputed / 2. / fewest(m->length, m->part);
    return true;
}

static bool time_both(void *state, double *figure)
{
    static const bench_step steps[2] = {step_whole, step_limited};
    memory *m = state;
    return bench_time_ratio(steps, m, m->paces, figure);
}

#define CHAIN(name, length, states)                                                                \
    {                                                                                              \
        "memory-chain-" name, "ratio", NULL, 1000 * (length) + (states), open_memory, check,       \
            count_steps, close_memory, false                                                       \
    }
#define NETWORK(name, percent)                                                                     \
    {                                                                                              \
        "memory-mlp-" name, "ratio", NULL, percent, open_memory, check, time_both, close_memory,   \
            false                                                                                  \
    }

const bench_workload bench_rows_memory[] = {
    CHAIN("100-3", 100, 3),
    CHAIN("100-5", 100, 5),
    CHAIN("100-10", 100, 10),
    CHAIN("100-30", 100, 30),
    CHAIN("1000-3", 1000, 3),
    CHAIN("1000-5", 1000, 5),
    CHAIN("1000-10", 1000, 10),
    CHAIN("1000-30", 1000, 30),
    CHAIN("1000-100", 1000, 100),
    NETWORK("100", 100),
    NETWORK("70", 70),
    NETWORK("50", 50),
    NETWORK("30", 30),
    {.name = NULL},
};
