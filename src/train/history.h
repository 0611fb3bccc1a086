/* The history's own structure.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: names are unique; a curve has at least one point, and as many x as y. */
#ifndef WG_TRAIN_HISTORY_H
#define WG_TRAIN_HISTORY_H

#include <wengert/history.h>

#include "core/context.h"
#include "core/memory.h"

#define WGI_MAX_CURVE_NAME 63

typedef struct wgi_curve {
    char name[WGI_MAX_CURVE_NAME + 1];
    wgi_array x; /* double */
    wgi_array y; /* double */
} wgi_curve;

struct wg_history {
    wg_context *ctx;
    wgi_array curves; /* wgi_curve */
};

static inline wgi_curve *wgi_history_curves(const wg_history *h)
{
    return h->curves.data;
}

/* Whether a text may name a curve. */
bool wgi_is_curve_name(const char *name);

/* The curve of that name; NULL where there is none. */
wgi_curve *wgi_history_curve(const wg_history *h, const char *name);

/* Releases all curves of an array, and the array. */
void wgi_curves_free(const wg_allocator *memory, wgi_array *curves);

#endif
