/* Convolutions and their adjoints.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_CONVOLUTION_H
#define WG_NATIVE_CONVOLUTION_H

#include "core/backend.h"

const char *wgi_native_convolution_accepts(const wgi_problem *problem);
wg_status wgi_native_convolution_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_convolution_data_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_convolution_weights_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_convolution_run(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_native_convolution_weights_run(const wgi_prepared *prepared, const wgi_args *args);
void wgi_native_convolution_destroy(wg_context *ctx, wgi_prepared *prepared);

#endif
