/* softmax and log_softmax along any axis.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_SOFTMAX_H
#define WG_NATIVE_SOFTMAX_H

#include "core/backend.h"

const char *wgi_native_softmax_accepts(const wgi_problem *problem);
wg_status wgi_native_softmax_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_log_softmax_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_softmax_run(const wgi_prepared *prepared, const wgi_args *args);
void wgi_native_softmax_destroy(wg_context *ctx, wgi_prepared *prepared);

#endif
