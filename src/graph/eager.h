/* One op run by itself, outside a plan.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_GRAPH_EAGER_H
#define WG_GRAPH_EAGER_H

#include "graph/graph.h"

typedef struct wgi_single {
    wg_context *ctx;
    const wgi_op *op;
    uint16_t op_id;
    const wgi_array *hooks; /* the graph's */
    int32_t n_in;
    int32_t first_backend;
    const void *attr;
    wgi_view *views; /* n_in inputs, then the op's outputs; data are the caller's to set */
    double *numbers;
    wgi_random_key key;
} wgi_single;

/* The op that made an entry, with its own attributes and numbers. WG_ERR_MEMORY. */
wg_status wgi_single_make(wg_graph *g, uint32_t node, wgi_single *s);
void wgi_single_free(wgi_single *s);

/* Runs it; a failed kernel tells more in *fault. */
wg_status wgi_single_run(const wgi_single *s, wgi_fault *fault);

#endif
