/* Curves as SVG.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A path keeps, of the points that fall one after the other into one column of units, the first,
 * the lowest, the highest and the last, in their order: the picture is the same and its size is
 * bounded by its width, not by the number of points. */
#include "inspect/plot.h"
#include "inspect/svg.h"

#include <math.h>

/* Up to so many points each is marked. */
#define MOST_MARKED 40

typedef struct spot {
    double x;
    double y;
} spot;

/* Points of one column waiting to be printed. Invariant: where n > 0, the indices below n_seen tell
 * the order in which the four came. */
typedef struct column {
    spot spots[4]; /* first, lowest, highest, last */
    size_t order[4];
    size_t n;
} column;

enum {
    FIRST,
    LOWEST,
    HIGHEST,
    LAST
};

typedef struct pen {
    wgi_printer *printer;
    column column;
    spot at;         /* the last point printed */
    bool is_drawing; /* a run has begun */
    size_t n_drawn;  /* points of the run printed */
} pen;

static void print_spot(pen *p, spot s)
{
    const double numbers[] = {s.x, s.y};
    if (p->n_drawn > 0 && s.x == p->at.x && s.y == p->at.y) {
        return;
    }
    wgi_print_numbers(p->printer, p->n_drawn == 0 ? "M@ @" : "L@ @", numbers);
    p->at = s;
    p->n_drawn++;
}

/* Prints what waits: first, the two extremes in the order they came, last. */
static void flush_column(pen *p)
{
    const column *c = &p->column;
    if (c->n == 0) {
        return;
    }
    bool is_low_first = c->order[LOWEST] <= c->order[HIGHEST];
    print_spot(p, c->spots[FIRST]);
    print_spot(p, c->spots[is_low_first ? LOWEST : HIGHEST]);
    print_spot(p, c->spots[is_low_first ? HIGHEST : LOWEST]);
    print_spot(p, c->spots[LAST]);
    p->column.n = 0;
}

static void keep(column *c, int which, spot s)
{
    c->spots[which] = s;
    c->order[which] = c->n;
}

static void add_spot(pen *p, spot s)
{
    column *c = &p->column;
    if (c->n > 0 && floor(s.x) != floor(c->spots[FIRST].x)) {
        flush_column(p);
    }
    if (c->n == 0) {
        keep(c, FIRST, s);
    }
    if (c->n == 0 || s.y < c->spots[LOWEST].y) {
        keep(c, LOWEST, s);
    }
    if (c->n == 0 || s.y > c->spots[HIGHEST].y) {
        keep(c, HIGHEST, s);
    }
    keep(c, LAST, s);
    c->n++;
}

/* Ends a run. A point alone becomes a line of no length, which round ends make a dot. */
static void end_run(pen *p)
{
    flush_column(p);
    if (p->n_drawn == 1) {
        wgi_print(p->printer, "h0");
    }
    p->n_drawn = 0;
}

static bool spot_of(const wgi_plot *plot, const wgi_frame *frame, size_t s, size_t i, spot *out)
{
    double place[2];
    if (!wgi_plot_place(plot, &plot->series[s], i, place)) {
        return false;
    }
    out->x = frame->left + place[0] * (frame->right - frame->left);
    out->y = frame->bottom - place[1] * (frame->bottom - frame->top);
    return true;
}

static void draw_line(const wgi_plot *plot, const wgi_frame *frame, wgi_printer *printer, size_t s)
{
    pen p = {.printer = printer};
    wgi_print(printer,
              "<path fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-linejoin=\"round\" "
              "stroke-linecap=\"round\" d=\"",
              wgi_svg_color(s));
    for (size_t i = 0; i < plot->series[s].n; i++) {
        spot now;
        if (spot_of(plot, frame, s, i, &now)) {
            add_spot(&p, now);
        } else {
            end_run(&p);
        }
    }
    end_run(&p);
    wgi_print(printer, "\"/>\n");
}

static void draw_marks(const wgi_plot *plot, const wgi_frame *frame, wgi_printer *printer, size_t s)
{
    for (size_t i = 0; i < plot->series[s].n; i++) {
        spot now;
        if (spot_of(plot, frame, s, i, &now)) {
            const double at[] = {now.x, now.y};
            wgi_print_numbers(printer, "<circle cx=\"@\" cy=\"@\" r=\"2.5\" ", at);
            wgi_print(printer, "fill=\"%s\"/>\n", wgi_svg_color(s));
        }
    }
}

static int legend_columns(const wgi_plot *plot)
{
    int widest = 0;
    for (size_t s = 0; s < plot->n_series; s++) {
        int n = wgi_text_columns(plot->series[s].name, WGI_NAME_COLUMNS);
        widest = n > widest ? n : widest;
    }
    return widest;
}

void wgi_plot_svg(const wgi_plot *plot, wgi_printer *printer)
{
    wgi_frame frame = {
        .width = plot->options.width,
        .height = plot->options.height,
        .title = plot->options.title,
        .x_label = plot->options.x_label,
        .y_label = plot->options.y_label,
    };
    wgi_frame_fit(&frame, &plot->y, legend_columns(plot));
    wgi_svg_open(printer, &frame);
    wgi_svg_grid(printer, &frame, &plot->x, &plot->y);
    wgi_svg_axes(printer, &frame, &plot->x, &plot->y);
    for (size_t s = 0; s < plot->n_series; s++) {
        draw_line(plot, &frame, printer, s);
        if (plot->series[s].n <= MOST_MARKED) {
            draw_marks(plot, &frame, printer, s);
        }
    }
    for (size_t s = 0; s < plot->n_series; s++) {
        if (plot->series[s].name != NULL) {
            wgi_svg_legend(printer, &frame, (int)s, plot->series[s].name, false);
        }
    }
    wgi_svg_close(printer);
}
