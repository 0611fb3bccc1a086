/* Which elements along an axis a window of a pooling has, and a result of an upsampling.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: elements are inside the image, those of a window are named in order, and neither the
 * first nor the last of them moves back from one window to the next. */
#ifndef WGI_OPS_POOL_H
#define WGI_OPS_POOL_H

#include "core/op.h"
#include "ops/params.h"

/* No size, kernel, stride or dilation is above this, so that products of two of them fit. */
#define WGI_POOL_MOST ((int64_t)1 << 30)

/* The elements first, first + step ... of which there are n. */
typedef struct wgi_window {
    int64_t first;
    int64_t n;
    int64_t step;
} wgi_window;

/* The elements first, first + 1 ... with their weights: one for the first and one for all others.
 */
typedef struct wgi_taps {
    int64_t first;
    int64_t n;
    double first_weight;
    double other_weight;
} wgi_taps;

/* Those of result o along axis `axis`, h or w, under an op's attributes. */
typedef wgi_taps (*wgi_taps_of)(const void *attr, int32_t axis, int64_t o);

/* How many windows there are along an axis: for attributes that were found right. */
static inline int64_t wgi_pool_windows(const wgi_pool_attr *a, int32_t axis)
{
    if (a->is_adaptive != 0) {
        return a->kernel[axis];
    }
    const int64_t stride = a->stride[axis];
    const int64_t left =
        a->size[axis] + 2 * a->padding[axis] - a->dilation[axis] * (a->kernel[axis] - 1) - 1;
    int64_t n = (left + (a->is_ceil != 0 ? stride - 1 : 0)) / stride + 1;
    if ((n - 1) * stride >= a->size[axis] + a->padding[axis]) {
        n--;
    }
    return n;
}

static inline wgi_window wgi_adaptive_window(int64_t size, int64_t windows, int64_t o)
{
    const int64_t first = o * size / windows;
    const int64_t end = ((o + 1) * size + windows - 1) / windows;
    return (wgi_window){first, end - first, 1};
}

static inline wgi_window wgi_window_of(const wgi_pool_attr *a, int32_t axis, int64_t o)
{
    const int64_t size = a->size[axis];
    if (a->is_adaptive != 0) {
        return wgi_adaptive_window(size, a->kernel[axis], o);
    }
    const int64_t step = a->dilation[axis];
    const int64_t start = o * a->stride[axis] - a->padding[axis];
    const int64_t skipped = start < 0 ? (-start + step - 1) / step : 0;
    const int64_t first = start + skipped * step;
    const int64_t fitting = first < size ? (size - first + step - 1) / step : 0;
    const int64_t left = a->kernel[axis] > skipped ? a->kernel[axis] - skipped : 0;
    return (wgi_window){first, left < fitting ? left : fitting, step};
}

/* The taps of means, and of upsamplings. */
wgi_taps wgi_average_taps(const void *attr, int32_t axis, int64_t o);
wgi_taps wgi_upsample_taps(const void *attr, int32_t axis, int64_t o);

/* Shape rules: whether the attributes are right; "kernel_size must be >= 1: 0 (axis h)". */
WGI_NODISCARD wg_status wgi_check_pool(wgi_infer *q, const wgi_pool_attr *attr);

/* Operand i is floating and has shape [n, size[0], size[1], c]. */
WGI_NODISCARD wg_status wgi_check_image(wgi_infer *q, int32_t i, const int64_t *size);

/* The names of the axes. */
static inline const char *wgi_axis_of_image(int32_t axis)
{
    return axis == 0 ? "h" : "w";
}

/* What poolings by name share: attributes of rows whose operands are channels last, and the record
 * they ask for. */
extern const wgi_attribute wgi_pool_attributes[8];
#define WGI_N_POOL_ATTRIBUTES 8
wg_node wgi_pool_call(const wgi_call *c, uint16_t op);

/* Takes list i of a call, which has n numbers, where it is given. False where the graph has been
 * failed, and *failed is then the node to return: "stride has 1 elements, needs 2". */
WGI_NODISCARD bool wgi_call_numbers(const wgi_call *c, int32_t i, int32_t n, int64_t *out,
                                    wg_node *failed);

/* ---- forms -------------------------------------------------------------------------------- */

/* Where the channels of a form's operand stand, and whether it is a signal. */
typedef struct wgi_image_layout {
    bool is_signal;
    bool is_channels_last;
} wgi_image_layout;

/* Whether the draft's operand has the rank that a form needs; if so *x is as an image, channels
 * last, and size its h and w. False where the graph has been failed, and *out is then the node to
 * return. */
WGI_NODISCARD bool wgi_image_begin(const wgi_draft *draft, wgi_image_layout layout, wg_node *x,
                                   int64_t *size, wg_node *out);

/* y, an image with channels last, as the form's result. */
wg_node wgi_image_end(const wgi_draft *draft, wgi_image_layout layout, wg_node y);

#endif
