/* Derivatives as nodes: what functions and tests use of them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_GRAPH_DERIVATIVES_INTERNAL_H
#define WG_GRAPH_DERIVATIVES_INTERNAL_H

#include <wengert/derivatives.h>

#include "graph/graph.h"

/* Nodes with the upstream gradients, or tangents, of each. */
typedef struct wgi_pairs {
    const wg_node *at;
    const wg_node *along;
    size_t n;
} wgi_pairs;

/* As wg_jvp, on nodes known to fit, with upstream gradients of the given value: any value has the
 * same result. */
wg_status wgi_jvp(wg_graph *g, const wg_node *ys, size_t n_ys, const wgi_pairs *xs, double dummy,
                  wg_node *out);

#endif
