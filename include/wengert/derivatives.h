/* Derivatives of every kind: products with Jacobians and Hessians, whole ones, and functions.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is recorded here are nodes like any other: they run as one plan with the rest, and can
 * themselves be differentiated, to any order. For y with the Jacobian J = dy/dx, a product takes
 * some few times the work of y, whatever the sizes of x and y: Griewank and Walther, Evaluating
 * Derivatives (2008), chapters 3 and 4. */
#ifndef WG_DERIVATIVES_H
#define WG_DERIVATIVES_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- products ----------------------------------------------------------------------------- */

/**
 * Records J'u, the vector-Jacobian products: out[k] = sum_i (dy_i/dx_k)' u_i, the gradient of
 * sum_i <u_i, y_i> with each u_i held fixed.
 *
 * ys   n_ys nodes of one graph, floating
 * us   n_ys nodes, each with shape and dtype of its y; may depend on anything
 * xs   n_xs nodes, floating: leaves or what was computed, several at once. Where one depends on
 *      another, its path counts in the other's gradient
 * out  n_xs nodes, each with shape and dtype of its x; zeros where no y depends on it
 *
 * Gradient: linear in us, and differentiable in all.
 * Errors (also of the graph): WG_ERR_ARGUMENT (NULL, a count of 0), WG_ERR_HANDLE, WG_ERR_STALE,
 * WG_ERR_DTYPE, WG_ERR_SHAPE (of u and y), WG_ERR_GRADIENT (an op has none), WG_ERR_MEMORY; all of
 * out is invalid then.
 */
WG_NODISCARD WG_API wg_status wg_vjp(const wg_node *ys, const wg_node *us, size_t n_ys,
                                     const wg_node *xs, size_t n_xs, wg_node *out);

/**
 * Records Jv, the Jacobian-vector products: out[i] = sum_k (dy_i/dx_k) v_k, the derivative of y_i
 * as every x_k moves along v_k.
 *
 * ys   n_ys nodes of one graph, floating
 * xs   n_xs nodes as those of wg_vjp
 * vs   n_xs nodes, each with shape and dtype of its x
 * out  n_ys nodes, each with shape and dtype of its y; zeros where it depends on no x
 *
 * By reverse over reverse: J'w is linear in w, so that its vector-Jacobian product with v, taken
 * with respect to w, is Jv. w is a fill that the result does not read: a run of the result alone
 * computes neither w nor J'w. Where v is exactly 0 a pointwise op contributes exactly 0, whatever
 * its derivative is, as where an upstream gradient is 0.
 * Errors: as wg_vjp, WG_ERR_SHAPE of v and x; WG_ERR_GRADIENT also where the gradient of an op has
 * itself none.
 */
WG_NODISCARD WG_API wg_status wg_jvp(const wg_node *ys, size_t n_ys, const wg_node *xs,
                                     const wg_node *vs, size_t n_xs, wg_node *out);

/**
 * Records Hv, the Hessian-vector products of sum(loss): out[k] = sum_j (d2 loss / dx_k dx_j) v_j,
 * the gradient of <gradient, v> (Pearlmutter 1994, by reverse over reverse).
 *
 * loss  floating
 * xs    n nodes as those of wg_vjp
 * vs    n nodes, each with shape and dtype of its x
 * out   n nodes, each with shape and dtype of its x
 *
 * Errors: as wg_jvp.
 */
WG_NODISCARD WG_API wg_status wg_hvp(wg_node loss, const wg_node *xs, const wg_node *vs, size_t n,
                                     wg_node *out);

/* ---- whole Jacobians ---------------------------------------------------------------------- */

/** The most products that one whole Jacobian, Hessian or set of gradients is recorded from. */
#define WG_MAX_PRODUCTS 4096

/**
 * Records the Jacobian dy/dx of shape y.dims + x.dims, from one product for each element of y
 * (wg_vjp with the unit vectors) or, where x has fewer elements, of x (wg_jvp): for functions with
 * few inputs or few outputs. The graph grows by as many copies of the backward pass.
 *
 * y, x  floating, of one graph; of one dtype
 * out   one node
 *
 * Errors (also of the graph): those of wg_vjp and wg_jvp; WG_ERR_DTYPE (y and x differ),
 * WG_ERR_RANGE (the ranks exceed WG_MAX_RANK together; both have more than WG_MAX_PRODUCTS
 * elements: hint wg_vjp, wg_jvp).
 */
WG_NODISCARD WG_API wg_status wg_jacobian(wg_node y, wg_node x, wg_node *out);

/**
 * Records the Hessian of sum(loss), of shape x.dims + x.dims: the Jacobian of the gradient, row by
 * row.
 *
 * loss, x  floating, of one graph
 * Errors: as wg_jacobian; hint wg_hvp.
 */
WG_NODISCARD WG_API wg_status wg_hessian(wg_node loss, wg_node x, wg_node *out);

/**
 * Records the gradient of each sample's loss: out[k][b] = d losses[b] / dx_k.
 *
 * losses  [B], floating: one loss for each sample, B at most WG_MAX_PRODUCTS
 * xs      n nodes as those of wg_vjp, of rank WG_MAX_RANK - 1 at most, of the dtype of losses
 * out     n nodes of shape [B] + x.dims
 *
 * One product for each sample, with its unit vector: row b has the bits of wg_vjp by that alone.
 * Errors: as wg_jacobian; WG_ERR_SHAPE (losses is not of rank 1).
 */
WG_NODISCARD WG_API wg_status wg_per_sample_gradients(wg_node losses, const wg_node *xs, size_t n,
                                                      wg_node *out);

/* ---- functions ---------------------------------------------------------------------------- */

/**
 * A recorded computation as an object of its own, from some leaves to some nodes: to be evaluated
 * and differentiated at other inputs, by an optimizer or solver, say. It lives in its graph's
 * context, whose thread rule it follows, and is destroyed before that.
 */
typedef struct wg_function wg_function;

/**
 * Freezes what leads from `inputs` to `outputs`. Only that is copied, and nothing of it runs. The
 * graph may be changed, reset or destroyed after.
 *
 * inputs   n_in different leaves of one graph: wg_input, wg_variable, wg_use, wg_constant
 * outputs  n_out nodes of that graph, any of them
 * out      owned by the caller; NULL on failure
 *
 * Every other leaf is captured by value, as it is now, parameters too; so are numbers. A later
 * change of either does not reach the function. Training or evaluation is as recorded. What was
 * recorded by wg_assign and wg_keep is left out.
 *
 * Random ops draw from the graph's stream. The function starts at the graph's step and goes on by
 * one with every call that succeeds (wg_function_set_step), so that each draws anew: dropout drops
 * other elements in each call, and within one call the same in values and derivatives.
 *
 * Errors: WG_ERR_ARGUMENT (NULL, a count of 0, an input that is no leaf or is there twice), those
 * of the handles, the graph's, WG_ERR_STATE (inside a callback), WG_ERR_STALE (a leaf changed since
 * it was recorded), WG_ERR_MEMORY; the text is in wg_graph_error.
 */
WG_NODISCARD WG_API wg_status wg_function_create(const wg_node *inputs, size_t n_in,
                                                 const wg_node *outputs, size_t n_out,
                                                 wg_function **out);

/** Destroys a function. NULL does nothing. */
WG_API void wg_function_destroy(wg_function *f);

/** What an input or output is. Pointers are valid as long as the function. */
typedef struct wg_function_slot {
    const char *name; /**< as recorded; NULL where unnamed */
    wg_dtype dtype;
    int32_t rank;
    const int64_t *dims; /**< rank of them; NULL for rank 0 */
    int64_t count;
} wg_function_slot;

/** The number of inputs and outputs; 0 for NULL. */
WG_API size_t wg_function_input_count(const wg_function *f);
WG_API size_t wg_function_output_count(const wg_function *f);

/** Describes the i-th. Errors: WG_ERR_ARGUMENT, WG_ERR_RANGE; *out is zeroed then. */
WG_API wg_status wg_function_input(const wg_function *f, size_t i, wg_function_slot *out);
WG_API wg_status wg_function_output(const wg_function *f, size_t i, wg_function_slot *out);

/** The random step of the next call; 0 for NULL. Errors of setting it: WG_ERR_ARGUMENT. */
WG_API uint64_t wg_function_step(const wg_function *f);
WG_API wg_status wg_function_set_step(wg_function *f, uint64_t step);

/** The text of the last call that failed, "" after one that succeeded; never NULL. Valid until the
 * next call. */
WG_API const char *wg_function_error(const wg_function *f);

/**
 * Evaluates: outputs = f(inputs).
 *
 * inputs   as many as the function has, each with shape and dtype of its input; read in place
 * outputs  as many as the function has; a NULL one is not asked for, and not computed. They are
 *          written when all has run, and may be tensors of `inputs` unless an input is itself an
 *          output. A failed call leaves them as they were
 *
 * From the third call that asks for the same, no memory is allocated.
 * Errors: WG_ERR_ARGUMENT (NULL, of another context, nothing asked for), WG_ERR_SHAPE,
 * WG_ERR_DTYPE, WG_ERR_STALE (a value past its reset), WG_ERR_STATE (an output is a graph's
 * value), and those of wg_run.
 */
WG_NODISCARD WG_API wg_status wg_function_call(wg_function *f, const wg_tensor *const *inputs,
                                               wg_tensor *const *outputs);

/**
 * Vector-Jacobian products: input_gradients[k] = sum_i (dy_i/dx_k)' u_i, as wg_vjp.
 *
 * us       one for each output, of its shape and dtype; a NULL one is zeros, and that of an integer
 *          or bool output is not read. us itself NULL: ones everywhere, so that what comes is the
 *          gradient of the sum of all outputs, of the loss where that is the one output
 * outputs  as wg_function_call, computed along; may be NULL
 * input_gradients  one for each input, of its shape and dtype; a NULL one is not asked for, and
 *          that of an integer or bool input must be NULL
 *
 * Errors: as wg_function_call; WG_ERR_DTYPE (a gradient of an integer is asked for),
 * WG_ERR_GRADIENT (nothing floating to differentiate; an op has no gradient).
 */
WG_NODISCARD WG_API wg_status wg_function_vjp(wg_function *f, const wg_tensor *const *inputs,
                                              const wg_tensor *const *us, wg_tensor *const *outputs,
                                              wg_tensor *const *input_gradients);

/**
 * Jacobian-vector products: output_tangents[i] = sum_k (dy_i/dx_k) v_k, as wg_jvp.
 *
 * vs       one for each input, of its shape and dtype; a NULL one is zeros, and that of an integer
 *          or bool input is not read
 * outputs  as wg_function_call, computed along; may be NULL
 * output_tangents  one for each output, of its shape and dtype; NULL as above
 *
 * Errors: as wg_function_vjp.
 */
WG_NODISCARD WG_API wg_status wg_function_jvp(wg_function *f, const wg_tensor *const *inputs,
                                              const wg_tensor *const *vs, wg_tensor *const *outputs,
                                              wg_tensor *const *output_tangents);

/**
 * Hessian-vector products of a function with one output of one element: out[k] =
 * sum_j (d2 y / dx_k dx_j) v_j, as wg_hvp.
 *
 * vs   as those of wg_function_jvp
 * out  as the input_gradients of wg_function_vjp
 *
 * Errors: as wg_function_vjp; WG_ERR_SHAPE (not one output of one element).
 */
WG_NODISCARD WG_API wg_status wg_function_hvp(wg_function *f, const wg_tensor *const *inputs,
                                              const wg_tensor *const *vs, wg_tensor *const *out);

#ifdef __cplusplus
}
#endif
#endif
