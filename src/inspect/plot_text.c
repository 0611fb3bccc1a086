/* Curves as lines of text.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A cell of the plot is 2 x 4 dots of a braille character, or 1 x 1 where curves are drawn as
 * marks. Rows are drawn one after the other, each from all points, so that one row of cells is all
 * the memory a picture of any size needs.
 *
 * Invariant: dots are counted from the left and from the top; a row of cells holds the dots from
 * row * dots_y to row * dots_y + dots_y - 1. */
#include "inspect/plot.h"

#include <math.h>
#include <string.h>

#define NO_TICK (-1)

typedef struct cell {
    uint8_t dots;   /* bits as Unicode numbers the dots of U+2800 */
    uint8_t series; /* the last one that set a dot */
} cell;

/* The pieces of the frame. */
typedef struct glyphs {
    const char *vertical;
    const char *horizontal;
    const char *corner;
    const char *tick_y;
    const char *tick_x;
} glyphs;

static const glyphs box_glyphs = {"\xe2\x94\x82", "\xe2\x94\x80", "\xe2\x94\x94", "\xe2\x94\xa4",
                                  "\xe2\x94\xac"};
static const glyphs ascii_glyphs = {"|", "-", "+", "+", "+"};

static const char marks[] = "*+ox#@%&";
static const char *const colors[] = {"36", "33", "32", "35", "34", "31"};

/* Bit of the dot at [column][row] of a cell. */
static const uint8_t braille[2][4] = {{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}};

typedef struct canvas {
    const wgi_plot *plot;
    wgi_printer *printer;
    const glyphs *frame;
    wgi_escape escape;
    bool is_marked; /* marks for curves, not dots */
    int label_columns;
    int columns; /* cells */
    int rows;
    int dots_x; /* in a cell */
    int dots_y;
    cell cells[WGI_MAX_PLOT_COLUMNS];
} canvas;

/* ---- dots --------------------------------------------------------------------------------- */

typedef struct dot {
    int x;
    int y;
} dot;

static dot to_dot(const canvas *c, const double place[2])
{
    double x = place[0] * (c->columns * c->dots_x - 1);
    double y = (1 - place[1]) * (c->rows * c->dots_y - 1);
    return (dot){(int)floor(x + 0.5), (int)floor(y + 0.5)};
}

static void set_dot(canvas *c, int x, int y, size_t series)
{
    cell *at = &c->cells[x / c->dots_x];
    uint8_t bit = c->is_marked ? 1 : braille[x % 2][y % 4];
    at->dots = (uint8_t)(at->dots | bit);
    at->series = (uint8_t)series;
}

static int at_least(int value, int low)
{
    return value < low ? low : value;
}

static int at_most(int value, int high)
{
    return value > high ? high : value;
}

/* Sets the dots of column x from y = from to y = to, either way round, that are in the row. */
static void set_column(canvas *c, int row, int x, dot span, size_t series)
{
    int low = span.x < span.y ? span.x : span.y;
    int high = span.x < span.y ? span.y : span.x;
    low = at_least(low, row * c->dots_y);
    high = at_most(high, row * c->dots_y + c->dots_y - 1);
    for (int y = low; y <= high; y++) {
        set_dot(c, x, y, series);
    }
}

/* The y at which the line from a to b passes `twice_x` / 2, no further than its ends. */
static int line_y(dot a, dot b, int twice_x)
{
    double part = (twice_x - 2.0 * a.x) / (2.0 * (b.x - a.x));
    part = part < 0 ? 0 : (part > 1 ? 1 : part);
    return (int)floor(a.y + part * (b.y - a.y) + 0.5);
}

static void draw_segment(canvas *c, int row, dot a, dot b, size_t series)
{
    int top = row * c->dots_y;
    int bottom = top + c->dots_y - 1;
    if ((a.y < top && b.y < top) || (a.y > bottom && b.y > bottom)) {
        return;
    }
    if (a.x == b.x) {
        set_column(c, row, a.x, (dot){a.y, b.y}, series);
        return;
    }
    dot left = a.x < b.x ? a : b;
    dot right = a.x < b.x ? b : a;
    for (int x = left.x; x <= right.x; x++) {
        dot span = {line_y(left, right, 2 * x - 1), line_y(left, right, 2 * x + 1)};
        set_column(c, row, x, span, series);
    }
}

static void draw_series(canvas *c, int row, size_t s)
{
    const wg_series *series = &c->plot->series[s];
    bool has_last = false;
    dot last = {0, 0};
    for (size_t i = 0; i < series->n; i++) {
        double place[2];
        if (!wgi_plot_place(c->plot, series, i, place)) {
            has_last = false;
            continue;
        }
        dot now = to_dot(c, place);
        draw_segment(c, row, has_last ? last : now, now, s);
        last = now;
        has_last = true;
    }
}

/* ---- printing ----------------------------------------------------------------------------- */

static void print_glyph(const canvas *c, const cell *at)
{
    if (c->is_marked) {
        wgi_print(c->printer, "%c", marks[at->series % (sizeof marks - 1)]);
        return;
    }
    unsigned dots = at->dots;
    wgi_print(c->printer, "\xe2%c%c", (int)(0xa0 + (dots >> 6)), (int)(0x80 + (dots & 0x3f)));
}

static void print_cells(const canvas *c)
{
    int n = c->columns;
    while (n > 0 && c->cells[n - 1].dots == 0) {
        n--;
    }
    for (int i = 0; i < n; i++) {
        const cell *at = &c->cells[i];
        if (at->dots == 0) {
            wgi_print(c->printer, " ");
        } else if (c->plot->options.is_colored) {
            wgi_print(c->printer, "\x1b[%sm",
                      colors[at->series % (sizeof colors / sizeof colors[0])]);
            print_glyph(c, at);
            wgi_print(c->printer, "\x1b[0m");
        } else {
            print_glyph(c, at);
        }
    }
    wgi_print(c->printer, "\n");
}

/* The tick whose place is in a row of cells, or NO_TICK. */
static int tick_of_row(const canvas *c, int row)
{
    const wgi_scale *y = &c->plot->y;
    for (int i = 0; i < y->n_ticks; i++) {
        const double place[2] = {0, wgi_scale_place(y, y->ticks[i])};
        if (to_dot(c, place).y / c->dots_y == row) {
            return i;
        }
    }
    return NO_TICK;
}

static void print_row(canvas *c, int row)
{
    char label[WGI_TICK_BYTES] = "";
    int tick = tick_of_row(c, row);
    memset(c->cells, 0, sizeof c->cells);
    for (size_t s = 0; s < c->plot->n_series; s++) {
        draw_series(c, row, s);
    }
    if (tick != NO_TICK) {
        wgi_scale_label(&c->plot->y, c->plot->y.ticks[tick], label);
    }
    wgi_print(c->printer, "%*s %s", c->label_columns, label,
              tick == NO_TICK ? c->frame->vertical : c->frame->tick_y);
    print_cells(c);
}

/* The column of cells of an x tick. */
static int tick_column(const canvas *c, int i)
{
    const double place[2] = {wgi_scale_place(&c->plot->x, c->plot->x.ticks[i]), 0};
    return to_dot(c, place).x / c->dots_x;
}

static void print_axis(const canvas *c)
{
    int at = 0;
    wgi_print(c->printer, "%*s %s", c->label_columns, "", c->frame->corner);
    for (int i = 0; i < c->plot->x.n_ticks; i++) {
        int column = tick_column(c, i);
        if (column >= at) {
            wgi_print_repeated(c->printer, c->frame->horizontal, column - at);
            wgi_print(c->printer, "%s", c->frame->tick_x);
            at = column + 1;
        }
    }
    wgi_print_repeated(c->printer, c->frame->horizontal, c->columns - at);
    wgi_print(c->printer, "\n");
}

/* Labels are centered under their ticks; one that would touch its neighbour is left out. */
static void print_axis_labels(const canvas *c)
{
    int at = 0;
    int width = c->label_columns + 2 + c->columns;
    for (int i = 0; i < c->plot->x.n_ticks; i++) {
        char label[WGI_TICK_BYTES];
        wgi_scale_label(&c->plot->x, c->plot->x.ticks[i], label);
        int n = (int)strlen(label);
        int start = at_least(c->label_columns + 2 + tick_column(c, i) - (n - 1) / 2, 0);
        start = at_most(start, width - n);
        if (start < at + (at > 0)) {
            continue;
        }
        wgi_print(c->printer, "%*s%s", start - at, "", label);
        at = start + n;
    }
    wgi_print(c->printer, "\n");
}

static void print_centered(const canvas *c, const char *text)
{
    if (text == NULL || *text == '\0') {
        return;
    }
    int most = at_most(c->columns, WGI_TITLE_COLUMNS);
    int blank = c->label_columns + 2 + (c->columns - wgi_text_columns(text, most)) / 2;
    wgi_print(c->printer, "%*s", blank, "");
    wgi_print_text(c->printer, text, c->escape, most);
    wgi_print(c->printer, "\n");
}

/* A short piece of each named curve and its name, in lines no wider than the plot. */
static void print_legend(const canvas *c)
{
    const cell piece = {.dots = braille[0][2] | braille[1][2]};
    int at = 0;
    for (size_t s = 0; s < c->plot->n_series; s++) {
        const char *name = c->plot->series[s].name;
        int n = wgi_text_columns(name, WGI_NAME_COLUMNS) + 5;
        if (name == NULL) {
            continue;
        }
        if (at > 0 && at + n > c->columns) {
            wgi_print(c->printer, "\n");
            at = 0;
        }
        wgi_print(c->printer, "%*s", at == 0 ? c->label_columns + 2 : 2, "");
        if (c->plot->options.is_colored) {
            wgi_print(c->printer, "\x1b[%sm", colors[s % (sizeof colors / sizeof colors[0])]);
        }
        for (int i = 0; i < (c->is_marked ? 1 : 2); i++) {
            print_glyph(c, &(cell){piece.dots, (uint8_t)s});
        }
        wgi_print(c->printer, c->plot->options.is_colored ? "\x1b[0m " : " ");
        wgi_print_text(c->printer, name, c->escape, WGI_NAME_COLUMNS);
        at += n;
    }
    wgi_print(c->printer, at > 0 ? "\n" : "");
}

static int widest_label(const wgi_scale *scale)
{
    int widest = 0;
    for (int i = 0; i < scale->n_ticks; i++) {
        char label[WGI_TICK_BYTES];
        widest = at_least((int)strlen(wgi_scale_label(scale, scale->ticks[i], label)), widest);
    }
    return widest;
}

static canvas make_canvas(const wgi_plot *plot, wgi_printer *printer)
{
    bool is_ascii = plot->options.form == WG_CURVE_ASCII;
    bool is_marked = is_ascii || (plot->n_series > 1 && !plot->options.is_colored);
    int label_columns = at_most(widest_label(&plot->y), plot->options.width - 12);
    return (canvas){
        .plot = plot,
        .printer = printer,
        .frame = is_ascii ? &ascii_glyphs : &box_glyphs,
        .escape = is_ascii ? WGI_ESCAPE_ASCII : WGI_ESCAPE_NONE,
        .is_marked = is_marked,
        .label_columns = label_columns,
        .columns = plot->options.width - label_columns - 2,
        .rows = plot->options.height,
        .dots_x = is_marked ? 1 : 2,
        .dots_y = is_marked ? 1 : 4,
    };
}

void wgi_plot_text(const wgi_plot *plot, wgi_printer *printer)
{
    canvas c = make_canvas(plot, printer);
    print_centered(&c, plot->options.title);
    if (plot->options.y_label != NULL) {
        wgi_print_text(printer, plot->options.y_label, c.escape, c.columns);
        wgi_print(printer, "\n");
    }
    for (int row = 0; row < c.rows; row++) {
        print_row(&c, row);
    }
    print_axis(&c);
    print_axis_labels(&c);
    print_centered(&c, plot->options.x_label);
    print_legend(&c);
}
