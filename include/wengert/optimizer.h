/* Optimizers of your own: one callback, and all that the library's own optimizers have.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPTIMIZER_H
#define WG_OPTIMIZER_H

#include <wengert/model.h>

#ifdef __cplusplus
extern "C" {
#endif

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
    size_t n;             /**< of updates, at least 1 */
    double rate;          /**< wg_optimizer_rate */
    void *user;           /**< the definition's */
    char *message;        /**< "" at first; the reason, where the step fails */
    size_t message_bytes; /**< room at message, with its terminator */
} wg_step;

/** What an optimizer is. Set `size` to sizeof(wg_optimizer_definition). */
typedef struct wg_optimizer_definition {
    size_t size;
    const char *name; /**< stands in messages; 1 to 63 bytes of printable ASCII; copied */
    int32_t n_states; /**< tensors of each parameter's type and shape; 0 to WG_MAX_STATES */
    double rate;      /**< to begin with; finite, >= 0 */
    /** Changes values and states. It allocates nothing through the library and calls nothing that
     * changes the model, its parameters or the optimizer. */
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
 * status, wg_context_error tells the message. What the callback had written until then stays
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
