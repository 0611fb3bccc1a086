/* The loops of softmax and log_softmax, built once for each instruction set.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_SOFTMAX_HOT_H
#define WG_NATIVE_SOFTMAX_HOT_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/native/isa.h"

/* Lines of n elements each; strides count elements. One of the strides is 1. */
typedef struct wgi_lines {
    int64_t n;
    int64_t stride; /* from one element of a line to the next */
    int64_t step;   /* from one line to the next; n where stride is 1 */
    bool is_log;
} wgi_lines;

/* Of n_lines lines from x on, softmax or its logarithm to y. Where they are not NULL, max gets each
 * line's maximum and rest each line's log(1 + rest), so that log softmax is (x - max) - rest; both
 * are NaN or of no meaning where the line is NaN throughout. */
typedef void (*wgi_lines_run)(const wgi_lines *lines, const void *x, void *y, int64_t n_lines,
                              double *max, double *rest);

typedef struct wgi_softmax_hot {
    wgi_lines_run f32;
    wgi_lines_run f64;
} wgi_softmax_hot;

WGI_HOT_DECLARE(wgi_softmax_hot, wgi_softmax_hot);

/* Lines that are worked on side by side; but contiguous ones at least so long, one by one. */
#define WGI_LINES_TILE 16
#define WGI_LINES_LONG 48

#endif
