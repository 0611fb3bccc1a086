/* The oneDNN kernel of matmul.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_ONEDNN_MATMUL_H
#define WG_ONEDNN_MATMUL_H

#include "core/backend.h"

const char *wgi_onednn_matmul_accepts(const wgi_problem *problem);
wg_status wgi_onednn_matmul_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_onednn_matmul_run(const wgi_prepared *prepared, const wgi_args *args);
void wgi_onednn_matmul_destroy(wg_context *ctx, wgi_prepared *prepared);

#endif
