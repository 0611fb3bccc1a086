/* Derivatives carried forward, node by node.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_INSPECT_TANGENT_H
#define WG_INSPECT_TANGENT_H

#include <wengert/graph.h>

#include "core/memory.h"

/* A pass over the entries 0 .. count-1 of a shadow in f64. Invariant: tangent[i] is NULL (zero) or
 * holds as many doubles as entry i has elements, and magnitude[i] is NULL exactly then. A magnitude
 * is about the size of what was added up to the tangent, cancellation left out. */
typedef struct wgi_tangents {
    wg_context *ctx;
    wg_shadow *shadow;
    const uint8_t *on_way; /* entries to follow */
    uint32_t count;
    double **tangent;
    double **magnitude;
} wgi_tangents;

wg_status wgi_tangents_make(wgi_tangents *t);
void wgi_tangents_free(wgi_tangents *t);

/* Forgets all tangents. */
void wgi_tangents_clear(wgi_tangents *t);

/* Sets the tangent of a leaf; direction has its elements. WG_ERR_MEMORY. */
wg_status wgi_tangents_seed(wgi_tangents *t, uint32_t leaf, const double *direction);

/* Carries the seeds to entry `to`, one element, and gives its derivative. *scale is the magnitude
 * of what adds up to it. Values of the shadow must be those of its leaves now. */
wg_status wgi_tangents_carry(wgi_tangents *t, uint32_t to, double *derivative, double *scale);

#endif
