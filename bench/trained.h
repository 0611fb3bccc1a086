/* Models that the workloads train, each a row of a table: what they read, record and train by.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Everybody who runs a model reads the same file, named after it: its inputs, then its parameters,
 * in the order of the model's functions. Bytes as the machine has them. */
#ifndef WG_BENCH_TRAINED_H
#define WG_BENCH_TRAINED_H

#include <stdio.h>

#include <wengert/wengert.h>

#include "bench/bench.h"

enum {
    BENCH_MAX_INPUTS = 2,
    BENCH_MAX_PARAMS = 64
};

/* An array of a file: i64 below `classes`, or where that is 0 f32 in [center - spread, center +
 * spread). */
typedef struct bench_array {
    int32_t rank;
    int64_t dims[4];
    int64_t classes;
    double center;
    double spread;
} bench_array;

int64_t bench_array_count(const bench_array *a);

typedef struct bench_trained bench_trained;

typedef struct bench_model {
    const char *name; /* of its file, and of the workload that trains it */
    uint64_t stream;  /* of the random numbers that it starts from; apart from all others' */
    int n_inputs;
    int n_params;
    bench_array (*input)(int i);
    bench_array (*param)(int i);
    wg_status (*make_optimizer)(wg_model *m, wg_optimizer **out);
    /* Records the loss in a graph of the model's context. */
    wg_node (*record)(const bench_trained *n, wg_graph *g);
} bench_model;

extern const bench_model bench_lenet;
extern const bench_model bench_gpt;
extern const bench_model bench_lstm;

/* The models by their place; NULL past the last. */
const bench_model *bench_model_at(size_t i);

/* The file of a model; bench_model_write_all makes those that are not there (data.c). */
FILE *bench_model_file(const bench_model *model, const char *folder, const char *mode);
bool bench_model_write_all(const char *folder);

/* A model with all it takes to train it. */
struct bench_trained {
    const bench_model *model;
    wg_context *ctx;
    wg_graph *g;
    wg_model *m;
    wg_optimizer *optimizer;
    wg_param *params[BENCH_MAX_PARAMS];
    wg_tensor *inputs[BENCH_MAX_INPUTS];
    wg_node loss; /* as recorded last */
};

/* NULL, and a line on stderr, on failure. Nothing is recorded yet. */
bench_trained *bench_trained_open(const char *model, const bench_options *options);
void bench_trained_close(bench_trained *n);

/* Whether the status is success; says on stderr what the graph has to say where not. */
bool bench_trained_is_ok(const bench_trained *n, wg_graph *g, wg_status status);

/* Parameter i in a graph. */
wg_node bench_trained_use(const bench_trained *n, wg_graph *g, int i);

#endif
