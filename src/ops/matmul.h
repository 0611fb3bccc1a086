/* Matrix products of operands that are read as they lie.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WGI_OPS_MATMUL_H
#define WGI_OPS_MATMUL_H

#include "core/op.h"

/* wg_matmul of operands whose last two axes are read swapped where the flags say so. */
wg_node wgi_matmul(wg_node a, wg_node b, bool is_a_transposed, bool is_b_transposed);

#endif
