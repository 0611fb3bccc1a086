/* rnn_scan, lstm_scan, gru_scan and their gradients.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_RECURRENCE_H
#define WG_NATIVE_RECURRENCE_H

#include "core/backend.h"

const char *wgi_native_recurrence_accepts(const wgi_problem *problem);
void wgi_native_recurrence_destroy(wg_context *ctx, wgi_prepared *prepared);

/* Of each scan and of its gradient. */
wg_status wgi_native_rnn_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_lstm_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_gru_prepare(const wgi_problem *problem, wgi_prepared *out);

wg_status wgi_native_rnn_scan_run(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_native_rnn_scan_backward_run(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_native_lstm_scan_run(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_native_lstm_scan_backward_run(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_native_gru_scan_run(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_native_gru_scan_backward_run(const wgi_prepared *prepared, const wgi_args *args);

#endif
