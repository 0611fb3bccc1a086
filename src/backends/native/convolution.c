/* Sums over taps: a convolution, and the gradient of its image.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The kernel is packed into panels, once for a run. Then rows of the result are worked on in
 * chunks, each by one thread; a sum belongs to one tile as a whole, so that bits do not depend on
 * the threads. What a tap sees outside the operand is left out, never multiplied. */
#include "backends/native/convolution.h"

#include "backends/native/convolution_plan.h"
#include "backends/native/share.h"

typedef struct work {
    const wgi_convolution_plan *p;
    const char *x;
    const char *w;
    const char *bias;
    char *y;
    char *panels;
    int64_t chunks; /* of the rows of a class in an image */
} work;

/* A chunk's places of a class, and what of the taps they see. */
typedef struct area {
    const wgi_convolution_plan *p;
    const wgi_filter_panel *panel;
    const wgi_tap_class *h;
    const wgi_tap_class *w;
    const char *x; /* the image */
    char *y;       /* the image, from the place of the classes' first on */
    const char *panel_w;
    const char *bias;
    wgi_range rows; /* of the class */
    wgi_range t;    /* of the kernel's */
    wgi_range run;  /* of the elements at a tap, or of the taps in a row */
    bool is_first;
} area;

/* Places in a line that see the same taps: where it starts, and which they are. */
typedef struct line {
    int64_t row;
    int64_t column;
    int64_t count;
    bool is_down;
    wgi_range t;
    wgi_range l;
} line;

/* ---- lines ---------------------------------------------------------------------------------- */

static int64_t size_of(wgi_range r)
{
    return r.end - r.begin;
}

/* What a line sums up, and where in the image and in the panel that begins; all 0 where it sees
 * nothing. */
static wgi_convolution_sum sum_of(const area *s, const line *n, int64_t *x, int64_t *w)
{
    const wgi_convolution_plan *p = s->p;
    const wgi_tap_axis *axes = p->axes;
    const int64_t width = s->panel->width;
    wgi_range run = s->run;
    wgi_range l = n->l;
    if (p->is_merged) {
        run = wgi_both(run, (wgi_range){l.begin * p->group_in, l.end * p->group_in});
        l = (wgi_range){0, 1};
    }
    wgi_convolution_sum sum = {.columns = s->panel->columns, .is_first = s->is_first};
    *x = 0;
    *w = 0;
    if (size_of(n->t) == 0 || size_of(l) == 0 || size_of(run) == 0) {
        return sum;
    }
    sum.rows = size_of(n->t);
    sum.taps = size_of(l);
    sum.length = size_of(run);
    sum.x_row = s->h->gap * axes[1].size * p->channels;
    sum.x_tap = s->w->gap * p->channels;
    sum.w_row = axes[1].kernel * p->group_in * width;
    sum.w_tap = p->group_in * width;
    const int64_t i = n->row * axes[0].x_step + s->h->first + n->t.begin * s->h->gap;
    const int64_t j = n->column * axes[1].x_step + s->w->first + l.begin * s->w->gap;
    const int64_t channel = p->is_depthwise ? s->panel->first : s->panel->group * p->group_in;
    *x = (i * axes[1].size + j) * p->channels + channel + run.begin;
    *w = (s->h->start + n->t.begin) * sum.w_row + (s->w->start + l.begin) * sum.w_tap +
         run.begin * width;
    return sum;
}

static void run_line(const area *s, const line *n)
{
    const wgi_convolution_plan *p = s->p;
    const wgi_tap_axis *axes = p->axes;
    const wgi_convolution_tile *tiles =
        p->is_depthwise ? s->panel->tiles->depth : s->panel->tiles->sum;
    const int64_t bytes = (int64_t)p->element;
    int64_t from = 0;
    int64_t w = 0;
    wgi_convolution_sum sum = sum_of(s, n, &from, &w);
    sum.w = s->panel_w + w * bytes;
    sum.bias = s->bias;
    sum.x_place = sum.rows == 0
                      ? 0
                      : (n->is_down ? axes[0].x_step * axes[1].size : axes[1].x_step) * p->channels;
    sum.y_place = (n->is_down ? axes[0].y_step * p->results[1] : axes[1].y_step) * p->filters;
    const char *x = s->x + from * bytes;
    char *y = s->y + (n->row * axes[0].y_step * p->results[1] + n->column * axes[1].y_step) *
                         p->filters * bytes;
    for (int64_t left = n->count; left > 0;) {
        const int64_t height = wgi_tile_height(left, p->loops->height);
        tiles[height - 1](&sum, x, y);
        x += height * sum.x_place * bytes;
        y += height * sum.y_place * bytes;
        left -= height;
    }
}

/* ---- areas ---------------------------------------------------------------------------------- */

/* The taps that column b sees. */
static wgi_range taps_at(const area *s, int64_t b)
{
    const wgi_tap_axis *axis = &s->p->axes[1];
    return wgi_inside(b * axis->x_step + s->w->first, s->w->gap, s->w->n, axis->size);
}

/* Columns of `range` in rows from `row` on, each a line down. */
static void run_down(const area *s, line n, wgi_range range)
{
    for (n.column = range.begin; n.column < range.end; n.column++) {
        n.l = taps_at(s, n.column);
        run_line(s, &n);
    }
}

/* Columns whose taps are all inside, in one row. */
static void run_across(const area *s, line n)
{
    n.is_down = false;
    n.column = s->w->full.begin;
    n.count = size_of(s->w->full);
    n.l = (wgi_range){0, s->w->n};
    run_line(s, &n);
}

/* `count` rows from n.row on that see the taps n.t of the kernel's rows. */
static void run_rows(const area *s, line n)
{
    const int64_t end = n.row + n.count;
    n.is_down = true;
    run_down(s, n, (wgi_range){0, s->w->full.begin});
    run_down(s, n, (wgi_range){s->w->full.end, s->w->places});
    for (; n.row < end; n.row++) {
        run_across(s, n);
    }
}

/* Rows that see different taps one by one, and those that see all of them together. */
static void run_area(const area *s)
{
    const wgi_tap_axis *axis = &s->p->axes[0];
    const int64_t first = s->h->first + s->t.begin * s->h->gap;
    const int64_t last = s->h->first + (s->t.end - 1) * s->h->gap;
    wgi_range full = s->rows;
    if (size_of(s->t) > 0) {
        full.begin = wgi_inside(first, axis->x_step, s->h->places, axis->size).begin;
        full.end = wgi_inside(last, axis->x_step, s->h->places, axis->size).end;
        full = wgi_both(s->rows, full);
    }
    for (int64_t a = s->rows.begin; a < s->rows.end; a++) {
        if (a == full.begin && size_of(full) > 0) {
            run_rows(s, (line){.row = a, .count = size_of(full), .t = s->t});
            a = full.end - 1;
            continue;
        }
        const wgi_range seen =
            wgi_inside(a * axis->x_step + s->h->first, s->h->gap, s->h->n, axis->size);
        run_rows(s, (line){.row = a, .count = 1, .t = wgi_both(s->t, seen)});
    }
}

/* Block by block of the taps; the bias comes with the last. */
static void run_blocks(area *s, const char *bias)
{
    const wgi_convolution_plan *p = s->p;
    const int64_t length = p->is_merged ? s->w->n * p->group_in : p->group_in;
    s->is_first = true;
    s->t.begin = 0;
    do {
        s->t.end = wgi_least(s->t.begin + p->row_block, s->h->n);
        s->run.begin = 0;
        do {
            s->run.end = wgi_least(s->run.begin + p->run_block, length);
            s->bias = s->t.end == s->h->n && s->run.end == length ? bias : NULL;
            run_area(s);
            s->is_first = false;
            s->run.begin = s->run.end;
        } while (s->run.begin < length);
        s->t.begin = s->t.end;
    } while (s->t.begin < s->h->n);
}

/* ---- chunks --------------------------------------------------------------------------------- */

/* All classes of columns in the rows of an area, by one panel. */
static void run_panel(const work *w, area s, int64_t i, int64_t row_class)
{
    const wgi_convolution_plan *p = w->p;
    const int64_t bytes = (int64_t)p->element;
    const wgi_filter_panel panel = wgi_panel_at(p, i);
    const int64_t filter = panel.group * p->group_out + panel.first;
    const char *bias = w->bias != NULL ? w->bias + filter * bytes : NULL;
    char *y = s.y;
    s.panel = &panel;
    s.panel_w = w->panels + panel.offset * bytes;
    for (int64_t c = 0; c < p->axes[1].n_classes; c++) {
        s.w = &p->axes[1].classes[c];
        s.y = y + ((row_class * p->results[1] + c) * p->filters + filter) * bytes;
        run_blocks(&s, bias);
    }
}

/* Item i is a chunk of the rows of a class of an image. */
static void run_chunks(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const wgi_convolution_plan *p = w->p;
    const int64_t bytes = (int64_t)p->element;
    const int64_t image = p->axes[0].size * p->axes[1].size * p->channels * bytes;
    const int64_t result = p->results[0] * p->results[1] * p->filters * bytes;
    for (int64_t i = begin; i < end; i++) {
        const int64_t row_class = i / w->chunks % p->axes[0].n_classes;
        const int64_t n = i / w->chunks / p->axes[0].n_classes;
        area s = {.p = p, .h = &p->axes[0].classes[row_class]};
        s.x = w->x + n * image;
        s.y = w->y + n * result;
        s.rows.begin = wgi_least(i % w->chunks * p->chunk, s.h->places);
        s.rows.end = wgi_least(s.rows.begin + p->chunk, s.h->places);
        for (int64_t k = 0; k < wgi_panel_count(p) && size_of(s.rows) > 0; k++) {
            run_panel(w, s, k, row_class);
        }
    }
}

static void pack_panels(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const int64_t bytes = (int64_t)w->p->element;
    for (int64_t i = begin; i < end; i++) {
        const wgi_filter_panel panel = wgi_panel_at(w->p, i);
        const wgi_convolution_pack pack = wgi_panel_pack(w->p, &panel);
        w->p->loops->pack(&pack, w->w + wgi_panel_kernel(w->p, &panel) * bytes,
                          w->panels + panel.offset * bytes);
    }
}

wg_status wgi_native_convolution_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const wgi_convolution_plan *p = prepared->state;
    const wgi_tap_axis *axis = &p->axes[0];
    const work w = {.p = p,
                    .x = args->in[0].data,
                    .w = args->in[1].data,
                    .bias = args->n_in == 3 ? args->in[2].data : NULL,
                    .y = args->out[0].data,
                    .panels = args->scratch,
                    .chunks = wgi_quotient_up(axis->classes[0].places, p->chunk)};
    wgi_share(p->threads, wgi_panel_count(p), pack_panels, &w);
    wgi_share(p->threads, p->images * axis->n_classes * w.chunks, run_chunks, &w);
    return WG_OK;
}
