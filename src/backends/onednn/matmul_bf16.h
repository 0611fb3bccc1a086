/* The oneDNN kernel of matmul in bf16.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_ONEDNN_MATMUL_BF16_H
#define WG_ONEDNN_MATMUL_BF16_H

#include "core/backend.h"

const char *wgi_onednn_matmul_bf16_accepts(const wgi_problem *problem);
wg_status wgi_onednn_matmul_bf16_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_onednn_matmul_bf16_run(const wgi_prepared *prepared, const wgi_args *args);
void wgi_onednn_matmul_bf16_destroy(wg_context *ctx, wgi_prepared *prepared);

#endif
