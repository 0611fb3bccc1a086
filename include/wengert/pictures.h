/* Pictures: progress while training, curves, decision regions.
 * SPDX-License-Identifier: Apache-2.0
 *
 * All of it goes to a wg_writer as text and allocates nothing. Numbers have a decimal point in
 * every locale. Text of the caller's is taken as UTF-8: what is not, and control characters, become
 * '?'. */
#ifndef WG_PICTURES_H
#define WG_PICTURES_H

#include <wengert/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- progress ----------------------------------------------------------------------------- */

/** Options of a progress display. Set `size` to its sizeof; a zero elsewhere is the default. */
typedef struct wg_progress_options {
    size_t size;
    bool is_terminal;            /**< rewrite one line; else plain lines, few of them */
    int32_t lines;               /**< plain lines at most; 0: 10 */
    double interval;             /**< seconds between rewrites at least; 0: 0.1 */
    int64_t first_step;          /**< steps done before, when training is resumed */
    int64_t samples_per_step;    /**< the rate is in samples; 0: in steps */
    double (*clock)(void *user); /**< seconds, never going back; NULL: the monotonic clock */
    void *clock_user;            /**< handed to clock */
} wg_progress_options;

/** A progress display; a value that the caller owns. Its fields are the library's. */
typedef struct wg_progress {
    wg_progress_options options;
    wg_writer writer;
    int64_t n_steps;
    int64_t done;
    int64_t lines_printed;
    double started;
    double printed_at;
    size_t line_bytes;
    bool is_line_open;
} wg_progress;

/**
 * Starts a display and its clock. Prints nothing yet.
 *
 * n_steps  of the whole training, first_step included; >= 1
 * writer   copied
 * options  copied; NULL for the defaults
 * out      zeroed on failure
 *
 * Errors: WG_ERR_ARGUMENT (writer, out, size of another version), WG_ERR_RANGE (a count, or an
 * interval that is negative or not finite).
 */
WG_NODISCARD WG_API wg_status wg_progress_begin(int64_t n_steps, const wg_writer *writer,
                                                const wg_progress_options *options,
                                                wg_progress *out);

/**
 * Tells that `done` steps of the whole are done (clamped to [first_step, n_steps]) and the loss at
 * it: "step 300/1000  30%  loss 0.4213  51200 samples/s  9 s left". Call it after every step: it
 * prints at a bounded rate, and always at the last step.
 * Errors: WG_ERR_ARGUMENT (progress not begun), the writer's.
 */
WG_API wg_status wg_progress_step(wg_progress *progress, int64_t done, double loss);

/** Ends the line on a terminal. May be called at any time and twice. Errors: as wg_progress_step.
 */
WG_API wg_status wg_progress_end(wg_progress *progress);

/* ---- curves ------------------------------------------------------------------------------- */

/** Points of one curve, joined in their order. Points left out of the picture interrupt it. */
typedef struct wg_series {
    const char *name; /**< in the legend; NULL: not there */
    const double *x;  /**< n of them; NULL: 0, 1, 2, ... */
    const double *y;  /**< n of them */
    size_t n;
} wg_series;

/** What a curve is drawn with. */
typedef enum wg_curve_form {
    WG_CURVE_TEXT = 0,  /**< lines of UTF-8, curves in braille dots */
    WG_CURVE_ASCII = 1, /**< lines of ASCII */
    WG_CURVE_SVG = 2    /**< a whole SVG 1.1 document */
} wg_curve_form;

/** Options of a curve. Set `size` to its sizeof; a zero elsewhere is the default. */
typedef struct wg_curve_options {
    size_t size;
    wg_curve_form form;
    int32_t width;  /**< text: columns in all, 24 to 400, 0: 72; SVG: units, 160 to 10000, 0: 720 */
    int32_t height; /**< text: rows of the plot, 4 to 200, 0: 16; SVG: units, 0: 432 */
    bool is_log_x;  /**< points with x <= 0 are left out */
    bool is_log_y;  /**< points with y <= 0 are left out */
    bool is_colored;   /**< text: ANSI colors; without, several braille curves are drawn as marks */
    const char *title; /**< NULL: none; so below */
    const char *x_label;
    const char *y_label;
} wg_curve_options;

/** The most series in one picture. */
#define WG_MAX_SERIES 32

/**
 * Draws curves over common axes with round ticks. Points that are NaN, infinite, beyond +-1e300, or
 * on a logarithmic axis below 1e-300, are left out; where none is left the axes stand alone.
 *
 * series   n_series of them, at most WG_MAX_SERIES; 0 is legal. Read during the call alone
 * options  NULL for the defaults
 *
 * Errors: WG_ERR_ARGUMENT (series, a series' y, writer, form, size of another version),
 * WG_ERR_RANGE (n_series, width, height), the writer's.
 */
WG_NODISCARD WG_API wg_status wg_curve_write(const wg_series *series, size_t n_series,
                                             const wg_curve_options *options,
                                             const wg_writer *writer);

/* ---- decision regions --------------------------------------------------------------------- */

/** How values become colors. */
typedef enum wg_regions_kind {
    WG_REGIONS_CLASSES = 0, /**< a value, rounded, is a class 0, 1, 2, ...: one color each */
    WG_REGIONS_SHADES = 1   /**< values from 0 (color of class 0) to 1 (color of class 1), with the
                                 boundary at 1/2 */
} wg_regions_kind;

/** A labelled point. */
typedef struct wg_region_point {
    double x;
    double y;
    int32_t label;
} wg_region_point;

/**
 * A rectangle cut into columns x rows cells, and the value at the center of each. Set `size` to its
 * sizeof. Read during the call alone.
 */
typedef struct wg_regions {
    size_t size;
    wg_regions_kind kind;
    double x_low;
    double x_high; /**< > x_low */
    double y_low;
    double y_high;        /**< > y_low */
    int32_t columns;      /**< 1 to 2000; 0: 120 */
    int32_t rows;         /**< 1 to 2000; 0: 120 */
    const double *values; /**< [rows, columns], y_low first; NULL: `value_at` is asked */
    double (*value_at)(double x, double y, void *user);
    void *user;
    const wg_region_point *points; /**< drawn on top; those outside are left out */
    size_t n_points;
    const char *const *class_names; /**< legend, n_classes of them; NULL: none */
    size_t n_classes;               /**< at most WG_MAX_SERIES */
    int32_t width;                  /**< SVG units, 160 to 10000; 0: 560 */
    int32_t height;                 /**< 0: 480 */
    const char *title;
    const char *x_label;
    const char *y_label;
} wg_regions;

/**
 * The centers of the cells as [rows * columns, 2], x then y, in the order of `values`: evaluate a
 * network on them in one batch. `centers` has room for 2 * rows * columns doubles.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_RANGE.
 */
WG_NODISCARD WG_API wg_status wg_regions_centers(const wg_regions *regions, double *centers);

/**
 * Draws decision regions as a whole SVG 1.1 document. Cells whose value is not finite stay empty.
 * Errors: WG_ERR_ARGUMENT (regions, writer, neither values nor value_at, points NULL, kind, size of
 * another version), WG_ERR_RANGE (a count, a size, or a rectangle that is empty or not finite), the
 * writer's.
 */
WG_NODISCARD WG_API wg_status wg_regions_write(const wg_regions *regions, const wg_writer *writer);

#ifdef __cplusplus
}
#endif
#endif
