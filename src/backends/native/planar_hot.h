/* The loops of convolutions over planes, built once for each instruction set.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_PLANAR_HOT_H
#define WG_NATIVE_PLANAR_HOT_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/native/isa.h"

/* The most filters of a tile of results; fewer are rounded up to an even number. */
#define WGI_PLANAR_BLOCK 8

/* Filters of a gradient of a kernel come in twos. */
#define WGI_PLANAR_PAIR 2

/* Images [rows, columns, channels] as planes [channels, *, stride], with zeros around them. */
typedef struct wgi_planes {
    void *data;
    int64_t channels;
    int64_t rows; /* of the image */
    int64_t columns;
    int64_t top; /* rows of zeros before it */
    int64_t left;
    int64_t stride; /* elements of a row */
    int64_t plane;  /* elements of a plane */
} wgi_planes;

/* y[i, j, f] = bias[f] + sum over (c, k, l) of from[c, i + k, j + l] weights[c, k, l, f]. */
typedef struct wgi_planar_image {
    const wgi_planes *from;
    const void *weights; /* [block][channels, k, l, filters of the block] */
    const void *bias;    /* NULL: none */
    void *y;             /* [rows, columns, filters] */
    int64_t rows;
    int64_t columns;
    int64_t filters;
    int64_t kernel[2];
} wgi_planar_image;

/* sums[f, c, k, l, *] += from[c, i + k, j + l] dy[f, i, j], a lane for the columns j of each
 * residue. */
typedef struct wgi_planar_sums {
    const wgi_planes *from;
    const wgi_planes *dy; /* nothing around it but zeros up to whole vectors */
    void *sums;           /* [filters rounded up to a pair, channels, k, l, lanes] */
    int64_t kernel[2];
} wgi_planar_sums;

/* Where an element of w[o, c, k, l] is in what a correlation takes. */
typedef struct wgi_planar_kernel {
    const void *w; /* [o, c, k, l] */
    void *packed;
    int64_t from; /* channels that are summed over */
    int64_t to;   /* those of the result */
    int64_t kernel[2];
    bool is_turned; /* from is o, to is c, and k and l run backwards; else from is c */
} wgi_planar_kernel;

/* What is added up element by element, where something is infinite or no number. */
typedef struct wgi_planar_plain {
    const void *x;  /* [input, channels]; results of the gradient of images */
    const void *w;  /* [filters, channels, kernel]; results of its gradient, added to */
    const void *dy; /* [places, filters]; results of the convolution */
    const void *bias;
    void *out; /* the one that is the result */
    int64_t channels;
    int64_t filters;
    int64_t input[2];
    int64_t places[2];
    int64_t kernel[2];
    int64_t before[2];
} wgi_planar_plain;

typedef struct wgi_planar_loops {
    /* An image to its planes; whether all elements are finite. */
    bool (*spread)(const wgi_planes *to, const void *image);
    bool (*is_finite)(const void *values, int64_t n);
    void (*pack)(const wgi_planar_kernel *kernel);
    void (*correlate)(const wgi_planar_image *image);
    void (*gather)(const wgi_planar_sums *sums);
    /* Lanes of `parts` sums of `n` elements, and the parts' plain ones, to dw. */
    void (*add_up)(const void *sums, int64_t parts, int64_t part, int64_t n, void *dw);
    void (*plain_forward)(const wgi_planar_plain *p);
    void (*plain_data)(const wgi_planar_plain *p);
    void (*plain_weights)(const wgi_planar_plain *p);
    int64_t lanes;
} wgi_planar_loops;

typedef struct wgi_planar_hot {
    wgi_planar_loops f32;
    wgi_planar_loops f64;
} wgi_planar_hot;

WGI_HOT_DECLARE(wgi_planar_hot, wgi_planar_hot);

/* Filters of the block that begins at `first`, of `filters`. */
static inline int64_t wgi_planar_block(int64_t filters, int64_t first)
{
    const int64_t left = filters - first;
    return left >= WGI_PLANAR_BLOCK ? WGI_PLANAR_BLOCK : left + left % 2;
}

#endif
