/* The kernels of the LAPACK backend, one prepare and one run each, of f32 and f64.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WGI_LAPACK_KERNELS_H
#define WGI_LAPACK_KERNELS_H

#include "core/backend.h"

const char *wgi_lapack_accepts(const wgi_problem *problem);
const char *wgi_lapack_accepts_solve(const wgi_problem *problem);

wg_status wgi_lapack_prepare_lu(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_lapack_prepare_qr(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_lapack_prepare_eigh(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_lapack_prepare_svd(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_lapack_prepare_nothing(const wgi_problem *problem, wgi_prepared *out);

wg_status wgi_lapack_run_lu(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_lapack_run_cholesky(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_lapack_run_qr(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_lapack_run_eigh(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_lapack_run_svd(const wgi_prepared *prepared, const wgi_args *args);
wg_status wgi_lapack_run_triangular(const wgi_prepared *prepared, const wgi_args *args);

#endif
