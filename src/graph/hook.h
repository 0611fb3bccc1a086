/* Hooks: callbacks that see the gradient of a node.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_GRAPH_HOOK_H
#define WG_GRAPH_HOOK_H

#include <wengert/custom.h>

#include "graph/plan.h"

/* The row that calls a hook. It is no built-in op: a context gets it with its first hook. */
extern const wgi_op wgi_hook_row;

/* Emits the hooks of entry i, whose adjoint is complete, upon that adjoint. Asked for entries in
 * falling order. */
wg_status wgi_hooks_emit(wgi_adjoints *d, uint32_t i);

/* The node whose hook a step of wgi_hook_row calls; WGI_NONE where its graph has no such hook. */
uint32_t wgi_hooked_node(const wg_graph *g, const void *attr);

#endif
