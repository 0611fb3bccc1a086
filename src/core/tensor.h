/* The tensor's own structure.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a tensor is owned (data from the context's allocator), borrowed (data the caller's) or
 * a value (data in a graph's result arena; is_value). A value whose graph was reset is dead: data
 * NULL, version bumped. */
#ifndef WG_CORE_TENSOR_H
#define WG_CORE_TENSOR_H

#include <stdatomic.h>

#include <wengert/tensor.h>

#include "core/shape.h"

struct wg_tensor {
    wg_context *ctx;
    wgi_type type;
    void *data;
    size_t owned_bytes; /* 0 where the data are not the tensor's */
    atomic_uint references;
    uint64_t version; /* bumped by writable access */
    bool is_value;
    bool is_dead;
};

/* As wg_tensor_create with a checked type; data uninitialised when !is_zeroed. Leaves the message
 * to the caller. */
WGI_NODISCARD wg_status wgi_tensor_new(wg_context *ctx, const wgi_type *type, bool is_zeroed,
                                       wg_tensor **out);

/* A shell without data, is_value set; the graph sets data and is_dead. */
WGI_NODISCARD wg_status wgi_tensor_shell(wg_context *ctx, const wgi_type *type, wg_tensor **out);

#endif
