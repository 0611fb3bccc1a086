/* The loops of poolings and upsamplings, built once for each instruction set.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_POOL_HOT_H
#define WG_NATIVE_POOL_HOT_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/native/isa.h"

/* Channels that are worked on together. */
#define WGI_POOL_LANES 16

/* The elements first, first + step ... along an axis, of which there are n. */
typedef struct wgi_span {
    int64_t first;
    int64_t n;
    int64_t step;
} wgi_span;

/* One row of windows over one image of [*, width, channels]. */
typedef struct wgi_pool_row {
    const void *x;     /* the image */
    const void *g;     /* pick: one of its shape; backward: the row of dy */
    void *y;           /* the row of results; backward: dx, an image */
    int64_t channels;  /* > 0 */
    int64_t width;     /* of the image */
    int64_t windows;   /* in the row */
    int64_t x_spare;   /* elements that may be touched after the last row of the windows */
    int64_t y_spare;   /* likewise after the row of results, or of dy */
    wgi_span h;        /* the rows of the image that the windows cover */
    const wgi_span *w; /* the columns of each window */
    bool is_added;     /* backward: windows overlap; else each element is written once at most */
    int32_t zero;      /* 0, unknown to compilers: GCC 12 turns comparisons of known numbers of
                          elements into masks that it then puts together bit by bit */
} wgi_pool_row;

typedef void (*wgi_pool_run)(const wgi_pool_row *row);

/* The taps of one result: `n` elements from `first` on with their weights. */
typedef struct wgi_weighted {
    int64_t first;
    int64_t n;
    const double *weights;
} wgi_weighted;

/* One row of results, sums over taps of an image of [*, width, channels]. */
typedef struct wgi_resample_row {
    const void *x;
    void *y;
    int64_t channels; /* > 0 */
    int64_t width;    /* of x */
    int64_t results;  /* in the row */
    int64_t x_spare;  /* elements that may be read after the last row of the taps */
    int64_t y_spare;  /* elements that may be written after the results */
    wgi_weighted h;
    const wgi_weighted *w; /* of each result */
} wgi_resample_row;

typedef void (*wgi_resample_run)(const wgi_resample_row *row);

typedef struct wgi_pool_loops {
    wgi_pool_run max;
    wgi_pool_run pick;
    wgi_pool_run backward;
    wgi_resample_run resample;
} wgi_pool_loops;

typedef struct wgi_pool_hot {
    wgi_pool_loops f32;
    wgi_pool_loops f64;
} wgi_pool_hot;

WGI_HOT_DECLARE(wgi_pool_hot, wgi_pool_hot);

#endif
