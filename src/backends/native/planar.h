/* Convolutions of few channels, over small images.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_PLANAR_H
#define WG_NATIVE_PLANAR_H

#include "core/backend.h"

const char *wgi_native_planar_accepts(const wgi_problem *problem);
wg_status wgi_native_planar_prepare(const wgi_problem *problem, wgi_prepared *out);
void wgi_native_planar_destroy(wg_context *ctx, wgi_prepared *prepared);
wg_status wgi_native_convolution_planar_run(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_native_convolution_data_planar_run(const wgi_prepared *prepared,
                                                 const wgi_args *args);
wg_status wgi_native_convolution_weights_planar_run(const wgi_prepared *prepared,
                                                    const wgi_args *args);

#endif
