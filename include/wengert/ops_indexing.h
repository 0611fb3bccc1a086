/* Indexing, sorting and one-hot codes. ops.h says what holds for all ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_INDEXING_H
#define WG_OPS_INDEXING_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Slices of x along `axis` at i64 indices: shape x[:axis] + indices + x[axis+1:]. Any dtype.
 * Gradient: wg_scatter_add. Errors when run: WG_ERR_RANGE (an index outside [0, size)).
 */
WG_API wg_node wg_gather(wg_node x, wg_node indices, int32_t axis);

/** The adjoint of wg_gather: zeros with `size` along `axis`, to which each slice of dy is added at
 * its index, in order. Floating. Gradient: wg_gather. Errors when run: as wg_gather. */
WG_API wg_node wg_scatter_add(wg_node dy, wg_node indices, int32_t axis, int64_t size);

/** 1 at the index, 0 elsewhere, along a new last axis of size `classes`. indices i64. No gradient.
 * Errors when run: WG_ERR_RANGE. */
WG_API wg_node wg_one_hot(wg_node indices, int64_t classes, wg_dtype dtype);

#ifdef __cplusplus
}
#endif
#endif
