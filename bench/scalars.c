/* A million scalar nodes in f64 (W8): h <- h w, h <- h + x, built, run forward and backward.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Four sights of such a list. Cold: by a context that was just made. First: by a context that has
 * run others of nearly the same length, but not this one. Found: recorded again as it was. Kept:
 * not recorded again. w is just below 1 and x small, so that nothing grows or vanishes. */
#include <stdio.h>
#include <stdlib.h>

#include <wengert/wengert.h>

#include "bench/rows.h"

#define N_PAIRS 500000
/* The plan of a list so long does not fit into the cache's default. */
#define CACHE_BYTES ((size_t)2 << 30)

enum {
    COLD,
    FIRST,
    FOUND,
    KEPT
};

static const double start = .5;
static const double factor = 1 - 1e-6;
static const double increment = 1e-6;

typedef struct scalars {
    wg_context *ctx;
    wg_graph *g;
    wg_tensor *tensors[3]; /* h, w, x */
    wg_node w;
    wg_node x;
    wg_node h; /* the last node */
    int64_t n_pairs;
    int32_t threads;
    int32_t variant;
} scalars;

static bool is_ok(scalars *s, wg_status status)
{
    if (status != WG_OK) {
        fprintf(stderr, "W8: %s: %s\n", wg_status_text(status), wg_graph_error(s->g));
    }
    return status == WG_OK;
}

static void release(scalars *s)
{
    wg_graph_destroy(s->g);
    for (int i = 0; i < 3; i++) {
        wg_tensor_destroy(s->tensors[i]);
        s->tensors[i] = NULL;
    }
    wg_context_destroy(s->ctx);
    s->g = NULL;
    s->ctx = NULL;
}

static wg_status make(scalars *s)
{
    const double *values[3] = {&start, &factor, &increment};
    const wg_config config = {
        .size = sizeof config,
        .threads = s->threads,
        .plan_cache_bytes = CACHE_BYTES,
    };
    wg_status status = wg_context_create(&config, &s->ctx);
    if (status == WG_OK) {
        status = wg_graph_create(s->ctx, &s->g);
    }
    for (int i = 0; status == WG_OK && i < 3; i++) {
        status = wg_tensor_from(s->ctx, WG_F64, 0, NULL, WG_F64, values[i], &s->tensors[i]);
    }
    return status;
}

static wg_status record_and_run(scalars *s)
{
    wg_node h = wg_input(s->g, s->tensors[0]);
    s->w = wg_variable(s->g, s->tensors[1]);
    s->x = wg_variable(s->g, s->tensors[2]);
    for (int64_t i = 0; i < s->n_pairs; i++) {
        h = wg_mul(h, s->w);
        h = wg_add(h, s->x);
    }
    s->h = h;
    return wg_backward(h);
}

static wg_status run_recorded(scalars *s)
{
    wg_status status = wg_graph_reset(s->g);
    return status == WG_OK ? record_and_run(s) : status;
}

static wg_status run_cold(scalars *s)
{
    wg_status status = make(s);
    return status == WG_OK ? record_and_run(s) : status;
}

static wg_status run_kept(scalars *s)
{
    wg_status status = wg_graph_refresh(s->g);
    return status == WG_OK ? wg_backward(s->h) : status;
}

static wg_status run(scalars *s)
{
    switch (s->variant) {
    case COLD:
        return run_cold(s);
    case KEPT:
        return run_kept(s);
    default:
        return run_recorded(s);
    }
}

/* Whatever a pass needs and does not count: a context to throw away, a length not yet seen. */
static void prepare(scalars *s)
{
    if (s->variant == COLD) {
        release(s);
    } else if (s->variant == FIRST) {
        s->n_pairs--;
    }
}

static bool time_pass(void *state, double *figure)
{
    scalars *s = state;
    prepare(s);
    double begin = bench_now_ns();
    bool ok = is_ok(s, run(s));
    *figure = (bench_now_ns() - begin) / (double)(2 * s->n_pairs);
    return ok;
}

static bool check(void *state, double values[BENCH_CHECKS], size_t *n)
{
    scalars *s = state;
    values[0] = wg_item(s->h);
    values[1] = wg_tensor_get(wg_gradient(s->w), 0);
    values[2] = wg_tensor_get(wg_gradient(s->x), 0);
    *n = 3;
    return true;
}

static void close_scalars(void *state)
{
    release(state);
    free(state);
}

static void *open_scalars(const bench_workload *w, const bench_options *options)
{
    scalars *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    *s = (scalars){.n_pairs = N_PAIRS, .threads = options->threads, .variant = w->variant};
    if (!is_ok(s, make(s)) || !is_ok(s, record_and_run(s))) {
        close_scalars(s);
        return NULL;
    }
    return s;
}

#define ROW(name, variant)                                                                         \
    {                                                                                              \
        name, "ns", NULL, variant, open_scalars, check, time_pass, close_scalars, false            \
    }

const bench_workload bench_rows_scalars[] = {
    ROW("W8-cold", COLD), ROW("W8-first", FIRST), ROW("W8-found", FOUND),
    ROW("W8-kept", KEPT), {.name = NULL},
};
