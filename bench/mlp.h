/* A network of the workloads, in the library.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_BENCH_MLP_H
#define WG_BENCH_MLP_H

#include <wengert/wengert.h>

#include "bench/bench.h"
#include "bench/network.h"

typedef struct bench_mlp {
    const bench_network *network;
    wg_context *ctx;
    wg_graph *g;
    wg_model *m;
    wg_optimizer *sgd;
    wg_linear layers[BENCH_MAX_LAYERS];
    wg_tensor *x;
    wg_tensor *targets;
    wg_node loss; /* as recorded last; a kept list has one */
} bench_mlp;

/* Makes the network that the row names and reads its file; NULL, and a line on stderr, on failure.
 * Nothing is recorded yet. */
bench_mlp *bench_mlp_open(const char *network, const bench_options *options);
void bench_mlp_close(bench_mlp *n);

/* Records the loss in a graph of the network's context. */
wg_node bench_mlp_record(bench_mlp *n, wg_graph *g);

/* Whether the status is success; says on stderr what the graph has to say where not. */
bool bench_mlp_is_ok(bench_mlp *n, wg_graph *g, wg_status status);

#endif
