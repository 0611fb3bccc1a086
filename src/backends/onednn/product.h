/* Products as the library takes them, read from the problems that the planner poses.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_ONEDNN_PRODUCT_H
#define WG_ONEDNN_PRODUCT_H

#include "backends/onednn/engine.h"
#include "backends/onednn/routes.h"
#include "core/context.h"

/* y = a b over a batch. The merged batch axes stand innermost first; an axis of size 1 in one
 * operand broadcasts. Invariant once read: all sizes are > 0; n_batch <= WG_MAX_RANK - 2. */
typedef struct wgi_onednn_product {
    wgi_onednn_shape shape;
    int32_t n_batch;
    int64_t a_batch[WG_MAX_RANK];
    int64_t b_batch[WG_MAX_RANK];
    int64_t multiply_adds;
} wgi_onednn_product;

/* NULL, or why the library is not to see this problem. */
const char *wgi_onednn_product_read(const wgi_problem *problem, wgi_onednn_product *p);

/* How many threads it is worth and may have. */
int64_t wgi_onednn_product_threads(const wgi_problem *problem, const wgi_onednn_product *p);

wgi_onednn_key wgi_onednn_product_key(const wgi_problem *problem, const wgi_onednn_product *p,
                                      wgi_onednn_form form);

#endif
