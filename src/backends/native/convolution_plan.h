/* How the convolutions see a problem: sums over taps, whichever the pass.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Along an axis the places of the result fall into classes that see the same taps of the kernel:
 * one class of all places where an image is convolved, one of each remainder of the stride where an
 * image's gradient is gathered. Place a of a class sees elements a * x_step + first + t * gap of
 * the operand, t in [0, n). */
#ifndef WG_NATIVE_CONVOLUTION_PLAN_H
#define WG_NATIVE_CONVOLUTION_PLAN_H

#include "backends/native/convolution_hot.h"
#include "core/backend.h"
#include "ops/params.h"

/* Elements begin, begin + 1 ... before end. */
typedef struct wgi_range {
    int64_t begin;
    int64_t end;
} wgi_range;

typedef struct wgi_tap_class {
    int64_t first;
    int64_t gap;
    int64_t n;
    int64_t start;  /* of its taps in the order of the axis */
    int64_t places; /* of the result */
    wgi_range full; /* those that see all its taps inside the operand */
} wgi_tap_class;

typedef struct wgi_tap_axis {
    int64_t size; /* of the operand */
    int64_t x_step;
    int64_t y_step; /* from one place of a class to the next */
    int64_t kernel;
    int64_t n_classes;
    wgi_tap_class *classes;
    int64_t *order; /* the kernel's taps, class by class, in the order of what they see */
} wgi_tap_axis;

typedef struct wgi_convolution_plan {
    const wgi_convolution_loops *loops;
    size_t element;
    wgi_convolution_attr attr;
    wgi_tap_axis axes[2];
    int64_t images;
    int64_t results[2]; /* places of the result */
    int64_t channels;   /* of a pixel of the operand, and of the result */
    int64_t filters;
    int64_t groups;
    int64_t group_in;
    int64_t group_out;
    bool is_depthwise;     /* one group, each filter with a channel of its own */
    bool is_merged;        /* the taps of a row are one run of elements */
    int64_t filter_stride; /* in the kernel */
    int64_t channel_stride;
    int64_t panels_of_group;
    int64_t panel_count; /* elements of a panel one column wide */
    int64_t group_width; /* columns of a group's panels */
    int64_t row_block;   /* of the kernel, whose sums are put by */
    int64_t run_block;
    int64_t chunk;       /* rows worked on together */
    int64_t parts;       /* weights: of the batch */
    int64_t place_block; /* weights: rows whose sums are put by */
    int64_t tail;        /* weights: places of a row, of whose dy a panel may read past the end */
    size_t part_bytes;   /* weights: of the sums of a part */
    size_t copy_bytes;   /* weights: of a thread's copy of the end of dy */
    int32_t threads;
} wgi_convolution_plan;

/* A panel of filters. */
typedef struct wgi_filter_panel {
    int64_t group;
    int64_t first; /* filter of the group */
    int64_t columns;
    int64_t width;
    int64_t offset; /* in elements, among all panels */
    const wgi_convolution_tiles *tiles;
} wgi_filter_panel;

int64_t wgi_panel_count(const wgi_convolution_plan *p);
wgi_filter_panel wgi_panel_at(const wgi_convolution_plan *p, int64_t i);

/* A panel's way into the kernel, and its first element there. */
wgi_convolution_pack wgi_panel_pack(const wgi_convolution_plan *p, const wgi_filter_panel *panel);
int64_t wgi_panel_kernel(const wgi_convolution_plan *p, const wgi_filter_panel *panel);

/* Quotients of any numerator, by a divisor > 0, rounded up and down. */
int64_t wgi_quotient_up(int64_t a, int64_t b);
int64_t wgi_quotient_down(int64_t a, int64_t b);

static inline int64_t wgi_least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t wgi_most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static inline wgi_range wgi_both(wgi_range a, wgi_range b)
{
    const int64_t begin = wgi_most(a.begin, b.begin);
    return (wgi_range){begin, wgi_most(begin, wgi_least(a.end, b.end))};
}

/* The height of the first of the fewest tiles, nearly alike, that take so many. */
static inline int64_t wgi_tile_height(int64_t left, int64_t most)
{
    const int64_t tiles = left / most + (left % most > 0);
    return left / tiles + (left % tiles > 0);
}

/* The first + i * gap that lie in [0, size), of n. */
wgi_range wgi_inside(int64_t first, int64_t gap, int64_t n, int64_t size);

#endif
