/* What reductions share: the axes of a call, shapes, walks, steps of gradient rules.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a set of axes has bit i set where axis i is reduced; no bit lies past the rank. */
#ifndef WGI_OPS_REDUCE_H
#define WGI_OPS_REDUCE_H

#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/params.h"
#include "ops/support.h"

static inline bool wgi_has_axis(uint32_t axes, int32_t i)
{
    return (axes >> i & 1u) != 0;
}

/* Walks over the kept axes, returned, and over the reduced ones. */
wgi_walk wgi_reduce_split(const wgi_view *x, uint32_t axes, wgi_walk *reduced);

/* How many elements each result is made of. */
int64_t wgi_count_along(const wgi_view *x, uint32_t axes);

/* The set of the caller's axes, all of them where axes is NULL. False where the graph has been
 * failed, and *out is then the node to return. */
WGI_NODISCARD bool wgi_take_axes(const wgi_draft *draft, const int32_t *axes, int32_t n,
                                 uint32_t *set, wg_node *out);

/* Records an op of one operand whose attributes are a wgi_reduce_attr. */
wg_node wgi_record_reduction(uint16_t op, wg_node x, const int32_t *axes, int32_t n, bool keepdims);

/* x's shape with the reduced axes at size 1, or without them; returns the rank. */
int32_t wgi_reduced_shape(const wgi_view *x, uint32_t axes, bool keepdims, int64_t *dims);

/* Output 0 has the reduced shape of operand 0, of the dtype; the others fail where operand 0 is not
 * floating, or not numeric. The last of them have the dtype of operand 0. */
WGI_NODISCARD wg_status wgi_infer_reduced(wgi_infer *q, const wgi_reduce_attr *attr, int dtype);
WGI_NODISCARD wg_status wgi_infer_reduced_floating(wgi_infer *q);
WGI_NODISCARD wg_status wgi_infer_reduced_numeric(wgi_infer *q);

/* No axis that is reduced may be empty: "there is no maximum of nothing: size 0 (x,
 * axis 1)". */
WGI_NODISCARD wg_status wgi_check_not_empty(wgi_infer *q, uint32_t axes, const char *what);

/* y, of the result's shape, repeated to the shape of x. */
wg_node wgi_spread(wg_node y, wg_node x, const wgi_reduce_attr *attr);

/* One axis in place of several: x itself where only one is reduced, else x with the reduced axes at
 * the end and joined; *axis is where. At least one is reduced. And the way back, for y of the shape
 * that joining gave x. */
wg_node wgi_join_axes(wg_node x, uint32_t axes, int32_t *axis);
wg_node wgi_part_axes(wg_node y, wg_node x, uint32_t axes);

/* x/y of one shape where y > 0, 0 where y is 0, NaN where it is NaN; y >= 0. Where y is 0 no
 * gradient passes. */
wg_node wgi_ratio_or_zero(wg_node x, wg_node y);

/* The attributes axes and keepdims; keepdims alone. */
#define WGI_REDUCE_ATTRIBUTES(type, axes_member, keepdims_member)                                  \
    {.name = "axes",                                                                               \
     .kind = WGI_ATTR_AXES,                                                                        \
     .is_optional = true,                                                                          \
     .place = WGI_AT_BITS(type, axes_member)},                                                     \
    {                                                                                              \
        .name = "keepdims", .kind = WGI_ATTR_FLAG, .is_optional = true,                            \
        .place = WGI_AT_I32(type, keepdims_member)                                                 \
    }

/* The call of a reduction whose first attributes are those. */
#define WGI_REDUCE_CALL(function, constructor)                                                     \
    WGI_CALL(function, constructor(wgi_call_in(c, 0), wgi_call_axes(c, 0), wgi_call_length(c, 0),  \
                                   wgi_call_flag(c, 1)))

/* The head of the row of a reduction of one operand. */
#define WGI_REDUCE_ROW(title, more_traits)                                                         \
    .name = (title), .traits = WGI_REDUCTION | (more_traits), .min_in = 1, .max_in = 1,            \
    .n_out = 1, .attr_bytes = sizeof(wgi_reduce_attr), .operands = {"x"}

#endif
