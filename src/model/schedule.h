/* A schedule's own structure, and the formulas of its rate.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the options are within their domains and have their defaults filled in; options.
 * milestones is the schedule's own copy. The rate is a function of options and state alone. */
#ifndef WG_MODEL_SCHEDULE_H
#define WG_MODEL_SCHEDULE_H

#include <wengert/schedule.h>

struct wg_schedule {
    wg_optimizer *optimizer;
    wg_schedule_options options;
    int64_t *milestones;
    wg_schedule_state state;
};

/* The rate in that state; not finite or negative where there is none. */
double wgi_schedule_rate(const wg_schedule_options *options, const wg_schedule_state *state);

#endif
