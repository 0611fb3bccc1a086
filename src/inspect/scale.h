/* Axes with round ticks.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_INSPECT_SCALE_H
#define WG_INSPECT_SCALE_H

#include <stdbool.h>
#include <stddef.h>

#define WGI_MAX_TICKS 32
#define WGI_TICK_BYTES 32

/* Invariant: low < high, both finite; n_ticks <= WGI_MAX_TICKS; ticks ascend within the ends. */
typedef struct wgi_scale {
    double low; /* the ends; their logarithms to base 10 where is_log */
    double high;
    bool is_log;
    int decimals; /* of labels; below 0: significant digits instead */
    int n_ticks;
    double ticks[WGI_MAX_TICKS];
} wgi_scale;

/* Whether a value can stand on an axis. */
bool wgi_scale_accepts(bool is_log, double value);

/* What an axis is to span. */
typedef struct wgi_span {
    double min; /* both accepted, min <= max */
    double max;
    bool is_log;
    bool is_rounded; /* the ends move outwards to ticks; always so on logarithmic axes */
} wgi_span;

/* An axis with about n_wanted ticks, 2 <= n_wanted <= 16. A span of nothing is widened. */
void wgi_scale_make(const wgi_span *span, int n_wanted, wgi_scale *out);

/* Where a value stands: 0 at the low end, 1 at the high one. */
double wgi_scale_place(const wgi_scale *scale, double value);

/* The label of a tick; returns the buffer, of WGI_TICK_BYTES. */
char *wgi_scale_label(const wgi_scale *scale, double tick, char *buffer);

#endif
