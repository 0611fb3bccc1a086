/* What callbacks share: tensors as they see them, and where they leave the text of a failure.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_CALLBACK_H
#define WG_CALLBACK_H

#include <wengert/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where a callback leaves the text of its failure. */
typedef struct wg_fault wg_fault;

/**
 * Leaves a message, at most 159 bytes of it, and returns `status` to be returned by the callback
 * (WG_ERR_CALLBACK for WG_OK): `return wg_fail(call->fault, WG_ERR_RANGE, "label %d", label);`.
 * The graph's error then reads "<op> '<name>': label 12". A NULL fault keeps no text.
 */
WG_API wg_status wg_fail(wg_fault *fault, wg_status status, const char *format, ...)
    WG_PRINTF(3, 4);

/** A tensor to read: row-major, valid during the callback. */
typedef struct wg_view {
    const void *data; /**< NULL where there is none, or no element */
    wg_dtype dtype;
    int32_t rank;
    const int64_t *dims; /**< rank of them */
    int64_t count;       /**< elements */
} wg_view;

/** A tensor to write, likewise. */
typedef struct wg_mutable_view {
    void *data;
    wg_dtype dtype;
    int32_t rank;
    const int64_t *dims;
    int64_t count;
} wg_mutable_view;

#ifdef __cplusplus
}
#endif
#endif
