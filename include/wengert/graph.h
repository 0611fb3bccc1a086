/* Graphs: the list of recorded ops, its values and its gradients.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_GRAPH_H
#define WG_GRAPH_H

#include <wengert/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The list of ops recorded since the last reset. Order of recording is a topological order. */
typedef struct wg_graph wg_graph;

/** A named tensor that learns; model.h makes them. */
typedef struct wg_param wg_param;

/** A named part of a model; model.h makes them. */
typedef struct wg_module wg_module;

/**
 * An entry of a graph's list. A value, freely copied, valid until the graph's next reset; using a
 * stale or foreign one is an error, never a crash, as long as the context lives.
 */
typedef struct wg_node {
    wg_graph *graph;
    uint32_t index;
    uint32_t epoch;
} wg_node;

/* ---- life of a graph ---------------------------------------------------------------------- */

/** Creates an empty graph in training mode. Errors: WG_ERR_ARGUMENT, WG_ERR_MEMORY. */
WG_NODISCARD WG_API wg_status wg_graph_create(wg_context *ctx, wg_graph **out);

/** Destroys a graph; its nodes and values become stale. NULL does nothing. */
WG_API void wg_graph_destroy(wg_graph *g);

/**
 * Forgets the list, its results and its error, keeps the memory, and adds one to the random step.
 * All handles and values become stale. Errors: WG_ERR_ARGUMENT.
 */
WG_API wg_status wg_graph_reset(wg_graph *g);

/**
 * Keeps the list and its handles, drops the results: the next run reads borrowed buffers anew,
 * accepts parameters as they now are, and takes the numbers set by wg_number_set. Adds one to the
 * random step. Errors: WG_ERR_ARGUMENT; the graph's error where it has one.
 */
WG_API wg_status wg_graph_refresh(wg_graph *g);

/** Gives spare memory of the graph and the scratch workspace back. Errors: WG_ERR_ARGUMENT. */
WG_API wg_status wg_graph_trim(wg_graph *g);

/** The first recording error since the last reset; WG_OK when there is none. */
WG_API wg_status wg_graph_status(const wg_graph *g);

/**
 * The text of the recording error, or else of the last failed run; "" when there is neither.
 * Valid until the next call with this graph; never NULL.
 */
WG_API const char *wg_graph_error(wg_graph *g);

/**
 * Training (true, the default) or evaluation, read by constructors and kept over resets. In
 * evaluation nothing wants a gradient and dropout does nothing. Errors: WG_ERR_ARGUMENT.
 */
WG_API wg_status wg_graph_set_training(wg_graph *g, bool is_training);
WG_API bool wg_graph_is_training(const wg_graph *g);

/** The graph's random stream (default: 0, 1, ... in order of creation) and its 64-bit step. */
WG_API wg_status wg_graph_set_stream(wg_graph *g, uint64_t stream);
WG_API uint64_t wg_graph_stream(const wg_graph *g);
WG_API wg_status wg_graph_set_step(wg_graph *g, uint64_t step);
WG_API uint64_t wg_graph_step(const wg_graph *g);

/** The context of the graph; NULL for NULL. */
WG_API wg_context *wg_graph_context(const wg_graph *g);

/* ---- leaves ------------------------------------------------------------------------------- */

/**
 * A tensor as a node without gradient. The graph retains t until its reset; borrowed data follow
 * the rule of wg_tensor_borrow. Errors (of the graph): WG_ERR_ARGUMENT, WG_ERR_STALE (t is a
 * graph's value past its reset), WG_ERR_MEMORY.
 */
WG_API wg_node wg_input(wg_graph *g, wg_tensor *t);

/** As wg_input, wanting a gradient (wg_gradient). Errors: also WG_ERR_DTYPE unless floating. */
WG_API wg_node wg_variable(wg_graph *g, wg_tensor *t);

/** A parameter as a node; the same node for the same parameter until the reset. Wants a gradient
 * unless frozen or the graph evaluates. The parameter must outlive the epoch. */
WG_API wg_node wg_use(wg_graph *g, wg_param *p);

/** A copy of `data` as a node without gradient. Errors: as wg_tensor_create. */
WG_API wg_node wg_constant(wg_graph *g, wg_dtype dtype, int32_t rank, const int64_t *dims,
                           const void *data);

/** A rank-0 node of value v; the value is a number (wg_number_set, index 0). */
WG_API wg_node wg_number(wg_graph *g, wg_dtype dtype, double v);

/* ---- nodes -------------------------------------------------------------------------------- */

/** Whether the handle is a live node of a live graph. */
WG_API bool wg_is_valid(wg_node n);

/** The i-th output of the op that made n (output 0 of a one-output op is n itself). */
WG_API wg_node wg_output(wg_node n, int32_t i);

/** Names a node for messages, at most 63 bytes are kept; returns n. NULL leaves it unnamed. */
WG_API wg_node wg_name(wg_node n, const char *name);

/** Stamps a node with a place in the caller's source, kept by pointer; the first stamp stays.
 * The constructor macros call it. Returns n. */
WG_API wg_node wg_at(wg_node n, const char *file, int line);

/** Returns n, or fails the graph (WG_ERR_SHAPE) unless n has that shape; -1 fits any size. */
WG_API wg_node wg_expect_shape(wg_node n, int32_t rank, const int64_t *dims);

/** Makes n an extra root of every later run until the reset. Errors: the handle's. */
WG_API wg_status wg_keep(wg_node n);

/** Sets the i-th number of n's op, taking effect at the next refresh.
 * Errors: the handle's, WG_ERR_RANGE (no such number). */
WG_API wg_status wg_number_set(wg_node n, int32_t i, double value);

/**
 * Records that p takes the value of n, once after recording and once after each refresh, at the
 * end of the first successful wg_backward or wg_run. Shapes and dtypes must agree.
 * Errors: the handle's, WG_ERR_ARGUMENT, WG_ERR_SHAPE, WG_ERR_DTYPE, WG_ERR_MEMORY.
 */
WG_API wg_status wg_assign(wg_param *p, wg_node n);

/** dtype (0 on failure), rank (-1), one dim (-1) of a node. Axes count from the end below 0. */
WG_API wg_dtype wg_node_dtype(wg_node n);
WG_API int32_t wg_node_rank(wg_node n);
WG_API int64_t wg_node_dim(wg_node n, int32_t axis);

/* ---- values ------------------------------------------------------------------------------- */

/**
 * Runs what the n nodes need; their values stay readable until the reset or refresh.
 * Errors: the graph's; WG_ERR_STALE (a leaf changed since it was recorded), WG_ERR_RANGE (an
 * index in the data), WG_ERR_MEMORY, WG_ERR_ENGINE, WG_ERR_CANCELLED (wg_cancel), WG_ERR_STATE
 * (inside a callback of custom.h), and what such a callback returned.
 */
WG_NODISCARD WG_API wg_status wg_run(const wg_node *nodes, size_t n);

/**
 * The value of a node, computed when it is not there yet; NULL on failure (wg_graph_error). The
 * graph owns it; valid until reset or refresh. After wg_backward(loss), wg_item(loss) is free; the
 * other order computes the forward pass twice.
 */
WG_API const wg_tensor *wg_value(wg_node n);

/** The one element of a node as a double; NaN on failure. Errors: also WG_ERR_SHAPE. */
WG_API double wg_item(wg_node n);

/** wg_value and wg_item with a status; *out is NULL or NaN on failure. */
WG_NODISCARD WG_API wg_status wg_get(wg_node n, const wg_tensor **out);
WG_NODISCARD WG_API wg_status wg_get_item(wg_node n, double *out);

/** Copies a node's value into dst (same shape and dtype), which outlives the graph's reset. */
WG_NODISCARD WG_API wg_status wg_value_copy(wg_node n, wg_tensor *dst);

/* ---- gradients ---------------------------------------------------------------------------- */

/**
 * Runs forward and backward as one plan: the gradient of `loss` with respect to every variable and
 * parameter it depends on is added to the gradient that leaf holds. All or nothing.
 *
 * loss  one element, floating
 * Errors: the graph's; WG_ERR_SHAPE (hint: wg_sum), WG_ERR_DTYPE, WG_ERR_GRADIENT (nothing that
 * learns), and those of wg_run.
 */
WG_NODISCARD WG_API wg_status wg_backward(wg_node loss);

/** The accumulated gradient of a variable or parameter; NULL while empty. Owned by the graph (until
 * its reset) or the parameter (until the next backward or optimizer step). */
WG_API const wg_tensor *wg_gradient(wg_node n);

/**
 * Records the gradients of sum(y) with respect to the n nodes xs: out[i] has the shape of xs[i],
 * and is itself differentiable, to any order. A node y does not depend on gives zeros.
 * Errors (also of the graph): WG_ERR_ARGUMENT, WG_ERR_DTYPE, WG_ERR_GRADIENT, WG_ERR_MEMORY; all
 * of out is invalid then.
 */
WG_NODISCARD WG_API wg_status wg_grad(wg_node y, const wg_node *xs, size_t n, wg_node *out);

/* ---- modules ------------------------------------------------------------------------------ */

/**
 * Says that what is recorded from now on belongs to a module, inside of those that were entered
 * before, until wg_module_leave. Messages then tell the module at fault, and wg_summary_write
 * counts by modules. It changes neither what is recorded nor plans, and a reset leaves all modules.
 *
 * module   must outlive the epoch; NULL changes nothing
 * x        any node of the graph, an operand say
 * returns  x
 *
 * Errors (of x's graph): WG_ERR_MEMORY.
 */
WG_API wg_node wg_module_enter(const wg_module *module, wg_node x);

/** Leaves the module, and those that were entered inside of it and not left; y is its result.
 * Returns y. A module that is not entered, or NULL, changes nothing. */
WG_API wg_node wg_module_leave(const wg_module *module, wg_node y);

/** A stay in a module. */
typedef struct wg_scope {
    const wg_module *module;
    int64_t outer;  /**< the scope around it; -1: none */
    uint32_t first; /**< entries [first, end) were recorded inside, those of inner scopes too */
    uint32_t end;
    wg_node result; /**< of wg_module_leave; invalid while the module is not left */
} wg_scope;

/** The number of stays since the last reset, and the i-th, in order of entering. A graph that is
 * NULL or destroyed has none. Errors: WG_ERR_ARGUMENT, WG_ERR_RANGE (*out is zeroed). */
WG_API size_t wg_graph_scope_count(const wg_graph *g);
WG_API wg_status wg_graph_scope(wg_graph *g, size_t i, wg_scope *out);

/* ---- reading the list --------------------------------------------------------------------- */

/** What an entry of the list is. Pointers are valid until the list changes. */
typedef struct wg_node_info {
    const char *op;   /**< "matmul"; leaves are "input", "variable", "param", "constant" */
    const char *name; /**< NULL where unnamed */
    const char *file; /**< NULL where unknown */
    int32_t line;
    wg_dtype dtype;
    int32_t rank;
    const int64_t *dims; /**< rank of them */
    int64_t count;
    int32_t n_inputs;
    int32_t n_numbers;
    int32_t output; /**< which output of its op this entry is */
    bool wants_gradient;
    bool is_leaf;
    bool is_smooth; /**< false where the op has kinks (relu, abs, ...) */
    bool is_random;
    bool is_custom;        /**< of the program (wg_op_define), or the gradient of such an op */
    const wg_param *param; /**< the parameter of a "param" leaf, else NULL */
} wg_node_info;

/** The number of entries; 0 for NULL. */
WG_API uint32_t wg_graph_count(const wg_graph *g);

/** The i-th entry as a node; an invalid node where there is none. */
WG_API wg_node wg_graph_node(wg_graph *g, uint32_t i);

/** Describes an entry. Errors: the handle's, WG_ERR_ARGUMENT. */
WG_API wg_status wg_node_describe(wg_node n, wg_node_info *out);

/**
 * The additions and multiplications of an op's products of matrices, convolutions, recurrences,
 * attention and factorisations: two for each multiply-add. 0 for other ops, for outputs but the
 * first, for leaves, and for an invalid node.
 */
WG_API double wg_node_flops(wg_node n);

/** The i-th input of an entry; an invalid node where there is none. */
WG_API wg_node wg_node_input(wg_node n, int32_t i);

/** The i-th number of an entry, as now bound; NaN where there is none. */
WG_API double wg_node_number(wg_node n, int32_t i);

/* ---- shadows ------------------------------------------------------------------------------ */

/**
 * A copy of a graph's list under another dtype, with its own copies of the leaves: what it runs
 * touches neither the graph nor the parameters. Random ops draw what the graph draws.
 */
typedef struct wg_shadow wg_shadow;

/**
 * Makes a shadow in which every tensor of dtype `from` is of dtype `to` (both floating; equal for
 * a plain copy). The graph may be reset or destroyed before the shadow.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_DTYPE, the graph's, WG_ERR_STATE (inside a callback),
 * WG_ERR_STALE, WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_shadow_create(wg_graph *g, wg_dtype from, wg_dtype to,
                                               wg_shadow **out);
WG_API void wg_shadow_destroy(wg_shadow *s);

/** The shadow's own node for a node of the graph: usable with wg_backward, wg_value, wg_gradient,
 * wg_run, wg_grad and all constructors. Parameters are variables there. */
WG_API wg_node wg_shadow_node(const wg_shadow *s, wg_node n);

/** The shadow's graph, owned by the shadow. */
WG_API wg_graph *wg_shadow_graph(wg_shadow *s);

/** The shadow's own copy of a leaf, to be written at will followed by wg_graph_refresh; NULL where
 * the node is no leaf. Owned by the shadow. */
WG_API wg_tensor *wg_shadow_leaf(wg_shadow *s, wg_node n);

/**
 * Runs the one op of a shadow's node on the given inputs (in the shapes and dtypes of the node's
 * own inputs) with the reference kernel, into `outputs`, one for each output of the op.
 * Errors: the handle's, WG_ERR_ARGUMENT, WG_ERR_SHAPE, WG_ERR_DTYPE, those of a run.
 */
WG_NODISCARD WG_API wg_status wg_shadow_apply(wg_shadow *s, wg_node n,
                                              const wg_tensor *const *inputs, size_t n_inputs,
                                              wg_tensor *const *outputs, size_t n_outputs);

#ifdef __cplusplus
}
#endif
#endif
