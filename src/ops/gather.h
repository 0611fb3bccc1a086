/* What the ops that take indices share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_GATHER_H
#define WG_OPS_GATHER_H

#include "core/op.h"

/* Whether every index of a kernel's operand 1 lies in [0, size); else the fault names the first
 * that does not. */
WGI_NODISCARD wg_status wgi_check_indices(const wgi_args *args, int64_t size);

/* wg_gather in the name of a form, of whose draft x and indices are the operands. */
wg_node wgi_gather(const wgi_draft *form, int32_t axis);

/* Shape rules: operand i must be i64. */
WGI_NODISCARD wg_status wgi_infer_indices(wgi_infer *q, int32_t i);

/* The adjoint of wg_take_along_axis: zeros in the shape of x, and dy added at the indices. */
wg_node wgi_take_back(wg_node dy, wg_node indices, int32_t axis, wg_node x);

#endif
