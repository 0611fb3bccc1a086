/* Systems of equations with a factored matrix, for the forms and rules that need one.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WGI_OPS_LU_H
#define WGI_OPS_LU_H

#include "core/op.h"
#include "ops/params.h"

/* A matrix and its factors. */
typedef struct wgi_factored {
    wg_node a;
    wg_node lu;
    wg_node pivots;
} wgi_factored;

/* Records the factors of a; equal recordings are merged. */
wgi_factored wgi_factor(wg_node a);

/* Solves op(a) x = b by the factors. */
wg_node wgi_lu_solve(const wgi_factored *f, wg_node b, wgi_lu_solve_attr attr);

#endif
