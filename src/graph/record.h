/* Recording: failing a graph, and appending what is no op.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_GRAPH_RECORD_H
#define WG_GRAPH_RECORD_H

#include "graph/graph.h"

/* Whether a graph takes records; otherwise *passed is the handle to return. */
bool wgi_can_record(wg_graph *g, wg_node *passed);

/* Fails the graph, which must be alive and without an error; returns the first failed handle. */
wg_node wgi_record_fail(wg_graph *g, wg_status status, const char *op, const char *format, ...)
    WGI_PRINTF(4, 5);

/* Appends a leaf that retains t. */
wg_node wgi_leaf_append(wg_graph *g, wgi_leaf_kind kind, wg_tensor *t, wg_param *p);

const char *wgi_leaf_name(uint32_t kind);

#endif
