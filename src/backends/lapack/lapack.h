/* The LAPACK backend: matrix factorisations and triangular systems by OpenBLAS.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WGI_LAPACK_LAPACK_H
#define WGI_LAPACK_LAPACK_H

#include "core/backend.h"

extern const wgi_backend wgi_lapack_backend;

#endif
