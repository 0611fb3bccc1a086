/* Axes that forms take.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WGI_OPS_AXES_H
#define WGI_OPS_AXES_H

#include "ops/support.h"

/* Checks the caller's axes of the draft's first operand: bit i of *set is set where axis i is among
 * them. False where the graph has been failed, and *out is then the node to return: "axes is NULL
 * but n is 2", "3 axes for rank 2 (x)", "axis 1 is given twice". */
WGI_NODISCARD bool wgi_take_axis_set(const wgi_draft *draft, const int32_t *axes, int32_t n,
                                     uint32_t *set, wg_node *out);

/* An axis among `places` of them, at which the result gets or has one that x has not: "axis 4 is
 * out of range for rank 3 (result)". False as above. */
WGI_NODISCARD bool wgi_take_new_axis(const wgi_draft *draft, int32_t axis, int32_t places,
                                     int32_t *place, wg_node *out);

#endif
