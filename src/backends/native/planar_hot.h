/* The loops of convolutions of few channels, built once for each instruction set.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_PLANAR_HOT_H
#define WG_NATIVE_PLANAR_HOT_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/native/isa.h"

/* Filters that are worked on together; those that are not there have weights of 0. */
#define WGI_PLANAR_LANES 8

/* Pixels of the largest tile of results. */
#define WGI_PLANAR_PIXELS 14

/* y[i, j, f] = bias[f] + sum over (k, e) of x[i + k, j channels + e] weights[k, e, f]: channels
 * last, a row of the kernel meets elements that follow one another. Behind the last row of x as
 * many elements may be read as WGI_PLANAR_PIXELS pixels have. */
typedef struct wgi_planar_image {
    const void *x;       /* [places[0] + kernel_rows - 1, stride] */
    const void *weights; /* [kernel_rows, taps, WGI_PLANAR_LANES] */
    const void *bias;    /* NULL: none */
    void *y;             /* [places, filters] */
    int64_t places[2];
    int64_t filters; /* <= WGI_PLANAR_LANES */
    int64_t channels;
    int64_t kernel_rows;
    int64_t taps; /* of a row of the kernel, times channels */
    int64_t stride;
} wgi_planar_image;

/* sums[k, e, f] += x[i + k, j channels + e] dy[i, j, f]. Behind the last pixel of dy as many
 * elements are read as make it WGI_PLANAR_LANES; sums of filters that are not there hold anything.
 */
typedef struct wgi_planar_sums {
    const void *x;
    const void *dy; /* [places, filters] */
    void *sums;     /* [kernel_rows, taps, WGI_PLANAR_LANES] */
    int64_t places[2];
    int64_t filters;
    int64_t channels;
    int64_t kernel_rows;
    int64_t taps;
    int64_t stride;
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
    bool (*is_finite)(const void *values, int64_t n);
    void (*pack)(const wgi_planar_kernel *kernel);      /* for correlate */
    void (*pack_rows)(const wgi_planar_kernel *kernel); /* for scatter */
    void (*scatter)(const wgi_planar_rows *rows);
    void (*correlate)(const wgi_planar_image *image);
    void (*gather)(const wgi_planar_sums *sums);
    /* The sums of `parts` parts, in their order, to the kernel's gradient. */
    void (*add_up)(const void *sums, int64_t parts, const wgi_planar_kernel *kernel, void *dw);
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

#endif
