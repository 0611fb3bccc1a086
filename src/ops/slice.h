/* What the forms that slice share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WGI_OPS_SLICE_H
#define WGI_OPS_SLICE_H

#include "ops/params.h"
#include "ops/support.h"

/* All of x along every axis. */
wgi_slice_attr wgi_whole(const wgi_view *x);

/* Makes begin and end those that NumPy's x[begin:end:step] means along an axis of `size`, step not
 * 0; returns how many elements that are. Of equal slices the results are equal. */
int64_t wgi_slice_resolve(int64_t size, int64_t *begin, int64_t *end, int64_t *step);

/* Records x[begin:end:step] along one axis, in [0, rank), of a valid x. */
wg_node wgi_slice_axis(wg_node x, int64_t axis, int64_t begin, int64_t end, int64_t step);

/* Zeros of a shape, but for the elements of x at their places. The adjoint of strided_slice. */
wg_node wgi_place(wg_node x, const wgi_place_attr *attr);

#endif
