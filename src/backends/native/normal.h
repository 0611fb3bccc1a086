/* normalize and its gradient where the elements of a mean are a row.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_NORMAL_H
#define WG_NATIVE_NORMAL_H

#include "core/backend.h"

const char *wgi_native_normal_accepts(const wgi_problem *problem);
wg_status wgi_native_normalize_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_normalize_backward_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_normalize_run(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_native_normalize_backward_run(const wgi_prepared *prepared, const wgi_args *args);
void wgi_native_normal_destroy(wg_context *ctx, wgi_prepared *prepared);

#endif
