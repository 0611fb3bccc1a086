/* Attention, forward and backward, of three tensors or a packed one.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_ATTENTION_H
#define WG_NATIVE_ATTENTION_H

#include "core/backend.h"

const char *wgi_native_attention_accepts(const wgi_problem *problem);
wg_status wgi_native_attention_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_attention_back_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_packed_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_packed_back_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_attention_run(const wgi_prepared *prepared, const wgi_args *args);
void wgi_native_attention_destroy(wg_context *ctx, wgi_prepared *prepared);

#endif
