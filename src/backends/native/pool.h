/* Poolings and upsamplings.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_POOL_H
#define WG_NATIVE_POOL_H

#include "core/backend.h"

const char *wgi_native_pool_accepts(const wgi_problem *problem);
wg_status wgi_native_pool_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_max_pool_run(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_native_max_pool_pick_run(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_native_max_pool_backward_run(const wgi_prepared *prepared, const wgi_args *args);
void wgi_native_pool_destroy(wg_context *ctx, wgi_prepared *prepared);

wg_status wgi_native_average_pool_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_average_pool_backward_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_upsample_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_upsample_backward_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_resample_run(const wgi_prepared *prepared, const wgi_args *args);
void wgi_native_resample_destroy(wg_context *ctx, wgi_prepared *prepared);

#endif
