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

/** Options of SGD: v = momentum v + g; p -= rate v (Nesterov: p -= rate (g + momentum v)), with
 * g = gradient + weight_decay p; the first v is g. As PyTorch's SGD without dampening. */
typedef struct wg_sgd_options {
    size_t size;
    double rate; /**< > 0 */
    double momentum;
    double weight_decay;
    bool is_nesterov;
} wg_sgd_options;

/** Options of Adam (Kingma, Ba 2015), as PyTorch's Adam. Zeros mean .001, .9, .999, 1e-8. */
typedef struct wg_adam_options {
    size_t size;
    double rate;
    double beta1;
    double beta2;
    double epsilon;
    double weight_decay; /**< added to the gradient */
} wg_adam_options;

/** Options of AdamW (Loshchilov, Hutter 2019), as PyTorch's AdamW: those of Adam, but that the
 * decay is decoupled from the gradient: p = (1 - rate weight_decay) p before Adam's step without
 * decay. Zeros mean what they do for Adam, a decay of 0 is none; NULL options decay by .01. */
typedef wg_adam_options wg_adamw_options;

/** Creates an optimizer of m, which must outlive it. Parameters added later join at the next step.
 * For one of your own see below.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_STATE (a shared model), WG_ERR_MEMORY. */
WG_NODISCARD WG_API wg_status wg_sgd_create(wg_model *m, const wg_sgd_options *options,
                                            wg_optimizer **out);
WG_NODISCARD WG_API wg_status wg_adam_create(wg_model *m, const wg_adam_options *options,
                                             wg_optimizer **out);
WG_NODISCARD WG_API wg_status wg_adamw_create(wg_model *m, const wg_adamw_options *options,
                                              wg_optimizer **out);
/** NULL does nothing. Not while it steps. */
WG_API void wg_optimizer_destroy(wg_optimizer *o);

/**
 * One step: every parameter with a gradient, not frozen, changes in place and its gradient is
 * marked empty; the others are skipped, their state too. All or nothing, but for an optimizer of
 * your own whose callback fails.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_MEMORY, WG_ERR_STATE (inside a callback), what
 * such a callback returns.
 */
WG_NODISCARD WG_API wg_status wg_optimizer_step(wg_optimizer *o);

/** The learning rate; NaN for NULL. Setting: WG_ERR_ARGUMENT unless finite and >= 0. */
WG_API double wg_optimizer_rate(const wg_optimizer *o);
WG_API wg_status wg_optimizer_set_rate(wg_optimizer *o, double rate);

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
