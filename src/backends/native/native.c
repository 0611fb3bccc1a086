/* The native backend's table.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Its kernels are functions of inputs, shapes and the build alone: no state, no threads, no look at
 * the machine they run on. */
#include "backends/native/native.h"

#include "backends/native/matmul.h"
#include "backends/native/updates.h"

static const wgi_kernel kernels[] = {
    {
        .name = "native.matmul",
        .op = "matmul",
        .accepts = wgi_native_matmul_accepts,
        .prepare = wgi_native_matmul_prepare,
        .run = wgi_native_matmul_run,
    },
};

static const wgi_updates updates = {
    .backend = "native",
    .sgd = wgi_native_sgd,
    .adam = wgi_native_adam,
};

const wgi_backend wgi_native_backend = {
    .name = "native",
    .kernels = kernels,
    .n_kernels = (int32_t)(sizeof kernels / sizeof kernels[0]),
    .updates = &updates,
};
