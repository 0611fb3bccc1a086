/* Backends of your own: kernels for the library's ops, asked before its own.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_BACKEND_H
#define WG_BACKEND_H

#include <wengert/context.h>
#include <wengert/view.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The most backends that a context takes beside its own. */
#define WG_MAX_USER_BACKENDS 4

/** The most inputs of an op that a kernel is asked about. */
#define WG_MAX_KERNEL_INPUTS 16

/** The attributes of the op at hand: see wg_kernel_integer and wg_kernel_list. */
typedef struct wg_kernel_attributes wg_kernel_attributes;

/**
 * One computation: asked about, when data and numbers are NULL, or to be done. All of it is valid
 * during the callback alone.
 *
 * Shapes and dtypes are those that the op's constructor accepted; there may be no elements. Where
 * the op's documentation has a number (a slope, an exponent) it is among `numbers`, in the order of
 * the constructor's arguments.
 */
typedef struct wg_kernel_call {
    const char *op; /**< "matmul" */
    int32_t n_inputs;
    int32_t n_outputs;
    int32_t n_numbers;
    int32_t threads;                /**< the most that the kernel may use */
    bool is_thread_invariant;       /**< the same bits are wanted for every number of threads */
    const wg_view *inputs;          /**< some of them may be one and the same memory */
    const wg_mutable_view *outputs; /**< uninitialised; share no memory with inputs */
    const double *numbers;
    const wg_kernel_attributes *attributes;
    char *message;        /**< NULL when asked; else "", for the text of a failure */
    size_t message_bytes; /**< room at message, with its terminator */
    void *user;           /**< the kernel's */
} wg_kernel_call;

/** A kernel for one op. */
typedef struct wg_kernel_definition {
    const char *op; /**< its name, "softmax" for wg_softmax; copied */
    /** NULL for yes, or a short reason that WENGERT_VERBOSE=dispatch prints, and the next backend
     * is asked. A function of its argument alone, asked any number of times. NULL: always yes. */
    const char *(*accepts)(const wg_kernel_call *call);
    /** Writes every element of every output. Allocates nothing through the library, and calls
     * nothing of its context. Given the same call it writes the same bits. */
    wg_status (*run)(const wg_kernel_call *call);
    void (*release)(void *user); /**< called once, when the context is destroyed; may be NULL */
    void *user;                  /**< for all three */
} wg_kernel_definition;

/** A backend. Set `size` to sizeof(wg_backend_definition). */
typedef struct wg_backend_definition {
    size_t size;
    const char *name; /**< the context's only such; 1 to 31 bytes of printable ASCII; copied */
    const wg_kernel_definition *kernels; /**< copied; at most one for each op */
    size_t n_kernels;
} wg_backend_definition;

/**
 * Lays a backend over those of a context; the latest that was added is asked first. Its kernels
 * serve forward and backward runs, plans and single ops alike, of all graphs of the context.
 *
 * What a kernel accepts is one step of the plan, fused with nothing. What it declines goes to the
 * next backend. It is not asked to add up gradients of several backward runs, nor about ops of
 * more than WG_MAX_KERNEL_INPUTS inputs. Derivatives are not the kernel's business: gradients are
 * made of ops, for which it may have kernels too.
 *
 * A run that returns WG_ERR_ENGINE is made good by the library's reference kernel, counted in
 * wg_stats.engine_failures, and its plan is not kept. Another status than WG_OK ends the run, which
 * returns it and has delivered nothing; the graph's error tells the message.
 *
 * In wg_plan_write, profiles, the log of WENGERT_VERBOSE=dispatch and wg_context_kernel_use the
 * kernel is "<backend>.<op>". Bits are those of the kernels that serve, and which do is settled for
 * the life of the context: backends are added before its first run.
 *
 * On failure nothing is added, and no kernel's release is called.
 * Errors: WG_ERR_ARGUMENT (size, no kernels, a kernel without run), WG_ERR_NAME (no name or one
 * that is taken, no such op, two kernels for one op), WG_ERR_UNSUPPORTED (an op that computes
 * nothing, reshape; one that draws; one whose attributes cannot be told), WG_ERR_RANGE (more than
 * WG_MAX_USER_BACKENDS), WG_ERR_STATE (the context has chosen kernels already), WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_backend_add(wg_context *ctx,
                                             const wg_backend_definition *definition);

/**
 * An attribute of the op by the name that wg_apply knows it by: a whole number, a flag (0 or 1) or
 * an axis, which is in [0, rank). The dtypes and shapes of results are told by the outputs.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_NAME (there is none of that name and kind); *out is zeroed.
 */
WG_API wg_status wg_kernel_integer(const wg_kernel_attributes *attributes, const char *name,
                                   int64_t *out);

/**
 * An attribute that is a list, of axes in [0, rank) or sizes: at most WG_MAX_RANK numbers go to
 * `out`, their count to *n.
 * Errors: as wg_kernel_integer; *n is 0.
 */
WG_API wg_status wg_kernel_list(const wg_kernel_attributes *attributes, const char *name,
                                int64_t out[WG_MAX_RANK], size_t *n);

#ifdef __cplusplus
}
#endif
#endif
