/* What plans and profiles tell of a step.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_GRAPH_SHOW_H
#define WG_GRAPH_SHOW_H

#include <wengert/plan.h>

#include "core/text.h"
#include "graph/plan.h"

/* Fills all but run and times. */
void wgi_show_step(const wg_graph *g, const wgi_plan *plan, const wgi_step *s,
                   wg_profile_step *out);

/* How many ops a step holds. */
uint32_t wgi_count_ops(const wgi_plan *plan, const wgi_step *s);

/* Keeps a step that took from `start` to `end`, by wgi_clock. */
void wgi_profile_note(wg_graph *g, const wgi_plan *plan, const wgi_step *s, double start,
                      double end);

#endif
