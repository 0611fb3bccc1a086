/* Ops that move elements and change shapes. ops.h says what holds for all ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_SHAPE_H
#define WG_OPS_SHAPE_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The same elements in row-major order under another shape; one size may be -1. Any dtype. */
WG_API wg_node wg_reshape(wg_node x, int32_t rank, const int64_t *dims);

/** Axes in another order: axis i of the result is axis axes[i] of x. Any dtype. */
WG_API wg_node wg_permute(wg_node x, const int32_t *axes, int32_t n);

/** The last two axes swapped; rank >= 2. */
WG_API wg_node wg_transpose(wg_node x);

/** x repeated along the axes where its size is 1 or missing, NumPy's rule. Any dtype. Gradient:
 * wg_sum_to of x's shape. */
WG_API wg_node wg_broadcast_to(wg_node x, int32_t rank, const int64_t *dims);

/** The adjoint of wg_broadcast_to: x summed over the axes along which `dims` was broadcast to x's
 * shape. Floating. Gradient: wg_broadcast_to of x's shape. */
WG_API wg_node wg_sum_to(wg_node x, int32_t rank, const int64_t *dims);

#ifdef __cplusplus
}
#endif
#endif
