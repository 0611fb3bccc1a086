/* Decision regions as SVG.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Neighbours of one color in a row are one rectangle, so that the size of the picture follows its
 * boundaries and not its cells.
 *
 * Invariant: a color is a number: BLANK, or the class modulo WG_MAX_SERIES, or one of N_SHADES. */
#include "inspect/plot.h"
#include "inspect/svg.h"

#include <math.h>

#define CELLS 120
#define MOST_CELLS 2000
#define WIDTH 560
#define HEIGHT 480
#define BLANK (-1)

/* An odd number, so that no shade straddles the boundary at 1/2 unseen: the middle one is white. */
#define N_SHADES 21

/* Largest class told from others; above it colors have long repeated. */
#define LARGEST_CLASS 1e15

static wg_status check_sizes(const wg_regions *r)
{
    bool has_cells =
        r->columns >= 1 && r->columns <= MOST_CELLS && r->rows >= 1 && r->rows <= MOST_CELLS;
    bool has_size = r->width >= 160 && r->width <= 10000 && r->height >= 160 && r->height <= 10000;
    bool is_box = wgi_scale_accepts(false, r->x_low) && wgi_scale_accepts(false, r->x_high) &&
                  wgi_scale_accepts(false, r->y_low) && wgi_scale_accepts(false, r->y_high) &&
                  r->x_low < r->x_high && r->y_low < r->y_high;
    return has_cells && has_size && is_box && r->n_classes <= WG_MAX_SERIES ? WG_OK : WG_ERR_RANGE;
}

/* Copies what was asked for with the defaults filled in. */
static wg_status resolve(const wg_regions *regions, wg_regions *out)
{
    if (regions == NULL || regions->size != sizeof *out) {
        return WG_ERR_ARGUMENT;
    }
    *out = *regions;
    out->columns = out->columns == 0 ? CELLS : out->columns;
    out->rows = out->rows == 0 ? CELLS : out->rows;
    out->width = out->width == 0 ? WIDTH : out->width;
    out->height = out->height == 0 ? HEIGHT : out->height;
    return check_sizes(out);
}

static wg_status check_sources(const wg_regions *r)
{
    bool is_kind = r->kind == WG_REGIONS_CLASSES || r->kind == WG_REGIONS_SHADES;
    bool has_values = r->values != NULL || r->value_at != NULL;
    bool has_points = r->points != NULL || r->n_points == 0;
    bool has_names = r->class_names != NULL || r->n_classes == 0;
    return is_kind && has_values && has_points && has_names ? WG_OK : WG_ERR_ARGUMENT;
}

/* The center of cell i of n between two ends. */
static double center(double low, double high, int32_t i, int32_t n)
{
    double part = (i + 0.5) / n;
    return low * (1 - part) + high * part;
}

wg_status wg_regions_centers(const wg_regions *regions, double *centers)
{
    wg_regions r;
    if (centers == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_status status = resolve(regions, &r);
    if (status != WG_OK) {
        return status;
    }
    for (int32_t row = 0; row < r.rows; row++) {
        for (int32_t column = 0; column < r.columns; column++) {
            size_t cell = (size_t)row * (size_t)r.columns + (size_t)column;
            centers[2 * cell] = center(r.x_low, r.x_high, column, r.columns);
            centers[2 * cell + 1] = center(r.y_low, r.y_high, row, r.rows);
        }
    }
    return WG_OK;
}

static double cell_value(const wg_regions *r, int32_t row, int32_t column)
{
    if (r->values != NULL) {
        return r->values[(size_t)row * (size_t)r->columns + (size_t)column];
    }
    double x = center(r->x_low, r->x_high, column, r->columns);
    double y = center(r->y_low, r->y_high, row, r->rows);
    return r->value_at(x, y, r->user);
}

/* Classes below 0 take the last colors, so that -1 and 1 differ. */
static int class_color(double class_index)
{
    int color = (int)fmod(class_index, WG_MAX_SERIES);
    return color < 0 ? color + WG_MAX_SERIES : color;
}

static int color_of(const wg_regions *r, double value)
{
    if (!isfinite(value)) {
        return BLANK;
    }
    if (r->kind == WG_REGIONS_SHADES) {
        double part = value < 0 ? 0 : (value > 1 ? 1 : value);
        return (int)floor(part * (N_SHADES - 1) + 0.5);
    }
    return fabs(value) > LARGEST_CLASS ? BLANK : class_color(floor(value + 0.5));
}

/* A mixture of white and the i-th color, `part` of it. */
static void print_tint(wgi_printer *printer, size_t i, double part)
{
    int rgb[3];
    wgi_svg_rgb(i, rgb);
    for (int k = 0; k < 3; k++) {
        rgb[k] = (int)(255 - part * (255 - rgb[k]));
    }
    wgi_print(printer, "fill=\"#%02x%02x%02x\"/>\n", (unsigned)rgb[0], (unsigned)rgb[1],
              (unsigned)rgb[2]);
}

static void print_color(const wg_regions *r, wgi_printer *printer, int color)
{
    if (r->kind == WG_REGIONS_CLASSES) {
        print_tint(printer, (size_t)color, 0.32);
        return;
    }
    double value = (double)color / (N_SHADES - 1);
    print_tint(printer, value < 0.5 ? 0U : 1U, fabs(value - 0.5) * 1.2);
}

/* Cells start to end - 1 of a row, in units of cells from the top left. */
static void print_run(const wg_regions *r, wgi_printer *printer, const int32_t run[3], int color)
{
    int n = (int)(run[2] - run[1]);
    wgi_print(printer, "<path d=\"M%d %dh%dv1h-%dz\" ", (int)run[1], (int)(r->rows - 1 - run[0]), n,
              n);
    print_color(r, printer, color);
}

static void draw_row(const wg_regions *r, wgi_printer *printer, int32_t row)
{
    int32_t start = 0;
    int color = color_of(r, cell_value(r, row, 0));
    for (int32_t column = 1; column <= r->columns; column++) {
        bool is_end = column == r->columns;
        int next = is_end ? BLANK : color_of(r, cell_value(r, row, column));
        if (next == color && !is_end) {
            continue;
        }
        if (color != BLANK) {
            const int32_t run[3] = {row, start, column};
            print_run(r, printer, run, color);
        }
        start = column;
        color = next;
    }
}

/* Crisp edges leave no seams between neighbours. */
static void draw_cells(const wg_regions *r, const wgi_frame *frame, wgi_printer *printer)
{
    const double box[] = {
        frame->left, frame->top, frame->right - frame->left, frame->bottom - frame->top,
        r->columns,  r->rows};
    wgi_print_numbers(printer,
                      "<svg x=\"@\" y=\"@\" width=\"@\" height=\"@\" viewBox=\"0 0 @ @\" "
                      "preserveAspectRatio=\"none\" shape-rendering=\"crispEdges\">\n",
                      box);
    for (int32_t row = 0; row < r->rows; row++) {
        draw_row(r, printer, row);
    }
    wgi_print(printer, "</svg>\n");
}

static bool is_inside(const wg_regions *r, const wg_region_point *point)
{
    return point->x >= r->x_low && point->x <= r->x_high && point->y >= r->y_low &&
           point->y <= r->y_high;
}

static void draw_points(const wg_regions *r, const wgi_frame *frame, wgi_printer *printer)
{
    wgi_print(printer, "<g stroke=\"#ffffff\">\n");
    for (size_t i = 0; i < r->n_points; i++) {
        const wg_region_point *point = &r->points[i];
        if (!is_inside(r, point)) {
            continue;
        }
        double part_x = (point->x / 2 - r->x_low / 2) / (r->x_high / 2 - r->x_low / 2);
        double part_y = (point->y / 2 - r->y_low / 2) / (r->y_high / 2 - r->y_low / 2);
        const double at[] = {frame->left + part_x * (frame->right - frame->left),
                             frame->bottom - part_y * (frame->bottom - frame->top)};
        wgi_print_numbers(printer, "<circle cx=\"@\" cy=\"@\" r=\"4\" ", at);
        wgi_print(printer, "fill=\"%s\"/>\n", wgi_svg_color((size_t)class_color(point->label)));
    }
    wgi_print(printer, "</g>\n");
}

static int legend_columns(const wg_regions *r)
{
    int widest = 0;
    for (size_t i = 0; i < r->n_classes; i++) {
        int n = wgi_text_columns(r->class_names[i], WGI_NAME_COLUMNS);
        widest = n > widest ? n : widest;
    }
    return widest;
}

static void draw(const wg_regions *r, wgi_printer *printer)
{
    wgi_scale x;
    wgi_scale y;
    wgi_frame frame = {.width = r->width,
                       .height = r->height,
                       .title = r->title,
                       .x_label = r->x_label,
                       .y_label = r->y_label};
    wgi_scale_make(&(wgi_span){.min = r->x_low, .max = r->x_high}, 6, &x);
    wgi_scale_make(&(wgi_span){.min = r->y_low, .max = r->y_high}, 6, &y);
    wgi_frame_fit(&frame, &y, legend_columns(r));
    wgi_svg_open(printer, &frame);
    draw_cells(r, &frame, printer);
    wgi_svg_axes(printer, &frame, &x, &y);
    draw_points(r, &frame, printer);
    for (size_t i = 0; i < r->n_classes; i++) {
        wgi_svg_legend(printer, &frame, (int)i, r->class_names[i], true);
    }
    wgi_svg_close(printer);
}

wg_status wg_regions_write(const wg_regions *regions, const wg_writer *writer)
{
    wg_regions r;
    wgi_printer printer;
    if (writer == NULL || writer->write == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_status status = resolve(regions, &r);
    if (status == WG_OK) {
        status = check_sources(&r);
    }
    if (status != WG_OK) {
        return status;
    }
    wgi_printer_open(&printer, writer);
    draw(&r, &printer);
    return wgi_printer_close(&printer);
}
