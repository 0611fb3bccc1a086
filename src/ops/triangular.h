/* Triangular systems, for the rules of other ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WGI_OPS_TRIANGULAR_H
#define WGI_OPS_TRIANGULAR_H

#include "core/op.h"
#include "ops/params.h"

/* wg_solve_triangular by the record's attributes. */
wg_node wgi_solve_triangular(wg_node a, wg_node b, const wgi_triangular_attr *attr);

#endif
