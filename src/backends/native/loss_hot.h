/* The loops of the loss heads, built once for each instruction set.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_LOSS_HOT_H
#define WG_NATIVE_LOSS_HOT_H

#include <stdint.h>

#include "backends/native/isa.h"

/* The loops over one dtype. */
typedef struct wgi_loss_loops {
    /* -sum t_k ((x_k - max) - rest) over one row, where 0 * -inf counts 0. */
    double (*soft)(const void *x, const void *t, int64_t n, double max, double rest);
    /* dx = p * scale of n elements. */
    void (*scale)(const void *p, int64_t n, double scale, void *dx);
    /* dx = (p sum t - t) scale over one row. */
    void (*soft_backward)(const void *p, const void *t, int64_t n, double scale, void *dx);
    /* The sum of (a - b)^2 over n elements. */
    double (*squares)(const void *a, const void *b, int64_t n);
} wgi_loss_loops;

typedef struct wgi_loss_hot {
    wgi_loss_loops f32;
    wgi_loss_loops f64;
} wgi_loss_hot;

WGI_HOT_DECLARE(wgi_loss_hot, wgi_loss_hot);

#endif
