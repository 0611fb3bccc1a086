/* Shifts and scales by feature.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: shift and scale are f64 of the same shape [n], n >= 1; with n 1 they hold for all. */
#ifndef WG_DATA_SCALING_H
#define WG_DATA_SCALING_H

#include <wengert/data.h>

struct wg_scaling {
    wg_context *ctx;
    wg_tensor *shift;
    wg_tensor *scale;
};

#endif
