/* Reductions of lines: prod, amax, amin, variance, std, norm_2, logsumexp; center; and max, min,
 * argmax, argmin.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_LINES_H
#define WG_NATIVE_LINES_H

#include "core/backend.h"

const char *wgi_native_lines_accepts(const wgi_problem *problem);
wg_status wgi_native_lines_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_lines_run(const wgi_prepared *prepared, const wgi_args *args);
void wgi_native_lines_destroy(wg_context *ctx, wgi_prepared *prepared);

const char *wgi_native_places_accepts(const wgi_problem *problem);
wg_status wgi_native_places_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_places_run(const wgi_prepared *prepared, const wgi_args *args);

#endif
