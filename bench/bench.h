/* What a workload is, how it is timed, and how programs of this folder talk.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A workload is a row of a table. It is opened once, checked once, and then timed in rounds as
 * often as it is asked to; only what a round times counts. */
#ifndef WG_BENCH_BENCH_H
#define WG_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most values a workload is compared by. */
#define BENCH_CHECKS 4

typedef struct bench_options {
    const char *data; /* the folder of the networks' files */
    int32_t threads;
    bool is_bf16; /* large products may be made in bf16 */
} bench_options;

typedef struct bench_workload bench_workload;
struct bench_workload {
    const char *name;
    const char *unit;    /* of a round's figure: "us", "ns" or "ratio" */
    const char *network; /* NULL where there is none */
    int32_t variant;     /* for the functions of the row */

    /* Makes the state, or says on stderr why not and returns NULL. */
    void *(*open)(const bench_workload *w, const bench_options *options);
    /* Writes the values that every peer must agree on and their number, before any round. NULL
     * where there is nothing to compare. */
    bool (*check)(void *state, double values[BENCH_CHECKS], size_t *n);
    bool (*round)(void *state, double *figure);
    void (*close)(void *state);
    bool is_of_process; /* a round says nothing: who starts the process times it, see --once */
};

/* ---- time (clock.c) ----------------------------------------------------------------------- */

/* How a round divides into samples; all zero until the first round has found it out. */
typedef struct bench_pace {
    int64_t n_steps;   /* timed together, so that the clock's own cost does not count */
    int64_t n_samples; /* of which the median is taken */
} bench_pace;

double bench_now_ns(void);

/* The element that a part `q` of the n values, which it sorts, is not above. */
double bench_quantile(double *values, size_t n, double q);

/* What is timed; false where it fails. */
typedef bool (*bench_step)(void *state);

/* Runs a step many times and gives the median time of one. False as soon as a step fails. */
bool bench_time(bench_step step, void *state, bench_pace *pace, double *ns);

/* The median time of the second step over that of the first. Their samples alternate, so that both
 * see the same machine. */
bool bench_time_ratio(const bench_step steps[2], void *state, bench_pace paces[2], double *ratio);

/* ---- talk (serve.c) ----------------------------------------------------------------------- */

/* A whole program: `--workload NAME [--threads N] [--data DIR] [--serve | --once]`, or every row
 * of the tables where no name is given. A table ends with a row without a name. */
int bench_main(int argc, char **argv, const bench_workload *const *tables);

#endif
