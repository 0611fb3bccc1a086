/* One f32 function over all floats against long double.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Usage: exhaustive NAME [STRIDE] [THREADS] [reference]
 *
 * Visits every STRIDE-th of the 2^32 bit patterns (1: all) with the op of that name, each of the
 * threads in a context of its own, by the fast kernels or, if asked, by the reference ones. Prints
 * the worst error in ulp and where it is, and how many answers are of another kind than the truth:
 * NaN on one side alone, an infinity, or another sign. Fails where there is one, or an error above
 * 2 ulp.
 *
 * Invariant: what is visited depends on the stride alone, not on the threads. */
#include "ops/oracles.h"

#include <wengert/wengert.h>

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BLOCK = 1 << 16,
    MAX_THREADS = 64
};

#define BOUND 2.0

typedef struct share {
    const wgt_unary *op;
    uint64_t stride;
    uint64_t first; /* its blocks are first, first + n_threads, ... */
    uint64_t n_threads;
    bool is_reference;
    wg_status status;
    uint64_t n;
    uint64_t n_nan;
    uint64_t n_kind; /* infinite, or of another sign */
    double worst;
    float at;
} share;

static void judge(share *s, float x, float y)
{
    const long double expected = s->op->value((long double)x);
    const double off = wgt_ulps_off(WG_F32, (double)y, expected);
    s->n++;
    if (off <= s->worst) {
        return;
    }
    if (!isfinite(off)) {
        s->n_nan += isnan(expected) != 0 || isnan(y) != 0;
        s->n_kind += isnan(expected) == 0 && isnan(y) == 0;
        s->at = x;
        return;
    }
    s->worst = off;
    s->at = s->n_nan + s->n_kind > 0 ? s->at : x;
}

static wg_status run_block(share *s, wg_graph *g, uint64_t block)
{
    static const int64_t n = BLOCK;
    wg_tensor *t = NULL;
    wg_status status = wg_tensor_create(wg_graph_context(g), WG_F32, 1, &n, &t);
    if (status != WG_OK) {
        return status;
    }
    float *x = wg_tensor_data_mutable(t);
    for (uint64_t i = 0; i < BLOCK; i++) {
        const uint32_t bits = (uint32_t)((block * BLOCK + i) * s->stride);
        memcpy(&x[i], &bits, sizeof bits);
    }
    const wg_tensor *y = wg_value(s->op->record(wg_input(g, t)));
    for (uint64_t i = 0; y != NULL && i < BLOCK; i++) {
        if ((block * BLOCK + i) * s->stride <= UINT32_MAX) {
            judge(s, x[i], ((const float *)wg_tensor_data(y))[i]);
        }
    }
    status = wg_graph_status(g);
    wg_tensor_destroy(t);
    return status == WG_OK ? wg_graph_reset(g) : status;
}

static void *run_share(void *user)
{
    share *s = user;
    const wg_config config = {
        .size = sizeof config,
        .threads = 1,
        .without = s->is_reference ? WG_BACKEND_NATIVE | WG_BACKEND_ONEDNN : 0,
    };
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    s->status = wg_context_create(&config, &ctx);
    s->status = s->status != WG_OK ? s->status : wg_graph_create(ctx, &g);
    for (uint64_t block = s->first; s->status == WG_OK && block * BLOCK * s->stride <= UINT32_MAX;
         block += s->n_threads) {
        s->status = run_block(s, g, block);
    }
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return NULL;
}

static void join(share *all, const share *s)
{
    const bool is_worse = s->n_nan + s->n_kind > 0 || s->worst > all->worst;
    all->at = is_worse ? s->at : all->at;
    all->worst = fmax(all->worst, s->worst);
    all->n += s->n;
    all->n_nan += s->n_nan;
    all->n_kind += s->n_kind;
    all->status = s->status != WG_OK ? s->status : all->status;
}

/* Runs the shares, the first in the thread at hand. */
static share run_all(const share *plan)
{
    share shares[MAX_THREADS];
    pthread_t ids[MAX_THREADS];
    bool is_started[MAX_THREADS] = {false};
    share all = *plan;
    for (uint64_t k = 0; k < plan->n_threads; k++) {
        shares[k] = *plan;
        shares[k].first = k;
        is_started[k] = k > 0 && pthread_create(&ids[k], NULL, run_share, &shares[k]) == 0;
    }
    for (uint64_t k = 0; k < plan->n_threads; k++) {
        if (is_started[k]) {
            (void)pthread_join(ids[k], NULL);
        } else {
            (void)run_share(&shares[k]);
        }
        join(&all, &shares[k]);
    }
    return all;
}

static const wgt_unary *find(const char *name)
{
    for (size_t i = 0; i < wgt_n_unaries; i++) {
        if (strcmp(wgt_unaries[i].name, name) == 0) {
            return &wgt_unaries[i];
        }
    }
    return NULL;
}

static uint64_t number_of(const char *text, uint64_t most)
{
    const uint64_t n = strtoull(text, NULL, 10);
    return n == 0 ? 1 : n > most ? most : n;
}

int main(int argc, char **argv)
{
    share plan = {.stride = 1, .n_threads = 1, .op = argc > 1 ? find(argv[1]) : NULL};
    if (plan.op == NULL) {
        fprintf(stderr, "usage: exhaustive NAME [STRIDE] [THREADS] [reference]; NAME is one of\n");
        for (size_t i = 0; i < wgt_n_unaries; i++) {
            fprintf(stderr, "  %s\n", wgt_unaries[i].name);
        }
        return 2;
    }
    plan.stride = argc > 2 ? number_of(argv[2], UINT32_MAX) : 1;
    plan.n_threads = argc > 3 ? number_of(argv[3], MAX_THREADS) : 1;
    plan.is_reference = argc > 4 && strcmp(argv[4], "reference") == 0;
    const time_t begin = time(NULL);
    const share all = run_all(&plan);
    if (all.status != WG_OK) {
        fprintf(stderr, "%s: %s\n", plan.op->name, wg_status_text(all.status));
        return 2;
    }
    printf("%s%s: %llu floats, worst %.4f ulp at %a, NaN differs at %llu, kind or sign at %llu, "
           "%lld s\n",
           plan.op->name, plan.is_reference ? " (reference)" : "", (unsigned long long)all.n,
           all.worst, (double)all.at, (unsigned long long)all.n_nan, (unsigned long long)all.n_kind,
           (long long)(time(NULL) - begin));
    return all.n_nan + all.n_kind == 0 && all.worst <= BOUND ? 0 : 1;
}
