/* Movement of data: permute, gather, scatter_add, one_hot.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_MOVE_H
#define WG_NATIVE_MOVE_H

#include "core/backend.h"

const char *wgi_native_permute_accepts(const wgi_problem *problem);
wg_status wgi_native_permute_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_permute_run(const wgi_prepared *prepared, const wgi_args *args);
void wgi_native_permute_destroy(wg_context *ctx, wgi_prepared *prepared);

const char *wgi_native_gather_accepts(const wgi_problem *problem);
const char *wgi_native_scatter_add_accepts(const wgi_problem *problem);
const char *wgi_native_one_hot_accepts(const wgi_problem *problem);
wg_status wgi_native_rows_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_gather_run(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_native_scatter_add_run(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_native_one_hot_run(const wgi_prepared *prepared, const wgi_args *args);
void wgi_native_rows_destroy(wg_context *ctx, wgi_prepared *prepared);

#endif
