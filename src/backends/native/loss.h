/* The loss heads: cross_entropy and its backward, mse, half_sum_squares.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_LOSS_H
#define WG_NATIVE_LOSS_H

#include "core/backend.h"

const char *wgi_native_loss_accepts(const wgi_problem *problem);
wg_status wgi_native_loss_prepare(const wgi_problem *problem, wgi_prepared *out);
void wgi_native_loss_destroy(wg_context *ctx, wgi_prepared *prepared);

wg_status wgi_native_cross_entropy_run(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_native_cross_entropy_backward_run(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_native_mse_run(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_native_half_sum_squares_run(const wgi_prepared *prepared, const wgi_args *args);

#endif
