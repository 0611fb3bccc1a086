/* Optimizers: how parameters change by their gradients; the library's, and your own.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPTIMIZER_H
#define WG_OPTIMIZER_H

#include <wengert/callback.h>
#include <wengert/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- optimizers --------------------------------------------------------------------------- */

/** Changes the parameters of one model by their gradients. */
typedef struct wg_optimizer wg_optimizer;

/** Options of SGD, as PyTorch's SGD: v = momentum v + (1 - dampening) g; p -= rate v (Nesterov:
 * p -= rate (g + momentum v)), with g = gradient + weight_decay p; the first v is g. */
typedef struct wg_sgd_options {
    size_t size;
    double rate; /**< > 0 */
    double momentum;
    double weight_decay;
    bool is_nesterov;
    double dampening; /**< in [0, 1]; 0 where is_nesterov; without momentum it means nothing */
} wg_sgd_options;

/** Options of Adam (Kingma, Ba 2015), as PyTorch's Adam. Zeros mean .001, .9, .999, 1e-8. */
typedef struct wg_adam_options {
    size_t size;
    double rate;
    double beta1;
    double beta2;
    double epsilon;
    double weight_decay; /**< added to the gradient */
    bool is_amsgrad; /**< divides by the largest second moment so far (Reddi, Kale, Kumar 2018) */
} wg_adam_options;

/** Options of AdamW (Loshchilov, Hutter 2019), as PyTorch's AdamW: those of Adam, but that the
 * decay is decoupled from the gradient: p = (1 - rate weight_decay) p before Adam's step without
 * decay. Zeros mean what they do for Adam, a decay of 0 is none; NULL options decay by .01. */
typedef wg_adam_options wg_adamw_options;

/** Options of RMSprop (Tieleman, Hinton 2012), as PyTorch's RMSprop:
 * q = alpha q + (1 - alpha) g^2, p -= rate g / (sqrt(q) + epsilon). Zeros mean .01, .99, 1e-8. */
typedef struct wg_rmsprop_options {
    size_t size;
    double rate;
    double alpha;
    double epsilon;
    double momentum;     /**< b = momentum b + g / (sqrt(q) + epsilon), p -= rate b */
    double weight_decay; /**< added to the gradient */
    bool is_centered;    /**< the running mean's square is taken from q, to no less than 0 */
} wg_rmsprop_options;

/** Options of Adagrad (Duchi, Hazan, Singer 2011), as PyTorch's Adagrad: h += g^2, p -= r g /
 * (sqrt(h) + epsilon), r = rate / (1 + (step - 1) rate_decay). Zeros mean .01 and 1e-10. */
typedef struct wg_adagrad_options {
    size_t size;
    double rate;
    double epsilon;
    double rate_decay;
    double weight_decay; /**< added to the gradient */
    double initial;      /**< of h */
} wg_adagrad_options;

/** Options of L-BFGS (Nocedal 1980; Liu, Nocedal 1989), as PyTorch's LBFGS. */
typedef struct wg_lbfgs_options {
    size_t size;
    double rate;               /**< the length of a step, or where the search begins; 0: 1 */
    int32_t max_iterations;    /**< in a step; 0: 20 */
    int32_t max_evaluations;   /**< in a step; 0: max_iterations * 5 / 4 */
    double tolerance_gradient; /**< ends a step: of the largest element; 0: 1e-7 */
    double tolerance_change;   /**< ends a step: of parameters and loss; 0: 1e-9 */
    int32_t history;           /**< pairs that are remembered, at most 1000; 0: 100 */
    bool is_strong_wolfe; /**< search along each direction for the strong conditions of Wolfe */
} wg_lbfgs_options;

/** Creates an optimizer of m, which must outlive it. Parameters added later join at the next step.
 * For one of your own see below.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_STATE (a shared model), WG_ERR_MEMORY. */
WG_NODISCARD WG_API wg_status wg_sgd_create(wg_model *m, const wg_sgd_options *options,
                                            wg_optimizer **out);
WG_NODISCARD WG_API wg_status wg_adam_create(wg_model *m, const wg_adam_options *options,
                                             wg_optimizer **out);
WG_NODISCARD WG_API wg_status wg_adamw_create(wg_model *m, const wg_adamw_options *options,
                                              wg_optimizer **out);
WG_NODISCARD WG_API wg_status wg_rmsprop_create(wg_model *m, const wg_rmsprop_options *options,
                                                wg_optimizer **out);
WG_NODISCARD WG_API wg_status wg_adagrad_create(wg_model *m, const wg_adagrad_options *options,
                                                wg_optimizer **out);
WG_NODISCARD WG_API wg_status wg_lbfgs_create(wg_model *m, const wg_lbfgs_options *options,
                                              wg_optimizer **out);
/** NULL does nothing. Not while it steps. */
WG_API void wg_optimizer_destroy(wg_optimizer *o);

/**
 * One step: every parameter with a gradient, not frozen, changes in place and its gradient is
 * marked empty; the others are skipped, their state too. All or nothing, but for an optimizer of
 * your own whose callback fails.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_MEMORY, WG_ERR_STATE (inside a callback; L-BFGS, which wants
 * wg_optimizer_step_closure), what such a callback returns.
 */
WG_NODISCARD WG_API wg_status wg_optimizer_step(wg_optimizer *o);

/**
 * Computes the loss at the parameters as they are, and their gradients: resets or refreshes a
 * graph, records, runs wg_backward, and puts the loss into *loss. Returns how it went.
 */
typedef wg_status (*wg_closure)(void *user, double *loss);

/**
 * One step of an optimizer that evaluates the loss itself. L-BFGS takes up to max_iterations, with
 * vectors of f64 over all parameters that are not frozen; any other optimizer evaluates once and
 * steps. Gradients are emptied before each evaluation and at the end.
 *
 * closure  may record, run, and clip gradients; it changes no parameter and no optimizer
 * loss     gets the loss before the step; may be NULL
 *
 * Where the closure fails its status is returned, the parameters of L-BFGS are where its last
 * iteration began, and it forgets its history. Groups and weight decay are not for L-BFGS.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_STATE (inside a callback; L-BFGS with groups, or without a
 * parameter that learns), WG_ERR_OVERFLOW, WG_ERR_MEMORY, and what the closure returns.
 */
WG_NODISCARD WG_API wg_status wg_optimizer_step_closure(wg_optimizer *o, wg_closure closure,
                                                        void *user, double *loss);

/** The learning rate; NaN for NULL. Setting: WG_ERR_ARGUMENT unless finite and >= 0. */
WG_API double wg_optimizer_rate(const wg_optimizer *o);
WG_API wg_status wg_optimizer_set_rate(wg_optimizer *o, double rate);

/** "sgd", "adam", "adamw", "rmsprop", "adagrad", "lbfgs", or the name of the definition; "" for
 * NULL. Owned by the optimizer. */
WG_API const char *wg_optimizer_name(const wg_optimizer *o);

/* ---- groups of parameters ----------------------------------------------------------------- */

/** How some parameters are treated unlike the others. Set `size` to sizeof(wg_optimizer_group); a
 * zero elsewhere is the default. */
typedef struct wg_optimizer_group {
    size_t size;
    const char *path;  /**< the parameters at or below this name, "encoder.0"; NULL or "": all */
    int32_t max_rank;  /**< of these those of at most this rank: 1 are biases and the scales of
                            norms; 0: any rank */
    double rate_scale; /**< the rate is the optimizer's times this; 0: 1 */
    bool has_weight_decay; /**< the weight decay is the group's, not the optimizer's */
    double weight_decay;
} wg_optimizer_group;

/**
 * Treats some parameters, those made later too, as the group says. Where several groups have a
 * parameter, the one added last counts. A schedule moves the optimizer's rate, and so every
 * group's. So AdamW without decay of biases and norms is
 *
 *     const wg_optimizer_group plain = {.size = sizeof plain, .max_rank = 1,
 *                                       .has_weight_decay = true};
 *     status = wg_optimizer_add_group(adamw, &plain);
 *
 * group  copied
 *
 * Errors, by which nothing has changed: WG_ERR_ARGUMENT (size, a negative rank, a scale or decay
 * that is not finite and >= 0), WG_ERR_NAME (no parameter stands at or below the path),
 * WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_optimizer_add_group(wg_optimizer *o,
                                                     const wg_optimizer_group *group);

/* ---- state -------------------------------------------------------------------------------- */

/**
 * The number of tensors that an optimizer remembers; 0 for NULL. Of every parameter that has
 * stepped there are "step.NAME", i64 [], the number of its steps, and one tensor of its shape and
 * dtype for each thing kept of it: "momentum_buffer.NAME" of SGD with momentum; "exp_avg.NAME" and
 * "exp_avg_sq.NAME" of Adam and AdamW, "max_exp_avg_sq.NAME" with AMSGrad; "square_avg.NAME" of
 * RMSprop, "grad_avg.NAME" where it is centered and "momentum_buffer.NAME" where it has momentum;
 * "sum.NAME" of Adagrad; "state0.NAME", "state1.NAME" and so on of your own. L-BFGS has instead
 * "lbfgs.counts", "lbfgs.numbers", "lbfgs.direction", "lbfgs.gradient", "lbfgs.steps" and
 * "lbfgs.changes". Rate, groups and other options are not among them.
 */
WG_API size_t wg_optimizer_state_count(const wg_optimizer *o);

/**
 * Copies the i-th of them, in the order of the parameters.
 *
 * name  gets its name, of at most 319 bytes and a NUL; name_bytes: the room
 * out   a tensor owned by the caller; NULL on failure
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_RANGE (i, or too little room), WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_optimizer_state_get(const wg_optimizer *o, size_t i, char *name,
                                                     size_t name_bytes, wg_tensor **out);

/**
 * Makes the state what n tensors say, all that wg_optimizer_state_get gave of an optimizer of the
 * same kind and options over a model of the same parameters: from then on both step alike, bit for
 * bit. Parameters that are not among them have not stepped. All or nothing.
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_STATE (inside a callback, or between wg_module_begin and its
 * end), WG_ERR_NAME (unexpected, missing or twice there), WG_ERR_SHAPE, WG_ERR_DTYPE, WG_ERR_RANGE
 * (a step below 1), WG_ERR_MEMORY; wg_context_error tells how many are at fault and the first.
 */
WG_NODISCARD WG_API wg_status wg_optimizer_state_set(wg_optimizer *o,
                                                     const wg_named_tensor *entries, size_t n);

/* ---- clipping of gradients ---------------------------------------------------------------- */

/**
 * Scales the gradients of a model down to a norm: all are multiplied by max_norm / norm where that
 * is below 1, norm being that of all their elements together. Between wg_backward and
 * wg_optimizer_step.
 *
 * max_norm  > 0
 * order     of the norm: 2, or infinity, the largest absolute value
 * norm      gets the norm before; may be NULL
 *
 * Gradients that are empty and those of frozen parameters neither count nor change. Where the norm
 * is not finite nothing changes: test *norm to pass over the step.
 * Numerics: squares are summed in f64; a gradient is multiplied in its own dtype.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_STATE (inside a callback); *norm is NaN then.
 * Source: PyTorch's clip_grad_norm_, without the 1e-6 that it adds to the norm; Pascanu, Mikolov,
 * Bengio 2013.
 */
WG_API wg_status wg_clip_grad_norm(wg_model *m, double max_norm, double order, double *norm);

/** Clips each element of the gradients to [-limit, limit]; NaN stays. Parameters and errors as
 * wg_clip_grad_norm's; limit > 0. */
WG_API wg_status wg_clip_grad_value(wg_model *m, double limit);

/* ---- optimizers of your own ---------------------------------------------------------------- */

/** The most state tensors that an optimizer keeps for each parameter. */
#define WG_MAX_STATES 4

/**
 * One parameter in a step: arrays of n elements of its dtype, row-major, aligned to 64 bytes, none
 * overlapping another.
 */
typedef struct wg_update {
    void *value;                /**< to be changed in place */
    const void *gradient;       /**< the accumulated gradient */
    void *state[WG_MAX_STATES]; /**< the definition's n_states; zeros at step 1; else NULL */
    int64_t n;                  /**< elements, 0 or more; without elements the arrays may be NULL */
    int64_t step;               /**< of this parameter: 1 at its first */
    double rate;                /**< the optimizer's, times that of the parameter's group */
    double weight_decay;        /**< that of the group, or the optimizer's; of your own: 0 */
    int32_t dtype;              /**< a wg_dtype, floating */
    wg_param *param;            /**< whose name and shape may be asked for; not to be changed */
} wg_update;

/** A step: every parameter that has a gradient and is not frozen, in the model's order. */
typedef struct wg_step {
    const wg_update *updates;
    size_t n;        /**< of updates, at least 1 */
    double rate;     /**< wg_optimizer_rate */
    void *user;      /**< the definition's */
    wg_fault *fault; /**< for wg_fail */
} wg_step;

/** What an optimizer is. Set `size` to sizeof(wg_optimizer_definition). */
typedef struct wg_optimizer_definition {
    size_t size;
    const char *name; /**< stands in messages; 1 to 63 bytes of printable ASCII; copied */
    int32_t n_states; /**< tensors of each parameter's type and shape; 0 to WG_MAX_STATES */
    double rate;      /**< to begin with; finite, >= 0 */
    /** Changes values and states. The context is closed meanwhile, as custom.h says; models are not
     * changed and optimizers not destroyed. */
    wg_status (*step)(const wg_step *step);
    void (*release)(void *user); /**< called once, by wg_optimizer_destroy; may be NULL */
    void *user;                  /**< for both */
} wg_optimizer_definition;

/**
 * Creates an optimizer of m, which must outlive it, from a definition, which is copied. It is then
 * one like the library's own: wg_optimizer_step allocates every state before the first parameter
 * changes, skips parameters that are frozen or without gradient, and marks gradients empty;
 * wg_optimizer_rate, wg_optimizer_set_rate and wg_optimizer_destroy serve it; parameters added
 * later join at the next step.
 *
 * A callback that returns another status than WG_OK ends the step: wg_optimizer_step returns that
 * status, wg_context_error tells what wg_fail left. What the callback had written until then stays
 * written; no gradient is emptied, no step is counted, and graphs that recorded one of the
 * parameters take it for changed. A callback that is to be all or nothing checks first.
 *
 * On failure the caller keeps `user`: release is not called.
 * Errors: WG_ERR_ARGUMENT (size, n_states, rate, no callback), WG_ERR_NAME, WG_ERR_STATE (a shared
 * model), WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_optimizer_create(wg_model *m,
                                                  const wg_optimizer_definition *definition,
                                                  wg_optimizer **out);

#ifdef __cplusplus
}
#endif
#endif
