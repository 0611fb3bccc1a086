/* Training steps: W1 to W4, W11, the first step of a process (W12) and the slowest of a thousand.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A step is what a program does: forget the list, record it, differentiate, update. Of W1 there is
 * also the step that keeps its list. The loss is compared at the 20th step, and read at no step
 * that is timed. */
#include <stdlib.h>

#include "bench/mlp.h"
#include "bench/rows.h"

#define N_CHECKED_STEPS 20
#define N_TAIL_STEPS 2000

enum {
    RECORDED,
    KEPT,
    BF16
};

typedef struct training {
    bench_mlp *mlp;
    bool is_kept;
    bench_pace pace;
} training;

static bool finish(bench_mlp *n)
{
    wg_status s = wg_backward(n->loss);
    if (s == WG_OK) {
        s = wg_optimizer_step(n->sgd);
    }
    return bench_mlp_is_ok(n, n->g, s);
}

static bool step(void *state)
{
    training *t = state;
    bench_mlp *n = t->mlp;
    if (t->is_kept) {
        return bench_mlp_is_ok(n, n->g, wg_graph_refresh(n->g)) && finish(n);
    }
    if (!bench_mlp_is_ok(n, n->g, wg_graph_reset(n->g))) {
        return false;
    }
    n->loss = bench_mlp_record(n, n->g);
    return finish(n);
}

static void *open_training(const bench_workload *w, const bench_options *options)
{
    training *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return NULL;
    }
    bench_options ours = *options;
    ours.is_bf16 = w->variant == BF16;
    t->is_kept = w->variant == KEPT;
    t->mlp = bench_mlp_open(w->network, &ours);
    if (t->mlp == NULL) {
        free(t);
        return NULL;
    }
    t->mlp->loss = bench_mlp_record(t->mlp, t->mlp->g);
    return t;
}

static void close_training(void *state)
{
    training *t = state;
    bench_mlp_close(t->mlp);
    free(t);
}

static bool check(void *state, double values[BENCH_CHECKS], size_t *n)
{
    training *t = state;
    for (int i = 0; i < N_CHECKED_STEPS; i++) {
        if (!step(t)) {
            return false;
        }
        values[0] = wg_item(t->mlp->loss);
    }
    *n = 1;
    return true;
}

static bool time_steps(void *state, double *us)
{
    training *t = state;
    double ns = 0;
    bool ok = bench_time(step, t, &t->pace, &ns);
    *us = ns / 1e3;
    return ok;
}

/* The slowest step in a thousand over the median one. */
static bool time_tail(void *state, double *ratio)
{
    double ns[N_TAIL_STEPS];
    for (int i = 0; i < N_TAIL_STEPS; i++) {
        double begin = bench_now_ns();
        if (!step(state)) {
            return false;
        }
        ns[i] = bench_now_ns() - begin;
    }
    double slow = bench_quantile(ns, N_TAIL_STEPS, .999);
    *ratio = slow / bench_quantile(ns, N_TAIL_STEPS, .5);
    return true;
}

static bool time_one(void *state, double *us)
{
    double begin = bench_now_ns();
    bool ok = step(state);
    *us = (bench_now_ns() - begin) / 1e3;
    return ok;
}

#define ROW(name, network, variant)                                                                \
    {                                                                                              \
        name, "us", network, variant, open_training, check, time_steps, close_training, false      \
    }

const bench_workload bench_rows_train[] = {
    ROW("W1-recorded", "W1", RECORDED),
    ROW("W1-kept", "W1", KEPT),
    ROW("W2-b32", "W2-b32", RECORDED),
    ROW("W2-b128", "W2-b128", RECORDED),
    ROW("W3", "W3", RECORDED),
    ROW("W4", "W4", RECORDED),
    ROW("W4-bf16", "W4", BF16),
    ROW("W11", "W11", RECORDED),
    {"W12", "us", "W2-b128", RECORDED, open_training, NULL, time_one, close_training, true},
    {"W2-b128-tail", "ratio", "W2-b128", RECORDED, open_training, check, time_tail, close_training,
     false},
    {.name = NULL},
};
