/* Explanations: a graph written out as on a blackboard.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_EXPLAIN_H
#define WG_EXPLAIN_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Writes how `loss` comes about and how it is differentiated, node by node: first the forward pass
 * with each value and, between single numbers, each local derivative; then the gradients from the
 * loss back to the leaves, each as the sum over the nodes that use it. All is computed in f64 on a
 * copy; graph and parameters are untouched. Tensors are cut after eight elements.
 *
 * loss    one element, floating; its graph may be in training or evaluation
 * Errors: those of wg_get_item and wg_shadow_create, WG_ERR_GRADIENT (an op on the way has no
 * gradient), and what the writer returns.
 */
WG_NODISCARD WG_API wg_status wg_explain(wg_node loss, const wg_writer *writer);

/**
 * Writes one node: its name, op, dtype, shape and value (as wg_value computes it), cut after 64
 * elements. Errors: those of wg_get, and what the writer returns.
 */
WG_NODISCARD WG_API wg_status wg_print(wg_node n, const wg_writer *writer);

#ifdef __cplusplus
}
#endif
#endif
