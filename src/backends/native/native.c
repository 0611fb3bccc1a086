/* The native backend's table.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Its kernels are functions of inputs, shapes and the instruction set alone, which is chosen once
 * for a context. */
#include "backends/native/native.h"

#include "core/context.h"

#include "backends/native/attention.h"
#include "backends/native/convolution.h"
#include "backends/native/group.h"
#include "backends/native/lines.h"
#include "backends/native/loss.h"
#include "backends/native/matmul.h"
#include "backends/native/move.h"
#include "backends/native/normal.h"
#include "backends/native/planar.h"
#include "backends/native/pool.h"
#include "backends/native/recurrence.h"
#include "backends/native/reduce.h"
#include "backends/native/softmax.h"
#include "backends/native/updates_hot.h"

static wg_status open_native(wg_context *ctx, void **state)
{
    wgi_native *native = wgi_alloc_zeroed(&ctx->memory, 1, sizeof *native);
    if (native == NULL) {
        return WG_ERR_MEMORY;
    }
    native->isa = wgi_isa_detect();
    const wg_status status = wgi_native_roles_make(ctx, native);
    if (status != WG_OK) {
        wgi_release(&ctx->memory, native, sizeof *native);
        return status;
    }
    *state = native;
    return WG_OK;
}

static void close_native(wg_context *ctx, void *state)
{
    wgi_native_roles_free(ctx, state);
    wgi_release(&ctx->memory, state, sizeof(wgi_native));
}

#define CONVOLUTION(name_, run_)                                                                   \
    {                                                                                              \
        .name = "native." #name_, .op = #name_, .accepts = wgi_native_convolution_accepts,         \
        .prepare = wgi_native_##name_##_prepare, .run = wgi_native_##run_##_run,                   \
        .destroy = wgi_native_convolution_destroy,                                                 \
    }

#define REDUCTION(name_)                                                                           \
    {                                                                                              \
        .name = "native." #name_, .op = #name_, .accepts = wgi_native_reduce_accepts,              \
        .prepare = wgi_native_reduce_prepare, .run = wgi_native_reduce_run,                        \
        .destroy = wgi_native_reduce_destroy,                                                      \
    }

#define LINES(name_)                                                                               \
    {                                                                                              \
        .name = "native." #name_, .op = #name_, .accepts = wgi_native_lines_accepts,               \
        .prepare = wgi_native_lines_prepare, .run = wgi_native_lines_run,                          \
        .destroy = wgi_native_lines_destroy,                                                       \
    }

#define PLACES(name_)                                                                              \
    {                                                                                              \
        .name = "native." #name_, .op = #name_, .accepts = wgi_native_places_accepts,              \
        .prepare = wgi_native_places_prepare, .run = wgi_native_places_run,                        \
        .destroy = wgi_native_lines_destroy,                                                       \
    }

#define LOSS(name_)                                                                                \
    {                                                                                              \
        .name = "native." #name_, .op = #name_, .accepts = wgi_native_loss_accepts,                \
        .prepare = wgi_native_loss_prepare, .run = wgi_native_##name_##_run,                       \
        .destroy = wgi_native_loss_destroy,                                                        \
    }

#define RECURRENCE(name_, kind_)                                                                   \
    {                                                                                              \
        .name = "native." #name_, .op = #name_, .accepts = wgi_native_recurrence_accepts,          \
        .prepare = wgi_native_##kind_##_prepare, .run = wgi_native_##name_##_run,                  \
        .destroy = wgi_native_recurrence_destroy,                                                  \
    }

#define ROWS(name_)                                                                                \
    {                                                                                              \
        .name = "native." #name_, .op = #name_, .accepts = wgi_native_##name_##_accepts,           \
        .prepare = wgi_native_rows_prepare, .run = wgi_native_##name_##_run,                       \
        .destroy = wgi_native_rows_destroy,                                                        \
    }

#define POOL(name_)                                                                                \
    {                                                                                              \
        .name = "native." #name_, .op = #name_, .accepts = wgi_native_pool_accepts,                \
        .prepare = wgi_native_pool_prepare, .run = wgi_native_##name_##_run,                       \
        .destroy = wgi_native_pool_destroy,                                                        \
    }

#define RESAMPLE(name_)                                                                            \
    {                                                                                              \
        .name = "native." #name_, .op = #name_, .accepts = wgi_native_pool_accepts,                \
        .prepare = wgi_native_##name_##_prepare, .run = wgi_native_resample_run,                   \
        .destroy = wgi_native_resample_destroy,                                                    \
    }

#define ATTENTION(name_, prepare_)                                                                 \
    {                                                                                              \
        .name = "native." #name_, .op = #name_, .accepts = wgi_native_attention_accepts,           \
        .prepare = wgi_native_##prepare_##_prepare, .run = wgi_native_attention_run,               \
        .destroy = wgi_native_attention_destroy,                                                   \
    }

#define PLANAR(name_)                                                                              \
    {                                                                                              \
        .name = "native." #name_, .op = #name_, .accepts = wgi_native_planar_accepts,              \
        .prepare = wgi_native_planar_prepare, .run = wgi_native_##name_##_planar_run,              \
        .destroy = wgi_native_planar_destroy,                                                      \
    }

#define NORMAL(name_)                                                                              \
    {                                                                                              \
        .name = "native." #name_, .op = #name_, .accepts = wgi_native_normal_accepts,              \
        .prepare = wgi_native_##name_##_prepare, .run = wgi_native_##name_##_run,                  \
        .destroy = wgi_native_normal_destroy,                                                      \
    }

static const wgi_kernel kernels[] = {
    {
        .name = "native.matmul",
        .op = "matmul",
        .accepts = wgi_native_matmul_accepts,
        .prepare = wgi_native_matmul_prepare,
        .run = wgi_native_matmul_run,
        .destroy = wgi_native_matmul_destroy,
    },
    /* Asked before the general ones. */
    PLANAR(convolution),
    PLANAR(convolution_data),
    PLANAR(convolution_weights),
    CONVOLUTION(convolution, convolution),
    CONVOLUTION(convolution_data, convolution),
    CONVOLUTION(convolution_weights, convolution_weights),
    REDUCTION(sum),
    REDUCTION(mean),
    REDUCTION(sum_to),
    LINES(prod),
    LINES(amax),
    LINES(amin),
    LINES(variance),
    LINES(std),
    LINES(norm_2),
    LINES(logsumexp),
    LINES(center),
    PLACES(max),
    PLACES(min),
    PLACES(argmax),
    PLACES(argmin),
    {
        .name = "native.softmax",
        .op = "softmax",
        .accepts = wgi_native_softmax_accepts,
        .prepare = wgi_native_softmax_prepare,
        .run = wgi_native_softmax_run,
        .destroy = wgi_native_softmax_destroy,
    },
    {
        .name = "native.log_softmax",
        .op = "log_softmax",
        .accepts = wgi_native_softmax_accepts,
        .prepare = wgi_native_log_softmax_prepare,
        .run = wgi_native_softmax_run,
        .destroy = wgi_native_softmax_destroy,
    },
    ATTENTION(scaled_dot_product_attention, attention),
    ATTENTION(attention_backward, attention_back),
    ATTENTION(packed_attention, packed),
    ATTENTION(packed_attention_backward, packed_back),
    LOSS(cross_entropy),
    LOSS(cross_entropy_backward),
    LOSS(mse),
    LOSS(half_sum_squares),
    {
        .name = "native.permute",
        .op = "permute",
        .accepts = wgi_native_permute_accepts,
        .prepare = wgi_native_permute_prepare,
        .run = wgi_native_permute_run,
        .destroy = wgi_native_permute_destroy,
    },
    RECURRENCE(rnn_scan, rnn),
    RECURRENCE(rnn_scan_backward, rnn),
    RECURRENCE(lstm_scan, lstm),
    RECURRENCE(lstm_scan_backward, lstm),
    RECURRENCE(gru_scan, gru),
    RECURRENCE(gru_scan_backward, gru),
    ROWS(gather),
    ROWS(scatter_add),
    ROWS(one_hot),
    NORMAL(normalize),
    NORMAL(normalize_backward),
    POOL(max_pool),
    POOL(max_pool_pick),
    POOL(max_pool_backward),
    RESAMPLE(average_pool),
    RESAMPLE(average_pool_backward),
    RESAMPLE(upsample),
    RESAMPLE(upsample_backward),
    {
        .name = "native.pointwise",
        .op = NULL,
        .accepts = wgi_native_pointwise_accepts,
        .prepare = wgi_native_pointwise_prepare,
        .run = wgi_native_group_run,
        .destroy = wgi_group_state_free,
    },
};

static const wgi_kernel group = {
    .name = "native.group",
    .prepare = wgi_native_group_prepare,
    .run = wgi_native_group_run,
    .destroy = wgi_group_state_free,
};

static const wgi_updates *updates_of(const void *state)
{
    const wgi_native *native = state;
    return WGI_HOT_PICK(wgi_native_updates, native->isa);
}

const wgi_backend wgi_native_backend = {
    .name = "native",
    .open = open_native,
    .close = close_native,
    .kernels = kernels,
    .n_kernels = (int32_t)(sizeof kernels / sizeof kernels[0]),
    .group = &group,
    .joins = wgi_native_joins,
    .updates = updates_of,
};
