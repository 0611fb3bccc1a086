/* A history drawn, and as a table.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: every point is written once, in the order of its curve. */
#include "train/history.h"

#include <string.h>

#include "core/text.h"

wg_status wg_history_draw(const wg_history *h, const char *const *names, size_t n,
                          const wg_curve_options *options, const wg_writer *writer)
{
    wg_series series[WG_MAX_SERIES];
    wg_status status = WG_OK;
    if (h == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (names == NULL) {
        n = h->curves.count < WG_MAX_SERIES ? h->curves.count : WG_MAX_SERIES;
    }
    if (n > WG_MAX_SERIES) {
        return wgi_context_fail(h->ctx, WG_ERR_RANGE, "history: more than %d curves to draw",
                                WG_MAX_SERIES);
    }
    for (size_t i = 0; status == WG_OK && i < n; i++) {
        status = names == NULL ? wg_history_series(h, i, &series[i])
                               : wg_history_find(h, names[i], &series[i]);
    }
    return status == WG_OK ? wg_curve_write(series, n, options, writer) : status;
}

/* ---- the table ---------------------------------------------------------------------------- */

/* Where each curve has come to; the x of a line is the smallest of the next ones. */
typedef struct cursors {
    const wgi_curve *curves;
    size_t n;
    size_t *next;
} cursors;

static bool has_next(const cursors *c, size_t i)
{
    return c->next[i] < c->curves[i].x.count;
}

static double next_x(const cursors *c, size_t i)
{
    return ((const double *)c->curves[i].x.data)[c->next[i]];
}

/* False where every curve is at its end. */
static bool find_x(const cursors *c, double *x)
{
    bool is_found = false;
    for (size_t i = 0; i < c->n; i++) {
        if (has_next(c, i) && (!is_found || next_x(c, i) < *x)) {
            *x = next_x(c, i);
            is_found = true;
        }
    }
    return is_found;
}

static wg_status write_number(const wg_writer *writer, double number)
{
    char digits[64];
    wgi_text text = wgi_text_make(digits, sizeof digits);
    wgi_text_add_exact(&text, number, false);
    return writer->write(writer->user, digits, text.used);
}

static wg_status write_line(const wg_writer *writer, cursors *c, double x)
{
    wg_status status = write_number(writer, x);
    for (size_t i = 0; status == WG_OK && i < c->n; i++) {
        const bool is_here = has_next(c, i) && next_x(c, i) == x;
        status = wgi_write(writer, ",");
        if (status == WG_OK && is_here) {
            status = write_number(writer, ((const double *)c->curves[i].y.data)[c->next[i]]);
        }
        c->next[i] += is_here;
    }
    return status == WG_OK ? wgi_write(writer, "\n") : status;
}

/* A name with a comma stands in quotes. */
static wg_status write_head(const wg_writer *writer, const cursors *c)
{
    wg_status status = wgi_write(writer, "x");
    for (size_t i = 0; status == WG_OK && i < c->n; i++) {
        const char *quote = strchr(c->curves[i].name, ',') != NULL ? "\"" : "";
        status = wgi_write(writer, ",%s%s%s", quote, c->curves[i].name, quote);
    }
    return status == WG_OK ? wgi_write(writer, "\n") : status;
}

wg_status wg_history_write_csv(const wg_history *h, const wg_writer *writer)
{
    if (h == NULL || writer == NULL || writer->write == NULL) {
        return WG_ERR_ARGUMENT;
    }
    const wg_allocator *memory = &h->ctx->memory;
    cursors c = {.curves = wgi_history_curves(h), .n = h->curves.count};
    c.next = c.n == 0 ? NULL : wgi_alloc_zeroed(memory, c.n, sizeof *c.next);
    if (c.next == NULL && c.n > 0) {
        return wgi_context_fail(h->ctx, WG_ERR_MEMORY, "no memory to write a history");
    }
    wg_status status = write_head(writer, &c);
    double x = 0;
    while (status == WG_OK && find_x(&c, &x)) {
        status = write_line(writer, &c, x);
    }
    wgi_release(memory, c.next, c.n * sizeof *c.next);
    return status;
}
