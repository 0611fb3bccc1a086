/* Who serves a product: a fixed table, so that bits never depend on a measurement.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_ONEDNN_ROUTES_H
#define WG_ONEDNN_ROUTES_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/onednn/engine.h"

/* One matrix of a product, y [m, n] of k products each. */
typedef struct wgi_onednn_shape {
    int64_t m;
    int64_t n;
    int64_t k;
    bool is_a_transposed;
    bool is_b_transposed;
} wgi_onednn_shape;

/* NULL where oneDNN is to serve it; else why the native kernel is. */
const char *wgi_onednn_route_away(const wgi_onednn_shape *s, int64_t threads);

/* In which form. */
wgi_onednn_form wgi_onednn_route_form(const wgi_onednn_shape *s, bool is_batched);

#endif
