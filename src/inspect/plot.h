/* A curve picture, checked and scaled, as its two drawers take it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_INSPECT_PLOT_H
#define WG_INSPECT_PLOT_H

#include "inspect/printer.h"
#include "inspect/scale.h"

#include <wengert/pictures.h>

/* The code points of a name in a legend, and of a title or label, at most. */
#define WGI_NAME_COLUMNS 24
#define WGI_TITLE_COLUMNS 100

/* Widths of text plots. */
#define WGI_MAX_PLOT_COLUMNS 400

/* Invariant: n_series <= WG_MAX_SERIES, every series with points has y; width and height are within
 * the bounds of the form. */
typedef struct wgi_plot {
    const wg_series *series;
    size_t n_series;
    wg_curve_options options; /* defaults filled in */
    wgi_scale x;
    wgi_scale y;
} wgi_plot;

/* Point i of a series as places on the axes, each in [0, 1]; false where it is left out. */
bool wgi_plot_place(const wgi_plot *plot, const wg_series *series, size_t i, double place[2]);

void wgi_plot_text(const wgi_plot *plot, wgi_printer *printer);
void wgi_plot_svg(const wgi_plot *plot, wgi_printer *printer);

#endif
