/* The LAPACK backend's table.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/lapack/lapack.h"

#include <string.h>

#include "backends/lapack/kernels.h"
#include "backends/lapack/library.h"

/* Declines a library whose integers are of 64 bits. */
static wg_status open_library(wg_context *ctx, void **state)
{
    (void)ctx;
    *state = NULL;
    return strstr(openblas_get_config(), "USE64BITINT") != NULL ? WG_ERR_ENGINE : WG_OK;
}

#define KERNEL(title, takes, room, runs)                                                           \
    {                                                                                              \
        .name = "lapack." title, .op = (title), .accepts = wgi_lapack_##takes,                     \
        .prepare = wgi_lapack_prepare_##room, .run = wgi_lapack_run_##runs                         \
    }

static const wgi_kernel kernels[] = {
    KERNEL("lu", accepts, lu, lu),
    KERNEL("cholesky", accepts, nothing, cholesky),
    KERNEL("qr", accepts, qr, qr),
    KERNEL("eigh", accepts, eigh, eigh),
    KERNEL("svd", accepts, svd, svd),
    KERNEL("solve_triangular", accepts_solve, nothing, triangular),
};

const wgi_backend wgi_lapack_backend = {
    .name = "lapack",
    .open = open_library,
    .kernels = kernels,
    .n_kernels = (int32_t)(sizeof kernels / sizeof kernels[0]),
};
