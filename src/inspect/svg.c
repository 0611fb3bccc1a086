/* What SVG pictures share.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: every element opened is closed by the function that opened it, save the document; all
 * text of the caller's is escaped. */
#include "inspect/svg.h"

#include "inspect/plot.h"

#include <string.h>

/* Advance of a digit and of an average letter at the sizes used below. */
#define DIGIT_WIDTH 6.8
#define LETTER_WIDTH 6.6
#define LEGEND_DASH 22.0
#define LEGEND_LINE 20.0

/* Told apart also by the color-blind: Okabe and Ito's set, the yellow darkened for a white ground.
 */
static const char *const colors[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                     "#e69f00", "#56b4e9", "#6a51a3", "#444444"};

#define N_COLORS (sizeof colors / sizeof colors[0])

const char *wgi_svg_color(size_t i)
{
    return colors[i % N_COLORS];
}

static int hex_digit(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

void wgi_svg_rgb(size_t i, int rgb[3])
{
    const char *color = wgi_svg_color(i) + 1;
    for (int k = 0; k < 3; k++) {
        rgb[k] = 16 * hex_digit(color[2 * k]) + hex_digit(color[2 * k + 1]);
    }
}

static int widest_tick(const wgi_scale *scale)
{
    int widest = 1;
    for (int i = 0; i < scale->n_ticks; i++) {
        char label[WGI_TICK_BYTES];
        int n = (int)strlen(wgi_scale_label(scale, scale->ticks[i], label));
        widest = n > widest ? n : widest;
    }
    return widest;
}

void wgi_frame_fit(wgi_frame *frame, const wgi_scale *y, int legend_columns)
{
    frame->left = 20 + DIGIT_WIDTH * widest_tick(y) + (frame->y_label != NULL ? 20 : 0);
    frame->top = frame->title != NULL ? 46 : 20;
    frame->bottom = frame->height - (frame->x_label != NULL ? 52 : 32);
    frame->right = frame->width - 24;
    if (legend_columns > 0) {
        double legend = LEGEND_DASH + 20 + LETTER_WIDTH * legend_columns;
        /* A narrow picture gives its legend a third at most. */
        frame->right -= legend < frame->width / 3 ? legend - 8 : frame->width / 3 - 8;
    }
}

void wgi_svg_open(wgi_printer *printer, const wgi_frame *frame)
{
    const double size[] = {frame->width, frame->height, frame->width, frame->height};
    wgi_print(printer, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    wgi_print_numbers(printer,
                      "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"@\" "
                      "height=\"@\" viewBox=\"0 0 @ @\"",
                      size);
    wgi_print(printer, " font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\" "
                       "fill=\"#333333\">\n");
    wgi_print_numbers(printer, "<rect width=\"@\" height=\"@\" fill=\"#ffffff\"/>\n", size);
    if (frame->title != NULL) {
        const double at[] = {(frame->left + frame->right) / 2};
        wgi_print_numbers(printer,
                          "<text x=\"@\" y=\"28\" font-size=\"16\" font-weight=\"bold\" "
                          "text-anchor=\"middle\">",
                          at);
        wgi_print_text(printer, frame->title, WGI_ESCAPE_XML, WGI_TITLE_COLUMNS);
        wgi_print(printer, "</text>\n");
    }
}

void wgi_svg_close(wgi_printer *printer)
{
    wgi_print(printer, "</svg>\n");
}

static double to_x(const wgi_frame *frame, const wgi_scale *x, double tick)
{
    return frame->left + wgi_scale_place(x, tick) * (frame->right - frame->left);
}

static double to_y(const wgi_frame *frame, const wgi_scale *y, double tick)
{
    return frame->bottom - wgi_scale_place(y, tick) * (frame->bottom - frame->top);
}

void wgi_svg_grid(wgi_printer *printer, const wgi_frame *frame, const wgi_scale *x,
                  const wgi_scale *y)
{
    wgi_print(printer, "<path fill=\"none\" stroke=\"#e6e6e6\" d=\"");
    for (int i = 0; i < x->n_ticks; i++) {
        const double line[] = {to_x(frame, x, x->ticks[i]), frame->top, frame->bottom};
        wgi_print_numbers(printer, "M@ @V@", line);
    }
    for (int i = 0; i < y->n_ticks; i++) {
        const double line[] = {frame->left, to_y(frame, y, y->ticks[i]), frame->right};
        wgi_print_numbers(printer, "M@ @H@", line);
    }
    wgi_print(printer, "\"/>\n");
}

static void print_tick(wgi_printer *printer, const wgi_scale *scale, double tick,
                       const double at[2])
{
    char label[WGI_TICK_BYTES];
    wgi_print_numbers(printer, "<text x=\"@\" y=\"@\">", at);
    wgi_print(printer, "%s</text>\n", wgi_scale_label(scale, tick, label));
}

static void print_ticks(wgi_printer *printer, const wgi_frame *frame, const wgi_scale *x,
                        const wgi_scale *y)
{
    wgi_print(printer, "<g text-anchor=\"middle\" fill=\"#555555\">\n");
    for (int i = 0; i < x->n_ticks; i++) {
        const double at[2] = {to_x(frame, x, x->ticks[i]), frame->bottom + 18};
        print_tick(printer, x, x->ticks[i], at);
    }
    wgi_print(printer, "</g>\n<g text-anchor=\"end\" fill=\"#555555\">\n");
    for (int i = 0; i < y->n_ticks; i++) {
        const double at[2] = {frame->left - 8, to_y(frame, y, y->ticks[i]) + 4};
        print_tick(printer, y, y->ticks[i], at);
    }
    wgi_print(printer, "</g>\n");
}

static void print_label(wgi_printer *printer, const char *pattern, const double *numbers,
                        const char *label)
{
    if (label != NULL) {
        wgi_print_numbers(printer, pattern, numbers);
        wgi_print_text(printer, label, WGI_ESCAPE_XML, WGI_TITLE_COLUMNS);
        wgi_print(printer, "</text>\n");
    }
}

void wgi_svg_axes(wgi_printer *printer, const wgi_frame *frame, const wgi_scale *x,
                  const wgi_scale *y)
{
    const double edges[] = {frame->left, frame->top, frame->bottom, frame->right};
    const double below[] = {(frame->left + frame->right) / 2, frame->height - 12};
    const double beside[] = {(frame->top + frame->bottom) / 2};
    wgi_print_numbers(printer, "<path fill=\"none\" stroke=\"#555555\" d=\"M@ @V@H@\"/>\n", edges);
    print_ticks(printer, frame, x, y);
    print_label(printer, "<text x=\"@\" y=\"@\" font-size=\"13\" text-anchor=\"middle\">", below,
                frame->x_label);
    print_label(printer,
                "<text transform=\"translate(20 @) rotate(-90)\" font-size=\"13\" "
                "text-anchor=\"middle\">",
                beside, frame->y_label);
}

void wgi_svg_legend(wgi_printer *printer, const wgi_frame *frame, int row, const char *name,
                    bool is_disk)
{
    double y = frame->top + 10 + LEGEND_LINE * row;
    double x = frame->right + 16;
    const double dash[] = {x, y, LEGEND_DASH};
    const double disk[] = {x + LEGEND_DASH / 2, y};
    const double text[] = {x + LEGEND_DASH + 8, y + 4};
    const char *color = wgi_svg_color((size_t)row);
    if (is_disk) {
        wgi_print_numbers(printer, "<circle cx=\"@\" cy=\"@\" r=\"5\" ", disk);
        wgi_print(printer, "fill=\"%s\"/>\n", color);
    } else {
        wgi_print_numbers(printer, "<path d=\"M@ @h@\" ", dash);
        wgi_print(printer, "stroke=\"%s\" stroke-width=\"2.5\"/>\n", color);
    }
    wgi_print_numbers(printer, "<text x=\"@\" y=\"@\">", text);
    wgi_print_text(printer, name, WGI_ESCAPE_XML, WGI_NAME_COLUMNS);
    wgi_print(printer, "</text>\n");
}
