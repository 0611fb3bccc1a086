/* The loops of normalize over rows, built once for each instruction set.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_NORMAL_HOT_H
#define WG_NATIVE_NORMAL_HOT_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/native/isa.h"

/* Rows of n >= 1 elements. weight and bias have n elements, or are NULL. */
typedef struct wgi_normal_rows {
    int64_t n;
    bool is_centered;
    double eps;
    const void *x;
    const void *weight;
    const void *bias;
    void *y;
    void *mean;
    void *rstd;
    void *variance;
} wgi_normal_rows;

typedef struct wgi_normal_back {
    int64_t n;
    bool is_centered;
    const void *x;
    const void *dy;
    const void *mean;
    const void *rstd;
    const void *weight;
    void *dx;
} wgi_normal_back;

typedef struct wgi_normal_loops {
    /* Normalises rows [begin, end). */
    void (*rows)(const wgi_normal_rows *rows, int64_t begin, int64_t end);

    /* dx of rows [begin, end); the 2 n sums over them of dy times the normal x, and of dy. */
    void (*back)(const wgi_normal_back *back, int64_t begin, int64_t end, double *sums);

    /* Adds n_blocks such sums, in order. */
    void (*add_up)(const double *sums, int64_t n_blocks, int64_t n, void *dweight, void *dbias);
} wgi_normal_loops;

typedef struct wgi_normal_hot {
    wgi_normal_loops f32;
    wgi_normal_loops f64;
} wgi_normal_hot;

WGI_HOT_DECLARE(wgi_normal_hot, wgi_normal_hot);

#endif
