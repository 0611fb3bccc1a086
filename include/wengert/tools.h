/* For tools on top: ops called by name.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_TOOLS_H
#define WG_TOOLS_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Which member of a wg_attribute counts. */
typedef enum wg_attribute_kind {
    WG_ATTRIBUTE_INTEGER =
        1,                 /**< integer: integers, flags (0, 1), axes, dtypes, choices by place */
    WG_ATTRIBUTE_REAL = 2, /**< real */
    WG_ATTRIBUTE_LIST = 3, /**< list, length: axes, shapes and other lists of integers */
    WG_ATTRIBUTE_TEXT = 4  /**< text: equations, and choices by word */
} wg_attribute_kind;

/** An attribute of an op. */
typedef struct wg_attribute {
    const char *name;
    wg_attribute_kind kind;
    int64_t integer;
    double real;
    const int64_t *list; /**< `length` of them; may be NULL where there are none */
    size_t length;
    const char *text;
} wg_attribute;

/**
 * Records the op of that name, "softmax" for wg_softmax, as the constructor does.
 *
 * inputs        indices of nodes of g's list (wg_graph_node), in the order of the operands
 * attributes    by name, in any order; what is left out takes its default, where it has one. An
 *               integer may stand for a real
 * outputs       gets the indices of the op's outputs; NULL: none are wanted
 * n_outputs     in: how many `outputs` has room for; out: how many were written. NULL where
 *               outputs is NULL
 *
 * Errors (also of the graph): WG_ERR_NAME (no such op or attribute), WG_ERR_ARGUMENT (the number of
 * inputs, a missing attribute or one of another kind, NULL), WG_ERR_RANGE, WG_ERR_HANDLE, those of
 * the constructor.
 */
WG_NODISCARD WG_API wg_status wg_apply(wg_graph *g, const char *op, const uint32_t *inputs,
                                       size_t n_inputs, const wg_attribute *attributes,
                                       size_t n_attributes, uint32_t *outputs, size_t *n_outputs);

#ifdef __cplusplus
}
#endif
#endif
