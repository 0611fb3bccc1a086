/* The gradient of a convolution's kernel: sums over places.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Parts of the batch, whose number the sizes alone decide, have sums of their own, panel by panel,
 * each worked out by one thread; they are added up in order. */
#include "backends/native/convolution.h"

#include <string.h>

#include "backends/native/convolution_plan.h"
#include "backends/native/share.h"

typedef struct work {
    const wgi_convolution_plan *p;
    const char *x;
    const char *dy;
    char *dw;
    char *sums;
    char *copies;
} work;

/* Some places of an image, by a panel. */
typedef struct unit {
    const wgi_convolution_plan *p;
    const wgi_filter_panel *panel;
    const char *x;  /* the image */
    const char *dy; /* the first of the places, at the panel's first filter */
    int64_t dy_row;
    int64_t dy_place;
    char *sums; /* the panel's, [kernel, kernel, channels, width] */
    wgi_range rows;
    wgi_range columns;
} unit;

/* Places that see the same taps, and the elements of x: those from `tap` of the row `k` on. */
typedef struct patch {
    wgi_range rows;
    wgi_range columns;
    int64_t k;
    int64_t tap;
    wgi_range run;
} patch;

static void run_patch(const unit *u, const patch *a)
{
    const wgi_convolution_plan *p = u->p;
    const wgi_convolution_attr *attr = &p->attr;
    const int64_t bytes = (int64_t)p->element;
    const int64_t i = a->rows.begin * attr->stride[0] + a->k * attr->dilation[0] - attr->before[0];
    const int64_t j =
        a->columns.begin * attr->stride[1] + a->tap * attr->dilation[1] - attr->before[1];
    const int64_t channel = p->is_depthwise ? u->panel->first : u->panel->group * p->group_in;
    const int64_t at = (a->k * attr->kernel[1] + a->tap) * p->group_in;
    const wgi_convolution_gradient *tiles =
        p->is_depthwise ? u->panel->tiles->depth_gradient : u->panel->tiles->gradient;
    const wgi_convolution_product product = {
        .rows = a->rows.end - a->rows.begin,
        .x_row = attr->stride[0] * attr->input[1] * p->channels,
        .g_row = u->dy_row,
        .places = a->columns.end - a->columns.begin,
        .x_place = attr->stride[1] * p->channels,
        .g_place = u->dy_place,
        .x_element = p->is_depthwise ? attr->dilation[1] * p->channels : 1,
        .columns = u->panel->columns,
    };
    const char *g = u->dy + ((a->rows.begin - u->rows.begin) * u->dy_row +
                             (a->columns.begin - u->columns.begin) * u->dy_place) *
                                bytes;
    const char *x = u->x + ((i * attr->input[1] + j) * p->channels + channel +
                            a->run.begin * product.x_element) *
                               bytes;
    char *out = u->sums + (at + a->run.begin) * u->panel->width * bytes;
    for (int64_t left = a->run.end - a->run.begin; left > 0;) {
        const int64_t height = wgi_tile_height(left, p->loops->height);
        tiles[height - 1](&product, x, g, out);
        x += height * product.x_element * bytes;
        out += height * u->panel->width * bytes;
        left -= height;
    }
}

/* Tap by tap the places that see it. */
static void run_taps(const unit *u, patch a)
{
    const wgi_convolution_plan *p = u->p;
    const wgi_convolution_attr *attr = &p->attr;
    a.run = (wgi_range){0, p->group_in};
    for (a.tap = 0; a.tap < attr->kernel[1]; a.tap++) {
        const wgi_range seen = wgi_inside(a.tap * attr->dilation[1] - attr->before[1],
                                          attr->stride[1], p->results[1], attr->input[1]);
        a.columns = wgi_both(seen, u->columns);
        if (a.columns.end > a.columns.begin) {
            run_patch(u, &a);
        }
    }
}

/* The taps of a row as one run; places at the border see some of them. */
static void run_border(const unit *u, patch a, wgi_range range)
{
    const wgi_convolution_plan *p = u->p;
    const wgi_tap_axis *axis = &p->axes[1];
    for (int64_t b = range.begin; b < range.end; b++) {
        const wgi_range taps = wgi_inside(b * axis->x_step + axis->classes[0].first,
                                          axis->classes[0].gap, axis->kernel, axis->size);
        a.columns = (wgi_range){b, b + 1};
        a.run = (wgi_range){taps.begin * p->group_in, taps.end * p->group_in};
        if (taps.end > taps.begin) {
            run_patch(u, &a);
        }
    }
}

static void run_merged(const unit *u, patch a)
{
    const wgi_convolution_plan *p = u->p;
    const wgi_tap_class *c = &p->axes[1].classes[0];
    run_border(u, a, wgi_both(u->columns, (wgi_range){0, c->full.begin}));
    run_border(u, a, wgi_both(u->columns, (wgi_range){c->full.end, c->places}));
    a.columns = wgi_both(u->columns, c->full);
    a.run = (wgi_range){0, c->n * p->group_in};
    if (a.columns.end > a.columns.begin) {
        run_patch(u, &a);
    }
}

static void run_unit(const unit *u)
{
    const wgi_convolution_plan *p = u->p;
    const wgi_convolution_attr *attr = &p->attr;
    for (int64_t k = 0; k < attr->kernel[0]; k++) {
        const wgi_range seen = wgi_inside(k * attr->dilation[0] - attr->before[0], attr->stride[0],
                                          p->results[0], attr->input[0]);
        const patch a = {
            .rows = {wgi_most(seen.begin, u->rows.begin), wgi_least(seen.end, u->rows.end)},
            .k = k};
        if (a.rows.end <= a.rows.begin) {
            continue;
        }
        if (p->is_merged) {
            run_merged(u, a);
        } else {
            run_taps(u, a);
        }
    }
}

/* Whether a panel can be read as wide as a tile is at all places of the rows before `end`, counted
 * through the batch: what it reads past its filters is put nowhere. */
static bool is_readable(const wgi_convolution_plan *p, const wgi_filter_panel *panel,
                        int64_t filter, int64_t end)
{
    const int64_t places = p->images * p->results[0] * p->results[1];
    const int64_t last = end * p->results[1] - 1;
    return p->is_depthwise || panel->columns == panel->width ||
           last * p->filters + filter + panel->width <= places * p->filters;
}

/* Rows of an image that end where a panel would read past dy: their last places go by a copy,
 * which ends in zeros. */
static void run_last(const unit *u, char *copy)
{
    const wgi_convolution_plan *p = u->p;
    const int64_t bytes = (int64_t)p->element;
    const int64_t tail = p->tail;
    const int64_t width = u->panel->width;
    unit part = *u;
    part.columns = (wgi_range){0, p->results[1] - tail};
    if (part.columns.end > 0) {
        run_unit(&part);
    }
    part.columns = (wgi_range){p->results[1] - tail, p->results[1]};
    for (int64_t i = 0; i < u->rows.end - u->rows.begin; i++) {
        p->loops->copy(u->dy + (i * u->dy_row + part.columns.begin * u->dy_place) * bytes,
                       u->dy_place, tail, u->panel->columns, width,
                       copy + i * tail * width * bytes);
    }
    part.dy = copy;
    part.dy_place = width;
    part.dy_row = tail * width;
    run_unit(&part);
}

static void run_image(const work *w, unit *u, int64_t n, char *copy)
{
    const wgi_convolution_plan *p = w->p;
    const int64_t bytes = (int64_t)p->element;
    const int64_t image = p->attr.input[0] * p->attr.input[1] * p->channels;
    const int64_t filter = u->panel->group * p->group_out + u->panel->first;
    u->x = w->x + n * image * bytes;
    u->dy_place = p->filters;
    u->dy_row = p->results[1] * p->filters;
    u->columns = (wgi_range){0, p->results[1]};
    for (int64_t i = 0; i < p->results[0]; i += p->place_block) {
        u->rows = (wgi_range){i, wgi_least(i + p->place_block, p->results[0])};
        u->dy = w->dy + ((n * p->results[0] + i) * u->dy_row + filter) * bytes;
        if (is_readable(p, u->panel, filter, n * p->results[0] + u->rows.end)) {
            run_unit(u);
        } else {
            run_last(u, copy);
        }
    }
}

/* Item i is a thread: it takes each panel of each part whose turn it is. */
static void run_items(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const wgi_convolution_plan *p = w->p;
    const int64_t panels = wgi_panel_count(p);
    const int64_t bytes = (int64_t)p->element;
    for (int64_t i = begin; i < end; i++) {
        for (int64_t k = i; k < panels * p->parts; k += p->threads) {
            const wgi_filter_panel panel = wgi_panel_at(p, k % panels);
            const int64_t part = k / panels;
            unit u = {.p = p, .panel = &panel};
            u.sums = w->sums + (size_t)part * p->part_bytes + panel.offset * bytes;
            memset(u.sums, 0, (size_t)(p->panel_count * panel.width) * p->element);
            for (int64_t n = p->images * part / p->parts; n < p->images * (part + 1) / p->parts;
                 n++) {
                run_image(w, &u, n, w->copies + (size_t)i * p->copy_bytes);
            }
        }
    }
}

static void unpack_panels(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const wgi_convolution_plan *p = w->p;
    const int64_t bytes = (int64_t)p->element;
    for (int64_t i = begin; i < end; i++) {
        const wgi_filter_panel panel = wgi_panel_at(p, i);
        const wgi_convolution_pack pack = wgi_panel_pack(p, &panel);
        p->loops->unpack(&pack, w->sums + panel.offset * bytes, p->parts,
                         (int64_t)p->part_bytes / bytes,
                         w->dw + wgi_panel_kernel(p, &panel) * bytes);
    }
}

wg_status wgi_native_convolution_weights_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const wgi_convolution_plan *p = prepared->state;
    const work w = {.p = p,
                    .x = args->in[0].data,
                    .dy = args->in[1].data,
                    .dw = args->out[0].data,
                    .sums = args->scratch,
                    .copies = (char *)args->scratch + p->part_bytes * (size_t)p->parts};
    wgi_share(p->threads, p->threads, run_items, &w);
    wgi_share(p->threads, wgi_panel_count(p), unpack_panels, &w);
    return WG_OK;
}
