/* Schedules: how an optimizer's rate changes as training goes on.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_SCHEDULE_H
#define WG_SCHEDULE_H

#include <wengert/optimizer.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Sets the rate of one optimizer, step by step. */
typedef struct wg_schedule wg_schedule;

/**
 * What the rate follows: t counts wg_schedule_step from 0, after the warm-up; base is the
 * optimizer's rate when the schedule was created. Fields of wg_schedule_options that a kind does
 * not name are not read. The formulas are those of torch.optim.lr_scheduler.
 */
typedef enum wg_schedule_kind {
    /** base: for a warm-up and nothing else. */
    WG_SCHEDULE_CONSTANT = 0,
    /** base factor^floor(t / steps). StepLR. */
    WG_SCHEDULE_STEP = 1,
    /** base factor^k, with k the milestones that are <= t. MultiStepLR. */
    WG_SCHEDULE_MILESTONES = 2,
    /** base factor^t; factor has no default. ExponentialLR. */
    WG_SCHEDULE_EXPONENTIAL = 3,
    /** From base to min_rate on a straight line over `steps`, then min_rate. LinearLR. */
    WG_SCHEDULE_LINEAR = 4,
    /** min_rate + (base - min_rate) (1 + cos(pi t / steps)) / 2, from base at 0 to min_rate at
     * `steps`; beyond, the cosine goes on and the rate rises again. CosineAnnealingLR. */
    WG_SCHEDULE_COSINE = 5,
    /** The same, but back to base at the end of each cycle; the first has `steps` steps, each
     * other `cycle_factor` times those of the one before. CosineAnnealingWarmRestarts. */
    WG_SCHEDULE_COSINE_RESTARTS = 6,
    /** Up from max_rate / start_divisor to max_rate, and down to
     * max_rate / (start_divisor final_divisor) at t = steps - 1, where it stays. OneCycleLR (Smith,
     * Topin 2017), without cycles of the momentum. */
    WG_SCHEDULE_ONE_CYCLE = 7,
    /** base, and `factor` times less, down to min_rate, whenever a metric has stopped improving:
     * wg_schedule_observe. ReduceLROnPlateau. */
    WG_SCHEDULE_PLATEAU = 8,
    /** The program's own: `rate`. LambdaLR. */
    WG_SCHEDULE_FUNCTION = 9
} wg_schedule_kind;

/** Options of a schedule. Set `size` to sizeof(wg_schedule_options); a zero elsewhere is the
 * default. */
typedef struct wg_schedule_options {
    size_t size;
    wg_schedule_kind kind;

    /** Before the schedule of any kind: n steps at r/n, 2r/n, ... r, with r its rate at t = 0. */
    int64_t warmup_steps;

    int64_t steps;             /**< STEP, LINEAR, COSINE, COSINE_RESTARTS, ONE_CYCLE: >= 1 */
    double factor;             /**< STEP, MILESTONES, EXPONENTIAL: > 0; PLATEAU: in (0, 1); 0: .1 */
    double min_rate;           /**< LINEAR, COSINE, COSINE_RESTARTS, PLATEAU: >= 0 */
    const int64_t *milestones; /**< MILESTONES: >= 1, ascending; copied */
    size_t n_milestones;
    int64_t cycle_factor; /**< COSINE_RESTARTS: 0: 1 */

    double max_rate;      /**< ONE_CYCLE: > 0; 0: base */
    double up_fraction;   /**< ONE_CYCLE: part of the steps that goes up, in (0, 1); 0: .3 */
    double start_divisor; /**< ONE_CYCLE: > 0; 0: 25 */
    double final_divisor; /**< ONE_CYCLE: > 0; 0: 10000 */
    bool is_straight;     /**< ONE_CYCLE: on straight lines, not on cosines */
    bool is_three_phase;  /**< ONE_CYCLE: down to the start as fast as up, then to the end;
                               up_fraction is at most .5 */

    int64_t patience;    /**< PLATEAU: bad observations in a row that are borne */
    int64_t cooldown;    /**< PLATEAU: observations after a reduction that are not judged */
    double threshold;    /**< PLATEAU: >= 0; an observation is good where it is below
                              best (1 - threshold) */
    bool is_absolute;    /**< PLATEAU: ... below best - threshold; otherwise threshold < 1 */
    bool is_more_better; /**< PLATEAU: ... above best (1 + threshold), best + threshold */

    /** FUNCTION: the rate at t, finite and >= 0; the same for the same t and base. */
    double (*rate)(int64_t t, double base, void *user);
    void *user; /**< for `rate` */
} wg_schedule_options;

/**
 * Creates a schedule and sets the optimizer's rate to that of its beginning.
 *
 * o        must outlive it; one schedule at a time makes sense
 * options  copied, the milestones too
 * out      owned by the caller; NULL on failure
 *
 * Errors: WG_ERR_ARGUMENT (the message names the option), WG_ERR_CALLBACK (`rate` gave none),
 * WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_schedule_create(wg_optimizer *o,
                                                 const wg_schedule_options *options,
                                                 wg_schedule **out);

/** The optimizer keeps its rate. NULL does nothing. */
WG_API void wg_schedule_destroy(wg_schedule *s);

/**
 * Goes one step on, a step of the optimizer or an epoch as the options were meant, and sets the
 * optimizer's rate. Call it after wg_optimizer_step. A rate that the program has set meanwhile is
 * overwritten.
 * Errors, by which nothing has changed: WG_ERR_ARGUMENT, WG_ERR_RANGE (the rate is no longer
 * finite, or 2^63 - 1 steps), WG_ERR_CALLBACK (`rate` gave none).
 */
WG_API wg_status wg_schedule_step(wg_schedule *s);

/**
 * Tells a PLATEAU schedule its metric, most often once an epoch, and sets the optimizer's rate. NaN
 * is bad. The warm-up counts wg_schedule_step all the same.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_STATE (a schedule of another kind).
 */
WG_API wg_status wg_schedule_observe(wg_schedule *s, double metric);

/** Whether wg_schedule_observe is for this one; false for NULL. */
WG_API bool wg_schedule_observes(const wg_schedule *s);

/** The optimizer; NULL for NULL. */
WG_API wg_optimizer *wg_schedule_optimizer(const wg_schedule *s);

/** All that a schedule remembers beside its options: save it, and set it to go on from there. */
typedef struct wg_schedule_state {
    wg_schedule_kind kind; /**< of the schedule */
    int64_t step;          /**< calls of wg_schedule_step, the warm-up's among them */
    double base;           /**< the rate that it began from */
    double level;          /**< PLATEAU: the rate it has come to; else base */
    double best;           /**< PLATEAU: of the metric; infinite before the first */
    int64_t n_bad;         /**< PLATEAU: bad observations in a row */
    int64_t cooldown;      /**< PLATEAU: observations that are not to be judged */
} wg_schedule_state;

/** Reads and sets the state; setting sets the optimizer's rate too. Errors, by which nothing has
 * changed: WG_ERR_STATE (of a schedule of another kind), WG_ERR_ARGUMENT (a negative count; a rate
 * that is not finite and >= 0; a best that is NaN), WG_ERR_RANGE and WG_ERR_CALLBACK as
 * wg_schedule_step. */
WG_API wg_status wg_schedule_get_state(const wg_schedule *s, wg_schedule_state *out);
WG_API wg_status wg_schedule_set_state(wg_schedule *s, const wg_schedule_state *state);

#ifdef __cplusplus
}
#endif
#endif
