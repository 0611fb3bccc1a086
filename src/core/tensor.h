/* The tensor's own structure.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a tensor is owned (data from the context's allocator), borrowed (data the caller's) or
 * a value (data in a graph's result arena; is_value). A value whose graph was reset is dead: data
 * NULL, version bumped.
 *
 * A base is an owned tensor in whose memory others lie, its parts, none overlapping another. A
 * write through a part changes the part and the base; a write through the base may have changed
 * every part. wgi_tensor_version tells each what became of it. */
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
    struct wg_tensor *base; /* of a part, which holds a reference; else NULL */
    uint64_t version;       /* bumped by writes through this tensor or a part of it */
    uint64_t own_writes;    /* bumped by writes through this tensor */
    bool is_value;
    bool is_dead;
};

/* A number that changes with every write that may have changed the tensor's data. */
static inline uint64_t wgi_tensor_version(const wg_tensor *t)
{
    return WGI_LIKELY(t->base == NULL) ? t->version : t->version + t->base->own_writes;
}

/* Notes a write through the tensor. */
static inline void wgi_tensor_touch(wg_tensor *t)
{
    t->version++;
    t->own_writes++;
    if (t->base != NULL) {
        t->base->version++;
    }
}

/* Moves an owned tensor's data, or a part's, into base's memory, `offset` bytes from its start,
 * where there is room for it. What t was before is released; its elements and its version stay the
 * same. */
void wgi_tensor_become_part(wg_tensor *t, wg_tensor *base, size_t offset);

/* A tensor of a checked type that is a part of base, whose memory has room for it. */
WGI_NODISCARD wg_status wgi_tensor_new_part(const wgi_type *type, wg_tensor *base, size_t offset,
                                            wg_tensor **out);

/* As wg_tensor_create with a checked type; data uninitialised when !is_zeroed. Leaves the message
 * to the caller. */
WGI_NODISCARD wg_status wgi_tensor_new(wg_context *ctx, const wgi_type *type, bool is_zeroed,
                                       wg_tensor **out);

/* A shell without data, is_value set; the graph sets data and is_dead. */
WGI_NODISCARD wg_status wgi_tensor_shell(wg_context *ctx, const wgi_type *type, wg_tensor **out);

#endif
