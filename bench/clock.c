/* Time: the clock, medians, and rounds that find their own length.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A sample lasts long enough for the clock, a round long enough for a median. The peers' serve.py
 * and serve.hpp divide their rounds by the same numbers. */
#include <stdlib.h>
#include <time.h>

#include "bench/bench.h"

#define SAMPLE_NS 2e6
#define ROUND_NS 120e6
#define MIN_SAMPLES 3
#define MAX_SAMPLES 51

double bench_now_ns(void)
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

double bench_quantile(double *values, size_t n, double q)
{
    qsort(values, n, sizeof *values, compare);
    size_t i = (size_t)((double)n * q);
    return values[i < n ? i : n - 1];
}

/* Nanoseconds that n steps take in all. */
static bool sample(bench_step step, void *state, int64_t n, double *ns)
{
    double begin = bench_now_ns();
    for (int64_t i = 0; i < n; i++) {
        if (!step(state)) {
            return false;
        }
    }
    *ns = bench_now_ns() - begin;
    return true;
}

/* Doubles the steps of a sample until it lasts; the steps spent on it warm up what they run. */
static bool find_pace(bench_step step, void *state, bench_pace *pace)
{
    double ns = 0;
    int64_t n_steps = 1;
    if (!sample(step, state, 1, &ns) || !sample(step, state, 1, &ns)) {
        return false;
    }
    while (ns < SAMPLE_NS) {
        n_steps *= 2;
        if (!sample(step, state, n_steps, &ns)) {
            return false;
        }
    }
    double n_samples = ROUND_NS / ns;
    n_samples = n_samples < MIN_SAMPLES ? MIN_SAMPLES : n_samples;
    n_samples = n_samples > MAX_SAMPLES ? MAX_SAMPLES : n_samples;
    *pace = (bench_pace){.n_steps = n_steps, .n_samples = (int64_t)n_samples};
    return true;
}

/* The median time of one step over samples that a pace divides. */
static double median_ns(double *samples, const bench_pace *pace)
{
    return bench_quantile(samples, (size_t)pace->n_samples, .5) / (double)pace->n_steps;
}

bool bench_time(bench_step step, void *state, bench_pace *pace, double *ns)
{
    double samples[MAX_SAMPLES];
    if (pace->n_samples == 0 && !find_pace(step, state, pace)) {
        return false;
    }
    for (int64_t i = 0; i < pace->n_samples; i++) {
        if (!sample(step, state, pace->n_steps, &samples[i])) {
            return false;
        }
    }
    *ns = median_ns(samples, pace);
    return true;
}

bool bench_time_ratio(const bench_step steps[2], void *state, bench_pace paces[2], double *ratio)
{
    double samples[2][MAX_SAMPLES];
    for (int j = 0; j < 2; j++) {
        if (paces[j].n_samples == 0 && !find_pace(steps[j], state, &paces[j])) {
            return false;
        }
    }
    /* The slower one has the fewer samples. */
    paces[0].n_samples = paces[1].n_samples;
    for (int64_t i = 0; i < paces[1].n_samples; i++) {
        for (int j = 0; j < 2; j++) {
            if (!sample(steps[j], state, paces[j].n_steps, &samples[j][i])) {
                return false;
            }
        }
    }
    *ratio = median_ns(samples[1], &paces[1]) / median_ns(samples[0], &paces[0]);
    return true;
}
