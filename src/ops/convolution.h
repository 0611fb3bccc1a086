/* Sizes of convolutions, which rows and public forms compute and refuse alike.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WGI_OPS_CONVOLUTION_H
#define WGI_OPS_CONVOLUTION_H

#include "core/op.h"
#include "ops/params.h"

/* What is wrong with a size, as a message without the op's name. */
#define WGI_CONVOLUTION_TEXT 128

/* One of the two axes that a kernel runs along. */
typedef struct wgi_side {
    const char *name;  /* "height" */
    const char *where; /* what has that size, "x, axis 1" */
    int64_t size;
    int64_t kernel;
    int64_t stride;
    int64_t dilation;
    int64_t before;
    int64_t after;
} wgi_side;

/* Side i of the attributes; the names are the caller's to set. */
wgi_side wgi_side_of(const wgi_convolution_attr *attr, int32_t i);

/* How many elements the kernel reaches over, dilation * (kernel - 1) + 1, of a kernel that is at
 * least 1; the other numbers of a side are checked as well, but not whether the kernel fits. */
WGI_NODISCARD wg_status wgi_side_reach(const wgi_side *side, int64_t *reach,
                                       char text[WGI_CONVOLUTION_TEXT]);

/* How many places the kernel has along the side. WG_ERR_RANGE (a number that is too small),
 * WG_ERR_SHAPE (the kernel does not fit: "kernel 5 does not fit the padded height 4 (x, axis 1)"),
 * WG_ERR_OVERFLOW. */
WGI_NODISCARD wg_status wgi_side_places(const wgi_side *side, int64_t *places,
                                        char text[WGI_CONVOLUTION_TEXT]);

/* x [n, h, w, c], w [o, c / groups, kh, kw], bias [o] or a zero handle. */
wg_node wgi_convolution(wg_node x, wg_node w, wg_node bias, const wgi_convolution_attr *attr);

/* dy [n, places, places, o], w: the adjoint, of the size attr->input. */
wg_node wgi_convolution_data(wg_node dy, wg_node w, const wgi_convolution_attr *attr);

#endif
