/* The programs of this folder as seen from outside: arguments, and talk over a pipe.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Served, a program writes one line of JSON once it is ready, {"checks": [...]}, and one for each
 * line "round" that it reads, {"value": ...}; it ends with its input. A line {"error": ...} is its
 * last. What goes wrong is told on stderr. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"

/* Rounds of a program that nobody asks for them. */
#define N_ROUNDS 5

typedef struct arguments {
    bench_options options;
    const char *workload; /* NULL: all */
    bool is_served;
    bool is_once;
} arguments;

static bool read_arguments(int argc, char **argv, arguments *out)
{
    *out = (arguments){.options = {.data = ".", .threads = 1}};
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "--serve") == 0) {
            out->is_served = true;
        } else if (strcmp(argv[i], "--once") == 0) {
            out->is_once = true;
        } else if (has_value && strcmp(argv[i], "--workload") == 0) {
            out->workload = argv[++i];
        } else if (has_value && strcmp(argv[i], "--threads") == 0) {
            out->options.threads = (int32_t)strtol(argv[++i], NULL, 10);
        } else if (has_value && strcmp(argv[i], "--data") == 0) {
            out->options.data = argv[++i];
        } else {
            fprintf(stderr, "%s: %s is not understood\n", argv[0], argv[i]);
            return false;
        }
    }
    return true;
}

static const bench_workload *find(const bench_workload *const *tables, const char *name)
{
    for (size_t i = 0; tables[i] != NULL; i++) {
        for (const bench_workload *w = tables[i]; w->name != NULL; w++) {
            if (strcmp(w->name, name) == 0) {
                return w;
            }
        }
    }
    return NULL;
}

static void say(const char *line)
{
    puts(line);
    fflush(stdout);
}

static int fail(void)
{
    say("{\"error\": \"failed; see the lines above\"}");
    return EXIT_FAILURE;
}

static bool say_ready(const bench_workload *w, void *state)
{
    double values[BENCH_CHECKS] = {0};
    size_t n = 0;
    if (w->check != NULL && !w->check(state, values, &n)) {
        return false;
    }
    printf("{\"checks\": [");
    for (size_t i = 0; i < n; i++) {
        printf("%s%.9g", i == 0 ? "" : ", ", values[i]);
    }
    say("]}");
    return true;
}

static int serve(const bench_workload *w, const bench_options *options)
{
    char line[64];
    double figure = 0;
    void *state = w->open(w, options);
    if (state == NULL) {
        return fail();
    }
    bool ok = say_ready(w, state);
    while (ok && fgets(line, sizeof line, stdin) != NULL && strcmp(line, "round\n") == 0) {
        ok = w->round(state, &figure);
        if (ok) {
            printf("{\"value\": %.9g}\n", figure);
            fflush(stdout);
        }
    }
    w->close(state);
    return ok ? EXIT_SUCCESS : fail();
}

/* From the start of the program to the end of one round, for who times it from outside. */
static int run_once(const bench_workload *w, const bench_options *options)
{
    double figure = 0;
    void *state = w->open(w, options);
    if (state == NULL || !w->round(state, &figure)) {
        return fail();
    }
    say("{\"done\": true}");
    w->close(state);
    return EXIT_SUCCESS;
}

/* Without a runner: a few rounds, their median, one row. */
static int print_row(const bench_workload *w, const bench_options *options)
{
    double figures[N_ROUNDS];
    double checks[BENCH_CHECKS] = {0};
    size_t n = 0;
    void *state = w->open(w, options);
    bool ok = state != NULL && (w->check == NULL || w->check(state, checks, &n));
    for (int i = 0; ok && i < N_ROUNDS; i++) {
        ok = w->round(state, &figures[i]);
    }
    if (ok) {
        printf("%-20s %12.2f %s\n", w->name, bench_quantile(figures, N_ROUNDS, .5), w->unit);
        fflush(stdout);
    }
    if (state != NULL) {
        w->close(state);
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int print_all(const bench_workload *const *tables, const bench_options *options)
{
    int result = EXIT_SUCCESS;
    for (size_t i = 0; tables[i] != NULL; i++) {
        for (const bench_workload *w = tables[i]; w->name != NULL; w++) {
            if (!w->is_of_process) {
                result |= print_row(w, options);
            }
        }
    }
    return result;
}

int bench_main(int argc, char **argv, const bench_workload *const *tables)
{
    arguments a;
    if (!read_arguments(argc, argv, &a)) {
        return EXIT_FAILURE;
    }
    if (a.workload == NULL) {
        return print_all(tables, &a.options);
    }
    const bench_workload *w = find(tables, a.workload);
    if (w == NULL) {
        fprintf(stderr, "%s: no workload %s\n", argv[0], a.workload);
        return fail();
    }
    if (a.is_once) {
        return run_once(w, &a.options);
    }
    return a.is_served ? serve(w, &a.options) : print_row(w, &a.options);
}
