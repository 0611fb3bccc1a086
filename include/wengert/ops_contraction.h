/* Contractions: matrix products and their kin. ops.h says what holds for all ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_CONTRACTION_H
#define WG_OPS_CONTRACTION_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Matrix product over the last two axes: [..., m, k] x [..., k, n] -> [..., m, n]; the leading axes
 * broadcast. Both rank >= 2, floating, one dtype. k = 0 gives zeros. An operand made by
 * wg_transpose or a wg_permute that swaps the last two axes is read in place.
 * Gradient: da = dy b^T, db = a^T dy, summed over broadcast axes.
 */
WG_API wg_node wg_matmul(wg_node a, wg_node b);

#ifdef __cplusplus
}
#endif
#endif
