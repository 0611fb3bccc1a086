/* Curves: what is asked for is checked and scaled here, and drawn as text or as SVG.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: both axes are fitted to the points that both accept, so all that is drawn is inside.
 */
#include "inspect/plot.h"

#include <wengert/pictures.h>

#define TEXT_WIDTH 72
#define TEXT_HEIGHT 16
#define SVG_WIDTH 720
#define SVG_HEIGHT 432

static bool series_point(const wgi_plot *plot, const wg_series *series, size_t i, double point[2])
{
    point[0] = series->x != NULL ? series->x[i] : (double)i;
    point[1] = series->y[i];
    return wgi_scale_accepts(plot->options.is_log_x, point[0]) &&
           wgi_scale_accepts(plot->options.is_log_y, point[1]);
}

bool wgi_plot_place(const wgi_plot *plot, const wg_series *series, size_t i, double place[2])
{
    double point[2];
    if (!series_point(plot, series, i, point)) {
        return false;
    }
    place[0] = wgi_scale_place(&plot->x, point[0]);
    place[1] = wgi_scale_place(&plot->y, point[1]);
    return true;
}

static void widen(wgi_span *span, double value, bool is_first)
{
    span->min = is_first || value < span->min ? value : span->min;
    span->max = is_first || value > span->max ? value : span->max;
}

/* What the accepted points span; where there are none, 0 to 1, or 1 to 10 on a logarithmic axis. */
static void measure(const wgi_plot *plot, wgi_span *x, wgi_span *y)
{
    bool is_first = true;
    for (size_t s = 0; s < plot->n_series; s++) {
        for (size_t i = 0; i < plot->series[s].n; i++) {
            double point[2];
            if (series_point(plot, &plot->series[s], i, point)) {
                widen(x, point[0], is_first);
                widen(y, point[1], is_first);
                is_first = false;
            }
        }
    }
    if (is_first) {
        x->min = x->is_log ? 1 : 0;
        x->max = x->is_log ? 10 : 1;
        y->min = y->is_log ? 1 : 0;
        y->max = y->is_log ? 10 : 1;
    }
}

static int clamp(int value, int low, int high)
{
    return value < low ? low : (value > high ? high : value);
}

static void fit_axes(wgi_plot *plot)
{
    const wg_curve_options *options = &plot->options;
    bool is_svg = options->form == WG_CURVE_SVG;
    wgi_span x = {.is_log = options->is_log_x};
    wgi_span y = {.is_log = options->is_log_y, .is_rounded = true};
    measure(plot, &x, &y);
    wgi_scale_make(&x, clamp(options->width / (is_svg ? 90 : 12), 2, 10), &plot->x);
    wgi_scale_make(&y, clamp(options->height / (is_svg ? 60 : 3), 2, 8), &plot->y);
}

static wg_status check_series(const wg_series *series, size_t n_series)
{
    if (n_series > WG_MAX_SERIES) {
        return WG_ERR_RANGE;
    }
    if (series == NULL && n_series > 0) {
        return WG_ERR_ARGUMENT;
    }
    for (size_t s = 0; s < n_series; s++) {
        if (series[s].y == NULL && series[s].n > 0) {
            return WG_ERR_ARGUMENT;
        }
    }
    return WG_OK;
}

/* Fills in the defaults. */
static wg_status resolve(const wg_curve_options *options, wg_curve_options *out)
{
    *out = options != NULL ? *options : (wg_curve_options){.size = sizeof *out};
    if (out->size != sizeof *out || out->form < WG_CURVE_TEXT || out->form > WG_CURVE_SVG) {
        return WG_ERR_ARGUMENT;
    }
    bool is_svg = out->form == WG_CURVE_SVG;
    if (out->width == 0) {
        out->width = is_svg ? SVG_WIDTH : TEXT_WIDTH;
    }
    if (out->height == 0) {
        out->height = is_svg ? SVG_HEIGHT : TEXT_HEIGHT;
    }
    bool fits = is_svg ? out->width >= 160 && out->width <= 10000 && out->height >= 160 &&
                             out->height <= 10000
                       : out->width >= 24 && out->width <= WGI_MAX_PLOT_COLUMNS &&
                             out->height >= 4 && out->height <= 200;
    return fits ? WG_OK : WG_ERR_RANGE;
}

wg_status wg_curve_write(const wg_series *series, size_t n_series, const wg_curve_options *options,
                         const wg_writer *writer)
{
    wgi_plot plot = {.series = series, .n_series = n_series};
    wgi_printer printer;
    if (writer == NULL || writer->write == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_status status = check_series(series, n_series);
    if (status == WG_OK) {
        status = resolve(options, &plot.options);
    }
    if (status != WG_OK) {
        return status;
    }
    fit_axes(&plot);
    wgi_printer_open(&printer, writer);
    if (plot.options.form == WG_CURVE_SVG) {
        wgi_plot_svg(&plot, &printer);
    } else {
        wgi_plot_text(&plot, &printer);
    }
    return wgi_printer_close(&printer);
}
