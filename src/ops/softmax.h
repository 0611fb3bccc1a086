/* What other ops take from softmax.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_SOFTMAX_H
#define WG_OPS_SOFTMAX_H

#include <wengert/graph.h>

/* y * (dy - sum(dy * y, axis)): the gradient of y = softmax(x, axis) to x. axis in [0, rank). */
wg_node wgi_softmax_gradient(wg_node y, wg_node dy, int64_t axis);

#endif
