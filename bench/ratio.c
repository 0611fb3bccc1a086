/* What a gradient costs beside its function (W13), for the networks.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The function is run in evaluation, where nothing is kept for a gradient; both lists are kept, so
 * that the ratio is of arithmetic and not of recording. */
#include <stdlib.h>

#include "bench/mlp.h"
#include "bench/rows.h"

typedef struct ratio {
    bench_mlp *mlp;
    wg_graph *plain; /* the loss alone; the gradient's list is in the network's own graph */
    wg_node value;
    bench_pace paces[2];
} ratio;

static bool run_value(void *state)
{
    ratio *r = state;
    wg_status s = wg_graph_refresh(r->plain);
    if (s == WG_OK) {
        s = wg_run(&r->value, 1);
    }
    return bench_mlp_is_ok(r->mlp, r->plain, s);
}

/* Gradients add up where they are not cleared, which would be a pass over memory more. */
static bool run_gradient(void *state)
{
    ratio *r = state;
    wg_status s = wg_graph_refresh(r->mlp->g);
    for (size_t i = 0; i < wg_model_count(r->mlp->m); i++) {
        wg_param_clear_gradient(wg_model_param(r->mlp->m, i));
    }
    if (s == WG_OK) {
        s = wg_backward(r->mlp->loss);
    }
    return bench_mlp_is_ok(r->mlp, r->mlp->g, s);
}

static void close_ratio(void *state)
{
    ratio *r = state;
    wg_graph_destroy(r->plain);
    bench_mlp_close(r->mlp);
    free(r);
}

static wg_status record_both(ratio *r)
{
    wg_status s = wg_graph_create(r->mlp->ctx, &r->plain);
    if (s == WG_OK) {
        s = wg_graph_set_training(r->plain, false);
    }
    if (s == WG_OK) {
        r->value = bench_mlp_record(r->mlp, r->plain);
        r->mlp->loss = bench_mlp_record(r->mlp, r->mlp->g);
        s = wg_graph_status(r->plain);
    }
    return s;
}

static void *open_ratio(const bench_workload *w, const bench_options *options)
{
    ratio *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return NULL;
    }
    r->mlp = bench_mlp_open(w->network, options);
    if (r->mlp == NULL || !bench_mlp_is_ok(r->mlp, r->plain, record_both(r))) {
        close_ratio(r);
        return NULL;
    }
    return r;
}

static bool check(void *state, double values[BENCH_CHECKS], size_t *n)
{
    ratio *r = state;
    if (!run_value(r) || !run_gradient(r)) {
        return false;
    }
    values[0] = wg_item(r->value);
    *n = 1;
    return true;
}

static bool time_both(void *state, double *figure)
{
    static const bench_step steps[2] = {run_value, run_gradient};
    ratio *r = state;
    return bench_time_ratio(steps, r, r->paces, figure);
}

#define ROW(network)                                                                               \
    {                                                                                              \
        "W13-" network, "ratio", network, 0, open_ratio, check, time_both, close_ratio, false      \
    }

const bench_workload bench_rows_ratio[] = {
    ROW("W2-b32"), ROW("W2-b128"), ROW("W3"), ROW("W4"), {.name = NULL},
};
