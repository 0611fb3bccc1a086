/* What scans share: ops along one axis whose places build on those before.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WGI_OPS_SCAN_H
#define WGI_OPS_SCAN_H

#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/params.h"
#include "ops/support.h"

/* One line of a scan in memory: place i in its direction lies at first + i * step. */
typedef struct wgi_scan_line {
    int64_t first;
    int64_t step;
    int64_t n;
} wgi_scan_line;

/* How many lines a view has along the axis, and the i-th of them; of an empty view none. */
static inline int64_t wgi_scan_count(const wgi_view *x, const wgi_scan_attr *attr)
{
    return x->count > 0 ? x->count / x->dims[attr->axis] : 0;
}

static inline wgi_scan_line wgi_scan_line_at(const wgi_view *x, const wgi_scan_attr *attr,
                                             int64_t i)
{
    const wgi_block block = wgi_block_around(x, attr->axis);
    wgi_scan_line line = {i / block.inner * block.size * block.inner + i % block.inner, block.inner,
                          block.size};
    if (attr->is_reverse != 0) {
        line.first += (line.n - 1) * line.step;
        line.step = -line.step;
    }
    return line;
}

/* Records a scan of one operand along an axis of the caller's. */
wg_node wgi_record_scan(uint16_t op, wg_node x, int32_t axis, bool is_lagged, bool is_reverse);

/* h_i = a_i h_(i-1) + b_i along the axis of attr and in its direction, with h_0 = b_0; where it is
 * lagged a_(i-1) stands in a_i's place. Operands of one shape. */
wg_node wgi_linear_scan(wg_node a, wg_node b, const wgi_scan_attr *attr);

/* x moved on by one place along the axis of attr in its direction, 0 in the first place. */
wg_node wgi_scan_shift(wg_node x, const wgi_scan_attr *attr);

/* attr in the other direction; lagged or not. */
static inline wgi_scan_attr wgi_scan_back(const wgi_scan_attr *attr, bool is_lagged)
{
    return (wgi_scan_attr){attr->axis, is_lagged, attr->is_reverse == 0};
}

/* Of every scan; the last two are not told to callers in C. */
#define WGI_SCAN_ATTRIBUTES                                                                        \
    {.name = "axis",                                                                               \
     .kind = WGI_ATTR_AXIS,                                                                        \
     .is_optional = true,                                                                          \
     .place = WGI_AT_I64(wgi_scan_attr, axis)},                                                    \
        {.name = "exclusive",                                                                      \
         .kind = WGI_ATTR_FLAG,                                                                    \
         .is_optional = true,                                                                      \
         .place = WGI_AT_I32(wgi_scan_attr, is_lagged)},                                           \
    {                                                                                              \
        .name = "reverse", .kind = WGI_ATTR_FLAG, .is_optional = true,                             \
        .place = WGI_AT_I32(wgi_scan_attr, is_reverse)                                             \
    }

#endif
