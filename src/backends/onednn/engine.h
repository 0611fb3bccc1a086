/* The backend's state, one for each context: engine, stream, and the primitives that plans share.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariants: a primitive lives while a prepared step refers to it, so the plan cache bounds them;
 * no two have the same key; `bytes` is the sum of theirs. A key has been checked: no size is 0, and
 * all products fit. */
#ifndef WG_ONEDNN_ENGINE_H
#define WG_ONEDNN_ENGINE_H

#include "backends/onednn/call.h"
#include "core/backend.h"

#define WGI_ONEDNN_BUCKETS 256

/* The two operands and the result; the scratchpad follows them. */
#define WGI_ONEDNN_OPERANDS 3

/* What the library is asked for. */
typedef enum wgi_onednn_form {
    WGI_ONEDNN_MATMUL = 0,  /* source, weights, destination */
    WGI_ONEDNN_MATMUL_BF16, /* the same; source and weights are bf16 */
    WGI_ONEDNN_WEIGHTS /* of an inner product: source, gradients of the result, of the weights */
} wgi_onednn_form;

/* Everything a primitive depends on. Without padding, 0 past the rank: compared bytewise. */
typedef struct wgi_onednn_key {
    int64_t form;    /* wgi_onednn_form */
    int64_t threads; /* >= 1 */
    int64_t rank;
    dnnl_dims_t dims[WGI_ONEDNN_OPERANDS];
    dnnl_dims_t strides[WGI_ONEDNN_OPERANDS]; /* in elements */
} wgi_onednn_key;

typedef struct wgi_onednn_primitive {
    struct wgi_onednn *owner;
    struct wgi_onednn_primitive *next; /* of its bucket */
    size_t references;
    wgi_onednn_key key;
    dnnl_primitive_t primitive;
    dnnl_memory_t memory[WGI_ONEDNN_OPERANDS + 1]; /* NULL: no scratchpad is wanted */
    dnnl_exec_arg_t args[WGI_ONEDNN_OPERANDS + 1];
    void *data[WGI_ONEDNN_OPERANDS + 1]; /* that the memory objects point at */
    size_t scratch_bytes;
} wgi_onednn_primitive;

typedef struct wgi_onednn {
    const wg_allocator *memory;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_attr_t attr; /* the scratchpad is ours */
    wgi_onednn_primitive *buckets[WGI_ONEDNN_BUCKETS];
    size_t bytes;
} wgi_onednn;

wg_status wgi_onednn_open(wg_context *ctx, void **state);

/* Every prepared step must have been destroyed before. */
void wgi_onednn_close(wg_context *ctx, void *state);

size_t wgi_onednn_shared_bytes(const void *state);

/* Whether the context has the native kernels too, which rules may then prefer. */
bool wgi_onednn_has_native(const wg_context *ctx);

/* Whether the threads of a call can be held to a number. */
bool wgi_onednn_can_limit_threads(void);

/* Holds the calling thread's calls to `threads` where that can be done; gives what to hand to
 * wgi_onednn_threads_restore, with the same `threads`. */
int wgi_onednn_threads_limit(int64_t threads);
void wgi_onednn_threads_restore(int before, int64_t threads);

/* The primitive of a key, from the table or made, with one more reference.
 * WG_ERR_MEMORY, WG_ERR_UNSUPPORTED (the library has nothing fast), WG_ERR_ENGINE. */
wg_status wgi_onednn_acquire(wgi_onednn *state, const wgi_onednn_key *key,
                             wgi_onednn_primitive **out);
void wgi_onednn_release(wgi_onednn_primitive *p);

/* The name of what would run; dnnl_unimplemented where it is the library's plain loops, which are
 * no faster than ours. */
dnnl_status_t wgi_onednn_implementation(const_dnnl_primitive_desc_t pd, const char **name);

/* Runs it and waits. data: the operands in the form's order, scratch. WG_ERR_ENGINE. */
wg_status wgi_onednn_execute(wgi_onednn_primitive *p, void *const data[WGI_ONEDNN_OPERANDS + 1]);

/* Whether the context has the kernels that the table of routes, and the rule of convolutions of few
 * channels, speak of. They take every product that has one batch axis at most, once merged. */
bool wgi_onednn_has_native(const wg_context *ctx);

#endif
