/* A check of all 1000 gradients of a small network in f64 (W10).
 * SPDX-License-Identifier: Apache-2.0
 *
 * The network is recorded once; a round checks it again and again. A check that does not find the
 * gradients right is an error. */
#include <stdlib.h>

#include "bench/mlp.h"
#include "bench/rows.h"

typedef struct checked {
    bench_mlp *mlp;
    bench_pace pace;
} checked;

static bool step(void *state)
{
    checked *c = state;
    const wg_gradcheck_options options = {.size = sizeof options, .elements = WG_CHECK_ALL};
    wg_gradcheck_report report;
    wg_status s = wg_gradcheck(c->mlp->loss, &options, &report);
    if (!bench_mlp_is_ok(c->mlp, c->mlp->g, s)) {
        return false;
    }
    if (report.check.verdict != WG_CHECK_RIGHT) {
        fprintf(stderr, "W10: the gradients are not found right\n");
    }
    return report.check.verdict == WG_CHECK_RIGHT;
}

static void *open_checked(const bench_workload *w, const bench_options *options)
{
    checked *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return NULL;
    }
    c->mlp = bench_mlp_open(w->network, options);
    if (c->mlp == NULL) {
        free(c);
        return NULL;
    }
    c->mlp->loss = bench_mlp_record(c->mlp, c->mlp->g);
    return c;
}

static void close_checked(void *state)
{
    checked *c = state;
    bench_mlp_close(c->mlp);
    free(c);
}

static bool check(void *state, double values[BENCH_CHECKS], size_t *n)
{
    checked *c = state;
    values[0] = wg_item(c->mlp->loss);
    *n = 1;
    return true;
}

static bool time_checks(void *state, double *us)
{
    checked *c = state;
    double ns = 0;
    bool ok = bench_time(step, c, &c->pace, &ns);
    *us = ns / 1e3;
    return ok;
}

const bench_workload bench_rows_gradcheck[] = {
    {"W10", "us", "W10", 0, open_checked, check, time_checks, close_checked, false},
    {.name = NULL},
};
