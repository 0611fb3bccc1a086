/* The oneDNN backend's table.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Only what the library is trusted with stands here: no activation, reduction, softmax or maximum,
 * for it swallows NaN in them or loses digits. */
#include "backends/onednn/onednn.h"

#include "backends/onednn/convolution.h"
#include "backends/onednn/engine.h"
#include "backends/onednn/matmul.h"
#include "backends/onednn/matmul_bf16.h"

#define CONVOLUTION(name_)                                                                         \
    {                                                                                              \
        .name = "onednn." #name_, .op = #name_, .accepts = wgi_onednn_convolution_accepts,         \
        .prepare = wgi_onednn_convolution_prepare, .run = wgi_onednn_convolution_run,              \
        .destroy = wgi_onednn_convolution_destroy,                                                 \
    }

static const wgi_kernel kernels[] = {
    CONVOLUTION(convolution),
    CONVOLUTION(convolution_data),
    CONVOLUTION(convolution_weights),
    {
        .name = "onednn.matmul_bf16",
        .op = "matmul",
        .accepts = wgi_onednn_matmul_bf16_accepts,
        .prepare = wgi_onednn_matmul_bf16_prepare,
        .run = wgi_onednn_matmul_bf16_run,
        .destroy = wgi_onednn_matmul_bf16_destroy,
    },
    {
        .name = "onednn.matmul",
        .op = "matmul",
        .accepts = wgi_onednn_matmul_accepts,
        .prepare = wgi_onednn_matmul_prepare,
        .run = wgi_onednn_matmul_run,
        .destroy = wgi_onednn_matmul_destroy,
    },
};

const wgi_backend wgi_onednn_backend = {
    .name = "onednn",
    .open = wgi_onednn_open,
    .close = wgi_onednn_close,
    .kernels = kernels,
    .n_kernels = (int32_t)(sizeof kernels / sizeof kernels[0]),
    .shared_bytes = wgi_onednn_shared_bytes,
};
