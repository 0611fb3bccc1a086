/* The loops over lines, built once for each instruction set.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_LINES_HOT_H
#define WG_NATIVE_LINES_HOT_H

#include <stdint.h>

#include "backends/native/isa.h"

/* Lanes that are worked on together. */
#define WGI_LINE_LANES 16

typedef enum wgi_line_op {
    WGI_LINE_PROD = 0,
    WGI_LINE_AMAX,
    WGI_LINE_AMIN,
    WGI_LINE_VARIANCE,
    WGI_LINE_STD,
    WGI_LINE_NORM,
    WGI_LINE_LOGSUMEXP,
    WGI_LINE_CENTER,
    WGI_N_LINE_OPS
} wgi_line_op;

/* One line of n >= 1 consecutive elements; or `width` lines side by side, at most as many as there
 * are lanes, of which each has its next element `stride` further on. */
typedef struct wgi_line_set {
    int64_t n;
    int64_t stride; /* 1: one line of consecutive elements, whatever the width */
    int64_t width;
    double divisor; /* of variance and std */
} wgi_line_set;

/* y gets one result for each line; of center, elements where x has them. */
typedef void (*wgi_line_run)(const wgi_line_set *set, const void *x, void *y);

/* Of each line the largest or the smallest element, unless values is NULL, and its place: the first
 * of equals, and NaN before all. There are fewer than 2^31 places. */
typedef void (*wgi_line_find)(const wgi_line_set *set, const void *x, void *values,
                              int64_t *indices);

typedef struct wgi_lines_hot {
    wgi_line_run f32[WGI_N_LINE_OPS];
    wgi_line_run f64[WGI_N_LINE_OPS];
    wgi_line_find f32_max;
    wgi_line_find f32_min;
    wgi_line_find f64_max;
    wgi_line_find f64_min;
} wgi_lines_hot;

WGI_HOT_DECLARE(wgi_lines_hot, wgi_lines_hot);

#endif
