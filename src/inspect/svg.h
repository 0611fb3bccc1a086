/* What SVG pictures share: the document, the frame with its axes, colors.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_INSPECT_SVG_H
#define WG_INSPECT_SVG_H

#include "inspect/printer.h"
#include "inspect/scale.h"

#include <stdint.h>

/* A picture and the box of its plot, in units from the top left. */
typedef struct wgi_frame {
    double width;
    double height;
    double left;
    double top;
    double right;
    double bottom;
    const char *title;
    const char *x_label;
    const char *y_label;
} wgi_frame;

/* Room for title, labels, y ticks as wide as those of `y`, and a legend of so many code points (0:
 * none) right of the plot. title and labels are the caller's to set before. */
void wgi_frame_fit(wgi_frame *frame, const wgi_scale *y, int legend_columns);

/* Opens the document on a white ground, with the title. */
void wgi_svg_open(wgi_printer *printer, const wgi_frame *frame);
void wgi_svg_close(wgi_printer *printer);

/* Lines at the ticks across the plot, under what comes later. */
void wgi_svg_grid(wgi_printer *printer, const wgi_frame *frame, const wgi_scale *x,
                  const wgi_scale *y);

/* The frame's lower and left edge, tick labels and axis labels. */
void wgi_svg_axes(wgi_printer *printer, const wgi_frame *frame, const wgi_scale *x,
                  const wgi_scale *y);

/* Line `row` of the legend, in the i-th color: a dash, or a disk. */
void wgi_svg_legend(wgi_printer *printer, const wgi_frame *frame, int row, const char *name,
                    bool is_disk);

/* The i-th color, "#0072b2"; they repeat. */
const char *wgi_svg_color(size_t i);

/* Its parts. */
void wgi_svg_rgb(size_t i, int rgb[3]);

#endif
