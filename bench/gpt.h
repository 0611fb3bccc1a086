/* The GPT of the workloads: nanoGPT's smallest, in the library.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Everybody who runs it reads the same file: tokens i64 [batch, context], targets i64 of that
 * shape, then the parameters f32 in the order of bench_gpt_shape. Bytes as the machine has them. */
#ifndef WG_BENCH_GPT_H
#define WG_BENCH_GPT_H

#include <wengert/wengert.h>

#include "bench/bench.h"

enum {
    BENCH_GPT_LAYERS = 4,
    BENCH_GPT_HEADS = 4,
    BENCH_GPT_WIDTH = 128,
    BENCH_GPT_CONTEXT = 64,
    BENCH_GPT_BATCH = 12,
    BENCH_GPT_VOCABULARY = 65,
    BENCH_GPT_ROWS = BENCH_GPT_BATCH * BENCH_GPT_CONTEXT,
    BENCH_GPT_OF_LAYER = 12, /* parameters of a layer */
    BENCH_GPT_PARAMS = 2 + BENCH_GPT_LAYERS * BENCH_GPT_OF_LAYER + 2
};

/* A parameter: of rank 1 where columns is 0. Its numbers start in [center - spread, center +
 * spread). */
typedef struct bench_gpt_shape {
    int64_t rows;
    int64_t columns;
    double center;
    double spread;
} bench_gpt_shape;

bench_gpt_shape bench_gpt_shape_at(int i);

/* The file; bench_gpt_write makes it unless it is there (data.c). */
FILE *bench_gpt_file(const char *folder, const char *mode);
bool bench_gpt_write(const char *folder);

typedef struct bench_gpt {
    wg_context *ctx;
    wg_graph *g;
    wg_model *m;
    wg_optimizer *adamw;
    wg_param *params[BENCH_GPT_PARAMS];
    wg_tensor *tokens;
    wg_tensor *targets;
    wg_node loss; /* as recorded last */
} bench_gpt;

/* NULL, and a line on stderr, on failure. Nothing is recorded yet. */
bench_gpt *bench_gpt_open(const bench_options *options);
void bench_gpt_close(bench_gpt *n);

/* Records the loss in a graph of the model's context. */
wg_node bench_gpt_record(bench_gpt *n, wg_graph *g);

/* Whether the status is success; says on stderr what the graph has to say where not. */
bool bench_gpt_is_ok(bench_gpt *n, wg_graph *g, wg_status status);

#endif
