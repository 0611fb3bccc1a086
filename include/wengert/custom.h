/* Ops, formulas and hooks that a program brings along.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Callbacks are called by the thread that uses the context. They return WG_OK, or a status that
 * ends the run or fails the recording and is handed to its caller; a value that is no status counts
 * as WG_ERR_CALLBACK. While one runs its context is closed: running, resetting and recording in it
 * are refused with WG_ERR_STATE (a gradient callback may record in its own graph), graphs and the
 * context are not destroyed, and wg_cancel is allowed. Models and parameters must not be destroyed
 * by a callback either, which nobody checks. Other contexts are not concerned. */
#ifndef WG_CUSTOM_H
#define WG_CUSTOM_H

#include <wengert/callback.h>
#include <wengert/graph.h>
#include <wengert/inspect.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A dtype and a shape. */
typedef struct wg_type {
    wg_dtype dtype;
    int32_t rank;
    int64_t dims[WG_MAX_RANK];
} wg_type;

/* ---- ops with kernels --------------------------------------------------------------------- */

/** An op that the program defined. Its context owns it and frees it when it is destroyed. */
typedef struct wg_op wg_op;

/** What a shape callback is asked: fill `outputs`, which are like input 0 at first. */
typedef struct wg_shape_call {
    int32_t n_inputs;
    int32_t n_outputs;
    const wg_type *inputs;
    wg_type *outputs;
    const void *attributes;
    void *user;
    wg_fault *fault;
} wg_shape_call;

/** What a forward kernel works on. Outputs are uninitialised and never alias inputs. */
typedef struct wg_forward_call {
    int32_t n_inputs;
    int32_t n_outputs;
    const wg_view *x;
    const wg_mutable_view *y;
    const void *attributes;
    void *user;
    wg_fault *fault;
} wg_forward_call;

/**
 * What a backward kernel works on: dx[i] = sum_k dy[k] * (dy_k/dx_i), every element written. dx[i]
 * has no data where nobody wants it, dy[k] where output k is not floating; dy is zeros where no
 * gradient arrived. dx is uninitialised.
 */
typedef struct wg_backward_call {
    int32_t n_inputs;
    int32_t n_outputs;
    const wg_view *x;
    const wg_view *y;
    const wg_view *dy;
    const wg_mutable_view *dx;
    const void *attributes;
    void *user;
    wg_fault *fault;
} wg_backward_call;

/**
 * What a gradient rule made of ops works on: it records on `graph` with the public constructors and
 * sets dx[i], of the type of x[i], where wants[i]; one that it leaves is a gradient of zero. dy[k]
 * is a zero handle where output k is not floating. It reads no values and records no leaves:
 * constants are wg_full or wg_number. It may be called for each recording or plan.
 */
typedef struct wg_gradient_call {
    wg_graph *graph;
    int32_t n_inputs;
    int32_t n_outputs;
    const wg_node *x;
    const wg_node *y;
    const wg_node *dy;
    const bool *wants;
    wg_node *dx;
    const void *attributes;
    void *user;
    wg_fault *fault;
} wg_gradient_call;

/** The most inputs and outputs of an op, and bytes of its attributes. */
#define WG_CUSTOM_MAX_INPUTS 8
#define WG_CUSTOM_MAX_OUTPUTS 8
#define WG_CUSTOM_MAX_ATTRIBUTE_BYTES 240

/** The floating dtypes that an op's kernels serve: bits of wg_op_definition.dtypes. */
#define WG_CUSTOM_F32 1U
#define WG_CUSTOM_F64 2U

/** What an op is: bits of wg_op_definition.traits. */
#define WG_CUSTOM_KINKED                                                                           \
    1U /**< not differentiable at some points, where a check is not to be sure */
#define WG_CUSTOM_IMPURE 2U /**< not a function of its inputs alone: equal ones are not merged */

/** An op. Set `size` to sizeof(wg_op_definition). */
typedef struct wg_op_definition {
    size_t size;
    const char *name;       /**< a letter or _, then letters, digits, _; at most 31; copied */
    int32_t n_inputs;       /**< 1 to WG_CUSTOM_MAX_INPUTS, of any dtype */
    int32_t n_outputs;      /**< 1 to WG_CUSTOM_MAX_OUTPUTS; 0 is 1 */
    size_t attribute_bytes; /**< handed to wg_custom with each use; compared byte by byte */
    uint32_t dtypes;        /**< WG_CUSTOM_F32, WG_CUSTOM_F64 or both */
    uint32_t traits;        /**< WG_CUSTOM_ bits */

    /** Called when a use is recorded. NULL: every output has the type of input 0. */
    wg_status (*shape)(const wg_shape_call *call);
    /** The values. A function of inputs and attributes alone, unless WG_CUSTOM_IMPURE. */
    wg_status (*forward)(const wg_forward_call *call);
    /** The gradient as a kernel; NULL: none. */
    wg_status (*backward)(const wg_backward_call *call);
    /** The gradient as ops, differentiable in its turn; NULL: none. */
    wg_status (*gradient)(const wg_gradient_call *call);

    void *user;                  /**< handed to all of them */
    void (*release)(void *user); /**< called once, when the context is destroyed; or NULL */
} wg_op_definition;

/**
 * Defines an op for all graphs of a context.
 *
 * With `backward`, first order runs that kernel; with `gradient` too, higher orders go through the
 * ops. With `backward` alone, what depends on a gradient of the op cannot be differentiated
 * (WG_ERR_GRADIENT, when that is asked for). With neither, an input that wants a gradient is
 * refused when the use is recorded (hint: wg_stop_gradient).
 *
 * The op's plan, backward pass and place in the cache are those of any op: the definition's number
 * is in the key, its pointers are not.
 *
 * out     owned by the context; NULL on failure, and then `release` is not called
 * Errors: WG_ERR_ARGUMENT (size, counts, dtypes, no forward), WG_ERR_NAME (no name, or one that the
 * program has given to another op of the context), WG_ERR_STATE (inside a callback),
 * WG_ERR_OVERFLOW, WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_op_define(wg_context *ctx, const wg_op_definition *definition,
                                           wg_op **out);

/**
 * Records a use of an op and returns its first output; wg_output gives the others. wg_apply records
 * one of an op without attributes by its name.
 *
 * n_inputs    as defined; inputs of the op's context, floating ones of a dtype that it serves
 * attributes  attribute_bytes of them, without padding that differs; copied. NULL where 0
 * Errors (of the graph): those of the shape callback, WG_ERR_ARGUMENT (op is NULL or of another
 * context, number of inputs, attributes), WG_ERR_DTYPE, WG_ERR_GRADIENT, WG_ERR_MEMORY.
 */
WG_API wg_node wg_custom(const wg_op *op, const wg_node *inputs, int32_t n_inputs,
                         const void *attributes);

/** What a defined op is. Pointers are valid as long as its context. */
typedef struct wg_custom_info {
    const char *name;
    int32_t n_inputs;
    int32_t n_outputs;
    uint32_t dtypes;
    bool has_gradient;         /**< of first order */
    bool has_higher_orders;    /**< its gradient is made of ops */
    const char *const *inputs; /**< the names of a formula's variables, in order; NULL for others */
} wg_custom_info;

/** Describes an op. Errors: WG_ERR_ARGUMENT; *out is zeroed. */
WG_API wg_status wg_custom_describe(const wg_op *op, wg_custom_info *out);

/* ---- ops by formula ----------------------------------------------------------------------- */

/**
 * Defines a pointwise op by its formula, "x*tanh(log1p(exp(x)))": it is recorded as ordinary ops,
 * so that gradients of all orders, f64 and fusion come with it.
 *
 * The formula knows + - * / ^ and the unary minus, parentheses, decimal numbers, pi, variables
 * (names that are neither pi nor followed by a parenthesis) and the functions of one or two
 * operands among the pointwise ops (wg_exp is "exp"). ^ binds tightest and to the right, -x^2 is
 * -(x^2); it is squares and products for a whole exponent from -64 to 64 but 0, wg_pow_number for
 * another constant one, wg_pow for one that is none. At most 8 variables, 4096 bytes, 64 levels of
 * parentheses, signs and exponents, 1024 operations.
 *
 * wg_custom takes the variables in order of first appearance; they broadcast, are of one floating
 * dtype, and attributes are NULL. What is constant is worked out in f64 once.
 *
 * out     owned by the context; NULL on failure
 * Errors: WG_ERR_ARGUMENT (a formula that is none: wg_context_error names the column and shows it),
 * WG_ERR_NAME, WG_ERR_STATE (inside a callback), WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_custom_pointwise(wg_context *ctx, const char *name,
                                                  const char *formula, wg_op **out);

/* ---- checking an op ----------------------------------------------------------------------- */

/** What a check of an op found. */
typedef struct wg_op_report {
    wg_gradcheck_report first;  /**< the op's gradient */
    wg_gradcheck_report second; /**< the gradient of that gradient; all zero unless has_second */
    bool has_second;            /**< the op's gradient is made of ops */
} wg_op_report;

/**
 * Checks the gradients of an op at given inputs, as wg_gradcheck does: every floating output is
 * weighted at random and summed, and differences of the forward kernel in f64 judge what the
 * gradient gives. Nothing of the program's graphs is touched. An op that does not serve f64 comes
 * out as WG_CHECK_UNDECIDABLE, never as right.
 *
 * inputs    n_inputs of them, of the op's context; the floating ones are differentiated
 * options   or NULL
 * report    filled; zeroed on failure. A wrong gradient is no failure: see the verdicts
 * Errors: WG_ERR_ARGUMENT, WG_ERR_GRADIENT (the op has none, or no floating input or output), those
 * of wg_custom and wg_gradcheck; the text is in wg_context_error.
 */
WG_NODISCARD WG_API wg_status wg_check_op(const wg_op *op, wg_tensor *const *inputs,
                                          int32_t n_inputs, const void *attributes,
                                          const wg_gradcheck_options *options,
                                          wg_op_report *report);

/* ---- hooks -------------------------------------------------------------------------------- */

/** What a hook sees. */
typedef struct wg_hook_call {
    wg_node node; /**< whose gradient it is */
    /** The whole gradient, all contributions added; what the hook leaves in it flows on. */
    const wg_mutable_view *gradient;
    void *user;
    wg_fault *fault;
} wg_hook_call;

/**
 * Lets `callback` see the gradient of a node whenever wg_backward, wg_grad or wg_vjp computes it,
 * from now on and until the graph's reset; refreshes keep it. It may read the gradient, clip it or
 * replace it in place before anything is computed from it. Several hooks of one node are called in
 * order. Of a leaf it sees what this run adds, before that is added to what the leaf holds. A node
 * whose gradient nobody wants is not asked about.
 *
 * To a derivative of higher order a hook is the identity, and wg_jvp calls none. What is a copy of
 * the graph (wg_shadow, wg_gradcheck, wg_function) has no hooks. In a plan's key are the nodes that
 * have hooks; callback and user are those of the graph that runs.
 *
 * n       floating
 * user    handed to the callback; outlives the epoch
 * Errors: the handle's, WG_ERR_ARGUMENT (no callback), WG_ERR_DTYPE, WG_ERR_STATE (inside a
 * callback), WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_hook(wg_node n, wg_status (*callback)(const wg_hook_call *call),
                                      void *user);

#ifdef __cplusplus
}
#endif
#endif
