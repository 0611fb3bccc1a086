/* Tensors as kernels see them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_VIEW_H
#define WG_VIEW_H

#include <wengert/base.h>

#ifdef __cplusplus
extern "C" {
#endif

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
