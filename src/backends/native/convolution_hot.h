/* The loops of convolutions, built once for each instruction set.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A tile is some places of the result, evenly spaced, by a panel of filters that lie side by side.
 * Invariant: the products of an element are added in order, whatever tile it is in. */
#ifndef WG_NATIVE_CONVOLUTION_HOT_H
#define WG_NATIVE_CONVOLUTION_HOT_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/native/isa.h"

/* Sums over some rows and taps of the kernel and `length` elements at each; strides in elements. */
typedef struct wgi_convolution_sum {
    const void *w; /* [length, width] at each tap, zeros past the filters there are */
    int64_t rows;
    int64_t x_row;
    int64_t w_row;
    int64_t taps;
    int64_t x_tap;
    int64_t w_tap;
    int64_t length;
    int64_t x_place; /* from one place of the tile to the next */
    int64_t y_place;
    int64_t columns;  /* filters that there are: at most the width */
    const void *bias; /* added to the sums; NULL: none */
    bool is_first;    /* y holds nothing yet */
    double zero;      /* where sums begin: read, so that compilers do not clear them in memory */
} wgi_convolution_sum;

typedef void (*wgi_convolution_tile)(const wgi_convolution_sum *s, const void *x, void *y);

/* Sums over places: those of a tile's elements of x by a panel of g. */
typedef struct wgi_convolution_product {
    int64_t rows;
    int64_t x_row;
    int64_t g_row;
    int64_t places; /* in a row */
    int64_t x_place;
    int64_t g_place;
    int64_t x_element; /* of depthwise ones: from one tap to the next */
    int64_t columns;   /* of depthwise ones, which read no further */
    double zero;
} wgi_convolution_product;

/* Adds to out, [elements, width]. */
typedef void (*wgi_convolution_gradient)(const wgi_convolution_product *s, const void *x,
                                         const void *g, void *out);

/* Places, or elements, of a tile at most. */
#define WGI_CONVOLUTION_HEIGHTS 8

/* Tiles of one width, by their height less 1. */
typedef struct wgi_convolution_tiles {
    wgi_convolution_tile sum[WGI_CONVOLUTION_HEIGHTS];
    wgi_convolution_tile depth[WGI_CONVOLUTION_HEIGHTS]; /* filter f sees channel f alone */
    wgi_convolution_gradient gradient[WGI_CONVOLUTION_HEIGHTS];
    wgi_convolution_gradient depth_gradient[WGI_CONVOLUTION_HEIGHTS];
} wgi_convolution_tiles;

/* A copy of `columns` strided columns of each of n rows, zeros up to `width`. */
typedef void (*wgi_convolution_copy)(const void *from, int64_t row, int64_t n, int64_t columns,
                                     int64_t width, void *to);

/* A kernel as a panel wants it; strides in elements of w. */
typedef struct wgi_convolution_pack {
    int64_t filter;
    int64_t channel;
    int64_t row;
    int64_t columns;
    int64_t width;
    int64_t channels;
    const int64_t *rows; /* the kernel's rows and taps in the order of the panel */
    int64_t n_rows;
    const int64_t *taps;
    int64_t n_taps;
} wgi_convolution_pack;

typedef struct wgi_convolution_loops {
    int64_t height; /* of the tallest tile: as many sums as the registers hold */
    int64_t widths[2];
    wgi_convolution_tiles tiles[2];
    wgi_convolution_copy copy;
    void (*pack)(const wgi_convolution_pack *p, const void *w, void *out);
    /* Adds up n arrays `part` apart in order and puts them where pack would read. */
    void (*unpack)(const wgi_convolution_pack *p, const void *sums, int64_t n, int64_t part,
                   void *w);
} wgi_convolution_loops;

typedef struct wgi_convolution_hot {
    wgi_convolution_loops f32;
    wgi_convolution_loops f64;
} wgi_convolution_hot;

WGI_HOT_DECLARE(wgi_convolution_hot, wgi_convolution_hot);

#endif
