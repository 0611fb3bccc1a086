/* A training step of each model (W5 to W7), what its gradient costs beside its function (W13), and
 * how long the GPT's list takes to be planned when it is first seen (W14). SPDX-License-Identifier:
 * Apache-2.0
 *
 * A step is what a program does: forget the list, record it, differentiate, update. W14 is of a
 * context that has seen nothing, in a process that has: from the first record to the plan, whose
 * first step could then run. */
#include <stdlib.h>

#include "bench/rows.h"
#include "bench/trained.h"

#define N_CHECKED_STEPS 20
#define N_FIRST_SIGHTS 7

typedef struct training {
    bench_options options;
    const char *name;
    bench_trained *model;
    bench_pace pace;
    wg_graph *plain; /* of W13: the loss alone */
    wg_node value;
    bench_pace paces[2];
} training;

static bool step(void *state)
{
    training *t = state;
    bench_trained *n = t->model;
    wg_status s = wg_graph_reset(n->g);
    if (s == WG_OK) {
        n->loss = n->model->record(n, n->g);
        s = wg_backward(n->loss);
    }
    if (s == WG_OK) {
        s = wg_optimizer_step(n->optimizer);
    }
    return bench_trained_is_ok(n, n->g, s);
}

static void close_training(void *state)
{
    training *t = state;
    if (t != NULL) {
        wg_graph_destroy(t->plain);
        bench_trained_close(t->model);
        free(t);
    }
}

static void *open_training(const bench_workload *w, const bench_options *options)
{
    training *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return NULL;
    }
    t->options = *options;
    t->name = w->network;
    t->model = bench_trained_open(w->network, options);
    if (t->model == NULL) {
        close_training(t);
        return NULL;
    }
    return t;
}

static bool check(void *state, double values[BENCH_CHECKS], size_t *n)
{
    training *t = state;
    for (int i = 0; i < N_CHECKED_STEPS; i++) {
        if (!step(t)) {
            return false;
        }
        values[0] = wg_item(t->model->loss);
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

/* ---- W14 ---------------------------------------------------------------------------------- */

static bool plan_first(bench_trained *n, double *us)
{
    wg_plan_need need;
    double begin = bench_now_ns();
    n->loss = n->model->record(n, n->g);
    wg_status s = wg_plan_memory(&n->loss, 1, WG_PLAN_BACKWARD, &need);
    *us = (bench_now_ns() - begin) / 1e3;
    return bench_trained_is_ok(n, n->g, s);
}

static bool time_first_sight(void *state, double *us)
{
    training *t = state;
    double all[N_FIRST_SIGHTS];
    for (int i = 0; i < N_FIRST_SIGHTS; i++) {
        bench_trained *fresh = bench_trained_open(t->name, &t->options);
        bool ok = fresh != NULL && plan_first(fresh, &all[i]);
        bench_trained_close(fresh);
        if (!ok) {
            return false;
        }
    }
    *us = bench_quantile(all, N_FIRST_SIGHTS, .5);
    return true;
}

/* ---- W13 ---------------------------------------------------------------------------------- */

static bool run_value(void *state)
{
    training *t = state;
    wg_status s = wg_graph_refresh(t->plain);
    if (s == WG_OK) {
        s = wg_run(&t->value, 1);
    }
    return bench_trained_is_ok(t->model, t->plain, s);
}

static bool run_gradient(void *state)
{
    training *t = state;
    wg_status s = wg_graph_refresh(t->model->g);
    for (size_t i = 0; i < wg_model_count(t->model->m); i++) {
        wg_param_clear_gradient(wg_model_param(t->model->m, i));
    }
    if (s == WG_OK) {
        s = wg_backward(t->model->loss);
    }
    return bench_trained_is_ok(t->model, t->model->g, s);
}

static void *open_ratio(const bench_workload *w, const bench_options *options)
{
    training *t = open_training(w, options);
    if (t == NULL) {
        return NULL;
    }
    wg_status s = wg_graph_create(t->model->ctx, &t->plain);
    if (s == WG_OK) {
        s = wg_graph_set_training(t->plain, false);
    }
    if (s == WG_OK) {
        t->value = t->model->model->record(t->model, t->plain);
        t->model->loss = t->model->model->record(t->model, t->model->g);
        s = wg_graph_status(t->plain);
    }
    if (!bench_trained_is_ok(t->model, t->plain, s)) {
        close_training(t);
        return NULL;
    }
    return t;
}

static bool check_value(void *state, double values[BENCH_CHECKS], size_t *n)
{
    training *t = state;
    *n = 1;
    bool ok = run_value(t) && run_gradient(t);
    values[0] = ok ? wg_item(t->value) : 0;
    return ok;
}

static bool time_both(void *state, double *figure)
{
    static const bench_step steps[2] = {run_value, run_gradient};
    training *t = state;
    return bench_time_ratio(steps, t, t->paces, figure);
}

#define STEPS(name, model)                                                                         \
    {                                                                                              \
        name, "us", model, 0, open_training, check, time_steps, close_training, false              \
    }
#define RATIO(name, model)                                                                         \
    {                                                                                              \
        name, "ratio", model, 0, open_ratio, check_value, time_both, close_training, false         \
    }

const bench_workload bench_rows_models[] = {
    STEPS("W5", "W5"),
    STEPS("W6", "W6"),
    STEPS("W7", "W7"),
    RATIO("W13-lenet", "W5"),
    RATIO("W13-lstm", "W6"),
    RATIO("W13-gpt", "W7"),
    {"W14", "us", "W7", 0, open_training, check, time_first_sight, close_training, false},
    {.name = NULL},
};
