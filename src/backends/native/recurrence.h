/* lstm_scan and its gradient.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_RECURRENCE_H
#define WG_NATIVE_RECURRENCE_H

#include "core/backend.h"

const char *wgi_native_lstm_accepts(const wgi_problem *problem);
wg_status wgi_native_lstm_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_lstm_scan_run(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_native_lstm_scan_backward_run(const wgi_prepared *prepared, const wgi_args *args);
void wgi_native_lstm_destroy(wg_context *ctx, wgi_prepared *prepared);

#endif
