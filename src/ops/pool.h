/* Which elements along an axis a window of a pooling has, and a result of an upsampling.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: elements are inside the image, those of a window are named in order, and neither the
 * first nor the last of them moves back from one window to the next. */
#ifndef WGI_OPS_POOL_H
#define WGI_OPS_POOL_H

#include "core/op.h"
#include "ops/params.h"

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
