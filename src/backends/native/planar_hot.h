/* The loops of convolutions over planes, built once for each instruction set.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_PLANAR_HOT_H
#define WG_NATIVE_PLANAR_HOT_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/native/isa.h"

/* The most filters of a tile of results; fewer are rounded up to an even number. */
#define WGI_PLANAR_BLOCK 8

/* Filters of a gradient of a kernel come in threes. */
#define WGI_PLANAR_GROUP 3

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
    void *sums;           /* [filters rounded up to a group, channels, k, l, lanes] */
    int64_t kernel[2];
} wgi_planar_sums;

/* A kernel w[o, c, k, l], and where it goes in the order that a loop takes. */
typedef struct wgi_planar_kernel {
    const void *w;
    void *packed;
    int64_t filters;
    int64_t channels;
    int64_t kernel[2];
    int64_t width; /* pack_rows: elements of a row of the kernel, with zeros behind it */
} wgi_planar_kernel;

/* sums[i + k, j, (l, c)] += dy[i, j, o] weights[o, k, (l, c)], where (l, c) runs over l channels +
 * c and is added to elements j channels + (l, c) of a row: channels last, a row of the kernel meets
 * elements that follow one another. dy is finite. */
typedef struct wgi_planar_rows {
    const void *dy;
    const void *weights; /* [o, k, width] */
    void *sums;          /* [places[0] + kernel_rows - 1, stride] */
    int64_t places[2];
    int64_t filters;
    int64_t channels;
    int64_t kernel_rows;
    int64_t width; /* whole vectors */
    int64_t stride;
} wgi_planar_rows;

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
    void (*pack)(const wgi_planar_kernel *kernel);      /* for correlate */
    void (*pack_rows)(const wgi_planar_kernel *kernel); /* for scatter */
    void (*scatter)(const wgi_planar_rows *rows);
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
