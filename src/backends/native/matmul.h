/* The native matmul; core/backend.h is its contract.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_MATMUL_H
#define WG_NATIVE_MATMUL_H

#include "core/backend.h"

const char *wgi_native_matmul_accepts(const wgi_problem *problem);
wg_status wgi_native_matmul_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_matmul_run(const wgi_prepared *prepared, const wgi_args *args);
void wgi_native_matmul_destroy(wg_context *ctx, wgi_prepared *prepared);

#endif
