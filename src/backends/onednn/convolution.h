/* The oneDNN kernel of convolutions and of their two adjoints.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_ONEDNN_CONVOLUTION_H
#define WG_ONEDNN_CONVOLUTION_H

#include "core/backend.h"

const char *wgi_onednn_convolution_accepts(const wgi_problem *problem);
wg_status wgi_onednn_convolution_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_onednn_convolution_run(const wgi_prepared *prepared, const wgi_args *args);
void wgi_onednn_convolution_destroy(wg_context *ctx, wgi_prepared *prepared);

#endif
